/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of alarms and cases: what is told when, what it quotes, and who sees it.
 */
#include "asked.h"
#include "foundry.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HH "CW-EV-TOUT-HH"

static void expect_standing(const struct scene *s, const char *want)
{
    char *have = scene_standing(s);
    assert_string_equal(have, want);
    free(have);
}

/* ---- alarms ---- */

static void an_alarm_is_raised_and_returns(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    scene_num(s, "pt.t1", 58.21);
    scene_contact(s, "di.heat", false);
    scene_run(s, 11 * SECOND);
    const struct scene_record *r = scene_last(s, HH, "raised");
    assert_string_equal(rec_str(r, "case"), "if-1:CW-EV-TOUT-HH:pt.t1#1");
    assert_string_equal(rec_str(r, "time/observed"), "2026-11-22T08:00:11.000+08:00");
    assert_string_equal(rec_str(r, "time/recorded"), "2026-11-22T08:00:21.000+08:00");
    assert_string_equal(rec_str(r, "condition/text/en"), "pt.t1 58.21 °C >= 55.00 °C for 10 s");
    assert_string_equal(rec_str(r, "condition/text/zh"),
                        "冷却水出水温度 pt.t1 58.21 °C ≥ 55.00 °C，持续 10 s");
    assert_string_equal(rec_str(r, "condition/value"), "58.21");
    assert_string_equal(rec_str(r, "condition/limit"), "55.00");
    assert_string_equal(rec_str(r, "condition/mode"), "RUN");
    assert_false(rec_has(r, "alarm"));
    assert_false(rec_has(r, "clauses"));
    char id[GW_RECORD_ID_SIZE];
    rec_id(r, id);

    scene_num(s, "pt.t1", 53.99);
    scene_run(s, 31 * SECOND);
    r = scene_last(s, HH, "returned");
    assert_string_equal(rec_str(r, "alarm"), id);
    assert_string_equal(rec_str(r, "case"), "if-1:CW-EV-TOUT-HH:pt.t1#1");
    assert_int_equal(rec_int(r, "condition/delay_ms"), 30000);
    assert_string_equal(rec_str(r, "time/observed"), "2026-11-22T08:00:22.000+08:00");
    assert_string_equal(rec_str(r, "time/recorded"), "2026-11-22T08:00:52.000+08:00");

    scene_num(s, "pt.t1", 60);
    scene_run(s, 11 * SECOND);
    r = scene_last(s, HH, "raised");
    assert_string_equal(rec_str(r, "case"), "if-1:CW-EV-TOUT-HH:pt.t1#2");
    assert_int_equal(rec_int(r, "reopened"), 0);
    assert_false(rec_has(r, "alarm")); /* it is a new one */
    scene_free(s);
}

static void an_alarm_is_acknowledged(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    const struct gw_stamp early = scene_now(s);
    const char *key = "if-1:CW-EV-TOUT-HH:pt.t1";
    assert_int_equal(asked_ack(s, "if-1:CW-EV-NONE", &early), GW_E_NOTFOUND);
    assert_int_equal(asked_ack(s, key, &early), GW_E_INVAL);
    assert_int_equal(asked_ack(s, "if-1:CW-ABS-01", &early), GW_E_INVAL);
    scene_num(s, "pt.t1", 58);
    scene_contact(s, "di.heat", true);
    scene_run(s, MINUTE);
    struct gw_stamp now = scene_now(s);
    scene_refuse(s, 100, 1);
    assert_int_equal(asked_ack(s, key, &now), GW_E_FULL);
    scene_refuse(s, 0, 1);
    assert_int_equal(asked_ack(s, key, &now), GW_OK);
    assert_int_equal(asked_ack(s, key, &now), GW_E_FULL); /* not committed yet */
    scene_run(s, SECOND);
    now = scene_now(s);
    assert_int_equal(asked_ack(s, key, &now), GW_E_INVAL);
    const struct scene_record *r = scene_last(s, HH, "acknowledged");
    char id[GW_RECORD_ID_SIZE];
    rec_id(scene_last(s, HH, "raised"), id);
    assert_string_equal(rec_str(r, "alarm"), id);
    /* An alarm that somebody has acknowledged is handled, and stays so over a restart. */
    scene_restart(s, SCENE_CRASH, SECOND, false);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "CW-TRP-01", "raised"), 0);
    assert_int_equal(scene_count(s, HH, "acknowledged"), 1);
    scene_num(s, "pt.t1", 40);
    scene_run(s, MINUTE);
    assert_string_equal(rec_str(scene_last(s, HH, "returned"), "alarm"), id);
    scene_free(s);
}

static void a_returned_alarm_can_still_be_acknowledged(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_num(s, "pt.t1", 58);
    scene_contact(s, "di.heat", false);
    scene_run(s, MINUTE);
    scene_num(s, "pt.t1", 40);
    scene_run(s, MINUTE);
    assert_int_equal(scene_count(s, HH, "returned"), 1);
    const struct gw_stamp now = scene_now(s);
    assert_int_equal(asked_ack(s, "if-1:CW-EV-TOUT-HH:pt.t1", &now), GW_OK);
    scene_run(s, SECOND);
    expect_standing(s, "");
    scene_num(s, "pt.t1", 58);
    scene_run(s, MINUTE);
    assert_int_equal(scene_count(s, HH, "raised"), 2);
    scene_free(s);
}

/* ---- cases ---- */

static void a_case_is_cleared_and_reopened(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_step_ms(s, MINUTE);
    scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
    scene_run(s, HOUR);
    expect_standing(s, "paint-1:GAS-FLT-01:gas.s1#1:0\n");
    scene_state(s, "gas.s1", GW_S_NORMAL);
    scene_run(s, DAY);
    assert_int_equal(scene_count(s, "GAS-FLT-01", "cleared"), 0);
    scene_run(s, MINUTE);
    assert_int_equal(scene_count(s, "GAS-FLT-01", "cleared"), 1);
    const struct scene_record *r = scene_last(s, "GAS-FLT-01", "cleared");
    assert_int_equal(rec_int(r, "condition/delay_ms"), DAY);
    assert_string_equal(rec_str(r, "condition/text/en"), "gas.s1 NORMAL for 24 h");
    expect_standing(s, "");

    scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
    scene_run(s, HOUR);
    r = scene_last(s, "GAS-FLT-01", "reopened");
    assert_string_equal(rec_str(r, "case"), "paint-1:GAS-FLT-01:gas.s1#1");
    assert_int_equal(rec_int(r, "reopened"), 1);
    expect_standing(s, "paint-1:GAS-FLT-01:gas.s1#1:1\n");
    scene_state(s, "gas.s1", GW_S_NORMAL);
    scene_step_ms(s, 10 * MINUTE);
    scene_run(s, 32 * DAY);
    scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "GAS-FLT-01", "raised"), 2);
    r = scene_last(s, "GAS-FLT-01", "raised");
    assert_string_equal(rec_str(r, "case"), "paint-1:GAS-FLT-01:gas.s1#2");
    assert_int_equal(rec_int(r, "reopened"), 0);
    scene_free(s);
}

static void a_lead_quotes_its_alarm(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_num(s, "pt.t1", 58);
    scene_run(s, 16 * MINUTE);
    char id[GW_RECORD_ID_SIZE];
    rec_id(scene_last(s, HH, "raised"), id);
    assert_string_equal(rec_str(scene_last(s, "CW-ILK-01", "raised"), "alarm"), id);
    assert_string_equal(rec_str(scene_last(s, "CW-TRP-01", "raised"), "alarm"), id);
    /* It still does when it is cleared, long after the alarm has returned and come again. */
    scene_num(s, "pt.t1", 40);
    scene_run(s, MINUTE);
    scene_num(s, "pt.t1", 58);
    scene_run(s, 12 * SECOND);
    scene_num(s, "pt.t1", 40);
    scene_run(s, 2 * HOUR);
    assert_int_equal(scene_count(s, HH, "raised"), 2);
    assert_string_equal(rec_str(scene_last(s, "CW-ILK-01", "cleared"), "alarm"), id);
    scene_free(s);
}

/* ---- who sees what ---- */

static void nobody_sees_what_is_not_committed(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, SECOND);
    assert_true(gw_engine_cases_changed(scene_engine(s))); /* the first list is due */
    assert_false(gw_engine_cases_changed(scene_engine(s)));
    scene_commit_lag(s, 1000);
    scene_num(s, "pt.t1", 58);
    scene_contact(s, "di.heat", false);
    scene_run(s, MINUTE);
    struct gw_engine_counts c;
    gw_engine_counts(scene_engine(s), &c);
    assert_int_equal(c.alarms, 0);
    expect_standing(s, "");
    assert_false(gw_engine_cases_changed(scene_engine(s)));
    scene_run(s, 1000 * SECOND);
    gw_engine_counts(scene_engine(s), &c);
    assert_int_equal(c.alarms, 2);
    assert_true(gw_engine_cases_changed(scene_engine(s)));
    expect_standing(s, "if-1:CW-EV-TOUT-H:pt.t1#1:0\nif-1:CW-EV-TOUT-HH:pt.t1#1:0\n");
    scene_free(s);
}

/* While the raise waits for its commit the return is held, and then quotes it. */
static void a_return_waits_for_the_commit_of_its_raise(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_commit_lag(s, 200);
    scene_num(s, "pt.t1", 58);
    scene_contact(s, "di.heat", false);
    scene_run(s, 12 * SECOND);
    scene_num(s, "pt.t1", 40);
    scene_run(s, 197 * SECOND);
    assert_int_equal(scene_count(s, HH, "raised"), 0);
    scene_run(s, 2 * SECOND);
    assert_int_equal(scene_count(s, HH, "raised"), 1);
    scene_run(s, 210 * SECOND);
    char id[GW_RECORD_ID_SIZE];
    rec_id(scene_last(s, HH, "raised"), id);
    assert_string_equal(rec_str(scene_last(s, HH, "returned"), "alarm"), id);
    scene_free(s);
}

/* A lead has nothing to quote before its alarm has a number. */
static void a_lead_waits_for_the_commit_of_its_alarm(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_commit_lag(s, 200);
    scene_num(s, "pt.t1", 58);
    scene_run(s, 209 * SECOND);
    assert_int_equal(scene_records(s), 0);
    scene_run(s, 3 * SECOND);
    scene_commit(s); /* rows that were taken before stand in line */
    char id[GW_RECORD_ID_SIZE];
    rec_id(scene_last(s, HH, "raised"), id);
    assert_string_equal(rec_str(scene_last(s, "CW-ILK-01", "raised"), "alarm"), id);
    assert_string_equal(rec_str(scene_last(s, "CW-ILK-01", "raised"), "time/observed"),
                        "2026-11-22T08:00:10.000+08:00");
    scene_free(s);
}

static void what_is_left_out_of_the_site_file_still_stands(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
    scene_run(s, HOUR);
    scene_reload(s, FOUNDRY_FURNACE);
    scene_run(s, 10 * SECOND);
    expect_standing(s, "paint-1:GAS-FLT-01:gas.s1#1:0\n");
    struct gw_engine_counts c;
    gw_engine_counts(scene_engine(s), &c);
    assert_int_equal(c.leads, 1);
    /* It is the same case when the asset comes back. */
    scene_reload(s, FOUNDRY_FURNACE "," FOUNDRY_PAINT);
    scene_run(s, HOUR);
    expect_standing(s, "paint-1:GAS-FLT-01:gas.s1#1:0\n");
    assert_int_equal(scene_count(s, "GAS-FLT-01", "raised"), 1);
    scene_free(s);
}

/* ---- strength, clauses ---- */

static void without_run_a_gated_lead_is_weaker(void **state)
{
    (void)state;
    struct scene *s =
        foundry_with("\"if-1\":{\"type\":\"if_furnace\",\"name\":\"x\",\"facts\":{\"loop\":"
                     "\"closed\"},\"rated\":{\"Q_IN\":40},\"roles\":{\"T_OUT\":\"pt.t1\",\"Q_IN\":"
                     "\"fi.q\",\"Q_OUT\":\"fo.q\"}}");
    scene_quality(s, "pt.t1", GW_Q_BAD_FAULT);
    scene_run(s, 10 * MINUTE);
    const struct scene_record *r = scene_last(s, "CW-FLT-01", "raised");
    assert_string_equal(rec_str(r, "strength"), "B");
    assert_string_equal(rec_str(r, "condition/mode"), "UNKNOWN");
    scene_free(s);

    s = foundry_new();
    scene_quality(s, "pt.t1", GW_Q_BAD_FAULT);
    scene_run(s, 10 * MINUTE);
    r = scene_last(s, "CW-FLT-01", "raised");
    assert_string_equal(rec_str(r, "strength"), "A");
    assert_string_equal(rec_str(r, "condition/mode"), "RUN");
    scene_free(s);
}

/* Trap 12: the enterprise's sector decides which clauses a lead cites; it is one lead all the same.
 */
static void clauses_follow_the_sector(void **state)
{
    (void)state;
    static const struct {
        const char *sector, *article;
    } rows[] = {{"machinery", "7"}, {"light", "8"}};
    for (size_t i = 0; i < 2; i++) {
        const struct scene_conf conf = {.sector = rows[i].sector, .assets = FOUNDRY_PAINT};
        struct scene *s = foundry_conf(&conf);
        scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
        scene_run(s, 20 * MINUTE);
        assert_int_equal(scene_count(s, "GAS-FLT-01", "raised"), 1);
        const struct scene_record *r = scene_last(s, "GAS-FLT-01", "raised");
        assert_int_equal(gw_jnode_count(rec_at(r, "clauses")), 2);
        assert_string_equal(rec_str(r, "clauses/0/article"), rows[i].article);
        assert_string_equal(rec_str(r, "clauses/1/article"), "14");
        assert_string_equal(rec_str(r, "asset/sector"), rows[i].sector);
        scene_free(s);
    }
}

/* ---- evidence ---- */

static size_t samples_of(const struct scene_record *ev, const char *point, int64_t *first,
                         int64_t *last)
{
    const struct gw_jnode *points = gw_jnode_get(gw_json_root(ev->window_doc), "points");
    for (const struct gw_jnode *p = gw_jnode_first(points); p != NULL; p = gw_jnode_next(p)) {
        if (strcmp(gw_jnode_str(gw_jnode_get(p, "id")), point) != 0)
            continue;
        const struct gw_jnode *list = gw_jnode_get(p, "samples");
        for (const struct gw_jnode *q = gw_jnode_first(list); q != NULL; q = gw_jnode_next(q)) {
            *last = (int64_t)gw_jnode_num(gw_jnode_get(q, "mono_ms"));
            if (q == gw_jnode_first(list))
                *first = *last;
        }
        return gw_jnode_count(list);
    }
    fail_msg("no samples of %s", point);
    return 0;
}

static void a_window_holds_what_it_says(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * MINUTE);
    scene_num(s, "pt.t1", 58);
    scene_contact(s, "di.heat", false);
    scene_run(s, 11 * SECOND);
    const int64_t raised_ms = scene_now(s).mono_ms;
    assert_int_equal(scene_count(s, HH, "raised"), 1);
    scene_run(s, 119 * SECOND);
    assert_int_equal(scene_count(s, HH, NULL), 0);
    scene_run(s, SECOND);
    assert_int_equal(scene_count(s, HH, NULL), 1);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", NULL), 0); /* priority 3 has none */
    const struct scene_record *ev = scene_last(s, HH, NULL);
    int64_t first = 0;
    int64_t last = 0;
    assert_int_equal(samples_of(ev, "pt.t1", &first, &last), 421);
    assert_int_equal(first, raised_ms - 5 * MINUTE);
    assert_int_equal(last, raised_ms + 2 * MINUTE);
    assert_true(gw_jnode_bool(rec_at(ev, "evidence/complete")));
    assert_int_equal(rec_int(ev, "evidence/window/after_ms"), 120000);
    assert_int_equal(rec_int(ev, "evidence/window/before_ms"), 300000);
    const struct scene_record *r = scene_last(s, HH, "raised");
    char id[GW_RECORD_ID_SIZE];
    rec_id(r, id);
    assert_string_equal(ev->window_id, id);
    assert_int_equal(rec_int(r, "evidence/window/after_ms"), 120000);
    assert_int_equal(rec_int(scene_last(s, "CW-EV-TOUT-H", "raised"), "evidence/window/after_ms"),
                     0);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, HH, NULL), 1);
    scene_free(s);
}

static void a_window_survives_a_restart_and_says_so(void **state)
{
    (void)state;
    for (int reboot = 0; reboot < 2; reboot++) {
        struct scene *s = foundry_new();
        scene_run(s, 10 * MINUTE);
        scene_num(s, "pt.t1", 58);
        scene_contact(s, "di.heat", false);
        scene_run(s, 31 * SECOND);
        scene_restart(s, SCENE_CRASH, 10 * SECOND, reboot != 0);
        scene_run(s, 88 * SECOND);
        assert_int_equal(scene_count(s, HH, NULL), 0);
        scene_run(s, 3 * SECOND);
        assert_int_equal(scene_count(s, HH, NULL), 1);
        const struct scene_record *ev = scene_last(s, HH, NULL);
        assert_false(gw_jnode_bool(rec_at(ev, "evidence/complete")));
        int64_t first = 0;
        int64_t last = 0;
        assert_in_range(samples_of(ev, "pt.t1", &first, &last), 85, 95);
        scene_run(s, HOUR);
        assert_int_equal(scene_count(s, HH, NULL), 1);
        assert_int_equal(scene_count(s, HH, "raised"), 1);
        scene_free(s);
    }
}

/* Every lead has a window, alarms have one down to priority 2. */
static void who_has_a_window(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_contact(s, "gas.mains", true); /* a lead of priority 3 */
    scene_num(s, "pt.t1", 58);           /* alarms of priority 2 and 3 */
    scene_contact(s, "di.heat", false);
    scene_run(s, 63 * MINUTE);
    assert_int_equal(rec_int(scene_last(s, "GAS-FLT-03", "raised"), "priority"), 3);
    assert_int_equal(scene_count(s, "GAS-FLT-03", NULL), 1);
    assert_int_equal(rec_int(scene_last(s, "CW-EV-TOUT-H", "raised"), "priority"), 3);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", NULL), 0);
    assert_int_equal(scene_count(s, HH, NULL), 1);
    scene_free(s);
}

/* A long stop: the window is over when the gateway comes back, and nothing of it was seen. */
static void a_window_that_was_slept_through_is_empty(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_num(s, "pt.t1", 58);
    scene_contact(s, "di.heat", false);
    scene_run(s, 31 * SECOND);
    scene_restart(s, SCENE_CLEAN, 8 * HOUR, true);
    scene_run(s, 2 * SECOND);
    const struct scene_record *ev = scene_last(s, HH, NULL);
    int64_t first = 0;
    int64_t last = 0;
    assert_int_equal(samples_of(ev, "pt.t1", &first, &last), 0);
    assert_false(gw_jnode_bool(rec_at(ev, "evidence/complete")));
    scene_free(s);
}

/* A second raise inside the window of the first ends that window. */
static void every_raise_has_its_own_window(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * MINUTE);
    for (int i = 0; i < 3; i++) {
        scene_state(s, "gas.s1", GW_S_LOW);
        scene_run(s, 10 * SECOND);
        scene_state(s, "gas.s1", GW_S_NORMAL);
        scene_run(s, 32 * SECOND);
    }
    scene_run(s, 5 * MINUTE);
    assert_int_equal(scene_count(s, "GAS-EV-LOW", "raised"), 3);
    assert_int_equal(scene_count(s, "GAS-EV-LOW", NULL), 3);
    bool complete[3] = {false};
    int64_t after[3] = {0};
    size_t n = 0;
    for (size_t i = 0; i < scene_records(s) && n < 3; i++) {
        const struct scene_record *r = scene_record(s, i);
        if (r->cls == GW_CLASS_EVIDENCE && strcmp(rec_str(r, "finding"), "GAS-EV-LOW") == 0) {
            complete[n] = gw_jnode_bool(rec_at(r, "evidence/complete"));
            after[n++] = rec_int(r, "evidence/window/after_ms");
        }
    }
    assert_false(complete[0]);
    assert_int_equal(after[0], 42000);
    assert_false(complete[1]);
    assert_true(complete[2]);
    assert_int_equal(after[2], 120000);
    scene_free(s);
}

/* ---- the wall clock ---- */

static void the_wall_clock_only_stamps(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_num(s, "pt.t1", 58);
    scene_contact(s, "di.heat", false);
    scene_run(s, 5 * SECOND);
    scene_clock_step(s, 3650 * DAY);
    scene_run(s, 4 * SECOND);
    assert_int_equal(scene_count(s, HH, "raised"), 0);
    scene_clock_step(s, -3660 * DAY);
    scene_run(s, SECOND);
    const struct scene_record *r = scene_last(s, HH, "raised");
    assert_string_equal(rec_str(r, "time/observed"), "2026-11-22T08:00:00.000+08:00");
    assert_string_equal(rec_str(r, "time/recorded"), "2026-11-12T08:00:10.000+08:00");
    assert_int_equal(rec_int(r, "time/t_boot_ms"), 1010000);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alarm_is_raised_and_returns),
        cmocka_unit_test(an_alarm_is_acknowledged),
        cmocka_unit_test(a_returned_alarm_can_still_be_acknowledged),
        cmocka_unit_test(a_case_is_cleared_and_reopened),
        cmocka_unit_test(a_lead_quotes_its_alarm),
        cmocka_unit_test(nobody_sees_what_is_not_committed),
        cmocka_unit_test(a_return_waits_for_the_commit_of_its_raise),
        cmocka_unit_test(a_lead_waits_for_the_commit_of_its_alarm),
        cmocka_unit_test(what_is_left_out_of_the_site_file_still_stands),
        cmocka_unit_test(without_run_a_gated_lead_is_weaker),
        cmocka_unit_test(clauses_follow_the_sector),
        cmocka_unit_test(a_window_holds_what_it_says),
        cmocka_unit_test(who_has_a_window),
        cmocka_unit_test(a_window_survives_a_restart_and_says_so),
        cmocka_unit_test(a_window_that_was_slept_through_is_empty),
        cmocka_unit_test(every_raise_has_its_own_window),
        cmocka_unit_test(the_wall_clock_only_stamps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
