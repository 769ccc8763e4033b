/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/flight.h"

#include <assert.h>
#include <stdlib.h>

struct slot {
    int mid;
    struct gw_shipment shipment;
};

struct gw_flight {
    struct slot *slots; /* in no order */
    size_t count, capacity, limit;
    size_t retried; /* of count, those that were refused before */
    size_t granted;
};

enum gw_status gw_flight_new(size_t capacity, struct gw_flight **out)
{
    assert(capacity >= 1);
    struct gw_flight *f = calloc(1, sizeof *f);
    if (f == NULL)
        return GW_E_NOMEM;
    f->slots = calloc(capacity, sizeof *f->slots);
    f->capacity = capacity;
    f->limit = capacity;
    if (f->slots == NULL) {
        free(f);
        return GW_E_NOMEM;
    }
    *out = f;
    return GW_OK;
}

void gw_flight_free(struct gw_flight *f)
{
    if (f == NULL)
        return;
    gw_flight_clear(f);
    free(f->slots);
    free(f);
}

void gw_flight_limit(struct gw_flight *f, size_t limit)
{
    f->limit = limit < 1 ? 1 : limit < f->capacity ? limit : f->capacity;
}

bool gw_flight_room(const struct gw_flight *f)
{
    return f->count < f->limit;
}

size_t gw_flight_count(const struct gw_flight *f)
{
    return f->count;
}

size_t gw_flight_retried(const struct gw_flight *f)
{
    return f->retried;
}

unsigned gw_flight_grant(struct gw_flight *f, unsigned most)
{
    size_t used = f->count - f->retried + f->granted;
    if (used >= f->limit)
        return 0;
    size_t n = f->limit - used;
    if (n > most)
        n = most;
    f->granted += n;
    return (unsigned)n;
}

void gw_flight_arrived(struct gw_flight *f)
{
    if (f->granted > 0)
        f->granted--;
}

void gw_flight_add(struct gw_flight *f, int mid, const struct gw_shipment *take)
{
    assert(f->count < f->capacity);
    f->slots[f->count++] = (struct slot){.mid = mid, .shipment = *take};
    if (take->refusals > 0)
        f->retried++;
}

bool gw_flight_take(struct gw_flight *f, int mid, struct gw_shipment *out)
{
    size_t i = 0;
    while (i < f->count && f->slots[i].mid != mid)
        i++;
    if (i == f->count)
        return false;
    *out = f->slots[i].shipment;
    f->slots[i] = f->slots[--f->count];
    if (out->refusals > 0)
        f->retried--;
    return true;
}

size_t gw_flight_granted(const struct gw_flight *f)
{
    return f->granted;
}

void gw_flight_ungrant(struct gw_flight *f)
{
    f->granted = 0;
}

void gw_flight_clear(struct gw_flight *f)
{
    for (size_t i = 0; i < f->count; i++)
        gw_shipment_clear(&f->slots[i].shipment);
    f->count = 0;
    f->retried = 0;
    f->granted = 0;
}
