/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The AT dialogue: whatever a module sends, and wherever its bytes are cut, the events are the same; each command is
 * answered once at most and in order; and each line that is written is one command. Input: a script. Bytes from 0xf8 on
 * are operations, all others come from the module. */

#include <string.h>

#include "core/at/at-engine.h"
#include "core/at/at-line.h"
#include "core/at/uart-life.h"
#include "core/quectel/qfota.h"
#include "core/upgrade/upgrade.h"
#include "fuzz.h"

const unsigned fuzz_runs = 4000;

typedef enum Operation {
        OPERATION_START = 0xf8,
        OPERATION_LISTEN,
        OPERATION_RESET,
        OPERATION_COMMAND, /* and the number of a command */
        OPERATION_SECRET,  /* the same */
        OPERATION_WAIT,    /* and tenths of a second */
        OPERATION_BLIND,
        OPERATION_HUSH
} Operation;

typedef enum Cut { CUT_NOWHERE, CUT_EVERYWHERE, CUT_SOMEWHERE, _CUT_MAX } Cut;

typedef struct Run {
        AtEngine *engine;
        UartLife life;
        uint64_t now;
        Cut cut;
        unsigned asked, answered; /* tags of the last command, and of the last one with an answer */
        GString *events;
} Run;

/* A line that answers no command. */
static void check_urc(Run *r, const char *line)
{
        QfotaUrc urc;
        Method method;

        g_assert(*line && strlen(line) <= AT_LINE_MAX && *line != ' ');
        if (qfota_parse_urc(line, &urc)) {
                bool percentage = false;

                g_assert(urc.value >= -99999 && urc.value <= 99999 && urc.domain <= CODE_DOMAIN_FILE);
                g_assert(qfota_download_percent(urc.value, 50, &percentage) <= 100);
        }
        upgrade_is_under_way(line, &method);
        uart_life_line(&r->life, line, r->now);
}

static void check_written(const char *text)
{
        g_autofree char *command = g_strdup(text + (*text == '\r'));

        g_assert(g_str_has_suffix(command, "\r"));
        command[strlen(command) - 1] = 0;
        fuzz_check_command(command);
}

static void collect(Run *r)
{
        for (;;) {
                g_autoptr(AtEvent) event = at_engine_pop(r->engine);

                if (!event)
                        return;
                g_string_append_printf(r->events, "%d %u %d %d %d %s\n", event->type, event->tag, event->result,
                                       event->error, event->secret, event->text ?: "");
                switch (event->type) {
                case AT_EVENT_WRITE: check_written(event->text); break;
                case AT_EVENT_READY: g_assert(at_engine_is_ready(r->engine)); break;
                case AT_EVENT_ANSWER:
                        g_assert(event->tag > r->answered && event->tag <= r->asked);
                        r->answered = event->tag;
                        break;
                case AT_EVENT_URC: check_urc(r, event->text); break;
                }
        }
}

static size_t piece(const Run *r, const uint8_t *bytes, size_t size)
{
        switch (r->cut) {
        case CUT_EVERYWHERE: return 1;
        case CUT_SOMEWHERE: return MIN(size, 1 + *bytes % 7u);
        case CUT_NOWHERE:
        case _CUT_MAX: break;
        }
        return size;
}

static void feed(Run *r, Script *s)
{
        while (s->next < s->end && *s->next < OPERATION_START) {
                const uint8_t *end = s->next;
                size_t n;

                while (end < s->end && *end < OPERATION_START)
                        end++;
                n = piece(r, s->next, (size_t)(end - s->next));
                at_engine_feed(r->engine, s->next, n, r->now);
                s->next += n;
                collect(r);
        }
}

static void ask(Run *r, unsigned choice, bool secret)
{
        static const char *const commands[] = {
                "AT",
                "ATI",
                "AT+CGMR",
                "AT+QGMR",
                "AT+CGSN",
                "AT+CFUN=1,1",
                "AT+QCFG=\"usbifc\"",
                "AT+QURCCFG=\"urcport\"",
                "AT+QFOTADL=?",
                "AT+QFOTADL=\"http://u:p@h/OK/+QIND:/x.bin\",0,50",
        };

        at_engine_command(r->engine, ++r->asked, commands[choice % G_N_ELEMENTS(commands)], secret, 5 * G_USEC_PER_SEC,
                          r->now);
}

/* All deadlines until then. */
static void wait_for(Run *r, uint64_t time)
{
        uint64_t until = r->now + time;

        while (at_engine_deadline(r->engine) <= until) {
                uint64_t before = at_engine_deadline(r->engine);

                r->now = MAX(r->now, before);
                at_engine_tick(r->engine, r->now);
                collect(r);
                g_assert(at_engine_deadline(r->engine) > r->now);
        }
        r->now = until;
}

static void drop(Run *r)
{
        r->answered = r->asked;
}

static void operate(Run *r, Script *s)
{
        switch ((Operation)script_byte(s)) {
        case OPERATION_START:
                at_engine_start(r->engine, r->now);
                drop(r);
                return;
        case OPERATION_LISTEN:
                at_engine_listen(r->engine);
                drop(r);
                return;
        case OPERATION_RESET:
                at_engine_reset(r->engine);
                drop(r);
                return;
        case OPERATION_COMMAND: ask(r, script_byte(s), false); return;
        case OPERATION_SECRET: ask(r, script_byte(s), true); return;
        case OPERATION_WAIT: wait_for(r, script_byte(s) * (uint64_t)G_USEC_PER_SEC / 10); return;
        case OPERATION_BLIND:
                at_engine_write_blind(r->engine, "AT+CFUN=1,1", r->now);
                drop(r);
                return;
        case OPERATION_HUSH:
                if (r->asked == r->answered + 1) /* there is one command in the queue */
                        at_engine_hush(r->engine);
                return;
        }
}

static GString *run(Script s, Cut cut)
{
        Run r = { .engine = at_engine_new(), .cut = cut, .events = g_string_new(NULL) };

        while (!script_is_over(&s)) {
                feed(&r, &s);
                if (script_is_over(&s))
                        break;
                operate(&r, &s);
                collect(&r);
        }
        wait_for(&r, 100 * G_USEC_PER_SEC);
        at_engine_free(r.engine);
        return r.events;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        g_autoptr(GString) whole = run(script_new(bytes, size), CUT_NOWHERE);

        for (Cut cut = CUT_EVERYWHERE; cut < _CUT_MAX; cut++) {
                g_autoptr(GString) other = run(script_new(bytes, size), cut);

                g_assert_cmpstr(whole->str, ==, other->str);
        }
        return 0;
}
