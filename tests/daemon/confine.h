/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

/* The demands of a unit: gathered by confine.c, then carried out by the files below, in this order. Each of them ends
 * the program if a demand that can be met is not met. */

#define CONFINE_FAILED 125 /* exit status, as of env(1); the daemon never exits with it */

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
        unsigned wanted; /* Masks */

        /* files */
        char **shown, **shown_writable; /* paths that must remain visible wherever they are */
        char **stand_ins;               /* REAL=PATH: rules for REAL are applied to PATH */
        GPtrArray *writable;            /* as in the unit, with its leading - */
        char *state, *runtime;          /* below /var/lib and /run; NULL none */
        mode_t state_mode;

        /* rights */
        uid_t user; /* and its group */
        GArray *groups;
        int umask; /* -1: unchanged */
        bool has_core;
        rlim_t core;
        rlim_t descriptors; /* 0: not limited by the unit */

        /* calls */
        const char *sets;    /* the output of systemd-analyze syscall-filter */
        GPtrArray *filters;  /* values of SystemCallFilter=, in their order */
        GPtrArray *families; /* numbers, of RestrictAddressFamilies=; NULL: not restricted */
        int call_error;      /* errno of a call that is not allowed */
} Plan;

/* Prints the reason, and ends the program. */
void confine_die(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;
/* For an action that this user may not do: prints it, and goes on. */
void confine_lacks(const char *what);

/* Sets up a mount namespace. Returns false without the right to do so. */
bool confine_files(const Plan *plan);
/* User, groups, capabilities, limits; privileged: with the actions that only root can do. */
void confine_rights(const Plan *plan, bool privileged);
/* The last one: all later actions are confined by it. */
void confine_calls(const Plan *plan);
