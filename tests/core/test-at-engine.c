/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The engine's time-outs and orders: the deadline of each command, a late answer that must never answer another
 * command, a port that only listens and writes nothing, and control characters, which never get into a command. The
 * parsing of bytes is tested by tests/data/conversations. */

#include <signal.h>
#include <stdio.h>

#include "core/at/at-engine.h"
#include "testing.h"

#define SECOND ((uint64_t)G_USEC_PER_SEC)

static AtEngine *engine;
static uint64_t clock_us;

static void set_up(void)
{
        engine = at_engine_new();
        clock_us = 1000 * SECOND;
}

static void tear_down(void)
{
        g_clear_pointer(&engine, at_engine_free);
}

/* All events so far, as "W command", "R", "A tag result text", "U text", joined by |. */
static char *events(void)
{
        static const char results[] = { [AT_RESULT_OK] = 'o', [AT_RESULT_ERROR] = 'e', [AT_RESULT_TIMEOUT] = 't' };
        GString *all = g_string_new(NULL);

        for (;;) {
                g_autoptr(AtEvent) event = at_engine_pop(engine);

                if (!event)
                        return g_string_free(all, FALSE);
                if (event->type == AT_EVENT_WRITE) {
                        ck_assert(g_str_has_suffix(event->text, "\r"));
                        event->text[strlen(event->text) - 1] = 0;
                        g_string_append_printf(all, "W %s|", event->text);
                } else if (event->type == AT_EVENT_READY)
                        g_string_append(all, "R|");
                else if (event->type == AT_EVENT_URC)
                        g_string_append_printf(all, "U %s|", event->text);
                else
                        g_string_append_printf(all, "A %u %c%s%s|", event->tag, results[event->result],
                                               *event->text ? " " : "", event->text);
        }
}

static void assert_events_at(const char *expected, int line)
{
        g_autofree char *got = events();

        ck_assert_msg(strcmp(got, expected) == 0, "line %d: expected %s, came %s", line, expected, got);
}
#define assert_events(expected) assert_events_at(expected, __LINE__)

static void feed(const char *text)
{
        at_engine_feed(engine, text, strlen(text), clock_us);
}

static void ask(unsigned tag, const char *command, uint64_t timeout)
{
        at_engine_command(engine, tag, command, false, timeout, clock_us);
}

/* Time passes; each deadline is handled, and none stays in the past. */
static void pass(uint64_t us)
{
        uint64_t until = clock_us + us;

        while (at_engine_deadline(engine) <= until) {
                clock_us = MAX(clock_us, at_engine_deadline(engine));
                at_engine_tick(engine, clock_us);
                ck_assert_msg(at_engine_deadline(engine) > clock_us, "a deadline stays in the past: a busy loop");
        }
        clock_us = until;
}

static void open_port(void)
{
        g_autofree char *dropped = NULL;

        at_engine_start(engine, clock_us);
        feed("\r\nOK\r\n\r\nOK\r\n+CMEE: 1\r\n\r\nOK\r\n");
        dropped = events();
        ck_assert(at_engine_is_ready(engine));
        ck_assert_uint_eq(at_engine_deadline(engine), UINT64_MAX);
}

/* ---- opening */

START_TEST(closed_engine_ignores_bytes)
{
        feed("\r\nRDY\r\n");
        assert_events("");
        ck_assert_uint_eq(at_engine_deadline(engine), UINT64_MAX);
        open_port();
        at_engine_reset(engine);
        feed("\r\nRDY\r\n");
        assert_events("");
        ck_assert(!at_engine_is_ready(engine));
        ck_assert_uint_eq(at_engine_deadline(engine), UINT64_MAX);
}
END_TEST

START_TEST(silent_module_is_probed_once_a_second)
{
        at_engine_start(engine, clock_us);
        assert_events("W ATQ0V1E0|");
        for (unsigned i = 0; i < 30; i++) {
                ck_assert_uint_gt(at_engine_deadline(engine), clock_us);
                pass(SECOND - 1);
                assert_events("");
                pass(1);
                assert_events("W ATQ0V1E0|");
        }
        ck_assert(!at_engine_is_ready(engine));
}
END_TEST

/* A Mini system may be mute for a day; its first line brings the next question at once. */
START_TEST(mute_module_is_probed_less_and_less_often)
{
        uint64_t began = clock_us, before;
        unsigned asked = 0;

        at_engine_start(engine, clock_us);
        while (clock_us < began + 86400 * SECOND) {
                before = clock_us;
                pass(at_engine_deadline(engine) - clock_us);
                ck_assert_uint_le(clock_us - before, 30 * SECOND);
                asked++;
        }
        ck_assert_uint_le(asked, 2 * 86400 / 30);
        g_free(events());
        feed("\r\nRDY\r\n");
        ck_assert_uint_le(at_engine_deadline(engine), clock_us + SECOND);
        pass(SECOND);
        assert_events("U RDY|W ATQ0V1E0|");
}
END_TEST

START_TEST(silence_in_the_middle_begins_again)
{
        at_engine_start(engine, clock_us);
        feed("OK\r\n");
        assert_events("W ATQ0V1E0|W AT+CMEE=1|");
        pass(SECOND);
        assert_events("W ATQ0V1E0|");
        feed("OK\r\nOK\r\n");
        assert_events("W AT+CMEE=1|W AT+CMEE?|");
        pass(SECOND);
        assert_events("W ATQ0V1E0|");
}
END_TEST

START_TEST(error_to_everything_is_an_answer)
{
        at_engine_start(engine, clock_us);
        feed("ERROR\r\n");
        feed("ERROR\r\n");
        assert_events("W ATQ0V1E0|W ATQ0V1E0|W ATQ0V1E0|");
        feed("ERROR\r\n");
        assert_events("W AT+CMEE=1|");
        feed("ERROR\r\n");
        assert_events("W AT+CMEE?|");
        feed("ERROR\r\n");
        pass(2 * SECOND); /* at once, or when nothing follows */
        assert_events("R|");
}
END_TEST

START_TEST(module_with_bare_ok_to_cmee)
{
        at_engine_start(engine, clock_us);
        feed("OK\r\nOK\r\nOK\r\n");
        assert_events("W ATQ0V1E0|W AT+CMEE=1|W AT+CMEE?|");
        ck_assert(!at_engine_is_ready(engine));
        pass(SECOND);
        assert_events("R|");
        ck_assert_uint_eq(at_engine_deadline(engine), UINT64_MAX);
}
END_TEST

START_TEST(command_before_ready_waits)
{
        at_engine_start(engine, clock_us);
        ask(1, "AT+CGSN", 30 * SECOND);
        assert_events("W ATQ0V1E0|");
        feed("OK\r\nOK\r\n+CMEE: 1\r\nOK\r\n");
        assert_events("W AT+CMEE=1|W AT+CMEE?|R|W AT+CGSN|");
}
END_TEST

START_TEST(command_to_a_port_that_never_answers_times_out)
{
        at_engine_start(engine, clock_us);
        ask(1, "AT+CGSN", 5 * SECOND);
        ask(2, "AT+CGMM", 5 * SECOND);
        pass(4 * SECOND);
        assert_events("W ATQ0V1E0|W ATQ0V1E0|W ATQ0V1E0|W ATQ0V1E0|W ATQ0V1E0|");
        pass(SECOND);
        assert_events("A 1 t|W ATQ0V1E0|");
        pass(5 * SECOND);
        assert_events("W ATQ0V1E0|W ATQ0V1E0|W ATQ0V1E0|W ATQ0V1E0|A 2 t|W ATQ0V1E0|");
}
END_TEST

/* ---- the queue */

START_TEST(one_at_a_time_in_order)
{
        open_port();
        ask(7, "AT+CGMI", 30 * SECOND);
        ask(3, "AT+CGMM", 30 * SECOND);
        ask(5, "AT+CGSN", 30 * SECOND);
        assert_events("W AT+CGMI|");
        feed("Quectel\r\nOK\r\n");
        assert_events("A 7 o Quectel|W AT+CGMM|");
        feed("EC200A\r\nOK\r\n");
        assert_events("A 3 o EC200A|W AT+CGSN|");
        feed("ERROR\r\n");
        assert_events("A 5 e|");
        ck_assert_uint_eq(at_engine_deadline(engine), UINT64_MAX);
}
END_TEST

START_TEST(time_of_a_command_begins_when_it_is_sent)
{
        open_port();
        ask(1, "AT+CGMI", 30 * SECOND);
        ask(2, "AT+CGMM", 10 * SECOND);
        ck_assert_uint_eq(at_engine_deadline(engine), clock_us + 30 * SECOND);
        pass(29 * SECOND);
        feed("OK\r\n");
        ck_assert_uint_eq(at_engine_deadline(engine), clock_us + 10 * SECOND);
        assert_events("W AT+CGMI|A 1 o|W AT+CGMM|");
        pass(10 * SECOND - 1);
        assert_events("");
        feed("OK\r\n");
        assert_events("A 2 o|");
}
END_TEST

START_TEST(secret_flag_follows_the_command)
{
        open_port();
        at_engine_command(engine, 1, "AT+QFOTADL=\"ftp://u:pw@h/x\"", true, SECOND, clock_us);
        ask(2, "AT+CGSN", SECOND);
        feed("\r\nOK\r\n1\r\nOK\r\n");
        for (unsigned i = 0; i < 4; i++) {
                g_autoptr(AtEvent) event = at_engine_pop(engine);

                ck_assert(event->secret == (i < 2));
                ck_assert(event->type == (i % 2 ? AT_EVENT_ANSWER : AT_EVENT_WRITE));
        }
        ck_assert_ptr_null(at_engine_pop(engine));
}
END_TEST

START_TEST(secret_in_flight_is_freed_with_the_engine)
{
        open_port();
        at_engine_command(engine, 1, "AT+QFOTADL=\"x\"", true, SECOND, clock_us);
        ask(2, "AT+CGSN", SECOND);
        feed("half a line");
        at_engine_free(NULL);
        at_event_free(NULL);
}
END_TEST

START_TEST(information_is_bounded)
{
        open_port();
        ask(1, "AT+QFLST", 30 * SECOND);
        for (unsigned i = 0; i < 10000; i++)
                feed("+QFLST: \"UFS:x\",1\r\n");
        feed("OK\r\n");
        g_autoptr(AtEvent) write = at_engine_pop(engine);
        g_autoptr(AtEvent) answer = at_engine_pop(engine);

        ck_assert(write->type == AT_EVENT_WRITE && answer->type == AT_EVENT_ANSWER);
        ck_assert_uint_le(strlen(answer->text), 8192);
}
END_TEST

/* Every control character, at the start, in the middle and at the end. Uses check's own test for signals. */
START_TEST(control_character_aborts)
{
        char command[] = "AT+CGSN";
        unsigned c = (unsigned)_i / 3;

        /* glib prints a long message before it aborts, on both streams */
        ck_assert(freopen("/dev/null", "w", stderr) && freopen("/dev/null", "w", stdout));
        command[_i % 3 * 3] = (char)(c == 32 ? 0x7f : c);
        if (c == 0) /* NUL ends the string: there is nothing to refuse */
                command[0] = '\n', command[1] = 0;
        at_engine_command(engine, 1, command, false, SECOND, clock_us);
}
END_TEST

START_TEST(bytes_above_ascii_do_not_abort)
{
        open_port();
        ask(1, "AT+X=\"\xc3\xa9\"", SECOND);
        assert_events("W AT+X=\"\xc3\xa9\"|");
}
END_TEST

/* ---- time-outs and late answers */

START_TEST(timeout_fences_the_next_command)
{
        open_port();
        ask(1, "AT+QIACT=2", 150 * SECOND);
        ask(2, "AT+CGSN", 30 * SECOND);
        pass(150 * SECOND);
        assert_events("W AT+QIACT=2|W ATQ0V1E0|A 1 t|");
        ck_assert(at_engine_is_ready(engine));
        feed("OK\r\nOK\r\n+CMEE: 1\r\nOK\r\n");
        assert_events("W AT+CMEE=1|W AT+CMEE?|W AT+CGSN|");
        ck_assert_uint_eq(at_engine_deadline(engine), clock_us + 30 * SECOND);
        feed("1\r\nOK\r\n");
        assert_events("A 2 o 1|");
}
END_TEST

/* A command that is queued while the line is fenced waits for the fence. */
START_TEST(command_during_the_fence_waits)
{
        open_port();
        ask(1, "AT+QIACT=2", 30 * SECOND);
        pass(30 * SECOND);
        ask(2, "AT+CGSN", 30 * SECOND);
        assert_events("W AT+QIACT=2|W ATQ0V1E0|A 1 t|");
        feed("OK\r\nOK\r\nOK\r\n+CMEE: 1\r\nOK\r\n");
        assert_events("W AT+CMEE=1|W AT+CMEE?|W AT+CGSN|");
}
END_TEST

/* The late final result arrives at any position among the answers to the fence's own questions. */
START_TEST(late_answer_never_answers_another)
{
        static const char *const late[] = { "OK", "ERROR", "+CME ERROR: 50", "+QIACT: 2,1,1\r\nOK" };
        g_autofree char *got = NULL;

        open_port();
        ask(1, "AT+QIACT=2", 30 * SECOND);
        ask(2, "AT+CGSN", 30 * SECOND);
        pass(30 * SECOND);
        got = events();
        feed(late[_i]);
        feed("\r\n");
        for (unsigned i = 0; i < 20; i++) { /* the module answers its commands in order */
                g_autoptr(AtEvent) event = at_engine_pop(engine);

                if (!event)
                        break;
                if (event->type == AT_EVENT_ANSWER) {
                        ck_assert_uint_eq(event->tag, 2);
                        ck_assert_int_eq(event->result, AT_RESULT_OK);
                        ck_assert_str_eq(event->text, "860000000000001");
                        return;
                }
                if (event->type != AT_EVENT_WRITE)
                        continue;
                if (i == 0)
                        feed("OK\r\n"); /* to the first ATQ0V1E0, which was written before the late answer arrived */
                feed(strcmp(event->text, "AT+CMEE?\r") == 0  ? "+CMEE: 1\r\nOK\r\n"
                     : strcmp(event->text, "AT+CGSN\r") == 0 ? "860000000000001\r\nOK\r\n"
                                                             : "OK\r\n");
        }
        ck_abort_msg("the next command was never answered");
}
END_TEST

/* A module that was silent for long answers all questions of the meantime at its own pace: while such answers arrive,
 * the line is not free. */
START_TEST(stale_answers_at_a_slow_pace)
{
        g_autofree char *dropped = NULL;

        open_port();
        ask(1, "AT+QIACT=2", 30 * SECOND);
        ask(2, "AT+CGSN", 30 * SECOND);
        pass(36 * SECOND);
        dropped = events();
        for (unsigned i = 0; i < 8; i++) { /* the late answer, seven resets */
                feed("OK\r\n");
                pass(SECOND * 6 / 10);
        }
        feed("OK\r\n"); /* to AT+CMEE=1 */
        pass(SECOND * 6 / 10);
        g_free(dropped);
        dropped = events();
        assert_has_not(dropped, "AT+CGSN");
        feed("+CMEE: 1\r\nOK\r\n");
        assert_events("W AT+CGSN|");
}
END_TEST

/* The same with a pause longer than a second. The module has answered AT+CMEE? with its line before, so results without
 * the line are stale. 0: then the line comes; 1: the system that answers now has no such line. */
START_TEST(stale_answers_with_a_pause)
{
        g_autofree char *dropped = NULL, *written = NULL;

        open_port();
        ask(1, "AT+QIACT=2", 30 * SECOND);
        ask(2, "AT+CGSN", 60 * SECOND);
        pass(36 * SECOND);
        dropped = events();
        feed("OK\r\nOK\r\nOK\r\n"); /* the late answer, two of seven resets */
        pass(2 * SECOND);
        written = events();
        assert_has_not(written, "AT+CGSN");
        feed("OK\r\nOK\r\nOK\r\n");
        if (_i == 0) {
                feed("+CMEE: 1\r\nOK\r\n");
        } else {
                pass(2 * SECOND);
                feed("OK\r\nOK\r\nOK\r\n");
                pass(2 * SECOND);
        }
        g_free(written);
        written = events();
        assert_has(written, "AT+CGSN");
}
END_TEST

/* A module without AT+CMEE: the ERROR to AT+CMEE=1 must not be taken for the answer to AT+CMEE?, because the latter
 * would then answer the next command. */
START_TEST(late_answer_of_a_module_without_cmee)
{
        g_autofree char *dropped = NULL;

        at_engine_start(engine, clock_us);
        feed("OK\r\nERROR\r\nERROR\r\n");
        pass(SECOND);
        dropped = events();
        ck_assert(at_engine_is_ready(engine));
        ask(1, "AT+QIACT=2", 30 * SECOND);
        ask(2, "AT+CGSN", 30 * SECOND);
        pass(30 * SECOND);
        assert_events("W AT+QIACT=2|W ATQ0V1E0|A 1 t|");
        feed("OK\r\n"); /* late */
        feed("OK\r\n"); /* to ATQ0V1E0 */
        assert_events("W AT+CMEE=1|W AT+CMEE?|");
        feed("ERROR\r\n"); /* to AT+CMEE=1 */
        feed("ERROR\r\n"); /* to AT+CMEE? */
        pass(2 * SECOND);
        assert_events("W AT+CGSN|");
        feed("1\r\nOK\r\n");
        assert_events("A 2 o 1|");
}
END_TEST

START_TEST(late_answer_without_a_command)
{
        open_port();
        ask(1, "AT+CGSN", 30 * SECOND);
        pass(30 * SECOND);
        feed("OK\r\nOK\r\nOK\r\n+CMEE: 1\r\nOK\r\nOK\r\nERROR\r\n");
        assert_events("W AT+CGSN|W ATQ0V1E0|A 1 t|W AT+CMEE=1|W AT+CMEE?|");
        ck_assert_uint_eq(at_engine_deadline(engine), UINT64_MAX);
        ask(2, "AT+CGMM", 30 * SECOND);
        assert_events("W AT+CGMM|");
}
END_TEST

START_TEST(late_information_is_no_information_of_the_next)
{
        open_port();
        ask(1, "AT+QGMR", 30 * SECOND);
        ask(2, "AT+CGSN", 30 * SECOND);
        pass(30 * SECOND);
        feed("EC200ACNHAR01A02M16\r\nOK\r\nOK\r\nOK\r\n+CMEE: 1\r\nOK\r\n");
        feed("1\r\nOK\r\n");
        assert_events("W AT+QGMR|W ATQ0V1E0|A 1 t|U EC200ACNHAR01A02M16|W AT+CMEE=1|W AT+CMEE?|W AT+CGSN|A 2 o 1|");
}
END_TEST

/* The module prints a line, and then nothing any more: the next command is never sent. */
START_TEST(unsent_command_has_no_information)
{
        g_autofree char *got = NULL;

        open_port();
        ask(1, "AT+CGSN", 30 * SECOND);
        ask(2, "AT+CGMM", 30 * SECOND);
        feed("860000000000001\r\n");
        pass(30 * SECOND);
        assert_events("W AT+CGSN|W ATQ0V1E0|A 1 t 860000000000001|");
        pass(30 * SECOND);
        got = events();
        assert_has(got, "|A 2 t|");
        assert_has_not(got, "AT+CGMM");
}
END_TEST

/* ---- listening */

START_TEST(listening_writes_nothing)
{
        open_port();
        ask(1, "AT+CGSN", 30 * SECOND);
        ask(2, "AT+CGMM", 30 * SECOND);
        assert_events("W AT+CGSN|");
        at_engine_listen(engine);
        ck_assert(!at_engine_is_ready(engine));
        ck_assert_uint_eq(at_engine_deadline(engine), UINT64_MAX);
        feed("1\r\nOK\r\nERROR\r\n+CME ERROR: 3\r\n+QIND: \"FOTA\",\"UPDATING\",1\r\n");
        pass(3600 * SECOND);
        assert_events("U 1|U +QIND: \"FOTA\",\"UPDATING\",1|");
}
END_TEST

/* START and the end of an answer arrive in one read. Commands that the answer released must not be written any more. */
START_TEST(listening_drops_unwritten_bytes)
{
        open_port();
        ask(1, "AT+CGSN", 30 * SECOND);
        ask(2, "AT+CFUN=0", 30 * SECOND);
        assert_events("W AT+CGSN|");
        feed("+QIND: \"FOTA\",\"START\"\r\nOK\r\n+QIND: \"FOTA\",\"UPDATING\",1\r\n");
        g_autoptr(AtEvent) urc = at_engine_pop(engine);

        ck_assert(urc->type == AT_EVENT_URC);
        at_engine_listen(engine);
        assert_events("U +QIND: \"FOTA\",\"UPDATING\",1|");
}
END_TEST

START_TEST(listening_is_not_ready_by_earlier_bytes)
{
        at_engine_start(engine, clock_us);
        assert_events("W ATQ0V1E0|");
        feed("+QIND: \"FOTA\",\"START\"\r\nOK\r\nOK\r\n+CMEE: 1\r\nOK\r\n");
        g_autoptr(AtEvent) urc = at_engine_pop(engine);

        ck_assert(urc->type == AT_EVENT_URC);
        at_engine_listen(engine);
        assert_events("");
}
END_TEST

START_TEST(listening_keeps_a_partial_line)
{
        open_port();
        feed("+QIND: \"FOTA\",\"UPDA");
        at_engine_listen(engine);
        feed("TING\",1\r\n");
        assert_events("U +QIND: \"FOTA\",\"UPDATING\",1|");
}
END_TEST

START_TEST(start_after_listening)
{
        open_port();
        at_engine_listen(engine);
        at_engine_start(engine, clock_us);
        assert_events("W ATQ0V1E0|");
        feed("OK\r\nOK\r\n+CMEE: 1\r\nOK\r\n");
        assert_events("W AT+CMEE=1|W AT+CMEE?|R|");
}
END_TEST

START_TEST(reset_clears_everything)
{
        open_port();
        ask(1, "AT+CGSN", 30 * SECOND);
        feed("+CPIN: READY\r\nhalf");
        at_engine_reset(engine);
        assert_events("");
        at_engine_start(engine, clock_us);
        feed("OK\r\nOK\r\n+CMEE: 1\r\nOK\r\n");
        assert_events("W ATQ0V1E0|W AT+CMEE=1|W AT+CMEE?|R|");
        pass(3600 * SECOND);
        assert_events("");
}
END_TEST

/* ---- classification of lines */

START_TEST(lines_that_are_no_answers)
{
        static const char *const urcs[] = { "RDY",          "APP RDY",    "POWERED DOWN",    "NORMAL POWER DOWN",
                                            "RING",         "NO CARRIER", "Call Ready",      "SMS Ready",
                                            "+CPIN: READY", "^MODE: 1",   "+QIND: SMS DONE", "+QUSIM: 1",
                                            "+CFUN: 1" };
        g_autofree char *expected = g_strdup_printf("W AT+CGSN|U %s|A 1 o|", urcs[_i]);

        open_port();
        ask(1, "AT+CGSN", 30 * SECOND);
        feed(urcs[_i]);
        feed("\r\nOK\r\n");
        assert_events(expected);
}
END_TEST

/* The questions after a reconnection, and the lines that a Mini system prints at that moment. */
START_TEST(progress_is_no_echo_of_ati)
{
        open_port();
        ask(1, "ATI", SECOND);
        assert_events("W ATI|");
        feed("+QIND: \"FOTA\",\"UPDATING\",64\r\nATI\r\r\nQuectel\r\n+QIND: \"FOTA\",\"UPDATING\",68\r\n\r\nOK\r\n");
        assert_events("U +QIND: \"FOTA\",\"UPDATING\",64|U +QIND: \"FOTA\",\"UPDATING\",68|A 1 o Quectel|");
}
END_TEST

START_TEST(command_s_own_name_is_information)
{
        open_port();
        ask(1, "AT+CFUN?", 30 * SECOND);
        feed("+CFUN: 1\r\nOK\r\n");
        ask(2, "AT+QCFG=\"fota/cid\"", 30 * SECOND);
        feed("+QCFGX: 1\r\n+QCFG: \"fota/cid\",1\r\nOK\r\n");
        assert_events("W AT+CFUN?|A 1 o +CFUN: 1|W AT+QCFG=\"fota/cid\"|U +QCFGX: 1|A 2 o +QCFG: \"fota/cid\",1|");
}
END_TEST

START_TEST(numeric_code_of_errors)
{
        static const struct {
                const char *line;
                int error;
        } cases[] = {
                { "+CME ERROR: 50", 50 },
                { "+CME ERROR:4", 4 },
                { "+CME ERROR:   3", 3 },
                { "+CME ERROR: 0", 0 },
                { "+CME ERROR:", -2 },
                { "+CME ERROR: incorrect parameters", -2 },
                { "+CMS ERROR: 302", 302 },
                { "ERROR", -1 },
                { "+CME ERROR: 99999999999999999999", -2 },
                { "+CME ERROR: -5", -2 },
                { "+CME ERROR: 123456", 123456 },
                { "+CME ERROR: 1234567", -2 },
        };
        g_autoptr(AtEvent) write = NULL, answer = NULL;

        open_port();
        ask(1, "AT+X", SECOND);
        feed(cases[_i].line);
        feed("\r\n");
        write = at_engine_pop(engine);
        answer = at_engine_pop(engine);
        ck_assert_int_eq(answer->result, AT_RESULT_ERROR);
        ck_assert_int_eq(answer->error, cases[_i].error);
}
END_TEST

/* Bytes after AT+QFOTADL="FILE:..." may be taken for the package: not even a probe is written. */
START_TEST(hushed_command_is_followed_by_nothing)
{
        open_port();
        ask(1, "AT+X", 30 * SECOND);
        at_engine_hush(engine);
        assert_events("W AT+X|");
        pass(30 * SECOND);
        assert_events("A 1 t|");
        pass(300 * SECOND);
        assert_events("");
        ck_assert(!at_engine_is_ready(engine));
        feed("\r\n+QIND: \"FOTA\",\"FILESTART\"\r\n");
        assert_events("U +QIND: \"FOTA\",\"FILESTART\"|");
        at_engine_start(engine, clock_us);
        assert_events("W ATQ0V1E0|");
}
END_TEST

START_TEST(hush_applies_to_one_command)
{
        open_port();
        ask(1, "AT+X", 30 * SECOND);
        at_engine_hush(engine);
        feed("\r\nERROR\r\n");
        ask(2, "AT+Y", 30 * SECOND);
        assert_events("W AT+X|A 1 e|W AT+Y|");
        pass(30 * SECOND);
        assert_events("W ATQ0V1E0|A 2 t|");
}
END_TEST

/* The same in the middle of a resynchronization. */
START_TEST(blind_command_goes_out_at_once)
{
        g_autofree char *left = NULL;

        open_port();
        ask(1, "AT+X", 30 * SECOND);
        pass(30 * SECOND);
        ask(2, "AT+Y", 30 * SECOND);
        g_free(events());
        at_engine_write_blind(engine, "AT+IFC=0,0", clock_us);
        assert_events("W \rAT+IFC=0,0|W ATQ0V1E0|");
        pass(31 * SECOND);
        left = events();
        ck_assert_ptr_null(strstr(left, "AT+Y"));
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("at-engine");

        tcase_add_checked_fixture(t, set_up, tear_down);
        tcase_add_test(t, closed_engine_ignores_bytes);
        tcase_add_test(t, silent_module_is_probed_once_a_second);
        tcase_add_test(t, mute_module_is_probed_less_and_less_often);
        tcase_add_test(t, silence_in_the_middle_begins_again);
        tcase_add_test(t, error_to_everything_is_an_answer);
        tcase_add_test(t, module_with_bare_ok_to_cmee);
        tcase_add_test(t, command_before_ready_waits);
        tcase_add_test(t, command_to_a_port_that_never_answers_times_out);
        tcase_add_test(t, one_at_a_time_in_order);
        tcase_add_test(t, time_of_a_command_begins_when_it_is_sent);
        tcase_add_test(t, secret_flag_follows_the_command);
        tcase_add_test(t, secret_in_flight_is_freed_with_the_engine);
        tcase_add_test(t, information_is_bounded);
        tcase_add_loop_test_raise_signal(t, control_character_aborts, SIGABRT, 0, 33 * 3);
        tcase_add_test(t, bytes_above_ascii_do_not_abort);
        tcase_add_test(t, timeout_fences_the_next_command);
        tcase_add_test(t, command_during_the_fence_waits);
        tcase_add_loop_test(t, late_answer_never_answers_another, 0, 4);
        tcase_add_test(t, stale_answers_at_a_slow_pace);
        tcase_add_loop_test(t, stale_answers_with_a_pause, 0, 2);
        tcase_add_test(t, late_answer_of_a_module_without_cmee);
        tcase_add_test(t, late_answer_without_a_command);
        tcase_add_test(t, late_information_is_no_information_of_the_next);
        tcase_add_test(t, unsent_command_has_no_information);
        tcase_add_test(t, listening_writes_nothing);
        tcase_add_test(t, listening_drops_unwritten_bytes);
        tcase_add_test(t, listening_is_not_ready_by_earlier_bytes);
        tcase_add_test(t, listening_keeps_a_partial_line);
        tcase_add_test(t, start_after_listening);
        tcase_add_test(t, reset_clears_everything);
        tcase_add_loop_test(t, lines_that_are_no_answers, 0, 13);
        tcase_add_test(t, progress_is_no_echo_of_ati);
        tcase_add_test(t, command_s_own_name_is_information);
        tcase_add_test(t, hushed_command_is_followed_by_nothing);
        tcase_add_test(t, hush_applies_to_one_command);
        tcase_add_test(t, blind_command_goes_out_at_once);
        tcase_add_loop_test(t, numeric_code_of_errors, 0, 12);
        return testing_run(t, "at-engine");
}
