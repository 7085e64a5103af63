/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Identifiers of every form are fed to the mask of recordings, and must not come out; and what a replay needs must come
 * out as it went in. */

#include <stdbool.h>
#include <time.h>

#include "core/quectel/identity.h"
#include "core/record/record-mask.h"
#include "testing.h"

#define IMEI  "867710050000013"
#define IMSI  "460001234567891"
#define ICCID "89860318740240012345"
#define EID   "89049032000000000000000000012345"
#define PHONE "13812345678"

static char *digits_of(const char *text)
{
        GString *digits = g_string_new(NULL);

        for (const char *p = text; *p; p++)
                if (g_ascii_isdigit(*p))
                        g_string_append_c(digits, *p);
        return g_string_free(digits, FALSE);
}

static void assert_hidden(const char *masked, const char *secret)
{
        g_autofree char *lower = g_ascii_strdown(masked, -1), *word = g_ascii_strdown(secret, -1);
        g_autofree char *digits = digits_of(masked), *number = digits_of(secret);

        assert_has_not(lower, word);
        if (strlen(number) >= 7)
                assert_has_not(digits, number);
}

/* Lines, with the command before them, and what must not be seen. */
static const struct {
        const char *sent, *received, *secret;
} lines[] = {
        /* IMEI, IMEISV */
        { "AT+CGSN", IMEI, IMEI },
        { "AT+CGSN", "  " IMEI "  ", IMEI },
        { "AT+CGSN=1", "+CGSN: \"" IMEI "\"", IMEI },
        { "AT+CGSN=1", "+CGSN: " IMEI, IMEI },
        { "AT+CGSN=2", "+CGSN: \"8677100500000123\"", "8677100500000123" },
        { "AT+CGSN=2", "8677100500000123", "050000012" },
        { "AT+GSN", "86771005000001", "0000001" },
        { "AT+GSN", "867710 05 000001 3", "867710 05 000001 3" },
        { "AT+GSN", "86-771005-000001-3", IMEI },
        { "AT+GSN", "86.771005.000001.3", IMEI },
        { "AT+GSN", "8677100", "8677100" },
        { "AT+EGMR=0,7", "+EGMR: \"" IMEI "\"", IMEI },
        { "AT", "IMEI" IMEI "X", IMEI },
        { "AT", "\x01garbage" IMEI, IMEI },
        { "AT", "+FOO: 1,(" IMEI "," IMEI ")", IMEI },
        { "AT+EGMR=1,7,\"" IMEI "\"", "AT+EGMR=1,7,\"" IMEI "\"", IMEI },
        /* IMSI, ICCID, EID */
        { "AT+CIMI", IMSI, IMSI },
        { "AT+CIMI", "+CIMI: " IMSI, IMSI },
        { "AT+CIMI", "4600012345", "4600012345" },
        { "AT+QCCID", "+QCCID: " ICCID, ICCID },
        { "AT+QCCID", "+QCCID: 898600220909A0206023", "898600220909A0206023" },
        { "AT+QCCID", "+QCCID: 8986001909F80260231F", "8986001909F80260231F" },
        { "AT+CCID", ICCID "F", ICCID },
        { "AT+CCID", "8986 0318 7402 4001 2345", ICCID },
        { "AT+CCID", "898600MFSSYYGXXXXXXP12345678", "898600MFSSYYGXXXXXXP12345678" },
        { "AT", "^ICCID: " ICCID, ICCID },
        { "AT+CRSM=176,28423,0,0,9", "+CRSM: 144,0,\"084906103254769819\"", "084906103254769819" },
        { "AT+CRSM=176,12258,0,0,10", "+CRSM: 144,0,98681330472004103254", "98681330472004103254" },
        { "AT+CSIM=14,\"A0A40000026F07\"", "+CSIM: 4,\"9F1A6F07\"", "9F1A6F07" },
        { "AT+QESIM=\"eid\"", "+QESIM: \"eid\",\"" EID "\"", EID },
        { "AT", EID, EID },
        /* numbers */
        { "AT+CNUM", "+CNUM: ,\"+86" PHONE "\",145", PHONE },
        { "AT+CNUM", "+CNUM: \"Own Number\",\"" PHONE "\",129", PHONE },
        { "AT+CNUM", "+CNUM: \"Own Number\",\"" PHONE "\",129", "Own Number" },
        { "AT+CNUM", "+CNUM: ," PHONE ",129", PHONE },
        { "AT+CPBR=1", "+CPBR: 1,\"10086\",129,\"Mary Major\"", "10086" },
        { "AT+CPBR=1", "+CPBR: 1,\"10086\",129,\"Mary Major\"", "Mary Major" },
        { "AT+CSCA?", "+CSCA: \"+8613800100500\",145", "13800100500" },
        { "AT", "+CLIP: \"+4915112345678\",145,,,,0", "15112345678" },
        { "AT", "call +491511234567", "491511234567" },
        { "AT", "call +4915112", "4915112" },
        { "AT", "call 1234567890", "1234567890" },
        { "AT+CUSD=1,\"*100#\"", "+CUSD: 0,\"Your balance is 12 EUR\",15", "balance" },
        { "AT", "call +49 151 1234567", "1511234567" },
        { "AT", "call +49-151-12345", "15112345" },
        { "AT", "call 0049-151-1234", "00491511234" },
        { "AT", "call 0151 12345678", "12345678" },
        { "AT+CNUM", "+CNUM: ,\"002B0034003900310035003100310032\",145", "0034003900310035" },
        { "AT+CNUM", "+CNUM: ,\"0030\",129", "\"0030\"" },
        { "AT", "+FOO: 002B003400390031", "003400390031" },
        { "AT", "+CCWA: \"+4915112345678\",145,1", "15112345678" },
        { "AT+CCFC=0,2", "+CCFC: 1,1,\"10086\",129", "10086" },
        { "AT", "+CSSU: 0,,\"10086\",129", "10086" },
        { "AT", "+CDS: 6,23,\"+4915112345678\",145", "15112345678" },
        { "AT+CUSD=1", "+CUSD: 0,hello; world 12,15", "world" },
        /* access points and their credentials */
        { "AT+CGDCONT?", "+CGDCONT: 1,\"IP\",\"corp.example.m2m\",\"0.0.0.0\",0,0", "corp.example" },
        { "AT+CGDCONT=1,\"IP\",\"corp.example.m2m\"", "OK", "corp.example" },
        { "AT+QICSGP=1", "+QICSGP: 1,\"corp.example\",\"gateway7\",\"s3cret\",2", "corp.example" },
        { "AT+QICSGP=1", "+QICSGP: 1,\"corp.example\",\"gateway7\",\"s3cret\",2", "gateway7" },
        { "AT+QICSGP=1", "+QICSGP: 1,\"corp.example\",\"gateway7\",\"s3cret\",2", "s3cret" },
        { "AT+QICSGP=1,1,\"corp.example\",\"gateway7\",\"s3cret\",1", "OK", "s3cret" },
        { "AT+QICSGP=1,1,\"corp.example\",\"gateway7\",\"s3cret\",1",
          "AT+QICSGP=1,1,\"corp.example\",\"gateway7\",\"s3cret\",1", "s3cret" },
        { "at+qicsgp=1,1,corp.example,gateway7,s3cret,1", "OK", "s3cret" },
        { "AT+QICSGP=1,1,\"a\",\"b\",\"12345\",1", "OK", "12345" },
        { "AT+QICSGP=1,1,\"a\",\"b\",\"s3cret", "OK", "s3cret" },
        { "AT", "xx\x02+QICSGP=1,1,\"a\",\"b\",\"s3cret\",1", "s3cret" },
        { "AT+CGAUTH=1,1,\"s3cret\",\"gateway7\"", "OK", "s3cret" },
        { "AT+CGAUTH?", "+CGAUTH: 1,1,s3cret,gateway7", "s3cret" },
        { "AT", "+QIND: \"FOTA\"+CGAUTH: 1,1,s3cret,gateway7", "gateway7" },
        { "AT$QCPDPP=1,1,\"s3cret\",\"gateway7\"", "OK", "s3cret" },
        { "AT+CMEE=1;+CGAUTH=1,1,\"s3cret\",\"gateway7\"", "OK", "s3cret" },
        { "AT+CGAUTH?", "+CGAUTH: 1,1,s3;cret7,gateway7", "cret7" },
        { "AT+CGAUTH=1,1,\"s3;cret7\",\"gateway7\"", "OK", "cret7" },
        { "AT+CGAUTH=1,1,s3;cret7;+CMEE=1", "OK", "cret7" },
        { "AT+CGAUTH?", "+CGAUTH: 1,1,\"s3;+cret7\",\"gateway7\"", "cret7" },
        { "AT+QHTTPCFG=\"auth\",\"gw:s3cret\"", "+QHTTPCFG: \"auth\",\"gw:s3cret\"", "s3cret" },
        { "AT+QMTCONN=0,\"id\",\"gw\",\"s3cret\"", "+QMTRECV: 0,0,\"place/gw\",\"text\"", "place/gw" },
        { "AT+QAPN=1", "+QAPN: corp.example", "corp.example" },
        { "AT+CPIN=\"4711\"", "OK", "4711" },
        { "AT+CPWD=\"SC\",\"4711\",\"1147\"", "OK", "1147" },
        { "AT+FOO=1", "+FOO: \"pass word\"", "pass word" },
        /* places and networks */
        { "AT+CEREG?", "+CEREG: 2,1,\"1A2B\",\"01ABCDEF\",7", "1A2B" },
        { "AT+CEREG?", "+CEREG: 2,1,\"1A2B\",\"01ABCDEF\",7", "01ABCDEF" },
        { "AT+CEREG?", "+CEREG: 2,1,1A2B,01ABCDEF,7", "01ABCDEF" },
        { "AT+COPS?", "+COPS: 0,0,\"CHINA MOBILE\",7", "CHINA MOBILE" },
        { "AT+COPS?", "+COPS: 0,2,\"46000\",7", "46000" },
        { "AT+QENG=\"servingcell\"", "+QENG: \"servingcell\",\"NOCONN\",\"LTE\",\"FDD\",460,00,1A2D003,158",
          "1A2D003" },
        { "AT+QIACT?", "+QIACT: 1,1,1,\"10.61.7.9\"", "10.61.7.9" },
        { "AT+CGPADDR=1", "+CGPADDR: 1,\"10.61.7.9\"", "10.61.7.9" },
        { "AT+CGPADDR=1", "+CGPADDR: 1,10.61.7.9", "10.61.7.9" },
        { "AT+CGPADDR=1", "+CGPADDR: 1,32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.9", "13.184" },
        { "AT+CGCONTRDP=1", "+CGCONTRDP: 1,5,\"corp.example\",\"10.61.7.9.255.0.0.0\",,\"10.61.0.1\"", "corp.example" },
        { "AT+CGCONTRDP=1", "+CGCONTRDP: 1,5,corp.example,10.61.7.9,255.0.0.0,10.61.0.1", "10.61.7.9" },
        { "AT+CGCONTRDP=1", "+CGCONTRDP: 1,5,\"a\",\"b\",\"c\",\"2001:db8::9\"", "db8" },
        { "AT", "+CGEV: NW PDN ACT 1, \"10.61.7.9\"", "10.61.7.9" },
        { "AT", "+QIURC: \"incoming\",1,0,\"10.61.7.9\",2020", "10.61.7.9" },
        { "AT+QISTATE?", "+QISTATE: 0,\"TCP\",\"10.61.7.9\",80,5,2,1,0,0,\"usbat\"", "10.61.7.9" },
        { "AT", "+CEREG: 5,\"1A2B\",\"01ABCDEF\",7", "1A2B" },
        { "AT", "+CREG: 1,\"1A2B\",\"01ABCDEF\",7", "01ABCDEF" },
        { "AT+QENG=\"servingcell\"", "+QENG: \"servingcell\",\"NOCONN\",\"LTE\",\"FDD\",262,07,1A2D003,158", "262" },
        { "AT+QENG=\"servingcell\"", "+QENG: \"servingcell\",\"NOCONN\",\"LTE\",\"FDD\",262,07,1A2D003,158", ",07," },
        { "AT+QENG=\"servingcell\"", "\"servingcell\",\"NOCONN\",\"LTE\",\"FDD\",262,07,1A2D003,158", "262" },
        { "AT+QENG=\"servingcell\"", "\"servingcell\",\"NOCONN\",\"LTE\",\"FDD\",262,07,1A2D003,158", ",07," },
        { "AT+QENG=\"neighbourcell\"", "+QENG: \"neighbourcell intra\",\"LTE\",38950,276,-3,-88", "38950" },
        { "AT+QCELL?", "+QCELL: \"servingcell\",\"LTE\",262,07,1A2D,0A0A0A", "1A2D" },
        { "AT", "+EEMLTESVC: 262, 7, 2, 4310, 158, 1850", "4310" },
        { "AT", "+EEMLTEINTRA: 0, 262, 7, 4310, 27447297", "27447297" },
        { "AT+QNWINFO", "+QNWINFO: \"FDD LTE\",\"26207\",\"LTE BAND 3\",1650", "26207" },
        { "AT+QGPSLOC=2", "+QGPSLOC: 061951.000,31.14150,117.11470,0.7", "31.14150" },
        { "AT+QGPSGNMEA=\"GGA\"", "+QGPSGNMEA: $GPGGA,061951.00,3114.1500,N,11711.4700,E,1,8", "3114" },
        { "AT", "$GPRMC,061951.00,A,3114.1500,N,11711.4700,E", "3114" },
        { "AT", "x$GNGGA,061951.00,3114.1500,N,11711.4700,E,1", "3114" },
        { "AT+QLBS", "+QLBS: 0,31.14150,117.11470", "31.14150" },
        { "AT+QCELLLOC", "+QCELLLOC: 117.11470,31.14150", "31.14150" },
        { "AT+QLTS", "+QLTS: \"2024/01/13,03:41:22+32,0\"", "+32" },
        { "AT", "+CTZV: \"+32\"", "+32" },
        /* short messages without their heads */
        { "AT", "0791947101670000040B914915113254F60000420110213000804", "4915113254" },
        /* URLs */
        { "AT+QFOTADL=\"http://h/p.bin?token=s3cret\",0,100", "OK", "s3cret" },
        { "AT+QFOTADL=\"ftp://gw:s3cret@h/p.bin\",0,100", "OK", "s3cret" },
        { "AT", "AT+QFOTADL=\"ftp://gw:s3cret@h/p.bin\",0", "s3cret" },
        { "AT", "garbage http://gw:s3cret@h/p.bin", "s3cret" },
};

START_TEST(no_identifier_comes_out)
{
        g_autoptr(RecordMask) mask = record_mask_new();
        g_autofree char *sent = record_mask_sent(mask, lines[_i].sent);
        g_autofree char *received = record_mask_received(mask, lines[_i].received);
        g_autofree char *both = g_strconcat(sent, "\n", received, NULL);

        assert_hidden(both, lines[_i].secret);
}
END_TEST

static const char *const harmless[] = {
        "OK",
        "ERROR",
        "RDY",
        "APP RDY",
        "+CME ERROR: 50",
        "+CFUN: 1",
        "+CPIN: READY",
        "+CPIN: SIM PIN",
        "+QUSIM: 1",
        "+QIND: SMS DONE",
        "+QIND: \"FOTA\",\"HTTPSTART\"",
        "+QIND: \"FOTA\",\" DOWNLOADING\",50",
        "+QIND: \"FOTA\",\"UPDATING\",100",
        "+QIND: \"FOTA\",\"END\",0",
        "+QIND: \"ABFOTA\",\"END\",552",
        "Quectel",
        "EC200A",
        "Revision: EC200AEUHAR01A02M16",
        "EC200AEUHAR01A02M16_01.001.01.001",
        "EG800KEULCR07A07M04_01.300.01.300",
        "SubEdition: V01",
        "+CSQ: 24,99",
        "+CREG: 0,1",
        "+CEREG: 0,5",
        "+CMGF: 0",
        "+IFC: 2,2",
        "+CMEE: 1",
        "+QFLDS: 8388608,10485760",
        "+QURCCFG: \"urcport\",\"usbat\"",
        "+QCFG: \"fota/cid\",1",
        "+QCFG: \"usbifc\",2,2",
        "+QINDCFG: \"all\",1",
        "+QFOTADL: <url>,(0,1),(0,5-100),(0,5-100)",
        "+CGDCONT: (1-15),\"IP\",,,(0-3),(0-4)",
        "+QNETDEVCTL: 1,1,0,1",
        "+CPMS: \"ME\",0,180,\"ME\",0,180,\"ME\",0,180",
        "AT+QICSGP",
        "AT+CGSN=?",
        "+QFUPL: 500000,3a7f",
        "^boot.rom'v'!",
        "000000000000000",
        "AT+QFOTADL=\"http://192.0.2.7/EC200AEUHAR01A02-A03.bin\",0,100,100",
        "AT+QFOTADL=\"FILE:4900000\",0",
        "ATQ0V1E0",
        "+CTZU: 1",
        "+CGATT: 1",
        "2024-01-13 03:41",
};

START_TEST(harmless_lines_stay)
{
        g_autoptr(RecordMask) mask = record_mask_new();
        g_autofree char *sent = record_mask_sent(mask, harmless[_i]);
        g_autofree char *received = record_mask_received(mask, harmless[_i]);

        ck_assert_str_eq(sent, harmless[_i]);
        ck_assert_str_eq(received, harmless[_i]);
}
END_TEST

static void send_command(RecordMask *mask, const char *line)
{
        g_free(record_mask_sent(mask, line));
}

static void assert_received(RecordMask *mask, const char *line, const char *expected)
{
        g_autofree char *masked = record_mask_received(mask, line);

        ck_assert_str_eq(masked, expected);
}

START_TEST(imeis_keep_their_form)
{
        g_autoptr(RecordMask) mask = record_mask_new();

        assert_received(mask, IMEI, "867710059900015");
        ck_assert(identity_is_distinct_imei("867710059900015"));
        assert_received(mask, "+CGSN: \"" IMEI "\"", "+CGSN: \"867710059900015\"");
        assert_received(mask, "8677100500000123", "8677100599000123"); /* IMEISV: the software version stays */
        assert_received(mask, "86771005000001", "86771005990001");
        assert_received(mask, "86 771005 000001 3", "86 771005 990001 5");
        assert_received(mask, "867710050000021", "867710059900023"); /* another module */
        assert_received(mask, IMEI, "867710059900015");
}
END_TEST

START_TEST(an_imeisv_first_is_the_same_module)
{
        g_autoptr(RecordMask) mask = record_mask_new();

        assert_received(mask, "8677100500000123", "8677100599000123");
        assert_received(mask, IMEI, "867710059900015");
}
END_TEST

/* The same digits were hidden as a word before, as a password of digits is. */
START_TEST(digits_that_were_hidden_as_a_word)
{
        g_autoptr(RecordMask) mask = record_mask_new();
        g_autofree char *serial = record_mask_serial(mask, "86771005000001"), *text = NULL;

        ck_assert_uint_eq(strlen(serial), 14);
        record_mask_add(mask, ICCID);
        text = record_mask_text(mask, "id " ICCID " rest");
        ck_assert(g_str_has_suffix(text, " rest"));
        assert_received(mask, "+QCCID: " ICCID, "+QCCID: 89000000000000000012");
        assert_received(mask, "867710050000013", "867710059900015");
}
END_TEST

/* Some modules have their IMEI as the serial number of their USB device. */
START_TEST(a_serial_number_is_the_imei)
{
        g_autoptr(RecordMask) mask = record_mask_new();
        g_autofree char *serial = record_mask_serial(mask, "867710050000013");

        assert_received(mask, "867710050000013", serial);
        ck_assert_uint_eq(strlen(serial), 15);
}
END_TEST

START_TEST(a_stand_in_is_no_original)
{
        g_autoptr(RecordMask) mask = record_mask_new();

        assert_received(mask, "867710059900015", "867710059900023");
}
END_TEST

START_TEST(others_keep_their_form)
{
        g_autoptr(RecordMask) mask = record_mask_new();

        assert_received(mask, IMSI, "001010000000001");
        ck_assert(!identity_is_distinct_imei("001010000000001"));
        assert_received(mask, "+QCCID: " ICCID, "+QCCID: 89000000000000000012");
        assert_received(mask, "+CNUM: ,\"+86" PHONE "\",145", "+CNUM: ,\"+0000000000001\",145");
        assert_received(mask, "+CGDCONT: 1,\"IP\",\"corp\",\"0.0.0.0\",0,0",
                        "+CGDCONT: 1,\"IP\",\"hidden-1\",\"0.0.0.0\",0,0");
        assert_received(mask, "+QICSGP: 1,\"corp\",\"user\",\"pw\",1",
                        "+QICSGP: 1,\"hidden-1\",\"hidden-2\",\"hidden-3\",1");
        assert_received(mask, "+CEREG: 2,1,\"1A2B\",\"01ABCDEF\",7", "+CEREG: 2,1,\"hidden-4\",\"hidden-5\",7");
}
END_TEST

START_TEST(masked_twice_is_masked_once)
{
        g_autoptr(RecordMask) mask = record_mask_new();

        for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
                g_autofree char *once = record_mask_received(mask, lines[i].received);
                g_autofree char *twice = record_mask_received(mask, once);

                ck_assert_str_eq(once, twice);
                assert_received(mask, "OK", "OK");
        }
}
END_TEST

START_TEST(short_messages_lose_their_text)
{
        g_autoptr(RecordMask) mask = record_mask_new();

        assert_received(mask, "+CMT: \"+491511234567\",,\"24/01/01,12:00:00+04\"",
                        "+CMT: \"+000000000001\",,\"hidden-1\"");
        assert_received(mask, "Your PIN is 4711", "(text)");
        assert_received(mask, "and a second line", "(text)");
        assert_received(mask, "RDY", "RDY");
        assert_received(mask, "APP RDY", "APP RDY");
        assert_received(mask, "POWER DOWN", "POWER DOWN");
        assert_received(mask, "NORMAL POWER DOWN", "NORMAL POWER DOWN");
        assert_received(mask, "a third one", "(text)");
        assert_received(mask, "+QIND: \"FOTA\",\"UPDATING\",7", "+QIND: \"FOTA\",\"UPDATING\",7");
        assert_received(mask, "RDY", "RDY");
        send_command(mask, "AT+CMGR=1");
        assert_received(mask, "+CMGR: \"REC READ\",\"10086\",,\"24/01/01\"",
                        "+CMGR: \"hidden-2\",\"00002\",,\"hidden-3\"");
        assert_received(mask, "secret", "(text)");
        assert_received(mask, "OK", "OK");
        assert_received(mask, "RDY", "RDY");
}
END_TEST

/* The last command before a restart asked for something private. */
START_TEST(words_behind_a_private_question_stay)
{
        g_autoptr(RecordMask) mask = record_mask_new();

        send_command(mask, "AT+CIMI");
        assert_received(mask, "RDY", "RDY");
        assert_received(mask, "+CME ERROR: 10", "+CME ERROR: 10");
        assert_received(mask, "EC200A 12", "EC200A 12");
}
END_TEST

START_TEST(secrets_that_are_known)
{
        g_autoptr(RecordMask) mask = record_mask_new();
        g_autofree char *text = NULL, *other = NULL;

        record_mask_add(mask, "internet");
        record_mask_add(mask, "internet.example");
        record_mask_add(mask, "ab"); /* too short */
        record_mask_add(mask, NULL);
        record_mask_add(mask, "100"); /* a percentage, too */
        record_mask_add(mask, "internet");
        text = record_mask_text(mask, "by uid 0: apn=internet.example, table, internet, 100");
        ck_assert_str_eq(text, "by uid 0: apn=hidden-2, table, hidden-1, 100");
        other = record_mask_text(mask, "source ftp://me:pw@h/" IMEI ".bin?a=b");
        ck_assert_str_eq(other, "source ftp://me:***@h/867710059900015.bin?a=***");
}
END_TEST

START_TEST(serial_numbers)
{
        g_autoptr(RecordMask) mask = record_mask_new();
        g_autofree char *common = record_mask_serial(mask, "0000"), *own = record_mask_serial(mask, "a1b2c3d4");
        g_autofree char *again = record_mask_serial(mask, "a1b2c3d4"),
                        *boot = record_mask_serial(mask, "arom0123456789");

        ck_assert_str_eq(common, "0000");
        ck_assert_str_eq(own, "hidden-1");
        ck_assert_str_eq(again, "hidden-1");
        ck_assert_str_eq(boot, "arom0123456789");
}
END_TEST

/* A text between quotes has several lines; the values behind it are private, too. */
START_TEST(private_texts_have_several_lines)
{
        g_autoptr(RecordMask) mask = record_mask_new();

        assert_received(mask, "+CUSD: 0,\"Your balance", "+CUSD: 0,\"hidden-1");
        assert_received(mask, "is 12 EUR; call", "(text)");
        assert_received(mask, "+49 151 for Mary", "(text)");
        assert_received(mask, "+QIND: \"FOTA\",\"END\",0", "+QIND: \"FOTA\",\"END\",0");
        assert_received(mask, "Mary\",15,Major", "(text)\",15,hidden-2");
        assert_received(mask, "EC200A", "EC200A");
        assert_received(mask, "+FOO: \"pass", "+FOO: \"hidden-3");
        assert_received(mask, "word", "(text)");
        assert_received(mask, "OK", "OK");
        assert_received(mask, "EC200A", "EC200A");
        assert_received(mask, "+FOO: \"pass", "+FOO: \"hidden-3");
        send_command(mask, "ATI");
        assert_received(mask, "EC200A", "EC200A");
        assert_received(mask, "+QENG: \"serving", "+QENG: \"hidden-4");
        assert_received(mask, "cell\",262,7", "(text)\",hidden-5,7"); /* a place's */
        assert_received(mask, "+QIND: \"FOTA\",\"DOWN", "+QIND: \"FOTA\",\"DOWN");
        assert_received(mask, "EC200A", "EC200A");
}
END_TEST

/* Lines of the module stand in the middle of an echo. */
START_TEST(secrets_that_are_cut)
{
        g_autoptr(RecordMask) mask = record_mask_new();

        record_mask_add(mask, "gateway7");
        record_mask_add(mask, "s3cret-word");
        assert_received(mask, "AT+QFOTADL=\"http://gatew", "AT+QFOTADL=\"http://(text)");
        assert_received(mask, "RDY", "RDY");
        assert_received(mask, "ay7:s3cre", "(text):(text)");
        assert_received(mask, "+CREG: 1", "+CREG: 1");
        assert_received(mask, "t-", "(text)");
        assert_received(mask, "word@192.0.2.7/p.bin\",0", "(text)@192.0.2.7/p.bin\"hidden-3");
        assert_received(mask, "word", "word");
        assert_received(mask, "of gateway7", "of hidden-1");
        assert_received(mask, "of gatew", "of (text)");
        send_command(mask, "AT");
        assert_received(mask, "ay7", "ay7");
}
END_TEST

/* A mask that goes on with the text of another one. */
START_TEST(stand_ins_are_given_once)
{
        g_autoptr(RecordMask) first = record_mask_new(), second = record_mask_new();
        g_autoptr(GString) text = g_string_new(NULL);
        static const char *const before[] = {
                IMEI, IMSI, "+QCCID: " ICCID, "+CNUM: ,\"+86" PHONE "\",145", "86 771005 000002 1", "+CSPN: \"corp\""
        };
        static const char *const after[] = { "867710050000039", "460001234567800", "+QCCID: 89860318740240054321",
                                             "+CNUM: ,\"+8613800000000\",145", "+CSPN: \"other\"" };

        for (size_t i = 0; i < G_N_ELEMENTS(before); i++) {
                g_autofree char *masked = record_mask_received(first, before[i]);

                g_string_append_printf(text, "%s\n", masked);
        }
        g_free(record_mask_text(second, IMEI)); /* the job's */
        record_mask_skip(second, text->str);
        for (size_t i = 0; i < G_N_ELEMENTS(after); i++) {
                g_autofree char *masked = record_mask_received(second, after[i]);

                ck_assert_msg(!strstr(text->str, masked), "%s", masked);
        }
        assert_received(second, IMEI, "867710059900015");
        assert_received(second, "867710050000047", "867710059900049");
}
END_TEST

/* Those of many masks in a row are bounded as those of one mask are. */
START_TEST(all_stand_ins_are_given)
{
        g_autoptr(RecordMask) mask = record_mask_new();

        record_mask_skip(mask, "86771005994096 hidden-4096 hidden-99999999999999999999 0000004096");
        assert_received(mask, "867710050000021", "000000000000000");
        assert_received(mask, PHONE, "00000000000");
        assert_received(mask, "+CSPN: \"corp\"", "+CSPN: \"hidden\"");
}
END_TEST

static gint64 cost_of(const char *part, unsigned n)
{
        gint64 least = G_MAXINT64;
        g_autoptr(GString) line = g_string_new(NULL);

        while (n-- > 0)
                g_string_append(line, part);
        for (unsigned i = 0; i < 5; i++) {
                g_autoptr(RecordMask) mask = record_mask_new();
                struct timespec begin, end;

                clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
                g_free(record_mask_received(mask, line->str));
                clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
                least = MIN(least, (end.tv_sec - begin.tv_sec) * 1000000000LL + end.tv_nsec - begin.tv_nsec);
        }
        return least;
}

/* Lines that a module may send on purpose: a line of eight times the length costs not much more than eight times as
 * much. */
START_TEST(the_cost_grows_with_the_length)
{
        static const char *const parts[] = { "+CEREG", "+CEREG:;", "+CEREG:;+", "1 2-3.", "http://",
                                             "\"",     "\"+",      "+",         ",1A",    "a+QCFG:\"" };
        gint64 one = cost_of(parts[_i], 2000), eight = cost_of(parts[_i], 16000);

        ck_assert_msg(eight < 24 * one, "%s: %lld ns, then %lld ns", parts[_i], (long long)one, (long long)eight);
}
END_TEST

/* A module that sends ever new numbers neither fills the memory nor gets one through. */
START_TEST(numbers_without_end)
{
        g_autoptr(RecordMask) mask = record_mask_new();

        for (unsigned i = 0; i < 20000; i++) {
                g_autofree char *line = g_strdup_printf("4%011u", 500000000 + i),
                                *masked = record_mask_received(mask, line);

                assert_has_not(masked, line);
                ck_assert_uint_eq(strlen(masked), strlen(line));
                if (i > 10000) /* it keeps no more originals */
                        ck_assert_str_eq(masked, "000000000000");
        }
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("record-mask");

        tcase_add_loop_test(t, no_identifier_comes_out, 0, G_N_ELEMENTS(lines));
        tcase_add_loop_test(t, harmless_lines_stay, 0, G_N_ELEMENTS(harmless));
        tcase_add_test(t, imeis_keep_their_form);
        tcase_add_test(t, an_imeisv_first_is_the_same_module);
        tcase_add_test(t, digits_that_were_hidden_as_a_word);
        tcase_add_test(t, a_serial_number_is_the_imei);
        tcase_add_test(t, a_stand_in_is_no_original);
        tcase_add_test(t, others_keep_their_form);
        tcase_add_test(t, masked_twice_is_masked_once);
        tcase_add_test(t, short_messages_lose_their_text);
        tcase_add_test(t, words_behind_a_private_question_stay);
        tcase_add_test(t, secrets_that_are_known);
        tcase_add_test(t, private_texts_have_several_lines);
        tcase_add_test(t, secrets_that_are_cut);
        tcase_add_test(t, stand_ins_are_given_once);
        tcase_add_test(t, all_stand_ins_are_given);
        tcase_add_loop_test(t, the_cost_grows_with_the_length, 0, 10);
        tcase_add_test(t, serial_numbers);
        tcase_add_test(t, numbers_without_end);
        return testing_run(t, "record-mask");
}
