/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes log lines: to the journal, with fields, if stderr is connected to it, otherwise to stderr. The caller makes
 * sure that a line holds no secret; control characters, which a module may have sent, are replaced here. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "base/log.h"

#define FIELDS_MAX 8 /* MESSAGE, PRIORITY and those of a LogEvent */

static int maximum = LOG_INFO;

void log_set_level(int level)
{
        maximum = level;
}

int log_get_level(void)
{
        return maximum;
}

/* JOURNAL_STREAM is inherited; it describes our stderr only if stderr is still the same file. */
bool log_is_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat st;

        return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
               st.st_dev == device && st.st_ino == inode;
}

static void make_printable(char *text)
{
        for (char *p = text; *p; p++)
                if (*p < ' ' || *p > '~')
                        *p = '?';
}

typedef struct Fields {
        struct iovec list[FIELDS_MAX];
        int n;
} Fields;

static void add_field(Fields *fields, const char *name, const char *value)
{
        char *text;

        if (!value || !*value)
                return;
        text = g_strconcat(name, "=", value, NULL);
        make_printable(text);
        fields->list[fields->n++] = (struct iovec){ .iov_base = text, .iov_len = strlen(text) };
}

static bool send_to_journal(int level, const LogEvent *event, const char *text)
{
        g_autofree char *priority = g_strdup_printf("%i", level);
        Fields fields = { .n = 0 };
        int r;

        add_field(&fields, "MESSAGE", text);
        add_field(&fields, "PRIORITY", priority);
        add_field(&fields, "MESSAGE_ID", event->message_id);
        add_field(&fields, "FOTAD_JOB", event->job);
        add_field(&fields, "FOTAD_MODULE", event->module);
        add_field(&fields, "FOTAD_IMEI", event->imei);
        add_field(&fields, "FOTAD_STATE", event->state);
        add_field(&fields, "FOTAD_CODE", event->code);
        r = sd_journal_sendv(fields.list, fields.n);
        for (int i = 0; i < fields.n; i++)
                g_free(fields.list[i].iov_base);
        return r >= 0;
}

void log_event_v(int level, const LogEvent *event, const char *format, va_list args)
{
        g_autofree char *text = NULL;

        if (level > maximum)
                return;
        text = g_strdup_vprintf(format, args);
        make_printable(text);
        if (!log_is_journal() || !send_to_journal(level, event, text))
                fprintf(stderr, "%s\n", text);
}

void log_event(int level, const LogEvent *event, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        log_event_v(level, event, format, args);
        va_end(args);
}

void log_message(int level, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        log_event_v(level, &(LogEvent){ .message_id = NULL }, format, args);
        va_end(args);
}
