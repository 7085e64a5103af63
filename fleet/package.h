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
        const char *server;     /* the URL of the server, without a path: only that is shown who asks */
        const char *controller; /* the target */
        const char *url, *path;
        const char *sha256; /* hexadecimal */
        uint64_t size;      /* bytes */
} PackageOrder;

/* Fetches a package into a file, from where an earlier attempt has ended. done is called once, perhaps before this
 * function returns. */
void package_fetch(Http *http, const PackageOrder *order, PackageDone done, void *userdata);
