/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The consequences of a stall, which mini_timed_out() in upgrade-mini.c decides: a MiniFOTA that makes no progress in
 * its Mini system (guide 5.1, scenarios 3 and 4): the message that contains what is known, and AT+QFOTADL with
 * a corrected source (guide 5.2). */

#include <string.h>

#include "core/quectel/qfota.h"
#include "core/state/upgrade-actions.h"
#include "core/state/upgrade-facts.h"
#include "core/state/upgrade-wait.h"
#include "core/upgrade/upgrade-stalled.h"

void stalled_probe(Upgrade *u)
{
        u->probed_at = u->now;
        u->ask_at = u->reread_at = u->reread_until = 0;
        u->saw_upgrade_urc = false;
        upgrade_push(u, UPGRADE_ACTION_IDENTIFY, NULL);
        upgrade_reset_deadline(u);
}

/* Returns true if the module is known to upgrade by MiniFOTA: of an adopted job that is a guess, until the module has
 * reported its revision or answers as a Mini system. */
static bool is_mini_known(const Upgrade *u)
{
        const Job *job = u->job;

        return job->origin != JOB_ORIGIN_ADOPTED || *job->source || u->marker == MINI_MARKER_MINI ||
               identity_method(job->model, job->from_revision) == METHOD_MINIFOTA;
}

/* Returns true if the module may be writing its flash: the updater reported last, or something that is not known to be
 * a Mini system has begun to update. */
static bool may_be_writing(const Upgrade *u)
{
        const Job *job = u->job;

        if (job->reached < JOB_REACHED_UPDATING)
                return false;
        if (!is_mini_known(u) || job->system == JOB_SYSTEM_UPDATING)
                return true;
        return job->percent < PERCENT_MINI1 && !(u->port_answers && u->marker == MINI_MARKER_MINI);
}

/* Names the package that a Mini system needs, or both if either is possible. The caller frees it. */
static char *package_needed(const Upgrade *u)
{
        const Job *job = u->job;
        g_autofree char *shown = job_source_shown(job);
        bool second = job->reached >= JOB_REACHED_UPDATING;
        const char *extension = second ? ".mini_2" : ".mini_1";

        if (g_str_has_suffix(shown, ".mini_1"))
                shown[strlen(shown) - strlen(".mini_1")] = 0;
        /* The module may have reached the second package without a message, at a UART without a restart that was seen,
         * or its updater has failed with the first. */
        if ((!second &&
             (job->reconnects >= 2 || job_is_uart(job) || u->unwatched || job->origin == JOB_ORIGIN_ADOPTED)) ||
            (second && job->percent < PERCENT_MINI1 && job->reported_domain == CODE_DOMAIN_UPDATE))
                return *shown ? g_strdup_printf("%s.mini_1 or %s.mini_2", shown, shown) : g_strdup("its package");
        return *shown ? g_strconcat(shown, extension, NULL) : g_strdup_printf("its %s package", extension);
}

static char *silence(const Upgrade *u)
{
        unsigned minutes = (unsigned)(u->timeouts->stall / (60 * G_USEC_PER_SEC));

        return minutes ? g_strdup_printf("No progress was seen for %u minutes.", minutes)
                       : g_strdup("No progress was seen for a while.");
}

static JobStall reason(const Upgrade *u)
{
        const Job *job = u->job;
        const Code *code = code_find(job->reported_domain, job->reported_code);

        if (may_be_writing(u))
                return JOB_STALL_UPDATER_SILENT;
        if (job->reported_domain == CODE_DOMAIN_NONE || u->failed_at < u->progress_at)
                return JOB_STALL_NO_PROGRESS;
        return code && !code->retry ? JOB_STALL_WAITING_PACKAGE : JOB_STALL_WAITING_NETWORK;
}

static char *stalled_message(const Upgrade *u)
{
        const Job *job = u->job;
        bool reported = job->reported_domain != CODE_DOMAIN_NONE;
        g_autofree char *package = package_needed(u), *since = silence(u), *said = NULL, *last = NULL;
        const char *for_good = job->reached >= JOB_REACHED_UPDATING ? ", and cannot go back" : "";
        const char *waits = *job->retry_source ? " The retry is sent when the Mini system answers AT." : "";

        if (reported) {
                said = job_code_text(job->reported_domain, job->reported_code);
                last = g_strdup_printf(" It last reported %s.", said);
        }
        if (job->stall == JOB_STALL_UPDATER_SILENT)
                return g_strdup_printf("%s The module may be writing its flash: keep it powered.%s%s", since,
                                       last ?: "", waits);
        if (job->stall != JOB_STALL_NO_PROGRESS)
                return g_strdup_printf(
                        "The module is in its Mini system and waits for %s%s: publish that very file and restore "
                        "the module's network, and it goes on by itself%s.%s%s",
                        package, for_good, u->port_answers ? ", or correct the source with Retry (fotactl retry)" : "",
                        last, waits);
        return g_strdup_printf(
                "%s The module is in its Mini system%s: it may be downloading slowly, or it waits for %s "
                "or for its network, and goes on by itself once that is there.%s%s%s",
                since, for_good, package,
                u->port_answers ? " Should the source be wrong, Retry corrects it (fotactl retry)." : "", last ?: "",
                waits);
}

static void update(Upgrade *u)
{
        g_autofree char *message = NULL;

        u->job->stall = reason(u);
        message = stalled_message(u);
        job_set_message(u->job, message);
}

void stalled_set_port_answers(Upgrade *u, bool answers)
{
        if (u->port_answers == answers)
                return;
        u->port_answers = answers;
        if (!u->job->stalled || !mini_applies(u))
                return;
        update(u);
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
}

void stalled_enter(Upgrade *u)
{
        Job *job = u->job;

        job->stalled = true;
        job->abandon = 0; /* the point of no return is passed */
        if (job->system != JOB_SYSTEM_UPDATING)
                job->system = JOB_SYSTEM_MINI;
        update(u);
        upgrade_enter_state(u, JOB_STALLED);
        stalled_probe(u);
}

void stalled_leave(Upgrade *u)
{
        u->job->stalled = false;
        u->job->stall = JOB_STALL_NONE;
        job_set_message(u->job, "");
}

void stalled_update_message(Upgrade *u)
{
        if (u->job->stalled)
                update(u);
}

void stalled_lost_sight(Upgrade *u)
{
        if (u->job->stall != JOB_STALL_SOURCE_REJECTED)
                stalled_update_message(u);
}

/* ---- retry */

static void keep_source(Upgrade *u, const char *source)
{
        Job *job = u->job;

        explicit_bzero(job->source, strlen(job->source));
        job_set_string(&job->source, source);
}

static void forget_source_before(Upgrade *u)
{
        if (u->source_before)
                explicit_bzero(u->source_before, strlen(u->source_before));
        g_clear_pointer(&u->source_before, g_free);
}

/* The module refused the retry: the former source is in force. */
static void refuse(Upgrade *u)
{
        if (u->source_before)
                keep_source(u, u->source_before);
        forget_source_before(u);
        u->step = STEP_NONE;
}

void retry_not_sent(Upgrade *u)
{
        job_set_string(&u->job->retry_source, u->job->source);
        refuse(u);
}

void retry_drop(Upgrade *u, const char *why)
{
        if (!*u->job->retry_source)
                return;
        job_wipe_string(&u->job->retry_source);
        u->retry_requested = false;
        upgrade_push(u, UPGRADE_ACTION_WARN, why);
        stalled_update_message(u);
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
}

/* Returns true if the module may be the firmware. For some time that is so if nothing shows a Mini system: the module
 * knows commands of the fingerprint, and refused none of them nor left one without an answer. One answer may have been
 * cut off. */
static bool may_be_firmware(const Upgrade *u)
{
        bool has_sign = u->left_mini || u->job->reached >= JOB_REACHED_UPDATING || u->fingerprint.refused ||
                        u->fingerprint_late || u->now >= u->ready_since + u->timeouts->settle;

        return u->marker == MINI_MARKER_FIRMWARE || u->saw_firmware_urc ||
               (u->marker == MINI_MARKER_UNKNOWN && u->fingerprint.answered && !has_sign);
}

bool retry_send(Upgrade *u)
{
        Job *job = u->job;
        g_autofree char *command = NULL;

        if (!*job->retry_source || !u->port_idle || u->step == STEP_RETRY || !u->retry_requested || may_be_firmware(u))
                return false;
        forget_source_before(u);
        u->source_before = g_strdup(job->source);
        keep_source(u, job->retry_source);
        job_wipe_string(&job->retry_source);
        command = qfota_build_command(job->source, -1, -1, -1);
        u->ask_at = 0;
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
        upgrade_send(u, STEP_RETRY, command, true, u->timeouts->command);
        explicit_bzero(command, strlen(command));
        return true;
}

void retry_resume(Upgrade *u)
{
        u->retry_requested = *u->job->retry_source;
}

void retry_request(Upgrade *u)
{
        u->retry_requested = true;
        if (retry_send(u) || !u->job->stalled)
                return;
        stalled_update_message(u);
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
}

static void rejected(Upgrade *u)
{
        g_autofree char *package = NULL, *message = NULL;

        refuse(u);
        package = package_needed(u);
        message = g_strdup_printf("The module answered ERROR to AT+QFOTADL in its Mini system: check the URL "
                                  "letter by letter, and retry. It still waits for %s.",
                                  package);
        u->job->stalled = true;
        u->job->stall = JOB_STALL_SOURCE_REJECTED;
        job_set_message(u->job, message);
        upgrade_enter_state(u, JOB_STALLED);
}

static void accepted(Upgrade *u)
{
        u->step = STEP_NONE;
        forget_source_before(u);
        stalled_leave(u);
        u->job->reported_domain = CODE_DOMAIN_NONE;
        u->job->repeated_step = false;
        u->progress_at = u->now;
        upgrade_enter_state(u, mini_state_after_return(u->job));
}

void retry_answer(Upgrade *u, const UpgradeEvent *event)
{
        /* Without an answer the module may have accepted the command. */
        if (event->result == AT_RESULT_ERROR)
                rejected(u);
        else
                accepted(u);
        retry_send(u); /* one that was requested meanwhile */
}
