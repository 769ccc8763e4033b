/* SPDX-License-Identifier: Apache-2.0 */
#include "core/derived.h"

#include <stdlib.h>
#include <string.h>

#include "model/derive.h"

#define LOOK 1024 /* samples of the window of a rate */

struct gw_derived {
    const struct gw_site *site;
    const struct gw_table *table;
    struct gw_sample past[LOOK];
    struct gw_batch batch;
};

enum gw_status gw_derived_new(const struct gw_site *site, const struct gw_table *table,
                              struct gw_derived **out, struct gw_err *err)
{
    struct gw_derived *d = calloc(1, sizeof *d);

    if (!d)
        return gw_err_set(err, GW_E_NOMEM, "derived points: out of memory");
    d->site = site;
    d->table = table;
    *out = d;
    return GW_OK;
}

void gw_derived_free(struct gw_derived *d)
{
    free(d);
}

static bool has_source(const struct gw_derived *d, const struct gw_site_derived *def,
                       uint32_t device)
{
    for (size_t i = 0; i < def->nof; i++)
        if (d->site->points[def->of[i]].device == device)
            return true;
    return false;
}

static void compute(struct gw_derived *d, const struct gw_site_derived *def, int64_t now_ms,
                    struct gw_sample *out)
{
    const struct gw_derive how = {.kind = (enum gw_derive_kind)def->kind,
                                  .pair_ms = def->pair_ms,
                                  .n = def->n,
                                  .window_ms = def->window_s * 1000,
                                  .modulus = d->site->points[def->of[0]].def->modulus};
    struct gw_sample of[GW_DERIVE_MAX] = {0};

    out->point = def->point;
    for (size_t i = 0; i < def->nof; i++)
        of[i] = gw_table_get(d->table, def->of[i], now_ms);
    if (how.kind == GW_DERIVE_RATE || how.kind == GW_DERIVE_INCREASE) {
        bool ignored = true;
        const size_t n = gw_table_history(d->table, def->of[0], of[0].mono_ms - how.window_ms,
                                          of[0].mono_ms, d->past, LOOK, &ignored);
        gw_derive_rate(&how, &of[0], d->past, n, out);
    } else {
        gw_derive_eval(&how, of, def->nof, out);
    }
}

/* The device is as well as the least of those that it depends on. */
static enum gw_link link_of(const struct gw_derived *d)
{
    static const int bad[] = {
        [GW_LINK_OK] = 0, [GW_LINK_SUSPECT] = 1, [GW_LINK_DOWN] = 2, [GW_LINK_UNKNOWN] = 3};
    enum gw_link worst = GW_LINK_OK;

    for (size_t k = 0; k < d->site->nderived; k++) {
        const struct gw_site_derived *def = &d->site->derived[k];
        for (size_t i = 0; i < def->nof; i++) {
            const uint32_t device = d->site->points[def->of[i]].device;
            const enum gw_link link = gw_table_device(d->table, device)->link;
            if (bad[link] > bad[worst])
                worst = link;
        }
    }
    return worst;
}

static void send(struct gw_derived *d, const struct gw_derived_pass *pass, bool last)
{
    d->batch.last = last;
    pass->take(pass->arg, &d->batch);
    d->batch.n = 0;
}

void gw_derived_pass(struct gw_derived *d, const struct gw_derived_pass *pass)
{
    bool any = false;

    for (size_t k = 0; k < d->site->nderived; k++) {
        const struct gw_site_derived *def = &d->site->derived[k];
        if (!has_source(d, def, pass->device))
            continue;
        if (!any) {
            memset(&d->batch, 0, sizeof d->batch);
            d->batch.device = d->site->points[def->point].device;
            d->batch.link = (uint8_t)link_of(d);
            d->batch.mono_ms = pass->mono_ms;
            d->batch.wall_ms = pass->wall_ms;
            any = true;
        } else if (d->batch.n == GW_BATCH_MAX) {
            send(d, pass, false);
        }
        struct gw_sample *s = &d->batch.samples[d->batch.n++];
        memset(s, 0, sizeof *s);
        compute(d, def, pass->mono_ms, s);
    }
    if (any)
        send(d, pass, true);
}
