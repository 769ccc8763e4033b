/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/scan.h"
#include "conf/site_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy_id(char *to, size_t size, const char *from)
{
    struct gw_buf b;
    gw_buf_fixed(&b, to, size);
    gw_buf_str(&b, from);
}

/* The name of a fact, rated value, finding or parameter. */
static bool name_ok(const struct gw_jnode *n, size_t size, struct gw_issues *issues)
{
    if (gw_keys_is_id(gw_jnode_key(n), size))
        return true;
    gw_jnode_issue(n, issues, "a name here has 1 to %zu letters, digits, '-' and '_'", size - 1);
    return false;
}

/* ---- facts and rated values ---- */

static bool fact_value(const struct gw_jnode *n, char out[GW_ID_SIZE], struct gw_issues *issues)
{
    struct gw_buf b;
    gw_buf_fixed(&b, out, GW_ID_SIZE);
    switch (gw_jnode_type(n)) {
    case GW_J_STR:
        gw_buf_str(&b, gw_jnode_str(n));
        break;
    case GW_J_NUM:
        gw_keys_print_num(gw_jnode_num(n), &b);
        break;
    case GW_J_BOOL:
        gw_buf_str(&b, gw_jnode_bool(n) ? "true" : "false");
        break;
    default:
        gw_jnode_issue(n, issues, "must be a string, a number, true or false, is %s",
                       gw_jtype_name(gw_jnode_type(n)));
        return false;
    }
    if (b.failed) {
        gw_jnode_issue(n, issues, "must be at most %d bytes of UTF-8, has %zu", GW_ID_SIZE - 1,
                       strlen(gw_jnode_str(n)));
        return false;
    }
    return true;
}

static bool read_facts(struct gw_site_asset *a, const struct gw_jnode *obj,
                       struct gw_issues *issues)
{
    a->facts = calloc(gw_jnode_count(obj) + 1, sizeof *a->facts);
    if (a->facts == NULL)
        return false;
    for (const struct gw_jnode *n = gw_jnode_first(obj); n != NULL; n = gw_jnode_next(n)) {
        struct gw_site_fact *f = &a->facts[a->nfacts];
        if (name_ok(n, sizeof f->key, issues) && fact_value(n, f->value, issues)) {
            copy_id(f->key, sizeof f->key, gw_jnode_key(n));
            a->nfacts++;
        }
    }
    return true;
}

static bool is_number(const struct gw_jnode *n, struct gw_issues *issues)
{
    if (gw_jnode_type(n) == GW_J_NUM)
        return true;
    gw_jnode_issue(n, issues, "must be a number, is %s", gw_jtype_name(gw_jnode_type(n)));
    return false;
}

static bool read_rated(struct gw_site_asset *a, const struct gw_jnode *obj,
                       struct gw_issues *issues)
{
    a->rated = calloc(gw_jnode_count(obj) + 1, sizeof *a->rated);
    if (a->rated == NULL)
        return false;
    for (const struct gw_jnode *n = gw_jnode_first(obj); n != NULL; n = gw_jnode_next(n)) {
        struct gw_site_rated *r = &a->rated[a->nrated];
        if (name_ok(n, sizeof r->key, issues) && is_number(n, issues)) {
            copy_id(r->key, sizeof r->key, gw_jnode_key(n));
            r->value = gw_jnode_num(n);
            a->nrated++;
        }
    }
    return true;
}

/* ---- inspections ---- */

static bool read_due(struct gw_site_asset *a, const struct gw_jnode *obj, struct gw_issues *issues)
{
    a->due = calloc(gw_jnode_count(obj) + 1, sizeof *a->due);
    if (a->due == NULL)
        return false;
    for (const struct gw_jnode *n = gw_jnode_first(obj); n != NULL; n = gw_jnode_next(n)) {
        struct gw_site_due *d = &a->due[a->ndue];
        if (!name_ok(n, sizeof d->item, issues))
            continue;
        if (gw_jnode_type(n) != GW_J_STR || gw_jnode_str(n)[0] == '\0') {
            gw_jnode_issue(n, issues, "must be a date such as \"2027-03-31\"");
            continue;
        }
        const size_t before = gw_issues_count(issues);
        gw_site_check_date(n, issues);
        if (gw_issues_count(issues) != before)
            continue;
        copy_id(d->item, sizeof d->item, gw_jnode_key(n));
        copy_id(d->date, sizeof d->date, gw_jnode_str(n));
        a->ndue++;
    }
    return true;
}

/* ---- overrides ---- */

static bool read_overrides(struct gw_site_asset *a, const struct gw_jnode *obj,
                           struct gw_issues *issues)
{
    size_t count = 0;
    for (const struct gw_jnode *c = gw_jnode_first(obj); c != NULL; c = gw_jnode_next(c))
        count += gw_jnode_count(c);
    a->overrides = calloc(count + 1, sizeof *a->overrides);
    if (a->overrides == NULL)
        return false;
    for (const struct gw_jnode *c = gw_jnode_first(obj); c != NULL; c = gw_jnode_next(c)) {
        if (!name_ok(c, GW_CODE_SIZE, issues))
            continue;
        if (gw_jnode_type(c) != GW_J_OBJ) {
            gw_jnode_issue(c, issues, "must be an object such as {\"delay_s\": 60}, is %s",
                           gw_jtype_name(gw_jnode_type(c)));
            continue;
        }
        for (const struct gw_jnode *n = gw_jnode_first(c); n != NULL; n = gw_jnode_next(n)) {
            struct gw_site_override *o = &a->overrides[a->noverrides];
            if (name_ok(n, sizeof o->param, issues) && is_number(n, issues)) {
                copy_id(o->code, sizeof o->code, gw_jnode_key(c));
                copy_id(o->param, sizeof o->param, gw_jnode_key(n));
                o->value = gw_jnode_num(n);
                o->node = n;
                a->noverrides++;
            }
        }
    }
    return true;
}

/* ---- roles ---- */

static bool is_role(const char *key)
{
    const size_t n = strlen(key);
    return n > 0 && n < GW_ROLE_SIZE && strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == n;
}

/* Says why there is no such point; nothing where the device's own issues explain it. */
static void no_point(const struct gw_site_asset_env *env, const struct gw_jnode *n)
{
    const char *id = gw_jnode_str(n);
    const char *dot = strchr(id, '.');
    if (dot == NULL) {
        gw_jnode_issue(n, env->issues, "\"%s\" is no point: write \"<device>.<name>\"", id);
        return;
    }
    const size_t len = (size_t)(dot - id);
    for (size_t d = 0; d < env->site->ndevices; d++) {
        const char *device = env->site->devices[d].id;
        if (strlen(device) == len && memcmp(device, id, len) == 0) {
            if (!env->device_bad[d]) {
                gw_jnode_issue(n, env->issues, "device \"%s\" has no point \"%s\"", device,
                               dot + 1);
            }
            return;
        }
    }
    if (!env->names_unsure)
        gw_jnode_issue(n, env->issues, "there is no device \"%.*s\"", (int)len, id);
}

static void add_role_point(const struct gw_site_asset_env *env, struct gw_site_role *role,
                           const struct gw_jnode *n)
{
    uint32_t point = 0;
    if (gw_jnode_type(n) != GW_J_STR) {
        gw_jnode_issue(n, env->issues, "must be the name of a point, is %s",
                       gw_jtype_name(gw_jnode_type(n)));
        return;
    }
    if (!gw_site_find_point(env->site, gw_jnode_str(n), &point)) {
        no_point(env, n);
        return;
    }
    for (size_t i = 0; i < role->npoints; i++) {
        if (role->points[i] == point) {
            gw_jnode_issue(n, env->issues, "point \"%s\" plays this role already", gw_jnode_str(n));
            return;
        }
    }
    role->points[role->npoints++] = point;
}

static bool read_role(const struct gw_site_asset_env *env, struct gw_site_role *role,
                      const struct gw_jnode *n)
{
    const bool list = gw_jnode_type(n) == GW_J_ARR;
    copy_id(role->role, sizeof role->role, gw_jnode_key(n));
    role->points = calloc(list ? gw_jnode_count(n) + 1 : 1, sizeof *role->points);
    if (role->points == NULL)
        return false;
    if (!list) {
        add_role_point(env, role, n);
        return true;
    }
    if (gw_jnode_count(n) == 0)
        gw_jnode_issue(n, env->issues, "names no point; leave the role out instead");
    for (const struct gw_jnode *p = gw_jnode_first(n); p != NULL; p = gw_jnode_next(p))
        add_role_point(env, role, p);
    return true;
}

/* A point that a device's own issues explain lacks without an issue here. */
static bool role_complete(const struct gw_site_role *role, const struct gw_jnode *n)
{
    return role->npoints == (gw_jnode_type(n) == GW_J_ARR ? gw_jnode_count(n) : 1);
}

static bool read_roles(const struct gw_site_asset_env *env, struct gw_site_asset *a,
                       const struct gw_jnode *obj)
{
    a->roles = calloc(gw_jnode_count(obj) + 1, sizeof *a->roles);
    if (a->roles == NULL)
        return false;
    for (const struct gw_jnode *n = gw_jnode_first(obj); n != NULL; n = gw_jnode_next(n)) {
        if (!is_role(gw_jnode_key(n))) {
            gw_jnode_issue(n, env->issues, "a role has 1 to %d capital letters, digits and '_'",
                           GW_ROLE_SIZE - 1);
            continue;
        }
        struct gw_site_role *role = &a->roles[a->nroles++];
        if (!read_role(env, role, n))
            return false;
        a->partial = a->partial || !role_complete(role, n);
    }
    return true;
}

/* ---- assets ---- */

static bool read_asset(const struct gw_site_asset_env *env, struct gw_site_asset *a,
                       const struct gw_jnode *n)
{
    const size_t before = gw_issues_count(env->issues);
    struct gw_site_asset_in in = {.asset = {.node = n}};
    if (!gw_keys_is_id(gw_jnode_key(n), sizeof in.asset.id)) {
        gw_jnode_issue(n, env->issues,
                       "the name of an asset has 1 to %d letters, digits, '-' and '_'",
                       GW_ID_SIZE - 1);
    } else {
        copy_id(in.asset.id, sizeof in.asset.id, gw_jnode_key(n));
    }
    (void)gw_keys_read(n, gw_site_asset_keys, &in, env->issues);
    *a = in.asset;
    if ((in.facts != NULL && !read_facts(a, in.facts, env->issues)) ||
        (in.rated != NULL && !read_rated(a, in.rated, env->issues)) ||
        (in.roles != NULL && !read_roles(env, a, in.roles)) ||
        (in.due != NULL && !read_due(a, in.due, env->issues)))
        return false;
    a->partial = a->partial || gw_issues_count(env->issues) != before ||
                 gw_jnode_repeats(n, GW_SCAN_DEPTH_MAX);
    return in.overrides == NULL || read_overrides(a, in.overrides, env->issues);
}

bool gw_site_read_assets(const struct gw_site_asset_env *env, const struct gw_jnode *obj)
{
    struct gw_site *site = env->site;
    if (obj == NULL)
        return true;
    site->assets = calloc(gw_jnode_count(obj) + 1, sizeof *site->assets);
    if (site->assets == NULL)
        return false;
    for (const struct gw_jnode *n = gw_jnode_first(obj); n != NULL; n = gw_jnode_next(n))
        if (!read_asset(env, &site->assets[site->nassets++], n))
            return false;
    return true;
}

void gw_site_free_assets(struct gw_site *site)
{
    for (size_t i = 0; i < site->nassets; i++) {
        struct gw_site_asset *a = &site->assets[i];
        for (size_t r = 0; r < a->nroles; r++)
            free(a->roles[r].points);
        free(a->roles);
        free(a->facts);
        free(a->rated);
        free(a->overrides);
        free(a->due);
    }
    free(site->assets);
}
