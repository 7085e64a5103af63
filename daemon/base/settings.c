/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads fotad.conf into a struct. One table has all keys and their ranges. GKeyFile reads the syntax; it keeps no line
 * numbers, so the line of a mistake is looked up in the text. */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/settings.h"
#include "core/at/pace.h"
#include "core/quectel/layout.h"
#include "base/log.h"
#include "base/read-file.h"

#define FILE_MAX    (1 << 20)
#define SECONDS_MAX (30 * 24 * 3600)

typedef enum Kind { KIND_SECONDS, KIND_NUMBER, KIND_PATH, KIND_NAMES, KIND_INTERFACES } Kind;

static const struct {
        const char *group, *key;
        Kind kind;
        size_t offset;
        unsigned least, most;
} keys[] = {
        { "serial", "ports", KIND_NAMES, G_STRUCT_OFFSET(Config, ports), 0, 0 },
        { "serial", "baud-rate", KIND_NUMBER, G_STRUCT_OFFSET(Config, baud_rate), 1200, 4000000 },
        { "serial", "lock-directory", KIND_PATH, G_STRUCT_OFFSET(Config, lock_directory), 0, 0 },
        { "usb", "at-interfaces", KIND_INTERFACES, G_STRUCT_OFFSET(Config, at_interfaces), 0, 0 },
        { "timeouts", "command", KIND_SECONDS, G_STRUCT_OFFSET(Config, timeouts.command), 1, SECONDS_MAX },
        { "timeouts", "start", KIND_SECONDS, G_STRUCT_OFFSET(Config, timeouts.start), 1, SECONDS_MAX },
        { "timeouts", "download-idle", KIND_SECONDS, G_STRUCT_OFFSET(Config, timeouts.download_idle), 1, SECONDS_MAX },
        { "timeouts", "update-idle", KIND_SECONDS, G_STRUCT_OFFSET(Config, timeouts.update_idle), 1, SECONDS_MAX },
        { "timeouts", "restart", KIND_SECONDS, G_STRUCT_OFFSET(Config, timeouts.restart), 1, SECONDS_MAX },
        { "timeouts", "settle", KIND_SECONDS, G_STRUCT_OFFSET(Config, timeouts.settle), 1, SECONDS_MAX },
        { "timeouts", "stall", KIND_SECONDS, G_STRUCT_OFFSET(Config, timeouts.stall), 1, SECONDS_MAX },
        { "timeouts", "source", KIND_SECONDS, G_STRUCT_OFFSET(Config, timeouts.source), 1, SECONDS_MAX },
        { "timeouts", "watch", KIND_SECONDS, G_STRUCT_OFFSET(Config, watch), 1, SECONDS_MAX },
        { "jobs", "source-check", KIND_PATH, G_STRUCT_OFFSET(Config, source_check), 0, 0 },
        { "jobs", "history", KIND_NUMBER, G_STRUCT_OFFSET(Config, history), 1, 100000 },
        { "jobs", "pace-bytes", KIND_NUMBER, G_STRUCT_OFFSET(Config, pace_bytes), 1, PACE_CHUNK },
        { "jobs", "pace-interval", KIND_NUMBER, G_STRUCT_OFFSET(Config, pace_interval), 0, PACE_INTERVAL_MAX },
        { "jobs", "package-size-max", KIND_NUMBER, G_STRUCT_OFFSET(Config, package_size_max), 1, 64 << 20 },
};

void config_free(Config *c)
{
        if (!c)
                return;
        g_strfreev(c->ports);
        g_free(c->lock_directory);
        g_free(c->source_check);
        g_clear_pointer(&c->at_interfaces, g_hash_table_unref);
        g_free(c);
}

static Config *config_new(void)
{
        Config *c = g_new0(Config, 1);

        c->ports = g_new0(char *, 1);
        c->baud_rate = 115200;
        c->lock_directory = g_strdup("/run/lock");
        c->source_check = g_strdup("/run/fotad-source-check");
        c->at_interfaces = g_hash_table_new(NULL, NULL);
        c->timeouts = (Timeouts){
                .command = 30 * G_USEC_PER_SEC,
                .start = 60 * G_USEC_PER_SEC,
                .download_idle = 420 * G_USEC_PER_SEC,
                .update_idle = 900 * G_USEC_PER_SEC,
                .restart = 300 * G_USEC_PER_SEC,
                .settle = 180 * G_USEC_PER_SEC,
                .stall = 900 * G_USEC_PER_SEC,
                .source = 30 * G_USEC_PER_SEC,
        };
        c->watch = 24 * 3600 * (uint64_t)G_USEC_PER_SEC;
        c->history = 100;
        c->package_size_max = 64 * 1024 * 1024;
        c->pace_bytes = PACE_CHUNK;
        return c;
}

/* The line of a key, 1 for the first; of the group if key is NULL; 0 if it is not there. */
static unsigned find_line(const char *text, const char *group, const char *key)
{
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        g_autofree char *current = g_strdup("");
        unsigned found = 0;

        for (unsigned i = 0; lines[i]; i++) {
                char *line = g_strstrip(lines[i]), *end;

                if (*line == '[' && (end = strchr(line, ']'))) {
                        g_free(current);
                        current = g_strndup(line + 1, end - line - 1);
                        if (!key && strcmp(current, group) == 0)
                                return i + 1;
                } else if (key && strcmp(current, group) == 0 && g_str_has_prefix(line, key)) {
                        const char *rest = line + strlen(key);

                        if (rest[strspn(rest, " \t")] == '=')
                                found = i + 1; /* the last of equal keys counts */
                }
        }
        return found;
}

static unsigned count_lines(const char *text)
{
        unsigned n = 1;

        for (const char *c = text; *c; c++)
                n += *c == '\n';
        return n;
}

/* The first line that is neither empty, a comment, a group nor key=value. */
static unsigned find_broken_line(const char *text)
{
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        bool in_group = false;

        for (unsigned i = 0; lines[i]; i++) {
                char *line = g_strstrip(lines[i]);

                if (!*line || *line == '#')
                        continue;
                if (*line == '[' && g_str_has_suffix(line, "]"))
                        in_group = true;
                else if (*line == '[' || !in_group || !strchr(line, '=') || *line == '=')
                        return i + 1;
        }
        return 1;
}

static bool parse_number(const char *s, unsigned least, unsigned most, unsigned *ret)
{
        guint64 n;

        if (!g_ascii_string_to_unsigned(s, 10, least, most, &n, NULL))
                return false;
        *ret = (unsigned)n;
        return true;
}

/* The names between the semicolons, without blanks around them; empty ones are skipped. */
static char **parse_names(const char *s)
{
        g_auto(GStrv) entries = g_strsplit(s, ";", -1);
        GPtrArray *names = g_ptr_array_new();

        for (char **entry = entries; *entry; entry++)
                if (*g_strstrip(*entry))
                        g_ptr_array_add(names, g_strdup(*entry));
        g_ptr_array_add(names, NULL);
        return (char **)g_ptr_array_free(names, FALSE);
}

static bool parse_interfaces(const char *s, GHashTable *table)
{
        g_auto(GStrv) entries = g_strsplit(s, ";", -1);

        for (char **entry = entries; *entry; entry++) {
                g_auto(GStrv) sides = g_strsplit(g_strstrip(*entry), "=", -1);
                guint64 pid, interface;

                if (!**entry)
                        continue;
                if (g_strv_length(sides) != 2 || !g_ascii_string_to_unsigned(sides[0], 16, 0, 0xffff, &pid, NULL) ||
                    !g_ascii_string_to_unsigned(sides[1], 10, 0, 31, &interface, NULL))
                        return false;
                g_hash_table_insert(table, GUINT_TO_POINTER(pid), GUINT_TO_POINTER(interface + 1));
        }
        return true;
}

/* NULL if the value was taken, else a phrase that names the valid values. The caller frees it. */
static char *take_value(Config *c, size_t i, const char *value)
{
        gpointer field = G_STRUCT_MEMBER_P(c, keys[i].offset);
        unsigned n;

        switch (keys[i].kind) {
        case KIND_SECONDS:
        case KIND_NUMBER:
                if (!parse_number(value, keys[i].least, keys[i].most, &n))
                        return g_strdup_printf("must be a number from %u to %u%s", keys[i].least, keys[i].most,
                                               keys[i].kind == KIND_SECONDS ? " (seconds)" : "");
                if (keys[i].kind == KIND_SECONDS)
                        *(uint64_t *)field = (uint64_t)n * G_USEC_PER_SEC;
                else
                        *(unsigned *)field = n;
                return NULL;
        case KIND_PATH:
                if (*value != '/')
                        return g_strdup("must be an absolute path");
                g_free(*(char **)field);
                *(char **)field = g_strdup(value);
                return NULL;
        case KIND_NAMES:
                g_strfreev(*(char ***)field);
                *(char ***)field = parse_names(value);
                return NULL;
        case KIND_INTERFACES:
                return parse_interfaces(value, *(GHashTable **)field)
                               ? NULL
                               : g_strdup("must be like 6005=3;0903=2: product id in hex, interface number");
        }
        return NULL;
}

/* Returns true if a file that cannot be read must be corrected: it is missing, is no file, or may not be read. */
static bool is_wrong(int error)
{
        static const int wrong[] = { ENOENT, EACCES, EPERM, EINVAL, EFBIG, ENXIO, ENOTDIR, ELOOP, ENAMETOOLONG };

        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
                if (error == -wrong[i])
                        return true;
        return false;
}

/* Index in keys, G_N_ELEMENTS(keys) if there is no such key. */
static size_t find_key(const char *group, const char *key)
{
        size_t i = 0;

        while (i < G_N_ELEMENTS(keys) && (strcmp(keys[i].group, group) != 0 || strcmp(keys[i].key, key) != 0))
                i++;
        return i;
}

/* Takes the value of a key; a value that is wrong is added to mistakes. */
static void take_key(Config *c, GKeyFile *file, const char *group, const char *key, const char *where,
                     GPtrArray *mistakes)
{
        size_t i = find_key(group, key);
        g_autofree char *value = NULL, *why = NULL;

        if (i == G_N_ELEMENTS(keys)) {
                /* The key may belong to a newer fotad, or be a typing error. */
                log_warning("%s: ignored, for there is no key %s in [%s]", where, key, group);
                return;
        }
        value = g_key_file_get_string(file, group, key, NULL);
        why = value ? take_value(c, i, g_strstrip(value)) : g_strdup("must be text");
        if (why)
                g_ptr_array_add(mistakes, g_strdup_printf("%s: %s in [%s] %s", where, key, group, why));
}

static void take_keys(Config *c, GKeyFile *file, const char *path, const char *text, GPtrArray *mistakes)
{
        g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

        for (char **group = groups; *group; group++) {
                g_auto(GStrv) names = g_key_file_get_keys(file, *group, NULL, NULL);

                for (char **name = names; name && *name; name++) {
                        if (g_strv_contains((const char *const *)name + 1, *name)) /* the last one counts */
                                continue;

                        g_autofree char *where = g_strdup_printf("%s:%u", path, find_line(text, *group, *name));

                        take_key(c, file, *group, *name, where, mistakes);
                }
        }
}

/* Adds the mistakes of the file to mistakes, and sets *wrong if one of them must be corrected. */
static void take_file(Config *c, const char *path, bool must_exist, bool *wrong, GPtrArray *mistakes)
{
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL, *why = NULL;
        size_t length;
        unsigned before = mistakes->len;
        int r = read_file(path, FILE_MAX, &text, &length, &why);

        if (r == -ENOENT && !must_exist)
                return;
        if (r < 0) {
                g_ptr_array_add(mistakes, g_steal_pointer(&why));
        } else if (strlen(text) != length) {
                g_ptr_array_add(mistakes, g_strdup_printf("%s:%u: there is a NUL byte", path, count_lines(text)));
        } else if (g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, &error)) {
                take_keys(c, file, path, text, mistakes);
        } else if (*text && !g_error_matches(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_NOT_FOUND)) {
                g_ptr_array_add(mistakes, g_strdup_printf("%s:%u: %s", path, find_broken_line(text), error->message));
        }
        if (mistakes->len > before && (r == 0 || is_wrong(r)))
                *wrong = true;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

Config *config_load(const char *path, bool must_exist, bool *ret_wrong, char **ret_why)
{
        g_autoptr(Config) c = config_new();
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GPtrArray) mistakes = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *directory = g_strconcat(path, ".d", NULL);
        GDir *dir;
        const char *name;

        *ret_wrong = false;
        take_file(c, path, must_exist, ret_wrong, mistakes);
        dir = g_dir_open(directory, 0, NULL);
        while (dir && (name = g_dir_read_name(dir)))
                if (g_str_has_suffix(name, ".conf"))
                        g_ptr_array_add(names, g_build_filename(directory, name, NULL));
        g_clear_pointer(&dir, g_dir_close);
        g_ptr_array_sort(names, compare_names);
        for (unsigned i = 0; i < names->len; i++)
                take_file(c, g_ptr_array_index(names, i), true, ret_wrong, mistakes);
        if (mistakes->len == 0)
                return g_steal_pointer(&c);
        g_ptr_array_add(mistakes, NULL);
        *ret_why = g_strjoinv("\n", (char **)mistakes->pdata);
        return NULL;
}

void config_replace(Config *c, Config *taken)
{
        Config before = *c;

        *c = *taken;
        *taken = before;
        config_free(taken);
}

int config_at_interface(GHashTable *at_interfaces, uint16_t product_id)
{
        gpointer value = g_hash_table_lookup(at_interfaces, GUINT_TO_POINTER(product_id));

        return value ? (int)GPOINTER_TO_UINT(value) - 1 : LAYOUT_NO_OVERRIDE;
}

uint64_t config_longest_timeout(const Config *config)
{
        uint64_t longest = 0;

        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
                if (keys[i].kind == KIND_SECONDS && keys[i].offset != G_STRUCT_OFFSET(Config, watch))
                        longest = MAX(longest, G_STRUCT_MEMBER(uint64_t, config, keys[i].offset));
        return longest;
}
