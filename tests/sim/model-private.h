/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The internals of a module, shared by its files: model.c (life on the bus), model-lane.c (steps and holds),
 * model-port.c (lines), model-recording.c (a recording that is played), model-at.c and the model-at-*.c files
 * (commands), model-source.c (sources of packages), model-file.c (packages that the host sends), model-fota.c (the
 * DFOTA upgrade), model-mini.c (the MiniFOTA upgrade), model-truth.c (answers to tests).
 */
#pragma once

#include "model.h"

/* Concurrent activities; each lane has one next step. */
enum lane {
        LANE_LIFE,   /* off, return, boot lines */
        LANE_JOB,    /* the upgrade */
        LANE_FILE,   /* the package that the host sends */
        LANE_IDLE,   /* its time-out */
        LANE_MUTE,   /* the end of a fault */
        LANE_ANSWER, /* held, of the AT port */
        LANE_ANSWER_MODEM,
        _LANE_MAX,
};

typedef void (*model_step)(Model *m);

struct lane_state {
        Model *model;
        unsigned timer;
        model_step fn;
        bool poll;   /* may find nothing to do, and is not counted as a step */
        char *point; /* of the step to come, or NULL */
        char *held;  /* the hold at which it is stopped, or NULL */
};

/* A serial port that answers AT commands. */
struct at_port {
        Model *model;
        enum usb_role role;
        unsigned interface;
        GString *in;   /* received, not yet parsed */
        GString *line; /* of the command being received */
        bool busy;     /* a command has not been answered yet */
        bool echo;
        bool quiet;
        bool verbose;
        unsigned cmee;
        char *command; /* the last one */
        GQueue *out;   /* of struct at_write */
        unsigned timer;
        bool held;      /* the output of this moment */
        bool data_mode; /* the input is a package */
};

/* Bytes of a package from the host, for the busiest second. */
struct file_arrival {
        gint64 at;
        size_t n;
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
        FOTA_MINI, /* on its way into the Mini system */
};

/* The stage of MiniFOTA that follows the next boot; in flash. */
enum mini_stage {
        MINI_NONE,
        MINI_1,      /* the old Mini system fetches .mini_1 */
        MINI_UPDATE, /* the updater installs it */
        MINI_2,      /* the new Mini system fetches .mini_2 and writes it */
        _MINI_STAGE_MAX,
};

struct Model {
        const struct model_world *world;
        void *user;
        Persona *persona;
        enum model_system system;
        bool uart; /* a line without a bus */
        bool powered;
        struct lane_state lanes[_LANE_MAX];
        GPtrArray *holds;
        bool on_bus;
        struct at_port ports[2]; /* AT, modem */

        /* flash */
        unsigned urc_cache;
        unsigned urc_delay;
        unsigned usbnet;
        struct pdp_context pdp[PDP_CONTEXTS + 1]; /* [0] unused; `active` is not flash */
        struct {
                bool there; /* a package is installed at the next boot */
                bool flash_fails;
                unsigned printed; /* UPDATING so far */
                bool ended;       /* END was printed */
                unsigned code;    /* its code */
                char *to;
                unsigned update_max; /* of the command, 0: none */
        } pending;
        struct {
                enum mini_stage stage;
                char *url;    /* of the .mini_1 */
                bool matched; /* a header of that package did: there is no way back */
                char *to;     /* of the .mini_1 that is installed, or is being installed */
                bool flash_fails;
                unsigned printed; /* UPDATING of the updater so far */
        } mini;

        /* RAM */
        unsigned cfun;
        unsigned qind, qind_fota; /* AT+QINDCFG */
        unsigned cmgf;
        unsigned qgmr_reads; /* since the boot */
        unsigned boot_line;
        unsigned drained_ms;
        model_step after_drain;
        GPtrArray *cached_urcs;
        bool mute;
        bool leaving; /* about to restart: does not listen any more */
        struct {
                enum fota_phase phase;
                struct at_port *port; /* that of the request */
                char *word;           /* "HTTP", "FTP", "FILE" */
                char *url;
                unsigned mode;
                unsigned download_max;
                guint64 length; /* of a FILE: package */
                guint64 got;
                guint64 total;
                unsigned printed; /* DOWNLOADING so far, or its equivalent */
                bool arrived;     /* complete, or failed for good: `code` */
                unsigned code;
                bool stalled; /* prints no more */
                bool begun;   /* a fetch, or a package from the host */
                Fetch *fetch;
                model_step pump; /* called when there is more of the package */
                GBytes *package;
                GBytes *head;      /* its beginning, as the Mini system checks it */
                bool head_checked; /* and has done so */
                unsigned tries;    /* fetches without a result */
                char *next_url;    /* of an AT+QFOTADL in the Mini system, before its OK */
                GByteArray *file;
        } fota;

        /* The package that the host is sending or has sent last. */
        struct {
                const struct at_port *port;
                guint64 expected; /* bytes, as the module counts them */
                bool flow;        /* delays the host instead of losing bytes */
                bool stopped;     /* takes nothing more */
                bool over;        /* all expected bytes have arrived: later bytes are too many */
                bool flushing;    /* further bytes are dropped, up to FILEEND */
                gint64 ended_at;  /* time at which that was printed, 0: not yet */
                double level;     /* of the buffer without flow control */
                gint64 level_at;
                GArray *second; /* of struct file_arrival: the last second begins at [second_first] */
                guint second_first;
                guint64 second_sum;
                /* truths */
                bool crtscts; /* time of the first byte */
                unsigned count;
                guint64 bytes, lost, extra, rate_max;
                size_t chunk_max, write_max, behind_max;
                gint64 first, last; /* bytes */
        } file;

        /* A recording that is played. */
        struct {
                unsigned at;     /* the event that comes next */
                gint64 base;     /* µs: the time of an event that was */
                guint64 base_at; /* and in the recording */
                unsigned face;   /* the event at which it came to the bus */
                gint64 waits;    /* µs: since when for the host, 0: it does not wait */
                unsigned asked;  /* the last event that is a command which came early, 0 none */
        } played;

        /* truths */
        unsigned lacks; /* commands that the recording lacks */
        unsigned restarts;
        unsigned offs; /* since the last accepted AT+QFOTADL */
        unsigned qfotadl_count;
        unsigned qfotadl_parameters;
        unsigned fetches; /* since the AT+QFOTADL that began the upgrade */
        unsigned steps;   /* since the last accepted AT+QFOTADL */
        bool counting;    /* until the upgrade is idle */
        unsigned at_lines;
        guint64 diag_bytes;
        guint64 fetched_bytes;
        char *fetched_sha256;
        char *last_qfotadl;
};

/* --- model-lane.c --- */

/* Makes `fn` the lane's next step after `ms`, but not before a hold at `point` is released. */
void model_next(Model *m, enum lane lane, unsigned ms, const char *point, model_step fn);
/* The same for a poll whose number is random: it calls model_step_cut() if it finds something to do. */
void model_poll(Model *m, enum lane lane, unsigned ms, const char *point, model_step fn);
/* A step of the upgrade is about to be taken. Returns true if power fails instead: the caller returns at once. */
bool model_step_cut(Model *m);
void model_stop(Model *m, enum lane lane);
/* The hold that stops at that point, or NULL; a hold at "off" stops at "off:1", too. */
const char *model_hold_at(const Model *m, const char *point);
/* The hold for a percentage that increased from `before` to `now`, or NULL: "downloading", 39, 40. */
const char *model_hold_between(Model *m, const char *what, unsigned before, unsigned now);
/* True if the step reaches the point that setting `key` names ("downloading:40"). */
bool model_point_between(const Model *m, enum persona_key key, const char *what, unsigned before, unsigned now);

void model_log(Model *m, const char *format, ...) G_GNUC_PRINTF(2, 3);
void model_event(Model *m, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* --- model.c --- */

/* Prints an unsolicited line at the URC port. */
void model_urc(Model *m, const char *format, ...) G_GNUC_PRINTF(2, 3);
void model_flush_cached_urcs(Model *m);
/* Disconnects once the host has read all output, and comes back after `off`. The lane JOB ends here. */
void model_restart(Model *m);
/* As above, but calls `fn` instead of coming back. */
void model_drain(Model *m, model_step fn);
void model_idle(Model *m);
/* It loses all but its flash, and is gone from the bus. */
void model_go_off(Model *m);

/* --- model-port.c --- */

/* +CME ERROR numbers. */
enum {
        CME_NOT_ALLOWED = 3,
        CME_NOT_SUPPORTED = 4,
        CME_PARAMETER = 50,
};

void at_port_reset(struct at_port *port);
void at_port_rx(struct at_port *port, const struct usb_piece *piece);
/* Parses the input that has arrived meanwhile: the port is not busy any more. */
void at_port_resume(struct at_port *port);
/* Prints bytes after `ms`, behind pending output. `join`: more of the same kind may be appended. */
void at_port_write(struct at_port *port, const char *bytes, size_t n, unsigned ms, bool join);
/* Prints text (or NULL) and a final result: 0 is OK, else an error according to +CMEE. */
void at_port_answer(struct at_port *port, const char *text, unsigned error);
void at_port_result(struct at_port *port, unsigned error);
void at_port_free(struct at_port *port);

/* --- model-recording.c: in place of all that follows, if the persona has a recording --- */

/* The power is there. */
void recording_begin(Model *m);
/* A command line arrived. */
void recording_command(Model *m, const char *line);

/* --- model-at.c --- */

/* Carries out a command line and answers it, or makes the port busy. */
void at_run_line(struct at_port *port, const char *line);

/* --- model-source.c --- */

/* True if AT+QFOTADL accepts that URL. */
bool source_takes(const Model *m, const char *url);
/* Sets the source: m->fota.word, url and length. */
void source_set(Model *m, const char *url);
bool source_is_file(const Model *m);
bool source_is_ftp(const Model *m);
/* 0, or the code of a missing network. */
unsigned source_network_error(const Model *m);
/* 0, or the code with which a download fails before it begins. */
unsigned source_refusal(const Model *m);
/* Starts the fetch, with `window` bytes at first (0: all); `pump` is called as a poll of LANE_JOB when there are more
 * bytes, or at the end. */
void source_fetch(Model *m, guint64 window, model_step pump);
/* A number of bytes more may be read, counted from the start. */
void source_allow(Model *m, guint64 bytes);
/* True if all bytes have arrived, or never will. */
void source_arrived(Model *m, unsigned code, GBytes *package, const char *why);
/* Polls for something to do, unless a step is due. */
void source_kick(Model *m);
/* Drops the current fetch and its data. */
void source_drop(Model *m);

/* --- model-fota.c --- */

/* AT+QFOTADL=<arguments>. Returns true if it was accepted: the answer comes later. */
bool fota_command(Model *m, struct at_port *port, const char *url, unsigned mode, unsigned download_max,
                  unsigned update_max);
/* AT+CFUN=0: the network is lost. */
void fota_network_lost(Model *m);
/* The setting `registered` was changed. */
void fota_network_changed(Model *m);
/* All of RAM is lost. */
void fota_forget(Model *m);
/* The module has started in the updater. */
void fota_updater_boot(Model *m);

/* The rest is for model-mini.c. */

/* Prints +QIND: "FOTA","<name>"[,<value>], unless the URC `what` is lost; `value` is negative for a line without
 * one. */
void fota_urc(Model *m, const char *what, const char *name, int value);
/* xxxEND,<code> */
void fota_say_download_end(Model *m, unsigned code);
/* Prints END,<code>, as often as the persona says, with the power fault at that point. Returns true if power failed. */
bool fota_say_end(Model *m, unsigned code);
/* Cuts the power and returns true if it must fail at that step. */
bool fota_cut_here(Model *m, const char *what, unsigned before, unsigned now);
/* Stops the upgrade for good, with an event, and returns true if it must stall at that step. */
bool fota_stalls_here(Model *m, const char *what, unsigned before, unsigned now);
/* The `i`th value of a series such as 1-100 or 8/16/91; false after its end. */
bool fota_series(const char *series, unsigned i, unsigned *ret);
/* The new firmware is installed. */
void fota_install(Model *m, const char *to);
/* AT+QFOTADL arrived at `port`; `accept` answers it. The steps of the upgrade are counted from here on. */
void fota_begin_accept(Model *m, struct at_port *port, model_step accept);
/* The answer to AT+QFOTADL. Returns true if the upgrade must follow. */
bool fota_answer(Model *m);
/* An upgrade is over, and the module stays where it is. */
void fota_over(Model *m);

/* --- model-file.c --- */

/* Bytes that arrive at m->fota.port are package from now on; `pump` as with source_fetch(). */
void file_begin(Model *m, model_step pump);
/* Takes package bytes; returns the number that belonged to the package. */
size_t file_rx(Model *m, const struct usb_piece *piece);
/* Bytes for that port that are no package: returns true if they are lost because a package ended badly. */
bool file_swallows(Model *m, const struct usb_piece *piece);
/* A setting or a hold has changed: updates the number of bytes that are taken from the host. */
void file_listen(Model *m);
/* FILEEND was printed. */
void file_ended(Model *m);
void file_forget(Model *m);
/* Bytes/s between the first and the last byte. */
guint64 file_rate_mean(const Model *m);

/* --- model-mini.c --- */

/* The name of the stage that a boot leads to. */
const char *mini_stage_name(enum mini_stage stage);
/* AT+QFOTADL was answered in the normal system. */
void mini_leave(Model *m);
/* AT+QFOTADL in the Mini system: as fota_command(). */
bool mini_command(Model *m, struct at_port *port, const char *url);
/* The module has started in a Mini system, or in the updater. */
void mini_boot(Model *m);
void mini_updater_boot(Model *m);
/* The download that is going on ends with `code`. */
void mini_network_lost(Model *m, unsigned code);
/* The running revision, as AT commands report it, or NULL; *ret_build is set if a build belongs to it. */
const char *mini_revision(const Model *m, const char **ret_build);
