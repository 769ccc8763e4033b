/* SPDX-License-Identifier: Apache-2.0
 *
 * counters: what came in and what went out, for the proof that a gateway only reads.
 *
 * Written as one JSON object:
 *   { "pid": 1, "connections": 2, "requests": 9, "replies": 8, "exceptions": 1, "forbidden": 0,
 *     "malformed": 0, "unknown_unit": 0, "functions": { "3": 9 },
 *     "devices": { "gas": { "requests": 9, "replies": 8, "exceptions": 1, "forbidden": 0,
 *                           "functions": { "3": 9 } } },
 *     "endpoints": { "panel": { "connections": 2, "malformed": 0, "unknown_unit": 0 } } }
 * "functions" has every function code that was received, with its count, whatever it got for an
 * answer; "forbidden" counts the requests with a code other than 1, 2, 3, 4 and 17. "replies"
 * counts what was sent in answer, spoilt frames as well, and "exceptions" those of them that were
 * exceptions. "malformed" counts what could not be a frame (of Modbus TCP: the connection is
 * closed).
 * Requests to a unit that is not there are in the sums only. Owned by one thread.
 */
#ifndef GW_PLANT_COUNTERS_H
#define GW_PLANT_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "plant/scenario.h"

/* One device, or the sum. */
struct gw_count {
    uint64_t requests, replies, exceptions, forbidden;
    uint64_t fc[256];
};

struct gw_endpoint_count {
    uint64_t connections, malformed, unknown_unit;
};

struct gw_counters {
    struct gw_count sum;
    struct gw_count *devices;
    struct gw_endpoint_count *endpoints;
    const struct gw_scenario *sc;
};

/* All at 0; sc must outlive it. GW_E_NOMEM. */
enum gw_status gw_counters_new(const struct gw_scenario *sc,
                               struct gw_counters **out) GW_MUST_CHECK;
void gw_counters_free(struct gw_counters *c);

/* device is an index, or -1 for a unit that is not there. */
void gw_counters_request(struct gw_counters *c, int device, uint8_t fc);
void gw_counters_reply(struct gw_counters *c, int device, bool exception);

/* Appends the JSON object and a newline; pid is the "pid". */
void gw_counters_json(const struct gw_counters *c, long pid, struct gw_buf *out);

/* Writes a file whole or not at all: beside it first, then renamed. GW_E_IO; err names the path. */
enum gw_status gw_counters_write(const char *path, const struct gw_buf *text,
                                 struct gw_err *err) GW_MUST_CHECK;

#endif
