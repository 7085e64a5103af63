/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Assigns the lines of the module to the commands that they answer. Knows the frame of V.250 and 27.007 (echo,
 * information, final result), not the meaning of any command. After a time-out the late answer could be taken for that
 * of the next command: the engine then asks until it reads an answer that only its own question can have. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/at/at-engine.h"
#include "core/at/at-line.h"

#define SYNC_INTERVAL     G_USEC_PER_SEC /* between two questions to a silent port */
#define SYNC_PATIENCE     30             /* attempts before the interval grows: a Mini system may not answer for days */
#define SYNC_INTERVAL_MAX (30 * G_USEC_PER_SEC)
#define SYNC_ERRORS       3    /* a module that answers ERROR this often answers AT */
#define FENCE_MISSES      3    /* a module that has answered the fence may have become one that does not */
#define INFORMATION_MAX   8192 /* bytes of information kept for one command */

typedef enum Mode {
        MODE_CLOSED,
        MODE_LISTEN,
        MODE_SYNC_RESET, /* ATQ0V1E0: another program may have left ATQ1, ATV0 or half a line */
        MODE_SYNC_CMEE,  /* AT+CMEE=1: errors with a number */
        MODE_SYNC_FENCE, /* AT+CMEE?: its information line proves that older answers are through */
        MODE_READY,
} Mode;

typedef struct Command {
        unsigned tag;
        bool secret;
        uint64_t timeout;
        char *text;
} Command;

struct AtEngine {
        Mode mode;
        bool announced;        /* AT_EVENT_READY was reported since at_engine_start() */
        bool hushed;           /* only listens from the head's time-out on */
        bool sent;             /* the head of the queue is on the wire */
        bool fence_seen;       /* the information line of the fence came */
        bool fence_ok;         /* an OK came without that line: from an older command, or the module has no such line */
        bool fence_known;      /* the module has answered the fence with that line since at_engine_start() */
        unsigned fence_misses; /* consecutive fences that ended without the line after that */
        unsigned sync_errors;
        unsigned sync_silences; /* consecutive questions without an answer */
        uint64_t sync_deadline;
        uint64_t deadline; /* of the head of the queue */
        GQueue commands;
        GQueue events;
        GString *information;
        AtLine line;
};

void at_event_free(AtEvent *event)
{
        if (!event)
                return;
        if (event->secret && event->text)
                explicit_bzero(event->text, strlen(event->text));
        g_free(event->text);
        g_free(event);
}

static void command_free(Command *command)
{
        if (command->secret)
                explicit_bzero(command->text, strlen(command->text));
        g_free(command->text);
        g_free(command);
}

AtEngine *at_engine_new(void)
{
        AtEngine *e = g_new0(AtEngine, 1);

        g_queue_init(&e->commands);
        g_queue_init(&e->events);
        e->information = g_string_new(NULL);
        e->sync_deadline = e->deadline = UINT64_MAX;
        return e;
}

static void forget_commands(AtEngine *e)
{
        g_queue_clear_full(&e->commands, (GDestroyNotify)command_free);
        g_string_truncate(e->information, 0);
        e->sent = e->hushed = false;
        e->deadline = UINT64_MAX;
}

void at_engine_free(AtEngine *e)
{
        if (!e)
                return;
        forget_commands(e);
        g_queue_clear_full(&e->events, (GDestroyNotify)at_event_free);
        g_string_free(e->information, TRUE);
        at_line_reset(&e->line);
        g_free(e);
}

void at_engine_reset(AtEngine *e)
{
        at_engine_listen(e);
        g_queue_clear_full(&e->events, (GDestroyNotify)at_event_free);
        at_line_reset(&e->line);
        e->mode = MODE_CLOSED;
}

void at_engine_listen(AtEngine *e)
{
        forget_commands(e);
        /* Drops writes that events of the same read have caused. */
        for (GList *i = e->events.head, *next; i; i = next) {
                AtEvent *event = i->data;

                next = i->next;
                if (event->type == AT_EVENT_URC)
                        continue;
                at_event_free(event);
                g_queue_delete_link(&e->events, i);
        }
        e->mode = MODE_LISTEN;
        e->announced = false;
        e->sync_deadline = UINT64_MAX;
}

bool at_engine_is_ready(const AtEngine *e)
{
        return e->announced;
}

bool at_engine_is_idle(const AtEngine *e)
{
        return e->mode == MODE_READY && g_queue_is_empty((GQueue *)&e->commands);
}

static AtEvent *push_event(AtEngine *e, AtEventType type, const char *text)
{
        AtEvent *event = g_new0(AtEvent, 1);

        event->type = type;
        event->error = AT_ERROR_NONE;
        event->text = g_strdup(text);
        g_queue_push_tail(&e->events, event);
        return event;
}

static void push_write(AtEngine *e, const char *command, bool secret)
{
        g_autofree char *text = g_strconcat(command, "\r", NULL);

        push_event(e, AT_EVENT_WRITE, text)->secret = secret;
        if (secret)
                explicit_bzero(text, strlen(text));
}

static const char *sync_command(Mode mode)
{
        switch (mode) {
        case MODE_SYNC_RESET: return "ATQ0V1E0";
        case MODE_SYNC_CMEE: return "AT+CMEE=1";
        case MODE_SYNC_FENCE: return "AT+CMEE?";
        case MODE_CLOSED:
        case MODE_LISTEN:
        case MODE_READY: return NULL;
        }
        return NULL;
}

static void sync_enter(AtEngine *e, Mode mode, uint64_t now)
{
        e->mode = mode;
        e->fence_seen = e->fence_ok = false;
        e->sync_deadline = now + (e->sync_silences <= SYNC_PATIENCE
                                          ? SYNC_INTERVAL
                                          : MIN(SYNC_INTERVAL * (e->sync_silences - SYNC_PATIENCE), SYNC_INTERVAL_MAX));
        push_write(e, sync_command(mode), false);
}

void at_engine_start(AtEngine *e, uint64_t now)
{
        forget_commands(e);
        e->announced = e->fence_known = false;
        e->sync_errors = e->sync_silences = e->fence_misses = 0;
        sync_enter(e, MODE_SYNC_RESET, now);
}

/* Sends the head of the queue, if the line is free for it. */
static void advance(AtEngine *e, uint64_t now)
{
        Command *head = g_queue_peek_head(&e->commands);

        if (!head || e->sent || e->mode != MODE_READY)
                return;
        e->sent = true;
        e->deadline = now + head->timeout;
        g_string_truncate(e->information, 0);
        push_write(e, head->text, head->secret);
}

static void sync_done(AtEngine *e, uint64_t now)
{
        e->mode = MODE_READY;
        e->fence_misses = 0;
        e->sync_deadline = UINT64_MAX;
        if (!e->announced) {
                e->announced = true;
                push_event(e, AT_EVENT_READY, NULL);
        }
        advance(e, now);
}

static void arm_head(AtEngine *e, uint64_t now)
{
        Command *head = g_queue_peek_head(&e->commands);

        e->sent = e->hushed = false;
        e->deadline = head ? now + head->timeout : UINT64_MAX;
        advance(e, now);
}

void at_engine_command(AtEngine *e, unsigned tag, const char *text, bool secret, uint64_t timeout, uint64_t now)
{
        Command *command;

        /* A URL is the only part of a command that a caller supplies. core/job/source refuses characters that could end
         * the line early; this check is the last one before the wire. */
        for (const char *p = text; *p; p++)
                g_assert((unsigned char)*p >= ' ' && *p != 0x7f);

        command = g_new0(Command, 1);
        command->tag = tag;
        command->secret = secret;
        command->timeout = timeout;
        command->text = g_strdup(text);
        g_queue_push_tail(&e->commands, command);
        if (g_queue_get_length(&e->commands) == 1)
                arm_head(e, now);
}

void at_engine_hush(AtEngine *e)
{
        g_assert(!g_queue_is_empty(&e->commands));
        e->hushed = true;
}

void at_engine_write_blind(AtEngine *e, const char *command, uint64_t now)
{
        g_autofree char *text = g_strconcat("\r", command, NULL); /* ends any unfinished line */

        forget_commands(e);
        push_write(e, text, false);
        at_engine_start(e, now);
}

static void finish_head(AtEngine *e, AtResult result, int error, uint64_t now)
{
        Command *head = g_queue_pop_head(&e->commands);
        AtEvent *event = push_event(e, AT_EVENT_ANSWER, e->information->str);

        event->tag = head->tag;
        event->result = result;
        event->error = error;
        event->secret = head->secret;
        command_free(head);
        g_string_truncate(e->information, 0);
        arm_head(e, now);
}

/* The final result codes of V.250 and 27.007, if the line is one. */
static bool parse_final(const char *line, AtResult *ret_result, int *ret_error)
{
        *ret_error = AT_ERROR_NONE;
        if (strcmp(line, "OK") == 0) {
                *ret_result = AT_RESULT_OK;
                return true;
        }
        if (strcmp(line, "ERROR") == 0) {
                *ret_result = AT_RESULT_ERROR;
                return true;
        }
        if (g_str_has_prefix(line, "+CME ERROR:") || g_str_has_prefix(line, "+CMS ERROR:")) {
                const char *number = line + strlen("+CME ERROR:");

                while (*number == ' ')
                        number++;
                *ret_error = isdigit((unsigned char)*number) && strlen(number) <= 6 ? (int)strtol(number, NULL, 10)
                                                                                    : AT_ERROR_WORDS;
                *ret_result = AT_RESULT_ERROR;
                return true;
        }
        return false;
}

/* Lines that are never part of an answer, besides all that begin with + or ^. */
static bool is_bare_urc(const char *line)
{
        static const char *const urcs[] = { "RDY",  "APP RDY",    "POWERED DOWN", "NORMAL POWER DOWN",
                                            "RING", "NO CARRIER", "Call Ready",   "SMS Ready" };

        for (size_t i = 0; i < G_N_ELEMENTS(urcs); i++)
                if (strcmp(line, urcs[i]) == 0)
                        return true;
        return false;
}

/* Returns true for an echo, however late: no other line begins with AT and a character that can follow it in a command.
 */
static bool is_echo(const AtEngine *e, const char *line)
{
        const Command *head = g_queue_peek_head((GQueue *)&e->commands);

        if (head && e->sent && g_str_has_suffix(line, head->text))
                return true;
        return g_ascii_strncasecmp(line, "AT+", 3) == 0 || strcmp(line, "AT") == 0 || strcmp(line, "ATI") == 0 ||
               g_str_has_suffix(line, "ATQ0V1E0");
}

/* "+QGMR:" for AT+QGMR: a line with + or ^ is information only if it has the name of the command. */
static bool is_information(const Command *head, const char *line)
{
        size_t n;

        if (is_bare_urc(line))
                return false;
        if (*line != '+' && *line != '^')
                return true;
        if (g_ascii_strncasecmp(head->text, "AT+", 3) != 0)
                return false;
        n = strcspn(head->text + 2, "=?");
        return g_ascii_strncasecmp(line, head->text + 2, n) == 0 && line[n] == ':';
}

static void handle_sync_line(AtEngine *e, const char *line, uint64_t now)
{
        AtResult result;
        int error;
        bool final = parse_final(line, &result, &error);

        e->sync_silences = 0;
        e->sync_deadline = MIN(e->sync_deadline, now + SYNC_INTERVAL);
        if (e->mode == MODE_SYNC_FENCE && g_str_has_prefix(line, "+CMEE:")) {
                e->fence_seen = e->fence_known = true;
                return;
        }
        /* The answer to ATQ0V1E0 may still have the old form. */
        if (e->mode == MODE_SYNC_RESET && strcmp(line, "0") == 0) {
                final = true;
                result = AT_RESULT_OK;
        }
        if (!final) {
                push_event(e, AT_EVENT_URC, line);
                return;
        }
        switch (e->mode) {
        case MODE_SYNC_RESET:
                /* ERROR may answer a line that another program left unfinished. */
                if (result == AT_RESULT_OK || ++e->sync_errors >= SYNC_ERRORS)
                        sync_enter(e, MODE_SYNC_CMEE, now);
                else
                        sync_enter(e, MODE_SYNC_RESET, now);
                return;
        case MODE_SYNC_CMEE: sync_enter(e, MODE_SYNC_FENCE, now); return;
        case MODE_SYNC_FENCE:
                /* A result without the information line answers an older question, or the module has no such line.
                 * In the second case nothing follows for a while. */
                if (e->fence_seen) {
                        sync_done(e, now);
                } else {
                        e->fence_ok = true;
                        e->sync_deadline = now + SYNC_INTERVAL;
                }
                return;
        case MODE_CLOSED:
        case MODE_LISTEN:
        case MODE_READY: return;
        }
}

static void handle_line(AtEngine *e, const char *line, uint64_t now)
{
        Command *head = g_queue_peek_head(&e->commands);
        AtResult result;
        int error;

        if (is_echo(e, line))
                return;
        if (sync_command(e->mode)) {
                handle_sync_line(e, line, now);
                return;
        }
        if (e->mode == MODE_READY && head && e->sent) {
                if (parse_final(line, &result, &error)) {
                        finish_head(e, result, error, now);
                        return;
                }
                if (is_information(head, line)) {
                        if (e->information->len + strlen(line) < INFORMATION_MAX) {
                                g_string_append(e->information, e->information->len ? "\n" : "");
                                g_string_append(e->information, line);
                        }
                        return;
                }
        } else if (parse_final(line, &result, &error))
                return; /* it comes too late to answer a command */
        push_event(e, AT_EVENT_URC, line);
}

/* The text behind the echo of a command, NULL if there is no echo. A letter or digit behind the command means that it
 * is part of a word, as "ATI" in "UPDATING". */
static char *find_after_echo(char *line, const char *command)
{
        size_t n = strlen(command);

        for (char *echo = line; (echo = strstr(echo, command)); echo++)
                if (!g_ascii_isalnum(echo[n]))
                        return echo + n;
        return NULL;
}

/* Handles a line. Right after a boot or a lost byte, a URC may follow other text without a line end between them, and
 * is split off. The echo of a command is cut off first: the URL in it may hold any text. */
static void split_line(AtEngine *e, char *line, uint64_t now)
{
        const Command *sent = e->sent ? g_queue_peek_head(&e->commands) : NULL;
        char *behind = sent ? find_after_echo(line, sent->text) : NULL;
        char *urc;

        if (behind)
                line = behind;
        if (!*line)
                return;
        while ((urc = strstr(line + 1, "+QIND:"))) {
                g_autofree char *head = g_strndup(line, urc - line);

                g_strchomp(head);
                handle_line(e, head, now);
                line = urc;
        }
        handle_line(e, line, now);
}

void at_engine_feed(AtEngine *e, const void *bytes, size_t n, uint64_t now)
{
        const uint8_t *p = bytes;

        if (e->mode == MODE_CLOSED)
                return;
        for (size_t i = 0; i < n; i++) {
                g_autofree char *line = g_strdup(at_line_push(&e->line, p[i]));

                if (line)
                        split_line(e, line, now);
        }
}

void at_engine_tick(AtEngine *e, uint64_t now)
{
        if (now >= e->deadline) {
                if (e->hushed) {
                        e->mode = MODE_LISTEN;
                        e->announced = false;
                        e->sync_deadline = UINT64_MAX;
                } else if (e->mode == MODE_READY) {
                        /* Before finish_head(), so that the next command waits for the end of this one's answer. */
                        e->sync_errors = e->sync_silences = 0;
                        sync_enter(e, MODE_SYNC_RESET, now);
                }
                finish_head(e, AT_RESULT_TIMEOUT, -1, now);
        }
        if (now >= e->sync_deadline) {
                bool missed = e->mode == MODE_SYNC_FENCE && e->fence_ok;

                e->sync_silences++;
                if (missed && e->fence_known && ++e->fence_misses >= FENCE_MISSES)
                        e->fence_known = false; /* another system may answer now */
                if (missed && !e->fence_known)
                        sync_done(e, now);
                else
                        /* Begin at the first question: the module may have restarted meanwhile. */
                        sync_enter(e, MODE_SYNC_RESET, now);
        }
}

uint64_t at_engine_deadline(const AtEngine *e)
{
        return MIN(e->deadline, e->sync_deadline);
}

AtEvent *at_engine_pop(AtEngine *e)
{
        return g_queue_pop_head(&e->events);
}
