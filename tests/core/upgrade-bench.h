/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A module, a disk and a clock for core/upgrade: events are given one by one, actions are carried out at once, and what
 * must hold of every upgrade is asserted at every step:
 *
 *   - AT+QFOTADL is sent once at most and once more for each retry that was asked for, and nothing is sent while the
 * port only listens
 *   - before a command that changes the module the record went to the disk; before AT+QFOTADL it says Sent
 *   - the percentage never goes back, and is 100 with success only
 *   - the result is said once, after it went to the disk without a password
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

        /* The module. Answers to commands: urc_port and fota_cid are what it has set; a command that begins with
         * rejects or mutes gets ERROR (with the number, if it is not negative) or no answer. */
        bool present, at_port, diag_port;
        unsigned device;
        const char *boot;
        char *power_control; /* NULL: it has none */
        char *urc_port, *fota_cid, *flow;
        const char *qind, *qind_fota; /* AT+QINDCFG, whose queries are answered at once and not logged; NULL: the module
                                         has no such item */
        bool keeps_flow;              /* it answers OK to another one, and keeps the old one */
        unsigned product;
        bool mini;         /* it runs its Mini system, which knows no row of the fingerprint but those of mini_knows */
        bool no_sms;       /* nor does its firmware */
        unsigned mini_knows;
        const char *rejects, *mutes;
        int reject_number;
        bool contexts_active; /* all there are, since before */
        char *context;        /* what AT+QICSGP has put into the one there is, behind its number */
        bool context_active;  /* AT+QIACT */
        bool answers_once;    /* a revision that is asked for again waits for the test's bench_ready() */
        bool port_busy;       /* its port is being asked something that no test sees */
        bool holds_answers;   /* answers wait for bench_answer() */
        bool holds_questions; /* so do those to core/inspect's questions, which otherwise are answered at once, and
                                 stand in questions instead of the log */
        bool inspecting;
        const char *sim, *cereg, *creg, *csq, *qflds, *qnetdevctl,
                *qfotadl; /* information of their answers; NULL a bare OK */
        bool started;     /* AT+QFOTADL reached it */
        bool reset;       /* AT+CFUN=1,1 reached it */
        bool radio_off;

        /* The disk. */
        char *disk;
        int fails_at;   /* the how-manieth PERSIST fails, counted from 1; 0 none */
        bool fails_on;  /* and all after it */
        bool read_only; /* nor can a record be removed that was to say how its job has ended */
        int persists;

        /* What was done, a word or two each, joined by |: persist, send CMD, listen, identify, power X, announce,
         * result, release. */
        GString *log;
        GString *questions; /* those core/inspect has asked, joined by | */
        GQueue pending;     /* commands without an answer */
        bool listening, identify;
        bool host_flow;     /* our end of the port has RTS/CTS */
        bool transfer_runs; /* the package is being sent */
        unsigned transfers;
        const char *package_fault; /* the package on the disk is not what was given */
        bool asks_server;          /* check-source was asked for, and its answer is to be given */
        unsigned upgrades_sent, retries, results, released;
        unsigned percent, announced_percent;
        int actions;     /* carried out since it was started */
        int crash_at;    /* after so many actions the daemon dies; 0 never */
        int crash_again; /* crash_at of the next daemon */
        bool crashed;
} Bench;

Bench *bench_new(void);
void bench_free(Bench *bench);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

void bench_begin(Bench *bench);
void bench_present(Bench *bench); /* with another device number */
void bench_seen(Bench *bench);    /* with the same, as after a restart of the daemon */
void bench_gone(Bench *bench);
void bench_ready(Bench *bench, const char *revision);
void bench_ready_as(Bench *bench, const char *revision, const char *build, const char *imei);
void bench_port_lost(Bench *bench); /* and opened again: what was asked is forgotten on both sides */
void bench_urc(Bench *bench, const char *text);
void bench_fota(Bench *bench, const char *rest); /* +QIND: "FOTA",<rest> */
void bench_cancel(Bench *bench);
void bench_event(Bench *bench, UpgradeEventType type, const char *text);
void bench_give(Bench *bench, UpgradeEvent event); /* one of the test's own making, at the bench's time */
void bench_answer(Bench *bench, AtResult result, int error, const char *text); /* to the oldest pending command */

/* Time passes; each deadline gets its tick. */
void bench_pass(Bench *bench, uint64_t us);

/* To the next deadline, and its tick. */
void bench_tick(Bench *bench);

/* The module restarts: gone for ten seconds, then back. */
void bench_restart(Bench *bench);

/* A whole preparation: begin, there, answering with the old revision, AT+QFOTADL accepted. */
void bench_go(Bench *bench);

/* One with a package on the host. */
#define BENCH_PACKAGE_SIZE 100000
Bench *bench_new_file(void);
/* So much of it has gone out. */
void bench_sent(Bench *bench, uint64_t bytes);
/* go, FILESTART, and all bytes on their way; and from there to the new revision. */
void bench_transfer(Bench *bench);
void bench_finish_file(Bench *bench);

/* go, and the guide's download from HTTPSTART to HTTPEND,0. */
void bench_download(Bench *bench);

/* download, restart, START, UPDATING. */
void bench_update(Bench *bench);

/* The daemon dies, and starts again with what is on the disk. Begins; the module is presented if it is there. */
void bench_resurrect(Bench *bench);

/* Makes a new bench's job a MiniFOTA. */
void bench_make_mini(Bench *bench);
Bench *bench_new_mini(void);
/* One that was found in its Mini system, and nobody remembers; begun, and there. */
Bench *bench_new_adopted(void);
void bench_updating(Bench *bench, int value); /* +QIND: "FOTA","UPDATING",value */
void bench_retry(Bench *bench, const char *url);

/* Where the log had its mark, to look at what an event brought about. */
void bench_clear(Bench *bench);

/* The end came: with this result and machine name, said once. */
void bench_assert_end(Bench *bench, JobResult result, const char *name);
void bench_assert_state(Bench *bench, JobState state);
