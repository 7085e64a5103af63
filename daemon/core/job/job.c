/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The record of an upgrade: its strings, the facts that follow from its fields, and its messages. core/upgrade draws
 * the conclusions. */

#include <string.h>

#include "core/job/job.h"
#include "core/job/job-private.h"
#include "core/job/source.h"
#include "core/quectel/qfota.h"
#include "url.h"

#define PERCENT_STEP     5   /* a running job's record covers the percentages up to the next multiple */
#define PACKAGE_NAME_MAX 255 /* bytes, as of any file's name */

const char *const job_state_names[] = {
        [JOB_QUEUED] = "queued",         [JOB_PREPARING] = "preparing", [JOB_DOWNLOADING] = "downloading",
        [JOB_RESTARTING] = "restarting", [JOB_UPDATING] = "updating",   [JOB_VERIFYING] = "verifying",
        [JOB_STALLED] = "stalled",       [JOB_FINISHED] = "finished",
};
const char *const job_result_names[] = {
        [JOB_RESULT_NONE] = "",
        [JOB_RESULT_SUCCESS] = "success",
        [JOB_RESULT_FAILED] = "failed",
        [JOB_RESULT_CANCELLED] = "cancelled",
};
const char *const job_system_names[] = {
        [JOB_SYSTEM_UNKNOWN] = "unknown",
        [JOB_SYSTEM_NORMAL] = "normal",
        [JOB_SYSTEM_MINI] = "mini",
        [JOB_SYSTEM_UPDATING] = "updating",
};
const char *const job_stall_names[] = {
        [JOB_STALL_NONE] = "",
        [JOB_STALL_UPDATER_SILENT] = "updater-silent",
        [JOB_STALL_WAITING_PACKAGE] = "waiting-package",
        [JOB_STALL_WAITING_NETWORK] = "waiting-network",
        [JOB_STALL_NO_PROGRESS] = "no-progress",
        [JOB_STALL_SOURCE_REJECTED] = "source-rejected",
};
const char *const job_origin_names[] = { [JOB_ORIGIN_REQUEST] = "request", [JOB_ORIGIN_ADOPTED] = "adopted" };

const char *job_state_to_string(JobState state)
{
        return job_state_names[state];
}

const char *job_result_to_string(JobResult result)
{
        return job_result_names[result];
}

const char *job_origin_to_string(JobOrigin origin)
{
        return job_origin_names[origin];
}

const char *job_system_to_string(JobSystem system)
{
        return job_system_names[system];
}

const char *job_stall_to_string(JobStall stall)
{
        return job_stall_names[stall];
}

/* The strings of the record, in one table for making, freeing, writing and reading. */
const JobString job_strings[] = {
        { "Module", G_STRUCT_OFFSET(Job, module) },
        { "Place", G_STRUCT_OFFSET(Job, place) },
        { "Source", G_STRUCT_OFFSET(Job, source) },
        { "RetrySource", G_STRUCT_OFFSET(Job, retry_source) },
        { "RequestSource", G_STRUCT_OFFSET(Job, request_source) },
        { "RequestOptions", G_STRUCT_OFFSET(Job, request_options) },
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
        { NULL, 0 },
};

char **job_string_at(const Job *job, const JobString *string)
{
        return (char **)G_STRUCT_MEMBER_P(job, string->offset);
}

Job *job_new(const char *id, const char *module)
{
        Job *job = g_new0(Job, 1);

        for (const JobString *s = job_strings; s->key; s++)
                *job_string_at(job, s) = g_strdup("");
        job->id = g_strdup(id);
        job_set_string(&job->module, module);
        job->pending = g_strdup("");
        job->behind = g_strdup("");
        job->kept = g_strdup("");
        job->options = options_new();
        job->log = job_log_new();
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
        for (const JobString *s = job_strings; s->key; s++)
                g_free(*job_string_at(job, s));
        options_free(job->options);
        job_log_free(job->log);
        g_free(job->pending);
        g_free(job->behind);
        g_free(job->kept);
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

uint64_t job_number(const Job *job)
{
        return g_ascii_strtoull(job->id, NULL, 10);
}

Job *job_find(const GPtrArray *jobs, const char *id)
{
        for (unsigned i = 0; i < jobs->len; i++) {
                Job *job = g_ptr_array_index(jobs, i);

                if (strcmp(job->id, id) == 0)
                        return job;
        }
        return NULL;
}

const char *job_error_name(const Job *job)
{
        const Code *code = code_find(job->domain, job->code);

        if (job->domain == CODE_DOMAIN_NONE)
                return "";
        return (code ?: &code_unlisted)->name;
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
        bool unrecorded = (*job->behind || *job->pending) && job->state != JOB_FINISHED;

        return unrecorded ? MIN(percent, job->percent_covered) : percent;
}

unsigned job_percent_to_cover(const Job *job)
{
        unsigned next = (job->percent / PERCENT_STEP + 1) * PERCENT_STEP;

        /* No percentage is reported in these states, so the next daemon shows the same one. */
        if (job->state == JOB_FINISHED || job->state == JOB_STALLED)
                return MAX(job->percent, job->percent_floor);
        return MIN(MAX(next, job->percent_floor), JOB_PERCENT_MAX);
}

bool job_has_ended(const Job *job)
{
        return job->state == JOB_FINISHED && !job->awaits_record;
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

void job_describe_request(const char *source, bool file, const Options *options, char **ret_source, char **ret_options)
{
        *ret_source = file ? g_strdup(source) : url_redact(source);
        *ret_options = options_describe(options);
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
        const Code *code = result == JOB_RESULT_SUCCESS ? NULL : code_find(domain, number) ?: &code_unlisted;
        g_autoptr(GString) s = g_string_new(NULL);

        job->result = result;
        job->domain = domain;
        job->code = domain == CODE_DOMAIN_NONE ? 0 : number;
        if (code)
                g_string_append(s, code->what);
        else
                g_string_append_printf(s, "The module runs %s now", job->to_revision);
        if (detail && *detail)
                g_string_append_printf(s, " %s", detail);
        if (domain != CODE_DOMAIN_NONE && domain != CODE_DOMAIN_HOST)
                g_string_append_printf(s, " (%s code %d%s%s)", code_domain_label(domain), number,
                                       code && *code->cause ? "; usual cause: " : "", code ? code->cause : "");
        else if (code && *code->cause)
                g_string_append_printf(s, " (usual cause: %s)", code->cause);
        if (code)
                g_string_append_printf(s, ": %s", code->remedy);
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

void job_settings(const Job *job, JobSetting settings[JOB_SETTINGS])
{
        const JobSetting all[] = {
                { *job->urc_port_before, "AT+QURCCFG=\"urcport\"", job->urc_port_before },
                { *job->qind_before, "AT+QINDCFG=\"all\"", job->qind_before },
                { *job->qind_fota_before, "AT+QINDCFG=\"FOTA\"", job->qind_fota_before },
                [JOB_SETTING_POWER] = { strcmp(job->power_control_before, "auto") == 0, "power/control",
                                        job->power_control_before },
                { job->context_up, "AT+QIACT", "" },
                { *job->fota_cid_before, "AT+QCFG=\"fota/cid\"", job->fota_cid_before },
                { *job->apn_before, "AT+QICSGP", "" }, /* may hold a password */
                { *job->flow_before, job_is_uart(job) ? "AT+IFC" : "AT+QCFG=\"usbifc\"", job->flow_before },
                { job->urc_port_unread, "AT+QURCCFG=\"urcport\" (its value before could not be read)", "" },
                { job->fota_cid_unread, "AT+QCFG=\"fota/cid\" (its value before could not be read)", "" },
                { job->apn_unread, "AT+QICSGP (its values before could not be read)", "" },
                [JOB_SETTING_RADIO] = { job->radio_off, "AT+CFUN", "1" },
        };

        G_STATIC_ASSERT(sizeof(all) == JOB_SETTINGS * sizeof(JobSetting));
        memcpy(settings, all, sizeof(all));
}

void job_tell_what_stays(Job *job, bool power_control)
{
        JobSetting settings[JOB_SETTINGS];
        g_autoptr(GString) s = g_string_new(NULL);

        job_settings(job, settings);
        settings[JOB_SETTING_POWER].changed = settings[JOB_SETTING_POWER].changed && power_control;
        for (size_t i = 0; i < JOB_SETTING_RADIO; i++)
                if (settings[i].changed)
                        g_string_append_printf(s, "%s%s", s->len ? ", " : "", settings[i].name);
        if (s->len) {
                g_autofree char *sentence = g_strdup_printf("What was changed for it was not put back: %s.", s->str);

                job_add_to_message(job, sentence);
        }
        if (job->radio_off)
                job_add_to_message(job, "Its radio may still be off: AT+CFUN=1 turns it on.");
}

bool job_may_still_write(const Job *job)
{
        return job->sent && job->result == JOB_RESULT_FAILED && job->domain == CODE_DOMAIN_HOST &&
               (job->code == HOST_MODULE_LOST || job->code == HOST_UPDATE_TIMEOUT);
}

bool job_repeats(const Job *job, const Job *earlier)
{
        const Job *const jobs[] = { earlier, job };

        if (earlier->options->request_id) /* calls with the id return the job */
                return false;
        for (unsigned i = 0; i < G_N_ELEMENTS(jobs); i++)
                if (jobs[i]->origin != JOB_ORIGIN_ADOPTED || jobs[i]->state != JOB_FINISHED || jobs[i]->restarts > 0 ||
                    jobs[i]->percent > 0 || jobs[i]->reached >= JOB_REACHED_UPDATING || jobs[i]->watched)
                        return false;
        return strcmp(job_place(job), job_place(earlier)) == 0 && job->result == earlier->result &&
               job->domain == earlier->domain && job->code == earlier->code &&
               strcmp(job->to_revision, earlier->to_revision) == 0;
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
