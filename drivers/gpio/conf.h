/* SPDX-License-Identifier: Apache-2.0
 *
 * gpio/conf: chips, groups of lines and lines of the site file, and the hooks that read them.
 *
 * A bus is a chip, a device is a group of its lines that are read together, a point is a line. What
 * the hooks return is constant once the site is loaded. Owned by the loading thread.
 */
#ifndef GW_GPIO_CONF_H
#define GW_GPIO_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/keys.h"
#include "conf/site.h"

struct gw_gpio_bus {
    char chip[GW_NAME_SIZE]; /* path or label */
};

struct gw_gpio_device {
    uint32_t npoints; /* lines so far */
};

enum gw_gpio_wiring { GW_GPIO_NO = 0, GW_GPIO_NC };

struct gw_gpio_point_keys {
    const struct gw_jnode *line;
    bool active_low;
    int bias; /* enum gw_gpio_bias */
    int64_t debounce_ms;
    int wiring; /* enum gw_gpio_wiring */
    bool edges;
};

/* Private data of the point of a line. The companion that counts its edges has none. */
struct gw_gpio_point {
    struct gw_gpio_point_keys keys;
    char name[GW_ID_SIZE];      /* of the line; "" = by offset */
    unsigned offset;            /* of the line, where name is "" */
    char edges_id[GW_POINT_ID]; /* the companion; "" = none */
};

/* The tables, for the reader, the schema test and the documentation test. */
extern const struct gw_key gw_gpio_bus_keys[];
extern const struct gw_key gw_gpio_point_keys[];

/* Hooks, see struct gw_conf_driver. A group of lines has no keys of its own and no profile. */
void *gw_gpio_conf_bus(const struct gw_jnode *obj, struct gw_issues *issues);
void *gw_gpio_conf_device(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                          const struct gw_jnode *profile, struct gw_issues *issues);
void gw_gpio_conf_point(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                        struct gw_issues *issues);
void gw_gpio_conf_print_bus(const void *bus, int indent, struct gw_buf *out);
void gw_gpio_conf_print_device(const void *device, int indent, struct gw_buf *out);
void gw_gpio_conf_print_point(const void *point, int indent, struct gw_buf *out);

#endif
