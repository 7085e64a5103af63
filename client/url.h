/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Whether it begins as the URL of a package does; everything else is a file. */
bool url_is(const char *s);

/* Behind the server of a URL: its path or query, or its end. */
const char *url_behind_server(const char *url);

/* Whether the URL names a user: ftp://gateway@host/. */
bool url_has_user(const char *url);

/* Whether a URL from a file that everybody may read is whole and holds no password. *ret_why says what would be right,
 * without a part of the URL; the caller frees it. */
bool url_check_public(const char *url, char **ret_why);

/* A URL that url_check_public() took and that has a user, with the password put behind it; characters that would end
 * that part of the URL are percent-encoded. NULL, and *ret_why, if no URL can hold the password. */
char *url_with_password(const char *url, const char *password, char **ret_why);

/* As the daemon shows the same URL. */
char *url_with_hidden_password(const char *url);
