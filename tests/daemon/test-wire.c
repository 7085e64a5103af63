/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The parts of a caller's arguments that reach the module: exactly those, in their order, inside their quotes; and the
 * secrets are nowhere else. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "presets.h"
#include "suite.h"
#include "world.h"

#define SECRET "s3cret-Pa55"

static void assert_no_secret(World *w, const char *secret)
{
        g_autofree char *log = world_log(w);

        ck_assert(!strstr(log, secret));
}

/* A ; ends a command, but not inside quotes: it arrives as part of the URL and is no second command. */
START_TEST(test_semicolon)
{
        World *w = world_new_idle(&(WorldSettings){ .modules = { "1-1=ec200a" } });
        g_autofree char *url = world_http(w, "none;+CFUN=0"), *job = world_start(w, "", url, NULL), *text = NULL;
        g_autofree char *log = world_path(w, "truth.log");

        ck_assert_msg(job != NULL, "%s", world_error_message(w));
        world_assert_result(w, job, "failed", "http", "url-error");
        world_assert_sim(w, url, "get 1-1 last-qfotadl");
        world_assert_sim(w, "1", "get 1-1 cfun");
        ck_assert(g_file_get_contents(log, &text, NULL, NULL));
        ck_assert(!strstr(text, "rx at \"AT+CFUN"));
        world_free(w);
}
END_TEST

static const char *find_after(const char *text, const char *line)
{
        const char *found = strstr(text, line);

        ck_assert_msg(found != NULL, "not there, or not in its turn: %s", line);
        return found + strlen(line);
}

/* The guide's example, with a login and without. */
START_TEST(test_context)
{
        World *w = world_new_idle(&(WorldSettings){ .modules = { "1-1=ec200a,needs-pdp=1" } });
        g_autofree char *url = NULL, *job = NULL, *truth = world_path(w, "truth.log"), *text = NULL, *objects = NULL;
        g_autofree char *file = world_path(w, "state/jobs/1.job"), *kept = NULL;
        const char *p;

        url = world_publish(w);
        if (_i == 0)
                job = world_expect_job(
                        w, world_start(w, "", url, "apn", "s", "cmnet", "cid", "u", "2", "apn-auth", "u", "1", NULL));
        else
                job = world_expect_job(w, world_start(w, "", url, "cid", "u", "2", "apn", "s", "cmnet", "apn-user", "s",
                                                      "gw", "apn-password", "s", SECRET, NULL));
        world_assert_result(w, job, "success", "", "");
        world_assert_sim(w, "1", "get 1-1 fota-cid");
        ck_assert(g_file_get_contents(truth, &text, NULL, NULL));
        p = find_after(text, _i == 0 ? "rx at \"AT+QICSGP=2,1,\\\"cmnet\\\",\\\"\\\",\\\"\\\",1\""
                                     : "rx at \"AT+QICSGP=2,1,\\\"cmnet\\\",\\\"gw\\\",\\\"" SECRET "\\\",1\"");
        p = find_after(p, "rx at \"AT+QCFG=\\\"fota/cid\\\",2\"");
        p = find_after(p, "rx at \"AT+QIACT=2\"");
        p = find_after(p, "rx at \"AT+QFOTADL=");
        find_after(p, "rx at \"AT+QCFG=\\\"fota/cid\\\",1\"");
        assert_no_secret(w, SECRET);
        ck_assert(g_file_get_contents(file, &kept, NULL, NULL));
        ck_assert(!strstr(kept, SECRET));
        if (_i == 1) {
                g_autofree char *state = world_path(w, "state");
                g_autofree char *command = g_strdup_printf("grep -rqF '%s' '%s'; test $? = 1", SECRET, state);

                ck_assert_int_eq(system(command), 0);
        }
        world_free(w);
}
END_TEST

/* The module's list in AT+QFOTADL=? limits the value that is sent, and progress is counted by the value that was sent;
 * values that are not listed are not tried. */
START_TEST(test_listed)
{
        World *w = world_new_idle(&(WorldSettings){ .modules = { "1-1=ec200a,urcport=uart1" } });
        g_autofree char *url = NULL, *refused = NULL, *job = NULL, *truth = world_path(w, "truth.log"), *text = NULL;
        g_autofree char *message = NULL, *command = NULL;

        url = world_publish(w);
        g_free(world_sim(w, "set 1-1 qfotadl-test +QFOTADL: <url>,(0,1),(0,5-50),(0,5-50)"));
        refused = world_start(w, "", url, "download-urc-max", "u", "80", NULL);
        ck_assert_msg(refused != NULL, "%s", world_error_message(w));
        world_assert_result(w, refused, "failed", "host", "rejected");
        message = world_property(w, refused, "Message");
        ck_assert_msg(strstr(message, "lists 0, 5-50 for download-urc-max, not 80"), "%s", message);
        world_assert_sim(w, "0", "get 1-1 qfotadl-count");
        world_assert_sim(w, "0", "count 1-1 rx:AT+QURCCFG=\"urcport\",\"usbat\"");

        g_free(world_sim(w, "hold 1-1 downloading:50"));
        job = world_expect_job(w, world_start(w, "", url, NULL));
        g_free(world_sim(w, "held 1-1 downloading:50"));
        world_await_property(w, job, "Percent", "25"); /* DOWNLOADING,25 */
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        command = g_strdup_printf("rx at \"AT+QFOTADL=\\\"%s\\\",1,50\"", url);
        ck_assert(g_file_get_contents(truth, &text, NULL, NULL));
        find_after(text, command);
        world_assert_sim(w, "uart1", "get 1-1 urcport");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("wire");

        suite_add(s, "semicolon", test_semicolon, 0, 1);
        suite_add(s, "context", test_context, 0, 2);
        suite_add(s, "listed", test_listed, 0, 1);
        return suite_run(s);
}
