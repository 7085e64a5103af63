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
        char *told; /* the values, one behind the other, each with its final 0 */
        bool (*is_settled)(const void *object);
};

/* An invalid string from a module or process would make the whole object unreadable. */
static char *value_of(const BusProperty *property, const void *object)
{
        g_autofree char *value = property->get(object);

        return g_utf8_validate(value, -1, NULL) ? g_steal_pointer(&value) : g_utf8_make_valid(value, -1);
}

static const char *next(const char *value)
{
        return value + strlen(value) + 1;
}

/* Takes the present values for those that are announced. changed: NULL, or gets the names of properties that changed.
 * Returns their number. */
static size_t renew(BusSnapshot *s, char **changed)
{
        g_autoptr(GString) values = g_string_new(NULL);
        const char *before = s->told;
        size_t n = 0;

        for (size_t i = 0; i < s->n; i++) {
                g_autofree char *value = value_of(&s->properties[i], s->object);

                if (changed && strcmp(value, before) != 0)
                        changed[n++] = (char *)s->properties[i].name;
                before = changed ? next(before) : NULL;
                g_string_append_len(values, value, (gssize)strlen(value) + 1);
        }
        g_free(s->told);
        s->told = g_memdup2(values->str, values->len);
        return n;
}

BusSnapshot *bus_snapshot_new(const BusProperty *properties, size_t n, const void *object,
                              bool (*is_settled)(const void *object))
{
        BusSnapshot *s = g_new0(BusSnapshot, 1);

        s->properties = properties;
        s->n = n;
        s->object = object;
        s->is_settled = is_settled;
        renew(s, NULL);
        return s;
}

void bus_snapshot_renew(BusSnapshot *s)
{
        if (!s->is_settled(s->object))
                renew(s, NULL);
}

void bus_snapshot_free(BusSnapshot *s)
{
        if (!s)
                return;
        g_free(s->told);
        g_free(s);
}

void bus_snapshot_emit(BusSnapshot *s, sd_bus *bus, const char *path, const char *interface)
{
        g_autofree char **changed = g_new0(char *, s->n + 1);

        if (renew(s, changed) > 0)
                sd_bus_emit_properties_changed_strv(bus, path, interface, changed);
}

static int append_value(sd_bus_message *m, const BusProperty *property, const char *value)
{
        switch (property->type[0]) {
        case 'b': return sd_bus_message_append_basic(m, 'b', &(int){ (int)strtol(value, NULL, 10) });
        case 'q': return sd_bus_message_append_basic(m, 'q', &(uint16_t){ (uint16_t)strtoul(value, NULL, 10) });
        case 'u': return sd_bus_message_append_basic(m, 'u', &(uint32_t){ (uint32_t)strtoul(value, NULL, 10) });
        case 'i': return sd_bus_message_append_basic(m, 'i', &(int32_t){ (int32_t)strtol(value, NULL, 10) });
        case 't': return sd_bus_message_append_basic(m, 't', &(uint64_t){ strtoull(value, NULL, 10) });
        case 's':
        case 'o': return sd_bus_message_append_basic(m, property->type[0], value);
        default: return -EINVAL;
        }
}

char *bus_number(uint64_t number)
{
        return g_strdup_printf("%" G_GUINT64_FORMAT, number);
}

/* told: the value that was announced last. */
static int append_property(const BusSnapshot *s, size_t i, const char *told, sd_bus_message *m)
{
        g_autofree char *now = s->is_settled(s->object) ? NULL : value_of(&s->properties[i], s->object);

        return append_value(m, &s->properties[i], now ?: told);
}

int bus_snapshot_append(const BusSnapshot *s, sd_bus_message *m)
{
        int r = sd_bus_message_open_container(m, 'a', "{sv}");
        const char *told = s->told;

        for (size_t i = 0; r >= 0 && i < s->n; i++, told = next(told))
                if ((r = sd_bus_message_open_container(m, 'e', "sv")) < 0 ||
                    (r = sd_bus_message_append_basic(m, 's', s->properties[i].name)) < 0 ||
                    (r = sd_bus_message_open_container(m, 'v', s->properties[i].type)) < 0 ||
                    (r = append_property(s, i, told, m)) < 0 || (r = sd_bus_message_close_container(m)) < 0 ||
                    (r = sd_bus_message_close_container(m)) < 0)
                        return r;
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int bus_snapshot_append_object(const BusSnapshot *s, sd_bus_message *m, const char *path, const char *interface)
{
        int r;

        if ((r = sd_bus_message_open_container(m, 'e', "oa{sa{sv}}")) < 0 ||
            (r = sd_bus_message_append_basic(m, 'o', path)) < 0 ||
            (r = sd_bus_message_open_container(m, 'a', "{sa{sv}}")) < 0 ||
            (r = sd_bus_message_append(m, "{sa{sv}}{sa{sv}}{sa{sv}}", "org.freedesktop.DBus.Peer", 0,
                                       "org.freedesktop.DBus.Introspectable", 0, "org.freedesktop.DBus.Properties",
                                       0)) < 0 ||
            (r = sd_bus_message_open_container(m, 'e', "sa{sv}")) < 0 ||
            (r = sd_bus_message_append_basic(m, 's', interface)) < 0 || (r = bus_snapshot_append(s, m)) < 0 ||
            (r = sd_bus_message_close_container(m)) < 0 || (r = sd_bus_message_close_container(m)) < 0)
                return r;
        return sd_bus_message_close_container(m);
}

int bus_snapshot_get(const BusSnapshot *s, const char *name, sd_bus_message *reply)
{
        const char *told = s->told;

        for (size_t i = 0; i < s->n; i++, told = next(told))
                if (strcmp(s->properties[i].name, name) == 0)
                        return append_property(s, i, told, reply);
        return -ENOENT;
}
