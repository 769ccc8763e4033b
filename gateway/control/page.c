/* SPDX-License-Identifier: Apache-2.0 */
#include "control/page.h"

#include <string.h>

const struct gw_page_asset *gw_page_find(const char *path)
{
    for (size_t i = 0; i < gw_page_nassets; i++)
        if (strcmp(gw_page_assets[i].path, path) == 0)
            return &gw_page_assets[i];
    return NULL;
}
