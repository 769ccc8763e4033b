/* SPDX-License-Identifier: Apache-2.0
 *
 * fresh: rows that are not in telemetry.db yet. Most are delivered and acked within some
 * milliseconds and never get there: it takes only what a reader still lacks when the second of the
 * next commit is over. Private to this folder; the journal's thread owns it. Plain memory: a crash
 * loses it, as it always lost what came since the last commit.
 *
 * Ids are consecutive, so a row is found by its number.
 */
#ifndef GW_JOURNAL_FRESH_H
#define GW_JOURNAL_FRESH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "model/parcel.h"

#define GW_FRESH_ROWS  512
#define GW_FRESH_BYTES ((size_t)1024 * 1024) /* or a quarter of the file's quota */

/* One block of the pool of its owner. */
struct gw_row {
    size_t cap;               /* of the block */
    enum gw_parcel_kind kind; /* EVENT or TELEMETRY */
    int64_t t_ms;             /* wall time at which it was posted */
    char topic[GW_PARCEL_TOPIC];
    size_t len;
    char data[];
};

struct gw_fresh_row {
    struct gw_row *row; /* NULL: it has left */
    int64_t came_ms;    /* monotonic */
};

/* Zero-initialised but for max_bytes and pool it is empty. */
struct gw_fresh {
    size_t max_bytes;     /* set by the owner */
    struct gw_pool *pool; /* that rows go back to, set by the owner, lent; NULL: they are freed */
    struct gw_fresh_row ring[GW_FRESH_ROWS];
    size_t first, span;
    int64_t first_id; /* of ring[first] */
    size_t alive, bytes;
};

/* There is room for one more. */
bool gw_fresh_room(const struct gw_fresh *f);
/* Takes row over; id is one more than that of the row before, unless there is none. */
void gw_fresh_add(struct gw_fresh *f, struct gw_row *row, int64_t id, int64_t now_ms);
/* The first of that kind behind `after`; NULL: none. */
const struct gw_row *gw_fresh_next(const struct gw_fresh *f, enum gw_parcel_kind kind,
                                   int64_t after, int64_t *id);
/* Frees that row. false: it is not here. */
bool gw_fresh_drop(struct gw_fresh *f, int64_t id);
/* The i-th of span, first to last; NULL: it has left. */
const struct gw_row *gw_fresh_at(const struct gw_fresh *f, size_t i, int64_t *id);
/* When the oldest came, monotonic; INT64_MAX: there is none. */
int64_t gw_fresh_since(const struct gw_fresh *f);
/* How many of span, from the first, hold at most so many bytes; one that is alive at least. */
size_t gw_fresh_part(const struct gw_fresh *f, size_t bytes);
/* Frees the first n of span. */
void gw_fresh_shift(struct gw_fresh *f, size_t n);

#endif
