/* SPDX-License-Identifier: Apache-2.0
 *
 * memory: what the rules that look at the past keep of it: a few numbers per check in place of days
 * of samples. Part of the check's state; plain data; of the size below and no more.
 */
#ifndef GW_FINDING_MEMORY_H
#define GW_FINDING_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "finding/inventory.h"
#include "model/sample.h"

#define GW_MEMORY_TEXT  GW_IDENTITY_SIZE
#define GW_MEMORY_MOVES INT64_C(1000000) /* counted so far and no further */

struct gw_rule_memory {
    /* Kept over a restart. FROZEN, DECOUPLED, RAIL: */
    bool holds;      /* held_ms, lo, hi and moved are valid */
    int64_t held_ms; /* time watched since the instrument moved last */
    double lo, hi;   /* what it said in that time */
    bool moved;      /* a witness moved in that time */
    int64_t moves;   /* FROZEN with `moves`: how often it has moved */
    int64_t calm_ms; /* and the longest that it stood still between two moves */
    /* CHANGED, SWAPPED: what it is held to, and what else it said when that was told. "": none. */
    char kept[GW_MEMORY_TEXT], told[GW_MEMORY_TEXT];

    /* Not kept: after a restart these are watched anew. */
    bool watching;   /* at_ms is valid */
    int64_t at_ms;   /* monotonic time of the last usable look */
    unsigned seeded; /* bit i: with_lo[i] and with_hi[i] are valid */
    double with_lo[GW_WITNESSES], with_hi[GW_WITNESSES];
    int sign;        /* ALTERNATING: of the last large difference; 0: none yet */
    int64_t flips;   /* how often the sign changed */
    int64_t flip_ms; /* monotonic time of the last change */
};

/* REPEATED keeps more, for each of its checks: see rule_repeated.c. */
struct gw_recurrence;

#endif
