/* SPDX-License-Identifier: Apache-2.0 */
#include "gpio/stamp.h"

#define NS_PER_MS 1000000
#define RECENT_MS (INT64_C(3600) * 1000)
#define AHEAD_MS                                                                                   \
    1000 /* the wall clock may be slewed, or set a little, between edge and reading                \
          */

static int64_t clamped_age(int64_t now_ms, int64_t edge_ms)
{
    const int64_t age = now_ms - edge_ms;
    return age < 0 ? 0 : age;
}

int64_t gw_gpio_stamp_ms(const struct gw_stamp *now, int64_t edge_ns)
{
    const int64_t edge_ms = edge_ns / NS_PER_MS;
    const int64_t clocks[] = {now->mono_ms, now->wall_ms};
    for (int i = 0; i < 2; i++)
        if (edge_ms <= clocks[i] + AHEAD_MS && clocks[i] - edge_ms <= RECENT_MS)
            return now->mono_ms - clamped_age(clocks[i], edge_ms);
    return now->mono_ms;
}
