/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-event.h>

#include "core/job/job.h"
#include "core/record/recording.h"
#include "base/settings.h"

/* The lines of one module in the log. A module that never stops to report must not fill the log. */
typedef struct LogShare {
        uint64_t until;                    /* the end of the present interval, µs of clock_now() */
        unsigned lines, debug_lines, dropped; /* in it */
} LogShare;

/* The things that the objects of one module share. The module fills the struct in and is the only one to change it; the
 * objects borrow it, read it, and must not outlive it. */
typedef struct ModuleContext {
        char *id; /* usb-1-1.2, tty-ttyS1 */
        sd_event *event;
        const Config *config;
        const char *boot_id;
        const Job *job; /* the job that holds the module; NULL none */
        uint64_t still; /* how long the module has stood still in all, µs */
        bool watched;   /* ModemManager is kept from the module, as for a job */
        LogShare *log;
        RecordingWriter *recording; /* what is said and seen is added to it; NULL none */

        /* An object reports from the event loop that it may have something to do. May free the run of the job. */
        void (*wake)(void *userdata);
        void *userdata;
} ModuleContext;

/* The time of clock_now(), but for the time in which the module stood still because a record was being written: for
 * time-outs that the module can keep only while it goes on. */
uint64_t context_now(const ModuleContext *context);
/* The same of clock_read_until(). */
uint64_t context_read_until(const ModuleContext *context);
/* The same time as one of clock_now(), UINT64_MAX never. */
uint64_t context_deadline(const ModuleContext *context, uint64_t at);
/* Adds an event to the recording, if there is one. */
void context_record(const ModuleContext *context, RecordingWord word, const char *text);
/* The tty of a node, as recordings name it. Belongs to node. */
const char *context_tty(const char *node);
/* Logs a line that the upgrade has appended to its job's log, if it is a phase, a code of the module, or a decision. (The
 * result is logged once it is on the disk.) */
void log_context_history(const ModuleContext *context, const JobLogLine *line);

/* Logs a line about the module, with the module's Id in front. The journal files it under the module, and under the job
 * that holds the module, if there is one, whose own log gets the line, too. level is one of syslog's. Drops the line if there were too many lately. */
void log_context(int level, const ModuleContext *context, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The same for a line about the job that holds the module, with the job's Id in front, too. Lines that are never dropped
 * (the start of a job, the command, the result) are logged by log_job(). */
void log_context_job(int level, const ModuleContext *context, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The number of lines that were dropped is logged at that time, by log_context_dropped(); UINT64_MAX: none was. */
uint64_t log_context_deadline(const ModuleContext *context);
void log_context_dropped(const ModuleContext *context);
void log_context_v(int level, const ModuleContext *context, const char *format, va_list args) G_GNUC_PRINTF(3, 0);
