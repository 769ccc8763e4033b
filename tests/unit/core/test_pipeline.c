/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pipeline.h"

#include <string.h>

#include "base/jcs.h"
#include "fixture.h"
#include "support/cmocka_all.h"
#include "support/fake_clock.h"

struct rig {
    struct fixture f;
    struct gw_fake_clock fake;
    struct gw_clock clock;
    struct gw_pipeline *pipeline;
    char row[4096];
    int rows, links;
    bool refuse; /* the next rows are lost */
    enum gw_link link;
};

static bool on_row(void *arg, const char *data, size_t len)
{
    struct rig *r = arg;

    assert_true(len < sizeof r->row);
    memcpy(r->row, data, len);
    r->row[len] = '\0';
    r->rows++;
    return !r->refuse;
}

static void on_link(void *arg, uint32_t device, const struct gw_device_life *life)
{
    struct rig *r = arg;

    assert_true(device < 2);
    r->link = life->link;
    r->links++;
}

static int setup(void **state)
{
    static struct rig r;
    struct gw_err err;

    memset(&r, 0, sizeof r);
    fixture_init(&r.f);
    gw_fake_clock_init(&r.fake);
    r.clock = gw_fake_clock_clock(&r.fake);
    struct gw_pipeline_conf conf = {.site = &r.f.site,
                                    .table = r.f.table,
                                    .clock = &r.clock,
                                    .row = on_row,
                                    .link = on_link,
                                    .arg = &r};
    assert_int_equal(gw_pipeline_new(&conf, &r.pipeline, &err), GW_OK);
    *state = &r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    gw_pipeline_free(r->pipeline);
    fixture_free(&r->f);
    return 0;
}

static struct gw_batch batch_of(const struct rig *r, uint32_t device, enum gw_link link)
{
    return (struct gw_batch){.device = device,
                             .link = (uint8_t)link,
                             .last = 1,
                             .mono_ms = r->fake.now.mono_ms,
                             .wall_ms = r->fake.now.wall_ms};
}

static void a_pass_in_two_batches_is_one_row(void **state)
{
    struct rig *r = *state;
    struct gw_batch b = batch_of(r, 0, GW_LINK_OK);

    b.last = 0;
    b.n = 1;
    b.samples[0] = fixture_sample(1, 2.5, b.mono_ms);
    gw_pipeline_batch(r->pipeline, &b, NULL);
    assert_int_equal(r->rows, 0);
    b.last = 1;
    b.n = 2;
    b.samples[0] = fixture_sample(0, 1.5, b.mono_ms);
    b.samples[1] = fixture_sample(3, 3.5, b.mono_ms);
    gw_pipeline_batch(r->pipeline, &b, NULL);
    assert_int_equal(r->rows, 1);
    assert_true(gw_jcs_valid(r->row, strlen(r->row)));
    assert_non_null(strstr(r->row, "\"device\":\"a\""));
    assert_non_null(strstr(r->row, "\"a.late\""));
    assert_non_null(strstr(r->row, "\"v\":\"1.5\""));
    assert_non_null(strstr(r->row, "\"v\":\"2.5\""));
    assert_null(strstr(r->row, "b.z"));
    /* The next pass starts empty. */
    b.n = 1;
    gw_pipeline_batch(r->pipeline, &b, NULL);
    assert_int_equal(r->rows, 2);
    assert_null(strstr(r->row, "a.y"));
}

static void the_table_holds_what_came(void **state)
{
    struct rig *r = *state;
    struct gw_batch b = batch_of(r, 1, GW_LINK_OK);

    b.n = 1;
    b.samples[0] = fixture_sample(2, 7.0, b.mono_ms);
    gw_pipeline_batch(r->pipeline, &b, NULL);
    struct gw_sample s = gw_table_get(r->f.table, 2, b.mono_ms);
    assert_int_equal(s.quality, GW_Q_GOOD);
    assert_true(s.value.num == 7.0);
}

static void a_link_change_is_told_once(void **state)
{
    struct rig *r = *state;
    struct gw_batch b = batch_of(r, 0, GW_LINK_OK);

    gw_pipeline_batch(r->pipeline, &b, NULL);
    gw_pipeline_batch(r->pipeline, &b, NULL);
    assert_int_equal(r->links, 1);
    assert_int_equal(r->link, GW_LINK_OK);
    b.link = GW_LINK_DOWN;
    gw_pipeline_batch(r->pipeline, &b, NULL);
    assert_int_equal(r->links, 2);
    assert_int_equal(r->link, GW_LINK_DOWN);
    assert_int_equal(r->rows, 0); /* a pass without samples makes no row */
}

static void foreign_input_is_refused(void **state)
{
    struct rig *r = *state;
    struct gw_batch b = batch_of(r, 7, GW_LINK_OK);

    gw_pipeline_batch(r->pipeline, &b, NULL); /* no such device */
    b = batch_of(r, 0, GW_LINK_OK);
    b.n = GW_BATCH_MAX + 1;
    gw_pipeline_batch(r->pipeline, &b, NULL); /* more samples than a batch has */
    assert_int_equal(r->links, 0);
    b.n = 2;
    b.samples[0] = fixture_sample(2, 9.0, b.mono_ms); /* another device's point */
    b.samples[1] = fixture_sample(99, 9.0, b.mono_ms);
    gw_pipeline_batch(r->pipeline, &b, NULL);
    assert_int_equal(r->rows, 0);
    assert_int_equal(gw_table_refused(r->f.table), 2);
    assert_int_equal(gw_table_get(r->f.table, 2, b.mono_ms).quality, GW_Q_NOT_YET);
}

/* More samples than the device has points (a driver's fault) must not run over the pass buffer. */
static void a_repeated_pass_does_not_overflow(void **state)
{
    struct rig *r = *state;
    struct gw_batch b = batch_of(r, 1, GW_LINK_OK);

    b.last = 0;
    b.n = GW_BATCH_MAX;
    for (size_t i = 0; i < GW_BATCH_MAX; i++)
        b.samples[i] = fixture_sample(2, (double)i, b.mono_ms);
    for (int i = 0; i < 10; i++)
        gw_pipeline_batch(r->pipeline, &b, NULL);
    b.last = 1;
    gw_pipeline_batch(r->pipeline, &b, NULL);
    assert_int_equal(r->rows, 1);
}

static void what_says_nothing_new_is_not_sent(void **state)
{
    struct rig *r = *state;
    struct gw_pipeline *p;
    struct gw_err err;
    struct gw_pipeline_conf conf = {.site = &r->f.site,
                                    .table = r->f.table,
                                    .clock = &r->clock,
                                    .row = on_row,
                                    .link = on_link,
                                    .arg = r};

    r->f.site.telemetry.heartbeat_s = 60;
    assert_int_equal(gw_pipeline_new(&conf, &p, &err), GW_OK);
    struct gw_batch b = batch_of(r, 0, GW_LINK_OK);
    b.n = 2;
    b.samples[0] = fixture_sample(0, 1.5, b.mono_ms);
    b.samples[1] = fixture_sample(1, 2.5, b.mono_ms);
    gw_pipeline_batch(p, &b, NULL);
    assert_int_equal(r->rows, 1);
    assert_non_null(strstr(r->row, "\"heartbeat_s\":60,\"points\":{"));
    gw_pipeline_batch(p, &b, NULL); /* nothing new: no row at all */
    assert_int_equal(r->rows, 1);
    b.samples[1] = fixture_sample(1, 3.5, b.mono_ms);
    r->refuse = true; /* lost: the next pass says it again */
    gw_pipeline_batch(p, &b, NULL);
    r->refuse = false;
    gw_pipeline_batch(p, &b, NULL);
    assert_int_equal(r->rows, 3);
    assert_non_null(strstr(r->row, "\"3.5\""));
    assert_null(strstr(r->row, "\"1.5\""));
    gw_pipeline_batch(p, &b, NULL);
    assert_int_equal(r->rows, 3);
    gw_pipeline_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pass_in_two_batches_is_one_row, setup, teardown),
        cmocka_unit_test_setup_teardown(the_table_holds_what_came, setup, teardown),
        cmocka_unit_test_setup_teardown(a_link_change_is_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(foreign_input_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_repeated_pass_does_not_overflow, setup, teardown),
        cmocka_unit_test_setup_teardown(what_says_nothing_new_is_not_sent, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
