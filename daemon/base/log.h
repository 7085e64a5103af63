/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <syslog.h>

/* The subject of a line, as journal fields. NULL or "": the line has no such field. */
typedef struct LogEvent {
        const char *message_id; /* of message-ids.h */
        const char *job;
        const char *module; /* Id */
        const char *imei;
        const char *state; /* the job's */
        const char *code;  /* domain/number of the job's end */
} LogEvent;

/* Levels are syslog's. Nothing that is logged may hold a password. */
void log_set_level(int level);
int log_get_level(void);
/* Returns true if lines go to the journal. */
bool log_is_journal(void);
void log_message(int level, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Logs a line with the fields of the event, which only the journal keeps. */
void log_event(int level, const LogEvent *event, const char *format, ...) G_GNUC_PRINTF(3, 4);
void log_event_v(int level, const LogEvent *event, const char *format, va_list args) G_GNUC_PRINTF(3, 0);

#define log_error(...)   log_message(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_message(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_message(LOG_DEBUG, __VA_ARGS__)
