/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/at/at-engine.h"
#include "core/quectel/identity.h"
#include "core/job/job.h"

/* The events that go into an upgrade, and the actions that come out of it. */

/* The time-outs of fotad.conf, which explains them; µs. */
typedef struct Timeouts {
        uint64_t command;
        uint64_t start;
        uint64_t download_idle;
        uint64_t update_idle;
        uint64_t restart;
        uint64_t settle;
        uint64_t stall;
        uint64_t source;
} Timeouts;

typedef enum UpgradeEventType {
        UPGRADE_EVENT_BEGIN,     /* once, first of all: the job is new, or was read from the disk */
        UPGRADE_EVENT_PRESENT,   /* the module is on the bus: product, device, power_control */
        UPGRADE_EVENT_BOOT_ROM,  /* the boot loader of the module's chip is on the bus instead */
        UPGRADE_EVENT_GONE,      /* the module disconnected */
        UPGRADE_EVENT_READY,     /* the AT port answers, and the identity was read: identity */
        UPGRADE_EVENT_NAMELESS,  /* the AT port answers, and reports no revision */
        UPGRADE_EVENT_PORT_LOST, /* the AT port was closed: commands under way will not be answered */
        UPGRADE_EVENT_PORT_BUSY, /* the AT port cannot be opened: text is the reason, as in "by chat (pid 42)" */
        UPGRADE_EVENT_ANSWER,    /* to a UPGRADE_ACTION_SEND: tag, result, error, text */
        UPGRADE_EVENT_URC,       /* text: a line that answers no command */
        UPGRADE_EVENT_CANCEL,    /* a cancel was requested, while upgrade_is_cancellable() */
        UPGRADE_EVENT_DISMISS,   /* the end of the job was requested, while upgrade_is_dismissable() */
        UPGRADE_EVENT_RETRY,  /* a retry was requested, while upgrade_may_retry(): its source is in the record, on disk
                               */
        UPGRADE_EVENT_SOURCE, /* to a UPGRADE_ACTION_CHECK_SOURCE: size, and text NULL if the server has the package
                                 or could not be asked, else the reason */
        UPGRADE_EVENT_SENT,   /* size bytes of the package were sent so far: at least once a second meanwhile, and once
                                 at the end */
        UPGRADE_EVENT_ALL_BUT_LAST, /* the last bytes wait for UPGRADE_ACTION_TRANSFER_LAST */
        UPGRADE_EVENT_NOT_SENT,     /* the package cannot be read: text is the reason; no more bytes are sent */
        UPGRADE_EVENT_NO_FLOW,      /* the host's end of the port has no RTS/CTS, which UPGRADE_ACTION_FLOW requested */
        UPGRADE_EVENT_DISK,    /* a UPGRADE_ACTION_PERSIST failed, and the actions behind it were dropped: text is the
                                  reason. Of a job that has ended, only if its record cannot be removed either */
        UPGRADE_EVENT_RESUMED, /* the host was suspended: messages of the module may be lost */
        UPGRADE_EVENT_TICK,    /* time passed, and everything that came until now was given before */
        _UPGRADE_EVENT_MAX
} UpgradeEventType;

typedef struct UpgradeEvent {
        UpgradeEventType type;
        uint64_t now;      /* µs of a clock that runs only while news of the module are read: not in suspend */
        uint64_t realtime; /* µs since the epoch */
        bool at_port;      /* the module has an AT port now */
        bool diag_port;    /* it has a DIAG port now */
        bool port_idle;    /* a command would be sent at once: no other is under way */

        unsigned product;          /* USB product id */
        unsigned device;           /* USB bus and device number, another one after each enumeration */
        const char *boot;          /* boot id of the gateway, "" unknown */
        const char *power_control; /* of the USB device: auto or on; NULL if it has none */
        const Identity *identity;
        bool other_port; /* the open port is not the usual AT port */
        unsigned tag;
        AtResult result;
        int error;
        bool full; /* UPGRADE_EVENT_DISK: the disk has no room; else it has another fault */
        const char *text;
        uint64_t size; /* of the package, bytes, 0 not known */
} UpgradeEvent;

typedef enum UpgradeActionType {
        UPGRADE_ACTION_PERSIST,    /* the record goes to the disk, or is removed if the job has ended and its
                                      record cannot be written; if that fails, the list stops here */
        UPGRADE_ACTION_SEND,       /* text is sent to the module; the answer follows, with the tag, within timeout */
        UPGRADE_ACTION_SEND_BLIND, /* text is sent to the module without waiting for an answer, and the port starts anew
                                    */
        UPGRADE_ACTION_LISTEN,     /* nothing is sent to the module until it has disconnected and come back */
        UPGRADE_ACTION_IDENTIFY,   /* the identity is asked for: UPGRADE_EVENT_READY */
        UPGRADE_ACTION_CHECK_SOURCE,  /* the server is asked for the package at text, within timeout:
                                         UPGRADE_EVENT_SOURCE; replaces a question that is under way. A package on the
                                         host is compared with the one that was given */
        UPGRADE_ACTION_FLOW,          /* RTS/CTS at the host's end of the port: text is hardware or none */
        UPGRADE_ACTION_TRANSFER,      /* the package is sent: text is hardware, or paced (guide 3.3.1.3) */
        UPGRADE_ACTION_TRANSFER_LAST, /* and its last bytes */
        UPGRADE_ACTION_TRANSFER_STOP, /* no more bytes of it are sent */
        UPGRADE_ACTION_WARN,          /* text goes to the log */
        UPGRADE_ACTION_POWER,         /* text goes to power/control of its USB device */
        UPGRADE_ACTION_ANNOUNCE,      /* the job's properties changed */
        UPGRADE_ACTION_RESULT,        /* the Result signal, once */
        UPGRADE_ACTION_RELEASE,       /* the job releases the module */
} UpgradeActionType;

typedef struct UpgradeAction {
        UpgradeActionType type;
        char *text;
        bool secret;
        bool hush; /* UPGRADE_ACTION_SEND: without an answer in time the port only listens */
        unsigned tag;
        uint64_t timeout; /* µs */
} UpgradeAction;

void upgrade_action_free(UpgradeAction *action);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UpgradeAction, upgrade_action_free)

typedef struct Upgrade Upgrade;

/* The next action in order, NULL if there is none. The caller frees it. */
UpgradeAction *upgrade_pop(Upgrade *u);

/* An UPGRADE_ACTION_PERSIST failed: drops the actions that may not run before the record is on disk.
 * UPGRADE_EVENT_DISK comes next. */
void upgrade_drop_actions(Upgrade *u);
