/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/driver: Modbus TCP as a driver: one reactor thread for every endpoint of the site.
 *
 * Each device is polled once per period as one pass over its planned requests; a device that does
 * not answer backs off alone. See driver.h for the contract, tcp.h for the client.
 */
#ifndef GW_MODBUS_DRIVER_H
#define GW_MODBUS_DRIVER_H

/* Not "driver.h", which would be this file. */
#include "../driver.h"

extern const struct gw_driver gw_modbus_tcp_driver;
extern const struct gw_conf_driver gw_modbus_tcp_conf;

#endif
