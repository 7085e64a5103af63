/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Retry: a module that loops in its Mini system gets another source there (guide 5.2), once for each request, and never
 * otherwise; and a refused request changes nothing. */

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "mini.h"
#include "suite.h"

#define STALLS COURSE_STALLS

static void fotactl(Course *c, const char *arguments, int status, const char *out)
{
        g_autofree char *program = g_build_filename(g_getenv("abs_top_builddir"), "client/fotactl", NULL);
        g_autofree char *command = g_strdup_printf("%s %s", program, arguments), *text = NULL, *errors = NULL;
        int wait_status;

        ck_assert(g_spawn_command_line_sync(command, &text, &errors, &wait_status, NULL));
        ck_assert_msg(WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == status, "%s: status %x: %s%s", arguments,
                      wait_status, text, errors);
        ck_assert_msg(strstr(text, out) != NULL, "%s: no '%s' in: %s", arguments, out, text);
        (void)c;
}

/* Stalled in the new Mini system, with the second package missing. */
static Course *stall(const char *module)
{
        Course *c = course_stall_in_second(module);
        g_autofree char *package = course_second_url(c);

        course_await_stalled(c, package);
        return c;
}

/* The retry was sent once, with that URL, and the upgrade succeeded. */
static void assert_retried(Course *c, const char *restarts, const char *url)
{
        course_assert_success(c, restarts);
        world_assert_sim(c->w, "2", "get 1-1 qfotadl-count");
        world_assert_sim(c->w, url, "get 1-1 last-qfotadl");
}

/* Releases the answer that the retry waits for; the module accepts the retry. */
static void assert_retried_after(Course *c, const char *answer, const char *url)
{
        g_free(world_sim(c->w, "release 1-1 %s", answer));
        g_free(world_sim(c->w, "wait 1-1 accepted 2"));
        assert_retried(c, NULL, url);
}

/* Repaired by another source. 0: the bus; 1: fotactl; 2: fotactl --wait; 3: FTP; 4: StartUpgrade, which is refused. */
START_TEST(test_retry)
{
        Course *c = stall(_i == 4 ? "ec600m,mini-at=full,mini-revision=same" : "ec600m");
        g_autofree char *url = NULL, *arguments = NULL;

        course_publish_as(c, "fixed.mini_1", NULL);
        course_publish_as(c, "fixed.mini_2", NULL);
        url = _i == 3 ? world_ftp(c->w, "gateway:s3cret-Pa55@", "fixed.mini_1") : world_http(c->w, "fixed.mini_1");
        arguments = g_strdup_printf("retry %s1 %s", _i == 2 ? "--wait " : "", url);
        switch (_i) {
        case 1: fotactl(c, arguments, 0, "Job 1 is tried again."); break;
        case 2: fotactl(c, arguments, 0, c->new); break;
        case 4:
                ck_assert_ptr_null(world_start(c->w, "usb-1-1", url, NULL));
                ck_assert_str_eq(world_error(c->w), "Busy");
                world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
                world_assert_property(c->w, c->job, "Source", c->url);
                course_assert_retry(c, url);
                break;
        default: course_assert_retry(c, url);
        }
        assert_retried(c, "4", url);
        if (_i == 3) {
                g_autofree char *source = world_property(c->w, c->job, "Source"), *log = world_log(c->w);

                ck_assert_msg(g_str_has_prefix(source, "ftp://gateway:***@"), "%s", source);
                ck_assert(!strstr(log, "s3cret"));
        } else {
                world_assert_property(c->w, c->job, "Source", url);
        }
        course_free(c);
}
END_TEST

/* In the old Mini system, where the header has matched already. */
START_TEST(test_retry_first)
{
        Course *c = course_new("ec600m", STALLS);
        g_autofree char *url = NULL;

        course_publish(c, "digest");
        course_begin(c);
        /* The module restarts again and again: between two restarts its port answers, for a moment. */
        g_free(world_sim(c->w, "wait 1-1 bad-package"));
        g_free(world_sim(c->w, "hold 1-1 mini-1:2k"));
        g_free(world_sim(c->w, "held 1-1"));
        course_await_stalled(c, c->url);
        course_publish_as(c, "fixed.mini_1", NULL);
        course_publish_as(c, "fixed.mini_2", NULL);
        url = world_http(c->w, "fixed.mini_1");
        for (g_autofree char *name = g_strdup("ModuleNotReady"); name;) {
                ck_assert_str_eq(name, "ModuleNotReady");
                g_free(name);
                name = course_retry(c, url, NULL, NULL, NULL, NULL);
        }
        g_free(world_sim(c->w, "wait 1-1 qfotadl 2"));
        g_free(world_sim(c->w, "release 1-1 mini-1:2k"));
        assert_retried(c, NULL, url);
        course_free(c);
}
END_TEST

static void refuse(Course *c, const char *source, const char *key, const char *type, const char *value,
                   const char *expected, const char *part)
{
        g_autofree char *message = NULL, *name = course_retry(c, source, key, type, value, &message);

        ck_assert_msg(name && strcmp(name, expected) == 0, "%s %s: %s instead of %s: %s", source, key ?: "", name,
                      expected, message);
        ck_assert_msg(strstr(message, part) != NULL, "no '%s' in: %s", part, message);
}

/* A Retry that is refused changes nothing. */
START_TEST(test_refused)
{
        Course *c = course_new("ec800m-4,https=1", STALLS);
        g_autofree char *ftp = NULL, *https = NULL, *message = NULL, *bin = NULL, *second = course_second_url(c);

        course_publish_as(c, UP, NULL);
        course_begin_and_hold(c, "mini-1:50");
        world_await_property(c->w, c->job, "Restarts", "1");
        refuse(c, c->url, NULL, NULL, NULL, "NotStalled", "downloading");
        g_free(world_sim(c->w, "release 1-1"));
        world_await_property(c->w, c->job, "State", "stalled");
        message = world_property(c->w, c->job, "Message");
        ftp = world_ftp(c->w, "", UP);
        https = world_https(c->w, UP);
        bin = world_http(c->w, "up.bin");
        refuse(c, bin, NULL, NULL, NULL, "InvalidSource", ".mini_1");
        refuse(c, second, NULL, NULL, NULL, "InvalidSource", ".mini_1");
        refuse(c, "", NULL, NULL, NULL, "InvalidSource", "empty");
        refuse(c, "http://host/a b.mini_1", NULL, NULL, NULL, "InvalidSource", "blank");
        refuse(c, ftp, NULL, NULL, NULL, "InvalidSource", "FTP");
        refuse(c, https, NULL, NULL, NULL, "InvalidSource", "HTTPS");
        refuse(c, c->url, "cid", "u", "1", "InvalidOption", "cid");
        refuse(c, c->url, "apn", "s", "internet", "InvalidOption", "apn");
        refuse(c, c->url, "download-urc-max", "u", "50", "InvalidOption", "download-urc-max");
        refuse(c, c->url, "method", "s", "dfota", "InvalidOption", "method");
        refuse(c, c->url, "request-id", "s", "r1", "InvalidOption", "a retry starts no job");
        refuse(c, c->url, "dance", "s", "yes", "InvalidOption", "dance");
        refuse(c, c->url, "cid", "s", "1", "InvalidOption", "cid");
        world_assert_property(c->w, c->job, "State", "stalled");
        world_assert_property(c->w, c->job, "Source", c->url);
        world_assert_property(c->w, c->job, "Message", message);
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");

        course_publish_as(c, "up.mini_2", NULL);
        course_assert_success(c, "4");
        refuse(c, c->url, NULL, NULL, NULL, "NotStalled", "finished");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        course_free(c);
}
END_TEST

/* No port answers: publishing the package is the only remedy. */
static const char *const silent[] = { "ec600m,mini-at=none", "ec600m,mini-ports=none", "eg800k-2" };

START_TEST(test_silent)
{
        Course *c = course_stall_in_second(silent[_i]);

        world_await_property(c->w, c->job, "State", "stalled");
        course_assert_no_message(c, "etry");
        refuse(c, c->url, NULL, NULL, NULL, "ModuleNotReady", "publish");
        world_assert_property(c->w, c->job, "State", "stalled");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        course_publish_as(c, "up.mini_2", NULL);
        course_assert_success(c, strcmp(silent[_i], "eg800k-2") == 0 ? "3" : "4");
        course_free(c);
}
END_TEST

/* A source that is no better, one that the module refuses, and a daemon that dies between: each is sent once. */
START_TEST(test_retry_again)
{
        Course *c = stall("ec600m");
        World *w = c->w;
        g_autofree char *other = world_http(w, "other.mini_1"), *waits = world_http(w, "other.mini_2");

        /* During the last question for the identity, which is answered first. */
        g_free(world_sim(w, "hold 1-1 answer:AT+CGSN"));
        g_free(world_sim(w, "held 1-1 answer:AT+CGSN"));
        course_assert_retry(c, other);
        g_free(world_sim(w, "release 1-1 answer:AT+CGSN"));
        g_free(world_sim(w, "wait 1-1 accepted 2"));
        world_await_property(w, c->job, "State", "updating");
        world_assert_property(w, c->job, "Message", "");
        refuse(c, c->url, NULL, NULL, NULL, "NotStalled", "updating");
        course_await_stalled(c, waits);
        world_assert_sim(w, "2", "get 1-1 qfotadl-count");

        g_free(world_sim(w, "set 1-1 qfotadl error"));
        course_assert_retry(c, c->url);
        g_free(world_sim(w, "wait 1-1 qfotadl 3"));
        course_await_message(c, "ERROR to AT+QFOTADL");
        world_assert_property(w, c->job, "StallReason", "source-rejected");
        world_assert_property(w, c->job, "State", "stalled");
        world_assert_property(w, c->job, "Source", other); /* the module goes on with this source */
        g_free(world_sim(w, "set 1-1 qfotadl ok"));

        world_kill_daemon(w);
        world_start_daemon(w);
        world_await_property(w, c->job, "State", "stalled");
        world_assert_property(w, c->job, "Percent", "60");
        course_publish_as(c, "other.mini_2", NULL); /* the module still waits for this package */
        course_assert_success(c, "4");
        world_assert_sim(w, "3", "get 1-1 qfotadl-count");
        course_free(c);
}
END_TEST

/* Stalled again, while a port that has answered before is being probed. */
static Course *stall_while_it_is_asked(const char *question)
{
        Course *c = stall("ec600m");

        g_free(world_sim(c->w, "hold 1-1 %s", question));
        g_free(world_sim(c->w, "urc 1-1 +QIND: \"FOTA\",\"UPDATING\",60")); /* from here on the port only listens */
        g_free(world_sim(c->w, "held 1-1 %s", question));
        world_await_property(c->w, c->job, "State", "stalled");
        return c;
}

static void assert_waits(Course *c)
{
        world_assert_property(c->w, c->job, "State", "stalled");
        world_assert_property(c->w, c->job, "Source", c->url);
        course_assert_message(c, "The retry is sent when the Mini system answers AT.");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
}

/* A retry while the port is being probed waits for the answer. 1: the module restarts before it answers, which ends the
 * wait, so that a second retry is needed; 2: the daemon restarts; 3: another retry replaces the first. */
START_TEST(test_retry_in_between)
{
        static const char question[] = "answer:ATQ0V1E0";
        Course *c = stall_while_it_is_asked(question);
        g_autofree char *other = world_http(c->w, "other.mini_1"), *better = world_http(c->w, "better.mini_1");
        const char *sent = _i == 3 ? better : other;
        g_autofree char *log = NULL;

        course_publish_as(c, "other.mini_2", NULL);
        course_publish_as(c, "better.mini_2", NULL);
        course_assert_retry(c, other);
        assert_waits(c);
        if (_i == 1) {
                g_free(world_sim(c->w, "power-cut 1-1"));
                g_free(world_sim(c->w, "held 1-1 %s", question));
                world_await_property(c->w, c->job, "State", "stalled");
                log = world_log(c->w);
                ck_assert(strstr(log, "the module restarted: the retry is not sent"));
                world_assert_property(c->w, c->job, "Source", c->url);
        } else if (_i == 2) {
                world_kill_daemon(c->w);
                world_start_daemon(c->w);
        } else if (_i == 3) {
                course_assert_retry(c, better);
        }
        if (_i != 1)
                assert_waits(c);
        g_free(world_sim(c->w, "release 1-1 %s", question));
        if (_i == 1) {
                g_free(world_sim(c->w, "wait 1-1 rx:AT+CMGF? +1"));
                world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
                course_assert_retry(c, other);
        }
        g_free(world_sim(c->w, "wait 1-1 accepted 2"));
        world_await_property(c->w, c->job, "Source", sent);
        assert_retried(c, NULL, sent);
        course_free(c);
}
END_TEST

/* A retry as soon as the job is stalled again, while the port is probed for the first time since the restart of the
 * module (0) or of the daemon (1). */
START_TEST(test_retry_at_once)
{
        static const char question[] = "answer:ATQ0V1E0";
        Course *c = course_new("ec600m", "settle=60\nstall=2\n");
        g_autofree char *other = world_http(c->w, "other.mini_1"), *package = course_second_url(c);

        course_publish_as(c, UP, NULL);
        course_follow(c, COURSE_FIRST);
        g_free(world_sim(c->w, "wait 1-1 mini-2"));
        course_await_stalled(c, package);
        course_publish_as(c, "other.mini_2", NULL);
        g_free(world_sim(c->w, "hold 1-1 %s", question));
        if (_i == 0) {
                course_cut_power(c);
        } else {
                world_kill_daemon(c->w);
                world_start_daemon(c->w);
        }
        g_free(world_sim(c->w, "held 1-1 %s", question));
        world_await_property(c->w, c->job, "State", "stalled");
        course_assert_retry(c, other);
        assert_waits(c);
        assert_retried_after(c, question, other);
        course_free(c);
}
END_TEST

/* A retry is not lost, or taken for sent, if the question times out and the port is mute for longer than the time-out
 * of a command. */
START_TEST(test_retry_after_time_out)
{
        static const char question[] = "answer:AT+CGSN";
        Course *c = stall("ec600m");
        g_autofree char *other = world_http(c->w, "other.mini_1");

        course_publish_as(c, "other.mini_2", NULL);
        g_free(world_sim(c->w, "hold 1-1 %s", question));
        g_free(world_sim(c->w, "held 1-1 %s", question));
        course_assert_retry(c, other);
        g_free(world_sim(c->w, "wait 1-1 rx:ATQ0V1E0 +8")); /* one each second, once the question has timed out */
        assert_waits(c);
        assert_retried_after(c, question, other);
        course_free(c);
}
END_TEST

/* The module goes on by itself before the retry could be sent: it keeps its source. */
START_TEST(test_retry_not_needed)
{
        static const char question[] = "answer:ATQ0V1E0";
        Course *c = stall_while_it_is_asked(question);
        g_autofree char *other = world_http(c->w, "other.mini_1");

        course_assert_retry(c, other);
        assert_waits(c);
        course_publish_as(c, "up.mini_2", NULL);
        g_free(world_sim(c->w, "wait 1-1 end"));
        g_free(world_sim(c->w, "release 1-1 %s", question));
        course_assert_success(c, NULL);
        world_assert_property(c->w, c->job, "Source", c->url);
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        course_free(c);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("mini-retry");

        suite_add(s, "retry", test_retry, 0, 5);
        suite_add(s, "retry-first", test_retry_first, 0, 1);
        suite_add(s, "refused", test_refused, 0, 1);
        suite_add(s, "silent", test_silent, 0, G_N_ELEMENTS(silent));
        suite_add(s, "retry-again", test_retry_again, 0, 1);
        suite_add(s, "retry-in-between", test_retry_in_between, 0, 4);
        suite_add(s, "retry-at-once", test_retry_at_once, 0, 2);
        suite_add(s, "retry-after-time-out", test_retry_after_time_out, 0, 1);
        suite_add(s, "retry-not-needed", test_retry_not_needed, 0, 1);
        return suite_run(s);
}
