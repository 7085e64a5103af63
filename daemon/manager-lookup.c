/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* By which names modules and jobs are found. */

#include <string.h>
#include <systemd/sd-bus.h>

#include "manager-private.h"
#include "names.h"

const GPtrArray *manager_modules(const Manager *m)
{
        return m->modules;
}

const GPtrArray *manager_jobs(const Manager *m)
{
        return m->jobs;
}

static Module *find_only(Manager *m, Refusal *ret_refusal)
{
        Module *found = NULL;
        unsigned present = 0;

        /* A place that is empty counts only if no module is anywhere else. */
        for (unsigned i = 0; i < m->modules->len; i++) {
                Module *module = g_ptr_array_index(m->modules, i);

                if (module_is_present(module) && ++present)
                        found = module;
        }
        if (present == 1)
                return found;
        if (present > 1) {
                refusal_set(ret_refusal, FOTAD_ERROR_AMBIGUOUS_MODULE,
                            "there are %u modules: name one by its Id, IMEI, tty path or object path (fotactl list)",
                            present);
                return NULL;
        }
        if (m->modules->len == 1)
                return g_ptr_array_index(m->modules, 0);
        refusal_set(ret_refusal, FOTAD_ERROR_NO_SUCH_MODULE,
                    "there is no module: plug one in, or look at the kernel's log");
        return NULL;
}

static bool module_matches(Module *module, const char *name, const char *id_of_path)
{
        return strcmp(module_id(module), name) == 0 || (id_of_path && strcmp(module_id(module), id_of_path) == 0) ||
               (*module_port(module) &&
                (strcmp(module_port(module), name) == 0 || strcmp(module_port(module) + strlen("/dev/"), name) == 0)) ||
               (*module_identity(module)->imei && strcmp(module_identity(module)->imei, name) == 0);
}

Module *manager_find_module(Manager *m, const char *name, Refusal *ret_refusal)
{
        g_autofree char *id = NULL;
        Module *found = NULL;

        if (!*name)
                return find_only(m, ret_refusal);
        if (g_str_has_prefix(name, FOTAD_MODULE_PREFIX "/") && sd_bus_path_decode(name, FOTAD_MODULE_PREFIX, &id) <= 0)
                id = NULL;
        for (unsigned i = 0; i < m->modules->len; i++) {
                Module *module = g_ptr_array_index(m->modules, i);

                if (!module_matches(module, name, id))
                        continue;
                /* One that moved to another port left its identity behind: the one that is there counts. */
                if (found && module_is_present(found) == module_is_present(module)) {
                        refusal_set(ret_refusal, FOTAD_ERROR_AMBIGUOUS_MODULE,
                                    "more than one module goes by that name: use its Id");
                        return NULL;
                }
                if (!found || module_is_present(module))
                        found = module;
        }
        if (!found)
                refusal_set(ret_refusal, FOTAD_ERROR_NO_SUCH_MODULE,
                            "no module has that Id, IMEI, tty path or object path: fotactl list shows those there are");
        return found;
}

Job *manager_find_job(Manager *m, const char *path, Refusal *ret_refusal)
{
        g_autofree char *id = NULL;

        if (sd_bus_path_decode(path, FOTAD_JOB_PREFIX, &id) > 0)
                for (unsigned i = 0; i < m->jobs->len; i++) {
                        Job *job = g_ptr_array_index(m->jobs, i);

                        if (strcmp(job->id, id) == 0)
                                return job;
                }
        refusal_set(ret_refusal, FOTAD_ERROR_NO_SUCH_JOB, "there is no job %s: fotactl status shows those there are",
                    path);
        return NULL;
}
