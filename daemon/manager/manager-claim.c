/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Claims on modules for jobs: a claim is made before its job begins and removed after its job has ended, and udev
 * applies its rules again when a claim is removed. claim.c knows the files, core/upgrade when a job ends. */

#include "base/log.h"
#include "manager/manager-claim.h"
#include "manager/manager-modules.h"
#include "manager/manager-recording.h"
#include "manager/manager-state.h"
#include "device/uevent.h"

void manager_begin(Manager *m, Job *job)
{
        Module *module = manager_module_of(m, job);

        claims_take(m->claims, module_id(module)); /* first: a device that appears there from now on is the job's */
        manager_recording_begin(m, module, job);
        module_begin(module, job);
}

void manager_apply_udev_rules(Manager *m, Module *module)
{
        int r;

        (void)m;
        if (!module_is_present(module) || module_is_uart(module))
                return;
        r = uevent_repeat(module_syspath(module));
        if (r < 0)
                log_module(LOG_DEBUG, module, "udev cannot be asked to apply its rules again: %s", g_strerror(-r));
}

void manager_end_claim(Manager *m, const Job *job)
{
        Module *module = manager_module_of(m, job);

        if (module && module_job(module))
                return; /* the claim is that of a later job */
        claims_drop(m->claims, job_place(job));
        if (module)
                manager_apply_udev_rules(m, module);
}

static void on_claim_swept(void *userdata, const char *id)
{
        Module *module = manager_module_by_id(userdata, id);

        if (module)
                manager_apply_udev_rules(userdata, module);
}

void manager_sweep_claims(Manager *m)
{
        claims_sweep(m->claims, on_claim_swept, m);
}
