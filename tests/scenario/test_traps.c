/* SPDX-License-Identifier: Apache-2.0
 *
 * What gateways get wrong, and where it is told that this one does not:
 *
 *    1  silence taken for absence                          here
 *    2  NE43 bands for gas detectors, clamped modules      unit/modbus/test_signal.c
 *    3  word order, odd floats, unit words, overflow       unit/modbus/test_decode.c, test_profile.c,
 *                                                          test_frames.c
 *    4  flows that were not read together                  here
 *    5  findings of a plant that stands, starts, is worked on      here, and test_month.c
 *    6  merged states, fail-safe relays                    here
 *    7  the device's word against our threshold            here
 *    8  chatter at exactly the limit                       here
 *    9  clocks                                             here, unit/base/test_clock.c
 *   10  one case with a counter                            here, test_life.c
 *   11  a set-point lower than it must be                  here
 *   12  two clauses, one lead                              test_life.c
 */
#include "foundry.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t leads(const struct scene *s)
{
    size_t n = 0;
    for (size_t i = 0; i < scene_records(s); i++)
        n += scene_record(s, i)->cls == GW_CLASS_LEAD ? 1 : 0;
    return n;
}

/* ---- 1: missing needs a healthy parent ---- */

static void a_bus_that_is_down_says_nothing_of_its_instruments(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_link(s, "gas", GW_LINK_DOWN);
    scene_link(s, "pt", GW_LINK_DOWN);
    scene_link(s, "fi", GW_LINK_DOWN);
    scene_link(s, "fo", GW_LINK_DOWN);
    scene_link(s, "di", GW_LINK_DOWN);
    scene_step_ms(s, 5 * MINUTE);
    scene_run(s, 3 * DAY);
    /* But that nobody answers at all. */
    assert_int_equal(scene_count(s, "GW-SRC-LOST", "raised"), 1);
    assert_int_equal(leads(s), 1);
    struct gw_engine_counts c;
    gw_engine_counts(scene_engine(s), &c);
    assert_true(c.unknown > 0);
    scene_free(s);
}

/* Only the cooling bus is down: its own devices cannot vouch for each other. */
static void one_bus_of_three_is_down(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_link(s, "pt", GW_LINK_DOWN);
    scene_link(s, "fi", GW_LINK_DOWN);
    scene_link(s, "fo", GW_LINK_DOWN);
    scene_step_ms(s, 5 * MINUTE);
    scene_run(s, 3 * DAY);
    assert_int_equal(scene_records(s), 0);
    /* One of them answers again: now the others' silence is their own. */
    scene_link(s, "fi", GW_LINK_OK);
    scene_run(s, 2 * DAY);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 2);
    assert_int_equal(scene_count(s, "CW-ABS-01", "raised"), 1);
    scene_free(s);
}

/* The controller searches its detectors for two minutes after power-up and says ABSENT meanwhile.
 */
static void a_controller_searches_its_detectors(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    for (int i = 0; i < 20; i++) {
        scene_state(s, "gas.s1", GW_S_ABSENT);
        scene_state(s, "gas.s2", GW_S_ABSENT);
        scene_quality(s, "gas.p1", GW_Q_BAD_COMM);
        scene_quality(s, "gas.p2", GW_Q_BAD_COMM);
        scene_run(s, 2 * MINUTE);
        scene_state(s, "gas.s1", GW_S_NORMAL);
        scene_state(s, "gas.s2", GW_S_NORMAL);
        scene_quality(s, "gas.p1", GW_Q_GOOD);
        scene_quality(s, "gas.p2", GW_Q_GOOD);
        scene_run(s, 3 * MINUTE);
    }
    assert_int_equal(scene_records(s), 0);
    scene_free(s);
}

/* Once seen it is installed: what fails later is failed, not missing, and a restart changes
 * nothing. */
static void what_was_seen_is_never_missing(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    scene_restart(s, SCENE_CRASH, HOUR, true);
    scene_quality(s, "pt.t1", GW_Q_BAD_COMM);
    scene_step_ms(s, 5 * MINUTE);
    scene_run(s, 3 * DAY);
    assert_int_equal(scene_count(s, "CW-ABS-01", "raised"), 0);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 1);
    scene_free(s);
}

/* ---- 4: flow difference ---- */

/* Both meters are polled every 10 s, the inflow some seconds after the outflow. Two seconds apart
 * they are a pair, and stay one while each is polled in its turn; three seconds apart they never
 * are. */
static void flows_that_were_not_read_together(void **state)
{
    (void)state;
    const struct scene_conf conf = {
        .devices = "\"gas\":{\"bus\":\"b1\"},\"pt\":{\"bus\":\"b2\"},\"di\":{\"bus\":\"b3\"},"
                   "\"fi\":{\"bus\":\"b2\",\"period_ms\":10000},"
                   "\"fo\":{\"bus\":\"b2\",\"period_ms\":10000}"};
    for (int apart = 2; apart <= 3; apart++) {
        struct scene *s = foundry_conf(&conf);
        scene_num(s, "fo.q", 20);
        for (int i = 0; i < 60; i++) {
            scene_freeze(s, "fo", i % 10 != 0);
            scene_freeze(s, "fi", i % 10 != apart);
            scene_run(s, SECOND);
        }
        assert_int_equal(scene_count(s, "CW-EV-DIFF", "raised"), apart == 2 ? 1 : 0);
        scene_free(s);
    }
}

static void flows_too_small_to_compare(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_num(s, "fi.q", 8); /* 20 % of 40: not above it */
    scene_num(s, "fo.q", 4);
    scene_run(s, 10 * MINUTE);
    assert_int_equal(scene_count(s, "CW-EV-DIFF", "raised"), 0);
    scene_num(s, "fi.q", 8.01);
    scene_run(s, MINUTE);
    assert_int_equal(scene_count(s, "CW-EV-DIFF", "raised"), 1);
    scene_free(s);
}

static void an_empty_pipe_is_not_a_difference(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_quality(s, "fo.q", GW_Q_BAD_FAULT);
    scene_run(s, 10 * MINUTE);
    assert_int_equal(scene_count(s, "CW-EV-DIFF", "raised"), 0);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 1);
    scene_free(s);
}

static void meters_of_different_class_do_not_chatter(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    /* Two class 1.0 meters: 2 % apart, to and fro. */
    for (int i = 0; i < 60; i++) {
        scene_num(s, "fo.q", i % 2 ? 29.4 : 30.6);
        scene_run(s, 5 * SECOND);
    }
    assert_int_equal(scene_records(s), 0);
    scene_free(s);
}

/* ---- 5: an asset that is stopped ---- */

static void a_plant_that_stands_still_is_left_alone(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    scene_contact(s, "di.run", false);
    scene_contact(s, "di.heat", false);
    scene_num(s, "fi.q", 0);
    scene_num(s, "fo.q", 0);
    scene_quality(s, "pt.t1", GW_Q_BAD_FAULT);
    scene_link(s, "gas", GW_LINK_DOWN);
    scene_step_ms(s, MINUTE);
    scene_run(s, 2 * DAY);
    assert_int_equal(leads(s), 0);
    /* What was wrong before the stop goes on counting after it, not during it. */
    scene_step_ms(s, SECOND);
    scene_contact(s, "di.run", true);
    scene_run(s, 5 * MINUTE);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 0);
    scene_run(s, SECOND);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 1);
    scene_free(s);
}

/* A case that stands is not cleared by switching the furnace off for the night. */
static void a_stop_clears_nothing(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_quality(s, "pt.t1", GW_Q_BAD_FAULT);
    scene_run(s, 10 * MINUTE);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 1);
    scene_contact(s, "di.run", false);
    scene_quality(s, "pt.t1", GW_Q_GOOD);
    scene_step_ms(s, 5 * MINUTE);
    scene_run(s, 3 * DAY);
    assert_int_equal(scene_count(s, "CW-FLT-01", "cleared"), 0);
    scene_contact(s, "di.run", true);
    scene_run(s, DAY + 5 * MINUTE);
    assert_int_equal(scene_count(s, "CW-FLT-01", "cleared"), 1);
    scene_free(s);
}

static void run_that_cannot_be_read_holds(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_quality(s, "di.run", GW_Q_BAD_COMM);
    scene_quality(s, "pt.t1", GW_Q_BAD_FAULT);
    scene_run(s, 30 * MINUTE);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 0);
    scene_free(s);
}

/* The pump takes four seconds to its flow, the furnace a while to its temperature. */
static void a_start_is_no_alarm(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    for (int day = 0; day < 5; day++) {
        scene_contact(s, "di.run", true);
        for (int i = 0; i <= 5; i++) {
            scene_num(s, "fi.q", i * 6.0);
            scene_num(s, "fo.q", i < 2 ? 0 : i * 6.0 - 3.0); /* it fills the loop */
            scene_num(s, "pt.t1", 22.0 + i);
            scene_run(s, i < 5 ? SECOND - 1 : 1);
        }
        scene_num(s, "fo.q", 30);
        scene_run(s, HOUR);
        scene_contact(s, "di.run", false);
        scene_num(s, "fi.q", 0);
        scene_num(s, "fo.q", 0);
        scene_run(s, HOUR);
    }
    assert_int_equal(scene_records(s), 0);
    scene_free(s);
}

/* Test gas on an inhibited detector, a warm-up after it: told by the states, and no finding. */
static void work_on_detectors_within_its_time_is_no_finding(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    for (int i = 0; i < 6; i++) {
        scene_state(s, "gas.s1", GW_S_INHIBIT);
        scene_quality(s, "gas.p1", GW_Q_INHIBIT);
        scene_num(s, "gas.p1", 50);
        scene_run(s, 29 * MINUTE);
        scene_state(s, "gas.s1", GW_S_WARMUP);
        scene_quality(s, "gas.p1", GW_Q_WARMUP);
        scene_num(s, "gas.p1", 0);
        scene_run(s, 5 * MINUTE);
        scene_state(s, "gas.s1", GW_S_NORMAL);
        scene_quality(s, "gas.p1", GW_Q_GOOD);
        scene_run(s, MINUTE);
    }
    /* The work itself is told, as an alarm of no priority. */
    assert_int_equal(scene_count(s, "GAS-EV-MNT", "raised"), 6);
    assert_int_equal(scene_count(s, "GAS-EV-MNT", "returned"), 6);
    assert_int_equal(scene_records(s), 12);
    scene_free(s);
}

/* ---- 6: merged states, fail-safe relays ---- */

/* A switch that opens when it loses its supply looks like an alarm, and is told as one. That its
 * module is silent is none, nor is what it says of a burner that is off. */
static void a_fail_safe_relay_without_power(void **state)
{
    (void)state;
    struct scene *s = foundry_with(
        "\"b\":{\"type\":\"gas_burner\",\"name\":\"x\",\"rated\":{\"P_GAS\":20},\"roles\":{"
        "\"RUN\":\"di.run\",\"DI_LP\":\"di.x1\",\"DI_FLAME\":\"di.heat\","
        "\"DI_ESV_CLOSED\":\"di.fan\"}}");
    scene_run(s, 10 * SECOND);
    scene_link(s, "di", GW_LINK_DOWN);
    scene_run(s, HOUR);
    scene_link(s, "di", GW_LINK_OK);
    scene_contact(s, "di.run", false);
    scene_contact(s, "di.x1", true);
    scene_run(s, HOUR);
    assert_int_equal(scene_records(s), 0);
    scene_contact(s, "di.run", true);
    scene_run(s, 4 * SECOND);
    assert_int_equal(scene_count(s, "GM-EV-LOW", "raised"), 1);
    assert_int_equal(leads(s), 0);
    scene_free(s);
}

static void a_state_that_merges_two_decides_nothing(void **state)
{
    (void)state;
    struct scene *s = foundry_with(
        "\"paint-1\":{\"type\":\"paint_mix\",\"name\":\"x\",\"roles\":{\"GAS\":\"gas.p1\","
        "\"GAS_STATE\":\"gas.s1\"}}");
    scene_run(s, 10 * SECOND);
    scene_state(s, "gas.s1", GW_S_UNKNOWN);
    scene_quality(s, "gas.p1", GW_Q_UNCERTAIN);
    scene_step_ms(s, MINUTE);
    scene_run(s, 2 * DAY);
    assert_int_equal(scene_records(s), 0);
    scene_free(s);
}

/* ---- 7: the device's own alarm counts, not our threshold ---- */

static void the_controllers_word_is_preferred(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_num(s, "gas.p1", 80);
    scene_run(s, MINUTE);
    assert_int_equal(scene_count(s, "GAS-EV-HIGH", "raised"), 0);
    scene_num(s, "gas.p1", 3);
    scene_state(s, "gas.s1", GW_S_HIGH); /* latched */
    scene_run(s, SECOND);
    assert_int_equal(scene_count(s, "GAS-EV-HIGH", "raised"), 1);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "GAS-EV-HIGH", "returned"), 0);
    scene_free(s);
}

/* ---- 8: chatter at the limit ---- */

static void a_value_on_the_limit_does_not_chatter(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    for (int i = 0; i < 600; i++) {
        scene_num(s, "pt.t1", i % 2 ? 55.0 : 54.99);
        scene_run(s, SECOND);
    }
    /* The deadband holds it over the limit from the first 55.00 on: one alarm, no return. */
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "raised"), 1);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "returned"), 0);
    /* Around the lower end of the deadband it returns when it has been below for the off-delay. */
    for (int i = 0; i < 600; i++) {
        scene_num(s, "pt.t1", i % 2 ? 54.0 : 53.99);
        scene_run(s, SECOND);
    }
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "raised"), 1);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "returned"), 1);
    scene_free(s);
}

static void gas_at_exactly_the_limit(void **state)
{
    (void)state;
    struct scene *s = foundry_with("\"p\":{\"type\":\"paint_mix\",\"name\":\"x\",\"roles\":{"
                                   "\"GAS\":\"gas.p1\"}}");
    scene_run(s, 5 * SECOND);
    scene_num(s, "gas.p1", 25);
    scene_run(s, SECOND);
    assert_int_equal(scene_count(s, "GAS-EV-LOW", "raised"), 1);
    scene_num(s, "gas.p1", 23); /* 25 - 2: still inside the deadband */
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "GAS-EV-LOW", "returned"), 0);
    scene_num(s, "gas.p1", 22.99);
    scene_run(s, 30 * SECOND);
    assert_int_equal(scene_count(s, "GAS-EV-LOW", "returned"), 0);
    scene_run(s, SECOND);
    assert_int_equal(scene_count(s, "GAS-EV-LOW", "returned"), 1);
    scene_free(s);
}

/* A burner beside the furnace, 20 kPa rated. */
static struct scene *burner_too(void)
{
    const struct scene_conf conf = {
        .points = FOUNDRY_POINTS ",\"pt.g\":{\"is\":\"number\",\"unit\":\"kPa\"}",
        .assets = FOUNDRY_FURNACE
        ",\"b\":{\"type\":\"gas_burner\",\"name\":\"x\",\"rated\":{\"P_GAS\":20},\"roles\":{"
        "\"RUN\":\"di.run\",\"P_GAS\":\"pt.g\",\"DI_FLAME\":\"di.run\",\"DI_ESV_CLOSED\":\"di."
        "fan\"}}",
    };
    struct scene *s = foundry_conf(&conf);
    scene_num(s, "pt.g", 15.0);
    return s;
}

/* 50.0 degC and 15.0 kPa: at the limit and a hundredth beside it, second by second. */
static void other_limits_do_not_chatter_either(void **state)
{
    (void)state;
    struct scene *s = burner_too();
    scene_run(s, HOUR);
    assert_int_equal(scene_records(s), 0); /* 15.0 is not below 15.0 */
    for (int i = 0; i < 300; i++) {
        scene_num(s, "pt.t1", i % 2 ? 50.0 : 49.99);
        scene_num(s, "pt.g", i % 2 ? 15.0 : 14.99);
        scene_run(s, SECOND);
    }
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", "raised"), 1);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", "returned"), 0);
    assert_int_equal(scene_count(s, "GM-EV-LOW", "raised"), 1);
    assert_int_equal(scene_count(s, "GM-EV-LOW", "returned"), 0);
    scene_free(s);
}

/* ---- 9: clocks ---- */

/* Somebody sets the wall clock while a delay runs: the delay does not move, and the record has the
 * time as it is now, in China Standard Time. */
static void a_clock_that_is_set_moves_no_delay(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_quality(s, "pt.t1", GW_Q_BAD_FAULT);
    scene_run(s, 100 * SECOND);
    scene_clock_step(s, HOUR);
    scene_run(s, 100 * SECOND);
    scene_clock_step(s, -3 * HOUR);
    scene_run(s, 100 * SECOND - 1);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 0);
    scene_run(s, 1);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 1);
    assert_string_equal(rec_str(scene_last(s, "CW-FLT-01", "raised"), "time/recorded"),
                        "2026-11-22T06:05:00.000+08:00");
    scene_free(s);
}

/* ---- 10: one case with a counter ---- */

static void a_fault_that_comes_and_goes_is_one_case(void **state)
{
    (void)state;
    const struct scene_conf conf = {.step_ms = MINUTE};
    struct scene *s = foundry_conf(&conf);
    for (int i = 0; i < 4; i++) {
        scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
        scene_run(s, 6 * HOUR);
        scene_state(s, "gas.s1", GW_S_NORMAL);
        scene_run(s, 25 * HOUR);
    }
    assert_int_equal(scene_count(s, "GAS-FLT-01", "raised"), 1);
    assert_int_equal(scene_count(s, "GAS-FLT-01", "reopened"), 3);
    assert_int_equal(scene_count(s, "GAS-FLT-01", "cleared"), 4);
    const struct scene_record *r = scene_last(s, "GAS-FLT-01", "cleared");
    assert_int_equal(rec_int(r, "reopened"), 3);
    assert_string_equal(rec_str(r, "case"), "paint-1:GAS-FLT-01:gas.s1#1");
    scene_free(s);
}

/* ---- 11: a lower set-point is lawful ---- */

static void a_lower_set_point_is_only_an_earlier_alarm(void **state)
{
    (void)state;
    struct scene *s = foundry_with("\"p\":{\"type\":\"paint_mix\",\"name\":\"x\",\"roles\":{"
                                   "\"GAS\":\"gas.p1\",\"DI_FAN\":\"di.fan\"},\"overrides\":{"
                                   "\"GAS-EV-LOW\":{\"high\":10}}}");
    scene_num(s, "gas.p1", 10);
    scene_contact(s, "di.fan", true);
    scene_run(s, MINUTE);
    assert_int_equal(scene_count(s, "GAS-EV-LOW", "raised"), 1);
    scene_num(s, "gas.p1", 1);
    scene_run(s, 2 * DAY);
    assert_int_equal(leads(s), 0);
    scene_free(s);
}

/* ---- interlocks and answers ---- */

static void an_interlock_that_acts_in_the_last_moment(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    scene_num(s, "pt.t1", 58);
    scene_run(s, 1);
    scene_run(s, 10 * SECOND); /* the alarm */
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "raised"), 1);
    scene_run(s, 10 * SECOND - 2);
    scene_contact(s, "di.heat", false);
    scene_run(s, 1);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "CW-ILK-01", "raised"), 0);
    assert_int_equal(leads(s), 0);
    scene_free(s);
}

static void an_interlock_that_nobody_can_see_is_not_judged(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_quality(s, "di.heat", GW_Q_BAD_COMM);
    scene_num(s, "pt.t1", 58);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "raised"), 1);
    assert_int_equal(scene_count(s, "CW-ILK-01", "raised"), 0);
    scene_free(s);
}

/* The temperature comes down by 5 % of its worst: somebody is doing something. */
static void an_alarm_that_gets_better_is_answered(void **state)
{
    (void)state;
    for (int enough = 0; enough < 2; enough++) {
        struct scene *s = foundry_new();
        scene_num(s, "pt.t1", 60);
        scene_run(s, 5 * MINUTE);
        scene_num(s, "pt.t1", enough ? 57 : 57.01); /* 60 - 3 */
        scene_run(s, 20 * MINUTE);
        assert_int_equal(scene_count(s, "CW-TRP-01", "raised"), enough ? 0 : 1);
        scene_free(s);
    }
}

/* The worst counts, also over a restart. */
static void the_worst_is_remembered(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_num(s, "pt.t1", 80);
    scene_run(s, 2 * MINUTE);
    scene_num(s, "pt.t1", 60);
    scene_run(s, MINUTE);
    scene_restart(s, SCENE_CLEAN, MINUTE, true);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "raised"), 1);
    assert_int_equal(scene_count(s, "CW-TRP-01", "raised"), 0);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bus_that_is_down_says_nothing_of_its_instruments),
        cmocka_unit_test(one_bus_of_three_is_down),
        cmocka_unit_test(a_controller_searches_its_detectors),
        cmocka_unit_test(what_was_seen_is_never_missing),
        cmocka_unit_test(flows_that_were_not_read_together),
        cmocka_unit_test(flows_too_small_to_compare),
        cmocka_unit_test(an_empty_pipe_is_not_a_difference),
        cmocka_unit_test(meters_of_different_class_do_not_chatter),
        cmocka_unit_test(a_plant_that_stands_still_is_left_alone),
        cmocka_unit_test(a_stop_clears_nothing),
        cmocka_unit_test(run_that_cannot_be_read_holds),
        cmocka_unit_test(a_start_is_no_alarm),
        cmocka_unit_test(work_on_detectors_within_its_time_is_no_finding),
        cmocka_unit_test(a_state_that_merges_two_decides_nothing),
        cmocka_unit_test(a_fail_safe_relay_without_power),
        cmocka_unit_test(the_controllers_word_is_preferred),
        cmocka_unit_test(a_value_on_the_limit_does_not_chatter),
        cmocka_unit_test(gas_at_exactly_the_limit),
        cmocka_unit_test(other_limits_do_not_chatter_either),
        cmocka_unit_test(a_clock_that_is_set_moves_no_delay),
        cmocka_unit_test(a_fault_that_comes_and_goes_is_one_case),
        cmocka_unit_test(a_lower_set_point_is_only_an_earlier_alarm),
        cmocka_unit_test(an_interlock_that_acts_in_the_last_moment),
        cmocka_unit_test(an_interlock_that_nobody_can_see_is_not_judged),
        cmocka_unit_test(an_alarm_that_gets_better_is_answered),
        cmocka_unit_test(the_worst_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
