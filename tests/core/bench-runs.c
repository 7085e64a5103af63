/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Presets of the bench: jobs of each kind, and an upgrade led to a point of its course. */

#include "upgrade-bench.h"

/* ---- jobs */

void bench_make_mini(Bench *b)
{
        b->job->method = METHOD_MINIFOTA;
        b->product = 0x6002;
        g_free(b->job->source);
        b->job->source = g_strdup("http://user:Geheim7@h/x.mini_1");
        bench_save(b);
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

Bench *bench_new_file(void)
{
        Bench *b = bench_new();

        job_set_string(&b->job->source, "update.bin");
        job_set_string(&b->job->package_sha256, "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
        b->job->package_size = BENCH_PACKAGE_SIZE;
        b->job->from_host = true;
        bench_save(b);
        return b;
}

void bench_use_context(Bench *b)
{
        char *why = NULL;

        ck_assert(options_set_number(b->job->options, "cid", 2, &why));
        ck_assert(options_set_string(b->job->options, "apn", "cmnet", &why));
        bench_save(b);
}

void bench_use_uart1(Bench *b)
{
        g_free(b->urc_port);
        b->urc_port = g_strdup("uart1");
}

/* ---- an upgrade from a URL */

void bench_updating(Bench *b, int value)
{
        g_autofree char *text = g_strdup_printf("\"UPDATING\",%d", value);

        bench_fota(b, text);
}

void bench_restart(Bench *b)
{
        bench_gone(b);
        b->now += 10 * SECOND;
        bench_present(b);
}

void bench_prepare(Bench *b, const char *revision)
{
        bench_begin(b);
        bench_present(b);
        bench_ready(b, revision);
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

void bench_finish(Bench *b)
{
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        bench_ready(b, NEW_REVISION);
}

void bench_succeed(Bench *b)
{
        bench_finish(b);
        bench_assert_end(b, JOB_RESULT_SUCCESS, "");
}

void bench_restore(Bench *b)
{
        bench_use_uart1(b);
        bench_update(b);
        bench_fota(b, "\"END\",0");
        bench_restart(b);
        b->holds_answers = true;
        bench_ready(b, NEW_REVISION);
        ck_assert_int_eq(b->job->result, JOB_RESULT_SUCCESS);
}

/* ---- a transfer from the host */

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
        bench_finish(b);
}
