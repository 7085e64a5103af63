/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/quectel/identity.h"
#include "core/rules/inspect.h"
#include "core/job/options.h"

/* A server's answer about one package. */
typedef struct ServerAnswer {
        bool good;     /* the server would send it */
        bool unasked;  /* this host could not ask: advice, and no reason against an upgrade */
        char *finding; /* one part of a sentence, without credentials */
        char *remedy;  /* "" if good */
        uint64_t size; /* bytes, 0 unknown */
} ServerAnswer;

ServerAnswer *server_answer_new(bool good, const char *finding, const char *remedy, uint64_t size);
ServerAnswer *server_answer_new_unasked(const char *finding, const char *remedy);
void server_answer_free(ServerAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ServerAnswer, server_answer_free)

/* ModemManager's presence on the bus, and its consent to release a module. */
typedef enum ModemManagerPresence {
        MODEM_MANAGER_NONE,
        MODEM_MANAGER_YIELDS,
        MODEM_MANAGER_REFUSES, /* the bus or polkit refuses the call */
} ModemManagerPresence;

/* The facts of all rules. Borrowed; NULL, 0 and "" mean unknown, unless noted otherwise. */
typedef struct RuleFacts {
        const char *module;         /* its Id */
        bool ready;                 /* present, and its identity was read in this enumeration */
        const char *problem;        /* the reason why the module cannot be used; "" none */
        const char *problem_remedy; /* the remedy for it */
        bool problem_is_of_port;    /* there is no port, or it cannot be opened */
        const char *port;
        const Identity *identity;  /* never NULL */
        const char *job;           /* id of the job that holds it */
        bool uart;                 /* it is at a UART */
        const char *power_control; /* of its USB device: auto or on; NULL it has none */
        ModemManagerPresence modem_manager;
        bool left_alone; /* ModemManager uses it: only a job may ask it */

        Method method;          /* METHOD_UNKNOWN: derived from the module and the options */
        const char *source;     /* a URL, or a package's name: never NULL */
        bool file;              /* it is a package on the host */
        bool no_source;         /* the module is checked alone */
        const Options *options; /* never NULL */
        uint64_t package_size;  /* bytes */
        const Inspection *inspection;
        const char *not_inspected; /* the reason for a missing inspection, as in "job 3 holds the module" */
        const ServerAnswer *server;
        const ServerAnswer *server_mini_2;
} RuleFacts;

/* The time at which a rule can be judged. */
typedef enum RuleStage {
        RULE_STAGE_CALL,     /* in the call, without any question */
        RULE_STAGE_CHECK,    /* after a check has asked the module; a job sends AT+QFOTADL instead */
        RULE_STAGE_DIALOGUE, /* after the module was asked: core/rules/inspect */
        RULE_STAGE_SERVER,   /* after the server was asked, with the option check-source */
} RuleStage;

/* The D-Bus error of a call that the rule refuses. */
typedef enum RuleRefusal {
        RULE_REFUSAL_NONE,
        RULE_REFUSAL_BUSY,
        RULE_REFUSAL_NOT_READY,
        RULE_REFUSAL_UNSUPPORTED,
        RULE_REFUSAL_OPTION,
        RULE_REFUSAL_SOURCE,
} RuleRefusal;

typedef struct RuleVerdict {
        const char *id;
        RuleStage stage;
        bool must; /* a condition of an upgrade: it would be refused, or fail; otherwise advice */
        bool holds;
        char *finding;
        char *remedy; /* "" if the rule holds, or if the finding needs none */
        RuleRefusal refusal;
} RuleVerdict;

void rule_verdict_free(RuleVerdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RuleVerdict, rule_verdict_free)

/* Set the verdict: the rule holds, or does not; format describes the finding, remedy is a constant or is copied. */
void rule_holds(RuleVerdict *verdict, const char *format, ...) G_GNUC_PRINTF(2, 3);
void rule_broken(RuleVerdict *verdict, RuleRefusal refusal, const char *remedy, const char *format, ...)
        G_GNUC_PRINTF(4, 5);

/* The verdict as one sentence, "finding: remedy". The caller frees it. */
char *rule_sentence(const RuleVerdict *verdict);

/* The method of the upgrade: from the facts, else from the module's revision, else from the options. */
Method rule_method(const RuleFacts *facts);

/* The method by the module's model and revision (guide 4); and the method of the option method. Either may be
 * METHOD_UNKNOWN. */
Method rule_own_method(const RuleFacts *facts);
Method rule_wanted_method(const RuleFacts *facts);
