/* SPDX-License-Identifier: Apache-2.0
 *
 * The section publish.telemetry: what a deadband may be, and for which points.
 */
#include "conf/site_in.h"

#include <stdlib.h>
#include <string.h>

/* "2 %", "0.5%": more than nothing and at most a hundred. */
static bool read_percent(const char *text, double *out)
{
    static const char digits[] = "0123456789";
    size_t len = strspn(text, digits);
    if (len == 0 || len > 3)
        return false;
    if (text[len] == '.') {
        const size_t more = strspn(text + len + 1, digits);
        if (more == 0 || more > 6)
            return false;
        len += 1 + more;
    }
    const char *rest = text + len + (text[len] == ' ');
    *out = strtod(text, NULL);
    return strcmp(rest, "%") == 0 && *out > 0.0 && *out <= 100.0;
}

static void read_deadband(struct gw_site *site, uint32_t point, const struct gw_jnode *n,
                          struct gw_issues *issues)
{
    struct gw_site_telemetry *t = &site->telemetry;
    struct gw_site_deadband band = {.point = point};
    const enum gw_vtype vtype = site->points[point].def->vtype;

    if (vtype != GW_V_NUM && vtype != GW_V_INT) {
        gw_jnode_issue(n, issues, "a contact or state has no deadband: each change is sent");
        return;
    }
    if (gw_jnode_type(n) == GW_J_NUM) {
        band.value = gw_jnode_num(n);
        if (!(band.value > 0.0)) {
            gw_jnode_issue(n, issues, "must be greater than 0");
            return;
        }
    } else if (gw_jnode_type(n) == GW_J_STR && read_percent(gw_jnode_str(n), &band.value)) {
        band.percent = true;
    } else {
        gw_jnode_issue(n, issues,
                       "must be a number in the point's unit, or as \"2 %%\" of the value sent "
                       "last, up to 100 %%");
        return;
    }
    t->deadbands[t->ndeadbands++] = band;
}

bool gw_site_read_telemetry(struct gw_site *site, const struct gw_jnode *obj,
                            const bool *device_bad, bool names_unsure, struct gw_issues *issues)
{
    struct gw_site_telemetry_in in;
    memset(&in, 0, sizeof in);
    (void)gw_keys_read(obj, gw_site_telemetry_keys, &in, issues);
    site->telemetry = in.telemetry;
    const size_t count = in.deadbands != NULL ? gw_jnode_count(in.deadbands) : 0;
    if (count == 0)
        return true;
    if (gw_jnode_get(obj, "heartbeat_s") == NULL || site->telemetry.heartbeat_s == 0)
        gw_jnode_issue(in.deadbands, issues, "does nothing without \"heartbeat_s\"; 60 is usual");
    site->telemetry.deadbands = calloc(count, sizeof *site->telemetry.deadbands);
    if (site->telemetry.deadbands == NULL)
        return false;
    for (const struct gw_jnode *n = gw_jnode_first(in.deadbands); n != NULL; n = gw_jnode_next(n)) {
        uint32_t point;
        if (gw_site_find_point(site, gw_jnode_key(n), &point))
            read_deadband(site, point, n, issues);
        else if (!gw_site_lack_explained(site, device_bad, names_unsure, gw_jnode_key(n)))
            gw_jnode_issue(n, issues, "there is no point \"%s\"", gw_jnode_key(n));
    }
    return true;
}
