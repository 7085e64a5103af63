/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A package that the host sends (guide 3.3.1.3): flow control before, the bytes after FILESTART, and what follows when
 * they do not all arrive. From AT+QFOTADL on nothing else may be written to that port, for the module would take it for
 * the package: the port only listens, until FILEEND has come or was waited for long enough.
 *
 * The record says transferring before the first byte goes out, and transferred before the last ones do. So whoever
 * reads it knows: without transferred the module cannot have the package, and no upgrade can follow. Nothing is sent a
 * second time. */

#include <string.h>

#include "core/upgrade-private.h"

#define FLOW_HARDWARE "2,2"

/* ---- flow control */

static char *flow_query(const Upgrade *u)
{
        return g_strdup(job_is_uart(u->job) ? "AT+IFC?" : "AT+QCFG=\"usbifc\"");
}

char *file_flow_command(const Job *job, const char *value)
{
        return g_strdup_printf(job_is_uart(job) ? "AT+IFC=%s" : "AT+QCFG=\"usbifc\",%s", value);
}

static void ask_flow(Upgrade *u, Step step, const UpgradeEvent *event)
{
        g_autofree char *command = flow_query(u);

        upgrade_send(u, step, command, false, u->timeouts->command, event);
}

static void set_flow(Upgrade *u, Step step, const char *value, const UpgradeEvent *event)
{
        g_autofree char *command = file_flow_command(u->job, value);

        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_send(u, step, command, false, u->timeouts->command, event);
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

static void end_flow(Upgrade *u)
{
        if (u->hardware)
                upgrade_push(u, UPGRADE_ACTION_FLOW, "none");
        u->hardware = false;
}

static void without_flow(Upgrade *u, const UpgradeEvent *event)
{
        if (wants(u, "hardware")) {
                upgrade_fail(u, HOST_REJECTED, "for hardware flow control, which was asked for", event);
                return;
        }
        end_flow(u);
        upgrade_push(u, UPGRADE_ACTION_WARN,
                     "no hardware flow control: the package is sent slowly, at 15 kB/s at most");
        prepare_send_upgrade(u, event);
}

/* Under flow control on both sides: an answer shows that both directions work. */
static void confirm(Upgrade *u, const UpgradeEvent *event)
{
        u->hardware = true;
        upgrade_push(u, UPGRADE_ACTION_FLOW, "hardware");
        ask_flow(u, STEP_CONFIRM_FLOW, event);
}

void file_prepare_begin(Upgrade *u, const UpgradeEvent *event)
{
        if (wants(u, "none"))
                prepare_send_upgrade(u, event);
        else if (u->no_flow)
                without_flow(u, event);
        else
                ask_flow(u, STEP_READ_FLOW, event);
}

static void got_flow(Upgrade *u, const UpgradeEvent *event)
{
        g_autofree char *value = read_flow(u, event);

        if (!value) {
                without_flow(u, event);
        } else if (strcmp(value, FLOW_HARDWARE) == 0) {
                confirm(u, event);
        } else {
                if (!*u->job->flow_before)
                        job_set_string(&u->job->flow_before, value);
                set_flow(u, STEP_SET_FLOW, FLOW_HARDWARE, event);
        }
}

static void got_confirmation(Upgrade *u, const UpgradeEvent *event)
{
        g_autofree char *value = read_flow(u, event);

        if (g_strcmp0(value, FLOW_HARDWARE) == 0 && !u->no_flow) {
                prepare_send_upgrade(u, event);
                return;
        }
        end_flow(u);
        if (*u->job->flow_before)
                set_flow(u, STEP_UNSET_FLOW, u->job->flow_before, event);
        else
                without_flow(u, event);
}

void file_flow_blindly_back(Upgrade *u)
{
        g_autofree char *command = NULL;

        end_flow(u);
        if (!*u->job->flow_before)
                return;
        command = file_flow_command(u->job, u->job->flow_before);
        upgrade_push(u, UPGRADE_ACTION_SEND_BLIND, command);
}

/* A module whose line has not the two wires is mute now, and still hears. When it answers again, all begins anew. */
static void fell_mute(Upgrade *u, const UpgradeEvent *event)
{
        u->no_flow = true;
        u->step = STEP_NONE;
        u->ready = false;
        if (*u->job->flow_before) {
                file_flow_blindly_back(u);
        } else { /* it had that before: it is we who are not heard */
                end_flow(u);
                upgrade_identify(u);
        }
        upgrade_wait(u, event);
}

void file_prepare_answer(Upgrade *u, const UpgradeEvent *event)
{
        bool good = event->result == AT_RESULT_OK;

        if (event->result == AT_RESULT_TIMEOUT &&
            (u->step == STEP_SET_FLOW || u->step == STEP_CONFIRM_FLOW)) {
                fell_mute(u, event);
                return;
        }
        if (event->result == AT_RESULT_TIMEOUT) {
                upgrade_fail(u, HOST_NO_RESPONSE, "when its flow control was to be set", event);
                return;
        }
        switch ((unsigned)u->step) {
        case STEP_READ_FLOW: got_flow(u, event); return;
        case STEP_SET_FLOW:
                if (good) {
                        confirm(u, event);
                        return;
                }
                job_set_string(&u->job->flow_before, "");
                without_flow(u, event);
                return;
        case STEP_CONFIRM_FLOW: got_confirmation(u, event); return;
        case STEP_UNSET_FLOW:
                if (good)
                        job_set_string(&u->job->flow_before, "");
                without_flow(u, event);
                return;
        }
}

/* ---- the bytes */

static void hush(Upgrade *u)
{
        if (!u->hushed)
                upgrade_push(u, UPGRADE_ACTION_LISTEN, NULL);
        u->hushed = true;
        u->ready = false;
}

/* AT+QFOTADL was taken, or may have been. */
void file_accepted(Upgrade *u)
{
        if (u->job->file)
                hush(u);
}

void file_started(Upgrade *u, const UpgradeEvent *event)
{
        Job *job = u->job;

        if (job->transferring || job->abandon || job->downloaded || job->updating || job->left)
                return;
        hush(u);
        u->step = STEP_NONE;
        u->sending = true;
        job->accepted = job->downloading = job->transferring = true;
        upgrade_enter(u, JOB_DOWNLOADING, event);
        upgrade_push(u, UPGRADE_ACTION_TRANSFER, u->hardware ? "hardware" : "paced");
}

void file_stop(Upgrade *u)
{
        if (u->sending)
                upgrade_push(u, UPGRADE_ACTION_TRANSFER_STOP, NULL);
        u->sending = false;
        end_flow(u);
}

void file_break(Upgrade *u, HostCode why, const UpgradeEvent *event)
{
        u->job->abandon = why;
        file_stop(u);
        hush(u);
        u->step = STEP_AWAIT_FILE_END;
        u->deadline = event->now + u->timeouts->command;
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
}

void file_event(Upgrade *u, const UpgradeEvent *event)
{
        Job *job = u->job;

        if (!u->sending)
                return;
        switch ((unsigned)event->type) {
        case UPGRADE_EVENT_SENT:
                u->sending = event->size < job->package_size;
                upgrade_advance(u, (unsigned)(event->size * PERCENT_DOWNLOADED / job->package_size));
                upgrade_wait(u, event);
                return;
        case UPGRADE_EVENT_ALL_BUT_LAST:
                job->transferred = true;
                upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
                upgrade_push(u, UPGRADE_ACTION_TRANSFER_LAST, NULL);
                upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL); /* it cannot be cancelled any more */
                upgrade_wait(u, event);
                return;
        case UPGRADE_EVENT_NOT_SENT: file_break(u, HOST_INTERRUPTED, event); return;
        }
}

/* ---- what may come between */

/* It is not certain that the module has ended to wait for the package. */
static bool may_wait_for_it(const Job *job)
{
        return job->file && job->sent && job->result == JOB_RESULT_NONE && !job->left && !job->downloaded &&
               !job->updating;
}

bool file_cannot_be_there(const Job *job)
{
        return job->file && job->sent && !job->transferred && !job->downloaded && !job->updating && !job->ended;
}

bool file_port_lost(Upgrade *u, const UpgradeEvent *event)
{
        u->sending = u->hardware = false; /* both went with the port */
        if (!may_wait_for_it(u->job) || !u->present)
                return false;
        if (u->step == STEP_QFOTADL || (u->hushed && !u->job->transferred && !u->job->abandon)) {
                file_break(u, HOST_INTERRUPTED, event);
                return true;
        }
        if (!u->hushed)
                return false;
        u->live = false;
        if (u->step != STEP_AWAIT_FILE_END) {
                u->step = STEP_NONE;
                upgrade_wait(u, event);
        }
        return true;
}

/* A daemon that died cannot know how many bytes of what it wrote went out. */
void file_begin(Upgrade *u)
{
        Job *job = u->job;

        if (!may_wait_for_it(job) || job->transferred || job->abandon)
                return;
        job->abandon = HOST_INTERRUPTED;
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
}

void file_present(Upgrade *u, const UpgradeEvent *event)
{
        if (!may_wait_for_it(u->job))
                return;
        hush(u);
        u->step = STEP_AWAIT_FILE_END;
        upgrade_wait(u, event);
}

bool file_disk_failed(Upgrade *u, const UpgradeEvent *event)
{
        if (!u->transfer_dropped)
                return false;
        u->transfer_dropped = false;
        u->job->transferred = false; /* the last of it did not go out */
        file_break(u, HOST_INSUFFICIENT_SPACE, event);
        return true;
}
