/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of a device's profile, by a site with one device of it.
 */
#include <string.h>

#include "conf/site.h"
#include "fuzz/fuzz.h"
#include "fuzz/scratch.h"
#include "registry.h"

static const char text[] =
    "{\"gateway\": {\"id\": \"t\", \"state_dir\": \"state\", \"profiles\": \".\", \"catalogue\":"
    " \"c.json\"}, \"enterprise\": {\"uscc\": \"91371311MAXX00015G\", \"name\": \"n\", \"county\":"
    " \"371311\", \"sector\": \"machinery\"}, \"publish\": {\"mqtt\": {\"host\": \"127.0.0.1\","
    " \"receipts\": false}}, \"buses\": {\"b\": {\"driver\": \"modbus-tcp\", \"host\":"
    " \"127.0.0.1\"}}, \"devices\": {\"d\": {\"bus\": \"b\", \"profile\": \"p\"}}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)scratch_write("p.json", data, size);
    const char *path = scratch_write("site.json", text, strlen(text));
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *site = NULL;
    const enum gw_status status = gw_site_load(path, gw_conf_drivers, issues, &site);
    FUZZ_HOLDS((status == GW_OK) == (gw_issues_count(issues) == 0));
    gw_site_free(site);
    gw_issues_free(issues);
    return 0;
}
