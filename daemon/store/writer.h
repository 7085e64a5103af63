/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

/* Carries tasks out in threads, so that the event loop does not wait for the disk. Tasks with the same key are carried
 * out in the order in which they came, others at the same time. */
typedef struct Writer Writer;

/* A kind of task. work() runs in a thread, and nothing else uses the task meanwhile; it must not log. done() is called
 * by the loop after that, and may be NULL. Then the task is freed. */
typedef struct WriterKind {
        void (*work)(void *task);
        void (*done)(void *task);
        GDestroyNotify free;
} WriterKind;

/* NULL and *ret_why on failure. Borrows event. idle: called by the loop when the last task is done. */
Writer *writer_new(sd_event *event, void (*idle)(void *userdata), void *userdata, char **ret_why);

/* Takes NULL. Waits until all tasks have been carried out, and frees them without done(). */
void writer_free(Writer *writer);

/* Takes the task. kind is borrowed. */
void writer_push(Writer *writer, const char *key, const WriterKind *kind, void *task);

/* Waits until all tasks have been carried out. done() does not follow unless the loop goes on. */
void writer_wait(Writer *writer);

/* Returns true if no task is left for which done() was not called. */
bool writer_is_idle(const Writer *writer);
