/* SPDX-License-Identifier: Apache-2.0
 *
 * What was declared of an asset, held against the catalogue.
 */
#include "finding/inventory_in.h"

#include "base/buf.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LIST_SIZE 160

void gw_inv_issue(struct gw_issues *issues, const struct gw_site_asset *asset, const char *path[2],
                  const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(text, sizeof text, fmt, ap);
    va_end(ap);
    const struct gw_jnode *at = asset->node;
    for (size_t i = 0; i < 2 && at != NULL && path[i] != NULL; i++) {
        const struct gw_jnode *next = gw_jnode_get(at, path[i]);
        if (next == NULL)
            break;
        at = next;
    }
    if (at != NULL)
        gw_jnode_issue(at, issues, "%s", text);
    else
        gw_issues_add(issues, "site", 0, "", "asset \"%s\": %s", asset->id, text);
}

/* "a, b or c" into list, which latches when it is full. */
static void list_more(struct gw_buf *list, const char *name, size_t i, size_t n)
{
    gw_buf_printf(list, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", name);
}

/* ---- facts ---- */

static void check_fact(const struct gw_inventory *inv, const struct gw_site_asset *asset,
                       const struct gw_site_fact *fact, struct gw_issues *issues)
{
    const char *path[2] = {"facts", fact->key};
    const struct gw_fact_def *def = gw_catalogue_fact(inv->cat, fact->key);
    if (def == NULL) {
        gw_inv_issue(issues, asset, path, "the catalogue knows no fact \"%s\"", fact->key);
        return;
    }
    char text[LIST_SIZE] = "";
    struct gw_buf list;
    gw_buf_fixed(&list, text, sizeof text);
    for (size_t i = 0; i < def->nvalues; i++) {
        if (strcmp(def->values[i], fact->value) == 0)
            return;
        list_more(&list, def->values[i], i, def->nvalues);
    }
    gw_inv_issue(issues, asset, path, "must be %s, is \"%s\"", text, fact->value);
}

/* ---- roles ---- */

/* What the catalogue calls such a value. */
static const char *kind_of(enum gw_vtype vtype)
{
    switch (vtype) {
    case GW_V_NUM:
        return "a number";
    case GW_V_INT:
        return "an integer";
    case GW_V_BOOL:
        return "a contact";
    case GW_V_STATE:
        return "a state";
    }
    return "?";
}

static void check_unit(const struct gw_site_asset *asset, const struct gw_role_def *def,
                       const struct gw_point *p, struct gw_issues *issues)
{
    char text[LIST_SIZE] = "";
    struct gw_buf list;
    gw_buf_fixed(&list, text, sizeof text);
    for (size_t i = 0; i < def->nunits; i++) {
        if (strcmp(def->units[i], p->def->unit) == 0)
            return;
        list_more(&list, def->units[i], i, def->nunits);
    }
    if (def->nunits > 0) {
        const char *path[2] = {"roles", def->role};
        gw_inv_issue(issues, asset, path, "point \"%s\" is in \"%s\", the role must be in %s",
                     p->id, p->def->unit, text);
    }
}

static void check_role(const struct gw_inventory *inv, const struct gw_site_asset *asset,
                       const struct gw_site_role *role, struct gw_issues *issues)
{
    const char *path[2] = {"roles", role->role};
    const struct gw_role_def *def = gw_catalogue_role(inv->cat, role->role);
    if (def == NULL) {
        gw_inv_issue(issues, asset, path, "the catalogue knows no role \"%s\"", role->role);
        return;
    }
    if (role->npoints > 1 && !def->many)
        gw_inv_issue(issues, asset, path, "one point plays this role, not %zu", role->npoints);
    for (size_t i = 0; i < role->npoints; i++) {
        const struct gw_point *p = &inv->site->points[role->points[i]];
        if (p->def->vtype != def->vtype) {
            gw_inv_issue(issues, asset, path, "point \"%s\" is %s, the role takes %s", p->id,
                         kind_of(p->def->vtype), kind_of(def->vtype));
        } else {
            check_unit(asset, def, p, issues);
        }
    }
}

/* ---- roles of one instrument ---- */

#define PAIRS_MAX 16

/* The search for roles that belong together, and the pairs that were told already. */
struct companions {
    const struct gw_inventory *inv;
    const struct gw_site_asset *asset;
    struct gw_issues *issues;
    const struct gw_site_role *a[PAIRS_MAX], *b[PAIRS_MAX];
    size_t n;
};

static bool told(struct companions *c, const struct gw_site_role *a, const struct gw_site_role *b)
{
    for (size_t i = 0; i < c->n; i++)
        if ((c->a[i] == a && c->b[i] == b) || (c->a[i] == b && c->b[i] == a))
            return true;
    if (c->n < PAIRS_MAX) {
        c->a[c->n] = a;
        c->b[c->n++] = b;
    }
    return false;
}

/* A detector's value and its state stand at the same place of their roles. With lists of different
 * length nobody could tell whose value belongs to which state. */
static void check_pair(struct companions *c, const char *role, const char *companion)
{
    const struct gw_role_def *def = gw_catalogue_role(c->inv->cat, companion);
    const struct gw_site_role *own = gw_inv_role(c->asset, role);
    const struct gw_site_role *other = gw_inv_role(c->asset, companion);
    if (own == NULL || other == NULL || own == other || def == NULL || !def->many ||
        own->npoints == other->npoints || told(c, own, other))
        return;
    const char *path[2] = {"roles", other->role};
    gw_inv_issue(c->issues, c->asset, path,
                 "%s has %zu points and %s %zu: an instrument stands at the same place of both, so "
                 "they must be as many",
                 own->role, own->npoints, other->role, other->npoints);
}

static void check_rule(struct companions *c, const struct gw_finding *f,
                       const struct gw_rule_def *rule)
{
    const char *each[GW_EACH_MAX];
    const size_t neach = gw_inv_each_roles(f, rule, each);
    for (size_t e = 0; e < neach; e++) {
        for (size_t t = 0; t < rule->ntests; t++)
            check_pair(c, each[e], rule->tests[t].role);
        check_pair(c, each[e], rule->value);
    }
}

static void check_companions(const struct gw_inventory *inv, const struct gw_site_asset *asset,
                             struct gw_issues *issues)
{
    struct companions c = {.inv = inv, .asset = asset, .issues = issues};
    for (size_t i = 0; i < gw_catalogue_count(inv->cat); i++) {
        const struct gw_finding *f = gw_catalogue_at(inv->cat, i);
        for (size_t r = 0; gw_inv_applies(inv, asset, f) && r < f->nrules; r++)
            check_rule(&c, f, &f->rules[r]);
    }
}

/* ---- overrides ---- */

static void override_issue(const struct gw_site_asset *asset, const struct gw_site_override *o,
                           struct gw_issues *issues, const char *text)
{
    if (o->node != NULL) {
        gw_jnode_issue(o->node, issues, "%s", text);
    } else {
        const char *path[2] = {NULL, NULL};
        gw_inv_issue(issues, asset, path, "%s of %s: %s", o->param, o->code, text);
    }
}

static void check_override(const struct gw_inventory *inv, const struct gw_site_asset *asset,
                           const struct gw_site_override *o, struct gw_issues *issues)
{
    char text[LIST_SIZE + 64] = "";
    struct gw_buf list;
    const struct gw_finding *f = gw_catalogue_find(inv->cat, o->code);
    if (f == NULL || !f->enabled) {
        (void)snprintf(text, sizeof text, "the catalogue %s %s",
                       f == NULL ? "knows no finding" : "has switched off", o->code);
        override_issue(asset, o, issues, text);
        return;
    }
    gw_buf_fixed(&list, text, sizeof text);
    gw_buf_printf(&list, "%s has ", f->code);
    for (size_t i = 0; i < f->nparams; i++) {
        const struct gw_param_def *p = &f->params[i];
        if (strcmp(p->name, o->param) != 0) {
            list_more(&list, p->name, i, f->nparams);
            continue;
        }
        if (!(o->value >= p->min && o->value <= p->max)) {
            (void)snprintf(text, sizeof text, "%s of %s may be %.15g to %.15g, is %.15g", p->name,
                           f->code, p->min, p->max, o->value);
            override_issue(asset, o, issues, text);
        }
        return;
    }
    gw_buf_printf(&list, ", not \"%s\"", o->param);
    override_issue(asset, o, issues, text);
}

void gw_inv_check_asset(const struct gw_inventory *inv, const struct gw_site_asset *asset,
                        struct gw_issues *issues)
{
    const size_t before = gw_issues_count(issues);
    if (strcmp(asset->id, GW_ASSET_GATEWAY) == 0 || strcmp(asset->type, GW_TYPE_GATEWAY) == 0) {
        const char *path[2] = {NULL, NULL};
        gw_inv_issue(issues, asset, path, "the gateway itself is no asset to declare");
    } else if (gw_catalogue_type(inv->cat, asset->type) == NULL) {
        const char *path[2] = {"type", NULL};
        gw_inv_issue(issues, asset, path, "the catalogue knows no asset type \"%s\"", asset->type);
    }
    for (size_t i = 0; i < asset->nfacts; i++)
        check_fact(inv, asset, &asset->facts[i], issues);
    for (size_t i = 0; i < asset->nroles; i++)
        check_role(inv, asset, &asset->roles[i], issues);
    for (size_t i = 0; i < asset->noverrides; i++)
        check_override(inv, asset, &asset->overrides[i], issues);
    if (gw_issues_count(issues) == before)
        check_companions(inv, asset, issues);
}
