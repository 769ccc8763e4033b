/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/signal: what the currents of a 4-20 mA instrument mean.
 *
 * An instrument behind an analogue input says by its current that it is broken, in calibration or
 * out of range, and makers do not agree on which current says what. So the bands stand in a profile
 * of the instrument (or in the point itself), apart from the module that measures. Owned by the
 * loading thread.
 */
#ifndef GW_MODBUS_SIGNAL_H
#define GW_MODBUS_SIGNAL_H

#include <stdbool.h>

#include "conf/keys.h"
#include "conf/site.h"
#include "modbus/decode.h"

struct gw_mb_point_def;

extern const struct gw_key gw_mb_band_keys[]; /* an element of "bands" */

/* Fills bands and range of p->format from what p->keys says ("signal", "bands", "range"); the
 * profile of "signal" is loaded. false when an issue was added. */
bool gw_mb_signal_read(struct gw_site *site, struct gw_mb_point_def *p, struct gw_issues *issues);

/* Reads "bands" into f. false when an issue was added. */
bool gw_mb_bands_read(const struct gw_jnode *list, struct gw_mb_format *f,
                      struct gw_issues *issues);

#endif
