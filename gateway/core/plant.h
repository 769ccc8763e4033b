/* SPDX-License-Identifier: Apache-2.0
 *
 * plant: one configuration, with all that is known and decided by it: where samples come in, the
 * table, what is derived and sent of it, the checks.
 *
 * At a reload a second one is made beside it and takes over what goes on, so for a moment there are
 * two of everything here: twice the table's history, the checks and the configuration, at most. Core
 * thread; only the mailbox is for others.
 */
#ifndef GW_CORE_PLANT_H
#define GW_CORE_PLANT_H

#include "base/mailbox.h"
#include "conf/site_diff.h"
#include "core/config.h"
#include "core/identity.h"
#include "core/outage.h"
#include "core/pipeline.h"
#include "finding/engine.h"
#include "model/table.h"

struct gw_plant_conf {
    struct gw_config *config;                             /* held */
    const struct gw_identity *identity;                   /* lent */
    const struct gw_clock *clock;                         /* lent */
    struct gw_buf *text;                                  /* used while it is made */
    bool (*row)(void *arg, const char *data, size_t len); /* as of gw_pipeline_conf */
    void (*link)(void *arg, uint32_t device, const struct gw_device_life *life);
    enum gw_status (*emit)(void *ctx, const struct gw_draft *draft); /* as of gw_engine_conf */
    void *arg;                                                       /* of all of them */
    int64_t built_ms;
};

struct gw_plant {
    struct gw_config *config;
    const struct gw_site *site; /* of the config */
    const struct gw_inventory *inventory;
    char inventory_sha256[GW_SHA256_HEX];
    struct gw_mailbox *batches;
    struct gw_table *table;
    struct gw_outage *outage;
    struct gw_engine *engine;
    struct gw_pipeline *pipeline;
};

/* GW_E_NOMEM, and as the parts fail. */
enum gw_status gw_plant_new(const struct gw_plant_conf *conf, struct gw_plant **out,
                            struct gw_err *err) GW_MUST_CHECK;
void gw_plant_free(struct gw_plant *p); /* NULL is fine */

/* Takes over from the plant before what goes on by the diff between both; that one is only good to
 * be freed then. lost: as of gw_engine_inherit. GW_E_NOMEM. */
enum gw_status gw_plant_inherit(struct gw_plant *p, struct gw_plant *from,
                                const struct gw_site_diff *diff,
                                void (*lost)(void *ctx, const char *key), void *ctx) GW_MUST_CHECK;

/* Puts a copy of the batch in; ctx is a struct gw_plant. For drivers: any thread. */
enum gw_status gw_plant_put(void *ctx, const struct gw_batch *batch);

#endif
