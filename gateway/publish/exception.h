/* SPDX-License-Identifier: Apache-2.0
 *
 * exception: telemetry by exception: which samples of a pass say something new.
 *
 * A sample is due when its point was never sent, when its quality changed, when it has a value and
 * had none (or the reverse), when its value left the point's deadband around the value sent last
 * (without a deadband: when it would be written otherwise), or when the heartbeat has passed since
 * then. A receiver that hears nothing of a point for a heartbeat and a period knows that it knows
 * nothing. Owned by one thread.
 */
#ifndef GW_PUBLISH_EXCEPTION_H
#define GW_PUBLISH_EXCEPTION_H

#include "base/status.h"
#include "conf/site.h"
#include "model/sample.h"

#include <stdbool.h>
#include <stdint.h>

struct gw_exception;

/* site is lent. GW_E_NOMEM. */
enum gw_status gw_exception_new(const struct gw_site *site,
                                struct gw_exception **out) GW_MUST_CHECK;
void gw_exception_free(struct gw_exception *e);

/* True when the sample is to be sent at now_ms; always without a heartbeat. */
bool gw_exception_due(const struct gw_exception *e, const struct gw_sample *s, int64_t now_ms);
/* It was sent at now_ms. */
void gw_exception_sent(struct gw_exception *e, const struct gw_sample *s, int64_t now_ms);

#endif
