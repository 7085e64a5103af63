/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Scheduled upgrades whose module is missing, or not ready, when the timer runs. */

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client-run.h"
#include "schedules.h"
#include "suite.h"

/* At the gateway's start: the module appears after the timer has run. */
START_TEST(test_patience)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,attached=0" }, .no_daemon = true };
        Schedules *b = schedules_new(&settings);
        g_autofree char *url = world_http(b->w, "up.bin"), *line = schedules_command(b, "run --patience=60 night");
        ClientRun *r;
        unsigned n;

        world_package(b->w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        schedules_write(b, url, "");
        schedules_assert(b, "run --patience=-1 night", 2, "", "--patience takes a number");
        schedules_assert(b, "run --patience=60 night", 4, "", "fotad is not running");
        world_start_daemon(b->w);
        schedules_assert(b, "run night", 3, "", "NoSuchModule");
        schedules_assert(b, "run --patience=1 night", 3, "", "NoSuchModule");
        schedules_assert_told(b, 0, "STATUS=there is no such module");
        n = schedules_count_told(b);
        r = client_begin(b->w, line, NULL, false);
        datagrams_await(b->systemd, n, "STATUS=waiting for the module");
        g_free(world_sim(b->w, "attach 1-1"));
        client_finish(r, 0);
        client_free(r);
        schedules_assert_told(b, 0, "STATUS=the upgrade succeeded: " OLD_REVISION " -> " NEW_REVISION);
        schedules_free(b);
}
END_TEST

static void assert_bus_lost(ClientRun *r)
{
        client_finish(r, 4);
        ck_assert_msg(g_str_has_prefix(r->error, "fotactl: fotad is not reachable: ") &&
                              strchr(r->error, '\n')[1] == '\0',
                      "%s", r->error);
        client_free(r);
}

/* The bus is killed during the wait. */
START_TEST(test_bus_killed)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,attached=0" }, .no_daemon = true };
        Schedules *b = schedules_new(&settings);
        g_autofree char *line = schedules_command(b, "run --patience=3600 night");
        ClientRun *r;

        world_start_daemon(b->w);
        schedules_write(b, "http://host/up.bin", "");
        r = client_begin(b->w, line, NULL, false);
        datagrams_await(b->systemd, 0, "STATUS=waiting for the module");
        world_kill_bus(b->w);
        assert_bus_lost(r);
        world_start_bus(b->w);
        world_await_daemon(b->w);
        schedules_free(b);
}
END_TEST

static void await_problem(World *w, const char *part)
{
        gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

        for (;;) {
                g_autofree char *problem = world_property(w, MODULE_1, "Problem");

                if (strstr(problem, part))
                        break;
                ck_assert_msg(g_get_monotonic_time() < end, "'%s' is not in: %s", part, problem);
                sd_bus_process(world_bus(w), NULL);
                sd_bus_wait(world_bus(w), G_USEC_PER_SEC / 10);
        }
}

/* A pty stays exclusive after its last close, unlike a serial port. */
static void let_go(int fd)
{
        ck_assert_int_eq(ioctl(fd, TIOCNXCL), 0);
        close(fd);
}

/* Another process has the module's port when the module appears, and closes it before the run begins, or meanwhile. */
START_TEST(test_held)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" },
                                   .config = "[timeouts]\ncommand=1\nstart=1\nsettle=1\n",
                                   .no_daemon = true };
        Schedules *b = schedules_new(&settings);
        g_autofree char *tty = world_tty(b->w, "1-1", "at"), *line = schedules_command(b, "run --patience=3600 night");
        int fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
        ClientRun *r;
        unsigned n;

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(ioctl(fd, TIOCEXCL), 0);
        world_start_daemon(b->w);
        schedules_write(b, "http://host/up.bin", "");
        g_free(world_sim(b->w, "set 1-1 revision " NEW_REVISION));
        await_problem(b->w, "is held by another process");
        if (_i == 0)
                let_go(fd);
        r = client_begin(b->w, line, NULL, false);
        if (_i == 1) {
                /* the module is asked once in between, in vain */
                n = datagrams_await(b->systemd, 0, "STATUS=waiting for the module: its AT port ");
                datagrams_await(b->systemd, n + 1, "STATUS=waiting for the module: its AT port ");
                let_go(fd);
        }
        client_finish(r, 0);
        client_free(r);
        schedules_assert_told(b, 0, "STATUS=nothing to do: usb-1-1 has " NEW_REVISION " already");
        schedules_free(b);
}
END_TEST

/* ---- a daemon with timing by the test */

static void append_module(sd_bus_message *reply)
{
        static const char *const strings[][2] = {
                { "Id", "usb-1-1" }, { "System", "normal" }, { "Model", "EC200A" }, { "Revision", NEW_REVISION }
        };

        sd_bus_message_open_container(reply, 'e', "oa{sa{sv}}");
        sd_bus_message_append(reply, "o", MODULE_1);
        sd_bus_message_open_container(reply, 'a', "{sa{sv}}");
        sd_bus_message_open_container(reply, 'e', "sa{sv}");
        sd_bus_message_append(reply, "s", "org.fotad1.Module");
        sd_bus_message_open_container(reply, 'a', "{sv}");
        for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
                sd_bus_message_append(reply, "{sv}", strings[i][0], "s", strings[i][1]);
        sd_bus_message_append(reply, "{sv}", "Present", "b", 1);
        sd_bus_message_append(reply, "{sv}", "Job", "o", "/");
        for (unsigned i = 0; i < 4; i++)
                sd_bus_message_close_container(reply);
}

/* The first answer has no object. The signal for a new one is sent before that answer, so that it is there when the
 * answer is read: as if it had come between the answer and the wait. */
static int on_call(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        unsigned *asked = userdata;
        sd_bus_message *reply = NULL;
        int r;

        (void)error;
        if (!sd_bus_message_is_method_call(call, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"))
                return 0;
        if (*asked == 0)
                sd_bus_emit_signal(sd_bus_message_get_bus(call), "/org/fotad1", "org.freedesktop.DBus.ObjectManager",
                                   "InterfacesAdded", "oa{sa{sv}}", MODULE_1, 0);
        sd_bus_message_new_method_return(call, &reply);
        sd_bus_message_open_container(reply, 'a', "{oa{sa{sv}}}");
        if ((*asked)++ > 0)
                append_module(reply);
        sd_bus_message_close_container(reply);
        r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        return r < 0 ? r : 1;
}

/* A daemon without modules that answers when the test requests it; the bus has the answer before the test is
 * notified. */
static int on_call_held(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const int *test = userdata;
        sd_bus *bus = sd_bus_message_get_bus(call);
        char c;

        (void)error;
        if (!sd_bus_message_is_method_call(call, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"))
                return 0;
        if (write(*test, "a", 1) != 1 || read(*test, &c, 1) != 1 ||
            sd_bus_reply_method_return(call, "a{oa{sa{sv}}}", 0) < 0 ||
            sd_bus_get_name_creds(bus, "org.fotad1", 0, NULL) < 0 || write(*test, "r", 1) != 1)
                _exit(1);
        return 1;
}

static void serve(sd_bus_message_handler_t handler, void *userdata, int ready)
{
        sd_bus *bus = NULL;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (sd_bus_open_system(&bus) < 0 || sd_bus_add_fallback(bus, NULL, "/org/fotad1", handler, userdata) < 0 ||
            sd_bus_request_name(bus, "org.fotad1", 0) < 0 || write(ready, "r", 1) != 1)
                _exit(1);
        while (sd_bus_wait(bus, UINT64_MAX) >= 0)
                while (sd_bus_process(bus, NULL) > 0)
                        ;
        _exit(1);
}

static void hear(int end)
{
        char c;

        ck_assert_int_eq(read(end, &c, 1), 1);
}

/* Returns when the daemon has its name. */
static pid_t begin_service(sd_bus_message_handler_t handler, void *userdata)
{
        int ends[2];
        pid_t pid;

        ck_assert_int_eq(pipe(ends), 0);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0)
                serve(handler, userdata, ends[1]);
        close(ends[1]);
        hear(ends[0]);
        close(ends[0]);
        return pid;
}

static void end_service(pid_t pid)
{
        kill(pid, SIGKILL);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

/* A signal that arrives while the objects are read is not missed. */
START_TEST(test_news)
{
        WorldSettings settings = { .no_daemon = true };
        Schedules *b = schedules_new(&settings);
        unsigned asked = 0;
        pid_t pid = begin_service(on_call, &asked);

        schedules_write(b, "http://host/up.bin", "");
        schedules_assert(b, "run --patience=3600 night", 0, "night: nothing to do: usb-1-1 has " NEW_REVISION, "");
        end_service(pid);
        schedules_free(b);
}
END_TEST

/* A daemon with one module, which is mute; it reports each call to the test, and answers GetManagedObjects only. */
static int on_call_of_mute(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const int *said = userdata;
        const char *member = sd_bus_message_get_member(call);
        sd_bus_message *reply = NULL;
        int r;

        (void)error;
        if (strcmp(member, "Probe") == 0)
                return write(*said, "P", 1) == 1 ? 1 : -EIO;
        if (strcmp(member, "GetManagedObjects") != 0)
                return 0;
        sd_bus_message_new_method_return(call, &reply);
        sd_bus_message_append(reply, "a{oa{sa{sv}}}", 1, MODULE_1, 1, "org.fotad1.Module", 3, "Id", "s", "usb-1-1",
                              "Present", "b", 1, "Problem", "s", "its AT port is held");
        r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        return r < 0 ? r : 1;
}

/* A daemon that answers no call, and reports the first one to the test. */
static int on_call_in_vain(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const int *said = userdata;

        (void)call, (void)error;
        return write(*said, "G", 1) == 1 ? 1 : -EIO;
}

/* Before an upgrade is begun a signal ends the run as it ends any program, and the run reports that none was begun:
 * while no module is there, while the module is asked, and while the daemon does not answer. */
START_TEST(test_stopped)
{
        static const struct {
                sd_bus_message_handler_t on_call;
                const char *told; /* before the signal */
        } rows[] = {
                { NULL, "STATUS=waiting for the module" },
                { on_call_of_mute, "STATUS=waiting for the module: its AT port is held" },
                { on_call_in_vain, NULL },
        };
        bool json = _i % 2;
        int signal = json ? SIGINT : SIGTERM, ends[2];
        WorldSettings settings = { .modules = { "1-1=ec200a,attached=0" }, .no_daemon = true };
        Schedules *b = schedules_new(&settings);
        g_autofree char *line = schedules_command(b, json ? "run --patience=3600 --json night"
                                                          : "run --patience=3600 night");
        const char *said;
        ClientRun *r;
        pid_t pid = 0;
        char c;

        ck_assert_int_eq(pipe(ends), 0);
        if (rows[_i / 2].on_call)
                pid = begin_service(rows[_i / 2].on_call, &ends[1]);
        else
                world_start_daemon(b->w);
        schedules_write(b, "http://host/up.bin", "");
        r = client_begin(b->w, line, NULL, false);
        if (rows[_i / 2].told)
                datagrams_await(b->systemd, 0, rows[_i / 2].told);
        if (pid > 0)
                ck_assert_int_eq(read(ends[0], &c, 1), 1);
        kill(r->pid, signal);
        client_finish(r, -signal);
        said = json ? r->text->str : r->error;
        if (json)
                ck_assert_msg(g_regex_match_simple("^{\"event\":\"detached\",\"time\":[0-9]{16}}\n$", said, 0, 0), "%s",
                              said);
        else
                ck_assert_str_eq(said, "fotactl: night: stopped by a signal; no upgrade was begun\n");
        client_free(r);
        schedules_assert_told(b, 0, "STATUS=stopped by a signal; no upgrade was begun");
        close(ends[0]);
        close(ends[1]);
        if (pid > 0)
                end_service(pid);
        schedules_free(b);
}
END_TEST

#define SOURCE "http://host/up.bin"

/* A daemon whose only job ends when it is first read, and that sends SIGTERM to its client before it reports the
 * end. */
static int on_call_of_ending(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        unsigned *read = userdata;
        sd_bus *bus = sd_bus_message_get_bus(call);
        sd_bus_message *reply = NULL;
        sd_bus_creds *client = NULL;
        pid_t pid;
        int r;

        (void)error;
        sd_bus_message_new_method_return(call, &reply);
        if (sd_bus_message_is_method_call(call, NULL, "GetManagedObjects")) {
                sd_bus_message_append(reply, "a{oa{sa{sv}}}", 2, MODULE_1, 1, "org.fotad1.Module", 3, "Id", "s",
                                      "usb-1-1", "Present", "b", 1, "Job", "o", JOB_1, JOB_1, 1, "org.fotad1.Job", 4,
                                      "Id", "s", "1", "State", "s", "updating", "Source", "s", SOURCE, "FromRevision",
                                      "s", OLD_REVISION);
        } else if ((*read)++ == 0) {
                sd_bus_message_append(reply, "a{sv}", 2, "Id", "s", "1", "State", "s", "updating");
        } else {
                sd_bus_query_sender_creds(call, SD_BUS_CREDS_PID, &client);
                ck_assert_int_ge(sd_bus_creds_get_pid(client, &pid), 0);
                sd_bus_creds_unref(client);
                kill(pid, SIGTERM);
                sd_bus_message_append(reply, "a{sv}", 4, "Id", "s", "1", "State", "s", "finished", "Result", "s",
                                      "success", "ToRevision", "s", NEW_REVISION);
        }
        r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        if (r >= 0 && *read == 1)
                r = sd_bus_emit_signal(bus, JOB_1, "org.fotad1.Job", "Result", "ssis", "success", "", 0, "");
        return r < 0 ? r : 1;
}

/* An upgrade that has ended does not go on: a signal while its end is read changes nothing. */
START_TEST(test_ended)
{
        WorldSettings settings = { .no_daemon = true };
        Schedules *b = schedules_new(&settings);
        unsigned read = 0;
        pid_t pid = begin_service(on_call_of_ending, &read);

        schedules_write(b, SOURCE, "");
        schedules_assert(b, "run night", 0, "night: the upgrade succeeded", "");
        end_service(pid);
        schedules_free(b);
}
END_TEST

/* The bus is killed between the daemon's answer and the wait: no upgrade has begun, so the error does not say that one
 * goes on, and there is one error alone. */
START_TEST(test_bus_killed_before)
{
        WorldSettings settings = { .no_daemon = true };
        Schedules *b = schedules_new(&settings);
        g_autofree char *line = schedules_command(b, "run --patience=3600 night");
        int ends[2], status;
        pid_t pid;
        ClientRun *r;

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        pid = begin_service(on_call_held, &ends[1]);
        close(ends[1]);
        schedules_write(b, "http://host/up.bin", "");
        r = client_begin(b->w, line, NULL, false);
        hear(ends[0]);
        kill(r->pid, SIGSTOP);
        ck_assert_int_eq(waitpid(r->pid, &status, WUNTRACED), r->pid);
        ck_assert_int_eq(write(ends[0], "g", 1), 1);
        hear(ends[0]);
        world_kill_bus(b->w);
        kill(r->pid, SIGCONT);
        assert_bus_lost(r);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        close(ends[0]);
        schedules_free(b);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("schedule-waits");

        suite_add(s, "patience", test_patience, 0, 1);
        suite_add(s, "bus-killed", test_bus_killed, 0, 1);
        suite_add(s, "held", test_held, 0, 2);
        suite_add(s, "news", test_news, 0, 1);
        suite_add(s, "bus-killed-before", test_bus_killed_before, 0, 1);
        suite_add(s, "stopped", test_stopped, 0, 6);
        suite_add(s, "ended", test_ended, 0, 1);
        return suite_run(s);
}
