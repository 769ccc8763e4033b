/* SPDX-License-Identifier: Apache-2.0
 *
 * rtu_conf: serial lines of the site file, and the hooks that read them. Devices and points are
 * those of conf.h. Owned by the loading thread; constant once the site is loaded.
 */
#ifndef GW_MODBUS_RTU_CONF_H
#define GW_MODBUS_RTU_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/keys.h"
#include "conf/site.h"

struct gw_rtu_bus {
    char port[GW_PATH_SIZE];
    int64_t baud;
    int parity; /* enum gw_rtu_parity */
    int64_t stop_bits;
    bool rs485;
    int64_t timeout_ms;    /* whole transaction */
    int64_t turnaround_ms; /* pause when the addressed unit changes */
};

/* The table, for the reader, the schema test and the documentation test. */
extern const struct gw_key gw_rtu_bus_keys[];

/* Hooks, see struct gw_conf_driver. */
void *gw_rtu_conf_bus(const struct gw_jnode *obj, struct gw_issues *issues);
void *gw_rtu_conf_device(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                         const struct gw_jnode *profile, struct gw_issues *issues);
void gw_rtu_conf_print_bus(const void *bus, int indent, struct gw_buf *out);

#endif
