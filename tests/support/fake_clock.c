/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fake_clock.h"

void gw_fake_clock_init(struct gw_fake_clock *fake)
{
    fake->now = (struct gw_stamp){
        .mono_ms = 1000000,
        .boot_ms = 1000000,
        .wall_ms = 1795305600000,
        .sync = true,
    };
}

static void fake_now(void *ctx, struct gw_stamp *out)
{
    const struct gw_fake_clock *fake = ctx;
    *out = fake->now;
}

struct gw_clock gw_fake_clock_clock(struct gw_fake_clock *fake)
{
    return (struct gw_clock){.now = fake_now, .ctx = fake};
}

void gw_fake_clock_advance(struct gw_fake_clock *fake, int64_t ms)
{
    fake->now.mono_ms += ms;
    fake->now.boot_ms += ms;
    fake->now.wall_ms += ms;
}

void gw_fake_clock_step(struct gw_fake_clock *fake, int64_t ms)
{
    fake->now.wall_ms += ms;
}
