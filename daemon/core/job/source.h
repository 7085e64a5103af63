/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "codes.h"
#include "core/quectel/identity.h"

/* Guide 3.3.1.1 and 3.3.1.2, in bytes; 3.3.1, note 1 for MiniFOTA. */
#define SOURCE_URL_MAX      255
#define SOURCE_URL_MAX_MINI 128
#define SOURCE_FTP_PART_MAX 50

/* Whether a module may be given this URL: flash_size in MiB, 0 unknown. On refusal *ret_why is a sentence that names
 * the rule and what would be right. It never holds a part of the URL, for that may be a password. */
bool source_check(const char *url, Method method, unsigned flash_size, bool allow_https, char **ret_why);

/* The URL of a MiniFOTA's second package (guide 4.1, note 1), for one that source_check() took. */
char *source_second_package(const char *url);

/* Which codes its download may end with: CODE_DOMAIN_FTP or CODE_DOMAIN_HTTP. */
CodeDomain source_domain(const char *url);
