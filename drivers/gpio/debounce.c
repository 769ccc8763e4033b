/* SPDX-License-Identifier: Apache-2.0 */
#include "gpio/debounce.h"

#include <assert.h>

void gw_debounce_init(struct gw_debounce *d, int64_t hold_ms)
{
    assert(hold_ms >= 1);
    *d = (struct gw_debounce){.hold_ms = hold_ms};
}

void gw_debounce_start(struct gw_debounce *d, bool level, int64_t at_ms)
{
    if (d->started)
        d->lost = true;
    d->started = true;
    d->settled_level = d->level = level;
    d->moving = false;
    d->since_ms = at_ms;
    d->odd_base = level != ((d->edges & 1u) != 0);
}

static void begin(struct gw_debounce *d, bool level, int64_t at_ms)
{
    if (at_ms < d->since_ms)
        at_ms = d->since_ms;
    if (!d->moving) {
        d->moving = true;
        d->moving_ms = at_ms;
        d->moved = 0;
    }
    d->level = level;
    d->since_ms = at_ms;
}

bool gw_debounce_edge(struct gw_debounce *d, bool level, int64_t at_ms, struct gw_settled *out)
{
    const bool told = gw_debounce_settle(d, at_ms, out);
    begin(d, level, at_ms);
    d->edges++;
    d->moved++;
    return told;
}

void gw_debounce_read(struct gw_debounce *d, bool level, int64_t now_ms)
{
    /* The edge is in the queue or was lost; the parity tells which once the line stands. */
    if (level != d->level)
        begin(d, level, now_ms);
}

void gw_debounce_lost(struct gw_debounce *d)
{
    d->lost = true;
}

bool gw_debounce_settle(struct gw_debounce *d, int64_t now_ms, struct gw_settled *out)
{
    if (!d->moving || now_ms - d->since_ms < d->hold_ms)
        return false;
    d->moving = false;
    const bool changed = d->level != d->settled_level;
    d->swallowed += d->moved - (changed && d->moved > 0 ? 1u : 0u);
    if ((d->odd_base != ((d->edges & 1u) != 0)) != d->level)
        d->lost = true;
    if (!changed)
        return false;
    d->settled_level = d->level;
    *out = (struct gw_settled){.level = d->level, .at_ms = d->since_ms};
    return true;
}

int64_t gw_debounce_due(const struct gw_debounce *d)
{
    return d->moving ? d->since_ms + d->hold_ms : INT64_MAX;
}

int64_t gw_debounce_restless_ms(const struct gw_debounce *d, int64_t now_ms)
{
    return d->moving ? now_ms - d->moving_ms : 0;
}
