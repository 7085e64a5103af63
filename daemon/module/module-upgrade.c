/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The job that holds a module: starts and ends its run, lets the run use the AT port and the device, and passes its
 * reports to the owner of the module. */

#include "base/log.h"
#include "module/module-private.h"

void module_feed_present(Module *m)
{
        g_autofree char *power = place_power_control(m->place);

        if (!place_is_boot_rom(m->place))
                job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_PRESENT,
                                                     .product = place_product_id(m->place),
                                                     .device = place_device_number(m->place),
                                                     .power_control = power });
}

/* A boot loader shows for seconds at each boot of some modules: only one that is there now has stayed. */
void module_time_out(Module *m)
{
        if (place_is_boot_rom(m->place))
                job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_BOOT_ROM });
        job_run_time_out(m->run);
}

/* ---- the requests of the run */

static void on_send(void *userdata, const UpgradeAction *action)
{
        Module *m = userdata;

        /* If the port is closed, UPGRADE_EVENT_PORT_LOST was fed, or will be. */
        at_port_command(m->port, action->tag, action->text, action->secret, action->timeout);
        if (action->hush)
                at_port_hush(m->port);
}

static void on_send_blind(void *userdata, const char *command)
{
        Module *m = userdata;

        at_port_send_blind(m->port, command);
}

static void on_listen(void *userdata)
{
        Module *m = userdata;

        probe_drop(m->probe);
        at_port_listen(m->port);
}

static void on_identify(void *userdata)
{
        Module *m = userdata;

        at_port_end_listening(m->port);
        module_ask_identity(m);
}

static bool on_flow_control(void *userdata, bool hardware)
{
        Module *m = userdata;

        return at_port_set_flow_control(m->port, hardware);
}

static Serial *on_port(void *userdata)
{
        Module *m = userdata;

        return at_port_serial(m->port);
}

static void on_power(void *userdata, const char *value)
{
        Module *m = userdata;
        int r = place_set_power_control(m->place, value);

        if (r < 0)
                log_module(LOG_WARNING, m, "power/control cannot be set to %s: %s", value, g_strerror(-r));
        else
                job_log_printf(m->context.job->log, (uint64_t)g_get_real_time(), JOB_LOG_SETTING,
                               "power/control is set to %s", value);
}

static void on_complete(void *userdata, UpgradeEvent *event)
{
        Module *m = userdata;

        event->at_port = at_port_node(m->port) != NULL;
        event->diag_port = place_has_diag(m->place);
        event->port_idle = at_port_is_idle(m->port);
}

/* ---- its reports */

static int on_package_open(void *userdata, const Job *job)
{
        Module *m = userdata;

        return m->observer->package_open(m->userdata, job);
}

static bool on_persist(void *userdata, Job *job)
{
        Module *m = userdata;

        return m->observer->job_persist(m->userdata, job);
}

static void on_job_changed(void *userdata, Job *job)
{
        Module *m = userdata;

        m->observer->job_changed(m->userdata, job);
        m->observer->changed(m->userdata, m);
}

static void on_job_result(void *userdata, Job *job)
{
        Module *m = userdata;

        m->observer->job_result(m->userdata, job);
}

static const JobRunObserver job_run_observer = {
        .send = on_send,
        .send_blind = on_send_blind,
        .listen = on_listen,
        .identify = on_identify,
        .set_flow_control = on_flow_control,
        .port = on_port,
        .set_power = on_power,
        .complete = on_complete,
        .package_open = on_package_open,
        .persist = on_persist,
        .changed = on_job_changed,
        .result = on_job_result,
};

/* ---- start and end */

void module_start_run(Module *m, Job *job)
{
        m->context.job = job;
        m->run = job_run_new(&m->context, job, &job_run_observer, m);
        at_port_begin_job(m->port);
        if (inspector_is_busy(m->inspector) && at_port_is_ready(m->port))
                probe_start(m->probe); /* the port is open, and will not report again that it is ready */
        inspector_end(m->inspector, "a job has begun");
        job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_BEGIN });
        if (place_is_present(m->place))
                module_feed_present(m);
}

Job *module_end_run(Module *m)
{
        Job *job = job_run_job(m->run);
        bool dismissed = job->domain == CODE_DOMAIN_HOST && job->code == HOST_DISMISSED;

        g_clear_pointer(&m->run, job_run_free);
        m->context.job = NULL;
        m->context.recording = m->survey;
        if (dismissed && at_port_is_listening(m->port))
                return job; /* its updater may be running: nothing is sent before the next enumeration */
        at_port_end_listening(m->port);
        at_port_try(m->port); /* for the identity, if that is not known */
        if (!probe_is_known(m->probe))
                module_ask_identity(m); /* the job may have listened only, and the port may be open already */
        return job;
}
