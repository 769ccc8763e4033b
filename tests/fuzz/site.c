/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of the site file, with the keys of every driver. What it accepts can be printed.
 */
#include "conf/site.h"
#include "base/buf.h"
#include "fuzz/fuzz.h"
#include "fuzz/scratch.h"
#include "registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = scratch_write("site.json", data, size);
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *site = NULL;
    const enum gw_status status = gw_site_load(path, gw_conf_drivers, issues, &site);
    FUZZ_HOLDS((status == GW_OK) == (gw_issues_count(issues) == 0));
    FUZZ_HOLDS((status == GW_OK) == (site != NULL));
    if (site != NULL) {
        struct gw_buf text;
        gw_buf_init(&text, 1 << 22);
        gw_site_print(site, &text);
        FUZZ_HOLDS(!text.failed && text.len > 0);
        gw_buf_free(&text);
    }
    gw_site_free(site);
    gw_issues_free(issues);
    return 0;
}
