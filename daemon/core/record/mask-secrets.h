/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/record/mask-stand-ins.h"

/* Secrets that are known, such as the password of a job. */
typedef struct MaskSecrets MaskSecrets;

/* The stand-ins are borrowed. */
MaskSecrets *mask_secrets_new(StandIns *stand_ins);
/* Takes NULL. Wipes the secrets. */
void mask_secrets_free(MaskSecrets *secrets);

/* As record_mask_add(). */
void mask_secrets_add(MaskSecrets *secrets, const char *secret);

/* The text with all secrets in it replaced, and those in its URLs. The caller frees it. */
char *mask_secrets_replace(const MaskSecrets *secrets, const char *text);

/* The bytes at the beginning of the line that go on with a secret at the end of a line before. */
size_t mask_secrets_measure_rest(MaskSecrets *secrets, const char *line);
/* The bytes at the end of the line that are the beginning of a secret, and are to be replaced. The next lines may have
 * the rest. */
size_t mask_secrets_measure_beginning(MaskSecrets *secrets, const char *line);
/* No line that follows goes on with a secret of a line before. */
void mask_secrets_forget_beginnings(MaskSecrets *secrets);
