/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/rtu_conf.h"

#include <stdlib.h>
#include <string.h>

#include "modbus/conf.h"
#include "modbus/frame.h"
#include "modbus/rtu.h"
#include "modbus/serial.h"

static void check_baud(const struct gw_jnode *n, struct gw_issues *issues)
{
    static const int rates[] = {1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
        if (gw_jnode_num(n) == rates[i])
            return;
    gw_jnode_issue(n, issues,
                   "must be 1200, 2400, 4800, 9600, 19200, 38400, 57600 or 115200, is %.15g",
                   gw_jnode_num(n));
}

/* In the order of enum gw_rtu_parity. */
static const char *const parity_names[] = {"none", "even", "odd", NULL};

#define BUS(m) .offset = offsetof(struct gw_rtu_bus, m)

/* clang-format off */
const struct gw_key gw_rtu_bus_keys[] = {
    {"port", GW_KEY_PATH, BUS(port), .size = sizeof(((struct gw_rtu_bus *)NULL)->port), .min = 1,
     .required = true,
     .doc = "Serial port, by a name that stays when adapters are plugged anew, such as "
            "/dev/serial/by-id/..., or /dev/ttyS0."},
    {"baud", GW_KEY_INT, BUS(baud), .min = 1200, .max = 115200, .def = "9600", .check = check_baud,
     .doc = "Bits per second, one of the usual rates; the same for all devices on the line."},
    {"parity", GW_KEY_ENUM, BUS(parity), .names = parity_names, .def = "none",
     .doc = "Parity bit."},
    {"stop_bits", GW_KEY_INT, BUS(stop_bits), .min = 1, .max = 2, .def = "1",
     .doc = "Stop bits."},
    {"rs485", GW_KEY_BOOL, BUS(rs485), .def = "false",
     .doc = "true: the kernel switches the transmitter of the port; most adapters do it by "
            "themselves."},
    {"timeout_ms", GW_KEY_INT, BUS(timeout_ms), .min = 20, .max = 4000, .def = "1000",
     .doc = "Longest time from a request to its whole answer, in milliseconds; the time that the "
            "bytes need at this rate included."},
    {"turnaround_ms", GW_KEY_INT, BUS(turnaround_ms), .max = 1000, .def = "5",
     .doc = "Pause before another unit is addressed than the one before, in milliseconds; cheap "
            "devices need one."},
    {.type = GW_KEY_END},
};
/* clang-format on */

/* Two lines on one port would read each other's answers. */
static void check_port(const struct gw_jnode *obj, struct gw_issues *issues)
{
    const struct gw_jnode *mine = gw_jnode_get(obj, "port");
    const struct gw_jnode *buses = gw_jnode_get(gw_json_root(gw_jnode_doc(obj)), "buses");
    for (const struct gw_jnode *n = gw_jnode_first(buses); n != NULL && n != obj;
         n = gw_jnode_next(n)) {
        const struct gw_jnode *port = gw_jnode_type(n) == GW_J_OBJ ? gw_jnode_get(n, "port") : NULL;
        if (port != NULL && gw_jnode_type(port) == GW_J_STR &&
            strcmp(gw_jnode_str(port), gw_jnode_str(mine)) == 0)
            gw_jnode_issue(mine, issues, "%s is the port of buses.%s already", gw_jnode_str(mine),
                           gw_jnode_key(n));
    }
}

void *gw_rtu_conf_bus(const struct gw_jnode *obj, struct gw_issues *issues)
{
    struct gw_rtu_bus *bus = calloc(1, sizeof *bus);
    if (bus == NULL)
        return NULL;
    const size_t before = gw_issues_count(issues);
    if (gw_keys_read_beside(obj, gw_rtu_bus_keys, gw_site_bus_keys, bus, issues))
        check_port(obj, issues);
    if (gw_issues_count(issues) != before) {
        free(bus);
        return NULL;
    }
    return bus;
}

/* The answer to the longest request that the device may get, at the rate of its line. */
static bool check_time(const struct gw_site_bus *bus, const struct gw_mb_device *d,
                       const struct gw_jnode *obj, struct gw_issues *issues)
{
    const struct gw_rtu_bus *line = bus->priv;
    const int64_t regs = 2 * d->max_regs;
    const int64_t bits = (d->max_bits + 7) / 8;
    const int64_t needs = gw_mb_rtu_time_ms((size_t)(regs > bits ? regs : bits), line->baud,
                                            gw_serial_char_bits(line->parity, line->stop_bits));
    if (line->timeout_ms >= needs)
        return true;
    gw_jnode_issue(obj, issues,
                   "timeout_ms of buses.%s is %d, but the longest exchange with this device takes "
                   "%d ms at %d baud; raise it, or lower max_regs and max_bits",
                   bus->id, (int)line->timeout_ms, (int)needs, (int)line->baud);
    return false;
}

static bool check_unit(const struct gw_mb_device *d, const struct gw_jnode *obj,
                       struct gw_issues *issues)
{
    if (d->unit >= GW_RTU_UNIT_MIN && d->unit <= GW_RTU_UNIT_MAX)
        return true;
    const struct gw_jnode *n = gw_jnode_get(obj, "unit");
    gw_jnode_issue(n != NULL ? n : obj, issues,
                   "a unit on a serial line is %d to %d, not %d; give the device another address",
                   GW_RTU_UNIT_MIN, GW_RTU_UNIT_MAX, (int)d->unit);
    return false;
}

void *gw_rtu_conf_device(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                         const struct gw_jnode *profile, struct gw_issues *issues)
{
    struct gw_mb_device *d = gw_mb_conf_device(site, device, obj, profile, issues);
    if (d == NULL)
        return NULL;
    const struct gw_site_bus *bus = &site->buses[site->devices[device].bus];
    const bool unit = check_unit(d, obj, issues);
    /* A bus that could not be read is an issue of its own. */
    const bool time = bus->priv == NULL || check_time(bus, d, obj, issues);
    if (unit && time)
        return d;
    free(d);
    return NULL;
}

void gw_rtu_conf_print_bus(const void *bus, int indent, struct gw_buf *out)
{
    if (bus != NULL)
        gw_keys_print(gw_rtu_bus_keys, bus, indent, out);
}
