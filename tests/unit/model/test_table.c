/* SPDX-License-Identifier: Apache-2.0 */
#include "model/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Two buses: gas and flow share the first, heat is alone on the second. */
enum { GAS = 0, FLOW, HEAT, NDEVICES };
enum { P_GAS = 0, P_STATE, P_FLOW, P_HEAT, NPOINTS };

static const uint32_t bus_of[NDEVICES] = {0, 0, 1};

static const struct gw_point points[NPOINTS] = {
    {.id = "gas.p1",
     .device = GAS,
     .def = &(const struct gw_point_def){.period_ms = 1000, .stale_ms = 3000}},
    {.id = "gas.p1_state",
     .device = GAS,
     .def = &(const struct gw_point_def){.vtype = GW_V_STATE, .period_ms = 1000, .stale_ms = 3000}},
    {.id = "flow.flow",
     .device = FLOW,
     .def = &(const struct gw_point_def){.period_ms = 100, .stale_ms = 500}},
    {.id = "heat.t1",
     .device = HEAT,
     .def = &(const struct gw_point_def){.period_ms = 60000, .stale_ms = 180000}},
};

static const struct gw_table_conf conf = {
    .points = points,
    .npoints = NPOINTS,
    .bus_of = bus_of,
    .ndevices = NDEVICES,
    .window_ms = 60000,
};

static int setup(void **state)
{
    struct gw_table *t = NULL;
    if (gw_table_new(&conf, &t, NULL) != GW_OK)
        return -1;
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    gw_table_free(*state);
    return 0;
}

static struct gw_sample sample(uint32_t point, enum gw_quality q, int64_t mono_ms, double value)
{
    return (struct gw_sample){
        .point = point,
        .quality = (uint8_t)q,
        .vtype = GW_V_NUM,
        .valued = 1,
        .nraw = 1,
        .raw = {(uint16_t)value},
        .value = {.num = value},
        .mono_ms = mono_ms,
        .wall_ms = mono_ms + 1795305600000,
    };
}

static bool apply_one(struct gw_table *t, uint32_t device, const struct gw_sample *s)
{
    struct gw_batch b = {
        .device = device,
        .link = GW_LINK_OK,
        .last = 1,
        .n = 1,
        .mono_ms = s->mono_ms,
        .wall_ms = s->wall_ms,
    };
    b.samples[0] = *s;
    return gw_table_apply(t, &b);
}

static bool apply_link(struct gw_table *t, uint32_t device, enum gw_link link, int64_t mono_ms)
{
    struct gw_batch b = {.device = device, .link = (uint8_t)link, .last = 1, .mono_ms = mono_ms};
    if (link != GW_LINK_OK)
        (void)snprintf(b.fault, sizeof b.fault, "no answer in 500 ms");
    return gw_table_apply(t, &b);
}

static void a_point_never_read_is_not_yet(void **state)
{
    const struct gw_table *t = *state;
    const struct gw_sample s = gw_table_get(t, P_STATE, 5000);
    assert_int_equal(s.quality, GW_Q_NOT_YET);
    assert_int_equal(s.point, P_STATE);
    assert_int_equal(s.vtype, GW_V_STATE);
    assert_int_equal(s.mono_ms, 0);
    assert_int_equal(s.nraw, 0);
    assert_int_equal(s.valued, 0);
}

static void the_latest_sample_is_kept_as_it_came(void **state)
{
    struct gw_table *t = *state;
    const struct gw_sample in = sample(P_GAS, GW_Q_GOOD, 10000, 27.5);
    assert_true(apply_one(t, GAS, &in));
    const struct gw_sample got = gw_table_get(t, P_GAS, 10000);
    assert_memory_equal(&got, &in, sizeof in);
}

static void a_good_sample_grows_stale_and_keeps_its_stamps(void **state)
{
    struct gw_table *t = *state;
    const struct gw_sample in = sample(P_GAS, GW_Q_GOOD, 10000, 27.5);
    (void)apply_one(t, GAS, &in);
    assert_int_equal(gw_table_get(t, P_GAS, 13000).quality, GW_Q_GOOD);
    const struct gw_sample late = gw_table_get(t, P_GAS, 13001);
    assert_int_equal(late.quality, GW_Q_STALE);
    assert_int_equal(late.mono_ms, in.mono_ms);
    assert_int_equal(late.wall_ms, in.wall_ms);
    assert_int_equal(gw_table_get(t, P_GAS, 12000).quality, GW_Q_GOOD);
}

static void a_bad_sample_stays_what_it_was(void **state)
{
    struct gw_table *t = *state;
    for (int q = 0; q < GW_Q_COUNT; q++) {
        const struct gw_sample in = sample(P_GAS, (enum gw_quality)q, 10000 + q, 1);
        (void)apply_one(t, GAS, &in);
        const enum gw_quality old = (enum gw_quality)gw_table_get(t, P_GAS, 100000).quality;
        assert_int_equal(old, q == GW_Q_GOOD ? GW_Q_STALE : q);
    }
}

static void foreign_samples_are_refused_and_counted(void **state)
{
    struct gw_table *t = *state;
    const struct gw_sample foreign = sample(P_FLOW, GW_Q_GOOD, 10000, 1);
    (void)apply_one(t, GAS, &foreign);
    assert_int_equal(gw_table_refused(t), 1);
    assert_int_equal(gw_table_get(t, P_FLOW, 10000).quality, GW_Q_NOT_YET);

    const struct gw_sample unknown = sample(NPOINTS, GW_Q_GOOD, 10000, 1);
    (void)apply_one(t, GAS, &unknown);
    assert_int_equal(gw_table_refused(t), 2);

    struct gw_sample quality = sample(P_GAS, GW_Q_GOOD, 10000, 1);
    quality.quality = GW_Q_COUNT;
    (void)apply_one(t, GAS, &quality);
    assert_int_equal(gw_table_refused(t), 3);

    const struct gw_sample good = sample(P_GAS, GW_Q_GOOD, 10000, 1);
    assert_false(apply_one(t, NDEVICES, &good));
    assert_int_equal(gw_table_refused(t), 4);
    assert_int_equal(gw_table_get(t, P_GAS, 10000).quality, GW_Q_NOT_YET);
}

static void a_sample_older_than_the_one_held_is_refused(void **state)
{
    struct gw_table *t = *state;
    const struct gw_sample now = sample(P_GAS, GW_Q_GOOD, 10000, 1);
    const struct gw_sample same = sample(P_GAS, GW_Q_GOOD, 10000, 2);
    const struct gw_sample older = sample(P_GAS, GW_Q_GOOD, 9999, 3);
    (void)apply_one(t, GAS, &now);
    (void)apply_one(t, GAS, &same);
    (void)apply_one(t, GAS, &older);
    assert_int_equal(gw_table_refused(t), 1);
    assert_true(gw_table_get(t, P_GAS, 10000).value.num == 2.0);
}

static void a_batch_that_cannot_be_is_refused_whole(void **state)
{
    struct gw_table *t = *state;
    struct gw_batch b = {.device = GAS, .link = GW_LINK_OK, .n = GW_BATCH_MAX + 1};
    assert_false(gw_table_apply(t, &b));
    assert_int_equal(gw_table_refused(t), GW_BATCH_MAX + 1);
    b = (struct gw_batch){.device = GAS, .link = GW_LINK_DOWN + 1, .n = 2};
    assert_false(gw_table_apply(t, &b));
    assert_int_equal(gw_table_refused(t), GW_BATCH_MAX + 3);
    assert_int_equal(gw_table_device(t, GAS)->link, GW_LINK_UNKNOWN);
}

static void a_device_has_a_life(void **state)
{
    struct gw_table *t = *state;
    const struct gw_device_life *life = gw_table_device(t, GAS);
    assert_int_equal(life->link, GW_LINK_UNKNOWN);
    assert_int_equal(life->since_ms, 0);
    assert_true(apply_link(t, GAS, GW_LINK_OK, 10000));
    assert_false(apply_link(t, GAS, GW_LINK_OK, 11000));
    assert_int_equal(life->since_ms, 10000);
    assert_int_equal(life->last_ok_ms, 11000);
    assert_true(apply_link(t, GAS, GW_LINK_SUSPECT, 12000));
    assert_string_equal(life->fault, "no answer in 500 ms");
    assert_true(apply_link(t, GAS, GW_LINK_DOWN, 15000));
    assert_int_equal(life->since_ms, 15000);
    assert_int_equal(life->last_ok_ms, 11000);
    assert_true(apply_link(t, GAS, GW_LINK_OK, 20000));
    assert_string_equal(life->fault, "");
    assert_int_equal(life->last_ok_ms, 20000);
}

static void only_the_last_batch_of_a_pass_ends_it(void **state)
{
    struct gw_table *t = *state;
    struct gw_batch b = {.device = GAS, .link = GW_LINK_OK, .mono_ms = 10000};
    b.polls = (struct gw_polls){.scheduled = 7, .read = 5, .failed = 1, .skipped = 1};
    (void)gw_table_apply(t, &b);
    assert_int_equal(gw_table_device(t, GAS)->last_ok_ms, 0);
    b.last = 1;
    b.mono_ms = 10010;
    (void)gw_table_apply(t, &b);
    assert_int_equal(gw_table_device(t, GAS)->last_ok_ms, 10010);
    assert_int_equal(gw_table_device(t, GAS)->polls.scheduled, 7);
    assert_int_equal(gw_table_device(t, GAS)->polls.skipped, 1);
}

/* A thread that was replaced has counted, and the next one begins at 0. */
static void what_replaced_threads_counted_is_kept(void **state)
{
    struct gw_table *t = *state;
    struct gw_batch b = {.device = GAS, .link = GW_LINK_OK, .last = 1, .mono_ms = 10000};
    uint64_t read = 0;
    for (unsigned thread = 1; thread <= 3; thread++) {
        b.stats = (struct gw_bus_stats){.opens = 1};
        for (uint64_t n = 1; n <= 10 * thread; n++) {
            b.mono_ms++;
            b.polls = (struct gw_polls){.scheduled = n * 3, .read = n, .failed = n, .skipped = n};
            b.stats.timeouts = (uint32_t)n;
            b.stats.tries = (uint16_t)n;
            (void)gw_table_apply(t, &b);
            (void)gw_table_apply(t, &b); /* a pass may be more than one batch */
            const struct gw_device_life *life = gw_table_device(t, GAS);
            assert_int_equal(life->polls.read, ++read);
            assert_int_equal(life->polls.scheduled,
                             life->polls.read + life->polls.failed + life->polls.skipped);
            assert_int_equal(life->stats.timeouts, read);
            assert_int_equal(life->stats.tries, n);
            assert_int_equal(life->stats.opens, thread);
        }
    }
}

static void a_fault_text_without_end_is_cut(void **state)
{
    struct gw_table *t = *state;
    struct gw_batch b = {.device = GAS, .link = GW_LINK_DOWN, .last = 1, .mono_ms = 1};
    memset(b.fault, 'x', sizeof b.fault);
    (void)gw_table_apply(t, &b);
    assert_int_equal(strlen(gw_table_device(t, GAS)->fault), sizeof b.fault - 1);
}

static void silence_is_compared_with_the_bus_mates(void **state)
{
    struct gw_table *t = *state;
    for (uint32_t d = 0; d < NDEVICES; d++)
        assert_false(gw_table_siblings_ok(t, d, 1));
    (void)apply_link(t, HEAT, GW_LINK_OK, 1);
    /* The mate is not OK: the bus itself may be the cause, whatever other buses do. */
    assert_false(gw_table_siblings_ok(t, GAS, 2));
    (void)apply_link(t, FLOW, GW_LINK_OK, 2);
    assert_true(gw_table_siblings_ok(t, GAS, 2));
    assert_false(gw_table_siblings_ok(t, FLOW, 2));
    /* Alone on its bus: any other bus will do. */
    assert_true(gw_table_siblings_ok(t, HEAT, 2));
    (void)apply_link(t, FLOW, GW_LINK_SUSPECT, 3);
    assert_false(gw_table_siblings_ok(t, HEAT, 3));
    assert_false(gw_table_siblings_ok(t, GAS, 3));
}

/* An answer from before the failure, or an old one, says nothing of the wire now. */
static void a_mate_vouches_for_what_it_saw(void **state)
{
    struct gw_table *t = *state;
    (void)apply_link(t, FLOW, GW_LINK_OK, 1000);
    (void)apply_link(t, GAS, GW_LINK_OK, 1000);
    (void)apply_link(t, GAS, GW_LINK_SUSPECT, 1100);
    assert_false(gw_table_siblings_ok(t, GAS, 1100)); /* both may hang on a cable cut at 1050 */
    (void)apply_link(t, FLOW, GW_LINK_OK, 1099);
    assert_false(gw_table_siblings_ok(t, GAS, 1100));
    (void)apply_link(t, FLOW, GW_LINK_OK, 1101);
    assert_true(gw_table_siblings_ok(t, GAS, 1101));
    assert_true(gw_table_siblings_ok(t, GAS, 1601)); /* stale after 500 ms */
    assert_false(gw_table_siblings_ok(t, GAS, 1602));
    (void)apply_link(t, FLOW, GW_LINK_OK, 1700);
    assert_true(gw_table_siblings_ok(t, GAS, 1701));
    (void)apply_link(t, GAS, GW_LINK_DOWN, 1702); /* it takes an answer after this, too */
    assert_false(gw_table_siblings_ok(t, GAS, 1702));
    (void)apply_link(t, FLOW, GW_LINK_OK, 1703);
    assert_true(gw_table_siblings_ok(t, GAS, 1703));
}

/* The same for a device elsewhere. */
static void a_device_elsewhere_vouches_for_what_it_saw(void **state)
{
    struct gw_table *t = *state;
    (void)apply_link(t, GAS, GW_LINK_OK, 1000);
    (void)apply_link(t, HEAT, GW_LINK_DOWN, 1500);
    assert_false(gw_table_siblings_ok(t, HEAT, 1500));
    (void)apply_link(t, GAS, GW_LINK_OK, 2000);
    assert_true(gw_table_siblings_ok(t, HEAT, 2000));
    assert_true(gw_table_siblings_ok(t, HEAT, 5000));
    assert_false(gw_table_siblings_ok(t, HEAT, 5001));
}

static void a_single_device_cannot_tell(void **state)
{
    (void)state;
    const struct gw_table_conf one = {
        .points = points, .npoints = 1, .bus_of = bus_of, .ndevices = 1, .window_ms = 1000};
    struct gw_table *t = NULL;
    assert_int_equal(gw_table_new(&one, &t, NULL), GW_OK);
    assert_false(gw_table_siblings_ok(t, GAS, 1));
    (void)apply_link(t, GAS, GW_LINK_OK, 1);
    assert_false(gw_table_siblings_ok(t, GAS, 1));
    gw_table_free(t);
}

static void history_is_oldest_first_and_inclusive(void **state)
{
    struct gw_table *t = *state;
    for (int i = 0; i < 10; i++) {
        const struct gw_sample s = sample(P_GAS, GW_Q_GOOD, 10000 + 1000 * i, i);
        (void)apply_one(t, GAS, &s);
    }
    struct gw_sample out[16];
    bool complete = true;
    assert_int_equal(gw_table_history(t, P_GAS, 12000, 15000, out, 16, &complete), 4);
    assert_true(complete);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(out[i].mono_ms, 12000 + 1000 * i);
        assert_true(out[i].value.num == i + 2.0);
    }
    assert_int_equal(gw_table_history(t, P_GAS, 12001, 12999, out, 16, &complete), 0);
    assert_int_equal(gw_table_history(t, P_GAS, 15000, 12000, out, 16, &complete), 0);
    assert_int_equal(gw_table_history(t, P_GAS, 19000, 99000, out, 16, &complete), 1);
    assert_true(complete);
    assert_int_equal(gw_table_history(t, P_GAS, 9999, 10000, out, 16, &complete), 1);
    assert_false(complete);
}

static void history_says_when_it_is_not_complete(void **state)
{
    struct gw_table *t = *state;
    struct gw_sample out[4];
    bool complete = true;
    assert_int_equal(gw_table_history(t, P_GAS, 0, 99, out, 4, &complete), 0);
    assert_false(complete);
    for (int i = 0; i < 6; i++) {
        const struct gw_sample s = sample(P_GAS, GW_Q_GOOD, (int64_t)1000 * i, i);
        (void)apply_one(t, GAS, &s);
    }
    complete = true;
    assert_int_equal(gw_table_history(t, P_GAS, 0, 5000, out, 4, &complete), 4);
    assert_false(complete);
    assert_int_equal(out[0].mono_ms, 2000);
    assert_int_equal(out[3].mono_ms, 5000);
}

/* Capacity: 60000 / 1000 + 2 for gas, 60000 / 100 + 2 for flow, the minimum for heat. */
static void rings_hold_the_window_and_no_more(void **state)
{
    struct gw_table *t = *state;
    static const struct {
        uint32_t point, device;
        size_t cap;
    } rows[] = {{P_GAS, GAS, 62}, {P_FLOW, FLOW, 602}, {P_HEAT, HEAT, GW_HISTORY_MIN}};
    struct gw_sample *out = calloc(GW_HISTORY_MAX, sizeof *out);
    assert_non_null(out);
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        const int64_t period = points[rows[r].point].def->period_ms;
        for (int i = 0; i < 1500; i++) {
            const struct gw_sample s = sample(rows[r].point, GW_Q_GOOD, period * i, i);
            (void)apply_one(t, rows[r].device, &s);
        }
        bool complete = true;
        const size_t n =
            gw_table_history(t, rows[r].point, 0, INT64_MAX, out, GW_HISTORY_MAX, &complete);
        assert_int_equal(n, rows[r].cap);
        assert_false(complete);
        assert_int_equal(out[n - 1].mono_ms, period * 1499);
        assert_int_equal(out[0].mono_ms, period * (1500 - (int64_t)n));
        complete = true;
        (void)gw_table_history(t, rows[r].point, out[0].mono_ms, INT64_MAX, out, GW_HISTORY_MAX,
                               &complete);
        assert_true(complete);
    }
    assert_int_equal(gw_table_refused(t), 0);
    free(out);
}

static void a_long_window_is_clamped(void **state)
{
    (void)state;
    struct gw_table_conf big = conf;
    big.window_ms = INT64_MAX;
    struct gw_table *t = NULL;
    assert_int_equal(gw_table_new(&big, &t, NULL), GW_OK);
    for (int i = 0; i < 2000; i++) {
        const struct gw_sample s = sample(P_FLOW, GW_Q_GOOD, i, i);
        (void)apply_one(t, FLOW, &s);
    }
    struct gw_sample *out = calloc(2000, sizeof *out);
    assert_non_null(out);
    bool complete = true;
    assert_int_equal(gw_table_history(t, P_FLOW, 0, 2000, out, 2000, &complete), GW_HISTORY_MAX);
    free(out);
    gw_table_free(t);
}

static void a_table_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    struct gw_table *t = NULL;
    struct gw_err err = {.status = GW_OK};
    struct gw_point p = points[P_GAS];
    const struct gw_point_def never = {.stale_ms = 3000};
    struct gw_table_conf bad = conf;
    bad.points = &p;
    bad.npoints = 1;
    p.device = NDEVICES;
    assert_int_equal(gw_table_new(&bad, &t, &err), GW_E_INVAL);
    assert_string_equal(err.msg, "points.gas.p1: belongs to no device");
    p.device = GAS;
    p.def = &never;
    assert_int_equal(gw_table_new(&bad, &t, &err), GW_E_INVAL);
    assert_string_equal(err.msg, "points.gas.p1: has no period");
    assert_null(t);
}

static void an_empty_table_is_fine(void **state)
{
    (void)state;
    const struct gw_table_conf none = {.window_ms = 1000};
    struct gw_table *t = NULL;
    assert_int_equal(gw_table_new(&none, &t, NULL), GW_OK);
    assert_int_equal(gw_table_npoints(t), 0);
    assert_int_equal(gw_table_ndevices(t), 0);
    gw_table_free(t);
    gw_table_free(NULL);
}

/* Another site in which heat comes first, gas is gone with its points, and flow has a new one. */
static void what_goes_on_keeps_history_and_life(void **state)
{
    struct gw_table *from = *state;
    struct gw_table *t = NULL;
    static const uint32_t buses[] = {0, 1};
    const struct gw_point next[] = {
        {.id = "heat.t1",
         .device = 0,
         .def = &(const struct gw_point_def){.period_ms = 60000, .stale_ms = 180000}},
        {.id = "flow.flow",
         .device = 1,
         .def = &(const struct gw_point_def){.period_ms = 1000, .stale_ms = 500}},
        {.id = "new.x",
         .device = 2,
         .def = &(const struct gw_point_def){.period_ms = 1000, .stale_ms = 500}},
    };
    const struct gw_table_conf c = {.points = next,
                                    .npoints = 3,
                                    .bus_of = (const uint32_t[]){1, 0, 0},
                                    .ndevices = 3,
                                    .window_ms = 60000};
    const struct gw_table_keep keep = {.points = (const uint32_t[]){P_HEAT, P_FLOW, GW_TABLE_NEW},
                                       .devices = (const uint32_t[]){HEAT, FLOW, GW_TABLE_NEW},
                                       .buses = buses};
    struct gw_sample past[GW_HISTORY_MAX];
    bool whole = true;
    for (int64_t i = 1; i <= 200; i++) {
        const struct gw_sample s = sample(P_FLOW, GW_Q_GOOD, i * 100, (double)i);
        (void)apply_one(from, FLOW, &s);
    }
    const struct gw_sample heat = sample(P_HEAT, GW_Q_GOOD, 5, 36);
    (void)apply_one(from, HEAT, &heat);
    (void)apply_link(from, HEAT, GW_LINK_DOWN, 7000);
    assert_int_equal(gw_table_new(&c, &t, NULL), GW_OK);
    gw_table_inherit(t, from, &keep);
    assert_int_equal(gw_table_get(t, 0, 100).point, 0);
    assert_true(gw_table_get(t, 0, 100).value.num == 36);
    assert_int_equal(gw_table_device(t, 0)->link, GW_LINK_DOWN);
    assert_int_equal(gw_table_device(t, 0)->since_ms, 7000);
    /* The ring is shorter now: the newest are there, and it says where it begins. */
    const size_t n = gw_table_history(t, 1, 0, 20000, past, GW_HISTORY_MAX, &whole);
    assert_false(whole);
    assert_in_range(n, 60, 63);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(past[i].point, 1);
        assert_int_equal(past[i].mono_ms, (int64_t)(200 - n + 1 + i) * 100);
    }
    assert_int_equal(gw_table_get(t, 2, 100).quality, GW_Q_NOT_YET);
    assert_int_equal(gw_table_device(t, 2)->link, GW_LINK_UNKNOWN);
    const struct gw_sample more = sample(1, GW_Q_GOOD, 20100, 201);
    (void)apply_one(t, 1, &more);
    assert_true(gw_table_get(t, 1, 20100).value.num == 201);
    gw_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_point_never_read_is_not_yet, setup, teardown),
        cmocka_unit_test_setup_teardown(the_latest_sample_is_kept_as_it_came, setup, teardown),
        cmocka_unit_test_setup_teardown(a_good_sample_grows_stale_and_keeps_its_stamps, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_bad_sample_stays_what_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(foreign_samples_are_refused_and_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_sample_older_than_the_one_held_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_batch_that_cannot_be_is_refused_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(a_device_has_a_life, setup, teardown),
        cmocka_unit_test_setup_teardown(what_goes_on_keeps_history_and_life, setup, teardown),
        cmocka_unit_test_setup_teardown(only_the_last_batch_of_a_pass_ends_it, setup, teardown),
        cmocka_unit_test_setup_teardown(what_replaced_threads_counted_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_fault_text_without_end_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(silence_is_compared_with_the_bus_mates, setup, teardown),
        cmocka_unit_test_setup_teardown(a_mate_vouches_for_what_it_saw, setup, teardown),
        cmocka_unit_test_setup_teardown(a_device_elsewhere_vouches_for_what_it_saw, setup,
                                        teardown),
        cmocka_unit_test(a_single_device_cannot_tell),
        cmocka_unit_test_setup_teardown(history_is_oldest_first_and_inclusive, setup, teardown),
        cmocka_unit_test_setup_teardown(history_says_when_it_is_not_complete, setup, teardown),
        cmocka_unit_test_setup_teardown(rings_hold_the_window_and_no_more, setup, teardown),
        cmocka_unit_test(a_long_window_is_clamped),
        cmocka_unit_test(a_table_that_makes_no_sense_is_refused),
        cmocka_unit_test(an_empty_table_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
