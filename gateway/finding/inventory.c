/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/inventory.h"

#include "finding/inventory_in.h"

#include <stdlib.h>
#include <string.h>

/* ---- looking up ---- */

const struct gw_site_role *gw_inv_role(const struct gw_site_asset *asset, const char *role)
{
    for (size_t i = 0; i < asset->nroles; i++)
        if (asset->roles[i].npoints > 0 && strcmp(asset->roles[i].role, role) == 0)
            return &asset->roles[i];
    return NULL;
}

uint32_t gw_check_point(const struct gw_check_def *check, const struct gw_site_role *role)
{
    const struct gw_site_role *own = gw_check_own(check);
    if (role == NULL)
        return GW_NO_INDEX;
    if (own != NULL && own->npoints == role->npoints && check->index < role->npoints)
        return role->points[check->index];
    return role->points[0];
}

uint32_t gw_check_role(const struct gw_check_def *check, const char *role)
{
    return gw_check_point(check, gw_inv_role(check->asset, role));
}

/* ---- what a check's names stand for ---- */

static uint16_t place_of(const struct gw_check_def *check, const char *role)
{
    const struct gw_site_role *r = gw_inv_role(check->asset, role);
    return r != NULL ? (uint16_t)(r - check->asset->roles + 1) : 0;
}

static void add_witness(struct gw_check_def *check, uint32_t point)
{
    if (point != GW_NO_INDEX && point != gw_check_point(check, gw_check_own(check)) &&
        check->nwitnesses < GW_WITNESSES)
        check->witnesses[check->nwitnesses++] = point;
}

/* The other numbers of its device. */
static void add_siblings(struct gw_check_def *check, const struct gw_point *points, size_t npoints)
{
    const uint32_t own = gw_check_point(check, gw_check_own(check));
    if (own == GW_NO_INDEX)
        return;
    uint32_t i = own;
    while (i > 0 && points[i - 1].device == points[own].device)
        i--;
    for (; i < npoints && points[i].device == points[own].device; i++)
        if (points[i].def->vtype == GW_V_NUM || points[i].def->vtype == GW_V_INT)
            add_witness(check, i);
}

void gw_check_bind(struct gw_check_def *check, const struct gw_point *points, size_t npoints)
{
    const struct gw_rule_def *rule = check->rule;
    check->own = place_of(check, check->role);
    check->value = place_of(check, rule->value);
    for (size_t i = 0; i < rule->nneeds; i++)
        for (size_t k = 0; k < rule->needs[i].nalt; k++)
            check->needs[i][k] = place_of(check, rule->needs[i].alt[k]);
    for (size_t i = 0; i < rule->ntests; i++)
        check->tests[i] = place_of(check, rule->tests[i].role);
    check->nwitnesses = 0;
    if (rule->rule == GW_RULE_FROZEN || rule->rule == GW_RULE_RAIL)
        add_siblings(check, points, npoints);
    for (size_t k = 0; rule->rule == GW_RULE_DECOUPLED && k < rule->needs[1].nalt; k++)
        add_witness(check, gw_check_point(check, gw_check_need(check, 1, k)));
}

/* ---- the whole ---- */

size_t gw_inventory_count(const struct gw_inventory *inv)
{
    return inv->nchecks;
}

const struct gw_check_def *gw_inventory_at(const struct gw_inventory *inv, size_t i)
{
    return i < inv->nchecks ? &inv->checks[i] : NULL;
}

const struct gw_site *gw_inventory_site(const struct gw_inventory *inv)
{
    return inv->site;
}

const struct gw_catalogue *gw_inventory_catalogue(const struct gw_inventory *inv)
{
    return inv->cat;
}

bool gw_inventory_cites(const struct gw_inventory *inv, const struct gw_check_def *check,
                        const struct gw_clause *clause)
{
    return gw_catalogue_cites(inv->cat, clause, inv->site->enterprise.sector, check->asset->type);
}

/* ---- which findings an asset needs ---- */

bool gw_inv_has_fact(const struct gw_site_asset *asset, const struct gw_site_fact *want)
{
    for (size_t i = 0; i < asset->nfacts; i++)
        if (strcmp(asset->facts[i].key, want->key) == 0)
            return strcmp(asset->facts[i].value, want->value) == 0;
    return false;
}

static bool alternative_fits(const struct gw_applies *a, const struct gw_site_asset *asset,
                             int sector)
{
    bool fits = a->ntypes == 0 && strcmp(asset->type, GW_TYPE_GATEWAY) != 0;
    for (size_t i = 0; i < a->ntypes && !fits; i++)
        fits = strcmp(a->types[i], asset->type) == 0;
    fits = fits && (a->sectors >> sector & 1u) != 0;
    for (size_t i = 0; i < a->nfacts; i++)
        fits = fits && gw_inv_has_fact(asset, &a->facts[i]);
    for (size_t i = 0; i < a->nnot; i++)
        fits = fits && !gw_inv_has_fact(asset, &a->not_facts[i]);
    return fits;
}

static bool has_ground(const struct gw_inventory *inv, const struct gw_site_asset *asset,
                       const struct gw_finding *f)
{
    if (f->cls == GW_CLASS_ALARM)
        return true;
    for (size_t i = 0; i < f->nclauses; i++)
        if (!f->clauses[i]->beside &&
            gw_catalogue_cites(inv->cat, f->clauses[i], inv->site->enterprise.sector, asset->type))
            return true;
    return false;
}

bool gw_inv_applies(const struct gw_inventory *inv, const struct gw_site_asset *asset,
                    const struct gw_finding *f)
{
    if (!f->enabled || !has_ground(inv, asset, f))
        return false;
    for (size_t i = 0; i < f->napplies; i++)
        if (alternative_fits(&f->applies[i], asset, inv->site->enterprise.sector))
            return true;
    return false;
}

/* ---- what a rule reads ---- */

static bool reads_first(const struct gw_rule_def *r, const char *role)
{
    if (r->nneeds > 0) {
        for (size_t i = 0; i < r->needs[0].nalt; i++)
            if (strcmp(r->needs[0].alt[i], role) == 0)
                return true;
        return false;
    }
    return r->ntests == 0 || strcmp(r->tests[0].role, role) == 0;
}

size_t gw_inv_each_roles(const struct gw_finding *f, const struct gw_rule_def *r,
                         const char *out[GW_EACH_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < f->neach && n < GW_EACH_MAX; i++)
        if (reads_first(r, f->each[i]))
            out[n++] = f->each[i];
    return n;
}

void gw_inventory_free(struct gw_inventory *inv)
{
    if (inv == NULL)
        return;
    for (size_t i = 0; i < inv->nchecks; i++)
        free(inv->checks[i].causes);
    free(inv->checks);
    free(inv);
}
