/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a module, shared by the rooms it is made of: model.c (life on the bus), model-lane.c (steps and
 * holds), model-port.c (lines), model-at.c (commands), model-fota.c (the upgrade).
 */
#pragma once

#include "model.h"

/* Things that go on at the same time; each lane has one step to come. */
enum lane {
        LANE_LIFE, /* off, return, boot lines */
        LANE_JOB,  /* the upgrade */
        LANE_IDLE, /* the time-out of a FILE: package */
        LANE_MUTE, /* the end of a fault */
        _LANE_MAX,
};

typedef void (*model_step)(Model *m);

struct lane_state {
        Model *model;
        unsigned timer;
        model_step fn;
        char *point; /* of the step to come, or NULL */
        char *held;  /* the hold it is stopped at, or NULL */
};

/* A serial port that answers AT commands. */
struct at_port {
        Model *model;
        enum usb_role role;
        unsigned interface;
        GString *in;   /* received, not yet looked at */
        GString *line; /* of the command being received */
        bool busy;     /* a command has not been answered yet */
        bool echo;
        bool quiet;
        bool verbose;
        unsigned cmee;
        GQueue *out; /* of struct at_write */
        unsigned timer;
        bool data_mode; /* what comes in is a package */
};

struct pdp_context {
        unsigned type;
        char *apn;
        char *user;
        char *password;
        unsigned auth;
        bool active;
};

#define PDP_CONTEXTS 15

enum fota_phase {
        FOTA_NONE,
        FOTA_ACCEPTING, /* before the OK */
        FOTA_DOWNLOADING,
        FOTA_CHECKING, /* from xxxEND,0 on */
        FOTA_UPDATING,
};

struct Model {
        const struct model_world *world;
        void *user;
        Persona *persona;
        enum model_system system;
        bool powered;
        struct lane_state lanes[_LANE_MAX];
        GPtrArray *holds;
        struct at_port ports[2]; /* AT, modem */

        /* flash */
        unsigned usbifc[2];
        unsigned urc_cache;
        unsigned urc_delay;
        struct pdp_context pdp[PDP_CONTEXTS + 1]; /* [0] unused; `active` is not flash */
        struct {
                bool there; /* a package is installed at the next boot */
                bool flash_fails;
                unsigned printed; /* UPDATING so far */
                bool ended;       /* END was printed */
                unsigned code;    /* which */
                char *to;
                unsigned update_max; /* of the command, 0: none */
        } pending;

        /* RAM */
        unsigned cfun;
        unsigned qgmr_reads; /* since the boot */
        unsigned boot_line;
        unsigned drained_ms;
        model_step after_drain;
        GPtrArray *cached_urcs;
        bool mute;
        bool leaving; /* about to restart: it listens no more */
        struct {
                enum fota_phase phase;
                struct at_port *port; /* that was asked */
                char *word;           /* "HTTP", "FTP", "FILE" */
                char *url;
                unsigned mode;
                unsigned download_max;
                guint64 length; /* of a FILE: package */
                guint64 got;
                guint64 total;
                unsigned printed; /* DOWNLOADING so far */
                bool arrived;     /* all of it, or never: `code` */
                unsigned code;
                bool stalled; /* prints no more */
                Fetch *fetch;
                GBytes *package;
                GByteArray *file;
        } fota;

        /* truths */
        unsigned restarts;
        unsigned offs; /* since the last accepted AT+QFOTADL */
        unsigned qfotadl_count;
        unsigned at_lines;
        guint64 diag_bytes;
        guint64 fetched_bytes;
        char *fetched_sha256;
        char *last_qfotadl;
};

/* --- model-lane.c --- */

/* Take `fn` as the lane's next step after `ms`, not before a hold at `point` is released. */
void model_next(Model *m, enum lane lane, unsigned ms, const char *point, model_step fn);
void model_stop(Model *m, enum lane lane);
/* The hold for a percentage that went from `before` to `now`, or NULL: "downloading", 39, 40. */
const char *model_hold_between(Model *m, const char *what, unsigned before, unsigned now);
/* Whether setting `key` ("downloading:40") is reached by that step. */
bool model_point_between(const Model *m, enum persona_key key, const char *what, unsigned before, unsigned now);

void model_log(Model *m, const char *format, ...) G_GNUC_PRINTF(2, 3);
void model_event(Model *m, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* --- model.c --- */

/* An unsolicited line, to where URCs go. */
void model_urc(Model *m, const char *format, ...) G_GNUC_PRINTF(2, 3);
void model_flush_cached_urcs(Model *m);
/* Leave the bus once the host has read all, come back after `off`. The lane JOB ends here. */
void model_restart(Model *m);
/* As above, but do `fn` in its place. */
void model_drain(Model *m, model_step fn);
void model_idle(Model *m);

/* --- model-port.c --- */

/* +CME ERROR numbers. */
enum {
        CME_NOT_ALLOWED = 3,
        CME_NOT_SUPPORTED = 4,
        CME_PARAMETER = 50,
};

void at_port_reset(struct at_port *port);
void at_port_rx(struct at_port *port, const guint8 *bytes, size_t n);
/* Look at what came in meanwhile: the port is not busy any more. */
void at_port_resume(struct at_port *port);
/* Put bytes out after `ms`, behind what is on its way. `join`: more of the same kind may be appended. */
void at_port_write(struct at_port *port, const char *bytes, size_t n, unsigned ms, bool join);
/* Text (or NULL) and a final result: 0 is OK, else an error by +CMEE. */
void at_port_answer(struct at_port *port, const char *text, unsigned error);
void at_port_result(struct at_port *port, unsigned error);
void at_port_free(struct at_port *port);

/* --- model-at.c --- */

/* Carry out a command line and answer it, or make the port busy. */
void at_run_line(struct at_port *port, const char *line);

/* --- model-fota.c --- */

/* AT+QFOTADL=<arguments>. True if accepted: the answer comes later. */
bool fota_command(Model *m, struct at_port *port, const char *url, unsigned mode, unsigned download_max,
                  unsigned update_max);
/* Raw bytes of a FILE: package; how many of them were its own. */
size_t fota_file_bytes(Model *m, const guint8 *bytes, size_t n);
/* AT+CFUN=0: the network is gone. */
void fota_network_lost(Model *m);
/* Everything in RAM is forgotten. */
void fota_forget(Model *m);
/* Started in the updater. */
void fota_updater_boot(Model *m);
