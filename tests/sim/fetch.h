/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The module's network: really downloads a URL, and reports the progress, and the end in the vendor's codes.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct fetch_request {
        const char *url;
        bool ftp; /* codes of the vendor's FTP table, else of its HTTP table */
        bool tls_verify;
        const char *tls_ca; /* file of certificates, "": the system's */
        unsigned connect_timeout_ms;
        unsigned read_timeout_ms; /* without a byte from the server */
        unsigned rate;            /* bytes/s, 0: unlimited */
        guint64 window;           /* read so many bytes and wait for fetch_allow(), 0: read all */
};

struct fetch_observer {
        /* Bytes so far and in total, 0 if the server does not report the size. */
        void (*progress)(void *user, guint64 got, guint64 total);
        /* Called once: 0 and the bytes, or a code, NULL, and the reason as text. */
        void (*done)(void *user, unsigned code, GBytes *package, const char *why);
};

typedef struct Fetch Fetch;

/* The observer is called from the default main context, never from within this call, and no more after
 * fetch_cancel() or done(). */
Fetch *fetch_start(const struct fetch_request *request, const struct fetch_observer *observer, void *user);
/* Reads on up to so many bytes from the start, or slightly more; nothing is read meanwhile. */
void fetch_allow(Fetch *fetch, guint64 bytes);
/* The first `n` bytes, or as many as there are. Not after done(). */
GBytes *fetch_peek(Fetch *fetch, gsize n);
void fetch_cancel(Fetch *fetch);
