/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The +QIND messages, which another program may have switched off with AT+QINDCFG: they are on during an upgrade, and
 * the setting is restored afterwards. A module that refuses AT+QINDCFG is upgraded all the same. */

#include "upgrade-bench.h"

#define ALL_ON   "persist|send AT+QINDCFG=\"all\",1,0|"
#define FOTA_ON  "persist|send AT+QINDCFG=\"FOTA\",1,0|"
#define ALL_OFF  "send AT+QINDCFG=\"all\",0,0|"
#define FOTA_OFF "send AT+QINDCFG=\"FOTA\",0,0|"

static const struct {
        const char *all, *fota; /* before */
} settings[] = { { "0", NULL }, { "1", "0" }, { "0", "0" }, { "1", "1" }, { NULL, "0" }, { NULL, NULL } };

static Bench *with_setting(Bench *b, int i)
{
        b->qind = settings[i].all;
        b->qind_fota = settings[i].fota;
        return b;
}

static void assert_on(const Bench *b)
{
        ck_assert(!b->qind || strcmp(b->qind, "1") == 0);
        ck_assert(!b->qind_fota || strcmp(b->qind_fota, "1") == 0);
}

static void assert_as_before(const Bench *b, int i)
{
        bool all = g_strcmp0(settings[i].all, "0") == 0, fota = g_strcmp0(settings[i].fota, "0") == 0;

        ck_assert_str_eq(b->qind ?: "", settings[i].all ?: "");
        ck_assert_str_eq(b->qind_fota ?: "", settings[i].fota ?: "");
        ck_assert((strstr(b->log->str, ALL_ON) != NULL) == all && (strstr(b->log->str, ALL_OFF) != NULL) == all);
        ck_assert((strstr(b->log->str, FOTA_ON) != NULL) == fota && (strstr(b->log->str, FOTA_OFF) != NULL) == fota);
        assert_has_not(b->job->message, "not put back");
}

START_TEST(on_for_an_upgrade)
{
        g_autoptr(Bench) b = with_setting(bench_new(), _i);

        bench_download(b);
        assert_on(b);
        bench_restart(b);
        bench_fota(b, "\"START\"");
        bench_succeed(b);
        assert_as_before(b, _i);
}
END_TEST

START_TEST(on_for_a_package_on_the_host)
{
        g_autoptr(Bench) b = with_setting(bench_new_file(), _i);

        bench_transfer(b);
        assert_on(b);
        bench_finish_file(b);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
        assert_as_before(b, _i);
}
END_TEST

/* 0: the download fails; 1: cancelled in the preparations; 2: AT+QFOTADL is refused; 3: the daemon died meanwhile. */
START_TEST(put_back_without_a_restart)
{
        g_autoptr(Bench) b = with_setting(bench_new(), 2);

        b->rejects = _i == 2 ? "AT+QFOTADL=\"" : NULL;
        b->holds_answers = _i == 1;
        bench_prepare(b, OLD_REVISION);
        assert_on(b);
        b->holds_answers = false;
        if (_i == 1)
                bench_cancel(b);
        if (_i == 3) {
                bench_resurrect(b);
                bench_ready(b, OLD_REVISION);
        }
        if (_i == 0 || _i == 3)
                bench_fota(b, "\"HTTPEND\",711");
        bench_ready(b, OLD_REVISION);
        ck_assert_uint_eq(b->results, 1);
        assert_as_before(b, 2);
}
END_TEST

/* 0: the module refuses to switch its messages off again; 1: the module is gone for good. */
START_TEST(named_where_it_stays)
{
        g_autoptr(Bench) b = with_setting(bench_new(), 2);

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        if (_i == 0) {
                b->rejects = "AT+QINDCFG=";
                bench_fota(b, "\"HTTPEND\",711");
                bench_ready(b, OLD_REVISION);
        } else {
                bench_gone(b);
                bench_pass(b, 301 * SECOND);
        }
        ck_assert_uint_eq(b->results, 1);
        assert_has(b->job->message, "not put back: AT+QINDCFG=\"all\", AT+QINDCFG=\"FOTA\"");
}
END_TEST

/* A module that refuses to switch its messages on keeps its setting. */
START_TEST(refused)
{
        g_autoptr(Bench) b = with_setting(bench_new(), 0);

        b->rejects = "AT+QINDCFG=\"all\",";
        bench_go(b);
        bench_fota(b, "\"HTTPEND\",711");
        bench_clear(b);
        bench_ready(b, OLD_REVISION);
        ck_assert_uint_eq(b->results, 1);
        assert_has_not(b->log->str, "QINDCFG");
        assert_has_not(b->job->message, "not put back");
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-indications");

        tcase_add_loop_test(t, on_for_an_upgrade, 0, (int)G_N_ELEMENTS(settings));
        tcase_add_loop_test(t, on_for_a_package_on_the_host, 0, (int)G_N_ELEMENTS(settings));
        tcase_add_loop_test(t, put_back_without_a_restart, 0, 4);
        tcase_add_loop_test(t, named_where_it_stays, 0, 2);
        tcase_add_test(t, refused);
        return testing_run(t, "upgrade-indications");
}
