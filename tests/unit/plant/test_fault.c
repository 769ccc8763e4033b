/* SPDX-License-Identifier: Apache-2.0
 *
 * The injector: from a good frame to the bytes that go out.
 */
#include "plant/fault.h"

#include "plant/rtu.h"
#include "support/cmocka_all.h"

#include <string.h>

/* Transaction 0x1234, unit 5, FC 3, two registers. */
static const uint8_t good[] = {0x12, 0x34, 0, 0, 0, 7, 5, 3, 4, 0xAA, 0xBB, 0xCC, 0xDD};
/* FC 1, nine bits. */
static const uint8_t bits[] = {0x12, 0x34, 0, 0, 0, 5, 5, 1, 2, 0xFF, 0x01};
/* FC 2, FC 4 and FC 17, as short as they come. */
static const uint8_t inputs[] = {0x12, 0x34, 0, 0, 0, 4, 5, 2, 1, 1};
static const uint8_t words[] = {0x12, 0x34, 0, 0, 0, 5, 5, 4, 2, 0xAA, 0xBB};
static const uint8_t ident[] = {0x12, 0x34, 0, 0, 0, 5, 5, 17, 2, 5, 0xFF};
static const uint8_t empty[] = {0x12, 0x34, 0, 0, 0, 3, 5, 4, 0};
/* An exception. */
static const uint8_t exc[] = {0x12, 0x34, 0, 0, 0, 3, 5, 0x83, 2};

static struct gw_faults with(enum gw_fault_kind kind, int64_t param)
{
    struct gw_faults f = {0};
    f.of[kind].on = true;
    f.of[kind].param[0] = param;
    return f;
}

static void expect(const struct gw_tx *tx, const uint8_t *want, size_t n)
{
    assert_int_equal(tx->len, n);
    assert_memory_equal(tx->bytes, want, n);
}

static void test_nothing_wrong(void **state)
{
    (void)state;
    struct gw_faults none = {0};
    struct gw_tx tx;
    gw_fault_apply(&none, good, sizeof good, 12, &tx);
    expect(&tx, good, sizeof good);
    assert_int_equal(tx.delay_ms, 12);
    assert_int_equal(tx.gap_ms, 0);
    assert_false(tx.hold || tx.close || tx.reset);
}

/* Each of these changes bytes only. */
static const struct {
    enum gw_fault_kind kind;
    int64_t param;
    const uint8_t *in;
    size_t in_len;
    uint8_t out[24];
    size_t out_len;
} rows[] = {
    {GW_FAULT_EXCEPTION, 6, good, sizeof good, {0x12, 0x34, 0, 0, 0, 3, 5, 0x83, 6}, 9},
    {GW_FAULT_EXCEPTION, 4, exc, sizeof exc, {0x12, 0x34, 0, 0, 0, 3, 5, 0x83, 4}, 9},
    {GW_FAULT_FEWER, 0, good, sizeof good, {0x12, 0x34, 0, 0, 0, 5, 5, 3, 2, 0xAA, 0xBB}, 11},
    {GW_FAULT_FEWER, 0, bits, sizeof bits, {0x12, 0x34, 0, 0, 0, 4, 5, 1, 1, 0xFF}, 10},
    {GW_FAULT_FEWER, 0, exc, sizeof exc, {0x12, 0x34, 0, 0, 0, 3, 5, 0x83, 2}, 9},
    {GW_FAULT_SWAP_WORDS,
     0,
     good,
     sizeof good,
     {0x12, 0x34, 0, 0, 0, 7, 5, 3, 4, 0xCC, 0xDD, 0xAA, 0xBB},
     13},
    {GW_FAULT_SWAP_WORDS,
     0,
     words,
     sizeof words,
     {0x12, 0x34, 0, 0, 0, 5, 5, 4, 2, 0xAA, 0xBB},
     11},
    {GW_FAULT_SWAP_WORDS, 0, bits, sizeof bits, {0x12, 0x34, 0, 0, 0, 5, 5, 1, 2, 0xFF, 0x01}, 11},
    {GW_FAULT_CLASH,
     0,
     words,
     sizeof words,
     {0x12, 0x34, 0, 0, 0, 5, 5, 4, 2, 0xAA, 0xBB, 0x12, 0x34, 0, 0, 0, 5, 5, 4, 2, 0x55, 0x44},
     22},
    {GW_FAULT_CLASH, 0, exc, sizeof exc, {0x12, 0x34, 0, 0, 0, 3, 5, 0x83, 2}, 9},
    {GW_FAULT_SHORT_COUNT,
     2,
     good,
     sizeof good,
     {0x12, 0x34, 0, 0, 0, 7, 5, 3, 2, 0xAA, 0xBB, 0xCC, 0xDD},
     13},
    {GW_FAULT_LONG_COUNT,
     3,
     good,
     sizeof good,
     {0x12, 0x34, 0, 0, 0, 7, 5, 3, 7, 0xAA, 0xBB, 0xCC, 0xDD},
     13},
    {GW_FAULT_LONG_COUNT, 3, exc, sizeof exc, {0x12, 0x34, 0, 0, 0, 3, 5, 0x83, 2}, 9},
    {GW_FAULT_WRONG_FC,
     0,
     good,
     sizeof good,
     {0x12, 0x34, 0, 0, 0, 7, 5, 4, 4, 0xAA, 0xBB, 0xCC, 0xDD},
     13},
    {GW_FAULT_WRONG_FC, 0, bits, sizeof bits, {0x12, 0x34, 0, 0, 0, 5, 5, 2, 2, 0xFF, 0x01}, 11},
    {GW_FAULT_WRONG_FC, 0, exc, sizeof exc, {0x12, 0x34, 0, 0, 0, 3, 5, 0x84, 2}, 9},
    {GW_FAULT_WRONG_FC, 0, inputs, sizeof inputs, {0x12, 0x34, 0, 0, 0, 4, 5, 1, 1, 1}, 10},
    {GW_FAULT_WRONG_FC, 0, words, sizeof words, {0x12, 0x34, 0, 0, 0, 5, 5, 3, 2, 0xAA, 0xBB}, 11},
    {GW_FAULT_WRONG_FC, 0, ident, sizeof ident, {0x12, 0x34, 0, 0, 0, 5, 5, 3, 2, 5, 0xFF}, 11},
    {GW_FAULT_FEWER, 0, words, sizeof words, {0x12, 0x34, 0, 0, 0, 3, 5, 4, 0}, 9},
    {GW_FAULT_FEWER, 0, empty, sizeof empty, {0x12, 0x34, 0, 0, 0, 3, 5, 4, 0}, 9},
    {GW_FAULT_FOREIGN_UNIT,
     -1,
     good,
     sizeof good,
     {0x12, 0x34, 0, 0, 0, 7, 6, 3, 4, 0xAA, 0xBB, 0xCC, 0xDD},
     13},
    {GW_FAULT_FOREIGN_UNIT,
     0,
     good,
     sizeof good,
     {0x12, 0x34, 0, 0, 0, 7, 0, 3, 4, 0xAA, 0xBB, 0xCC, 0xDD},
     13},
    {GW_FAULT_WRONG_TID,
     1,
     good,
     sizeof good,
     {0x12, 0x35, 0, 0, 0, 7, 5, 3, 4, 0xAA, 0xBB, 0xCC, 0xDD},
     13},
    {GW_FAULT_WRONG_TID,
     -0x1235,
     good,
     sizeof good,
     {0xFF, 0xFF, 0, 0, 0, 7, 5, 3, 4, 0xAA, 0xBB, 0xCC, 0xDD},
     13},
    {GW_FAULT_WRONG_PROTOCOL,
     1,
     good,
     sizeof good,
     {0x12, 0x34, 0, 1, 0, 7, 5, 3, 4, 0xAA, 0xBB, 0xCC, 0xDD},
     13},
    {GW_FAULT_WRONG_LENGTH,
     1,
     good,
     sizeof good,
     {0x12, 0x34, 0, 0, 0, 8, 5, 3, 4, 0xAA, 0xBB, 0xCC, 0xDD},
     13},
    {GW_FAULT_WRONG_LENGTH,
     -3,
     good,
     sizeof good,
     {0x12, 0x34, 0, 0, 0, 4, 5, 3, 4, 0xAA, 0xBB, 0xCC, 0xDD},
     13},
    {GW_FAULT_JUNK_TAIL,
     3,
     good,
     sizeof good,
     {0x12, 0x34, 0, 0, 0, 7, 5, 3, 4, 0xAA, 0xBB, 0xCC, 0xDD, 0xA5, 0x5A, 0xA5},
     16},
};

static void test_bytes_of_each_fault(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gw_faults f = with(rows[i].kind, rows[i].param);
        struct gw_tx tx;
        gw_fault_apply(&f, rows[i].in, rows[i].in_len, 0, &tx);
        if (tx.len != rows[i].out_len || memcmp(tx.bytes, rows[i].out, tx.len) != 0)
            fail_msg("row %zu, fault %s: other bytes", i, gw_fault_def(rows[i].kind)->name);
        assert_false(tx.hold || tx.close);
        assert_int_equal(tx.delay_ms + tx.gap_ms, 0);
    }
}

static void test_no_answer_at_all(void **state)
{
    (void)state;
    struct gw_tx tx;
    struct gw_faults f = with(GW_FAULT_SILENCE, 0);
    gw_fault_apply(&f, good, sizeof good, 0, &tx);
    assert_int_equal(tx.len, 0);
    assert_false(tx.close);

    f = with(GW_FAULT_CLOSE, 0);
    gw_fault_apply(&f, good, sizeof good, 5, &tx);
    assert_int_equal(tx.len, 0);
    assert_int_equal(tx.delay_ms, 5);
    assert_true(tx.close && !tx.reset);

    f = with(GW_FAULT_RESET, 0);
    gw_fault_apply(&f, good, sizeof good, 0, &tx);
    assert_true(tx.len == 0 && tx.close && tx.reset);
}

static void test_truncate(void **state)
{
    (void)state;
    struct gw_tx tx;
    struct gw_faults f = with(GW_FAULT_TRUNCATE, 0);
    gw_fault_apply(&f, good, sizeof good, 0, &tx);
    expect(&tx, good, 6);
    assert_true(tx.close && !tx.reset);
    f = with(GW_FAULT_TRUNCATE, 8);
    gw_fault_apply(&f, good, sizeof good, 0, &tx);
    expect(&tx, good, 8);
    f = with(GW_FAULT_TRUNCATE, 260);
    gw_fault_apply(&f, good, sizeof good, 0, &tx);
    expect(&tx, good, sizeof good);
}

static void test_times(void **state)
{
    (void)state;
    struct gw_tx tx;
    struct gw_faults f = with(GW_FAULT_DELAY, 700);
    gw_fault_apply(&f, good, sizeof good, 50, &tx);
    expect(&tx, good, sizeof good);
    assert_int_equal(tx.delay_ms, 750);
    f = with(GW_FAULT_DRIBBLE, 400);
    gw_fault_apply(&f, good, sizeof good, 0, &tx);
    expect(&tx, good, sizeof good);
    assert_int_equal(tx.gap_ms, 400);
    f = with(GW_FAULT_LATE, 0);
    gw_fault_apply(&f, good, sizeof good, 0, &tx);
    expect(&tx, good, sizeof good);
    assert_true(tx.hold);
}

static void test_storm(void **state)
{
    (void)state;
    struct gw_tx tx;
    struct gw_faults f = with(GW_FAULT_STORM, 6);
    f.of[GW_FAULT_STORM].param[1] = GW_STORM_MAX;
    gw_fault_apply(&f, good, sizeof good, 0, &tx);
    assert_true(tx.exception);
    assert_int_equal(tx.len, GW_STORM_MAX * 9);
    for (size_t i = 0; i < GW_STORM_MAX; i++)
        assert_memory_equal(tx.bytes + i * 9, "\x12\x34\0\0\0\3\5\x83\6", 9);
    gw_fault_apply_rtu(&f, good, sizeof good, 0, &tx);
    assert_int_equal(tx.len, GW_STORM_MAX * 5);
    assert_memory_equal(tx.bytes, tx.bytes + 5, (GW_STORM_MAX - 1) * 5);
}

/* Both frames are whole: a slave that heard only the second one would be believed. */
static void test_clash_on_a_line(void **state)
{
    (void)state;
    struct gw_tx tx;
    struct gw_faults f = with(GW_FAULT_CLASH, 0);
    gw_fault_apply_rtu(&f, words, sizeof words, 0, &tx);
    uint8_t want[14] = {5, 4, 2, 0xAA, 0xBB, 0, 0, 5, 4, 2, 0x55, 0x44, 0, 0};
    (void)gw_rtu_seal(want, 5);
    (void)gw_rtu_seal(want + 7, 5);
    expect(&tx, want, sizeof want);
}

static void test_faults_together(void **state)
{
    (void)state;
    struct gw_tx tx;
    struct gw_faults f = with(GW_FAULT_EXCEPTION, 6);
    f.of[GW_FAULT_FOREIGN_UNIT] = (struct gw_fault_on){.on = true, .param = {9}};
    f.of[GW_FAULT_JUNK_TAIL] = (struct gw_fault_on){.on = true, .param = {1}};
    f.of[GW_FAULT_LONG_COUNT] = (struct gw_fault_on){.on = true, .param = {2}};
    f.of[GW_FAULT_DRIBBLE] = (struct gw_fault_on){.on = true, .param = {3}};
    gw_fault_apply(&f, good, sizeof good, 0, &tx);
    const uint8_t want[] = {0x12, 0x34, 0, 0, 0, 3, 9, 0x83, 6, 0xA5};
    expect(&tx, want, sizeof want);
    assert_int_equal(tx.gap_ms, 3);
}

static void test_largest_frame_with_the_longest_tail(void **state)
{
    (void)state;
    uint8_t frame[GW_ADU_MAX] = {0, 1, 0, 0, 0, 254, 1, 3, 250};
    struct gw_tx tx;
    struct gw_faults f = with(GW_FAULT_JUNK_TAIL, GW_FAULT_BYTES);
    f.of[GW_FAULT_JUNK_HEAD] = f.of[GW_FAULT_JUNK_TAIL];
    f.of[GW_FAULT_CLASH].on = true;
    gw_fault_apply(&f, frame, sizeof frame, 0, &tx);
    assert_int_equal(tx.len, 2 * GW_ADU_MAX + 2 * GW_FAULT_BYTES);
    assert_true(2 * tx.len <= sizeof tx.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_wrong),
        cmocka_unit_test(test_bytes_of_each_fault),
        cmocka_unit_test(test_no_answer_at_all),
        cmocka_unit_test(test_truncate),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_storm),
        cmocka_unit_test(test_clash_on_a_line),
        cmocka_unit_test(test_faults_together),
        cmocka_unit_test(test_largest_frame_with_the_longest_tail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
