/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Packages on the host (guide 3.3.1.3): what is passed with a request is judged, copied beside the jobs, and then
 * becomes a job's, which has it until it ends. How the bytes are copied the spool knows, where they are the store. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "log.h"
#include "manager-facts.h"
#include "manager-modules.h"
#include "manager-private.h"
#include "names.h"
#include "spool.h"

/* One that is being copied. */
struct Intake {
        Manager *manager;
        char *module; /* its Id: it may be forgotten meanwhile */
        char *name;
        Options *options;
        int64_t uid; /* of the one who asked, -1 unknown */
        char *file;  /* in the store, until a job has it */
        Spool *spool;
        ManagerAcceptFunc func;
        void *userdata;
        GDestroyNotify destroy;
};

void manager_intake_free(Intake *in)
{
        spool_free(in->spool);
        if (in->file)
                package_store_discard(in->manager->packages, in->file);
        g_free(in->file);
        g_free(in->module);
        g_free(in->name);
        options_free(in->options);
        if (in->destroy)
                in->destroy(in->userdata);
        g_free(in);
}

/* ---- what is refused */

/* What can be told without touching the file, which may be where that takes long. */
static bool judge_descriptor(int fd, Refusal *ret_refusal)
{
        int flags = fcntl(fd, F_GETFL);

        if (flags < 0 || (flags & O_PATH) || (flags & O_ACCMODE) == O_WRONLY)
                return refusal_set(ret_refusal, FOTAD_ERROR_INVALID_SOURCE,
                                   "package: it is not open for reading: pass a regular file that is");
        return true;
}

static bool judge_request(Manager *m, Module *module, int fd, const char *name, const Options *options,
                          Refusal *ret_refusal)
{
        g_auto(ManagerFacts) f = { 0 };

        return judge_descriptor(fd, ret_refusal) &&
               manager_judge_request(&f, m, module, name, true, 0, options, ret_refusal);
}

static bool judge_copy(const Intake *in, const SpoolResult *copy, Refusal *ret_refusal)
{
        const char *wanted = in->options->sha256;

        switch (copy->end) {
        case SPOOL_COPIED: break;
        case SPOOL_BAD_FILE: return refusal_set(ret_refusal, FOTAD_ERROR_INVALID_SOURCE, "package: %s", copy->why);
        case SPOOL_NO_SPACE:
                return refusal_set(ret_refusal, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                   "the package does not fit into the state directory: %s", copy->why);
        case SPOOL_FAILED:
                return refusal_set(ret_refusal, SD_BUS_ERROR_FAILED, "the package cannot be kept: %s", copy->why);
        }
        if (wanted && g_ascii_strcasecmp(wanted, copy->sha256) != 0)
                return refusal_set(ret_refusal, FOTAD_ERROR_INVALID_SOURCE,
                                   "the package's SHA-256 is %s, not %s as asked: get the package anew", copy->sha256,
                                   wanted);
        return true;
}

/* ---- taking one in */

static Job *accept_copy(Intake *in, const SpoolResult *copy, Refusal *ret_refusal)
{
        Package package = { .file = in->file, .sha256 = copy->sha256, .size = copy->size };
        Module *module = manager_module_by_id(in->manager, in->module);
        Job *job;

        if (!judge_copy(in, copy, ret_refusal))
                return NULL;
        if (!module) {
                refusal_set(ret_refusal, FOTAD_ERROR_NO_SUCH_MODULE, "%s was forgotten meanwhile", in->module);
                return NULL;
        }
        /* The module may be another job's by now, or gone. */
        job = manager_accept(in->manager, module, in->name, &package, g_steal_pointer(&in->options), in->uid,
                             ret_refusal);
        if (job)
                g_clear_pointer(&in->file, g_free); /* the job has it */
        return job;
}

static void on_copied(void *userdata, const SpoolResult *copy)
{
        g_auto(Refusal) refusal = { 0 };
        Intake *in = userdata;
        Job *job = accept_copy(in, copy, &refusal);

        in->func(in->userdata, job, &refusal);
        g_ptr_array_remove(in->manager->intakes, in); /* which frees it */
}

static bool begin_copy(Intake *in, int fd, Refusal *ret_refusal)
{
        int source = fcntl(fd, F_DUPFD_CLOEXEC, 3), target, r;
        g_autofree char *why = NULL;

        if (source < 0)
                return refusal_set(ret_refusal, SD_BUS_ERROR_FAILED, "the package cannot be copied: %s",
                                   g_strerror(errno));
        target = package_store_create(in->manager->packages, &in->file, &why);
        if (target < 0) {
                close(source);
                return refusal_set(ret_refusal, SD_BUS_ERROR_FAILED, "the package cannot be kept: %s", why);
        }
        r = spool_new(&in->spool, in->manager->event, source, target, in->manager->config->package_size_max, on_copied,
                      in);
        if (r == -EBUSY)
                return refusal_set(ret_refusal, FOTAD_ERROR_BUSY,
                                   "%d packages are being copied already: try again when they are", SPOOLS_MAX);
        if (r < 0)
                return refusal_set(ret_refusal, SD_BUS_ERROR_FAILED, "the package cannot be copied: %s",
                                   g_strerror(-r));
        return true;
}

Intake *manager_take_in(Manager *m, Module *module, int fd, const char *name, Options *taken, int64_t uid,
                        ManagerAcceptFunc func, void *userdata, GDestroyNotify destroy, Refusal *ret_refusal)
{
        g_autoptr(Options) options = taken;
        Intake *in;

        if (!judge_request(m, module, fd, name, options, ret_refusal))
                return NULL;
        in = g_new0(Intake, 1);
        in->manager = m;
        in->module = g_strdup(module_id(module));
        in->name = g_strdup(name);
        in->options = g_steal_pointer(&options);
        in->uid = uid;
        in->func = func;
        in->userdata = userdata;
        if (!begin_copy(in, fd, ret_refusal)) {
                manager_intake_free(in);
                return NULL;
        }
        in->destroy = destroy;
        g_ptr_array_add(m->intakes, in);
        return in;
}

void manager_drop_intake(Manager *m, Intake *in)
{
        g_ptr_array_remove(m->intakes, in);
}

void manager_drop_all_intakes(Manager *m)
{
        g_ptr_array_set_size(m->intakes, 0);
}

/* ---- a job's */

Job *manager_add_job_with_package(Manager *m, Job *taken, const Package *package, char **ret_why)
{
        g_autoptr(Job) job = taken;
        g_autofree char *id = g_strdup(job->id);
        Job *added;

        job->file = true;
        job->package_size = package->size;
        job_set_string(&job->package_sha256, package->sha256);
        if (package_store_keep(m->packages, package->file, id, ret_why) < 0)
                return NULL;
        added = manager_add_job(m, g_steal_pointer(&job), ret_why);
        if (!added)
                package_store_remove(m->packages, id);
        return added;
}

void manager_free_package(Manager *m, const Job *job)
{
        if (job->file)
                package_store_remove(m->packages, job->id);
}

int manager_open_package(Manager *m, const Job *job)
{
        return job->file ? package_store_open(m->packages, job->id, job->package_size) : -ENOENT;
}

static bool is_needed(void *userdata, const char *id)
{
        const Manager *m = userdata;

        for (unsigned i = 0; i < m->jobs->len; i++) {
                const Job *job = g_ptr_array_index(m->jobs, i);

                if (strcmp(job->id, id) == 0)
                        return job->file && job->state != JOB_FINISHED;
        }
        return false;
}

void manager_sweep_packages(Manager *m)
{
        package_store_sweep(m->packages, is_needed, m);
}
