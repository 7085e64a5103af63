/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The environment in which a program sees the mocked USB: libumockdev's library, preloaded behind bed-guard.so, and the
 * path of the test bed.
 */
#include "attach.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* bed-guard.so is beside this program. */
static char *preload(void)
{
        g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
        g_autofree char *directory = self ? g_path_get_dirname(self) : NULL;
        g_autofree char *guard = g_build_filename(directory ?: "", "bed-guard.so", NULL);

        if (access(guard, R_OK) < 0)
                g_error("test bed: %s: %s", guard, g_strerror(errno));
        return g_strconcat(guard, ":libumockdev-preload.so.0", NULL);
}

/* The events of the test bed reach only preloaded processes, and this process sends them: it needs the library
 * itself. */
void bed_prepare(char **argv)
{
        const char *now = g_getenv("LD_PRELOAD"), *sanitizer = g_getenv("ASAN_OPTIONS");

        if (now && strstr(now, "bed-guard"))
                return;
        g_autofree char *own = preload(), *all = g_strjoin(":", own, now && *now ? now : NULL, NULL);
        g_setenv("LD_PRELOAD", all, TRUE);
        /* A sanitizer requires to be the first library, in this process and in a COMMAND, but works all the same. */
        g_autofree char *calm = g_strconcat(sanitizer ?: "", sanitizer ? ":" : "", "verify_asan_link_order=0", NULL);
        g_setenv("ASAN_OPTIONS", calm, TRUE);
        execv("/proc/self/exe", argv);
        g_printerr("modsim: cannot start itself again: %s\n", g_strerror(errno));
        exit(1);
}

char *bed_environment(void)
{
        g_autofree char *own = preload();

        return g_strdup_printf("UMOCKDEV_DIR=%s\nLD_PRELOAD=%s\n", g_getenv("UMOCKDEV_DIR"), own);
}
