/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every message of a module may be lost. Each run below is repeated with every subset of its messages lost; the result
 * must be the same each time. The restarts are seen, and the revision is read at the end. (One set of losses leaves no
 * evidence: every message after the download, with the revision unchanged.) */

#include "mini-bench.h"

#define RESTART      "restart"
#define RESTART_MINI "restart into the Mini system"
#define MESSAGES_MAX 10

typedef struct Run {
        Bench *(*bench)(void);
        const char *const *steps;
        const char *revision; /* in the end */
        bool allow_unchanged;
        JobResult result;
        const char *name;   /* of the code */
        unsigned ambiguous; /* with all of these messages lost, the run looks like a download that two power cuts ended
                             */
        const char *ambiguous_name;
} Run;

/* Guide 3.3.1.2: messages, and the restarts between them. */
static const char *const dfota[] = { "+QIND: \"FOTA\",\"HTTPSTART\"",
                                     "+QIND: \"FOTA\",\"DOWNLOADING\",1",
                                     "+QIND: \"FOTA\",\"DOWNLOADING\",50",
                                     "+QIND: \"FOTA\",\"DOWNLOADING\",100",
                                     "+QIND: \"FOTA\",\"HTTPEND\",0",
                                     RESTART,
                                     "+QIND: \"FOTA\",\"START\"",
                                     "+QIND: \"FOTA\",\"UPDATING\",8",
                                     "+QIND: \"FOTA\",\"UPDATING\",91",
                                     "+QIND: \"FOTA\",\"END\",0",
                                     RESTART,
                                     "RDY",
                                     NULL };

/* Guide 2.3.1.2 and 4.2. */
static const char *const mini[] = { RESTART_MINI,
                                    "RDY",
                                    RESTART,
                                    "+QIND: \"FOTA\",\"UPDATING\",7",
                                    "+QIND: \"FOTA\",\"UPDATING\",30",
                                    "+QIND: \"FOTA\",\"UPDATING\",60",
                                    RESTART_MINI,
                                    "+QIND: \"FOTA\",\"UPDATING\",60",
                                    "+QIND: \"FOTA\",\"UPDATING\",80",
                                    "+QIND: \"FOTA\",\"UPDATING\",96",
                                    "+QIND: \"FOTA\",\"END\",0",
                                    RESTART,
                                    "RDY",
                                    "+QIND: SMS DONE",
                                    NULL };

/* Guide 5.1, scenario 1. */
static const char *const fallen_back[] = { RESTART_MINI,      "RDY", "+QIND: \"FOTA\",\"HTTPEND\",711", RESTART, "RDY",
                                           "+QIND: SMS DONE", NULL };

#define AFTER_DOWNLOAD 0x1f0 /* dfota's messages from HTTPEND to END */

static const Run runs[] = {
        { bench_new, dfota, NEW_REVISION, false, JOB_RESULT_SUCCESS, "", 0, NULL },
        { bench_new, dfota, OLD_REVISION, true, JOB_RESULT_SUCCESS, "", AFTER_DOWNLOAD, "unchanged" },
        { bench_new, dfota, OLD_REVISION, false, JOB_RESULT_FAILED, "unchanged", AFTER_DOWNLOAD, "interrupted" },
        { bench_new_mini, mini, MINI_NEW, false, JOB_RESULT_SUCCESS, "", 0, NULL },
        { bench_new_mini, fallen_back, MINI_OLD, false, JOB_RESULT_FAILED, "fell-back", 0, NULL },
};

static unsigned count_messages(const Run *run)
{
        unsigned n = 0;

        for (const char *const *step = run->steps; *step; step++)
                n += !g_str_has_prefix(*step, RESTART);
        ck_assert_uint_le(n, MESSAGES_MAX);
        return n;
}

static void carry_out(Bench *b, const Run *run, unsigned lost)
{
        unsigned message = 0;

        bench_go(b);
        for (const char *const *step = run->steps; *step && b->job->state != JOB_FINISHED; step++) {
                b->now += 5 * SECOND;
                if (g_str_has_prefix(*step, RESTART))
                        bench_mini_restart(b, strcmp(*step, RESTART_MINI) == 0);
                else if (!(lost & 1u << message++))
                        bench_urc(b, *step);
        }
        bench_ready(b, run->revision);
        for (unsigned i = 0; i < 50 && b->job->state != JOB_FINISHED; i++) {
                bench_tick(b);
                bench_answer_identity(b, run->revision);
        }
}

START_TEST(any_messages_lost)
{
        const Run *run = &runs[_i];
        unsigned n = count_messages(run);

        for (unsigned lost = 0; lost < 1u << n; lost++) {
                g_autoptr(Bench) b = run->bench();
                bool ambiguous = run->ambiguous && (lost & run->ambiguous) == run->ambiguous;
                JobResult result = ambiguous ? JOB_RESULT_FAILED : run->result;
                const char *name = ambiguous ? run->ambiguous_name : run->name;

                b->job->options->allow_unchanged = run->allow_unchanged;
                carry_out(b, run, lost);
                ck_assert_msg(b->job->result == result && strcmp(job_error_name(b->job), name) == 0,
                              "with the messages 0x%x lost it ended as %s %s: %s", lost,
                              job_result_to_string(b->job->result), job_error_name(b->job), b->job->message);
        }
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("upgrade-lost");

        tcase_add_loop_test(t, any_messages_lost, 0, G_N_ELEMENTS(runs));
        return testing_run(t, "upgrade-lost");
}
