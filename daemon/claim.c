/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that tell udev which modules are ours for the time being. Knows no module and no job. */

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "claim.h"
#include "log.h"

#define PREFIX "usb-"

struct Claims {
        char *directory;
};

Claims *claims_new(const char *directory)
{
        Claims *c = g_new0(Claims, 1);

        c->directory = g_strdup(directory);
        return c;
}

void claims_free(Claims *c)
{
        if (!c)
                return;
        g_free(c->directory);
        g_free(c);
}

void claims_take(Claims *c, const char *id)
{
        g_autofree char *file = g_build_filename(c->directory, id, NULL);
        int fd;

        if (!g_str_has_prefix(id, PREFIX))
                return;
        /* Read by udev: for all to see. */
        if (g_mkdir_with_parents(c->directory, 0755) < 0 ||
            (fd = open(file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644)) < 0) {
                log_warning("%s cannot be made, so ModemManager may take %s between its restarts: %s", file, id,
                            g_strerror(errno));
                return;
        }
        close(fd);
}

void claims_drop(Claims *c, const char *id)
{
        g_autofree char *file = g_build_filename(c->directory, id, NULL);

        if (g_str_has_prefix(id, PREFIX) && g_unlink(file) < 0 && errno != ENOENT)
                log_warning("%s cannot be removed: %s", file, g_strerror(errno));
}

void claims_sweep(Claims *c, bool (*is_wanted)(void *userdata, const char *id), void *userdata)
{
        g_autoptr(GDir) directory = g_dir_open(c->directory, 0, NULL);
        g_autoptr(GPtrArray) old = g_ptr_array_new_with_free_func(g_free);
        const char *id;

        while (directory && (id = g_dir_read_name(directory)))
                if (!is_wanted(userdata, id))
                        g_ptr_array_add(old, g_strdup(id));
        for (unsigned i = 0; i < old->len; i++)
                claims_drop(c, g_ptr_array_index(old, i));
}
