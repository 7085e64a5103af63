/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files of recordings. Knows neither their contents nor jobs. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/read-file.h"
#include "base/write-all.h"
#include "store/recording-store.h"

#define BYTES_MAX (1024 * 1024)
#define ROOM_LEFT (1024 * 1024)
#define SUFFIX    ".recording"
#define PART      ".recording.new"

static char *file_of(const char *state_directory, const char *id)
{
        return g_strdup_printf("%s/jobs/%s" SUFFIX, state_directory, id);
}

/* Records must not find the disk full because of a recording. */
static int find_room(int fd, size_t size)
{
        struct statvfs vfs;

        if (fstatvfs(fd, &vfs) < 0)
                return -errno;
        return vfs.f_bavail * (uint64_t)vfs.f_frsize < size + ROOM_LEFT ? -ENOSPC : 0;
}

static int write_file(const char *file, const char *text)
{
        int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600), r;

        if (fd < 0)
                return -errno;
        r = find_room(fd, strlen(text));
        if (r == 0)
                r = write_all(fd, text, strlen(text));
        if (close(fd) < 0 && r == 0)
                r = -errno;
        return r;
}

int recording_store_write(const char *state_directory, const char *id, const char *text, char **ret_why)
{
        g_autofree char *file = file_of(state_directory, id), *temporary = g_strconcat(file, ".new", NULL);
        int r = write_file(temporary, text);

        if (r == 0 && rename(temporary, file) < 0)
                r = -errno;
        if (r < 0) {
                unlink(temporary);
                *ret_why = g_strdup_printf("%s: %s", file, g_strerror(-r));
        }
        return r;
}

char *recording_store_read(const char *state_directory, const char *id, char **ret_why)
{
        g_autofree char *file = file_of(state_directory, id);
        char *text = NULL;
        size_t length;

        return read_file(file, BYTES_MAX, &text, &length, ret_why) < 0 ? NULL : text;
}

int recording_store_remove(const char *state_directory, const char *id)
{
        g_autofree char *file = file_of(state_directory, id), *temporary = g_strconcat(file, ".new", NULL);

        unlink(temporary);
        return unlink(file) < 0 && errno != ENOENT ? -errno : 0;
}

void recording_store_sweep(const char *state_directory, bool (*is_needed)(void *userdata, const char *id),
                           void *userdata)
{
        g_autofree char *directory = g_build_filename(state_directory, "jobs", NULL);
        g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
        const char *name;

        while (dir && (name = g_dir_read_name(dir))) {
                g_autofree char *file = g_build_filename(directory, name, NULL);
                bool part = g_str_has_suffix(name, PART);
                g_autofree char *id = g_str_has_suffix(name, SUFFIX) ? g_strndup(name, strlen(name) - strlen(SUFFIX))
                                                                     : NULL;

                if (!part && (!id || is_needed(userdata, id)))
                        continue;
                if (unlink(file) < 0)
                        log_warning("%s cannot be removed: %s", file, g_strerror(errno));
        }
}
