/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <systemd/sd-event.h>

#include "settings.h"

/* Requests to the server, many at a time, on the event loop. */
typedef struct Http Http;

typedef struct HttpAnswer {
        unsigned status;      /* 0: none came */
        const char *body;     /* "" for a download */
        unsigned retry_after; /* seconds, 0 if the server did not say it */
        const char *error;    /* why none came; NULL if one came */
} HttpAnswer;

typedef void (*HttpDone)(void *userdata, const HttpAnswer *answer);

typedef struct HttpRequest {
        const char *method, *url;
        const char *controller; /* whose token is sent; NULL: none is sent, and no client certificate is shown */
        const char *body;       /* JSON; NULL none */
        int fd;                 /* what the body of the answer is written to; -1: into HttpAnswer */
        uint64_t offset;        /* bytes of it that are there already: only those behind them are asked for */
        uint64_t size;          /* bytes that it has in all; more are refused */
} HttpRequest;

/* settings must live as long. Returns NULL if libcurl cannot be used. */
Http *http_new(sd_event *event, const Settings *settings);
/* Requests that are under way are dropped, without a call of done. */
void http_free(Http *http);

/* done is called once, later. */
void http_send(Http *http, const HttpRequest *request, HttpDone done, void *userdata);
