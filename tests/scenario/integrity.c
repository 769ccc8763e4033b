/* SPDX-License-Identifier: Apache-2.0
 *
 * Stories of set-points, exchanged devices and readings that cannot be true, told in the workshop.
 */
#include "finding/recurrence.h"
#include "story.h"
#include "support/cmocka_all.h"

#include <math.h>

#define NUM(name, point, value)                                                                    \
    static void name(struct scene *s)                                                              \
    {                                                                                              \
        scene_num(s, point, value);                                                                \
    }
NUM(l1_25_01, "set.l1", 25.01)
NUM(l1_10, "set.l1", 10)
NUM(l2_50_01, "set.l2", 50.01)
NUM(l2_49_99, "set.l2", 49.99)
NUM(x1_20_01, "set.x1", 20.01)
NUM(x1_19_99, "set.x1", 19.99)
NUM(x2_40_01, "set.x2", 40.01)
NUM(x2_39_99, "set.x2", 39.99)
NUM(o1_19_49, "set.o1", 19.49)
NUM(o1_19_51, "set.o1", 19.51)
NUM(o2_23_51, "set.o2", 23.51)
NUM(o2_23_49, "set.o2", 23.49)
NUM(set_t_60_01, "set.t", 60.01)
NUM(set_t_59_99, "set.t", 59.99)
NUM(t_in_45_01, "ti.t", 45.01) /* the outlet says 40 */
NUM(t_in_45, "ti.t", 45)
NUM(t_in_0_75, "ti.t", 0.75) /* half a percent of 0 to 150 */
NUM(t_in_0_76, "ti.t", 0.76)
NUM(t_in_150, "ti.t", 150)

static void nothing(struct scene *s)
{
    (void)s;
}
static void l1_garbled(struct scene *s)
{
    for (int i = 0; i < 10; i++) { /* never the same twice */
        scene_num(s, "set.l1", 30 + i);
        scene_run(s, SECOND);
    }
    scene_num(s, "set.l1", 25);
}
static void l1_unknown(struct scene *s)
{
    scene_quality(s, "set.l1", GW_Q_BAD_COMM);
}
static void span_2001(struct scene *s)
{
    scene_int(s, "set.span", 2001);
}
static void set_t_60_01_but_stopped(struct scene *s)
{
    set_t_60_01(s);
    scene_contact(s, "wd.run", false);
}
static void duty_off(struct scene *s)
{
    scene_contact(s, "wd.good", false);
}
static void duty_device_silent(struct scene *s)
{
    scene_link(s, "wd", GW_LINK_DOWN);
}
static void duty_unknown(struct scene *s)
{
    scene_quality(s, "wd.good", GW_Q_UNCERTAIN);
}
static void another_device(struct scene *s)
{
    scene_identity(s, "ti", "QDY30A sn 2");
}
static void nameless_device(struct scene *s)
{
    scene_identity(s, "ti", "");
}
static void out_of_range(struct scene *s)
{
    scene_quality(s, "ti.t", GW_Q_BAD_RANGE);
}
static void out_of_order(struct scene *s)
{
    scene_quality(s, "ti.t", GW_Q_BAD_FAULT);
}
static void t_in_0_and_low_pressure(struct scene *s)
{
    scene_num(s, "ti.t", 0);
    scene_num(s, "pt.p1", 0.1); /* an alarm of the asset tells of a value at its end */
}

/* ---- in the course of time ---- */

static void move(struct scene *s, int moves)
{
    for (int i = 0; i < moves; i++) {
        scene_num(s, "ws.dp", i % 2 == 0 ? 810 : 800);
        if (i + 1 < moves)
            scene_run(s, SECOND);
    }
}
static void moves_and_stops(struct scene *s)
{
    move(s, 100);
}
static void moves_once_less(struct scene *s)
{
    move(s, 99);
}
/* It has rested for two hours and a quarter before: nine hours are not long enough. */
static void rests_by_its_nature(struct scene *s)
{
    move(s, 50);
    scene_run(s, 2 * HOUR + 15 * MINUTE);
    move(s, 51);
}

/* 30 m3/h in; out 50 % more and 50 % less. */
static void to_and_fro(struct scene *s, int flips)
{
    for (int i = 0; i <= flips; i++) {
        scene_num(s, "fo.q", i % 2 == 0 ? 45 : 15);
        if (i < flips)
            scene_run(s, MINUTE);
    }
}
static void three_flips(struct scene *s)
{
    to_and_fro(s, 3);
}
static void two_flips(struct scene *s)
{
    to_and_fro(s, 2);
}
/* Differences of just 20 % are not large. */
static void small_flips(struct scene *s)
{
    for (int i = 0; i < 8; i++) {
        scene_num(s, "fo.q", i % 2 == 0 ? 36 : 24);
        scene_run(s, MINUTE);
    }
}

/* A signal with noise; the same number gives the same reading. */
static int64_t reading(int i)
{
    uint64_t x = (uint64_t)i * UINT64_C(0x9E3779B97F4A7C15);
    x ^= x >> 29;
    x *= UINT64_C(0xBF58476D1CE4E5B9);
    return 80000 + (int64_t)(x >> 32) % 40;
}
static void say_counts(struct scene *s, int64_t counts)
{
    scene_num(s, "ws.dp", (double)counts / 100);
}
#define RECORDED 400
/* Records, and plays the recording up to the reading with which it is known for one; a recurrence of the
 * same readings tells which that is. The last one is set and not read yet. */
static void record_and_play(struct scene *s)
{
    struct gw_recurrence *t = gw_recurrence_new();
    assert_non_null(t);
    int64_t at = 0;
    for (; at <= 20; at++)
        gw_recurrence_add(t, 80000, at); /* what the scene began with */
    for (int i = 0; gw_recurrence_match(t).reads < 240; i++, at++) {
        if (i > 0)
            scene_run(s, SECOND);
        assert_true(i < 2 * RECORDED);
        say_counts(s, reading(i % RECORDED));
        gw_recurrence_add(t, reading(i % RECORDED), at);
    }
    gw_recurrence_free(t);
}
/* Every fiftieth reading differs by one in the last digit. */
static void record_and_play_with_noise(struct scene *s)
{
    for (int i = 0; i < 2 * RECORDED; i++) {
        say_counts(s, reading(i % RECORDED) + (i >= RECORDED && i % 50 == 0 ? 1 : 0));
        scene_run(s, SECOND);
    }
}

/* ---- the table ---- */

#define ROLE(role, point) "\"" role "\":\"" point "\""
#define RUN               ROLE("RUN", "wd.run") ","
#define ROOM(role, point) ROLES("paint_mix", "", ROLE(role, point))
#define LOOP              "\"loop\":\"closed\""
#define COOLED            ROLE("T_OUT", "pt.t1") "," ROLE("T_IN", "ti.t")
#define FLOWS             ROLE("Q_IN", "fi.q") "," ROLE("Q_OUT", "fo.q")
#define DUST              ROLES("dust_dry", "\"dust\":\"wood\"", RUN ROLE("DP", "ws.dp"))

const struct story integrity_stories[] = {
    {"GAS-SET-01", NULL, ROOM("GAS_SET1", "set.l1"), l1_25_01, nothing, NULL, SECOND, "set.l1"},
    {"GAS-SET-01", NULL, ROOM("GAS_SET1", "set.l1"), l1_25_01, l1_10, NULL, SECOND, "set.l1"},
    {"GAS-SET-01", NULL, ROOM("GAS_SET1", "set.l1"), l1_25_01, l1_garbled, NULL, SECOND, "set.l1"},
    {"GAS-SET-02", NULL, ROOM("GAS_SET2", "set.l2"), l2_50_01, nothing, NULL, SECOND, "set.l2"},
    {"GAS-SET-02", NULL, ROOM("GAS_SET2", "set.l2"), l2_50_01, l2_49_99, NULL, SECOND, "set.l2"},
    {"GAS-SET-03", NULL, ROOM("TOX_SET1", "set.x1"), x1_20_01, nothing, NULL, SECOND, "set.x1"},
    {"GAS-SET-03", NULL, ROOM("TOX_SET1", "set.x1"), x1_20_01, x1_19_99, NULL, SECOND, "set.x1"},
    {"GAS-SET-04", NULL, ROOM("TOX_SET2", "set.x2"), x2_40_01, nothing, NULL, SECOND, "set.x2"},
    {"GAS-SET-04", NULL, ROOM("TOX_SET2", "set.x2"), x2_40_01, x2_39_99, NULL, SECOND, "set.x2"},
    {"GAS-SET-05", NULL, ROOM("O2_SET_LOW", "set.o1"), o1_19_49, nothing, NULL, SECOND, "set.o1"},
    {"GAS-SET-05", NULL, ROOM("O2_SET_LOW", "set.o1"), o1_19_49, o1_19_51, NULL, SECOND, "set.o1"},
    {"GAS-SET-06", NULL, ROOM("O2_SET_HIGH", "set.o2"), o2_23_51, nothing, NULL, SECOND, "set.o2"},
    {"GAS-SET-06", NULL, ROOM("O2_SET_HIGH", "set.o2"), o2_23_51, o2_23_49, NULL, SECOND, "set.o2"},
    {"GAS-ILK-02", "nonferrous", ROLES("toxic_area", "", ROLE("DUTY_LINK", "wd.good")), duty_off,
     duty_unknown, NULL, 0, "wd"},
    {"GAS-ILK-02", "metallurgy", ROLES("co_area", "", ROLE("DUTY_LINK", "wd.good")),
     duty_device_silent, nothing, NULL, 0, "wd"},
    {"CW-BYP-02", NULL, ROLES("if_furnace", LOOP, RUN ROLE("CW_SET_HIGH", "set.t")), set_t_60_01,
     nothing, NULL, SECOND, "set.t"},
    {"CW-BYP-02", NULL, ROLES("if_furnace", LOOP, RUN ROLE("CW_SET_HIGH", "set.t")), set_t_60_01,
     set_t_59_99, NULL, SECOND, "set.t"},
    {"CW-BYP-02", NULL, ROLES("if_furnace", LOOP, RUN ROLE("CW_SET_HIGH", "set.t")), set_t_60_01,
     set_t_60_01_but_stopped, NULL, SECOND, "set.t"},
    {"CW-INT-02", NULL, ROLES("if_furnace", LOOP, RUN COOLED), t_in_45_01, t_in_45, NULL, 0,
     "pt.t1"},
    {"CW-INT-03", NULL, ROLES("if_furnace", LOOP, RUN FLOWS), three_flips, two_flips, NULL, 0, ""},
    {"CW-INT-03", NULL, ROLES("if_furnace", LOOP, RUN FLOWS), three_flips, small_flips, NULL, 0,
     ""},
    {"DAT-INT-02", NULL, DUST, moves_and_stops, moves_once_less, NULL, 8 * HOUR, "ws.dp"},
    {"DAT-INT-02", NULL, DUST, moves_and_stops, rests_by_its_nature, NULL, 8 * HOUR, "ws.dp"},
    {"DAT-INT-03", NULL, ROOM("GAS_SET1", "set.l1"), l1_10, l1_unknown, NULL, SECOND, "set.l1"},
    {"DAT-INT-03", NULL, ROOM("RANGE_REG", "set.span"), span_2001, nothing, NULL, SECOND,
     "set.span"},
    {"DAT-INT-04", NULL, ROLES("if_furnace", LOOP, RUN COOLED), another_device, nameless_device,
     NULL, 0, "ti"},
    {"DAT-INT-05", NULL, ROLES("if_furnace", LOOP, RUN COOLED), t_in_0_75, t_in_0_76, NULL, HOUR,
     "ti.t"},
    {"DAT-INT-05", NULL, ROLES("if_furnace", LOOP, RUN COOLED "," ROLE("P_IN", "pt.p1")), t_in_150,
     t_in_0_and_low_pressure, NULL, HOUR, "ti.t"},
    {"DAT-INT-06", NULL, DUST, record_and_play, record_and_play_with_noise, NULL, 0, "ws.dp"},
    {"DAT-INT-07", NULL, ROLES("if_furnace", LOOP, RUN COOLED), out_of_range, out_of_order, NULL, 0,
     "ti.t"},
};
const size_t integrity_story_count = sizeof integrity_stories / sizeof integrity_stories[0];
