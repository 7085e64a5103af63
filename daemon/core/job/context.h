/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "core/job/options.h"

/* What stands in a PDP context, as AT+QICSGP=<cid>,<values> takes it and as it is kept in a job's record:
 * <type>,"<apn>","<user>","<password>",<auth> without blanks between them. It may hold a password. */

/* What the options apn, apn-user, apn-password and apn-auth ask for. The caller wipes and frees it. */
char *context_from_options(const Options *options);

/* The values in the answer to AT+QICSGP=<cid>, +QICSGP: 1,"cmnet","","",1; NULL if they are not there, or are none that
 * context_is_valid() lets back to a module. The caller wipes and frees it. */
char *context_parse(const char *information);

/* Whether values may be sent to a module: types 1 to 3, authentications 0 to 3, and strings of at most 127 bytes of
 * printable ASCII without quotes and backslashes. */
bool context_is_valid(const char *values);
