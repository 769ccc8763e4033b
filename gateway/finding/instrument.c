/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/instrument.h"

#include <string.h>

#include "finding/inventory_in.h"
#include "finding/rule_parts.h"

struct walk {
    const struct gw_inventory *inv;
    const struct gw_site_asset *asset;
    void (*see)(void *ctx, const struct gw_instrument *i);
    void *ctx;
};

static bool demands(const struct walk *w, const struct gw_finding *f)
{
    return f->rules[0].rule == GW_RULE_ABSENT && gw_inv_applies(w->inv, w->asset, f);
}

/* The role of a need that is played, or the first. */
static const char *role_of(const struct walk *w, const struct gw_role_need *need)
{
    for (size_t i = 0; i < need->nalt; i++)
        if (gw_inv_role(w->asset, need->alt[i]) != NULL)
            return need->alt[i];
    return need->alt[0];
}

static void show(const struct walk *w, const char *role, const struct gw_finding *demand)
{
    const struct gw_role_def *def = gw_catalogue_role(w->inv->cat, role);
    const struct gw_site_role *played = gw_inv_role(w->asset, role);
    struct gw_instrument i = {
        .role = role, .title = &def->title, .demand = demand, .point = GW_NO_INDEX};
    if (played == NULL)
        w->see(w->ctx, &i);
    for (size_t k = 0; played != NULL && k < played->npoints; k++) {
        i.point = played->points[k];
        w->see(w->ctx, &i);
    }
}

/* The first finding, in the catalogue's order, that demands this role here; NULL: none. */
static const struct gw_finding *first_demand(const struct walk *w, const char *role)
{
    for (size_t i = 0; i < gw_catalogue_count(w->inv->cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(w->inv->cat, i);
        if (!demands(w, f))
            continue;
        for (size_t k = 0; k < f->rules[0].nneeds; k++)
            if (strcmp(role_of(w, &f->rules[0].needs[k]), role) == 0)
                return f;
    }
    return NULL;
}

void gw_inventory_instruments(const struct gw_inventory *inv, const struct gw_site_asset *asset,
                              void (*see)(void *ctx, const struct gw_instrument *i), void *ctx)
{
    const struct walk w = {inv, asset, see, ctx};
    for (size_t i = 0; i < gw_catalogue_count(inv->cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(inv->cat, i);
        if (!demands(&w, f))
            continue;
        for (size_t k = 0; k < f->rules[0].nneeds; k++) {
            const char *role = role_of(&w, &f->rules[0].needs[k]);
            if (first_demand(&w, role) == f)
                show(&w, role, f);
        }
    }
    for (size_t i = 0; i < asset->nroles; i++)
        if (first_demand(&w, asset->roles[i].role) == NULL)
            show(&w, asset->roles[i].role, NULL);
}

bool gw_check_reads(const struct gw_check_def *check, const char *role)
{
    const struct gw_rule_def *rule = check->rule;
    for (size_t i = 0; i < rule->nneeds; i++)
        for (size_t k = 0; k < rule->needs[i].nalt; k++)
            if (strcmp(rule->needs[i].alt[k], role) == 0)
                return true;
    for (size_t i = 0; i < rule->ntests; i++)
        if (strcmp(rule->tests[i].role, role) == 0)
            return true;
    return false;
}

bool gw_check_bound(const struct gw_check_def *check, double *limit, bool *low)
{
    double deadband = 0.0;
    if (check->rule->rule != GW_RULE_LIMIT || check->npoints == 0)
        return false;
    *low = check->rule->low;
    return gw_rule_bound(check, limit, &deadband);
}
