/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "codes.h"
#include "core/job/options.h"

typedef enum JobState {
        JOB_QUEUED,
        JOB_PREPARING,
        JOB_DOWNLOADING,
        JOB_RESTARTING,
        JOB_UPDATING,
        JOB_VERIFYING,
        JOB_STALLED,
        JOB_FINISHED,
        _JOB_STATE_MAX,
} JobState;

typedef enum JobResult {
        JOB_RESULT_NONE,
        JOB_RESULT_SUCCESS,
        JOB_RESULT_FAILED,
        JOB_RESULT_CANCELLED,
        _JOB_RESULT_MAX
} JobResult;

/* What runs on the module, as far as it is known. */
typedef enum JobSystem {
        JOB_SYSTEM_UNKNOWN,
        JOB_SYSTEM_NORMAL,
        JOB_SYSTEM_MINI,
        JOB_SYSTEM_UPDATING,
        _JOB_SYSTEM_MAX
} JobSystem;

/* How far the upgrade is known to have got. Each value implies those before it, whichever messages were lost. */
typedef enum JobReached {
        JOB_REACHED_NOTHING,
        JOB_REACHED_ACCEPTED,    /* the module answered OK, or reported anything about the upgrade */
        JOB_REACHED_DOWNLOADING, /* xxxSTART or DOWNLOADING */
        JOB_REACHED_DOWNLOADED,  /* xxxEND,0 */
        JOB_REACHED_UPDATING,    /* START or UPDATING: the module will not go back */
        JOB_REACHED_ENDED,       /* END,0 */
        _JOB_REACHED_MAX
} JobReached;

typedef enum JobOrigin { JOB_ORIGIN_REQUEST, JOB_ORIGIN_ADOPTED, _JOB_ORIGIN_MAX } JobOrigin;

/* How far the Result signal got: a job that crashed between the disk and the bus says it once more, never twice. */
typedef enum JobAnnounced { JOB_ANNOUNCED_NO, JOB_ANNOUNCED_AGAIN, JOB_ANNOUNCED_YES, _JOB_ANNOUNCED_MAX } JobAnnounced;

const char *job_state_to_string(JobState state);
const char *job_result_to_string(JobResult result);
const char *job_origin_to_string(JobOrigin origin);
const char *job_system_to_string(JobSystem system);

/* The record of one upgrade: all that is known of it, on disk and in memory. No string is NULL. */
typedef struct Job {
        char *id;
        char *module; /* Id of the module it was begun on */
        char *place;  /* Id of the module it is followed on, once that is another one; "" */
        JobOrigin origin;
        uint64_t created, finished; /* µs since the epoch, 0 not yet */

        int64_t started_by; /* uid of the one who asked for it, -1 unknown */

        /* What was asked for. */
        char *source; /* with its password while the job runs, redacted afterwards */
        Options *options;
        Method method;
        bool file;             /* the source is the name of a package on the host, kept until the job ends */
        char *package_sha256;  /* of that: 64 lower-case hexadecimal digits; "" of a URL */
        uint64_t package_size; /* of that: bytes */

        /* Who is upgraded. */
        char *imei, *model;
        bool confirmed; /* adopted: the IMEI was read during the job; until then all of this is who was there before */
        char *from_revision, *from_build;
        char *to_revision, *to_build;

        /* Where it is. */
        JobState state;
        unsigned percent;
        unsigned restarts;
        bool sent; /* AT+QFOTADL is on the wire or may be: never again by itself */
        JobReached reached;
        bool transferring; /* FILESTART was said: bytes of the package are on the wire or may be */
        bool transferred;  /* the last of them are, too: before that the module cannot have the package */
        bool returned;     /* it has restarted since it said how it ended */
        bool left;         /* it has left the bus since AT+QFOTADL, or may have while nobody looked */
        unsigned returns;  /* times it came back since AT+QFOTADL */
        bool context_up;   /* AT+QIACT is on the wire or may be: a restart of the module undoes it */
        bool radio_off;    /* AT+CFUN=0 is on the wire or may be */
        HostCode abandon;  /* why the download is being given up: cancelled, no-response, download-timeout; 0 not */
        bool reset;        /* the module took our AT+CFUN=1,1: its next restart is that one */
        bool has_sms;      /* before AT+QFOTADL it answered AT+CMGF?, which a Mini system does not */
        bool stalled;      /* it loops in its Mini system, even while it restarts there */
        bool repeated;     /* it has gone on from there once without getting any further */
        CodeDomain said_domain; /* the last failure the module named in its Mini system; it decides nothing */
        int said_code;
        JobSystem system;
        unsigned product;  /* USB product id that AT+QFOTADL was sent to */
        int download_max;  /* <download_URC_max> as it was sent, -1 was not or is not known */
        unsigned take_ups; /* times the daemon was started with it since its last progress */
        bool percentage;   /* DOWNLOADING counts in percent, whatever was asked for */
        unsigned device;   /* USB bus and device number when last seen: another one means a restart;
                              0 not seen yet, or not since the gateway has booted */
        char *boot;        /* boot id of the gateway that number belongs to */

        /* What was changed on the module and is put back: the value before, "" if it was not touched. */
        char *urc_port_before;
        char *fota_cid_before;
        char *flow_before;          /* AT+QCFG="usbifc" or, on a UART, AT+IFC: as in 0,0 */
        char *apn_before;           /* of the option's context: core/job/context's values, which may hold a password */
        char *power_control_before; /* of the USB device */

        /* How it ends: settled before what is left to do is done, valid once result is set. */
        JobResult result;
        CodeDomain domain;
        int code;
        char *message;
        JobAnnounced announced;

        /* In memory alone: the sentence that says why the job has not ended though its result is settled, for neither
         * can its record be written nor removed; "" otherwise. */
        char *pending;
} Job;

Job *job_new(const char *id, const char *module);
void job_free(Job *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Job, job_free)

/* The machine name of the job's code: "" if there is none, unlisted for numbers in no table. */
const char *job_error_name(const Job *job);

/* How many DOWNLOADING the whole download is: what was sent, else what was asked for. */
unsigned job_download_max(const Job *job);

/* Records that the upgrade got at least that far. The only step back is a repeated update after a power cut, which sets
 * the field. */
void job_reach(Job *job, JobReached reached);

/* Where it is followed now. */
const char *job_place(const Job *job);

/* Whether that is a UART rather than a place on USB: its Id tells. */
#define JOB_UART_PREFIX "tty-"
bool job_is_uart(const Job *job);

/* Which table the codes of its download are in. */
CodeDomain job_download_domain(const Job *job);

/* Whether a name may be a package's: one part of a path, printable, of 255 bytes at most. */
bool job_is_package_name(const char *name);

/* The source as anybody may see it. */
char *job_source_shown(const Job *job);

/* Settles the end: result, code, and one sentence made of the code's texts, with the detail, if any, in its middle. */
void job_set_result(Job *job, JobResult result, CodeDomain domain, int code, const char *detail);

/* The sentence that names a code of the module's: HTTP code 711: The module rejected the URL ... */
char *job_code_text(CodeDomain domain, int number);

/* Replaces what is said of it while it runs. */
void job_set_message(Job *job, const char *message);

/* One more sentence, for what a person has to know besides. */
void job_add_to_message(Job *job, const char *sentence);

/* One more sentence, if something that was changed for the job was not put back; power_control: that too. */
void job_tell_what_stays(Job *job, bool power_control);

/* Forgets all credentials: in the record, and so in the next text made of it. */
void job_forget_secrets(Job *job);

/* The text of a record that nobody can read, with what may be a password masked and every other byte as it is. */
GString *job_mask_text(const char *text, size_t length);

/* Empties one of its strings, leaving no copy in memory. */
void job_wipe_string(char **field);

/* Replaces one of its strings; the value may be the old one. */
void job_set_string(char **field, const char *value);

/* The job's file: a key file of version JOB_FILE_VERSION. job_from_text() leaves *ret_why on failure. */
#define JOB_FILE_VERSION 1
char *job_to_text(const Job *job);
Job *job_from_text(const char *text, const char *id, char **ret_why);
