/* SPDX-License-Identifier: Apache-2.0 */
#include "core/load.h"

enum gw_status gw_load(const char *path, const struct gw_conf_driver *const *drivers,
                       struct gw_issues *issues, struct gw_load *out)
{
    struct gw_load load = {0};
    enum gw_status st = gw_site_load(path, drivers, issues, &load.site);
    if (st == GW_OK)
        st = gw_catalogue_load(load.site->catalogue, issues, &load.catalogue);
    if (st == GW_OK)
        st = gw_inventory_build(load.site, load.catalogue, issues, &load.inventory);
    if (st != GW_OK) {
        gw_load_free(&load);
        return st;
    }
    *out = load;
    return GW_OK;
}

void gw_load_free(struct gw_load *load)
{
    gw_inventory_free(load->inventory);
    gw_catalogue_free(load->catalogue);
    gw_site_free(load->site);
    *load = (struct gw_load){0};
}
