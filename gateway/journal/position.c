/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/position.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 64

void gw_position_free(struct gw_position *p)
{
    free(p->out);
    *p = (struct gw_position){0};
}

void gw_position_set(struct gw_position *p, int64_t id)
{
    p->sent = id;
    p->n = 0;
}

bool gw_position_reserve(struct gw_position *p)
{
    if (p->n < p->cap)
        return true;
    size_t cap = p->cap == 0 ? FIRST_CAP : p->cap * 2;
    int64_t *out = realloc(p->out, cap * sizeof *out);
    if (out == NULL)
        return false;
    p->out = out;
    p->cap = cap;
    return true;
}

void gw_position_sent(struct gw_position *p, int64_t id)
{
    p->out[p->n++] = id;
    p->sent = id;
}

/* The index of the first entry that is not below id. */
static size_t find(const struct gw_position *p, int64_t id)
{
    size_t low = 0;
    size_t high = p->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (p->out[mid] < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool is_out(const struct gw_position *p, int64_t id, size_t *at)
{
    *at = find(p, id);
    return *at < p->n && p->out[*at] == id;
}

bool gw_position_ack(struct gw_position *p, int64_t id)
{
    size_t at;
    if (!is_out(p, id, &at))
        return id > p->sent;
    memmove(&p->out[at], &p->out[at + 1], (p->n - at - 1) * sizeof p->out[0]);
    p->n--;
    return true;
}

bool gw_position_passed(const struct gw_position *p, int64_t id)
{
    size_t at;
    return id <= p->sent && !is_out(p, id, &at);
}

int64_t gw_position_floor(const struct gw_position *p)
{
    return p->n > 0 ? p->out[0] - 1 : p->sent;
}
