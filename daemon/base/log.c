/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes log lines: to the journal, with fields, if stderr is connected to it, otherwise to stderr. The caller makes
 * sure that a line holds no secret; control characters, which a module may have sent, are replaced here. A journal that
 * is not read must not stop the daemon, as sd_journal_sendv() would: lines are then lost, and counted. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

#define JOURNAL "/run/systemd/journal/socket"

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
        char *end;

        if (!stream)
                return false;
        device = strtoull(stream, &end, 10);
        if (*end != ':')
                return false;
        inode = strtoull(end + 1, &end, 10);
        return *end == '\0' && fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static void make_printable(char *text)
{
        for (char *p = text; *p; p++)
                if (*p < ' ' || *p > '~')
                        *p = '?';
}

/* ---- the journal */

/* The journal's own format: a line NAME=value for each field, for no value has a line feed. */
static void add_field(GString *entry, const char *name, const char *value)
{
        g_autofree char *text = NULL;

        if (!value || !*value)
                return;
        text = g_strdup(value);
        make_printable(text);
        g_string_append_printf(entry, "%s=%s\n", name, text);
}

/* 0 or -errno; -EAGAIN if the journal does not read what it has. */
static int send_entry(int level, const LogEvent *event, const char *text)
{
        static int journal = -1;
        const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL };
        g_autofree char *priority = g_strdup_printf("%i", level);
        g_autoptr(GString) entry = g_string_new(NULL);

        if (journal < 0)
                journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (journal < 0)
                return -errno;
        add_field(entry, "MESSAGE", text);
        add_field(entry, "PRIORITY", priority);
        add_field(entry, "SYSLOG_IDENTIFIER", program_invocation_short_name);
        add_field(entry, "MESSAGE_ID", event->message_id);
        add_field(entry, "FOTAD_JOB", event->job);
        add_field(entry, "FOTAD_MODULE", event->module);
        add_field(entry, "FOTAD_IMEI", event->imei);
        add_field(entry, "FOTAD_STATE", event->state);
        add_field(entry, "FOTAD_CODE", event->code);
        return sendto(journal, entry->str, entry->len, MSG_NOSIGNAL, (const struct sockaddr *)&address,
                      sizeof(address)) < 0
                       ? -errno
                       : 0;
}

static void write_to_stderr(const char *text)
{
        g_autofree char *line = g_strconcat(text, "\n", NULL);

        /* The journal's stream is a socket, which may be full. */
        if (send(STDERR_FILENO, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == ENOTSOCK)
                fputs(line, stderr);
}

static void send_to_journal(int level, const LogEvent *event, const char *text)
{
        static unsigned lost;
        int r = 0;

        if (lost > 0) {
                g_autofree char *note = g_strdup_printf("%u lines are missing here, for the journal took none", lost);

                r = send_entry(LOG_WARNING, &(LogEvent){ .message_id = NULL }, note);
                lost = r < 0 ? lost : 0;
        }
        if (r == 0)
                r = send_entry(level, event, text);
        if (r == -EAGAIN)
                lost++;
        else if (r < 0)
                write_to_stderr(text);
}

void log_event_v(int level, const LogEvent *event, const char *format, va_list args)
{
        g_autofree char *text = NULL;

        if (level > maximum)
                return;
        text = g_strdup_vprintf(format, args);
        make_printable(text);
        if (log_is_journal())
                send_to_journal(level, event, text);
        else
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
