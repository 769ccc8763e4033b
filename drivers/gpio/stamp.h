/* SPDX-License-Identifier: Apache-2.0
 *
 * gpio/stamp: the kernel's time of an edge as the time that samples carry. Pure; any thread.
 */
#ifndef GW_GPIO_STAMP_H
#define GW_GPIO_STAMP_H

#include <stdint.h>

#include "base/clock.h"

/* Monotonic milliseconds of an edge with the stamp edge_ns, read at now. Kernels stamp by
 * CLOCK_MONOTONIC since 5.7 and by CLOCK_REALTIME before, and the event does not say by which; the
 * two lie decades apart, so the one that makes the edge recent is meant. An edge that fits neither
 * (older than an hour, or of the future) is taken to be of now. Never later than now. */
int64_t gw_gpio_stamp_ms(const struct gw_stamp *now, int64_t edge_ns);

#endif
