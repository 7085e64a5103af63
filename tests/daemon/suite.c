/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs a suite, and prints more about a failure than its assertion does. Depends on the names of a world's files
 * only. */

#include <glib.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

#define LAST_LINES 25

static void print_end(const char *path)
{
        g_autofree char *text = NULL;
        char *line;
        unsigned n = 0;

        if (!g_file_get_contents(path, &text, NULL, NULL) || !*text)
                return;
        for (line = text + strlen(text); line > text && n <= LAST_LINES; line--)
                n += line[-1] == '\n';
        printf("---- the end of %s\n%s", path, line == text ? text : line + 1);
}

static void print_ends(const char *directory)
{
        g_autoptr(GDir) worlds = g_dir_open(directory, 0, NULL);
        const char *world;

        while (worlds && (world = g_dir_read_name(worlds))) {
                g_autofree char *log = g_build_filename(directory, world, "fotad.log", NULL);
                g_autofree char *errors = g_build_filename(directory, world, "sim.err", NULL);

                print_end(log);
                print_end(errors);
        }
        fflush(stdout);
}

static char *make_directory(void)
{
        char *directory = g_build_filename(g_getenv("TMPDIR") ?: "/tmp", "fotad-XXXXXX", NULL);

        if (mkdtemp(directory) && chmod(directory, 0755) == 0) /* the bus is for all users */
                return directory;
        perror(directory);
        exit(EXIT_FAILURE);
}

/* The worlds consist of many small files that are soon deleted, which costs more time on a disk than the tests
 * themselves: ext4 without a journal searches all files that were deleted in the last minutes for each new one. Only
 * this program and its children see the mount. Without root's rights, the files are on the disk. */
static void mount_memory(const char *directory)
{
        if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0)
                mount("tmpfs", directory, "tmpfs", 0, "mode=0755");
}

int suite_run(Suite *suite)
{
        g_autofree char *directory = make_directory(), *remove = g_strdup_printf("rm -rf '%s'", directory);
        SRunner *runner = srunner_create(suite);
        bool keep = g_getenv("FOTAD_TEST_KEEP") != NULL;
        int failed;

        if (!keep)
                mount_memory(directory);
        g_setenv("TMPDIR", directory, TRUE);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        if (failed)
                print_ends(directory);
        if (keep) {
                printf("The worlds are in %s.\n", directory);
        } else {
                umount2(directory, MNT_DETACH); /* if it is a mount */
                if (system(remove) != 0)
                        return EXIT_FAILURE;
        }
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
