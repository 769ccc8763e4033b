/* SPDX-License-Identifier: Apache-2.0
 *
 * desk/plot: an evidence window as SVG, one panel a point. Pure.
 *
 * Quantities are lines, contacts and states are strips; where the quality was not GOOD there is a
 * hatched band with its name and no line, since an error is no number. Colours are told apart by
 * colour-blind readers, and by shape. Times are China Standard Time.
 */
#ifndef GW_DESK_PLOT_H
#define GW_DESK_PLOT_H

#include <stdint.h>

#include "base/buf.h"
#include "conf/json.h"

struct gw_desk_plot {
    const struct gw_jnode *window; /* the window document */
    int64_t moment_ms;             /* wall time of the decision, marked by a line; 0: none */
    const char *limit_point;       /* the point that `limit` is drawn for; NULL: none */
    double limit;
};

/* Appends <figure> elements. */
void gw_desk_plot(const struct gw_desk_plot *plot, struct gw_buf *out);

#endif
