/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/profile: a device's register map as data: config/devices/<name>.json; or what the currents
 * of a 4-20 mA instrument mean.
 *
 * Points "per_channel" are expanded for channels 1..n of the device. Owned by the loading thread.
 */
#ifndef GW_MODBUS_PROFILE_H
#define GW_MODBUS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/keys.h"
#include "conf/site.h"
#include "modbus/conf.h"

/* How sure the map is. */
enum gw_mb_confirmed {
    GW_MB_MEMORY = 0, /* known, but no document at hand */
    GW_MB_PUBLISHED,  /* from the maker's published document or a public copy of it */
    GW_MB_DEVICE      /* checked against a real device */
};

/* The file as its keys say; nodes are lent by its document. */
struct gw_mb_profile {
    char name[GW_ID_SIZE];
    char source[256];
    int confirmed; /* enum gw_mb_confirmed */
    const struct gw_jnode *title, *device;
    const struct gw_jnode *identity; /* NULL: it has no way to say who it is */
    const struct gw_jnode *points;   /* of a Modbus device; NULL: none */
    const struct gw_jnode *bands;    /* of a 4-20 mA instrument; NULL: none */
    int64_t channels_max;
};

/* The tables, for the reader, the schema test and the documentation test. */
extern const struct gw_key gw_mb_profile_keys[];
extern const struct gw_key gw_mb_title_keys[];          /* "title" */
extern const struct gw_key gw_mb_profile_device_keys[]; /* "device" */

/* Reads all of the file but its points. name is what the site file calls it. What "device" says is
 * put into limits, on top of what is there. false when an issue was added. */
bool gw_mb_profile_read(const struct gw_jnode *root, const char *name, struct gw_mb_profile *out,
                        struct gw_mb_device *limits, struct gw_issues *issues);

/* Adds the profile's points for conf->channels channels to the site. false when an issue was added.
 */
bool gw_mb_profile_expand(const struct gw_mb_profile *p, struct gw_site *site, uint32_t device,
                          const struct gw_mb_device *conf, struct gw_issues *issues);

#endif
