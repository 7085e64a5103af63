/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The AT dialogue of one port. Bytes, commands and time go in, events come out. All times are in µs on one clock of
 * the caller's. */

typedef struct AtEngine AtEngine;

typedef enum AtResult {
        AT_RESULT_OK,
        AT_RESULT_ERROR,   /* ERROR, +CME ERROR, +CMS ERROR */
        AT_RESULT_TIMEOUT, /* no final result in time: the module may have taken the command, or not */
} AtResult;

#define AT_ERROR_NONE  (-1) /* ERROR, which gives no reason */
#define AT_ERROR_WORDS (-2) /* +CME ERROR: with words, or with nothing that could be read */

typedef enum AtEventType {
        AT_EVENT_WRITE,  /* text is to be written to the tty as it is */
        AT_EVENT_READY,  /* the port answers, and answers match their commands: commands go out from now on */
        AT_EVENT_ANSWER, /* tag, result, error, text: the answer to a command */
        AT_EVENT_URC,    /* text: a line that answers nothing */
} AtEventType;

typedef struct AtEvent {
        AtEventType type;
        unsigned tag;
        AtResult result;
        int error;   /* n of +CME ERROR: n, else AT_ERROR_NONE or AT_ERROR_WORDS */
        bool secret; /* the text may hold credentials: not for any log */
        char *text;  /* AT_EVENT_ANSWER: the lines of information, joined by \n, "" if none */
} AtEvent;

void at_event_free(AtEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AtEvent, at_event_free)

AtEngine *at_engine_new(void);
void at_engine_free(AtEngine *engine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AtEngine, at_engine_free)

/* The port was closed or lost: drops everything, also pending commands, which get no AT_EVENT_ANSWER. */
void at_engine_reset(AtEngine *engine);

/* The port is open: lines are read as URCs, nothing is written. Pending commands are dropped. */
void at_engine_listen(AtEngine *engine);

/* Drops pending commands, then sends ATQ0V1E0 once a second (after half a minute of silence ever more rarely, but twice
 * a minute at least) until the module answers, then AT+CMEE=1, and then reports AT_EVENT_READY. The caller decides how
 * long to wait for that. */
void at_engine_start(AtEngine *engine, uint64_t now);

/* Returns true if AT_EVENT_READY was reported since the start. */
bool at_engine_is_ready(const AtEngine *engine);

/* Returns true if a command would be sent at once. */
bool at_engine_is_idle(const AtEngine *engine);

/* Queues a command, without its CR. A command that holds a control character is a programming error and aborts. The
 * timeout, in µs, begins when all commands before this one have been answered. */
void at_engine_command(AtEngine *engine, unsigned tag, const char *command, bool secret, uint64_t timeout,
                       uint64_t now);

/* If the last command queued is not answered in time, nothing more is written, as after at_engine_listen(): if the
 * module accepted AT+QFOTADL all the same, any further byte would count as package data. There is one command in the
 * queue. */
void at_engine_hush(AtEngine *engine);

/* Writes a command at once without waiting for an answer, drops pending commands, and starts over. */
void at_engine_write_blind(AtEngine *engine, const char *command, uint64_t now);

/* Bytes were read from the tty. */
void at_engine_feed(AtEngine *engine, const void *bytes, size_t n, uint64_t now);
/* Carries out the time-outs that have passed. */
void at_engine_tick(AtEngine *engine, uint64_t now);

/* The time at which at_engine_tick() is due, UINT64_MAX for never. */
uint64_t at_engine_deadline(const AtEngine *engine);

/* The next event in order, NULL if there is none. The caller frees it. */
AtEvent *at_engine_pop(AtEngine *engine);
