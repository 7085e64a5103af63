/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The daemon's jobs, its disk and its life. */

#include <string.h>

#include "core/state/upgrade-phase.h"
#include "host-private.h"

#define EPOCH    (1700000000 * SECOND)
#define BOOT_ONE "11111111-1111-1111-1111-111111111111"

const Timeouts host_timeouts = {
        .command = 30 * SECOND,
        .start = 60 * SECOND,
        .download_idle = 420 * SECOND,
        .update_idle = 900 * SECOND,
        .restart = 300 * SECOND,
        .settle = 180 * SECOND,
        .stall = 900 * SECOND,
        .source = 30 * SECOND,
};

static void pump(Host *h);

static void set_now(Host *h, uint64_t now)
{
        h->now = now - h->slept;
}

void host_feed(Host *h, UpgradeEvent event)
{
        g_autofree char *text = NULL;
        Phase before, after;

        if (!h->upgrade)
                return;
        if (event.type != UPGRADE_EVENT_TICK)
                h->ticked_at = 0;
        event.now = h->now;
        event.realtime = EPOCH + h->now;
        event.boot = h->boot_id;
        event.at_port = h->attached && h->at_port;
        event.diag_port = h->attached && !h->traits->uart;
        event.port_idle = h->open && !h->listening && at_engine_is_idle(h->engine);
        before = upgrade_phase(h->upgrade);
        upgrade_handle(h->upgrade, &event);
        after = upgrade_phase(h->upgrade);
        if (phase_may_follow(before, after))
                return;
        text = g_strdup_printf("the table of phases has no %s -> %s, by %s", phase_traits(before)->name,
                               phase_traits(after)->name, upgrade_event_name(event.type));
        h->observer->note(h->userdata, text);
        h->phases_unknown++;
}

void host_feed_present(Host *h)
{
        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_PRESENT,
                                     .product = h->product,
                                     .device = h->device,
                                     .power_control = h->traits->uart ? NULL : h->power });
}

/* ---- the record */

static void write_record(Host *h)
{
        g_free(h->disk);
        h->disk = job_to_text(h->job);
        h->job->percent_covered = job_percent_to_cover(h->job);
        job_set_string(&h->job->behind, "");
}

static void persist(Host *h)
{
        const char *why = h->disk_state == DISK_FULL ? "No space left on device" : "Read-only file system";

        h->observer->persisted(h->userdata);
        if (!h->running)
                return;
        if (h->disk_state == DISK_WORKS) {
                write_record(h);
                return;
        }
        if (h->job->state == JOB_FINISHED && h->disk_state == DISK_FULL) {
                g_clear_pointer(&h->disk, g_free);
                h->removed = true;
                return;
        }
        if (h->job->state != JOB_FINISHED)
                job_set_string(&h->job->behind, why);
        upgrade_drop_actions(h->upgrade);
        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_DISK, .text = why, .full = h->disk_state == DISK_FULL });
}

/* ---- the actions */

static void announce(Host *h)
{
        unsigned percent = job_percent_shown(h->job);
        g_autofree char *text = g_strdup_printf("job %s %u%% %s %s %s", job_state_to_string(h->job->state), percent,
                                                job_system_to_string(h->job->system),
                                                job_result_to_string(h->job->result), h->job->message);

        h->observer->note(h->userdata, text);
        if (percent < h->percent)
                h->steps_back++;
        h->percent = percent;
}

static void send_result(Host *h)
{
        h->results++;
        h->most_results = MAX(h->most_results, h->results);
        g_free(h->ended);
        h->ended = job_to_text(h->job);
        announce(h);
        h->observer->result(h->userdata);
}

static void check_source(Host *h)
{
        if (h->job->from_host)
                host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_SOURCE });
        else
                h->server_at = h->now + 5 * SECOND;
}

static void carry_out(Host *h, const UpgradeAction *action)
{
        switch (action->type) {
        case UPGRADE_ACTION_PERSIST: persist(h); return;
        case UPGRADE_ACTION_SEND:
                if (h->open)
                        at_engine_command(h->engine, action->tag, action->text, action->secret, action->timeout,
                                          h->now);
                if (h->open && action->hush)
                        at_engine_hush(h->engine);
                return;
        case UPGRADE_ACTION_SEND_BLIND:
                if (h->open)
                        at_engine_write_blind(h->engine, action->text, h->now);
                return;
        case UPGRADE_ACTION_LISTEN:
                host_identity_drop(h);
                at_engine_listen(h->engine);
                h->listening = true;
                return;
        case UPGRADE_ACTION_IDENTIFY:
                h->listening = false;
                if (at_engine_is_ready(h->engine))
                        host_identity_start(h);
                else if (h->open)
                        at_engine_start(h->engine, h->now);
                return;
        case UPGRADE_ACTION_WARN: h->observer->note(h->userdata, action->text); return;
        case UPGRADE_ACTION_ANNOUNCE: announce(h); return;
        case UPGRADE_ACTION_RESULT: send_result(h); return;
        case UPGRADE_ACTION_RELEASE: h->released = true; return;
        case UPGRADE_ACTION_CHECK_SOURCE: check_source(h); return;
        case UPGRADE_ACTION_FLOW:
                if (strcmp(action->text, "hardware") == 0 && h->traits->uart && !h->request->host_flow)
                        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_NO_FLOW });
                return;
        case UPGRADE_ACTION_TRANSFER: host_transfer_start(h, strcmp(action->text, "paced") == 0); return;
        case UPGRADE_ACTION_TRANSFER_LAST: host_transfer_last(h); return;
        case UPGRADE_ACTION_TRANSFER_STOP: host_transfer_drop(h); return;
        case UPGRADE_ACTION_POWER:
                if (h->attached) {
                        g_free(h->power);
                        h->power = g_strdup(action->text);
                }
                return;
        }
}

/* ---- the loop */

static bool advance_upgrade(Host *h)
{
        g_autoptr(UpgradeAction) action = h->upgrade ? upgrade_pop(h->upgrade) : NULL;

        if (!action)
                return false;
        h->observer->action(h->userdata);
        if (h->running)
                carry_out(h, action);
        return true;
}

static void release(Host *h)
{
        h->released = false;
        h->listening = false;
        g_clear_pointer(&h->upgrade, upgrade_free);
        if (h->job->origin == JOB_ORIGIN_ADOPTED) {
                h->adopt_at = h->now + host_timeouts.settle;
                h->adopted_reached = h->job->reached;
                if (h->open && !h->known) /* the identity is asked for */
                        at_engine_start(h->engine, h->now);
        }
}

static void tick(Host *h)
{
        if (h->ticked_at && h->now < h->ticked_at + SECOND)
                h->busy_ticks++;
        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_TICK });
        h->ticked_at = h->now;
}

static bool advance(Host *h)
{
        if (advance_upgrade(h))
                return true;
        if (h->released) { /* the job has ended; its record stays readable */
                release(h);
                return true;
        }
        if (host_port_advance(h))
                return true;
        if (h->upgrade && h->now >= upgrade_deadline(h->upgrade)) {
                tick(h);
                return true;
        }
        return host_identity_advance(h);
}

static void pump(Host *h)
{
        if (h->pumping || !h->running)
                return;
        h->pumping = true;
        while (h->running && advance(h))
                ;
        h->pumping = false;
        if (h->running)
                host_port_is_wanted(h);
}

uint64_t host_next(const Host *h)
{
        uint64_t at = MIN(MIN(h->opens_at, h->looks_at), MIN(h->server_at, h->sends_at));

        if (!h->running || h->asleep)
                return NEVER;
        if (h->upgrade)
                at = MIN(at, upgrade_deadline(h->upgrade));
        if (h->open)
                at = MIN(at, MIN(at_engine_deadline(h->engine), h->ask_at));
        return at == NEVER ? NEVER : at + h->slept;
}

void host_advance(Host *h, uint64_t now)
{
        set_now(h, now);
        if (h->now >= h->opens_at)
                host_port_open(h);
        if (h->now >= h->server_at) {
                h->server_at = NEVER;
                host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_SOURCE,
                                             .text = h->request->server_fails ? "404 Not Found" : NULL,
                                             .size = h->traits->file_size });
        }
        if (h->now >= h->sends_at && h->sends)
                host_transfer_advance(h);
        if (h->now >= h->looks_at) {
                h->looks_at = NEVER;
                if (!h->attached)
                        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_GONE });
        }
        pump(h);
}

/* ---- news of the module */

static void come(Host *h)
{
        host_feed_present(h);
        pump(h);
        if (h->running)
                host_port_is_wanted(h);
}

static void leave(Host *h)
{
        host_port_close(h);
        h->opens_at = NEVER;
        h->listening = h->known = false;
        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_GONE });
        pump(h);
}

void host_attached(Host *h, unsigned product, bool at_port, uint64_t now)
{
        h->attached = true;
        h->product = product;
        h->at_port = at_port;
        h->device++;
        g_free(h->power);
        h->power = g_strdup(h->request->power_auto ? "auto" : "on");
        if (!h->running || h->asleep)
                return;
        set_now(h, now);
        h->listening = false;
        come(h);
}

void host_detached(Host *h, uint64_t now)
{
        h->attached = h->at_port = false;
        if (!h->running || h->asleep)
                return;
        set_now(h, now);
        leave(h);
}

void host_line(Host *h, const char *line, uint64_t now)
{
        g_autofree char *bytes = g_strdup_printf("\r\n%s\r\n", line);

        if (!h->running || !h->open || h->asleep)
                return;
        set_now(h, now);
        uart_life_bytes(&h->life);
        at_engine_feed(h->engine, bytes, strlen(bytes), h->now);
        pump(h);
}

void host_lose_port(Host *h, uint64_t now)
{
        if (!h->running || !h->open || h->asleep)
                return;
        set_now(h, now);
        h->observer->note(h->userdata, "the port is lost");
        host_port_close(h);
        h->opens_at = h->now + SECOND / 4;
        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_PORT_LOST });
        pump(h);
}

void host_suspend(Host *h, uint64_t now)
{
        if (!h->running || h->asleep)
                return;
        h->observer->note(h->userdata, "the host is suspended");
        set_now(h, now);
        h->asleep = true;
        h->device_asleep = h->attached ? h->device : 0;
}

void host_wake(Host *h, uint64_t now)
{
        if (!h->asleep)
                return;
        h->observer->note(h->userdata, "the host is resumed");
        h->slept = now - h->now;
        h->asleep = false;
        if (h->device_asleep && (!h->attached || h->device != h->device_asleep))
                leave(h);
        if (h->running && h->attached && h->device != h->device_asleep)
                come(h);
        if (!h->running)
                return;
        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_RESUMED });
        pump(h);
}

/* ---- the job, and the life of the daemon */

static void begin(Host *h)
{
        h->upgrade = upgrade_new(h->job, &host_timeouts);
        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_BEGIN });
        if (h->attached)
                host_feed_present(h);
        else
                h->looks_at = h->now + 5 * SECOND;
        pump(h);
}

static const char *source_of(const Host *h)
{
        static const char *const urls[_SOURCE_MAX][2] = {
                [SOURCE_HTTP] = { "http://server/package.bin", "http://server/package.mini_1" },
                [SOURCE_HTTPS] = { "https://server/package.bin", "https://server/package.mini_1" },
                [SOURCE_FTP] = { "ftp://u:" HOST_PASSWORD "@server/package.bin", "ftp://u:" HOST_PASSWORD "@server/package.mini_1" },
                [SOURCE_FILE] = { "package.bin", "package.bin" },
        };

        return urls[h->traits->source][h->traits->mini];
}

static void request(Host *h)
{
        Job *job = job_new("1", h->traits->uart ? JOB_UART_PREFIX "ttyS1" : "1-1");

        h->job = job;
        job_set_string(&job->source, source_of(h));
        job_set_string(&job->imei, MODEL_IMEI);
        job_set_string(&job->model, h->traits->mini ? "EC600M" : "EC200A");
        job_set_string(&job->from_revision, model_old_revision(h->traits));
        job->method = h->traits->mini ? METHOD_MINIFOTA : METHOD_DFOTA;
        job->from_host = h->traits->source == SOURCE_FILE;
        job->package_size = job->from_host ? h->traits->file_size : 0;
        if (job->from_host)
                job_set_string(&job->package_sha256,
                               "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
        if (h->request->expected)
                job->options->expected_revision = g_strdup(model_new_revision(h->traits));
        if (h->request->context && !h->traits->mini && !job->from_host) {
                job->options->cid = MODEL_FOTA_CID;
                job->options->apn = g_strdup("iot");
        }
        job->options->allow_https = h->traits->mini && h->traits->source == SOURCE_HTTPS;
        job->options->check_source = h->request->check_source && !job->from_host;
        write_record(h);
        begin(h);
}

/* As manager_adopt(): why an upgrade that is under way gets no job. */
static bool is_left_alone(const Host *h, Method method)
{
        const Job *job = h->job;
        JobReached sign = method == METHOD_MINIFOTA  ? JOB_REACHED_ACCEPTED
                          : method == METHOD_UNKNOWN ? JOB_REACHED_UPDATING
                                                     : JOB_REACHED_DOWNLOADING;

        if (!job)
                return false;
        if (job->domain == CODE_DOMAIN_HOST && job->code == HOST_DISMISSED && job->device == h->device)
                return true;
        if (job->result == JOB_RESULT_FAILED && !*job->to_revision && sign <= job->reached && !h->known)
                return true;
        return !(method == METHOD_UNKNOWN && h->adopted_reached < JOB_REACHED_UPDATING) && h->now < h->adopt_at;
}

void host_adopt(Host *h, Method method)
{
        bool by_message = method != METHOD_MINIFOTA;
        g_autofree char *power = NULL;
        Job *job;

        if (!h->request->adopted || h->upgrade || h->disk_state != DISK_WORKS || is_left_alone(h, method))
                return;
        h->observer->note(h->userdata, "an upgrade is adopted");
        if (h->job && h->job->watched) /* the watch ends, and hands power/control over */
                power = g_strdup(h->job->power_control_before);
        g_clear_pointer(&h->job, job_free);
        g_clear_pointer(&h->ended, g_free);
        h->percent = h->results = 0;
        h->job = job = job_new("1", h->traits->uart ? JOB_UART_PREFIX "ttyS1" : "1-1");
        if (h->identity && identity_method(h->identity->model, h->identity->revision) != METHOD_UNKNOWN)
                method = identity_method(h->identity->model, h->identity->revision);
        job->origin = JOB_ORIGIN_ADOPTED;
        job->method = method == METHOD_UNKNOWN ? METHOD_MINIFOTA : method;
        job->state = JOB_DOWNLOADING;
        job->sent = job->disconnected = true;
        job_reach(job, by_message ? JOB_REACHED_DOWNLOADING : JOB_REACHED_ACCEPTED);
        job->system = JOB_SYSTEM_MINI;
        if (h->identity) {
                job_set_string(&job->imei, h->identity->imei);
                job_set_string(&job->model, h->identity->model);
                job_set_string(&job->from_revision, h->identity->revision);
                job_set_string(&job->from_build, h->identity->build);
        }
        if (power)
                job_set_string(&job->power_control_before, power);
        write_record(h);
        begin(h);
}

void host_begin(Host *h, uint64_t now)
{
        set_now(h, now);
        if (!h->request->adopted)
                request(h);
        if (h->running)
                host_port_is_wanted(h);
}

bool host_cancel(Host *h, uint64_t now)
{
        if (!h->running || h->asleep || !h->upgrade || !upgrade_is_cancellable(h->job))
                return false;
        set_now(h, now);
        h->observer->note(h->userdata, "cancel");
        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_CANCEL });
        pump(h);
        return true;
}

bool host_dismiss(Host *h, uint64_t now)
{
        if (!h->running || h->asleep || !h->upgrade || !upgrade_is_dismissable(h->job))
                return false;
        set_now(h, now);
        h->observer->note(h->userdata, "dismiss");
        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_DISMISS });
        pump(h);
        return true;
}

bool host_retry(Host *h, uint64_t now)
{
        if (!h->running || h->asleep || !h->upgrade || !upgrade_may_retry(h->job) || !upgrade_has_answered(h->upgrade))
                return false;
        if (h->disk_state != DISK_WORKS) /* the call is refused */
                return false;
        set_now(h, now);
        h->observer->note(h->userdata, "retry");
        job_set_string(&h->job->retry_source, "http://server/other.mini_1");
        write_record(h);
        host_feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_RETRY });
        pump(h);
        return true;
}

void host_kill(Host *h)
{
        if (!h->running)
                return;
        h->observer->note(h->userdata, "the daemon dies");
        h->running = h->asleep = h->released = h->known = h->listening = false;
        host_port_close(h);
        h->opens_at = h->looks_at = h->server_at = NEVER;
        g_clear_pointer(&h->upgrade, upgrade_free);
        g_clear_pointer(&h->job, job_free);
        g_clear_pointer(&h->identity, identity_free);
}

static void take_up(Host *h)
{
        g_autofree char *why = NULL;

        h->job = job_from_text(h->disk ?: h->ended, "1", &why);
        if (!h->job)
                g_error("the record cannot be read: %s\n%s", why, h->disk);
        if (h->job->state != JOB_FINISHED) {
                h->job->take_ups++;
                if (h->disk_state == DISK_WORKS)
                        write_record(h);
                begin(h);
        } else if (!h->ended) { /* the signal was not sent */
                send_result(h);
        }
}

void host_start(Host *h, bool boot, uint64_t now)
{
        if (h->running)
                return;
        h->observer->note(h->userdata, boot ? "the gateway boots" : "the daemon starts");
        if (boot) {
                g_free(h->boot_id);
                h->boot_id = g_strdup_printf("22222222-2222-2222-2222-%012u", ++h->boots);
                g_free(h->power);
                h->power = g_strdup(h->request->power_auto ? "auto" : "on");
        }
        set_now(h, now);
        h->running = true;
        if (h->disk || h->ended)
                take_up(h);
        if (h->running)
                host_port_is_wanted(h);
}

bool host_is_running(const Host *h)
{
        return h->running;
}

void host_set_disk(Host *h, Disk disk)
{
        if (h->disk_state != disk)
                h->observer->note(h->userdata, disk == DISK_WORKS  ? "the disk works"
                                               : disk == DISK_FULL ? "the disk is full"
                                                                   : "the disk is read-only");
        h->disk_state = disk;
}

const Job *host_job(const Host *h)
{
        return h->job;
}

unsigned host_steps_back(const Host *h)
{
        return h->steps_back;
}

unsigned host_phases_unknown(const Host *h)
{
        return h->phases_unknown;
}

unsigned host_busy_ticks(const Host *h)
{
        return h->busy_ticks;
}

unsigned host_results(const Host *h)
{
        return h->most_results;
}

bool host_removed_record(const Host *h)
{
        return h->removed;
}

bool host_leaves_power(const Host *h)
{
        return !h->traits->uart && h->request->power_auto && h->attached && strcmp(h->power, "on") == 0 && h->job &&
               !h->job->watched && !strstr(h->job->message, "power/control");
}

Host *host_new(const Traits *traits, const Request *request, const HostObserver *observer, void *userdata)
{
        Host *h = g_new0(Host, 1);

        h->traits = traits;
        h->request = request;
        h->observer = observer;
        h->userdata = userdata;
        h->boot_id = g_strdup(BOOT_ONE);
        h->power = g_strdup(request->power_auto ? "auto" : "on");
        h->engine = at_engine_new();
        h->running = h->attached = h->at_port = true;
        h->product = 0x6005;
        h->device = 1;
        h->opens_at = h->looks_at = h->server_at = h->ask_at = h->sends_at = NEVER;
        return h;
}

void host_free(Host *h)
{
        if (!h)
                return;
        identity_probe_free(h->dialogue);
        upgrade_free(h->upgrade);
        job_free(h->job);
        at_engine_free(h->engine);
        if (h->identity)
                identity_free(h->identity);
        g_free(h->disk);
        g_free(h->ended);
        g_free(h->boot_id);
        g_free(h->power);
        g_free(h);
}
