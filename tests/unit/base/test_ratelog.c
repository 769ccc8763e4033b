/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ratelog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "support/cmocka_all.h"

static char line[4096];

static int setup(void **state)
{
    (void)state;
    setenv("JOURNAL_STREAM", "8:1", 1);
    return 0;
}

static bool failed(struct gw_ratelog *rl, int64_t now_ms)
{
    capture_start();
    bool told = gw_ratelog_fail(rl, now_ms, "bus", "plc: %s", "timeout");
    bool written = capture_next(line, sizeof line);
    capture_stop();
    assert_int_equal(told, written);
    return told;
}

static bool worked(struct gw_ratelog *rl, int64_t now_ms)
{
    capture_start();
    bool told = gw_ratelog_ok(rl, now_ms, "bus", "plc");
    bool written = capture_next(line, sizeof line);
    capture_stop();
    assert_int_equal(told, written);
    return told;
}

static void first_failure_at_once(void **state)
{
    (void)state;
    struct gw_ratelog rl = {0};
    assert_true(failed(&rl, 50));
    assert_string_equal(line, "<4>bus: plc: timeout\n");
    assert_true(rl.failing);
    assert_int_equal(rl.since_ms, 50);
}

static void success_without_failure_is_silent(void **state)
{
    (void)state;
    struct gw_ratelog rl = {0};
    assert_false(worked(&rl, 0));
    assert_false(worked(&rl, 100000));
    assert_false(rl.failing);
}

static void repeats_are_counted_until_due(void **state)
{
    (void)state;
    struct gw_ratelog rl = {0};
    assert_true(failed(&rl, 1000));
    assert_false(failed(&rl, 1001));
    assert_false(failed(&rl, 1999));
    assert_true(failed(&rl, 2000));
    assert_string_equal(line, "<4>bus: plc: timeout (3 more, 4 failures in 1 s)\n");
    assert_false(failed(&rl, 3999));
    assert_true(failed(&rl, 4000));
    assert_string_equal(line, "<4>bus: plc: timeout (2 more, 6 failures in 3 s)\n");
}

static void recovery_tells_count_and_duration(void **state)
{
    (void)state;
    struct gw_ratelog rl = {0};
    failed(&rl, 0);
    failed(&rl, 100);
    failed(&rl, 5000);
    assert_true(worked(&rl, 61000));
    assert_string_equal(line, "<6>bus: plc works again after 3 failures in 61 s\n");
    assert_false(worked(&rl, 61001));

    failed(&rl, 70000);
    assert_string_equal(line, "<4>bus: plc: timeout\n");
    assert_true(worked(&rl, 70500));
    assert_string_equal(line, "<6>bus: plc works again after 1 failure in 0 s\n");
}

/* A failure each second for thirty days: the gaps double from 1 s and stay at one day. */
static void gaps_double_up_to_a_day(void **state)
{
    (void)state;
    const int64_t day_ms = INT64_C(86400000);
    struct gw_ratelog rl = {0};
    int64_t last = 0;
    int64_t gap = 0;
    int lines = 0;
    capture_start();
    for (int64_t now = 0; now < 30 * day_ms; now += 1000) {
        if (!gw_ratelog_fail(&rl, now, "bus", "plc"))
            continue;
        capture_next(line, sizeof line);
        int64_t want = gap == 0 ? 1000 : gap * 2;
        if (want > day_ms)
            want = day_ms;
        if (lines > 0) {
            if (now - last != want)
                break;
            gap = want;
        }
        last = now;
        lines++;
    }
    capture_stop();
    assert_int_equal(gap, day_ms);
    /* The first, 17 doublings (the last of them cut to a day), then one a day. */
    assert_in_range(lines, 40, 50);
    assert_int_equal(rl.count, 30 * 86400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(first_failure_at_once, setup),
        cmocka_unit_test_setup(success_without_failure_is_silent, setup),
        cmocka_unit_test_setup(repeats_are_counted_until_due, setup),
        cmocka_unit_test_setup(recovery_tells_count_and_duration, setup),
        cmocka_unit_test_setup(gaps_double_up_to_a_day, setup),
    };
    return cmocka_run_group_tests_name("ratelog", tests, NULL, NULL);
}
