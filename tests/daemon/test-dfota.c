/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The main task, from the outside: one call upgrades a module, over HTTP, HTTPS and FTP, for every kind of module and
 * every style of its output. */

#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "presets.h"
#include "suite.h"
#include "world.h"

/* All conditions for one good upgrade, once. */
START_TEST(test_http)
{
        WorldSettings settings = WORLD_EC200A;
        g_autofree char *url = NULL, *job = NULL, *before = NULL, *after = NULL, *file = NULL, *log = NULL;
        g_autofree char *uid = g_strdup_printf("%u", (unsigned)getuid());
        World *w;
        struct stat st;

        settings.modules[0] = "1-1=ec200a,urcport=uart1,fota-cid=3,unopened=keep";
        w = world_new(&settings);
        url = world_publish(w);
        world_await_module(w, MODULE_1);
        world_assert_property(w, MODULE_1, "Model", "EC200A");
        world_assert_property(w, MODULE_1, "Manufacturer", "Quectel");
        world_assert_property(w, MODULE_1, "Revision", OLD_REVISION);
        world_assert_property(w, MODULE_1, "FlashSize", "16");
        world_assert_property(w, MODULE_1, "Method", "dfota");
        world_assert_property(w, MODULE_1, "System", "normal");
        world_assert_property(w, MODULE_1, "Problem", "");
        before = world_property(w, MODULE_1, "Port");
        g_free(world_sim(w, "hold 1-1 updating:50"));
        world_assert_sim(w, "auto", "get 1-1 power-control");

        job = world_expect_job(w, world_start(w, "", url, "expected-revision", "s", NEW_REVISION, NULL));
        ck_assert_str_eq(job, JOB_1);
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, job, "Percent", "74");      /* 49 of 100: the hold is before the message */
        world_assert_sim(w, "on", "get 1-1 power-control"); /* in this enumeration, too */
        world_assert_property(w, job, "State", "updating");
        world_assert_property(w, job, "Restarts", "1");
        world_assert_property(w, job, "Cancellable", "0");
        world_assert_property(w, MODULE_1, "System", "updating");
        world_assert_property(w, MODULE_1, "Job", job);
        after = world_property(w, MODULE_1, "Port");
        ck_assert_str_ne(before, after);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_assert_property(w, job, "Restarts", "2");
        world_assert_property(w, job, "FromRevision", OLD_REVISION);
        world_assert_property(w, job, "ToRevision", NEW_REVISION);
        world_assert_property(w, job, "Source", url);
        world_assert_property(w, job, "Module", MODULE_1);
        world_assert_property(w, job, "Origin", "request");
        world_assert_property(w, job, "Imei", "867710050000013");
        world_assert_property(w, job, "ExpectedRevision", NEW_REVISION);
        world_assert_property(w, job, "StartedBy", uid);
        world_assert_property(w, MODULE_1, "Revision", NEW_REVISION);
        world_assert_property(w, MODULE_1, "Job", "/");

        /* On the module. */
        world_assert_sim(w, NEW_REVISION, "get 1-1 revision");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, "2", "get 1-1 restarts");
        world_assert_sim(w, "0", "get 1-1 diag-bytes");
        world_assert_sim(w, "0", "get 1-3 bytes");
        world_assert_sim(w, "uart1", "get 1-1 urcport");
        world_assert_sim(w, "3", "get 1-1 fota-cid");
        world_assert_sim(w, "auto", "get 1-1 power-control");

        /* On the disk. */
        file = world_path(w, "state/jobs/1.job");
        ck_assert_int_eq(stat(file, &st), 0);
        ck_assert_int_eq(st.st_mode & 0777, 0600);
        g_free(world_sim(w, "wait 1-1 closed 1"));
        log = world_path(w, "lock");
        ck_assert_int_eq(g_rmdir(log), 0); /* no lock file remains */
        world_free(w);
}
END_TEST

static char *source_of(World *w, int kind)
{
        return kind == 0   ? world_https(w, "up.bin")
               : kind == 1 ? world_ftp(w, "gateway:s3cret-Pa55@", "up.bin")
               : kind == 2 ? world_ftp(w, "GATEWAY:wrong@", "up.bin")
                           : world_http(w, "up.bin?X-Amz-Signature=s3cret-Pa55&v=2&s3cret-Token");
}

/* HTTPS, FTP with a login, FTP with a wrong one, HTTP with a query. A secret is in the module and in the
 * record of the running job, and nowhere else. */
START_TEST(test_source)
{
        WorldSettings settings = WORLD_EC200A;
        World *w = world_new(&settings);
        g_autofree char *url = NULL, *job = NULL, *log = NULL, *file = NULL, *text = NULL, *shown = NULL;
        g_autofree char *running = NULL, *state = NULL, *search = NULL;

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        url = source_of(w, _i);
        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 accepted"));
        job = world_expect_job(w, world_start(w, "", url, NULL));
        g_free(world_sim(w, "held 1-1 accepted"));
        file = world_path(w, "state/jobs/1.job");
        ck_assert(g_file_get_contents(file, &running, NULL, NULL));
        ck_assert(strstr(running, url) != NULL);
        world_assert_sim(w, url, "get 1-1 last-qfotadl");
        g_free(world_sim(w, "release 1-1"));
        if (_i == 2)
                world_assert_result(w, job, "failed", "ftp", "login-failed");
        else
                world_assert_result(w, job, "success", "", "");
        log = world_log(w);
        ck_assert(g_file_get_contents(file, &text, NULL, NULL));
        shown = world_property(w, job, "Source");
        ck_assert(!strstr(log, "s3cret") && !strstr(text, "s3cret") && !strstr(shown, "s3cret"));
        ck_assert(!strstr(log, ":wrong@") && !strstr(text, ":wrong@") && !strstr(shown, ":wrong@"));
        if (_i == 1)
                ck_assert(strstr(shown, "ftp://gateway:***@127.0.0.1:"));
        if (_i == 3)
                ck_assert_msg(g_str_has_suffix(shown, "/up.bin?X-Amz-Signature=***&v=***&***"), "%s", shown);
        state = world_path(w, "state");
        search = g_strdup_printf("grep -rqF s3cret '%s'; test $? = 1", state);
        ck_assert_int_eq(system(search), 0);
        world_free(w);
}
END_TEST

/* Modules of every kind, with every style of output that was seen in the field. */
static const char *const kinds[] = {
        "ec200a",
        "ec200a-8",
        "ec600n",
        "eg915n",
        "noecho",
        "noqgmr",
        "nostart",
        "ends-at-91",
        "percent",
        "https-word",
        "blank",
        "ec200a,qgmr-not-ready=2",
        "ec200a,qgmr=plain",
        "ec200a,urc-write=split",
        "ec200a,urc-write=coalesced",
        "ec200a,noise=1",
        "ec200a,inside=+CREG: 1",
        "ec200a,inside=RDY",
        "ec200a,cooked=1,unopened=keep",
        "ec200a,order=reverse",
        "ec200a,gap=30,order=reverse",
        "ec200a,hangup=after",
        "ec200a,mute=300",
        "ec200a,same-numbers=1",
        "ec200a,lost=start/updating",
        "ec200a,lost=end",
        "ec200a,lost=download-end",
        "ec200a,lost=download-start/downloading/download-end/start/updating/end",
        "ec200a,end-twice=1",
        "ec200a,start-after-end=1",
        "ec200a,updater-pid=6002,updater-ports=at",
        "ec200a,updater-pid=6001,updater-ports=diag/at",
        "ec200a,updater-ports=diag",
        "ec200a,updater-at=1",
        "ec200a,updater-usb=0", /* or present for so short a time that the kernel did not notice it */
        "ec200a,updater-usb=0,lost=downloading/download-end,unopened=keep",
        "ec200a,labels=0",
        "ec200a,urcport=usbmodem",
        "ec200a,urcport=all",
        "ec200a,urcport=uart1,urcport-after=uart2",
        "ec200a,boot-urcs=RDY/+QIND: PB DONE",
        "ec200a,qfotadl=no-ok",
        "ec200a,cut=updating:50",
        "ec200a,cut=ended",
        "ec200a,network=0",
        "ec200a,cmee=0",
};

START_TEST(test_kind)
{
        g_autofree char *module = g_strconcat("1-1=", kinds[_i], NULL), *url = NULL, *job = NULL, *old = NULL;
        WorldSettings settings = { .modules = { module } };
        World *w = world_new(&settings);
        g_autofree char *new = NULL;

        old = world_sim(w, "get 1-1 revision");
        new = g_strdup(old);
        new[strlen(new) - 4]++; /* A02M16 -> A03M16 */
        world_package(w, "up.bin", old, new, NULL);
        url = world_http(w, "up.bin");
        world_await_module(w, MODULE_1);
        job = world_start(w, "", url, NULL);
        ck_assert_msg(job != NULL, "%s: %s", kinds[_i], world_error_message(w));
        world_assert_result(w, job, "success", "", "");
        world_assert_property(w, job, "ToRevision", new);
        world_assert_sim(w, new, "get 1-1 revision");
        world_assert_sim(w, "1", "get 1-1 qfotadl-count");
        world_assert_sim(w, "0", "get 1-1 diag-bytes");
        world_free(w);
}
END_TEST

/* If the daemon is configured for another port of the module, it has the URCs sent there too, and restores that
 * setting. */
START_TEST(test_other_port)
{
        WorldSettings settings = WORLD_EC200A;
        World *w;
        g_autofree char *job = NULL;

        settings.modules[0] = "1-1=ec200a,unopened=keep";
        settings.config = "[usb]\nat-interfaces=6005=4\n";
        w = world_new(&settings);
        world_await_module(w, MODULE_1);
        job = world_upgrade_to(w, "end");
        world_await_property(w, job, "Percent", "99");
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        ck_assert_uint_gt(world_count_signals(w, job, "Progress"), 100);
        world_assert_sim(w, "usbat", "get 1-1 urcport");
        world_assert_sim(w, "0", "count 1-1 rx-at");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("dfota");

        suite_add(s, "http", test_http, 0, 1);
        suite_add(s, "other-port", test_other_port, 0, 1);
        suite_add(s, "source", test_source, 0, 4);
        suite_add(s, "kind", test_kind, 0, G_N_ELEMENTS(kinds));
        return suite_run(s);
}
