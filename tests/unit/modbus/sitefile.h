/* SPDX-License-Identifier: Apache-2.0
 *
 * sitefile: a site file around the buses, devices and points of a test, loaded as the daemon does.
 */
#ifndef GW_TESTS_MODBUS_SITEFILE_H
#define GW_TESTS_MODBUS_SITEFILE_H

#include "conf/site.h"

struct sitefile {
    struct gw_issues *issues;
    struct gw_site *site; /* NULL when the file has issues */
};

/* Each text is what stands between the braces of its section. profile NULL: profiles are those of
 * config/devices; otherwise this text is the one profile there is, called "test". */
void sitefile_load(struct sitefile *f, const char *buses, const char *devices, const char *points,
                   const char *profile);
/* Loads a whole site file. */
void sitefile_load_text(struct sitefile *f, const char *text);
void sitefile_free(struct sitefile *f);

/* True when the site was loaded; prints the issues otherwise. */
bool sitefile_good(const struct sitefile *f);
/* True when an issue holds the text. */
bool sitefile_has_issue(const struct sitefile *f, const char *text);
/* Index of a point; fails the test when there is none. */
uint32_t sitefile_point(const struct sitefile *f, const char *id);

#endif
