/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Detects the restarts of a module at a UART from its lines and its silence. All zero: nothing is known. */
typedef struct UartLife {
        char word;          /* the boot word that was counted last: R, A; 0 none */
        uint64_t booted_at; /* when a restart was counted last */
        bool bare;          /* only boot words followed */
        bool by_silence;    /* that restart was counted without a boot word */
        bool spoke;         /* another line has come since */
        bool silent;        /* several questions had no answer, and then bytes came */
        unsigned asked;     /* questions since the last byte came */
} UartLife;

/* The port was opened. said: the module is known to have run since its last restart, though no line was read yet. */
void uart_life_begin(UartLife *life, bool said);

/* A command was sent. */
void uart_life_asked(UartLife *life);

/* Bytes came. */
void uart_life_bytes(UartLife *life);

/* A line came that answers no command. Returns true if the module has restarted since the line before. now is as in
 * core/upgrade/upgrade.h. */
bool uart_life_line(UartLife *life, const char *line, uint64_t now);

/* The module answered a command. Returns true if it was silent before and has restarted without a boot word. */
bool uart_life_answered(UartLife *life, uint64_t now);
