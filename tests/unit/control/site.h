/* SPDX-License-Identifier: Apache-2.0
 *
 * A site of two devices with three points, made by hand.
 */
#ifndef GW_TESTS_CONTROL_SITE_H
#define GW_TESTS_CONTROL_SITE_H

#include "conf/site.h"
#include "control/snapshot.h"

struct small_site {
    struct gw_conf_driver driver;
    struct gw_site_bus bus;
    struct gw_site_device devices[2];
    struct gw_point points[3];
    struct gw_site site;
};

/* gas with gas.p1 (NUM) and gas.p1_state (STATE), di with di.run (BOOL). socket may be NULL. */
void small_site_init(struct small_site *s, const char *socket);

/* Fills a snapshot of that site at mono_ms: gas ok, 12.5 %LEL 40 ms old; di down, never read; one
 * alarm and one case. */
void small_site_fill(struct gw_snapshot *s, int64_t mono_ms);

#endif
