/* SPDX-License-Identifier: Apache-2.0
 *
 * plan: from points to the fewest requests. Pure; any thread.
 *
 * Points of one device that share a function code are sorted by address and merged into one request
 * while the hole between them is at most max_gap registers (or bits) and the request stays within
 * the limit of the protocol and of the profile. A point is never split over two requests.
 *
 * A device may refuse a request for a hole that was read along, or for one point of many: such a
 * request can be divided, and the plan made whole again.
 */
#ifndef GW_MODBUS_PLAN_H
#define GW_MODBUS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "modbus/pdu.h"

/* What a point needs. */
struct gw_mb_span {
    enum gw_mb_fc fc; /* 1..4 */
    uint16_t address;
    uint16_t count; /* registers or bits, 1..4 for registers, 1 for bits */
};

struct gw_mb_limits {
    uint16_t max_regs;     /* 1..125 */
    uint16_t max_bits;     /* 1..2000 */
    uint16_t max_gap_regs; /* unwanted registers that may be read to save a request */
    uint16_t max_gap_bits;
};

/* One request and where each span lies in its answer. */
struct gw_mb_block {
    enum gw_mb_fc fc;
    uint16_t address, count;
    uint32_t first, nspans; /* range in gw_mb_plan.order */
    /* What the device says of it; kept by the pass. */
    uint8_t exception; /* of the last answer; 0: data, or not asked yet */
    uint8_t waits;     /* times in a row that it was busy, or refused it */
    bool answered;     /* in the present pass, even if by an exception */
    bool skipped;      /* not asked in the present pass */
    int64_t retry_ms;  /* not asked before, as long as there is something else to ask */
};

struct gw_mb_plan {
    struct gw_mb_block *blocks;
    size_t nblocks;
    size_t room;     /* for blocks: as many as the whole needs, and what divisions needed so far */
    uint32_t *order; /* span indexes sorted by fc and address, grouped by block */
    size_t nspans;
    struct gw_mb_span *spans; /* in that order */
    struct gw_mb_limits limits;
};

/* GW_E_RANGE when a span leaves the address space or a limit is smaller than a span (err names its
 * index), GW_E_NOMEM. The plan belongs to the caller: gw_mb_plan_free. */
enum gw_status gw_mb_plan_make(const struct gw_mb_span *spans, size_t n,
                               const struct gw_mb_limits *limits, struct gw_mb_plan *out,
                               struct gw_err *err) GW_MUST_CHECK;
void gw_mb_plan_free(struct gw_mb_plan *plan);

/* Divides block k at its widest hole, or, where it has none, in the middle, so that blocks k and
 * k + 1 read the same points. False when it cannot be divided: one point, points that share a
 * register, or no memory. Allocates only when there were never as many blocks. */
bool gw_mb_plan_divisible(const struct gw_mb_plan *plan, size_t k);
bool gw_mb_plan_split(struct gw_mb_plan *plan, size_t k);
/* Forgets all divisions, and what the device said of the blocks. Allocates nothing. */
void gw_mb_plan_whole(struct gw_mb_plan *plan);

#endif
