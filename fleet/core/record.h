/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* How far the last deployment of a target has got. */
typedef enum Stage {
        STAGE_NONE,     /* no deployment yet */
        STAGE_ACCEPTED, /* fotad may have been asked for the upgrade */
        STAGE_STARTED,  /* fotad has a job for it */
        STAGE_ENDED,    /* the server is to be told the end */
        STAGE_CLOSED,   /* the server has been told */
        _STAGE_MAX,
} Stage;

/* What must outlive the process, for one target: its state file. Texts are never NULL and belong to the record. */
typedef struct Record {
        char *server;     /* the URL of the server, with the tenant */
        char *controller; /* the target's id at the server */
        char *imei;       /* of its module */
        char *attributes; /* as the server has them, one JSON text; "" none */
        Stage stage;
        char *action;     /* the id of the deployment, "" with STAGE_NONE */
        char *revision;   /* that is expected */
        char *source;     /* the URL that fotad is given, or the name of the artifact; "" from STAGE_ENDED on */
        char *sha256;     /* of the artifact; "" with a URL */
        char *download;   /* the URL of the artifact at the server; "" with a URL */
        uint64_t size;    /* of the artifact, bytes */
        unsigned told;    /* what the server has been told about the progress: see target.c */
        uint64_t stalled; /* when the server was last told that the module is stalled, µs since 1970; 0 never */
        bool success;     /* from STAGE_ENDED on, as the two below */
        bool cancelled;
        char *details; /* one sentence */
} Record;

Record *record_new(const char *server, const char *controller, const char *imei);
void record_free(Record *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Record, record_free)

/* The text of a state file. record_read() returns NULL if the text is not such a file, *ret_why then says why. The
 * caller frees what they return. */
char *record_write(const Record *record);
Record *record_read(const char *text, char **ret_why);
