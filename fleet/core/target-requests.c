/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The dialogue of a target with the server: the next request, and what its answer says. One request is under way at a
 * time. */

#include <string.h>

#include "core/target-private.h"

#define RETRY_FIRST  (5 * SECOND)
#define RETRY_MOST   (900 * SECOND)
#define RETRY_DOUBLE 10 /* times at most */
#define STALLED_EACH (86400 * SECOND)

/* ---- progress */

static const char *const states[] = { "queued",     "preparing", "downloading", "updating",
                                      "restarting", "verifying", "stalled" };
#define TOLD_STATES 16 /* bits of Record.told for the states above; above them the quarters of the upgrade */
#define STALLED     6

/* What the record will have been told once the present state is told; the same as now if nothing is to be told. */
static unsigned progress(const Target *t)
{
        unsigned told = t->record->told & ((1 << TOLD_STATES) - 1), quarters = t->record->told >> TOLD_STATES;

        for (unsigned i = 0; i < G_N_ELEMENTS(states); i++)
                if (strcmp(t->job->state, states[i]) == 0)
                        told |= 1U << i;
        return told | MAX(quarters, t->job->percent / 25) << TOLD_STATES;
}

static bool is_stalled(const Target *t)
{
        return strcmp(t->job->state, states[STALLED]) == 0;
}

static bool is_followed(const Target *t)
{
        return t->record->stage == STAGE_STARTED && t->job;
}

/* µs until it is told again that the module is stalled. The clock may have been set since the last time. */
static uint64_t time_to_stalled(const Target *t)
{
        uint64_t told = t->record->stalled, date = t->facts->date;

        return date >= told + STALLED_EACH || told > date + STALLED_EACH ? 0 : told + STALLED_EACH - date;
}

static bool has_news(const Target *t)
{
        return is_followed(t) && (progress(t) != t->record->told || (is_stalled(t) && time_to_stalled(t) == 0));
}

/* ---- answers */

/* 0.8 to 1.2 times the time. */
static uint64_t jitter(uint64_t time, unsigned dice)
{
        return time / 5 * 4 + time / 5 * 2 * MIN(dice, TARGET_DICE) / TARGET_DICE;
}

void target_back_off(const Target *t, BackOff *wait, unsigned retry_after, uint64_t now, unsigned dice)
{
        uint64_t delay = MIN(RETRY_FIRST << MIN(wait->failures, RETRY_DOUBLE), MAX(RETRY_MOST, t->interval));

        wait->failures++;
        wait->at = now + MAX(jitter(delay, dice), retry_after * SECOND);
}

static bool was_taken(unsigned status)
{
        return status >= 200 && status < 300;
}

static bool is_gone(unsigned status)
{
        return status == 404 || status == 410;
}

/* The cancellation is answered, or the server does not ask for it any more. */
static void forget_cancellation(Target *t)
{
        g_clear_pointer(&t->stop, g_free);
        t->verdict = VERDICT_NONE;
        t->cancel_refused = false;
}

/* The deployment or cancellation that is to be read; NULL none. Failures to read another one are of no account. */
static void name_news(Target *t, char **news, const char *action)
{
        if (g_strcmp0(*news, action) != 0)
                t->news_wait = (BackOff){ 0 };
        target_set(news, action);
}

static bool take_poll(Target *t, const char *body, uint64_t now, unsigned dice)
{
        g_autoptr(DdiPoll) poll = ddi_read_poll(body);
        const Record *r = t->record;
        bool wanted;

        if (!poll)
                return false;
        t->polled = true;
        if (poll->interval)
                t->interval = poll->interval * SECOND;
        t->poll_at = now + jitter(t->interval, dice);
        t->asked = poll->attributes;
        t->go = false;
        if (!poll->cancel)
                forget_cancellation(t);
        name_news(t, &t->cancel, g_strcmp0(poll->cancel, t->stop) != 0 ? poll->cancel : NULL);
        wanted = poll->deployment &&
                 (strcmp(poll->deployment, r->action) != 0 || r->stage == STAGE_ACCEPTED || r->stage == STAGE_CLOSED);
        name_news(t, &t->offered, wanted ? poll->deployment : NULL);
        return true;
}

static bool take_deployment(Target *t, const char *body)
{
        g_autoptr(DdiDeployment) d = ddi_read_deployment(body);

        if (!d || strcmp(d->id, t->offered) != 0)
                return false;
        g_clear_pointer(&t->offered, g_free);
        target_consider(t, d);
        return true;
}

static bool take_cancel(Target *t, const char *body)
{
        g_autofree char *stop = ddi_read_cancel(body);

        if (!stop || strcmp(stop, t->cancel) != 0)
                return false;
        g_clear_pointer(&t->cancel, g_free);
        forget_cancellation(t);
        target_set(&t->stop, stop);
        return true;
}

/* closes: the deployment has ended for the server if the verdict confirms its cancellation. */
static void take_verdict(Target *t, bool closes)
{
        if (closes && t->verdict == VERDICT_CONFIRMED && strcmp(t->stop, t->record->action) == 0 &&
            t->record->stage != STAGE_CLOSED)
                target_enter(t, STAGE_CLOSED);
        forget_cancellation(t);
}

static void tell_progress(Target *t, bool taken)
{
        if (t->record->stage != STAGE_STARTED)
                return;
        t->record->told = t->saying;
        if (t->stalled)
                t->record->stalled = t->facts->date;
        t->dirty = t->dirty || taken; /* else the next process tells it again */
}

/* True if the answer settles the request; false if it has to be asked again. */
static bool take(Target *t, Request request, unsigned status, const char *body, uint64_t now, unsigned dice)
{
        bool taken = was_taken(status), settled = taken || is_gone(status);

        switch (request) {
        case REQUEST_POLL: return taken && take_poll(t, body, now, dice);
        case REQUEST_DEPLOYMENT:
                if (is_gone(status))
                        g_clear_pointer(&t->offered, g_free);
                return settled && (!taken || take_deployment(t, body));
        case REQUEST_CANCEL:
                if (is_gone(status))
                        g_clear_pointer(&t->cancel, g_free);
                return settled && (!taken || take_cancel(t, body));
        case REQUEST_ATTRIBUTES:
                if (taken) {
                        target_set(&t->record->attributes, t->sent);
                        t->dirty = true;
                        t->asked = false;
                }
                return taken;
        case REQUEST_PROGRESS: /* one that is refused is not worth a second attempt */
                if (settled || status == 400 || status == 403)
                        tell_progress(t, taken);
                return settled || status == 400 || status == 403;
        case REQUEST_CLOSING:
                if (settled && t->record->stage == STAGE_ENDED)
                        target_enter(t, STAGE_CLOSED);
                t->bare = status == 400;
                return settled;
        case REQUEST_VERDICT: /* hawkBit says 405 when the cancellation has had its verdict, or was withdrawn */
                if (settled || status == 405)
                        take_verdict(t, settled);
                return settled || status == 405;
        case REQUEST_NONE: break;
        }
        g_assert_not_reached();
}

/* A request that the server refuses delays none of another kind. */
static BackOff *wait_of(Target *t, Request request)
{
        switch (request) {
        case REQUEST_POLL: return &t->poll_wait;
        case REQUEST_DEPLOYMENT:
        case REQUEST_CANCEL: return &t->news_wait;
        case REQUEST_ATTRIBUTES: return &t->attributes_wait;
        case REQUEST_PROGRESS:
        case REQUEST_CLOSING:
        case REQUEST_VERDICT: return &t->feedback_wait;
        case REQUEST_NONE: break;
        }
        g_assert_not_reached();
}

void target_answered(Target *t, const Facts *facts, unsigned status, const char *body, unsigned retry_after,
                     uint64_t now, unsigned dice)
{
        Request request = t->request;
        BackOff *wait = wait_of(t, request);
        bool settled;

        target_learn(t, facts);
        t->request = REQUEST_NONE;
        t->unreachable = status == 0;
        settled = take(t, request, status, body, now, dice);
        target_unlearn(t);
        g_clear_pointer(&t->sent, g_free);
        if (status == 0) {
                target_back_off(t, &t->server_wait, 0, now, dice);
                return;
        }
        t->server_wait = (BackOff){ 0 };
        if (settled) {
                *wait = (BackOff){ 0 };
                return;
        }
        target_back_off(t, wait, retry_after, now, dice);
        if (retry_after)
                t->server_wait.at = wait->at;
}

/* ---- requests */

static TargetAction ask(Target *t, Request request, const char *method, char *path, char *body)
{
        t->request = request;
        return (TargetAction){ .kind = TARGET_REQUEST, .method = method, .path = path, .body = body };
}

static TargetAction ask_verdict(Target *t)
{
        bool confirmed = t->verdict == VERDICT_CONFIRMED;

        return ask(t, REQUEST_VERDICT, "POST", g_strdup_printf("/cancelAction/%s/feedback", t->stop),
                   ddi_feedback(t->stop, confirmed ? "closed" : "rejected", confirmed ? "success" : "none",
                                confirmed ? "nothing is upgraded"
                                          : "the upgrade cannot be cancelled any more, or has ended"));
}

static char *feedback_path(const Target *t)
{
        return g_strdup_printf("/deploymentBase/%s/feedback", t->record->action);
}

static TargetAction ask_closing(Target *t)
{
        const Record *r = t->record;

        return ask(t, REQUEST_CLOSING, "POST", feedback_path(t),
                   ddi_feedback(r->action, "closed", r->success ? "success" : "failure", t->bare ? NULL : r->details));
}

static TargetAction ask_progress(Target *t)
{
        bool stalled = is_stalled(t);
        g_autofree char *text = g_strdup_printf("%s, %u %%%s%s", t->job->state, t->job->percent, stalled ? ": " : "",
                                                stalled ? t->job->message : "");

        t->saying = progress(t);
        t->stalled = stalled;
        return ask(t, REQUEST_PROGRESS, "POST", feedback_path(t),
                   ddi_feedback(t->record->action, "proceeding", "none", text));
}

static char *describe(const Target *t)
{
        g_autofree char *flash = g_strdup_printf("%u", t->module->flash);
        const char *attributes[] = {
                "model",  t->module->model,  "revision", t->module->revision,
                "imei",   t->module->imei,   "flash",    flash,
                "method", t->module->method, "gateway",  t->settings->gateway,
                "fotad",  t->facts->version, NULL,
        };

        return ddi_attributes(attributes);
}

static bool ask_feedback(Target *t, uint64_t now, TargetAction *ret)
{
        if (now < t->feedback_wait.at)
                return false;
        if (t->verdict != VERDICT_NONE)
                *ret = ask_verdict(t);
        else if (t->record->stage == STAGE_ENDED)
                *ret = ask_closing(t);
        else if (has_news(t))
                *ret = ask_progress(t);
        else
                return false;
        return true;
}

static bool ask_attributes(Target *t, uint64_t now, TargetAction *ret)
{
        g_autofree char *attributes = NULL;

        if (now < t->attributes_wait.at || !t->polled || !target_has_revision(t) || !t->facts->version)
                return false;
        attributes = describe(t);
        if (!t->asked && strcmp(attributes, t->record->attributes) == 0)
                return false;
        t->sent = g_strdup(attributes);
        *ret = ask(t, REQUEST_ATTRIBUTES, "PUT", g_strdup("/configData"), g_steal_pointer(&attributes));
        return true;
}

/* A poll that is due comes first: the server may have withdrawn what cannot be read. */
static bool ask_news(Target *t, uint64_t now, TargetAction *ret)
{
        if (now >= t->poll_at && now >= t->poll_wait.at)
                *ret = ask(t, REQUEST_POLL, "GET", g_strdup(""), NULL);
        else if (t->cancel && now >= t->news_wait.at)
                *ret = ask(t, REQUEST_CANCEL, "GET", g_strdup_printf("/cancelAction/%s", t->cancel), NULL);
        else if (t->offered && now >= t->news_wait.at)
                *ret = ask(t, REQUEST_DEPLOYMENT, "GET", g_strdup_printf("/deploymentBase/%s", t->offered), NULL);
        else
                return false;
        return true;
}

bool target_ask_server(Target *t, uint64_t now, TargetAction *ret)
{
        return t->request == REQUEST_NONE && now >= t->server_wait.at &&
               (ask_feedback(t, now, ret) || ask_attributes(t, now, ret) || ask_news(t, now, ret));
}

/* Times that lie behind, because what they stand for waits for something else, are left out. */
uint64_t target_next_request(const Target *t, uint64_t now)
{
        const uint64_t times[] = { t->poll_at,
                                   t->poll_wait.at,
                                   t->news_wait.at,
                                   t->feedback_wait.at,
                                   t->attributes_wait.at,
                                   is_followed(t) && is_stalled(t) ? now + time_to_stalled(t) : 0 };
        uint64_t next = UINT64_MAX;

        for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
                uint64_t time = MAX(times[i], t->server_wait.at);

                if (time > now)
                        next = MIN(next, time);
        }
        return next;
}
