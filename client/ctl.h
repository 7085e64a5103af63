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
        STATUS_REFUSED = 3,   /* the daemon refused the call */
        STATUS_NO_DAEMON = 4, /* the daemon or the bus is not reachable */
        STATUS_CANCELLED = 5, /* the upgrade was cancelled */
        STATUS_DETACHED = 6,  /* SIGINT or SIGTERM ended the run; the upgrade goes on */
        STATUS_TIMED_OUT = 7, /* --timeout ended the run; the upgrade goes on */
        STATUS_STALLED = 8,   /* --until=stalled ended the run; the upgrade is stalled */
        STATUS_OUTPUT = 9,    /* standard output could not be written; all else is done */
};

/* Common to all verbs: passed to each of their functions. */
typedef struct Ctl {
        bool json;
        bool notify; /* report state and end to systemd (STATUS=); the verb prints the end itself */
        sd_bus *bus; /* NULL until it is needed */
} Ctl;

/* A verb, defined in verb-NAME.c and listed in fotactl.c. All texts are marked with N_(). */
typedef struct Verb {
        const char *name;
        const char *args;
        const char *summary;
        const char *description; /* more text for --help; NULL for none */
        int min_args, max_args;
        const GOptionEntry *entries; /* the verb's own options; NULL for none */
        bool upgrade_options;        /* accepts the options of options.h, too */
        bool follow_options;         /* accepts the options of follow.h, too */
        int (*run)(Ctl *ctl, char **args);
} Verb;

extern const Verb verb_list, verb_status, verb_start, verb_watch, verb_cancel, verb_dismiss, verb_retry, verb_check,
        verb_history, verb_log, verb_monitor, verb_probe, verb_explain, verb_report, verb_survey, verb_recording,
        verb_schedule;
