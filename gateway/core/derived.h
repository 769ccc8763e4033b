/* SPDX-License-Identifier: Apache-2.0
 *
 * derived: the device "derived" of the site, read from the table as a driver reads an instrument.
 *
 * Owned by the core thread. Memory is taken at creation.
 */
#ifndef GW_CORE_DERIVED_H
#define GW_CORE_DERIVED_H

#include "base/status.h"
#include "conf/site.h"
#include "model/table.h"

struct gw_derived;

/* site and table are lent. */
enum gw_status gw_derived_new(const struct gw_site *site, const struct gw_table *table,
                              struct gw_derived **out, struct gw_err *err) GW_MUST_CHECK;
void gw_derived_free(struct gw_derived *d);

/* After a pass over `device` at these times: hands the points that have a source there to `take`,
 * in batches of one pass over the device "derived". No call when there are none. */
struct gw_derived_pass {
    uint32_t device;
    int64_t mono_ms, wall_ms;
    void (*take)(void *arg, const struct gw_batch *batch);
    void *arg;
};
void gw_derived_pass(struct gw_derived *d, const struct gw_derived_pass *pass);

#endif
