/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Objects that come and go, found by their paths. sd-bus would keep kilobytes for each of them if each was registered
 * with it: a vtable for all paths below a prefix costs that once. Knows none of the objects. */

#include "bus/bus-object.h"

static int find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                sd_bus_error *error)
{
        const Bus *b = userdata;

        (void)bus, (void)interface, (void)error;
        *ret_found = g_hash_table_lookup(b->objects, path);
        return *ret_found != NULL;
}

/* The paths of the objects below the prefix, for Introspect. sd-bus frees them. */
static int list(sd_bus *bus, const char *prefix, void *userdata, char ***ret_paths, sd_bus_error *error)
{
        const Bus *b = userdata;
        char **paths = g_new0(char *, g_hash_table_size(b->objects) + 1);
        GHashTableIter iter;
        void *path;
        size_t n = 0;

        (void)bus, (void)error;
        g_hash_table_iter_init(&iter, b->objects);
        while (g_hash_table_iter_next(&iter, &path, NULL))
                if (g_str_has_prefix(path, prefix))
                        paths[n++] = g_strdup(path);
        *ret_paths = paths;
        return 0;
}

int bus_object_export(Bus *b, const char *prefix, const char *interface, const sd_bus_vtable *vtable)
{
        int r = sd_bus_add_fallback_vtable(b->bus, NULL, prefix, interface, vtable, find, b);

        return r < 0 ? r : sd_bus_add_node_enumerator(b->bus, NULL, prefix, list, b);
}

void bus_object_add(Bus *b, const char *path, void *object)
{
        g_hash_table_insert(b->objects, (char *)path, object);
        sd_bus_emit_object_added(b->bus, path);
}

void bus_object_remove(Bus *b, const char *path)
{
        sd_bus_emit_object_removed(b->bus, path);
        g_hash_table_remove(b->objects, path);
}
