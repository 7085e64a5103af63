/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Modules that fail, each in its own way: the job's message, and the module's state afterwards. A job that ends has one
 * right result, and a module that can be stopped was stopped. */

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "codes.h"
#include "presets.h"
#include "suite.h"
#include "world.h"

#define OTHER_REVISION "EC200AEUHAR01A09M16"
#define OTHER_IMEI     "867710050000024"

/* Time-outs are short, because a fault has to last longer: for a module that stays away, and for one that returns in
 * time. */
#define STAYS_AWAY "update-idle=2\nrestart=1\nsettle=2\n"
#define COMES_BACK "command=2\nstart=1\ndownload-idle=2\nsettle=2\n"

static World *world_with(const char *module, const char *config)
{
        g_autofree char *first = g_strconcat("1-1=ec200a", *module ? "," : "", module, NULL);
        WorldSettings settings = { .modules = { first }, .decoys = { "1-3=ftdi" }, .config = config };
        World *w = world_new(&settings);

        world_await_module(w, MODULE_1);
        return w;
}

static char *begin(World *w, const char *expected, bool allow_unchanged)
{
        g_autofree char *url = NULL;
        char *job;

        url = world_publish(w);
        job = world_expect_job(w, world_start(w, "", url, "allow-unchanged", "b", allow_unchanged ? "1" : "0",
                                              expected ? "expected-revision" : NULL, "s", expected, NULL));
        return job;
}

static void check_truth(World *w, const char *revision)
{
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, revision, "get 1-1 revision");
        world_assert_sim(w, "0", "get 1-1 diag-bytes");
        world_assert_sim(w, "0", "get 1-3 bytes");
        world_assert_property(w, MODULE_1, "Job", "/");
}

/* The job and its module have the remedy from the table of codes. */
static void assert_advice(World *w, const char *job, const char *name)
{
        g_autofree char *problem = world_property(w, MODULE_1, "Problem");
        const char *remedy = code_find_name(CODE_DOMAIN_HOST, name)->remedy;

        world_assert_part(w, job, "Message", remedy);
        ck_assert_msg(g_str_has_suffix(problem, remedy), "%s: not '%s', but: %s", name, remedy, problem);
}

/* A setting of the module, the job's verdict, and the module's state in the end. */
static const struct {
        const char *module;
        const char *result, *domain, *name;
        const char *message; /* a part of the message */
        const char *restarts;
        const char *revision;
        const char *system;
} faults[] = {
        { "qfotadl=error", "failed", "host", "rejected", "AT+QFOTADL", "0", OLD_REVISION, "normal" },
        { "qfotadl=error,cmee=0", "failed", "host", "rejected", "ERROR", "0", OLD_REVISION, "normal" },
        { "qfotadl=silent", "failed", "host", "no-response", ": ", "1", OLD_REVISION, "normal" },
        { "after-ok=nothing", "failed", "host", "download-timeout", ": ", "0", OLD_REVISION, "normal" },
        { "return=never,return-at=1", "failed", "host", "module-lost", ": ", "0", OLD_REVISION, "off" },
        { "return=never", "failed", "host", "module-lost", ": ", "1", NEW_REVISION, "off" },
        { "return=never,update-code=504,unopened=keep", "failed", "host", "module-lost", "504", "1", OLD_REVISION,
          "off" },
        { "return=diag,return-at=1", "failed", "host", "crashed", ": ", "1", OLD_REVISION, "crashed" },
        { "return=diag", "failed", "host", "crashed", ": ", "2", NEW_REVISION, "crashed" },
        { "return=boot-rom,return-at=1", "failed", "host", "boot-rom", ": ", "0", OLD_REVISION, "boot-rom" },
        { "return=boot-rom", "failed", "host", "boot-rom", ": ", "1", NEW_REVISION, "boot-rom" },
        { "cut=downloading:50", "failed", "host", "interrupted", ": ", "1", OLD_REVISION, "normal" },
        { "cut=updating:30", "success", "", "", NEW_REVISION, "3", NEW_REVISION, "normal" },
        { "cut=updating:30,lost=start/updating/end", "success", "", "", NEW_REVISION, "3", NEW_REVISION, "normal" },
};

START_TEST(test_fault)
{
        bool back = strcmp(faults[_i].system, "normal") == 0;
        World *w = world_with(faults[_i].module, back ? COMES_BACK : STAYS_AWAY);
        g_autofree char *job = begin(w, NULL, false);

        world_assert_result(w, job, faults[_i].result, faults[_i].domain, faults[_i].name);
        world_assert_part(w, job, "Message", faults[_i].message);
        world_assert_property(w, job, "Restarts", faults[_i].restarts);
        check_truth(w, faults[_i].revision);
        world_assert_sim(w, faults[_i].system, "get 1-1 system");
        if (strcmp(faults[_i].name, "boot-rom") == 0 || strcmp(faults[_i].name, "crashed") == 0)
                assert_advice(w, job, faults[_i].name);
        if (back) {
                world_assert_property(w, job, "ToRevision", faults[_i].revision);
                world_assert_property(w, MODULE_1, "Revision", faults[_i].revision);
                /* The upgrade was stopped, not only given up, and the module has its radio back. */
                world_assert_sim(w, "0", "get 1-1 downloading");
                world_assert_sim(w, "0", "get 1-1 upgrading");
                world_assert_sim(w, "1", "get 1-1 cfun");
                world_assert_sim(w, "auto", "get 1-1 power-control");
        }
        world_free(w);
}
END_TEST

/* The revision that runs afterwards, and the expected one. */
static const struct {
        const char *module;
        const char *expected;
        bool allow_unchanged;
        const char *result, *domain, *name;
        const char *revision;
} outcomes[] = {
        { "revision-after=unchanged", NULL, false, "failed", "host", "unchanged", OLD_REVISION },
        { "revision-after=unchanged", NULL, true, "success", "", "", OLD_REVISION },
        { "revision-after=unchanged", NEW_REVISION, false, "failed", "host", "unchanged", OLD_REVISION },
        { "revision-after=unchanged", NEW_REVISION, true, "failed", "host", "unchanged", OLD_REVISION },
        { "revision-after=unchanged", OLD_REVISION, true, "success", "", "", OLD_REVISION },
        { "revision-after=unchanged,build-after=02.001.01.001", NULL, false, "success", "", "", OLD_REVISION },
        { "revision-after=" OTHER_REVISION, NULL, false, "success", "", "", OTHER_REVISION },
        { "revision-after=" OTHER_REVISION, NEW_REVISION, false, "failed", "host", "revision-mismatch",
          OTHER_REVISION },
        { "revision-after=" OTHER_REVISION, NEW_REVISION, true, "failed", "host", "revision-mismatch", OTHER_REVISION },
        { "", NEW_REVISION, false, "success", "", "", NEW_REVISION },
        { "", OTHER_REVISION, false, "failed", "host", "revision-mismatch", NEW_REVISION },
        { "", "EC200AEUHAR01A03M1", false, "failed", "host", "revision-mismatch", NEW_REVISION },
        { "", NEW_REVISION "_01.001.01.001", false, "success", "", "", NEW_REVISION },
        { "", NEW_REVISION "_02.001.01.001", false, "failed", "host", "revision-mismatch", NEW_REVISION },
        { "build-after=02.001.01.001", NEW_REVISION "_02.001.01.001", false, "success", "", "", NEW_REVISION },
};

START_TEST(test_outcome)
{
        World *w = world_with(outcomes[_i].module, NULL);
        g_autofree char *job = begin(w, outcomes[_i].expected, outcomes[_i].allow_unchanged);

        world_assert_result(w, job, outcomes[_i].result, outcomes[_i].domain, outcomes[_i].name);
        world_assert_property(w, job, "ToRevision", outcomes[_i].revision);
        world_assert_part(w, job, "Message", outcomes[_i].revision);
        if (strcmp(outcomes[_i].name, "revision-mismatch") == 0)
                world_assert_part(w, job, "Message", outcomes[_i].expected);
        world_assert_property(w, job, "Restarts", "2");
        check_truth(w, outcomes[_i].revision);
        world_free(w);
}
END_TEST

/* ---- another module at the same port */

/* The lines that the module received since its last connection to the bus. */
static char **lines_since_return(World *w)
{
        g_autofree char *path = world_path(w, "truth.log"), *text = NULL;
        const char *last;

        ck_assert(g_file_get_contents(path, &text, NULL, NULL));
        last = g_strrstr(text, "enumerates as");
        ck_assert_ptr_nonnull(last);
        return g_strsplit(last, "\n", -1);
}

/* 0: it comes back as another module after the update; 1: it was exchanged during the download. Both have settings that
 * would be restored on the original module. */
START_TEST(test_replaced)
{
        static const char *const questions[] = { "ATQ0V1E0", "AT+CMEE=1", "AT+CMEE?", "ATI",     "AT+CGMI",
                                                 "AT+CGMM",  "AT+GMR",    "AT+CGMR",  "AT+QGMR", "AT+CGSN" };
        World *w = world_with("urcport=uart1,fota-cid=1", COMES_BACK);
        g_autofree char *url = NULL, *job = NULL;
        g_auto(GStrv) lines = NULL;
        unsigned n = 0;

        url = world_publish(w);
        if (_i == 0)
                g_free(world_sim(w, "set 1-1 new-imei %s", OTHER_IMEI));
        else
                g_free(world_sim(w, "hold 1-1 downloading:50"));
        job = world_expect_job(w, world_start(w, "", url, "cid", "u", "2", "apn", "s", "internet", NULL));
        if (_i == 1) {
                g_free(world_sim(w, "held 1-1"));
                g_free(world_sim(w, "detach 1-1"));
                world_await_property(w, job, "State", "restarting");
                g_free(world_sim(w, "set 1-1 imei %s", OTHER_IMEI));
                g_free(world_sim(w, "attach 1-1"));
        }
        world_assert_result(w, job, "failed", "host", "module-replaced");
        check_truth(w, _i == 0 ? NEW_REVISION : OLD_REVISION);
        world_assert_property(w, MODULE_1, "Imei", OTHER_IMEI);
        world_assert_sim(w, "usbat", "get 1-1 urcport"); /* as the first module's was left */
        world_assert_sim(w, "2", "get 1-1 fota-cid");
        lines = lines_since_return(w);
        for (char **line = lines; *line; line++) {
                const char *rx = strstr(*line, " rx at \"");
                bool harmless = false;

                if (!rx)
                        continue;
                for (unsigned i = 0; i < G_N_ELEMENTS(questions); i++) {
                        g_autofree char *question = g_strdup_printf(" rx at \"%s\"", questions[i]);

                        harmless = harmless || strcmp(rx, question) == 0;
                }
                ck_assert_msg(harmless, "the other module got:%s", rx);
                n++;
        }
        ck_assert_uint_gt(n, 0);
        world_free(w);
}
END_TEST

/* ---- re-plugged */

static const struct {
        const char *when; /* a hold */
        bool back;
        const char *result, *domain, *name, *restarts, *revision;
} plugs[] = {
        { PREPARING, false, "failed", "host", "module-lost", "0", OLD_REVISION },
        { "accepted", false, "failed", "host", "module-lost", "0", OLD_REVISION },
        { "downloading:50", false, "failed", "host", "module-lost", "0", OLD_REVISION },
        { "downloaded", false, "failed", "host", "module-lost", "0", OLD_REVISION },
        { "updating:50", false, "failed", "host", "module-lost", "1", OLD_REVISION },
        { "end", false, "failed", "host", "module-lost", "1", OLD_REVISION },
        { "ended", false, "failed", "host", "module-lost", "1", NEW_REVISION },
        { PREPARING, true, "success", "", "", "3", NEW_REVISION },
        { "accepted", true, "failed", "host", "interrupted", "1", OLD_REVISION },
        { "downloading:50", true, "failed", "host", "interrupted", "1", OLD_REVISION },
        { "updating:50", true, "success", "", "", "3", NEW_REVISION },
        { "end", true, "success", "", "", "3", NEW_REVISION },
        { "ended", true, "success", "", "", "3", NEW_REVISION },
};

START_TEST(test_plug)
{
        World *w = world_with("", plugs[_i].back ? COMES_BACK "start=5\ndownload-idle=5\n" : STAYS_AWAY);
        g_autofree char *job = NULL;
        const char *when = plugs[_i].when;
        bool sent = strcmp(when, PREPARING) != 0;

        g_free(world_sim(w, "hold 1-1 %s", when));
        job = begin(w, NULL, false);
        g_free(world_sim(w, "held 1-1"));
        g_free(world_sim(w, "detach 1-1"));
        world_await_property(w, MODULE_1, "Present", "0");
        g_free(world_sim(w, "release 1-1 %s", when));
        if (plugs[_i].back)
                g_free(world_sim(w, "attach 1-1"));
        world_assert_result(w, job, plugs[_i].result, plugs[_i].domain, plugs[_i].name);
        world_assert_property(w, job, "Restarts", plugs[_i].restarts);
        world_assert_sim(w, sent || plugs[_i].back ? "1" : "0", "get 1-1 qfotadl-count");
        world_assert_sim(w, plugs[_i].revision, "get 1-1 revision");
        world_assert_sim(w, "0", "get 1-1 diag-bytes");
        world_assert_property(w, MODULE_1, "Present", plugs[_i].back ? "1" : "0");
        world_free(w);
}
END_TEST

/* A daemon that stands still while the module connects and disconnects once more: when it reads the events of that
 * connection, nothing else of it remains. */
START_TEST(test_unseen)
{
        World *w = world_with("network=0,ports=at", COMES_BACK "start=60\ndownload-idle=60\nrestart=60\n");
        g_autofree char *job = NULL, *returned = NULL;

        g_free(world_sim(w, "hold 1-1 downloading:50"));
        job = begin(w, NULL, false);
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, job, "State", "downloading");
        kill(world_daemon_pid(w), SIGSTOP);
        g_free(world_sim(w, "detach 1-1"));
        returned = world_sim(w, "count 1-1 returned");
        g_free(world_sim(w, "set 1-1 bound 0")); /* a tty has more events than its queue holds for a process that does
                                                    not read */
        g_free(world_sim(w, "attach 1-1"));
        g_free(world_sim(w, "wait 1-1 returned %lu", strtoul(returned, NULL, 10) + 1));
        g_free(world_sim(w, "detach 1-1"));
        g_free(world_sim(w, "set 1-1 bound 1"));
        kill(world_daemon_pid(w), SIGCONT);
        world_await_property(w, job, "Restarts", "1");
        world_await_property(w, MODULE_1, "Present", "0");
        g_free(world_sim(w, "attach 1-1"));
        world_assert_result(w, job, "failed", "host", "interrupted");
        world_assert_property(w, job, "Restarts", "2");
        check_truth(w, OLD_REVISION);
        world_free(w);
}
END_TEST

/* A module in a boot loop. 0: in the preparations; 1: in its download; 2: in its updater, which prints START each time
 * and makes no progress. */
START_TEST(test_boot_loop)
{
        static const char *const holds[] = { PREPARING, "downloading:50", "updating:5" };
        World *w = world_with("off=10,boot=5,unopened=keep", NULL);
        g_autofree char *job = NULL, *restarts = NULL;
        bool finished = false;

        g_free(world_sim(w, "hold 1-1 %s", holds[_i]));
        job = begin(w, NULL, false);
        g_free(world_sim(w, "held 1-1"));
        if (_i == 2)
                world_await_property(w, job, "Percent", "52"); /* the module stops at this point */
        for (unsigned i = 0; i < 20 && !finished; i++) {
                g_autofree char *returned = world_sim(w, "count 1-1 returned"), *state = NULL;

                g_free(world_sim(w, "power-cut 1-1"));
                g_free(world_sim(w, "wait 1-1 returned %lu", strtoul(returned, NULL, 10) + 1));
                if (_i == 2)
                        g_free(world_sim(w, "held 1-1"));
                state = world_property(w, job, "State");
                finished = strcmp(state, "finished") == 0;
        }
        ck_assert_msg(finished, "the job follows a boot loop for ever");
        world_assert_result(w, job, "failed", "host", "no-response");
        world_assert_part(w, job, "Message", "again and again");
        world_assert_sim(w, _i == 0 ? "0" : "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, "0", "get 1-1 diag-bytes");
        restarts = world_property(w, job, "Restarts");
        ck_assert_uint_ge(strtoul(restarts, NULL, 10), 5); /* more than the longest procedure of the guide has */
        world_free(w);
}
END_TEST

/* Power fails in the download, and afterwards AT+QGMR alone is answered: the build is unchanged, so the old firmware
 * runs. */
START_TEST(test_build_alone)
{
        World *w = world_with("qgmr=build", COMES_BACK);
        g_autofree char *job = NULL;

        if (_i) /* AT+QGMR then returns the plain revision */
                g_free(world_sim(w, "set 1-1 qgmr plain"));
        g_free(world_sim(w, "hold 1-1 downloading:50"));
        job = begin(w, NULL, false);
        g_free(world_sim(w, "held 1-1"));
        g_free(world_sim(w, "set 1-1 gmr error"));
        g_free(world_sim(w, "power-cut 1-1"));
        world_assert_result(w, job, "failed", "host", "interrupted");
        world_assert_property(w, job, "ToRevision", OLD_REVISION);
        check_truth(w, OLD_REVISION);
        world_free(w);
}
END_TEST

/* ---- garbage */

static void flood(World *w)
{
        static const char *const texts[] = {
                "\\0\\xff\\xfe\\x80",
                "+QIND: \"FOTA\",",
                "\\r\\n+QIND: \"FOTA\",\"END\"\\r\\n",
                "\\r\\n+QIND: \"FOTA\",\"END\",\\r\\n",
                "\\r\\n+QIND: \"FOTA\",\"HTTPEND\",x\\r\\n",
                "\\r\\n+QIND: \"ABFOTA\",\"END\",0\\r\\n",
                "\\r\\nOK\\r\\n",
                "\\r\\nERROR\\r\\n",
                "\\r\\n+CME ERROR: 3\\r\\n",
                "\\r\\nRDY\\r\\n",
                "\\r\\n+CMTI: \"ME\",3\\r\\n",
                "\\r\\r\\n\\n",
        };
        g_autoptr(GString) line = g_string_new(NULL);

        for (unsigned i = 0; i < 3000; i++)
                g_string_append_c(line, (char)('!' + i % 90 + (i % 90 == 59))); /* no backslash */
        for (unsigned i = 0; i < 20; i++) {
                g_free(world_sim(w, "bytes 1-1 %s", line->str));
                g_free(world_sim(w, "bytes 1-1 %s", texts[i % G_N_ELEMENTS(texts)]));
        }
        g_free(world_sim(w, "bytes 1-1 \\r\\n"));
}

START_TEST(test_flood)
{
        static const char *const holds[] = { "accepted", "downloading:50", "updating:50", "ended" };
        World *w = world_with("unopened=keep", NULL);
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold 1-1 %s", holds[_i]));
        job = begin(w, NULL, false);
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, job, "State", _i < 2 ? "downloading" : _i == 2 ? "updating" : "verifying");
        flood(w);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        check_truth(w, NEW_REVISION);
        world_free(w);
}
END_TEST

/* ---- a daemon that can open no file */

static void limit_descriptors(World *w, rlim_t limit, rlim_t *ret_before)
{
        struct rlimit before, now;

        ck_assert_int_eq(prlimit(world_daemon_pid(w), RLIMIT_NOFILE, NULL, &before), 0);
        now = (struct rlimit){ limit, before.rlim_max };
        ck_assert_int_eq(prlimit(world_daemon_pid(w), RLIMIT_NOFILE, &now, NULL), 0);
        if (ret_before)
                *ret_before = before.rlim_cur;
}

/* The daemon is short of descriptors while the module comes back, and cannot read in sysfs to which device the ttys
 * belong: it looks again until it can. */
START_TEST(test_descriptors)
{
        World *w = world_with("", NULL);
        g_autofree char *job = NULL, *log = world_path(w, "fotad.log");
        rlim_t before;

        g_free(world_sim(w, "hold 1-1 off:%d", _i + 1));
        job = begin(w, NULL, false);
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, MODULE_1, "Present", "0");
        limit_descriptors(w, STDERR_FILENO + 1, &before);
        g_free(world_sim(w, "release 1-1"));
        world_await_property(w, MODULE_1, "Present", "1");
        world_await_file(w, log, "cannot be read: all devices are looked at again");
        limit_descriptors(w, before, NULL);
        world_assert_result(w, job, "success", "", "");
        world_assert_property(w, MODULE_1, "Problem", "");
        check_truth(w, NEW_REVISION);
        world_free(w);
}
END_TEST

/* ---- two modules */

/* Both at once: the first one fails in its way, the second is not affected. */
START_TEST(test_two)
{
        static const struct {
                const char *module, *name, *config;
        } firsts[] = {
                { "1-1=ec200a,qfotadl=error", "rejected", NULL },
                { "1-1=ec200a,return=never,return-at=1", "module-lost", "restart=2\n" },
                { "1-1=ec200a,noise=1,cut=downloading:50", "interrupted", COMES_BACK },
        };
        WorldSettings settings = { .modules = { firsts[_i].module, "1-2=ec200a,imei=867710050000032" },
                                   .decoys = { "1-3=ftdi" },
                                   .config = firsts[_i].config };
        World *w = world_new(&settings);
        g_autofree char *url = NULL, *first = NULL, *second = NULL;

        url = world_publish(w);
        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        ck_assert_ptr_null(world_start(w, "", url, NULL));
        ck_assert_str_eq(world_error(w), "AmbiguousModule");
        g_free(world_sim(w, "hold 1-2 downloading:50"));
        second = world_expect_job(w, world_start(w, "usb-1-2", url, NULL));
        g_free(world_sim(w, "held 1-2"));
        g_free(world_sim(w, "hold 1-1 " PREPARING));
        first = world_start(w, "usb-1-1", url, NULL);
        ck_assert_msg(first != NULL, "%s", world_error_message(w));
        world_assert_property(w, MODULE_1, "Job", first);
        g_free(world_sim(w, "release 1-1 " PREPARING));
        g_free(world_sim(w, "release 1-2"));
        world_assert_result(w, second, "success", "", "");
        world_assert_result(w, first, "failed", "host", firsts[_i].name);
        world_assert_property(w, second, "Restarts", "2");
        world_assert_property(w, MODULE_2, "Revision", NEW_REVISION);
        check_truth(w, OLD_REVISION);
        world_assert_sim(w, "1", "get 1-2 qfotadl-count");
        world_assert_sim(w, "0", "get 1-2 diag-bytes");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("faults");

        suite_add(s, "fault", test_fault, 0, G_N_ELEMENTS(faults));
        suite_add(s, "outcome", test_outcome, 0, G_N_ELEMENTS(outcomes));
        suite_add(s, "replaced", test_replaced, 0, 2);
        suite_add(s, "plug", test_plug, 0, G_N_ELEMENTS(plugs));
        suite_add(s, "unseen", test_unseen, 0, 1);
        suite_add(s, "boot-loop", test_boot_loop, 0, 3);
        suite_add(s, "build-alone", test_build_alone, 0, 2);
        suite_add(s, "flood", test_flood, 0, 4);
        suite_add(s, "descriptors", test_descriptors, 0, 2);
        suite_add(s, "two", test_two, 0, 3);
        return suite_run(s);
}
