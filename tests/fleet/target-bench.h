/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One target of fotad-hawkbit between a server and a fotad that are a few lines each. Nothing waits: the time is a
 * number. */

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/target.h"

#define SECOND   ((uint64_t)G_USEC_PER_SEC)
#define OLD      "EC200AEUHAR01A02M16"
#define NEW      "EC200AEUHAR01A03M16"
#define INTERVAL 300
#define YEARS    (1700000000 * SECOND) /* from 1970 to the time 0 of the target's clock */
#define SERVER   "https://s/DEFAULT"
#define REQUEST  "hawkbit-7-6de0abeddd09f0f8f244b99815fc0386" /* of action 7 of that server's target */
#define DEPLOYMENT(update, chunks)                                                                                     \
        "{\"id\":\"7\",\"deployment\":{\"download\":\"forced\",\"update\":\"" update "\",\"chunks\":[" chunks "]}}"
#define CHUNK(more) "{\"part\":\"modem\",\"version\":\"" NEW "\"" more "}"
#define BY_URL      CHUNK(",\"metadata\":[{\"key\":\"source\",\"value\":\"http://fw/%{revision}.bin\"}]")
#define BY_FILE                                                                                                        \
        CHUNK(",\"artifacts\":[{\"filename\":\"" OLD ".bin\",\"size\":9,\"hashes\":{\"sha256\":\"ab\"},"               \
              "\"_links\":{\"download\":{\"href\":\"https://s/a\"}}}]")
#define UPGRADE_BY_URL  DEPLOYMENT("forced", BY_URL)
#define UPGRADE_BY_FILE DEPLOYMENT("forced", BY_FILE)

/* The process is killed at the write of the state file with that number, counted from 1; 0: at none. */
typedef struct Kill {
        unsigned write;
        bool replaced; /* the file */
} Kill;

typedef struct Bench {
        Target *t;
        TargetSettings settings;
        uint64_t now, set_back;
        unsigned dice;
        char *disk; /* the state file */
        bool disk_refuses;
        unsigned writes; /* of the state file */
        Kill kills[2];
        /* the server */
        const char *deployment; /* NULL: it offers none */
        const char *action;     /* its id */
        bool cancels;
        unsigned news_status; /* of deployments and cancellations that are read; 0: 200 */
        unsigned closing_status, verdict_status, attributes_status, retry_after; /* 0: 200 */
        bool unreachable;
        /* fotad */
        Module module, seen; /* seen: as the target has it during a call */
        Job job;
        bool has_job;
        char *request_id; /* of the job */
        unsigned started; /* jobs */
        const char *refusal;
        bool unlisted, without_module; /* fotad's jobs are not listed; fotad does not know the module */
        bool unlists;                  /* the jobs, when it is asked to cancel */
        bool loses_module;             /* while the server is asked */
        bool answers_late;             /* the case answers StartUpgrade */
        bool downloads_late;           /* the case ends downloads */
        GString *log;                  /* of all that the target did */
} Bench;

/* ---- life */

/* A target that has not polled yet. deployment: of the server, NULL none. */
Bench *bench_new(const char *deployment);
/* UPGRADE_BY_URL is offered, and fotad has a job for it. */
Bench *bench_new_started(void);
/* The artifact of the deployment is being fetched. */
Bench *bench_new_downloading(const char *deployment);
void bench_free(Bench *b);

/* A record of the target before any deployment. The caller owns it. */
Record *new_record(void);

/* The process is killed, and another one is started with what is on disk. */
void restart(Bench *b);
/* The state directory is lost, or its file is broken. Forgets the log. */
void lose_state(Bench *b);

/* ---- the target */

/* fotad as it is now, until expire(). */
Facts facts_of(Bench *b);
/* A target that uses the module after the call crashes. */
void expire(Bench *b);

/* Carries out one action. Returns false if the target waits, with the time until which it waits. */
bool step(Bench *b, uint64_t *ret_until);
/* Until the target waits. Returns the time until which it does. */
uint64_t run(Bench *b);
/* run(), and on to the next time that it waits for. */
void run_on(Bench *b);

/* ---- fotad */

/* fotad answers StartUpgrade. */
void answer_start(Bench *b);
/* The job has that Result; after a success the module has the revision NEW. */
void finish_job(Bench *b, const char *result);
/* The same, and run(). */
void end_job(Bench *b, const char *result);
/* The artifact of action 7 is complete, and run(). */
void end_download(Bench *b);

/* ---- what the target did */

void forget_log(Bench *b);
void assert_log(Bench *b, const char *part);
void assert_not_log(Bench *b, const char *part);
/* The stage in the state file. */
void assert_stage(Bench *b, const char *stage);

/* ---- the cases of a program */

typedef struct Case {
        const char *name;
        const TTest *function;
        size_t count; /* of values of _i */
} Case;

/* Runs all cases, those of CK_RUN_CASE if it is set. Returns the exit status. */
int run_cases(const char *suite, const Case *cases, size_t count);
