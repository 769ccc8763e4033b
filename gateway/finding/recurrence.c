/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/recurrence.h"

#include <stdlib.h>
#include <string.h>

/* Where a piece ends is decided by so many values before. */
#define LOOK 8
/* One place of sixteen is an end; never sooner than LEAST readings, at the latest after MOST. */
#define ENDS  16
#define LEAST 4
#define MOST  250

/* Room for so many pieces at first; it doubles. */
#define FIRST 32

struct piece {
    uint32_t hash; /* of the readings and of how many they are */
    uint32_t at_s;
};

struct gw_recurrence {
    bool any; /* the last reading is valid */
    int64_t at_ms, last;
    int64_t recent[LOOK]; /* the newest at (n - 1) % LOOK */
    size_t n;             /* since the last cut */

    uint32_t hash; /* of the piece that is being read ... */
    uint16_t reads, changes;
    bool whole; /* ... which began where another ended */

    struct piece *pieces; /* a ring */
    size_t cap;           /* of the ring; it grows only while nothing was overwritten */
    size_t count;         /* ever added; the newest at (count - 1) % cap */

    size_t lag; /* pieces between now and then; 0: nothing is repeated */
    int64_t same_reads, same_changes;
};

struct gw_recurrence *gw_recurrence_new(void)
{
    return calloc(1, sizeof(struct gw_recurrence));
}

void gw_recurrence_free(struct gw_recurrence *r)
{
    if (r == NULL)
        return;
    free(r->pieces);
    free(r);
}

/* FNV-1a over the bytes of a number, lowest first. */
static uint32_t mix(uint32_t hash, int64_t x)
{
    uint64_t bits = (uint64_t)x;
    for (int i = 0; i < 8; i++, bits >>= 8)
        hash = (hash ^ (uint32_t)(bits & 0xff)) * UINT32_C(16777619);
    return hash;
}

/* FNV's low bits alone are weak. */
static uint32_t stir(uint32_t h)
{
    h ^= h >> 16;
    h *= UINT32_C(0x85ebca6b);
    h ^= h >> 13;
    return h;
}

static void begin_piece(struct gw_recurrence *r, bool whole)
{
    r->hash = UINT32_C(2166136261);
    r->reads = 0;
    r->changes = 0;
    r->whole = whole;
}

static const struct piece *back(const struct gw_recurrence *r, size_t lag)
{
    return &r->pieces[(r->count - lag) % r->cap];
}

/* Looks for the piece among those before it: next to where the last one was found, or anywhere. */
static void recognise(struct gw_recurrence *r, uint32_t hash)
{
    const size_t kept = r->count < r->cap ? r->count : r->cap;
    if (r->lag == 0 || r->lag > kept || back(r, r->lag)->hash != hash) {
        r->same_reads = 0;
        r->same_changes = 0;
        size_t lag = 1;
        while (lag <= kept && back(r, lag)->hash != hash)
            lag++;
        r->lag = lag <= kept ? lag : 0;
    }
    if (r->lag != 0) {
        r->same_reads += r->reads;
        r->same_changes += r->changes;
    }
}

/* Room for the next piece, or what room there is. */
static void grow(struct gw_recurrence *r)
{
    if (r->count != r->cap || r->cap == GW_RECURRENCE_PIECES)
        return;
    const size_t cap = r->cap > 0 ? 2 * r->cap : FIRST;
    struct piece *more = realloc(r->pieces, cap * sizeof *more);
    if (more == NULL)
        return;
    r->pieces = more;
    r->cap = cap;
}

static void end_piece(struct gw_recurrence *r)
{
    const uint32_t hash = mix(r->hash, r->reads);
    if (r->whole)
        grow(r);
    if (r->whole && r->cap > 0) {
        recognise(r, hash);
        r->pieces[r->count++ % r->cap] =
            (struct piece){.hash = hash, .at_s = (uint32_t)(r->at_ms / 1000)};
    }
    begin_piece(r, true);
}

static bool ends_here(const struct gw_recurrence *r)
{
    if (r->reads >= MOST)
        return true;
    if (r->reads < LEAST || r->n < LOOK)
        return false;
    uint32_t hash = UINT32_C(2166136261);
    for (size_t i = 0; i < LOOK; i++)
        hash = mix(hash, r->recent[(r->n + i) % LOOK]);
    return stir(hash) % ENDS == 0;
}

void gw_recurrence_add(struct gw_recurrence *r, int64_t counts, int64_t at_ms)
{
    if (r->any && at_ms <= r->at_ms)
        return;
    if (r->n > 0 && counts != r->last)
        r->changes++;
    r->any = true;
    r->last = counts;
    r->at_ms = at_ms;
    r->recent[r->n++ % LOOK] = counts;
    r->hash = mix(r->hash, counts);
    r->reads++;
    if (ends_here(r))
        end_piece(r);
}

void gw_recurrence_cut(struct gw_recurrence *r)
{
    if (r->n == 0)
        return;
    r->n = 0;
    r->lag = 0;
    r->same_reads = 0;
    r->same_changes = 0;
    begin_piece(r, false);
}

struct gw_recurrence_match gw_recurrence_match(const struct gw_recurrence *r)
{
    if (r->lag == 0 || r->count <= r->lag)
        return (struct gw_recurrence_match){0};
    /* The newest piece is itself in the ring by now, and the one it is like lies lag before it. */
    const uint32_t now_s = back(r, 1)->at_s;
    const size_t then = r->lag < r->cap ? r->lag + 1 : r->cap;
    return (struct gw_recurrence_match){
        .reads = r->same_reads,
        .changes = r->same_changes,
        .ago_ms = (int64_t)(now_s - back(r, then)->at_s) * 1000,
    };
}
