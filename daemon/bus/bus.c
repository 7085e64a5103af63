/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The connection to the bus: opens it, requests the name, and passes the manager's news to the objects on the bus. When
 * the connection is lost, the daemon goes on following its modules, and the next connection is tried until it has the
 * name; meanwhile the closed connection stays, where signals and calls fail without any effect. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bus/bus-caller.h"
#include "bus/bus-check.h"
#include "bus/bus-costly.h"
#include "bus/bus-job.h"
#include "bus/bus-log-control.h"
#include "bus/bus-manager.h"
#include "bus/bus-module.h"
#include "bus/bus-name.h"
#include "bus/bus-socket.h"
#include "bus/bus.h"
#include "base/log.h"
#include "core/state/upgrade-facts.h"
#include "names.h"

#define HEARD_TIMEOUT (5 * G_USEC_PER_SEC)

/* Without a bus for that long the daemon ends with failure, so that its service manager starts it afresh. While a job
 * is under way that is put off: a daemon cannot start without a bus, and nothing would follow the module. */
#define LOST_MAX           (30 * G_USEC_PER_SEC)
#define LOST_MAX_UPGRADING G_TIME_SPAN_HOUR

/* Pauses between two tries, and the time for a connection to get the name. */
#define PAUSE_MIN (G_USEC_PER_SEC / 10)
#define PAUSE_MAX (2 * G_USEC_PER_SEC)
#define NAME_WAIT (5 * G_USEC_PER_SEC)

#define PATH_LENGTH_MAX 255 /* of an object path; those of fotad are shorter */

#define PRIMARY_OWNER 1 /* the bus's reply to RequestName */

/* Changes wait until the bus has read all but this number of messages, so that a bus that reads nothing costs no more
 * memory, however often a module reports. */
#define QUEUED_MAX     32 /* more than BUS_ANSWERS_MAX, so that changes are not put off as long as there are calls */
#define CATCH_UP_PAUSE (G_USEC_PER_SEC / 5)

/* ---- news of the manager */

static bool catch_up_later(Bus *b)
{
        return sd_event_source_set_time_relative(b->catch_up, CATCH_UP_PAUSE) >= 0 &&
               sd_event_source_set_enabled(b->catch_up, SD_EVENT_ONESHOT) >= 0;
}

/* Returns true if a change is not to be sent now; on_catch_up() sends it later, together with those that follow. */
static bool puts_off(Bus *b)
{
        return bus_count_queued(b) > QUEUED_MAX && catch_up_later(b);
}

/* Returns true if the job has changes that are shown only when the disk has them. */
static bool is_being_written(const Job *job)
{
        return job->awaits_record || job->resolving;
}

static int on_catch_up(sd_event_source *source, uint64_t usec, void *userdata)
{
        Bus *b = userdata;
        GHashTableIter iter;
        void *job, *object;

        (void)source, (void)usec;
        g_hash_table_iter_init(&iter, b->modules);
        while (!puts_off(b) && g_hash_table_iter_next(&iter, NULL, &object))
                bus_module_changed(object);
        g_hash_table_iter_init(&iter, b->jobs);
        while (!puts_off(b) && g_hash_table_iter_next(&iter, &job, &object))
                if (is_being_written(job))
                        catch_up_later(b);
                else
                        bus_job_changed(object);
        return 0;
}

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

        if (!puts_off(b))
                bus_module_changed(g_hash_table_lookup(b->modules, module));
        status_update(b->status);
}

/* A job whose record is being written has not ended yet, and may have begun. */
static bool needs_gateway(const Job *job)
{
        return upgrade_needs_gateway(job) || (job->awaits_record && job->sent && !*job->pending);
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

        if (!puts_off(b))
                bus_job_changed(g_hash_table_lookup(b->jobs, job));
        look_at_jobs(b);
}

static bool on_job_result(void *userdata, Job *job)
{
        Bus *b = userdata;
        BusJob *bj = g_hash_table_lookup(b->jobs, job);

        bus_job_changed(bj); /* which may have been put off */
        return bus_job_result(bj);
}

static void on_job_resolved(void *userdata, Job *job, bool changed)
{
        Bus *b = userdata;
        BusJob *bj = g_hash_table_lookup(b->jobs, job);

        bus_job_changed(bj);
        bus_job_resolved(bj, changed);
}

static void on_job_settled(void *userdata, Job *job)
{
        bus_job_is_written(userdata, job, false);
}

static void on_job_removed(void *userdata, Job *job)
{
        Bus *b = userdata;

        bus_job_is_written(b, job, true);
        bus_job_removed(g_hash_table_lookup(b->jobs, job));
        g_hash_table_remove(b->jobs, job);
}

static void on_request_ended(void *userdata, const char *request_id)
{
        bus_request_has_ended(userdata, request_id);
}

static const ManagerObserver manager_observer = {
        .module_added = on_module_added,
        .module_removed = on_module_removed,
        .module_changed = on_module_changed,
        .module_needed = on_module_needed,
        .module_probed = on_module_probed,
        .job_added = on_job_added,
        .job_changed = on_job_changed,
        .job_settled = on_job_settled,
        .job_result = on_job_result,
        .job_resolved = on_job_resolved,
        .job_removed = on_job_removed,
        .request_ended = on_request_ended,
};

/* ---- connection */

static void retry_after(Bus *b, uint64_t pause)
{
        if (sd_event_source_set_time_relative(b->retry, pause) < 0 ||
            sd_event_source_set_enabled(b->retry, SD_EVENT_ONESHOT) < 0)
                manager_end(b->manager, -ECONNRESET);
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Bus *b = userdata;

        (void)error;
        if (sd_bus_message_get_bus(message) == b->bus) {
                log_error("the connection to the bus is lost: fotad goes on with its jobs, and connects again");
                b->lost_at = g_get_monotonic_time();
                b->pause = PAUSE_MIN;
                bus_drop_calls(b);
        }
        retry_after(b, b->pause);
        return 0;
}

static void drop_gate(int *gate)
{
        if (*gate >= 0)
                close(*gate);
        *gate = -1;
}

/* Stops reading from the bus while too many answers wait for it. */
static void stem(Bus *b)
{
        if (b->gate >= 0 && bus_count_queued(b) > BUS_ANSWERS_MAX &&
            sd_event_source_set_enabled(b->reopen, SD_EVENT_ON) >= 0)
                bus_socket_close_gate(b->gate);
}

static int on_reopen(sd_event_source *source, void *userdata)
{
        Bus *b = userdata;

        if (bus_count_queued(b) > BUS_ANSWERS_MAX)
                return 0;
        bus_socket_open_gate(b->gate);
        return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

static int open_connection(Bus *b, sd_bus **ret, int *ret_gate)
{
        sd_bus *bus = NULL;
        int r;

        if ((r = bus_socket_open(&bus, ret_gate)) < 0 || (r = sd_bus_attach_event(bus, b->event, 0)) < 0 ||
            (r = sd_bus_match_signal(bus, NULL, "org.freedesktop.DBus.Local", "/org/freedesktop/DBus/Local",
                                     "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, b)) < 0) {
                sd_bus_close_unref(bus);
                drop_gate(ret_gate);
                return r;
        }
        *ret = bus;
        return 0;
}

/* Returns true if bus-socket has taken the arguments out. */
static bool is_cut(sd_bus_message *m)
{
        bool cut = !sd_bus_message_has_signature(m, "") && sd_bus_message_skip(m, NULL) < 0;

        return sd_bus_message_rewind(m, true) < 0 || cut;
}

/* Sees each message before any object does. sd-bus looks for an object at each prefix of a path. */
static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *path = sd_bus_message_get_path(message);
        int r;

        if (!sd_bus_message_is_method_call(message, NULL, NULL))
                return 0;
        stem(userdata);
        if (strlen(path) > PATH_LENGTH_MAX)
                return sd_bus_error_set(error, SD_BUS_ERROR_UNKNOWN_OBJECT, "there is no object with so long a path");
        if (is_cut(message))
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "the call is too long");
        if ((r = bus_call_admit(userdata, message)) != 0 ||
            (r = bus_log_control_admit(userdata, message, error)) != 0 ||
            (r = bus_manager_list_objects(userdata, message, error)) != 0)
                return r;
        return sd_bus_message_is_method_call(message, "org.freedesktop.DBus.Introspectable", "Introspect")
                       ? bus_costly_call(userdata, message, NULL, error)
                       : 0;
}

/* Takes up on b->bus all that does not belong to a module or job. */
static int take_up(Bus *b)
{
        int r;

        if ((r = sd_bus_add_filter(b->bus, NULL, on_message, b)) < 0 ||
            (r = sd_bus_add_object_manager(b->bus, NULL, FOTAD_PATH)) < 0 || (r = bus_manager_export(b)) < 0 ||
            (r = bus_module_export(b)) < 0 || (r = bus_job_export(b)) < 0 || (r = bus_caller_connect(b)) < 0 ||
            (r = bus_log_control_export(b)) < 0 || (r = bus_inhibitor_connect(b->inhibitor, b->bus)) < 0)
                return r;
        return bus_modem_manager_connect(b->modem_manager, b->bus);
}

/* ---- the next connection */

/* The next connection has the name: it takes the place of the lost one. */
static int change_over(Bus *b)
{
        const GPtrArray *modules = manager_modules(b->manager), *jobs = manager_jobs(b->manager);
        sd_bus *lost = b->bus;
        int r;

        sd_event_source_set_enabled(b->retry, SD_EVENT_OFF);
        b->bus = g_steal_pointer(&b->next);
        drop_gate(&b->gate);
        b->gate = b->next_gate;
        b->next_gate = -1;
        b->lost_at = 0;
        b->costly_began = 0;
        b->costly_at = 0;
        r = take_up(b);
        sd_bus_close_unref(lost);
        if (r < 0) {
                manager_end(b->manager, r);
                return 0;
        }
        for (unsigned i = 0; i < modules->len; i++)
                bus_module_reconnect(g_hash_table_lookup(b->modules, g_ptr_array_index(modules, i)));
        for (unsigned i = 0; i < jobs->len; i++)
                bus_job_reconnect(g_hash_table_lookup(b->jobs, g_ptr_array_index(jobs, i)));
        look_at_jobs(b);
        log_notice("fotad is on the bus again");
        manager_announce(b->manager);
        return 0;
}

static int on_name(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const sd_bus_error *failure = sd_bus_message_get_error(reply);
        Bus *b = userdata;
        uint32_t code = 0;

        (void)error;
        if (!failure && sd_bus_message_read(reply, "u", &code) >= 0 && code == PRIMARY_OWNER)
                return change_over(b);
        log_warning("the name " FOTAD_BUS_NAME " cannot be had on the bus: %s",
                    failure ? failure->message : "another program has it");
        return 0;
}

static bool is_upgrading(const Bus *b)
{
        const GPtrArray *jobs = manager_jobs(b->manager);

        for (unsigned i = 0; i < jobs->len; i++)
                if (!job_has_ended(g_ptr_array_index(jobs, i)))
                        return true;
        return false;
}

/* The connection is lost, or the next one has not got the name in time, or was lost, too. */
static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        Bus *b = userdata;

        (void)source, (void)usec;
        if (g_get_monotonic_time() - b->lost_at > (is_upgrading(b) ? LOST_MAX_UPGRADING : LOST_MAX)) {
                log_error("the bus cannot be had again: fotad ends, and the next start goes on with its jobs");
                manager_end(b->manager, -ECONNRESET);
                return 0;
        }
        g_clear_pointer(&b->next, sd_bus_close_unref);
        drop_gate(&b->next_gate);
        b->pause = MIN(2 * b->pause, PAUSE_MAX);
        if (open_connection(b, &b->next, &b->next_gate) < 0 ||
            sd_bus_request_name_async(b->next, NULL, FOTAD_BUS_NAME, 0, on_name, b) < 0)
                retry_after(b, b->pause);
        else
                retry_after(b, NAME_WAIT);
        return 0;
}

/* ---- life */

static int say(char **ret_why, int r, const char *what)
{
        *ret_why = g_strdup_printf("%s: %s", what, g_strerror(-r));
        return r;
}

/* Waits until the bus has passed on the last Results, so that the next daemon does not emit them again. The loop has
 * ended, and sd-bus closes the connection after this. */
static int on_exit_of_loop(sd_event_source *source, void *userdata)
{
        Bus *b = userdata;
        g_autoptr(sd_bus_message) m = NULL;
        GHashTableIter iter;
        BusJob *job;
        bool awaited = false;

        (void)source;
        if (b->gate >= 0)
                bus_socket_open_gate(b->gate); /* for the reply */
        g_hash_table_iter_init(&iter, b->jobs);
        while (g_hash_table_iter_next(&iter, NULL, (void **)&job))
                awaited = awaited || bus_job_awaits_hearing(job);
        if (!awaited || bus_name_new_question(b->bus, &m) < 0 || sd_bus_call(b->bus, m, HEARD_TIMEOUT, NULL, NULL) < 0)
                return 0;
        g_hash_table_iter_init(&iter, b->jobs);
        while (g_hash_table_iter_next(&iter, NULL, (void **)&job))
                if (bus_job_awaits_hearing(job))
                        bus_job_heard(job);
        return 0;
}

int bus_new(Bus **ret, sd_event *event, Manager *manager, char **ret_why)
{
        Bus *b = g_new0(Bus, 1);
        int r;

        b->event = event;
        b->gate = b->next_gate = -1;
        b->manager = manager;
        b->status = status_new(manager);
        b->inhibitor = bus_inhibitor_new();
        b->modem_manager = bus_modem_manager_new(event, manager);
        g_queue_init(&b->calls);
        g_queue_init(&b->authorizations);
        g_queue_init(&b->costly);
        g_queue_init(&b->refusals);
        b->kept = g_hash_table_new(NULL, NULL);
        b->peers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, bus_peer_free);
        b->modules = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)bus_module_free);
        b->jobs = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)bus_job_free);
        b->objects = g_hash_table_new(g_str_hash, g_str_equal);
        if ((r = sd_event_add_time(event, &b->retry, CLOCK_MONOTONIC, 0, 0, on_retry, b)) < 0 ||
            (r = sd_event_source_set_enabled(b->retry, SD_EVENT_OFF)) < 0 ||
            (r = sd_event_add_time(event, &b->catch_up, CLOCK_MONOTONIC, 0, 0, on_catch_up, b)) < 0 ||
            (r = sd_event_source_set_enabled(b->catch_up, SD_EVENT_OFF)) < 0 ||
            (r = sd_event_add_post(event, &b->reopen, on_reopen, b)) < 0 ||
            (r = sd_event_source_set_enabled(b->reopen, SD_EVENT_OFF)) < 0 ||
            (r = sd_event_add_exit(event, &b->exit, on_exit_of_loop, b)) < 0 ||
            (r = sd_event_source_set_priority(b->exit, SD_EVENT_PRIORITY_IMPORTANT)) < 0 ||
            (r = open_connection(b, &b->bus, &b->gate)) < 0 || (r = take_up(b)) < 0) {
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
         * loop runs, which this is before, so it may wait for the bus. */
        r = sd_bus_request_name(b->bus, FOTAD_BUS_NAME, 0);
        if (r < 0)
                return say(ret_why, r, "the name " FOTAD_BUS_NAME " cannot be had (a second fotad, or no bus policy)");
        r = manager_start(b->manager, &manager_observer, b, ret_why);
        if (r < 0)
                return r;
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
        bus_drop_calls(b);
        g_hash_table_unref(b->kept);
        g_hash_table_unref(b->peers);
        g_hash_table_unref(b->objects);
        g_hash_table_unref(b->modules);
        g_hash_table_unref(b->jobs);
        status_free(b->status);
        bus_inhibitor_free(b->inhibitor);
        bus_modem_manager_free(b->modem_manager);
        sd_event_source_disable_unref(b->retry);
        sd_event_source_disable_unref(b->catch_up);
        sd_event_source_disable_unref(b->reopen);
        sd_event_source_disable_unref(b->exit);
        sd_event_source_disable_unref(b->costly_turn);
        sd_event_source_disable_unref(b->refuse);
        sd_bus_close_unref(b->next);
        sd_bus_flush_close_unref(b->bus);
        drop_gate(&b->next_gate);
        drop_gate(&b->gate);
        g_free(b);
}
