/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bench's module: answers the commands of core/upgrade as the fields of the bench say. */

#include "bench-private.h"
#include "core/quectel/fingerprint.h"

void bench_answer_oldest(Bench *b, AtResult result, int error, const char *text)
{
        Pending *pending = g_queue_pop_head(&b->pending);
        UpgradeEvent event = bench_event_of(b, UPGRADE_EVENT_ANSWER);

        ck_assert_msg(pending, "there is no command to answer");
        event.tag = pending->tag;
        event.result = result;
        event.error = error;
        event.text = text;
        if (result == AT_RESULT_OK && g_str_has_prefix(pending->text, "AT+QFOTADL=\""))
                b->started = true;
        if (result == AT_RESULT_OK && strcmp(pending->text, "AT+CFUN=1,1") == 0)
                b->reset = true;
        bench_pending_free(pending);
        bench_handle(b, &event);
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

void bench_answer_all(Bench *b)
{
        while (!b->crashed && !g_queue_is_empty(&b->pending) &&
               !(b->inspecting ? b->holds_questions : b->holds_answers)) {
                const char *command = ((Pending *)g_queue_peek_head(&b->pending))->text;
                g_autofree char *text = NULL;

                if (b->rejects && g_str_has_prefix(command, b->rejects)) {
                        bench_answer_oldest(b, AT_RESULT_ERROR, b->reject_number, "");
                        continue;
                }
                if (b->mutes && g_str_has_prefix(command, b->mutes)) {
                        b->now += b->timeouts.command;
                        bench_answer_oldest(b, AT_RESULT_TIMEOUT, -1, "");
                        continue;
                }
                if (lacks_row(b, command)) {
                        bench_answer_oldest(b, AT_RESULT_ERROR, -1, "");
                        continue;
                }
                text = answer_to_question(b, command);
                if (text)
                        ;
                else if (g_str_has_prefix(command, "AT+QINDCFG=")) {
                        if (!answer_qindcfg(b, command, &text)) {
                                bench_answer_oldest(b, AT_RESULT_ERROR, -1, "");
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
                bench_answer_oldest(b, AT_RESULT_OK, -1, text ?: "");
        }
}
