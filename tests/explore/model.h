/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A module in simulated time, written from the guide (chapters 2 to 5) and from field reports, and independent of the
 * simulator in tests/sim: commands go in, lines and USB events come out, and verdicts are judged by its flash. All
 * times are in µs. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define SECOND ((uint64_t)G_USEC_PER_SEC)
#define NEVER  UINT64_MAX

/* A reproducible stream of numbers. */
typedef struct Dice {
        uint64_t state;
} Dice;

uint64_t dice_roll(Dice *dice);
/* Returns a number between least and most, both included. */
uint64_t dice_between(Dice *dice, uint64_t least, uint64_t most);
/* Returns true in so many of 1000 calls. */
bool dice_hits(Dice *dice, unsigned per_mille);

/* The properties of a module and of its package that stay the same in a run. */
typedef struct Traits {
        bool mini;                 /* MiniFOTA */
        bool uart;                 /* attached by a UART: no USB event is seen */
        bool firmware_sms;         /* the firmware has AT+CMGF and prints SMS DONE */
        bool mini_sms;             /* the Mini system has AT+CMGF, too */
        bool mini_mute;            /* the Mini system answers no command */
        bool boot_urcs;            /* RDY is printed at each boot */
        bool progress;             /* DOWNLOADING is printed */
        bool updater_answers;      /* the updater of a DFOTA answers AT commands */
        const char *mini_revision; /* of the Mini system, NULL if it reports none */
        bool mini_product;         /* the Mini system has another USB product id */
        unsigned slow;             /* phases take so many times as long */
} Traits;

typedef enum Package { PACKAGE_GOOD, PACKAGE_MISSING, PACKAGE_WRONG, PACKAGE_NO_MINI_2 } Package;

/* Faults, each as a number per 1000. */
typedef struct Faults {
        unsigned lost, doubled, late, garbled; /* lines that do not answer a command */
        unsigned mute, refused, truncated;     /* answers */
} Faults;

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
        void (*note)(void *userdata, const char *text); /* for the timeline */
} ModelObserver;

#define MODEL_OLD_DFOTA "EC200ACNHAR01A01M16"
#define MODEL_NEW_DFOTA "EC200ACNHAR01A02M16"
#define MODEL_OLD_MINI  "EC600MCNLER06A08M08"
#define MODEL_NEW_MINI  "EC600MCNLER06A09M08"
#define MODEL_IMEI      "860000000000001"

/* Borrows all of them. The module runs its old firmware. */
Model *model_new(const Traits *traits, const Faults *faults, Dice *dice, const ModelObserver *observer, void *userdata);
void model_free(Model *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Model, model_free)

/* The time of the module's next action, NEVER if there is none; and carrying it out. */
uint64_t model_next(const Model *model);
void model_advance(Model *model, uint64_t now);

/* A line of the host arrives. */
void model_command(Model *model, const char *command, uint64_t now);

/* The world around the module. */
void model_power_cut(Model *model, uint64_t now, uint64_t for_us);
void model_reset(Model *model, uint64_t now);  /* a crash: the module restarts */
void model_glitch(Model *model, uint64_t now); /* USB only: the module disconnects and comes back without a restart */
void model_set_network(Model *model, bool up);
void model_publish(Model *model, Package package);
void model_end_faults(Model *model); /* from now on no line and no answer is lost */

/* The facts. */
System model_system(const Model *model);
Stage model_stage(const Model *model);
bool model_is_new(const Model *model);      /* the new firmware is complete */
bool model_is_attached(const Model *model); /* on the USB, or powered at a UART */
unsigned model_product(const Model *model);
unsigned model_upgrades(const Model *model);      /* the number of times that the firmware accepted AT+QFOTADL */
unsigned model_writes_broken(const Model *model); /* the number of times that the host reset the module while it wrote
                                                     flash */
/* Names the settings that differ from those before the run: urcport, radio; NULL if there are none. */
const char *model_setting_left(const Model *model);
