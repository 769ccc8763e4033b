/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/probe.h"

#include <stdlib.h>
#include <string.h>

#include "modbus/probe_args.h"
#include "modbus/probe_print.h"
#include "support/cmocka_all.h"

#define ARGS_MAX 16

/* Splits at blanks; argv[0] is made up. */
static enum gw_status parse(const char *line, struct gw_mb_probe_args *out, struct gw_err *err)
{
    static char text[512];
    char *argv[ARGS_MAX] = {(char[]){"--probe"}};
    int argc = 1;
    char *rest = NULL;
    assert_true(strlen(line) < sizeof text);
    memcpy(text, line, strlen(line) + 1);
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        assert_true(argc < ARGS_MAX);
        argv[argc++] = word;
    }
    return gw_mb_probe_args(argc, argv, out, err);
}

static void arguments_have_defaults(void **state)
{
    (void)state;
    struct gw_mb_probe_args a;
    assert_int_equal(parse("tcp:h --address 0", &a, NULL), GW_OK);
    assert_string_equal(a.rest, "h");
    assert_int_equal(a.unit_first, 1);
    assert_int_equal(a.unit_last, 1);
    assert_int_equal(a.fc, 3);
    assert_int_equal(a.count, 4);
    assert_int_equal(a.timeout_ms, 1000);
    assert_int_equal(parse("--fc 2 --address 7 tcp:h", &a, NULL), GW_OK);
    assert_int_equal(a.count, 16);
    assert_int_equal(parse("tcp:h --address 65534", &a, NULL), GW_OK);
    assert_int_equal(a.count, 2);
    assert_int_equal(parse("tcp:h --scan", &a, NULL), GW_OK);
    assert_int_equal(a.unit_first, 1);
    assert_int_equal(a.unit_last, 247);
    assert_int_equal(a.timeout_ms, 300);
    assert_int_equal(a.time_ms, 60000);
    assert_int_equal(parse("tcp:h --scan --unit 3-9", &a, NULL), GW_OK);
    assert_int_equal(a.unit_last, 9);
    assert_int_equal(parse("tcp:h --address 1 --point d.n --type f64 --order BADC", &a, NULL),
                     GW_OK);
    assert_int_equal(a.count, 4);
    assert_int_equal(parse("tcp:h --identity --unit 2-3", &a, NULL), GW_OK);
    assert_true(a.identity);
    assert_int_equal(a.unit_last, 3);
    assert_int_equal(a.timeout_ms, 1000);
    assert_int_equal(parse("--help", &a, NULL), GW_OK);
    assert_true(a.help);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"", "endpoint"},
        {"tcp:h", "--address"},
        {"udp:h --scan", "udp:h"},
        {"tcp --scan", "tcp"},
        {"tcp:h tcp:i --scan", "tcp:i"},
        {"tcp:h --address", "--address needs"},
        {"tcp:h --address -1", "-1"},
        {"tcp:h --address 65536", "65536"},
        {"tcp:h --address 0x10", "0x10"},
        {"tcp:h --address 99999999999999999999", "--address"},
        {"tcp:h --address 65535 --count 2", "65535"},
        {"tcp:h --address 0 --count 0", "--count"},
        {"tcp:h --address 0 --count 2001", "--count"},
        {"tcp:h --address 0 --fc 5", "--fc"},
        {"tcp:h --address 0 --fc 6", "--fc"},
        {"tcp:h --address 0 --fc 16", "--fc"},
        {"tcp:h --address 0 --unit 256", "--unit"},
        {"tcp:h --address 0 --unit 9-3", "--unit"},
        {"tcp:h --address 0 --unit 3-", "--unit"},
        {"tcp:h --address 0 --type bit", "--type"},
        {"tcp:h --address 0 --type f16", "f16"},
        {"tcp:h --address 0 --order ABDC", "ABDC"},
        {"tcp:h --address 0 --order ABCD", "--point"},
        {"tcp:h --address 0 --point n", "--type"},
        {"tcp:h --address 0 --point a.b.c --type u16", "a.b.c"},
        {"tcp:h --address 0 --point .b --type u16", ".b"},
        {"tcp:h --address 0 --point a\"b --type u16", "a\"b"},
        {"tcp:h --address 0 --point n --type u16 --unit 1-2", "one --unit"},
        {"tcp:h --address 0 --point n --type f32 --count 1", "2 registers"},
        {"tcp:h --address 0 --fc 1 --type u16", "bits"},
        {"tcp:h --scan --address 0", "--scan"},
        {"tcp:h --scan --identity", "--scan"},
        {"tcp:h --identity --address 0", "--identity"},
        {"tcp:h --identity --count 3", "--identity"},
        {"tcp:h --scan --time 0", "--time"},
        {"tcp:h --address 0 --time 5", "--time"},
        {"tcp:h --address 0 --timeout 5", "--timeout"},
        {"tcp:h --address 0 --write 5", "--write"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct gw_mb_probe_args a;
        struct gw_err err = {0};
        if (parse(lines[i][0], &a, &err) != GW_E_INVAL)
            fail_msg("accepted: %s", lines[i][0]);
        if (!strstr(err.msg, lines[i][1]))
            fail_msg("\"%s\" says \"%s\"", lines[i][0], err.msg);
    }
}

static void only_the_right_order_of_a_float_is_plausible(void **state)
{
    (void)state;
    static const struct {
        uint16_t words[2];
        enum gw_mb_order order;
    } rows[] = {
        {{0x4213, 0x0000}, GW_MB_ABCD}, /* 36.75 */
        {{0x0000, 0x4213}, GW_MB_CDAB},
        {{0x1342, 0x0000}, GW_MB_BADC},
        {{0x0000, 0x1342}, GW_MB_DCBA},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int order = GW_MB_ABCD; order <= GW_MB_DCBA; order++) {
            char text[GW_MB_READING];
            const bool plausible =
                gw_mb_probe_reading(GW_MB_F32, (enum gw_mb_order)order, rows[i].words, text);
            assert_int_equal(plausible, order == (int)rows[i].order);
            if (plausible)
                assert_string_equal(text, "36.75 *");
        }
    }
}

static void readings(void **state)
{
    (void)state;
    static const struct {
        enum gw_mb_type type;
        uint16_t words[4];
        const char *text;
    } rows[] = {
        {GW_MB_U16, {65535}, "65535 *"},
        {GW_MB_I16, {65535}, "-1 *"},
        {GW_MB_BCD, {0x1234}, "1234 *"},
        {GW_MB_BCD, {0x12A4}, "-"},
        {GW_MB_BCD32, {0x0001, 0x2345}, "12345 *"},
        {GW_MB_BCD32, {0x0001, 0x23F5}, "-"},
        {GW_MB_MK102, {0xA019}, "2.5 *"},
        {GW_MB_MK102, {0}, "0"},
        {GW_MB_U32, {0, 0}, "0"},
        {GW_MB_U32, {0xFFFF, 0xFFFF}, "4294967295"},
        {GW_MB_I32, {0xFFFF, 0xFFFE}, "-2 *"},
        {GW_MB_F32, {0x7FC0, 0}, "-"},
        {GW_MB_F32, {0x7F80, 0}, "-"},
        {GW_MB_F32, {0xC213, 0}, "-36.75 *"},
        {GW_MB_U64, {0x7FFF, 0xFFFF, 0xFFFF, 0xFFFF}, "9223372036854775807"},
        {GW_MB_U64, {0x8000, 0, 0, 0}, "-"},
        {GW_MB_F64, {0x4042, 0x6000, 0, 0}, "36.75 *"},
        {GW_MB_F64, {0x7FEF, 0xFFFF, 0xFFFF, 0xFFFF}, "1.797693135e+308"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[GW_MB_READING];
        (void)gw_mb_probe_reading(rows[i].type, GW_MB_ABCD, rows[i].words, text);
        assert_string_equal(text, rows[i].text);
    }
}

/* Nothing is shown of registers that were not read. */
static void holes_stay_holes(void **state)
{
    (void)state;
    uint16_t words[5] = {1, 2, 3, 4, 5};
    bool read[5] = {true, true, false, true, true};
    const struct gw_mb_probe_words w = {.address = 100, .n = 5, .word = words, .read = read};
    struct gw_buf b;
    gw_buf_init(&b, 100000);
    gw_mb_probe_print_words(&w, -1, &b);
    assert_non_null(strstr(b.data, "    100  0001"));
    assert_null(strstr(b.data, "    102  "));
    assert_non_null(strstr(b.data, "    100  f32"));
    assert_null(strstr(b.data, "    101  f32"));
    assert_non_null(strstr(b.data, "    103  u32"));
    assert_null(strstr(b.data, "u64"));
    gw_buf_clear(&b);
    words[1] = 0;
    gw_mb_probe_print_bits(&w, &b);
    assert_string_equal(b.data, "address  bits, the first address first\n    100  1 0 - 1 1\n");
    gw_buf_free(&b);
}

static void texts_show_in_both_orders(void **state)
{
    (void)state;
    uint16_t words[6] = {0x4158, 0x3130, 0x3000, 0x2005, 7, 0};
    bool read[6] = {true, true, true, false, true, true};
    const struct gw_mb_probe_words w = {.address = 100, .n = 6, .word = words, .read = read};
    struct gw_buf b;
    gw_buf_init(&b, 100000);
    gw_mb_probe_print_words(&w, -1, &b);
    assert_non_null(strstr(b.data, "    100  4158   16728   16728    4158"));
    assert_non_null(strstr(b.data, "  AX\n"));
    assert_non_null(strstr(b.data, "    100  text  ABCD: \"AX100.\"\n"
                                   "               BADC: \"XA01.0\"\n"));
    assert_null(strstr(b.data, "    104  text"));
    assert_non_null(strstr(b.data, "    101  bcd32  31303000"));
    gw_buf_clear(&b);
    gw_mb_probe_print_words(&w, GW_MB_BCD32, &b);
    assert_null(strstr(b.data, "text"));
    gw_buf_free(&b);
}

static void an_identity_is_shown_as_the_gateway_takes_it(void **state)
{
    (void)state;
    struct gw_buf b;
    gw_buf_init(&b, 10000);
    gw_mb_probe_print_identity((const uint8_t *)"\x01\xFF"
                                                "AX100 sn 20241187",
                               19, &b);
    assert_string_equal(b.data, "  01 FF 41 58 31 30 30 20 73 6E 20 32 30 32 34 31\n"
                                "  31 38 37\n"
                                "identity: AX100 sn 20241187\n");
    gw_buf_clear(&b);
    gw_mb_probe_print_identity((const uint8_t *)"", 0, &b);
    assert_non_null(strstr(b.data, "says nothing"));
    gw_buf_free(&b);
}

static void nothing_but_zeros_tells_no_order(void **state)
{
    (void)state;
    uint16_t words[2] = {0, 0};
    bool read[2] = {true, true};
    const struct gw_mb_probe_words w = {.n = 2, .word = words, .read = read};
    struct gw_buf b;
    gw_buf_init(&b, 100000);
    gw_mb_probe_print_words(&w, GW_MB_F32, &b);
    assert_non_null(strstr(b.data, "no order can be told"));
    gw_buf_free(&b);
}

static void the_point_is_as_chosen(void **state)
{
    (void)state;
    uint16_t words[2] = {0, 0x4213};
    bool read[2] = {true, true};
    const struct gw_mb_probe_words w = {.address = 9, .n = 2, .word = words, .read = read};
    struct gw_mb_probe_args a;
    struct gw_buf b;
    gw_buf_init(&b, 100000);
    assert_int_equal(
        parse("tcp:h --address 9 --fc 4 --unit 3 --point flow.q --type f32 --order CDAB", &a, NULL),
        GW_OK);
    gw_mb_probe_print_point(&a, &w, "\"driver\": \"x\"", &b);
    assert_non_null(strstr(b.data, "\"flow_bus\": {\"driver\": \"x\"}"));
    assert_non_null(strstr(b.data, "\"flow\": {\"bus\": \"flow_bus\", \"unit\": 3}"));
    assert_non_null(strstr(b.data, "\"flow.q\": {\"fc\": 4, \"address\": 9, \"type\": \"f32\", "
                                   "\"order\": \"CDAB\"} // reads 36.75 now\n"));
    gw_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_have_defaults),
        cmocka_unit_test(wrong_arguments_are_named),
        cmocka_unit_test(only_the_right_order_of_a_float_is_plausible),
        cmocka_unit_test(readings),
        cmocka_unit_test(holes_stay_holes),
        cmocka_unit_test(texts_show_in_both_orders),
        cmocka_unit_test(an_identity_is_shown_as_the_gateway_takes_it),
        cmocka_unit_test(nothing_but_zeros_tells_no_order),
        cmocka_unit_test(the_point_is_as_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
