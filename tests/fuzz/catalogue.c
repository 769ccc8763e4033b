/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of the catalogue of findings.
 */
#include "finding/catalogue.h"
#include "conf/json.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    struct gw_catalogue *cat = NULL;
    if (gw_json_parse((const char *)data, size, "fuzz.json", issues, &doc) == GW_OK) {
        const enum gw_status status = gw_catalogue_load(doc, issues, &cat);
        FUZZ_HOLDS((status == GW_OK) == (gw_issues_count(issues) == 0));
        FUZZ_HOLDS((status == GW_OK) == (cat != NULL));
        for (size_t i = 0; cat != NULL && i < gw_catalogue_count(cat); i++)
            FUZZ_HOLDS(gw_catalogue_find(cat, gw_catalogue_at(cat, i)->code) != NULL);
    }
    gw_catalogue_free(cat);
    gw_json_free(doc);
    gw_issues_free(issues);
    return 0;
}
