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
#define SPLIT_MIN     14 /* the same with blanks, dashes or dots between them: a revision has 10 such digits */
#define SPACED_MIN    11 /* the same with blanks or dashes: a date with its hour has 10 */
#define PHONE_MIN     5  /* digits behind a + */
#define FRAGMENT_MIN  5  /* digits of a line that has nothing else: half an identifier */
#define HEX_MIN       16
#define CARD_MIN      18 /* an ICCID may have letters */
#define SECRET_MIN    3
#define NUMBER_MIN    4    /* a secret of digits: three may be a percentage or a code */
#define PIECE_MIN     3    /* bytes of a secret at the end of a line */
#define STAND_INS_MAX 4096 /* what comes later is not told apart */

#define NUMBERS_SHOWN 3 /* digits of a number among private values */
#define PLACE_SHOWN   1

#define TEXT     "(text)"
#define POSITION "(position)"

struct RecordMask {
        GHashTable *stand_ins; /* digits -> as many digits, both owned */
        GHashTable *words;     /* other originals -> stand-in, both owned */
        GHashTable *issued;    /* the stand-ins, borrowed */
        GPtrArray *secrets;    /* of record_mask_add() */
        GArray *begun;         /* size_t, for each of these: its bytes that have come at the end of a line */
        unsigned imeis, imsis, cards, numbers, hidden;
        char *command; /* the name of the command that was sent last and not answered yet, "" none */
        bool body;     /* the next line is the text of a short message */
        bool quoted;   /* the next line goes on with a private text between quotes */
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
        m->begun = g_array_new(FALSE, TRUE, sizeof(size_t));
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
        g_array_unref(m->begun);
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
        return m->imeis + m->imsis + m->cards + m->numbers + m->hidden >= STAND_INS_MAX;
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

/* The digits that begin there, with single separators between them, which may be dots: the length of the text, and
 * *ret_digits of them. */
static size_t measure_split(const char *p, bool dots, size_t *ret_digits)
{
        size_t length = 0;

        for (*ret_digits = 0; g_ascii_isdigit(p[length]); length++) {
                ++*ret_digits;
                if (is_separator(p[length + 1]) && (dots || p[length + 1] != '.') && g_ascii_isdigit(p[length + 2]))
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
        size_t plain = strspn(p, DIGITS), digits, split = measure_split(p, true, &digits), spaced;

        if (digits >= SPLIT_MIN)
                return split;
        spaced = measure_split(p, false, &digits);
        if (digits >= SPACED_MIN || (before == '+' && plain < PHONE_MIN && digits >= PHONE_MIN))
                return spaced;
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
        size_t length = secret ? strlen(secret) : 0, none = 0;

        if (length < (secret && strspn(secret, DIGITS) == length ? NUMBER_MIN : SECRET_MIN))
                return;
        for (unsigned i = 0; i < m->secrets->len; i++)
                if (strcmp(g_ptr_array_index(m->secrets, i), secret) == 0)
                        return;
        g_ptr_array_add(m->secrets, g_strdup(secret));
        g_array_append_val(m->begun, none);
        hide(m, secret);
}

/* ---- secrets that a line break cuts, as the echo of a command that another line of the module interrupts */

static size_t *begun_of(const RecordMask *m, unsigned i)
{
        return &g_array_index(m->begun, size_t, i);
}

/* The bytes at the beginning of the line that go on with a secret at the end of a line before. */
static size_t measure_rest(RecordMask *m, const char *line)
{
        size_t most = 0;

        for (unsigned i = 0; i < m->secrets->len; i++) {
                const char *rest = (const char *)g_ptr_array_index(m->secrets, i) + *begun_of(m, i);
                size_t length = MIN(strlen(rest), strlen(line));

                if (*begun_of(m, i) == 0 || strncmp(line, rest, length) != 0)
                        continue;
                *begun_of(m, i) = rest[length] ? *begun_of(m, i) + length : 0;
                most = MAX(most, length);
        }
        return most;
}

/* The bytes at the end of the line that are the beginning of a secret, and are to be replaced. */
static size_t measure_beginning(RecordMask *m, const char *line)
{
        size_t most = 0, all = strlen(line);
        bool whole = false; /* a secret ends with the line, and is replaced as a whole */

        for (unsigned i = 0; i < m->secrets->len; i++) {
                const char *secret = g_ptr_array_index(m->secrets, i);
                size_t length = MIN(strlen(secret) - 1, all);

                whole = whole || g_str_has_suffix(line, secret);
                while (length > 0 && strncmp(line + all - length, secret, length) != 0)
                        length--;
                if (length == 0)
                        continue;
                *begun_of(m, i) = length;
                most = MAX(most, length >= PIECE_MIN ? length : 0);
        }
        return whole ? 0 : most;
}

static void forget_beginnings(RecordMask *m)
{
        for (unsigned i = 0; i < m->secrets->len; i++)
                *begun_of(m, i) = 0;
}

/* ---- stand-ins of an earlier mask */

static void skip_below(unsigned *counter, const char *digits, size_t length)
{
        g_autofree char *text = g_strndup(digits, length);
        guint64 number = g_ascii_strtoull(text, NULL, 10);

        if (number <= STAND_INS_MAX)
                *counter = MAX(*counter, (unsigned)number);
}

/* Digits that may be a stand-in. */
static void skip_digits(RecordMask *m, const char *digits)
{
        size_t n = strlen(digits);

        if (n >= BODY_DIGITS && n <= IMEISV_DIGITS && strncmp(digits + TAC_DIGITS, "99", 2) == 0)
                skip_below(&m->imeis, digits + TAC_DIGITS + 2, BODY_DIGITS - TAC_DIGITS - 2);
        if (n == IMEI_DIGITS && g_str_has_prefix(digits, IMSI_PREFIX))
                skip_below(&m->imsis, digits + strlen(IMSI_PREFIX), n - strlen(IMSI_PREFIX));
        if (n >= CARD_MIN && g_str_has_prefix(digits, "89"))
                skip_below(&m->cards, digits + 2, n - 3);
        if (n >= PHONE_MIN)
                skip_below(&m->numbers, digits, n);
}

void record_mask_skip(RecordMask *m, const char *text)
{
        static const char word[] = "hidden-";

        for (const char *p = text; *p;) {
                size_t plain = strspn(p, DIGITS), n, split = measure_split(p, true, &n);
                g_autoptr(GString) digits = g_string_new(NULL);

                if (g_str_has_prefix(p, word)) {
                        p += strlen(word);
                        plain = strspn(p, DIGITS);
                        skip_below(&m->hidden, p, plain);
                        p += plain;
                        continue;
                }
                g_string_append_len(digits, p, (gssize)plain);
                skip_digits(m, digits->str);
                if (n >= SPACED_MIN && n <= CARD_MIN + 2 && split > plain) {
                        g_string_truncate(digits, 0);
                        for (size_t i = 0; i < split; i++)
                                if (g_ascii_isdigit(p[i]))
                                        g_string_append_c(digits, p[i]);
                        skip_digits(m, digits->str);
                }
                p += MAX(plain, 1);
        }
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

/* Commands and answers with values that may be private: subscriber, network, credentials, messages. A * stands for any
 * end. */
static const char *const private_names[] = {
        "+AUTHDATA", "+CALA",       "+CBM",     "+CCFC",      "+CCID",     "+CCLK",     "+CCWA",    "+CDS",
        "+CDIP",     "+CEREG",      "+CGAUTH",  "+CGCONTRDP", "+CGDCONT",  "+CGDSCONT", "+CGLA",    "+CGPADDR",
        "+CGREG",    "+CGSCONTRDP", "+CGSN",    "+CGTFTRDP",  "+CIMI",     "+CLCC",     "+CLCK",    "+CLIP",
        "+CMGC",     "+CMGL",       "+CMGR",    "+CMGS",      "+CMGW",     "+CMSS",     "+CMT",     "+CNAP",
        "+CNUM",     "+COLP",       "+COPN",    "+COPS",      "+CPBF",     "+CPBR",     "+CPBW",    "+CPNSTAT",
        "+CPOL",     "+CPWD",       "+CREG",    "+CRSM",      "+CSCA",     "+CSIM",     "+CSPN",    "+CSSI",
        "+CSSU",     "+CTZE",       "+CTZV",    "+CUSD",      "+EGMR",     "+EID",      "+GSN",     "+ICCID",
        "+QAPN",     "+QAUTH*",     "+QCCID",   "+QCELLINFO", "+QESIM",    "+QFTP*",    "+QGSN",    "+QHTTP*",
        "+QIACT",    "+QICSGP",     "+QIDNS*",  "+QIMS*",     "+QIOPEN",   "+QIRD",     "+QISTATE", "+QIURC",
        "+QLTS",     "+QLWM2M*",    "+QMBNCFG", "+QMT*",      "+QNETINFO", "+QNTP",     "+QPING",   "+QPPP*",
        "+QSMTP*",   "+QSPN",       "+QSSL*",   "+QSTK*",     "+STK*",     "+QWIFI*",   "$QCPDPP",  "$MYNET*",
        "$QCRMCALL", "^AUTHDATA",   "^DSCI",    "^ICCID",     "^NWTIME",   "+CPIN=",
};

/* The same for the place: a number of two digits may be the network's, and is replaced, too. */
static const char *const place_names[] = {
        "+CELL*",  "+CGNS*", "+CGPSINFO", "+CIPGSMLOC", "+CLBS",      "+CPOS",   "+EEM*",    "+QCAINFO",
        "+QCELL*", "+QENG",  "+QGPS*",    "+QLBS*",     "+QLOCATION", "+QNWCFG", "+QNWINFO", "+QNWLOCK",
        "+QSCAN",  "+QOPS",  "+QCOPS",    "^MONSC",     "^MONNC",     "^EEM*",
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

static size_t measure_upper(const char *p)
{
        size_t length = 1;

        while (g_ascii_isalnum(p[length]))
                length++;
        return length;
}

/* name: with the * or the = at its end, which the list has. */
static bool matches(const char *name, const char *text, size_t length)
{
        size_t n = strlen(name);

        if (name[n - 1] == '*')
                return length >= n - 1 && g_ascii_strncasecmp(name, text, n - 1) == 0;
        if (name[n - 1] == '=')
                return text[length] == '=' && length == n - 1 && g_ascii_strncasecmp(name, text, n - 1) == 0;
        return length == n && g_ascii_strncasecmp(name, text, n) == 0;
}

static bool is_listed(const char *const *names, size_t n, const char *text, size_t length)
{
        for (size_t i = 0; i < n; i++)
                if (matches(names[i], text, length))
                        return true;
        return false;
}

/* The number of digits of a number that is shown among the values of that name; 0: its values are not private. */
static size_t digits_shown(const char *name, size_t length)
{
        return is_listed(place_names, G_N_ELEMENTS(place_names), name, length)       ? PLACE_SHOWN
               : is_listed(private_names, G_N_ELEMENTS(private_names), name, length) ? NUMBERS_SHOWN
                                                                                     : 0;
}

/* The first private name in the line that is followed by values; NULL none. *ret_values is where these begin. Looks at
 * each byte once, whatever a module sends. */
static const char *find_private(const char *line, const char **ret_values, size_t *ret_shown)
{
        for (const char *p = line; (p = strpbrk(p, "+$^"));) {
                size_t length = measure_upper(p);
                const char *end = p + length;

                if ((*end == '=' || *end == ':') && end[1] != '?' && (*ret_shown = digits_shown(p, length)) > 0) {
                        *ret_values = end + 1;
                        return p;
                }
                p = end;
        }
        return NULL;
}

static bool is_range(const char *value, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (!strchr("0123456789()-", value[i]))
                        return false;
        return length > 0 && *value == '(';
}

/* Appends a value of a private command, without its quotes. shown: digits of a number that stays, 0: between quotes
 * none does. */
static void append_value(RecordMask *m, GString *out, const char *value, size_t length, size_t shown)
{
        g_autofree char *text = g_strndup(value, length);
        const char *digits = *text == '+' ? text + 1 : text;

        if (length == 0 || is_one_of(value, length, public_words, G_N_ELEMENTS(public_words)) ||
            (length <= shown && strspn(text, DIGITS) == length) || (shown > 0 && is_range(value, length))) {
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

/* Behind a ; another command begins. Any other ; belongs to a value. */
static bool is_end_of_command(const char *p)
{
        return *p == ';' && (!p[1] || (strchr("+$^&", p[1]) && g_ascii_isalpha(p[1 + (p[1] != 0)])));
}

static size_t measure_value(const char *p)
{
        size_t length = 0;

        while (p[length] && p[length] != ',' && !is_end_of_command(p + length))
                length++;
        while (length > 0 && p[length - 1] == ' ')
                length--;
        return length;
}

/* Values between commas, with or without quotes, up to the end of the command. Returns their end. */
static const char *append_values(RecordMask *m, GString *out, const char *p, size_t shown)
{
        while (*p && !is_end_of_command(p)) {
                if (*p == ' ' || *p == ',') {
                        g_string_append_c(out, *p++);
                } else if (*p == '"') {
                        size_t length = strcspn(p + 1, "\"");

                        g_string_append_c(out, '"');
                        append_value(m, out, p + 1, length, 0);
                        p += 1 + length;
                        m->quoted = *p == 0;
                        if (*p)
                                g_string_append_c(out, *p++);
                } else {
                        size_t length = measure_value(p);

                        append_value(m, out, p, length, shown);
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
                        append_value(m, out, line, plain, 0);
                line += plain;
                m->quoted = *line == 0 && !harmless && length > 1;
                if (*line)
                        g_string_append_c(out, *line++);
        }
}

static void append_line(RecordMask *m, GString *out, const char *line)
{
        const char *p = line, *values = NULL;
        size_t shown = 0;

        while (find_private(p, &values, &shown)) {
                g_autofree char *before = g_strndup(p, (size_t)(values - p));

                append_public(m, out, before);
                p = append_values(m, out, values, shown);
        }
        if (*p)
                append_public(m, out, p);
}

static char *mask_line(RecordMask *m, const char *line)
{
        GString *out = g_string_new(NULL);

        append_line(m, out, line);
        return g_string_free(out, FALSE);
}

char *record_mask_sent(RecordMask *m, const char *line)
{
        const char *name;
        size_t length = measure_name(line, &name);
        char *masked = mask_line(m, line);

        g_free(m->command);
        m->command = g_strndup(name, length);
        m->quoted = false; /* the line is whole */
        forget_beginnings(m);
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

/* A line with a name, which does not belong to a text. */
static bool is_named(const char *line)
{
        return *line && strchr("+^$", *line) && g_ascii_isupper(line[1]) && line[measure_upper(line)] == ':';
}

/* A sentence of NMEA 0183, as $GPGGA,... */
static bool is_position(const char *line)
{
        for (const char *p = line; (p = strpbrk(p, "$!")); p++)
                if (g_ascii_isupper(p[1]) && measure_upper(p) >= 6 && p[measure_upper(p)] == ',')
                        return true;
        return false;
}

/* Returns true if the line is a value without its name, of a command whose values are private. */
static bool is_bare_value(const RecordMask *m, const char *line)
{
        return digits_shown(m->command, strlen(m->command)) > 0 && *line != '+' &&
               g_ascii_strncasecmp(line, "AT", 2) != 0 && strpbrk(line, DIGITS);
}

static bool is_fragment(const char *line)
{
        return strlen(line) >= FRAGMENT_MIN && strspn(line, DIGITS) == strlen(line);
}

void record_mask_end_message(RecordMask *m)
{
        m->body = false;
        m->quoted = false;
        forget_beginnings(m);
}

/* A text between quotes goes on; values may follow its end. */
static void append_quoted(RecordMask *m, GString *out, const char *line)
{
        const char *quote = strchr(line, '"'), *end;

        g_string_append(out, TEXT);
        if (!quote)
                return;
        m->quoted = false;
        g_string_append_c(out, '"');
        end = append_values(m, out, quote + 1, NUMBERS_SHOWN);
        append_line(m, out, end);
}

/* A line that is neither the end of an answer nor the news of a restart. */
static void append_received(RecordMask *m, GString *out, const char *line)
{
        bool quoted = m->quoted;

        if (m->quoted && !is_named(line)) {
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
                append_digits(m, out, line, strlen(line));
        else if (is_bare_value(m, line))
                append_line(m, out, append_values(m, out, line, NUMBERS_SHOWN));
        else
                append_line(m, out, line);
        m->quoted = m->quoted || quoted; /* the line may stand in the middle of that text */
}

char *record_mask_received(RecordMask *m, const char *line)
{
        g_autoptr(GString) out = g_string_new(NULL);
        g_autofree char *middle = NULL;
        size_t rest, beginning;

        if (is_final(line)) {
                m->body = false;
                m->quoted = false;
                g_free(m->command);
                m->command = g_strdup("");
                measure_beginning(m, line); /* notes it: the line itself stays whole */
                return mask_line(m, line);
        }
        if (is_boot(line))
                return mask_line(m, line);
        rest = measure_rest(m, line);
        beginning = measure_beginning(m, line + rest);
        middle = g_strndup(line + rest, strlen(line + rest) - beginning);
        if (rest > 0)
                g_string_append(out, TEXT);
        if (*middle)
                append_received(m, out, middle);
        if (beginning > 0)
                g_string_append(out, TEXT);
        return g_string_free(g_steal_pointer(&out), FALSE);
}
