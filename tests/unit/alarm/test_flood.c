/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/flood.h"

#include "support/cmocka_all.h"

static const struct gw_flood_conf conf = {.start = 10, .end = 5, .window_ms = 600000};

static void more_than_ten_start_it_and_fewer_than_five_end_it(void **state)
{
    (void)state;
    struct gw_flood f = {0};
    for (int i = 0; i < 10; i++)
        gw_flood_add(&f, 1000 * (i + 1));
    assert_false(gw_flood_step(&f, &conf, 10000)); /* ten are no flood */
    gw_flood_add(&f, 11000);
    assert_true(gw_flood_step(&f, &conf, 11000));
    assert_true(f.on);
    assert_int_equal(gw_flood_rate(&f, &conf, 11000), 11);
    /* 7 s to 11 s are left: five. */
    assert_false(gw_flood_step(&f, &conf, 606999));
    assert_int_equal(gw_flood_rate(&f, &conf, 606999), 5);
    assert_true(gw_flood_step(&f, &conf, 607000));
    assert_false(f.on);
    assert_int_equal(gw_flood_rate(&f, &conf, 700000), 0);
}

static void slow_alarms_are_no_flood(void **state)
{
    (void)state;
    struct gw_flood f = {0};
    for (int64_t t = 0; t < 100 * 60000; t += 60000) { /* ten in ten minutes */
        gw_flood_add(&f, t);
        assert_false(gw_flood_step(&f, &conf, t));
    }
}

static void the_ring_is_bounded(void **state)
{
    (void)state;
    struct gw_flood f = {0};
    for (int i = 0; i < 1000; i++)
        gw_flood_add(&f, i);
    assert_int_equal(gw_flood_rate(&f, &conf, 1000), GW_FLOOD_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_ten_start_it_and_fewer_than_five_end_it),
        cmocka_unit_test(slow_alarms_are_no_flood),
        cmocka_unit_test(the_ring_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
