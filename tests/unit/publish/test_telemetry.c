/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/telemetry.h"

#include "base/backoff.h"
#include "support/cmocka_all.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONG_ID "line-2-controller-of-the-paint-b.combustible-gas-detector-no-17"

static const struct gw_point points[] = {
    {.id = "gas.p2",
     .def = &(const struct gw_point_def){.vtype = GW_V_NUM, .unit = "%LEL", .decimals = 1}},
    {.id = "gas.p1",
     .def = &(const struct gw_point_def){.vtype = GW_V_NUM, .unit = "%LEL", .decimals = 1}},
    {.id = "gas.p1_state", .def = &(const struct gw_point_def){.vtype = GW_V_STATE}},
    {.id = "gas.fan", .def = &(const struct gw_point_def){.vtype = GW_V_BOOL}},
    {.id = "gas.events", .def = &(const struct gw_point_def){.vtype = GW_V_INT}},
    {.id = "gas.Zero", .def = &(const struct gw_point_def){.vtype = GW_V_NUM, .decimals = 2}},
    {.id = LONG_ID, .def = &(const struct gw_point_def){.vtype = GW_V_NUM, .decimals = 0}},
};

static const struct gw_stamp end = {.wall_ms = INT64_C(1795305600130), .sync = true};

static struct gw_sample sample(uint32_t point, enum gw_quality q, int64_t wall_ms)
{
    return (struct gw_sample){
        .point = point, .quality = q, .vtype = points[point].def->vtype, .wall_ms = wall_ms};
}

static struct gw_sample num(uint32_t point, enum gw_quality q, double value)
{
    struct gw_sample s = sample(point, q, INT64_C(1795305600123));
    s.valued = 1;
    s.value.num = value;
    return s;
}

static struct gw_sample whole(uint32_t point, enum gw_quality q, int64_t value)
{
    struct gw_sample s = sample(point, q, INT64_C(1795305600123));
    s.valued = 1;
    s.value.i = value;
    return s;
}

static void encode(const struct gw_sample *samples, size_t n, bool sync, struct gw_buf *out)
{
    enum { POINTS = sizeof points / sizeof points[0] };
    uint32_t order[POINTS];
    uint32_t rank[POINTS];
    assert_int_equal(gw_telemetry_rank(points, POINTS, rank), GW_OK);
    struct gw_telemetry_pass pass = {.gateway = "g1",
                                     .device = "gas",
                                     .points = points,
                                     .samples = samples,
                                     .n = n,
                                     .rank = rank,
                                     .order = order,
                                     .norder = POINTS,
                                     .end = end};
    pass.end.sync = sync;
    gw_telemetry_encode(&pass, out);
}

static void read_golden(const char *name, char *out, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/unit/publish/golden/%s", GW_SOURCE_DIR, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(out, 1, size - 1, f);
    fclose(f);
    assert_true(n > 0 && out[n - 1] == '\n');
    out[n - 1] = '\0';
}

static void test_golden(void **state)
{
    const struct gw_sample samples[] = {
        num(0, GW_Q_UNCERTAIN, 19.96),
        num(1, GW_Q_GOOD, 3.2),
        whole(2, GW_Q_GOOD, GW_S_SENSOR_FAULT),
        whole(3, GW_Q_GOOD, 1),
        whole(4, GW_Q_GOOD, INT64_C(9007199254740993)),
        sample(5, GW_Q_BAD_COMM, INT64_C(1795305600100)),
        num(6, GW_Q_GOOD, 41),
    };
    char want[1024];
    struct gw_buf out;
    (void)state;
    read_golden("telemetry.json", want, sizeof want);
    gw_buf_init(&out, 4096);
    encode(samples, sizeof samples / sizeof samples[0], true, &out);
    assert_false(out.failed);
    assert_string_equal(out.data, want);
    gw_buf_free(&out);
}

static void test_empty_pass_and_unsynchronised_clock(void **state)
{
    struct gw_buf out;
    (void)state;
    gw_buf_init(&out, 4096);
    encode(NULL, 0, false, &out);
    assert_string_equal(out.data,
                        "{\"device\":\"gas\",\"gateway\":\"g1\",\"points\":{},\"sync\":false,"
                        "\"t\":1795305600130,\"v\":1}");
    gw_buf_free(&out);
}

static void test_any_order_gives_the_same_bytes(void **state)
{
    struct gw_sample samples[6];
    struct gw_buf first;
    struct gw_buf again;
    const char *given = getenv("SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : 20261122;
    (void)state;
    print_message("SEED=%llu\n", (unsigned long long)seed);
    for (uint32_t i = 0; i < 6; i++)
        samples[i] = sample(i, GW_Q_GOOD, i);
    gw_buf_init(&first, 4096);
    gw_buf_init(&again, 4096);
    encode(samples, 6, true, &first);
    for (int round = 0; round < 200; round++) {
        for (size_t i = 5; i > 0; i--) {
            size_t k = gw_rand_below(&seed, i + 1);
            struct gw_sample held = samples[i];
            samples[i] = samples[k];
            samples[k] = held;
        }
        gw_buf_clear(&again);
        encode(samples, 6, true, &again);
        assert_false(again.failed);
        assert_string_equal(again.data, first.data);
    }
    gw_buf_free(&first);
    gw_buf_free(&again);
}

static void test_too_small_latches(void **state)
{
    const struct gw_sample samples[] = {num(1, GW_Q_GOOD, 3.2)};
    const struct gw_sample twice[] = {num(1, GW_Q_GOOD, 3.2), num(1, GW_Q_GOOD, 3.3)};
    struct gw_buf out;
    (void)state;
    gw_buf_init(&out, 60);
    encode(samples, 1, true, &out);
    assert_true(out.failed);
    gw_buf_free(&out);
    gw_buf_init(&out, 4096);
    encode(twice, 2, true, &out); /* one value would hide the other */
    assert_true(out.failed);
    gw_buf_free(&out);
}

static void expect_text(struct gw_sample s, const char *want)
{
    char text[GW_VALUE_TEXT] = "untouched";
    gw_value_text(&points[s.point], &s, text);
    assert_string_equal(text, want);
}

static void test_value_text(void **state)
{
    (void)state;
    expect_text(num(1, GW_Q_GOOD, 36.75), "36.8");
    expect_text(num(1, GW_Q_GOOD, -0.01), "0.0");
    expect_text(num(1, GW_Q_BAD_RANGE, NAN), "");
    expect_text(num(1, GW_Q_BAD_RANGE, INFINITY), "");
    expect_text(num(1, GW_Q_BAD_FAULT, 250), "250.0"); /* decoded, and told by its quality */
    expect_text(sample(1, GW_Q_BAD_COMM, 0), "");
    expect_text(whole(2, GW_Q_GOOD, GW_S_NORMAL), "NORMAL");
    expect_text(whole(2, GW_Q_GOOD, GW_S_COUNT), "");
    expect_text(whole(2, GW_Q_GOOD, -1), "");
    expect_text(whole(3, GW_Q_GOOD, 0), "false");
    expect_text(whole(3, GW_Q_GOOD, 1), "true");
    expect_text(whole(4, GW_Q_GOOD, INT64_MIN), "-9223372036854775808");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_empty_pass_and_unsynchronised_clock),
        cmocka_unit_test(test_any_order_gives_the_same_bytes),
        cmocka_unit_test(test_too_small_latches),
        cmocka_unit_test(test_value_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
