/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"

#include <stddef.h>

#include "gpio/driver.h"
#include "modbus/driver.h"

const struct gw_driver *const gw_drivers[] = {
    &gw_modbus_tcp_driver,
    &gw_modbus_rtu_driver,
    &gw_gpio_driver,
    NULL,
};

const struct gw_conf_driver *const gw_conf_drivers[] = {
    &gw_modbus_tcp_conf,
    &gw_modbus_rtu_conf,
    &gw_gpio_conf,
    NULL,
};
