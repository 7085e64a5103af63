/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "core/record/mask-secrets.h"

/* The lines so far. Others own stand_ins and secrets. */
typedef struct MaskLines {
        StandIns *stand_ins;
        MaskSecrets *secrets;
        bool quoted; /* the last quoted text in them is private, and has no end yet */
} MaskLines;

/* The name at the beginning of a line, from +: +QCFG of +QCFG: and of AT+QCFG=. Returns its length, 0 none. */
size_t mask_measure_name(const char *line, const char **ret_name);

/* Appends the line, with stand-ins in place of what is private in it. */
void mask_line(MaskLines *lines, GString *out, const char *line);
/* The same of a line that begins with the values of a private command. */
void mask_values(MaskLines *lines, GString *out, const char *line);
