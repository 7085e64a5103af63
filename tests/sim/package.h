/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulator's own firmware package: a readable header, then payload. The header has the facts that a real package
 * hides, so that the model can check a package as a module does.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The package to write. Only `broken` may be NULL. */
struct package_plan {
        const char *from; /* revisions, without build */
        const char *to;
        const char *project;  /* "": as in `from` */
        const char *baseline; /* "": as in `from` */
        gsize size;           /* bytes of payload */
        const char *broken;   /* one of package_breaks(), or NULL */
        unsigned mini;        /* 1, 2: one of a MiniFOTA pair, 0: a DFOTA package */
};

/* NULL-terminated: the ways in which a package can be made to fail. */
const char *const *package_breaks(void);

/* The member of a MiniFOTA pair that the name's end says, ".mini_1" or ".mini_2"; 0: a DFOTA package. */
unsigned package_mini_by_name(const char *path);

bool package_write(const char *path, const struct package_plan *plan, GError **error);

/* The module's point of view. */
struct package_target {
        const char *revision;
        const char *build;
        const char *baseline; /* "": as in `revision` */
        const char *to;       /* revision that it must lead to, NULL: any */
};

/* 0 if the package may be installed, else the vendor's code (505, 506, 507, 552, 553). With 0, *ret_to is the revision
 * that the package leads to, and *ret_flash_fails is true if writing it will fail. */
unsigned package_check(GBytes *package, unsigned mini, const struct package_target *target, char **ret_to,
                       bool *ret_flash_fails);
/* The same by the package's beginning alone: 0, or 505, 507, 552, 553. */
unsigned package_check_head(GBytes *head, unsigned mini, const struct package_target *target);
