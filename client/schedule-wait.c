/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Waits for the module of a scheduled upgrade: after the gateway has booted, the module may appear later than the timer
 * runs, or another program may use its port for a while. Decides nothing about the upgrade; schedule-run does. */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <systemd/sd-event.h>

#include "bus.h"
#include "json.h"
#include "message.h"
#include "names.h"
#include "objects.h"
#include "report.h"
#include "schedule-wait.h"

/* Interval of the probes of a module that is present but has not reported its revision. */
#define ASK_INTERVAL (10 * G_USEC_PER_SEC)

typedef struct Wait {
        Ctl *ctl;
        const Schedule *schedule;
        Objects *objects; /* as last read */
        sd_event *event;
        sd_bus_slot *filter;
        sd_bus_message *reply; /* to the last call; NULL if there is none yet */
        bool news;             /* a message has come from the daemon since the objects were read */
        int signal;            /* the signal that ended the wait; 0: none */
        sigset_t mask;         /* signal mask before the wait */
} Wait;

static void wait_clear(Wait *w)
{
        objects_free(w->objects);
        sd_bus_slot_unref(w->filter);
        sd_bus_message_unref(w->reply);
        sd_bus_detach_event(w->ctl->bus);
        sd_event_unref(w->event);
        sigprocmask(SIG_SETMASK, &w->mask, NULL);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wait, wait_clear)

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Wait *w = userdata;

        (void)m, (void)ret_error;
        w->news = true;
        return 0;
}

/* Returns 1, so that on_message() does not see the reply. */
static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        Wait *w = userdata;

        (void)ret_error;
        w->reply = sd_bus_message_ref(reply);
        return 1;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        Wait *w = userdata;

        (void)source;
        w->signal = (int)info->ssi_signo;
        return 0;
}

static int open_wait(Wait *w)
{
        sigset_t leave;
        int r;

        sigemptyset(&leave);
        sigaddset(&leave, SIGINT);
        sigaddset(&leave, SIGTERM);
        sigprocmask(SIG_BLOCK, &leave, &w->mask);

        r = sd_event_new(&w->event);
        if (r >= 0)
                r = sd_bus_attach_event(w->ctl->bus, w->event, 0);
        if (r >= 0)
                r = sd_bus_add_filter(w->ctl->bus, &w->filter, on_message, w);
        if (r >= 0)
                r = sd_event_add_signal(w->event, NULL, SIGINT, on_signal, w);
        if (r >= 0)
                r = sd_event_add_signal(w->event, NULL, SIGTERM, on_signal, w);
        return r < 0 ? fail_bus(w->ctl, NULL, r) : STATUS_DONE;
}

/* A signal ended the wait. All exit statuses say something about an upgrade, so the signal ends the program. */
static int leave(const Wait *w)
{
        const char *text = _("stopped by a signal; no upgrade was begun");
        sigset_t set;

        tell_status(w->ctl, text);
        if (w->ctl->json) {
                g_autoptr(Json) json = json_new();

                json_begin_event(json, "detached");
                json_end_event(json);
                json_print(json);
        } else {
                g_printerr("fotactl: %s: %s\n", w->schedule->name, text);
        }
        signal(w->signal, SIG_DFL);
        sigemptyset(&set);
        sigaddset(&set, w->signal);
        sigprocmask(SIG_UNBLOCK, &set, NULL);
        raise(w->signal);
        return 128 + w->signal; /* as in a shell: process 1 of a container survives the signal */
}

/* Sends a call and waits for its reply or for a signal. */
static int talk(Wait *w, sd_bus_message *call, uint64_t timeout)
{
        g_autoptr(sd_bus_slot) slot = NULL;
        int r;

        w->reply = sd_bus_message_unref(w->reply);
        r = sd_bus_call_async(w->ctl->bus, &slot, call, on_reply, w, timeout);
        while (r >= 0 && !w->reply && !w->signal)
                r = sd_event_run(w->event, UINT64_MAX);
        if (w->signal)
                return leave(w);
        return r < 0 ? fail_bus(w->ctl, NULL, r) : STATUS_DONE;
}

static int read_objects(Wait *w)
{
        g_autoptr(sd_bus_message) call = NULL;
        int status;

        w->news = false;
        g_clear_pointer(&w->objects, objects_free);
        status = objects_new_call(w->ctl, &call);
        if (status == STATUS_DONE)
                status = talk(w, call, BUS_CALL_TIMEOUT);
        if (status != STATUS_DONE)
                return status;
        if (sd_bus_message_is_method_error(w->reply, NULL))
                return fail_bus(w->ctl, sd_bus_message_get_error(w->reply), -EIO);
        return objects_read_reply(w->ctl, w->reply, &w->objects);
}

static bool is_meant(const Wait *w, const Object *module)
{
        return (!*w->schedule->module || module_is_called(module, w->schedule->module)) &&
               (props_number(module->props, "Present") ||
                objects_at(w->objects->jobs, props_string(module->props, "Job")));
}

/* True if the module has reported its revision or is held by a job. */
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

/* The module if it is present but has reported nothing (Problem tells why); NULL if there is none. */
static const Object *find_mute(const Wait *w)
{
        for (guint i = 0; i < w->objects->modules->len; i++) {
                const Object *module = g_ptr_array_index(w->objects->modules, i);

                if (is_meant(w, module) && *props_string(module->props, "Problem"))
                        return module;
        }
        return NULL;
}

/* Probes the module, because the daemon's own questions to a module that does not answer become rare. The result is
 * read with the objects. */
static int ask(Wait *w, const Object *module, gint64 left)
{
        g_autoptr(sd_bus_message) call = NULL;
        int status = bus_new_call(w->ctl, module->path, FOTAD_MODULE_INTERFACE, "Probe", &call);

        return status == STATUS_DONE ? talk(w, call, (uint64_t)left) : status;
}

static void tell_waiting(const Wait *w, const Object *mute)
{
        g_autofree char *problem = mute ? sentence_words(props_string(mute->props, "Problem")) : NULL;
        g_autofree char *text = mute ? g_strdup_printf(_("waiting for the module: %s"), problem)
                                     : g_strdup(_("waiting for the module"));

        tell_status(w->ctl, text);
}

/* Waits for a message from the daemon, until that time at most. */
static int await_news(Wait *w, gint64 until)
{
        gint64 now;
        int r = 0;

        while (r >= 0 && !w->news && !w->signal && (now = g_get_monotonic_time()) < until)
                r = sd_event_run(w->event, (uint64_t)(until - now));
        if (w->signal)
                return leave(w);
        return r < 0 ? fail_bus(w->ctl, NULL, r) : STATUS_DONE;
}

/* The bus is listened to already (follow_new()), so any message of the daemon ends a wait. If the time is over, the
 * caller finds the reason. */
int schedule_await_module(Ctl *ctl, const Schedule *s, unsigned patience)
{
        g_auto(Wait) w = { .ctl = ctl, .schedule = s };
        gint64 now = g_get_monotonic_time(), end = now + patience * G_USEC_PER_SEC, ask_at = now;
        int status = open_wait(&w);

        while (status == STATUS_DONE) {
                const Object *mute;

                status = read_objects(&w);
                now = g_get_monotonic_time();
                if (status != STATUS_DONE || now >= end || is_there(&w))
                        break;
                mute = find_mute(&w);
                tell_waiting(&w, mute);
                if (mute && now >= ask_at) {
                        status = ask(&w, mute, end - now);
                        ask_at = g_get_monotonic_time() + ASK_INTERVAL;
                } else {
                        status = await_news(&w, mute ? MIN(end, ask_at) : end);
                }
        }
        return status;
}
