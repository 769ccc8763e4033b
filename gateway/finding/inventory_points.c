/* SPDX-License-Identifier: Apache-2.0
 *
 * What a check looks at, in the order in which its evidence shows it.
 */
#include "finding/inventory_in.h"

#include <string.h>

/* Adds a point once. The last place is kept for RUN, which every reviewer asks for. */
static void add(struct gw_check_def *c, const char *role, uint32_t point, bool last)
{
    if (c->npoints >= GW_CHECK_POINTS - (last || c->run == GW_NO_INDEX ? 0u : 1u))
        return;
    for (size_t i = 0; i < c->npoints; i++)
        if (c->points[i].point == point)
            return;
    c->points[c->npoints++] = (struct gw_role_point){.role = role, .point = point};
}

/* The point of a role that belongs to the check, or all of them where none is its own. */
static void add_role(struct gw_check_def *c, const char *role)
{
    const struct gw_site_role *r = gw_inv_role(c->asset, role);
    if (r == NULL)
        return;
    if (c->role[0] != '\0') {
        add(c, r->role, gw_check_role(c, role), false);
        return;
    }
    for (size_t i = 0; i < r->npoints; i++)
        add(c, r->role, r->points[i], false);
}

/* The points of `each` that one device carries. */
static void add_device(const struct gw_inventory *inv, struct gw_check_def *c)
{
    const struct gw_point *points = inv->site->points;
    const uint32_t device = points[gw_check_role(c, c->role)].device;
    const char *each[GW_EACH_MAX];
    const size_t neach = gw_inv_each_roles(c->finding, c->rule, each);
    for (size_t e = 0; e < neach; e++) {
        const struct gw_site_role *r = gw_inv_role(c->asset, each[e]);
        for (size_t i = 0; r != NULL && i < r->npoints; i++)
            if (points[r->points[i]].device == device)
                add(c, r->role, r->points[i], false);
    }
}

static void add_cause(const struct gw_inventory *inv, struct gw_check_def *c, uint32_t cause)
{
    const struct gw_check_def *alarm = &inv->checks[cause];
    for (size_t i = 0; i < alarm->npoints; i++)
        if (alarm->points[i].point != c->run)
            add(c, alarm->points[i].role, alarm->points[i].point, false);
}

void gw_inv_points(const struct gw_inventory *inv, struct gw_check_def *c)
{
    const struct gw_rule_def *r = c->rule;
    if (c->role[0] != '\0')
        add(c, gw_inv_role(c->asset, c->role)->role, gw_check_role(c, c->role), false);
    if (c->finding->by_device)
        add_device(inv, c);
    /* The other roles of a check for each instrument are other instruments. */
    for (size_t i = 0; c->role[0] == '\0' && i < r->nneeds; i++)
        for (size_t k = 0; k < r->needs[i].nalt; k++)
            add_role(c, r->needs[i].alt[k]);
    for (size_t k = 0; c->role[0] != '\0' && r->nneeds > 1 && k < r->needs[1].nalt; k++)
        add_role(c, r->needs[1].alt[k]);
    for (size_t i = 0; i < r->ntests; i++)
        add_role(c, r->tests[i].role);
    if (r->value[0] != '\0')
        add_role(c, r->value);
    if (c->cause != GW_NO_INDEX)
        add_cause(inv, c, c->cause);
    for (size_t i = 0; i < c->ncauses; i++)
        add_cause(inv, c, c->causes[i]);
    if (c->run != GW_NO_INDEX)
        add(c, gw_inv_role(c->asset, "RUN")->role, c->run, true);
}
