/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The last announced values of an object's properties, as texts. The properties come from a table; knows no particular
 * object. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus/bus-snapshot.h"

struct BusSnapshot {
        const BusProperty *properties;
        size_t n;
        const void *object;
        char **told;
};

BusSnapshot *bus_snapshot_new(const BusProperty *properties, size_t n, const void *object)
{
        BusSnapshot *s = g_new0(BusSnapshot, 1);

        s->properties = properties;
        s->n = n;
        s->object = object;
        s->told = g_new0(char *, n + 1);
        for (size_t i = 0; i < n; i++)
                s->told[i] = properties[i].get(object);
        return s;
}

void bus_snapshot_free(BusSnapshot *s)
{
        if (!s)
                return;
        g_strfreev(s->told);
        g_free(s);
}

void bus_snapshot_emit(BusSnapshot *s, sd_bus *bus, const char *path, const char *interface)
{
        g_autofree char **changed = g_new0(char *, s->n + 1);
        size_t n = 0;

        for (size_t i = 0; i < s->n; i++) {
                char *value = s->properties[i].get(s->object);

                if (strcmp(value, s->told[i]) != 0)
                        changed[n++] = (char *)s->properties[i].name;
                g_free(s->told[i]);
                s->told[i] = value;
        }
        if (n > 0)
                sd_bus_emit_properties_changed_strv(bus, path, interface, changed);
}

static int append_value(sd_bus_message *m, const BusProperty *property, const char *value)
{
        switch (property->type[0]) {
        case 'b': return sd_bus_message_append(m, "b", (int)strtol(value, NULL, 10));
        case 'q': return sd_bus_message_append(m, "q", (int)strtol(value, NULL, 10));
        case 'u': return sd_bus_message_append(m, "u", (uint32_t)strtoul(value, NULL, 10));
        case 'i': return sd_bus_message_append(m, "i", (int32_t)strtol(value, NULL, 10));
        case 't': return sd_bus_message_append(m, "t", (uint64_t)strtoull(value, NULL, 10));
        case 's': {
                /* An invalid string from a module or process would make the whole object unreadable. */
                g_autofree char *valid = g_utf8_make_valid(value, -1);

                return sd_bus_message_append_basic(m, 's', valid);
        }
        case 'o': return sd_bus_message_append_basic(m, 'o', value);
        default: return -EINVAL;
        }
}

char *bus_number(uint64_t number)
{
        return g_strdup_printf("%" G_GUINT64_FORMAT, number);
}

int bus_property_append(sd_bus_message *m, const BusProperty *property, const void *object, bool variant)
{
        g_autofree char *value = property->get(object);
        int r = variant ? sd_bus_message_open_container(m, 'v', property->type) : 0;

        if (r >= 0)
                r = append_value(m, property, value);
        if (r >= 0 && variant)
                r = sd_bus_message_close_container(m);
        return r;
}

int bus_property_get(const BusProperty *properties, size_t n, const char *name, const void *object,
                     sd_bus_message *reply)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(properties[i].name, name) == 0)
                        return bus_property_append(reply, &properties[i], object, false);
        return -ENOENT;
}
