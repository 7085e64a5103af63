/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Flow control for a package on the host, before AT+QFOTADL (guide 3.3.1.3). */

#include <string.h>

#include "core/quectel/qfota.h"
#include "core/state/upgrade-actions.h"
#include "core/state/upgrade-decide.h"
#include "core/upgrade/upgrade-transfer.h"
#include "core/state/upgrade-wait.h"
#include "core/upgrade/upgrade-flow.h"

#define FLOW_HARDWARE "2,2"

static char *flow_query(const Upgrade *u)
{
        return g_strdup(job_is_uart(u->job) ? "AT+IFC?" : "AT+QCFG=\"usbifc\"");
}

static void ask_flow(Upgrade *u, Step step)
{
        g_autofree char *command = flow_query(u);

        upgrade_send(u, step, command, false, u->timeouts->command);
}

static void set_flow(Upgrade *u, Step step, const char *value)
{
        g_autofree char *command = transfer_flow_command(u->job, value);

        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_send(u, step, command, false, u->timeouts->command);
}

static char *read_flow(const Upgrade *u, const UpgradeEvent *event)
{
        if (event->result != AT_RESULT_OK)
                return NULL;
        return job_is_uart(u->job) ? qfota_parse_flow(event->text, "+IFC:", NULL)
                                   : qfota_parse_flow(event->text, "+QCFG:", "usbifc");
}

static bool wants(const Upgrade *u, const char *flow_control)
{
        return g_strcmp0(u->job->options->flow_control, flow_control) == 0;
}

static void continue_without_flow_control(Upgrade *u)
{
        if (wants(u, "hardware")) {
                upgrade_fail(u, HOST_REJECTED, "for hardware flow control, which was asked for");
                return;
        }
        transfer_end_flow(u);
        upgrade_push(u, UPGRADE_ACTION_WARN,
                     "no hardware flow control: the package is sent slowly, at 15 kB/s at most");
        upgrade_next(u, NEXT_COMMAND);
}

/* Hardware flow control is on at both ends: an answer proves that both directions work. */
static void confirm(Upgrade *u)
{
        u->host_flow_control = true;
        upgrade_push(u, UPGRADE_ACTION_FLOW, "hardware");
        ask_flow(u, STEP_CONFIRM_FLOW);
}

void flow_begin(Upgrade *u)
{
        if (wants(u, "none"))
                upgrade_next(u, NEXT_COMMAND);
        else if (u->no_flow_control && *u->job->flow_before) /* the port was lost before that was put back */
                set_flow(u, STEP_UNSET_FLOW, u->job->flow_before);
        else if (u->no_flow_control)
                continue_without_flow_control(u);
        else
                ask_flow(u, STEP_READ_FLOW);
}

static void got_flow(Upgrade *u, const UpgradeEvent *event)
{
        g_autofree char *value = read_flow(u, event);

        if (!value) {
                continue_without_flow_control(u);
        } else if (strcmp(value, FLOW_HARDWARE) == 0) {
                confirm(u);
        } else {
                if (!*u->job->flow_before)
                        job_set_string(&u->job->flow_before, value);
                set_flow(u, STEP_SET_FLOW, FLOW_HARDWARE);
        }
}

static void got_confirmation(Upgrade *u, const UpgradeEvent *event)
{
        g_autofree char *value = read_flow(u, event);

        if (g_strcmp0(value, FLOW_HARDWARE) == 0 && !u->no_flow_control) {
                upgrade_next(u, NEXT_COMMAND);
                return;
        }
        transfer_end_flow(u);
        if (*u->job->flow_before)
                set_flow(u, STEP_UNSET_FLOW, u->job->flow_before);
        else
                continue_without_flow_control(u);
}

/* A UART without the RTS and CTS wires cannot answer under hardware flow control, but still receives. Once the module
 * answers again, the preparation begins anew. */
static void no_answer_with_flow_control(Upgrade *u)
{
        u->no_flow_control = true;
        u->step = STEP_NONE;
        u->ready = false;
        if (*u->job->flow_before) {
                transfer_reset_flow_control(u);
        } else { /* the setting was there before: the host's end is at fault */
                transfer_end_flow(u);
                upgrade_identify(u);
        }
        upgrade_reset_deadline(u);
}

void flow_answer(Upgrade *u, const UpgradeEvent *event)
{
        bool good = event->result == AT_RESULT_OK;

        if (event->result == AT_RESULT_TIMEOUT && (u->step == STEP_SET_FLOW || u->step == STEP_CONFIRM_FLOW)) {
                no_answer_with_flow_control(u);
                return;
        }
        if (event->result == AT_RESULT_TIMEOUT) {
                upgrade_fail(u, HOST_NO_RESPONSE, "when its flow control was to be set");
                return;
        }
        switch ((unsigned)u->step) {
        case STEP_READ_FLOW: got_flow(u, event); return;
        case STEP_SET_FLOW:
                if (good) {
                        confirm(u);
                        return;
                }
                job_set_string(&u->job->flow_before, "");
                continue_without_flow_control(u);
                return;
        case STEP_CONFIRM_FLOW: got_confirmation(u, event); return;
        case STEP_UNSET_FLOW:
                if (good)
                        job_set_string(&u->job->flow_before, "");
                continue_without_flow_control(u);
                return;
        }
}
