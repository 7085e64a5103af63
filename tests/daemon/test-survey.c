/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Surveys of simulated modules: what is in the file, what is not, who may have one made and when, and that it changes
 * nothing. */

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "client-run.h"
#include "core/record/survey.h"
#include "recordings.h"
#include "suite.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

#define IMEI "867710050000013"

/* The text of the file, or NULL and the error's name in *ret_error. */
static char *survey(World *w, const char *module, char **ret_error)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = sd_bus_call_method(world_bus(w), "org.fotad1", "/org/fotad1", "org.fotad1.Manager", "Survey", &error,
                               &reply, "s", module);
        if (r < 0) {
                *ret_error = g_strdup(error.name);
                sd_bus_error_free(&error);
                return NULL;
        }
        return recordings_read(reply);
}

static Recording *read_survey(World *w, const char *module)
{
        g_autofree char *error = NULL, *text = survey(w, module, &error);

        ck_assert_msg(text, "%s", error);
        return recordings_parse(text);
}

static void assert_value(const Recording *r, RecordingWord word, const char *beginning, const char *key,
                         const char *expected)
{
        for (unsigned i = 0; i < r->events->len; i++) {
                const RecordingEvent *event = g_ptr_array_index(r->events, i);
                g_autofree char *value = recording_value(event->text, key);

                if (event->word != word || !g_str_has_prefix(event->text, beginning))
                        continue;
                ck_assert_msg(g_strcmp0(value, expected) == 0, "%s: %s is not %s", event->text, key, expected);
                return;
        }
        ck_abort_msg("no event %s %s", recording_word(word), beginning);
}

START_TEST(test_file)
{
        World *w = world_new(&(WorldSettings){ .modules = { "1-1=ec200a,serial=a1b2c3" } });
        g_autoptr(Recording) r = NULL;
        g_autofree char *revision = NULL;

        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "wait 1-1 closed 1"));
        r = read_survey(w, "");
        ck_assert_str_eq(recording_head(r, "kind"), "survey");
        ck_assert_str_eq(recording_head(r, "module"), "usb-1-1");
        ck_assert_str_eq(recording_head(r, "modem-manager"), "none");
        ck_assert_ptr_nonnull(recording_head(r, "kernel"));
        ck_assert_ptr_nonnull(recording_head(r, "fotad"));
        assert_value(r, RECORDING_DEVICE, "2c7c:6005", "bcdDevice", "0318");
        assert_value(r, RECORDING_DEVICE, "2c7c:6005", "manufacturer", "Android");
        assert_value(r, RECORDING_DEVICE, "2c7c:6005", "serial", "hidden-1");
        assert_value(r, RECORDING_INTERFACE, "3 ", "driver", "option");
        assert_value(r, RECORDING_INTERFACE, "3 ", "class", "ff/00/00");
        assert_value(r, RECORDING_INTERFACE, "3 ", "interface", "Mobile AT Interface");
        ck_assert_uint_eq(recordings_count(r, RECORDING_INTERFACE, ""), 5);
        ck_assert_uint_eq(recordings_count(r, RECORDING_TTY, "tty"), 3);
        assert_value(r, RECORDING_TTY, "ttyUSB1", "interface", "3");
        for (unsigned i = 0; survey_question(i); i++)
                ck_assert_msg(recordings_count(r, RECORDING_SENT, survey_question(i)) >= 1, "%s", survey_question(i));
        revision = g_strdup_printf("Revision: %s", OLD_REVISION);
        ck_assert_uint_ge(recordings_count(r, RECORDING_RECEIVED, revision), 1);
        ck_assert_uint_ge(recordings_count(r, RECORDING_RECEIVED, "86771005990"), 1);
        ck_assert_uint_eq(recordings_count(r, RECORDING_RECEIVED, IMEI), 0);
        ck_assert_uint_eq(recordings_count(r, RECORDING_NOTE, ""), 0);
        g_free(world_sim(w, "wait 1-1 closed 2")); /* other programs can use the port again */
        world_assert_sim(w, "0", "get 1-1 qfotadl-count");
        world_free(w);
}
END_TEST

START_TEST(test_nothing_changes)
{
        static const char *const settings[] = { "urcport", "fota-cid", "usbifc",        "ifc",      "cfun",
                                                "qind",    "revision", "power-control", "restarts", "apn" };
        World *w = world_new(&WORLD_EC200A);
        g_autoptr(GPtrArray) before = g_ptr_array_new_with_free_func(g_free);

        world_await_module(w, MODULE_1);
        for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
                g_ptr_array_add(before, world_sim(w, "get 1-1 %s", settings[i]));
        recording_free(read_survey(w, "usb-1-1"));
        for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
                world_assert_sim(w, g_ptr_array_index(before, i), "get 1-1 %s", settings[i]);
        world_free(w);
}
END_TEST

/* Every persona, and a module at a serial port. */
static const char *const modules[] = { "1-1=ec200a",   "1-1=ec200a-8", "1-1=ec600n",   "1-1=eg915n", "1-1=ec600m",
                                       "1-1=ec800m-4", "1-1=eg800k-2", "1-1=eg800k-4", "1-1=noecho", "1-1=noqgmr" };

START_TEST(test_personas)
{
        World *w = world_new(&(WorldSettings){ .modules = { modules[_i] } });
        g_autofree char *imei = NULL;
        g_autoptr(Recording) r = NULL;

        world_await_module(w, MODULE_1);
        imei = world_sim(w, "get 1-1 imei");
        r = read_survey(w, "");
        ck_assert_uint_eq(recordings_count(r, RECORDING_RECEIVED, imei), 0);
        ck_assert_uint_ge(recordings_count(r, RECORDING_RECEIVED, "OK"), 20);
        ck_assert_uint_eq(recordings_count(r, RECORDING_NOTE, ""), 0);
        world_free(w);
}
END_TEST

/* The events of a survey without their times and without IMEIs, of which a second survey has other stand-ins. */
static char *events_of(const Recording *r)
{
        GString *text = g_string_new(NULL);

        for (unsigned i = 0; i < r->events->len; i++) {
                const RecordingEvent *event = g_ptr_array_index(r->events, i);
                bool imei = strlen(event->text) == 15 && strspn(event->text, "0123456789") == 15;

                g_string_append_printf(text, "%s %s\n", recording_word(event->word), imei ? "IMEI" : event->text);
        }
        return g_string_free(text, FALSE);
}

static const struct {
        const char *module, *to;
        bool mini;
} surveyed[] = {
        { "1-1=ec200a", NEW_REVISION, false },
        { "1-1=ec200a,model=EC200X,revision=EC200XEUHAR01A02M16,pid=6026,at-if=2,diag-if=4,modem-if=5,labels=0,network="
          "0,"
          "qindcfg=error,services=0,qfotadl-test=ok,fota-cid=3,usb-manufacturer=Quectel,qgmr=plain",
          "EC200XEUHAR01A03M16", false },
        { "1-1=ec600m", "EC600MCNLER06A09M08", true },
};

/* The simulator plays a module from its survey: the next survey is the same, and an upgrade runs. */
START_TEST(test_persona)
{
        g_autofree char *file = NULL, *error = NULL, *text = NULL, *module = NULL, *played = NULL, *original = NULL;
        g_autofree char *revision = NULL, *url = NULL, *job = NULL, *directory = g_dir_make_tmp("survey-XXXXXX", NULL);
        g_autoptr(Recording) first = NULL, second = NULL;
        World *w = world_new(&(WorldSettings){ .modules = { surveyed[_i].module } });

        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "wait 1-1 closed 1"));
        text = survey(w, "", &error);
        ck_assert_ptr_nonnull(text);
        world_free(w);
        file = g_build_filename(directory, "survey", NULL);
        ck_assert(g_file_set_contents(file, text, -1, NULL));
        module = g_strdup_printf("1-1=survey:%s", file);
        w = world_new(&(WorldSettings){ .modules = { module } });
        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "wait 1-1 closed 1"));
        first = recording_parse(text, strlen(text), &error);
        second = read_survey(w, "");
        original = events_of(first);
        played = events_of(second);
        ck_assert_str_eq(played, original);
        revision = world_sim(w, "get 1-1 revision");
        world_package(w, surveyed[_i].mini ? "up.mini_1" : "up.bin", revision, surveyed[_i].to, NULL);
        if (surveyed[_i].mini)
                world_package(w, "up.mini_2", revision, surveyed[_i].to, NULL);
        url = world_http(w, surveyed[_i].mini ? "up.mini_1" : "up.bin");
        job = world_start(w, "", url, "expected-revision", "s", surveyed[_i].to, "method", "s",
                          surveyed[_i].mini ? "minifota" : "dfota", NULL);
        ck_assert_msg(job, "%s", world_error_message(w));
        world_assert_result(w, job, "success", "", "");
        world_free(w);
        ck_assert_int_eq(unlink(file), 0);
        ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

START_TEST(test_uart)
{
        World *w = world_new(
                &(WorldSettings){ .modules = { "tty:ttyS1=ec200a" }, .config = "[serial]\nports=ttyS1\n" });
        g_autoptr(Recording) r = NULL;

        world_await_module(w, MODULE_UART);
        r = read_survey(w, "tty-ttyS1");
        ck_assert_uint_eq(recordings_count(r, RECORDING_DEVICE, ""), 0);
        ck_assert_uint_eq(recordings_count(r, RECORDING_TTY, "ttyS1"), 1);
        ck_assert_uint_ge(recordings_count(r, RECORDING_RECEIVED, "OK"), 20);
        world_free(w);
}
END_TEST

/* A module that answers its first questions only. */
START_TEST(test_falls_silent)
{
        World *w = world_new(&(WorldSettings){ .modules = { "1-1=ec200a" }, .config = "[timeouts]\ncommand=1\n" });
        g_autoptr(Recording) r = NULL;

        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 answer:AT+CLAC"));
        r = read_survey(w, "");
        ck_assert_uint_eq(recordings_count(r, RECORDING_SENT, "AT+CLAC"), 1);
        ck_assert_uint_eq(recordings_count(r, RECORDING_SENT, "AT+QFOTADL=?"), 0);
        ck_assert_uint_eq(recordings_count(r, RECORDING_NOTE, "warning the survey ended early: it does not answer"), 1);
        world_free(w);
}
END_TEST

START_TEST(test_says_nothing)
{
        World *w = world_new(&(WorldSettings){ .modules = { "1-1=ec200a" }, .config = "[timeouts]\ncommand=1\n" });
        g_autofree char *error = NULL;

        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "wait 1-1 closed 1"));
        g_free(world_sim(w, "hold 1-1 answer"));
        ck_assert_ptr_null(survey(w, "", &error));
        ck_assert_str_eq(error, "org.fotad1.Error.ModuleNotReady");
        world_free(w);
}
END_TEST

START_TEST(test_refused)
{
        World *w = world_new(&WORLD_EC200A);
        g_autofree char *error = NULL, *other = NULL, *gone = NULL, *job = NULL, *url = NULL;

        world_await_module(w, MODULE_1);
        ck_assert_ptr_null(survey(w, "usb-9-9", &other));
        ck_assert_str_eq(other, "org.fotad1.Error.NoSuchModule");
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        url = world_http(w, "up.bin");
        g_free(world_sim(w, "hold 1-1 accepted"));
        job = world_start(w, "", url, NULL);
        ck_assert_ptr_nonnull(job);
        g_free(world_sim(w, "held 1-1 accepted"));
        ck_assert_ptr_null(survey(w, "", &error));
        ck_assert_str_eq(error, "org.fotad1.Error.Busy");
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        g_free(world_sim(w, "detach 1-1"));
        world_await_property(w, MODULE_1, "Present", "0");
        ck_assert_ptr_null(survey(w, "", &gone));
        ck_assert_str_eq(gone, "org.fotad1.Error.ModuleNotReady");
        world_free(w);
}
END_TEST

/* The job has failed, but its upgrade may still go on. */
START_TEST(test_watched)
{
        World *w = world_new(&(WorldSettings){ .modules = { "1-1=ec200a" }, .config = "[timeouts]\nrestart=2\n" });
        g_autofree char *error = NULL, *job = NULL, *url = NULL;

        world_await_module(w, MODULE_1);
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        url = world_http(w, "up.bin");
        g_free(world_sim(w, "hold 1-1 off:2"));
        job = world_start(w, "", url, NULL);
        world_assert_result(w, job, "failed", "host", "module-lost");
        g_free(world_sim(w, "hold 1-1 answer:ATI"));
        g_free(world_sim(w, "release 1-1 off:2"));
        g_free(world_sim(w, "held 1-1 answer:ATI"));
        ck_assert_ptr_null(survey(w, "", &error));
        ck_assert_str_eq(error, "org.fotad1.Error.Busy");
        client_assert(w, "survey", NULL, 3, "", "may still be writing its flash for job 1");
        g_free(world_sim(w, "release 1-1 answer:ATI"));
        ck_assert(world_await_signal(w, job, "Resolved", NULL));
        recording_free(read_survey(w, ""));
        world_free(w);
}
END_TEST

/* While a survey is under way, another one and a check are refused, and a job begins and ends it. */
START_TEST(test_meanwhile)
{
        World *w = world_new(&WORLD_EC200A);
        ClientRun *run;
        g_autofree char *error = NULL, *job = NULL, *url = NULL;

        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 answer:AT+CLAC"));
        run = client_begin(w, "survey", NULL, false);
        g_free(world_sim(w, "held 1-1 answer:AT+CLAC"));
        ck_assert_ptr_null(survey(w, "", &error));
        ck_assert_str_eq(error, "org.fotad1.Error.Busy");
        client_assert(w, "survey", NULL, 3, "", "is being surveyed");
        client_assert(w, "check", NULL, 3, "", "is being surveyed");
        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        url = world_http(w, "up.bin");
        job = world_start(w, "", url, NULL);
        ck_assert_ptr_nonnull(job);
        client_finish(run, 0);
        ck_assert_ptr_nonnull(strstr(run->text->str, "note warning the survey ended early: a job has begun\n"));
        ck_assert_ptr_null(strstr(run->text->str, "QFOTADL=\""));
        client_free(run);
        g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, "success", "", "");
        world_free(w);
}
END_TEST

/* The caller leaves; the module is asked to the end, and can be asked again. */
START_TEST(test_caller_leaves)
{
        World *w = world_new(&WORLD_EC200A);
        g_autoptr(Recording) r = NULL;
        ClientRun *run;

        world_await_module(w, MODULE_1);
        g_free(world_sim(w, "hold 1-1 answer:AT+CLAC"));
        run = client_begin(w, "survey", NULL, false);
        g_free(world_sim(w, "held 1-1 answer:AT+CLAC"));
        kill(run->pid, SIGKILL);
        client_finish(run, -SIGKILL);
        client_free(run);
        g_free(world_sim(w, "release 1-1"));
        g_free(world_sim(w, "wait 1-1 closed 2"));
        r = read_survey(w, "");
        ck_assert_uint_eq(recordings_count(r, RECORDING_SENT, "AT+CLAC"), 1);
        world_free(w);
}
END_TEST

START_TEST(test_fotactl)
{
        World *w = world_new(&WORLD_EC200A);
        g_autofree char *file = world_path(w, "my survey"), *command = NULL, *json = NULL, *text = NULL;

        world_await_module(w, MODULE_1);
        command = g_strdup_printf("survey usb-1-1 --output '%s'", file);
        client_assert(w, command, NULL, 0, "Look at it before you send it.", "");
        ck_assert(g_file_get_contents(file, &text, NULL, NULL));
        ck_assert(g_str_has_prefix(text, "fotad-recording 1\n# IMEI, "));
        ck_assert_ptr_null(strstr(text, IMEI));
        client_assert(w, "survey", NULL, 0, "kind: survey\n", "");
        client_assert(w, "survey --output -", NULL, 0, "kind: survey\n", "");
        json = g_strdup_printf("survey --json -o '%s'", file);
        client_assert(w, json, NULL, 0, "\"output\":", "");
        client_assert(w, "survey --json", NULL, 0, "\"text\":", "");
        client_assert(w, "survey -o /does/not/exist", NULL, 9, "", "the file cannot be written");
        client_assert(w, "survey usb-9-9", NULL, 3, "", "no module has that Id");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("survey");

        suite_add(s, "file", test_file, 0, 1);
        suite_add(s, "nothing-changes", test_nothing_changes, 0, 1);
        suite_add(s, "personas", test_personas, 0, G_N_ELEMENTS(modules));
        suite_add(s, "persona", test_persona, 0, G_N_ELEMENTS(surveyed));
        suite_add(s, "uart", test_uart, 0, 1);
        suite_add(s, "falls-silent", test_falls_silent, 0, 1);
        suite_add(s, "says-nothing", test_says_nothing, 0, 1);
        suite_add(s, "refused", test_refused, 0, 1);
        suite_add(s, "watched", test_watched, 0, 1);
        suite_add(s, "meanwhile", test_meanwhile, 0, 1);
        suite_add(s, "caller-leaves", test_caller_leaves, 0, 1);
        suite_add(s, "fotactl", test_fotactl, 0, 1);
        return suite_run(s);
}
