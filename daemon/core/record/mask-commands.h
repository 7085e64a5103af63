/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define MASK_NUMBERS_SHOWN 3 /* digits of the numbers that stay among private values */

/* name: +COPS, as in AT+COPS=2 and +COPS: 2, with that length; the text may go on behind it.
 *
 * The digits of the numbers that stay among the values of that name; 0: its values are not private. */
size_t mask_digits_shown(const char *name, size_t length);

/* Quoted words among the values of that name are the module's, not a person's. */
bool mask_is_public_name(const char *name, size_t length);

/* A word that stays among private values, such as IPV4V6. */
bool mask_is_public_word(const char *word, size_t length);
