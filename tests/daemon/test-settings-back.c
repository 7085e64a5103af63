/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every kind of AT+QFOTADL that the guide's 3.3.1 allows, with its PDP context or without: exactly that line reaches
 * the module, and afterwards the module is restored, whether the upgrade succeeds, fails or is cancelled, and whether
 * or not the daemon dies meanwhile. A password that was there before is only in the job's file, and only as long as the
 * job runs. */

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"
#include "world.h"

#define OLD_SECRET "Old-s3cret"
#define NEW_SECRET "New-s3cret"

/* Values of context 2 from an earlier use. */
static void fill_context(World *w)
{
        static const char line[] = "AT+QICSGP=2,1,\"iot.example\",\"gw\",\"" OLD_SECRET "\",2\r";
        g_autofree char *tty = world_tty(w, "1-1", "modem");
        int fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, line, sizeof(line) - 1), (ssize_t)(sizeof(line) - 1));
        g_free(world_sim(w, "set 1-1 fota-cid 2"));
        g_free(world_sim(w, "wait 1-1 rx-modem"));
        world_assert_sim(w, "iot.example", "get 1-1 apn");
        g_free(world_sim(w, "set 1-1 fota-cid 1"));
        close(fd);
}

static World *new_world(void)
{
        WorldSettings settings = { .modules = { "1-1=ec200a,urcport=uart1" } };
        World *w = world_new(&settings);

        world_package(w, "up.bin", OLD_REVISION, NEW_REVISION, NULL);
        world_await_module(w, MODULE_1);
        fill_context(w);
        return w;
}

/* All settings that an upgrade may change, read from the simulator; the simulator reports the context of fota-cid. */
static char *look(World *w)
{
        static const char *const settings[] = { "urcport", "fota-cid", "usbifc", "cfun", "power-control" };
        static const char *const truths[] = { "apn", "apn-user", "apn-password", "apn-auth", "apn-active" };
        g_autofree char *cid = world_sim(w, "get 1-1 fota-cid");
        GString *seen = g_string_new(NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
                g_autofree char *value = world_sim(w, "get 1-1 %s", settings[i]);

                g_string_append_printf(seen, "%s=%s|", settings[i], value);
        }
        for (unsigned n = 1; n <= 2; n++) {
                g_free(world_sim(w, "set 1-1 fota-cid %u", n));
                for (size_t i = 0; i < G_N_ELEMENTS(truths); i++) {
                        g_autofree char *value = world_sim(w, "get 1-1 %s", truths[i]);

                        g_string_append_printf(seen, "%u:%s=%s|", n, truths[i], value);
                }
        }
        g_free(world_sim(w, "set 1-1 fota-cid %s", cid));
        return g_string_free(seen, FALSE);
}

/* "upgrade-mode=0 apn=cmnet" */
static char *start(World *w, const char *url, const char *options)
{
        g_auto(GStrv) words = g_strsplit(options, " ", -1);
        const char *key[8] = { 0 }, *type[8], *value[8];
        char *job;

        for (unsigned i = 0; words[i] && i < 7; i++) {
                char *equals = strchr(words[i], '=');

                *equals = 0;
                key[i] = words[i];
                value[i] = equals + 1;
                type[i] = g_str_has_prefix(key[i], "apn") && strcmp(key[i], "apn-auth") != 0 ? "s" : "u";
        }
        job = world_start(w, "", url, key[0], type[0], value[0], key[1], type[1], value[1], key[2], type[2], value[2],
                          key[3], type[3], value[3], key[4], type[4], value[4], key[5], type[5], value[5], key[6],
                          type[6], value[6], NULL);
        ck_assert_msg(job != NULL, "%s: %s", options, world_error_message(w));
        return job;
}

static void assert_received(World *w, const char *line)
{
        g_autofree char *truth = world_path(w, "truth.log"), *text = NULL, *received = NULL;
        g_auto(GStrv) parts = g_strsplit(line, "\"", -1);
        g_autofree char *escaped = g_strjoinv("\\\"", parts);

        received = g_strdup_printf("rx at \"%s\"", escaped);
        ck_assert(g_file_get_contents(truth, &text, NULL, NULL));
        ck_assert_msg(strstr(text, received) != NULL, "%s never came", received);
}

static void assert_no_secret(World *w)
{
        g_autofree char *log = world_log(w), *state = world_path(w, "state");
        g_autofree char *command = g_strdup_printf("grep -rq s3cret '%s'; test $? = 1", state);

        ck_assert(!strstr(log, "s3cret"));
        ck_assert_int_eq(system(command), 0);
}

/* ---- every kind of command */

static const struct {
        const char *options, *parameters; /* the text after the URL */
} kinds[] = {
        { "upgrade-mode=0", ",0,100" },
        { "upgrade-mode=1 download-urc-max=0 update-urc-max=0", ",1,0,0" },
        { "upgrade-mode=0 download-urc-max=5 update-urc-max=100 cid=2", ",0,5,100" },
        { "upgrade-mode=1 download-urc-max=100 update-urc-max=5 cid=2 apn=cmnet", ",1,100,5" },
        { "upgrade-mode=0 download-urc-max=50 cid=2 apn=cmnet apn-user=u apn-password=" NEW_SECRET, ",0,50" },
        { "cid=1 apn=cmnet apn-auth=3 update-urc-max=50", ",1,100,50" },
};

typedef enum Ending { SUCCEEDS, FAILS, CANCELLED, _ENDING_MAX } Ending;

static void come_to(World *w, Ending ending, const char *job)
{
        switch (ending) {
        case SUCCEEDS: world_assert_result(w, job, "success", "", ""); return;
        case FAILS: world_assert_result(w, job, "failed", "http", "url-error"); return;
        case CANCELLED:
                g_free(world_sim(w, "held 1-1 accepted"));
                ck_assert_msg(world_call(w, job, "org.fotad1.Job", "Cancel"), "%s", world_error_message(w));
                world_assert_result(w, job, "cancelled", "host", "cancelled");
                return;
        case _ENDING_MAX: return;
        }
}

START_TEST(test_kind)
{
        Ending ending = (Ending)(_i % _ENDING_MAX);
        const char *options = kinds[_i / _ENDING_MAX].options;
        World *w = new_world();
        g_autofree char *url = world_http(w, ending == FAILS ? "none.bin" : "up.bin"), *job = NULL, *before = look(w);
        g_autofree char *command = NULL, *after = NULL;

        if (strstr(options, "cid=")) /* the download shows that the context was activated */
                g_free(world_sim(w, "set 1-1 needs-pdp 1"));
        if (ending == CANCELLED)
                g_free(world_sim(w, "hold 1-1 accepted"));
        job = start(w, url, options);
        come_to(w, ending, job);
        command = g_strdup_printf("AT+QFOTADL=\"%s\"%s", url, kinds[_i / _ENDING_MAX].parameters);
        assert_received(w, command);
        after = look(w);
        ck_assert_str_eq(after, before);
        world_assert_sim(w, ending == SUCCEEDS ? NEW_REVISION : OLD_REVISION, "get 1-1 revision");
        assert_no_secret(w);
        world_free(w);
}
END_TEST

/* ---- the daemon dies in between */

/* Held there, and the daemon is killed; then the download fails (0), or the upgrade succeeds (1). */
START_TEST(test_killed)
{
        World *w = new_world();
        g_autofree char *url = world_http(w, "up.bin"), *job = NULL, *before = look(w), *after = NULL;
        g_autofree char *file = world_path(w, "state/jobs/1.job"), *record = NULL, *count = NULL;
        struct stat st;

        g_free(world_sim(w, "hold 1-1 downloading:40"));
        job = start(w, url, "cid=2 apn=cmnet apn-user=u apn-password=" NEW_SECRET);
        g_free(world_sim(w, "held 1-1"));
        world_await_property(w, job, "State", "downloading");
        count = world_sim(w, "count 1-1 opened");
        world_kill_daemon(w);
        ck_assert(g_file_get_contents(file, &record, NULL, NULL));
        ck_assert(strstr(record, OLD_SECRET) != NULL);
        ck_assert_int_eq(stat(file, &st), 0);
        ck_assert_int_eq(st.st_mode & 0777, 0600);
        world_start_daemon(w);
        g_free(world_sim(w, "wait 1-1 opened %d", atoi(count) + 1));
        if (_i == 0)
                g_free(world_sim(w, "set 1-1 registered 0")); /* this ends the download, held or not */
        else
                g_free(world_sim(w, "release 1-1"));
        world_assert_result(w, job, _i ? "success" : "failed", _i ? "" : "http", _i ? "" : "network-open-failed");
        after = look(w);
        ck_assert_str_eq(after, before);
        assert_no_secret(w);
        world_free(w);
}
END_TEST

/* A context is deactivated before its values are restored, which the module would refuse otherwise, and not at all if a
 * restart has deactivated it. */
START_TEST(test_order)
{
        World *w = new_world();
        g_autofree char *url = world_http(w, _i ? "up.bin" : "none.bin");
        g_autofree char *job = start(w, url, "cid=2 apn=cmnet");

        if (_i)
                world_assert_result(w, job, "success", "", "");
        else
                world_assert_result(w, job, "failed", "http", "url-error");
        assert_received(w, "AT+QICSGP=2,1,\"iot.example\",\"gw\",\"" OLD_SECRET "\",2");
        world_assert_sim(w, _i ? "0" : "1", "count 1-1 rx:AT+QIDEACT=2");
        world_free(w);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("settings-back");

        suite_add(s, "kind", test_kind, 0, G_N_ELEMENTS(kinds) * _ENDING_MAX);
        suite_add(s, "killed", test_killed, 0, 2);
        suite_add(s, "order", test_order, 0, 2);
        return suite_run(s);
}
