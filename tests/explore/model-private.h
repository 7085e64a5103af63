/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For the files of the model alone. */

#include "model.h"

#define PRODUCT_FIRMWARE 0x6005
#define PRODUCT_MINI     0x6002
#define FOTA(rest)       "+QIND: \"FOTA\"," rest

typedef enum DeedType {
        DEED_LINE,      /* a line is printed: text */
        DEED_ATTACH,    /* the module appears on the USB, or is powered */
        DEED_RUN,       /* its system answers commands */
        DEED_SIM,       /* the SIM and SMS are up */
        DEED_FETCH,     /* the next part of a download: value of the progress */
        DEED_WRITE,     /* the next part of an update: value of the progress */
        DEED_GIVE_UP,   /* the download has failed: value */
        DEED_FILE,      /* the module is ready for a package of the host */
        DEED_FILE_IDLE, /* no byte of it may have come for too long: value of the counter then */
        DEED_RESTART,
        DEED_COME_BACK /* the end of a glitch */
} DeedType;

typedef struct Deed {
        uint64_t at;
        unsigned serial; /* of actions at the same time the one planned first comes first */
        DeedType type;
        unsigned boot; /* actions of an earlier boot are dropped; 0: of no boot */
        int value;
        char *text;
} Deed;

struct Model {
        const Traits *traits;
        Faults *faults;
        Dice *dice;
        const ModelObserver *observer;
        void *userdata;
        uint64_t now;
        GQueue deeds; /* in the order of their times */
        unsigned serial;
        unsigned parts; /* how often the long part was planned */

        /* flash */
        Stage stage;
        bool is_new;
        bool urc_port_changed, fota_cid_changed, apn_changed, usbifc_changed;
        bool swapped, other_is_new; /* another module is here; the two fields above are those of the first one */
        bool other_is_named;        /* the other module has told its IMEI */

        /* of this boot */
        unsigned boot;
        System system;
        uint64_t busy_until; /* the previous command is answered then */
        bool is_start;       /* the command is ATQ0V1E0, which the host repeats each second */
        bool attached, hidden /* by a glitch */, answers, sim_up, downloading, radio_off, messages, context_up, ifc,
                stuck, dumped;
        bool receiving, corrupted;
        uint64_t received, holds_until; /* bytes; and the end of a pause by flow control */
        unsigned file_percent;

        Package package;
        bool network;
        unsigned upgrades, writes_broken;
        uint64_t settled_at;
};

/* A time of a part between so many seconds. */
uint64_t model_some(Model *m, Part part, unsigned least, unsigned most);
void model_plan(Model *m, uint64_t in, DeedType type, int value, const char *text);
void model_note(Model *m, const char *text);
/* Prints a line of the module's own, unless a fault hits it. */
void model_print(Model *m, uint64_t in, const char *line);
void model_restart(Model *m);

/* Downloading and writing. */
void model_start_upgrade(Model *m);
void model_work_begin(Model *m); /* the system has begun to run */
void model_fetch(Model *m, int value);
void model_write(Model *m, int value);
void model_give_up(Model *m, int code);
void model_file_begin(Model *m);
void model_file_idle(Model *m, int counter);
void model_settle(Model *m, bool is_new); /* the upgrade ends, and its package is gone */
