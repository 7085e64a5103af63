/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A directory on a disk that loses power: the bytes and the names that were synchronized are kept, and each of the
 * others may be lost. */
typedef struct DiskModel DiskModel;

DiskModel *disk_model_new(void);
void disk_model_free(DiskModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DiskModel, disk_model_free)

/* Carries out a line of the TRACE of kill-at.so. Lines that change no file have no effect. */
void disk_model_apply(DiskModel *model, const char *line);

/* The present bytes of a file, synchronized or not; the caller frees them. NULL: there is none. */
char *disk_model_read(const DiskModel *model, const char *name);

/* The number of states in which a power cut at this moment may leave the directory: bounded, whatever the number of
 * changes that were not synchronized. */
unsigned disk_model_states(const DiskModel *model);

/* The state of that number: name -> GBytes, or NULL for a directory. The caller frees the table. */
GHashTable *disk_model_state(const DiskModel *model, unsigned number);

/* The same state has the same text. The caller frees it. */
char *disk_model_sum(GHashTable *state);

/* Replaces all that is in the directory by the state. */
void disk_model_put(GHashTable *state, const char *directory);
