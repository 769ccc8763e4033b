/* SPDX-License-Identifier: Apache-2.0
 *
 * One long story told many times: with restarts at random moments, with a journal that refuses at
 * random or commits late. It must always end the same, with every record told exactly once.
 */
#include "base/backoff.h"
#include "foundry.h"
#include "support/cmocka_all.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What happens in the plant, by minutes from the start. Whatever counts lasts several minutes
 * longer than its delay, as a crash may cost a minute of it and the stop itself some more. */
enum what { GAS_FAULT, SHIELD, HOT, COLD, FLOW_FAULT, FLOW_WELL, BUS_DOWN, BUS_UP };
static const struct {
    int minute;
    enum what what;
} story[] = {
    {2, GAS_FAULT}, {5, HOT},   {10, SHIELD},     {30, COLD},      {45, BUS_DOWN},    {48, BUS_UP},
    {50, HOT},      {75, COLD}, {80, FLOW_FAULT}, {95, FLOW_WELL}, {120, FLOW_FAULT}, {150, HOT},
};
#define STORY_END 200

static const char expected_standing[] = "if-1:CW-EV-TOUT-H:pt.t1#3:0\n"
                                        "if-1:CW-EV-TOUT-HH:pt.t1#3:0\n"
                                        "if-1:CW-FLT-01:fi.q#1:0\n"
                                        "if-1:CW-ILK-01#1:1\n"
                                        "if-1:CW-TRP-01:pt.t1#1:1\n"
                                        "paint-1:GAS-BYP-01:gas.s2#1:0\n"
                                        "paint-1:GAS-EV-MNT:gas.s2#1:0\n"
                                        "paint-1:GAS-FLT-01:gas.s1#1:0\n";

static void happen(struct scene *s, enum what what)
{
    switch (what) {
    case GAS_FAULT:
        scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
        break;
    case SHIELD:
        scene_contact(s, "gas.k2", true);
        break;
    case HOT:
        scene_num(s, "pt.t1", 58);
        break;
    case COLD:
        scene_num(s, "pt.t1", 40);
        break;
    case FLOW_FAULT:
        scene_quality(s, "fi.q", GW_Q_BAD_FAULT);
        break;
    case FLOW_WELL:
        scene_quality(s, "fi.q", GW_Q_GOOD);
        break;
    case BUS_DOWN:
        scene_link(s, "gas", GW_LINK_DOWN);
        break;
    case BUS_UP:
        scene_link(s, "gas", GW_LINK_OK);
        break;
    }
}

/* An interruption at a moment of the story. */
struct stop {
    int64_t at_ms;
    enum scene_end how;
    int64_t down_ms;
    bool reboot;
};

/* Tells the story with interruptions in order of their moments. Down time is part of the story's
 * time: the plant does not wait. */
static void tell(struct scene *s, const struct stop *stops, size_t nstops)
{
    int64_t now_ms = 0;
    size_t k = 0;
    size_t i = 0;
    const size_t events = sizeof story / sizeof story[0];
    while (now_ms < STORY_END * MINUTE || k < nstops) {
        const int64_t next_event = i < events ? story[i].minute * MINUTE : STORY_END * MINUTE;
        const int64_t next_stop = k < nstops ? stops[k].at_ms : INT64_MAX;
        const int64_t next = next_stop < next_event ? next_stop : next_event;
        if (next > now_ms) {
            scene_run(s, next - now_ms);
            now_ms = next;
        }
        if (next_stop <= next_event) {
            scene_restart(s, stops[k].how, stops[k].down_ms, stops[k].reboot);
            now_ms += stops[k].down_ms;
            k++;
        } else if (i < events) {
            happen(s, story[i++].what);
        }
    }
    scene_run(s, 5 * MINUTE);
}

static struct scene *begin(void)
{
    const struct scene_conf conf = {.step_ms = 20 * SECOND};
    return foundry_conf(&conf);
}

static uint64_t seed_of_run(void)
{
    const char *text = getenv("GW_TEST_SEED");
    const uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : (uint64_t)time(NULL);
    printf("GW_TEST_SEED=%" PRIu64 "\n", seed);
    return seed;
}

static char *undisturbed_history(void)
{
    struct scene *s = begin();
    tell(s, NULL, 0);
    char *standing = scene_standing(s);
    assert_string_equal(standing, expected_standing);
    free(standing);
    char *history = scene_history(s);
    scene_free(s);
    return history;
}

static void expect_same(const struct scene *s, const char *history, uint64_t seed, int run)
{
    char *standing = scene_standing(s);
    char *told = scene_history(s);
    if (strcmp(standing, expected_standing) != 0 || strcmp(told, history) != 0) {
        fail_msg("seed %" PRIu64 ", run %d:\nstands\n%sinstead of\n%stold\n%sinstead of\n%s", seed,
                 run, standing, expected_standing, told, history);
    }
    free(standing);
    free(told);
}

static int by_moment(const void *a, const void *b)
{
    const int64_t x = ((const struct stop *)a)->at_ms;
    const int64_t y = ((const struct stop *)b)->at_ms;
    return x < y ? -1 : x > y;
}

static void restarts_at_random_moments_change_nothing(void **state)
{
    (void)state;
    const uint64_t seed = seed_of_run();
    uint64_t rand = seed;
    char *history = undisturbed_history();
    for (int run = 0; run < 200; run++) {
        struct stop stops[2];
        const size_t n = 1 + gw_rand_below(&rand, 2);
        for (size_t i = 0; i < n; i++) {
            stops[i] = (struct stop){
                .at_ms = (int64_t)gw_rand_below(&rand, (STORY_END - 1) * (uint64_t)MINUTE),
                .how = gw_rand_below(&rand, 2) == 0 ? SCENE_CLEAN : SCENE_CRASH,
                .down_ms = (int64_t)gw_rand_below(&rand, 40 * (uint64_t)SECOND),
                .reboot = gw_rand_below(&rand, 2) == 0,
            };
        }
        qsort(stops, n, sizeof stops[0], by_moment);
        struct scene *s = begin();
        tell(s, stops, n);
        expect_same(s, history, seed, run);
        scene_free(s);
    }
    free(history);
}

/* A clean stop of no length is not to be noticed at all: not even a delay moves. */
static void a_clean_restart_costs_nothing(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_quality(s, "pt.t1", GW_Q_BAD_FAULT);
    scene_run(s, 0);
    for (int i = 0; i < 10; i++) {
        scene_run(s, 27 * SECOND);
        scene_restart(s, SCENE_CLEAN, 0, true);
    }
    scene_run(s, 30 * SECOND - 1);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 0);
    scene_run(s, 1);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 1);
    /* It began when it began. */
    assert_string_equal(rec_str(scene_last(s, "CW-FLT-01", "raised"), "time/observed"),
                        "2026-11-22T08:00:00.000+08:00");
    scene_free(s);
}

/* Down time counts neither as healthy nor as violation. */
static void down_time_counts_as_nothing(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_quality(s, "pt.t1", GW_Q_BAD_FAULT);
    scene_run(s, 0);
    scene_run(s, 4 * MINUTE);
    scene_restart(s, SCENE_CLEAN, 30 * DAY, true);
    scene_run(s, MINUTE - 1);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 0);
    scene_run(s, 1);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 1);
    /* Nor does it clear. */
    scene_quality(s, "pt.t1", GW_Q_GOOD);
    scene_run(s, MINUTE);
    scene_restart(s, SCENE_CLEAN, 30 * DAY, true);
    scene_run(s, MINUTE);
    assert_int_equal(scene_count(s, "CW-FLT-01", "cleared"), 0);
    scene_free(s);
}

/* A crash costs at most what passed since the last stored row: a tenth of the delay, a minute at
 * most. */
static void a_crash_costs_little(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_contact(s, "gas.mains", true); /* 1 h */
    scene_run(s, 50 * MINUTE);
    scene_restart(s, SCENE_CRASH, 0, true);
    scene_run(s, 10 * MINUTE - SECOND);
    assert_int_equal(scene_count(s, "GAS-FLT-03", "raised"), 0);
    scene_run(s, MINUTE + SECOND);
    assert_int_equal(scene_count(s, "GAS-FLT-03", "raised"), 1);
    scene_free(s);
}

static void a_journal_that_refuses_at_random_loses_nothing(void **state)
{
    (void)state;
    const uint64_t seed = seed_of_run();
    uint64_t rand = seed;
    char *history = undisturbed_history();
    for (int run = 0; run < 40; run++) {
        struct scene *s = begin();
        scene_refuse(s, (unsigned)gw_rand_below(&rand, 95), gw_rand_next(&rand));
        scene_commit_lag(s, (unsigned)gw_rand_below(&rand, 6));
        tell(s, NULL, 0);
        scene_refuse(s, 0, 1);
        scene_run(s, 5 * MINUTE);
        expect_same(s, history, seed, run);
        scene_free(s);
    }
    free(history);
}

/* Both at once: refusals, late commits, and crashes that lose what was taken but not committed. */
static void refusals_and_crashes_together(void **state)
{
    (void)state;
    const uint64_t seed = seed_of_run();
    uint64_t rand = seed;
    char *history = undisturbed_history();
    for (int run = 0; run < 40; run++) {
        struct stop stop = {
            .at_ms = (int64_t)gw_rand_below(&rand, (STORY_END - 1) * (uint64_t)MINUTE),
            .how = SCENE_CRASH,
            .down_ms = (int64_t)gw_rand_below(&rand, 30 * (uint64_t)SECOND),
            .reboot = true,
        };
        struct scene *s = begin();
        scene_refuse(s, (unsigned)gw_rand_below(&rand, 50), gw_rand_next(&rand));
        scene_commit_lag(s, (unsigned)gw_rand_below(&rand, 3));
        tell(s, &stop, 1);
        scene_refuse(s, 0, 1);
        scene_run(s, 5 * MINUTE);
        expect_same(s, history, seed, run);
        scene_free(s);
    }
    free(history);
}

/* Full for hours: everything that still holds is told when there is room again, with its own times.
 */
static void a_full_journal_delays_and_loses_nothing(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    scene_refuse(s, 100, 1);
    scene_num(s, "pt.t1", 58);
    scene_run(s, 2 * HOUR);
    assert_int_equal(scene_records(s), 0);
    struct gw_engine_counts c;
    gw_engine_counts(scene_engine(s), &c);
    assert_int_equal(c.alarms + c.leads, 0);
    scene_refuse(s, 0, 1);
    scene_run(s, SECOND);
    const struct scene_record *r = scene_last(s, "CW-EV-TOUT-HH", "raised");
    assert_string_equal(rec_str(r, "time/observed"), "2026-11-22T08:00:11.000+08:00");
    assert_string_equal(rec_str(r, "time/recorded"), "2026-11-22T10:00:11.000+08:00");
    scene_run(s, 20 * MINUTE);
    assert_int_equal(scene_count(s, "CW-TRP-01", "raised"), 1);
    assert_int_equal(scene_count(s, "CW-ILK-01", "raised"), 1);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restarts_at_random_moments_change_nothing),
        cmocka_unit_test(a_clean_restart_costs_nothing),
        cmocka_unit_test(down_time_counts_as_nothing),
        cmocka_unit_test(a_crash_costs_little),
        cmocka_unit_test(a_journal_that_refuses_at_random_loses_nothing),
        cmocka_unit_test(refusals_and_crashes_together),
        cmocka_unit_test(a_full_journal_delays_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
