/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Derives the result from the revision that the module reports. END may be lost and may be untrue: success needs
 * another firmware than before, or the expected revision. */

#include <string.h>

#include "core/state/upgrade-actions.h"
#include "core/state/upgrade-decide.h"
#include "core/state/upgrade-facts.h"
#include "core/state/upgrade-wait.h"
#include "core/upgrade/upgrade-verdict.h"

#define READINGS        2 /* alike */
#define REREAD_INTERVAL G_USEC_PER_SEC

/* Returns true if the module went through the update: it reported so, or it restarted twice after the download (guide
 * 2.3.1.1). Two restarts during the download may be two power cuts, and prove nothing. */
static bool went_through_update(const Job *job)
{
        return job->reached >= JOB_REACHED_UPDATING || (job->reached >= JOB_REACHED_DOWNLOADED && job->reconnects >= 2);
}

bool verdict_is_certain(const Upgrade *u)
{
        /* Where only the build tells the new firmware from the old one, the build was read twice, too. */
        bool by_build = upgrade_is_changed(u) && strcmp(u->job->from_revision, u->revision) == 0;

        return u->readings >= READINGS && u->imei_read && (!by_build || u->build_readings >= READINGS);
}

void verdict_forget_readings(Upgrade *u)
{
        u->readings = u->build_readings = 0;
        u->rereading = false;
        u->reread_at = u->reread_until = 0;
}

void verdict_drop_earlier_readings(Upgrade *u)
{
        u->readings = MIN(u->readings, 1);
        u->build_readings = MIN(u->build_readings, 1);
}

static void reread(Upgrade *u)
{
        u->rereading = true;
        u->ready = false;
        u->reread_at = 0;
        upgrade_identify(u);
        u->deadline = MAX(u->reread_until, u->now + u->timeouts->command);
}

/* Asks for the identity again at once, to confirm the revision. Returns false if that was done before. */
static bool confirm(Upgrade *u)
{
        if (u->reread_until)
                return false;
        u->reread_until = u->now + u->timeouts->settle;
        u->rereads_change = upgrade_is_changed(u);
        reread(u);
        return true;
}

bool verdict_reread(Upgrade *u)
{
        bool due = u->reread_at && u->ready;

        u->reread_at = 0;
        if (due)
                reread(u);
        return due;
}

void verdict_read_again(Upgrade *u)
{
        if (confirm(u))
                return;
        if (u->now >= u->reread_until) {
                const Job *job = u->job;

                if (job->reached >= JOB_REACHED_DOWNLOADED && job->reached < JOB_REACHED_ENDED &&
                    !upgrade_firmware_is_up(u)) {
                        upgrade_fail(u, HOST_UPDATE_TIMEOUT, NULL);
                        return;
                }
                upgrade_fail(u, HOST_NO_RESPONSE,
                             "twice alike when its revision and its IMEI were to be read, and may run either firmware");
                return;
        }
        u->reread_at = u->deadline = u->now + REREAD_INTERVAL;
}

void verdict_cannot_tell(Upgrade *u)
{
        const Job *job = u->job;
        g_autofree char *message = NULL;

        upgrade_keep_revision(u);
        message = g_strdup_printf("The module runs its firmware and reports revision %s, as before. It restarted %u "
                                  "times and never reported an end: the upgrade may have taken place, which the "
                                  "revision cannot tell. Compare the build that AT+QGMR reports with the package's.",
                                  job->to_revision, job->restarts);
        upgrade_fail_saying(u, HOST_UNCHANGED, message);
}

/* Returns true if the revision that was just read may be the updater's, which answers until the last restart. A USB
 * glitch may look like that restart. */
static bool updater_may_answer(const Upgrade *u)
{
        return u->job->method != METHOD_MINIFOTA && upgrade_is_changed(u) && !upgrade_fits(u) &&
               (upgrade_awaits_restart(u->job) || !upgrade_firmware_is_up(u));
}

static const char *revision_before(const Job *job)
{
        return *job->from_revision ? job->from_revision : "not known";
}

/* The result leaves the doubt open, so that the module is watched. */
static void fail_by_updater(Upgrade *u)
{
        const Job *job = u->job;
        const char *expected = job->options->expected_revision;
        g_autofree char *text = NULL;

        if (expected) {
                text = g_strdup_printf("(%s instead of %s)", job->to_revision, expected);
                upgrade_fail(u, HOST_UPDATE_TIMEOUT, text);
                return;
        }
        text = g_strdup_printf(
                "The module reports revision %s, which is no other revision of the firmware before (%s). "
                "The revision may be that of its updater, which may still be writing its flash: %s. If "
                "the package leads to that revision, name it as expected-revision.",
                job->to_revision, revision_before(job), code_find(CODE_DOMAIN_HOST, HOST_UPDATE_TIMEOUT)->remedy);
        upgrade_fail_saying(u, HOST_UPDATE_TIMEOUT, text);
}

static void fail_mismatch(Upgrade *u)
{
        g_autofree char *message = NULL;

        message = g_strdup_printf("The module reports revision %s, which is no other revision of the firmware before "
                                  "(%s): if the package leads to it, name it as expected-revision.",
                                  u->job->to_revision, revision_before(u->job));
        upgrade_fail_saying(u, HOST_REVISION_MISMATCH, message);
}

/* The module runs its old firmware, or the firmware before is not known, and no sign excludes that the upgrade goes on.
 */
static void fail_undecided(Upgrade *u)
{
        if (!*u->job->from_revision)
                upgrade_fail(u, HOST_INTERRUPTED, "or its end was not seen");
        else if (u->saw_boot_urc)
                upgrade_fail(u, HOST_INTERRUPTED,
                             "or is still under way: the boot message may have been that of an earlier boot, and it "
                             "may still upgrade");
        else
                upgrade_fail(u, HOST_INTERRUPTED,
                             "or is still under way: no message of a restart was seen, and it may still upgrade");
}

/* The module runs its old firmware. Returns true if no download and no update can be left. */
static bool is_over(const Upgrade *u)
{
        return transfer_is_incomplete(u->job) || u->job->reset || upgrade_has_restarted(u);
}

/* The updater has ended, and restarts the module soon: the next reading decides. Returns false if that was awaited. */
static bool awaits_firmware(Upgrade *u)
{
        if (u->job->reached < JOB_REACHED_ENDED || !updater_may_answer(u) || u->readings > READINGS)
                return false;
        u->reread_at = u->deadline = u->now + u->timeouts->settle;
        u->reread_until = u->reread_at + u->timeouts->settle;
        return true;
}

void verdict_judge(Upgrade *u)
{
        Job *job = u->job;
        const char *expected = job->options->expected_revision;
        bool as_expected = !expected || upgrade_is_expected(u), changed = upgrade_is_changed(u);
        g_autofree char *detail = NULL;

        if (!verdict_is_certain(u)) {
                verdict_read_again(u);
                return;
        }
        upgrade_keep_revision(u);
        if (awaits_firmware(u))
                return;
        if (updater_may_answer(u) && job->reached < JOB_REACHED_ENDED) {
                upgrade_fail(u, HOST_UPDATE_TIMEOUT, NULL);
        } else if (updater_may_answer(u)) {
                fail_by_updater(u);
        } else if (changed && !expected && !upgrade_fits(u)) {
                fail_mismatch(u);
        } else if (changed && as_expected) {
                upgrade_settle(u, JOB_RESULT_SUCCESS, CODE_DOMAIN_NONE, 0, NULL);
        } else if (changed) {
                detail = g_strdup_printf("(%s instead of %s)", job->to_revision, expected);
                upgrade_fail(u, HOST_REVISION_MISMATCH, detail);
        } else if (job->abandon && *job->from_revision && is_over(u)) {
                upgrade_abandoned(u);
        } else if (job->abandon) {
                fail_undecided(u);
        } else if ((job->reached >= JOB_REACHED_ENDED ||
                    (job->method == METHOD_DFOTA && job->reached >= JOB_REACHED_DOWNLOADED && job->reconnects >= 2)) &&
                   job->options->allow_unchanged && as_expected) {
                upgrade_settle(u, JOB_RESULT_SUCCESS, CODE_DOMAIN_NONE, 0, NULL);
        } else if (job->reached >= JOB_REACHED_DOWNLOADED && job->reached < JOB_REACHED_ENDED &&
                   !upgrade_firmware_is_up(u)) {
                upgrade_fail(u, HOST_UPDATE_TIMEOUT, NULL);
        } else if (*job->from_revision && job->options->allow_unchanged && as_expected &&
                   job->reached < JOB_REACHED_ENDED && job->reconnects >= 2) {
                verdict_cannot_tell(u);
        } else if (*job->from_revision && went_through_update(job)) {
                detail = g_strdup_printf("(%s), %s", job->to_revision,
                                         job->reached >= JOB_REACHED_ENDED ? "though it reported success"
                                                                           : "and never reported an end");
                upgrade_fail(u, HOST_UNCHANGED, detail);
        } else if (!*job->from_revision || !is_over(u)) {
                fail_undecided(u);
        } else {
                upgrade_fail(u, HOST_INTERRUPTED, "by a restart of the module, which runs its old firmware");
        }
}

void verdict_follow(Upgrade *u, bool asked_again)
{
        Job *job = u->job;
        bool changed = upgrade_is_changed(u);

        upgrade_keep_revision(u);
        /* A change that the second reading does not confirm was none: the upgrade may go on. */
        if (asked_again && u->rereads_change && verdict_is_certain(u) && !upgrade_is_changed(u)) {
                u->reread_until = 0;
        } else if (asked_again) {
                upgrade_next(u, NEXT_JUDGE);
                return;
        }
        /* A revision of another pattern may be the updater's, also between END and the restart. */
        if ((job->reached >= JOB_REACHED_ENDED && !(upgrade_awaits_restart(job) && changed && !upgrade_fits(u))) ||
            (changed && upgrade_is_firmware(u) && upgrade_fits(u))) {
                upgrade_next(u, NEXT_JUDGE);
                return;
        }
        if (job->disconnected && transfer_is_incomplete(job)) {
                upgrade_next(u, NEXT_JUDGE); /* the module cannot have the package */
                return;
        }
        if (job->abandon && job->disconnected && job->reached < JOB_REACHED_DOWNLOADED && u->saw_boot_urc) {
                upgrade_next(u, NEXT_JUDGE); /* the reset was successful */
                return;
        }
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        /* Without a restart the download goes on, and is given up anew: a daemon may have died before that. */
        if (!job->abandon || (job->disconnected && job->reconnects > 0))
                upgrade_reset_deadline(u);
        else if (u->step == STEP_NONE && !job->reset) /* else the download is being given up */
                upgrade_next(u, NEXT_ABANDON);
}
