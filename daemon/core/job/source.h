/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "codes.h"
#include "core/quectel/identity.h"

/* Guide 3.3.1.1 and 3.3.1.2, in bytes; 3.3.1, note 1 for MiniFOTA. */
#define SOURCE_URL_MAX      255
#define SOURCE_URL_MAX_MINI 128
#define SOURCE_FTP_PART_MAX 50

/* Returns true if a module may be given this URL. flash_size: MiB, 0 unknown. On refusal *ret_why is a sentence that
 * names the rule and a remedy. It holds no part of the URL, which may be a password. */
bool source_check(const char *url, Method method, unsigned flash_size, bool allow_https, char **ret_why);

/* The URL of a MiniFOTA's second package (guide 4.1, note 1). source_check() must have accepted source. */
char *source_second_package(const char *url);

/* The domain of the codes that its download may end with: CODE_DOMAIN_FTP or CODE_DOMAIN_HTTP. */
CodeDomain source_domain(const char *url);
