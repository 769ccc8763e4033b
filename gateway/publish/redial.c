/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/redial.h"

#include "publish/session.h"

#define FIRST_MS       1000
#define AWAY_CAP_MS    15000
#define REFUSED_CAP_MS 60000

struct gw_backoff gw_redial(uint64_t seed)
{
    return (struct gw_backoff){
        .first_ms = FIRST_MS, .cap_ms = AWAY_CAP_MS, .jitter_pct = 20, .rand = seed};
}

int64_t gw_redial_wait_ms(struct gw_backoff *b, enum gw_status why, unsigned reason)
{
    if (reason == GW_REASON_TAKEN_OVER)
        return GW_REDIAL_TAKEN_OVER_MS;
    b->cap_ms = why == GW_E_REFUSED ? REFUSED_CAP_MS : AWAY_CAP_MS;
    return gw_backoff_next(b);
}
