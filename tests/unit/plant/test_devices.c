/* SPDX-License-Identifier: Apache-2.0
 *
 * The register images of gas controllers, flow meters and input modules with published maps,
 * against frames of their makers' documents, and the behaviour that tests of a gateway need of
 * them.
 */
#include "rig.h"

#include <math.h>

#define ONE(name, body)                                                                            \
    "{\"endpoints\": {\"e\": {\"units\": {\"1\": \"" name "\"}}},"                                 \
    " \"devices\": {\"" name "\": {" body "}}}"

/* ---- kb6000iii ---- */

static const char gas[] =
    ONE("g", "\"kind\": \"kb6000iii\", \"detectors\": 2, \"set\": {\"d1\": 25.3, \"d1_gas\": 1,"
             "\"d1_unit\": 1, \"d2\": 12, \"d2_point\": 0, \"d2_gas\": 4, \"d2_unit\": 2}");

static void test_kb6000iii_frames(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, gas);
    rig_expect_pdu(&r, "g", "03 01F4 0016",
                   "03 2C 0001 0001 00FD 0001 0001 0005 0000 0000 0000 0000 0000"
                   "0002 0004 000C 0002 0000 0001 0000 0000 0000 0000 0000");
    rig_expect_pdu(&r, "g", "03 0000 0008", "03 10 0002 0000 0000 0000 0000 0000 0000 0000");
    rig_expect_pdu(&r, "g", "03 01F4 0017", "83 02");
    rig_expect_pdu(&r, "g", "03 0008 0001", "83 02");
    rig_expect_pdu(&r, "g", "04 01F4 0001", "84 01");
    rig_close(&r);
}

static void test_kb6000iii_states(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, gas);
    static const struct {
        const char *set, *reply; /* gas, value, unit, point, state of detector 1 */
    } rows[] = {
        {"{\"d1\": 24.9}", "03 0A 0001 00F9 0001 0001 0001"},
        {"{\"d1\": 25}", "03 0A 0001 00FA 0001 0001 0005"},
        {"{\"d1\": 50, \"d1_point\": 2}", "03 0A 0001 1388 0001 0002 0006"},
        {"{\"d1_point\": -1}", "03 0A 0001 0005 0001 FFFF 0006"},
        {"{\"d1_point\": 0, \"d1\": -3}", "03 0A 0001 FFFD 0001 0000 0001"},
        {"{\"d1_code\": 128}", "03 0A 0001 FFFD 0001 0000 0080"},
        {"{\"d1_code\": -1, \"d1_warmup\": 1}", "03 0A 0001 0000 0001 0000 0000"},
        {"{\"d1_sensor_fault\": 1}", "03 0A 0001 0000 0001 0000 0003"},
        {"{\"d1_comm_fault\": 1}", "03 0A 0001 0000 0001 0000 000D"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char entry[160];
        (void)snprintf(entry, sizeof entry, "{\"device\": \"g\", \"set\": %s}", rows[i].set);
        rig_do(&r, entry);
        rig_expect_pdu(&r, "g", "03 01F5 0005", rows[i].reply);
    }
    rig_close(&r);
}

/* The controller finds one detector after the other after power-up. */
static void test_kb6000iii_searches(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, ONE("g", "\"kind\": \"kb6000iii\", \"set\": {\"found\": 0, \"d1\": 60}"));
    rig_expect_pdu(&r, "g", "03 0000 0001", "03 02 0000");
    rig_expect_pdu(&r, "g", "03 01F4 0006", "03 0C 0000 0000 0000 0000 0000 0000");
    assert_true(rig_value(&r, "g.high") == 0);
    rig_do(&r, "{\"device\": \"g\", \"ramp\": {\"found\": {\"to\": 4, \"over_s\": 120}}}");
    rig_pass(&r, 29000);
    rig_expect_pdu(&r, "g", "03 0000 0001", "03 02 0000");
    rig_pass(&r, 2000);
    rig_expect_pdu(&r, "g", "03 0000 0001", "03 02 0001");
    rig_expect_pdu(&r, "g", "03 01F4 0006", "03 0C 0001 0000 0258 0000 0001 0006");
    rig_expect_pdu(&r, "g", "03 01FF 0001", "03 02 0000");
    assert_true(rig_value(&r, "g.high") == 1 && rig_value(&r, "g.low") == 1);
    rig_pass(&r, 90000);
    rig_expect_pdu(&r, "g", "03 0000 0001", "03 02 0004");
    rig_expect_pdu(&r, "g", "03 01FF 0001", "03 02 0002");
    rig_close(&r);
}

/* ---- mk102 ---- */

static void test_mk102_frames(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, ONE("g", "\"kind\": \"mk102\", \"set\": {\"c1\": 2.5, \"c2\": 27.5, \"c3\": 52.5,"
                           "\"c4\": 9, \"c4_sensor_fault\": 1, \"c5_absent\": 1, \"c6_absent\": 1,"
                           "\"c7_absent\": 1, \"c8_absent\": 1}"));
    rig_expect_pdu(&r, "g", "03 0001 0008", "03 10 000A 000E 000F 0002 0007 0007 0007 0007");
    rig_expect_pdu(&r, "g", "04 0001 0008", "04 10 A019 A113 A20D A000 A000 A000 A000 A000");
    rig_expect_pdu(&r, "g", "02 0001 0004", "02 01 00");
    rig_do(&r, "{\"device\": \"g\", \"set\": {\"battery_fault\": 1, \"mains_fault\": 1}}");
    rig_expect_pdu(&r, "g", "02 0001 0004", "02 01 03");
    rig_do(&r, "{\"device\": \"g\", \"set\": {\"battery_fault\": 0, \"mains_fault\": 0,"
               "\"supply_short\": 1, \"s1_short\": 1, \"c1_comm_fault\": 1, \"c2_unknown\": 1}}");
    rig_expect_pdu(&r, "g", "02 0001 0004", "02 01 0C");
    rig_expect_pdu(&r, "g", "03 0001 0003", "03 06 0001 0000 000F");
    assert_true(rig_value(&r, "g.high") == 1);
    rig_do(&r, "{\"device\": \"g\", \"set\": {\"c3\": 25}}");
    rig_expect_pdu(&r, "g", "03 0003 0001", "03 02 000E");
    assert_true(rig_value(&r, "g.high") == 0 && rig_value(&r, "g.low") == 1);
    rig_expect_pdu(&r, "g", "03 0000 0001", "83 02");
    rig_expect_pdu(&r, "g", "04 0008 0002", "84 02");
    rig_expect_pdu(&r, "g", "02 0001 0005", "82 02");
    rig_expect_pdu(&r, "g", "01 0001 0001", "81 01");
    rig_close(&r);
}

/* ---- flow meters ---- */

static void test_mfe600c_frames(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, ONE("f", "\"kind\": \"mfe600c\", \"set\": {\"flow\": 36.75}"));
    rig_expect_pdu(&r, "f", "03 0000 0003", "03 06 4213 0000 0005");
    rig_do(&r, "{\"device\": \"f\", \"set\": {\"empty_pipe\": 1, \"lower_alarm\": 1}}");
    rig_expect_pdu(&r, "f", "03 0000 0002", "03 04 0000 0000");
    rig_expect_pdu(&r, "f", "03 000D 0005", "03 0A 0000 0000 0001 0000 0001");
    rig_expect_pdu(&r, "f", "03 0011 0002", "83 02");
    rig_close(&r);
}

static void test_tuf_2000_frames(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r,
              ONE("f", "\"kind\": \"tuf-2000\", \"dn_mm\": 1128.3791670955126,"
                       "\"set\": {\"flow\": 36.75, \"t1\": 36.75, \"ai4\": 12, \"total\": 70000}"));
    rig_expect_pdu(&r, "f", "03 0000 0002", "03 04 0000 4213");
    rig_expect_pdu(&r, "f", "03 0008 0002", "03 04 1170 0001");
    rig_expect_pdu(&r, "f", "03 0020 0002", "03 04 0000 4213");
    rig_expect_pdu(&r, "f", "03 002C 0002", "03 04 0000 4140");
    rig_do(&r, "{\"device\": \"f\", \"set\": {\"flow\": 3600}}");
    rig_expect_pdu(&r, "f", "03 0004 0002", "03 04 0000 3F80"); /* 1 m2 of bore: 1 m/s */
    rig_pass(&r, 10000);
    assert_true(fabs(rig_value(&r, "f.total_now") - 70010) < 1e-6);
    rig_do(&r, "{\"device\": \"f\", \"fault\": \"nan\", \"signals\": [\"flow\"]}");
    rig_expect_pdu(&r, "f", "03 0000 0002", "03 04 0000 7FC0");
    rig_close(&r);
}

static void test_vortex_frames(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, ONE("f", "\"kind\": \"vortex\", \"set\": {\"pressure\": 36.75, \"upper\": 16,"
                           "\"lower\": 65, \"output_ma\": 12}"));
    rig_expect_pdu(&r, "f", "03 0000 0012",
                   "03 24 41A0 0000 4213 0000 0000 0000 0000 0000 0000 0000 0000 0000"
                   "0000 0010 0000 0041 4140 0000");
    rig_close(&r);
}

/* ---- ai-module ---- */

static void test_ai_module_in_each_range(void **state)
{
    (void)state;
    static const struct {
        const char *show, *want; /* 0, 2, 3.55, 3.7, 4, 12, 20.3, 20.7, 22 mA */
    } rows[] = {
        {"+-20mA", "03 12 8000 8CCC 96B8 97AD 9999 CCCC FFFF FFFF FFFF"},
        {"0-20mA", "03 12 0000 199A 2D70 2F5C 3333 9999 FFFF FFFF FFFF"},
        {"4-20mA", "03 12 0000 0000 0000 0000 0000 8000 FFFF FFFF FFFF"},
        {"uA", "03 12 0000 07D0 0DDE 0E74 0FA0 2EE0 4F4C 50DC 55F0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char scenario[512];
        (void)snprintf(scenario, sizeof scenario,
                       ONE("ai", "\"kind\": \"ai-module\", \"channels\": 9, \"show\": \"%s\","
                                 "\"set\": {\"i1\": 0, \"i2\": 2, \"i3\": 3.55, \"i4\": 3.7,"
                                 "\"i5\": 4, \"i6\": 12, \"i7\": 20.3, \"i8\": 20.7, \"i9\": 22}"),
                       rows[i].show);
        struct rig r;
        rig_plant(&r, scenario);
        rig_expect_pdu(&r, "ai", "03 0000 0009", rows[i].want);
        rig_expect_pdu(&r, "ai", "04 0009 0001", "84 02");
        rig_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kb6000iii_frames),   cmocka_unit_test(test_kb6000iii_states),
        cmocka_unit_test(test_kb6000iii_searches), cmocka_unit_test(test_mk102_frames),
        cmocka_unit_test(test_mfe600c_frames),     cmocka_unit_test(test_tuf_2000_frames),
        cmocka_unit_test(test_vortex_frames),      cmocka_unit_test(test_ai_module_in_each_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
