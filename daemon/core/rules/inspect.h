/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/at/at-engine.h"
#include "core/quectel/identity.h"

/* The facts besides the identity that an upgrade depends on, each asked for by one command that only reads. */
typedef enum InspectQuestion {
        INSPECT_SIM,              /* AT+CPIN? */
        INSPECT_EPS_REGISTRATION, /* AT+CEREG? */
        INSPECT_REGISTRATION,     /* AT+CREG?; only if the answer before was not registered */
        INSPECT_SIGNAL,           /* AT+CSQ */
        INSPECT_SPACE,            /* AT+QFLDS="UFS" */
        INSPECT_URC_PORT,         /* AT+QURCCFG="urcport" */
        INSPECT_FOTA_CID,         /* AT+QCFG="fota/cid" */
        INSPECT_CONTEXTS,         /* AT+QIACT? */
        INSPECT_HOST_DATA,        /* AT+QNETDEVCTL? */
        INSPECT_QFOTADL,          /* AT+QFOTADL=? */
        _INSPECT_QUESTION_MAX
} InspectQuestion;

typedef enum InspectAnswer {
        INSPECT_NOT_ASKED,
        INSPECT_ANSWERED, /* OK, and the fact was read */
        INSPECT_REFUSED,  /* ERROR */
        INSPECT_UNCLEAR,  /* OK, and nothing that can be read */
        INSPECT_SILENT,   /* no answer; nothing was asked after that */
} InspectAnswer;

/* A list of numbers that AT+QFOTADL=? gives, as (0,5-100). */
#define INSPECT_RANGES_MAX 8
typedef struct InspectList {
        unsigned n; /* 0: the module gave none */
        struct {
                unsigned least, most;
        } ranges[INSPECT_RANGES_MAX];
} InspectList;

bool inspect_list_has(const InspectList *list, unsigned value);

/* Returns the highest value of the list that is at most this value; the value itself if there is none or no list. */
unsigned inspect_list_clip(const InspectList *list, unsigned value);

/* Formats the list for messages: "0, 5-50". The caller frees it. */
char *inspect_list_text(const InspectList *list);

/* The answers of the module. A fact may be used only where its question's answer is INSPECT_ANSWERED. */
typedef struct Inspection {
        InspectAnswer answers[_INSPECT_QUESTION_MAX];
        int errors[_INSPECT_QUESTION_MAX]; /* n of +CME ERROR: n, -1 none */

        char *sim; /* READY, SIM PIN, ... */
        unsigned eps_registration, registration;
        unsigned rssi; /* 0-31; more than that is unknown */
        uint64_t ufs_free, ufs_total;
        char *urc_port;
        unsigned fota_cid;
        uint32_t contexts; /* bit n: context n is active */
        unsigned host_cid; /* context of the host's own data over the module's network adapter, 0 none */
        InspectList upgrade_modes, download_urc_maxima, update_urc_maxima; /* empty after a bare OK */
} Inspection;

Inspection *inspection_new(void);
void inspection_free(Inspection *inspection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Inspection, inspection_free)

/* Returns true if the module is registered in this registration state. */
bool inspect_is_registered(unsigned state);

/* The command of the question. */
const char *inspect_command(InspectQuestion question);

/* Sets of questions, bit n the question n: all questions before an upgrade by that method (for METHOD_UNKNOWN all
 * questions); and those that a job asks because its own dialogue does not. */
unsigned inspect_questions_for_check(Method method);
unsigned inspect_questions_for_job(Method method, bool size_known);

/* The dialogue. */
typedef struct Inspect Inspect;

Inspect *inspect_new(unsigned questions);
void inspect_free(Inspect *inspect);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Inspect, inspect_free)

/* The next command to send, NULL if the dialogue is over. */
const char *inspect_next(const Inspect *inspect);

/* The answer to that command; error as AtEvent has it. */
void inspect_answer(Inspect *inspect, AtResult result, int error, const char *information);

/* The answers so far. */
const Inspection *inspect_inspection(const Inspect *inspect);
Inspection *inspect_steal(Inspect *inspect);
