/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Many worlds that are all alike but for a number, several at a time. */

typedef void (*Work)(unsigned item, void *data);

/* Does work for each of first..last, each in a process of its own, and fails the test if one of them failed: says
 * which, and what they had to say. What they are to hand back goes into workers_share(). */
void workers_run(const char *what, unsigned first, unsigned last, Work work, void *data);

/* Zeroed memory that all workers started from now on share with their test, for the rest of its life. */
void *workers_share(unsigned long size);
