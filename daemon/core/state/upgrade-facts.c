/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Predicates over the record and the state of an upgrade. Nothing here changes anything. */

#include <string.h>

#include "core/quectel/qfota.h"
#include "core/state/upgrade-state.h"
#include "core/state/upgrade-facts.h"

bool upgrade_is_cancellable(const Job *job)
{
        if (job->result != JOB_RESULT_NONE || job->abandon || job->reached >= JOB_REACHED_UPDATING)
                return false;
        if (job->method == METHOD_MINIFOTA && (job->disconnected || (job->sent && job_is_uart(job))))
                return false;
        if (job->transferred) /* the module has the whole package and may update at once */
                return false;
        switch (job->state) {
        case JOB_QUEUED:
        case JOB_PREPARING:
        case JOB_DOWNLOADING: return true;
        case JOB_RESTARTING: return !job->sent;
        case JOB_UPDATING:
        case JOB_VERIFYING:
        case JOB_STALLED:
        case JOB_FINISHED:
        case _JOB_STATE_MAX: return false;
        }
        return false;
}

bool upgrade_is_dismissable(const Job *job)
{
        return job->sent && job->state != JOB_FINISHED && job->result == JOB_RESULT_NONE && !job->abandon &&
               !upgrade_is_cancellable(job);
}

bool upgrade_needs_gateway(const Job *job)
{
        return job->sent && job->state != JOB_FINISHED && !*job->pending;
}

bool upgrade_is_critical(const Job *job)
{
        if (!upgrade_needs_gateway(job))
                return false;
        if (job->reached >= JOB_REACHED_UPDATING)
                return true;
        if (job->abandon) /* a reset is coming, and the old firmware stays */
                return false;
        return job->reached >= JOB_REACHED_DOWNLOADED || job->transferred || job->disconnected ||
               (job->method == METHOD_MINIFOTA && job_is_uart(job));
}

bool upgrade_may_retry(const Job *job)
{
        if (job->result != JOB_RESULT_NONE || !job->sent || job->method != METHOD_MINIFOTA)
                return false;
        return job->state == JOB_STALLED ||
               (job->origin == JOB_ORIGIN_ADOPTED && !*job->source && job->system == JOB_SYSTEM_MINI);
}

bool upgrade_has_answered(const Upgrade *u)
{
        return u->port_answers;
}

bool upgrade_is_under_way(const char *line, Method *ret_method)
{
        QfotaUrc urc;

        if (!qfota_parse_urc(line, &urc))
                return false;
        *ret_method = urc.type == QFOTA_URC_UPDATING ? METHOD_UNKNOWN : METHOD_DFOTA;
        return urc.type == QFOTA_URC_DOWNLOAD_START || urc.type == QFOTA_URC_DOWNLOADING ||
               urc.type == QFOTA_URC_START || urc.type == QFOTA_URC_UPDATING;
}

bool upgrade_awaits_restart(const Job *job)
{
        return !job->restarted_since_end &&
               (job->reached >= JOB_REACHED_ENDED ||
                (job->result == JOB_RESULT_FAILED && job->domain == CODE_DOMAIN_UPDATE && job->state == JOB_VERIFYING));
}

/* Returns true if the gateway booted since the module was last seen; false if boot ids cannot be read. */
bool upgrade_is_rebooted(const Job *job, const UpgradeEvent *event)
{
        return job->device && g_strcmp0(job->boot, event->boot) != 0;
}

/* Returns true if the module has restarted without doubt. It may have left the USB without a restart; and its boot message
 * may be that of the boot before AT+QFOTADL: at a UART, since some modules answer before they print it, and of an
 * upgrade that another program began right after a boot. */
bool upgrade_has_restarted(const Upgrade *u)
{
        const Job *job = u->job;

        return u->saw_boot_urc && !(job_is_uart(job) && job->reconnects < 2) &&
               !(job->origin == JOB_ORIGIN_ADOPTED && job->reconnects == 0);
}

bool upgrade_may_download(const Job *job)
{
        return job->reached >= JOB_REACHED_DOWNLOADING ||
               (job->reached >= JOB_REACHED_ACCEPTED && !job->from_host && job->reported_domain == CODE_DOMAIN_NONE);
}

/* Returns true if the module may still be waiting for the package. */
bool transfer_may_be_awaited(const Job *job)
{
        return job->from_host && job->sent && job->result == JOB_RESULT_NONE && !job->disconnected &&
               job->reached < JOB_REACHED_DOWNLOADED;
}

bool transfer_is_incomplete(const Job *job)
{
        return job->from_host && job->sent && !job->transferred && job->reached < JOB_REACHED_DOWNLOADED;
}

bool check_asks_server(const Upgrade *u)
{
        return u->step == STEP_ASK_SERVER || u->step == STEP_ASK_SERVER_MINI_2;
}

bool mini_applies(const Upgrade *u)
{
        const Job *job = u->job;

        return job->method == METHOD_MINIFOTA && job->sent && job->disconnected && job->result == JOB_RESULT_NONE;
}

bool mini_waits(const Upgrade *u)
{
        return mini_applies(u) && u->present && (u->job->reached < JOB_REACHED_ENDED || u->marker == MINI_MARKER_MINI);
}

JobState mini_state_after_return(const Job *job)
{
        if (job->reached >= JOB_REACHED_ENDED)
                return JOB_VERIFYING;
        if (job->stalled)
                return JOB_STALLED;
        return job->reached >= JOB_REACHED_UPDATING ? JOB_UPDATING : JOB_DOWNLOADING;
}

JobState upgrade_state_after_return(const Job *job)
{
        if (!job->sent)
                return JOB_PREPARING;
        if (job->method == METHOD_MINIFOTA && job->result == JOB_RESULT_NONE)
                return mini_state_after_return(job);
        if (job->result == JOB_RESULT_NONE && job->reached < JOB_REACHED_ENDED &&
            job->reached >= JOB_REACHED_DOWNLOADED)
                return JOB_UPDATING;
        return JOB_VERIFYING; /* the upgrade is over, or its progress is to be found out */
}

bool upgrade_is_expected(const Upgrade *u)
{
        const char *expected = u->job->options->expected_revision;

        return expected && (strcmp(expected, u->revision) == 0 || strcmp(expected, u->build) == 0);
}

bool upgrade_is_changed(const Upgrade *u)
{
        const Job *job = u->job;

        if (*job->from_revision)
                return !identity_same_firmware(job->from_revision, job->from_build, u->revision, u->build);
        /* The former revision is not known. A firmware that a MiniFOTA had begun to write runs only if it is complete
         * (guide 5.1, scenario 4). */
        return upgrade_is_expected(u) || job->reached >= JOB_REACHED_ENDED ||
               (job->method == METHOD_MINIFOTA && job->reached >= JOB_REACHED_UPDATING);
}

bool upgrade_is_firmware(const Upgrade *u)
{
        unsigned flash = identity_flash_size(u->revision), before = identity_flash_size(u->job->from_revision);

        return (flash > 0 && (flash == before || !*u->job->from_revision)) || u->saw_boot_urc ||
               upgrade_is_expected(u) || (u->job->method == METHOD_MINIFOTA && *u->job->from_revision && before == 0);
}

bool upgrade_fits(const Upgrade *u)
{
        return upgrade_is_expected(u) || identity_fits(u->job->from_revision, u->revision);
}

/* Returns true if the firmware answers rather than the updater: a boot URC was seen, or the module came back a second
 * time (guide 2.3.1.1), or was reset. A second return may be a USB glitch of the updater, whose revision does not fit.
 */
bool upgrade_firmware_is_up(const Upgrade *u)
{
        bool back = u->job->reconnects >= 2 || u->job->reset;

        return u->saw_boot_urc || (back && (!upgrade_is_changed(u) || upgrade_fits(u))) ||
               u->job->method == METHOD_MINIFOTA;
}
