/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Records of jobs: a record that is accepted can be written and read again, sends only harmless commands when an
 * upgrade goes on with it, and AT+QFOTADL no second time; each record that the upgrade writes can be read. Input: a
 * record. */

#include <string.h>

#include "core/job/job.h"
#include "core/upgrade/upgrade.h"
#include "fuzz.h"
#include "host.h"
#include "url.h"

#define STEPS_MAX    48
#define PASSWORD_MIN 6 /* bytes of a password that is looked for; shorter ones may be parts of other words */

const unsigned fuzz_runs = 1500;

/* The same in text, but for the log, which is not read of a job that has ended. */
static void check_readable(const Job *job)
{
        g_autofree char *text = job_to_text(job), *why = NULL, *second = NULL;
        g_autoptr(Job) again = job_from_text(text, job->id, &why);

        if (!again)
                fuzz_fail(why, text);
        second = job_to_text(again);
        g_assert(job->state == JOB_FINISHED ? g_str_has_prefix(text, second) : strcmp(text, second) == 0);
}

/* ---- the upgrade goes on */

typedef struct Run {
        Job *job;
        Upgrade *upgrade;
        uint64_t now;
        unsigned choice; /* of the answers */
        unsigned commands;
} Run;

static void feed(Run *r, UpgradeEvent event)
{
        event.now = r->now;
        event.realtime = 1700000000 * SECOND + r->now;
        event.boot = "11111111-1111-1111-1111-111111111111";
        event.at_port = event.diag_port = event.port_idle = true;
        upgrade_handle(r->upgrade, &event);
}

static void answer(Run *r, const UpgradeAction *action)
{
        static const struct {
                AtResult result;
                const char *text;
        } answers[] = { { AT_RESULT_OK, "" },
                        { AT_RESULT_OK, "+QICSGP: 1,\"iot\",\"u\",\"p\",1" },
                        { AT_RESULT_OK, "+QCFG: \"usbifc\",0,0" },
                        { AT_RESULT_OK, "+QFOTADL: <URL>,(0,1),(0,5-50),(0,5-50)" },
                        { AT_RESULT_ERROR, "" },
                        { AT_RESULT_TIMEOUT, "" } };
        unsigned n = r->choice++ % 7;

        n = n < G_N_ELEMENTS(answers) ? n : 0;
        feed(r, (UpgradeEvent){ .type = UPGRADE_EVENT_ANSWER,
                                .tag = action->tag,
                                .result = answers[n].result,
                                .error = AT_ERROR_NONE,
                                .text = answers[n].text });
}

static void carry_out(Run *r, const UpgradeAction *action)
{
        switch (action->type) {
        case UPGRADE_ACTION_SEND:
                fuzz_check_command(action->text);
                r->commands += g_str_has_prefix(action->text, "AT+QFOTADL=\"");
                answer(r, action);
                return;
        case UPGRADE_ACTION_SEND_BLIND: fuzz_check_command(action->text); return;
        case UPGRADE_ACTION_PERSIST: check_readable(r->job); return;
        case UPGRADE_ACTION_POWER:
                g_assert(strcmp(action->text, "on") == 0 || strcmp(action->text, "auto") == 0);
                return;
        case UPGRADE_ACTION_CHECK_SOURCE: feed(r, (UpgradeEvent){ .type = UPGRADE_EVENT_SOURCE }); return;
        case UPGRADE_ACTION_LISTEN:
        case UPGRADE_ACTION_IDENTIFY:
        case UPGRADE_ACTION_FLOW:
        case UPGRADE_ACTION_TRANSFER:
        case UPGRADE_ACTION_TRANSFER_LAST:
        case UPGRADE_ACTION_TRANSFER_STOP:
        case UPGRADE_ACTION_WARN:
        case UPGRADE_ACTION_ANNOUNCE:
        case UPGRADE_ACTION_RESULT:
        case UPGRADE_ACTION_RELEASE: return;
        }
}

static void take_up(Job *job, unsigned choice)
{
        unsigned allowed = !job->sent + (*job->retry_source != 0);
        Run r = { .job = job, .upgrade = upgrade_new(job, &host_timeouts), .choice = choice };
        g_autoptr(Identity) identity = identity_new();

        g_free(identity->imei);
        g_free(identity->revision);
        identity->imei = g_strdup(job->imei);
        identity->revision = g_strdup(job->from_revision);
        feed(&r, (UpgradeEvent){ .type = UPGRADE_EVENT_BEGIN });
        feed(&r,
             (UpgradeEvent){ .type = UPGRADE_EVENT_PRESENT, .product = 0x6005, .device = 1, .power_control = "auto" });
        feed(&r, (UpgradeEvent){ .type = UPGRADE_EVENT_READY, .identity = identity });
        for (unsigned i = 0; i < STEPS_MAX; i++) {
                g_autoptr(UpgradeAction) action = upgrade_pop(r.upgrade);

                if (action) {
                        carry_out(&r, action);
                        continue;
                }
                if (upgrade_deadline(r.upgrade) == UINT64_MAX)
                        break;
                r.now = MAX(r.now, upgrade_deadline(r.upgrade));
                feed(&r, (UpgradeEvent){ .type = UPGRADE_EVENT_TICK });
        }
        g_assert_cmpuint(r.commands, <=, allowed);
        upgrade_free(r.upgrade);
}

/* ---- passwords */

static void check_masked(const Job *job, const char *text)
{
        g_autoptr(GString) masked = job_mask_text(text, strlen(text));
        g_autofree char *password = NULL;
        const char *first;
        Url u;

        url_parse(job->source, &u);
        if (u.password.length < PASSWORD_MIN)
                return;
        password = g_strndup(u.password.start, u.password.length);
        first = strstr(text, password);
        if (strcmp(password, "***") != 0 && first && !strstr(first + 1, password))
                g_assert(!strstr(masked->str, password));
}

static void check_forgotten(Job *job)
{
        g_autofree char *shown = NULL;

        job_forget_secrets(job);
        shown = url_redact(job->source);
        g_assert(job->from_host || strcmp(shown, job->source) == 0);
        g_assert(!job->options->apn_password && !*job->retry_source);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
        g_autofree char *text = g_strndup((const char *)bytes, size), *why = NULL;
        g_autoptr(Job) job = job_from_text(text, "1", &why);

        g_string_free(job_mask_text((const char *)bytes, size), TRUE);
        g_assert(!job == (why && *why));
        if (!job)
                return 0;
        check_masked(job, text);
        check_readable(job);
        if (job->state != JOB_FINISHED)
                take_up(job, g_str_hash(text));
        check_forgotten(job);
        check_readable(job);
        return 0;
}
