/* SPDX-License-Identifier: Apache-2.0
 *
 * site_diff: what one loading of the site file changes against another.
 *
 * Compared is what was understood, defaults filled in, not the text: a comment or another order of
 * keys changes nothing. A bus goes on when neither itself nor any of its devices, their points or
 * the profiles that these come from changed, nor their order. Owned by one thread.
 */
#ifndef GW_CONF_SITE_DIFF_H
#define GW_CONF_SITE_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "conf/site.h"

#define GW_SITE_NEW UINT32_MAX

struct gw_site_changes {
    size_t added, removed, changed;
};

/* For each bus, device and point of the new site its index in the old one, if it goes on as it is;
 * else GW_SITE_NEW. Devices and points go on with their bus only; derived ones when all of these do. */
struct gw_site_diff {
    uint32_t *buses, *devices, *points;
    struct gw_site_changes bus_changes, device_changes, point_changes, asset_changes;
    bool other; /* of what can change while running: enterprise, journal, telemetry, health ... */
};

/* GW_E_NOMEM. */
enum gw_status gw_site_diff_make(const struct gw_site *from, const struct gw_site *to,
                                 struct gw_site_diff *out) GW_MUST_CHECK;
void gw_site_diff_free(struct gw_site_diff *d);

/* Whether nothing at all changed. */
bool gw_site_diff_empty(const struct gw_site_diff *d);

/* Appends the JSON pointers of all that is different and cannot change while the daemon runs, ", "
 * between them; nothing when there is none. */
void gw_site_diff_fixed(const struct gw_site *from, const struct gw_site *to, struct gw_buf *out);

#endif
