/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus-call.h"

/* The object /org/fotad1/job/<id>, from bus_job_new() to bus_job_free(). Borrows bus and job. */
typedef struct BusJob BusJob;

/* Registers the interface of all jobs with the connection. 0 or -errno. */
int bus_job_export(Bus *bus);

BusJob *bus_job_new(Bus *bus, Job *job);

/* Announces the object on the next connection, with the last announced values while the job's record is being written.
 */
void bus_job_reconnect(BusJob *job);
void bus_job_free(BusJob *job);

/* Announces the removal of the object, before it is freed. Not to be called when the daemon stops. */
void bus_job_removed(BusJob *job);

/* Emits PropertiesChanged for the properties that have changed since the last time, and Progress if state or percentage
 * have changed. */
void bus_job_changed(BusJob *job);

/* Emits Result. manager_result_heard() follows when the bus has passed it on. Returns false if there is no bus. */
bool bus_job_result(BusJob *job);

/* true while it is not known that the bus has passed Result on. */
bool bus_job_awaits_hearing(const BusJob *job);
/* The bus has passed Result on. */
void bus_job_heard(BusJob *job);

/* Emits Resolved with the job's ToRevision. */
void bus_job_resolved(BusJob *job, bool changed);

/* Appends the object to a reply of GetManagedObjects. 0 or -errno. */
int bus_job_append(const BusJob *job, sd_bus_message *message);

/* Appends all properties of the job as an a{sv}. 0 or -errno. */
int bus_job_append_properties(const BusJob *job, sd_bus_message *message);

/* Handler of Cancel of org.fotad1.Manager, for that job. */
int bus_job_cancel_call(Bus *bus, sd_bus_message *message, Job *job, sd_bus_error *error);
