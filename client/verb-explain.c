/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl explain: prints the meaning of a code, from the shared table. Needs no daemon. */

#include "config.h"

#include <string.h>

#include "codes.h"
#include "json.h"
#include "report.h"
#include "text.h"

/* Finds the codes for "504", "dns-failed", "update/504" or "host/cancelled". */
static bool matches(const Code *code, const char *wanted)
{
        const char *slash = strchr(wanted, '/'), *rest = slash ? slash + 1 : wanted;
        g_autofree char *domain = slash ? g_strndup(wanted, (gsize)(slash - wanted)) : NULL;
        gint64 number;

        if (domain && g_ascii_strcasecmp(domain, code_domain_to_string(code->domain)) != 0)
                return false;
        if (g_ascii_string_to_signed(rest, 10, G_MININT, G_MAXINT, &number, NULL))
                return number == code->number;
        return g_ascii_strcasecmp(rest, code->name) == 0;
}

/* gettext("") would return the header of the catalogue. */
static const char *translate(const char *s)
{
        return *s ? _(s) : "";
}

static void show_code(const Code *code)
{
        g_autofree char *id = g_strdup_printf("%s/%d", code_domain_to_string(code->domain), code->number);

        text_field(_("Code"), id);
        text_field(_("Name"), code->name);
        text_field(_("What"), translate(code->what));
        text_field(_("Cause"), translate(code->cause));
        text_field(_("Remedy"), translate(code->remedy));
        text_field(_("Trying again"), code->retry ? _("may help") : _("will not help"));
}

static void write_code(Json *json, const Code *code)
{
        json_begin(json, NULL, '{');
        json_string(json, "domain", code_domain_to_string(code->domain));
        json_signed(json, "number", code->number);
        json_string(json, "name", code->name);
        json_string(json, "what", code->what);
        json_string(json, "cause", code->cause);
        json_string(json, "remedy", code->remedy);
        json_bool(json, "retry", code->retry);
        json_end(json, '}');
}

/* Prints the numbers of each domain, and the names of the host's codes. */
static char *describe_known(void)
{
        GString *s = g_string_new(NULL);

        for (CodeDomain domain = CODE_DOMAIN_NONE + 1; domain < _CODE_DOMAIN_MAX; domain++) {
                g_string_append_printf(s, "%s%s", s->len > 0 ? "; " : "", code_domain_to_string(domain));
                for (size_t i = 0; i < code_table_size; i++) {
                        if (code_table[i].domain != domain)
                                continue;
                        if (domain == CODE_DOMAIN_HOST)
                                g_string_append_printf(s, " %s", code_table[i].name);
                        else
                                g_string_append_printf(s, " %d", code_table[i].number);
                }
        }
        return g_string_free(s, FALSE);
}

static int run(Ctl *ctl, char **args)
{
        g_autoptr(Json) json = json_new();
        int n = 0;

        json_begin(json, NULL, '[');
        for (size_t i = 0; i < code_table_size; i++) {
                if (!matches(&code_table[i], args[0]))
                        continue;
                if (ctl->json)
                        write_code(json, &code_table[i]);
                else
                        g_print("%s", n > 0 ? "\n" : ""), show_code(&code_table[i]);
                n++;
        }
        json_end(json, ']');
        if (n == 0) {
                g_autofree char *known = describe_known();
                return fail_usage(ctl, _("no such code; known are %s"), known);
        }
        if (ctl->json)
                json_print(json);
        return STATUS_DONE;
}

const Verb verb_explain = {
        .name = "explain",
        .args = "CODE",
        .summary = N_("what an error code means; needs no daemon"),
        .description = N_("CODE is a number or a name, such as 504 or dns-failed, with its domain where it\nmatters: "
                          "update/504. Domains are ftp, http, file, update and host."),
        .min_args = 1,
        .max_args = 1,
        .run = run,
};
