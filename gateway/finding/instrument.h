/* SPDX-License-Identifier: Apache-2.0
 *
 * instrument: what stands, or should stand, at an asset, one instrument after the other: first what
 * a clause demands, then what is there besides. Pure; any thread.
 */
#ifndef GW_FINDING_INSTRUMENT_H
#define GW_FINDING_INSTRUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "finding/inventory.h"

struct gw_instrument {
    const char *role;            /* of several that would do the one that is played, or the first */
    const struct gw_text *title; /* of the role */
    const struct gw_finding *demand; /* raised for its absence; NULL: nothing demands it */
    uint32_t point;                  /* GW_NO_INDEX: nobody declared it */
};

/* Shows each; a role that several points play is several instruments. What see gets is lent for the
 * call, its members by inventory and catalogue. */
void gw_inventory_instruments(const struct gw_inventory *inv, const struct gw_site_asset *asset,
                              void (*see)(void *ctx, const struct gw_instrument *i), void *ctx);

/* Whether the check, without a subject of its own, decides by this role. */
bool gw_check_reads(const struct gw_check_def *check, const char *role);

/* The limit that the check holds its first point against; false when it is no such check. low: what
 * is below it is wrong. */
bool gw_check_bound(const struct gw_check_def *check, double *limit, bool *low);

#endif
