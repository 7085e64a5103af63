/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The restarts of a module that is on no bus, from its lines and its silence. Zeroed: nothing is known. */
typedef struct UartLife {
        char word;          /* the boot word that was counted last: R, A; 0 none */
        uint64_t booted_at; /* when a restart was counted last */
        bool bare;          /* and nothing but boot words since */
        bool by_silence;    /* that restart was counted without a word of the module's */
        bool spoke;         /* it has said something else since */
        bool silent;        /* it answered nothing for long, and then bytes came */
        unsigned asked;     /* times it was asked since the last byte of its */
} UartLife;

/* The port was opened. said: it is known to have run since its last restart, though nothing was heard yet. */
void uart_life_begin(UartLife *life, bool said);

/* A command was sent to it. */
void uart_life_asked(UartLife *life);

/* Bytes came, whatever they mean. */
void uart_life_bytes(UartLife *life);

/* A line came that answers nothing. True if the module has restarted since the line before. now as in
 * core/upgrade/upgrade.h.
 */
bool uart_life_line(UartLife *life, const char *line, uint64_t now);

/* It has answered. True if it fell silent before, and has restarted without a word. */
bool uart_life_answered(UartLife *life, uint64_t now);
