/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The watch notices that a program leaves a tty: by its close, and by the removal of its lock file. */

#include <fcntl.h>
#include <glib/gstdio.h>
#include <pty.h>
#include <unistd.h>

#include "device/port-watch.h"
#include "testing.h"

static sd_event *event;
static char *directory, *lock, *other, *node;
static int master;
static unsigned left;
static PortWatch *watch;

static void on_left(void *userdata)
{
        ck_assert_ptr_eq(userdata, &left);
        left++;
        /* as a module whose port is opened */
        g_clear_pointer(&watch, port_watch_free);
}

static void set_up(void)
{
        char name[64];
        g_autofree char *file = NULL;
        int slave;

        ck_assert_int_eq(openpty(&master, &slave, name, NULL, NULL), 0);
        close(slave);
        node = g_strdup(name);
        directory = g_dir_make_tmp("fotad-watch-XXXXXX", NULL);
        ck_assert_ptr_nonnull(directory);
        file = g_strconcat("LCK..", strrchr(node, '/') + 1, NULL);
        lock = g_build_filename(directory, file, NULL);
        other = g_strconcat(lock, "0", NULL);
        ck_assert(g_file_set_contents(lock, "1", -1, NULL));
        ck_assert(g_file_set_contents(other, "1", -1, NULL));
        ck_assert_int_ge(sd_event_new(&event), 0);
        left = 0;
}

static void tear_down(void)
{
        port_watch_free(watch);
        sd_event_unref(event);
        g_unlink(lock);
        g_unlink(other);
        ck_assert_int_eq(g_rmdir(directory), 0);
        close(master);
        g_free(directory);
        g_free(lock);
        g_free(other);
        g_free(node);
}

/* inotify reports an event before the call that causes it returns. */
static void assert_left(unsigned n)
{
        while (sd_event_run(event, 0) > 0)
                ;
        ck_assert_uint_eq(left, n);
}

START_TEST(test_close)
{
        int fd = open(node, O_RDWR | O_NOCTTY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        watch = port_watch_new(event, node, directory, on_left, &left);
        assert_left(0);
        close(fd);
        assert_left(1);
}
END_TEST

START_TEST(test_lock)
{
        watch = port_watch_new(event, node, directory, on_left, &left);
        ck_assert_int_eq(g_unlink(other), 0);
        assert_left(0);
        ck_assert_int_eq(_i == 0 ? g_unlink(lock) : g_rename(lock, other), 0);
        assert_left(1);
}
END_TEST

/* If the directory of lock files, or the node, is missing, the other one is still watched. */
START_TEST(test_lacking)
{
        int fd = open(node, O_RDWR | O_NOCTTY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        watch = _i == 0 ? port_watch_new(event, node, "/nonexistent", on_left, &left)
                        : port_watch_new(event, "/dev/pts/nonexistent", directory, on_left, &left);
        close(fd);
        assert_left(_i == 0 ? 1 : 0);
}
END_TEST

/* The close after the daemon's own attempt to open the port is not reported to a watch that is made after it. */
START_TEST(test_own_close)
{
        int fd;

        watch = port_watch_new(event, node, directory, on_left, &left);
        g_clear_pointer(&watch, port_watch_free);
        fd = open(node, O_RDWR | O_NOCTTY | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        close(fd);
        watch = port_watch_new(event, node, directory, on_left, &left);
        assert_left(0);
}
END_TEST

int main(void)
{
        TCase *tcase = tcase_create("port-watch");

        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_add_test(tcase, test_close);
        tcase_add_loop_test(tcase, test_lock, 0, 2);
        tcase_add_loop_test(tcase, test_lacking, 0, 2);
        tcase_add_test(tcase, test_own_close);
        return testing_run(tcase, "port-watch");
}
