/* SPDX-License-Identifier: Apache-2.0
 *
 * redial: how long to wait before the next connection to the broker. 1, 2, 4 ... 15 s where it was
 * not reached or lost, so that the gateway is back within 30 s after its line is; to 60 s where the
 * broker itself refused: it is not soon of another mind, and may ban who insists; 60 s at once
 * where another took the session over, since two boxes with one identity shall not fight all day.
 * All but the last +-20 %. Pure, owned by the MQTT worker's thread. Only for this folder.
 */
#ifndef GW_PUBLISH_REDIAL_H
#define GW_PUBLISH_REDIAL_H

#include "base/backoff.h"
#include "base/status.h"

#include <stdint.h>

#define GW_REDIAL_TAKEN_OVER_MS 60000

/* A fresh one. */
struct gw_backoff gw_redial(uint64_t seed);
/* ms to wait after an attempt or connection that ended with why and the broker's last word, reason
 * (0: it said none). */
int64_t gw_redial_wait_ms(struct gw_backoff *b, enum gw_status why, unsigned reason);

#endif
