/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole driver but its thread and libgpiod: a chip in memory, a clock in the hand.
 */
#include "gpio/reactor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "fake_chip.h"
#include "gpio/driver.h"
#include "sitefile.h"
#include "support/cmocka_all.h"

#define BUS    "\"c\": {\"driver\": \"gpio\", \"chip\": \"sim\"}"
#define DEVICE "\"di\": {\"bus\": \"c\"}"
#define POINTS 64
#define HOLD   20

struct rig {
    struct sitefile f;
    struct gw_fake_clock fake;
    struct gw_clock clock;
    struct fake_chip chip;
    struct gw_gpio_reactor *r;
    bool refuse; /* the core is behind */
    unsigned batches, refused;
    struct gw_batch last;             /* the latest batch */
    struct gw_sample samples[POINTS]; /* the latest of each point */
    unsigned told[POINTS];            /* samples of each point */
};

static enum gw_status take(void *ctx, const struct gw_batch *b)
{
    struct rig *g = ctx;
    const struct gw_polls *p = &b->polls;
    /* An edge may settle while the poll is under way. */
    assert_in_range(p->scheduled - p->read - p->failed - p->skipped, 0, 1);
    if (g->refuse) {
        g->refused++;
        return GW_E_FULL;
    }
    g->batches++;
    assert_true(!g->last.last || b->device != g->last.device || b->wall_ms > g->last.wall_ms);
    g->last = *b;
    for (size_t i = 0; i < b->n; i++) {
        const struct gw_sample *s = &b->samples[i];
        assert_in_range(s->point, 0, POINTS - 1);
        /* The table refuses a sample that is older than the one before it. */
        assert_true(s->mono_ms >= g->samples[s->point].mono_ms);
        assert_true(s->mono_ms <= g->fake.now.mono_ms);
        assert_int_equal(s->wall_ms - s->mono_ms, g->fake.now.wall_ms - g->fake.now.mono_ms);
        g->samples[s->point] = *s;
        g->told[s->point]++;
    }
    return GW_OK;
}

static void rig_load(struct rig *g, const char *devices, const char *points)
{
    memset(g, 0, sizeof *g);
    sitefile_load(&g->f, BUS, devices, points);
    if (g->f.site == NULL)
        fail_msg("%s", gw_issues_text(g->f.issues, 0));
    gw_fake_clock_init(&g->fake);
    g->clock = gw_fake_clock_clock(&g->fake);
    fake_chip_init(&g->chip, "sim", &g->fake);
}

static void rig_start(struct rig *g)
{
    const struct gw_driver_env env = {
        .site = g->f.site, .clock = &g->clock, .sink = {take, g}, .seed = 7};
    struct gw_err err = {0};
    if (gw_gpio_reactor_new(&env, &g->chip.ops, &g->r, &err) != GW_OK)
        fail_msg("%s", err.msg);
}

static void rig_end(struct rig *g)
{
    gw_gpio_reactor_free(g->r);
    assert_int_equal(g->chip.open_handles, 0);
    for (size_t i = 0; i < FAKE_LINES; i++)
        assert_false(g->chip.lines[i].held);
    sitefile_free(&g->f);
}

static void serve(struct rig *g)
{
    assert_int_equal(gw_gpio_reactor_round(g->r), GW_OK);
}

/* Time passes in steps of a millisecond, and the reactor serves what comes. */
static void pass(struct rig *g, int64_t ms)
{
    for (int64_t i = 0; i < ms; i++) {
        gw_fake_clock_advance(&g->fake, 1);
        serve(g);
    }
}

static struct gw_sample sample(const struct rig *g, const char *id)
{
    return g->samples[sitefile_point(&g->f, id)];
}

static unsigned told(const struct rig *g, const char *id)
{
    return g->told[sitefile_point(&g->f, id)];
}

static void expect(const struct rig *g, const char *id, enum gw_quality quality, int64_t value)
{
    const struct gw_sample s = sample(g, id);
    if (s.quality != quality || (quality != GW_Q_BAD_COMM && s.value.i != value))
        fail_msg("%s is %s %lld, not %s %lld", id, gw_quality_name((enum gw_quality)s.quality),
                 (long long)s.value.i, gw_quality_name(quality), (long long)value);
    assert_int_equal(s.valued, quality != GW_Q_BAD_COMM);
    assert_true((s.nraw > 0) == (quality != GW_Q_BAD_COMM));
}

static void a_line_that_is_active_at_the_start_is_told_at_once(void **state)
{
    (void)state;
    struct rig g;
    rig_load(&g, DEVICE, "\"di.a\": {\"line\": 0}, \"di.b\": {\"line\": 1}");
    fake_chip_set(&g.chip, 1, true);
    rig_start(&g);
    serve(&g);
    expect(&g, "di.a", GW_Q_GOOD, 0);
    expect(&g, "di.b", GW_Q_GOOD, 1);
    assert_int_equal(g.batches, 1);
    assert_int_equal(g.last.link, GW_LINK_OK);
    assert_int_equal(g.last.last, 1);
    assert_string_equal(g.last.fault, "");
    assert_int_equal(g.last.polls.read, 1);
    rig_end(&g);
}

static void an_edge_is_told_when_it_has_settled(void **state)
{
    (void)state;
    struct rig g;
    rig_load(&g, DEVICE, "\"di.a\": {\"line\": 0, \"edges\": true}");
    rig_start(&g);
    serve(&g);
    pass(&g, 300);
    fake_chip_set(&g.chip, 0, true);
    const int64_t edge_ms = g.fake.now.mono_ms;
    pass(&g, HOLD - 1);
    assert_int_equal(g.batches, 1);
    pass(&g, 1);
    assert_int_equal(g.batches, 2);
    expect(&g, "di.a", GW_Q_GOOD, 1);
    expect(&g, "di.a_edges", GW_Q_GOOD, 1);
    assert_int_equal(sample(&g, "di.a").mono_ms, edge_ms);
    assert_int_equal(g.last.n, 2);
    assert_int_equal(g.last.last, 1);
    assert_int_equal(g.last.polls.scheduled, 1); /* an edge is no poll */
    rig_end(&g);
}

static void stamps_of_old_kernels_mean_the_same(void **state)
{
    (void)state;
    struct rig g;
    rig_load(&g, DEVICE, "\"di.a\": {\"line\": 0}");
    g.chip.wall_stamps = true;
    rig_start(&g);
    serve(&g);
    fake_chip_set(&g.chip, 0, true);
    const int64_t edge_ms = g.fake.now.mono_ms;
    pass(&g, HOLD);
    expect(&g, "di.a", GW_Q_GOOD, 1);
    assert_int_equal(sample(&g, "di.a").mono_ms, edge_ms);
    rig_end(&g);
}

static void samples_stay_fresh(void **state)
{
    (void)state;
    struct rig g;
    rig_load(&g, DEVICE, "\"di.a\": {\"line\": 0}");
    rig_start(&g);
    serve(&g);
    pass(&g, 5000);
    assert_int_equal(told(&g, "di.a"), 6);
    assert_int_equal(sample(&g, "di.a").mono_ms, g.fake.now.mono_ms);
    assert_int_equal(g.last.polls.read, 6);
    /* The thread was held up: what was missed is skipped. */
    gw_fake_clock_advance(&g.fake, 3500);
    serve(&g);
    assert_int_equal(g.last.polls.scheduled, 9);
    assert_int_equal(g.last.polls.skipped, 2);
    assert_int_equal(told(&g, "di.a"), 7);
    rig_end(&g);
}

static void polarity_and_wiring(void **state)
{
    (void)state;
    struct rig g;
    rig_load(&g, DEVICE,
             "\"di.no\": {\"line\": 0}, \"di.nc\": {\"line\": 1, \"wiring\": \"nc\"},"
             "\"di.low\": {\"line\": 2, \"active_low\": true, \"bias\": \"pull-up\"},"
             "\"di.low_nc\": {\"line\": 3, \"active_low\": true, \"wiring\": \"nc\"}");
    rig_start(&g);
    static const char *const ids[] = {"di.no", "di.nc", "di.low", "di.low_nc"};
    static const int at_low[] = {0, 1, 1, 0};
    serve(&g);
    for (unsigned i = 0; i < 4; i++) {
        expect(&g, ids[i], GW_Q_GOOD, at_low[i]);
        assert_int_equal(sample(&g, ids[i]).raw[0], 0); /* the voltage */
        fake_chip_set(&g.chip, i, true);
    }
    assert_int_equal(g.chip.lines[2].req.bias, GW_GPIO_PULL_UP);
    assert_true(g.chip.lines[2].req.active_low);
    assert_int_equal(g.chip.lines[0].req.bias, GW_GPIO_AS_IS);
    pass(&g, HOLD);
    for (unsigned i = 0; i < 4; i++) {
        expect(&g, ids[i], GW_Q_GOOD, !at_low[i]);
        assert_int_equal(sample(&g, ids[i]).raw[0], 1);
    }
    rig_end(&g);
}

static void chatter_is_swallowed_and_counted(void **state)
{
    (void)state;
    struct rig g;
    rig_load(&g, DEVICE, "\"di.a\": {\"line\": 0, \"edges\": true}");
    rig_start(&g);
    serve(&g);
    for (int i = 0; i < 11; i++) {
        fake_chip_set(&g.chip, 0, i % 2 == 0);
        pass(&g, 5);
    }
    assert_int_equal(g.batches, 1);
    pass(&g, HOLD);
    assert_int_equal(g.batches, 2);
    expect(&g, "di.a", GW_Q_GOOD, 1);
    expect(&g, "di.a_edges", GW_Q_GOOD, 11);
    rig_end(&g);
}

static void a_line_that_never_settles_is_uncertain(void **state)
{
    (void)state;
    struct rig g;
    rig_load(&g, DEVICE, "\"di.a\": {\"line\": 0, \"edges\": true}, \"di.b\": {\"line\": 1}");
    rig_start(&g);
    serve(&g);
    for (int i = 0; i < 500; i++) {
        fake_chip_set(&g.chip, 0, i % 2 == 0);
        pass(&g, 5);
    }
    expect(&g, "di.a", GW_Q_UNCERTAIN, 0);
    expect(&g, "di.b", GW_Q_GOOD, 0);
    fake_chip_set(&g.chip, 0, true);
    pass(&g, HOLD);
    expect(&g, "di.a", GW_Q_GOOD, 1);
    expect(&g, "di.a_edges", GW_Q_GOOD, 501);
    rig_end(&g);
}

static void a_full_queue_makes_the_count_uncertain_and_the_level_right(void **state)
{
    (void)state;
    struct rig g;
    rig_load(&g, DEVICE, "\"di.a\": {\"line\": 0, \"edges\": true}");
    rig_start(&g);
    serve(&g);
    /* 41 edges that nobody fetches: the queue ends with "falling" while the line is high. */
    for (int i = 0; i < 41; i++)
        fake_chip_set(&g.chip, 0, i % 2 == 0);
    assert_int_equal(g.chip.lines[0].dropped, 25);
    pass(&g, 3 * HOLD);
    expect(&g, "di.a", GW_Q_GOOD, 1);
    expect(&g, "di.a_edges", GW_Q_UNCERTAIN, 16);
    assert_int_equal(told(&g, "di.a"), 2);
    /* It is watched again, and the doubt about the count stays. */
    fake_chip_set(&g.chip, 0, false);
    pass(&g, HOLD);
    expect(&g, "di.a", GW_Q_GOOD, 0);
    expect(&g, "di.a_edges", GW_Q_UNCERTAIN, 17);
    rig_end(&g);
}

/* Edges as fast as they can come cost a reading per debounce time, not one per edge. */
static void a_storm_of_edges_is_left_alone(void **state)
{
    (void)state;
    struct rig g;
    rig_load(&g, DEVICE, "\"di.a\": {\"line\": 0}");
    rig_start(&g);
    serve(&g);
    const unsigned before = g.chip.fetches;
    for (int i = 0; i < 1000; i++) {
        for (int k = 0; k < 20; k++)
            fake_chip_set(&g.chip, 0, k % 2 == 0);
        pass(&g, 1);
    }
    assert_in_range(g.chip.fetches - before, 1, 4 * 1000 / HOLD);
    rig_end(&g);
}

static void a_lost_edge_cannot_hide_for_longer_than_a_period(void **state)
{
    (void)state;
    struct rig g;
    rig_load(&g, DEVICE, "\"di.a\": {\"line\": 0, \"edges\": true}");
    rig_start(&g);
    serve(&g);
    pass(&g, 100);
    fake_chip_sneak(&g.chip, 0, true);
    pass(&g, 900 + HOLD);
    expect(&g, "di.a", GW_Q_GOOD, 1);
    expect(&g, "di.a_edges", GW_Q_UNCERTAIN, 0);
    rig_end(&g);
}

static void a_line_that_is_held_by_another_fails_alone(void **state)
{
    (void)state;
    struct rig g;
    rig_load(&g, DEVICE, "\"di.a\": {\"line\": 0}, \"di.b\": {\"line\": \"flow_low\"}");
    g.chip.lines[3].name = "flow_low";
    g.chip.lines[3].consumer = "gpiomon";
    rig_start(&g);
    serve(&g);
    expect(&g, "di.a", GW_Q_GOOD, 0);
    expect(&g, "di.b", GW_Q_BAD_COMM, 0);
    assert_int_equal(g.last.link, GW_LINK_OK);
    assert_string_equal(g.last.fault, "chip sim, line 3 (flow_low): held by \"gpiomon\"");
    assert_int_equal(g.last.polls.read, 1);
    pass(&g, 1000);
    expect(&g, "di.b", GW_Q_BAD_COMM, 0);
    assert_string_equal(g.last.fault, "chip sim, line 3 (flow_low): held by \"gpiomon\"");
    g.chip.lines[3].consumer = NULL;
    fake_chip_set(&g.chip, 3, true);
    pass(&g, 30000);
    expect(&g, "di.b", GW_Q_GOOD, 1);
    assert_string_equal(g.last.fault, "");
    rig_end(&g);
}

static void a_line_that_does_not_exist_is_named(void **state)
{
    (void)state;
    struct rig g;
    rig_load(&g, DEVICE, "\"di.a\": {\"line\": 77}");
    rig_start(&g);
    serve(&g);
    expect(&g, "di.a", GW_Q_BAD_COMM, 0);
    assert_string_equal(g.last.fault, "chip sim, no line 77: the chip has 40, from 0");
    assert_int_equal(g.last.polls.failed, 1);
    rig_end(&g);
}

static void an_unplugged_chip_is_told_at_once_and_comes_back(void **state)
{
    (void)state;
    struct rig g;
    rig_load(&g, DEVICE ", \"dj\": {\"bus\": \"c\"}",
             "\"di.a\": {\"line\": 0, \"edges\": true}, \"dj.b\": {\"line\": 1}");
    rig_start(&g);
    serve(&g);
    pass(&g, 500);
    fake_chip_unplug(&g.chip);
    serve(&g);
    expect(&g, "di.a", GW_Q_BAD_COMM, 0);
    expect(&g, "di.a_edges", GW_Q_BAD_COMM, 0);
    expect(&g, "dj.b", GW_Q_BAD_COMM, 0);
    assert_int_equal(g.last.link, GW_LINK_DOWN);
    assert_string_equal(g.last.fault, "chip sim: gone (unplugged?)");
    assert_int_equal(g.chip.open_handles, 0);
    pass(&g, 60000);
    assert_in_range(g.chip.opens, 5, 12); /* with back-off */
    assert_true(g.last.polls.skipped > g.last.polls.failed);
    assert_string_equal(g.last.fault, "chip sim: no chip has this label");
    fake_chip_plug(&g.chip);
    g.chip.lines[0].high = true; /* while nobody looked */
    pass(&g, 40000);
    expect(&g, "di.a", GW_Q_GOOD, 1);
    expect(&g, "di.a_edges", GW_Q_UNCERTAIN, 0);
    expect(&g, "dj.b", GW_Q_GOOD, 0);
    assert_int_equal(g.last.link, GW_LINK_OK);
    assert_string_equal(g.last.fault, "");
    fake_chip_set(&g.chip, 1, true);
    pass(&g, HOLD);
    expect(&g, "dj.b", GW_Q_GOOD, 1);
    rig_end(&g);
}

/* Not every kernel wakes who waits for an edge when the chip goes; the next reading finds it. */
static void an_unplugged_chip_is_found_by_the_reading(void **state)
{
    (void)state;
    struct rig g;
    rig_load(&g, DEVICE, "\"di.a\": {\"line\": 0}");
    rig_start(&g);
    serve(&g);
    g.chip.plugged = false;
    pass(&g, 999);
    expect(&g, "di.a", GW_Q_GOOD, 0);
    pass(&g, 1);
    expect(&g, "di.a", GW_Q_BAD_COMM, 0);
    assert_int_equal(g.last.polls.failed, 1);
    rig_end(&g);
}

static void a_chip_that_is_not_there_at_the_start(void **state)
{
    (void)state;
    struct rig g;
    rig_load(&g, DEVICE, "\"di.a\": {\"line\": 0}");
    g.chip.plugged = false;
    rig_start(&g);
    serve(&g);
    expect(&g, "di.a", GW_Q_BAD_COMM, 0);
    assert_int_equal(g.last.link, GW_LINK_DOWN);
    assert_string_equal(g.last.fault, "chip sim: no chip has this label");
    fake_chip_plug(&g.chip);
    pass(&g, 3000);
    expect(&g, "di.a", GW_Q_GOOD, 0);
    rig_end(&g);
}

static void many_lines_make_one_pass_of_several_batches(void **state)
{
    (void)state;
    char points[40 * FAKE_LINES];
    size_t n = 0;
    for (unsigned i = 0; i < FAKE_LINES; i++)
        n += (size_t)snprintf(points + n, sizeof points - n, "%s\"di.p%u\": {\"line\": %u}",
                              i > 0 ? "," : "", i, i);
    struct rig g;
    rig_load(&g, DEVICE, points);
    rig_start(&g);
    serve(&g);
    assert_int_equal(g.batches, 2);
    assert_int_equal(g.last.n, FAKE_LINES - GW_BATCH_MAX);
    assert_int_equal(g.last.last, 1);
    expect(&g, "di.p0", GW_Q_GOOD, 0);
    expect(&g, "di.p39", GW_Q_GOOD, 0);
    rig_end(&g);
}

static void what_the_core_refused_is_told_by_the_next_reading(void **state)
{
    (void)state;
    struct rig g;
    rig_load(&g, DEVICE, "\"di.a\": {\"line\": 0}");
    rig_start(&g);
    serve(&g);
    g.refuse = true;
    fake_chip_set(&g.chip, 0, true);
    pass(&g, HOLD);
    assert_int_equal(g.refused, 1);
    g.refuse = false;
    expect(&g, "di.a", GW_Q_GOOD, 0);
    pass(&g, 1000);
    expect(&g, "di.a", GW_Q_GOOD, 1);
    rig_end(&g);
}

/* Whatever happens, the last level is right once everything has settled. */
static void after_a_random_life_the_level_is_right(void **state)
{
    (void)state;
    const char *text = getenv("GW_TEST_SEED");
    uint64_t rand = text != NULL ? strtoull(text, NULL, 0) : UINT64_C(20231122);
    printf("GW_TEST_SEED=%llu\n", (unsigned long long)rand);
    struct rig g;
    rig_load(
        &g, "\"di\": {\"bus\": \"c\", \"period_ms\": 100}",
        "\"di.a\": {\"line\": 0, \"edges\": true}, \"di.b\": {\"line\": 1, \"wiring\": \"nc\"},"
        "\"di.c\": {\"line\": 2, \"active_low\": true, \"debounce_ms\": 7}");
    rig_start(&g);
    for (int life = 0; life < 200; life++) {
        for (int i = 0; i < 60; i++) {
            const uint64_t dice = gw_rand_below(&rand, 100);
            if (dice < 2)
                fake_chip_unplug(&g.chip);
            else if (dice < 6)
                fake_chip_plug(&g.chip);
            else if (dice < 10)
                fake_chip_sneak(&g.chip, (unsigned)gw_rand_below(&rand, 3), dice % 2 == 0);
            else
                fake_chip_set(&g.chip, (unsigned)gw_rand_below(&rand, 3), dice % 2 == 0);
            if (dice > 60)
                pass(&g, (int64_t)gw_rand_below(&rand, 30));
        }
        fake_chip_plug(&g.chip);
        gw_fake_clock_advance(&g.fake, 40000); /* beyond any back-off */
        pass(&g, 200);
        expect(&g, "di.a", GW_Q_GOOD, g.chip.lines[0].high);
        expect(&g, "di.b", GW_Q_GOOD, !g.chip.lines[1].high);
        expect(&g, "di.c", GW_Q_GOOD, !g.chip.lines[2].high);
        assert_int_equal(g.last.link, GW_LINK_OK);
    }
    rig_end(&g);
}

/* A chip, device and points before it shift every index; the lines are not let go, their edges count
 * on, and what settles comes under the new index. */
static void another_site_keeps_the_lines(void **state)
{
    (void)state;
    struct rig g;
    struct sitefile before;
    rig_load(&g, DEVICE, "\"di.a\": {\"line\": 0, \"edges\": true}, \"di.b\": {\"line\": 1}");
    rig_start(&g);
    serve(&g);
    const uint32_t old_bus = g.f.site->devices[0].bus;
    fake_chip_set(&g.chip, 0, true);
    pass(&g, HOLD);
    expect(&g, "di.a_edges", GW_Q_GOOD, 1);
    const unsigned opens = g.chip.opens;
    const struct gw_polls polls = g.last.polls;

    fake_chip_set(&g.chip, 0, false);
    pass(&g, HOLD / 2); /* settling */
    before = g.f;
    sitefile_load(&g.f, "\"new\": {\"driver\": \"gpio\", \"chip\": \"none\"}, " BUS,
                  "\"x\": {\"bus\": \"new\"}, " DEVICE,
                  "\"x.y\": {\"line\": 3}, \"di.a\": {\"line\": 0, \"edges\": true}, "
                  "\"di.b\": {\"line\": 1}");
    assert_non_null(g.f.site);
    const uint32_t buses[] = {GW_DRIVER_NEW, old_bus, GW_DRIVER_NEW};
    const uint32_t devices[] = {GW_DRIVER_NEW, 0, GW_DRIVER_NEW};
    const struct gw_driver_keep keep = {.buses = buses, .devices = devices};
    const struct gw_driver_env env = {
        .site = g.f.site, .clock = &g.clock, .sink = {take, &g}, .seed = 7};
    assert_int_equal(gw_loop_pause(gw_gpio_reactor_loop(g.r), 0), GW_OK);
    gw_gpio_reactor_reload(g.r, &env, &keep);
    gw_loop_resume(gw_gpio_reactor_loop(g.r));
    sitefile_free(&before);
    memset(g.samples, 0, sizeof g.samples);
    memset(g.told, 0, sizeof g.told);

    pass(&g, HOLD);
    expect(&g, "di.a", GW_Q_GOOD, 0);
    expect(&g, "di.a_edges", GW_Q_GOOD, 2);
    assert_int_equal(told(&g, "x.y"), 0);
    assert_string_equal(g.f.site->devices[g.last.device].id, "di");
    pass(&g, 1100);
    expect(&g, "di.b", GW_Q_GOOD, 0);
    assert_true(g.last.polls.read > polls.read);
    assert_int_equal(g.last.polls.failed, 0);
    assert_int_equal(g.chip.opens, opens);
    rig_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_site_keeps_the_lines),
        cmocka_unit_test(a_line_that_is_active_at_the_start_is_told_at_once),
        cmocka_unit_test(an_edge_is_told_when_it_has_settled),
        cmocka_unit_test(stamps_of_old_kernels_mean_the_same),
        cmocka_unit_test(samples_stay_fresh),
        cmocka_unit_test(polarity_and_wiring),
        cmocka_unit_test(chatter_is_swallowed_and_counted),
        cmocka_unit_test(a_line_that_never_settles_is_uncertain),
        cmocka_unit_test(a_full_queue_makes_the_count_uncertain_and_the_level_right),
        cmocka_unit_test(a_storm_of_edges_is_left_alone),
        cmocka_unit_test(a_lost_edge_cannot_hide_for_longer_than_a_period),
        cmocka_unit_test(a_line_that_is_held_by_another_fails_alone),
        cmocka_unit_test(a_line_that_does_not_exist_is_named),
        cmocka_unit_test(an_unplugged_chip_is_told_at_once_and_comes_back),
        cmocka_unit_test(an_unplugged_chip_is_found_by_the_reading),
        cmocka_unit_test(a_chip_that_is_not_there_at_the_start),
        cmocka_unit_test(many_lines_make_one_pass_of_several_batches),
        cmocka_unit_test(what_the_core_refused_is_told_by_the_next_reading),
        cmocka_unit_test(after_a_random_life_the_level_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
