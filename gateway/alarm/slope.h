/* SPDX-License-Identifier: Apache-2.0
 *
 * slope: how fast a quantity changes. Pure; any thread.
 *
 * The window is cut into three parts of equal time; the slope is from the median of the first to
 * the median of the last. So a spike, and noise about a steady value, make no slope, and a straight
 * line has exactly its own. A window with a hole says nothing: each outer part needs GW_SLOPE_LEAST
 * samples, and no two neighbours (nor an end and its nearest sample) may be further apart than one
 * part. What changes faster than a third of the window is seen late and flattened.
 */
#ifndef GW_ALARM_SLOPE_H
#define GW_ALARM_SLOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GW_SLOPE_MAX   288
#define GW_SLOPE_LEAST 3

struct gw_slope_sample {
    int64_t t_ms;
    double x; /* finite */
};

/* Samples oldest first with rising times within [from_ms, to_ms], at most GW_SLOPE_MAX. False when
 * the window has a hole; otherwise *per_minute is the slope. */
bool gw_slope(const struct gw_slope_sample *s, size_t n, int64_t from_ms, int64_t to_ms,
              double *per_minute);

#endif
