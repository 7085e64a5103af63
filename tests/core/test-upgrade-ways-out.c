/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every end of an upgrade that has changed every setting: afterwards each setting of the module is as before, or the
 * job's message names it. */

#include "upgrade-bench.h"

#define OTHERS "1,\"iot.example\",\"gw\",\"Geheim7\",2"

/* ---- the jobs */

/* AT+QFOTADL was accepted. */
static Bench *url_job(void)
{
        Bench *b = bench_new();

        bench_use_uart1(b);
        g_free(b->context);
        b->context = g_strdup(OTHERS);
        b->qind = b->qind_fota = "0";
        bench_use_context(b);
        return b;
}

static Bench *file_job(bool uart)
{
        Bench *b = bench_new_file();

        if (uart) {
                job_set_string(&b->job->module, "tty-ttyS1");
                g_clear_pointer(&b->power_control, g_free);
        }
        g_free(b->urc_port);
        b->urc_port = g_strdup(uart ? "usbat" : "uart1");
        b->qind = b->qind_fota = "0";
        return b;
}

static Bench *mini_job(void)
{
        Bench *b = bench_new_mini();

        bench_use_uart1(b);
        b->qind = b->qind_fota = "0";
        return b;
}

/* ---- events on the way */

static void begin(Bench *b)
{
        bench_begin(b);
        bench_present(b);
        bench_ready(b, b->job->method == METHOD_MINIFOTA ? MINI_OLD : OLD_REVISION);
}

/* The device is enumerated anew although the module did not restart. */
static void glitch(Bench *b)
{
        bool radio_off = b->radio_off, context_active = b->context_active;

        bench_gone(b);
        b->now += SECOND;
        bench_present(b);
        b->radio_off = radio_off;
        b->context_active = context_active;
}

/* Answers all questions until the job ends. */
static void follow(Bench *b, const char *revision)
{
        for (unsigned i = 0; i < 40 && !b->results; i++)
                if (b->identify && b->present && !b->listening)
                        bench_ready(b, revision);
                else
                        bench_tick(b);
        ck_assert_msg(b->results == 1, "it never ends: %s", b->log->str);
}

static void replace(Bench *b)
{
        g_autoptr(Identity) other = identity_new();

        job_set_string(&other->revision, NEW_REVISION);
        job_set_string(&other->imei, "860000000000002");
        bench_give(b, (UpgradeEvent){ .type = UPGRADE_EVENT_READY, .identity = other });
}

/* ---- the ways out */

static Bench *succeeds(void)
{
        Bench *b = url_job();

        bench_update(b);
        bench_finish(b);
        return b;
}

static Bench *command_is_refused(void)
{
        Bench *b = url_job();

        b->rejects = "AT+QFOTADL=\"";
        begin(b);
        bench_ready(b, OLD_REVISION);
        return b;
}

static Bench *preparations_fall_silent(void)
{
        Bench *b = url_job();

        b->mutes = "AT+QIACT=";
        begin(b);
        b->context_active = true; /* AT+QIACT was carried out all the same */
        follow(b, OLD_REVISION);
        return b;
}

static Bench *port_is_lost_in_the_preparations(void)
{
        Bench *b = url_job();

        b->mutes = "AT+QFOTADL=\"";
        begin(b);
        bench_port_lost(b);
        b->mutes = NULL;
        follow(b, OLD_REVISION);
        return b;
}

static Bench *fail_download(Bench *b)
{
        bench_go(b);
        bench_fota(b, "\"HTTPEND\",711");
        bench_ready(b, OLD_REVISION);
        return b;
}

static Bench *download_fails(void)
{
        return fail_download(url_job());
}

static Bench *apn_cannot_be_read(void)
{
        Bench *b = url_job();

        g_free(b->context);
        b->context = g_strdup("2,\"a\"b\",\"\",\"Geheim7\",1");
        return fail_download(b);
}

static Bench *cid_cannot_be_read(void)
{
        Bench *b = url_job();

        g_free(b->fota_cid);
        b->fota_cid = g_strdup("none");
        return fail_download(b);
}

static Bench *urc_port_cannot_be_put_back(void)
{
        Bench *b = url_job();

        g_free(b->urc_port);
        b->urc_port = g_strdup("USB-1");
        return fail_download(b);
}

static Bench *cancelled(void)
{
        Bench *b = url_job();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_cancel(b);
        bench_fota(b, "\"HTTPEND\",702");
        bench_ready(b, OLD_REVISION);
        return b;
}

static Bench *cancelled_before_a_glitch(void)
{
        Bench *b = url_job();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_cancel(b);
        glitch(b);
        bench_ready(b, OLD_REVISION);
        follow(b, OLD_REVISION);
        return b;
}

static Bench *lost_when_cancelled(void)
{
        Bench *b = url_job();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_cancel(b);
        bench_gone(b);
        b->radio_off = true; /* as far as the message can say */
        follow(b, OLD_REVISION);
        return b;
}

static Bench *reset_is_refused(void)
{
        Bench *b = url_job();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_cancel(b);
        b->rejects = "AT+CFUN";
        follow(b, OLD_REVISION);
        return b;
}

static Bench *download_stops(void)
{
        Bench *b = url_job();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_tick(b);
        bench_tick(b);
        ck_assert(b->reset);
        bench_restart(b);
        bench_urc(b, "RDY");
        bench_ready(b, OLD_REVISION);
        return b;
}

static Bench *package_is_for_another_revision(void)
{
        Bench *b = url_job();

        bench_download(b);
        bench_fota(b, "\"END\",507");
        bench_ready(b, OLD_REVISION);
        return b;
}

static Bench *update_fails(void)
{
        Bench *b = url_job();

        bench_update(b);
        bench_fota(b, "\"END\",504");
        bench_restart(b);
        bench_ready(b, OLD_REVISION);
        return b;
}

static Bench *interrupted_by_a_restart(void)
{
        Bench *b = url_job();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        bench_restart(b);
        bench_urc(b, "RDY");
        bench_ready(b, OLD_REVISION);
        follow(b, OLD_REVISION);
        return b;
}

static Bench *interrupted_by_a_glitch(void)
{
        Bench *b = url_job();

        bench_go(b);
        bench_fota(b, "\"HTTPSTART\"");
        glitch(b);
        bench_ready(b, OLD_REVISION);
        follow(b, OLD_REVISION);
        return b;
}

static Bench *lost_in_the_download(void)
{
        Bench *b = url_job();

        bench_go(b);
        bench_gone(b);
        follow(b, OLD_REVISION);
        return b;
}

static Bench *lost_before_the_settings_are_put_back(void)
{
        Bench *b = url_job();

        bench_go(b);
        bench_fota(b, "\"HTTPEND\",711");
        bench_gone(b);
        follow(b, OLD_REVISION);
        return b;
}

static Bench *silent_update(void)
{
        Bench *b = url_job();

        bench_update(b);
        follow(b, OLD_REVISION);
        return b;
}

static Bench *boot_loader_stays(void)
{
        Bench *b = url_job();

        bench_update(b);
        bench_gone(b);
        bench_event(b, UPGRADE_EVENT_BOOT_ROM, NULL);
        follow(b, OLD_REVISION);
        return b;
}

static Bench *restarts_for_ever(void)
{
        Bench *b = url_job();

        bench_go(b);
        for (unsigned i = 0; i < 20 && !b->results; i++)
                bench_restart(b);
        follow(b, OLD_REVISION);
        return b;
}

static Bench *another_module_comes(void)
{
        Bench *b = url_job();

        bench_go(b);
        bench_gone(b);
        bench_present(b);
        replace(b);
        replace(b); /* one answer may be garbled */
        follow(b, OLD_REVISION);
        return b;
}

static Bench *settings_are_refused(void)
{
        Bench *b = url_job();

        bench_go(b);
        bench_fota(b, "\"HTTPEND\",711");
        b->rejects = "AT+";
        bench_ready(b, OLD_REVISION);
        follow(b, OLD_REVISION);
        return b;
}

static Bench *settings_are_not_answered(void)
{
        Bench *b = url_job();

        bench_go(b);
        bench_fota(b, "\"HTTPEND\",711");
        b->mutes = "AT+";
        bench_ready(b, OLD_REVISION);
        follow(b, OLD_REVISION);
        return b;
}

static Bench *disk_is_full(void)
{
        Bench *b = url_job();

        b->fails_at = 9;
        b->fails_on = true;
        begin(b);
        follow(b, OLD_REVISION);
        return b;
}

static Bench *file_succeeds(void)
{
        Bench *b = file_job(false);

        bench_transfer(b);
        bench_finish_file(b);
        return b;
}

static Bench *file_is_interrupted(void)
{
        Bench *b = file_job(false);

        bench_go(b);
        bench_fota(b, "\"FILESTART\"");
        bench_sent(b, BENCH_PACKAGE_SIZE / 2);
        bench_port_lost(b);
        follow(b, OLD_REVISION);
        return b;
}

static Bench *file_is_lost(void)
{
        Bench *b = file_job(false);

        bench_go(b);
        bench_fota(b, "\"FILESTART\"");
        bench_gone(b);
        follow(b, OLD_REVISION);
        return b;
}

static Bench *wires_are_missing(void)
{
        Bench *b = file_job(true);

        b->mutes = "AT+IFC=2,2";
        begin(b);
        g_free(b->flow);
        b->flow = g_strdup("2,2"); /* AT+IFC was carried out, and the blind command was lost */
        follow(b, OLD_REVISION);
        return b;
}

/* The port is lost while hardware flow control is being switched off again. */
static Bench *port_is_lost_under_flow_control(void)
{
        Bench *b = file_job(true);

        b->holds_answers = true;
        begin(b);
        bench_answer(b, AT_RESULT_OK, -1, "+QURCCFG: \"urcport\",\"uart1\"");
        bench_answer(b, AT_RESULT_OK, -1, "+IFC: 0,0");
        bench_answer(b, AT_RESULT_OK, -1, "");
        bench_event(b, UPGRADE_EVENT_NO_FLOW, NULL);
        bench_answer(b, AT_RESULT_OK, -1, "+IFC: 2,2");
        assert_has(b->log->str, "send AT+IFC=0,0|");
        g_free(b->flow);
        b->flow = g_strdup("2,2");
        bench_port_lost(b);
        b->holds_answers = false;
        bench_ready(b, OLD_REVISION);
        ck_assert_str_eq(b->flow, "0,0"); /* before the package is sent */
        bench_fota(b, "\"FILEEND\",500");
        follow(b, OLD_REVISION);
        return b;
}

static Bench *mini_falls_back(void)
{
        Bench *b = mini_job();

        bench_go(b);
        b->mini = true;
        bench_restart(b);
        b->mini = false;
        bench_restart(b);
        bench_urc(b, "RDY");
        bench_ready(b, MINI_OLD);
        follow(b, MINI_OLD);
        return b;
}

static Bench *mini_is_lost(void)
{
        Bench *b = mini_job();

        bench_go(b);
        bench_gone(b);
        follow(b, MINI_OLD);
        return b;
}

static const struct {
        Bench *(*lead)(void);
        const char *code;
        bool put_back; /* all settings are restored: the message names none */
} ways[] = {
        { succeeds, "", true },
        { command_is_refused, "rejected", true },
        { preparations_fall_silent, "no-response", false },
        { port_is_lost_in_the_preparations, NULL, false },
        { download_fails, "url-error", true },
        { apn_cannot_be_read, "url-error", false },
        { cid_cannot_be_read, "url-error", false },
        { urc_port_cannot_be_put_back, "url-error", false },
        { cancelled, "cancelled", true },
        { cancelled_before_a_glitch, NULL, true },
        { lost_when_cancelled, "module-lost", false },
        { reset_is_refused, NULL, false },
        { download_stops, "download-timeout", true },
        { package_is_for_another_revision, "version-mismatch", true },
        { update_fails, "update-failed", true },
        { interrupted_by_a_restart, "interrupted", true },
        { interrupted_by_a_glitch, NULL, false },
        { lost_in_the_download, "module-lost", false },
        { lost_before_the_settings_are_put_back, "url-error", false },
        { silent_update, "update-timeout", false },
        { boot_loader_stays, "boot-rom", false },
        { restarts_for_ever, "no-response", false },
        { another_module_comes, "module-replaced", false },
        { settings_are_refused, "url-error", false },
        { settings_are_not_answered, "url-error", false },
        { disk_is_full, "insufficient-space", false },
        { file_succeeds, "", true },
        { file_is_interrupted, "interrupted", false },
        { file_is_lost, "module-lost", false },
        { wires_are_missing, "no-response", false },
        { port_is_lost_under_flow_control, "download-failed", true },
        { mini_falls_back, "fell-back", true },
        { mini_is_lost, "module-lost", false },
};

START_TEST(put_back_or_named)
{
        g_autoptr(Bench) b = ways[_i].lead();
        bool uart = job_is_uart(b->job), file = b->job->from_host;
        const struct {
                bool as_before;
                const char *name;
        } settings[] = {
                { strcmp(b->urc_port, uart ? "usbat" : "uart1") == 0, "urcport" },
                { strcmp(b->qind, "0") == 0, "AT+QINDCFG=\"all\"" },
                { strcmp(b->qind_fota, "0") == 0, "AT+QINDCFG=\"FOTA\"" },
                { !file || strcmp(b->flow, "0,0") == 0, uart ? "AT+IFC" : "usbifc" },
                { strcmp(b->fota_cid, "1") == 0, "fota/cid" },
                { b->job->options->cid < 0 || strcmp(b->context, OTHERS) == 0, "AT+QICSGP" },
                { !b->context_active, "AT+QIACT" },
                { !b->radio_off, "AT+CFUN=1" },
                /* While the module is watched the setting stays as it is; the end of the watch puts it back. */
                { !b->power_control || strcmp(b->power_control, "auto") == 0 || b->job->watched, "power/control" },
        };

        ck_assert_uint_eq(b->results, 1);
        if (ways[_i].code)
                ck_assert_str_eq(job_error_name(b->job), ways[_i].code);
        for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
                ck_assert_msg(settings[i].as_before || strstr(b->job->message, settings[i].name),
                              "%s leaves %s unnamed: %s", job_error_name(b->job), settings[i].name, b->job->message);
        if (ways[_i].put_back) {
                for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
                        ck_assert_msg(settings[i].as_before, "%s is not put back", settings[i].name);
                assert_has_not(b->job->message, "not put back");
                assert_has_not(b->job->message, "radio");
        }
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-ways-out");

        tcase_add_loop_test(t, put_back_or_named, 0, (int)G_N_ELEMENTS(ways));
        return testing_run(t, "upgrade-ways-out");
}
