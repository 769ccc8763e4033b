/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/refusal.h"

bool gw_mb_refusal_busy(uint8_t exception)
{
    return exception == GW_MB_EX_ACK || exception == GW_MB_EX_BUSY;
}

/* What is no property of the request, so that it may be answered soon. */
static bool passes(uint8_t exception)
{
    return gw_mb_refusal_busy(exception) || exception == GW_MB_EX_GATEWAY_PATH ||
           exception == GW_MB_EX_GATEWAY_TARGET;
}

static bool is_refused(uint8_t exception)
{
    return exception == GW_MB_EX_ADDRESS || exception == GW_MB_EX_VALUE;
}

void gw_mb_refusal_begin(struct gw_mb_refusal *r, struct gw_mb_plan *plan, int64_t tick_ms)
{
    r->may = tick_ms >= r->no_more_ms;
    /* Still so, since the pass in which it was divided broke: that taught nothing. */
    const bool broke = r->now;
    r->now = false;
    if (broke || (r->divided && tick_ms - r->learnt_ms >= GW_MB_LEARNT_MS)) {
        gw_mb_plan_whole(plan);
        r->divided = false;
    }
    for (size_t i = 0; i < plan->nblocks; i++)
        plan->blocks[i].answered = plan->blocks[i].skipped = false;
}

bool gw_mb_refusal_take(struct gw_mb_refusal *r, struct gw_mb_plan *plan, size_t k,
                        uint8_t exception, unsigned *left)
{
    if (is_refused(exception) && *left > 0 && r->may && gw_mb_plan_split(plan, k)) {
        --*left;
        r->now = true;
        return true;
    }
    struct gw_mb_block *b = &plan->blocks[k];
    b->answered = true;
    b->exception = exception;
    b->retry_ms = 0;
    if (!is_refused(exception) && !gw_mb_refusal_busy(exception))
        b->waits = 0;
    return false;
}

static void leave_alone(struct gw_mb_block *b, int64_t tick_ms, int64_t cap_ms)
{
    const int64_t wait = b->waits < 16 ? (int64_t)GW_MB_AGAIN_MS << b->waits : cap_ms;
    b->retry_ms = tick_ms + (wait < cap_ms ? wait : cap_ms);
    if (b->waits < UINT8_MAX)
        b->waits++;
}

void gw_mb_refusal_end(struct gw_mb_refusal *r, struct gw_mb_plan *plan, int64_t tick_ms,
                       bool any_read)
{
    const bool now = r->now;
    r->now = false;
    if (now && !any_read) {
        gw_mb_plan_whole(plan);
        r->divided = false;
        r->no_more_ms = tick_ms + GW_MB_STORM_MS;
        return;
    }
    if (now && !r->divided) {
        r->divided = true;
        r->learnt_ms = tick_ms;
    }
    for (size_t i = 0; i < plan->nblocks; i++) {
        struct gw_mb_block *b = &plan->blocks[i];
        if (!b->answered || !any_read)
            continue;
        if (is_refused(b->exception) && !gw_mb_plan_divisible(plan, i))
            leave_alone(b, tick_ms, GW_MB_REFUSED_CAP_MS);
        else if (gw_mb_refusal_busy(b->exception))
            leave_alone(b, tick_ms, GW_MB_BUSY_CAP_MS);
    }
}

void gw_mb_refusal_forget(struct gw_mb_plan *plan)
{
    for (size_t i = 0; i < plan->nblocks; i++) {
        plan->blocks[i].retry_ms = 0;
        plan->blocks[i].waits = 0;
    }
}

int64_t gw_mb_refusal_again(const struct gw_mb_plan *plan, int64_t tick_ms)
{
    int64_t again = INT64_MAX;
    for (size_t i = 0; i < plan->nblocks; i++) {
        const struct gw_mb_block *b = &plan->blocks[i];
        if ((!b->answered && !b->skipped) || !passes(b->exception))
            continue;
        const int64_t at = b->retry_ms > tick_ms ? b->retry_ms : tick_ms + GW_MB_AGAIN_MS;
        again = at < again ? at : again;
    }
    return again;
}

unsigned gw_mb_refusal_count(const struct gw_mb_plan *plan)
{
    unsigned n = 0;
    for (size_t i = 0; i < plan->nblocks; i++)
        n += is_refused(plan->blocks[i].exception) && !gw_mb_plan_divisible(plan, i);
    return n;
}
