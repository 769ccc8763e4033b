/* SPDX-License-Identifier: Apache-2.0
 *
 * Making a pass: the entries of a device by period, what they need of each other, and the requests.
 */
#include "modbus/pass_in.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int by_period(const void *a, const void *b)
{
    const struct gw_mb_entry *x = a;
    const struct gw_mb_entry *y = b;
    /* The sample's stamp is not used yet: it carries the period while sorting. */
    if (x->sample.mono_ms != y->sample.mono_ms)
        return x->sample.mono_ms < y->sample.mono_ms ? -1 : 1;
    return x->sample.point < y->sample.point ? -1 : 1;
}

static enum gw_status collect(struct gw_mb_pass *p, const struct gw_site *site, struct gw_err *err)
{
    const struct gw_site_device *d = &site->devices[p->device];
    for (size_t i = 0; i < site->npoints; i++)
        p->nentries += site->points[i].device == p->device;
    if (p->nentries == 0)
        return gw_err_set(err, GW_E_NOTFOUND, "devices.%s: has no points", d->id);
    p->entries = calloc(p->nentries, sizeof *p->entries);
    if (p->entries == NULL)
        return gw_err_set(err, GW_E_NOMEM, "devices.%s: out of memory", d->id);
    size_t n = 0;
    for (size_t i = 0; i < site->npoints; i++) {
        if (site->points[i].device != p->device)
            continue;
        p->entries[n++] = (struct gw_mb_entry){
            .conf = site->point_priv[i],
            .sample = {.point = (uint32_t)i, .mono_ms = site->points[i].def->period_ms},
        };
    }
    qsort(p->entries, p->nentries, sizeof *p->entries, by_period);
    return GW_OK;
}

static bool has_extra(const struct gw_mb_point_def *def)
{
    return def->keys.state_from[0] != '\0' || def->keys.decimals_from[0] != '\0' ||
           def->keys.count_from[0] != '\0' || def->nfault_if > 0 || def->nvalid_if > 0 ||
           def->keys.restart_if_less || def->keys.expect != INT64_MIN;
}

/* The entry that e calls `name`; GW_MB_NONE for "" and for what the device does not have. */
static uint32_t find_entry(const struct gw_mb_pass *p, const struct gw_site *site,
                           const struct gw_mb_entry *e, const char *name)
{
    char id[GW_POINT_ID];
    if (name[0] == '\0' || !gw_mb_point_ref(site, p->device, e->conf, name, id))
        return GW_MB_NONE;
    for (size_t i = 0; i < p->nentries; i++)
        if (strcmp(site->points[p->entries[i].sample.point].id, id) == 0)
            return (uint32_t)i;
    return GW_MB_NONE;
}

static bool link_entry(const struct gw_mb_pass *p, const struct gw_site *site,
                       const struct gw_mb_entry *e, struct gw_mb_extra *out)
{
    const struct gw_mb_point_def *def = e->conf->def;
    *out = (struct gw_mb_extra){
        .state_from = find_entry(p, site, e, def->keys.state_from),
        .decimals_from = find_entry(p, site, e, def->keys.decimals_from),
        .count_from = find_entry(p, site, e, def->keys.count_from),
        .nfaults = def->nfault_if,
        .nvalid = def->nvalid_if,
    };
    bool found = (out->state_from == GW_MB_NONE) == (def->keys.state_from[0] == '\0') &&
                 (out->decimals_from == GW_MB_NONE) == (def->keys.decimals_from[0] == '\0') &&
                 (out->count_from == GW_MB_NONE) == (def->keys.count_from[0] == '\0');
    for (size_t k = 0; k < def->nfault_if; k++) {
        out->faults[k] = find_entry(p, site, e, def->fault_if[k]);
        found = found && out->faults[k] != GW_MB_NONE;
    }
    for (size_t k = 0; k < def->nvalid_if; k++) {
        out->valid[k] = find_entry(p, site, e, def->valid_if[k]);
        found = found && out->valid[k] != GW_MB_NONE;
    }
    return found;
}

static enum gw_status link_refs(struct gw_mb_pass *p, const struct gw_site *site,
                                struct gw_err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < p->nentries; i++)
        n += has_extra(p->entries[i].conf->def);
    if (n == 0)
        return GW_OK;
    p->extras = calloc(n, sizeof *p->extras);
    if (p->extras == NULL)
        return gw_err_set(err, GW_E_NOMEM, "devices.%s: out of memory",
                          site->devices[p->device].id);
    n = 0;
    for (size_t i = 0; i < p->nentries; i++) {
        struct gw_mb_entry *e = &p->entries[i];
        if (!has_extra(e->conf->def))
            continue;
        if (!link_entry(p, site, e, &p->extras[n]))
            return gw_err_set(err, GW_E_RANGE, "points.%s: refers to no point of its device",
                              site->points[e->sample.point].id);
        e->extra = &p->extras[n++];
    }
    return GW_OK;
}

/* Splits the sorted entries into groups and plans each. */
static enum gw_status make_groups(struct gw_mb_pass *p, const struct gw_mb_limits *limits,
                                  struct gw_err *err)
{
    assert(p->nentries > 0);
    size_t ngroups = 1;
    for (size_t i = 1; i < p->nentries; i++)
        ngroups += p->entries[i].sample.mono_ms != p->entries[i - 1].sample.mono_ms;
    struct gw_mb_span *spans = calloc(p->nentries, sizeof *spans);
    p->groups = calloc(ngroups, sizeof *p->groups);
    if (spans == NULL || p->groups == NULL) {
        free(spans);
        return gw_err_set(err, GW_E_NOMEM, "modbus: out of memory");
    }
    for (size_t i = 0; i < p->nentries; i++)
        spans[i] = gw_mb_point_span(p->entries[i].conf);
    enum gw_status status = GW_OK;
    size_t first = 0;
    while (status == GW_OK && first < p->nentries) {
        const int64_t period = p->entries[first].sample.mono_ms;
        size_t n = 1;
        while (first + n < p->nentries && p->entries[first + n].sample.mono_ms == period)
            n++;
        struct gw_mb_group *g = &p->groups[p->ngroups++];
        g->cadence.period_ms = period;
        g->first = first;
        g->n = n;
        status = gw_mb_plan_make(spans + first, n, limits, &g->plan, err);
        first += n;
    }
    free(spans);
    return status;
}

enum gw_status gw_mb_pass_new(const struct gw_site *site, uint32_t device, const char *where,
                              struct gw_mb_pass **out, struct gw_err *err)
{
    const struct gw_mb_device *conf = site->devices[device].priv;
    const struct gw_mb_limits limits = {
        .max_regs = (uint16_t)conf->max_regs,
        .max_bits = (uint16_t)conf->max_bits,
        .max_gap_regs = (uint16_t)conf->max_gap_regs,
        .max_gap_bits = (uint16_t)conf->max_gap_bits,
    };
    struct gw_mb_pass *p = calloc(1, sizeof *p);
    if (p == NULL)
        return gw_err_set(err, GW_E_NOMEM, "devices.%s: out of memory", site->devices[device].id);
    p->device = device;
    p->points = site->points;
    p->unit = (uint8_t)conf->unit;
    p->conf = conf;
    p->where = where;
    gw_mb_ident_init(&p->ident, &conf->identity, conf->identity_s * 1000);
    enum gw_status status = collect(p, site, err);
    if (status == GW_OK)
        status = link_refs(p, site, err);
    if (status == GW_OK)
        status = make_groups(p, &limits, err);
    if (status != GW_OK) {
        gw_mb_pass_free(p);
        return status;
    }
    *out = p;
    return GW_OK;
}

void gw_mb_pass_free(struct gw_mb_pass *pass)
{
    if (pass == NULL)
        return;
    for (size_t i = 0; i < pass->ngroups; i++)
        gw_mb_plan_free(&pass->groups[i].plan);
    gw_mb_ident_free(&pass->ident);
    free(pass->groups);
    free(pass->extras);
    free(pass->entries);
    free(pass);
}
