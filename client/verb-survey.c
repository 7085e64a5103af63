/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotactl survey: what a module tells about itself, as a file that can be sent to others. The daemon asks the module
 * and replaces what is private. */

#include "config.h"

#include "bus.h"
#include "names.h"
#include "recording-file.h"
#include "report.h"

static int run(Ctl *ctl, char **args)
{
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        int status, r;

        status = bus_new_call(ctl, FOTAD_PATH, FOTAD_MANAGER_INTERFACE, "Survey", &call);
        if (status != STATUS_DONE)
                return status;
        r = sd_bus_message_append(call, "s", args[0] ?: "");
        if (r < 0)
                return fail_bus(ctl, NULL, r);
        status = bus_act(ctl, call, &reply);
        return status == STATUS_DONE
                       ? recording_file_save(ctl, reply, _("The survey is in %s. Look at it before you send it."))
                       : status;
}

const Verb verb_survey = {
        .name = "survey",
        .args = "[MODULE]",
        .summary = N_("what a module tells about itself, as a file to be sent"),
        .description = N_("Asks the module some 40 questions that only read, and describes its USB device;\n"
                          "takes less than a minute and changes nothing. IMEI, SIM, numbers, networks and\n"
                          "credentials are replaced by stand-ins before anything is written. Refused while\n"
                          "an upgrade is under way, or the module may still be writing its flash."),
        .max_args = 1,
        .entries = recording_file_entries,
        .run = run,
};
