/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs a program as the service manager would run it by a unit: as another user, with the files, devices and system
 * calls that the unit allows, as far as that is possible without being the service manager. The daemon's tests start it
 * through this program, so that they test the shipped unit.
 *
 * Each directive of [Service] is carried out here, or listed below with the reason why not. A directive in neither list
 * is an error, so that its author decides. Without root's rights the directives that need them are skipped, with a
 * message.
 *
 *   confine --unit FILE --sets FILE --user UID [...] -- [NAME=VALUE...] PROGRAM [ARGUMENT...]
 *
 * The variables are set for the program alone: a library that is preloaded into it must not be loaded here. */

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confine.h"

void confine_die(const char *format, ...)
{
        va_list args;

        fputs("confine: ", stderr);
        va_start(args, format);
        vfprintf(stderr, format, args);
        va_end(args);
        fputc('\n', stderr);
        exit(CONFINE_FAILED);
}

void confine_lacks(const char *what)
{
        fprintf(stderr, "confine: no rights for %s here: done without\n", what);
}

/* ---- directives with a value. Returns false if the value is not understood. */

static bool take_groups(Plan *plan, const char *value)
{
        g_auto(GStrv) names = g_strsplit(value, " ", -1);

        for (char **name = names; *name; name++) {
                struct group *group = getgrnam(*name);

                if (!group)
                        confine_die("there is no group %s", *name);
                g_array_append_val(plan->groups, group->gr_gid);
        }
        return true;
}

static bool take_octal(const char *value, unsigned *ret)
{
        char *end;

        *ret = (unsigned)strtoul(value, &end, 8);
        return *value && !*end && *ret <= 07777;
}

static bool take_umask(Plan *plan, const char *value)
{
        unsigned mode;
        bool good = take_octal(value, &mode);

        plan->umask = (int)mode;
        return good;
}

static bool take_state_mode(Plan *plan, const char *value)
{
        return take_octal(value, &plan->state_mode);
}

static bool take_directory(char **ret, const char *value)
{
        g_free(*ret);
        *ret = g_strdup(value);
        return *value && !strpbrk(value, " :%");
}

static bool take_state(Plan *plan, const char *value)
{
        return take_directory(&plan->state, value);
}

static bool take_runtime(Plan *plan, const char *value)
{
        return take_directory(&plan->runtime, value);
}

static bool take_writable(Plan *plan, const char *value)
{
        g_auto(GStrv) paths = g_strsplit(value, " ", -1);

        for (char **path = paths; *path; path++)
                g_ptr_array_add(plan->writable, g_strdup(*path));
        return true;
}

static bool take_core(Plan *plan, const char *value)
{
        plan->has_core = true;
        plan->core = 0;
        return strcmp(value, "0") == 0;
}

static bool take_descriptors(Plan *plan, const char *value)
{
        plan->descriptors = g_ascii_strtoull(value, NULL, 10);
        return plan->descriptors > 0;
}

static bool take_families(Plan *plan, const char *value)
{
        static const struct {
                const char *name;
                int number;
        } known[] = { { "AF_UNIX", AF_UNIX },
                      { "AF_NETLINK", AF_NETLINK },
                      { "AF_INET", AF_INET },
                      { "AF_INET6", AF_INET6 },
                      { "AF_PACKET", AF_PACKET } };
        g_auto(GStrv) names = g_strsplit(value, " ", -1);

        if (!plan->families)
                plan->families = g_ptr_array_new();
        for (char **name = names; *name; name++) {
                unsigned i = 0;

                while (i < G_N_ELEMENTS(known) && strcmp(*name, known[i].name) != 0)
                        i++;
                if (i == G_N_ELEMENTS(known))
                        return false;
                g_ptr_array_add(plan->families, GINT_TO_POINTER(known[i].number));
        }
        return true;
}

static bool take_filter(Plan *plan, const char *value)
{
        g_ptr_array_add(plan->filters, g_strdup(value));
        return *value;
}

static bool take_call_error(Plan *plan, const char *value)
{
        plan->call_error = EPERM;
        return strcmp(value, "EPERM") == 0;
}

/* ---- all directives */

/* Only for directives that one word can set: that word, and its effect. */
static const struct {
        const char *name, *word;
        Wanted wanted;
} words[] = {
        { "CapabilityBoundingSet", "", WANTED_NO_CAPABILITIES },
        { "AmbientCapabilities", "", WANTED_NO_CAPABILITIES },
        { "NoNewPrivileges", "yes", WANTED_NO_NEW_PRIVILEGES },
        { "PrivateUsers", "yes", WANTED_PRIVATE_USERS },
        { "KeyringMode", "private", WANTED_KEYRING },
        { "DevicePolicy", "closed", WANTED_CLOSED_DEVICES },
        { "PrivateDevices", "yes", WANTED_CLOSED_DEVICES },
        { "ProtectSystem", "strict", WANTED_PROTECT_SYSTEM },
        { "ProtectHome", "yes", WANTED_PROTECT_HOME },
        { "PrivateTmp", "yes", WANTED_PRIVATE_TMP },
        { "ProtectKernelTunables", "yes", WANTED_KERNEL_TUNABLES },
        { "ProtectKernelModules", "yes", WANTED_KERNEL_MODULES },
        { "ProtectKernelLogs", "yes", WANTED_KERNEL_LOGS },
        { "ProtectControlGroups", "yes", WANTED_CONTROL_GROUPS },
        { "ProtectClock", "yes", WANTED_CLOCK },
        { "ProtectHostname", "yes", WANTED_HOSTNAME },
        { "RestrictNamespaces", "yes", WANTED_NO_NAMESPACES },
        { "RestrictRealtime", "yes", WANTED_NO_REALTIME },
        { "RestrictSUIDSGID", "yes", WANTED_NO_SUIDSGID },
        { "LockPersonality", "yes", WANTED_PERSONALITY },
        { "MemoryDenyWriteExecute", "yes", WANTED_NO_WRITE_EXECUTE },
        { "SystemCallArchitectures", "native", WANTED_NATIVE_CALLS },
};

static const struct {
        const char *name;
        bool (*take)(Plan *plan, const char *value);
} values[] = {
        { "SupplementaryGroups", take_groups },
        { "StateDirectory", take_state },
        { "StateDirectoryMode", take_state_mode },
        { "RuntimeDirectory", take_runtime },
        { "LimitCORE", take_core },
        { "LimitNOFILE", take_descriptors },
        { "UMask", take_umask },
        { "ReadWritePaths", take_writable },
        { "RestrictAddressFamilies", take_families },
        { "SystemCallFilter", take_filter },
        { "SystemCallErrorNumber", take_call_error },
};

#define MANAGER "what the service manager does about the service, and not to it"

static const struct {
        const char *name, *why;
} left[] = {
        { "Type", MANAGER },
        { "NotifyAccess", MANAGER },
        { "BusName", MANAGER },
        { "ExecStart", "the program as built is run" },
        { "ExecReload", "the tests send the signal" },
        { "Restart", MANAGER },
        { "RestartSec", MANAGER },
        { "RestartPreventExitStatus", MANAGER },
        { "WatchdogSec", MANAGER },
        { "StandardInput", MANAGER },
        { "StandardOutput", MANAGER },
        { "StandardError", MANAGER },
        { "MemoryMax", "a property of the service's control group" },
        { "TasksMax", "the same" },
        { "DynamicUser", "a user of the machine in its place, as for User=" },
        { "User", "another in his place, uucp, as whom nothing else runs (world.h): the tests make no users" },
        { "Group", "the same number" },
        { "RuntimeDirectoryPreserve", "the tests' directories last as long as the test" },
        { "RemoveIPC", MANAGER },
        { "DeviceAllow", "no tty of the machine is a test's: ptys stand for them, which DevicePolicy=closed allows" },
        { "InaccessiblePaths", "the directories of an installed fotad, which no test touches" },
        { "ProtectProc", "needs a mount of /proc, which the sanitizers read" },
        { "ProcSubset", "the same" },
        { "IPAddressDeny", "a property of the service's control group" },
        { "PrivateMounts", "so are all that are made here" },
};

static void take(Plan *plan, const char *name, const char *value)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
                if (strcmp(name, words[i].name) != 0)
                        continue;
                if (strcmp(value, words[i].word) != 0)
                        confine_die("%s=%s: only \"%s\" is known here", name, value, words[i].word);
                plan->wanted |= words[i].wanted;
                return;
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
                if (strcmp(name, values[i].name) != 0)
                        continue;
                if (!values[i].take(plan, value))
                        confine_die("%s=%s: this value is not known here", name, value);
                return;
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(left); i++)
                if (strcmp(name, left[i].name) == 0)
                        return;
        confine_die("%s=%s: not known: carry it out in tests/daemon/confine*.c, or say there why not", name, value);
}

static void read_unit(Plan *plan, const char *file)
{
        g_autofree char *text = NULL;
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) lines = NULL;
        bool service = false;

        if (!g_file_get_contents(file, &text, NULL, &error))
                confine_die("%s", error->message);
        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                char *equals = strchr(*line, '=');

                if (!**line || **line == '#')
                        continue;
                if (**line == '[') {
                        service = strcmp(*line, "[Service]") == 0;
                } else if (service) {
                        if (!equals || g_str_has_suffix(*line, "\\"))
                                confine_die("%s: not understood: %s", file, *line);
                        *equals = 0;
                        take(plan, *line, equals + 1);
                }
        }
        if (!plan->wanted)
                confine_die("%s: there is no [Service] that restricts anything", file);
}

static void run(char **argv, pid_t parent)
{
        char *equals;

        /* The change of user has cleared the setting. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                exit(CONFINE_FAILED);
        for (; *argv && (equals = strchr(*argv, '=')); argv++) {
                *equals = 0;
                setenv(*argv, equals + 1, 1);
        }
        if (!*argv)
                confine_die("no program");
        execv(*argv, argv);
        confine_die("%s: %s", *argv, strerror(errno));
}

int main(int argc, char **argv)
{
        g_autofree char *unit = NULL, *sets = NULL;
        int user = -1;
        pid_t parent = getppid();
        g_auto(GStrv) program = NULL;
        Plan plan = { .umask = -1, .state_mode = 0755, .call_error = EPERM };
        const GOptionEntry options[] = {
                { "unit", 0, 0, G_OPTION_ARG_FILENAME, &unit, "", "" },
                { "sets", 0, 0, G_OPTION_ARG_FILENAME, &sets, "", "" },
                { "user", 0, 0, G_OPTION_ARG_INT, &user, "", "" },
                { "show", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &plan.shown, "", "" },
                { "show-writable", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &plan.shown_writable, "", "" },
                { "stand-in", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &plan.stand_ins, "", "" },
                { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &program, "", "" },
                G_OPTION_ENTRY_NULL,
        };
        g_autoptr(GOptionContext) context = g_option_context_new(NULL);
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;
        bool privileged = geteuid() == 0;
        mode_t mask;

        g_option_context_add_main_entries(context, options, NULL);
        g_option_context_set_strict_posix(context, TRUE);
        if (!g_option_context_parse(context, &argc, &argv, &error))
                confine_die("%s", error->message);
        if (!unit || !sets || user <= 0 || !program)
                confine_die("--unit, --sets, --user and a program must be given");
        plan.user = (uid_t)user;
        /* Now, because the directory of the tests may be closed to that user. */
        if (!g_file_get_contents(sets, &text, NULL, &error))
                confine_die("%s", error->message);
        plan.sets = text;
        plan.writable = g_ptr_array_new();
        plan.groups = g_array_new(FALSE, FALSE, sizeof(gid_t));
        plan.filters = g_ptr_array_new();
        read_unit(&plan, unit);

        mask = umask(0022); /* the directories above are for that user, too, whatever the test's own umask is */
        if (!privileged)
                confine_lacks("another user, capabilities, namespaces");
        else if (!confine_files(&plan))
                confine_lacks("namespaces");
        umask(mask);
        confine_rights(&plan, privileged);
        confine_calls(&plan);
        run(program, parent);
}
