/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/derived.h"
#include "publish/exception.h"
#include "publish/telemetry.h"

#define HISTORY_SPARE_MS 60000 /* windows are recorded a few at a time: history outlives them */

#define ROW_MAX ((size_t)1 << 20)
#define AS_READ INT64_C(0) /* no sample is stale then */

/* The pass that is coming in for one device. Its samples are in the table. */
struct pass {
    uint32_t *points; /* that it has a sample of; room for every point of the device */
    size_t n, room;
    int64_t mono_ms; /* of the batches in it */
};

struct gw_pipeline {
    struct gw_pipeline_conf conf;
    struct pass *passes;       /* one per device */
    uint32_t *points;          /* backs all passes */
    uint32_t *rank;            /* of each point among those of its device */
    struct gw_sample *samples; /* scratch: of one pass */
    uint32_t *order;           /* scratch of the encoder */
    struct gw_buf row;
    struct gw_exception *exception;
    struct gw_derived *derived;
};

/* Points of the "points" section may stand apart from their device's profile points, so count. */
static void count_points(const struct gw_site *site, struct pass *passes, size_t *most)
{
    *most = 1;
    for (size_t i = 0; i < site->npoints; i++) {
        struct pass *p = &passes[site->points[i].device];
        p->room++;
        if (p->room > *most)
            *most = p->room;
    }
}

/* Points whose past counts: evidence shows them, a finding or another point is made of them. */
static void watch(const struct gw_site *site, bool *watched)
{
    for (size_t i = 0; i < site->nassets; i++)
        for (size_t k = 0; k < site->assets[i].nroles; k++)
            for (size_t n = 0; n < site->assets[i].roles[k].npoints; n++)
                watched[site->assets[i].roles[k].points[n]] = true;
    for (size_t i = 0; i < site->nderived; i++)
        for (size_t k = 0; k < site->derived[i].nof; k++)
            watched[site->derived[i].of[k]] = true;
}

enum gw_status gw_pipeline_table(const struct gw_site *site, struct gw_table **out,
                                 struct gw_err *err)
{
    uint32_t *bus_of = calloc(site->ndevices + 1, sizeof *bus_of);
    bool *watched = calloc(site->npoints + 1, sizeof *watched);
    if (!bus_of || !watched) {
        free(bus_of);
        free(watched);
        return gw_err_set(err, GW_E_NOMEM, "table: out of memory");
    }
    watch(site, watched);
    for (size_t i = 0; i < site->ndevices; i++)
        bus_of[i] = site->devices[i].bus;
    struct gw_table_conf conf = {
        .points = site->points,
        .npoints = site->npoints,
        .watched = watched,
        .bus_of = bus_of,
        .ndevices = site->ndevices,
        .window_ms = (site->journal.window_before_s + site->journal.window_after_s) * 1000,
    };
    if (conf.window_ms < GW_RATE_WINDOW_S * INT64_C(1000))
        conf.window_ms = GW_RATE_WINDOW_S * INT64_C(1000);
    conf.window_ms += HISTORY_SPARE_MS;
    const enum gw_status st = gw_table_new(&conf, out, err);
    free(bus_of);
    free(watched);
    return st;
}

enum gw_status gw_pipeline_new(const struct gw_pipeline_conf *conf, struct gw_pipeline **out,
                               struct gw_err *err)
{
    const struct gw_site *site = conf->site;
    size_t most;
    struct gw_pipeline *p = calloc(1, sizeof *p);

    if (!p)
        return gw_err_set(err, GW_E_NOMEM, "pipeline: out of memory");
    p->conf = *conf;
    gw_buf_init(&p->row, ROW_MAX);
    p->passes = calloc(site->ndevices + 1, sizeof *p->passes);
    p->points = calloc(site->npoints + 1, sizeof *p->points);
    if (!p->passes || !p->points)
        goto nomem;
    count_points(site, p->passes, &most);
    p->samples = calloc(most, sizeof *p->samples);
    p->order = calloc(most, sizeof *p->order);
    p->rank = calloc(site->npoints + 1, sizeof *p->rank);
    if (!p->samples || !p->order || !p->rank ||
        gw_telemetry_rank(site->points, site->npoints, p->rank) != GW_OK ||
        gw_exception_new(site, &p->exception) != GW_OK)
        goto nomem;
    uint32_t *next = p->points;
    for (size_t i = 0; i < site->ndevices; i++) {
        p->passes[i].points = next;
        next += p->passes[i].room;
    }
    enum gw_status st = gw_derived_new(site, conf->table, &p->derived, err);
    if (st != GW_OK) {
        gw_pipeline_free(p);
        return st;
    }
    *out = p;
    return GW_OK;
nomem:
    gw_pipeline_free(p);
    return gw_err_set(err, GW_E_NOMEM, "pipeline: out of memory");
}

void gw_pipeline_free(struct gw_pipeline *p)
{
    if (!p)
        return;
    gw_derived_free(p->derived);
    gw_exception_free(p->exception);
    gw_buf_free(&p->row);
    free(p->order);
    free(p->rank);
    free(p->samples);
    free(p->points);
    free(p->passes);
    free(p);
}

static void collect(struct gw_pipeline *p, const struct gw_batch *b)
{
    struct pass *pass = &p->passes[b->device];
    /* The rest of an older pass never came: it was lost on the way, or its thread was left behind. */
    if (pass->mono_ms != b->mono_ms)
        pass->n = 0;
    pass->mono_ms = b->mono_ms;
    for (size_t i = 0; i < b->n && pass->n < pass->room; i++) {
        uint32_t point = b->samples[i].point;
        if (point < p->conf.site->npoints && p->conf.site->points[point].device == b->device)
            pass->points[pass->n++] = point;
    }
}

/* Fetches those samples of the pass that are worth sending; returns how many. */
static size_t sift(struct gw_pipeline *p, const struct pass *pass, int64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < pass->n; i++) {
        /* As it was read: what is sent is not called stale, however long the pass took. */
        p->samples[kept] = gw_table_get(p->conf.table, pass->points[i], AS_READ);
        kept += gw_exception_due(p->exception, &p->samples[kept], now_ms);
    }
    return kept;
}

static void emit_row(struct gw_pipeline *p, const struct gw_batch *b, const struct gw_stamp *now)
{
    const struct pass *pass = &p->passes[b->device];
    const size_t n = sift(p, pass, now->mono_ms);
    if (n == 0)
        return;
    struct gw_telemetry_pass tp = {
        .gateway = p->conf.site->gateway.id,
        .device = p->conf.site->devices[b->device].id,
        .points = p->conf.site->points,
        .samples = p->samples,
        .n = n,
        .rank = p->rank,
        .order = p->order,
        .norder = pass->room,
        .heartbeat_s = p->conf.site->telemetry.heartbeat_s,
        .end = {.mono_ms = b->mono_ms, .wall_ms = b->wall_ms, .sync = now->sync},
    };
    gw_buf_clear(&p->row);
    gw_telemetry_encode(&tp, &p->row);
    if (p->row.failed) {
        gw_log(GW_LOG_WARN, "core", "device %s: telemetry row of %zu points does not fit",
               tp.device, tp.n);
        return;
    }
    if (!p->conf.row(p->conf.arg, p->row.data, p->row.len))
        return;
    for (size_t i = 0; i < n; i++)
        gw_exception_sent(p->exception, &p->samples[i], now->mono_ms);
}

/* One batch of a device, an instrument or what is derived. True at the end of a pass. */
static bool take(struct gw_pipeline *p, const struct gw_batch *batch, struct gw_engine *engine)
{
    if (batch->device >= p->conf.site->ndevices || batch->n > GW_BATCH_MAX)
        return false;
    bool changed = gw_table_apply(p->conf.table, batch);
    collect(p, batch);
    if (changed)
        p->conf.link(p->conf.arg, batch->device, gw_table_device(p->conf.table, batch->device));
    if (!batch->last)
        return false;

    struct gw_stamp now = gw_clock_now(p->conf.clock);
    if (engine)
        gw_engine_device(engine, batch->device, &now);
    if (p->conf.row && p->passes[batch->device].n > 0)
        emit_row(p, batch, &now);
    p->passes[batch->device].n = 0;
    return true;
}

struct taker {
    struct gw_pipeline *p;
    struct gw_engine *engine;
};

static void take_derived(void *arg, const struct gw_batch *batch)
{
    const struct taker *t = arg;
    (void)take(t->p, batch, t->engine);
}

void gw_pipeline_batch(struct gw_pipeline *p, const struct gw_batch *batch,
                       struct gw_engine *engine)
{
    struct taker t = {p, engine};

    if (!take(p, batch, engine))
        return;
    gw_derived_pass(p->derived, &(struct gw_derived_pass){.device = batch->device,
                                                          .mono_ms = batch->mono_ms,
                                                          .wall_ms = batch->wall_ms,
                                                          .take = take_derived,
                                                          .arg = &t});
}
