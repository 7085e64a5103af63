/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Giving a download up. The guide allows it before the first upgrade URC (2.3.1.1) and names no command: the radio is
 * switched off, so that the download must fail; if the module does not report the failure, it is reset. An update that
 * runs all the same is only followed. */

#include "core/state/upgrade-actions.h"
#include "core/state/upgrade-decide.h"
#include "core/state/upgrade-facts.h"
#include "core/upgrade/upgrade-transfer.h"
#include "core/state/upgrade-wait.h"
#include "core/upgrade/upgrade-abandon.h"

void abandon_reset(Upgrade *u)
{
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_send(u, STEP_RESET, "AT+CFUN=1,1", false, u->timeouts->command);
}

/* Returns true if the revision that was just read is the former firmware's. An updater that answers AT may be writing
 * flash. */
static bool old_firmware_runs(const Upgrade *u)
{
        const Job *job = u->job;

        return *job->from_revision ? identity_same_firmware(job->from_revision, job->from_build, u->revision, u->build)
                                   : upgrade_is_firmware(u);
}

void abandon_now(Upgrade *u)
{
        if (transfer_is_incomplete(u->job)) {
                upgrade_abandoned(u); /* an answer: the module no longer waits for the package */
                return;
        }
        if (!old_firmware_runs(u)) {
                bool cancelled = u->job->abandon == HOST_CANCELLED;

                u->job->abandon = 0;
                if (!cancelled) {
                        upgrade_fail(u, HOST_UPDATE_TIMEOUT, NULL);
                        return;
                }
                upgrade_push(u, UPGRADE_ACTION_WARN,
                             "the module does not run its former firmware: the upgrade is not stopped, but followed");
                upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
                upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
                upgrade_reset_deadline(u);
                return;
        }
        if (u->job->reached >= JOB_REACHED_DOWNLOADED || u->job->from_host || u->job->method == METHOD_MINIFOTA ||
            u->job->radio_off) {
                abandon_reset(u); /* no download is left that could fail, or the module does not report the failure */
                return;
        }
        u->job->radio_off = true;
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_send(u, STEP_RADIO_OFF, "AT+CFUN=0", false, u->timeouts->command);
}

void abandon_begin(Upgrade *u)
{
        if (u->job->from_host && u->job->reached < JOB_REACHED_DOWNLOADED) {
                transfer_abort(u, u->job->abandon);
                return;
        }
        if (u->ready && !job_is_uart(u->job)) { /* a UART module may have restarted unseen */
                abandon_now(u);
        } else {
                upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
                upgrade_identify(u);
                u->deadline = u->now + u->timeouts->settle;
        }
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
}

void abandon_answer(Upgrade *u, const UpgradeEvent *event)
{
        if (u->step == STEP_RADIO_OFF && event->result == AT_RESULT_OK) {
                u->step = STEP_AWAIT_DOWNLOAD_END;
                upgrade_reset_deadline(u);
        } else if (u->step == STEP_RADIO_OFF && event->result == AT_RESULT_TIMEOUT && job_is_uart(u->job)) {
                upgrade_not_stopped(u);
        } else if (u->step == STEP_RADIO_OFF) {
                abandon_reset(u);
        } else if (u->step == STEP_RESET && event->result == AT_RESULT_OK) {
                u->step = STEP_NONE;
                u->job->reset = true;
                upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL); /* the result depends on the reset */
                u->deadline = u->now + u->timeouts->restart;
        } else if (u->step == STEP_RESET) {
                upgrade_not_stopped(u);
        }
}
