/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "http.h"

typedef enum PackageResult {
        PACKAGE_READY,   /* the file has the size and the sum */
        PACKAGE_LATER,   /* another attempt may succeed; what has come stays in the file */
        PACKAGE_REFUSED, /* none will */
} PackageResult;

/* why: a sentence, NULL with PACKAGE_READY. retry_after: seconds, 0 if the server did not say it. */
typedef void (*PackageDone)(void *userdata, PackageResult result, const char *why, unsigned retry_after);

typedef struct PackageOrder {
        const char *controller; /* the target */
        const char *url, *path;
        const char *sha256; /* hexadecimal */
        uint64_t size;      /* bytes */
} PackageOrder;

/* Downloads, of which two run at a time. */
typedef struct Packages Packages;

/* server: its URL without a path; only that server is shown who asks. http and server must live as long. */
Packages *packages_new(Http *http, const char *server);
/* Downloads that are not done are dropped, without a call of done; http is freed before. */
void packages_free(Packages *packages);

/* Fetches a package into a file, from where an earlier attempt has ended. done is called once, perhaps before this
 * function returns. Packages of more than 64 MiB are refused. */
void packages_fetch(Packages *packages, const PackageOrder *order, PackageDone done, void *userdata);
