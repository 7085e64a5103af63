/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Follows one job: receives its signals, keeps a copy of its properties, prints changes, and returns the exit status at
 * the end. The properties are read by asynchronous calls, so replies and signals are handled in the order in which the
 * daemon sent them, and an old signal cannot overwrite a newer reply. Never changes the job; leaving does not affect
 * the upgrade. */

#include "config.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "bus.h"
#include "follow.h"
#include "message.h"
#include "names.h"
#include "objects.h"
#include "progress.h"
#include "report.h"
#include "show.h"
#include "text.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_event, sd_event_unref)

struct Follow {
        Ctl *ctl;
        sd_event *event;
        sd_bus_slot *signals, *owner, *disconnected, *read;
        sd_event_source *tick, *again, *timeout;
        char *path;
        char *daemon; /* the unique name that replied: signals from other senders are ignored */
        Props *job;   /* NULL until the first reply, which includes all signals before it */
        bool gone;    /* the daemon is off the bus */
        bool over;    /* the job has ended; its last properties are being read */
        Progress *progress;
        char *line; /* the last JSON line */
};

static char *timeout_option, *until_option;
static guint64 timeout_sec; /* 0 none */
static bool until_stalled;

const GOptionEntry follow_options[] = {
        { "timeout", 0, 0, G_OPTION_ARG_STRING, &timeout_option, N_("End after that time, with status 7"),
          N_("SECONDS") },
        { "until", 0, 0, G_OPTION_ARG_STRING, &until_option, N_("finished, or stalled: end at a stall, with 8"),
          N_("STATE") },
        { NULL },
};

bool follow_options_given(void)
{
        return timeout_option || until_option;
}

int follow_options_check(Ctl *ctl)
{
        if (timeout_option && !g_ascii_string_to_unsigned(timeout_option, 10, 1, INT_MAX, &timeout_sec, NULL))
                return fail_usage(ctl, _("--timeout takes a number of seconds, from 1 on"));
        until_stalled = g_strcmp0(until_option, "stalled") == 0;
        if (until_option && !until_stalled && strcmp(until_option, "finished") != 0)
                return fail_usage(ctl, _("--until takes finished or stalled"));
        return STATUS_DONE;
}

void follow_free(Follow *f)
{
        if (!f)
                return;
        sd_event_source_disable_unref(f->tick);
        sd_event_source_disable_unref(f->again);
        sd_event_source_disable_unref(f->timeout);
        sd_bus_slot_unref(f->signals);
        sd_bus_slot_unref(f->owner);
        sd_bus_slot_unref(f->disconnected);
        sd_bus_slot_unref(f->read);
        sd_bus_detach_event(f->ctl->bus);
        sd_event_unref(f->event);
        progress_free(f->progress);
        g_free(f->daemon);
        props_free(f->job);
        g_free(f->path);
        g_free(f->line);
        g_free(f);
}

/* Prints {"event": ..., "job": {...}, "time": ...}, unless all but the time equals the line before it. */
static void write_event(Follow *f, const char *event)
{
        g_autoptr(Json) json = json_new();

        json_begin_event(json, event);
        if (f->job) {
                write_object(json, "job", &(Object){ f->path, f->job });
        } else {
                json_begin(json, "job", '{');
                json_string(json, "path", f->path);
                json_end(json, '}');
        }
        if (g_strcmp0(f->line, json_text(json)) == 0)
                return;
        g_free(f->line);
        f->line = g_strdup(json_text(json));
        json_end_event(json);
        json_print(json);
}

static void tell(Follow *f, const char *event, const char *note)
{
        tell_status(f->ctl, note);
        if (f->ctl->json)
                write_event(f, event);
        else
                progress_note(f->progress, note);
}

/* Leaves the loop while the job goes on. */
static int leave(Follow *f, int status, const char *event, const char *sentence)
{
        g_autofree char *id = bus_path_id(f->path), *clean = text_clean(id);
        g_autofree char *note = g_strdup_printf(_("%s To come back: fotactl watch %s"), sentence, clean);

        if (f->over) /* the result is at hand, and nothing goes on */
                return 0;
        tell(f, event, note);
        return sd_event_exit(f->event, status);
}

/* Prints the state, and leaves a stalled job if --until asks for that. */
static int show_progress(Follow *f)
{
        bool stalled = strcmp(props_string(f->job, "State"), "stalled") == 0;
        g_autofree char *progress = job_progress(f->job), *message = message_words(f->job);
        g_autofree char *status = g_strdup_printf(_("job %s: %s"), props_text(f->job, "Id"), progress);
        g_autofree char *reason = stalled ? text_pair(status, message) : NULL;

        tell_status(f->ctl, reason ?: status);
        if (f->ctl->json)
                write_event(f, "progress");
        else
                progress_update(f->progress, f->job);
        return stalled && until_stalled ? leave(f, STATUS_STALLED, "stalled", _("The upgrade is stalled.")) : 0;
}

static void show_end(Follow *f, int status)
{
        g_autofree char *revisions = job_revisions(f->job), *error = job_error(f->job);
        g_autofree char *message = message_words(f->job), *line = NULL;
        const char *head, *detail = "";

        if (f->ctl->json) {
                write_event(f, "result");
                return;
        }
        progress_clear(f->progress);
        if (f->ctl->notify)
                return;
        head = status == STATUS_DONE        ? _("The upgrade succeeded")
               : status == STATUS_CANCELLED ? _("The upgrade was cancelled")
                                            : _("The upgrade failed");
        if (status == STATUS_DONE)
                detail = revisions;
        else if (status == STATUS_FAILED)
                detail = error;
        line = *detail ? text_pair(head, detail) : g_strdup(head);
        text_say(job_colour(f->job), "%s", line);
        if (*message)
                text_wrap(message, 0);
}

/* The job has ended: prints its result and leaves the loop with the exit status. */
static int end(Follow *f)
{
        const char *result = props_string(f->job, "Result");
        int status = strcmp(result, "success") == 0     ? STATUS_DONE
                     : strcmp(result, "cancelled") == 0 ? STATUS_CANCELLED
                                                        : STATUS_FAILED;

        show_end(f, status);
        return sd_event_exit(f->event, status);
}

static int read_job(Follow *f);

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
        Follow *f = userdata;

        (void)source, (void)usec;
        return f->gone ? 0 : read_job(f);
}

static int mark_gone(Follow *f)
{
        if (!f->gone)
                tell(f, "daemon-gone", _("fotad is restarting; the upgrade goes on in the module. Waiting for fotad."));
        f->gone = true;
        return 0;
}

/* The daemon vanished before it replied. If the bus has not announced that yet, the job is read again a second
 * later. */
static int on_absent(Follow *f, const sd_bus_error *error)
{
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                return mark_gone(f);
        f->again = sd_event_source_disable_unref(f->again);
        return sd_event_add_time_relative(f->event, &f->again, CLOCK_BOOTTIME, G_USEC_PER_SEC, 0, on_again, f);
}

static int on_error(Follow *f, const sd_bus_error *error)
{
        if (f->over)
                return end(f);
        if (error_means_absent(error))
                return on_absent(f, error);
        if (!f->ctl->json)
                progress_clear(f->progress);
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_OBJECT) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_INTERFACE) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_METHOD))
                return sd_event_exit(f->event, fail(f->ctl, STATUS_REFUSED, FOTAD_ERROR_NO_SUCH_JOB,
                                                    _("fotad no longer knows the job %s"), f->path));
        return sd_event_exit(f->event, fail_bus(f->ctl, error, -EIO));
}

static int on_job(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        g_autoptr(Props) job = props_new();
        Follow *f = userdata;
        bool first;
        int r;

        (void)ret_error;
        f->read = sd_bus_slot_unref(f->read);
        if (sd_bus_message_is_method_error(reply, NULL))
                return on_error(f, sd_bus_message_get_error(reply));
        r = props_read(job, reply);
        if (r < 0)
                return sd_event_exit(f->event, fail_bus(f->ctl, NULL, r));
        g_free(f->daemon);
        f->daemon = g_strdup(sd_bus_message_get_sender(reply));
        first = !f->job;
        props_free(f->job);
        f->job = g_steal_pointer(&job);
        f->over = job_is_finished(f->job);
        if (f->over)
                return end(f);
        if (first && !f->ctl->json && progress_is_live(f->progress))
                progress_note(f->progress, _("Ctrl-C only detaches: the upgrade goes on."));
        return show_progress(f);
}

/* Reads the job's properties. Does not start the daemon: that is left to its service manager. */
static int read_job(Follow *f)
{
        g_autoptr(sd_bus_message) call = NULL;
        int r;

        f->read = sd_bus_slot_unref(f->read);
        r = sd_bus_message_new_method_call(f->ctl->bus, &call, FOTAD_BUS_NAME, f->path,
                                           "org.freedesktop.DBus.Properties", "GetAll");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", FOTAD_JOB_INTERFACE);
        if (r >= 0)
                r = sd_bus_message_set_auto_start(call, 0);
        if (r >= 0)
                r = sd_bus_call_async(f->ctl->bus, &f->read, call, on_job, f, 0);
        return r < 0 ? sd_event_exit(f->event, fail_bus(f->ctl, NULL, r)) : 0;
}

static int take_progress(Follow *f, sd_bus_message *m)
{
        const char *state;
        uint32_t percent;
        int r;

        r = sd_bus_message_read(m, "su", &state, &percent);
        if (r < 0)
                return r;
        props_set_string(f->job, "State", state);
        props_set_number(f->job, "Percent", SD_BUS_TYPE_UINT32, percent);
        return 0;
}

static int take_result(Follow *f, sd_bus_message *m)
{
        const char *result, *domain, *message;
        int32_t code;
        int r;

        r = sd_bus_message_read(m, "ssis", &result, &domain, &code, &message);
        if (r < 0)
                return r;
        props_set_string(f->job, "State", "finished");
        props_set_string(f->job, "Result", result);
        props_set_string(f->job, "ErrorDomain", domain);
        props_set_number(f->job, "ErrorCode", SD_BUS_TYPE_INT32, code);
        props_set_string(f->job, "Message", message);
        return 0;
}

static int take_changes(Follow *f, sd_bus_message *m)
{
        const char *interface;
        int r;

        r = sd_bus_message_read_basic(m, SD_BUS_TYPE_STRING, &interface);
        if (r < 0 || strcmp(interface, FOTAD_JOB_INTERFACE) != 0)
                return r;
        r = props_read(f->job, m);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(m, SD_BUS_TYPE_ARRAY, "s");
        if (r < 0)
                return r;
        /* The names of properties that changed, sent without their values: read them. */
        return sd_bus_message_at_end(m, 0) ? 0 : read_job(f);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Follow *f = userdata;

        (void)ret_error;
        if (!f->job || f->over || g_strcmp0(sd_bus_message_get_path(m), f->path) != 0 ||
            g_strcmp0(sd_bus_message_get_sender(m), f->daemon) != 0)
                return 0;
        if (sd_bus_message_is_signal(m, FOTAD_JOB_INTERFACE, "Progress"))
                take_progress(f, m);
        else if (sd_bus_message_is_signal(m, FOTAD_JOB_INTERFACE, "Result"))
                take_result(f, m);
        else if (sd_bus_message_is_signal(m, "org.freedesktop.DBus.Properties", "PropertiesChanged"))
                take_changes(f, m);

        f->over = job_is_finished(f->job);
        if (f->over)
                return read_job(f);
        return show_progress(f);
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        const char *name, *old_owner, *new_owner;
        Follow *f = userdata;

        (void)ret_error;
        /* Any bus client can send a signal to us directly. */
        if (g_strcmp0(sd_bus_message_get_sender(m), "org.freedesktop.DBus") != 0)
                return 0;
        if (!f->path || sd_bus_message_read(m, "sss", &name, &old_owner, &new_owner) < 0)
                return 0;
        if (!*new_owner)
                return mark_gone(f);
        if (f->gone)
                tell(f, "daemon-back", _("fotad is running again."));
        f->gone = false;
        return read_job(f);
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Follow *f = userdata;

        (void)m, (void)ret_error;
        if (!f->path) /* nothing is followed yet: the call that finds the connection lost reports it */
                return 0;
        if (!f->ctl->json)
                progress_clear(f->progress);
        return sd_event_exit(f->event, fail(f->ctl, STATUS_NO_DAEMON, ERROR_NO_DAEMON,
                                            _("the connection to the system bus is lost; the upgrade goes on")));
}

static int on_leave(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        (void)source, (void)info;
        return leave(userdata, STATUS_DETACHED, "detached", _("Detached; the upgrade goes on."));
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source, (void)usec;
        return leave(userdata, STATUS_TIMED_OUT, "timed-out", _("The time-out is over; the upgrade goes on."));
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
        Follow *f = userdata;

        (void)usec;
        if (f->job && !f->gone && !f->over)
                progress_tick(f->progress, f->job);
        sd_event_source_set_time_relative(source, G_USEC_PER_SEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int follow_new(Ctl *ctl, Follow **ret)
{
        g_autoptr(Follow) f = NULL;
        int status = bus_connect(ctl), r;

        if (status != STATUS_DONE)
                return status;
        f = g_new0(Follow, 1);
        f->ctl = ctl;
        f->progress = progress_new();
        r = sd_event_new(&f->event);
        if (r >= 0)
                r = sd_bus_add_match(ctl->bus, &f->signals,
                                     "type='signal',sender='" FOTAD_BUS_NAME "',path_namespace='" FOTAD_PATH "'",
                                     on_signal, f);
        if (r >= 0)
                r = sd_bus_add_match(ctl->bus, &f->owner,
                                     "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
                                     "member='NameOwnerChanged',arg0='" FOTAD_BUS_NAME "'",
                                     on_owner, f);
        if (r >= 0)
                r = sd_bus_match_signal(ctl->bus, &f->disconnected, "org.freedesktop.DBus.Local", NULL,
                                        "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, f);
        if (r < 0)
                return fail_bus(ctl, NULL, r);
        *ret = g_steal_pointer(&f);
        return STATUS_DONE;
}

int follow_run(Follow *f, const char *path)
{
        sigset_t leave;
        int r;

        f->path = g_strdup(path);
        sigemptyset(&leave);
        sigaddset(&leave, SIGINT);
        sigaddset(&leave, SIGTERM);
        sigprocmask(SIG_BLOCK, &leave, NULL);

        r = sd_bus_attach_event(f->ctl->bus, f->event, 0);
        if (r >= 0)
                r = sd_event_add_signal(f->event, NULL, SIGINT, on_leave, f);
        if (r >= 0)
                r = sd_event_add_signal(f->event, NULL, SIGTERM, on_leave, f);
        if (r >= 0 && !f->ctl->json && progress_is_live(f->progress))
                r = sd_event_add_time_relative(f->event, &f->tick, CLOCK_BOOTTIME, G_USEC_PER_SEC, 0, on_tick, f);
        if (r >= 0 && timeout_sec > 0)
                r = sd_event_add_time_relative(f->event, &f->timeout, CLOCK_BOOTTIME, timeout_sec * G_USEC_PER_SEC, 0,
                                               on_timeout, f);
        if (r < 0)
                return fail_bus(f->ctl, NULL, r);
        read_job(f);
        r = sd_event_loop(f->event);
        return r < 0 ? fail_bus(f->ctl, NULL, r) : r;
}

const Props *follow_job(const Follow *f)
{
        return f->job;
}
