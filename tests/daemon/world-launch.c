/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Starts the daemon: as its service manager would by the shipped unit, through confine (confine.c); or directly, as
 * root. Independent of the daemon's work. */

#include <check.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world-private.h"

/* Without root's rights all processes and files belong to the same user. */
static bool is_other_user(World *w)
{
        return !w->by_hand && geteuid() == 0;
}

char *world_owners(World *w)
{
        struct group *dialout = getgrnam("dialout");

        if (geteuid() != 0)
                fputs("not root: the daemon runs as this user, and under a part of its unit only\n", stderr);
        ck_assert_msg(dialout != NULL, "there is no group dialout, to which udev gives ttys");
        return is_other_user(w) ? g_strdup_printf("%u:%u", (unsigned)dialout->gr_gid, (unsigned)w->user) : NULL;
}

static void add(GPtrArray *argv, const char *option, char *value)
{
        g_ptr_array_add(argv, g_strdup(option));
        g_ptr_array_add(argv, value);
}

/* The world has a directory of its own for each directory of the system that the unit names. */
static void add_stand_in(GPtrArray *argv, const char *path, const char *directory, const char *name)
{
        add(argv, "--stand-in", g_strdup_printf("%s=%s/%s", path, directory, name));
}

static pid_t launch_confined(World *w, const char *const *command, const char *log)
{
        g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *lock = world_path(w, "lock"), *devices = g_strconcat(world_testbed(w), "/sys/devices", NULL);

        g_ptr_array_add(argv, world_program("tests/daemon/confine"));
        add(argv, "--unit", world_program("systemd/fotad.service"));
        add(argv, "--sets", world_program("tests/daemon/syscall-sets"));
        add(argv, "--user", g_strdup_printf("%u", (unsigned)w->user));
        /* "make coverage": the program writes down beside its objects which lines have run. */
        add(argv, g_getenv("FOTAD_TEST_COVERAGE") ? "--show-writable" : "--show", world_program(""));
        add(argv, "--show", g_strdup(w->directory));
        add(argv, "--show-writable", g_strdup(world_testbed(w)));
        add_stand_in(argv, "/var/lib/fotad", w->directory, "state");
        add_stand_in(argv, "/run/fotad", w->directory, "run");
        add_stand_in(argv, "/run/lock", w->directory, "lock");
        add_stand_in(argv, "/sys", world_testbed(w), "sys");
        g_ptr_array_add(argv, g_strdup("--"));
        for (unsigned i = 0; i < w->environment->len; i++)
                g_ptr_array_add(argv, g_strdup(g_ptr_array_index(w->environment, i)));
        for (; *command; command++)
                g_ptr_array_add(argv, g_strdup(*command));
        g_ptr_array_add(argv, NULL);

        /* As on a gateway: writable for all, and present before any module is. */
        chmod(lock, 01777);
        ck_assert_int_eq(g_mkdir_with_parents(devices, 0755), 0);
        return world_spawn(w, (char **)argv->pdata, NULL, log, log);
}

pid_t world_launch(World *w)
{
        g_autofree char *conf = world_path(w, "fotad.conf"), *log = world_path(w, "fotad.log");
        const char *command[] = { w->program, "--debug", "--config", conf, NULL };
        g_auto(GStrv) environment = g_get_environ();

        if (!w->by_hand)
                return launch_confined(w, command, log);
        for (unsigned i = 0; i < w->environment->len; i++) {
                g_auto(GStrv) pair = g_strsplit(g_ptr_array_index(w->environment, i), "=", 2);

                environment = g_environ_setenv(environment, pair[0], pair[1], TRUE);
        }
        return world_spawn(w, (char **)command, environment, log, log);
}
