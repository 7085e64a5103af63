/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "core/job/options.h"

/* The values of a PDP context, as in AT+QICSGP=<cid>,<values> and in a job's record:
 * <type>,"<apn>","<user>","<password>",<auth> without blanks between them. They may contain a password. */

/* The values for the options apn, apn-user, apn-password and apn-auth. The caller wipes and frees them. */
char *context_from_options(const Options *options);

/* The values in the answer to AT+QICSGP=<cid>, +QICSGP: 1,"cmnet","","",1; NULL if they are missing or not
 * context_is_valid(). The caller wipes and frees them. */
char *context_parse(const char *information);

/* Returns true if values may be sent to a module: types 1 to 3, authentications 0 to 3, and strings of at most 127
 * bytes of printable ASCII without quotes and backslashes. */
bool context_is_valid(const char *values);
