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

/* One physical place where a module is or was attached. */
typedef struct Module Module;

/* News for whoever owns the module. job_persist returns 0 or -errno and *ret_why; of a job that has ended, 0 also if
 * its record is removed because it cannot be written. */
typedef struct ModuleObserver {
        void (*changed)(void *userdata, Module *module);
        void (*probed)(void *userdata, Module *module, const char *failure); /* NULL: the identity was read */
        /* module_set_gate() is expected, at once or later; of MODULE_NEED_NONE not. */
        void (*needed)(void *userdata, Module *module, ModuleNeed need);
        /* It upgrades, or sits in its Mini system, and no job knows of it. */
        void (*adoptable)(void *userdata, Module *module, Method method);
        int (*package_open)(void *userdata, const Job *job); /* the job's package on the host: its fd, or -errno */
        int (*job_persist)(void *userdata, Job *job, char **ret_why);
        void (*job_changed)(void *userdata, Job *job);
        void (*job_result)(void *userdata, Job *job);
        void (*job_released)(void *userdata, Job *job);
        /* module_inspect() is over: what is known (to be freed by whoever takes it), and what kept it from being asked,
         * NULL nothing. */
        void (*inspected)(void *userdata, Module *module, Inspection *inspection, const char *failure);
} ModuleObserver;

/* id: usb- and where it is plugged in, as UsbDevice has it, or tty- and the name of a UART. Borrows event, settings and
 * observer. */
Module *module_new(const char *id, sd_event *event, const Config *config, const char *boot_id,
                   const ModuleObserver *observer, void *userdata);
void module_free(Module *module);

/* Bus and device number: another one after each enumeration. Of a UART a number that counts restarts. */
unsigned module_device(const Module *module);

/* What the bus shows. */
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
/* What keeps it from being used now, one sentence; "" if nothing is known to. The caller frees it. */
char *module_explain(const Module *module);
/* The same for everybody to read: "" also for what is part of the upgrade that is under way. */
char *module_problem(const Module *module);
/* The same in two parts, what it is and what to do about it; the caller frees both. false if there is something, and
 * *ret_of_port then says whether it is the port's rather than the module's. */
bool module_describe_problem(const Module *module, char **ret_finding, char **ret_remedy, bool *ret_of_port);
/* power/control of its USB device, auto or on; NULL if it has none. The caller frees it. */
char *module_power_control(const Module *module);
/* Present, and its identity was read since it came. */
bool module_is_ready(const Module *module);

/* Its AT port is open and answers, whoever it is, or has answered since the module came and is being asked again. */
bool module_answers(const Module *module);

/* When it last came and left, µs of CLOCK_BOOTTIME, 0 never. */
uint64_t module_came_at(const Module *module);
uint64_t module_left_at(const Module *module);

/* It has come, or was asked, and its identity is being read: probed() follows. */
bool module_is_probing(const Module *module);

/* The UID of its device for ModemManager's InhibitDevice, NULL it was never seen; where it is in sysfs. */
const char *module_uid(const Module *module);
const char *module_syspath(const Module *module);

/* why: what ModemManager does, as in "is still looking at it"; NULL if the gate is open. */
void module_set_gate(Module *module, ModuleGate gate, const char *why);

/* Who it is, as ModemManager read it, which has its port. Takes the identity. */
void module_take_identity(Module *module, Identity *identity);

/* ModemManager has it, and told who it is: nothing is wrong with that. */
bool module_is_left_alone(const Module *module);

/* News from the USB. */
void module_device_added(Module *module, const UsbDevice *device);
void module_device_removed(Module *module);
void module_tty_added(Module *module, const UsbTty *tty);
void module_tty_removed(Module *module, const char *node);

/* The configuration has this UART: its node, and what module_device() was when it was last seen. */
void module_set_uart(Module *module, const char *node, unsigned device);
/* Sees whether that node is there. owner: Id of the USB module whose port it is, NULL none; it then is nobody else's.
 */
void module_look_at_uart(Module *module, const char *owner);
/* Not any more: it is gone for good. */
void module_unset_uart(Module *module);
/* The node, NULL of a module that is on USB, or not in the configuration any more. */
const char *module_uart(const Module *module);

/* All modules that are there have been told: a job whose module is not among them knows that it is absent. */
void module_settled(Module *module);

/* The configuration has other contents: its AT port may be another one, and a UART is spoken to at another rate. Of a
 * module that a job holds, once it has ended. */
void module_reconfigured(Module *module);

/* Reads the identity again: probed() follows. Not while a job holds the module. */
void module_probe(Module *module);

/* Asks it what an upgrade depends on, by core/rules/inspect.h's set for a check: inspected() follows, at once or later,
 * but always. Reads only; not while a job holds the module, or while it is being asked (module_is_inspected()). */
void module_inspect(Module *module, Method method);
bool module_is_inspected(const Module *module);

/* The job holds the module from here until job_released(). Borrows the job. */
void module_begin(Module *module, Job *job);
void module_cancel(Module *module);

/* AT+QFOTADL once more, with the retry_source in the job's record (upgrade_may_retry(), module_answers()): at once, or
 * when the AT port has answered what it is being asked. */
void module_retry(Module *module);

/* The job goes on elsewhere: returns it, and knows nothing of it any more. */
Job *module_give_up_job(Module *module);
