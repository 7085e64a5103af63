/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Logs every event that a test feeds to core/upgrade, with the upgrade's whole state before and after it and the
 * actions that follow, to the file that FOTAD_EVENT_LOG names. Linked into the upgrade's tests in front of
 * upgrade_handle() (-Wl,--wrap). tests/core/event-log compares two builds by this log: a refactoring must leave it
 * unchanged. The labels below belong to the log and stay when a field is renamed. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/state/upgrade-phase.h"
#include "core/state/upgrade-state.h"

void __real_upgrade_handle(Upgrade *u, const UpgradeEvent *event);
void __wrap_upgrade_handle(Upgrade *u, const UpgradeEvent *event);

static char *describe(const Upgrade *u)
{
        g_autofree char *record = job_to_text(u->job);
        GString *s = g_string_new(NULL);

        g_string_append_printf(s, "step=%d tag=%u deadline=%" G_GUINT64_FORMAT, (int)u->step, u->tag, u->deadline);
        g_string_append_printf(s, " present=%d ready=%d answers=%d boot_rom=%d other_port=%d live=%d booted=%d",
                               u->present, u->ready, u->port_answers, u->boot_rom, u->other_port, u->saw_upgrade_urc, u->saw_boot_urc);
        g_string_append_printf(s, " restores=%d kept_awake=%d unsent=%d asked=%d restarts=%u product=%u", u->gone_before_restore,
                               u->kept_awake, u->command_dropped, u->asked_unprompted, u->restarts_without_progress, u->product);
        g_string_append_printf(s, " revision=%s build=%s package_size=%" G_GUINT64_FORMAT, u->revision ?: "-",
                               u->build ?: "-", u->package_size);
        g_string_append_printf(s, " hushed=%d sending=%d hardware=%d no_flow=%d dropped=%d", u->listens_only, u->sending,
                               u->host_flow_control, u->no_flow_control, u->transfer_dropped);
        g_string_append_printf(s, " progress=%" G_GUINT64_FORMAT " look=%" G_GUINT64_FORMAT, u->progress_at, u->probed_at);
        g_string_append_printf(s, " ready_since=%" G_GUINT64_FORMAT " ask_at=%" G_GUINT64_FORMAT, u->ready_since,
                               u->ask_at);
        g_string_append_printf(s, " interval=%" G_GUINT64_FORMAT " marker=%d big=%d downloading=%d source_before=%s",
                               u->ask_interval, (int)u->marker, u->saw_firmware_urc, u->highest_downloading, u->source_before ?: "-");
        g_string_append_printf(s, "\n  record %s", g_strdelimit(record, "\n", '|'));
        return g_string_free(s, FALSE);
}

/* A state that equals the one logged before it is not repeated. */
static void log_state(FILE *log, const char *head, const Upgrade *u)
{
        static char *last;
        char *state = describe(u);

        fprintf(log, "%s %s\n", head, g_strcmp0(state, last) == 0 ? "as before" : state);
        g_free(last);
        last = state;
}

static void log_actions(FILE *log, const Upgrade *u)
{
        for (const GList *i = u->actions.head; i; i = i->next) {
                const UpgradeAction *a = i->data;

                fprintf(log, "  action %d secret=%d hush=%d tag=%u timeout=%" G_GUINT64_FORMAT " %s\n", (int)a->type,
                        a->secret, a->hush, a->tag, a->timeout, a->text ?: "-");
        }
}

/* Fails if the table of core/upgrade-phase does not have this transition. Appends "phase event phase" to the file that
 * FOTAD_PHASES names, each such line once per process. */
static void note_phases(Phase before, UpgradeEventType event, Phase after)
{
        static bool seen[_PHASE_MAX][_UPGRADE_EVENT_MAX][_PHASE_MAX];
        const char *path = getenv("FOTAD_PHASES");
        FILE *file;

        ck_assert_msg(phase_may_follow(before, after), "event %s leads from %s to %s, which the table does not have",
                      upgrade_event_name(event), phase_traits(before)->name, phase_traits(after)->name);
        if (!path || seen[before][event][after])
                return;
        seen[before][event][after] = true;
        file = fopen(path, "a");
        if (!file)
                abort();
        fprintf(file, "%s %s %s\n", phase_traits(before)->name, upgrade_event_name(event), phase_traits(after)->name);
        fclose(file);
}

void __wrap_upgrade_handle(Upgrade *u, const UpgradeEvent *event)
{
        Phase before = upgrade_phase(u);
        const char *path = getenv("FOTAD_EVENT_LOG");
        FILE *log = path ? fopen(path, "a") : NULL;

        if (path && !log)
                abort();
        if (log) {
                log_state(log, "before", u);
                fprintf(log,
                        "event %d now=%" G_GUINT64_FORMAT " at=%d diag=%d product=%u device=%u tag=%u result=%d %s\n",
                        (int)event->type, event->now, event->at_port, event->diag_port, event->product, event->device,
                        event->tag, (int)event->result, event->text ?: "-");
        }
        __real_upgrade_handle(u, event);
        note_phases(before, event->type, upgrade_phase(u));
        if (!log)
                return;
        log_state(log, "after", u);
        log_actions(log, u);
        fclose(log);
}
