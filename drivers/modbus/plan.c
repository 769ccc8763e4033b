/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESSES 65536u

/* A span with its place in the caller's array, for sorting. */
struct item {
    struct gw_mb_span span;
    uint32_t index;
};

static bool is_bits(enum gw_mb_fc fc)
{
    return fc == GW_MB_READ_COILS || fc == GW_MB_READ_DISCRETE;
}

static uint32_t limit_of(const struct gw_mb_limits *limits, enum gw_mb_fc fc)
{
    return is_bits(fc) ? limits->max_bits : limits->max_regs;
}

static uint32_t gap_of(const struct gw_mb_limits *limits, enum gw_mb_fc fc)
{
    return is_bits(fc) ? limits->max_gap_bits : limits->max_gap_regs;
}

static int by_place(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;
    if (x->span.fc != y->span.fc)
        return x->span.fc < y->span.fc ? -1 : 1;
    if (x->span.address != y->span.address)
        return x->span.address < y->span.address ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static enum gw_status check_limits(const struct gw_mb_limits *limits, struct gw_err *err)
{
    if (limits->max_regs < 1 || limits->max_regs > GW_MB_MAX_REGS)
        return gw_err_set(err, GW_E_RANGE, "max_regs: %u is not in 1..%d",
                          (unsigned)limits->max_regs, GW_MB_MAX_REGS);
    if (limits->max_bits < 1 || limits->max_bits > GW_MB_MAX_BITS)
        return gw_err_set(err, GW_E_RANGE, "max_bits: %u is not in 1..%d",
                          (unsigned)limits->max_bits, GW_MB_MAX_BITS);
    return GW_OK;
}

static enum gw_status check_span(const struct gw_mb_span *span, size_t index,
                                 const struct gw_mb_limits *limits, struct gw_err *err)
{
    if (span->fc < GW_MB_READ_COILS || span->fc > GW_MB_READ_INPUT)
        return gw_err_set(err, GW_E_RANGE, "span %zu: function %d is not in 1..4", index,
                          (int)span->fc);
    if (span->count == 0 || span->count > limit_of(limits, span->fc))
        return gw_err_set(err, GW_E_RANGE, "span %zu: %u values, but a request may have 1..%u",
                          index, (unsigned)span->count, (unsigned)limit_of(limits, span->fc));
    if ((uint32_t)span->address + span->count > ADDRESSES)
        return gw_err_set(err, GW_E_RANGE, "span %zu: address %u with %u values ends behind 65535",
                          index, (unsigned)span->address, (unsigned)span->count);
    return GW_OK;
}

/* Walks the sorted spans. Taking as many as fit into each request from the lowest address on gives
 * the fewest requests: whatever a later start could hold, too, this one need not. Returns how many
 * there are, and writes them unless out is NULL. */
static size_t merge(const struct gw_mb_plan *plan, struct gw_mb_block *out)
{
    struct gw_mb_block block = {0};
    uint32_t end = 0; /* first address behind the block */
    size_t n = 0;
    for (size_t i = 0; i < plan->nspans; i++) {
        const struct gw_mb_span *span = &plan->spans[i];
        const uint32_t span_end = (uint32_t)span->address + span->count;
        const uint32_t new_end = span_end > end ? span_end : end;
        if (n > 0 && block.fc == span->fc &&
            span->address <= end + gap_of(&plan->limits, span->fc) &&
            new_end - block.address <= limit_of(&plan->limits, span->fc)) {
            end = new_end;
        } else {
            block = (struct gw_mb_block){
                .fc = span->fc, .address = span->address, .first = (uint32_t)i};
            end = span_end;
            n++;
        }
        block.count = (uint16_t)(end - block.address);
        block.nspans++;
        if (out != NULL)
            out[n - 1] = block;
    }
    return n;
}

void gw_mb_plan_whole(struct gw_mb_plan *plan)
{
    plan->nblocks = merge(plan, plan->blocks);
}

/* Where a block is best divided: the index within it of the first span of the second part; 0 when
 * nowhere. */
static size_t best_cut(const struct gw_mb_block *b, const struct gw_mb_span *spans)
{
    const size_t middle = b->nspans / 2;
    size_t best = 0;
    uint32_t best_hole = 0;
    size_t best_off = SIZE_MAX; /* distance from the middle */
    uint32_t end = (uint32_t)spans[0].address + spans[0].count;
    for (size_t i = 1; i < b->nspans; i++) {
        const uint32_t start = spans[i].address;
        const uint32_t hole = start > end ? start - end : 0;
        const size_t off = i > middle ? i - middle : middle - i;
        if (start >= end &&
            (best == 0 || hole > best_hole || (hole == best_hole && off < best_off))) {
            best = i;
            best_hole = hole;
            best_off = off;
        }
        const uint32_t span_end = start + spans[i].count;
        end = span_end > end ? span_end : end;
    }
    return best;
}

static struct gw_mb_block part_of(const struct gw_mb_plan *plan, size_t first, size_t n)
{
    const struct gw_mb_span *spans = plan->spans + first;
    uint32_t end = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t span_end = (uint32_t)spans[i].address + spans[i].count;
        end = span_end > end ? span_end : end;
    }
    return (struct gw_mb_block){
        .fc = spans[0].fc,
        .address = spans[0].address,
        .count = (uint16_t)(end - spans[0].address),
        .first = (uint32_t)first,
        .nspans = (uint32_t)n,
    };
}

bool gw_mb_plan_divisible(const struct gw_mb_plan *plan, size_t k)
{
    assert(k < plan->nblocks);
    return best_cut(&plan->blocks[k], plan->spans + plan->blocks[k].first) != 0;
}

bool gw_mb_plan_split(struct gw_mb_plan *plan, size_t k)
{
    assert(k < plan->nblocks);
    const struct gw_mb_block whole = plan->blocks[k];
    const size_t cut = best_cut(&whole, plan->spans + whole.first);
    if (cut == 0)
        return false;
    if (plan->nblocks == plan->room) {
        const size_t room = 2 * plan->room < plan->nspans ? 2 * plan->room : plan->nspans;
        struct gw_mb_block *blocks = realloc(plan->blocks, room * sizeof *blocks);
        if (blocks == NULL)
            return false;
        plan->blocks = blocks;
        plan->room = room;
    }
    memmove(plan->blocks + k + 1, plan->blocks + k, (plan->nblocks - k) * sizeof plan->blocks[0]);
    plan->nblocks++;
    plan->blocks[k] = part_of(plan, whole.first, cut);
    plan->blocks[k + 1] = part_of(plan, whole.first + cut, whole.nspans - cut);
    return true;
}

enum gw_status gw_mb_plan_make(const struct gw_mb_span *spans, size_t n,
                               const struct gw_mb_limits *limits, struct gw_mb_plan *out,
                               struct gw_err *err)
{
    enum gw_status status = check_limits(limits, err);
    for (size_t i = 0; status == GW_OK && i < n; i++)
        status = check_span(&spans[i], i, limits, err);
    if (status != GW_OK)
        return status;
    if (n == 0) {
        *out = (struct gw_mb_plan){0};
        return GW_OK;
    }

    struct gw_mb_plan plan = {0};
    struct item *items = calloc(n, sizeof *items);
    plan.order = calloc(n, sizeof *plan.order);
    plan.spans = calloc(n, sizeof *plan.spans);
    if (items == NULL || plan.order == NULL || plan.spans == NULL)
        goto nomem;
    for (size_t i = 0; i < n; i++)
        items[i] = (struct item){.span = spans[i], .index = (uint32_t)i};
    qsort(items, n, sizeof *items, by_place);
    for (size_t i = 0; i < n; i++) {
        plan.order[i] = items[i].index;
        plan.spans[i] = items[i].span;
    }
    plan.nspans = n;
    plan.limits = *limits;
    plan.room = merge(&plan, NULL);
    plan.blocks = calloc(plan.room, sizeof *plan.blocks);
    if (plan.blocks == NULL)
        goto nomem;
    gw_mb_plan_whole(&plan);
    free(items);
    *out = plan;
    return GW_OK;
nomem:
    free(items);
    gw_mb_plan_free(&plan);
    return gw_err_set(err, GW_E_NOMEM, "request plan: out of memory");
}

void gw_mb_plan_free(struct gw_mb_plan *plan)
{
    if (plan == NULL)
        return;
    free(plan->blocks);
    free(plan->order);
    free(plan->spans);
    *plan = (struct gw_mb_plan){0};
}
