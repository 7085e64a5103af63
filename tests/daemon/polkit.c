/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Users of a gateway, and polkitd. polkitd finds its files, and libc and the bus find the users, by absolute paths: a
 * mount namespace replaces them, and vanishes with the test's process. */

#include <check.h>
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "polkit.h"
#include "world-private.h"

#define ACTIONS      "/usr/share/polkit-1/actions"
#define RULES        "/etc/polkit-1/rules.d"
#define VENDOR_RULES "/usr/share/polkit-1/rules.d"
#define POLKITD      "/usr/lib/polkit-1/polkitd"
#define POLKITD_NAME "org.freedesktop.PolicyKit1"

#define FOTAD_ID WORLD_USER /* the user of the daemon has his name here */

#define ID G_STRINGIFY(WORLD_USER)

const User alice = { "alice", 4301, 4301 };
const User bob = { "bob", 4302, 4302 };
const User carol = { "carol", 4303, 4303 };
const User nobody = { "nobody", 65534, 65534 };
const User member = { "member", 4304, FOTAD_ID };
const User fotad = { "fotad", FOTAD_ID, FOTAD_ID };

static const char passwd[] = "root:x:0:0:root:/:/bin/sh\n"
                             "polkitd:x:4239:4239::/:/bin/false\n"
                             "fotad:x:" ID ":" ID "::/:/bin/false\n"
                             "alice:x:4301:4301::/:/bin/false\n"
                             "bob:x:4302:4302::/:/bin/false\n"
                             "carol:x:4303:4303::/:/bin/false\n"
                             "nobody:x:65534:65534::/:/bin/false\n"
                             "member:x:4304:" ID "::/:/bin/false\n";
static const char group[] = "root:x:0:\npolkitd:x:4239:\nfotad:x:" ID ":\nalice:x:4301:\nbob:x:4302:\ncarol:x:4303:\n"
                            "nobody:x:65534:\ndialout:x:20:\n";

/* ---- the namespace */

static void mount_empty(const char *directory)
{
        ck_assert_msg(mount("tmpfs", directory, "tmpfs", 0, "mode=0755") == 0, "%s: %s (is polkitd installed?)",
                      directory, g_strerror(errno));
}

static void put(const char *directory, const char *name, const char *text, const char *over)
{
        g_autofree char *file = g_build_filename(directory, name, NULL);

        ck_assert(g_file_set_contents(file, text, -1, NULL));
        ck_assert_int_eq(chmod(file, 0644), 0);
        if (over)
                ck_assert_msg(mount(file, over, NULL, MS_BIND, NULL) == 0, "%s: %s", over, g_strerror(errno));
}

void polkit_prepare_beside(const char *rules, const char *neighbour)
{
        g_autofree char *policy = g_build_filename(g_getenv("abs_top_builddir") ?: ".", "dbus/org.fotad1.policy", NULL);
        g_autofree char *shipped = g_build_filename(g_getenv("abs_top_srcdir") ?: "..", "dbus/fotad.rules", NULL);
        g_autofree char *text = NULL, *shipped_text = NULL, *neighbour_text = NULL;
        g_autoptr(GString) users = g_string_new(passwd);

        for (unsigned i = 0; i < GUESTS; i++)
                g_string_append_printf(users, "guest%u:x:%u:%u::/:/bin/false\n", i, GUEST_UID + i, GUEST_UID);
        ck_assert_msg(unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0,
                      "this test puts other users and rules in the place of the machine's, which wants root's "
                      "CAP_SYS_ADMIN: %s",
                      g_strerror(errno));
        ck_assert_msg(g_file_get_contents(policy, &text, NULL, NULL), "%s is not built", policy);
        ck_assert_msg(g_file_get_contents(shipped, &shipped_text, NULL, NULL), "%s is not there", shipped);
        if (neighbour) {
                g_autofree char *file = g_build_filename(ACTIONS, neighbour, NULL);

                ck_assert_msg(g_file_get_contents(file, &neighbour_text, NULL, NULL), "%s is not installed", file);
        }
        mount_empty(ACTIONS);
        mount_empty(RULES);
        mount_empty(VENDOR_RULES);
        put(ACTIONS, "org.fotad1.policy", text, NULL);
        if (neighbour)
                put(ACTIONS, neighbour, neighbour_text, NULL);
        put(VENDOR_RULES, "fotad.rules", shipped_text, NULL);
        put(RULES, "50-test.rules", rules, NULL);
        put(RULES, "passwd", users->str, "/etc/passwd");
        put(RULES, "group", group, "/etc/group");
}

void polkit_prepare(const char *rules)
{
        polkit_prepare_beside(rules, NULL);
}

static bool has_name(World *w, const void *name)
{
        return sd_bus_get_name_creds(world_bus(w), name, 0, NULL) >= 0;
}

pid_t polkit_start(World *w)
{
        g_autofree char *log = world_path(w, "polkitd.log");
        pid_t pid = world_spawn(w, (char *[]){ POLKITD, NULL }, NULL, log, log);

        world_await(w, has_name, POLKITD_NAME, "polkitd");
        return pid;
}

/* ---- users */

static char message[1024];

const char *user_message(void)
{
        return message;
}

static void act(int fd, const User *user, bool interactive, UserFunc func, const void *data)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus *bus = NULL;
        int r;

        if (setgroups(0, NULL) < 0 || setresgid(user->group, user->group, user->group) < 0 ||
            setresuid(user->uid, user->uid, user->uid) < 0)
                _exit(1);
        /* The change of user has reset this. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (sd_bus_open_system(&bus) < 0 || sd_bus_set_allow_interactive_authorization(bus, interactive) < 0)
                _exit(1);
        r = func(bus, data, &error);
        if (r < 0 && !sd_bus_error_is_set(&error))
                sd_bus_error_set_errno(&error, r);
        dprintf(fd, "%s\n%s", r < 0 ? error.name : "done", r < 0 ? error.message : "");
        _exit(0);
}

UserCall user_begin(const User *user, bool interactive, UserFunc func, const void *data)
{
        UserCall call;
        int ends[2];

        ck_assert_int_eq(pipe(ends), 0);
        call.pid = fork();
        ck_assert_int_ge(call.pid, 0);
        if (call.pid == 0)
                act(ends[1], user, interactive, func, data);
        close(ends[1]);
        call.fd = ends[0];
        return call;
}

const char *user_await(UserCall call)
{
        static const char *const prefixes[] = { "org.fotad1.Error.", "org.freedesktop.DBus.Error." };
        static char text[sizeof(message)];
        size_t length = 0;
        ssize_t n;
        int status;
        char *end;

        while ((n = read(call.fd, text + length, sizeof(text) - 1 - length)) > 0)
                length += (size_t)n;
        text[length] = 0;
        close(call.fd);
        ck_assert_int_eq(waitpid(call.pid, &status, 0), call.pid);
        ck_assert_int_eq(status, 0);
        end = strchr(text, '\n');
        ck_assert_ptr_nonnull(end);
        *end = 0;
        g_strlcpy(message, end + 1, sizeof(message));
        for (unsigned i = 0; i < G_N_ELEMENTS(prefixes); i++)
                if (g_str_has_prefix(text, prefixes[i]))
                        return text + strlen(prefixes[i]);
        return text;
}

void user_kill(UserCall call)
{
        kill(call.pid, SIGKILL);
        ck_assert_int_eq(waitpid(call.pid, NULL, 0), call.pid);
        close(call.fd);
}

const char *user_do(const User *user, bool interactive, UserFunc func, const void *data)
{
        return user_await(user_begin(user, interactive, func, data));
}

void user_assert(const char *answer, const char *expected, const char *words)
{
        ck_assert_msg(strcmp(answer, expected) == 0, "%s instead of %s: %s", answer, expected, message);
        ck_assert_msg(strstr(message, words) != NULL, "no '%s' in: %s", words, message);
}

void user_assert_do(const User *user, bool interactive, UserFunc func, const void *data, const char *expected,
                    const char *words)
{
        user_assert(user_do(user, interactive, func, data), expected, words);
}
