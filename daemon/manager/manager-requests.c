/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The calls that begin, cancel or retry an upgrade, or read an identity: each is refused before anything has changed,
 * or carried out. */

#include <string.h>
#include <systemd/sd-bus.h>

#include "core/rules/rules.h"
#include "core/job/source.h"
#include "base/log-job.h"
#include "manager/manager-facts.h"
#include "manager/manager-jobs.h"
#include "manager/manager-modules.h"
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

static char *note_begin(const Job *job, Caller caller, bool from_host)
{
        g_autofree char *source = from_host ? g_strdup(job->source) : url_redact(job->source);
        g_autofree char *options = options_describe(job->options), *what = NULL;

        what = g_strdup_printf("%s, %s%s%s", source, method_to_string(job->method), *options ? "; options: " : "",
                               options);
        return note_request(job, caller, from_host ? "StartUpgradeFile" : "StartUpgrade", what);
}

/* Judges the request anew and makes its job. package: NULL for a URL. */
static Job *accept(Manager *m, Module *module, const char *source, const Package *package, Options *taken,
                   Caller caller, Refusal *ret_refusal)
{
        g_autoptr(Options) options = taken;
        g_auto(ManagerFacts) f = { 0 };
        g_autofree char *request = NULL, *why = NULL;
        Job *job;

        if (!manager_judge_request(&f, m, module, source, package != NULL, package ? package->size : 0, options,
                                   ret_refusal))
                return NULL;
        job = manager_new_job(m, module_id(module));
        job->method = rule_method(&f.facts);
        job->started_by = caller.uid;
        job_set_string(&job->source, source);
        options_free(job->options);
        job->options = g_steal_pointer(&options);
        manager_note_identity(job, module_identity(module));
        request = note_begin(job, caller, package != NULL);
        job = package ? manager_add_job_with_package(m, job, package, &why) : manager_add_job(m, job, &why);
        if (!job) {
                refusal_set(ret_refusal, SD_BUS_ERROR_FAILED, "the job cannot be written to the disk: %s", why);
                return NULL;
        }
        manager_watch_give_way(m, module);
        log_request(job, request);
        log_job(LOG_NOTICE, MESSAGE_ID_QUEUED, job, "job %s on %s: queued", job->id, job->module);
        f.facts.options = job->options;
        warn_of_advice(job, &f.facts);
        return job;
}

Job *manager_accept_upgrade(Manager *m, Module *module, const char *source, Options *options, Caller caller,
                            Refusal *ret_refusal)
{
        return accept(m, module, source, NULL, options, caller, ret_refusal);
}

/* ---- packages on the host */

struct FileRequest {
        Manager *manager;
        char *module; /* its Id: the module may be removed meanwhile */
        char *name;
        Options *options;
        int64_t uid;
        char *caller; /* its name on the bus */
        PackageCopy *copy;
        FileRequestFunc func;
        void *userdata;
        GDestroyNotify destroy;
};

void manager_file_request_free(FileRequest *r)
{
        package_copy_free(r->copy);
        g_free(r->module);
        g_free(r->name);
        g_free(r->caller);
        options_free(r->options);
        if (r->destroy)
                r->destroy(r->userdata);
        g_free(r);
}

static Job *accept_copied(FileRequest *r, const Package *package, Refusal *ret_refusal)
{
        Module *module = manager_module_by_id(r->manager, r->module);
        Job *job;

        if (!module) {
                refusal_set(ret_refusal, FOTAD_ERROR_NO_SUCH_MODULE, "%s was removed from the list meanwhile",
                            r->module);
                return NULL;
        }
        /* Another job may have the module by now, or it may be gone. */
        job = accept(r->manager, module, r->name, package, g_steal_pointer(&r->options),
                     (Caller){ .uid = r->uid, .name = r->caller }, ret_refusal);
        if (job)
                package_copy_release_file(r->copy);
        return job;
}

static void on_copied(void *userdata, const Package *package, const Refusal *refusal)
{
        g_auto(Refusal) later = { 0 };
        FileRequest *r = userdata;
        Job *job = package ? accept_copied(r, package, &later) : NULL;

        r->func(r->userdata, job, package ? &later : refusal);
        g_ptr_array_remove(r->manager->file_requests, r); /* which frees it, and the copy */
}

FileRequest *manager_request_file_upgrade(Manager *m, Module *module, int fd, const char *name, Options *taken,
                                          Caller caller, FileRequestFunc func, void *userdata, GDestroyNotify destroy,
                                          Refusal *ret_refusal)
{
        g_autoptr(Options) options = taken;
        g_auto(ManagerFacts) f = { 0 };
        FileRequest *r;

        if (!manager_judge_request(&f, m, module, name, true, 0, options, ret_refusal))
                return NULL;
        r = g_new0(FileRequest, 1);
        r->manager = m;
        r->module = g_strdup(module_id(module));
        r->name = g_strdup(name);
        r->options = g_steal_pointer(&options);
        r->uid = caller.uid;
        r->caller = g_strdup(caller.name);
        r->func = func;
        r->userdata = userdata;
        r->copy = package_copy_new(m->event, m->packages, fd, m->config->package_size_max, r->options->sha256,
                                   on_copied, r, ret_refusal);
        if (!r->copy) {
                manager_file_request_free(r);
                return NULL;
        }
        r->destroy = destroy;
        g_ptr_array_add(m->file_requests, r);
        return r;
}

void manager_drop_file_request(Manager *m, FileRequest *r)
{
        g_ptr_array_remove(m->file_requests, r);
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

/* On the disk before anything else, and without a trace if the disk refuses. */
static bool keep_retry(Manager *m, Job *job, const char *source, const Options *options, Refusal *ret_refusal)
{
        g_autofree char *source_before = g_strdup(job->retry_source), *why = NULL;
        g_autofree char *expected_before = g_strdup(job->options->expected_revision);
        bool unchanged_before = job->options->allow_unchanged, https_before = job->options->allow_https;

        job_set_string(&job->retry_source, source);
        if (options->expected_revision)
                job_set_string(&job->options->expected_revision, options->expected_revision);
        job->options->allow_unchanged = unchanged_before || options->allow_unchanged;
        job->options->allow_https = options->allow_https;
        if (manager_write_job(m, job, &why) >= 0)
                return true;
        job_set_string(&job->retry_source, source_before);
        job_set_string(&job->options->expected_revision, expected_before);
        job->options->allow_unchanged = unchanged_before;
        job->options->allow_https = https_before;
        return refusal_set(ret_refusal, SD_BUS_ERROR_FAILED,
                           "job %s cannot be written to the disk, and AT+QFOTADL is not sent again: %s", job->id, why);
}

bool manager_retry(Manager *m, Job *job, const char *source, Options *taken, Caller caller, Refusal *ret_refusal)
{
        g_autoptr(Options) options = taken;
        g_autofree char *shown = NULL;
        Module *module = manager_module_of(m, job);

        if (!may_retry(module, job, source, options, ret_refusal) || !keep_retry(m, job, source, options, ret_refusal))
                return false;
        shown = url_redact(source);
        note_and_log(job, caller, "Retry", shown);
        module_retry(module);
        return true;
}

bool manager_probe(Manager *m, Module *module, Refusal *ret_refusal)
{
        g_autofree char *problem = NULL;

        manager_look_at_uarts(m); /* udev may not have reported a change of its node */
        problem = module_problem(module);
        if (module_job(module))
                return refusal_set(ret_refusal, FOTAD_ERROR_BUSY, "%s is held by job %s: wait for its end",
                                   module_id(module), module_job(module)->id);
        if (!*module_port(module))
                return refusal_set(ret_refusal, FOTAD_ERROR_MODULE_NOT_READY, "%s is not ready: %s", module_id(module),
                                   problem);
        module_probe(module);
        return true;
}
