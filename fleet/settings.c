/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads hawkbit.conf and the credentials. Every key that is not known and every value that is not allowed is a mistake.
 * There is no setting that switches the verification of the server's certificate off. */

#include "config.h"

#include <string.h>
#include <unistd.h>

#include "log.h"
#include "settings.h"

#define INTERVAL_MAX 86400 /* seconds */

typedef bool (*Check)(const char *value);

static bool is_url(const char *value)
{
        return settings_is_safe(value) && !strpbrk(value, " ?#@");
}

static bool is_word(const char *value)
{
        return *value && !strpbrk(value, " /?#%");
}

static bool is_path(const char *value)
{
        return g_path_is_absolute(value);
}

static bool is_text(const char *value)
{
        return *value != 0;
}

/* %{imei}, %{gateway} and %{module} are the placeholders. */
static bool is_template(const char *value)
{
        g_autofree char *rest = g_strdup(value);
        static const char *const names[] = { "%{imei}", "%{gateway}", "%{module}" };

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_auto(GStrv) parts = g_strsplit(rest, names[i], -1);

                g_free(rest);
                rest = g_strjoinv("-", parts);
        }
        return *rest && strlen(value) < 200 && !strpbrk(rest, "%{} /");
}

static bool is_interval(const char *value)
{
        guint64 seconds;

        return g_ascii_string_to_unsigned(value, 10, 1, INTERVAL_MAX, &seconds, NULL);
}

static const struct {
        const char *group, *key;
        Check check;
        const char *wanted;
} keys[] = {
        { "server", "url", is_url, "an https URL (http only to 127.0.0.1, [::1] or localhost)" },
        { "server", "tenant", is_word, "a word" },
        { "server", "ca-file", is_path, "an absolute path" },
        { "server", "poll-interval", is_interval, "a number of seconds from 1 to 86400" },
        { "target", "controller-id", is_template, "a text with %{imei}, %{gateway} or %{module}" },
        { "target", "gateway", is_text, "a text" },
};

bool settings_is_safe(const char *url)
{
        static const char *const own[] = { "http://127.0.0.1", "http://[::1]", "http://localhost" };

        if (g_ascii_strncasecmp(url, "https://", 8) == 0)
                return url[8] && !strchr("/:?#", url[8]);
        for (size_t i = 0; i < G_N_ELEMENTS(own); i++) {
                size_t length = strlen(own[i]);

                if (g_ascii_strncasecmp(url, own[i], length) == 0 && (!url[length] || strchr("/:", url[length])))
                        return !strchr(url + length, '@');
        }
        return false;
}

static bool is_known(const char *group, const char *key)
{
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
                if (strcmp(keys[i].group, group) == 0 && (!key || strcmp(keys[i].key, key) == 0))
                        return true;
        return false;
}

static bool check_keys(GKeyFile *file, const char *path)
{
        g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

        for (char **group = groups; *group; group++) {
                g_auto(GStrv) names = g_key_file_get_keys(file, *group, NULL, NULL);

                if (!is_known(*group, NULL)) {
                        log_error("%s: there is no group [%s]", path, *group);
                        return false;
                }
                for (char **name = names; *name; name++)
                        if (!is_known(*group, *name)) {
                                log_error("%s: there is no setting %s in [%s]", path, *name, *group);
                                return false;
                        }
        }
        return true;
}

/* The value of a key of the table, or a copy of the default. NULL after a mistake if there is a default. */
static char *get(GKeyFile *file, const char *path, const char *key, const char *otherwise, bool *ok)
{
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                g_autofree char *value = NULL;
                bool told;

                if (strcmp(keys[i].key, key) != 0)
                        continue;
                value = g_key_file_get_string(file, keys[i].group, key, NULL);
                if (!value)
                        return g_strdup(otherwise);
                g_strstrip(value);
                if (keys[i].check(value))
                        return g_steal_pointer(&value);
                told = keys[i].check != is_url; /* a URL may contain a password */
                log_error("%s: %s%s%s in [%s] has to be %s", path, key, told ? "=" : "", told ? value : "",
                          keys[i].group, keys[i].wanted);
                *ok = false;
        }
        return NULL;
}

/* The text of a credential without blanks around it; NULL if there is none, or it is empty. */
static char *get_credential(const char *name)
{
        const char *directory = g_getenv("CREDENTIALS_DIRECTORY");
        g_autofree char *path = g_build_filename(directory ?: "", name, NULL), *text = NULL;

        if (!directory || !g_file_get_contents(path, &text, NULL, NULL))
                return NULL;
        return *g_strstrip(text) ? g_steal_pointer(&text) : NULL;
}

static char *find_credential(const char *name)
{
        g_autofree char *text = get_credential(name);

        return text ? g_build_filename(g_getenv("CREDENTIALS_DIRECTORY"), name, NULL) : NULL;
}

static bool is_token(const char *token)
{
        for (const char *p = token; *p; p++)
                if (!g_ascii_isgraph(*p))
                        return false;
        return *token != 0;
}

/* One line a target: its id, a blank, its token. */
static bool read_target_tokens(Settings *s)
{
        g_autofree char *text = get_credential("target-tokens");
        g_auto(GStrv) lines = g_strsplit(text ?: "", "\n", -1);

        for (char **line = lines; *line; line++) {
                char *blank = strchr(g_strstrip(*line), ' ');

                if (!**line || **line == '#')
                        continue;
                if (!blank || !is_token(g_strstrip(blank + 1))) {
                        log_error("target-tokens: line %d is not the id of a target, a blank, and its token",
                                  (int)(line - lines) + 1);
                        return false;
                }
                g_hash_table_insert(s->target_tokens, g_strndup(*line, (gsize)(blank - *line)),
                                    g_strdup(g_strstrip(blank + 1)));
        }
        return true;
}

static bool read_credentials(Settings *s)
{
        s->gateway_token = get_credential("gateway-token");
        s->certificate = find_credential("client-certificate");
        s->key = find_credential("client-key");
        if (s->gateway_token && !is_token(s->gateway_token)) {
                log_error("gateway-token: this is not a token");
                return false;
        }
        return read_target_tokens(s);
}

Settings *settings_read(const char *path)
{
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autoptr(Settings) s = g_new0(Settings, 1);
        g_autoptr(GError) error = NULL;
        g_autofree char *interval = NULL, *host = g_strdup(g_get_host_name());
        bool ok = true;

        s->target_tokens = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &error)) {
                if (error->domain == G_KEY_FILE_ERROR) /* its message has the line, which may contain a password */
                        log_error("%s: every line has to be a group in brackets, a setting below one as key=value, or "
                                  "a comment that begins with #",
                                  path);
                else
                        log_error("%s: %s", path, error->message);
                return NULL;
        }
        if (!check_keys(file, path))
                return NULL;
        s->url = get(file, path, "url", NULL, &ok);
        s->tenant = get(file, path, "tenant", "DEFAULT", &ok);
        s->ca_file = get(file, path, "ca-file", NULL, &ok);
        s->controller = get(file, path, "controller-id", "%{imei}", &ok);
        s->gateway = get(file, path, "gateway", host, &ok);
        interval = get(file, path, "poll-interval", "300", &ok);
        if (!ok)
                return NULL;
        if (!s->url) {
                log_error("%s: url= in [server] is missing", path);
                return NULL;
        }
        while (g_str_has_suffix(s->url, "/"))
                s->url[strlen(s->url) - 1] = 0;
        s->interval = (unsigned)g_ascii_strtoull(interval, NULL, 10);
        return read_credentials(s) ? g_steal_pointer(&s) : NULL;
}

void settings_free(Settings *s)
{
        g_free(s->url);
        g_free(s->tenant);
        g_free(s->controller);
        g_free(s->gateway);
        g_free(s->ca_file);
        g_free(s->certificate);
        g_free(s->key);
        g_free(s->gateway_token);
        g_hash_table_unref(s->target_tokens);
        g_free(s);
}
