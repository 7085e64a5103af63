/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The calls that begin, cancel or retry an upgrade, or read an identity: each is refused before anything has changed,
 * or carried out once the disk has the record. */

#include <string.h>
#include <systemd/sd-bus.h>

#include "core/rules/rules.h"
#include "core/job/source.h"
#include "base/log-job.h"
#include "manager/manager-claim.h"
#include "manager/manager-facts.h"
#include "manager/manager-jobs.h"
#include "manager/manager-modules.h"
#include "manager/manager-recording.h"
#include "manager/manager-records.h"
#include "manager/manager-requests.h"
#include "manager/manager-state.h"
#include "manager/manager-uart.h"
#include "manager/manager-watch.h"
#include "base/message-ids.h"
#include "names.h"
#include "url.h"

/* Logs the advice of the rules, which is no reason to refuse. */
static void warn_of_advice(const Job *job, const RuleFacts *facts)
{
        g_autoptr(GPtrArray) advice = rules_find_advice(facts, RULE_STAGE_CALL);

        for (unsigned i = 0; i < advice->len; i++) {
                const RuleVerdict *v = g_ptr_array_index(advice, i);
                g_autofree char *sentence = rule_sentence(v);

                log_job(LOG_WARNING, NULL, job, "job %s on %s: %s: %s", job->id, job->module, v->id, sentence);
        }
}

/* Appends a call to the job's log, to be logged by log_request() once it is certain to be carried out. what: more about
 * the call, "" nothing. The caller frees the text. */
static char *note_request(const Job *job, Caller caller, const char *method, const char *what)
{
        g_autofree char *user = caller.uid < 0 ? g_strdup("an unknown user")
                                               : g_strdup_printf("uid %" G_GINT64_FORMAT, caller.uid);
        char *text = g_strdup_printf("%s by %s (%s)%s%s", method, user, caller.name ?: "no name", *what ? ": " : "",
                                     what);

        job_log_add(job->log, (uint64_t)g_get_real_time(), JOB_LOG_REQUEST, text);
        return text;
}

static void log_request(const Job *job, const char *text)
{
        g_autofree char *line = g_strdup_printf("job %s on %s: %s", job->id, job_place(job), text);

        log_job_line(LOG_NOTICE, NULL, job, line);
}

static void note_and_log(const Job *job, Caller caller, const char *method, const char *what)
{
        g_autofree char *text = note_request(job, caller, method, what);

        log_request(job, text);
}

static char *note_begin(const Job *job, Caller caller)
{
        g_autofree char *source = job->from_host ? g_strdup(job->source) : url_redact(job->source);
        g_autofree char *options = options_describe(job->options), *what = NULL;

        what = g_strdup_printf("%s, %s%s%s", source, method_to_string(job->method), *options ? "; options: " : "",
                               options);
        return note_request(job, caller, job->from_host ? "StartUpgradeFile" : "StartUpgrade", what);
}

/* ---- requests whose callers wait for the disk */

struct Request {
        Manager *manager;
        char *module; /* its Id: the module may be removed meanwhile */
        char *source; /* or the name of a package on the host */
        Options *options;
        char *request_id;                       /* the option of the call, NULL none */
        char *request_source, *request_options; /* of a retry: as in Job */
        int64_t uid;
        char *caller;      /* its name on the bus */
        char *line;        /* of the job's log, to be logged when the job begins; NULL none */
        gint64 last;       /* when the caller gives up, µs of g_get_monotonic_time() */
        PackageCopy *copy; /* NULL: the package is on a server */
        bool writes;       /* the record is being written, or the package of a refused request removed */
        Refusal refusal;
        RequestFunc func; /* NULL: the caller has left */
        void *userdata;
        GDestroyNotify destroy;
};

static void forget_caller(Request *r)
{
        if (r->destroy)
                r->destroy(r->userdata);
        r->destroy = NULL;
        r->func = NULL;
}

void manager_request_free(Request *r)
{
        forget_caller(r);
        package_copy_free(r->copy);
        g_free(r->module);
        explicit_bzero(r->source, strlen(r->source));
        g_free(r->source);
        g_free(r->request_id);
        g_free(r->request_source);
        g_free(r->request_options);
        g_free(r->caller);
        g_free(r->line);
        options_free(r->options);
        refusal_clear(&r->refusal);
        g_free(r);
}

/* Frees the request. */
static void end(Manager *m, Request *r)
{
        g_autofree char *id = g_strdup(r->request_id);

        g_ptr_array_remove(m->requests, r);
        if (id)
                m->observer->request_ended(m->userdata, id);
}

/* Frees the request. */
static void answer(Request *r, Job *job, const Refusal *refusal)
{
        if (r->func)
                r->func(r->userdata, job, refusal);
        end(r->manager, r);
}

static void on_discarded(void *userdata)
{
        Request *r = userdata;

        answer(r, NULL, &r->refusal);
}

/* The caller gets the refusal when its package is removed. Frees the request, now or then. */
static void refuse(Request *r, const Refusal *refusal)
{
        if (!r->copy) {
                answer(r, NULL, refusal);
                return;
        }
        r->writes = true;
        if (refusal != &r->refusal)
                refusal_set(&r->refusal, refusal->name, "%s", refusal->message);
        package_copy_discard(r->copy, on_discarded, r);
}

/* The request is freed when the disk is done with it. */
void manager_drop_request(Manager *m, Request *r)
{
        if (r->writes)
                forget_caller(r);
        else
                end(m, r);
}

bool manager_has_request(Manager *m, const char *request_id)
{
        for (unsigned i = 0; i < m->requests->len; i++)
                if (g_strcmp0(((Request *)g_ptr_array_index(m->requests, i))->request_id, request_id) == 0)
                        return true;
        return false;
}

static Request *request_new(Manager *m, const Module *module, const char *source, Options *options, Caller caller)
{
        Request *r = g_new0(Request, 1);

        r->manager = m;
        r->module = g_strdup(module_id(module));
        r->source = g_strdup(source);
        r->options = options;
        r->request_id = g_strdup(options->request_id);
        r->uid = caller.uid;
        r->caller = g_strdup(caller.name);
        r->last = G_MAXINT64;
        return r;
}

static Caller caller_of(const Request *r)
{
        return (Caller){ .uid = r->uid, .name = r->caller };
}

/* The caller waits from here on. */
static Request *request_keep(Request *r, RequestFunc func, void *userdata, GDestroyNotify destroy)
{
        r->func = func;
        r->userdata = userdata;
        r->destroy = destroy;
        g_ptr_array_add(r->manager->requests, r);
        return r;
}

/* ---- new jobs */

static void begin_job(Request *r, Module *module, Job *job)
{
        Manager *m = r->manager;
        g_auto(ManagerFacts) f = { 0 };

        manager_list_job(m, job);
        manager_watch_give_way(m, module);
        log_request(job, r->line);
        log_job(LOG_NOTICE, MESSAGE_ID_QUEUED, job, "job %s on %s: queued", job->id, job->module);
        manager_gather(&f, m, module, job->source, job->options);
        f.facts.file = job->from_host;
        f.facts.package_size = job->package_size;
        warn_of_advice(job, &f.facts);
        if (r->copy)
                package_copy_release_file(r->copy);
}

/* The next daemon would begin a job whose record the disk keeps. So it is a job, and it is cancelled: its end replaces
 * that record as soon as the disk permits. */
static void begin_cancelled(Request *r, Module *module, Job *job, const char *why)
{
        log_job(LOG_ERR, NULL, job, "job %s on %s: its record cannot be removed, so the job is cancelled: %s", job->id,
                job->module, why);
        begin_job(r, module, job);
        manager_begin_requested(r->manager, job);
        module_cancel(module);
}

static void on_taken_back(Manager *m, Job *job, const char *why, void *userdata)
{
        Request *r = userdata;
        Module *module = manager_module_by_id(m, r->module);

        r->writes = false;
        module_expect(module, NULL);
        if (job)
                begin_cancelled(r, module, job, why);
        manager_drop_uarts_soon(m); /* the module may have been kept for this job only */
        refuse(r, &r->refusal);
}

/* The disk has the record, or refuses it. No upgrade begins after its caller has left or given up: the caller is
 * answered when the record is removed. */
static void on_added(Manager *m, Job *job, const char *why, void *userdata)
{
        Request *r = userdata;
        Module *module = manager_module_by_id(m, r->module);
        g_auto(Refusal) refusal = { 0 };

        if (job && (!r->func || g_get_monotonic_time() > r->last)) {
                refusal_set(&r->refusal, SD_BUS_ERROR_TIMEOUT, "the disk took too long: try again");
                manager_take_back_job(m, job, on_taken_back, r);
                return;
        }
        r->writes = false;
        module_expect(module, NULL);
        if (job) {
                begin_job(r, module, job);
                answer(r, job, &refusal);
                return;
        }
        manager_drop_uarts_soon(m); /* the module may have been kept for this job only */
        refusal_set(&refusal, SD_BUS_ERROR_FAILED, "the job cannot be written to the disk: %s", why);
        refuse(r, &refusal);
}

/* Replaces the strings. */
static void note_arguments(const Request *r, bool file, const Options *options, char **source, char **described)
{
        g_free(*source);
        g_free(*described);
        job_describe_request(r->source, file, options, source, described);
}

/* Judges the request, and begins to write the record of its job. package: NULL for a URL. Takes the options of the
 * request. */
static bool accept(Request *r, Module *module, const Package *package, Refusal *ret_refusal)
{
        Manager *m = r->manager;
        g_auto(ManagerFacts) f = { 0 };
        Job *job;

        if (!manager_judge_request(&f, m, module, r->source, package != NULL, package ? package->size : 0, r->options,
                                   ret_refusal))
                return false;
        job = manager_new_job(m, module_id(module));
        job->method = rule_method(&f.facts);
        job->started_by = r->uid;
        job_set_string(&job->source, r->source);
        options_free(job->options);
        job->options = g_steal_pointer(&r->options);
        manager_note_identity(job, module_identity(module));
        if (package) {
                job->from_host = true;
                job->package_size = package->size;
                job_set_string(&job->package_sha256, package->sha256);
        }
        if (r->request_id)
                note_arguments(r, job->from_host, job->options, &job->request_source, &job->request_options);
        r->line = note_begin(job, caller_of(r));
        r->writes = true;
        module_expect(module, job->id);
        manager_add_job(m, job, package ? package->file : NULL, on_added, r);
        return true;
}

Request *manager_request_upgrade(Manager *m, Module *module, const char *source, Options *options, Caller caller,
                                 gint64 last, RequestFunc func, void *userdata, GDestroyNotify destroy,
                                 Refusal *ret_refusal)
{
        Request *r = request_new(m, module, source, options, caller);

        r->last = last;
        if (accept(r, module, NULL, ret_refusal))
                return request_keep(r, func, userdata, destroy);
        manager_request_free(r);
        return NULL;
}

void manager_begin_requested(Manager *m, Job *job)
{
        manager_begin(m, job);
        module_settled(manager_module_of(m, job)); /* the module may have left while the record was written */
}

/* ---- packages on the host */

static bool accept_copied(Request *r, const Package *package, Refusal *ret_refusal)
{
        Module *module = manager_module_by_id(r->manager, r->module);

        if (!module)
                return refusal_set(ret_refusal, FOTAD_ERROR_NO_SUCH_MODULE, "%s was removed from the list meanwhile",
                                   r->module);
        /* Another job may have the module by now, or it may be gone. */
        return accept(r, module, package, ret_refusal);
}

static void on_copied(void *userdata, const Package *package, const Refusal *refusal)
{
        g_auto(Refusal) later = { 0 };
        Request *r = userdata;

        if (!package || !accept_copied(r, package, &later))
                refuse(r, package ? &later : refusal);
}

Request *manager_request_file_upgrade(Manager *m, Module *module, int fd, const char *name, Options *taken,
                                      Caller caller, RequestFunc func, void *userdata, GDestroyNotify destroy,
                                      Refusal *ret_refusal)
{
        g_autoptr(Options) options = taken;
        g_auto(ManagerFacts) f = { 0 };
        Request *r;

        if (!manager_judge_request(&f, m, module, name, true, 0, options, ret_refusal))
                return NULL;
        r = request_new(m, module, name, g_steal_pointer(&options), caller);
        r->copy = package_copy_new(m->event, m->packages, m->writer, fd, m->config->package_size_max,
                                   r->options->sha256, on_copied, r, ret_refusal);
        if (r->copy)
                return request_keep(r, func, userdata, destroy);
        manager_request_free(r);
        return NULL;
}

/* ---- jobs and modules */

bool manager_cancel(Manager *m, Job *job, Caller caller, Refusal *ret_refusal)
{
        if (job->state == JOB_FINISHED)
                return refusal_set(ret_refusal, FOTAD_ERROR_NOT_CANCELLABLE,
                                   "job %s is finished: nothing is left to cancel", job->id);
        if (!upgrade_is_cancellable(job))
                return refusal_set(ret_refusal, FOTAD_ERROR_NOT_CANCELLABLE,
                                   "job %s cannot be cancelled any more (%s): keep the module powered and wait for its "
                                   "result",
                                   job->id, job_state_to_string(job->state));
        note_and_log(job, caller, "Cancel", "");
        module_cancel(manager_module_of(m, job));
        return true;
}

bool manager_dismiss(Manager *m, Job *job, Caller caller, Refusal *ret_refusal)
{
        if (job->state == JOB_FINISHED)
                return refusal_set(ret_refusal, FOTAD_ERROR_NOT_DISMISSABLE,
                                   "job %s is finished: nothing is left to dismiss", job->id);
        if (upgrade_is_cancellable(job))
                return refusal_set(
                        ret_refusal, FOTAD_ERROR_NOT_DISMISSABLE,
                        "job %s can still be cancelled: cancel it instead, and the module keeps its firmware", job->id);
        if (!upgrade_is_dismissable(job))
                return refusal_set(ret_refusal, FOTAD_ERROR_NOT_DISMISSABLE,
                                   "job %s is about to end by itself: wait for its result", job->id);
        note_and_log(job, caller, "Dismiss", "dismissed on request");
        module_dismiss(manager_module_of(m, job));
        return true;
}

static bool may_retry(Module *module, const Job *job, const char *source, const Options *options, Refusal *ret_refusal)
{
        Identity identity = { .model = job->model, .revision = job->from_revision, .imei = job->imei };
        RuleFacts facts = { .module = job_place(job),
                            .ready = true,
                            .problem = "",
                            .port = module_port(module),
                            .identity = &identity,
                            .method = METHOD_MINIFOTA,
                            .source = source,
                            .options = options };

        if (!upgrade_may_retry(job))
                return refusal_set(
                        ret_refusal, FOTAD_ERROR_NOT_STALLED,
                        "job %s is %s, not stalled: only a module that loops in its Mini system takes another "
                        "source (guide 5.2)",
                        job->id, job_state_to_string(job->state));
        if (options->method && strcmp(options->method, "dfota") == 0)
                return refusal_set(ret_refusal, FOTAD_ERROR_INVALID_OPTION,
                                   "method: job %s is a MiniFOTA: leave the option out", job->id);
        if (options->request_id && job->options->request_id)
                return refusal_set(ret_refusal, FOTAD_ERROR_INVALID_OPTION,
                                   "request-id: job %s has the id %s already: leave the option out", job->id,
                                   job->options->request_id);
        if (options->check_source)
                return refusal_set(ret_refusal, FOTAD_ERROR_UNSUPPORTED,
                                   "check-source: a retry does not ask the server; use Check first, and leave the "
                                   "option out");
        if (!manager_refuse_broken(&facts, ret_refusal))
                return false;
        if (!module_answers(module))
                return refusal_set(ret_refusal, FOTAD_ERROR_MODULE_NOT_READY,
                                   "%s has no AT port that answers in its Mini system now: publish the package under "
                                   "the URL it has, or try again later",
                                   job_place(job));
        return true;
}

/* The values in the job and those in the request are exchanged. */
static void exchange(Request *r, Job *job)
{
        Options *before = job->options, *retry = r->options;
        char *source = job->retry_source, *revision = before->expected_revision, *id = before->request_id;
        char *request_source = job->request_source, *request_options = job->request_options;
        bool unchanged = before->allow_unchanged, https = before->allow_https;

        job->retry_source = r->source;
        r->source = source;
        before->expected_revision = retry->expected_revision;
        retry->expected_revision = revision;
        before->allow_unchanged = retry->allow_unchanged;
        retry->allow_unchanged = unchanged;
        before->allow_https = retry->allow_https;
        retry->allow_https = https;
        before->request_id = retry->request_id;
        retry->request_id = id;
        job->request_source = r->request_source;
        r->request_source = request_source;
        job->request_options = r->request_options;
        r->request_options = request_options;
}

static void on_retry_taken_back(Manager *m, Job *job, int result, const char *why, void *userdata)
{
        Request *r = userdata;
        Module *module = manager_module_of(m, job);

        r->writes = false;
        if (result < 0) {
                refusal_clear(&r->refusal);
                refusal_set(
                        &r->refusal, SD_BUS_ERROR_FAILED,
                        "job %s cannot be written to the disk, and a restart of fotad may send AT+QFOTADL again: %s",
                        job->id, why);
        }
        answer(r, NULL, &r->refusal);
        module_release(module);
}

/* The disk has the record, or refuses it: then nothing of the retry is left. */
static void on_retry_written(Manager *m, Job *job, int result, const char *why, void *userdata)
{
        g_autofree char *shown = NULL;
        Request *r = userdata;
        Module *module = manager_module_of(m, job);
        g_auto(Refusal) refusal = { 0 };

        if (result < 0) {
                exchange(r, job);
                refusal_set(&r->refusal, SD_BUS_ERROR_FAILED,
                            "job %s cannot be written to the disk, and AT+QFOTADL is not sent again: %s", job->id, why);
                /* The refused record may have reached the disk. */
                manager_write_record(m, job, on_retry_taken_back, r, NULL);
                return;
        }
        r->writes = false;
        shown = url_redact(job->retry_source);
        note_and_log(job, caller_of(r), "Retry", shown);
        module_retry(module);
        answer(r, job, &refusal);
}

Request *manager_request_retry(Manager *m, Job *job, const char *source, Options *taken, Caller caller,
                               RequestFunc func, void *userdata, GDestroyNotify destroy, Refusal *ret_refusal)
{
        g_autoptr(Options) options = taken;
        Module *module = manager_module_of(m, job);
        Request *r;

        if (!may_retry(module, job, source, options, ret_refusal))
                return NULL;
        r = request_new(m, module, source, options, caller);
        r->request_source = g_strdup(job->request_source);
        r->request_options = g_strdup(job->request_options);
        if (r->request_id)
                note_arguments(r, false, options, &r->request_source, &r->request_options);
        else
                options->request_id = g_strdup(job->options->request_id);
        if (!options->expected_revision)
                options->expected_revision = g_strdup(job->options->expected_revision);
        options->allow_unchanged = options->allow_unchanged || job->options->allow_unchanged;
        options = NULL; /* the request's */
        r->writes = true;
        manager_recording_hide(m, job, source, r->options);
        exchange(r, job);
        module_hold(module);
        manager_write_record(m, job, on_retry_written, r, NULL);
        return request_keep(r, func, userdata, destroy);
}

bool manager_probe(Manager *m, Module *module, Refusal *ret_refusal)
{
        g_autofree char *problem = NULL;

        manager_look_at_uarts(m); /* udev may not have reported a change of its node */
        problem = module_problem(module);
        if (module_is_taken(module))
                return refusal_set(ret_refusal, FOTAD_ERROR_BUSY, "%s is held by job %s: wait for its end",
                                   module_id(module), module_taken_by(module));
        if (!*module_port(module))
                return refusal_set(ret_refusal, FOTAD_ERROR_MODULE_NOT_READY, "%s is not ready: %s", module_id(module),
                                   problem);
        module_probe(module);
        return true;
}
