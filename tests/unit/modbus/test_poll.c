/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/poll.h"

#include "util.h"

static void check_sum(const struct gw_mb_poll *p)
{
    assert_int_equal(p->polls.scheduled,
                     p->polls.read + p->polls.failed + p->polls.skipped + (p->busy ? 1u : 0u));
}

static void each_period_is_one_poll(void **state)
{
    (void)state;
    struct gw_mb_poll p;
    gw_mb_poll_init(&p, 1000, 5300, 1);
    assert_int_equal(p.link, GW_LINK_UNKNOWN);
    assert_int_equal(gw_mb_poll_wake(&p), 5300);
    assert_false(gw_mb_poll_due(&p, 5299));
    for (int64_t k = 0; k < 100; k++) {
        const int64_t now = gw_mb_poll_wake(&p);
        assert_int_equal(now, 5300 + k * 1000);
        assert_true(gw_mb_poll_due(&p, now + 3));
        assert_int_equal(p.tick_ms, now);
        assert_false(gw_mb_poll_due(&p, now + 3));
        assert_int_equal(gw_mb_poll_wake(&p), INT64_MAX);
        check_sum(&p);
        gw_mb_poll_end(&p, now + 200, GW_MB_PASS_READ);
        check_sum(&p);
        assert_int_equal(p.link, GW_LINK_OK);
    }
    assert_int_equal(p.polls.scheduled, 100);
    assert_int_equal(p.polls.read, 100);
}

static void a_late_poll_is_done_in_its_period(void **state)
{
    (void)state;
    struct gw_mb_poll p;
    gw_mb_poll_init(&p, 1000, 0, 1);
    assert_true(gw_mb_poll_due(&p, 990));
    gw_mb_poll_end(&p, 1002, GW_MB_PASS_READ);
    /* The next one's time has come meanwhile; a line that is held for less than a period costs its
     * units nothing, however they lie to it. */
    assert_int_equal(gw_mb_poll_wake(&p), 1000);
    assert_true(gw_mb_poll_due(&p, 1999));
    assert_int_equal(p.tick_ms, 1000);
    gw_mb_poll_end(&p, 1999, GW_MB_PASS_READ);
    assert_int_equal(p.polls.skipped, 0);
    assert_true(gw_mb_poll_due(&p, 3000));
    assert_int_equal(p.polls.skipped, 1);
    assert_int_equal(p.tick_ms, 3000);
    check_sum(&p);
}

static void missed_periods_are_skipped_not_caught_up(void **state)
{
    (void)state;
    struct gw_mb_poll p;
    gw_mb_poll_init(&p, 1000, 0, 1);
    assert_true(gw_mb_poll_due(&p, 0));
    gw_mb_poll_end(&p, 10, GW_MB_PASS_READ);
    /* The machine slept for an hour. */
    assert_true(gw_mb_poll_due(&p, 3600100));
    assert_int_equal(p.tick_ms, 3600000);
    assert_int_equal(p.polls.scheduled, 3601);
    assert_int_equal(p.polls.skipped, 3599);
    gw_mb_poll_end(&p, 3600110, GW_MB_PASS_READ);
    assert_int_equal(gw_mb_poll_wake(&p), 3601000);
    assert_false(gw_mb_poll_due(&p, 3600500));
    check_sum(&p);
}

static void a_pass_longer_than_its_period_skips(void **state)
{
    (void)state;
    struct gw_mb_poll p;
    gw_mb_poll_init(&p, 1000, 0, 1);
    int64_t now = 0;
    for (int i = 0; i < 50; i++) {
        now = gw_mb_poll_wake(&p) > now ? gw_mb_poll_wake(&p) : now;
        if (!gw_mb_poll_due(&p, now))
            continue;
        check_sum(&p);
        now += 2700;
        gw_mb_poll_end(&p, now, GW_MB_PASS_READ);
        check_sum(&p);
    }
    /* Of the 2.7 periods of each pass one is read. */
    assert_true(p.polls.read >= 49);
    assert_in_range(p.polls.skipped, p.polls.read * 17 / 10 - 3, p.polls.read * 17 / 10 + 3);
}

/* After one silent pass the next tick is as always; then the waits are 1, 2, 4 .. 30 s, each within
 * its jitter. */
static void a_silent_device_backs_off(void **state)
{
    (void)state;
    static const int64_t waits[] = {0, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
    struct gw_mb_poll p;
    gw_mb_poll_init(&p, 100, 0, test_seed());
    int64_t now = 0;
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        assert_true(gw_mb_poll_due(&p, now));
        gw_mb_poll_end(&p, now, GW_MB_PASS_SILENT);
        assert_int_equal(p.link, i < 2 ? GW_LINK_SUSPECT : GW_LINK_DOWN);
        const int64_t wake = gw_mb_poll_wake(&p);
        assert_in_range(wake - now, waits[i] * 80 / 100, waits[i] * 120 / 100 + 100);
        assert_int_equal(wake % 100, 0);
        /* Periods that go by meanwhile are counted, and not attempted. */
        assert_false(gw_mb_poll_due(&p, wake - 100));
        check_sum(&p);
        now = wake;
    }
    assert_int_equal(p.polls.failed, 8);
    /* One answer, and all is as before. */
    assert_true(gw_mb_poll_due(&p, now));
    gw_mb_poll_end(&p, now, GW_MB_PASS_READ);
    assert_int_equal(p.link, GW_LINK_OK);
    assert_int_equal(gw_mb_poll_wake(&p), now + 100);
    assert_true(gw_mb_poll_due(&p, now + 100));
    gw_mb_poll_end(&p, now + 100, GW_MB_PASS_SILENT);
    assert_int_equal(p.link, GW_LINK_SUSPECT);
    assert_int_equal(gw_mb_poll_wake(&p), now + 200);
    check_sum(&p);
}

static void a_busy_device_is_left_alone_but_not_for_long(void **state)
{
    (void)state;
    struct gw_mb_poll p;
    gw_mb_poll_init(&p, 100, 0, test_seed());
    int64_t now = 0;
    for (int i = 0; i < 10; i++) {
        assert_true(gw_mb_poll_due(&p, now));
        gw_mb_poll_end(&p, now, GW_MB_PASS_BUSY);
        assert_int_equal(p.link, GW_LINK_OK);
        assert_in_range(gw_mb_poll_wake(&p) - now, 800, GW_MB_AWAIT_BUSY_MS + 100);
        now = gw_mb_poll_wake(&p);
        check_sum(&p);
    }
    assert_int_equal(p.polls.failed, 10);
    assert_true(gw_mb_poll_due(&p, now));
    gw_mb_poll_end(&p, now, GW_MB_PASS_READ);
    assert_int_equal(gw_mb_poll_wake(&p), now + 100);
}

static void devices_do_not_back_off_in_step(void **state)
{
    (void)state;
    int64_t first = 0;
    unsigned different = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct gw_mb_poll p;
        gw_mb_poll_init(&p, 1, 0, seed);
        for (int64_t k = 0; k < 2; k++) {
            assert_true(gw_mb_poll_due(&p, k));
            gw_mb_poll_end(&p, k, GW_MB_PASS_SILENT);
        }
        if (seed == 1)
            first = gw_mb_poll_wake(&p);
        different += gw_mb_poll_wake(&p) != first;
    }
    assert_true(different > 10);
}

static void an_exception_is_no_link_loss(void **state)
{
    (void)state;
    struct gw_mb_poll p;
    gw_mb_poll_init(&p, 1000, 0, 1);
    for (int64_t k = 0; k < 10; k++) {
        assert_true(gw_mb_poll_due(&p, k * 1000));
        gw_mb_poll_end(&p, k * 1000 + 10, GW_MB_PASS_REFUSED);
        assert_int_equal(p.link, GW_LINK_OK);
        assert_int_equal(gw_mb_poll_wake(&p), (k + 1) * 1000);
    }
    assert_int_equal(p.polls.failed, 10);
    assert_int_equal(p.polls.skipped, 0);
    check_sum(&p);
}

static void the_sum_holds_whatever_happens(void **state)
{
    (void)state;
    uint64_t rand = test_seed();
    for (int run = 0; run < 200; run++) {
        struct gw_mb_poll p;
        const int64_t period = 1 + (int64_t)gw_rand_below(&rand, 5000);
        int64_t now = (int64_t)gw_rand_below(&rand, 100000);
        const int64_t first = now + (int64_t)gw_rand_below(&rand, 1000);
        gw_mb_poll_init(&p, period, first, gw_rand_next(&rand));
        int64_t last_tick = INT64_MIN;
        for (int step = 0; step < 500; step++) {
            now += (int64_t)gw_rand_below(&rand, (uint64_t)period * 3 + 1);
            if (p.busy) {
                gw_mb_poll_end(&p, now,
                               (enum gw_mb_outcome)gw_rand_below(&rand, GW_MB_PASS_SILENT + 1));
            } else if (gw_mb_poll_due(&p, now)) {
                assert_true(p.tick_ms <= now && now - p.tick_ms < period);
                assert_true(p.tick_ms > last_tick);
                assert_int_equal((p.tick_ms - first) % period, 0);
                last_tick = p.tick_ms;
            }
            check_sum(&p);
            const int64_t wake = gw_mb_poll_wake(&p);
            assert_true(p.busy ? wake == INT64_MAX : (wake - first) % period == 0);
        }
        if (!p.busy && now >= first)
            (void)gw_mb_poll_due(&p, now);
        if (now >= first)
            assert_true(p.polls.scheduled <= (uint64_t)((now - first) / period + 1));
    }
}

static void a_slow_group_keeps_its_own_time(void **state)
{
    (void)state;
    struct gw_mb_cadence c = {.period_ms = 5000, .due_ms = 300};
    unsigned read = 0;
    for (int64_t tick = 300; tick < 100300; tick += 1000) {
        if (gw_mb_cadence_due(&c, tick)) {
            assert_int_equal((tick - 300) % 5000, 0);
            gw_mb_cadence_done(&c, tick);
            read++;
        }
    }
    assert_int_equal(read, 20);
    /* Long silence: once, not once for each period missed. */
    assert_true(gw_mb_cadence_due(&c, 1000300));
    gw_mb_cadence_done(&c, 1000300);
    assert_int_equal(c.due_ms, 1005300);
    gw_mb_cadence_done(&c, 1000300);
    assert_int_equal(c.due_ms, 1005300);
    assert_false(gw_mb_cadence_due(&c, 1005299));
}

static void a_hold_lengthens_the_back_off_and_a_release_ends_it(void **state)
{
    (void)state;
    struct gw_mb_poll p;
    gw_mb_poll_init(&p, 1000, 0, 1);
    assert_true(gw_mb_poll_due(&p, 0));
    gw_mb_poll_end(&p, 10, GW_MB_PASS_SILENT);
    const int64_t hold = p.hold_ms;
    gw_mb_poll_hold(&p, hold - 1);
    assert_int_equal(p.hold_ms, hold);
    gw_mb_poll_hold(&p, 20500);
    assert_int_equal(gw_mb_poll_wake(&p), 21000);
    gw_mb_poll_release(&p, 5500);
    assert_int_equal(p.backoff.tries, 0);
    assert_true(gw_mb_poll_due(&p, 6000));
    check_sum(&p);
}

/* Slow polls are asked for many together, quick ones a few together, and none a whole period later. */
static void quick_polls_stand_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(gw_mb_poll_apart(i, 1000), 0);
    assert_int_equal(gw_mb_poll_apart(64, 1000), 20);
    assert_int_equal(gw_mb_poll_apart(199, 1000), 60);
    assert_int_equal(gw_mb_poll_apart(63, 201), 0);
    const size_t few = GW_MB_TOGETHER_QUICK;
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(gw_mb_poll_apart(i, 100), (int64_t)(i / few % 5) * 20);
        assert_int_equal(gw_mb_poll_apart(i, 200), (int64_t)(i / few % 10) * 20);
        for (int64_t period = 1; period < 300; period += 7)
            assert_in_range(gw_mb_poll_apart(i, period), 0, period - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_period_is_one_poll),
        cmocka_unit_test(a_late_poll_is_done_in_its_period),
        cmocka_unit_test(missed_periods_are_skipped_not_caught_up),
        cmocka_unit_test(a_pass_longer_than_its_period_skips),
        cmocka_unit_test(a_silent_device_backs_off),
        cmocka_unit_test(a_busy_device_is_left_alone_but_not_for_long),
        cmocka_unit_test(devices_do_not_back_off_in_step),
        cmocka_unit_test(an_exception_is_no_link_loss),
        cmocka_unit_test(the_sum_holds_whatever_happens),
        cmocka_unit_test(a_slow_group_keeps_its_own_time),
        cmocka_unit_test(quick_polls_stand_apart),
        cmocka_unit_test(a_hold_lengthens_the_back_off_and_a_release_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
