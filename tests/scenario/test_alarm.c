/* SPDX-License-Identifier: Apache-2.0
 *
 * Alarms after ISA-18.2 / IEC 62682: latches, shelving, votes, chatter, floods, stale alarms; at
 * their exact boundaries, and over restarts.
 */
#include "foundry.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HIGH_KEY "paint-1:GAS-EV-HIGH:gas.s1"
#define TOUT_KEY "if-1:CW-EV-TOUT-H:pt.t1"

static void expect_standing(const struct scene *s, const char *want)
{
    char *have = scene_standing(s);
    assert_string_equal(have, want);
    free(have);
}

/* What is told of alarms as a whole. */
static void expect_told(struct scene *s, const char *part)
{
    char text[8192];
    struct gw_buf b;
    struct gw_jcs j;
    gw_buf_fixed(&b, text, sizeof text);
    gw_jcs_init(&j, &b);
    gw_jcs_obj(&j, NULL);
    gw_engine_write_alarms(scene_engine(s), &j, "alarms");
    gw_engine_write_cases(scene_engine(s), &j, "cases");
    gw_jcs_end(&j);
    assert_true(gw_jcs_done(&j));
    if (strstr(text, part) == NULL)
        fail_msg("%s is not in %s", part, text);
}

static struct gw_command_answer command(struct scene *s, enum gw_command_kind kind,
                                        const char *target, int64_t for_ms)
{
    const struct gw_stamp now = scene_now(s);
    struct gw_command_answer out = {0};
    struct gw_command cmd = {.kind = kind, .by = GW_BY_LOCAL, .until_ms = now.wall_ms + for_ms};
    snprintf(cmd.who, sizeof cmd.who, "值班电工");
    snprintf(cmd.reason, sizeof cmd.reason, "更换\"传感器\"");
    snprintf(cmd.target, sizeof cmd.target, "%s", target);
    gw_engine_command(scene_engine(s), &cmd, &now, &out);
    assert_true(out.why[0] != '\0' && out.why_zh[0] != '\0');
    scene_commit(s);
    return out;
}

/* ---- latch ---- */

/* Who acknowledged stands with the acknowledgement, in one record: the command's own, which comes after
 * it, may find no room. */
static void nobody_acknowledges_unnamed(void **state)
{
    (void)state;
    bool alone = false;
    for (uint64_t seed = 1; seed < 64 && !alone; seed++) {
        struct scene *s = foundry_new();
        scene_run(s, 10 * SECOND);
        scene_state(s, "gas.s1", GW_S_HIGH);
        scene_run(s, 10 * SECOND);
        scene_refuse(s, 50, seed);
        const struct gw_command_answer told = command(s, GW_COMMAND_ACK, HIGH_KEY, 0);
        scene_refuse(s, 0, 1);
        size_t commands = 0;
        for (size_t i = 0; i < scene_records(s); i++)
            commands += scene_record(s, i)->cls == GW_CLASS_COMMAND;
        assert_int_equal(scene_count(s, "GAS-EV-HIGH", "acknowledged"), told.done ? 1 : 0);
        assert_true(told.done || (told.later && commands == 0));
        if (told.done) {
            const struct scene_record *r = scene_last(s, "GAS-EV-HIGH", "acknowledged");
            assert_string_equal(rec_str(r, "acknowledged/by"), "local");
            assert_string_equal(rec_str(r, "acknowledged/who"), "值班电工");
            assert_string_equal(rec_str(r, "acknowledged/reason"), "更换\"传感器\"");
            alone = commands == 0;
        }
        scene_free(s);
    }
    assert_true(alone);
}

static void a_latched_alarm_stands_until_acknowledged_and_returned(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    scene_state(s, "gas.s1", GW_S_HIGH);
    scene_run(s, 10 * SECOND);
    scene_state(s, "gas.s1", GW_S_NORMAL);
    scene_run(s, 30 * SECOND);
    expect_told(s, "GAS-EV-HIGH\",\"kind\":\"EV\",\"record\":\"00112233445566ff-2\",\"reopened\":0,"
                   "\"since\":\"2026-11-22T08:00:11.000+08:00\",\"state\":\"unacked\"");
    (void)gw_engine_cases_changed(scene_engine(s));
    scene_run(s, SECOND); /* 30 s after the first good sample */
    expect_told(s, "\"state\":\"latched\",\"subject\":\"gas.s1\"");
    assert_true(gw_engine_cases_changed(scene_engine(s)));
    scene_run(s, HOUR);
    scene_restart(s, SCENE_CRASH, MINUTE, true);
    scene_run(s, HOUR);
    expect_told(s, "\"state\":\"latched\"");
    assert_int_equal(scene_count(s, "GAS-EV-HIGH", "raised"), 1);
    assert_int_equal(scene_count(s, "GAS-EV-HIGH", "returned"), 0);
    /* It comes back: the same alarm, not acknowledged, and told at once. */
    scene_state(s, "gas.s1", GW_S_HIGH);
    scene_run(s, 10 * SECOND);
    assert_int_equal(scene_count(s, "GAS-EV-HIGH", "again"), 1);
    assert_int_equal(scene_last(s, "GAS-EV-HIGH", "again")->priority, 1);
    expect_told(s, "\"case\":\"" HIGH_KEY "#1\"");
    expect_told(s, "\"state\":\"unacked\",\"subject\":\"gas.s1\"");
    assert_int_equal(scene_count(s, "GAS-EV-HIGH", "raised"), 1);
    scene_state(s, "gas.s1", GW_S_NORMAL);
    scene_run(s, MINUTE);
    scene_restart(s, SCENE_CLEAN, MINUTE, false);
    assert_true(command(s, GW_COMMAND_ACK, HIGH_KEY, 0).done);
    scene_run(s, 32 * SECOND); /* the off-delay begins anew after the restart */
    assert_int_equal(scene_count(s, "GAS-EV-HIGH", "acknowledged"), 1);
    assert_int_equal(scene_count(s, "GAS-EV-HIGH", "returned"), 1);
    expect_standing(s, "");
    scene_free(s);
}

static void acknowledged_first_it_ends_with_its_return(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_state(s, "gas.s1", GW_S_HIGH);
    scene_run(s, 10 * SECOND);
    assert_true(command(s, GW_COMMAND_ACK, HIGH_KEY, 0).done);
    assert_false(command(s, GW_COMMAND_ACK, HIGH_KEY, 0).done);
    scene_state(s, "gas.s1", GW_S_NORMAL);
    scene_run(s, 32 * SECOND);
    assert_int_equal(scene_count(s, "GAS-EV-HIGH", "returned"), 1);
    expect_standing(s, "");
    scene_free(s);
}

/* ---- shelving ---- */

static void shelving_is_bounded_and_told(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    assert_false(command(s, GW_COMMAND_SHELVE, HIGH_KEY, MINUTE).done); /* priority 1 */
    assert_false(command(s, GW_COMMAND_SHELVE, "if-1:CW-ABS-01", MINUTE).done);
    assert_false(command(s, GW_COMMAND_SHELVE, TOUT_KEY, 0).done);
    assert_false(command(s, GW_COMMAND_SHELVE, TOUT_KEY, 30 * MINUTE + 1).done);
    assert_false(command(s, GW_COMMAND_UNSHELVE, TOUT_KEY, 0).done);
    assert_int_equal(scene_records(s), 0);
    scene_refuse(s, 100, 1);
    assert_false(command(s, GW_COMMAND_SHELVE, TOUT_KEY, MINUTE).done);
    scene_refuse(s, 0, 1);
    assert_true(command(s, GW_COMMAND_SHELVE, TOUT_KEY, 30 * MINUTE).done);
    const struct scene_record *r = scene_last(s, "CW-EV-TOUT-H", "shelve");
    assert_string_equal(rec_str(r, "who"), "值班电工");
    assert_string_equal(rec_str(r, "reason"), "更换\"传感器\"");
    assert_string_equal(rec_str(r, "by"), "local");
    assert_string_equal(rec_str(r, "from"), "2026-11-22T08:00:10.000+08:00");
    assert_string_equal(rec_str(r, "until"), "2026-11-22T08:30:10.000+08:00");
    expect_told(s, "\"shelved\":[{\"by\":\"local\",\"check\":\"" TOUT_KEY "\"");

    /* It is told as ever, last and with the word of who shelved it. */
    scene_num(s, "pt.t1", 52);
    scene_run(s, MINUTE);
    r = scene_last(s, "CW-EV-TOUT-H", "raised");
    assert_int_equal(rec_int(r, "priority"), 4);
    assert_string_equal(rec_str(r, "shelved/who"), "值班电工");
    assert_string_equal(rec_str(r, "shelved/until"), "2026-11-22T08:30:10.000+08:00");
    scene_restart(s, SCENE_CRASH, MINUTE, true);
    scene_run(s, 28 * MINUTE - SECOND);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", "unshelve"), 0);
    expect_told(s, "\"shelved\":[{");
    scene_run(s, SECOND);
    r = scene_last(s, "CW-EV-TOUT-H", "unshelve");
    assert_string_equal(rec_str(r, "by"), "gateway");
    assert_string_equal(rec_str(r, "reason"), "expired");
    expect_told(s, "\"shelved\":[]");
    assert_null(scene_row(s, "shelve/" TOUT_KEY));
    scene_num(s, "pt.t1", 40);
    scene_run(s, MINUTE);
    r = scene_last(s, "CW-EV-TOUT-H", "returned");
    assert_int_equal(rec_int(r, "priority"), 3);
    assert_false(rec_has(r, "shelved"));
    scene_free(s);
}

static void shelving_ends_by_a_word_or_by_its_time_whatever_the_clock_says(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    assert_true(command(s, GW_COMMAND_SHELVE, TOUT_KEY, 10 * MINUTE).done);
    scene_run(s, MINUTE);
    assert_true(command(s, GW_COMMAND_UNSHELVE, TOUT_KEY, 0).done);
    assert_string_equal(rec_str(scene_last(s, "CW-EV-TOUT-H", "unshelve"), "who"), "值班电工");
    expect_told(s, "\"shelved\":[]");
    assert_true(command(s, GW_COMMAND_SHELVE, TOUT_KEY, 10 * MINUTE).done);
    scene_clock_step(s, -5 * HOUR);
    scene_run(s, 10 * MINUTE - SECOND);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", "unshelve"), 1);
    scene_run(s, SECOND);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", "unshelve"), 2);
    scene_free(s);
}

static void shelving_hides_no_lead(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    assert_true(command(s, GW_COMMAND_SHELVE, "if-1:CW-EV-TOUT-HH:pt.t1", 30 * MINUTE).done);
    scene_num(s, "pt.t1", 58);
    scene_run(s, 16 * MINUTE);
    char id[GW_RECORD_ID_SIZE];
    rec_id(scene_last(s, "CW-EV-TOUT-HH", "raised"), id);
    assert_string_equal(rec_str(scene_last(s, "CW-ILK-01", "raised"), "alarm"), id);
    assert_string_equal(rec_str(scene_last(s, "CW-TRP-01", "raised"), "alarm"), id);
    scene_free(s);
}

/* ---- suppressed by design, out of service ---- */

static void masks_are_counted(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    expect_told(s, "\"suppressed\":0");
    scene_contact(s, "di.run", false);
    scene_run(s, SECOND);
    expect_told(s, "\"suppressed\":1"); /* CW-EV-LOWQ */
    scene_state(s, "gas.s1", GW_S_INHIBIT);
    scene_quality(s, "gas.s2", GW_Q_INHIBIT);
    scene_run(s, SECOND);
    expect_told(s,
                "\"out_of_service\":[\"paint-1:GAS-EV-LOW:gas.s1\",\"paint-1:GAS-EV-LOW:gas.s2\","
                "\"paint-1:GAS-EV-HIGH:gas.s1\",\"paint-1:GAS-EV-HIGH:gas.s2\"]");
    scene_free(s);
}

/* ---- votes ---- */

static void three_of_five_samples(void **state)
{
    (void)state;
    struct scene *s = foundry_with(
        "\"if-1\":{\"type\":\"if_furnace\",\"name\":\"x\",\"facts\":{\"loop\":\"closed\"},"
        "\"rated\":{\"Q_IN\":40},\"roles\":{\"RUN\":\"di.run\",\"Q_IN\":\"fi.q\",\"Q_OUT\":\"fo."
        "q\"},"
        "\"overrides\":{\"CW-EV-DIFF\":{\"votes\":3,\"votes_of\":5,\"delay_s\":0,\"off_s\":0}}}");
    static const char leaks[] = "1010010101";
    scene_run(s, 10 * SECOND);
    for (size_t i = 0; leaks[i] != '\0'; i++) {
        assert_int_equal(scene_count(s, "CW-EV-DIFF", "raised"), 0);
        scene_num(s, "fo.q", leaks[i] == '1' ? 25 : 30);
        scene_run(s, SECOND);
    }
    assert_int_equal(scene_count(s, "CW-EV-DIFF", "raised"), 1);
    /* What was voted is kept: one more is enough after a restart, none is not. */
    scene_num(s, "fo.q", 30);
    scene_run(s, SECOND);
    assert_int_equal(scene_count(s, "CW-EV-DIFF", "returned"), 1);
    scene_restart(s, SCENE_CLEAN, SECOND, true);
    scene_num(s, "fo.q", 25);
    scene_run(s, 0);
    assert_int_equal(scene_count(s, "CW-EV-DIFF", "raised"), 2);
    scene_free(s);
}

/* ---- chatter, fleeting, stale ---- */

#define CONTACT_ONLY                                                                               \
    "\"if-1\":{\"type\":\"if_furnace\",\"name\":\"x\",\"facts\":{\"loop\":\"closed\"},"            \
    "\"roles\":{\"DI_TOUT_H\":\"di.x1\"},\"overrides\":{\"CW-EV-TOUT-HH\":{\"delay_s\":0,"         \
    "\"off_s\":0}}}"

static void toggle(struct scene *s, int times, int64_t each_ms)
{
    for (int i = 0; i < times; i++) {
        scene_contact(s, "di.x1", true);
        scene_run(s, each_ms);
        scene_contact(s, "di.x1", false);
        scene_run(s, each_ms);
    }
}

static void a_chattering_contact_gives_one_alarm_and_one_maintenance_finding(void **state)
{
    (void)state;
    struct scene *s = foundry_with(CONTACT_ONLY);
    scene_run(s, 10 * SECOND);
    toggle(s, 3, SECOND); /* twice it returned before it was known to chatter */
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "raised"), 3);
    assert_int_equal(scene_count(s, "DAT-EV-CHATTER", "raised"), 1);
    const struct scene_record *r = scene_last(s, "DAT-EV-CHATTER", "raised");
    assert_string_equal(rec_str(r, "condition/text/en"),
                        "CW-EV-TOUT-HH of di.x1 comes and goes, 3 times so far");
    toggle(s, 650, SECOND); /* 21 min 40 s */
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "raised"), 3);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "returned"), 2);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "summary"), 2);
    r = scene_last(s, "CW-EV-TOUT-HH", "summary");
    assert_string_equal(rec_str(r, "summary/because"), "chatter");
    assert_int_equal(rec_int(r, "summary/count"), 300);
    char id[GW_RECORD_ID_SIZE];
    rec_id(scene_last(s, "CW-EV-TOUT-HH", "raised"), id);
    assert_string_equal(rec_str(r, "alarm"), id);
    expect_told(s, "\"chattering\":[\"if-1:CW-EV-TOUT-HH:di.x1\"]");
    scene_restart(s, SCENE_CRASH, MINUTE, true);
    scene_run(s, 10 * MINUTE - SECOND);
    expect_told(s, "\"chattering\":[\"if-1:CW-EV-TOUT-HH:di.x1\"]");
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "returned"), 2);
    scene_run(s, SECOND);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "returned"), 3);
    scene_run(s, 31 * SECOND);
    assert_int_equal(scene_count(s, "DAT-EV-CHATTER", "returned"), 1);
    assert_int_equal(scene_count(s, "DAT-EV-CHATTER", "raised"), 1);
    expect_standing(s, "");
    scene_free(s);
}

/* Room for records is short: the case is told, what it repeats is counted. */
static void what_repeats_is_only_counted_while_room_is_short(void **state)
{
    (void)state;
    struct scene *s = foundry_with(CONTACT_ONLY);
    scene_run(s, 10 * SECOND);
    gw_engine_merge(scene_engine(s), true);
    toggle(s, 650, SECOND);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "raised"), 3);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "returned"), 2);
    assert_int_equal(scene_count(s, "DAT-EV-CHATTER", "raised"), 1);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "summary"), 0);
    /* Undone: one record tells it all. */
    gw_engine_merge(scene_engine(s), false);
    toggle(s, 1, SECOND);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "summary"), 1);
    const struct scene_record *r = scene_last(s, "CW-EV-TOUT-HH", "summary");
    assert_string_equal(rec_str(r, "summary/because"), "chatter");
    assert_int_equal(rec_int(r, "summary/count"), 648);
    /* Short to its end: the end tells the rest. */
    gw_engine_merge(scene_engine(s), true);
    toggle(s, 700, SECOND);
    scene_run(s, 11 * MINUTE);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "summary"), 1);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-HH", "returned"), 3);
    r = scene_last(s, "CW-EV-TOUT-HH", "returned");
    assert_string_equal(rec_str(r, "summary/because"), "chatter");
    assert_int_equal(rec_int(r, "summary/count"), 700);
    expect_standing(s, "");
    scene_free(s);
}

static void three_times_in_a_minute_and_not_in_more(void **state)
{
    (void)state;
    struct scene *s = foundry_with(CONTACT_ONLY);
    scene_run(s, 10 * SECOND);
    toggle(s, 5, 15 * SECOND + 500); /* from the first to the third 62 s */
    assert_int_equal(scene_count(s, "DAT-EV-CHATTER", "raised"), 0);
    toggle(s, 5, 15 * SECOND); /* 60 s */
    assert_int_equal(scene_count(s, "DAT-EV-CHATTER", "raised"), 1);
    scene_free(s);
}

static void what_is_shorter_than_its_delay_is_fleeting(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    for (int i = 0; i < 2; i++) {
        scene_num(s, "pt.t1", 52);
        scene_run(s, 9 * SECOND);
        scene_num(s, "pt.t1", 40);
        scene_run(s, MINUTE);
    }
    assert_int_equal(scene_records(s), 0);
    expect_told(s, "\"fleeting\":2");
    scene_restart(s, SCENE_CLEAN, SECOND, true);
    expect_told(s, "\"fleeting\":2");
    scene_free(s);
}

static void an_alarm_is_stale_after_a_day(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_num(s, "pt.t1", 52);
    scene_run(s, 10 * SECOND); /* raised now */
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", "raised"), 1);
    scene_step_ms(s, MINUTE);
    scene_run(s, DAY - MINUTE);
    scene_restart(s, SCENE_CLEAN, SECOND, true);
    scene_step_ms(s, SECOND);
    scene_run(s, 58 * SECOND);
    expect_told(s, "\"stale\":[]");
    scene_run(s, SECOND);
    expect_told(s, "\"stale\":[\"" TOUT_KEY "\"]");
    scene_free(s);
}

/* ---- floods ---- */

#define BATH(n)                                                                                    \
    "\"b" n "\":{\"type\":\"if_furnace\",\"name\":\"x\",\"facts\":{\"loop\":\"closed\"},"          \
    "\"roles\":{\"T_OUT\":\"pt.t1\"}},"
#define BATHS                                                                                      \
    BATH("01")                                                                                     \
    BATH("02")                                                                                     \
    BATH("03") BATH("04") BATH("05") BATH("06") BATH("07") BATH("08") BATH("09") BATH("10")

static void a_flood_holds_back_what_is_least_urgent(void **state)
{
    (void)state;
    struct scene *s = foundry_with(BATHS BATH("11") BATH("12") FOUNDRY_PAINT);
    scene_run(s, 10 * SECOND);
    scene_num(s, "pt.t1", 52);
    scene_run(s, 11 * SECOND);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", "raised"), 10); /* the eleventh makes it one */
    expect_told(s, "\"flood\":true,\"held\":2");
    /* The urgent ones come at once. */
    scene_state(s, "gas.s1", GW_S_HIGH);
    scene_run(s, SECOND);
    assert_int_equal(scene_count(s, "GAS-EV-HIGH", "raised"), 1);
    assert_int_equal(scene_count(s, "GAS-EV-LOW", "raised"), 1);
    scene_run(s, 10 * MINUTE);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", "raised"), 12);
    expect_told(s, "\"flood\":false,\"held\":0");
    const struct scene_record *r = scene_last(s, "CW-EV-TOUT-H", "raised");
    assert_string_equal(rec_str(r, "time/observed"), "2026-11-22T08:00:11.000+08:00");
    scene_free(s);
}

static void what_came_and_went_in_a_flood_is_told_after_it(void **state)
{
    (void)state;
    struct scene *s = foundry_with(BATHS BATH("11") FOUNDRY_PAINT);
    scene_run(s, 10 * SECOND);
    scene_num(s, "pt.t1", 52);
    scene_run(s, 11 * SECOND);
    scene_num(s, "pt.t1", 40);
    scene_run(s, MINUTE);
    expect_told(s, "\"flood\":true,\"held\":1");
    scene_restart(s, SCENE_CRASH, MINUTE, false);
    scene_run(s, 10 * MINUTE);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", "raised"), 10);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", "summary"), 1);
    const struct scene_record *r = scene_last(s, "CW-EV-TOUT-H", "summary");
    assert_string_equal(rec_str(r, "summary/because"), "flood");
    assert_int_equal(rec_int(r, "summary/count"), 1);
    assert_string_equal(rec_str(r, "case"), "b11:CW-EV-TOUT-H:pt.t1#1");
    assert_string_equal(rec_str(r, "time/observed"), "2026-11-22T08:00:22.000+08:00");
    expect_standing(s, "");
    scene_free(s);
}

static void a_lead_does_not_wait_for_a_flood(void **state)
{
    (void)state;
    struct scene *s =
        foundry_with(BATHS "\"c\":{\"type\":\"if_furnace\",\"name\":\"x\",\"facts\":{\"loop\":"
                           "\"closed\"},\"roles\":{\"RUN\":\"di.run\",\"P_IN\":\"pt.p1\"},"
                           "\"overrides\":{\"CW-TRP-01\":{\"delay_s\":60}}}");
    scene_run(s, 10 * SECOND);
    scene_num(s, "pt.t1", 52);
    scene_run(s, 11 * SECOND);
    scene_num(s, "pt.p1", 0.1);
    scene_run(s, 6 * SECOND);
    assert_int_equal(scene_count(s, "CW-EV-LOWP", "raised"), 0);
    scene_run(s, 63 * SECOND); /* the alarm is told first, so that it can be quoted */
    char id[GW_RECORD_ID_SIZE];
    rec_id(scene_last(s, "CW-EV-LOWP", "raised"), id);
    assert_string_equal(rec_str(scene_last(s, "CW-TRP-01", "raised"), "alarm"), id);
    scene_free(s);
}

/* ---- rules ---- */

static void an_acknowledged_gas_alarm_is_a_lead_after_a_day_of_running(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    scene_state(s, "gas.s1", GW_S_LOW);
    scene_run(s, SECOND);
    assert_true(command(s, GW_COMMAND_ACK, "paint-1:GAS-EV-LOW:gas.s1", 0).done);
    scene_step_ms(s, MINUTE);
    scene_run(s, 12 * HOUR);
    scene_contact(s, "di.run", false); /* a night */
    scene_run(s, 12 * HOUR);
    scene_contact(s, "di.run", true);
    scene_run(s, 12 * HOUR - MINUTE);
    scene_step_ms(s, SECOND);
    scene_run(s, 50 * SECOND);
    assert_int_equal(scene_count(s, "GAS-TRP-02", "raised"), 0);
    scene_run(s, 15 * SECOND);
    assert_int_equal(scene_count(s, "GAS-TRP-02", "raised"), 1);
    assert_int_equal(scene_count(s, "GAS-TRP-01", "raised"), 0);
    const struct scene_record *r = scene_last(s, "GAS-TRP-02", "raised");
    assert_string_equal(rec_str(r, "condition/text/en"),
                        "GAS-EV-LOW active, acknowledged for 24 h");
    scene_free(s);
}

static void a_state_that_its_value_does_not_bear_out_is_told(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_num(s, "gas.p1", 3);
    scene_state(s, "gas.s1", GW_S_HIGH);
    scene_num(s, "gas.p2", 55);
    scene_state(s, "gas.s2", GW_S_HIGH);
    scene_run(s, SECOND);
    const struct scene_record *r = scene_last(s, "GAS-EV-HIGH", "raised");
    assert_string_equal(rec_str(r, "subject"), "gas.s2");
    assert_string_equal(rec_str(r, "condition/text/en"), "gas.s2 HIGH");
    for (size_t i = 0; i < scene_records(s); i++) {
        r = scene_record(s, i);
        if (strcmp(r->key, HIGH_KEY) == 0)
            assert_string_equal(rec_str(r, "condition/text/en"),
                                "gas.s1 HIGH, though its value is below 50.00");
    }
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_acknowledges_unnamed),
        cmocka_unit_test(a_latched_alarm_stands_until_acknowledged_and_returned),
        cmocka_unit_test(acknowledged_first_it_ends_with_its_return),
        cmocka_unit_test(shelving_is_bounded_and_told),
        cmocka_unit_test(shelving_ends_by_a_word_or_by_its_time_whatever_the_clock_says),
        cmocka_unit_test(shelving_hides_no_lead),
        cmocka_unit_test(masks_are_counted),
        cmocka_unit_test(three_of_five_samples),
        cmocka_unit_test(a_chattering_contact_gives_one_alarm_and_one_maintenance_finding),
        cmocka_unit_test(what_repeats_is_only_counted_while_room_is_short),
        cmocka_unit_test(three_times_in_a_minute_and_not_in_more),
        cmocka_unit_test(what_is_shorter_than_its_delay_is_fleeting),
        cmocka_unit_test(an_alarm_is_stale_after_a_day),
        cmocka_unit_test(a_flood_holds_back_what_is_least_urgent),
        cmocka_unit_test(what_came_and_went_in_a_flood_is_told_after_it),
        cmocka_unit_test(a_lead_does_not_wait_for_a_flood),
        cmocka_unit_test(an_acknowledged_gas_alarm_is_a_lead_after_a_day_of_running),
        cmocka_unit_test(a_state_that_its_value_does_not_bear_out_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
