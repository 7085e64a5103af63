/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One target: what the server asks for, what fotad does, and what follows. Facts come in, and target_next() says the
 * one thing that is to be done now. Opens, sends and writes nothing, and knows no clock.
 *
 * An upgrade is started only for a deployment that the server has just offered, with the deployment on disk before, and
 * with a request id that is made of it, so that fotad never starts a second one. The end is fotad's Result, which stays
 * on disk until the server has taken it. */

#include <string.h>

#include "core/ddi.h"
#include "core/target.h"
#include "names.h"
#include "placeholder.h"

#define SECOND       ((uint64_t)G_USEC_PER_SEC)
#define RETRY_FIRST  (5 * SECOND)
#define RETRY_MOST   (900 * SECOND)
#define RETRY_DOUBLE 10 /* times at most */
#define STALLED_EACH (86400 * SECOND)
#define PART         "modem"

typedef enum Request {
        REQUEST_NONE,
        REQUEST_POLL,
        REQUEST_DEPLOYMENT,
        REQUEST_CANCEL,
        REQUEST_ATTRIBUTES,
        REQUEST_PROGRESS,
        REQUEST_CLOSING,
        REQUEST_VERDICT,
} Request;

/* What is answered to a cancellation. */
typedef enum Verdict { VERDICT_NONE, VERDICT_CONFIRMED, VERDICT_REJECTED } Verdict;

struct Target {
        const TargetSettings *settings;
        Record *record;
        char *request_id;

        /* The disk. */
        bool dirty, writing;
        uint64_t write_at;

        /* fotad. */
        const Module *module;
        const Job *job;
        bool listed;
        char *version;
        bool go;       /* the server has offered the deployment of the record, to be carried out now */
        bool starting; /* StartUpgrade is under way */
        bool file, downloading;
        uint64_t download_at;

        /* The server. */
        Request request;
        char *sent;      /* of REQUEST_ATTRIBUTES */
        unsigned saying; /* of REQUEST_PROGRESS: what the record has then been told */
        bool bare;       /* the server refuses the text of the closing feedback */
        bool polled;
        uint64_t interval, poll_at;
        uint64_t request_at;  /* no request before: the server could not be reached */
        uint64_t feedback_at; /* no feedback before: the server did not take the last one */
        unsigned failures;
        bool unreachable;    /* no answer came to the last request */
        uint64_t stalled_at; /* the next time at which it is told that the module is stalled */
        char *offered;       /* a deployment that is to be read; NULL none */
        bool asked;          /* for attributes */

        /* A cancellation. */
        char *cancel; /* one that is to be read; NULL none */
        char *stop;   /* the deployment that is to be cancelled; NULL none */
        Verdict verdict;
        bool cancelling, cancel_asked, cancel_refused;
};

/* ---- life */

static void name_request(Target *t)
{
        g_free(t->request_id);
        t->request_id = *t->record->action ? g_strconcat("hawkbit-", t->record->action, NULL) : g_strdup("");
}

/* 0.8 to 1.2 times the time. */
static uint64_t jitter(uint64_t time, unsigned dice)
{
        return time / 5 * 4 + time / 5 * 2 * MIN(dice, TARGET_DICE) / TARGET_DICE;
}

Target *target_new(Record *record, const TargetSettings *settings, uint64_t now, unsigned dice)
{
        Target *t = g_new0(Target, 1);

        t->settings = settings;
        t->record = record;
        t->interval = settings->interval;
        t->poll_at = now + t->interval * MIN(dice, TARGET_DICE) / TARGET_DICE;
        name_request(t);
        return t;
}

void target_free(Target *t)
{
        record_free(t->record);
        g_free(t->request_id);
        g_free(t->version);
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

const char *target_job_path(const Target *t)
{
        return t->job ? t->job->path : NULL;
}

static void set(char **text, const char *value)
{
        char *copy = g_strdup(value);

        g_free(*text);
        *text = copy;
}

static void enter(Target *t, Stage stage)
{
        t->record->stage = stage;
        t->dirty = true;
        t->file = false;
        if (stage >= STAGE_ENDED)
                set(&t->record->source, ""); /* it may contain a password */
}

/* ---- the end of a deployment */

static void end(Target *t, bool success, bool cancelled, const char *details)
{
        t->record->success = success;
        t->record->cancelled = cancelled;
        set(&t->record->details, details);
        t->go = t->bare = false;
        enter(t, STAGE_ENDED);
}

static void end_with_job(Target *t)
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
        end(t, success, cancelled, details);
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
        set(&r->source, artifact->name);
        set(&r->sha256, artifact->sha256);
        set(&r->download, artifact->download);
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
static void take_up(Target *t, const DdiDeployment *d)
{
        Record *r = t->record;

        set(&r->action, d->id);
        set(&r->revision, d->version);
        set(&r->source, "");
        set(&r->sha256, "");
        set(&r->download, "");
        set(&r->details, "");
        r->size = 0;
        r->told = 0;
        r->success = r->cancelled = false;
        t->job = NULL;
        t->stalled_at = 0;
        t->cancel_asked = t->cancel_refused = false;
        t->download_at = 0;
        t->file = false;
        name_request(t);
}

static void end_at_revision(Target *t)
{
        g_autofree char *details = g_strdup_printf("the module already reports revision %s: nothing was done",
                                                   t->module->revision);

        end(t, true, false, details);
}

/* A deployment that is not that of the record. */
static void accept(Target *t, const DdiDeployment *d)
{
        g_autofree char *flaw = find_flaw(d);

        if (!flaw && (!t->module || !t->module->present || !*t->module->revision || !t->listed))
                return; /* the next poll */
        if (flaw) {
                take_up(t, d);
                end(t, false, false, flaw);
        } else if (strcmp(t->module->revision, d->version) == 0) {
                take_up(t, d);
                end_at_revision(t);
        } else if (d->update) {
                take_up(t, d);
                flaw = choose_source(t, d);
                if (flaw)
                        end(t, false, false, flaw);
                else
                        enter(t, STAGE_ACCEPTED);
                t->go = !flaw;
        }
}

/* Ids of actions begin at 1 on each server. */
#define OF_ANOTHER                                                                                                     \
        "fotad has a job with the request id of this deployment that is of an earlier one: was the server set up "     \
        "anew?"

static bool may_be_running(const Target *t)
{
        switch (t->record->stage) {
        case STAGE_NONE:
        case STAGE_CLOSED: return false;
        case STAGE_ACCEPTED: return t->starting || t->job || !t->listed;
        case STAGE_STARTED:
        case STAGE_ENDED: break;
        case _STAGE_MAX: g_assert_not_reached();
        }
        return true;
}

static void consider(Target *t, const DdiDeployment *d)
{
        Record *r = t->record;

        if (t->stop || t->cancel)
                return;
        if (strcmp(d->id, r->action) != 0) {
                if (!may_be_running(t))
                        accept(t, d);
        } else if (strcmp(d->version, r->revision) != 0) {
                if (!may_be_running(t))
                        end(t, false, false, OF_ANOTHER);
        } else if (r->stage == STAGE_CLOSED) {
                enter(t, STAGE_ENDED); /* the server does not know any more that it was told */
        } else if (r->stage == STAGE_ACCEPTED && !may_be_running(t)) {
                if (t->module && t->module->present && strcmp(t->module->revision, r->revision) == 0)
                        end_at_revision(t);
                else
                        t->go = d->update;
        }
}

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

static bool has_news(const Target *t, uint64_t now)
{
        if (t->record->stage != STAGE_STARTED || !t->job)
                return false;
        return progress(t) != t->record->told || (strcmp(t->job->state, states[STALLED]) == 0 && now >= t->stalled_at);
}

/* ---- cancellation */

static void judge(Target *t)
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
                        if (may_be_running(t))
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
        }
        t->go = false;
        t->verdict = confirmed ? VERDICT_CONFIRMED : VERDICT_REJECTED;
}

/* ---- facts */

void target_module(Target *t, const Module *module)
{
        t->module = module;
}

void target_job(Target *t, const Job *job, uint64_t now)
{
        /* The module may have been the gateway's only way to the server, and is back. */
        if (job && *job->result && t->record->stage == STAGE_STARTED && t->unreachable) {
                t->request_at = MIN(t->request_at, now + SECOND);
                t->feedback_at = MIN(t->feedback_at, now + SECOND);
        }
        t->job = job;
}

void target_listed(Target *t, bool listed, const char *version)
{
        t->listed = listed;
        if (version)
                set(&t->version, version);
}

/* A job that succeeded, although the module has another revision. */
static bool is_of_another(const Target *t)
{
        return strcmp(t->job->result, "success") == 0 && t->module && t->module->present && *t->module->revision &&
               strcmp(t->module->revision, t->record->revision) != 0;
}

/* What follows from the facts alone. */
static void settle(Target *t)
{
        if (t->record->stage == STAGE_ACCEPTED && t->job && !t->starting) {
                if (is_of_another(t))
                        end(t, false, false, OF_ANOTHER);
                else
                        enter(t, STAGE_STARTED);
        }
        if (t->record->stage == STAGE_STARTED && t->listed) {
                if (!t->job)
                        end(t, false, false,
                            "fotad has no job for this deployment any more, so its result is not known");
                else if (*t->job->result)
                        end_with_job(t);
        }
        judge(t);
}

/* ---- results of actions */

void target_written(Target *t, bool written, uint64_t now)
{
        t->writing = false;
        if (!written) {
                t->dirty = true;
                t->write_at = now + RETRY_FIRST;
        }
}

/* Refusals that another time may not have. */
static bool is_passing(const char *error)
{
        return !g_str_has_prefix(error, FOTAD_ERROR_PREFIX) || strcmp(error, FOTAD_ERROR_NO_SUCH_MODULE) == 0 ||
               strcmp(error, FOTAD_ERROR_AMBIGUOUS_MODULE) == 0 || strcmp(error, FOTAD_ERROR_MODULE_NOT_READY) == 0 ||
               strcmp(error, FOTAD_ERROR_BUSY) == 0;
}

void target_started(Target *t, const char *error, const char *message)
{
        t->starting = false;
        if (error && !is_passing(error) && !t->job) {
                g_autofree char *details = g_strdup_printf("fotad refuses the upgrade: %s", message);

                end(t, false, false, details);
        }
}

void target_cancelled(Target *t, const char *error)
{
        t->cancelling = false;
        t->cancel_asked = !error;
        t->cancel_refused = error;
}

/* Another attempt comes later: each time twice as late. */
static uint64_t later(Target *t, unsigned retry_after, uint64_t now, unsigned dice)
{
        uint64_t delay = MIN(RETRY_FIRST << MIN(t->failures, RETRY_DOUBLE), MAX(RETRY_MOST, t->interval));

        t->failures++;
        return now + MAX(jitter(delay, dice), retry_after * SECOND);
}

static bool was_taken(unsigned status)
{
        return status >= 200 && status < 300;
}

static bool is_gone(unsigned status)
{
        return status == 404 || status == 410;
}

static bool take_poll(Target *t, const char *body, uint64_t now, unsigned dice)
{
        g_autoptr(DdiPoll) poll = ddi_read_poll(body);
        const Record *r = t->record;

        if (!poll)
                return false;
        t->polled = true;
        if (poll->interval)
                t->interval = poll->interval * SECOND;
        t->poll_at = now + jitter(t->interval, dice);
        t->asked = poll->attributes;
        if (!poll->cancel && t->verdict == VERDICT_NONE)
                g_clear_pointer(&t->stop, g_free);
        if (poll->cancel && g_strcmp0(poll->cancel, t->stop) != 0)
                set(&t->cancel, poll->cancel);
        t->go = false;
        if (poll->deployment &&
            (strcmp(poll->deployment, r->action) != 0 || r->stage == STAGE_ACCEPTED || r->stage == STAGE_CLOSED))
                set(&t->offered, poll->deployment);
        return true;
}

static bool take_deployment(Target *t, const char *body)
{
        g_autoptr(DdiDeployment) d = ddi_read_deployment(body);

        if (!d || strcmp(d->id, t->offered) != 0)
                return false;
        g_clear_pointer(&t->offered, g_free);
        consider(t, d);
        return true;
}

static bool take_cancel(Target *t, const char *body)
{
        g_autofree char *stop = ddi_read_cancel(body);

        if (!stop || strcmp(stop, t->cancel) != 0)
                return false;
        g_clear_pointer(&t->cancel, g_free);
        set(&t->stop, stop);
        t->verdict = VERDICT_NONE;
        return true;
}

static void take_verdict(Target *t)
{
        if (t->verdict == VERDICT_CONFIRMED && strcmp(t->stop, t->record->action) == 0 &&
            t->record->stage != STAGE_CLOSED)
                enter(t, STAGE_CLOSED);
        t->verdict = VERDICT_NONE;
        t->cancel_refused = false;
        g_clear_pointer(&t->stop, g_free);
}

static void tell_progress(Target *t, uint64_t now, bool taken)
{
        t->stalled_at = now + STALLED_EACH;
        if (t->record->stage != STAGE_STARTED || t->record->told == t->saying)
                return;
        t->record->told = t->saying;
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
                        set(&t->record->attributes, t->sent);
                        t->dirty = true;
                        t->asked = false;
                }
                return taken;
        case REQUEST_PROGRESS: /* one that is refused is not worth a second attempt */
                if (settled || status == 400 || status == 403)
                        tell_progress(t, now, taken);
                return settled || status == 400 || status == 403;
        case REQUEST_CLOSING:
                if (settled && t->record->stage == STAGE_ENDED)
                        enter(t, STAGE_CLOSED);
                t->bare = status == 400;
                return settled;
        case REQUEST_VERDICT:
                if (settled)
                        take_verdict(t);
                return settled;
        case REQUEST_NONE: break;
        }
        g_assert_not_reached();
}

void target_answered(Target *t, unsigned status, const char *body, unsigned retry_after, uint64_t now, unsigned dice)
{
        Request request = t->request;
        bool settled;

        t->request = REQUEST_NONE;
        t->unreachable = status == 0;
        settled = take(t, request, status, body, now, dice);
        g_clear_pointer(&t->sent, g_free);
        if (settled) {
                t->failures = 0;
                return;
        }
        t->feedback_at = later(t, retry_after, now, dice);
        /* A server that refuses a feedback may still have news. */
        if (status == 0 || retry_after || request == REQUEST_POLL || request == REQUEST_DEPLOYMENT ||
            request == REQUEST_CANCEL)
                t->request_at = t->feedback_at;
}

void target_downloaded(Target *t, TargetDownload result, const char *why, unsigned retry_after, uint64_t now,
                       unsigned dice)
{
        t->downloading = false;
        if (t->record->stage != STAGE_ACCEPTED)
                return;
        switch (result) {
        case TARGET_FILE_READY:
                t->file = true;
                t->failures = 0;
                break;
        case TARGET_FILE_LATER: t->download_at = later(t, retry_after, now, dice); break;
        case TARGET_FILE_REFUSED: end(t, false, false, why); break;
        }
}

/* ---- what is to be done */

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
        bool stalled = strcmp(t->job->state, states[STALLED]) == 0;
        g_autofree char *text = g_strdup_printf("%s, %u %%%s%s", t->job->state, t->job->percent, stalled ? ": " : "",
                                                stalled ? t->job->message : "");

        t->saying = progress(t);
        return ask(t, REQUEST_PROGRESS, "POST", feedback_path(t),
                   ddi_feedback(t->record->action, "proceeding", "none", text));
}

static char *describe(const Target *t)
{
        g_autofree char *flash = g_strdup_printf("%u", t->module->flash);
        const char *attributes[] = {
                "model",  t->module->model,  "revision", t->module->revision,  "imei",  t->module->imei, "flash", flash,
                "method", t->module->method, "gateway",  t->settings->gateway, "fotad", t->version,      NULL,
        };

        return ddi_attributes(attributes);
}

static bool ask_feedback(Target *t, uint64_t now, TargetAction *ret)
{
        if (now < t->feedback_at)
                return false;
        if (t->verdict != VERDICT_NONE) {
                *ret = ask_verdict(t);
        } else if (t->record->stage == STAGE_ENDED) {
                *ret = ask_closing(t);
        } else if (!t->offered && !t->cancel && has_news(t, now)) {
                *ret = ask_progress(t);
        } else if (t->polled && t->module && t->module->present && *t->module->revision && t->version) {
                g_autofree char *attributes = describe(t);

                if (!t->asked && strcmp(attributes, t->record->attributes) == 0)
                        return false;
                t->sent = g_strdup(attributes);
                *ret = ask(t, REQUEST_ATTRIBUTES, "PUT", g_strdup("/configData"), g_steal_pointer(&attributes));
        } else {
                return false;
        }
        return true;
}

static bool ask_server(Target *t, uint64_t now, TargetAction *ret)
{
        if (t->request != REQUEST_NONE || now < t->request_at)
                return false;
        if (ask_feedback(t, now, ret))
                return true;
        if (t->cancel)
                *ret = ask(t, REQUEST_CANCEL, "GET", g_strdup_printf("/cancelAction/%s", t->cancel), NULL);
        else if (t->offered)
                *ret = ask(t, REQUEST_DEPLOYMENT, "GET", g_strdup_printf("/deploymentBase/%s", t->offered), NULL);
        else if (now >= t->poll_at)
                *ret = ask(t, REQUEST_POLL, "GET", g_strdup(""), NULL);
        else
                return false;
        return true;
}

static bool ask_fotad(Target *t, uint64_t now, TargetAction *ret)
{
        bool whole = !*t->record->download || t->file;

        *ret = (TargetAction){ .kind = TARGET_WAIT };
        bool offered = t->go && now < t->poll_at; /* the server has just said so */

        if (t->record->stage == STAGE_ACCEPTED && offered && !t->stop && !t->cancel && !may_be_running(t) &&
            t->module && t->module->present) {
                if (whole) {
                        t->go = false;
                        t->starting = true;
                        ret->kind = TARGET_START;
                } else if (!t->downloading && now >= t->download_at) {
                        t->downloading = true;
                        ret->kind = TARGET_DOWNLOAD;
                }
        } else if (t->record->stage == STAGE_STARTED && t->stop && strcmp(t->stop, t->record->action) == 0 && t->job &&
                   t->job->cancellable && !t->cancelling && !t->cancel_asked && !t->cancel_refused) {
                t->cancelling = true;
                ret->kind = TARGET_CANCEL;
        }
        return ret->kind != TARGET_WAIT;
}

/* Times that lie behind, because what they stand for waits for something else, are left out. */
static uint64_t next_time(const Target *t, uint64_t now)
{
        uint64_t poll_at = MAX(t->poll_at, t->request_at), feedback_at = MAX(t->feedback_at, t->request_at);
        const uint64_t times[] = { t->dirty ? t->write_at : 0, poll_at, feedback_at, t->download_at,
                                   MAX(t->stalled_at, t->request_at) };
        uint64_t next = UINT64_MAX;

        for (size_t i = 0; i < G_N_ELEMENTS(times); i++)
                if (times[i] > now)
                        next = MIN(next, times[i]);
        return next;
}

TargetAction target_next(Target *t, uint64_t now)
{
        TargetAction action = { .kind = TARGET_WAIT };

        settle(t);
        if (t->dirty && !t->writing && now >= t->write_at) {
                t->dirty = false;
                t->writing = true;
                action.kind = TARGET_WRITE;
        } else if (t->dirty || t->writing || (!ask_fotad(t, now, &action) && !ask_server(t, now, &action))) {
                action = (TargetAction){ .kind = TARGET_WAIT, .until = next_time(t, now) };
        }
        return action;
}
