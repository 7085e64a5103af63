/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The common part of the targets: reads an input as a script, and knows the shape of a harmless AT command. Calls
 * nothing of fotad, so that a fault there cannot hide itself. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#define COMMAND_MAX 1024 /* bytes */

Script script_new(const uint8_t *bytes, size_t size)
{
        return (Script){ bytes, bytes + size };
}

bool script_is_over(const Script *s)
{
        return s->next == s->end;
}

unsigned script_byte(Script *s)
{
        return s->next < s->end ? *s->next++ : 0;
}

unsigned script_number(Script *s, unsigned least, unsigned most)
{
        unsigned high = script_byte(s);

        return least + (high << 8 | script_byte(s)) % (most - least + 1);
}

char *script_text(Script *s, char delimiter)
{
        const uint8_t *begin = s->next;

        while (s->next < s->end && *s->next && *s->next != (uint8_t)delimiter)
                s->next++;
        return g_strndup((const char *)begin, (gsize)((s->next < s->end ? s->next++ : s->next) - begin));
}

void fuzz_check_command(const char *command)
{
        bool quoted = false;

        g_assert(g_str_has_prefix(command, "AT"));
        g_assert(strlen(command) <= COMMAND_MAX);
        for (const char *p = command; *p; p++) {
                g_assert(*p >= ' ' && *p <= '~');
                quoted ^= *p == '"';
                g_assert(quoted || g_ascii_isalnum(*p) || strchr("+=?,-\"", *p));
        }
        g_assert(!quoted);
}

void fuzz_fail(const char *what, const char *why)
{
        fprintf(stderr, "%s: %s\n", what, why);
        fflush(NULL);
        abort();
}

const char *fuzz_file(const uint8_t *bytes, size_t size)
{
        static char *path;
        static int fd;

        if (!path) {
                fd = memfd_create("fuzz", MFD_CLOEXEC);
                g_assert(fd >= 0);
                path = g_strdup_printf("/proc/self/fd/%d", fd);
        }
        g_assert(ftruncate(fd, (off_t)size) == 0);
        g_assert(pwrite(fd, bytes, size, 0) == (ssize_t)size);
        return path;
}
