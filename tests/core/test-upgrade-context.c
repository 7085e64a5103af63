/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A PDP context that an upgrade uses is restored, however the upgrade ends, and its former contents, which may be a
 * password, are kept nowhere else. */

#include "core/job/context.h"
#include "upgrade-bench.h"

#define OTHERS "1,\"iot.example\",\"gw\",\"Geheim7\",2"
#define OURS   "1,\"cmnet\",\"\",\"\",0"

/* ---- the values */

static const struct {
        const char *information, *values; /* NULL: contents that cannot be restored */
} answers[] = {
        { "+QICSGP: 1,\"cmnet\",\"\",\"\",1", "1,\"cmnet\",\"\",\"\",1" },
        { "+QICSGP:1, \"a b\" ,\"u\",\"p \",0 ", "1,\"a b\",\"u\",\"p \",0" },
        { "+QIND: PB DONE\n+QICSGP: 3,\"\",\"\",\"\",3\n", "3,\"\",\"\",\"\",3" },
        { "+QICSGP: 1,\"cm\"net\",\"\",\"\",1", NULL },
        { "+QICSGP: 1,\"cm\\net\",\"\",\"\",1", NULL },
        { "+QICSGP: 1,\"cm\x1bnet\",\"\",\"\",1", NULL },
        { "+QICSGP: 1,\"cm\x7fnet\",\"\",\"\",1", NULL },
        { "+QICSGP: 1,\"cm\xc3\xa4t\",\"\",\"\",1", NULL },
        { "+QICSGP: 1,\"cmnet,\"\",\"\",1", NULL },
        { "+QICSGP: 1,cmnet,,,1", NULL },
        { "+QICSGP: 0,\"cmnet\",\"\",\"\",1", NULL },
        { "+QICSGP: 1,\"cmnet\",\"\",\"\",4", NULL },
        { "+QICSGP: 1,\"cmnet\",\"\",\"\",1,1", NULL },
        { "+QICSGP: 1,\"cmnet\",\"\",\"\"", NULL },
        { "+QICSGP: 1,\"cmnet", NULL },
        { "+QICSGP:", NULL },
        { "", NULL },
};

START_TEST(values_are_read)
{
        g_autofree char *values = context_parse(answers[_i].information);

        ck_assert_msg(g_strcmp0(values, answers[_i].values) == 0, "%s is %s", answers[_i].information, values);
        ck_assert(!values || context_is_valid(values));
}
END_TEST

START_TEST(values_of_any_length)
{
        for (unsigned n = 126; n <= 129; n++)
                for (unsigned field = 0; field < 3; field++) {
                        g_autofree char *text = g_strnfill(n, 'x'), *values = NULL;

                        values = g_strdup_printf("1,\"%s\",\"%s\",\"%s\",1", field == 0 ? text : "",
                                                 field == 1 ? text : "", field == 2 ? text : "");
                        ck_assert_msg(context_is_valid(values) == (n <= 127), "%u bytes", n);
                }
}
END_TEST

START_TEST(values_of_the_options)
{
        static const struct {
                const char *user, *password;
                int auth;
                const char *values;
        } cases[] = {
                { NULL, NULL, -1, "1,\"net\",\"\",\"\",0" }, { NULL, NULL, 1, "1,\"net\",\"\",\"\",1" },
                { "u", NULL, -1, "1,\"net\",\"u\",\"\",1" }, { "u", "p", 3, "1,\"net\",\"u\",\"p\",3" },
                { NULL, "p", -1, "1,\"net\",\"\",\"p\",0" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(Options) o = options_new();
                g_autofree char *why = NULL, *values = NULL;

                ck_assert(options_set_string(o, "apn", "net", &why));
                ck_assert(!cases[i].user || options_set_string(o, "apn-user", cases[i].user, &why));
                ck_assert(!cases[i].password || options_set_string(o, "apn-password", cases[i].password, &why));
                ck_assert(cases[i].auth < 0 || options_set_number(o, "apn-auth", (uint32_t)cases[i].auth, &why));
                values = context_from_options(o);
                ck_assert_str_eq(values, cases[i].values);
                ck_assert(context_is_valid(values));
        }
}
END_TEST

/* ---- there and back */

static Bench *new_bench(const char *context)
{
        Bench *b = bench_new();

        bench_use_uart1(b);
        g_free(b->context);
        b->context = g_strdup(context);
        bench_use_context(b);
        return b;
}

static void assert_in_order(const char *text, const char *const *words)
{
        for (; *words; words++) {
                const char *found = strstr(text, *words);

                ck_assert_msg(found, "%s is not there, or not in its turn: %s", *words, text);
                text = found + strlen(*words);
        }
}

static void assert_as_found(const Bench *b)
{
        ck_assert_str_eq(b->context, OTHERS);
        ck_assert(!b->context_active && !b->radio_off);
        ck_assert_str_eq(b->fota_cid, "1");
        ck_assert_str_eq(b->urc_port, "uart1");
        ck_assert_str_eq(b->job->apn_before, "");
        assert_has_not(b->disk, "Geheim7");
        assert_has_not(b->job->message, "was not put back");
}

START_TEST(read_before_it_is_written)
{
        static const char *const order[] = { "|send AT+QICSGP=2|persist|send AT+QICSGP=2," OURS "|",
                                             "send AT+QCFG=\"fota/cid\",2|", "|persist|send AT+QIACT=2|",
                                             "send AT+QFOTADL=\"", NULL };
        g_autoptr(Bench) b = new_bench(OTHERS);

        bench_go(b);
        assert_in_order(b->log->str, order);
        ck_assert_str_eq(b->context, OURS);
        ck_assert(b->context_active && b->job->context_up);
        ck_assert_str_eq(b->job->apn_before, OTHERS);
        assert_has(b->disk, "Geheim7"); /* only the record keeps the contents over a crash */
}
END_TEST

/* Without a restart the context is still active: it is deactivated before its values are restored. 0: the download
 * fails, 1: the package is invalid, 2: AT+QFOTADL is refused, 3: cancelled, 4: the daemon died meanwhile. */
START_TEST(put_back_without_a_restart)
{
        static const char *const order[] = { "send AT+QIDEACT=2|",
                                             "send AT+QCFG=\"fota/cid\",1|",
                                             "send AT+QICSGP=2," OTHERS "|",
                                             "send AT+QURCCFG=\"urcport\",\"uart1\"|",
                                             "result|",
                                             NULL };
        g_autoptr(Bench) b = new_bench(OTHERS);

        if (_i == 2)
                b->rejects = "AT+QFOTADL=\"";
        bench_prepare(b, OLD_REVISION);
        bench_clear(b);
        if (_i != 2)
                bench_fota(b, "\"HTTPSTART\"");
        if (_i == 4) {
                bench_resurrect(b);
                bench_ready(b, OLD_REVISION);
        }
        if (_i == 3)
                bench_cancel(b);
        if (_i == 1)
                bench_fota(b, "\"END\",505");
        else if (_i != 2)
                bench_fota(b, "\"HTTPEND\",714");
        ck_assert(b->identify);
        bench_ready(b, OLD_REVISION);
        ck_assert_uint_eq(b->results, 1);
        assert_in_order(b->log->str, order);
        assert_as_found(b);
}
END_TEST

/* A restart has deactivated the context. 0: success, 1: the update fails, 2: cancelled, and only a reset has
 * deactivated it. */
START_TEST(put_back_after_a_restart)
{
        g_autoptr(Bench) b = new_bench(OTHERS);

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        if (_i == 2) {
                bench_cancel(b);
                bench_tick(b);
                bench_restart(b);
                bench_urc(b, "RDY");
        } else {
                bench_fota(b, "\"HTTPEND\",0");
                bench_restart(b);
                bench_fota(b, "\"START\"");
                bench_fota(b, _i ? "\"END\",504" : "\"END\",0");
                bench_restart(b);
        }
        bench_ready(b, _i ? OLD_REVISION : NEW_REVISION);
        bench_assert_end(b,
                         _i == 0   ? JOB_RESULT_SUCCESS
                         : _i == 1 ? JOB_RESULT_FAILED
                                   : JOB_RESULT_CANCELLED,
                         _i == 0   ? ""
                         : _i == 1 ? "update-failed"
                                   : "cancelled");
        assert_has_not(b->log->str, "QIDEACT");
        assert_as_found(b);
}
END_TEST

/* A context that was active before belongs to other programs: it stays active. */
START_TEST(active_before)
{
        g_autoptr(Bench) b = new_bench(OURS);

        b->contexts_active = true;
        bench_go(b);
        bench_fota(b, "\"HTTPEND\",714");
        bench_ready(b, OLD_REVISION);
        assert_has_not(b->log->str, "QIDEACT");
        assert_has_not(b->log->str, "AT+QICSGP=2,"); /* the module would refuse to write the values that it already
                                                        has */
        ck_assert_str_eq(b->context, OURS);
}
END_TEST

/* Contents that cannot be read, or cannot be sent to a module, are not restored, and a warning precedes the change. */
START_TEST(nothing_to_put_back)
{
        static const char *const found[] = { NULL, "1,\"a\"b\",\"\",\"Geheim7\",1", "1,\"a\x01\",\"\",\"Geheim7\",1",
                                             "" };
        g_autoptr(Bench) b = new_bench(found[_i] ?: "");

        b->rejects = found[_i] ? NULL : "AT+QICSGP=2";
        b->holds_answers = !found[_i];
        bench_prepare(b, OLD_REVISION);
        if (!found[_i]) {
                bench_answer(b, AT_RESULT_OK, -1, "+QURCCFG: \"urcport\",\"usbat\"");
                b->holds_answers = false;
                b->rejects = NULL;
                bench_answer(b, AT_RESULT_ERROR, 3, "");
        }
        assert_has(b->log->str, "warn AT+QICSGP=2 tells nothing that could be put back: context 2 will keep");
        ck_assert_str_eq(b->job->apn_before, "");
        ck_assert_str_eq(b->context, OURS);
        bench_fota(b, "\"HTTPEND\",714");
        bench_clear(b);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "dns-failed");
        assert_has_not(b->log->str, "QICSGP");
}
END_TEST

/* A module that refuses to restore its values, or disconnects for good: the message says so, without the values. */
START_TEST(not_put_back)
{
        g_autoptr(Bench) b = new_bench(OTHERS);

        bench_go(b);
        if (_i == 0) {
                b->rejects = "AT+QICSGP=2,";
                bench_fota(b, "\"HTTPEND\",714");
                bench_ready(b, OLD_REVISION);
        } else {
                bench_gone(b);
                bench_pass(b, 301 * SECOND);
        }
        bench_assert_end(b, JOB_RESULT_FAILED, _i ? "module-lost" : "dns-failed");
        assert_has(b->job->message, "What was changed for it was not put back: ");
        assert_has(b->job->message, "AT+QICSGP.");
        ck_assert_str_eq(b->job->apn_before, "");
        assert_has_not(b->disk, "Geheim7");
}
END_TEST

/* A context that the module refuses to write is unchanged. */
START_TEST(refused_to_be_written)
{
        g_autoptr(Bench) b = new_bench(OTHERS);

        b->rejects = "AT+QICSGP=2,";
        bench_prepare(b, OLD_REVISION);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "rejected");
        assert_as_found(b);
}
END_TEST

/* A context that is not activated: the message names its APN, or the SIM if that is the reason. */
static const struct {
        int error;
        const char *sim, *said, *not_said;
} refusals[] = {
        { 30, NULL, "the APN \"cmnet\"", "PIN" },
        { -1, NULL, "the APN \"cmnet\"", "CME" },
        { 10, NULL, "there is no SIM", "APN" },
        { 11, NULL, "the SIM wants its PIN", "APN" },
        { 30, "+CPIN: SIM PIN", "the SIM wants SIM PIN", "APN" },
};

START_TEST(refused_to_be_activated)
{
        g_autoptr(Bench) b = new_bench(OTHERS);

        b->sim = refusals[_i].sim ?: b->sim;
        b->rejects = "AT+QIACT=";
        b->reject_number = refusals[_i].error;
        bench_prepare(b, OLD_REVISION);
        bench_ready(b, OLD_REVISION);
        bench_assert_end(b, JOB_RESULT_FAILED, "rejected");
        assert_has(b->job->message, "AT+QIACT");
        assert_has(b->job->message, refusals[_i].said);
        assert_has_not(b->job->message, refusals[_i].not_said);
        assert_has_not(b->job->message, "Geheim7");
}
END_TEST

/* The disk fails at any write before AT+QFOTADL: the settings changed so far are restored all the same. */
START_TEST(disk_fails)
{
        for (int k = 1;; k++) {
                g_autoptr(Bench) b = new_bench(OTHERS);

                b->fails_at = k;
                b->fails_on = _i;
                bench_begin(b);
                if (b->job->state != JOB_FINISHED)
                        bench_present(b);
                for (unsigned i = 0; i < 2 && b->job->state != JOB_FINISHED; i++)
                        bench_ready(b, OLD_REVISION);
                if (b->upgrades_sent) {
                        ck_assert_int_gt(k, 7);
                        return;
                }
                ck_assert_msg(b->job->state == JOB_FINISHED, "write %d: %s", k, b->log->str);
                ck_assert_msg(strcmp(b->context, OTHERS) == 0 && !b->context_active && strcmp(b->fota_cid, "1") == 0 &&
                                      strcmp(b->urc_port, "uart1") == 0,
                              "write %d: %s", k, b->log->str);
                ck_assert_str_eq(b->job->apn_before, "");
        }
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-context");

        tcase_add_loop_test(t, values_are_read, 0, (int)G_N_ELEMENTS(answers));
        tcase_add_test(t, values_of_any_length);
        tcase_add_test(t, values_of_the_options);
        tcase_add_test(t, read_before_it_is_written);
        tcase_add_loop_test(t, put_back_without_a_restart, 0, 5);
        tcase_add_loop_test(t, put_back_after_a_restart, 0, 3);
        tcase_add_test(t, active_before);
        tcase_add_loop_test(t, nothing_to_put_back, 0, 4);
        tcase_add_loop_test(t, not_put_back, 0, 2);
        tcase_add_test(t, refused_to_be_written);
        tcase_add_loop_test(t, refused_to_be_activated, 0, G_N_ELEMENTS(refusals));
        tcase_add_loop_test(t, disk_fails, 0, 2);
        return testing_run(t, "upgrade-context");
}
