/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The JSON of hawkBit's Direct Device Integration API. Strings that a struct has belong to it. Functions that read
 * return NULL if the text is not what such a resource has to be. */

typedef struct DdiPoll {
        unsigned interval; /* seconds until the next poll, 0: not said */
        bool attributes;   /* the server asks for them */
        char *deployment;  /* the id of the action to carry out; NULL none */
        char *cancel;      /* the id of the action to cancel; NULL none */
} DdiPoll;

DdiPoll *ddi_read_poll(const char *text);
void ddi_poll_free(DdiPoll *poll);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DdiPoll, ddi_poll_free)

typedef struct DdiArtifact {
        char *name;
        char *download; /* a URL of the server; NULL none */
        char *module;   /* the link of the protocol "module", a URL that the module itself can fetch; NULL none */
        char *sha256;   /* hexadecimal; NULL: not said */
        uint64_t size;  /* bytes */
} DdiArtifact;

typedef struct DdiDeployment {
        char *id;
        bool update;          /* now: neither is to be skipped yet, and the maintenance window, if any, is open */
        unsigned chunks;      /* software modules; the members below are those of the first */
        char *part, *version; /* "" if missing */
        char *source;         /* the value of the metadata of that name; NULL none */
        GPtrArray *artifacts; /* of DdiArtifact */
} DdiDeployment;

DdiDeployment *ddi_read_deployment(const char *text);
void ddi_deployment_free(DdiDeployment *deployment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DdiDeployment, ddi_deployment_free)

/* The id of the action that is to be cancelled; the caller frees it. */
char *ddi_read_cancel(const char *text);

/* A feedback about an action. execution: closed, proceeding, rejected; finished: success, failure, none. details: any
 * text, which is made acceptable with ddi_text(); NULL none. The caller frees it. */
char *ddi_feedback(const char *action, const char *execution, const char *finished, const char *details);

/* The attributes of a target, of which the array has names and values in turn, NULL at the end. Values are cleaned, and
 * cut as the server wants it. The caller frees it. */
char *ddi_attributes(const char *const *attributes);

/* The text as clean_text() makes it, without < > &, which the server refuses, and not longer than one message may be.
 * The caller frees it. */
char *ddi_text(const char *text);
