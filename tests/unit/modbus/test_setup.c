/* SPDX-License-Identifier: Apache-2.0
 *
 * How a device is set up and how long it has been up decide about its values: decimal points,
 * expected units, detectors that are still searched for, warm-up.
 */
#include <math.h>
#include <string.h>

#include "base/wire.h"
#include "modbus/decode.h"
#include "modbus/pass.h"
#include "modbus/poll.h"
#include "sitefile.h"
#include "util.h"

#define BUS "\"b\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\"}"

/* A device with its registers, at a time. */
struct bench {
    struct sitefile f;
    struct gw_mb_pass *pass;
    int64_t now_ms;
    uint16_t regs[1024];
    uint16_t refused; /* requests that hold this address get an exception; 0: none */
    unsigned asked;   /* requests of the last pass */
    struct gw_sample samples[128];
    size_t nsamples;
};

static void bench_open(struct bench *b, const char *device, const char *points, const char *profile)
{
    memset(b, 0, sizeof *b);
    char devices[256];
    (void)snprintf(devices, sizeof devices, "\"d\": {\"bus\": \"b\"%s}", device);
    sitefile_load(&b->f, BUS, devices, points, profile);
    assert_true(sitefile_good(&b->f));
    struct gw_err err;
    assert_int_equal(gw_mb_pass_new(b->f.site, 0, "10.0.0.7:502", &b->pass, &err), GW_OK);
    gw_mb_pass_start(b->pass, 0);
}

static void bench_close(struct bench *b)
{
    gw_mb_pass_free(b->pass);
    sitefile_free(&b->f);
}

static void collect(struct bench *b)
{
    const struct gw_stamp stamp = {.mono_ms = b->now_ms, .wall_ms = b->now_ms};
    (void)gw_mb_pass_end(b->pass, &stamp);
    struct gw_batch batch;
    size_t from = 0;
    b->nsamples = 0;
    while (gw_mb_pass_batch(b->pass, &from, &batch)) {
        memcpy(b->samples + b->nsamples, batch.samples, batch.n * sizeof batch.samples[0]);
        b->nsamples += batch.n;
    }
}

/* One pass, s seconds after the last one. */
static void pass_after(struct bench *b, int64_t s)
{
    b->now_ms += s * 1000;
    b->asked = 0;
    const struct gw_stamp stamp = {.mono_ms = b->now_ms, .wall_ms = b->now_ms};
    gw_mb_pass_begin(b->pass, b->now_ms, false);
    struct gw_mb_request req;
    while (gw_mb_pass_next(b->pass, &req)) {
        uint8_t data[250];
        assert_true(req.address + req.count <= 1024);
        for (uint16_t i = 0; i < req.count; i++)
            gw_put_be16(data + (size_t)i * 2, b->regs[req.address + i]);
        const bool refused =
            b->refused != 0 && b->refused >= req.address && b->refused < req.address + req.count;
        const struct gw_mb_reply reply = {
            .exception = refused ? 2 : 0, .data = data, .data_len = (size_t)req.count * 2};
        gw_mb_pass_answer(b->pass, &reply, &stamp);
        b->asked++;
    }
    collect(b);
}

static void silence_after(struct bench *b, int64_t s)
{
    b->now_ms += s * 1000;
    gw_mb_pass_begin(b->pass, b->now_ms, false);
    gw_mb_pass_break(b->pass, "no answer");
    collect(b);
}

static struct gw_sample sample(const struct bench *b, const char *name)
{
    char id[40];
    (void)snprintf(id, sizeof id, "d.%s", name);
    const uint32_t point = sitefile_point(&b->f, id);
    for (size_t i = 0; i < b->nsamples; i++)
        if (b->samples[i].point == point)
            return b->samples[i];
    fail_msg("no sample of %s", id);
    return (struct gw_sample){0};
}

static void expect_num(const struct bench *b, const char *name, double want, enum gw_quality q)
{
    const struct gw_sample s = sample(b, name);
    assert_true(s.valued);
    if (s.value.num != want || s.quality != q)
        fail_msg("%s is %.12g %s", name, s.value.num, gw_quality_name((enum gw_quality)s.quality));
}

static void expect_state(const struct bench *b, const char *name, enum gw_state want,
                         enum gw_quality q)
{
    const struct gw_sample s = sample(b, name);
    assert_true(s.valued);
    if (s.value.i != (int64_t)want || s.quality != q)
        fail_msg("%s is %s %s", name, gw_state_name((enum gw_state)s.value.i),
                 gw_quality_name((enum gw_quality)s.quality));
}

/* ---- decimal points ---- */

static void the_decimal_point_moves_with_its_register(void **state)
{
    (void)state;
    static const struct {
        uint16_t value, point;
        double want;
    } rows[] = {
        {253, 0, 253},      {253, 1, 25.3},        {253, 2, 2.53},         {253, 4, 0.0253},
        {0xFF9C, 1, -10.0}, {253, 0xFFFF, 2530.0}, {253, 0xFFFC, 2530000}, {0, 3, 0},
    };
    struct bench b;
    bench_open(&b, ", \"profile\": \"kb6000iii\", \"channels\": 1", "", NULL);
    b.regs[0] = 1;
    b.regs[505] = 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        b.regs[502] = rows[i].value;
        b.regs[504] = rows[i].point;
        pass_after(&b, 1);
        expect_num(&b, "d1", rows[i].want, GW_Q_GOOD);
        assert_int_equal(sample(&b, "d1").raw[0], rows[i].value);
    }
    bench_close(&b);
}

static void without_a_decimal_point_there_is_no_number(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "",
               "\"d.p\": {\"address\": 100, \"as\": \"int\", \"sane\": [0, 4]},"
               "\"d.wild\": {\"address\": 100, \"type\": \"i16\", \"as\": \"int\"},"
               "\"d.v\": {\"address\": 0, \"decimals_from\": \"p\"},"
               "\"d.w\": {\"address\": 0, \"decimals_from\": \"wild\"}",
               NULL);
    b.regs[0] = 253;
    b.regs[100] = 5; /* not sane */
    pass_after(&b, 1);
    assert_int_equal(sample(&b, "v").quality, GW_Q_BAD_RANGE);
    assert_false(sample(&b, "v").valued);
    assert_int_equal(sample(&b, "v").raw[0], 253);
    expect_num(&b, "w", 0.00253, GW_Q_GOOD);
    b.regs[100] = 10; /* more than a double is shifted by */
    pass_after(&b, 1);
    assert_int_equal(sample(&b, "w").quality, GW_Q_BAD_RANGE);
    assert_false(sample(&b, "w").valued);
    b.refused = 100;
    pass_after(&b, 1);
    assert_int_equal(sample(&b, "v").quality, GW_Q_BAD_COMM);
    assert_false(sample(&b, "v").valued);
    bench_close(&b);
}

/* ---- expectations ---- */

static void another_unit_makes_the_value_uncertain_and_is_told(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, ", \"profile\": \"qdy30a\"", "", NULL);
    b.regs[2] = 1;
    b.regs[3] = 1;
    b.regs[4] = 186;
    pass_after(&b, 1);
    expect_num(&b, "value", 18.6, GW_Q_GOOD);
    assert_string_equal(gw_mb_pass_fault(b.pass), "");
    /* Somebody sets the transmitter to Pa, then to something that nobody knows. */
    b.regs[2] = 2;
    pass_after(&b, 1);
    expect_num(&b, "value", 18.6, GW_Q_UNCERTAIN);
    assert_string_equal(gw_mb_pass_fault(b.pass),
                        "unit 1 at 10.0.0.7:502: unit_code is 2 (Pa), expected 1 (kPa)");
    b.regs[2] = 77;
    pass_after(&b, 1);
    assert_string_equal(gw_mb_pass_fault(b.pass),
                        "unit 1 at 10.0.0.7:502: unit_code is 77, expected 1 (kPa)");
    b.regs[2] = 1;
    b.regs[3] = 2;
    pass_after(&b, 1);
    expect_num(&b, "value", 1.86, GW_Q_GOOD);
    assert_string_equal(gw_mb_pass_fault(b.pass), "");
    bench_close(&b);
}

static void the_flow_meter_must_count_cubic_metres(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "",
               "\"d.u\": {\"address\": 26, \"expect\": 5},"
               "\"d.f\": {\"address\": 0, \"valid_if\": [\"u\"]}",
               NULL);
    b.regs[0] = 36;
    pass_after(&b, 1);
    expect_num(&b, "f", 36, GW_Q_UNCERTAIN);
    /* Never read: not known. */
    b.refused = 26;
    pass_after(&b, 1);
    expect_num(&b, "f", 36, GW_Q_UNCERTAIN);
    b.refused = 0;
    b.regs[26] = 5;
    pass_after(&b, 1);
    expect_num(&b, "f", 36, GW_Q_GOOD);
    /* Once it was seen to fit, one refusal changes nothing. */
    b.refused = 26;
    pass_after(&b, 1);
    expect_num(&b, "f", 36, GW_Q_GOOD);
    bench_close(&b);
}

static void a_slow_expectation_is_read_at_every_connection_anew(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "",
               "\"d.u\": {\"address\": 200, \"expect\": 1, \"period_ms\": 600000},"
               "\"d.v\": {\"address\": 0, \"valid_if\": [\"u\"]}",
               NULL);
    b.regs[200] = 1;
    pass_after(&b, 1);
    assert_int_equal(b.asked, 2);
    expect_num(&b, "v", 0, GW_Q_GOOD);
    pass_after(&b, 1);
    assert_int_equal(b.asked, 1);
    expect_num(&b, "v", 0, GW_Q_GOOD);
    /* Another transmitter is put in place meanwhile. */
    silence_after(&b, 1);
    assert_int_equal(sample(&b, "v").quality, GW_Q_BAD_COMM);
    b.regs[200] = 2;
    pass_after(&b, 1);
    assert_int_equal(b.asked, 2);
    expect_num(&b, "v", 0, GW_Q_UNCERTAIN);
    /* It goes on to be told between two readings of it. */
    pass_after(&b, 1);
    assert_int_equal(b.asked, 1);
    expect_num(&b, "v", 0, GW_Q_UNCERTAIN);
    assert_non_null(strstr(gw_mb_pass_fault(b.pass), "u is 2, expected 1"));
    b.regs[200] = 1;
    pass_after(&b, 600);
    expect_num(&b, "v", 0, GW_Q_GOOD);
    bench_close(&b);
}

/* ---- search and warm-up ---- */

/* A controller with n detectors found, all normal. */
static void found(struct bench *b, uint16_t n)
{
    b->regs[0] = n;
    for (unsigned i = 0; i < 4; i++)
        b->regs[505 + 11 * i] = i < n;
}

static void nobody_is_absent_while_the_controller_searches(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, ", \"profile\": \"kb6000iii\", \"channels\": 4", "", NULL);
    b.now_ms = 5000000;
    found(&b, 0);
    pass_after(&b, 0);
    expect_state(&b, "d1_state", GW_S_UNKNOWN, GW_Q_UNCERTAIN);
    assert_int_equal(sample(&b, "d1").quality, GW_Q_UNCERTAIN);
    found(&b, 2);
    pass_after(&b, 60);
    expect_state(&b, "d2_state", GW_S_NORMAL, GW_Q_GOOD);
    expect_state(&b, "d3_state", GW_S_UNKNOWN, GW_Q_UNCERTAIN);
    found(&b, 3);
    pass_after(&b, 59);
    expect_state(&b, "d4_state", GW_S_UNKNOWN, GW_Q_UNCERTAIN);
    pass_after(&b, 1); /* 120 s after the first answer */
    expect_state(&b, "d3_state", GW_S_NORMAL, GW_Q_GOOD);
    expect_state(&b, "d4_state", GW_S_ABSENT, GW_Q_GOOD);
    assert_int_equal(sample(&b, "d4").quality, GW_Q_BAD_COMM);

    /* The number falls: it was started anew, and searches again. */
    found(&b, 1);
    pass_after(&b, 1);
    expect_state(&b, "d2_state", GW_S_UNKNOWN, GW_Q_UNCERTAIN);
    pass_after(&b, 119);
    expect_state(&b, "d2_state", GW_S_UNKNOWN, GW_Q_UNCERTAIN);
    pass_after(&b, 1);
    expect_state(&b, "d2_state", GW_S_ABSENT, GW_Q_GOOD);
    bench_close(&b);
}

static void after_being_down_it_searches_again_but_not_after_a_hiccup(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, ", \"profile\": \"kb6000iii\", \"channels\": 4", "", NULL);
    found(&b, 3);
    pass_after(&b, 1);
    pass_after(&b, 120);
    expect_state(&b, "d4_state", GW_S_ABSENT, GW_Q_GOOD);
    for (int i = 0; i < GW_MB_DOWN_AFTER - 1; i++)
        silence_after(&b, 1);
    pass_after(&b, 1);
    expect_state(&b, "d4_state", GW_S_ABSENT, GW_Q_GOOD);
    for (int i = 0; i < GW_MB_DOWN_AFTER; i++)
        silence_after(&b, 1);
    pass_after(&b, 1);
    expect_state(&b, "d4_state", GW_S_UNKNOWN, GW_Q_UNCERTAIN);
    bench_close(&b);
}

static void values_warm_up(void **state)
{
    (void)state;
    struct bench b;
    bench_open(
        &b, ", \"warmup_s\": 30",
        "\"d.v\": {\"address\": 0, \"sane\": [0, 10]}, \"d.b\": {\"address\": 1, \"bit\": 0}",
        NULL);
    b.regs[0] = 5;
    pass_after(&b, 1);
    expect_num(&b, "v", 5, GW_Q_WARMUP);
    assert_int_equal(sample(&b, "b").quality, GW_Q_GOOD);
    b.regs[0] = 11; /* what is worse stays worse */
    pass_after(&b, 29);
    expect_num(&b, "v", 11, GW_Q_BAD_RANGE);
    b.regs[0] = 5;
    pass_after(&b, 1);
    expect_num(&b, "v", 5, GW_Q_GOOD);
    bench_close(&b);
}

/* ---- the custom types ---- */

static void mk102_floats_and_bcd(void **state)
{
    (void)state;
    static const struct {
        uint16_t raw;
        double want;
    } floats[] = {
        {0xA019, 2.5}, {0xA113, 27.5}, {0xA20D, 52.5},  {0x0000, 0},    {0x8007, 7},
        {0x2007, 70},  {0x6001, 1000}, {0xE001, 0.001}, {0x1FFF, 8191}, {0xFFFF, 8.191},
    };
    struct bench b;
    bench_open(&b, "",
               "\"d.f\": {\"address\": 0, \"type\": \"mk102\"},"
               "\"d.d\": {\"address\": 1, \"type\": \"bcd\", \"scale\": 0.1}",
               NULL);
    for (size_t i = 0; i < sizeof floats / sizeof floats[0]; i++) {
        b.regs[0] = floats[i].raw;
        pass_after(&b, 1);
        expect_num(&b, "f", floats[i].want, GW_Q_GOOD);
    }
    b.regs[1] = 0x1234;
    pass_after(&b, 1);
    assert_true(fabs(sample(&b, "d").value.num - 123.4) < 1e-9);
    b.regs[1] = 0x12A4;
    pass_after(&b, 1);
    assert_int_equal(sample(&b, "d").quality, GW_Q_BAD_RANGE);
    assert_false(sample(&b, "d").valued);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_decimal_point_moves_with_its_register),
        cmocka_unit_test(without_a_decimal_point_there_is_no_number),
        cmocka_unit_test(another_unit_makes_the_value_uncertain_and_is_told),
        cmocka_unit_test(the_flow_meter_must_count_cubic_metres),
        cmocka_unit_test(a_slow_expectation_is_read_at_every_connection_anew),
        cmocka_unit_test(nobody_is_absent_while_the_controller_searches),
        cmocka_unit_test(after_being_down_it_searches_again_but_not_after_a_hiccup),
        cmocka_unit_test(values_warm_up),
        cmocka_unit_test(mk102_floats_and_bcd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
