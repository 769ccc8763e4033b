/* SPDX-License-Identifier: Apache-2.0 */
#include "plant/signal.h"

#include "support/cmocka_all.h"

#include <math.h>

static struct gw_signal plain(void)
{
    return (struct gw_signal){.name = "s", .min = -1000, .max = 1000, .seed = 42};
}

static struct gw_signal logic(void)
{
    return (struct gw_signal){.name = "l", .logic = true, .max = 1, .seed = 42};
}

static void near(double got, double want)
{
    assert_true(fabs(got - want) < 1e-9);
}

static void constant(struct gw_signal *s, double v, int64_t at_ms, int64_t until_ms)
{
    gw_signal_shape(s, &(struct gw_shape){.kind = GW_SHAPE_CONST, .a = v}, at_ms, until_ms);
}

static void test_constant_and_range(void **state)
{
    (void)state;
    struct gw_signal s = plain();
    near(gw_signal_at(&s, 0), 0);
    constant(&s, 3.5, 0, GW_STORY_END);
    near(gw_signal_at(&s, 0), 3.5);
    near(gw_signal_at(&s, 1000000), 3.5);
    constant(&s, 5000, 0, GW_STORY_END);
    near(gw_signal_at(&s, 0), 1000);
    constant(&s, -5000, 0, GW_STORY_END);
    near(gw_signal_at(&s, 0), -1000);
}

static void test_ramp_starts_from_the_present(void **state)
{
    (void)state;
    struct gw_signal s = plain();
    const struct gw_shape up = {.kind = GW_SHAPE_RAMP, .a = 999, .b = 20, .span_ms = 10000};
    constant(&s, 10, 0, GW_STORY_END);
    gw_signal_shape(&s, &up, 5000, GW_STORY_END);
    near(gw_signal_at(&s, 5000), 10);
    near(gw_signal_at(&s, 10000), 15);
    near(gw_signal_at(&s, 15000), 20);
    near(gw_signal_at(&s, 99000), 20);

    const struct gw_shape down = {.kind = GW_SHAPE_RAMP, .b = -20, .span_ms = 1000};
    gw_signal_shape(&s, &down, 10000, GW_STORY_END); /* in the middle of the first one, at 15 */
    near(gw_signal_at(&s, 10000), 15);
    near(gw_signal_at(&s, 10500), -2.5);
    near(gw_signal_at(&s, 11000), -20);
}

static void test_waves(void **state)
{
    (void)state;
    struct gw_signal s = plain();
    struct gw_shape w = {.kind = GW_SHAPE_SINE, .a = 10, .b = 5, .span_ms = 4000};
    gw_signal_shape(&s, &w, 1000, GW_STORY_END);
    near(gw_signal_at(&s, 1000), 10);
    near(gw_signal_at(&s, 2000), 15);
    near(gw_signal_at(&s, 3000), 10);
    near(gw_signal_at(&s, 4000), 5);
    near(gw_signal_at(&s, 5000), 10);

    w = (struct gw_shape){.kind = GW_SHAPE_SQUARE, .a = 10, .b = 5, .span_ms = 1000, .duty = 0.25};
    gw_signal_shape(&s, &w, 0, GW_STORY_END);
    near(gw_signal_at(&s, 0), 15);
    near(gw_signal_at(&s, 249), 15);
    near(gw_signal_at(&s, 250), 5);
    near(gw_signal_at(&s, 999), 5);
    near(gw_signal_at(&s, 1000), 15);
}

static void test_logic_signal_is_0_or_1(void **state)
{
    (void)state;
    struct gw_signal s = logic();
    const struct gw_shape chatter = {
        .kind = GW_SHAPE_SQUARE, .a = 0.5, .b = 0.5, .span_ms = 200, .duty = 0.5};
    gw_signal_shape(&s, &chatter, 0, GW_STORY_END);
    near(gw_signal_at(&s, 0), 1);
    near(gw_signal_at(&s, 100), 0);
    const struct gw_shape ramp = {.kind = GW_SHAPE_RAMP, .b = 1, .span_ms = 1000};
    gw_signal_shape(&s, &ramp, 100, GW_STORY_END);
    near(gw_signal_at(&s, 599), 0);
    near(gw_signal_at(&s, 600), 1);
}

static void test_temporary_shape_ends(void **state)
{
    (void)state;
    struct gw_signal s = plain();
    constant(&s, 1, 0, GW_STORY_END);
    constant(&s, 2, 1000, 3000);
    near(gw_signal_at(&s, 1000), 2);
    near(gw_signal_at(&s, 2999), 2);
    near(gw_signal_at(&s, 3000), 1);

    constant(&s, 3, 4000, 9000);
    constant(&s, 4, 5000, GW_STORY_END); /* what is for good wins over what was temporary */
    near(gw_signal_at(&s, 5000), 4);
    near(gw_signal_at(&s, 9000), 4);

    constant(&s, 5, 10000, 20000);
    gw_signal_clear(&s);
    near(gw_signal_at(&s, 11000), 4);
}

static void test_noise_is_a_function_of_time_and_seed(void **state)
{
    (void)state;
    struct gw_signal s = plain();
    s.noise = (struct gw_noise){.kind = GW_NOISE_UNIFORM, .amount = 2};
    struct gw_signal other = s;
    other.seed = 43;

    int differ = 0;
    int moved = 0;
    for (int64_t t = 0; t < 100000; t += GW_SIGNAL_NOISE_MS) {
        double v = gw_signal_at(&s, t);
        assert_true(v >= -2 && v <= 2);
        near(gw_signal_at(&s, t), v);
        near(gw_signal_at(&s, t + GW_SIGNAL_NOISE_MS - 1), v);
        differ += fabs(gw_signal_at(&other, t) - v) > 1e-6;
        moved += fabs(gw_signal_at(&s, t + GW_SIGNAL_NOISE_MS) - v) > 1e-6;
    }
    assert_true(differ > 990);
    assert_true(moved > 990);
}

static void moments(const struct gw_signal *s, double *mean, double *deviation)
{
    const int n = 10000;
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < n; i++) {
        double v = gw_signal_at(s, (int64_t)i * GW_SIGNAL_NOISE_MS);
        assert_true(isfinite(v));
        sum += v;
        squares += v * v;
    }
    *mean = sum / n;
    *deviation = sqrt(squares / n - *mean * *mean);
}

static void test_noise_has_its_size(void **state)
{
    (void)state;
    struct gw_signal s = plain();
    double mean = 0;
    double deviation = 0;
    constant(&s, 100, 0, GW_STORY_END);
    s.noise = (struct gw_noise){.kind = GW_NOISE_GAUSS, .amount = 3};
    moments(&s, &mean, &deviation);
    assert_true(fabs(mean - 100) < 0.15);
    assert_true(fabs(deviation - 3) < 0.15);

    s.noise = (struct gw_noise){.kind = GW_NOISE_UNIFORM, .amount = 3};
    moments(&s, &mean, &deviation);
    assert_true(fabs(mean - 100) < 0.15);
    assert_true(fabs(deviation - 3 / sqrt(3.0)) < 0.1);
}

static void test_frozen_signal_does_not_move(void **state)
{
    (void)state;
    struct gw_signal s = plain();
    s.noise = (struct gw_noise){.kind = GW_NOISE_UNIFORM, .amount = 1};
    const struct gw_shape up = {.kind = GW_SHAPE_RAMP, .b = 100, .span_ms = 10000};
    gw_signal_shape(&s, &up, 0, GW_STORY_END);
    double held = gw_signal_at(&s, 5000);
    gw_signal_hold(&s, GW_HOLD_FROZEN, 5000, 8000);
    for (int64_t t = 5000; t < 8000; t += 50)
        near(gw_signal_at(&s, t), held);
    assert_true(gw_signal_at(&s, 8000) > held + 20);

    gw_signal_hold(&s, GW_HOLD_FROZEN, 8000, GW_STORY_END);
    double second = gw_signal_at(&s, 9000);
    gw_signal_hold(&s, GW_HOLD_FROZEN, 9000, GW_STORY_END);
    near(gw_signal_at(&s, 9900), second);
    gw_signal_clear(&s);
    assert_true(fabs(gw_signal_at(&s, 10000) - 100) <= 1);
}

static void test_held_at_no_number(void **state)
{
    (void)state;
    struct gw_signal s = plain();
    gw_signal_hold(&s, GW_HOLD_NAN, 0, 100);
    assert_true(isnan(gw_signal_at(&s, 50)));
    near(gw_signal_at(&s, 100), 0);
    gw_signal_hold(&s, GW_HOLD_INF, 100, GW_STORY_END);
    assert_true(isinf(gw_signal_at(&s, 200)) && gw_signal_at(&s, 200) > 0);
    gw_signal_hold(&s, GW_HOLD_NEG_INF, 300, GW_STORY_END);
    assert_true(isinf(gw_signal_at(&s, 300)) && gw_signal_at(&s, 300) < 0);
    gw_signal_hold(&s, GW_HOLD_NONE, 400, GW_STORY_END);
    near(gw_signal_at(&s, 400), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constant_and_range),
        cmocka_unit_test(test_ramp_starts_from_the_present),
        cmocka_unit_test(test_waves),
        cmocka_unit_test(test_logic_signal_is_0_or_1),
        cmocka_unit_test(test_temporary_shape_ends),
        cmocka_unit_test(test_noise_is_a_function_of_time_and_seed),
        cmocka_unit_test(test_noise_has_its_size),
        cmocka_unit_test(test_frozen_signal_does_not_move),
        cmocka_unit_test(test_held_at_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
