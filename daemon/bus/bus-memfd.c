/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Texts that are too long for a message, as files for its receiver. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/write-all.h"
#include "bus/bus-memfd.h"

static int fill(int fd, const char *text)
{
        int r = write_all(fd, text, strlen(text));

        if (r < 0)
                return r;
        if (lseek(fd, 0, SEEK_SET) < 0 ||
            fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
                return -errno;
        return 0;
}

int bus_memfd_new(const char *name, const char *text)
{
        int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
        int r = fd < 0 ? -errno : fill(fd, text);

        if (r < 0 && fd >= 0)
                close(fd);
        return r < 0 ? r : fd;
}
