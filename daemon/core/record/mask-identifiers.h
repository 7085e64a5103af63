/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/record/mask-stand-ins.h"

#define MASK_RUN_MIN 10 /* digits in a row that may be an identifier */

/* The number of letters and digits that text begins with. */
size_t mask_measure_word(const char *text);

/* Appends the text with stand-ins in place of the identifiers in it. */
void mask_identifiers(StandIns *stand_ins, GString *out, const char *text);

/* The text has the stand-ins of another mask: other originals do not get these. */
void mask_skip_identifiers(StandIns *stand_ins, const char *text);
