/* SPDX-License-Identifier: Apache-2.0
 *
 * verbs: everything that nonsitectl can be asked for. Constant.
 */
#ifndef GW_CTL_VERBS_H
#define GW_CTL_VERBS_H

#include "ctl/opts.h"

/* All verbs in the order of the help; ends with name NULL. */
extern const struct gw_verb *const gw_verbs[];

/* NULL when there is none of that name. */
const struct gw_verb *gw_verb_find(const char *name);

/* The help of the program as a whole. */
void gw_verbs_help(FILE *to);

/* What the table is made of; each is one verb. */
extern const struct gw_verb gw_verb_status, gw_verb_assets, gw_verb_buses, gw_verb_devices;
extern const struct gw_verb gw_verb_points, gw_verb_cases, gw_verb_alarms, gw_verb_leads;
extern const struct gw_verb gw_verb_events, gw_verb_health, gw_verb_tail, gw_verb_ack;
extern const struct gw_verb gw_verb_shelve, gw_verb_unshelve, gw_verb_permit, gw_verb_init;
extern const struct gw_verb gw_verb_commission;

#endif
