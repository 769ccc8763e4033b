/* SPDX-License-Identifier: Apache-2.0 */
#include "gpio/stamp.h"

#include "support/cmocka_all.h"

#define MS INT64_C(1000000)

static const struct gw_stamp now = {.mono_ms = 5000000, .wall_ms = 1795305600000};

static void a_monotonic_stamp_is_kept(void **state)
{
    (void)state;
    assert_int_equal(gw_gpio_stamp_ms(&now, (now.mono_ms - 7) * MS + 999999), now.mono_ms - 7);
    assert_int_equal(gw_gpio_stamp_ms(&now, now.mono_ms * MS), now.mono_ms);
}

static void a_wall_stamp_is_converted(void **state)
{
    (void)state;
    assert_int_equal(gw_gpio_stamp_ms(&now, (now.wall_ms - 12) * MS), now.mono_ms - 12);
}

static void no_stamp_is_of_the_future(void **state)
{
    (void)state;
    assert_int_equal(gw_gpio_stamp_ms(&now, (now.mono_ms + 3) * MS), now.mono_ms);
    assert_int_equal(gw_gpio_stamp_ms(&now, (now.wall_ms + 300) * MS), now.mono_ms);
}

static void an_implausible_stamp_is_of_now(void **state)
{
    (void)state;
    const int64_t day_ms = 86400000;
    const int64_t stamps[] = {0,
                              -5,
                              INT64_MAX,
                              INT64_MIN,
                              (now.wall_ms - day_ms) * MS,
                              (now.wall_ms + day_ms) * MS,
                              (now.mono_ms + day_ms) * MS};
    for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++)
        assert_int_equal(gw_gpio_stamp_ms(&now, stamps[i]), now.mono_ms);
}

/* Right after boot without a battery clock, wall time is 1970: the two are close together. */
static void a_machine_that_just_booted_without_a_clock(void **state)
{
    (void)state;
    const struct gw_stamp boot = {.mono_ms = 4000, .wall_ms = 4200};
    assert_int_equal(gw_gpio_stamp_ms(&boot, 3990 * MS), 3990);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_monotonic_stamp_is_kept),
        cmocka_unit_test(a_wall_stamp_is_converted),
        cmocka_unit_test(no_stamp_is_of_the_future),
        cmocka_unit_test(an_implausible_stamp_is_of_now),
        cmocka_unit_test(a_machine_that_just_booted_without_a_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
