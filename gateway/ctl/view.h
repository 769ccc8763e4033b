/* SPDX-License-Identifier: Apache-2.0
 *
 * view: the documents of the local API as text for people. A member that is missing or of another
 * type, as of a daemon of another version, shows as empty. One thread.
 */
#ifndef GW_CTL_VIEW_H
#define GW_CTL_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"
#include "conf/json.h"

/* How and where to print. */
struct gw_look {
    FILE *out;
    size_t width; /* columns of the terminal, 0: any */
    bool english; /* titles and reasons in English in place of Chinese */
};

typedef enum gw_status gw_view(const struct gw_jnode *root, const struct gw_look *look);

/* Each prints the document whose root is given. GW_E_NOMEM, GW_E_IO. */
gw_view gw_view_status, gw_view_buses, gw_view_devices, gw_view_points;
gw_view gw_view_cases, gw_view_alarms, gw_view_leads, gw_view_events, gw_view_assets;
/* Any document, as indented lines. */
gw_view gw_view_any;

/* Whether a status document says that the gateway does its work. */
bool gw_view_healthy(const struct gw_jnode *root);
/* What an error document says, which is a text or one in both languages; "" when it says nothing. */
const char *gw_view_error(const struct gw_jnode *root, bool english);

/* The member in the language of the look: a text, or an object of "zh" and "en"; "" when it is missing
 * or something else. Lent by the document. */
const char *gw_view_text(const struct gw_jnode *n, const char *key, bool english);
/* The moment that a member tells, as ISO text or as ms since 1970: "2026-11-22 13:10:00" (China
 * Standard Time), or "". */
#define GW_VIEW_MOMENT 24
void gw_view_moment(const struct gw_jnode *n, const char *key, char out[GW_VIEW_MOMENT]);

/* "0.3 s", "12 s", "5 min", "3 h", "2 d"; a negative duration is "0.0 s". */
#define GW_VIEW_SPAN 32
void gw_view_span(int64_t ms, char out[GW_VIEW_SPAN]);

#endif
