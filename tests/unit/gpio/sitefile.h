/* SPDX-License-Identifier: Apache-2.0
 *
 * sitefile: a site file around the buses, devices and points of a test, loaded as the daemon does.
 */
#ifndef GW_TESTS_GPIO_SITEFILE_H
#define GW_TESTS_GPIO_SITEFILE_H

#include "conf/site.h"

struct sitefile {
    struct gw_issues *issues;
    struct gw_site *site; /* NULL when the file has issues */
};

/* Each text is what stands between the braces of its section. */
void sitefile_load(struct sitefile *f, const char *buses, const char *devices, const char *points);
/* Loads a whole site file. */
void sitefile_load_text(struct sitefile *f, const char *text);
void sitefile_free(struct sitefile *f);

/* Index of a point; fails the test when there is none. */
uint32_t sitefile_point(const struct sitefile *f, const char *id);

#endif
