/* SPDX-License-Identifier: Apache-2.0
 *
 * A recording that is played again, and signals that only look alike.
 */
#include "base/backoff.h"
#include "bench.h"
#include "finding/recurrence.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

static const uint64_t first_seed = 20261122;

static double gauss(uint64_t *seed)
{
    double sum = 0.0;
    for (int i = 0; i < 12; i++)
        sum += (double)gw_rand_below(seed, 1 << 20) / (1 << 20);
    return sum - 6.0;
}

/* ---- the recurrence ---- */

/* Plays `n` readings of a signal with noise that begins with this seed. */
static int64_t play(struct gw_recurrence *t, uint64_t seed, int n, int64_t at_ms)
{
    for (int i = 0; i < n; i++, at_ms += 1000)
        gw_recurrence_add(t, (int64_t)gw_rand_below(&seed, 30), at_ms);
    return at_ms;
}

static void a_recording_is_known_wherever_it_begins(void **state)
{
    (void)state;
    static const int between[] = {0, 1, 7, 1000, 40000, 60000};
    for (size_t i = 0; i < sizeof between / sizeof between[0]; i++) {
        struct gw_recurrence *t = gw_recurrence_new();
        assert_non_null(t);
        int64_t at = play(t, 11, 2000, 1000);
        at = play(t, 12, between[i], at);
        assert_true(gw_recurrence_match(t).reads < 60);
        at = play(t, 11, 2000, at);
        const struct gw_recurrence_match m = gw_recurrence_match(t);
        if (m.reads < 1700)
            fail_msg("after %d others: %lld readings", between[i], (long long)m.reads);
        assert_true(m.changes > 1500);
        assert_int_equal(m.ago_ms, (2000 + between[i]) * 1000);
        play(t, 13, 600, at);
        assert_true(gw_recurrence_match(t).reads < 60); /* it is over */
        gw_recurrence_free(t);
    }
}

static void what_is_too_old_is_forgotten(void **state)
{
    (void)state;
    struct gw_recurrence *t = gw_recurrence_new();
    int64_t at = play(t, 11, 2000, 1000);
    at = play(t, 12, 100000, at);
    play(t, 11, 2000, at);
    assert_true(gw_recurrence_match(t).reads < 60);
    gw_recurrence_free(t);
}

static void a_cut_ends_it_and_a_repeated_look_does_not(void **state)
{
    (void)state;
    struct gw_recurrence *t = gw_recurrence_new();
    int64_t at = play(t, 11, 1000, 1000);
    at = play(t, 11, 1000, at);
    const int64_t reads = gw_recurrence_match(t).reads;
    assert_true(reads > 800);
    for (int i = 0; i < 1000; i++)
        gw_recurrence_add(t, i, at - 1000); /* the last reading, looked at again */
    assert_int_equal(gw_recurrence_match(t).reads, reads);
    gw_recurrence_cut(t);
    assert_int_equal(gw_recurrence_match(t).reads, 0);
    gw_recurrence_cut(t);
    play(t, 11, 1000, at);
    assert_true(gw_recurrence_match(t).reads > 800);
    gw_recurrence_free(t);
}

/* ---- the rule ---- */

static uint32_t watched(struct bench *b, struct gw_recurrence *t)
{
    bench_init(b, GW_RULE_REPEATED);
    const uint32_t own = bench_play(b, "DP", "d0.p", 0, GW_V_NUM);
    bench_each(b, "DP", 0);
    bench_param(b, "reads", 240);
    bench_param(b, "change_percent", 25);
    bench_ready(b);
    b->ctx.recurrence = t;
    return own;
}

static enum gw_tri one(struct bench *b, uint32_t point, double value)
{
    b->now_ms += 2000;
    bench_num(b, point, round(value * 100) / 100);
    return bench_eval(b);
}

/* Readings of a recording until it is recognised; 0: never. */
static int until_known(struct bench *b, uint32_t p, const double *said, int n)
{
    for (int i = 0; i < n; i++)
        if (one(b, p, said[i]) == GW_TRUE)
            return i + 1;
    return 0;
}

#define RECORDED 1000

static void a_recording_is_told_within_its_readings(void **state)
{
    (void)state;
    uint64_t seed = first_seed;
    struct gw_recurrence *t = gw_recurrence_new();
    struct bench b;
    const uint32_t p = watched(&b, t);
    double said[RECORDED];
    for (int i = 0; i < RECORDED; i++) {
        said[i] = 800 + 0.02 * gauss(&seed);
        assert_int_equal(one(&b, p, said[i]), GW_FALSE);
    }
    const int known = until_known(&b, p, said, RECORDED);
    assert_in_range(known, 240, 340);
    assert_non_null(strstr(b.ctx.why, "d0.p repeats, reading by reading, what it said 0.56 h"));
    /* A reading that is not good ends it. */
    b.now_ms += 2000;
    bench_quality(&b, p, GW_Q_BAD_COMM);
    assert_int_equal(bench_eval(&b), GW_UNKNOWN);
    assert_int_equal(one(&b, p, 800), GW_FALSE);
    /* So does a gap longer than it takes to grow stale. */
    assert_true(until_known(&b, p, said, RECORDED) > 0);
    b.now_ms += 60000;
    assert_int_equal(one(&b, p, said[0]), GW_FALSE);
    gw_recurrence_free(t);
    bench_free(&b);
}

static void one_reading_in_fifty_makes_it_another(void **state)
{
    (void)state;
    uint64_t seed = first_seed;
    struct gw_recurrence *t = gw_recurrence_new();
    struct bench b;
    const uint32_t p = watched(&b, t);
    double said[RECORDED];
    for (int i = 0; i < RECORDED; i++) {
        said[i] = 800 + 0.02 * gauss(&seed);
        (void)one(&b, p, said[i]);
    }
    for (int i = 0; i < RECORDED; i += 50)
        said[i] += 0.01;
    assert_int_equal(until_known(&b, p, said, RECORDED), 0);
    gw_recurrence_free(t);
    bench_free(&b);
}

static void what_hardly_moves_is_not_judged(void **state)
{
    (void)state;
    struct gw_recurrence *t = gw_recurrence_new();
    struct bench b;
    const uint32_t p = watched(&b, t);
    for (int i = 0; i < 20000; i++) /* a tank that fills and empties like a clock */
        assert_int_equal(one(&b, p, 1.0 + 0.01 * ((i / 10) % 40)), GW_FALSE);
    gw_recurrence_free(t);
    bench_free(&b);
}

/* 1000 days, read every minute: a tide with noise of a fifth of the last digit to three of
 * them, with steps between two levels in every second run. */
static void a_thousand_normal_days_repeat_nothing(void **state)
{
    (void)state;
    uint64_t seed = first_seed;
    print_message("seed %llu\n", (unsigned long long)first_seed);
    for (int run = 0; run < 10; run++) {
        struct gw_recurrence *t = gw_recurrence_new();
        struct bench b;
        const uint32_t p = watched(&b, t);
        b.ctx.explain = false;
        b.defs[p].stale_ms = 90000;
        const double noise = 0.002 + 0.0031 * run;
        for (int i = 0; i < 100 * 24 * 60; i++) {
            const double day = 2 * 3.14159265358979 * i / (24 * 60);
            const double step = run % 2 == 1 && i / 40 % 2 == 1 ? 0.5 : 0.0;
            const double x = 5.0 + 0.15 * sin(day) + step + noise * gauss(&seed);
            if (one(&b, p, x) != GW_FALSE)
                fail_msg("repeated at reading %d of run %d", i, run);
        }
        gw_recurrence_free(t);
        bench_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recording_is_known_wherever_it_begins),
        cmocka_unit_test(what_is_too_old_is_forgotten),
        cmocka_unit_test(a_cut_ends_it_and_a_repeated_look_does_not),
        cmocka_unit_test(a_recording_is_told_within_its_readings),
        cmocka_unit_test(one_reading_in_fifty_makes_it_another),
        cmocka_unit_test(what_hardly_moves_is_not_judged),
        cmocka_unit_test(a_thousand_normal_days_repeat_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
