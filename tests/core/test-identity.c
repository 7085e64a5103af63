/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The facts that follow from a revision's name (guide 4), and the dialogue that reads the revision, with every answer
 * that modules in the field fail to give. */

#include "core/quectel/identity.h"
#include "testing.h"

static const struct {
        const char *model, *revision;
        unsigned flash;
        Method method;
} revisions[] = {
        /* guide 4 */
        { "EC200A", "EC200ACNHAR01A02M16", 16, METHOD_DFOTA },
        { "EC200N", "EC200NCNLAR03A01M08", 8, METHOD_MINIFOTA },
        { "EC200A", "EC200ACNLAR03A01M08", 8, METHOD_DFOTA },
        { "EC200N", "EC200NCNLAR03A01M16", 16, METHOD_DFOTA },
        { "EC800M", "EC800MCNCCR06A01M02", 2, METHOD_MINIFOTA },
        { "EC200M", "EC200MCNLCR06A01M04", 4, METHOD_MINIFOTA },
        /* field facts 2.2 */
        { "EC200A", "EC200AEUV1HAR02A07M16", 16, METHOD_DFOTA },
        { "EG800K", "EG800KEULCR07A07M04_01.300.01.300", 4, METHOD_MINIFOTA },
        { "EG800K", "EG800KEULCR07A07M04", 4, METHOD_MINIFOTA },
        { "EC600M", "EC600MCNLER06A08M08", 8, METHOD_MINIFOTA },
        { "EC200A", "EC200AELLAR01A05M16_TP", 16, METHOD_DFOTA },
        { "EC600N", "EC600NCNLAR01A01M08_OCPU", 8, METHOD_MINIFOTA },
        { "EC600N", "EC600NCNLAR01A01M16_OCPU_QPY", 16, METHOD_DFOTA },
        { "EC800M", "EC800MCNLAR01A01M08_AI_WS_OCPU_QPY_TEST0810", 8, METHOD_MINIFOTA },
        { "EG18", "EG18EAPAR01A08V05M4G", 0, METHOD_UNKNOWN },
        /* the last one counts, and only if it ends the name or is followed by _ or . */
        { "X", "EC600M04M16", 16, METHOD_DFOTA },
        { "X", "EC600NR01A01M16_M04", 4, METHOD_MINIFOTA },
        { "X", "EC600NR01A01M16_M04X", 16, METHOD_DFOTA },
        { "X", "EC600NR01A01M08.001", 8, METHOD_MINIFOTA },
        { "X", "EC600NR01A01M32", 0, METHOD_UNKNOWN },
        { "X", "EC600NR01A01M1", 0, METHOD_UNKNOWN },
        { "X", "EC600NR01A01M", 0, METHOD_UNKNOWN },
        { "X", "EC600NR01A01m16", 0, METHOD_UNKNOWN },
        { "X", "EC600NR01A01M160", 0, METHOD_UNKNOWN },
        { "X", "M16", 16, METHOD_DFOTA },
        { "X", "", 0, METHOD_UNKNOWN },
        { "EC200A", "", 0, METHOD_UNKNOWN },
        { "EC200A", "EC200ACNR01A01", 0, METHOD_UNKNOWN },
        { "EC200A", "EC200ACNR01A01M04", 4, METHOD_UNKNOWN }, /* the guide has no such model */
};

START_TEST(revision_tells_flash_and_method)
{
        ck_assert_msg(identity_flash_size(revisions[_i].revision) == revisions[_i].flash, "%s", revisions[_i].revision);
        ck_assert_msg(identity_method(revisions[_i].model, revisions[_i].revision) == revisions[_i].method, "%s",
                      revisions[_i].revision);
}
END_TEST

START_TEST(names_of_methods)
{
        static const char *const names[] = { "unknown", "dfota", "minifota" };
        Method m;

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                ck_assert(method_from_string(names[i], &m));
                ck_assert_str_eq(method_to_string(m), names[i]);
        }
        m = METHOD_DFOTA;
        ck_assert(!method_from_string("auto", &m) && !method_from_string("", &m) && !method_from_string(NULL, &m));
        ck_assert_int_eq(m, METHOD_DFOTA);
}
END_TEST

START_TEST(same_firmware)
{
        ck_assert(identity_same_firmware("A", "", "A", ""));
        ck_assert(identity_same_firmware("A", "A_1", "A", "A_1"));
        ck_assert(identity_same_firmware("A", "A_1", "A", ""));
        ck_assert(identity_same_firmware("A", "", "A", "A_1"));
        ck_assert(identity_same_firmware("A", "A_1.001", "A", "A_1.0"));
        ck_assert(identity_same_firmware("A", "A_1.0", "A", "A_1.001"));
        ck_assert(!identity_same_firmware("A", "A_1", "A", "A_2"));
        ck_assert(!identity_same_firmware("A", "A_1.001", "A", "A_1.002"));
        ck_assert(!identity_same_firmware("A", "A_1", "B", "A_1"));
        ck_assert(!identity_same_firmware("A", "", "B", ""));
}
END_TEST

/* ---- the dialogue */

typedef struct Answer {
        const char *command;
        AtResult result;
        const char *information; /* the number of an ERR answer, if it has one */
} Answer;

#define OK   AT_RESULT_OK
#define ERR  AT_RESULT_ERROR
#define LATE AT_RESULT_TIMEOUT

static uint64_t now_us;
static unsigned asked_qgmr;

/* Runs the probe and answers from the list; a command that is not in the list gets ERROR. */
static Identity *probe_with(const Answer *answers, size_t n)
{
        g_autoptr(IdentityProbe) probe = identity_probe_new();

        now_us = 1;
        asked_qgmr = 0;
        for (unsigned rounds = 0; !identity_probe_done(probe); rounds++) {
                uint64_t at = 0;
                const char *command = identity_probe_next(probe, now_us, &at);
                const Answer *answer = NULL;

                ck_assert_uint_lt(rounds, 100);
                if (!command) {
                        ck_assert(at > now_us && at != UINT64_MAX);
                        now_us = at;
                        continue;
                }
                ck_assert_uint_eq(at, UINT64_MAX);
                ck_assert_ptr_eq(command, identity_probe_next(probe, now_us, &at)); /* a second question changes
                                                                                       nothing */
                for (size_t i = 0; i < n; i++)
                        if (strcmp(answers[i].command, command) == 0)
                                answer = &answers[i];
                asked_qgmr += strcmp(command, "AT+QGMR") == 0;
                identity_probe_answer(probe, answer ? answer->result : ERR, answer ? answer->information : "", now_us);
        }
        ck_assert_ptr_null(identity_probe_next(probe, now_us, &(uint64_t){ 0 }));
        return identity_probe_steal(probe);
}

#define probe(...) probe_with((const Answer[]){ __VA_ARGS__ }, G_N_ELEMENTS(((const Answer[]){ __VA_ARGS__ })))

static void assert_identity(const Identity *i, const char *manufacturer, const char *model, const char *revision,
                            const char *build, const char *imei)
{
        ck_assert_str_eq(i->manufacturer, manufacturer);
        ck_assert_str_eq(i->model, model);
        ck_assert_str_eq(i->revision, revision);
        ck_assert_str_eq(i->build, build);
        ck_assert_str_eq(i->imei, imei);
}

#define ATI_ANSWER                                                                                                     \
        {                                                                                                              \
                "ATI", OK, "Quectel\nEC200A\nRevision: EC200AEUV1HAR02A07M16"                                          \
        }
#define CGMI_ANSWER                                                                                                    \
        {                                                                                                              \
                "AT+CGMI", OK, "Quectel"                                                                               \
        }
#define CGMM_ANSWER                                                                                                    \
        {                                                                                                              \
                "AT+CGMM", OK, "EC200A"                                                                                \
        }
#define GMR_ANSWER                                                                                                     \
        {                                                                                                              \
                "AT+GMR", OK, "EC200AEUV1HAR02A07M16"                                                                  \
        }
#define QGMR_ANSWER                                                                                                    \
        {                                                                                                              \
                "AT+QGMR", OK, "EC200AEUV1HAR02A07M16_01.300.01.300"                                                   \
        }
#define CGSN_ANSWER                                                                                                    \
        {                                                                                                              \
                "AT+CGSN", OK, "860000000000001"                                                                       \
        }

START_TEST(all_commands_answer)
{
        g_autoptr(Identity) i = probe(ATI_ANSWER, CGMI_ANSWER, CGMM_ANSWER, GMR_ANSWER, QGMR_ANSWER, CGSN_ANSWER);

        assert_identity(i, "Quectel", "EC200A", "EC200AEUV1HAR02A07M16", "EC200AEUV1HAR02A07M16_01.300.01.300",
                        "860000000000001");
        ck_assert_uint_eq(now_us, 1);
}
END_TEST

START_TEST(ati_alone)
{
        g_autoptr(Identity) i = probe(ATI_ANSWER);

        assert_identity(i, "Quectel", "EC200A", "EC200AEUV1HAR02A07M16", "", "");
}
END_TEST

START_TEST(without_ati)
{
        g_autoptr(Identity) i = probe(CGMI_ANSWER, CGMM_ANSWER, GMR_ANSWER, CGSN_ANSWER);

        assert_identity(i, "Quectel", "EC200A", "EC200AEUV1HAR02A07M16", "", "860000000000001");
}
END_TEST

START_TEST(cgmr_if_gmr_is_unknown)
{
        g_autoptr(Identity) i = probe({ "AT+CGMR", OK, "EC600MCNLER06A08M08" });

        assert_identity(i, "", "", "EC600MCNLER06A08M08", "", "");
}
END_TEST

/* Some firmware repeats the word of ATI in front of the revision. */
START_TEST(revision_behind_its_name)
{
        g_autoptr(Identity) i = probe({ "AT+GMR", OK, "Revision: EC600MCNLER06A08M08" });
        g_autoptr(Identity) j = probe({ "AT+CGMR", OK, "Revision:EC600MCNLER06A08M08" },
                                      { "AT+QGMR", OK, "Revision: EC600MCNLER06A08M08_01.001.01.001" });
        g_autoptr(Identity) k = probe({ "AT+GMR", OK, "Revision: " }, { "AT+CGMR", OK, "EC600MCNLER06A08M08" });

        assert_identity(i, "", "", "EC600MCNLER06A08M08", "", "");
        assert_identity(j, "", "", "EC600MCNLER06A08M08", "EC600MCNLER06A08M08_01.001.01.001", "");
        assert_identity(k, "", "", "EC600MCNLER06A08M08", "", "");
}
END_TEST

START_TEST(cgmr_if_gmr_is_unreadable)
{
        g_autoptr(Identity) i = probe({ "AT+GMR", OK, "\xff\xfe" }, { "AT+CGMR", OK, "EC600MCNLER06A08M08" });
        g_autoptr(Identity) j = probe({ "AT+GMR", OK, "" }, { "AT+CGMR", OK, "EC600MCNLER06A08M08" });

        ck_assert_str_eq(i->revision, "EC600MCNLER06A08M08");
        ck_assert_str_eq(j->revision, "EC600MCNLER06A08M08");
}
END_TEST

START_TEST(qgmr_with_the_plain_revision_only)
{
        g_autoptr(Identity) i = probe(GMR_ANSWER, { "AT+QGMR", OK, "EC200AEUV1HAR02A07M16" });

        ck_assert_str_eq(i->build, "");
        ck_assert_uint_eq(asked_qgmr, 1);
}
END_TEST

START_TEST(qgmr_of_something_else_is_no_build)
{
        g_autoptr(Identity) i = probe(GMR_ANSWER, { "AT+QGMR", OK, "EC600MCNLER06A08M08_01.001" });

        ck_assert_str_eq(i->revision, "EC200AEUV1HAR02A07M16");
        ck_assert_str_eq(i->build, "");
}
END_TEST

/* One of the answers is cut off: the whole one counts, and where there is none, the revision has to be read again. */
START_TEST(revision_is_cut_off)
{
        static const struct {
                const char *ati, *gmr, *qgmr, *revision;
        } answers[] = {
                { "EC200AEUV1HAR02A07M16", "E", "EC200AEUV1HAR02A07M16_01.300.01.300", "EC200AEUV1HAR02A07M16" },
                { "EC200AEUV1H", "EC200AEUV1HAR02A07M16", "EC200AEUV1HAR02A07M16_01.", "EC200AEUV1HAR02A07M16" },
                { "E", "EC200AEUV1H", "EC200AEUV1HAR02A07M16_01.300.01.300", "" },
                { "E", "EC200AEUV1HAR02A07M1", "EC200AEUV1HAR02A07M16", "" },
                /* These two are not cut off. */
                { "EC200AELLAR01A05M16_TP", "EC200AELLAR01A05M16", "", "EC200AELLAR01A05M16" },
                { "MINI_V01", "MINI_V02", "", "MINI_V02" },
        };
        g_autofree char *ati = g_strdup_printf("Quectel\nEC200A\nRevision: %s", answers[_i].ati);
        g_autoptr(Identity) i = probe({ "ATI", OK, ati }, { "AT+GMR", OK, answers[_i].gmr },
                                      { "AT+QGMR", OK, answers[_i].qgmr });

        ck_assert_str_eq(i->revision, answers[_i].revision);
}
END_TEST

START_TEST(qgmr_alone_gives_the_build)
{
        g_autoptr(Identity) i = probe({ "AT+QGMR", OK, "EG800KEULCR07A07M04_01.300.01.300" });

        assert_identity(i, "", "", "", "EG800KEULCR07A07M04_01.300.01.300", "");
}
END_TEST

/* The answer to AT+QGMR alone, and the revision that follows from it and from the earlier one. */
static const struct {
        const char *build, *known_revision, *known_build, *revision, *build_after;
} builds[] = {
        { "A_1", "A", "A_1", "A", "A_1" }, /* the same build */
        { "A_1", "A", "A_2", "", "A_1" },  { "A_1", "A", "", "A", "A_1" },
        { "A", "A", "A_1", "A", "" }, /* the plain revision */
        { "A", "A", "", "A", "" },         { "B_1", "A", "A_1", "", "B_1" },
        { "AB_1", "A", "", "", "AB_1" },   { "A_1", "", "", "", "A_1" },
        { "", "A", "A_1", "", "" },
};

START_TEST(build_is_compared_with_the_build)
{
        g_autoptr(Identity) i = probe({ "AT+QGMR", OK, builds[_i].build });

        identity_take_known_build(i, builds[_i].known_revision, builds[_i].known_build);
        ck_assert_str_eq(i->revision, builds[_i].revision);
        ck_assert_str_eq(i->build, builds[_i].build_after);
}
END_TEST

/* A module has no revision only if it answered every question and reported none. */
START_TEST(unread_is_not_without_revision)
{
        static const Answer answers[] = {
                { "AT+CGSN", LATE, "" }, { "ATI", LATE, "" },     { "AT+GMR", LATE, "" },
                { "AT+CGMR", LATE, "" }, { "AT+QGMR", LATE, "" }, { "AT+QGMR", OK, "A_1" },
        };
        g_autoptr(IdentityProbe) p = identity_probe_new();
        uint64_t at;

        while (!identity_probe_done(p)) {
                bool hit = strcmp(identity_probe_next(p, 0, &at), answers[_i].command) == 0;

                identity_probe_answer(p, hit ? answers[_i].result : ERR, hit ? answers[_i].information : "", 0);
        }
        ck_assert(identity_probe_is_nameless(p) == (_i == 0));
}
END_TEST

static const struct {
        const char *before, *revision;
        bool fits;
} pairs[] = {
        { "EC600MCNLER06A08M08", "EC600MCNLER06A09M08", true },
        { "EC600MCNLER06A08M08", "EC600MCNLER07A01M08_OCPU", true },
        { "EC200AEUHAR01A02M16", "EC200AEUV1HAR02A07M16", true },
        { "EC600MCNLER06A08", "EC600MCNLER06A09", true },
        { "EC600MCNLER06A08M08", "MINI_V01.00", false },
        { "EC600MCNLER06A08M08", "EC600MCNLER06A0", false }, /* half a line */
        { "EC600MCNLER06A08M08", "EC600MCNLER06A09", false },
        { "EC600MCNLER06A08M08", "EC800MCNLER06A09M08", false },
        { "EC600MCNLER06A08M08", "EC600MCNLER06A09M04", false },
        { "EC200ACNHAR01A01M16", "UPDATER_V01", false },
        { "EC200ACNHAR01A01M16", "EC200ABOOT", false },
        { "EG18EAPAR01A08V05M4G", "EG18EAPAR01A09V05M4G", true },
        { "EG18EAPAR01A08V05M4G", "EG25GGBR07A08M2G", false },
        { "X", "X", true },
        { "", "EC600MCNLER06A09M08", true },
        { "", "MINI_V01.00", false },
};

START_TEST(revision_fits_the_one_before)
{
        ck_assert_msg(identity_fits(pairs[_i].before, pairs[_i].revision) == pairs[_i].fits, "%s", pairs[_i].revision);
}
END_TEST

/* ".00.000": the application processor is not up. The question is repeated 16 times, one second apart, then given
 * up. */
START_TEST(qgmr_not_ready_is_repeated)
{
        g_autoptr(Identity)
                i = probe(GMR_ANSWER, { "AT+QGMR", OK, "EC200AEUV1HAR02A07M16_01.001.00.000" }, CGSN_ANSWER);

        assert_identity(i, "", "", "EC200AEUV1HAR02A07M16", "", "860000000000001");
        ck_assert_uint_eq(asked_qgmr, 16);
        ck_assert_uint_eq(now_us, 1 + 15 * G_USEC_PER_SEC);
}
END_TEST

START_TEST(qgmr_ready_at_last)
{
        g_autoptr(IdentityProbe) p = identity_probe_new();
        g_autoptr(Identity) i = NULL;
        uint64_t at;
        unsigned asked = 0;

        now_us = 5;
        while (!identity_probe_done(p)) {
                const char *command = identity_probe_next(p, now_us, &at);

                if (!command) {
                        ck_assert_ptr_null(identity_probe_next(p, at - 1, &at));
                        now_us = at;
                } else if (strcmp(command, "AT+GMR") == 0)
                        identity_probe_answer(p, OK, "EC200AEUV1HAR02A07M16", now_us);
                else if (strcmp(command, "AT+QGMR") == 0)
                        identity_probe_answer(p, OK,
                                              ++asked < 3 ? "EC200AEUV1HAR02A07M16_01.001.00.000"
                                                          : "EC200AEUV1HAR02A07M16_01.001.02.003",
                                              now_us);
                else
                        identity_probe_answer(p, ERR, "", now_us);
        }
        i = identity_probe_steal(p);
        ck_assert_str_eq(i->build, "EC200AEUV1HAR02A07M16_01.001.02.003");
        ck_assert_uint_eq(now_us, 5 + 2 * G_USEC_PER_SEC);
}
END_TEST

START_TEST(values_with_names_and_quotes)
{
        g_autoptr(Identity) i = probe({ "AT+CGMI", OK, "+CGMI: \"Quectel\"" }, { "AT+CGMM", OK, "\"EC200A\"" },
                                      { "AT+GMR", OK, "+GMR: EC200AEUV1HAR02A07M16" },
                                      { "AT+QGMR", OK, "+QGMR: \"EC200AEUV1HAR02A07M16_01.300.01.300\"" },
                                      { "AT+CGSN", OK, "+CGSN: \"860000000000001\"" });

        assert_identity(i, "Quectel", "EC200A", "EC200AEUV1HAR02A07M16", "EC200AEUV1HAR02A07M16_01.300.01.300",
                        "860000000000001");
}
END_TEST

START_TEST(imei_must_be_fifteen_digits)
{
        static const char *const bad[] = {
                "",     "86000000000000",  "8600000000000011", "86000000000000A", "ABCDEF", "+CGSN: 86 000000000001",
                "\"\"", "860000000000001X"
        };

        for (size_t n = 0; n < G_N_ELEMENTS(bad); n++) {
                g_autoptr(Identity) i = probe(GMR_ANSWER, { "AT+CGSN", OK, bad[n] });

                ck_assert_str_eq(i->imei, "");
        }
}
END_TEST

START_TEST(distinct_imei_has_its_check_digit)
{
        ck_assert(identity_is_distinct_imei("867710050000013"));
        ck_assert(identity_is_distinct_imei("490154203237518")); /* the example of 3GPP TS 23.003 */
        for (char digit = '0'; digit <= '9'; digit++) {
                g_autofree char *imei = g_strdup_printf("86771005000001%c", digit);

                ck_assert_int_eq(identity_is_distinct_imei(imei), digit == '3');
        }
        ck_assert(!identity_is_distinct_imei("000000000000000"));
        ck_assert(!identity_is_distinct_imei(""));
        ck_assert(!identity_is_distinct_imei("86771005000001"));
        ck_assert(!identity_is_distinct_imei("86771005000001a"));
}
END_TEST

START_TEST(answers_that_failed_are_not_read)
{
        g_autoptr(Identity) i = probe({ "ATI", LATE, "Quectel\nEC200A\nRevision: X" },
                                      { "AT+CGSN", ERR, "860000000000001" }, { "AT+GMR", LATE, "X" });

        assert_identity(i, "", "", "", "", "");
}
END_TEST

START_TEST(only_printable_ascii_is_accepted)
{
        g_autofree char *long_text = g_strnfill(5000, 'x');
        g_autoptr(Identity) i = probe({ "AT+CGMI", OK, "\xc3\xa9" }, { "AT+CGMM", OK, long_text },
                                      { "AT+GMR", OK, "\xff\nEC200AEUV1HAR02A07M16" });

        assert_identity(i, "", "", "EC200AEUV1HAR02A07M16", "", "");
}
END_TEST

START_TEST(late_answer_after_the_end_changes_nothing)
{
        g_autoptr(IdentityProbe) p = identity_probe_new();
        uint64_t at;

        while (!identity_probe_done(p))
                identity_probe_answer(p, ERR, "", 0);
        identity_probe_answer(p, OK, "EC200AEUV1HAR02A07M16", 0);
        ck_assert(identity_probe_done(p));
        ck_assert_ptr_null(identity_probe_next(p, 0, &at));
        ck_assert_uint_eq(at, UINT64_MAX);
}
END_TEST

START_TEST(copies_are_whole)
{
        g_autoptr(Identity) i = probe(ATI_ANSWER, QGMR_ANSWER, CGSN_ANSWER);
        g_autoptr(Identity) copy = identity_copy(i);

        assert_identity(copy, i->manufacturer, i->model, i->revision, i->build, i->imei);
        ck_assert_ptr_ne(copy->imei, i->imei);
        identity_free(NULL);
        identity_probe_free(NULL);
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("identity");

        tcase_add_loop_test(t, revision_tells_flash_and_method, 0, (int)G_N_ELEMENTS(revisions));
        tcase_add_test(t, names_of_methods);
        tcase_add_test(t, same_firmware);
        tcase_add_loop_test(t, revision_fits_the_one_before, 0, (int)G_N_ELEMENTS(pairs));
        tcase_add_loop_test(t, build_is_compared_with_the_build, 0, (int)G_N_ELEMENTS(builds));
        tcase_add_loop_test(t, unread_is_not_without_revision, 0, 6);
        tcase_add_test(t, all_commands_answer);
        tcase_add_test(t, ati_alone);
        tcase_add_test(t, without_ati);
        tcase_add_test(t, cgmr_if_gmr_is_unknown);
        tcase_add_test(t, revision_behind_its_name);
        tcase_add_test(t, cgmr_if_gmr_is_unreadable);
        tcase_add_test(t, qgmr_with_the_plain_revision_only);
        tcase_add_test(t, qgmr_of_something_else_is_no_build);
        tcase_add_loop_test(t, revision_is_cut_off, 0, 6);
        tcase_add_test(t, qgmr_alone_gives_the_build);
        tcase_add_test(t, qgmr_not_ready_is_repeated);
        tcase_add_test(t, qgmr_ready_at_last);
        tcase_add_test(t, values_with_names_and_quotes);
        tcase_add_test(t, imei_must_be_fifteen_digits);
        tcase_add_test(t, distinct_imei_has_its_check_digit);
        tcase_add_test(t, answers_that_failed_are_not_read);
        tcase_add_test(t, only_printable_ascii_is_accepted);
        tcase_add_test(t, late_answer_after_the_end_changes_nothing);
        tcase_add_test(t, copies_are_whole);
        return testing_run(t, "identity");
}
