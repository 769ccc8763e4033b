/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/hold.h"

#include "base/backoff.h"

#include <stdlib.h>

struct held {
    struct gw_shipment shipment;
    int64_t due_ms;
};

struct gw_hold {
    struct held *slots; /* in no order: there are few, and all come due at some time */
    size_t count;
    uint64_t rand;
};

void gw_shipment_clear(struct gw_shipment *s)
{
    gw_parcel_clear(&s->parcel);
}

enum gw_status gw_hold_new(uint64_t seed, struct gw_hold **out)
{
    struct gw_hold *h = calloc(1, sizeof *h);
    if (h == NULL)
        return GW_E_NOMEM;
    h->slots = calloc(GW_HOLD_LIMIT, sizeof *h->slots);
    h->rand = seed;
    if (h->slots == NULL) {
        free(h);
        return GW_E_NOMEM;
    }
    *out = h;
    return GW_OK;
}

void gw_hold_free(struct gw_hold *h)
{
    if (h == NULL)
        return;
    gw_hold_clear(h);
    free(h->slots);
    free(h);
}

/* Kinds are in the order of importance. */
static bool is_worse(const struct held *a, const struct held *b)
{
    const enum gw_parcel_kind ka = a->shipment.parcel.kind, kb = b->shipment.parcel.kind;
    return ka != kb ? ka > kb : a->due_ms > b->due_ms;
}

bool gw_hold_put(struct gw_hold *h, const struct gw_shipment *take, int64_t now_ms, bool nobody)
{
    struct gw_backoff wait = {
        .first_ms = nobody ? GW_HOLD_NOBODY_MS : GW_HOLD_FIRST_MS,
        .cap_ms = nobody ? GW_HOLD_NOBODY_MS : GW_HOLD_CAP_MS,
        .jitter_pct = 20,
        .tries = take->refusals,
        .rand = h->rand,
    };
    struct held next = {.shipment = *take, .due_ms = now_ms + gw_backoff_next(&wait)};
    next.shipment.refusals = wait.tries;
    h->rand = wait.rand;
    if (h->count < GW_HOLD_LIMIT) {
        h->slots[h->count++] = next;
        return false;
    }
    struct held *worst = &next;
    for (size_t i = 0; i < h->count; i++)
        if (is_worse(&h->slots[i], worst))
            worst = &h->slots[i];
    gw_shipment_clear(&worst->shipment);
    if (worst != &next)
        *worst = next;
    return true;
}

void gw_hold_hasten(struct gw_hold *h, int64_t now_ms)
{
    for (size_t i = 0; i < h->count; i++)
        h->slots[i].due_ms = now_ms;
}

/* The slot that comes due first, or NULL. */
static struct held *first(const struct gw_hold *h)
{
    struct held *best = NULL;
    for (size_t i = 0; i < h->count; i++)
        if (best == NULL || h->slots[i].due_ms < best->due_ms)
            best = &h->slots[i];
    return best;
}

bool gw_hold_due(struct gw_hold *h, int64_t now_ms, struct gw_shipment *out)
{
    struct held *slot = first(h);
    if (slot == NULL || slot->due_ms > now_ms)
        return false;
    *out = slot->shipment;
    *slot = h->slots[--h->count];
    return true;
}

int64_t gw_hold_next_ms(const struct gw_hold *h)
{
    const struct held *slot = first(h);
    return slot != NULL ? slot->due_ms : INT64_MAX;
}

size_t gw_hold_count(const struct gw_hold *h)
{
    return h->count;
}

void gw_hold_clear(struct gw_hold *h)
{
    for (size_t i = 0; i < h->count; i++)
        gw_shipment_clear(&h->slots[i].shipment);
    h->count = 0;
}
