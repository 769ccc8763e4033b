/* SPDX-License-Identifier: Apache-2.0
 *
 * What the reactor hands over: batches, and the samples in them.
 */
#include "gpio/reactor_in.h"

#include <string.h>

#include "gpio/conf.h"

void gw_gpio_batch_start(struct group *g, const struct gw_stamp *now, struct gw_batch *b)
{
    const int64_t ahead = now->mono_ms <= g->ended_ms ? g->ended_ms + 1 - now->mono_ms : 0;
    g->ended_ms = now->mono_ms + ahead;
    *b = (struct gw_batch){
        .device = g->device,
        .link = (uint8_t)g->link,
        .polls = g->polls,
        .mono_ms = now->mono_ms + ahead,
        .wall_ms = now->wall_ms + ahead,
    };
    memcpy(b->fault, g->fault, sizeof b->fault);
}

void gw_gpio_batch_send(struct group *g, struct gw_batch *b, bool last)
{
    struct gw_gpio_reactor *r = g->chip->r;
    b->last = last;
    if (r->env.sink.put(r->env.sink.ctx, b) == GW_OK)
        gw_ratelog_ok(&r->sink_log, b->mono_ms, GW_GPIO_TAG, "handing over to the core");
    else
        gw_ratelog_fail(&r->sink_log, b->mono_ms, GW_GPIO_TAG,
                        "the core does not keep up: a batch of %s is dropped", g->name);
    b->n = 0;
}

static void put(struct group *g, struct gw_batch *b, const struct gw_sample *s)
{
    if (b->n == GW_BATCH_MAX)
        gw_gpio_batch_send(g, b, false);
    b->samples[b->n++] = *s;
}

/* A stamp for the line's next samples: at_ms, but never before the one that went out last. */
static struct gw_stamp stamp_for(struct line *l, const struct gw_stamp *now, int64_t at_ms)
{
    if (at_ms < l->stamp_ms)
        at_ms = l->stamp_ms;
    l->stamp_ms = at_ms;
    return (struct gw_stamp){.mono_ms = at_ms, .wall_ms = now->wall_ms - (now->mono_ms - at_ms)};
}

static struct gw_sample bad_sample(uint32_t point, enum gw_vtype vtype, const struct gw_stamp *at)
{
    return (struct gw_sample){
        .point = point,
        .quality = GW_Q_BAD_COMM,
        .vtype = (uint8_t)vtype,
        .mono_ms = at->mono_ms,
        .wall_ms = at->wall_ms,
    };
}

void gw_gpio_batch_bad(struct line *l, struct gw_batch *b, const struct gw_stamp *now)
{
    const struct gw_stamp at = stamp_for(l, now, now->mono_ms);
    struct gw_sample s = bad_sample(l->point, GW_V_BOOL, &at);
    put(l->group, b, &s);
    if (l->edges_point != GW_GPIO_NO_POINT) {
        s = bad_sample(l->edges_point, GW_V_INT, &at);
        put(l->group, b, &s);
    }
}

/* The level as settled, and the number of edges. raw is the voltage: 1 = high. */
void gw_gpio_batch_level(struct line *l, struct gw_batch *b, const struct gw_stamp *now,
                         int64_t at_ms, bool level, enum gw_quality quality)
{
    const struct gw_gpio_point_keys *k = &l->conf->keys;
    const struct gw_stamp at = stamp_for(l, now, at_ms);
    struct gw_sample s = bad_sample(l->point, GW_V_BOOL, &at);
    s.quality = (uint8_t)quality;
    s.valued = 1;
    s.value.i = level != (k->wiring == GW_GPIO_NC);
    s.nraw = 1;
    s.raw[0] = level != k->active_low;
    put(l->group, b, &s);
    if (l->edges_point == GW_GPIO_NO_POINT)
        return;
    const uint64_t edges = l->debounce.edges;
    s = bad_sample(l->edges_point, GW_V_INT, &at);
    s.quality = l->debounce.lost ? GW_Q_UNCERTAIN : GW_Q_GOOD;
    s.valued = 1;
    s.value.i = (int64_t)edges;
    s.nraw = GW_RAW_MAX;
    for (unsigned i = 0; i < GW_RAW_MAX; i++)
        s.raw[i] = (uint16_t)(edges >> 16 * (GW_RAW_MAX - 1 - i));
    put(l->group, b, &s);
}
