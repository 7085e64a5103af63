/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints jobs and modules, as text and as JSON. Knows the names of properties and their meaning. Calls and changes
 * nothing. */

#include "config.h"

#include <string.h>

#include "bus.h"
#include "message.h"
#include "show.h"

static const struct {
        const char *state, *word;
} state_words[] = {
        { "queued", N_("queued") },         { "preparing", N_("preparing") }, { "downloading", N_("downloading") },
        { "restarting", N_("restarting") }, { "updating", N_("updating") },   { "verifying", N_("verifying") },
        { "stalled", N_("stalled") },       { "finished", N_("finished") },
};

const char *state_word(const Props *job)
{
        const char *state = props_text(job, "State");

        for (size_t i = 0; i < G_N_ELEMENTS(state_words); i++)
                if (strcmp(state_words[i].state, state) == 0)
                        return _(state_words[i].word);
        return *state ? state : "?";
}

const char *system_word(const Props *module)
{
        static const char *const words[] = { N_("unknown"), N_("normal"), N_("mini"), N_("updating") };
        const char *system = props_text(module, "System");

        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (strcmp(words[i], system) == 0)
                        return _(words[i]);
        return system;
}

char *job_progress(const Props *job)
{
        if (job_is_finished(job))
                return g_strdup(state_word(job));
        return g_strdup_printf(_("%s, %d %%"), state_word(job), (int)props_number(job, "Percent"));
}

char *job_error(const Props *job)
{
        const char *name = props_text(job, "ErrorName"), *domain = props_text(job, "ErrorDomain");

        if (!*domain && !*name)
                return g_strdup("");
        return g_strdup_printf("%s/%d%s%s%s", domain, (int)props_number(job, "ErrorCode"), *name ? " (" : "", name,
                               *name ? ")" : "");
}

char *job_revisions(const Props *job)
{
        const char *from = props_text(job, "FromRevision"), *to = props_text(job, "ToRevision");

        if (!*to || !*from || strcmp(from, to) == 0)
                return g_strdup(*to ? to : from);
        return g_strdup_printf("%s -> %s", from, to);
}

char *job_deadline(const Props *job)
{
        g_autofree char *clock = text_clock(props_number(job, "Deadline"));

        return *clock ? g_strdup_printf(_("waits until %s at most"), clock) : g_strdup("");
}

int job_seconds(const Props *job)
{
        enum { BELIEVABLE_SEC = 30 * 24 * 3600 };
        int64_t created = props_number(job, "Created"), finished = props_number(job, "Finished");
        int64_t seconds = ((finished > 0 ? finished : g_get_real_time()) - created) / G_USEC_PER_SEC;

        return created > 0 && seconds >= 0 && seconds < BELIEVABLE_SEC ? (int)seconds : -1;
}

static void show_number(const char *label, int64_t number, const char *unit)
{
        g_autofree char *value = g_strdup_printf("%d%s%s", (int)number, *unit ? " " : "", unit);

        if (number != 0)
                text_field(label, value);
}

const char *result_word(const Props *job)
{
        const char *result = props_text(job, "Result");

        if (strcmp(result, "success") == 0)
                return _("success");
        if (strcmp(result, "failed") == 0)
                return _("failed");
        if (strcmp(result, "cancelled") == 0)
                return _("cancelled");
        return result;
}

TextColour job_colour(const Props *job)
{
        const char *result = props_string(job, "Result");

        if (strcmp(result, "success") == 0)
                return TEXT_GOOD;
        if (strcmp(result, "failed") == 0)
                return TEXT_BAD;
        return strcmp(result, "cancelled") == 0 || strcmp(props_string(job, "State"), "stalled") == 0 ? TEXT_WARN
                                                                                                      : TEXT_NONE;
}

void show_job(const Object *job, const Object *module)
{
        const Props *p = job->props;
        int seconds = job_seconds(p);
        g_autofree char *id = bus_path_id(props_string(p, "Module")), *progress = job_progress(p);
        g_autofree char *error = job_error(p), *revisions = job_revisions(p);
        g_autofree char *created = text_when(props_number(p, "Created"));
        g_autofree char *finished = text_when(props_number(p, "Finished"));
        g_autofree char *message = message_words(p), *deadline = job_deadline(p);
        g_autofree char *duration = seconds >= 0 ? text_duration(seconds) : g_strdup("");
        g_autofree char *place = module ? g_strdup_printf("%s %s", id, props_text(module->props, "Model"))
                                        : g_strdup(id);

        text_field(_("Job"), props_text(p, "Id"));
        text_field(_("Module"), place);
        text_field(_("Source"), props_text(p, "Source"));
        show_number(_("Size"), props_number(p, "PackageSize"), _("bytes"));
        text_field(_("SHA-256"), props_text(p, "PackageSha256"));
        text_field(_("Method"), props_text(p, "Method"));
        text_field(_("Request id"), props_text(p, "RequestId"));
        if (strcmp(props_string(p, "Origin"), "adopted") == 0)
                text_field(_("Origin"), _("adopted: it was found under way"));
        text_field_at(_("State"), progress, FIELD_INDENT, job_is_finished(p) ? TEXT_NONE : job_colour(p));
        text_field(_("Time-out"), deadline);
        show_number(_("Restarts"), props_number(p, "Restarts"), "");
        show_number(_("Repeats"), props_number(p, "Repeats"), "");
        text_field(_("Revision"), revisions);
        text_field(_("Created"), created);
        text_field(_("Finished"), finished);
        text_field(_("Duration"), duration);
        if (!job_is_finished(p))
                text_field(_("Cancellable"), props_number(p, "Cancellable") ? _("yes") : _("no"));
        text_field_at(_("Result"), result_word(p), FIELD_INDENT, job_colour(p));
        text_field(_("Error"), error);
        text_field(_("Message"), message);
}

void show_module(const Object *module, const Object *job)
{
        const Props *p = module->props;
        g_autofree char *progress = job ? job_progress(job->props) : NULL;
        g_autofree char *work = job ? text_pair(props_text(job->props, "Id"), progress) : NULL;
        g_autofree char *problem = sentence_words(props_string(p, "Problem"));
        g_autofree char *usb = g_strdup_printf("%04x:%04x", (unsigned)props_number(p, "VendorId"),
                                               (unsigned)props_number(p, "ProductId"));

        text_field(_("Module"), props_text(p, "Id"));
        text_field(_("Present"), props_number(p, "Present") ? _("yes") : _("no"));
        text_field(_("System"), system_word(p));
        text_field(_("Port"), props_text(p, "Port"));
        text_field(_("USB"), props_number(p, "VendorId") != 0 ? usb : "");
        text_field(_("Manufacturer"), props_text(p, "Manufacturer"));
        text_field(_("Model"), props_text(p, "Model"));
        text_field(_("Revision"), props_text(p, "Revision"));
        text_field(_("IMEI"), props_text(p, "Imei"));
        show_number(_("Flash"), props_number(p, "FlashSize"), "MiB");
        text_field(_("Method"), props_text(p, "Method"));
        text_field(_("Job"), work);
        text_field(_("Problem"), problem);
}

void write_object(Json *json, const char *key, const Object *object)
{
        json_begin(json, key, '{');
        json_string(json, "path", object->path);
        props_write(object->props, json);
        json_end(json, '}');
}

void print_event(const char *event, const char *key, const Object *object)
{
        g_autoptr(Json) json = json_new();

        json_begin_event(json, event);
        write_object(json, key, object);
        json_end_event(json);
        json_print(json);
}
