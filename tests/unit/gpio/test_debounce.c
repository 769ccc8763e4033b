/* SPDX-License-Identifier: Apache-2.0 */
#include "gpio/debounce.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/backoff.h"
#include "support/cmocka_all.h"

#define HOLD 20

static struct gw_debounce started(bool level)
{
    struct gw_debounce d;
    gw_debounce_init(&d, HOLD);
    gw_debounce_start(&d, level, 1000);
    return d;
}

static void edge(struct gw_debounce *d, bool level, int64_t at_ms)
{
    struct gw_settled s;
    assert_false(gw_debounce_edge(d, level, at_ms, &s));
}

static void the_level_at_the_start_counts_at_once(void **state)
{
    (void)state;
    const struct gw_debounce d = started(true);
    assert_true(d.settled_level);
    assert_false(d.moving);
    assert_false(d.lost);
    assert_true(gw_debounce_due(&d) == INT64_MAX);
    assert_int_equal(gw_debounce_restless_ms(&d, 5000), 0);
}

static void a_level_counts_after_it_has_stood(void **state)
{
    (void)state;
    struct gw_debounce d = started(false);
    struct gw_settled s;
    edge(&d, true, 1100);
    assert_int_equal(gw_debounce_due(&d), 1100 + HOLD);
    assert_false(gw_debounce_settle(&d, 1100 + HOLD - 1, &s));
    assert_false(d.settled_level);
    assert_true(gw_debounce_settle(&d, 1100 + HOLD, &s));
    assert_true(s.level);
    assert_int_equal(s.at_ms, 1100);
    assert_true(d.settled_level);
    assert_false(gw_debounce_settle(&d, 2000, &s)); /* told once */
    assert_int_equal(d.edges, 1);
    assert_int_equal(d.swallowed, 0);
}

static void bounces_make_one_change(void **state)
{
    (void)state;
    struct gw_debounce d = started(false);
    struct gw_settled s;
    for (int i = 0; i < 7; i++)
        edge(&d, i % 2 == 0, 1100 + 3 * i);
    assert_int_equal(gw_debounce_restless_ms(&d, 1120), 20);
    assert_true(gw_debounce_settle(&d, 1118 + HOLD, &s));
    assert_true(s.level);
    assert_int_equal(s.at_ms, 1118);
    assert_int_equal(d.edges, 7);
    assert_int_equal(d.swallowed, 6);
    assert_false(d.lost);
}

static void a_glitch_makes_no_change(void **state)
{
    (void)state;
    struct gw_debounce d = started(true);
    struct gw_settled s;
    edge(&d, false, 1100);
    edge(&d, true, 1105);
    assert_false(gw_debounce_settle(&d, 1105 + HOLD, &s));
    assert_true(d.settled_level);
    assert_false(d.moving);
    assert_int_equal(d.edges, 2);
    assert_int_equal(d.swallowed, 2);
    assert_false(d.lost);
}

/* The thread was late: both levels stood, and both are told. */
static void what_settled_between_two_edges_is_told(void **state)
{
    (void)state;
    struct gw_debounce d = started(false);
    struct gw_settled s;
    edge(&d, true, 1100);
    assert_true(gw_debounce_edge(&d, false, 1500, &s));
    assert_true(s.level);
    assert_int_equal(s.at_ms, 1100);
    assert_true(gw_debounce_settle(&d, 1600, &s));
    assert_false(s.level);
    assert_int_equal(s.at_ms, 1500);
}

static void a_reading_beats_the_edges(void **state)
{
    (void)state;
    struct gw_debounce d = started(false);
    struct gw_settled s;
    gw_debounce_read(&d, false, 1050);
    assert_false(d.moving);
    gw_debounce_read(&d, true, 1100);
    gw_debounce_read(&d, true, 1110); /* no new beginning */
    assert_true(gw_debounce_settle(&d, 1100 + HOLD, &s));
    assert_true(s.level);
    assert_int_equal(s.at_ms, 1100);
    assert_int_equal(d.edges, 0);
    assert_true(d.lost); /* no edge led there */
}

static void a_reading_before_its_edge_loses_nothing(void **state)
{
    (void)state;
    struct gw_debounce d = started(false);
    struct gw_settled s;
    gw_debounce_read(&d, true, 1101);
    edge(&d, true, 1100);
    assert_int_equal(d.since_ms, 1101); /* stamps never go back */
    assert_true(gw_debounce_settle(&d, 1101 + HOLD, &s));
    assert_int_equal(d.edges, 1);
    assert_false(d.lost);
}

/* Two rising edges in a row: one falling edge is missing, and the parity shows it. */
static void a_missing_edge_shows(void **state)
{
    (void)state;
    struct gw_debounce d = started(false);
    struct gw_settled s;
    edge(&d, true, 1100);
    assert_true(gw_debounce_settle(&d, 1200, &s));
    assert_false(d.lost);
    edge(&d, true, 1300);
    assert_false(gw_debounce_settle(&d, 1400, &s));
    assert_true(d.lost);
}

static void a_new_start_keeps_the_count_but_not_its_word(void **state)
{
    (void)state;
    struct gw_debounce d = started(false);
    struct gw_settled s;
    edge(&d, true, 1100);
    gw_debounce_start(&d, false, 2000);
    assert_false(d.moving);
    assert_false(d.settled_level);
    assert_int_equal(d.edges, 1);
    assert_true(d.lost);
    edge(&d, true, 2100);
    assert_true(gw_debounce_settle(&d, 2200, &s));
}

static uint64_t seed(void)
{
    const char *text = getenv("GW_TEST_SEED");
    const uint64_t s = text != NULL ? strtoull(text, NULL, 0) : UINT64_C(20231122);
    printf("GW_TEST_SEED=%llu\n", (unsigned long long)s);
    return s;
}

/* Against the definition: a level is told when, and only when, it stood for HOLD and is another
 * than the one told before. */
static void random_edges_settle_as_defined(void **state)
{
    (void)state;
    uint64_t rand = seed();
    struct gw_debounce d = started(false);
    bool level = false;
    bool told = false;
    int64_t at = 1000;
    for (int i = 0; i < 100000; i++) {
        struct gw_settled s;
        const int64_t gap = (int64_t)gw_rand_below(&rand, 2 * HOLD);
        const bool stood = i > 0 && gap >= HOLD && level != told;
        assert_int_equal(gw_debounce_edge(&d, !level, at + gap, &s), stood);
        if (stood) {
            assert_int_equal(s.level, level);
            assert_int_equal(s.at_ms, at);
            told = level;
        }
        level = !level;
        at += gap;
    }
    struct gw_settled s;
    assert_int_equal(gw_debounce_settle(&d, at + HOLD, &s), level != told);
    assert_int_equal(d.settled_level, level);
    assert_int_equal(d.edges, 100000);
    assert_false(d.lost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_level_at_the_start_counts_at_once),
        cmocka_unit_test(a_level_counts_after_it_has_stood),
        cmocka_unit_test(bounces_make_one_change),
        cmocka_unit_test(a_glitch_makes_no_change),
        cmocka_unit_test(what_settled_between_two_edges_is_told),
        cmocka_unit_test(a_reading_beats_the_edges),
        cmocka_unit_test(a_reading_before_its_edge_loses_nothing),
        cmocka_unit_test(a_missing_edge_shows),
        cmocka_unit_test(a_new_start_keeps_the_count_but_not_its_word),
        cmocka_unit_test(random_edges_settle_as_defined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
