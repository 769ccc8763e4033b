/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands in a record, word by word. That every record is canonical and has exactly its members
 * is checked by the ledger for all of them.
 */
#include "foundry.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct gw_jnode *point_in(const struct scene_record *r, const char *id)
{
    const struct gw_jnode *list = rec_at(r, "evidence/points");
    for (const struct gw_jnode *p = gw_jnode_first(list); p != NULL; p = gw_jnode_next(p))
        if (strcmp(gw_jnode_str(gw_jnode_get(p, "id")), id) == 0)
            return p;
    fail_msg("no %s in %s", id, r->body);
    return NULL;
}

static const char *member(const struct gw_jnode *obj, const char *key)
{
    const struct gw_jnode *n = gw_jnode_get(obj, key);
    return n != NULL ? gw_jnode_str(n) : NULL;
}

static void who_where_and_under_which_configuration(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_sync(s, false);
    scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
    scene_quality(s, "gas.p1", GW_Q_BAD_FAULT);
    scene_run(s, 11 * MINUTE);
    const struct scene_record *r = scene_last(s, "GAS-FLT-01", "raised");
    const struct gw_inventory *inv = scene_inventory(s);
    assert_string_equal(rec_str(r, "gateway"), "g1");
    assert_string_equal(rec_str(r, "enterprise/uscc"), "91371311MAXX00015G");
    assert_string_equal(rec_str(r, "enterprise/code"), "371311000015");
    assert_string_equal(rec_str(r, "enterprise/county"), "371311");
    assert_string_equal(rec_str(r, "enterprise/name"), "罗庄铸造");
    assert_string_equal(rec_str(r, "config_sha256"), gw_inventory_site(inv)->config_sha256);
    assert_string_equal(rec_str(r, "catalogue"), gw_catalogue_version(gw_inventory_catalogue(inv)));
    assert_string_equal(rec_str(r, "asset/id"), "paint-1");
    assert_string_equal(rec_str(r, "asset/name"), "调漆间");
    assert_string_equal(rec_str(r, "asset/location"), "北侧");
    assert_string_equal(rec_str(r, "asset/sector"), "machinery");
    assert_string_equal(rec_str(r, "asset/type"), "paint_mix");
    assert_string_equal(rec_str(r, "asset/type_title/zh"), "调漆间");
    assert_string_equal(rec_str(r, "case"), "paint-1:GAS-FLT-01:gas.s1#1");
    assert_string_equal(rec_str(r, "kind"), "FLT");
    assert_string_equal(rec_str(r, "severity"), "major");
    assert_string_equal(rec_str(r, "strength"), "A");
    assert_string_equal(rec_str(r, "condition/rule"), "state");
    assert_string_equal(rec_str(r, "condition/text/en"), "gas.s1 SENSOR_FAULT for 10 min");
    assert_string_equal(rec_str(r, "condition/text/zh"),
                        "气体探测器状态 gas.s1 传感器故障，持续 10 min");
    assert_false(rec_has(r, "condition/value"));
    assert_false(rec_has(r, "condition/limit"));
    assert_false(gw_jnode_bool(rec_at(r, "time/sync")));
    assert_string_equal(rec_str(r, "time/boot"), "5f0c0000-0000-4000-8000-000000000001");
    assert_int_equal(rec_int(r, "time/t_boot_ms"), 1000000 + 10 * MINUTE);
    assert_string_equal(rec_str(r, "clauses/0/document"),
                        "工贸企业重大事故隐患判定标准（应急管理部令第10号）");
    assert_string_equal(rec_str(r, "clauses/0/confirmed"), "memory");
    assert_true(rec_str(r, "law/obligation/zh")[0] != '\0');
    assert_true(rec_str(r, "law/penalty/en")[0] != '\0');
    scene_free(s);
}

static void instruments_and_their_papers(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 5 * SECOND);
    scene_link(s, "gas", GW_LINK_DOWN);
    scene_run(s, 31 * MINUTE);
    const struct scene_record *r = scene_last(s, "GAS-BYP-02", "raised");
    assert_string_equal(rec_str(r, "evidence/devices/0/id"), "gas");
    assert_string_equal(rec_str(r, "evidence/devices/0/link"), "down");
    assert_string_equal(rec_str(r, "evidence/devices/0/fault"), "no answer");
    assert_string_equal(rec_str(r, "evidence/devices/0/make"), "安信华瑞");
    assert_string_equal(rec_str(r, "evidence/devices/0/serial"), "AX-1");
    assert_string_equal(rec_str(r, "evidence/devices/0/cert_no"), "临检2026-1");
    assert_string_equal(rec_str(r, "evidence/devices/0/cal_due"), "2027-03-10");
    assert_string_equal(rec_str(r, "evidence/devices/1/id"), "di");
    assert_false(rec_has(r, "evidence/devices/1/fault"));
    assert_int_equal(gw_jnode_count(rec_at(r, "evidence/devices")), 2);
    scene_free(s);
}

/* A value is a string, raw registers are integers, what was not decoded is left out. */
static void samples_as_they_were_read(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_num(s, "fo.q", 28.456);
    scene_num(s, "fi.q", 30);
    scene_run(s, 20 * SECOND);
    const struct scene_record *r = scene_last(s, "CW-EV-DIFF", "raised");
    const struct gw_jnode *p = point_in(r, "fo.q");
    assert_string_equal(member(p, "value"), "28.46");
    assert_int_equal((int)gw_jnode_num(gw_jnode_get(p, "decimals")), 2);
    assert_string_equal(member(p, "unit"), "m3/h");
    assert_string_equal(member(p, "role"), "Q_OUT");
    assert_string_equal(member(p, "quality"), "GOOD");
    /* Decided when the inflow answered; the outflow's answer was a second old. */
    assert_string_equal(member(p, "t"), "2026-11-22T08:00:09.000+08:00");
    assert_string_equal(member(point_in(r, "fi.q"), "t"), "2026-11-22T08:00:10.000+08:00");
    const struct gw_jnode *raw = gw_jnode_get(p, "raw");
    assert_int_equal(gw_jnode_count(raw), 1);
    assert_int_equal((int)gw_jnode_num(gw_jnode_first(raw)), 2845);
    p = point_in(r, "di.run");
    assert_string_equal(member(p, "value"), "true");
    assert_null(gw_jnode_get(p, "decimals"));
    assert_string_equal(rec_str(r, "condition/value"), "5.15");
    assert_string_equal(rec_str(r, "condition/limit"), "5.00");
    assert_string_equal(rec_str(r, "condition/text/en"),
                        "inflow fi.q 30.00 m³/h, outflow fo.q 28.46 m³/h: difference 5.15 % >= "
                        "5.00 % for 10 s");
    scene_free(s);
}

static void what_was_not_read_has_no_value(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_quality(s, "gas.p1", GW_Q_BAD_COMM);
    scene_state(s, "gas.s1", GW_S_COMM_FAULT);
    scene_run(s, 11 * MINUTE);
    const struct scene_record *r = scene_last(s, "GAS-FLT-02", "raised");
    const struct gw_jnode *p = point_in(r, "gas.p1");
    assert_string_equal(member(p, "quality"), "BAD_COMM");
    assert_null(gw_jnode_get(p, "value"));
    assert_int_equal(gw_jnode_count(gw_jnode_get(p, "raw")), 0);
    assert_string_equal(member(point_in(r, "gas.s1"), "value"), "COMM_FAULT");
    scene_free(s);
}

static void a_point_never_read_has_no_time(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_freeze(s, "fo", true);
    scene_quality(s, "fi.q", GW_Q_BAD_FAULT);
    scene_quality(s, "di.run", GW_Q_GOOD);
    scene_num(s, "pt.t1", 58);
    scene_run(s, MINUTE);
    const struct scene_record *r = scene_last(s, "CW-ILK-01", "raised");
    const struct gw_jnode *p = point_in(r, "fo.q");
    assert_string_equal(member(p, "quality"), "NOT_YET");
    assert_null(gw_jnode_get(p, "t"));
    assert_null(gw_jnode_get(p, "value"));
    scene_free(s);
}

static void an_override_is_told(void **state)
{
    (void)state;
    struct scene *s = foundry_with(
        "\"if-1\":{\"type\":\"if_furnace\",\"name\":\"x\",\"facts\":{\"loop\":\"closed\"},"
        "\"rated\":{\"Q_IN\":40},\"overrides\":{\"CW-EV-TOUT-HH\":{\"delay_s\":2.5}},"
        "\"roles\":{\"RUN\":\"di.run\",\"T_OUT\":\"pt.t1\",\"Q_IN\":\"fi.q\",\"Q_OUT\":\"fo.q\","
        "\"DI_HEAT\":\"di.heat\"}}");
    scene_num(s, "pt.t1", 58);
    scene_run(s, 2499);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "raised"), 0);
    scene_run(s, 1);
    const struct scene_record *r = scene_last(s, "CW-EV-TOUT-HH", "raised");
    assert_true(gw_jnode_bool(rec_at(r, "condition/overridden")));
    assert_string_equal(rec_str(r, "condition/params/delay_s"), "2.5");
    assert_string_equal(rec_str(r, "condition/params/high"), "55");
    assert_int_equal(rec_int(r, "condition/delay_ms"), 2500);
    assert_string_equal(rec_str(r, "condition/text/en"), "pt.t1 58.00 °C >= 55.00 °C for 2500 ms");
    scene_run(s, MINUTE);
    r = scene_last(s, "CW-EV-TOUT-H", "raised");
    assert_false(gw_jnode_bool(rec_at(r, "condition/overridden")));
    scene_free(s);
}

/* ---- the largest record ---- */

#define MANY 24

/* Twenty-four detectors on devices with the longest papers there can be, every character an escape.
 */
static void a_record_gives_up_points_rather_than_fail(void **state)
{
    (void)state;
    static char mem[3][65536];
    struct gw_buf devices;
    struct gw_buf points;
    struct gw_buf assets;
    gw_buf_fixed(&devices, mem[0], sizeof mem[0]);
    gw_buf_fixed(&points, mem[1], sizeof mem[1]);
    gw_buf_fixed(&assets, mem[2], sizeof mem[2]);
    char quotes[191] = "";
    for (size_t i = 0; i + 2 < sizeof quotes; i += 2)
        memcpy(quotes + i, "\\\"", 3);
    gw_buf_printf(&assets,
                  "\"a\":{\"type\":\"paint_mix\",\"name\":\"%s\",\"location\":\"%s\","
                  "\"roles\":{\"GAS\":[",
                  quotes, quotes);
    for (int i = 0; i < MANY; i++) {
        const char *comma = i > 0 ? "," : "";
        gw_buf_printf(
            &devices,
            "%s\"g%d\":{\"bus\":\"b1\",\"make\":\"%s\",\"model\":\"%s\",\"serial\":\"%s\","
            "\"location\":\"%s\",\"cert_no\":\"%s\"}",
            comma, i, quotes, quotes, quotes, quotes, quotes);
        gw_buf_printf(&points, "%s\"g%d.p\":{\"is\":\"number\",\"unit\":\"%%LEL\"}", comma, i);
        gw_buf_printf(&assets, "%s\"g%d.p\"", comma, i);
    }
    gw_buf_str(&assets, "]}}");
    assert_false(devices.failed || points.failed || assets.failed);
    const struct scene_conf conf = {
        .devices = mem[0], .points = mem[1], .assets = mem[2], .step_ms = 5 * MINUTE};
    struct scene *s = scene_new(&conf);
    for (int i = 0; i < MANY; i++) {
        char id[16];
        snprintf(id, sizeof id, "g%d.p", i);
        scene_quality(s, id, GW_Q_BAD_COMM);
    }
    scene_run(s, DAY + HOUR);
    const struct scene_record *r = scene_last(s, "GAS-ABS-01", "raised");
    const size_t kept = gw_jnode_count(rec_at(r, "evidence/points"));
    const struct gw_jnode *omitted = rec_at(r, "evidence/omitted");
    assert_in_range(kept, 2, 15);
    assert_int_equal(kept + (size_t)gw_jnode_num(omitted), GW_CHECK_POINTS);
    assert_in_range(r->body_len, 8192, 16384);
    assert_string_equal(rec_str(r, "evidence/points/0/id"), "g0.p");
    assert_int_equal(scene_count(s, "GAS-ABS-01", NULL), 1);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_where_and_under_which_configuration),
        cmocka_unit_test(instruments_and_their_papers),
        cmocka_unit_test(samples_as_they_were_read),
        cmocka_unit_test(what_was_not_read_has_no_value),
        cmocka_unit_test(a_point_never_read_has_no_time),
        cmocka_unit_test(an_override_is_told),
        cmocka_unit_test(a_record_gives_up_points_rather_than_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
