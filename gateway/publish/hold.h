/* SPDX-License-Identifier: Apache-2.0
 *
 * hold: parcels that the broker has refused, each with the time of its next try.
 *
 * A refusal may be mended (an access list, a missing subscriber), so each is tried again; the others
 * pass meanwhile. Where there is no room for more, one is let go: the journal still has it, and
 * hands it out again when it is asked to begin anew. Pure bookkeeping, owned by the MQTT worker's thread. Only for this folder.
 */
#ifndef GW_PUBLISH_HOLD_H
#define GW_PUBLISH_HOLD_H

#include "base/status.h"
#include "model/parcel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GW_HOLD_LIMIT 64 /* so many are held at most */

#define GW_HOLD_FIRST_MS  5000
#define GW_HOLD_CAP_MS    600000
#define GW_HOLD_NOBODY_MS 30000 /* when nobody was subscribed: the wait, each time */

/* A parcel on its way, with its history. */
struct gw_shipment {
    struct gw_parcel parcel;
    unsigned refusals; /* how often it was refused on this connection */
};
void gw_shipment_clear(struct gw_shipment *s); /* gives the parcel's data back */

struct gw_hold;

/* GW_E_NOMEM. */
enum gw_status gw_hold_new(uint64_t seed, struct gw_hold **out) GW_MUST_CHECK;
void gw_hold_free(struct gw_hold *h); /* with what is held */

/* Takes the shipment over and counts the refusal; it comes due after 5 s, 10 s ... 10 min, each
 * varied by +-20 %, or after 30 s where nobody was subscribed. true: the limit was reached and one
 * was let go, the last due of the least important kind. */
bool gw_hold_put(struct gw_hold *h, const struct gw_shipment *take, int64_t now_ms, bool nobody);
/* What stood in the way may be gone: all come due now. */
void gw_hold_hasten(struct gw_hold *h, int64_t now_ms);

/* Hands out the shipment that has been due for longest at now_ms; false when none is. */
bool gw_hold_due(struct gw_hold *h, int64_t now_ms, struct gw_shipment *out);
/* When the next one comes due; INT64_MAX when nothing is held. */
int64_t gw_hold_next_ms(const struct gw_hold *h);

size_t gw_hold_count(const struct gw_hold *h);
void gw_hold_clear(struct gw_hold *h); /* frees what is held */

#endif
