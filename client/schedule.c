/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads the files of scheduled upgrades and checks them as far as that is possible without a module. Stricter than
 * for fotad.conf: nobody reads a warning at night, so unknown keys are errors. The files hold no passwords. Knows no
 * bus. */

#include "config.h"

#include <string.h>

#include "ctl.h"
#include "input.h"
#include "options.h"
#include "placeholder.h"
#include "schedule.h"
#include "url.h"

#define GROUP         "upgrade"
#define GROUP_OPTIONS "options"

/* systemd limits the names of units to 255 characters. */
#define NAME_MAX_LENGTH (255 - strlen("fotad-upgrade@.service"))

void schedule_free(Schedule *s)
{
        if (!s)
                return;
        g_free(s->name);
        g_free(s->path);
        g_free(s->module);
        g_free(s->source);
        g_free(s->expected_revision);
        g_ptr_array_unref(s->options);
        g_free(s);
}

bool schedule_name_is_good(const char *name)
{
        for (const char *p = name; *p; p++)
                if (!g_ascii_isalnum(*p) && !strchr("-_.:", *p))
                        return false;
        return g_ascii_isalnum(*name) && strlen(name) <= NAME_MAX_LENGTH;
}

static int by_name(gconstpointer a, gconstpointer b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *schedule_names(const char *directory, char **ret_why)
{
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GError) error = NULL;
        g_autoptr(GDir) dir = g_dir_open(directory, 0, &error);
        const char *file;

        if (!dir && !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
                *ret_why = g_strdup(error->message);
                return NULL;
        }
        while (dir && (file = g_dir_read_name(dir)))
                if (g_str_has_suffix(file, SCHEDULE_SUFFIX))
                        g_ptr_array_add(names, g_strndup(file, strlen(file) - strlen(SCHEDULE_SUFFIX)));
        g_ptr_array_sort(names, by_name);
        return g_steal_pointer(&names);
}

char *schedule_complain(const Schedule *s, unsigned line, const char *key, const char *why)
{
        return g_strdup_printf("%s:%u: %s%s%s", s->path, line, key ?: "", key ? " " : "", why);
}

/* The reason why the URL must not be in a file that everybody can read, without a part of the URL; NULL if it may
 * be. */
static const char *judge_url(const char *source)
{
        const char *placeholder = strstr(source, "%{");
        Url url;
        UrlFlaw flaw = url_parse(source, &url);

        /* The model and the revision may choose a file, but not the server that the firmware comes from. */
        if (url.scheme != URL_SCHEME_NONE && placeholder && placeholder < url.rest)
                return _("may have placeholders behind the server only: in the path, or in the query");
        if (url.password.start)
                flaw = URL_FLAW_PASSWORD;
        else if (url.scheme == URL_SCHEME_NONE)
                flaw = URL_FLAW_SCHEME;
        switch (flaw) {
        case URL_FLAW_NONE: return NULL;
        case URL_FLAW_BLANK:
        case URL_FLAW_QUOTE:
        case URL_FLAW_BACKSLASH:
        case URL_FLAW_CONTROL:
        case URL_FLAW_NOT_ASCII:
                return _("may hold ASCII without blanks, quotes and backslashes only: percent-encode the others");
        case URL_FLAW_SCHEME:
                return _("must be an http://, https:// or ftp:// URL, or the absolute path of a package on this host");
        case URL_FLAW_NO_SERVER:
        case URL_FLAW_SERVER: return _("must have a host name or an IP address as its server");
        case URL_FLAW_PORT: return _("must have a number from 1 to 65535 behind the server's colon");
        case URL_FLAW_AT: return _("may have only one @, in front of the server: write %40 for the others");
        case URL_FLAW_PASSWORD:
                return _("may hold no password, for everybody may read this file: leave user@, and put the password "
                         "into a file of its own");
        case _URL_FLAW_MAX: break;
        }
        g_assert_not_reached();
}

static bool check_source(const char *source, char **ret_why)
{
        const char *why = *source == '/' ? NULL : judge_url(source);

        if (why)
                *ret_why = g_strdup(why);
        return !why && placeholder_check(source, ret_why);
}

/* Applies the daemon's rules for the option. */
static bool check_revision(const char *revision, char **ret_why)
{
        for (const char *p = revision; *p; p++)
                if (!g_ascii_isgraph(*p) || strchr("\"\\", *p)) {
                        *ret_why = g_strdup(_("may hold ASCII without blanks, quotes and backslashes only: a revision "
                                              "looks like EC200AEUHAR01A03M16"));
                        return false;
                }
        if (*revision)
                return placeholder_check(revision, ret_why);
        *ret_why = g_strdup(_("must be the revision that the module has after the upgrade"));
        return false;
}

/* Stores a key of [upgrade]. NULL, or the reason why it is wrong, which the caller frees. */
static char *take_upgrade(Schedule *s, const char *key, const char *value, unsigned line)
{
        g_autofree char *why = NULL;

        if (strcmp(key, "module") == 0) {
                g_free(s->module);
                s->module = g_strdup(value);
                return NULL;
        }
        if (strcmp(key, "source") == 0) {
                if (!check_source(value, &why))
                        return g_steal_pointer(&why);
                s->source = g_strdup(value);
                s->source_line = line;
                return NULL;
        }
        if (strcmp(key, "expected-revision") == 0) {
                if (!check_revision(value, &why))
                        return g_steal_pointer(&why);
                if (placeholder_has(value, "revision"))
                        return g_strdup(_("may not depend on %{revision}: that is what runs now"));
                s->expected_revision = g_strdup(value);
                s->expected_revision_line = line;
                return NULL;
        }
        return g_strdup(_("is no key of [upgrade]: module, source, expected-revision"));
}

static char *take_option(Schedule *s, const char *key, const char *value)
{
        const char *why;

        if (strcmp(key, "expected-revision") == 0)
                return g_strdup(_("belongs into [upgrade]"));
        if (strcmp(key, "apn-password") == 0)
                return g_strdup_printf(
                        _("has no place here, for everybody may read this file: put it into %s.apn-password "
                          "beside it, for root alone"),
                        s->name);
        if (strcmp(key, "request-id") == 0)
                return g_strdup(_("has no place here, for every run has an id of its own: give --request-id to "
                                  "\"fotactl schedule run\""));
        why = upgrade_option_judge(key, value);
        if (why)
                return g_strdup(why);
        g_ptr_array_add(s->options, g_strdup(key));
        g_ptr_array_add(s->options, g_strdup(value));
        return NULL;
}

static char *take_key(Schedule *s, GKeyFile *file, const char *group, const char *key, unsigned line)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *value = g_key_file_get_string(file, group, key, &error);

        if (error)
                return g_strdup(g_key_file_has_key(file, group, key, NULL)
                                        ? _("must be text; a backslash is written twice")
                                        : _("is no key of this file"));
        g_strchomp(value); /* GKeyFile keeps blanks at the end, and the CR of CRLF */
        return strcmp(group, GROUP) == 0 ? take_upgrade(s, key, value, line) : take_option(s, key, value);
}

static bool group_is_known(const char *group)
{
        return strcmp(group, GROUP) == 0 || strcmp(group, GROUP_OPTIONS) == 0;
}

/* Reads one line, which has no blanks around it. group is the present group, "" before the first one. NULL, or the
 * reason why the line is wrong; *ret_key then is the key, or NULL. The caller frees both. */
static char *take_line(Schedule *s, GKeyFile *file, GHashTable *seen, char **group, char *text, unsigned line,
                       char **ret_key)
{
        char *equals = strchr(text, '='), *id;

        if (*text == '\0' || *text == '#')
                return NULL;
        if (*text == '[' && g_str_has_suffix(text, "]")) {
                g_free(*group);
                *group = g_strndup(text + 1, strlen(text) - 2);
                if (group_is_known(*group))
                        return NULL;
                *ret_key = g_strdup(text);
                return g_strdup(_("is no group of this file: [upgrade], [options]"));
        }
        if (!equals || equals == text)
                return g_strdup(_("this is no [group], no key=value and no comment"));
        *ret_key = g_strchomp(g_strndup(text, equals - text));
        if (!**group)
                return g_strdup(_("stands before the first [group]"));
        if (!group_is_known(*group))
                return NULL;
        id = g_strdup_printf("%s/%s", *group, *ret_key);
        if (!g_hash_table_add(seen, id))
                return g_strdup(_("stands here a second time"));
        return take_key(s, file, *group, *ret_key, line);
}

/* The lines are split here, because GKeyFile reports no line numbers and its error messages may contain a password.
 * Keys below an unknown group are not judged. */
static void take_text(Schedule *s, const char *text, GPtrArray *mistakes)
{
        static const char *const required[] = { "source", "expected-revision" };
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        g_autofree char *group = g_strdup("");

        g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, NULL);
        for (unsigned i = 0; lines[i]; i++) {
                g_autofree char *key = NULL, *why = NULL;

                why = take_line(s, file, seen, &group, g_strstrip(lines[i]), i + 1, &key);
                if (why)
                        g_ptr_array_add(mistakes, schedule_complain(s, i + 1, key, why));
        }
        for (size_t i = 0; i < G_N_ELEMENTS(required); i++) {
                g_autofree char *id = g_strdup_printf(GROUP "/%s", required[i]);

                if (!g_hash_table_contains(seen, id))
                        g_ptr_array_add(mistakes,
                                        g_strdup_printf(_("%s: there is no %s= in [upgrade]"), s->path, required[i]));
        }
}

Schedule *schedule_read(const char *directory, const char *name, GPtrArray *mistakes)
{
        g_autoptr(Schedule) s = g_new0(Schedule, 1);
        g_autofree char *file = g_strconcat(name, SCHEDULE_SUFFIX, NULL), *text = NULL, *why = NULL;
        unsigned before = mistakes->len;
        size_t length = 0;

        s->options = g_ptr_array_new_with_free_func(g_free);
        s->name = g_strdup(name);
        s->path = g_build_filename(directory, file, NULL);
        s->module = g_strdup("");
        if (!schedule_name_is_good(name))
                why = g_strdup_printf(
                        _("%s: the name of a scheduled upgrade begins with a letter or digit, and goes on "
                          "with those and - _ . : only"),
                        s->path);
        else
                text = input_read_file(s->path, &length, &why);
        if (text && (strlen(text) != length || !g_utf8_validate(text, -1, NULL)))
                why = g_strdup_printf(_("%s is not a text in UTF-8"), s->path);
        if (why)
                g_ptr_array_add(mistakes, g_steal_pointer(&why));
        else
                take_text(s, text, mistakes);
        return mistakes->len == before ? g_steal_pointer(&s) : NULL;
}

Schedule *schedule_load(const char *directory, const char *name, char **ret_why)
{
        g_autoptr(GPtrArray) mistakes = g_ptr_array_new_with_free_func(g_free);
        Schedule *s = schedule_read(directory, name, mistakes);

        if (s)
                return s;
        g_ptr_array_add(mistakes, NULL);
        *ret_why = g_strjoinv("; ", (char **)mistakes->pdata);
        return NULL;
}

bool schedule_fill(const Schedule *s, const char *model, const char *revision, char **ret_source,
                   char **ret_expected_revision, char **ret_why)
{
        g_autofree char *source = NULL, *expected = NULL, *why = NULL;

        source = placeholder_fill(s->source, model, revision, &why);
        if (!source) {
                *ret_why = schedule_complain(s, s->source_line, "source", why);
                return false;
        }
        expected = placeholder_fill(s->expected_revision, model, revision, &why);
        if (!expected) {
                *ret_why = schedule_complain(s, s->expected_revision_line, "expected-revision", why);
                return false;
        }
        *ret_source = g_steal_pointer(&source);
        *ret_expected_revision = g_steal_pointer(&expected);
        return true;
}

const char *schedule_option(const Schedule *s, const char *key)
{
        for (unsigned i = 0; i < s->options->len; i += 2)
                if (strcmp(g_ptr_array_index(s->options, i), key) == 0)
                        return g_ptr_array_index(s->options, i + 1);
        return NULL;
}
