/* SPDX-License-Identifier: Apache-2.0 */
#include "gpio/conf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STALE_PERIODS 3
#define STALE_MIN_MS  3000
#define OFFSET_MAX    65535

static const char *const bias_names[] = {"as-is", "disable", "pull-up", "pull-down", NULL};
static const char *const wiring_names[] = {"no", "nc", NULL};

static void check_chip(const struct gw_jnode *n, struct gw_issues *issues)
{
    const char *chip = gw_jnode_str(n);
    if (chip[0] != '/' && strchr(chip, '/') != NULL)
        gw_jnode_issue(n, issues,
                       "must be the label of a chip or an absolute path such as "
                       "\"/dev/gpiochip0\", is \"%s\"",
                       chip);
}

static void check_line(const struct gw_jnode *n, struct gw_issues *issues)
{
    const enum gw_jtype type = gw_jnode_type(n);
    if (type == GW_J_NUM) {
        if (!gw_jnode_is_int(n) || gw_jnode_num(n) < 0 || gw_jnode_num(n) > OFFSET_MAX)
            gw_jnode_issue(n, issues, "must be a whole number from 0 to %d", OFFSET_MAX);
    } else if (type == GW_J_STR) {
        const size_t len = strlen(gw_jnode_str(n));
        if (len == 0 || len >= GW_ID_SIZE)
            gw_jnode_issue(n, issues, "the name of a line has 1 to %d bytes, not %zu",
                           GW_ID_SIZE - 1, len);
    } else {
        gw_jnode_issue(n, issues, "must be a number (offset) or a text (name), is %s",
                       gw_jtype_name(type));
    }
}

#define BUS(m)   .offset = offsetof(struct gw_gpio_bus, m)
#define POINT(m) .offset = offsetof(struct gw_gpio_point_keys, m)
#define END                                                                                        \
    {                                                                                              \
        .type = GW_KEY_END                                                                         \
    }

/* clang-format off */
const struct gw_key gw_gpio_bus_keys[] = {
    {"chip", GW_KEY_STR, BUS(chip), .size = sizeof(((struct gw_gpio_bus *)NULL)->chip), .min = 1,
     .required = true, .check = check_chip,
     .doc = "Label of the GPIO chip, which stays when chips are numbered anew, or its path such as "
            "/dev/gpiochip0."},
    END,
};

const struct gw_key gw_gpio_point_keys[] = {
    {"line", GW_KEY_NODE, POINT(line), .required = true, .check = check_line,
     .doc = "The line of the chip: its offset, counted from 0, or its name."},
    {"active_low", GW_KEY_BOOL, POINT(active_low), .def = "false",
     .doc = "true: the contact is closed when the line is low (it pulls the line to ground)."},
    {"bias", GW_KEY_ENUM, POINT(bias), .names = bias_names, .def = "as-is",
     .doc = "Resistor inside the chip: as-is leaves it, disable switches it off, pull-up and "
            "pull-down set it."},
    {"debounce_ms", GW_KEY_INT, POINT(debounce_ms), .min = 1, .max = 60000, .def = "20",
     .doc = "A level counts after it has stood for this long, in milliseconds; contacts bounce for "
            "5 to 20."},
    {"wiring", GW_KEY_ENUM, POINT(wiring), .names = wiring_names, .def = "no",
     .doc = "no: normally open, true when the contact is closed. nc: normally closed, true when it "
            "is open, which is also what a broken wire looks like."},
    {"edges", GW_KEY_BOOL, POINT(edges), .def = "false",
     .doc = "Adds a point <name>_edges: how many edges the line has made since the start; UNCERTAIN "
            "once some may have been missed."},
    END,
};

static const struct gw_key no_keys[] = {END};
/* clang-format on */

void *gw_gpio_conf_bus(const struct gw_jnode *obj, struct gw_issues *issues)
{
    struct gw_gpio_bus *bus = calloc(1, sizeof *bus);
    if (bus == NULL)
        return NULL;
    if (!gw_keys_read_beside(obj, gw_gpio_bus_keys, gw_site_bus_keys, bus, issues)) {
        free(bus);
        return NULL;
    }
    return bus;
}

void *gw_gpio_conf_device(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                          const struct gw_jnode *profile, struct gw_issues *issues)
{
    (void)site;
    (void)device;
    struct gw_gpio_device *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    bool ok = gw_keys_read_beside(obj, no_keys, gw_site_device_keys, d, issues);
    if (profile != NULL) {
        gw_jnode_issue(gw_jnode_get(obj, "profile"), issues,
                       "lines of a GPIO chip have no profile; they stand in \"points\"");
        ok = false;
    }
    if (!ok) {
        free(d);
        return NULL;
    }
    return d;
}

/* ---- points ---- */

static bool same_line(const struct gw_gpio_point *a, const struct gw_gpio_point *b)
{
    return strcmp(a->name, b->name) == 0 && (a->name[0] != '\0' || a->offset == b->offset);
}

/* The kernel lends a line once, so a second point would find it busy for ever. */
static const struct gw_point *find_twin(const struct gw_site *site, uint32_t device,
                                        const struct gw_gpio_point *p)
{
    const uint32_t bus = site->devices[device].bus;
    for (size_t i = 0; i < site->npoints; i++) {
        const struct gw_gpio_point *other = site->point_priv[i];
        if (site->devices[site->points[i].device].bus == bus && other != NULL &&
            same_line(other, p))
            return &site->points[i];
    }
    return NULL;
}

static bool read_point(const struct gw_jnode *obj, struct gw_gpio_point *p,
                       struct gw_issues *issues)
{
    *p = (struct gw_gpio_point){.offset = 0};
    if (!gw_keys_read(obj, gw_gpio_point_keys, &p->keys, issues))
        return false;
    if (gw_jnode_type(p->keys.line) == GW_J_STR)
        snprintf(p->name, sizeof p->name, "%s", gw_jnode_str(p->keys.line));
    else
        p->offset = (unsigned)gw_jnode_num(p->keys.line);
    const char *key = gw_jnode_key(obj);
    const int n = snprintf(p->edges_id, sizeof p->edges_id, "%s_edges", key);
    if (!p->keys.edges) {
        p->edges_id[0] = '\0';
    } else if (n >= (int)sizeof p->edges_id) {
        gw_jnode_issue(obj, issues, "\"%s_edges\" is longer than %d characters", key,
                       GW_POINT_ID - 1);
        return false;
    }
    return true;
}

static bool add(struct gw_site *site, uint32_t device, const struct gw_point *point, void *priv,
                const struct gw_jnode *obj, struct gw_issues *issues)
{
    const enum gw_status status = gw_site_add_point(site, device, point, priv, obj, issues);
    if (status == GW_E_NOMEM)
        gw_jnode_issue(obj, issues, "out of memory");
    return status == GW_OK;
}

void gw_gpio_conf_point(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                        struct gw_issues *issues)
{
    struct gw_gpio_point read;
    if (!read_point(obj, &read, issues))
        return;
    const struct gw_point *twin = find_twin(site, device, &read);
    if (twin != NULL) {
        gw_jnode_issue(read.keys.line, issues, "%s reads this line already", twin->id);
        return;
    }
    struct gw_gpio_point *p = malloc(sizeof *p);
    if (p == NULL) {
        gw_jnode_issue(obj, issues, "out of memory");
        return;
    }
    *p = read;
    struct gw_point_def def = {
        .vtype = GW_V_BOOL,
        .sane_lo = -INFINITY,
        .sane_hi = INFINITY,
        .period_ms = site->devices[device].period_ms,
    };
    def.stale_ms = def.period_ms * STALE_PERIODS;
    if (def.stale_ms < STALE_MIN_MS)
        def.stale_ms = STALE_MIN_MS;
    struct gw_point point = {.id = gw_jnode_key(obj), .def = &def};
    if (!add(site, device, &point, p, obj, issues)) {
        free(p);
        return;
    }
    struct gw_gpio_device *d = site->devices[device].priv;
    d->npoints++;
    if (read.edges_id[0] == '\0')
        return;
    def.vtype = GW_V_INT;
    point.id = read.edges_id;
    (void)add(site, device, &point, NULL, obj, issues);
}

/* ---- printing ---- */

void gw_gpio_conf_print_bus(const void *bus, int indent, struct gw_buf *out)
{
    if (bus != NULL)
        gw_keys_print(gw_gpio_bus_keys, bus, indent, out);
}

void gw_gpio_conf_print_device(const void *device, int indent, struct gw_buf *out)
{
    (void)device;
    (void)indent;
    (void)out;
}

void gw_gpio_conf_print_point(const void *point, int indent, struct gw_buf *out)
{
    const struct gw_gpio_point *p = point;
    if (p == NULL)
        return;
    gw_buf_printf(out, "%*s\"line\": ", indent, "");
    if (p->name[0] != '\0')
        gw_keys_print_str(p->name, out);
    else
        gw_buf_printf(out, "%u", p->offset);
    gw_buf_str(out, ",\n");
    gw_keys_print(gw_gpio_point_keys, &p->keys, indent, out);
}
