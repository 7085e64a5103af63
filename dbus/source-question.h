/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The conversation of fotad and fotad-source-check over a stream socket, two lines, after which both close:
 *
 *   MILLISECONDS URL     of fotad: the longest time for the answer, and the package that the server is asked for
 *
 *   OUTCOME NUMBER SIZE  of fotad-source-check: the size in bytes, -1 if the server reports none
 *
 * fotad-source-check ends when fotad closes the connection. */

#define SOURCE_QUESTION_MAX 512 /* bytes of the first line, with its newline: core/job/source bounds URLs at 255 */
#define SOURCE_ANSWER_MAX   64  /* bytes of the second line, with its newline */

/* HEAD, GET and FTP: the server answered, NUMBER is the status. ERROR: NUMBER is an error of libcurl. Otherwise NUMBER
 * is 0. */
typedef enum SourceOutcome {
        SOURCE_OUTCOME_HEAD,
        SOURCE_OUTCOME_GET, /* with a range of one byte, after the server refused HEAD */
        SOURCE_OUTCOME_FTP,
        SOURCE_OUTCOME_NAME,        /* the server's name cannot be resolved */
        SOURCE_OUTCOME_CONNECTION,  /* the server cannot be connected */
        SOURCE_OUTCOME_TIME,        /* no answer in time */
        SOURCE_OUTCOME_CERTIFICATE, /* the certificate is not trusted */
        SOURCE_OUTCOME_TLS,
        SOURCE_OUTCOME_LOGIN,   /* the login is refused */
        SOURCE_OUTCOME_MISSING, /* there is no such file */
        SOURCE_OUTCOME_DENIED,  /* access to the file is denied */
        SOURCE_OUTCOME_CLOSED,  /* the connection was closed without an answer */
        SOURCE_OUTCOME_PROTOCOL,
        SOURCE_OUTCOME_LENGTH, /* the answer is too long for one about a package */
        SOURCE_OUTCOME_ERROR,
} SourceOutcome;

static const char *const source_outcomes[] = {
        [SOURCE_OUTCOME_HEAD] = "head",
        [SOURCE_OUTCOME_GET] = "get",
        [SOURCE_OUTCOME_FTP] = "ftp",
        [SOURCE_OUTCOME_NAME] = "name",
        [SOURCE_OUTCOME_CONNECTION] = "connection",
        [SOURCE_OUTCOME_TIME] = "time",
        [SOURCE_OUTCOME_CERTIFICATE] = "certificate",
        [SOURCE_OUTCOME_TLS] = "tls",
        [SOURCE_OUTCOME_LOGIN] = "login",
        [SOURCE_OUTCOME_MISSING] = "missing",
        [SOURCE_OUTCOME_DENIED] = "denied",
        [SOURCE_OUTCOME_CLOSED] = "closed",
        [SOURCE_OUTCOME_PROTOCOL] = "protocol",
        [SOURCE_OUTCOME_LENGTH] = "length",
        [SOURCE_OUTCOME_ERROR] = "error",
};
