/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* main(): locale, global options, the table of verbs, help. Parses each verb's options by the verb's table and passes
 * the remaining arguments on. Knows no bus. */

#include "config.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "follow.h"
#include "options.h"
#include "report.h"

static const Verb *const verbs[] = {
        &verb_list,    &verb_status, &verb_start,   &verb_watch,     &verb_cancel,   &verb_dismiss,
        &verb_retry,   &verb_check,  &verb_history, &verb_log,       &verb_monitor,  &verb_probe,
        &verb_explain, &verb_report, &verb_survey,  &verb_recording, &verb_schedule,
};

static const Verb *find_verb(const char *name)
{
        for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
                if (strcmp(verbs[i]->name, name) == 0)
                        return verbs[i];
        return NULL;
}

/* Called before the options are parsed, so that errors in the command line are printed as JSON, too. */
static bool wants_json(char **argv)
{
        for (int i = 1; argv[i] && strcmp(argv[i], "--") != 0; i++)
                if (strcmp(argv[i], "--json") == 0)
                        return true;
        return false;
}

static char *describe_verbs(void)
{
        GString *s = g_string_new(_("Upgrades Quectel modules through fotad.\n\nVerbs:\n"));

        for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
                g_autofree char *call = g_strdup_printf("%s %s", verbs[i]->name, verbs[i]->args);
                g_string_append_printf(s, "  %-18s %s\n", call, _(verbs[i]->summary));
        }
        g_string_append_printf(s, "  %-18s %s\n", "help [VERB]", _("this text, or a verb's"));
        g_string_append(s,
                        _("\nSOURCE is an http://, https:// or ftp:// URL, else a package on this host;\n\"-\" reads "
                          "it from standard input. JOB is a job's id or object path.\nMODULE is a module's id, IMEI, "
                          "tty path or object path."));
        return g_string_free(s, FALSE);
}

static char *describe_exit(void)
{
        return g_strdup(_("Exit status: 0 done, 1 the upgrade failed, 2 wrong usage,\n3 refused by the daemon, 4 no "
                          "daemon, 5 the upgrade was cancelled,\n6 detached (Ctrl-C, SIGTERM), 7 timed out "
                          "(--timeout), 8 stalled (--until);\nthe upgrade goes on. 9 the output could not be "
                          "written.\n"
                          "\"fotactl VERB --help\" prints the options of a verb."));
}

/* The arguments that remain after the options, without a "--" in front. Prints the error and returns NULL if their
 * number is wrong. */
static char **take_args(Ctl *ctl, const Verb *verb, int argc, char **argv)
{
        char **args = argv + 1;
        int n = argc - 1;

        if (n > 0 && strcmp(args[0], "--") == 0) {
                args++;
                n--;
        }
        if (n >= verb->min_args && n <= verb->max_args)
                return args;
        if (n < verb->min_args)
                fail_usage(ctl, _("\"%s\" needs %s"), verb->name, verb->args);
        else if (verb->max_args > 0)
                fail_usage(ctl, _("\"%s\" takes no more than %s"), verb->name, verb->args);
        else
                fail_usage(ctl, _("\"%s\" takes no arguments"), verb->name);
        return NULL;
}

/* GOption's own --help ends the program, even if the text could not be written. */
#define HELP_ENTRY(flag)                                                                                               \
        {                                                                                                              \
                "help", 'h', 0, G_OPTION_ARG_NONE, flag, N_("Print this text and end"), NULL                           \
        }

static int print_help(GOptionContext *context, gboolean main_help)
{
        g_autofree char *text = g_option_context_get_help(context, main_help, NULL);

        g_print("%s", text);
        return STATUS_DONE;
}

static int run_verb(Ctl *ctl, const Verb *verb, int argc, char **argv)
{
        g_autoptr(GOptionContext) context = g_option_context_new(verb->args);
        g_autoptr(GError) error = NULL;
        g_autofree char *name = g_strdup_printf("fotactl %s", verb->name);
        gboolean json = FALSE, help = FALSE;
        const GOptionEntry common[] = {
                HELP_ENTRY(&help),
                { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Answer in JSON"), NULL },
                { NULL },
        };

        g_set_prgname(name);
        g_option_context_set_summary(context, _(verb->summary));
        g_option_context_set_description(context, verb->description ? _(verb->description) : NULL);
        g_option_context_set_translation_domain(context, PACKAGE_TARNAME);
        if (verb->entries)
                g_option_context_add_main_entries(context, verb->entries, PACKAGE_TARNAME);
        if (verb->upgrade_options)
                g_option_context_add_main_entries(context, upgrade_options, PACKAGE_TARNAME);
        if (verb->follow_options)
                g_option_context_add_main_entries(context, follow_options, PACKAGE_TARNAME);
        g_option_context_add_main_entries(context, common, PACKAGE_TARNAME);

        g_option_context_set_help_enabled(context, FALSE);
        if (!g_option_context_parse(context, &argc, &argv, &error))
                return fail_usage(ctl, "%s", error->message);
        if (help)
                return print_help(context, FALSE);

        char **args = take_args(ctl, verb, argc, argv);
        return args ? verb->run(ctl, args) : STATUS_USAGE;
}

/* Output that was lost, as on a full disk, is an error of its own, unless the verb has failed already. */
static int check_output(int status)
{
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        g_printerr("fotactl: %s\n", _("standard output could not be written"));
        return status == STATUS_DONE ? STATUS_OUTPUT : status;
}

/* "help" is the general help, "help VERB" is "VERB --help". */
static int run_help(Ctl *ctl, GOptionContext *context, int argc, char **argv)
{
        char *help[] = { argv[0], (char *)"--help", NULL };
        const Verb *verb = argc > 1 ? find_verb(argv[1]) : NULL;

        if (argc > 2 || (argc > 1 && !verb))
                return fail_usage(ctl, _("\"help\" takes the name of a verb"));
        if (verb)
                return run_verb(ctl, verb, 2, help);

        return print_help(context, TRUE);
}

int main(int argc, char **argv)
{
        g_autoptr(GOptionContext) context = g_option_context_new(_("VERB ..."));
        g_autoptr(GError) error = NULL;
        gboolean json = FALSE, version = FALSE, help = FALSE;
        const GOptionEntry entries[] = {
                HELP_ENTRY(&help),
                { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Answer in JSON"), NULL },
                { "version", 0, 0, G_OPTION_ARG_NONE, &version, N_("Print the version and end"), NULL },
                { NULL },
        };
        Ctl ctl = { .json = wants_json(argv) };
        int status;

        setlocale(LC_ALL, "");
        bindtextdomain(PACKAGE_TARNAME, LOCALEDIR);
        bind_textdomain_codeset(PACKAGE_TARNAME, "UTF-8");
        textdomain(PACKAGE_TARNAME);
        setvbuf(stdout, NULL, _IOLBF, 0);
        g_set_prgname("fotactl");

        g_autofree char *summary = describe_verbs(), *description = describe_exit();
        g_option_context_set_summary(context, summary);
        g_option_context_set_description(context, description);
        g_option_context_set_strict_posix(context, TRUE);
        g_option_context_set_translation_domain(context, PACKAGE_TARNAME);
        g_option_context_add_main_entries(context, entries, PACKAGE_TARNAME);

        g_option_context_set_help_enabled(context, FALSE);
        if (!g_option_context_parse(context, &argc, &argv, &error))
                return fail_usage(&ctl, "%s", error->message);
        if (help)
                return check_output(print_help(context, TRUE));
        if (version) {
                g_print("fotactl %s\n", PACKAGE_VERSION);
                return check_output(STATUS_DONE);
        }
        if (argc < 2)
                return fail_usage(&ctl, _("a verb is missing"));
        if (strcmp(argv[1], "help") == 0)
                return check_output(run_help(&ctl, context, argc - 1, argv + 1));

        const Verb *verb = find_verb(argv[1]);
        if (!verb)
                return fail_usage(&ctl, _("there is no verb \"%s\""), argv[1]);
        status = check_output(run_verb(&ctl, verb, argc - 1, argv + 1));
        sd_bus_flush_close_unref(ctl.bus);
        return status;
}
