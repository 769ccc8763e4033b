/* SPDX-License-Identifier: Apache-2.0
 *
 * backoff: exponential waiting times with jitter and a cap, and the small seeded generator that
 * the jitter comes from. Plain values, owned by one thread.
 */
#ifndef GW_BASE_BACKOFF_H
#define GW_BASE_BACKOFF_H

#include <stdint.h>

/* splitmix64; the state is the seed. Not for keys. */
uint64_t gw_rand_next(uint64_t *state);
/* Evenly in [0, bound), bound >= 1. */
uint64_t gw_rand_below(uint64_t *state, uint64_t bound);

struct gw_backoff {
    int64_t first_ms; /* the first wait, before jitter */
    int64_t cap_ms;   /* no wait is longer than this plus its jitter */
    unsigned jitter_pct;
    unsigned tries; /* failures since the last reset */
    uint64_t rand;  /* seed */
};

/* first, 2 x first, 4 x first ... cap; each varied evenly by +-jitter_pct. */
int64_t gw_backoff_next(struct gw_backoff *b);
void gw_backoff_reset(struct gw_backoff *b);

#endif
