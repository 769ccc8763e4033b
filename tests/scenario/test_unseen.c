/* SPDX-License-Identifier: Apache-2.0
 *
 * What nobody sees decides nothing: alarms that stand while their instrument is silent, passes that
 * do not happen, time in which nobody looked.
 */
#include "foundry.h"
#include "support/cmocka_all.h"

static size_t leads(const struct scene *s)
{
    size_t n = 0;
    for (size_t i = 0; i < scene_records(s); i++)
        n += scene_record(s, i)->cls == GW_CLASS_LEAD ? 1 : 0;
    return n;
}

/* ---- a lead needs its alarm's condition, not only the alarm ---- */

/* The furnace too hot, and the interlock cuts the heating off. */
static struct scene *interlocked(void)
{
    struct scene *s = foundry_new();
    scene_num(s, "pt.t1", 58);
    scene_run(s, 15 * SECOND);
    scene_contact(s, "di.heat", false);
    scene_run(s, MINUTE);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "raised"), 1);
    assert_int_equal(leads(s), 0);
    return s;
}

/* The next morning the furnace is cold and works, but its thermometer is silent. */
static void an_alarm_of_yesterday_accuses_nobody(void **state)
{
    (void)state;
    struct scene *s = interlocked();
    scene_restart(s, SCENE_CLEAN, DAY, true);
    scene_link(s, "pt", GW_LINK_DOWN);
    scene_contact(s, "di.heat", true);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "CW-ILK-01", "raised"), 0);
    assert_int_equal(scene_count(s, "CW-TRP-01", "raised"), 0);
    /* The thermometer is back, and it is hot: now the interlock has failed. */
    scene_link(s, "pt", GW_LINK_OK);
    scene_run(s, SECOND);
    scene_run(s, 10 * SECOND);
    assert_int_equal(scene_count(s, "CW-ILK-01", "raised"), 1);
    scene_free(s);
}

static void an_alarm_that_nobody_can_see_accuses_nobody(void **state)
{
    (void)state;
    struct scene *s = interlocked();
    scene_link(s, "pt", GW_LINK_DOWN);
    scene_run(s, 10 * SECOND);
    scene_contact(s, "di.heat", true);
    scene_run(s, 8 * HOUR);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "returned"), 0);
    assert_int_equal(scene_count(s, "CW-ILK-01", "raised"), 0);
    assert_int_equal(scene_count(s, "CW-TRP-01", "raised"), 0);
    scene_free(s);
}

/* A detector that gives its state only: without a value nothing else shows that it is silent. */
static void a_silent_controller_does_not_go_on_alarming(void **state)
{
    (void)state;
    struct scene *s = foundry_with(
        "\"p\":{\"type\":\"paint_mix\",\"name\":\"x\",\"facts\":{\"paint\":\"solvent\"},"
        "\"roles\":{\"RUN\":\"di.run\",\"GAS_STATE\":\"gas.s1\"}}");
    scene_state(s, "gas.s1", GW_S_LOW);
    scene_run(s, 5 * MINUTE);
    assert_int_equal(scene_count(s, "GAS-EV-LOW", "raised"), 1);
    scene_link(s, "gas", GW_LINK_DOWN);
    scene_run(s, 40 * MINUTE);
    assert_int_equal(scene_count(s, "GAS-TRP-01", "raised"), 0);
    /* It alarms still: the time before its silence counts, its silence does not. */
    scene_link(s, "gas", GW_LINK_OK);
    scene_run(s, 24 * MINUTE);
    assert_int_equal(scene_count(s, "GAS-TRP-01", "raised"), 0);
    scene_run(s, 2 * MINUTE);
    assert_int_equal(scene_count(s, "GAS-TRP-01", "raised"), 1);
    scene_free(s);
}

/* The water is cold again and the heating back on before the alarm's off-delay has passed. */
static void heating_cold_water_is_no_bypass(void **state)
{
    (void)state;
    struct scene *s = interlocked();
    scene_num(s, "pt.t1", 40);
    scene_run(s, 15 * SECOND);
    scene_contact(s, "di.heat", true);
    scene_run(s, 14 * SECOND);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "returned"), 0);
    scene_run(s, 5 * MINUTE);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "returned"), 1);
    assert_int_equal(leads(s), 0);
    scene_free(s);
}

/* ---- a mate vouches for the bus only as far as it has seen it ---- */

/* The bus is cut. The thermometer is polled each second, the flow meters once an hour: that they
 * were well before the cut is no witness. */
static void a_mate_polled_hourly_does_not_vouch_for_a_cut_bus(void **state)
{
    (void)state;
    const struct scene_conf conf = {
        .devices = "\"gas\":{\"bus\":\"b1\"},\"pt\":{\"bus\":\"b2\"},\"di\":{\"bus\":\"b3\"},"
                   "\"fi\":{\"bus\":\"b2\",\"period_ms\":3600000},"
                   "\"fo\":{\"bus\":\"b2\",\"period_ms\":3600000}"};
    struct scene *s = foundry_conf(&conf);
    scene_run(s, 10 * SECOND);
    scene_link(s, "pt", GW_LINK_DOWN);
    scene_freeze(s, "fi", true);
    scene_freeze(s, "fo", true);
    scene_run(s, 50 * MINUTE);
    assert_int_equal(leads(s), 0);
    /* One of them answers its next pass: the bus was well all the time. */
    scene_freeze(s, "fi", false);
    scene_run(s, SECOND);
    scene_freeze(s, "fi", true);
    scene_run(s, 5 * MINUTE);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 1);
    scene_free(s);
}

/* ---- a gateway that does not poll ---- */

static void freeze_all(struct scene *s, bool frozen)
{
    static const char *const devices[] = {"gas", "pt", "fi", "fo", "di"};
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++)
        scene_freeze(s, devices[i], frozen);
}

/* Links stay as they were, and so do faults that were seen a moment before. */
static void a_gateway_that_does_not_poll_accuses_nobody(void **state)
{
    (void)state;
    struct scene *s = foundry_with(
        "\"if-1\":{\"type\":\"if_furnace\",\"name\":\"x\",\"facts\":{\"loop\":\"closed\"},"
        "\"rated\":{\"Q_IN\":40},"
        "\"roles\":{\"T_OUT\":\"pt.t1\",\"Q_IN\":\"fi.q\",\"Q_OUT\":\"fo.q\"}},"
        "\"p\":{\"type\":\"paint_mix\",\"name\":\"x\",\"facts\":{\"paint\":\"solvent\"},"
        "\"roles\":{\"GAS\":\"gas.p1\",\"GAS_STATE\":\"gas.s1\"}}");
    scene_run(s, 10 * SECOND);
    scene_quality(s, "fo.q", GW_Q_BAD_FAULT);
    scene_link(s, "pt", GW_LINK_DOWN);
    scene_run(s, 10 * SECOND);
    freeze_all(s, true);
    scene_run(s, HOUR);
    assert_int_equal(leads(s), 0);
    /* It polls again, and what was wrong still is: now it counts. */
    freeze_all(s, false);
    scene_run(s, 4 * MINUTE);
    assert_int_equal(leads(s), 0);
    scene_run(s, 2 * MINUTE);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 2);
    assert_int_equal(leads(s), 2);
    scene_free(s);
}

/* ---- time in which nobody looks ---- */

static void a_core_that_was_held_up_counts_nothing(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    scene_quality(s, "pt.t1", GW_Q_BAD_FAULT); /* five minutes */
    scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
    scene_run(s, SECOND);
    scene_run(s, 10 * SECOND);
    scene_wait(s, 20 * MINUTE);
    scene_run(s, 290 * SECOND - 1);
    assert_int_equal(leads(s), 0);
    scene_run(s, 1);
    assert_int_equal(scene_count(s, "CW-FLT-01", "raised"), 1);
    /* Nor is it time in which all was well. */
    scene_quality(s, "pt.t1", GW_Q_GOOD);
    scene_run(s, MINUTE);
    scene_wait(s, 30 * DAY);
    scene_run(s, MINUTE);
    assert_int_equal(scene_count(s, "CW-FLT-01", "cleared"), 0);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alarm_of_yesterday_accuses_nobody),
        cmocka_unit_test(an_alarm_that_nobody_can_see_accuses_nobody),
        cmocka_unit_test(a_silent_controller_does_not_go_on_alarming),
        cmocka_unit_test(heating_cold_water_is_no_bypass),
        cmocka_unit_test(a_mate_polled_hourly_does_not_vouch_for_a_cut_bus),
        cmocka_unit_test(a_core_that_was_held_up_counts_nothing),
        cmocka_unit_test(a_gateway_that_does_not_poll_accuses_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
