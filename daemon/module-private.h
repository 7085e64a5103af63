/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/at-engine.h"
#include "module-context.h"
#include "module-inspect.h"
#include "module-job.h"
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

        Identity *identity;
        bool told;             /* the log has said who it is since it came */
        bool identified;       /* since it came */
        bool wanted;           /* the identity is to be read */
        uint64_t wanted_until; /* without a job: when that is given up */
        uint64_t probe_at;     /* when to ask again, UINT64_MAX never */
        IdentityProbe *probe;
        bool asked;              /* a question of the probe's is under way */
        uint64_t probe_interval; /* until it is asked again, if it told no revision */
        unsigned nameless;       /* times it answered without a revision since the port was opened */
        bool asked_upgrade;      /* AT+QFOTADL=? is under way: which the Mini system knows, too */

        Inspector *inspector;

        JobRun *run;               /* while a job holds it, NULL otherwise */
        GHashTable *at_interfaces; /* as the configuration had them when no job held it */
        bool reconfigured;         /* while the job held it */
        bool pumping;
};

#define MODULE_TAG_IDENTITY   0              /* core/upgrade counts from 1 */
#define MODULE_PROBE_INTERVAL G_USEC_PER_SEC /* it answered, but not with its revision */

/* module.c: to the upgrade, if there is one. */
void module_feed(Module *m, UpgradeEvent event);

/* module-identity.c: the identity is to be read within [timeouts] settle. */
void module_want_identity(Module *m);
void module_start_probe(Module *m);
void module_drop_probe(Module *m);
/* The wish to know the identity ends, without a job. */
void module_give_up_probe(Module *m);
/* Asks the probe's next question, or takes what it found out. True if something was done. */
bool module_advance_probe(Module *m);
/* The answer to that. */
void module_take_answer(Module *m, const AtEvent *event);

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
