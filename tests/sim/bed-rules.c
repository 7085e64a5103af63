/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The part of the kernel and of udev in fotad's rules in systemd/: if a host writes "change" into the uevent file of a
 * device, the device's event is sent again, and ModemManager ignores devices at a claimed place. This file must not
 * depend on modules.
 */
#include "bed-private.h"

#include <string.h>
#include <sys/inotify.h>

struct bed_rule {
        Bed *bed;
        char *syspath, *place; /* 1-1.2 */
        bool port;
        int watch;
};

/* The host's writes overwrite the first of these, which no program reads. */
#define SPARE "E: CHANGE=1\n"

bool bed_rule_is_claimed(const struct bed_rule *rule)
{
        g_autofree char *file = rule->bed->claims ? g_strdup_printf("%s/usb-%s", rule->bed->claims, rule->place) : NULL;

        return file && g_file_test(file, G_FILE_TEST_EXISTS);
}

static const char *property(const struct bed_rule *rule, const char **ret_value)
{
        *ret_value = bed_rule_is_claimed(rule) == rule->port ? "0" : "1";
        return rule->port ? "ID_MM_CANDIDATE" : "ID_MM_DEVICE_IGNORE";
}

static char *uevent_file(const struct bed_rule *rule)
{
        return g_strdup_printf("%s/sys%s/uevent", rule->bed->root, rule->syspath);
}

static void watch(struct bed_rule *rule)
{
        g_autofree char *file = uevent_file(rule);

        bed_udev_give(rule->bed, file);
        rule->watch = bed_watch_rule(rule->bed, file, IN_CLOSE_WRITE, rule);
}

void bed_apply_rule(struct bed_rule *rule)
{
        g_autofree char *whole = g_strconcat("/sys", rule->syspath, NULL);
        const char *value, *name = property(rule, &value);

        bed_unwatch(rule->bed, rule->watch);
        umockdev_testbed_set_property(rule->bed->testbed, whole, name, value); /* this creates a new file */
        watch(rule);
        umockdev_testbed_uevent(rule->bed->testbed, whole, "change");
}

struct bed_rule *bed_rule_new(Bed *bed, const char *syspath, const char *place, bool port, GString *text)
{
        struct bed_rule *rule = g_new0(struct bed_rule, 1);
        const char *value, *name;

        rule->bed = bed;
        rule->syspath = g_strdup(syspath);
        rule->place = g_strdup(place);
        rule->port = port;
        name = property(rule, &value);
        g_string_append_printf(text, "P: %s\n" SPARE "E: %s=%s\n", syspath, name, value);
        return rule;
}

void bed_rule_begin(struct bed_rule *rule)
{
        watch(rule);
}

void bed_rule_free(struct bed_rule *rule)
{
        bed_unwatch(rule->bed, rule->watch);
        g_free(rule->syspath);
        g_free(rule->place);
        g_free(rule);
}

void bed_follow_claims(Bed *bed, const char *directory)
{
        bed->claims = g_strdup(directory);
}
