/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* A hawkBit server, one for all cases of a program, and what an operator does there. It tells no events, so waits ask
 * it again and again, up to a time-out that fails the test. Strings that are returned are the caller's to free. */

#define SERVER_TOKEN "gateway-s3cret" /* of all targets */

/* Returns once the server is there; an exit status otherwise, 77 if it cannot be run here. For main(). */
int server_start(void);

/* Without a path. */
const char *server_url(void);

/* A way to the server that can be closed: http://127.0.0.1:PORT. */
typedef struct Way {
        pid_t pid;
        int port;
} Way;

/* port: 0, or that of a way that was closed before. */
Way server_open_way(int port);
/* Ends all its connections, too. */
void server_close_way(Way *way);

/* A request to the management interface; body may be NULL. Fails the test unless the server does it. Returns its
 * answer. */
char *server_do(const char *method, const char *body, const char *path, ...) G_GNUC_PRINTF(3, 4);

/* The value that a JSONPath finds in the answer to a GET, as text; "" if the resource or the value does not exist. */
char *server_get(const char *value, const char *path, ...) G_GNUC_PRINTF(2, 3);
void server_await(const char *expected, const char *value, const char *path, ...) G_GNUC_PRINTF(3, 4);

/* Makes the types modem (of software modules) and firmware (of distribution sets), if they are missing. */
void server_add_types(void);
/* Makes a software module of that type and version, and returns its id. source: the metadata; NULL none. */
char *server_add_module(const char *type, const char *version, const char *source);
/* Gives it an artifact, the file at that path under that name. */
void server_add_artifact(const char *module, const char *path, const char *name);
/* Makes a distribution set of those software modules, NULL at the end, and returns its id. */
char *server_add_set(const char *module, ...) G_GNUC_NULL_TERMINATED;
/* Assigns it to the target, which must exist, and returns the id of the action. */
char *server_assign(const char *controller, const char *set, const char *options);

/* Waits until the newest action of the target has that status (finished, error, canceled, ...) in detail. */
void server_await_status(const char *controller, const char *action, const char *type);
/* Waits until a message of the action has that part. */
void server_await_message(const char *controller, const char *action, const char *part);
/* All messages of the action, newest first, a line each. */
char *server_messages(const char *controller, const char *action);
