/* SPDX-License-Identifier: Apache-2.0
 *
 * limit: a threshold with deadband. Pure; any thread.
 *
 * High limits are reached at the value itself (x >= at), low limits below it (x < at), as the
 * catalogue words them ("outlet >= 55", "flow < 60 % of rated"). The deadband is applied on the way
 * back only, so that a value sitting exactly on the limit cannot chatter.
 */
#ifndef GW_ALARM_LIMIT_H
#define GW_ALARM_LIMIT_H

#include <stdbool.h>

enum gw_limit_side { GW_LIMIT_HIGH, GW_LIMIT_LOW };

struct gw_limit {
    enum gw_limit_side side;
    double at;
    double deadband; /* >= 0, in the unit of the value */
};

/* Whether the limit is violated by x, given whether it was before. HIGH: starts at x >= at, ends at
 * x < at - deadband. LOW: starts at x < at, ends at x >= at + deadband. x must be finite. */
bool gw_limit_violated(const struct gw_limit *limit, bool was, double x);

#endif
