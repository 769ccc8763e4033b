/* SPDX-License-Identifier: Apache-2.0
 *
 * Somebody sets the clock, by hours and years, to 1970 and back: the same story with and without.
 * integration.clock does it to a real kernel's.
 */
#include "foundry.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/journal/seed.h"
#include "base/backoff.h"

#define YEAR  (365 * DAY)
#define CLOCK "DAT-INT-01" /* that the clock was set is told */

static uint64_t rand_state;

static void step_clock(struct scene *s)
{
    static const int64_t by[] = {SECOND, 6 * SECOND, HOUR, YEAR, 10 * YEAR};
    const uint64_t kind = gw_rand_below(&rand_state, 7);
    const int64_t sign = gw_rand_below(&rand_state, 2) == 0 ? -1 : 1;
    if (kind == 5)
        scene_clock_step(s, -scene_now(s).wall_ms); /* 1970 */
    else if (kind == 6)
        scene_clock_step(s, INT64_C(1795305600000) - scene_now(s).wall_ms); /* 2026 */
    else if (scene_now(s).wall_ms + sign * by[kind] > 0)
        scene_clock_step(s, sign * by[kind]);
}

static void pass(struct scene *s, int64_t ms, bool disturbed)
{
    for (int64_t at = 0; at < ms; at += ms / 10) {
        if (disturbed)
            step_clock(s);
        scene_run(s, ms / 10);
    }
}

/* Delays that run, alarms that stand, cases that clear: ten stages, each disturbed ten times. */
static struct scene *story(bool disturbed)
{
    struct scene *s = foundry_new();
    scene_run(s, MINUTE);
    scene_sync(s, !disturbed); /* what the kernel says once the clock was set */
    pass(s, MINUTE, disturbed);
    scene_num(s, "pt.t1", 58);
    pass(s, 100 * SECOND, disturbed);
    scene_num(s, "pt.t1", 40);
    pass(s, 5 * MINUTE, disturbed);
    scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
    pass(s, 2 * HOUR, disturbed);
    scene_state(s, "gas.s1", GW_S_NORMAL);
    pass(s, 30 * MINUTE, disturbed);
    scene_quality(s, "pt.t1", GW_Q_BAD_FAULT);
    pass(s, 10 * MINUTE, disturbed);
    scene_quality(s, "pt.t1", GW_Q_GOOD);
    pass(s, HOUR, disturbed);
    scene_num(s, "gas.p2", 30);
    pass(s, 50 * MINUTE, disturbed);
    scene_num(s, "gas.p2", 1);
    pass(s, HOUR, disturbed);
    pass(s, HOUR, disturbed);
    return s;
}

/* History without the lines of CLOCK. */
static void without_clock(char *history)
{
    char *to = history;
    for (char *line = history, *end = NULL; *line != '\0'; line = end) {
        end = strchr(line, '\n');
        end = end ? end + 1 : line + strlen(line);
        const char keep = *end;
        *end = '\0';
        const bool drop = strstr(line, CLOCK) != NULL;
        *end = keep;
        if (drop)
            continue;
        memmove(to, line, (size_t)(end - line));
        to += end - line;
    }
    *to = '\0';
}

static void a_hundred_steps_change_no_story(void **state)
{
    (void)state;
    struct scene *plain = story(false);
    char *want = scene_history(plain);
    without_clock(want);
    assert_true(strstr(want, "CW-EV-TOUT-HH") != NULL && strstr(want, "GAS-FLT-01") != NULL);
    struct scene *disturbed = story(true);
    char *have = scene_history(disturbed);
    without_clock(have);
    assert_string_equal(have, want);
    /* By their numbers they stand as they happened, whatever their dates say. */
    int64_t last = 0;
    for (size_t i = 0; i < scene_records(disturbed); i++) {
        const int64_t at = rec_int(scene_record(disturbed, i), "time/t_boot_ms");
        assert_true(at >= last);
        last = at;
    }
    free(want);
    free(have);
    scene_free(plain);
    scene_free(disturbed);
}

/* Verified until 2027-03-10, and the clock stands ten years on, for hours. */
static void a_clock_set_forward_ends_no_verification(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, MINUTE);
    scene_sync(s, false);
    scene_clock_step(s, 10 * YEAR);
    scene_run(s, 4 * HOUR);
    assert_int_equal(scene_count(s, "GAS-CAL-01", "raised"), 0);
    assert_int_equal(scene_count(s, CLOCK, "raised"), 1);
    /* But when a time server says so, it is so. */
    scene_sync(s, true);
    scene_run(s, 2 * HOUR);
    assert_int_equal(scene_count(s, "GAS-CAL-01", "raised"), 1);
    scene_free(s);
}

static int setup(void **state)
{
    (void)state;
    rand_state = test_seed();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_steps_change_no_story),
        cmocka_unit_test(a_clock_set_forward_ends_no_verification),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
