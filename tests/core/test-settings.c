/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotad.conf shows the daemon's defaults, each value that cannot be used is named with file and line, and drop-ins are
 * read after it in the order of their names. */

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/quectel/layout.h"
#include "base/settings.h"
#include "testing.h"

static char *directory, *file;

static void set_up(void)
{
        directory = g_dir_make_tmp("fotad-settings-XXXXXX", NULL);
        ck_assert_ptr_nonnull(directory);
        file = g_build_filename(directory, "fotad.conf", NULL);
}

static void remove_all(const char *path)
{
        GDir *dir = g_dir_open(path, 0, NULL);
        const char *name;

        while (dir && (name = g_dir_read_name(dir))) {
                g_autofree char *child = g_build_filename(path, name, NULL);

                remove_all(child);
        }
        g_clear_pointer(&dir, g_dir_close);
        g_remove(path);
}

static void tear_down(void)
{
        remove_all(directory);
        g_clear_pointer(&directory, g_free);
        g_clear_pointer(&file, g_free);
}

static void write_file(const char *path, const char *text)
{
        ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void write_drop_in(const char *name, const char *text)
{
        g_autofree char *d = g_strconcat(file, ".d", NULL), *path = g_build_filename(d, name, NULL);

        g_mkdir(d, 0755);
        write_file(path, text);
}

static bool wrong;

static Config *load(void)
{
        g_autofree char *why = NULL;
        Config *c = config_load(file, false, &wrong, &why);

        ck_assert_msg(c, "%s", why);
        return c;
}

static void assert_defaults(const Config *c)
{
        ck_assert_uint_eq(g_strv_length(c->ports), 0);
        ck_assert_uint_eq(c->baud_rate, 115200);
        ck_assert_str_eq(c->lock_directory, "/run/lock");
        ck_assert_str_eq(c->source_check, "/run/fotad-source-check");
        ck_assert_uint_eq(g_hash_table_size(c->at_interfaces), 0);
        ck_assert_uint_eq(c->timeouts.command, 30 * (uint64_t)G_USEC_PER_SEC);
        ck_assert_uint_eq(c->timeouts.start, 60 * (uint64_t)G_USEC_PER_SEC);
        ck_assert_uint_eq(c->timeouts.download_idle, 420 * (uint64_t)G_USEC_PER_SEC);
        ck_assert_uint_eq(c->timeouts.update_idle, 900 * (uint64_t)G_USEC_PER_SEC);
        ck_assert_uint_eq(c->timeouts.restart, 300 * (uint64_t)G_USEC_PER_SEC);
        ck_assert_uint_eq(c->timeouts.settle, 180 * (uint64_t)G_USEC_PER_SEC);
        ck_assert_uint_eq(c->timeouts.stall, 900 * (uint64_t)G_USEC_PER_SEC);
        ck_assert_uint_eq(c->watch, 86400 * (uint64_t)G_USEC_PER_SEC);
        ck_assert_uint_eq(c->history, 100);
        ck_assert_uint_eq(c->package_size_max, 67108864);
        ck_assert(c->pace_bytes == 32 && c->pace_interval == 0);
}

START_TEST(without_a_file)
{
        g_autoptr(Config) c = load();
        g_autofree char *why = NULL;

        assert_defaults(c);
        ck_assert_ptr_null(config_load(file, true, &wrong, &why));
        ck_assert(wrong);
        assert_has(why, file);
        config_free(NULL);
}
END_TEST

START_TEST(empty_files)
{
        static const char *const texts[] = { "", "\n\n", "# nothing\n", "[timeouts]\n", "[serial]\n[jobs]\n" };

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                write_file(file, texts[i]);
                g_autoptr(Config) c = load();
                assert_defaults(c);
        }
}
END_TEST

/* The installed file: unchanged, and with every commented setting enabled. */
START_TEST(shipped_file)
{
        g_autofree char *path = g_build_filename(g_getenv("srcdir") ?: ".", "daemon", "fotad.conf", NULL);
        g_autofree char *text = NULL;
        g_auto(GStrv) lines = NULL;
        g_autoptr(GString) active = g_string_new(NULL);
        unsigned keys = 0;

        ck_assert(g_file_get_contents(path, &text, NULL, NULL));
        write_file(file, text);
        g_autoptr(Config) as_is = load();
        assert_defaults(as_is);

        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                bool setting = **line == '#' && (*line)[1] != ' ' && strchr(*line, '=');

                keys += setting;
                g_string_append_printf(active, "%s\n", setting ? *line + 1 : *line);
        }
        ck_assert_uint_eq(keys, 18);
        write_file(file, active->str);
        g_autoptr(Config) with_remarks = load();
        assert_defaults(with_remarks);
}
END_TEST

START_TEST(every_key)
{
        write_file(file, "[serial]\nports=ttyS1;ttyAMA0\nbaud-rate = 9600 \nlock-directory=/var/lock\n"
                         "[usb]\nat-interfaces=6005=4; 0903=0 ;ABCD=31;\n"
                         "[timeouts]\ncommand=1\nstart=2\ndownload-idle=3\nupdate-idle=4\nrestart=5\nsettle=6\nstall="
                         "7\nsource=5\n"
                         "watch=9\n"
                         "[jobs]\nsource-check=/run/asked\nhistory=1\npackage-size-max=2\npace-bytes=3\npace-interval=1000\n");
        g_autoptr(Config) c = load();

        ck_assert_uint_eq(g_strv_length(c->ports), 2);
        ck_assert_str_eq(c->ports[0], "ttyS1");
        ck_assert_str_eq(c->ports[1], "ttyAMA0");
        ck_assert_uint_eq(c->baud_rate, 9600);
        ck_assert_str_eq(c->lock_directory, "/var/lock");
        ck_assert_str_eq(c->source_check, "/run/asked");
        ck_assert_int_eq(config_at_interface(c->at_interfaces, 0x6005), 4);
        ck_assert_int_eq(config_at_interface(c->at_interfaces, 0x0903), 0);
        ck_assert_int_eq(config_at_interface(c->at_interfaces, 0xabcd), 31);
        ck_assert_int_eq(config_at_interface(c->at_interfaces, 0x6002), LAYOUT_NO_OVERRIDE);
        ck_assert(c->timeouts.command == G_USEC_PER_SEC && c->timeouts.stall == 7 * G_USEC_PER_SEC);
        ck_assert(c->timeouts.start == 2 * G_USEC_PER_SEC && c->timeouts.download_idle == 3 * G_USEC_PER_SEC);
        ck_assert(c->timeouts.update_idle == 4 * G_USEC_PER_SEC && c->timeouts.restart == 5 * G_USEC_PER_SEC);
        ck_assert(c->timeouts.settle == 6 * G_USEC_PER_SEC);
        ck_assert(config_longest_timeout(c) == 7 * G_USEC_PER_SEC && c->watch == 9 * G_USEC_PER_SEC);
        ck_assert_uint_eq(c->history, 1);
        ck_assert_uint_eq(c->package_size_max, 2);
        ck_assert(c->pace_bytes == 3 && c->pace_interval == 1000);
}
END_TEST

/* Blanks and separators around names are no part of them. */
START_TEST(names_of_ports)
{
        static const char *const texts[] = { "ttyS1; ttyAMA0", "ttyS1;ttyAMA0;", ";ttyS1;;ttyAMA0 ;",
                                             " ttyS1 ; ttyAMA0 " };

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autofree char *text = g_strdup_printf("[serial]\nports=%s\n", texts[i]);

                write_file(file, text);
                g_autoptr(Config) c = load();
                ck_assert_msg(g_strv_length(c->ports) == 2 && strcmp(c->ports[0], "ttyS1") == 0 &&
                                      strcmp(c->ports[1], "ttyAMA0") == 0,
                              "%s", texts[i]);
        }
}
END_TEST

static const struct {
        const char *text;
        unsigned line;
        const char *word;
} bad[] = {
        { "[timeouts]\ncommand=0\n", 2, "command" },
        { "[timeouts]\n\n# x\ncommand=-1\n", 4, "command" },
        { "[timeouts]\ncommand=1.5\n", 2, "1 to" },
        { "[timeouts]\ncommand=30s\n", 2, "seconds" },
        { "[timeouts]\ncommand=\n", 2, "command" },
        { "[timeouts]\ncommand=0x10\n", 2, "command" },
        { "[timeouts]\ncommand=2592001\n", 2, "2592000" },
        { "[timeouts]\ncommand=99999999999999999999\n", 2, "command" },
        { "[timeouts]\nstart=x\n", 2, "start" },
        { "[timeouts]\ndownload-idle=x\n", 2, "download-idle" },
        { "[timeouts]\nupdate-idle=x\n", 2, "update-idle" },
        { "[timeouts]\nrestart=x\n", 2, "restart" },
        { "[timeouts]\nsettle=x\n", 2, "settle" },
        { "[timeouts]\nstall=x\n", 2, "stall" },
        { "[jobs]\nhistory=0\n", 2, "history" },
        { "[jobs]\nhistory=100001\n", 2, "100000" },
        { "[jobs]\npace-bytes=0\n", 2, "1 to 32" },
        { "[jobs]\npace-bytes=33\n", 2, "1 to 32" },
        { "[jobs]\npace-interval=1001\n", 2, "0 to 1000" },
        { "[jobs]\npackage-size-max=0\n", 2, "package-size-max" },
        { "[jobs]\npackage-size-max=67108865\n", 2, "67108864" },
        { "[serial]\nbaud-rate=1199\n", 2, "1200" },
        { "[serial]\nbaud-rate=4000001\n", 2, "4000000" },
        { "[serial]\nbaud-rate=fast\n", 2, "baud-rate" },
        { "[serial]\nlock-directory=run/lock\n", 2, "absolute" },
        { "[serial]\nlock-directory=\n", 2, "absolute" },
        { "[usb]\nat-interfaces=6005\n", 2, "6005=3" },
        { "[usb]\nat-interfaces=6005=32\n", 2, "at-interfaces" },
        { "[usb]\nat-interfaces=10000=3\n", 2, "at-interfaces" },
        { "[usb]\nat-interfaces=6005=3=4\n", 2, "at-interfaces" },
        { "[usb]\nat-interfaces=x=3\n", 2, "at-interfaces" },
        { "[usb]\nat-interfaces=6005=3;0903\n", 2, "at-interfaces" },
        /* the line that counts, among others that look similar */
        { "[jobs]\ncommand=1\n[timeouts]\ncommand-x=3\ncommand=5\ncommand = x\n", 6, "command" },
        { "[timeouts]\nsettle=5\n[jobs]\nhistory=3\n[timeouts]\nrestart=no\n", 6, "restart" },
        { "[timeouts]\r\ncommand=x\r\n", 2, "command" },
        { "[timeouts]\ncommand=\xff\n", 2, "command" },
        /* no key file at all */
        { "[timeouts]\nwhat is this\n", 2, "" },
        { "command=3\n", 1, "" },
        { "[timeouts\ncommand=3\n", 1, "" },
        { "# fine\n[jobs]\nhistory=3\n=4\n", 4, "" },
        { "# fine\n[jobs]\nhistory=3\n[ti=me\n", 4, "" },
};

START_TEST(bad_values_are_named_with_file_and_line)
{
        for (int drop_in = 0; drop_in < 2; drop_in++) {
                g_autofree char *path = drop_in ? g_strconcat(file, ".d/50-x.conf", NULL) : g_strdup(file);
                g_autofree char *where = g_strdup_printf("%s:%u: ", path, bad[_i].line), *why = NULL;
                Config *c;

                write_file(file, drop_in ? "[jobs]\nhistory=5\n" : bad[_i].text);
                if (drop_in)
                        write_drop_in("50-x.conf", bad[_i].text);
                c = config_load(file, true, &wrong, &why);
                ck_assert_msg(!c && wrong, "%s is taken", bad[_i].text);
                ck_assert_msg(g_str_has_prefix(why, where), "%s: %s", bad[_i].text, why);
                assert_has(why, bad[_i].word);
        }
}
END_TEST

START_TEST(all_mistakes_are_named)
{
        g_autofree char *why = NULL, *expected = NULL;

        write_file(file, "[timeouts]\ncommand=x\n[jobs]\nhistory=5\nhistroy=5\n[serial]\nbaud-rate=1\n");
        write_drop_in("10-a.conf", "[jobs]\n\nhistory=no\n");
        write_drop_in("20-b.conf", "[jobs\n");
        ck_assert_ptr_null(config_load(file, true, &wrong, &why));
        ck_assert(wrong);
        expected = g_strdup_printf("%s:2: command in [timeouts] *\n%s:7: baud-rate in [serial] *\n"
                                   "%s.d/10-a.conf:3: history in [jobs] *\n%s.d/20-b.conf:1: *",
                                   file, file, file, file);
        ck_assert_msg(g_pattern_match_simple(expected, why), "%s", why);
}
END_TEST

START_TEST(bounds_are_taken)
{
        write_file(file, "[timeouts]\ncommand=2592000\nstart=1\n[jobs]\nhistory=100000\n[serial]\nbaud-rate=4000000\n"
                         "lock-directory=/\n[usb]\nat-interfaces=0=0;ffff=31\n");
        g_autoptr(Config) c = load();

        ck_assert_uint_eq(c->timeouts.command, 2592000 * (uint64_t)G_USEC_PER_SEC);
        ck_assert_int_eq(config_at_interface(c->at_interfaces, 0), 0);
        ck_assert_int_eq(config_at_interface(c->at_interfaces, 0xffff), 31);
}
END_TEST

START_TEST(drop_ins)
{
        write_file(file, "[timeouts]\ncommand=1\nstart=1\nrestart=1\nsettle=1\n");
        write_drop_in("20-b.conf", "[timeouts]\nstart=20\nrestart=20\n[serial]\nports=ttyS2\n");
        write_drop_in("10-a.conf", "[timeouts]\nstart=10\nrestart=10\ncommand=10\n[serial]\nports=ttyS1\n");
        write_drop_in("30-c.conf~", "[timeouts]\ncommand=no\n");
        write_drop_in("README", "this is none\n");
        g_autoptr(Config) c = load();

        ck_assert_uint_eq(c->timeouts.command, 10 * G_USEC_PER_SEC);
        ck_assert_uint_eq(c->timeouts.start, 20 * G_USEC_PER_SEC);
        ck_assert_uint_eq(c->timeouts.restart, 20 * G_USEC_PER_SEC);
        ck_assert_uint_eq(c->timeouts.settle, G_USEC_PER_SEC);
        ck_assert_uint_eq(g_strv_length(c->ports), 1);
        ck_assert_str_eq(c->ports[0], "ttyS2");
}
END_TEST

/* The directory may list them in any order. */
START_TEST(drop_ins_by_name)
{
        static const unsigned order[] = { 50, 10, 90, 30, 70, 20, 80, 40, 60 };

        for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
                g_autofree char *name = g_strdup_printf("%u.conf", order[i]);
                g_autofree char *text = g_strdup_printf("[jobs]\nhistory=%u\n", order[i]);

                write_drop_in(name, text);
        }
        g_autoptr(Config) c = load();

        ck_assert_uint_eq(c->history, 90);
}
END_TEST

START_TEST(drop_ins_without_a_file)
{
        write_drop_in("10-a.conf", "[jobs]\nhistory=7\n");
        g_autoptr(Config) c = load();

        ck_assert_uint_eq(c->history, 7);
}
END_TEST

/* Unknown keys may be a newer fotad's. This test does not check the warning. */
START_TEST(unknown_keys_stop_nothing)
{
        ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
        g_unsetenv("JOURNAL_STREAM");
        write_file(file, "[timeouts]\ncomand=5\nstart=7\n[future]\nx=y\n[jobs]\nhistory=3\nHistory=9\n");
        g_autoptr(Config) c = load();

        ck_assert_uint_eq(c->timeouts.start, 7 * G_USEC_PER_SEC);
        ck_assert_uint_eq(c->timeouts.command, 30 * G_USEC_PER_SEC);
        ck_assert_uint_eq(c->history, 3);
}
END_TEST

START_TEST(file_that_cannot_be_read)
{
        g_autofree char *why = NULL;

        g_mkdir(file, 0755); /* a directory in place of the file */
        ck_assert_ptr_null(config_load(file, false, &wrong, &why));
        assert_has(why, file);
}
END_TEST

/* A pipe that nothing writes to is refused at once. */
START_TEST(file_that_is_none)
{
        g_autofree char *why = NULL, *target = g_build_filename(directory, "pipe", NULL);

        ck_assert_int_eq(mkfifo(target, 0600), 0);
        ck_assert_int_eq(symlink(target, file), 0);
        ck_assert_ptr_null(config_load(file, false, &wrong, &why));
        ck_assert(wrong);
        assert_has(why, file);
        assert_has(why, "it is not a regular file");
}
END_TEST

START_TEST(file_that_is_too_large)
{
        g_autofree char *why = NULL;

        write_file(file, "[jobs]\nhistory=5\n");
        ck_assert_int_eq(truncate(file, (1 << 20) + 1), 0);
        ck_assert_ptr_null(config_load(file, false, &wrong, &why));
        ck_assert(wrong);
        assert_has(why, "it has more than 1048576 bytes");
}
END_TEST

START_TEST(bytes_that_are_no_text)
{
        static const struct {
                const char *bytes;
                ssize_t n;
                unsigned line;
        } files[] = { { "\0\0\0\0", 4, 1 }, { "\0", 1, 1 }, { "[jobs]\nhistory=5\n\0history=x\n", 28, 3 } };

        for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
                g_autofree char *why = NULL,
                                *where = g_strdup_printf("%s:%u: there is a NUL byte", file, files[i].line);

                ck_assert(g_file_set_contents(file, files[i].bytes, files[i].n, NULL));
                ck_assert_ptr_null(config_load(file, false, &wrong, &why));
                ck_assert(wrong);
                ck_assert_str_eq(why, where);
        }
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("settings");

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_add_test(t, without_a_file);
        tcase_add_test(t, empty_files);
        tcase_add_test(t, shipped_file);
        tcase_add_test(t, every_key);
        tcase_add_test(t, names_of_ports);
        tcase_add_loop_test(t, bad_values_are_named_with_file_and_line, 0, (int)G_N_ELEMENTS(bad));
        tcase_add_test(t, all_mistakes_are_named);
        tcase_add_test(t, bounds_are_taken);
        tcase_add_test(t, drop_ins);
        tcase_add_test(t, drop_ins_by_name);
        tcase_add_test(t, drop_ins_without_a_file);
        tcase_add_test(t, unknown_keys_stop_nothing);
        tcase_add_test(t, file_that_cannot_be_read);
        tcase_add_test(t, file_that_is_none);
        tcase_add_test(t, file_that_is_too_large);
        tcase_add_test(t, bytes_that_are_no_text);
        return testing_run(t, "settings");
}
