/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/record/mask-secrets.h"

/* The lines so far. Others own stand_ins and secrets. */
typedef struct MaskLines {
        StandIns *stand_ins;
        MaskSecrets *secrets;
        size_t quoted; /* the last quoted text in them is private and has no end yet: the digits that stay of numbers
                          behind its end; 0: it has one */
} MaskLines;

/* The name at the beginning of a line, from +: +QCFG of +QCFG: and of AT+QCFG=. Returns its length, 0 none. */
size_t mask_measure_name(const char *line, const char **ret_name);

/* Appends the line, with stand-ins in place of what is private in it. */
void mask_line(MaskLines *lines, GString *out, const char *line);
/* The same of a line that begins with the values of a private command. shown: as mask_digits_shown(). */
void mask_values(MaskLines *lines, GString *out, const char *line, size_t shown);
