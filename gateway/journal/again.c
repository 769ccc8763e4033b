/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/again.h"

#include <stdlib.h>
#include <string.h>

void gw_again_free(struct gw_again *a)
{
    free(a->at);
    *a = (struct gw_again){0};
}

/* Where seq is, or where it would stand. */
static size_t place(const struct gw_again *a, int64_t seq)
{
    size_t low = 0;
    size_t high = a->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (a->at[mid].seq < seq)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static struct gw_again_item *find(const struct gw_again *a, int64_t seq)
{
    size_t i = place(a, seq);
    return i < a->n && a->at[i].seq == seq && a->at[i].tries > 0 ? &a->at[i] : NULL;
}

/* Forgets in one go what was dropped one by one. */
static void sweep(struct gw_again *a)
{
    size_t kept = 0;
    for (size_t i = 0; i < a->n; i++)
        if (a->at[i].tries > 0)
            a->at[kept++] = a->at[i];
    a->n = kept;
    a->gone = 0;
}

static bool make_room(struct gw_again *a)
{
    if (a->n == a->cap && a->gone > 0)
        sweep(a);
    if (a->n < a->cap)
        return true;
    size_t cap = a->cap == 0 ? 64 : a->cap * 2;
    struct gw_again_item *at = cap > GW_AGAIN_MAX ? NULL : realloc(a->at, cap * sizeof *at);
    if (at == NULL)
        return false;
    a->at = at;
    a->cap = cap;
    return true;
}

static int64_t wait_after(unsigned tries)
{
    int64_t wait_ms = GW_AGAIN_FIRST_MS;
    for (unsigned i = 1; i < tries && wait_ms < GW_AGAIN_CAP_MS; i++)
        wait_ms *= 2;
    return wait_ms < GW_AGAIN_CAP_MS ? wait_ms : GW_AGAIN_CAP_MS;
}

bool gw_again_put(struct gw_again *a, int64_t seq, int64_t now_ms)
{
    struct gw_again_item *item = find(a, seq);
    if (item == NULL) {
        if (!make_room(a))
            return false;
        size_t i = place(a, seq);
        if (i < a->n && a->at[i].seq == seq) {
            a->gone--;
        } else {
            memmove(&a->at[i + 1], &a->at[i], (a->n - i) * sizeof a->at[0]);
            a->n++;
        }
        item = &a->at[i];
        *item = (struct gw_again_item){.seq = seq};
    }
    item->tries++;
    item->wanted = false;
    item->due_ms = now_ms + wait_after(item->tries);
    if (item->due_ms < a->next_ms || gw_again_count(a) == 1)
        a->next_ms = item->due_ms;
    return true;
}

bool gw_again_now(struct gw_again *a, int64_t seq, int64_t now_ms)
{
    struct gw_again_item *item = find(a, seq);
    if (item == NULL && !gw_again_put(a, seq, now_ms))
        return false;
    item = find(a, seq);
    item->wanted = true;
    if (item->due_ms == INT64_MAX)
        return true;
    item->due_ms = now_ms;
    a->next_ms = now_ms < a->next_ms ? now_ms : a->next_ms;
    return true;
}

bool gw_again_taken(const struct gw_again *a, int64_t seq)
{
    const struct gw_again_item *item = find(a, seq);
    return item != NULL && !item->wanted;
}

bool gw_again_has(const struct gw_again *a, int64_t seq)
{
    return find(a, seq) != NULL;
}

bool gw_again_drop(struct gw_again *a, int64_t seq)
{
    struct gw_again_item *item = find(a, seq);
    if (item == NULL)
        return false;
    item->tries = 0;
    a->gone++;
    if (a->gone > a->n / 2)
        sweep(a);
    return true;
}

size_t gw_again_count(const struct gw_again *a)
{
    return a->n - a->gone;
}

int64_t gw_again_due(const struct gw_again *a)
{
    return gw_again_count(a) > 0 ? a->next_ms : INT64_MAX;
}

bool gw_again_next(struct gw_again *a, int64_t now_ms, int64_t *seq)
{
    int64_t next_ms = INT64_MAX;
    if (gw_again_due(a) > now_ms)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const struct gw_again_item *item = &a->at[i];
        if (item->tries == 0)
            continue;
        if (item->due_ms <= now_ms) {
            *seq = item->seq;
            return true;
        }
        if (item->due_ms < next_ms)
            next_ms = item->due_ms;
    }
    a->next_ms = next_ms;
    return false;
}

void gw_again_out(struct gw_again *a, int64_t seq)
{
    struct gw_again_item *item = find(a, seq);
    if (item != NULL)
        item->due_ms = INT64_MAX;
}

void gw_again_lost(struct gw_again *a, int64_t now_ms)
{
    for (size_t i = 0; i < a->n; i++) {
        if (a->at[i].tries > 0 && a->at[i].due_ms == INT64_MAX) {
            a->at[i].due_ms = now_ms;
            a->next_ms = now_ms;
        }
    }
}
