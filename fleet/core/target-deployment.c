/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The deployment of a target: which one is taken up, how it ends, and what follows for its cancellation. Knows no
 * request and no time. */

#include <string.h>

#include "core/target-private.h"
#include "placeholder.h"

#define PART "modem"

void target_set(char **text, const char *value)
{
        char *copy = g_strdup(value);

        g_free(*text);
        *text = copy;
}

void target_enter(Target *t, Stage stage)
{
        t->record->stage = stage;
        t->dirty = true;
        t->file = false;
        if (stage >= STAGE_ENDED)
                target_set(&t->record->source, ""); /* it may contain a password */
}

/* The request id of a deployment: fotad may have jobs of several servers, which all count their actions from 1. */
static char *request_of(const Target *t, const char *action)
{
        g_autofree char *names = g_strjoin("\n", t->record->server, t->record->controller, action, NULL);
        g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, names, -1);

        return g_strdup_printf("hawkbit-%s-%.32s", action, sum); /* 60 characters at most, of the 64 that fotad takes */
}

/* fotad's job for that deployment; NULL none. */
static const Job *find_job(const Target *t, const char *action)
{
        g_autofree char *id = request_of(t, action);

        return t->facts->find_job(t->facts->userdata, id);
}

void target_name_request(Target *t)
{
        g_free(t->request_id);
        t->request_id = *t->record->action ? request_of(t, t->record->action) : g_strdup("");
}

/* ---- facts */

void target_learn(Target *t, const Facts *facts)
{
        const Job *job = facts->find_job(facts->userdata, t->request_id);
        bool own = job && strcmp(job->imei, t->record->imei) == 0 &&
                   strcmp(job->expected_revision, t->record->revision) == 0;

        t->facts = facts;
        t->module = facts->module;
        t->job = own ? job : NULL;
        t->foreign = job && !own;
}

void target_unlearn(Target *t)
{
        t->facts = NULL;
        t->module = NULL;
        t->job = NULL;
}

/* ---- the end of a deployment */

void target_end(Target *t, bool success, bool cancelled, const char *details)
{
        t->record->success = success;
        t->record->cancelled = cancelled;
        target_set(&t->record->details, details);
        t->go = t->bare = false;
        target_enter(t, STAGE_ENDED);
}

void target_end_with_job(Target *t)
{
        const Job *job = t->job;
        bool success = strcmp(job->result, "success") == 0, cancelled = strcmp(job->result, "cancelled") == 0;
        g_autofree char *details = NULL;

        if (success && strcmp(job->to_revision, t->record->revision) != 0) {
                details = g_strdup_printf("fotad reports success, but the revision %s instead of %s", job->to_revision,
                                          t->record->revision);
                success = false;
        } else if (success) {
                details = g_strdup_printf("the module reports revision %s", job->to_revision);
        } else {
                details = g_strdup_printf("%s %d %s: %s", *job->domain ? job->domain : job->result, job->code,
                                          job->name, job->message);
        }
        target_end(t, success, cancelled, details);
}

/* ---- deployments */

/* The artifact for the revision that the module has; NULL if there is none. */
static const DdiArtifact *find_artifact(const DdiDeployment *d, const char *revision)
{
        g_autofree char *name = g_strconcat(revision, ".bin", NULL);

        for (unsigned i = 0; i < d->artifacts->len; i++) {
                const DdiArtifact *artifact = g_ptr_array_index(d->artifacts, i);

                if (strcmp(artifact->name, name) == 0)
                        return artifact;
        }
        return NULL;
}

/* Finds what fotad is to be given, and puts it into the record. Returns a sentence if the deployment is none that can
 * be carried out. */
static char *choose_source(Target *t, const DdiDeployment *d)
{
        const DdiArtifact *artifact = find_artifact(d, t->module->revision);
        const char *link = d->source ?: artifact ? artifact->module : NULL;
        Record *r = t->record;

        if (link) {
                g_autofree char *why = NULL;
                char *url = placeholder_check(link, &why)
                                    ? placeholder_fill(link, t->module->model, t->module->revision, &why)
                                    : NULL;

                if (!url)
                        return g_strdup_printf("the source of the deployment %s", why);
                g_free(r->source);
                r->source = url;
                return NULL;
        }
        if (!artifact)
                return g_strdup_printf("the deployment has neither the metadata source nor an artifact %s.bin",
                                       t->module->revision);
        if (!artifact->download || !artifact->sha256 || artifact->size == 0)
                return g_strdup_printf("the artifact %s has no link, no size or no SHA-256 sum", artifact->name);
        if (strcmp(t->module->method, "dfota") != 0)
                return g_strdup("the module takes no package from the host: it needs the metadata source, a URL that "
                                "the module itself can fetch");
        target_set(&r->source, artifact->name);
        target_set(&r->sha256, artifact->sha256);
        target_set(&r->download, artifact->download);
        r->size = artifact->size;
        return NULL;
}

static char *find_flaw(const DdiDeployment *d)
{
        if (d->chunks != 1)
                return g_strdup_printf("the deployment has %u software modules instead of one", d->chunks);
        if (strcmp(d->part, PART) != 0)
                return g_strdup_printf("the software module of the deployment has the type %s instead of " PART,
                                       d->part);
        if (!*d->version)
                return g_strdup(
                        "the software module of the deployment has no version, which has to be the revision that "
                        "is expected");
        return NULL;
}

/* Forgets the last deployment for this one. */
static void take_up(Target *t, const char *action, const char *revision)
{
        Record *r = t->record;

        target_set(&r->action, action);
        target_set(&r->revision, revision);
        target_set(&r->source, "");
        target_set(&r->sha256, "");
        target_set(&r->download, "");
        target_set(&r->details, "");
        r->size = 0;
        r->told = 0;
        r->success = r->cancelled = false;
        t->job = NULL;
        t->foreign = false;
        r->stalled = 0;
        t->cancel_asked = t->cancel_refused = false;
        t->download_wait = (BackOff){ 0 };
        t->file = false;
        target_name_request(t);
}

/* A deployment that fotad has a job for, after the loss of the state. */
static void take_up_job(Target *t, const char *action, const char *revision)
{
        take_up(t, action, revision);
        target_enter(t, STAGE_ACCEPTED); /* settled by the job */
}

bool target_has_revision(const Target *t)
{
        return t->module && t->module->present && *t->module->revision;
}

static bool is_at(const Target *t, const char *revision)
{
        return t->module && t->module->present && strcmp(t->module->revision, revision) == 0;
}

/* A job of another client may be about to change the revision. */
static bool is_held(const Target *t)
{
        return strcmp(t->module->job, "/") != 0;
}

static void end_at_revision(Target *t)
{
        g_autofree char *details = g_strdup_printf("the module already reports revision %s: nothing was done",
                                                   t->module->revision);

        target_end(t, true, false, details);
}

/* A deployment that is not that of the record. */
static void accept(Target *t, const DdiDeployment *d)
{
        g_autofree char *flaw = find_flaw(d);

        if (!t->facts->listed)
                return; /* the next poll */
        if (find_job(t, d->id)) {
                take_up_job(t, d->id, d->version);
        } else if (flaw) {
                take_up(t, d->id, d->version);
                target_end(t, false, false, flaw);
        } else if (!target_has_revision(t)) {
                return;
        } else if (is_at(t, d->version)) {
                if (is_held(t))
                        return;
                take_up(t, d->id, d->version);
                end_at_revision(t);
        } else if (d->update) {
                take_up(t, d->id, d->version);
                flaw = choose_source(t, d);
                if (flaw)
                        target_end(t, false, false, flaw);
                else
                        target_enter(t, STAGE_ACCEPTED);
                t->go = !flaw;
        }
}

bool target_may_be_running(const Target *t)
{
        switch (t->record->stage) {
        case STAGE_NONE:
        case STAGE_CLOSED: return false;
        case STAGE_ACCEPTED: return t->starting || t->job || t->foreign || !t->facts->listed;
        case STAGE_STARTED:
        case STAGE_ENDED: break;
        case _STAGE_MAX: g_assert_not_reached();
        }
        return true;
}

/* The server does not know any more that it was told the end, or it was set up anew, and the deployment is another one
 * with the same id. A success holds only if the module still has the revision. */
static void tell_again(Target *t)
{
        const Record *r = t->record;

        if (r->success) {
                if (!t->facts->listed || !target_has_revision(t) || is_held(t))
                        return; /* the next poll */
                if (!is_at(t, r->revision)) {
                        g_autofree char *details = g_strdup_printf(
                                "the id of this deployment was that of an earlier one, which succeeded, but the module "
                                "reports revision %s instead of %s: was the server set up anew?",
                                t->module->revision, r->revision);

                        target_end(t, false, false, details);
                        return;
                }
        }
        target_enter(t, STAGE_ENDED);
}

void target_consider(Target *t, const DdiDeployment *d)
{
        Record *r = t->record;

        if (t->stop || t->cancel)
                return;
        if (strcmp(d->id, r->action) != 0) {
                if (!target_may_be_running(t))
                        accept(t, d);
        } else if (strcmp(d->version, r->revision) != 0) {
                if (!target_may_be_running(t))
                        target_end(t, false, false,
                                   "the id of this deployment was that of an earlier one, with another revision: was "
                                   "the server set up anew?"); /* the ids of each server begin at 1 */
        } else if (r->stage == STAGE_CLOSED) {
                tell_again(t);
        } else if (r->stage == STAGE_ACCEPTED && !target_may_be_running(t)) {
                if (!is_at(t, r->revision))
                        t->go = d->update;
                else if (!is_held(t))
                        end_at_revision(t);
        }
}

/* ---- cancellation */

/* Whether fotad may have a job for the deployment that is to be cancelled, which is not that of the record. */
static bool may_have_job(Target *t)
{
        const Job *job = find_job(t, t->stop);

        if (!job)
                return false;
        if (strcmp(job->imei, t->record->imei) != 0)
                return !*job->result; /* of a module that was the target before */
        if (!target_may_be_running(t))
                take_up_job(t, t->stop, job->expected_revision);
        return true;
}

void target_judge(Target *t)
{
        const Record *r = t->record;
        bool confirmed = true;

        if (!t->stop || t->verdict != VERDICT_NONE)
                return;
        if (strcmp(t->stop, r->action) == 0) {
                switch (r->stage) {
                case STAGE_NONE: break;
                case STAGE_CLOSED: confirmed = !r->success; break;
                case STAGE_ACCEPTED:
                        if (target_may_be_running(t) || !t->module)
                                return;
                        break;
                case STAGE_STARTED:
                        if (!t->job || t->cancelling || t->cancel_asked || (t->job->cancellable && !t->cancel_refused))
                                return; /* fotad is asked, or will say the result */
                        confirmed = false;
                        break;
                case STAGE_ENDED: confirmed = r->cancelled; break;
                case _STAGE_MAX: g_assert_not_reached();
                }
        } else if (!t->facts->listed || !t->module || may_have_job(t)) {
                return; /* until its end is told */
        }
        t->go = false;
        t->verdict = confirmed ? VERDICT_CONFIRMED : VERDICT_REJECTED;
}
