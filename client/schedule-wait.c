/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A scheduled upgrade's module is waited for: after the gateway's start it may show later than the timer runs, or its
 * port may be somebody else's for a while. Decides nothing: what is to be done with the module, or said of its absence,
 * is the run's. */

#include "config.h"

#include <errno.h>

#include "bus.h"
#include "names.h"
#include "objects.h"
#include "report.h"
#include "schedule-wait.h"

/* How often a module that is there but tells nothing is asked. */
#define ASK_INTERVAL (10 * G_USEC_PER_SEC)

typedef struct Wait {
        Ctl *ctl;
        const Schedule *schedule;
        Objects *objects; /* as read last */
} Wait;

static void wait_clear(Wait *w)
{
        objects_free(w->objects);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wait, wait_clear)

static bool is_meant(const Wait *w, const Object *module)
{
        return (!*w->schedule->module || module_is_called(module, w->schedule->module)) &&
               (props_number(module->props, "Present") ||
                objects_at(w->objects->jobs, props_string(module->props, "Job")));
}

/* Whether the wait is over: for a module that has told its revision, or one that a job holds. */
static bool is_there(const Wait *w)
{
        for (guint i = 0; i < w->objects->modules->len; i++) {
                const Object *module = g_ptr_array_index(w->objects->modules, i);

                if (is_meant(w, module) && (*props_string(module->props, "Revision") ||
                                            objects_at(w->objects->jobs, props_string(module->props, "Job"))))
                        return true;
        }
        return false;
}

/* One that is there and has told nothing, for the reason in Problem; NULL if there is none. */
static const Object *find_mute(const Wait *w)
{
        for (guint i = 0; i < w->objects->modules->len; i++) {
                const Object *module = g_ptr_array_index(w->objects->modules, i);

                if (is_meant(w, module) && *props_string(module->props, "Problem"))
                        return module;
        }
        return NULL;
}

/* Whoever held its port may be gone, which nobody tells the daemon. What the module answers is read with the objects.
 */
static void ask(Wait *w, const Object *module, gint64 left)
{
        g_autoptr(sd_bus_message) call = NULL;

        if (bus_new_call(w->ctl, module->path, FOTAD_MODULE_INTERFACE, "Probe", &call) == STATUS_DONE)
                sd_bus_call(w->ctl->bus, call, (uint64_t)left, NULL, NULL);
}

static void tell_waiting(const Wait *w, const Object *mute)
{
        g_autofree char *text = mute ? g_strdup_printf(_("waiting for the module: %s"),
                                                       props_text(mute->props, "Problem"))
                                     : g_strdup(_("waiting for the module"));

        tell_status(w->ctl, text);
}

/* Returns when the daemon has said something, or at the end. What has come already, while the objects were read, may
 * be what is waited for: they are to be read again, and nothing is slept over. */
static int await_news(Wait *w, gint64 left)
{
        bool any = false;
        int r;

        while ((r = sd_bus_process(w->ctl->bus, NULL)) > 0)
                any = true;
        if (r >= 0 && !any)
                r = sd_bus_wait(w->ctl->bus, (uint64_t)left);
        return r < 0 && r != -EINTR ? fail_bus(w->ctl, NULL, r) : STATUS_DONE;
}

/* After the gateway has started a module takes a while to show. The bus listens already (follow_new()), so whatever
 * the daemon says of its modules ends a wait here. If time is over, what follows finds the words for it. */
int schedule_await_module(Ctl *ctl, const Schedule *s, unsigned patience)
{
        g_auto(Wait) w = { .ctl = ctl, .schedule = s };
        gint64 now = g_get_monotonic_time(), end = now + patience * G_USEC_PER_SEC, ask_at = now;
        const Object *mute;
        int status;

        for (;;) {
                g_clear_pointer(&w.objects, objects_free);
                status = objects_read(w.ctl, &w.objects);
                now = g_get_monotonic_time();
                if (status != STATUS_DONE || now >= end || is_there(&w))
                        return status;
                mute = find_mute(&w);
                tell_waiting(&w, mute);
                if (mute && now >= ask_at) {
                        ask(&w, mute, end - now);
                        ask_at = g_get_monotonic_time() + ASK_INTERVAL;
                        continue;
                }
                status = await_news(&w, (mute ? MIN(end, ask_at) : end) - now);
                if (status != STATUS_DONE)
                        return status;
        }
}
