/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every option: its type, both sides of each bound of its range, the rules between options, and that a job's file
 * returns the saved options and none that StartUpgrade would have refused. */

#include "core/job/options.h"
#include "testing.h"

static const struct {
        const char *key;
        char type;
} all[] = {
        { "expected-revision", 's' }, { "method", 's' },      { "upgrade-mode", 'u' }, { "download-urc-max", 'u' },
        { "update-urc-max", 'u' },    { "cid", 'u' },         { "apn", 's' },          { "apn-user", 's' },
        { "apn-password", 's' },      { "apn-auth", 'u' },    { "flow-control", 's' }, { "check-source", 'b' },
        { "allow-unchanged", 'b' },   { "allow-https", 'b' }, { "record", 'b' },       { "pace-bytes", 'u' },
        { "pace-interval", 'u' },     { "request-id", 's' },
};

START_TEST(keys_and_types)
{
        static const char *const unknown[] = { "", "Cid", "cid ", "apn_user", "expected-revisio", "url" };

        for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
                ck_assert_msg(options_type(all[i].key) == all[i].type, "%s", all[i].key);
        for (size_t i = 0; i < G_N_ELEMENTS(unknown); i++)
                ck_assert_msg(options_type(unknown[i]) == 0, "%s", unknown[i]);
}
END_TEST

START_TEST(left_out)
{
        g_autoptr(Options) o = options_new();

        ck_assert(!o->expected_revision && !o->method && !o->apn && !o->apn_user && !o->apn_password &&
                  !o->flow_control && !o->request_id);
        ck_assert(o->upgrade_mode == -1 && o->download_urc_max == -1 && o->update_urc_max == -1 && o->cid == -1 &&
                  o->apn_auth == -1 && o->pace_bytes == -1 && o->pace_interval == -1);
        ck_assert(!o->check_source && !o->allow_unchanged && !o->allow_https);
        options_free(NULL);
}
END_TEST

static void set_number(const char *key, uint32_t value, bool good)
{
        g_autoptr(Options) o = options_new();
        g_autofree char *why = NULL;
        bool taken = options_set_number(o, key, value, &why);

        ck_assert_msg(taken == good, "%s=%u", key, value);
        ck_assert_msg(good == !why, "%s=%u: %s", key, value, why);
        if (why)
                ck_assert(*why && !strstr(why, key));
}

START_TEST(ranges_of_numbers)
{
        static const struct {
                const char *key;
                uint32_t least, most;
                bool zero;
        } ranges[] = {
                { "upgrade-mode", 0, 1, true },     { "download-urc-max", 5, 100, true },
                { "update-urc-max", 5, 100, true }, { "cid", 1, 15, false },
                { "apn-auth", 0, 3, true },         { "pace-bytes", 1, 32, false },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
                for (uint32_t n = 0; n <= 300; n++)
                        set_number(ranges[i].key, n,
                                   (n >= ranges[i].least && n <= ranges[i].most) || (n == 0 && ranges[i].zero));
                set_number(ranges[i].key, 0x7fffffff, false);
                set_number(ranges[i].key, 0x80000000u, false);
                set_number(ranges[i].key, UINT32_MAX, false);
        }
        set_number("pace-interval", 0, true);
        set_number("pace-interval", 1000, true);
        set_number("pace-interval", 1001, false);
}
END_TEST

static void set_string(const char *key, const char *value, bool good)
{
        g_autoptr(Options) o = options_new();
        g_autofree char *why = NULL;
        bool taken = options_set_string(o, key, value, &why);

        ck_assert_msg(taken == good, "%s=%s", key, value);
        ck_assert_msg(good == !why, "%s=%s: %s", key, value, why);
        if (why && g_str_has_prefix(key, "apn") && *value)
                assert_has_not(why, value); /* the text may be a password */
}

START_TEST(words)
{
        static const char *const methods[] = { "auto", "dfota", "minifota" };
        static const char *const flows[] = { "auto", "hardware", "none" };
        static const char *const bad[] = { "", "AUTO", "auto,", "auto, dfota", "unknown", "auto ", "xonxoff" };

        for (size_t i = 0; i < 3; i++) {
                set_string("method", methods[i], true);
                set_string("flow-control", flows[i], true);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                set_string("method", bad[i], false);
                set_string("flow-control", bad[i], false);
        }
        set_string("method", "hardware", false);
        set_string("flow-control", "dfota", false);
}
END_TEST

START_TEST(texts)
{
        static const char *const keys[] = { "expected-revision", "apn", "apn-user", "apn-password" };
        g_autofree char *s127 = g_strnfill(127, 'x'), *s128 = g_strnfill(128, 'x');

        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                set_string(keys[i], s127, true);
                set_string(keys[i], s128, false);
                set_string(keys[i], "ab,c;'=%~!", true);
                set_string(keys[i], "a b", i != 0); /* no revision holds a blank */
                set_string(keys[i], "", i != 0);
                for (int c = 1; c < 256; c++) {
                        char value[] = "abcdx";

                        value[c % 5] = (char)c;
                        set_string(keys[i], value,
                                   c >= ' ' && c <= '~' && c != '"' && c != '\\' && (c != ' ' || i != 0));
                }
        }
}
END_TEST

/* Quotes and backslashes are allowed: the id is not part of an AT command. */
START_TEST(request_ids)
{
        g_autofree char *s64 = g_strnfill(64, 'x'), *s65 = g_strnfill(65, 'x');

        set_string("request-id", s64, true);
        set_string("request-id", s65, false);
        set_string("request-id", "1", true);
        set_string("request-id", "", false);
        for (int c = 1; c < 256; c++) {
                char value[] = "abcdx";

                value[c % 5] = (char)c;
                set_string("request-id", value, c >= ' ' && c <= '~');
        }
}
END_TEST

START_TEST(checksums)
{
        g_autofree char *s63 = g_strnfill(63, 'a'), *s64 = g_strnfill(64, 'F'), *s65 = g_strnfill(65, '0');
        g_autofree char *other = g_strconcat(s63, "g", NULL);

        set_string("sha256", s64, true);
        set_string("sha256", s63, false);
        set_string("sha256", s65, false);
        set_string("sha256", other, false);
        set_string("sha256", "", false);
}
END_TEST

/* As the log has them. */
START_TEST(description)
{
        g_autoptr(Options) o = options_new();
        g_autofree char *none = options_describe(o), *some = NULL, *why = NULL;

        ck_assert_str_eq(none, "");
        ck_assert(options_set_string(o, "apn-password", "Geheim7", &why));
        ck_assert(options_set_string(o, "expected-revision", "R2", &why));
        ck_assert(options_set_number(o, "cid", 2, &why));
        ck_assert(options_set_number(o, "upgrade-mode", 0, &why));
        ck_assert(options_set_boolean(o, "allow-unchanged", true));
        some = options_describe(o);
        ck_assert_str_eq(some, "expected-revision=R2, upgrade-mode=0, cid=2, apn-password=***, allow-unchanged");
}
END_TEST

START_TEST(set_twice_the_last_counts)
{
        g_autoptr(Options) o = options_new();
        g_autofree char *why = NULL;

        ck_assert(options_set_string(o, "apn", "one", &why) && options_set_string(o, "apn", "two", &why));
        ck_assert_str_eq(o->apn, "two");
        ck_assert(!options_set_string(o, "apn", "\"", &why));
        ck_assert_str_eq(o->apn, "two");
        options_set_boolean(o, "allow-https", true);
        options_set_boolean(o, "allow-https", false);
        ck_assert(!o->allow_https);
}
END_TEST

static Options *full(void)
{
        Options *o = options_new();
        g_autofree char *why = NULL;

        ck_assert(options_set_string(o, "expected-revision", "EC200ACNHAR01A02M16", &why));
        ck_assert(options_set_string(o, "method", "dfota", &why));
        ck_assert(options_set_number(o, "upgrade-mode", 0, &why));
        ck_assert(options_set_number(o, "download-urc-max", 50, &why));
        ck_assert(options_set_number(o, "update-urc-max", 0, &why));
        ck_assert(options_set_number(o, "cid", 2, &why));
        ck_assert(options_set_string(o, "apn", "cmnet", &why));
        ck_assert(options_set_string(o, "apn-user", " user = # ;", &why));
        ck_assert(options_set_string(o, "apn-password", "", &why));
        ck_assert(options_set_number(o, "apn-auth", 1, &why));
        ck_assert(options_set_string(o, "flow-control", "none", &why));
        ck_assert(options_set_boolean(o, "check-source", true));
        ck_assert(options_set_boolean(o, "allow-unchanged", true));
        ck_assert(options_set_boolean(o, "allow-https", true));
        ck_assert(options_set_boolean(o, "record", true));
        ck_assert(options_set_string(o, "request-id", " \"night\" \\ #7; ", &why));
        return o;
}

static void assert_same(const Options *a, const Options *b)
{
        ck_assert(g_strcmp0(a->expected_revision, b->expected_revision) == 0);
        ck_assert(g_strcmp0(a->method, b->method) == 0);
        ck_assert(g_strcmp0(a->apn, b->apn) == 0);
        ck_assert(g_strcmp0(a->apn_user, b->apn_user) == 0);
        ck_assert(g_strcmp0(a->apn_password, b->apn_password) == 0);
        ck_assert(g_strcmp0(a->flow_control, b->flow_control) == 0);
        ck_assert(g_strcmp0(a->request_id, b->request_id) == 0);
        ck_assert(a->upgrade_mode == b->upgrade_mode && a->download_urc_max == b->download_urc_max &&
                  a->update_urc_max == b->update_urc_max && a->cid == b->cid && a->apn_auth == b->apn_auth);
        ck_assert(a->check_source == b->check_source && a->allow_unchanged == b->allow_unchanged &&
                  a->allow_https == b->allow_https && a->record == b->record);
}

static Options *reload(const Options *o)
{
        g_autoptr(GKeyFile) in = g_key_file_new();
        g_autoptr(GString) text = g_string_new(NULL);
        g_autofree char *why = NULL;
        Options *loaded;

        options_save(o, text, "Options");
        g_key_file_load_from_data(in, text->str, text->len, G_KEY_FILE_NONE, NULL);
        loaded = options_load(in, "Options", &why);
        ck_assert_msg(loaded, "%s", why);
        return loaded;
}

START_TEST(round_trip)
{
        g_autoptr(Options) o = full(), empty = options_new();
        g_autoptr(Options) o2 = reload(o), empty2 = reload(empty);

        assert_same(o, o2);
        assert_same(empty, empty2);
        options_wipe(o);
        ck_assert_ptr_null(o->apn_password);
        options_wipe(o);
}
END_TEST

static Options *load_line(const char *line, char **ret_why)
{
        g_autofree char *text = g_strdup_printf("[Options]\n%s\n", line);
        g_autoptr(GKeyFile) file = g_key_file_new();

        ck_assert(g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, NULL));
        return options_load(file, "Options", ret_why);
}

static const char *const hostile[] = {
        "expected-revision=",
        "expected-revision=a\"b",
        "apn=a\"\\r\\nAT+CFUN=0",
        "apn=a\\\\",
        "apn=a\\nb",
        "apn-password=\\t",
        "method=magic",
        "method=",
        "flow-control=maybe",
        "upgrade-mode=2",
        "upgrade-mode=-1",
        "upgrade-mode=",
        "upgrade-mode=abc",
        "upgrade-mode=1x",
        "download-urc-max=4",
        "download-urc-max=101",
        "download-urc-max=-1",
        "download-urc-max=abc",
        "update-urc-max=4294967296",
        "update-urc-max=99999999999999999999999",
        "cid=0",
        "cid=16",
        "cid=4294967297",
        "cid=-1",
        "cid=x",
        "apn-auth=4",
        "apn-auth=abc",
        "apn-auth=",
        "check-source=maybe",
        "allow-unchanged=2",
        "allow-https=",
        "allow-https=tru",
        "request-id=",
        "request-id=a\\nb",
        "request-id=\xc3\xbc",
        "request-id=12345678901234567890123456789012345678901234567890123456789012345",
        "apn=\\q",
        "apn=\xff\xfe",
};

START_TEST(hostile_values_in_the_file)
{
        g_autofree char *why = NULL;
        g_autoptr(Options) o = load_line(hostile[_i], &why);
        g_autofree char *key = g_strndup(hostile[_i], strcspn(hostile[_i], "="));

        ck_assert_msg(!o, "%s is taken", hostile[_i]);
        ck_assert_msg(why && strstr(why, key), "%s: %s", hostile[_i], why);
}
END_TEST

START_TEST(unknown_keys_in_the_file_are_skipped)
{
        g_autofree char *why = NULL;
        g_autoptr(Options) o = load_line("shoe-size=43\ncid=3\n[Other]\ncid=99", &why);

        ck_assert_msg(o && o->cid == 3, "%s", why);
}
END_TEST

/* ---- rules between options */

static void check(const char *set, Method method, const char *fault)
{
        g_auto(GStrv) pairs = g_strsplit(set, " ", -1);
        g_autoptr(Options) o = options_new();
        g_autofree char *why = NULL;
        const char *key = NULL;

        for (char **pair = pairs; *pair && **pair; pair++) {
                char *value = strchr(*pair, '=');

                *value++ = 0;
                if (options_type(*pair) == 's')
                        ck_assert(options_set_string(o, *pair, value, &why));
                else
                        ck_assert(options_set_number(o, *pair, (uint32_t)atoi(value), &why));
        }
        if (options_check(o, method, &key, &why))
                ck_assert_msg(!fault, "%s is taken", set);
        else {
                ck_assert_msg(fault && strcmp(key, fault) == 0, "%s: %s %s", set, key, why);
                ck_assert(why && *why);
        }
}

START_TEST(rules_between_options)
{
        check("", METHOD_DFOTA, NULL);
        check("apn=x", METHOD_DFOTA, "apn");
        check("apn=x cid=2", METHOD_DFOTA, NULL);
        check("cid=2", METHOD_DFOTA, NULL);
        check("cid=2 apn-user=u", METHOD_DFOTA, "apn-user");
        check("cid=2 apn-password=p", METHOD_DFOTA, "apn-password");
        check("cid=2 apn-auth=0", METHOD_DFOTA, "apn-auth");
        check("cid=2 apn=x apn-user=u apn-password=p apn-auth=3", METHOD_DFOTA, NULL);
        check("pace-bytes=16 pace-interval=10", METHOD_DFOTA, NULL);
        check("flow-control=none pace-bytes=16", METHOD_DFOTA, NULL);
        check("flow-control=hardware pace-bytes=16", METHOD_DFOTA, "pace-bytes");
        check("flow-control=hardware pace-interval=10", METHOD_DFOTA, "pace-interval");
        check("download-urc-max=50 update-urc-max=50 upgrade-mode=0", METHOD_DFOTA, NULL);
        check("", METHOD_MINIFOTA, NULL);
        check("cid=2", METHOD_MINIFOTA, "cid");
        check("apn=x cid=2", METHOD_MINIFOTA, "cid");
        check("download-urc-max=0", METHOD_MINIFOTA, "download-urc-max");
        check("update-urc-max=5", METHOD_MINIFOTA, "update-urc-max");
        check("upgrade-mode=0", METHOD_MINIFOTA, "upgrade-mode");
        check("expected-revision=X", METHOD_MINIFOTA, NULL);
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("options");

        tcase_add_test(t, keys_and_types);
        tcase_add_test(t, left_out);
        tcase_add_test(t, ranges_of_numbers);
        tcase_add_test(t, words);
        tcase_add_test(t, texts);
        tcase_add_test(t, request_ids);
        tcase_add_test(t, checksums);
        tcase_add_test(t, description);
        tcase_add_test(t, set_twice_the_last_counts);
        tcase_add_test(t, round_trip);
        tcase_add_loop_test(t, hostile_values_in_the_file, 0, (int)G_N_ELEMENTS(hostile));
        tcase_add_test(t, unknown_keys_in_the_file_are_skipped);
        tcase_add_test(t, rules_between_options);
        return testing_run(t, "options");
}
