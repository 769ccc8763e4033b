/* SPDX-License-Identifier: Apache-2.0
 *
 * The shipped profiles, held against frames of real devices (RTU payloads behind an MBAP header).
 */
#include "modbus/profile.h"

#include <math.h>
#include <string.h>

#include "base/wire.h"
#include "modbus/pass.h"
#include "modbus/pdu.h"
#include "modbus/point.h"
#include "sitefile.h"
#include "util.h"

#define BUS "\"b\": {\"driver\": \"modbus-tcp\", \"host\": \"127.0.0.1\"}"

/* A device of a shipped profile, and the samples of its last pass. */
struct bench {
    struct sitefile f;
    struct gw_mb_pass *pass;
    struct gw_sample samples[256];
    size_t nsamples;
};

static const struct gw_stamp now = {.mono_ms = 1000, .wall_ms = 1795305600000};

static void bench_open(struct bench *b, const char *device)
{
    char devices[256];
    (void)snprintf(devices, sizeof devices, "\"d\": {\"bus\": \"b\", %s}", device);
    sitefile_load(&b->f, BUS, devices, "", NULL);
    assert_true(sitefile_good(&b->f));
    struct gw_err err;
    assert_int_equal(gw_mb_pass_new(b->f.site, 0, "127.0.0.1:502", &b->pass, &err), GW_OK);
    gw_mb_pass_start(b->pass, 0);
}

static void bench_close(struct bench *b)
{
    gw_mb_pass_free(b->pass);
    sitefile_free(&b->f);
}

/* Frames as printed in manuals: RTU, with unit and CRC. */
struct frame {
    const char *request, *answer;
};

static size_t from_hex(const char *hex, uint8_t *out, size_t max)
{
    size_t n = 0;
    memset(out, 0, max);
    while (*hex != '\0') {
        char *end;
        const unsigned long byte = strtoul(hex, &end, 16);
        assert_true(end != hex && byte <= 0xFF && n < max);
        out[n++] = (uint8_t)byte;
        hex = end;
    }
    return n;
}

static uint16_t crc16(const uint8_t *p, size_t n)
{
    unsigned crc = 0xFFFF;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++)
            crc = (crc & 1u) != 0 ? crc >> 1 ^ 0xA001u : crc >> 1;
    }
    return (uint16_t)crc;
}

/* The frame with an MBAP header in place of its CRC, which must be right. */
static size_t as_tcp(const char *hex, uint8_t *out)
{
    uint8_t rtu[256];
    const size_t n = from_hex(hex, rtu, sizeof rtu);
    assert_true(n > 4);
    const uint16_t crc = crc16(rtu, n - 2);
    assert_int_equal(rtu[n - 2], crc & 0xFF);
    assert_int_equal(rtu[n - 1], crc >> 8);
    gw_put_be16(out, 1);
    gw_put_be16(out + 2, 0);
    gw_put_be16(out + 4, (uint16_t)(n - 2));
    memcpy(out + 6, rtu, n - 2);
    return n + 4;
}

/* Takes over the samples of the pass that ended, and makes all due again. */
static void collect(struct bench *b)
{
    struct gw_batch batch;
    size_t from = 0;
    b->nsamples = 0;
    while (gw_mb_pass_batch(b->pass, &from, &batch)) {
        memcpy(b->samples + b->nsamples, batch.samples, batch.n * sizeof batch.samples[0]);
        b->nsamples += batch.n;
    }
    gw_mb_pass_start(b->pass, 0);
}

/* Answers the requests of one pass: those among the frames as printed, all others with zeros. Every
 * frame must be used. */
static enum gw_mb_outcome run_pass(struct bench *b, const struct frame *frames, size_t n)
{
    struct gw_mb_request req;
    size_t used = 0;
    gw_mb_pass_begin(b->pass, 0, false);
    while (gw_mb_pass_next(b->pass, &req)) {
        uint8_t asked[12];
        const size_t asked_len = gw_mb_encode_tcp(&req, 1, asked);
        uint8_t answer[GW_MB_MAX_ADU] = {0, 1, 0, 0};
        const size_t bytes = req.fc <= 2 ? (req.count + 7u) / 8u : (size_t)req.count * 2;
        gw_put_be16(answer + 4, (uint16_t)(bytes + 3));
        answer[6] = req.unit;
        answer[7] = (uint8_t)req.fc;
        answer[8] = (uint8_t)bytes;
        size_t len = bytes + 9;
        for (size_t i = 0; i < n; i++) {
            uint8_t known[256];
            const size_t known_len = as_tcp(frames[i].request, known);
            if (known_len == asked_len && memcmp(known, asked, known_len) == 0) {
                len = as_tcp(frames[i].answer, answer);
                used++;
            }
        }
        struct gw_mb_reply reply;
        struct gw_err err;
        assert_int_equal(gw_mb_check_tcp(&req, 1, answer, len, &reply, &err), GW_OK);
        gw_mb_pass_answer(b->pass, &reply, &now);
    }
    assert_int_equal(used, n);
    const enum gw_mb_outcome outcome = gw_mb_pass_end(b->pass, &now);
    collect(b);
    return outcome;
}

static const struct gw_sample *sample(const struct bench *b, const char *id)
{
    const uint32_t point = sitefile_point(&b->f, id);
    for (size_t i = 0; i < b->nsamples; i++)
        if (b->samples[i].point == point)
            return &b->samples[i];
    fail_msg("no sample of %s", id);
    return NULL;
}

static void expect_num(const struct bench *b, const char *id, double want, enum gw_quality q)
{
    const struct gw_sample *s = sample(b, id);
    assert_int_equal(s->quality, q);
    assert_int_equal(s->vtype, GW_V_NUM);
    assert_true(s->valued);
    if (fabs(s->value.num - want) > 1e-9)
        fail_msg("%s is %.12g instead of %.12g", id, s->value.num, want);
}

static void expect_int(const struct bench *b, const char *id, int64_t want, enum gw_quality q)
{
    const struct gw_sample *s = sample(b, id);
    assert_int_equal(s->quality, q);
    assert_true(s->valued);
    if (s->value.i != want)
        fail_msg("%s is %lld instead of %lld", id, (long long)s->value.i, (long long)want);
}

/* ---- AX100 ---- */

static void ax100_four_probes(void **state)
{
    (void)state;
    static const struct frame frames[] = {
        {"01 03 01 01 00 08 14 30",
         "01 03 10 00 00 00 20 01 00 01 13 10 00 00 00 00 80 00 00 EE EB"},
    };
    struct bench b;
    bench_open(&b, "\"profile\": \"ax100\", \"channels\": 4");
    assert_int_equal(run_pass(&b, frames, 1), GW_MB_PASS_READ);
    expect_num(&b, "d.p1", 3.2, GW_Q_GOOD);
    expect_int(&b, "d.p1_state", GW_S_NORMAL, GW_Q_GOOD);
    expect_num(&b, "d.p2", 27.5, GW_Q_GOOD);
    expect_int(&b, "d.p2_state", GW_S_LOW, GW_Q_GOOD);
    expect_num(&b, "d.p3", 0, GW_Q_BAD_COMM);
    expect_int(&b, "d.p3_state", GW_S_COMM_FAULT, GW_Q_GOOD);
    expect_num(&b, "d.p4", 0, GW_Q_INHIBIT);
    expect_int(&b, "d.p4_state", GW_S_SHIELDED, GW_Q_GOOD);
    expect_int(&b, "d.p3_shielded", 0, GW_Q_GOOD);
    expect_int(&b, "d.p4_shielded", 1, GW_Q_GOOD);
    expect_int(&b, "d.mains_fault", 0, GW_Q_GOOD);
    assert_int_equal(b.nsamples, 4 * 3 + 9);
    assert_string_equal(b.f.site->points[sitefile_point(&b.f, "d.p1")].def->unit, "%LEL");
    assert_int_equal(b.f.site->points[sitefile_point(&b.f, "d.p1")].def->decimals, 1);
    bench_close(&b);
}

/* One register of the controller, answered with this word. */
static void answer_word(struct bench *b, uint16_t address, uint16_t word)
{
    struct gw_mb_request req;
    gw_mb_pass_begin(b->pass, 0, false);
    while (gw_mb_pass_next(b->pass, &req)) {
        uint8_t data[250] = {0};
        if (address >= req.address && address < req.address + req.count)
            gw_put_be16(data + (size_t)(address - req.address) * 2, word);
        const struct gw_mb_reply reply = {.data = data, .data_len = (size_t)req.count * 2};
        gw_mb_pass_answer(b->pass, &reply, &now);
    }
    (void)gw_mb_pass_end(b->pass, &now);
    collect(b);
}

static void ax100_status_bits_have_their_precedence(void **state)
{
    (void)state;
    static const struct {
        unsigned bits; /* of 12, 11, 9, 8, 7 */
        enum gw_state want;
        enum gw_quality value;
    } rows[] = {
        {0, GW_S_NORMAL, GW_Q_GOOD},
        {1u << 12, GW_S_COMM_FAULT, GW_Q_BAD_COMM},
        {1u << 12 | 1u << 11 | 1u << 9 | 1u << 7, GW_S_COMM_FAULT, GW_Q_BAD_COMM},
        {1u << 11 | 1u << 9 | 1u << 8, GW_S_SENSOR_FAULT, GW_Q_BAD_FAULT},
        {1u << 9 | 1u << 8, GW_S_HIGH, GW_Q_GOOD},
        {1u << 9 | 1u << 7, GW_S_HIGH, GW_Q_GOOD},
        {1u << 8, GW_S_LOW, GW_Q_GOOD},
        {1u << 8 | 1u << 7, GW_S_LOW, GW_Q_GOOD},
        {1u << 7, GW_S_SHIELDED, GW_Q_INHIBIT},
    };
    struct bench b;
    bench_open(&b, "\"profile\": \"ax100\", \"channels\": 2");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        answer_word(&b, 0x0103, (uint16_t)rows[i].bits);
        expect_int(&b, "d.p2_state", rows[i].want, GW_Q_GOOD);
        assert_int_equal(sample(&b, "d.p2")->quality, rows[i].value);
        expect_int(&b, "d.p2_shielded", (rows[i].bits & 1u << 7) != 0, GW_Q_GOOD);
        expect_int(&b, "d.p1_state", GW_S_NORMAL, GW_Q_GOOD);
    }
    bench_close(&b);
}

static void ax100_controller_words(void **state)
{
    (void)state;
    static const struct {
        uint16_t address;
        unsigned word;
        const char *point;
        int64_t want;
    } rows[] = {
        {0x0297, 1u << 8, "d.mains_fault", 1}, {0x0297, 1u << 11, "d.on_backup", 1},
        {0x0297, 1u << 10, "d.backup_low", 1}, {0x0297, 1u << 9, "d.battery_fault", 1},
        {0x0297, 1u << 5, "d.linkage", 1},     {0x0297, 1u << 6, "d.any_shielded", 1},
        {0x0281, 1, "d.fan_relay", 1},         {0x0282, 1, "d.valve_relay", 1},
        {0x0292, 17, "d.probes_seen", 17},     {0x0297, 0xF09F & ~0u, "d.linkage", 0},
    };
    struct bench b;
    bench_open(&b, "\"profile\": \"ax100\", \"channels\": 1");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        answer_word(&b, rows[i].address, (uint16_t)rows[i].word);
        expect_int(&b, rows[i].point, rows[i].want, GW_Q_GOOD);
        int64_t set = 0;
        for (size_t k = 0; k < 9 && rows[i].want == 1; k++)
            set += sample(&b, rows[k].point)->value.i;
        if (rows[i].want == 1)
            assert_int_equal(set, 1);
    }
    bench_close(&b);
}

/* The map has holes: nothing but listed registers may be asked for. */
static void ax100_asks_for_nothing_unlisted(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "\"profile\": \"ax100\", \"channels\": 192");
    struct gw_mb_request req;
    gw_mb_pass_begin(b.pass, 0, false);
    unsigned requests = 0;
    while (gw_mb_pass_next(b.pass, &req)) {
        assert_int_equal(req.fc, GW_MB_READ_HOLDING);
        const unsigned last = req.address + req.count - 1u;
        assert_true((req.address >= 0x0101 && last <= 0x0280 + 2) || req.address == 0x0292 ||
                    req.address == 0x0297);
        if (req.address > 0x0282)
            assert_int_equal(req.count, 1);
        uint8_t data[250] = {0};
        const struct gw_mb_reply reply = {.data = data, .data_len = (size_t)req.count * 2};
        gw_mb_pass_answer(b.pass, &reply, &now);
        requests++;
    }
    /* 384 probe registers and the two relays behind them stand together. */
    assert_int_equal(requests, 4 + 2);
    bench_close(&b);
}

static void ax100_system_word_frame(void **state)
{
    (void)state;
    uint8_t frame[256];
    const struct gw_mb_request req = {1, GW_MB_READ_HOLDING, 0x0297, 1};
    uint8_t asked[12];
    assert_int_equal(as_tcp("01 03 02 97 00 01 34 5E", frame), gw_mb_encode_tcp(&req, 1, asked));
    assert_memory_equal(frame, asked, 12);
}

/* ---- MFE600H ---- */

static void mfe600h_flow_is_36_75(void **state)
{
    (void)state;
    /* The single request of the manual, and the same register within the block that is read. */
    uint8_t frame[256];
    struct gw_mb_request req = {1, GW_MB_READ_INPUT, 4112, 2};
    uint8_t asked[12];
    assert_int_equal(as_tcp("01 04 10 10 00 02 74 CE", frame), gw_mb_encode_tcp(&req, 1, asked));
    assert_memory_equal(frame, asked, 12);
    const size_t len = as_tcp("01 04 04 00 00 42 13 8A E9", frame);
    struct gw_mb_reply reply;
    assert_int_equal(gw_mb_check_tcp(&req, 1, frame, len, &reply, NULL), GW_OK);
    assert_int_equal(reply.data_len, 4);
    uint8_t data[44] = {0};
    memcpy(data, reply.data, 4);
    data[29] = 5; /* 4126: m3/h */

    struct bench b;
    bench_open(&b, "\"profile\": \"mfe600h\"");
    gw_mb_pass_begin(b.pass, 0, false);
    assert_true(gw_mb_pass_next(b.pass, &req));
    uint8_t block[12];
    assert_int_equal(as_tcp("01 04 10 10 00 16 74 C1", frame), gw_mb_encode_tcp(&req, 1, block));
    assert_memory_equal(frame, block, 12);
    const struct gw_mb_reply whole = {.data = data, .data_len = sizeof data};
    gw_mb_pass_answer(b.pass, &whole, &now);
    assert_true(gw_mb_pass_next(b.pass, &req));
    assert_int_equal(req.address, 4140);
    assert_int_equal(req.count, 2);
    static const uint8_t temps[] = {0, 31, 0, 42};
    const struct gw_mb_reply t = {.data = temps, .data_len = 4};
    gw_mb_pass_answer(b.pass, &t, &now);
    assert_int_equal(gw_mb_pass_end(b.pass, &now), GW_MB_PASS_READ);
    collect(&b);
    expect_num(&b, "d.flow", 36.75, GW_Q_GOOD);
    expect_num(&b, "d.t_in", 31, GW_Q_GOOD);
    expect_num(&b, "d.t_out", 42, GW_Q_GOOD);
    assert_string_equal(b.f.site->points[sitefile_point(&b.f, "d.flow")].def->unit, "m3/h");
    bench_close(&b);
}

static void mfe600h_answer(struct bench *b, uint16_t address, const uint16_t *words, size_t n)
{
    struct gw_mb_request req;
    gw_mb_pass_begin(b->pass, 0, false);
    while (gw_mb_pass_next(b->pass, &req)) {
        uint8_t data[250] = {0};
        if (req.address == 4112)
            gw_put_be16(data + 2, 0x4213);
        if (req.address == 4112)
            gw_put_be16(data + 28, 5); /* 4126: m3/h */
        for (size_t i = 0; i < n; i++) {
            const unsigned a = address + (unsigned)i;
            if (a >= req.address && a < (unsigned)req.address + req.count)
                gw_put_be16(data + (size_t)(a - req.address) * 2, words[i]);
        }
        const struct gw_mb_reply reply = {.data = data, .data_len = (size_t)req.count * 2};
        gw_mb_pass_answer(b->pass, &reply, &now);
    }
    (void)gw_mb_pass_end(b->pass, &now);
    collect(b);
}

static void mfe600h_alarms_make_the_flow_worthless(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "\"profile\": \"mfe600h\"");
    const uint16_t one = 1;
    const uint16_t none = 0;
    mfe600h_answer(&b, 4132, &one, 1);
    expect_num(&b, "d.flow", 36.75, GW_Q_BAD_FAULT);
    assert_int_equal(sample(&b, "d.velocity")->quality, GW_Q_BAD_FAULT);
    expect_int(&b, "d.empty_pipe", 1, GW_Q_GOOD);
    mfe600h_answer(&b, 4133, &one, 1);
    expect_num(&b, "d.flow", 36.75, GW_Q_BAD_FAULT);
    mfe600h_answer(&b, 4133, &none, 1);
    expect_num(&b, "d.flow", 36.75, GW_Q_GOOD);
    /* The total: 0x00012345, low word first. */
    static const uint16_t total[] = {0x2345, 0x0001};
    mfe600h_answer(&b, 4120, total, 2);
    expect_num(&b, "d.total", 0x12345, GW_Q_GOOD);
    /* Another byte order gives a value that cannot be. */
    static const uint16_t dcba[] = {0x9A59, 0x5A5A};
    mfe600h_answer(&b, 4112, dcba, 2);
    assert_int_equal(sample(&b, "d.flow")->quality, GW_Q_BAD_RANGE);
    bench_close(&b);
}

/* ---- DAMpt100 ---- */

static void dampt100_temperatures(void **state)
{
    (void)state;
    static const struct {
        struct frame frame;
        double want;
    } rows[] = {
        {{"FE 04 00 00 00 01 25 C5", "FE 04 02 09 EF EA F8"}, 25.43},
        {{"FE 04 00 00 00 01 25 C5", "FE 04 02 14 75 63 C3"}, 52.37},
    };
    struct bench b;
    bench_open(&b, "\"profile\": \"dampt100\", \"unit\": 254, \"channels\": 1");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(run_pass(&b, &rows[i].frame, 1), GW_MB_PASS_READ);
        expect_num(&b, "d.t1", rows[i].want, GW_Q_GOOD);
    }
    bench_close(&b);
}

/* The float of the same module, which the profile does not use. */
static void dampt100_float(void **state)
{
    (void)state;
    struct sitefile f;
    sitefile_load(&f, BUS, "\"d\": {\"bus\": \"b\", \"unit\": 254}",
                  "\"d.t\": {\"fc\": 4, \"address\": 50, \"type\": \"f32\"}", NULL);
    assert_true(sitefile_good(&f));
    struct bench b = {.f = f};
    struct gw_err err;
    assert_int_equal(gw_mb_pass_new(f.site, 0, "x", &b.pass, &err), GW_OK);
    gw_mb_pass_start(b.pass, 0);
    static const struct frame frame = {"FE 04 00 32 00 02 C4 0B", "FE 04 04 41 CB 70 A4 B5 32"};
    assert_int_equal(run_pass(&b, &frame, 1), GW_MB_PASS_READ);
    assert_true(fabs(sample(&b, "d.t")->value.num - 25.43) < 1e-6);
    bench_close(&b);
}

static void dampt100_sentinels_and_rails(void **state)
{
    (void)state;
    static const struct {
        int raw;
        enum gw_quality q;
        int valued;
    } rows[] = {
        {32767, GW_Q_BAD_FAULT, 0}, {-32768, GW_Q_BAD_FAULT, 0}, {32000, GW_Q_GOOD, 1},
        {32001, GW_Q_BAD_RANGE, 1}, {-5001, GW_Q_BAD_RANGE, 1},  {-1234, GW_Q_GOOD, 1},
    };
    struct bench b;
    bench_open(&b, "\"profile\": \"dampt100\", \"channels\": 16");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_mb_request req;
        gw_mb_pass_begin(b.pass, 0, false);
        assert_true(gw_mb_pass_next(b.pass, &req));
        assert_int_equal(req.fc, GW_MB_READ_INPUT);
        assert_int_equal(req.count, 16);
        uint8_t data[32] = {0};
        gw_put_be16(data + 30, (uint16_t)rows[i].raw);
        const struct gw_mb_reply reply = {.data = data, .data_len = sizeof data};
        gw_mb_pass_answer(b.pass, &reply, &now);
        (void)gw_mb_pass_end(b.pass, &now);
        struct gw_batch batch;
        size_t from = 0;
        assert_true(gw_mb_pass_batch(b.pass, &from, &batch));
        assert_int_equal(batch.samples[15].quality, rows[i].q);
        assert_int_equal(batch.samples[15].valued, rows[i].valued);
        assert_int_equal(batch.samples[15].raw[0], (uint16_t)rows[i].raw);
        if (rows[i].valued)
            assert_true(fabs(batch.samples[15].value.num - rows[i].raw / 100.0) < 1e-9);
        gw_mb_pass_start(b.pass, 0);
    }
    bench_close(&b);
}

/* ---- digital inputs ---- */

static void di_module_inputs(void **state)
{
    (void)state;
    static const struct frame frame = {"01 02 00 00 00 08 79 CC", "01 02 01 05 61 8B"};
    struct bench b;
    bench_open(&b, "\"profile\": \"di-module\"");
    assert_int_equal(run_pass(&b, &frame, 1), GW_MB_PASS_READ);
    for (unsigned i = 1; i <= 8; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "d.di%u", i);
        expect_int(&b, id, i == 1 || i == 3, GW_Q_GOOD);
    }
    assert_int_equal(b.nsamples, 8);
    bench_close(&b);
    bench_open(&b, "\"profile\": \"di-module\", \"channels\": 16");
    assert_int_equal(run_pass(&b, NULL, 0), GW_MB_PASS_READ);
    assert_int_equal(b.nsamples, 16);
    bench_close(&b);
}

static void an_exception_frame_of_a_real_device(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "\"profile\": \"di-module\"");
    static const struct frame frame = {"01 02 00 00 00 08 79 CC", "01 82 02 C1 61"};
    /* What it refuses as a whole is asked in parts, which it answers here. */
    assert_int_equal(run_pass(&b, &frame, 1), GW_MB_PASS_READ);
    assert_int_equal(sample(&b, "d.di1")->quality, GW_Q_GOOD);
    bench_close(&b);
    uint8_t tcp[256];
    const struct gw_mb_request req = {1, GW_MB_READ_HOLDING, 0, 1};
    struct gw_mb_reply reply;
    const size_t len = as_tcp("01 83 02 C0 F1", tcp);
    assert_int_equal(gw_mb_check_tcp(&req, 1, tcp, len, &reply, NULL), GW_OK);
    assert_int_equal(reply.exception, GW_MB_EX_ADDRESS);
}

/* ---- the reader ---- */

#define HEAD                                                                                       \
    "{\"profile\": \"test\", \"title\": {\"zh\": \"z\", \"en\": \"e\"}, \"source\": \"s\","        \
    "\"confirmed\": \"memory\", "

static void every_mistake_in_a_profile_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *text, *issue;
    } rows[] = {
        {"{}", "\"points\" is missing"},
        {"{\"profile\": \"other\", \"title\": {\"zh\": \"z\", \"en\": \"e\"}, \"source\": \"s\","
         "\"confirmed\": \"memory\", \"points\": []}",
         "\"other\" stands in a file that is called \"test\""},
        {"{\"profile\": \"test\", \"title\": {\"zh\": \"z\"}, \"source\": \"s\","
         "\"confirmed\": \"memory\", \"points\": []}",
         "\"en\" is missing"},
        {"{\"profile\": \"test\", \"title\": {\"zh\": \"z\", \"en\": \"e\"}, \"source\": \"s\","
         "\"confirmed\": \"surely\", \"points\": []}",
         "must be one of \"memory\", \"published\", \"device\""},
        {HEAD "\"points\": [{\"address\": 1}]}", "\"name\" is missing"},
        {HEAD "\"points\": [{\"name\": \"x{n}\", \"address\": 1}]}",
         "a name with {n} needs \"per_channel\": true"},
        {HEAD "\"points\": [{\"name\": \"x\", \"per_channel\": true, \"address\": 1}]}",
         "a point per channel needs {n} in its name"},
        {HEAD "\"points\": [{\"name\": \"x y\", \"address\": 1}]}", "is no name for a point"},
        {HEAD "\"points\": [{\"name\": \"x\", \"address\": 1}, {\"name\": \"x\", \"address\": 2}]}",
         "exists already"},
        {HEAD "\"device\": {\"channels\": 9},\"points\": [{\"name\": \"x{n}\", \"per_channel\": "
              "true, \"address\": 65530}]}",
         "channel 7: address 65536 ends behind 65535"},
        {HEAD "\"device\": {\"max_regs\": 200},\"points\": []}", "must be 1 to 125"},
        {HEAD "\"points\": [{\"name\": \"x\", \"address\": 1, \"state_from\": \"y\"}]}",
         "\"d.y\" is no point of this device"},
        {HEAD "\"points\": [{\"name\": \"x\", \"address\": 1, \"step\": 2}]}", "unknown key"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sitefile f;
        sitefile_load(&f, BUS, "\"d\": {\"bus\": \"b\", \"profile\": \"test\"}", "", rows[i].text);
        assert_null(f.site);
        assert_true(sitefile_has_issue(&f, rows[i].issue));
        assert_true(sitefile_has_issue(&f, "test.json"));
        sitefile_free(&f);
    }
}

/* Whether two points were read once. */
static bool is_shared(const struct sitefile *f, const char *a, const char *b)
{
    const struct gw_mb_point *one = f->site->point_priv[sitefile_point(f, a)];
    const struct gw_mb_point *two = f->site->point_priv[sitefile_point(f, b)];
    return one->def == two->def;
}

static void devices_with_one_profile_share_what_it_says(void **state)
{
    (void)state;
    struct sitefile f;
    sitefile_load(&f, BUS,
                  "\"d\": {\"bus\": \"b\", \"profile\": \"test\"},"

                  "\"f\": {\"bus\": \"b\", \"unit\": 3, \"profile\": \"test\", \"channels\": 2},"
                  "\"g\": {\"bus\": \"b\", \"unit\": 4, \"profile\": \"test\"}",
                  "\"f.di1\": {\"address\": 7}, \"g.di1\": {\"address\": 7}",
                  HEAD "\"points\": [{\"name\": \"v{n}\", \"per_channel\": true, \"address\": 10},"
                       "{\"name\": \"w\", \"address\": 3}]}");
    assert_true(sitefile_good(&f));
    assert_true(is_shared(&f, "d.v1", "f.v1") && is_shared(&f, "f.v1", "f.v2"));
    assert_true(is_shared(&f, "d.w", "f.w") && is_shared(&f, "f.w", "g.w"));
    assert_false(is_shared(&f, "d.w", "d.v1"));
    assert_false(is_shared(&f, "f.di1", "g.di1")); /* each said in the site file */
    const struct gw_mb_point *v2 = f.site->point_priv[sitefile_point(&f, "f.v2")];
    assert_int_equal(v2->address, 11);
    assert_int_equal(v2->def->users, 4);
    /* One for each channel, not for each device. */
    assert_ptr_equal(f.site->point_priv[sitefile_point(&f, "d.v1")],
                     f.site->point_priv[sitefile_point(&f, "f.v1")]);
    assert_ptr_not_equal(v2, f.site->point_priv[sitefile_point(&f, "f.v1")]);
    sitefile_free(&f);
}

static void what_a_point_refers_to_may_stand_behind_it(void **state)
{
    (void)state;
    struct sitefile f;
    sitefile_load(&f, BUS, "\"d\": {\"bus\": \"b\", \"profile\": \"test\", \"max_regs\": 9}", "",
                  HEAD
                  "\"device\": {\"channels\": 3, \"max_regs\": 20, \"max_gap_regs\": 2},"
                  "\"points\": [{\"name\": \"v{n}\", \"per_channel\": true, \"address\": 10,"
                  "\"stride\": 3, \"state_from\": \"s{n}\", \"fault_if\": [\"b{n}\", \"all\"]},"
                  "{\"name\": \"s{n}\", \"per_channel\": true, \"address\": 20,"
                  "\"states\": [{\"equals\": 0, \"is\": \"NORMAL\"}]},"
                  "{\"name\": \"b{n}\", \"per_channel\": true, \"address\": 30, \"bit\": 1},"
                  "{\"name\": \"all\", \"address\": 40, \"bit\": 0}]}");
    assert_true(sitefile_good(&f));
    assert_int_equal(f.site->npoints, 10);
    const struct gw_mb_point *v3 = f.site->point_priv[sitefile_point(&f, "d.v3")];
    assert_int_equal(v3->address, 16);
    assert_int_equal(v3->def->nfault_if, 2);
    const struct {
        const char *name, *id;
    } refs[] = {{v3->def->keys.state_from, "d.s3"},
                {v3->def->fault_if[0], "d.b3"},
                {v3->def->fault_if[1], "d.all"}};
    for (size_t i = 0; i < sizeof refs / sizeof refs[0]; i++) {
        char id[GW_POINT_ID];
        assert_true(gw_mb_point_ref(f.site, 0, v3, refs[i].name, id));
        assert_string_equal(id, refs[i].id);
    }
    const struct gw_mb_point *v1 = f.site->point_priv[sitefile_point(&f, "d.v1")];
    assert_ptr_equal(v1->def, v3->def);
    const struct gw_mb_device *d = f.site->devices[0].priv;
    assert_int_equal(d->max_regs, 9);     /* the site file's word */
    assert_int_equal(d->max_gap_regs, 2); /* the profile's */
    assert_int_equal(d->max_bits, 2000);  /* nobody's */
    sitefile_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ax100_four_probes),
        cmocka_unit_test(ax100_status_bits_have_their_precedence),
        cmocka_unit_test(ax100_controller_words),
        cmocka_unit_test(ax100_asks_for_nothing_unlisted),
        cmocka_unit_test(ax100_system_word_frame),
        cmocka_unit_test(mfe600h_flow_is_36_75),
        cmocka_unit_test(mfe600h_alarms_make_the_flow_worthless),
        cmocka_unit_test(dampt100_temperatures),
        cmocka_unit_test(dampt100_float),
        cmocka_unit_test(dampt100_sentinels_and_rails),
        cmocka_unit_test(di_module_inputs),
        cmocka_unit_test(an_exception_frame_of_a_real_device),
        cmocka_unit_test(every_mistake_in_a_profile_is_told),
        cmocka_unit_test(devices_with_one_profile_share_what_it_says),
        cmocka_unit_test(what_a_point_refers_to_may_stand_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
