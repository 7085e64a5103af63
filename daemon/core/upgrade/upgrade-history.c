/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The job's log: compares the upgrade with the values that were noted last, and appends a line for each difference,
 * with the event that led to it. Decides nothing, and needs no record to be written. */

#include <string.h>

#include "core/quectel/qfota.h"
#include "core/state/upgrade-facts.h"
#include "core/state/upgrade-phase.h"
#include "core/upgrade/upgrade-history.h"

#define PERCENT_STEP 2   /* between two lines */
#define HEARD_MAX    512 /* bytes of the messages that are remembered */

#define note(u, kind, ...) job_log_printf((u)->job->log, (u)->realtime, kind, __VA_ARGS__)

static void note_values(Upgrade *u)
{
        const Job *job = u->job;
        Noted *n = &u->noted;
        JobSetting settings[JOB_SETTINGS];

        n->system = job->system;
        n->result = job->result;
        n->abandon = job->abandon;
        n->method = job->method;
        n->stalled = job->stalled;
        n->cancellable = upgrade_is_cancellable(job);
        n->finished = job->state == JOB_FINISHED;
        n->restarts = job->restarts;
        job_settings(job, settings);
        for (unsigned i = 0; i < JOB_SETTINGS; i++)
                n->settings[i] = settings[i].changed;
        job_set_string(&n->from_revision, job->from_revision);
        job_set_string(&n->to_revision, job->to_revision);
}

void history_begin(Upgrade *u)
{
        note_values(u);
        if (u->job->state == JOB_QUEUED) /* the revision that was read before the job */
                job_set_string(&u->noted.from_revision, "");
        u->noted.phase = -1;
        u->noted.percent = u->job->percent;
}

void history_end(Upgrade *u)
{
        g_free(u->noted.heard);
        g_free(u->noted.from_revision);
        g_free(u->noted.to_revision);
}

/* The event, as the end of a line that begins with its consequence. */
static const char *cause_of(const UpgradeEvent *event)
{
        switch (event->type) {
        case UPGRADE_EVENT_BEGIN: return "the job was begun, or taken up again";
        case UPGRADE_EVENT_PRESENT: return "the module appeared on the bus";
        case UPGRADE_EVENT_BOOT_ROM: return "a boot loader appeared on the bus";
        case UPGRADE_EVENT_GONE: return "the module left the bus, or fell silent";
        case UPGRADE_EVENT_READY: return "the module reported its revision";
        case UPGRADE_EVENT_NAMELESS: return "the module answered AT and reported no revision";
        case UPGRADE_EVENT_PORT_LOST: return "the AT port was lost";
        case UPGRADE_EVENT_PORT_BUSY: return "another process was found to hold the AT port";
        case UPGRADE_EVENT_ANSWER:
                return event->result == AT_RESULT_OK      ? "a command was answered OK"
                       : event->result == AT_RESULT_ERROR ? "a command was answered ERROR"
                                                          : "a command was not answered";
        case UPGRADE_EVENT_URC: return "the module's message";
        case UPGRADE_EVENT_CANCEL: return "Cancel was called";
        case UPGRADE_EVENT_DISMISS: return "Dismiss was called";
        case UPGRADE_EVENT_RETRY: return "Retry was called";
        case UPGRADE_EVENT_SOURCE: return "the source was checked";
        case UPGRADE_EVENT_SENT:
        case UPGRADE_EVENT_ALL_BUT_LAST: return "bytes of the package were sent";
        case UPGRADE_EVENT_NOT_SENT: return "the package could not be read";
        case UPGRADE_EVENT_NO_FLOW: return "the port was found to have no RTS/CTS";
        case UPGRADE_EVENT_DISK: return "the record could not be written";
        case UPGRADE_EVENT_RESUMED: return "the host was suspended";
        case UPGRADE_EVENT_TICK: return "a time-out";
        case _UPGRADE_EVENT_MAX: break;
        }
        return "";
}

/* Returns true if the module has reported the same since the upgrade last advanced. A Mini system without a network
 * does so for days. */
static bool is_repeated(Upgrade *u, const char *message)
{
        Noted *n = &u->noted;
        g_autofree char *line = g_strconcat("\n", message, "\n", NULL), *before = NULL;

        if (n->heard && strstr(n->heard, line))
                return true;
        before = g_steal_pointer(&n->heard);
        n->heard = g_strconcat(before && strlen(before) < HEARD_MAX ? before : "", line, NULL);
        return false;
}

static void follow_message(Upgrade *u, const UpgradeEvent *event)
{
        QfotaUrc urc;

        if (event->type != UPGRADE_EVENT_URC || !qfota_parse_urc(event->text, &urc) ||
            urc.type == QFOTA_URC_DOWNLOADING || urc.type == QFOTA_URC_UPDATING || is_repeated(u, event->text))
                return;
        note(u, JOB_LOG_MESSAGE, "%s", event->text);
        if ((urc.type == QFOTA_URC_DOWNLOAD_END || urc.type == QFOTA_URC_END) && urc.value != 0) {
                CodeDomain domain = urc.type == QFOTA_URC_END        ? CODE_DOMAIN_UPDATE
                                    : urc.domain != CODE_DOMAIN_NONE ? urc.domain
                                                                     : job_download_domain(u->job);
                g_autofree char *text = job_code_text(domain, urc.value);

                note(u, JOB_LOG_CODE, "%s", text);
        }
}

static void follow_module(Upgrade *u)
{
        const Job *job = u->job;
        const Noted *n = &u->noted;

        if (job->restarts != n->restarts && job_is_uart(job))
                note(u, JOB_LOG_RESTART, "%u: the module answers again", job->restarts);
        else if (job->restarts != n->restarts)
                note(u, JOB_LOG_RESTART, "%u: the module came back with product id %04x", job->restarts, u->product);
        if (*job->from_revision && strcmp(job->from_revision, n->from_revision) != 0)
                note(u, JOB_LOG_REVISION, "before the upgrade: %s", job->from_revision);
        if (*job->to_revision && strcmp(job->to_revision, n->to_revision) != 0)
                note(u, JOB_LOG_REVISION, "now: %s", job->to_revision);
}

/* power/control is left to its own writer: its value before stays in the record until the end. */
static void follow_settings(Upgrade *u)
{
        JobSetting settings[JOB_SETTINGS];

        job_settings(u->job, settings);
        settings[JOB_SETTING_POWER].changed = u->noted.settings[JOB_SETTING_POWER];
        for (unsigned i = 0; i < JOB_SETTINGS; i++) {
                const JobSetting *s = &settings[i];

                if (s->changed && !u->noted.settings[i])
                        note(u, JOB_LOG_SETTING, "%s is changed%s%s", s->name, *s->before ? "; before: " : "",
                             s->before);
                else if (!s->changed && u->noted.settings[i])
                        note(u, JOB_LOG_SETTING, "%s is as before again", s->name);
        }
}

static const char *describe_system(JobSystem system)
{
        switch (system) {
        case JOB_SYSTEM_NORMAL: return "judged: the firmware runs";
        case JOB_SYSTEM_MINI: return "judged: the Mini system runs";
        case JOB_SYSTEM_UPDATING: return "judged: the updater runs";
        case JOB_SYSTEM_UNKNOWN:
        case _JOB_SYSTEM_MAX: break;
        }
        return "it is not known which system runs";
}

static void follow_decisions(Upgrade *u, const char *cause)
{
        const Job *job = u->job;
        const Noted *n = &u->noted;

        if (job->method != n->method)
                note(u, JOB_LOG_DECISION, "the method is %s, after %s", method_to_string(job->method), cause);
        if (job->system != n->system)
                note(u, JOB_LOG_DECISION, "%s, after %s", describe_system(job->system), cause);
        if (job->abandon && job->abandon != n->abandon)
                note(u, JOB_LOG_DECISION, "the download is given up (%s), after %s",
                     code_find(CODE_DOMAIN_HOST, (int)job->abandon)->name, cause);
        else if (!job->abandon && n->abandon)
                note(u, JOB_LOG_DECISION, "the upgrade is no longer given up, after %s", cause);
        if (!upgrade_is_cancellable(job) && n->cancellable)
                note(u, JOB_LOG_DECISION, "no longer cancellable, after %s", cause);
        if (job->stalled && !n->stalled) {
                job_log_keep_dialogue(job->log);
                note(u, JOB_LOG_DECISION, "stalled, after %s", cause);
        } else if (!job->stalled && n->stalled) {
                note(u, JOB_LOG_DECISION, "no longer stalled, after %s", cause);
        }
        if (job->result != n->result && job->result != JOB_RESULT_NONE) {
                if (job->result != JOB_RESULT_SUCCESS)
                        job_log_keep_dialogue(job->log);
                note(u, JOB_LOG_DECISION, "%s%s%s, after %s", job_result_to_string(job->result),
                     job->domain != CODE_DOMAIN_NONE ? ": " : "", job_error_name(job), cause);
        }
}

static void follow_progress(Upgrade *u, const char *cause)
{
        const Job *job = u->job;
        Phase phase = upgrade_phase(u);

        if (job->percent >= u->noted.percent + PERCENT_STEP || (job->percent == 100 && u->noted.percent < 100)) {
                note(u, JOB_LOG_PROGRESS, "%u %%", job->percent);
                u->noted.percent = job->percent;
        }
        if ((int)phase != u->noted.phase)
                note(u, JOB_LOG_PHASE, "%s, after %s", phase_traits(phase)->name, cause);
        u->noted.phase = (int)phase;
}

static void follow_end(Upgrade *u)
{
        Job *job = u->job;

        if (job->state != JOB_FINISHED || u->noted.finished)
                return;
        if (job->result == JOB_RESULT_SUCCESS)
                job_log_drop_dialogue(job->log);
        note(u, JOB_LOG_RESULT, "%s: %s", job_result_to_string(job->result), job->message);
}

void history_follow(Upgrade *u, const UpgradeEvent *event)
{
        const char *cause = cause_of(event);

        if (u->job->percent != u->noted.heard_percent || event->type == UPGRADE_EVENT_RETRY)
                g_clear_pointer(&u->noted.heard, g_free);
        u->noted.heard_percent = u->job->percent;
        follow_message(u, event);
        follow_module(u);
        follow_decisions(u, cause);
        follow_settings(u);
        follow_progress(u, cause);
        follow_end(u);
        note_values(u);
}
