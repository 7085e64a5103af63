/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads and plays the conversations under tests/data: the requests to the engine, the module's bytes and their times,
 * and the events that must follow. Depends on the engine's interface only. */

#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "conversation.h"
#include "core/at/at-engine.h"

#define COMMAND_TIMEOUT (30 * G_USEC_PER_SEC)

typedef enum StepType {
        STEP_OPEN,
        STEP_START,
        STEP_LISTEN,
        STEP_RESET,
        STEP_COMMAND,
        STEP_SECRET,
        STEP_BYTES,
        STEP_WAIT
} StepType;

typedef struct Step {
        StepType type;
        unsigned tag;
        uint64_t wait;
        char *text;
        size_t length;
} Step;

struct Conversation {
        GArray *steps;
        GString *expected;
        GByteArray *dull; /* one byte for each byte of the module: 1 in the middle of a repetition */
};

static void step_clear(Step *step)
{
        g_free(step->text);
}

void conversation_free(Conversation *c)
{
        if (!c)
                return;
        g_array_unref(c->steps);
        g_string_free(c->expected, TRUE);
        g_byte_array_unref(c->dull);
        g_free(c);
}

/* \r \n \t \\ \" \xHH, and \{5000:x} for a repetition. */
static GString *unescape(const char *s, GByteArray *dull)
{
        GString *out = g_string_new(NULL);

        for (; *s; s++) {
                gsize before = out->len;
                bool repeated = false;

                if (*s != '\\')
                        g_string_append_c(out, *s);
                else if (*++s == 'r')
                        g_string_append_c(out, '\r');
                else if (*s == 'n')
                        g_string_append_c(out, '\n');
                else if (*s == 't')
                        g_string_append_c(out, '\t');
                else if (*s == 'x') {
                        char digits[3] = { s[1], s[1] ? s[2] : 0, 0 };

                        ck_assert_msg(g_ascii_isxdigit(digits[0]) && g_ascii_isxdigit(digits[1]), "bad escape in %s",
                                      s);
                        g_string_append_c(out, (char)strtol(digits, NULL, 16));
                        s += 2;
                } else if (*s == '{') {
                        char *end;
                        long n = strtol(s + 1, &end, 10);

                        ck_assert_msg(n > 0 && end[0] == ':' && end[1] && end[2] == '}', "bad repetition in %s", s);
                        for (long i = 0; i < n; i++)
                                g_string_append_c(out, end[1]);
                        s = end + 2;
                        repeated = true;
                } else {
                        ck_assert_msg(*s, "a line ends in a backslash");
                        g_string_append_c(out, *s);
                }
                for (gsize i = before; i < out->len; i++) {
                        gsize position = i - before;
                        guint8 is_dull = repeated && position > 2 && out->len - i > 2 &&
                                         !(position > 1020 && position < 1030);

                        g_byte_array_append(dull, &is_dull, 1);
                }
        }
        return out;
}

static void add_step(Conversation *c, StepType type, unsigned tag, uint64_t wait, const char *text, size_t length)
{
        Step step = { .type = type, .tag = tag, .wait = wait, .length = length };

        step.text = g_malloc0(length + 1);
        if (length)
                memcpy(step.text, text, length);
        g_array_append_val(c->steps, step);
}

static void read_line(Conversation *c, const char *line, const char *where)
{
        if (!*line || *line == '#')
                return;
        if (strcmp(line, "open") == 0)
                add_step(c, STEP_OPEN, 0, 0, NULL, 0);
        else if (strcmp(line, "start") == 0)
                add_step(c, STEP_START, 0, 0, NULL, 0);
        else if (strcmp(line, "listen") == 0)
                add_step(c, STEP_LISTEN, 0, 0, NULL, 0);
        else if (strcmp(line, "reset") == 0)
                add_step(c, STEP_RESET, 0, 0, NULL, 0);
        else if (g_str_has_prefix(line, "ask ") || g_str_has_prefix(line, "ask-secret ")) {
                StepType type = line[3] == '-' ? STEP_SECRET : STEP_COMMAND;
                char *end;
                unsigned tag = (unsigned)strtoul(strchr(line, ' ') + 1, &end, 10);

                add_step(c, type, tag, 0, end + 1, strlen(end + 1));
        } else if (g_str_has_prefix(line, "wait ")) {
                add_step(c, STEP_WAIT, 0, (uint64_t)(g_ascii_strtod(line + 5, NULL) * G_USEC_PER_SEC), NULL, 0);
        } else if (g_str_has_prefix(line, "< ")) {
                g_autoptr(GString) bytes = unescape(line + 2, c->dull);

                add_step(c, STEP_BYTES, 0, 0, bytes->str, bytes->len);
        } else if (g_str_has_prefix(line, "= "))
                g_string_append_printf(c->expected, "%s\n", line + 2);
        else
                ck_abort_msg("%s: what is \"%s\"?", where, line);
}

Conversation *conversation_load(const char *path)
{
        Conversation *c = g_new0(Conversation, 1);
        g_autofree char *text = NULL;
        g_auto(GStrv) lines = NULL;

        ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s cannot be read", path);
        c->steps = g_array_new(FALSE, TRUE, sizeof(Step));
        g_array_set_clear_func(c->steps, (GDestroyNotify)step_clear);
        c->expected = g_string_new(NULL);
        c->dull = g_byte_array_new();
        lines = g_strsplit(text, "\n", -1);
        for (unsigned i = 0; lines[i]; i++) {
                g_autofree char *where = g_strdup_printf("%s:%u", path, i + 1);

                read_line(c, g_strchug(lines[i]), where);
        }
        ck_assert_msg(c->expected->len > 0, "%s expects nothing", path);
        return c;
}

size_t conversation_length(const Conversation *c)
{
        return c->dull->len;
}

bool conversation_is_cut(const Conversation *c, size_t position)
{
        return !c->dull->data[position];
}

const char *conversation_expected(const Conversation *c)
{
        return c->expected->str;
}

static void collect(AtEngine *e, GString *events)
{
        static const char *const results[] = {
                [AT_RESULT_OK] = "ok", [AT_RESULT_ERROR] = "error", [AT_RESULT_TIMEOUT] = "timeout"
        };

        for (;;) {
                g_autoptr(AtEvent) event = at_engine_pop(e);
                g_autofree char *text = NULL;

                if (!event)
                        return;
                text = g_strescape(event->text ?: "", "\"");
                switch (event->type) {
                case AT_EVENT_WRITE:
                        g_string_append_printf(events, "write%s %s\n", event->secret ? "-secret" : "", text);
                        break;
                case AT_EVENT_READY:
                        g_string_append(events, "ready\n");
                        break;
                case AT_EVENT_ANSWER:
                        g_string_append_printf(events, "answer%s %u %s", event->secret ? "-secret" : "", event->tag,
                                               results[event->result]);
                        if (event->error >= 0)
                                g_string_append_printf(events, "(%d)", event->error);
                        g_string_append_printf(events, "%s%s\n", *text ? " " : "", text);
                        break;
                case AT_EVENT_URC:
                        g_string_append_printf(events, "urc %s\n", text);
                        break;
                }
        }
}

/* Brings the engine to the state in which it sends commands; no event is kept. */
static void open_engine(AtEngine *e, uint64_t now)
{
        static const char answers[] = "\r\nOK\r\n\r\nOK\r\n\r\n+CMEE: 1\r\n\r\nOK\r\n";
        g_autoptr(GString) events = g_string_new(NULL);

        at_engine_start(e, now);
        at_engine_feed(e, answers, strlen(answers), now);
        collect(e, events);
        ck_assert(at_engine_is_ready(e));
}

char *conversation_play(const Conversation *c, size_t cut_a, size_t cut_b)
{
        g_autoptr(AtEngine) e = at_engine_new();
        GString *events = g_string_new(NULL);
        uint64_t now = G_USEC_PER_SEC;
        size_t position = 0;

        for (guint i = 0; i < c->steps->len; i++) {
                const Step *step = &g_array_index(c->steps, Step, i);

                switch (step->type) {
                case STEP_OPEN:
                        open_engine(e, now);
                        break;
                case STEP_START:
                        at_engine_start(e, now);
                        break;
                case STEP_LISTEN:
                        at_engine_listen(e);
                        break;
                case STEP_RESET:
                        at_engine_reset(e);
                        break;
                case STEP_COMMAND:
                case STEP_SECRET:
                        at_engine_command(e, step->tag, step->text, step->type == STEP_SECRET, COMMAND_TIMEOUT, now);
                        break;
                case STEP_BYTES:
                        for (size_t from = 0, to; from < step->length; from = to) {
                                to = step->length;
                                if (cut_a > position + from && cut_a < position + to)
                                        to = cut_a - position;
                                if (cut_b > position + from && cut_b < position + to)
                                        to = cut_b - position;
                                at_engine_feed(e, step->text + from, to - from, now);
                                collect(e, events);
                        }
                        position += step->length;
                        break;
                case STEP_WAIT: {
                        uint64_t until = now + step->wait;

                        while (at_engine_deadline(e) <= until) {
                                uint64_t before = at_engine_deadline(e);

                                now = MAX(now, before);
                                at_engine_tick(e, now);
                                ck_assert_msg(at_engine_deadline(e) > now, "a deadline stays in the past");
                                collect(e, events);
                        }
                        now = until;
                        break;
                }
                }
                collect(e, events);
        }
        return g_string_free(events, FALSE);
}
