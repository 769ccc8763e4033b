/* SPDX-License-Identifier: Apache-2.0 */
#include "model/derive.h"

#include "support/cmocka_all.h"

#include <math.h>

static struct gw_sample num(double x, int64_t ms)
{
    return (struct gw_sample){.quality = GW_Q_GOOD,
                              .vtype = GW_V_NUM,
                              .valued = 1,
                              .value.num = x,
                              .mono_ms = ms,
                              .wall_ms = 1000000 + ms};
}

static struct gw_sample on(bool yes)
{
    return (struct gw_sample){
        .quality = GW_Q_GOOD, .vtype = GW_V_BOOL, .valued = 1, .value.i = yes, .mono_ms = 1};
}

static struct gw_sample of2(enum gw_derive_kind kind, struct gw_sample a, struct gw_sample b)
{
    const struct gw_derive d = {.kind = kind, .pair_ms = 2000};
    const struct gw_sample both[] = {a, b};
    struct gw_sample out = {.point = 7};
    gw_derive_eval(&d, both, 2, &out);
    assert_int_equal(out.point, 7);
    return out;
}

static void numbers_are_combined(void **state)
{
    (void)state;
    struct gw_sample s = of2(GW_DERIVE_DIFFERENCE, num(55.5, 10), num(30.25, 10));
    assert_int_equal(s.quality, GW_Q_GOOD);
    assert_true(s.valued);
    assert_float_equal(s.value.num, 25.25, 0.0);
    s = of2(GW_DERIVE_SUM, num(1.5, 10), num(-2, 10));
    assert_float_equal(s.value.num, -0.5, 0.0);
    s = of2(GW_DERIVE_RATIO, num(3, 10), num(2, 10));
    assert_float_equal(s.value.num, 1.5, 0.0);
}

static void by_zero_there_is_no_value(void **state)
{
    (void)state;
    const struct gw_sample s = of2(GW_DERIVE_RATIO, num(3, 10), num(0, 10));
    assert_int_equal(s.quality, GW_Q_UNCERTAIN);
    assert_false(s.valued);
}

static void stamps_are_those_of_the_older(void **state)
{
    (void)state;
    struct gw_sample s = of2(GW_DERIVE_SUM, num(1, 2500), num(1, 500));
    assert_int_equal(s.mono_ms, 500);
    assert_int_equal(s.wall_ms, 1000500);
    s = of2(GW_DERIVE_SUM, num(1, 500), num(1, 2500));
    assert_int_equal(s.mono_ms, 500);
}

static void a_pair_is_within_pair_ms(void **state)
{
    (void)state;
    struct gw_sample s = of2(GW_DERIVE_DIFFERENCE, num(3, 2500), num(1, 500));
    assert_int_equal(s.quality, GW_Q_GOOD);
    s = of2(GW_DERIVE_DIFFERENCE, num(3, 2501), num(1, 500));
    assert_int_equal(s.quality, GW_Q_UNCERTAIN);
    assert_true(s.valued); /* shown */
    assert_float_equal(s.value.num, 2, 0.0);
}

static void the_worst_quality_goes_through(void **state)
{
    (void)state;
    for (int q = 0; q < GW_Q_COUNT; q++) {
        struct gw_sample bad = num(1, 9000); /* not paired, too */
        bad.quality = (uint8_t)q;
        const uint8_t want = q == GW_Q_GOOD ? GW_Q_UNCERTAIN : (uint8_t)q;
        assert_int_equal(of2(GW_DERIVE_SUM, num(1, 10), bad).quality, want);
        assert_int_equal(of2(GW_DERIVE_SUM, bad, num(1, 10)).quality, want);
    }
    struct gw_sample stale = num(1, 10);
    struct gw_sample fault = num(1, 10);
    stale.quality = GW_Q_STALE;
    fault.quality = GW_Q_BAD_FAULT;
    fault.valued = 0;
    const struct gw_sample s = of2(GW_DERIVE_SUM, stale, fault);
    assert_int_equal(s.quality, GW_Q_BAD_FAULT);
    assert_false(s.valued);
}

static void n_of_m_counts_contacts(void **state)
{
    (void)state;
    const struct gw_derive d = {.kind = GW_DERIVE_N_OF_M, .pair_ms = 2000, .n = 2};
    for (unsigned bits = 0; bits < 8; bits++) {
        const struct gw_sample of[] = {on(bits & 1u), on(bits & 2u), on(bits & 4u)};
        const unsigned count = (bits & 1u) + (bits >> 1 & 1u) + (bits >> 2 & 1u);
        struct gw_sample out = {.point = 0};
        gw_derive_eval(&d, of, 3, &out);
        assert_int_equal(out.vtype, GW_V_BOOL);
        assert_int_equal(out.quality, GW_Q_GOOD);
        assert_int_equal(out.value.i, count >= 2);
    }
    struct gw_sample of[] = {on(true), on(true), on(true)};
    of[2].quality = GW_Q_BAD_COMM;
    of[2].valued = 0;
    struct gw_sample out = {.point = 0};
    gw_derive_eval(&d, of, 3, &out);
    assert_int_equal(out.quality, GW_Q_BAD_COMM);
    assert_false(out.valued);
}

static struct gw_sample rate(const struct gw_sample *past, size_t n, struct gw_sample newest)
{
    const struct gw_derive d = {.kind = GW_DERIVE_RATE, .window_ms = 60000};
    struct gw_sample out = {.point = 3};
    gw_derive_rate(&d, &newest, past, n, &out);
    assert_int_equal(out.mono_ms, newest.mono_ms);
    return out;
}

static void a_rate_is_per_minute(void **state)
{
    (void)state;
    struct gw_sample past[] = {num(9, 39999), num(10, 40000), num(11, 60000), num(13, 70000)};
    struct gw_sample s = rate(past, 4, num(13, 100000));
    assert_float_equal(s.value.num, 3, 1e-12); /* from 40000, not from before the window */
    assert_int_equal(s.quality, GW_Q_GOOD);
    past[1].quality = GW_Q_BAD_FAULT;
    s = rate(past, 4, num(13, 100000));
    assert_float_equal(s.value.num, 3, 1e-12); /* 2 in 40 s */
    s = rate(past + 3, 1, num(14, 100000));    /* half of the window */
    assert_float_equal(s.value.num, 2, 1e-12);
    s = rate(past + 3, 1, num(14, 99999));
    assert_int_equal(s.quality, GW_Q_UNCERTAIN);
    assert_false(s.valued);
    s = rate(past, 0, num(14, 99999));
    assert_false(s.valued);
    struct gw_sample bad = num(14, 100000);
    bad.quality = GW_Q_BAD_COMM;
    bad.valued = 0;
    s = rate(past, 4, bad);
    assert_int_equal(s.quality, GW_Q_BAD_COMM);
    assert_false(s.valued);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_combined),
        cmocka_unit_test(by_zero_there_is_no_value),
        cmocka_unit_test(stamps_are_those_of_the_older),
        cmocka_unit_test(a_pair_is_within_pair_ms),
        cmocka_unit_test(the_worst_quality_goes_through),
        cmocka_unit_test(n_of_m_counts_contacts),
        cmocka_unit_test(a_rate_is_per_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
