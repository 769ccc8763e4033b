/* SPDX-License-Identifier: Apache-2.0
 *
 * load: site file, catalogue and inventory together, as --check, --print-config and the start all
 * need them. Does no I/O but reading files. One thread.
 */
#ifndef GW_CORE_LOAD_H
#define GW_CORE_LOAD_H

#include "base/status.h"
#include "conf/issues.h"
#include "conf/site.h"
#include "finding/catalogue.h"
#include "finding/inventory.h"

/* What was declared, checked as a whole. Zero-initialise; gw_load_free frees what is there. */
struct gw_load {
    struct gw_site *site;
    struct gw_catalogue *catalogue;
    struct gw_inventory *inventory;
};

/* All issues of all three are in `issues`, also those of a site that could be read only in part,
 * but none that would only follow from another one. GW_E_PARSE when there are any; *out is
 * untouched then. */
enum gw_status gw_load(const char *path, const struct gw_conf_driver *const *drivers,
                       struct gw_issues *issues, struct gw_load *out) GW_MUST_CHECK;
/* With other files than those of the disk; NULL: these. */
enum gw_status gw_load_from(const char *path, const struct gw_conf_driver *const *drivers,
                            const struct gw_site_files *files, struct gw_issues *issues,
                            struct gw_load *out) GW_MUST_CHECK;
void gw_load_free(struct gw_load *load);

#endif
