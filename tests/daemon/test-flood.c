/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Callers that send more than the daemon can keep: what is kept is bounded, each call gets an answer unless its header
 * alone is longer than 64 kB, and others are served. How fast that is, tests/attack shows. */

#include <check.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"
#include "world-private.h"

#define STRANGER     2 /* the user bin, as whom nothing else runs */
#define KEPT_MAX     128
#define STRANGER_MAX 8
#define STRANGERS    60
#define GROUP        8 /* strangers whose calls are all kept, this many of each */
#define GROUP_CALLS  4
#define CROWD        240 /* with so many calls of each, more than the daemon keeps in all */
#define CROWD_CALLS  5
#define CALLERS      600 /* the bus takes 512 match rules of a connection */
#define USERS        3   /* the bus takes 256 connections of a user; the next users after STRANGER */
#define LONG         (16 * 1024 * 1024)
#define SERVICE_FDS  1024 /* the service manager's default for descriptors */
#define JOBS         200  /* with so many, a list is longer than the queue of the daemon's socket */
#define LISTS        8
#define MEANWHILE    4  /* lists, of which a bus that reads nothing gets the last three before STANDSTILL is over */
#define MORE         10 /* calls than are kept; their refusals may wait in the queue of the bus, and lists too */
#define STANDSTILL   8  /* seconds; three times as long is more than the 25 s that callers wait */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

typedef struct Answers {
        unsigned done, denied, limits, others;
        uint64_t last, last_limit; /* the daemon's serial number of the last answer, and of the last of limits */
} Answers;

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Answers *a = userdata;

        (void)error;
        sd_bus_message_get_cookie(m, &a->last);
        if (!sd_bus_message_is_method_error(m, NULL))
                a->done++;
        else if (sd_bus_message_is_method_error(m, SD_BUS_ERROR_ACCESS_DENIED))
                a->denied++;
        else if (sd_bus_message_is_method_error(m, SD_BUS_ERROR_LIMITS_EXCEEDED))
                a->limits++, a->last_limit = a->last;
        else
                a->others++;
        return 1;
}

static void new_call(sd_bus *bus, const char *path, const char *interface, const char *member, sd_bus_message **ret)
{
        ck_assert_int_ge(sd_bus_message_new_method_call(bus, ret, "org.fotad1", path, interface, member), 0);
}

static void new_start(sd_bus *bus, sd_bus_message **ret)
{
        new_call(bus, "/org/fotad1", "org.fotad1.Manager", "StartUpgrade", ret);
        ck_assert_int_ge(sd_bus_message_append(*ret, "ssa{sv}", "usb-1-1", "http://host/up.bin", 0), 0);
}

static void new_probe(sd_bus *bus, sd_bus_message **ret)
{
        new_call(bus, MODULE_1, "org.fotad1.Module", "Probe", ret);
}

static void new_introspect(sd_bus *bus, sd_bus_message **ret)
{
        new_call(bus, "/org/fotad1", "org.freedesktop.DBus.Introspectable", "Introspect", ret);
}

static void new_get(sd_bus *bus, sd_bus_message **ret)
{
        new_call(bus, "/org/fotad1", "org.freedesktop.DBus.Properties", "Get", ret);
        ck_assert_int_ge(sd_bus_message_append(*ret, "ss", "org.fotad1.Manager", "Version"), 0);
}

/* Returns when the bus has passed n calls on. */
static void send_calls(sd_bus *bus, unsigned n, void (*new_message)(sd_bus *bus, sd_bus_message **ret),
                       Answers *answers)
{
        for (unsigned i = 0; i < n; i++) {
                g_autoptr(sd_bus_message) m = NULL;

                new_message(bus, &m);
                ck_assert_int_ge(sd_bus_call_async(bus, NULL, m, on_answer, answers, 0), 0);
        }
        ck_assert_int_ge(sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                            "org.freedesktop.DBus", "GetId", NULL, NULL, NULL),
                         0);
}

static void await_answers(sd_bus *bus, const Answers *a, unsigned n)
{
        while (a->done + a->denied + a->limits + a->others < n)
                if (sd_bus_process(bus, NULL) == 0)
                        ck_assert_int_ge(sd_bus_wait(bus, UINT64_MAX), 0);
}

/* Has n calls in the daemon's socket before it reads the first one; waits for all answers. */
static Answers call_at_once(World *w, sd_bus *bus, unsigned n, void (*new_message)(sd_bus *bus, sd_bus_message **ret))
{
        Answers a = { 0 };

        ck_assert_int_eq(kill(world_daemon_pid(w), SIGSTOP), 0);
        send_calls(bus, n, new_message, &a);
        ck_assert_int_eq(kill(world_daemon_pid(w), SIGCONT), 0);
        await_answers(bus, &a, n);
        return a;
}

/* A connection of another user, who has no right to anything. */
static sd_bus *connect_user(uid_t user)
{
        sd_bus *bus = NULL;

        ck_assert_msg(geteuid() == 0, "only root can call as another user");
        ck_assert_int_eq(seteuid(user), 0);
        ck_assert_int_ge(sd_bus_open_system(&bus), 0);
        ck_assert_int_ge(sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                            "org.freedesktop.DBus", "GetId", NULL, NULL, NULL),
                         0);
        ck_assert_int_eq(seteuid(0), 0);
        return bus;
}

static sd_bus *connect_stranger(void)
{
        return connect_user(STRANGER);
}

static World *begin(void)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);

        world_await_module(w, MODULE_1);
        return w;
}

/* A stranger's calls in progress are few; the rest is refused, and then he may call again. */
START_TEST(test_stranger)
{
        World *w = begin();
        sd_bus *bus = connect_stranger();

        for (unsigned i = 0; i < 2; i++) {
                Answers a = call_at_once(w, bus, 3 * KEPT_MAX, new_start);

                ck_assert_uint_eq(a.denied, STRANGER_MAX);
                ck_assert_uint_eq(a.limits, 3 * KEPT_MAX - STRANGER_MAX);
        }
        world_assert_property(w, MODULE_1, "Revision", OLD_REVISION);
        sd_bus_close_unref(bus);
        world_free(w);
}
END_TEST

/* Long answers to a stranger, and the refusals of other calls of the stranger, are sent slowly: another caller, who
 * called last, is answered before. */
START_TEST(test_others_first)
{
        World *w = begin();
        sd_bus *bus = connect_stranger();
        Answers strangers = { 0 }, others = { 0 };

        ck_assert_int_eq(kill(world_daemon_pid(w), SIGSTOP), 0);
        send_calls(bus, 5 * KEPT_MAX, new_introspect, &strangers);
        send_calls(world_bus(w), 1, new_get, &others);
        ck_assert_int_eq(kill(world_daemon_pid(w), SIGCONT), 0);
        await_answers(world_bus(w), &others, 1);
        await_answers(bus, &strangers, 5 * KEPT_MAX);
        ck_assert_uint_eq(others.done, 1);
        ck_assert_uint_gt(strangers.limits, 0);
        ck_assert_uint_lt(others.last, strangers.last_limit);
        sd_bus_close_unref(bus);
        world_free(w);
}
END_TEST

static unsigned read_peak(World *w)
{
        g_autofree char *file = g_strdup_printf("/proc/%d/status", (int)world_daemon_pid(w)), *text = NULL;
        const char *line;

        ck_assert(g_file_get_contents(file, &text, NULL, NULL));
        line = strstr(text, "VmHWM:");
        ck_assert_ptr_nonnull(line);
        return (unsigned)g_ascii_strtoull(line + strlen("VmHWM:"), NULL, 10);
}

static void new_long_start(sd_bus *bus, sd_bus_message **ret)
{
        g_autofree char *url = g_strnfill(LONG, 'x');

        new_call(bus, "/org/fotad1", "org.fotad1.Manager", "StartUpgrade", ret);
        ck_assert_int_ge(sd_bus_message_append(*ret, "ssa{sv}", "usb-1-1", url, 0), 0);
}

static void new_long_file(sd_bus *bus, sd_bus_message **ret)
{
        g_autofree char *name = g_strnfill(LONG, 'x');

        new_call(bus, "/org/fotad1", "org.fotad1.Manager", "StartUpgradeFile", ret);
        ck_assert_int_ge(sd_bus_message_append(*ret, "shsa{sv}", "usb-1-1", STDIN_FILENO, name, 0), 0);
}

/* Long calls are refused before they take memory, and calls before and behind them are answered. */
START_TEST(test_long_calls)
{
        static void (*const calls[])(sd_bus * bus, sd_bus_message * *ret) = { new_long_start, new_long_file };
        World *w = begin();
        sd_bus *bus = connect_stranger();
        unsigned before = read_peak(w);
        Answers refused = { 0 }, others = { 0 };

        for (unsigned i = 0; i < 3; i++) {
                send_calls(bus, 1, new_get, &others);
                send_calls(bus, 1, calls[_i], &refused);
                send_calls(bus, 1, new_start, &others);
        }
        await_answers(bus, &refused, 3);
        await_answers(bus, &others, 6);
        ck_assert_uint_eq(refused.limits, 3);
        ck_assert_uint_eq(others.done, 3);
        ck_assert_uint_eq(others.denied, 3);
        ck_assert_uint_lt(read_peak(w) - before, LONG / 1024 / 2);
        sd_bus_close_unref(bus);
        world_free(w);
}
END_TEST

static void new_objects(sd_bus *bus, sd_bus_message **ret)
{
        new_call(bus, "/org/fotad1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", ret);
}

/* Strangers who keep the daemon busy together leave room for others. */
START_TEST(test_room)
{
        World *w = begin();
        sd_bus *strangers[STRANGERS];
        Answers a = { 0 };

        ck_assert_int_eq(kill(world_daemon_pid(w), SIGSTOP), 0);
        for (unsigned i = 0; i < STRANGERS; i++) {
                strangers[i] = connect_stranger();
                send_calls(strangers[i], STRANGER_MAX, new_objects, &a);
        }
        ck_assert_int_eq(kill(world_daemon_pid(w), SIGCONT), 0);
        for (unsigned i = 0; i < STRANGERS; i++)
                await_answers(strangers[i], &a, (i + 1) * STRANGER_MAX);
        ck_assert_uint_eq(a.done + a.limits, STRANGERS * STRANGER_MAX);
        ck_assert_uint_ge(a.limits, STRANGERS * STRANGER_MAX / 4);
        for (unsigned i = 0; i < STRANGERS; i++)
                sd_bus_close_unref(strangers[i]);
        world_free(w);
}
END_TEST

static void write_jobs(World *w)
{
        g_autofree char *jobs = world_path(w, "state/jobs");

        ck_assert_int_eq(g_mkdir(jobs, 0700), 0);
        for (unsigned id = 1; id <= JOBS; id++) {
                g_autofree char *file = g_strdup_printf("%s/%u.job", jobs, id);
                g_autofree char *text = g_strdup_printf(
                        "[Job]\nVersion=1\nId=%u\nOrigin=request\nState=finished\nMethod=dfota\nCreated=1\n"
                        "Finished=%u\nSent=false\nPercent=0\nModule=usb-1-1\nSource=http://h/\nResult=cancelled\n"
                        "ErrorDomain=host\nErrorCode=1\nAnnounced=yes\n",
                        id, id);

                ck_assert(g_file_set_contents(file, text, -1, NULL));
        }
}

/* The bus reads nothing for a while, in the middle of a long answer: the answers behind it come in time. */
START_TEST(test_bus_stands_still)
{
        WorldSettings settings = { .config = "[jobs]\nhistory=1000\n", .no_daemon = true };
        World *w = world_new(&settings);
        Answers a = { 0 };

        write_jobs(w);
        world_start_daemon(w);
        send_calls(world_bus(w), LISTS, new_objects, &a);
        await_answers(world_bus(w), &a, 1);
        ck_assert_int_eq(kill(w->bus_daemon, SIGSTOP), 0);
        g_usleep(STANDSTILL * G_USEC_PER_SEC);
        ck_assert_int_eq(kill(w->bus_daemon, SIGCONT), 0);
        await_answers(world_bus(w), &a, LISTS);
        ck_assert_uint_eq(a.done, LISTS);
        world_free(w);
}
END_TEST

/* A long answer to a caller who called last, and is privileged or another user, comes before the rest of those to the
 * strangers, who are two users; and one to a stranger before the rest of those to privileged callers. */
START_TEST(test_turns)
{
        World *w = begin();
        bool are_privileged = _i == 2;
        sd_bus *callers[GROUP], *other = _i == 0 ? sd_bus_ref(world_bus(w)) : connect_user(STRANGER + 2);
        Answers a = { 0 }, last = { 0 };

        ck_assert_int_eq(kill(world_daemon_pid(w), SIGSTOP), 0);
        for (unsigned i = 0; i < GROUP; i++) {
                callers[i] = connect_user(are_privileged ? 0 : STRANGER + i % 2);
                send_calls(callers[i], GROUP_CALLS, new_introspect, &a);
        }
        send_calls(other, 1, new_introspect, &last);
        ck_assert_int_eq(kill(world_daemon_pid(w), SIGCONT), 0);
        await_answers(other, &last, 1);
        for (unsigned i = 0; i < GROUP; i++)
                await_answers(callers[i], &a, (i + 1) * GROUP_CALLS);
        ck_assert_uint_eq(last.done, 1);
        ck_assert_uint_eq(a.done, GROUP * GROUP_CALLS);
        ck_assert_uint_lt(last.last, a.last);
        for (unsigned i = 0; i < GROUP; i++)
                sd_bus_close_unref(callers[i]);
        if (_i != 0)
                sd_bus_close(other);
        sd_bus_unref(other);
        world_free(w);
}
END_TEST

/* Stops the daemon while all lists but one are to be sent, the first of them in part perhaps. Returns their number. */
static unsigned stop_in_lists(World *w, Answers *lists)
{
        unsigned sent = 0;

        do {
                ck_assert_int_eq(kill(world_daemon_pid(w), SIGCONT), 0);
                send_calls(world_bus(w), MEANWHILE, new_objects, lists);
                await_answers(world_bus(w), lists, sent + 1);
                sent += MEANWHILE;
                ck_assert_int_eq(kill(world_daemon_pid(w), SIGSTOP), 0);
                while (sd_bus_process(world_bus(w), NULL) > 0)
                        ;
        } while (lists->done > sent - MEANWHILE + 1);
        return sent;
}

/* While the bus reads nothing, refusals do not wait for it: the last list is made after them. */
START_TEST(test_refused_meanwhile)
{
        WorldSettings settings = { .config = "[jobs]\nhistory=1000\n", .no_daemon = true };
        World *w = world_new(&settings);
        Answers lists = { 0 }, others = { 0 };
        unsigned sent;

        write_jobs(w);
        world_start_daemon(w);
        sent = stop_in_lists(w, &lists);
        send_calls(world_bus(w), KEPT_MAX + MORE, new_introspect, &others);
        ck_assert_int_eq(kill(w->bus_daemon, SIGSTOP), 0);
        ck_assert_int_eq(kill(world_daemon_pid(w), SIGCONT), 0);
        g_usleep(STANDSTILL * G_USEC_PER_SEC);
        ck_assert_int_eq(kill(w->bus_daemon, SIGCONT), 0);
        await_answers(world_bus(w), &lists, sent);
        await_answers(world_bus(w), &others, KEPT_MAX + MORE);
        ck_assert_uint_eq(lists.done, sent);
        ck_assert_uint_ge(others.limits, MORE);
        ck_assert_uint_lt(others.last_limit, lists.last);
        world_free(w);
}
END_TEST

/* The strangers of one user leave room for another user. */
START_TEST(test_users)
{
        World *w = begin();
        sd_bus *strangers[STRANGERS], *other;
        Answers a = { 0 }, others = { 0 };

        ck_assert_int_eq(kill(world_daemon_pid(w), SIGSTOP), 0);
        for (unsigned i = 0; i < STRANGERS; i++) {
                strangers[i] = connect_stranger();
                send_calls(strangers[i], STRANGER_MAX, new_objects, &a);
        }
        other = connect_user(STRANGER + 1);
        send_calls(other, STRANGER_MAX, new_objects, &others);
        ck_assert_int_eq(kill(world_daemon_pid(w), SIGCONT), 0);
        await_answers(other, &others, STRANGER_MAX);
        ck_assert_uint_eq(others.done, STRANGER_MAX);
        for (unsigned i = 0; i < STRANGERS; i++)
                sd_bus_close_unref(strangers[i]);
        sd_bus_close_unref(other);
        world_free(w);
}
END_TEST

/* Senders of whom the bus has not reported yet who they are leave room for others: the daemon reads its replies behind
 * all these calls. */
START_TEST(test_unknown)
{
        World *w = begin();
        sd_bus *crowd[CROWD];
        Answers a = { 0 }, others = { 0 };

        ck_assert_int_eq(kill(world_daemon_pid(w), SIGSTOP), 0);
        for (unsigned i = 0; i < CROWD; i++) {
                crowd[i] = connect_stranger();
                send_calls(crowd[i], CROWD_CALLS, new_start, &a);
        }
        send_calls(world_bus(w), 1, new_probe, &others);
        ck_assert_int_eq(kill(world_daemon_pid(w), SIGCONT), 0);
        await_answers(world_bus(w), &others, 1);
        ck_assert_uint_eq(others.done, 1);
        for (unsigned i = 0; i < CROWD; i++)
                sd_bus_close_unref(crowd[i]);
        world_free(w);
}
END_TEST

/* More callers at the same time than the bus would watch for the daemon one by one. */
START_TEST(test_callers)
{
        World *w = begin();
        sd_bus *callers[CALLERS];
        Answers a = { 0 };
        g_autofree char *log = NULL;

        ck_assert_int_eq(kill(world_daemon_pid(w), SIGSTOP), 0);
        for (unsigned i = 0; i < CALLERS; i++) {
                callers[i] = connect_user(STRANGER + i % USERS);
                send_calls(callers[i], 1, new_start, &a);
        }
        ck_assert_int_eq(kill(world_daemon_pid(w), SIGCONT), 0);
        for (unsigned i = 0; i < CALLERS; i++)
                await_answers(callers[i], &a, i + 1);
        ck_assert_uint_eq(a.denied + a.limits, CALLERS);
        log = world_log(w);
        ck_assert_ptr_null(strstr(log, "the connection to the bus is lost"));
        for (unsigned i = 0; i < CALLERS; i++)
                sd_bus_close_unref(callers[i]);
        world_free(w);
}
END_TEST

/* Those of a privileged caller are more, and bounded, too. */
START_TEST(test_privileged)
{
        World *w = begin();
        Answers a = call_at_once(w, world_bus(w), KEPT_MAX + 10, new_probe);

        ck_assert_uint_eq(a.done, KEPT_MAX);
        ck_assert_uint_eq(a.limits, 10);
        a = call_at_once(w, world_bus(w), KEPT_MAX, new_probe);
        ck_assert_uint_eq(a.done, KEPT_MAX);
        world_free(w);
}
END_TEST

/* Calls without replies, with more descriptors than a service may have by default: the connection stays, and no
 * descriptor does. */
START_TEST(test_descriptors)
{
        struct rlimit limit;
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        g_autofree char *log = NULL;
        sd_bus *bus;
        World *w;

        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
        limit.rlim_cur = MIN(SERVICE_FDS, limit.rlim_max);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        w = begin();
        bus = connect_stranger();
        for (unsigned i = 0; i < 3 * SERVICE_FDS; i++) {
                g_autoptr(sd_bus_message) m = NULL;

                new_call(bus, "/org/fotad1", "org.fotad1.Manager", "StartUpgradeFile", &m);
                ck_assert_int_ge(sd_bus_message_append(m, "shsa{sv}", "usb-1-1", fd, "up.bin", 0), 0);
                ck_assert_int_ge(sd_bus_message_set_expect_reply(m, false), 0);
                ck_assert_int_ge(sd_bus_send(bus, m, NULL), 0);
                ck_assert_int_ge(sd_bus_flush(bus), 0);
        }
        ck_assert_int_ge(sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                            "org.freedesktop.DBus", "GetId", NULL, NULL, NULL),
                         0);
        world_assert_property(w, MODULE_1, "Revision", OLD_REVISION);
        log = world_log(w);
        ck_assert_ptr_null(strstr(log, "the connection to the bus is lost"));
        sd_bus_close_unref(bus);
        close(fd);
        world_free(w);
}
END_TEST

/* A path that is longer than any of the daemon's is not looked for. */
START_TEST(test_long_path)
{
        World *w = begin();
        g_autofree char *rest = g_strnfill(255 - strlen("/org/fotad1/"), 'a');
        g_autofree char *path = g_strconcat("/org/fotad1/", rest, _i ? "a" : "", NULL);
        sd_bus_error error = SD_BUS_ERROR_NULL;

        ck_assert_int_lt(sd_bus_call_method(world_bus(w), "org.fotad1", path, "org.freedesktop.DBus.Properties",
                                            "GetAll", &error, NULL, "s", "org.fotad1.Job"),
                         0);
        ck_assert_str_eq(error.name, SD_BUS_ERROR_UNKNOWN_OBJECT);
        ck_assert_int_eq(strstr(error.message, "so long a path") != NULL, _i);
        sd_bus_error_free(&error);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("flood");

        suite_add(s, "stranger", test_stranger, 0, 1);
        suite_add(s, "others-first", test_others_first, 0, 1);
        suite_add(s, "long-calls", test_long_calls, 0, 2);
        suite_add(s, "room", test_room, 0, 1);
        suite_add(s, "bus-stands-still", test_bus_stands_still, 0, 1);
        suite_add(s, "turns", test_turns, 0, 3);
        suite_add(s, "refused-meanwhile", test_refused_meanwhile, 0, 1);
        suite_add(s, "users", test_users, 0, 1);
        suite_add(s, "unknown", test_unknown, 0, 1);
        suite_add(s, "callers", test_callers, 0, 1);
        suite_add(s, "privileged", test_privileged, 0, 1);
        suite_add(s, "descriptors", test_descriptors, 0, 1);
        suite_add(s, "long-path", test_long_path, 0, 2);
        return suite_run(s);
}
