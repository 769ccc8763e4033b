/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a verification, at the exact millisecond.
 */
#include "bench.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#define DAY INT64_C(86400000)

/* 2027-03-11T00:00:00.000+08:00, when the 10th is over. */
#define OVER INT64_C(1804694400000)

static void due(struct bench *b, const char *date)
{
    bench_init(b, GW_RULE_OVERDUE);
    (void)bench_play(b, "GAS", "gas.p1", 0, GW_V_NUM);
    bench_each(b, "GAS", 0);
    b->check.cal_due = date;
    snprintf(b->check.subject, sizeof b->check.subject, "gas");
    bench_ready(b);
    b->ctx.sync = true;
    b->ctx.built_ms = OVER - 365 * DAY;
}

static enum gw_tri at(struct bench *b, int64_t wall_ms)
{
    b->ctx.wall_ms = wall_ms;
    return bench_eval(b);
}

static void the_day_itself_still_counts(void **state)
{
    (void)state;
    struct bench b;
    due(&b, "2027-03-10");
    assert_int_equal(at(&b, OVER - 1), GW_FALSE);
    assert_string_equal(b.ctx.why, "verification of gas ends with 2027-03-10, 0 d left");
    assert_int_equal(at(&b, OVER), GW_TRUE);
    assert_string_equal(b.ctx.why, "verification of gas ended with 2027-03-10, 1 d ago");
    assert_string_equal(b.ctx.why_zh, "装置 gas 检定有效期至 2027-03-10，已超期 1 天");
    assert_float_equal(b.ctx.value, 1.0, 0.0);
    assert_int_equal(at(&b, OVER + DAY - 1), GW_TRUE);
    assert_float_equal(b.ctx.value, 1.0, 0.0);
    assert_int_equal(at(&b, OVER + DAY), GW_TRUE);
    assert_float_equal(b.ctx.value, 2.0, 0.0);
    bench_free(&b);
}

static void the_warning_comes_thirty_days_before(void **state)
{
    (void)state;
    struct bench b;
    due(&b, "2027-03-10");
    bench_param(&b, "ahead_days", 30);
    assert_int_equal(at(&b, OVER - 31 * DAY - 1), GW_FALSE);
    assert_int_equal(at(&b, OVER - 31 * DAY), GW_TRUE); /* 2027-02-08 begins */
    assert_string_equal(b.ctx.why, "verification of gas ends with 2027-03-10, 30 d left");
    assert_int_equal(at(&b, OVER), GW_TRUE);
    bench_param(&b, "ahead_days", 0);
    assert_int_equal(at(&b, OVER - DAY - 1), GW_FALSE);
    assert_int_equal(at(&b, OVER - DAY), GW_TRUE);
    bench_free(&b);
}

static void a_clock_that_cannot_know_proves_nothing(void **state)
{
    (void)state;
    struct bench b;
    due(&b, "2027-03-10");
    bench_param(&b, "ahead_days", 30);
    b.ctx.built_ms = OVER - 1;
    b.ctx.sync = false;
    assert_int_equal(at(&b, OVER - 2), GW_UNKNOWN);
    assert_string_equal(b.ctx.why, "not evaluated: the clock is not set");
    assert_int_equal(at(&b, 0), GW_UNKNOWN);
    assert_int_equal(at(&b, OVER), GW_TRUE); /* past the build: as good as it gets */
    assert_string_equal(b.ctx.why, "verification of gas ended with 2027-03-10, 1 d ago");
    b.ctx.sync = true;
    assert_int_equal(at(&b, OVER - 40 * DAY), GW_FALSE);
    assert_int_equal(at(&b, OVER - 2), GW_TRUE); /* 30 days ahead */
    bench_free(&b);
}

/* A wrong clock is one thing; that it is later than the build another. */
static void what_had_ended_at_the_build_has_ended(void **state)
{
    (void)state;
    struct bench b;
    due(&b, "2027-03-10");
    b.ctx.sync = false;
    b.ctx.built_ms = OVER;
    assert_int_equal(at(&b, 0), GW_TRUE); /* the clock of a box without a battery */
    assert_string_equal(b.ctx.why, "verification of gas ended with 2027-03-10, at least 1 d ago");
    assert_string_equal(b.ctx.why_zh, "装置 gas 检定有效期至 2027-03-10，已超期至少 1 天");
    assert_float_equal(b.ctx.value, 1.0, 0.0);
    b.ctx.built_ms = OVER + 9 * DAY;
    assert_int_equal(at(&b, OVER - 5 * DAY), GW_TRUE);
    assert_float_equal(b.ctx.value, 10.0, 0.0);
    assert_int_equal(at(&b, OVER + 9 * DAY), GW_TRUE); /* from here on the clock itself counts */
    assert_string_equal(b.ctx.why, "verification of gas ended with 2027-03-10, 10 d ago");
    b.ctx.sync = true; /* and a sure clock always */
    assert_int_equal(at(&b, OVER - 1), GW_FALSE);
    bench_free(&b);
}

static void the_calendar_is_right(void **state)
{
    (void)state;
    static const struct {
        const char *date;
        int64_t days; /* from 1970-01-01 to the day after */
    } rows[] = {
        {"1970-01-01", 1},     {"2000-02-29", 11017}, {"2024-02-28", 19782},
        {"2024-02-29", 19783}, {"2026-12-31", 20819}, {"2100-02-28", 47541},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        due(&b, rows[i].date);
        const int64_t over = rows[i].days * DAY - 8 * DAY / 24;
        assert_int_equal(at(&b, over - 1), GW_FALSE);
        assert_int_equal(at(&b, over), GW_TRUE);
        bench_free(&b);
    }
}

static void no_date_no_answer(void **state)
{
    (void)state;
    struct bench b;
    due(&b, "");
    assert_int_equal(at(&b, OVER), GW_UNKNOWN);
    b.check.cal_due = NULL;
    assert_int_equal(at(&b, OVER), GW_UNKNOWN);
    bench_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_day_itself_still_counts),
        cmocka_unit_test(the_warning_comes_thirty_days_before),
        cmocka_unit_test(a_clock_that_cannot_know_proves_nothing),
        cmocka_unit_test(what_had_ended_at_the_build_has_ended),
        cmocka_unit_test(the_calendar_is_right),
        cmocka_unit_test(no_date_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
