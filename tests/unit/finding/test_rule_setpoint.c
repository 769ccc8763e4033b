/* SPDX-License-Identifier: Apache-2.0
 *
 * What instruments are set to and which they are: at the exact number, and as remembered.
 */
#include "bench.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static uint32_t with(struct bench *b, enum gw_rule rule, const char *param, double value)
{
    bench_init(b, rule);
    const uint32_t p = bench_play(b, "GAS_SET1", "d0.set", 0, GW_V_NUM);
    snprintf(b->defs[p].unit, sizeof b->defs[p].unit, "%%LEL");
    bench_each(b, "GAS_SET1", 0);
    if (param != NULL)
        bench_param(b, param, value);
    bench_ready(b);
    return p;
}

static enum gw_tri read_as(struct bench *b, uint32_t point, double value)
{
    b->now_ms += 1000;
    bench_num(b, point, value);
    return bench_eval(b);
}

static void above_the_permitted_number_only(void **state)
{
    (void)state;
    struct bench b;
    const uint32_t p = with(&b, GW_RULE_SETPOINT, "high", 25);
    assert_int_equal(read_as(&b, p, 25), GW_UNKNOWN); /* once is not twice */
    assert_int_equal(read_as(&b, p, 25), GW_FALSE);
    assert_string_equal(b.ctx.why, "d0.set is set to 25.00 %LEL, <= the permitted 25.00 %LEL");
    assert_int_equal(read_as(&b, p, 25.01), GW_UNKNOWN);
    assert_int_equal(read_as(&b, p, 25.01), GW_TRUE);
    assert_string_equal(b.ctx.why, "d0.set is set to 25.01 %LEL, > the permitted 25.00 %LEL");
    assert_float_equal(b.ctx.limit, 25, 0);
    /* A set-point below the maximum is lawful, however far below. */
    static const double lawful[] = {24.99, 10, 5, 0, -1};
    for (size_t i = 0; i < sizeof lawful / sizeof lawful[0]; i++) {
        (void)read_as(&b, p, lawful[i]);
        assert_int_equal(read_as(&b, p, lawful[i]), GW_FALSE);
    }
    bench_free(&b);
}

static void below_the_least_number_only(void **state)
{
    (void)state;
    struct bench b;
    const uint32_t p = with(&b, GW_RULE_SETPOINT, "low", 19.5);
    b.rule->low = true;
    (void)read_as(&b, p, 19.5);
    assert_int_equal(read_as(&b, p, 19.5), GW_FALSE);
    (void)read_as(&b, p, 19.49);
    assert_int_equal(read_as(&b, p, 19.49), GW_TRUE);
    assert_string_equal(b.ctx.why, "d0.set is set to 19.49 %LEL, < the permitted 19.50 %LEL");
    (void)read_as(&b, p, 20.5);
    assert_int_equal(read_as(&b, p, 20.5), GW_FALSE);
    bench_free(&b);
}

static void of_a_rated_value(void **state)
{
    (void)state;
    struct bench b;
    const uint32_t p = with(&b, GW_RULE_SETPOINT, "high", 2);
    snprintf(b.rule->of_rated, sizeof b.rule->of_rated, "TOX_SET1");
    b.check.rated = 20;
    (void)read_as(&b, p, 40);
    assert_int_equal(read_as(&b, p, 40), GW_FALSE);
    (void)read_as(&b, p, 40.01);
    assert_int_equal(read_as(&b, p, 40.01), GW_TRUE);
    b.check.rated = (double)NAN;
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_free(&b);
}

static void what_cannot_be_read_is_not_judged(void **state)
{
    (void)state;
    struct bench b;
    const uint32_t p = with(&b, GW_RULE_SETPOINT, "high", 25);
    (void)read_as(&b, p, 60);
    assert_int_equal(read_as(&b, p, 60), GW_TRUE);
    b.now_ms += 1000;
    bench_quality(&b, p, GW_Q_BAD_COMM);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    assert_int_equal(read_as(&b, p, 60), GW_UNKNOWN); /* the one before was none */
    assert_int_equal(read_as(&b, p, 60), GW_TRUE);
    b.now_ms += 6000; /* stale */
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_free(&b);
}

static void a_changed_register_tells_old_and_new(void **state)
{
    (void)state;
    struct bench b;
    const uint32_t p = with(&b, GW_RULE_CHANGED, NULL, 0);
    assert_int_equal(read_as(&b, p, 25), GW_UNKNOWN);
    assert_string_equal(b.memory.kept, "");
    assert_int_equal(read_as(&b, p, 25), GW_FALSE);
    assert_string_equal(b.memory.kept, "25.00");
    assert_int_equal(read_as(&b, p, 20), GW_UNKNOWN); /* garbled once, perhaps */
    assert_int_equal(read_as(&b, p, 25), GW_UNKNOWN);
    assert_int_equal(read_as(&b, p, 25), GW_FALSE);
    (void)read_as(&b, p, 20);
    assert_int_equal(read_as(&b, p, 20), GW_TRUE);
    assert_string_equal(b.ctx.why, "d0.set was 25.00 %LEL and is 20.00 %LEL");
    assert_non_null(strstr(b.ctx.why_zh, "由 25.00 %LEL 变为 20.00 %LEL"));
    /* Back to the old value. */
    (void)read_as(&b, p, 25);
    assert_int_equal(read_as(&b, p, 25), GW_FALSE);
    assert_string_equal(b.memory.told, "");
    bench_free(&b);
}

static void acceptance_settles_what_was_told(void **state)
{
    (void)state;
    struct bench b;
    const uint32_t p = with(&b, GW_RULE_CHANGED, NULL, 0);
    (void)read_as(&b, p, 25);
    (void)read_as(&b, p, 25);
    assert_false(gw_rule_settle(&b.memory));
    (void)read_as(&b, p, 20);
    assert_int_equal(read_as(&b, p, 20), GW_TRUE);
    /* What came after it was told is not accepted with it. */
    (void)read_as(&b, p, 70);
    assert_int_equal(read_as(&b, p, 70), GW_TRUE);
    assert_true(gw_rule_settle(&b.memory));
    assert_string_equal(b.memory.kept, "20.00");
    assert_int_equal(read_as(&b, p, 70), GW_TRUE);
    (void)read_as(&b, p, 20);
    assert_int_equal(read_as(&b, p, 20), GW_FALSE);
    bench_free(&b);
}

/* The bench's samples carry no name; a batch without samples does. */
static enum gw_tri named(struct bench *b, const char *identity, enum gw_link link)
{
    b->now_ms += 1000;
    struct gw_batch batch = {.device = 0, .link = (uint8_t)link, .last = 1, .mono_ms = b->now_ms};
    snprintf(batch.identity, sizeof batch.identity, "%s", identity);
    gw_table_apply(b->table, &batch);
    return bench_eval(b);
}

static void another_device_is_told_and_an_unknown_one_is_not(void **state)
{
    (void)state;
    struct bench b;
    (void)with(&b, GW_RULE_SWAPPED, NULL, 0);
    snprintf(b.check.subject, sizeof b.check.subject, "d0");
    assert_int_equal(named(&b, "", GW_LINK_OK), GW_FALSE);
    assert_int_equal(named(&b, "AX100 sn 1", GW_LINK_OK), GW_FALSE);
    assert_string_equal(b.memory.kept, "AX100 sn 1");
    assert_int_equal(named(&b, "", GW_LINK_DOWN), GW_UNKNOWN);
    assert_int_equal(named(&b, "", GW_LINK_OK), GW_FALSE); /* it said so last */
    assert_int_equal(named(&b, "AX100 sn 2", GW_LINK_OK), GW_TRUE);
    assert_string_equal(b.ctx.why, "d0 was \"AX100 sn 1\" and is \"AX100 sn 2\"");
    assert_int_equal(named(&b, "", GW_LINK_DOWN), GW_UNKNOWN);
    assert_int_equal(named(&b, "AX100 sn 1", GW_LINK_OK), GW_FALSE);
    bench_free(&b);
}

/* Exchanged while the gateway was off: the table starts anew, the memory does not. */
static void a_device_swapped_in_down_time_is_seen(void **state)
{
    (void)state;
    struct bench b;
    (void)with(&b, GW_RULE_SWAPPED, NULL, 0);
    snprintf(b.memory.kept, sizeof b.memory.kept, "AX100 sn 1");
    assert_int_equal(bench_eval(&b), GW_UNKNOWN); /* not heard yet: no change */
    assert_int_equal(named(&b, "", GW_LINK_OK), GW_UNKNOWN);
    assert_int_equal(named(&b, "AX100 sn 2", GW_LINK_OK), GW_TRUE);
    assert_true(gw_rule_settle(&b.memory));
    assert_int_equal(named(&b, "AX100 sn 2", GW_LINK_OK), GW_FALSE);
    bench_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(above_the_permitted_number_only),
        cmocka_unit_test(below_the_least_number_only),
        cmocka_unit_test(of_a_rated_value),
        cmocka_unit_test(what_cannot_be_read_is_not_judged),
        cmocka_unit_test(a_changed_register_tells_old_and_new),
        cmocka_unit_test(acceptance_settles_what_was_told),
        cmocka_unit_test(another_device_is_told_and_an_unknown_one_is_not),
        cmocka_unit_test(a_device_swapped_in_down_time_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
