/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The exact line that reaches the module for every combination of options that the guide's 3.3.1 allows, and the exact
 * commands that set the PDP context up before it. Written by hand, not computed. */

#include "upgrade-bench.h"

/* -1: omitted. Both ends of the guide's ranges, and values next to them. */
static const struct {
        int mode, download, update;
        const char *parameters; /* the text after the URL */
} combinations[] = {
        { -1, -1, -1, ",1,100" },      { -1, -1, 0, ",1,100,0" },      { -1, -1, 5, ",1,100,5" },
        { -1, -1, 50, ",1,100,50" },   { -1, -1, 100, ",1,100,100" },  { -1, 0, -1, ",1,0" },
        { -1, 0, 0, ",1,0,0" },        { -1, 0, 5, ",1,0,5" },         { -1, 0, 50, ",1,0,50" },
        { -1, 0, 100, ",1,0,100" },    { -1, 5, -1, ",1,5" },          { -1, 5, 0, ",1,5,0" },
        { -1, 5, 5, ",1,5,5" },        { -1, 5, 50, ",1,5,50" },       { -1, 5, 100, ",1,5,100" },
        { -1, 6, -1, ",1,6" },         { -1, 6, 0, ",1,6,0" },         { -1, 6, 5, ",1,6,5" },
        { -1, 6, 50, ",1,6,50" },      { -1, 6, 100, ",1,6,100" },     { -1, 50, -1, ",1,50" },
        { -1, 50, 0, ",1,50,0" },      { -1, 50, 5, ",1,50,5" },       { -1, 50, 50, ",1,50,50" },
        { -1, 50, 100, ",1,50,100" },  { -1, 99, -1, ",1,99" },        { -1, 99, 0, ",1,99,0" },
        { -1, 99, 5, ",1,99,5" },      { -1, 99, 50, ",1,99,50" },     { -1, 99, 100, ",1,99,100" },
        { -1, 100, -1, ",1,100" },     { -1, 100, 0, ",1,100,0" },     { -1, 100, 5, ",1,100,5" },
        { -1, 100, 50, ",1,100,50" },  { -1, 100, 100, ",1,100,100" }, { 0, -1, -1, ",0,100" },
        { 0, -1, 0, ",0,100,0" },      { 0, -1, 5, ",0,100,5" },       { 0, -1, 50, ",0,100,50" },
        { 0, -1, 100, ",0,100,100" },  { 0, 0, -1, ",0,0" },           { 0, 0, 0, ",0,0,0" },
        { 0, 0, 5, ",0,0,5" },         { 0, 0, 50, ",0,0,50" },        { 0, 0, 100, ",0,0,100" },
        { 0, 5, -1, ",0,5" },          { 0, 5, 0, ",0,5,0" },          { 0, 5, 5, ",0,5,5" },
        { 0, 5, 50, ",0,5,50" },       { 0, 5, 100, ",0,5,100" },      { 0, 6, -1, ",0,6" },
        { 0, 6, 0, ",0,6,0" },         { 0, 6, 5, ",0,6,5" },          { 0, 6, 50, ",0,6,50" },
        { 0, 6, 100, ",0,6,100" },     { 0, 50, -1, ",0,50" },         { 0, 50, 0, ",0,50,0" },
        { 0, 50, 5, ",0,50,5" },       { 0, 50, 50, ",0,50,50" },      { 0, 50, 100, ",0,50,100" },
        { 0, 99, -1, ",0,99" },        { 0, 99, 0, ",0,99,0" },        { 0, 99, 5, ",0,99,5" },
        { 0, 99, 50, ",0,99,50" },     { 0, 99, 100, ",0,99,100" },    { 0, 100, -1, ",0,100" },
        { 0, 100, 0, ",0,100,0" },     { 0, 100, 5, ",0,100,5" },      { 0, 100, 50, ",0,100,50" },
        { 0, 100, 100, ",0,100,100" }, { 1, -1, -1, ",1,100" },        { 1, -1, 0, ",1,100,0" },
        { 1, -1, 5, ",1,100,5" },      { 1, -1, 50, ",1,100,50" },     { 1, -1, 100, ",1,100,100" },
        { 1, 0, -1, ",1,0" },          { 1, 0, 0, ",1,0,0" },          { 1, 0, 5, ",1,0,5" },
        { 1, 0, 50, ",1,0,50" },       { 1, 0, 100, ",1,0,100" },      { 1, 5, -1, ",1,5" },
        { 1, 5, 0, ",1,5,0" },         { 1, 5, 5, ",1,5,5" },          { 1, 5, 50, ",1,5,50" },
        { 1, 5, 100, ",1,5,100" },     { 1, 6, -1, ",1,6" },           { 1, 6, 0, ",1,6,0" },
        { 1, 6, 5, ",1,6,5" },         { 1, 6, 50, ",1,6,50" },        { 1, 6, 100, ",1,6,100" },
        { 1, 50, -1, ",1,50" },        { 1, 50, 0, ",1,50,0" },        { 1, 50, 5, ",1,50,5" },
        { 1, 50, 50, ",1,50,50" },     { 1, 50, 100, ",1,50,100" },    { 1, 99, -1, ",1,99" },
        { 1, 99, 0, ",1,99,0" },       { 1, 99, 5, ",1,99,5" },        { 1, 99, 50, ",1,99,50" },
        { 1, 99, 100, ",1,99,100" },   { 1, 100, -1, ",1,100" },       { 1, 100, 0, ",1,100,0" },
        { 1, 100, 5, ",1,100,5" },     { 1, 100, 50, ",1,100,50" },    { 1, 100, 100, ",1,100,100" },
};

static void set_number(Bench *b, const char *key, int value)
{
        g_autofree char *why = NULL;

        if (value >= 0)
                ck_assert_msg(options_set_number(b->job->options, key, (uint32_t)value, &why), "%s: %s", key, why);
}

static void set_string(Bench *b, const char *key, const char *value)
{
        g_autofree char *why = NULL;

        if (value)
                ck_assert_msg(options_set_string(b->job->options, key, value, &why), "%s: %s", key, why);
}

static const char *const urls[] = { "http://www.example.com:100/EC200ACNHAR01A02M16.bin", "https://h/x.bin",
                                    "FTP://test:test@192.0.2.2:21/EC200ACNHAR01A02M16.bin" };

static void take_url(Bench *b, const char *url)
{
        g_free(b->job->source);
        b->job->source = g_strdup(url);
}

START_TEST(parameters)
{
        for (size_t u = 0; u < G_N_ELEMENTS(urls); u++) {
                g_autoptr(Bench) b = bench_new();
                g_autofree char *line = g_strdup_printf("|persist|send AT+QFOTADL=\"%s\"%s|", urls[u],
                                                        combinations[_i].parameters);

                take_url(b, urls[u]);
                set_number(b, "upgrade-mode", combinations[_i].mode);
                set_number(b, "download-urc-max", combinations[_i].download);
                set_number(b, "update-urc-max", combinations[_i].update);
                bench_go(b);
                assert_has(b->log->str, line);
        }
}
END_TEST

/* Options that the guide does not allow never reach a job. */
START_TEST(outside_of_the_guide)
{
        static const struct {
                const char *key;
                uint32_t value;
        } cases[] = { { "upgrade-mode", 2 },
                      { "download-urc-max", 1 },
                      { "download-urc-max", 4 },
                      { "download-urc-max", 101 },
                      { "update-urc-max", 1 },
                      { "update-urc-max", 4 },
                      { "update-urc-max", 101 },
                      { "cid", 0 },
                      { "cid", 16 },
                      { "apn-auth", 4 },
                      { "upgrade-mode", UINT32_MAX } };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(Options) o = options_new();
                g_autofree char *why = NULL;

                ck_assert_msg(!options_set_number(o, cases[i].key, cases[i].value, &why), "%s %u", cases[i].key,
                              cases[i].value);
                assert_has(why, "must be");
        }
}
END_TEST

/* A MiniFOTA takes the URL alone (guide 3.3.1.1, notes 2 and 3; 3.3.1.2, note 2). */
START_TEST(mini_takes_the_url_alone)
{
        static const char *const keys[] = { "upgrade-mode", "download-urc-max", "update-urc-max", "cid" };
        g_autoptr(Bench) b = bench_new_mini();

        bench_prepare(b, MINI_OLD);
        assert_has(b->log->str, "|send AT+QFOTADL=\"http://user:Geheim7@h/x.mini_1\"|");
        assert_has_not(b->log->str, "QICSGP");
        assert_has_not(b->log->str, "fota/cid");
        assert_has_not(b->log->str, "QIACT");
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                g_autoptr(Options) o = options_new();
                g_autofree char *why = NULL;
                const char *key;

                ck_assert(options_set_number(o, keys[i], 1, &why) || options_set_number(o, keys[i], 5, &why));
                g_clear_pointer(&why, g_free);
                ck_assert_msg(!options_check(o, METHOD_MINIFOTA, &key, &why), "%s", keys[i]);
                ck_assert_str_eq(key, keys[i]);
        }
}
END_TEST

/* ---- the context */

static const struct {
        int cid;
        const char *apn, *user, *password;
        int auth;
        const char *commands; /* between the URC port and AT+QFOTADL */
} contexts[] = {
        { -1, NULL, NULL, NULL, -1, "" },
        { 1, NULL, NULL, NULL, -1,
          "send AT+QCFG=\"fota/cid\"|persist|send AT+QCFG=\"fota/cid\",1|send AT+QIACT?|persist|send AT+QIACT=1|" },
        { 15, NULL, NULL, NULL, -1,
          "send AT+QCFG=\"fota/cid\"|persist|send AT+QCFG=\"fota/cid\",15|send AT+QIACT?|persist|send AT+QIACT=15|" },
        { 2, "cmnet", NULL, NULL, 1,
          "send AT+QICSGP=2|persist|send AT+QICSGP=2,1,\"cmnet\",\"\",\"\",1|"
          "send AT+QCFG=\"fota/cid\"|persist|send AT+QCFG=\"fota/cid\",2|send AT+QIACT?|persist|send AT+QIACT=2|" },
        { 3, "cmnet", NULL, NULL, -1,
          "send AT+QICSGP=3|persist|send AT+QICSGP=3,1,\"cmnet\",\"\",\"\",0|"
          "send AT+QCFG=\"fota/cid\"|persist|send AT+QCFG=\"fota/cid\",3|send AT+QIACT?|persist|send AT+QIACT=3|" },
        { 4, "net", "me", NULL, -1,
          "send AT+QICSGP=4|persist|send AT+QICSGP=4,1,\"net\",\"me\",\"\",1|"
          "send AT+QCFG=\"fota/cid\"|persist|send AT+QCFG=\"fota/cid\",4|send AT+QIACT?|persist|send AT+QIACT=4|" },
        { 5, "net", "me", "Geheim7", 0,
          "send AT+QICSGP=5|persist|send AT+QICSGP=5,1,\"net\",\"me\",\"Geheim7\",0|"
          "send AT+QCFG=\"fota/cid\"|persist|send AT+QCFG=\"fota/cid\",5|send AT+QIACT?|persist|send AT+QIACT=5|" },
        { 6, "net", "me", "Geheim7", 2,
          "send AT+QICSGP=6|persist|send AT+QICSGP=6,1,\"net\",\"me\",\"Geheim7\",2|"
          "send AT+QCFG=\"fota/cid\"|persist|send AT+QCFG=\"fota/cid\",6|send AT+QIACT?|persist|send AT+QIACT=6|" },
        { 7, "net", NULL, NULL, 3,
          "send AT+QICSGP=7|persist|send AT+QICSGP=7,1,\"net\",\"\",\"\",3|"
          "send AT+QCFG=\"fota/cid\"|persist|send AT+QCFG=\"fota/cid\",7|send AT+QIACT?|persist|send AT+QIACT=7|" },
        { 8, "", NULL, NULL, -1,
          "send AT+QICSGP=8|persist|send AT+QICSGP=8,1,\"\",\"\",\"\",0|"
          "send AT+QCFG=\"fota/cid\"|persist|send AT+QCFG=\"fota/cid\",8|send AT+QIACT?|persist|send AT+QIACT=8|" },
};

/* With each kind of download, since the one must not disturb the other. */
START_TEST(context)
{
        for (int mode = -1; mode <= 1; mode++) {
                g_autoptr(Bench) b = bench_new();
                g_autofree char *all = NULL;

                g_free(b->fota_cid);
                b->fota_cid = g_strdup("9");
                set_number(b, "upgrade-mode", mode);
                set_number(b, "cid", contexts[_i].cid);
                set_string(b, "apn", contexts[_i].apn);
                set_string(b, "apn-user", contexts[_i].user);
                set_string(b, "apn-password", contexts[_i].password);
                set_number(b, "apn-auth", contexts[_i].auth);
                bench_go(b);
                all = g_strdup_printf("send AT+QURCCFG=\"urcport\"|%spersist|send AT+QFOTADL=\"" BENCH_URL "\",%d,100|",
                                      contexts[_i].commands, mode < 0 ? 1 : mode);
                assert_has(b->log->str, all);
                bench_fota(b, "\"HTTPEND\",714");
                bench_ready(b, OLD_REVISION);
                ck_assert_str_eq(b->fota_cid, "9");
                ck_assert_str_eq(b->context, BENCH_CONTEXT);
                ck_assert(!b->context_active);
        }
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-command");

        tcase_add_loop_test(t, parameters, 0, (int)G_N_ELEMENTS(combinations));
        tcase_add_test(t, outside_of_the_guide);
        tcase_add_test(t, mini_takes_the_url_alone);
        tcase_add_loop_test(t, context, 0, (int)G_N_ELEMENTS(contexts));
        return testing_run(t, "upgrade-command");
}
