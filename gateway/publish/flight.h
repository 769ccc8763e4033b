/* SPDX-License-Identifier: Apache-2.0
 *
 * flight: which parcel stands behind which message id, and how many more may be asked for.
 *
 * Two things are counted. In flight: handed to the library and not acknowledged; never more than
 * the limit. Granted: asked of the backlog and not arrived yet. A retried parcel does not eat a
 * grant, or an idle backlog that holds all grants would keep a refused parcel from ever being tried
 * again. Pure bookkeeping, owned by the MQTT worker's thread. Only for this folder.
 */
#ifndef GW_PUBLISH_FLIGHT_H
#define GW_PUBLISH_FLIGHT_H

#include "base/status.h"
#include "publish/hold.h"

#include <stdbool.h>
#include <stddef.h>

struct gw_flight;

/* capacity >= 1: the greatest limit. GW_E_NOMEM. */
enum gw_status gw_flight_new(size_t capacity, struct gw_flight **out) GW_MUST_CHECK;
void gw_flight_free(struct gw_flight *f); /* with what is in flight */

/* Sets how many may be in flight from now on, at most the capacity, at least 1. */
void gw_flight_limit(struct gw_flight *f, size_t limit);

/* True when one more may be handed to the library. */
bool gw_flight_room(const struct gw_flight *f);
size_t gw_flight_count(const struct gw_flight *f);
size_t gw_flight_retried(const struct gw_flight *f); /* of these, refused before */

/* How many more parcels to grant now, `most` at most; they count as granted from here on. */
unsigned gw_flight_grant(struct gw_flight *f, unsigned most);
size_t gw_flight_granted(const struct gw_flight *f); /* and not arrived */
/* One of the granted has arrived (more than were granted is fine: they are stale ones). */
void gw_flight_arrived(struct gw_flight *f);

/* Takes the shipment over under its message id. There must be room. */
void gw_flight_add(struct gw_flight *f, int mid, const struct gw_shipment *take);
/* Hands out the shipment with this message id; false when there is none. */
bool gw_flight_take(struct gw_flight *f, int mid, struct gw_shipment *out);

/* Forgets the grants: the backlog does. */
void gw_flight_ungrant(struct gw_flight *f);
/* Frees what is in flight and forgets the grants. */
void gw_flight_clear(struct gw_flight *f);

#endif
