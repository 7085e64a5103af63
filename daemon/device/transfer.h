/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "device/serial.h"

/* A package on its way to a module (guide 3.3.1.3). */
typedef struct Transfer Transfer;

/* Called from the event loop only. Each of them may free the transfer. */
typedef struct TransferObserver {
        /* The number of bytes that have left the host so far. Called at each percent, each second in which bytes were
         * sent, and when all bytes are sent. */
        void (*sent)(void *userdata, uint64_t bytes);
        void (*all_but_last)(void *userdata); /* the last bytes wait for transfer_send_last() */
        void (*failed)(void *userdata, const char *why);
} TransferObserver;

/* Returns true if the file has that size in bytes, and that SHA-256 in 64 lower-case hexadecimal digits. */
bool transfer_is_package(int fd, uint64_t size, const char *sha256);

/* The pace of a transfer without flow control, which stays below 15 kB/s in any case. */
typedef struct TransferPace {
        unsigned bytes;    /* of one write, at most PACE_CHUNK */
        unsigned interval; /* ms between two writes at least, 0 none */
} TransferPace;

/* Starts sending a package of size bytes. Takes its fd. pace is for a transfer without flow control, and NULL with flow
 * control. Borrows the port, event and observer. Returns 0 or -errno. */
int transfer_new(Transfer **ret, sd_event *event, Serial *serial, int fd, uint64_t size, const TransferPace *pace,
                 const TransferObserver *observer, void *userdata);

/* Takes NULL. Drops the bytes that have not left the host. */
void transfer_free(Transfer *transfer);

/* Sends the bytes that all_but_last() announced. */
void transfer_send_last(Transfer *transfer);
