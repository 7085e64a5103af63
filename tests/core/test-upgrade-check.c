/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The checks of a job before it changes the module's settings: the server, which comes first, the questions that only
 * warn, and a package that does not fit. */

#include "upgrade-bench.h"

static Bench *new_bench(bool check_source)
{
        Bench *b = bench_new();

        b->job->options->check_source = check_source;
        bench_save(b);
        bench_begin(b);
        bench_present(b);
        return b;
}

static void answer_server(Bench *b, const char *why, uint64_t size)
{
        UpgradeEvent event = { .type = UPGRADE_EVENT_SOURCE, .text = why, .size = size };

        ck_assert_msg(b->asks_server, "no server is asked: %s", b->log->str);
        b->asks_server = false;
        bench_give(b, event);
}

START_TEST(questions_before_anything_is_set)
{
        g_autoptr(Bench) b = new_bench(false);

        b->cereg = "+CEREG: 0,1";
        bench_ready(b, OLD_REVISION);
        ck_assert_str_eq(b->questions->str,
                         "AT+CPIN?|AT+CEREG?|AT+CSQ|AT+QCFG=\"fota/cid\"|AT+QNETDEVCTL?|AT+QFOTADL=?|");
        ck_assert_uint_eq(b->upgrades_sent, 1);
        assert_has_not(b->log->str, "warn");
}
END_TEST

/* Every check finds a problem: each is logged with its id, and the upgrade goes on. */
START_TEST(advice_is_only_logged)
{
        static const char *const warnings[] = { "warn sim: ", "warn registration: ", "warn signal: ",
                                                "warn pdp-context: " };
        g_autoptr(Bench) b = new_bench(false);

        b->sim = "+CPIN: SIM PIN";
        b->cereg = "+CEREG: 0,2";
        b->creg = "+CREG: 0,3";
        b->csq = "+CSQ: 3,99";
        b->qnetdevctl = "+QNETDEVCTL: 1,1,1,1"; /* fota/cid is 1, too */
        bench_ready(b, OLD_REVISION);
        for (size_t i = 0; i < G_N_ELEMENTS(warnings); i++)
                assert_has(b->log->str, warnings[i]);
        ck_assert_uint_eq(b->upgrades_sent, 1);
        bench_assert_state(b, JOB_DOWNLOADING);
}
END_TEST

/* A download that fails without a usable SIM has failed because of the SIM. */
START_TEST(sim_is_named)
{
        static const char *const ends[] = { "\"HTTPEND\",707", "\"FTPEND\",605" };
        g_autoptr(Bench) b = new_bench(false);

        if (_i < 2) {
                b->sim = "+CPIN: SIM PIN";
        } else {
                b->rejects = "AT+CPIN?";
                b->reject_number = 10;
        }
        bench_ready(b, OLD_REVISION);
        bench_fota(b, ends[_i % 2]);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, _i % 2 ? "network-error" : "network-open-failed");
        assert_has(b->job->message, _i < 2 ? "The SIM wants SIM PIN" : "There is no SIM");
        assert_has(b->job->message, _i % 2 ? "FTP code 605" : "HTTP code 707");
        assert_has_not(b->job->message, "APN");
        assert_has_not(b->job->message, "credit");
}
END_TEST

START_TEST(errors_do_not_refuse)
{
        g_autoptr(Bench) b = new_bench(false);

        b->rejects = _i ? "AT+C" : "AT+CPIN?";
        b->reject_number = _i ? -1 : 4;
        bench_ready(b, OLD_REVISION);
        ck_assert_uint_eq(b->upgrades_sent, 1);
        assert_has_not(b->log->str, "warn");
}
END_TEST

/* A question without an answer ends the questions, not the job. */
START_TEST(silence_does_not_refuse)
{
        g_autoptr(Bench) b = new_bench(false);

        b->mutes = "AT+CSQ";
        bench_ready(b, OLD_REVISION);
        assert_has(b->questions->str, "AT+CSQ|");
        assert_has_not(b->questions->str, "QNETDEVCTL");
        ck_assert_uint_eq(b->upgrades_sent, 1);
}
END_TEST

START_TEST(fewer_questions_for_mini)
{
        g_autoptr(Bench) b = bench_new();

        bench_make_mini(b);
        bench_prepare(b, MINI_OLD);
        ck_assert_str_eq(b->questions->str, "AT+CPIN?|AT+CEREG?|AT+CREG?|AT+CSQ|AT+QFOTADL=?|");
        ck_assert_uint_eq(b->upgrades_sent, 1);
}
END_TEST

START_TEST(cancelled_among_the_questions)
{
        g_autoptr(Bench) b = new_bench(false);

        b->holds_questions = true;
        bench_ready(b, OLD_REVISION);
        bench_answer(b, AT_RESULT_OK, -1, "+CPIN: READY");
        bench_cancel(b);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
        ck_assert_uint_eq(b->upgrades_sent, 0);
}
END_TEST

/* ---- AT+QFOTADL=? */

/* Options that the caller omits take the module's listed values; if the module lists none, the guide's figures
 * apply. */
static const struct {
        const char *told;
        const char *options; /* as in "download-urc-max=50" */
        const char *command; /* the text after the URL */
        unsigned half;       /* percent of the whole job, after DOWNLOADING,10 */
} bounds[] = {
        { "+QFOTADL: <url>,(0,1),(0,5-100),(0,5-100)", NULL, ",1,100|", 5 },
        { "+QFOTADL: <url>,(0,1),(0,5-50),(0,5-50)", NULL, ",1,50|", 10 },
        { "+QFOTADL: <url>,(0,1),(0,5-20),(0,5-50)", "update-urc-max=50", ",1,20,50|", 25 },
        { "+QFOTADL: <url>,(0,1),(0,5-50),(0,5-50)", "download-urc-max=20", ",1,20|", 25 },
        { "+QFOTADL: <url>,(0),(0,5-50)", NULL, ",0,50|", 10 },
        { "+QFOTADL: <url>,(0,1),(0)", NULL, ",1,0|", 5 }, /* no messages are listed; a message can then only be a
                                                              percentage */
        { "+QFOTADL: <url>,(0,1),(0,5-x)", NULL, ",1,100|", 5 },
        { "+QFOTADL: rubbish", "upgrade-mode=0", ",0,100|", 5 },
        { "", NULL, ",1,100|", 5 },
        { "", "download-urc-max=10", ",1,10|", 50 },
};

static void set_option(Bench *b, const char *text)
{
        g_auto(GStrv) words = g_strsplit(text ?: "", "=", 2);
        g_autofree char *why = NULL;

        if (text)
                ck_assert(options_set_number(b->job->options, words[0], (uint32_t)strtoul(words[1], NULL, 10), &why));
}

START_TEST(listed_values_are_sent)
{
        g_autoptr(Bench) b = new_bench(false);
        g_autofree char *command = g_strconcat("send AT+QFOTADL=\"" BENCH_URL "\"", bounds[_i].command, NULL);

        set_option(b, bounds[_i].options);
        b->qfotadl = bounds[_i].told;
        bench_ready(b, OLD_REVISION);
        assert_has(b->log->str, command);
        bench_fota(b, "\"HTTPSTART\"");
        bench_resurrect(b); /* the value that was sent is saved, not the requested one */
        bench_fota(b, "\"DOWNLOADING\",10");
        ck_assert_uint_eq(b->job->percent, bounds[_i].half);
}
END_TEST

/* ERROR, or no answer in time: the values are unknown. */
START_TEST(missing_list_does_not_refuse)
{
        g_autoptr(Bench) b = new_bench(false);

        *(_i ? &b->mutes : &b->rejects) = "AT+QFOTADL=?";
        set_option(b, "download-urc-max=80");
        bench_ready(b, OLD_REVISION);
        assert_has(b->log->str, "send AT+QFOTADL=\"" BENCH_URL "\",1,80|");
}
END_TEST

/* A requested value that is not listed ends the job before any setting is changed, and the message names the listed
 * values. */
START_TEST(unlisted_values_are_refused)
{
        static const struct {
                const char *option, *told, *message;
        } cases[] = {
                { "download-urc-max=80", "+QFOTADL: <url>,(0,1),(0,5-50),(0,5-50)",
                  "The module's AT+QFOTADL=? lists 0, 5-50 for download-urc-max, not 80 (guide 3.3.1): leave it out, "
                  "or give a value of that list." },
                { "update-urc-max=80", "+QFOTADL: <url>,(0,1),(0,5-100),(0)", "lists 0 for update-urc-max, not 80" },
                { "upgrade-mode=1", "+QFOTADL: <url>,(0)", "lists 0 for upgrade-mode, not 1" },
        };
        g_autoptr(Bench) b = new_bench(false);

        set_option(b, cases[_i].option);
        set_option(b, "cid=2");
        b->qfotadl = cases[_i].told;
        bench_use_uart1(b);
        bench_ready(b, OLD_REVISION);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "rejected");
        assert_has(b->job->message, cases[_i].message);
        assert_has(b->disk, "lists 0");
        assert_has_not(b->log->str, "send");
}
END_TEST

/* MiniFOTA takes the URL only, whatever is listed (guide 3.3.1.2, note 2). */
START_TEST(mini_takes_no_lists)
{
        g_autoptr(Bench) b = bench_new();

        bench_make_mini(b);
        b->qfotadl = "+QFOTADL: <url>,(0),(0,5-20),(0)";
        bench_prepare(b, MINI_OLD);
        assert_has(b->log->str, "x.mini_1\"|");
        ck_assert_uint_eq(b->upgrades_sent, 1);
}
END_TEST

/* ---- the server */

START_TEST(server_first)
{
        g_autoptr(Bench) b = new_bench(true);

        bench_clear(b);
        bench_ready(b, OLD_REVISION);
        assert_has(b->log->str, "check-source " BENCH_URL "|");
        assert_has_not(b->log->str, "send");
        ck_assert_str_eq(b->questions->str, "");
        bench_assert_state(b, JOB_PREPARING);
        ck_assert(upgrade_is_cancellable(b->job));
        answer_server(b, NULL, 0);
        assert_has(b->questions->str, "AT+CPIN?|");
        assert_has_not(b->questions->str, "QFLDS"); /* the size is unknown */
        ck_assert_uint_eq(b->upgrades_sent, 1);
}
END_TEST

START_TEST(server_refuses)
{
        g_autoptr(Bench) b = new_bench(true);

        bench_ready(b, OLD_REVISION);
        answer_server(b, "HTTP status 404: the server has no such file", 0);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "source-unreachable");
        assert_has(b->job->message, "(HTTP status 404: the server has no such file)");
        ck_assert_uint_eq(b->upgrades_sent, 0);
        ck_assert_str_eq(b->questions->str, "");
}
END_TEST

START_TEST(both_packages)
{
        g_autoptr(Bench) b = bench_new();

        bench_make_mini(b);
        b->job->options->check_source = true;
        g_free(b->job->source);
        b->job->source = g_strdup("http://user:Geheim7@h/x.mini_1");
        bench_prepare(b, MINI_OLD);
        assert_has(b->log->str, "check-source http://user:Geheim7@h/x.mini_1|");
        answer_server(b, NULL, 1000);
        assert_has(b->log->str, "check-source http://user:Geheim7@h/x.mini_2|");
        ck_assert_uint_eq(b->upgrades_sent, 0);
        answer_server(b, _i ? "HTTP status 404: the server has no such file" : NULL, 0);
        ck_assert_uint_eq(b->upgrades_sent, _i ? 0 : 1);
        if (!_i)
                return;
        bench_ready(b, MINI_OLD);
        bench_assert_end(b, JOB_RESULT_FAILED, "source-unreachable");
        assert_has(b->job->message, ".mini_2: HTTP status 404");
}
END_TEST

/* The size that the server reports is the size that must fit. */
START_TEST(package_fits_or_not)
{
        g_autoptr(Bench) b = new_bench(true);

        b->qflds = "+QFLDS: 1000,2000";
        bench_ready(b, OLD_REVISION);
        answer_server(b, NULL, 1000 + (unsigned)_i);
        assert_has(b->questions->str, "AT+QFLDS=\"UFS\"|");
        ck_assert_uint_eq(b->upgrades_sent, _i ? 0 : 1);
        if (!_i)
                return;
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "insufficient-space");
        assert_has(b->job->message, "1000 bytes are free in UFS, and the package has 1001");
}
END_TEST

START_TEST(cancelled_while_the_server_is_asked)
{
        g_autoptr(Bench) b = new_bench(true);

        bench_ready(b, OLD_REVISION);
        bench_cancel(b);
        answer_server(b, NULL, 0); /* too late to count */
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_CANCELLED, "cancelled");
        ck_assert_uint_eq(b->upgrades_sent, 0);
}
END_TEST

/* The module disconnects, or the port is lost, or the daemon dies, while the server is queried: the query is
 * repeated. */
START_TEST(query_is_repeated)
{
        g_autoptr(Bench) b = new_bench(true);

        bench_ready(b, OLD_REVISION);
        b->asks_server = false;
        if (_i == 0)
                bench_restart(b);
        else if (_i == 1)
                bench_port_lost(b);
        else
                bench_resurrect(b);
        bench_ready(b, OLD_REVISION);
        answer_server(b, NULL, 0);
        ck_assert_uint_eq(b->upgrades_sent, 1);
        bench_assert_state(b, JOB_DOWNLOADING);
}
END_TEST

/* A URC meanwhile does not shorten the time-out. */
START_TEST(urc_during_the_query)
{
        g_autoptr(Bench) b = new_bench(true);

        b->timeouts.settle = 5 * SECOND;
        bench_ready(b, OLD_REVISION);
        bench_urc(b, "+QIND: SMS DONE");
        bench_pass(b, 29 * SECOND);
        bench_assert_state(b, JOB_PREPARING);
        answer_server(b, NULL, 0);
        ck_assert_uint_eq(b->upgrades_sent, 1);
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-check");

        tcase_add_test(t, questions_before_anything_is_set);
        tcase_add_test(t, advice_is_only_logged);
        tcase_add_loop_test(t, sim_is_named, 0, 4);
        tcase_add_loop_test(t, errors_do_not_refuse, 0, 2);
        tcase_add_test(t, silence_does_not_refuse);
        tcase_add_test(t, fewer_questions_for_mini);
        tcase_add_test(t, cancelled_among_the_questions);
        tcase_add_loop_test(t, listed_values_are_sent, 0, (int)G_N_ELEMENTS(bounds));
        tcase_add_loop_test(t, missing_list_does_not_refuse, 0, 2);
        tcase_add_loop_test(t, unlisted_values_are_refused, 0, 3);
        tcase_add_test(t, mini_takes_no_lists);
        tcase_add_test(t, server_first);
        tcase_add_test(t, server_refuses);
        tcase_add_loop_test(t, both_packages, 0, 2);
        tcase_add_loop_test(t, package_fits_or_not, 0, 2);
        tcase_add_test(t, cancelled_while_the_server_is_asked);
        tcase_add_loop_test(t, query_is_repeated, 0, 3);
        tcase_add_test(t, urc_during_the_query);
        return testing_run(t, "upgrade-check");
}
