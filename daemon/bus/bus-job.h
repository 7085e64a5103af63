/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* org.fotad1.Job at /org/fotad1/job/<id>, for as long as it lives. */
typedef struct BusJob BusJob;

BusJob *bus_job_new(Bus *bus, Job *job);
void bus_job_free(BusJob *job);

/* Tells that it goes, before it is freed: not when only the daemon stops. */
void bus_job_removed(BusJob *job);

/* Tells what differs from what was told last: PropertiesChanged, and Progress for state and percent. */
void bus_job_changed(BusJob *job);

/* Says the Result. */
void bus_job_result(BusJob *job);

/* Emits Resolved with the job's ToRevision. */
void bus_job_resolved(BusJob *job, bool changed);

/* Appends all properties as an a{sv}. 0 or -errno. */
int bus_job_append(sd_bus_message *message, const Job *job);
