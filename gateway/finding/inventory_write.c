/* SPDX-License-Identifier: Apache-2.0
 *
 * The inventory as the platform sees it: what is declared, what is watched, what is missing.
 */
#include "finding/inventory_in.h"

#include "finding/record_parts.h"

#include <string.h>

/* ---- members in the order of their names ---- */

/* A list of structs that begin with their name. */
struct named {
    const void *items;
    size_t n, size;
};

/* The item whose name comes next after last; NULL at the end. */
static const void *next_named(const struct named *list, const char *last)
{
    const char *best = NULL;
    for (size_t i = 0; i < list->n; i++) {
        const char *name = (const char *)list->items + i * list->size;
        if (strcmp(name, last) > 0 && (best == NULL || strcmp(name, best) < 0))
            best = name;
    }
    return best;
}

static void write_facts(struct gw_jcs *j, const struct gw_site_asset *asset)
{
    const struct named list = {asset->facts, asset->nfacts, sizeof asset->facts[0]};
    gw_jcs_obj(j, "facts");
    const struct gw_site_fact *f = next_named(&list, "");
    for (; f != NULL; f = next_named(&list, f->key))
        gw_jcs_str(j, f->key, f->value);
    gw_jcs_end(j);
}

static void write_rated(struct gw_jcs *j, const struct gw_site_asset *asset)
{
    const struct named list = {asset->rated, asset->nrated, sizeof asset->rated[0]};
    gw_jcs_obj(j, "rated");
    const struct gw_site_rated *r = next_named(&list, "");
    for (; r != NULL; r = next_named(&list, r->key))
        gw_part_number(j, r->key, r->value);
    gw_jcs_end(j);
}

static void write_roles(struct gw_jcs *j, const struct gw_inventory *inv,
                        const struct gw_site_asset *asset)
{
    const struct named list = {asset->roles, asset->nroles, sizeof asset->roles[0]};
    gw_jcs_obj(j, "roles");
    const struct gw_site_role *r = next_named(&list, "");
    for (; r != NULL; r = next_named(&list, r->role)) {
        gw_jcs_arr(j, r->role);
        for (size_t i = 0; i < r->npoints; i++)
            gw_jcs_str(j, NULL, inv->site->points[r->points[i]].id);
        gw_jcs_end(j);
    }
    gw_jcs_end(j);
}

/* ---- what is missing ---- */

static bool any_played(const struct gw_site_asset *asset, const struct gw_role_need *need)
{
    for (size_t i = 0; i < need->nalt; i++)
        if (gw_inv_role(asset, need->alt[i]) != NULL)
            return true;
    return false;
}

static void write_need(struct gw_jcs *j, const char *code, const struct gw_role_need *need)
{
    gw_jcs_obj(j, NULL);
    gw_jcs_arr(j, "any_of");
    for (size_t i = 0; i < need->nalt; i++)
        gw_jcs_str(j, NULL, need->alt[i]);
    gw_jcs_end(j);
    gw_jcs_str(j, "finding", code);
    gw_jcs_end(j);
}

/* Instruments that a clause demands and nobody declared. */
static void write_missing(struct gw_jcs *j, const struct gw_inventory *inv,
                          const struct gw_site_asset *asset)
{
    gw_jcs_arr(j, "missing");
    for (size_t i = 0; i < gw_catalogue_count(inv->cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(inv->cat, i);
        if (f->rules[0].rule != GW_RULE_ABSENT || !gw_inv_applies(inv, asset, f))
            continue;
        for (size_t k = 0; k < f->rules[0].nneeds; k++)
            if (!any_played(asset, &f->rules[0].needs[k]))
                write_need(j, f->code, &f->rules[0].needs[k]);
    }
    gw_jcs_end(j);
}

static bool is_watched(const struct gw_inventory *inv, const struct gw_site_asset *asset,
                       const struct gw_finding *f)
{
    for (size_t i = 0; i < inv->nchecks; i++)
        if (inv->checks[i].asset == asset && inv->checks[i].finding == f)
            return true;
    return false;
}

/* Leads that would hold here, but that nothing declared lets the gateway decide. */
static void write_unwatched(struct gw_jcs *j, const struct gw_inventory *inv,
                            const struct gw_site_asset *asset)
{
    gw_jcs_arr(j, "unwatched");
    for (size_t i = 0; i < gw_catalogue_count(inv->cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(inv->cat, i);
        if (f->cls == GW_CLASS_LEAD && gw_inv_applies(inv, asset, f) && !is_watched(inv, asset, f))
            gw_jcs_str(j, NULL, f->code);
    }
    gw_jcs_end(j);
}

/* ---- what is watched ---- */

/* A finding with all its checks on this asset, of which c is the first. */
static void write_finding(struct gw_jcs *j, const struct gw_inventory *inv, size_t first)
{
    const struct gw_check_def *c = &inv->checks[first];
    gw_jcs_obj(j, NULL);
    gw_jcs_str(j, "class", gw_class_name(c->finding->cls));
    gw_jcs_str(j, "finding", c->finding->code);
    gw_jcs_bool(j, "overridden", c->overridden);
    gw_part_params(j, c);
    gw_jcs_str(j, "rule", gw_rule_name(c->rule->rule));
    /* Without its RUN contact a finding is decided as if the asset always ran. */
    gw_jcs_bool(j, "run_missing", c->finding->run != GW_RUN_NONE && c->run == GW_NO_INDEX);
    gw_jcs_arr(j, "subjects");
    for (size_t i = first; i < inv->nchecks; i++) {
        const struct gw_check_def *other = &inv->checks[i];
        if (other->asset == c->asset && other->finding == c->finding && other->subject[0] != '\0')
            gw_jcs_str(j, NULL, other->subject);
    }
    gw_jcs_end(j);
    gw_jcs_end(j);
}

static void write_watched(struct gw_jcs *j, const struct gw_inventory *inv,
                          const struct gw_site_asset *asset)
{
    const struct gw_finding *last = NULL;
    gw_jcs_arr(j, "watched");
    for (size_t i = 0; i < inv->nchecks; i++) {
        if (inv->checks[i].asset == asset && inv->checks[i].finding != last) {
            last = inv->checks[i].finding;
            write_finding(j, inv, i);
        }
    }
    gw_jcs_end(j);
}

static void write_asset(struct gw_jcs *j, const struct gw_inventory *inv,
                        const struct gw_site_asset *asset)
{
    gw_jcs_obj(j, NULL);
    write_facts(j, asset);
    gw_jcs_str(j, "id", asset->id);
    gw_jcs_str(j, "location", asset->location);
    write_missing(j, inv, asset);
    gw_jcs_str(j, "name", asset->name);
    write_rated(j, asset);
    write_roles(j, inv, asset);
    gw_part_text(j, "title", &gw_catalogue_type(inv->cat, asset->type)->title);
    gw_jcs_str(j, "type", asset->type);
    write_unwatched(j, inv, asset);
    write_watched(j, inv, asset);
    gw_jcs_end(j);
}

void gw_inventory_write(const struct gw_inventory *inv, struct gw_jcs *j, const char *key)
{
    gw_jcs_arr(j, key);
    for (size_t i = 0; i < inv->site->nassets; i++)
        write_asset(j, inv, &inv->site->assets[i]);
    if (gw_catalogue_type(inv->cat, inv->self.type) != NULL)
        write_asset(j, inv, &inv->self);
    gw_jcs_end(j);
}
