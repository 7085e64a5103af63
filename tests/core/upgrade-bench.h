/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A module, a disk and a clock for core/upgrade: events are given one by one, actions are carried out at once, and the
 * rules for every upgrade are asserted at every step:
 *
 *   - AT+QFOTADL is sent once at most, and once more for each requested retry, and nothing is sent while the port only
 *     listens
 *   - before a command that changes the module the record is written; before AT+QFOTADL the record has Sent
 *   - the percentage never decreases, and is 100 with success only
 *   - the result is sent once, after the record was written without a password
 *   - no deadline is in the past once a tick was handled
 *   - commands that may hold a password are marked */

#include "core/quectel/fingerprint.h"
#include "core/upgrade/upgrade.h"
#include "testing.h"

#define SECOND        ((uint64_t)G_USEC_PER_SEC)
#define OLD_REVISION  "EC200ACNHAR01A01M16"
#define NEW_REVISION  "EC200ACNHAR01A02M16"
#define MINI_OLD      "EC600MCNLER06A08M08"
#define MINI_NEW      "EC600MCNLER06A09M08"
#define BENCH_CONTEXT "1,\"iot\",\"gw\",\"Geheim7\",1"
#define BENCH_IMEI    "860000000000001"
#define BENCH_URL     "http://user:Geheim7@h/x.bin"

typedef struct Bench {
        Job *job;
        Upgrade *upgrade;
        Timeouts timeouts;
        uint64_t now;

        /* The module. urc_port and fota_cid hold the values that it has set. A command that begins with rejects or
         * mutes gets ERROR (with the number, if it is not negative) or no answer. */
        bool present, at_port, diag_port;
        unsigned device;
        const char *boot;
        char *power_control; /* NULL: the device has none */
        char *urc_port, *fota_cid, *flow;
        const char *qind, *qind_fota; /* AT+QINDCFG, whose queries are answered at once and not logged; NULL: the module
                                         has no such item */
        bool keeps_flow;              /* answers OK to a new value, and keeps the old one */
        unsigned product;
        bool mini;         /* runs its Mini system, which has no row of the fingerprint except those of mini_knows */
        bool no_sms;       /* nor does its firmware support SMS */
        unsigned mini_knows;
        const char *rejects, *mutes;
        int reject_number;
        bool contexts_active; /* all contexts were active before */
        char *context;        /* the values that AT+QICSGP has set in the only context, after its number */
        bool context_active;  /* AT+QIACT */
        bool answers_once;    /* a repeated question for the revision waits for the test's bench_ready() */
        bool port_busy;       /* its port is in use by a question that no test sees */
        bool holds_answers;   /* answers wait for bench_answer() */
        bool holds_questions; /* so do answers to core/inspect's questions, which otherwise are given at once; the
                                 questions are then in questions instead of the log */
        bool inspecting;
        const char *sim, *cereg, *creg, *csq, *qflds, *qnetdevctl,
                *qfotadl; /* information of the answers; NULL a bare OK */
        bool started;     /* AT+QFOTADL was received */
        bool reset;       /* AT+CFUN=1,1 was received */
        bool radio_off;

        /* The disk. */
        char *disk;
        int fails_at;   /* the number of the PERSIST that fails, from 1; 0 none */
        bool fails_on;  /* and all later ones */
        bool read_only; /* nor can the record of a job that has ended be removed */
        int persists;

        /* The actions, a word or two each, joined by |: persist, send CMD, listen, identify, power X, announce, result,
         * release. */
        GString *log;
        GString *questions; /* those of core/inspect, joined by | */
        GQueue pending;     /* commands without an answer */
        bool listening, identify;
        bool host_flow;     /* the host's end of the port has RTS/CTS */
        bool transfer_runs; /* the package is being sent */
        unsigned transfers;
        const char *package_fault; /* the package on the disk differs from the given one */
        bool asks_server;          /* check-source is on, and its answer is due */
        unsigned upgrades_sent, retries, results, released;
        unsigned percent, announced_percent;
        int actions;     /* the number of actions since the upgrade was started */
        int crash_at;    /* the daemon dies after this many actions; 0 never */
        int crash_again; /* crash_at of the next daemon */
        bool crashed;
} Bench;

Bench *bench_new(void);
void bench_free(Bench *bench);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

/* Writes the job's record, as after a change that the test has made to the job. */
void bench_save(Bench *bench);

void bench_begin(Bench *bench);
void bench_present(Bench *bench); /* with another device number */
void bench_seen(Bench *bench);    /* with the same device number, as after a restart of the daemon */
void bench_gone(Bench *bench);
void bench_ready(Bench *bench, const char *revision);
void bench_ready_as(Bench *bench, const char *revision, const char *build, const char *imei);
void bench_port_lost(Bench *bench); /* and reopened: pending commands are dropped on both sides */
void bench_urc(Bench *bench, const char *text);
void bench_fota(Bench *bench, const char *rest); /* +QIND: "FOTA",<rest> */
void bench_cancel(Bench *bench);
void bench_event(Bench *bench, UpgradeEventType type, const char *text);
void bench_give(Bench *bench, UpgradeEvent event); /* an event of the test's own making, at the bench's time */
void bench_answer(Bench *bench, AtResult result, int error, const char *text); /* to the oldest pending command */

/* Lets time pass; each deadline gets its tick. */
void bench_pass(Bench *bench, uint64_t us);

/* Advances to the next deadline, and gives its tick. */
void bench_tick(Bench *bench);

/* Restarts the module: it disconnects for ten seconds, then re-enumerates. */
void bench_restart(Bench *bench);

/* Begins; the module is present and reports that revision. */
void bench_prepare(Bench *bench, const char *revision);

/* A whole preparation: begin, present, an answer with the old revision, AT+QFOTADL accepted. */
void bench_go(Bench *bench);

/* A new job with a package on the host. */
#define BENCH_PACKAGE_SIZE 100000
Bench *bench_new_file(void);
/* This many bytes have been sent. */
void bench_sent(Bench *bench, uint64_t bytes);
/* bench_go(), FILESTART, and all bytes sent; and from there to the new revision. */
void bench_transfer(Bench *bench);
void bench_finish_file(Bench *bench);

/* bench_go(), and the guide's download from HTTPSTART to HTTPEND,0. */
void bench_download(Bench *bench);

/* bench_download(), restart, START, UPDATING. */
void bench_update(Bench *bench);

/* END,0, a restart, and the new revision; and the assertion of success. */
void bench_finish(Bench *bench);
void bench_succeed(Bench *bench);
/* The same up to the result, with messages at uart1 before: the answers with which they are put back there are held. */
void bench_restore(Bench *bench);

/* The daemon dies, and starts again from the record. Begins; the module is presented if it is there. */
void bench_resurrect(Bench *bench);

/* The options cid=2 and apn=cmnet, saved. */
void bench_use_context(Bench *bench);

/* The module sends its messages to uart1, a setting that fotad changes and puts back. */
void bench_use_uart1(Bench *bench);

/* Turns a new bench's job into a MiniFOTA. */
void bench_make_mini(Bench *bench);
Bench *bench_new_mini(void);
/* A job that was found in its Mini system, with an unknown beginning; begun, with the module present. */
Bench *bench_new_adopted(void);
void bench_updating(Bench *bench, int value); /* +QIND: "FOTA","UPDATING",value */
void bench_retry(Bench *bench, const char *url);

/* Empties the log, so that it holds the actions of the next events only. */
void bench_clear(Bench *bench);

/* Asserts that the job has ended with this result and machine name, and that the result was sent once. */
void bench_assert_end(Bench *bench, JobResult result, const char *name);
void bench_assert_state(Bench *bench, JobState state);
