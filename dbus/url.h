/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum UrlScheme { URL_SCHEME_NONE, URL_HTTP, URL_HTTPS, URL_FTP, _URL_SCHEME_MAX } UrlScheme;

/* The first reason, in the order below, why a text is no URL of a package. */
typedef enum UrlFlaw {
        URL_FLAW_NONE,
        URL_FLAW_BLANK,
        URL_FLAW_QUOTE,
        URL_FLAW_BACKSLASH,
        URL_FLAW_CONTROL,
        URL_FLAW_NOT_ASCII,
        URL_FLAW_SCHEME,    /* neither http:// nor https:// nor ftp://, in letters of either case */
        URL_FLAW_NO_SERVER, /* nothing between the user and the port */
        URL_FLAW_SERVER,    /* neither a host name nor an IP address */
        URL_FLAW_PORT,      /* not a number from 1 to 65535 */
        URL_FLAW_AT,        /* a second @: one of them may belong to the password */
        URL_FLAW_PASSWORD,  /* no user, but an @ behind the port: ftp://user:12/34@host/ has a / in its password */
        _URL_FLAW_MAX,
} UrlFlaw;

/* Part of a text. start is NULL if the URL does not have the part; a part that it has may be empty. */
typedef struct UrlPart {
        const char *start;
        size_t length;
} UrlPart;

/* The parts of a URL, as they stand in its text: nothing is decoded. */
typedef struct Url {
        UrlScheme scheme;
        UrlPart user;     /* to the first colon before the last @ of the authority, or to that @ */
        UrlPart password; /* from that colon to the @ */
        UrlPart host;     /* an IPv6 address with its brackets */
        UrlPart port;
        UrlPart path;     /* without its first slash, and without ?query and #fragment, which FTP does not have */
        const char *rest; /* everything behind host and port, up to the end of the text */
} Url;

/* Finds the parts, also of a URL with a flaw, unless the flaw is the scheme: then there are none. */
UrlFlaw url_parse(const char *text, Url *ret);

/* True if the text begins as the URL of a package does. */
bool url_is(const char *text);

/* The text with *** in place of its password, of each value in its query, whose keys stay, and of its fragment:
 * http://user:***@host/file?key=***&***#***. If the text has a flaw, *** replaces everything that may be a password:
 * from the first colon (behind the scheme) to the last @. */
char *url_redact(const char *text);

/* The URL with the password, percent-encoded where necessary, behind its user, which it must have; a password that it
 * has already is replaced. NULL if the password has a control character, which no URL can hold. */
char *url_with_password(const char *url, const char *password);
