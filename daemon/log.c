/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where log lines go: the journal if stderr is connected to it, stderr otherwise. What a line says, and that it holds
 * no secret, is the caller's business; control characters a module may have put into it are not passed on. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "log.h"

static int maximum = LOG_INFO;

void log_set_level(int level)
{
        maximum = level;
}

/* JOURNAL_STREAM is inherited; it speaks of our stderr only if that is the same file still. */
static bool stderr_is_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat st;

        return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
               st.st_dev == device && st.st_ino == inode;
}

void log_message(int level, const char *format, ...)
{
        g_autofree char *text = NULL;
        va_list args;

        if (level > maximum)
                return;
        va_start(args, format);
        text = g_strdup_vprintf(format, args);
        va_end(args);
        for (char *p = text; *p; p++)
                if (*p < ' ' || *p > '~')
                        *p = '?';
        if (stderr_is_journal() && sd_journal_send("MESSAGE=%s", text, "PRIORITY=%i", level, NULL) >= 0)
                return;
        fprintf(stderr, "%s\n", text);
}
