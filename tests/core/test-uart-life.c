/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The observations that count as a restart of a module that is on no bus; no boot counts twice. */

#include "core/at/uart-life.h"
#include "testing.h"

#define SECOND ((uint64_t)G_USEC_PER_SEC)

static uint64_t now;

static bool line(UartLife *life, const char *text)
{
        uart_life_bytes(life);
        return uart_life_line(life, text, now);
}

static bool answered(UartLife *life)
{
        uart_life_bytes(life);
        return uart_life_answered(life, now);
}

static void ask(UartLife *life, unsigned times)
{
        for (unsigned i = 0; i < times; i++)
                uart_life_asked(life);
}

static UartLife begin(bool said)
{
        UartLife life;

        now = 1000 * SECOND;
        uart_life_begin(&life, said);
        return life;
}

START_TEST(one_boot)
{
        UartLife life = begin(true);

        ck_assert(line(&life, "RDY"));
        ck_assert(!line(&life, "+CFUN: 1"));
        ck_assert(!line(&life, "+CPIN: READY"));
        ck_assert(!line(&life, "+QIND: SMS DONE"));
        now += 20 * SECOND;
        ck_assert(!line(&life, "APP RDY"));
        ck_assert(!line(&life, "+QIND: PB DONE"));
        ck_assert(!answered(&life));
}
END_TEST

START_TEST(repeated_boot_urc)
{
        UartLife life = begin(true);

        ck_assert(line(&life, "RDY"));
        now += SECOND;
        ck_assert(!line(&life, "RDY"));
        ck_assert(!line(&life, "APP RDY"));
        ck_assert(!line(&life, "APP RDY"));
        /* No other line was printed, but no module boots that fast. */
        now += 3 * SECOND;
        ck_assert(line(&life, "RDY"));
}
END_TEST

START_TEST(another_boot)
{
        UartLife life = begin(true);

        ck_assert(line(&life, "RDY"));
        ck_assert(!line(&life, "+CFUN: 1"));
        ck_assert(line(&life, "RDY"));
        ck_assert(!answered(&life));
        ck_assert(line(&life, "RDY"));
        ck_assert(!line(&life, "+CFUN: 1"));
        ck_assert(!line(&life, "APP RDY"));
        ck_assert(!line(&life, "+CFUN: 1"));
        ck_assert(line(&life, "APP RDY")); /* its RDY was lost */
}
END_TEST

/* Other lines that look like RDY. */
START_TEST(boot_without_urc)
{
        static const char *const lines[] = { "RDY ",      "+RDY",         "xRDY",
                                             "APP READY", "+CPIN: READY", "+QIND: \"FOTA\",\"START\"" };
        UartLife life = begin(true);

        ck_assert(!line(&life, lines[_i]));
}
END_TEST

START_TEST(silence)
{
        UartLife life = begin(true);

        ask(&life, 6);
        ck_assert(answered(&life));
        ck_assert(!answered(&life));
        /* RDY arrives late. */
        ck_assert(!line(&life, "RDY"));
        ck_assert(!line(&life, "+CFUN: 1"));
        now += 3 * SECOND;
        ck_assert(line(&life, "RDY"));
}
END_TEST

/* After that RDY, another one is another boot, as soon as the module has printed more. */
START_TEST(boot_after_a_silence)
{
        UartLife life = begin(true);

        ask(&life, 6);
        ck_assert(answered(&life));
        ck_assert(!line(&life, "RDY"));
        ck_assert(!line(&life, "+CFUN: 1"));
        ck_assert(line(&life, "RDY"));
}
END_TEST

START_TEST(not_silence)
{
        UartLife life = begin(true);

        ask(&life, 5);
        ck_assert(!answered(&life)); /* slow */
        ask(&life, 3);
        uart_life_bytes(&life);
        ask(&life, 3);
        ck_assert(!answered(&life)); /* with a line in between */
        ask(&life, 9);
        ck_assert(!line(&life, "+QIND: \"FOTA\",\"UPDATING\",8")); /* busy */
        ck_assert(!answered(&life));
}
END_TEST

/* A booting module does not answer for a while: that is the same restart. Nor does a silence count that began before
 * the module was ever heard. */
START_TEST(not_silent_from_the_beginning)
{
        UartLife life = begin(true);

        ck_assert(line(&life, "RDY"));
        ask(&life, 20);
        ck_assert(!answered(&life));
        life = begin(false);
        ask(&life, 20);
        ck_assert(!answered(&life));
        ask(&life, 20);
        ck_assert(answered(&life));
        life = begin(true);
        ask(&life, 20);
        ck_assert(line(&life, "RDY"));
        ck_assert(!answered(&life));
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("uart-life");

        tcase_add_test(t, one_boot);
        tcase_add_test(t, repeated_boot_urc);
        tcase_add_test(t, another_boot);
        tcase_add_loop_test(t, boot_without_urc, 0, 6);
        tcase_add_test(t, silence);
        tcase_add_test(t, boot_after_a_silence);
        tcase_add_test(t, not_silence);
        tcase_add_test(t, not_silent_from_the_beginning);
        return testing_run(t, "uart-life");
}
