/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bus contract, compared with its XML and from a client's view: the answer to Introspect, objects that are added
 * and removed, the contents of PropertiesChanged, the names of modules. */

#include <check.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include <config.h>

#include "presets.h"
#include "suite.h"
#include "world.h"

#define TIMEOUT (30 * G_USEC_PER_SEC)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

/* ---- Introspect */

static void append_annotations(GString *s, GDBusAnnotationInfo **annotations)
{
        for (; annotations && *annotations; annotations++)
                g_string_append_printf(s, " %s=%s", (*annotations)->key, (*annotations)->value);
}

static void append_args(GString *s, const char *direction, GDBusArgInfo **args)
{
        for (; args && *args; args++) {
                g_string_append_printf(s, " %s %s %s", direction, (*args)->signature, (*args)->name);
                append_annotations(s, (*args)->annotations);
        }
}

static int compare_lines(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All members of an interface, one line each, sorted: equal texts are equal interfaces. */
static char *describe(GDBusInterfaceInfo *interface)
{
        g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

        for (GDBusMethodInfo **m = interface->methods; m && *m; m++) {
                GString *s = g_string_new("method ");

                g_string_append(s, (*m)->name);
                append_args(s, "in", (*m)->in_args);
                append_args(s, "out", (*m)->out_args);
                append_annotations(s, (*m)->annotations);
                g_ptr_array_add(lines, g_string_free(s, FALSE));
        }
        for (GDBusSignalInfo **g = interface->signals; g && *g; g++) {
                GString *s = g_string_new("signal ");

                g_string_append(s, (*g)->name);
                append_args(s, "arg", (*g)->args);
                append_annotations(s, (*g)->annotations);
                g_ptr_array_add(lines, g_string_free(s, FALSE));
        }
        for (GDBusPropertyInfo **p = interface->properties; p && *p; p++) {
                GString *s = g_string_new("property ");

                g_string_append_printf(s, "%s %s %u", (*p)->name, (*p)->signature, (*p)->flags);
                append_annotations(s, (*p)->annotations);
                g_ptr_array_add(lines, g_string_free(s, FALSE));
        }
        g_ptr_array_sort(lines, compare_lines);
        g_ptr_array_add(lines, NULL);
        return g_strjoinv("\n", (char **)lines->pdata);
}

static GDBusNodeInfo *introspect(World *w, const char *path)
{
        g_autoptr(sd_bus_message) reply = NULL;
        g_autoptr(GError) error = NULL;
        GDBusNodeInfo *node;
        const char *xml;

        ck_assert_int_ge(sd_bus_call_method(world_bus(w), "org.fotad1", path, "org.freedesktop.DBus.Introspectable",
                                            "Introspect", NULL, &reply, NULL),
                         0);
        ck_assert_int_ge(sd_bus_message_read(reply, "s", &xml), 0);
        node = g_dbus_node_info_new_for_xml(xml, &error);
        ck_assert_msg(node != NULL, "%s", error ? error->message : "");
        return node;
}

static void assert_introspection(World *w, const char *path, const char *name)
{
        static const char *const standard[] = { "org.freedesktop.DBus.Peer", "org.freedesktop.DBus.Introspectable",
                                                "org.freedesktop.DBus.Properties" };
        g_autofree char *file = g_strdup_printf("%s/dbus/%s.xml", g_getenv("abs_top_srcdir"), name), *xml = NULL;
        g_autofree char *wanted = NULL, *found = NULL;
        GDBusNodeInfo *contract, *node = introspect(w, path);

        ck_assert(g_file_get_contents(file, &xml, NULL, NULL));
        contract = g_dbus_node_info_new_for_xml(xml, NULL);
        ck_assert_ptr_nonnull(contract);
        ck_assert_ptr_nonnull(contract->interfaces[0]);
        ck_assert_ptr_null(contract->interfaces[1]);
        ck_assert_str_eq(contract->interfaces[0]->name, name);
        ck_assert_ptr_nonnull(g_dbus_node_info_lookup_interface(node, name));
        wanted = describe(contract->interfaces[0]);
        found = describe(g_dbus_node_info_lookup_interface(node, name));
        ck_assert_str_eq(found, wanted);
        for (size_t i = 0; i < G_N_ELEMENTS(standard); i++)
                ck_assert_msg(g_dbus_node_info_lookup_interface(node, standard[i]) != NULL, "%s", standard[i]);
        for (GDBusInterfaceInfo **i = node->interfaces; *i; i++)
                ck_assert_msg(g_str_has_prefix((*i)->name, "org.freedesktop.DBus.") || strcmp((*i)->name, name) == 0,
                              "%s has %s too", path, (*i)->name);
        ck_assert((g_dbus_node_info_lookup_interface(node, "org.freedesktop.DBus.ObjectManager") != NULL) ==
                  (strcmp(path, "/org/fotad1") == 0));
        g_dbus_node_info_unref(contract);
        g_dbus_node_info_unref(node);
}

/* ---- a client's picture of all objects: object -> "path\nproperty" -> value, from the signals alone */

typedef struct Picture {
        World *w;
        GHashTable *values;  /* "path\nproperty" -> text */
        GHashTable *objects; /* path -> number of additions */
        GPtrArray *gone;     /* paths */
} Picture;

static char *read_value(sd_bus_message *m)
{
        const char *contents;
        char type;
        char *text = NULL;

        ck_assert_int_ge(sd_bus_message_peek_type(m, &type, &contents), 0);
        ck_assert_int_eq(type, 'v');
        ck_assert_int_ge(sd_bus_message_enter_container(m, 'v', contents), 0);
        if (strchr("so", *contents)) {
                const char *value;

                ck_assert_int_ge(sd_bus_message_read_basic(m, *contents, &value), 0);
                text = g_strdup(value);
        } else {
                uint64_t number = 0;

                ck_assert_int_ge(sd_bus_message_read_basic(m, *contents, &number), 0);
                text = g_strdup_printf("%" G_GUINT64_FORMAT, number);
        }
        ck_assert_int_ge(sd_bus_message_exit_container(m), 0);
        return text;
}

/* Reads a{sv} into values; returns their number. */
static unsigned read_properties(GHashTable *values, const char *path, sd_bus_message *m)
{
        unsigned n = 0;

        ck_assert_int_ge(sd_bus_message_enter_container(m, 'a', "{sv}"), 0);
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                const char *name;

                ck_assert_int_ge(sd_bus_message_read_basic(m, 's', &name), 0);
                g_hash_table_insert(values, g_strdup_printf("%s\n%s", path, name), read_value(m));
                ck_assert_int_ge(sd_bus_message_exit_container(m), 0);
                n++;
        }
        ck_assert_int_ge(sd_bus_message_exit_container(m), 0);
        return n;
}

/* a{sa{sv}} */
static void read_interfaces(GHashTable *values, const char *path, sd_bus_message *m)
{
        ck_assert_int_ge(sd_bus_message_enter_container(m, 'a', "{sa{sv}}"), 0);
        while (sd_bus_message_enter_container(m, 'e', "sa{sv}") > 0) {
                const char *name;

                ck_assert_int_ge(sd_bus_message_read_basic(m, 's', &name), 0);
                read_properties(values, path, m);
                ck_assert_int_ge(sd_bus_message_exit_container(m), 0);
        }
        ck_assert_int_ge(sd_bus_message_exit_container(m), 0);
}

static int on_added(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Picture *p = userdata;
        const char *path;

        (void)error;
        ck_assert_int_ge(sd_bus_message_read_basic(m, 'o', &path), 0);
        g_hash_table_insert(p->objects, g_strdup(path),
                            GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(p->objects, path)) + 1));
        read_interfaces(p->values, path, m);
        return 0;
}

static int on_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Picture *p = userdata;
        const char *path;

        (void)error;
        ck_assert_int_ge(sd_bus_message_read_basic(m, 'o', &path), 0);
        g_ptr_array_add(p->gone, g_strdup(path));
        return 0;
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        static const char *const constant[] = { "Id",          "Module",        "Origin",
                                                "PackageSize", "PackageSha256", "Version" };
        g_autoptr(GHashTable) changes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        const char *interface, *path = sd_bus_message_get_path(m), *key, *value;
        GHashTableIter iter;
        Picture *p = userdata;

        (void)error;
        ck_assert_int_ge(sd_bus_message_read_basic(m, 's', &interface), 0);
        ck_assert_uint_gt(read_properties(changes, path, m), 0);
        ck_assert_int_ge(sd_bus_message_enter_container(m, 'a', "s"), 0);
        ck_assert_int_gt(sd_bus_message_at_end(m, 0), 0); /* properties are never only invalidated */
        g_hash_table_iter_init(&iter, changes);
        while (g_hash_table_iter_next(&iter, (void **)&key, (void **)&value)) {
                for (size_t i = 0; i < G_N_ELEMENTS(constant); i++)
                        ck_assert_str_ne(strchr(key, '\n') + 1, constant[i]);
                ck_assert_msg(g_strcmp0(g_hash_table_lookup(p->values, key), value) != 0,
                              "reported as changed, but is unchanged: %s %s", key, value);
                g_hash_table_insert(p->values, g_strdup(key), g_strdup(value));
        }
        return 0;
}

static Picture *picture_new(World *w)
{
        static const char match[] = "type='signal',interface='org.freedesktop.DBus.%s',member='%s'";
        g_autofree char *added = g_strdup_printf(match, "ObjectManager", "InterfacesAdded");
        g_autofree char *removed = g_strdup_printf(match, "ObjectManager", "InterfacesRemoved");
        g_autofree char *changed = g_strdup_printf(match, "Properties", "PropertiesChanged");
        Picture *p = g_new0(Picture, 1);

        p->w = w;
        p->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        p->objects = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        p->gone = g_ptr_array_new_with_free_func(g_free);
        ck_assert_int_ge(sd_bus_add_match(world_bus(w), NULL, added, on_added, p), 0);
        ck_assert_int_ge(sd_bus_add_match(world_bus(w), NULL, removed, on_removed, p), 0);
        ck_assert_int_ge(sd_bus_add_match(world_bus(w), NULL, changed, on_changed, p), 0);
        return p;
}

/* After world_free(): the bus has the callbacks until then. */
static void picture_free(Picture *p)
{
        g_hash_table_unref(p->values);
        g_hash_table_unref(p->objects);
        g_ptr_array_unref(p->gone);
        g_free(p);
}

/* Processes the signals that have arrived; returns how often the object was added. */
static unsigned picture_added(Picture *p, const char *path)
{
        world_count_signals(p->w, path, "");
        return GPOINTER_TO_UINT(g_hash_table_lookup(p->objects, path));
}

static void picture_await(Picture *p, const char *path)
{
        gint64 end = g_get_monotonic_time() + TIMEOUT;

        while (!picture_added(p, path)) {
                ck_assert_msg(g_get_monotonic_time() < end, "%s is not added", path);
                sd_bus_wait(world_bus(p->w), G_USEC_PER_SEC);
        }
}

/* GetManagedObjects, in the form of a picture's values; the paths go into the array. */
static GHashTable *read_all(World *w, GPtrArray *paths)
{
        GHashTable *values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_autoptr(sd_bus_message) m = NULL;
        const char *path;

        ck_assert_int_ge(sd_bus_call_method(world_bus(w), "org.fotad1", "/org/fotad1",
                                            "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL, &m, NULL),
                         0);
        ck_assert_int_ge(sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}"), 0);
        while (sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}") > 0) {
                ck_assert_int_ge(sd_bus_message_read_basic(m, 'o', &path), 0);
                g_ptr_array_add(paths, g_strdup(path));
                read_interfaces(values, path, m);
                ck_assert_int_ge(sd_bus_message_exit_container(m), 0);
        }
        g_ptr_array_sort(paths, compare_lines);
        return values;
}

/* When nothing changes any more, the signals have given the whole present state. */
static void picture_assert(Picture *p)
{
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GHashTable) values = read_all(p->w, paths);
        const char *key, *value;
        GHashTableIter iter;

        world_count_signals(p->w, "", "");
        ck_assert_uint_eq(paths->len, g_hash_table_size(p->objects));
        ck_assert_uint_eq(g_hash_table_size(values), g_hash_table_size(p->values));
        g_hash_table_iter_init(&iter, values);
        while (g_hash_table_iter_next(&iter, (void **)&key, (void **)&value))
                ck_assert_msg(g_strcmp0(g_hash_table_lookup(p->values, key), value) == 0,
                              "%s is '%s', but was reported as '%s'", key, value,
                              (char *)g_hash_table_lookup(p->values, key));
}

/* ---- tests */

/* A module that appears late, disconnects and reconnects, and its upgrade: objects, properties, introspection. */
START_TEST(test_objects)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,attached=0,unopened=keep" }, .no_daemon = true };
        World *w = world_new(&settings);
        Picture *p = picture_new(w);
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GHashTable) before = NULL, after = NULL;
        g_autofree char *job = NULL;

        world_start_daemon(w);
        before = read_all(w, paths);
        ck_assert_uint_eq(paths->len, 0);
        world_assert_property(w, "/org/fotad1", "Version", PACKAGE_VERSION);
        assert_introspection(w, "/org/fotad1", "org.fotad1.Manager");

        g_free(world_sim(w, "attach 1-1"));
        picture_await(p, MODULE_1);
        world_await_module(w, MODULE_1);
        assert_introspection(w, MODULE_1, "org.fotad1.Module");
        picture_assert(p);
        g_free(world_sim(w, "detach 1-1"));
        world_await_property(w, MODULE_1, "Present", "0");
        world_assert_property(w, MODULE_1, "Port", "");
        world_assert_property(w, MODULE_1, "Revision", OLD_REVISION);
        picture_assert(p);
        g_free(world_sim(w, "attach 1-1"));
        world_await_property(w, MODULE_1, "Problem", "");
        world_assert_property(w, MODULE_1, "Present", "1");
        picture_assert(p);

        g_free(world_sim(w, "hold 1-1 updating:50"));
        job = world_upgrade(w);
        picture_await(p, job);
        assert_introspection(w, job, "org.fotad1.Job");
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, job, "Percent", "74");
        picture_assert(p);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_await_property(w, MODULE_1, "Job", "/");
        picture_assert(p);
        ck_assert_uint_eq(picture_added(p, MODULE_1), 1);
        ck_assert_uint_eq(picture_added(p, job), 1);
        ck_assert_uint_eq(p->gone->len, 0);

        /* A client that connects late, after a restart, reads the same. */
        after = read_all(w, paths);
        ck_assert_uint_eq(paths->len, 2);
        ck_assert_int_eq(world_stop_daemon(w), 0);
        world_start_daemon(w);
        world_assert_property(w, job, "Result", "success");
        world_assert_property(w, job, "ToRevision", NEW_REVISION);
        world_assert_property(w, job, "Percent", "100");
        world_free(w);
        picture_free(p);
}
END_TEST

static char *read_history(World *w, uint32_t limit)
{
        g_autoptr(sd_bus_message) m = NULL;
        GString *ids = g_string_new(NULL);

        ck_assert_int_ge(sd_bus_call_method(world_bus(w), "org.fotad1", "/org/fotad1", "org.fotad1.Manager",
                                            "GetHistory", NULL, &m, "u", limit),
                         0);
        ck_assert_int_ge(sd_bus_message_enter_container(m, 'a', "a{sv}"), 0);
        while (sd_bus_message_at_end(m, 0) == 0) {
                g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
                g_autofree char *path = NULL;
                const char *key, *value;
                GHashTableIter iter;

                ck_assert_uint_eq(read_properties(values, "", m), 28);
                path = g_strdup_printf("/org/fotad1/job/_3%s", (char *)g_hash_table_lookup(values, "\nId"));
                g_string_append_printf(ids, "%s ", (char *)g_hash_table_lookup(values, "\nId"));
                g_hash_table_iter_init(&iter, values);
                while (g_hash_table_iter_next(&iter, (void **)&key, (void **)&value))
                        if (strcmp(key, "\nErrorCode") != 0) /* read as unsigned here */
                                world_assert_property(w, path, key + 1, value);
        }
        return g_string_free(ids, FALSE);
}

static void assert_history(World *w, uint32_t limit, const char *ids)
{
        g_autofree char *found = read_history(w, limit);

        ck_assert_str_eq(found, ids);
}

/* The newest jobs are kept, as many as the configuration allows. */
START_TEST(test_history)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .config = "[jobs]\nhistory=2\n" };
        World *w = world_new(&settings);
        Picture *p = picture_new(w);
        g_autofree char *url = world_http(w, "missing.bin");

        world_await_module(w, MODULE_1);
        assert_history(w, 0, "");
        for (unsigned i = 1; i <= 4; i++) {
                g_autofree char *job = world_expect_job(w, world_start(w, "", url, NULL)), *removed = NULL,
                                *file = NULL, *name = NULL;

                world_assert_result(w, job, "failed", "http", "url-error");
                world_await_property(w, MODULE_1, "Job", "/");
                if (i <= 2)
                        continue;
                name = g_strdup_printf("state/jobs/%u.job", i - 2);
                file = world_path(w, name);
                removed = g_strdup_printf("/org/fotad1/job/_3%u", i - 2);
                ck_assert(!g_file_test(file, G_FILE_TEST_EXISTS));
                world_count_signals(w, "", "");
                ck_assert_uint_eq(p->gone->len, i - 2);
                ck_assert_str_eq(g_ptr_array_index(p->gone, i - 3), removed);
        }
        assert_history(w, 0, "4 3 ");
        assert_history(w, 1, "4 ");
        assert_history(w, 2, "4 3 ");
        assert_history(w, 100, "4 3 ");
        assert_history(w, UINT32_MAX, "4 3 ");
        ck_assert_int_eq(world_stop_daemon(w), 0);
        world_start_daemon(w);
        assert_history(w, 0, "4 3 ");
        world_free(w);
        picture_free(p);
}
END_TEST

/* The clock was set back: the job that has just ended is the newest one all the same, also after a restart, and no id
 * is given twice. 1: the older records are of fotad 0.1.0, which did not number the ends. */
START_TEST(test_history_clock)
{
        WorldSettings settings = { .modules = { "1-1=ec200a" }, .config = "[jobs]\nhistory=2\n", .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *url = world_http(w, "missing.bin"), *jobs = world_path(w, "state/jobs");

        ck_assert_int_eq(g_mkdir(jobs, 0700), 0);
        for (unsigned id = 1; id <= 2; id++) {
                g_autofree char *file = g_strdup_printf("%s/%u.job", jobs, id);
                g_autofree char *ended = _i == 0 ? g_strdup_printf("EndNumber=%u\n", 3 - id) : g_strdup("");
                g_autofree char *text = g_strdup_printf(
                        "[Job]\nVersion=1\nId=%u\nOrigin=request\nState=finished\nMethod=dfota\nCreated=1\n"
                        "Finished=%u00000000000000\n%sSent=false\nPercent=0\nModule=usb-1-1\nSource=http://h/\n"
                        "Result=cancelled\nErrorDomain=host\nErrorCode=1\nAnnounced=yes\n",
                        id, 40 + id, ended);

                ck_assert(g_file_set_contents(file, text, -1, NULL));
        }
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        assert_history(w, 0, _i == 0 ? "1 2 " : "2 1 ");
        for (unsigned id = 3; id <= 4; id++) {
                g_autofree char *job = world_start(w, "", url, NULL), *path = g_strdup_printf("/org/fotad1/job/_3%u", id);

                ck_assert_msg(job != NULL, "%s", world_error_message(w));
                ck_assert_str_eq(job, path);
                world_assert_result(w, job, "failed", "http", "url-error");
                world_await_property(w, MODULE_1, "Job", "/");
                ck_assert_int_eq(world_stop_daemon(w), 0);
                world_start_daemon(w);
                world_await_module(w, MODULE_1);
                assert_history(w, 0, id == 4 ? "4 3 " : _i == 0 ? "3 1 " : "3 2 ");
        }
        world_free(w);
}
END_TEST

/* The source is refused only after the module was found. */
static void assert_found(World *w, const char *module, const char *error)
{
        ck_assert_ptr_null(world_start(w, module, "gopher://host/up.bin", NULL));
        ck_assert_msg(strcmp(world_error(w), error) == 0, "'%s': %s: %s", module, world_error(w),
                      world_error_message(w));
}

START_TEST(test_names)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec200a,imei=867710050000024" }, .no_daemon = true };
        static const char *const wrong[] = {
                "usb-1-3",
                "867710050000099",
                "/dev/ttyUSB99",
                "/org/fotad1/module/usb_2d1_2d3",
                "/org/fotad1/module/",
                "/org/fotad1/module",
                "/org/fotad1",
                "/",
                " ",
                "usb-1-1 ",
                "USB-1-1",
                "EC200A",
                "1-1",
        };
        World *w = world_new(&settings);
        g_autofree char *first = NULL, *second = NULL, *url = NULL, *job = NULL, *other = NULL;

        url = world_publish(w);
        world_start_daemon(w);
        world_await_module(w, MODULE_1);
        world_await_module(w, MODULE_2);
        first = world_property(w, MODULE_1, "Port");
        second = world_property(w, MODULE_2, "Port");
        assert_found(w, "", "AmbiguousModule");
        assert_found(w, "usb-1-1", "InvalidSource");
        assert_found(w, "usb-1-2", "InvalidSource");
        assert_found(w, MODULE_1, "InvalidSource");
        assert_found(w, first, "InvalidSource");
        assert_found(w, second, "InvalidSource");
        assert_found(w, "867710050000024", "InvalidSource");
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
                assert_found(w, wrong[i], "NoSuchModule");

        /* Both limits at once. */
        job = world_start(w, first, url, NULL);
        other = world_start(w, "867710050000024", url, NULL);
        ck_assert_msg(job && other, "%s", world_error_message(w));
        world_assert_property(w, job, "Module", MODULE_1);
        world_assert_property(w, other, "Module", MODULE_2);
        world_assert_result(w, job, "success", "", "");
        world_assert_result(w, other, "success", "", "");
        world_assert_sim(w, NEW_REVISION, "get 1-1 revision");
        world_assert_sim(w, NEW_REVISION, "get 1-2 revision");
        g_free(world_sim(w, "detach 1-2"));
        world_await_property(w, MODULE_2, "Present", "0");
        world_await_property(w, MODULE_1, "Job", "/");
        assert_found(w, "", "InvalidSource");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("bus");

        suite_add(s, "objects", test_objects, 0, 1);
        suite_add(s, "history", test_history, 0, 1);
        suite_add(s, "history-clock", test_history_clock, 0, 2);
        suite_add(s, "names", test_names, 0, 1);
        return suite_run(s);
}
