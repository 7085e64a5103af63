/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.freedesktop.LogControl1, as systemctl service-log-level uses it. The rights are tested by test-access. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include "world.h"

#define PATH      "/org/freedesktop/LogControl1"
#define INTERFACE "org.freedesktop.LogControl1"

static char *get(World *w, const char *property)
{
        char *value = NULL;
        int r = sd_bus_get_property_string(world_bus(w), "org.fotad1", PATH, INTERFACE, property, NULL, &value);

        ck_assert_msg(r >= 0, "%s: %s", property, g_strerror(-r));
        return value;
}

static void assert_is(World *w, const char *property, const char *expected)
{
        char *value = get(w, property);

        ck_assert_msg(strcmp(value, expected) == 0, "%s is %s instead of %s", property, value, expected);
        free(value);
}

/* error: NULL if the call must succeed. */
static void set(World *w, const char *property, const char *value, const char *name)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_set_property(world_bus(w), "org.fotad1", PATH, INTERFACE, property, &error, "s", value);

        ck_assert_msg((r >= 0) == (name == NULL), "%s=%s: %s", property, value, error.message ?: "done");
        if (name)
                ck_assert_str_eq(error.name, name);
        sd_bus_error_free(&error);
}

/* The log lines while the module is asked for its identity. */
static char *log_of_probe(World *w)
{
        g_autofree char *before = world_log(w), *after = NULL;

        ck_assert_msg(world_call(w, MODULE_1, "org.fotad1.Module", "Probe"), "%s", world_error_message(w));
        world_await_property(w, MODULE_1, "Problem", "");
        after = world_log(w);
        return g_strdup(after + strlen(before));
}

START_TEST(test_level)
{
        static const char *const levels[] = { "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug" };
        static const char *const wrong[] = { "", "verbose", "DEBUG", "8", "-1", "debug " };
        static const char invalid[] = "org.freedesktop.DBus.Error.InvalidArgs";
        WorldSettings settings = { .modules = { "1-1=ec200a" } };
        World *w = world_new(&settings);
        g_autofree char *quiet = NULL, *loud = NULL;

        world_await_module(w, MODULE_1);
        world_await_property(w, MODULE_1, "Problem", "");
        assert_is(w, "LogLevel", "debug"); /* the world starts the daemon with --debug */
        assert_is(w, "LogTarget", "console");
        assert_is(w, "SyslogIdentifier", "fotad");
        for (size_t i = 0; i < G_N_ELEMENTS(levels); i++) {
                set(w, "LogLevel", levels[i], NULL);
                assert_is(w, "LogLevel", levels[i]);
        }
        set(w, "LogLevel", "info", NULL);
        quiet = log_of_probe(w);
        ck_assert_msg(!strstr(quiet, "usb-1-1: > ") && !strstr(quiet, "usb-1-1: < "), "%s", quiet);
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
                set(w, "LogLevel", wrong[i], invalid);
        assert_is(w, "LogLevel", "info");
        set(w, "LogLevel", "debug", NULL);
        loud = log_of_probe(w);
        ck_assert_msg(strstr(loud, "usb-1-1: > AT") && strstr(loud, "usb-1-1: < "), "%s", loud);

        set(w, "LogTarget", "console", NULL);
        set(w, "LogTarget", "journal", invalid);
        set(w, "SyslogIdentifier", "other", "org.freedesktop.DBus.Error.PropertyReadOnly");
        assert_is(w, "LogTarget", "console");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("log-control");

        suite_add(s, "level", test_level, 0, 1);
        return suite_run(s);
}
