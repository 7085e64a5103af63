/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Many worlds that differ only in a number, several at a time. */

typedef void (*Work)(unsigned item, void *data);

/* Calls work for each of first..last, each in a process of its own, and fails the test if one of them failed: names it,
 * and prints its output. Results are returned in workers_share(). */
void workers_run(const char *what, unsigned first, unsigned last, Work work, void *data);

/* Zeroed memory that is shared by the test and all workers that are started from now on, until the test ends. */
void *workers_share(unsigned long size);
