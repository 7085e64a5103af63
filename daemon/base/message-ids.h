/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The MESSAGE_IDs of lines that an operator may act on. systemd/fotad.catalog has an entry for each, and programs may
 * look for them in the journal: never change one, only add. */

#define MESSAGE_ID_QUEUED    "1f734ec1b966430dbd49bc29ddda7ced"
#define MESSAGE_ID_ADOPTED   "96a0e343d3384342a7a4d4e429c6e1d3"
#define MESSAGE_ID_STALLED   "e2b796aae1cd4763bd443ebeb173434f"
#define MESSAGE_ID_SUCCESS   "8322e4becb1f416da44c48f241e23291"
#define MESSAGE_ID_FAILED    "a9aec53cfd19418290868f7086523949"
#define MESSAGE_ID_CONFIG    "6d2f8a4be4b04f7c9a5c6f0d2b7f5e31"
#define MESSAGE_ID_NEIGHBOUR "c1d7e0a95f3a4e0b8a37b4f6d9c2e874"
#define MESSAGE_ID_CANCELLED "49ae9941dec94b3c9df1bd4f2d8203cb"
#define MESSAGE_ID_RESOLVED  "5b0f3c7d92e84c61a1d6e8f7430b95c2"
