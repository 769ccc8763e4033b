/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/tape.h"

#include <stdlib.h>
#include <string.h>

/* Where a piece ends is decided by so many values before. */
#define LOOK 8
/* One place of sixteen is an end; never sooner than LEAST readings, at the latest after MOST. */
#define ENDS  16
#define LEAST 4
#define MOST  250

struct piece {
    uint32_t hash, at_s;
    uint16_t reads, changes;
};

struct gw_tape {
    bool any; /* the last reading is valid */
    int64_t at_ms, last;
    int64_t recent[LOOK]; /* the newest at (n - 1) % LOOK */
    size_t n;             /* since the last cut */

    uint32_t hash; /* of the piece that is being read ... */
    uint16_t reads, changes;
    bool whole; /* ... which began where another ended */

    struct piece pieces[GW_TAPE_PIECES]; /* a ring */
    size_t count; /* ever added; the newest at (count - 1) % GW_TAPE_PIECES */

    size_t lag; /* pieces between now and then; 0: nothing is repeated */
    int64_t same_reads, same_changes;
};

struct gw_tape *gw_tape_new(void)
{
    return calloc(1, sizeof(struct gw_tape));
}

void gw_tape_free(struct gw_tape *t)
{
    free(t);
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

static void begin_piece(struct gw_tape *t, bool whole)
{
    t->hash = UINT32_C(2166136261);
    t->reads = 0;
    t->changes = 0;
    t->whole = whole;
}

static const struct piece *back(const struct gw_tape *t, size_t lag)
{
    return &t->pieces[(t->count - lag) % GW_TAPE_PIECES];
}

static bool same(const struct piece *a, const struct piece *b)
{
    return a->hash == b->hash && a->reads == b->reads;
}

/* Looks for the piece among those before it: next to where the last one was found, or anywhere. */
static void recognise(struct gw_tape *t, const struct piece *p)
{
    const size_t kept = t->count < GW_TAPE_PIECES ? t->count : GW_TAPE_PIECES;
    if (t->lag == 0 || t->lag > kept || !same(back(t, t->lag), p)) {
        t->same_reads = 0;
        t->same_changes = 0;
        size_t lag = 1;
        while (lag <= kept && !same(back(t, lag), p))
            lag++;
        t->lag = lag <= kept ? lag : 0;
    }
    if (t->lag != 0) {
        t->same_reads += p->reads;
        t->same_changes += p->changes;
    }
}

static void end_piece(struct gw_tape *t)
{
    if (t->whole) {
        const struct piece p = {.hash = t->hash,
                                .at_s = (uint32_t)(t->at_ms / 1000),
                                .reads = t->reads,
                                .changes = t->changes};
        recognise(t, &p);
        t->pieces[t->count % GW_TAPE_PIECES] = p;
        t->count++;
    }
    begin_piece(t, true);
}

static bool ends_here(const struct gw_tape *t)
{
    if (t->reads >= MOST)
        return true;
    if (t->reads < LEAST || t->n < LOOK)
        return false;
    uint32_t hash = UINT32_C(2166136261);
    for (size_t i = 0; i < LOOK; i++)
        hash = mix(hash, t->recent[(t->n + i) % LOOK]);
    return stir(hash) % ENDS == 0;
}

void gw_tape_add(struct gw_tape *t, int64_t counts, int64_t at_ms)
{
    if (t->any && at_ms <= t->at_ms)
        return;
    if (t->n > 0 && counts != t->last)
        t->changes++;
    t->any = true;
    t->last = counts;
    t->at_ms = at_ms;
    t->recent[t->n++ % LOOK] = counts;
    t->hash = mix(t->hash, counts);
    t->reads++;
    if (ends_here(t))
        end_piece(t);
}

void gw_tape_cut(struct gw_tape *t)
{
    if (t->n == 0)
        return;
    t->n = 0;
    t->lag = 0;
    t->same_reads = 0;
    t->same_changes = 0;
    begin_piece(t, false);
}

struct gw_tape_match gw_tape_match(const struct gw_tape *t)
{
    if (t->lag == 0 || t->count <= t->lag)
        return (struct gw_tape_match){0};
    /* The newest piece is itself in the ring by now, and the one it is like lies lag before it. */
    const uint32_t now_s = back(t, 1)->at_s;
    const size_t then = t->lag < GW_TAPE_PIECES ? t->lag + 1 : GW_TAPE_PIECES;
    return (struct gw_tape_match){
        .reads = t->same_reads,
        .changes = t->same_changes,
        .ago_ms = (int64_t)(now_s - back(t, then)->at_s) * 1000,
    };
}
