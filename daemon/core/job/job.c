/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The record of an upgrade and its text form. The record holds facts; core/upgrade draws the conclusions. */

#include <limits.h>
#include <string.h>

#include "core/job/context.h"
#include "core/job/job.h"
#include "core/quectel/fingerprint.h"
#include "core/quectel/qfota.h"
#include "core/job/source.h"
#include "url.h"

#define GROUP         "Job"
#define GROUP_OPTIONS "Options"

#define PERCENT_STEP     5  /* a running job's record covers the percentages below the next multiple */
#define PERCENT_MAX      99 /* without success */
#define SHA256_DIGITS    64
#define PACKAGE_NAME_MAX 255 /* bytes, as of any file's name */

static const char *const state_names[] = {
        [JOB_QUEUED] = "queued",         [JOB_PREPARING] = "preparing", [JOB_DOWNLOADING] = "downloading",
        [JOB_RESTARTING] = "restarting", [JOB_UPDATING] = "updating",   [JOB_VERIFYING] = "verifying",
        [JOB_STALLED] = "stalled",       [JOB_FINISHED] = "finished",
};
static const char *const result_names[] = {
        [JOB_RESULT_NONE] = "",
        [JOB_RESULT_SUCCESS] = "success",
        [JOB_RESULT_FAILED] = "failed",
        [JOB_RESULT_CANCELLED] = "cancelled",
};
static const char *const system_names[] = {
        [JOB_SYSTEM_UNKNOWN] = "unknown",
        [JOB_SYSTEM_NORMAL] = "normal",
        [JOB_SYSTEM_MINI] = "mini",
        [JOB_SYSTEM_UPDATING] = "updating",
};
static const char *const origin_names[] = { [JOB_ORIGIN_REQUEST] = "request", [JOB_ORIGIN_ADOPTED] = "adopted" };
static const char *const announced_names[] = {
        [JOB_ANNOUNCED_NO] = "no", [JOB_ANNOUNCED_AGAIN] = "again", [JOB_ANNOUNCED_YES] = "yes"
};

G_STATIC_ASSERT(G_N_ELEMENTS(state_names) == _JOB_STATE_MAX);
G_STATIC_ASSERT(G_N_ELEMENTS(result_names) == _JOB_RESULT_MAX);
G_STATIC_ASSERT(G_N_ELEMENTS(system_names) == _JOB_SYSTEM_MAX);
G_STATIC_ASSERT(G_N_ELEMENTS(origin_names) == _JOB_ORIGIN_MAX);
G_STATIC_ASSERT(G_N_ELEMENTS(announced_names) == _JOB_ANNOUNCED_MAX);

const char *job_state_to_string(JobState state)
{
        return state_names[state];
}

const char *job_result_to_string(JobResult result)
{
        return result_names[result];
}

const char *job_origin_to_string(JobOrigin origin)
{
        return origin_names[origin];
}

const char *job_system_to_string(JobSystem system)
{
        return system_names[system];
}

/* The strings of the record, in one table for making, freeing, writing and reading. */
static const struct {
        const char *key;
        size_t offset;
} strings[] = {
        { "Module", G_STRUCT_OFFSET(Job, module) },
        { "Place", G_STRUCT_OFFSET(Job, place) },
        { "Source", G_STRUCT_OFFSET(Job, source) },
        { "RetrySource", G_STRUCT_OFFSET(Job, retry_source) },
        { "Imei", G_STRUCT_OFFSET(Job, imei) },
        { "Model", G_STRUCT_OFFSET(Job, model) },
        { "FromRevision", G_STRUCT_OFFSET(Job, from_revision) },
        { "FromBuild", G_STRUCT_OFFSET(Job, from_build) },
        { "ToRevision", G_STRUCT_OFFSET(Job, to_revision) },
        { "ToBuild", G_STRUCT_OFFSET(Job, to_build) },
        { "Boot", G_STRUCT_OFFSET(Job, boot) },
        { "UrcPortBefore", G_STRUCT_OFFSET(Job, urc_port_before) },
        { "QindBefore", G_STRUCT_OFFSET(Job, qind_before) },
        { "QindFotaBefore", G_STRUCT_OFFSET(Job, qind_fota_before) },
        { "PackageSha256", G_STRUCT_OFFSET(Job, package_sha256) },
        { "FlowBefore", G_STRUCT_OFFSET(Job, flow_before) },
        { "FotaCidBefore", G_STRUCT_OFFSET(Job, fota_cid_before) },
        { "ApnBefore", G_STRUCT_OFFSET(Job, apn_before) },
        { "PowerControlBefore", G_STRUCT_OFFSET(Job, power_control_before) },
        { "Message", G_STRUCT_OFFSET(Job, message) },
};

/* Written as uint64; the field is a uint64_t or an unsigned. */
#define NUMBER(key, field)                                                                                             \
        {                                                                                                              \
                key, G_STRUCT_OFFSET(Job, field), sizeof(((Job *)NULL)->field)                                         \
        }
static const struct {
        const char *key;
        size_t offset, size;
} numbers[] = {
        NUMBER("Created", created),      NUMBER("Finished", finished), NUMBER("PackageSize", package_size),
        NUMBER("Percent", percent),      NUMBER("Restarts", restarts), NUMBER("Returns", reconnects),
        NUMBER("Device", device),        NUMBER("Product", product),   NUMBER("TakeUps", take_ups),
        NUMBER("Knows", firmware_knows), NUMBER("EndNumber", end_number),
};
G_STATIC_ASSERT(sizeof(unsigned) < sizeof(uint64_t));

static const struct {
        const char *key;
        size_t offset;
} booleans[] = {
        { "Sent", G_STRUCT_OFFSET(Job, sent) },
        { "File", G_STRUCT_OFFSET(Job, from_host) },
        { "Transferring", G_STRUCT_OFFSET(Job, transferring) },
        { "Transferred", G_STRUCT_OFFSET(Job, transferred) },
        { "Returned", G_STRUCT_OFFSET(Job, restarted_since_end) },
        { "Left", G_STRUCT_OFFSET(Job, disconnected) },
        { "ContextUp", G_STRUCT_OFFSET(Job, context_up) },
        { "RadioOff", G_STRUCT_OFFSET(Job, radio_off) },
        { "Reset", G_STRUCT_OFFSET(Job, reset) },
        { "Stalled", G_STRUCT_OFFSET(Job, stalled) },
        { "Repeated", G_STRUCT_OFFSET(Job, repeated_step) },
        { "Confirmed", G_STRUCT_OFFSET(Job, confirmed) },
        { "UrcPortUnread", G_STRUCT_OFFSET(Job, urc_port_unread) },
        { "FotaCidUnread", G_STRUCT_OFFSET(Job, fota_cid_unread) },
        { "ApnUnread", G_STRUCT_OFFSET(Job, apn_unread) },
        { "Percentage", G_STRUCT_OFFSET(Job, percentage) },
        { "Watched", G_STRUCT_OFFSET(Job, watched) },
};

/* Each is true in the record if the upgrade got at least that far. */
static const char *const reached_keys[] = {
        [JOB_REACHED_ACCEPTED] = "Accepted",     [JOB_REACHED_DOWNLOADING] = "Downloading",
        [JOB_REACHED_DOWNLOADED] = "Downloaded", [JOB_REACHED_UPDATING] = "Updating",
        [JOB_REACHED_ENDED] = "Ended",
};
G_STATIC_ASSERT(G_N_ELEMENTS(reached_keys) == _JOB_REACHED_MAX);

static char **string_at(const Job *job, size_t offset)
{
        return (char **)G_STRUCT_MEMBER_P(job, offset);
}

static uint64_t number_of(const Job *job, size_t i)
{
        return numbers[i].size == sizeof(unsigned) ? G_STRUCT_MEMBER(unsigned, job, numbers[i].offset)
                                                   : G_STRUCT_MEMBER(uint64_t, job, numbers[i].offset);
}

static void set_number(Job *job, size_t i, uint64_t n)
{
        if (numbers[i].size == sizeof(unsigned))
                G_STRUCT_MEMBER(unsigned, job, numbers[i].offset) = (unsigned)n;
        else
                G_STRUCT_MEMBER(uint64_t, job, numbers[i].offset) = n;
}

Job *job_new(const char *id, const char *module)
{
        Job *job = g_new0(Job, 1);

        for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
                *string_at(job, strings[i].offset) = g_strdup("");
        job->id = g_strdup(id);
        job_set_string(&job->module, module);
        job->pending = g_strdup("");
        job->behind = g_strdup("");
        job->options = options_new();
        job->download_max = -1;
        job->started_by = -1;
        return job;
}

void job_free(Job *job)
{
        if (!job)
                return;
        explicit_bzero(job->source, strlen(job->source));
        job_wipe_string(&job->retry_source);
        job_wipe_string(&job->apn_before);
        for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
                g_free(*string_at(job, strings[i].offset));
        options_free(job->options);
        g_free(job->pending);
        g_free(job->behind);
        g_free(job->id);
        g_free(job);
}

void job_wipe_string(char **field)
{
        explicit_bzero(*field, strlen(*field));
}

void job_set_string(char **field, const char *value)
{
        char *copy = g_strdup(value);

        g_free(*field);
        *field = copy;
}

const char *job_error_name(const Job *job)
{
        const Code *code = code_find(job->domain, job->code);

        if (job->domain == CODE_DOMAIN_NONE)
                return "";
        return code ? code->name : "unlisted";
}

unsigned job_download_max(const Job *job)
{
        if (job->download_max >= 0)
                return (unsigned)job->download_max;
        return job->options->download_urc_max >= 0 ? (unsigned)job->options->download_urc_max : QFOTA_URC_MAX_DEFAULT;
}

void job_reach(Job *job, JobReached reached)
{
        job->reached = MAX(job->reached, reached);
}

unsigned job_percent_shown(const Job *job)
{
        unsigned percent = MAX(job->percent, job->percent_floor);

        return *job->behind && job->state != JOB_FINISHED ? MIN(percent, job->percent_covered) : percent;
}

unsigned job_percent_to_cover(const Job *job)
{
        unsigned next = (job->percent / PERCENT_STEP + 1) * PERCENT_STEP;

        if (job->state == JOB_FINISHED)
                return MAX(job->percent, job->percent_floor);
        return MIN(MAX(next, job->percent_floor), PERCENT_MAX);
}

const char *job_place(const Job *job)
{
        return *job->place ? job->place : job->module;
}

bool job_is_uart(const Job *job)
{
        return g_str_has_prefix(job_place(job), JOB_UART_PREFIX);
}

char *job_source_shown(const Job *job)
{
        return job->from_host ? g_strdup(job->source) : url_redact(job->source);
}

CodeDomain job_download_domain(const Job *job)
{
        return job->from_host ? CODE_DOMAIN_FILE : source_domain(job->source);
}

/* Returns false for control characters, and for Unicode's format characters, which change how a name is shown or are
 * not seen: bidirectional controls, joiners, tags. */
static bool is_printable(gunichar c)
{
        GUnicodeType type = g_unichar_type(c);

        return type != G_UNICODE_CONTROL && type != G_UNICODE_FORMAT && type != G_UNICODE_LINE_SEPARATOR &&
               type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

bool job_is_package_name(const char *name)
{
        if (!*name || strlen(name) > PACKAGE_NAME_MAX || !g_utf8_validate(name, -1, NULL) || strcmp(name, ".") == 0 ||
            strcmp(name, "..") == 0)
                return false;
        for (const char *p = name; *p; p = g_utf8_next_char(p))
                if (*p == '/' || !is_printable(g_utf8_get_char(p)))
                        return false;
        return true;
}

void job_set_result(Job *job, JobResult result, CodeDomain domain, int number, const char *detail)
{
        const Code *code = code_find(domain, number);
        g_autoptr(GString) s = g_string_new(NULL);

        job->result = result;
        job->domain = domain;
        job->code = domain == CODE_DOMAIN_NONE ? 0 : number;
        if (result == JOB_RESULT_SUCCESS)
                g_string_append_printf(s, "The module runs %s now", job->to_revision);
        else if (code)
                g_string_append(s, code->what);
        else
                g_string_append_printf(s, "The module reported a code that no table lists");
        if (detail && *detail)
                g_string_append_printf(s, " %s", detail);
        if (domain != CODE_DOMAIN_NONE && domain != CODE_DOMAIN_HOST)
                g_string_append_printf(s, " (%s code %d%s%s)", code_domain_label(domain), number,
                                       code && *code->cause ? "; usual cause: " : "", code ? code->cause : "");
        else if (code && *code->cause)
                g_string_append_printf(s, " (usual cause: %s)", code->cause);
        if (code)
                g_string_append_printf(s, ": %s", code->remedy);
        else if (result != JOB_RESULT_SUCCESS)
                g_string_append(s, ": check the package, its server and the module's signal, and ask the vendor");
        g_string_append_c(s, '.');
        g_free(job->message);
        job->message = g_utf8_make_valid(s->str, -1); /* the detail may quote other programs */
}

char *job_code_text(CodeDomain domain, int number)
{
        const Code *code = code_find(domain, number);

        return g_strdup_printf("%s code %d%s%s", code_domain_label(domain), number, code ? ": " : "",
                               code ? code->what : "");
}

void job_set_message(Job *job, const char *message)
{
        job_set_string(&job->message, message);
}

void job_add_to_message(Job *job, const char *sentence)
{
        char *message = g_strdup_printf("%s %s", job->message, sentence);

        g_free(job->message);
        job->message = message;
}

void job_tell_what_stays(Job *job, bool power_control)
{
        const struct {
                bool changed;
                const char *name;
        } settings[] = {
                { *job->urc_port_before, "AT+QURCCFG=\"urcport\"" },
                { *job->qind_before, "AT+QINDCFG=\"all\"" },
                { *job->qind_fota_before, "AT+QINDCFG=\"FOTA\"" },
                { power_control && strcmp(job->power_control_before, "auto") == 0, "power/control" },
                { job->context_up, "AT+QIACT" },
                { *job->fota_cid_before, "AT+QCFG=\"fota/cid\"" },
                { *job->apn_before, "AT+QICSGP" },
                { *job->flow_before, job_is_uart(job) ? "AT+IFC" : "AT+QCFG=\"usbifc\"" },
                { job->urc_port_unread, "AT+QURCCFG=\"urcport\" (its value before could not be read)" },
                { job->fota_cid_unread, "AT+QCFG=\"fota/cid\" (its value before could not be read)" },
                { job->apn_unread, "AT+QICSGP (its values before could not be read)" },
        };
        g_autoptr(GString) s = g_string_new(NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
                if (settings[i].changed)
                        g_string_append_printf(s, "%s%s", s->len ? ", " : "What was changed for it was not put back: ",
                                               settings[i].name);
        if (s->len)
                job_add_to_message(job, g_string_append_c(s, '.')->str);
        if (job->radio_off)
                job_add_to_message(job, "Its radio may still be off: AT+CFUN=1 turns it on.");
}

bool job_may_still_write(const Job *job)
{
        return job->sent && job->result == JOB_RESULT_FAILED && job->domain == CODE_DOMAIN_HOST &&
               (job->code == HOST_MODULE_LOST || job->code == HOST_UPDATE_TIMEOUT);
}

void job_forget_secrets(Job *job)
{
        g_autofree char *shown = job_source_shown(job);

        explicit_bzero(job->source, strlen(job->source));
        g_free(job->source);
        job->source = g_steal_pointer(&shown);
        options_wipe(job->options);
        job_wipe_string(&job->retry_source);
        job_wipe_string(&job->apn_before);
}

/* ---- the text of a record that cannot be read */

#define DAMAGED_MAX 2 /* bytes of a key that may be wrong */

static const struct {
        const char *key;
        bool url; /* shown as url_redact() does */
} secrets[] = {
        { "Source", true },
        { "RetrySource", true },
        { "apn-password", false },
        { "ApnBefore", false },
};

/* The value if the key, blanks and "=" are at the beginning of the line; else NULL. */
static const char *value_of(const char *line, size_t length, const char *key)
{
        const char *end = line + length, *p = line;

        while (p < end && g_ascii_isspace(*p))
                p++;
        if ((size_t)(end - p) < strlen(key) || memcmp(p, key, strlen(key)) != 0)
                return NULL;
        p += strlen(key);
        while (p < end && g_ascii_isspace(*p))
                p++;
        return p < end && *p == '=' ? p + 1 : NULL;
}

/* The value if key and "=" are at p, with at most that many wrong bytes; else NULL. */
static const char *value_at(const char *p, const char *end, const char *key, unsigned damaged)
{
        size_t length = strlen(key);
        unsigned differ = 0;

        if ((size_t)(end - p) <= length)
                return NULL;
        for (size_t i = 0; i < length; i++)
                differ += p[i] != key[i];
        differ += p[length] != '=';
        return differ <= damaged ? p + length + 1 : NULL;
}

/* The value of that key in a line, also if bytes of the key are damaged, its first byte has become a blank or the end
 * of the line before, or that line's end is damaged. NULL if the line does not have the key. */
static const char *find_value(const char *line, size_t length, const char *key)
{
        const char *end = line + length, *p = line, *value = value_of(line, length, key);

        while (p < end && g_ascii_isspace(*p))
                p++;
        if (!value)
                value = value_at(p, end, key, DAMAGED_MAX) ?: value_at(p, end, key + 1, 0);
        for (; !value && p < end; p++)
                value = value_at(p, end, key, 0);
        return value;
}

/* A line with text, but without "=", and no [group]: one of its bytes may have become a line end in the middle of a
 * key. */
static bool is_torn(const char *line, size_t length)
{
        return length > 0 && *line != '[' && *line != '\r' && !memchr(line, '=', length);
}

GString *job_mask_text(const char *text, size_t length)
{
        GString *masked = g_string_sized_new(length);
        const char *end = text + length;
        bool torn = false;

        for (const char *line = text, *next; line < end; line = next) {
                const char *newline = memchr(line, '\n', (size_t)(end - line)), *value = NULL;
                size_t n = (size_t)((newline ?: end) - line);
                bool url = false, continues = torn;

                next = newline ? newline + 1 : end;
                torn = is_torn(line, n);
                for (size_t i = 0; i < G_N_ELEMENTS(secrets) && !value; i++) {
                        value = find_value(line, n, secrets[i].key);
                        url = secrets[i].url;
                }
                if (continues) {
                        g_string_append(masked, "***");
                } else if (value && url) {
                        g_autofree char *source = g_strndup(value, (size_t)(line + n - value)), *shown = NULL;

                        g_string_append_len(masked, line, value - line);
                        /* The text after a NUL may be anything, and a line that was cut off may end in half a password.
                         */
                        if (!newline || memchr(value, 0, (size_t)(line + n - value)))
                                shown = g_strdup("***");
                        else
                                shown = url_redact(source);
                        g_string_append(masked, shown);
                        explicit_bzero(source, strlen(source));
                } else if (value) {
                        g_string_append_len(masked, line, value - line);
                        g_string_append(masked, "***");
                } else {
                        g_string_append_len(masked, line, (gssize)n);
                }
                if (newline)
                        g_string_append_c(masked, '\n');
        }
        return masked;
}

char *job_to_text(const Job *job)
{
        g_autoptr(GKeyFile) f = g_key_file_new();

        g_key_file_set_integer(f, GROUP, "Version", JOB_FILE_VERSION);
        g_key_file_set_string(f, GROUP, "Id", job->id);
        g_key_file_set_string(f, GROUP, "Origin", origin_names[job->origin]);
        g_key_file_set_string(f, GROUP, "State", state_names[job->state]);
        g_key_file_set_string(f, GROUP, "Method", method_to_string(job->method));
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
                g_key_file_set_uint64(f, GROUP, numbers[i].key, number_of(job, i));
        g_key_file_set_uint64(f, GROUP, "PercentCovered", job_percent_to_cover(job));
        if (job->started_by >= 0)
                g_key_file_set_int64(f, GROUP, "StartedBy", job->started_by);
        if (job->download_max >= 0)
                g_key_file_set_integer(f, GROUP, "DownloadMax", job->download_max);
        g_key_file_set_string(f, GROUP, "System", system_names[job->system]);
        if (job->reported_domain != CODE_DOMAIN_NONE) {
                g_key_file_set_string(f, GROUP, "SaidDomain", code_domain_to_string(job->reported_domain));
                g_key_file_set_integer(f, GROUP, "SaidCode", job->reported_code);
        }
        if (job->abandon)
                g_key_file_set_string(f, GROUP, "Abandon", code_find(CODE_DOMAIN_HOST, (int)job->abandon)->name);
        for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
                if (**string_at(job, strings[i].offset))
                        g_key_file_set_string(f, GROUP, strings[i].key, *string_at(job, strings[i].offset));
        for (size_t i = 0; i < G_N_ELEMENTS(booleans); i++)
                g_key_file_set_boolean(f, GROUP, booleans[i].key, G_STRUCT_MEMBER(bool, job, booleans[i].offset));
        for (unsigned i = JOB_REACHED_ACCEPTED; i < _JOB_REACHED_MAX; i++)
                g_key_file_set_boolean(f, GROUP, reached_keys[i], job->reached >= i);
        if (job->result != JOB_RESULT_NONE) {
                g_key_file_set_string(f, GROUP, "Result", result_names[job->result]);
                g_key_file_set_string(f, GROUP, "ErrorDomain", code_domain_to_string(job->domain));
                g_key_file_set_integer(f, GROUP, "ErrorCode", job->code);
                g_key_file_set_string(f, GROUP, "Announced", announced_names[job->announced]);
        }
        options_save(job->options, f, GROUP_OPTIONS);
        return g_key_file_to_data(f, NULL, NULL);
}

static bool read_word(GKeyFile *f, const char *key, const char *const *words, unsigned n, unsigned *ret)
{
        g_autofree char *value = g_key_file_get_string(f, GROUP, key, NULL);

        for (unsigned i = 0; i < n; i++)
                if (g_strcmp0(value, words[i]) == 0) {
                        *ret = i;
                        return true;
                }
        return false;
}

/* The value of a key must be readable if the key is present. */
static bool is_readable(const GError *error)
{
        return !error || g_error_matches(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND);
}

/* Decimal digits without a sign; 0 if the key is missing. */
static guint64 read_number(GKeyFile *f, const char *key, guint64 most, bool *good)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_key_file_get_string(f, GROUP, key, &error);
        guint64 n = 0;

        *good = *good && is_readable(error) && (!text || g_ascii_string_to_unsigned(text, 10, 0, most, &n, NULL));
        return n;
}

/* A code, which a module may have given as a negative number; 0 if the key is missing. */
static int read_code(GKeyFile *f, const char *key, bool *good)
{
        g_autoptr(GError) error = NULL;
        int n = g_key_file_get_integer(f, GROUP, key, &error);

        *good = *good && is_readable(error);
        return n;
}

static bool read_boolean(GKeyFile *f, const char *key, bool *good)
{
        g_autoptr(GError) error = NULL;
        bool value = g_key_file_get_boolean(f, GROUP, key, &error);

        *good = *good && is_readable(error);
        return value;
}

/* Only the message may contain control characters. */
static void read_string(GKeyFile *f, Job *job, size_t i, bool *good)
{
        g_autoptr(GError) error = NULL;
        char **field = string_at(job, strings[i].offset),
             *value = g_key_file_get_string(f, GROUP, strings[i].key, &error);

        *good = *good && is_readable(error);
        if (!value)
                return;
        for (const char *c = value; *c && field != &job->message; c++)
                *good = *good && (unsigned char)*c >= ' ';
        g_free(*field);
        *field = value;
}

/* Reads the fields of the tables. */
static bool read_tables(GKeyFile *f, Job *job)
{
        bool good = g_key_file_has_key(f, GROUP, "Sent", NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
                read_string(f, job, i, &good);
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
                set_number(job, i,
                           read_number(f, numbers[i].key,
                                       numbers[i].size == sizeof(unsigned) ? UINT_MAX : G_MAXINT64, &good));
        for (size_t i = 0; i < G_N_ELEMENTS(booleans); i++)
                G_STRUCT_MEMBER(bool, job, booleans[i].offset) = read_boolean(f, booleans[i].key, &good);
        for (unsigned i = JOB_REACHED_ACCEPTED; i < _JOB_REACHED_MAX; i++)
                if (read_boolean(f, reached_keys[i], &good))
                        job->reached = i;
        if (read_boolean(f, "HasSms", &good)) /* of fotad 0.1.0, which asked for this row alone */
                job->firmware_knows |= FINGERPRINT_SMS;
        job->firmware_knows &= FINGERPRINT_ALL;
        return good && job->percent <= 100;
}

/* Returns true if the values are consistent. A record with progress but without Sent is not: a daemon that took it up
 * would send AT+QFOTADL a second time. */
static bool is_consistent(const Job *job)
{
        /* These values are sent to the module or written to sysfs. */
        if (!qfota_is_flow(job->flow_before) ||
            strspn(job->urc_port_before, "abcdefghijklmnopqrstuvwxyz0123456789") != strlen(job->urc_port_before) ||
            (*job->qind_before && strcmp(job->qind_before, "0") != 0) ||
            (*job->qind_fota_before && strcmp(job->qind_fota_before, "0") != 0) ||
            strspn(job->fota_cid_before, "0123456789") != strlen(job->fota_cid_before) ||
            strlen(job->fota_cid_before) > 2 || (*job->apn_before && !context_is_valid(job->apn_before)) ||
            (*job->power_control_before && strcmp(job->power_control_before, "on") != 0 &&
             strcmp(job->power_control_before, "auto") != 0))
                return false;
        if (job->sent || job->state == JOB_FINISHED)
                return true;
        return job->reached == JOB_REACHED_NOTHING && !job->transferring && !job->transferred &&
               (job->state == JOB_QUEUED || job->state == JOB_PREPARING || job->state == JOB_RESTARTING);
}

/* Values that are sent to a module are checked again: a file may be damaged, or written by hand. */
static bool is_fit_to_send(const Job *job, char **ret_why)
{
        const char *key;

        if (job->from_host && (job->method == METHOD_MINIFOTA || !job_is_package_name(job->source) ||
                               strlen(job->package_sha256) != SHA256_DIGITS || job->package_size == 0)) {
                *ret_why = g_strdup("its package is not described well");
                return false;
        }
        return (job->from_host || source_check(job->source, job->method, identity_flash_size(job->from_revision),
                                               job->options->allow_https, ret_why)) &&
               options_check(job->options, job->method, &key, ret_why);
}

Job *job_from_text(const char *text, const char *id, char **ret_why)
{
        g_autoptr(GKeyFile) f = g_key_file_new();
        g_autoptr(GError) error = NULL;
        g_autoptr(Job) job = job_new(id, "");
        g_autofree char *own_id = NULL, *method = NULL, *domain = NULL, *said = NULL, *abandon = NULL, *unfit = NULL;
        unsigned state, origin, system = JOB_SYSTEM_UNKNOWN, result = JOB_RESULT_NONE, announced = JOB_ANNOUNCED_NO;
        bool good;

        if (!g_key_file_load_from_data(f, text, strlen(text), G_KEY_FILE_NONE, &error)) {
                *ret_why = g_strdup(error->message);
                return NULL;
        }
        if (g_key_file_get_integer(f, GROUP, "Version", NULL) != JOB_FILE_VERSION) {
                *ret_why = g_strdup("its version is not one this daemon reads");
                return NULL;
        }
        own_id = g_key_file_get_string(f, GROUP, "Id", NULL);
        method = g_key_file_get_string(f, GROUP, "Method", NULL);
        if (g_strcmp0(own_id, id) != 0 || !method_from_string(method, &job->method) ||
            !read_word(f, "State", state_names, _JOB_STATE_MAX, &state) ||
            !read_word(f, "Origin", origin_names, _JOB_ORIGIN_MAX, &origin)) {
                *ret_why = g_strdup("its Id, Method, State or Origin is missing or unknown");
                return NULL;
        }
        if (g_key_file_has_key(f, GROUP, "Result", NULL) &&
            (!read_word(f, "Result", result_names, _JOB_RESULT_MAX, &result) ||
             !read_word(f, "Announced", announced_names, _JOB_ANNOUNCED_MAX, &announced))) {
                *ret_why = g_strdup("its Result or Announced is unknown");
                return NULL;
        }
        good = read_tables(f, job);
        if (!*job->module || (state == JOB_FINISHED) != (job->finished != 0) ||
            (state == JOB_FINISHED && result == JOB_RESULT_NONE)) {
                *ret_why = g_strdup("its Module is missing, or its State, Finished and Result do not go together");
                return NULL;
        }
        job->state = state;
        job->origin = origin;
        job->result = result;
        job->announced = announced;
        job->percent = MIN(job->percent, result == JOB_RESULT_SUCCESS ? 100 : PERCENT_MAX);
        /* Records of fotad 0.1.0 do not have the key. */
        job->percent_floor = (unsigned)read_number(f, "PercentCovered", 100, &good);
        job->percent_floor = MIN(job->percent_floor, job->percent == 100 ? 100 : PERCENT_MAX);
        job->percent_covered = MAX(job->percent, job->percent_floor);
        if (g_key_file_has_key(f, GROUP, "StartedBy", NULL)) {
                guint64 uid = read_number(f, "StartedBy", UINT32_MAX - 1, &good);

                job->started_by = good ? (int64_t)uid : -1;
        }
        if (g_key_file_has_key(f, GROUP, "DownloadMax", NULL)) {
                guint64 maximum = read_number(f, "DownloadMax", QFOTA_URC_MAX_MOST, &good);

                job->download_max = (int)maximum;
        }
        if (g_key_file_has_key(f, GROUP, "System", NULL) &&
            !read_word(f, "System", system_names, _JOB_SYSTEM_MAX, &system))
                good = false;
        job->system = system;
        said = g_key_file_get_string(f, GROUP, "SaidDomain", NULL);
        job->reported_domain = code_domain_from_string(said);
        job->reported_code = read_code(f, "SaidCode", &good);
        domain = g_key_file_get_string(f, GROUP, "ErrorDomain", NULL);
        job->domain = code_domain_from_string(domain);
        job->code = read_code(f, "ErrorCode", &good);
        abandon = g_key_file_get_string(f, GROUP, "Abandon", NULL);
        if (abandon && code_find_name(CODE_DOMAIN_HOST, abandon))
                job->abandon = (HostCode)code_find_name(CODE_DOMAIN_HOST, abandon)->number;
        else if (g_key_file_has_key(f, GROUP, "Abandon", NULL))
                good = false;
        if (!good || !is_consistent(job)) {
                *ret_why = g_strdup("one of its values cannot be read, or they do not go together");
                return NULL;
        }
        options_free(job->options);
        job->options = options_load(f, GROUP_OPTIONS, ret_why);
        if (!job->options)
                return NULL;
        if (state != JOB_FINISHED && !job->sent && !is_fit_to_send(job, ret_why))
                return NULL;
        /* The job goes on without a retry that may not be sent. */
        if (*job->retry_source && !source_check(job->retry_source, job->method, identity_flash_size(job->from_revision),
                                                job->options->allow_https, &unfit))
                job_wipe_string(&job->retry_source);
        return g_steal_pointer(&job);
}
