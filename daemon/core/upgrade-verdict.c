/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a revision proves. END may be lost and may be untrue; success is said of a module that runs another firmware
 * than before, or the expected one. */

#include <string.h>

#include "core/upgrade-private.h"

void upgrade_keep_revision(Upgrade *u)
{
        job_set_string(&u->job->to_revision, u->revision);
        job_set_string(&u->job->to_build, u->build);
}

/* Whether what answers is the firmware again, not the updater in its middle: it said so by a boot URC, or this is the
 * second return, after which there is nothing else (guide 2.3.1.1). */
bool upgrade_firmware_is_up(const Upgrade *u)
{
        return u->booted || u->job->returns >= 2 || u->job->abandon || u->job->method == METHOD_MINIFOTA;
}

static bool is_expected(const Upgrade *u)
{
        const char *expected = u->job->options->expected_revision;

        return expected && (strcmp(expected, u->revision) == 0 || strcmp(expected, u->build) == 0);
}

bool upgrade_is_changed(const Upgrade *u)
{
        const Job *job = u->job;

        if (*job->from_revision)
                return !identity_same_firmware(job->from_revision, job->from_build, u->revision, u->build);
        /* Nobody knows what it ran before. A big system that a MiniFOTA had begun to write runs only if it is whole
         * (guide 5.1, scenario 4). */
        return is_expected(u) || job->ended || (job->method == METHOD_MINIFOTA && job->updating);
}

bool upgrade_is_firmware(const Upgrade *u)
{
        unsigned flash = identity_flash_size(u->revision), before = identity_flash_size(u->job->from_revision);

        return (flash > 0 && (flash == before || !*u->job->from_revision)) || u->booted || is_expected(u) ||
               (u->job->method == METHOD_MINIFOTA && *u->job->from_revision && before == 0);
}

static bool proves_unchanged(const Job *job)
{
        return job->ended || job->updating || (job->downloaded && job->returns >= 2);
}

void upgrade_judge(Upgrade *u, const UpgradeEvent *event)
{
        Job *job = u->job;
        const char *expected = job->options->expected_revision;
        bool as_expected = !expected || is_expected(u), changed = upgrade_is_changed(u);
        g_autofree char *detail = NULL;

        upgrade_keep_revision(u);
        if (changed && as_expected) {
                upgrade_settle(u, JOB_RESULT_SUCCESS, CODE_DOMAIN_NONE, 0, NULL, event);
        } else if (changed) {
                detail = g_strdup_printf("(%s instead of %s)", job->to_revision, expected);
                upgrade_fail(u, HOST_REVISION_MISMATCH, detail, event);
        } else if (job->abandon) {
                upgrade_abandoned(u, event);
        } else if ((job->ended || (job->downloaded && job->returns >= 2)) && job->options->allow_unchanged &&
                   as_expected) {
                upgrade_settle(u, JOB_RESULT_SUCCESS, CODE_DOMAIN_NONE, 0, NULL, event);
        } else if ((job->updating || job->downloaded) && !job->ended && !upgrade_firmware_is_up(u)) {
                upgrade_fail(u, HOST_UPDATE_TIMEOUT, NULL, event);
        } else if (*job->from_revision && proves_unchanged(job)) {
                detail = g_strdup_printf("(%s), %s", job->to_revision,
                                         job->ended ? "though it reported success" : "and never reported an end");
                upgrade_fail(u, HOST_UNCHANGED, detail, event);
        } else {
                upgrade_fail(u, HOST_INTERRUPTED,
                             *job->from_revision ? "by a restart of the module, which runs its old firmware"
                                                 : "or its end was not seen",
                             event);
        }
}

/* A module that may or may not be upgrading by DFOTA has told its revision. */
void upgrade_follow(Upgrade *u, const UpgradeEvent *event)
{
        Job *job = u->job;

        upgrade_keep_revision(u);
        /* What calls itself by another pattern may be the updater, if one should answer. */
        if (job->ended || (upgrade_is_changed(u) && upgrade_is_firmware(u))) {
                upgrade_judge(u, event);
                return;
        }
        if (job->left && file_cannot_be_there(job)) {
                upgrade_judge(u, event); /* there is nothing to wait for */
                return;
        }
        if (job->abandon && job->left && !job->downloaded && u->booted) {
                upgrade_judge(u, event); /* the reset has done it */
                return;
        }
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        if (job->abandon && !job->left)
                abandon_now(u, event);
        else
                upgrade_wait(u, event);
}
