/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads and writes the JSON of hawkBit's Direct Device Integration API. Knows neither when a resource is asked for nor
 * what follows from its contents. Members that are not known are ignored, as servers of other releases have them. */

#include <json-glib/json-glib.h>
#include <string.h>

#include "core/clean.h"
#include "core/ddi.h"

#define TEXT_MAX  500     /* characters; the server cuts longer messages into several, of which it takes 50 */
#define VALUE_MAX 128     /* characters of an attribute; the server refuses longer ones */
#define ID_MAX    19      /* digits of a number of 63 bits */
#define SLEEP_MAX 8640000 /* seconds, a hundred days */
#define DEPTH_MAX 32      /* objects and arrays in each other; hawkBit's have 7 */

/* ---- members of an object; all of them may be missing, or of another type */

/* json-glib descends into each object and array by a call of itself, until the stack is full. It also takes comments and
 * single quotes, in which brackets do not count either; JSON has none. */
static bool is_shallow(const char *text)
{
        unsigned depth = 0;
        bool quoted = false;

        for (const char *p = text; *p; p++) {
                if (quoted && *p == '\\' && p[1])
                        p++;
                else if (*p == '"')
                        quoted = !quoted;
                else if (!quoted && strchr("/'#", *p))
                        return false;
                else if (!quoted && strchr("{[", *p) && ++depth > DEPTH_MAX)
                        return false;
                else if (!quoted && strchr("}]", *p) && depth > 0)
                        depth--;
        }
        return true;
}

static JsonNode *parse(const char *text)
{
        g_autoptr(JsonParser) parser = json_parser_new_immutable();
        JsonNode *root;

        if (!text || !is_shallow(text) || !json_parser_load_from_data(parser, text, -1, NULL))
                return NULL;
        root = json_parser_steal_root(parser);
        if (root && JSON_NODE_HOLDS_OBJECT(root))
                return root;
        g_clear_pointer(&root, json_node_unref);
        return NULL;
}

static JsonObject *get_object(JsonObject *object, const char *name)
{
        JsonNode *node = object ? json_object_get_member(object, name) : NULL;

        return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static JsonArray *get_array(JsonObject *object, const char *name)
{
        JsonNode *node = object ? json_object_get_member(object, name) : NULL;

        return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static JsonObject *get_element(JsonArray *array, unsigned i)
{
        JsonNode *node = json_array_get_element(array, i);

        return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* Half a character of UTF-16, which JSON may hold, makes a text that is not UTF-8: it counts as missing. */
static const char *get_string(JsonObject *object, const char *name)
{
        JsonNode *node = object ? json_object_get_member(object, name) : NULL;
        const char *text = node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING
                                   ? json_node_get_string(node)
                                   : NULL;

        return text && g_utf8_validate(text, -1, NULL) ? text : NULL;
}

static int64_t get_number(JsonObject *object, const char *name)
{
        JsonNode *node = object ? json_object_get_member(object, name) : NULL;

        return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64
                       ? json_node_get_int(node)
                       : 0;
}

static const char *get_link(JsonObject *object, const char *name)
{
        return get_string(get_object(get_object(object, "_links"), name), "href");
}

/* ---- ids */

static bool is_id(const char *text)
{
        size_t length = text ? strlen(text) : 0;

        return length > 0 && length <= ID_MAX && strspn(text, "0123456789") == length;
}

/* The id behind that name in a link such as http://server/DEFAULT/controller/v1/4711/deploymentBase/12?c=-3. NULL if
 * there is none. */
static char *id_of(const char *link, const char *name)
{
        g_autofree char *folder = g_strdup_printf("/%s/", name), *id = NULL;
        const char *found = link ? g_strrstr(link, folder) : NULL;

        if (!found)
                return NULL;
        found += strlen(folder);
        id = g_strndup(found, strcspn(found, "/?#"));
        return is_id(id) ? g_steal_pointer(&id) : NULL;
}

/* ---- the target itself */

/* HH:MM:SS. 0 if it is anything else. */
static unsigned seconds_of(const char *text)
{
        g_auto(GStrv) parts = g_strsplit(text ?: "", ":", -1);
        uint64_t seconds = 0;

        if (g_strv_length(parts) != 3)
                return 0;
        for (char **part = parts; *part; part++) {
                if (strlen(*part) != 2 || strspn(*part, "0123456789") != 2)
                        return 0;
                seconds = seconds * 60 + g_ascii_strtoull(*part, NULL, 10);
        }
        return (unsigned)MIN(seconds, SLEEP_MAX);
}

DdiPoll *ddi_read_poll(const char *text)
{
        g_autoptr(JsonNode) root = parse(text);
        JsonObject *object;
        DdiPoll *poll;

        if (!root)
                return NULL;
        object = json_node_get_object(root);
        poll = g_new0(DdiPoll, 1);
        poll->interval = seconds_of(get_string(get_object(get_object(object, "config"), "polling"), "sleep"));
        poll->attributes = get_link(object, "configData") != NULL;
        poll->deployment = id_of(get_link(object, "deploymentBase"), "deploymentBase");
        poll->cancel = id_of(get_link(object, "cancelAction"), "cancelAction");
        return poll;
}

void ddi_poll_free(DdiPoll *poll)
{
        g_free(poll->deployment);
        g_free(poll->cancel);
        g_free(poll);
}

/* ---- deployments */

static void artifact_free(void *data)
{
        DdiArtifact *artifact = data;

        g_free(artifact->name);
        g_free(artifact->download);
        g_free(artifact->module);
        g_free(artifact->sha256);
        g_free(artifact);
}

static DdiArtifact *read_artifact(JsonObject *object)
{
        DdiArtifact *artifact = g_new0(DdiArtifact, 1);

        artifact->name = g_strdup(get_string(object, "filename") ?: "");
        artifact->download = g_strdup(get_link(object, "download") ?: get_link(object, "download-http"));
        artifact->module = g_strdup(get_link(object, "module"));
        artifact->sha256 = g_strdup(get_string(get_object(object, "hashes"), "sha256"));
        artifact->size = (uint64_t)MAX(0, get_number(object, "size"));
        return artifact;
}

static void read_chunk(DdiDeployment *deployment, JsonObject *chunk)
{
        JsonArray *artifacts = get_array(chunk, "artifacts"), *metadata = get_array(chunk, "metadata");

        deployment->part = g_strdup(get_string(chunk, "part") ?: "");
        deployment->version = g_strdup(get_string(chunk, "version") ?: "");
        for (unsigned i = 0; artifacts && i < json_array_get_length(artifacts); i++)
                g_ptr_array_add(deployment->artifacts, read_artifact(get_element(artifacts, i)));
        for (unsigned i = 0; metadata && i < json_array_get_length(metadata); i++) {
                JsonObject *entry = get_element(metadata, i);

                if (g_strcmp0(get_string(entry, "key"), "source") == 0 && !deployment->source)
                        deployment->source = g_strdup(get_string(entry, "value"));
        }
}

DdiDeployment *ddi_read_deployment(const char *text)
{
        g_autoptr(JsonNode) root = parse(text);
        g_autoptr(DdiDeployment) deployment = NULL;
        JsonObject *object, *body;
        JsonArray *chunks;

        if (!root)
                return NULL;
        object = json_node_get_object(root);
        body = get_object(object, "deployment");
        if (!body || !is_id(get_string(object, "id")))
                return NULL;
        deployment = g_new0(DdiDeployment, 1);
        deployment->artifacts = g_ptr_array_new_with_free_func(artifact_free);
        deployment->id = g_strdup(get_string(object, "id"));
        deployment->update = g_strcmp0(get_string(body, "download"), "skip") != 0 &&
                             g_strcmp0(get_string(body, "update"), "skip") != 0 &&
                             g_strcmp0(get_string(body, "maintenanceWindow"), "unavailable") != 0;
        chunks = get_array(body, "chunks");
        deployment->chunks = chunks ? json_array_get_length(chunks) : 0;
        read_chunk(deployment, deployment->chunks ? get_element(chunks, 0) : NULL);
        return g_steal_pointer(&deployment);
}

void ddi_deployment_free(DdiDeployment *deployment)
{
        g_free(deployment->id);
        g_free(deployment->part);
        g_free(deployment->version);
        g_free(deployment->source);
        g_ptr_array_unref(deployment->artifacts);
        g_free(deployment);
}

char *ddi_read_cancel(const char *text)
{
        g_autoptr(JsonNode) root = parse(text);
        const char *id;

        if (!root)
                return NULL;
        id = get_string(get_object(json_node_get_object(root), "cancelAction"), "stopId");
        return is_id(id) ? g_strdup(id) : NULL;
}

/* ---- what the server is told */

char *ddi_text(const char *text)
{
        char *clean = clean_text(text, TEXT_MAX);

        for (char *p = clean; *p; p++)
                *p = *p == '<' ? '(' : *p == '>' ? ')' : *p == '&' ? '+' : *p;
        return clean;
}

static char *finish(JsonBuilder *builder)
{
        g_autoptr(JsonNode) root = json_builder_get_root(builder);

        return json_to_string(root, FALSE);
}

static void add_string(JsonBuilder *builder, const char *name, const char *value)
{
        json_builder_set_member_name(builder, name);
        json_builder_add_string_value(builder, value);
}

char *ddi_feedback(const char *action, const char *execution, const char *finished, const char *details)
{
        g_autoptr(JsonBuilder) builder = json_builder_new();

        json_builder_begin_object(builder);
        add_string(builder, "id", action); /* servers before 0.5 compare it with the path */
        json_builder_set_member_name(builder, "status");
        json_builder_begin_object(builder);
        add_string(builder, "execution", execution);
        json_builder_set_member_name(builder, "result");
        json_builder_begin_object(builder);
        add_string(builder, "finished", finished);
        json_builder_end_object(builder);
        if (details) {
                g_autofree char *text = ddi_text(details);

                json_builder_set_member_name(builder, "details");
                json_builder_begin_array(builder);
                json_builder_add_string_value(builder, text);
                json_builder_end_array(builder);
        }
        json_builder_end_object(builder);
        json_builder_end_object(builder);
        return finish(builder);
}

char *ddi_attributes(const char *const *attributes)
{
        g_autoptr(JsonBuilder) builder = json_builder_new();

        json_builder_begin_object(builder);
        add_string(builder, "mode", "merge");
        json_builder_set_member_name(builder, "data");
        json_builder_begin_object(builder);
        for (unsigned i = 0; attributes[i]; i += 2) {
                g_autofree char *value = clean_text(attributes[i + 1], VALUE_MAX);

                add_string(builder, attributes[i], value);
        }
        json_builder_end_object(builder);
        json_builder_end_object(builder);
        return finish(builder);
}
