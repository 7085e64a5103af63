/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The root: owns the device watch, the store, modules and jobs, and brings them together. Knows no AT. What it refuses
 * it refuses before anything has changed. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "core/source.h"
#include "job-store.h"
#include "log.h"
#include "manager.h"
#include "names.h"
#include "usb-watch.h"

#define MODULES_MAX  64 /* places, unless more than that are in use */
#define TAKE_UPS_MAX 10 /* crashes in a row, each soon after a job was taken up, without progress of the job */

struct Manager {
        sd_event *event;
        const Config *config;
        JobStore *store;
        UsbWatch *watch;
        char *boot_id;
        GPtrArray *modules; /* Module */
        GPtrArray *jobs;    /* Job, by creation */
        guint64 last_id;
        sd_event_source *lives; /* says that the daemon has lived for a while */
        const ManagerObserver *observer;
        void *userdata;
};

void refusal_clear(Refusal *refusal)
{
        g_clear_pointer(&refusal->message, g_free);
        refusal->name = NULL;
}

bool refusal_set(Refusal *ret, const char *name, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        ret->name = name;
        ret->message = g_strdup_vprintf(format, args);
        va_end(args);
        return false;
}

/* ---- modules */

static Module *find_by_id(Manager *m, const char *id)
{
        for (unsigned i = 0; i < m->modules->len; i++)
                if (strcmp(module_id(g_ptr_array_index(m->modules, i)), id) == 0)
                        return g_ptr_array_index(m->modules, i);
        return NULL;
}

static int job_write(Manager *m, const Job *job, char **ret_why)
{
        g_autofree char *text = job_to_text(job);
        int r = job_store_write(m->store, job->id, text, ret_why);

        explicit_bzero(text, strlen(text));
        return r;
}

static void on_module_changed(void *userdata, Module *module)
{
        Manager *m = userdata;

        m->observer->module_changed(m->userdata, module);
}

static void follow_moved(Manager *m, Module *module);

static void on_module_probed(void *userdata, Module *module, const char *failure)
{
        Manager *m = userdata;

        if (!failure)
                follow_moved(m, module);
        m->observer->module_probed(m->userdata, module, failure);
}

static int on_job_persist(void *userdata, Job *job, char **ret_why)
{
        return job_write(userdata, job, ret_why);
}

static void on_job_changed(void *userdata, Job *job)
{
        Manager *m = userdata;

        m->observer->job_changed(m->userdata, job);
}

/* The result was on the disk before it comes here, and is said before the disk knows that it was. */
static void say_result(Manager *m, Job *job)
{
        g_autofree char *why = NULL;

        log_notice("job %s on %s: %s%s%s", job->id, job->module, job_result_to_string(job->result),
                   *job->message ? ": " : "", job->message);
        m->observer->job_result(m->userdata, job);
        job->announced = JOB_ANNOUNCED_YES;
        if (job_write(m, job, &why) < 0)
                log_warning("job %s: its announcement cannot be noted: %s", job->id, why);
}

static void on_job_result(void *userdata, Job *job)
{
        say_result(userdata, job);
}

static guint64 number_of(const Job *job)
{
        return g_ascii_strtoull(job->id, NULL, 10);
}

/* The last to finish first. */
static int compare_finished(const void *a, const void *b)
{
        const Job *x = *(Job *const *)a, *y = *(Job *const *)b;

        if (x->finished != y->finished)
                return x->finished > y->finished ? -1 : 1;
        return number_of(x) > number_of(y) ? -1 : 1;
}

GPtrArray *manager_history(Manager *m)
{
        GPtrArray *finished = g_ptr_array_new();

        for (unsigned i = 0; i < m->jobs->len; i++) {
                Job *job = g_ptr_array_index(m->jobs, i);

                if (job->state == JOB_FINISHED)
                        g_ptr_array_add(finished, job);
        }
        g_ptr_array_sort(finished, compare_finished);
        return finished;
}

/* The newest finished jobs stay, as many as the configuration says. */
static void trim_history(Manager *m)
{
        g_autoptr(GPtrArray) finished = manager_history(m);

        for (unsigned i = m->config->history; i < finished->len; i++) {
                Job *job = g_ptr_array_index(finished, i);

                m->observer->job_removed(m->userdata, job);
                job_store_remove(m->store, job->id);
                g_ptr_array_remove(m->jobs, job);
        }
}

static void on_job_released(void *userdata, Job *job)
{
        (void)job;
        trim_history(userdata);
}

static void set(char **field, const char *value)
{
        g_free(*field);
        *field = g_strdup(value);
}

/* What a module is known to be, into a job that begins on it. */
static void note_identity(Job *job, const Identity *identity)
{
        set(&job->imei, identity->imei);
        set(&job->model, identity->model);
        set(&job->from_revision, identity->revision);
        set(&job->from_build, identity->build);
}

static Job *new_job(Manager *m, const char *module)
{
        g_autofree char *id = g_strdup_printf("%" G_GUINT64_FORMAT, m->last_id + 1);
        Job *job = job_new(id, module);

        job->created = (uint64_t)g_get_real_time();
        return job;
}

/* On the disk first. Takes the job; NULL and *ret_why if it cannot be written. */
static Job *add_job(Manager *m, Job *taken, char **ret_why)
{
        g_autoptr(Job) job = taken;

        if (job_write(m, job, ret_why) < 0) {
                job_store_remove(m->store, job->id);
                return NULL;
        }
        m->last_id++;
        g_ptr_array_add(m->jobs, job);
        m->observer->job_added(m->userdata, job);
        return g_steal_pointer(&job);
}

/* A running job whose module is away: what turns up elsewhere and does not say who it is may be that one. */
static bool misses_a_module(Manager *m)
{
        for (unsigned i = 0; i < m->jobs->len; i++) {
                const Job *job = g_ptr_array_index(m->jobs, i);
                const Module *module = job->state == JOB_FINISHED ? NULL : find_by_id(m, job_place(job));

                if (module && !module_is_present(module))
                        return true;
        }
        return false;
}

static void on_module_adoptable(void *userdata, Module *module, Method method)
{
        Manager *m = userdata;
        g_autofree char *why = NULL;
        Job *job;

        if (misses_a_module(m))
                return;
        if (module_method(module) != METHOD_UNKNOWN)
                method = module_method(module);
        job = new_job(m, module_id(module));
        job->origin = JOB_ORIGIN_ADOPTED;
        job->method = method == METHOD_UNKNOWN ? METHOD_MINIFOTA : method; /* which never gives up too early */
        job->state = JOB_DOWNLOADING;
        job->sent = job->accepted = job->left = true;
        job->system = JOB_SYSTEM_MINI;
        note_identity(job, module_identity(module));
        job = add_job(m, job, &why);
        if (!job) {
                log_error("%s: an upgrade is under way, and its job cannot be written: %s", module_id(module), why);
                return;
        }
        log_notice("job %s on %s: adopted, for an upgrade is under way there that nobody remembers", job->id,
                   job->module);
        module_begin(module, job);
}

/* The same module at another port: a hub was plugged in elsewhere. Serial numbers tell nothing, the IMEI does; and one
 * that has been there for longer than the other is away is another one that claims to be it. */
static void follow_moved(Manager *m, Module *module)
{
        const char *imei = module_identity(module)->imei;

        if (!*imei || module_job(module))
                return;
        for (unsigned i = 0; i < m->jobs->len; i++) {
                Job *job = g_ptr_array_index(m->jobs, i);
                Module *place = job->state == JOB_FINISHED ? NULL : find_by_id(m, job_place(job));

                if (!place || place == module || module_is_present(place) || module_job(place) != job ||
                    strcmp(job->imei, imei) != 0 || module_came_at(module) < module_left_at(place))
                        continue;
                log_notice("job %s: its module %s went on to %s", job->id, job_place(job), module_id(module));
                set(&job->place, module_id(module));
                module_begin(module, module_give_up_job(place));
                return;
        }
}

static const ModuleObserver module_observer = {
        .changed = on_module_changed,
        .probed = on_module_probed,
        .adoptable = on_module_adoptable,
        .job_persist = on_job_persist,
        .job_changed = on_job_changed,
        .job_result = on_job_result,
        .job_released = on_job_released,
};

/* A hub that brings ever new ports must not fill the memory: of many empty places the oldest is forgotten. */
static void trim_modules(Manager *m)
{
        for (unsigned i = 0; i < m->modules->len && m->modules->len >= MODULES_MAX; i++) {
                Module *module = g_ptr_array_index(m->modules, i);

                if (module_is_present(module) || module_job(module))
                        continue;
                m->observer->module_removed(m->userdata, module);
                g_ptr_array_remove_index(m->modules, i--);
        }
}

/* By its USB path; made when it is first seen, and kept from then on. */
static Module *module_at(Manager *m, const char *path)
{
        g_autofree char *id = g_strconcat("usb-", path, NULL);
        Module *module = find_by_id(m, id);

        if (module)
                return module;
        trim_modules(m);
        module = module_new(path, m->event, m->config, m->boot_id, &module_observer, m);
        g_ptr_array_add(m->modules, module);
        m->observer->module_added(m->userdata, module);
        return module;
}

static void on_device_added(void *userdata, const UsbDevice *device)
{
        module_device_added(module_at(userdata, device->path), device);
}

static void on_device_removed(void *userdata, const char *path)
{
        module_device_removed(module_at(userdata, path));
}

static void on_tty_added(void *userdata, const UsbTty *tty)
{
        module_tty_added(module_at(userdata, tty->path), tty);
}

static void on_tty_removed(void *userdata, const char *path, const char *node)
{
        module_tty_removed(module_at(userdata, path), node);
}

static const UsbWatchObserver watch_observer = {
        .device_added = on_device_added,
        .device_removed = on_device_removed,
        .tty_added = on_tty_added,
        .tty_removed = on_tty_removed,
};

/* ---- life */

Manager *manager_new(sd_event *event, const Config *config, const char *state_directory, char **ret_why)
{
        Manager *m = g_new0(Manager, 1);
        int r;

        m->event = event;
        m->config = config;
        m->modules = g_ptr_array_new_with_free_func((GDestroyNotify)module_free);
        m->jobs = g_ptr_array_new_with_free_func((GDestroyNotify)job_free);
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
        sd_event_source_disable_unref(m->lives);
        usb_watch_free(m->watch);
        g_ptr_array_unref(m->modules); /* before the jobs, which they borrow */
        g_ptr_array_unref(m->jobs);
        job_store_free(m->store);
        g_free(m->boot_id);
        g_free(m);
}

static int compare_jobs(const void *a, const void *b)
{
        guint64 x = number_of(*(Job *const *)a), y = number_of(*(Job *const *)b);

        return x < y ? -1 : x > y;
}

static void load_jobs(Manager *m)
{
        g_autoptr(GPtrArray) ids = job_store_list(m->store);

        m->last_id = job_store_highest(m->store);
        for (unsigned i = 0; i < ids->len; i++) {
                const char *id = g_ptr_array_index(ids, i);
                g_autofree char *text = NULL, *why = NULL;
                Job *job = NULL;

                text = job_store_read(m->store, id, &why);
                if (text)
                        job = job_from_text(text, id, &why);
                if (job && job->state != JOB_FINISHED && !g_str_has_prefix(job_place(job), "usb-")) {
                        why = g_strdup("its Module is none");
                        g_clear_pointer(&job, job_free);
                }
                if (job) {
                        g_ptr_array_add(m->jobs, job);
                } else {
                        log_warning("job %s cannot be read: %s", id, why);
                        job_store_quarantine(m->store, id);
                }
        }
        g_ptr_array_sort(m->jobs, compare_jobs);
}

/* Two files that claim one module: the older one could not be closed when the disk was full. */
static void drop_rivals(Manager *m)
{
        for (unsigned i = m->jobs->len; i-- > 0;) {
                const Job *job = g_ptr_array_index(m->jobs, i);

                for (unsigned k = i; job->state != JOB_FINISHED && k-- > 0;) {
                        const Job *older = g_ptr_array_index(m->jobs, k);

                        if (older->state == JOB_FINISHED || strcmp(job_place(older), job_place(job)) != 0)
                                continue;
                        log_warning("job %s: %s is held by job %s", older->id, job_place(older), job->id);
                        job_store_quarantine(m->store, older->id);
                        g_ptr_array_remove_index(m->jobs, k);
                        i--;
                }
        }
}

/* Of a job that brings the daemon down each time it is taken up, nobody has anything. */
static void give_up(Job *job)
{
        g_autofree char *detail = g_strdup_printf("for fotad was started %u times with it and got no further; %s",
                                                  job->take_ups,
                                                  job->sent ? "the module may still upgrade" : "nothing was begun");

        if (job->result == JOB_RESULT_NONE)
                job_set_result(job, JOB_RESULT_FAILED, CODE_DOMAIN_HOST, HOST_INTERRUPTED, detail);
        job_forget_secrets(job);
        job->stalled = false;
        job->finished = (uint64_t)g_get_real_time();
        job->state = JOB_FINISHED;
}

/* Before anything else is done with it: what comes after may be what kills us. */
static void count_take_up(Manager *m, Job *job)
{
        g_autofree char *why = NULL;

        if (++job->take_ups > TAKE_UPS_MAX)
                give_up(job);
        if (job_write(m, job, &why) < 0)
                log_error("job %s cannot be written: %s", job->id, why);
}

static void take_up(Manager *m, Job *job)
{
        Module *module = module_at(m, job_place(job) + strlen("usb-"));

        log_notice("job %s on %s is taken up again in state %s", job->id, job_place(job),
                   job_state_to_string(job->state));
        module_begin(module, job);
}

/* The daemon lives, or was stopped by somebody: that is no crash loop. */
static void forget_take_ups(Manager *m)
{
        for (unsigned i = 0; i < m->jobs->len; i++) {
                Job *job = g_ptr_array_index(m->jobs, i);
                g_autofree char *why = NULL;

                if (job->state == JOB_FINISHED || job->take_ups == 0)
                        continue;
                job->take_ups = 0;
                if (job_write(m, job, &why) < 0)
                        log_error("job %s cannot be written: %s", job->id, why);
        }
}

static int on_lives(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source, (void)usec;
        forget_take_ups(userdata);
        return 0;
}

int manager_start(Manager *m, const ManagerObserver *observer, void *userdata)
{
        bool taken_up = false;
        int r;

        m->observer = observer;
        m->userdata = userdata;
        if (m->config->ports[0])
                log_warning("[serial] ports: this version of fotad does not use UARTs yet");
        load_jobs(m);
        drop_rivals(m);
        for (unsigned i = 0; i < m->jobs->len; i++) {
                Job *job = g_ptr_array_index(m->jobs, i);

                if (job->state != JOB_FINISHED)
                        count_take_up(m, job);
        }
        for (unsigned i = 0; i < m->jobs->len; i++)
                m->observer->job_added(m->userdata, g_ptr_array_index(m->jobs, i));
        trim_history(m);
        for (unsigned i = 0; i < m->jobs->len; i++) {
                Job *job = g_ptr_array_index(m->jobs, i);

                if (job->state == JOB_FINISHED)
                        continue;
                take_up(m, job);
                taken_up = true;
        }
        r = usb_watch_enumerate(m->watch);
        for (unsigned i = 0; i < m->modules->len; i++)
                module_settled(g_ptr_array_index(m->modules, i));
        if (r < 0 || !taken_up)
                return r;
        return sd_event_add_time_relative(m->event, &m->lives, CLOCK_BOOTTIME, m->config->timeouts.settle, 0, on_lives,
                                          m);
}

void manager_stop(Manager *m)
{
        forget_take_ups(m);
}

void manager_announce(Manager *m)
{
        for (unsigned i = 0; i < m->jobs->len; i++) {
                Job *job = g_ptr_array_index(m->jobs, i);
                g_autofree char *why = NULL;

                if (job->state != JOB_FINISHED || job->announced != JOB_ANNOUNCED_NO)
                        continue;
                /* Noted before it is said: it may have been said once before the crash, and is not said thrice. */
                job->announced = JOB_ANNOUNCED_AGAIN;
                if (job_write(m, job, &why) < 0)
                        log_warning("job %s: %s", job->id, why);
                else
                        say_result(m, job);
        }
}

Module *manager_module_of(Manager *m, const Job *job)
{
        return find_by_id(m, job_place(job));
}

/* ---- looking things up */

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

/* ---- what is asked of us */

/* Touches nothing. */
static bool may_start(Module *module, const char *source, const Options *options, Method *ret_method,
                      Refusal *ret_refusal)
{
        g_autofree char *why = NULL, *problem = module_problem(module);
        Method wanted = METHOD_UNKNOWN, method;
        const char *key;

        if (module_job(module))
                return refusal_set(ret_refusal, FOTAD_ERROR_BUSY,
                                   "%s is held by job %s: wait for its end, or cancel it", module_id(module),
                                   module_job(module)->id);
        if (options->method && strcmp(options->method, "auto") != 0)
                method_from_string(options->method, &wanted);
        if (!module_is_ready(module))
                return refusal_set(ret_refusal, FOTAD_ERROR_MODULE_NOT_READY, "%s is not ready: %s", module_id(module),
                                   problem);
        method = module_method(module);
        if (method == METHOD_UNKNOWN && wanted == METHOD_UNKNOWN)
                return refusal_set(
                        ret_refusal, FOTAD_ERROR_UNSUPPORTED,
                        "the revision %s does not tell the flash size and so not how this module is upgraded "
                        "(guide 4): ask the vendor, then give the option method",
                        module_identity(module)->revision);
        if (method != METHOD_UNKNOWN && wanted != METHOD_UNKNOWN && wanted != method)
                return refusal_set(
                        ret_refusal, FOTAD_ERROR_INVALID_OPTION,
                        "method: a module with revision %s is upgraded by %s (guide 4): leave the option out",
                        module_identity(module)->revision, method_to_string(method));
        if (method == METHOD_UNKNOWN)
                method = wanted;
        if (options->check_source)
                return refusal_set(
                        ret_refusal, FOTAD_ERROR_UNSUPPORTED,
                        "check-source: this version of fotad cannot ask the server yet; leave the option out");
        if (options->flow_control && strcmp(options->flow_control, "auto") != 0)
                return refusal_set(ret_refusal, FOTAD_ERROR_INVALID_OPTION,
                                   "flow-control goes with a package on the host, not with a URL: leave it out");
        if (!options_check(options, method, &key, &why))
                return refusal_set(ret_refusal, FOTAD_ERROR_INVALID_OPTION, "%s %s", key, why);
        if (!source_check(source, method, module_flash_size(module), options->allow_https, &why))
                return refusal_set(ret_refusal, FOTAD_ERROR_INVALID_SOURCE, "source: %s", why);
        *ret_method = method;
        return true;
}

Job *manager_accept_upgrade(Manager *m, Module *module, const char *source, Options *taken, Refusal *ret_refusal)
{
        g_autoptr(Options) options = taken;
        g_autofree char *why = NULL;
        Method method = METHOD_UNKNOWN;
        Job *job;

        if (!may_start(module, source, options, &method, ret_refusal))
                return NULL;
        job = new_job(m, module_id(module));
        job->method = method;
        set(&job->source, source);
        options_free(job->options);
        job->options = g_steal_pointer(&options);
        note_identity(job, module_identity(module));
        job = add_job(m, job, &why);
        if (!job) {
                refusal_set(ret_refusal, SD_BUS_ERROR_FAILED, "the job cannot be written to the disk: %s", why);
                return NULL;
        }
        log_notice("job %s on %s: queued", job->id, job->module);
        return job;
}

void manager_begin(Manager *m, Job *job)
{
        module_begin(manager_module_of(m, job), job);
}

bool manager_cancel(Manager *m, Job *job, Refusal *ret_refusal)
{
        if (job->state == JOB_FINISHED)
                return refusal_set(ret_refusal, FOTAD_ERROR_NOT_CANCELLABLE,
                                   "job %s is finished: nothing is left to cancel", job->id);
        if (!upgrade_is_cancellable(job))
                return refusal_set(ret_refusal, FOTAD_ERROR_NOT_CANCELLABLE,
                                   "job %s cannot be cancelled any more (%s): keep the module powered and wait for its "
                                   "result",
                                   job->id, job_state_to_string(job->state));
        module_cancel(manager_module_of(m, job));
        return true;
}

/* Touches nothing. */
static bool may_retry(Module *module, const Job *job, const char *source, const Options *options, Refusal *ret_refusal)
{
        g_autofree char *why = NULL;
        const char *key;

        if (!upgrade_may_retry(job))
                return refusal_set(
                        ret_refusal, FOTAD_ERROR_NOT_STALLED,
                        "job %s is %s, not stalled: only a module that loops in its Mini system takes another "
                        "source (guide 5.2)",
                        job->id, job_state_to_string(job->state));
        if (!options_check(options, METHOD_MINIFOTA, &key, &why))
                return refusal_set(ret_refusal, FOTAD_ERROR_INVALID_OPTION, "%s %s", key, why);
        if (options->method && strcmp(options->method, "dfota") == 0)
                return refusal_set(ret_refusal, FOTAD_ERROR_INVALID_OPTION,
                                   "method: job %s is a MiniFOTA: leave the option out", job->id);
        if (!source_check(source, METHOD_MINIFOTA, identity_flash_size(job->from_revision), options->allow_https, &why))
                return refusal_set(ret_refusal, FOTAD_ERROR_INVALID_SOURCE, "source: %s", why);
        if (!module_answers(module))
                return refusal_set(ret_refusal, FOTAD_ERROR_MODULE_NOT_READY,
                                   "%s has no AT port that answers in its Mini system now: publish the package under "
                                   "the URL it has, or try again later",
                                   job_place(job));
        return true;
}

bool manager_retry(Manager *m, Job *job, const char *source, Options *taken, Refusal *ret_refusal)
{
        g_autoptr(Options) options = taken;
        Module *module = manager_module_of(m, job);

        if (!may_retry(module, job, source, options, ret_refusal))
                return false;
        log_notice("job %s on %s: AT+QFOTADL is sent again, as was asked for", job->id, job_place(job));
        if (options->expected_revision)
                set(&job->options->expected_revision, options->expected_revision);
        job->options->allow_unchanged = job->options->allow_unchanged || options->allow_unchanged;
        job->options->allow_https = options->allow_https;
        module_retry(module, source);
        return true;
}

bool manager_probe(Manager *m, Module *module, Refusal *ret_refusal)
{
        g_autofree char *problem = module_problem(module);

        (void)m;
        if (module_job(module))
                return refusal_set(ret_refusal, FOTAD_ERROR_BUSY, "%s is held by job %s: wait for its end",
                                   module_id(module), module_job(module)->id);
        if (!*module_port(module))
                return refusal_set(ret_refusal, FOTAD_ERROR_MODULE_NOT_READY, "%s is not ready: %s", module_id(module),
                                   problem);
        module_probe(module);
        return true;
}
