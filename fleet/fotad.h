/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

#include "core/facts.h"

/* fotad on the bus: its modules and jobs as they are now, and the calls that the bridge makes. */
typedef struct Fotad Fotad;

typedef struct FotadObserver {
        /* Something of these targets has changed: that of the module with this IMEI, or all (NULL). Modules and jobs
         * that were found before may be gone when it returns. */
        void (*changed)(void *userdata, const char *imei);
        /* The bus is lost, for ever. */
        void (*lost)(void *userdata);
        void *userdata;
} FotadObserver;

/* error: NULL, or the error's name, with its message. */
typedef void (*FotadReply)(void *userdata, const char *error, const char *message);

/* Returns 0 or -errno. */
int fotad_new(sd_event *event, const FotadObserver *observer, Fotad **ret);
void fotad_free(Fotad *fotad);

/* True if the modules and jobs below are all that fotad has. */
bool fotad_is_listed(const Fotad *fotad);
/* NULL as long as it is not known. */
const char *fotad_version(const Fotad *fotad);

/* NULL if there is none. A module that is present comes before one that is not. */
const Module *fotad_find_module(const Fotad *fotad, const char *imei);
const Job *fotad_find_job(const Fotad *fotad, const char *request_id);
/* The IMEIs of all modules whose IMEI is known; the caller frees the array, not the texts. */
GPtrArray *fotad_list_modules(const Fotad *fotad);

typedef struct FotadStart {
        const char *imei, *source, *revision, *request_id;
        const char *sha256; /* of the package at fd */
        int fd;             /* of a package on this machine, which is duplicated; -1: source is a URL */
} FotadStart;

/* StartUpgrade or StartUpgradeFile, and Cancel. reply is called once, later; before that of a start, the job is known.
 */
void fotad_start(Fotad *fotad, const FotadStart *start, FotadReply reply, void *userdata);
void fotad_cancel(Fotad *fotad, const char *job, FotadReply reply, void *userdata);
