/* SPDX-License-Identifier: Apache-2.0
 *
 * point: the declaration of one measured quantity. Filled from the site file and device profiles,
 * constant afterwards; may be read by any thread.
 */
#ifndef GW_MODEL_POINT_H
#define GW_MODEL_POINT_H

#include <stdint.h>

#include "model/value.h"

#define GW_POINT_ID   64
#define GW_POINT_UNIT 16

/* What all points of a kind have in common. A plant has many thousand points of a few dozen kinds. */
struct gw_point_def {
    enum gw_vtype vtype;
    int decimals;             /* digits shown after the point, 0..9 */
    char unit[GW_POINT_UNIT]; /* native unit, UTF-8: "%LEL", "m3/h"; "" for states and contacts */
    double sane_lo, sane_hi;  /* outside: BAD_RANGE; -INFINITY, INFINITY when not declared */
    int64_t modulus;          /* a counter starts again at 0 behind modulus - 1; 0: no counter */
    int64_t period_ms;        /* how often it is read */
    int64_t stale_ms;         /* older than this: STALE */
};

struct gw_point {
    const char *id; /* "<device>.<name>", unique in the site; shorter than GW_POINT_ID; lent */
    const struct gw_point_def *def; /* lent */
    uint32_t device;                /* index into the site's devices */
};

#endif
