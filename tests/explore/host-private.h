/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For the files of the host alone. */

#include "core/at/uart-life.h"
#include "core/quectel/fingerprint.h"
#include "core/upgrade/upgrade.h"
#include "host.h"

#define TAG_IDENTITY 0xffffu

struct Host {
        const Traits *traits;
        const Request *request;
        const HostObserver *observer;
        void *userdata;
        uint64_t now;   /* of the daemon's clock */
        uint64_t slept; /* which is so far behind the world */

        char *disk;  /* the record, NULL none */
        char *ended; /* the record at the Result, NULL before */
        Disk disk_state;
        unsigned boots;
        char *boot_id;
        char *power; /* of the USB device */

        /* the module, which exists whether or not the daemon runs */
        bool attached, at_port;
        unsigned product, device;

        /* of the running daemon */
        bool running, released, asleep;
        unsigned device_asleep;
        Job *job;
        Upgrade *upgrade;
        uint64_t opens_at;  /* when the port will be open, NEVER: not, or already open */
        uint64_t looks_at;  /* when an absent module is reported as gone */
        uint64_t server_at; /* when the server answers */
        bool open, listening;
        AtEngine *engine;
        UartLife life;
        IdentityProbe *dialogue;
        bool asked, asked_signs, known;
        MiniSigns signs;
        uint64_t ask_at, ask_interval;
        unsigned nameless;
        bool pumping;
        Identity *identity; /* read without a job, NULL not yet */
        uint64_t adopt_at;  /* the next adoption, at least */
        JobReached adopted_reached;

        /* the transfer of a package */
        bool sends, may_end;
        double rate; /* bytes a second */
        uint64_t sent, sends_at;

        unsigned percent, steps_back, results, most_results, busy_ticks, phases_unknown;
        bool removed; /* a record was removed, as it could not be written */
        uint64_t ticked_at; /* of the last tick, 0 if there were events since */
};

void host_feed(Host *h, UpgradeEvent event);
void host_feed_present(Host *h);
void host_adopt(Host *h, Method method);

/* The port: open and closed, its dialogues, and a package on it. */
void host_port_open(Host *h);
void host_port_close(Host *h);
void host_port_is_wanted(Host *h);
bool host_port_advance(Host *h);     /* Returns false if there is nothing to do. */
bool host_identity_advance(Host *h); /* The same. */
void host_identity_start(Host *h);
void host_identity_drop(Host *h);
void host_transfer_start(Host *h, bool paced);
void host_transfer_last(Host *h);
void host_transfer_drop(Host *h);
void host_transfer_advance(Host *h);
