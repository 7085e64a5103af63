/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "codes.h"
#include "core/job/job-log.h"
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

/* The system that runs on the module, as far as it is known. */
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

/* The reason of a stall, as far as it is known (guide 5.1). */
typedef enum JobStall {
        JOB_STALL_NONE,
        JOB_STALL_UPDATER_SILENT,  /* the module may be writing its flash */
        JOB_STALL_WAITING_PACKAGE, /* the module reported that the package is missing or unfit */
        JOB_STALL_WAITING_NETWORK, /* the module reported a failure of the network or the server */
        JOB_STALL_NO_PROGRESS,     /* the module reported nothing */
        JOB_STALL_SOURCE_REJECTED, /* the Mini system answered ERROR to a retry */
        _JOB_STALL_MAX
} JobStall;

typedef enum JobOrigin { JOB_ORIGIN_REQUEST, JOB_ORIGIN_ADOPTED, _JOB_ORIGIN_MAX } JobOrigin;

/* The Result signal: not sent, to be sent once more, or sent. After a crash between the disk and the bus the signal is
 * sent once more, never twice. */
typedef enum JobAnnounced { JOB_ANNOUNCED_NO, JOB_ANNOUNCED_AGAIN, JOB_ANNOUNCED_YES, _JOB_ANNOUNCED_MAX } JobAnnounced;

const char *job_state_to_string(JobState state);
const char *job_result_to_string(JobResult result);
const char *job_origin_to_string(JobOrigin origin);
const char *job_system_to_string(JobSystem system);
const char *job_stall_to_string(JobStall stall);

/* The record of one upgrade, on disk and in memory. No string is NULL. */
typedef struct Job {
        char *id;
        char *module; /* Id of the module that the job was begun on */
        char *place;  /* Id of the module that it is followed on, if that is another one; "" */
        JobOrigin origin;
        uint64_t created, finished; /* µs since the epoch, 0 not yet */
        uint64_t end_number;        /* place in the order of the ends, which the clock does not give: 1 is the first; 0
                                       not yet, or a record of fotad 0.1.0 */
        int64_t started_by;         /* uid of the caller, -1 unknown */

        /* The request. */
        char *source;       /* with its secrets while the job runs, redacted afterwards */
        char *retry_source; /* of a retry that waits until the AT port is idle, "" none */
        Options *options;
        /* The arguments of the call with the option request-id, for comparison with later calls, "" without one:
         * retries change source and options. Without secrets. */
        char *request_source, *request_options;
        Method method;
        bool from_host;        /* the source is the name of a package on the host, kept until the job ends */
        char *package_sha256;  /* of that package: 64 lower-case hexadecimal digits; "" of a URL */
        uint64_t package_size; /* of that package, bytes */

        /* The module. */
        char *imei, *model;
        bool confirmed; /* adopted jobs: the IMEI was read during the job. Until then these fields describe the module
                           that was at this place before */
        char *from_revision, *from_build;
        char *to_revision, *to_build;

        /* The progress. */
        JobState state;
        unsigned percent;
        unsigned restarts;
        unsigned repeats;  /* adopted jobs before this one that ended in the same way, and that it stands for */
        bool sent;         /* AT+QFOTADL was sent or may have been: never sent again without a request */
        bool transferring; /* FILESTART was reported: bytes of the package were sent or may have been */
        bool transferred;  /* the last bytes, too: before that the module cannot have the package */
        JobReached reached;
        bool restarted_since_end;   /* the module restarted since it reported the end of the update */
        bool disconnected;          /* the module disconnected since AT+QFOTADL, or may have while fotad did not run */
        unsigned reconnects;        /* how often the module came back since AT+QFOTADL */
        bool context_up;            /* AT+QIACT was sent or may have been: a restart of the module undoes it */
        bool radio_off;             /* AT+CFUN=0 was sent or may have been */
        HostCode abandon;           /* why the download is given up: cancelled, no-response, download-timeout; 0 not */
        bool reset;                 /* the module accepted AT+CFUN=1,1: its next restart is that reset */
        unsigned firmware_knows;    /* rows of core/quectel/fingerprint that the firmware answered before AT+QFOTADL */
        bool stalled;               /* the module makes no progress in its Mini system, even while it restarts there */
        JobStall stall;             /* why, while it is stalled */
        bool repeated_step;         /* after a stall or END the module repeated a step, without progress */
        CodeDomain reported_domain; /* the last failure that the module reported in its Mini system; decides nothing */
        int reported_code;
        JobSystem system;
        unsigned product;  /* USB product id that AT+QFOTADL was sent to */
        int download_max;  /* <download_URC_max> of the command that was sent, -1 none or unknown */
        unsigned take_ups; /* how often the daemon was started with this job since its last progress */
        bool percentage;   /* DOWNLOADING counts in percent, whatever maximum was sent */
        unsigned device;   /* USB bus and device number when last seen: another one means a restart;
                              0 not seen yet, or not since the gateway booted */
        char *boot;        /* boot id of the gateway that the number belongs to */

        /* Settings of the module that were changed and are to be put back: the value before, "" if not changed. */
        char *urc_port_before;
        char *qind_before, *qind_fota_before; /* AT+QINDCFG="all" and ="FOTA": 0 */
        char *fota_cid_before;
        char *flow_before;          /* AT+QCFG="usbifc" or, at a UART, AT+IFC: as in 0,0 */
        char *apn_before;           /* core/job/context's values of the option's context; may hold a password */
        char *power_control_before; /* of the USB device */
        /* Settings that were changed although the value before could not be read. */
        bool urc_port_unread, fota_cid_unread, apn_unread;

        /* The end: settled before the settings are put back, valid once result is set. */
        JobResult result;
        CodeDomain domain;
        int code;
        char *message;
        JobAnnounced announced;
        bool watched; /* the job has failed, and its module, which may still be writing its flash, is watched */

        /* In memory only: why the job has not ended although its result is settled, one sentence; its record can be
         * neither written nor removed. "" otherwise. */
        char *pending;

        /* In memory only: the reason why the record on the disk is behind the running job, "" if it is not. */
        char *behind;

        /* A percentage is reported only if the record on the disk covers it, so that it does not go back when the
         * daemon dies. A record covers a few percent more than the job has, and need not be written for each of them.
         */
        unsigned percent_covered; /* by the record on the disk */
        unsigned percent_floor;   /* covered by the record that was loaded: the least that is reported */

        /* In memory only: the checksum of the record that the disk has, or that was removed from it because it cannot
         * be written; "" if that is not known, or while records are being written. The log does not count. */
        char *kept;
        unsigned writes; /* in memory only: the number of records that are being written, or are about to be */

        /* In memory only: the record is being written, and the module stands still until then. Nothing else shows what
         * has changed in the job since it was announced. */
        bool awaits_record;

        /* In memory only: the record without watched is being written, and the job is still watched. */
        bool resolving;

        /* In memory only: the time until which the job waits for news, µs since the epoch; 0 for no limit. */
        uint64_t deadline;

        /* The history. Of a job that has ended only the record on the disk has it: NULL. */
        JobLog *log;

        /* In memory only: another module was present with the same IMEI while the job's module was present. */
        bool imei_shared;
} Job;

Job *job_new(const char *id, const char *module);
void job_free(Job *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Job, job_free)

/* Its id as a number: later jobs have greater ones. */
uint64_t job_number(const Job *job);
/* The job with that id among those; NULL none. */
Job *job_find(const GPtrArray *jobs, const char *id);

/* The machine name of the job's code: "" without a code, "unlisted" for a number that is in no table. */
const char *job_error_name(const Job *job);

/* The value of DOWNLOADING that means the whole download: the maximum that was sent, else that of the options. */
unsigned job_download_max(const Job *job);

/* Records that the upgrade got at least that far. The only step back is a repeated update after a power cut, which sets
 * the field. */
void job_reach(Job *job, JobReached reached);

/* The percentage that may be reported. */
unsigned job_percent_shown(const Job *job);

/* The percentage that a record covers which is written now. */
unsigned job_percent_to_cover(const Job *job);

/* Returns true if the job has ended and its record says so, or was removed. */
bool job_has_ended(const Job *job);

/* Id of the module that the job is followed on. */
const char *job_place(const Job *job);

/* Returns true if that module is at a UART; its Id shows it. */
#define JOB_UART_PREFIX "tty-"
bool job_is_uart(const Job *job);

/* The domain of the codes of the job's download. */
CodeDomain job_download_domain(const Job *job);

/* Returns true if the name may be a package's: one part of a path other than "." and "..", printable, at most 255
 * bytes. */
bool job_is_package_name(const char *name);

/* The source as url_redact() shows it: without its password and the values in its query. The caller frees it. */
char *job_source_shown(const Job *job);

/* The arguments of a call as request_source and request_options have them. file: the source is the name of a package on
 * the host. The caller frees both. */
void job_describe_request(const char *source, bool file, const Options *options, char **ret_source, char **ret_options);

/* Settles the end: result, code, and one sentence made of the code's texts. detail goes into the middle of the
 * sentence, NULL none. */
void job_set_result(Job *job, JobResult result, CodeDomain domain, int code, const char *detail);

/* Names a code of the module: "HTTP code 711: The module rejected the URL ...". The caller frees it. */
char *job_code_text(CodeDomain domain, int number);

/* Replaces the message of a running job. */
void job_set_message(Job *job, const char *message);

/* Appends one sentence to the message. */
void job_add_to_message(Job *job, const char *sentence);

/* The settings of the module that a job may change. */
typedef struct JobSetting {
        bool changed; /* and not put back */
        const char *name;
        const char *before; /* the value before, "" if it is not known, or secret */
} JobSetting;
enum { JOB_SETTING_POWER = 3, JOB_SETTING_RADIO = 11, JOB_SETTINGS };
void job_settings(const Job *job, JobSetting settings[JOB_SETTINGS]);

/* Appends sentences that name the settings that were not put back, if there are any; power_control: that setting was
 * not put back if it was changed. */
void job_tell_what_stays(Job *job, bool power_control);

/* Returns true if the job has failed in such a way that the module may still be writing its flash. */
bool job_may_still_write(const Job *job);

/* Returns true if both are adopted jobs at the same place that have ended in the same way, without a restart, progress
 * or doubt: the later one can stand for the earlier one. */
bool job_repeats(const Job *job, const Job *earlier);

/* Wipes all credentials from the record. */
void job_forget_secrets(Job *job);

/* The text of a record that cannot be read, with every possible password masked, also if up to two bytes of its key are
 * damaged. The other bytes stay as they are, except in the line after one without a key. */
GString *job_mask_text(const char *text, size_t length);

/* Empties a string of the record without leaving a copy in memory. */
void job_wipe_string(char **field);

/* Replaces a string of the record by a copy of value, which may be the old string. */
void job_set_string(char **field, const char *value);

/* The job's file: a key file of version JOB_FILE_VERSION, with the log as its last group. job_from_text() returns NULL
 * and *ret_why on failure, which the caller frees; it does not read the log of a job that has ended. */
#define JOB_FILE_VERSION 1
char *job_to_text(const Job *job);
Job *job_from_text(const char *text, const char *id, char **ret_why);
