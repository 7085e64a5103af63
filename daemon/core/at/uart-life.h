/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Detects the restarts of a module at a UART from its lines and its silence. All zero: nothing is known. */
typedef struct UartLife {
        char word;          /* the boot word that was read last: R, A; 0 none */
        uint64_t booted_at; /* the time of the last restart, µs; 0 none */
        bool spoke;         /* other lines came since then */
        bool silent;        /* bytes came after a long silence */
        unsigned asked;     /* commands sent since the last byte */
} UartLife;

/* The port was opened. said: the module is known to have run since its last restart, though nothing was read yet. */
void uart_life_begin(UartLife *life, bool said);

/* A command was sent to the module. */
void uart_life_asked(UartLife *life);

/* Bytes came. */
void uart_life_bytes(UartLife *life);

/* A line came that answers no command. Returns true if the module has restarted since the line before. now: as in
 * UpgradeEvent. */
bool uart_life_line(UartLife *life, const char *line, uint64_t now);

/* The module answered. Returns true if the module was silent before, and so has restarted without a boot word. */
bool uart_life_answered(UartLife *life, uint64_t now);
