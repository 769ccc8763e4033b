/* SPDX-License-Identifier: Apache-2.0 */
#include "stub_driver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define END                                                                                        \
    {                                                                                              \
        .type = GW_KEY_END                                                                         \
    }

static const struct gw_key bus_keys[] = {
    {"host", GW_KEY_STR, .offset = offsetof(struct stub_bus, host), .size = GW_NAME_SIZE, .min = 1,
     .required = true, .doc = "-"},
    {"port", GW_KEY_INT, .offset = offsetof(struct stub_bus, port), .min = 1, .max = 65535,
     .def = "502", .doc = "-"},
    {"timeout_ms", GW_KEY_INT, .offset = offsetof(struct stub_bus, timeout_ms), .min = 20,
     .max = 60000, .def = "1000", .doc = "-"},
    END,
};

static const struct gw_key device_keys[] = {
    {"unit", GW_KEY_INT, .offset = offsetof(struct stub_device, unit), .max = 255, .def = "1",
     .doc = "-"},
    {"channels", GW_KEY_INT, .offset = offsetof(struct stub_device, channels), .min = 1, .max = 64,
     .def = "1", .doc = "-"},
    END,
};

static const struct gw_key point_keys[] = {
    {"address", GW_KEY_INT, .offset = offsetof(struct stub_point, address), .max = 65535,
     .required = true, .doc = "-"},
    {"fc", GW_KEY_INT, .offset = offsetof(struct stub_point, fc), .def = "3", .doc = "-"},
    {"invert", GW_KEY_BOOL, .offset = offsetof(struct stub_point, invert), .def = "false",
     .doc = "-"},
    {"scale", GW_KEY_NUM, .offset = offsetof(struct stub_point, scale), .def = "1", .doc = "-"},
    END,
};

static void *read_bus(const struct gw_jnode *obj, struct gw_issues *issues)
{
    struct stub_bus *b = calloc(1, sizeof *b);
    if (b != NULL && !gw_keys_read_beside(obj, bus_keys, gw_site_bus_keys, b, issues)) {
        free(b);
        b = NULL;
    }
    return b;
}

/* "<device>.<name>" with {n} replaced. */
static bool add(struct gw_site *site, uint32_t device, const char *name, int64_t channel,
                const struct gw_jnode *node, struct gw_issues *issues)
{
    const struct gw_point_def def = {
        .period_ms = site->devices[device].period_ms,
        .stale_ms = 3 * site->devices[device].period_ms,
        .sane_lo = -INFINITY,
        .sane_hi = INFINITY,
    };
    char id[GW_POINT_ID];
    struct gw_buf b;
    gw_buf_fixed(&b, id, sizeof id);
    const struct gw_point p = {.id = id, .def = &def};
    gw_buf_printf(&b, "%s.", site->devices[device].id);
    const char *mark = strstr(name, "{n}");
    if (mark != NULL)
        gw_buf_printf(&b, "%.*s%d%s", (int)(mark - name), name, (int)channel, mark + 3);
    else
        gw_buf_str(&b, name);
    struct stub_point *priv = calloc(1, sizeof *priv);
    if (priv == NULL || b.failed) {
        free(priv);
        return false;
    }
    if (gw_site_add_point(site, device, &p, priv, node, issues) != GW_OK) {
        free(priv);
        return false;
    }
    return true;
}

static bool add_list(struct gw_site *site, uint32_t device, const struct gw_jnode *list,
                     int64_t channels, struct gw_issues *issues)
{
    for (int64_t c = 1; list != NULL && c <= channels; c++) {
        const struct gw_jnode *n = gw_jnode_first(list);
        for (; n != NULL; n = gw_jnode_next(n))
            if (gw_jnode_type(n) != GW_J_STR || !add(site, device, gw_jnode_str(n), c, n, issues))
                return false;
    }
    return true;
}

static void *read_device(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                         const struct gw_jnode *profile, struct gw_issues *issues)
{
    struct stub_device *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    if (!gw_keys_read_beside(obj, device_keys, gw_site_device_keys, d, issues) ||
        !add_list(site, device, gw_jnode_get(profile, "points"), 1, issues) ||
        !add_list(site, device, gw_jnode_get(profile, "per_channel"), d->channels, issues)) {
        free(d);
        return NULL;
    }
    return d;
}

static void read_point(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                       struct gw_issues *issues)
{
    struct stub_point *priv = calloc(1, sizeof *priv);
    const struct gw_point_def def = {.period_ms = site->devices[device].period_ms};
    const struct gw_point p = {.id = gw_jnode_key(obj), .def = &def};
    if (priv == NULL || !gw_keys_read(obj, point_keys, priv, issues) ||
        gw_site_add_point(site, device, &p, priv, obj, issues) != GW_OK)
        free(priv);
}

static void print_bus(const void *bus, int indent, struct gw_buf *out)
{
    gw_keys_print(bus_keys, bus, indent, out);
}

static void print_device(const void *device, int indent, struct gw_buf *out)
{
    gw_keys_print(device_keys, device, indent, out);
}

static void print_point(const void *point, int indent, struct gw_buf *out)
{
    gw_keys_print(point_keys, point, indent, out);
}

#define HOOKS                                                                                      \
    .bus = read_bus, .device = read_device, .point = read_point, .free_bus = free,                 \
    .free_device = free, .free_point = free, .print_bus = print_bus, .print_device = print_device, \
    .print_point = print_point

const struct gw_conf_driver stub_tcp = {.name = "modbus-tcp", .kind = GW_BUS_TCP, HOOKS};
const struct gw_conf_driver stub_serial = {.name = "stub-serial", .kind = GW_BUS_SERIAL, HOOKS};

const struct gw_conf_driver *const stub_drivers[] = {&stub_tcp, &stub_serial, NULL};
