/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What makes a program see the mocked USB: libumockdev's library, preloaded, and the test bed's place.
 */
#include "attach.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PRELOAD "libumockdev-preload.so.0"

/* The events of the test bed come only to preloaded processes, and this one sends them: it needs the library itself. */
void bed_prepare(char **argv)
{
        const char *now = g_getenv("LD_PRELOAD"), *sanitizer = g_getenv("ASAN_OPTIONS");

        if (now && strstr(now, "libumockdev-preload"))
                return;
        g_autofree char *all = now && *now ? g_strconcat(PRELOAD ":", now, NULL) : g_strdup(PRELOAD);
        g_setenv("LD_PRELOAD", all, TRUE);
        /* A sanitizer wants to be the first library, in this process and in a COMMAND, and works all the same. */
        g_autofree char *calm = g_strconcat(sanitizer ?: "", sanitizer ? ":" : "", "verify_asan_link_order=0", NULL);
        g_setenv("ASAN_OPTIONS", calm, TRUE);
        execv("/proc/self/exe", argv);
        g_printerr("modsim: cannot start itself again: %s\n", g_strerror(errno));
        exit(1);
}

char *bed_environment(void)
{
        return g_strdup_printf("UMOCKDEV_DIR=%s\nLD_PRELOAD=%s\n", g_getenv("UMOCKDEV_DIR"), PRELOAD);
}
