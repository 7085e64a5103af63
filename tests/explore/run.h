/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One upgrade: its plan, and its verdict against the truth, which is the module's flash. */

#include "host.h"
#include "model.h"

typedef enum Kind {
        KIND_SUCCESS,
        KIND_FAILURE,
        KIND_CANCELLED,
        KIND_UNCERTAIN,   /* a failure that warns that the module may still upgrade */
        KIND_STALLED,     /* for a true reason: the module waits for its package, or is stuck */
        KIND_NOT_ADOPTED, /* another program's upgrade that the daemon did not see */
        KIND_NO_RECORD,   /* the disk was full, and the daemon died at the end: the record was removed */
        KIND_BEGUN_ANEW,  /* a person's retry of another program's MiniFOTA reached the firmware */
        _KIND_RIGHT_MAX,  /* all kinds from here on are wrong */
        KIND_WRONG_SUCCESS = _KIND_RIGHT_MAX,
        KIND_WRONG_FAILURE,
        KIND_STALLED_FOR_EVER, /* beside a module that runs its firmware */
        KIND_STALLED_WRONGLY,  /* the message names a package that the module does not wait for */
        KIND_HANGING,          /* neither ended nor stalled */
        KIND_LOST,             /* the job, or its Result */
        KIND_PERCENT_BACK,
        KIND_SETTING_LEFT, /* not restored, and not named */
        KIND_SENT_TWICE,
        KIND_SENT_TO_ANOTHER,   /* AT+QFOTADL, to a module with another IMEI */
        KIND_PACKAGE_DISTURBED, /* a command was sent into a package that the module was to take */
        KIND_RESULT_TWICE,
        KIND_RESET_IN_WRITE,
        KIND_BUSY_LOOP,
        KIND_PHASE_UNKNOWN, /* a change that the table of phases does not have */
        _KIND_MAX
} Kind;

const char *kind_name(Kind kind);

typedef enum IncidentType {
        INCIDENT_POWER_CUT, /* of the module */
        INCIDENT_RESET,
        INCIDENT_GLITCH,
        INCIDENT_HANG,
        INCIDENT_DUMP,
        INCIDENT_SWAP,
        INCIDENT_PORT_LOST,
        INCIDENT_NETWORK, /* or the server: no download goes on meanwhile */
        INCIDENT_DAEMON,
        INCIDENT_GATEWAY, /* the daemon dies, and the gateway boots */
        INCIDENT_POWER,   /* of gateway and module */
        INCIDENT_SUSPEND,
        INCIDENT_DISK_FULL,
        INCIDENT_DISK_READ_ONLY,
        INCIDENT_CANCEL,
        INCIDENT_RETRY,
        INCIDENT_DISMISS,
        INCIDENT_PUBLISH,
        _INCIDENT_MAX
} IncidentType;

/* When an incident begins: at a time in µs, or at an event that is counted from 1. */
typedef enum Trigger {
        TRIGGER_TIME,
        TRIGGER_ACTION,         /* before this action of the upgrade */
        TRIGGER_PERSIST,        /* before this record is written */
        TRIGGER_COMMAND,        /* before this command is on the wire */
        TRIGGER_BEHIND_COMMAND, /* right after it */
        TRIGGER_STEP,           /* at this step of the module */
        _TRIGGER_MAX
} Trigger;

typedef struct Incident {
        Trigger trigger;
        uint64_t at;
        IncidentType type;
        uint64_t lasts; /* µs, NEVER; of a swap: 1 if the other module has the new firmware */
} Incident;

typedef struct Plan {
        uint64_t seed;
        Traits traits;
        Request request;
        Package package;
        unsigned rates[_FAULT_MAX];
        GArray *incidents; /* of Incident */
        GArray *script;    /* of Fault, instead of the rates; NULL */
} Plan;

void plan_clear(Plan *plan);
/* Prints what the plan says. */
void plan_print(const Plan *plan);

typedef struct Outcome {
        Kind kind;
        GArray *faults; /* of Fault: those that happened */
        char *sentence;
        bool timed;     /* the truth was settled before the verdict */
        uint64_t delay; /* µs between them */
        unsigned counts[_TRIGGER_MAX];
} Outcome;

void outcome_clear(Outcome *outcome);

/* timeline: prints every line and event. */
Outcome run_carry_out(const Plan *plan, bool timeline);
