/* SPDX-License-Identifier: Apache-2.0
 *
 * sketch: a plan as a commented site file, with the roles mapped that the profiles name. One thread.
 */
#ifndef GW_CTL_SKETCH_H
#define GW_CTL_SKETCH_H

#include "base/buf.h"
#include "conf/issues.h"
#include "ctl/plan.h"

/* What became of the plan, for the summary: lines that each end in '\n'. */
struct gw_sketch {
    struct gw_buf mapped; /* roles that were mapped without being told */
    struct gw_buf to_do;  /* what is to be filled in, or decided */
};

/* Reads the devices' profiles and maps the roles that they name to the assets that need them. *site: the
 * devices with their points (freed by the caller). folder: where a passing file may be made. GW_E_PARSE:
 * issues say what is wrong; GW_E_IO, GW_E_NOMEM. */
enum gw_status gw_sketch_map(struct gw_plan *p, const struct gw_catalogue *cat, struct gw_sketch *d,
                             struct gw_issues *issues, struct gw_site **site) GW_MUST_CHECK;

/* Writes the site file into out. */
void gw_sketch_write(const struct gw_plan *p, const struct gw_catalogue *cat,
                     const struct gw_site *site, struct gw_sketch *d, struct gw_buf *out);

/* Its members "buses" and "devices" alone, of which gw_sketch_map makes what it reads. */
void gw_sketch_devices(const struct gw_plan *p, struct gw_buf *out);

/* Its members "publish" and, where there is a key, "platform". */
void gw_sketch_publish(const struct gw_plan *p, struct gw_sketch *d, struct gw_buf *out);

/* A text as a JSON string. */
void gw_sketch_str(struct gw_buf *out, const char *text);

/* Whether the point may play the role, by its type and unit. */
bool gw_sketch_may_play(const struct gw_role_def *role, const struct gw_point *point);

#endif
