/* SPDX-License-Identifier: Apache-2.0
 *
 * Every code of the catalogue: what raises it, at the exact millisecond of its delay, and what must
 * not: a plant that is as near to it as can be, and one that was wrong for a millisecond less.
 */
#include "finding/rule.h"
#include "foundry.h"
#include "story.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- assets ---- */

#define GASEOUS(id, type, facts)                                                                   \
    "\"" id "\":{\"type\":\"" type "\",\"name\":\"x\",\"facts\":{" facts "},"                      \
    "\"roles\":{\"RUN\":\"di.run\",\"GAS\":[\"gas.p1\",\"gas.p2\"],"                               \
    "\"GAS_STATE\":[\"gas.s1\",\"gas.s2\"],\"GAS_SHIELDED\":[\"gas.k1\",\"gas.k2\"],"              \
    "\"CTRL_MAINS_FAULT\":\"gas.mains\",\"CTRL_BATT_FAULT\":\"gas.batt\","                         \
    "\"DI_FAN\":\"di.fan\"}}"
#define MEASURED_ONLY                                                                              \
    "\"a\":{\"type\":\"paint_mix\",\"name\":\"x\",\"roles\":{\"GAS\":[\"gas.p1\",\"gas.p2\"]}}"
#define BARE(type, facts)                                                                          \
    "\"a\":{\"type\":\"" type "\",\"name\":\"x\",\"facts\":{" facts "},\"roles\":{"                \
    "\"RUN\":\"di.run\"}}"
#define ONE_GAS(type) "\"a\":{\"type\":\"" type "\",\"name\":\"x\",\"roles\":{\"GAS\":\"gas.p1\"}}"

/* ---- what can be wrong, and what is nearly so ---- */

static void nothing(struct scene *s)
{
    (void)s;
}
static void gas_low(struct scene *s)
{
    scene_state(s, "gas.s1", GW_S_LOW);
    scene_num(s, "gas.p1", 27.5);
}
static void gas_pre(struct scene *s)
{
    scene_state(s, "gas.s1", GW_S_PRE_ALARM);
    scene_num(s, "gas.p1", 60); /* the device's own word counts */
}
static void gas_high(struct scene *s)
{
    scene_state(s, "gas.s2", GW_S_HIGH);
    scene_num(s, "gas.p2", 55);
}
static void gas_25(struct scene *s)
{
    scene_num(s, "gas.p2", 25);
}
static void gas_25_and_says_so(struct scene *s)
{
    scene_num(s, "gas.p2", 25);
    scene_state(s, "gas.s2", GW_S_LOW);
}
/* On for a second and off for a second. */
static void twice(struct scene *s)
{
    for (int i = 0; i < 2; i++) {
        scene_contact(s, "di.x1", true);
        scene_run(s, SECOND);
        scene_contact(s, "di.x1", false);
        scene_run(s, SECOND);
    }
}
static void three_times(struct scene *s)
{
    twice(s);
    scene_contact(s, "di.x1", true);
}
static void gas_24_99(struct scene *s)
{
    scene_num(s, "gas.p2", 24.99);
}
static void gas_50(struct scene *s)
{
    scene_num(s, "gas.p1", 50);
}
static void gas_49_99(struct scene *s)
{
    scene_num(s, "gas.p1", 49.99);
}
static void t_50(struct scene *s)
{
    scene_num(s, "pt.t1", 50);
}
static void t_49_99(struct scene *s)
{
    scene_num(s, "pt.t1", 49.99);
}
static void t_55(struct scene *s)
{
    scene_num(s, "pt.t1", 55);
}
static void t_54_99(struct scene *s)
{
    scene_num(s, "pt.t1", 54.99);
}
static void x1_on(struct scene *s)
{
    scene_contact(s, "di.x1", true);
}
static void leak(struct scene *s)
{
    scene_num(s, "fo.q", 28.5); /* 5 % of 30 */
}
static void nearly_a_leak(struct scene *s)
{
    scene_num(s, "fo.q", 28.51);
}
static void low_flow(struct scene *s)
{
    scene_num(s, "fi.q", 23.99);
    scene_num(s, "fo.q", 23.99);
}
static void just_enough_flow(struct scene *s)
{
    scene_num(s, "fi.q", 24); /* 60 % of 40 */
    scene_num(s, "fo.q", 24);
}
static void low_flow_but_stopped(struct scene *s)
{
    low_flow(s);
    scene_contact(s, "di.run", false);
}
static void low_pressure(struct scene *s)
{
    scene_num(s, "pt.p1", 0.149);
}
static void just_enough_pressure(struct scene *s)
{
    scene_num(s, "pt.p1", 0.15);
}
static void sensor_fault(struct scene *s)
{
    scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
    scene_quality(s, "gas.p1", GW_Q_BAD_FAULT);
}
static void needs_calibration(struct scene *s)
{
    scene_state(s, "gas.s1", GW_S_NEED_CAL);
}
static void fault_band(struct scene *s)
{
    scene_quality(s, "gas.p1", GW_Q_BAD_FAULT);
}
static void inhibit_band(struct scene *s)
{
    scene_quality(s, "gas.p1", GW_Q_INHIBIT);
}
static void comm_fault(struct scene *s)
{
    scene_state(s, "gas.s2", GW_S_COMM_FAULT);
    scene_quality(s, "gas.p2", GW_Q_BAD_COMM);
}
static void warm_up(struct scene *s)
{
    scene_state(s, "gas.s2", GW_S_WARMUP);
    scene_quality(s, "gas.p2", GW_Q_WARMUP);
}
static void mains_lost(struct scene *s)
{
    scene_contact(s, "gas.mains", true);
}
static void battery_fault(struct scene *s)
{
    scene_contact(s, "gas.batt", true);
}
static void mains_unknown(struct scene *s)
{
    scene_quality(s, "gas.mains", GW_Q_BAD_COMM);
}
static void battery_unknown(struct scene *s)
{
    scene_quality(s, "gas.batt", GW_Q_BAD_COMM);
}
static void shielded(struct scene *s)
{
    scene_state(s, "gas.s1", GW_S_SHIELDED);
    scene_quality(s, "gas.p1", GW_Q_INHIBIT);
}
static void shield_flag(struct scene *s)
{
    scene_contact(s, "gas.k2", true);
}
static void controller_off(struct scene *s)
{
    scene_link(s, "gas", GW_LINK_DOWN);
}
static void all_silent(struct scene *s)
{
    static const char *const all[] = {"gas", "pt", "fi", "fo", "di"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        scene_link(s, all[i], GW_LINK_DOWN);
}
static void off_with_the_plant(struct scene *s)
{
    scene_link(s, "gas", GW_LINK_DOWN);
    scene_contact(s, "di.run", false);
}
static void high_without_fan(struct scene *s)
{
    gas_high(s);
}
static void high_with_fan(struct scene *s)
{
    gas_high(s);
    scene_contact(s, "di.fan", true);
}
static void gone(struct scene *s)
{
    scene_quality(s, "gas.p1", GW_Q_BAD_COMM);
    scene_quality(s, "gas.p2", GW_Q_BAD_COMM);
    scene_state(s, "gas.s1", GW_S_ABSENT);
    scene_state(s, "gas.s2", GW_S_ABSENT);
}
static void t_out_broken(struct scene *s)
{
    scene_quality(s, "pt.t1", GW_Q_BAD_FAULT);
}
static void t_out_broken_but_stopped(struct scene *s)
{
    t_out_broken(s);
    scene_contact(s, "di.run", false);
}
static void no_water(struct scene *s)
{
    scene_num(s, "fi.q", 1.99); /* below 5 % of 40 */
    scene_num(s, "fo.q", 1.99);
}
static void a_little_water(struct scene *s)
{
    scene_num(s, "fi.q", 2);
    scene_num(s, "fo.q", 2);
}
static void hot_and_heating(struct scene *s)
{
    scene_num(s, "pt.t1", 58);
}
static void hot_but_heating_off(struct scene *s)
{
    scene_num(s, "pt.t1", 58);
    scene_contact(s, "di.heat", false);
}

/* 2027-03-11, when the date that the foundry's gas controller is verified until is over. */
#define OVER INT64_C(1804694400000)

/* The next step is this long after that moment. */
static void calendar(struct scene *s, int64_t after_ms)
{
    scene_clock_step(s, OVER + after_ms - 1 - scene_now(s).wall_ms);
}
static void overdue(struct scene *s)
{
    calendar(s, 0);
}
static void due_tonight(struct scene *s)
{
    calendar(s, -4 * HOUR);
}
static void due_in_30_days(struct scene *s)
{
    calendar(s, -31 * DAY);
}
static void due_in_31_days(struct scene *s)
{
    calendar(s, -31 * DAY - 2 * MINUTE);
}
static void still(struct scene *s)
{
    scene_num(s, "gas.p1", 1);
}
static void still_water(struct scene *s)
{
    scene_num(s, "pt.t1", 41);
    scene_num(s, "fi.q", 34);
}
static void all_still(struct scene *s)
{
    scene_num(s, "pt.t1", 41);
    scene_num(s, "fi.q", 33.33); /* from 30: not quite a tenth */
}

/* ---- the table ---- */

#define ALL_WATER                                                                                  \
    "\"RUN\":\"di.run\",\"T_OUT\":\"pt.t1\",\"Q_IN\":\"fi.q\",\"Q_OUT\":\"fo.q\","                 \
    "\"P_IN\":\"pt.p1\",\"DI_HEAT\":\"di.heat\""
#define CLOSED  "\"loop\":\"closed\""
#define OPEN    "\"loop\":\"open\""
#define SOLVENT "\"paint\":\"solvent\""

static const struct story stories[] = {
    {"GAS-EV-LOW", NULL, NULL, gas_low, gas_pre, NULL, 0, "gas.s1"},
    {"GAS-EV-LOW", NULL, MEASURED_ONLY, gas_25, gas_24_99, NULL, 0, "gas.p2"},
    {"GAS-EV-HIGH", NULL, NULL, gas_high, gas_low, NULL, 0, "gas.s2"},
    {"GAS-EV-HIGH", NULL, MEASURED_ONLY, gas_50, gas_49_99, NULL, 0, "gas.p1"},
    {"GAS-EV-DIFF", NULL, NULL, gas_25, gas_24_99, NULL, 0, "gas.p2"},
    {"GAS-EV-DIFF", NULL, NULL, gas_25, gas_25_and_says_so, NULL, 0, "gas.p2"},
    {"DAT-EV-CHATTER", NULL, ROLES("if_furnace", CLOSED, "\"DI_TOUT_H\":\"di.x1\""), three_times,
     twice, NULL, 0, ""},
    {"CW-EV-TOUT-H", NULL, NULL, t_50, t_49_99, NULL, 0, "pt.t1"},
    {"CW-EV-TOUT-HH", NULL, NULL, t_55, t_54_99, NULL, 0, "pt.t1"},
    {"CW-EV-TOUT-HH", NULL, ROLES("if_furnace", CLOSED, "\"DI_TOUT_H\":\"di.x1\""), x1_on, t_55,
     NULL, 0, "di.x1"},
    {"CW-EV-DIFF", NULL, NULL, leak, nearly_a_leak, NULL, 0, ""},
    {"CW-EV-DIFF", NULL, ROLES("if_furnace", CLOSED, "\"DI_QDIFF\":\"di.x1\""), x1_on, leak, NULL,
     0, ""},
    {"CW-EV-LOWQ", NULL, NULL, low_flow, just_enough_flow, NULL, 0, ""},
    {"CW-EV-LOWQ", NULL, NULL, low_flow, low_flow_but_stopped, NULL, 0, ""},
    {"CW-EV-LOWQ", NULL, ROLES("if_furnace", CLOSED, "\"DI_QIN_L\":\"di.x1\""), x1_on, low_flow,
     NULL, 0, ""},
    {"CW-EV-LOWP", NULL, ROLES("if_furnace", OPEN, ALL_WATER), low_pressure, just_enough_pressure,
     NULL, 0, ""},
    {"CW-EV-LOWP", NULL, ROLES("if_furnace", OPEN, "\"DI_PIN_L\":\"di.x1\""), x1_on, low_pressure,
     NULL, 0, ""},

    {"GAS-EV-MNT", NULL, NULL, shielded, sensor_fault, NULL, 0, "gas.s1"},
    {"GAS-EV-MNT", NULL, NULL, shield_flag, warm_up, NULL, 0, "gas.s2"},
    {"GAS-EV-MNT", NULL, MEASURED_ONLY, inhibit_band, fault_band, NULL, 0, "gas.p1"},

    {"GAS-ABS-01", NULL, BARE("paint_mix", SOLVENT), nothing, NULL, ONE_GAS("paint_mix"), 0, ""},
    {"GAS-ABS-01", NULL, BARE("spray_booth", ""), nothing, NULL,
     BARE("spray_booth", "\"paint\":\"water\""), 0, ""},
    {"GAS-ABS-01", "light", GASEOUS("a", "paint_mix", ""), gone, all_silent, NULL, 0, ""},
    {"GAS-ABS-02", "building", BARE("h2_station", ""), nothing, NULL, ONE_GAS("h2_station"), 0, ""},
    {"GAS-ABS-03", "light", BARE("liquor_store", ""), nothing, NULL, ONE_GAS("liquor_store"), 0,
     ""},
    {"GAS-ABS-04", "nonferrous", BARE("toxic_area", ""), nothing, NULL, ONE_GAS("toxic_area"), 0,
     ""},
    {"GAS-ABS-05", "tobacco", BARE("co2_area", ""), nothing, NULL, ONE_GAS("co2_area"), 0, ""},
    {"GAS-FLT-01", NULL, NULL, sensor_fault, needs_calibration, NULL, 0, "gas.s1"},
    {"GAS-FLT-01", NULL, MEASURED_ONLY, fault_band, inhibit_band, NULL, 0, "gas.p1"},
    {"GAS-FLT-02", NULL, NULL, comm_fault, warm_up, NULL, 0, "gas.s2"},
    {"GAS-FLT-02", NULL, NULL, comm_fault, controller_off, NULL, 0, "gas.s2"},
    {"GAS-FLT-03", NULL, NULL, mains_lost, mains_unknown, NULL, 0, "gas.mains"},
    {"GAS-FLT-05", NULL, NULL, battery_fault, battery_unknown, NULL, 0, "gas.batt"},
    {"GAS-BYP-01", NULL, NULL, shielded, warm_up, NULL, 0, "gas.s1"},
    {"GAS-BYP-01", NULL, NULL, shield_flag, sensor_fault, NULL, 0, "gas.s2"},
    {"GAS-BYP-01", NULL, MEASURED_ONLY, inhibit_band, fault_band, NULL, 0, "gas.p1"},
    {"GAS-BYP-02", NULL, NULL, controller_off, all_silent, NULL, 0, "gas"},
    {"GAS-BYP-02", NULL, NULL, controller_off, off_with_the_plant, NULL, 0, "gas"},
    {"GAS-ILK-01", "light", GASEOUS("a", "liquor_store", ""), high_without_fan, high_with_fan, NULL,
     0, ""},
    {"GAS-TRP-02", NULL, NULL, gas_low, gas_pre, NULL, 0, "gas.s1"},
    {"GAS-TRP-01", NULL, NULL, gas_low, high_with_fan, NULL, 0, "gas.s1"},
    {"GAS-EV-CAL", NULL, NULL, due_in_30_days, due_in_31_days, NULL, 0, "gas"},
    {"GAS-CAL-01", NULL, NULL, overdue, due_tonight, NULL, 0, "gas"},
    {"GAS-CAL-02", NULL, NULL, needs_calibration, warm_up, NULL, 0, "gas.s1"},
    {"GAS-FLT-04", NULL, ONE_GAS("paint_mix"), still, inhibit_band, NULL, 9600 * HOUR, "gas.p1"},
    {"CW-INT-01", NULL,
     ROLES("if_furnace", CLOSED, "\"RUN\":\"di.run\",\"T_OUT\":\"pt.t1\",\"Q_IN\":\"fi.q\""),
     still_water, all_still, NULL, 8 * HOUR, "pt.t1"},

    {"CW-ABS-01", NULL, BARE("if_furnace", CLOSED), nothing, NULL,
     ROLES("if_furnace", CLOSED, "\"T_OUT\":\"pt.t1\""), 0, ""},
    {"CW-ABS-01", NULL, BARE("if_furnace", CLOSED), nothing, NULL,
     ROLES("if_furnace", CLOSED, "\"DI_TOUT_H\":\"di.x1\""), 0, ""},
    {"CW-ABS-02", NULL, ROLES("if_furnace", CLOSED, "\"Q_IN\":\"fi.q\""), nothing, NULL,
     ROLES("if_furnace", CLOSED, "\"Q_IN\":\"fi.q\",\"Q_OUT\":\"fo.q\""), 0, ""},
    {"CW-ABS-02", NULL, BARE("if_furnace", CLOSED), nothing, NULL,
     ROLES("if_furnace", CLOSED, "\"DI_QDIFF\":\"di.x1\""), 0, ""},
    {"CW-ABS-03", "nonferrous",
     ROLES("melt_furnace", OPEN, "\"Q_IN\":\"fi.q\",\"T_OUT\":\"pt.t1\""), nothing, NULL,
     ROLES("melt_furnace", OPEN, ALL_WATER), 0, ""},
    {"CW-ABS-04", "nonferrous", BARE("caster", OPEN), nothing, NULL,
     ROLES("caster", OPEN, "\"DI_SPARE_PUMP\":\"di.x1\""), 0, ""},
    {"CW-ABS-05", "building", BARE("glass_furnace", ""), nothing, NULL,
     ROLES("glass_furnace", "", "\"DI_COOL_OK\":\"di.x1\""), 0, ""},
    {"CW-FLT-01", NULL, NULL, t_out_broken, t_out_broken_but_stopped, NULL, 0, "pt.t1"},
    {"CW-FLT-02", "building", ROLES("electro_fusion", CLOSED, ALL_WATER), no_water, a_little_water,
     NULL, 0, ""},
    {"CW-ILK-01", NULL, NULL, hot_and_heating, hot_but_heating_off, NULL, 10 * SECOND, ""},
    {"CW-BYP-01", NULL, ROLES("if_furnace", CLOSED, ALL_WATER ",\"CW_ALARM_OFF\":\"di.x1\""), x1_on,
     nothing, NULL, 0, ""},
    {"CW-TRP-01", NULL, NULL, hot_and_heating, hot_but_heating_off, NULL, 10 * SECOND, "pt.t1"},
    {"CW-TRP-01", NULL, NULL, leak, nearly_a_leak, NULL, 10 * SECOND, "CW-EV-DIFF"},
    {"CW-TRP-01", NULL, NULL, low_flow, just_enough_flow, NULL, 5 * SECOND, "CW-EV-LOWQ"},
};
#define OWN (sizeof stories / sizeof stories[0])

static size_t story_count(void)
{
    return OWN + governed_story_count + workshop_story_count + integrity_story_count;
}

static const struct story *story_at(size_t i)
{
    if (i < OWN)
        return &stories[i];
    i -= OWN;
    if (i < governed_story_count)
        return &governed_stories[i];
    i -= governed_story_count;
    return i < workshop_story_count ? &workshop_stories[i]
                                    : &integrity_stories[i - workshop_story_count];
}

/* ---- telling them ---- */

static struct scene *begin(const struct story *st, const char *assets)
{
    const struct scene_conf conf = {.sector = st->sector, .assets = assets};
    const bool workshop =
        (st >= workshop_stories && st < workshop_stories + workshop_story_count) ||
        (st >= integrity_stories && st < integrity_stories + integrity_story_count);
    return workshop ? workshop_conf(&conf) : foundry_conf(&conf);
}

/* Stories whose instruments never work begin with them broken; all others with a good plant. */
static bool from_the_start(const struct story *st)
{
    return strstr(st->code, "-ABS-") != NULL || strcmp(st->code, "CFG-MAP-01") == 0 ||
           strcmp(st->code, "MNT-DUE-01") == 0;
}

static const struct gw_check_def *check_of(struct scene *s, const struct story *st)
{
    const struct gw_inventory *inv = scene_inventory(s);
    for (size_t i = 0; i < gw_inventory_count(inv); i++) {
        const struct gw_check_def *d = gw_inventory_at(inv, i);
        if (strcmp(d->finding->code, st->code) == 0 && strcmp(d->subject, st->subject) == 0)
            return d;
    }
    return NULL;
}

static size_t raised(const struct scene *s, const struct story *st)
{
    size_t n = 0;
    for (size_t i = 0; i < scene_records(s); i++) {
        const struct scene_record *r = scene_record(s, i);
        if ((r->cls == GW_CLASS_ALARM || r->cls == GW_CLASS_LEAD) &&
            strcmp(rec_str(r, "finding"), st->code) == 0 &&
            strcmp(rec_str(r, "state"), "raised") == 0)
            n++;
    }
    return n;
}

/* In large steps, as days go by; the last seconds in small ones. */
static void pass(struct scene *s, int64_t ms)
{
    if (ms > 20 * MINUTE) {
        scene_step_ms(s, 5 * MINUTE);
        scene_run(s, ms - MINUTE);
        ms = MINUTE;
        scene_step_ms(s, SECOND);
    }
    scene_run(s, ms);
}

static int64_t delay_of(struct scene *s, const struct story *st)
{
    const struct gw_check_def *d = check_of(s, st);
    if (d == NULL) {
        fail_msg("%s: no check for '%s'", st->code, st->subject);
        return 0;
    }
    return (int64_t)(gw_check_param(d, GW_PARAM_DELAY, 0) * 1000.0);
}

static void tell(const struct story *st)
{
    struct scene *s = begin(st, st->assets);
    const int64_t delay = delay_of(s, st);
    if (!from_the_start(st)) {
        scene_run(s, 20 * SECOND);
        assert_int_equal(raised(s, st), 0);
        scene_mark(s);
        st->wrong(s);
        scene_run(s, 1);
    } else {
        st->wrong(s);
        scene_run(s, 0);
    }
    pass(s, st->settle_ms);
    if (delay > 0) {
        pass(s, delay - 1);
        if (raised(s, st) != 0)
            fail_msg("%s: raised before its delay", st->code);
        scene_run(s, 1);
    }
    if (raised(s, st) != 1)
        fail_msg("%s (%s): raised %zu times at its delay", st->code, st->subject, raised(s, st));
    const struct scene_record *r = scene_last(s, st->code, "raised");
    assert_string_equal(rec_str(r, "subject"), st->subject);
    assert_int_equal(rec_int(r, "condition/delay_ms"), delay);
    pass(s, delay + HOUR);
    assert_int_equal(raised(s, st), 1);
    scene_free(s);
}

static void tell_nearly(const struct story *st)
{
    struct scene *s = begin(st, st->without != NULL ? st->without : st->assets);
    struct scene *real = begin(st, st->assets);
    const int64_t delay = delay_of(real, st);
    scene_free(real);
    if (!from_the_start(st))
        scene_run(s, 20 * SECOND);
    (st->without != NULL ? st->wrong : st->nearly)(s);
    pass(s, st->settle_ms + 3 * delay + MINUTE);
    if (raised(s, st) != 0) {
        fail_msg("%s (%s): raised by what is only near to it: %s", st->code, st->subject,
                 rec_str(scene_last(s, st->code, "raised"), "condition/text/en"));
    }
    scene_free(s);
}

/* What follows an alarm goes on while that alarm waits for its off-delay; see test_traps.c. A date
 * does not get well again, an order stands, and what was seen in the course of time stays seen for a
 * while. */
static bool goes_on(const struct story *st)
{
    static const char *const codes[] = {"ORD-RUN-01", "CW-INT-03", "DAT-INT-06", "MNT-DUE-02"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(st->code, codes[i]) == 0)
            return true;
    return strstr(st->code, "-ILK-") != NULL || strstr(st->code, "-TRP-") != NULL ||
           strstr(st->code, "-CAL") != NULL;
}

/* Wrong until two milliseconds before the delay has passed, then well. */
static void tell_short(const struct story *st)
{
    struct scene *s = begin(st, st->assets);
    const int64_t delay = delay_of(s, st);
    if (delay > 0 && !from_the_start(st) && !goes_on(st)) {
        scene_run(s, 20 * SECOND);
        scene_mark(s);
        st->wrong(s);
        scene_run(s, 1);
        pass(s, delay - 2);
        scene_heal(s);
        scene_run(s, 1); /* the last millisecond of the delay: all is well again */
        pass(s, 2 * delay + MINUTE);
        if (raised(s, st) != 0)
            fail_msg("%s (%s): raised by less than its delay", st->code, st->subject);
    }
    scene_free(s);
}

static void every_code_is_raised_at_its_delay(void **state)
{
    (void)state;
    for (size_t i = 0; i < story_count(); i++)
        tell(story_at(i));
}

static void what_is_only_near_raises_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < story_count(); i++)
        tell_nearly(story_at(i));
}

static void a_millisecond_less_raises_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < story_count(); i++)
        tell_short(story_at(i));
}

static void no_code_is_without_a_story(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    const struct gw_catalogue *cat = gw_inventory_catalogue(scene_inventory(s));
    for (size_t i = 0; i < gw_catalogue_count(cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(cat, i);
        bool told = false;
        for (size_t k = 0; k < story_count(); k++) {
            const struct story *st = story_at(k);
            if (strcmp(st->code, f->code) != 0)
                continue;
            told = true;
            if (st->wrong == NULL || (st->nearly == NULL) == (st->without == NULL))
                fail_msg("%s: a story without its twin, or with two", f->code);
        }
        if (told != f->enabled)
            fail_msg("%s: %s", f->code, told ? "is switched off" : "has no story");
    }
    scene_free(s);
}

/* ---- at the number itself ---- */

/* How far the quantity that decides is from its limit, in steps of a hundredth of the limit, once
 * the story is told; negative where the rule has no limit or does not decide. */
static double steps_away(const struct story *st, void (*happen)(struct scene *))
{
    struct scene *s = begin(st, st->assets);
    scene_run(s, 2 * SECOND);
    happen(s);
    scene_run(s, 2 * SECOND);
    const struct gw_check_def *d = check_of(s, st);
    assert_non_null(d);
    double steps = -1;
    const enum gw_rule rule = d->rule->rule;
    if (rule == GW_RULE_LIMIT || rule == GW_RULE_SETPOINT || rule == GW_RULE_BALANCE ||
        rule == GW_RULE_BELOW) {
        struct gw_rule_memory memory = {0};
        struct gw_rule_ctx ctx = {
            .memory = &memory, .check = d, .table = scene_table(s), .now_ms = scene_now(s).mono_ms};
        if (gw_rule_eval(&ctx) != GW_UNKNOWN && isfinite(ctx.limit))
            steps = fabs(ctx.value - ctx.limit) / (0.01 + 0.01 * fabs(ctx.limit));
    }
    scene_free(s);
    return steps;
}

/* Where a number decides, some story of the code raises it just beyond, and some twin is just
 * within. */
static void every_number_is_told_at_its_edge(void **state)
{
    (void)state;
    size_t edges = 0;
    for (size_t i = 0; i < story_count(); i++) {
        const struct story *first = story_at(i);
        bool told_before = false;
        bool limited = false;
        bool beyond = false;
        bool within = false;
        for (size_t k = 0; k < story_count(); k++) {
            const struct story *st = story_at(k);
            if (strcmp(st->code, first->code) != 0)
                continue;
            told_before = told_before || k < i;
            const double out = told_before ? -1 : steps_away(st, st->wrong);
            const double in = told_before || st->nearly == NULL ? -1 : steps_away(st, st->nearly);
            limited = limited || out >= 0;
            beyond = beyond || (out >= 0 && out <= 1);
            within = within || (in >= 0 && in <= 1);
        }
        if (limited && !(beyond && within))
            fail_msg("%s: no story just %s its limit", first->code, beyond ? "within" : "beyond");
        edges += limited ? 1 : 0;
    }
    assert_true(edges > 25);
}

/* A disputed code makes no check, whatever is wrong. */
static void a_code_switched_off_is_silent(void **state)
{
    (void)state;
    const struct scene_conf conf = {.assets = ONE_GAS("paint_mix"), .step_ms = 5 * MINUTE};
    struct scene *s = foundry_conf(&conf);
    scene_run(s, 3 * DAY);
    assert_int_equal(scene_count(s, "GAS-ABS-06", "raised"), 0);
    assert_int_equal(scene_records(s), 0);
    scene_free(s);
}

/* A well plant says nothing for a week. */
static void a_well_plant_is_quiet(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_step_ms(s, 5 * MINUTE);
    scene_run(s, 7 * DAY);
    assert_int_equal(scene_records(s), 0);
    struct gw_engine_counts c;
    gw_engine_counts(scene_engine(s), &c);
    assert_int_equal(c.alarms + c.leads + c.unknown, 0);
    assert_true(c.checks > 20);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_code_is_without_a_story),
        cmocka_unit_test(every_number_is_told_at_its_edge),
        cmocka_unit_test(every_code_is_raised_at_its_delay),
        cmocka_unit_test(what_is_only_near_raises_nothing),
        cmocka_unit_test(a_millisecond_less_raises_nothing),
        cmocka_unit_test(a_code_switched_off_is_silent),
        cmocka_unit_test(a_well_plant_is_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
