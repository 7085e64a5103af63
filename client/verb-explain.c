/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl explain: prints the meaning of a code, from the shared table. Needs no daemon. */

#include "config.h"

#include <string.h>

#include "codes.h"
#include "json.h"
#include "report.h"
#include "table.h"
#include "text.h"

static gboolean list;

static const GOptionEntry entries[] = {
        { "list", 'l', 0, G_OPTION_ARG_NONE, &list, N_("List all codes"), NULL },
        { NULL },
};

/* Finds the codes for "504", "dns-failed", "update/504" or "host/cancelled"; all of them for NULL. */
static bool matches(const Code *code, const char *wanted)
{
        const char *slash = wanted ? strchr(wanted, '/') : NULL, *rest = slash ? slash + 1 : wanted;
        g_autofree char *domain = slash ? g_strndup(wanted, (gsize)(slash - wanted)) : NULL;
        gint64 number;

        if (!wanted)
                return true;
        if (domain && g_ascii_strcasecmp(domain, code_domain_to_string(code->domain)) != 0)
                return false;
        if (g_ascii_string_to_signed(rest, 10, G_MININT, G_MAXINT, &number, NULL))
                return number == code->number;
        return g_ascii_strcasecmp(rest, code->name) == 0;
}

/* Fills *ret for "http/799", a number of the module that no table lists. */
static bool matches_unlisted(const char *wanted, Code *ret)
{
        const char *slash = strchr(wanted, '/');
        g_autofree char *domain = g_ascii_strdown(wanted, slash ? slash - wanted : 0);
        gint64 number;

        *ret = code_unlisted;
        ret->domain = code_domain_from_string(domain);
        if (!slash || !*code_domain_label(ret->domain) ||
            !g_ascii_string_to_signed(slash + 1, 10, G_MININT, G_MAXINT, &number, NULL))
                return false;
        ret->number = (int)number;
        return true;
}

/* gettext("") would return the header of the catalogue. */
static const char *translate(const char *s)
{
        return *s ? _(s) : "";
}

/* As in "http/714". The caller frees it. */
static char *code_id(const Code *code)
{
        return g_strdup_printf("%s/%d", code_domain_to_string(code->domain), code->number);
}

static void show_code(const Code *code)
{
        g_autofree char *id = code_id(code);

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

static void add_row(Table *table, const Code *code)
{
        g_autofree char *id = code_id(code);
        const char *cells[] = { id, code->name, translate(code->what) };

        table_add(table, cells);
}

static int run(Ctl *ctl, char **args)
{
        g_autoptr(GPtrArray) found = g_ptr_array_new();
        g_autoptr(Table) table = table_new(_("Code"), _("Name"), _("What"), NULL);
        g_autoptr(Json) json = json_new();
        Code unlisted;

        table_wrap(table);
        if (!list == !args[0])
                return fail_usage(ctl, _("\"explain\" needs CODE or --list"));
        for (size_t i = 0; i < code_table_size; i++)
                if (matches(&code_table[i], args[0]))
                        g_ptr_array_add(found, (gpointer)&code_table[i]);
        if (found->len == 0 && matches_unlisted(args[0], &unlisted))
                g_ptr_array_add(found, &unlisted);
        if (found->len == 0) {
                g_autofree char *known = describe_known();
                return fail_usage(ctl, _("no such code; known are %s"), known);
        }
        json_begin(json, NULL, '[');
        for (unsigned i = 0; i < found->len; i++) {
                const Code *code = g_ptr_array_index(found, i);

                write_code(json, code);
                if (list)
                        add_row(table, code);
                else if (!ctl->json)
                        g_print("%s", i > 0 ? "\n" : ""), show_code(code);
        }
        json_end(json, ']');
        if (ctl->json)
                json_print(json);
        else if (list)
                table_print(table);
        return STATUS_DONE;
}

const Verb verb_explain = {
        .name = "explain",
        .args = "[CODE]",
        .summary = N_("what an error code means; needs no daemon"),
        .description = N_("CODE is a number or a name, such as 504 or dns-failed, with its domain where it\nmatters: "
                          "update/504. Domains are ftp, http, file, update and host."),
        .max_args = 1,
        .entries = entries,
        .run = run,
};
