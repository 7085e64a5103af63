/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The properties of an object, as read from the bus. Knows D-Bus types, but no property by name, so the daemon may be
 * newer or older than this client: missing properties read as "" or 0, and new ones are in the JSON. Containers are
 * skipped. */

#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "props.h"
#include "text.h"

typedef struct Prop {
        char *name;
        char type;      /* s, o, g; b; y n q i u x t */
        char *string;   /* s, o, g */
        char *text;     /* the same after text_clean() */
        int64_t number; /* values of the other types */
} Prop;

struct Props {
        GPtrArray *array;
};

static void prop_free(gpointer data)
{
        Prop *prop = data;

        g_free(prop->name);
        g_free(prop->string);
        g_free(prop->text);
        g_free(prop);
}

Props *props_new(void)
{
        Props *props = g_new0(Props, 1);

        props->array = g_ptr_array_new_with_free_func(prop_free);
        return props;
}

void props_free(Props *props)
{
        if (!props)
                return;
        g_ptr_array_unref(props->array);
        g_free(props);
}

static Prop *find(const Props *props, const char *name)
{
        for (guint i = 0; i < props->array->len; i++) {
                Prop *prop = g_ptr_array_index(props->array, i);
                if (strcmp(prop->name, name) == 0)
                        return prop;
        }
        return NULL;
}

static Prop *find_or_add(Props *props, const char *name)
{
        Prop *prop = find(props, name);

        if (prop)
                return prop;
        prop = g_new0(Prop, 1);
        prop->name = g_strdup(name);
        prop->type = SD_BUS_TYPE_STRING;
        g_ptr_array_add(props->array, prop);
        return prop;
}

void props_set_string(Props *props, const char *name, const char *value)
{
        Prop *prop = find_or_add(props, name);

        prop->type = SD_BUS_TYPE_STRING;
        g_free(prop->string);
        prop->string = g_strdup(value);
        g_free(prop->text);
        prop->text = text_clean(value);
}

void props_set_number(Props *props, const char *name, char type, int64_t value)
{
        Prop *prop = find_or_add(props, name);

        prop->type = type;
        prop->number = value;
        g_clear_pointer(&prop->string, g_free);
        g_clear_pointer(&prop->text, g_free);
}

static int read_string(Props *props, const char *name, sd_bus_message *message, char type)
{
        const char *value;
        int r;

        r = sd_bus_message_read_basic(message, type, &value);
        if (r >= 0)
                props_set_string(props, name, value);
        return r;
}

static int read_number(Props *props, const char *name, sd_bus_message *message, char type)
{
        union {
                uint8_t y;
                int b;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
        } v = { 0 };
        int64_t value = 0;
        int r;

        r = sd_bus_message_read_basic(message, type, &v);
        if (r < 0)
                return r;
        switch (type) {
        case SD_BUS_TYPE_BYTE: value = v.y; break;
        case SD_BUS_TYPE_BOOLEAN: value = v.b; break;
        case SD_BUS_TYPE_INT16: value = v.n; break;
        case SD_BUS_TYPE_UINT16: value = v.q; break;
        case SD_BUS_TYPE_INT32: value = v.i; break;
        case SD_BUS_TYPE_UINT32: value = v.u; break;
        case SD_BUS_TYPE_INT64: value = v.x; break;
        case SD_BUS_TYPE_UINT64: value = (int64_t)v.t; break;
        }
        props_set_number(props, name, type, value);
        return 0;
}

/* Reads one dictionary entry: "s", then "v". */
static int read_value(Props *props, const char *name, sd_bus_message *message)
{
        const char *contents;
        char type;
        int r;

        r = sd_bus_message_peek_type(message, &type, &contents);
        if (r < 0)
                return r;
        if (type != SD_BUS_TYPE_VARIANT)
                return -EBADMSG;
        if (strlen(contents) != 1 || !strchr("sogbynqiuxt", contents[0]))
                return sd_bus_message_skip(message, "v");

        type = contents[0];
        r = sd_bus_message_enter_container(message, SD_BUS_TYPE_VARIANT, contents);
        if (r < 0)
                return r;
        r = strchr("sog", type) ? read_string(props, name, message, type) : read_number(props, name, message, type);
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(message);
}

int props_read(Props *props, sd_bus_message *message)
{
        int r;

        r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, "sv")) > 0) {
                const char *name;
                r = sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, &name);
                if (r < 0)
                        return r;
                r = read_value(props, name, message);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(message);
}

char *props_describe(const Props *props, const char *separator, const char *const *except)
{
        GString *s = g_string_new(NULL);

        for (guint i = 0; i < props->array->len; i++) {
                const Prop *prop = g_ptr_array_index(props->array, i);
                g_autofree char *name = text_clean(prop->name);

                if (except && g_strv_contains(except, prop->name))
                        continue;
                g_string_append_printf(s, "%s%s=", s->len > 0 ? separator : "", name);
                if (prop->string)
                        g_string_append(s, prop->text);
                else if (prop->type == SD_BUS_TYPE_BOOLEAN)
                        g_string_append(s, prop->number ? "true" : "false");
                else
                        g_string_append_printf(s, "%" PRId64, prop->number);
        }
        return g_string_free(s, FALSE);
}

const char *props_string(const Props *props, const char *name)
{
        const Prop *prop = find(props, name);

        return prop && prop->string ? prop->string : "";
}

const char *props_text(const Props *props, const char *name)
{
        const Prop *prop = find(props, name);

        return prop && prop->text ? prop->text : "";
}

int64_t props_number(const Props *props, const char *name)
{
        const Prop *prop = find(props, name);

        return prop && !prop->string ? prop->number : 0;
}

void props_write(const Props *props, Json *json)
{
        for (guint i = 0; i < props->array->len; i++) {
                const Prop *prop = g_ptr_array_index(props->array, i);
                if (prop->string)
                        json_string(json, prop->name, prop->string);
                else if (prop->type == SD_BUS_TYPE_BOOLEAN)
                        json_bool(json, prop->name, prop->number);
                else if (prop->type == SD_BUS_TYPE_UINT64)
                        json_unsigned(json, prop->name, (uint64_t)prop->number);
                else
                        json_signed(json, prop->name, prop->number);
        }
}
