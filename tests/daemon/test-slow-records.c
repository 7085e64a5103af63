/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The disk holds the records of several jobs at once: none of them waits for another. standstill.so holds the
 * synchronization of each record until the test releases it. */

#include <check.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "presets.h"
#include "suite.h"
#include "world.h"

#define MODULES 4
#define TIMEOUT (60 * 1000) /* ms */

static World *world_with_modules(void)
{
        WorldSettings settings = { .modules = { "1-1=ec200a", "1-2=ec200a", "1-3=ec200a", "1-4=ec200a" },
                                   .preload = "tests/daemon/standstill.so",
                                   .no_daemon = true };
        World *w = world_new(&settings);
        g_autofree char *syncs = world_path(w, "syncs");

        world_set_environment(w, "SYNCS_WAIT", syncs);
        world_set_environment(w, "SYNCS_OF", ".job");
        world_start_daemon(w);
        for (unsigned i = 1; i <= MODULES; i++) {
                g_autofree char *module = g_strdup_printf("/org/fotad1/module/usb_2d1_2d%u", i);

                world_await_module(w, module);
        }
        return w;
}

/* From now on each record is held. */
static int listen_for_records(World *w)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        g_autofree char *path = world_path(w, "syncs");
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
        ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(chmod(path, 0666), 0);
        ck_assert_int_eq(listen(listener, MODULES), 0);
        return listener;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        unsigned *answers = userdata;

        (void)error;
        ck_assert_msg(!sd_bus_message_is_method_error(m, NULL), "%s",
                      sd_bus_message_is_method_error(m, NULL) ? sd_bus_message_get_error(m)->message : "");
        ++*answers;
        return 0;
}

START_TEST(test_all_held)
{
        World *w = world_with_modules();
        g_autofree char *url = world_publish(w), *path = world_path(w, "syncs");
        int listener = listen_for_records(w), records[MODULES];
        unsigned answers = 0;

        for (unsigned i = 0; i < MODULES; i++) {
                g_autofree char *module = g_strdup_printf("usb-1-%u", i + 1);

                ck_assert_int_ge(sd_bus_call_method_async(world_bus(w), NULL, "org.fotad1", "/org/fotad1",
                                                          "org.fotad1.Manager", "StartUpgrade", on_answer, &answers,
                                                          "ssa{sv}", module, url, 0),
                                 0);
        }
        ck_assert_int_ge(sd_bus_flush(world_bus(w)), 0);
        for (unsigned i = 0; i < MODULES; i++) {
                struct pollfd next = { .fd = listener, .events = POLLIN };

                ck_assert_msg(poll(&next, 1, TIMEOUT) == 1, "record %u of %u is not written", i + 1, MODULES);
                records[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                ck_assert_int_ge(records[i], 0);
        }
        world_count_signals(w, "", "");
        ck_assert_uint_eq(answers, 0);
        ck_assert_int_eq(unlink(path), 0);
        close(listener);
        for (unsigned i = 0; i < MODULES; i++)
                close(records[i]);
        while (answers < MODULES) {
                world_count_signals(w, "", ""); /* processes what has come */
                sd_bus_wait(world_bus(w), G_USEC_PER_SEC);
        }
        for (unsigned i = 1; i <= MODULES; i++) {
                g_autofree char *job = g_strdup_printf("/org/fotad1/job/_3%u", i);

                world_assert_result(w, job, "success", "", "");
        }
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("slow-records");

        suite_add(s, "all-held", test_all_held, 0, 1);
        return suite_run(s);
}
