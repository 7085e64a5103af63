/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl schedule: the upgrades that timers start. list and verify work without a daemon, show asks the daemon for the
 * module, and run is called by fotad-upgrade@.service. */

#include "config.h"

#include <string.h>

#include "bus.h"
#include "credentials.h"
#include "placeholder.h"
#include "report.h"
#include "schedule.h"
#include "schedule-run.h"
#include "show.h"
#include "table.h"
#include "text.h"
#include "units.h"
#include "url.h"

static char *directory, *request_id;
static int patience;

static const GOptionEntry entries[] = {
        { "directory", 0, 0, G_OPTION_ARG_FILENAME, &directory,
          N_("Where the files are, instead of the configured folder"), N_("DIR") },
        { "patience", 0, 0, G_OPTION_ARG_INT, &patience, N_("How long run waits for a module that is not there yet"),
          N_("SECONDS") },
        { "request-id", 0, 0, G_OPTION_ARG_STRING, &request_id, N_("run starts nothing if a job has this id already"),
          N_("ID") },
        { NULL },
};

static const char *where(void)
{
        return directory ?: SCHEDULE_DIR;
}

/* An error in the file is reported like one in the command line. */
static int load(Ctl *ctl, const char *name, Schedule **ret)
{
        g_autofree char *why = NULL;

        *ret = schedule_load(where(), name, &why);
        return *ret ? STATUS_DONE : fail(ctl, STATUS_USAGE, ERROR_SCHEDULE, "%s", why);
}

static int read_names(Ctl *ctl, GPtrArray **ret)
{
        g_autofree char *why = NULL;

        *ret = schedule_names(where(), &why);
        return *ret ? STATUS_DONE : fail(ctl, STATUS_USAGE, ERROR_SCHEDULE, "%s", why);
}

/* ---- list */

static void write_units(Json *json, const Units *u)
{
        if (!u->known)
                return;
        json_begin(json, "systemd", '{');
        json_string(json, "timer", u->timer);
        json_string(json, "enabled", u->enabled);
        json_string(json, "service", u->service);
        json_string(json, "result", u->result);
        json_signed(json, "exitStatus", u->exit_status);
        json_string(json, "reason", u->reason);
        json_unsigned(json, "next", u->next);
        json_unsigned(json, "last", u->last);
        json_end(json, '}');
}

/* The source as the job's Source shows it. The caller frees it. */
static char *show_source(const char *source)
{
        return url_is(source) ? url_redact(source) : g_strdup(source);
}

static void write_schedule(Json *json, const Schedule *s)
{
        g_autofree char *source = show_source(s->source);

        json_string(json, "module", s->module);
        json_string(json, "source", source);
        json_string(json, "expectedRevision", s->expected_revision);
        json_begin(json, "options", '{');
        for (unsigned i = 0; i < s->options->len; i += 2)
                json_string(json, g_ptr_array_index(s->options, i), g_ptr_array_index(s->options, i + 1));
        json_end(json, '}');
}

/* systemd's Result is "success" before the first run, too, and after one that a signal ended. */
static char *describe_result(const Units *u)
{
        g_autofree char *last = text_time(u->last);

        if (g_strcmp0(u->service, "activating") == 0)
                return g_strdup(_("under way"));
        if (u->last == 0)
                return NULL;
        if (strcmp(u->result, "exit-code") == 0)
                return g_strdup_printf(_("%s, exit status %d"), last, u->exit_status);
        if (strcmp(u->result, "success") != 0)
                return g_strdup_printf("%s, %s", last, u->result);
        return g_strdup_printf("%s, %s", last, u->exit_status == 0 ? _("success") : _("stopped"));
}

/* A running timer usually is enabled, and a stopped one is not. Where that is different, the next boot changes it, so
 * it is printed. */
static char *describe_timer(const Units *u)
{
        bool active = g_strcmp0(u->timer, "active") == 0, enabled = g_strcmp0(u->enabled, "enabled") == 0;

        return !u->known || active == enabled || !*u->enabled ? g_strdup(u->timer)
                                                              : g_strdup_printf("%s, %s", u->timer, u->enabled);
}

static void add_row(Table *table, const char *name, const Schedule *s, const Units *u, const char *why)
{
        g_autofree char *clean = text_clean(name), *module = s ? text_clean(s->module) : NULL;
        g_autofree char *expected = s ? text_clean(s->expected_revision) : NULL,
                        *shown = s ? show_source(s->source) : NULL, *source = s ? text_clean(shown) : NULL;
        g_autofree char *timer = describe_timer(u), *next = text_time(u->next), *result = describe_result(u);
        const char *cells[] = { clean, module, source, expected, timer, next, result };

        table_add(table, cells);
        if (why)
                table_note(table, why);
        else if (u->last > 0 && (strcmp(u->result, "success") != 0 || u->exit_status != 0) && *u->reason)
                table_note(table, u->reason);
}

/* Only systemd is asked over the bus here: without a bus the files are listed all the same. */
static sd_bus *find_bus(void)
{
        sd_bus *bus = NULL;

        return sd_bus_open_system(&bus) >= 0 ? bus : NULL;
}

static int list(Ctl *ctl, char **names)
{
        g_autoptr(Table) table = table_new(_("Name"), _("Module"), _("Source"), _("Expected"), _("Timer"), _("Next"),
                                           _("Last"), NULL);
        g_autoptr(GPtrArray) all = NULL;
        g_autoptr(Json) json = json_new();
        int status;

        (void)names;
        status = read_names(ctl, &all);
        if (status != STATUS_DONE)
                return status;
        table_spare(table, _("Source"));
        table_spare(table, _("Expected"));
        table_spare(table, _("Module"));
        ctl->bus = find_bus();
        json_begin(json, NULL, '[');
        for (guint i = 0; i < all->len; i++) {
                const char *name = g_ptr_array_index(all, i);
                g_autofree char *why = NULL;
                g_autoptr(Schedule) s = schedule_load(where(), name, &why);
                g_auto(Units) units = { 0 };

                if (ctl->bus && schedule_name_is_good(name))
                        units_read(ctl->bus, name, &units);
                add_row(table, name, s, &units, why);
                json_begin(json, NULL, '{');
                json_string(json, "name", name);
                if (s)
                        write_schedule(json, s);
                else
                        json_string(json, "error", why);
                write_units(json, &units);
                json_end(json, '}');
        }
        json_end(json, ']');
        if (ctl->json)
                json_print(json);
        else if (all->len == 0)
                text_say(TEXT_NONE, _("No upgrade is scheduled: there is no *.conf in %s."), where());
        else
                table_print(table);
        return STATUS_DONE;
}

/* ---- show */

/* Returns a word for programs for what a run would do with the module as it is now, and a sentence in *ret_text, which
 * the caller frees. */
static const char *decide_run(const Object *module, const Object *job, const char *expected, const char *why,
                              char **ret_text)
{
        const char *revision = props_text(module->props, "Revision");

        if (job && strcmp(props_string(job->props, "Origin"), "adopted") == 0) {
                *ret_text = g_strdup_printf(
                        _("job %s was found under way: follow it if its source is the same, else ask fotad "
                          "to have it go on with this one"),
                        props_text(job->props, "Id"));
                return "follow-or-retry";
        }
        if (job) {
                *ret_text = g_strdup_printf(
                        _("job %s holds the module: follow it if its source is the same, else refuse"),
                        props_text(job->props, "Id"));
                return "follow-or-refuse";
        }
        if (!*revision) {
                *ret_text = g_strdup(_("ask the module for its revision, and go by that"));
                return "ask";
        }
        if (why) {
                *ret_text = g_strdup_printf(_("refuse: %s"), why);
                return "refuse";
        }
        if (strcmp(revision, expected) == 0) {
                *ret_text = g_strdup(_("nothing, the module has that revision"));
                return "nothing";
        }
        *ret_text = g_strdup_printf(_("upgrade from %s"), revision);
        return "upgrade";
}

static int show(Ctl *ctl, char **names)
{
        g_autofree char *source = NULL, *expected = NULL, *why = NULL, *text = NULL, *shown = NULL;
        g_autoptr(Objects) objects = NULL;
        g_autoptr(Schedule) s = NULL;
        g_autoptr(Json) json = json_new();
        const Object *module = NULL;
        const char *run;
        int status;

        status = load(ctl, names[0], &s);
        if (status == STATUS_DONE)
                status = objects_read(ctl, &objects);
        if (status == STATUS_DONE)
                status = schedule_find_module(ctl, objects, s, &module);
        if (status != STATUS_DONE)
                return status;
        schedule_fill(s, props_string(module->props, "Model"), props_string(module->props, "Revision"), &source,
                      &expected, &why);
        shown = show_source(source ?: s->source);
        run = decide_run(module, objects_at(objects->jobs, props_string(module->props, "Job")), expected, why, &text);
        if (ctl->json) {
                json_begin(json, NULL, '{');
                json_string(json, "name", s->name);
                write_schedule(json, s);
                if (!why) {
                        json_string(json, "filledSource", shown);
                        json_string(json, "filledExpectedRevision", expected);
                }
                json_string(json, "run", run);
                json_string(json, "runText", text);
                write_object(json, "moduleNow", module);
                json_end(json, '}');
                json_print(json);
                return STATUS_DONE;
        }
        text_field(_("Schedule"), s->path);
        text_field(_("Module"), props_string(module->props, "Id"));
        text_field(_("Source"), shown);
        text_field(_("Expected"), expected ?: s->expected_revision);
        for (unsigned i = 0; i < s->options->len; i += 2) {
                g_autofree char *option = g_strdup_printf("%s=%s", (char *)g_ptr_array_index(s->options, i),
                                                          (char *)g_ptr_array_index(s->options, i + 1));
                text_field(_("Option"), option);
        }
        text_field(_("A run would"), text);
        return STATUS_DONE;
}

/* ---- verify */

/* The mistakes in a schedule and its files, which the caller unrefs. */
static GPtrArray *verify_one(const char *name)
{
        GPtrArray *mistakes = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(Schedule) s = schedule_read(where(), name, mistakes);

        if (s)
                credentials_check_files(s, mistakes);
        return mistakes;
}

static void write_verified(Json *json, const char *name, const GPtrArray *mistakes)
{
        json_begin(json, NULL, '{');
        json_string(json, "name", name);
        json_bool(json, "good", mistakes->len == 0);
        if (mistakes->len > 0) {
                json_string(json, "error", g_ptr_array_index(mistakes, 0));
                json_begin(json, "errors", '[');
                for (unsigned i = 0; i < mistakes->len; i++)
                        json_string(json, NULL, g_ptr_array_index(mistakes, i));
                json_end(json, ']');
        }
        json_end(json, '}');
}

static int verify(Ctl *ctl, char **names)
{
        g_autoptr(GPtrArray) all = NULL;
        g_autoptr(Json) json = json_new();
        int status = STATUS_DONE;

        if (!*names) {
                status = read_names(ctl, &all);
                if (status != STATUS_DONE)
                        return status;
                g_ptr_array_add(all, NULL);
                names = (char **)all->pdata;
        }
        json_begin(json, NULL, '[');
        for (; *names; names++) {
                g_autofree char *clean = text_clean(*names);
                g_autoptr(GPtrArray) mistakes = verify_one(*names);

                write_verified(json, *names, mistakes);
                for (unsigned i = 0; i < mistakes->len && !ctl->json; i++)
                        fail(ctl, STATUS_USAGE, ERROR_SCHEDULE, "%s", (char *)g_ptr_array_index(mistakes, i));
                if (mistakes->len == 0 && !ctl->json)
                        text_say(TEXT_NONE, _("%s: good"), clean);
                status = mistakes->len == 0 ? status : STATUS_USAGE;
        }
        json_end(json, ']');
        if (ctl->json)
                json_print(json);
        return status;
}

/* ---- run */

static int run_one(Ctl *ctl, char **names)
{
        g_autoptr(Schedule) s = NULL;
        int status;

        ctl->notify = true;
        status = load(ctl, names[0], &s);
        return status == STATUS_DONE ? schedule_run(ctl, s, request_id, (unsigned)patience) : status;
}

/* ---- commands */

static const struct {
        const char *name;
        unsigned min_names, max_names;
        int (*run)(Ctl *ctl, char **names);
} commands[] = {
        { "list", 0, 0, list },
        { "show", 1, 1, show },
        { "verify", 0, G_MAXUINT, verify },
        { "run", 1, 1, run_one },
};

static int run(Ctl *ctl, char **args)
{
        unsigned names = g_strv_length(args) - 1;

        if (patience < 0)
                return fail_usage(ctl, _("--patience takes a number of seconds"));
        for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
                if (strcmp(commands[i].name, args[0]) != 0)
                        continue;
                if (names < commands[i].min_names || names > commands[i].max_names)
                        return fail_usage(ctl,
                                          commands[i].max_names == 0
                                                  ? _("\"schedule %s\" takes no names")
                                                  : _("\"schedule %s\" takes the name of one schedule"),
                                          commands[i].name);
                return commands[i].run(ctl, args + 1);
        }
        return fail_usage(ctl, _("\"schedule\" takes one of list, show NAME, verify [NAME ...], run NAME"));
}

const Verb verb_schedule = {
        .name = "schedule",
        .args = "COMMAND",
        .summary = N_("the upgrades that timers start"),
        .description = N_("Commands:\n"
                          "  list               the scheduled upgrades, their timers and last runs\n"
                          "  show NAME          what a run would do with the module that is there now\n"
                          "  verify [NAME ...]  whether the files are right; asks nobody\n"
                          "  run NAME           what the timer does: nothing, if the module has the\n"
                          "                     expected revision, else an upgrade, followed to its end\n"
                          "\nNAME is a file's, /etc/fotad/schedule/NAME.conf as a rule, and its timer's:\n"
                          "\"systemctl enable --now fotad-upgrade@NAME.timer\". A file that is not right\n"
                          "ends with status 2. Ctrl-C detaches a run from its upgrade, with status 6."),
        .min_args = 1,
        .max_args = G_MAXINT,
        .entries = entries,
        .run = run,
};
