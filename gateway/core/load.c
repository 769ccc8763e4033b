/* SPDX-License-Identifier: Apache-2.0 */
#include "core/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A site as the inventory is to see it that could be read only in part. */
struct view {
    struct gw_site site;         /* a shallow copy with assets of its own */
    struct gw_site_rated *rated; /* stand-ins for every rated value that a rule may ask for */
    size_t nrated;
    const char *type; /* a type that the catalogue knows; NULL when none is found */
};

static bool view_rated(struct view *v, const struct gw_catalogue *cat)
{
    size_t n = 0;
    for (size_t i = 0; i < gw_catalogue_count(cat); i++)
        n += gw_catalogue_at(cat, i)->nrules;
    v->rated = calloc(n + 1, sizeof *v->rated);
    if (v->rated == NULL)
        return false;
    for (size_t i = 0; i < gw_catalogue_count(cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(cat, i);
        for (size_t r = 0; r < f->nrules; r++) {
            struct gw_site_rated *rated = &v->rated[v->nrated++];
            *rated = (struct gw_site_rated){.value = 1};
            memcpy(rated->key, f->rules[r].of_rated, sizeof rated->key);
        }
        for (size_t a = 0; a < f->napplies && v->type == NULL; a++)
            v->type = f->applies[a].ntypes > 0 ? f->applies[a].types[0] : NULL;
    }
    return true;
}

/* Adds a part of an asset: with `type`, and stand-ins for the rated values. */
static void add_part(struct view *v, struct gw_site_asset part, const char *type)
{
    if (type == NULL)
        return;
    (void)snprintf(part.type, sizeof part.type, "%s", type);
    part.rated = v->rated;
    part.nrated = v->nrated;
    v->site.assets[v->site.nassets++] = part;
}

/* Each part of an asset that lacks another one is looked at alone: what is decided between parts
 * (which rule is used, which rated value it needs, which lists are of one length) cannot be told.
 */
static void add_parts(struct view *v, const struct gw_site_asset *asset,
                      const struct gw_catalogue *cat)
{
    struct gw_site_asset part = *asset;
    part.nroles = 0;
    add_part(v, part, asset->type[0] != '\0' ? asset->type : v->type);
    part.nfacts = 0;
    part.noverrides = 0;
    part.nroles = 1;
    const char *type = gw_catalogue_type(cat, asset->type) != NULL ? asset->type : v->type;
    for (size_t i = 0; i < asset->nroles; i++) {
        part.roles = &asset->roles[i];
        add_part(v, part, type);
    }
}

/* Tells what the catalogue has against the assets, as far as they could be read. */
static enum gw_status check_partly(const struct gw_site *site, const struct gw_catalogue *cat,
                                   struct gw_issues *issues)
{
    struct view v = {.site = *site};
    size_t n = site->nassets;
    for (size_t i = 0; i < site->nassets; i++)
        n += site->assets[i].nroles;
    v.site.nassets = 0;
    v.site.assets = calloc(n + 1, sizeof *v.site.assets);
    enum gw_status st = GW_E_NOMEM;
    if (v.site.assets != NULL && view_rated(&v, cat)) {
        for (size_t i = 0; i < site->nassets; i++)
            if (site->assets[i].partial)
                add_parts(&v, &site->assets[i], cat);
            else
                v.site.assets[v.site.nassets++] = site->assets[i];
        struct gw_inventory *inv = NULL;
        st = gw_inventory_build(&v.site, cat, issues, &inv);
        gw_inventory_free(inv);
    }
    free(v.rated);
    free(v.site.assets);
    return st == GW_E_NOMEM ? st : GW_E_PARSE;
}

enum gw_status gw_load(const char *path, const struct gw_conf_driver *const *drivers,
                       struct gw_issues *issues, struct gw_load *out)
{
    return gw_load_from(path, drivers, NULL, issues, out);
}

enum gw_status gw_load_from(const char *path, const struct gw_conf_driver *const *drivers,
                            const struct gw_site_files *files, struct gw_issues *issues,
                            struct gw_load *out)
{
    struct gw_load load = {0};
    const enum gw_status site = gw_site_load_from(path, drivers, files, issues, &load.site);
    enum gw_status st = site;
    if (site != GW_E_NOMEM && load.site != NULL && load.site->catalogue != NULL)
        st = gw_catalogue_load(load.site->catalogue, issues, &load.catalogue);
    if (st == GW_OK && site == GW_OK)
        st = gw_inventory_build(load.site, load.catalogue, issues, &load.inventory);
    /* With a name of the catalogue given twice, the one that is missing may have been meant. */
    else if (st == GW_OK)
        st = gw_jnode_repeats(gw_json_root(load.site->catalogue), 1)
                 ? site
                 : check_partly(load.site, load.catalogue, issues);
    if (st != GW_OK) {
        gw_load_free(&load);
        return st;
    }
    *out = load;
    return GW_OK;
}

void gw_load_free(struct gw_load *load)
{
    gw_inventory_free(load->inventory);
    gw_catalogue_free(load->catalogue);
    gw_site_free(load->site);
    *load = (struct gw_load){0};
}
