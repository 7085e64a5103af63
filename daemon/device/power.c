/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A sleeping USB device loses the URCs of its module (guide 3.3.1.3, note 1). Reads and writes the attribute that
 * permits the sleep; core/upgrade decides when, and to which value. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "device/power.h"

static char *attribute(const char *syspath)
{
        return g_build_filename(syspath, "power/control", NULL);
}

char *power_control_read(const char *syspath)
{
        g_autofree char *path = attribute(syspath), *value = NULL;

        if (!g_file_get_contents(path, &value, NULL, NULL))
                return NULL;
        g_strstrip(value);
        return strcmp(value, "on") == 0 || strcmp(value, "auto") == 0 ? g_steal_pointer(&value) : NULL;
}

int power_control_write(const char *syspath, const char *value)
{
        g_autofree char *path = attribute(syspath);
        int fd = open(path, O_WRONLY | O_CLOEXEC | O_TRUNC);
        int r;

        if (fd < 0)
                return -errno;
        r = write(fd, value, strlen(value)) < 0 ? -errno : 0;
        close(fd);
        return r;
}
