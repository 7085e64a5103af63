/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Recordings, which come from other people's gateways, and what becomes a recording: a text that is accepted has times
 * that never go back, and another writer that goes on with it writes one that is accepted again, within its bound; an
 * IMEI and a password do not come through the mask, whatever stands around them, and whether or not the password is
 * known. Input: the file; what stands behind its first NUL are bytes of a module. */

#include <string.h>

#include "core/record/record-mask.h"
#include "core/record/recording.h"
#include "fuzz.h"

const unsigned fuzz_runs = 20000;

#define IMEI     "867710050000013"
#define PASSWORD "s3cret-word"
#define MOST     8192

static void check_text(const char *text, size_t length)
{
        g_autofree char *why = NULL;
        g_autoptr(Recording) r = recording_parse(text, length, &why);
        uint64_t last = 0;

        g_assert(!r == (why != NULL));
        if (!r)
                fuzz_fail("what was written cannot be read", why);
        for (unsigned i = 0; i < r->events->len; i++) {
                const RecordingEvent *event = g_ptr_array_index(r->events, i);

                g_assert(event->at >= last && event->word < _RECORDING_WORD_MAX && event->text);
                last = event->at;
        }
}

static void check_file(const char *file, size_t length)
{
        g_autofree char *why = NULL, *after = NULL;
        g_autoptr(Recording) r = recording_parse(file, length, &why);
        g_autoptr(RecordingWriter) w = recording_writer_new("upgrade", MAX(MOST, 3 * length));

        g_assert(!r == (why && *why));
        g_assert(recording_writer_continue(w, file, length) == (r != NULL));
        recording_writer_add(w, 1000, RECORDING_RECEIVED, "OK");
        after = recording_writer_text(w);
        check_text(after, strlen(after));
}

static void check_bytes(const uint8_t *bytes, size_t n)
{
        g_autoptr(RecordingWriter) w = recording_writer_new("upgrade", MOST);
        g_autofree char *text = NULL;

        recording_writer_feed(w, 0, bytes, n);
        recording_writer_flush(w, 1000);
        text = recording_writer_text(w);
        g_assert(strlen(text) <= MOST);
        check_text(text, strlen(text));
}

static void check_mask(const char *around)
{
        g_autoptr(RecordMask) mask = record_mask_new();
        g_autofree char *start = g_strndup(around, strlen(around) / 2);
        g_autofree char *imei = g_strconcat(start, IMEI, around + strlen(start), NULL);
        g_autofree char *password = g_strconcat(around, "+QICSGP=1,1,\"a\",\"b\",\"" PASSWORD "\",1", NULL);
        g_autofree char *shown_imei = record_mask_received(mask, imei), *sent = record_mask_sent(mask, password);
        g_autofree char *shown_password = record_mask_received(mask, password);

        if (strstr(shown_imei, IMEI))
                fuzz_fail("an IMEI comes through", shown_imei);
        if (strstr(sent, PASSWORD) || strstr(shown_password, PASSWORD))
                fuzz_fail("a password comes through", sent);
}

/* The password is known, and a line break may cut it: its rest does not come through. */
static void check_known(const char *around)
{
        g_autoptr(RecordMask) mask = record_mask_new();
        g_autofree char *begin = NULL, *rest = NULL, *all = g_strconcat(around, PASSWORD, around, NULL), *text = NULL;
        size_t half = strlen(around) % strlen(PASSWORD);
        g_autofree char *first = g_strndup(PASSWORD, half);
        g_autofree char *line = g_strconcat(around, first, NULL);

        record_mask_add(mask, PASSWORD);
        text = record_mask_text(mask, all);
        if (strstr(text, PASSWORD))
                fuzz_fail("a password that is known comes through", text);
        begin = record_mask_received(mask, line);
        rest = record_mask_received(mask, PASSWORD + half);
        if (strlen(PASSWORD + half) >= 3 && strstr(rest, PASSWORD + half))
                fuzz_fail("the rest of a password comes through", rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        const uint8_t *end = size > 0 ? memchr(bytes, 0, size) : NULL;
        size_t length = end ? (size_t)(end - bytes) : size;
        g_autofree char *file = g_strndup((const char *)bytes, length);

        check_file(file, length);
        check_mask(file);
        check_known(file);
        if (end)
                check_bytes(end, size - length);
        return 0;
}
