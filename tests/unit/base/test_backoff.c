/* SPDX-License-Identifier: Apache-2.0 */
#include "base/backoff.h"

#include <limits.h>
#include <stdio.h>

#include "seed.h"
#include "support/cmocka_all.h"

/* The published outputs of splitmix64 for seed 1234567. */
static void generator_is_splitmix64(void **state)
{
    (void)state;
    static const uint64_t want[] = {
        UINT64_C(6457827717110365317),  UINT64_C(3203168211198807973),
        UINT64_C(9817491932198370423),  UINT64_C(4593380528125082431),
        UINT64_C(16408922859458223821),
    };
    uint64_t s = 1234567;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        assert_true(gw_rand_next(&s) == want[i]);
}

static void below_stays_below_and_reaches_all(void **state)
{
    uint64_t *seed = *state;
    for (uint64_t bound = 1; bound <= 20; bound++) {
        unsigned hits[20] = {0};
        for (int i = 0; i < 20000; i++) {
            uint64_t r = gw_rand_below(seed, bound);
            assert_true(r < bound);
            hits[r]++;
        }
        for (uint64_t v = 0; v < bound; v++) {
            double share = (double)hits[v] * (double)bound / 20000.0;
            assert_true(share > 0.7 && share < 1.3);
        }
    }
    for (int i = 0; i < 1000; i++)
        assert_true(gw_rand_below(seed, UINT64_C(1) << 63) < UINT64_C(1) << 63);
}

static void doubles_up_to_the_cap(void **state)
{
    (void)state;
    static const int64_t want[] = {500, 1000, 2000, 4000, 8000, 10000, 10000, 10000};
    struct gw_backoff b = {.first_ms = 500, .cap_ms = 10000};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        assert_int_equal(gw_backoff_next(&b), want[i]);
    assert_int_equal(b.tries, 8);
    gw_backoff_reset(&b);
    assert_int_equal(b.tries, 0);
    assert_int_equal(gw_backoff_next(&b), 500);
}

static void jitter_stays_in_its_band_and_varies(void **state)
{
    uint64_t *seed = *state;
    int64_t lowest = INT64_MAX;
    int64_t highest = 0;
    for (int i = 0; i < 5000; i++) {
        struct gw_backoff b = {
            .first_ms = 1000, .cap_ms = 60000, .jitter_pct = 20, .rand = gw_rand_next(seed)};
        int64_t nominal = 1000;
        for (int k = 0; k < 10; k++) {
            int64_t wait = gw_backoff_next(&b);
            assert_in_range(wait, nominal * 80 / 100, nominal * 120 / 100);
            if (k == 0 && wait < lowest)
                lowest = wait;
            if (k == 0 && wait > highest)
                highest = wait;
            nominal = nominal * 2 < 60000 ? nominal * 2 : 60000;
        }
    }
    assert_in_range(lowest, 800, 820);
    assert_in_range(highest, 1180, 1200);
}

static void same_seed_same_waits(void **state)
{
    (void)state;
    struct gw_backoff a = {.first_ms = 100, .cap_ms = 5000, .jitter_pct = 50, .rand = 42};
    struct gw_backoff b = a;
    struct gw_backoff c = a;
    c.rand = 43;
    int differ = 0;
    for (int i = 0; i < 50; i++) {
        int64_t wait = gw_backoff_next(&a);
        assert_int_equal(wait, gw_backoff_next(&b));
        differ += wait != gw_backoff_next(&c);
    }
    assert_true(differ > 30);
}

static void odd_settings_are_harmless(void **state)
{
    (void)state;
    struct gw_backoff huge = {.first_ms = INT64_MAX / 3, .cap_ms = INT64_MAX / 2};
    struct gw_backoff zero = {.first_ms = 0, .cap_ms = 10};
    struct gw_backoff low_cap = {.first_ms = 1000, .cap_ms = 10};
    struct gw_backoff wild = {.first_ms = 100, .cap_ms = 100, .jitter_pct = 1000, .rand = 5};
    for (int i = 0; i < 200; i++) {
        assert_true(gw_backoff_next(&huge) > 0);
        assert_in_range(gw_backoff_next(&zero), 1, 10);
        assert_int_equal(gw_backoff_next(&low_cap), 10);
        assert_in_range(gw_backoff_next(&wild), 0, 200);
    }
    struct gw_backoff tired = {.first_ms = 1, .cap_ms = 8, .tries = UINT_MAX};
    assert_int_equal(gw_backoff_next(&tired), 8);
    assert_int_equal(tired.tries, UINT_MAX);
}

int main(void)
{
    uint64_t seed = test_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generator_is_splitmix64),
        cmocka_unit_test_prestate(below_stays_below_and_reaches_all, &seed),
        cmocka_unit_test(doubles_up_to_the_cap),
        cmocka_unit_test_prestate(jitter_stays_in_its_band_and_varies, &seed),
        cmocka_unit_test(same_seed_same_waits),
        cmocka_unit_test(odd_settings_are_harmless),
    };
    return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
