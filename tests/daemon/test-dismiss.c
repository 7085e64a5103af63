/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Dismiss ends a job whose upgrade can only be followed. The module goes on, and is not adopted again before it
 * restarts. */

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "client-run.h"
#include "mini.h"
#include "suite.h"

#define JOB_2    "/org/fotad1/job/_32"
#define NAMELESS "ec600m,mini-revision=" /* its Mini system reports no revision, which makes fotad look for an
                                            upgrade */
#define LEFT     "is left alone until it restarts: job 1 was dismissed"

/* A DFOTA that is held at that point. */
static Course *begin_and_hold(const char *point)
{
        Course *c = course_new("ec200a", "");

        course_publish_any(c);
        course_begin_and_hold(c, point);
        return c;
}

static void dismiss(Course *c)
{
        world_assert_property(c->w, c->job, "Dismissable", "1");
        ck_assert_msg(world_call(c->w, c->job, "org.fotad1.Job", "Dismiss"), "%s", world_error_message(c->w));
        world_assert_result(c->w, c->job, "failed", "host", "dismissed");
        world_assert_property(c->w, c->job, "Dismissable", "0");
        world_assert_property(c->w, MODULE_1, "Job", "/");
        course_assert_message(c, "may still");
        course_assert_message(c, "keep the module powered");
}

static void assert_refused(World *w, const char *job, const char *why)
{
        world_assert_property(w, job, "Dismissable", "0");
        ck_assert(!world_call(w, job, "org.fotad1.Job", "Dismiss"));
        ck_assert_str_eq(world_error(w), "NotDismissable");
        ck_assert_msg(strstr(world_error_message(w), why), "%s", world_error_message(w));
}

static void await_left_alone(Course *c)
{
        g_autofree char *log = world_path(c->w, "fotad.log");

        world_await_file(c->w, log, LEFT);
        world_assert_property(c->w, MODULE_1, "Job", "/");
        course_assert_history(c, JOB_2, "added", "");
}

/* A stalled job. Its module stays in its Mini system, also for the next daemon, and finishes when its package is
 * published. */
START_TEST(test_stalled)
{
        Course *c = course_stall_in_second(NAMELESS);
        g_autofree char *log = world_path(c->w, "fotad.log");

        dismiss(c);
        course_assert_message(c, "while the module was in its Mini system");
        await_left_alone(c);
        assert_refused(c->w, c->job, "is finished");

        world_stop_daemon(c->w);
        ck_assert_int_eq(unlink(log), 0);
        world_start_daemon(c->w);
        await_left_alone(c);
        world_assert_property(c->w, c->job, "ErrorName", "dismissed");

        course_publish(c, NULL);
        world_await_property(c->w, MODULE_1, "Revision", c->new);
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        course_assert_history(c, JOB_2, "added", "");
        course_free(c);
}
END_TEST

/* An upgrade that writes the flash. Nothing is sent to the updater, and its messages do not get it adopted. */
START_TEST(test_updating)
{
        Course *c = begin_and_hold("updating:50");
        g_autofree char *log = world_path(c->w, "fotad.log"), *lines = NULL;
        const char *dismissed, *written;

        world_await_property(c->w, c->job, "State", "updating");
        dismiss(c);
        course_assert_message(c, "may still be writing its flash");
        g_free(world_sim(c->w, "hold 1-1 end"));
        g_free(world_sim(c->w, "release 1-1 updating:50"));
        world_await_file(c->w, log, LEFT);
        lines = world_log(c->w);
        dismissed = strstr(lines, "dismissed on request");
        ck_assert_ptr_nonnull(dismissed);
        written = strstr(dismissed, "usb-1-1: > ");
        ck_assert_msg(!written, "the updater was sent: %.20s", written);
        g_free(world_sim(c->w, "release 1-1 end"));
        world_await_property(c->w, MODULE_1, "Revision", NEW_REVISION);
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-count");
        world_assert_property(c->w, MODULE_1, "Job", "/");
        course_assert_history(c, JOB_2, "added", "");
        course_free(c);
}
END_TEST

/* A job that can be cancelled, and one that has ended. */
START_TEST(test_refused)
{
        Course *c = begin_and_hold("downloading:50");

        world_await_property(c->w, c->job, "State", "downloading");
        assert_refused(c->w, c->job, "cancel it instead");
        g_free(world_sim(c->w, "release 1-1"));
        world_assert_result(c->w, c->job, "success", "", "");
        assert_refused(c->w, c->job, "is finished");
        course_free(c);
}
END_TEST

/* An answer at a terminal: the answer, and fotactl's exit status. */
static const struct {
        const char *answer, *language, *question;
        int status;
} answers[] = {
        { "\n", NULL, "Dismiss it? [y/N] ", 3 },
        { "n\n", NULL, "Dismiss it? [y/N] ", 3 },
        { "\004", NULL, "Dismiss it? [y/N] ", 3 },
        { "y\n", NULL, "Dismiss it? [y/N] ", 0 },
        { "J\n", "de", "[j/N] ", 0 },
};

START_TEST(test_confirmation)
{
        Course *c = begin_and_hold("updating:50");
        ClientTerminal terminal = { .columns = 80, .language = answers[_i].language };
        g_autofree char *err = world_path(c->w, "fotactl.err");
        ClientRun *run;

        world_await_property(c->w, c->job, "Dismissable", "1");
        ck_assert(g_file_set_contents(err, "", -1, NULL)); /* stderr is the terminal instead */
        run = client_begin_at(c->w, "dismiss 1 2>&1 #", &terminal);
        client_await(run, answers[_i].question);
        ck_assert_int_eq(write(run->out, answers[_i].answer, strlen(answers[_i].answer)),
                         (ssize_t)strlen(answers[_i].answer));
        client_finish(run, answers[_i].status);
        client_free(run);
        if (answers[_i].status == 0)
                world_assert_result(c->w, c->job, "failed", "host", "dismissed");
        else
                world_assert_property(c->w, c->job, "Result", "");
        course_free(c);
}
END_TEST

/* Without a terminal, and with --yes, there is no question. */
START_TEST(test_not_asked)
{
        Course *c = begin_and_hold("updating:50");
        ClientRun *run;

        world_await_property(c->w, c->job, "Dismissable", "1");
        client_assert(c->w, "dismiss", NULL, 2, "", "needs JOB");
        client_assert(c->w, "dismiss 7", NULL, 3, "", "NoSuchJob");
        if (_i == 0) {
                client_assert(c->w, "dismiss 1 </dev/null", NULL, 0, "Job 1 is dismissed.", "");
        } else {
                run = client_begin(c->w, "dismiss --yes 1", NULL, true);
                client_finish(run, 0);
                ck_assert_msg(strstr(run->text->str, "Job 1 is dismissed."), "%s", run->text->str);
                client_free(run);
        }
        world_assert_result(c->w, c->job, "failed", "host", "dismissed");
        client_assert(c->w, "--json dismiss 1 </dev/null", NULL, 3, "NotDismissable", "");
        course_free(c);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("dismiss");

        suite_add(s, "stalled", test_stalled, 0, 1);
        suite_add(s, "updating", test_updating, 0, 1);
        suite_add(s, "refused", test_refused, 0, 1);
        suite_add(s, "confirmation", test_confirmation, 0, G_N_ELEMENTS(answers));
        suite_add(s, "not-asked", test_not_asked, 0, 2);
        return suite_run(s);
}
