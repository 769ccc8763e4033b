/* SPDX-License-Identifier: Apache-2.0
 *
 * scenario_read: what the parts of the scenario reader share; private to it.
 */
#ifndef GW_PLANT_SCENARIO_READ_H
#define GW_PLANT_SCENARIO_READ_H

#include "conf/json.h"
#include "plant/scenario.h"

struct gw_sc_reader {
    struct gw_scenario *sc;
    struct gw_issues *issues;
    bool nomem; /* latched */
};

/* Zeroed memory for n items, n may be 0; NULL and the latch when memory is short. */
void *gw_sc_alloc(struct gw_sc_reader *r, size_t n, size_t size);
/* Seconds to milliseconds. */
int64_t gw_sc_ms(double seconds);

/* Reads one device of its name (the node's key) into d, which is zeroed. */
void gw_sc_read_device(struct gw_sc_reader *r, const struct gw_jnode *n, struct gw_sc_device *d,
                       size_t index);
/* Reads what an object says of a device's signals: set, ramp, wave and noise, each NULL or an
 * object, as changes. */
struct gw_sc_change_nodes {
    const struct gw_jnode *set, *ramp, *wave, *noise;
};
void gw_sc_read_changes(struct gw_sc_reader *r, const struct gw_sc_device *d,
                        const struct gw_sc_change_nodes *nodes, struct gw_change **out,
                        size_t *count);
/* Reads one timeline entry; without at_s when it comes by the control input. */
void gw_sc_read_action(struct gw_sc_reader *r, const struct gw_jnode *n, bool timeline,
                       struct gw_action *a);
void gw_sc_read_follow(struct gw_sc_reader *r, const struct gw_jnode *n, struct gw_follow *f);

#endif
