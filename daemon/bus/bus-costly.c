/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls whose answers are long get them one after the other, in a part of the time only, so that they do not hold up
 * others. Knows no particular call. */

#include "bus/bus-costly.h"

/* The time after an answer in which no other one is made, in times that the answer took. */
#define REST 3

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

static int on_turn(sd_event_source *source, uint64_t usec, void *userdata)
{
        Bus *b = userdata;
        BusCall *call = g_queue_pop_head(&b->costly);
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        gint64 begin = g_get_monotonic_time(), end;

        (void)source, (void)usec;
        if (!call)
                return 0;
        bus_call_fail(call, call->answer(call), &error);
        bus_call_done(call);
        end = g_get_monotonic_time();
        b->costly_at = (uint64_t)(end + REST * (end - begin));
        return g_queue_is_empty(&b->costly) ? 0 : await_turn(b);
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
        r = await_turn(b);
        if (r < 0)
                return r;
        call->answer = func;
        bus_call_keep(call, NULL, drop);
        g_queue_push_tail(&b->costly, call);
        return 1;
}
