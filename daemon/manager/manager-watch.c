/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Modules that may still be writing their flash although their jobs have failed: each is kept from other programs and
 * from autosuspend until it reports its revision, which completes the record of its job. The Result stays as it is. */

#include <string.h>

#include "base/clock.h"
#include "base/log-job.h"
#include "base/message-ids.h"
#include "device/power.h"
#include "manager/manager-claim.h"
#include "manager/manager-found.h"
#include "manager/manager-jobs.h"
#include "manager/manager-modules.h"
#include "manager/manager-records.h"
#include "manager/manager-state.h"
#include "manager/manager-watch.h"

struct Watch {
        Manager *manager;
        Job *job;
        uint64_t began;         /* µs of clock_now() */
        char *seen;             /* Id of the module that was read last, NULL none */
        unsigned device;        /* its device number then */
        char *revision, *build; /* as it reported them */
        bool quiet;             /* the module has been asked again after update-idle, without a restart */
        ClockTimer *again;      /* due when the module is asked again */
        uint64_t again_in;      /* its time-out, µs, 0: the timer is off */
        sd_event_source *over;  /* due when the watch ends without news */
        struct Completion *completion; /* the completed record is being written; NULL: it is not */
};

/* The completion of the record of a watched job. */
typedef struct Completion {
        char *seen;
        char *message, *revision, *build; /* of the job before, which gets them back if the disk refuses the record */
        bool changed;                     /* the module runs another firmware than before */
} Completion;

/* The meaning of a revision that was read. */
typedef enum Finding {
        FINDING_NONE,    /* the revision may be that of an updater or a Mini system */
        FINDING_BEFORE,  /* the revision from before the job, which the updater may report, too */
        FINDING_CHANGED, /* another firmware */
} Finding;

static void completion_free(Completion *c)
{
        if (!c)
                return;
        g_free(c->seen);
        g_free(c->message);
        g_free(c->revision);
        g_free(c->build);
        g_free(c);
}

void manager_watch_free(Watch *w)
{
        completion_free(w->completion);
        clock_timer_free(w->again);
        sd_event_source_disable_unref(w->over);
        g_free(w->seen);
        g_free(w->revision);
        g_free(w->build);
        g_free(w);
}

static Watch *find(Manager *m, const char *place)
{
        for (unsigned i = 0; i < m->watches->len; i++) {
                Watch *w = g_ptr_array_index(m->watches, i);

                if (strcmp(job_place(w->job), place) == 0)
                        return w;
        }
        return NULL;
}

bool manager_is_watched(Manager *m, const char *place)
{
        return find(m, place) != NULL;
}

static void set_power(const Module *module, const char *syspath, const char *value)
{
        int r = power_control_write(syspath, value);

        if (r < 0)
                log_module(LOG_WARNING, module, "power/control cannot be set to %s: %s", value, g_strerror(-r));
}

/* ---- the end of a watch */

/* A later job at the same place puts power/control back at its own end. */
static void hand_power_over(Manager *m, Job *job, Job *later)
{
        if (!*job->power_control_before)
                return;
        job_set_string(&later->power_control_before, job->power_control_before);
        job_set_string(&job->power_control_before, "");
        manager_write_record(m, later, NULL, NULL, NULL);
}

/* Puts power/control back or leaves that to the running job, ends the claim unless another job takes it over, and
 * removes the watch. */
static void close_watch(Watch *w, bool keeps_claim)
{
        Manager *m = w->manager;
        Job *job = w->job;
        Module *module = manager_module_of(m, job);
        const char *syspath = module && module_is_present(module) ? module_syspath(module) : NULL;

        if (module && module_job(module))
                hand_power_over(m, job, module_job(module));
        if (syspath && *job->power_control_before)
                set_power(module, syspath, job->power_control_before);
        g_ptr_array_remove(m->watches, w);
        if (!keeps_claim)
                manager_end_claim(m, job);
        if (module)
                module_set_watched(module, false); /* last: with this ModemManager may have the module again */
}

/* Undoes the completion. Further records have the values from before it. */
static void take_back(Watch *w)
{
        Completion *c = g_steal_pointer(&w->completion);

        if (!c)
                return;
        job_set_string(&w->job->message, c->message);
        job_set_string(&w->job->to_revision, c->revision);
        job_set_string(&w->job->to_build, c->build);
        w->job->watched = true;
        w->job->resolving = false;
        completion_free(c);
}

/* Ends a watch without a revision. why: the end of a line of the log. */
static void give_up(Watch *w, bool keeps_claim, const char *why)
{
        Job *job = w->job;

        take_back(w);

        log_job(LOG_NOTICE, NULL, job, "job %s: the module at %s is no longer watched: %s", job->id, job_place(job),
                why);
        job->watched = false;
        manager_write_record(w->manager, job, NULL, NULL, NULL);
        close_watch(w, keeps_claim);
}

static bool is_at(const Watch *w, const Module *module)
{
        return strcmp(job_place(w->job), module_id(module)) == 0;
}

/* The watched module may be this one: it is at the same place, or was read here, or has the IMEI. */
static bool concerns(const Watch *w, const Module *module)
{
        const char *imei = module_identity(module)->imei;

        return is_at(w, module) || g_strcmp0(w->seen, module_id(module)) == 0 ||
               (identity_is_distinct_imei(imei) && strcmp(w->job->imei, imei) == 0);
}

const Job *manager_watch_of(const Manager *m, const Module *module)
{
        for (unsigned i = 0; i < m->watches->len; i++) {
                const Watch *w = g_ptr_array_index(m->watches, i);

                if (concerns(w, module))
                        return w->job;
        }
        return NULL;
}

void manager_watch_give_way(Manager *m, Module *module)
{
        for (unsigned i = m->watches->len; i-- > 0;) {
                Watch *w = g_ptr_array_index(m->watches, i);

                if (concerns(w, module))
                        give_up(w, is_at(w, module), "another job begins on it");
        }
}

/* The disk has the completed record, or refuses it: then the module is asked again later. */
static void on_completed(Manager *m, Job *job, int result, const char *why, void *userdata)
{
        Watch *w = job ? find(m, job_place(job)) : NULL;
        bool changed;

        (void)userdata;
        if (!w || w->job != job) /* the watch ended meanwhile, and its record came last */
                return;
        if (result < 0) {
                log_job(LOG_WARNING, NULL, job, "job %s cannot be written: %s", job->id, why);
                take_back(w);
                manager_write_record(m, job, NULL, NULL, NULL); /* another record with the revision may be on its way */
                return;
        }
        log_job(LOG_NOTICE, MESSAGE_ID_RESOLVED, job, "job %s on %s: its module is back and runs %s%s", job->id,
                w->completion->seen, job->to_revision, w->completion->changed ? "" : ", as before");
        changed = w->completion->changed;
        job->resolving = false;
        close_watch(w, false);
        m->observer->job_changed(m->userdata, job);
        m->observer->job_resolved(m->userdata, job, changed);
}

/* Completes the record. The bus shows the completed job when the disk has the record. Other records of the job that are
 * written meanwhile are complete, too. */
static void resolve(Watch *w, const Identity *identity, Finding finding)
{
        Job *job = w->job;
        g_autofree char *sentence = g_strdup_printf("The module came back later, and runs %s.", identity->revision);
        Completion *c = g_new0(Completion, 1);

        c->seen = g_strdup(w->seen);
        c->changed = finding == FINDING_CHANGED;
        c->message = g_strdup(job->message);
        c->revision = g_strdup(job->to_revision);
        c->build = g_strdup(job->to_build);
        job_set_string(&job->to_revision, identity->revision);
        job_set_string(&job->to_build, identity->build);
        job_add_to_message(job, sentence);
        job->watched = false;
        job->resolving = true;
        w->completion = c;
        manager_write_record(w->manager, job, on_completed, NULL, NULL);
}

/* ---- the module's revision */

/* The Mini system of a MiniFOTA may report any revision: only the expected one is certain to be the firmware's. */
static Finding interpret(const Job *job, const Identity *identity)
{
        const char *expected = job->options->expected_revision;
        unsigned flash = identity_flash_size(identity->revision), before = identity_flash_size(job->from_revision);

        if (*job->from_revision &&
            identity_same_firmware(job->from_revision, job->from_build, identity->revision, identity->build))
                return job->method == METHOD_MINIFOTA ? FINDING_NONE : FINDING_BEFORE;
        if (expected && (strcmp(expected, identity->revision) == 0 || strcmp(expected, identity->build) == 0))
                return FINDING_CHANGED;
        if (job->method == METHOD_MINIFOTA)
                return FINDING_NONE;
        return flash > 0 && (before == 0 || flash == before) ? FINDING_CHANGED : FINDING_NONE;
}

static void ask_again(Watch *w, uint64_t in)
{
        w->again_in = in;
        clock_timer_set(w->again, clock_now() + in);
}

static void on_again(void *userdata)
{
        Watch *w = userdata;
        Module *module = w->seen ? manager_module_by_id(w->manager, w->seen) : NULL;

        w->again_in = 0;
        if (!module || !module_is_ready(module) || module_job(module))
                return; /* its next enumeration, or the end of that job, goes on */
        ask_again(w, w->manager->config->timeouts.update_idle);
        w->quiet = w->device == module_device(module);
        module_probe(module);
}

static void on_resumed(void *userdata)
{
        Watch *w = userdata;

        if (w->again_in > 0)
                ask_again(w, w->again_in);
}

static const ClockTimerObserver again_observer = { .passed = on_again, .resumed = on_resumed };

/* A revision counts when it was read twice alike, and the revision from before only after update-idle, because an
 * updater may report it. */
static void look_at(Watch *w, Module *module)
{
        const Timeouts *timeouts = &w->manager->config->timeouts;
        const Identity *identity = module_identity(module);
        Finding finding = interpret(w->job, identity);
        bool same_boot = g_strcmp0(w->seen, module_id(module)) == 0 && w->device == module_device(module);
        bool alike = same_boot && g_strcmp0(w->revision, identity->revision) == 0 &&
                     g_strcmp0(w->build, identity->build) == 0;

        if (!*w->job->imei || !*identity->imei) { /* the module may be another one */
                finding = FINDING_NONE;
                alike = false;
        }
        w->quiet = w->quiet && same_boot;
        job_set_string(&w->seen, module_id(module));
        job_set_string(&w->revision, identity->revision);
        job_set_string(&w->build, identity->build);
        w->device = module_device(module);
        if (!w->completion && alike && (finding == FINDING_CHANGED || (finding == FINDING_BEFORE && w->quiet)))
                resolve(w, identity, finding);
        ask_again(w, finding == FINDING_CHANGED ? timeouts->command : timeouts->update_idle);
        if (finding == FINDING_CHANGED && !same_boot)
                module_probe(module); /* the second reading; repeated by the timer if its answer is lost */
}

/* Returns true if the watched module has been away from its place for so long that it does not come back there. Else
 * sets the time when the module that may be the same one is asked. */
static bool stays_away(Watch *w, const Module *module)
{
        const Module *place = manager_module_of(w->manager, w->job);
        uint64_t since = place ? MAX(module_left_at(place), w->began) : w->began;
        uint64_t until = since + w->manager->config->timeouts.restart;

        if (w->job->domain == CODE_DOMAIN_HOST && w->job->code == HOST_MODULE_LOST && since == w->began)
                return true; /* the job has waited for it already */
        if (clock_now() >= until)
                return true;
        job_set_string(&w->seen, module_id(module));
        job_set_string(&w->revision, "");
        ask_again(w, until - clock_now());
        return false;
}

/* The watch of a module that was unplugged and has turned up here. */
static Watch *find_moved(Manager *m, Module *module)
{
        for (unsigned i = 0; i < m->watches->len; i++) {
                Watch *w = g_ptr_array_index(m->watches, i);

                if (manager_is_moved(m, w->job, module))
                        return stays_away(w, module) ? w : NULL;
        }
        return NULL;
}

void manager_watch_read(Manager *m, Module *module)
{
        Watch *w = find(m, module_id(module));
        const char *imei = module_identity(module)->imei;

        if (!module_is_ready(module) || module_job(module))
                return;
        if (w && *imei && *w->job->imei && strcmp(imei, w->job->imei) != 0) {
                give_up(w, false, "another module is there");
                w = NULL;
        }
        if (!w)
                w = find_moved(m, module);
        if (w)
                look_at(w, module);
}

/* ---- the beginning */

static int on_over(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source, (void)usec;
        give_up(userdata, false, "it has not reported a revision in time");
        return 0;
}

/* µs until the watch of a job ends, which may have begun in an earlier daemon. */
static uint64_t remaining(const Manager *m, const Job *job)
{
        uint64_t now = (uint64_t)g_get_real_time(), all = m->config->watch;

        if (now < job->finished) /* the clock was set back */
                return all;
        return now - job->finished < all ? all - (now - job->finished) : 0;
}

void manager_watch_present(Manager *m, Module *module, const char *syspath)
{
        const Watch *w = find(m, module_id(module));

        if (!w)
                return;
        module_set_watched(module, true);
        if (syspath && *w->job->power_control_before)
                set_power(module, syspath, "on");
}

void manager_watch_begin(Manager *m, Job *job)
{
        Watch *earlier = find(m, job_place(job)), *w = g_new0(Watch, 1);
        Module *module = manager_module_of(m, job);

        if (earlier) {
                hand_power_over(m, earlier->job, job);
                give_up(earlier, true, "a later job watches it");
        }
        w->manager = m;
        w->job = job;
        w->began = clock_now();
        w->again = clock_timer_new(&again_observer, w);
        g_ptr_array_add(m->watches, w);
        claims_take(m->claims, job_place(job));
        if (module)
                module_set_watched(module, true);
        if (job_is_uart(job) && (!module || !module_uart(module))) {
                give_up(w, false, "fotad.conf does not name its port");
                return;
        }
        if (sd_event_add_time_relative(m->event, &w->over, CLOCK_BOOTTIME, remaining(m, job), 0, on_over, w) < 0)
                log_job(LOG_ERR, NULL, job, "job %s: no timer", job->id);
}
