/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A disk that takes long: standstill.so holds the synchronization of job 1's record until the test releases it. And
 * callers that do not wait for their answers meanwhile. */

#include "world.h"

#define OTHER_OLD "EC600NCNLAR03A01M16"
#define OTHER_NEW "EC600NCNLAR03A02M16"

typedef struct Hold {
        World *w;
        char *path;
        int listener, sync;
} Hold;

/* Starts the daemon. The files with that text in their paths can be held. */
void held_start_daemon_of(World *w, const char *files);
void held_start_daemon(World *w);

/* A DFOTA module 1 and a module 2, whose package other.bin is on the server. config: NULL none. */
World *held_world(const char *config);

/* So many seconds pass for the daemon. */
void held_let_pass(World *w, const char *seconds);

/* From now on the next record of job 1 is held. */
Hold *hold_new(World *w);

/* Waits until a record of job 1 with that text is held; those before it are written. */
void hold_await(Hold *h, const char *part);

/* Waits until the next access to the disk is held. */
void hold_await_any(Hold *h);

/* Waits until the removal of the record of job 1 is held; all before it is done. */
void hold_await_removal(Hold *h);

/* The record is written, and so are those that follow. */
void hold_release(Hold *h);

/* Starts job 1, whose module is held at that point of the simulator. */
void held_start_job(World *w, const char *point);

/* Starts job 1, and returns once the record is held that precedes AT+QFOTADL. */
Hold *hold_before_command(World *w);

/* The daemon answers, and shows nothing that the disk does not have. */
void hold_assert(World *w);
void held_assert_success(World *w);
void held_assert_no_job(World *w);
bool held_has_files(World *w, const char *directory);
void held_await_no_files(World *w, const char *directory);

/* ---- callers */

typedef struct Caller {
        sd_bus *bus;
        bool answered;
        char *job, *error;
} Caller;

/* The caller sends the message that is returned in *ret with caller_send(), which takes it. */
Caller *caller_new(sd_bus_message **ret, const char *path, const char *interface, const char *method);
Caller *caller_send(Caller *c, sd_bus_message *m);

/* StartUpgradeFile; id: the option request-id, NULL none. */
Caller *call_start_file(World *w, const char *id);

/* The same call once more, by the same caller. */
void call_start_file_again(Caller *c, World *w, const char *id);

/* 0: from a URL, 1: from a package on the host. */
Caller *call_start_with(World *w, int how, const char *id);
Caller *call_start_either(World *w, int how);
Caller *call_job(const char *method, const char *url);

/* 0: by the job, 1: by the manager. */
Caller *call_cancel(int how);
void caller_free(Caller *c);

/* Messages that the daemon gets from now on come after the news that the caller has left. */
void caller_leave(Caller *c, World *w);

/* The daemon has the call: it has answered others of the same caller since it read the caller's credentials. */
void caller_settle(Caller *c);
void caller_await_answer(Caller *c);
void caller_await(Caller *c);
void caller_await_refusal(Caller *c);
void caller_assert_waits(Caller *c);
