/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/pdu.h"

#include <string.h>

#include "base/wire.h"
#include "util.h"

#define MUTATIONS 200000

static const struct gw_mb_request read_8 = {
    .unit = 1, .fc = GW_MB_READ_HOLDING, .address = 0x0101, .count = 8};

/* The AX100 answer of four probes behind an MBAP header with transaction 0x1234. */
static const uint8_t good[] = {0x12, 0x34, 0x00, 0x00, 0x00, 0x13, 0x01, 0x03, 0x10,
                               0x00, 0x00, 0x00, 0x20, 0x01, 0x00, 0x01, 0x13, 0x10,
                               0x00, 0x00, 0x00, 0x00, 0x80, 0x00, 0x00};

static void requests_are_encoded_as_the_standard_says(void **state)
{
    (void)state;
    static const uint8_t regs[] = {0x12, 0x34, 0, 0, 0, 6, 1, 3, 0x01, 0x01, 0x00, 0x08};
    static const uint8_t id[] = {0xFF, 0xFF, 0, 0, 0, 2, 9, 17};
    uint8_t out[12];
    assert_int_equal(gw_mb_encode_tcp(&read_8, 0x1234, out), sizeof regs);
    assert_memory_equal(out, regs, sizeof regs);
    const struct gw_mb_request report = {.unit = 9, .fc = GW_MB_REPORT_ID};
    assert_int_equal(gw_mb_encode_tcp(&report, 0xFFFF, out), sizeof id);
    assert_memory_equal(out, id, sizeof id);
}

static void only_permitted_requests_are_valid(void **state)
{
    (void)state;
    static const struct {
        int fc;
        uint16_t address, count;
        bool valid;
    } rows[] = {
        {1, 0, 1, true},       {1, 0, 2000, true},     {1, 0, 2001, false}, {2, 0, 0, false},
        {2, 65535, 1, true},   {2, 65535, 2, false},   {3, 0, 125, true},   {3, 0, 126, false},
        {3, 65411, 125, true}, {3, 65412, 125, false}, {4, 0, 125, true},   {4, 7, 0, false},
        {17, 0, 0, true},      {17, 0, 1, false},      {5, 0, 1, false},    {6, 0, 1, false},
        {15, 0, 1, false},     {16, 0, 1, false},      {22, 0, 1, false},   {23, 0, 1, false},
        {0, 0, 1, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gw_mb_request req = {.unit = 1,
                                          .fc = (enum gw_mb_fc)rows[i].fc,
                                          .address = rows[i].address,
                                          .count = rows[i].count};
        assert_int_equal(gw_mb_request_valid(&req), rows[i].valid);
    }
}

static void a_fitting_answer_is_taken(void **state)
{
    (void)state;
    struct gw_mb_reply reply;
    struct gw_err err;
    assert_int_equal(gw_mb_check_tcp(&read_8, 0x1234, good, sizeof good, &reply, &err), GW_OK);
    assert_int_equal(reply.exception, 0);
    assert_int_equal(reply.data_len, 16);
    assert_ptr_equal(reply.data, good + 9);
}

/* One byte of the good answer changed, or its end. */
static void every_misfit_is_refused_and_named(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
        size_t len;
        const char *text;
    } rows[] = {
        {0, 0x13, 25, "transaction id 4916 instead of 4660"},
        {1, 0x33, 25, "transaction id 4659 instead of 4660"},
        {2, 0x01, 25, "protocol id 256 instead of 0"},
        {3, 0x01, 25, "protocol id 1 instead of 0"},
        {4, 0x01, 25, "length field 275, but 19 bytes follow"},
        {5, 0x12, 25, "length field 18, but 19 bytes follow"},
        {5, 0x14, 25, "length field 20, but 19 bytes follow"},
        {6, 0x02, 25, "answer of unit 2 instead of 1"},
        {7, 0x04, 25, "function 4 instead of 3"},
        {7, 0x84, 25, "function 132 instead of 3"},
        {7, 0x83, 25, "exception of the wrong length"},
        {8, 0x0F, 25, "byte count 15, but 16 bytes follow"},
        {8, 0x11, 25, "byte count 17, but 16 bytes follow"},
        {0, 0x12, 24, "length field 19, but 18 bytes follow"},
        {0, 0x12, 7, "frame of 7 bytes is too short"},
        {0, 0x12, 0, "frame of 0 bytes is too short"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t frame[sizeof good];
        memcpy(frame, good, sizeof frame);
        frame[rows[i].at] = rows[i].value;
        struct gw_mb_reply reply;
        struct gw_err err;
        assert_int_equal(gw_mb_check_tcp(&read_8, 0x1234, frame, rows[i].len, &reply, &err),
                         GW_E_PROTO);
        assert_string_equal(err.msg, rows[i].text);
    }
}

/* A frame that fits in itself, but carries another number of registers than was asked for. */
static void another_count_is_refused(void **state)
{
    (void)state;
    struct gw_mb_request req = read_8;
    struct gw_mb_reply reply;
    struct gw_err err;
    req.count = 7;
    assert_int_equal(gw_mb_check_tcp(&req, 0x1234, good, sizeof good, &reply, &err), GW_E_PROTO);
    assert_string_equal(err.msg, "byte count 16 instead of 14");
    req.count = 9;
    assert_int_equal(gw_mb_check_tcp(&req, 0x1234, good, sizeof good, &reply, &err), GW_E_PROTO);
    assert_string_equal(err.msg, "byte count 16 instead of 18");
}

static void bits_come_in_whole_bytes(void **state)
{
    (void)state;
    static const uint8_t frame[] = {0, 1, 0, 0, 0, 5, 1, 2, 2, 0x05, 0x01};
    struct gw_mb_request req = {.unit = 1, .fc = GW_MB_READ_DISCRETE, .address = 0, .count = 9};
    struct gw_mb_reply reply;
    for (uint16_t count = 1; count <= 17; count++) {
        req.count = count;
        const bool fits = count >= 9 && count <= 16;
        assert_int_equal(gw_mb_check_tcp(&req, 1, frame, sizeof frame, &reply, NULL),
                         fits ? GW_OK : GW_E_PROTO);
    }
}

static void an_exception_is_an_answer(void **state)
{
    (void)state;
    uint8_t frame[] = {0x12, 0x34, 0, 0, 0, 3, 1, 0x83, 2};
    struct gw_mb_reply reply;
    struct gw_err err;
    assert_int_equal(gw_mb_check_tcp(&read_8, 0x1234, frame, sizeof frame, &reply, &err), GW_OK);
    assert_int_equal(reply.exception, GW_MB_EX_ADDRESS);
    assert_int_equal(reply.data_len, 0);
    frame[8] = 0;
    assert_int_equal(gw_mb_check_tcp(&read_8, 0x1234, frame, sizeof frame, &reply, &err),
                     GW_E_PROTO);
    assert_string_equal(err.msg, "exception without a code");
    frame[8] = 2;
    frame[6] = 7;
    assert_int_equal(gw_mb_check_tcp(&read_8, 0x1234, frame, sizeof frame, &reply, &err),
                     GW_E_PROTO);
    for (unsigned code = 0; code < 256; code++)
        assert_non_null(gw_mb_exception_name((uint8_t)code));
    assert_string_equal(gw_mb_exception_name(6), "device busy");
    assert_string_equal(gw_mb_exception_name(99), "unknown exception");
}

static void report_id_may_have_any_length(void **state)
{
    (void)state;
    static const uint8_t frame[] = {0, 7, 0, 0, 0, 6, 1, 17, 3, 'A', 'X', 0xFF};
    const struct gw_mb_request req = {.unit = 1, .fc = GW_MB_REPORT_ID};
    struct gw_mb_reply reply;
    assert_int_equal(gw_mb_check_tcp(&req, 7, frame, sizeof frame, &reply, NULL), GW_OK);
    assert_int_equal(reply.data_len, 3);
}

static void the_length_of_a_frame_comes_from_its_header(void **state)
{
    (void)state;
    size_t len = 99;
    for (size_t have = 0; have < 6; have++) {
        assert_int_equal(gw_mb_frame_len(good, have, &len), GW_OK);
        assert_int_equal(len, 0);
    }
    assert_int_equal(gw_mb_frame_len(good, 6, &len), GW_OK);
    assert_int_equal(len, sizeof good);
    uint8_t head[6] = {0};
    for (unsigned field = 0; field < 65536; field++) {
        gw_put_be16(head + 4, (uint16_t)field);
        const bool fits = field >= 3 && field <= 254;
        assert_int_equal(gw_mb_frame_len(head, 6, &len), fits ? GW_OK : GW_E_PROTO);
        if (fits)
            assert_int_equal(len, field + 6);
    }
}

/* What a checked answer must be, written down once more in another way. */
static bool may_be_taken(const struct gw_mb_request *req, uint16_t tid, const uint8_t *f,
                         size_t len)
{
    if (len < 9 || f[0] != tid >> 8 || f[1] != (tid & 0xFF) || f[2] != 0 || f[3] != 0)
        return false;
    if ((size_t)f[4] * 256 + f[5] != len - 6 || f[6] != req->unit)
        return false;
    if (f[7] == (req->fc | 0x80))
        return len == 9 && f[8] != 0;
    const size_t bytes = req->fc <= 2 ? (size_t)(req->count + 7) / 8 : (size_t)req->count * 2;
    return f[7] == req->fc && f[8] == bytes && len == 9 + bytes;
}

static size_t make_answer(uint64_t *rand, const struct gw_mb_request *req, uint16_t tid, uint8_t *f)
{
    const size_t bytes = req->fc <= 2 ? (size_t)(req->count + 7) / 8 : (size_t)req->count * 2;
    gw_put_be16(f, tid);
    gw_put_be16(f + 2, 0);
    gw_put_be16(f + 4, (uint16_t)(3 + bytes));
    f[6] = req->unit;
    f[7] = (uint8_t)req->fc;
    f[8] = (uint8_t)bytes;
    for (size_t i = 0; i < bytes; i++)
        f[9 + i] = (uint8_t)gw_rand_next(rand);
    return 9 + bytes;
}

/* Cuts, grows, flips bits, overwrites bytes. */
static size_t mutate(uint64_t *rand, uint8_t *f, size_t len, size_t cap)
{
    const uint64_t times = 1 + gw_rand_below(rand, 4);
    for (uint64_t t = 0; t < times; t++) {
        switch (gw_rand_below(rand, 5)) {
        case 0:
            len = (size_t)gw_rand_below(rand, len + 1);
            break;
        case 1:
            while (len < cap && gw_rand_below(rand, 4) != 0)
                f[len++] = (uint8_t)gw_rand_next(rand);
            break;
        case 2:
            if (len > 0)
                f[gw_rand_below(rand, len < 10 ? len : 10)] = (uint8_t)gw_rand_next(rand);
            break;
        case 3:
            if (len > 0)
                f[gw_rand_below(rand, len)] ^= (uint8_t)(1u << gw_rand_below(rand, 8));
            break;
        default:
            if (len >= 9)
                f[7] = (uint8_t)(f[7] ^ 0x80u);
            break;
        }
    }
    return len;
}

static void no_mutated_answer_is_taken_wrongly(void **state)
{
    (void)state;
    uint64_t rand = test_seed();
    unsigned taken = 0;
    for (unsigned i = 0; i < MUTATIONS; i++) {
        struct gw_mb_request req = {.unit = (uint8_t)gw_rand_next(&rand),
                                    .fc = (enum gw_mb_fc)(1 + gw_rand_below(&rand, 4)),
                                    .address = (uint16_t)gw_rand_below(&rand, 60000)};
        req.count = (uint16_t)(1 + gw_rand_below(&rand, req.fc <= 2 ? 2000 : 125));
        const uint16_t tid = (uint16_t)gw_rand_next(&rand);
        uint8_t whole[512];
        size_t len = make_answer(&rand, &req, tid, whole);
        len = mutate(&rand, whole, len, sizeof whole);
        /* Of exactly its size, so that the sanitizer sees a byte too far. */
        uint8_t *frame = malloc(len > 0 ? len : 1);
        assert_non_null(frame);
        memcpy(frame, whole, len);
        struct gw_mb_reply reply;
        struct gw_err err;
        const bool ok = gw_mb_check_tcp(&req, tid, frame, len, &reply, &err) == GW_OK;
        assert_int_equal(ok, may_be_taken(&req, tid, frame, len));
        if (ok && reply.exception == 0) {
            assert_ptr_equal(reply.data, frame + 9);
            assert_int_equal(reply.data_len, len - 9);
        }
        taken += ok;
        free(frame);
    }
    /* Some mutations touch data only; if none or all were taken, the test would test nothing. */
    assert_in_range(taken, MUTATIONS / 100, MUTATIONS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_encoded_as_the_standard_says),
        cmocka_unit_test(only_permitted_requests_are_valid),
        cmocka_unit_test(a_fitting_answer_is_taken),
        cmocka_unit_test(every_misfit_is_refused_and_named),
        cmocka_unit_test(another_count_is_refused),
        cmocka_unit_test(bits_come_in_whole_bytes),
        cmocka_unit_test(an_exception_is_an_answer),
        cmocka_unit_test(report_id_may_have_any_length),
        cmocka_unit_test(the_length_of_a_frame_comes_from_its_header),
        cmocka_unit_test(no_mutated_answer_is_taken_wrongly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
