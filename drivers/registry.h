/* SPDX-License-Identifier: Apache-2.0
 *
 * registry: the drivers that this build has. Adding one is a line in registry.c.
 */
#ifndef GW_REGISTRY_H
#define GW_REGISTRY_H

#include "driver.h"

/* NULL-terminated. */
extern const struct gw_driver *const gw_drivers[];
/* Their conf hooks, NULL-terminated, in the same order, for gw_site_load. */
extern const struct gw_conf_driver *const gw_conf_drivers[];

#endif
