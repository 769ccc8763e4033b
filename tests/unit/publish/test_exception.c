/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/exception.h"

#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

enum { TEMP, FLOW, COUNT, DOOR, NPOINTS };

struct rig {
    struct gw_point points[NPOINTS];
    struct gw_site_deadband bands[2];
    struct gw_site site;
    struct gw_exception *e;
    int64_t now;
};

static void start(struct rig *r, int64_t heartbeat_s)
{
    memset(r, 0, sizeof *r);
    static const struct gw_point_def temp = {.vtype = GW_V_NUM, .decimals = 1};
    static const struct gw_point_def flow = {.vtype = GW_V_NUM, .decimals = 3};
    static const struct gw_point_def count = {.vtype = GW_V_INT};
    static const struct gw_point_def door = {.vtype = GW_V_BOOL};
    r->points[TEMP] = (struct gw_point){.id = "a.temp", .def = &temp};
    r->points[FLOW] = (struct gw_point){.id = "a.flow", .def = &flow};
    r->points[COUNT] = (struct gw_point){.id = "a.count", .def = &count};
    r->points[DOOR] = (struct gw_point){.id = "a.door", .def = &door};
    r->bands[0] = (struct gw_site_deadband){.point = FLOW, .value = 10.0, .percent = true};
    r->bands[1] = (struct gw_site_deadband){.point = COUNT, .value = 2.0};
    r->site = (struct gw_site){.points = r->points, .npoints = NPOINTS};
    r->site.telemetry = (struct gw_site_telemetry){
        .heartbeat_s = heartbeat_s, .deadbands = r->bands, .ndeadbands = 2};
    assert_int_equal(gw_exception_new(&r->site, &r->e), GW_OK);
}

/* Offers a sample; sends it when it is due. */
static bool offer(struct rig *r, struct gw_sample s)
{
    s.vtype = (uint8_t)r->points[s.point].def->vtype;
    const bool due = gw_exception_due(r->e, &s, r->now);
    if (due)
        gw_exception_sent(r->e, &s, r->now);
    return due;
}

static bool num(struct rig *r, uint32_t point, double value)
{
    return offer(r, (struct gw_sample){.point = point, .valued = 1, .value = {.num = value}});
}

static bool whole(struct rig *r, uint32_t point, int64_t value)
{
    return offer(r, (struct gw_sample){.point = point, .valued = 1, .value = {.i = value}});
}

static void test_what_would_be_written_alike_is_left_out(void **state)
{
    struct rig r;
    (void)state;
    start(&r, 60);
    assert_true(num(&r, TEMP, 36.71));
    assert_false(num(&r, TEMP, 36.71));
    assert_false(num(&r, TEMP, 36.74)); /* 36.7 again */
    assert_true(num(&r, TEMP, 36.76));
    assert_true(num(&r, TEMP, 36.71));
    assert_true(whole(&r, DOOR, 0));
    assert_false(whole(&r, DOOR, 0));
    assert_true(whole(&r, DOOR, 1));
    gw_exception_free(r.e);
}

static void test_the_heartbeat_ends_the_silence(void **state)
{
    struct rig r;
    (void)state;
    start(&r, 60);
    assert_true(num(&r, TEMP, 1.0));
    r.now = 59999;
    assert_false(num(&r, TEMP, 1.0));
    r.now = 60000;
    assert_true(num(&r, TEMP, 1.0));
    r.now = 119999;
    assert_false(num(&r, TEMP, 1.0));
    gw_exception_free(r.e);

    start(&r, 0);
    for (int i = 0; i < 3; i++)
        assert_true(num(&r, TEMP, 1.0));
    gw_exception_free(r.e);
}

static void test_deadbands_lie_around_what_was_sent(void **state)
{
    struct rig r;
    (void)state;
    start(&r, 60);
    assert_true(whole(&r, COUNT, 100));
    assert_false(whole(&r, COUNT, 102));
    assert_true(whole(&r, COUNT, 103));
    assert_false(whole(&r, COUNT, 101)); /* around 103, not around 102 */
    assert_true(whole(&r, COUNT, 100));
    /* A slow drift is told, too, as soon as it has come so far. */
    assert_true(num(&r, FLOW, 100.0));
    for (int i = 1; i <= 10; i++)
        assert_false(num(&r, FLOW, 100.0 + i));
    assert_true(num(&r, FLOW, 110.5));
    assert_true(num(&r, FLOW, NAN));
    /* Around zero a percentage is nothing, and everything is told. */
    assert_true(num(&r, FLOW, 0.0));
    assert_false(num(&r, FLOW, 0.0));
    assert_true(num(&r, FLOW, 0.001));
    gw_exception_free(r.e);
}

static void test_quality_always_goes(void **state)
{
    struct rig r;
    (void)state;
    start(&r, 60);
    struct gw_sample s = {.point = COUNT, .quality = GW_Q_GOOD, .valued = 1, .value = {.i = 5}};
    assert_true(offer(&r, s));
    assert_false(offer(&r, s));
    s.quality = GW_Q_BAD_COMM;
    assert_true(offer(&r, s));
    s.valued = 0;
    assert_true(offer(&r, s));
    assert_false(offer(&r, s));
    s.value.i = 7; /* what was not decoded is no news */
    assert_false(offer(&r, s));
    s.quality = GW_Q_GOOD;
    s.valued = 1;
    assert_true(offer(&r, s));
    gw_exception_free(r.e);
}

static void test_what_was_lost_is_due_again(void **state)
{
    struct rig r;
    (void)state;
    start(&r, 60);
    struct gw_sample s = {.point = DOOR, .vtype = GW_V_BOOL, .valued = 1, .value = {.i = 1}};
    assert_true(gw_exception_due(r.e, &s, 0));
    assert_true(gw_exception_due(r.e, &s, 0));
    gw_exception_sent(r.e, &s, 0);
    assert_false(gw_exception_due(r.e, &s, 0));
    gw_exception_free(r.e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_would_be_written_alike_is_left_out),
        cmocka_unit_test(test_the_heartbeat_ends_the_silence),
        cmocka_unit_test(test_deadbands_lie_around_what_was_sent),
        cmocka_unit_test(test_quality_always_goes),
        cmocka_unit_test(test_what_was_lost_is_due_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
