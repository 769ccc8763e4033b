/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_clock: a clock that a test holds in its hand. One thread, or a test that stops its threads
 * before it moves the clock.
 */
#ifndef GW_TESTS_SUPPORT_FAKE_CLOCK_H
#define GW_TESTS_SUPPORT_FAKE_CLOCK_H

#include "base/clock.h"

struct gw_fake_clock {
    struct gw_stamp now;
};

/* Starts at a fixed wall time (2026-11-22T08:00:00+08:00), monotonic 1000 s, synchronised. */
void gw_fake_clock_init(struct gw_fake_clock *fake);
/* The clock to hand to the code under test; fake must outlive it. */
struct gw_clock gw_fake_clock_clock(struct gw_fake_clock *fake);
/* Time passes: all readings move. */
void gw_fake_clock_advance(struct gw_fake_clock *fake, int64_t ms);
/* Somebody sets the wall clock: only wall time moves. */
void gw_fake_clock_step(struct gw_fake_clock *fake, int64_t ms);

#endif
