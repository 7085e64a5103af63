/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <libintl.h>
#include <glib.h>
#include <systemd/sd-bus.h>

#define _(s)  gettext(s)
#define N_(s) s

/* The exit status, part of the contract. DONE also means "go on" between functions that return one. */
enum {
        STATUS_DONE = 0,
        STATUS_FAILED = 1,    /* the upgrade failed */
        STATUS_USAGE = 2,     /* the command line, or what it names, is wrong */
        STATUS_REFUSED = 3,   /* the daemon said no */
        STATUS_NO_DAEMON = 4, /* nobody to ask */
        STATUS_CANCELLED = 5, /* the upgrade was cancelled */
        STATUS_DETACHED = 6,  /* SIGINT or SIGTERM ended the run; the upgrade goes on */
};

/* What every verb is handed. */
typedef struct Ctl {
        bool json;
        bool notify; /* systemd is told how it goes and why it ended (STATUS=); the verb says the end in a line of its
                        own */
        sd_bus *bus; /* NULL until it is needed */
} Ctl;

/* A verb: one verb-NAME.c each, listed in fotactl.c. Texts are N_() strings. */
typedef struct Verb {
        const char *name;
        const char *args;
        const char *summary;
        const char *description; /* NULL: the summary says it all */
        int min_args, max_args;
        const GOptionEntry *entries; /* NULL: none of its own */
        bool upgrade_options;        /* takes those of options.h too */
        int (*run)(Ctl *ctl, char **args);
} Verb;

extern const Verb verb_list, verb_status, verb_start, verb_watch, verb_cancel, verb_retry, verb_check, verb_history,
        verb_probe, verb_explain, verb_schedule;
