/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl recording: the recording of an upgrade that was started with --record, as a file that can be sent to others.
 * Reads only. */

#include "config.h"

#include "bus.h"
#include "names.h"
#include "objects.h"
#include "recording-file.h"
#include "report.h"

static int run(Ctl *ctl, char **args)
{
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        g_autoptr(Objects) objects = NULL;
        const Object *job = NULL;
        int status;

        status = objects_read_job(ctl, args[0], true, &objects, &job);
        if (status == STATUS_DONE && !job)
                return fail(ctl, STATUS_REFUSED, FOTAD_ERROR_NO_SUCH_JOB,
                            _("there is no upgrade, neither under way nor remembered"));
        if (status == STATUS_DONE)
                status = bus_new_call(ctl, job->path, FOTAD_JOB_INTERFACE, "GetRecording", &call);
        if (status == STATUS_DONE)
                status = bus_call(ctl, call, &reply);
        return status == STATUS_DONE
                       ? recording_file_save(ctl, reply, _("The recording is in %s. Look at it before you send it."))
                       : status;
}

const Verb verb_recording = {
        .name = "recording",
        .args = "[JOB]",
        .summary = N_("what was said and seen during an upgrade, as a file"),
        .description = N_("Of an upgrade that was started with --record. Without JOB the only upgrade under\n"
                          "way; if there is none, the newest. IMEI, SIM, numbers, networks and credentials\n"
                          "are replaced by stand-ins."),
        .max_args = 1,
        .entries = recording_file_entries,
        .run = run,
};
