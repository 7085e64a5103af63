/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl report: one text for a bug report, with everything that is known of an upgrade and of the gateway. English in
 * every language, for the maintainers read it. IMEIs are shortened, and passwords are masked, wherever a line comes
 * from. Reads only. */

#include "config.h"

#include <locale.h>
#include <string.h>
#include <sys/utsname.h>

#include "bus.h"
#include "job-log.h"
#include "mask.h"
#include "names.h"
#include "objects.h"
#include "report.h"
#include "text.h"

#define PATIENCE (5 * G_USEC_PER_SEC) /* for services other than fotad */

/* ---- lines */

static void say(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void say(const char *format, ...)
{
        g_autofree char *text = NULL, *short_imeis = NULL, *masked = NULL, *clean = NULL;
        va_list ap;

        va_start(ap, format);
        text = g_strdup_vprintf(format, ap);
        va_end(ap);
        short_imeis = mask_imeis(text);
        masked = mask_urls(short_imeis);
        clean = text_clean(masked);
        g_print("%s\n", clean);
}

static void say_lines(const char *text)
{
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

        for (char **line = lines; *line; line++)
                if (**line || line[1])
                        say("%s", *line);
}

static void begin_section(const char *name)
{
        g_print("\n== %s\n", name);
}

/* ---- versions */

/* A property of a service on the system bus, which is not started for this. */
static char *read_version(Ctl *ctl, const char *name, const char *path, const char *interface)
{
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        const char *version;

        if (sd_bus_message_new_method_call(ctl->bus, &call, name, path, "org.freedesktop.DBus.Properties", "Get") < 0 ||
            sd_bus_message_append(call, "ss", interface, "Version") < 0 || sd_bus_message_set_auto_start(call, 0) < 0 ||
            sd_bus_call(ctl->bus, call, PATIENCE, NULL, &reply) < 0 ||
            sd_bus_message_read(reply, "v", "s", &version) < 0)
                return g_strdup("not on the bus");
        return g_strdup(version);
}

static void report_versions(Ctl *ctl)
{
        static const struct {
                const char *label, *name, *path, *interface;
        } services[] = {
                { "fotad", FOTAD_BUS_NAME, FOTAD_PATH, FOTAD_MANAGER_INTERFACE },
                { "systemd", "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                  "org.freedesktop.systemd1.Manager" },
                { "ModemManager", "org.freedesktop.ModemManager1", "/org/freedesktop/ModemManager1",
                  "org.freedesktop.ModemManager1" },
        };
        g_autofree char *os = g_get_os_info(G_OS_INFO_KEY_PRETTY_NAME);
        g_autofree char *now = job_log_time((uint64_t)g_get_real_time());
        struct utsname kernel;

        begin_section("Versions");
        say("report        %s", now);
        say("fotactl       %s", PACKAGE_VERSION);
        for (size_t i = 0; i < G_N_ELEMENTS(services); i++) {
                g_autofree char *version = ctl->bus ? read_version(ctl, services[i].name, services[i].path,
                                                                   services[i].interface)
                                                    : g_strdup("no bus");

                say("%-13s %s", services[i].label, version);
        }
        if (uname(&kernel) == 0)
                say("%-13s %s %s %s", "kernel", kernel.sysname, kernel.release, kernel.machine);
        say("%-13s %s", "system", os ?: "unknown");
}

/* ---- configuration */

/* The lines that are neither empty nor comments. */
static void report_configuration(void)
{
        g_autofree char *text = NULL;
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) lines = NULL;

        begin_section("Configuration");
        if (!g_file_get_contents(FOTAD_CONFIG_FILE, &text, NULL, &error)) {
                say("%s", error->message);
                return;
        }
        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
                if (*g_strstrip(*line) && !strchr("#;", **line))
                        say("%s", *line);
}

/* ---- modules and jobs */

static void report_object(const char *label, const Object *object)
{
        g_autofree char *id = bus_path_id(object->path), *described = props_describe(object->props, "\n", NULL);
        g_auto(GStrv) values = g_strsplit(described, "\n", -1);

        say("%s %s", label, id);
        for (char **value = values; *value; value++)
                say("    %s", *value);
}

static void report_modules(const Objects *objects)
{
        begin_section("Modules");
        for (guint i = 0; i < objects->modules->len; i++)
                report_object("module", g_ptr_array_index(objects->modules, i));
}

static int report_job(Ctl *ctl, const Object *job)
{
        g_autoptr(GPtrArray) lines = NULL;
        int status;

        begin_section("Job");
        report_object("job", job);
        begin_section("Log of the job");
        status = job_log_read(ctl, job->path, &lines);
        for (guint i = 0; lines && i < lines->len; i++) {
                const LogLine *line = g_ptr_array_index(lines, i);
                g_autofree char *time = job_log_time(line->time);

                say("%s  %-9s %s", time, line->kind, line->text);
        }
        return status;
}

/* ---- the journal */

/* The lines of the job; without a job the last ones of fotad. */
static void report_journal(const Object *job)
{
        g_autofree char *field = job ? g_strdup_printf("FOTAD_JOB=%s", props_string(job->props, "Id")) : NULL;
        g_autofree char *out = NULL, *err = NULL;
        g_autoptr(GError) error = NULL;
        const char *of_job[] = { "journalctl",   "--no-pager", "--quiet", "--output=short-iso",
                                 "--lines=5000", field,        NULL };
        const char *of_fotad[] = { "journalctl",  "--no-pager",   "--quiet", "--output=short-iso",
                                   "--lines=200", "--unit=fotad", NULL };

        begin_section(job ? "Journal of the job" : "Journal");
        if (!g_spawn_sync(NULL, (char **)(job ? of_job : of_fotad), NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
                          NULL, &error)) {
                say("%s", error->message);
                return;
        }
        say_lines(err);
        say_lines(out);
        if (!*out)
                say("no lines: only root and the group systemd-journal may read those of fotad");
}

static int run(Ctl *ctl, char **args)
{
        g_autoptr(Objects) objects = NULL;
        const Object *job = NULL;
        int status, log_status = STATUS_DONE;

        if (ctl->json)
                return fail_usage(ctl, _("a report is text for people: it takes no --json"));
        status = objects_read_job(ctl, args[0], true, &objects, &job);
        if (status != STATUS_DONE && status != STATUS_NO_DAEMON)
                return status;
        setlocale(LC_MESSAGES, "C");
        g_print("fotad report\n");
        report_versions(ctl);
        report_configuration();
        if (objects)
                report_modules(objects);
        if (job)
                log_status = report_job(ctl, job);
        report_journal(job);
        return status == STATUS_DONE ? log_status : status;
}

const Verb verb_report = {
        .name = "report",
        .args = "[JOB]",
        .summary = N_("one text to attach to a bug report"),
        .description = N_(
                "Prints versions, configuration, modules, the upgrade's log, and its lines in\nthe journal. Each "
                "IMEI is shortened, passwords are masked. A report is English\nin every language, for the "
                "maintainers. Without JOB the only upgrade under way;\nif there is none, the newest."),
        .max_args = 1,
        .run = run,
};
