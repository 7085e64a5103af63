/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Shared by the tests of MiniFOTA: a course is an upgrade of a module, with a record of all its signals. Holds the
 * conditions for every course; each test adds its own. */

#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "mini.h"
#include "presets.h"

typedef struct Seen {
        char *path, *property, *value;
} Seen;

static void seen_free(Seen *s)
{
        g_free(s->path);
        g_free(s->property);
        g_free(s->value);
        g_free(s);
}

static void note(Course *c, const char *path, const char *property, char *value)
{
        Seen *s = g_new0(Seen, 1);

        s->path = g_strdup(path);
        s->property = g_strdup(property);
        s->value = value;
        g_ptr_array_add(c->seen, s);
}

/* The a{sv} of PropertiesChanged: text, numbers and booleans. */
static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Course *c = userdata;
        const char *path = sd_bus_message_get_path(m), *property, *contents;

        (void)error;
        ck_assert_int_ge(sd_bus_message_skip(m, "s"), 0);
        ck_assert_int_ge(sd_bus_message_enter_container(m, 'a', "{sv}"), 0);
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                ck_assert_int_ge(sd_bus_message_read(m, "s", &property), 0);
                ck_assert_int_ge(sd_bus_message_peek_type(m, NULL, &contents), 0);
                ck_assert_int_ge(sd_bus_message_enter_container(m, 'v', contents), 0);
                if (strchr("so", *contents)) {
                        const char *value;

                        ck_assert_int_ge(sd_bus_message_read_basic(m, *contents, &value), 0);
                        note(c, path, property, g_strdup(value));
                } else {
                        guint64 value = 0;

                        ck_assert_int_ge(sd_bus_message_read_basic(m, *contents, &value), 0);
                        note(c, path, property, g_strdup_printf("%" G_GUINT64_FORMAT, value));
                }
                ck_assert_int_ge(sd_bus_message_exit_container(m), 0);
                ck_assert_int_ge(sd_bus_message_exit_container(m), 0);
        }
        return 0;
}

/* The o a{sa{sv}} of InterfacesAdded: the object. */
static int on_added(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const char *object;

        (void)error;
        ck_assert_int_ge(sd_bus_message_read(m, "o", &object), 0);
        note(userdata, object, "added", g_strdup("yes"));
        return 0;
}

Course *course_new_world(const WorldSettings *settings)
{
        Course *c = g_new0(Course, 1);

        c->w = world_new(settings);
        c->seen = g_ptr_array_new_with_free_func((GDestroyNotify)seen_free);
        ck_assert_int_ge(sd_bus_add_match(world_bus(c->w), NULL,
                                          "type='signal',interface='org.freedesktop.DBus.Properties',"
                                          "member='PropertiesChanged',path_namespace='/org/fotad1'",
                                          on_changed, c),
                         0);
        ck_assert_int_ge(sd_bus_add_match(world_bus(c->w), NULL,
                                          "type='signal',interface='org.freedesktop.DBus.ObjectManager',"
                                          "member='InterfacesAdded',path='/org/fotad1'",
                                          on_added, c),
                         0);
        c->old = world_sim(c->w, "get 1-1 revision");
        c->new = g_strdup(c->old);
        if (strlen(c->new) > 4)
                c->new[strlen(c->new) - 4]++; /* A08M08 -> A09M08 */
        c->url = world_http(c->w, UP);
        return c;
}

Course *course_new(const char *module, const char *config)
{
        g_autofree char *first = g_strconcat("1-1=", module, NULL);
        WorldSettings settings = { .modules = { first }, .decoys = { "1-3=ftdi" }, .config = config };
        Course *c = course_new_world(&settings);

        world_await_module(c->w, MODULE_1);
        world_assert_property(c->w, MODULE_1, "System", "normal");
        note(c, MODULE_1, "System", g_strdup("normal"));
        return c;
}

void course_free(Course *c)
{
        world_free(c->w);
        g_ptr_array_unref(c->seen);
        g_free(c->old);
        g_free(c->new);
        g_free(c->url);
        g_free(c->job);
        g_free(c);
}

/* ---- packages */

void course_publish_as(Course *c, const char *name, const char *break_)
{
        /* Written beside its place first: a client that fetches it meanwhile gets the whole file or none. */
        g_autofree char *hidden = g_strconcat("new-", name, NULL), *www = world_path(c->w, "www");
        g_autofree char *from = g_build_filename(www, hidden, NULL), *to = g_build_filename(www, name, NULL);

        world_package(c->w, hidden, c->old, c->new, break_);
        ck_assert_int_eq(g_rename(from, to), 0);
}

void course_publish(Course *c, const char *break_)
{
        course_publish_as(c, UP, break_);
        course_publish_as(c, "up.mini_2", NULL);
}

void course_publish_any(Course *c)
{
        if (g_str_has_prefix(c->old, "EC200A")) {
                g_free(c->url);
                c->url = world_http(c->w, "up.bin");
                course_publish_as(c, "up.bin", NULL);
        } else {
                course_publish(c, NULL);
        }
}

void course_unpublish(Course *c, const char *name)
{
        g_autofree char *www = world_path(c->w, "www"), *path = g_build_filename(www, name, NULL);

        ck_assert_int_eq(g_unlink(path), 0);
}

/* ---- calls */

void course_begin_with(Course *c, const char *source, const char *key, const char *type, const char *value)
{
        g_free(c->job);
        c->job = world_expect_job(c->w, world_start(c->w, "usb-1-1", source, key, type, value, NULL));
}

void course_begin(Course *c)
{
        course_begin_with(c, c->url, NULL, NULL, NULL);
}

void course_begin_and_hold(Course *c, const char *point)
{
        g_free(world_sim(c->w, "hold 1-1 %s", point));
        course_begin(c);
        g_free(world_sim(c->w, "held 1-1 %s", point));
}

void course_cut_power(Course *c)
{
        g_free(world_sim(c->w, "hold 1-1 off"));
        g_free(world_sim(c->w, "power-cut 1-1"));
        world_await_property(c->w, c->job, "State", "restarting");
        g_free(world_sim(c->w, "release 1-1 off"));
}

void course_follow(Course *c, const char *percents)
{
        g_auto(GStrv) values = g_strsplit(percents, " ", -1);
        bool first = atoi(values[0]) < 60, second = false;

        for (char **value = values; *value; value++)
                second = second || (atoi(*value) > 60 && atoi(*value) < 100);
        if (first)
                g_free(world_sim(c->w, "hold 1-1 updater"));
        if (second)
                g_free(world_sim(c->w, "hold 1-1 mini-2"));
        course_begin(c);
        if (first)
                world_pass(c->w, "updater");
        if (second)
                world_pass(c->w, "mini-2");
}

char *course_retry(Course *c, const char *source, const char *key, const char *type, const char *value,
                   char **ret_message)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *m = NULL, *reply = NULL;
        char *name = NULL;
        int r;

        ck_assert_int_ge(
                sd_bus_message_new_method_call(world_bus(c->w), &m, "org.fotad1", c->job, "org.fotad1.Job", "Retry"),
                0);
        ck_assert_int_ge(sd_bus_message_append(m, "s", source), 0);
        ck_assert_int_ge(sd_bus_message_open_container(m, 'a', "{sv}"), 0);
        if (key && *type == 's')
                ck_assert_int_ge(sd_bus_message_append(m, "{sv}", key, "s", value), 0);
        else if (key)
                ck_assert_int_ge(sd_bus_message_append(m, "{sv}", key, type, atoi(value)), 0);
        ck_assert_int_ge(sd_bus_message_close_container(m), 0);
        r = sd_bus_call(world_bus(c->w), m, 0, &error, &reply);
        if (r < 0) {
                ck_assert_msg(g_str_has_prefix(error.name, "org.fotad1.Error."), "%s", error.name);
                name = g_strdup(error.name + strlen("org.fotad1.Error."));
                ck_assert_uint_gt(strlen(error.message), 20);
        }
        if (ret_message)
                *ret_message = g_strdup(error.message ?: "");
        sd_bus_error_free(&error);
        sd_bus_message_unref(m);
        sd_bus_message_unref(reply);
        return name;
}

void course_assert_retry(Course *c, const char *source)
{
        g_autofree char *message = NULL, *name = course_retry(c, source, NULL, NULL, NULL, &message);

        ck_assert_msg(name == NULL, "%s: %s", name, message);
}

Course *course_stall_in_second(const char *module)
{
        Course *c = course_new(module, COURSE_STALLS);

        course_publish_as(c, UP, NULL);
        course_follow(c, strstr(module, "ec600m") && !strstr(module, "lost") ? COURSE_FIRST : "100");
        g_free(world_sim(c->w, "wait 1-1 mini-2"));
        return c;
}

char *course_second_url(const Course *c)
{
        char *url = g_strdup(c->url);

        url[strlen(url) - 1] = '2';
        return url;
}

/* ---- observations */

char *course_history(Course *c, const char *path, const char *property)
{
        g_autoptr(GString) text = g_string_new(NULL);
        const char *last = NULL;

        world_count_signals(c->w, path, ""); /* processes the signals that have arrived */
        for (unsigned i = 0; i < c->seen->len; i++) {
                const Seen *s = g_ptr_array_index(c->seen, i);

                if (strcmp(s->path, path) != 0 || strcmp(s->property, property) != 0 ||
                    g_strcmp0(s->value, last) == 0 || strcmp(s->value, "unknown") == 0)
                        continue;
                g_string_append_printf(text, "%s%s", text->len ? " " : "", *s->value ? s->value : "\"\"");
                last = s->value;
        }
        return g_strdup(text->str);
}

void course_assert_history(Course *c, const char *path, const char *property, const char *expected)
{
        g_autofree char *history = course_history(c, path, property);

        ck_assert_msg(strcmp(history, expected) == 0, "%s of %s was '%s' instead of '%s'", property, path, history,
                      expected);
}

void course_assert_no_problem(Course *c)
{
        bool begun = false;

        world_count_signals(c->w, c->job, "");
        for (unsigned i = 0; i < c->seen->len; i++) {
                const Seen *s = g_ptr_array_index(c->seen, i);

                if (strcmp(s->path, c->job) == 0 && strcmp(s->value, "finished") == 0)
                        break;
                begun = begun || strcmp(s->path, c->job) == 0;
                ck_assert_msg(!begun || strcmp(s->property, "Problem") != 0 || !*s->value, "Problem: %s", s->value);
        }
        ck_assert(begun);
}

void course_assert_message(Course *c, const char *part)
{
        world_assert_part(c->w, c->job, "Message", part);
}

void course_await_message(Course *c, const char *part)
{
        for (;;) {
                g_autofree char *message = world_property(c->w, c->job, "Message");

                if (strstr(message, part))
                        return;
                sd_bus_wait(world_bus(c->w), 10000);
        }
}

void course_assert_no_message(Course *c, const char *part)
{
        g_autofree char *message = world_property(c->w, c->job, "Message");

        ck_assert_msg(strstr(message, part) == NULL, "'%s' in: %s", part, message);
}

static void check_untouched(Course *c)
{
        world_assert_sim(c->w, "0", "get 1-1 diag-bytes");
        world_assert_sim(c->w, "auto", "get 1-1 power-control");
        world_assert_sim(c->w, "1", "get 1-1 cfun");
        world_assert_property(c->w, MODULE_1, "System", "normal");
        world_assert_property(c->w, MODULE_1, "Job", "/");
        world_assert_property(c->w, c->job, "Method", "minifota");
        world_assert_property(c->w, c->job, "FromRevision", c->old);
}

void course_assert_success(Course *c, const char *restarts)
{
        world_assert_result(c->w, c->job, "success", "", "");
        if (restarts)
                world_assert_property(c->w, c->job, "Restarts", restarts);
        world_assert_property(c->w, c->job, "ToRevision", c->new);
        world_assert_property(c->w, c->job, "ErrorCode", "0");
        world_assert_property(c->w, MODULE_1, "Revision", c->new);
        course_assert_message(c, c->new);
        world_assert_sim(c->w, c->new, "get 1-1 revision");
        world_assert_sim(c->w, "normal", "get 1-1 system");
        world_assert_sim(c->w, "0", "get 1-1 upgrading");
        world_assert_sim(c->w, "1", "get 1-1 qfotadl-parameters");
        check_untouched(c);
}

static bool has_mini_port(Course *c)
{
        g_autofree char *at = world_sim(c->w, "get 1-1 mini-at"), *ports = world_sim(c->w, "get 1-1 mini-ports");

        return strcmp(at, "none") != 0 && strcmp(ports, "none") != 0;
}

void course_await_stalled(Course *c, const char *package)
{
        world_await_property(c->w, c->job, "State", "stalled");
        world_assert_property(c->w, c->job, "Result", "");
        world_assert_property(c->w, c->job, "ErrorName", "");
        world_assert_property(c->w, c->job, "ErrorDomain", "");
        world_assert_property(c->w, c->job, "Cancellable", "0");
        world_assert_property(c->w, c->job, "Finished", "0");
        world_assert_property(c->w, MODULE_1, "Job", c->job);
        ck_assert_uint_eq(world_count_signals(c->w, c->job, "Result"), 0);
        course_assert_message(c, package);
        /* A retry is offered where a port answers. */
        if (has_mini_port(c))
                course_await_message(c, "fotactl retry");
        else
                course_assert_no_message(c, "etry");
}

void course_assert_failed(Course *c, const char *domain, const char *name)
{
        world_assert_result(c->w, c->job, "failed", domain, name);
        world_assert_property(c->w, c->job, "ToRevision", c->old);
        world_assert_property(c->w, MODULE_1, "Revision", c->old);
        world_assert_sim(c->w, c->old, "get 1-1 revision");
        world_assert_sim(c->w, "normal", "get 1-1 system");
        world_assert_sim(c->w, "0", "get 1-1 upgrading");
        check_untouched(c);
}
