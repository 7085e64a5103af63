/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>

#include "base/clock.h"
#include "module/at-port.h"
#include "module/module-context.h"
#include "module/module-gate.h"
#include "module/module-input.h"
#include "module/module-inspect.h"
#include "module/module-job.h"
#include "module/module-place.h"
#include "module/module-probe.h"
#include "module/module-uart.h"
#include "module/module.h"

/* The objects of one module, and the functions by which the files of this folder react to them. The files stand in the
 * order in which they call each other: module.c calls module-access.c, which calls module-upgrade.c, and so on;
 * module-view.c reads, and is called by all of them. */

struct Module {
        const ModuleObserver *observer;
        void *userdata;

        /* module.c makes and frees them. */
        ModuleContext context;
        LogShare log;
        Place *place;
        AtPort *port;
        Uart *uart;
        Gate *gate;
        Probe *probe;
        Inspector *inspector;
        RecordingWriter *survey; /* while one is under way, NULL none */

        ModuleAdoption adoption; /* the owner's */

        JobRun *run; /* module-upgrade.c: while a job holds the module, NULL otherwise */

        /* module.c */
        ClockTimer *timer;
        bool reconfigured; /* while a job held the module, or was about to begin */
        bool advancing;
        char *expected; /* Id of the job whose first record is being written, NULL none */
        bool held;      /* module_hold() */
        char *held_line; /* the message that led to that, NULL none */
        bool stopping;  /* module_stop() */
        uint64_t still_since; /* when the module stopped to go on, µs of clock_now(), 0: it goes on */
        Inputs *inputs;       /* that came since then */
};

/* The tags of AT commands, by which an answer finds the object that asked; core/upgrade counts from 1. */
#define TAG_IDENTITY 0
#define TAG_INSPECT  UINT_MAX

/* ---- module-access.c: the AT port, and the permission to use it */

extern const AtPortObserver module_at_port_observer;
extern const GateObserver module_gate_observer;

/* Finds out which tty is the AT port, which may change whenever a tty comes or goes. */
void module_choose_port(Module *module);
/* The time at which module_try_other_port() is due, in µs of clock_now(); UINT64_MAX for never: the module has been
 * there for [timeouts] restart, and nothing was heard at its port, or the port is not the suggested one and cannot be
 * opened. Not while a job holds it. */
uint64_t module_search_deadline(const Module *module);
/* Uses another of the module's ports that may be the AT port. */
void module_try_other_port(Module *module);
/* Opens or closes the AT port as the job, the reading of the identity and the inspection need it. Returns true if
 * opening was tried, after which there may be something to do. */
bool module_update_port(Module *module);
/* Ends the wait for ModemManager: an upgrade that has sent nothing yet ends, and so does the reading of the identity.
 * Returns false if the wait is for something else. */
bool module_give_up_gate(Module *module);
/* The device or the node of the UART is gone, since that time in µs of clock_now(). */
void module_handle_removal(Module *module, uint64_t at);

/* ---- module-upgrade.c: the job that holds the module */

/* Starts the upgrade of the job, which the module borrows. */
void module_start_run(Module *module, Job *job);
/* The job does not hold the module any more. Returns the job. */
Job *module_end_run(Module *module);
/* Reports to the job's upgrade, if there is one, that the device is there, unless that is a boot loader. */
void module_feed_present(Module *module);
/* job_run_time_out() of the run, after the report that a boot loader is there, if it is. */
void module_time_out(Module *module);

/* ---- module-identity.c: the identity, and inspections */

extern const ProbeObserver module_probe_observer;
extern const InspectorObserver module_inspector_observer;

/* Starts reading the identity. A port that has not answered yet is asked for any answer first, at once. */
void module_ask_identity(Module *module);
