/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/chatter.h"

#include <assert.h>

static bool too_many(const struct gw_chatter *c, const struct gw_chatter_conf *conf)
{
    if (c->nedges < conf->count)
        return false;
    const unsigned newest = (c->next + GW_CHATTER_MAX - 1) % GW_CHATTER_MAX;
    const unsigned first = (c->next + GW_CHATTER_MAX - conf->count) % GW_CHATTER_MAX;
    return c->edges[newest] - c->edges[first] <= conf->window_ms;
}

static void add_edge(struct gw_chatter *c, int64_t now_ms)
{
    c->edges[c->next] = now_ms;
    c->next = (c->next + 1) % GW_CHATTER_MAX;
    if (c->nedges < GW_CHATTER_MAX)
        c->nedges++;
    c->quiet_since_ms = now_ms;
}

bool gw_chatter_step(struct gw_chatter *c, const struct gw_chatter_conf *conf, enum gw_tri answer,
                     int64_t now_ms)
{
    assert(conf->count >= 2 && conf->count <= GW_CHATTER_MAX && conf->quiet_ms > 0);
    if (answer == GW_UNKNOWN)
        return false;
    const bool edge = answer == GW_TRUE && c->last == GW_FALSE;
    if (c->last == GW_UNKNOWN)
        c->quiet_since_ms = now_ms;
    c->last = answer;
    if (edge)
        add_edge(c, now_ms);
    if (c->on) {
        c->changes += edge ? 1 : 0;
        if (now_ms - c->quiet_since_ms < conf->quiet_ms)
            return false;
        c->on = false;
        c->nedges = 0;
        c->changes = 0;
        return true;
    }
    if (!edge || !too_many(c, conf))
        return false;
    c->on = true;
    c->changes = (int64_t)conf->count;
    return true;
}

void gw_chatter_restore(struct gw_chatter *c, int64_t changes)
{
    *c = (struct gw_chatter){.on = changes > 0, .changes = changes};
}
