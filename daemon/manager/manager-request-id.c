/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The option request-id: finds the job that was begun with an id, and compares the arguments of a later call with those
 * that the job was begun with. The job keeps these for that, because a retry replaces its source and some options. */

#include <string.h>
#include <systemd/sd-bus.h>

#include "manager/manager-modules.h"
#include "manager/manager-request-id.h"
#include "manager/manager-state.h"
#include "names.h"

Job *manager_find_requested(Manager *m, const char *request_id)
{
        for (unsigned i = m->jobs->len; request_id && i > 0; i--) {
                Job *job = g_ptr_array_index(m->jobs, i - 1);

                if (g_strcmp0(job->options->request_id, request_id) == 0)
                        return job;
        }
        return NULL;
}

/* Returns true if another module is at the place of the job's module now. */
static bool is_replaced(Manager *m, const Job *job)
{
        const Module *module = manager_module_by_id(m, job_place(job));
        const char *imei = module ? module_identity(module)->imei : "";

        return *imei && *job->imei && strcmp(imei, job->imei) != 0;
}

/* Returns true if the caller's name of a module means the job's module, which need not be in the list any more. The
 * empty name does: only one module could be meant when the job began. Names of a place, and the empty one, do not if
 * another module is there now. */
static bool is_module_of(Manager *m, const Job *job, const char *name)
{
        g_auto(Refusal) refusal = { 0 };
        g_autofree char *path = NULL;
        const Module *module;

        if (*name && strcmp(name, job->imei) == 0)
                return true;
        if (is_replaced(m, job))
                return false;
        if (!*name || strcmp(name, job->module) == 0)
                return true;
        if (sd_bus_path_encode(FOTAD_MODULE_PREFIX, job->module, &path) >= 0 && strcmp(name, path) == 0)
                return true;
        module = manager_find_module(m, name, &refusal);
        return module && strcmp(module_id(module), job_place(job)) == 0;
}

static bool refuse(const Job *job, const char *argument, const char *value, Refusal *ret_refusal)
{
        return refusal_set(
                ret_refusal, FOTAD_ERROR_INVALID_OPTION,
                "request-id: job %s has this id, but another value of %s (%s): repeat the call with the same "
                "arguments, or take a new id",
                job->id, argument, value);
}

bool manager_judge_repeated(Manager *m, const Job *job, const char *module, const char *source, bool file,
                            const Options *options, Refusal *ret_refusal)
{
        g_autofree char *shown = NULL, *described = NULL;

        job_describe_request(source, file, options, &shown, &described);
        if (!is_module_of(m, job, module))
                return refuse(job, "module", is_replaced(m, job) ? job->imei : job->module, ret_refusal);
        if (strcmp(shown, job->request_source) != 0)
                return refuse(job, "source", job->request_source, ret_refusal);
        if (strcmp(described, job->request_options) != 0)
                return refuse(job, "options", job->request_options, ret_refusal);
        return true;
}
