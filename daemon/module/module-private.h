/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/clock.h"
#include "module/at-port.h"
#include "module/module-context.h"
#include "module/module-gate.h"
#include "module/module-inspect.h"
#include "module/module-job.h"
#include "module/module-probe.h"
#include "module/module-uart.h"
#include "module/module.h"
#include "device/ports.h"

/* The struct that module.c changes and module-view.c reads. */

struct Module {
        ModuleContext context;
        ClockTimer *timer;
        const ModuleObserver *observer;
        void *userdata;

        bool present;
        uint64_t came_at, left_at; /* µs of clock_now(), 0 never */
        bool boot_rom;
        uint16_t vendor_id, product_id;
        unsigned device; /* bus and device number; of a UART a number that counts restarts */
        char *syspath;
        char *uid; /* as ModemManager names its device, NULL never seen */
        Ports *ports;

        AtPort *port;
        Uart *uart;
        Gate *gate;
        Probe *probe;
        Inspector *inspector;
        JobRun *run; /* while a job holds the module, NULL otherwise */

        GHashTable *at_interfaces; /* as the configuration had them when no job held the module */
        bool reconfigured;         /* while a job held the module */
        bool pumping;
};
