/* SPDX-License-Identifier: Apache-2.0
 *
 * The strict reader of JSON: scanner, tree, lines and pointers.
 */
#include <math.h>
#include <string.h>

#include "conf/json.h"
#include "fuzz/fuzz.h"

static void walk(const struct gw_jnode *n, int depth)
{
    char pointer[64];
    gw_jnode_pointer(n, pointer, sizeof pointer);
    FUZZ_HOLDS(strlen(pointer) < sizeof pointer);
    FUZZ_HOLDS(gw_jnode_line(n) >= 1 && depth <= 16);
    switch (gw_jnode_type(n)) {
    case GW_J_STR:
        FUZZ_HOLDS(gw_jnode_str(n) != NULL);
        break;
    case GW_J_NUM:
        FUZZ_HOLDS(isfinite(gw_jnode_num(n)));
        break;
    case GW_J_OBJ:
        for (const struct gw_jnode *c = gw_jnode_first(n); c != NULL; c = gw_jnode_next(c))
            FUZZ_HOLDS(gw_jnode_get(n, gw_jnode_key(c)) == c);
        break;
    default:
        break;
    }
    size_t count = 0;
    for (const struct gw_jnode *c = gw_jnode_first(n); c != NULL; c = gw_jnode_next(c), count++)
        walk(c, depth + 1);
    FUZZ_HOLDS(count == gw_jnode_count(n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    const enum gw_status status =
        gw_json_parse((const char *)data, size, "fuzz.json", issues, &doc);
    FUZZ_HOLDS((status == GW_OK) == (gw_issues_count(issues) == 0));
    if (status == GW_OK)
        walk(gw_json_root(doc), 0);
    gw_json_free(doc);
    gw_issues_free(issues);
    return 0;
}
