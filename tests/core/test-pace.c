/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The pace of a package without flow control (guide 3.3.1.3): on time over five minutes however late each single write
 * is, and at no moment faster than a module accepts. */

#include "core/at/pace.h"
#include "testing.h"

#define LIMIT 15000 /* bytes a second: the guide's */
#define BYTES 5000000

/* Every write is up to this many µs late; in the middle, there is one long pause. Any numbers do if they are the same
 * in every run. */
static const struct {
        unsigned late, stands_still;
} machines[] = { { 0, 0 }, { 50, 0 }, { 1000, 0 }, { 2000, 0 }, { 300, 3000000 } };

START_TEST(test_pace)
{
        uint64_t *at = g_new(uint64_t, BYTES / PACE_CHUNK + 1), now = 1000000, last = 0, seed = 1;
        Pace pace = { .began = now };
        unsigned writes = 0, first = 0;
        double expected = (double)BYTES / PACE_RATE + machines[_i].stands_still / 1e6, took;

        while (pace.written < BYTES) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                now = MAX(now, pace_due(&pace)) + (machines[_i].late ? (seed >> 33) % machines[_i].late : 0);
                if (pace.written == BYTES / 2)
                        now += machines[_i].stands_still;
                ck_assert(!last || now - last >= PACE_GAP);
                pace_wrote(&pace, PACE_CHUNK, now);
                at[writes++] = last = now;
                /* The bytes of the last second before this write. */
                while (at[first] + G_USEC_PER_SEC <= now)
                        first++;
                ck_assert_uint_le((writes - first) * PACE_CHUNK, LIMIT);
        }
        took = (double)(now - 1000000) / G_USEC_PER_SEC;
        ck_assert_msg(took >= expected - 0.1 && took <= expected + 0.1, "%f s instead of %f", took, expected);
        g_free(at);
}
END_TEST

/* An interval for slower modules is kept however late the writes are: no delay is made up for. */
START_TEST(test_interval)
{
        uint64_t now = 1000000, last = 0;
        Pace pace = { .began = now, .interval = 10000 };

        for (unsigned i = 0; i < 1000; i++) {
                now = MAX(now, pace_due(&pace)) + (i % 7 == 0 ? 30000 : 0);
                ck_assert(!last || now - last >= 10000);
                pace_wrote(&pace, 32, now);
                last = now;
                ck_assert_uint_eq(pace_due(&pace), now + 10000);
        }
}
END_TEST

int main(void)
{
        TCase *t = tcase_create("pace");

        tcase_add_loop_test(t, test_pace, 0, G_N_ELEMENTS(machines));
        tcase_add_test(t, test_interval);
        return testing_run(t, "pace");
}
