/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A module in simulated time, written from the guide (chapters 2 to 5) and from field reports, and independent of the
 * simulator in tests/sim: commands and bytes of a package go in, lines and USB events come out, and verdicts are judged
 * by its flash. All times are in µs. */

#include "faults.h"

#define SECOND ((uint64_t)G_USEC_PER_SEC)
#define NEVER  UINT64_MAX

typedef enum Source { SOURCE_HTTP, SOURCE_HTTPS, SOURCE_FTP, SOURCE_FILE, _SOURCE_MAX } Source;

/* The answer to the command that sets hardware flow control. */
typedef enum Flow {
        FLOW_WORKS,
        FLOW_REFUSED,
        FLOW_KEPT,     /* OK, and the old value stays */
        FLOW_NO_WIRES, /* from then on nothing that the module sends arrives */
        _FLOW_MAX
} Flow;

/* The parts of an upgrade that may take unusually long. */
typedef enum Part {
        PART_NONE,
        PART_OFF,   /* from a restart until the module is on the bus again */
        PART_BOOT,  /* from there until it answers */
        PART_START, /* from OK until the first message */
        PART_FETCH, /* a tenth of a download */
        PART_WRITE, /* a seventh of an update */
        PART_REPLY, /* from a command to its answer */
        _PART_MAX
} Part;

/* The properties of a module and of its package that stay the same in a run. */
typedef struct Traits {
        Source source;
        bool mini;                 /* MiniFOTA */
        bool uart;                 /* attached by a UART: no USB event is seen */
        bool small;                /* DFOTA with 8 MiB of flash: no DOWNLOADING is printed */
        bool sim;                  /* there is a SIM */
        bool firmware_sms;         /* the firmware has AT+CMGF and prints SMS DONE */
        bool mini_sms;             /* the Mini system has AT+CMGF, too */
        bool mini_mute;            /* the Mini system answers no command */
        bool boot_urcs;            /* RDY is printed at each boot */
        bool progress;             /* DOWNLOADING is printed */
        bool updater_answers;      /* the updater of a DFOTA answers AT commands */
        bool reset_goes_on;        /* MiniFOTA: AT+CFUN=1,1 in the firmware does not end the upgrade */
        bool at_once;              /* the update of a DFOTA begins without a restart */
        const char *mini_revision; /* of the Mini system, NULL if it reports none */
        bool mini_product;         /* the Mini system has another USB product id */
        unsigned slow;             /* all parts take so many times as long */
        Part long_part;            /* this part takes as long as long_time, once in three times */
        uint64_t long_time;
        bool messages_off; /* AT+QINDCFG="all" is 0 at each boot */
        Flow flow;
        uint64_t file_idle; /* without bytes for so long the module gives a package of the host up; NEVER */
        uint64_t file_size; /* bytes */
} Traits;

typedef enum Package {
        PACKAGE_GOOD,
        PACKAGE_MISSING,
        PACKAGE_WRONG,     /* refused when it is complete */
        PACKAGE_NO_MINI_2, /* MiniFOTA */
        PACKAGE_BROKEN,    /* DFOTA: the update fails with END,504 */
} Package;

typedef enum System { SYSTEM_OFF, SYSTEM_FIRMWARE, SYSTEM_UPDATER, SYSTEM_MINI } System;

/* The state in flash, which survives a restart: the work of the next boot. */
typedef enum Stage {
        STAGE_IDLE,
        STAGE_UPDATE,     /* DFOTA: the package is complete and will be written */
        STAGE_MINI_1,     /* MiniFOTA: .mini_1 is to be downloaded, by the old Mini system */
        STAGE_MINI_WRITE, /* .mini_1 is complete and will be written */
        STAGE_MINI_2,     /* .mini_2 is to be downloaded and written, by the new Mini system */
} Stage;

typedef struct Model Model;

typedef struct ModelObserver {
        void (*attached)(void *userdata, unsigned product, bool at_port); /* on USB only */
        void (*detached)(void *userdata);
        void (*line)(void *userdata, const char *line);
        void (*step)(void *userdata);                   /* an action other than the end of a line is carried out */
        void (*note)(void *userdata, const char *text); /* for the timeline */
} ModelObserver;

#define MODEL_OLD_DFOTA    "EC200ACNHAR01A01M16"
#define MODEL_NEW_DFOTA    "EC200ACNHAR01A02M16"
#define MODEL_OLD_SMALL    "EC200ACNLAR01A01M08"
#define MODEL_NEW_SMALL    "EC200ACNLAR01A02M08"
#define MODEL_OLD_MINI     "EC600MCNLER06A08M08"
#define MODEL_NEW_MINI     "EC600MCNLER06A09M08"
#define MODEL_IMEI         "860000000000001"
#define MODEL_OTHER_IMEI   "860000000000019"
#define MODEL_FOTA_CID     2

/* The revisions of the firmware before and after the upgrade. */
const char *model_old_revision(const Traits *traits);
const char *model_new_revision(const Traits *traits);

/* Borrows all of them. The module runs its old firmware. */
Model *model_new(const Traits *traits, Faults *faults, Dice *dice, const ModelObserver *observer, void *userdata);
void model_free(Model *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Model, model_free)

/* The time of the module's next action, NEVER if there is none; and carrying it out. */
uint64_t model_next(const Model *model);
void model_advance(Model *model, uint64_t now);

/* A line of the host arrives. */
void model_command(Model *model, const char *command, uint64_t now);
/* Bytes of a package arrive. */
void model_bytes(Model *model, uint64_t bytes, uint64_t now);
/* Returns false while flow control holds the host back. */
bool model_takes_bytes(const Model *model, uint64_t now);

/* The world around the module. */
void model_power_cut(Model *model, uint64_t now, uint64_t for_us);
void model_reset(Model *model, uint64_t now);                   /* a crash: the module restarts */
void model_glitch(Model *model, uint64_t now, uint64_t for_us); /* USB only: the module disconnects and comes back
                                                                   without a restart */
void model_hang(Model *model, uint64_t now, uint64_t for_us);   /* without a word, until it restarts; NEVER */
void model_dump(Model *model, uint64_t now, uint64_t for_us);   /* USB only: a crash that leaves no AT port; NEVER */
void model_swap(Model *model, uint64_t now, bool is_new);       /* another module takes its place for good */
void model_begin_elsewhere(Model *model, uint64_t now);         /* another program sends AT+QFOTADL */
void model_set_network(Model *model, bool up);
void model_publish(Model *model, Package package);

/* The facts. */
System model_system(const Model *model);
Stage model_stage(const Model *model);
bool model_works(const Model *model);       /* it downloads or updates, or will at the next boot */
bool model_is_new(const Model *model);      /* the new firmware is complete */
bool model_is_attached(const Model *model); /* on the USB, or powered at a UART */
bool model_is_stuck(const Model *model);    /* hung or crashed, until a person cycles its power */
bool model_is_swapped(const Model *model);
bool model_is_other_named(const Model *model); /* swapped, and the module that is there has told its IMEI */
bool model_is_receiving(const Model *model); /* each byte counts as one of a package */
unsigned model_product(const Model *model);
unsigned model_upgrades(const Model *model);      /* the number of times that the firmware accepted AT+QFOTADL */
unsigned model_writes_broken(const Model *model); /* the number of times that the host reset the module while it wrote
                                                     flash */
uint64_t model_settled_at(const Model *model);    /* the last time that an upgrade succeeded, or failed for good */
/* Names a setting that differs from that before the run, as the job's message would; NULL if there is none. */
const char *model_setting_left(const Model *model);
