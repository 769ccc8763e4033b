/* SPDX-License-Identifier: Apache-2.0
 *
 * RUN gate, limits and balance, at their exact boundaries.
 */
#include "bench.h"
#include "finding/record.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

static enum gw_tri with_num(struct bench *b, uint32_t point, double x)
{
    b->now_ms += 1000;
    bench_num(b, point, x);
    return bench_eval(b);
}

/* ---- limit ---- */

static uint32_t high_limit(struct bench *b)
{
    bench_init(b, GW_RULE_LIMIT);
    const uint32_t t = bench_play(b, "T_OUT", "pt.t1", 0, GW_V_NUM);
    memcpy(b->defs[t].unit, "degC", 5);
    bench_need(b, 0, "T_OUT");
    bench_param(b, "high", 55);
    bench_param(b, "deadband", 1);
    bench_ready(b);
    return t;
}

static void a_high_limit_is_reached_at_itself(void **state)
{
    (void)state;
    struct bench b;
    const uint32_t t = high_limit(&b);
    assert_int_equal(with_num(&b, t, 54.99), GW_FALSE);
    assert_string_equal(b.ctx.why, "pt.t1 54.99 °C < 55.00 °C");
    assert_int_equal(with_num(&b, t, 55.0), GW_TRUE);
    assert_string_equal(b.ctx.why, "pt.t1 55.00 °C >= 55.00 °C");
    assert_string_equal(b.ctx.why_zh, "T_OUT pt.t1 55.00 °C ≥ 55.00 °C");
    assert_float_equal(b.ctx.value, 55.0, 0.0);
    assert_float_equal(b.ctx.limit, 55.0, 0.0);
    assert_int_equal(b.ctx.decimals, 2);
    bench_free(&b);
}

static void the_deadband_holds_on_the_way_back_only(void **state)
{
    (void)state;
    struct bench b;
    const uint32_t t = high_limit(&b);
    assert_int_equal(with_num(&b, t, 54.5), GW_FALSE);
    assert_int_equal(with_num(&b, t, 55.0), GW_TRUE);
    assert_int_equal(with_num(&b, t, 54.0), GW_TRUE);
    assert_string_equal(b.ctx.why, "pt.t1 54.00 °C >= 55.00 - 1.00 °C");
    assert_int_equal(with_num(&b, t, 53.99), GW_FALSE);
    assert_string_equal(b.ctx.why, "pt.t1 53.99 °C < 55.00 - 1.00 °C");
    assert_int_equal(with_num(&b, t, 54.0), GW_FALSE);
    bench_free(&b);
}

static void two_numbers_that_differ_look_different(void **state)
{
    (void)state;
    struct bench b;
    const uint32_t t = high_limit(&b);
    assert_int_equal(with_num(&b, t, 54.9996), GW_FALSE);
    assert_string_equal(b.ctx.why, "pt.t1 54.9996 °C < 55.0000 °C");
    bench_free(&b);
}

static void a_low_limit_is_left_below_itself(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_LIMIT);
    const uint32_t q = bench_play(&b, "Q_IN", "fm.q", 0, GW_V_NUM);
    b.defs[q].decimals = 0;
    bench_need(&b, 0, "Q_IN");
    b.rule->low = true;
    memcpy(b.rule->of_rated, "Q_IN", 5);
    b.check.rated = 15.5;
    bench_param(&b, "low", 0.6);
    bench_param(&b, "deadband", 0.1);
    bench_ready(&b);
    assert_int_equal(with_num(&b, q, 9.3), GW_FALSE);
    assert_int_equal(with_num(&b, q, 9.29), GW_TRUE);
    assert_string_equal(b.ctx.why, "fm.q 9.29 < 9.30");
    /* 9.3 + 1.55 */
    assert_int_equal(with_num(&b, q, 10.84), GW_TRUE);
    assert_int_equal(with_num(&b, q, 10.85), GW_FALSE);
    bench_free(&b);
}

static void no_rated_value_no_answer(void **state)
{
    (void)state;
    struct bench b;
    const uint32_t t = high_limit(&b);
    memcpy(b.rule->of_rated, "Q_IN", 5);
    assert_int_equal(with_num(&b, t, 1000), GW_UNKNOWN);
    b.check.rated = 10;
    assert_int_equal(with_num(&b, t, 549.99), GW_FALSE);
    assert_int_equal(with_num(&b, t, 550), GW_TRUE);
    bench_free(&b);
}

static void only_good_values_decide(void **state)
{
    (void)state;
    struct bench b;
    const uint32_t t = high_limit(&b);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    assert_string_equal(b.ctx.why, "not evaluated: pt.t1 NOT_YET");
    for (int q = GW_Q_NOT_YET; q < GW_Q_COUNT; q++) {
        if (q != GW_Q_GOOD) {
            b.now_ms += 1000;
            bench_quality(&b, t, (enum gw_quality)q);
            assert_int_equal(bench_eval(&b), GW_UNKNOWN);
        }
    }
    assert_int_equal(with_num(&b, t, 60), GW_TRUE);
    b.now_ms += 5000; /* as old as it may be */
    assert_int_equal(bench_eval(&b), GW_TRUE);
    b.now_ms += 1;
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    assert_string_equal(b.ctx.why, "not evaluated: pt.t1 STALE");
    assert_true(isnan(b.ctx.value));
    bench_free(&b);
}

static void the_first_alternative_that_is_played_decides(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_LIMIT);
    const uint32_t t = bench_play(&b, "T_OUT", "pt.t1", 0, GW_V_NUM);
    bench_need(&b, 0, "T_TOP");
    bench_need(&b, 0, "T_OUT");
    bench_param(&b, "high", 55);
    bench_ready(&b);
    assert_int_equal(with_num(&b, t, 55), GW_TRUE);
    bench_free(&b);
}

static void each_has_its_own_point(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_LIMIT);
    const uint32_t one = bench_play(&b, "GAS", "gas.p1", 0, GW_V_NUM);
    const uint32_t two = bench_play(&b, "GAS", "gas.p2", 0, GW_V_NUM);
    bench_each(&b, "GAS", 1);
    bench_param(&b, "high", 25);
    bench_ready(&b);
    bench_num(&b, one, 60);
    assert_int_equal(with_num(&b, two, 24.9), GW_FALSE);
    assert_int_equal(with_num(&b, two, 25), GW_TRUE);
    assert_string_equal(b.ctx.why, "gas.p2 25.00 >= 25.00");
    bench_free(&b);
}

static void another_unit_is_not_compared(void **state)
{
    (void)state;
    struct bench b;
    const uint32_t t = high_limit(&b);
    memcpy(b.rule->unit, "%LEL", 5);
    assert_int_equal(with_num(&b, t, 60), GW_UNKNOWN);
    memcpy(b.rule->unit, "degC", 5);
    assert_int_equal(with_num(&b, t, 60), GW_TRUE);
    bench_free(&b);
}

/* ---- RUN ---- */

static void the_gate(void **state)
{
    (void)state;
    static const struct {
        enum gw_run_gate gate;
        enum gw_tri stopped, unsure;
    } rows[] = {
        {GW_RUN_NONE, GW_TRUE, GW_TRUE},
        {GW_RUN_HOLD, GW_UNKNOWN, GW_UNKNOWN},
        {GW_RUN_RESET, GW_FALSE, GW_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        bench_init(&b, GW_RULE_LIMIT);
        const uint32_t t = bench_play(&b, "T_OUT", "pt.t1", 0, GW_V_NUM);
        const uint32_t run = bench_play(&b, "RUN", "di.run", 2, GW_V_BOOL);
        bench_need(&b, 0, "T_OUT");
        bench_param(&b, "high", 55);
        b.finding.run = rows[i].gate;
        bench_ready(&b);
        assert_int_equal(with_num(&b, t, 60), rows[i].unsure); /* RUN was never read */
        assert_string_equal(gw_rule_mode(&b.check, b.table, b.now_ms), "UNKNOWN");
        bench_contact(&b, run, true);
        assert_int_equal(with_num(&b, t, 60), GW_TRUE);
        assert_string_equal(gw_rule_mode(&b.check, b.table, b.now_ms), "RUN");
        b.now_ms += 10;
        bench_contact(&b, run, false);
        assert_int_equal(with_num(&b, t, 60), rows[i].stopped);
        assert_string_equal(gw_rule_mode(&b.check, b.table, b.now_ms), "STOP");
        if (rows[i].gate != GW_RUN_NONE)
            assert_string_equal(b.ctx.why, "asset stopped (di.run)");
        b.now_ms += 10;
        bench_quality(&b, run, GW_Q_BAD_COMM);
        assert_int_equal(with_num(&b, t, 60), rows[i].unsure);
        bench_free(&b);
    }
}

static void without_run_nothing_is_gated(void **state)
{
    (void)state;
    struct bench b;
    const uint32_t t = high_limit(&b);
    b.finding.run = GW_RUN_HOLD;
    assert_int_equal(with_num(&b, t, 60), GW_TRUE);
    assert_string_equal(gw_rule_mode(&b.check, b.table, b.now_ms), "UNKNOWN");
    bench_free(&b);
}

/* A finding that should be gated and cannot be is one step weaker; below C there is nothing. */
static void strength_without_run(void **state)
{
    (void)state;
    struct bench b;
    (void)high_limit(&b);
    for (char s = 'A'; s <= 'C'; s++) {
        b.finding.strength = s;
        b.finding.run = GW_RUN_NONE;
        b.check.run = GW_NO_INDEX;
        assert_int_equal(gw_record_strength(&b.check), s);
        b.finding.run = GW_RUN_RESET;
        assert_int_equal(gw_record_strength(&b.check), s == 'A' ? 'B' : 'C');
        b.check.run = 0;
        assert_int_equal(gw_record_strength(&b.check), s);
    }
    bench_free(&b);
}

/* ---- balance ---- */

struct flows {
    struct bench b;
    uint32_t in, out;
};

static void flows_init(struct flows *f, enum gw_class cls)
{
    bench_init(&f->b, GW_RULE_BALANCE);
    f->b.finding.cls = cls;
    f->in = bench_play(&f->b, "Q_IN", "fi.q", 0, GW_V_NUM);
    f->out = bench_play(&f->b, "Q_OUT", "fo.q", 1, GW_V_NUM);
    bench_need(&f->b, 0, "Q_IN");
    bench_need(&f->b, 1, "Q_OUT");
    memcpy(f->b.rule->of_rated, "Q_IN", 5);
    f->b.check.rated = 40;
    bench_param(&f->b, "percent", 5);
    bench_param(&f->b, "deadband", 1);
    bench_param(&f->b, "min_percent", 20);
    bench_param(&f->b, "pair_ms", 2000);
    bench_ready(&f->b);
}

static enum gw_tri flow(struct flows *f, double in, double out, int64_t apart_ms)
{
    f->b.now_ms += 10000;
    bench_num(&f->b, f->in, in);
    f->b.now_ms += apart_ms;
    bench_num(&f->b, f->out, out);
    return bench_eval(&f->b);
}

static void the_difference_at_its_limit(void **state)
{
    (void)state;
    struct flows f;
    flows_init(&f, GW_CLASS_ALARM);
    assert_int_equal(flow(&f, 20, 19.01, 0), GW_FALSE);
    assert_int_equal(flow(&f, 20, 19.0, 0), GW_TRUE);
    assert_string_equal(f.b.ctx.why,
                        "inflow fi.q 20.00, outflow fo.q 19.00: difference 5.00 % >= 5.00 %");
    assert_float_equal(f.b.ctx.value, 5.0, 1e-9);
    assert_int_equal(flow(&f, 20, 19.2, 0), GW_TRUE); /* 4 %: in the deadband */
    assert_int_equal(flow(&f, 20, 19.21, 0), GW_FALSE);
    assert_int_equal(flow(&f, 20, 19.2, 0), GW_FALSE);
    bench_free(&f.b);
}

static void more_out_than_in_is_no_leak(void **state)
{
    (void)state;
    struct flows f;
    flows_init(&f, GW_CLASS_ALARM);
    assert_int_equal(flow(&f, 20, 30, 0), GW_FALSE);
    bench_free(&f.b);
}

static void samples_too_far_apart_are_not_compared(void **state)
{
    (void)state;
    struct flows f;
    flows_init(&f, GW_CLASS_ALARM);
    assert_int_equal(flow(&f, 20, 10, 2000), GW_TRUE);
    assert_int_equal(flow(&f, 20, 10, 2001), GW_UNKNOWN);
    assert_string_equal(f.b.ctx.why, "fi.q and fo.q were not read together");
    /* In the other order. */
    f.b.now_ms += 10000;
    bench_num(&f.b, f.out, 10);
    f.b.now_ms += 2001;
    bench_num(&f.b, f.in, 20);
    assert_int_equal(bench_eval(&f.b), GW_UNKNOWN);
    bench_free(&f.b);
}

/* Two meters polled in turn: when one has just answered, its answer before is the other's partner.
 */
static void the_latest_pair_counts(void **state)
{
    (void)state;
    struct flows f;
    flows_init(&f, GW_CLASS_ALARM);
    assert_int_equal(flow(&f, 20, 10, 1500), GW_TRUE);
    f.b.now_ms += 2500;
    bench_num(&f.b, f.in, 10.5); /* alone it would be a difference of 4.8 % */
    assert_int_equal(bench_eval(&f.b), GW_TRUE);
    assert_float_equal(f.b.ctx.value, 50.0, 1e-9);
    /* Nearer in time, but not to be trusted: the one before is taken. */
    bench_free(&f.b);
    flows_init(&f, GW_CLASS_ALARM);
    f.b.now_ms += 10000;
    bench_num(&f.b, f.in, 20);
    f.b.now_ms += 1000;
    bench_quality(&f.b, f.in, GW_Q_UNCERTAIN);
    bench_num(&f.b, f.out, 10);
    f.b.now_ms += 2500;
    bench_num(&f.b, f.in, 10.5);
    assert_int_equal(bench_eval(&f.b), GW_TRUE);
    assert_float_equal(f.b.ctx.value, 50.0, 1e-9);
    /* A pair is as old as its older half: stale is stale. */
    f.b.now_ms += 3000;
    bench_num(&f.b, f.in, 10.5);
    assert_int_equal(bench_eval(&f.b), GW_UNKNOWN);
    bench_free(&f.b);
}

static void too_little_flow_is_not_compared(void **state)
{
    (void)state;
    struct flows f;
    flows_init(&f, GW_CLASS_ALARM);
    assert_int_equal(flow(&f, 8.0, 0, 0), GW_FALSE); /* 20 % of 40: not above it */
    assert_int_equal(flow(&f, 8.01, 0, 0), GW_TRUE);
    assert_int_equal(flow(&f, 0, 0, 0), GW_FALSE);
    assert_int_equal(flow(&f, -5, -6, 0), GW_FALSE);
    bench_free(&f.b);
    flows_init(&f, GW_CLASS_LEAD);
    assert_int_equal(flow(&f, 8.0, 0, 0), GW_UNKNOWN);
    bench_free(&f.b);
}

static void one_bad_meter_is_enough(void **state)
{
    (void)state;
    struct flows f;
    flows_init(&f, GW_CLASS_ALARM);
    assert_int_equal(flow(&f, 20, 10, 0), GW_TRUE);
    f.b.now_ms += 100;
    bench_quality(&f.b, f.out, GW_Q_BAD_FAULT); /* empty pipe */
    assert_int_equal(bench_eval(&f.b), GW_UNKNOWN);
    assert_string_equal(f.b.ctx.why, "not evaluated: fo.q BAD_FAULT");
    bench_quality(&f.b, f.in, GW_Q_BAD_RANGE);
    assert_int_equal(bench_eval(&f.b), GW_UNKNOWN);
    assert_string_equal(f.b.ctx.why, "not evaluated: fi.q BAD_RANGE");
    bench_free(&f.b);
}

static void a_long_text_is_cut_at_a_character(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_LIMIT);
    char id[GW_POINT_ID];
    memset(id, 'x', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    const uint32_t t = bench_play(&b, "T_OUT", id, 0, GW_V_NUM);
    bench_need(&b, 0, "T_OUT");
    bench_param(&b, "high", 55);
    bench_ready(&b);
    assert_int_equal(with_num(&b, t, 1e14), GW_TRUE);
    assert_true(strlen(b.ctx.why) < GW_RULE_WHY);
    bench_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_high_limit_is_reached_at_itself),
        cmocka_unit_test(the_deadband_holds_on_the_way_back_only),
        cmocka_unit_test(two_numbers_that_differ_look_different),
        cmocka_unit_test(a_low_limit_is_left_below_itself),
        cmocka_unit_test(no_rated_value_no_answer),
        cmocka_unit_test(only_good_values_decide),
        cmocka_unit_test(the_first_alternative_that_is_played_decides),
        cmocka_unit_test(each_has_its_own_point),
        cmocka_unit_test(another_unit_is_not_compared),
        cmocka_unit_test(the_gate),
        cmocka_unit_test(without_run_nothing_is_gated),
        cmocka_unit_test(strength_without_run),
        cmocka_unit_test(the_difference_at_its_limit),
        cmocka_unit_test(the_latest_pair_counts),
        cmocka_unit_test(more_out_than_in_is_no_leak),
        cmocka_unit_test(samples_too_far_apart_are_not_compared),
        cmocka_unit_test(too_little_flow_is_not_compared),
        cmocka_unit_test(one_bad_meter_is_enough),
        cmocka_unit_test(a_long_text_is_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
