/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-event.h>

#include "device/claim.h"
#include "core/rules/rule.h"
#include "store/job-store.h"
#include "manager/manager-observer.h"
#include "store/package-store.h"
#include "store/writer.h"
#include "base/settings.h"
#include "device/usb-watch.h"

typedef struct Manager Manager;

/* The manager's fields. For the manager*.c files only; manager.c makes and frees them. */
struct Manager {
        sd_event *event;
        const Config *config;
        char *state_directory;
        JobStore *store;
        Writer *writer; /* of all that goes to the state directory while the loop runs */
        Claims *claims;
        UsbWatch *watch;
        char *boot_id;
        GPtrArray *modules;       /* Module */
        GPtrArray *jobs;          /* Job, by creation */
        GPtrArray *trimmed;       /* ids of jobs that are forgotten, whose records are still to be removed */
        GPtrArray *watches;       /* Watch, of jobs */
        GHashTable *checks;       /* Check, by the Id of its module (the key is the Check's) */
        GHashTable *surveys;      /* Survey, likewise */
        GHashTable *recordings;   /* JobRecording, by the id of its job (the key is the JobRecording's) */
        GPtrArray *requests;      /* Request */
        PackageStore *packages;
        ModemManagerPresence modem_manager;
        GHashTable *left_alone;                /* ids of jobs that ended while their upgrades went on, logged once */
        GHashTable *settled;                   /* ids of jobs whose modules have reported a revision since */
        GHashTable *stalled;                   /* ids of stalled jobs, logged once */
        bool announced; /* manager_announce() was called: from then on each result is logged when its job ends */
        guint64 last_id;                       /* of the newest job, 0 none */
        guint64 last_end;                      /* the highest Job.end_number */
        bool stopping;                         /* the loop ends when the writer is idle */
        int exit_code;                         /* of the loop then */
        sd_event_source *removal;              /* due when more records of m->trimmed are to be removed */
        sd_event_source *survival;             /* due when the daemon has survived taking its jobs up */
        sd_event_source *uart_removal;         /* due after manager_drop_uarts_soon() */
        const ModuleObserver *module_observer; /* for each new module; userdata is the Manager */
        const ManagerObserver *observer;
        void *userdata;
};
