/* SPDX-License-Identifier: Apache-2.0
 *
 * table: what is known of the plant now, and for the last minutes.
 *
 * Holds the latest sample of every point, a ring of past samples per point (for evidence windows),
 * and the life of every device. Memory is taken at creation: the ring of a watched point holds
 * window_ms / period_ms + 2 samples (both ends of the window), at least GW_HISTORY_MIN and at most
 * GW_HISTORY_MAX; the others share GW_HISTORY_OTHERS samples, for a look, and have one at least.
 * Owned by the core thread.
 */
#ifndef GW_MODEL_TABLE_H
#define GW_MODEL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "model/point.h"
#include "model/sample.h"

#define GW_HISTORY_MIN    16
#define GW_HISTORY_MAX    1024
#define GW_HISTORY_OTHERS 32768

struct gw_device_life {
    enum gw_link link;
    int64_t since_ms;     /* monotonic time of the last change of link; 0 = never heard of */
    int64_t last_ok_ms;   /* end of the last good pass; 0 = none since the start */
    int64_t last_pass_ms; /* end of the last pass, good or not; 0 = none since the start */
    struct gw_polls polls;
    struct gw_bus_stats stats;
    char fault[80];
    char identity[GW_IDENTITY_SIZE]; /* of the last batch that had one; "" = none so far */
};

/* What a table is made from. */
struct gw_table_conf {
    const struct gw_point *points; /* lent, must outlive the table */
    size_t npoints;
    const bool *watched;    /* which points' past counts; NULL: that of all */
    const uint32_t *bus_of; /* bus index of each device; copied */
    size_t ndevices;
    int64_t window_ms; /* history to keep per point */
};

struct gw_table;

/* A bus as its devices show it. ok: one answers. down: all are silent, so that it is rather the bus
 * than any of them. suspect: neither. unknown: none was heard of. */
struct gw_bus_life {
    enum gw_link link;
    int64_t since_ms; /* monotonic time of the last change of link; 0 = never heard of */
};

/* GW_E_NOMEM; GW_E_INVAL when a point names no device or has no period (err says which). */
enum gw_status gw_table_new(const struct gw_table_conf *conf, struct gw_table **out,
                            struct gw_err *err) GW_MUST_CHECK;
void gw_table_free(struct gw_table *t);

/* What goes on from an earlier table: for each point, device and bus of the new one its index in the
 * old one, or GW_TABLE_NEW. */
#define GW_TABLE_NEW UINT32_MAX
struct gw_table_keep {
    const uint32_t *points, *devices, *buses;
};
/* Takes over what `from` knows of these, history (as far as it fits) and life; all else has never
 * been heard of. t is new. */
void gw_table_inherit(struct gw_table *t, const struct gw_table *from,
                      const struct gw_table_keep *keep);

/* Takes in a batch. Samples for unknown points, of another device's points, of no known quality, or
 * older than the sample that is held are refused and counted (gw_table_refused); so is each sample
 * of a batch for an unknown device, or with more samples than a batch can hold. Returns true when
 * the device's link changed. Allocates nothing. */
bool gw_table_apply(struct gw_table *t, const struct gw_batch *batch);

/* The latest sample of a point as of now_ms (monotonic): its quality becomes STALE when a usable
 * sample is older than the point's stale_ms; stamps are never changed. A point that was never read
 * gives NOT_YET. point must be < npoints. */
struct gw_sample gw_table_get(const struct gw_table *t, uint32_t point, int64_t now_ms);

const struct gw_point *gw_table_point(const struct gw_table *t, uint32_t point);
size_t gw_table_npoints(const struct gw_table *t);
const struct gw_device_life *gw_table_device(const struct gw_table *t, uint32_t device);
size_t gw_table_ndevices(const struct gw_table *t);
/* bus must be < gw_table_nbuses, which is one more than the greatest of bus_of. */
const struct gw_bus_life *gw_table_bus(const struct gw_table *t, uint32_t bus);
size_t gw_table_nbuses(const struct gw_table *t);
uint32_t gw_table_bus_of(const struct gw_table *t, uint32_t device);
/* False for a device without points, which nobody asks. */
bool gw_table_polled(const struct gw_table *t, uint32_t device);
uint64_t gw_table_refused(const struct gw_table *t);

/* True when the silence of `device` is its own as of now_ms (monotonic): another device of its bus
 * vouches for the way there, or, where it is alone on its bus, a device of some other bus does. A
 * device vouches when it answered its last pass, when that pass ended no earlier than the link of
 * `device` became what it is, and no longer ago than its points need to grow stale (the first of
 * them): an answer from before the failure, or from before the gateway stopped polling, says
 * nothing of now. False when everything is silent (the gateway's own cable) or nothing was heard
 * yet.
 *
 * What this cannot see: a gateway with a single device in all never can tell, so false. For a
 * device alone on its bus the witness is on another wire; where the bus's own converter or the
 * switch of its cabinet is dead, that looks like the device's own silence. */
bool gw_table_siblings_ok(const struct gw_table *t, uint32_t device, int64_t now_ms);

/* Copies the point's samples with from_ms <= mono_ms <= to_ms, oldest first; of more than max, the
 * newest max. Returns how many. *complete becomes false (and is left alone otherwise) when the ring
 * no longer or not yet reaches back to from_ms, and when samples were left out for max. */
size_t gw_table_history(const struct gw_table *t, uint32_t point, int64_t from_ms, int64_t to_ms,
                        struct gw_sample *out, size_t max, bool *complete);

#endif
