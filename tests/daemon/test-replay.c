/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The recordings of tests/recordings, played by the simulator to the daemon, over ttys and the bus of the test bed: the
 * job has the verdict, the message and the restarts of the recording, and asks nothing that it lacks. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../list-files.h"
#include "recordings.h"
#include "suite.h"
#include "world.h"

static GPtrArray *files;

static const char *find(const Recording *r, RecordingWord word, const char *beginning)
{
        for (unsigned i = 0; i < r->events->len; i++) {
                const RecordingEvent *event = g_ptr_array_index(r->events, i);

                if (event->word == word && g_str_has_prefix(event->text, beginning))
                        return event->text + strlen(beginning);
        }
        return NULL;
}

static Recording *load(const char *file)
{
        g_autofree char *text = NULL;

        ck_assert_msg(g_file_get_contents(file, &text, NULL, NULL), "%s", file);
        return recordings_parse(text);
}

/* The URL of the recording; the caller frees it. */
static char *find_url(const Recording *r)
{
        const char *rest = find(r, RECORDING_SENT, "AT+QFOTADL=\"");

        ck_assert_ptr_nonnull(rest);
        return g_strndup(rest, strcspn(rest, "\""));
}

static bool is_uart(const Recording *r)
{
        return g_str_has_prefix(recording_head(r, "module") ?: "", "tty-");
}

START_TEST(test_same)
{
        const char *file = g_ptr_array_index(files, _i);
        g_autoptr(Recording) r = load(file);
        g_autofree char *module = g_strdup_printf("%s=recording:%s", is_uart(r) ? "tty:ttyS1" : "1-1", file);
        g_autofree char *url = find_url(r), *job = NULL, *result = NULL, *message = NULL, *name = NULL, *told = NULL;
        g_autofree char *verdict = NULL, *restarts = NULL, *lacks = NULL;
        World *w = world_new(
                &(WorldSettings){ .modules = { module }, .config = is_uart(r) ? "[serial]\nports=ttyS1\n" : NULL });
        unsigned expected = recordings_count(r, RECORDING_NOTE, "restart ");

        world_await_module(w, is_uart(r) ? MODULE_UART : MODULE_1);
        job = world_start(w, "", url, NULL);
        ck_assert_msg(job, "%s: %s", file, world_error_message(w));
        world_await_property(w, job, "State", "finished");
        result = world_property(w, job, "Result");
        message = world_property(w, job, "Message");
        name = world_property(w, job, "ErrorName");
        restarts = world_property(w, job, "Restarts");
        told = g_strdup_printf("%s: %s", result, message);
        verdict = g_strdup_printf("%s%s%s", result, *name ? " " : "", name);
        ck_assert_msg(g_str_equal(verdict, recording_head(r, "verdict")), "%s: %s: %s", file, verdict, message);
        ck_assert_msg(g_str_equal(told, find(r, RECORDING_NOTE, "result ")), "%s: %s", file, told);
        ck_assert_msg((unsigned)atoi(restarts) == expected, "%s: %s restarts", file, restarts);
        lacks = world_sim(w, "get %s lacks", is_uart(r) ? "tty:ttyS1" : "1-1");
        ck_assert_msg(g_str_equal(lacks, "0"), "%s lacks %s answers", file, lacks);
        world_free(w);
}
END_TEST

/* Without the answer to a question the module refuses it, and says so. */
START_TEST(test_lacks)
{
        World *other = world_new(&(WorldSettings){ .modules = { "1-1=ec200a" }, .no_daemon = true });
        g_autofree char *whole = NULL, *path = world_path(other, "recording"), *url = NULL, *job = NULL, *lacks = NULL;
        g_autofree char *module = g_strdup_printf("1-1=recording:%s", path), *err = NULL, *told = NULL;
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(Recording) r = load(g_ptr_array_index(files, 0));
        World *w;

        ck_assert(g_file_get_contents(g_ptr_array_index(files, 0), &whole, NULL, NULL));
        g_string_assign(text, whole);
        ck_assert_uint_eq(g_string_replace(text, "> AT+QURCCFG=\"urcport\"", "> AT+OTHER", 0), 1);
        ck_assert(g_file_set_contents(path, text->str, -1, NULL));
        w = world_new(&(WorldSettings){ .modules = { module } });
        world_await_module(w, MODULE_1);
        url = find_url(r);
        job = world_start(w, "", url, NULL);
        ck_assert_msg(job, "%s", world_error_message(w));
        world_await_property(w, job, "State", "finished");
        lacks = world_sim(w, "get 1-1 lacks");
        ck_assert_str_eq(lacks, "1");
        err = world_path(w, "sim.err");
        ck_assert(g_file_get_contents(err, &told, NULL, NULL));
        ck_assert_msg(strstr(told, "the recording lacks AT+QURCCFG=\"urcport\""), "%s", told);
        world_free(w);
        world_free(other);
}
END_TEST

static void find_files(void)
{
        g_autofree char *directory = g_build_filename(g_getenv("srcdir") ?: ".", "tests", "recordings", NULL);
        g_autofree char *whole = g_canonicalize_filename(directory, NULL);

        files = list_files(whole, ".txt");
}

int main(void)
{
        Suite *s = suite_create("replay");

        find_files();
        if (!files->len)
                return 1;
        suite_add(s, "same", test_same, 0, files->len);
        suite_add(s, "lacks", test_lacks, 0, 1);
        return suite_run(s);
}
