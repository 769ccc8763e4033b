/* SPDX-License-Identifier: Apache-2.0
 *
 * What takes longer than a gateway runs without a break: memories of days, over clean stops and
 * crashes, with reboots and down time.
 */
#include "base/backoff.h"
#include "finding/memory.h"
#include "story.h"
#include "support/cmocka_all.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROLE(role, point) "\"" role "\":\"" point "\""
#define RUN               ROLE("RUN", "wd.run") ","

static const char plant[] =
    ROLES("dust_wet", "\"dust\":\"organic\"", RUN ROLE("DP", "ws.dp") "," ROLE("T_HOPPER", "ws.t"));
static const char loop[] =
    ROLES("if_furnace", "\"loop\":\"closed\"",
          RUN ROLE("T_OUT", "pt.t1") "," ROLE("T_IN", "ti.t") "," ROLE("Q_IN", "fi.q"));
static const char room[] = ROLES("paint_mix", "", ROLE("GAS_SET1", "set.l1"));

static struct scene *begin(const char *assets)
{
    const struct scene_conf conf = {.assets = assets};
    return workshop_conf(&conf);
}

static size_t raised(const struct scene *s, const char *code)
{
    return scene_count(s, code, "raised");
}

static uint64_t seed_of_run(void)
{
    const char *text = getenv("GW_TEST_SEED");
    const uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : (uint64_t)time(NULL);
    print_message("GW_TEST_SEED=%" PRIu64 "\n", seed);
    return seed;
}

/* ---- hours that are held ---- */

/* Two hours of every day, for days: the stop between them does not count, nor does it start the
 * time anew. */
static void held_hours_add_up_over_days_of_clean_stops(void **state)
{
    (void)state;
    struct scene *s = begin(loop);
    scene_run(s, 20 * SECOND);
    scene_num(s, "pt.t1", 41);
    scene_run(s, 1);
    scene_step_ms(s, 5 * MINUTE);
    for (int day = 0; day < 4; day++) {
        scene_num(s, "fi.q", 30 + 4 * (day % 2)); /* what it should follow varies */
        scene_run(s, 2 * HOUR);
        assert_int_equal(raised(s, "CW-INT-01"), 0);
        if (day < 3)
            scene_restart(s, SCENE_CLEAN, 22 * HOUR, day % 2 == 0);
    }
    /* The varying inflow is watched anew after each start, so it has to vary once more. */
    scene_num(s, "fi.q", 30);
    scene_run(s, 20 * MINUTE);
    assert_int_equal(raised(s, "CW-INT-01"), 1);
    assert_non_null(
        strstr(rec_str(scene_last(s, "CW-INT-01", "raised"), "condition/text/en"), "h of 8.0 h"));
    scene_free(s);
}

/* A crash costs what was held since the last stored row, an hour at most; never more. */
static void a_crash_costs_an_hour_at_most(void **state)
{
    (void)state;
    const uint64_t seed = seed_of_run();
    uint64_t rand = seed;
    for (int run = 0; run < 20; run++) {
        struct scene *s = begin(loop);
        scene_run(s, 20 * SECOND);
        scene_num(s, "pt.t1", 41);
        scene_run(s, 1);
        scene_step_ms(s, 5 * MINUTE);
        scene_run(s, (int64_t)gw_rand_below(&rand, 6 * (uint64_t)HOUR) + HOUR);
        scene_restart(s, SCENE_CRASH, (int64_t)gw_rand_below(&rand, (uint64_t)DAY), true);
        scene_num(s, "fi.q", 34);
        scene_run(s, MINUTE);
        scene_num(s, "fi.q", 30);
        scene_run(s, 9 * HOUR + 20 * MINUTE);
        if (raised(s, "CW-INT-01") != 1)
            fail_msg("seed %" PRIu64 ", run %d: raised %zu times", seed, run,
                     raised(s, "CW-INT-01"));
        scene_free(s);
    }
}

/* ---- what an instrument has shown of itself ---- */

static void move(struct scene *s, int moves)
{
    for (int i = 0; i < moves; i++) {
        scene_num(s, "ws.dp", i % 2 == 0 ? 810 : 800);
        scene_run(s, SECOND);
    }
}

static void the_noise_of_an_instrument_is_remembered(void **state)
{
    (void)state;
    static const struct {
        enum scene_end how;
        int moves; /* crashes lose some of them: not all are worth a row */
    } rows[] = {{SCENE_CLEAN, 100}, {SCENE_CRASH, 170}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene *s = begin(plant);
        scene_run(s, 20 * SECOND);
        move(s, rows[i].moves);
        scene_restart(s, rows[i].how, 3 * DAY, true);
        scene_step_ms(s, 5 * MINUTE);
        scene_run(s, 8 * HOUR + 9 * MINUTE);
        assert_int_equal(raised(s, "DAT-INT-02"), 0);
        scene_run(s, 10 * MINUTE);
        assert_int_equal(raised(s, "DAT-INT-02"), 1);
        scene_free(s);
    }
}

/* An instrument that was never seen to move is not judged, however long it stands, and however
 * often the gateway starts. */
static void a_quiet_instrument_is_not_judged_after_a_restart(void **state)
{
    (void)state;
    struct scene *s = begin(plant);
    scene_step_ms(s, 5 * MINUTE);
    for (int i = 0; i < 5; i++) {
        scene_run(s, 10 * HOUR);
        scene_restart(s, i % 2 == 0 ? SCENE_CLEAN : SCENE_CRASH, HOUR, true);
    }
    scene_run(s, 10 * HOUR);
    assert_int_equal(raised(s, "DAT-INT-02"), 0);
    assert_int_equal(scene_records(s), 0);
    scene_free(s);
}

/* ---- what is set, and who it is ---- */

static void a_set_point_moved_in_down_time_is_told(void **state)
{
    (void)state;
    static const enum scene_end hows[] = {SCENE_CLEAN, SCENE_CRASH};
    for (size_t i = 0; i < 2; i++) {
        struct scene *s = begin(room);
        scene_run(s, 20 * SECOND);
        scene_restart(s, hows[i], 5 * DAY, true);
        scene_run(s, 2 * MINUTE);
        assert_int_equal(scene_records(s), 0);
        scene_num(s, "set.l1", 24);
        scene_restart(s, hows[i], 5 * DAY, true);
        scene_run(s, SECOND + MINUTE);
        assert_int_equal(raised(s, "DAT-INT-03"), 1);
        assert_int_equal(raised(s, "GAS-SET-01"), 0); /* lower is lawful, but it was changed */
        const struct scene_record *r = scene_last(s, "DAT-INT-03", "raised");
        assert_non_null(
            strstr(rec_str(r, "condition/text/en"), "set.l1 was 25.00 %LEL and is 24.00 %LEL"));
        /* It stands over another restart, and ends with the old value. */
        scene_restart(s, hows[i], DAY, true);
        scene_run(s, HOUR);
        assert_int_equal(raised(s, "DAT-INT-03"), 1);
        assert_int_equal(scene_count(s, "DAT-INT-03", "cleared"), 0);
        scene_num(s, "set.l1", 25);
        scene_run(s, HOUR + 2 * SECOND);
        assert_int_equal(scene_count(s, "DAT-INT-03", "cleared"), 1);
        scene_free(s);
    }
}

static void an_accepted_change_is_settled_for_good(void **state)
{
    (void)state;
    struct scene *s = begin(room);
    scene_run(s, 20 * SECOND);
    scene_num(s, "set.l1", 24);
    scene_run(s, 2 * MINUTE);
    assert_int_equal(raised(s, "DAT-INT-03"), 1);
    gw_engine_settle(scene_engine(s));
    scene_run(s, HOUR + SECOND);
    assert_int_equal(scene_count(s, "DAT-INT-03", "cleared"), 1);
    scene_restart(s, SCENE_CLEAN, DAY, true);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "DAT-INT-03", "reopened"), 0);
    /* The value of before is now the change. */
    scene_num(s, "set.l1", 25);
    scene_run(s, 2 * MINUTE);
    assert_int_equal(scene_count(s, "DAT-INT-03", "reopened"), 1);
    scene_free(s);
}

static void a_device_exchanged_in_down_time_is_told(void **state)
{
    (void)state;
    struct scene *s = begin(loop);
    scene_run(s, 20 * SECOND);
    scene_identity(s, "ti", ""); /* after a start it is not known at once who it is */
    scene_restart(s, SCENE_CRASH, 2 * DAY, true);
    scene_run(s, 10 * MINUTE);
    assert_int_equal(raised(s, "DAT-INT-04"), 0);
    scene_identity(s, "ti", "QDY30A sn 1");
    scene_run(s, 10 * MINUTE);
    assert_int_equal(raised(s, "DAT-INT-04"), 0);
    scene_restart(s, SCENE_CLEAN, 2 * DAY, true);
    scene_identity(s, "ti", "QDY30A sn 7");
    scene_run(s, 2 * MINUTE);
    assert_int_equal(raised(s, "DAT-INT-04"), 1);
    const struct scene_record *r = scene_last(s, "DAT-INT-04", "raised");
    assert_string_equal(rec_str(r, "subject"), "ti");
    assert_non_null(
        strstr(rec_str(r, "condition/text/en"), "was \"QDY30A sn 1\" and is \"QDY30A sn 7\""));
    scene_free(s);
}

/* ---- the bound ---- */

/* What a check keeps does not grow with the time: rows of a fixed size, rewritten in place, and a
 * value that moves at every look costs a row ever more seldom. */
static void a_memory_has_a_bound(void **state)
{
    (void)state;
    struct scene *s = begin(plant);
    scene_run(s, 20 * SECOND);
    const size_t before = scene_rows_written(s);
    uint64_t rand = seed_of_run();
    for (int i = 0; i < 20000; i++) {
        scene_num(s, "ws.dp", 800 + (double)gw_rand_below(&rand, 50));
        scene_run(s, SECOND);
    }
    assert_in_range(scene_rows_written(s) - before, 5, 60);
    const char *row = scene_row(s, "a:DAT-INT-02:ws.dp");
    assert_non_null(row);
    assert_true(strlen(row) < 400);
    assert_true(sizeof(struct gw_rule_memory) <= 320);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(held_hours_add_up_over_days_of_clean_stops),
        cmocka_unit_test(a_crash_costs_an_hour_at_most),
        cmocka_unit_test(the_noise_of_an_instrument_is_remembered),
        cmocka_unit_test(a_quiet_instrument_is_not_judged_after_a_restart),
        cmocka_unit_test(a_set_point_moved_in_down_time_is_told),
        cmocka_unit_test(an_accepted_change_is_settled_for_good),
        cmocka_unit_test(a_device_exchanged_in_down_time_is_told),
        cmocka_unit_test(a_memory_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
