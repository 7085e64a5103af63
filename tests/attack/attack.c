/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Attacks on the daemon from the bus by a user without rights, and the figures of an honest client meanwhile: the
 * latency of Get, and of a question to the bus alone; the daemon's resident memory, descriptors and processor time. The
 * figures depend on the machine, so nothing is asserted about them; the table in doc/reliability.md has some. For root:
 * the attackers have another user. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"
#include "world.h"

#define ATTACKER  2 /* the user bin, as whom nothing else runs */
#define ATTACKERS 4 /* connections, unless the attack says otherwise */
#define SECONDS   5

/* The bus lets that number of calls of a connection wait for their replies, unless it is configured otherwise. */
#define CALLS_MAX 128

/* The same for CROWD / CALLS_MAX connections, of which a user may have 256. */
#define CROWD  10000
#define JOBS   100
#define PARTS  20000   /* of a long object path */
#define LENGTH 8000000 /* bytes of a long call */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

typedef struct Attack {
        const char *name;
        unsigned connections;
        unsigned jobs;    /* finished ones in the history */
        unsigned waiting; /* calls of a connection that may wait for replies */
        bool reads;       /* the attackers read the replies */
        bool no_reply;    /* they ask for none */
        unsigned window;  /* calls that are sent before replies are read */
        int (*append)(sd_bus *bus, sd_bus_message **ret);
} Attack;

static gint64 seconds(void)
{
        const char *value = g_getenv("FOTAD_ATTACK_SECONDS");

        return value ? g_ascii_strtoll(value, NULL, 10) : SECONDS;
}

/* ---- the attackers */

static int new_start(sd_bus *bus, sd_bus_message **ret)
{
        int r = sd_bus_message_new_method_call(bus, ret, "org.fotad1", "/org/fotad1", "org.fotad1.Manager",
                                               "StartUpgrade");

        return r < 0 ? r : sd_bus_message_append(*ret, "ssa{sv}", "usb-1-1", "http://host/up.bin", 0);
}

static int new_start_file(sd_bus *bus, sd_bus_message **ret)
{
        static int fd = -1;
        int r = sd_bus_message_new_method_call(bus, ret, "org.fotad1", "/org/fotad1", "org.fotad1.Manager",
                                               "StartUpgradeFile");

        if (fd < 0)
                fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return r < 0 ? r : sd_bus_message_append(*ret, "shsa{sv}", "usb-1-1", fd, "up.bin", 0);
}

static int new_long_start(sd_bus *bus, sd_bus_message **ret)
{
        g_autofree char *url = g_strnfill(LENGTH, 'x');
        int r = sd_bus_message_new_method_call(bus, ret, "org.fotad1", "/org/fotad1", "org.fotad1.Manager",
                                               "StartUpgrade");

        return r < 0 ? r : sd_bus_message_append(*ret, "ssa{sv}", "usb-1-1", url, 0);
}

static int new_objects(sd_bus *bus, sd_bus_message **ret)
{
        return sd_bus_message_new_method_call(bus, ret, "org.fotad1", "/org/fotad1",
                                              "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
}

static int new_get(sd_bus *bus, sd_bus_message **ret)
{
        int r = sd_bus_message_new_method_call(bus, ret, "org.fotad1", "/org/fotad1", "org.freedesktop.DBus.Properties",
                                               "Get");

        return r < 0 ? r : sd_bus_message_append(*ret, "ss", "org.fotad1.Manager", "Version");
}

static int new_get_all(sd_bus *bus, sd_bus_message **ret)
{
        int r = sd_bus_message_new_method_call(bus, ret, "org.fotad1", MODULE_1, "org.freedesktop.DBus.Properties",
                                               "GetAll");

        return r < 0 ? r : sd_bus_message_append(*ret, "s", "org.fotad1.Module");
}

static int new_introspect(sd_bus *bus, sd_bus_message **ret)
{
        return sd_bus_message_new_method_call(bus, ret, "org.fotad1", "/org/fotad1",
                                              "org.freedesktop.DBus.Introspectable", "Introspect");
}

static int new_long_path(sd_bus *bus, sd_bus_message **ret)
{
        g_autoptr(GString) path = g_string_new("/org/fotad1");

        for (unsigned i = 0; i < PARTS; i++)
                g_string_append(path, "/a");
        return sd_bus_message_new_method_call(bus, ret, "org.fotad1", path->str, "org.freedesktop.DBus.Properties",
                                              "GetAll");
}

static void attack(const Attack *a)
{
        sd_bus *bus = NULL;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (setresgid(ATTACKER, ATTACKER, ATTACKER) < 0 || setresuid(ATTACKER, ATTACKER, ATTACKER) < 0)
                _exit(1);
        for (;;) {
                if (!bus && sd_bus_open_system(&bus) < 0)
                        continue;
                for (unsigned i = 0; i < a->window; i++) {
                        g_autoptr(sd_bus_message) m = NULL;
                        uint64_t cookie;

                        /* sd-bus marks a message that is sent without a place for its cookie as one without reply. */
                        if (a->append(bus, &m) < 0 || sd_bus_message_set_expect_reply(m, !a->no_reply) < 0 ||
                            sd_bus_send(bus, m, a->no_reply ? NULL : &cookie) < 0)
                                break;
                }
                if (sd_bus_flush(bus) < 0) {
                        g_clear_pointer(&bus, sd_bus_close_unref);
                        continue;
                }
                while (a->reads && sd_bus_process(bus, NULL) > 0)
                        ;
        }
}

/* ---- the honest client */

static int compare(const void *x, const void *y)
{
        gint64 a = *(const gint64 *)x, b = *(const gint64 *)y;

        return a < b ? -1 : a > b;
}

static double at(GArray *sorted, unsigned percent)
{
        return sorted->len
                       ? (double)g_array_index(sorted, gint64, MIN(sorted->len - 1, sorted->len * percent / 100)) / 1000
                       : 0;
}

static void print_latency(const char *what, GArray *times, unsigned failed)
{
        g_array_sort(times, compare);
        printf("  %-14s p50 %8.2f ms  p99 %8.2f ms  max %8.2f ms  (%u calls, %u failed)\n", what, at(times, 50),
               at(times, 99), at(times, 100), times->len, failed);
}

static void read_status(pid_t pid, const char *key, char *value, size_t size)
{
        g_autofree char *file = g_strdup_printf("/proc/%d/status", (int)pid), *text = NULL;
        const char *line;

        g_strlcpy(value, "-", size);
        if (g_file_get_contents(file, &text, NULL, NULL) && (line = strstr(text, key)))
                g_strlcpy(value, g_strstrip(g_strndup(line + strlen(key), strcspn(line + strlen(key), "\n"))), size);
}

static unsigned count_fds(pid_t pid)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/fd", (int)pid);
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        unsigned n = 0;

        while (dir && g_dir_read_name(dir))
                n++;
        return n;
}

static bool ask(sd_bus *bus, bool bus_alone, GArray *times)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        gint64 begin = g_get_monotonic_time(), took;
        int r = bus_alone ? sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                               "org.freedesktop.DBus", "GetId", &error, NULL, NULL)
                          : sd_bus_call_method(bus, "org.fotad1", "/org/fotad1", "org.freedesktop.DBus.Properties",
                                               "Get", &error, NULL, "ss", "org.fotad1.Manager", "Version");

        took = g_get_monotonic_time() - begin;
        g_array_append_val(times, took);
        if (r < 0)
                printf("  failed: %s: %s\n", error.name, error.message);
        sd_bus_error_free(&error);
        return r >= 0;
}

static const Attack attacks[] = {
        { "quiet", 0, 0, CALLS_MAX, false, false, 0, NULL },
        { "denied", ATTACKERS, 0, CALLS_MAX, true, false, 64, new_start },
        { "denied-crowd", ATTACKERS, 0, CROWD, true, false, 64, new_start },
        { "denied-no-reply", ATTACKERS, 0, CALLS_MAX, false, true, 64, new_start },
        { "denied-file", ATTACKERS, 0, CALLS_MAX, true, false, 64, new_start_file },
        { "denied-file-unread", 1, 0, CALLS_MAX, false, false, 1200, new_start_file },
        { "objects", 1, JOBS, CALLS_MAX, true, false, 16, new_objects },
        { "objects-unread", ATTACKERS, JOBS, CALLS_MAX, false, false, 64, new_objects },
        { "get", ATTACKERS, 0, CALLS_MAX, true, false, 64, new_get },
        { "get-all-crowd", ATTACKERS, 0, CROWD, true, false, 64, new_get_all },
        { "introspect", ATTACKERS, 0, CALLS_MAX, true, false, 64, new_introspect },
        { "introspect-crowd", ATTACKERS, 0, CROWD, true, false, 64, new_introspect },
        { "long-call", ATTACKERS, 0, CALLS_MAX, true, false, 1, new_long_start },
        { "long-path", 1, 0, CALLS_MAX, true, false, 1, new_long_path },
};

static void write_jobs(World *w, unsigned n)
{
        g_autofree char *directory = world_path(w, "state/jobs");

        ck_assert_int_eq(g_mkdir(directory, 0700), 0);
        for (unsigned i = 1; i <= n; i++) {
                g_autofree char *file = g_strdup_printf("%s/%u.job", directory, i), *text = NULL;

                text = g_strdup_printf("[Job]\nVersion=1\nId=%u\nOrigin=request\nState=finished\nMethod=dfota\n"
                                       "Created=1\nFinished=%u\nSent=true\nPercent=40\nRestarts=1\nDevice=0\n"
                                       "Module=usb-1-1\nSource=http://host/up.bin\nResult=failed\nErrorDomain=http\n"
                                       "ErrorCode=714\nAnnounced=yes\nImei=867710050000016\nModel=EC200A\n"
                                       "FromRevision=" OLD_REVISION "\nMessage=The server has no such package.\n",
                                       i, i + 1);
                ck_assert(g_file_set_contents(file, text, -1, NULL));
        }
}

START_TEST(test_attack)
{
        const Attack *a = &attacks[_i];
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .replies_max = a->waiting, .no_daemon = true };
        World *w = world_new(&settings);
        GArray *get = g_array_new(FALSE, FALSE, sizeof(gint64)), *bus = g_array_new(FALSE, FALSE, sizeof(gint64));
        pid_t pids[ATTACKERS];
        unsigned failed = 0, failed_bus = 0, fds = 0;
        char before[64], peak[64];
        gint64 end;

        write_jobs(w, a->jobs);
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        read_status(world_daemon_pid(w), "VmRSS:", before, sizeof(before));
        for (unsigned i = 0; i < a->connections; i++) {
                pids[i] = fork();
                ck_assert_int_ge(pids[i], 0);
                if (pids[i] == 0)
                        attack(a);
        }
        end = g_get_monotonic_time() + seconds() * G_USEC_PER_SEC;
        while (g_get_monotonic_time() < end) {
                failed += !ask(world_bus(w), false, get);
                failed_bus += !ask(world_bus(w), true, bus);
                fds = MAX(fds, count_fds(world_daemon_pid(w)));
                g_usleep(2000);
        }
        read_status(world_daemon_pid(w), "VmHWM:", peak, sizeof(peak));
        for (unsigned i = 0; i < a->connections; i++) {
                kill(pids[i], SIGKILL);
                waitpid(pids[i], NULL, 0);
        }
        printf("# %s: %u attackers, %u jobs in the history\n", a->name, a->connections, a->jobs);
        print_latency("Get of fotad", get, failed);
        print_latency("the bus alone", bus, failed_bus);
        printf("  resident %s before, %s at most; %u descriptors at most\n", before, peak, fds);
        fflush(stdout);
        kill(world_daemon_pid(w), SIGKILL); /* its log is long, and its queue may be, too */
        world_await_end(w);
        world_free(w);
        g_array_unref(get);
        g_array_unref(bus);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("attack");

        if (geteuid() != 0) {
                fputs("attack: only root can have attackers of another user\n", stderr);
                return 77;
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(attacks); i++)
                suite_add(s, attacks[i].name, test_attack, (int)i, i + 1);
        return suite_run(s);
}
