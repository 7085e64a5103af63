/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The options of an upgrade: one table of keys, types and ranges, from which the bus reads them and the job's file
 * stores them. Some strings become part of AT commands; a string that could end a command's string is refused. */

#include <string.h>

#include "core/at/pace.h"
#include "core/job/key-file.h"
#include "core/job/options.h"
#include "core/quectel/qfota.h"

#define TEXT_MAX       127 /* bytes; AT+QICSGP takes no longer APN, user or password */
#define REQUEST_ID_MAX 64

typedef struct Key {
        const char *name;
        char type;
        size_t offset;
        int64_t least, most; /* of numbers */
        bool zero;           /* 0 is allowed below least */
        const char *words;   /* of strings: all that are valid */
} Key;

#define KEY_STRING(name, field, words)                                                                                 \
        {                                                                                                              \
                name, 's', G_STRUCT_OFFSET(Options, field), 0, 0, false, words                                         \
        }
#define KEY_NUMBER(name, field, a, b, zero)                                                                            \
        {                                                                                                              \
                name, 'u', G_STRUCT_OFFSET(Options, field), a, b, zero, NULL                                           \
        }
#define KEY_BOOLEAN(name, field)                                                                                       \
        {                                                                                                              \
                name, 'b', G_STRUCT_OFFSET(Options, field), 0, 0, false, NULL                                          \
        }

static const Key keys[] = {
        KEY_STRING("expected-revision", expected_revision, NULL),
        KEY_STRING("method", method, "auto, dfota, minifota"),
        KEY_NUMBER("upgrade-mode", upgrade_mode, 0, 1, false), /* guide 3.3.1 */
        KEY_NUMBER("download-urc-max", download_urc_max, QFOTA_URC_MAX_LEAST, QFOTA_URC_MAX_MOST, true),
        KEY_NUMBER("update-urc-max", update_urc_max, QFOTA_URC_MAX_LEAST, QFOTA_URC_MAX_MOST, true),
        KEY_NUMBER("cid", cid, 1, 15, false),
        KEY_STRING("apn", apn, NULL),
        KEY_STRING("apn-user", apn_user, NULL),
        KEY_STRING("apn-password", apn_password, NULL),
        KEY_NUMBER("apn-auth", apn_auth, 0, 3, false), /* none, PAP, CHAP, PAP or CHAP */
        KEY_STRING("flow-control", flow_control, "auto, hardware, none, protocol"),
        KEY_NUMBER("pace-bytes", pace_bytes, 1, PACE_CHUNK, false),
        KEY_NUMBER("pace-interval", pace_interval, 0, PACE_INTERVAL_MAX, false),
        KEY_STRING("sha256", sha256, NULL),
        KEY_BOOLEAN("check-source", check_source),
        KEY_BOOLEAN("allow-unchanged", allow_unchanged),
        KEY_BOOLEAN("allow-https", allow_https),
        KEY_BOOLEAN("record", record),
        KEY_STRING("request-id", request_id, NULL),
};

#define IS_FIELD(key, field) ((key)->offset == G_STRUCT_OFFSET(Options, field))

static const Key *find_key(const char *name, char type)
{
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
                if (strcmp(keys[i].name, name) == 0 && (type == 0 || keys[i].type == type))
                        return &keys[i];
        return NULL;
}

static char **string_field(const Options *o, const Key *key)
{
        return (char **)G_STRUCT_MEMBER_P(o, key->offset);
}

static int64_t *number_field(const Options *o, const Key *key)
{
        return (int64_t *)G_STRUCT_MEMBER_P(o, key->offset);
}

static bool *boolean_field(const Options *o, const Key *key)
{
        return (bool *)G_STRUCT_MEMBER_P(o, key->offset);
}

Options *options_new(void)
{
        Options *o = g_new0(Options, 1);

        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
                if (keys[i].type == 'u')
                        *number_field(o, &keys[i]) = -1;
        return o;
}

void options_wipe(Options *o)
{
        if (o->apn_password)
                explicit_bzero(o->apn_password, strlen(o->apn_password));
        g_clear_pointer(&o->apn_password, g_free);
}

void options_free(Options *o)
{
        if (!o)
                return;
        options_wipe(o);
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
                if (keys[i].type == 's')
                        g_free(*string_field(o, &keys[i]));
        g_free(o);
}

char options_type(const char *key)
{
        const Key *k = find_key(key, 0);

        return k ? k->type : 0;
}

static bool is_word_of(const char *value, const char *words)
{
        g_auto(GStrv) list = g_strsplit(words, ", ", -1);

        return g_strv_contains((const char *const *)list, value);
}

/* A request id is never sent to a module, so it may hold any printable character. */
static bool is_request_id(const char *value)
{
        for (const char *p = value; *p; p++)
                if (*p < ' ' || *p > '~')
                        return false;
        return *value && strlen(value) <= REQUEST_ID_MAX;
}

static bool judge_text(const Key *key, const char *value, char **ret_why)
{
        if (strlen(value) > TEXT_MAX) {
                *ret_why = g_strdup_printf("may have %d bytes at most", TEXT_MAX);
                return false;
        }
        for (const char *p = value; *p; p++)
                if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\') {
                        *ret_why = g_strdup("may hold printable ASCII without quotes and backslashes only");
                        return false;
                }
        if (!*value && IS_FIELD(key, expected_revision)) {
                *ret_why = g_strdup("may not be empty: leave the option out to accept any other revision");
                return false;
        }
        if (IS_FIELD(key, expected_revision) && strchr(value, ' ')) {
                *ret_why = g_strdup("may not hold a blank: a revision looks like EC200AEUHAR01A03M16");
                return false;
        }
        if (IS_FIELD(key, sha256) && (strlen(value) != 64 || strspn(value, "0123456789abcdefABCDEF") != 64)) {
                *ret_why = g_strdup("must be 64 hexadecimal digits, as sha256sum prints them");
                return false;
        }
        return true;
}

bool options_set_string(Options *o, const char *name, const char *value, char **ret_why)
{
        const Key *key = find_key(name, 's');

        g_assert(key);
        if (key->words && !is_word_of(value, key->words)) {
                *ret_why = g_strdup_printf("must be one of %s", key->words);
                return false;
        }
        if (IS_FIELD(key, request_id) && !is_request_id(value)) {
                *ret_why = g_strdup_printf("must be 1 to %d characters of printable ASCII", REQUEST_ID_MAX);
                return false;
        }
        if (!IS_FIELD(key, request_id) && !judge_text(key, value, ret_why))
                return false;
        g_free(*string_field(o, key));
        *string_field(o, key) = g_strdup(value);
        return true;
}

bool options_set_number(Options *o, const char *name, uint32_t value, char **ret_why)
{
        const Key *key = find_key(name, 'u');

        g_assert(key);
        if ((value < key->least || value > key->most) && !(key->zero && value == 0)) {
                *ret_why = g_strdup_printf("must be %s%d to %d", key->zero ? "0 or " : "", (int)key->least,
                                           (int)key->most);
                return false;
        }
        *number_field(o, key) = value;
        return true;
}

bool options_set_boolean(Options *o, const char *name, bool value)
{
        const Key *key = find_key(name, 'b');

        g_assert(key);
        *boolean_field(o, key) = value;
        return true;
}

static bool refuse(const char **ret_key, char **ret_why, const char *key, const char *why)
{
        *ret_key = key;
        *ret_why = g_strdup(why);
        return false;
}

bool options_check(const Options *o, Method method, const char **ret_key, char **ret_why)
{
        if (method == METHOD_MINIFOTA) {
                const char *context = o->cid >= 0 ? "cid" : o->apn ? "apn" : NULL;
                const char *count = o->download_urc_max >= 0 ? "download-urc-max"
                                    : o->update_urc_max >= 0 ? "update-urc-max"
                                                             : NULL;

                if (context)
                        return refuse(ret_key, ret_why, context,
                                      "MiniFOTA takes no PDP context (guide 3.3.1.1, note 2): leave it out");
                if (count)
                        return refuse(ret_key, ret_why, count,
                                      "MiniFOTA takes no URC options (guide 3.3.1.2, note 2): leave it out");
                if (o->upgrade_mode >= 0)
                        return refuse(ret_key, ret_why, "upgrade-mode",
                                      "MiniFOTA restarts as it must (guide 2.3.1.2): leave it out");
        }
        if (g_strcmp0(o->flow_control, "hardware") == 0 && (o->pace_bytes >= 0 || o->pace_interval >= 0))
                return refuse(ret_key, ret_why, o->pace_bytes >= 0 ? "pace-bytes" : "pace-interval",
                              "is for sending without flow control: leave it out, or flow-control=hardware");
        if (o->apn && o->cid < 0)
                return refuse(ret_key, ret_why, "apn", "configures a PDP context: say which with the option cid");
        if (o->apn_user && !o->apn)
                return refuse(ret_key, ret_why, "apn-user", "goes with the option apn");
        if (o->apn_password && !o->apn)
                return refuse(ret_key, ret_why, "apn-password", "goes with the option apn");
        if (o->apn_auth >= 0 && !o->apn)
                return refuse(ret_key, ret_why, "apn-auth", "goes with the option apn");
        return true;
}

char *options_describe(const Options *o)
{
        GString *s = g_string_new(NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                const Key *key = &keys[i];
                bool secret = strcmp(key->name, "apn-user") == 0 || strcmp(key->name, "apn-password") == 0;
                const char *comma = s->len ? ", " : "";

                if (key->type == 's' && *string_field(o, key))
                        g_string_append_printf(s, "%s%s=%s", comma, key->name, secret ? "***" : *string_field(o, key));
                if (key->type == 'u' && *number_field(o, key) >= 0)
                        g_string_append_printf(s, "%s%s=%d", comma, key->name, (int)*number_field(o, key));
                if (key->type == 'b' && *boolean_field(o, key))
                        g_string_append_printf(s, "%s%s", comma, key->name);
        }
        return g_string_free(s, FALSE);
}

void options_save(const Options *o, GString *text, const char *group)
{
        bool begun = false;

        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                const Key *key = &keys[i];
                const char *string = key->type == 's' ? *string_field(o, key) : NULL;
                int64_t number = key->type == 'u' ? *number_field(o, key) : -1;
                bool set = key->type == 'b' && *boolean_field(o, key);

                if (!string && number < 0 && !set)
                        continue;
                if (!begun)
                        key_file_append_group(text, group);
                begun = true;
                if (string)
                        key_file_append_string(text, key->name, string);
                else if (number >= 0)
                        key_file_append_number(text, key->name, number);
                else
                        key_file_append_boolean(text, key->name, true);
        }
}

Options *options_load(GKeyFile *file, const char *group, char **ret_why)
{
        g_autoptr(Options) o = options_new();

        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                const Key *key = &keys[i];
                g_autofree char *text = NULL, *why = NULL;
                g_autoptr(GError) error = NULL;
                bool good = false;

                if (!g_key_file_has_key(file, group, key->name, NULL))
                        continue;
                text = g_key_file_get_string(file, group, key->name, NULL);
                if (key->type == 's' && text)
                        good = options_set_string(o, key->name, text, &why);
                else if (key->type == 'u') {
                        int64_t n = g_key_file_get_int64(file, group, key->name, &error);

                        good = !error && n >= 0 && n <= UINT32_MAX &&
                               options_set_number(o, key->name, (uint32_t)n, &why);
                } else if (key->type == 'b') {
                        bool value = g_key_file_get_boolean(file, group, key->name, &error);

                        good = !error && options_set_boolean(o, key->name, value);
                }
                if (!good) {
                        *ret_why = g_strdup_printf("its option %s %s", key->name, why ?: "is not valid");
                        return NULL;
                }
        }
        return g_steal_pointer(&o);
}
