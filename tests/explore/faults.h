/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Random numbers, and the faults of the line between the module and the host. Each message and each answer is an
 * opportunity for faults; the opportunities are counted. A run draws its faults by their rates and records them. The
 * same run can be repeated with a list of faults instead of the rates, which is how a failing run is shrunk. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A reproducible stream of numbers. */
typedef struct Dice {
        uint64_t state;
} Dice;

uint64_t dice_roll(Dice *dice);
/* Returns a number between least and most, both included. */
uint64_t dice_between(Dice *dice, uint64_t least, uint64_t most);
/* Returns true in so many of 1000 calls. */
bool dice_hits(Dice *dice, unsigned per_mille);

typedef enum FaultType {
        FAULT_LOST, /* of a message: a line that does not answer a command */
        FAULT_DOUBLED,
        FAULT_LATE,
        FAULT_GARBLED,
        FAULT_MUTE, /* of an answer: the command is carried out and not answered */
        FAULT_REFUSED,
        FAULT_TRUNCATED,
        FAULT_BYTES, /* some bytes of a package do not arrive */
        _FAULT_MAX
} FaultType;

typedef struct Fault {
        unsigned opportunity;
        FaultType type;
        uint64_t parameter; /* any number: the place of the damage, or the delay */
} Fault;

typedef struct Faults {
        unsigned rates[_FAULT_MAX]; /* of 1000 opportunities; not used with a script */
        const GArray *script;       /* of Fault in their order, NULL: by the rates */
        GArray *happened;           /* of Fault */
        unsigned opportunity, next; /* next: index into the script */
        bool over;                  /* from now on there are no faults */
        Dice dice;
} Faults;

/* Borrows the script. */
void faults_begin(Faults *faults, const GArray *script, uint64_t seed);
void faults_end(Faults *faults); /* frees the list of those that happened */

/* Counts an opportunity. */
void faults_next(Faults *faults);
/* Returns true, and the parameter, if a fault of this type happens at the opportunity that was counted last. */
bool faults_hit(Faults *faults, FaultType type, uint64_t *ret_parameter);

const char *fault_name(FaultType type);
