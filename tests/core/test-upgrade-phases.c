/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every event in every phase: an upgrade is led to each phase, one event is given to it, and the phase that follows
 * must be the one in the table below. The bench asserts its rules meanwhile. An event that cannot occur in a phase must
 * be refused, and logged. */

#include "core/state/upgrade-phase.h"
#include "mini-bench.h"

/* ---- the way to each phase */

static Bench *waiting(void)
{
        Bench *b = bench_new();

        bench_begin(b);
        return b;
}

static Bench *checking(void)
{
        Bench *b = bench_new();

        b->job->options->check_source = true;
        bench_prepare(b, OLD_REVISION);
        ck_assert(b->asks_server);
        return b;
}

static Bench *preparing(void)
{
        Bench *b = bench_new();

        b->holds_answers = true;
        bench_prepare(b, OLD_REVISION);
        return b;
}

static Bench *command(void)
{
        Bench *b = preparing();

        while (b->upgrades_sent == 0)
                bench_answer(b, AT_RESULT_OK, -1, "");
        return b;
}

static Bench *downloading(void)
{
        Bench *b = bench_new();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        return b;
}

static Bench *sending(void)
{
        Bench *b = bench_new_file();

        bench_go(b);
        bench_fota(b, "\"FILESTART\"");
        bench_sent(b, BENCH_PACKAGE_SIZE / 2);
        return b;
}

static Bench *abandoning(void)
{
        Bench *b = downloading();

        bench_cancel(b);
        ck_assert(b->radio_off);
        return b;
}

static Bench *away(void)
{
        Bench *b = bench_new();

        bench_download(b);
        bench_gone(b);
        return b;
}

static Bench *updating(void)
{
        Bench *b = bench_new();

        bench_update(b);
        return b;
}

static Bench *verifying(void)
{
        Bench *b = updating();

        bench_fota(b, "\"END\",0");
        return b;
}

static Bench *mini(void)
{
        Bench *b = bench_new_mini();

        bench_go_mini(b);
        return b;
}

static Bench *stalled(void)
{
        Bench *b = mini();

        bench_ready(b, MINI_OLD);
        bench_pass(b, b->timeouts.stall);
        return b;
}

static Bench *ending(void)
{
        Bench *b = bench_new();

        bench_use_uart1(b);
        bench_go(b);
        b->holds_answers = true;
        bench_fota(b, "\"HTTPEND\",711");
        bench_ready(b, OLD_REVISION);
        return b;
}

static Bench *finished(void)
{
        Bench *b = ending();

        bench_answer(b, AT_RESULT_OK, -1, "");
        return b;
}

/* ---- the events; a type may occur more than once, with different contents */

static const struct {
        const char *name;
        UpgradeEventType type;
        const char *text;
        AtResult result;
} events[] = {
        { "begin", UPGRADE_EVENT_BEGIN, NULL, 0 },
        { "present", UPGRADE_EVENT_PRESENT, NULL, 0 },
        { "boot-rom", UPGRADE_EVENT_BOOT_ROM, NULL, 0 },
        { "gone", UPGRADE_EVENT_GONE, NULL, 0 },
        { "ready:old", UPGRADE_EVENT_READY, OLD_REVISION, 0 },
        { "ready:new", UPGRADE_EVENT_READY, NEW_REVISION, 0 },
        { "ready:old twice", UPGRADE_EVENT_READY, OLD_REVISION, 0 },
        { "ready:new twice", UPGRADE_EVENT_READY, NEW_REVISION, 0 },
        { "nameless", UPGRADE_EVENT_NAMELESS, NULL, 0 },
        { "port-lost", UPGRADE_EVENT_PORT_LOST, NULL, 0 },
        { "port-busy", UPGRADE_EVENT_PORT_BUSY, "by chat (pid 42)", 0 },
        { "answer:ok", UPGRADE_EVENT_ANSWER, "", AT_RESULT_OK },
        { "answer:error", UPGRADE_EVENT_ANSWER, "", AT_RESULT_ERROR },
        { "answer:time-out", UPGRADE_EVENT_ANSWER, "", AT_RESULT_TIMEOUT },
        { "urc:RDY", UPGRADE_EVENT_URC, "RDY", 0 },
        { "urc:SMS DONE", UPGRADE_EVENT_URC, "+QIND: SMS DONE", 0 },
        { "urc:other", UPGRADE_EVENT_URC, "+CREG: 1", 0 },
        { "urc:HTTPSTART", UPGRADE_EVENT_URC, "+QIND: \"FOTA\",\"HTTPSTART\"", 0 },
        { "urc:DOWNLOADING,5", UPGRADE_EVENT_URC, "+QIND: \"FOTA\",\"DOWNLOADING\",5", 0 },
        { "urc:HTTPEND,0", UPGRADE_EVENT_URC, "+QIND: \"FOTA\",\"HTTPEND\",0", 0 },
        { "urc:HTTPEND,711", UPGRADE_EVENT_URC, "+QIND: \"FOTA\",\"HTTPEND\",711", 0 },
        { "urc:FILEEND,0", UPGRADE_EVENT_URC, "+QIND: \"FOTA\",\"FILEEND\",0", 0 },
        { "urc:FILEEND,500", UPGRADE_EVENT_URC, "+QIND: \"FOTA\",\"FILEEND\",500", 0 },
        { "urc:START", UPGRADE_EVENT_URC, "+QIND: \"FOTA\",\"START\"", 0 },
        { "urc:UPDATING,70", UPGRADE_EVENT_URC, "+QIND: \"FOTA\",\"UPDATING\",70", 0 },
        { "urc:END,0", UPGRADE_EVENT_URC, "+QIND: \"FOTA\",\"END\",0", 0 },
        { "urc:END,504", UPGRADE_EVENT_URC, "+QIND: \"FOTA\",\"END\",504", 0 },
        { "cancel", UPGRADE_EVENT_CANCEL, NULL, 0 },
        { "dismiss", UPGRADE_EVENT_DISMISS, NULL, 0 },
        { "retry", UPGRADE_EVENT_RETRY, "http://h/other.mini_1", 0 },
        { "source:good", UPGRADE_EVENT_SOURCE, NULL, 0 },
        { "source:bad", UPGRADE_EVENT_SOURCE, "404", 0 },
        { "sent", UPGRADE_EVENT_SENT, NULL, 0 },
        { "all-but-last", UPGRADE_EVENT_ALL_BUT_LAST, NULL, 0 },
        { "not-sent", UPGRADE_EVENT_NOT_SENT, "it cannot be read", 0 },
        { "no-flow", UPGRADE_EVENT_NO_FLOW, NULL, 0 },
        { "disk", UPGRADE_EVENT_DISK, "No space left on device", 0 },
        { "resumed", UPGRADE_EVENT_RESUMED, NULL, 0 },
        { "tick:early", UPGRADE_EVENT_TICK, NULL, 0 },
        { "tick", UPGRADE_EVENT_TICK, NULL, 0 },
};

/* The decisions: the phase that follows from each event. An event that is not named leaves the phase unchanged; a phase
 * in brackets means that the event is refused there. */
static const struct {
        Phase phase;
        Bench *(*lead)(void);
        const char *decisions;
} cases[] = {
        { PHASE_WAITING, waiting,
          "(ready:old), (ready:new), (ready:old twice), (ready:new twice), (nameless), port-busy: finished, cancel: "
          "finished, (dismiss), (retry), "
          "disk: finished, tick: finished" },
        { PHASE_CHECKING, checking,
          "(begin), gone: waiting, (ready:old), (ready:new), (ready:old twice), (ready:new twice), (nameless), "
          "port-lost: waiting, "
          "port-busy: ending, cancel: ending, (dismiss), (retry), source:bad: ending, disk: finished, tick: ending" },
        { PHASE_PREPARING, preparing,
          "(begin), gone: waiting, (ready:old), (ready:new), (ready:old twice), (ready:new twice), (nameless), "
          "port-lost: waiting, "
          "port-busy: ending, answer:ok: command, answer:error: command, answer:time-out: ending, "
          "cancel: ending, (dismiss), (retry), disk: finished, tick: ending" },
        { PHASE_COMMAND, command,
          "(begin), gone: away, (ready:old), (ready:new), (ready:old twice), (ready:new twice), (nameless), port-lost: "
          "downloading, "
          "answer:ok: downloading, answer:error: ending, answer:time-out: downloading, "
          "urc:HTTPEND,711: ending, urc:FILEEND,500: ending, urc:START: updating, "
          "urc:UPDATING,70: updating, cancel: abandoning, (dismiss), (retry), tick: abandoning" },
        { PHASE_DOWNLOADING, downloading,
          "(begin), present: verifying, gone: away, ready:new twice: finished, urc:HTTPEND,711: ending, "
          "urc:FILEEND,500: ending, urc:START: updating, urc:UPDATING,70: updating, urc:END,504: ending, "
          "cancel: abandoning, (dismiss), (retry), tick: abandoning" },
        { PHASE_SENDING, sending,
          "(begin), gone: away, (ready:old), (ready:new), (ready:old twice), (ready:new twice), (nameless), port-lost: "
          "abandoning, "
          "urc:HTTPEND,0: downloading, urc:HTTPEND,711: ending, urc:FILEEND,0: downloading, "
          "urc:FILEEND,500: ending, urc:START: updating, urc:UPDATING,70: updating, urc:END,504: ending, "
          "cancel: abandoning, (dismiss), (retry), not-sent: abandoning, tick: abandoning" },
        { PHASE_ABANDONING, abandoning,
          "(begin), gone: away, ready:new twice: ending, urc:HTTPEND,711: ending, urc:FILEEND,500: ending, "
          "urc:START: updating, urc:UPDATING,70: updating, urc:END,504: ending, (cancel), (dismiss), "
          "(retry)" },
        { PHASE_AWAY, away,
          "present: updating, (ready:old), (ready:new), (ready:old twice), (ready:new twice), (nameless), (cancel), "
          "dismiss: finished, (retry), "
          "tick: finished" },
        { PHASE_UPDATING, updating,
          "(begin), gone: away, ready:new twice: finished, urc:END,0: verifying, urc:END,504: verifying, "
          "(cancel), dismiss: finished, (retry), tick: finished" },
        { PHASE_VERIFYING, verifying,
          "(begin), gone: away, ready:old twice: finished, ready:new twice: finished, (cancel), dismiss: finished, "
          "(retry)" },
        { PHASE_MINI, mini, "(begin), gone: away, (cancel), dismiss: finished, (retry), tick: stalled" },
        { PHASE_STALLED, stalled,
          "(begin), gone: away, urc:START: mini, urc:UPDATING,70: mini, (cancel), "
          "dismiss: finished" },
        { PHASE_ENDING, ending,
          "(begin), gone: away, answer:ok: finished, answer:error: finished, answer:time-out: finished, "
          "(cancel), (dismiss), (retry), tick: finished" },
        { PHASE_FINISHED, finished, "(begin), (cancel), (dismiss), (retry), disk: ending" },
};
G_STATIC_ASSERT(G_N_ELEMENTS(cases) == _PHASE_MAX);

/* Gives events[i], and returns the phase that follows. */
static Phase give(Bench *b, size_t i)
{
        g_autoptr(Identity) identity = identity_new();
        UpgradeEvent event = { .type = events[i].type,
                               .text = events[i].text,
                               .result = events[i].result,
                               .error = -1,
                               .boot = b->boot,
                               .device = b->device + 1,
                               .product = b->product,
                               .identity = identity,
                               .tag = b->upgrade->tag };

        job_set_string(&identity->imei, BENCH_IMEI);
        if (event.type == UPGRADE_EVENT_READY)
                job_set_string(&identity->revision, events[i].text);
        if (event.type == UPGRADE_EVENT_SENT)
                event.size = BENCH_PACKAGE_SIZE * 3 / 4;
        if (event.type == UPGRADE_EVENT_RETRY)
                b->retries++;
        if (event.type == UPGRADE_EVENT_PRESENT)
                b->present = b->at_port = true;
        if (event.type == UPGRADE_EVENT_GONE)
                b->present = b->at_port = false;
        if (event.type == UPGRADE_EVENT_DISK)
                upgrade_drop_actions(b->upgrade);
        if (strcmp(events[i].name, "tick") == 0 && upgrade_deadline(b->upgrade) != UINT64_MAX)
                b->now = upgrade_deadline(b->upgrade);
        b->holds_answers = b->holds_questions = true;
        bench_give(b, event);
        if (g_str_has_suffix(events[i].name, " twice"))
                bench_give(b, event);
        return upgrade_phase(b->upgrade);
}

START_TEST(every_event_in_every_phase)
{
        g_autoptr(GString) decisions = g_string_new(NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
                g_autoptr(Bench) b = cases[_i].lead();
                Phase next;

                ck_assert_str_eq(phase_traits(upgrade_phase(b->upgrade))->name, phase_traits(cases[_i].phase)->name);
                ck_assert(upgrade_is_cancellable(b->job) == phase_traits(cases[_i].phase)->cancellable);
                ck_assert(upgrade_is_critical(b->job) == phase_traits(cases[_i].phase)->critical);
                bench_clear(b);
                next = give(b, i);
                if (strstr(b->log->str, "is refused in phase"))
                        g_string_append_printf(decisions, "%s(%s)", decisions->len ? ", " : "", events[i].name);
                else if (next != cases[_i].phase)
                        g_string_append_printf(decisions, "%s%s: %s", decisions->len ? ", " : "", events[i].name,
                                               phase_traits(next)->name);
        }
        ck_assert_str_eq(decisions->str, cases[_i].decisions);
}
END_TEST

/* A job whose module is lost, and whose record can be neither written nor removed, stays away: its end is pending. */
START_TEST(end_is_pending_while_away)
{
        g_autoptr(Bench) b = away();

        b->fails_at = b->persists + 1;
        b->fails_on = b->read_only = true;
        bench_tick(b);
        ck_assert_int_eq(upgrade_phase(b->upgrade), PHASE_AWAY);
        ck_assert_uint_eq(b->results, 0);
        if (_i == 1) { /* the module appears at another place, with an Upgrade of its own */
                upgrade_free(b->upgrade);
                b->upgrade = upgrade_new(b->job, &b->timeouts);
                bench_begin(b);
                bench_present(b);
        }
        b->fails_at = 0;
        bench_tick(b);
        bench_assert_end(b, JOB_RESULT_FAILED, "module-lost");
}
END_TEST

/* ---- time passes without news */

/* The answer of the module to each question for its identity. */
static const struct {
        const char *revision; /* NULL: none is reported */
        bool mini;            /* AT+CMGF? is refused */
        bool mute;            /* the question is not answered */
} answers[] = {
        { OLD_REVISION, false, false }, { NEW_REVISION, false, false }, { MINI_OLD, false, false },
        { MINI_OLD, true, false },      { MINI_NEW, false, false },     { MINI_NEW, true, false },
        { NULL, true, false },          { NULL, false, true },
};

/* The default time-outs; a stall that ends before a module has settled; and time-outs of one second. */
static void set_timeouts(Bench *b, unsigned i)
{
        if (i == 1)
                b->timeouts.stall = b->timeouts.settle / 10;
        if (i == 2)
                b->timeouts = (Timeouts){ SECOND, SECOND, SECOND, SECOND, SECOND, SECOND, SECOND, SECOND };
}

static void answer_identity(Bench *b, size_t i)
{
        if (!b->identify || b->listening || answers[i].mute || b->job->state == JOB_FINISHED)
                return;
        b->mini = answers[i].mini;
        b->identify = false;
        if (answers[i].revision)
                bench_ready(b, answers[i].revision);
        else
                bench_event(b, UPGRADE_EVENT_NAMELESS, NULL);
}

/* Lets enough time pass for each time-out to end twice; the module only answers questions meanwhile. Deadlines are at
 * least a second apart. */
static void pass_without_news(Bench *b, size_t answer)
{
        uint64_t until = b->now + 2 * b->timeouts.update_idle, last = 0;

        while (b->job->state != JOB_FINISHED && b->now < until) {
                ck_assert_msg(upgrade_deadline(b->upgrade) >= last + SECOND,
                              "a deadline comes %" G_GUINT64_FORMAT " us after the one before",
                              upgrade_deadline(b->upgrade) - last);
                bench_tick(b);
                last = b->now;
                answer_identity(b, answer);
        }
}

/* Gives events[i] as in the field: a module comes after it has disconnected, and answers questions only. */
static void happen(Bench *b, size_t i)
{
        switch ((unsigned)events[i].type) {
        case UPGRADE_EVENT_PRESENT:
                if (b->present)
                        bench_gone(b);
                bench_present(b);
                return;
        case UPGRADE_EVENT_GONE: bench_gone(b); return;
        case UPGRADE_EVENT_PORT_LOST: bench_port_lost(b); return;
        case UPGRADE_EVENT_READY:
        case UPGRADE_EVENT_NAMELESS:
                if (b->listening)
                        return;
        }
        give(b, i);
}

static void stay_quiet(Bench *b, unsigned timeouts, size_t answer)
{
        set_timeouts(b, timeouts);
        b->holds_answers = b->holds_questions = false;
        while (!g_queue_is_empty(&b->pending))
                bench_answer(b, AT_RESULT_OK, -1, "");
        answer_identity(b, answer);
        pass_without_news(b, answer);
}

/* No phase and no event lead to a busy loop, whatever the module answers. */
START_TEST(no_busy_loop)
{
        for (size_t i = 0; i < G_N_ELEMENTS(events); i++)
                for (size_t answer = 0; answer < G_N_ELEMENTS(answers); answer++)
                        for (unsigned timeouts = 0; timeouts < 3; timeouts++) {
                                g_autoptr(Bench) b = cases[_i].lead();

                                happen(b, i);
                                stay_quiet(b, timeouts, answer);
                        }
}
END_TEST

/* Nor does a daemon that is started in that phase. */
START_TEST(no_busy_loop_after_a_start)
{
        for (size_t answer = 0; answer < G_N_ELEMENTS(answers); answer++)
                for (unsigned timeouts = 0; timeouts < 3; timeouts++) {
                        g_autoptr(Bench) b = cases[_i].lead();

                        b->now += 86400 * SECOND;
                        bench_resurrect(b);
                        stay_quiet(b, timeouts, answer);
                }
}
END_TEST

/* Each type of event is in the list above. */
START_TEST(no_event_is_missing)
{
        unsigned types = 0;

        for (size_t i = 0; i < G_N_ELEMENTS(events); i++)
                types |= 1u << events[i].type;
        ck_assert_uint_eq(types, (1u << _UPGRADE_EVENT_MAX) - 1);
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-phases");

        tcase_add_loop_test(t, every_event_in_every_phase, 0, G_N_ELEMENTS(cases));
        tcase_add_loop_test(t, end_is_pending_while_away, 0, 2);
        tcase_add_loop_test(t, no_busy_loop, 0, PHASE_FINISHED);
        tcase_add_loop_test(t, no_busy_loop_after_a_start, 0, PHASE_FINISHED);
        tcase_add_test(t, no_event_is_missing);
        return testing_run(t, "upgrade-phases");
}
