/* SPDX-License-Identifier: Apache-2.0
 *
 * render: the documents of the local API, written from a snapshot as canonical JSON. Pure; any
 * thread. config/interface/local.md says what each member means.
 */
#ifndef GW_CONTROL_RENDER_H
#define GW_CONTROL_RENDER_H

#include "base/buf.h"
#include "base/clock.h"
#include "conf/site.h"
#include "control/call.h"
#include "control/snapshot.h"
#include "finding/inventory.h"

struct gw_render {
    const struct gw_site *site;
    const struct gw_inventory
        *inventory;   /* NULL: cases and alarms tell less, and there are no assets */
    const char *boot; /* boot id */
    const char *kid;  /* of the signing key; NULL: not told */
    struct gw_stamp start;
    const struct gw_snapshot *snapshot; /* with the parts that the document needs */
    uint32_t device;  /* index of the only device to write; GW_RENDER_ALL: all of them */
    int64_t from;     /* events: the number of the first to write; 0: all ... */
    int64_t limit;    /* ... and no more than so many, the latest; 0: all */
    bool points;      /* metrics: of every point, too */
    size_t clients;   /* metrics: of the local API, now ... */
    uint64_t refused; /* ... and refused since the start */
    bool may_write;   /* whoever asks may write, ... */
    const char *how;  /* ... and by what: "group", "password"; NULL: not at all */
};
#define GW_RENDER_ALL UINT32_MAX

void gw_render_status(const struct gw_render *r, struct gw_buf *out);
void gw_render_devices(const struct gw_render *r, struct gw_buf *out);
void gw_render_buses(const struct gw_render *r, struct gw_buf *out);
void gw_render_points(const struct gw_render *r, struct gw_buf *out);  /* POINTS */
void gw_render_cases(const struct gw_render *r, struct gw_buf *out);   /* STANDING, POINTS */
void gw_render_alarms(const struct gw_render *r, struct gw_buf *out);  /* STANDING, POINTS */
void gw_render_assets(const struct gw_render *r, struct gw_buf *out);  /* STANDING, POINTS */
void gw_render_events(const struct gw_render *r, struct gw_buf *out);  /* EVENTS */
void gw_render_permits(const struct gw_render *r, struct gw_buf *out); /* GOVERN */
void gw_render_orders(const struct gw_render *r, struct gw_buf *out);  /* GOVERN */
void gw_render_shelves(const struct gw_render *r, struct gw_buf *out); /* GOVERN */
void gw_render_proofs(const struct gw_render *r, struct gw_buf *out);  /* PROOFS */
void gw_render_health(const struct gw_render *r, struct gw_buf *out);  /* HEALTH */
void gw_render_metrics(const struct gw_render *r, struct gw_buf *out); /* Prometheus, text 0.0.4 */

/* The history of a point, at most GW_TREND_MAX samples: of more, the extremes of equal spans of time,
 * so that peaks stay. Needs no snapshot. */
#define GW_TREND_MAX 600
void gw_render_trend(const struct gw_render *r, uint32_t point, const struct gw_call_answer *a,
                     struct gw_buf *out);

#endif
