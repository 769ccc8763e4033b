/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/redial.h"

#include "publish/session.h"

#define FIRST_MS       1000
#define QUICK_CAP_MS   1500
#define QUICK_TRIES    40
#define AWAY_CAP_MS    15000
#define REFUSED_CAP_MS 60000
#define JITTER         20

struct gw_redial gw_redial_new(uint64_t seed)
{
    return (struct gw_redial){
        .quick = {.first_ms = FIRST_MS, .cap_ms = QUICK_CAP_MS, .jitter_pct = JITTER, .rand = seed},
        .slow = {.first_ms = FIRST_MS, .cap_ms = AWAY_CAP_MS, .jitter_pct = JITTER, .rand = ~seed},
    };
}

void gw_redial_reset(struct gw_redial *r)
{
    gw_backoff_reset(&r->quick);
    gw_backoff_reset(&r->slow);
}

int64_t gw_redial_wait_ms(struct gw_redial *r, enum gw_status why, unsigned reason)
{
    if (reason == GW_REASON_TAKEN_OVER)
        return GW_REDIAL_TAKEN_OVER_MS;
    if (why != GW_E_REFUSED && r->quick.tries < QUICK_TRIES)
        return gw_backoff_next(&r->quick);
    r->slow.cap_ms = why == GW_E_REFUSED ? REFUSED_CAP_MS : AWAY_CAP_MS;
    return gw_backoff_next(&r->slow);
}
