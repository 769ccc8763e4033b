/* SPDX-License-Identifier: Apache-2.0
 *
 * The "derived" section: points of a device that no bus has.
 */
#include "conf/site_in.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEVICE "derived"

/* ---- the bus of nothing ---- */

static void free_nothing(void *priv)
{
    (void)priv;
}

static void print_nothing(const void *priv, int indent, struct gw_buf *out)
{
    (void)priv;
    (void)indent;
    (void)out;
}

/* Not among the drivers of the daemon: a site file cannot name it, and nothing polls it. */
static const struct gw_conf_driver nobody = {
    .name = DEVICE,
    .kind = GW_BUS_LOCAL,
    .free_bus = free_nothing,
    .free_device = free_nothing,
    .free_point = free_nothing,
    .print_bus = print_nothing,
    .print_device = print_nothing,
    .print_point = print_nothing,
};

bool gw_site_is_derived(const struct gw_site_bus *bus)
{
    return bus->driver == &nobody;
}

static bool name_taken(const struct gw_site_derived_env *env, const struct gw_jnode *obj)
{
    const struct gw_site *site = env->site;
    for (size_t i = 0; i < site->ndevices; i++) {
        if (strcmp(site->devices[i].id, DEVICE) == 0) {
            gw_jnode_issue(obj, env->issues, "a device is named \"" DEVICE "\" already");
            return true;
        }
    }
    for (size_t i = 0; i < site->nbuses; i++) {
        if (strcmp(site->buses[i].id, DEVICE) == 0) {
            gw_jnode_issue(obj, env->issues, "a bus is named \"" DEVICE "\" already");
            return true;
        }
    }
    return false;
}

/* The reader left room for one bus and one device more. */
static uint32_t add_device(struct gw_site *site)
{
    struct gw_site_bus *bus = &site->buses[site->nbuses];
    struct gw_site_device *device = &site->devices[site->ndevices];
    memcpy(bus->id, DEVICE, sizeof(DEVICE));
    bus->driver = &nobody;
    memcpy(device->id, DEVICE, sizeof(DEVICE));
    device->bus = (uint32_t)site->nbuses++;
    device->period_ms = 1000;
    return (uint32_t)site->ndevices++;
}

/* ---- declaring ---- */

static void declare(const struct gw_site_derived_env *env, uint32_t device,
                    const struct gw_jnode *n)
{
    struct gw_site *site = env->site;
    struct gw_site_derived *d = &site->derived[site->nderived];
    struct gw_point_def def = {.sane_lo = -(double)INFINITY,
                               .sane_hi = (double)INFINITY,
                               .period_ms = 1000,
                               .stale_ms = 1000};
    if (!gw_keys_read(n, gw_site_derived_keys, d, env->issues))
        return;
    if (!gw_keys_is_id(gw_jnode_key(n), GW_POINT_ID - sizeof(DEVICE))) {
        gw_jnode_issue(n, env->issues, "a name here has 1 to %d letters, digits, '-' and '_'",
                       (int)(GW_POINT_ID - sizeof(DEVICE) - 1));
        return;
    }
    struct gw_buf id;
    gw_buf_fixed(&id, d->id, sizeof d->id);
    gw_buf_printf(&id, DEVICE ".%s", gw_jnode_key(n));
    memcpy(def.unit, d->unit, sizeof def.unit);
    def.vtype = d->kind == GW_DERIVE_N_OF_M ? GW_V_BOOL : GW_V_NUM;
    def.decimals = def.vtype == GW_V_NUM ? (int)d->decimals : 0;
    d->node = n;
    const struct gw_point p = {.id = d->id, .def = &def};
    if (gw_site_add_point(site, device, &p, NULL, n, env->issues) == GW_OK)
        site->nderived++;
}

bool gw_site_read_derived(const struct gw_site_derived_env *env, const struct gw_jnode *obj)
{
    if (obj == NULL || gw_jnode_count(obj) == 0 || name_taken(env, obj))
        return true;
    env->site->derived = calloc(gw_jnode_count(obj), sizeof *env->site->derived);
    if (env->site->derived == NULL)
        return false;
    const uint32_t device = add_device(env->site);
    for (const struct gw_jnode *n = gw_jnode_first(obj); n != NULL; n = gw_jnode_next(n))
        declare(env, device, n);
    return true;
}

/* ---- sources ---- */

static bool kind_takes(enum gw_derive_kind kind, enum gw_vtype vtype)
{
    if (kind == GW_DERIVE_N_OF_M)
        return vtype == GW_V_BOOL;
    return vtype == GW_V_NUM || vtype == GW_V_INT;
}

/* def: of the derived point, which is read as seldom as the slowest of its sources. */
static void add_source(const struct gw_site_derived_env *env, struct gw_site_derived *d,
                       struct gw_point_def *def, const struct gw_jnode *n)
{
    struct gw_site *site = env->site;
    const struct gw_point *own = &site->points[d->point];
    uint32_t point = 0;
    if (gw_jnode_type(n) != GW_J_STR) {
        gw_jnode_issue(n, env->issues, "must be the name of a point");
    } else if (!gw_site_find_point(site, gw_jnode_str(n), &point)) {
        if (!gw_site_lack_explained(site, env->device_bad, env->names_unsure, gw_jnode_str(n)))
            gw_jnode_issue(n, env->issues, "there is no point \"%s\"", gw_jnode_str(n));
    } else if (site->points[point].device == own->device) {
        gw_jnode_issue(n, env->issues, "\"%s\" is derived itself", gw_jnode_str(n));
    } else if (!kind_takes((enum gw_derive_kind)d->kind, site->points[point].def->vtype)) {
        gw_jnode_issue(n, env->issues, "\"%s\" is no %s", gw_jnode_str(n),
                       d->kind == GW_DERIVE_N_OF_M ? "contact" : "number");
    } else {
        const struct gw_point_def *of = site->points[point].def;
        d->of[d->nof++] = point;
        def->period_ms = of->period_ms > def->period_ms ? of->period_ms : def->period_ms;
        def->stale_ms = of->stale_ms > def->stale_ms ? of->stale_ms : def->stale_ms;
    }
}

/* False: no memory. */
static bool resolve(const struct gw_site_derived_env *env, struct gw_site_derived *d)
{
    static const struct {
        size_t least, most;
    } sources[GW_DERIVE_COUNT] = {
        [GW_DERIVE_DIFFERENCE] = {2, 2},
        [GW_DERIVE_RATIO] = {2, 2},
        [GW_DERIVE_SUM] = {2, GW_DERIVE_MAX},
        [GW_DERIVE_N_OF_M] = {2, GW_DERIVE_MAX},
        [GW_DERIVE_RATE] = {1, 1},
        [GW_DERIVE_INCREASE] = {1, 1},
    };
    const size_t count = gw_jnode_count(d->list);
    if (count < sources[d->kind].least || count > sources[d->kind].most) {
        gw_jnode_issue(d->list, env->issues, "must be %zu to %zu points", sources[d->kind].least,
                       sources[d->kind].most);
        return true;
    }
    if (!gw_site_find_point(env->site, d->id, &d->point))
        return true;
    struct gw_point_def def = *env->site->points[d->point].def;
    for (const struct gw_jnode *n = gw_jnode_first(d->list); n != NULL; n = gw_jnode_next(n))
        add_source(env, d, &def, n);
    if (d->kind == GW_DERIVE_N_OF_M && d->n > (int64_t)count) {
        gw_jnode_issue(d->node, env->issues, "\"n\" is %d, but there are %zu points", (int)d->n,
                       count);
    }
    return gw_site_redefine(env->site, d->point, &def);
}

bool gw_site_resolve_derived(const struct gw_site_derived_env *env)
{
    for (size_t i = 0; i < env->site->nderived; i++)
        if (!resolve(env, &env->site->derived[i]))
            return false;
    return true;
}
