/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/at/at-engine.h"
#include "core/quectel/identity.h"
#include "core/job/job.h"

/* What goes into an upgrade, and what comes out of it. */

/* µs; what each means stands in fotad.conf. */
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
        UPGRADE_EVENT_BOOT_ROM,  /* its chip's boot loader is there instead */
        UPGRADE_EVENT_GONE,      /* it left the bus */
        UPGRADE_EVENT_READY,     /* its AT port answers and told who it is: identity */
        UPGRADE_EVENT_NAMELESS,  /* its AT port answers and tells no revision */
        UPGRADE_EVENT_PORT_LOST, /* its AT port was closed under us: what was sent will not be answered */
        UPGRADE_EVENT_PORT_BUSY, /* its AT port cannot be had: text says why, as in "by chat (pid 42)" */
        UPGRADE_EVENT_ANSWER,    /* to a UPGRADE_ACTION_SEND: tag, result, error, text */
        UPGRADE_EVENT_URC,       /* text: a line that answers nothing */
        UPGRADE_EVENT_CANCEL,    /* asked for, while upgrade_is_cancellable() */
        UPGRADE_EVENT_RETRY,     /* asked for, while upgrade_may_retry(): its source is in the record, on the disk */
        UPGRADE_EVENT_SOURCE,    /* to a UPGRADE_ACTION_CHECK_SOURCE: text NULL if the server has the package, and size;
                                    else why not */
        UPGRADE_EVENT_SENT,      /* size bytes of the package went out so far, at least once a second while they do, and
                                    once when all have */
        UPGRADE_EVENT_ALL_BUT_LAST, /* the last bytes wait for UPGRADE_ACTION_TRANSFER_LAST */
        UPGRADE_EVENT_NOT_SENT,     /* the package cannot be read: text says why; nothing is sent any more */
        UPGRADE_EVENT_NO_FLOW,      /* our end of the port has no RTS/CTS, which UPGRADE_ACTION_FLOW wanted */
        UPGRADE_EVENT_DISK, /* a UPGRADE_ACTION_PERSIST failed, and what followed it was not done: text says why. Of a
                               job that has ended, only if its record cannot be removed either */
        UPGRADE_EVENT_TICK, /* time passed */
        _UPGRADE_EVENT_MAX
} UpgradeEventType;

typedef struct UpgradeEvent {
        UpgradeEventType type;
        uint64_t now;      /* µs of a clock that goes on in suspend */
        uint64_t realtime; /* µs since the epoch */
        bool at_port;      /* the module has an AT port now */
        bool diag_port;    /* it has a DIAG port now */
        bool port_idle;    /* a command would be sent at once: no other is under way */

        unsigned product;          /* USB product id */
        unsigned device;           /* USB bus and device number, another one after each enumeration */
        const char *boot;          /* boot id of the gateway, "" unknown */
        const char *power_control; /* of the USB device: auto or on; NULL if it has none */
        const Identity *identity;
        bool other_port; /* it answers at another port than its usual AT port */
        unsigned tag;
        AtResult result;
        int error;
        const char *text;
        uint64_t size; /* of the package, bytes, 0 not known */
} UpgradeEvent;

typedef enum UpgradeActionType {
        UPGRADE_ACTION_PERSIST,       /* the record goes to the disk, or is removed if the job has ended and its
                                         record cannot be written; if that fails, the list stops here */
        UPGRADE_ACTION_SEND,          /* text goes to the module, its answer comes back with the tag within timeout */
        UPGRADE_ACTION_SEND_BLIND,    /* text goes to the module at once, answered or not, and the port starts over */
        UPGRADE_ACTION_LISTEN,        /* nothing is sent to the module until it has left the bus and come back */
        UPGRADE_ACTION_IDENTIFY,      /* ask who it is: UPGRADE_EVENT_READY */
        UPGRADE_ACTION_CHECK_SOURCE,  /* ask the server for the package at text, within timeout: UPGRADE_EVENT_SOURCE;
                                         one that is asked already is asked no more. Of a package on the
                                          host: whether it still is the one that was given */
        UPGRADE_ACTION_FLOW,          /* RTS/CTS at our end of the port: text is hardware or none */
        UPGRADE_ACTION_TRANSFER,      /* send the package: text is hardware, or paced (guide 3.3.1.3) */
        UPGRADE_ACTION_TRANSFER_LAST, /* and its last bytes */
        UPGRADE_ACTION_TRANSFER_STOP, /* nothing of it goes out any more */
        UPGRADE_ACTION_WARN,          /* text goes to the log */
        UPGRADE_ACTION_POWER,         /* text goes to power/control of its USB device */
        UPGRADE_ACTION_ANNOUNCE,      /* the job's properties changed */
        UPGRADE_ACTION_RESULT,        /* say the job's result, once */
        UPGRADE_ACTION_RELEASE,       /* the job holds the module no longer */
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
