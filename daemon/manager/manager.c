/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The root of the manager: starts and stops it, owns all that it consists of, and passes news of modules and from udev
 * on to the other manager*.c files, which do the work and never call this one. Knows no AT. */

#include <errno.h>
#include <string.h>

#include "base/log-job.h"
#include "manager/manager.h"
#include "manager/manager-check.h"
#include "manager/manager-claim.h"
#include "manager/manager-found.h"
#include "manager/manager-jobs.h"
#include "manager/manager-modules.h"
#include "manager/manager-requests.h"
#include "manager/manager-state.h"
#include "manager/manager-uart.h"
#include "manager/manager-watch.h"
#include "base/message-ids.h"

#define SETTLED_AT_ONCE 8 /* modules */

/* ---- news from modules */

static void on_module_changed(void *userdata, Module *module)
{
        Manager *m = userdata;

        m->observer->module_changed(m->userdata, module);
}

static void on_module_needed(void *userdata, Module *module, ModuleNeed need)
{
        Manager *m = userdata;

        m->observer->module_needed(m->userdata, module, need);
}

static void on_module_probed(void *userdata, Module *module, const char *failure)
{
        Manager *m = userdata;

        if (!failure) {
                manager_note_revision(m, module);
                manager_watch_read(m, module);
        }
        m->observer->module_probed(m->userdata, module, failure);
}

static void on_module_adoptable(void *userdata, Module *module, Method method)
{
        manager_adopt(userdata, module, method);
}

static bool on_module_away(void *userdata, Module *module)
{
        return manager_follow_moved(userdata, module);
}

static int on_job_persist(void *userdata, Job *job, char **ret_why)
{
        return job->state == JOB_FINISHED ? manager_write_end(userdata, job, ret_why)
                                          : manager_write_progress(userdata, job, ret_why);
}

/* Logs a stall once each time a module gets stuck: it may last for days. */
static void log_stalled(Manager *m, const Job *job)
{
        if (!job->stalled)
                g_hash_table_remove(m->stalled, job->id);
        else if (g_hash_table_add(m->stalled, g_strdup(job->id)))
                log_job(LOG_WARNING, MESSAGE_ID_STALLED, job, "job %s on %s: stalled: %s", job->id, job_place(job),
                        job->message);
}

static void on_job_changed(void *userdata, Job *job)
{
        Manager *m = userdata;

        log_stalled(m, job);
        m->observer->job_changed(m->userdata, job);
}

static const char *result_id(const Job *job)
{
        switch (job->result) {
        case JOB_RESULT_SUCCESS: return MESSAGE_ID_SUCCESS;
        case JOB_RESULT_FAILED: return MESSAGE_ID_FAILED;
        case JOB_RESULT_CANCELLED: return MESSAGE_ID_CANCELLED;
        case JOB_RESULT_NONE:
        case _JOB_RESULT_MAX: return NULL;
        }
        return NULL;
}

static void log_result(const Job *job)
{
        log_job(job->result == JOB_RESULT_FAILED ? LOG_ERR : LOG_NOTICE, result_id(job), job, "job %s on %s: %s%s%s",
                job->id, job->module, job_result_to_string(job->result), *job->message ? ": " : "", job->message);
}

/* The result is on the disk already. One with Announced=no is announced again on the next connection to the bus. */
static void on_job_result(void *userdata, Job *job)
{
        Manager *m = userdata;

        log_result(job);
        m->observer->job_result(m->userdata, job);
}

void manager_result_heard(Manager *m, Job *job)
{
        g_autofree char *why = NULL;

        job->announced = JOB_ANNOUNCED_YES;
        if (manager_write_end(m, job, &why) < 0)
                log_job(LOG_WARNING, NULL, job, "job %s: its announcement cannot be noted: %s", job->id, why);
}

static void on_job_released(void *userdata, Job *job)
{
        Manager *m = userdata;

        manager_note_adopted_end(m, job);
        if (job->watched)
                manager_watch_begin(m, job);
        else if (!manager_is_watched(m, job_place(job)))
                manager_end_claim(m, job);
        manager_watch_read(m, manager_module_of(m, job)); /* an adopted job may have followed a watched module */
        manager_free_package(m, job);
        manager_forget_repeated(m, job);
        manager_trim_history(m);
        manager_drop_uarts_soon(m); /* the module may have been kept for this job only */
}

static void on_module_inspected(void *userdata, Module *module, Inspection *inspection, const char *failure)
{
        manager_module_inspected(userdata, module, inspection, failure);
}

static int on_package_open(void *userdata, const Job *job)
{
        return manager_open_package(userdata, job);
}

static const ModuleObserver module_observer = {
        .package_open = on_package_open,
        .changed = on_module_changed,
        .needed = on_module_needed,
        .probed = on_module_probed,
        .adoptable = on_module_adoptable,
        .away = on_module_away,
        .job_persist = on_job_persist,
        .job_changed = on_job_changed,
        .job_result = on_job_result,
        .job_released = on_job_released,
        .inspected = on_module_inspected,
};

static Module *module_at(Manager *m, const char *path)
{
        g_autofree char *id = g_strconcat("usb-", path, NULL);

        return manager_module_at(m, id);
}

static bool on_awaits(void *userdata, const char *path)
{
        g_autofree char *id = g_strconcat("usb-", path, NULL);
        const Module *module = manager_module_by_id(userdata, id);

        return (module && module_job(module)) || manager_is_watched(userdata, id);
}

static void on_device_added(void *userdata, const UsbDevice *device)
{
        Module *module = module_at(userdata, device->path);

        manager_watch_present(userdata, module, device->syspath);
        module_device_added(module, device);
}

static void on_device_removed(void *userdata, const char *path)
{
        Module *module = module_at(userdata, path);

        manager_note_shared_imei(userdata, module);
        module_device_removed(module);
}

static void on_tty_added(void *userdata, const UsbTty *tty)
{
        manager_look_at_uarts(userdata); /* before the port is opened twice */
        module_tty_added(module_at(userdata, tty->path), tty);
}

static void on_tty_removed(void *userdata, const char *path, const char *node)
{
        module_tty_removed(module_at(userdata, path), node);
        manager_look_at_uarts(userdata);
}

static void on_other_tty(void *userdata)
{
        manager_look_at_uarts(userdata);
}

static const UsbWatchObserver watch_observer = {
        .awaits = on_awaits,
        .device_added = on_device_added,
        .device_removed = on_device_removed,
        .tty_added = on_tty_added,
        .tty_removed = on_tty_removed,
        .other_tty = on_other_tty,
};

/* ---- life */

Manager *manager_new(sd_event *event, const Config *config, const ManagerDirectories *directories, char **ret_why)
{
        Manager *m = g_new0(Manager, 1);
        const char *state_directory = directories->state;
        int r;

        m->event = event;
        m->config = config;
        m->module_observer = &module_observer;
        m->modules = g_ptr_array_new_with_free_func((GDestroyNotify)module_free);
        m->jobs = g_ptr_array_new_with_free_func((GDestroyNotify)job_free);
        m->unsettled = g_ptr_array_new_with_free_func(g_free);
        m->trimmed = g_ptr_array_new_with_free_func(g_free);
        m->watches = g_ptr_array_new_with_free_func((GDestroyNotify)manager_watch_free);
        m->checks = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)manager_check_free);
        m->file_requests = g_ptr_array_new_with_free_func((GDestroyNotify)manager_file_request_free);
        m->packages = package_store_new(state_directory);
        m->claims = claims_new(directories->runtime);
        m->stalled = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        m->settled = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        m->left_alone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        if (g_file_get_contents("/proc/sys/kernel/random/boot_id", &m->boot_id, NULL, NULL))
                g_strstrip(m->boot_id);
        else
                m->boot_id = g_strdup("");
        m->store = job_store_new(state_directory, ret_why);
        if (!m->store) {
                manager_free(m);
                return NULL;
        }
        r = usb_watch_new(&m->watch, event, &watch_observer, m);
        if (r < 0) {
                *ret_why = g_strdup_printf("udev cannot be watched: %s", g_strerror(-r));
                manager_free(m);
                return NULL;
        }
        return m;
}

void manager_free(Manager *m)
{
        if (!m)
                return;
        sd_event_source_disable_unref(m->settling);
        sd_event_source_disable_unref(m->removal);
        sd_event_source_disable_unref(m->survival);
        sd_event_source_disable_unref(m->uart_removal);
        g_ptr_array_unref(m->unsettled);
        g_ptr_array_unref(m->trimmed);
        g_ptr_array_unref(m->watches);
        g_hash_table_unref(m->checks);
        g_ptr_array_unref(m->file_requests);
        usb_watch_free(m->watch);
        g_ptr_array_unref(m->modules); /* before the jobs, which they borrow */
        g_ptr_array_unref(m->jobs);
        g_hash_table_unref(m->left_alone);
        g_hash_table_unref(m->settled);
        g_hash_table_unref(m->stalled);
        job_store_free(m->store);
        package_store_free(m->packages);
        claims_free(m->claims);
        g_free(m->boot_id);
        g_free(m);
}

static void take_up(Manager *m, Job *job)
{
        manager_module_at(m, job_place(job)); /* makes it */
        log_job(LOG_NOTICE, NULL, job, "job %s on %s is taken up again in state %s", job->id, job_place(job),
                job_state_to_string(job->state));
        manager_begin(m, job);
}

/* Goes on watching the module of a job that has ended. */
static void watch_again(Manager *m, Job *job)
{
        if (!job_is_uart(job))
                manager_module_at(m, job_place(job)); /* makes it */
        manager_watch_begin(m, job);
}

static int on_survived(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source, (void)usec;
        manager_forget_take_ups(userdata);
        return 0;
}

static int on_settling(sd_event_source *source, uint64_t usec, void *userdata);

/* A job whose module is absent is written, which takes milliseconds: calls are answered between the modules. (A source
 * of sd_event_add_defer() would keep the event loop from all others.) */
static int settle_some(Manager *m)
{
        for (unsigned i = 0; i < SETTLED_AT_ONCE && m->unsettled->len > 0; i++) {
                g_autofree char *id = g_ptr_array_steal_index(m->unsettled, 0);
                Module *module = manager_module_by_id(m, id);

                if (module)
                        module_settled(module);
        }
        m->settling = sd_event_source_disable_unref(m->settling);
        return m->unsettled->len > 0
                       ? sd_event_add_time_relative(m->event, &m->settling, CLOCK_MONOTONIC, 0, 0, on_settling, m)
                       : 0;
}

static int on_settling(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source, (void)usec;
        return settle_some(userdata);
}

/* The first enumeration is complete. */
static int settle(Manager *m)
{
        for (unsigned i = 0; i < m->modules->len; i++)
                g_ptr_array_add(m->unsettled, g_strdup(module_id(g_ptr_array_index(m->modules, i))));
        return settle_some(m);
}

int manager_start(Manager *m, const ManagerObserver *observer, void *userdata, char **ret_why)
{
        bool taken_up = false;
        int r = job_store_lock(m->store, ret_why);

        if (r < 0)
                return r;

        m->observer = observer;
        m->userdata = userdata;
        manager_load_jobs(m);
        manager_sweep_packages(m); /* before anything is written: they may fill the disk */
        manager_count_take_ups(m);
        for (unsigned i = 0; i < m->jobs->len; i++)
                m->observer->job_added(m->userdata, g_ptr_array_index(m->jobs, i));
        manager_trim_history(m);
        manager_make_uarts(m);
        for (unsigned i = 0; i < m->jobs->len; i++) {
                Job *job = g_ptr_array_index(m->jobs, i);

                if (job->state == JOB_FINISHED && job->watched)
                        watch_again(m, job);
                if (job->state == JOB_FINISHED)
                        continue;
                take_up(m, job);
                taken_up = true;
        }
        r = usb_watch_enumerate(m->watch);
        manager_sweep_claims(m);
        manager_look_at_uarts(m);
        if (r >= 0)
                r = settle(m);
        /* By then each event that the jobs await has come or timed out, and none has brought the daemon down. */
        if (r >= 0 && taken_up)
                r = sd_event_add_time_relative(m->event, &m->survival, CLOCK_MONOTONIC,
                                               2 * config_longest_timeout(m->config), 0, on_survived, m);
        if (r < 0)
                *ret_why = g_strdup_printf("the USB devices cannot be listed: %s", g_strerror(-r));
        return r;
}

void manager_reconfigured(Manager *m)
{
        manager_drop_uarts(m);
        manager_make_uarts(m);
        for (unsigned i = 0; i < m->modules->len; i++)
                module_reconfigured(g_ptr_array_index(m->modules, i));
        manager_look_at_uarts(m);
        manager_trim_history(m);
}

void manager_stop(Manager *m)
{
        manager_forget_take_ups(m);
}

void manager_announce(Manager *m)
{
        g_autoptr(GPtrArray) unannounced = g_ptr_array_new();

        for (unsigned i = 0; i < m->jobs->len; i++) {
                Job *job = g_ptr_array_index(m->jobs, i);

                if (job->state != JOB_FINISHED || job->announced != JOB_ANNOUNCED_NO)
                        continue;
                job->announced = JOB_ANNOUNCED_AGAIN;
                g_ptr_array_add(unannounced, job);
        }
        /* The note comes first, so that a result is announced once more at most, not after each crash. */
        manager_write_jobs(m, unannounced);
        for (unsigned i = 0; i < unannounced->len; i++) {
                Job *job = g_ptr_array_index(unannounced, i);

                if (!m->announced)
                        log_result(job); /* the daemon before may have died before it logged that */
                m->observer->job_result(m->userdata, job);
        }
        m->announced = true;
}

const Config *manager_config(const Manager *m)
{
        return m->config;
}
