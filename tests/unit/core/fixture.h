/* SPDX-License-Identifier: Apache-2.0
 *
 * fixture: a site of two devices and four points, built by hand, for the tests of core.
 */
#ifndef GW_TESTS_UNIT_CORE_FIXTURE_H
#define GW_TESTS_UNIT_CORE_FIXTURE_H

#include "conf/site.h"
#include "model/table.h"

struct fixture {
    struct gw_site site;
    struct gw_site_bus buses[2];
    struct gw_site_device devices[2];
    struct gw_point points[4];
    struct gw_conf_driver driver;
    struct gw_table *table;
};

/* Points a.x, a.y, b.z and, declared apart from its device, a.late. */
void fixture_init(struct fixture *f);
void fixture_free(struct fixture *f);

/* A GOOD number for the point. */
struct gw_sample fixture_sample(uint32_t point, double value, int64_t mono_ms);

#endif
