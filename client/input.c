/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads the small texts that fotactl is given: schedules, passwords, a URL on standard input. A pipe, a device or a
 * huge file in their place is refused instead of being waited for or filling the memory. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"
#include "input.h"

/* Reads to the end, or for a line to the first line feed. Returns the number of bytes, -EFBIG if there are more than
 * INPUT_MAX, or another -errno. */
static ssize_t read_bytes(int fd, char *bytes, bool line)
{
        size_t length = 0;

        while (length <= INPUT_MAX) {
                ssize_t n = read(fd, bytes + length, INPUT_MAX + 1 - length);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                length += (size_t)n;
                if (n == 0 || (line && memchr(bytes, '\n', length)))
                        return (ssize_t)length;
        }
        return -EFBIG;
}

/* The bytes, with a NUL behind them. NULL, and *ret_why. */
static char *read_text(int fd, bool line, size_t *ret_length, char **ret_why)
{
        char *text = g_malloc(INPUT_MAX + 2);
        ssize_t n = read_bytes(fd, text, line);

        if (n < 0) {
                *ret_why = n == -EFBIG ? g_strdup_printf(_("longer than %d bytes"), INPUT_MAX)
                                       : g_strdup(g_strerror((int)-n));
                explicit_bzero(text, INPUT_MAX + 2);
                g_free(text);
                return NULL;
        }
        text[n] = '\0';
        *ret_length = (size_t)n;
        if (line)
                text[strcspn(text, "\r\n")] = '\0';
        return text;
}

char *input_read_file(const char *path, size_t *ret_length, char **ret_why)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        g_autofree char *why = NULL;
        char *text = NULL;
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                why = g_strdup(g_strerror(errno));
        else if (!S_ISREG(st.st_mode))
                why = g_strdup(_("not a regular file"));
        else
                text = read_text(fd, false, ret_length, &why);
        if (fd >= 0)
                close(fd);
        if (!text)
                *ret_why = g_strdup_printf("%s: %s", path, why);
        return text;
}

char *input_read_line(int fd, char **ret_why)
{
        size_t length;

        return read_text(fd, true, &length, ret_why);
}
