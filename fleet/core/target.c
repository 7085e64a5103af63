/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One target: what the server asks for, what fotad does, and what follows. Facts come in, and target_next() says the
 * one thing that is to be done now. Opens, sends and writes nothing, and knows no clock.
 *
 * An upgrade is started only for a deployment that the server has just offered, with the deployment on disk before, and
 * with a request id that is made of it, so that fotad never starts a second one. The end is fotad's Result, which stays
 * on disk until the server has taken it. */

#include <string.h>

#include "core/target-private.h"
#include "names.h"

#define WRITE_AGAIN (5 * SECOND) /* after the disk has refused the record */

/* ---- life */

Target *target_new(Record *record, const TargetSettings *settings, uint64_t now, unsigned dice)
{
        Target *t = g_new0(Target, 1);

        t->settings = settings;
        t->record = record;
        t->interval = settings->interval;
        t->poll_at = now + t->interval * MIN(dice, TARGET_DICE) / TARGET_DICE;
        target_name_request(t);
        return t;
}

void target_free(Target *t)
{
        record_free(t->record);
        g_free(t->request_id);
        g_free(t->sent);
        g_free(t->offered);
        g_free(t->cancel);
        g_free(t->stop);
        g_free(t);
}

const Record *target_record(const Target *t)
{
        return t->record;
}

const char *target_request_id(const Target *t)
{
        return t->request_id;
}

/* ---- facts */

/* The module may have been the gateway's only way to the server, and is back. */
static void note_return(Target *t, uint64_t now)
{
        if (t->job && *t->job->result && t->record->stage == STAGE_STARTED && t->unreachable) {
                t->server_wait.at = MIN(t->server_wait.at, now + SECOND);
                t->feedback_wait.at = MIN(t->feedback_wait.at, now + SECOND);
        }
}

static bool has_succeeded(const Target *t)
{
        return t->job && strcmp(t->job->result, "success") == 0;
}

/* fotad has a job for the deployment. One that has succeeded may be of an earlier deployment: the module tells. */
static void settle_accepted(Target *t)
{
        if (has_succeeded(t) && !target_has_revision(t))
                return;
        if (t->foreign || (has_succeeded(t) && strcmp(t->module->revision, t->record->revision) != 0))
                target_end(t, false, false,
                           "fotad has a job with the request id of this deployment that is of another module, to "
                           "another revision, or of an earlier deployment: was the server set up anew?");
        else if (t->job)
                target_enter(t, STAGE_STARTED);
}

/* What follows from the facts alone. */
static void settle(Target *t)
{
        if (t->record->stage == STAGE_ACCEPTED && !t->starting)
                settle_accepted(t);
        if (t->record->stage == STAGE_STARTED && t->facts->listed) {
                if (!t->job)
                        target_end(t, false, false,
                                   "fotad has no job for this deployment any more, so its result is not known");
                else if (*t->job->result)
                        target_end_with_job(t);
        }
        target_judge(t);
}

/* ---- results of actions */

void target_written(Target *t, bool written, uint64_t now)
{
        t->writing = false;
        if (!written) {
                t->dirty = true;
                t->write_at = now + WRITE_AGAIN;
        }
}

/* Refusals that another time may not have. */
static bool is_passing(const char *error)
{
        return !g_str_has_prefix(error, FOTAD_ERROR_PREFIX) || strcmp(error, FOTAD_ERROR_NO_SUCH_MODULE) == 0 ||
               strcmp(error, FOTAD_ERROR_AMBIGUOUS_MODULE) == 0 || strcmp(error, FOTAD_ERROR_MODULE_NOT_READY) == 0 ||
               strcmp(error, FOTAD_ERROR_BUSY) == 0;
}

void target_started(Target *t, const Facts *facts, const char *error, const char *message)
{
        target_learn(t, facts);
        t->starting = false;
        if (error)
                t->file = false; /* it is compared again before the next attempt */
        if (error && !is_passing(error) && !t->job) {
                g_autofree char *details = g_strdup_printf("fotad refuses the upgrade: %s", message);

                target_end(t, false, false, details);
        }
        target_unlearn(t);
}

/* fotad may have done what it was asked for. Its jobs are listed anew, and tell. */
static bool is_unanswered(const char *error)
{
        return strcmp(error, "org.freedesktop.DBus.Error.NoReply") == 0 ||
               strcmp(error, "org.freedesktop.DBus.Error.Timeout") == 0;
}

void target_cancelled(Target *t, const char *error)
{
        t->cancelling = false;
        t->cancel_asked = !error;
        t->cancel_refused = error && !is_unanswered(error);
}

void target_downloaded(Target *t, const char *action, TargetDownload result, const char *why, unsigned retry_after,
                       uint64_t now, unsigned dice)
{
        t->downloading = false;
        if (t->record->stage != STAGE_ACCEPTED || strcmp(action, t->record->action) != 0)
                return; /* of a deployment that is given up */
        switch (result) {
        case TARGET_FILE_READY:
                t->file = true;
                t->download_wait = (BackOff){ 0 };
                break;
        case TARGET_FILE_LATER: target_back_off(t, &t->download_wait, retry_after, now, dice); break;
        case TARGET_FILE_REFUSED: target_end(t, false, false, why); break;
        }
}

/* ---- what is to be done */

static bool ask_fotad(Target *t, uint64_t now, TargetAction *ret)
{
        bool whole = !*t->record->download || t->file;
        bool offered = t->go && now < t->poll_at; /* the server has just said so */

        *ret = (TargetAction){ .kind = TARGET_WAIT };
        if (t->record->stage == STAGE_ACCEPTED && offered && !t->stop && !t->cancel && !target_may_be_running(t) &&
            t->module && t->module->present) {
                if (whole) {
                        t->go = false;
                        t->starting = true;
                        ret->kind = TARGET_START;
                } else if (!t->downloading && now >= t->download_wait.at) {
                        t->downloading = true;
                        ret->kind = TARGET_DOWNLOAD;
                }
        } else if (t->record->stage == STAGE_STARTED && t->stop && strcmp(t->stop, t->record->action) == 0 && t->job &&
                   t->job->cancellable && !t->cancelling && !t->cancel_asked && !t->cancel_refused) {
                t->cancelling = true;
                ret->kind = TARGET_CANCEL;
                ret->path = g_strdup(t->job->path);
        }
        return ret->kind != TARGET_WAIT;
}

static uint64_t next_time(const Target *t, uint64_t now)
{
        uint64_t next = target_next_request(t, now);

        if (t->dirty && t->write_at > now)
                next = MIN(next, t->write_at);
        if (t->download_wait.at > now)
                next = MIN(next, t->download_wait.at);
        return next;
}

TargetAction target_next(Target *t, const Facts *facts, uint64_t now)
{
        TargetAction action = { .kind = TARGET_WAIT };

        target_learn(t, facts);
        note_return(t, now);
        settle(t);
        if (t->dirty && !t->writing && now >= t->write_at) {
                t->dirty = false;
                t->writing = true;
                action.kind = TARGET_WRITE;
        } else if (t->dirty || t->writing || (!ask_fotad(t, now, &action) && !target_ask_server(t, now, &action))) {
                action = (TargetAction){ .kind = TARGET_WAIT, .until = next_time(t, now) };
        }
        target_unlearn(t);
        return action;
}
