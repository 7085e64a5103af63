/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A package that the host sends itself (guide 3.3.1.3): how the module takes its bytes, with hardware flow control and
 * without, where it stops, and what it observed of the sender. This file must not depend on a package's contents, or on
 * their use.
 */
#include "model-private.h"

#include <string.h>

#define TENTHS 10

static void go_on(Model *m);
static void fell_silent(Model *m);

static unsigned number(const Model *m, enum persona_key key)
{
        return persona_number(m->persona, key);
}

static bool receives(const Model *m)
{
        return m->fota.port && m->fota.port->data_mode;
}

static unsigned percent_of(const Model *m, guint64 bytes)
{
        return (unsigned)MIN(bytes * 100 / m->fota.length, 100);
}

/* --- listening --- */

/* The hold at that percentage; a hold without one stops at every tenth. */
static const char *hold_at(Model *m, unsigned percent)
{
        const char *hold = model_hold_between(m, "file", percent - 1, percent);

        return hold && (strchr(hold, ':') || percent % TENTHS == 0) ? hold : NULL;
}

static bool point_at(const Model *m, enum persona_key key, unsigned percent)
{
        return model_point_between(m, key, "file", percent - 1, percent);
}

/* The number of bytes that may arrive before the next stop. */
static guint64 until_next_stop(Model *m)
{
        for (unsigned percent = percent_of(m, m->fota.got) + 1; percent <= 100; percent++)
                if (hold_at(m, percent) || point_at(m, PERSONA_STALL, percent) || point_at(m, PERSONA_CUT, percent)) {
                        guint64 stop = (m->fota.length * percent + 99) / 100;

                        return MIN(stop, m->file.expected) - m->fota.got;
                }
        return m->file.expected - m->fota.got;
}

void file_listen(Model *m)
{
        for (unsigned i = 0; m->on_bus && i < G_N_ELEMENTS(m->ports); i++) {
                bool file = receives(m) && m->fota.port == &m->ports[i];
                size_t most = !file ? SIZE_MAX : m->file.stopped ? 0 : (size_t)until_next_stop(m);
                /* The first byte decides; until then flow control is assumed. */
                unsigned own = file && (m->file.flow || !m->file.bytes) ? number(m, PERSONA_FILE_RATE) : 0;
                unsigned line = m->uart && persona_flag(m->persona, PERSONA_LINE_SPEED) ? number(m, PERSONA_BAUD) / 10
                                                                                        : 0;
                unsigned rate = own && line ? MIN(own, line) : MAX(own, line);

                m->world->listen(m->user, m->ports[i].interface, most, rate);
        }
}

static void await_more(Model *m)
{
        model_next(m, LANE_IDLE, number(m, PERSONA_FILE_IDLE), NULL, fell_silent);
        file_listen(m);
}

static void stop(Model *m)
{
        m->file.stopped = true;
        model_stop(m, LANE_IDLE);
        file_listen(m);
}

/* --- observations of the sender --- */

/* The bytes of the last second up to `at`. */
static void note_rate(Model *m, gint64 at, size_t n)
{
        struct file_arrival arrival = { .at = at, .n = n };

        g_array_append_val(m->file.second, arrival);
        m->file.second_sum += n;
        while (g_array_index(m->file.second, struct file_arrival, m->file.second_first).at <= at - G_USEC_PER_SEC)
                m->file.second_sum -= g_array_index(m->file.second, struct file_arrival, m->file.second_first++).n;
        m->file.rate_max = MAX(m->file.rate_max, m->file.second_sum);
        if (m->file.second_first > 4096) {
                g_array_remove_range(m->file.second, 0, m->file.second_first);
                m->file.second_first = 0;
        }
}

static void note_arrival(Model *m, const struct usb_piece *piece)
{
        gint64 at = m->file.flow ? m->world->now(m->user) : piece->at;

        if (!m->file.bytes)
                m->file.first = at;
        m->file.last = at;
        m->file.bytes += piece->n;
        m->file.chunk_max = MAX(m->file.chunk_max, piece->read);
        m->file.behind_max = MAX(m->file.behind_max, piece->behind);
        m->file.write_max = MAX(m->file.write_max, piece->write);
        note_rate(m, at, piece->n);
}

guint64 file_rate_mean(const Model *m)
{
        gint64 span = m->file.last - m->file.first;

        return span > 0 ? m->file.bytes * G_USEC_PER_SEC / (guint64)span : 0;
}

/* --- taking --- */

/* True with hardware flow control on both sides. */
static bool has_flow_control(Model *m, bool host)
{
        return host && persona_is(m->persona, m->uart ? PERSONA_IFC : PERSONA_USBIFC, "2,2");
}

/* The number of these bytes for which there is room: a NOR module drains its buffer slowly, and takes no large write at
 * all. */
static size_t room_for(Model *m, const struct usb_piece *piece)
{
        unsigned burst = number(m, PERSONA_FILE_BURST), rate = number(m, PERSONA_FILE_RATE_LIMIT);
        double buffer = number(m, PERSONA_FILE_BUFFER), drained;
        size_t n = piece->n;

        if (burst)
                n = MIN(n, burst - MIN(burst, piece->before));
        if (!rate)
                return n;
        drained = (double)MAX(piece->at - m->file.level_at, 0) * rate / G_USEC_PER_SEC;
        m->file.level = MAX(m->file.level - drained, 0);
        m->file.level_at = piece->at;
        n = MIN(n, (size_t)MAX(buffer - m->file.level, 0));
        m->file.level += (double)n;
        return n;
}

static void cut_power(Model *m)
{
        fota_cut_here(m, "file", 0, 100);
}

static void complete(Model *m)
{
        g_autoptr(GBytes) package = g_byte_array_free_to_bytes(g_steal_pointer(&m->fota.file));

        model_stop(m, LANE_IDLE);
        m->file.over = true;
        m->fota.port->data_mode = false;
        file_listen(m);
        source_arrived(m, 0, package, "from the host");
}

/* Not at a stop, or no more bytes. */
static void go_on(Model *m)
{
        m->file.stopped = false;
        if (m->fota.got >= m->file.expected)
                complete(m);
        else
                await_more(m);
}

static void stall(Model *m)
{
        stop(m);
        model_event(m, "stalled");
        if (persona_flag(m->persona, PERSONA_FILE_STALL_ENDS))
                model_next(m, LANE_IDLE, number(m, PERSONA_FILE_IDLE), NULL, fell_silent);
}

static void reached(Model *m, unsigned before, unsigned now)
{
        const char *hold = NULL;
        bool cut = false, stalls = false;

        for (unsigned percent = before + 1; percent <= now; percent++) {
                hold = hold_at(m, percent) ?: hold;
                cut |= point_at(m, PERSONA_CUT, percent);
                stalls |= point_at(m, PERSONA_STALL, percent);
                if (percent % TENTHS == 0)
                        model_event(m, "file:%u", percent);
        }
        source_kick(m);
        if (cut) {
                stop(m);
                model_poll(m, LANE_FILE, 0, NULL, cut_power);
        } else if (stalls) {
                stall(m);
        } else if (hold) {
                stop(m);
                model_poll(m, LANE_FILE, 0, hold, go_on);
        } else {
                go_on(m);
        }
}

size_t file_rx(Model *m, const struct usb_piece *piece)
{
        unsigned before = percent_of(m, m->fota.got);
        size_t kept;

        if (!m->file.bytes) {
                m->file.crtscts = m->world->line(m->user, m->fota.port->interface).crtscts;
                m->file.flow = has_flow_control(m, m->file.crtscts);
                model_log(m, "package bytes come, flow control %s", m->file.flow ? "on" : "off");
        }
        note_arrival(m, piece);
        kept = m->file.flow ? piece->n : room_for(m, piece);
        m->file.lost += piece->n - kept;
        g_byte_array_append(m->fota.file, piece->bytes, (guint)kept);
        m->fota.got += kept;
        reached(m, before, percent_of(m, m->fota.got));
        return piece->n;
}

/* --- beginning and end --- */

void file_begin(Model *m, model_step pump)
{
        GArray *second = m->file.second ?: g_array_new(false, false, sizeof(struct file_arrival));
        unsigned count = m->file.count + 1;
        guint64 less = number(m, PERSONA_FILE_SHORT), more = number(m, PERSONA_FILE_LONG);

        g_array_set_size(second, 0);
        memset(&m->file, 0, sizeof m->file);
        m->file.second = second;
        m->file.count = count;
        m->file.port = m->fota.port;
        m->file.expected = m->fota.length - MIN(less, m->fota.length - 1) + more;
        m->fota.begun = true;
        m->fota.pump = pump;
        m->fota.file = g_byte_array_new();
        m->fota.port->data_mode = true;
        await_more(m);
}

static void fell_silent(Model *m)
{
        m->file.stopped = false;
        m->file.flushing = true;
        m->fota.port->data_mode = false;
        file_listen(m);
        source_arrived(m, 500, NULL, m->file.bytes < m->fota.length ? "the host fell silent" : "bytes are missing");
}

void file_ended(Model *m)
{
        m->file.ended_at = m->world->now(m->user);
        model_log(m, "package from the host: %" G_GUINT64_FORMAT " bytes came, %" G_GUINT64_FORMAT " lost",
                  m->file.bytes, m->file.lost);
        model_event(m, "fileend");
}

void file_forget(Model *m)
{
        if ((m->file.over || m->file.flushing) && !m->file.ended_at)
                m->file.ended_at = m->world->now(m->user);
        if (!receives(m))
                return;
        m->fota.port->data_mode = false;
        m->file.stopped = false;
        model_stop(m, LANE_IDLE);
        model_stop(m, LANE_FILE);
        file_listen(m);
}

bool file_swallows(Model *m, const struct usb_piece *piece)
{
        bool early = !m->file.ended_at || piece->at <= m->file.ended_at;

        if (m->file.over && early)
                m->file.extra += piece->n;
        return m->file.flushing && early;
}
