/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/refusal: what follows from an exception for the requests of a plan.
 *
 * Exceptions 2 and 3 of a request for several points mean that the device has no such register, or
 * answers not so many at once: the request is divided, at its widest hole first, and its parts are
 * asked at once, so that each pass reads what can be read. What was learnt holds for an hour; then
 * the whole is tried again, since it may have been a hiccup. A point that is refused by itself is
 * left alone for 1, 2, 4 .. 60 s, and a request for which the device is busy (5, 6) for 1, 2,
 * 4 .. 30 s, both while there is something else to ask. A device that refuses everything has taught
 * nothing: its requests become whole again, and stay so for a while. Pure; owned by one thread.
 */
#ifndef GW_MODBUS_REFUSAL_H
#define GW_MODBUS_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modbus/plan.h"

#define GW_MB_DIVISIONS_A_PASS 8 /* more are learnt in the passes to come */
#define GW_MB_LEARNT_MS        3600000
#define GW_MB_STORM_MS         10000
#define GW_MB_AGAIN_MS         1000
#define GW_MB_REFUSED_CAP_MS   60000
#define GW_MB_BUSY_CAP_MS      30000

/* What was learnt of one plan. Zero-initialise. */
struct gw_mb_refusal {
    int64_t learnt_ms;  /* tick of the first division; valid while divided */
    int64_t no_more_ms; /* no division before */
    bool divided;
    bool may; /* divide, in the present pass */
    bool now; /* divided in the present pass, which has not ended */
};

/* A pass of that tick begins. A division of one that broke, and so had no end, is undone. */
void gw_mb_refusal_begin(struct gw_mb_refusal *r, struct gw_mb_plan *plan, int64_t tick_ms);
/* The answer to block k: exception 0 for data. *left: divisions that this pass may still make. True
 * when block k was divided: it is now its own first part, which is to be asked next. */
bool gw_mb_refusal_take(struct gw_mb_refusal *r, struct gw_mb_plan *plan, size_t k,
                        uint8_t exception, unsigned *left);
/* The pass ended; any_read: at least one request of the device was answered with data. */
void gw_mb_refusal_end(struct gw_mb_refusal *r, struct gw_mb_plan *plan, int64_t tick_ms,
                       bool any_read);
/* When what was not answered in the pass of that tick, but will be, is to be asked again: the device
 * was busy, or its gateway had no answer of it (10, 11). INT64_MAX: there is nothing such. */
int64_t gw_mb_refusal_again(const struct gw_mb_plan *plan, int64_t tick_ms);
/* It may be another device from now on: nothing waits any more. */
void gw_mb_refusal_forget(struct gw_mb_plan *plan);

bool gw_mb_refusal_busy(uint8_t exception);
/* Blocks that are refused and cannot be divided. */
unsigned gw_mb_refusal_count(const struct gw_mb_plan *plan);

#endif
