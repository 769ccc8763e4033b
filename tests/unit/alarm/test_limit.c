/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

struct row {
    enum gw_limit_side side;
    double at, deadband;
    bool was;
    double x;
    bool expect;
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct row *r = &rows[i];
        const struct gw_limit l = {.side = r->side, .at = r->at, .deadband = r->deadband};
        if (gw_limit_violated(&l, r->was, r->x) != r->expect)
            fail_msg("row %zu: x %.17g was %d, expected %d", i, r->x, r->was, r->expect);
    }
}

static void high_is_reached_at_the_value_itself(void **state)
{
    (void)state;
    const struct row rows[] = {
        {GW_LIMIT_HIGH, 55, 1, false, 55, true},
        {GW_LIMIT_HIGH, 55, 1, false, nextafter(55, 0), false},
        {GW_LIMIT_HIGH, 55, 1, false, 54.5, false}, /* the deadband works on the way back only */
        {GW_LIMIT_HIGH, 55, 1, true, 54.5, true},
        {GW_LIMIT_HIGH, 55, 1, true, 54, true},
        {GW_LIMIT_HIGH, 55, 1, true, nextafter(54, 0), false},
        {GW_LIMIT_HIGH, 55, 0, true, 55, true},
        {GW_LIMIT_HIGH, 55, 0, true, nextafter(55, 0), false},
        {GW_LIMIT_HIGH, -10, 2, false, -10, true},
        {GW_LIMIT_HIGH, -10, 2, true, -12, true},
        {GW_LIMIT_HIGH, -10, 2, true, -12.001, false},
        {GW_LIMIT_HIGH, 0, 0, false, -0.0, true},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void low_is_violated_below_the_value_only(void **state)
{
    (void)state;
    const struct row rows[] = {
        {GW_LIMIT_LOW, 60, 5, false, 60, false},
        {GW_LIMIT_LOW, 60, 5, false, nextafter(60, 0), true},
        {GW_LIMIT_LOW, 60, 5, true, 60, true},
        {GW_LIMIT_LOW, 60, 5, true, nextafter(65, 0), true},
        {GW_LIMIT_LOW, 60, 5, true, 65, false},
        {GW_LIMIT_LOW, 60, 5, false, 64, false},
        {GW_LIMIT_LOW, 60, 0, true, 60, false},
        {GW_LIMIT_LOW, 60, 0, true, nextafter(60, 0), true},
        {GW_LIMIT_LOW, -1, 0.5, true, -0.5, false},
        {GW_LIMIT_LOW, -1, 0.5, true, -0.51, true},
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* A value that toggles between the limit and one step beside it raises once and stays raised. */
static void value_on_the_limit_cannot_chatter(void **state)
{
    (void)state;
    const struct gw_limit high = {.side = GW_LIMIT_HIGH, .at = 25, .deadband = 2};
    const struct gw_limit low = {.side = GW_LIMIT_LOW, .at = 25, .deadband = 2};
    bool was_high = false, was_low = false;
    int changes_high = 0, changes_low = 0;
    for (int i = 0; i < 100; i++) {
        double x = i % 2 == 0 ? nextafter(25, 0) : 25;
        bool h = gw_limit_violated(&high, was_high, x);
        bool l = gw_limit_violated(&low, was_low, x);
        changes_high += h != was_high;
        changes_low += l != was_low;
        was_high = h;
        was_low = l;
    }
    assert_int_equal(changes_high, 1);
    assert_int_equal(changes_low, 1);
    assert_true(was_high);
    assert_true(was_low);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(high_is_reached_at_the_value_itself),
        cmocka_unit_test(low_is_violated_below_the_value_only),
        cmocka_unit_test(value_on_the_limit_cannot_chatter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
