/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modsim - emulates LTE modules, for tests and rehearsals. Command line, loop and exit status; this file does not
 * depend on a module's behaviour, or on the kind of USB.
 */
#include "attach.h"
#include "bench.h"
#include "control.h"
#include "package.h"
#include "persona.h"

#include <glib-unix.h>
#include <glib.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char **opt_modules, **opt_decoys;
static char *opt_owners, *opt_control, *opt_log, *opt_package, *opt_from, *opt_to, *opt_project, *opt_baseline,
        *opt_break, *opt_claims;
static gboolean opt_real_time, opt_until_eof, opt_die_with_parent, opt_settings;
static gint64 opt_size = 65536;
static int opt_mini = -1;

/* clang-format off */
static const GOptionEntry options[] = {
        { "module", 'm', 0, G_OPTION_ARG_STRING_ARRAY, &opt_modules, "A module at a USB port path, or at a serial port: tty:ttyS1", "PATH=PERSONA[,key=value...]" },
        { "decoy", 'd', 0, G_OPTION_ARG_STRING_ARRAY, &opt_decoys, "Some other device", "PATH=ftdi|boot-rom" },
        { "control", 'c', 0, G_OPTION_ARG_FILENAME, &opt_control, "Listen for commands on this Unix socket", "PATH" },
        { "log", 'l', 0, G_OPTION_ARG_FILENAME, &opt_log, "Write down everything that happens", "FILE" },
        { "claims", 0, 0, G_OPTION_ARG_FILENAME, &opt_claims, "What fotad has claimed there is not ModemManager's, as its udev rules have it", "DIRECTORY" },
        { "owners", 'o', 0, G_OPTION_ARG_STRING, &opt_owners, "Not for root's programs: group of the ttys, user of power/control", "GID:UID" },
        { "real-time", 'r', 0, G_OPTION_ARG_NONE, &opt_real_time, "An upgrade takes about 20 seconds (pace=real)", NULL },
        { "until-eof", 0, 0, G_OPTION_ARG_NONE, &opt_until_eof, "Quit when standard input ends", NULL },
        { "die-with-parent", 0, 0, G_OPTION_ARG_NONE, &opt_die_with_parent, "Quit when the process that started this one ends", NULL },
        { "list-settings", 0, 0, G_OPTION_ARG_NONE, &opt_settings, "Print the tables of personas and settings and quit", NULL },
        { "make-package", 0, 0, G_OPTION_ARG_FILENAME, &opt_package, "Write a firmware package and quit", "FILE" },
        { "from", 0, 0, G_OPTION_ARG_STRING, &opt_from, "Revision the package upgrades", "REVISION" },
        { "to", 0, 0, G_OPTION_ARG_STRING, &opt_to, "Revision it leads to", "REVISION" },
        { "project", 0, 0, G_OPTION_ARG_STRING, &opt_project, "Its project, else that of --from", "NAME" },
        { "baseline", 0, 0, G_OPTION_ARG_STRING, &opt_baseline, "Its baseline, else that of --from", "NAME" },
        { "size", 0, 0, G_OPTION_ARG_INT64, &opt_size, "Bytes of payload, 65536", "BYTES" },
        { "mini", 0, 0, G_OPTION_ARG_INT, &opt_mini, "One of a MiniFOTA pair, 0: a DFOTA package, else as FILE ends in .mini_1, .mini_2", "0|1|2" },
        { "break", 0, 0, G_OPTION_ARG_STRING, &opt_break, "Spoil it", "magic|truncated|digest|from|project|baseline|flash" },
        G_OPTION_ENTRY_NULL,
};
/* clang-format on */

struct run {
        GMainLoop *loop;
        GPid child; /* 0: none */
        int status;
};

static gboolean on_signal(void *data)
{
        struct run *run = data;

        if (run->child)
                kill(run->child, SIGTERM); /* the loop ends with it */
        else
                g_main_loop_quit(run->loop);
        return G_SOURCE_CONTINUE;
}

static void on_quit(void *data)
{
        on_signal(data);
}

static gboolean on_stdin(int fd, GIOCondition condition, void *data)
{
        char bytes[256];

        (void)condition;
        if (read(fd, bytes, sizeof bytes) > 0)
                return G_SOURCE_CONTINUE;
        on_signal(data);
        return G_SOURCE_REMOVE;
}

static void on_child(GPid pid, int status, void *data)
{
        struct run *run = data;

        g_spawn_close_pid(pid);
        run->child = 0;
        run->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        g_main_loop_quit(run->loop);
}

static void in_child(void *data)
{
        (void)data;
        prctl(PR_SET_PDEATHSIG, SIGTERM);
}

static int make_package(GError **error)
{
        const struct package_plan plan = {
                .from = opt_from ?: "",
                .to = opt_to ?: "",
                .project = opt_project ?: "",
                .baseline = opt_baseline ?: "",
                .size = (gsize)CLAMP(opt_size, 0, 256 * 1024 * 1024),
                .broken = opt_break,
                .mini = opt_mini >= 0 ? (unsigned)opt_mini : package_mini_by_name(opt_package),
        };

        if (!opt_from || !opt_to) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--make-package needs --from and --to");
                return 2;
        }
        return package_write(opt_package, &plan, error) ? 0 : 1;
}

static int simulate(char **command, GError **error)
{
        struct run run = { 0 };
        g_autoptr(Bench) bench = bench_new(opt_log, error);
        g_autoptr(Control) control = NULL;
        g_autoptr(GMainLoop) loop = run.loop = g_main_loop_new(NULL, FALSE);

        if (bench && opt_claims)
                bench_follow_claims(bench, opt_claims);
        if (bench && opt_owners && !bench_serve_owners(bench, opt_owners, error))
                return 2;
        for (char **module = opt_modules; bench && module && *module; module++)
                if (!bench_add_module(bench, *module, opt_real_time, error))
                        return 2;
        for (char **decoy = opt_decoys; bench && decoy && *decoy; decoy++)
                if (!bench_add_decoy(bench, *decoy, error))
                        return 2;
        if (!bench || (opt_control && !(control = control_new(opt_control, bench, on_quit, &run, error))))
                return 1;

        g_unix_signal_add(SIGTERM, on_signal, &run);
        g_unix_signal_add(SIGINT, on_signal, &run);
        if (opt_until_eof)
                g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_stdin, &run);
        g_autofree char *environment = bed_environment();
        printf("%sready\n", command ? "" : environment);
        fflush(stdout);
        if (command) {
                if (opt_control)
                        g_setenv("MODSIM_CONTROL", opt_control, TRUE);
                if (!g_spawn_async(NULL, command, NULL,
                                   G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CHILD_INHERITS_STDIN,
                                   in_child, NULL, &run.child, error))
                        return 1;
                g_child_watch_add(run.child, on_child, &run);
        }
        g_main_loop_run(loop);
        return run.status;
}

int main(int argc, char **argv)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GString) tables = g_string_new(NULL);
        g_autoptr(GOptionContext) context = g_option_context_new("[-- COMMAND ARGUMENT...]");
        char **command = NULL;
        int status;

        /* Arguments after "--" are COMMAND's. The whole list is needed if this program starts itself again. */
        g_auto(GStrv) whole = g_strdupv(argv);
        for (int i = 1; i < argc && !command; i++)
                if (g_str_equal(argv[i], "--")) {
                        command = argv + i + 1;
                        argc = i;
                }
        if (command && !*command)
                command = NULL;

        persona_describe(tables);
        g_option_context_set_summary(context, "Emulates LTE modules.");
        g_option_context_set_description(context, tables->str);
        g_option_context_add_main_entries(context, options, NULL);
        if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1) {
                g_printerr("modsim: %s\n", error ? error->message : "unexpected argument; see --help");
                return 2;
        }
        if (opt_settings) {
                printf("%s", tables->str);
                return 0;
        }
        if (opt_package) {
                status = make_package(&error);
        } else {
                if (opt_die_with_parent)
                        prctl(PR_SET_PDEATHSIG, SIGTERM);
                bed_prepare(whole);
                status = simulate(command, &error);
        }
        if (error)
                g_printerr("modsim: %s\n", error->message);
        return status;
}
