/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The connection to the bus: life, the name, who may do what, and news of the manager handed to the objects. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bus-job.h"
#include "bus-manager.h"
#include "bus-module.h"
#include "bus.h"
#include "log.h"
#include "names.h"

#define WAITING_MAX 64                     /* calls */
#define WAIT_MAX    (20 * G_USEC_PER_SEC)  /* clients give a call up after 25 s; what they gave up is not begun */

typedef struct Waiting {
        sd_bus_message *message;
        Module *module;
        BusWaitFunc func;
        gint64 since;
} Waiting;

static void waiting_free(Waiting *waiting)
{
        sd_bus_message_unref(waiting->message);
        g_free(waiting);
}

char *bus_module_path(const char *id)
{
        char *path = NULL;

        return sd_bus_path_encode(FOTAD_MODULE_PREFIX, id, &path) >= 0 ? path : NULL;
}

char *bus_job_path(const char *id)
{
        char *path = NULL;

        return sd_bus_path_encode(FOTAD_JOB_PREFIX, id, &path) >= 0 ? path : NULL;
}

bool bus_authorize(sd_bus_message *message, sd_bus_error *error)
{
        g_autoptr(sd_bus_creds) creds = NULL;
        uid_t uid;

        if (sd_bus_query_sender_creds(message, SD_BUS_CREDS_EUID, &creds) >= 0 &&
            sd_bus_creds_get_euid(creds, &uid) >= 0 && (uid == 0 || uid == geteuid()))
                return true;
        sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED,
                         "Only root and the user fotad runs as may do this; everybody may read.");
        return false;
}

int bus_refuse(sd_bus_error *error, const Refusal *refusal)
{
        return sd_bus_error_set(error, refusal->name, refusal->message);
}

/* ---- calls that wait */

bool bus_wait(Bus *b, sd_bus_message *message, Module *module, BusWaitFunc func)
{
        Waiting *waiting;

        if (g_queue_get_length(&b->waiting) >= WAITING_MAX)
                return false;
        waiting = g_new0(Waiting, 1);
        waiting->message = sd_bus_message_ref(message);
        waiting->module = module;
        waiting->func = func;
        waiting->since = g_get_monotonic_time();
        g_queue_push_tail(&b->waiting, waiting);
        return true;
}

void bus_unwait(Bus *b, sd_bus_message *message)
{
        for (GList *l = b->waiting.head; l; l = l->next) {
                Waiting *waiting = l->data;

                if (waiting->message == message) {
                        waiting_free(waiting);
                        g_queue_delete_link(&b->waiting, l);
                        return;
                }
        }
}

static void answer(Bus *b, Waiting *waiting, const char *failure)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        if (!failure && g_get_monotonic_time() - waiting->since > WAIT_MAX)
                failure = "it took too long to tell who it is: try again";
        r = waiting->func(b, waiting->message, waiting->module, failure, &error);
        if (r < 0 && !sd_bus_error_is_set(&error))
                sd_bus_error_set_errno(&error, r);
        if (sd_bus_error_is_set(&error))
                sd_bus_reply_method_error(waiting->message, &error);
        sd_bus_error_free(&error);
}

static void on_module_probed(void *userdata, Module *module, const char *failure)
{
        Bus *b = userdata;

        /* One that is answered may begin a job or a probe: the queue is walked by count. */
        for (unsigned n = g_queue_get_length(&b->waiting); n > 0; n--) {
                Waiting *waiting = g_queue_pop_head(&b->waiting);

                if (waiting->module == module) {
                        answer(b, waiting, failure);
                        waiting_free(waiting);
                } else {
                        g_queue_push_tail(&b->waiting, waiting);
                }
        }
}

/* ---- news of the manager */

static void on_module_added(void *userdata, Module *module)
{
        Bus *b = userdata;

        g_hash_table_insert(b->modules, module, bus_module_new(b, module));
}

static void on_module_changed(void *userdata, Module *module)
{
        Bus *b = userdata;

        bus_module_changed(g_hash_table_lookup(b->modules, module));
}

static void on_job_added(void *userdata, Job *job)
{
        Bus *b = userdata;

        g_hash_table_insert(b->jobs, job, bus_job_new(b, job));
}

static void on_job_changed(void *userdata, Job *job)
{
        Bus *b = userdata;

        bus_job_changed(g_hash_table_lookup(b->jobs, job));
}

static void on_job_result(void *userdata, Job *job)
{
        Bus *b = userdata;

        bus_job_result(g_hash_table_lookup(b->jobs, job));
        sd_bus_flush(b->bus);
}

static void on_job_removed(void *userdata, Job *job)
{
        Bus *b = userdata;

        bus_job_removed(g_hash_table_lookup(b->jobs, job));
        g_hash_table_remove(b->jobs, job);
}

static const ManagerObserver manager_observer = {
        .module_added = on_module_added,
        .module_changed = on_module_changed,
        .module_probed = on_module_probed,
        .job_added = on_job_added,
        .job_changed = on_job_changed,
        .job_result = on_job_result,
        .job_removed = on_job_removed,
};

/* ---- life */

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        (void)userdata, (void)error;
        log_error("the bus has closed the connection");
        return sd_event_exit(sd_bus_get_event(sd_bus_message_get_bus(message)), -ECONNRESET);
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

        b->manager = manager;
        g_queue_init(&b->waiting);
        b->modules = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)bus_module_free);
        b->jobs = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)bus_job_free);
        if ((r = sd_bus_open_system(&b->bus)) < 0 || (r = sd_bus_attach_event(b->bus, event, 0)) < 0 ||
            (r = sd_bus_match_signal(b->bus, NULL, "org.freedesktop.DBus.Local", "/org/freedesktop/DBus/Local",
                                     "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, b)) < 0 ||
            (r = sd_bus_add_object_manager(b->bus, NULL, FOTAD_PATH)) < 0 || (r = bus_manager_export(b)) < 0) {
                bus_free(b);
                return say(ret_why, r, "the system bus cannot be had");
        }
        *ret = b;
        return 0;
}

int bus_start(Bus *b, char **ret_why)
{
        int r = manager_start(b->manager, &manager_observer, b);

        if (r < 0)
                return say(ret_why, r, "the USB devices cannot be listed");
        r = sd_bus_request_name(b->bus, FOTAD_BUS_NAME, 0);
        if (r < 0)
                return say(ret_why, r, "the name " FOTAD_BUS_NAME " cannot be had (a second fotad, or no bus policy)");
        manager_announce(b->manager);
        return 0;
}

void bus_free(Bus *b)
{
        if (!b)
                return;
        g_queue_clear_full(&b->waiting, (GDestroyNotify)waiting_free);
        g_hash_table_unref(b->modules);
        g_hash_table_unref(b->jobs);
        sd_bus_flush_close_unref(b->bus);
        g_free(b);
}
