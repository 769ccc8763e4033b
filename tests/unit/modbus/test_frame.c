/* SPDX-License-Identifier: Apache-2.0
 *
 * RTU frames. The good ones are of makers' manuals: an independent source.
 */
#include "modbus/frame.h"

#include <string.h>

#include "util.h"

#define MUTATIONS 200000
#define LONGEST   64

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    for (const char *p = hex; *p != '\0'; p += p[2] == ' ' ? 3 : 2) {
        unsigned byte = 0;
        assert_true(n < LONGEST);
        assert_int_equal(sscanf(p, "%2x", &byte), 1);
        out[n++] = (uint8_t)byte;
    }
    return n;
}

static const struct {
    struct gw_mb_request req;
    const char *request; /* NULL: the manual has only the answer */
    const char *answer;  /* NULL: the manual has only the request */
} frames[] = {
    {{99, GW_MB_READ_HOLDING, 0, 8}, "63 03 00 00 00 08 4C 4E", NULL},
    {{99, GW_MB_READ_HOLDING, 500, 22},
     "63 03 01 F4 00 16 8C 48",
     "63 03 2C 00 01 00 01 00 FD 00 01 00 01 00 05 00 00 00 00 00 00 00 00 00 00 00 02 00 04 00 0C "
     "00 02 00 00 00 01 00 00 00 00 00 00 00 00 00 00 CA 2D"},
    {{1, GW_MB_READ_HOLDING, 0x297, 1}, "01 03 02 97 00 01 34 5E", NULL},
    {{1, GW_MB_READ_HOLDING, 0x101, 8},
     "01 03 01 01 00 08 14 30",
     "01 03 10 00 00 00 20 01 00 01 13 10 00 00 00 00 80 00 00 EE EB"},
    {{1, GW_MB_READ_HOLDING, 1, 8},
     "01 03 00 01 00 08 15 CC",
     "01 03 10 00 0A 00 01 00 01 00 01 00 01 00 01 00 01 00 01 D8 B3"},
    {{1, GW_MB_READ_HOLDING, 1, 8},
     NULL,
     "01 03 10 00 0A 00 0E 00 0F 00 02 00 07 00 07 00 07 00 07 62 A7"},
    {{1, GW_MB_READ_INPUT, 1, 8}, "01 04 00 01 00 08 A0 0C", NULL},
    {{1, GW_MB_READ_DISCRETE, 1, 4}, "01 02 00 01 00 04 28 09", "01 02 01 00 A1 88"},
    {{1, GW_MB_READ_DISCRETE, 1, 4}, NULL, "01 02 01 03 E1 89"},
    {{1, GW_MB_READ_INPUT, 0x1010, 2}, "01 04 10 10 00 02 74 CE", "01 04 04 00 00 42 13 8A E9"},
    {{1, GW_MB_READ_INPUT, 0x1010, 22}, "01 04 10 10 00 16 74 C1", NULL},
    {{1, GW_MB_READ_HOLDING, 0, 2}, "01 03 00 00 00 02 C4 0B", "01 03 04 00 00 42 13 8B 5E"},
    {{1, GW_MB_READ_HOLDING, 4, 1}, "01 03 00 04 00 01 C5 CB", NULL},
    {{1, GW_MB_READ_HOLDING, 2, 3}, "01 03 00 02 00 03 A4 0B", "01 03 06 00 01 00 01 00 BA CC C6"},
    {{254, GW_MB_READ_INPUT, 0, 1}, "FE 04 00 00 00 01 25 C5", "FE 04 02 09 EF EA F8"},
    {{254, GW_MB_READ_INPUT, 50, 2}, "FE 04 00 32 00 02 C4 0B", "FE 04 04 41 CB 70 A4 B5 32"},
    {{254, GW_MB_READ_INPUT, 0, 1}, NULL, "FE 04 02 14 75 63 C3"},
    {{2, GW_MB_READ_HOLDING, 0, 8}, "02 03 00 00 00 08 44 3F", NULL},
    {{1, GW_MB_READ_DISCRETE, 0, 8}, "01 02 00 00 00 08 79 CC", "01 02 01 05 61 8B"},
};
#define FRAMES (sizeof frames / sizeof frames[0])

static void requests_are_those_of_the_manuals(void **state)
{
    (void)state;
    for (size_t i = 0; i < FRAMES; i++) {
        uint8_t want[LONGEST];
        uint8_t got[GW_MB_RTU_REQUEST];
        if (frames[i].request == NULL)
            continue;
        const size_t n = from_hex(frames[i].request, want);
        assert_int_equal(gw_mb_encode_rtu(&frames[i].req, got), n);
        assert_memory_equal(got, want, n);
    }
    const struct gw_mb_request id = {.unit = 1, .fc = GW_MB_REPORT_ID};
    uint8_t got[GW_MB_RTU_REQUEST];
    assert_int_equal(gw_mb_encode_rtu(&id, got), 4);
    assert_memory_equal(got, "\x01\x11\xC0\x2C", 4);
}

static void answers_of_the_manuals_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < FRAMES; i++) {
        uint8_t bytes[LONGEST];
        struct gw_mb_reply reply;
        size_t len = 99;
        if (frames[i].answer == NULL)
            continue;
        const size_t n = from_hex(frames[i].answer, bytes);
        for (size_t have = 0; have <= n; have++) {
            assert_int_equal(gw_mb_rtu_len(&frames[i].req, bytes, have, &len, NULL), GW_OK);
            assert_int_equal(len, have < 3 ? 0 : n);
        }
        assert_int_equal(gw_mb_check_rtu(&frames[i].req, bytes, n, &reply, NULL), GW_OK);
        assert_int_equal(reply.exception, 0);
        assert_int_equal(reply.data_len, n - 5);
        assert_ptr_equal(reply.data, bytes + 3);
    }
}

static void an_exception_is_an_answer(void **state)
{
    (void)state;
    const struct gw_mb_request req = {.unit = 1, .fc = GW_MB_READ_HOLDING, .count = 1};
    uint8_t bytes[LONGEST];
    struct gw_mb_reply reply;
    size_t len = 0;
    const size_t n = from_hex("01 83 02 C0 F1", bytes);
    assert_int_equal(gw_mb_rtu_len(&req, bytes, 2, &len, NULL), GW_OK);
    assert_int_equal(len, n);
    assert_int_equal(gw_mb_check_rtu(&req, bytes, n, &reply, NULL), GW_OK);
    assert_int_equal(reply.exception, 2);
}

static void a_server_id_may_be_as_long_as_it_likes(void **state)
{
    (void)state;
    const struct gw_mb_request req = {.unit = 1, .fc = GW_MB_REPORT_ID};
    uint8_t bytes[] = {1, 17, 251};
    size_t len = 0;
    assert_int_equal(gw_mb_rtu_len(&req, bytes, sizeof bytes, &len, NULL), GW_OK);
    assert_int_equal(len, GW_MB_RTU_MAX);
    bytes[2] = 252;
    assert_int_equal(gw_mb_rtu_len(&req, bytes, sizeof bytes, &len, NULL), GW_E_PROTO);
}

/* What cannot be the answer is refused before it is whole. */
static void misfits_are_told_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *text;
    } rows[] = {
        {"02", "answer of unit 2 instead of 1"},     {"01 04", "function 4 instead of 3"},
        {"01 84", "function 132 instead of 3"},      {"01 03 02", "byte count 2 instead of 4"},
        {"01 03 FF", "byte count 255 instead of 4"},
    };
    const struct gw_mb_request req = {.unit = 1, .fc = GW_MB_READ_HOLDING, .count = 2};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[LONGEST];
        struct gw_err err = {.msg = ""};
        size_t len = 0;
        const size_t n = from_hex(rows[i].bytes, bytes);
        assert_int_equal(gw_mb_rtu_len(&req, bytes, n, &len, &err), GW_E_PROTO);
        assert_string_equal(err.msg, rows[i].text);
    }
}

static void a_whole_frame_must_fit(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *text;
    } rows[] = {
        {"01 03 04 00 00 42 13 8B 5F", "wrong CRC 5F8B instead of 5E8B"},
        {"01 03 04 00 01 42 13 8B 5E", "wrong CRC"},
        {"01 03 04 00 00 42 13 5E 8B", "wrong CRC"},
        {"01 03 8B", "frame of 3 bytes is too short"},
        {"", "frame of 0 bytes is too short"},
    };
    const struct gw_mb_request req = {.unit = 1, .fc = GW_MB_READ_HOLDING, .count = 2};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[LONGEST];
        struct gw_err err = {.msg = ""};
        struct gw_mb_reply reply;
        const size_t n = from_hex(rows[i].bytes, bytes);
        assert_int_equal(gw_mb_check_rtu(&req, bytes, n, &reply, &err), GW_E_PROTO);
        assert_non_null(strstr(err.msg, rows[i].text));
    }
}

/* Mutated answers and random bytes: one that is taken has the right CRC, unit, function and count.
 */
static void nothing_else_is_taken(void **state)
{
    (void)state;
    uint64_t rand = test_seed();
    const struct gw_mb_request *req = &frames[3].req;
    uint8_t good[LONGEST];
    const size_t n = from_hex(frames[3].answer, good);
    unsigned taken = 0;
    for (int i = 0; i < MUTATIONS; i++) {
        uint8_t bytes[LONGEST];
        struct gw_mb_reply reply;
        size_t len = 0;
        memcpy(bytes, good, n);
        for (uint64_t k = gw_rand_below(&rand, 3); k > 0; k--)
            bytes[gw_rand_below(&rand, n)] ^= (uint8_t)(1u << gw_rand_below(&rand, 8));
        const size_t have = gw_rand_below(&rand, n + 1);
        (void)!gw_mb_rtu_len(req, bytes, have, &len, NULL);
        assert_true(len == 0 || len == 5 || len == n);
        if (gw_mb_check_rtu(req, bytes, have, &reply, NULL) == GW_OK) {
            taken++;
            assert_int_equal(have, n);
            /* Up to two wrong bits never pass the CRC. */
            assert_memory_equal(bytes, good, n);
        }
    }
    assert_true(taken > 0);
}

static void times_are_those_of_the_line(void **state)
{
    (void)state;
    /* Without the pauses of the device: (8 + 5 + 2n) characters. */
    assert_int_equal(gw_mb_rtu_time_ms(44, 4800, 10), 119);
    assert_int_equal(gw_mb_rtu_time_ms(242, 4800, 10), 532);
    assert_int_equal(gw_mb_rtu_time_ms(16, 9600, 10), 31);
    assert_int_equal(gw_mb_rtu_time_ms(250, 1200, 12), 2630);
    assert_int_equal(gw_mb_rtu_time_ms(2, 115200, 10), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_those_of_the_manuals),
        cmocka_unit_test(answers_of_the_manuals_are_taken),
        cmocka_unit_test(an_exception_is_an_answer),
        cmocka_unit_test(a_server_id_may_be_as_long_as_it_likes),
        cmocka_unit_test(misfits_are_told_at_once),
        cmocka_unit_test(a_whole_frame_must_fit),
        cmocka_unit_test(nothing_else_is_taken),
        cmocka_unit_test(times_are_those_of_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
