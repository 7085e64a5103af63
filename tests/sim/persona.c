/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The settings of a module and the built-in modules. This file stores words and checks their form; it must not depend
 * on their effects.
 */
#include "persona.h"
#include "persona-survey.h"

#include <string.h>

/* Prefixes of the name of a file, in place of a persona. */
#define SURVEY    "survey:"
#define RECORDING "recording:"

struct Persona {
        char *value[_PERSONA_KEY_MAX];
        struct persona_survey *survey; /* NULL none */
        Recording *recording;          /* the same */
};

static const struct {
        const char *name;
        const char *kind;
        const char *value;
        const char *help;
} keys[] = {
#define PERSONA_ROW(id, key, kind, value, help) [PERSONA_##id] = { key, kind, value, help },
        PERSONA_KEYS(PERSONA_ROW)
#undef PERSONA_ROW
};

G_STATIC_ASSERT(G_N_ELEMENTS(keys) == _PERSONA_KEY_MAX);

/* clang-format off */
/* Each persona is based on another one, with its differences; the first has the defaults. */
static const struct {
        const char *name;
        const char *base;
        const char *settings;
        const char *help;
} personas[] = {
        { "ec200a", NULL, "", "EC200A-EU, 16 MB, DFOTA" },
        { "ec200a-8", "ec200a", "revision=EC200AEUHAR01A02M08,download-style=none",
          "EC200A-EU, 8 MB, DFOTA all the same; 8 MB modules print no DOWNLOADING" },
        { "ec600n", "ec200a", "model=EC600N,revision=EC600NCNLAR03A01M16,pid=6001,imei=867711050000011", "EC600N-CN, 16 MB, DFOTA" },
        { "eg915n", "ec200a", "model=EG915N,revision=EG915NEUAGR01A02M16,pid=6002,ftp=0,imei=867712050000019",
          "EG915N-EU, 16 MB, DFOTA, no FTP" },
        { "ec600m", "ec200a", "model=EC600M,revision=EC600MCNLER06A08M08,pid=6002,qgmr=plain,method=minifota,imei=867713050000017,"
          "mini-revision=same,mini-boot-urcs=RDY",
          "EC600M-CN, 8 MB, MiniFOTA; Mini looks much like the normal system" },
        { "ec800m-4", "ec200a", "model=EC800M,revision=EC800MCNGAR06A03M04,pid=6002,method=minifota,ftp=0,imei=867714050000015,"
          "mini-pid=6001,mini-ports=at,updater-ports=none",
          "EC800M-CN, 4 MB, MiniFOTA; Mini has another product id and its AT port alone" },
        { "eg800k-2", "ec200a", "model=EG800K,revision=EG800KEUCCR07A07M02,build=01.300.01.300,pid=6002,method=minifota,ftp=0,imei=867715050000012,"
          "mini-at=none,mini-ports=at/modem,updater-usb=0",
          "EG800K-EU, 2 MB, MiniFOTA; Mini swallows AT commands, the updater is not seen" },
        { "eg800k-4", "ec200a", "model=EG800K,revision=EG800KEULCR07A07M04,build=01.300.01.300,pid=6002,method=minifota,ftp=0,imei=867716050000010,"
          "mini-usb=0",
          "EG800K-EU, 4 MB, MiniFOTA; Mini is not seen on USB" },
        { "noecho", "ec200a", "echo=0", "echo off" },
        { "noqgmr", "ec200a", "qgmr=error", "old firmware that has no AT+QGMR" },
        { "nostart", "ec200a", "lost=start", "START is never seen" },
        { "ends-at-91", "ec200a", "updating=8/16/25/33/41/50/58/66/75/83/91", "the last UPDATING is 91" },
        { "percent", "ec200a", "download-style=percent,download-max=50", "DOWNLOADING 2,4..100 with a maximum of 50" },
        { "https-word", "ec200a", "https-word=HTTPS", "HTTPSSTART and HTTPSEND" },
        { "blank", "ec200a", "blank=1", "a blank inside the quotes" },
};
/* clang-format on */

/* The settings of the group pace=. */
static const struct {
        enum persona_key key;
        const char *fast; /* NULL: the default */
        const char *real;
} paces[] = {
        { PERSONA_BOOT, NULL, "1500" },       { PERSONA_STEP, NULL, "60" },
        { PERSONA_START_DELAY, NULL, "600" }, { PERSONA_DOWNLOAD_STEP, NULL, "50" },
        { PERSONA_CHECK, NULL, "500" },       { PERSONA_UPDATE_STEP, NULL, "60" },
        { PERSONA_OFF, NULL, "1200" },        { PERSONA_LINGER, NULL, "400" },
        { PERSONA_ABORT, NULL, "1500" },      { PERSONA_DRAIN, NULL, "1000" },
        { PERSONA_MINI_RETRY, NULL, "1000" },
};

static int find_key(const char *name)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
                if (g_str_equal(keys[i].name, name))
                        return (int)i;
        return -1;
}

static bool is_number(const char *value)
{
        return *value && strlen(value) <= 9 && strspn(value, "0123456789") == strlen(value);
}

static bool kind_accepts(const char *kind, const char *value)
{
        if (g_str_equal(kind, "text") || g_str_equal(kind, "words"))
                return true;
        if (g_str_equal(kind, "number"))
                return is_number(value);
        if (g_str_equal(kind, "flag"))
                return g_str_equal(value, "0") || g_str_equal(value, "1");
        g_auto(GStrv) words = g_strsplit(kind, "|", -1);
        return g_strv_contains((const char *const *)words, value);
}

static bool kind_is_choice(const char *kind)
{
        return strchr(kind, '|') != NULL;
}

void persona_put(Persona *persona, enum persona_key key, const char *value)
{
        char *copy = g_strdup(value); /* first: `value` may be the old one */

        g_free(persona->value[key]);
        persona->value[key] = copy;
}

bool persona_set(Persona *persona, const char *key, const char *value, GError **error)
{
        int index = find_key(key);

        if (index < 0) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no setting is called '%s'", key);
                return false;
        }
        if (!kind_accepts(keys[index].kind, value)) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is a %s%s, not '%s'", key,
                            kind_is_choice(keys[index].kind) ? "choice of " : "", keys[index].kind, value);
                return false;
        }
        persona_put(persona, (enum persona_key)index, value);
        if (index == PERSONA_PACE)
                for (unsigned i = 0; i < G_N_ELEMENTS(paces); i++) {
                        const char *fast = paces[i].fast ?: keys[paces[i].key].value;

                        persona_put(persona, paces[i].key, g_str_equal(value, "real") ? paces[i].real : fast);
                }
        return true;
}

static bool set_all(Persona *persona, const char *settings, GError **error)
{
        g_auto(GStrv) parts = g_strsplit(settings, ",", -1);

        for (char **part = parts; *part; part++) {
                char *equals = strchr(*part, '=');

                if (!equals) {
                        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                                    "'%s' is not of the form key=value", *part);
                        return false;
                }
                *equals = '\0';
                if (!persona_set(persona, *part, equals + 1, error))
                        return false;
        }
        return true;
}

static Persona *persona_builtin(const char *name, GError **error)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(personas); i++) {
                if (!g_str_equal(personas[i].name, name))
                        continue;
                g_autoptr(Persona) persona = NULL;
                if (personas[i].base) {
                        persona = persona_builtin(personas[i].base, error);
                } else {
                        persona = g_new0(Persona, 1);
                        for (unsigned k = 0; k < _PERSONA_KEY_MAX; k++)
                                persona->value[k] = g_strdup(keys[k].value);
                }
                if (!persona || !set_all(persona, personas[i].settings, error))
                        return NULL;
                return g_steal_pointer(&persona);
        }
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no persona is called '%s'", name);
        return NULL;
}

static bool take_survey(Persona *persona, const char *file, GError **error)
{
        persona->survey = persona_survey_read(file, error);
        for (guint i = 0; persona->survey && i < persona->survey->settings->len; i += 2)
                if (!persona_set(persona, g_ptr_array_index(persona->survey->settings, i),
                                 g_ptr_array_index(persona->survey->settings, i + 1), error))
                        return false;
        return persona->survey != NULL;
}

static bool take_recording(Persona *persona, const char *file, GError **error)
{
        g_autofree char *text = NULL, *why = NULL;
        gsize length;

        if (!g_file_get_contents(file, &text, &length, error))
                return false;
        persona->recording = recording_parse(text, length, &why);
        if (persona->recording && g_strcmp0(recording_head(persona->recording, "kind"), "upgrade") == 0) {
                persona_put(persona, PERSONA_ECHO, "0"); /* the recording has what was echoed */
                return true;
        }
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is no recording of an upgrade: %s", file,
                    why ?: "its kind is another one");
        return false;
}

const Recording *persona_recording(const Persona *persona)
{
        return persona->recording;
}

const char *persona_answer(const Persona *persona, const char *command)
{
        return persona->survey ? g_hash_table_lookup(persona->survey->answers, command) : NULL;
}

unsigned persona_refusal(const Persona *persona, const char *command)
{
        return persona->survey ? GPOINTER_TO_UINT(g_hash_table_lookup(persona->survey->refusals, command)) : 0;
}

Persona *persona_new(const char *text, GError **error)
{
        g_auto(GStrv) parts = g_strsplit(text, ",", 2);
        const char *name = parts[0] ?: "";
        bool survey = g_str_has_prefix(name, SURVEY), recording = g_str_has_prefix(name, RECORDING);
        g_autoptr(Persona) persona = persona_builtin(survey || recording ? "ec200a" : name, error);

        if (!persona || (survey && !take_survey(persona, name + strlen(SURVEY), error)) ||
            (recording && !take_recording(persona, name + strlen(RECORDING), error)) ||
            (parts[1] && !set_all(persona, parts[1], error)))
                return NULL;
        return g_steal_pointer(&persona);
}

void persona_free(Persona *persona)
{
        if (!persona)
                return;
        for (unsigned k = 0; k < _PERSONA_KEY_MAX; k++)
                g_free(persona->value[k]);
        persona_survey_free(persona->survey);
        recording_free(persona->recording);
        g_free(persona);
}

const char *persona_get(const Persona *persona, const char *key)
{
        int index = find_key(key);

        return index < 0 ? NULL : persona->value[index];
}

const char *persona_text(const Persona *persona, enum persona_key key)
{
        return persona->value[key];
}

unsigned persona_number(const Persona *persona, enum persona_key key)
{
        return (unsigned)g_ascii_strtoull(persona->value[key], NULL, 10);
}

unsigned persona_hex(const Persona *persona, enum persona_key key)
{
        return (unsigned)g_ascii_strtoull(persona->value[key], NULL, 16);
}

bool persona_flag(const Persona *persona, enum persona_key key)
{
        return persona_is(persona, key, "1");
}

bool persona_is(const Persona *persona, enum persona_key key, const char *value)
{
        return g_str_equal(persona->value[key], value);
}

bool persona_has(const Persona *persona, enum persona_key key, const char *word)
{
        g_auto(GStrv) words = g_strsplit(persona->value[key], "/", -1);

        return g_strv_contains((const char *const *)words, word);
}

void persona_describe(GString *to)
{
        g_string_append(to, "| persona | what it is |\n|---|---|\n");
        for (unsigned i = 0; i < G_N_ELEMENTS(personas); i++)
                g_string_append_printf(to, "| `%s` | %s |\n", personas[i].name, personas[i].help);

        g_string_append(to, "\n| setting | default | kind | meaning |\n|---|---|---|---|\n");
        for (unsigned k = 0; k < _PERSONA_KEY_MAX; k++) {
                g_auto(GStrv) words = g_strsplit(keys[k].kind, "|", -1);
                g_autofree char *kind = g_strjoinv(", ", words);

                g_string_append_printf(to, "| `%s` | %s%s%s | %s | %s |\n", keys[k].name, *keys[k].value ? "`" : "",
                                       keys[k].value, *keys[k].value ? "`" : "", kind, keys[k].help);
        }
}
