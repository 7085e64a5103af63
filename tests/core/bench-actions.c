/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bench's actions: carries out what core/upgrade decides, at once, and asserts the rules in upgrade-bench.h at
 * every step. The module's answers are in bench-module.c. */

#include "bench-private.h"
#include "core/state/upgrade-state.h"

static bool changes_the_module(const char *command)
{
        static const char *const changing[] = { "AT+QINDCFG=\"all\",",
                                                "AT+QINDCFG=\"FOTA\",",
                                                "AT+QURCCFG=\"urcport\",",
                                                "AT+QICSGP=",
                                                "AT+QCFG=\"fota/cid\",",
                                                "AT+QIACT=",
                                                "AT+QFOTADL=\"",
                                                "AT+IFC=",
                                                "AT+QCFG=\"usbifc\",",
                                                "AT+CFUN=0",
                                                "AT+CFUN=1,1" };

        for (size_t i = 0; i < G_N_ELEMENTS(changing); i++)
                if (g_str_has_prefix(command, changing[i]))
                        return !g_str_has_prefix(command, "AT+QICSGP=") || strchr(command, ',');
        return false;
}

/* Like ck_assert_msg(), which also writes to libcheck's file when the assertion holds: some tests have millions of
 * them. */
#define must(condition, ...)                                                                                           \
        do {                                                                                                           \
                if (!(condition))                                                                                      \
                        ck_abort_msg(__VA_ARGS__);                                                                     \
        } while (0)

static void check_job(Bench *b)
{
        must(b->job->percent >= b->percent, "the percentage went back from %u to %u", b->percent, b->job->percent);
        must(b->job->percent < 100 || (b->job->percent == 100 && b->job->result == JOB_RESULT_SUCCESS),
             "100 without success");
        b->percent = b->job->percent;
}

static void persist(Bench *b, bool *persisted)
{
        UpgradeEvent event = bench_event_of(b, UPGRADE_EVENT_DISK);

        b->persists++;
        if (!b->fails_at || !(b->persists == b->fails_at || (b->fails_on && b->persists > b->fails_at))) {
                g_free(b->disk);
                b->disk = job_to_text(b->job);
                *persisted = true;
                g_string_append(b->log, "persist|");
                return;
        }
        if (b->job->state == JOB_FINISHED && !b->read_only) {
                g_free(b->disk);
                b->disk = g_strdup("");
                *persisted = true;
                g_string_append(b->log, "remove|");
                return;
        }
        g_string_append(b->log, "persist!|");
        upgrade_drop_actions(b->upgrade);
        event.text = "No space left on device";
        event.full = true;
        upgrade_handle(b->upgrade, &event);
        *persisted = false;
}

static bool is_printable(const char *text)
{
        while (*text >= ' ' && *text < 0x7f)
                text++;
        return !*text;
}

/* AT manuals: AT+QIACT takes up to 150 s, AT+QIDEACT up to 40 s. In time-outs of a command, which is 30 s. */
static unsigned patience(const char *command)
{
        return g_str_has_prefix(command, "AT+QIACT=") ? 5 : g_str_has_prefix(command, "AT+QIDEACT=") ? 2 : 1;
}

static void send(Bench *b, const UpgradeAction *action, bool persisted)
{
        Pending *pending = g_new0(Pending, 1);

        if (strcmp(action->text, "AT+QURCCFG=\"urcport\"") == 0) /* core/inspect's questions come before this command */
                b->inspecting = false;
        if (!b->inspecting || changes_the_module(action->text))
                g_string_append_printf(b->log, "send %s|", action->text);
        else if (!g_str_has_prefix(action->text, "AT+QINDCFG="))
                g_string_append_printf(b->questions, "%s|", action->text);
        must(!b->transfer_runs, "%s is sent into a package", action->text);
        must(!b->listening, "%s is sent while the port only listens", action->text);
        must(b->present, "%s is sent to a module that is not there", action->text);
        must(!changes_the_module(action->text) || persisted || b->job->result != JOB_RESULT_NONE,
             "%s is sent before it is on the disk", action->text); /* the old values are on disk already */
        must(action->timeout == b->timeouts.command * patience(action->text), "%s has another time-out", action->text);
        must(action->tag > 0, "%s has the tag of the identity", action->text);
        must(is_printable(action->text), "%s has bytes that are not printable ASCII", action->text);
        if (strstr(action->text, "Geheim7") || g_str_has_prefix(action->text, "AT+QICSGP="))
                must(action->secret, "%s is not marked as secret", action->text);
        if (g_str_has_prefix(action->text, "AT+QFOTADL=\"")) {
                must(action->hush == b->job->from_host, "what follows AT+QFOTADL may be a package");
                must(++b->upgrades_sent <= 1 + b->retries, "AT+QFOTADL is sent a second time");
                assert_has(b->disk, "Sent=true");
        }
        pending->tag = action->tag;
        pending->text = g_strdup(action->text);
        g_queue_push_tail(&b->pending, pending);
        if (strcmp(action->text, "AT+CFUN=0") == 0)
                b->radio_off = true;
        else if (g_str_has_prefix(action->text, "AT+CFUN=1"))
                b->radio_off = false;
}

static void carry_out(Bench *b, const UpgradeAction *action, bool *persisted)
{
        g_autofree char *why = NULL;

        switch (action->type) {
        case UPGRADE_ACTION_PERSIST: persist(b, persisted); return;
        case UPGRADE_ACTION_SEND: send(b, action, *persisted); return;
        case UPGRADE_ACTION_LISTEN:
                g_string_append(b->log, "listen|");
                b->listening = true;
                g_queue_clear_full(&b->pending, (GDestroyNotify)bench_pending_free);
                return;
        case UPGRADE_ACTION_IDENTIFY:
                g_string_append(b->log, "identify|");
                b->listening = false;
                b->identify = true;
                return;
        case UPGRADE_ACTION_CHECK_SOURCE:
                if (b->job->from_host) {
                        UpgradeEvent event = bench_event_of(b, UPGRADE_EVENT_SOURCE);

                        event.text = b->package_fault;
                        g_string_append(b->log, "check-package|");
                        upgrade_handle(b->upgrade, &event);
                        return;
                }
                g_string_append_printf(b->log, "check-source %s|", action->text);
                must(action->secret && action->timeout == b->timeouts.source, "%s", action->text);
                b->asks_server = true;
                return;
        case UPGRADE_ACTION_SEND_BLIND:
                g_string_append_printf(b->log, "blind %s|", action->text);
                must(!b->listening && !b->transfer_runs && !b->job->sent, "%s is sent blindly", action->text);
                g_queue_clear_full(&b->pending, (GDestroyNotify)bench_pending_free);
                if (g_str_has_prefix(action->text, "AT+IFC=")) {
                        g_free(b->flow);
                        b->flow = g_strdup(action->text + strlen("AT+IFC="));
                }
                b->identify = true;
                return;
        case UPGRADE_ACTION_FLOW:
                g_string_append_printf(b->log, "flow %s|", action->text);
                b->host_flow = strcmp(action->text, "hardware") == 0;
                return;
        case UPGRADE_ACTION_TRANSFER:
                g_string_append_printf(b->log, "transfer %s|", action->text);
                must(b->listening, "a package begins on a port that does not only listen");
                must(++b->transfers == 1, "the package is sent a second time");
                ck_assert(b->host_flow == (strcmp(action->text, "hardware") == 0));
                assert_has(b->disk, "Transferring=true");
                b->transfer_runs = true;
                return;
        case UPGRADE_ACTION_TRANSFER_LAST:
                g_string_append(b->log, "last|");
                ck_assert(b->transfer_runs);
                assert_has(b->disk, "Transferred=true");
                return;
        case UPGRADE_ACTION_TRANSFER_STOP:
                g_string_append(b->log, "stop|");
                b->transfer_runs = false;
                return;
        case UPGRADE_ACTION_WARN:
                g_string_append_printf(b->log, "warn %s|", action->text);
                must(!strstr(action->text, "Geheim7"), "%s", action->text);
                return;
        case UPGRADE_ACTION_POWER:
                g_string_append_printf(b->log, "power %s|", action->text);
                must(*b->job->power_control_before, "power/control is changed and its value forgotten");
                g_free(b->power_control);
                b->power_control = g_strdup(action->text);
                return;
        case UPGRADE_ACTION_ANNOUNCE:
                g_string_append(b->log, "announce|");
                b->announced_percent = b->job->percent;
                return;
        case UPGRADE_ACTION_RESULT:
                g_string_append(b->log, "result|");
                must(++b->results == 1, "the result is sent twice");
                ck_assert(b->job->state == JOB_FINISHED && b->job->result != JOB_RESULT_NONE && b->job->finished);
                ck_assert_ptr_null(strstr(b->job->source, "Geheim7"));
                ck_assert_ptr_null(b->job->options->apn_password);
                must(g_str_has_suffix(b->job->message, "."), "%s", b->job->message);
                must(!strstr(b->job->message, "Geheim7"), "%s", b->job->message);
                if (!b->fails_at)
                        assert_has_not(b->disk, "Geheim7");
                return;
        case UPGRADE_ACTION_RELEASE:
                g_string_append(b->log, "release|");
                must(b->results == 1, "released before the result was sent");
                ck_assert_uint_eq(++b->released, 1);
                return;
        }
}

void bench_handle(Bench *b, const UpgradeEvent *event)
{
        bool persisted = false;

        if (b->crashed)
                return;
        upgrade_handle(b->upgrade, event);
        for (;;) {
                g_autoptr(UpgradeAction) action = upgrade_pop(b->upgrade);

                if (!action)
                        break;
                check_job(b);
                carry_out(b, action, &persisted);
                if (b->crash_at && ++b->actions >= b->crash_at) {
                        b->crashed = true;
                        return;
                }
        }
        check_job(b);
        if (event->type == UPGRADE_EVENT_TICK)
                must(upgrade_deadline(b->upgrade) > b->now, "a deadline stays in the past: a busy loop");
        must(upgrade_patience(b->upgrade) >= upgrade_deadline(b->upgrade), "the announced time-out is too early");
        if (b->job->state == JOB_FINISHED)
                must(upgrade_deadline(b->upgrade) == UINT64_MAX && b->released, "finished, but not released");
        else
                must(upgrade_deadline(b->upgrade) != UINT64_MAX || b->job->state == JOB_QUEUED,
                     "waits for ever in state %s", job_state_to_string(b->job->state));
}
