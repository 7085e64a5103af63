/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads files that other programs may have put in their places: a pipe, a device or a huge file must neither block the
 * daemon nor fill its memory. Knows nothing of the contents. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/read-file.h"

/* Reads to the end; -EFBIG if more than that many bytes come. */
static int read_all(int fd, char *bytes, size_t most, size_t *ret_length)
{
        size_t length = 0;

        while (length <= most) {
                ssize_t n = read(fd, bytes + length, most + 1 - length);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0) {
                        bytes[length] = 0;
                        *ret_length = length;
                        return 0;
                }
                length += (size_t)n;
        }
        return -EFBIG;
}

static int read_regular(int fd, size_t most, char **ret_text, size_t *ret_length)
{
        struct stat st;
        char *bytes;
        int r;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        if (st.st_size > (off_t)most)
                return -EFBIG;
        if (st.st_size > 0) /* files of /proc say 0 */
                most = (size_t)st.st_size;
        bytes = g_malloc(most + 1);
        r = read_all(fd, bytes, most, ret_length);
        if (r < 0)
                g_free(bytes);
        else
                *ret_text = bytes;
        return r;
}

int read_file(const char *path, size_t most, char **ret_text, size_t *ret_length, char **ret_why)
{
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), r;

        r = fd < 0 ? -errno : read_regular(fd, most, ret_text, ret_length);
        if (fd >= 0)
                close(fd);
        if (r == -EINVAL)
                *ret_why = g_strdup_printf("%s: it is not a regular file", path);
        else if (r == -EFBIG)
                *ret_why = g_strdup_printf("%s: it has more than %zu bytes", path, most);
        else if (r < 0)
                *ret_why = g_strdup_printf("%s: %s", path, g_strerror(-r));
        return r;
}
