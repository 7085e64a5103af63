/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls whose answers are long get them one after the other, in a part of the time only, so that they do not hold up
 * others. The bus reads a few thousand bytes from each connection in turn, so a long answer may be on its way for much
 * longer than it took to make it. Every other answer is for a privileged caller, if one waits, and the users of the
 * others take turns. Knows no particular call. */

#include "bus/bus-costly.h"

/* The time after an answer in which no other one is made, in times that the answer took until sd-bus had written it. */
#define REST     3
#define REST_MAX G_USEC_PER_SEC

#define ANSWER_MIN (3 * G_TIME_SPAN_MILLISECOND) /* answers that take less time count as so much */
#define ANSWER_MAX G_USEC_PER_SEC                /* the time until the next answers do not wait for all to be written */
#define PAUSE      (2 * G_TIME_SPAN_MILLISECOND) /* between two looks at the messages that the bus has not read */

static int on_turn(sd_event_source *source, uint64_t usec, void *userdata);

static int await_turn(Bus *b)
{
        int r;

        if (!b->costly_turn &&
            (r = sd_event_add_time(b->event, &b->costly_turn, CLOCK_MONOTONIC, 0, 1, on_turn, b)) < 0)
                return r;
        if ((r = sd_event_source_set_time(b->costly_turn, b->costly_at)) < 0)
                return r;
        return sd_event_source_set_enabled(b->costly_turn, SD_EVENT_ONESHOT);
}

static void answer(BusCall *call)
{
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;

        if (!call->answer) {
                call->has_turn = true;
                bus_call_again(call);
                return;
        }
        bus_call_fail(call, call->answer(call), &error);
        bus_call_done(call);
}

/* Returns true if the last answer is written, as far as sd-bus shows: other messages, or a bus that reads nothing for a
 * while, may keep the queue from being empty. */
static bool is_written(const Bus *b, gint64 taken)
{
        uint64_t queued = bus_count_queued(b);

        return queued == 0 || (queued <= BUS_ANSWERS_MAX && taken > ANSWER_MAX);
}

/* Puts the calls of that user behind those of the others. */
static void put_behind(Bus *b, int64_t uid)
{
        GQueue theirs = G_QUEUE_INIT;

        for (GList *l = b->costly.head, *next; l; l = next) {
                next = l->next;
                if (bus_call_uid(l->data) == uid) {
                        g_queue_unlink(&b->costly, l);
                        g_queue_push_tail_link(&theirs, l);
                }
        }
        while (theirs.head)
                g_queue_push_tail_link(&b->costly, g_queue_pop_head_link(&theirs));
}

/* Takes the call that is answered next out of the queue. NULL if there is none. */
static BusCall *take_next(Bus *b)
{
        GList *next = b->costly.head;
        BusCall *call;

        if (!next)
                return NULL;
        for (GList *l = next; l; l = l->next)
                if (bus_call_is_privileged(l->data) != b->costly_privileged) {
                        next = l;
                        break;
                }
        call = next->data;
        b->costly_privileged = bus_call_is_privileged(call);
        g_queue_delete_link(&b->costly, next);
        put_behind(b, bus_call_uid(call));
        return call;
}

static int on_turn(sd_event_source *source, uint64_t usec, void *userdata)
{
        Bus *b = userdata;
        BusCall *call;
        gint64 now = g_get_monotonic_time();

        (void)source, (void)usec;
        if (b->costly_began > 0) {
                gint64 taken = now - b->costly_began;
                bool written = is_written(b, taken);

                b->costly_at = (uint64_t)(now + (written ? MIN(REST * MAX(taken, ANSWER_MIN), REST_MAX) : PAUSE));
                b->costly_began = written ? 0 : b->costly_began;
                return await_turn(b);
        }
        call = take_next(b);
        if (!call)
                return 0;
        b->costly_began = now;
        b->costly_at = (uint64_t)now;
        answer(call);
        return await_turn(b);
}

static void drop(BusCall *call)
{
        g_queue_remove(&call->bus->costly, call);
        bus_call_done(call);
}

/* The sender is asked for, because more calls are kept for the privileged. */
int bus_costly_call(Bus *b, sd_bus_message *message, BusCostlyFunc func, sd_bus_error *error)
{
        g_autoptr(BusCall) call = NULL;
        int r = bus_call_take(b, message, &call, error);

        if (r <= 0)
                return r < 0 ? r : 1;
        if (call->has_turn)
                return 0;
        r = await_turn(b);
        if (r < 0)
                return r;
        call->answer = func;
        bus_call_keep(call, NULL, drop);
        g_queue_push_tail(&b->costly, call);
        return 1;
}
