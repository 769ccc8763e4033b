/* SPDX-License-Identifier: Apache-2.0 */
#include "stub.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct stub_point {
    int is;
    char unit[GW_POINT_UNIT];
    double lo, hi;
};

static const char *const is_names[] = {"number", "integer", "contact", "state", NULL};

static const struct gw_key point_keys[] = {
    {.name = "is",
     .type = GW_KEY_ENUM,
     .offset = offsetof(struct stub_point, is),
     .names = is_names,
     .required = true},
    {.name = "unit",
     .type = GW_KEY_STR,
     .offset = offsetof(struct stub_point, unit),
     .size = sizeof(((struct stub_point *)NULL)->unit),
     .def = ""},
    {.name = "lo", .type = GW_KEY_NUM, .offset = offsetof(struct stub_point, lo)},
    {.name = "hi", .type = GW_KEY_NUM, .offset = offsetof(struct stub_point, hi)},
    {.type = GW_KEY_END},
};

static void *stub_bus(const struct gw_jnode *obj, struct gw_issues *issues)
{
    (void)obj;
    (void)issues;
    return malloc(1);
}

static void *stub_device(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                         const struct gw_jnode *profile, struct gw_issues *issues)
{
    (void)site;
    (void)device;
    (void)obj;
    (void)profile;
    (void)issues;
    return malloc(1);
}

static void stub_point(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                       struct gw_issues *issues)
{
    static const enum gw_vtype types[] = {GW_V_NUM, GW_V_INT, GW_V_BOOL, GW_V_STATE};
    struct stub_point in = {.is = 0, .lo = -INFINITY, .hi = INFINITY};
    if (!gw_keys_read(obj, point_keys, &in, issues))
        return;
    struct gw_point_def def = {
        .vtype = types[in.is],
        .decimals = 2,
        .sane_lo = in.lo,
        .sane_hi = in.hi,
        .period_ms = site->devices[device].period_ms,
        .stale_ms = 3 * site->devices[device].period_ms,
    };
    memcpy(def.unit, in.unit, sizeof def.unit);
    const struct gw_point p = {.id = gw_jnode_key(obj), .def = &def};
    /* The caller sees from the issues and the number of points whether it went well. */
    if (gw_site_add_point(site, device, &p, NULL, obj, issues) != GW_OK)
        return;
}

static void print_nothing(const void *priv, int indent, struct gw_buf *out)
{
    (void)priv;
    (void)indent;
    (void)out;
}

const struct gw_conf_driver scene_stub = {
    .name = "stub",
    .kind = GW_BUS_LOCAL,
    .bus = stub_bus,
    .device = stub_device,
    .point = stub_point,
    .free_bus = free,
    .free_device = free,
    .free_point = free,
    .print_bus = print_nothing,
    .print_device = print_nothing,
    .print_point = print_nothing,
};
