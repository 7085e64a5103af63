/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The text of recordings: what the writer writes the parser reads, neither grows beyond its bound, and what is no
 * recording is refused by its line. */

#include <stdbool.h>

#include "core/record/recording.h"
#include "testing.h"

#define HEAD                                                                                                           \
        "fotad-recording 1\n"                                                                                          \
        "# IMEI, IMSI, ICCID, serial and phone numbers, names of networks and access points, places,\n"                \
        "# credentials and messages are replaced by stand-ins; fotad's doc/recordings.md tells more.\n"
#define MS 1000

static Recording *parse(const char *text)
{
        g_autofree char *why = NULL;
        Recording *r = recording_parse(text, strlen(text), &why);

        ck_assert_msg(r, "%s\n%s", why, text);
        return r;
}

static const RecordingEvent *event_at(const Recording *r, unsigned i)
{
        ck_assert_uint_lt(i, r->events->len);
        return g_ptr_array_index(r->events, i);
}

START_TEST(as_text)
{
        g_autoptr(RecordingWriter) w = recording_writer_new("survey", 65536);
        g_autofree char *quoted = NULL, *device = NULL, *written = NULL;
        static const char bytes[] = "AT+CGSN\r\r\n867710050000013\r\n\r\nOK\r\n\x01\\\xff\r\nha";

        recording_writer_head(w, "fotad", "0.2.0");
        recording_writer_head(w, "kernel", "6.1.0");
        quoted = recording_writer_quote(w, "An \"Android\"");
        device = g_strdup_printf("2c7c:6005 manufacturer=%s", quoted);
        recording_writer_add(w, 5000 * MS, RECORDING_DEVICE, device);
        recording_writer_add(w, 5001 * MS, RECORDING_TTY, "ttyUSB1 interface=3");
        recording_writer_add(w, 5002 * MS, RECORDING_OPEN, "ttyUSB1");
        recording_writer_add(w, 5100 * MS, RECORDING_SENT, "AT+CGSN");
        recording_writer_feed(w, 5101 * MS, bytes, sizeof(bytes) - 1);
        recording_writer_add(w, 5050 * MS, RECORDING_NOTE, "decision no clock goes back");
        recording_writer_flush(w, 7200 * MS);
        recording_writer_add(w, 7200 * MS, RECORDING_CLOSE, "");
        recording_writer_flush(w, 7201 * MS); /* nothing is left */
        written = recording_writer_text(w);
        ck_assert_str_eq(written, HEAD "kind: survey\nfotad: 0.2.0\nkernel: 6.1.0\n\n"
                                       "0.000 device 2c7c:6005 manufacturer=\"An 'Android'\"\n"
                                       "0.001 tty ttyUSB1 interface=3\n"
                                       "0.002 open ttyUSB1\n"
                                       "0.100 > AT+CGSN\n"
                                       "0.101 < AT+CGSN\n"
                                       "0.101 < 867710059900015\n"
                                       "0.101 < OK\n"
                                       "0.101 < \\\\\\xff\n"
                                       "0.101 note decision no clock goes back\n"
                                       "2.200 < ha\n"
                                       "2.200 close\n");
}
END_TEST

START_TEST(a_message_ends_with_its_port)
{
        static const RecordingWord ends[] = { RECORDING_OPEN, RECORDING_CLOSE, RECORDING_GONE };
        g_autoptr(RecordingWriter) w = recording_writer_new("upgrade", 65536);
        g_autofree char *written = NULL;

        recording_writer_add(w, 0, RECORDING_RECEIVED, "+CMT: ,23");
        recording_writer_add(w, 0, RECORDING_RECEIVED, "a text");
        recording_writer_add(w, 0, ends[_i], "ttyUSB1");
        recording_writer_add(w, 0, RECORDING_RECEIVED, "Quectel");
        written = recording_writer_text(w);
        ck_assert_msg(!strstr(written, "a text") && strstr(written, "< Quectel\n"), "%s", written);
}
END_TEST

START_TEST(what_is_written_is_read)
{
        g_autoptr(RecordingWriter) w = recording_writer_new("upgrade", 65536);
        g_autoptr(Recording) r = NULL;
        g_autofree char *text = NULL, *name = NULL, *none = NULL, *ids = NULL;

        recording_writer_head(w, "module", "usb-1-1");
        recording_writer_add(w, 0, RECORDING_INTERFACE, "3 class=ff/00/00 name=\"Mobile AT Interface\" driver=option");
        for (RecordingWord word = 0; word < _RECORDING_WORD_MAX; word++)
                recording_writer_add(w, 1500 * MS * word, word, "a \\ \x7f b");
        text = recording_writer_text(w);
        r = parse(text);
        ck_assert_str_eq(recording_head(r, "kind"), "upgrade");
        ck_assert_str_eq(recording_head(r, "module"), "usb-1-1");
        ck_assert_ptr_null(recording_head(r, "fotad"));
        ck_assert_uint_eq(r->events->len, 1 + _RECORDING_WORD_MAX);
        for (RecordingWord word = 0; word < _RECORDING_WORD_MAX; word++) {
                const RecordingEvent *event = event_at(r, 1 + word);

                ck_assert_int_eq(event->word, word);
                ck_assert_uint_eq(event->at, 1500 * MS * word);
                ck_assert_str_eq(event->text, "a \\ \x7f b");
        }
        name = recording_value(event_at(r, 0)->text, "name");
        ck_assert_str_eq(name, "Mobile AT Interface");
        none = recording_value(event_at(r, 0)->text, "AT");
        ck_assert_ptr_null(none);
        ids = recording_value(event_at(r, 0)->text, "driver");
        ck_assert_str_eq(ids, "option");
}
END_TEST

/* Neither many lines nor long ones, and neither a long head, take more than the bound. */
START_TEST(the_bound)
{
        g_autofree char *longest = g_strnfill(5000, '\x80'), *device = g_strnfill(9000, 'd'), *text = NULL;
        g_autoptr(RecordingWriter) w = recording_writer_new("upgrade", 20000);
        g_autoptr(Recording) r = NULL;
        guint64 dropped = 0;
        unsigned n = 0;

        recording_writer_head(w, "module", longest);
        for (unsigned i = 0; i < 3000; i++) {
                g_autofree char *line = g_strdup_printf("line %u", i), *so_far = NULL;

                if (i % 1000 == 100)
                        recording_writer_add(w, i * MS, RECORDING_DEVICE, device);
                else
                        recording_writer_add(w, i * MS, RECORDING_RECEIVED, i % 500 == 250 ? longest : line);
                so_far = recording_writer_text(w);
                ck_assert_uint_le(strlen(so_far), 20000);
        }
        text = recording_writer_text(w);
        ck_assert_uint_gt(strlen(text), 15000);
        r = parse(text);
        ck_assert_str_eq(event_at(r, 0)->text, "line 0");
        ck_assert_str_eq(event_at(r, r->events->len - 1)->text, "line 2999");
        for (unsigned i = 0; i < r->events->len; i++)
                if (event_at(r, i)->word == RECORDING_DROPPED) {
                        dropped = g_ascii_strtoull(event_at(r, i)->text, NULL, 10);
                        n++;
                }
        ck_assert_uint_eq(n, 1);
        ck_assert_uint_eq(dropped + r->events->len - 1, 3000);
}
END_TEST

START_TEST(another_writer_goes_on)
{
        g_autoptr(RecordingWriter) first = recording_writer_new("upgrade", 8000);
        g_autoptr(RecordingWriter) second = recording_writer_new("upgrade", 8000);
        g_autofree char *before = NULL, *after = NULL;
        g_autoptr(Recording) r = NULL;

        recording_writer_know(first, "867710050000013");
        recording_writer_know(second, "867710050000013");
        recording_writer_head(first, "module", "usb-1-1");
        recording_writer_add(first, 100 * MS, RECORDING_SENT, "AT");
        recording_writer_add(first, 350 * MS, RECORDING_RECEIVED, "867710050000013");
        before = recording_writer_text(first);
        recording_writer_head(second, "module", "none");
        ck_assert(!recording_writer_continue(second, "junk", 4));
        ck_assert(recording_writer_continue(second, before, strlen(before)));
        recording_writer_add(second, 9000 * MS, RECORDING_RECEIVED, "867710050000013");
        recording_writer_add(second, 9500 * MS, RECORDING_RECEIVED, "867710050000021");
        after = recording_writer_text(second);
        ck_assert(g_str_has_prefix(after, before));
        ck_assert_str_eq(after + strlen(before), "0.250 < 867710059900015\n0.750 < 867710059900023\n");
        for (unsigned i = 0; i < 1000; i++)
                recording_writer_add(second, 9500 * MS + i, RECORDING_RECEIVED, "+CREG: 1");
        g_free(after);
        after = recording_writer_text(second);
        ck_assert_uint_le(strlen(after), 8000);
        r = parse(after);
        ck_assert_str_eq(event_at(r, 0)->text, "AT");
}
END_TEST

static const struct {
        const char *text, *why;
} wrong[] = {
        { "", "line 0: the file is empty" },
        { "fotad-recording 2\n", "line 1: not fotad-recording 1" },
        { "fotad-recording 1", "line 1: the last line is not complete" },
        { "hello\n", "line 1: not fotad-recording 1" },
        { "fotad-recording 1\nkind\n", "line 2: a line of the head is KEY: VALUE" },
        { "fotad-recording 1\nKind: survey\n", "line 2: a line of the head is KEY: VALUE" },
        { "fotad-recording 1\nkind: \\\n", "line 2: a byte that is not escaped, or a wrong escape" },
        { "fotad-recording 1\nkind: \xc3\xa4\n", "line 2: a byte that is not escaped, or a wrong escape" },
        { "fotad-recording 1\n\nkind: survey\n", "line 3: an event begins with its time, SECONDS.MMM, and a blank" },
        { "fotad-recording 1\n\n0.00 > AT\n", "line 3: an event begins with its time, SECONDS.MMM, and a blank" },
        { "fotad-recording 1\n\n-1.000 > AT\n", "line 3: an event begins with its time, SECONDS.MMM, and a blank" },
        { "fotad-recording 1\n\n99999999999.000 > AT\n",
          "line 3: an event begins with its time, SECONDS.MMM, and a blank" },
        { "fotad-recording 1\n\n0.000 >> AT\n", "line 3: there is no such event in this version" },
        { "fotad-recording 1\n\n0.000  > AT\n", "line 3: there is no such event in this version" },
        { "fotad-recording 1\n\n0.001 > AT\n0.000 < OK\n", "line 4: the time goes back" },
        { "fotad-recording 1\n\n0.001 > A\\x0\n", "line 3: a byte that is not escaped, or a wrong escape" },
        { "fotad-recording 1\n\n0.001 > A\\x00\n", "line 3: a byte that is not escaped, or a wrong escape" },
        { "fotad-recording 1\n\n0.001 > A\\n\n", "line 3: a byte that is not escaped, or a wrong escape" },
        { "fotad-recording 1\n\n0.001 > A\tB\n", "line 3: a byte that is not escaped, or a wrong escape" },
};

START_TEST(what_is_no_recording)
{
        g_autofree char *why = NULL;

        ck_assert_ptr_null(recording_parse(wrong[_i].text, strlen(wrong[_i].text), &why));
        ck_assert_str_eq(why, wrong[_i].why);
}
END_TEST

START_TEST(a_zero_is_refused)
{
        static const char text[] = "fotad-recording 1\n\n0.000 > A\0T\n";
        g_autofree char *why = NULL;

        ck_assert_ptr_null(recording_parse(text, sizeof(text) - 1, &why));
        ck_assert_str_eq(why, "line 3: a byte that is not escaped, or a wrong escape");
}
END_TEST

START_TEST(comments)
{
        g_autoptr(Recording)
                r = parse("fotad-recording 1\n# one\nkind: survey\n\n# two\n0.000 > AT\n\n# three\n0.001 <\n");

        ck_assert_uint_eq(r->events->len, 2);
        ck_assert_str_eq(event_at(r, 1)->text, "");
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("recording");

        tcase_add_test(t, as_text);
        tcase_add_loop_test(t, a_message_ends_with_its_port, 0, 3);
        tcase_add_test(t, what_is_written_is_read);
        tcase_add_test(t, the_bound);
        tcase_add_test(t, another_writer_goes_on);
        tcase_add_loop_test(t, what_is_no_recording, 0, G_N_ELEMENTS(wrong));
        tcase_add_test(t, a_zero_is_refused);
        tcase_add_test(t, comments);
        return testing_run(t, "recording");
}
