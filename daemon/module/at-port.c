/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The AT port of a module: opens and closes the tty as it is wanted, tries a port again that another process has or
 * that cannot be opened, and runs the AT dialogue over the open tty. Knows the meaning of no line. */

#include <errno.h>
#include <string.h>

#include "module/at-port.h"
#include "base/clock.h"
#include "base/log.h"
#include "device/port-watch.h"

#define OPEN_INTERVAL (G_USEC_PER_SEC / 4) /* a node can exist before it can be opened */
#define BUSY_INTERVAL G_USEC_PER_SEC       /* another process has the port, and a job wants it */

struct AtPort {
        const ModuleContext *context;
        const Ports *ports;
        const AtPortObserver *observer;
        void *userdata;

        char *node; /* NULL none */
        unsigned baud_rate;
        AtPortWish wish;
        char *holder;      /* the process that has the port instead, NULL none */
        bool failed;       /* the last try to open this node failed */
        int error;         /* errno of the last try, if the one before it failed as well; else 0 */
        bool job_had_port; /* the job has had the port open since the daemon started */

        Serial *serial; /* NULL: the port is closed */
        AtEngine *engine;
        bool listening;         /* nothing is to be sent */
        bool held;              /* what comes is kept for later */
        uint64_t opened_at;     /* µs of clock_now() */
        bool heard;             /* bytes came since the port was opened */
        uint64_t open_at;       /* the time of the next try to open the port; UINT64_MAX: at once if it is wanted */
        uint64_t tried_at;      /* when opening was tried last, µs of g_get_monotonic_time() */
        uint64_t open_interval; /* before that, if neither a job nor a call waits for the port; 0 not tried yet */
        PortWatch *watch;       /* runs while the port could not be opened */
};

AtPort *at_port_new(const ModuleContext *context, const Ports *ports, const AtPortObserver *observer, void *userdata)
{
        AtPort *p = g_new0(AtPort, 1);

        p->context = context;
        p->ports = ports;
        p->observer = observer;
        p->userdata = userdata;
        p->baud_rate = context->config->baud_rate;
        p->engine = at_engine_new();
        p->open_at = UINT64_MAX;
        return p;
}

void at_port_free(AtPort *p)
{
        if (!p)
                return;
        serial_close(p->serial);
        port_watch_free(p->watch);
        at_engine_free(p->engine);
        g_free(p->node);
        g_free(p->holder);
        g_free(p);
}

const char *at_port_node(const AtPort *p)
{
        return p->node;
}

bool at_port_is_open(const AtPort *p)
{
        return p->serial;
}

uint64_t at_port_opened_at(const AtPort *p)
{
        return p->opened_at;
}

bool at_port_was_heard(const AtPort *p)
{
        return p->heard;
}

const char *at_port_holder(const AtPort *p)
{
        return p->holder;
}

int at_port_error(const AtPort *p)
{
        return p->error;
}

Serial *at_port_serial(const AtPort *p)
{
        return p->serial;
}

bool at_port_set_flow_control(AtPort *p, bool hardware)
{
        return !p->serial || serial_set_flow_control(p->serial, hardware);
}

/* ---- the dialogue */

void at_port_listen(AtPort *p)
{
        at_engine_listen(p->engine);
        p->listening = true;
}

void at_port_end_listening(AtPort *p)
{
        p->listening = false;
}

bool at_port_is_listening(const AtPort *p)
{
        return p->listening;
}

void at_port_start(AtPort *p)
{
        p->listening = false;
        if (p->serial)
                at_engine_start(p->engine, context_now(p->context));
}

void at_port_start_anew(AtPort *p)
{
        at_engine_listen(p->engine);
        at_port_start(p);
}

bool at_port_is_ready(const AtPort *p)
{
        return at_engine_is_ready(p->engine);
}

bool at_port_takes_commands(const AtPort *p)
{
        return p->serial && !p->listening;
}

bool at_port_is_idle(const AtPort *p)
{
        return at_port_takes_commands(p) && at_engine_is_idle(p->engine);
}

void at_port_command(AtPort *p, unsigned tag, const char *command, bool secret, uint64_t timeout)
{
        if (p->serial)
                at_engine_command(p->engine, tag, command, secret, timeout, context_now(p->context));
}

void at_port_hush(AtPort *p)
{
        if (p->serial)
                at_engine_hush(p->engine);
}

/* Logs a line of the dialogue for debugging, and in the job's own log. */
static void log_dialogue(AtPort *p, char direction, const char *line, const char *remark)
{
        const Job *job = p->context->job;

        log_context(LOG_DEBUG, p->context, "%c %s%s", direction, line, remark);
        if (job)
                job_log_printf(job->log, (uint64_t)g_get_real_time(), JOB_LOG_AT, "%c %s%s", direction, line, remark);
}

void at_port_send_blind(AtPort *p, const char *command)
{
        log_dialogue(p, '>', command, " (blindly)");
        if (p->serial)
                at_engine_write_blind(p->engine, command, context_now(p->context));
}

/* The recording masks what is secret itself. */
static void record_sent(AtPort *p, const char *text)
{
        g_autofree char *line = NULL;

        if (!p->context->recording)
                return;
        line = g_strndup(text, strcspn(text, "\r"));
        context_record(p->context, RECORDING_SENT, line);
}

static void write_out(AtPort *p, const AtEvent *event)
{
        g_autofree char *command = g_strndup(event->text, strcspn(event->text, event->secret ? "=\r" : "\r"));
        int r;

        /* A command that may hold a password is named by what stands before its first value. */
        log_dialogue(p, '>', command, event->secret ? "=***" : "");
        record_sent(p, event->text);
        p->observer->wrote(p->userdata);
        r = p->serial ? serial_write(p->serial, event->text, strlen(event->text)) : -ENODEV;
        if (r < 0)
                log_context(LOG_DEBUG, p->context, "not written: %s", g_strerror(-r));
}

/* Returns true if the line may be a part of an echo of ours, which may hold a password: an answer with values begins
 * with +. */
static bool may_be_echo(const char *line)
{
        return strstr(line, "://") || strstr(line, "QICSGP") || strstr(line, "QFOTADL=\"") ||
               (*line != '+' && strpbrk(line, "\"@"));
}

static void log_line(AtPort *p, const char *line)
{
        if (*line)
                log_dialogue(p, '<', may_be_echo(line) ? "(not shown)" : line, "");
}

static void log_answer(AtPort *p, const AtEvent *event)
{
        g_auto(GStrv) lines = g_strsplit(event->text, "\n", -1);

        for (char **line = lines; *line; line++)
                if (event->secret && **line)
                        log_dialogue(p, '<', "(not shown)", "");
                else
                        log_line(p, *line);
        if (event->result == AT_RESULT_ERROR && event->error >= 0) {
                g_autofree char *error = g_strdup_printf("+CME ERROR: %d", event->error);

                log_dialogue(p, '<', error, "");
        } else {
                log_dialogue(p, '<',
                             event->result == AT_RESULT_OK      ? "OK"
                             : event->result == AT_RESULT_ERROR ? "ERROR"
                                                                : "(no answer)",
                             "");
        }
}

static uint64_t engine_deadline(const AtPort *p)
{
        return context_deadline(p->context, at_engine_deadline(p->engine));
}

bool at_port_advance(AtPort *p)
{
        g_autoptr(AtEvent) event = NULL;

        if (p->serial && clock_has_passed(engine_deadline(p)))
                at_engine_tick(p->engine, context_read_until(p->context));
        event = at_engine_pop(p->engine);
        if (!event)
                return false;
        if (!p->observer->heard(p->userdata, event))
                return true;
        switch (event->type) {
        case AT_EVENT_WRITE: write_out(p, event); return true;
        case AT_EVENT_READY: break;
        case AT_EVENT_ANSWER: log_answer(p, event); break;
        case AT_EVENT_URC: log_line(p, event->text); break;
        }
        p->observer->event(p->userdata, event);
        return true;
}

uint64_t at_port_deadline(const AtPort *p)
{
        return p->serial ? engine_deadline(p) : UINT64_MAX;
}

uint64_t at_port_open_at(const AtPort *p)
{
        return p->open_at;
}

/* ---- opening and closing */

void at_port_close(AtPort *p)
{
        p->observer->closing(p->userdata);
        if (p->serial && p->context->recording) {
                recording_writer_flush(p->context->recording, clock_now());
                context_record(p->context, RECORDING_CLOSE, context_tty(p->node));
        }
        p->job_had_port = p->context->job && (p->job_had_port || p->serial);
        serial_close(g_steal_pointer(&p->serial));
        at_engine_reset(p->engine);
}

void at_port_try(AtPort *p)
{
        g_clear_pointer(&p->holder, g_free);
        p->open_at = UINT64_MAX;
        p->open_interval = 0;
}

void at_port_begin_job(AtPort *p)
{
        p->job_had_port = false;
        at_port_try(p);
}

void at_port_set_node(AtPort *p, const char *node)
{
        at_port_close(p);
        g_free(p->node);
        p->node = g_strdup(node);
        p->failed = false;
        p->error = 0;
        g_clear_pointer(&p->watch, port_watch_free);
        at_port_try(p);
}

bool at_port_set_rate(AtPort *p, unsigned baud_rate)
{
        if (p->baud_rate == baud_rate)
                return false;
        p->baud_rate = baud_rate;
        at_port_close(p);
        p->open_at = UINT64_MAX;
        return true;
}

bool at_port_is_sending(const AtPort *p)
{
        return p->serial && serial_pending(p->serial) > 0;
}

void at_port_hold(AtPort *p)
{
        p->held = true;
        if (p->serial)
                serial_hold(p->serial);
}

bool at_port_release(AtPort *p)
{
        bool held = p->held;

        p->held = false;
        if (held && p->serial)
                serial_release(p->serial);
        return held;
}

/* A port that neither a job nor a call waits for is tried ever more rarely, for each try looks into all processes. */
static uint64_t open_later_at(AtPort *p)
{
        uint64_t longest = MAX(p->context->config->timeouts.settle, OPEN_INTERVAL);

        p->open_interval = CLAMP(2 * p->open_interval, OPEN_INTERVAL, longest);
        return clock_now() + p->open_interval;
}

static uint64_t open_again_at(AtPort *p)
{
        return p->wish == AT_PORT_AWAITED ? clock_now() + OPEN_INTERVAL : open_later_at(p);
}

static void on_bytes(void *userdata, const void *bytes, size_t n)
{
        AtPort *p = userdata;

        p->heard = true;
        p->observer->bytes(p->userdata);
        if (p->context->recording)
                recording_writer_feed(p->context->recording, clock_now(), bytes, n);
        at_engine_feed(p->engine, bytes, n, context_now(p->context));
        p->context->wake(p->context->userdata);
}

static void on_lost(void *userdata, const char *why)
{
        AtPort *p = userdata;

        log_context(LOG_DEBUG, p->context, "%s: %s", p->node ?: "port", why);
        at_port_close(p);
        p->open_at = open_again_at(p); /* if the USB does not report that the module is gone */
        p->observer->lost(p->userdata);
        p->context->wake(p->context->userdata);
}

static const SerialObserver serial_observer = { .bytes = on_bytes, .lost = on_lost };

/* Another process is closing the port, or has removed its lock file. Events right behind a try may be those of the try
 * itself, since watches of one inode share their events: the timer covers what they may hide. */
static void on_left(void *userdata)
{
        AtPort *p = userdata;

        if ((uint64_t)g_get_monotonic_time() < p->tried_at + OPEN_INTERVAL)
                return;

        log_context(LOG_DEBUG, p->context, "%s may be free", p->node);
        p->open_interval = 0;
        p->open_at = MIN(p->open_at, clock_now() + OPEN_INTERVAL);
        p->context->wake(p->context->userdata);
}

static void set_holder(AtPort *p, const char *holder)
{
        if (g_strcmp0(p->holder, holder) == 0)
                return;
        g_free(p->holder);
        p->holder = g_strdup(holder);
        p->observer->holder_changed(p->userdata);
}

static void begin(AtPort *p)
{
        bool after_failure = p->holder || p->failed;

        log_context(LOG_DEBUG, p->context, "%s is open", p->node);
        context_record(p->context, RECORDING_OPEN, context_tty(p->node));
        p->open_at = UINT64_MAX;
        p->failed = false;
        p->error = 0;
        p->heard = false;
        p->opened_at = clock_now();
        p->observer->opened(p->userdata, after_failure);
        set_holder(p, NULL);
        if (p->listening)
                at_engine_listen(p->engine);
        else
                at_engine_start(p->engine, context_now(p->context));
}

static void open_port(AtPort *p)
{
        const Job *job = p->context->job;
        SerialSettings settings = { .lock_directory = p->context->config->lock_directory,
                                    .baud_rate = p->baud_rate,
                                    .syspath = ports_syspath(p->ports, p->node),
                                    .was_ours = job && (job->sent || p->job_had_port) };
        g_autofree char *holder = NULL;
        int r;

        /* Otherwise the watch would report the close after a failed try, and the next try would follow at once. */
        g_clear_pointer(&p->watch, port_watch_free);
        r = serial_open(&p->serial, p->context->event, p->node, &settings, &serial_observer, p, &holder);
        p->tried_at = (uint64_t)g_get_monotonic_time();
        if (r < 0)
                p->watch = port_watch_new(p->context->event, p->node, settings.lock_directory, on_left, p);
        if (r >= 0) {
                begin(p);
        } else if (r == -EBUSY) {
                g_autofree char *finding = g_strdup_printf("and %s is held %s", p->node, holder);

                set_holder(p, holder);
                p->open_at = p->context->job ? clock_now() + BUSY_INTERVAL : open_later_at(p);
                p->observer->busy(p->userdata, finding);
        } else {
                log_context(LOG_DEBUG, p->context, "%s cannot be opened: %s", p->node, g_strerror(-r));
                set_holder(p, NULL);
                /* Not a problem at the first failure: the node may not be ready, or the module is leaving the bus. */
                p->error = p->failed ? -r : 0;
                p->failed = true;
                p->open_at = open_again_at(p);
                p->observer->missing(p->userdata);
        }
}

bool at_port_update(AtPort *p, AtPortWish wish)
{
        p->wish = wish;
        if (wish == AT_PORT_UNWANTED) {
                if (p->serial)
                        at_port_close(p);
                g_clear_pointer(&p->watch, port_watch_free);
                p->open_at = UINT64_MAX;
        } else if (!p->serial && (p->open_at == UINT64_MAX || clock_now() >= p->open_at)) {
                open_port(p);
                return true;
        }
        return false;
}
