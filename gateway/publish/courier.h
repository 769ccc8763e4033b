/* SPDX-License-Identifier: Apache-2.0
 *
 * courier: what is to be sent while a session stands: documents first, then held parcels that came
 * due, then the backlog as far as the window goes; and what an acknowledgement means. Owned by the
 * MQTT worker's thread. Only for this folder.
 */
#ifndef GW_PUBLISH_COURIER_H
#define GW_PUBLISH_COURIER_H

#include "base/status.h"
#include "publish/documents.h"
#include "publish/mqtt.h"
#include "publish/session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GW_TOPIC_MAX 160 /* a whole topic with NUL */

struct gw_courier;

#define GW_FAULT_SIZE sizeof(((struct gw_mqtt_stats *)0)->fault)
/* Writes a fault of the stats as one line, cut between characters where it is too long. */
void gw_fault_set(char out[GW_FAULT_SIZE], const char *fmt, ...) GW_PRINTF(2, 3);

/* What conf and docs point at is lent. GW_E_NOMEM. */
enum gw_status gw_courier_new(const struct gw_mqtt_conf *conf, struct gw_documents *docs,
                              struct gw_courier **out) GW_MUST_CHECK;
void gw_courier_free(struct gw_courier *c);

/* "nonsite/v1/<gateway>/<below>" */
void gw_courier_topic(const struct gw_courier *c, const char *below, char out[GW_TOPIC_MAX]);

/* The broker has accepted the connection and takes receive_max messages at once. */
void gw_courier_begin(struct gw_courier *c, unsigned receive_max);
/* The connection is over: the backlog goes back to what was not acknowledged, all copies are freed.
 */
void gw_courier_end(struct gw_courier *c);

/* Sends what may be sent now. Any failure means that the connection is over. */
enum gw_status gw_courier_work(struct gw_courier *c, struct gw_session *session, int64_t now_ms,
                               struct gw_err *err) GW_MUST_CHECK;
/* The broker has answered for mid. */
void gw_courier_acked(struct gw_courier *c, int mid, unsigned reason, int64_t now_ms);

/* The broker refused the subscription: a fault for as long as the connection stands. */
void gw_courier_deaf(struct gw_courier *c, unsigned reason);

/* True when it would take a parcel from the mailbox now. */
bool gw_courier_hungry(const struct gw_courier *c);
/* When gw_courier_work has something to do without being woken; INT64_MAX: never. */
int64_t gw_courier_next_ms(const struct gw_courier *c);

/* Fills published, acked, refused, held, and fault if there is one. */
void gw_courier_stats(const struct gw_courier *c, struct gw_mqtt_stats *out);

#endif
