/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The upgrade of one module, from a job on disk to its result (guide 2.3.1.1). Hands each event to the file of the
 * phase, then carries out the decision that the phase made. URCs and restarts are hints, each of which may be lost; the
 * revision that is read in the end decides. AT+QFOTADL is sent once in a job's life, unless a person asks for more.
 * This file touches nothing outside: no file descriptor, no clock, no bus. */

#include <string.h>

#include "core/upgrade/upgrade.h"
#include "core/upgrade/upgrade-abandon.h"
#include "core/state/upgrade-actions.h"
#include "core/upgrade/upgrade-check.h"
#include "core/upgrade/upgrade-command.h"
#include "core/state/upgrade-decide.h"
#include "core/upgrade/upgrade-end.h"
#include "core/state/upgrade-facts.h"
#include "core/upgrade/upgrade-flow.h"
#include "core/upgrade/upgrade-history.h"
#include "core/upgrade/upgrade-mini.h"
#include "core/state/upgrade-phase.h"
#include "core/upgrade/upgrade-prepare.h"
#include "core/upgrade/upgrade-restore.h"
#include "core/upgrade/upgrade-silence.h"
#include "core/upgrade/upgrade-stalled.h"
#include "core/upgrade/upgrade-transfer.h"
#include "core/upgrade/upgrade-uart.h"
#include "core/upgrade/upgrade-urc.h"
#include "core/upgrade/upgrade-verdict.h"
#include "core/state/upgrade-wait.h"

/* More restarts than this without progress are a loop, not an upgrade: the guide's longest procedure has four. */
#define RESTARTS_MAX 8

/* A deadline passes once in this time at most. */
#define DEADLINE_INTERVAL G_USEC_PER_SEC
#define BEGINNINGS_MAX    5 /* a module may never answer one of the questions */

Upgrade *upgrade_new(Job *job, const Timeouts *timeouts)
{
        Upgrade *u = g_new0(Upgrade, 1);

        u->job = job;
        u->timeouts = timeouts;
        u->deadline = UINT64_MAX;
        g_queue_init(&u->actions);
        history_begin(u);
        return u;
}

void upgrade_free(Upgrade *u)
{
        if (!u)
                return;
        g_queue_clear_full(&u->actions, (GDestroyNotify)upgrade_action_free);
        if (u->source_before)
                explicit_bzero(u->source_before, strlen(u->source_before));
        g_free(u->source_before);
        inspect_free(u->inspect);
        history_end(u);
        g_free(u->decision.detail);
        g_free(u->decision.message);
        g_free(u->revision);
        g_free(u->build);
        g_free(u);
}

/* Deadlines that pass in turn may each lead to a question; the floor keeps the module from being asked all the time. */
uint64_t upgrade_deadline(const Upgrade *u)
{
        if (!u->timed_out_at)
                return u->deadline;
        return MAX(u->deadline, u->timed_out_at + MIN(DEADLINE_INTERVAL, u->timeouts->settle));
}

uint64_t upgrade_patience(const Upgrade *u)
{
        uint64_t deadline = upgrade_deadline(u);

        if (u->job->state == JOB_FINISHED)
                return UINT64_MAX;
        if (mini_waits(u))
                return u->job->stalled ? UINT64_MAX : MAX(deadline, u->progress_at + u->timeouts->stall);
        return MAX(deadline, u->reread_until);
}

static void on_gone(Upgrade *u, const UpgradeEvent *event)
{
        bool over = u->job->result != JOB_RESULT_NONE && !upgrade_awaits_restart(u->job);

        u->gone_before_restore = over && restore_is_due(u->job);
        if (!u->present && upgrade_is_rebooted(u->job, event))
                u->job->device = 0; /* the gateway booted and the module is not there yet: not a restart */
        mini_gone(u);
        /* A module may leave before its OK is read; but one that upgrades by MiniFOTA may leave for its Mini system. */
        if (u->step == STEP_RESET && u->job->method != METHOD_MINIFOTA)
                u->job->reset = true;
        u->present = u->ready = u->saw_upgrade_urc = u->saw_boot_urc = u->asked_unprompted = u->kept_awake = false;
        transfer_stop(u);
        verdict_forget_readings(u);
        u->listens_only = u->foreign = false;
        g_clear_pointer(&u->revision, g_free);
        g_clear_pointer(&u->build, g_free);
        u->step = STEP_NONE;
        u->job->disconnected = u->job->disconnected || u->job->sent;
        if (over && !u->gone_before_restore)
                upgrade_next(u, NEXT_FINISH);
        else
                upgrade_enter_state(u, JOB_RESTARTING);
}

static void keep_awake(Upgrade *u, const UpgradeEvent *event)
{
        if (!event->power_control)
                return;
        if (!*u->job->power_control_before) {
                job_set_string(&u->job->power_control_before, event->power_control);
                upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        }
        if (strcmp(event->power_control, "on") != 0) {
                u->kept_awake = true;
                upgrade_push(u, UPGRADE_ACTION_POWER, "on");
        }
}

static void on_present(Upgrade *u, const UpgradeEvent *event)
{
        Job *job = u->job;
        bool rebooted = upgrade_is_rebooted(job, event), first = job->device == 0 || rebooted;
        bool came_back = job->device && (job->state == JOB_RESTARTING || (!first && job->device != event->device));

        u->present = true;
        u->boot_rom = false;
        u->product = event->product;
        job->device = event->device;
        job_set_string(&job->boot, event->boot);
        if (came_back) {
                job->disconnected = job->disconnected || job->sent;
                job->reconnects += job->sent;
                job->restarted_since_end = job->reached >= JOB_REACHED_ENDED || job->result != JOB_RESULT_NONE;
                job->restarts++;
                /* Only a restart of the module undoes these, and the device may be enumerated anew without one. */
                if (job->reset || job->reached >= JOB_REACHED_UPDATING)
                        job->radio_off = job->context_up = false;
                retry_drop(u, "the module restarted: the retry is not sent");
                if (mini_applies(u)) {
                        mini_came_back(u);
                } else if (++u->restarts_without_progress > RESTARTS_MAX) {
                        if (job->result == JOB_RESULT_NONE)
                                upgrade_fail(u, HOST_NO_RESPONSE,
                                             "but restarted again and again, and may run either firmware");
                        else
                                upgrade_next(u, NEXT_FINISH);
                        return;
                }
                upgrade_enter_state(u, upgrade_state_after_return(job));
        } else if (job->state == JOB_RESTARTING || (rebooted && job->sent)) {
                /* The gateway was off, and perhaps the module as well. */
                retry_drop(u, "the gateway was off: the retry is not sent");
                job->disconnected = job->disconnected || job->sent;
                upgrade_enter_state(u, upgrade_state_after_return(job));
        } else {
                retry_resume(u);
                upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
                upgrade_reset_deadline(u);
                if (upgrade_awaits_restart(job) &&
                    !first) /* until the restart, the updater may answer instead of the firmware */
                        upgrade_push(u, UPGRADE_ACTION_LISTEN, NULL);
        }
        keep_awake(u, event);
        if (!came_back)
                transfer_present(u);
}

/* The identity of an adopted job was taken from the module that was at this place before: the IMEI confirms it. */
static void confirm(Upgrade *u, const Identity *identity)
{
        Job *job = u->job;

        if (job->origin != JOB_ORIGIN_ADOPTED || job->confirmed || !*identity->imei)
                return;
        if (*job->imei && strcmp(job->imei, identity->imei) != 0) {
                job_set_string(&job->imei, identity->imei);
                job_set_string(&job->model, identity->model);
                job_set_string(&job->from_revision, "");
                job_set_string(&job->from_build, "");
        }
        job->confirmed = true;
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
}

/* Counts a reading of the revision. A reading without the IMEI may be another module's: it does not count, and with it
 * the earlier ones, which may be of the module before, are not enough. Returns true if the identity was asked for
 * again, to make a verdict certain. */
static bool take_revision(Upgrade *u, const Identity *identity)
{
        /* A build that was not read is no other one. */
        bool alike = u->revision && identity_same_firmware(u->revision, u->build, identity->revision, identity->build);
        bool asked_again = u->rereading;

        u->rereading = false;
        u->imei_read = *identity->imei;
        u->readings = (alike ? u->readings : 0) + (u->imei_read ? 1 : 0);
        if (*identity->build)
                u->build_readings = g_strcmp0(u->build, identity->build) == 0 ? u->build_readings + 1 : 1;
        job_set_string(&u->revision, identity->revision);
        if (!alike || strlen(identity->build) > strlen(u->build)) /* one of the two may be cut off */
                job_set_string(&u->build, identity->build);
        return asked_again;
}

/* The module has another IMEI than the job's. One answer may be garbled: the second decides. */
static void read_foreign(Upgrade *u)
{
        u->ready = false; /* the settings belong to another module */
        u->readings = u->build_readings = 0;
        if (!u->foreign) {
                u->foreign = u->rereading = true;
                upgrade_identify(u);
                return;
        }
        u->job->stalled = false;
        if (!u->kept_awake)
                *u->job->power_control_before = 0;
        upgrade_fail(u, HOST_MODULE_REPLACED, NULL);
}

/* The identity was read before AT+QFOTADL. The record has the revision that was read before the job. */
static void begin_checks(Upgrade *u)
{
        Job *job = u->job;

        if (*job->from_revision && !verdict_is_certain(u) &&
            !identity_same_firmware(job->from_revision, job->from_build, u->revision, u->build)) {
                u->ready = false;
                upgrade_identify(u);
                return;
        }
        if (*u->build || strcmp(job->from_revision, u->revision) != 0)
                job_set_string(&job->from_build, u->build);
        job_set_string(&job->from_revision, u->revision);
        upgrade_enter_state(u, JOB_PREPARING);
        check_begin(u);
}

/* The method of an adopted job was guessed from the module's messages. A DFOTA has no Mini system in which it could be
 * stalled. */
static void learn_method(Upgrade *u, Method method)
{
        Job *job = u->job;

        if (job->origin != JOB_ORIGIN_ADOPTED || method == METHOD_UNKNOWN)
                return;
        job->method = method;
        if (method == METHOD_MINIFOTA || !job->stalled)
                return;
        stalled_leave(u);
        job->system = JOB_SYSTEM_UNKNOWN;
        upgrade_enter_state(u, upgrade_state_after_return(job));
}

static void on_ready(Upgrade *u, const UpgradeEvent *event)
{
        Job *job = u->job;
        const Identity *identity = event->identity;
        bool asked_again, before = !job->sent && job->result == JOB_RESULT_NONE;

        u->ready = true;
        u->other_port = event->other_port;
        asked_again = take_revision(u, identity);
        confirm(u, identity);
        if (before && !*identity->imei) {
                upgrade_fail(u, HOST_NO_RESPONSE, "when its IMEI was to be read");
                return;
        }
        if (*job->imei && *identity->imei && strcmp(job->imei, identity->imei) != 0) {
                read_foreign(u);
                return;
        }
        asked_again = asked_again && !u->foreign;
        u->foreign = u->foreign && !*identity->imei;
        learn_method(u, identity_method(identity->model, identity->revision));
        if (!*job->imei && *identity->imei)
                job_set_string(&job->imei, identity->imei);
        if (before) {
                begin_checks(u);
        } else if (job->result != JOB_RESULT_NONE) {
                upgrade_keep_revision(u);
                upgrade_next(u, NEXT_RESTORE);
        } else if (mini_applies(u)) {
                mini_ready(u);
        } else {
                uart_ready(u);
                verdict_follow(u, asked_again);
        }
}

/* Carries out the decisions of the phases until none is left. */
static void carry_out(Upgrade *u, const UpgradeEvent *event)
{
        while (u->decision.next != NEXT_STAY) {
                Next next = u->decision.next;

                u->decision.next = NEXT_STAY;
                switch (next) {
                case NEXT_STAY: break;
                case NEXT_PREPARE: prepare_begin(u); break;
                case NEXT_FLOW: flow_begin(u); break;
                case NEXT_COMMAND: command_send(u); break;
                case NEXT_ABANDON: abandon_now(u); break;
                case NEXT_GIVE_UP: abandon_begin(u); break;
                case NEXT_RESET: abandon_reset(u); break;
                case NEXT_JUDGE: verdict_judge(u); break;
                case NEXT_SETTLE: end_settle(u, event); break;
                case NEXT_RESTORE: restore_begin(u); break;
                case NEXT_FINISH: end_finish(u); break;
                }
        }
}

/* At a UART another module may have been attached, unseen. */
static void ask_identity_anew(Upgrade *u)
{
        u->ready = false;
        u->step = STEP_NONE;
        upgrade_identify(u);
        upgrade_reset_deadline(u);
}

/* Returns true if the answer leads back to the identity: a question before AT+QFOTADL was not answered. (In
 * upgrade-flow a missing answer says more.) */
static bool begins_anew(Upgrade *u, const UpgradeEvent *event)
{
        const Job *job = u->job;

        if (event->result != AT_RESULT_TIMEOUT || !job_is_uart(job) || job->sent || job->result != JOB_RESULT_NONE ||
            u->begun_anew >= BEGINNINGS_MAX)
                return false;
        u->begun_anew++;
        ask_identity_anew(u);
        return true;
}

static void on_answer(Upgrade *u, const UpgradeEvent *event)
{
        if (event->tag != u->tag)
                return;
        switch (u->step) {
        case STEP_NONE:
        case STEP_LAST_IDENTITY:
        case STEP_ASK_SERVER:
        case STEP_ASK_SERVER_MINI_2:
        case STEP_AWAIT_FILE_END:
        case STEP_AWAIT_DOWNLOAD_END: return;
        case STEP_INSPECT:
                if (!begins_anew(u, event))
                        check_answer(u, event);
                return;
        case STEP_READ_QIND:
        case STEP_SET_QIND:
        case STEP_READ_QIND_FOTA:
        case STEP_SET_QIND_FOTA:
        case STEP_READ_URC_PORT:
        case STEP_SET_URC_PORT:
        case STEP_READ_APN:
        case STEP_SET_APN:
        case STEP_READ_FOTA_CID:
        case STEP_SET_FOTA_CID:
        case STEP_READ_CONTEXTS:
        case STEP_ACTIVATE_CONTEXT:
        case STEP_READ_FINGERPRINT:
                if (!begins_anew(u, event))
                        prepare_answer(u, event);
                return;
        case STEP_QFOTADL:
                command_answer(u, event);
                carry_out(u, event);
                uart_sent(u);
                return;
        case STEP_READ_FLOW:
        case STEP_SET_FLOW:
        case STEP_CONFIRM_FLOW:
        case STEP_UNSET_FLOW: flow_answer(u, event); return;
        case STEP_ASK_FINGERPRINT: mini_answer(u, event); return;
        case STEP_RETRY: retry_answer(u, event); return;
        case STEP_RADIO_OFF:
        case STEP_RESET: abandon_answer(u, event); return;
        case STEP_RADIO_ON:
        case STEP_DEACTIVATE_CONTEXT:
        case STEP_RESTORE_FOTA_CID:
        case STEP_RESTORE_FLOW:
        case STEP_RESTORE_APN:
        case STEP_RESTORE_QIND_FOTA:
        case STEP_RESTORE_QIND:
        case STEP_RESTORE_URC_PORT: restore_answer(u, event); return;
        }
}

/* The module of an adopted job may have been read in its Mini system or its updater: what does not name a flash size is
 * no revision of a firmware, and says nothing about the one before. */
static void drop_foreign_revision(Job *job)
{
        if (job->origin != JOB_ORIGIN_ADOPTED || identity_flash_size(job->from_revision) > 0)
                return;
        job_set_string(&job->from_revision, "");
        job_set_string(&job->from_build, "");
}

static void on_begin(Upgrade *u)
{
        Job *job = u->job;

        drop_foreign_revision(job);
        if (job->state == JOB_QUEUED)
                upgrade_enter_state(u, JOB_PREPARING);
        else if (job->state == JOB_PREPARING && job->sent)
                upgrade_enter_state(u, JOB_DOWNLOADING); /* the command may have reached the module */
        u->unwatched = job->sent;
        mini_begin(u);
        transfer_resume(u);
        uart_begin(u);
        upgrade_reset_deadline(u);
}

/* A lost port is often the first sign of a restart. If the module does not restart, its identity is read again once the
 * port is open, and before AT+QFOTADL the checks and the preparation begin anew. */
static void on_port_lost(Upgrade *u)
{
        bool uncertain = u->step == STEP_QFOTADL, news = u->ready || u->step != STEP_NONE;

        if (transfer_port_lost(u))
                return;
        stalled_set_port_answers(u, false);
        u->ready = u->saw_upgrade_urc = u->rereading = u->foreign = false;
        u->reread_at = u->reread_until = 0;
        if (job_is_uart(u->job)) /* a restart may go unseen meanwhile */
                u->readings = u->build_readings = 0;
        u->step = STEP_NONE;
        if (!u->present || !news)
                return;
        if (uncertain && u->job->state == JOB_PREPARING)
                upgrade_enter_state(u, JOB_DOWNLOADING);
        else
                upgrade_reset_deadline(u);
}

static void on_resumed(Upgrade *u)
{
        Phase phase = upgrade_phase(u);

        if (job_is_uart(u->job) && (phase == PHASE_CHECKING || phase == PHASE_PREPARING))
                ask_identity_anew(u);
        else
                upgrade_resumed(u);
}

static void on_cancel(Upgrade *u)
{
        if (u->job->sent) {
                u->job->abandon = HOST_CANCELLED;
                abandon_begin(u);
                return;
        }
        u->job->abandon = HOST_CANCELLED;
        upgrade_abandoned(u);
}

/* The job ends and the module is left alone: its settings, power/control among them, are not put back but named. */
static void on_dismiss(Upgrade *u)
{
        const char *detail = "and the module may still be writing its flash";

        if (!u->present)
                detail = "while the module was off the bus, and it may still be writing its flash";
        else if (mini_applies(u))
                detail = "while the module was in its Mini system, and it may still load a package and write its flash";
        job_set_result(u->job, JOB_RESULT_FAILED, CODE_DOMAIN_HOST, HOST_DISMISSED, detail);
        u->job->stalled = false;
        transfer_stop(u);
        upgrade_next(u, NEXT_FINISH);
}

/* The result of a job that cannot begin because its record cannot be written. */
static void fail_without_record(Job *job, const UpgradeEvent *event)
{
        g_autofree char *text = NULL;

        if (event->full)
                text = g_strdup_printf(
                        "The state directory of the gateway has no room for the job's record (%s): free space "
                        "there, then start again.",
                        event->text);
        else
                text = g_strdup_printf(
                        "The upgrade was interrupted before it had begun, for its record cannot be written "
                        "(%s): make the state directory writable, then start again.",
                        event->text);
        job_set_result(job, JOB_RESULT_FAILED, CODE_DOMAIN_HOST,
                       event->full ? HOST_INSUFFICIENT_SPACE : HOST_INTERRUPTED, NULL);
        job_set_message(job, text);
}

/* The record cannot be written. Nothing new is begun; an upgrade that has begun is followed. */
static void on_disk(Upgrade *u, const UpgradeEvent *event)
{
        Job *job = u->job;

        if (job->state == JOB_FINISHED) {
                end_leave_pending(u, event->text);
                return;
        }
        if (transfer_disk_failed(u, event))
                return;
        if (u->step == STEP_QFOTADL && u->command_dropped)
                job->sent = false; /* the command was dropped with the record */
        if (job->result != JOB_RESULT_NONE) {
                /* The result stands even if it cannot be written. */
                if (u->present && u->ready && !upgrade_awaits_restart(job)) {
                        end_wind_up(u, event);
                } else {
                        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
                        upgrade_reset_deadline(u);
                }
                return;
        }
        if (!job->sent) {
                transfer_stop(u);
                fail_without_record(job, event);
                if (restore_is_due(u->job)) /* the former settings are known in memory as well */
                        end_wind_up(u, event);
                else
                        upgrade_next(u, NEXT_FINISH);
                return;
        }
        if (u->command_dropped && u->step == STEP_RETRY)
                retry_not_sent(u);
        else if (u->command_dropped)
                u->step = STEP_NONE;
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
        upgrade_reset_deadline(u);
}

static void handle(Upgrade *u, const UpgradeEvent *event)
{
        Job *job = u->job;

        if (job->state == JOB_FINISHED && event->type != UPGRADE_EVENT_DISK)
                return;
        if (*job->pending && job->state != JOB_FINISHED) {
                end_pending(u, event);
                return;
        }
        switch (event->type) {
        case UPGRADE_EVENT_BEGIN: on_begin(u); return;
        case UPGRADE_EVENT_PRESENT: on_present(u, event); return;
        case UPGRADE_EVENT_BOOT_ROM: u->boot_rom = true; return;
        case UPGRADE_EVENT_GONE:
                /* GONE is also given for a module that is absent when the daemon starts. */
                if (u->present || job->state != JOB_RESTARTING)
                        on_gone(u, event);
                return;
        case UPGRADE_EVENT_READY: on_ready(u, event); return;
        case UPGRADE_EVENT_NAMELESS: mini_no_revision(u); return;
        case UPGRADE_EVENT_PORT_LOST: on_port_lost(u); return;
        case UPGRADE_EVENT_PORT_BUSY:
                /* After AT+QFOTADL the upgrade is followed on the bus even without a port. */
                if (!job->sent && job->result == JOB_RESULT_NONE)
                        upgrade_fail(u, HOST_PORT_BUSY, event->text);
                return;
        case UPGRADE_EVENT_ANSWER: on_answer(u, event); return;
        case UPGRADE_EVENT_URC: upgrade_urc(u, event); return;
        case UPGRADE_EVENT_CANCEL: on_cancel(u); return;
        case UPGRADE_EVENT_DISMISS: on_dismiss(u); return;
        case UPGRADE_EVENT_RETRY: retry_request(u); return;
        case UPGRADE_EVENT_SOURCE: check_server(u, event); return;
        case UPGRADE_EVENT_NO_FLOW: u->no_flow_control = true; return;
        case UPGRADE_EVENT_SENT:
        case UPGRADE_EVENT_ALL_BUT_LAST:
        case UPGRADE_EVENT_NOT_SENT: transfer_event(u, event); return;
        case UPGRADE_EVENT_DISK: on_disk(u, event); return;
        case UPGRADE_EVENT_RESUMED: on_resumed(u); return;
        case UPGRADE_EVENT_TICK:
                if (u->now < upgrade_deadline(u))
                        return;
                u->timed_out_at = u->now;
                if (!verdict_reread(u))
                        upgrade_timed_out(u);
                return;
        case _UPGRADE_EVENT_MAX: return;
        }
}

void upgrade_handle(Upgrade *u, const UpgradeEvent *event)
{
        g_autofree char *warning = NULL;

        u->now = event->now;
        u->realtime = event->realtime;
        u->at_port = event->at_port;
        u->diag_port = event->diag_port;
        u->port_idle = event->port_idle;
        if (!upgrade_expects(u, event->type)) {
                warning = g_strdup_printf("event %s is refused in phase %s", upgrade_event_name(event->type),
                                          phase_traits(upgrade_phase(u))->name);
                upgrade_push(u, UPGRADE_ACTION_WARN, warning);
                return;
        }
        handle(u, event);
        carry_out(u, event);
        history_follow(u, event);
}
