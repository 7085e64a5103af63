/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/upgrade.h"

/* Shared by the upgrade*.c files only. */

/* Which of our commands is under way. */
typedef enum Step {
        STEP_NONE,
        STEP_READ_URC_PORT,
        STEP_SET_URC_PORT,
        STEP_SET_APN,
        STEP_READ_FOTA_CID,
        STEP_SET_FOTA_CID,
        STEP_READ_CONTEXTS,
        STEP_ACTIVATE_CONTEXT,
        STEP_QFOTADL,
        STEP_RADIO_OFF,
        STEP_AWAIT_DOWNLOAD_END, /* no command: the radio is off, the download must fail */
        STEP_RESET,
        STEP_LAST_IDENTITY, /* no command: the result is settled, who runs now is asked */
        STEP_RADIO_ON,
        STEP_RESTORE_FOTA_CID,
        STEP_RESTORE_URC_PORT,
} Step;

struct Upgrade {
        Job *job;
        const Timeouts *timeouts;
        GQueue actions;
        uint64_t deadline;

        Step step;
        unsigned tag; /* of the command under way */
        bool present;
        bool ready; /* the AT port answers in this enumeration */
        bool boot_rom;
        bool other_port;   /* the port we have is not its usual AT port */
        bool live;         /* an upgrade URC came in this enumeration */
        bool booted;       /* a boot URC came in this enumeration */
        bool unsent;       /* the command under way was dropped with its record: it never reached the module */
        bool asked;        /* after END: who runs is being asked without having seen the restart */
        unsigned restarts; /* without a sign of progress */
};

void upgrade_push(Upgrade *u, UpgradeActionType type, const char *text);
void upgrade_send(Upgrade *u, Step step, const char *command, bool secret, uint64_t timeout, const UpgradeEvent *event);
void upgrade_enter(Upgrade *u, JobState state, const UpgradeEvent *event);

/* Settles the result and begins what is left to do. */
void upgrade_settle(Upgrade *u, JobResult result, CodeDomain domain, int code, const char *detail,
                    const UpgradeEvent *event);

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

/* upgrade-abandon.c */
void abandon_begin(Upgrade *u, HostCode why, const UpgradeEvent *event);
void abandon_now(Upgrade *u, const UpgradeEvent *event); /* the module answers */
void abandon_reset(Upgrade *u, const UpgradeEvent *event);
void abandon_answer(Upgrade *u, const UpgradeEvent *event);

/* upgrade-urc.c */
void upgrade_urc(Upgrade *u, const UpgradeEvent *event);

/* upgrade-prepare.c: from a module that told who it is to AT+QFOTADL, and back to the settings it had. */
void prepare_begin(Upgrade *u, const UpgradeEvent *event);
void prepare_answer(Upgrade *u, const UpgradeEvent *event);
void restore_begin(Upgrade *u, const UpgradeEvent *event);
void restore_answer(Upgrade *u, const UpgradeEvent *event);
