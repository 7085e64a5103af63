/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Detects the restarts of a module at a UART by its lines and its silence. All zero: nothing is known. */
typedef struct UartLife {
        char word;          /* the last boot word that was counted: R for RDY, A for APP RDY; 0 none */
        uint64_t booted_at; /* the time of the last restart that was counted */
        bool bare;          /* nothing but boot words since then */
        bool by_silence;    /* that restart was counted without a boot word */
        bool spoke;         /* another line came since then */
        bool silent;        /* the module answered nothing for long, and then bytes came */
        unsigned asked;     /* commands since the last byte of the module */
} UartLife;

/* The port was opened. said: the module is known to have run since its last restart, though no line was read yet. */
void uart_life_begin(UartLife *life, bool said);

/* A command was sent to the module. */
void uart_life_asked(UartLife *life);

/* Bytes came, whatever their meaning. */
void uart_life_bytes(UartLife *life);

/* A line came that answers no command. Returns true if the module has restarted since the line before. now: as in
 * UpgradeEvent. */
bool uart_life_line(UartLife *life, const char *line, uint64_t now);

/* The module has answered. Returns true if it was silent before that, and has restarted without a boot word. */
bool uart_life_answered(UartLife *life, uint64_t now);
