/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Parsing and formatting of the vendor's syntax: every URC of the guide and of the captures, AT+QFOTADL exactly as in
 * the guide's examples, and progress out of an index or a percentage. */

#include "core/quectel/qfota.h"
#include "testing.h"

#define D CODE_DOMAIN_NONE

static const struct {
        const char *line;
        QfotaUrcType type;
        CodeDomain domain;
        int value;
} urcs[] = {
        /* guide 3.3.1.1 to 3.3.1.3 */
        { "+QIND: \"FOTA\",\"FTPSTART\"", QFOTA_URC_DOWNLOAD_START, CODE_DOMAIN_FTP, 0 },
        { "+QIND: \"FOTA\",\"HTTPSTART\"", QFOTA_URC_DOWNLOAD_START, CODE_DOMAIN_HTTP, 0 },
        { "+QIND: \"FOTA\",\"FILESTART\"", QFOTA_URC_DOWNLOAD_START, CODE_DOMAIN_FILE, 0 },
        { "+QIND: \"FOTA\",\"DOWNLOADING\",1", QFOTA_URC_DOWNLOADING, D, 1 },
        { "+QIND: \"FOTA\",\" DOWNLOADING\",50", QFOTA_URC_DOWNLOADING, D, 50 },
        { "+QIND: \"FOTA\",\"FTPEND\",0", QFOTA_URC_DOWNLOAD_END, CODE_DOMAIN_FTP, 0 },
        { "+QIND: \"FOTA\",\"FTPEND\",611", QFOTA_URC_DOWNLOAD_END, CODE_DOMAIN_FTP, 611 },
        { "+QIND: \"FOTA\",\"HTTPEND\",0", QFOTA_URC_DOWNLOAD_END, CODE_DOMAIN_HTTP, 0 },
        { "+QIND: \"FOTA\",\"HTTPEND\",702", QFOTA_URC_DOWNLOAD_END, CODE_DOMAIN_HTTP, 702 },
        { "+QIND: \"FOTA\",\"FILEEND\",500", QFOTA_URC_DOWNLOAD_END, CODE_DOMAIN_FILE, 500 },
        { "+QIND: \"FOTA\",\"START\"", QFOTA_URC_START, D, 0 },
        { "+QIND: \"FOTA\",\"UPDATING\",100", QFOTA_URC_UPDATING, D, 100 },
        { "+QIND: \"FOTA\",\"END\",0", QFOTA_URC_END, D, 0 },
        { "+QIND: \"FOTA\",\"END\",504", QFOTA_URC_END, D, 504 },
        /* field facts 2.4 */
        { "+QIND: \"FOTA\",\"HTTPSSTART\"", QFOTA_URC_DOWNLOAD_START, CODE_DOMAIN_HTTP, 0 },
        { "+QIND: \"FOTA\",\"HTTPSEND\",0", QFOTA_URC_DOWNLOAD_END, CODE_DOMAIN_HTTP, 0 },
        { "+QIND: \"FOTA\",\"HTTP START\"", QFOTA_URC_DOWNLOAD_START, CODE_DOMAIN_HTTP, 0 },
        { "+QIND: \"FOTA\",\"HTTP END\",701", QFOTA_URC_DOWNLOAD_END, CODE_DOMAIN_HTTP, 701 },
        { "+QIND: \"FOTA\",\"DOWNLOAD START\"", QFOTA_URC_DOWNLOAD_START, D, 0 },
        { "+QIND: \"FOTA\",\"DOWNLOAD\",0", QFOTA_URC_DOWNLOAD_END, D, 0 },
        { "+QIND: \"FOTA\",\"DOWNLOAD\",12", QFOTA_URC_DOWNLOAD_END, D, 12 },
        { "+QIND: \"FOTA\",\"RESTORE\",1%", QFOTA_URC_OTHER, D, 1 },
        { "+QIND: \"FOTA\",\"UPDATING\", 1%", QFOTA_URC_UPDATING, D, 1 },
        { "+QIND: \"FOTA\",\"UPDATING\",7 %", QFOTA_URC_UPDATING, D, 7 },
        { "+QIND: \"FOTA\",\"HTTPEND\",-1", QFOTA_URC_DOWNLOAD_END, CODE_DOMAIN_HTTP, -1 },
        { "+QIND: \"FOTA\",\"Last upgrade was not finished,continue upgrade\"", QFOTA_URC_START, D, 0 },
        /* blanks and quotes */
        { "+QIND:\"FOTA\",\"END\",0", QFOTA_URC_END, D, 0 },
        { "+QIND:   \" FOTA \" , \" END \" , \" 0 \"", QFOTA_URC_END, D, 0 },
        { "+QIND: FOTA,END,0", QFOTA_URC_END, D, 0 },
        /* about an upgrade, but unknown or cut short */
        { "+QIND: \"FOTA\"", QFOTA_URC_OTHER, D, 0 },
        { "+QIND: \"FOTA\",", QFOTA_URC_OTHER, D, 0 },
        { "+QIND: \"FOTA\",\"END\"", QFOTA_URC_OTHER, D, 0 },
        { "+QIND: \"FOTA\",\"END\",", QFOTA_URC_OTHER, D, 0 },
        { "+QIND: \"FOTA\",\"END\",x", QFOTA_URC_OTHER, D, 0 },
        { "+QIND: \"FOTA\",\"END\",0x", QFOTA_URC_OTHER, D, 0 },
        { "+QIND: \"FOTA\",\"HTTPEND\"", QFOTA_URC_OTHER, D, 0 },
        { "+QIND: \"FOTA\",\"UPDATING\",99999999999999999999", QFOTA_URC_OTHER, D, 0 },
        { "+QIND: \"FOTA\",\"UPDAT", QFOTA_URC_OTHER, D, 0 },
        { "+QIND: \"FOTA\",\"BACKEND\",0", QFOTA_URC_OTHER, D, 0 },
        { "+QIND: \"FOTA\",\"RESTART\"", QFOTA_URC_OTHER, D, 0 },
};

START_TEST(urcs_are_read)
{
        QfotaUrc urc = { 0 };

        ck_assert_msg(qfota_parse_urc(urcs[_i].line, &urc), "%s", urcs[_i].line);
        ck_assert_msg(urc.type == urcs[_i].type, "%s is of type %d", urcs[_i].line, (int)urc.type);
        ck_assert_int_eq(urc.domain, urcs[_i].domain);
        if (urc.type != QFOTA_URC_OTHER)
                ck_assert_int_eq(urc.value, urcs[_i].value);
}
END_TEST

START_TEST(other_lines_are_not_about_an_upgrade)
{
        static const char *const lines[] = { "",
                                             "OK",
                                             "+QIND: SMS DONE",
                                             "+QIND: PB DONE",
                                             "+QIND: \"ABFOTA\",\"END\",0",
                                             "+QIND: \"FOTA2\",\"END\",0",
                                             "+QIND:",
                                             "+QIND: ",
                                             "+QIND",
                                             "QIND: \"FOTA\"",
                                             " +QIND: \"FOTA\",\"END\",0",
                                             "+QIND: \"fota\",\"END\",0",
                                             "+CFUN: 1" };
        QfotaUrc urc = { .type = QFOTA_URC_END, .value = 77 };

        for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
                ck_assert_msg(!qfota_parse_urc(lines[i], &urc), "%s", lines[i]);
        ck_assert_int_eq(urc.value, 77);
}
END_TEST

/* A truncated URC never becomes another URC that ends or fails an upgrade. */
START_TEST(a_cut_urc_ends_nothing)
{
        const char *line = urcs[_i].line;

        for (size_t n = 0; n < strlen(line); n++) {
                g_autofree char *cut = g_strndup(line, n);
                QfotaUrc urc;

                if (!qfota_parse_urc(cut, &urc))
                        continue;
                if (urcs[_i].type != QFOTA_URC_OTHER &&
                    (urc.type == QFOTA_URC_END || urc.type == QFOTA_URC_DOWNLOAD_END))
                        ck_assert_msg(urcs[_i].type == urc.type, "%s", cut);
        }
}
END_TEST

START_TEST(command_as_in_the_guide)
{
        static const struct {
                const char *url;
                int mode, download, update;
                const char *command;
        } cases[] = {
                { "FTP://test:test@192.0.2.2:21/EC200ACNHAR01A02M16.bin", 1, 50, -1,
                  "AT+QFOTADL=\"FTP://test:test@192.0.2.2:21/EC200ACNHAR01A02M16.bin\",1,50" },
                { "http://www.example.com:100/EC200ACNHAR01A02M16.bin", 1, 50, -1,
                  "AT+QFOTADL=\"http://www.example.com:100/EC200ACNHAR01A02M16.bin\",1,50" },
                { "FILE:4884688", 1, 50, -1, "AT+QFOTADL=\"FILE:4884688\",1,50" },
                { "http://h/x", -1, -1, -1, "AT+QFOTADL=\"http://h/x\"" },
                { "http://h/x", 0, -1, -1, "AT+QFOTADL=\"http://h/x\",0" },
                { "http://h/x", -1, 5, -1, "AT+QFOTADL=\"http://h/x\",1,5" },
                { "http://h/x", 0, 0, 0, "AT+QFOTADL=\"http://h/x\",0,0,0" },
                { "http://h/x", -1, -1, 10, "AT+QFOTADL=\"http://h/x\",1,100,10" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *command = qfota_build_command(cases[i].url, cases[i].mode, cases[i].download,
                                                               cases[i].update);

                ck_assert_str_eq(command, cases[i].command);
        }
}
END_TEST

START_TEST(index_out_of_the_maximum)
{
        bool percentage = false;

        ck_assert_uint_eq(qfota_download_percent(1, 50, &percentage), 2);
        ck_assert_uint_eq(qfota_download_percent(25, 50, &percentage), 50);
        ck_assert_uint_eq(qfota_download_percent(50, 50, &percentage), 100);
        ck_assert_uint_eq(qfota_download_percent(5, 5, &percentage), 100);
        ck_assert_uint_eq(qfota_download_percent(100, 100, &percentage), 100);
        ck_assert_uint_eq(qfota_download_percent(0, 50, &percentage), 0);
        ck_assert_uint_eq(qfota_download_percent(-3, 50, &percentage), 0);
        ck_assert(!percentage);
}
END_TEST

/* Field facts 0: EC200U reports 2, 4, ... 100 although 50 was requested. */
START_TEST(value_over_the_maximum_is_a_percentage)
{
        bool percentage = false;

        ck_assert_uint_eq(qfota_download_percent(52, 50, &percentage), 52);
        ck_assert(percentage);
        ck_assert_uint_eq(qfota_download_percent(40, 50, &percentage), 40);
        ck_assert_uint_eq(qfota_download_percent(100, 50, &percentage), 100);
        ck_assert_uint_eq(qfota_download_percent(99999, 50, &percentage), 100);
        percentage = false;
        ck_assert_uint_eq(qfota_download_percent(30, 0, &percentage), 30);
        percentage = false;
        ck_assert_uint_eq(qfota_download_percent(0, 0, &percentage), 0);
}
END_TEST

START_TEST(settings_are_read)
{
        static const struct {
                const char *information, *prefix, *name, *value;
        } cases[] = {
                { "+QURCCFG: \"urcport\",\"usbat\"", "+QURCCFG:", "urcport", "usbat" },
                { "+QCFG: \"usbifc\",2,2", "+QCFG:", "usbifc", "2" },
                { "noise\n+QCFG: \"other\",7\n+QCFG: \"fota/cid\",1", "+QCFG:", "fota/cid", "1" },
                { "+QCFG:\"fota/cid\" , 1 ", "+QCFG:", "fota/cid", "1" },
                { "+QCFG: \"fota/cid\"", "+QCFG:", "fota/cid", NULL },
                { "+QCFG: \"fota/cid\",", "+QCFG:", "fota/cid", "" },
                { "+QURCCFG: \"urcport\",\"usbmo", "+QURCCFG:", "urcport", NULL }, /* cut off */
                { "", "+QCFG:", "fota/cid", NULL },
                { "+QCFGX: \"fota/cid\",1", "+QCFG:", "fota/cid", NULL },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *value = qfota_parse_setting(cases[i].information, cases[i].prefix, cases[i].name);

                ck_assert_msg(g_strcmp0(value, cases[i].value) == 0, "%s is %s", cases[i].information, value);
        }
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("qfota");

        tcase_add_loop_test(t, urcs_are_read, 0, (int)G_N_ELEMENTS(urcs));
        tcase_add_test(t, other_lines_are_not_about_an_upgrade);
        tcase_add_loop_test(t, a_cut_urc_ends_nothing, 0, (int)G_N_ELEMENTS(urcs));
        tcase_add_test(t, command_as_in_the_guide);
        tcase_add_test(t, index_out_of_the_maximum);
        tcase_add_test(t, value_over_the_maximum_is_a_percentage);
        tcase_add_test(t, settings_are_read);
        return testing_run(t, "qfota");
}
