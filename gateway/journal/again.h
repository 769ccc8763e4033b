/* SPDX-License-Identifier: Apache-2.0
 *
 * again: what the broker took and the platform has not receipted, each with the time at which it is
 * to be sent again: 60 s after the broker took it, then 2, 4, 8 and 15 min each time (engineering
 * defaults: a receiver receipts within seconds, and a record that it does not take now it may take
 * after it was mended). Private to this folder; pure.
 */
#ifndef GW_JOURNAL_AGAIN_H
#define GW_JOURNAL_AGAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GW_AGAIN_FIRST_MS 60000
#define GW_AGAIN_CAP_MS   900000
#define GW_AGAIN_MAX      ((size_t)65536) /* bounds the memory: 1.5 MiB */

struct gw_again_item {
    int64_t seq;
    int64_t due_ms; /* monotonic; INT64_MAX: on its way again */
    unsigned tries; /* how often the broker took it; 0: to be forgotten */
    bool wanted;    /* it was asked for since the broker took it last */
};

/* Zero-initialised is empty. */
struct gw_again {
    struct gw_again_item *at; /* ascending by seq */
    size_t n, cap;
    size_t gone;     /* of these, to be forgotten */
    int64_t next_ms; /* nothing is due before */
};

void gw_again_free(struct gw_again *a); /* empty afterwards */
/* The broker took it. false: no room or no memory. */
bool gw_again_put(struct gw_again *a, int64_t seq, int64_t now_ms);
/* It was asked for: it is due now, unless it is on its way. false: no room or no memory. */
bool gw_again_now(struct gw_again *a, int64_t seq, int64_t now_ms);
/* The broker has it, and nobody has asked for it since. */
bool gw_again_taken(const struct gw_again *a, int64_t seq);
bool gw_again_has(const struct gw_again *a, int64_t seq);
/* It need not be sent again. false: it was not there. */
bool gw_again_drop(struct gw_again *a, int64_t seq);
size_t gw_again_count(const struct gw_again *a);

/* When the next one is due; INT64_MAX: none is. */
int64_t gw_again_due(const struct gw_again *a);
/* The oldest of those that are due. */
bool gw_again_next(struct gw_again *a, int64_t now_ms, int64_t *seq);
/* It is on its way again: not due until the broker takes it, or all that was on its way is lost. */
void gw_again_out(struct gw_again *a, int64_t seq);
void gw_again_lost(struct gw_again *a, int64_t now_ms);

#endif
