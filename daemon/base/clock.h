/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* The clock that all time-outs of modules are measured on. It runs while the daemon listens: neither while the host is
 * suspended nor while the daemon is stopped, starved, or held up by the disk, but for a small part of the
 * time-out each time. It stands still while an event is handled. */

/* The current time in µs. */
uint64_t clock_now(void);

/* The time until which everything that came has been read: from modules, from udev and from the bus. */
uint64_t clock_read_until(void);

/* Returns true if a time-out that ends then has passed: everything that came until then has been read. */
bool clock_has_passed(uint64_t at);

/* Runs the event loop until it ends. Returns its exit code, or -errno. */
int clock_loop(sd_event *event);

typedef struct ClockTimerObserver {
        void (*passed)(void *userdata);  /* clock_has_passed() the first of the timer's times; both are off then */
        void (*resumed)(void *userdata); /* the host was suspended, and everything that came since has been read; NULL
                                            if that does not matter */
} ClockTimerObserver;

typedef struct ClockTimer ClockTimer;

/* The timer is off. Borrows both. */
ClockTimer *clock_timer_new(const ClockTimerObserver *observer, void *userdata);
/* Takes NULL. */
void clock_timer_free(ClockTimer *timer);
/* Sets the time at which a time-out ends; UINT64_MAX for none. Until then the loop turns again and again, to see whether
 * the daemon listens. */
void clock_timer_set(ClockTimer *timer, uint64_t at);
/* Sets the time at which something is to be done that ends nothing: a question to be asked, a port to be tried again;
 * UINT64_MAX for none. The loop sleeps until then; if no time-out runs, a time in which the daemon does not listen counts,
 * but no longer than until then. */
void clock_timer_remind(ClockTimer *timer, uint64_t at);
