/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The module's messages: in any order, and any of them may be missing (guide 3.3.1, field facts 2.4 to 2.6). */

#include <string.h>

#include "core/quectel/qfota.h"
#include "core/upgrade/upgrade-abandon.h"
#include "core/state/upgrade-actions.h"
#include "core/state/upgrade-decide.h"
#include "core/state/upgrade-facts.h"
#include "core/upgrade/upgrade-mini.h"
#include "core/upgrade/upgrade-transfer.h"
#include "core/upgrade/upgrade-uart.h"
#include "core/state/upgrade-wait.h"
#include "core/upgrade/upgrade-urc.h"
#include "core/upgrade/upgrade-verdict.h"

#define PERCENT_UPDATED 99 /* of the whole job: 100 is success alone */

static void download_failed(Upgrade *u, const QfotaUrc *urc)
{
        Job *job = u->job;
        CodeDomain domain = urc->domain != CODE_DOMAIN_NONE ? urc->domain : job_download_domain(job);

        if (job->abandon)
                upgrade_abandoned(u);
        else
                upgrade_settle(u, JOB_RESULT_FAILED, domain, urc->value, NULL);
}

static void update_runs(Upgrade *u)
{
        Job *job = u->job;
        bool first = job->reached < JOB_REACHED_UPDATING || job->state != JOB_UPDATING;

        job_reach(job, JOB_REACHED_UPDATING);
        job->abandon = 0; /* the point of no return is passed */
        u->ready = false;
        verdict_forget_readings(u);
        u->step = STEP_NONE;
        transfer_stop(u);
        if (!u->saw_upgrade_urc)
                upgrade_push(u, UPGRADE_ACTION_LISTEN, NULL);
        u->saw_upgrade_urc = true;
        u->listens_only = false; /* listening lasts until the module disconnects */
        upgrade_set_percent(u, PERCENT_DOWNLOADED);
        if (first)
                upgrade_enter_state(u, JOB_UPDATING);
        else
                upgrade_reset_deadline(u);
}

static void end_reported(Upgrade *u, const QfotaUrc *urc)
{
        Job *job = u->job;

        /* An END before the end of the download belongs to an earlier upgrade. */
        if (job->reached < JOB_REACHED_DOWNLOADED && !job->disconnected &&
            (urc->value == 0 || job->reached < JOB_REACHED_DOWNLOADING))
                return;
        job_reach(job, JOB_REACHED_ACCEPTED);
        if (urc->value == 0) {
                job_reach(job, JOB_REACHED_ENDED);
                verdict_forget_readings(u);
                u->asked_unprompted = false;
                upgrade_enter_state(u, JOB_VERIFYING);
                return;
        }
        /* Without a START the package failed its check in the running firmware (guide 2.3.1.1, step 3); after one, the
         * module restarts before anything can be read. */
        job->abandon = 0;
        if (job->reached >= JOB_REACHED_UPDATING || job->disconnected) {
                job_set_result(job, JOB_RESULT_FAILED, CODE_DOMAIN_UPDATE, urc->value, NULL);
                upgrade_enter_state(u, JOB_VERIFYING);
        } else {
                upgrade_settle(u, JOB_RESULT_FAILED, CODE_DOMAIN_UPDATE, urc->value, NULL);
        }
}

/* A download does not survive a restart: the module disconnected without one, or its boot message came late. The
 * disconnection still counts for a download that another program began, which fotad does not give up, and for a package
 * of the host, whose transfer it ended. */
static void no_restart_yet(Upgrade *u)
{
        Job *job = u->job;

        job->disconnected = job->disconnected && (job->origin == JOB_ORIGIN_ADOPTED || job->from_host);
        job->reconnects = 0;
        u->saw_boot_urc = u->rereading = false;
        u->reread_at = u->reread_until = 0;
}

static void download_goes_on(Upgrade *u)
{
        Job *job = u->job;
        bool first = job->reached < JOB_REACHED_DOWNLOADING || job->state != JOB_DOWNLOADING;

        no_restart_yet(u);
        job_reach(job, JOB_REACHED_DOWNLOADING);
        if (job->abandon)
                return;
        if (first)
                upgrade_enter_state(u, JOB_DOWNLOADING);
        else
                upgrade_reset_deadline(u);
}

/* The download ended before the radio was off. A cancel still applies; giving up because of a time-out is withdrawn,
 * since the module may be writing its flash now. */
static void download_overtook(Upgrade *u)
{
        Job *job = u->job;

        if (u->step == STEP_AWAIT_FILE_END)
                u->step = STEP_NONE;
        if (job->abandon == HOST_CANCELLED && u->listens_only) {
                upgrade_identify(u); /* the answer leads to the reset */
        } else if (job->abandon == HOST_CANCELLED) {
                abandon_reset(u);
        } else if (job->abandon) {
                job->abandon = 0;
                u->step = STEP_NONE;
        }
}

/* The first boot URC may follow the answer with the revision. */
static void booted(Upgrade *u)
{
        bool news = !u->saw_boot_urc;

        u->saw_boot_urc = true;
        if (u->job->disconnected && upgrade_has_restarted(u))
                u->job->radio_off = u->job->context_up = false;
        if (!news || !u->ready || !u->job->sent || u->job->result != JOB_RESULT_NONE || u->step != STEP_NONE)
                return;
        if (mini_waits(u))
                mini_ask_soon(u);
        else
                upgrade_reset_deadline(u);
}

/* A module that answered before its firmware was up may have refused a question: the next answer decides. */
static void firmware_reported(Upgrade *u)
{
        bool news = !u->saw_firmware_urc;

        u->saw_firmware_urc = !uart_may_leave(u->job);
        if (!news || !u->saw_firmware_urc || !mini_applies(u) || !u->present || !u->port_answers ||
            u->saw_upgrade_urc || u->step != STEP_NONE)
                return;
        upgrade_identify(u);
        u->deadline = u->now + u->timeouts->settle;
}

static void dfota_urc(Upgrade *u, const QfotaUrc *urc)
{
        Job *job = u->job;
        bool percentage = job->percentage;

        switch (urc->type) {
        case QFOTA_URC_DOWNLOAD_START:
                if (job->from_host)
                        transfer_started(u);
                else if (job->reached < JOB_REACHED_UPDATING)
                        download_goes_on(u);
                return;
        case QFOTA_URC_DOWNLOADING:
                if (job->reached >= JOB_REACHED_UPDATING)
                        return;
                download_goes_on(u);
                upgrade_set_percent(u, qfota_download_percent(urc->value, job_download_max(job), &job->percentage) *
                                               PERCENT_DOWNLOADED / 100);
                if (job->percentage != percentage)
                        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
                return;
        case QFOTA_URC_DOWNLOAD_END:
                if (job->reached >= JOB_REACHED_DOWNLOADED)
                        return;
                transfer_stop(u);
                if (urc->value != 0) {
                        download_failed(u, urc);
                        return;
                }
                job_reach(job, JOB_REACHED_DOWNLOADED);
                no_restart_yet(u);
                upgrade_set_percent(u, PERCENT_DOWNLOADED);
                download_overtook(u);
                upgrade_enter_state(u, JOB_DOWNLOADING);
                return;
        case QFOTA_URC_START: update_runs(u); return;
        case QFOTA_URC_UPDATING:
                update_runs(u);
                upgrade_set_percent(u, PERCENT_DOWNLOADED + (unsigned)CLAMP(urc->value, 0, 100) *
                                                                    (PERCENT_UPDATED - PERCENT_DOWNLOADED) / 100);
                return;
        case QFOTA_URC_END: end_reported(u, urc); return;
        case QFOTA_URC_OTHER:
                if (!job->abandon)
                        upgrade_reset_deadline(u);
                return;
        }
}

void upgrade_urc(Upgrade *u, const UpgradeEvent *event)
{
        Job *job = u->job;
        QfotaUrc urc;

        if (strcmp(event->text, "RDY") == 0 || strcmp(event->text, "APP RDY") == 0)
                booted(u);
        if (strcmp(event->text, "+QIND: SMS DONE") == 0 || strcmp(event->text, "+QIND: PB DONE") == 0)
                firmware_reported(u);
        if (!job->sent || job->result != JOB_RESULT_NONE || !qfota_parse_urc(event->text, &urc))
                return;
        if (job->reached >= JOB_REACHED_ENDED && job->method == METHOD_MINIFOTA && job->restarted_since_end &&
            urc.type == QFOTA_URC_UPDATING) {
                /* A power cut at the very end: the last step is repeated. */
                job->reached = JOB_REACHED_UPDATING;
                job->restarted_since_end = false;
                job->repeated_step = true;
        }
        if (job->reached >= JOB_REACHED_ENDED) {
                /* Repeated after a power cut at the very end, or late: the revision decides. */
                upgrade_reset_deadline(u);
                return;
        }
        if (job->method == METHOD_MINIFOTA)
                mini_urc(u, &urc);
        else
                dfota_urc(u, &urc);
}
