/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MiniFOTA (guide 2.3.1.2, 4 and 5): from the point of no return on, which system answers and what that proves. Either
 * system may answer AT, under either revision. The Mini system keeps only the commands for registration and upgrade, so
 * the fingerprint taken of the firmware before AT+QFOTADL tells the two apart. Restarts prove nothing, since a power
 * cut repeats a step. */

#include <string.h>

#include "core/quectel/qfota.h"
#include "core/job/source.h"
#include "core/state/upgrade-actions.h"
#include "core/state/upgrade-decide.h"
#include "core/state/upgrade-facts.h"
#include "core/state/upgrade-wait.h"
#include "core/upgrade/upgrade-mini.h"
#include "core/upgrade/upgrade-stalled.h"
#include "core/upgrade/upgrade-verdict.h"

#define RESTARTS         4  /* of the whole procedure */
#define PERCENT_MOST     99 /* 100 is success alone */
#define ASK_INTERVAL     G_USEC_PER_SEC
#define RETRY_NOT_NEEDED "the module goes on by itself: the retry is not sent"

static void progress(Upgrade *u)
{
        u->progress_at = u->now;
}

void mini_begin(Upgrade *u)
{
        progress(u);
        u->probed_at = u->now;
}

static void forget_marker(Upgrade *u)
{
        u->marker = MINI_MARKER_UNKNOWN;
        u->fingerprint = (Fingerprint){ 0 };
}

void mini_gone(Upgrade *u)
{
        Job *job = u->job;

        /* The module disconnected before it could be reset: the point of no return is passed. */
        if (u->present && job->method == METHOD_MINIFOTA && job->sent && job->abandon && u->step != STEP_RESET &&
            !job->reset)
                job->abandon = 0;
        retry_drop(u, "the module restarted: the retry is not sent");
        stalled_set_port_answers(u, false);
        job->system = JOB_SYSTEM_UNKNOWN;
        u->left_mini = u->left_mini || u->marker == MINI_MARKER_MINI;
        forget_marker(u);
        u->saw_firmware_urc = u->retry_requested = false;
        u->highest_downloading = 0;
        u->ready_since = u->ask_at = u->ask_interval = 0;
}

void mini_came_back(Upgrade *u)
{
        Job *job = u->job;

        if (job->reconnects <= RESTARTS)
                progress(u);
        u->left_mini = u->left_mini || (job->product && u->product != job->product);
        /* After AT+CFUN=1,1 either system may run. */
        job->system = (job->reconnects <= 1 && !job->abandon) || job->stalled ? JOB_SYSTEM_MINI : JOB_SYSTEM_UNKNOWN;
        stalled_lost_sight(u);
}

static void updating(Upgrade *u, int said)
{
        Job *job = u->job;
        unsigned value = (unsigned)CLAMP(said, 0, PERCENT_MOST);
        bool further = value > job->percent || job->reached < JOB_REACHED_UPDATING, first = !u->saw_upgrade_urc;
        JobSystem before = job->system;
        bool repeated = job->repeated_step, stalled = job->stalled;

        job_reach(job, JOB_REACHED_UPDATING);
        job->abandon = 0; /* the point of no return is passed */
        u->ready = u->rereading = false;
        u->reread_at = u->reread_until = 0;
        u->step = STEP_NONE;
        u->ask_at = 0;
        if (first)
                upgrade_push(u, UPGRADE_ACTION_LISTEN, NULL);
        u->saw_upgrade_urc = true;
        /* 60 is the last value of the updater and the first of the new Mini system. */
        if (value < PERCENT_MINI1)
                job->system = JOB_SYSTEM_UPDATING;
        else if (value > PERCENT_MINI1 || first)
                job->system = JOB_SYSTEM_MINI;
        if (job->stalled && !further && job->repeated_step) {
                upgrade_reset_deadline(u); /* the step was repeated before, without progress */
                return;
        }
        job->repeated_step = !further && (job->stalled || job->repeated_step);
        if (further || job->stalled)
                progress(u);
        stalled_leave(u);
        retry_drop(u, RETRY_NOT_NEEDED);
        upgrade_set_percent(u, value);
        if (job->state != JOB_UPDATING) {
                upgrade_enter_state(u, JOB_UPDATING);
        } else if (job->system != before || job->repeated_step != repeated || job->stalled != stalled) {
                upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
                upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
        }
        upgrade_reset_deadline(u);
}

#define REPORTS_AT_ONCE (10 * G_USEC_PER_SEC)

/* A module that reports one failure after the other, without end, would write as many records. */
static bool reports_too_often(Upgrade *u)
{
        u->reports_until = MAX(u->reports_until, u->now);
        if (u->reports_until > u->now + REPORTS_AT_ONCE)
                return true;
        u->reports_until += G_USEC_PER_SEC;
        return false;
}

/* Records a failure that the module reports. The failure decides nothing: the module tries again, or falls back. */
static void remember(Upgrade *u, CodeDomain domain, int number)
{
        Job *job = u->job;

        if (domain == CODE_DOMAIN_NONE)
                domain = source_domain(job->source);
        u->failed_at = u->now;
        if ((job->reported_domain == domain && job->reported_code == number) || reports_too_often(u)) {
                upgrade_reset_deadline(u); /* a repeated report */
                return;
        }
        job_reach(job, JOB_REACHED_ACCEPTED);
        job->reported_domain = domain;
        job->reported_code = number;
        stalled_update_message(u);
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
        upgrade_reset_deadline(u);
}

/* The commands that a system refuses do not tell a Mini system from firmware without SMS. Returns true if an adopted
 * job has another sign of an upgrade: a message of the module about one, a restart, or a source that was sent. */
static bool has_sign(const Job *job)
{
        return job->origin != JOB_ORIGIN_ADOPTED || *job->source || *job->retry_source ||
               job->reached >= JOB_REACHED_DOWNLOADING || job->restarts > 0 || job->percent > 0 ||
               job->reported_domain != CODE_DOMAIN_NONE;
}

/* Messages about a download leave nothing else in the record of a MiniFOTA. */
static void note_sign(Upgrade *u)
{
        if (u->job->origin != JOB_ORIGIN_ADOPTED || u->job->reached >= JOB_REACHED_DOWNLOADING)
                return;
        job_reach(u->job, JOB_REACHED_DOWNLOADING);
        upgrade_push(u, UPGRADE_ACTION_PERSIST, NULL);
}

/* The module reports a revision, and there is no sign that it upgrades. */
static void end_without_upgrade(Upgrade *u)
{
        const Job *job = u->job;
        g_autofree char *detail = NULL;

        upgrade_keep_revision(u);
        u->job->system = JOB_SYSTEM_NORMAL;
        if (*job->from_revision && !upgrade_is_changed(u))
                detail = g_strdup_printf("or never took place, for the module reports revision %s, and no progress and "
                                         "no restart was seen",
                                         job->to_revision);
        else
                detail = g_strdup_printf("or never took place, or it may have taken place unseen: the module reports "
                                         "revision %s, and no progress and no restart was seen",
                                         job->to_revision);
        upgrade_fail(u, HOST_INTERRUPTED, detail);
}

void mini_urc(Upgrade *u, const QfotaUrc *urc)
{
        Job *job = u->job;

        note_sign(u);
        switch (urc->type) {
        case QFOTA_URC_DOWNLOADING:
                if (urc->value > u->highest_downloading) {
                        u->highest_downloading = urc->value;
                        retry_drop(u, RETRY_NOT_NEEDED);
                        progress(u);
                }
                break;
        case QFOTA_URC_DOWNLOAD_END:
                if (urc->value != 0) {
                        remember(u, urc->domain, urc->value);
                        return;
                }
                break;
        case QFOTA_URC_START: updating(u, 0); return;
        case QFOTA_URC_UPDATING: updating(u, urc->value); return;
        case QFOTA_URC_END:
                if (urc->value != 0) {
                        remember(u, CODE_DOMAIN_UPDATE, urc->value);
                } else if (job->reached >= JOB_REACHED_UPDATING || job->reconnects >= 2 ||
                           job->origin == JOB_ORIGIN_ADOPTED) {
                        job_reach(job, JOB_REACHED_ENDED);
                        if (!job->repeated_step)
                                progress(u);
                        u->ready_since = 0;
                        u->asked_unprompted = false;
                        stalled_leave(u);
                        retry_drop(u, RETRY_NOT_NEEDED);
                        upgrade_enter_state(u, JOB_VERIFYING);
                }
                return;
        case QFOTA_URC_DOWNLOAD_START:
        case QFOTA_URC_OTHER: break;
        }
        job_reach(job, JOB_REACHED_ACCEPTED);
        upgrade_reset_deadline(u);
}

static void ask_again(Upgrade *u)
{
        const Timeouts *t = u->timeouts;
        uint64_t quiet = u->ready_since + t->settle;
        uint64_t longest = u->job->stalled ? MAX(t->stall, t->settle) : t->settle; /* a stalled module waits for people */

        u->ask_interval = u->ask_interval ? MIN(2 * u->ask_interval, longest) : MIN(ASK_INTERVAL, longest);
        u->ask_at = u->now + u->ask_interval;
        if (quiet > u->now)
                u->ask_at = MIN(u->ask_at, quiet);
        upgrade_reset_deadline(u);
        u->deadline = MIN(u->deadline, u->ask_at); /* also after END, where the phase does not ask */
}

void mini_ask_soon(Upgrade *u)
{
        u->ask_interval = 0;
        ask_again(u);
}

static void in_mini(Upgrade *u)
{
        if (u->job->system != JOB_SYSTEM_MINI && !u->saw_upgrade_urc) {
                u->job->system = JOB_SYSTEM_MINI;
                upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
        }
        ask_again(u);
}

/* Returns true if the Mini system ran without doubt. */
static bool was_away(const Upgrade *u)
{
        return u->left_mini || u->job->reported_domain != CODE_DOMAIN_NONE;
}

static void fell_back(Upgrade *u)
{
        const Job *job = u->job;
        g_autofree char *detail = NULL, *said = NULL;

        upgrade_keep_revision(u);
        if (!was_away(u) && !upgrade_has_restarted(u)) {
                detail = g_strdup(
                        "without having said why, or it has not run yet: no certain sign of it was seen, and the "
                        "upgrade may still begin");
        } else if (job->reported_domain == CODE_DOMAIN_NONE) {
                detail = g_strdup("without having said why; likelier the package could not be downloaded (a wrong URL, "
                                  "not published, no network, a power cut) than made for another revision");
        } else {
                said = job_code_text(job->reported_domain, job->reported_code);
                detail = g_strdup_printf("after it had reported %s; so %s", said,
                                         job->reported_domain == CODE_DOMAIN_UPDATE
                                                 ? "the package does not fit this module"
                                                 : "the package could not be downloaded");
        }
        upgrade_fail(u, HOST_FELL_BACK, detail);
}

static void conclude(Upgrade *u)
{
        Job *job = u->job;

        if (!verdict_is_certain(u)) {
                verdict_read_again(u);
                return;
        }
        job->system = JOB_SYSTEM_NORMAL;
        job->stalled = false;
        if (job->abandon && job->reconnects == 0 && !job->reset && !upgrade_is_changed(u)) {
                /* The module may still leave its firmware: fotad ended before it could send the reset. */
                upgrade_next(u, NEXT_RESET);
                return;
        }
        if (job_is_uart(job) && job->reached < JOB_REACHED_ACCEPTED && job->reconnects == 0 && !upgrade_is_changed(u))
                upgrade_fail(u, HOST_NO_RESPONSE, "to AT+QFOTADL, and may still begin the upgrade");
        else if (job->reached >= JOB_REACHED_UPDATING || job->abandon || !*job->from_revision || upgrade_is_changed(u))
                upgrade_next(u, NEXT_JUDGE);
        else if (job->reconnects >= RESTARTS && job->reported_domain == CODE_DOMAIN_NONE)
                verdict_cannot_tell(u);
        else
                fell_back(u);
}

/* Returns true if the firmware answers. A Mini system may print the firmware's messages, but lacks the firmware's
 * commands. */
static bool is_proven(const Upgrade *u)
{
        return u->marker == MINI_MARKER_FIRMWARE || (u->marker == MINI_MARKER_UNKNOWN && u->saw_firmware_urc);
}

/* Returns true if the answers so far prove that the firmware runs and stays. */
static bool is_over(const Upgrade *u)
{
        const Job *job = u->job;
        bool proven = is_proven(u), quiet = u->ready_since && u->now >= u->ready_since + u->timeouts->settle;
        bool late = u->now >= u->progress_at + u->timeouts->stall;

        if (job->reached >= JOB_REACHED_ENDED)
                return proven || quiet;
        /* Before .mini_2 is mentioned, a new Mini system that knows the same commands cannot be excluded. */
        if (upgrade_is_changed(u))
                return proven && (quiet || job->reconnects >= RESTARTS || job->percent > PERCENT_MINI1);
        if (job->abandon)
                return proven || (job->reset && quiet);
        if (job->reached >= JOB_REACHED_UPDATING)
                return proven && quiet;
        /* At a UART both may be late messages of the boot before AT+QFOTADL: the module has time to leave. */
        if (job->reconnects >= 2)
                return proven && (quiet || (u->saw_boot_urc && (!job_is_uart(job) || was_away(u))));
        return proven && ((u->saw_firmware_urc && quiet) || late);
}

/* Returns true if the revision before proves a Mini system: once UPDATING was reported, the old firmware cannot run
 * again (guide 5.1, scenario 4). The new firmware may bear the same revision if the job allows that, or after all
 * restarts and messages. */
static bool is_unchanged_mini(const Upgrade *u)
{
        const Job *job = u->job;
        bool may_be_new = job->options->allow_unchanged ||
                          (job->reconnects >= RESTARTS && job->percent > PERCENT_MINI1);

        return job->reached == JOB_REACHED_UPDATING && *job->from_revision && !upgrade_is_changed(u) &&
               !(may_be_new && u->marker == MINI_MARKER_FIRMWARE);
}

static void decide(Upgrade *u)
{
        const Job *job = u->job;
        bool fits = !upgrade_is_changed(u) || upgrade_fits(u);
        bool strange = (job->product && u->product != job->product) || !upgrade_is_firmware(u) || !fits;
        /* After END,0, a restart and another revision, the new firmware may lack commands. */
        bool done = job->reached >= JOB_REACHED_ENDED && job->restarted_since_end && upgrade_is_changed(u) && fits;
        bool under_way = fits ? job->reached < JOB_REACHED_ENDED && job->reconnects < RESTARTS
                              : job->reached < JOB_REACHED_ENDED || !job->restarted_since_end;

        if (u->marker == MINI_MARKER_MINI ? !done : strange && under_way && !is_proven(u))
                in_mini(u);
        else if (is_over(u))
                conclude(u);
        else
                ask_again(u);
}

/* Asks for the next row of the fingerprint. Returns false if all were asked. */
static bool ask_fingerprint(Upgrade *u)
{
        const char *command = fingerprint_next(&u->fingerprint);

        if (command)
                upgrade_send(u, STEP_ASK_FINGERPRINT, command, false, u->timeouts->command);
        return command;
}

void mini_ready(Upgrade *u)
{
        stalled_set_port_answers(u, true);
        if (u->step == STEP_RETRY) /* the identity was requested before; the retry's answer decides */
                return;
        u->ask_at = 0;
        if (!u->ready_since)
                u->ready_since = u->now;
        u->fingerprint_late = false;
        fingerprint_begin(&u->fingerprint, u->job->firmware_knows ? u->job->firmware_knows : FINGERPRINT_ALL);
        ask_fingerprint(u);
}

/* Notes the reason why the fingerprint shows that system. */
static void note_marker(Upgrade *u)
{
        const Fingerprint *f = &u->fingerprint;
        unsigned known = u->job->firmware_knows;
        g_autofree char *lost = fingerprint_commands(known ? f->refused & known : f->refused);
        g_autofree char *kept = fingerprint_commands(f->answered);

        switch (u->marker) {
        case MINI_MARKER_MINI:
                job_log_printf(u->job->log, u->realtime, JOB_LOG_DECISION, "judged Mini: %s %s", lost,
                               known ? "no longer known" : "not known");
                return;
        case MINI_MARKER_FIRMWARE:
                job_log_printf(u->job->log, u->realtime, JOB_LOG_DECISION, "judged firmware: %s known", kept);
                return;
        case MINI_MARKER_UNKNOWN:
                job_log_printf(u->job->log, u->realtime, JOB_LOG_DECISION, "not judged yet: known: %s; lost: %s",
                               *kept ? kept : "nothing", *lost ? lost : "nothing");
                return;
        }
}

static void read_marker(Upgrade *u)
{
        MiniMarker before = u->marker;

        u->step = STEP_NONE;
        u->marker = fingerprint_compare(&u->fingerprint, u->job->firmware_knows, u->job->origin == JOB_ORIGIN_ADOPTED);
        if (is_unchanged_mini(u)) {
                u->marker = MINI_MARKER_MINI;
                job_log_add(u->job->log, u->realtime, JOB_LOG_DECISION,
                            "judged Mini: its revision is the old one, although the update had begun");
        } else {
                note_marker(u);
        }
        if (u->marker != before)
                verdict_drop_earlier_readings(u);
        if (u->marker == MINI_MARKER_UNKNOWN && u->fingerprint_late)
                ask_again(u);
        else if (retry_send(u))
                return;
        else if (!has_sign(u->job) && identity_flash_size(u->revision) > 0 && /* else it is no firmware's */
                 (u->marker != MINI_MARKER_FIRMWARE || (*u->job->from_revision && !upgrade_is_changed(u))))
                end_without_upgrade(u);
        else
                decide(u);
}

void mini_answer(Upgrade *u, const UpgradeEvent *event)
{
        fingerprint_answer(&u->fingerprint, event->result, event->error, event->text);
        u->fingerprint_late = u->fingerprint_late || event->result == AT_RESULT_TIMEOUT;
        if (!ask_fingerprint(u))
                read_marker(u);
}

/* The module answers AT and reports no revision. */
void mini_no_revision(Upgrade *u)
{
        stalled_set_port_answers(u, true);
        if (!mini_applies(u) || u->saw_upgrade_urc || u->step == STEP_RETRY)
                return;
        u->marker = MINI_MARKER_MINI;
        if (retry_send(u))
                return;
        if (u->job->system == JOB_SYSTEM_MINI)
                return;
        u->job->system = JOB_SYSTEM_MINI;
        upgrade_push(u, UPGRADE_ACTION_ANNOUNCE, NULL);
        upgrade_reset_deadline(u);
}

bool mini_asks_again(Upgrade *u)
{
        if (!mini_applies(u) || !u->ask_at || u->now < u->ask_at)
                return false;
        u->ask_at = 0;
        upgrade_push(u, UPGRADE_ACTION_IDENTIFY, NULL);
        u->deadline = u->now + u->timeouts->settle;
        return true;
}

void mini_timed_out(Upgrade *u)
{
        uint64_t stalls = u->progress_at + u->timeouts->stall;
        bool late = u->now >= stalls;

        if (u->job->stalled) {
                stalled_probe(u);
        } else if (late && u->marker != MINI_MARKER_FIRMWARE) {
                stalled_enter(u);
        } else {
                /* Ask once more: the answer may differ by now, and decides. */
                u->ask_at = 0;
                upgrade_push(u, UPGRADE_ACTION_IDENTIFY, NULL);
                u->deadline = u->now + u->timeouts->settle;
                if (late)
                        forget_marker(u);
                else
                        u->deadline = MIN(u->deadline, stalls);
        }
}
