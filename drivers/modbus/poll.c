/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/poll.h"

#include <assert.h>

void gw_mb_poll_init(struct gw_mb_poll *p, int64_t period_ms, int64_t first_ms, uint64_t seed)
{
    assert(period_ms >= 1);
    *p = (struct gw_mb_poll){
        .period_ms = period_ms,
        .due_ms = first_ms,
        .tick_ms = first_ms,
        .hold_ms = first_ms,
        .link = GW_LINK_UNKNOWN,
        .backoff = {.first_ms = GW_MB_BACKOFF_MS,
                    .cap_ms = GW_MB_BACKOFF_CAP_MS,
                    .jitter_pct = GW_MB_BACKOFF_JITTER,
                    .rand = seed},
    };
}

bool gw_mb_poll_due(struct gw_mb_poll *p, int64_t now_ms)
{
    if (p->busy || now_ms < p->due_ms)
        return false;
    const int64_t ticks = (now_ms - p->due_ms) / p->period_ms + 1;
    const int64_t last = p->due_ms + (ticks - 1) * p->period_ms;
    const bool attempt = now_ms >= p->hold_ms;
    p->polls.scheduled += (uint64_t)ticks;
    p->polls.skipped += (uint64_t)(ticks - (attempt ? 1 : 0));
    p->due_ms = last + p->period_ms;
    if (attempt) {
        p->busy = true;
        p->tick_ms = last;
    }
    return attempt;
}

int64_t gw_mb_poll_apart(size_t nth, int64_t period_ms)
{
    const size_t together = period_ms <= GW_MB_QUICK_MS ? GW_MB_TOGETHER_QUICK : GW_MB_TOGETHER;
    return (int64_t)(nth / together) * GW_MB_APART_MS % period_ms;
}

int64_t gw_mb_poll_wake(const struct gw_mb_poll *p)
{
    if (p->busy)
        return INT64_MAX;
    if (p->hold_ms <= p->due_ms)
        return p->due_ms;
    const int64_t ticks = (p->hold_ms - p->due_ms + p->period_ms - 1) / p->period_ms;
    return p->due_ms + ticks * p->period_ms;
}

void gw_mb_poll_end(struct gw_mb_poll *p, int64_t now_ms, enum gw_mb_outcome outcome)
{
    assert(p->busy);
    p->busy = false;
    if (outcome == GW_MB_PASS_DISTURBED) {
        p->polls.failed++;
        p->hold_ms = p->tick_ms;
        return;
    }
    if (outcome == GW_MB_PASS_SILENT) {
        p->polls.failed++;
        p->silent++;
        p->link = p->silent >= GW_MB_DOWN_AFTER ? GW_LINK_DOWN : GW_LINK_SUSPECT;
        /* Once may be a neighbour's fault: the next tick will tell. */
        p->hold_ms = now_ms + (p->silent > 1 ? gw_backoff_next(&p->backoff) : 0);
        return;
    }
    if (outcome == GW_MB_PASS_READ)
        p->polls.read++;
    else
        p->polls.failed++;
    p->silent = 0;
    p->link = GW_LINK_OK;
    p->hold_ms = p->tick_ms; /* a tick that came meanwhile is not too late */
    if (outcome == GW_MB_PASS_BUSY) {
        const int64_t wait = gw_backoff_next(&p->backoff);
        p->hold_ms = now_ms + (wait < GW_MB_AWAIT_BUSY_MS ? wait : GW_MB_AWAIT_BUSY_MS);
        return;
    }
    gw_backoff_reset(&p->backoff);
}

void gw_mb_poll_hold(struct gw_mb_poll *p, int64_t until_ms)
{
    if (p->hold_ms < until_ms)
        p->hold_ms = until_ms;
}

void gw_mb_poll_release(struct gw_mb_poll *p, int64_t now_ms)
{
    p->hold_ms = now_ms;
    gw_backoff_reset(&p->backoff);
}

bool gw_mb_cadence_due(const struct gw_mb_cadence *c, int64_t tick_ms)
{
    return tick_ms >= c->due_ms;
}

void gw_mb_cadence_done(struct gw_mb_cadence *c, int64_t tick_ms)
{
    if (tick_ms < c->due_ms)
        return;
    const int64_t periods = (tick_ms - c->due_ms) / c->period_ms + 1;
    c->due_ms += periods * c->period_ms;
}
