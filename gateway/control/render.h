/* SPDX-License-Identifier: Apache-2.0
 *
 * render: the documents of the local API, written from a snapshot as canonical JSON. Pure; any
 * thread. config/tools.md says what each member means.
 */
#ifndef GW_CONTROL_RENDER_H
#define GW_CONTROL_RENDER_H

#include "base/buf.h"
#include "base/clock.h"
#include "conf/site.h"
#include "control/snapshot.h"

struct gw_render {
    const struct gw_site *site;
    const char *boot; /* boot id */
    struct gw_stamp start;
    const struct gw_snapshot *snapshot;
    uint32_t device; /* index of the only device to write; GW_RENDER_ALL: all of them */
};
#define GW_RENDER_ALL UINT32_MAX

void gw_render_status(const struct gw_render *r, struct gw_buf *out);
void gw_render_devices(const struct gw_render *r, struct gw_buf *out);
void gw_render_buses(const struct gw_render *r, struct gw_buf *out);
void gw_render_points(const struct gw_render *r, struct gw_buf *out);
void gw_render_cases(const struct gw_render *r, struct gw_buf *out);
void gw_render_alarms(const struct gw_render *r, struct gw_buf *out);

#endif
