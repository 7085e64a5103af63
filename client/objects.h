/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"
#include "props.h"

typedef struct Object {
        char *path;
        Props *props;
} Object;

/* All objects of the daemon, read in one call. */
typedef struct Objects {
        GPtrArray *modules; /* sorted by id */
        GPtrArray *jobs;    /* oldest first */
} Objects;

void objects_free(Objects *objects);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Objects, objects_free)

/* The functions below that return int return an exit status and have printed the failure. */
int objects_read(Ctl *ctl, Objects **ret);
/* The two halves of objects_read(), for callers that must not block. */
int objects_new_call(Ctl *ctl, sd_bus_message **ret);
int objects_read_reply(Ctl *ctl, sd_bus_message *reply, Objects **ret);

/* Reads the signal InterfacesAdded, which the objects are then all of. 0 or -errno; the caller frees *ret. */
int objects_read_added(sd_bus_message *message, Objects **ret);

/* Finds a job by its id or object path; NULL for name means the only job under way, or the newest job if none is under
 * way and any_will_do is true. *ret belongs to objects; it is NULL, without a failure, if any_will_do is true and there
 * is no job at all. */
int objects_find_job(Ctl *ctl, const Objects *objects, const char *name, bool any_will_do, const Object **ret);

/* Finds a module by its id, IMEI, tty or object path; NULL for name means the only module that is present. *ret belongs
 * to objects. */
int objects_find_module(Ctl *ctl, const Objects *objects, const char *name, const Object **ret);

/* objects_read() and one of the functions above in one call. The object belongs to *ret, which the caller frees, after
 * a failure, too. */
int objects_read_job(Ctl *ctl, const char *name, bool any_will_do, Objects **ret, const Object **ret_job);
int objects_read_module(Ctl *ctl, const char *name, Objects **ret, const Object **ret_module);

/* True if name is the module's id, IMEI, tty or object path. */
bool module_is_called(const Object *module, const char *name);

/* The object with that path in one of the arrays; NULL if there is none. */
const Object *objects_at(const GPtrArray *array, const char *path);

bool job_is_finished(const Props *job);
