/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bench on which core/upgrade is tested; what it asserts stands in the header. Knows the core's interfaces only. */

#include "core/state/upgrade-state.h"
#include "upgrade-bench.h"

typedef struct Pending {
        unsigned tag;
        char *text;
} Pending;

static void pending_free(Pending *pending)
{
        g_free(pending->text);
        g_free(pending);
}

Bench *bench_new(void)
{
        Bench *b = g_new0(Bench, 1);

        b->timeouts = (Timeouts){ .command = 30 * SECOND,
                                  .start = 60 * SECOND,
                                  .download_idle = 420 * SECOND,
                                  .update_idle = 900 * SECOND,
                                  .restart = 300 * SECOND,
                                  .settle = 180 * SECOND,
                                  .stall = 900 * SECOND,
                                  .source = 30 * SECOND };
        b->now = 5000 * SECOND;
        b->boot = "boot-1";
        b->device = 1 << 16 | 4;
        b->power_control = g_strdup("auto");
        b->urc_port = g_strdup("usbat");
        b->fota_cid = g_strdup("1");
        b->qind = "1";
        b->flow = g_strdup("0,0");
        b->context = g_strdup(BENCH_CONTEXT);
        b->reject_number = -1;
        b->log = g_string_new(NULL);
        b->questions = g_string_new(NULL);
        b->job = job_new("1", "usb-1-1");
        g_free(b->job->source);
        b->job->source = g_strdup(BENCH_URL);
        b->job->method = METHOD_DFOTA;
        b->job->created = 1;
        b->disk = job_to_text(b->job);
        b->upgrade = upgrade_new(b->job, &b->timeouts);
        return b;
}

void bench_free(Bench *b)
{
        upgrade_free(b->upgrade);
        job_free(b->job);
        g_queue_clear_full(&b->pending, (GDestroyNotify)pending_free);
        g_string_free(b->log, TRUE);
        g_string_free(b->questions, TRUE);
        g_free(b->disk);
        g_free(b->power_control);
        g_free(b->urc_port);
        g_free(b->fota_cid);
        g_free(b->flow);
        g_free(b->context);
        g_free(b);
}

void bench_clear(Bench *b)
{
        g_string_truncate(b->log, 0);
}

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

static UpgradeEvent event_of(Bench *b, UpgradeEventType type)
{
        return (UpgradeEvent){ .type = type,
                               .now = b->now,
                               .realtime = 1700000000000000 + b->now,
                               .at_port = b->at_port,
                               .port_idle = b->at_port && !b->port_busy && g_queue_is_empty(&b->pending),
                               .boot = b->boot,
                               .diag_port = b->diag_port };
}

/* As ck_assert_msg(), which writes to libcheck's file also if the assertion holds: some tests have millions of them. */
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

static void carry_out(Bench *b, const UpgradeAction *action, bool *persisted);

static void handle(Bench *b, const UpgradeEvent *event)
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
        if (b->job->state == JOB_FINISHED)
                must(upgrade_deadline(b->upgrade) == UINT64_MAX && b->released, "finished, but not released");
        else
                must(upgrade_deadline(b->upgrade) != UINT64_MAX || b->job->state == JOB_QUEUED,
                     "waits for ever in state %s", job_state_to_string(b->job->state));
}

static void persist(Bench *b, bool *persisted)
{
        UpgradeEvent event = event_of(b, UPGRADE_EVENT_DISK);

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
        upgrade_handle(b->upgrade, &event);
        *persisted = false;
}

static bool is_printable(const char *text)
{
        while (*text >= ' ' && *text < 0x7f)
                text++;
        return !*text;
}

static void send(Bench *b, const UpgradeAction *action, bool persisted)
{
        Pending *pending = g_new0(Pending, 1);

        if (strcmp(action->text, "AT+QURCCFG=\"urcport\"") == 0) /* what core/inspect asks comes before that */
                b->inspecting = false;
        if (!b->inspecting || changes_the_module(action->text))
                g_string_append_printf(b->log, "send %s|", action->text);
        else if (!g_str_has_prefix(action->text, "AT+QINDCFG="))
                g_string_append_printf(b->questions, "%s|", action->text);
        must(!b->transfer_runs, "%s is sent into a package", action->text);
        must(!b->listening, "%s is sent while the port only listens", action->text);
        must(b->present, "%s is sent to a module that is not there", action->text);
        must(!changes_the_module(action->text) || persisted || b->job->result != JOB_RESULT_NONE,
             "%s is sent before it is on the disk", action->text); /* what is put back is on it already */
        must(action->timeout > 0, "%s has no time-out", action->text);
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
                g_queue_clear_full(&b->pending, (GDestroyNotify)pending_free);
                return;
        case UPGRADE_ACTION_IDENTIFY:
                g_string_append(b->log, "identify|");
                b->listening = false;
                b->identify = true;
                return;
        case UPGRADE_ACTION_CHECK_SOURCE:
                if (b->job->from_host) {
                        UpgradeEvent event = event_of(b, UPGRADE_EVENT_SOURCE);

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
                g_queue_clear_full(&b->pending, (GDestroyNotify)pending_free);
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
                must(++b->results == 1, "the result is said twice");
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
                must(b->results == 1, "released before the result was said");
                ck_assert_uint_eq(++b->released, 1);
                return;
        }
}

/* ---- the module answers */

static void answer_pending(Bench *b, AtResult result, int error, const char *text)
{
        Pending *pending = g_queue_pop_head(&b->pending);
        UpgradeEvent event = event_of(b, UPGRADE_EVENT_ANSWER);

        ck_assert_msg(pending, "there is no command to answer");
        event.tag = pending->tag;
        event.result = result;
        event.error = error;
        event.text = text;
        if (result == AT_RESULT_OK && g_str_has_prefix(pending->text, "AT+QFOTADL=\""))
                b->started = true;
        if (result == AT_RESULT_OK && strcmp(pending->text, "AT+CFUN=1,1") == 0)
                b->reset = true;
        pending_free(pending);
        handle(b, &event);
}

static void set_value(char **field, const char *command)
{
        const char *comma = strrchr(command, ',') + 1;

        g_free(*field);
        *field = *comma == '"' ? g_strndup(comma + 1, strlen(comma) - 2) : g_strdup(comma);
}

/* AT+QINDCFG="all" and AT+QINDCFG="FOTA", with and without a value. Returns false if the module has no such item. */
static bool answer_qindcfg(Bench *b, const char *command, char **ret_text)
{
        const char *item = g_str_has_prefix(command, "AT+QINDCFG=\"all\"") ? "all" : "FOTA";
        const char **value = *item == 'a' ? &b->qind : &b->qind_fota;

        if (!*value)
                return false;
        if (!strchr(command, ','))
                *ret_text = g_strdup_printf("+QINDCFG: \"%s\",%s", item, *value);
        else
                *value = strstr(command, ",1,0") ? "1" : "0";
        return true;
}

static char *answer_to_question(const Bench *b, const char *command)
{
        const struct {
                const char *command, *information;
        } answers[] = { { "AT+CPIN?", b->sim },           { "AT+CEREG?", b->cereg },
                        { "AT+CREG?", b->creg },          { "AT+CSQ", b->csq },
                        { "AT+QFLDS=\"UFS\"", b->qflds }, { "AT+QNETDEVCTL?", b->qnetdevctl },
                        { "AT+QFOTADL=?", b->qfotadl } };

        for (size_t i = 0; i < G_N_ELEMENTS(answers); i++)
                if (strcmp(command, answers[i].command) == 0)
                        return g_strdup(answers[i].information);
        return NULL;
}

static const struct {
        const char *command, *information;
} fingerprint[FINGERPRINT_ROWS] = { { "AT+CMGF?", "+CMGF: 0" },
                                    { "AT+CPBS?", "+CPBS: \"SM\",0,250" },
                                    { "AT+CSSN?", "+CSSN: 0,0" },
                                    { "AT+QCFG=\"usbnet\"", "+QCFG: \"usbnet\",1" },
                                    { "AT+IFC?", "+IFC: 0,0" } };

/* The row of the fingerprint that the command asks for, FINGERPRINT_ROWS for none. */
static unsigned row_of(const char *command)
{
        unsigned row = 0;

        while (row < FINGERPRINT_ROWS && strcmp(command, fingerprint[row].command) != 0)
                row++;
        return row;
}

static bool lacks_row(const Bench *b, const char *command)
{
        unsigned row = row_of(command);

        if (row == FINGERPRINT_ROWS)
                return false;
        return b->no_sms || (b->mini && !(b->mini_knows & 1u << row));
}

static void answer_all(Bench *b)
{
        while (!b->crashed && !g_queue_is_empty(&b->pending) &&
               !(b->inspecting ? b->holds_questions : b->holds_answers)) {
                const char *command = ((Pending *)g_queue_peek_head(&b->pending))->text;
                g_autofree char *text = NULL;

                if (b->rejects && g_str_has_prefix(command, b->rejects)) {
                        answer_pending(b, AT_RESULT_ERROR, b->reject_number, "");
                        continue;
                }
                if (b->mutes && g_str_has_prefix(command, b->mutes)) {
                        b->now += b->timeouts.command;
                        answer_pending(b, AT_RESULT_TIMEOUT, -1, "");
                        continue;
                }
                if (lacks_row(b, command)) {
                        answer_pending(b, AT_RESULT_ERROR, -1, "");
                        continue;
                }
                text = answer_to_question(b, command);
                if (text)
                        ;
                else if (g_str_has_prefix(command, "AT+QINDCFG=")) {
                        if (!answer_qindcfg(b, command, &text)) {
                                answer_pending(b, AT_RESULT_ERROR, -1, "");
                                continue;
                        }
                } else if (strcmp(command, "AT+QURCCFG=\"urcport\"") == 0)
                        text = g_strdup_printf("+QURCCFG: \"urcport\",\"%s\"", b->urc_port);
                else if (g_str_has_prefix(command, "AT+QURCCFG=\"urcport\","))
                        set_value(&b->urc_port, command);
                else if (strcmp(command, "AT+QCFG=\"fota/cid\"") == 0)
                        text = g_strdup_printf("+QCFG: \"fota/cid\",%s", b->fota_cid);
                else if (g_str_has_prefix(command, "AT+QCFG=\"fota/cid\","))
                        set_value(&b->fota_cid, command);
                else if (strcmp(command, "AT+QCFG=\"usbifc\"") == 0)
                        text = g_strdup_printf("+QCFG: \"usbifc\",%s", b->flow);
                else if (strcmp(command, "AT+IFC?") == 0)
                        text = g_strdup_printf("+IFC: %s", b->flow);
                else if (g_str_has_prefix(command, "AT+QCFG=\"usbifc\",") || g_str_has_prefix(command, "AT+IFC=")) {
                        if (!b->keeps_flow) {
                                g_free(b->flow);
                                b->flow = g_strdup(command + strlen(command) - strlen("2,2"));
                        }
                } else if (g_str_has_prefix(command, "AT+QICSGP=") && !strchr(command, ','))
                        text = g_strdup_printf("+QICSGP: %s", b->context);
                else if (g_str_has_prefix(command, "AT+QICSGP=")) {
                        g_free(b->context);
                        b->context = g_strdup(strchr(command, ',') + 1);
                } else if (g_str_has_prefix(command, "AT+QIACT=") || g_str_has_prefix(command, "AT+QIDEACT="))
                        b->context_active = strstr(command, "QIACT") != NULL;
                else if (row_of(command) < FINGERPRINT_ROWS)
                        text = g_strdup(fingerprint[row_of(command)].information);
                else if (strcmp(command, "AT+QIACT?") == 0 && b->contexts_active)
                        text = g_strdup("+QIACT: 1,1,1,\"10.0.0.1\"\n+QIACT: 2,1,1,\"10.0.0.2\"");
                answer_pending(b, AT_RESULT_OK, -1, text ?: "");
        }
}

static void give(Bench *b, const UpgradeEvent *event)
{
        handle(b, event);
        answer_all(b);
}

void bench_answer(Bench *b, AtResult result, int error, const char *text)
{
        answer_pending(b, result, error, text);
        answer_all(b);
}

/* ---- events */

void bench_event(Bench *b, UpgradeEventType type, const char *text)
{
        UpgradeEvent event = event_of(b, type);

        event.text = text;
        give(b, &event);
}

void bench_give(Bench *b, UpgradeEvent event)
{
        UpgradeEvent timed = event_of(b, event.type);

        event.now = timed.now;
        event.realtime = timed.realtime;
        event.at_port = timed.at_port;
        event.diag_port = timed.diag_port;
        give(b, &event);
}

Bench *bench_new_file(void)
{
        Bench *b = bench_new();

        job_set_string(&b->job->source, "update.bin");
        job_set_string(&b->job->package_sha256, "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
        b->job->package_size = BENCH_PACKAGE_SIZE;
        b->job->from_host = true;
        g_free(b->disk);
        b->disk = job_to_text(b->job);
        return b;
}

void bench_sent(Bench *b, uint64_t bytes)
{
        ck_assert_msg(b->transfer_runs, "nothing is being sent");
        b->now += SECOND / 10;
        b->transfer_runs = bytes < BENCH_PACKAGE_SIZE;
        bench_give(b, (UpgradeEvent){ .type = UPGRADE_EVENT_SENT, .size = bytes });
}

void bench_transfer(Bench *b)
{
        bench_go(b);
        bench_fota(b, "\"FILESTART\"");
        bench_sent(b, BENCH_PACKAGE_SIZE / 2);
        bench_event(b, UPGRADE_EVENT_ALL_BUT_LAST, NULL);
        bench_sent(b, BENCH_PACKAGE_SIZE);
}

void bench_finish_file(Bench *b)
{
        bench_fota(b, "\"FILEEND\",0");
        bench_restart(b);
        bench_fota(b, "\"START\"");
        bench_fota(b, "\"UPDATING\",91");
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        bench_ready(b, NEW_REVISION);
}

void bench_begin(Bench *b)
{
        bench_event(b, UPGRADE_EVENT_BEGIN, NULL);
}

void bench_seen(Bench *b)
{
        UpgradeEvent event;

        b->present = b->at_port = b->diag_port = true;
        b->listening = b->identify = false;
        event = event_of(b, UPGRADE_EVENT_PRESENT);
        event.product = b->product;
        event.device = b->device;
        event.power_control = b->power_control;
        give(b, &event);
}

void bench_present(Bench *b)
{
        b->device++;
        b->radio_off = b->reset = b->context_active = false;
        if (b->power_control) {
                g_free(b->power_control);
                b->power_control = g_strdup("auto");
        }
        bench_seen(b);
}

void bench_gone(Bench *b)
{
        b->present = b->at_port = b->diag_port = false;
        b->listening = b->identify = b->transfer_runs = b->host_flow = false;
        g_queue_clear_full(&b->pending, (GDestroyNotify)pending_free);
        bench_event(b, UPGRADE_EVENT_GONE, NULL);
}

void bench_ready(Bench *b, const char *revision)
{
        bench_ready_as(b, revision, "", BENCH_IMEI);
}

void bench_ready_as(Bench *b, const char *revision, const char *build, const char *imei)
{
        g_autoptr(Identity) identity = identity_new();
        UpgradeEvent event = event_of(b, UPGRADE_EVENT_READY);

        job_set_string(&identity->revision, revision);
        job_set_string(&identity->build, build);
        job_set_string(&identity->imei, imei);
        event.identity = identity;
        ck_assert_msg(!b->listening || !b->job->from_host, "it is not asked who it is: the port only listens");
        do {
                b->identify = false;
                b->inspecting = !b->job->sent && b->job->result == JOB_RESULT_NONE;
                event.port_idle = b->at_port && !b->port_busy && g_queue_is_empty(&b->pending);
                give(b, &event);
        } while (b->upgrade->rereading && !b->answers_once && !b->crashed && b->job->state != JOB_FINISHED);
}

void bench_port_lost(Bench *b)
{
        b->transfer_runs = b->host_flow = b->identify = false;
        b->listening = b->listening && b->job->from_host; /* what only listens does so when it is open again */
        g_queue_clear_full(&b->pending, (GDestroyNotify)pending_free);
        bench_event(b, UPGRADE_EVENT_PORT_LOST, NULL);
}

void bench_urc(Bench *b, const char *text)
{
        bench_event(b, UPGRADE_EVENT_URC, text);
}

void bench_fota(Bench *b, const char *rest)
{
        g_autofree char *text = g_strdup_printf("+QIND: \"FOTA\",%s", rest);

        b->now += SECOND / 10;
        bench_urc(b, text);
}

void bench_cancel(Bench *b)
{
        ck_assert_msg(upgrade_is_cancellable(b->job), "a cancel would be refused");
        bench_event(b, UPGRADE_EVENT_CANCEL, NULL);
}

void bench_tick(Bench *b)
{
        ck_assert_msg(upgrade_deadline(b->upgrade) != UINT64_MAX, "there is nothing to wait for");
        b->now = MAX(b->now, upgrade_deadline(b->upgrade));
        bench_event(b, UPGRADE_EVENT_TICK, NULL);
}

void bench_pass(Bench *b, uint64_t us)
{
        uint64_t until = b->now + us;

        while (!b->crashed && upgrade_deadline(b->upgrade) <= until)
                bench_tick(b);
        b->now = MAX(b->now, until);
}

void bench_retry(Bench *b, const char *url)
{
        ck_assert_msg(upgrade_may_retry(b->job), "a retry would be refused");
        b->retries++;
        job_set_string(&b->job->retry_source, url);
        g_free(b->disk);
        b->disk = job_to_text(b->job);
        bench_event(b, UPGRADE_EVENT_RETRY, NULL);
}

/* ---- whole stretches */

void bench_make_mini(Bench *b)
{
        b->job->method = METHOD_MINIFOTA;
        b->product = 0x6002;
        g_free(b->job->source);
        b->job->source = g_strdup("http://user:Geheim7@h/x.mini_1");
        g_free(b->disk);
        b->disk = job_to_text(b->job);
}

void bench_restart(Bench *b)
{
        bench_gone(b);
        b->now += 10 * SECOND;
        bench_present(b);
}

void bench_go(Bench *b)
{
        bench_begin(b);
        bench_present(b);
        b->now += 5 * SECOND;
        bench_ready(b, b->job->method == METHOD_MINIFOTA ? MINI_OLD : OLD_REVISION);
        ck_assert_uint_eq(b->upgrades_sent, 1);
        bench_assert_state(b, JOB_DOWNLOADING);
        ck_assert(upgrade_is_cancellable(b->job));
}

void bench_download(Bench *b)
{
        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_fota(b, "\"DOWNLOADING\",1");
        bench_fota(b, "\"DOWNLOADING\",50");
        bench_fota(b, "\"DOWNLOADING\",100");
        bench_fota(b, "\"HTTPEND\",0");
        ck_assert(b->job->reached >= JOB_REACHED_DOWNLOADED);
}

void bench_update(Bench *b)
{
        bench_download(b);
        bench_restart(b);
        bench_fota(b, "\"START\"");
        bench_fota(b, "\"UPDATING\",1");
        bench_fota(b, "\"UPDATING\",50");
        bench_assert_state(b, JOB_UPDATING);
}

void bench_resurrect(Bench *b)
{
        g_autofree char *why = NULL;

        upgrade_free(b->upgrade);
        job_free(b->job);
        b->job = job_from_text(b->disk, "1", &why);
        ck_assert_msg(b->job, "%s\n%s", why, b->disk);
        ck_assert_msg(b->job->percent >= b->announced_percent, "the disk says %u percent, the bus said %u",
                      b->job->percent, b->announced_percent);
        b->upgrade = upgrade_new(b->job, &b->timeouts);
        b->crashed = b->listening = b->identify = b->transfer_runs = b->host_flow = false;
        b->crash_at = b->crash_again;
        b->crash_again = b->actions = 0;
        b->percent = b->job->percent;
        g_queue_clear_full(&b->pending, (GDestroyNotify)pending_free);
        if (b->job->state == JOB_FINISHED)
                return;
        bench_begin(b);
        if (b->present && !b->crashed)
                bench_seen(b);
}

/* ---- what came of it */

void bench_assert_end(Bench *b, JobResult result, const char *name)
{
        ck_assert_msg(b->job->state == JOB_FINISHED, "it is %s, not finished: %s", job_state_to_string(b->job->state),
                      b->log->str);
        ck_assert_msg(b->job->result == result && strcmp(job_error_name(b->job), name) == 0,
                      "it ended %s %s instead of %s %s: %s", job_result_to_string(b->job->result),
                      job_error_name(b->job), job_result_to_string(result), name, b->job->message);
        ck_assert_uint_eq(b->results, 1);
        ck_assert_uint_eq(b->released, 1);
        ck_assert((b->job->percent == 100) == (result == JOB_RESULT_SUCCESS));
}

void bench_assert_state(Bench *b, JobState state)
{
        ck_assert_msg(b->job->state == state, "it is %s instead of %s", job_state_to_string(b->job->state),
                      job_state_to_string(state));
}

Bench *bench_new_mini(void)
{
        Bench *b = bench_new();

        bench_make_mini(b);
        return b;
}

Bench *bench_new_adopted(void)
{
        Bench *b = bench_new_mini();

        b->job->origin = JOB_ORIGIN_ADOPTED;
        b->job->sent = b->job->disconnected = true;
        b->job->reached = JOB_REACHED_ACCEPTED;
        b->job->state = JOB_DOWNLOADING;
        b->job->system = JOB_SYSTEM_MINI;
        *b->job->source = 0;
        bench_begin(b);
        bench_present(b);
        return b;
}

void bench_updating(Bench *b, int value)
{
        g_autofree char *text = g_strdup_printf("\"UPDATING\",%d", value);

        bench_fota(b, text);
}
