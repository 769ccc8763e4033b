/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/delay.h"

#include <assert.h>

static int64_t add_capped(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

enum gw_tri gw_delay_step(struct gw_delay *d, enum gw_tri condition, int64_t now_ms)
{
    assert(d->on_ms >= 0 && d->off_ms >= 0 && d->max_gap_ms >= 0);
    int64_t passed = 0;
    if (condition == d->last && now_ms > d->last_ms)
        passed = now_ms - d->last_ms;
    if (d->max_gap_ms > 0 && passed > d->max_gap_ms)
        passed = 0;
    d->last = condition;
    d->last_ms = now_ms;
    switch (condition) {
    case GW_TRUE:
        d->ran_off = 0;
        if (d->active)
            return GW_UNKNOWN;
        d->ran_on = add_capped(d->ran_on, passed);
        return d->ran_on >= d->on_ms ? GW_TRUE : GW_UNKNOWN;
    case GW_FALSE:
        d->ran_on = 0;
        if (!d->active)
            return GW_UNKNOWN;
        d->ran_off = add_capped(d->ran_off, passed);
        return d->ran_off >= d->off_ms ? GW_FALSE : GW_UNKNOWN;
    case GW_UNKNOWN:
        break;
    }
    return GW_UNKNOWN;
}

void gw_delay_commit(struct gw_delay *d, bool active)
{
    d->active = active;
    d->ran_on = 0;
    d->ran_off = 0;
}
