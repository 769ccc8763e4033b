/* SPDX-License-Identifier: Apache-2.0
 *
 * pipeline: batch -> table -> checks -> telemetry row, one pass over one device at a time.
 *
 * Owned by the core thread. It knows neither threads nor files: batches come in by a call, rows and
 * link changes go out by calls. Memory is taken at creation.
 */
#ifndef GW_CORE_PIPELINE_H
#define GW_CORE_PIPELINE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/status.h"
#include "conf/site.h"
#include "finding/engine.h"
#include "model/table.h"

struct gw_pipeline_conf {
    const struct gw_site *site; /* lent */
    struct gw_table *table;     /* lent */
    const struct gw_clock *clock;
    /* One encoded telemetry row: what is worth sending of a pass. False: it is lost, and what it said
     * will be said by the next pass. NULL: none is wanted. */
    bool (*row)(void *arg, const char *data, size_t len);
    /* The link of a device changed. */
    void (*link)(void *arg, uint32_t device, const struct gw_device_life *life);
    void *arg;
};

struct gw_pipeline;

/* The table of a site's points and devices, with history for its evidence windows and for every
 * rule that looks back. Live and in a replay the same, so that both decide the same. GW_E_NOMEM,
 * GW_E_INVAL. */
enum gw_status gw_pipeline_table(const struct gw_site *site, struct gw_table **out,
                                 struct gw_err *err) GW_MUST_CHECK;

enum gw_status gw_pipeline_new(const struct gw_pipeline_conf *conf, struct gw_pipeline **out,
                               struct gw_err *err) GW_MUST_CHECK;
void gw_pipeline_free(struct gw_pipeline *p);

/* Takes in one batch. With its last batch a pass becomes a telemetry row, and the checks of the
 * device are evaluated if engine is not NULL (it is NULL until the journal is open). */
void gw_pipeline_batch(struct gw_pipeline *p, const struct gw_batch *batch,
                       struct gw_engine *engine);

#endif
