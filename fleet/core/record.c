/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The text of a target's state file: one line a member. Knows nothing of files. */

#include "core/record.h"

#define GROUP "target"

static const char *const stages[_STAGE_MAX] = {
        [STAGE_NONE] = "none",   [STAGE_ACCEPTED] = "accepted", [STAGE_STARTED] = "started",
        [STAGE_ENDED] = "ended", [STAGE_CLOSED] = "closed",
};

static const struct {
        const char *key;
        size_t offset;
} texts[] = {
        { "server", G_STRUCT_OFFSET(Record, server) },     { "controller", G_STRUCT_OFFSET(Record, controller) },
        { "imei", G_STRUCT_OFFSET(Record, imei) },         { "attributes", G_STRUCT_OFFSET(Record, attributes) },
        { "action", G_STRUCT_OFFSET(Record, action) },     { "revision", G_STRUCT_OFFSET(Record, revision) },
        { "source", G_STRUCT_OFFSET(Record, source) },     { "sha256", G_STRUCT_OFFSET(Record, sha256) },
        { "download", G_STRUCT_OFFSET(Record, download) }, { "details", G_STRUCT_OFFSET(Record, details) },
};

static char **text_at(const Record *record, size_t i)
{
        return (char **)G_STRUCT_MEMBER_P(record, texts[i].offset);
}

Record *record_new(const char *server, const char *controller, const char *imei)
{
        Record *record = g_new0(Record, 1);

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                *text_at(record, i) = g_strdup("");
        g_free(record->server);
        record->server = g_strdup(server);
        g_free(record->controller);
        record->controller = g_strdup(controller);
        g_free(record->imei);
        record->imei = g_strdup(imei);
        return record;
}

void record_free(Record *record)
{
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                g_free(*text_at(record, i));
        g_free(record);
}

char *record_write(const Record *record)
{
        g_autoptr(GKeyFile) file = g_key_file_new();

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                g_key_file_set_string(file, GROUP, texts[i].key, *text_at(record, i));
        g_key_file_set_string(file, GROUP, "stage", stages[record->stage]);
        g_key_file_set_uint64(file, GROUP, "size", record->size);
        g_key_file_set_uint64(file, GROUP, "told", record->told);
        g_key_file_set_uint64(file, GROUP, "stalled", record->stalled);
        g_key_file_set_boolean(file, GROUP, "success", record->success);
        g_key_file_set_boolean(file, GROUP, "cancelled", record->cancelled);
        return g_key_file_to_data(file, NULL, NULL);
}

static bool read_number(GKeyFile *file, const char *key, uint64_t *ret)
{
        g_autoptr(GError) error = NULL;

        *ret = g_key_file_get_uint64(file, GROUP, key, &error);
        return !error;
}

static bool read_flag(GKeyFile *file, const char *key, bool *ret)
{
        g_autoptr(GError) error = NULL;

        *ret = g_key_file_get_boolean(file, GROUP, key, &error);
        return !error;
}

/* False if a value is missing, or none of its type. */
static bool read_values(GKeyFile *file, Record *record)
{
        uint64_t told;

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                char *value = g_key_file_get_string(file, GROUP, texts[i].key, NULL);

                if (!value)
                        return false;
                g_free(*text_at(record, i));
                *text_at(record, i) = value;
        }
        if (!read_number(file, "size", &record->size) || !read_number(file, "told", &told) ||
            !read_number(file, "stalled", &record->stalled) || !read_flag(file, "success", &record->success) ||
            !read_flag(file, "cancelled", &record->cancelled))
                return false;
        record->told = (unsigned)told;
        return true;
}

static bool read_stage(GKeyFile *file, Record *record)
{
        g_autofree char *word = g_key_file_get_string(file, GROUP, "stage", NULL);

        for (Stage stage = 0; stage < _STAGE_MAX; stage++)
                if (g_strcmp0(word, stages[stage]) == 0) {
                        record->stage = stage;
                        return true;
                }
        return false;
}

Record *record_read(const char *text, char **ret_why)
{
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autoptr(Record) record = record_new("", "", "");
        g_autoptr(GError) error = NULL;

        if (!g_key_file_load_from_data(file, text, (size_t)-1, G_KEY_FILE_NONE, &error)) {
                *ret_why = g_strdup(error->message);
                return NULL;
        }
        if (!read_values(file, record) || !read_stage(file, record) || !*record->controller || !*record->imei ||
            (record->stage != STAGE_NONE && !*record->action)) {
                *ret_why = g_strdup("a value is missing or not known");
                return NULL;
        }
        return g_steal_pointer(&record);
}
