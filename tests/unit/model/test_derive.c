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

/* One count each second, ending at 60000 ms; past holds all but the last. */
static struct gw_sample of_counter(enum gw_derive_kind kind, int64_t modulus, const int64_t *counts,
                                   size_t n)
{
    const struct gw_derive d = {.kind = kind, .window_ms = 10000, .modulus = modulus};
    struct gw_sample all[16];
    for (size_t i = 0; i < n; i++) {
        all[i] = num(0, 60000 - (int64_t)(n - 1 - i) * 1000);
        all[i].vtype = GW_V_INT;
        all[i].value.i = counts[i];
        if (counts[i] < 0) { /* nothing was read */
            all[i].valued = 0;
            all[i].quality = GW_Q_BAD_COMM;
        }
    }
    struct gw_sample out = {.point = 3};
    gw_derive_rate(&d, &all[n - 1], all, n - 1, &out);
    return out;
}

static void expect_counter(int64_t modulus, const int64_t counts[8], double increase)
{
    struct gw_sample s = of_counter(GW_DERIVE_INCREASE, modulus, counts, 8);
    assert_int_equal(s.quality, GW_Q_GOOD);
    assert_float_equal(s.value.num, increase, 1e-9);
    s = of_counter(GW_DERIVE_RATE, modulus, counts, 8);
    assert_int_equal(s.quality, GW_Q_GOOD);
    assert_float_equal(s.value.num, increase / 7 * 60, 1e-9);
}

static void expect_unknown(int64_t modulus, const int64_t counts[8])
{
    static const enum gw_derive_kind kinds[] = {GW_DERIVE_INCREASE, GW_DERIVE_RATE};
    for (size_t i = 0; i < 2; i++) {
        const struct gw_sample s = of_counter(kinds[i], modulus, counts, 8);
        assert_int_equal(s.quality, GW_Q_UNCERTAIN);
        assert_false(s.valued);
    }
}

#define COUNTS(...) ((const int64_t[8]){__VA_ARGS__})

static void a_counter_goes_on_over_its_end(void **state)
{
    (void)state;
    expect_counter(65536, COUNTS(100, 110, 120, 130, 140, 150, 160, 170), 70);
    /* Its pace says that it went over the end. */
    expect_counter(65536, COUNTS(65000, 65200, 65400, 64, 264, 464, 664, 864), 1400);
    expect_counter(65536, COUNTS(65535, 0, 0, 0, 0, 0, 0, 0), 1);
    expect_counter(65536, COUNTS(65530, 65531, 65531, 65531, 2, 2, 2, 3), 9);
    expect_counter(4294967296, COUNTS(4294967290, 4294967295, 4, 9, 14, 19, 24, 29), 35);
    expect_counter(10000, COUNTS(9999, 0, 1, 1, 1, 1, 1, 9), 10);
    /* Over the end more than once within the window. */
    expect_counter(100, COUNTS(0, 20, 40, 60, 80, 0, 20, 40), 140);
    /* A value that is missing is no reason for doubt where the counter has not become smaller. */
    expect_counter(65536, COUNTS(100, 110, -1, 130, 140, -1, 160, 170), 70);
    /* The end itself is not part of it: 65536 is 0. */
    expect_counter(65536, COUNTS(65534, 65535, 0, 1, 2, 3, 4, 5), 7);
}

static void a_counter_that_was_set_back_is_not_guessed_at(void **state)
{
    (void)state;
    expect_unknown(65536, COUNTS(500, 510, 520, 0, 10, 20, 30, 40));
    expect_unknown(65536, COUNTS(60000, 60010, 60020, 0, 10, 20, 30, 40));
    expect_unknown(65536, COUNTS(60000, 60010, 60020, 60030, 60040, 60050, 60060, 0));
    expect_unknown(65536, COUNTS(60000, 0, 0, 0, 0, 0, 0, 0));
    /* It was away: it may have been without power. */
    expect_unknown(65536, COUNTS(65530, 65535, -1, 4, 9, 14, 19, 24));
    /* No counter by its declaration, but asked how much it grew. */
    struct gw_sample s = of_counter(GW_DERIVE_INCREASE, 0, COUNTS(10, 11, 12, 0, 1, 2, 3, 4), 8);
    assert_int_equal(s.quality, GW_Q_UNCERTAIN);
    assert_false(s.valued);
    /* The rate of what is no counter may fall. */
    s = of_counter(GW_DERIVE_RATE, 0, COUNTS(70, 60, 50, 40, 30, 20, 10, 0), 8);
    assert_float_equal(s.value.num, -600, 1e-9);
    /* Once it has left the window, all is well again. */
    expect_counter(65536, COUNTS(0, 10, 20, 30, 40, 50, 60, 70), 70);
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
        cmocka_unit_test(a_counter_goes_on_over_its_end),
        cmocka_unit_test(a_counter_that_was_set_back_is_not_guessed_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
