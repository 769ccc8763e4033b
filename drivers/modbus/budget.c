/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/budget.h"

#include "modbus/poll.h"

#define FRACTION 256
#define FORGET   256 /* each answer lets one part in this of the slowest be forgotten */

void gw_mb_budget_answer(struct gw_mb_budget *b, int64_t took_ms)
{
    const int64_t took = took_ms > 0 ? took_ms * FRACTION : 1;
    b->slow -= b->slow / FORGET;
    if (b->slow < took)
        b->slow = took;
}

int64_t gw_mb_budget_timeout(const struct gw_mb_budget *b, int64_t full_ms, unsigned silent)
{
    if (b->slow == 0 || silent % GW_MB_FULL_EVERY == 0)
        return full_ms;
    const int64_t quick = 3 * b->slow / FRACTION + GW_MB_SHORT_MS;
    return quick < full_ms ? quick : full_ms;
}

int64_t gw_mb_budget_spend(struct gw_mb_budget *b, const struct gw_mb_cost *cost)
{
    const int64_t start = cost->now_ms - cost->spent_ms;
    const int64_t floor = cost->silent > 1 ? -cost->full_ms : 0;
    const int64_t paid = start > b->at_ms ? (start - b->at_ms) / GW_MB_SHARE : 0;
    int64_t debt = b->debt_ms - paid;
    if (debt < floor)
        debt = floor;
    b->debt_ms = debt + cost->spent_ms;
    b->at_ms = cost->now_ms;
    const int64_t over = cost->silent >= GW_MB_DOWN_AFTER
                             ? b->debt_ms + cost->next_ms
                             : b->debt_ms - GW_MB_DOWN_AFTER * cost->full_ms;
    return over > 0 ? cost->now_ms + over * GW_MB_SHARE : cost->now_ms;
}
