/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "manager/manager-check.h"
#include "manager/manager-claim.h"
#include "manager/manager-facts.h"
#include "manager/manager-jobs.h"
#include "manager/manager-modules.h"
#include "manager/manager-observer.h"
#include "manager/manager-recording.h"
#include "manager/manager-request-id.h"
#include "manager/manager-requests.h"
#include "manager/manager-survey.h"
#include "base/settings.h"

/* The modules and their jobs: all that the bus and main may call, in the headers above and below. */

typedef struct Manager Manager;

typedef struct ManagerDirectories {
        const char *state;   /* jobs and packages, which outlive a reboot */
        const char *runtime; /* claims, which outlive the daemon */
} ManagerDirectories;

/* Makes a manager that has neither modules nor jobs yet. Borrows event and config. NULL and *ret_why if the state
 * directory cannot be used or udev cannot be watched. */
Manager *manager_new(sd_event *event, const Config *config, const ManagerDirectories *directories, char **ret_why);
void manager_free(Manager *manager);

/* Loads the jobs, finds the modules that are present, and takes running jobs up again: news begins. Borrows observer.
 * 0, or -errno and *ret_why, which the caller frees. */
int manager_start(Manager *manager, const ManagerObserver *observer, void *userdata, char **ret_why);

/* Applies new contents of the configuration, as far as they do no harm to a running job. */
void manager_reconfigured(Manager *manager);

/* Ends the event loop with the code, 0 or -errno, once the disk has all that is to be written. Modules stand still: what
 * the records on the disk say is done is done, and no more events are taken. The first code counts. */
void manager_end(Manager *manager, int code);

/* Call it when the event loop has ended. The jobs stay on the disk. */
void manager_stop(Manager *manager);

/* Announces the results that a crash, or a bus that was lost, kept from the bus. Call it whenever the daemon has got
 * its name on a bus. */
void manager_announce(Manager *manager);

/* The bus has passed on the result of a job: notes that on the disk, so that it is not announced again. */
void manager_result_heard(Manager *manager, Job *job);

/* The configuration. Borrowed. */
const Config *manager_config(const Manager *manager);
