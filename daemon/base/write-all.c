/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Goes on after an interruption, and after a call that wrote only a part. */

#include <errno.h>
#include <unistd.h>

#include "base/write-all.h"

int write_all(int fd, const void *bytes, size_t size)
{
        for (const char *next = bytes; size > 0;) {
                ssize_t n = write(fd, next, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                next += n;
                size -= (size_t)n;
        }
        return 0;
}
