/* SPDX-License-Identifier: Apache-2.0
 *
 * plant_site: a site, a catalogue and the inventory of both, read from texts as the daemon reads
 * them. Its driver "stub" takes points as {"is": "number", "unit": "MPa"}. Not for threads.
 */
#ifndef GW_TESTS_UNIT_FINDING_PLANT_SITE_H
#define GW_TESTS_UNIT_FINDING_PLANT_SITE_H

#include "finding/inventory.h"

struct plant_site {
    struct gw_issues *issues;
    struct gw_catalogue *cat;
    struct gw_site *site;
    struct gw_inventory *inv;
};

/* What a plant consists of; every text is the inside of the object of that name. */
struct plant_text {
    const char *catalogue; /* whole text; NULL: the shipped file */
    const char *sector;
    const char *points;
    const char *assets;
};

/* Loads site and catalogue, which must have no issue, and builds the inventory. Devices are gas,
 * gas2 (bus a) and di (bus b). The issues of the build stay in p->issues. */
enum gw_status plant_site_make(struct plant_site *p, const struct plant_text *t);
void plant_site_free(struct plant_site *p);

#endif
