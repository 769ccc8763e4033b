/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/plan.h"

#include <stdbool.h>
#include <string.h>

#include "util.h"

#define SETS      10000
#define SPANS_MAX 14

static const struct gw_mb_limits usual = {
    .max_regs = 125, .max_bits = 2000, .max_gap_regs = 10, .max_gap_bits = 64};

static void neighbours_share_a_request(void **state)
{
    (void)state;
    /* The flow meter: 4112..4133 with holes, and two temperatures behind a larger hole. */
    static const struct gw_mb_span spans[] = {
        {GW_MB_READ_INPUT, 4140, 1}, {GW_MB_READ_INPUT, 4112, 2}, {GW_MB_READ_INPUT, 4114, 2},
        {GW_MB_READ_INPUT, 4120, 2}, {GW_MB_READ_INPUT, 4126, 1}, {GW_MB_READ_INPUT, 4132, 1},
        {GW_MB_READ_INPUT, 4133, 1}, {GW_MB_READ_INPUT, 4141, 1},
    };
    struct gw_mb_limits limits = usual;
    limits.max_gap_regs = 5;
    struct gw_mb_plan plan;
    assert_int_equal(gw_mb_plan_make(spans, 8, &limits, &plan, NULL), GW_OK);
    assert_int_equal(plan.nblocks, 2);
    assert_int_equal(plan.blocks[0].address, 4112);
    assert_int_equal(plan.blocks[0].count, 22);
    assert_int_equal(plan.blocks[0].nspans, 6);
    assert_int_equal(plan.blocks[1].address, 4140);
    assert_int_equal(plan.blocks[1].count, 2);
    assert_int_equal(plan.order[6], 0);
    assert_int_equal(plan.order[7], 7);
    gw_mb_plan_free(&plan);

    limits.max_gap_regs = 6;
    assert_int_equal(gw_mb_plan_make(spans, 8, &limits, &plan, NULL), GW_OK);
    assert_int_equal(plan.nblocks, 1);
    assert_int_equal(plan.blocks[0].count, 30);
    gw_mb_plan_free(&plan);
}

/* 0..2, hole, 10 and 11 with a second point in 11, 12: divided at the hole, then in the middle, and
 * never within a register. */
static void a_request_is_divided_at_its_widest_hole(void **state)
{
    (void)state;
    static const struct gw_mb_span spans[] = {
        {GW_MB_READ_INPUT, 0, 2},  {GW_MB_READ_INPUT, 2, 1},  {GW_MB_READ_INPUT, 10, 1},
        {GW_MB_READ_INPUT, 11, 1}, {GW_MB_READ_INPUT, 11, 1}, {GW_MB_READ_INPUT, 12, 2},
        {GW_MB_READ_INPUT, 30, 1},
    };
    struct gw_mb_plan plan;
    assert_int_equal(gw_mb_plan_make(spans, 7, &usual, &plan, NULL), GW_OK);
    assert_int_equal(plan.nblocks, 2);
    assert_true(gw_mb_plan_split(&plan, 0));
    assert_int_equal(plan.nblocks, 3);
    assert_int_equal(plan.blocks[0].count, 3);
    assert_int_equal(plan.blocks[1].address, 10);
    assert_int_equal(plan.blocks[1].count, 4);
    assert_int_equal(plan.blocks[2].address, 30);
    size_t n = 0;
    for (size_t k = 0; k < plan.nblocks;)
        if (gw_mb_plan_divisible(&plan, k))
            assert_true(gw_mb_plan_split(&plan, k));
        else
            n += plan.blocks[k++].nspans;
    assert_int_equal(n, 7);
    assert_int_equal(plan.nblocks, 6);
    assert_false(gw_mb_plan_split(&plan, 3));
    assert_int_equal(plan.blocks[3].address, 11);
    assert_int_equal(plan.blocks[3].nspans, 2);
    gw_mb_plan_whole(&plan);
    assert_int_equal(plan.nblocks, 2);
    assert_int_equal(plan.blocks[0].count, 14);
    gw_mb_plan_free(&plan);
}

static void functions_are_never_mixed(void **state)
{
    (void)state;
    static const struct gw_mb_span spans[] = {
        {GW_MB_READ_INPUT, 0, 1}, {GW_MB_READ_COILS, 1, 1},    {GW_MB_READ_HOLDING, 1, 1},
        {GW_MB_READ_INPUT, 1, 1}, {GW_MB_READ_DISCRETE, 2, 1}, {GW_MB_READ_COILS, 0, 1},
    };
    struct gw_mb_plan plan;
    assert_int_equal(gw_mb_plan_make(spans, 6, &usual, &plan, NULL), GW_OK);
    assert_int_equal(plan.nblocks, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(plan.blocks[i].fc, i + 1);
    gw_mb_plan_free(&plan);
}

static void the_ends_of_the_address_space_are_reached(void **state)
{
    (void)state;
    static const struct gw_mb_span spans[] = {
        {GW_MB_READ_HOLDING, 65532, 4}, {GW_MB_READ_HOLDING, 0, 4}, {GW_MB_READ_COILS, 65535, 1}};
    struct gw_mb_plan plan;
    assert_int_equal(gw_mb_plan_make(spans, 3, &usual, &plan, NULL), GW_OK);
    assert_int_equal(plan.nblocks, 3);
    gw_mb_plan_free(&plan);
}

static void what_cannot_be_asked_is_refused(void **state)
{
    (void)state;
    static const struct {
        struct gw_mb_span span;
        struct gw_mb_limits limits;
        const char *text;
    } rows[] = {
        {{GW_MB_READ_HOLDING, 65535, 2},
         {125, 2000, 0, 0},
         "span 1: address 65535 with 2 values ends behind 65535"},
        {{GW_MB_READ_HOLDING, 0, 4},
         {2, 2000, 0, 0},
         "span 1: 4 values, but a request may have 1..2"},
        {{GW_MB_READ_HOLDING, 0, 0},
         {125, 2000, 0, 0},
         "span 1: 0 values, but a request may have 1..125"},
        {{GW_MB_REPORT_ID, 0, 1}, {125, 2000, 0, 0}, "span 1: function 17 is not in 1..4"},
        {{GW_MB_READ_COILS, 0, 1}, {126, 2000, 0, 0}, "max_regs: 126 is not in 1..125"},
        {{GW_MB_READ_COILS, 0, 1}, {125, 0, 0, 0}, "max_bits: 0 is not in 1..2000"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct gw_mb_span spans[] = {{GW_MB_READ_COILS, 0, 1}, rows[i].span};
        struct gw_mb_plan plan = {.nblocks = 77};
        struct gw_err err;
        assert_int_equal(gw_mb_plan_make(spans, 2, &rows[i].limits, &plan, &err), GW_E_RANGE);
        assert_string_equal(err.msg, rows[i].text);
        assert_int_equal(plan.nblocks, 77);
    }
    struct gw_mb_plan none;
    assert_int_equal(gw_mb_plan_make(NULL, 0, &usual, &none, NULL), GW_OK);
    assert_int_equal(none.nblocks, 0);
    gw_mb_plan_free(&none);
    gw_mb_plan_free(NULL);
}

static bool is_bits(enum gw_mb_fc fc)
{
    return fc <= GW_MB_READ_DISCRETE;
}

/* True when the spans of the set can be one request. */
static bool one_request(const struct gw_mb_span *spans, size_t n, unsigned set,
                        const struct gw_mb_limits *l)
{
    bool used[512] = {false};
    unsigned lo = 512;
    unsigned hi = 0;
    enum gw_mb_fc fc = 0;
    for (size_t i = 0; i < n; i++) {
        if ((set >> i & 1u) == 0)
            continue;
        if (fc != 0 && fc != spans[i].fc)
            return false;
        fc = spans[i].fc;
        for (unsigned a = spans[i].address; a < (unsigned)spans[i].address + spans[i].count; a++)
            used[a] = true;
        lo = spans[i].address < lo ? spans[i].address : lo;
        hi = (unsigned)spans[i].address + spans[i].count > hi
                 ? (unsigned)spans[i].address + spans[i].count
                 : hi;
    }
    unsigned hole = 0;
    unsigned widest = 0;
    for (unsigned a = lo; a < hi; a++) {
        hole = used[a] ? 0 : hole + 1;
        widest = hole > widest ? hole : widest;
    }
    return hi - lo <= (is_bits(fc) ? l->max_bits : l->max_regs) &&
           widest <= (is_bits(fc) ? l->max_gap_bits : l->max_gap_regs);
}

/* The fewest requests over all ways to split the set, by trying every subset. */
static unsigned fewest(const struct gw_mb_span *spans, size_t n, const struct gw_mb_limits *l)
{
    static bool fits[1u << SPANS_MAX];
    static unsigned best[1u << SPANS_MAX];
    const unsigned all = (1u << n) - 1;
    for (unsigned set = 1; set <= all; set++)
        fits[set] = one_request(spans, n, set, l);
    best[0] = 0;
    for (unsigned set = 1; set <= all; set++) {
        best[set] = UINT32_MAX;
        const unsigned low = set & (~set + 1);
        /* The request that reads the lowest span of the set, and the rest. */
        for (unsigned sub = set; sub > 0; sub = (sub - 1) & set)
            if ((sub & low) != 0 && fits[sub] && best[set & ~sub] + 1 < best[set])
                best[set] = best[set & ~sub] + 1;
    }
    return best[all];
}

static void check_plan(const struct gw_mb_span *spans, size_t n, const struct gw_mb_limits *l,
                       const struct gw_mb_plan *plan)
{
    bool seen[SPANS_MAX * 4] = {false};
    size_t next = 0;
    assert_int_equal(plan->nspans, n);
    for (size_t b = 0; b < plan->nblocks; b++) {
        const struct gw_mb_block *block = &plan->blocks[b];
        assert_int_equal(block->first, next);
        assert_in_range(block->nspans, 1, n);
        assert_in_range(block->count, 1, is_bits(block->fc) ? l->max_bits : l->max_regs);
        unsigned end = block->address;
        for (size_t i = 0; i < block->nspans; i++) {
            const size_t at = plan->order[next++];
            assert_true(at < n);
            assert_false(seen[at]);
            seen[at] = true;
            const struct gw_mb_span *s = &spans[at];
            assert_int_equal(s->fc, block->fc);
            assert_true(s->address >= block->address);
            assert_true((unsigned)s->address + s->count <= (unsigned)block->address + block->count);
            if (s->address > end)
                assert_true(s->address - end <=
                            (is_bits(s->fc) ? l->max_gap_bits : l->max_gap_regs));
            if ((unsigned)s->address + s->count > end)
                end = (unsigned)s->address + s->count;
        }
        assert_int_equal(end, (unsigned)block->address + block->count);
    }
    assert_int_equal(next, n);
}

static void random_span(uint64_t *rand, const struct gw_mb_limits *l, unsigned room,
                        struct gw_mb_span *s)
{
    s->fc = (enum gw_mb_fc)(1 + gw_rand_below(rand, 4));
    s->address = (uint16_t)gw_rand_below(rand, room);
    s->count = 1;
    if (!is_bits(s->fc)) {
        const uint64_t most = l->max_regs < 4 ? l->max_regs : 4;
        s->count = (uint16_t)(1 + gw_rand_below(rand, most));
    }
}

static void every_span_is_read_once_in_the_fewest_requests(void **state)
{
    (void)state;
    uint64_t rand = test_seed();
    unsigned exhaustive = 0;
    for (unsigned set = 0; set < SETS; set++) {
        const struct gw_mb_limits l = {
            .max_regs = (uint16_t)(1 + gw_rand_below(&rand, 40)),
            .max_bits = (uint16_t)(1 + gw_rand_below(&rand, 60)),
            .max_gap_regs = (uint16_t)gw_rand_below(&rand, 12),
            .max_gap_bits = (uint16_t)gw_rand_below(&rand, 20),
        };
        struct gw_mb_span spans[SPANS_MAX * 4];
        /* Small sets are held against all ways to split them. */
        const bool small = set % 5 != 0;
        const size_t n = 1 + (size_t)gw_rand_below(&rand, small ? 8 : SPANS_MAX * 4);
        for (size_t i = 0; i < n; i++)
            random_span(&rand, &l, 40 + (unsigned)gw_rand_below(&rand, 160), &spans[i]);
        struct gw_mb_plan plan;
        struct gw_err err;
        assert_int_equal(gw_mb_plan_make(spans, n, &l, &plan, &err), GW_OK);
        check_plan(spans, n, &l, &plan);
        if (small) {
            assert_int_equal(plan.nblocks, fewest(spans, n, &l));
            exhaustive++;
        }
        gw_mb_plan_free(&plan);
    }
    assert_true(exhaustive > SETS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_share_a_request),
        cmocka_unit_test(a_request_is_divided_at_its_widest_hole),
        cmocka_unit_test(functions_are_never_mixed),
        cmocka_unit_test(the_ends_of_the_address_space_are_reached),
        cmocka_unit_test(what_cannot_be_asked_is_refused),
        cmocka_unit_test(every_span_is_read_once_in_the_fewest_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
