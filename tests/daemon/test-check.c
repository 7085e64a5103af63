/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Check against the simulator and real servers: every rule by its id, with both outcomes; the callers and the times at
 * which it is allowed; and that it changes nothing. */

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checks.h"
#include "presets.h"
#include "source-checks.h"
#include "suite.h"

#define SECRET   "s3cret-Pa55"
#define MINI_OLD "EC600MCNLER06A08M08"
#define MINI_NEW "EC600MCNLER06A09M08"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

static World *new_world(const char *module, const char *config)
{
        WorldSettings settings = { .modules = { module }, .config = config };
        World *w = world_new(&settings);

        source_checks_serve(w);
        world_await_module(w, MODULE_1);
        return w;
}

/* ---- nothing may have changed */

static char *read_command(World *w, const char *command)
{
        g_autofree char *file = world_path(w, "command.out"), *line = NULL;
        char *text = NULL;

        line = g_strdup_printf("%s >'%s'", command, file);
        ck_assert_int_eq(system(line), 0);
        ck_assert(g_file_get_contents(file, &text, NULL, NULL));
        return text;
}

static char *look(World *w)
{
        static const char *const settings[] = { "urcport",    "fota-cid",      "cfun",    "qfotadl-count",
                                                "apn-active", "power-control", "revision" };
        g_autofree char *state = world_path(w, "state");
        g_autofree char *command = g_strdup_printf("cd '%s' && find . -printf '%%p %%s %%m %%T@\\n' | sort && "
                                                   "find . -type f -exec sha256sum {} +",
                                                   state);
        GString *seen = g_string_new(NULL);
        g_autofree char *files = read_command(w, command);

        g_string_append(seen, files);
        for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
                g_autofree char *value = world_sim(w, "get 1-1 %s", settings[i]);

                g_string_append_printf(seen, "%s=%s\n", settings[i], value);
        }
        return g_string_free(seen, FALSE);
}

START_TEST(test_well)
{
        World *w = new_world("1-1=ec200a", NULL);
        g_autofree char *url = NULL, *before = NULL, *after = NULL, *log = NULL;
        g_autoptr(GPtrArray) rows = NULL, again = NULL;
        static const char *const rules[] = { "job",          "module",      "port",          "method",
                                             "options",      "source",      "qfotadl",       "sim",
                                             "registration", "signal",      "pdp-context",   "space",
                                             "urc-port",     "autosuspend", "modem-manager", "server" };
        unsigned added;

        url = world_publish(w);
        g_free(world_sim(w, "wait 1-1 closed 1"));
        before = look(w);
        added = world_count_signals(w, "/org/fotad1", "InterfacesAdded");
        rows = check_call(w, "", url, NULL, "check-source", "b", "1", NULL);
        ck_assert_uint_eq(rows->len, G_N_ELEMENTS(rules));
        for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
                ck_assert_str_eq(((const Row *)g_ptr_array_index(rows, i))->rule, rules[i]);
        check_assert_all_but(rows, "");
        check_assert(rows, "module", true, OLD_REVISION);
        check_assert(rows, "source", true, url);
        check_assert(rows, "server", true, "HTTP status 200, ");
        check_assert(rows, "server", true, " bytes");
        check_assert(rows, "space", true, "8388608 bytes are free in UFS for a package of ");
        check_assert(rows, "urc-port", true, "usbat");
        check_assert(rows, "autosuspend", true, "auto: fotad sets it to on");
        check_assert(rows, "pdp-context", true, "context 1, not active yet");
        g_free(world_sim(w, "wait 1-1 closed 2")); /* other programs can use the port again */
        again = check_call(w, "usb-1-1", "http://host/up.bin", NULL, NULL);
        ck_assert_uint_eq(again->len, G_N_ELEMENTS(rules) - 1);
        check_assert_all_but(again, "");
        check_assert(again, "space", true, "size is not known");
        g_free(world_sim(w, "wait 1-1 closed 3"));
        after = look(w);
        ck_assert_str_eq(after, before);
        ck_assert_uint_eq(world_count_signals(w, "/org/fotad1", "InterfacesAdded"), added);
        ck_assert_uint_eq(world_count_signals(w, JOB_1, "PropertiesChanged"), 0);
        world_assert_property(w, MODULE_1, "Job", "/");
        world_free(w);
}
END_TEST

/* ---- the module's rules */

static const struct {
        const char *module, *source, *key, *type, *value, *broken, *rule, *finding;
} rules[] = {
        { "ec200a,sim=SIM PIN", "http://host/up.bin", NULL, NULL, NULL, "sim", "sim", "SIM PIN" },
        { "ec200a,registered=2", "http://host/up.bin", NULL, NULL, NULL, "registration", "registration", "searching" },
        { "ec200a,registered=5", "http://host/up.bin", NULL, NULL, NULL, "", "registration", "roaming" },
        { "ec200a,cfun-boot=0", "http://host/up.bin", NULL, NULL, NULL, "registration signal", "signal", "no signal" },
        { "ec200a,urcport=uart1", "http://host/up.bin", NULL, NULL, NULL, "", "urc-port", "uart1: fotad sets it" },
        { "ec200a,qfotadl-test=error", "http://host/up.bin", NULL, NULL, NULL, "qfotadl", "qfotadl", "no AT+QFOTADL" },
        { "ec200a,qfotadl-test=ok", "http://host/up.bin", "upgrade-mode", "u", "1", "", "qfotadl", "no values" },
        { "ec200a", "http://host/up.bin", "download-urc-max", "u", "50", "", "qfotadl", "lists" },
        { "ec200a", "http://host/up.bin", "expected-revision", "s", NEW_REVISION, "", "revision", "is expected" },
        { "ec200a", "http://host/up.bin", "expected-revision", "s", OLD_REVISION, "revision", "revision", "already" },
        { "ec200a", "http://host/up.bin", "cid", "u", "3", "", "pdp-context", "context 3" },
        { "ec200a", "http://host/up.bin", "flow-control", "s", "none", "options", "options", "flow-control" },
        { "ec200a", "http://host/up.bin", "pace-interval", "u", "10", "options", "options", "pace-interval" },
        { "ec200a", "http://host/up.bin", "method", "s", "minifota", "method", "method", "guide 4" },
        { "ec200a,revision=EC200AEUHAR01A02", "http://host/up.bin", NULL, NULL, NULL, "method", "method", "guide 4" },
        { "ec200a,revision=EC200AEUHAR01A02", "http://host/up.bin", "method", "s", "dfota", "", "method", "option" },
        { "ec200a", "http://gw:" SECRET "@host/my up.bin", NULL, NULL, NULL, "source", "source", "blank" },
        { "ec200a", "gopher://host/up.bin", NULL, NULL, NULL, "source", "source", "begin with" },
        { "ec200a,sim=SIM PIN", "", NULL, NULL, NULL, "sim", "sim", "SIM PIN" },
        { "ec200a,sim=SIM PIN", "up.bin", NULL, NULL, NULL, "", "sim", "needs no network" },
        { "ec200a,registered=2", "up.bin", NULL, NULL, NULL, "", "registration", "needs no network" },
        { "ec200a", "up.bin", NULL, NULL, NULL, "", "source", "guide 3.3.1.3" },
        { "ec600m", "up.bin", NULL, NULL, NULL, "source", "source", "guide 3.3.1.3, note 2" },
        { "ec600m", "http://host/up.bin", NULL, NULL, NULL, "source", "source", "guide 4.1" },
        { "ec600m", "http://host/up.mini_1", NULL, NULL, NULL, "", "method", "minifota" },
        { "ec600m", "http://host/up.mini_1", "cid", "u", "2", "options", "options", "MiniFOTA takes no PDP" },
        { "ec800m-4", "ftp://gw:" SECRET "@host/up.mini_1", NULL, NULL, NULL, "source", "source", "2 or 4 MB" },
};

START_TEST(test_rules)
{
        g_autofree char *module = g_strconcat("1-1=", rules[_i].module, NULL);
        World *w = new_world(module, NULL);
        g_autoptr(GPtrArray)
                rows = check_call(w, "", rules[_i].source, NULL, rules[_i].key, rules[_i].type, rules[_i].value, NULL);
        g_autofree char *log = NULL;

        check_assert_all_but(rows, rules[_i].broken);
        check_assert(rows, rules[_i].rule, strstr(rules[_i].broken, rules[_i].rule) == NULL, rules[_i].finding);
        log = world_log(w);
        ck_assert(!strstr(log, "s3cret"));
        world_free(w);
}
END_TEST

static const struct {
        const char *module, *broken, *rule, *finding, *name;
} absent[] = {
        { "1-1=ec200a,bound=0", "port method qfotadl", "port", "no tty", "no-tty-bound" },
        { "1-1=ec200a,appear=diag", "port method qfotadl", "port", "DIAG", "crashed" },
        { "1-1=ec200a,appear=boot-rom", "module method qfotadl", "module", "boot loader", "boot-rom" },
        { "1-1=ec200a,delay=100000", "module method qfotadl", "module", "does not answer", "silent" },
};

/* A module that StartUpgrade would refuse with ModuleNotReady is a row here. */
START_TEST(test_absent)
{
        WorldSettings settings = { .modules = { absent[_i].module }, .config = "[timeouts]\ncommand=1\nsettle=2\n" };
        World *w = world_new(&settings);
        g_autoptr(GPtrArray) rows = NULL;

        world_await_property(w, MODULE_1, "Present", "1");
        rows = check_call(w, "", "http://host/up.bin", NULL, NULL);
        check_assert_all_but(rows, absent[_i].broken);
        check_assert(rows, absent[_i].rule, false, absent[_i].finding);
        check_assert(rows, "sim", true, "not asked");
        world_assert_property(w, MODULE_1, "ProblemName", absent[_i].name);
        world_free(w);
}
END_TEST

START_TEST(test_unplugged)
{
        World *w = new_world("1-1=ec200a", NULL);
        g_autoptr(GPtrArray) rows = NULL;

        g_free(world_sim(w, "detach 1-1"));
        world_await_property(w, MODULE_1, "Present", "0");
        rows = check_call(w, "", "http://host/up.bin", NULL, NULL);
        check_assert_all_but(rows, "module qfotadl");
        check_assert(rows, "module", false, "not on the bus");
        world_assert_property(w, MODULE_1, "ProblemName", "absent");
        world_free(w);
}
END_TEST

/* A module that answered before is mute now: the check ends with the time-out of a single command. */
START_TEST(test_silent)
{
        World *w = new_world("1-1=ec200a", "[timeouts]\ncommand=1\n");
        g_autoptr(GPtrArray) rows = NULL;

        g_free(world_sim(w, "wait 1-1 closed 1"));
        g_free(world_sim(w, "set 1-1 delay 100000"));
        rows = check_call(w, "", "http://host/up.bin", NULL, NULL);
        check_assert_all_but(rows, "module qfotadl");
        check_assert(rows, "module", false, "does not answer");
        world_free(w);
}
END_TEST

/* Without a source there are no rows about a package. */
START_TEST(test_alone)
{
        World *w = new_world("1-1=ec200a", NULL);
        g_autoptr(GPtrArray) rows = check_call(w, "", "", NULL, "check-source", "b", "1", NULL);
        g_autofree char *job = NULL;

        check_assert_all_but(rows, "");
        for (unsigned i = 0; i < rows->len; i++) {
                const Row *row = g_ptr_array_index(rows, i);

                ck_assert_str_ne(row->rule, "source");
                ck_assert_str_ne(row->rule, "server");
        }
        check_assert(rows, "registration", true, "registered at home");
        job = world_start(w, "", "", NULL);
        ck_assert(!job && strcmp(world_error(w), "InvalidSource") == 0);
        world_free(w);
}
END_TEST

/* Another process has the port, exclusively or just open, which only a daemon of root's can see; and closes it. */
START_TEST(test_held)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .by_hand = _i == 1 };
        World *w = world_new(&settings);
        g_autofree char *tty = NULL, *pid = g_strdup_printf("(pid %d)", (int)getpid());
        g_autoptr(GPtrArray) rows = NULL, again = NULL;
        int fd;

        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "wait 1-1 closed 1"));
        tty = world_tty(w, "1-1", "at");
        fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        if (!settings.by_hand)
                ck_assert_int_eq(ioctl(fd, TIOCEXCL), 0);
        rows = check_call(w, "", "http://host/up.bin", NULL, NULL);
        check_assert_all_but(rows, "port qfotadl");
        check_assert(rows, "port", false, settings.by_hand ? pid : "by another process");
        ck_assert_str_ne(check_find(rows, "port")->remedy, "");
        ck_assert_int_eq(ioctl(fd, TIOCNXCL), 0); /* a pty stays exclusive after its last close, unlike a serial port */
        close(fd);
        again = check_call(w, "", "http://host/up.bin", NULL, NULL);
        check_assert_all_but(again, "");
        world_free(w);
}
END_TEST

/* While a job runs the module is not queried. */
START_TEST(test_job)
{
        World *w = new_world("1-1=ec200a", NULL);
        g_autofree char *url = NULL, *job = NULL, *lines = NULL;
        g_autoptr(GPtrArray) rows = NULL;

        url = world_publish(w);
        g_free(world_sim(w, "hold 1-1 downloading:50"));
        job = world_start(w, "", url, NULL);
        g_free(world_sim(w, "held 1-1"));
        lines = world_sim(w, "get 1-1 at-lines");
        rows = check_call(w, "", url, NULL, "check-source", "b", "1", NULL);
        check_assert_all_but(rows, "job qfotadl");
        check_assert(rows, "job", false, "job 1");
        check_assert(rows, "sim", true, "not asked: job 1 holds the module");
        check_assert(rows, "server", true, "HTTP status 200");
        world_assert_sim(w, lines, "get 1-1 at-lines");
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_free(w);
}
END_TEST

/* A module that refuses AT+QFOTADL=? may support AT+QFOTADL: that is advice, and the upgrade is made. The other advice
 * is about a module that has the expected revision already, which is logged. */
START_TEST(test_advice_agrees)
{
        World *w = new_world("1-1=ec200a,qfotadl-test=error", NULL);
        g_autofree char *url = NULL, *job = NULL, *second = NULL, *log = NULL;
        g_autoptr(GPtrArray) rows = NULL, again = NULL;

        url = world_publish(w);
        rows = check_call(w, "", url, NULL, NULL);
        ck_assert(g_str_has_prefix(check_find(rows, "qfotadl")->remedy, "advice: "));
        job = world_expect_job(w, world_start(w, "", url, "expected-revision", "s", NEW_REVISION, NULL));
        world_assert_result(w, job, "success", "", "");
        world_await_property(w, MODULE_1, "Revision", NEW_REVISION);
        world_await_property(w, MODULE_1, "Job", "/");
        again = check_call(w, "", url, NULL, "expected-revision", "s", NEW_REVISION, NULL);
        ck_assert(g_str_has_prefix(check_find(again, "revision")->remedy, "advice: "));
        second = world_expect_job(w, world_start(w, "", url, "expected-revision", "s", NEW_REVISION, NULL));
        log = world_log(w);
        ck_assert(strstr(log, "job 2 on usb-1-1: revision: the module runs " NEW_REVISION " already"));
        world_free(w);
}
END_TEST

/* A job logs a warning for each problem, and goes on. */
START_TEST(test_advice)
{
        World *w = new_world("1-1=ec200a", NULL);
        g_autofree char *job = NULL, *log = NULL;

        g_free(world_sim(w, "set 1-1 sim SIM PIN"));
        job = world_upgrade(w);
        world_assert_result(w, job, "success", "", "");
        log = world_log(w);
        ck_assert(strstr(log, "job 1 on usb-1-1: sim: the SIM wants SIM PIN"));
        ck_assert(!strstr(log, "registration: "));
        world_free(w);
}
END_TEST

/* ---- servers */

static const struct {
        const char *answer; /* NULL: a port without a listener */
        bool holds;
        const char *finding;
} servers[] = {
        { NULL, false, "refuses the connection" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 4711\r\n\r\n", true, "HTTP status 200, 4711 bytes" },
        { "HTTP/1.1 200 OK\r\n\r\n", true, "size not told" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, "empty" },
        { "HTTP/1.1 404 Not Found\r\n\r\n", false, "HTTP status 404: the server has no such file" },
        { "HTTP/1.1 403 Forbidden\r\n\r\n", false, "HTTP status 403: access denied" },
        { "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n", false, "HTTP status 401" },
        { "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/x\r\n\r\n", false, "modules do not follow" },
        { "HTTP/1.1 301 Moved\r\nLocation: file:///etc/passwd\r\n\r\n", false, "modules do not follow" },
        { "HTTP/1.1 503 Busy\r\n\r\n", false, "HTTP status 503: the server has a fault" },
        { "HTTP/1.1 405 No GET either\r\n\r\n", false, "HTTP status 405: no regular answer" },
        { "HTTP/1.1 206 Partial\r\nContent-Length: 7\r\n\r\n", false, "no regular answer" },
        { "SSH-2.0-OpenSSH_9.2\r\n", false, "does not speak" },
        { "", false, "closed the connection" },
};

START_TEST(test_servers)
{
        World *w = new_world("1-1=ec200a", NULL);
        unsigned port = servers[_i].answer ? check_server(servers[_i].answer) : 1;
        g_autofree char *url = g_strdup_printf("http://gw:" SECRET "@127.0.0.1:%u/up.bin", port), *log = NULL;
        g_autoptr(GPtrArray) rows = check_call(w, "", url, NULL, "check-source", "b", "1", NULL);

        check_assert_all_but(rows, servers[_i].holds ? "" : "server");
        check_assert(rows, "server", servers[_i].holds, servers[_i].finding);
        log = world_log(w);
        ck_assert(!strstr(log, "s3cret"));
        world_free(w);
}
END_TEST

/* A server that does not answer delays the check by no more than [timeouts] source, and meanwhile the daemon handles
 * other calls. */
START_TEST(test_never)
{
        World *w = new_world("1-1=ec200a", "[timeouts]\nsource=1\n");
        g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/up.bin", check_server(NULL));
        g_autofree char *unknown = g_strdup_printf("https://127.0.0.1:%u/up.bin", check_server(NULL));
        g_autofree char *ftp = g_strdup_printf("ftp://127.0.0.1:%u/up.bin", check_server(NULL));
        const char *urls[] = { url, unknown, ftp };

        for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
                g_autoptr(GPtrArray) rows = check_call(w, "", urls[i], NULL, "check-source", "b", "1", NULL);

                check_assert_all_but(rows, "server");
                check_assert(rows, "server", false, "in time");
        }
        world_free(w);
}
END_TEST

START_TEST(test_real_servers)
{
        World *w = new_world("1-1=ec200a", NULL);
        g_autofree char *https = NULL, *right = NULL, *wrong = NULL, *missing = NULL, *name = NULL;
        g_autoptr(GPtrArray) of_https = NULL, of_right = NULL, of_wrong = NULL, of_missing = NULL, of_name = NULL;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        https = world_https(w, "up.bin");
        right = world_ftp(w, "gateway:" SECRET "@", "up.bin");
        wrong = world_ftp(w, "gateway:" SECRET "x@", "up.bin");
        missing = world_ftp(w, "gateway:" SECRET "@", "missing.bin");
        of_https = check_call(w, "", https, NULL, "check-source", "b", "1", NULL);
        check_assert(of_https, "server", false, "certificate");
        of_right = check_call(w, "", right, NULL, "check-source", "b", "1", NULL);
        check_assert_all_but(of_right, "");
        check_assert(of_right, "server", true, " bytes");
        check_assert(of_right, "source", true, "gateway:***@");
        of_wrong = check_call(w, "", wrong, NULL, "check-source", "b", "1", NULL);
        check_assert(of_wrong, "server", false, "login");
        of_missing = check_call(w, "", missing, NULL, "check-source", "b", "1", NULL);
        check_assert(of_missing, "server", false, "no such file");
        of_name = check_call(w, "", "http://no-such-server.invalid/up.bin", NULL, "check-source", "b", "1", NULL);
        check_assert(of_name, "server", false, "resolved");
        world_free(w);
}
END_TEST

/* Both packages of a MiniFOTA. */
START_TEST(test_mini)
{
        World *w = new_world("1-1=ec600m", NULL);
        g_autofree char *url = NULL, *first = NULL;
        g_autoptr(GPtrArray) none = NULL, one = NULL, both = NULL;

        url = world_http(w, "up.mini_1");
        none = check_call(w, "", url, NULL, "check-source", "b", "1", NULL);
        check_assert_all_but(none, "server server-mini-2");
        world_package(w, "up.mini_1", MINI_OLD, MINI_NEW, NULL);
        one = check_call(w, "", url, NULL, "check-source", "b", "1", NULL);
        check_assert_all_but(one, "server-mini-2");
        check_assert(one, "server-mini-2", false, "404");
        world_package(w, "up.mini_2", MINI_OLD, MINI_NEW, NULL);
        both = check_call(w, "", url, NULL, "check-source", "b", "1", NULL);
        check_assert_all_but(both, "");
        check_assert(both, "server-mini-2", true, " bytes");
        world_free(w);
}
END_TEST

/* ---- calls */

START_TEST(test_errors)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec200a,imei=867710050000024" } };
        World *w = world_new(&settings);
        static const struct {
                const char *module, *key, *type, *value, *error, *part;
        } errors[] = {
                { "", NULL, NULL, NULL, "AmbiguousModule", "fotactl list" },
                { "usb-1-9", NULL, NULL, NULL, "NoSuchModule", "fotactl list" },
                { "usb-1-1", "expect", "s", "x", "InvalidOption", "expect is not an option" },
                { "usb-1-1", "cid", "s", "1", "InvalidOption", "cid must be of type u" },
                { "usb-1-1", "cid", "u", "99", "InvalidOption", "cid must be 1 to 15" },
                { "usb-1-1", "apn-password", "s", SECRET "\"", "InvalidOption", "apn-password" },
        };
        g_autofree char *lines = NULL;

        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        g_free(world_sim(w, "wait 1-1 closed 1"));
        lines = world_sim(w, "get 1-1 at-lines");
        for (size_t i = 0; i < G_N_ELEMENTS(errors); i++) {
                g_autofree char *error = NULL;

                check_call(w, errors[i].module, "http://host/up.bin", &error, errors[i].key, errors[i].type,
                           errors[i].value, NULL);
                ck_assert_msg(strstr(error, errors[i].error) && strstr(error, errors[i].part), "%s", error);
        }
        world_assert_sim(w, lines, "get 1-1 at-lines");
        world_free(w);
}
END_TEST

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        (void)error;
        *(sd_bus_message **)userdata = sd_bus_message_ref(m);
        return 0;
}

static sd_bus_message *begin_check(World *w, const char *source, sd_bus_message **reply, bool check_source)
{
        sd_bus_message *m = check_message(w, "", source);

        ck_assert_int_ge(check_source ? sd_bus_message_append(m, "a{sv}", 1, "check-source", "b", 1)
                                      : sd_bus_message_append(m, "a{sv}", 0),
                         0);
        ck_assert_int_ge(sd_bus_call_async(world_bus(w), NULL, m, on_reply, reply, 60 * G_USEC_PER_SEC), 0);
        ck_assert_int_ge(sd_bus_flush(world_bus(w)), 0);
        return m;
}

static void await_reply(World *w, sd_bus_message *const *reply)
{
        while (!*reply)
                if (sd_bus_process(world_bus(w), NULL) == 0)
                        ck_assert_int_ge(sd_bus_wait(world_bus(w), 60 * G_USEC_PER_SEC), 0);
}

/* Checks run one at a time; other calls are answered meanwhile, and an upgrade takes precedence. */
START_TEST(test_meanwhile)
{
        World *w = new_world("1-1=ec200a", "[timeouts]\nsource=3\n");
        g_autofree char *never = g_strdup_printf("http://127.0.0.1:%u/up.bin", check_server(NULL)), *error = NULL;
        g_autofree char *job = NULL, *name = NULL;
        g_autoptr(sd_bus_message) call = NULL, reply = NULL, second = NULL, answer = NULL;
        g_autoptr(GPtrArray) rows = NULL, last = NULL;

        call = begin_check(w, never, &reply, true);
        check_call(w, "", "http://host/up.bin", &error, NULL);
        ck_assert_msg(strstr(error, "Error.Busy: usb-1-1 is being checked already"), "%s", error);
        world_assert_property(w, MODULE_1, "Revision", OLD_REVISION);
        ck_assert_msg(!reply, "the first is over: what was to be seen was not");
        await_reply(w, &reply);
        ck_assert(!sd_bus_message_is_method_error(reply, NULL));
        rows = check_read(reply);
        check_assert_all_but(rows, "server");

        /* In the middle of a check's dialogue. */
        g_free(world_sim(w, "hold 1-1 answer:AT+CPIN?"));
        second = begin_check(w, "http://host/up.bin", &answer, false);
        g_free(world_sim(w, "held 1-1"));
        job = world_upgrade(w);
        g_free(world_sim(w, "release 1-1"));
        await_reply(w, &answer);
        last = check_read(answer);
        check_assert(last, "job", false, "job 1");
        check_assert(last, "qfotadl", false, "not asked");
        world_assert_result(w, job, "success", "", "");
        world_free(w);
}
END_TEST

/* The caller disconnects, and the daemon is stopped in the middle of a check: it ends well. */
START_TEST(test_stopped)
{
        World *w = new_world("1-1=ec200a", NULL);
        g_autofree char *never = g_strdup_printf("http://127.0.0.1:%u/up.bin", check_server(NULL));
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;

        g_free(world_sim(w, "wait 1-1 closed 1"));
        call = begin_check(w, never, &reply, true);
        g_free(world_sim(w, "wait 1-1 closed 2"));
        ck_assert_int_eq(world_stop_daemon(w), 0);
        await_reply(w, &reply);
        ck_assert(sd_bus_message_is_method_error(reply, NULL));
        world_free(w);
}
END_TEST

/* ---- fotactl */

static void run_fotactl(World *w, const char *arguments, int status, const char *const *parts)
{
        g_autofree char *out = world_path(w, "fotactl.out"), *text = NULL;
        g_autofree char *command = g_strdup_printf("LC_ALL=C.UTF-8 '%s/client/fotactl' %s >'%s' 2>&1",
                                                   g_getenv("abs_top_builddir"), arguments, out);
        int r = system(command);

        ck_assert(g_file_get_contents(out, &text, NULL, NULL));
        ck_assert_msg(WIFEXITED(r) && WEXITSTATUS(r) == status, "status %x: %s", r, text);
        for (; *parts; parts++)
                ck_assert_msg(strstr(text, *parts) != NULL, "'%s' is not in: %s", *parts, text);
        ck_assert(!strstr(text, "s3cret"));
}

START_TEST(test_fotactl)
{
        World *w = new_world("1-1=ec200a", "[timeouts]\ncommand=1\n");
        g_autofree char *url = NULL, *good = NULL, *json = NULL, *bad = NULL, *json_bad = NULL, *package = NULL;
        g_autofree char *all = NULL, *unasked = NULL;
        g_autofree char *file = world_path(w, "www/up.bin");

        url = world_publish(w);
        good = g_strdup_printf("check --check-source %s", url);
        json = g_strdup_printf("check --json %s", url);
        bad = g_strdup_printf("check --check-source %s.missing", url);
        json_bad = g_strdup_printf("check --json --check-source %s.missing", url);
        package = g_strdup_printf("check '%s'", file);
        run_fotactl(w, good, 0,
                    (const char *[]){ "ok   16 rules hold: job, module, port, method, ",
                                      ", server\nAn upgrade can be begun.\n", NULL });
        all = g_strconcat(good, " -v", NULL);
        run_fotactl(w, all, 0,
                    (const char *[]){ "ok   module\n     ", "ok   server\n", "HTTP status 200, ", "ok   space\n",
                                      "An upgrade can be begun.\n", NULL });
        unasked = g_strdup_printf("check %s", url);
        run_fotactl(w, unasked, 0,
                    (const char *[]){ "ok   15 rules hold: ",
                                      "An upgrade can be begun.\n"
                                      "The package's server was not asked: --check-source asks it.\n",
                                      NULL });
        run_fotactl(w, "check", 0,
                    (const char *[]){ "ok   14 rules hold: ",
                                      "An upgrade can be begun.\n"
                                      "No package was checked: give SOURCE to check one, too.\n",
                                      NULL });
        run_fotactl(w, json, 0,
                    (const char *[]){
                            "{\"rule\":\"sim\",\"holds\":true,\"finding\":\"READY\",\"remedy\":\"\",\"advice\":false,"
                            "\"judged\":true}",
                            NULL });
        run_fotactl(w, bad, 3, (const char *[]){ "FAIL server", "404", "-> check the URL, and publish", NULL });
        run_fotactl(w, json_bad, 3, (const char *[]){ "{\"rule\":\"server\",\"holds\":false,", NULL });
        run_fotactl(w, package, 0, (const char *[]){ "source, qfotadl", "An upgrade can be begun.\n", NULL });
        g_free(world_sim(w, "set 1-1 sim SIM PIN"));
        run_fotactl(w, package, 0, (const char *[]){ "sim, registration", "An upgrade can be begun.\n", NULL });
        run_fotactl(w, good, 3, (const char *[]){ "FAIL sim", "-> unlock it", "1 rule does not hold", NULL });
        run_fotactl(w, bad, 3,
                    (const char *[]){ "FAIL sim", "FAIL server", "14 rules hold", "2 rules do not hold", NULL });
        g_free(world_sim(w, "set 1-1 sim READY"));
        g_free(world_sim(w, "set 1-1 csq 5,99"));
        run_fotactl(w, json, 0,
                    (const char *[]){ "\"remedy\":\"advice: improve", "\"advice\":true,\"judged\":true}", NULL });
        run_fotactl(
                w, good, 0,
                (const char *[]){ "warn signal\n     -103 dBm (AT+CSQ: 5): a download may break off\n     -> advice: ",
                                  "with 1 piece of advice", NULL });
        g_free(world_sim(w, "set 1-1 delay 100000"));
        run_fotactl(w, unasked, 3,
                    (const char *[]){ "FAIL module", "--   sim\n     not asked: ", "rules were not judged.\n", NULL });
        run_fotactl(w, "check --help", 0, (const char *[]){ "advice", NULL });
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("check");

        suite_add(s, "well", test_well, 0, 1);
        suite_add(s, "rules", test_rules, 0, G_N_ELEMENTS(rules));
        suite_add(s, "absent", test_absent, 0, G_N_ELEMENTS(absent));
        suite_add(s, "alone", test_alone, 0, 1);
        suite_add(s, "unplugged", test_unplugged, 0, 1);
        suite_add(s, "silent", test_silent, 0, 1);
        suite_add(s, "held", test_held, 0, 2);
        suite_add(s, "job", test_job, 0, 1);
        suite_add(s, "advice", test_advice, 0, 1);
        suite_add(s, "advice-agrees", test_advice_agrees, 0, 1);
        suite_add(s, "servers", test_servers, 0, G_N_ELEMENTS(servers));
        suite_add(s, "never", test_never, 0, 1);
        suite_add(s, "real-servers", test_real_servers, 0, 1);
        suite_add(s, "mini", test_mini, 0, 1);
        suite_add(s, "errors", test_errors, 0, 1);
        suite_add(s, "meanwhile", test_meanwhile, 0, 1);
        suite_add(s, "stopped", test_stopped, 0, 1);
        suite_add(s, "fotactl", test_fotactl, 0, 1);
        return suite_run(s);
}
