/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/ddi.h"
#include "core/target.h"

/* The state of a target, for its three files alone. */

#define SECOND ((uint64_t)G_USEC_PER_SEC)

typedef enum Request {
        REQUEST_NONE,
        REQUEST_POLL,
        REQUEST_DEPLOYMENT,
        REQUEST_CANCEL,
        REQUEST_ATTRIBUTES,
        REQUEST_PROGRESS,
        REQUEST_CLOSING,
        REQUEST_VERDICT,
} Request;

/* What is answered to a cancellation. */
typedef enum Verdict { VERDICT_NONE, VERDICT_CONFIRMED, VERDICT_REJECTED } Verdict;

/* After failures: no further attempt of its kind before the time at. */
typedef struct BackOff {
        unsigned failures; /* in turn */
        uint64_t at;
} BackOff;

struct Target {
        const TargetSettings *settings;
        Record *record;
        char *request_id;

        /* The disk. */
        bool dirty, writing;
        uint64_t write_at;

        /* fotad. */
        const Facts *facts;   /* of the present call, as the two below; NULL between calls */
        const Module *module; /* NULL: it is not known */
        const Job *job;       /* of the record's deployment; NULL none */
        bool foreign;         /* the job with its request id is of another module, or to another revision */
        bool go;              /* the server has offered the deployment of the record, to be carried out now */
        bool starting;        /* StartUpgrade is under way */
        bool file;            /* the package of the record's deployment is complete */
        bool downloading;     /* a package, which may be that of an earlier deployment */
        BackOff download_wait;

        /* The server. */
        Request request;
        char *sent;      /* of REQUEST_ATTRIBUTES */
        unsigned saying; /* of REQUEST_PROGRESS: what the record has then been told */
        bool stalled;    /* of REQUEST_PROGRESS: it tells that the module is stalled */
        bool bare;       /* the server refuses the text of the closing feedback */
        bool polled;
        uint64_t interval, poll_at;
        BackOff server_wait; /* of all requests: the server cannot be reached, or says Retry-After */
        BackOff poll_wait;
        BackOff news_wait; /* of reading deployments and cancellations */
        BackOff feedback_wait;
        BackOff attributes_wait;
        bool unreachable; /* no answer came to the last request */
        char *offered;    /* a deployment that is to be read; NULL none */
        bool asked;       /* for attributes */

        /* A cancellation. */
        char *cancel; /* one that is to be read; NULL none */
        char *stop;   /* the deployment that is to be cancelled; NULL none */
        Verdict verdict;
        bool cancelling, cancel_asked, cancel_refused;
};

/* ---- the deployment of the record */

void target_set(char **text, const char *value);

/* The record is to be written with that stage. */
void target_enter(Target *target, Stage stage);

/* Names the request of the record's deployment. */
void target_name_request(Target *target);

/* The facts hold between these two. */
void target_learn(Target *target, const Facts *facts);
void target_unlearn(Target *target);

/* The deployment has ended; details is the text for the server. */
void target_end(Target *target, bool success, bool cancelled, const char *details);
/* The same with the result of the job. */
void target_end_with_job(Target *target);

/* Takes up a deployment that the server offers, or goes on with that of the record. */
void target_consider(Target *target, const DdiDeployment *deployment);

/* Returns true if the revision of the module is known now. */
bool target_has_revision(const Target *target);

/* Returns true if an upgrade of the record's deployment runs, or may. */
bool target_may_be_running(const Target *target);

/* Answers the cancellation, if that can be told yet. */
void target_judge(Target *target);

/* ---- the server */

/* After one more failure: the next attempt comes each time twice as late. retry_after: seconds that the server asks
 * for, 0 none. */
void target_back_off(const Target *target, BackOff *wait, unsigned retry_after, uint64_t now, unsigned dice);

/* Returns true, and the next request in *ret, if the server is to be asked now. */
bool target_ask_server(Target *target, uint64_t now, TargetAction *ret);
/* The next time after now at which it may be; UINT64_MAX if none is known. */
uint64_t target_next_request(const Target *target, uint64_t now);
