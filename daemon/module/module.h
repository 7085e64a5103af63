/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

#include "core/rules/inspect.h"
#include "core/job/job.h"
#include "core/upgrade/upgrade.h"
#include "module/module-gate.h"
#include "base/settings.h"
#include "device/usb-watch.h"

/* A physical place where a module is or was attached. */
typedef struct Module Module;

/* Events for the owner of the module. */
typedef struct ModuleObserver {
        void (*changed)(void *userdata, Module *module);
        void (*probed)(void *userdata, Module *module, const char *failure); /* NULL: the identity was read */
        /* module_set_gate() is expected, at once or later; of MODULE_NEED_NONE not. */
        void (*needed)(void *userdata, Module *module, ModuleNeed need);
        /* The module upgrades, or is in its Mini system, and no job knows of it. */
        void (*adoptable)(void *userdata, Module *module, Method method);
        /* The job's module has been off the bus until the job's time-out. Returns true if the job has gone on at
         * another place, and holds this module no longer. */
        bool (*away)(void *userdata, Module *module);
        int (*package_open)(void *userdata, const Job *job); /* the job's package on the host: its fd, or -errno */
        /* Begins to write the record; of a job that has ended, to remove the record if it cannot be written.
         * module_record_written() follows, from the loop. Returns false if the disk has the record already. */
        bool (*job_persist)(void *userdata, Job *job);
        /* job->awaits_record is not set any more, and all that followed from that is done. */
        void (*job_settled)(void *userdata, Job *job);
        void (*job_changed)(void *userdata, Job *job);
        void (*job_result)(void *userdata, Job *job);
        void (*job_released)(void *userdata, Job *job);
        /* module_inspect() is over: the answers, which the callee frees, and the reason why the module could not be
         * asked, NULL none. */
        void (*inspected)(void *userdata, Module *module, Inspection *inspection, const char *failure);
        /* module_survey() is over: the recording, which the callee frees, and the reason why not everything could be
         * asked, NULL none. */
        void (*surveyed)(void *userdata, Module *module, RecordingWriter *survey, const char *failure);
} ModuleObserver;

/* id: usb- and where it is plugged in, as UsbDevice has it, or tty- and the name of a UART. Borrows event, settings and
 * observer. */
Module *module_new(const char *id, sd_event *event, const Config *config, const char *boot_id,
                   const ModuleObserver *observer, void *userdata);
void module_free(Module *module);

/* Bus and device number: another one after each enumeration. Of a UART a number that counts restarts. */
unsigned module_device(const Module *module);

/* The properties of the module. */
const char *module_id(const Module *module); /* usb-1-1.2, tty-ttyS1 */
bool module_is_uart(const Module *module);
bool module_is_present(const Module *module);
const char *module_system(const Module *module); /* unknown, normal, mini, updating */
const char *module_port(const Module *module);   /* node of the AT port, "" none */
uint16_t module_vendor_id(const Module *module);
uint16_t module_product_id(const Module *module);
const Identity *module_identity(const Module *module); /* the last one read */
unsigned module_flash_size(const Module *module);      /* MiB, 0 unknown */
Method module_method(const Module *module);
Job *module_job(const Module *module);
/* A line about the module, with its Id in front: the journal files it under the module, and under the job that holds
 * the module, if one does. */
void log_module(int level, const Module *module, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The reason why the module cannot be used now, one sentence; "" if there is none. The caller frees it. */
char *module_explain(const Module *module);
/* The sentence of module_explain() for the property Problem: "" also for a condition that is part of the upgrade under
 * way. The caller frees it. */
char *module_problem(const Module *module);
/* Its name, a constant. */
const char *module_problem_name(const Module *module);
/* The sentence of module_explain() in two parts, with its name for programs (org.fotad1.Module, ProblemName). */
typedef struct ModuleProblem {
        const char *name; /* "" none */
        char *finding;    /* "" none */
        char *remedy;     /* "" if the finding needs none */
        bool of_port;     /* it is the port's rather than the module's */
} ModuleProblem;
/* Returns false if there is a problem. The caller clears *ret, also if there is none. */
bool module_describe_problem(const Module *module, ModuleProblem *ret);
void module_problem_clear(ModuleProblem *problem);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ModuleProblem, module_problem_clear)
/* power/control of its USB device, auto or on; NULL if it has none. The caller frees it. */
char *module_power_control(const Module *module);
/* Present, and its identity was read since it came. */
bool module_is_ready(const Module *module);

/* The AT port is open and answers, with an identity or without, or has answered in this enumeration and is being asked
 * again. During a job also for settle after the module has come, while it is being asked for the first time. */
bool module_answers(const Module *module);

/* The times of the last enumeration and the last disconnection, µs of clock_now(), 0 never. */
uint64_t module_came_at(const Module *module);
uint64_t module_left_at(const Module *module);

/* The identity is being read: probed() follows. */
bool module_is_probing(const Module *module);

/* The UID of the device for ModemManager's InhibitDevice, NULL if never seen; the path of the device in sysfs. */
const char *module_uid(const Module *module);
const char *module_syspath(const Module *module);

/* why: what ModemManager does, as in "is still looking at it"; NULL if the gate is open. Copied. */
void module_set_gate(Module *module, ModuleGate gate, const char *why);

/* The identity that ModemManager, which uses the port, has read. Takes it. */
void module_take_identity(Module *module, Identity *identity);

/* ModemManager uses the port and has supplied the identity, which is no problem. */
bool module_is_left_alone(const Module *module);

/* Events of the USB. */
void module_device_added(Module *module, const UsbDevice *device);
void module_device_removed(Module *module);
void module_tty_added(Module *module, const UsbTty *tty);
void module_tty_removed(Module *module, const char *node);

/* The configuration has this UART: its node, and what module_device() was when it was last seen. */
void module_set_uart(Module *module, const char *node, unsigned device);
/* Looks for the node. owner: Id of another module that the tty belongs to, NULL none: a module on USB, or a UART that
 * the configuration names twice. The node is then not used as this UART. */
void module_look_at_uart(Module *module, const char *owner);
/* The configuration no longer has the UART. */
void module_unset_uart(Module *module);
/* The node, NULL of a module that is on USB, or not in the configuration any more. */
const char *module_uart(const Module *module);

/* The first enumeration is complete: the module of a job is absent if it was not reported. */
void module_settled(Module *module);

/* The configuration was read again: the AT port may be another one, and the rate of a UART. Applied to a module that a
 * job holds when the job has ended. */
void module_reconfigured(Module *module);

/* Reads the identity again: probed() follows. Not while a job holds the module. */
void module_probe(Module *module);

/* Asks the module for the facts that an upgrade depends on, by core/rules/inspect.h's set for a check: inspected()
 * follows, at once or later, but always. Reads only; not while module_is_taken(), or while it is being asked. */
void module_inspect(Module *module, Method method);

/* Asks the module the questions of core/record/survey, and adds its USB device and all that is said to the recording,
 * which it takes: surveyed() follows, at once or later, but always. Reads only; not while module_is_taken(), or while it
 * is being asked. */
void module_survey(Module *module, RecordingWriter *survey);
/* Adds the device as it is now to the recording, and then all that is said and seen, until the job that is about to
 * begin releases the module. Borrows the recording. */
void module_record(Module *module, RecordingWriter *recording);
/* module_inspect() or module_survey() is under way. */
bool module_is_being_asked(const Module *module);

/* ---- jobs. While job->awaits_record, the module stands still: it sends nothing, lets no time-out pass, and keeps the
 * bytes of its AT port and the events from outside for later. */

/* The job with this Id is about to be made for the module, NULL: not any more. */
void module_expect(Module *module, const char *job);
/* Id of the module's job, or of the one that is about to be made for it; NULL if there is neither. */
const char *module_taken_by(const Module *module);
bool module_is_taken(const Module *module);

/* The job holds the module from here until job_released(). Borrows the job. Ends module_expect() and module_hold(). */
void module_begin(Module *module, Job *job);
/* These must not be called while job->awaits_record. */
void module_cancel(Module *module);
/* Ends the job, if upgrade_is_dismissable(), and sends no more of the upgrade to the module. */
void module_dismiss(Module *module);

/* job_persist of the module's job is over: result is 0 or -errno, and why is NULL or the reason. */
void module_record_written(Module *module, int result, const char *why);

/* The owner writes a record by itself, of the module's job or of the expected one: the module stands still until
 * module_release(), module_retry() or module_begin(). */
void module_hold(Module *module);
void module_release(Module *module);

/* Ends module_hold(). AT+QFOTADL once more, with the retry_source in the job's record (upgrade_may_retry(),
 * module_answers()): at once, or when the AT port is idle. */
void module_retry(Module *module);

/* The daemon ends: from here on the module stands still but for the actions of its job that are due already, with the
 * records before them. */
void module_stop(Module *module);
/* Returns true while bytes that were sent to the module have not left the host: they are lost if the module is freed. */
bool module_is_sending(const Module *module);

/* Keeps ModemManager from the module although no job holds it, or no longer. */
void module_set_watched(Module *module, bool watched);
bool module_is_watched(const Module *module);

/* The adoption of upgrades on this module, which its owner limits. */
typedef struct ModuleAdoption {
        uint64_t not_before; /* µs of clock_now() */
        JobReached reached;  /* by the job that was adopted last */
        unsigned ignored;    /* messages since that job ended */
} ModuleAdoption;

ModuleAdoption *module_adoption(Module *module);

/* The job is followed on another module: releases and returns it. */
Job *module_give_up_job(Module *module);
