/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Shows the course of a MiniFOTA (guide 2.3.1.2) and each exception of the guide's chapter 5: which result, state and
 * system is told, what is said of what is needed, and that nothing is called failed that may still finish. */

#include "upgrade-bench.h"

static void go(Bench *b)
{
        bench_begin(b);
        bench_present(b);
        bench_ready(b, MINI_OLD);
        ck_assert_uint_eq(b->upgrades_sent, 1);
        ck_assert(upgrade_is_cancellable(b->job));
}

/* Into another system: off the bus, and back. */
static void restart(Bench *b, bool mini)
{
        bench_gone(b);
        b->now += 20 * SECOND;
        b->mini = mini;
        bench_present(b);
}

static void go_mini(Bench *b)
{
        go(b);
        restart(b, true);
        bench_assert_state(b, JOB_DOWNLOADING);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_MINI);
        ck_assert(!upgrade_is_cancellable(b->job));
}

/* To the new Mini system, which has begun. */
static void go_mini2(Bench *b)
{
        go_mini(b);
        restart(b, false);
        bench_updating(b, 7);
        bench_assert_state(b, JOB_UPDATING);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_UPDATING);
        bench_updating(b, 60);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_UPDATING);
        restart(b, true);
        bench_updating(b, 60);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_MINI);
        ck_assert_uint_eq(b->job->percent, 60);
        bench_assert_state(b, JOB_UPDATING);
}

static void assert_stalled(Bench *b, const char *needs)
{
        bench_assert_state(b, JOB_STALLED);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_MINI);
        ck_assert_int_eq(b->job->result, JOB_RESULT_NONE);
        ck_assert(!upgrade_is_cancellable(b->job) && upgrade_may_retry(b->job));
        assert_has(b->job->message, needs);
        assert_has_not(b->job->message, "Geheim7");
}

/* Which questions are asked on the way, is not the module's concern: answers as whoever runs now. */
static void answer(Bench *b, const char *revision)
{
        if (b->identify && b->job->state != JOB_FINISHED)
                bench_ready(b, revision);
}

START_TEST(whole)
{
        g_autoptr(Bench) b = bench_new_mini();

        go(b);
        assert_has(b->log->str, "send AT+QFOTADL=\"http://user:Geheim7@h/x.mini_1\"|");
        restart(b, true);
        bench_urc(b, "RDY");
        restart(b, false);
        for (int i = 2; i <= 60; i += 2)
                bench_updating(b, i);
        restart(b, true);
        for (int i = 60; i <= 96; i += 4)
                bench_updating(b, i);
        ck_assert_uint_eq(b->job->percent, 96);
        bench_fota(b, "\"END\",0");
        bench_assert_state(b, JOB_VERIFYING);
        restart(b, false);
        bench_urc(b, "RDY");
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_uint_eq(b->job->restarts, 4);
        ck_assert_str_eq(b->job->to_revision, MINI_NEW);
        ck_assert_str_eq(b->power_control, "auto");
}
END_TEST

/* Whatever is lost, the last thing said is not who it is: only the big system knows of SMS. */
START_TEST(nothing_is_said)
{
        g_autoptr(Bench) b = bench_new_mini();

        go_mini(b);
        restart(b, false);
        restart(b, true);
        bench_ready(b, MINI_NEW); /* the new Mini system calls itself by the new revision */
        ck_assert(b->job->state != JOB_FINISHED);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_MINI);
        restart(b, false);
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* Another product id is the Mini system's, unless all four restarts were seen. */
START_TEST(other_face)
{
        g_autoptr(Bench) b = bench_new_mini();

        b->no_sms = true;
        go(b);
        b->product = 0x6001;
        restart(b, true);
        bench_ready(b, MINI_OLD);
        for (unsigned i = 0; i < 200 && b->job->state != JOB_STALLED; i++) {
                bench_tick(b);
                answer(b, MINI_OLD);
        }
        assert_stalled(b, "http://user:***@h/x.mini_1");
}
END_TEST

/* The daemon sees the end only: what answers as the big system is believed when it stays quiet. */
START_TEST(seen_late)
{
        g_autoptr(Bench) b = bench_new_mini();
        uint64_t since;

        go(b);
        restart(b, false);
        since = b->now;
        bench_ready(b, MINI_NEW);
        ck_assert(b->job->state != JOB_FINISHED);
        for (unsigned i = 0; i < 30 && b->job->state != JOB_FINISHED; i++) {
                bench_tick(b);
                answer(b, MINI_NEW);
        }
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_uint_eq(b->now - since, b->timeouts.settle);
}
END_TEST

/* A Mini system that knows of SMS after all, and calls itself by the new revision, is no success. */
START_TEST(mini_system_that_looks_like_the_big_one)
{
        g_autoptr(Bench) b = bench_new_mini();

        go_mini(b);
        restart(b, false);
        bench_updating(b, 60);
        restart(b, false);
        bench_ready(b, MINI_NEW);
        ck_assert(b->job->state != JOB_FINISHED);
        bench_pass(b, 5 * SECOND);
        bench_updating(b, 64);
        bench_fota(b, "\"END\",0");
        restart(b, false);
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

START_TEST(another_revision_than_expected)
{
        g_autoptr(Bench) b = bench_new_mini();
        char *why = NULL;

        ck_assert(options_set_string(b->job->options, "expected-revision", "EC600MCNLER06A10M08", &why));
        go_mini2(b);
        bench_fota(b, "\"END\",0");
        restart(b, false);
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_FAILED, "revision-mismatch");
}
END_TEST

/* ---- scenarios 1 and 2 */

START_TEST(falls_back)
{
        static const struct {
                const char *said, *because;
        } words[] = {
                { NULL, "without having said why" },
                { "\"HTTPEND\",711", "HTTP code 711: The module rejected the URL" },
                { "\"END\",507", "so the package does not fit this module" },
                { "\"FTPEND\",611", "so the package could not be had" },
        };
        g_autoptr(Bench) b = bench_new_mini();

        go_mini(b);
        if (words[_i].said)
                bench_fota(b, words[_i].said);
        bench_assert_state(b, JOB_DOWNLOADING);
        restart(b, false);
        bench_urc(b, "RDY");
        bench_ready(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "fell-back");
        assert_has(b->job->message, words[_i].because);
        ck_assert_str_eq(b->job->to_revision, MINI_OLD);
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_NORMAL);
}
END_TEST

/* Its boot URC comes after it has told its revision. */
START_TEST(falls_back_and_says_so_late)
{
        g_autoptr(Bench) b = bench_new_mini();
        uint64_t since;

        go_mini(b);
        restart(b, false);
        bench_ready(b, MINI_OLD);
        bench_pass(b, 5 * SECOND);
        since = b->now;
        bench_urc(b, "RDY");
        while (b->job->state != JOB_FINISHED) {
                bench_tick(b);
                answer(b, MINI_OLD);
        }
        ck_assert_uint_le(b->now - since, 2 * SECOND);
        bench_assert_end(b, JOB_RESULT_FAILED, "fell-back");
}
END_TEST

/* The Mini systems never showed on the bus: one restart, and the old firmware with all its words. */
START_TEST(falls_back_unseen)
{
        g_autoptr(Bench) b = bench_new_mini();

        go(b);
        restart(b, false);
        bench_urc(b, "RDY");
        if (_i)
                bench_urc(b, "+QIND: SMS DONE");
        bench_ready(b, MINI_OLD);
        ck_assert(b->job->state != JOB_FINISHED);
        for (unsigned i = 0; i < 30 && b->job->state != JOB_FINISHED; i++) {
                bench_tick(b);
                answer(b, MINI_OLD);
        }
        bench_assert_end(b, JOB_RESULT_FAILED, "fell-back");
}
END_TEST

/* ---- scenarios 3 and 4 */

START_TEST(stalls_in_the_old_mini_system)
{
        g_autoptr(Bench) b = bench_new_mini();
        uint64_t began;

        go_mini(b);
        began = b->now;
        if (_i == 1)
                bench_event(b, UPGRADE_EVENT_NAMELESS, NULL);
        if (_i == 2)
                bench_ready(b, MINI_OLD);
        while (b->job->state != JOB_STALLED) {
                bench_tick(b);
                answer(b, MINI_OLD);
        }
        ck_assert_uint_eq(b->now - began, b->timeouts.stall);
        assert_stalled(b, "waits for http://user:***@h/x.mini_1: publish");
        /* A day later the network is back. */
        bench_pass(b, 86400 * SECOND);
        assert_stalled(b, "x.mini_1");
        restart(b, false);
        bench_assert_state(b, JOB_STALLED); /* it does not know better yet */
        bench_updating(b, 2);
        bench_assert_state(b, JOB_UPDATING);
        ck_assert_str_eq(b->job->message, "");
        ck_assert(!upgrade_may_retry(b->job));
}
END_TEST

START_TEST(stalls_in_the_new_mini_system)
{
        g_autoptr(Bench) b = bench_new_mini();

        go_mini2(b);
        bench_updating(b, 75);
        bench_fota(b, "\"HTTPEND\",717");
        bench_pass(b, b->timeouts.stall + SECOND);
        assert_stalled(b, "x.mini_2, and cannot go back");
        assert_has(b->job->message, "It last reported HTTP code 717");
        ck_assert_uint_eq(b->job->percent, 75);
        ck_assert(b->identify); /* so that a retry can be offered */
        /* It repeats the step, from 60 (guide 2.3.1.2, step 5). */
        bench_updating(b, 60);
        bench_assert_state(b, JOB_UPDATING);
        ck_assert_uint_eq(b->job->percent, 75);
        bench_updating(b, 96);
        bench_fota(b, "\"END\",0");
        restart(b, false);
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

/* Whoever repeats the same for ever is stalled, and says so but once. */
/* ---- what a person reads, word by word (guide 5.1) */

static const char *const sentence[] = {
        "The Mini system gave up and the old firmware runs again without having said why; likelier the package could "
        "not be had (a wrong URL, not published, no network, a power cut) than made for another revision: check the "
        "URL and that the package fits "
        "the revision that runs, then start again.",
        "The Mini system gave up and the old firmware runs again after it had reported HTTP code 711: The module "
        "rejected the URL, or the server does not have the package; so the package could not be had: check the URL and "
        "that the package fits "
        "the revision that runs, then start again.",
        "The Mini system gave up and the old firmware runs again after it had reported update code 507: The package "
        "was "
        "made for another revision than the one that runs; so the package does not fit this module: check the URL and "
        "that the package fits "
        "the revision that runs, then start again.",
        "The module is in its Mini system and waits for http://user:***@h/x.mini_1: publish that very file and restore "
        "the "
        "module's network, and it goes on by itself.",
        "The module is in its Mini system and waits for http://user:***@h/x.mini_2, and cannot go back: publish that "
        "very "
        "file and restore the module's network, and it goes on by itself, or correct the source with Retry (fotactl "
        "retry).",
        "The module is in its Mini system and waits for http://user:***@h/x.mini_2, and cannot go back: publish that "
        "very "
        "file and restore the module's network, and it goes on by itself.",
};

START_TEST(sentences)
{
        g_autoptr(Bench) b = bench_new_mini();

        go_mini(b);
        switch (_i) {
        case 0: /* scenario 1 */
        case 1:
        case 2: /* scenario 2 */
                if (_i == 1)
                        bench_fota(b, "\"HTTPEND\",711");
                if (_i == 2)
                        bench_fota(b, "\"END\",507");
                restart(b, false);
                bench_urc(b, "RDY");
                bench_ready(b, MINI_OLD);
                break;
        case 3: /* scenario 3 */ bench_pass(b, b->timeouts.stall + SECOND); break;
        case 4: /* scenario 4, where a port answers */
        case 5: /* and where none does */
                restart(b, false);
                bench_updating(b, 60);
                restart(b, true);
                bench_updating(b, 60);
                bench_pass(b, b->timeouts.stall + SECOND);
                if (_i == 4)
                        bench_event(b, UPGRADE_EVENT_NAMELESS, NULL);
                break;
        }
        ck_assert_str_eq(b->job->message, sentence[_i]);
}
END_TEST

START_TEST(repeats_for_ever)
{
        g_autoptr(Bench) b = bench_new_mini();
        unsigned changes = 0;
        JobState state;

        go_mini2(b);
        bench_updating(b, 96);
        state = b->job->state;
        for (unsigned i = 0; i < 1000; i++) {
                bench_fota(b, "\"END\",505");
                bench_pass(b, 60 * SECOND);
                bench_updating(b, 60);
                bench_updating(b, 80);
                bench_updating(b, 96);
                changes += state != b->job->state;
                state = b->job->state;
        }
        assert_stalled(b, "x.mini_2");
        ck_assert_uint_le(changes, 4);
}
END_TEST

/* A damaged .mini_1: it restarts into the Mini system again and again (guide 2.3.1.2, step 4). */
START_TEST(restarts_for_ever)
{
        g_autoptr(Bench) b = bench_new_mini();

        go_mini(b);
        for (unsigned i = 0; i < 200; i++) {
                bench_pass(b, 60 * SECOND);
                restart(b, true);
                bench_ready(b, MINI_OLD);
                ck_assert_int_eq(b->job->result, JOB_RESULT_NONE);
        }
        assert_stalled(b, "x.mini_1");
        ck_assert_uint_ge(b->job->restarts, 200);
        restart(b, false);
        bench_updating(b, 10);
        bench_assert_state(b, JOB_UPDATING);
}
END_TEST

/* In the updater, between the packages. */
START_TEST(stalls_while_it_updates)
{
        g_autoptr(Bench) b = bench_new_mini();

        go_mini(b);
        restart(b, false);
        bench_updating(b, 30);
        bench_pass(b, b->timeouts.stall + SECOND);
        bench_assert_state(b, JOB_STALLED);
        assert_has(b->job->message, "cycle its power once");
        bench_updating(b, 31);
        bench_assert_state(b, JOB_UPDATING);
}
END_TEST

/* ---- a day without network: next to nothing is done, and the first word is heeded at once */

START_TEST(a_day)
{
        g_autoptr(Bench) b = bench_new_mini();
        uint64_t end;
        unsigned ticks = 0;
        int persists;

        if (_i == 0)
                go_mini(b);
        else
                go_mini2(b);
        bench_clear(b);
        persists = b->persists;
        end = b->now + 86400 * SECOND;
        while (b->now < end) {
                bench_tick(b);
                ticks++;
                if (_i != 2) /* 2: mute */
                        answer(b, MINI_NEW);
        }
        ck_assert_uint_le(ticks, 86400 / 180 + 20);
        ck_assert_int_le(b->persists - persists, 5);
        ck_assert_uint_le(b->log->len, 100000);
        assert_stalled(b, _i == 0 ? ".mini_1" : ".mini_2");
        bench_updating(b, _i == 0 ? 2 : 64);
        bench_assert_state(b, JOB_UPDATING);
}
END_TEST

/* ---- retry (guide 5.2) */

START_TEST(retry)
{
        g_autoptr(Bench) b = bench_new_mini();

        go_mini2(b);
        bench_pass(b, b->timeouts.stall + SECOND);
        bench_clear(b);
        bench_retry(b, "http://u:Geheim7@h/y.mini_1");
        assert_has(b->log->str, "persist|announce|send AT+QFOTADL=\"http://u:Geheim7@h/y.mini_1\"|");
        assert_has(b->disk, "y.mini_1");
        bench_assert_state(b, JOB_UPDATING);
        ck_assert_str_eq(b->job->message, "");
        bench_updating(b, 70);
        bench_fota(b, "\"END\",0");
        restart(b, false);
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_str_eq(b->job->source, "http://u:***@h/y.mini_1");
}
END_TEST

START_TEST(retry_is_rejected)
{
        g_autoptr(Bench) b = bench_new_mini();

        go_mini(b);
        bench_pass(b, b->timeouts.stall + SECOND);
        b->rejects = "AT+QFOTADL=";
        bench_retry(b, "http://h/y.mini_1");
        assert_stalled(b, "answered ERROR");
        assert_has(b->job->message, "still waits for http://user:***@h/x.mini_1");
        ck_assert_str_eq(b->job->source, "http://user:Geheim7@h/x.mini_1");
        b->rejects = NULL;
        bench_retry(b, "http://h/z.mini_1");
        bench_assert_state(b, JOB_DOWNLOADING);
        bench_pass(b, b->timeouts.stall + SECOND);
        assert_stalled(b, "z.mini_1");
}
END_TEST

/* ---- before the point of no return */

/* Newer firmware asks for the package before it leaves; with a failure it stays. */
START_TEST(does_not_leave)
{
        g_autoptr(Bench) b = bench_new_mini();

        go(b);
        bench_fota(b, "\"HTTPEND\",717");
        ck_assert(b->job->state != JOB_FINISHED);
        ck_assert(upgrade_is_cancellable(b->job));
        bench_pass(b, b->timeouts.start + SECOND);
        answer(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "socket-read-failed");
        ck_assert_int_eq(b->job->code, 717);
}
END_TEST

/* It said so, and left all the same: that decides nothing. */
START_TEST(leaves_all_the_same)
{
        g_autoptr(Bench) b = bench_new_mini();

        go(b);
        bench_fota(b, "\"HTTPEND\",727");
        restart(b, true);
        restart(b, false);
        bench_updating(b, 40);
        restart(b, true);
        bench_updating(b, 80);
        restart(b, false);
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

START_TEST(rejected)
{
        g_autoptr(Bench) b = bench_new_mini();

        b->rejects = "AT+QFOTADL=";
        bench_begin(b);
        bench_present(b);
        bench_ready(b, MINI_OLD);
        answer(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "rejected");
}
END_TEST

START_TEST(cancelled_in_time)
{
        g_autoptr(Bench) b = bench_new_mini();

        go(b);
        bench_clear(b);
        bench_cancel(b);
        assert_has(b->log->str, "send AT+CFUN=1,1|");
        assert_has_not(b->log->str, "AT+CFUN=0");
        restart(b, false);
        bench_urc(b, "RDY");
        bench_ready(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
}
END_TEST

/* The reset came too late: it is in the Mini system, and goes on. */
START_TEST(cancelled_too_late)
{
        g_autoptr(Bench) b = bench_new_mini();

        go(b);
        bench_cancel(b);
        restart(b, true);
        ck_assert(!upgrade_is_cancellable(b->job));
        bench_ready(b, MINI_OLD);
        ck_assert(b->job->state != JOB_FINISHED);
        restart(b, false);
        bench_updating(b, 20);
        restart(b, true);
        bench_fota(b, "\"END\",0");
        restart(b, false);
        bench_ready(b, MINI_NEW);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}
END_TEST

START_TEST(left_before_it_could_be_reset)
{
        g_autoptr(Bench) b = bench_new_mini();

        go(b);
        bench_port_lost(b);
        bench_cancel(b);
        restart(b, true);
        ck_assert_int_eq(b->job->abandon, 0);
        restart(b, false);
        bench_urc(b, "RDY");
        bench_ready(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "fell-back");
}
END_TEST

/* ---- away for good, and others */

START_TEST(never_returns)
{
        g_autoptr(Bench) b = bench_new_mini();

        go_mini(b);
        bench_gone(b);
        bench_pass(b, b->timeouts.restart - SECOND);
        bench_assert_state(b, JOB_RESTARTING);
        bench_pass(b, 2 * SECOND);
        bench_assert_end(b, JOB_RESULT_FAILED, "module-lost");
}
END_TEST

START_TEST(another_module)
{
        g_autoptr(Bench) b = bench_new_mini();

        go_mini(b);
        restart(b, false);
        g_free(b->job->imei);
        b->job->imei = g_strdup("860000000000009");
        bench_ready(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "module-replaced");
}
END_TEST

/* ---- adopted: found under way, and nothing known of how it began */

START_TEST(adopted)
{
        g_autoptr(Bench) b = bench_new_adopted();

        bench_updating(b, 70);
        if (_i == 0)
                bench_fota(b, "\"END\",0");
        restart(b, false);
        bench_ready(b, MINI_NEW);
        if (_i == 1) /* whether that is the big system is told by quiet alone */
                for (unsigned i = 0; i < 30 && b->job->state != JOB_FINISHED; i++) {
                        bench_tick(b);
                        answer(b, MINI_NEW);
                }
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_uint_eq(b->upgrades_sent, 0);
}
END_TEST

START_TEST(adopted_and_retried)
{
        g_autoptr(Bench) b = bench_new_adopted();

        ck_assert(upgrade_may_retry(b->job));
        bench_retry(b, "http://h/y.mini_1");
        ck_assert(!upgrade_may_retry(b->job));
        restart(b, false);
        bench_updating(b, 20);
        bench_assert_state(b, JOB_UPDATING);
}
END_TEST

START_TEST(adopted_and_over_unseen)
{
        g_autoptr(Bench) b = bench_new_adopted();

        restart(b, false);
        bench_ready(b, MINI_NEW);
        for (unsigned i = 0; i < 60 && b->job->state != JOB_FINISHED && b->job->state != JOB_STALLED; i++) {
                bench_tick(b);
                answer(b, MINI_NEW);
        }
        ck_assert_int_ne(b->job->result, JOB_RESULT_SUCCESS);
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("mini");

        tcase_add_test(t, whole);
        tcase_add_test(t, nothing_is_said);
        tcase_add_test(t, other_face);
        tcase_add_test(t, seen_late);
        tcase_add_test(t, mini_system_that_looks_like_the_big_one);
        tcase_add_test(t, another_revision_than_expected);
        tcase_add_loop_test(t, falls_back, 0, 4);
        tcase_add_test(t, falls_back_and_says_so_late);
        tcase_add_loop_test(t, falls_back_unseen, 0, 2);
        tcase_add_loop_test(t, stalls_in_the_old_mini_system, 0, 3);
        tcase_add_test(t, stalls_in_the_new_mini_system);
        tcase_add_loop_test(t, sentences, 0, G_N_ELEMENTS(sentence));
        tcase_add_test(t, repeats_for_ever);
        tcase_add_test(t, restarts_for_ever);
        tcase_add_test(t, stalls_while_it_updates);
        tcase_add_loop_test(t, a_day, 0, 3);
        tcase_add_test(t, retry);
        tcase_add_test(t, retry_is_rejected);
        tcase_add_test(t, does_not_leave);
        tcase_add_test(t, leaves_all_the_same);
        tcase_add_test(t, rejected);
        tcase_add_test(t, cancelled_in_time);
        tcase_add_test(t, cancelled_too_late);
        tcase_add_test(t, left_before_it_could_be_reset);
        tcase_add_test(t, never_returns);
        tcase_add_test(t, another_module);
        tcase_add_loop_test(t, adopted, 0, 2);
        tcase_add_test(t, adopted_and_retried);
        tcase_add_test(t, adopted_and_over_unseen);
        return testing_run(t, "upgrade-mini");
}
