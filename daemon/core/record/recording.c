/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Surveys and recordings as text: the bounded writer, whose every byte goes through core/record/record-mask, and the
 * parser. Knows neither what is recorded nor what is done with it. */

#include <stdbool.h>
#include <string.h>

#include "core/at/at-line.h"
#include "core/record/record-mask.h"
#include "core/record/recording.h"

#define TITLE      "fotad-recording "
#define TEXT_MAX   AT_LINE_MAX                                /* bytes of an event, before its escapes */
#define DEVICE_MAX (2 * RECORDING_DESCRIPTORS_MAX + TEXT_MAX) /* the same of a device */
#define HEAD_MAX   200                                        /* of a value of the head */
#define MOST_MIN   4096

static const char *const words[] = {
        [RECORDING_DEVICE] = "device",   [RECORDING_INTERFACE] = "interface",
        [RECORDING_TTY] = "tty",         [RECORDING_TTY_GONE] = "tty-gone",
        [RECORDING_GONE] = "gone",       [RECORDING_OPEN] = "open",
        [RECORDING_CLOSE] = "close",     [RECORDING_SENT] = ">",
        [RECORDING_RECEIVED] = "<",      [RECORDING_NOTE] = "note",
        [RECORDING_DROPPED] = "dropped",
};
G_STATIC_ASSERT(G_N_ELEMENTS(words) == _RECORDING_WORD_MAX);

const char *recording_word(RecordingWord word)
{
        return words[word];
}

/* ---- writing */

struct RecordingWriter {
        size_t most;
        RecordMask *mask;
        GString *head; /* with the first events */
        GQueue tail;   /* lines: the last events */
        size_t bytes;  /* of the tail */
        uint64_t dropped, events;
        bool begun, heard;
        uint64_t first, last; /* times of events, of the caller's clock */
        uint64_t offset;      /* of the first one */
        AtLine line;
};

RecordingWriter *recording_writer_new(const char *kind, size_t most)
{
        RecordingWriter *w = g_new0(RecordingWriter, 1);

        w->most = MAX(most, MOST_MIN);
        w->mask = record_mask_new();
        w->head = g_string_new(NULL);
        g_string_printf(w->head,
                        TITLE
                        "%d\n"
                        "# IMEI, IMSI, ICCID, serial and phone numbers, names of networks and access points, places,\n"
                        "# credentials and messages are replaced by stand-ins; fotad's doc/recordings.md tells more.\n",
                        RECORDING_VERSION);
        recording_writer_head(w, "kind", kind);
        g_queue_init(&w->tail);
        return w;
}

void recording_writer_free(RecordingWriter *w)
{
        if (!w)
                return;
        record_mask_free(w->mask);
        g_string_free(w->head, TRUE);
        g_queue_clear_full(&w->tail, g_free);
        at_line_reset(&w->line);
        g_free(w);
}

void recording_writer_hide(RecordingWriter *w, const char *secret)
{
        record_mask_add(w->mask, secret);
}

void recording_writer_know(RecordingWriter *w, const char *text)
{
        g_free(record_mask_text(w->mask, text));
}

static void append_escaped(GString *out, const char *text, size_t most)
{
        for (const char *p = text; *p && p < text + most; p++) {
                if (*p == '\\')
                        g_string_append(out, "\\\\");
                else if (*p < ' ' || *p > '~')
                        g_string_append_printf(out, "\\x%02x", (unsigned char)*p);
                else
                        g_string_append_c(out, *p);
        }
}

void recording_writer_head(RecordingWriter *w, const char *key, const char *value)
{
        g_autofree char *masked = record_mask_text(w->mask, value);

        g_string_append_printf(w->head, "%s: ", key);
        append_escaped(w->head, masked, HEAD_MAX);
        g_string_append_c(w->head, '\n');
}

static size_t dropped_length(void)
{
        return strlen("4294967295.999 dropped 18446744073709551615\n");
}

/* The first half of the room is for the beginning, and the rest for the last events. */
static void append_line(RecordingWriter *w, char *taken)
{
        g_autofree char *line = taken;
        size_t length = strlen(line);

        if (g_queue_is_empty(&w->tail) && w->head->len + length <= w->most / 2) {
                g_string_append(w->head, line);
                return;
        }
        g_queue_push_tail(&w->tail, g_steal_pointer(&line));
        w->bytes += length;
        while (w->head->len + w->bytes + dropped_length() > w->most && !g_queue_is_empty(&w->tail)) {
                g_autofree char *oldest = g_queue_pop_head(&w->tail);

                w->bytes -= strlen(oldest);
                w->dropped++;
        }
}

static uint64_t time_of(RecordingWriter *w, uint64_t now)
{
        if (!w->begun)
                w->first = w->last = now;
        if (!w->begun && w->offset == 0)
                g_string_append_c(w->head, '\n');
        w->begun = true;
        w->last = MAX(w->last, now);
        return w->offset + w->last - w->first;
}

/* The text is masked already. */
static void add(RecordingWriter *w, uint64_t now, RecordingWord word, const char *text)
{
        uint64_t ms = time_of(w, now) / 1000;
        GString *line = g_string_new(NULL);

        g_string_printf(line, "%" G_GUINT64_FORMAT ".%03u %s", ms / 1000, (unsigned)(ms % 1000), words[word]);
        if (*text)
                g_string_append_c(line, ' ');
        append_escaped(line, text, word == RECORDING_DEVICE ? DEVICE_MAX : TEXT_MAX);
        g_string_append_c(line, '\n');
        append_line(w, g_string_free(line, FALSE));
        w->events++;
}

void recording_writer_add(RecordingWriter *w, uint64_t now, RecordingWord word, const char *text)
{
        bool masked = word == RECORDING_DEVICE || word == RECORDING_INTERFACE; /* by recording_writer_quote() */
        g_autofree char *shown = masked                       ? g_strdup(text)
                                 : word == RECORDING_SENT     ? record_mask_sent(w->mask, text)
                                 : word == RECORDING_RECEIVED ? record_mask_received(w->mask, text)
                                                              : record_mask_text(w->mask, text);

        if (word == RECORDING_OPEN || word == RECORDING_CLOSE || word == RECORDING_GONE)
                record_mask_end_message(w->mask);
        w->heard = w->heard || word == RECORDING_RECEIVED;
        add(w, now, word, shown);
}

void recording_writer_feed(RecordingWriter *w, uint64_t now, const void *bytes, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const char *line = at_line_push(&w->line, ((const uint8_t *)bytes)[i]);

                if (line)
                        recording_writer_add(w, now, RECORDING_RECEIVED, line);
        }
}

uint64_t recording_writer_events(const RecordingWriter *w)
{
        return w->events;
}

bool recording_writer_has_heard(const RecordingWriter *w)
{
        return w->heard;
}

void recording_writer_flush(RecordingWriter *w, uint64_t now)
{
        recording_writer_feed(w, now, "\n", 1);
        at_line_reset(&w->line);
}

static char *quote(const char *masked)
{
        GString *out = g_string_new("\"");

        for (const char *p = masked; *p; p++)
                g_string_append_c(out, *p == '"' ? '\'' : *p);
        g_string_append_c(out, '"');
        return g_string_free(out, FALSE);
}

char *recording_writer_quote(RecordingWriter *w, const char *text)
{
        g_autofree char *masked = record_mask_text(w->mask, text);

        return quote(masked);
}

char *recording_writer_quote_serial(RecordingWriter *w, const char *serial)
{
        g_autofree char *masked = record_mask_serial(w->mask, serial);

        return quote(masked);
}

char *recording_writer_text(const RecordingWriter *w)
{
        GString *out = g_string_new(w->head->str);

        if (w->dropped > 0) {
                const char *next = g_queue_peek_head((GQueue *)&w->tail);
                size_t length = next ? strcspn(next, " ") : 0;

                g_string_append_len(out, next ?: "0.000", next ? (gssize)length : 5);
                g_string_append_printf(out, " %s %" G_GUINT64_FORMAT "\n", words[RECORDING_DROPPED], w->dropped);
        }
        for (const GList *i = w->tail.head; i; i = i->next)
                g_string_append(out, i->data);
        return g_string_free(out, FALSE);
}

/* ---- reading */

typedef struct Reader {
        Recording *recording;
        GPtrArray *keys, *values;
        unsigned line;
        bool in_head;
        char *why;
} Reader;

static void event_free(void *data)
{
        RecordingEvent *event = data;

        g_free(event->text);
        g_free(event);
}

void recording_free(Recording *r)
{
        if (!r)
                return;
        g_strfreev(r->keys);
        g_strfreev(r->values);
        g_ptr_array_unref(r->events);
        g_free(r);
}

static bool complain(Reader *r, const char *what)
{
        r->why = g_strdup_printf("line %u: %s", r->line, what);
        return false;
}

/* Undoes append_escaped(). NULL if the text cannot be one of its. */
static char *unescape(const char *text)
{
        g_autofree char *out = g_malloc(strlen(text) + 1);
        size_t n = 0;

        for (const char *p = text; *p; p++) {
                int high, low;

                if (*p < ' ' || *p > '~')
                        return NULL;
                if (*p != '\\' || *++p == '\\') {
                        out[n++] = *p;
                        continue;
                }
                if (*p != 'x' || (high = g_ascii_xdigit_value(p[1])) < 0 || (low = g_ascii_xdigit_value(p[2])) < 0 ||
                    high + low == 0)
                        return NULL;
                out[n++] = (char)(high * 16 + low);
                p += 2;
        }
        out[n] = 0;
        return g_steal_pointer(&out);
}

static bool read_head(Reader *r, const char *line)
{
        size_t length = strspn(line, "abcdefghijklmnopqrstuvwxyz-");
        char *value;

        if (length == 0 || !g_str_has_prefix(line + length, ": "))
                return complain(r, "a line of the head is KEY: VALUE");
        value = unescape(line + length + 2);
        if (!value)
                return complain(r, "a byte that is not escaped, or a wrong escape");
        g_ptr_array_add(r->keys, g_strndup(line, length));
        g_ptr_array_add(r->values, value);
        return true;
}

/* SECONDS.MMM at the beginning of the line. Returns what follows, NULL if it is something else. */
static const char *read_time(const char *line, uint64_t *ret)
{
        size_t whole = strspn(line, "0123456789");
        g_autofree char *digits = NULL;
        guint64 ms;

        if (whole == 0 || whole > 10 || line[whole] != '.' || strspn(line + whole + 1, "0123456789") != 3 ||
            line[whole + 4] != ' ')
                return NULL;
        digits = g_strdup_printf("%.*s%.3s", (int)whole, line, line + whole + 1);
        if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT64 / 1000, &ms, NULL))
                return NULL;
        *ret = ms * 1000;
        return line + whole + 5;
}

static bool read_event(Reader *r, const char *line)
{
        GPtrArray *events = r->recording->events;
        RecordingEvent event = { 0 };
        const char *rest = read_time(line, &event.at);
        size_t length = rest ? strcspn(rest, " ") : 0;

        if (!rest)
                return complain(r, "an event begins with its time, SECONDS.MMM, and a blank");
        if (events->len > 0 && event.at < ((RecordingEvent *)g_ptr_array_index(events, events->len - 1))->at)
                return complain(r, "the time goes back");
        while (event.word < _RECORDING_WORD_MAX &&
               (strlen(words[event.word]) != length || strncmp(words[event.word], rest, length) != 0))
                event.word++;
        if (event.word == _RECORDING_WORD_MAX)
                return complain(r, "there is no such event in this version");
        event.text = unescape(rest + length + (rest[length] == ' '));
        if (!event.text)
                return complain(r, "a byte that is not escaped, or a wrong escape");
        g_ptr_array_add(events, g_memdup2(&event, sizeof(event)));
        return true;
}

static bool read_line(Reader *r, const char *line)
{
        if (r->line == 1)
                return strcmp(line, TITLE G_STRINGIFY(RECORDING_VERSION)) == 0 ||
                       complain(r, "not " TITLE G_STRINGIFY(RECORDING_VERSION));
        if (*line == '#')
                return true;
        if (!*line) {
                r->in_head = false;
                return true;
        }
        return r->in_head ? read_head(r, line) : read_event(r, line);
}

Recording *recording_parse(const char *text, size_t length, char **ret_why)
{
        g_autoptr(Recording) recording = g_new0(Recording, 1);
        Reader r = { .recording = recording, .keys = g_ptr_array_new(), .values = g_ptr_array_new(), .in_head = true };
        bool good = true;

        recording->events = g_ptr_array_new_with_free_func(event_free);
        for (size_t at = 0; good && at < length;) {
                const char *end = memchr(text + at, '\n', length - at);
                size_t n = end ? (size_t)(end - text) - at : length - at;
                g_autofree char *line = g_strndup(text + at, n);

                r.line++;
                good = !end                ? complain(&r, "the last line is not complete")
                       : strlen(line) != n ? complain(&r, "a byte that is not escaped, or a wrong escape")
                                           : read_line(&r, line);
                at += n + 1;
        }
        if (r.line == 0)
                good = complain(&r, "the file is empty");
        g_ptr_array_add(r.keys, NULL);
        g_ptr_array_add(r.values, NULL);
        recording->keys = (char **)g_ptr_array_free(r.keys, FALSE);
        recording->values = (char **)g_ptr_array_free(r.values, FALSE);
        if (good)
                return g_steal_pointer(&recording);
        *ret_why = r.why;
        return NULL;
}

const char *recording_head(const Recording *r, const char *key)
{
        for (unsigned i = 0; r->keys[i]; i++)
                if (strcmp(r->keys[i], key) == 0)
                        return r->values[i];
        return NULL;
}

char *recording_value(const char *text, const char *key)
{
        size_t length = strlen(key);

        for (const char *p = text; *p;) {
                const char *value = strncmp(p, key, length) == 0 && p[length] == '=' ? p + length + 1 : NULL;
                bool quoted = value && *value == '"';

                if (value)
                        return g_strndup(value + quoted, strcspn(value + quoted, quoted ? "\"" : " "));
                /* to the end of this value */
                p += strcspn(p, " \"");
                if (*p == '"')
                        p += 1 + strcspn(p + 1, "\"");
                p += *p != 0;
        }
        return NULL;
}

bool recording_writer_continue(RecordingWriter *w, const char *text, size_t length)
{
        g_autofree char *why = NULL;
        g_autoptr(Recording) before = recording_parse(text, length, &why);
        const char *body = before ? strstr(text, "\n\n") : NULL;

        if (!before)
                return false;
        record_mask_skip(w->mask, text);
        body = body ? body + 2 : text + length;
        g_string_truncate(w->head, 0);
        g_string_append_len(w->head, text, body - text);
        g_queue_clear_full(&w->tail, g_free);
        w->bytes = 0;
        w->dropped = 0;
        while (body < text + length) {
                const char *end = strchr(body, '\n') + 1;

                append_line(w, g_strndup(body, (size_t)(end - body)));
                body = end;
        }
        w->begun = false;
        w->offset = before->events->len > 0
                            ? ((RecordingEvent *)g_ptr_array_index(before->events, before->events->len - 1))->at
                            : 0;
        return true;
}
