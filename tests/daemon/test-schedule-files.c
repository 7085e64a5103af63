/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files of scheduled upgrades: valid files, the messages about the others, and the values shown. No daemon. */

#include <check.h>
#include <string.h>
#include <sys/stat.h>

#include "client-run.h"
#include "schedules.h"
#include "suite.h"
#include "systemd.h"

#define GOOD "[upgrade]\nsource=http://host/up.bin\nexpected-revision=R2\n"

/* The text of the file, and the message after its path. */
static const struct {
        const char *text, *said;
} bad_files[] = {
        { "", ": there is no source= in [upgrade]" },
        { "# nothing\n", ": there is no source= in [upgrade]" },
        { "[upgrade]\nsource=http://host/up.bin\n", ": there is no expected-revision= in [upgrade]" },
        { "module=x\n", ":1: module stands before the first [group]" },
        { GOOD "[update]\n", ":4: [update] is no group of this file" },
        { GOOD "sauce=x\n", ":4: sauce is no key of [upgrade]" },
        { GOOD "\n# a comment\nnothing but words s3cret\n", ":6: this is no [group], no key=value and no comment" },
        { GOOD "source=http://host/other.bin\n", ":4: source stands here a second time" },
        { GOOD "module[de]=x\n", ":4: module[de] is no key of this file" },
        { "[upgrade]\nsource=gopher://host/up.bin\n", ":2: source must be an http://, https:// or ftp:// URL" },
        { "[upgrade]\nsource=up.bin\n", ":2: source must be an http://, https:// or ftp:// URL, or the absolute" },
        { "[upgrade]\nsource=ftp://gateway:s3cret@host/up.bin\n", ":2: source may hold no password" },
        { "[upgrade]\nsource=ftp://gateway:12/s3cret@host/up.bin\n", ":2: source may hold no password" },
        { "[upgrade]\nsource=ftp://gateway:s3c/ret@host/up.bin\n",
          ":2: source must have a number from 1 to 65535 behind" },
        { "[upgrade]\nsource=http://host:70000/up.bin\n", ":2: source must have a number from 1 to 65535 behind" },
        { "[upgrade]\nsource=http://[::1/up.bin\n", ":2: source must have a host name or an IP address" },
        { "[upgrade]\nsource=ftp://gateway@/up.bin\n", ":2: source must have a host name or an IP address" },
        { "[upgrade]\nsource=http://host/a b.bin\n", ":2: source may hold ASCII without blanks, quotes" },
        { "[upgrade]\nsource=http://host/a'b.bin\n", ":2: source may hold ASCII without blanks, quotes" },
        { "[upgrade]\nsource=http://host/a\"b.bin\n", ":2: source may hold ASCII without blanks, quotes" },
        { "[upgrade]\nsource=http://host/a`b.bin\n", ":2: source may hold ASCII without blanks, quotes" },
        { "[upgrade]\nsource=http://host/a\\\\b.bin\n", ":2: source may hold ASCII without blanks, quotes" },
        { "[upgrade]\nsource=http://host/\xc3\xa4.bin\n", ":2: source may hold ASCII without blanks, quotes" },
        { "[upgrade]\nsource=http://host/%{imei}.bin\n", ":2: source has a placeholder that is neither" },
        { "[upgrade]\nsource=http://%{model}/x.bin\n", ":2: source may have placeholders behind the server only" },
        { "[upgrade]\nsource=http://%{model}@h/x.bin\n", ":2: source may have placeholders behind the server only" },
        { "[upgrade]\nsource=http://h:%{model}/x.bin\n", ":2: source may have placeholders behind the server only" },
        { "[upgrade]\nsource=http://h%{model}?x.bin\n", ":2: source may have placeholders behind the server only" },
        { "[upgrade]\nsource=ftp://%{revision}/x.bin\n", ":2: source may have placeholders behind the server only" },
        { "[upgrade]\nsource=ftp://%{model}%40h\n", ":2: source may have placeholders behind the server only" },
        { "[upgrade]\nsource=http://host/%{model.bin\n", ":2: source has a placeholder that is neither" },
        { "[upgrade]\nsource=http://host/a\\b.bin\n", ":2: source must be text; a backslash is written twice" },
        { "[upgrade]\nexpected-revision=\n", ":2: expected-revision must be the revision" },
        { "[upgrade]\nexpected-revision=R 2\n", ":2: expected-revision may hold ASCII without blanks" },
        { "[upgrade]\nexpected-revision=R\"2\n", ":2: expected-revision may hold ASCII without blanks" },
        { "[upgrade]\nexpected-revision=%{revision}\n", ":2: expected-revision may not depend on" },
        { "[upgrade]\nexpected-revision=%{model\n", ":2: expected-revision has a placeholder" },
        { GOOD "[options]\ncid=one\n", ":5: cid must be a number" },
        { GOOD "[options]\ncheck-source=yes\n", ":5: check-source must be true or false" },
        { GOOD "[options]\ncolour=red\n", ":5: colour is no option of an upgrade" },
        { GOOD "[options]\nrequest-id=r1\n", ":5: request-id has no place here" },
        { GOOD "[options]\nexpected-revision=R2\n", ":5: expected-revision belongs into [upgrade]" },
        { GOOD "[options]\napn=a\napn-password=s3cret\n", ":6: apn-password has no place here" },
        { "[upgrade]\nsource=http://host/\xff.bin\n", " is not a text in UTF-8" },
};

START_TEST(test_bad_files)
{
        WorldSettings settings = { .no_daemon = true };
        Schedules *b = schedules_new(&settings);

        for (size_t i = 0; i < G_N_ELEMENTS(bad_files); i++) {
                g_autofree char *path = schedules_write_file(b, "night.conf", bad_files[i].text, 0644);
                g_autofree char *said = g_strconcat(path, bad_files[i].said, NULL);
                g_autofree char *status = g_strconcat("STATUS=", said, NULL);

                schedules_assert(b, "verify", 2, "", said);
                schedules_assert(b, "verify --json night", 2, "\"good\":false,\"error\":", "");
                schedules_assert(b, "run night", 2, "", said);
                schedules_assert_told(b, 0, status);
                schedules_assert(b, "list", 0, "night", "");
        }
        schedules_free(b);
}
END_TEST

START_TEST(test_all_mistakes)
{
        WorldSettings settings = { .no_daemon = true };
        Schedules *b = schedules_new(&settings);
        g_autofree char *path = schedules_write_file(b, "night.conf",
                                                     "[upgrade]\nsource=nowhere\n[colours]\nsky=blue\n"
                                                     "[options]\ncid=x\ndance=1\n",
                                                     0644);
        static const char *const said[] = { ":2: source ", ":3: [colours] ", ":6: cid ", ":7: dance ",
                                            ": there is no expected-revision= in [upgrade]" };

        for (size_t i = 0; i < G_N_ELEMENTS(said); i++) {
                g_autofree char *line = g_strdup_printf("fotactl: %s%s", path, said[i]);

                schedules_assert(b, "verify", 2, "", line);
        }
        schedules_assert(b, "verify --json", 2, "cid must be a number\",\"", "");
        schedules_free(b);
}
END_TEST

/* A pipe, which would be waited for, or a huge file in the place of a schedule. */
START_TEST(test_no_text)
{
        WorldSettings settings = { .no_daemon = true };
        const char *why = _i ? "night.conf: longer than 65536 bytes" : "night.conf: not a regular file";
        Schedules *b = schedules_new(&settings);
        g_autofree char *path = g_build_filename(b->directory, "night.conf", NULL), *text = g_strnfill(1 << 20, '#');

        if (_i)
                ck_assert(g_file_set_contents(path, text, -1, NULL));
        else
                ck_assert_int_eq(mkfifo(path, 0600), 0);
        schedules_assert(b, "verify", 2, "", why);
        schedules_assert(b, "run night", 2, "", why);
        schedules_assert(b, "list", 0, why, "");
        schedules_free(b);
}
END_TEST

/* Passwords are in separate files, readable by root only, and must be usable. */
START_TEST(test_files)
{
        WorldSettings settings = { .no_daemon = true };
        Schedules *b = schedules_new(&settings);

        schedules_assert(b, "list", 0, "No upgrade is scheduled", "");
        schedules_assert(b, "verify", 0, "", "");
        schedules_write(b, "ftp://gateway@host/%{model}-%20%{revision}.bin",
                        "# ours\nmodule = usb-1-1\n\n[options]\ncid=1\napn=internet\ncheck-source=true\n");
        g_free(schedules_write_file(b, "other.conf",
                                    "[upgrade]\r\nsource = /srv/a b.bin \r\nexpected-revision = R2 \r\n", 0644));
        schedules_assert(b, "list --json", 0, "\"source\":\"/srv/a b.bin\",\"expectedRevision\":\"R2\",", "");
        g_free(schedules_write_file(
                b, "other.conf", "[upgrade]\nsource=https://host/x.bin?sig=" SECRET "\nexpected-revision=R2\n", 0644));
        schedules_assert(b, "list", 0, "https://host/x.bin?sig=***", "");
        schedules_assert(b, "list --json", 0, "\"source\":\"https://host/x.bin?sig=***\"", "");
        g_free(schedules_write_file(b, "other.conf", GOOD, 0644));
        g_free(schedules_write_file(b, "night.source-password", SECRET, 0600));
        g_free(schedules_write_file(b, "night.apn-password", SECRET, 0600));
        schedules_assert(b, "verify", 0, "night: good\nother: good\n", "");
        schedules_assert(b, "verify --json", 0,
                         "[{\"name\":\"night\",\"good\":true},{\"name\":\"other\",\"good\":true}]", "");
        schedules_assert(b, "list", 0, "ftp://gateway@host/%{model}-%20%{revision}.bin", "");
        schedules_assert(b, "list --json", 0, "\"options\":{\"cid\":\"1\",\"apn\":\"internet\"", "");
        schedules_assert(b, "run night", 2, "", "night.source-password: systemctl start fotad-upgrade@night");

        g_free(schedules_write_file(b, "night.source-password", SECRET, 0640));
        schedules_assert(b, "verify night", 2, "",
                         "night.source-password must be a file for its owner alone: chmod 600");
        g_free(schedules_write_file(b, "night.source-password", SECRET, 0600));
        g_free(schedules_write_file(b, "night.apn-password", SECRET, 0604));
        schedules_assert(b, "verify other night", 2, "other: good", "night.apn-password must be a file");
        g_free(schedules_write_file(b, "other.source-password", SECRET, 0600));
        schedules_assert(b, "verify other", 2, "", "other.source-password is of no use unless source= names the user");
        g_free(schedules_write_file(b, "third.conf", GOOD, 0644));
        g_free(schedules_write_file(b, "third.apn-password", SECRET, 0600));
        schedules_assert(b, "verify third", 2, "", "third.apn-password is of no use without apn=");
        schedules_free(b);
}
END_TEST

/* Names that systemd would escape, or that would change the path. */
START_TEST(test_usage)
{
        WorldSettings settings = { .no_daemon = true };
        static const char *const names[] = { "../night", "a/b", "..", ".hidden", "a@b", "'a b'", "'a\\x2db'", "''" };
        Schedules *b = schedules_new(&settings);

        schedules_write(b, "http://host/up.bin", "");
        g_free(schedules_write_file(b, "a-b_c.d:e.conf", GOOD, 0644));
        schedules_assert(b, "verify a-b_c.d:e", 0, "good", "");
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *verify = g_strconcat("verify ", names[i], NULL);
                g_autofree char *run = g_strconcat("run ", names[i], NULL);

                schedules_assert(b, verify, 2, "", "the name of a scheduled upgrade begins with");
                schedules_assert(b, run, 2, "", "the name of a scheduled upgrade begins with");
        }
        schedules_assert(b, "verify absent", 2, "", "absent.conf");
        schedules_assert(b, "run", 2, "", "takes the name of one schedule");
        schedules_assert(b, "run night night", 2, "", "takes the name of one schedule");
        schedules_assert(b, "list night", 2, "", "takes no names");
        schedules_assert(b, "dance", 2, "", "takes one of list, show NAME");
        schedules_assert(b, "show night", 4, "", "fotad is not running");
        schedules_assert(b, "run --json night", 4, "\"error\"", "");
        schedules_assert(b, "run night", 4, "", "fotad is not running");
        schedules_assert_told(b, 0, "STATUS=");
        schedules_free(b);
}
END_TEST

/* Every option of an upgrade has its line in the example, except those with another place. */
static void assert_complete(Schedules *b, const char *example)
{
        static const char *const elsewhere[] = {
                "help", "module",     "expect", "wait", "timeout", "until", "apn-password-file",
                "json", "request-id", NULL
        };
        g_autoptr(GRegex) option = g_regex_new("^ .* --([a-z0-9-]+)", G_REGEX_MULTILINE, 0, NULL);
        g_autoptr(GMatchInfo) match = NULL;
        ClientRun *r = client_begin(b->w, "help start", NULL, false);
        unsigned n = 0;

        client_finish(r, 0);
        for (g_regex_match(option, r->text->str, 0, &match); g_match_info_matches(match); n++) {
                g_autofree char *name = g_match_info_fetch(match, 1), *line = g_strdup_printf("\n#%s=", name);

                ck_assert_msg(g_strv_contains(elsewhere, name) || strstr(example, line), "no %s in the example", name);
                g_match_info_next(match, NULL);
        }
        ck_assert_uint_gt(n, G_N_ELEMENTS(elsewhere));
        client_free(r);
}

/* The shipped file is valid unchanged, and with every commented key enabled. */
START_TEST(test_example)
{
        WorldSettings settings = { .no_daemon = true };
        Schedules *b = schedules_new(&settings);
        g_autofree char *path = g_build_filename(g_getenv("abs_top_srcdir"), "systemd/schedule-example.conf", NULL);
        g_autofree char *text = NULL, *all = NULL;
        g_autoptr(GRegex) key = g_regex_new("^#([a-z0-9-]+=)", G_REGEX_MULTILINE, 0, NULL);

        ck_assert(g_file_get_contents(path, &text, NULL, NULL));
        all = g_regex_replace(key, text, -1, 0, "\\1", 0, NULL);
        assert_complete(b, text);
        g_free(schedules_write_file(b, "example.conf", text, 0644));
        g_free(schedules_write_file(b, "whole.conf", all, 0644));
        g_free(schedules_write_file(b, "example.source-password", SECRET, 0600));
        schedules_assert(b, "verify whole", 0, "whole: good", "");
        schedules_assert(b, "verify example", 2, "", "example.source-password is of no use unless source= names");
        schedules_assert(b, "list --json", 0, "\"module\":\"usb-1-1\"", "");
        schedules_free(b);
}
END_TEST

/* systemd's state of the timer and of the last run is shown with the schedule. */
static const struct {
        FakeTimer timer;
        const char *line, *json;
} timers[] = {
        { { "night", "active", "inactive", "success", 0, 4102444800000000, 1893456000000000, "enabled",
            "nothing to do" },
          "active  2100-01-01 00:00  2030-01-01 00:00, success\n",
          "\"timer\":\"active\",\"enabled\":\"enabled\",\"service\":\"inactive\",\"result\":\"success\",\"exitStatus\":"
          "0,\"reason\":\"nothing to do\",\"next\":4102444800000000" },
        { { "night", "active", "failed", "exit-code", 3, 4102444800000000, 1893456000000000, "disabled",
            "no such module" },
          "active, disabled  2100-01-01 00:00  2030-01-01 00:00, exit status 3\n  ! no such module\n",
          "\"service\":\"failed\",\"result\":\"exit-code\",\"exitStatus\":3,\"reason\":\"no such module\"" },
        { { "night", "active", "activating", "success", 0, 4102444800000000, 0, "enabled", "job 1: updating, 74 %" },
          "active  2100-01-01 00:00  under way",
          "\"service\":\"activating\",\"result\":\"success\",\"exitStatus\":0,\"reason\":\"job 1: updating, 74 %\"" },
        { { "night", "inactive", "inactive", "success", 0, 0, 0, "enabled", NULL },
          "inactive, enabled  -     -",
          "\"next\":0,\"last\":0" },
        { { "night", "active", "inactive", "success", 6, 4102444800000000, 1893456000000000, "enabled",
            "Detached; the upgrade goes on. To come back: fotactl watch 1" },
          "2030-01-01 00:00, stopped\n  ! Detached; the upgrade goes on. To come back: fotactl watch 1\n",
          "\"result\":\"success\",\"exitStatus\":6," },
        { { "night", "inactive", "failed", "timeout", 0, G_MAXUINT64, 1893456000000000, "disabled", NULL },
          "inactive  -     2030-01-01 00:00, timeout",
          "\"next\":0" },
};

START_TEST(test_timers)
{
        WorldSettings settings = { .no_daemon = true };
        Schedules *b = schedules_new(&settings);
        pid_t systemd;

        g_setenv("TZ", "UTC", TRUE);
        schedules_write(b, "http://host/up.bin", "");
        schedules_assert(b, "list", 0, NEW_REVISION "  -      -     -", "");
        for (size_t i = 0; i < G_N_ELEMENTS(timers); i++) {
                systemd = fake_systemd_start(&timers[i].timer);
                schedules_assert(b, "list", 0, timers[i].line, "");
                schedules_assert(b, "list --json", 0, timers[i].json, "");
                fake_systemd_stop(systemd);
        }
        g_setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/does/not/exist", TRUE);
        schedules_assert(b, "list", 0, NEW_REVISION "  -      -     -", "");
        schedules_free(b);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("schedule-files");

        suite_add(s, "bad-files", test_bad_files, 0, 1);
        suite_add(s, "all-mistakes", test_all_mistakes, 0, 1);
        suite_add(s, "no-text", test_no_text, 0, 2);
        suite_add(s, "files", test_files, 0, 1);
        suite_add(s, "usage", test_usage, 0, 1);
        suite_add(s, "example", test_example, 0, 1);
        suite_add(s, "timers", test_timers, 0, 1);
        return suite_run(s);
}
