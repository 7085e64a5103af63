/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl monitor: prints a line for each event of all modules and jobs, until a signal ends the program or the bus is
 * lost. Reads only. */

#include "config.h"

#include <string.h>

#include "bus.h"
#include "message.h"
#include "names.h"
#include "objects.h"
#include "report.h"
#include "show.h"
#include "text.h"

typedef struct Monitor {
        Ctl *ctl;
        char *daemon; /* the unique name of the daemon, NULL while it is off the bus */
} Monitor;

/* Prints an event, in JSON with object, else as text. key is "module" or "job"; object may be NULL. */
static void print_line(const Monitor *m, const char *event, const char *key, const Object *object, const char *text)
{
        g_autoptr(GDateTime) now = g_date_time_new_now_local();
        g_autofree char *time = g_date_time_format(now, "%F %T"), *id = object ? bus_path_id(object->path) : NULL;
        g_autofree char *clean = text_clean(id), *name = g_strdup_printf("%s %s", key ?: "", clean);
        g_autofree char *line = object ? text_pair(name, text) : g_strdup(text);
        g_autoptr(Json) json = json_new();

        if (!m->ctl->json) {
                g_print("%s  %s\n", time, line);
                return;
        }
        json_begin(json, NULL, '{');
        json_signed(json, "time", g_get_real_time());
        json_string(json, "event", event);
        if (object)
                write_object(json, key, object);
        json_end(json, '}');
        json_print(json);
}

static void print_module(const Monitor *m, const char *event, const Object *module)
{
        const Props *p = module->props;
        const char *model = props_text(p, "Model");
        g_autofree char *problem = sentence_words(props_string(p, "Problem"));
        /* Neither is known until the module has answered. */
        g_autofree char *known = *model ? g_strdup_printf("%s %s, ", model, props_text(p, "Revision")) : g_strdup("");
        g_autofree char *here = g_strconcat(known, props_number(p, "Present") ? _("present") : _("absent"), NULL);
        g_autofree char *text = *problem ? text_pair(here, problem) : g_strdup(here);

        print_line(m, event, "module", module, text);
}

static void print_job(const Monitor *m, const char *event, const Object *job)
{
        g_autofree char *module = bus_path_id(props_string(job->props, "Module")), *clean = text_clean(module);
        g_autofree char *progress = job_progress(job->props);
        g_autofree char *text = g_strdup_printf("%s, %s, %s", clean, props_text(job->props, "Source"), progress);

        print_line(m, event, "job", job, text);
}

/* Prints all modules and the jobs under way, as they are now, and learns the daemon's name. */
static int print_all(Monitor *m)
{
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        g_autoptr(Objects) objects = NULL;
        int status = objects_new_call(m->ctl, &call);

        if (status == STATUS_DONE)
                status = bus_call(m->ctl, call, &reply);
        if (status == STATUS_DONE)
                status = objects_read_reply(m->ctl, reply, &objects);
        if (status != STATUS_DONE)
                return status;
        g_free(m->daemon);
        m->daemon = g_strdup(sd_bus_message_get_sender(reply));
        for (unsigned i = 0; i < objects->modules->len; i++)
                print_module(m, "present", g_ptr_array_index(objects->modules, i));
        for (unsigned i = 0; i < objects->jobs->len; i++) {
                const Object *job = g_ptr_array_index(objects->jobs, i);

                if (!job_is_finished(job->props))
                        print_job(m, "present", job);
        }
        return STATUS_DONE;
}

static void on_added(const Monitor *m, sd_bus_message *message)
{
        g_autoptr(Objects) objects = NULL;

        if (objects_read_added(message, &objects) < 0)
                return;
        for (unsigned i = 0; i < objects->modules->len; i++)
                print_module(m, "added", g_ptr_array_index(objects->modules, i));
        for (unsigned i = 0; i < objects->jobs->len; i++)
                print_job(m, "added", g_ptr_array_index(objects->jobs, i));
}

static void on_removed(const Monitor *m, sd_bus_message *message)
{
        g_autoptr(Props) none = props_new();
        const char *path, *interface;
        int r = sd_bus_message_read(message, "o", &path);

        if (r >= 0)
                r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "s");
        while (r >= 0 && (r = sd_bus_message_read(message, "s", &interface)) > 0)
                if (strcmp(interface, FOTAD_MODULE_INTERFACE) == 0 || strcmp(interface, FOTAD_JOB_INTERFACE) == 0)
                        print_line(m, "removed", strcmp(interface, FOTAD_JOB_INTERFACE) == 0 ? "job" : "module",
                                   &(Object){ (char *)path, none }, _("removed"));
}

/* Translates the sentences among the properties. */
static void translate(Props *props)
{
        g_autofree char *problem = sentence_words(props_string(props, "Problem")), *message = message_words(props);

        if (*problem)
                props_set_string(props, "Problem", problem);
        if (*message)
                props_set_string(props, "Message", message);
}

/* The progress of a job is left to the signal Progress, except in JSON. */
static void on_changed(const Monitor *m, sd_bus_message *message)
{
        static const char *const left[] = { "State", "Percent", NULL };
        g_autoptr(Props) props = props_new();
        g_autofree char *text = NULL;
        const char *interface;
        bool job;

        if (sd_bus_message_read(message, "s", &interface) < 0 || props_read(props, message) < 0)
                return;
        job = strcmp(interface, FOTAD_JOB_INTERFACE) == 0;
        if (!job && strcmp(interface, FOTAD_MODULE_INTERFACE) != 0)
                return;
        if (!m->ctl->json)
                translate(props);
        text = props_describe(props, ", ", job ? left : NULL);
        if (m->ctl->json || *text)
                print_line(m, "changed", job ? "job" : "module",
                           &(Object){ (char *)sd_bus_message_get_path(message), props }, text);
}

static void on_progress(const Monitor *m, sd_bus_message *message)
{
        g_autoptr(Props) props = props_new();
        g_autofree char *text = NULL;
        const char *state;
        uint32_t percent;

        if (sd_bus_message_read(message, "su", &state, &percent) < 0)
                return;
        props_set_string(props, "State", state);
        props_set_number(props, "Percent", SD_BUS_TYPE_UINT32, percent);
        text = job_progress(props);
        print_line(m, "progress", "job", &(Object){ (char *)sd_bus_message_get_path(message), props }, text);
}

static void on_result(const Monitor *m, sd_bus_message *message)
{
        const char *result, *domain, *said;
        g_autoptr(Props) props = props_new();
        g_autofree char *text = NULL, *words = NULL;
        int32_t code;

        if (sd_bus_message_read(message, "ssis", &result, &domain, &code, &said) < 0)
                return;
        props_set_string(props, "Result", result);
        props_set_string(props, "ErrorDomain", domain);
        props_set_number(props, "ErrorCode", SD_BUS_TYPE_INT32, code);
        props_set_string(props, "Message", said);
        words = message_words(props);
        text = text_pair(result_word(props), words);
        print_line(m, "result", "job", &(Object){ (char *)sd_bus_message_get_path(message), props }, text);
}

static const struct {
        const char *interface, *member;
        void (*print)(const Monitor *m, sd_bus_message *message);
} events[] = {
        { "org.freedesktop.DBus.ObjectManager", "InterfacesAdded", on_added },
        { "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved", on_removed },
        { "org.freedesktop.DBus.Properties", "PropertiesChanged", on_changed },
        { FOTAD_JOB_INTERFACE, "Progress", on_progress },
        { FOTAD_JOB_INTERFACE, "Result", on_result },
};

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        const Monitor *m = userdata;

        (void)ret_error;
        if (g_strcmp0(sd_bus_message_get_sender(message), m->daemon) != 0)
                return 0;
        for (size_t i = 0; i < G_N_ELEMENTS(events); i++)
                if (sd_bus_message_is_signal(message, events[i].interface, events[i].member))
                        events[i].print(m, message);
        return 0;
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        const char *name, *old_owner, *new_owner;
        Monitor *m = userdata;

        (void)ret_error;
        if (g_strcmp0(sd_bus_message_get_sender(message), "org.freedesktop.DBus") != 0 ||
            sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner) < 0)
                return 0;
        g_clear_pointer(&m->daemon, g_free);
        print_line(m, *new_owner ? "daemon-back" : "daemon-gone", NULL, NULL,
                   *new_owner ? _("fotad is running again.") : _("fotad has stopped or is restarting."));
        if (*new_owner)
                print_all(m); /* a daemon that leaves again is reported by the next signal */
        return 0;
}

static int subscribe(Monitor *m)
{
        sd_bus *bus = m->ctl->bus;
        int r = sd_bus_add_match(bus, NULL, "type='signal',sender='" FOTAD_BUS_NAME "',path_namespace='" FOTAD_PATH "'",
                                 on_signal, m);

        if (r >= 0)
                r = sd_bus_add_match(bus, NULL,
                                     "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
                                     "member='NameOwnerChanged',arg0='" FOTAD_BUS_NAME "'",
                                     on_owner, m);
        return r < 0 ? fail_bus(m->ctl, NULL, r) : STATUS_DONE;
}

static int run(Ctl *ctl, char **args)
{
        Monitor m = { .ctl = ctl };
        int status, r = 0;

        (void)args;
        status = bus_connect(ctl);
        if (status == STATUS_DONE)
                status = subscribe(&m);
        if (status == STATUS_DONE)
                status = print_all(&m);
        while (status == STATUS_DONE && r >= 0) {
                r = sd_bus_process(ctl->bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(ctl->bus, UINT64_MAX);
        }
        g_free(m.daemon);
        return status == STATUS_DONE ? fail_bus(ctl, NULL, r) : status;
}

const Verb verb_monitor = {
        .name = "monitor",
        .args = "",
        .summary = N_("every event of all modules and upgrades, a line each"),
        .description = N_("Begins with what is there, and goes on until Ctrl-C. With --json each line is an\n"
                          "object with the time in microseconds since the epoch."),
        .run = run,
};
