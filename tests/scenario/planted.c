/* SPDX-License-Identifier: Apache-2.0 */
#include "planted.h"

#define SET(name, call)                                                                            \
    static void name(struct scene *s)                                                              \
    {                                                                                              \
        call;                                                                                      \
    }
#define BAD(name, point)                                                                           \
    SET(name##_fails, scene_quality(s, point, GW_Q_BAD_FAULT))                                     \
    SET(name##_well, scene_quality(s, point, GW_Q_GOOD))
#define ON(name, point, usual)                                                                     \
    SET(name##_off_usual, scene_contact(s, point, !(usual)))                                       \
    SET(name##_usual, scene_contact(s, point, usual))

BAD(t_out, "pt.t1")
BAD(q_in, "fi.q")
BAD(q_out, "fo.q")
BAD(p_gas, "gm.p")
BAD(flame, "db.flame")
BAD(hopper, "ws.t")
BAD(vent, "dd.vent")
ON(shield, "gas.k2", false)
ON(mains, "gas.mains", false)
ON(batt, "gas.batt", false)
ON(caoff, "di.caoff", false)
ON(bypass, "db.byp", false)
ON(supf, "dd.supf", false)
ON(airf, "dd.airf", false)
ON(ready, "dd.ready", true)
ON(aoff, "dd.aoff", false)

static void sensor(struct scene *s, enum gw_state state, const char *detector, const char *value)
{
    scene_state(s, detector, state);
    scene_quality(s, value, gw_state_quality(state));
}
SET(s1_fails, sensor(s, GW_S_SENSOR_FAULT, "gas.s1", "gas.p1"))
SET(s1_well, sensor(s, GW_S_NORMAL, "gas.s1", "gas.p1"))
SET(s2_lost, sensor(s, GW_S_COMM_FAULT, "gas.s2", "gas.p2"))
SET(s2_due, sensor(s, GW_S_NEED_CAL, "gas.s2", "gas.p2"))
SET(s2_well, sensor(s, GW_S_NORMAL, "gas.s2", "gas.p2"))
SET(gas_dead, scene_link(s, "gas", GW_LINK_DOWN))
SET(gas_alive, scene_link(s, "gas", GW_LINK_OK))
SET(hot, scene_num(s, "pt.t1", 58))
SET(hangs_t, scene_num(s, "pt.t1", 39.5))
SET(hangs_l, scene_num(s, "lv.l", 1.22))
SET(low_gas, scene_num(s, "gm.p", 9))
SET(no_flame, scene_contact(s, "db.flame", false))
SET(no_dp, scene_num(s, "ws.dp", 12))
SET(sparks, scene_num(s, "ws.sp", 4))

static void vapour(struct scene *s)
{
    sensor(s, GW_S_LOW, "gas.s1", "gas.p1");
    scene_num(s, "gas.p1", 27.5);
}

#define ASSET(id, type, facts, roles)                                                              \
    ",\"" id "\":{\"type\":\"" type "\",\"name\":\"x\",\"facts\":{" facts                          \
    "},\"rated\":{\"P_GAS\":20},\"roles\":{" roles "}}"
const char planted_assets[] = ASSET("if-2", "if_furnace", "\"loop\":\"closed\"",
                                    "\"RUN\":\"di.run\"")
    ASSET("burner-2", "gas_burner", "", "\"RUN\":\"db.run\",\"DI_LP\":\"db.lp2\"")
        ASSET("dust-3", "dust_dry", "\"dust\":\"wood\",\"sander\":\"yes\"", "\"RUN\":\"dd.run\"")
            ASSET("booth-3", "spray_booth", "\"paint\":\"solvent\"", "\"DI_FAN\":\"di.fan\"");

/* A time of the story: its first day begins at 08:00. */
#define AT(day, hour) ((day)*DAY + (hour)*HOUR - 8 * HOUR)

/* What lasts eight hours lasts for two working days, so that a stopped gateway still sees it. */
const struct planted planted[] = {
    {"if-2:CW-ABS-01", 0, MONTH_MS, DAY, NULL, NULL},
    {"if-2:CW-ABS-02", 0, MONTH_MS, DAY, NULL, NULL},
    {"burner-2:GM-ABS-04", 0, MONTH_MS, DAY, NULL, NULL},
    {"burner-2:GM-ABS-05", 0, MONTH_MS, DAY, NULL, NULL},
    {"dust-3:DC-ABS-01", 0, MONTH_MS, DAY, NULL, NULL},
    {"dust-3:DC-ABS-02", 0, MONTH_MS, DAY, NULL, NULL},
    {"dust-3:DC-ABS-03", 0, MONTH_MS, DAY, NULL, NULL},
    {"booth-3:GAS-ABS-01", 0, MONTH_MS, DAY, NULL, NULL},
    {"paint-1:GAS-FLT-01:gas.s1", AT(1, 9), 2 * HOUR, 10 * MINUTE, s1_fails, s1_well},
    {"paint-1:GAS-BYP-01:gas.s2", AT(1, 14), 2 * HOUR, 30 * MINUTE, shield_off_usual, shield_usual},
    {"if-1:CW-FLT-01:pt.t1", AT(2, 8), HOUR, 5 * MINUTE, t_out_fails, t_out_well},
    {"if-1:CW-FLT-01:fi.q", AT(2, 10), HOUR, 5 * MINUTE, q_in_fails, q_in_well},
    {"if-1:CW-FLT-01:fo.q", AT(2, 15), HOUR, 5 * MINUTE, q_out_fails, q_out_well},
    {"if-1:CW-ILK-01", AT(3, 9), 30 * MINUTE, 20 * SECOND, hot, NULL},
    {"if-1:CW-TRP-01:pt.t1", AT(3, 9), 30 * MINUTE, 15 * MINUTE + 10 * SECOND, hot, NULL},
    {"if-1:CW-BYP-01", AT(3, 14), HOUR, 10 * MINUTE, caoff_off_usual, caoff_usual},
    {"burner-1:GM-FLT-01:gm.p", AT(4, 9), HOUR, 5 * MINUTE, p_gas_fails, p_gas_well},
    {"burner-1:GM-FLT-02:db.flame", AT(4, 11), HOUR, 5 * MINUTE, flame_fails, flame_well},
    {"burner-1:GM-BYP-01", AT(4, 14), 2 * HOUR, 30 * MINUTE, bypass_off_usual, bypass_usual},
    {"burner-1:GM-ILK-01", AT(6, 9), 25 * MINUTE, 6 * SECOND, low_gas, NULL},
    {"burner-1:GM-TRP-01:GM-EV-LOW", AT(6, 9), 25 * MINUTE, 10 * MINUTE + 3 * SECOND, low_gas,
     NULL},
    {"burner-1:GM-ILK-02", AT(6, 14), 25 * MINUTE, 6 * SECOND, no_flame, NULL},
    {"burner-1:GM-TRP-01:db.flame", AT(6, 14), 25 * MINUTE, 10 * MINUTE + SECOND, no_flame, NULL},
    {"paint-1:GAS-TRP-01:gas.s1", AT(8, 9), 50 * MINUTE, 30 * MINUTE, vapour, s1_well},
    {"dust-1:DC-FLT-06:dd.vent", AT(8, 14), HOUR, 5 * MINUTE, vent_fails, vent_well},
    {"paint-1:GAS-FLT-02:gas.s2", AT(10, 9), 2 * HOUR, 10 * MINUTE, s2_lost, s2_well},
    {"paint-1:GAS-FLT-03:gas.mains", AT(10, 14), 3 * HOUR, HOUR, mains_off_usual, mains_usual},
    {"paint-1:GAS-FLT-05:gas.batt", AT(11, 9), 2 * DAY, DAY, batt_off_usual, batt_usual},
    {"paint-1:GAS-CAL-02:gas.s2", AT(13, 9), 5 * HOUR, HOUR, s2_due, s2_well},
    {"paint-1:GAS-BYP-02:gas", AT(15, 9), 2 * HOUR, 30 * MINUTE, gas_dead, gas_alive},
    {"dust-1:DC-FLT-01", AT(17, 9), HOUR, 5 * MINUTE, supf_off_usual, supf_usual},
    {"dust-1:DC-FLT-02", AT(17, 14), HOUR, 10 * MINUTE, airf_off_usual, airf_usual},
    {"dust-1:DC-FLT-03:ws.t", AT(18, 9), HOUR, 10 * MINUTE, hopper_fails, hopper_well},
    {"dust-1:DC-FLT-04", AT(18, 14), HOUR, 5 * MINUTE, ready_off_usual, ready_usual},
    {"dust-1:DC-FLT-07", AT(19, 9), 20 * MINUTE, 10 * MINUTE, no_dp, NULL},
    {"dust-1:DC-BYP-02", AT(20, 9), 2 * HOUR, 30 * MINUTE, aoff_off_usual, aoff_usual},
    {"dust-1:DC-ILK-01", AT(22, 9), 50 * MINUTE, 30 * SECOND, sparks, NULL},
    {"dust-1:DC-TRP-01:DC-EV-SPARK", AT(22, 9), 50 * MINUTE, 30 * MINUTE, sparks, NULL},
    {"dust-2:DC-BYP-01:lv.l", AT(23, 7), 36 * HOUR, 8 * HOUR + 10 * MINUTE, hangs_l, NULL},
    {"if-1:CW-INT-01:pt.t1", AT(25, 7), 36 * HOUR, 8 * HOUR + 50 * MINUTE, hangs_t, NULL},
};
const size_t planted_count = sizeof planted / sizeof planted[0];

void planted_step(void *ctx, struct month *m)
{
    (void)ctx;
    for (size_t i = 0; i < planted_count; i++) {
        const struct planted *p = &planted[i];
        const int64_t into = m->at_ms - p->from_ms;
        if (p->wrong != NULL && into >= 0 && into < p->for_ms)
            p->wrong(m->scene);
        else if (p->right != NULL && into >= p->for_ms && into < p->for_ms + 10 * MINUTE)
            p->right(m->scene);
    }
}
