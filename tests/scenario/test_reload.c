/* SPDX-License-Identifier: Apache-2.0
 *
 * Another configuration takes the place of the running one: what stands, runs and was said goes on.
 */
#include "asked.h"
#include "foundry.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOTH     FOUNDRY_FURNACE "," FOUNDRY_PAINT
#define HIGH_KEY "paint-1:GAS-EV-HIGH:gas.s1"
#define TOUT_KEY "if-1:CW-EV-TOUT-H:pt.t1"

/* The furnace with a lower limit of its outlet temperature. */
#define FURNACE_TIGHT                                                                              \
    "\"if-1\":{\"type\":\"if_furnace\",\"name\":\"1号中频炉\",\"location\":\"东跨\","        \
    "\"facts\":{\"loop\":\"closed\"},\"rated\":{\"Q_IN\":40},"                                     \
    "\"roles\":{\"RUN\":\"di.run\",\"T_OUT\":\"pt.t1\",\"Q_IN\":\"fi.q\",\"Q_OUT\":\"fo.q\","      \
    "\"DI_HEAT\":\"di.heat\"},\"overrides\":{\"CW-EV-TOUT-H\":{\"high\":45}}}"

static void expect_standing(const struct scene *s, const char *want)
{
    char *have = scene_standing(s);
    assert_string_equal(have, want);
    free(have);
}

static struct gw_command_answer command(struct scene *s, enum gw_command_kind kind,
                                        const char *target, int64_t for_ms)
{
    const struct gw_stamp now = scene_now(s);
    struct gw_command_answer out = {0};
    struct gw_command cmd = {.kind = kind, .by = GW_BY_LOCAL, .until_ms = now.wall_ms + for_ms};
    snprintf(cmd.who, sizeof cmd.who, "值班电工");
    snprintf(cmd.reason, sizeof cmd.reason, "更换传感器");
    snprintf(cmd.target, sizeof cmd.target, "%s", target);
    gw_engine_command(scene_engine(s), &cmd, &now, &out);
    scene_commit(s);
    return out;
}

/* Runs until there is such a record; returns how long that took. */
static int64_t run_until(struct scene *s, const char *code, const char *state, int64_t most,
                         int64_t swap_every)
{
    for (int64_t ms = SECOND; ms <= most; ms += SECOND) {
        scene_run(s, SECOND);
        if (scene_count(s, code, state) > 0)
            return ms;
        if (swap_every > 0 && ms % swap_every == 0)
            scene_swap(s, BOTH);
    }
    fail_msg("no record: %s %s", code, state);
    return 0;
}

/* The step after a swap counts as unknown; nothing else is lost of a delay. */
static void a_running_delay_goes_on(void **state)
{
    (void)state;
    int64_t took[2];
    for (int i = 0; i < 2; i++) {
        struct scene *s = foundry_new();
        scene_run(s, 10 * SECOND);
        scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
        took[i] = run_until(s, "GAS-FLT-01", "raised", DAY, i == 0 ? 0 : 30 * SECOND);
        scene_free(s);
    }
    assert_true(took[0] > MINUTE);
    assert_in_range(took[1], took[0], took[0] + took[0] / 30 + 2 * SECOND);
}

static void what_stands_stands_once(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "GAS-FLT-01", "raised"), 1);
    const char *row = scene_row(s, "paint-1:GAS-FLT-01:gas.s1");
    assert_non_null(row);
    char *before = scene_standing(s);
    for (int i = 0; i < 20; i++) {
        scene_swap(s, BOTH);
        expect_standing(s, before);
        scene_run(s, MINUTE);
    }
    expect_standing(s, before);
    free(before);
    assert_int_equal(scene_count(s, "GAS-FLT-01", "raised"), 1);
    scene_state(s, "gas.s1", GW_S_NORMAL);
    scene_step_ms(s, MINUTE);
    scene_run(s, DAY + HOUR);
    assert_int_equal(scene_count(s, "GAS-FLT-01", "cleared"), 1);
    scene_free(s);
}

static void latches_and_acknowledgements_go_on(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    scene_state(s, "gas.s1", GW_S_HIGH);
    scene_run(s, 10 * SECOND);
    scene_state(s, "gas.s1", GW_S_NORMAL);
    scene_run(s, 2 * MINUTE);
    scene_swap(s, BOTH);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "GAS-EV-HIGH", "returned"), 0);
    assert_true(command(s, GW_COMMAND_ACK, HIGH_KEY, 0).done);
    scene_run(s, MINUTE);
    assert_int_equal(scene_count(s, "GAS-EV-HIGH", "returned"), 1);
    assert_int_equal(scene_count(s, "GAS-EV-HIGH", "raised"), 1);

    scene_state(s, "gas.s1", GW_S_HIGH);
    scene_run(s, 10 * SECOND);
    assert_true(command(s, GW_COMMAND_ACK, HIGH_KEY, 0).done);
    scene_swap(s, BOTH);
    assert_false(command(s, GW_COMMAND_ACK, HIGH_KEY, 0).done); /* it is */
    scene_free(s);
}

static void a_shelf_a_permit_and_an_order_go_on(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    scene_num(s, "pt.t1", 53);
    scene_run(s, MINUTE);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", "raised"), 1);
    assert_true(command(s, GW_COMMAND_SHELVE, TOUT_KEY, 30 * MINUTE).done);
    const struct gw_command permit = asked_permit(s, "P-1", "paint-1", GW_PERMIT_MAINTENANCE, HOUR);
    asked(s, &permit);
    const struct gw_command order = asked_order(GW_ORDER_WATCH, "if-1");
    asked(s, &order);
    scene_swap(s, FURNACE_TIGHT "," FOUNDRY_PAINT);
    const struct gw_govern *g = gw_engine_govern(scene_engine(s));
    assert_int_equal(g->npermits, 1);
    assert_string_equal(g->permits[0].id, "P-1");
    assert_int_equal(g->norders, 1);
    scene_run(s, 20 * MINUTE);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", "unshelve"), 0);
    scene_run(s, 15 * MINUTE); /* its time is over, whatever was reloaded */
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", "unshelve"), 1);
    scene_run(s, HOUR);
    assert_int_equal(gw_engine_govern(scene_engine(s))->npermits, 0);
    scene_free(s);
}

/* A case does not end by being left out of the site file, and is the same one when it comes back. */
static void a_removed_asset_leaves_its_cases(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_state(s, "gas.s1", GW_S_SENSOR_FAULT);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "GAS-FLT-01", "raised"), 1);
    char *before = scene_standing(s);
    scene_swap(s, FOUNDRY_FURNACE);
    scene_run(s, HOUR);
    expect_standing(s, before);
    struct gw_engine_counts counts;
    gw_engine_counts(scene_engine(s), &counts);
    assert_true(counts.leads >= 1);
    scene_swap(s, FOUNDRY_FURNACE); /* still known after another one */
    expect_standing(s, before);
    scene_restart(s, SCENE_CRASH, MINUTE, true);
    expect_standing(s, before);
    scene_swap(s, BOTH);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "GAS-FLT-01", "raised"), 1);
    scene_state(s, "gas.s1", GW_S_NORMAL);
    scene_step_ms(s, MINUTE);
    scene_run(s, DAY + HOUR);
    assert_int_equal(scene_count(s, "GAS-FLT-01", "cleared"), 1);
    free(before);
    scene_free(s);
}

static void a_changed_limit_holds_from_then_on(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_num(s, "pt.t1", 47);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", "raised"), 0);
    scene_swap(s, FURNACE_TIGHT "," FOUNDRY_PAINT);
    scene_run(s, MINUTE);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", "raised"), 1);
    assert_string_equal(rec_str(scene_last(s, "CW-EV-TOUT-H", "raised"), "condition/limit"),
                        "45.00");
    scene_swap(s, BOTH);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "CW-EV-TOUT-H", "returned"), 1);
    scene_free(s);
}

/* The window began before the swap, and is whole. */
static void an_evidence_window_is_whole(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * MINUTE);
    scene_state(s, "gas.s1", GW_S_HIGH);
    scene_run(s, 10 * SECOND);
    scene_swap(s, BOTH);
    scene_run(s, 10 * MINUTE);
    const struct scene_record *r = scene_last(s, "GAS-EV-HIGH", NULL);
    assert_non_null(r->window);
    assert_non_null(strstr(r->window, "\"complete\":true"));
    scene_free(s);
}

/* What was taken and not committed is committed before; the journal says so. */
static void a_record_that_waits_is_seen(void **state)
{
    (void)state;
    struct scene *s = foundry_new();
    scene_run(s, 10 * SECOND);
    scene_commit_lag(s, 5);
    scene_state(s, "gas.s1", GW_S_HIGH);
    scene_run(s, 4 * SECOND);
    assert_true(gw_engine_waits(scene_engine(s)));
    scene_swap(s, BOTH);
    assert_false(gw_engine_waits(scene_engine(s)));
    scene_commit_lag(s, 0);
    scene_run(s, HOUR);
    assert_int_equal(scene_count(s, "GAS-EV-HIGH", "raised"), 1);
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_running_delay_goes_on),
        cmocka_unit_test(what_stands_stands_once),
        cmocka_unit_test(latches_and_acknowledgements_go_on),
        cmocka_unit_test(a_shelf_a_permit_and_an_order_go_on),
        cmocka_unit_test(a_removed_asset_leaves_its_cases),
        cmocka_unit_test(a_changed_limit_holds_from_then_on),
        cmocka_unit_test(an_evidence_window_is_whole),
        cmocka_unit_test(a_record_that_waits_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
