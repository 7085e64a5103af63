/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The dialogue that reads the facts an upgrade depends on: the questions for each kind of module, and the result of
 * every kind of answer. */

#include "core/rules/inspect.h"
#include "testing.h"

static char *ask_all(unsigned questions, const char *cereg)
{
        g_autoptr(Inspect) i = inspect_new(questions);
        GString *asked = g_string_new(NULL);
        const char *command;

        while ((command = inspect_next(i))) {
                g_string_append_printf(asked, "%s|", command);
                inspect_answer(i, AT_RESULT_OK, -1, strcmp(command, "AT+CEREG?") == 0 ? cereg : "");
        }
        return g_string_free(asked, FALSE);
}

#define SIM_AND_NETWORK "AT+CPIN?|AT+CEREG?|AT+CREG?|AT+CSQ|"

START_TEST(questions)
{
        g_autofree char *dfota = ask_all(inspect_questions_for_check(METHOD_DFOTA), "");
        g_autofree char *unknown = ask_all(inspect_questions_for_check(METHOD_UNKNOWN), "");
        g_autofree char *mini = ask_all(inspect_questions_for_check(METHOD_MINIFOTA), "");
        g_autofree char *job = ask_all(inspect_questions_for_job(METHOD_DFOTA, false), "");
        g_autofree char *sized = ask_all(inspect_questions_for_job(METHOD_DFOTA, true), "");
        g_autofree char *mini_job = ask_all(inspect_questions_for_job(METHOD_MINIFOTA, true), "");
        g_autofree char *registered = ask_all(inspect_questions_for_job(METHOD_MINIFOTA, true), "+CEREG: 0,5");

        ck_assert_str_eq(dfota, SIM_AND_NETWORK "AT+QFLDS=\"UFS\"|AT+QURCCFG=\"urcport\"|AT+QCFG=\"fota/cid\"|"
                                                "AT+QIACT?|AT+QNETDEVCTL?|AT+QFOTADL=?|");
        ck_assert_str_eq(unknown, dfota);
        ck_assert_str_eq(mini, SIM_AND_NETWORK "AT+QURCCFG=\"urcport\"|AT+QFOTADL=?|");
        ck_assert_str_eq(job, SIM_AND_NETWORK "AT+QCFG=\"fota/cid\"|AT+QNETDEVCTL?|AT+QFOTADL=?|");
        ck_assert_str_eq(sized, SIM_AND_NETWORK "AT+QFLDS=\"UFS\"|AT+QCFG=\"fota/cid\"|AT+QNETDEVCTL?|AT+QFOTADL=?|");
        ck_assert_str_eq(mini_job, SIM_AND_NETWORK "AT+QFOTADL=?|");
        ck_assert_str_eq(registered, "AT+CPIN?|AT+CEREG?|AT+CSQ|AT+QFOTADL=?|"); /* AT+CREG? adds nothing */
}
END_TEST

/* Sends one question and gives that answer. */
static Inspection *tell(InspectQuestion question, AtResult result, int error, const char *information)
{
        g_autoptr(Inspect) i = inspect_new(1u << question);

        ck_assert_str_eq(inspect_next(i), inspect_command(question));
        inspect_answer(i, result, error, information);
        ck_assert_ptr_null(inspect_next(i));
        inspect_answer(i, result, error, information); /* one question too many */
        return inspect_steal(i);
}

static const struct {
        InspectQuestion question;
        const char *information;
        InspectAnswer answer;
} kinds[] = {
        { INSPECT_SIM, "+CPIN: READY", INSPECT_ANSWERED },
        { INSPECT_SIM, "+CPIN: SIM PIN", INSPECT_ANSWERED },
        { INSPECT_SIM, "", INSPECT_UNCLEAR },
        { INSPECT_SIM, "+CPIN: ", INSPECT_UNCLEAR },
        { INSPECT_SIM, "+CPIN: \x01", INSPECT_UNCLEAR },
        { INSPECT_EPS_REGISTRATION, "+CEREG: 0,1", INSPECT_ANSWERED },
        { INSPECT_EPS_REGISTRATION, "+CEREG: 2,1,\"1A2B\",\"0CDE\",7", INSPECT_ANSWERED },
        { INSPECT_EPS_REGISTRATION, "+CREG: 0,1", INSPECT_UNCLEAR },
        { INSPECT_EPS_REGISTRATION, "+CEREG: 0", INSPECT_UNCLEAR },
        { INSPECT_REGISTRATION, "+CREG: 0,-1", INSPECT_UNCLEAR },
        { INSPECT_REGISTRATION, "+CREG: 0,3", INSPECT_ANSWERED },
        { INSPECT_SIGNAL, "+CSQ: 24,99", INSPECT_ANSWERED },
        { INSPECT_SIGNAL, "+CSQ: 24", INSPECT_UNCLEAR },
        { INSPECT_SIGNAL, "+CSQ: 4000,1", INSPECT_UNCLEAR },
        { INSPECT_SPACE, "+QFLDS: 8388608,10485760", INSPECT_ANSWERED },
        { INSPECT_SPACE, "+QFLDS: 99999999999999999999,1", INSPECT_UNCLEAR },
        { INSPECT_URC_PORT, "+QURCCFG: \"urcport\",\"uart1\"", INSPECT_ANSWERED },
        { INSPECT_URC_PORT, "+QURCCFG: \"urcdelay\",1", INSPECT_UNCLEAR },
        { INSPECT_FOTA_CID, "+QCFG: \"fota/cid\",1", INSPECT_ANSWERED },
        { INSPECT_FOTA_CID, "+QCFG: \"fota/cid\",x", INSPECT_UNCLEAR },
        { INSPECT_CONTEXTS, "", INSPECT_ANSWERED },
        { INSPECT_HOST_DATA, "+QNETDEVCTL: 1,1,1,1", INSPECT_ANSWERED },
        { INSPECT_HOST_DATA, "+QNETDEVCTL: 1,1", INSPECT_UNCLEAR },
        { INSPECT_HOST_DATA, "", INSPECT_UNCLEAR },
        { INSPECT_QFOTADL, "", INSPECT_ANSWERED },
        { INSPECT_QFOTADL, "+QFOTADL: <url>,(0,1),(0,5-100),(0,5-100)", INSPECT_ANSWERED },
};

START_TEST(kinds_of_answers)
{
        g_autoptr(Inspection) n = tell(kinds[_i].question, AT_RESULT_OK, -1, kinds[_i].information);
        g_autoptr(Inspection) refused = tell(kinds[_i].question, AT_RESULT_ERROR, 4, "");
        g_autoptr(Inspection) bare = tell(kinds[_i].question, AT_RESULT_ERROR, -1, "");
        g_autoptr(Inspection) silent = tell(kinds[_i].question, AT_RESULT_TIMEOUT, -1, "");

        ck_assert_int_eq(n->answers[kinds[_i].question], kinds[_i].answer);
        ck_assert_int_eq(n->errors[kinds[_i].question], -1);
        ck_assert_int_eq(refused->answers[kinds[_i].question], INSPECT_REFUSED);
        ck_assert_int_eq(refused->errors[kinds[_i].question], 4);
        ck_assert_int_eq(bare->errors[kinds[_i].question], -1);
        ck_assert_int_eq(silent->answers[kinds[_i].question], INSPECT_SILENT);
        for (InspectQuestion q = 0; q < _INSPECT_QUESTION_MAX; q++)
                ck_assert(q == kinds[_i].question || n->answers[q] == INSPECT_NOT_ASKED);
}
END_TEST

START_TEST(values)
{
        g_autoptr(Inspection) sim = tell(INSPECT_SIM, AT_RESULT_OK, -1, "+CPIN: SIM PIN");
        g_autoptr(Inspection) eps = tell(INSPECT_EPS_REGISTRATION, AT_RESULT_OK, -1, "+CEREG: 2,5,\"1A\",\"2\",7");
        g_autoptr(Inspection) cs = tell(INSPECT_REGISTRATION, AT_RESULT_OK, -1, "+CREG: 0,3");
        g_autoptr(Inspection) signal = tell(INSPECT_SIGNAL, AT_RESULT_OK, -1, "+CSQ: 24,99");
        g_autoptr(Inspection) space = tell(INSPECT_SPACE, AT_RESULT_OK, -1, "+QFLDS: 8388608,10485760");
        g_autoptr(Inspection) port = tell(INSPECT_URC_PORT, AT_RESULT_OK, -1, "+QURCCFG: \"urcport\",\"uart1\"");
        g_autoptr(Inspection) cid = tell(INSPECT_FOTA_CID, AT_RESULT_OK, -1, "+QCFG: \"fota/cid\",3");
        g_autoptr(Inspection)
                contexts = tell(INSPECT_CONTEXTS, AT_RESULT_OK, -1,
                                "+QIACT: 1,1,1,\"10.0.0.1\"\n+QIACT: 3,0,1\n+QIACT: 15,1,1,\"10.0.0.15\"");
        g_autoptr(Inspection) host = tell(INSPECT_HOST_DATA, AT_RESULT_OK, -1, "+QNETDEVCTL: 3,2,1,1");
        g_autoptr(Inspection) down = tell(INSPECT_HOST_DATA, AT_RESULT_OK, -1, "+QNETDEVCTL: 3,2,1,0");

        ck_assert_str_eq(sim->sim, "SIM PIN");
        ck_assert_uint_eq(eps->eps_registration, 5);
        ck_assert_uint_eq(cs->registration, 3);
        ck_assert_uint_eq(signal->rssi, 24);
        ck_assert_uint_eq(space->ufs_free, 8388608);
        ck_assert_uint_eq(space->ufs_total, 10485760);
        ck_assert_str_eq(port->urc_port, "uart1");
        ck_assert_uint_eq(cid->fota_cid, 3);
        ck_assert_uint_eq(contexts->contexts, 1u << 1 | 1u << 15);
        ck_assert_uint_eq(host->host_cid, 2);
        ck_assert_uint_eq(down->host_cid, 0);
}
END_TEST

START_TEST(lists_of_qfotadl)
{
        g_autoptr(Inspection)
                full = tell(INSPECT_QFOTADL, AT_RESULT_OK, -1, "+QFOTADL: <url>,(0,1),( 0 , 5-100 ),(0,5-50,60)");
        g_autoptr(Inspection) partial = tell(INSPECT_QFOTADL, AT_RESULT_OK, -1, "+QFOTADL: <url>,(1),(0");
        g_autoptr(Inspection) bare = tell(INSPECT_QFOTADL, AT_RESULT_OK, -1, "");

        ck_assert(inspect_list_has(&full->upgrade_modes, 0) && inspect_list_has(&full->upgrade_modes, 1));
        ck_assert(!inspect_list_has(&full->upgrade_modes, 2));
        ck_assert(inspect_list_has(&full->download_urc_maxima, 0) && inspect_list_has(&full->download_urc_maxima, 5));
        ck_assert(inspect_list_has(&full->download_urc_maxima, 100));
        ck_assert(!inspect_list_has(&full->download_urc_maxima, 4) &&
                  !inspect_list_has(&full->download_urc_maxima, 101));
        ck_assert(inspect_list_has(&full->update_urc_maxima, 60) && !inspect_list_has(&full->update_urc_maxima, 55));
        ck_assert(!inspect_list_has(&partial->upgrade_modes, 0) && inspect_list_has(&partial->upgrade_modes, 1));
        ck_assert_uint_eq(partial->download_urc_maxima.n, 0);
        ck_assert_uint_eq(bare->upgrade_modes.n + bare->download_urc_maxima.n + bare->update_urc_maxima.n, 0);
}
END_TEST

/* A list that cannot be read to its end counts as unknown: each of the three lists, as text. */
static const struct {
        const char *information, *modes, *download, *update;
} lists[] = {
        { "+QFOTADL: <url>,(0,1),(0,5-100),(0,5-100)", "0, 1", "0, 5-100", "0, 5-100" },
        { "+QFOTADL: <url>,(0-1) , (0,5-50),(7)", "0-1", "0, 5-50", "7" },
        { "+QFOTADL: <url>,(1)", "1", "", "" },
        { "+QFOTADL: <url>,(),(0,5-x),(0,5-50)", "", "", "0, 5-50" },
        { "+QFOTADL: <url>,(0,1),(50-5),(0,,5)", "0, 1", "", "" },
        { "+QFOTADL: <url>,(0,1),5-50,(0,5-50)", "0, 1", "", "" }, /* the third list is not taken for the second */
        { "+QFOTADL: <url>,(0,1),(0,5-100000),(-5)", "0, 1", "", "" },
        { "+QFOTADL: <url>,(0,1),(1,2,3,4,5,6,7,8,9)", "0, 1", "", "" },
        { "+QFOTADL: <url>,(0,1),(0,5-100", "0, 1", "", "" },
        { "+QFOTADL: \x01\xff,,,", "", "", "" },
        { "garbage", "", "", "" },
};

START_TEST(lists_that_can_be_read)
{
        g_autoptr(Inspection) n = tell(INSPECT_QFOTADL, AT_RESULT_OK, -1, lists[_i].information);
        g_autofree char *modes = inspect_list_text(&n->upgrade_modes);
        g_autofree char *download = inspect_list_text(&n->download_urc_maxima);
        g_autofree char *update = inspect_list_text(&n->update_urc_maxima);

        ck_assert_str_eq(modes, lists[_i].modes);
        ck_assert_str_eq(download, lists[_i].download);
        ck_assert_str_eq(update, lists[_i].update);
}
END_TEST

START_TEST(clipping)
{
        static const struct {
                const char *information;
                unsigned clipped;
        } cases[] = {
                { "(0,5-100)", 100 }, { "(0,5-50)", 50 },  { "(5-50,0)", 50 },   { "(0)", 0 },
                { "(0,5-200)", 100 }, { "(7,70-80)", 80 }, { "(101-200)", 100 }, { "", 100 },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *line = g_strdup_printf("+QFOTADL: <url>,(0,1),%s", cases[i].information);
                g_autoptr(Inspection) n = tell(INSPECT_QFOTADL, AT_RESULT_OK, -1, line);

                ck_assert_msg(inspect_list_clip(&n->download_urc_maxima, 100) == cases[i].clipped, "%s", line);
        }
}
END_TEST

/* The dialogue never hangs: after one time-out no more questions are sent, and the earlier answers are kept. */
START_TEST(silence_ends_the_dialogue)
{
        g_autoptr(Inspect) i = inspect_new(inspect_questions_for_check(METHOD_DFOTA));
        const Inspection *n = inspect_inspection(i);

        inspect_answer(i, AT_RESULT_OK, -1, "+CPIN: READY");
        inspect_answer(i, AT_RESULT_TIMEOUT, -1, "");
        ck_assert_ptr_null(inspect_next(i));
        ck_assert_int_eq(n->answers[INSPECT_SIM], INSPECT_ANSWERED);
        ck_assert_int_eq(n->answers[INSPECT_EPS_REGISTRATION], INSPECT_SILENT);
        ck_assert_int_eq(n->answers[INSPECT_QFOTADL], INSPECT_NOT_ASKED);
}
END_TEST

/* Every command only reads: none sets a value. */
START_TEST(commands_only_read)
{
        for (InspectQuestion q = 0; q < _INSPECT_QUESTION_MAX; q++) {
                const char *command = inspect_command(q), *equals = strchr(command, '=');

                ck_assert(g_str_has_prefix(command, "AT+"));
                ck_assert_msg(!strchr(command, ','), "%s", command);
                ck_assert_msg(!equals || equals[1] == '?' || equals[1] == '"', "%s", command);
        }
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("inspect");

        tcase_add_test(t, questions);
        tcase_add_loop_test(t, kinds_of_answers, 0, G_N_ELEMENTS(kinds));
        tcase_add_test(t, values);
        tcase_add_test(t, lists_of_qfotadl);
        tcase_add_loop_test(t, lists_that_can_be_read, 0, G_N_ELEMENTS(lists));
        tcase_add_test(t, clipping);
        tcase_add_test(t, silence_ends_the_dialogue);
        tcase_add_test(t, commands_only_read);
        return testing_run(t, "inspect");
}
