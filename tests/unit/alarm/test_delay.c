/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/delay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void on_delay_ends_at_its_exact_end(void **state)
{
    (void)state;
    struct gw_delay d = {.on_ms = 10000, .off_ms = 30000};
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 5000), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 14999), GW_UNKNOWN);
    assert_int_equal(gw_delay_progress(&d), 9999);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 15000), GW_TRUE);
    assert_false(d.active);
    gw_delay_commit(&d, true);
    assert_true(d.active);
    assert_int_equal(gw_delay_progress(&d), 0);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 99000), GW_UNKNOWN);
}

static void off_delay_ends_at_its_exact_end(void **state)
{
    (void)state;
    struct gw_delay d = {.on_ms = 0, .off_ms = 30000, .active = true};
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 100), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 30099), GW_UNKNOWN);
    assert_int_equal(gw_delay_progress(&d), 29999);
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 30100), GW_FALSE);
    assert_true(d.active);
    gw_delay_commit(&d, false);
    assert_false(d.active);
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 90000), GW_UNKNOWN);
}

static void zero_acts_at_the_first_evaluation(void **state)
{
    (void)state;
    struct gw_delay d = {0};
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 0), GW_TRUE);
    gw_delay_commit(&d, true);
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 0), GW_FALSE);
    gw_delay_commit(&d, false);
    assert_int_equal(gw_delay_step(&d, GW_UNKNOWN, 1), GW_UNKNOWN);
}

static void one_millisecond_needs_two_evaluations(void **state)
{
    (void)state;
    struct gw_delay d = {.on_ms = 1};
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 700), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 700), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 701), GW_TRUE);
}

static void a_false_resets_a_running_on_delay(void **state)
{
    (void)state;
    struct gw_delay d = {.on_ms = 1000};
    (void)gw_delay_step(&d, GW_TRUE, 0);
    (void)gw_delay_step(&d, GW_TRUE, 999);
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 999), GW_UNKNOWN);
    assert_int_equal(d.ran_on, 0);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 1000), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 1999), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 2000), GW_TRUE);
}

static void a_true_resets_a_running_off_delay(void **state)
{
    (void)state;
    struct gw_delay d = {.off_ms = 1000, .active = true};
    (void)gw_delay_step(&d, GW_FALSE, 0);
    (void)gw_delay_step(&d, GW_FALSE, 999);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 999), GW_UNKNOWN);
    assert_int_equal(d.ran_off, 0);
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 1000), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 1999), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 2000), GW_FALSE);
}

static void unknown_freezes_the_on_delay(void **state)
{
    (void)state;
    struct gw_delay d = {.on_ms = 1000};
    (void)gw_delay_step(&d, GW_TRUE, 0);
    (void)gw_delay_step(&d, GW_TRUE, 600);
    assert_int_equal(gw_delay_step(&d, GW_UNKNOWN, 700), GW_UNKNOWN); /* 600..700 does not count */
    assert_int_equal(d.ran_on, 600);
    assert_int_equal(gw_delay_step(&d, GW_UNKNOWN, 900000), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 900100), GW_UNKNOWN); /* nor does the way back */
    assert_int_equal(d.ran_on, 600);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 900499), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 900500), GW_TRUE);
}

static void unknown_freezes_the_off_delay(void **state)
{
    (void)state;
    struct gw_delay d = {.off_ms = 1000, .active = true};
    (void)gw_delay_step(&d, GW_FALSE, 0);
    (void)gw_delay_step(&d, GW_FALSE, 400);
    (void)gw_delay_step(&d, GW_UNKNOWN, 5000);
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 9000), GW_UNKNOWN);
    assert_int_equal(d.ran_off, 400);
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 9599), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 9600), GW_FALSE);
}

static void unknown_then_the_opposite_still_resets(void **state)
{
    (void)state;
    struct gw_delay d = {.on_ms = 1000};
    (void)gw_delay_step(&d, GW_TRUE, 0);
    (void)gw_delay_step(&d, GW_TRUE, 900);
    (void)gw_delay_step(&d, GW_UNKNOWN, 901);
    (void)gw_delay_step(&d, GW_FALSE, 902);
    assert_int_equal(d.ran_on, 0);
}

static void unknown_alone_never_changes_anything(void **state)
{
    (void)state;
    struct gw_delay d = {0};
    for (int64_t t = 0; t < 100; t++)
        assert_int_equal(gw_delay_step(&d, GW_UNKNOWN, t * 1000000), GW_UNKNOWN);
    assert_int_equal(gw_delay_progress(&d), 0);
}

/* Progress is stored before a stop and restored after it; the stop itself counts as nothing, and
 * the monotonic clock starts anew, possibly lower. */
static void a_restart_neither_counts_nor_resets(void **state)
{
    (void)state;
    struct gw_delay before = {.on_ms = 600000};
    (void)gw_delay_step(&before, GW_TRUE, 10000000);
    (void)gw_delay_step(&before, GW_TRUE, 10599999);

    struct gw_delay after = {.on_ms = 600000, .ran_on = before.ran_on};
    assert_int_equal(gw_delay_step(&after, GW_TRUE, 50), GW_UNKNOWN);
    assert_int_equal(after.ran_on, 599999);
    assert_int_equal(gw_delay_step(&after, GW_TRUE, 51), GW_TRUE);

    struct gw_delay off = {.off_ms = 1000, .ran_off = 999, .active = true};
    assert_int_equal(gw_delay_step(&off, GW_FALSE, 7), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&off, GW_FALSE, 8), GW_FALSE);
}

static void a_delay_that_was_tightened_acts_on_stored_progress(void **state)
{
    (void)state;
    struct gw_delay d = {.on_ms = 500, .ran_on = 700};
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 0), GW_TRUE);
}

static void a_change_that_was_not_recorded_is_offered_again(void **state)
{
    (void)state;
    struct gw_delay d = {.on_ms = 100, .off_ms = 100};
    (void)gw_delay_step(&d, GW_TRUE, 0);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 100), GW_TRUE);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 100), GW_TRUE);
    assert_int_equal(gw_delay_step(&d, GW_UNKNOWN, 101), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 300), GW_TRUE);
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 301), GW_UNKNOWN); /* over before it was told */
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 302), GW_UNKNOWN);
}

/* Nobody evaluated for longer than that: what was in between is not known. */
static void a_gap_between_evaluations_counts_as_unknown(void **state)
{
    (void)state;
    struct gw_delay d = {.on_ms = 10000, .off_ms = 10000, .max_gap_ms = 5000};
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 0), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 5000), GW_UNKNOWN);
    assert_int_equal(d.ran_on, 5000);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 10001), GW_UNKNOWN);
    assert_int_equal(d.ran_on, 5000); /* nothing added, nothing reset */
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 10000000), GW_UNKNOWN);
    assert_int_equal(d.ran_on, 5000);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 10005000), GW_TRUE);
    gw_delay_commit(&d, true);
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 10005001), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 20000000), GW_UNKNOWN);
    assert_int_equal(d.ran_off, 0);
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 20005000), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&d, GW_FALSE, 20010000), GW_FALSE);
}

static void a_clock_that_goes_back_counts_nothing(void **state)
{
    (void)state;
    struct gw_delay d = {.on_ms = 100};
    (void)gw_delay_step(&d, GW_TRUE, 1000);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 500), GW_UNKNOWN);
    assert_int_equal(d.ran_on, 0);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 600), GW_TRUE);
}

static void progress_never_overflows(void **state)
{
    (void)state;
    struct gw_delay d = {.on_ms = INT64_MAX, .ran_on = INT64_MAX - 5};
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 0), GW_UNKNOWN);
    assert_int_equal(gw_delay_step(&d, GW_TRUE, 1000), GW_TRUE);
    assert_true(d.ran_on == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_delay_ends_at_its_exact_end),
        cmocka_unit_test(off_delay_ends_at_its_exact_end),
        cmocka_unit_test(zero_acts_at_the_first_evaluation),
        cmocka_unit_test(one_millisecond_needs_two_evaluations),
        cmocka_unit_test(a_false_resets_a_running_on_delay),
        cmocka_unit_test(a_true_resets_a_running_off_delay),
        cmocka_unit_test(unknown_freezes_the_on_delay),
        cmocka_unit_test(unknown_freezes_the_off_delay),
        cmocka_unit_test(unknown_then_the_opposite_still_resets),
        cmocka_unit_test(unknown_alone_never_changes_anything),
        cmocka_unit_test(a_restart_neither_counts_nor_resets),
        cmocka_unit_test(a_delay_that_was_tightened_acts_on_stored_progress),
        cmocka_unit_test(a_change_that_was_not_recorded_is_offered_again),
        cmocka_unit_test(a_gap_between_evaluations_counts_as_unknown),
        cmocka_unit_test(a_clock_that_goes_back_counts_nothing),
        cmocka_unit_test(progress_never_overflows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
