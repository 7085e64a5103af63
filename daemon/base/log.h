/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <syslog.h>

/* What a line is about, for the journal to file it under. NULL or "": there is none of it. */
typedef struct LogEvent {
        const char *message_id; /* of message-ids.h */
        const char *job;
        const char *module; /* Id */
        const char *imei;
        const char *state; /* the job's */
        const char *code;  /* domain/number: how it ended */
} LogEvent;

/* Levels are syslog's. Nothing that is logged may hold a password. */
void log_set_level(int level);
int log_get_level(void);
/* Whether lines go to the journal. */
bool log_is_journal(void);
void log_message(int level, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The same line, and fields beside it where there are any: in the journal. */
void log_event(int level, const LogEvent *event, const char *format, ...) G_GNUC_PRINTF(3, 4);
void log_event_v(int level, const LogEvent *event, const char *format, va_list args) G_GNUC_PRINTF(3, 0);

#define log_error(...)   log_message(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_message(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_message(LOG_DEBUG, __VA_ARGS__)
