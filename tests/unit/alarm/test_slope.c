/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/slope.h"

#include "support/cmocka_all.h"

#include <math.h>

#define N 61 /* one sample a second for a minute */

static void line(struct gw_slope_sample *s, double per_minute)
{
    for (int i = 0; i < N; i++)
        s[i] = (struct gw_slope_sample){1000 * i, 40.0 + per_minute * i / 60.0};
}

static void a_line_has_its_own_slope(void **state)
{
    (void)state;
    struct gw_slope_sample s[N];
    double slope = 0.0;
    line(s, 6.0);
    assert_true(gw_slope(s, N, 0, 60000, &slope));
    assert_float_equal(slope, 6.0, 1e-9);
    line(s, -0.5);
    assert_true(gw_slope(s, N, 0, 60000, &slope));
    assert_float_equal(slope, -0.5, 1e-9);
}

static void spikes_and_noise_make_no_slope(void **state)
{
    (void)state;
    struct gw_slope_sample s[N];
    double slope = NAN;
    line(s, 0.0);
    for (int i = 0; i < N; i += 7)
        s[i].x = 400.0;
    assert_true(gw_slope(s, N, 0, 60000, &slope));
    assert_float_equal(slope, 0.0, 1e-9);
    line(s, 0.0);
    for (int i = 0; i < N; i++)
        s[i].x += i % 2 == 0 ? 0.5 : -0.5;
    assert_true(gw_slope(s, N, 0, 60000, &slope));
    assert_true(fabs(slope) <= 1.5); /* one swing over two thirds of a minute at the worst */
}

static void a_window_with_a_hole_says_nothing(void **state)
{
    (void)state;
    struct gw_slope_sample s[N];
    struct gw_slope_sample cut[N];
    double slope = NAN;
    line(s, 6.0);
    assert_false(gw_slope(s, 0, 0, 60000, &slope));
    assert_false(gw_slope(s, 5, 0, 60000, &slope));
    /* A third may be missing, not more. */
    for (int missing = 19; missing <= 20; missing++) {
        size_t n = 0;
        for (int i = 0; i < N; i++)
            if (i <= 20 || i > 20 + missing)
                cut[n++] = s[i];
        assert_int_equal(gw_slope(cut, n, 0, 60000, &slope), missing == 19);
    }
    assert_false(gw_slope(s + 21, N - 21, 0, 60000, &slope)); /* it has just begun */
    assert_false(gw_slope(s, N - 21, 0, 60000, &slope));      /* it has ended */
    assert_true(isfinite(slope));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_its_own_slope),
        cmocka_unit_test(spikes_and_noise_make_no_slope),
        cmocka_unit_test(a_window_with_a_hole_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
