/* SPDX-License-Identifier: Apache-2.0
 *
 * render_parts: what the documents of the local API share. Only for this folder.
 */
#ifndef GW_CONTROL_RENDER_PARTS_H
#define GW_CONTROL_RENDER_PARTS_H

#include "base/jcs.h"
#include "control/render.h"
#include "finding/record_parts.h"

/* Counters stay far below 2^53 for the life of a gateway; clamp rather than fail the document. */
void gw_render_count(struct gw_jcs *j, const char *key, uint64_t n);
/* Wall time as text. */
void gw_render_wall(struct gw_jcs *j, const char *key, int64_t wall_ms);
/* The clauses of the finding that are cited for such an asset in this enterprise, as "clauses";
 * finding NULL: none. */
void gw_render_clauses(struct gw_jcs *j, const struct gw_render *r,
                       const struct gw_site_asset *asset, const struct gw_finding *f);
/* The members at the end of most documents: gateway, now, v; closes the document. Their keys must
 * all come after those that were written. */
void gw_render_end(struct gw_jcs *j, const struct gw_render *r);

#endif
