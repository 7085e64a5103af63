/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The reason why a call was refused, as the caller gets it. A refused call has changed nothing. Start with { 0 }. */
typedef struct Refusal {
        const char *name; /* a D-Bus error name, a constant of names.h or of sd-bus; NULL: not refused */
        char *message;    /* one sentence for a person; the Refusal owns it */
} Refusal;

/* Frees the message, and makes it a Refusal that was not set. */
void refusal_clear(Refusal *refusal);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Refusal, refusal_clear)

/* Sets a refusal that was not set before and returns false, so that a function that refuses can return the value. name
 * is not copied. */
bool refusal_set(Refusal *ret, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);
