/* SPDX-License-Identifier: Apache-2.0
 *
 * Instruments that contradict each other, at the exact number.
 */
#include "base/backoff.h"
#include "bench.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#define MINUTE INT64_C(60000)

struct pair {
    uint32_t first, second;
};

static enum gw_tri look(struct bench *b, struct pair p, int64_t ms, double first, double second)
{
    b->now_ms += ms;
    bench_num(b, p.first, first);
    bench_num(b, p.second, second);
    return bench_eval(b);
}

static struct pair water(struct bench *b)
{
    bench_init(b, GW_RULE_BELOW);
    const uint32_t out = bench_play(b, "T_OUT", "d0.t", 0, GW_V_NUM);
    const uint32_t in = bench_play(b, "T_IN", "d1.t", 1, GW_V_NUM);
    bench_each(b, "T_OUT", 0);
    bench_need(b, 0, "T_OUT");
    bench_need(b, 1, "T_IN");
    bench_param(b, "high", 5);
    bench_param(b, "deadband", 1);
    bench_param(b, "pair_ms", 2000);
    bench_ready(b);
    return (struct pair){out, in};
}

static void water_that_comes_out_colder(void **state)
{
    (void)state;
    struct bench b;
    const struct pair p = water(&b);
    assert_int_equal(look(&b, p, 1000, 40, 31), GW_FALSE);
    assert_int_equal(look(&b, p, 1000, 30, 35), GW_FALSE); /* by just 5 */
    assert_int_equal(look(&b, p, 1000, 30, 35.01), GW_TRUE);
    assert_string_equal(b.ctx.why, "d0.t 30.00, d1.t 35.01: below by 5.01 > 5.00");
    assert_int_equal(look(&b, p, 1000, 30, 34.01), GW_TRUE); /* the deadband */
    assert_int_equal(look(&b, p, 1000, 30, 34), GW_FALSE);
    /* Not read together, or not both. */
    (void)look(&b, p, 1000, 30, 40);
    b.now_ms += 3000;
    bench_num(&b, p.first, 30);
    assert_int_equal(bench_eval(&b), GW_TRUE); /* the pair of before is young enough */
    bench_quality(&b, p.second, GW_Q_BAD_FAULT);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    bench_free(&b);
}

static struct pair flows(struct bench *b)
{
    bench_init(b, GW_RULE_ALTERNATING);
    const uint32_t in = bench_play(b, "Q_IN", "d0.q", 0, GW_V_NUM);
    const uint32_t out = bench_play(b, "Q_OUT", "d1.q", 1, GW_V_NUM);
    bench_need(b, 0, "Q_IN");
    bench_need(b, 1, "Q_OUT");
    bench_param(b, "percent", 20);
    bench_param(b, "flips", 3);
    bench_param(b, "minutes", 30);
    bench_param(b, "pair_ms", 2000);
    bench_ready(b);
    return (struct pair){in, out};
}

static void three_changes_of_sign(void **state)
{
    (void)state;
    struct bench b;
    const struct pair p = flows(&b);
    assert_int_equal(look(&b, p, MINUTE, 30, 40), GW_FALSE);
    assert_int_equal(look(&b, p, MINUTE, 30, 20), GW_FALSE);
    assert_int_equal(look(&b, p, 30 * MINUTE, 30, 40), GW_FALSE);
    assert_int_equal(look(&b, p, MINUTE, 30, 24), GW_FALSE); /* just 20 %: not large */
    assert_int_equal(look(&b, p, MINUTE, 30, 23.99), GW_TRUE);
    assert_int_equal(bench_eval(&b), GW_TRUE); /* the same look twice counts once */
    assert_int_equal(b.memory.flips, 3);
    assert_non_null(strstr(b.ctx.why, "changed its sign 3 times beyond 20 %"));
    assert_int_equal(look(&b, p, 30 * MINUTE, 30, 30), GW_TRUE);
    assert_int_equal(look(&b, p, 1, 30, 30), GW_FALSE); /* nothing for longer than that */
    bench_free(&b);
}

static void a_leak_is_no_alternation(void **state)
{
    (void)state;
    struct bench b;
    const struct pair p = flows(&b);
    for (int i = 0; i < 100; i++)
        assert_int_equal(look(&b, p, MINUTE, 30, i % 2 == 0 ? 15 : 30), GW_FALSE);
    bench_free(&b);
}

/* 1000 days: two meters of class 1, noise, and the pump started every morning, with the outflow
 * behind the inflow at first and beyond it after. */
static void a_thousand_normal_days_do_not_alternate(void **state)
{
    (void)state;
    const uint64_t first = 20261122;
    uint64_t seed = first;
    print_message("seed %llu\n", (unsigned long long)first);
    struct bench b;
    const struct pair p = flows(&b);
    b.ctx.explain = false;
    for (int day = 0; day < 1000; day++) {
        for (int minute = 0; minute < 24 * 60; minute++) {
            const double noise = ((double)gw_rand_below(&seed, 1000) - 500.0) / 500.0;
            double out = 30.0 * (1.0 + 0.02 * noise);
            out = minute == 0 ? 10.0 : minute == 1 ? 40.0 : out;
            if (look(&b, p, MINUTE, 30, out) != GW_FALSE)
                fail_msg("day %d, minute %d: %s", day, minute, b.ctx.why);
        }
    }
    bench_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(water_that_comes_out_colder),
        cmocka_unit_test(three_changes_of_sign),
        cmocka_unit_test(a_leak_is_no_alternation),
        cmocka_unit_test(a_thousand_normal_days_do_not_alternate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
