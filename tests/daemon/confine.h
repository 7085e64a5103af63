/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

/* The demands of a unit: gathered by confine.c, then carried out by the rooms below, in this order. Each of them ends
 * the program where something that can be had is not had. */

#define CONFINE_FAILED 125 /* exit status, as env(1) has it; the daemon has no such one */

typedef enum Wanted {
        WANTED_PROTECT_SYSTEM = 1 << 0,
        WANTED_PROTECT_HOME = 1 << 1,
        WANTED_PRIVATE_TMP = 1 << 2,
        WANTED_CLOSED_DEVICES = 1 << 3,
        WANTED_KERNEL_TUNABLES = 1 << 4,
        WANTED_KERNEL_MODULES = 1 << 5,
        WANTED_KERNEL_LOGS = 1 << 6,
        WANTED_CONTROL_GROUPS = 1 << 7,
        WANTED_CLOCK = 1 << 8,
        WANTED_HOSTNAME = 1 << 9,
        WANTED_PRIVATE_USERS = 1 << 10,
        WANTED_KEYRING = 1 << 11,
        WANTED_NO_CAPABILITIES = 1 << 12,
        WANTED_NO_NEW_PRIVILEGES = 1 << 13,
        WANTED_NO_NAMESPACES = 1 << 14,
        WANTED_NO_REALTIME = 1 << 15,
        WANTED_NO_SUIDSGID = 1 << 16,
        WANTED_PERSONALITY = 1 << 17,
        WANTED_NO_WRITE_EXECUTE = 1 << 18,
        WANTED_NATIVE_CALLS = 1 << 19,
} Wanted;

typedef struct Plan {
        unsigned wanted; /* Wanted, or'ed */

        /* files */
        char **shown, **shown_writable; /* what must be seen wherever it lies */
        char **stand_ins;               /* REAL=PATH: what is done to REAL is done to PATH */
        GPtrArray *writable;            /* as in the unit, with its - in front */
        char *state, *runtime;          /* below /var/lib and /run; NULL none */
        mode_t state_mode;

        /* rights */
        uid_t user; /* and its group */
        GArray *groups;
        int umask; /* -1: as it is */
        bool has_core;
        rlim_t core;
        rlim_t descriptors; /* 0: not limited by the unit */

        /* calls */
        const char *sets;    /* what systemd-analyze syscall-filter says */
        GPtrArray *filters;  /* values of SystemCallFilter=, in their order */
        GPtrArray *families; /* numbers, of RestrictAddressFamilies=; NULL: not restricted */
        int call_error;      /* errno of a call that is not in them */
} Plan;

/* Says why, and ends the program. */
void confine_die(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;
/* For what this user may not do here: said, and done without. */
void confine_lacks(const char *what);

/* A mount namespace. false: there are no rights for one. */
bool confine_files(const Plan *plan);
/* User, groups, capabilities, limits; privileged: with what only root can do. */
void confine_rights(const Plan *plan, bool privileged);
/* The last: what comes after is confined by it. */
void confine_calls(const Plan *plan);
