/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Dismissing a job sends nothing to the module, and names the settings that stay. */

#include "mini-bench.h"

static Bench *stalled(void)
{
        Bench *b = bench_new_mini();

        bench_go_mini(b);
        bench_ready(b, MINI_OLD);
        bench_pass(b, b->timeouts.stall);
        return b;
}

static Bench *in_mini_system(void)
{
        Bench *b = bench_new_mini();

        bench_go_mini(b);
        return b;
}

static Bench *updating(void)
{
        Bench *b = bench_new();

        bench_use_uart1(b);
        bench_update(b);
        return b;
}

static Bench *away(void)
{
        Bench *b = updating();

        bench_gone(b);
        return b;
}

static Bench *verifying(void)
{
        Bench *b = updating();

        bench_ready(b, OLD_REVISION);
        bench_fota(b, "\"END\",0");
        return b;
}

static const struct {
        Bench *(*lead)(void);
        const char *said;
} cases[] = {
        { stalled, "while the module was in its Mini system, and it may still load a package" },
        { in_mini_system, "while the module was in its Mini system, and it may still load a package" },
        { updating, "and the module may still be writing its flash" },
        { away, "while the module was off the bus, and it may still be writing its flash" },
        { verifying, "and the module may still be writing its flash" },
};

START_TEST(dismissed)
{
        g_autoptr(Bench) b = cases[_i].lead();
        bool changed = *b->job->urc_port_before;

        ck_assert(upgrade_is_dismissable(b->job));
        bench_clear(b);
        bench_event(b, UPGRADE_EVENT_DISMISS, NULL);
        bench_assert_end(b, JOB_RESULT_FAILED, "dismissed");
        ck_assert_msg(strstr(b->job->message, cases[_i].said), "%s", b->job->message);
        ck_assert_msg(!changed == !strstr(b->job->message, "urcport"), "%s", b->job->message);
        ck_assert_msg(!strstr(b->log->str, "send ") && !strstr(b->log->str, "blind ") &&
                              !strstr(b->log->str, "identify"),
                      "%s", b->log->str);
        ck_assert(!b->job->stalled);
        ck_assert(!upgrade_is_dismissable(b->job));
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-dismiss");

        tcase_add_loop_test(t, dismissed, 0, G_N_ELEMENTS(cases));
        return testing_run(t, "upgrade-dismiss");
}
