/* SPDX-License-Identifier: Apache-2.0
 *
 * redial: how long to wait before the next connection to the broker. Where it was not reached or was
 * lost, 1 and then 1.5 s for the first forty tries, about a minute, so that a broker that restarts is
 * found within 2 s; then 1, 2, 4 ... 15 s, so that the gateway is back within 30 s after its line is.
 * Where the broker itself refused, 1, 2, 4 ... 60 s: it is not soon of another mind, and may ban who
 * insists; 60 s at once where another took the session over, since two boxes with one identity shall
 * not fight all day. All but the last +-20 %, so that many gateways of one broker spread themselves.
 * Pure, owned by the MQTT worker's thread. Only for this folder.
 */
#ifndef GW_PUBLISH_REDIAL_H
#define GW_PUBLISH_REDIAL_H

#include "base/backoff.h"
#include "base/status.h"

#include <stdint.h>

#define GW_REDIAL_TAKEN_OVER_MS 60000

/* Zero-initialised is none; see gw_redial_new. */
struct gw_redial {
    struct gw_backoff quick; /* the first tries for a broker that is away */
    struct gw_backoff slow;  /* all others */
};

/* A fresh one. */
struct gw_redial gw_redial_new(uint64_t seed);
/* A connection stood for long enough: it begins anew. */
void gw_redial_reset(struct gw_redial *r);
/* ms to wait after an attempt or connection that ended with why and the broker's last word, reason
 * (0: it said none). */
int64_t gw_redial_wait_ms(struct gw_redial *r, enum gw_status why, unsigned reason);

#endif
