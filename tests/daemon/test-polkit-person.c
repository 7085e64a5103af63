/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* polkit asks a person: by an agent of the test's own, which records the dialog, and by fotactl at a terminal, with
 * polkit's agent, PAM and a password. */

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "polkit.h"
#include "suite.h"
#include "world.h"

#define NAME     "org.fotad1"
#define POLKIT   "org.freedesktop.PolicyKit1"
#define PATH     "/org/freedesktop/PolicyKit1/Authority"
#define IFACE    "org.freedesktop.PolicyKit1.Authority"
#define AGENT    "org.freedesktop.PolicyKit1.AuthenticationAgent"
#define TIMEOUT 60000 /* ms, far longer than any test needs */

static World *begin(char **ret_url)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w;

        polkit_prepare("");
        w = world_new(&settings);
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_await_module(w, MODULE_1);
        *ret_url = world_http(w, "up.bin");
        return w;
}

/* ---- carol, whose own process is her authentication agent; and root, whose password is needed */

static int asked[2], answered[2]; /* pipes: the agent's dialog, and "y" or "n" */

typedef struct Agent {
        bool done;
        sd_bus_error error;
} Agent;

static int on_begin(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *action, *message, *icon, *cookie;
        char word;

        (void)userdata;
        if (sd_bus_message_read(m, "sss", &action, &message, &icon) < 0 || sd_bus_message_skip(m, "a{ss}") < 0 ||
            sd_bus_message_read(m, "s", &cookie) < 0)
                _exit(2);
        dprintf(asked[1], "%s\n%s\n%s\n", action, message, cookie);
        if (read(answered[0], &word, 1) != 1)
                _exit(2);
        if (word == 'y')
                return sd_bus_reply_method_return(m, NULL);
        return sd_bus_error_set(error, "org.freedesktop.PolicyKit1.Error.Cancelled", "she pressed Cancel");
}

static const sd_bus_vtable agent_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("BeginAuthentication", "sssa{ss}sa(sa{sv})", "", on_begin, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

/* Ticks since the boot: the 22nd field. The name before it has no blanks. */
static guint64 start_time(void)
{
        g_autofree char *text = NULL;
        g_auto(GStrv) fields = NULL;

        if (!g_file_get_contents("/proc/self/stat", &text, NULL, NULL))
                _exit(2);
        fields = g_strsplit(text, " ", 0);
        return g_ascii_strtoull(fields[21], NULL, 10);
}

static int on_started(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Agent *agent = userdata;

        (void)error;
        agent->done = true;
        return sd_bus_error_copy(&agent->error, sd_bus_message_get_error(reply));
}

static int start_with_agent(sd_bus *bus, const void *url, sd_bus_error *e)
{
        Agent agent = { .error = SD_BUS_ERROR_NULL };
        int r;

        if ((r = sd_bus_add_object_vtable(bus, NULL, "/agent", AGENT, agent_vtable, NULL)) < 0 ||
            (r = sd_bus_call_method(bus, POLKIT, PATH, IFACE, "RegisterAuthenticationAgent", e, NULL, "(sa{sv})ss",
                                    "unix-process", 3, "pid", "u", (uint32_t)getpid(), "start-time", "t", start_time(),
                                    "uid", "i", (int32_t)getuid(), "C", "/agent")) < 0 ||
            (r = sd_bus_call_method_async(bus, NULL, NAME, "/org/fotad1", "org.fotad1.Manager", "StartUpgrade",
                                          on_started, &agent, "ssa{sv}", "usb-1-1", url, 0)) < 0)
                return r;
        while (!agent.done && (r = sd_bus_process(bus, NULL)) >= 0)
                if (r == 0)
                        sd_bus_wait(bus, UINT64_MAX);
        return r < 0 ? r : sd_bus_error_move(e, &agent.error);
}

/* The call of pkexec's helper after the right password: only root may make it. */
static void confirm(World *w, const char *cookie)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;

        ck_assert_msg(sd_bus_call_method(world_bus(w), POLKIT, PATH, IFACE, "AuthenticationAgentResponse2", &error,
                                         NULL, "us(sa{sv})", carol.uid, cookie, "unix-user", 1, "uid", "u", 0) >= 0,
                      "%s", error.message);
}

static char *read_asked(void)
{
        struct pollfd fd = { .fd = asked[0], .events = POLLIN };
        char text[1024];
        ssize_t n;

        ck_assert_int_eq(poll(&fd, 1, TIMEOUT), 1);
        n = read(asked[0], text, sizeof(text) - 1);
        ck_assert_int_gt(n, 0);
        return g_strndup(text, (gsize)n);
}

/* A call that does not allow interaction does not ask her. */
START_TEST(test_silent)
{
        g_autofree char *url = NULL;
        World *w = begin(&url);
        struct pollfd fd;

        ck_assert(pipe(asked) == 0);
        polkit_start(w);
        user_assert(user_do(&carol, false, start_with_agent, url), "InteractiveAuthorizationRequired",
                    "org.fotad1.start");
        fd = (struct pollfd){ .fd = asked[0], .events = POLLIN };
        ck_assert_int_eq(poll(&fd, 1, 0), 0);
        world_free(w);
}
END_TEST

START_TEST(test_person)
{
        static const struct {
                const char *word, *expected, *words;
        } ends[] = { { "y", "done", "" }, { "n", "AccessDenied", "polkit does not admit you" } };
        g_autofree char *url = NULL, *text = NULL;
        g_auto(GStrv) lines = NULL;
        World *w = begin(&url);
        UserCall call;

        ck_assert(pipe(asked) == 0 && pipe(answered) == 0);
        polkit_start(w);
        call = user_begin(&carol, true, start_with_agent, url);
        text = read_asked();
        lines = g_strsplit(text, "\n", 0);
        ck_assert_str_eq(lines[0], "org.fotad1.start");
        ck_assert_str_eq(lines[1], "Authentication is required to upgrade the firmware of the cellular module usb-1-1");
        /* She has not answered yet. */
        ck_assert(world_call(w, MODULE_1, "org.fotad1.Module", "Probe"));
        world_assert_property(w, MODULE_1, "Job", "/");
        if (_i == 0)
                confirm(w, lines[2]);
        ck_assert_int_eq(write(answered[1], ends[_i].word, 1), 1);
        user_assert(user_await(call), ends[_i].expected, ends[_i].words);
        if (_i == 0)
                world_assert_result(w, JOB_1, "success", "", "");
        else
                world_assert_property(w, MODULE_1, "Job", "/");
        world_free(w);
}
END_TEST

/* ---- fotactl */

#define PASSWORD "correct horse"

/* root's password, and the way by which the helper that checks it connects to the bus. */
static void set_password(World *w)
{
        g_autofree char *shadow = world_path(w, "shadow"), *pam = world_path(w, "pam"), *command = NULL;
        const char *address = g_getenv("DBUS_SYSTEM_BUS_ADDRESS");

        command = g_strdup_printf("umask 077 && printf 'root:%%s:19000:0:99999:7:::\\n' "
                                  "\"$(openssl passwd -6 '" PASSWORD "')\" >'%s'",
                                  shadow);
        ck_assert_int_eq(system(command), 0);
        ck_assert_int_eq(mount(shadow, "/etc/shadow", NULL, MS_BIND, NULL), 0);
        ck_assert(g_file_set_contents(pam, "auth required pam_unix.so nodelay\naccount required pam_permit.so\n", -1,
                                      NULL));
        ck_assert_int_eq(mount(pam, "/usr/lib/pam.d/polkit-1", NULL, MS_BIND, NULL), 0);
        ck_assert_int_eq(mount("tmpfs", "/run", "tmpfs", 0, "mode=0755"), 0);
        ck_assert_int_eq(mkdir("/run/dbus", 0755), 0);
        ck_assert_int_eq(symlink(address + strlen("unix:path="), "/run/dbus/system_bus_socket"), 0);
}

typedef struct Terminal {
        pid_t pid;
        int fd;
        GString *text;
} Terminal;

/* carol's processes, or root's. */
static Terminal type_command(const User *user, const char *arguments)
{
        g_autofree char *fotactl = g_build_filename(g_getenv("abs_top_builddir"), "client/fotactl", NULL);
        g_autofree char *command = g_strdup_printf("exec '%s' %s", fotactl, arguments);
        Terminal t = { .text = g_string_new(NULL) };

        t.pid = forkpty(&t.fd, NULL, NULL, NULL);
        ck_assert_int_ge(t.pid, 0);
        if (t.pid > 0)
                return t;
        g_setenv("LC_ALL", "C.UTF-8", TRUE);
        if (setresgid(user->group, user->group, user->group) < 0 || setresuid(user->uid, user->uid, user->uid) < 0)
                _exit(126);
        execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(127);
}

static bool read_more(Terminal *t)
{
        struct pollfd fd = { .fd = t->fd, .events = POLLIN };
        char buffer[1024];
        ssize_t n;

        ck_assert_msg(poll(&fd, 1, TIMEOUT) > 0, "no more output after: %s", t->text->str);
        n = read(t->fd, buffer, sizeof(buffer));
        if (n > 0)
                g_string_append_len(t->text, buffer, n);
        return n > 0;
}

static void await_text(Terminal *t, const char *part)
{
        while (!strstr(t->text->str, part))
                ck_assert_msg(read_more(t), "ended without '%s': %s", part, t->text->str);
}

/* Text that is typed before the terminal stops echoing is dropped. */
static void type_password(Terminal *t, const char *password)
{
        gint64 end = g_get_monotonic_time() + TIMEOUT * 1000;
        size_t length = strlen(password);
        struct termios modes;

        await_text(t, "Password:");
        while (tcgetattr(t->fd, &modes) == 0 && (modes.c_lflag & ECHO)) {
                ck_assert_msg(g_get_monotonic_time() < end, "it echoes a password: %s", t->text->str);
                poll(NULL, 0, 2);
        }
        ck_assert_int_eq(write(t->fd, password, length), (ssize_t)length);
}

static void finish(Terminal *t, int expected)
{
        int status;

        while (read_more(t))
                ;
        close(t->fd);
        ck_assert_int_eq(waitpid(t->pid, &status, 0), t->pid);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == expected, "status %x instead of %d: %s", status,
                      expected, t->text->str);
}

/* Without a terminal there is no question. */
static const struct {
        const char *input, *password, *words;
        int status;
} passwords[] = { { "", PASSWORD "\n", "Job 1 is started", 0 },
                  { "", "battery staple\n", "polkit does not admit you", 3 },
                  { "</dev/null", NULL, "InteractiveAuthorizationRequired", 3 } };

START_TEST(test_fotactl)
{
        g_autofree char *url = NULL, *command = NULL;
        World *w = begin(&url);
        Terminal t;

        set_password(w);
        polkit_start(w);
        command = g_strdup_printf("start %s %s", url, passwords[_i].input);
        t = type_command(&carol, command);
        if (passwords[_i].password) {
                await_text(&t, "firmware of the cellular module usb-1-1");
                type_password(&t, passwords[_i].password);
        }
        finish(&t, passwords[_i].status);
        ck_assert_msg(strstr(t.text->str, passwords[_i].words) != NULL, "%s", t.text->str);
        ck_assert_msg(!strstr(t.text->str, "horse"), "%s", t.text->str);
        g_string_free(t.text, TRUE);
        if (_i == 0)
                world_assert_result(w, JOB_1, "success", "", "");
        else
                world_assert_property(w, MODULE_1, "Job", "/");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("polkit-person");

        suite_add(s, "person", test_person, 0, 2);
        suite_add(s, "silent", test_silent, 0, 1);
        suite_add(s, "fotactl", test_fotactl, 0, G_N_ELEMENTS(passwords));
        return suite_run(s);
}
