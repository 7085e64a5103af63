/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A package that the host sends (guide 3.3.1.3): the module receives it byte for byte, as fast as the line allows; and
 * every failure ends with a clear result, without a second transfer, and with a module that answers AT again and has
 * its settings restored. */

#include <check.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "suite.h"

static char *start(World *w, const char *flow_control)
{
        char *job = file_start(w, MODULE_1, flow_control);

        ck_assert_msg(job != NULL, "%s", world_error_message(w));
        return job;
}

/* ---- as in the guide */

/* The requested flow-control, the module's setting before, and whether hardware flow control is used. */
static const struct {
        const char *asked, *before;
        bool hardware;
} flows[] = {
        { NULL, "0,0", true },       { "auto", "0,0", true },  { "hardware", "2,0", true },
        { "hardware", "2,2", true }, { "none", "0,0", false },
};

START_TEST(test_usb)
{
        World *w = file_world("1-1=ec200a,urcport=uart1,fota-cid=3", flows[_i].hardware ? 5000000 : 60000);
        g_autofree char *job = NULL;

        g_free(world_sim(w, "set 1-1 usbifc %s", flows[_i].before));
        job = start(w, flows[_i].asked);
        world_assert_result(w, job, "success", "", "");
        file_assert_whole(w, "1-1");
        world_assert_sim(w, flows[_i].hardware ? "1" : "0", "get 1-1 file-crtscts");
        world_assert_property(w, job, "FromRevision", OLD_REVISION);
        world_assert_property(w, job, "ToRevision", NEW_REVISION);
        world_assert_property(w, job, "Restarts", "1"); /* mode 1 is "at once" (guide 3.3.1.3) */
        world_assert_property(w, job, "Source", FILE_NAME);
        file_assert_as_before(w, "1-1", flows[_i].before);
        world_free(w);
}
END_TEST

/* Another program has switched the module's messages off, and saved that setting: FILESTART is reported all the
 * same. */
START_TEST(test_messages_off)
{
        World *w = file_world("1-1=ec200a,urcport=uart1,fota-cid=3,qind=0", 100000);
        g_autofree char *job = start(w, NULL);

        world_assert_result(w, job, "success", "", "");
        file_assert_whole(w, "1-1");
        world_assert_sim(w, "0", "get 1-1 qind");
        world_assert_sim(w, "0", "get 1-1 qind-now");
        file_assert_as_before(w, "1-1", "0,0");
        world_free(w);
}
END_TEST

/* A slow module: the host waits for it, and reads its messages meanwhile. */
START_TEST(test_back_pressure)
{
        World *w = file_world("1-1=ec200a,urcport=uart1,fota-cid=3,file-rate=400000", 1000000);
        g_autofree char *job = start(w, NULL);

        world_assert_result(w, job, "success", "", "");
        file_assert_whole(w, "1-1");
        file_assert_as_before(w, "1-1", "0,0");
        world_free(w);
}
END_TEST

START_TEST(test_progress)
{
        World *w = file_world("1-1=ec200a,urcport=uart1,fota-cid=3", 1000000);
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold 1-1 file:40"));
        job = start(w, NULL);
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, job, "State", "downloading");
        ck_assert_uint_ge(world_last_percent(w, job), 18);
        world_assert_property(w, job, "Cancellable", "1");
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_free(w);
}
END_TEST

/* Mode 0 and 1, and counts. */
START_TEST(test_modes)
{
        static const char *const rests[] = { ",0,100", ",1,100", ",1,50,20" };
        World *w = file_world("1-1=ec200a,urcport=uart1,fota-cid=3", 100000);
        g_autofree char *job = NULL, *path = world_path(w, FILE_NAME);
        struct stat st;

        ck_assert_int_eq(stat(path, &st), 0);
        job = _i == 2 ? world_start_file(w, MODULE_1, path, FILE_NAME, "download-urc-max", "u", "50", "update-urc-max",
                                         "u", "20", NULL)
                      : world_start_file(w, MODULE_1, path, FILE_NAME, "upgrade-mode", "u", _i ? "1" : "0", NULL);
        ck_assert_msg(job != NULL, "%s", world_error_message(w));
        g_free(world_sim(w, "wait 1-1 rx:AT+QFOTADL=\"FILE:%ld\"%s 1", (long)st.st_size, rests[_i]));
        world_assert_result(w, job, "success", "", "");
        file_assert_whole(w, "1-1");
        world_assert_property(w, job, "Restarts", _i == 0 ? "2" : "1");
        world_free(w);
}
END_TEST

/* ---- failures */

static const struct {
        const char *settings;
        const char *domain, *name;
} breaks[] = {
        { "stall=file:40", "file", "download-failed" },          /* FILEEND,500 in the middle */
        { "file-long=5000", "file", "download-failed" },         /* the module waits for more */
        { "file-short=5000", "update", "package-check-failed" }, /* the module takes less */
        { "file-code=500", "file", "download-failed" },          /* after the last byte */
        { "check-code=505", "update", "package-check-failed" },  /* the package is invalid */
        { "after-ok=nothing", "host", "no-response" },           /* no FILESTART */
        { "lost=download-end,stall=file:40", "host",
          "update-timeout" }, /* the module drops the rest without a message */
        { "qfotadl=error", "host", "rejected" },
};

START_TEST(test_breaks)
{
        g_autofree char *module = g_strdup_printf("1-1=ec200a,urcport=uart1,fota-cid=3,file-idle=1000,%s",
                                                  breaks[_i].settings);
        World *w = file_world(module, 100000);
        g_autofree char *job = start(w, NULL);

        world_assert_result(w, job, "failed", breaks[_i].domain, breaks[_i].name);
        world_assert_property(w, job, "ToRevision", OLD_REVISION); /* the module answers */
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, "0", "get 1-1 restarts");
        if (strcmp(breaks[_i].name, "update-timeout") == 0) { /* the module is watched, and kept awake meanwhile */
                file_assert_put_back(w, "1-1", "0,0");
                world_assert_sim(w, "on", "get 1-1 power-control");
        } else {
                file_assert_as_before(w, "1-1", "0,0");
        }
        world_free(w);
}
END_TEST

/* Without a message and without an answer for ever: reported, within the configured time. */
START_TEST(test_stalls_for_good)
{
        World *w = file_world("1-1=ec200a,stall=file:40,file-stall-ends=0", 100000);
        g_autofree char *job = start(w, NULL);

        world_assert_result(w, job, "failed", "host", "no-response");
        world_assert_sim(w, "1", "get 1-1 file-count");
        world_free(w);
}
END_TEST

START_TEST(test_cancel)
{
        static const char *const points[] = { "qfotadl", "filestart", "file:40" };
        World *w = file_world("1-1=ec200a,urcport=uart1,fota-cid=3,file-idle=1000", 100000);
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold 1-1 %s", points[_i]));
        job = start(w, NULL);
        g_free(world_sim(w, "held 1-1"));
        ck_assert(world_call(w, job, "org.fotad1.Job", "Cancel"));
        world_assert_property(w, job, "Cancellable", "0");
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "cancelled", "host", "cancelled");
        world_assert_sim(w, OLD_REVISION, "get 1-1 revision");
        file_assert_as_before(w, "1-1", "0,0");
        world_free(w);
}
END_TEST

START_TEST(test_too_late)
{
        World *w = file_world("1-1=ec200a,urcport=uart1,fota-cid=3", 100000);
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold 1-1 fileend"));
        job = start(w, NULL);
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, job, "Cancellable", "0");
        ck_assert(!world_call(w, job, "org.fotad1.Job", "Cancel"));
        ck_assert_str_eq(world_error(w), "NotCancellable");
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        file_assert_as_before(w, "1-1", "0,0");
        world_free(w);
}
END_TEST

/* The module disconnects in the middle. */
START_TEST(test_restart)
{
        World *w = file_world("1-1=ec200a,urcport=uart1,fota-cid=3,cut=file:40", 100000);
        g_autofree char *job = start(w, NULL);

        world_assert_result(w, job, "failed", "host", "interrupted");
        world_assert_property(w, job, "Restarts", "1");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, "1", "get 1-1 file-count");
        file_assert_as_before(w, "1-1", "0,0");
        world_free(w);
}
END_TEST

/* ---- the daemon dies */

static const struct {
        const char *point;
        bool on_bus, success;
} deaths[] = {
        { "qfotadl", true, false },   { "filestart", true, false }, { "file:10", true, false },
        { "file:40", true, false },   { "file:90", true, false },   { "fileend", true, true },
        { "downloaded", true, true }, { "off:1", false, true },     { "updating:50", true, true },
        { "ended", true, true },
};

/* away: the module has finished, or given up, when the daemon starts again. */
static void die(int i, bool away)
{
        World *w = file_world("1-1=ec200a,urcport=uart1,fota-cid=3,file-idle=500", 100000);
        const char *over = deaths[i].success ? "idle" : "fileend";
        g_autofree char *job = NULL, *opened = NULL, *count = NULL;

        g_free(world_sim(w, "hold 1-1 %s", deaths[i].point));
        job = start(w, NULL);
        g_free(world_sim(w, "held 1-1"));
        /* Before the last bytes are sent the outcome is open. */
        if (deaths[i].success && strcmp(deaths[i].point, "fileend") == 0)
                file_await_all_out(w);
        world_kill_daemon(w);
        opened = world_sim(w, "count 1-1 opened");
        count = world_sim(w, "count 1-1 %s", over);
        if (away) {
                g_free(world_sim(w, "release 1-1"));
                g_free(world_sim(w, "wait 1-1 %s %d", over, atoi(count) + 1));
                world_start_daemon(w);
        } else {
                world_start_daemon(w);
                if (deaths[i].on_bus)
                        g_free(world_sim(w, "wait 1-1 opened %d", atoi(opened) + 1));
                g_free(world_sim(w, "release 1-1"));
        }
        if (deaths[i].success)
                world_assert_result(w, job, "success", "", "");
        else
                world_assert_result(w, job, "failed", "host", "interrupted");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, deaths[i].success ? NEW_REVISION : OLD_REVISION, "get 1-1 revision");
        file_assert_as_before(w, "1-1", "0,0");
        file_assert_no_package(w);
        world_free(w);
}

START_TEST(test_dies_away)
{
        die(_i, true);
}
END_TEST

START_TEST(test_dies_back)
{
        die(_i, false);
}
END_TEST

/* ---- two at once */

START_TEST(test_two)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec200a,imei=867710050000024,file-rate=300000" } };
        World *w = world_new(&settings);
        g_autofree char *first = NULL, *second = NULL;

        file_make(w, 500000);
        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        second = file_start(w, MODULE_2, NULL);
        first = file_start(w, MODULE_1, NULL);
        ck_assert(first && second);
        world_assert_result(w, first, "success", "", "");
        world_assert_result(w, second, "success", "", "");
        file_assert_whole(w, "1-1");
        file_assert_whole(w, "1-2");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("file");

        suite_add(s, "usb", test_usb, 0, G_N_ELEMENTS(flows));
        suite_add(s, "back-pressure", test_back_pressure, 0, 1);
        suite_add(s, "messages-off", test_messages_off, 0, 1);
        suite_add(s, "progress", test_progress, 0, 1);
        suite_add(s, "modes", test_modes, 0, 3);
        suite_add(s, "breaks", test_breaks, 0, G_N_ELEMENTS(breaks));
        suite_add(s, "stalls", test_stalls_for_good, 0, 1);
        suite_add(s, "cancel", test_cancel, 0, 3);
        suite_add(s, "too-late", test_too_late, 0, 1);
        suite_add(s, "restart", test_restart, 0, 1);
        suite_add(s, "dies-away", test_dies_away, 0, G_N_ELEMENTS(deaths));
        suite_add(s, "dies-back", test_dies_back, 0, G_N_ELEMENTS(deaths));
        suite_add(s, "two", test_two, 0, 1);
        return suite_run(s);
}
