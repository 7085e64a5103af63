/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/inspect.h"
#include "core/qfota.h"
#include "core/upgrade.h"

/* Shared by the upgrade*.c files only. */

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

struct Upgrade {
        Job *job;
        const Timeouts *timeouts;
        GQueue actions;
        uint64_t deadline;

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
};

void upgrade_push(Upgrade *u, UpgradeActionType type, const char *text);
void upgrade_send(Upgrade *u, Step step, const char *command, bool secret, uint64_t timeout, const UpgradeEvent *event);
/* Asks who it is: the port does not only listen any more. */
void upgrade_identify(Upgrade *u);
void upgrade_enter(Upgrade *u, JobState state, const UpgradeEvent *event);

/* Settles the result and begins what is left to do. */
void upgrade_settle(Upgrade *u, JobResult result, CodeDomain domain, int code, const char *detail,
                    const UpgradeEvent *event);

void upgrade_fail(Upgrade *u, HostCode code, const char *detail, const UpgradeEvent *event);

/* All is done: the record is closed. */
void upgrade_finish(Upgrade *u, const UpgradeEvent *event);

/* News has come: the patience with the present situation begins anew. */
void upgrade_wait(Upgrade *u, const UpgradeEvent *event);

/* The percentage of the whole job, if that is an advance. */
void upgrade_advance(Upgrade *u, unsigned percent);

/* The download was given up, and it is certain that the module keeps its old firmware. */
void upgrade_abandoned(Upgrade *u, const UpgradeEvent *event);

/* It was to be given up, and could not be stopped for certain. */
void upgrade_not_stopped(Upgrade *u, const UpgradeEvent *event);

/* upgrade-patience.c */
/* The module has said that it is done, well or ill, and has not restarted since. */
bool upgrade_awaits_restart(const Job *job);
/* The deadline has come. */
void upgrade_patience_lost(Upgrade *u, const UpgradeEvent *event);

/* upgrade-abandon.c */
void abandon_begin(Upgrade *u, HostCode why, const UpgradeEvent *event);
void abandon_now(Upgrade *u, const UpgradeEvent *event); /* the module answers */
void abandon_reset(Upgrade *u, const UpgradeEvent *event);
void abandon_answer(Upgrade *u, const UpgradeEvent *event);

/* upgrade-verdict.c */

/* What answered last is what the job ends with. */
void upgrade_keep_revision(Upgrade *u);

/* Whether what answered last is, or from all that is known must be, another firmware than before; and whether it can
 * be a firmware at all, by the pattern of its name. */
bool upgrade_is_changed(const Upgrade *u);
bool upgrade_is_firmware(const Upgrade *u);
bool upgrade_firmware_is_up(const Upgrade *u);

/* The module is back and has told its revision: what does that prove? */
void upgrade_judge(Upgrade *u, const UpgradeEvent *event);
void upgrade_follow(Upgrade *u, const UpgradeEvent *event);

/* upgrade-urc.c */
void upgrade_urc(Upgrade *u, const UpgradeEvent *event);

/* upgrade-mini.c */
bool mini_applies(const Upgrade *u); /* a MiniFOTA from the point of no return to its verdict */
bool mini_waits(const Upgrade *u);   /* the module is there, and mini_deadline() is how long it is waited for */
uint64_t mini_deadline(const Upgrade *u, const UpgradeEvent *event);
void mini_begin(Upgrade *u, const UpgradeEvent *event);
void mini_gone(Upgrade *u);
void mini_came_back(Upgrade *u, const UpgradeEvent *event);
JobState mini_state_after_return(const Job *job);
void mini_urc(Upgrade *u, const QfotaUrc *urc, const UpgradeEvent *event);
void mini_ready(Upgrade *u, const UpgradeEvent *event);
void mini_answer(Upgrade *u, const UpgradeEvent *event);
/* There is news of who answers. */
void mini_ask_soon(Upgrade *u, const UpgradeEvent *event);
void mini_nameless(Upgrade *u, const UpgradeEvent *event);
void mini_patience_lost(Upgrade *u, const UpgradeEvent *event);
void mini_retry(Upgrade *u, const UpgradeEvent *event);
/* The module refused it, or it never got there: the source is what it was. */
void mini_retry_refused(Upgrade *u);

/* upgrade-uart.c: all of these do nothing on USB. */
void uart_begin(Upgrade *u, const UpgradeEvent *event);
/* AT+QFOTADL was answered, or was not in time: a MiniFOTA has left its firmware, or may have. */
void uart_sent(Upgrade *u, const UpgradeEvent *event);
/* Patience is lost: true if it is asked who it is first, which is done once. */
bool uart_asks(Upgrade *u, const UpgradeEvent *event);
/* It has told its revision: if it was asked for that, it may have restarted before. */
void uart_ready(Upgrade *u);

/* upgrade-check.c: from a module that told who it is to prepare_begin() */
void check_begin(Upgrade *u, const UpgradeEvent *event);
void check_server(Upgrade *u, const UpgradeEvent *event);
void check_answer(Upgrade *u, const UpgradeEvent *event);
bool check_asks_server(const Upgrade *u); /* nothing is asked of the module meanwhile */

/* upgrade-prepare.c: from a module that told who it is to AT+QFOTADL. */
void prepare_begin(Upgrade *u, const UpgradeEvent *event);
void prepare_answer(Upgrade *u, const UpgradeEvent *event);

void prepare_send_upgrade(Upgrade *u, const UpgradeEvent *event);

/* upgrade-file.c: a package on the host. */
void file_prepare_begin(Upgrade *u, const UpgradeEvent *event); /* flow control, then prepare_send_upgrade() */
void file_prepare_answer(Upgrade *u, const UpgradeEvent *event);
/* What sets the module's flow control. The caller frees it. */
char *file_flow_command(const Job *job, const char *value);
/* To a module that may be mute since its flow control was set. */
void file_flow_blindly_back(Upgrade *u);
void file_accepted(Upgrade *u);
void file_started(Upgrade *u, const UpgradeEvent *event); /* FILESTART */
void file_event(Upgrade *u, const UpgradeEvent *event);   /* news of the bytes */
/* The data phase is over, one way or another. */
void file_stop(Upgrade *u);
/* It is not sent to its end: the module is to notice, and to answer AT again. */
void file_break(Upgrade *u, HostCode why, const UpgradeEvent *event);
/* true if that is all that follows. */
bool file_port_lost(Upgrade *u, const UpgradeEvent *event);
bool file_disk_failed(Upgrade *u, const UpgradeEvent *event);
void file_begin(Upgrade *u);
void file_present(Upgrade *u, const UpgradeEvent *event); /* since the daemon was started, not since a restart */
/* AT+QFOTADL was sent, and its package certainly not to the end. */
bool file_cannot_be_there(const Job *job);

/* upgrade-restore.c: back to the settings it had. */
/* Whether settings of the module's are still to be put back. */
bool restore_is_due(const Upgrade *u);
void restore_begin(Upgrade *u, const UpgradeEvent *event);
void restore_answer(Upgrade *u, const UpgradeEvent *event);
