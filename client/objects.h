/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl.h"
#include "props.h"

typedef struct Object {
        char *path;
        Props *props;
} Object;

/* What the daemon has on the bus, read at once. */
typedef struct Objects {
        GPtrArray *modules; /* by id */
        GPtrArray *jobs;    /* oldest first */
} Objects;

void objects_free(Objects *objects);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Objects, objects_free)

/* These return an exit status, the failure reported. */
int objects_read(Ctl *ctl, Objects **ret);
/* The two halves of objects_read(), for a caller that does not block. */
int objects_new_call(Ctl *ctl, sd_bus_message **ret);
int objects_read_reply(Ctl *ctl, sd_bus_message *reply, Objects **ret);

/* name is an id or object path; NULL is the only job under way, or the newest if none is and that will do. What is
 * found belongs to objects. *ret is NULL, and that no failure, if there is no job at all and any_will_do. */
int objects_find_job(Ctl *ctl, const Objects *objects, const char *name, bool any_will_do, const Object **ret);

/* name is an id, IMEI, tty path or object path; NULL is the only module that is present. */
int objects_find_module(Ctl *ctl, const Objects *objects, const char *name, const Object **ret);

/* objects_read() and one of the functions above in one call. The object found belongs to *ret, which the caller frees
 * after a failure, too. */
int objects_read_job(Ctl *ctl, const char *name, bool any_will_do, Objects **ret, const Object **ret_job);
int objects_read_module(Ctl *ctl, const char *name, Objects **ret, const Object **ret_module);

/* Whether that is the module's id, IMEI, tty or object path. */
bool module_is_called(const Object *module, const char *name);

/* NULL if there is none. */
const Object *objects_at(const GPtrArray *array, const char *path);

bool job_is_finished(const Props *job);
