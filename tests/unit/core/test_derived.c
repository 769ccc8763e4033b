/* SPDX-License-Identifier: Apache-2.0
 *
 * Derived points through the pipeline: b.z is replaced by the sum of a.x and a.y.
 */
#include "core/pipeline.h"

#include <string.h>

#include "fixture.h"
#include "support/cmocka_all.h"
#include "support/fake_clock.h"

struct rig {
    struct fixture f;
    struct gw_fake_clock fake;
    struct gw_clock clock;
    struct gw_site_derived def;
    struct gw_pipeline *pipeline;
    char row[4096]; /* the last one */
    int rows;
    enum gw_link link; /* of the device of b.z */
};

static bool on_row(void *arg, const char *data, size_t len)
{
    struct rig *r = arg;

    assert_true(len < sizeof r->row);
    memcpy(r->row, data, len);
    r->row[len] = '\0';
    r->rows++;
    return true;
}

static void on_link(void *arg, uint32_t device, const struct gw_device_life *life)
{
    struct rig *r = arg;

    if (device == 1)
        r->link = life->link;
}

static int setup(void **state)
{
    static struct rig r;
    struct gw_err err;

    memset(&r, 0, sizeof r);
    fixture_init(&r.f);
    gw_fake_clock_init(&r.fake);
    r.clock = gw_fake_clock_clock(&r.fake);
    r.def = (struct gw_site_derived){
        .point = 2, .kind = GW_DERIVE_SUM, .of = {0, 1}, .nof = 2, .pair_ms = 2000};
    r.f.site.derived = &r.def;
    r.f.site.nderived = 1;
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

static void pass(struct rig *r, enum gw_link link, const struct gw_sample *samples, uint16_t n)
{
    struct gw_batch b = {.device = 0,
                         .link = (uint8_t)link,
                         .last = 1,
                         .n = n,
                         .mono_ms = r->fake.now.mono_ms,
                         .wall_ms = r->fake.now.wall_ms};

    for (uint16_t i = 0; i < n; i++)
        b.samples[i] = samples[i];
    gw_pipeline_batch(r->pipeline, &b, NULL);
}

static void a_pass_of_a_source_is_a_pass_of_the_derived(void **state)
{
    struct rig *r = *state;
    const int64_t now = r->fake.now.mono_ms;
    const struct gw_sample s[] = {fixture_sample(0, 1.5, now), fixture_sample(1, 2.0, now - 500)};

    pass(r, GW_LINK_OK, s, 2);
    assert_int_equal(r->rows, 2);
    assert_non_null(strstr(r->row, "\"device\":\"b\""));
    assert_non_null(strstr(r->row, "\"v\":\"3.5\""));
    const struct gw_sample z = gw_table_get(r->f.table, 2, now);
    assert_int_equal(z.quality, GW_Q_GOOD);
    assert_true(z.value.num == 3.5);
    assert_int_equal(z.mono_ms, now - 500);
    assert_int_equal(r->link, GW_LINK_OK);
}

static void it_is_never_better_than_its_sources(void **state)
{
    struct rig *r = *state;
    const int64_t now = r->fake.now.mono_ms;
    struct gw_sample s[] = {fixture_sample(0, 1.5, now), fixture_sample(1, 2.0, now)};

    pass(r, GW_LINK_OK, s, 1);
    assert_int_equal(gw_table_get(r->f.table, 2, now).quality, GW_Q_NOT_YET);
    s[1].quality = GW_Q_BAD_COMM;
    s[1].valued = 0;
    pass(r, GW_LINK_DOWN, s, 2);
    assert_int_equal(gw_table_get(r->f.table, 2, now).quality, GW_Q_BAD_COMM);
    assert_int_equal(gw_table_get(r->f.table, 2, now).valued, 0);
    assert_int_equal(r->link, GW_LINK_DOWN);
}

static void a_pass_of_another_device_derives_nothing(void **state)
{
    struct rig *r = *state;

    r->def.of[0] = 2;
    r->def.of[1] = 2;
    const struct gw_sample s = fixture_sample(0, 1.5, r->fake.now.mono_ms);
    pass(r, GW_LINK_OK, &s, 1);
    assert_int_equal(r->rows, 1);
}

static void the_end_of_a_counter_is_that_of_its_point(void **state)
{
    struct rig *r = *state;
    static const double counts[] = {985, 990, 995, 0, 5, 10};

    r->def.kind = GW_DERIVE_INCREASE;
    r->def.nof = 1;
    r->def.window_s = 10;
    for (int set = 0; set < 2; set++) {
        struct gw_point_def own = *r->f.points[0].def;
        own.modulus = set != 0 ? 1000 : 0;
        r->f.points[0].def = &own;
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            gw_fake_clock_advance(&r->fake, i == 0 ? 60000 : 1000);
            const struct gw_sample s = fixture_sample(0, counts[i], r->fake.now.mono_ms);
            pass(r, GW_LINK_OK, &s, 1);
        }
        const struct gw_sample z = gw_table_get(r->f.table, 2, r->fake.now.mono_ms);
        assert_int_equal(z.quality, set != 0 ? GW_Q_GOOD : GW_Q_UNCERTAIN);
        assert_int_equal(z.valued, set);
        if (set != 0)
            assert_true(z.value.num == 25);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pass_of_a_source_is_a_pass_of_the_derived, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(it_is_never_better_than_its_sources, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pass_of_another_device_derives_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_of_a_counter_is_that_of_its_point, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
