/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "device/serial.h"

/* A package on its way to a module (guide 3.3.1.3). */
typedef struct Transfer Transfer;

/* None of them is called from within a function of this room. Each may free the transfer. */
typedef struct TransferObserver {
        /* So many bytes have left the host: with each percent, once a second while there are any, and when all have. */
        void (*sent)(void *userdata, uint64_t bytes);
        void (*all_but_last)(void *userdata); /* what is left waits for transfer_send_last() */
        void (*failed)(void *userdata, const char *why);
} TransferObserver;

/* Whether it has that size, and that SHA-256 in 64 lower-case hexadecimal digits. */
bool transfer_is_package(int fd, uint64_t size, const char *sha256);

/* Begins. Takes the fd of the package, of so many bytes. paced: without flow control, in writes of 32 bytes and under
 * 15 kB/s. Borrows the port, event and observer. 0 or -errno. */
int transfer_new(Transfer **ret, sd_event *event, Serial *serial, int fd, uint64_t size, bool paced,
                 const TransferObserver *observer, void *userdata);

/* Takes NULL. What has not left the host is dropped. */
void transfer_free(Transfer *transfer);

void transfer_send_last(Transfer *transfer);
