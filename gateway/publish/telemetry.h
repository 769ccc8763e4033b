/* SPDX-License-Identifier: Apache-2.0
 *
 * telemetry: one pass over one device as one canonical JSON row. Pure; any thread.
 *
 * {"device":"gas","gateway":"g1","points":{"gas.p1":{"q":"GOOD","t":1795305600123,"v":"3.2"},...},
 *  "sync":true,"t":1795305600130,"v":1}
 * By exception, "heartbeat_s":60 stands behind "gateway": what is left out has not changed, and would
 * be there after 60 s all the same.
 * t is wall time in ms of the sample (inside) and of the end of the pass (outside). "v" of a point
 * is its value as a string: a decimal, "true"/"false", or a state's name; it is left out when the
 * quality allows none (a value that was not decoded).
 */
#ifndef GW_PUBLISH_TELEMETRY_H
#define GW_PUBLISH_TELEMETRY_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/status.h"
#include "model/point.h"
#include "model/sample.h"

#include <stddef.h>
#include <stdint.h>

/* Gives each point its place among the points of its device in the order of their ids. GW_E_NOMEM. */
enum gw_status gw_telemetry_rank(const struct gw_point *points, size_t n,
                                 uint32_t *rank) GW_MUST_CHECK;

/* samples must be of points of one device, each at most once; they are written in order of their
 * ids. Appends to out, which latches failure when it is full. order is scratch for as many indexes
 * as the device has points. */
struct gw_telemetry_pass {
    const char *gateway;
    const char *device;
    const struct gw_point *points; /* all points of the site */
    const struct gw_sample *samples;
    size_t n;
    const uint32_t *rank; /* of all points of the site */
    uint32_t *order;
    size_t norder; /* points of the device */
    struct gw_stamp end;
    int64_t heartbeat_s; /* 0: the pass is whole */
};
void gw_telemetry_encode(const struct gw_telemetry_pass *pass, struct gw_buf *out);

/* Writes the sample's value as a string ("36.75", "true", "SENSOR_FAULT"); "" when it has none. */
#define GW_VALUE_TEXT 48
void gw_value_text(const struct gw_point *point, const struct gw_sample *s,
                   char out[GW_VALUE_TEXT]);

#endif
