/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parents of devices: the mocked sysfs, the controller and the hubs of USB, and the free port paths. This file must
 * not depend on ttys or on a device's face.
 */
#include "bed-private.h"

#include <stdlib.h>
#include <string.h>

#define CONTROLLER "/devices/pci0000:00/0000:00:14.0"

void bed_add_device(Bed *bed, const char *text)
{
        g_autoptr(GError) error = NULL;

        if (!umockdev_testbed_add_from_string(bed->testbed, text, &error))
                g_error("test bed: %s", error->message);
}

void bed_remove_device(Bed *bed, const char *syspath)
{
        g_autofree char *whole = g_strconcat("/sys", syspath, NULL);

        umockdev_testbed_uevent(bed->testbed, whole, "remove");
        umockdev_testbed_remove_device(bed->testbed, whole);
}

char *bed_up_to_sys(const char *syspath)
{
        g_autoptr(GString) up = g_string_new(NULL);

        for (const char *s = syspath; *s; s++)
                if (*s == '/')
                        g_string_append(up, "../");
        return g_string_free(g_steal_pointer(&up), FALSE);
}

char *bed_add_ancestors(Bed *bed, const char *path)
{
        unsigned bus = (unsigned)atoi(path);
        g_autoptr(GString) syspath = g_string_new(CONTROLLER);
        const char *end = strchr(path, '-');

        if (!g_hash_table_contains(bed->ancestors, syspath->str)) {
                g_hash_table_add(bed->ancestors, g_strdup(syspath->str));
                bed_add_device(bed, "P: " CONTROLLER "\nE: SUBSYSTEM=pci\nE: DRIVER=xhci_hcd\n");
        }
        g_string_append_printf(syspath, "/usb%u", bus);
        for (bool root = true;; root = false) {
                if (g_hash_table_add(bed->ancestors, g_strdup(syspath->str))) {
                        unsigned *devnum = &bed->devnums[bus];
                        g_autofree char *text = g_strdup_printf(
                                "P: %s\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: DRIVER=usb\nE: PRODUCT=%s/510\n"
                                "A: idVendor=%s\\n\nA: idProduct=%s\\n\nA: bDeviceClass=09\\n\nA: busnum=%u\\n\nA: "
                                "devnum=%u\\n\n",
                                syspath->str, root ? "1d6b/2" : "5e3/608", root ? "1d6b" : "05e3",
                                root ? "0002" : "0608", bus, ++*devnum);

                        bed_add_device(bed, text);
                }
                const char *dot = strchr(end + 1, '.');
                g_autofree char *name = dot ? g_strndup(path, (size_t)(dot - path)) : g_strdup(path);
                g_string_append_printf(syspath, "/%s", name);
                if (!dot)
                        break;
                end = dot;
        }
        return g_string_free(g_steal_pointer(&syspath), FALSE);
}

bool bed_path_is_free(Bed *bed, const char *path, const char *mine, GError **error)
{
        GHashTableIter each;
        void *key;

        if (!g_regex_match_simple("^[1-9]-[1-9][0-9]?(\\.[1-9][0-9]?)*$", path, 0, 0)) {
                g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            "'%s' is no USB port path such as 1-1 or 1-1.2", path);
                return false;
        }
        g_hash_table_iter_init(&each, bed->taken);
        while (g_hash_table_iter_next(&each, &key, NULL)) {
                g_autofree char *below = g_strconcat(key, ".", NULL), *above = g_strconcat(path, ".", NULL);

                if (mine && g_str_equal(mine, key))
                        continue;
                if (g_str_equal(path, key) || g_str_has_prefix(path, below) || g_str_has_prefix(key, above)) {
                        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s and %s exclude each other",
                                    path, (char *)key);
                        return false;
                }
        }
        g_hash_table_iter_init(&each, bed->ancestors);
        while (g_hash_table_iter_next(&each, &key, NULL)) {
                g_autofree char *end = g_strconcat("/", path, NULL);

                if (g_str_has_suffix(key, end)) {
                        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "there is a hub at %s", path);
                        return false;
                }
        }
        return true;
}
