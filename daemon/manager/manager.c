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
#include "manager/manager-records.h"
#include "manager/manager-requests.h"
#include "manager/manager-state.h"
#include "manager/manager-uart.h"
#include "manager/manager-watch.h"
#include "base/message-ids.h"

/* The time that the modules have to take the last commands when the daemon ends, µs. */
#define SENDING_MAX G_USEC_PER_SEC

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

/* The upgrade goes on before the recording is written. The job may have ended by then, and be forgotten. */
static void on_record_written(Manager *m, Job *job, int result, const char *why, void *userdata)
{
        g_autofree char *id = job->options->record ? g_strdup(job->id) : NULL;

        (void)userdata;
        module_record_written(manager_module_of(m, job), result, why);
        if (id)
                manager_recording_save(m, id);
}

static bool on_job_persist(void *userdata, Job *job)
{
        bool changed = manager_write_if_changed(userdata, job, on_record_written);

        if (!changed)
                manager_recording_save(userdata, job->id);
        return changed;
}

static void on_job_settled(void *userdata, Job *job)
{
        Manager *m = userdata;

        m->observer->job_settled(m->userdata, job);
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
        manager_write_ahead(m, job);
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

static void on_hearing_written(Manager *m, Job *job, int result, const char *why, void *userdata)
{
        (void)m, (void)userdata;
        if (job && result < 0)
                log_job(LOG_WARNING, NULL, job, "job %s: its announcement cannot be noted: %s", job->id, why);
}

void manager_result_heard(Manager *m, Job *job)
{
        job->announced = JOB_ANNOUNCED_YES;
        manager_write_end(m, job, on_hearing_written);
}

static void on_job_released(void *userdata, Job *job)
{
        Manager *m = userdata;

        m->observer->job_settled(m->userdata, job);
        manager_note_adopted_end(m, job);
        if (job->watched)
                manager_watch_begin(m, job);
        else if (!manager_is_watched(m, job_place(job)))
                manager_end_claim(m, job);
        manager_watch_read(m, manager_module_of(m, job)); /* an adopted job may have followed a watched module */
        manager_recording_end(m, job);
        manager_free_package(m, job);
        manager_forget_repeated(m, job);
        manager_trim_history(m);
        manager_drop_uarts_soon(m); /* the module may have been kept for this job only */
}

static void on_module_inspected(void *userdata, Module *module, Inspection *inspection, const char *failure)
{
        manager_module_inspected(userdata, module, inspection, failure);
}

static void on_module_surveyed(void *userdata, Module *module, RecordingWriter *survey, const char *failure)
{
        manager_module_surveyed(userdata, module, survey, failure);
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
        .job_settled = on_job_settled,
        .job_changed = on_job_changed,
        .job_result = on_job_result,
        .job_released = on_job_released,
        .inspected = on_module_inspected,
        .surveyed = on_module_surveyed,
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

static void on_writer_idle(void *userdata)
{
        Manager *m = userdata;

        if (m->stopping)
                sd_event_exit(m->event, m->exit_code);
}

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
        m->trimmed = g_ptr_array_new_with_free_func(g_free);
        m->watches = g_ptr_array_new_with_free_func((GDestroyNotify)manager_watch_free);
        m->checks = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)manager_check_free);
        m->state_directory = g_strdup(state_directory);
        m->recordings = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)manager_recording_free);
        m->surveys = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)manager_survey_free);
        m->requests = g_ptr_array_new_with_free_func((GDestroyNotify)manager_request_free);
        m->packages = package_store_new(state_directory);
        m->claims = claims_new(directories->runtime);
        m->stalled = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        m->settled = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        m->left_alone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        if (g_file_get_contents("/proc/sys/kernel/random/boot_id", &m->boot_id, NULL, NULL))
                g_strstrip(m->boot_id);
        else
                m->boot_id = g_strdup("");
        m->writer = writer_new(event, on_writer_idle, m, ret_why);
        if (m->writer)
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
        sd_event_source_disable_unref(m->removal);
        sd_event_source_disable_unref(m->survival);
        sd_event_source_disable_unref(m->uart_removal);
        g_ptr_array_unref(m->requests);
        writer_free(m->writer);
        g_ptr_array_unref(m->trimmed);
        g_ptr_array_unref(m->watches);
        g_hash_table_unref(m->checks);
        g_hash_table_unref(m->surveys);
        usb_watch_free(m->watch);
        g_ptr_array_unref(m->modules); /* before the jobs and recordings, which they borrow */
        g_hash_table_unref(m->recordings);
        g_ptr_array_unref(m->jobs);
        g_hash_table_unref(m->left_alone);
        g_hash_table_unref(m->settled);
        g_hash_table_unref(m->stalled);
        job_store_free(m->store);
        package_store_free(m->packages);
        claims_free(m->claims);
        g_free(m->boot_id);
        g_free(m->state_directory);
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
        manager_sweep_recordings(m);
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
        for (unsigned i = 0; i < m->modules->len; i++)
                module_settled(g_ptr_array_index(m->modules, i));
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

void manager_end(Manager *m, int code)
{
        if (!m->stopping)
                m->exit_code = code;
        m->stopping = true;
        for (unsigned i = 0; i < m->jobs->len; i++)
                manager_recording_save_last(m, g_ptr_array_index(m->jobs, i));
        for (unsigned i = 0; i < m->modules->len; i++)
                module_stop(g_ptr_array_index(m->modules, i));
        if (writer_is_idle(m->writer))
                sd_event_exit(m->event, m->exit_code);
}

static bool is_sending(const Manager *m)
{
        for (unsigned i = 0; i < m->modules->len; i++)
                if (module_is_sending(g_ptr_array_index(m->modules, i)))
                        return true;
        return false;
}

void manager_stop(Manager *m)
{
        gint64 last = g_get_monotonic_time() + SENDING_MAX;

        writer_wait(m->writer);
        manager_forget_take_ups_now(m);
        while (is_sending(m) && g_get_monotonic_time() < last)
                g_usleep(SENDING_MAX / 100);
}

/* The note comes first, so that a result is announced once more at most, not after each crash. Without it, or if the
 * bus was lost meanwhile, the next connection gets the Result. */
static void on_note_written(Manager *m, Job *job, int result, const char *why, void *userdata)
{
        (void)userdata;
        if (job && result < 0)
                log_job(LOG_ERR, NULL, job, "job %s cannot be written: %s", job->id, why);
        if (!job || (result == 0 && m->observer->job_result(m->userdata, job)))
                return;
        job->announced = JOB_ANNOUNCED_NO;
        manager_write_end(m, job, NULL); /* the next daemon may be the one that announces the Result */
}

/* Waits for the disk at the start alone. */
void manager_announce(Manager *m)
{
        g_autoptr(GPtrArray) unannounced = g_ptr_array_new();

        for (unsigned i = 0; i < m->jobs->len; i++) {
                Job *job = g_ptr_array_index(m->jobs, i);

                if (!job_has_ended(job) || job->announced != JOB_ANNOUNCED_NO)
                        continue;
                job->announced = JOB_ANNOUNCED_AGAIN;
                if (m->announced)
                        manager_write_end(m, job, on_note_written);
                else
                        g_ptr_array_add(unannounced, job);
        }
        if (unannounced->len > 0)
                writer_wait(m->writer); /* it may be writing the same records */
        manager_write_records_now(m, unannounced);
        for (unsigned i = 0; i < unannounced->len; i++) {
                Job *job = g_ptr_array_index(unannounced, i);

                log_result(job); /* the daemon before may have died before it logged that */
                m->observer->job_result(m->userdata, job);
        }
        m->announced = true;
}

const Config *manager_config(const Manager *m)
{
        return m->config;
}
