/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "core/at/at-engine.h"

/* The fingerprint of a system: which of a handful of commands, each of another subsystem, the system knows. A Mini
 * system keeps only what it needs to register and to upgrade (guide 2.3.1.2, note 1). */

/* A set of rows of the table is a number with one bit for each row. The job's record holds such a number: the rows keep
 * their places for ever. */
#define FINGERPRINT_SMS  (1u << 0)
#define FINGERPRINT_ROWS 5
#define FINGERPRINT_ALL  ((1u << FINGERPRINT_ROWS) - 1)

typedef struct Fingerprint {
        unsigned wanted;   /* rows that are still to be asked */
        unsigned answered; /* rows that the system knows */
        unsigned refused;  /* rows that the system lacks; rows in none of the three could not be read */
} Fingerprint;

/* The system that answers, as its fingerprint shows. */
typedef enum MiniMarker { MINI_MARKER_UNKNOWN, MINI_MARKER_MINI, MINI_MARKER_FIRMWARE } MiniMarker;

/* Begins to ask for these rows. */
void fingerprint_begin(Fingerprint *fingerprint, unsigned rows);

/* The next command, which only reads; NULL if all rows were asked. */
const char *fingerprint_next(const Fingerprint *fingerprint);

/* The answer to that command. Only an answer with its information shows that the system knows the command, and only an
 * error that says so shows that the system lacks the command. */
void fingerprint_answer(Fingerprint *fingerprint, AtResult result, int error, const char *information);

/* Compares a fingerprint with the rows that the firmware knew before. A system that lost several is a Mini system; a
 * system that lost none is the firmware. never_asked: the firmware was never asked, so that only a system that knows
 * no row is a Mini system, and a system that knows most rows is the firmware. */
MiniMarker fingerprint_compare(const Fingerprint *fingerprint, unsigned known, bool never_asked);

/* The commands of these rows, as in "AT+CMGF?, AT+IFC?". The caller frees it. */
char *fingerprint_commands(unsigned rows);

/* The signs of a Mini system that reports no revision: it knows the commands to upgrade and to register, and lacks
 * those of the fingerprint. Firmware that is starting lacks all of them, and firmware that has started knows most. */
typedef struct MiniSigns {
        bool upgrades, registers; /* it answered AT+QFOTADL=?, AT+CREG? */
        unsigned asked;           /* commands so far */
        Fingerprint fingerprint;
} MiniSigns;

void mini_signs_begin(MiniSigns *signs);

/* The next command, which only reads; NULL if all were asked, or if one of the signs is missing. */
const char *mini_signs_next(const MiniSigns *signs);
void mini_signs_answer(MiniSigns *signs, AtResult result, int error, const char *information);

/* Returns true if all signs are there; after mini_signs_next() returned NULL. */
bool mini_signs_found(const MiniSigns *signs);
