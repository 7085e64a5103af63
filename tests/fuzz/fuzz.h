/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Each file fuzz-NAME.c is one target: LLVMFuzzerTestOneInput() takes any bytes, and aborts if the code under test
 * breaks a promise. An engine (libFuzzer, or driver.c) chooses the bytes. */

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* The number of inputs that driver.c makes besides the corpus: about half a second of one core. */
extern const unsigned fuzz_runs;

/* An input, from its first byte to its last one. */
typedef struct Script {
        const uint8_t *next, *end;
} Script;

Script script_new(const uint8_t *bytes, size_t size);
bool script_is_over(const Script *script);
/* The next byte; 0 behind the end. */
unsigned script_byte(Script *script);
/* A number between both, which are included; takes two bytes. */
unsigned script_number(Script *script, unsigned least, unsigned most);
/* The bytes up to the next delimiter, which is skipped, or to a NUL. The caller frees them. */
char *script_text(Script *script, char delimiter);

/* Aborts unless a module can take the command for nothing but one command: printable ASCII, all quotes in pairs, and
 * outside of them neither a semicolon, which adds a command, nor any other character that no command of fotad has. */
void fuzz_check_command(const char *command);

/* Prints the texts, and aborts. (g_error() raises a signal that libFuzzer does not know.) */
_Noreturn void fuzz_fail(const char *what, const char *why);

/* A regular file in memory, for functions that read one by its path. The file is the same for all calls. */
const char *fuzz_file(const uint8_t *bytes, size_t size);
