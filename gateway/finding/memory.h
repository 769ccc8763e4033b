/* SPDX-License-Identifier: Apache-2.0
 *
 * memory: what the rules FROZEN and DECOUPLED keep of the past: a few numbers per check in place of
 * days of samples. Part of the check's state; plain data.
 */
#ifndef GW_FINDING_MEMORY_H
#define GW_FINDING_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#define GW_MEMORY_WITNESSES 4

struct gw_rule_memory {
    /* Kept over a restart. */
    bool holds;      /* the rest of these is valid */
    int64_t held_ms; /* time watched since the instrument moved last */
    double lo, hi;   /* what it said in that time */
    bool moved;      /* a witness moved in that time */

    /* Not kept: after a restart the witnesses are watched anew. */
    bool watching;   /* at_ms is valid */
    int64_t at_ms;   /* monotonic time of the last usable look */
    unsigned seeded; /* bit i: with_lo[i] and with_hi[i] are valid */
    double with_lo[GW_MEMORY_WITNESSES], with_hi[GW_MEMORY_WITNESSES];
};

#endif
