/* SPDX-License-Identifier: Apache-2.0
 *
 * stub_driver: drivers that read their keys and know nothing of instruments, so that the site
 * reader is tested without any. "modbus-tcp" has the keys of the real one that the example file
 * uses; a profile lists names of points: {"points": ["flow"], "per_channel": ["p{n}"]}.
 */
#ifndef GW_TESTS_CONF_STUB_DRIVER_H
#define GW_TESTS_CONF_STUB_DRIVER_H

#include "conf/site.h"

struct stub_bus {
    char host[GW_NAME_SIZE];
    int64_t port, timeout_ms;
};

struct stub_device {
    int64_t unit, channels;
};

struct stub_point {
    int64_t address, fc;
    bool invert;
    double scale;
};

extern const struct gw_conf_driver stub_tcp, stub_serial;
extern const struct gw_conf_driver *const stub_drivers[]; /* both, and NULL */

#endif
