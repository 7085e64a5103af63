/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Passes the questions of the probe and of the inspector to the AT port, and their results to the job and to the owner
 * of the module. */

#include "base/log.h"
#include "module/module-private.h"

void module_ask_identity(Module *m)
{
        if (at_port_is_ready(m->port))
                probe_start(m->probe);
        else
                at_port_start(m->port);
}

/* ---- the probe */

static void on_ask_identity(void *userdata, const char *command)
{
        Module *m = userdata;

        at_port_command(m->port, TAG_IDENTITY, command, false, m->context.config->timeouts.command);
}

static void on_known(void *userdata)
{
        Module *m = userdata;

        m->observer->changed(m->userdata, m);
        m->observer->probed(m->userdata, m, NULL);
}

static void on_answered(void *userdata, const Identity *identity)
{
        Module *m = userdata;

        job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_READY,
                                             .identity = identity,
                                             .other_port = !place_is_uart(m->place) &&
                                                           !place_is_usual_at(m->place, at_port_node(m->port)) });
        inspector_identity_known(m->inspector);
}

static void on_nameless(void *userdata)
{
        Module *m = userdata;

        inspector_end(m->inspector, "it tells no revision");
        job_run_feed(m->run, (UpgradeEvent){ .type = UPGRADE_EVENT_NAMELESS });
}

static void on_adoptable(void *userdata)
{
        Module *m = userdata;

        m->observer->adoptable(m->userdata, m, METHOD_MINIFOTA);
}

static void on_gave_up(void *userdata)
{
        Module *m = userdata;
        g_autofree char *problem = module_explain(m);

        log_module(LOG_WARNING, m, "%s", problem);
        m->observer->changed(m->userdata, m);
        m->observer->probed(m->userdata, m, problem);
}

const ProbeObserver module_probe_observer = {
        .ask = on_ask_identity,
        .known = on_known,
        .answered = on_answered,
        .nameless = on_nameless,
        .adoptable = on_adoptable,
        .gave_up = on_gave_up,
};

/* ---- the inspector */

static void on_ask_inspection(void *userdata, const char *command)
{
        Module *m = userdata;

        at_port_command(m->port, TAG_INSPECT, command, false, m->context.config->timeouts.command);
}

static void on_inspected(void *userdata, Inspection *taken, const char *failure)
{
        Module *m = userdata;
        RecordingWriter *survey = g_steal_pointer(&m->survey);

        if (survey && m->context.recording == survey)
                m->context.recording = NULL;
        if (survey)
                m->observer->surveyed(m->userdata, m, survey, failure);
        else
                m->observer->inspected(m->userdata, m, taken, failure);
}

const InspectorObserver module_inspector_observer = { .ask = on_ask_inspection, .over = on_inspected };
