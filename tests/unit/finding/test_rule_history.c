/* SPDX-License-Identifier: Apache-2.0
 *
 * Values that stand still, at the exact spread and millisecond.
 */
#include "base/backoff.h"
#include "bench.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#define HOUR INT64_C(3600000)

/* A detector of 0 to 100, one decimal; d0.q is its sibling, d2.q is not. */
struct pair {
    uint32_t own, other;
};

static struct pair frozen(struct bench *b)
{
    bench_init(b, GW_RULE_FROZEN);
    const uint32_t own = bench_play(b, "GAS", "d0.p", 0, GW_V_NUM);
    const uint32_t other = bench_point(b, "d0.q", 0, GW_V_NUM);
    b->defs[own].sane_lo = 0;
    b->defs[own].sane_hi = 100;
    bench_each(b, "GAS", 0);
    bench_need(b, 0, "GAS");
    bench_param(b, "hours", 8);
    bench_param(b, "spread_percent", 0.2);
    bench_ready(b);
    return (struct pair){own, other};
}

static struct pair decoupled(struct bench *b)
{
    bench_init(b, GW_RULE_DECOUPLED);
    const uint32_t own = bench_play(b, "LEVEL", "d0.l", 0, GW_V_NUM);
    const uint32_t other = bench_play(b, "Q_CIRC", "d2.q", 2, GW_V_NUM);
    b->defs[own].decimals = 4;
    bench_each(b, "LEVEL", 0);
    bench_need(b, 0, "LEVEL");
    bench_need(b, 1, "Q_CIRC");
    bench_param(b, "hours", 8);
    bench_param(b, "spread", 0.001);
    bench_param(b, "vary_percent", 10);
    bench_ready(b);
    return (struct pair){own, other};
}

/* One look after ms, with these readings. */
static enum gw_tri look(struct bench *b, struct pair p, int64_t ms, double own, double other)
{
    b->now_ms += ms;
    bench_num(b, p.own, own);
    bench_num(b, p.other, other);
    return bench_eval(b);
}

static void what_does_not_move_is_frozen_at_its_hour(void **state)
{
    (void)state;
    struct bench b;
    const struct pair p = frozen(&b);
    assert_int_equal(look(&b, p, 0, 12.5, 1), GW_FALSE);
    assert_int_equal(look(&b, p, 8 * HOUR - 1, 12.5, 1), GW_FALSE);
    assert_int_equal(look(&b, p, 1, 12.5, 1), GW_TRUE);
    assert_string_equal(b.ctx.why, "d0.p between 12.50 and 12.50  for 8.0 h of 8.0 h, and nothing "
                                   "else of its device moved");
    assert_int_equal(bench_eval(&b), GW_TRUE); /* the same look twice says the same */
    assert_int_equal(b.memory.held_ms, 8 * HOUR);
    bench_free(&b);
}

static void the_spread_is_counted_from_where_the_time_began(void **state)
{
    (void)state;
    struct bench b;
    const struct pair p = frozen(&b);
    (void)look(&b, p, 0, 12.50, 1);
    (void)look(&b, p, HOUR, 12.69, 2); /* 0.19 of the 0.2 that count as movement */
    assert_int_equal(look(&b, p, 7 * HOUR, 12.5, 2), GW_TRUE);
    assert_non_null(strstr(b.ctx.why, "while others of its device moved"));
    assert_int_equal(look(&b, p, 1000, 12.49, 2), GW_FALSE); /* 12.49 to 12.69 */
    assert_int_equal(b.memory.held_ms, 0);
    assert_false(b.memory.moved);
    assert_int_equal(look(&b, p, 8 * HOUR - 1, 12.49, 2), GW_FALSE);
    assert_int_equal(look(&b, p, 1, 12.49, 2), GW_TRUE);
    bench_free(&b);
}

static void without_a_range_the_value_is_the_measure(void **state)
{
    (void)state;
    struct bench b;
    const struct pair p = frozen(&b);
    b.defs[p.own].sane_hi = (double)INFINITY;
    (void)look(&b, p, 0, 50.00, 1);
    (void)look(&b, p, HOUR, 50.09, 1);
    assert_int_equal(look(&b, p, 7 * HOUR, 50, 1), GW_TRUE);
    assert_int_equal(look(&b, p, 1000, 50.11, 1), GW_FALSE); /* 0.2 % of 50.11 is 0.10022 */
    bench_free(&b);
}

static void to_the_last_digit_the_same_never_moved(void **state)
{
    (void)state;
    struct bench b;
    const struct pair p = frozen(&b);
    bench_param(&b, "spread_percent", 0);
    (void)look(&b, p, 0, 12.5, 1);
    assert_int_equal(look(&b, p, 8 * HOUR, 12.500000001, 1), GW_TRUE);
    assert_int_equal(look(&b, p, 1000, 12.51, 1), GW_FALSE);
    bench_free(&b);
}

static void a_coarse_digit_is_not_judged(void **state)
{
    (void)state;
    struct bench b;
    const struct pair p = frozen(&b);
    bench_param(&b, "step_percent", 0.01); /* 0.01 of 100: its last digit */
    (void)look(&b, p, 0, 12.5, 1);
    assert_int_equal(look(&b, p, 8 * HOUR, 12.5, 1), GW_TRUE);
    bench_param(&b, "step_percent", 0.0099);
    assert_int_equal(look(&b, p, 1000, 12.5, 1), GW_UNKNOWN);
    bench_free(&b);
}

static void time_that_was_not_watched_does_not_count(void **state)
{
    (void)state;
    struct bench b;
    const struct pair p = frozen(&b);
    (void)look(&b, p, 0, 12.5, 1);
    (void)look(&b, p, 4 * HOUR, 12.5, 1);
    b.now_ms += 1000;
    bench_quality(&b, p.own, GW_Q_BAD_FAULT);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    assert_int_equal(look(&b, p, 100 * HOUR, 12.5, 1), GW_FALSE);
    assert_int_equal(look(&b, p, 4 * HOUR - 1, 12.5, 1), GW_FALSE);
    assert_int_equal(look(&b, p, 1, 12.5, 1), GW_TRUE);
    bench_free(&b);
}

static void standstill_does_not_count(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_FROZEN);
    const uint32_t own = bench_play(&b, "T_OUT", "d0.t", 0, GW_V_NUM);
    const uint32_t run = bench_play(&b, "RUN", "d2.run", 2, GW_V_BOOL);
    bench_each(&b, "T_OUT", 0);
    bench_need(&b, 0, "T_OUT");
    bench_param(&b, "hours", 8);
    b.finding.run = GW_RUN_HOLD;
    bench_ready(&b);
    static const struct {
        int64_t ms;
        bool run;
        enum gw_tri want;
    } rows[] = {
        {0, true, GW_FALSE},         {5 * HOUR, true, GW_FALSE},     {1000, false, GW_UNKNOWN},
        {60 * HOUR, true, GW_FALSE}, {3 * HOUR - 1, true, GW_FALSE}, {1, true, GW_TRUE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        b.now_ms += rows[i].ms;
        bench_num(&b, own, 40);
        bench_contact(&b, run, rows[i].run);
        assert_int_equal(bench_eval(&b), rows[i].want);
    }
    bench_free(&b);
}

static void a_state_that_tells_of_life_starts_anew(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b, GW_RULE_FROZEN);
    const uint32_t own = bench_play(&b, "GAS", "d0.p", 0, GW_V_NUM);
    const uint32_t st = bench_play(&b, "GAS_STATE", "d0.s", 0, GW_V_STATE);
    bench_each(&b, "GAS", 0);
    bench_need(&b, 0, "GAS");
    bench_test_state(&b, "GAS_STATE", 1u << GW_S_LOW);
    bench_param(&b, "hours", 8);
    bench_ready(&b);
    bench_num(&b, own, 0);
    bench_state(&b, st, GW_S_NORMAL);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    b.now_ms += 8 * HOUR;
    bench_num(&b, own, 0);
    bench_state(&b, st, GW_S_LOW);
    assert_int_equal(bench_eval(&b), GW_FALSE);
    b.now_ms += 8 * HOUR;
    bench_num(&b, own, 0);
    bench_state(&b, st, GW_S_NORMAL);
    assert_int_equal(bench_eval(&b), GW_TRUE);
    bench_free(&b);
}

static void a_level_that_does_not_follow_is_decoupled(void **state)
{
    (void)state;
    struct bench b;
    const struct pair p = decoupled(&b);
    (void)look(&b, p, 0, 1.2040, 20);
    (void)look(&b, p, HOUR, 1.2049, 18); /* 10 % of 20 */
    assert_true(b.memory.moved);
    assert_int_equal(look(&b, p, 7 * HOUR - 1, 1.204, 20), GW_FALSE);
    assert_int_equal(look(&b, p, 1, 1.204, 20), GW_TRUE);
    assert_non_null(strstr(b.ctx.why, "while what it should follow varied"));
    assert_non_null(strstr(b.ctx.why_zh, "相关参数同期有变化"));
    assert_int_equal(look(&b, p, 1000, 1.205, 20), GW_FALSE); /* 1 mm is movement */
    bench_free(&b);
}

static void a_quiet_plant_is_not_decoupled(void **state)
{
    (void)state;
    struct bench b;
    const struct pair p = decoupled(&b);
    (void)look(&b, p, 0, 1.204, 20);
    (void)look(&b, p, HOUR, 1.204, 18.01);
    assert_int_equal(look(&b, p, 100 * HOUR, 1.204, 20), GW_FALSE);
    /* What it did before the level moved last does not count. */
    (void)look(&b, p, HOUR, 1.204, 10);
    assert_true(b.memory.moved);
    (void)look(&b, p, 1000, 1.206, 10);
    assert_int_equal(look(&b, p, 9 * HOUR, 1.206, 10), GW_FALSE);
    bench_free(&b);
}

static void memory_goes_on_after_a_restart(void **state)
{
    (void)state;
    struct bench b;
    const struct pair p = decoupled(&b);
    (void)look(&b, p, 0, 1.204, 20);
    (void)look(&b, p, 5 * HOUR, 1.204, 15);
    const struct gw_rule_memory m = b.memory;
    b.memory = (struct gw_rule_memory){
        .holds = m.holds, .held_ms = m.held_ms, .lo = m.lo, .hi = m.hi, .moved = m.moved};
    assert_int_equal(look(&b, p, 50 * HOUR, 1.204, 15), GW_FALSE); /* off: not counted */
    assert_int_equal(look(&b, p, 3 * HOUR - 1, 1.204, 15), GW_FALSE);
    assert_int_equal(look(&b, p, 1, 1.204, 15), GW_TRUE);
    bench_free(&b);
}

/* ---- held to its own noise ---- */

static uint32_t learning(struct bench *b)
{
    bench_init(b, GW_RULE_FROZEN);
    const uint32_t own = bench_play(b, "DP", "d0.p", 0, GW_V_NUM);
    bench_each(b, "DP", 0);
    bench_param(b, "hours", 8);
    bench_param(b, "moves", 10);
    bench_param(b, "calm_times", 4);
    bench_ready(b);
    return own;
}

static enum gw_tri one(struct bench *b, uint32_t point, int64_t ms, double value)
{
    b->now_ms += ms;
    bench_num(b, point, value);
    return bench_eval(b);
}

static void an_instrument_is_held_to_how_long_it_rests(void **state)
{
    (void)state;
    struct bench b;
    const uint32_t p = learning(&b);
    (void)one(&b, p, 0, 1);
    for (int i = 0; i < 9; i++) { /* rests three hours each time */
        assert_int_equal(one(&b, p, 3 * HOUR, 1 - i % 2), GW_FALSE);
        assert_int_equal(one(&b, p, 0, i % 2), GW_FALSE);
    }
    assert_int_equal(b.memory.moves, 9);
    assert_int_equal(b.memory.calm_ms, 3 * HOUR);
    assert_int_equal(one(&b, p, 12 * HOUR, 0), GW_UNKNOWN); /* not often enough */
    assert_non_null(strstr(b.ctx.why, "has not moved often enough"));
    assert_int_equal(one(&b, p, 0, 1), GW_FALSE);
    assert_int_equal(b.memory.calm_ms, 3 * HOUR); /* what would be told teaches nothing */
    assert_int_equal(one(&b, p, 12 * HOUR - 1, 1), GW_FALSE);
    assert_int_equal(one(&b, p, 1, 1), GW_TRUE);
    assert_string_equal(b.ctx.why, "d0.p between 1.00 and 1.00  for 12.0 h of 12.0 h, and nothing "
                                   "else of its device moved");
    bench_free(&b);
}

/* ---- at an end of its range ---- */

static uint32_t railed(struct bench *b)
{
    bench_init(b, GW_RULE_RAIL);
    const uint32_t own = bench_play(b, "T_IN", "d0.t", 0, GW_V_NUM);
    b->defs[own].sane_lo = -50;
    b->defs[own].sane_hi = 150;
    bench_each(b, "T_IN", 0);
    bench_param(b, "hours", 1);
    bench_param(b, "end_percent", 0.5);
    bench_ready(b);
    return own;
}

static void an_end_of_the_range_is_half_a_percent_wide(void **state)
{
    (void)state;
    static const struct {
        double at;
        enum gw_tri want;
    } rows[] = {{-50, GW_TRUE},     {-49, GW_TRUE}, {-48.99, GW_FALSE}, {50, GW_FALSE},
                {148.99, GW_FALSE}, {149, GW_TRUE}, {150, GW_TRUE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        const uint32_t p = railed(&b);
        assert_int_equal(one(&b, p, 0, rows[i].at), GW_FALSE);
        assert_int_equal(one(&b, p, HOUR - 1, rows[i].at), GW_FALSE);
        assert_int_equal(one(&b, p, 1, rows[i].at), rows[i].want);
        bench_free(&b);
    }
}

static void what_an_alarm_tells_is_not_told_again(void **state)
{
    (void)state;
    uint32_t cause = 1;
    struct bench b;
    const uint32_t p = railed(&b);
    struct gw_check_def alarm = {.finding = &b.finding};
    b.check.causes = &cause;
    b.check.ncauses = 1;
    b.peers[1] = (struct gw_peer){.active = true, .answer = GW_UNKNOWN, .def = &alarm};
    (void)one(&b, p, 0, 150);
    assert_int_equal(one(&b, p, HOUR, 150), GW_FALSE);
    assert_non_null(strstr(b.ctx.why, "tells of this value"));
    b.peers[1].active = false;
    assert_int_equal(one(&b, p, 0, 150), GW_TRUE);
    assert_string_equal(b.ctx.why, "d0.t rests at 150.00 , the high end of its range, for 1.0 h");
    bench_free(&b);
}

/* ---- false alarms ---- */

static double gauss(uint64_t *seed)
{
    double sum = 0.0;
    for (int i = 0; i < 12; i++)
        sum += (double)gw_rand_below(seed, 1 << 20) / (1 << 20);
    return sum - 6.0;
}

/* 1000 days of days and nights: a tide of 30 digits, noise from a fifth of the last digit to three
 * of them, read once a minute to two digits. */
static void a_thousand_normal_days_are_never_frozen(void **state)
{
    (void)state;
    uint64_t seed = 20261122;
    print_message("seed %llu\n", (unsigned long long)seed);
    size_t looks = 0;
    for (int run = 0; run < 10; run++) {
        struct bench b;
        const uint32_t p = learning(&b);
        bench_param(&b, "moves", 100);
        b.ctx.explain = false;
        const double noise = 0.002 + 0.0031 * run;
        for (int minute = 0; minute < 100 * 24 * 60; minute++) {
            const double day = 2 * 3.14159265358979 * minute / (24 * 60);
            const double x = 5.0 + 0.15 * sin(day) + noise * gauss(&seed);
            if (one(&b, p, 60000, round(x * 100) / 100) == GW_TRUE)
                fail_msg("frozen in minute %d of run %d", minute, run);
            looks++;
        }
        assert_true(b.memory.moves > 1000);
        bench_free(&b);
    }
    assert_int_equal(looks, 1000 * 24 * 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_move_is_frozen_at_its_hour),
        cmocka_unit_test(the_spread_is_counted_from_where_the_time_began),
        cmocka_unit_test(without_a_range_the_value_is_the_measure),
        cmocka_unit_test(to_the_last_digit_the_same_never_moved),
        cmocka_unit_test(a_coarse_digit_is_not_judged),
        cmocka_unit_test(time_that_was_not_watched_does_not_count),
        cmocka_unit_test(standstill_does_not_count),
        cmocka_unit_test(a_state_that_tells_of_life_starts_anew),
        cmocka_unit_test(a_level_that_does_not_follow_is_decoupled),
        cmocka_unit_test(a_quiet_plant_is_not_decoupled),
        cmocka_unit_test(memory_goes_on_after_a_restart),
        cmocka_unit_test(an_instrument_is_held_to_how_long_it_rests),
        cmocka_unit_test(an_end_of_the_range_is_half_a_percent_wide),
        cmocka_unit_test(what_an_alarm_tells_is_not_told_again),
        cmocka_unit_test(a_thousand_normal_days_are_never_frozen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
