/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Surveys and recordings as the daemon returns them. */

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "recordings.h"

char *recordings_read(sd_bus_message *reply)
{
        char *text;
        gsize length;
        int fd;

        ck_assert_int_ge(sd_bus_message_read(reply, "h", &fd), 0);
        ck_assert_int_lt(write(fd, "x", 1), 0);
        ck_assert_int_lt(ftruncate(fd, 0), 0);
        length = (gsize)lseek(fd, 0, SEEK_END);
        ck_assert_uint_le(length, 256 * 1024);
        text = g_malloc0(length + 1);
        ck_assert_int_eq(pread(fd, text, length, 0), (ssize_t)length);
        return text;
}

Recording *recordings_parse(const char *text)
{
        g_autofree char *why = NULL;
        Recording *r = recording_parse(text, strlen(text), &why);

        ck_assert_msg(r, "%s\n%s", why, text);
        return r;
}

unsigned recordings_count(const Recording *r, RecordingWord word, const char *beginning)
{
        unsigned n = 0;

        for (unsigned i = 0; i < r->events->len; i++) {
                const RecordingEvent *event = g_ptr_array_index(r->events, i);

                n += event->word == word && g_str_has_prefix(event->text, beginning);
        }
        return n;
}
