/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/conf: buses and devices of the site file as Modbus needs them, and the hooks that read
 * them. What the hooks return is constant once the site is loaded. Owned by the loading thread.
 */
#ifndef GW_MODBUS_CONF_H
#define GW_MODBUS_CONF_H

#include <stdint.h>

#include "conf/keys.h"
#include "conf/site.h"
#include "modbus/ident_conf.h"

struct gw_mb_bus {
    char host[GW_NAME_SIZE]; /* dotted address, IPv6 address or name */
    int64_t port;
    int64_t timeout_ms;         /* whole transaction */
    int64_t connect_timeout_ms; /* also how long a pass waits for a name to resolve */
    int framing;                /* enum gw_mb_framing */
};

struct gw_mb_device {
    int64_t unit;
    int64_t channels; /* of the profile's points "per_channel" */
    int64_t max_regs, max_bits, max_gap_regs, max_gap_bits;
    int64_t search_s, warmup_s; /* after it came up */
    int64_t identity_s;         /* how often it is asked who it is; 0: never */
    struct gw_mb_ident_conf identity;
};

/* The tables, for the reader, the schema test and the documentation test. */
extern const struct gw_key gw_mb_bus_keys[];
extern const struct gw_key gw_mb_device_keys[];

/* What a device is like without a profile and without a word in the site file. */
struct gw_mb_device gw_mb_device_default(void);

/* Hooks, see struct gw_conf_driver. */
void *gw_mb_conf_bus(const struct gw_jnode *obj, struct gw_issues *issues);
void *gw_mb_conf_device(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                        const struct gw_jnode *profile, struct gw_issues *issues);
void gw_mb_conf_print_bus(const void *bus, int indent, struct gw_buf *out);
void gw_mb_conf_print_device(const void *device, int indent, struct gw_buf *out);

#endif
