/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/quectel/fingerprint.h"
#include "core/rules/inspect.h"
#include "core/state/upgrade-types.h"

/* The state of an upgrade beside its job's record. For the upgrade*.c files only. */

#define PERCENT_MINI1      60 /* guide 4.2: up to here MiniFOTA writes .mini_1, from here .mini_2 */
#define PERCENT_DOWNLOADED 50 /* of the whole job: the download ends here, the update takes the rest */

/* The command, or other question, that is under way. */
typedef enum Step {
        STEP_NONE,
        STEP_ASK_SERVER,        /* no command: the server is asked for the package */
        STEP_ASK_SERVER_MINI_2, /* and for the second one */
        STEP_INSPECT,           /* one of core/rules/inspect's questions */
        STEP_READ_QIND,
        STEP_SET_QIND,
        STEP_READ_QIND_FOTA,
        STEP_SET_QIND_FOTA,
        STEP_READ_URC_PORT,
        STEP_SET_URC_PORT,
        STEP_READ_APN,
        STEP_SET_APN,
        STEP_READ_FOTA_CID,
        STEP_SET_FOTA_CID,
        STEP_READ_CONTEXTS,
        STEP_ACTIVATE_CONTEXT,
        STEP_READ_FINGERPRINT, /* MiniFOTA: the firmware is asked for its fingerprint */
        STEP_READ_FLOW,
        STEP_SET_FLOW,
        STEP_CONFIRM_FLOW,
        STEP_UNSET_FLOW,
        STEP_QFOTADL,
        STEP_RADIO_OFF,
        STEP_AWAIT_DOWNLOAD_END, /* no command: the radio is off, the download must fail */
        STEP_AWAIT_FILE_END,     /* no command: a package was not sent to its end, the module must notice */
        STEP_RESET,
        STEP_ASK_FINGERPRINT, /* MiniFOTA: the system that answers is asked for its fingerprint */
        STEP_RETRY,           /* AT+QFOTADL again in the Mini system */
        STEP_LAST_IDENTITY,   /* no command: the result is settled, the identity is read */
        STEP_RADIO_ON,
        STEP_DEACTIVATE_CONTEXT,
        STEP_RESTORE_FOTA_CID,
        STEP_RESTORE_FLOW,
        STEP_RESTORE_APN,
        STEP_RESTORE_QIND_FOTA,
        STEP_RESTORE_QIND,
        STEP_RESTORE_URC_PORT,
} Step;

/* The decision of a phase, which upgrade.c carries out. */
typedef enum Next {
        NEXT_STAY,
        NEXT_PREPARE, /* the checks are done */
        NEXT_FLOW,    /* flow control for a package on the host */
        NEXT_COMMAND, /* AT+QFOTADL */
        NEXT_ABANDON, /* the download is given up, and the module answers */
        NEXT_GIVE_UP, /* the download is to be given up, for job->abandon */
        NEXT_RESET,
        NEXT_JUDGE,   /* by the revision that was read */
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

/* The values that the job's log has last: it gets a line when one of them changes. */
typedef struct Noted {
        int phase; /* -1 none yet */
        JobSystem system;
        JobResult result;
        HostCode abandon;
        Method method;
        bool stalled, cancellable, finished;
        unsigned percent, restarts;
        bool settings[JOB_SETTINGS];
        char *from_revision, *to_revision;
        char *heard; /* the messages at heard_percent, each between line feeds; NULL none */
        unsigned heard_percent;
} Noted;

typedef struct Upgrade {
        Decision decision;
        Noted noted; /* upgrade-history.c */
        Job *job;
        const Timeouts *timeouts;
        GQueue actions;
        uint64_t deadline;     /* µs of the event's clock: when the time-out of the present phase ends */
        uint64_t timed_out_at; /* when a deadline passed last, 0 never */

        /* The event under way: its time, and the ports that were there then. */
        uint64_t now;      /* as in UpgradeEvent */
        uint64_t realtime; /* µs since the epoch */
        bool at_port, diag_port;
        bool port_idle; /* a command would be sent at once */

        Step step;
        unsigned tag; /* of the command under way */
        bool present; /* the module is on the bus */
        bool boot_rom;
        bool ready;      /* the module reported its revision in this enumeration */
        bool other_port; /* the open port is not the module's usual AT port */
        bool kept_awake; /* power/control was set to on in this enumeration */

        bool saw_upgrade_urc, saw_boot_urc; /* in this enumeration */
        bool asked_unprompted;              /* the identity is being asked for although no restart was seen */
        bool gone_before_restore;           /* the result is settled, and the module disconnected before its settings
                                               were put back */
        bool command_dropped;               /* the command under way was dropped with its record and never sent */
        JobState open_state;                /* before the job was finished: its state again if that cannot be kept */
        unsigned restarts_without_progress;
        unsigned product;        /* USB product id now, 0 unknown */
        char *revision, *build;  /* the latest ones that were read, NULL none */
        unsigned readings;       /* how often in a row they were read alike in this enumeration, with the IMEI */
        unsigned build_readings; /* how often in a row the build was read alike */
        bool imei_read;          /* the last reading has the IMEI */
        bool foreign;            /* the IMEI that was read last is another module's */
        bool rereading;          /* the identity is being asked for again, to confirm them */
        bool rereads_change;     /* the revision that is to be confirmed is another one than before */
        uint64_t reread_at;      /* when it is to be asked for again, 0 never */
        uint64_t reread_until;   /* the end of the rereading; 0: not begun in this enumeration */

        /* upgrade-check.c */
        Inspect *inspect;      /* the questions to the module */
        uint64_t package_size; /* bytes, 0 not known */
        unsigned begun_anew;   /* how often the checks were begun anew after a question without an answer */

        /* upgrade-transfer.c, upgrade-flow.c; of this enumeration */
        bool listens_only;      /* nothing may be written to the port */
        bool sending;           /* the package is on its way */
        bool host_flow_control; /* RTS/CTS is on at the host's end */
        bool no_flow_control;   /* hardware flow control was tried and failed; until the job ends */
        bool transfer_dropped;  /* bytes of the package were dropped with a record that could not be written */

        /* upgrade-mini.c; all but the first three are of this enumeration */
        uint64_t reports_until; /* until when failures that were reported use up one a second */
        uint64_t progress_at;   /* when the upgrade last made progress */
        uint64_t failed_at;   /* when the module last reported a failure, 0 not since the daemon started */
        uint64_t probed_at;   /* when a stalled module was last asked for its identity */
        bool port_answers;    /* the AT port answers, with or without a revision */
        uint64_t ready_since; /* when the revision was first reported, 0 not yet */
        uint64_t ask_at;      /* when the identity is to be asked for again, 0 never */
        uint64_t ask_interval;
        Fingerprint fingerprint; /* of the firmware before AT+QFOTADL, later of the system that answers */
        bool fingerprint_late;   /* a row of it was not answered in time */
        MiniMarker marker;       /* that comes of the fingerprint */
        bool saw_firmware_urc;   /* a message that only the firmware prints */
        int highest_downloading; /* the highest DOWNLOADING */
        bool unwatched;          /* after AT+QFOTADL fotad did not run, or was suspended, until the job ends */
        bool left_mini;          /* a module with a Mini system disconnected since the daemon started */
        bool retry_requested;    /* a retry was requested: the Mini system that it is for runs */
        char *source_before;     /* before a retry that was not answered yet; NULL none */
} Upgrade;
