/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "upgrade-bench.h"

typedef struct Pending {
        unsigned tag;
        char *text;
} Pending;

void bench_pending_free(Pending *pending);

/* An event at the bench's time, with the module's present ports. The caller sets the fields of the type. */
UpgradeEvent bench_event_of(Bench *bench, UpgradeEventType type);

/* Gives the event to the upgrade and carries out all actions that follow. No command is answered. */
void bench_handle(Bench *bench, const UpgradeEvent *event);

/* Answers the oldest pending command, and no other. */
void bench_answer_oldest(Bench *bench, AtResult result, int error, const char *text);

/* Answers all pending commands, and those that follow, unless the test holds answers. */
void bench_answer_all(Bench *bench);
