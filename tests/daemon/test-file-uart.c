/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A package that the host sends over the module's main UART (guide 3.3.1.3): AT+IFC instead of AT+QCFG="usbifc", and no
 * bus that shows a restart. */

#include <check.h>
#include <string.h>

#include "files.h"
#include "suite.h"
#include "uart.h"

static World *new_world(const char *settings, unsigned size)
{
        g_autofree char *module = g_strconcat("ec200a,urcport=usbat,fota-cid=3,", settings, NULL);
        World *w = uart_world(module, UART_QUICK "download-idle=3\n");

        file_make(w, size);
        return w;
}

static char *start(World *w, const char *flow_control)
{
        char *job = file_start(w, MODULE_UART, flow_control);

        ck_assert_msg(job != NULL, "%s", world_error_message(w));
        return job;
}

static void assert_as_before(World *w, const char *ifc)
{
        world_assert_sim(w, ifc, "get " UART " ifc");
        world_assert_sim(w, "usbat", "get " UART " urcport");
        world_assert_sim(w, "3", "get " UART " fota-cid");
        world_assert_sim(w, "1", "get " UART " qfotadl-count");
        file_assert_no_package(w);
}

START_TEST(test_hardware)
{
        World *w = new_world(_i ? "line-speed=1,baud=115200" : "line-speed=0", _i ? 40000 : 5000000);
        g_autofree char *job = start(w, _i ? "hardware" : NULL);

        world_assert_result(w, job, "success", "", "");
        file_assert_whole(w, UART);
        world_assert_sim(w, "1", "get " UART " file-crtscts");
        world_assert_sim(w, "0", "get " UART " crtscts"); /* nor does the line keep it */
        assert_as_before(w, "0,0");
        world_free(w);
}
END_TEST

/* A module without AT+IFC, or one that keeps its old setting: auto is paced, hardware is refused. */
static const char *const without[] = { "ifc-answer=error", "ifc-answer=ignored" };

START_TEST(test_auto_falls_back)
{
        World *w = new_world(without[_i], 30000);
        g_autofree char *job = start(w, "auto");

        world_assert_result(w, job, "success", "", "");
        file_assert_whole(w, UART);
        world_assert_sim(w, "32", "get " UART " file-write-max");
        world_assert_sim(w, "0", "get " UART " file-crtscts");
        assert_as_before(w, "0,0");
        world_free(w);
}
END_TEST

START_TEST(test_hardware_required)
{
        World *w = new_world(without[_i], 30000);
        g_autofree char *job = start(w, "hardware");

        world_assert_result(w, job, "failed", "host", "rejected");
        world_assert_sim(w, "0", "get " UART " qfotadl-count");
        world_assert_sim(w, "0,0", "get " UART " ifc");
        world_free(w);
}
END_TEST

/* A line of three wires: the module is mute as soon as it waits for RTS and CTS, and gets the command to stop although
 * it does not answer. auto goes on, paced; hardware ends, and the module answers again. */
START_TEST(test_three_wires)
{
        World *w = new_world("wires=0", 30000);
        g_autofree char *job = start(w, _i ? "hardware" : NULL);

        if (_i == 0) {
                world_assert_result(w, job, "success", "", "");
                file_assert_whole(w, UART);
                world_assert_sim(w, "32", "get " UART " file-write-max");
                assert_as_before(w, "0,0");
        } else {
                world_assert_result(w, job, "failed", "host", "rejected");
                world_assert_sim(w, "0", "get " UART " qfotadl-count");
                world_assert_sim(w, "0,0", "get " UART " ifc");
                world_assert_sim(w, "usbat", "get " UART " urcport");
        }
        ck_assert(world_call(w, MODULE_UART, "org.fotad1.Module", "Probe"));
        world_free(w);
}
END_TEST

static const struct {
        const char *settings, *domain, *name;
} breaks[] = {
        { "stall=file:40,file-idle=1000", "file", "download-failed" },
        { "cut=file:40", "host", "interrupted" }, /* it restarts, and prints RDY */
        { "file-long=5000,file-idle=1000", "file", "download-failed" },
        { "check-code=505", "update", "package-check-failed" },
};

START_TEST(test_breaks)
{
        World *w = new_world(breaks[_i].settings, 100000);
        g_autofree char *job = start(w, NULL);

        world_assert_result(w, job, "failed", breaks[_i].domain, breaks[_i].name);
        world_assert_property(w, job, "ToRevision", OLD_REVISION);
        world_assert_sim(w, "1", "get " UART " file-count");
        assert_as_before(w, "0,0");
        world_free(w);
}
END_TEST

START_TEST(test_cancel)
{
        World *w = new_world("file-idle=300", 100000);
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold " UART " file:40"));
        job = start(w, NULL);
        g_free(world_sim(w, "held " UART));
        ck_assert(world_call(w, job, "org.fotad1.Job", "Cancel"));
        g_free(world_sim(w, "release " UART));
        world_assert_result(w, job, "cancelled", "host", "cancelled");
        world_assert_sim(w, OLD_REVISION, "get " UART " revision");
        assert_as_before(w, "0,0");
        world_free(w);
}
END_TEST

/* In the middle (0), and when all bytes have been sent (1). */
START_TEST(test_dies)
{
        World *w = new_world("file-idle=500", 100000);
        g_autofree char *job = NULL;

        g_free(world_sim(w, "hold " UART " %s", _i ? "fileend" : "file:40"));
        job = start(w, NULL);
        g_free(world_sim(w, "held " UART));
        if (_i)
                file_await_all_out(w);
        uart_restart_daemon(w);
        g_free(world_sim(w, "release " UART));
        if (_i)
                world_assert_result(w, job, "success", "", "");
        else
                world_assert_result(w, job, "failed", "host", "interrupted");
        assert_as_before(w, "0,0");
        world_free(w);
}
END_TEST

/* A module that takes 16 bytes per write and 8 kB/s: 0: with options of the job; 1: with settings; 2: at the default
 * pace, which loses bytes, the transfer fails. */
START_TEST(test_slower_module)
{
        const char *config = UART_QUICK "download-idle=3\n[jobs]\npace-bytes=16\npace-interval=4\n";
        g_autofree char *path = NULL, *job = NULL;
        World *w = uart_world("ec200a,urcport=usbat,fota-cid=3,file-rate-limit=8000,file-burst=16,file-idle=1000",
                              _i == 1 ? config : UART_QUICK "download-idle=3\n");

        file_make(w, 16000);
        path = world_path(w, FILE_NAME);
        if (_i == 0)
                job = world_start_file(w, MODULE_UART, path, FILE_NAME, "flow-control", "s", "none", "pace-bytes", "u",
                                       "16", "pace-interval", "u", "4", NULL);
        else
                job = file_start(w, MODULE_UART, "none");
        ck_assert_msg(job != NULL, "%s", world_error_message(w));
        if (_i == 2) {
                world_assert_result(w, job, "failed", "file", "download-failed");
        } else {
                world_assert_result(w, job, "success", "", "");
                file_assert_whole(w, UART);
        }
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("file-uart");

        suite_add(s, "hardware", test_hardware, 0, 2);
        suite_add(s, "auto", test_auto_falls_back, 0, G_N_ELEMENTS(without));
        suite_add(s, "hardware-required", test_hardware_required, 0, G_N_ELEMENTS(without));
        suite_add(s, "three-wires", test_three_wires, 0, 2);
        suite_add(s, "slower", test_slower_module, 0, 3);
        suite_add(s, "breaks", test_breaks, 0, G_N_ELEMENTS(breaks));
        suite_add(s, "cancel", test_cancel, 0, 1);
        suite_add(s, "dies", test_dies, 0, 2);
        return suite_run(s);
}
