/* SPDX-License-Identifier: Apache-2.0
 *
 * The register images of the devices, against frames of their makers' documents.
 */
#include "rig.h"

#include <math.h>

#define ONE(name, body)                                                                            \
    "{\"endpoints\": {\"e\": {\"units\": {\"1\": \"" name "\"}}},"                                 \
    " \"devices\": {\"" name "\": {" body "}}}"

/* ---- ax100 ---- */

static const char gas[] = ONE("gas", "\"kind\": \"ax100\", \"probes\": 4, \"set\": {\"p1\": 3.2,"
                                     "\"p2\": 27.5, \"p3_comm_fault\": true, \"p4_shielded\": 1}");

static void test_ax100_frames(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, gas);
    rig_expect_pdu(&r, "gas", "03 0101 0008", "03 10 0000 0020 0100 0113 1000 0000 0080 0000");
    /* a probe shielded (bit 6), level 1 (bit 3), a fault (bit 2) */
    rig_expect_pdu(&r, "gas", "03 0297 0001", "03 02 004C");
    rig_expect_pdu(&r, "gas", "03 0292 0003", "03 06 0004 0000 0004");
    /* only the low-alarm relay */
    rig_expect_pdu(&r, "gas", "03 0281 0005", "03 0A 0000 0000 0001 0000 0000");
    rig_expect_pdu(&r, "gas", "11", "11 0D 01 FF 4A422D54422D4158313030");
    rig_close(&r);
}

static void test_ax100_levels_and_linkage(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, ONE("gas", "\"kind\": \"ax100\", \"probes\": 2"));
    rig_expect_pdu(&r, "gas", "03 0297 0001", "03 02 0000");

    rig_do(&r, "{\"device\": \"gas\", \"set\": {\"p1\": 25}}");
    rig_expect_pdu(&r, "gas", "03 0101 0002", "03 04 0100 00FA");
    rig_do(&r, "{\"device\": \"gas\", \"set\": {\"p1\": 24.9}}");
    rig_expect_pdu(&r, "gas", "03 0101 0002", "03 04 0000 00F9");

    rig_do(&r, "{\"device\": \"gas\", \"set\": {\"p1\": 50}}");
    rig_expect_pdu(&r, "gas", "03 0101 0002", "03 04 0300 01F4");
    rig_expect_pdu(&r, "gas", "03 0281 0005", "03 0A 0001 0001 0001 0001 0001");
    /* linkage (bit 5), levels 2 and 1 (bits 4, 3) */
    rig_expect_pdu(&r, "gas", "03 0297 0001", "03 02 0038");
    assert_true(rig_value(&r, "gas.fan") == 1 && rig_value(&r, "gas.high") == 1);

    rig_do(&r, "{\"device\": \"gas\", \"set\": {\"linkage_broken\": true}}");
    rig_expect_pdu(&r, "gas", "03 0281 0005", "03 0A 0000 0000 0001 0001 0000");
    rig_expect_pdu(&r, "gas", "03 0297 0001", "03 02 0018");
    assert_true(rig_value(&r, "gas.fan") == 0 && rig_value(&r, "gas.high") == 1);

    /* shielded: it still measures, but nothing follows */
    rig_do(&r, "{\"device\": \"gas\", \"set\": {\"p1_shielded\": true}}");
    rig_expect_pdu(&r, "gas", "03 0101 0002", "03 04 0080 01F4");
    rig_expect_pdu(&r, "gas", "03 0297 0001", "03 02 0040");
    assert_true(rig_value(&r, "gas.low") == 0);
    rig_close(&r);
}

static void test_ax100_states(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, ONE("gas", "\"kind\": \"ax100\", \"probes\": 5, \"low\": 10, \"high\": 20,"
                             "\"set\": {\"p1\": 15, \"p2\": 60, \"p2_sensor_fault\": 1, \"p3\": 60,"
                             "\"p3_absent\": 1, \"p4\": 60, \"p4_warmup\": 1, \"p5\": 100}"));
    rig_expect_pdu(&r, "gas", "03 0101 000A",
                   "03 14 0100 0096 0800 0000 0000 0000 0000 0000 0300 03E8");
    rig_expect_pdu(&r, "gas", "03 0292 0003", "03 06 0004 0000 0005");

    rig_do(&r, "{\"device\": \"gas\", \"set\": {\"p1\": 0, \"p5\": 0, \"p2_sensor_fault\": 0,"
               "\"p2\": 0, \"mains_fault\": 1}}");
    rig_expect_pdu(&r, "gas", "03 0297 0001", "03 02 0904"); /* battery, mains fault, fault */
    rig_do(&r, "{\"device\": \"gas\", \"set\": {\"mains_fault\": 0, \"battery_fault\": 1,"
               "\"battery_low\": 1, \"ext_alarm\": 1}}");
    rig_expect_pdu(&r, "gas", "03 0297 0001", "03 02 0604");
    rig_expect_pdu(&r, "gas", "03 029C 0001", "03 02 0001");
    rig_expect_pdu(&r, "gas", "03 029C 0002", "83 02");
    rig_expect_pdu(&r, "gas", "03 0100 0001", "83 02");
    rig_expect_pdu(&r, "gas", "04 0101 0001", "84 01");
    rig_close(&r);
}

static void test_ax100_with_the_most_probes(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, ONE("gas", "\"kind\": \"ax100\", \"probes\": 192, \"set\": {\"p192\": 1.5}"));
    rig_expect_pdu(&r, "gas", "03 027F 0003", "03 06 0000 000F 0000");
    rig_expect_pdu(&r, "gas", "03 0292 0001", "03 02 00C0");
    rig_close(&r);
}

/* ---- mfe600h ---- */

static void test_mfe600h_frames(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, ONE("f", "\"kind\": \"mfe600h\", \"set\": {\"flow\": 36.75, \"total\": 70000.5,"
                           "\"t_in\": 25, \"t_out\": 41}"));
    rig_expect_pdu(&r, "f", "04 1010 0002", "04 04 0000 4213");
    rig_expect_pdu(&r, "f", "04 1018 0002", "04 04 1170 0001"); /* 70000 = 0x00011170 */
    rig_expect_pdu(&r, "f", "04 101A 0002", "04 04 0000 3F00"); /* 0.5 */
    rig_expect_pdu(&r, "f", "04 101E 0001", "04 02 0005");
    rig_expect_pdu(&r, "f", "04 1024 0002", "04 04 0000 0000");
    rig_expect_pdu(&r, "f", "04 102C 0002", "04 04 0019 0029");
    rig_expect_pdu(&r, "f", "04 102C 0003", "84 02");
    rig_expect_pdu(&r, "f", "04 100F 0001", "84 02");
    rig_expect_pdu(&r, "f", "03 1010 0002", "83 01");

    rig_do(&r, "{\"device\": \"f\", \"set\": {\"unit\": 0}}"); /* L/s */
    rig_expect_pdu(&r, "f", "04 1010 0002", "04 04 5555 4123");
    rig_do(&r, "{\"device\": \"f\", \"set\": {\"unit\": 5, \"flow\": -36.75}}");
    rig_expect_pdu(&r, "f", "04 1010 0002", "04 04 0000 C213");
    rig_close(&r);
}

static void test_mfe600h_states(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, ONE("f", "\"kind\": \"mfe600h\", \"set\": {\"flow\": 36}"));
    rig_do(&r, "{\"device\": \"f\", \"set\": {\"empty_pipe\": 1, \"system_alarm\": 1}}");
    rig_expect_pdu(&r, "f", "04 1010 0016",
                   "04 2C 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000"
                   "0000 0000 0005 0000 0000 0000 0000 0000 0001 0001");
    rig_do(&r, "{\"device\": \"f\", \"set\": {\"empty_pipe\": 0}, \"fault\": \"nan\"}");
    rig_expect_pdu(&r, "f", "04 1010 0002", "04 04 0000 7FC0");
    rig_do(&r, "{\"device\": \"f\", \"fault\": \"neg_inf\", \"signals\": [\"flow\"]}");
    rig_expect_pdu(&r, "f", "04 1010 0002", "04 04 0000 FF80");
    rig_close(&r);
}

static void test_mfe600h_velocity(void **state)
{
    (void)state;
    struct rig r;
    /* A bore of 1128.379 mm is 1 m2: 3600 m3/h move at 1 m/s. */
    rig_plant(&r, ONE("f", "\"kind\": \"mfe600h\", \"dn_mm\": 1128.3791670955126,"
                           "\"set\": {\"flow\": 3600}"));
    rig_expect_pdu(&r, "f", "04 1012 0002", "04 04 0000 3F80");
    rig_close(&r);
}

static void test_mfe600h_adds_up(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, ONE("f", "\"kind\": \"mfe600h\", \"set\": {\"flow\": 36, \"total\": 10}"));
    rig_pass(&r, 50000);
    assert_true(fabs(rig_value(&r, "f.total_now") - 10.5) < 1e-9);
    rig_pass(&r, 50017);
    rig_do(&r, "{\"device\": \"f\", \"fault\": \"nan\", \"for_s\": 10}");
    rig_pass(&r, 9983); /* no flow is known, none is added */
    rig_do(&r, "{\"device\": \"f\", \"clear\": true, \"set\": {\"flow\": -36}}");
    rig_pass(&r, 100017);
    assert_true(fabs(rig_value(&r, "f.total_now") - 10) < 1e-9);
    rig_close(&r);
}

/* ---- the small ones ---- */

static void test_dampt100_frames(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, ONE("pt", "\"kind\": \"dampt100\", \"channels\": 3,"
                            "\"set\": {\"t1\": 25.43, \"t2\": 52.37, \"t3\": -12.5}"));
    rig_expect_pdu(&r, "pt", "04 0000 0001", "04 02 09EF");
    rig_expect_pdu(&r, "pt", "04 0000 0003", "04 06 09EF 1475 FB1E");
    rig_expect_pdu(&r, "pt", "04 0032 0002", "04 04 41CB 70A4");
    rig_expect_pdu(&r, "pt", "04 0036 0002", "04 04 C148 0000");
    rig_expect_pdu(&r, "pt", "04 0000 0004", "84 02");
    rig_expect_pdu(&r, "pt", "04 0032 0007", "84 02");
    rig_expect_pdu(&r, "pt", "04 0002 0031", "84 02"); /* from one range into the other */
    rig_expect_pdu(&r, "pt", "03 0000 0001", "83 01");

    rig_do(&r, "{\"device\": \"pt\", \"set\": {\"t1\": 850, \"t2\": -200}, \"fault\": \"nan\","
               "\"signals\": [\"t3\"]}");
    rig_expect_pdu(&r, "pt", "04 0000 0003", "04 06 7FFF B1E0 7FFF");
    rig_expect_pdu(&r, "pt", "04 0036 0002", "04 04 7FC0 0000");
    rig_close(&r);
}

static void test_di_module_frames(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, ONE("di", "\"kind\": \"di-module\", \"channels\": 11,"
                            "\"set\": {\"di1\": 1, \"di3\": true, \"di10\": 1}"));
    rig_expect_pdu(&r, "di", "02 0000 0008", "02 01 05");
    rig_expect_pdu(&r, "di", "01 0000 0008", "01 01 05");
    rig_expect_pdu(&r, "di", "02 0000 000B", "02 02 05 02");
    rig_expect_pdu(&r, "di", "02 0002 0008", "02 01 81");
    rig_expect_pdu(&r, "di", "02 0000 000C", "82 02");
    rig_expect_pdu(&r, "di", "02 000B 0001", "82 02");
    rig_expect_pdu(&r, "di", "03 0000 0001", "83 01");
    rig_close(&r);
}

static void test_qdy30a_frames(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, ONE("p", "\"kind\": \"qdy30a\", \"set\": {\"value\": 18.6, \"span\": 400}"));
    rig_expect_pdu(&r, "p", "03 0002 0003", "03 06 0001 0001 00BA");
    rig_expect_pdu(&r, "p", "03 0000 0007", "03 0E 0001 0003 0001 0001 00BA 0000 0190");
    /* another lot: decimals and unit */
    rig_do(&r, "{\"device\": \"p\", \"set\": {\"decimals\": 3, \"unit\": 0}}");
    rig_expect_pdu(&r, "p", "03 0002 0003", "03 06 0000 0003 48A8");
    rig_do(&r, "{\"device\": \"p\", \"set\": {\"value\": -18.6, \"decimals\": 0}}");
    rig_expect_pdu(&r, "p", "03 0004 0001", "03 02 FFED");
    rig_expect_pdu(&r, "p", "03 000F 0002", "83 02");
    rig_close(&r);
}

static void test_map(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, ONE("m", "\"kind\": \"map\", \"regs\": {\"100\": [1, 2, 65535], \"110\": [7]},"
                           "\"bits\": {\"5\": [1, 0, 1]}, \"fc\": [2, 3], \"range\": [98, 120]"));
    rig_expect_pdu(&r, "m", "03 0063 0005", "03 0A 0000 0001 0002 FFFF 0000");
    rig_expect_pdu(&r, "m", "03 006E 0001", "03 02 0007");
    rig_expect_pdu(&r, "m", "03 0061 0001", "83 02");
    rig_expect_pdu(&r, "m", "03 0078 0002", "83 02");
    rig_expect_pdu(&r, "m", "04 0064 0001", "84 01");
    rig_expect_pdu(&r, "m", "02 0005 0003", "02 01 05");
    rig_expect_pdu(&r, "m", "02 0004 0001", "82 02"); /* the range is what is declared */
    rig_expect_pdu(&r, "m", "01 0005 0001", "81 01");
    rig_do(&r, "{\"device\": \"m\", \"set\": {\"r101\": 4711, \"b6\": 1}}");
    rig_expect_pdu(&r, "m", "03 0064 0003", "03 06 0001 1267 FFFF");
    rig_expect_pdu(&r, "m", "02 0005 0003", "02 01 07");
    rig_close(&r);
}

static void test_map_at_the_ends_of_the_space(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r, ONE("m", "\"kind\": \"map\", \"regs\": {\"0\": [1], \"65535\": [2]}"));
    rig_expect_pdu(&r, "m", "04 0000 0001", "04 02 0001");
    rig_expect_pdu(&r, "m", "03 FFFF 0001", "03 02 0002");
    rig_expect_pdu(&r, "m", "03 FFFF 0002", "83 02"); /* no wrap */
    rig_close(&r);
}

/* ---- what every device does ---- */

static void test_requests_that_are_wrong(void **state)
{
    (void)state;
    struct rig r;
    rig_plant(&r,
              ONE("m", "\"kind\": \"map\", \"id\": \"X1\", \"regs\": {\"0\": [1]},"
                       "\"bits\": {\"0\": [1]}, \"range\": [0, 999], \"bit_range\": [0, 9999]"));
    rig_expect_pdu(&r, "m", "03 0000 0000", "83 03");
    rig_expect_pdu(&r, "m", "03 0000 007E", "83 03"); /* 126 registers */
    rig_expect_pdu(&r, "m", "01 0000 07D1", "81 03"); /* 2001 bits */
    rig_expect_pdu(&r, "m", "03 0000", "83 03");
    rig_expect_pdu(&r, "m", "03", "83 03");
    rig_expect_pdu(&r, "m", "03 0000 0001 00", "83 03");
    rig_expect_pdu(&r, "m", "11", "11 04 01 FF 5831");
    rig_expect_pdu(&r, "m", "11 00", "91 03");
    static const char *const writes[] = {"05 0000 FF00",
                                         "06 0000 0001",
                                         "0F 0000 0001 01 01",
                                         "10 0000 0001 02 0001",
                                         "17",
                                         "2B 0E 01 00",
                                         "00",
                                         "7F"};
    static const char *const answers[] = {"85 01", "86 01", "8F 01", "90 01",
                                          "97 01", "AB 01", "80 01", "FF 01"};
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++)
        rig_expect_pdu(&r, "m", writes[i], answers[i]);

    /* the largest replies fit */
    uint8_t out[GW_PDU_MAX];
    uint8_t pdu[8];
    size_t n = rig_bytes("03 0000 007D", pdu, sizeof pdu);
    assert_int_equal(gw_plant_answer(r.plant, 0, 1, pdu, n, out), 252);
    n = rig_bytes("01 0000 07D0", pdu, sizeof pdu);
    assert_int_equal(gw_plant_answer(r.plant, 0, 1, pdu, n, out), 252);
    rig_close(&r);
}

static void test_every_kind_is_named_and_found(void **state)
{
    (void)state;
    size_t n = 0;
    for (const struct gw_kind *k = NULL; (k = gw_kind_nth(n)) != NULL; n++)
        assert_ptr_equal(gw_kind_find(k->name), k);
    assert_int_equal(n, 12);
    assert_null(gw_kind_find("toaster"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ax100_frames),
        cmocka_unit_test(test_ax100_levels_and_linkage),
        cmocka_unit_test(test_ax100_states),
        cmocka_unit_test(test_ax100_with_the_most_probes),
        cmocka_unit_test(test_mfe600h_frames),
        cmocka_unit_test(test_mfe600h_states),
        cmocka_unit_test(test_mfe600h_velocity),
        cmocka_unit_test(test_mfe600h_adds_up),
        cmocka_unit_test(test_dampt100_frames),
        cmocka_unit_test(test_di_module_frames),
        cmocka_unit_test(test_qdy30a_frames),
        cmocka_unit_test(test_map),
        cmocka_unit_test(test_map_at_the_ends_of_the_space),
        cmocka_unit_test(test_requests_that_are_wrong),
        cmocka_unit_test(test_every_kind_is_named_and_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
