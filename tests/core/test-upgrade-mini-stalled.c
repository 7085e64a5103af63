/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A MiniFOTA that makes no progress (guide 5): the message, word by word, with the package that the module waits for;
 * the state, which is stalled and not failed; its continuation whenever that is possible; and retries. */

#include "mini-bench.h"

/* ---- scenarios 3 and 4 */

START_TEST(stalls_in_the_old_mini_system)
{
        g_autoptr(Bench) b = bench_new_mini();
        uint64_t began;

        bench_go_mini(b);
        began = b->now;
        if (_i == 1)
                bench_event(b, UPGRADE_EVENT_NAMELESS, NULL);
        if (_i == 2)
                bench_ready(b, MINI_OLD);
        while (b->job->state != JOB_STALLED) {
                bench_tick(b);
                bench_answer_identity(b, MINI_OLD);
        }
        ck_assert_uint_eq(b->now - began, b->timeouts.stall);
        bench_assert_stalled(
                b, "may be downloading slowly, or it waits for http://user:***@h/x.mini_1 or for its network");
        /* A day later the network is available again. */
        bench_pass(b, 86400 * SECOND);
        bench_assert_stalled(b, "x.mini_1");
        bench_mini_restart(b, false);
        bench_assert_state(b, JOB_STALLED); /* the job has no evidence of progress yet */
        bench_updating(b, 2);
        bench_assert_state(b, JOB_UPDATING);
        ck_assert_str_eq(b->job->message, "");
        ck_assert(!upgrade_may_retry(b->job));
}
END_TEST

START_TEST(stalls_in_the_new_mini_system)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini2(b);
        bench_updating(b, 75);
        bench_fota(b, "\"HTTPEND\",717");
        bench_stall(b);
        bench_assert_stalled(b, "x.mini_2, and cannot go back");
        assert_has(b->job->message, "It last reported HTTP code 717");
        ck_assert_uint_eq(b->job->percent, 75);
        ck_assert(b->identify); /* so that a retry can be offered */
        /* The module repeats the step, from 60 (guide 2.3.1.2, step 5). */
        bench_updating(b, 60);
        bench_assert_state(b, JOB_UPDATING);
        ck_assert_uint_eq(b->job->percent, 75);
        bench_updating(b, 96);
        bench_succeed_mini(b);
}
END_TEST

/* ---- the job's message, word by word (guide 5.1) */

static const char *const sentence[] = {
        "The Mini system gave up and the old firmware runs again without having said why; likelier the package could "
        "not be downloaded (a wrong URL, not published, no network, a power cut) than made for another revision: check "
        "the URL and that the package fits "
        "the revision that runs, then start again.",
        "The Mini system gave up and the old firmware runs again after it had reported HTTP code 711: The module "
        "rejected the URL, or the server does not have the package; so the package could not be downloaded: check the "
        "URL and that the package fits "
        "the revision that runs, then start again.",
        "The Mini system gave up and the old firmware runs again after it had reported update code 507: The package "
        "was "
        "made for another revision than the one that runs; so the package does not fit this module: check the URL and "
        "that the package fits "
        "the revision that runs, then start again.",
        "No progress was seen for 15 minutes. The module is in its Mini system: it may be downloading slowly, or it "
        "waits for http://user:***@h/x.mini_1 or for its network, and goes on by itself once that is there.",
        "No progress was seen for 15 minutes. The module is in its Mini system, and cannot go back: it may be "
        "downloading slowly, or it waits for http://user:***@h/x.mini_2 or for its network, and goes on by itself once "
        "that is there. Should the source be wrong, Retry corrects it (fotactl retry).",
        "No progress was seen for 15 minutes. The module is in its Mini system, and cannot go back: it may be "
        "downloading slowly, or it waits for http://user:***@h/x.mini_2 or for its network, and goes on by itself once "
        "that is there.",
        "The module is in its Mini system and waits for http://user:***@h/x.mini_2, and cannot go back: publish that "
        "very file and restore the module's network, and it goes on by itself. It last reported HTTP code 707: The "
        "module could not open its data connection.",
};

START_TEST(sentences)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini(b);
        switch (_i) {
        case 0: /* scenario 1 */
        case 1:
        case 2: /* scenario 2 */
                if (_i == 1)
                        bench_fota(b, "\"HTTPEND\",711");
                if (_i == 2)
                        bench_fota(b, "\"END\",507");
                bench_mini_restart(b, false);
                bench_urc(b, "RDY");
                bench_ready(b, MINI_OLD);
                break;
        case 3: /* scenario 3 */ bench_stall(b); break;
        case 4: /* scenario 4, with a port that answers */
        case 5: /* with no port that answers */
        case 6: /* with a reported failure */
                bench_mini_restart(b, false);
                bench_updating(b, 60);
                bench_mini_restart(b, true);
                bench_updating(b, 60);
                if (_i == 6)
                        bench_fota(b, "\"HTTPEND\",707");
                bench_stall(b);
                if (_i == 4)
                        bench_event(b, UPGRADE_EVENT_NAMELESS, NULL);
                break;
        }
        ck_assert_str_eq(b->job->message, sentence[_i]);
}
END_TEST

/* The questions to the module in the meantime are no part of the announced time-out, at which the job is stalled; from
 * then on there is none. */
START_TEST(patience)
{
        g_autoptr(Bench) b = bench_new_mini();
        uint64_t end;

        bench_go_mini(b);
        bench_ready(b, MINI_OLD);
        end = upgrade_patience(b->upgrade);
        ck_assert_uint_gt(end, upgrade_deadline(b->upgrade));
        bench_pass(b, end - b->now - 1);
        ck_assert(!b->job->stalled);
        ck_assert_uint_eq(upgrade_patience(b->upgrade), end);
        bench_pass(b, 1);
        ck_assert(b->job->stalled);
        ck_assert_uint_eq(upgrade_patience(b->upgrade), UINT64_MAX);
        ck_assert_uint_ne(upgrade_deadline(b->upgrade), UINT64_MAX);
}
END_TEST

/* While fotad did not run, or the host was suspended, the module may have gone on to its second package. */
START_TEST(both_packages_after_a_pause)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini(b);
        if (_i == 0)
                bench_resurrect(b);
        else
                bench_event(b, UPGRADE_EVENT_RESUMED, NULL);
        bench_stall(b);
        bench_assert_stalled(b, "x.mini_1 or ");
        assert_has(b->job->message, "x.mini_2");
}
END_TEST

/* The same for a job that is stalled already: the host was suspended (0), the module restarts in its Mini system (1),
 * or it is at a UART, where restarts may be unseen (2). */
START_TEST(both_packages_when_either_is_possible)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini(b);
        if (_i == 2)
                job_set_string(&b->job->module, JOB_UART_PREFIX "ttyS1");
        bench_stall(b);
        if (_i == 0)
                bench_event(b, UPGRADE_EVENT_RESUMED, NULL);
        else if (_i == 1)
                bench_mini_restart(b, false);
        bench_assert_stalled(b, "x.mini_1 or ");
        assert_has(b->job->message, "x.mini_2");
}
END_TEST

/* A module that repeats the same steps for ever is stalled, and the job reports that only once. 1: the last step
 * succeeds each time, and the new firmware does not boot. */
START_TEST(repeats_for_ever)
{
        g_autoptr(Bench) b = bench_new_mini();
        unsigned changes = 0, stalled = 0;
        JobState state;

        bench_go_mini2(b);
        bench_updating(b, 96);
        state = b->job->state;
        for (unsigned i = 0; i < 1000; i++) {
                bench_fota(b, _i == 0 ? "\"END\",505" : "\"END\",0");
                if (_i == 1)
                        bench_mini_restart(b, true);
                bench_pass(b, 60 * SECOND);
                bench_updating(b, 60);
                bench_updating(b, 80);
                bench_pass(b, 60 * SECOND);
                bench_updating(b, 96);
                changes += state != b->job->state;
                stalled += b->job->stalled;
                state = b->job->state;
        }
        if (_i == 1)
                ck_assert_uint_ge(stalled, 900);
        else
                bench_assert_stalled(b, "x.mini_2");
        if (_i == 0)
                ck_assert_uint_le(changes, 4);
}
END_TEST

/* A module whose messages interrupt every question for its identity: the question is repeated, and a retry is offered
 * once the module answers. */
START_TEST(messages_interrupt_questions)
{
        g_autoptr(Bench) b = bench_new_mini();
        unsigned asked = 0;

        bench_go_mini2(b);
        for (unsigned i = 0; i < 240; i++) {
                bench_pass(b, 60 * SECOND);
                asked += !b->listening;
                if (!b->listening && i > 200)
                        bench_event(b, UPGRADE_EVENT_NAMELESS, NULL);
                bench_updating(b, 60); /* the port only listens again */
                ck_assert(b->listening);
        }
        ck_assert_uint_ge(asked, 240 * 60 * SECOND / b->timeouts.stall - 1);
        ck_assert_uint_le(asked, 240 * 60 * SECOND / b->timeouts.stall + 1);
        bench_assert_stalled(b, "fotactl retry");
}
END_TEST

/* A damaged .mini_1: it restarts into the Mini system again and again (guide 2.3.1.2, step 4). */
START_TEST(restarts_for_ever)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini(b);
        for (unsigned i = 0; i < 200; i++) {
                bench_pass(b, 60 * SECOND);
                bench_mini_restart(b, true);
                bench_ready(b, MINI_OLD);
                ck_assert_int_eq(b->job->result, JOB_RESULT_NONE);
        }
        bench_assert_stalled(b, "x.mini_1");
        ck_assert_uint_ge(b->job->restarts, 200);
        bench_mini_restart(b, false);
        bench_updating(b, 10);
        bench_assert_state(b, JOB_UPDATING);
}
END_TEST

/* In the updater, between the packages. */
START_TEST(stalls_while_it_updates)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini(b);
        bench_mini_restart(b, false);
        bench_updating(b, 30);
        bench_stall(b);
        ck_assert_str_eq(b->job->message, "No progress was seen for 15 minutes. The module may be writing its flash: "
                                          "keep it powered.");
        bench_updating(b, 31);
        bench_assert_state(b, JOB_UPDATING);
}
END_TEST

/* UPDATING was last heard below 60. 0: the new Mini system answers, and needs .mini_2; 1: nothing answers, and the
 * module may still be writing. */
START_TEST(last_heard_below_60)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini(b);
        bench_mini_restart(b, false);
        bench_updating(b, 47);
        bench_mini_restart(b, true);
        if (_i == 0)
                bench_ready(b, MINI_NEW);
        bench_stall(b);
        bench_assert_stalled(b, _i == 0 ? "waits for http://user:***@h/x.mini_2 or" : "keep it powered");
        assert_has_not(b->job->message, "cycle");
        if (_i == 1)
                assert_has_not(b->job->message, ".mini_");
}
END_TEST

/* A DFOTA that a daemon found under way, and takes for a MiniFOTA until the module reports its model. */
START_TEST(found_in_mid_flash)
{
        g_autoptr(Bench) b = bench_new_adopted();

        bench_updating(b, _i == 0 ? 30 : 75);
        bench_stall(b);
        ck_assert_str_eq(b->job->message, "No progress was seen for 15 minutes. The module may be writing its flash: "
                                          "keep it powered.");
        bench_ready(b, OLD_REVISION);
        bench_assert_state(b, JOB_UPDATING);
        ck_assert(!b->job->stalled);
        ck_assert_str_eq(b->job->message, "");
        ck_assert_int_eq(b->job->system, JOB_SYSTEM_UNKNOWN);
        bench_pass(b, b->timeouts.update_idle + SECOND);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "update-timeout");
}
END_TEST

static const struct {
        const char *message; /* the last one before the stall, NULL none */
        unsigned percent;
        JobStall reason;
        const char *name;
} reasons[] = {
        { NULL, 60, JOB_STALL_NO_PROGRESS, "no-progress" },
        { "\"HTTPEND\",711", 60, JOB_STALL_WAITING_PACKAGE, "waiting-package" },
        { "\"END\",507", 60, JOB_STALL_WAITING_PACKAGE, "waiting-package" },
        { "\"HTTPEND\",707", 60, JOB_STALL_WAITING_NETWORK, "waiting-network" },
        { "\"HTTPEND\",799", 60, JOB_STALL_WAITING_NETWORK, "waiting-network" }, /* of no table */
        { NULL, 47, JOB_STALL_UPDATER_SILENT, "updater-silent" },
};

/* The reason is recorded, and ends with the stall. */
START_TEST(reason)
{
        g_autoptr(Bench) b = bench_new_mini();
        g_autoptr(Job) read = NULL;
        g_autofree char *text = NULL, *why = NULL;

        bench_go_mini(b);
        bench_mini_restart(b, false);
        bench_updating(b, reasons[_i].percent);
        bench_mini_restart(b, true);
        if (reasons[_i].message)
                bench_fota(b, reasons[_i].message);
        bench_stall(b);
        ck_assert_int_eq(b->job->stall, reasons[_i].reason);
        ck_assert_str_eq(job_stall_to_string(b->job->stall), reasons[_i].name);
        text = job_to_text(b->job);
        read = job_from_text(text, b->job->id, &why);
        ck_assert_msg(read != NULL, "%s", why);
        ck_assert_int_eq(read->stall, reasons[_i].reason);
        bench_updating(b, 96);
        bench_assert_state(b, JOB_UPDATING);
        ck_assert_int_eq(b->job->stall, JOB_STALL_NONE);
}
END_TEST

/* A Mini system without a network reports the same again and again: the log has it once, and again after progress or a
 * retry. */
START_TEST(repeated_messages)
{
        g_autoptr(Bench) b = bench_new_mini();
        unsigned length;

        bench_go_mini2(b);
        bench_stall(b);
        length = job_log_length(b->job->log);
        for (unsigned i = 0; i < 20; i++) {
                bench_fota(b, "\"HTTPSTART\"");
                bench_fota(b, "\"HTTPEND\",707");
        }
        ck_assert_uint_ge(job_log_length(b->job->log), length + 3); /* both messages, and the text of the code */
        length = job_log_length(b->job->log);
        bench_fota(b, "\"HTTPSTART\"");
        bench_fota(b, "\"HTTPEND\",707");
        ck_assert_uint_eq(job_log_length(b->job->log), length);
        bench_fota(b, "\"HTTPEND\",711");
        ck_assert_uint_gt(job_log_length(b->job->log), length);
        bench_updating(b, 75);
        length = job_log_length(b->job->log);
        bench_fota(b, "\"HTTPEND\",707");
        ck_assert_uint_gt(job_log_length(b->job->log), length);
}
END_TEST

/* A failure that the module reported before it made progress is not the reason for a silence after that. */
START_TEST(failure_before_progress)
{
        g_autoptr(Bench) b = bench_new_mini();

        bench_go_mini2(b);
        bench_fota(b, "\"HTTPEND\",707");
        bench_updating(b, 75);
        bench_stall(b);
        bench_assert_stalled(b, "it may be downloading slowly");
        assert_has(b->job->message, "It last reported HTTP code 707");
        assert_has_not(b->job->message, "publish");
}
END_TEST

/* A module that reports different failures without a pause writes about one record a second; later ones are
 * recorded again. */
START_TEST(many_failures)
{
        g_autoptr(Bench) b = bench_new_mini();
        uint64_t begin;
        int persists;

        bench_go_mini2(b);
        persists = b->persists;
        begin = b->now;
        for (unsigned i = 0; i < 500; i++)
                bench_fota(b, i % 2 ? "\"HTTPEND\",701" : "\"HTTPEND\",702");
        ck_assert_int_le(b->persists - persists, 12 + (int)((b->now - begin) / SECOND));
        bench_pass(b, 5 * SECOND);
        bench_fota(b, "\"HTTPEND\",707");
        bench_stall(b);
        assert_has(b->job->message, "It last reported HTTP code 707");
}
END_TEST

/* ---- a day without network: the job is nearly idle, and the first message is handled at once */

START_TEST(day_without_network)
{
        g_autoptr(Bench) b = bench_new_mini();
        uint64_t end;
        unsigned ticks = 0;
        int persists;

        if (_i == 0)
                bench_go_mini(b);
        else
                bench_go_mini2(b);
        bench_clear(b);
        persists = b->persists;
        end = b->now + 86400 * SECOND;
        while (b->now < end) {
                bench_tick(b);
                ticks++;
                if (_i != 2) /* 2: mute */
                        bench_answer_identity(b, MINI_NEW);
        }
        ck_assert_uint_le(ticks, 86400 / 180 + 20);
        ck_assert_int_le(b->persists - persists, 5);
        ck_assert_uint_le(b->log->len, 100000);
        bench_assert_stalled(b, _i == 0 ? ".mini_1" : ".mini_2");
        bench_updating(b, _i == 0 ? 2 : 64);
        bench_assert_state(b, JOB_UPDATING);
}
END_TEST

/* ---- retry (guide 5.2) */

START_TEST(retry)
{
        g_autoptr(Bench) b = bench_new_stalled(2);

        bench_clear(b);
        bench_retry(b, "http://u:Geheim7@h/y.mini_1");
        assert_has(b->log->str, "persist|announce|send AT+QFOTADL=\"http://u:Geheim7@h/y.mini_1\"|");
        assert_has(b->disk, "y.mini_1");
        bench_assert_state(b, JOB_UPDATING);
        ck_assert_str_eq(b->job->message, "");
        bench_updating(b, 70);
        bench_succeed_mini(b);
        ck_assert_str_eq(b->job->source, "http://u:***@h/y.mini_1");
}
END_TEST

START_TEST(retry_is_rejected)
{
        g_autoptr(Bench) b = bench_new_stalled(1);

        b->rejects = "AT+QFOTADL=";
        bench_retry(b, "http://h/y.mini_1");
        bench_assert_stalled(b, "answered ERROR");
        assert_has(b->job->message, "still waits for http://user:***@h/x.mini_1");
        ck_assert_str_eq(b->job->source, "http://user:Geheim7@h/x.mini_1");
        b->rejects = NULL;
        bench_retry(b, "http://h/z.mini_1");
        bench_assert_state(b, JOB_DOWNLOADING);
        bench_stall(b);
        bench_assert_stalled(b, "z.mini_1");
}
END_TEST

/* The module was being asked for its identity when the retry was requested, and answers that first: the answer to the
 * retry decides. */
START_TEST(retry_during_a_question)
{
        g_autoptr(Bench) b = bench_new_stalled(2);

        ck_assert(b->identify);
        b->holds_answers = true;
        bench_retry(b, "http://h/y.mini_1");
        bench_ready(b, MINI_OLD);
        bench_answer(b, _i == 0 ? AT_RESULT_OK : AT_RESULT_ERROR, -1, "");
        if (_i == 0) {
                bench_assert_state(b, JOB_UPDATING);
                ck_assert_str_eq(b->job->message, "");
                ck_assert_str_eq(b->job->source, "http://h/y.mini_1");
        } else {
                bench_assert_stalled(b, "answered ERROR");
                ck_assert_str_eq(b->job->source, "http://user:Geheim7@h/x.mini_1");
        }
}
END_TEST

/* A question that was due is not asked while the module answers the retry. */
START_TEST(retry_before_a_question)
{
        g_autoptr(Bench) b = bench_new_stalled(2);

        bench_ready(b, MINI_OLD);
        b->holds_answers = true;
        bench_clear(b);
        bench_retry(b, "http://h/y.mini_2");
        bench_pass(b, 20 * SECOND);
        assert_has(b->log->str, "send AT+QFOTADL=\"http://h/y.mini_2\"|");
        assert_has_not(b->log->str, "identify");
}
END_TEST

/* The port is in use: the retry is saved, and sent once. 0: the module then reports a revision; 1: it reports none; 2:
 * the daemon has restarted; 3: a later retry replaces the first; 4: the module has restarted; 5: it has gone on by
 * itself. In the last two cases the retry is not sent. */
START_TEST(retry_waits)
{
        g_autoptr(Bench) b = bench_new_stalled(2);

        bench_retry_while_busy(b, "http://u:Geheim7@h/y.mini_1");
        ck_assert_uint_eq(b->upgrades_sent, 1);
        bench_assert_stalled(b, "The retry is sent when the Mini system answers AT.");
        ck_assert_str_eq(b->job->source, "http://user:Geheim7@h/x.mini_1");
        bench_pass(b, 2 * b->timeouts.stall);
        ck_assert_uint_eq(b->upgrades_sent, 1);
        assert_has(b->disk, "RetrySource=http://u:Geheim7@h/y.mini_1");
        if (_i == 2)
                bench_resurrect(b);
        if (_i == 3)
                bench_retry(b, "http://u:Geheim7@h/y.mini_1");
        if (_i == 4)
                bench_mini_restart(b, true);
        if (_i == 5) {
                bench_updating(b, 70);
                bench_port_lost(b); /* the port only listened */
        }
        b->port_busy = false;
        if (_i == 1)
                bench_event(b, UPGRADE_EVENT_NAMELESS, NULL);
        else
                bench_ready(b, MINI_OLD);
        ck_assert_uint_eq(b->upgrades_sent, _i >= 4 ? 1 : 2);
        assert_has_not(b->disk, "RetrySource");
        ck_assert_str_eq(b->job->source, _i >= 4 ? "http://user:Geheim7@h/x.mini_1" : "http://u:Geheim7@h/y.mini_1");
        bench_assert_state(b, _i == 4 ? JOB_STALLED : JOB_UPDATING);
}
END_TEST

/* After a restart the new firmware answers: the retry is not for it. */
START_TEST(retry_before_a_restart)
{
        g_autoptr(Bench) b = bench_new_stalled(2);

        bench_retry_while_busy(b, "http://h/y.mini_1");
        bench_mini_restart(b, false);
        b->port_busy = false;
        bench_ready(b, MINI_NEW);
        for (unsigned i = 0; i < 60 && b->job->state != JOB_FINISHED; i++) {
                bench_tick(b);
                bench_answer_identity(b, MINI_NEW);
        }
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        ck_assert_uint_eq(b->upgrades_sent, 1);
        assert_has_not(b->disk, "RetrySource");
}
END_TEST

/* The firmware answers the question that was under way when the retry was requested: the retry is not for it. 1:
 * another program began the upgrade, so that the commands of the firmware are not known, and most answers say that the
 * SIM is not up yet. */
START_TEST(retry_meets_the_firmware)
{
        g_autoptr(Bench) b = bench_new_stalled(1);

        b->mini = false;
        b->port_busy = true;
        if (_i == 1) {
                b->job->origin = JOB_ORIGIN_ADOPTED;
                b->job->firmware_knows = 0;
                b->rejects = "AT+C";
                b->reject_number = 14;
        }
        bench_retry(b, "http://h/y.mini_1");
        b->port_busy = false;
        bench_ready(b, MINI_OLD);
        ck_assert_uint_eq(b->upgrades_sent, 1);
        /* A Mini system may answer so, too: after a time the retry is sent. */
        for (unsigned i = 0; i < 20 && _i == 1; i++) {
                bench_pass(b, b->timeouts.settle / 10);
                bench_ready(b, MINI_OLD);
        }
        ck_assert_uint_eq(b->upgrades_sent, _i == 1 ? 2 : 1);
}
END_TEST

/* The download goes on while the retry waits. */
START_TEST(retry_meets_the_download)
{
        g_autoptr(Bench) b = bench_new_stalled(1);

        bench_retry_while_busy(b, "http://h/y.mini_1");
        bench_fota(b, "\"DOWNLOADING\",5");
        b->port_busy = false;
        bench_ready(b, MINI_OLD);
        ck_assert_uint_eq(b->upgrades_sent, 1);
        assert_has_not(b->disk, "RetrySource");
}
END_TEST

/* A retry while the answer to another one is missing is sent after that answer, whatever it is. */
START_TEST(retry_waits_for_another)
{
        g_autoptr(Bench) b = bench_new_stalled(2);

        b->holds_answers = true;
        bench_retry(b, "http://h/y.mini_1");
        bench_retry(b, "http://h/z.mini_1");
        ck_assert_uint_eq(b->upgrades_sent, 2);
        bench_answer(b, _i == 0 ? AT_RESULT_OK : AT_RESULT_ERROR, -1, "");
        ck_assert_uint_eq(b->upgrades_sent, 3);
        bench_answer(b, AT_RESULT_ERROR, -1, "");
        bench_assert_stalled(b, "answered ERROR");
        ck_assert_str_eq(b->job->source, _i == 0 ? "http://h/y.mini_1" : "http://user:Geheim7@h/x.mini_1");
}
END_TEST

/* Without a port no retry is offered, and the message does not mention it. */
START_TEST(loses_its_port)
{
        g_autoptr(Bench) b = bench_new_stalled(2);

        bench_ready(b, MINI_OLD);
        bench_assert_stalled(b, "fotactl retry");
        ck_assert(upgrade_has_answered(b->upgrade));
        bench_port_lost(b);
        ck_assert(!upgrade_has_answered(b->upgrade));
        bench_assert_stalled(b, "or for its network, and goes on by itself once that is there.");
        assert_has_not(b->job->message, "fotactl retry");
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("mini-stalled");

        tcase_add_loop_test(t, stalls_in_the_old_mini_system, 0, 3);
        tcase_add_test(t, stalls_in_the_new_mini_system);
        tcase_add_loop_test(t, sentences, 0, G_N_ELEMENTS(sentence));
        tcase_add_test(t, repeated_messages);
        tcase_add_loop_test(t, reason, 0, G_N_ELEMENTS(reasons));
        tcase_add_test(t, patience);
        tcase_add_loop_test(t, both_packages_after_a_pause, 0, 2);
        tcase_add_loop_test(t, both_packages_when_either_is_possible, 0, 3);
        tcase_add_loop_test(t, repeats_for_ever, 0, 2);
        tcase_add_test(t, messages_interrupt_questions);
        tcase_add_test(t, restarts_for_ever);
        tcase_add_test(t, stalls_while_it_updates);
        tcase_add_loop_test(t, last_heard_below_60, 0, 2);
        tcase_add_loop_test(t, found_in_mid_flash, 0, 2);
        tcase_add_test(t, failure_before_progress);
        tcase_add_test(t, many_failures);
        tcase_add_loop_test(t, day_without_network, 0, 3);
        tcase_add_test(t, retry);
        tcase_add_test(t, retry_is_rejected);
        tcase_add_loop_test(t, retry_during_a_question, 0, 2);
        tcase_add_test(t, retry_before_a_question);
        tcase_add_loop_test(t, retry_waits, 0, 6);
        tcase_add_test(t, retry_before_a_restart);
        tcase_add_loop_test(t, retry_meets_the_firmware, 0, 2);
        tcase_add_test(t, retry_meets_the_download);
        tcase_add_loop_test(t, retry_waits_for_another, 0, 2);
        tcase_add_test(t, loses_its_port);
        return testing_run(t, "upgrade-mini-stalled");
}
