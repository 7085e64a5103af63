/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Makes the recordings of tests/recordings that were made on the simulator, in the
 * directory that FOTAD_RECORDINGS names: upgrades of personas, and the ways in which upgrades fail. It is no
 * test: only the files that are wanted are copied from there (tests/recordings/README.md). */

#include <check.h>
#include <string.h>

#include "recordings.h"
#include "suite.h"
#include "world.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

static const struct {
        const char *name;   /* of the file */
        const char *module; /* as modsim's --module, behind the path */
        const char *from, *to;
        const char *spoilt; /* as modsim's --break, NULL none */
} rows[] = {
        { "dfota-ec600n", "ec600n", "EC600NCNLAR03A01M16", "EC600NCNLAR03A02M16", NULL },
        { "dfota-eg915n", "eg915n", "EG915NEUAGR01A02M16", "EG915NEUAGR01A03M16", NULL },
        { "dfota-noecho", "noecho", OLD_REVISION, NEW_REVISION, NULL },
        { "dfota-ends-at-91", "ends-at-91", OLD_REVISION, NEW_REVISION, NULL },
        { "dfota-percent", "percent", OLD_REVISION, NEW_REVISION, NULL },
        { "dfota-https-word", "https-word", OLD_REVISION, NEW_REVISION, NULL },
        { "dfota-blank", "blank", OLD_REVISION, NEW_REVISION, NULL },
        { "dfota-not-registered", "ec200a,registered=2", OLD_REVISION, NEW_REVISION, NULL },
        { "dfota-http-code", "ec200a,http-code=701", OLD_REVISION, NEW_REVISION, NULL },
        { "dfota-upgrade-failed", "ec200a,update-code=504", OLD_REVISION, NEW_REVISION, NULL },
        { "dfota-flash", "ec200a", OLD_REVISION, NEW_REVISION, "flash" },
        { "dfota-truncated", "ec200a", OLD_REVISION, NEW_REVISION, "truncated" },
        { "dfota-from", "ec200a", OLD_REVISION, NEW_REVISION, "from" },
        { "dfota-project", "ec200a", OLD_REVISION, NEW_REVISION, "project" },
        { "dfota-baseline", "ec200a", OLD_REVISION, NEW_REVISION, "baseline" },
        { "dfota-power", "ec200a,cut=updating:40", OLD_REVISION, NEW_REVISION, NULL },
};

static char *call(World *w, const char *path, const char *interface, const char *method)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) reply = NULL;
        int r = sd_bus_call_method(world_bus(w), "org.fotad1", path, interface, method, &error, &reply, NULL);

        ck_assert_msg(r >= 0, "%s: %s", method, error.message);
        return recordings_read(reply);
}

/* The recording, with its verdict and its origin in the head. */
static void save(const char *name, const char *module, const char *verdict, const char *text)
{
        g_autofree char *file = g_strdup_printf("%s/%s.txt", g_getenv("FOTAD_RECORDINGS"), name), *head = NULL;
        g_autoptr(GString) whole = g_string_new(text);

        head = g_strdup_printf("# Recorded on the simulator: %s.\nkind: upgrade\nverdict: %s\n", module, verdict);
        ck_assert_uint_eq(g_string_replace(whole, "kind: upgrade\n", head, 1), 1);
        ck_assert(g_file_set_contents(file, whole->str, -1, NULL));
}

START_TEST(make)
{
        const char *from = rows[_i].from, *to = rows[_i].to, *spoilt = rows[_i].spoilt;
        g_autofree char *module = g_strconcat("1-1=", rows[_i].module, NULL), *url = NULL, *job = NULL, *text = NULL;
        g_autofree char *result = NULL, *name = NULL, *verdict = NULL;
        World *w = world_new(&(WorldSettings){ .modules = { module } });

        world_await_module(w, MODULE_1);
        world_package(w, "up.bin", from, to, spoilt);
        url = world_http(w, "up.bin");
        job = world_start(w, "", url, "record", "b", "1", NULL);
        ck_assert_msg(job, "%s", world_error_message(w));
        world_await_property(w, job, "State", "finished");
        result = world_property(w, job, "Result");
        name = world_property(w, job, "ErrorName");
        verdict = g_strdup_printf("%s%s%s", result, *name ? " " : "", name);
        text = call(w, job, "org.fotad1.Job", "GetRecording");
        save(rows[_i].name, rows[_i].module, verdict, text);
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("make-recordings");

        if (!g_getenv("FOTAD_RECORDINGS"))
                return 77;
        suite_add(s, "make", make, 0, G_N_ELEMENTS(rows));
        return suite_run(s);
}
