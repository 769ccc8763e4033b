/* SPDX-License-Identifier: Apache-2.0
 *
 * Proof tests: what was seen is recorded, what was not is refused; findings make use of it.
 */
#include <stdio.h>
#include <string.h>

#include "asked.h"
#include "foundry.h"
#include "support/cmocka_all.h"

#define FURNACE_A                                                                                  \
    "\"a\":{\"type\":\"if_furnace\",\"name\":\"x\",\"facts\":{\"loop\":\"closed\"},"               \
    "\"rated\":{\"Q_IN\":40},\"roles\":{\"RUN\":\"di.run\",\"T_OUT\":\"pt.t1\",\"Q_IN\":\"fi.q\"," \
    "\"Q_OUT\":\"fo.q\",\"DI_HEAT\":\"di.heat\"}}"

static struct gw_command proof(const char *point, enum gw_proof_what what)
{
    struct gw_command c = {.kind = GW_COMMAND_PROOF, .by = GW_BY_LOCAL, .what = what};
    (void)snprintf(c.who, sizeof c.who, "technician/uid 1000");
    (void)snprintf(c.target, sizeof c.target, "a");
    (void)snprintf(c.point, sizeof c.point, "%s", point);
    return c;
}

static void what_did_not_move_is_refused(void **state)
{
    (void)state;
    struct scene *s = foundry_with(FURNACE_A);
    scene_run(s, 30 * SECOND);
    struct gw_command c = proof("di.run", GW_PROOF_MOVED);
    asked_in_vain(s, &c, "did not see it move");
    c = proof("none.x", GW_PROOF_MOVED);
    asked_in_vain(s, &c, "no such point");
    c = proof("gas.p1", GW_PROOF_MOVED);
    asked_in_vain(s, &c, "plays no role");
    c = proof("di.run", GW_PROOF_MOVED);
    (void)snprintf(c.target, sizeof c.target, "b");
    asked_in_vain(s, &c, "no such asset");
    scene_contact(s, "di.run", false);
    scene_run(s, 2 * SECOND);
    c = proof("di.run", GW_PROOF_MOVED);
    (void)snprintf(c.who, sizeof c.who, "Zhang San");
    asked_in_vain(s, &c, "role must be");
    c = proof("di.run", GW_PROOF_MOVED);
    c.by = GW_BY_PLATFORM;
    asked_in_vain(s, &c, "on the spot");
    assert_int_equal(gw_engine_proofs(scene_engine(s))->n, 0);
    scene_free(s);
}

static void what_moved_is_recorded_and_kept(void **state)
{
    (void)state;
    struct scene *s = foundry_with(FURNACE_A);
    scene_run(s, 30 * SECOND);
    scene_contact(s, "di.run", false);
    scene_run(s, 2 * SECOND);
    const struct gw_command c = proof("di.run", GW_PROOF_MOVED);
    asked(s, &c);
    const struct scene_record *r = asked_last(s);
    assert_string_equal(rec_str(r, "command"), "proof");
    assert_string_equal(rec_str(r, "what"), "moved");
    assert_string_equal(rec_str(r, "role"), "RUN");
    assert_string_equal(rec_str(r, "from_value"), "true");
    assert_string_equal(rec_str(r, "to_value"), "false");
    assert_string_equal(rec_str(r, "by"), "local");
    assert_true(gw_engine_governed(scene_engine(s)));
    scene_restart(s, SCENE_CRASH, MINUTE, true);
    const struct gw_proofs *p = gw_engine_proofs(scene_engine(s));
    assert_int_equal(p->n, 1);
    assert_string_equal(p->list[0].by, "technician/uid 1000");
    scene_free(s);
}

/* What moved before somebody was asked to move it is not what they did; what did, was when it was. */
static void an_old_movement_is_no_proof(void **state)
{
    (void)state;
    struct scene *s = foundry_with(FURNACE_A);
    scene_run(s, 30 * SECOND);
    scene_contact(s, "di.run", false);
    scene_num(s, "pt.t1", 50);
    scene_run(s, MINUTE);
    struct gw_command c = proof("di.run", GW_PROOF_MOVED);
    c.since_ms = scene_now(s).wall_ms - 20 * SECOND;
    asked_in_vain(s, &c, "did not see it move");
    struct gw_command t1 = proof("pt.t1", GW_PROOF_MOVED);
    t1.since_ms = c.since_ms;
    asked_in_vain(s, &t1, "did not see it move");
    scene_contact(s, "di.run", true);
    scene_num(s, "pt.t1", 60);
    scene_run(s, SECOND);
    const int64_t moved_ms = scene_now(s).wall_ms;
    scene_run(s, 10 * SECOND);
    asked(s, &c);
    asked(s, &t1);
    char iso[GW_ISO_SIZE];
    gw_clock_iso(moved_ms, iso);
    assert_string_equal(rec_str(asked_last(s), "at"), iso);
    assert_string_equal(rec_str(asked_last(s), "from_value"), "50.00");
    const struct gw_proofs *p = gw_engine_proofs(scene_engine(s));
    assert_int_equal(p->n, 2);
    assert_true(p->list[0].at_ms == moved_ms && p->list[1].at_ms == moved_ms);
    scene_free(s);
}

/* The heating is switched off by what trips it, in its time; or by a hand. */
static void an_interlock_is_seen_to_act(void **state)
{
    (void)state;
    const struct gw_command acted = proof("di.heat", GW_PROOF_ACTED);
    struct scene *s = foundry_with(FURNACE_A);
    scene_run(s, 30 * SECOND);
    scene_contact(s, "di.heat", false);
    scene_run(s, 5 * SECOND);
    asked_in_vain(s, &acted, "no cause");
    const struct gw_command other = proof("di.run", GW_PROOF_ACTED);
    asked_in_vain(s, &other, "did not see it move");
    scene_free(s);

    s = foundry_with(FURNACE_A);
    scene_run(s, 30 * SECOND);
    scene_num(s, "pt.t1", 60);
    scene_run(s, 4 * SECOND);
    scene_contact(s, "di.heat", false);
    scene_run(s, 5 * SECOND);
    asked(s, &acted);
    const struct scene_record *r = asked_last(s);
    assert_string_equal(rec_str(r, "what"), "acted");
    assert_string_equal(rec_str(r, "role"), "DI_HEAT");
    assert_in_range(rec_int(r, "after_ms"), 3000, 5000);
    scene_free(s);

    /* Too late is no interlock; nor is what goes the wrong way. */
    s = foundry_with(FURNACE_A);
    scene_run(s, 30 * SECOND);
    scene_num(s, "pt.t1", 60);
    scene_run(s, MINUTE);
    scene_contact(s, "di.heat", false);
    scene_run(s, 5 * SECOND);
    asked_in_vain(s, &acted, "no cause");
    scene_contact(s, "di.heat", true);
    scene_run(s, 5 * SECOND);
    asked_in_vain(s, &acted, "no interlock");
    scene_free(s);
}

/* A cause that moved without its alarm tripped nothing: a shielded detector, a little more water, an
 * alarm that was there before the start. */
static void without_an_alarm_nothing_acted(void **state)
{
    (void)state;
    const struct gw_command fan = proof("di.fan", GW_PROOF_ACTED);
    const struct scene_conf store = {
        .sector = "light",
        .assets = "\"a\":{\"type\":\"liquor_store\",\"name\":\"x\",\"roles\":{\"GAS\":\"gas.p1\","
                  "\"GAS_STATE\":\"gas.s1\",\"DI_FAN\":\"di.fan\"}}",
    };
    struct scene *s = foundry_conf(&store);
    scene_state(s, "gas.s1", GW_S_NORMAL);
    scene_run(s, 30 * SECOND);
    scene_state(s, "gas.s1", GW_S_SHIELDED);
    scene_run(s, 2 * SECOND);
    scene_contact(s, "di.fan", true);
    scene_run(s, 2 * SECOND);
    asked_in_vain(s, &fan, "no cause");
    scene_contact(s, "di.fan", false);
    scene_state(s, "gas.s1", GW_S_NORMAL);
    scene_run(s, MINUTE);
    scene_state(s, "gas.s1", GW_S_HIGH);
    scene_run(s, 2 * SECOND);
    scene_contact(s, "di.fan", true);
    scene_run(s, 2 * SECOND);
    asked(s, &fan);
    assert_in_range(rec_int(asked_last(s), "after_ms"), 1000, 3000);
    scene_free(s);

    const struct gw_command heat = proof("di.heat", GW_PROOF_ACTED);
    s = foundry_with(FURNACE_A);
    scene_run(s, 30 * SECOND);
    scene_num(s, "fi.q", 34);
    scene_num(s, "fo.q", 34);
    scene_num(s, "pt.t1", 45);
    scene_run(s, 2 * SECOND);
    scene_contact(s, "di.heat", false);
    scene_run(s, 2 * SECOND);
    asked_in_vain(s, &heat, "no cause");
    scene_free(s);

    s = foundry_with(FURNACE_A);
    scene_num(s, "pt.t1", 60);
    scene_run(s, 2 * SECOND);
    scene_contact(s, "di.heat", false);
    scene_run(s, 2 * SECOND);
    asked_in_vain(s, &heat, "no cause");
    scene_free(s);
}

/* An instrument that is silent from the start: never commissioned, or commissioned and lost. */
static void absence_tells_who_was_commissioned(void **state)
{
    (void)state;
    for (int proved = 0; proved < 2; proved++) {
        struct scene *s = foundry_with(FURNACE_A);
        if (proved) {
            scene_run(s, 30 * SECOND);
            scene_num(s, "pt.t1", 60);
            scene_run(s, 2 * SECOND);
            const struct gw_command c = proof("pt.t1", GW_PROOF_MOVED);
            asked(s, &c);
            scene_link(s, "pt", GW_LINK_DOWN);
            scene_restart(s, SCENE_CLEAN, MINUTE, true);
        } else {
            scene_link(s, "pt", GW_LINK_DOWN);
        }
        scene_step_ms(s, 5 * MINUTE);
        scene_run(s, 25 * HOUR);
        if (proved) {
            /* It was met before, so it is failed and no longer absent. */
            assert_int_equal(scene_count(s, "CW-ABS-01", "raised"), 0);
        } else {
            const char *why = rec_str(scene_last(s, "CW-ABS-01", "raised"), "condition/text/en");
            assert_non_null(strstr(why, "never commissioned"));
        }
        scene_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_did_not_move_is_refused),
        cmocka_unit_test(what_moved_is_recorded_and_kept),
        cmocka_unit_test(an_old_movement_is_no_proof),
        cmocka_unit_test(an_interlock_is_seen_to_act),
        cmocka_unit_test(without_an_alarm_nothing_acted),
        cmocka_unit_test(absence_tells_who_was_commissioned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
