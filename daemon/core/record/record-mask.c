/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Stand-ins for IMEIs, SIM cards, phone numbers, credentials and whatever else must not leave the gateway with a
 * recording. Text that is not known to be harmless is replaced. Decides what a line is by those before it: the answer
 * to a private question, the text of a short message, the rest of a quoted text or of a secret. Knows neither the
 * format of a recording nor a module.
 */

#include <stdbool.h>
#include <string.h>

#include "core/record/mask-commands.h"
#include "core/record/mask-identifiers.h"
#include "core/record/mask-line.h"
#include "core/record/mask-secrets.h"
#include "core/record/record-mask.h"

#define TEXT     "(text)"
#define POSITION "(position)"

struct RecordMask {
        MaskLines lines; /* its stand-ins and secrets are owned */
        char *command;   /* the name of the command that was sent last and not answered yet, "" none */
        bool body;       /* the next line is the text of a short message */
};

RecordMask *record_mask_new(void)
{
        RecordMask *m = g_new0(RecordMask, 1);

        m->lines.stand_ins = stand_ins_new();
        m->lines.secrets = mask_secrets_new(m->lines.stand_ins);
        m->command = g_strdup("");
        return m;
}

void record_mask_free(RecordMask *m)
{
        if (!m)
                return;
        mask_secrets_free(m->lines.secrets);
        stand_ins_free(m->lines.stand_ins);
        g_free(m->command);
        g_free(m);
}

void record_mask_add(RecordMask *m, const char *secret)
{
        mask_secrets_add(m->lines.secrets, secret);
}

void record_mask_skip(RecordMask *m, const char *text)
{
        mask_skip_identifiers(m->lines.stand_ins, text);
}

/* ---- texts */

char *record_mask_text(RecordMask *m, const char *text)
{
        g_autofree char *known = mask_secrets_replace(m->lines.secrets, text);
        GString *out = g_string_new(NULL);

        mask_identifiers(m->lines.stand_ins, out, known);
        return g_string_free(out, FALSE);
}

char *record_mask_serial(RecordMask *m, const char *serial)
{
        /* The serial numbers of all modules with Quectel's ASR firmware, of the boot ROM, and of other chips' examples.
         */
        static const char *const common[] = {
                "", "0000", "arom0123456789", "0123456789ABCDEF", "0123456789", "1", NULL
        };
        GString *digits;

        if (g_strv_contains(common, serial))
                return g_strdup(serial);
        if (serial[strspn(serial, MASK_DIGITS)] || strlen(serial) < MASK_RUN_MIN)
                return g_strdup(stand_ins_of_word(m->lines.stand_ins, serial));
        digits = g_string_new(NULL); /* some modules have their IMEI there */
        stand_ins_append(m->lines.stand_ins, digits, serial);
        return g_string_free(digits, FALSE);
}

/* ---- lines */

static char *mask_whole(RecordMask *m, const char *line)
{
        GString *out = g_string_new(NULL);

        mask_line(&m->lines, out, line);
        return g_string_free(out, FALSE);
}

void record_mask_end_message(RecordMask *m)
{
        m->body = false;
        m->lines.quoted = 0;
        mask_secrets_forget_beginnings(m->lines.secrets);
}

char *record_mask_sent(RecordMask *m, const char *line)
{
        const char *name;
        size_t length = mask_measure_name(line, &name);
        char *masked = mask_whole(m, line);

        g_free(m->command);
        m->command = g_strndup(name, length);
        m->lines.quoted = 0; /* the line is whole */
        mask_secrets_forget_beginnings(m->lines.secrets);
        return masked;
}

static bool is_final(const char *line)
{
        return strcmp(line, "OK") == 0 || strcmp(line, "ERROR") == 0 || g_str_has_prefix(line, "+CME ERROR") ||
               g_str_has_prefix(line, "+CMS ERROR");
}

/* A module that starts or ends says so in the middle of anything. A text may follow nevertheless. */
static bool is_boot(const char *line)
{
        static const char *const lines[] = {
                "RDY", "APP RDY", "POWER DOWN", "NORMAL POWER DOWN", "POWERED DOWN", NULL
        };

        return g_strv_contains(lines, line);
}

/* The head of a short message, whose text follows. */
static bool is_message(const char *line)
{
        static const char *const heads[] = { "+CMT:", "+CMGR:", "+CMGL:", "+CDS:", "+CBM:" };

        for (size_t i = 0; i < G_N_ELEMENTS(heads); i++)
                if (strstr(line, heads[i]))
                        return true;
        return false;
}

/* A line with a name, which does not belong to a text. */
static bool is_named(const char *line)
{
        return *line && strchr("+^$", *line) && g_ascii_isupper(line[1]) &&
               line[1 + mask_measure_word(line + 1)] == ':';
}

/* A sentence of NMEA 0183, as $GPGGA,... */
static bool is_position(const char *line)
{
        for (const char *p = line; (p = strpbrk(p, "$!"));) {
                size_t length = mask_measure_word(++p);

                if (g_ascii_isupper(*p) && length >= 5 && p[length] == ',')
                        return true;
        }
        return false;
}

/* A value without its name, of a command whose values are private: as mask_digits_shown(). */
static size_t bare_digits_shown(const RecordMask *m, const char *line)
{
        bool may_be = *line != '+' && g_ascii_strncasecmp(line, "AT", 2) != 0 && strpbrk(line, MASK_DIGITS);

        return may_be ? mask_digits_shown(m->command, strlen(m->command)) : 0;
}

/* A line that has nothing but digits: half an identifier. */
static bool is_fragment(const char *line)
{
        return strlen(line) >= MASK_NUMBER_MIN && strspn(line, MASK_DIGITS) == strlen(line);
}

/* A text between quotes goes on; values may follow its end. */
static void append_quoted(RecordMask *m, GString *out, const char *line)
{
        const char *quote = strchr(line, '"');
        size_t shown = m->lines.quoted;

        g_string_append(out, TEXT);
        if (!quote)
                return;
        m->lines.quoted = 0;
        g_string_append_c(out, '"');
        mask_values(&m->lines, out, quote + 1, shown);
}

/* A line that is neither the end of an answer nor the news of a restart. */
static void append_received(RecordMask *m, GString *out, const char *line)
{
        size_t quoted = m->lines.quoted, bare = bare_digits_shown(m, line);

        if (quoted && !is_named(line)) {
                append_quoted(m, out, line);
                return;
        }
        if (m->body && !is_named(line)) {
                g_string_append(out, TEXT); /* it may have several lines */
                return;
        }
        m->body = is_message(line);
        if (is_position(line))
                g_string_append(out, POSITION);
        else if (is_fragment(line))
                stand_ins_append(m->lines.stand_ins, out, line);
        else if (bare)
                mask_values(&m->lines, out, line, bare);
        else
                mask_line(&m->lines, out, line);
        m->lines.quoted = m->lines.quoted ?: quoted; /* the line may stand in the middle of that text */
}

char *record_mask_received(RecordMask *m, const char *line)
{
        g_autoptr(GString) out = g_string_new(NULL);
        g_autofree char *middle = NULL;
        size_t rest, beginning;

        if (is_final(line)) {
                m->body = false;
                m->lines.quoted = 0;
                g_free(m->command);
                m->command = g_strdup("");
                mask_secrets_measure_beginning(m->lines.secrets, line); /* notes it: the line itself stays whole */
                return mask_whole(m, line);
        }
        if (is_boot(line))
                return mask_whole(m, line);
        rest = mask_secrets_measure_rest(m->lines.secrets, line);
        beginning = mask_secrets_measure_beginning(m->lines.secrets, line + rest);
        middle = g_strndup(line + rest, strlen(line + rest) - beginning);
        if (rest > 0)
                g_string_append(out, TEXT);
        if (*middle)
                append_received(m, out, middle);
        if (beginning > 0)
                g_string_append(out, TEXT);
        return g_string_free(g_steal_pointer(&out), FALSE);
}
