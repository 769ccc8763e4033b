/* SPDX-License-Identifier: Apache-2.0
 *
 * The workshop: the foundry, a gas main and dust collectors, and their stories.
 *
 *   lv    (b2) l: tank level
 *   ws    (b2) p: gas main, rated 20 kPa; t: hopper; dp, o2, h2, q, co; sp: sparks a minute
 *   ti    (b2) t: inlet temperature, range 0 to 150; calls itself "QDY30A sn 1"
 *   set   (b2) l1, l2: alarm levels in %LEL; x1, x2 in ppm; o1, o2 in %; t in degC; span: a
 *         register
 *   wd    (b3) run; esv: valve closed; good: a contact that is on while all is well; bad: one that
 *         is off
 */
#include "foundry.h"
#include "story.h"

#define DEVICES                                                                                    \
    FOUNDRY_DEVICES ",\"lv\":{\"bus\":\"b2\"},\"ws\":{\"bus\":\"b2\"},"                            \
                    "\"ti\":{\"bus\":\"b2\"},\"set\":{\"bus\":\"b2\"},"                            \
                    "\"wd\":{\"bus\":\"b3\"}"
#define NUMBER(id, unit) ",\"" id "\":{\"is\":\"number\",\"unit\":\"" unit "\"}"
#define CONTACT(id)      ",\"" id "\":{\"is\":\"contact\"}"
#define POINTS                                                                                     \
    FOUNDRY_POINTS NUMBER("lv.l", "m") NUMBER("ws.p", "kPa") NUMBER("ws.t", "degC") NUMBER(        \
        "ws.dp", "Pa") NUMBER("ws.o2", "%") NUMBER("ws.h2", "%LEL") NUMBER("ws.q", "m3/h")         \
        NUMBER("ws.co", "ppm") NUMBER("ws.sp", "1/min") CONTACT("wd.run") CONTACT("wd.esv")        \
            CONTACT("wd.good") CONTACT("wd.bad") NUMBER("set.l1", "%LEL") NUMBER(                  \
                "set.l2", "%LEL") NUMBER("set.x1", "ppm") NUMBER("set.x2", "ppm")                  \
                NUMBER("set.o1", "%") NUMBER("set.o2", "%") NUMBER(                                \
                    "set.t",                                                                       \
                    "degC") ",\"ti.t\":{\"is\":\"number\",\"unit\":\"degC\",\"lo\":0,\"hi\":150}"  \
                            ",\"set.span\":{\"is\":\"integer\"}"

struct scene *workshop_conf(const struct scene_conf *conf)
{
    struct scene_conf c = *conf;
    c.devices = DEVICES;
    c.points = POINTS;
    struct scene *s = foundry_conf(&c);
    scene_num(s, "lv.l", 1.2);
    scene_num(s, "ws.p", 20);
    scene_num(s, "ws.t", 30);
    scene_num(s, "ws.dp", 800);
    scene_num(s, "ws.o2", 2);
    scene_num(s, "ws.q", 10);
    scene_num(s, "ti.t", 31);
    scene_identity(s, "ti", "QDY30A sn 1");
    scene_num(s, "set.l1", 25);
    scene_num(s, "set.l2", 50);
    scene_num(s, "set.x1", 20);
    scene_num(s, "set.x2", 40);
    scene_num(s, "set.o1", 19.5);
    scene_num(s, "set.o2", 23.5);
    scene_num(s, "set.t", 60);
    scene_int(s, "set.span", 2000);
    scene_contact(s, "wd.run", true);
    scene_contact(s, "wd.good", true);
    return s;
}

/* ---- what can be wrong, and what is nearly so ---- */

#define NUM(name, point, value)                                                                    \
    static void name(struct scene *s)                                                              \
    {                                                                                              \
        scene_num(s, point, value);                                                                \
    }
NUM(out_50, "pt.t1", 50)
NUM(out_49_99, "pt.t1", 49.99)
/* After a window of rest: seen when half of the window's last third is above. */
static void jump(struct scene *s, double to)
{
    scene_run(s, 4 * MINUTE);
    scene_num(s, "ws.t", to);
}
static void jump_20(struct scene *s)
{
    jump(s, 50);
}
static void jump_9(struct scene *s)
{
    jump(s, 39);
}
NUM(p_9_99, "ws.p", 9.99)
NUM(p_10, "ws.p", 10)
NUM(p_14_99, "ws.p", 14.99)
NUM(p_15, "ws.p", 15)
NUM(p_24_99, "ws.p", 24.99)
NUM(p_25, "ws.p", 25)
NUM(p_29_99, "ws.p", 29.99)
NUM(p_30, "ws.p", 30)
NUM(t_59_99, "ws.t", 59.99)
NUM(t_60, "ws.t", 60)
NUM(t_69_99, "ws.t", 69.99)
NUM(t_70, "ws.t", 70)
NUM(dp_1499_99, "ws.dp", 1499.99)
NUM(dp_1500, "ws.dp", 1500)
NUM(dp_199_99, "ws.dp", 199.99)
NUM(dp_200, "ws.dp", 200)
NUM(dp_19_99, "ws.dp", 19.99)
NUM(dp_20, "ws.dp", 20)
NUM(sp_0_99, "ws.sp", 0.99)
NUM(sp_1, "ws.sp", 1)
NUM(o2_2_99, "ws.o2", 2.99)
NUM(o2_3, "ws.o2", 3)
NUM(o2_7_99, "ws.o2", 7.99)
NUM(o2_8, "ws.o2", 8)
NUM(h2_24_99, "ws.h2", 24.99)
NUM(h2_25, "ws.h2", 25)
NUM(h2_49_99, "ws.h2", 49.99)
NUM(h2_50, "ws.h2", 50)

static void nothing(struct scene *s)
{
    (void)s;
}
static void stopped(struct scene *s)
{
    scene_contact(s, "wd.run", false);
}
static void good_off(struct scene *s)
{
    scene_contact(s, "wd.good", false);
}
static void good_off_but_stopped(struct scene *s)
{
    good_off(s);
    stopped(s);
}
static void bad_on(struct scene *s)
{
    scene_contact(s, "wd.bad", true);
}
static void bad_on_but_stopped(struct scene *s)
{
    bad_on(s);
    stopped(s);
}
static void p_14_99_but_stopped(struct scene *s)
{
    p_14_99(s);
    stopped(s);
}
static void p_9_99_and_closed(struct scene *s)
{
    p_9_99(s);
    scene_contact(s, "wd.esv", true);
}
static void good_off_and_closed(struct scene *s)
{
    good_off(s);
    scene_contact(s, "wd.esv", true);
}
static void sp_1_and_fed_off(struct scene *s)
{
    sp_1(s);
    good_off(s);
}
static void dp_0_but_stopped(struct scene *s)
{
    scene_num(s, "ws.dp", 0);
    stopped(s);
}
static void broken(struct scene *s)
{
    scene_quality(s, "ws.p", GW_Q_BAD_FAULT);
    scene_quality(s, "ws.t", GW_Q_BAD_FAULT);
    scene_quality(s, "ws.o2", GW_Q_BAD_FAULT);
}
static void broken_but_stopped(struct scene *s)
{
    broken(s);
    stopped(s);
}
static void inhibited(struct scene *s)
{
    scene_quality(s, "ws.t", GW_Q_INHIBIT);
}
static void contact_broken(struct scene *s)
{
    scene_quality(s, "wd.good", GW_Q_BAD_FAULT);
}
static void contact_broken_but_stopped(struct scene *s)
{
    contact_broken(s);
    stopped(s);
}
static void level_hangs(struct scene *s)
{
    scene_num(s, "lv.l", 1.25);
    scene_num(s, "ws.q", 11.12); /* from 10: more than a tenth of the larger */
}
static void level_and_flow_steady(struct scene *s)
{
    scene_num(s, "lv.l", 1.25);
    scene_num(s, "ws.q", 11.11);
}

/* ---- the table ---- */

#define GAS               "\"RUN\":\"wd.run\",\"P_GAS\":\"ws.p\",\"DI_ESV_CLOSED\":\"wd.esv\""
#define RUN(r)            "\"RUN\":\"wd.run\"," r
#define FORCED            "\"burner\":\"forced_air\""
#define PREMIX            "\"burner\":\"premix\""
#define WOOD              "\"dust\":\"wood\""
#define AL                "\"dust\":\"al_mg\""
#define SANDER            "\"dust\":\"wood\",\"sander\":\"yes\""
#define PRESS             "\"dust\":\"organic\",\"pos_pressure\":\"yes\""
#define SCOPE             "\"in_scope_dust_access\":\"yes\""
#define ROLE(role, point) "\"" role "\":\"" point "\""

const struct story workshop_stories[] = {
    {"GM-EV-LOW", NULL, ROLES("gas_burner", "", GAS), p_14_99, p_15, NULL, 0, ""},
    {"GM-EV-LOW", NULL, ROLES("gas_burner", "", GAS), p_14_99, p_14_99_but_stopped, NULL, 0, ""},
    {"GM-EV-LOW", NULL, ROLES("gas_burner", "", RUN(ROLE("DI_LP", "wd.bad"))), bad_on,
     bad_on_but_stopped, NULL, 0, ""},
    {"GM-EV-LL", NULL, ROLES("gas_burner", "", GAS), p_9_99, p_10, NULL, 0, ""},
    {"GM-EV-HIGH", NULL, ROLES("gas_burner", "", GAS), p_25, p_24_99, NULL, 0, ""},
    {"GM-EV-HH", NULL, ROLES("gas_burner", "", GAS), p_30, p_29_99, NULL, 0, ""},
    {"GM-EV-FLAME", NULL, ROLES("gas_burner", "", GAS "," ROLE("DI_FLAME", "wd.good")), good_off,
     good_off_but_stopped, NULL, 0, "wd.good"},
    {"DC-EV-TEMP", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("T_HOPPER", "ws.t"))), t_60, t_59_99,
     NULL, 0, "ws.t"},
    {"DC-EV-TEMP-R", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("T_HOPPER", "ws.t"))), jump_20, jump_9,
     NULL, 30 * SECOND, "ws.t"},
    {"CW-EV-DT", NULL, ROLES("if_furnace", "", "\"T_OUT\":\"pt.t1\"," ROLE("T_IN", "ws.t")), out_50,
     out_49_99, NULL, 0, "pt.t1"},
    {"DC-EV-TEMP-HH", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("T_HOPPER", "ws.t"))), t_70, t_69_99,
     NULL, 0, "ws.t"},
    {"DC-EV-DP", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("DP", "ws.dp"))), dp_1500, dp_1499_99, NULL,
     0, ""},
    {"DC-EV-DP-L", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("DP", "ws.dp"))), dp_199_99, dp_200, NULL,
     0, ""},
    {"DC-EV-DP-L", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("DP", "ws.dp"))), dp_199_99,
     dp_0_but_stopped, NULL, 0, ""},
    {"DC-EV-SPARK", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("SPARK_CNT", "ws.sp"))), sp_1, sp_0_99,
     NULL, 0, ""},
    {"DC-EV-SPARK", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("DI_SPARK", "wd.bad"))), bad_on,
     bad_on_but_stopped, NULL, 0, ""},
    {"DC-EV-O2", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("O2", "ws.o2"))), o2_8, o2_7_99, NULL, 0,
     ""},
    {"DC-EV-O2-AL", NULL, ROLES("dust_dry", AL, RUN(ROLE("O2", "ws.o2"))), o2_3, o2_2_99, NULL, 0,
     ""},
    {"DC-EV-H2", NULL, ROLES("dust_wet", AL, RUN(ROLE("H2", "ws.h2"))), h2_25, h2_24_99, NULL, 0,
     ""},
    {"DC-EV-H2-HH", NULL, ROLES("dust_wet", AL, RUN(ROLE("H2", "ws.h2"))), h2_50, h2_49_99, NULL, 0,
     ""},
    {"DC-EV-BURST", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("DI_VENT_LOOP", "wd.good"))),
     good_off_but_stopped, stopped, NULL, 0, ""},
    {"DC-EV-BURST", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("DI_SUPPR_DISCH", "wd.bad"))), bad_on,
     nothing, NULL, 0, ""},
    {"GM-ABS-01", NULL, ROLES("gas_burner", "", ROLE("RUN", "wd.run")), nothing, NULL,
     ROLES("gas_burner", "", RUN(ROLE("DI_HP", "wd.bad"))), 0, ""},
    {"GM-ABS-02", "nonferrous", ROLES("gas_burner", FORCED, ROLE("RUN", "wd.run")), nothing, NULL,
     ROLES("gas_burner", FORCED, RUN(ROLE("P_GAS", "ws.p"))), 0, ""},
    {"GM-ABS-02", "nonferrous", ROLES("gas_burner", FORCED, ROLE("RUN", "wd.run")), nothing, NULL,
     ROLES("gas_burner", "", ROLE("RUN", "wd.run")), 0, ""},
    {"GM-ABS-03", "building", ROLES("kiln", PREMIX, ROLE("RUN", "wd.run")), nothing, NULL,
     ROLES("kiln", PREMIX, RUN(ROLE("P_GAS", "ws.p"))), 0, ""},
    {"GM-ABS-03", "light", ROLES("kiln", PREMIX, ROLE("RUN", "wd.run")), nothing, NULL,
     ROLES("kiln", FORCED, ROLE("RUN", "wd.run")), 0, ""},
    {"GM-ABS-04", NULL, ROLES("gas_burner", "", ROLE("RUN", "wd.run")), nothing, NULL,
     ROLES("gas_burner", "", RUN(ROLE("DI_FLAME", "wd.good"))), 0, ""},
    {"GM-ABS-05", "light", ROLES("kiln", PREMIX, ROLE("RUN", "wd.run")), nothing, NULL,
     ROLES("kiln", PREMIX, RUN(ROLE("DI_ESV_CLOSED", "wd.esv"))), 0, ""},
    {"GM-FLT-01", NULL, ROLES("gas_burner", "", GAS), broken, broken_but_stopped, NULL, 0, "ws.p"},
    {"GM-FLT-02", NULL, ROLES("gas_burner", "", GAS "," ROLE("DI_FLAME", "wd.good")),
     contact_broken, contact_broken_but_stopped, NULL, 0, "wd.good"},
    {"GM-ILK-01", NULL, ROLES("gas_burner", "", GAS), p_9_99, p_10, NULL, SECOND, ""},
    {"GM-ILK-01", NULL, ROLES("gas_burner", "", GAS), p_9_99, p_9_99_and_closed, NULL, SECOND, ""},
    {"GM-ILK-02", NULL, ROLES("gas_burner", "", GAS "," ROLE("DI_FLAME", "wd.good")), good_off,
     good_off_and_closed, NULL, SECOND, ""},
    {"GM-ILK-02", NULL, ROLES("gas_burner", "", GAS "," ROLE("DI_FLAME", "wd.good")), good_off,
     good_off_but_stopped, NULL, SECOND, ""},
    {"GM-BYP-01", NULL, ROLES("gas_burner", "", RUN(ROLE("DI_BYPASS", "wd.bad"))), bad_on,
     bad_on_but_stopped, NULL, 0, ""},
    {"GM-BYP-01", NULL, ROLES("gas_burner", "", RUN(ROLE("DI_ESV_FORCED", "wd.bad"))), bad_on,
     nothing, NULL, 0, ""},
    {"GM-TRP-01", NULL, ROLES("gas_burner", "", GAS), p_14_99, p_15, NULL, 3 * SECOND, "GM-EV-LOW"},
    {"GM-TRP-01", NULL, ROLES("gas_burner", "", GAS), p_9_99, p_9_99_and_closed, NULL, 3 * SECOND,
     "GM-EV-LOW"},
    {"DC-ABS-01", NULL, ROLES("dust_dry", WOOD, ROLE("RUN", "wd.run")), nothing, NULL,
     ROLES("dust_dry", WOOD, RUN(ROLE("DI_VENT_LOOP", "wd.good"))), 0, ""},
    {"DC-ABS-01", "textile", ROLES("dust_dry", "", ROLE("RUN", "wd.run")), nothing, NULL,
     ROLES("dust_wet", "", ROLE("RUN", "wd.run")), 0, ""},
    {"DC-ABS-02", NULL, ROLES("dust_dry", WOOD, ROLE("RUN", "wd.run")), nothing, NULL,
     ROLES("dust_dry", WOOD, RUN(ROLE("DI_AIRLOCK_RUN", "wd.good"))), 0, ""},
    {"DC-ABS-02", NULL, ROLES("dust_dry", AL, ROLE("RUN", "wd.run")), nothing, NULL,
     ROLES("dust_dry", PRESS, ROLE("RUN", "wd.run")), 0, ""},
    {"DC-ABS-03", NULL, ROLES("dust_dry", SANDER, ROLE("RUN", "wd.run")), nothing, NULL,
     ROLES("dust_dry", SANDER, RUN(ROLE("DI_SPARK_READY", "wd.good"))), 0, ""},
    {"DC-ABS-06", NULL, ROLES("dust_dry", PRESS, ROLE("RUN", "wd.run")), nothing, NULL,
     ROLES("dust_dry", SANDER, ROLE("RUN", "wd.run")), 0, ""},
    {"DC-ABS-04", NULL,
     ROLES("dust_dry", SCOPE, RUN(ROLE("DP", "ws.dp") "," ROLE("T_HOPPER", "ws.t"))), nothing, NULL,
     ROLES("dust_dry", SCOPE,
           RUN(ROLE("DP", "ws.dp") "," ROLE("T_HOPPER", "ws.t") "," ROLE("DI_AIRLOCK_FAULT",
                                                                         "wd.bad"))),
     0, ""},
    {"DC-ABS-05", "building",
     ROLES("coal_bin", "", RUN(ROLE("CO", "ws.co") "," ROLE("T_HOPPER", "ws.t"))), nothing, NULL,
     ROLES(
         "coal_bin", "",
         RUN(ROLE("CO", "ws.co") "," ROLE("T_HOPPER", "ws.t") "," ROLE("DI_EXT_READY", "wd.good"))),
     0, ""},
    {"DC-ABS-07", NULL, ROLES("dust_wet", SCOPE, RUN(ROLE("LEVEL", "lv.l"))), nothing, NULL,
     ROLES("dust_wet", SCOPE, RUN(ROLE("LEVEL", "lv.l") "," ROLE("Q_CIRC", "ws.q"))), 0, ""},
    {"DC-FLT-01", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("DI_SUPPR_READY", "wd.good"))), good_off,
     good_off_but_stopped, NULL, 0, ""},
    {"DC-FLT-01", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("DI_SUPPR_FAULT", "wd.bad"))), bad_on,
     bad_on_but_stopped, NULL, 0, ""},
    {"DC-FLT-02", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("DI_AIRLOCK_RUN", "wd.good"))), good_off,
     good_off_but_stopped, NULL, 0, ""},
    {"DC-FLT-03", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("T_HOPPER", "ws.t"))), broken,
     broken_but_stopped, NULL, 0, "ws.t"},
    {"DC-FLT-04", NULL, ROLES("dust_dry", SANDER, RUN(ROLE("DI_SPARK_READY", "wd.good"))), good_off,
     good_off_but_stopped, NULL, 0, ""},
    {"DC-FLT-05", NULL, ROLES("dust_dry", PRESS, RUN(ROLE("DI_SPARK_READY", "wd.good"))), good_off,
     good_off_but_stopped, NULL, 0, ""},
    {"DC-FLT-06", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("O2", "ws.o2"))), broken,
     broken_but_stopped, NULL, 0, "ws.o2"},
    {"DC-FLT-07", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("DP", "ws.dp"))), dp_19_99, dp_20, NULL, 0,
     ""},
    {"DC-FLT-07", NULL, ROLES("dust_dry", WOOD, RUN(ROLE("DP", "ws.dp"))), dp_19_99,
     dp_0_but_stopped, NULL, 0, ""},
    {"DC-FLT-08", "building", ROLES("coal_bin", "", RUN(ROLE("T_HOPPER", "ws.t"))), broken,
     inhibited, NULL, 0, "ws.t"},
    {"DC-ILK-01", NULL,
     ROLES("dust_dry", SANDER, RUN(ROLE("SPARK_CNT", "ws.sp") "," ROLE("DI_FEED", "wd.good"))),
     sp_1, sp_1_and_fed_off, NULL, 0, ""},
    {"DC-ILK-01", NULL,
     ROLES("dust_dry", SANDER, RUN(ROLE("SPARK_CNT", "ws.sp") "," ROLE("DI_FEED", "wd.good"))),
     sp_1, sp_0_99, NULL, 0, ""},
    {"DC-ILK-02", NULL,
     ROLES("dust_dry", PRESS, RUN(ROLE("SPARK_CNT", "ws.sp") "," ROLE("DI_FEED", "wd.good"))), sp_1,
     sp_1_and_fed_off, NULL, 0, ""},
    {"DC-BYP-01", NULL,
     ROLES("dust_wet", AL, RUN(ROLE("LEVEL", "lv.l") "," ROLE("Q_CIRC", "ws.q"))), level_hangs,
     level_and_flow_steady, NULL, 8 * HOUR, "lv.l"},
    {"DC-BYP-02", NULL, ROLES("dust_wet", AL, RUN(ROLE("DUST_ALARM_OFF", "wd.bad"))), bad_on,
     bad_on_but_stopped, NULL, 0, ""},
    {"DC-TRP-01", NULL,
     ROLES("dust_dry", SANDER, RUN(ROLE("SPARK_CNT", "ws.sp") "," ROLE("DI_FEED", "wd.good"))),
     sp_1, sp_1_and_fed_off, NULL, 0, "DC-EV-SPARK"},
};
const size_t workshop_story_count = sizeof workshop_stories / sizeof workshop_stories[0];
