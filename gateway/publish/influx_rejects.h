/* SPDX-License-Identifier: Apache-2.0
 *
 * influx_rejects: points that the database will never take, counted by device, with its last word
 * on each. Plain data, bounded; owned by one thread, copied for others.
 */
#ifndef GW_PUBLISH_INFLUX_REJECTS_H
#define GW_PUBLISH_INFLUX_REJECTS_H

#include <stddef.h>
#include <stdint.h>

#include "conf/site.h"
#include "publish/influx_verdict.h"

#define GW_INFLUX_REJECTS 16

struct gw_influx_reject {
    char device[GW_ID_SIZE]; /* "" for rows that are none */
    uint64_t count;          /* since the start */
    char text[GW_INFLUX_MESSAGE];
};

/* With more devices than rows, the one that was least recently rejected makes place; its count
 * stays in the total. */
struct gw_influx_rejects {
    uint64_t total;
    size_t n;
    struct gw_influx_reject rows[GW_INFLUX_REJECTS]; /* most recent first */
};

void gw_influx_rejects_add(struct gw_influx_rejects *r, const char *device, const char *text);

#endif
