/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define MASK_DIGITS "0123456789"

#define MASK_NUMBER_MIN 5  /* digits of the shortest number that gets digits as its stand-in */
#define MASK_CARD_MIN   18 /* digits, or letters among them, of an ICCID */

/* The originals of a mask with their stand-ins, of which there are 4096 at most. */
typedef struct StandIns StandIns;

StandIns *stand_ins_new(void);
/* Takes NULL. Wipes the originals. */
void stand_ins_free(StandIns *stand_ins);

/* The stand-in of a word, or "hidden" if there can be no more. It lives as long as the stand-ins do. */
const char *stand_ins_of_word(StandIns *stand_ins, const char *word);

/* Appends the stand-in of digits, which has as many; zeros if there can be no more. */
void stand_ins_append(StandIns *stand_ins, GString *out, const char *digits);

/* Other originals do not get these stand-ins of another mask: hidden-NUMBER, whose number has that length; digits,
 * which need not be a stand-in. */
void stand_ins_skip_word(StandIns *stand_ins, const char *number, size_t length);
void stand_ins_skip_digits(StandIns *stand_ins, const char *digits);
