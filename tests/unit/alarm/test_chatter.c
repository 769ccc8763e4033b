/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/chatter.h"

#include "support/cmocka_all.h"

static const struct gw_chatter_conf conf = {.count = 3, .window_ms = 60000, .quiet_ms = 600000};

/* On at each of these times, off in between. */
static void pulses(struct gw_chatter *c, const int64_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        gw_chatter_step(c, &conf, GW_FALSE, at[i] - 1);
        gw_chatter_step(c, &conf, GW_TRUE, at[i]);
    }
}

static void three_changes_in_the_window(void **state)
{
    (void)state;
    struct gw_chatter c = {0};
    const int64_t exact[] = {1000, 20000, 61000};
    pulses(&c, exact, 3);
    assert_true(c.on);
    assert_int_equal(c.changes, 3);

    c = (struct gw_chatter){0};
    const int64_t slow[] = {1000, 20000, 61001};
    pulses(&c, slow, 3);
    assert_false(c.on);
    gw_chatter_step(&c, &conf, GW_FALSE, 79999);
    assert_true(gw_chatter_step(&c, &conf, GW_TRUE, 80000)); /* 20 s, 61 s, 80 s */
}

static void steady_is_no_chatter(void **state)
{
    (void)state;
    struct gw_chatter c = {0};
    for (int64_t t = 0; t < 600000; t += 100)
        assert_false(gw_chatter_step(&c, &conf, GW_TRUE, t));
    /* Nor is the first answer after a start, nor a link that comes and goes. */
    for (int64_t t = 600000; t < 700000; t += 1000)
        assert_false(gw_chatter_step(&c, &conf, t % 2000 == 0 ? GW_TRUE : GW_UNKNOWN, t));
    assert_int_equal(c.nedges, 0);
}

static void quiet_ends_it(void **state)
{
    (void)state;
    struct gw_chatter c = {0};
    const int64_t at[] = {1000, 2000, 3000, 10000};
    pulses(&c, at, 4);
    assert_int_equal(c.changes, 4);
    assert_false(gw_chatter_step(&c, &conf, GW_TRUE, 609999));
    assert_true(c.on);
    assert_true(gw_chatter_step(&c, &conf, GW_TRUE, 610000));
    assert_false(c.on);
    assert_int_equal(c.changes, 0);
    /* It takes three changes anew. */
    gw_chatter_step(&c, &conf, GW_FALSE, 610001);
    assert_false(gw_chatter_step(&c, &conf, GW_TRUE, 610002));
}

static void a_restart_begins_the_quiet_time_anew(void **state)
{
    (void)state;
    struct gw_chatter c;
    gw_chatter_restore(&c, 17);
    assert_true(c.on);
    assert_false(gw_chatter_step(&c, &conf, GW_UNKNOWN, 5000));
    assert_false(gw_chatter_step(&c, &conf, GW_FALSE, 10000));
    assert_false(gw_chatter_step(&c, &conf, GW_TRUE, 10001));
    assert_int_equal(c.changes, 18);
    assert_true(gw_chatter_step(&c, &conf, GW_TRUE, 610001));
    gw_chatter_restore(&c, 0);
    assert_false(c.on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_changes_in_the_window),
        cmocka_unit_test(steady_is_no_chatter),
        cmocka_unit_test(quiet_ends_it),
        cmocka_unit_test(a_restart_begins_the_quiet_time_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
