/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/case.h"

const char *gw_case_change_name(enum gw_case_change c)
{
    switch (c) {
    case GW_CASE_SAME:
        return "same";
    case GW_CASE_RAISED:
        return "raised";
    case GW_CASE_REOPENED:
        return "reopened";
    case GW_CASE_WAS_CLEARED:
        return "cleared";
    }
    return "?";
}

enum gw_case_change gw_case_input(struct gw_case *c, bool active, int64_t wall_ms)
{
    if (active == (c->state == GW_CASE_OPEN))
        return GW_CASE_SAME;
    if (!active) {
        c->state = GW_CASE_CLEARED;
        c->cleared_ms = wall_ms;
        return GW_CASE_WAS_CLEARED;
    }
    const bool again = c->state == GW_CASE_CLEARED && wall_ms - c->cleared_ms <= GW_CASE_REOPEN_MS;
    c->state = GW_CASE_OPEN;
    c->raised_ms = wall_ms;
    if (again) {
        c->reopened++;
        return GW_CASE_REOPENED;
    }
    c->number++;
    c->reopened = 0;
    c->repeats = 0;
    return GW_CASE_RAISED;
}
