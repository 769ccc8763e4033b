/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/budget.h"

#include "modbus/poll.h"
#include "util.h"

/* A device that falls silent on a line at time 0: what it costs, by budget and back-off together. */
struct line {
    struct gw_mb_budget budget;
    struct gw_mb_poll poll;
    int64_t period, full;
    int64_t now, spent, minute; /* spent: in all; minute: within the first one */
};

static void open_line(struct line *l, int64_t period, int64_t full, int64_t took)
{
    *l = (struct line){.period = period, .full = full};
    gw_mb_poll_init(&l->poll, period, 0, test_seed());
    if (took > 0)
        for (int i = 0; i < 100; i++)
            gw_mb_budget_answer(&l->budget, took);
}

static void fail_until(struct line *l, int64_t end)
{
    for (;;) {
        const int64_t wake = gw_mb_poll_wake(&l->poll);
        l->now = wake > l->now ? wake : l->now;
        if (l->now >= end)
            return;
        if (!gw_mb_poll_due(&l->poll, l->now))
            continue;
        const int64_t spent = gw_mb_budget_timeout(&l->budget, l->full, l->poll.silent);
        l->now += spent;
        l->spent += spent;
        if (l->now <= 60000)
            l->minute += spent;
        gw_mb_poll_end(&l->poll, l->now, GW_MB_PASS_SILENT);
        const struct gw_mb_cost cost = {
            .now_ms = l->now,
            .spent_ms = spent,
            .next_ms = gw_mb_budget_timeout(&l->budget, l->full, l->poll.silent),
            .full_ms = l->full,
            .silent = l->poll.silent,
        };
        gw_mb_poll_hold(&l->poll, gw_mb_budget_spend(&l->budget, &cost));
    }
}

static void a_dead_device_costs_a_twentieth_even_in_its_first_minute(void **state)
{
    (void)state;
    static const int64_t timeouts[] = {50, 100, 300, 500, 1000};
    static const int64_t tooks[] = {0, 4, 30, 150};
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        for (size_t k = 0; k < sizeof tooks / sizeof tooks[0]; k++) {
            struct line l;
            open_line(&l, 1000, timeouts[i], tooks[k]);
            fail_until(&l, 3600000);
            assert_in_range(l.minute, 1, 3000);
            assert_true(l.spent * GW_MB_SHARE <= 3600000);
            assert_int_equal(l.poll.link, GW_LINK_DOWN);
            /* It is still asked. */
            assert_true(l.poll.polls.failed >= 40);
        }
    }
}

/* The slowest time-out that there is cannot keep within a minute's share, but within four's. */
static void a_slow_time_out_is_paid_off(void **state)
{
    (void)state;
    struct line l;
    open_line(&l, 1000, 4000, 0);
    fail_until(&l, 4 * 60000);
    assert_int_equal(l.spent, 12000);
    fail_until(&l, 3600000);
    assert_true(l.spent * GW_MB_SHARE <= 3600000);
}

/* One that answers every other time, or every third, does not get around it. */
static void a_device_that_comes_and_goes_pays_too(void **state)
{
    (void)state;
    struct line l;
    open_line(&l, 1000, 1000, 0);
    int64_t spent = 0;
    for (int i = 0; l.now < 3600000; i++) {
        const int64_t wake = gw_mb_poll_wake(&l.poll);
        l.now = wake > l.now ? wake : l.now;
        if (!gw_mb_poll_due(&l.poll, l.now))
            continue;
        if (i % 3 == 0) {
            gw_mb_poll_end(&l.poll, l.now + 5, GW_MB_PASS_READ);
            continue;
        }
        l.now += 1000;
        spent += 1000;
        gw_mb_poll_end(&l.poll, l.now, GW_MB_PASS_SILENT);
        const struct gw_mb_cost cost = {.now_ms = l.now,
                                        .spent_ms = 1000,
                                        .next_ms = 1000,
                                        .full_ms = 1000,
                                        .silent = l.poll.silent};
        gw_mb_poll_hold(&l.poll, gw_mb_budget_spend(&l.budget, &cost));
    }
    assert_in_range(spent, 60000, 3600000 / GW_MB_SHARE + 4000);
}

static void one_try_in_four_waits_in_full(void **state)
{
    (void)state;
    struct gw_mb_budget b = {0};
    assert_int_equal(gw_mb_budget_timeout(&b, 1000, 1), 1000);
    gw_mb_budget_answer(&b, 20);
    assert_int_equal(gw_mb_budget_timeout(&b, 1000, 0), 1000);
    assert_int_equal(gw_mb_budget_timeout(&b, 1000, 1), 160);
    assert_int_equal(gw_mb_budget_timeout(&b, 1000, 3), 160);
    assert_int_equal(gw_mb_budget_timeout(&b, 1000, 4), 1000);
    assert_int_equal(gw_mb_budget_timeout(&b, 120, 1), 120);
    /* The slowest counts, until many faster ones came. */
    gw_mb_budget_answer(&b, 250);
    gw_mb_budget_answer(&b, 10);
    assert_in_range(gw_mb_budget_timeout(&b, 1000, 1), 840, 850);
    for (int i = 0; i < 3000; i++)
        gw_mb_budget_answer(&b, 10);
    assert_int_equal(gw_mb_budget_timeout(&b, 1000, 1), 130);
    gw_mb_budget_answer(&b, 0);
    assert_true(gw_mb_budget_timeout(&b, 1000, 1) >= GW_MB_SHORT_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_device_costs_a_twentieth_even_in_its_first_minute),
        cmocka_unit_test(a_slow_time_out_is_paid_off),
        cmocka_unit_test(a_device_that_comes_and_goes_pays_too),
        cmocka_unit_test(one_try_in_four_waits_in_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
