/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The text form of the record: a key file, by the tables of its fields. */

#include <limits.h>
#include <string.h>

#include "core/job/context.h"
#include "core/job/job.h"
#include "core/job/job-private.h"
#include "core/job/key-file.h"
#include "core/job/source.h"
#include "core/quectel/fingerprint.h"
#include "core/quectel/qfota.h"

#define GROUP         "Job"
#define GROUP_OPTIONS "Options"

#define SHA256_DIGITS 64
#define TEXT_USUAL    8192 /* bytes of most records, so that their text is seldom moved in memory */

static const char *const announced_names[] = {
        [JOB_ANNOUNCED_NO] = "no", [JOB_ANNOUNCED_AGAIN] = "again", [JOB_ANNOUNCED_YES] = "yes"
};
G_STATIC_ASSERT(G_N_ELEMENTS(announced_names) == _JOB_ANNOUNCED_MAX);

/* Written as uint64; the field is a uint64_t or an unsigned. */
#define NUMBER(key, field)                                                                                             \
        {                                                                                                              \
                key, G_STRUCT_OFFSET(Job, field), sizeof(((Job *)NULL)->field)                                         \
        }
static const struct {
        const char *key;
        size_t offset, size;
} numbers[] = {
        NUMBER("Created", created),      NUMBER("Finished", finished),    NUMBER("PackageSize", package_size),
        NUMBER("Percent", percent),      NUMBER("Restarts", restarts),    NUMBER("Returns", reconnects),
        NUMBER("Device", device),        NUMBER("Product", product),      NUMBER("TakeUps", take_ups),
        NUMBER("Knows", firmware_knows), NUMBER("EndNumber", end_number), NUMBER("Repeats", repeats),
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

#define WORD(key, field, names, presence)                                                                              \
        {                                                                                                              \
                key, G_STRUCT_OFFSET(Job, field), names, G_N_ELEMENTS(names), presence                                 \
        }
static const struct {
        const char *key;
        size_t offset; /* of an enumeration in Job */
        const char *const *names;
        unsigned count;
        enum { ALWAYS, OPTIONAL, WITH_RESULT } presence;
} words[] = {
        WORD("State", state, job_state_names, ALWAYS),
        WORD("Origin", origin, job_origin_names, ALWAYS),
        WORD("System", system, job_system_names, OPTIONAL),
        WORD("StallReason", stall, job_stall_names, OPTIONAL),
        WORD("Result", result, job_result_names, WITH_RESULT),
        WORD("Announced", announced, announced_names, WITH_RESULT),
};
G_STATIC_ASSERT(sizeof(JobState) == sizeof(unsigned));

/* Each is true in the record if the upgrade got at least that far. */
static const char *const reached_keys[] = {
        [JOB_REACHED_ACCEPTED] = "Accepted",     [JOB_REACHED_DOWNLOADING] = "Downloading",
        [JOB_REACHED_DOWNLOADED] = "Downloaded", [JOB_REACHED_UPDATING] = "Updating",
        [JOB_REACHED_ENDED] = "Ended",
};
G_STATIC_ASSERT(G_N_ELEMENTS(reached_keys) == _JOB_REACHED_MAX);

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

char *job_to_text(const Job *job)
{
        GString *text = g_string_sized_new(TEXT_USUAL);
        size_t size;

        key_file_append_group(text, GROUP);
        key_file_append_number(text, "Version", JOB_FILE_VERSION);
        key_file_append_string(text, "Id", job->id);
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (words[i].presence != WITH_RESULT || job->result != JOB_RESULT_NONE)
                        key_file_append_string(text, words[i].key,
                                               words[i].names[G_STRUCT_MEMBER(unsigned, job, words[i].offset)]);
        key_file_append_string(text, "Method", method_to_string(job->method));
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
                key_file_append_number(text, numbers[i].key, (int64_t)number_of(job, i));
        key_file_append_number(text, "PercentCovered", job_percent_to_cover(job));
        if (job->started_by >= 0)
                key_file_append_number(text, "StartedBy", job->started_by);
        if (job->download_max >= 0)
                key_file_append_number(text, "DownloadMax", job->download_max);
        if (job->reported_domain != CODE_DOMAIN_NONE) {
                key_file_append_string(text, "SaidDomain", code_domain_to_string(job->reported_domain));
                key_file_append_number(text, "SaidCode", job->reported_code);
        }
        if (job->abandon)
                key_file_append_string(text, "Abandon", code_find(CODE_DOMAIN_HOST, (int)job->abandon)->name);
        for (const JobString *s = job_strings; s->key; s++)
                if (**job_string_at(job, s))
                        key_file_append_string(text, s->key, *job_string_at(job, s));
        for (size_t i = 0; i < G_N_ELEMENTS(booleans); i++)
                key_file_append_boolean(text, booleans[i].key, G_STRUCT_MEMBER(bool, job, booleans[i].offset));
        for (unsigned i = JOB_REACHED_ACCEPTED; i < _JOB_REACHED_MAX; i++)
                key_file_append_boolean(text, reached_keys[i], job->reached >= i);
        if (job->result != JOB_RESULT_NONE) {
                key_file_append_string(text, "ErrorDomain", code_domain_to_string(job->domain));
                key_file_append_number(text, "ErrorCode", job->code);
        }
        options_save(job->options, text, GROUP_OPTIONS);
        if (job->log)
                job_log_append(job->log, text);
        size = text->len + 1;
        return g_realloc(g_string_free(text, FALSE), size); /* many records may wait for the disk */
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
static void read_string(GKeyFile *f, Job *job, const JobString *s, bool *good)
{
        g_autoptr(GError) error = NULL;
        char **field = job_string_at(job, s), *value = g_key_file_get_string(f, GROUP, s->key, &error);

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

        for (const JobString *s = job_strings; s->key; s++)
                read_string(f, job, s, &good);
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
                set_number(job, i,
                           read_number(f, numbers[i].key, numbers[i].size == sizeof(unsigned) ? UINT_MAX : G_MAXINT64,
                                       &good));
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

/* Reads the enumerations. Returns the key that is missing or has no such value, NULL if there is none. */
static const char *read_words(GKeyFile *f, Job *job)
{
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
                g_autofree char *value = g_key_file_get_string(f, GROUP, words[i].key, NULL);
                unsigned n = 0;

                if (words[i].presence != ALWAYS && !g_key_file_has_key(f, GROUP, words[i].key, NULL))
                        continue;
                while (n < words[i].count && g_strcmp0(value, words[i].names[n]) != 0)
                        n++;
                if (n == words[i].count)
                        return words[i].key;
                G_STRUCT_MEMBER(unsigned, job, words[i].offset) = n;
        }
        return NULL;
}

/* Percent does not go back over a restart of the daemon: the record covers a few percent more than the job had. */
static void read_percent(GKeyFile *f, Job *job, bool *good)
{
        job->percent = MIN(job->percent, job->result == JOB_RESULT_SUCCESS ? 100 : JOB_PERCENT_MAX);
        /* Records of fotad 0.1.0 do not have the key. */
        job->percent_floor = (unsigned)read_number(f, "PercentCovered", 100, good);
        job->percent_floor = MIN(job->percent_floor, job->percent == 100 ? 100 : JOB_PERCENT_MAX);
        job->percent_covered = MAX(job->percent, job->percent_floor);
}

static CodeDomain read_domain(GKeyFile *f, const char *key)
{
        g_autofree char *value = g_key_file_get_string(f, GROUP, key, NULL);

        return code_domain_from_string(value);
}

static void read_abandon(GKeyFile *f, Job *job, bool *good)
{
        g_autofree char *value = g_key_file_get_string(f, GROUP, "Abandon", NULL);
        const Code *code = value ? code_find_name(CODE_DOMAIN_HOST, value) : NULL;

        if (code)
                job->abandon = (HostCode)code->number;
        else if (g_key_file_has_key(f, GROUP, "Abandon", NULL))
                *good = false;
}

/* Reads the values whose absence means something else than 0. */
static void read_others(GKeyFile *f, Job *job, bool *good)
{
        read_percent(f, job, good);
        if (g_key_file_has_key(f, GROUP, "StartedBy", NULL))
                job->started_by = (int64_t)read_number(f, "StartedBy", UINT32_MAX - 1, good);
        if (g_key_file_has_key(f, GROUP, "DownloadMax", NULL))
                job->download_max = (int)read_number(f, "DownloadMax", QFOTA_URC_MAX_MOST, good);
        job->reported_domain = read_domain(f, "SaidDomain");
        job->reported_code = read_code(f, "SaidCode", good);
        job->domain = read_domain(f, "ErrorDomain");
        job->code = read_code(f, "ErrorCode", good);
        read_abandon(f, job, good);
}

/* Reads all but the options. Returns NULL, or the reason why the record is not believed, which the caller frees. */
static char *read_job(GKeyFile *f, Job *job)
{
        g_autofree char *id = g_key_file_get_string(f, GROUP, "Id", NULL);
        g_autofree char *method = g_key_file_get_string(f, GROUP, "Method", NULL);
        const char *wrong;
        bool good;

        if (g_key_file_get_integer(f, GROUP, "Version", NULL) != JOB_FILE_VERSION)
                return g_strdup("its version is not one this daemon reads");
        if (g_strcmp0(id, job->id) != 0 || !method_from_string(method, &job->method))
                return g_strdup("its Id or Method is missing or unknown");
        wrong = read_words(f, job);
        if (wrong)
                return g_strdup_printf("its %s is missing or unknown", wrong);
        good = read_tables(f, job);
        if (!*job->module || (job->state == JOB_FINISHED) != (job->finished != 0) ||
            (job->state == JOB_FINISHED && job->result == JOB_RESULT_NONE) ||
            (job->result != JOB_RESULT_NONE && !g_key_file_has_key(f, GROUP, "Announced", NULL)))
                return g_strdup(
                        "its Module is missing, or its State, Finished, Result and Announced do not go together");
        read_others(f, job, &good);
        if (job->stalled && job->stall == JOB_STALL_NONE) /* of a fotad without that key */
                job->stall = JOB_STALL_NO_PROGRESS;
        if (!good || !is_consistent(job))
                return g_strdup("one of its values cannot be read, or they do not go together");
        return NULL;
}

Job *job_from_text(const char *text, const char *id, char **ret_why)
{
        g_autoptr(GKeyFile) f = g_key_file_new();
        g_autoptr(Job) job = job_new(id, "");
        g_autofree char *unfit = NULL;
        const char *log = job_log_of_record(text);
        size_t length = log ? (size_t)(log - text) : strlen(text);

        /* GLib's own message quotes the damaged line, which may hold a password. */
        *ret_why = g_key_file_load_from_data(f, text, length, G_KEY_FILE_NONE, NULL)
                           ? read_job(f, job)
                           : g_strdup("a line of it is neither a group nor a key with a value");
        if (*ret_why)
                return NULL;
        options_free(job->options);
        job->options = options_load(f, GROUP_OPTIONS, ret_why);
        if (!job->options)
                return NULL;
        if (job->state != JOB_FINISHED && !job->sent && !is_fit_to_send(job, ret_why))
                return NULL;
        /* The job goes on without a retry that may not be sent. */
        if (*job->retry_source && !source_check(job->retry_source, job->method, identity_flash_size(job->from_revision),
                                                job->options->allow_https, &unfit))
                job_wipe_string(&job->retry_source);
        g_clear_pointer(&job->log, job_log_free);
        if (job->state != JOB_FINISHED)
                job->log = log ? job_log_from_text(log) : job_log_new();
        return g_steal_pointer(&job);
}
