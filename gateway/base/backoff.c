/* SPDX-License-Identifier: Apache-2.0 */
#include "base/backoff.h"

#include <limits.h>

uint64_t gw_rand_next(uint64_t *state)
{
    *state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

uint64_t gw_rand_below(uint64_t *state, uint64_t bound)
{
    if (bound < 2)
        return 0;
    /* The lowest 2^64 mod bound values would make small results likelier. */
    uint64_t skip = (UINT64_MAX - bound + 1) % bound;
    uint64_t r;
    do {
        r = gw_rand_next(state);
    } while (r < skip);
    return r % bound;
}

int64_t gw_backoff_next(struct gw_backoff *b)
{
    int64_t wait = b->first_ms > 0 ? b->first_ms : 1;
    for (unsigned i = 0; i < b->tries && wait < b->cap_ms; i++)
        wait = wait <= INT64_MAX / 2 ? wait * 2 : INT64_MAX;
    if (wait > b->cap_ms)
        wait = b->cap_ms;
    if (b->tries < UINT_MAX)
        b->tries++;

    unsigned pct = b->jitter_pct < 100 ? b->jitter_pct : 100;
    int64_t span = wait / 100 * pct + wait % 100 * pct / 100;
    if (span <= 0)
        return wait;
    return wait - span + (int64_t)gw_rand_below(&b->rand, 2 * (uint64_t)span + 1);
}

void gw_backoff_reset(struct gw_backoff *b)
{
    b->tries = 0;
}
