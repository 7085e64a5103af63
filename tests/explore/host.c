/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "core/at/uart-life.h"
#include "core/upgrade/upgrade.h"
#include "host.h"

#define TAG_IDENTITY   0xffffu
#define NAMELESS_TRIES 3
#define EPOCH          (1700000000 * SECOND)
#define BOOT_ONE       "11111111-1111-1111-1111-111111111111"

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

struct Host {
        const Traits *traits;
        const HostObserver *observer;
        void *userdata;
        uint64_t now;

        char *disk;  /* the record, NULL none */
        char *ended; /* the record at the Result, NULL before */
        bool disk_works, disk_failed;
        unsigned boots;
        char *boot_id;

        /* the module, which exists whether or not the daemon runs */
        bool attached, at_port;
        unsigned product, device;

        /* of the running daemon */
        bool running, released;
        Job *job;
        Upgrade *upgrade;
        uint64_t opens_at; /* when the port will be open, NEVER: not, or already open */
        uint64_t looks_at; /* when an absent module is reported as gone */
        bool open, listening;
        AtEngine *engine;
        UartLife life;
        IdentityProbe *dialogue;
        bool asked;
        uint64_t ask_at, ask_interval;
        unsigned nameless;
        bool pumping;

        unsigned percent, steps_back, results, busy_ticks;
        uint64_t ticked_at; /* of the last tick, 0 if there were events since */
};

static void pump(Host *h);

static void feed(Host *h, UpgradeEvent event)
{
        if (!h->upgrade)
                return;
        if (event.type != UPGRADE_EVENT_TICK)
                h->ticked_at = 0;
        event.now = h->now;
        event.realtime = EPOCH + h->now;
        event.boot = h->boot_id;
        event.at_port = h->attached && h->at_port;
        event.port_idle = h->open && !h->listening && at_engine_is_idle(h->engine);
        upgrade_handle(h->upgrade, &event);
}

static void feed_present(Host *h)
{
        feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_PRESENT,
                                .product = h->product,
                                .device = h->device,
                                .power_control = h->traits->uart ? NULL : "on" });
}

/* ---- the port */

static void drop_dialogue(Host *h)
{
        g_clear_pointer(&h->dialogue, identity_probe_free);
        h->asked = false;
        h->ask_at = NEVER;
}

static void start_dialogue(Host *h)
{
        if (h->dialogue)
                return;
        h->dialogue = identity_probe_new();
        h->asked = false;
        h->ask_at = NEVER;
}

static void close_port(Host *h)
{
        drop_dialogue(h);
        at_engine_reset(h->engine);
        h->open = false;
}

static void open_port(Host *h)
{
        h->open = true;
        h->opens_at = NEVER;
        h->nameless = 0;
        h->ask_interval = SECOND;
        uart_life_begin(&h->life, h->job && h->job->sent);
        if (h->listening)
                at_engine_listen(h->engine);
        else
                at_engine_start(h->engine, h->now);
}

static void port_is_wanted(Host *h)
{
        if (h->running && h->attached && h->at_port && !h->open && !h->released && h->opens_at == NEVER)
                h->opens_at = h->now + SECOND / 2;
}

/* ---- the actions */

static void persist(Host *h)
{
        if (h->disk_works) {
                g_free(h->disk);
                h->disk = job_to_text(h->job);
                return;
        }
        if (h->job->state == JOB_FINISHED) { /* a full disk still allows a record to be removed */
                g_clear_pointer(&h->disk, g_free);
                return;
        }
        upgrade_drop_actions(h->upgrade);
        feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_DISK, .text = "No space left on device" });
}

static void announce(Host *h)
{
        g_autofree char *text = g_strdup_printf("job %s %u%% %s %s %s", job_state_to_string(h->job->state),
                                                h->job->percent, job_system_to_string(h->job->system),
                                                job_result_to_string(h->job->result), h->job->message);

        h->observer->note(h->userdata, text);
        if (h->job->percent < h->percent)
                h->steps_back++;
        h->percent = h->job->percent;
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
                drop_dialogue(h);
                if (h->open)
                        at_engine_listen(h->engine);
                h->listening = true;
                return;
        case UPGRADE_ACTION_IDENTIFY:
                h->listening = false;
                if (at_engine_is_ready(h->engine))
                        start_dialogue(h);
                else if (h->open)
                        at_engine_start(h->engine, h->now);
                return;
        case UPGRADE_ACTION_WARN: h->observer->note(h->userdata, action->text); return;
        case UPGRADE_ACTION_ANNOUNCE: announce(h); return;
        case UPGRADE_ACTION_RESULT:
                h->results++;
                g_free(h->ended);
                h->ended = job_to_text(h->job);
                announce(h);
                h->observer->result(h->userdata);
                return;
        case UPGRADE_ACTION_RELEASE: h->released = true; return;
        case UPGRADE_ACTION_CHECK_SOURCE:
        case UPGRADE_ACTION_FLOW:
        case UPGRADE_ACTION_TRANSFER:
        case UPGRADE_ACTION_TRANSFER_LAST:
        case UPGRADE_ACTION_TRANSFER_STOP:
        case UPGRADE_ACTION_POWER: return;
        }
}

/* ---- the lines of the port */

static void uart_restarted(Host *h)
{
        h->observer->note(h->userdata, "a restart is seen at the UART");
        h->device++;
        h->nameless = 0;
        h->ask_interval = SECOND;
        drop_dialogue(h);
        at_engine_listen(h->engine);
        h->listening = false;
        at_engine_start(h->engine, h->now);
        feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_GONE });
        feed_present(h);
}

/* Returns true if the event shows a restart, which has been reported then. */
static bool shows_restart(Host *h, const AtEvent *event)
{
        bool shown = false;

        if (event->type == AT_EVENT_URC)
                shown = uart_life_line(&h->life, event->text, h->now);
        else if (event->type == AT_EVENT_READY ||
                 (event->type == AT_EVENT_ANSWER && event->result != AT_RESULT_TIMEOUT))
                shown = uart_life_answered(&h->life, h->now) && h->job && h->job->sent;
        if (shown)
                uart_restarted(h);
        return shown;
}

static void take_line_event(Host *h, const AtEvent *event)
{
        switch (event->type) {
        case AT_EVENT_WRITE: {
                g_autofree char *command = g_strstrip(g_strdup(event->text));

                uart_life_asked(&h->life);
                h->observer->command(h->userdata, command);
                return;
        }
        case AT_EVENT_READY: start_dialogue(h); return;
        case AT_EVENT_ANSWER:
                if (event->tag == TAG_IDENTITY && h->dialogue && h->asked) {
                        h->asked = false;
                        identity_probe_answer(h->dialogue, event->result, event->text, h->now);
                } else if (event->tag != TAG_IDENTITY) {
                        feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_ANSWER,
                                                .tag = event->tag,
                                                .result = event->result,
                                                .error = event->error,
                                                .text = event->text });
                }
                return;
        case AT_EVENT_URC: feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_URC, .text = event->text }); return;
        }
}

static bool advance_engine(Host *h)
{
        g_autoptr(AtEvent) event = NULL;

        if (h->open)
                at_engine_tick(h->engine, h->now);
        event = at_engine_pop(h->engine);
        if (!event)
                return false;
        if (h->traits->uart && shows_restart(h, event) && event->type != AT_EVENT_URC)
                return true;
        take_line_event(h, event);
        return true;
}

/* ---- the identity */

static void take_identity(Host *h)
{
        g_autoptr(Identity) identity = identity_probe_steal(h->dialogue);
        g_autofree char *text = NULL;

        drop_dialogue(h);
        if (*identity->revision) {
                text = g_strdup_printf("reads %s %s", identity->revision, identity->imei);
                h->observer->note(h->userdata, text);
                feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_READY, .identity = identity });
                return;
        }
        h->ask_at = h->now + h->ask_interval;
        if (++h->nameless >= NAMELESS_TRIES)
                h->ask_interval = MIN(2 * h->ask_interval, host_timeouts.settle);
        feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_NAMELESS });
}

static bool advance_dialogue(Host *h)
{
        const char *question;

        if (!h->open)
                return false;
        if (!h->dialogue && h->now >= h->ask_at)
                start_dialogue(h);
        if (!h->dialogue || h->asked)
                return false;
        if (identity_probe_done(h->dialogue)) {
                take_identity(h);
                return true;
        }
        question = identity_probe_next(h->dialogue, h->now, &h->ask_at);
        if (!question)
                return false;
        h->asked = true;
        at_engine_command(h->engine, TAG_IDENTITY, question, false, host_timeouts.command, h->now);
        return true;
}

/* ---- the loop */

static bool advance_upgrade(Host *h)
{
        g_autoptr(UpgradeAction) action = h->upgrade ? upgrade_pop(h->upgrade) : NULL;

        if (!action)
                return false;
        carry_out(h, action);
        return true;
}

static void tick(Host *h)
{
        if (h->ticked_at && h->now < h->ticked_at + SECOND)
                h->busy_ticks++;
        feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_TICK });
        h->ticked_at = h->now;
}

static void pump(Host *h)
{
        bool busy = true;

        if (h->pumping || !h->running)
                return;
        h->pumping = true;
        while (busy) {
                if (advance_upgrade(h))
                        continue;
                if (h->released) { /* the job has ended; its record stays readable */
                        if (h->open)
                                close_port(h);
                        g_clear_pointer(&h->upgrade, upgrade_free);
                        break;
                }
                if (advance_engine(h))
                        continue;
                if (h->upgrade && h->now >= upgrade_deadline(h->upgrade)) {
                        tick(h);
                        continue;
                }
                busy = advance_dialogue(h);
        }
        h->pumping = false;
        port_is_wanted(h);
}

uint64_t host_next(const Host *h)
{
        uint64_t at = MIN(h->opens_at, h->looks_at);

        if (!h->running || !h->upgrade)
                return NEVER;
        at = MIN(at, upgrade_deadline(h->upgrade));
        if (h->open)
                at = MIN(at, MIN(at_engine_deadline(h->engine), h->ask_at));
        return at;
}

void host_advance(Host *h, uint64_t now)
{
        h->now = now;
        if (now >= h->opens_at)
                open_port(h);
        if (now >= h->looks_at) {
                h->looks_at = NEVER;
                if (!h->attached)
                        feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_GONE });
        }
        pump(h);
}

/* ---- news of the module */

void host_attached(Host *h, unsigned product, bool at_port, uint64_t now)
{
        h->now = now;
        h->attached = true;
        h->product = product;
        h->at_port = at_port;
        h->device++;
        h->listening = false;
        if (h->running) {
                feed_present(h);
                pump(h);
        }
}

void host_detached(Host *h, uint64_t now)
{
        h->now = now;
        h->attached = h->at_port = h->listening = false;
        h->opens_at = NEVER;
        if (!h->running)
                return;
        close_port(h);
        feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_GONE });
        pump(h);
}

void host_line(Host *h, const char *line, uint64_t now)
{
        g_autofree char *bytes = g_strdup_printf("\r\n%s\r\n", line);

        h->now = now;
        if (!h->running || !h->open)
                return;
        uart_life_bytes(&h->life);
        at_engine_feed(h->engine, bytes, strlen(bytes), now);
        pump(h);
}

/* ---- the job, and the life of the daemon */

static void begin(Host *h)
{
        h->upgrade = upgrade_new(h->job, &host_timeouts);
        h->released = false;
        feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_BEGIN });
        if (h->attached)
                feed_present(h);
        else
                h->looks_at = h->now + 5 * SECOND;
        pump(h);
}

void host_begin(Host *h, const char *expected, uint64_t now)
{
        h->now = now;
        h->job = job_new("1", h->traits->uart ? JOB_UART_PREFIX "ttyS1" : "1-1");
        job_set_string(&h->job->source, h->traits->mini ? "http://server/package.mini_1" : "http://server/package.bin");
        job_set_string(&h->job->imei, MODEL_IMEI);
        job_set_string(&h->job->model, h->traits->mini ? "EC600M" : "EC200A");
        job_set_string(&h->job->from_revision, h->traits->mini ? MODEL_OLD_MINI : MODEL_OLD_DFOTA);
        h->job->options->expected_revision = g_strdup(expected);
        h->job->method = h->traits->mini ? METHOD_MINIFOTA : METHOD_DFOTA;
        persist(h);
        begin(h);
}

bool host_cancel(Host *h, uint64_t now)
{
        if (!h->running || !h->upgrade || !upgrade_is_cancellable(h->job))
                return false;
        h->now = now;
        h->observer->note(h->userdata, "cancel");
        feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_CANCEL });
        pump(h);
        return true;
}

bool host_retry(Host *h, uint64_t now)
{
        if (!h->running || !h->upgrade || !upgrade_may_retry(h->job) || !upgrade_has_answered(h->upgrade))
                return false;
        h->now = now;
        h->observer->note(h->userdata, "retry");
        job_set_string(&h->job->retry_source, "http://server/other.mini_1");
        persist(h);
        feed(h, (UpgradeEvent){ .type = UPGRADE_EVENT_RETRY });
        pump(h);
        return true;
}

void host_kill(Host *h)
{
        h->observer->note(h->userdata, "the daemon dies");
        h->running = false;
        close_port(h);
        h->opens_at = h->looks_at = NEVER;
        g_clear_pointer(&h->upgrade, upgrade_free);
        g_clear_pointer(&h->job, job_free);
}

void host_start(Host *h, bool boot, uint64_t now)
{
        g_autofree char *why = NULL;

        h->now = now;
        h->observer->note(h->userdata, boot ? "the gateway boots" : "the daemon starts");
        if (boot) {
                g_free(h->boot_id);
                h->boot_id = g_strdup_printf("22222222-2222-2222-2222-%012u", ++h->boots);
        }
        h->running = true;
        h->listening = false;
        h->job = job_from_text(h->disk ?: h->ended, "1", &why);
        if (!h->job)
                g_error("the record cannot be read: %s\n%s", why, h->disk);
        if (h->disk_failed) /* the record may be behind */
                h->percent = h->job->percent;
        if (h->job->state != JOB_FINISHED) {
                h->job->take_ups++;
                begin(h);
        } else {
                h->released = true;
        }
}

bool host_is_running(const Host *h)
{
        return h->running;
}

void host_set_disk(Host *h, bool works)
{
        h->observer->note(h->userdata, works ? "the disk works" : "the disk is full");
        h->disk_failed |= !works;
        h->disk_works = works;
}

const Job *host_job(const Host *h)
{
        return h->job;
}

unsigned host_steps_back(const Host *h)
{
        return h->steps_back;
}

unsigned host_busy_ticks(const Host *h)
{
        return h->busy_ticks;
}

unsigned host_results(const Host *h)
{
        return h->results;
}

Host *host_new(const Traits *traits, const HostObserver *observer, void *userdata)
{
        Host *h = g_new0(Host, 1);

        h->traits = traits;
        h->observer = observer;
        h->userdata = userdata;
        h->boot_id = g_strdup(BOOT_ONE);
        h->engine = at_engine_new();
        h->running = h->disk_works = h->attached = h->at_port = true;
        h->product = 0x6005;
        h->device = 1;
        h->opens_at = h->looks_at = h->ask_at = NEVER;
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
        g_free(h->disk);
        g_free(h->ended);
        g_free(h->boot_id);
        g_free(h);
}
