/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The clock that all time-outs of modules are measured on, and the event loop, which knows how long the daemon has
 * listened. Knows nothing of modules. */

#include <glib.h>
#include <time.h>

#include "base/clock.h"

/* While a time-out runs, the loop waits for a second at a time, or for a small part of what is left until then. A longer
 * time between two turns is one in which the daemon did not listen, and counts as so much. */
#define TURN_MAX  G_USEC_PER_SEC
#define TURN_PART 16

/* A source that never runs dry (a flood of calls, say) must not keep time-outs from passing for ever. */
#define READING_MAX (10 * G_USEC_PER_SEC)

/* A suspend that is shorter than this is none: the two clocks are not read at the same moment. */
#define SUSPEND_MIN G_USEC_PER_SEC

struct ClockTimer {
        const ClockTimerObserver *observer;
        void *userdata;
        uint64_t at;        /* a time-out ends, UINT64_MAX never */
        uint64_t remind_at; /* UINT64_MAX never */
        bool resumed;       /* the observer is still to be called */
};

static GQueue timers = G_QUEUE_INIT;
static uint64_t now, read_until; /* µs of this clock */
static uint64_t turned_at;       /* CLOCK_MONOTONIC at the last turn, µs, 0 before the first one */
static uint64_t suspended;       /* CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC by so much, µs */
static uint64_t resumed_at;      /* the time of this clock after the last suspend */

static uint64_t read_clock(clockid_t id)
{
        struct timespec t;

        clock_gettime(id, &t);
        return (uint64_t)t.tv_sec * G_USEC_PER_SEC + (uint64_t)t.tv_nsec / 1000;
}

static void start(void)
{
        if (turned_at)
                return;
        now = read_until = turned_at = read_clock(CLOCK_MONOTONIC);
        suspended = read_clock(CLOCK_BOOTTIME) - turned_at;
}

uint64_t clock_now(void)
{
        start();
        return now;
}

uint64_t clock_read_until(void)
{
        start();
        return read_until;
}

bool clock_has_passed(uint64_t at)
{
        return clock_read_until() >= at;
}

/* ---- timers */

ClockTimer *clock_timer_new(const ClockTimerObserver *observer, void *userdata)
{
        ClockTimer *t = g_new0(ClockTimer, 1);

        t->observer = observer;
        t->userdata = userdata;
        t->at = t->remind_at = UINT64_MAX;
        g_queue_push_tail(&timers, t);
        return t;
}

void clock_timer_free(ClockTimer *t)
{
        if (!t)
                return;
        g_queue_remove(&timers, t);
        g_free(t);
}

void clock_timer_set(ClockTimer *t, uint64_t at)
{
        t->at = at;
}

void clock_timer_remind(ClockTimer *t, uint64_t at)
{
        t->remind_at = at;
}

static uint64_t time_of(const ClockTimer *t)
{
        return MIN(t->at, t->remind_at);
}

/* The timer whose time comes first, NULL if there is none. */
static ClockTimer *first_timer(void)
{
        ClockTimer *first = NULL;

        for (GList *i = timers.head; i; i = i->next)
                if (!first || time_of(i->data) < time_of(first))
                        first = i->data;
        return first;
}

static uint64_t first_time(void)
{
        const ClockTimer *first = first_timer();

        return first ? time_of(first) : UINT64_MAX;
}

/* The end of the first time-out, UINT64_MAX if none runs. */
static uint64_t first_time_out(void)
{
        uint64_t first = UINT64_MAX;

        for (GList *i = timers.head; i; i = i->next)
                first = MIN(first, ((const ClockTimer *)i->data)->at);
        return first;
}

static ClockTimer *resumed_timer(void)
{
        for (GList *i = timers.head; i; i = i->next)
                if (((ClockTimer *)i->data)->resumed)
                        return i->data;
        return NULL;
}

/* Calls one observer, if one is to be called: it may free timers. */
static void run_timer(bool all_read)
{
        bool heard = all_read || now >= resumed_at + READING_MAX;
        ClockTimer *resumed = heard ? resumed_timer() : NULL, *first = first_timer();

        if (resumed) {
                resumed->resumed = false;
                resumed->observer->resumed(resumed->userdata);
        } else if (first && clock_has_passed(time_of(first))) {
                first->at = first->remind_at = UINT64_MAX;
                first->observer->passed(first->userdata);
        }
}

/* ---- the loop */

/* Returns the longest time between two turns that counts, µs. */
static uint64_t longest_turn(void)
{
        uint64_t time_out = first_time_out(), at = time_out == UINT64_MAX ? first_time() : time_out;
        unsigned part = time_out == UINT64_MAX ? 1 : TURN_PART;

        if (at == UINT64_MAX)
                return UINT64_MAX;
        return at > now ? MAX(TURN_MAX, (at - now) / part) : TURN_MAX;
}

/* Returns how long the loop may wait for events, µs. */
static uint64_t longest_wait(void)
{
        uint64_t at = first_time(), present = now + read_clock(CLOCK_MONOTONIC) - turned_at;

        if (resumed_timer())
                return 0;
        if (at == UINT64_MAX)
                return UINT64_MAX;
        return at <= present ? 0 : MIN(at - present, longest_turn());
}

/* The loop has waited for events: the clock goes on. These times were taken right after that. */
static void turn(uint64_t monotonic, uint64_t boottime, bool all_read)
{
        uint64_t elapsed = monotonic > turned_at ? monotonic - turned_at : 0, ahead = boottime - monotonic;

        now += MIN(elapsed, longest_turn());
        turned_at = monotonic;
        if (all_read)
                read_until = now;
        else if (now > READING_MAX)
                read_until = MAX(read_until, now - READING_MAX);
        if (ahead > suspended + SUSPEND_MIN) {
                resumed_at = now;
                for (GList *i = timers.head; i; i = i->next) {
                        ClockTimer *t = i->data;

                        t->resumed = t->observer->resumed;
                }
        }
        suspended = ahead;
}

int clock_loop(sd_event *event)
{
        int code;

        start();
        while (sd_event_get_state(event) != SD_EVENT_FINISHED) {
                uint64_t monotonic, boottime;
                bool all_read;
                int r = sd_event_prepare(event);

                if (r == 0)
                        r = sd_event_wait(event, longest_wait());
                if (r < 0)
                        return r;
                sd_event_now(event, CLOCK_MONOTONIC, &monotonic);
                sd_event_now(event, CLOCK_BOOTTIME, &boottime);
                all_read = r == 0;
                turn(monotonic, boottime, all_read);
                if (!all_read && (r = sd_event_dispatch(event)) < 0)
                        return r;
                run_timer(all_read);
        }
        return sd_event_get_exit_code(event, &code) < 0 ? 0 : code;
}
