/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/conf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "modbus/pdu.h"
#include "modbus/point.h"
#include "modbus/profile.h"
#include "modbus/resolve.h"

_Static_assert(GW_NAME_SIZE <= GW_MB_HOST_SIZE, "every host name fits into a question");

static void check_host(const struct gw_jnode *n, struct gw_issues *issues)
{
    const char *host = gw_jnode_str(n);
    struct gw_mb_addrs addrs;
    if (gw_mb_numeric(host, 0, &addrs))
        return;
    for (const char *p = host; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && strchr(".-_", *p) == NULL) {
            gw_jnode_issue(n, issues,
                           "must be a host name or an address alone (the port is a key of its "
                           "own), is \"%s\"",
                           host);
            return;
        }
    }
    if (host[strspn(host, "0123456789.")] == '\0')
        gw_jnode_issue(n, issues, "\"%s\" is no address", host);
}

/* In the order of enum gw_mb_framing. */
static const char *const framing_names[] = {"tcp", "rtu", NULL};

#define BUS(m)    .offset = offsetof(struct gw_mb_bus, m)
#define DEVICE(m) .offset = offsetof(struct gw_mb_device, m)
#define END                                                                                        \
    {                                                                                              \
        .type = GW_KEY_END                                                                         \
    }

/* clang-format off */
const struct gw_key gw_mb_bus_keys[] = {
    {"host", GW_KEY_STR, BUS(host), .size = sizeof(((struct gw_mb_bus *)NULL)->host), .min = 1,
     .required = true, .check = check_host,
     .doc = "Address or host name of the device or of its Modbus TCP gateway; an address needs no "
            "name server."},
    {"port", GW_KEY_INT, BUS(port), .min = 1, .max = 65535, .def = "502",
     .doc = "TCP port."},
    {"timeout_ms", GW_KEY_INT, BUS(timeout_ms), .min = 20, .max = 60000, .def = "1000",
     .doc = "Longest time from a request to its whole answer, in milliseconds."},
    {"connect_timeout_ms", GW_KEY_INT, BUS(connect_timeout_ms), .min = 20, .max = 60000,
     .def = "3000",
     .doc = "Longest time to make the connection, in milliseconds."},
    {"framing", GW_KEY_ENUM, BUS(framing), .names = framing_names, .def = "tcp",
     .doc = "tcp: Modbus TCP. rtu: RTU frames over TCP, as a transparent serial server (DTU) wants "
            "them."},
    END,
};

/* No defaults here: they come from the profile, or else from gw_mb_device_default. */
const struct gw_key gw_mb_device_keys[] = {
    {"unit", GW_KEY_INT, DEVICE(unit), .max = 255,
     .doc = "Unit (slave) address; default 1."},
    {"channels", GW_KEY_INT, DEVICE(channels), .min = 1, .max = 512,
     .doc = "How many channels (probes, inputs) are used; default by the profile."},
    {"max_regs", GW_KEY_INT, DEVICE(max_regs), .min = 1, .max = GW_MB_MAX_REGS,
     .doc = "Most registers in one request; default by the profile, or 125."},
    {"max_bits", GW_KEY_INT, DEVICE(max_bits), .min = 1, .max = GW_MB_MAX_BITS,
     .doc = "Most bits in one request; default by the profile, or 2000."},
    {"max_gap_regs", GW_KEY_INT, DEVICE(max_gap_regs), .max = GW_MB_MAX_REGS,
     .doc = "Unwanted registers that may be read to save a request; default by the profile, or 10."},
    {"max_gap_bits", GW_KEY_INT, DEVICE(max_gap_bits), .max = GW_MB_MAX_BITS,
     .doc = "Unwanted bits that may be read to save a request; default by the profile, or 64."},
    {"search_s", GW_KEY_INT, DEVICE(search_s), .max = 3600,
     .doc = "How long the device looks for its detectors after it came up, in seconds: none of them is "
            "called absent before; default by the profile, or 0."},
    {"warmup_s", GW_KEY_INT, DEVICE(warmup_s), .max = 7200,
     .doc = "How long its values have the quality WARMUP after it came up, in seconds; default by the "
            "profile, or 0."},
    {"fn17", GW_KEY_BOOL, DEVICE(identity.fn17),
     .doc = "Ask it by function 17 who it is; default by the profile, or false."},
    {"identity_s", GW_KEY_INT, DEVICE(identity_s), .max = 86400,
     .doc = "How often it is asked who it is, in seconds, where there is a way; 0: never; default by "
            "the profile, or 600."},
    END,
};
/* clang-format on */

struct gw_mb_device gw_mb_device_default(void)
{
    return (struct gw_mb_device){
        .unit = 1,
        .channels = 1,
        .max_regs = GW_MB_MAX_REGS,
        .max_bits = GW_MB_MAX_BITS,
        .max_gap_regs = 10,
        .max_gap_bits = 64,
        .identity_s = 600,
    };
}

void *gw_mb_conf_bus(const struct gw_jnode *obj, struct gw_issues *issues)
{
    struct gw_mb_bus *bus = calloc(1, sizeof *bus);
    if (bus == NULL)
        return NULL;
    if (!gw_keys_read_beside(obj, gw_mb_bus_keys, gw_site_bus_keys, bus, issues)) {
        free(bus);
        return NULL;
    }
    return bus;
}

static bool check_identity(const struct gw_mb_device *d, const struct gw_jnode *obj,
                           struct gw_issues *issues)
{
    for (size_t i = 0; i < d->identity.nparts; i++) {
        if (d->identity.parts[i].count > d->max_regs) {
            gw_jnode_issue(obj, issues,
                           "its profile's identity needs %u registers at once, but max_regs is %d",
                           (unsigned)d->identity.parts[i].count, (int)d->max_regs);
            return false;
        }
    }
    return true;
}

void *gw_mb_conf_device(struct gw_site *site, uint32_t device, const struct gw_jnode *obj,
                        const struct gw_jnode *profile, struct gw_issues *issues)
{
    struct gw_mb_device *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    *d = gw_mb_device_default();
    struct gw_mb_profile p = {0};
    bool ok = true;
    if (profile != NULL)
        ok = gw_mb_profile_read(profile, site->devices[device].profile, &p, d, issues);
    if (!gw_keys_read_beside(obj, gw_mb_device_keys, gw_site_device_keys, d, issues))
        ok = false;
    if (ok && profile != NULL && p.points == NULL) {
        gw_jnode_issue(
            gw_jnode_get(obj, "profile"), issues,
            "\"%s\" is the profile of a 4-20 mA instrument; it goes into \"signal\" of a "
            "point",
            p.name);
        ok = false;
    }
    if (ok && profile != NULL && d->channels > p.channels_max) {
        const struct gw_jnode *n = gw_jnode_get(obj, "channels");
        gw_jnode_issue(n != NULL ? n : obj, issues, "profile %s has at most %d channels, not %d",
                       p.name, (int)p.channels_max, (int)d->channels);
        ok = false;
    }
    if (ok)
        ok = check_identity(d, obj, issues);
    if (ok)
        gw_mb_ident_settle(&d->identity);
    if (ok && profile != NULL)
        ok = gw_mb_profile_expand(&p, site, device, d, issues);
    if (!ok) {
        free(d);
        return NULL;
    }
    return d;
}

void gw_mb_conf_print_bus(const void *bus, int indent, struct gw_buf *out)
{
    if (bus != NULL)
        gw_keys_print(gw_mb_bus_keys, bus, indent, out);
}

void gw_mb_conf_print_device(const void *device, int indent, struct gw_buf *out)
{
    if (device != NULL)
        gw_keys_print(gw_mb_device_keys, device, indent, out);
}
