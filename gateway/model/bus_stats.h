/* SPDX-License-Identifier: Apache-2.0
 *
 * bus_stats: what became of the requests to one device, and to all devices of a bus.
 *
 * Counters since the device's thread was started; the driver counts, each batch carries a copy to
 * the core, which adds what replaced threads had counted; those of a bus are the sum over its
 * devices. They wrap at 2^32, which at ten
 * requests a second takes thirteen years. Plain data, copied between threads.
 */
#ifndef GW_MODEL_BUS_STATS_H
#define GW_MODEL_BUS_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/jcs.h"
#include "base/status.h"

#define GW_STATS_TIMES 9
/* Upper ends of the classes of response time in ms; the last class has none and says 0. */
extern const int64_t gw_stats_times_ms[GW_STATS_TIMES];

#define GW_STATS_EXCEPTIONS 12 /* codes 1..11; 0: any other */

struct gw_bus_stats {
    uint64_t time_sum_ms;           /* of all answers */
    uint32_t times[GW_STATS_TIMES]; /* answers, exceptions among them, by response time */
    uint32_t timeouts;              /* no whole answer in time */
    uint32_t frame_errors;          /* wrong CRC, length, unit, function or transaction; noise */
    uint32_t lost;                  /* no connection, or no port; or it broke meanwhile */
    uint32_t exceptions[GW_STATS_EXCEPTIONS];
    uint32_t splits;  /* requests divided, because the device refused a part of them */
    uint16_t refused; /* requests that it refuses at present, and that cannot be divided */
    uint16_t tries;   /* passes without an answer in a row; 0: none */
    int32_t hold_ms;  /* back-off: the next try is so long after the end of this pass */
    uint32_t opens;   /* times that the bus's port or connection was opened */
};

/* An answer after took_ms; exception: its code, or 0. */
void gw_bus_stats_answer(struct gw_bus_stats *s, int64_t took_ms, uint8_t exception);
/* A request that failed: GW_E_TIMEOUT, GW_E_PROTO, or whatever else for the way to it. */
void gw_bus_stats_failure(struct gw_bus_stats *s, enum gw_status status);

uint64_t gw_bus_stats_answers(const struct gw_bus_stats *s);
uint64_t gw_bus_stats_all_exceptions(const struct gw_bus_stats *s);
/* False while nothing was asked at all: a device that is not asked by requests. */
bool gw_bus_stats_any(const struct gw_bus_stats *s);

/* Adds the counters of an earlier time, and no states, to those of the same device. */
void gw_bus_stats_add_past(struct gw_bus_stats *now, const struct gw_bus_stats *past);
/* Adds what can be added of `one` to `sum`; of opens, which all devices of a bus tell alike, the
 * most. */
void gw_bus_stats_add(struct gw_bus_stats *sum, const struct gw_bus_stats *one);

/* Writes them as member "comm": of a device with its back-off, of a bus with its openings. */
enum gw_stats_of { GW_STATS_OF_DEVICE = 0, GW_STATS_OF_BUS };
void gw_bus_stats_write(struct gw_jcs *j, const struct gw_bus_stats *s, enum gw_stats_of of);

#endif
