/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Stand-ins for IMEIs, SIM cards, phone numbers, credentials and whatever else must not leave the gateway with a
 * recording. Text that is not known to be harmless is replaced. Knows neither the format of a recording nor a module.
 */

#include <stdbool.h>
#include <string.h>

#include "core/record/record-mask.h"
#include "mask.h"

#define TAC_DIGITS    8  /* of an IMEI: they tell the model, and stay */
#define IMEI_DIGITS   15 /* the last one is the check digit */
#define IMEISV_DIGITS 16 /* two digits of the software version in place of the check digit */
#define BODY_DIGITS   14 /* common to both */
#define SERIALS_FROM  990001
#define IMSI_PREFIX   "00101" /* the network of test SIMs */

#define DIGITS "0123456789"

#define RUN_MIN       10 /* digits in a row that may be an identifier */
#define SPLIT_MIN     14 /* the same with blanks, dashes or dots between them */
#define PHONE_MIN     5  /* digits behind a + */
#define FRAGMENT_MIN  5  /* digits of a line that has nothing else: half an identifier */
#define HEX_MIN       16
#define CARD_MIN      18 /* an ICCID may have letters */
#define SECRET_MIN    3
#define STAND_INS_MAX 4096 /* what comes later is not told apart */

struct RecordMask {
        GHashTable *stand_ins; /* digits -> as many digits, both owned */
        GHashTable *words;     /* other originals -> stand-in, both owned */
        GHashTable *issued;    /* the stand-ins, borrowed */
        GPtrArray *secrets;    /* of record_mask_add() */
        unsigned imeis, imsis, cards, numbers, hidden;
        char *command; /* the name of the command that was sent last and not answered yet, "" none */
        bool body;     /* the next line is the text of a short message */
};

static void wipe(void *text)
{
        explicit_bzero(text, strlen(text));
        g_free(text);
}

RecordMask *record_mask_new(void)
{
        RecordMask *m = g_new0(RecordMask, 1);

        m->stand_ins = g_hash_table_new_full(g_str_hash, g_str_equal, wipe, g_free);
        m->words = g_hash_table_new_full(g_str_hash, g_str_equal, wipe, g_free);
        m->issued = g_hash_table_new(g_str_hash, g_str_equal);
        m->secrets = g_ptr_array_new_with_free_func(wipe);
        m->command = g_strdup("");
        return m;
}

void record_mask_free(RecordMask *m)
{
        if (!m)
                return;
        g_hash_table_unref(m->issued);
        g_hash_table_unref(m->stand_ins);
        g_hash_table_unref(m->words);
        g_ptr_array_unref(m->secrets);
        g_free(m->command);
        g_free(m);
}

/* ---- the stand-ins so far */

/* A stand-in is its own, so that what is masked already stays. NULL: there is none yet. */
static const char *find_stand_in(const RecordMask *m, GHashTable *stand_ins, const char *original)
{
        return g_hash_table_lookup(stand_ins, original) ?: g_hash_table_lookup(m->issued, original);
}

/* Takes the stand-in. */
static const char *remember(RecordMask *m, GHashTable *stand_ins, const char *original, char *stand_in)
{
        g_hash_table_insert(stand_ins, g_strdup(original), stand_in);
        g_hash_table_insert(m->issued, stand_in, stand_in);
        return stand_in;
}

static bool is_full(const RecordMask *m)
{
        return g_hash_table_size(m->stand_ins) + g_hash_table_size(m->words) >= STAND_INS_MAX;
}

static const char *hide(RecordMask *m, const char *original)
{
        const char *known = find_stand_in(m, m->words, original);

        if (known || is_full(m))
                return known ?: "hidden";
        return remember(m, m->words, original, g_strdup_printf("hidden-%u", ++m->hidden));
}

/* ---- digits */

static char check_digit(const char *digits, size_t n)
{
        unsigned sum = 0;

        for (size_t i = 0; i < n; i++) {
                unsigned digit = (unsigned)(digits[n - 1 - i] - '0');

                sum += i % 2 == 0 ? digit * 2 / 10 + digit * 2 % 10 : digit;
        }
        return (char)('0' + (10 - sum % 10) % 10);
}

static bool has_check_digit(const char *digits, size_t n)
{
        return digits[n - 1] == check_digit(digits, n - 1);
}

/* The bodies that give out the type allocation codes of IMEIs. */
static bool may_be_imei(const char *digits)
{
        static const char *const bodies[] = { "01", "35", "86", "99" };

        for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++)
                if (strncmp(digits, bodies[i], 2) == 0)
                        return true;
        return false;
}

/* The first 14 digits, common to the IMEI and the IMEISV of a module. */
static const char *body_of(RecordMask *m, const char *digits)
{
        g_autofree char *body = g_strndup(digits, BODY_DIGITS);
        const char *known = find_stand_in(m, m->stand_ins, body);
        char *stand_in = NULL;

        if (known)
                return known;
        do {
                g_free(stand_in);
                stand_in = g_strdup_printf("%.*s%06u", TAC_DIGITS, digits, SERIALS_FROM + m->imeis++);
        } while (strcmp(stand_in, body) == 0);
        return remember(m, m->stand_ins, body, stand_in);
}

static char *new_imei(RecordMask *m, const char *digits, size_t n)
{
        const char *body = body_of(m, digits);

        if (n == IMEI_DIGITS)
                return g_strdup_printf("%s%c", body, check_digit(body, BODY_DIGITS));
        return g_strconcat(body, digits + BODY_DIGITS, NULL);
}

/* Its check digit, as an IMEI's, is wrong. */
static char *new_imsi(RecordMask *m)
{
        char *imsi = NULL;

        do {
                g_free(imsi);
                imsi = g_strdup_printf(IMSI_PREFIX "%010u", ++m->imsis);
        } while (has_check_digit(imsi, IMEI_DIGITS));
        return imsi;
}

/* Returns n digits: zeros, and the number at the end. */
static char *new_number(unsigned number, size_t n)
{
        g_autofree char *text = g_strdup_printf("%0*u", (int)n, number);

        return g_strdup(text + strlen(text) - n);
}

/* An ICCID or EID; of 19 and 20 digits the last one is a check digit. */
static char *new_card(RecordMask *m, size_t n)
{
        g_autofree char *number = new_number(++m->cards, n - 3);
        g_autofree char *body = g_strconcat("89", number, NULL);

        return g_strdup_printf("%s%c", body, check_digit(body, n - 1));
}

static bool is_zeros(const char *digits)
{
        return digits[strspn(digits, "0")] == 0;
}

static bool is_imei(const char *digits, size_t n)
{
        return (n == IMEI_DIGITS && has_check_digit(digits, n)) ||
               ((n == BODY_DIGITS || n == IMEISV_DIGITS) && may_be_imei(digits));
}

/* Appends the stand-in of the digits, which has as many. */
static void append_stand_in(RecordMask *m, GString *out, const char *digits)
{
        const char *known = find_stand_in(m, m->stand_ins, digits);
        size_t n = strlen(digits);

        if (known || is_zeros(digits))
                g_string_append(out, known ?: digits);
        else if (is_full(m))
                g_string_append_printf(out, "%0*u", (int)n, 0U);
        else if (is_imei(digits, n) && n == BODY_DIGITS)
                g_string_append(out, body_of(m, digits));
        else
                g_string_append(out, remember(m, m->stand_ins, digits,
                                              is_imei(digits, n) ? new_imei(m, digits, n)
                                              : n == IMEI_DIGITS ? new_imsi(m)
                                              : n >= CARD_MIN && strncmp(digits, "89", 2) == 0
                                                      ? new_card(m, n)
                                                      : new_number(++m->numbers, n)));
}

/* ---- text of any kind */

static bool is_separator(char c)
{
        return c == ' ' || c == '-' || c == '.';
}

/* The digits that begin there, with single separators between them: the length of the text, and *ret_digits of them.
 */
static size_t measure_split(const char *p, size_t *ret_digits)
{
        size_t length = 0;

        for (*ret_digits = 0; g_ascii_isdigit(p[length]); length++) {
                ++*ret_digits;
                if (is_separator(p[length + 1]) && g_ascii_isdigit(p[length + 2]))
                        length++;
        }
        return length;
}

/* Appends the stand-in of the digits in those bytes, and everything else there as it is. */
static void append_digits(RecordMask *m, GString *out, const char *p, size_t length)
{
        g_autoptr(GString) digits = g_string_new(NULL), stand_in = g_string_new(NULL);
        const char *next;

        for (size_t i = 0; i < length; i++)
                if (g_ascii_isdigit(p[i]))
                        g_string_append_c(digits, p[i]);
        append_stand_in(m, stand_in, digits->str);
        g_assert(stand_in->len == digits->len);
        next = stand_in->str;
        for (size_t i = 0; i < length; i++)
                g_string_append_c(out, g_ascii_isdigit(p[i]) ? *next++ : p[i]);
        explicit_bzero(digits->str, digits->len);
}

/* A word that is the content of a SIM's file in hexadecimal digits, a digest, or an ICCID with letters. */
static bool is_opaque(const char *word, size_t length)
{
        size_t digits = 0, hex = 0;

        for (size_t i = 0; i < length; i++) {
                digits += g_ascii_isdigit(word[i]);
                hex += g_ascii_isxdigit(word[i]);
        }
        return (length >= HEX_MIN && hex == length && digits > 0) ||
               (length >= CARD_MIN && strncmp(word, "89", 2) == 0 && digits >= RUN_MIN);
}

static size_t measure_word(const char *p)
{
        size_t length = 0;

        while (g_ascii_isalnum(p[length]))
                length++;
        return length;
}

/* The length of the digits that are to be replaced at p, 0 none. before: the byte in front of them. */
static size_t measure_identifier(const char *p, char before)
{
        size_t plain = strspn(p, DIGITS), digits, split = measure_split(p, &digits);

        if (digits >= SPLIT_MIN)
                return split;
        return plain >= RUN_MIN || (before == '+' && plain >= PHONE_MIN) ? plain : 0;
}

static void append_text(RecordMask *m, GString *out, const char *text)
{
        char before = 0;

        for (const char *p = text; *p;) {
                size_t word = g_ascii_isalnum(before) ? 0 : measure_word(p), digits = strspn(p, DIGITS);
                size_t n = digits > 0 ? measure_identifier(p, before) : 0;

                if (word > digits && is_opaque(p, word)) {
                        g_autofree char *original = g_strndup(p, word);

                        g_string_append(out, hide(m, original));
                        n = word;
                } else if (n > 0) {
                        append_digits(m, out, p, n);
                } else {
                        n = MAX(digits, 1);
                        g_string_append_len(out, p, (gssize)n);
                }
                before = p[n - 1];
                p += n;
        }
}

/* The text with all secrets of record_mask_add() in it replaced. */
static char *replace_secrets(RecordMask *m, const char *text)
{
        GString *out = g_string_new(NULL);

        while (*text) {
                const char *found = NULL;

                for (unsigned i = 0; i < m->secrets->len; i++) {
                        const char *secret = g_ptr_array_index(m->secrets, i);

                        if (g_str_has_prefix(text, secret) && (!found || strlen(secret) > strlen(found)))
                                found = secret;
                }
                if (found)
                        g_string_append(out, hide(m, found));
                else
                        g_string_append_c(out, *text);
                text += found ? strlen(found) : 1;
        }
        return g_string_free(out, FALSE);
}

void record_mask_add(RecordMask *m, const char *secret)
{
        if (secret && strlen(secret) >= SECRET_MIN)
                g_ptr_array_add(m->secrets, g_strdup(secret));
}

char *record_mask_text(RecordMask *m, const char *text)
{
        g_autofree char *urls = mask_urls(text), *known = replace_secrets(m, urls);
        GString *out = g_string_new(NULL);

        append_text(m, out, known);
        return g_string_free(out, FALSE);
}

char *record_mask_serial(RecordMask *m, const char *serial)
{
        /* The serial numbers of all modules with Quectel's ASR firmware, of the boot ROM, and of other chips' examples. */
        static const char *const common[] = { "", "0000", "arom0123456789", "0123456789ABCDEF", "0123456789", "1" };

        for (size_t i = 0; i < G_N_ELEMENTS(common); i++)
                if (strcmp(serial, common[i]) == 0)
                        return g_strdup(serial);
        if (serial[strspn(serial, "0123456789")] == 0 && strlen(serial) >= RUN_MIN) {
                GString *digits = g_string_new(NULL); /* some modules have their IMEI there */

                append_stand_in(m, digits, serial);
                return g_string_free(digits, FALSE);
        }
        return g_strdup(hide(m, serial));
}

/* ---- the values of a command */

/* Commands and answers with values that may be private: subscriber, network, place, credentials, messages. */
static const char *const private_names[] = {
        "+AUTHDATA", "+CBM",      "+CCID",     "+CCWA",    "+CDS",      "+CEREG",    "+CGAUTH",   "+CGCONTRDP",
        "+CGDCONT",  "+CGDSCONT", "+CGLA",     "+CGPADDR", "+CGREG",    "+CGSN",     "+CIMI",     "+CLCC",
        "+CLCK",     "+CLIP",     "+CMGL",     "+CMGR",    "+CMGS",     "+CMGW",     "+CMT",      "+CNUM",
        "+COLP",     "+COPN",     "+COPS",     "+CPBF",    "+CPBR",     "+CPBW",     "+CPWD",     "+CREG",
        "+CRSM",     "+CSCA",     "+CSIM",     "+CSPN",    "+CUSD",     "+EGMR",     "+EID",      "+GSN",
        "+ICCID",    "+QCCID",    "+QCELL",    "+QENG",    "+QESIM",    "+QFTPCFG",  "+QFTPOPEN", "+QGPSLOC",
        "+QHTTPCFG", "+QHTTPURL", "+QIACT",    "+QICSGP",  "+QIDNSCFG", "+QIDNSGIP", "+QIOPEN",   "+QIURC",
        "+QMTCFG",   "+QMTCONN",  "+QMTOPEN",  "+QNWINFO", "+QPING",    "+QSPN",     "+QSMTPCFG", "+QSMTPUSER",
        "+QSSLOPEN", "$QCPDPP",   "^AUTHDATA", "^ICCID",   "+CPIN=",
};

/* Answers whose quoted words are the module's, not a person's. */
static const char *const public_names[] = {
        "+CLAC", "+CMTI", "+CPBS", "+CPMS", "+CSCS", "+QCFG", "+QFLDS", "+QFOTADL", "+QIND", "+QINDCFG", "+QURCCFG",
};

/* Words that stand between private values. */
static const char *const public_words[] = {
        "IP", "IPV4V6", "IPV6", "PPP", "ME", "SM", "MT", "SR", "FE", "SC", "0.0.0.0"
};

static bool is_one_of(const char *text, size_t length, const char *const *words, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (strlen(words[i]) == length && strncmp(words[i], text, length) == 0)
                        return true;
        return false;
}

/* The first private name in the line that is followed by values; NULL none. *ret_values is where these begin. */
static const char *find_private(const char *line, const char **ret_values)
{
        const char *first = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(private_names); i++) {
                const char *name = private_names[i];

                for (const char *at = line; (at = strcasestr(at, name)); at++) {
                        const char *values = at + strlen(name);

                        if (name[strlen(name) - 1] == '=')
                                values--;
                        if ((*values != '=' && *values != ':') || values[1] == '?' || (first && at >= first))
                                continue;
                        first = at;
                        *ret_values = values + 1;
                }
        }
        return first;
}

static bool is_range(const char *value, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (!strchr("0123456789()-", value[i]))
                        return false;
        return length > 0 && *value == '(';
}

/* Appends a value of a private command; value is without its quotes. */
static void append_value(RecordMask *m, GString *out, const char *value, size_t length, bool quoted)
{
        g_autofree char *text = g_strndup(value, length);
        const char *digits = *text == '+' ? text + 1 : text;

        if (length == 0 || is_one_of(value, length, public_words, G_N_ELEMENTS(public_words)) ||
            (!quoted && length <= 3 && strspn(text, DIGITS) == length) || (!quoted && is_range(value, length))) {
                g_string_append(out, text);
        } else if (strlen(digits) >= PHONE_MIN && strspn(digits, DIGITS) == strlen(digits)) {
                if (digits > text)
                        g_string_append_c(out, '+');
                append_stand_in(m, out, digits);
        } else {
                g_string_append(out, hide(m, text));
        }
        explicit_bzero(text, length);
}

/* Values between commas, with or without quotes, up to a ; outside quotes. Returns their end. */
static const char *append_values(RecordMask *m, GString *out, const char *p)
{
        while (*p && *p != ';') {
                if (*p == ' ' || *p == ',') {
                        g_string_append_c(out, *p++);
                } else if (*p == '"') {
                        size_t length = strcspn(p + 1, "\"");

                        g_string_append_c(out, '"');
                        append_value(m, out, p + 1, length, true);
                        p += 1 + length;
                        if (*p)
                                g_string_append_c(out, *p++);
                } else {
                        size_t length = strcspn(p, ",;");

                        while (length > 0 && p[length - 1] == ' ')
                                length--;
                        append_value(m, out, p, length, false);
                        p += length;
                }
        }
        return p;
}

/* The name at the beginning of a line: +QCFG of +QCFG: and of AT+QCFG=. */
static size_t measure_name(const char *line, const char **ret_name)
{
        size_t length = 1;

        if (g_ascii_strncasecmp(line, "AT", 2) == 0)
                line += 2;
        *ret_name = line;
        if (*line != '+' && *line != '$' && *line != '^')
                return 0;
        while (g_ascii_isalnum(line[length]))
                length++;
        return length;
}

/* A line without private values. Quoted words stay where they are known to be harmless. */
static void append_public(RecordMask *m, GString *out, const char *whole)
{
        g_autofree char *urls = mask_urls(whole), *known = replace_secrets(m, urls);
        const char *line = known, *name;
        size_t length = measure_name(line, &name);
        bool harmless = is_one_of(name, length, public_names, G_N_ELEMENTS(public_names));

        while (*line) {
                size_t plain = strcspn(line, "\"");
                g_autofree char *text = g_strndup(line, plain);

                append_text(m, out, text);
                line += plain;
                if (!*line)
                        return;
                plain = strcspn(++line, "\"");
                g_free(text);
                text = g_strndup(line, plain);
                g_string_append_c(out, '"');
                if (harmless)
                        append_text(m, out, text);
                else
                        append_value(m, out, line, plain, true);
                line += plain;
                if (*line)
                        g_string_append_c(out, *line++);
        }
}

static char *mask_line(RecordMask *m, const char *line)
{
        GString *out = g_string_new(NULL);
        const char *p = line, *values = NULL;

        while (find_private(p, &values)) {
                g_autofree char *before = g_strndup(p, (size_t)(values - p));

                append_public(m, out, before);
                p = append_values(m, out, values);
        }
        append_public(m, out, p);
        return g_string_free(out, FALSE);
}

char *record_mask_sent(RecordMask *m, const char *line)
{
        const char *name;
        size_t length = measure_name(line, &name);

        g_free(m->command);
        m->command = g_strndup(name, length);
        return mask_line(m, line);
}

static bool is_final(const char *line)
{
        return strcmp(line, "OK") == 0 || strcmp(line, "ERROR") == 0 || g_str_has_prefix(line, "+CME ERROR") ||
               g_str_has_prefix(line, "+CMS ERROR");
}

/* A module that starts or ends says so in the middle of anything. A text may follow nevertheless. */
static bool is_boot(const char *line)
{
        static const char *const lines[] = { "RDY", "APP RDY", "POWER DOWN", "NORMAL POWER DOWN", "POWERED DOWN" };

        return is_one_of(line, strlen(line), lines, G_N_ELEMENTS(lines));
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

/* Returns true if the line is a value without its name, of a command whose values are private. */
static bool is_bare_value(const RecordMask *m, const char *line)
{
        return is_one_of(m->command, strlen(m->command), private_names, G_N_ELEMENTS(private_names)) && *line != '+' &&
               g_ascii_strncasecmp(line, "AT", 2) != 0 && strpbrk(line, DIGITS);
}

static bool is_fragment(const char *line)
{
        return strlen(line) >= FRAGMENT_MIN && strspn(line, DIGITS) == strlen(line);
}

void record_mask_end_message(RecordMask *m)
{
        m->body = false;
}

char *record_mask_received(RecordMask *m, const char *line)
{
        g_autoptr(GString) out = g_string_new(NULL);

        if (is_final(line)) {
                m->body = false;
                g_free(m->command);
                m->command = g_strdup("");
                return mask_line(m, line);
        }
        if (is_boot(line))
                return mask_line(m, line);
        if (m->body && *line != '+')
                return g_strdup("(text)"); /* it may have several lines */
        m->body = is_message(line);
        if (is_fragment(line))
                append_digits(m, out, line, strlen(line));
        else if (is_bare_value(m, line))
                append_values(m, out, line);
        else
                return mask_line(m, line);
        return g_string_free(g_steal_pointer(&out), FALSE);
}
