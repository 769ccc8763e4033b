/* SPDX-License-Identifier: Apache-2.0
 *
 * gpio/driver: contacts on GPIO lines as a driver: one thread for every line of the site.
 *
 * A thread of its own, although the core has a loop: the contract of drivers hands over batches and
 * knows no loop, the core stays free of descriptors that come and go with a chip, and a line that
 * chatters keeps this thread busy, not the one that decides. Lines are inputs and nothing else.
 * See ../driver.h for the contract, reactor.h for what the thread does.
 */
#ifndef GW_GPIO_DRIVER_H
#define GW_GPIO_DRIVER_H

/* Not "driver.h", which would be this file. */
#include "../driver.h"

extern const struct gw_driver gw_gpio_driver;
extern const struct gw_conf_driver gw_gpio_conf;

#endif
