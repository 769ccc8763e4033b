/* SPDX-License-Identifier: Apache-2.0
 *
 * DEVIATION, RATE, DISAGREE, CHATTER and UNHANDLED "standing", at their exact boundaries.
 */
#include "bench.h"
#include "support/cmocka_all.h"

#include <string.h>

/* ---- deviation ---- */

static void two_quantities_apart_either_way(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_DEVIATION);
    const uint32_t out = bench_play(&b, "T_OUT", "pt.o", 0, GW_V_NUM);
    const uint32_t in = bench_play(&b, "T_IN", "pt.i", 0, GW_V_NUM);
    memcpy(b.defs[out].unit, "degC", 5);
    bench_need(&b, 0, "T_OUT");
    bench_need(&b, 1, "T_IN");
    bench_param(&b, "high", 20);
    bench_param(&b, "deadband", 1);
    bench_ready(&b);
    bench_num(&b, in, 30);
    bench_num(&b, out, 49.99);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    bench_num(&b, out, 50);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    assert_string_equal(b.ctx.why, "pt.o 50.00 °C, pt.i 30.00: apart by 20.00 °C >= 20.00 °C");
    bench_num(&b, out, 49);
    assert_int_equal(bench_eval(&b), GW_TRUE); /* the deadband */
    bench_num(&b, out, 48.99);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    bench_num(&b, out, 10);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    bench_quality(&b, in, GW_Q_BAD_FAULT);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_free(&b);
}

/* ---- rate ---- */

static uint32_t rate(struct bench *b, bool falling)
{
    bench_init(b, GW_RULE_RATE);
    const uint32_t t = bench_play(b, "T", "pt.t", 0, GW_V_NUM);
    memcpy(b->defs[t].unit, "degC", 5);
    b->rule->falling = falling;
    bench_need(b, 0, "T");
    bench_param(b, "rate", 6);
    bench_param(b, "window_s", 60);
    bench_param(b, "deadband", 1);
    bench_ready(b);
    return t;
}

/* One sample a second for so long, rising by so much a minute; returns the last answer. */
static enum gw_tri ramp(struct bench *b, uint32_t t, double *x, double per_minute, int seconds)
{
    enum gw_tri tri = GW_UNKNOWN;
    for (int i = 0; i < seconds; i++) {
        b->now_ms += 1000;
        *x += per_minute / 60.0;
        bench_num(b, t, *x);
        tri = bench_eval(b);
    }
    return tri;
}

static void a_rise_is_decided_over_a_full_window(void **state)
{
    (void)state;
    struct bench b;
    double x = 40.0;
    const uint32_t t = rate(&b, false);
    assert_int_equal(ramp(&b, t, &x, 6.0, 30), GW_UNKNOWN);
    assert_int_equal(ramp(&b, t, &x, 6.0, 40), GW_TRUE);
    assert_string_equal(b.ctx.why, "pt.t rises by 6.00 °C/min >= 6.00 °C/min");
    assert_int_equal(ramp(&b, t, &x, 5.0, 70), GW_TRUE); /* the deadband */
    assert_int_equal(ramp(&b, t, &x, 4.9, 70), GW_FALSE);
    assert_int_equal(ramp(&b, t, &x, 5.99, 70), GW_FALSE);
    assert_int_equal(ramp(&b, t, &x, -60.0, 70), GW_FALSE);
    bench_free(&b);
}

static void a_spike_is_no_rise_and_a_hole_is_nothing(void **state)
{
    (void)state;
    struct bench b;
    double x = 40.0;
    const uint32_t t = rate(&b, false);
    assert_int_equal(ramp(&b, t, &x, 0.0, 70), GW_FALSE);
    b.now_ms += 1000;
    bench_num(&b, t, 400);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    assert_int_equal(ramp(&b, t, &x, 0.0, 5), GW_FALSE);
    b.now_ms += 21 * 1000; /* more than a third of the window */
    bench_num(&b, t, x);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    assert_int_equal(ramp(&b, t, &x, 0.0, 35), GW_UNKNOWN); /* it is in the middle */
    assert_int_equal(ramp(&b, t, &x, 0.0, 25), GW_FALSE);   /* it has moved out */
    bench_free(&b);
}

static void a_fall_is_another_matter(void **state)
{
    (void)state;
    struct bench b;
    double x = 40.0;
    const uint32_t t = rate(&b, true);
    assert_int_equal(ramp(&b, t, &x, 60.0, 70), GW_FALSE);
    assert_int_equal(ramp(&b, t, &x, -6.0, 70), GW_TRUE);
    assert_string_equal(b.ctx.why, "pt.t falls by 6.00 °C/min >= 6.00 °C/min");
    bench_free(&b);
}

/* ---- state against value ---- */

static void a_value_beyond_its_limit_and_a_state_that_says_no(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_DISAGREE);
    const uint32_t gas = bench_play(&b, "GAS", "d.p", 0, GW_V_NUM);
    const uint32_t says = bench_play(&b, "GAS_STATE", "d.s", 0, GW_V_STATE);
    memcpy(b.defs[gas].unit, "%LEL", 5);
    memcpy(b.rule->unit, "%LEL", 5);
    bench_need(&b, 0, "GAS");
    bench_test_state(&b, "GAS_STATE", 1u << GW_S_LOW | 1u << GW_S_HIGH);
    bench_param(&b, "high", 25);
    bench_ready(&b);
    bench_num(&b, gas, 24.99);
    bench_state(&b, says, GW_S_NORMAL);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    bench_num(&b, gas, 25);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    assert_string_equal(b.ctx.why, "d.s NORMAL, but d.p 25.00 %LEL >= 25.00 %LEL");
    bench_state(&b, says, GW_S_LOW);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    bench_state(&b, says, GW_S_UNKNOWN);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_state(&b, says, GW_S_NORMAL);
    bench_quality(&b, gas, GW_Q_BAD_FAULT);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_free(&b);
}

/* ---- chatter, standing alarms ---- */

static void watch_two(struct bench *b, enum gw_rule rule)
{
    static uint32_t causes[2] = {0, 1};
    bench_init(b, rule);
    bench_ready(b);
    b->check.causes = causes;
    b->check.ncauses = 2;
    for (size_t i = 0; i < 2; i++)
        b->peers[i] = (struct gw_peer){.def = &b->check, .answer = GW_FALSE};
}

static void one_alarm_that_chatters_is_enough(void **state)
{
    (void)state;
    struct bench b;
    watch_two(&b, GW_RULE_CHATTER);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    b.peers[1].chatter = 7;
    assert_int_equal(bench_eval(&b), GW_TRUE);
    assert_non_null(strstr(b.ctx.why, "comes and goes, 7 times so far"));
    bench_free(&b);
}

static void nothing_answers_a_standing_alarm_but_its_end(void **state)
{
    (void)state;
    struct bench b;
    watch_two(&b, GW_RULE_UNHANDLED);
    b.rule->standing = true;
    b.check.cause = 0;
    b.peers[0].active = true;
    b.peers[0].answer = GW_TRUE;
    b.peers[0].acked = true;
    assert_int_equal(bench_eval(&b), GW_TRUE);
    assert_non_null(strstr(b.ctx.why, "active, acknowledged"));
    b.peers[0].answer = GW_UNKNOWN;
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    b.peers[0].answer = GW_FALSE;
    assert_int_equal(bench_eval(&b), GW_FALSE);
    bench_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_quantities_apart_either_way),
        cmocka_unit_test(a_rise_is_decided_over_a_full_window),
        cmocka_unit_test(a_spike_is_no_rise_and_a_hole_is_nothing),
        cmocka_unit_test(a_fall_is_another_matter),
        cmocka_unit_test(a_value_beyond_its_limit_and_a_state_that_says_no),
        cmocka_unit_test(one_alarm_that_chatters_is_enough),
        cmocka_unit_test(nothing_answers_a_standing_alarm_but_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
