/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/upgrade/upgrade.h"
#include "module/module-context.h"
#include "device/serial.h"

/* A job while it holds a module: feeds the upgrade with events and carries its actions out. */
typedef struct JobRun JobRun;

/* All but the calls that say otherwise come from job_run_advance(). */
typedef struct JobRunObserver {
        /* Sends the command of UPGRADE_ACTION_SEND, if the port is open. */
        void (*send)(void *userdata, const UpgradeAction *action);
        /* Sends a command without waiting for the module to answer, if the port is open. */
        void (*send_blind)(void *userdata, const char *command);
        /* Nothing is to be sent until identify(), or until the module has left the bus. */
        void (*listen)(void *userdata);
        /* The identity of the module is to be read. */
        void (*identify)(void *userdata);
        /* Sets RTS/CTS, or none. Returns false if the port is open and keeps the flow control that it has. */
        bool (*set_flow_control)(void *userdata, bool hardware);
        /* The open port, NULL if it is closed. It is borrowed until job_run_port_closing(). */
        Serial *(*port)(void *userdata);
        /* Sets power/control of the USB device. */
        void (*set_power)(void *userdata, const char *value);
        /* Fills in at_port, diag_port and port_idle. Called from job_run_feed(). */
        void (*complete)(void *userdata, UpgradeEvent *event);

        /* The job's package on the host: its file descriptor, which the caller closes, or -errno. */
        int (*package_open)(void *userdata, const Job *job);
        /* Begins to write the job's record: job_run_record_written() follows, from the loop. As job_persist of
         * ModuleObserver. */
        bool (*persist)(void *userdata, Job *job);
        void (*changed)(void *userdata, Job *job);
        void (*result)(void *userdata, Job *job);
} JobRunObserver;

/* Borrows all of them. The job must be the one of the context, and stay it until job_run_free(). */
JobRun *job_run_new(const ModuleContext *context, Job *job, const JobRunObserver *observer, void *userdata);
/* Takes NULL. Stops what is under way; the job stays. */
void job_run_free(JobRun *run);

Job *job_run_job(const JobRun *run);

/* Returns true if the module has answered AT since it was enumerated, even if a question is under way. */
bool job_run_module_answered(const JobRun *run);

/* Gives the event to the upgrade, if run is not NULL; now, realtime, boot, at_port, diag_port and port_idle are filled
 * in. While job->awaits_record, the event waits, and replaces an earlier one of the same type: only the server's answer,
 * events of the transfer and UPGRADE_EVENT_RESUMED may come then. */
void job_run_feed(JobRun *run, UpgradeEvent event);

/* Carries the next action of the upgrade out, or gives the upgrade an event that waited. Returns false if there was
 * none. Not while job->awaits_record. */
bool job_run_advance(JobRun *run);

/* persist() is over: result is 0 or -errno, and why is NULL or the reason. */
void job_run_record_written(JobRun *run, int result, const char *why);

/* The time at which job_run_time_out() is due, in µs of clock_now(); UINT64_MAX for never. After AT+QFOTADL, time in
 * which the port of a module that is there cannot be opened does not count, up to [timeouts] restart. */
uint64_t job_run_deadline(const JobRun *run);
/* Returns true if nothing ends then, as the job waits without limit: the module of a stalled job is asked again. */
bool job_run_waits(const JobRun *run);
/* Brings Job.deadline up to date, and announces it, if it has moved by a minute or more: each message of a module moves
 * it. It is brought up to date with each other announcement as well. */
void job_run_check_deadline(JobRun *run);
/* The time-out of the present phase has passed. If that ends the job while the port cannot be opened, the job's message
 * says so. */
void job_run_time_out(JobRun *run);

/* Returns true once the job has released its module. */
bool job_run_is_released(const JobRun *run);

/* ---- the port; run may be NULL */

/* The port cannot be opened; to be called at each try. reason: one sentence, as in "/dev/ttyUSB2 is held by chat (pid
 * 42)." Copied. */
void job_run_port_failed(JobRun *run, const char *reason);
void job_run_port_opened(JobRun *run);
/* The port is about to be closed, or there is none any more: stops the transfer of the package, if there is one. */
void job_run_port_closing(JobRun *run);
