/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Carriers hold a file of another process's that may block whoever closes it: a file system in user space is asked at
 * each close, and a socket may linger. A carrier is a socket with the file in its queue, where the file has no
 * descriptor; closing a carrier never blocks. */

/* Makes a carrier of the file. Takes the descriptor, which is closed in a thread. Returns the carrier, which the caller
 * closes, or -errno. Sockets are not carried, because the last close of one may linger: their carrier is empty. */
int carrier_new(int fd);

/* Takes the file out of a carrier; takes the descriptor. Returns that of the file, or the same one if it is no carrier
 * or an empty one. Only for threads that may block, because the caller has to close it. */
int carrier_open(int fd);

/* Closes the descriptor in a thread. */
void carrier_close(int fd);
