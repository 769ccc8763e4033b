/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/flood.h"

#include <assert.h>

void gw_flood_add(struct gw_flood *f, int64_t now_ms)
{
    f->at_ms[f->next] = now_ms;
    f->next = (f->next + 1) % GW_FLOOD_MAX;
    if (f->n < GW_FLOOD_MAX)
        f->n++;
}

unsigned gw_flood_rate(const struct gw_flood *f, const struct gw_flood_conf *conf, int64_t now_ms)
{
    unsigned rate = 0;
    for (unsigned i = 0; i < f->n; i++) {
        const unsigned at = (f->next + GW_FLOOD_MAX - 1 - i) % GW_FLOOD_MAX;
        rate += now_ms - f->at_ms[at] < conf->window_ms;
    }
    return rate;
}

bool gw_flood_step(struct gw_flood *f, const struct gw_flood_conf *conf, int64_t now_ms)
{
    assert(conf->end >= 1 && conf->end <= conf->start && conf->start < GW_FLOOD_MAX);
    const unsigned rate = gw_flood_rate(f, conf, now_ms);
    const bool on = f->on ? rate >= conf->end : rate > conf->start;
    if (on == f->on)
        return false;
    f->on = on;
    return true;
}
