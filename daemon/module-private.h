/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/at-engine.h"
#include "module-context.h"
#include "module-inspect.h"
#include "module-job.h"
#include "module-probe.h"
#include "module-uart.h"
#include "module.h"
#include "port-watch.h"
#include "ports.h"
#include "serial.h"

/* Shared by module.c, which runs a module, module-identity.c, which asks who it is, module-inspect.c, which asks what
 * an upgrade depends on, and module-view.c, which tells what can be seen of it. */

struct Module {
        ModuleContext context;
        sd_event_source *timer;
        const ModuleObserver *observer;
        void *userdata;

        bool present;
        uint64_t came_at, left_at; /* µs of CLOCK_BOOTTIME, 0 never */
        bool boot_rom;
        uint16_t vendor_id, product_id;
        unsigned device;
        char *syspath;
        Ports *ports;
        char *node;        /* of the AT port, NULL none */
        char *holder;      /* who has the port instead of us, NULL nobody */
        int open_error;    /* why the port could not be opened, 0 */
        bool job_had_port; /* the job has had the port open since the daemon started */

        char *uid; /* as ModemManager names its device, NULL never seen */
        Gate *gate;

        Uart *uart;
        unsigned baud_rate;

        Serial *serial;
        AtEngine *engine;
        bool listening;         /* nothing is to be sent until it has left the bus */
        uint64_t open_at;       /* when to try to open the port again, UINT64_MAX at once if it is wanted */
        uint64_t open_interval; /* before that, if neither a job nor a call waits for the port; 0 not tried yet */
        PortWatch *watch;       /* of a port that could not be opened */

        Probe *probe;
        Inspector *inspector;

        JobRun *run;               /* while a job holds it, NULL otherwise */
        GHashTable *at_interfaces; /* as the configuration had them when no job held it */
        bool reconfigured;         /* while the job held it */
        bool pumping;
};

/* module.c: to the upgrade, if there is one. */
void module_feed(Module *m, UpgradeEvent event);

/* module.c: a UART whose node could not be opened is perhaps gone, which nothing reports. */
void module_uart_missed(Module *m);

/* module-port.c: which tty it is may change with each that comes or goes; opens or closes it as it is wanted now, true
 * if that may have made work. */
void module_choose_port(Module *m);
bool module_update_port(Module *m);
/* Forgets that another process had the port: if the port is wanted, it is tried at once. */
void module_try_port(Module *m);
/* Somebody wants to talk to it, whether or not that may be. */
bool module_wants_port(const Module *m);
void module_close_port(Module *m);

/* module.c: says to the upgrade that it is there. */
void module_feed_present(Module *m);

/* module.c: whether the port may be opened as far as ModemManager is concerned. */
bool module_may_open_port(Module *m);

/* module.c: carries everything on until nothing is left to do now. */
void module_pump(Module *m);
