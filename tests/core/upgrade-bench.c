/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bench on which core/upgrade is tested: its events, its clock and its assertions on the end. The rules that it
 * asserts at every step are in upgrade-bench.h. Depends on the core's interfaces only. */

#include "bench-private.h"
#include "core/state/upgrade-state.h"

void bench_pending_free(Pending *pending)
{
        g_free(pending->text);
        g_free(pending);
}

Bench *bench_new(void)
{
        Bench *b = g_new0(Bench, 1);

        b->timeouts = (Timeouts){ .command = 30 * SECOND,
                                  .start = 60 * SECOND,
                                  .download_idle = 420 * SECOND,
                                  .update_idle = 900 * SECOND,
                                  .restart = 300 * SECOND,
                                  .settle = 180 * SECOND,
                                  .stall = 900 * SECOND,
                                  .source = 30 * SECOND };
        b->now = 5000 * SECOND;
        b->boot = "boot-1";
        b->device = 1 << 16 | 4;
        b->power_control = g_strdup("auto");
        b->urc_port = g_strdup("usbat");
        b->fota_cid = g_strdup("1");
        b->qind = "1";
        b->flow = g_strdup("0,0");
        b->context = g_strdup(BENCH_CONTEXT);
        b->reject_number = -1;
        b->log = g_string_new(NULL);
        b->questions = g_string_new(NULL);
        b->job = job_new("1", "usb-1-1");
        g_free(b->job->source);
        b->job->source = g_strdup(BENCH_URL);
        b->job->method = METHOD_DFOTA;
        b->job->created = 1;
        b->disk = job_to_text(b->job);
        b->upgrade = upgrade_new(b->job, &b->timeouts);
        return b;
}

void bench_free(Bench *b)
{
        upgrade_free(b->upgrade);
        job_free(b->job);
        g_queue_clear_full(&b->pending, (GDestroyNotify)bench_pending_free);
        g_string_free(b->log, TRUE);
        g_string_free(b->questions, TRUE);
        g_free(b->disk);
        g_free(b->power_control);
        g_free(b->urc_port);
        g_free(b->fota_cid);
        g_free(b->flow);
        g_free(b->context);
        g_free(b);
}

void bench_save(Bench *b)
{
        g_free(b->disk);
        b->disk = job_to_text(b->job);
}

void bench_clear(Bench *b)
{
        g_string_truncate(b->log, 0);
}

UpgradeEvent bench_event_of(Bench *b, UpgradeEventType type)
{
        return (UpgradeEvent){ .type = type,
                               .now = b->now,
                               .realtime = 1700000000000000 + b->now,
                               .at_port = b->at_port,
                               .port_idle = b->at_port && !b->port_busy && g_queue_is_empty(&b->pending),
                               .boot = b->boot,
                               .diag_port = b->diag_port };
}

static void give(Bench *b, const UpgradeEvent *event)
{
        bench_handle(b, event);
        bench_answer_all(b);
}

void bench_answer(Bench *b, AtResult result, int error, const char *text)
{
        bench_answer_oldest(b, result, error, text);
        bench_answer_all(b);
}

/* ---- events */

void bench_event(Bench *b, UpgradeEventType type, const char *text)
{
        UpgradeEvent event = bench_event_of(b, type);

        event.text = text;
        give(b, &event);
}

void bench_give(Bench *b, UpgradeEvent event)
{
        UpgradeEvent timed = bench_event_of(b, event.type);

        event.now = timed.now;
        event.realtime = timed.realtime;
        event.at_port = timed.at_port;
        event.diag_port = timed.diag_port;
        give(b, &event);
}

void bench_begin(Bench *b)
{
        bench_event(b, UPGRADE_EVENT_BEGIN, NULL);
}

void bench_seen(Bench *b)
{
        UpgradeEvent event;

        b->present = b->at_port = b->diag_port = true;
        b->listening = b->identify = false;
        event = bench_event_of(b, UPGRADE_EVENT_PRESENT);
        event.product = b->product;
        event.device = b->device;
        event.power_control = b->power_control;
        give(b, &event);
}

void bench_present(Bench *b)
{
        b->device++;
        b->radio_off = b->reset = b->context_active = false;
        if (b->power_control) {
                g_free(b->power_control);
                b->power_control = g_strdup("auto");
        }
        bench_seen(b);
}

void bench_gone(Bench *b)
{
        b->present = b->at_port = b->diag_port = false;
        b->listening = b->identify = b->transfer_runs = b->host_flow = false;
        g_queue_clear_full(&b->pending, (GDestroyNotify)bench_pending_free);
        bench_event(b, UPGRADE_EVENT_GONE, NULL);
}

void bench_ready(Bench *b, const char *revision)
{
        bench_ready_as(b, revision, "", BENCH_IMEI);
}

void bench_ready_as(Bench *b, const char *revision, const char *build, const char *imei)
{
        g_autoptr(Identity) identity = identity_new();
        UpgradeEvent event = bench_event_of(b, UPGRADE_EVENT_READY);

        job_set_string(&identity->revision, revision);
        job_set_string(&identity->build, build);
        job_set_string(&identity->imei, imei);
        event.identity = identity;
        ck_assert_msg(!b->listening || !b->job->from_host, "the identity is not read: the port only listens");
        do {
                b->identify = false;
                b->inspecting = !b->job->sent && b->job->result == JOB_RESULT_NONE;
                event.port_idle = b->at_port && !b->port_busy && g_queue_is_empty(&b->pending);
                give(b, &event);
        } while (b->upgrade->rereading && !b->answers_once && !b->crashed && b->job->state != JOB_FINISHED);
}

void bench_port_lost(Bench *b)
{
        b->transfer_runs = b->host_flow = b->identify = false;
        b->listening = b->listening && b->job->from_host; /* a port that only listens does so after it is reopened,
                                                             too */
        g_queue_clear_full(&b->pending, (GDestroyNotify)bench_pending_free);
        bench_event(b, UPGRADE_EVENT_PORT_LOST, NULL);
}

void bench_urc(Bench *b, const char *text)
{
        bench_event(b, UPGRADE_EVENT_URC, text);
}

void bench_fota(Bench *b, const char *rest)
{
        g_autofree char *text = g_strdup_printf("+QIND: \"FOTA\",%s", rest);

        b->now += SECOND / 10;
        bench_urc(b, text);
}

void bench_cancel(Bench *b)
{
        ck_assert_msg(upgrade_is_cancellable(b->job), "a cancel would be refused");
        bench_event(b, UPGRADE_EVENT_CANCEL, NULL);
}

void bench_tick(Bench *b)
{
        ck_assert_msg(upgrade_deadline(b->upgrade) != UINT64_MAX, "there is nothing to wait for");
        b->now = MAX(b->now, upgrade_deadline(b->upgrade));
        bench_event(b, UPGRADE_EVENT_TICK, NULL);
}

void bench_pass(Bench *b, uint64_t us)
{
        uint64_t until = b->now + us;

        while (!b->crashed && upgrade_deadline(b->upgrade) <= until)
                bench_tick(b);
        b->now = MAX(b->now, until);
}

void bench_retry(Bench *b, const char *url)
{
        ck_assert_msg(upgrade_may_retry(b->job), "a retry would be refused");
        b->retries++;
        job_set_string(&b->job->retry_source, url);
        bench_save(b);
        bench_event(b, UPGRADE_EVENT_RETRY, NULL);
}

void bench_resurrect(Bench *b)
{
        g_autofree char *why = NULL;

        upgrade_free(b->upgrade);
        job_free(b->job);
        b->job = job_from_text(b->disk, "1", &why);
        ck_assert_msg(b->job, "%s\n%s", why, b->disk);
        ck_assert_msg(b->job->percent >= b->announced_percent, "the record has %u percent, the bus had %u",
                      b->job->percent, b->announced_percent);
        b->upgrade = upgrade_new(b->job, &b->timeouts);
        b->crashed = b->listening = b->identify = b->transfer_runs = b->host_flow = false;
        b->crash_at = b->crash_again;
        b->crash_again = b->actions = 0;
        b->percent = b->job->percent;
        g_queue_clear_full(&b->pending, (GDestroyNotify)bench_pending_free);
        if (b->job->state == JOB_FINISHED)
                return;
        bench_begin(b);
        if (b->present && !b->crashed)
                bench_seen(b);
}

/* ---- assertions */

void bench_assert_end(Bench *b, JobResult result, const char *name)
{
        ck_assert_msg(b->job->state == JOB_FINISHED, "the job is %s, not finished: %s",
                      job_state_to_string(b->job->state), b->log->str);
        ck_assert_msg(b->job->result == result && strcmp(job_error_name(b->job), name) == 0,
                      "the job ended %s %s instead of %s %s: %s", job_result_to_string(b->job->result),
                      job_error_name(b->job), job_result_to_string(result), name, b->job->message);
        ck_assert_uint_eq(b->results, 1);
        ck_assert_uint_eq(b->released, 1);
        ck_assert((b->job->percent == 100) == (result == JOB_RESULT_SUCCESS));
}

void bench_assert_state(Bench *b, JobState state)
{
        ck_assert_msg(b->job->state == state, "the job is %s instead of %s", job_state_to_string(b->job->state),
                      job_state_to_string(state));
}
