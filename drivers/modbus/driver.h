/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/driver: Modbus as two drivers: TCP, with one reactor thread for every endpoint of the
 * site, and RTU, with one thread for each serial line.
 *
 * Each device is polled once per period as one pass over its planned requests; a device that does
 * not answer backs off alone. See driver.h for the contract, tcp.h and rtu.h for the clients.
 */
#ifndef GW_MODBUS_DRIVER_H
#define GW_MODBUS_DRIVER_H

/* Not "driver.h", which would be this file. */
#include "../driver.h"

extern const struct gw_driver gw_modbus_tcp_driver;
extern const struct gw_conf_driver gw_modbus_tcp_conf;
extern const struct gw_driver gw_modbus_rtu_driver;
extern const struct gw_conf_driver gw_modbus_rtu_conf;

#endif
