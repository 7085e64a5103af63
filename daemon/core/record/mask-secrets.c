/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Decides where known secrets stand in a text, and which part of one stands at the end of a line that another line of
 * the module interrupts, as it does the echo of a command.
 */

#include <stdbool.h>
#include <string.h>

#include "core/record/mask-secrets.h"
#include "mask.h"

#define SECRET_MIN 3
#define NUMBER_MIN 4 /* a secret of digits: three may be a percentage or a code */
#define PIECE_MIN  3 /* bytes of a secret at the end of a line */

typedef struct Secret {
        char *text;
        size_t begun; /* its bytes that have come at the end of a line */
} Secret;

struct MaskSecrets {
        StandIns *stand_ins;
        GPtrArray *secrets; /* Secret */
};

static void secret_free(void *data)
{
        Secret *secret = data;

        explicit_bzero(secret->text, strlen(secret->text));
        g_free(secret->text);
        g_free(secret);
}

MaskSecrets *mask_secrets_new(StandIns *stand_ins)
{
        MaskSecrets *m = g_new0(MaskSecrets, 1);

        m->stand_ins = stand_ins;
        m->secrets = g_ptr_array_new_with_free_func(secret_free);
        return m;
}

void mask_secrets_free(MaskSecrets *m)
{
        if (!m)
                return;
        g_ptr_array_unref(m->secrets);
        g_free(m);
}

void mask_secrets_add(MaskSecrets *m, const char *text)
{
        size_t length = text ? strlen(text) : 0;
        Secret *secret;

        if (length < (text && strspn(text, MASK_DIGITS) == length ? NUMBER_MIN : SECRET_MIN))
                return;
        for (unsigned i = 0; i < m->secrets->len; i++)
                if (strcmp(((const Secret *)g_ptr_array_index(m->secrets, i))->text, text) == 0)
                        return;
        secret = g_new0(Secret, 1);
        secret->text = g_strdup(text);
        g_ptr_array_add(m->secrets, secret);
        stand_ins_of_word(m->stand_ins, text);
}

char *mask_secrets_replace(const MaskSecrets *m, const char *whole)
{
        g_autofree char *urls = mask_urls(whole);
        GString *out = g_string_new(NULL);

        for (const char *text = urls; *text;) {
                const char *found = NULL;

                for (unsigned i = 0; i < m->secrets->len; i++) {
                        const char *secret = ((const Secret *)g_ptr_array_index(m->secrets, i))->text;

                        if (g_str_has_prefix(text, secret) && (!found || strlen(secret) > strlen(found)))
                                found = secret;
                }
                if (found)
                        g_string_append(out, stand_ins_of_word(m->stand_ins, found));
                else
                        g_string_append_c(out, *text);
                text += found ? strlen(found) : 1;
        }
        return g_string_free(out, FALSE);
}

size_t mask_secrets_measure_rest(MaskSecrets *m, const char *line)
{
        size_t most = 0;

        for (unsigned i = 0; i < m->secrets->len; i++) {
                Secret *secret = g_ptr_array_index(m->secrets, i);
                const char *rest = secret->text + secret->begun;
                size_t length = MIN(strlen(rest), strlen(line));

                if (secret->begun == 0 || strncmp(line, rest, length) != 0)
                        continue;
                secret->begun = rest[length] ? secret->begun + length : 0;
                most = MAX(most, length);
        }
        return most;
}

size_t mask_secrets_measure_beginning(MaskSecrets *m, const char *line)
{
        size_t most = 0, all = strlen(line);
        bool whole = false; /* a secret ends with the line, and is replaced as a whole */

        for (unsigned i = 0; i < m->secrets->len; i++) {
                Secret *secret = g_ptr_array_index(m->secrets, i);
                size_t length = MIN(strlen(secret->text) - 1, all);

                whole = whole || g_str_has_suffix(line, secret->text);
                while (length > 0 && strncmp(line + all - length, secret->text, length) != 0)
                        length--;
                if (length == 0)
                        continue;
                secret->begun = length;
                most = MAX(most, length >= PIECE_MIN ? length : 0);
        }
        return whole ? 0 : most;
}

void mask_secrets_forget_beginnings(MaskSecrets *m)
{
        for (unsigned i = 0; i < m->secrets->len; i++)
                ((Secret *)g_ptr_array_index(m->secrets, i))->begun = 0;
}
