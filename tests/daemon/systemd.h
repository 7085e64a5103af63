/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* A systemd on the world's bus that has the timer and the last run of one scheduled upgrade. */
typedef struct FakeTimer {
        const char *name;    /* of the instance */
        const char *timer;   /* its timer's ActiveState */
        const char *service; /* its service's ActiveState */
        const char *result;  /* and Result */
        int exit_status;
        unsigned long long next, last; /* µs since the epoch */
        const char *enabled;           /* its timer's UnitFileState */
        const char *reason;            /* its service's StatusText; NULL: "" */
} FakeTimer;

/* Returns when it owns its name. */
pid_t fake_systemd_start(const FakeTimer *timer);
void fake_systemd_stop(pid_t pid);
