/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "core/job/options.h"

/* The values of a PDP context, as AT+QICSGP=<cid>,<values> takes them and a job's record keeps them:
 * <type>,"<apn>","<user>","<password>",<auth> without blanks between them. They may hold a password. */

/* The values that the options apn, apn-user, apn-password and apn-auth request. The caller wipes and frees them. */
char *context_from_options(const Options *options);

/* The values in the answer to AT+QICSGP=<cid>, +QICSGP: 1,"cmnet","","",1; NULL if they are missing, or if
 * context_is_valid() rejects them. The caller wipes and frees them. */
char *context_parse(const char *information);

/* Returns true if the values may be sent to a module: types 1 to 3, authentications 0 to 3, and strings of at most 127
 * bytes of printable ASCII without quotes and backslashes. */
bool context_is_valid(const char *values);
