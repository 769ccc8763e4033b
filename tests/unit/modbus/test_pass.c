/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/pass.h"

#include <string.h>

#include "base/wire.h"
#include "sitefile.h"
#include "util.h"

#define BUS "\"b\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\"}"

struct bench {
    struct sitefile f;
    struct gw_mb_pass *pass;
    struct gw_sample samples[128];
    bool last[128]; /* of the batch in which the sample came */
    size_t nsamples, nbatches;
};

static struct gw_stamp at(int64_t ms)
{
    return (struct gw_stamp){.mono_ms = ms, .wall_ms = 1000000 + ms};
}

static void bench_open(struct bench *b, const char *device, const char *points)
{
    char devices[128];
    (void)snprintf(devices, sizeof devices, "\"d\": {\"bus\": \"b\"%s}", device);
    sitefile_load(&b->f, BUS, devices, points, NULL);
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
    struct gw_batch batch;
    size_t from = 0;
    b->nsamples = b->nbatches = 0;
    while (gw_mb_pass_batch(b->pass, &from, &batch)) {
        assert_int_equal(batch.device, 0);
        assert_in_range(batch.n, 1, GW_BATCH_MAX);
        assert_string_equal(batch.fault, gw_mb_pass_fault(b->pass));
        for (size_t i = 0; i < batch.n; i++) {
            b->last[b->nsamples] = batch.last;
            b->samples[b->nsamples++] = batch.samples[i];
        }
        b->nbatches++;
    }
}

static const struct gw_sample *sample(const struct bench *b, const char *id)
{
    const uint32_t point = sitefile_point(&b->f, id);
    for (size_t i = 0; i < b->nsamples; i++)
        if (b->samples[i].point == point)
            return &b->samples[i];
    return NULL;
}

/* Answers the next request: its first word is `word`, the others count up. */
static void answer(struct bench *b, uint16_t word, int64_t ms)
{
    struct gw_mb_request req;
    assert_true(gw_mb_pass_next(b->pass, &req));
    uint8_t data[250];
    for (uint16_t i = 0; i < req.count; i++)
        gw_put_be16(data + (size_t)i * 2, (uint16_t)(word + i));
    const struct gw_mb_reply reply = {.data = data, .data_len = (size_t)req.count * 2};
    const struct gw_stamp stamp = at(ms);
    gw_mb_pass_answer(b->pass, &reply, &stamp);
}

static void refuse(struct bench *b, uint8_t exception, int64_t ms)
{
    const struct gw_mb_reply reply = {.exception = exception};
    const struct gw_stamp stamp = at(ms);
    gw_mb_pass_answer(b->pass, &reply, &stamp);
}

static enum gw_mb_outcome end(struct bench *b, int64_t ms)
{
    struct gw_mb_request req;
    assert_false(gw_mb_pass_next(b->pass, &req));
    const struct gw_stamp stamp = at(ms);
    const enum gw_mb_outcome outcome = gw_mb_pass_end(b->pass, &stamp);
    collect(b);
    return outcome;
}

#define THREE_BLOCKS                                                                               \
    "\"d.a\": {\"address\": 0}, \"d.b\": {\"address\": 100}, \"d.b2\": {\"address\": 101},"        \
    "\"d.c\": {\"fc\": 4, \"address\": 7}"

static void samples_carry_the_stamp_of_their_own_answer(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "", THREE_BLOCKS);
    gw_mb_pass_begin(b.pass, 0, false);
    answer(&b, 5, 110);
    answer(&b, 6, 120);
    answer(&b, 8, 130);
    assert_int_equal(end(&b, 140), GW_MB_PASS_READ);
    assert_string_equal(gw_mb_pass_fault(b.pass), "");
    assert_int_equal(b.nsamples, 4);
    static const struct {
        const char *id;
        double value;
        int64_t ms;
    } rows[] = {{"d.a", 5, 110}, {"d.b", 6, 120}, {"d.b2", 7, 120}, {"d.c", 8, 130}};
    for (size_t i = 0; i < 4; i++) {
        const struct gw_sample *s = sample(&b, rows[i].id);
        assert_non_null(s);
        assert_int_equal(s->quality, GW_Q_GOOD);
        assert_true(s->value.num == rows[i].value);
        assert_int_equal(s->mono_ms, rows[i].ms);
        assert_int_equal(s->wall_ms, 1000000 + rows[i].ms);
        assert_int_equal(s->nraw, 1);
    }
    bench_close(&b);
}

static void an_exception_takes_its_own_block_only(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "", THREE_BLOCKS);
    gw_mb_pass_begin(b.pass, 0, false);
    answer(&b, 5, 110);
    refuse(&b, GW_MB_EX_FUNCTION, 120);
    answer(&b, 8, 130);
    assert_int_equal(end(&b, 140), GW_MB_PASS_READ);
    assert_string_equal(gw_mb_pass_fault(b.pass),
                        "unit 1: exception 1 (illegal function), function 3, address 100..101");
    assert_int_equal(sample(&b, "d.a")->quality, GW_Q_GOOD);
    assert_int_equal(sample(&b, "d.c")->quality, GW_Q_GOOD);
    static const char *const bad[] = {"d.b", "d.b2"};
    for (size_t i = 0; i < 2; i++) {
        const struct gw_sample *s = sample(&b, bad[i]);
        assert_int_equal(s->quality, GW_Q_BAD_COMM);
        assert_int_equal(s->valued, 0);
        assert_int_equal(s->nraw, 0);
        assert_int_equal(s->mono_ms, 120);
    }
    bench_close(&b);
}

/* What the next request asks for. */
static void wants(const struct bench *b, uint16_t address, uint16_t count)
{
    struct gw_mb_request req;
    assert_true(gw_mb_pass_next(b->pass, &req));
    assert_int_equal(req.address, address);
    assert_int_equal(req.count, count);
}

#define A_HOLE                                                                                     \
    "\"d.a\": {\"address\": 0}, \"d.b\": {\"address\": 1}, \"d.c\": {\"address\": 5},"             \
    "\"d.d\": {\"address\": 6}"

static void a_hole_that_is_refused_is_read_around(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "", A_HOLE);
    gw_mb_pass_begin(b.pass, 0, false);
    wants(&b, 0, 7);
    refuse(&b, GW_MB_EX_ADDRESS, 1);
    wants(&b, 0, 2);
    answer(&b, 40, 2);
    wants(&b, 5, 2);
    answer(&b, 60, 3);
    assert_int_equal(end(&b, 4), GW_MB_PASS_READ);
    assert_string_equal(gw_mb_pass_fault(b.pass), "");
    assert_int_equal(sample(&b, "d.b")->raw[0], 41);
    assert_int_equal(sample(&b, "d.d")->raw[0], 61);
    for (size_t i = 0; i < b.nsamples; i++)
        assert_int_equal(b.samples[i].quality, GW_Q_GOOD);
    /* It is remembered, and tried again after an hour. */
    for (int64_t tick = 1000; tick < 3600000; tick += 1799000) {
        gw_mb_pass_begin(b.pass, tick, false);
        wants(&b, 0, 2);
        answer(&b, 40, tick + 1);
        wants(&b, 5, 2);
        answer(&b, 60, tick + 2);
        assert_int_equal(end(&b, tick + 3), GW_MB_PASS_READ);
    }
    gw_mb_pass_begin(b.pass, 3600000, false);
    wants(&b, 0, 7);
    answer(&b, 40, 3600001);
    assert_int_equal(end(&b, 3600002), GW_MB_PASS_READ);
    struct gw_bus_stats stats = {0};
    struct gw_mb_poll poll;
    gw_mb_poll_init(&poll, 1000, 0, 1);
    gw_mb_note(&poll, b.pass, 0, &stats);
    assert_int_equal(stats.splits, 1);
    assert_int_equal(stats.refused, 0);
    bench_close(&b);
}

static void a_point_that_is_refused_takes_no_other_along(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "", A_HOLE);
    gw_mb_pass_begin(b.pass, 0, false);
    refuse(&b, GW_MB_EX_ADDRESS, 1);
    answer(&b, 40, 2);
    wants(&b, 5, 2);
    refuse(&b, GW_MB_EX_ADDRESS, 3);
    answer(&b, 60, 4);
    wants(&b, 6, 1);
    refuse(&b, GW_MB_EX_ADDRESS, 5);
    assert_int_equal(end(&b, 6), GW_MB_PASS_READ);
    static const char fault[] =
        "unit 1: exception 2 (illegal data address), function 3, address 6..6";
    assert_string_equal(gw_mb_pass_fault(b.pass), fault);
    assert_int_equal(sample(&b, "d.c")->quality, GW_Q_GOOD);
    assert_int_equal(sample(&b, "d.d")->quality, GW_Q_BAD_COMM);
    assert_int_equal(sample(&b, "d.d")->nraw, 0);
    /* It is left alone for ever longer, but not for more than a minute; meanwhile it stays bad, with
     * its reason. */
    static const int64_t tries[] = {1000, 3000, 7000, 15000, 31000, 63000, 123000, 183000, 243000};
    size_t k = 0;
    for (int64_t tick = 1000; tick < 243000; tick += 1000) {
        gw_mb_pass_begin(b.pass, tick, false);
        answer(&b, 40, tick + 1);
        answer(&b, 60, tick + 2);
        if (tick == tries[k]) {
            wants(&b, 6, 1);
            refuse(&b, GW_MB_EX_ADDRESS, tick + 3);
            k++;
        }
        assert_int_equal(end(&b, tick + 4), GW_MB_PASS_READ);
        assert_string_equal(gw_mb_pass_fault(b.pass), fault);
        assert_int_equal(sample(&b, "d.d")->quality, GW_Q_BAD_COMM);
        assert_int_equal(sample(&b, "d.d")->mono_ms, tick == tries[k - 1] ? tick + 3 : tick + 4);
    }
    gw_mb_pass_begin(b.pass, 243000, false);
    answer(&b, 40, 243001);
    answer(&b, 60, 243002);
    wants(&b, 6, 1);
    answer(&b, 7, 243003);
    assert_int_equal(end(&b, 243004), GW_MB_PASS_READ);
    assert_string_equal(gw_mb_pass_fault(b.pass), "");
    assert_int_equal(sample(&b, "d.d")->raw[0], 7);
    bench_close(&b);
}

/* Many points, so that dividing down to each would take long. */
static void a_device_that_refuses_everything_teaches_nothing(void **state)
{
    (void)state;
    char points[2048] = "";
    size_t n = 0;
    for (int i = 0; i < 40; i++)
        n += (size_t)snprintf(points + n, sizeof points - n, "%s\"d.p%d\": {\"address\": %d}",
                              i > 0 ? "," : "", i, i);
    struct bench b;
    struct gw_mb_request req;
    bench_open(&b, "", points);
    gw_mb_pass_begin(b.pass, 0, false);
    int asked = 0;
    for (; gw_mb_pass_next(b.pass, &req); asked++)
        refuse(&b, GW_MB_EX_ADDRESS, asked);
    assert_int_equal(end(&b, 100), GW_MB_PASS_REFUSED);
    assert_in_range(asked, 2, 20);
    assert_int_equal(b.nsamples, 40);
    for (size_t i = 0; i < b.nsamples; i++)
        assert_int_equal(b.samples[i].quality, GW_Q_BAD_COMM);
    /* One request a pass from then on, and all is well as soon as the device is. */
    for (int64_t tick = 1000; tick < 5000; tick += 1000) {
        gw_mb_pass_begin(b.pass, tick, false);
        wants(&b, 0, 40);
        refuse(&b, GW_MB_EX_ADDRESS, tick + 1);
        assert_int_equal(end(&b, tick + 2), GW_MB_PASS_REFUSED);
    }
    gw_mb_pass_begin(b.pass, 5000, false);
    wants(&b, 0, 40);
    answer(&b, 9, 5001);
    assert_int_equal(end(&b, 5002), GW_MB_PASS_READ);
    assert_string_equal(gw_mb_pass_fault(b.pass), "");
    bench_close(&b);
}

/* What was divided in a pass that then broke was not seen to be better in parts. */
static void a_division_of_a_broken_pass_is_undone(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "", "\"d.a\": {\"address\": 0}, \"d.b\": {\"address\": 4}");
    for (int64_t tick = 0; tick < 3000; tick += 1000) {
        gw_mb_pass_begin(b.pass, tick, false);
        wants(&b, 0, 5);
        refuse(&b, GW_MB_EX_ADDRESS, tick + 1);
        wants(&b, 0, 1);
        gw_mb_pass_break(b.pass, "no answer");
        if (tick != 1000) /* the pass may begin anew instead of ending */
            assert_int_equal(end(&b, tick + 2), GW_MB_PASS_SILENT);
    }
    gw_mb_pass_begin(b.pass, 3000, false);
    wants(&b, 0, 5);
    answer(&b, 7, 3001);
    assert_int_equal(end(&b, 3002), GW_MB_PASS_READ);
    bench_close(&b);
}

/* A slow group that was asked while the device was busy, or its gateway had no answer, does not wait
 * for its next period. */
static void a_slow_group_that_met_a_busy_device_is_asked_again_soon(void **state)
{
    (void)state;
    static const struct {
        uint8_t exception;
        bool soon;
    } rows[] = {{GW_MB_EX_BUSY, true},
                {GW_MB_EX_ACK, true},
                {GW_MB_EX_GATEWAY_PATH, true},
                {GW_MB_EX_GATEWAY_TARGET, true},
                {GW_MB_EX_FUNCTION, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        struct gw_mb_request req;
        bench_open(&b, ", \"period_ms\": 500",
                   "\"d.a\": {\"address\": 0},"
                   "\"d.s\": {\"address\": 500, \"period_ms\": 3600000}");
        int64_t read = 0;
        for (int64_t tick = 0; tick < 7200000; tick += 500) {
            gw_mb_pass_begin(b.pass, tick, false);
            answer(&b, 1, tick + 1);
            if (gw_mb_pass_next(b.pass, &req) && tick < 3000) {
                refuse(&b, rows[i].exception, tick + 2);
            } else if (gw_mb_pass_next(b.pass, &req)) {
                read = read == 0 ? tick : read;
                answer(&b, 2, tick + 2);
            }
            assert_int_equal(end(&b, tick + 3), GW_MB_PASS_READ);
        }
        if (rows[i].soon)
            assert_in_range(read, 3000, 5000);
        else
            assert_int_equal(read, 3600000);
        bench_close(&b);
    }
}

static void a_busy_block_waits_while_others_are_read(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "", THREE_BLOCKS);
    static const int64_t tries[] = {0, 1000, 3000, 7000, 15000, 31000, 61000, 91000};
    size_t k = 0;
    for (int64_t tick = 0; tick <= 91000; tick += 1000) {
        gw_mb_pass_begin(b.pass, tick, false);
        answer(&b, 5, tick + 1);
        if (tick == tries[k]) {
            wants(&b, 100, 2);
            refuse(&b, GW_MB_EX_BUSY, tick + 2);
            k++;
        }
        wants(&b, 7, 1);
        answer(&b, 8, tick + 3);
        assert_int_equal(end(&b, tick + 4), GW_MB_PASS_READ);
        assert_string_equal(
            gw_mb_pass_fault(b.pass),
            "unit 1 at 10.0.0.7:502: exception 6 (device busy), function 3, address "
            "100..101");
        assert_int_equal(sample(&b, "d.b2")->quality, GW_Q_BAD_COMM);
    }
    bench_close(&b);
}

static void nothing_but_exceptions_is_a_failed_pass_of_a_live_device(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "", THREE_BLOCKS);
    gw_mb_pass_begin(b.pass, 0, false);
    refuse(&b, GW_MB_EX_BUSY, 1);
    refuse(&b, GW_MB_EX_BUSY, 2);
    refuse(&b, GW_MB_EX_GATEWAY_TARGET, 3);
    assert_int_equal(end(&b, 4), GW_MB_PASS_BUSY);
    assert_string_equal(gw_mb_pass_fault(b.pass),
                        "unit 1 at 10.0.0.7:502: exception 6 (device busy), function 3, address "
                        "0..0");
    for (size_t i = 0; i < b.nsamples; i++)
        assert_int_equal(b.samples[i].quality, GW_Q_BAD_COMM);
    bench_close(&b);
}

/* A gateway that answers for a unit that it cannot reach: the unit is silent. */
static void the_gateways_own_exceptions_mean_silence(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "", THREE_BLOCKS);
    gw_mb_pass_begin(b.pass, 0, false);
    refuse(&b, GW_MB_EX_GATEWAY_TARGET, 1);
    refuse(&b, GW_MB_EX_GATEWAY_PATH, 2);
    refuse(&b, GW_MB_EX_GATEWAY_TARGET, 3);
    assert_int_equal(end(&b, 4), GW_MB_PASS_SILENT);
    assert_string_equal(gw_mb_pass_fault(b.pass),
                        "unit 1: exception 11 (target device silent), function 3, address 0..0");
    /* While down, the first one is enough. */
    gw_mb_pass_begin(b.pass, 1000, true);
    refuse(&b, GW_MB_EX_GATEWAY_TARGET, 1001);
    assert_int_equal(end(&b, 1002), GW_MB_PASS_SILENT);
    assert_int_equal(b.nsamples, 4);
    /* A probe that is answered goes on to a whole pass. */
    gw_mb_pass_begin(b.pass, 2000, true);
    answer(&b, 1, 2001);
    answer(&b, 1, 2002);
    refuse(&b, GW_MB_EX_GATEWAY_TARGET, 2003);
    assert_int_equal(end(&b, 2004), GW_MB_PASS_READ);
    bench_close(&b);
}

static void a_broken_pass_makes_every_due_point_bad(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "", THREE_BLOCKS);
    gw_mb_pass_begin(b.pass, 0, false);
    answer(&b, 5, 110);
    gw_mb_pass_break(b.pass, "no answer within 500 ms");
    assert_int_equal(end(&b, 640), GW_MB_PASS_SILENT);
    assert_string_equal(gw_mb_pass_fault(b.pass),
                        "unit 1 at 10.0.0.7:502: no answer within 500 ms");
    assert_int_equal(b.nsamples, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(b.samples[i].quality, GW_Q_BAD_COMM);
        assert_int_equal(b.samples[i].valued, 0);
        assert_int_equal(b.samples[i].nraw, 0);
        assert_int_equal(b.samples[i].raw[0], 0);
        assert_int_equal(b.samples[i].mono_ms, 640);
    }
    /* The next pass starts from the first request, without a word of the last one. */
    gw_mb_pass_begin(b.pass, 1000, false);
    answer(&b, 5, 1010);
    answer(&b, 6, 1020);
    answer(&b, 7, 1030);
    assert_int_equal(end(&b, 1040), GW_MB_PASS_READ);
    assert_string_equal(gw_mb_pass_fault(b.pass), "");
    bench_close(&b);
}

static void a_long_reason_is_told_without_the_place(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "", THREE_BLOCKS);
    static const struct {
        const char *reason, *fault;
    } rows[] = {
        {"the reason is as long as this, so that only the unit has room",
         "unit 1: the reason is as long as this, so that only the unit has room"},
        {"the reason is as long as this, so that neither endpoint nor unit has room left",
         "the reason is as long as this, so that neither endpoint nor unit has room left"},
        {"the reason is so long that it has to be cut, because a batch has eighty bytes for it",
         "the reason is so long that it has to be cut, because a batch has eighty byte..."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gw_mb_pass_begin(b.pass, (int64_t)i, false);
        gw_mb_pass_break(b.pass, rows[i].reason);
        assert_string_equal(gw_mb_pass_fault(b.pass), rows[i].fault);
        (void)end(&b, 1);
    }
    bench_close(&b);
}

static void each_period_has_its_own_requests(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, ", \"period_ms\": 1000",
               "\"d.slow\": {\"address\": 1, \"period_ms\": 5000},"
               "\"d.fast\": {\"address\": 0}, \"d.fast2\": {\"address\": 2},"
               "\"d.mid\": {\"address\": 3, \"period_ms\": 2000}");
    assert_int_equal(gw_mb_pass_period_ms(b.pass), 1000);
    unsigned slow = 0;
    unsigned mid = 0;
    for (int64_t tick = 0; tick < 20000; tick += 1000) {
        struct gw_mb_request req;
        gw_mb_pass_begin(b.pass, tick, false);
        while (gw_mb_pass_next(b.pass, &req))
            answer(&b, 1, tick + 5);
        assert_int_equal(end(&b, tick + 6), GW_MB_PASS_READ);
        assert_non_null(sample(&b, "d.fast"));
        assert_non_null(sample(&b, "d.fast2"));
        assert_int_equal(sample(&b, "d.slow") != NULL, tick % 5000 == 0);
        assert_int_equal(sample(&b, "d.mid") != NULL, tick % 2000 == 0);
        slow += sample(&b, "d.slow") != NULL;
        mid += sample(&b, "d.mid") != NULL;
    }
    assert_int_equal(slow, 4);
    assert_int_equal(mid, 10);
    bench_close(&b);
}

static void a_slow_group_stays_due_until_it_was_asked(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, ", \"period_ms\": 1000",
               "\"d.slow\": {\"address\": 1, \"period_ms\": 60000}, \"d.fast\": {\"address\": 0}");
    for (int64_t tick = 0; tick < 3000; tick += 1000) {
        gw_mb_pass_begin(b.pass, tick, false);
        gw_mb_pass_break(b.pass, "no answer");
        (void)end(&b, tick + 500);
        assert_int_equal(b.nsamples, 2);
    }
    gw_mb_pass_begin(b.pass, 3000, false);
    answer(&b, 1, 3001);
    answer(&b, 2, 3002);
    assert_int_equal(end(&b, 3003), GW_MB_PASS_READ);
    assert_int_equal(sample(&b, "d.slow")->quality, GW_Q_GOOD);
    /* Its own time goes on as it was. */
    gw_mb_pass_begin(b.pass, 59000, false);
    answer(&b, 1, 59001);
    (void)end(&b, 59002);
    assert_null(sample(&b, "d.slow"));
    gw_mb_pass_begin(b.pass, 60000, false);
    answer(&b, 1, 60001);
    answer(&b, 2, 60002);
    (void)end(&b, 60003);
    assert_non_null(sample(&b, "d.slow"));
    bench_close(&b);
}

#define GAS                                                                                        \
    "\"d.bad\": {\"address\": 50, \"bit\": 0},"                                                    \
    "\"d.st\": {\"address\": 30, \"states\": ["                                                    \
    "{\"equals\": 0, \"is\": \"NORMAL\"}, {\"equals\": 1, \"is\": \"SHIELDED\"},"                  \
    "{\"equals\": 2, \"is\": \"WARMUP\"}, {\"equals\": 3, \"is\": \"SENSOR_FAULT\"},"              \
    "{\"equals\": 4, \"is\": \"COMM_FAULT\"}, {\"equals\": 5, \"is\": \"HIGH\"}]},"                \
    "\"d.v\": {\"address\": 10, \"sane\": [0, 100], \"state_from\": \"st\", \"fault_if\": "        \
    "[\"bad\"]}"

static void a_value_is_as_good_as_its_state_says(void **state)
{
    (void)state;
    static const struct {
        uint16_t value, st, bad;
        enum gw_quality want;
    } rows[] = {
        {20, 0, 0, GW_Q_GOOD},       {20, 1, 0, GW_Q_INHIBIT},    {20, 2, 0, GW_Q_WARMUP},
        {20, 3, 0, GW_Q_BAD_FAULT},  {20, 4, 0, GW_Q_BAD_COMM},   {20, 5, 0, GW_Q_GOOD},
        {20, 9, 0, GW_Q_UNCERTAIN},  {20, 0, 1, GW_Q_BAD_FAULT},  {20, 1, 1, GW_Q_BAD_FAULT},
        {500, 0, 0, GW_Q_BAD_RANGE}, {500, 9, 0, GW_Q_BAD_RANGE}, {500, 1, 0, GW_Q_INHIBIT},
        {500, 4, 0, GW_Q_BAD_COMM},  {500, 0, 1, GW_Q_BAD_FAULT},
    };
    struct bench b;
    bench_open(&b, "", GAS);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        gw_mb_pass_begin(b.pass, (int64_t)i * 1000, false);
        answer(&b, rows[i].value, 1);
        answer(&b, rows[i].st, 1);
        answer(&b, rows[i].bad, 1);
        (void)end(&b, 2);
        const struct gw_sample *v = sample(&b, "d.v");
        assert_int_equal(v->quality, rows[i].want);
        /* The number is kept beside its quality, as evidence. */
        assert_true(v->valued);
        assert_true(v->value.num == (double)rows[i].value);
    }
    bench_close(&b);
}

static void what_its_state_could_not_say_is_not_good(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "", GAS);
    gw_mb_pass_begin(b.pass, 0, false);
    answer(&b, 20, 1);
    refuse(&b, GW_MB_EX_FAILURE, 1);
    answer(&b, 0, 1);
    (void)end(&b, 2);
    assert_int_equal(sample(&b, "d.v")->quality, GW_Q_BAD_COMM);
    gw_mb_pass_begin(b.pass, 1000, false);
    answer(&b, 20, 1);
    answer(&b, 0, 1);
    refuse(&b, GW_MB_EX_FAILURE, 1);
    (void)end(&b, 2);
    assert_int_equal(sample(&b, "d.v")->quality, GW_Q_UNCERTAIN);
    /* A value that was not read stays BAD_COMM whatever the flags say. */
    gw_mb_pass_begin(b.pass, 2000, false);
    refuse(&b, GW_MB_EX_FAILURE, 1);
    answer(&b, 1, 1);
    answer(&b, 1, 1);
    (void)end(&b, 2);
    assert_int_equal(sample(&b, "d.v")->quality, GW_Q_BAD_COMM);
    assert_int_equal(sample(&b, "d.v")->valued, 0);
    bench_close(&b);
}

static void a_large_pass_is_several_batches(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, ", \"profile\": \"ax100\", \"channels\": 21", "");
    struct gw_mb_request req;
    gw_mb_pass_begin(b.pass, 0, false);
    while (gw_mb_pass_next(b.pass, &req))
        answer(&b, 0, 1);
    (void)end(&b, 2);
    assert_int_equal(b.nsamples, 72);
    assert_int_equal(b.nbatches, 3);
    bool seen[72] = {false};
    for (size_t i = 0; i < 72; i++) {
        assert_int_equal(b.last[i], i >= 48);
        assert_true(b.samples[i].point < 72);
        assert_false(seen[b.samples[i].point]);
        seen[b.samples[i].point] = true;
    }
    bench_close(&b);
}

static void a_device_without_points_has_nothing_to_ask(void **state)
{
    (void)state;
    struct sitefile f;
    sitefile_load(&f, BUS, "\"d\": {\"bus\": \"b\"}", "", NULL);
    assert_true(sitefile_good(&f));
    struct gw_mb_pass *pass = NULL;
    struct gw_err err;
    assert_int_equal(gw_mb_pass_new(f.site, 0, "x", &pass, &err), GW_E_NOTFOUND);
    assert_string_equal(err.msg, "devices.d: has no points");
    assert_null(pass);
    gw_mb_pass_free(NULL);
    sitefile_free(&f);
}

/* The answer in doubt is thrown away, whatever it says; the blocks are then asked as always. */
static void a_doubt_asks_for_less_first(void **state)
{
    (void)state;
    struct bench b;
    struct gw_mb_request req;
    bench_open(&b, "", THREE_BLOCKS ", \"d.a2\": {\"address\": 1}");
    gw_mb_pass_begin(b.pass, 0, false);
    gw_mb_pass_doubt(b.pass);
    assert_true(gw_mb_pass_next(b.pass, &req));
    assert_int_equal(req.address, 0);
    assert_int_equal(req.count, 1);
    answer(&b, 77, 100);
    assert_true(gw_mb_pass_next(b.pass, &req));
    assert_int_equal(req.address, 0);
    assert_int_equal(req.count, 2);
    answer(&b, 5, 110);
    answer(&b, 6, 120);
    answer(&b, 7, 130);
    assert_int_equal(end(&b, 140), GW_MB_PASS_READ);
    assert_true(sample(&b, "d.a")->value.num == 5);
    assert_int_equal(sample(&b, "d.a")->mono_ms, 110);

    gw_mb_pass_begin(b.pass, 1000, false);
    gw_mb_pass_doubt(b.pass);
    refuse(&b, GW_MB_EX_ADDRESS, 1010); /* even so: it is in step */
    assert_true(gw_mb_pass_next(b.pass, &req));
    assert_int_equal(req.count, 2);
    gw_mb_pass_break(b.pass, "no answer");
    assert_int_equal(end(&b, 1020), GW_MB_PASS_SILENT);

    gw_mb_pass_begin(b.pass, 2000, false);
    assert_true(gw_mb_pass_next(b.pass, &req));
    assert_int_equal(req.count, 2);
    gw_mb_pass_doubt(b.pass);
    gw_mb_pass_break(b.pass, "no answer");
    assert_int_equal(end(&b, 2020), GW_MB_PASS_SILENT);
    bench_close(&b);

    /* Bits: less than the bytes of the block, where it has more than one. */
    bench_open(&b, "",
               "\"d.p\": {\"fc\": 2, \"address\": 0}, \"d.q\": {\"fc\": 2, \"address\": 8}");
    gw_mb_pass_begin(b.pass, 0, false);
    gw_mb_pass_doubt(b.pass);
    assert_true(gw_mb_pass_next(b.pass, &req));
    assert_int_equal(req.count, 1);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_carry_the_stamp_of_their_own_answer),
        cmocka_unit_test(an_exception_takes_its_own_block_only),
        cmocka_unit_test(a_hole_that_is_refused_is_read_around),
        cmocka_unit_test(a_point_that_is_refused_takes_no_other_along),
        cmocka_unit_test(a_device_that_refuses_everything_teaches_nothing),
        cmocka_unit_test(a_division_of_a_broken_pass_is_undone),
        cmocka_unit_test(a_slow_group_that_met_a_busy_device_is_asked_again_soon),
        cmocka_unit_test(a_busy_block_waits_while_others_are_read),
        cmocka_unit_test(nothing_but_exceptions_is_a_failed_pass_of_a_live_device),
        cmocka_unit_test(the_gateways_own_exceptions_mean_silence),
        cmocka_unit_test(a_broken_pass_makes_every_due_point_bad),
        cmocka_unit_test(a_long_reason_is_told_without_the_place),
        cmocka_unit_test(each_period_has_its_own_requests),
        cmocka_unit_test(a_slow_group_stays_due_until_it_was_asked),
        cmocka_unit_test(a_value_is_as_good_as_its_state_says),
        cmocka_unit_test(what_its_state_could_not_say_is_not_good),
        cmocka_unit_test(a_large_pass_is_several_batches),
        cmocka_unit_test(a_device_without_points_has_nothing_to_ask),
        cmocka_unit_test(a_doubt_asks_for_less_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
