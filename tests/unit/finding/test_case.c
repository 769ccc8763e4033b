/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/case.h"
#include "support/cmocka_all.h"

#define T0  INT64_C(1795305600000)
#define DAY INT64_C(86400000)

static void opens_with_number_one(void **state)
{
    (void)state;
    struct gw_case c = {0};
    assert_int_equal(gw_case_input(&c, false, T0), GW_CASE_SAME);
    assert_int_equal(c.state, GW_CASE_NONE);
    assert_int_equal(gw_case_input(&c, true, T0), GW_CASE_RAISED);
    assert_int_equal(c.state, GW_CASE_OPEN);
    assert_int_equal(c.number, 1);
    assert_int_equal(c.reopened, 0);
    assert_int_equal(c.raised_ms, T0);
    assert_int_equal(gw_case_input(&c, true, T0 + 1), GW_CASE_SAME);
    assert_int_equal(c.raised_ms, T0);
}

static void clears_once(void **state)
{
    (void)state;
    struct gw_case c = {0};
    (void)gw_case_input(&c, true, T0);
    assert_int_equal(gw_case_input(&c, false, T0 + DAY), GW_CASE_WAS_CLEARED);
    assert_int_equal(c.state, GW_CASE_CLEARED);
    assert_int_equal(c.cleared_ms, T0 + DAY);
    assert_int_equal(gw_case_input(&c, false, T0 + 2 * DAY), GW_CASE_SAME);
    assert_int_equal(c.cleared_ms, T0 + DAY);
}

static void reopens_within_thirty_days(void **state)
{
    (void)state;
    struct gw_case c = {0};
    (void)gw_case_input(&c, true, T0);
    (void)gw_case_input(&c, false, T0 + DAY);
    assert_int_equal(gw_case_input(&c, true, T0 + DAY + GW_CASE_REOPEN_MS), GW_CASE_REOPENED);
    assert_int_equal(c.number, 1);
    assert_int_equal(c.reopened, 1);
    (void)gw_case_input(&c, false, T0 + 40 * DAY);
    assert_int_equal(gw_case_input(&c, true, T0 + 41 * DAY), GW_CASE_REOPENED);
    assert_int_equal(c.reopened, 2);
}

static void begins_a_new_case_after_thirty_days(void **state)
{
    (void)state;
    struct gw_case c = {0};
    (void)gw_case_input(&c, true, T0);
    (void)gw_case_input(&c, false, T0);
    (void)gw_case_input(&c, true, T0 + 1);
    (void)gw_case_input(&c, false, T0 + DAY);
    assert_int_equal(c.reopened, 1);
    assert_int_equal(gw_case_input(&c, true, T0 + DAY + GW_CASE_REOPEN_MS + 1), GW_CASE_RAISED);
    assert_int_equal(c.number, 2);
    assert_int_equal(c.reopened, 0);
}

static void a_clock_that_went_back_reopens(void **state)
{
    (void)state;
    struct gw_case c = {0};
    (void)gw_case_input(&c, true, T0);
    (void)gw_case_input(&c, false, T0 + DAY);
    assert_int_equal(gw_case_input(&c, true, T0 - 400 * DAY), GW_CASE_REOPENED);
    assert_int_equal(c.number, 1);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(gw_case_change_name(GW_CASE_RAISED), "raised");
    assert_string_equal(gw_case_change_name(GW_CASE_REOPENED), "reopened");
    assert_string_equal(gw_case_change_name(GW_CASE_WAS_CLEARED), "cleared");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_with_number_one),
        cmocka_unit_test(clears_once),
        cmocka_unit_test(reopens_within_thirty_days),
        cmocka_unit_test(begins_a_new_case_after_thirty_days),
        cmocka_unit_test(a_clock_that_went_back_reopens),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
