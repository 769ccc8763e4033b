/* SPDX-License-Identifier: Apache-2.0
 *
 * The plant over time: timeline, faults that end, followers.
 */
#include "rig.h"

#include <math.h>
#include <string.h>

#define PLANT(rest)                                                                                \
    "{\"endpoints\": {\"e\": {\"units\": {\"1\": \"gas\", \"2\": \"di\", \"3\": \"f\"}}},"         \
    " \"devices\": {\"gas\": {\"kind\": \"ax100\"}, \"di\": {\"kind\": \"di-module\"},"            \
    "               \"f\": {\"kind\": \"mfe600h\", \"set\": {\"flow\": 36}}}" rest "}"

static void near(double got, double want)
{
    if (fabs(got - want) > 1e-9)
        fail_msg("%g is not %g", got, want);
}

static bool fault_on(const struct rig *r, const char *device, enum gw_fault_kind kind)
{
    struct gw_faults f;
    gw_plant_device_faults(r->plant, (size_t)gw_scenario_device(r->sc, device), &f);
    return f.of[kind].on;
}

static void test_timeline_happens_on_time(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r,
              PLANT(", \"timeline\": ["
                    "{\"at_s\": 0, \"device\": \"gas\", \"set\": {\"p2\": 5}},"
                    "{\"at_s\": 1.234, \"device\": \"gas\", \"set\": {\"p1\": 10}},"
                    "{\"at_s\": 2, \"device\": \"gas\", \"ramp\": {\"p1\": {\"to\": 30,"
                    "  \"over_s\": 10}}},"
                    "{\"at_s\": 4, \"device\": \"gas\", \"set\": {\"p3\": 7}, \"for_s\": 1},"
                    "{\"at_s\": 6, \"device\": \"gas\", \"fault\": \"silence\", \"for_s\": 2}]"));
    near(rig_value(&r, "gas.p2"), 5); /* 0 s has happened already */
    assert_int_equal(gw_plant_next_ms(r.plant), 1234);
    rig_pass(&r, 1233);
    near(rig_value(&r, "gas.p1"), 0);
    rig_pass(&r, 1);
    near(rig_value(&r, "gas.p1"), 10);
    rig_pass(&r, 2000 - 1234);
    rig_pass(&r, 2500);
    near(rig_value(&r, "gas.p1"), 15);
    near(rig_value(&r, "gas.p3"), 7);
    rig_pass(&r, 500);
    near(rig_value(&r, "gas.p3"), 0);
    assert_false(fault_on(&r, "gas", GW_FAULT_SILENCE));
    rig_pass(&r, 1000);
    assert_true(fault_on(&r, "gas", GW_FAULT_SILENCE));
    assert_false(fault_on(&r, "di", GW_FAULT_SILENCE));
    rig_pass(&r, 1999);
    assert_true(fault_on(&r, "gas", GW_FAULT_SILENCE));
    rig_pass(&r, 1);
    assert_false(fault_on(&r, "gas", GW_FAULT_SILENCE));
    assert_int_equal(gw_plant_next_ms(r.plant), GW_STORY_END);
    rig_pass(&r, 100000);
    near(rig_value(&r, "gas.p1"), 30);

    gw_plant_advance(r.plant, 5); /* the past changes nothing */
    assert_int_equal(gw_plant_now_ms(r.plant), 108000);
    rig_close(&r);
}

static void test_later_entries_replace_earlier_ones(void **state)
{
    (void)state;
    struct rig r;
    struct gw_faults f;
    rig_plant(&r, PLANT(""));
    rig_do(&r, "{\"device\": \"gas\", \"fault\": \"delay\", \"ms\": 10}");
    rig_do(&r, "{\"device\": \"gas\", \"fault\": \"delay\", \"ms\": 20, \"for_s\": 1}");
    rig_do(&r, "{\"device\": \"gas\", \"fault\": \"wrong_fc\"}");
    gw_plant_device_faults(r.plant, 0, &f);
    assert_int_equal(f.of[GW_FAULT_DELAY].param[0], 20);
    assert_true(f.of[GW_FAULT_WRONG_FC].on);
    rig_pass(&r, 1000);
    assert_false(fault_on(&r, "gas", GW_FAULT_DELAY));
    assert_true(fault_on(&r, "gas", GW_FAULT_WRONG_FC));
    rig_do(&r, "{\"device\": \"gas\", \"clear\": true, \"fault\": \"late\"}");
    assert_false(fault_on(&r, "gas", GW_FAULT_WRONG_FC));
    assert_true(fault_on(&r, "gas", GW_FAULT_LATE));
    rig_close(&r);
}

static void test_endpoint_faults_end(void **state)
{
    (void)state;
    struct rig r;
    struct gw_faults f;
    rig_plant(&r, PLANT(", \"timeline\": [{\"at_s\": 5, \"endpoint\": \"e\", \"fault\": \"refuse\","
                        " \"for_s\": 3}, {\"at_s\": 20, \"endpoint\": \"e\", \"clear\": true}]"));
    assert_int_equal(gw_plant_next_ms(r.plant), 5000);
    rig_pass(&r, 5000);
    gw_plant_endpoint_faults(r.plant, 0, &f);
    assert_true(f.of[GW_FAULT_REFUSE].on);
    assert_int_equal(gw_plant_next_ms(r.plant), 8000);
    rig_pass(&r, 3000);
    gw_plant_endpoint_faults(r.plant, 0, &f);
    assert_false(f.of[GW_FAULT_REFUSE].on);
    rig_do(&r, "{\"endpoint\": \"e\", \"fault\": \"refuse\"}");
    rig_pass(&r, 12000);
    gw_plant_endpoint_faults(r.plant, 0, &f);
    assert_false(f.of[GW_FAULT_REFUSE].on);
    rig_close(&r);
}

static void test_frozen_device(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, PLANT(""));
    rig_do(&r, "{\"device\": \"gas\", \"ramp\": {\"p1\": {\"to\": 100, \"over_s\": 10}}}");
    rig_pass(&r, 2000);
    rig_do(&r, "{\"device\": \"gas\", \"fault\": \"frozen\", \"for_s\": 3}");
    rig_do(&r, "{\"device\": \"gas\", \"set\": {\"p2\": 50}}");
    rig_pass(&r, 2000);
    near(rig_value(&r, "gas.p1"), 20);
    near(rig_value(&r, "gas.p2"), 0);
    rig_pass(&r, 1000);
    near(rig_value(&r, "gas.p1"), 50);
    near(rig_value(&r, "gas.p2"), 50);
    rig_do(&r, "{\"device\": \"gas\", \"fault\": \"frozen\", \"signals\": [\"p1\"]}");
    rig_pass(&r, 1000);
    near(rig_value(&r, "gas.p1"), 50);
    rig_do(&r, "{\"device\": \"gas\", \"clear\": true}");
    near(rig_value(&r, "gas.p1"), 60);
    rig_close(&r);
}

/* ---- followers ---- */

#define FAN                                                                                        \
    ", \"follow\": [{\"device\": \"di\", \"signal\": \"di3\", \"when\": \"gas.fan == 1\","         \
    " \"after_s\": 2, \"back_s\": 1}]"

static void test_fan_follows_the_high_alarm(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, PLANT(FAN));
    near(rig_value(&r, "di.di3"), 0);
    rig_do(&r, "{\"device\": \"gas\", \"set\": {\"p1\": 60}}");
    rig_pass(&r, 50); /* seen here */
    rig_pass(&r, 1950);
    near(rig_value(&r, "di.di3"), 0);
    rig_pass(&r, 50);
    near(rig_value(&r, "di.di3"), 1);

    rig_do(&r, "{\"device\": \"gas\", \"set\": {\"p1\": 0}}");
    rig_pass(&r, 1000);
    near(rig_value(&r, "di.di3"), 1);
    rig_pass(&r, 50);
    near(rig_value(&r, "di.di3"), 0);

    /* a condition that goes away in time starts nothing */
    rig_do(&r, "{\"device\": \"gas\", \"set\": {\"p1\": 60}, \"for_s\": 1.5}");
    rig_pass(&r, 10000);
    near(rig_value(&r, "di.di3"), 0);
    rig_close(&r);
}

static void test_interlock_can_be_broken_at_both_ends(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, PLANT(FAN));
    rig_do(&r, "{\"device\": \"gas\", \"set\": {\"p1\": 60, \"linkage_broken\": true}}");
    rig_pass(&r, 10000);
    near(rig_value(&r, "di.di3"), 0);
    rig_do(&r, "{\"device\": \"di\", \"fault\": \"frozen\", \"signals\": [\"di3\"]}");
    rig_do(&r, "{\"device\": \"gas\", \"set\": {\"linkage_broken\": false}}");
    rig_pass(&r, 10000);
    near(rig_value(&r, "gas.fan"), 1);
    near(rig_value(&r, "di.di3"), 0);
    rig_do(&r, "{\"device\": \"di\", \"clear\": true}");
    near(rig_value(&r, "di.di3"), 1);
    rig_close(&r);
}

static void test_any_condition_is_enough(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, PLANT(", \"follow\": [{\"device\": \"di\", \"signal\": \"di1\","
                        " \"any\": [\"gas.p1 >= 50\", \"gas.p2>=50\", \"f.flow <= 10\"],"
                        " \"to\": 0, \"else\": 1}]"));
    near(rig_value(&r, "di.di1"), 1); /* from the beginning */
    rig_do(&r, "{\"device\": \"gas\", \"set\": {\"p2\": 50}}");
    rig_pass(&r, 50);
    near(rig_value(&r, "di.di1"), 0);
    rig_do(&r, "{\"device\": \"gas\", \"set\": {\"p2\": 0}}");
    rig_do(&r, "{\"device\": \"f\", \"set\": {\"flow\": 10}}");
    rig_pass(&r, 50);
    near(rig_value(&r, "di.di1"), 0);
    rig_do(&r, "{\"device\": \"f\", \"fault\": \"nan\"}"); /* no number fulfils no condition */
    rig_pass(&r, 50);
    near(rig_value(&r, "di.di1"), 1);
    rig_close(&r);
}

static void test_followers_in_a_chain(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, PLANT(", \"follow\": ["
                        "{\"device\": \"di\", \"signal\": \"di2\", \"when\": \"di.di1 == 1\","
                        " \"after_s\": 1},"
                        "{\"device\": \"f\", \"signal\": \"flow\", \"when\": \"di.di2 == 1\","
                        " \"to\": 2, \"else\": 36}]"));
    rig_do(&r, "{\"device\": \"di\", \"set\": {\"di1\": 1}}");
    rig_pass(&r, 1000);
    near(rig_value(&r, "f.flow"), 36);
    rig_pass(&r, 100);
    near(rig_value(&r, "f.flow"), 2);
    rig_close(&r);
}

/* ---- the same story, however it is looked at ---- */

static const char busy[] = PLANT(
    ", \"follow\": [{\"device\": \"di\", \"signal\": \"di3\", \"when\": \"gas.p1 >= 50\","
    "  \"after_s\": 0.5}, {\"device\": \"f\", \"signal\": \"flow\", \"when\": \"di.di3 == 1\","
    "  \"to\": 5, \"else\": 36}],"
    " \"timeline\": [{\"at_s\": 0.333, \"device\": \"gas\", \"noise\": {\"p1\": {\"gauss\": 8}}},"
    "  {\"at_s\": 1.001, \"device\": \"gas\", \"wave\": {\"p1\": {\"shape\": \"sine\","
    "   \"mean\": 45, \"amplitude\": 20, \"period_s\": 7.7}}}]");

static void test_advancing_in_any_steps_is_the_same(void **state)
{
    (void)state;
    struct rig fine;
    struct rig coarse;
    rig_plant(&fine, busy);
    rig_plant(&coarse, busy);
    int changes = 0;
    double last = 0;
    for (int64_t t = 1; t <= 60000; t++) {
        gw_plant_advance(fine.plant, t);
        changes += rig_value(&fine, "di.di3") != last;
        last = rig_value(&fine, "di.di3");
        if (t % 3700 == 0 || t == 60000) {
            gw_plant_advance(coarse.plant, t);
            static const char *const names[] = {"gas.p1", "di.di3", "f.flow"};
            for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                near(rig_value(&coarse, names[i]), rig_value(&fine, names[i]));
            assert_true(fabs(rig_value(&coarse, "f.total_now") - rig_value(&fine, "f.total_now")) <
                        1e-9);
        }
    }
    assert_true(changes > 5);
    rig_close(&fine);
    rig_close(&coarse);
}

static void test_a_day_in_the_story(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, PLANT(FAN));
    rig_pass(&r, 86400000);
    assert_true(fabs(rig_value(&r, "f.total_now") - 36 * 24) < 1e-6);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timeline_happens_on_time),
        cmocka_unit_test(test_later_entries_replace_earlier_ones),
        cmocka_unit_test(test_endpoint_faults_end),
        cmocka_unit_test(test_frozen_device),
        cmocka_unit_test(test_fan_follows_the_high_alarm),
        cmocka_unit_test(test_interlock_can_be_broken_at_both_ends),
        cmocka_unit_test(test_any_condition_is_enough),
        cmocka_unit_test(test_followers_in_a_chain),
        cmocka_unit_test(test_advancing_in_any_steps_is_the_same),
        cmocka_unit_test(test_a_day_in_the_story),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
