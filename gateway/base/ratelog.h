/* SPDX-License-Identifier: Apache-2.0
 *
 * ratelog: one per failing thing; logs transitions, not repetitions.
 *
 * The first failure is logged at once, repeats at doubling intervals (1 s up to 1 day) with their
 * count, and one line tells of the recovery with count and duration. Zero-initialised is ready.
 * Failures are warnings, the recovery is information. Owned by one thread.
 */
#ifndef GW_BASE_RATELOG_H
#define GW_BASE_RATELOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct gw_ratelog {
    bool failing;
    uint64_t count;    /* failures since the last recovery */
    uint64_t unlogged; /* of these, not yet in a line */
    int64_t since_ms;  /* monotonic time of the first failure */
    int64_t next_ms;   /* no line before */
    int64_t interval_ms;
};

/* A failure at monotonic time now_ms. Returns true when a line was written. */
bool gw_ratelog_fail(struct gw_ratelog *rl, int64_t now_ms, const char *tag, const char *fmt, ...)
    GW_PRINTF(4, 5);

/* A success at now_ms; writes the recovery line if the thing was failing, and returns true then. */
bool gw_ratelog_ok(struct gw_ratelog *rl, int64_t now_ms, const char *tag, const char *what);

#endif
