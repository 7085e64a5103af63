/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files of recordings. Knows neither their contents nor jobs. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/read-file.h"
#include "store/recording-store.h"

#define BYTES_MAX (1024 * 1024)

static char *file_of(const char *state_directory, const char *id)
{
        return g_strdup_printf("%s/jobs/%s.recording", state_directory, id);
}

static int write_file(const char *file, const char *text)
{
        int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600), r = 0;

        if (fd < 0)
                return -errno;
        for (size_t left = strlen(text); left > 0 && r == 0;) {
                ssize_t n = write(fd, text, left);

                if (n < 0 && errno != EINTR)
                        r = -errno;
                text += n < 0 ? 0 : n;
                left -= n < 0 ? 0 : (size_t)n;
        }
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
