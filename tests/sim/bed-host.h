/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The questions that bed-guard.c asks of bed-host.c about a tty that a program has opened: a seqpacket socket in the
 * directory of the test bed, a connection for each open tty, a question and an answer at a time.
 */
#pragma once

#include <stdint.h>

#define BED_HOST_SOCKET "ttys"

/* The answer is an int32_t. */
struct bed_host_question {
        uint64_t request; /* TIOCEXCL, TIOCNXCL: 1 if the program is to make the ioctl; TIOCOUTQ: the bytes that the
                             module has not taken; 0: a write is about to be made, answer 0 */
        uint64_t size;    /* of the write */
        char name[16];    /* "ttyUSB1" */
};
