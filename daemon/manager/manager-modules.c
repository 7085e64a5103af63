/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The list of modules: one for each place that had a module or that the configuration names. Makes modules, removes the
 * oldest absent ones, and finds them by Id and by the names that callers use. */

#include <string.h>
#include <systemd/sd-bus.h>

#include "manager/manager-modules.h"
#include "manager/manager-state.h"
#include "names.h"

#define MODULES_MAX 64 /* exceeded only while none of them can be removed */

const GPtrArray *manager_modules(const Manager *m)
{
        return m->modules;
}

Module *manager_module_by_id(Manager *m, const char *id)
{
        for (unsigned i = 0; i < m->modules->len; i++)
                if (strcmp(module_id(g_ptr_array_index(m->modules, i)), id) == 0)
                        return g_ptr_array_index(m->modules, i);
        return NULL;
}

Module *manager_module_of(Manager *m, const Job *job)
{
        return manager_module_by_id(m, job_place(job));
}

/* Keeps the list short: a hub that is plugged in at ever new ports would fill the memory. */
static void trim_modules(Manager *m)
{
        for (unsigned i = 0; i < m->modules->len && m->modules->len >= MODULES_MAX; i++) {
                Module *module = g_ptr_array_index(m->modules, i);

                if (module_is_present(module) || module_is_taken(module) || module_uart(module) ||
                    module_is_watched(module))
                        continue;
                m->observer->module_removed(m->userdata, module);
                g_ptr_array_remove_index(m->modules, i--);
        }
}

Module *manager_module_at(Manager *m, const char *id)
{
        Module *module = manager_module_by_id(m, id);

        if (module)
                return module;
        trim_modules(m);
        module = module_new(id, m->event, m->config, m->boot_id, m->module_observer, m);
        g_ptr_array_add(m->modules, module);
        m->observer->module_added(m->userdata, module);
        return module;
}

/* ---- the names that callers use */

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
                /* The identity of a module that was moved stays at its former place too: the present module counts. */
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
