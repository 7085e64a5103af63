/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/job/job.h"
#include "module/module.h"

typedef struct Manager Manager;
typedef struct JobRecording JobRecording;

/* The text of the job's recording so far, or of the whole one; NULL and *ret_why if there is none. The caller frees
 * both. Reads the disk if the job has ended. */
char *manager_read_recording(Manager *manager, const Job *job, char **ret_why);

/* The rest is for the manager*.c files. */

void manager_recording_free(JobRecording *recording);

/* Writes the lines of the head that surveys have, too: versions, and the module. */
void manager_write_head(const Module *module, RecordingWriter *recording);

/* The job is about to begin on the module, or to go on there: with the option record all that is said and seen is
 * recorded from now on. */
void manager_recording_begin(Manager *manager, Module *module, const Job *job);

/* Hides the secrets in a source and in options that the job is about to get, if it has a recording. */
void manager_recording_hide(Manager *manager, const Job *job, const char *source, const Options *options);

/* Begins to write the recording of the job with that id to the disk as it is now, if there is one and something was
 * added to it. Neither waits for records, nor do records wait for it. */
void manager_recording_save(Manager *manager, const char *id);

/* The same, also if nothing was added: the daemon ends. */
void manager_recording_save_last(Manager *manager, const Job *job);

/* The same; the module was released, and nothing more is recorded. */
void manager_recording_end(Manager *manager, const Job *job);

/* Begins to remove the recording of a job that is forgotten. */
void manager_recording_remove(Manager *manager, const Job *job);

/* Removes the recordings that belong to no job. Waits for the disk: for the start of the daemon. */
void manager_sweep_recordings(Manager *manager);
