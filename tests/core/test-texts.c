/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The translation of sentences that the daemon has put together of several templates. The language of the test is
 * English in capitals, with the parts of each template in brackets. */

#include <stdbool.h>

#include "testing.h"
#include "texts.h"

/* As gettext() does: the same pointer if there is no translation. */
static const char *capitals(const char *text)
{
        g_autoptr(GString) s = g_string_new(NULL);
        bool known = strcmp(text, "it is pulled") == 0;

        for (size_t i = 0; texts[i] && !known; i++)
                known = strcmp(texts[i], text) == 0;
        if (!known)
                return text;
        for (const char *p = text; *p; p++) {
                if (*p == '%' && p[1] == '%')
                        g_string_append(s, "%%");
                else if (*p == '%')
                        g_string_append_printf(s, "[%%%c]", p[1]);
                else
                        g_string_append_c(s, g_ascii_toupper(*p));
                p += *p == '%';
        }
        return g_intern_string(s->str);
}

static const char *english(const char *text)
{
        return text;
}

static const struct {
        const char *sentence, *translation;
} cases[] = {
        { "", "" },
        { "no sentence of fotad", "no sentence of fotad" },
        { "no job holds the module", "NO JOB HOLDS THE MODULE" },
        /* a finding and its remedy, within a refusal */
        { "usb-1-1 is not ready: its AT port /dev/ttyUSB1 is held by chat (pid 42): stop that process; the port is "
          "opened once it is free",
          "[usb-1-1] IS NOT READY: [[ITS AT PORT [/dev/ttyUSB1] IS HELD [[BY [chat]] (PID [42])]]: [STOP THAT PROCESS; "
          "THE PORT IS OPENED ONCE IT IS FREE]]" },
        { "source: the URL may not hold a blank: write %20, or rename the package",
          "SOURCE: [[THE URL MAY NOT HOLD A BLANK]: [WRITE %20, OR RENAME THE PACKAGE]]" },
        /* the name of an option before its fault */
        { "cid must be 1 to 15", "cid MUST BE [][1] TO [15]" },
        { "update-urc-max must be 0 or 5 to 100", "update-urc-max MUST BE [0 OR ][5] TO [100]" },
        /* parts that only some sentences have */
        { "The module is in its Mini system and waits for http://h/x.mini_2, and cannot go back: publish that very "
          "file and restore the module's network, and it goes on by itself. It last reported HTTP code 714.",
          "THE MODULE IS IN ITS MINI SYSTEM AND WAITS FOR [http://h/x.mini_2][, AND CANNOT GO BACK]: PUBLISH THAT VERY "
          "FILE AND RESTORE THE MODULE'S NETWORK, AND IT GOES ON BY ITSELF[].[][ IT LAST REPORTED [[HTTP] CODE [714]].]" },
        /* a list */
        { "What was changed for it was not put back: AT+QIACT, AT+QICSGP (its values before could not be read).",
          "WHAT WAS CHANGED FOR IT WAS NOT PUT BACK: [[AT+QIACT], [AT+QICSGP (ITS VALUES BEFORE COULD NOT BE READ)]]." },
        /* a state, which is a single word */
        { "job 1 cannot be cancelled any more (updating): keep the module powered and wait for its result",
          "JOB [1] CANNOT BE CANCELLED ANY MORE ([UPDATING]): KEEP THE MODULE POWERED AND WAIT FOR ITS RESULT" },
        { "No progress was seen for 15 minutes. The module may be writing its flash: keep it powered.",
          "[NO PROGRESS WAS SEEN FOR [15] MINUTES.] THE MODULE MAY BE WRITING ITS FLASH: KEEP IT POWERED.[][]" },
        /* sentences one after the other */
        { "Unknown words. The module came back later, and runs EC200A.",
          "Unknown words. THE MODULE CAME BACK LATER, AND RUNS [EC200A]." },
        /* a text without a template that has a translation all the same */
        { "if that stays so, it is pulled", "IF THAT STAYS SO, [IT IS PULLED]" },
        /* numbers are numbers */
        { "x dBm (AT+CSQ: 10): a download may break off", "x dBm (AT+CSQ: 10): a download may break off" },
        { "-93 dBm (AT+CSQ: 10): a download may break off", "[-93] DBM (AT+CSQ: [10]): A DOWNLOAD MAY BREAK OFF" },
};

START_TEST(sentences)
{
        g_autofree char *is = texts_translate(cases[_i].sentence, capitals);
        g_autofree char *same = texts_translate(cases[_i].sentence, english);

        ck_assert_str_eq(is, cases[_i].translation);
        ck_assert_str_eq(same, cases[_i].sentence);
}
END_TEST

START_TEST(gaps)
{
        static const struct {
                const char *before, *after;
        } rows[] = {
                { "", "" },
                { "a b", "a b" },
                { "模块 a b 模块", "模块 a b 模块" },
                { "等待 其 .mini_1 升级包", "等待其 .mini_1 升级包" },
                { "校验。 Mini 系统", "校验。Mini 系统" },
                { "ttyUSB1 ，占用者", "ttyUSB1，占用者" },
                { "geantwortet , als", "geantwortet, als" },
                { "a ", "a " },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *is = texts_without_gaps(rows[i].before);
                ck_assert_str_eq(is, rows[i].after);
        }
}
END_TEST

/* A sentence that nothing limits is translated in a time that a person does not notice, however many ways there are to
 * take it apart: it ends. */
START_TEST(long_sentence)
{
        g_autoptr(GString) s = g_string_new("usb-1-1 is not ready: ");
        g_autofree char *is = NULL;

        for (unsigned i = 0; i < 60; i++)
                g_string_append(s, "its option a b: c (pid 7), d. It last reported e code 5. ");
        is = texts_translate(s->str, capitals);
        assert_has(is, "IS NOT READY");
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("texts");

        tcase_add_loop_test(t, sentences, 0, G_N_ELEMENTS(cases));
        tcase_add_test(t, gaps);
        tcase_add_test(t, long_sentence);
        return testing_run(t, "texts");
}
