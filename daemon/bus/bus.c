/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The connection to the bus: opens it, requests the name, and passes the manager's news to the objects on the bus. */

#include <errno.h>
#include <string.h>

#include "bus/bus-authorize.h"
#include "bus/bus-check.h"
#include "bus/bus-job.h"
#include "bus/bus-log-control.h"
#include "bus/bus-manager.h"
#include "bus/bus-module.h"
#include "bus/bus.h"
#include "base/log.h"
#include "names.h"

#define HEARD_TIMEOUT (5 * G_USEC_PER_SEC)

/* ---- news of the manager */

static void on_module_probed(void *userdata, Module *module, const char *failure)
{
        bus_answer_waiting(userdata, module, failure);
}

static void on_module_needed(void *userdata, Module *module, ModuleNeed need)
{
        Bus *b = userdata;

        bus_modem_manager_need(b->modem_manager, module, need);
}

static void on_module_added(void *userdata, Module *module)
{
        Bus *b = userdata;

        g_hash_table_insert(b->modules, module, bus_module_new(b, module));
        status_update(b->status);
}

static void on_module_removed(void *userdata, Module *module)
{
        Bus *b = userdata;

        bus_modem_manager_need(b->modem_manager, module, MODULE_NEED_NONE);
        bus_module_removed(g_hash_table_lookup(b->modules, module));
        g_hash_table_remove(b->modules, module);
}

static void on_module_changed(void *userdata, Module *module)
{
        Bus *b = userdata;

        bus_module_changed(g_hash_table_lookup(b->modules, module));
        status_update(b->status);
}

/* From AT+QFOTADL on the module downloads and writes its flash by itself, so the gateway is to stay on until the end of
 * the job: a gateway that sleeps does not hear the module, and one that shuts down may cut its power. */
static bool needs_gateway(const Job *job)
{
        return job->sent && job->state != JOB_FINISHED && !*job->pending;
}

/* Updates everything that depends on all jobs together. */
static void look_at_jobs(Bus *b)
{
        const GPtrArray *jobs = manager_jobs(b->manager);
        bool needed = false;

        for (unsigned i = 0; i < jobs->len && !needed; i++)
                needed = needs_gateway(g_ptr_array_index(jobs, i));
        bus_inhibitor_need(b->inhibitor, needed);
        status_update(b->status);
}

static void on_job_added(void *userdata, Job *job)
{
        Bus *b = userdata;

        g_hash_table_insert(b->jobs, job, bus_job_new(b, job));
        look_at_jobs(b);
}

static void on_job_changed(void *userdata, Job *job)
{
        Bus *b = userdata;

        bus_job_changed(g_hash_table_lookup(b->jobs, job));
        look_at_jobs(b);
}

/* The bus answers a call after it has passed on the signal that came before. Without an answer the signal may be lost
 * in a socket that nothing reads any more. */
static bool on_job_result(void *userdata, Job *job)
{
        g_autoptr(sd_bus_message) m = NULL;
        Bus *b = userdata;

        bus_job_result(g_hash_table_lookup(b->jobs, job));
        return sd_bus_message_new_method_call(b->bus, &m, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                              "org.freedesktop.DBus", "GetId") >= 0 &&
               sd_bus_call(b->bus, m, HEARD_TIMEOUT, NULL, NULL) >= 0;
}

static void on_job_resolved(void *userdata, Job *job, bool changed)
{
        Bus *b = userdata;

        bus_job_resolved(g_hash_table_lookup(b->jobs, job), changed);
}

static void on_job_removed(void *userdata, Job *job)
{
        Bus *b = userdata;

        bus_job_removed(g_hash_table_lookup(b->jobs, job));
        g_hash_table_remove(b->jobs, job);
}

static const ManagerObserver manager_observer = {
        .module_added = on_module_added,
        .module_removed = on_module_removed,
        .module_changed = on_module_changed,
        .module_needed = on_module_needed,
        .module_probed = on_module_probed,
        .job_added = on_job_added,
        .job_changed = on_job_changed,
        .job_result = on_job_result,
        .job_resolved = on_job_resolved,
        .job_removed = on_job_removed,
};

/* ---- connection */

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const Bus *b = userdata;

        (void)message, (void)error;
        log_error("the connection to the bus is lost: fotad ends, and the next start goes on with its jobs");
        return sd_event_exit(b->event, -ECONNRESET);
}

static int say(char **ret_why, int r, const char *what)
{
        *ret_why = g_strdup_printf("%s: %s", what, g_strerror(-r));
        return r;
}

int bus_new(Bus **ret, sd_event *event, Manager *manager, char **ret_why)
{
        Bus *b = g_new0(Bus, 1);
        int r;

        b->event = event;
        b->manager = manager;
        b->status = status_new(manager);
        g_queue_init(&b->waiting);
        g_queue_init(&b->authorizations);
        b->modules = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)bus_module_free);
        b->jobs = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)bus_job_free);
        if ((r = sd_bus_open_system(&b->bus)) < 0 || (r = sd_bus_attach_event(b->bus, event, 0)) < 0 ||
            (r = sd_bus_match_signal(b->bus, NULL, "org.freedesktop.DBus.Local", "/org/freedesktop/DBus/Local",
                                     "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, b)) < 0 ||
            (r = sd_bus_add_object_manager(b->bus, NULL, FOTAD_PATH)) < 0 || (r = bus_manager_export(b)) < 0 ||
            (r = bus_log_control_export(b)) < 0 || (r = bus_inhibitor_new(&b->inhibitor, b->bus)) < 0 ||
            (r = bus_modem_manager_new(&b->modem_manager, b->bus, event, manager)) < 0) {
                bus_free(b);
                return say(ret_why, r, "the system bus cannot be reached; is dbus running?");
        }
        *ret = b;
        return 0;
}

int bus_start(Bus *b, char **ret_why)
{
        int r;

        /* First, so that a second fotad changes nothing, and all signals come from the name. Calls wait until the event
         * loop runs. */
        r = sd_bus_request_name(b->bus, FOTAD_BUS_NAME, 0);
        if (r < 0)
                return say(ret_why, r, "the name " FOTAD_BUS_NAME " cannot be had (a second fotad, or no bus policy)");
        bus_modem_manager_start(b->modem_manager);
        r = manager_start(b->manager, &manager_observer, b);
        if (r < 0)
                return say(ret_why, r, "the USB devices cannot be listed");
        manager_announce(b->manager);
        status_update(b->status);
        return 0;
}

void bus_reloaded(Bus *b, const char *failure)
{
        status_reloaded(b->status, failure);
}

void bus_free(Bus *b)
{
        if (!b)
                return;
        bus_drop_waiting(b);
        bus_drop_authorizations(b);
        manager_drop_all_checks(b->manager);
        manager_drop_all_file_requests(b->manager);
        g_hash_table_unref(b->modules);
        g_hash_table_unref(b->jobs);
        status_free(b->status);
        bus_inhibitor_free(b->inhibitor);
        bus_modem_manager_free(b->modem_manager);
        sd_bus_flush_close_unref(b->bus);
        g_free(b);
}
