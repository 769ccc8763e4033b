/* SPDX-License-Identifier: Apache-2.0
 *
 * inventory_in: what the parts of the inventory share, private to this folder.
 */
#ifndef GW_FINDING_INVENTORY_IN_H
#define GW_FINDING_INVENTORY_IN_H

#include <stdbool.h>
#include <stddef.h>

#include "finding/inventory.h"

#define GW_EACH_MAX 16

struct gw_inventory {
    const struct gw_site *site;
    const struct gw_catalogue *cat;
    struct gw_site_asset self; /* the gateway as an asset: id and type alone */
    struct gw_check_def *checks;
    size_t nchecks, cap;
};

/* The role with its points; NULL when nobody plays it. */
const struct gw_site_role *gw_inv_role(const struct gw_site_asset *asset, const char *role);

/* Whether the asset is declared with this fact. */
bool gw_inv_has_fact(const struct gw_site_asset *asset, const struct gw_site_fact *want);

/* Whether the finding watches such an asset in this enterprise: enabled, one alternative of
 * "applies" fits, and a lead has a clause that demands it here. */
bool gw_inv_applies(const struct gw_inventory *inv, const struct gw_site_asset *asset,
                    const struct gw_finding *f);

/* The roles of `each` that the rule reads first. Returns how many; 0 when the finding has none. */
size_t gw_inv_each_roles(const struct gw_finding *f, const struct gw_rule_def *r,
                         const char *out[GW_EACH_MAX]);

/* Adds an issue at the asset's member /section/key, or as near to it as there is one. */
void gw_inv_issue(struct gw_issues *issues, const struct gw_site_asset *asset, const char *path[2],
                  const char *fmt, ...) GW_PRINTF(4, 5);

/* Holds what was declared of the asset against the catalogue: type, facts, roles, overrides. */
void gw_inv_check_asset(const struct gw_inventory *inv, const struct gw_site_asset *asset,
                        struct gw_issues *issues);

/* Fills check->points from its finding, rule, role, index and causes. */
void gw_inv_points(const struct gw_inventory *inv, struct gw_check_def *check);

#endif
