/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm/limit.h"

#include <assert.h>
#include <math.h>

bool gw_limit_violated(const struct gw_limit *limit, bool was, double x)
{
    assert(isfinite(x) && limit->deadband >= 0);
    double back = was ? limit->deadband : 0;
    if (limit->side == GW_LIMIT_HIGH)
        return x >= limit->at - back;
    return x < limit->at + back;
}
