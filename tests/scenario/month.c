/* SPDX-License-Identifier: Apache-2.0 */
#include "month.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "support/cmocka_all.h"

#define DEVICE(id, bus) "\"" id "\":{\"bus\":\"" bus "\",\"period_ms\":5000}"
#define DEVICES                                                                                                                                      \
    "\"gas\":{\"bus\":\"b1\",\"period_ms\":5000,\"make\":\"安信华瑞\",\"model\":\"AX100\","                                                      \
    "\"serial\":\"AX-1\",\"cert_no\":\"临检2026-1\",\"cal_due\":\"2027-03-10\"}," DEVICE(                                                            \
        "pt",                                                                                                                                        \
        "b"                                                                                                                                          \
        "2") "," DEVICE("fi",                                                                                                                        \
                        "b2") "," DEVICE("fo",                                                                                                       \
                                         "b2") "," DEVICE("lv",                                                                                      \
                                                          "b2") "," DEVICE("ws",                                                                     \
                                                                           "b2") "," DEVICE("gm",                                                    \
                                                                                            "b2") "," DEVICE("di",                                   \
                                                                                                             "b3") "," DEVICE("db",                  \
                                                                                                                              "b3") "," DEVICE("dd", \
                                                                                                                                               "b3")

#define NUMBER(id, unit) ",\"" id "\":{\"is\":\"number\",\"unit\":\"" unit "\"}"
#define CONTACT(id)      ",\"" id "\":{\"is\":\"contact\"}"
#define STATE(id)        ",\"" id "\":{\"is\":\"state\"}"
#define POINTS                                                                                     \
    "\"gas.p1\":{\"is\":\"number\",\"unit\":\"%LEL\"}" NUMBER("gas.p2", "%LEL") STATE("gas.s1")    \
        STATE("gas.s2") CONTACT("gas.k1") CONTACT("gas.k2") CONTACT("gas.mains")                   \
            CONTACT("gas.batt") NUMBER("pt.t1", "degC") NUMBER("pt.t2", "degC")                    \
                NUMBER("pt.p1", "MPa") NUMBER("fi.q", "m3/h") NUMBER("fo.q", "m3/h")               \
                    NUMBER("lv.l", "m") NUMBER("ws.t", "degC") NUMBER("ws.dp", "Pa")               \
                        NUMBER("ws.sp", "1/min") NUMBER("ws.q", "m3/h") NUMBER("ws.h2", "%LEL")    \
                            NUMBER("ws.dp2", "Pa") NUMBER("gm.p", "kPa") CONTACT("di.run")         \
                                CONTACT("di.heat") CONTACT("di.fan") CONTACT("di.caoff")           \
                                    CONTACT("di.paint") CONTACT("db.run") CONTACT("db.esv")        \
                                        CONTACT("db.flame") CONTACT("db.byp") CONTACT("db.lp2")    \
                                            CONTACT("dd.run") CONTACT("dd.air") CONTACT("dd.airf") \
                                                CONTACT("dd.ready") CONTACT("dd.vent")             \
                                                    CONTACT("dd.supf") CONTACT("dd.feed")          \
                                                        CONTACT("dd.aoff") CONTACT("dd.wet")

#define ASSETS                                                                                        \
    "\"if-1\":{\"type\":\"if_furnace\",\"name\":\"1号中频炉\",\"facts\":{\"loop\":\"closed\"},"   \
    "\"rated\":{\"Q_IN\":40},\"roles\":{\"RUN\":\"di.run\",\"T_OUT\":\"pt.t1\","                      \
    "\"T_IN\":\"pt.t2\",\"P_IN\":\"pt.p1\",\"Q_IN\":\"fi.q\",\"Q_OUT\":\"fo.q\","                     \
    "\"DI_HEAT\":\"di.heat\",\"CW_ALARM_OFF\":\"di.caoff\"}},"                                        \
    "\"paint-1\":{\"type\":\"paint_mix\",\"name\":\"调漆间\",\"facts\":{\"paint\":\"solvent\"},"   \
    "\"roles\":{\"RUN\":\"di.paint\",\"GAS\":[\"gas.p1\",\"gas.p2\"],"                                \
    "\"GAS_STATE\":[\"gas.s1\",\"gas.s2\"],\"GAS_SHIELDED\":[\"gas.k1\",\"gas.k2\"],"                 \
    "\"CTRL_MAINS_FAULT\":\"gas.mains\",\"CTRL_BATT_FAULT\":\"gas.batt\","                            \
    "\"DI_FAN\":\"di.fan\"}},"                                                                        \
    "\"burner-1\":{\"type\":\"gas_burner\",\"name\":\"烘干线燃烧器\",\"rated\":{\"P_GAS\":20}," \
    "\"roles\":{\"RUN\":\"db.run\",\"P_GAS\":\"gm.p\",\"DI_ESV_CLOSED\":\"db.esv\","                  \
    "\"DI_FLAME\":\"db.flame\",\"DI_BYPASS\":\"db.byp\"}},"                                           \
    "\"dust-1\":{\"type\":\"dust_dry\",\"name\":\"砂光除尘\",\"facts\":{\"dust\":\"wood\","       \
    "\"sander\":\"yes\",\"in_scope_dust_access\":\"yes\"},"                                           \
    "\"roles\":{\"RUN\":\"dd.run\",\"T_HOPPER\":\"ws.t\",\"DP\":\"ws.dp\","                           \
    "\"DI_AIRLOCK_RUN\":\"dd.air\",\"DI_AIRLOCK_FAULT\":\"dd.airf\","                                 \
    "\"DI_SPARK_READY\":\"dd.ready\",\"SPARK_CNT\":\"ws.sp\",\"DI_FEED\":\"dd.feed\","                \
    "\"DI_VENT_LOOP\":\"dd.vent\",\"DI_SUPPR_FAULT\":\"dd.supf\","                                    \
    "\"DUST_ALARM_OFF\":\"dd.aoff\"}},"                                                               \
    "\"dust-2\":{\"type\":\"dust_wet\",\"name\":\"抛光除尘\",\"facts\":{\"dust\":\"al_mg\","      \
    "\"in_scope_dust_access\":\"yes\"},"                                                              \
    "\"roles\":{\"RUN\":\"dd.wet\",\"LEVEL\":\"lv.l\",\"Q_CIRC\":\"ws.q\",\"H2\":\"ws.h2\","          \
    "\"DP\":\"ws.dp2\"}}"

/* ---- the calendar ---- */

/* Days of the story on which something that belongs to a plant's life happens, and when. */
#define CALIBRATION_DAY 9  /* a Tuesday, from 09:00 */
#define BROKEN_BUS_DAY  16 /* a Tuesday, 10:00 to 11:00 */
#define REBOOT_DAY      19 /* a Friday: one meter is off for two minutes at 14:00 */
#define VAPOUR_DAY      5  /* a Friday: vapour at 15:00, and the fan is switched on */
#define SPARK_DAY       12 /* a Friday: a spark at 11:00, and the feed stops */

/* Time since the midnight before the story's first 08:00. */
static int64_t since_midnight(int64_t at_ms)
{
    return at_ms + 8 * HOUR;
}

static int64_t day_of(int64_t at_ms)
{
    return since_midnight(at_ms) / DAY;
}

static int64_t hour_of(int64_t at_ms)
{
    return since_midnight(at_ms) % DAY;
}

bool month_works(int64_t at_ms)
{
    const int64_t t = hour_of(at_ms);
    return day_of(at_ms) % 7 != 0 && t >= 7 * HOUR && t < 19 * HOUR;
}

/* On this day of the story, from a time of the day on for so long. */
static bool during(const struct month *m, int64_t day, int64_t from_ms, int64_t for_ms)
{
    const int64_t t = hour_of(m->at_ms);
    return day_of(m->at_ms) == day && t >= from_ms && t < from_ms + for_ms;
}

/* ---- noise ---- */

/* Sum of four: near enough to normal, -2..2 in units of `by`, mostly within one. */
static double noise(struct month *m, double by)
{
    double sum = 0;
    for (int i = 0; i < 4; i++)
        sum += (double)gw_rand_below(&m->rand, 1001) / 1000.0 - 0.5;
    return sum * by;
}

static double two_decimals(double x)
{
    return round(x * 100.0) / 100.0;
}

static void num(struct month *m, const char *point, double x)
{
    scene_num(m->scene, point, two_decimals(x));
}

/* Goes from x towards `to` as first-order things do. */
static double towards(double x, double to, int64_t constant_ms)
{
    return x + (to - x) * (double)MONTH_STEP_MS / (double)constant_ms;
}

/* ---- the furnace ---- */

/* Off for lunch; on again in the afternoon. The pump starts two minutes earlier and runs on. */
static bool melts(int64_t at_ms)
{
    const int64_t t = hour_of(at_ms);
    return month_works(at_ms) && !(t >= 12 * HOUR && t < 12 * HOUR + 40 * MINUTE);
}

static void furnace(struct month *m)
{
    const bool on = melts(m->at_ms);
    const bool pump = on || melts(m->at_ms + 2 * MINUTE) || melts(m->at_ms - 20 * MINUTE);
    m->melting_ms = on ? m->melting_ms + MONTH_STEP_MS : 0;
    m->cooling_ms = pump ? m->cooling_ms + MONTH_STEP_MS : 0;
    /* Heats of fifty minutes: power up, hold, pour. */
    const double heat = 0.75 + 0.25 * sin((double)m->melting_ms / (50.0 * (double)MINUTE) * 6.283);
    const double hot = on ? m->t_in + 14.0 * heat : m->t_in;
    m->t_in = towards(m->t_in, 22.0 + 8.0 * (on ? 1 : 0), 60 * MINUTE);
    m->t_out = towards(m->t_out, hot, 8 * MINUTE);
    scene_contact(m->scene, "di.run", on);
    scene_contact(m->scene, "di.heat", on);
    num(m, "pt.t1", m->t_out + noise(m, 0.15));
    num(m, "pt.t2", m->t_in + noise(m, 0.15));
    /* The true flow swings a little; each meter has its own error within class 1.0. */
    const double full = 34.0 + 1.5 * sin((double)m->at_ms / (double)HOUR);
    const double started = m->cooling_ms > 20 * SECOND ? 1.0 : (double)m->cooling_ms / 20000.0;
    const double q = pump ? full * started : 0.0;
    num(m, "fi.q", q > 0 ? q * 1.009 + noise(m, 0.12) : 0);
    num(m, "fo.q", q > 0 ? q * 0.992 + noise(m, 0.12) : 0);
    num(m, "pt.p1", pump ? 0.30 * started + noise(m, 0.004) : 0.02);
}

/* ---- the paint room ---- */

static void detectors(struct month *m, enum gw_state first, enum gw_state second)
{
    const enum gw_state is[] = {first, second};
    static const char *const state[] = {"gas.s1", "gas.s2"};
    static const char *const value[] = {"gas.p1", "gas.p2"};
    for (int i = 0; i < 2; i++) {
        scene_state(m->scene, state[i], is[i]);
        const enum gw_quality q = gw_state_quality(is[i]);
        scene_quality(m->scene, value[i], q);
    }
}

/* One detector after the other: inhibited, zero gas, test gas, back; at the end the controller is
 * started anew, warms up and searches its detectors. */
static void calibrate(struct month *m)
{
    const int64_t t = hour_of(m->at_ms) - 9 * HOUR;
    const bool first = t < 25 * MINUTE;
    const bool second = t >= 30 * MINUTE && t < 55 * MINUTE;
    const int64_t own = first ? t : t - 30 * MINUTE;
    const bool test_gas = own >= 10 * MINUTE && own < 14 * MINUTE;
    if (first || second) {
        detectors(m, first ? GW_S_INHIBIT : GW_S_NORMAL, second ? GW_S_INHIBIT : GW_S_NORMAL);
        num(m, first ? "gas.p1" : "gas.p2", test_gas ? 50.0 + noise(m, 0.3) : noise(m, 0.1));
    } else if (t >= 60 * MINUTE && t < 61 * MINUTE) {
        detectors(m, GW_S_WARMUP, GW_S_WARMUP);
    } else if (t >= 61 * MINUTE && t < 63 * MINUTE) {
        detectors(m, GW_S_ABSENT, GW_S_ABSENT);
    } else {
        detectors(m, GW_S_NORMAL, GW_S_NORMAL);
    }
}

/* In the afternoon a detector is shielded and exchanged, for longer than without a permit it may
 * be: the platform has given one. */
static void permit(struct month *m)
{
    const struct gw_stamp now = scene_now(m->scene);
    struct gw_command c = {
        .kind = GW_COMMAND_PERMIT,
        .by = GW_BY_PLATFORM,
        .scope = GW_PERMIT_SHIELD,
        .until_ms = now.wall_ms + 3 * HOUR,
        .who = "officer",
        .id = "P-1",
        .target = "paint-1",
        .reason = "detector exchanged",
    };
    struct gw_command_answer answer;
    gw_engine_command(scene_engine(m->scene), &c, &now, &answer);
    if (!answer.done)
        fail_msg("no permit: %s", answer.why);
    m->permitted = true;
}

static void paint_room(struct month *m)
{
    const bool works = month_works(m->at_ms);
    const bool vapour = during(m, VAPOUR_DAY, 15 * HOUR, 8 * MINUTE);
    const bool calibration = during(m, CALIBRATION_DAY, 9 * HOUR, 70 * MINUTE);
    scene_contact(m->scene, "di.paint", works);
    for (int i = 0; i < 2; i++) {
        const double to =
            works ? 4.0 + 3.0 * sin((double)m->at_ms / (40.0 * (double)MINUTE) + i) : 0.8;
        m->gas[i] = towards(m->gas[i], vapour && i == 0 ? 31.0 : to, vapour ? MINUTE : 10 * MINUTE);
        num(m, i == 0 ? "gas.p1" : "gas.p2", fmax(0.0, m->gas[i] + noise(m, 0.2)));
    }
    scene_contact(m->scene, "di.fan", during(m, VAPOUR_DAY, 15 * HOUR + 3 * MINUTE, HOUR));
    if (!m->permitted && during(m, CALIBRATION_DAY, 13 * HOUR + 50 * MINUTE, HOUR))
        permit(m);
    if (calibration) {
        calibrate(m);
        m->was_out = true;
    } else if (during(m, CALIBRATION_DAY, 14 * HOUR, 50 * MINUTE)) {
        detectors(m, GW_S_SHIELDED, GW_S_NORMAL);
        m->was_out = true;
    } else if (during(m, VAPOUR_DAY, 15 * HOUR, HOUR)) {
        detectors(m, m->gas[0] >= 25.0 ? GW_S_LOW : GW_S_NORMAL, GW_S_NORMAL);
        m->was_out = true;
    } else if (m->was_out) {
        detectors(m, GW_S_NORMAL, GW_S_NORMAL);
        m->was_out = false;
    }
}

/* ---- the burner ---- */

/* The valve opens and the flame stands before the burner counts as on; off goes the other way. */
static void burner(struct month *m)
{
    const bool on = month_works(m->at_ms) && month_works(m->at_ms - 15 * MINUTE);
    const bool lit = on || month_works(m->at_ms - 15 * MINUTE + 20 * SECOND);
    scene_contact(m->scene, "db.run", on);
    scene_contact(m->scene, "db.flame", lit || on);
    scene_contact(m->scene, "db.esv", !(lit || on));
    const double load = on ? 0.6 * sin((double)m->at_ms / (7.0 * (double)MINUTE)) : 1.2;
    num(m, "gm.p", 20.0 + load + noise(m, 0.25));
}

/* ---- the collectors ---- */

static void dry_collector(struct month *m)
{
    const bool on = month_works(m->at_ms);
    const bool air = on || month_works(m->at_ms + 30 * SECOND) || month_works(m->at_ms - MINUTE);
    const bool spark = during(m, SPARK_DAY, 11 * HOUR, 20 * SECOND);
    scene_contact(m->scene, "dd.run", on);
    scene_contact(m->scene, "dd.air", air);
    scene_contact(m->scene, "dd.feed", on && !during(m, SPARK_DAY, 11 * HOUR, 10 * MINUTE));
    num(m, "ws.sp", spark ? 3 : 0);
    /* The bags load up for half an hour and are blown clean. */
    m->dp = on && m->dp < 1150.0 ? m->dp + 1.5 : 650.0;
    num(m, "ws.dp", on ? m->dp + noise(m, 15) : fmax(0.0, noise(m, 2)));
    m->t_hopper = towards(m->t_hopper, on ? 38.0 : 15.0, 90 * MINUTE);
    num(m, "ws.t", m->t_hopper + noise(m, 0.2));
}

static void wet_collector(struct month *m)
{
    const bool on = month_works(m->at_ms);
    scene_contact(m->scene, "dd.wet", on);
    m->topping_up = m->topping_up ? m->level < 1.30 : m->level < 1.10;
    if (on)
        m->level += m->topping_up ? 0.002 : -0.0001;
    num(m, "lv.l", m->level);
    num(m, "ws.q",
        on ? 10.0 + 0.8 * sin((double)m->at_ms / (11.0 * (double)MINUTE)) + noise(m, 0.15) : 0.0);
    num(m, "ws.h2", fmax(0.0, (on ? 1.2 : 0.3) + noise(m, 0.2)));
    num(m, "ws.dp2", on ? 900.0 + noise(m, 25) : 0.0);
}

/* ---- the wires ---- */

static void wires(struct month *m)
{
    static const char *const on_b2[] = {"pt", "fi", "fo", "lv", "ws", "gm"};
    const bool broken = during(m, BROKEN_BUS_DAY, 10 * HOUR, HOUR);
    const bool off = during(m, REBOOT_DAY, 14 * HOUR, 2 * MINUTE);
    for (size_t i = 0; i < sizeof on_b2 / sizeof on_b2[0]; i++)
        scene_link(m->scene, on_b2[i], broken ? GW_LINK_DOWN : GW_LINK_OK);
    if (off)
        scene_link(m->scene, "fi", GW_LINK_DOWN);
}

/* ---- life ---- */

struct month *month_new(uint64_t seed, const char *more)
{
    char assets[16384];
    struct month *m = calloc(1, sizeof *m);
    assert_non_null(m);
    const int n = snprintf(assets, sizeof assets, "%s%s", ASSETS, more);
    assert_true(n > 0 && (size_t)n < sizeof assets);
    const struct scene_conf conf = {
        .devices = DEVICES,
        .points = POINTS,
        .assets = assets,
        .step_ms = MONTH_STEP_MS,
        .glance = true,
    };
    m->scene = scene_new(&conf);
    m->rand = seed;
    m->at_ms = -MONTH_STEP_MS;
    m->t_out = m->t_in = 22.0;
    m->t_hopper = 15.0;
    m->dp = 650.0;
    m->level = 1.25;
    scene_contact(m->scene, "dd.ready", true);
    scene_contact(m->scene, "dd.vent", true);
    return m;
}

void month_free(struct month *m)
{
    scene_free(m->scene);
    free(m);
}

void month_step(struct month *m, void (*also)(void *ctx, struct month *m), void *ctx)
{
    m->at_ms += MONTH_STEP_MS;
    furnace(m);
    paint_room(m);
    burner(m);
    dry_collector(m);
    wet_collector(m);
    wires(m);
    if (also != NULL)
        also(ctx, m);
    scene_run(m->scene, m->at_ms == 0 ? 0 : MONTH_STEP_MS);
}

void month_restart(struct month *m, enum scene_end how, int64_t down_ms, bool reboot)
{
    assert_int_equal(down_ms % MONTH_STEP_MS, 0);
    scene_restart(m->scene, how, down_ms, reboot);
    m->at_ms += down_ms;
}
