/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/govern.h"

#include <string.h>

#include "finding/record_parts.h"

const char *gw_order_name(enum gw_order order)
{
    static const char *const names[] = {
        [GW_ORDER_SUSPEND] = "suspend", [GW_ORDER_WATCH] = "watch", [GW_ORDER_LIFT] = "lift"};
    return (size_t)order < sizeof names / sizeof names[0] ? names[order] : "?";
}

const char *gw_authority_name(enum gw_authority by)
{
    static const char *const names[] = {
        [GW_BY_LOCAL] = "local", [GW_BY_PLATFORM] = "platform", [GW_BY_GATEWAY] = "gateway"};
    return (size_t)by < sizeof names / sizeof names[0] ? names[by] : "?";
}

bool gw_govern_is_key(const char *key)
{
    return strchr(key, '/') != NULL;
}

/* ---- looking up ---- */

struct gw_permit *gw_govern_permit(struct gw_govern *g, const char *id)
{
    for (size_t i = 0; i < g->npermits; i++)
        if (strcmp(g->permits[i].id, id) == 0)
            return &g->permits[i];
    return NULL;
}

struct gw_standing_order *gw_govern_order(struct gw_govern *g, const char *target)
{
    for (size_t i = 0; i < g->norders; i++)
        if (strcmp(g->orders[i].target, target) == 0)
            return &g->orders[i];
    return NULL;
}

const struct gw_rectify *gw_govern_rectify(const struct gw_govern *g, const char *key,
                                           int64_t number)
{
    for (size_t i = 0; i < g->nrectifies; i++)
        if (g->rectifies[i].number == number && strcmp(g->rectifies[i].key, key) == 0)
            return &g->rectifies[i];
    return NULL;
}

/* ---- permits ---- */

bool gw_permit_holds(const struct gw_permit *p, const struct gw_stamp *now, int64_t built_ms)
{
    const bool set = now->sync || now->wall_ms >= built_ms;
    return set && !p->over && now->wall_ms >= p->from_ms && now->wall_ms < p->until_ms &&
           (p->ends_ms == 0 || now->mono_ms < p->ends_ms);
}

bool gw_permit_may_hold(const struct gw_permit *p, const struct gw_stamp *now, int64_t built_ms)
{
    const bool set = now->sync || now->wall_ms >= built_ms;
    return gw_permit_holds(p, now, built_ms) ||
           (!set && !p->over && now->boot_ms < p->until_ms - p->from_ms);
}

bool gw_permit_names(const struct gw_permit *p, const struct gw_check_def *def)
{
    return strcmp(p->target, def->asset->id) == 0 || strcmp(p->target, def->key) == 0 ||
           (p->by == GW_BY_LOCAL && strcmp(p->target, GW_PERMIT_ALL) == 0);
}

bool gw_permit_covers(const struct gw_permit *p, const struct gw_catalogue *cat,
                      const struct gw_finding *f)
{
    const struct gw_permit_def *def = gw_catalogue_permit(cat, p->scope);
    return f->cls == GW_CLASS_LEAD && def != NULL && (def->kinds >> f->kind & 1u) != 0;
}

bool gw_permit_withholds(const struct gw_permit *p, const struct gw_catalogue *cat,
                         const struct gw_check_def *def)
{
    return p->by == GW_BY_PLATFORM && def->finding->priority > 1 && gw_permit_names(p, def) &&
           gw_permit_covers(p, cat, def->finding);
}

const struct gw_permit *gw_govern_withholding(const struct gw_govern *g,
                                              const struct gw_catalogue *cat,
                                              const struct gw_check_def *def,
                                              const struct gw_stamp *now, int64_t built_ms)
{
    for (size_t i = 0; i < g->npermits; i++)
        if (gw_permit_withholds(&g->permits[i], cat, def) &&
            gw_permit_may_hold(&g->permits[i], now, built_ms))
            return &g->permits[i];
    return NULL;
}

const struct gw_permit *gw_govern_noted(const struct gw_govern *g, const struct gw_catalogue *cat,
                                        const struct gw_check_def *def, const struct gw_stamp *now,
                                        int64_t built_ms)
{
    const struct gw_permit *best = NULL;
    for (size_t i = 0; i < g->npermits; i++) {
        const struct gw_permit *p = &g->permits[i];
        if (gw_permit_names(p, def) && gw_permit_covers(p, cat, def->finding) &&
            gw_permit_holds(p, now, built_ms) && (best == NULL || p->by > best->by))
            best = p;
    }
    return best;
}

/* ---- duties ---- */

struct gw_duty gw_govern_duty(const struct gw_govern *g, const struct gw_check_def *def,
                              const struct gw_stamp *now, int64_t built_ms)
{
    struct gw_duty duty = {false};
    for (size_t i = 0; i < g->norders; i++) {
        const struct gw_standing_order *o = &g->orders[i];
        if (o->target[0] != '\0' && strcmp(o->target, def->asset->id) != 0)
            continue;
        if (o->order == GW_ORDER_SUSPEND)
            duty.suspended = true;
        else
            duty.watched = true;
    }
    for (size_t i = 0; i < g->npermits; i++) {
        const struct gw_permit *p = &g->permits[i];
        if (p->scope != GW_PERMIT_HOT_WORK || !gw_permit_names(p, def) ||
            !gw_permit_holds(p, now, built_ms))
            continue;
        if (p->certificate[0] != '\0' && now->wall_ms < p->certificate_until_ms)
            duty.hot_work = true;
        else
            duty.expired = true;
    }
    return duty;
}

/* ---- documents ---- */

void gw_govern_write_permits(const struct gw_govern *g, struct gw_jcs *j, const char *key)
{
    gw_jcs_arr(j, key);
    for (size_t i = 0; i < g->npermits; i++) {
        const struct gw_permit *p = &g->permits[i];
        gw_jcs_obj(j, NULL);
        gw_jcs_str(j, "by", gw_authority_name(p->by));
        if (p->certificate[0] != '\0') {
            gw_jcs_str(j, "certificate", p->certificate);
            gw_part_iso(j, "certificate_until", p->certificate_until_ms);
        }
        gw_part_iso(j, "from", p->from_ms);
        gw_jcs_str(j, "reason", p->reason);
        gw_jcs_str(j, "ref", p->id);
        gw_jcs_str(j, "scope", gw_permit_scope_name(p->scope));
        gw_jcs_str(j, "target", p->target);
        gw_part_iso(j, "until", p->until_ms);
        gw_jcs_str(j, "who", p->who);
        gw_jcs_end(j);
    }
    gw_jcs_end(j);
}

void gw_govern_write_orders(const struct gw_govern *g, struct gw_jcs *j, const char *key)
{
    gw_jcs_arr(j, key);
    for (size_t i = 0; i < g->norders; i++) {
        const struct gw_standing_order *o = &g->orders[i];
        gw_jcs_obj(j, NULL);
        gw_jcs_str(j, "order", gw_order_name(o->order));
        gw_jcs_str(j, "reason", o->reason);
        gw_jcs_str(j, "ref", o->id);
        gw_part_iso(j, "since", o->since_ms);
        gw_jcs_str(j, "target", o->target);
        gw_jcs_str(j, "who", o->who);
        gw_jcs_end(j);
    }
    gw_jcs_end(j);
}
