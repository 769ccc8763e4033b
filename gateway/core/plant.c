/* SPDX-License-Identifier: Apache-2.0 */
#include "core/plant.h"

#include <stdlib.h>

#include "core/document.h"

/* Twice the batches of one round over all devices, so that one slow core turn loses nothing. */
static size_t batch_capacity(const struct gw_site *site)
{
    size_t n = 64 + 2 * (site->ndevices + site->npoints / GW_BATCH_MAX);
    return n < 8192 ? n : 8192;
}

static enum gw_status make_engine(struct gw_plant *p, const struct gw_plant_conf *conf,
                                  const struct gw_identity *id, struct gw_err *err)
{
    const enum gw_status hashed =
        gw_document_inventory_sha256(id, p->inventory, conf->text, p->inventory_sha256);
    if (hashed != GW_OK)
        return gw_err_set(err, hashed, "inventory: cannot be hashed");
    const struct gw_engine_conf ec = {
        .inventory_sha256 = p->inventory_sha256,
        .inventory = p->inventory,
        .table = p->table,
        .boot_id = id->boot,
        .built_ms = conf->built_ms,
        .emit = conf->emit,
        .emit_ctx = conf->arg,
    };
    return gw_engine_new(&ec, &p->engine, err);
}

static enum gw_status make_parts(struct gw_plant *p, const struct gw_plant_conf *conf,
                                 struct gw_err *err)
{
    struct gw_identity id = *conf->identity;
    struct gw_pipeline_conf pc = {
        .site = p->site,
        .clock = conf->clock,
        .row = conf->row,
        .link = conf->link,
        .arg = conf->arg,
    };
    id.config_sha256 = p->site->config_sha256;
    enum gw_status st =
        gw_mailbox_new(sizeof(struct gw_batch), batch_capacity(p->site), &p->batches, err);
    if (st == GW_OK)
        st = gw_pipeline_table(p->site, &p->table, err);
    if (st == GW_OK)
        st = make_engine(p, conf, &id, err);
    if (st == GW_OK)
        st = gw_outage_new(p->table, &p->outage, err);
    pc.table = p->table;
    return st == GW_OK ? gw_pipeline_new(&pc, &p->pipeline, err) : st;
}

enum gw_status gw_plant_new(const struct gw_plant_conf *conf, struct gw_plant **out,
                            struct gw_err *err)
{
    struct gw_plant *p = calloc(1, sizeof *p);
    if (!p)
        return gw_err_set(err, GW_E_NOMEM, "plant: out of memory");
    p->config = conf->config;
    (void)gw_shared_hold(&p->config->shared);
    p->site = p->config->load.site;
    p->inventory = p->config->load.inventory;
    const enum gw_status st = make_parts(p, conf, err);
    if (st != GW_OK) {
        gw_plant_free(p);
        return st;
    }
    *out = p;
    return GW_OK;
}

void gw_plant_free(struct gw_plant *p)
{
    if (!p)
        return;
    gw_pipeline_free(p->pipeline);
    gw_outage_free(p->outage);
    gw_engine_free(p->engine);
    gw_table_free(p->table);
    gw_mailbox_free(p->batches);
    gw_config_drop(p->config);
    free(p);
}

enum gw_status gw_plant_inherit(struct gw_plant *p, struct gw_plant *from,
                                const struct gw_site_diff *diff,
                                void (*lost)(void *ctx, const char *key), void *ctx)
{
    const struct gw_table_keep keep = {
        .points = diff->points, .devices = diff->devices, .buses = diff->buses};

    gw_table_inherit(p->table, from->table, &keep);
    gw_outage_inherit(p->outage, from->outage, &keep);
    return gw_engine_inherit(p->engine, from->engine, lost, ctx);
}

enum gw_status gw_plant_put(void *ctx, const struct gw_batch *batch)
{
    const struct gw_plant *p = ctx;
    return gw_mailbox_put(p->batches, batch);
}
