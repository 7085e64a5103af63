/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/quectel/identity.h"
#include "core/rules/inspect.h"
#include "core/job/options.h"

/* What a server said of one package. */
typedef struct ServerAnswer {
        bool good;     /* it would be sent */
        char *finding; /* one part of a sentence, without credentials */
        char *remedy;  /* "" if it is good */
        uint64_t size; /* bytes, 0 not told */
} ServerAnswer;

ServerAnswer *server_answer_new(bool good, const char *finding, const char *remedy, uint64_t size);
void server_answer_free(ServerAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ServerAnswer, server_answer_free)

/* Whether ModemManager is on the bus, and lets go of a module when it is asked to. */
typedef enum ModemManagerPresence {
        MODEM_MANAGER_NONE,
        MODEM_MANAGER_YIELDS,
        MODEM_MANAGER_REFUSES, /* the bus or polkit keeps us from asking */
} ModemManagerPresence;

/* All that rules are judged by. Borrowed; NULL, 0 and "" are not known, unless it says otherwise. */
typedef struct RuleFacts {
        const char *module;         /* its Id */
        bool ready;                 /* present, and who it is was read since it came */
        const char *problem;        /* what keeps it from being used; "" nothing */
        const char *problem_remedy; /* what to do about that */
        bool problem_is_of_port;    /* no port, or one that cannot be had; not the module itself */
        const char *port;
        const Identity *identity;  /* never NULL */
        const char *job;           /* id of the job that holds it */
        bool uart;                 /* it is at a UART */
        const char *power_control; /* of its USB device: auto or on; NULL it has none */
        ModemManagerPresence modem_manager;
        bool left_alone; /* ModemManager has it: only a job may ask it anything */

        Method method;          /* METHOD_UNKNOWN: as the module and the options say */
        const char *source;     /* a URL, or a package's name: never NULL */
        bool file;              /* it is a package on the host */
        const Options *options; /* never NULL */
        uint64_t package_size;  /* bytes */
        const Inspection *inspection;
        const char *not_inspected; /* without an inspection: why, as in "job 3 holds the module" */
        const ServerAnswer *server;
        const ServerAnswer *server_mini_2;
} RuleFacts;

/* When a rule can be judged. */
typedef enum RuleStage {
        RULE_STAGE_CALL,     /* in the call, without asking anybody */
        RULE_STAGE_CHECK,    /* when a check has asked the module: a job finds out where it sends AT+QFOTADL */
        RULE_STAGE_DIALOGUE, /* when the module was asked: core/rules/inspect */
        RULE_STAGE_SERVER,   /* when the server was asked, which the option check-source wants */
} RuleStage;

/* How a call is refused for it. */
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
        bool must; /* without it no upgrade; otherwise advice */
        bool holds;
        char *finding;
        char *remedy; /* "" if it holds, or if the finding says it all */
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

/* The method of the upgrade: as the facts say, else as the module's revision says, else as the options say. */
Method rule_method(const RuleFacts *facts);

/* The method by the module's model and revision (guide 4); the one that the option method names. Either may be
 * METHOD_UNKNOWN. */
Method rule_own_method(const RuleFacts *facts);
Method rule_wanted_method(const RuleFacts *facts);
