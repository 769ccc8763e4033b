/* SPDX-License-Identifier: Apache-2.0
 *
 * sample: one reading of one point, and the batch in which a driver hands over a pass.
 *
 * A sample keeps the raw registers beside the engineering value, and the stamps of the moment when
 * the answer arrived. An error never becomes a number: with a BAD quality `value` holds whatever
 * could still be decoded, for the evidence only. Plain data, copied between threads.
 */
#ifndef GW_MODEL_SAMPLE_H
#define GW_MODEL_SAMPLE_H

#include <stdint.h>

#include "model/bus_stats.h"
#include "model/value.h"

#define GW_RAW_MAX 4 /* a point spans at most four 16-bit registers */

struct gw_sample {
    uint32_t point;  /* index into the site's points */
    uint8_t quality; /* enum gw_quality */
    uint8_t vtype;   /* enum gw_vtype */
    uint8_t nraw; /* registers in raw; 0 when nothing valid was read; a bit point has 1 (0 or 1) */
    uint8_t valued; /* 1: `value` was decoded */
    union gw_datum value;
    int64_t mono_ms;
    int64_t wall_ms;
    uint16_t raw[GW_RAW_MAX];
};

enum gw_link {
    GW_LINK_UNKNOWN = 0, /* never asked yet */
    GW_LINK_OK,
    GW_LINK_SUSPECT, /* failed, but not for long enough to be called down */
    GW_LINK_DOWN
};
const char *gw_link_name(enum gw_link link); /* "unknown", "ok", "suspect", "down" */

/* Polls of one device since the start; in a batch, of its thread. scheduled == read + failed + skipped + (0 or 1 in flight). A
 * poll is one due pass; skipped: not attempted because of back-off or overrun. */
struct gw_polls {
    uint64_t scheduled, read, failed, skipped;
};

#define GW_BATCH_MAX 24

/* What a device says of itself: "AX100 sn 20241187". Longer texts end in a part of their hash. */
#define GW_IDENTITY_SIZE 48

/* Part of one pass over one device. A pass that needs more than GW_BATCH_MAX samples is sent as
 * several batches, the last of them with last = 1. A failed pass sends its points with BAD_COMM. */
struct gw_batch {
    uint32_t device; /* index into the site's devices */
    uint8_t link;    /* enum gw_link after the pass */
    uint8_t last;
    uint16_t n;
    struct gw_polls polls;
    struct gw_bus_stats stats; /* all 0 where nothing is asked by requests */
    int64_t mono_ms;           /* when the pass ended */
    int64_t wall_ms;
    char fault[80]; /* why the pass failed, for people; "" when it did not */
    /* The device as it was last identified since it came up; "" while not known, or when it has no
     * way to say. */
    char identity[GW_IDENTITY_SIZE];
    struct gw_sample samples[GW_BATCH_MAX];
};

#endif
