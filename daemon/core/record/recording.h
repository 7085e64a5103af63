/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Surveys and recordings of upgrades: the text of doc/recordings.md. */
#define RECORDING_VERSION 1

/* Bytes of the descriptors of a device that its event can have. A composite device with ten interfaces has some 500. */
#define RECORDING_DESCRIPTORS_MAX 4096

typedef enum RecordingWord {
        RECORDING_DEVICE,    /* a USB device came: its ids and descriptors */
        RECORDING_INTERFACE, /* an interface of it */
        RECORDING_TTY,       /* a tty of it came */
        RECORDING_TTY_GONE,
        RECORDING_GONE,     /* the device, or the node of a UART, is gone */
        RECORDING_OPEN,     /* the AT port was opened */
        RECORDING_CLOSE,    /* and closed, or lost */
        RECORDING_SENT,     /* a line to the module */
        RECORDING_RECEIVED, /* a line of the module */
        RECORDING_NOTE,     /* fotad's own: kind and text of a line of the job's log */
        RECORDING_DROPPED,  /* the number of events that stood here */
        _RECORDING_WORD_MAX
} RecordingWord;

/* Its word in the text. */
const char *recording_word(RecordingWord word);

/* ---- writing. What goes in is masked at once. */

typedef struct RecordingWriter RecordingWriter;

/* kind: survey or upgrade. The text has at most that many bytes (4096 at least): of the events between the first and
 * the last ones so many are dropped, with a line in their place. */
RecordingWriter *recording_writer_new(const char *kind, size_t most);
/* Takes NULL. */
void recording_writer_free(RecordingWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RecordingWriter, recording_writer_free)

/* Text that is replaced wherever it occurs from now on, such as a password; NULL is ignored. */
void recording_writer_hide(RecordingWriter *writer, const char *secret);

/* The identifiers in the text get their stand-ins now, so that these are the first ones in each writer for a job. */
void recording_writer_know(RecordingWriter *writer, const char *text);

/* A line of the head. Call it before the first event. key: letters and dashes. */
void recording_writer_head(RecordingWriter *writer, const char *key, const char *value);

/* An event at that time, in µs of any clock: the first one is the beginning. Earlier times than the event before count
 * as its time. Control characters and bytes that are not ASCII are escaped. */
void recording_writer_add(RecordingWriter *writer, uint64_t now, RecordingWord word, const char *text);
/* Bytes that the module sent, in any pieces: each line that they end is an event. */
void recording_writer_feed(RecordingWriter *writer, uint64_t now, const void *bytes, size_t n);
/* The present line of the module ends here, because its port was closed. */
void recording_writer_flush(RecordingWriter *writer, uint64_t now);

/* The number of events that were ever added. */
uint64_t recording_writer_events(const RecordingWriter *writer);

/* Returns true if the module has sent a line. */
bool recording_writer_has_heard(const RecordingWriter *writer);

/* A text for a value of RECORDING_DEVICE and RECORDING_INTERFACE: masked, and between quotes. The caller frees it. */
char *recording_writer_quote(RecordingWriter *writer, const char *text);
/* The same for the serial number of a USB device. */
char *recording_writer_quote_serial(RecordingWriter *writer, const char *serial);

/* Goes on with the text of another writer, which replaces what this one has; the next event is at the time of its last
 * one. Stand-ins in it are not given to other originals. Returns false, and changes nothing, if it is no recording. */
bool recording_writer_continue(RecordingWriter *writer, const char *text, size_t length);

/* The recording so far. The caller frees it. */
char *recording_writer_text(const RecordingWriter *writer);

/* ---- reading */

typedef struct RecordingEvent {
        uint64_t at; /* µs since the beginning */
        RecordingWord word;
        char *text; /* without escapes, "" none; holds no NUL */
} RecordingEvent;

typedef struct Recording {
        char **keys, **values; /* of the head, NULL-terminated */
        GPtrArray *events;     /* RecordingEvent */
} Recording;

/* NULL and *ret_why, which names the line and which the caller frees, if the text is no recording of this version. */
Recording *recording_parse(const char *text, size_t length, char **ret_why);
/* Takes NULL. */
void recording_free(Recording *recording);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Recording, recording_free)

/* The value of that key of the head, NULL none. */
const char *recording_head(const Recording *recording, const char *key);

/* The value of key= in the text of a device, an interface or a tty, without quotes; NULL none. The caller frees it. */
char *recording_value(const char *text, const char *key);
