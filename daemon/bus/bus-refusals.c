/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Refusals of calls of which the sender makes too many. They are sent at a slow pace: the bus lets only a number of
 * calls of a connection wait for replies, so the calls of a sender that never pauses wait here, and not in the bus
 * before the calls of others. Knows no particular call. */

#include "bus/bus-refusals.h"

/* REFUSALS_AT_ONCE in each PAUSE. */
#define REFUSALS_AT_ONCE 2u
#define PAUSE            (5 * G_TIME_SPAN_MILLISECOND)

/* The time after which a refusal does not wait for an empty queue, but a single one is sent in each PAUSE. */
#define WAIT_MAX (G_USEC_PER_SEC / 2)

/* If more of them wait, the next are sent at once. */
#define REFUSALS_MAX 2048u

typedef struct Waiting {
        sd_bus_message *refusal;
        gint64 since; /* µs of g_get_monotonic_time() */
} Waiting;

/* Returns true if the bus has read all but the last messages. */
static bool is_read(const Bus *b)
{
        return bus_count_queued(b) == 0;
}

static int begin_pause(Bus *b)
{
        int r = sd_event_source_set_time_relative(b->refuse, PAUSE);

        return r < 0 ? r : sd_event_source_set_enabled(b->refuse, SD_EVENT_ONESHOT);
}

static sd_bus_message *take_first(Bus *b)
{
        Waiting *w = g_queue_pop_head(&b->refusals);
        sd_bus_message *m = w->refusal;

        g_free(w);
        return m;
}

static bool may_send_first(Bus *b)
{
        const Waiting *w = g_queue_peek_head(&b->refusals);

        return w && b->refused < REFUSALS_AT_ONCE &&
               (is_read(b) || (b->refused == 0 && bus_count_queued(b) <= BUS_ANSWERS_MAX &&
                               g_get_monotonic_time() - w->since > WAIT_MAX));
}

static int on_pause_over(sd_event_source *source, uint64_t usec, void *userdata)
{
        Bus *b = userdata;

        (void)source, (void)usec;
        b->refused = 0;
        while (may_send_first(b)) {
                g_autoptr(sd_bus_message) m = take_first(b);

                b->refused++;
                sd_bus_send(NULL, m, NULL);
        }
        return b->refused > 0 || !g_queue_is_empty(&b->refusals) ? begin_pause(b) : 0;
}

/* Returns true if the refusal has to wait for the end of the pause, which this begins. */
static bool must_wait(Bus *b)
{
        bool waits = g_queue_get_length(&b->refusals) > 0, paused = waits || b->refused > 0;

        if (g_queue_get_length(&b->refusals) >= REFUSALS_MAX)
                return false;
        if (!b->refuse && sd_event_add_time(b->event, &b->refuse, CLOCK_MONOTONIC, UINT64_MAX, 1, on_pause_over, b) < 0)
                return false;
        if (!paused && begin_pause(b) < 0)
                return false;
        if (waits || b->refused >= REFUSALS_AT_ONCE || !is_read(b))
                return true;
        b->refused++;
        return false;
}

int bus_refusals_send(Bus *b, sd_bus_message *call, const char *why)
{
        g_autoptr(sd_bus_message) m = NULL;
        int r;

        if (sd_bus_message_get_expect_reply(call) == 0)
                return 1;
        r = sd_bus_message_new_method_errorf(call, &m, SD_BUS_ERROR_LIMITS_EXCEEDED, "%s", why);
        if (r < 0)
                return r;
        if (must_wait(b)) {
                Waiting *w = g_new(Waiting, 1);

                *w = (Waiting){ .refusal = g_steal_pointer(&m), .since = g_get_monotonic_time() };
                g_queue_push_tail(&b->refusals, w);
        } else if ((r = sd_bus_send(NULL, m, NULL)) < 0) {
                return r;
        }
        return 1;
}

void bus_refusals_drop(Bus *b)
{
        while (!g_queue_is_empty(&b->refusals))
                sd_bus_message_unref(take_first(b));
}
