/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/fresh.h"

#include <assert.h>

static struct gw_fresh_row *at(struct gw_fresh *f, size_t i)
{
    return &f->ring[(f->first + i) % GW_FRESH_ROWS];
}

bool gw_fresh_room(const struct gw_fresh *f)
{
    return f->span < GW_FRESH_ROWS && f->bytes < f->max_bytes;
}

void gw_fresh_add(struct gw_fresh *f, struct gw_row *row, int64_t id, int64_t now_ms)
{
    assert(f->span < GW_FRESH_ROWS);
    if (f->span == 0)
        f->first_id = id;
    assert(id == f->first_id + (int64_t)f->span);
    *at(f, f->span) = (struct gw_fresh_row){row, now_ms};
    f->span++;
    f->alive++;
    f->bytes += row->len;
}

const struct gw_row *gw_fresh_at(const struct gw_fresh *f, size_t i, int64_t *id)
{
    *id = f->first_id + (int64_t)i;
    return f->ring[(f->first + i) % GW_FRESH_ROWS].row;
}

const struct gw_row *gw_fresh_next(const struct gw_fresh *f, enum gw_parcel_kind kind,
                                   int64_t after, int64_t *id)
{
    size_t i = after < f->first_id ? 0 : (size_t)(after - f->first_id) + 1;
    for (; i < f->span; i++) {
        const struct gw_row *row = gw_fresh_at(f, i, id);
        if (row != NULL && row->kind == kind)
            return row;
    }
    return NULL;
}

static void leave(struct gw_fresh *f, struct gw_fresh_row *r)
{
    f->alive--;
    f->bytes -= r->row->len;
    gw_pool_give(f->pool, r->row, r->row->cap);
    r->row = NULL;
}

/* The first is never one that has left. */
static void settle(struct gw_fresh *f)
{
    while (f->span > 0 && at(f, 0)->row == NULL) {
        f->first = (f->first + 1) % GW_FRESH_ROWS;
        f->first_id++;
        f->span--;
    }
}

bool gw_fresh_drop(struct gw_fresh *f, int64_t id)
{
    if (id < f->first_id || id - f->first_id >= (int64_t)f->span)
        return false;
    struct gw_fresh_row *r = at(f, (size_t)(id - f->first_id));
    if (r->row == NULL)
        return false;
    leave(f, r);
    settle(f);
    return true;
}

int64_t gw_fresh_since(const struct gw_fresh *f)
{
    return f->span > 0 ? f->ring[f->first].came_ms : INT64_MAX;
}

size_t gw_fresh_part(const struct gw_fresh *f, size_t bytes)
{
    size_t sum = 0;
    int64_t id;
    for (size_t i = 0; i < f->span; i++) {
        const struct gw_row *row = gw_fresh_at(f, i, &id);
        if (row != NULL && sum > 0 && sum + row->len > bytes)
            return i;
        sum += row != NULL ? row->len : 0;
    }
    return f->span;
}

void gw_fresh_shift(struct gw_fresh *f, size_t n)
{
    assert(n <= f->span);
    for (size_t i = 0; i < n; i++)
        if (at(f, i)->row != NULL)
            leave(f, at(f, i));
    f->first = (f->first + n) % GW_FRESH_ROWS;
    f->first_id += (int64_t)n;
    f->span -= n;
    settle(f);
}
