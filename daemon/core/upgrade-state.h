/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/inspect.h"
#include "core/upgrade-types.h"

/* What an upgrade knows besides its job's record. For the upgrade*.c files only. */

#define PERCENT_DOWNLOADED 50 /* of the whole job: the download ends here, the update takes the rest */

/* Which of our commands is under way. */
typedef enum Step {
        STEP_NONE,
        STEP_ASK_SERVER,        /* no command: the server is asked for the package */
        STEP_ASK_SERVER_MINI_2, /* and for the second one */
        STEP_INSPECT,           /* one of core/inspect's questions */
        STEP_READ_URC_PORT,
        STEP_SET_URC_PORT,
        STEP_READ_APN,
        STEP_SET_APN,
        STEP_READ_FOTA_CID,
        STEP_SET_FOTA_CID,
        STEP_READ_CONTEXTS,
        STEP_ACTIVATE_CONTEXT,
        STEP_HAS_SMS,
        STEP_READ_FLOW,
        STEP_SET_FLOW,
        STEP_CONFIRM_FLOW,
        STEP_UNSET_FLOW,
        STEP_QFOTADL,
        STEP_RADIO_OFF,
        STEP_AWAIT_DOWNLOAD_END, /* no command: the radio is off, the download must fail */
        STEP_AWAIT_FILE_END,     /* no command: a package was not sent to its end, the module must notice */
        STEP_RESET,
        STEP_ASK_SMS,       /* MiniFOTA: which system answers */
        STEP_RETRY,         /* AT+QFOTADL again in the Mini system */
        STEP_LAST_IDENTITY, /* no command: the result is settled, who runs now is asked */
        STEP_RADIO_ON,
        STEP_DEACTIVATE_CONTEXT,
        STEP_RESTORE_FOTA_CID,
        STEP_RESTORE_FLOW,
        STEP_RESTORE_APN,
        STEP_RESTORE_URC_PORT,
} Step;

/* What AT+CMGF? told of who answers, where it tells anything. */
typedef enum MiniMarker { MINI_MARKER_UNKNOWN, MINI_MARKER_MINI, MINI_MARKER_BIG } MiniMarker;
#define MINI_ASK_SMS "AT+CMGF?"

/* What comes next. The files of the phases say it, upgrade.c carries it out. */
typedef enum Next {
        NEXT_STAY,
        NEXT_PREPARE, /* the checks are done */
        NEXT_FLOW,    /* flow control for a package on the host */
        NEXT_COMMAND, /* AT+QFOTADL */
        NEXT_ABANDON, /* the download is given up, and the module answers */
        NEXT_GIVE_UP, /* the download is to be given up, for job->abandon */
        NEXT_RESET,
        NEXT_JUDGE,   /* what the revision that was read proves */
        NEXT_SETTLE,  /* the result below */
        NEXT_RESTORE, /* the module's settings are put back */
        NEXT_FINISH,  /* the record is closed */
} Next;

typedef struct Decision {
        Next next;
        JobResult result; /* NEXT_SETTLE: this and the rest */
        CodeDomain domain;
        int code;
        char *detail, *message; /* message: instead of the sentence of the code, NULL none */
} Decision;

typedef struct Upgrade {
        Decision decision;
        Job *job;
        const Timeouts *timeouts;
        GQueue actions;
        uint64_t deadline; /* µs of the event's clock: when the time_out_now with the present situation ends */

        /* The event under way: its time, and the ports that were there then. */
        uint64_t now;      /* µs of a clock that goes on in suspend */
        uint64_t realtime; /* µs since the epoch */
        bool at_port, diag_port;

        Step step;
        unsigned tag; /* of the command under way */
        bool present;
        bool ready;   /* the AT port answers in this enumeration */
        bool answers; /* it did, to whatever, and whether or not it told a revision */
        bool boot_rom;
        bool other_port;        /* the port we have is not its usual AT port */
        bool live;              /* an upgrade URC came in this enumeration */
        bool booted;            /* a boot URC came in this enumeration */
        bool restores;          /* it is over, and it left before its settings were put back */
        bool kept_awake;        /* power/control was set to on in this enumeration */
        bool unsent;            /* the command under way was dropped with its record: it never reached the module */
        bool asked;             /* after END: who runs is being asked without having seen the restart */
        unsigned restarts;      /* without a sign of progress */
        unsigned product;       /* USB product id now, 0 unknown */
        char *revision, *build; /* what answered last called itself; NULL nothing */

        Inspect *inspect;      /* upgrade-check.c: the dialogue */
        uint64_t package_size; /* bytes, 0 not known */

        /* upgrade-file.c; of this enumeration */
        bool hushed;           /* the port only listens, though the module has not left */
        bool sending;          /* the package is on its way */
        bool hardware;         /* our end of the port has RTS/CTS */
        bool no_flow;          /* hardware flow control was tried and cannot be had; until the job ends */
        bool transfer_dropped; /* what was to be sent stood behind a record that could not be written */

        /* upgrade-mini.c; all but the first two are of this enumeration. */
        uint64_t progress;    /* when it last got further */
        uint64_t last_look;   /* when it was last asked who it is for being stalled */
        uint64_t ready_since; /* when it first told its revision, 0 not yet */
        uint64_t ask_at;      /* when it is to be asked again who it is, 0 not */
        uint64_t ask_interval;
        MiniMarker marker;
        bool says_big;       /* it said what only the big system says */
        int downloading;     /* the highest DOWNLOADING */
        char *source_before; /* of a retry that was not answered yet; NULL none */
} Upgrade;
