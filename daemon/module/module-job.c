/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connects the upgrade of one job with the world: feeds events in, and carries actions out in their order, with the
 * check of the server and the transfer of a package from the host. Parses nothing and decides nothing. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log-job.h"
#include "module/module-job.h"
#include "store/source-check.h"
#include "device/transfer.h"

/* A smaller change of Job.deadline alone is not announced. */
#define DEADLINE_STEP (60 * G_USEC_PER_SEC)

struct JobRun {
        const ModuleContext *context;
        const JobRunObserver *observer;
        void *userdata;

        Job *job;
        Upgrade *upgrade;
        SourceCheck *source_check;
        Transfer *transfer; /* sends the job's package; borrows the port */
        bool released;
        GQueue later; /* UpgradeEvent that came while the record is being written, one of a type at most */
        bool sent; /* AT+QFOTADL is in the log */

        /* µs of context_now(), as the times of the upgrade are */
        uint64_t unheard_since; /* the time of the first try to open the port that failed, 0 none */
        char *unheard_reason;   /* one sentence */
        uint64_t extended_from; /* the deadline of the upgrade that is put off since the port was opened, 0 none */
        uint64_t extended_to;
};

JobRun *job_run_new(const ModuleContext *context, Job *job, const JobRunObserver *observer, void *userdata)
{
        JobRun *r = g_new0(JobRun, 1);

        r->context = context;
        r->observer = observer;
        r->userdata = userdata;
        r->job = job;
        r->sent = job->sent;
        r->upgrade = upgrade_new(job, &context->config->timeouts);
        g_queue_init(&r->later);
        return r;
}

static void event_free(void *data)
{
        UpgradeEvent *event = data;

        g_free((char *)event->text);
        g_free(event);
}

void job_run_free(JobRun *r)
{
        if (!r)
                return;
        source_check_free(r->source_check);
        transfer_free(r->transfer);
        upgrade_free(r->upgrade);
        g_queue_clear_full(&r->later, event_free);
        g_free(r->unheard_reason);
        g_free(r);
}

Job *job_run_job(const JobRun *r)
{
        return r->job;
}

static uint64_t deadline_of(const JobRun *r)
{
        uint64_t deadline = upgrade_deadline(r->upgrade);

        if (!r->job->sent || r->job->result != JOB_RESULT_NONE)
                return deadline;
        if (r->unheard_since)
                return MAX(deadline, r->unheard_since + r->context->config->timeouts.restart);
        return deadline == r->extended_from ? r->extended_to : deadline;
}

uint64_t job_run_deadline(const JobRun *r)
{
        return context_deadline(r->context, deadline_of(r));
}

bool job_run_waits(const JobRun *r)
{
        return upgrade_patience(r->upgrade) == UINT64_MAX;
}

/* Returns the time until which the job waits for news, µs since the epoch; 0 for no limit. */
static uint64_t patience_realtime(const JobRun *r)
{
        uint64_t patience = context_deadline(r->context, upgrade_patience(r->upgrade)), now = clock_now();

        if (patience == UINT64_MAX)
                return 0;
        patience = MAX(patience, job_run_deadline(r));
        return (uint64_t)g_get_real_time() + (patience > now ? patience - now : 0);
}

static void announce(JobRun *r)
{
        r->job->deadline = patience_realtime(r);
        r->observer->changed(r->userdata, r->job);
}

void job_run_check_deadline(JobRun *r)
{
        uint64_t before = r->job->deadline, present = patience_realtime(r);

        if (MAX(before, present) - MIN(before, present) >= DEADLINE_STEP)
                announce(r);
}

bool job_run_is_released(const JobRun *r)
{
        return r->released;
}

bool job_run_module_answered(const JobRun *r)
{
        return upgrade_has_answered(r->upgrade);
}

static void drop_transfer(JobRun *r)
{
        g_clear_pointer(&r->transfer, transfer_free);
}

/* Events of the server and of the transfer: what they report last is what counts. */
static void feed_later(JobRun *r, const UpgradeEvent *event)
{
        UpgradeEvent *copy = g_memdup2(event, sizeof(*event));

        for (GList *i = r->later.head, *next; i; i = next) {
                next = i->next;
                if (((UpgradeEvent *)i->data)->type != event->type)
                        continue;
                event_free(i->data);
                g_queue_delete_link(&r->later, i);
        }
        copy->text = g_strdup(event->text);
        g_queue_push_tail(&r->later, copy);
}

void job_run_feed(JobRun *r, UpgradeEvent event)
{
        const JobLog *log;
        unsigned before;

        if (!r)
                return;
        if (r->job->awaits_record) {
                feed_later(r, &event);
                return;
        }
        log = r->job->log;
        before = job_log_total(log);
        event.now = context_now(r->context);
        event.realtime = (uint64_t)g_get_real_time();
        event.boot = r->context->boot_id;
        r->observer->complete(r->userdata, &event);
        upgrade_handle(r->upgrade, &event);
        for (unsigned n = job_log_total(log) - before; n > 0; n--)
                if (n <= job_log_length(log))
                        log_context_history(r->context, job_log_line(log, job_log_length(log) - n));
}

void job_run_time_out(JobRun *r)
{
        bool running = r->job->result == JOB_RESULT_NONE;

        job_run_feed(r, (UpgradeEvent){ .type = UPGRADE_EVENT_TICK });
        if (running && r->job->result == JOB_RESULT_FAILED && r->unheard_since)
                job_add_to_message(r->job, r->unheard_reason);
}

/* ---- the port */

void job_run_port_failed(JobRun *r, const char *reason)
{
        if (!r)
                return;
        if (!r->unheard_since)
                r->unheard_since = context_now(r->context);
        g_free(r->unheard_reason);
        r->unheard_reason = g_strdup(reason);
}

/* The upgrade gets the time back in which the port could not be opened. */
void job_run_port_opened(JobRun *r)
{
        uint64_t now;

        if (!r || !r->unheard_since)
                return;
        now = context_now(r->context);
        r->extended_from = upgrade_deadline(r->upgrade);
        r->extended_to = MAX(r->extended_from, now + MIN(now - r->unheard_since, r->context->config->timeouts.restart));
        r->unheard_since = 0;
}

void job_run_port_closing(JobRun *r)
{
        if (!r)
                return;
        drop_transfer(r);
        r->unheard_since = 0;
}

/* ---- the record */

/* The actions behind this one wait until job_run_record_written(). */
static void persist(JobRun *r)
{
        r->job->awaits_record = r->observer->persist(r->userdata, r->job);
}

void job_run_record_written(JobRun *r, int result, const char *why)
{
        bool pending = *r->job->pending;

        r->job->awaits_record = false;
        if (result >= 0)
                return;
        if (!pending)
                log_context_job(LOG_ERR, r->context, "the record cannot be written: %s", why);
        upgrade_drop_actions(r->upgrade);
        job_run_feed(r, (UpgradeEvent){ .type = UPGRADE_EVENT_DISK, .full = result == -ENOSPC, .text = why });
        if (!pending && *r->job->pending)
                log_context_job(LOG_ERR, r->context, "%s", r->job->pending);
}

/* ---- the package on a server */

static void on_server(void *userdata, ServerAnswer *taken)
{
        JobRun *r = userdata;
        g_autoptr(ServerAnswer) answer = taken;

        g_clear_pointer(&r->source_check, source_check_free);
        if (answer->unasked)
                log_context_job(LOG_WARNING, r->context, "%s: %s", answer->finding, answer->remedy);
        else
                log_context(LOG_INFO, r->context, "asked for the package: %s", answer->finding);
        job_run_feed(r, (UpgradeEvent){ .type = UPGRADE_EVENT_SOURCE,
                                        .text = answer->good || answer->unasked ? NULL : answer->finding,
                                        .size = answer->size });
        r->context->wake(r->context->userdata);
}

/* ---- the package on the host */

static const char *find_fault(int fd, const Job *job)
{
        if (fd < 0)
                return g_strerror(-fd);
        return transfer_is_package(fd, job->package_size, job->package_sha256)
                       ? NULL
                       : "the file that was kept for it is not the one that was given";
}

static void check_package(JobRun *r)
{
        int fd = r->observer->package_open(r->userdata, r->job);
        const char *fault = find_fault(fd, r->job);

        if (fd >= 0)
                close(fd);
        job_run_feed(r, (UpgradeEvent){ .type = UPGRADE_EVENT_SOURCE, .text = fault });
}

static void check_source(JobRun *r, const UpgradeAction *action)
{
        if (r->job->from_host) {
                check_package(r);
                return;
        }
        source_check_free(r->source_check);
        r->source_check = source_check_new(r->context->event, r->context->config->source_check, action->text,
                                           action->timeout, on_server, r);
}

static void on_sent(void *userdata, uint64_t bytes)
{
        JobRun *r = userdata;

        job_run_feed(r, (UpgradeEvent){ .type = UPGRADE_EVENT_SENT, .size = bytes });
        r->context->wake(r->context->userdata);
}

static void on_all_but_last(void *userdata)
{
        JobRun *r = userdata;

        job_run_feed(r, (UpgradeEvent){ .type = UPGRADE_EVENT_ALL_BUT_LAST });
        r->context->wake(r->context->userdata);
}

static void on_not_sent(void *userdata, const char *why)
{
        JobRun *r = userdata;

        log_context_job(LOG_ERR, r->context, "%s", why);
        job_run_feed(r, (UpgradeEvent){ .type = UPGRADE_EVENT_NOT_SENT, .text = why });
        r->context->wake(r->context->userdata);
}

static const TransferObserver transfer_observer = {
        .sent = on_sent,
        .all_but_last = on_all_but_last,
        .failed = on_not_sent,
};

static void begin_transfer(JobRun *r, const char *how)
{
        Serial *serial = r->observer->port(r->userdata);
        const Options *o = r->job->options;
        const Config *config = r->context->config;
        TransferPace pace = { .bytes = o->pace_bytes >= 0 ? (unsigned)o->pace_bytes : config->pace_bytes,
                              .interval = o->pace_interval >= 0 ? (unsigned)o->pace_interval : config->pace_interval };
        bool paced = strcmp(how, "paced") == 0;
        int fd, result;

        if (!serial)
                return; /* UPGRADE_EVENT_PORT_LOST was fed, or will be */
        log_context_job(LOG_INFO, r->context, "sends %" G_GUINT64_FORMAT " bytes, %s", r->job->package_size, how);
        if (paced && pace.interval > 0)
                log_context_job(LOG_INFO, r->context, "%u bytes every %u ms", pace.bytes, pace.interval);
        g_clear_pointer(&r->transfer, transfer_free);
        fd = result = r->observer->package_open(r->userdata, r->job);
        if (fd >= 0)
                result = transfer_new(&r->transfer, r->context->event, serial, fd, r->job->package_size,
                                      paced ? &pace : NULL, &transfer_observer, r);
        if (result < 0)
                on_not_sent(r, g_strerror(-result));
}

/* ---- the actions */

/* The first command after Job.sent is set is AT+QFOTADL. */
static void send_command(JobRun *r, const UpgradeAction *action)
{
        if (r->job->sent && !r->sent)
                log_job(LOG_NOTICE, NULL, r->job, "job %s on %s: AT+QFOTADL is sent", r->job->id, r->context->id);
        r->sent = r->job->sent;
        r->observer->send(r->userdata, action);
}

static void carry_out(JobRun *r, const UpgradeAction *action)
{
        switch (action->type) {
        case UPGRADE_ACTION_PERSIST: persist(r); return;
        case UPGRADE_ACTION_SEND: send_command(r, action); return;
        case UPGRADE_ACTION_SEND_BLIND: r->observer->send_blind(r->userdata, action->text); return;
        case UPGRADE_ACTION_LISTEN: r->observer->listen(r->userdata); return;
        case UPGRADE_ACTION_IDENTIFY: r->observer->identify(r->userdata); return;
        case UPGRADE_ACTION_CHECK_SOURCE: check_source(r, action); return;
        case UPGRADE_ACTION_FLOW:
                if (!r->observer->set_flow_control(r->userdata, strcmp(action->text, "hardware") == 0) &&
                    job_is_uart(r->job)) /* USB ports that know none lose nothing either */
                        job_run_feed(r, (UpgradeEvent){ .type = UPGRADE_EVENT_NO_FLOW });
                return;
        case UPGRADE_ACTION_TRANSFER: begin_transfer(r, action->text); return;
        case UPGRADE_ACTION_TRANSFER_LAST:
                if (r->transfer)
                        transfer_send_last(r->transfer);
                return;
        case UPGRADE_ACTION_TRANSFER_STOP: drop_transfer(r); return;
        case UPGRADE_ACTION_WARN:
                log_context_job(LOG_WARNING, r->context, "%s", action->text);
                return;
        case UPGRADE_ACTION_POWER: r->observer->set_power(r->userdata, action->text); return;
        case UPGRADE_ACTION_ANNOUNCE: announce(r); return;
        case UPGRADE_ACTION_RESULT: r->observer->result(r->userdata, r->job); return;
        case UPGRADE_ACTION_RELEASE: r->released = true; return;
        }
}

bool job_run_advance(JobRun *r)
{
        g_autoptr(UpgradeAction) action = upgrade_pop(r->upgrade);
        UpgradeEvent *event = action ? NULL : g_queue_pop_head(&r->later);

        if (action)
                carry_out(r, action);
        if (event) {
                job_run_feed(r, *event);
                event_free(event);
        }
        return action || event;
}
