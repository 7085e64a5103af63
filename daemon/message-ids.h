/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The MESSAGE_IDs of what an operator may act on. systemd/fotad.catalog has an entry for each, and programs may look
 * for them in the journal: never change one, only add. */

#define MESSAGE_ID_QUEUED    "1f734ec1b966430dbd49bc29ddda7ced"
#define MESSAGE_ID_ADOPTED   "96a0e343d3384342a7a4d4e429c6e1d3"
#define MESSAGE_ID_STALLED   "e2b796aae1cd4763bd443ebeb173434f"
#define MESSAGE_ID_SUCCESS   "8322e4becb1f416da44c48f241e23291"
#define MESSAGE_ID_FAILED    "a9aec53cfd19418290868f7086523949"
#define MESSAGE_ID_CANCELLED "49ae9941dec94b3c9df1bd4f2d8203cb"
