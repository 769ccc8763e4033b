/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/decode.h"

#include <math.h>
#include <string.h>

#include "util.h"

static struct gw_mb_format number(enum gw_mb_type type, enum gw_mb_order order)
{
    return (struct gw_mb_format){
        .type = type,
        .order = order,
        .vtype = GW_V_NUM,
        .bit = -1,
        .scale = 1,
        .sane_lo = -INFINITY,
        .sane_hi = INFINITY,
    };
}

/* Stamps and point must be left alone. */
static struct gw_sample decode(const struct gw_mb_format *f, const uint16_t *regs)
{
    struct gw_sample s = {.point = 7, .mono_ms = 11, .wall_ms = 13, .valued = 1, .nraw = 4};
    gw_mb_decode(f, regs, &s);
    assert_int_equal(s.point, 7);
    assert_int_equal(s.mono_ms, 11);
    assert_int_equal(s.wall_ms, 13);
    assert_int_equal(s.vtype, f->vtype);
    assert_int_equal(s.nraw, gw_mb_type_regs(f->type));
    assert_memory_equal(s.raw, regs, s.nraw * sizeof regs[0]);
    return s;
}

static void the_four_orders_of_36_75(void **state)
{
    (void)state;
    static const uint16_t regs[4][2] = {
        [GW_MB_ABCD] = {0x4213, 0x0000},
        [GW_MB_CDAB] = {0x0000, 0x4213},
        [GW_MB_BADC] = {0x1342, 0x0000},
        [GW_MB_DCBA] = {0x0000, 0x1342},
    };
    for (int order = 0; order < 4; order++) {
        const struct gw_mb_format f = number(GW_MB_F32, (enum gw_mb_order)order);
        const struct gw_sample s = decode(&f, regs[order]);
        assert_int_equal(s.quality, GW_Q_GOOD);
        assert_true(s.valued);
        assert_true(s.value.num == 36.75);
    }
}

static void the_four_orders_of_64_bits(void **state)
{
    (void)state;
    static const uint16_t regs[4][4] = {
        [GW_MB_ABCD] = {0x0123, 0x4567, 0x89AB, 0xCDEF},
        [GW_MB_CDAB] = {0xCDEF, 0x89AB, 0x4567, 0x0123},
        [GW_MB_BADC] = {0x2301, 0x6745, 0xAB89, 0xEFCD},
        [GW_MB_DCBA] = {0xEFCD, 0xAB89, 0x6745, 0x2301},
    };
    for (int order = 0; order < 4; order++) {
        struct gw_mb_format f = number(GW_MB_U64, (enum gw_mb_order)order);
        f.vtype = GW_V_INT;
        const struct gw_sample s = decode(&f, regs[order]);
        assert_int_equal(s.quality, GW_Q_GOOD);
        assert_true(s.value.i == INT64_C(0x0123456789ABCDEF));
    }
    /* 1.0 as a double is 3FF0 and zeros. */
    static const uint16_t one[] = {0, 0, 0, 0x3FF0};
    const struct gw_mb_format f = number(GW_MB_F64, GW_MB_CDAB);
    assert_true(decode(&f, one).value.num == 1.0);
}

static void signs_and_ranges(void **state)
{
    (void)state;
    static const struct {
        enum gw_mb_type type;
        uint16_t regs[4];
        int64_t want;
    } rows[] = {
        {GW_MB_U16, {0xFFFF}, 65535},
        {GW_MB_I16, {0xFFFF}, -1},
        {GW_MB_I16, {0x8000}, -32768},
        {GW_MB_I16, {0x7FFF}, 32767},
        {GW_MB_U32, {0x8001, 0x0002}, INT64_C(0x80010002)},
        {GW_MB_I32, {0x8001, 0x0002}, -INT64_C(0x7FFEFFFE)},
        {GW_MB_I32, {0xFFFF, 0xFFFF}, -1},
        {GW_MB_I32, {0x7FFF, 0xFFFF}, INT32_MAX},
        {GW_MB_U64, {0x7FFF, 0xFFFF, 0xFFFF, 0xFFFF}, INT64_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_mb_format f = number(rows[i].type, GW_MB_ABCD);
        f.vtype = GW_V_INT;
        const struct gw_sample s = decode(&f, rows[i].regs);
        assert_int_equal(s.quality, GW_Q_GOOD);
        assert_true(s.value.i == rows[i].want);
        f.vtype = GW_V_NUM;
        assert_true(decode(&f, rows[i].regs).value.num == (double)rows[i].want);
    }
}

static void a_u64_beyond_the_signed_range_is_no_value(void **state)
{
    (void)state;
    static const uint16_t regs[] = {0x8000, 0, 0, 0};
    struct gw_mb_format f = number(GW_MB_U64, GW_MB_ABCD);
    for (int as = 0; as < 2; as++) {
        f.vtype = as == 0 ? GW_V_NUM : GW_V_INT;
        const struct gw_sample s = decode(&f, regs);
        assert_int_equal(s.quality, GW_Q_BAD_RANGE);
        assert_false(s.valued);
    }
}

static void nan_and_infinity_are_no_values(void **state)
{
    (void)state;
    static const uint16_t regs[][2] = {
        {0x7FC0, 0}, {0xFFC0, 1}, {0x7F80, 0}, {0xFF80, 0}, {0x7F80, 1}};
    const struct gw_mb_format f = number(GW_MB_F32, GW_MB_ABCD);
    for (size_t i = 0; i < sizeof regs / sizeof regs[0]; i++) {
        const struct gw_sample s = decode(&f, regs[i]);
        assert_int_equal(s.quality, GW_Q_BAD_RANGE);
        assert_false(s.valued);
        assert_int_equal(s.nraw, 2);
    }
    /* Finite as read, infinite after scaling. */
    struct gw_mb_format huge = number(GW_MB_F64, GW_MB_ABCD);
    huge.scale = 1e300;
    static const uint16_t big[] = {0x7FE0, 0, 0, 0};
    assert_int_equal(decode(&huge, big).quality, GW_Q_BAD_RANGE);
    assert_false(decode(&huge, big).valued);
}

static void scale_and_offset(void **state)
{
    (void)state;
    struct gw_mb_format f = number(GW_MB_I16, GW_MB_ABCD);
    f.scale = 0.01;
    f.offset = -5;
    const uint16_t raw = 2543;
    const struct gw_sample s = decode(&f, &raw);
    assert_true(fabs(s.value.num - 20.43) < 1e-12);
}

static void outside_the_sane_range_the_value_is_kept_as_evidence(void **state)
{
    (void)state;
    struct gw_mb_format f = number(GW_MB_I16, GW_MB_ABCD);
    f.sane_lo = -50;
    f.sane_hi = 320;
    static const struct {
        int16_t raw;
        enum gw_quality q;
    } rows[] = {{-50, GW_Q_GOOD}, {-51, GW_Q_BAD_RANGE}, {320, GW_Q_GOOD}, {321, GW_Q_BAD_RANGE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint16_t raw = (uint16_t)rows[i].raw;
        const struct gw_sample s = decode(&f, &raw);
        assert_int_equal(s.quality, rows[i].q);
        assert_true(s.valued);
        assert_true(s.value.num == (double)rows[i].raw);
    }
    f.vtype = GW_V_INT;
    const uint16_t raw = 321;
    assert_int_equal(decode(&f, &raw).quality, GW_Q_BAD_RANGE);
}

static void a_sentinel_is_a_fault_and_no_number(void **state)
{
    (void)state;
    struct gw_mb_format f = number(GW_MB_I16, GW_MB_ABCD);
    f.bad_raw[0] = 32767;
    f.bad_raw[1] = -32768;
    f.nbad = 2;
    static const struct {
        uint16_t raw;
        enum gw_quality q;
    } rows[] = {{0x7FFF, GW_Q_BAD_FAULT}, {0x8000, GW_Q_BAD_FAULT}, {0x7FFE, GW_Q_GOOD}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gw_sample s = decode(&f, &rows[i].raw);
        assert_int_equal(s.quality, rows[i].q);
        assert_int_equal(s.valued, rows[i].q == GW_Q_GOOD);
    }
    /* The same bits as another type are no sentinel. */
    f.type = GW_MB_U16;
    const uint16_t raw = 0x8000;
    assert_int_equal(decode(&f, &raw).quality, GW_Q_GOOD);
}

static void bits_fields_and_contacts(void **state)
{
    (void)state;
    struct gw_mb_format f = number(GW_MB_U16, GW_MB_ABCD);
    f.vtype = GW_V_BOOL;
    for (int bit = 0; bit < 16; bit++) {
        f.bit = bit;
        for (unsigned raw = 0; raw < 65536; raw += 257) {
            const uint16_t reg = (uint16_t)raw;
            f.invert = 0;
            assert_int_equal(decode(&f, &reg).value.i, raw >> bit & 1u);
            f.invert = 1;
            assert_int_equal(decode(&f, &reg).value.i, (raw >> bit & 1u) == 0);
        }
    }
    /* A whole register: anything but 0 is true. */
    f.bit = -1;
    f.invert = 0;
    static const uint16_t regs[] = {0, 1, 2, 0x8000};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(decode(&f, &regs[i]).value.i, i > 0);
    /* A coil. */
    f.type = GW_MB_BIT;
    assert_int_equal(decode(&f, &regs[1]).value.i, 1);
    assert_int_equal(decode(&f, &regs[0]).value.i, 0);
    f.invert = 1;
    assert_int_equal(decode(&f, &regs[0]).value.i, 1);
    /* A field of four bits. */
    struct gw_mb_format field = number(GW_MB_U16, GW_MB_ABCD);
    field.field_shift = 4;
    field.field_bits = 4;
    const uint16_t reg = 0xABCD;
    assert_true(decode(&field, &reg).value.num == 0xC);
    field.field_shift = 0;
    field.field_bits = 16;
    assert_true(decode(&field, &reg).value.num == 0xABCD);
}

static void states_go_by_the_first_row_that_fits(void **state)
{
    (void)state;
    struct gw_mb_format f = number(GW_MB_U16, GW_MB_ABCD);
    f.vtype = GW_V_STATE;
    f.states[0] = (struct gw_mb_state_row){0x1000, 0x1000, GW_S_COMM_FAULT};
    f.states[1] = (struct gw_mb_state_row){0x0200, 0x0200, GW_S_HIGH};
    f.states[2] = (struct gw_mb_state_row){0xFFFF, 0x0000, GW_S_NORMAL};
    f.nstates = 3;
    static const struct {
        uint16_t raw;
        enum gw_state want;
        enum gw_quality q;
    } rows[] = {
        {0x0000, GW_S_NORMAL, GW_Q_GOOD},       {0x1200, GW_S_COMM_FAULT, GW_Q_GOOD},
        {0x0201, GW_S_HIGH, GW_Q_GOOD},         {0x1000, GW_S_COMM_FAULT, GW_Q_GOOD},
        {0x0001, GW_S_UNKNOWN, GW_Q_UNCERTAIN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gw_sample s = decode(&f, &rows[i].raw);
        assert_int_equal(s.value.i, rows[i].want);
        assert_int_equal(s.quality, rows[i].q);
        assert_true(s.valued);
    }
    f.state_else = GW_S_WARMUP;
    const uint16_t other = 0x0001;
    assert_int_equal(decode(&f, &other).value.i, GW_S_WARMUP);
    assert_int_equal(decode(&f, &other).quality, GW_Q_GOOD);
}

static void decimal_digits(void **state)
{
    (void)state;
    static const struct {
        enum gw_mb_type type;
        enum gw_mb_order order;
        uint16_t regs[2];
        int64_t want; /* -1: no number */
    } rows[] = {
        {GW_MB_BCD, GW_MB_ABCD, {0x0000}, 0},
        {GW_MB_BCD, GW_MB_ABCD, {0x9999}, 9999},
        {GW_MB_BCD, GW_MB_ABCD, {0x000A}, -1},
        {GW_MB_BCD, GW_MB_ABCD, {0xA000}, -1},
        {GW_MB_BCD, GW_MB_ABCD, {0xFFFF}, -1},
        {GW_MB_BCD32, GW_MB_ABCD, {0x1234, 0x5678}, 12345678},
        {GW_MB_BCD32, GW_MB_CDAB, {0x5678, 0x1234}, 12345678},
        {GW_MB_BCD32, GW_MB_BADC, {0x3412, 0x7856}, 12345678},
        {GW_MB_BCD32, GW_MB_DCBA, {0x7856, 0x3412}, 12345678},
        {GW_MB_BCD32, GW_MB_ABCD, {0x9999, 0x9999}, 99999999},
        {GW_MB_BCD32, GW_MB_ABCD, {0x0000, 0x0001}, 1},
        {GW_MB_BCD32, GW_MB_ABCD, {0x0000, 0x000F}, -1},
        {GW_MB_BCD32, GW_MB_ABCD, {0xF000, 0x0000}, -1},
        {GW_MB_BCD32, GW_MB_ABCD, {0x8000, 0x0000}, 80000000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_mb_format f = number(rows[i].type, rows[i].order);
        f.vtype = GW_V_INT;
        const struct gw_sample s = decode(&f, rows[i].regs);
        assert_int_equal(s.valued, rows[i].want >= 0);
        assert_int_equal(s.quality, rows[i].want >= 0 ? GW_Q_GOOD : GW_Q_BAD_RANGE);
        if (rows[i].want >= 0)
            assert_true(s.value.i == rows[i].want);
    }
}

static void the_names_stand_in_the_order_of_the_enums(void **state)
{
    (void)state;
    assert_string_equal(gw_mb_type_names[GW_MB_BIT], "bit");
    assert_string_equal(gw_mb_type_names[GW_MB_U64], "u64");
    assert_string_equal(gw_mb_type_names[GW_MB_F64], "f64");
    assert_string_equal(gw_mb_type_names[GW_MB_MK102], "mk102");
    assert_string_equal(gw_mb_type_names[GW_MB_BCD32], "bcd32");
    assert_null(gw_mb_type_names[GW_MB_BCD32 + 1]);
    assert_string_equal(gw_mb_order_names[GW_MB_DCBA], "DCBA");
    assert_null(gw_mb_order_names[GW_MB_DCBA + 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_four_orders_of_36_75),
        cmocka_unit_test(the_four_orders_of_64_bits),
        cmocka_unit_test(signs_and_ranges),
        cmocka_unit_test(a_u64_beyond_the_signed_range_is_no_value),
        cmocka_unit_test(nan_and_infinity_are_no_values),
        cmocka_unit_test(scale_and_offset),
        cmocka_unit_test(outside_the_sane_range_the_value_is_kept_as_evidence),
        cmocka_unit_test(a_sentinel_is_a_fault_and_no_number),
        cmocka_unit_test(bits_fields_and_contacts),
        cmocka_unit_test(states_go_by_the_first_row_that_fits),
        cmocka_unit_test(decimal_digits),
        cmocka_unit_test(the_names_stand_in_the_order_of_the_enums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
