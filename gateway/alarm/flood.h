/* SPDX-License-Identifier: Apache-2.0
 *
 * flood: more alarms than a person can take in. Plain data; pure.
 *
 * Starts when more than `start` alarms were raised within the window, ends when fewer than `end`
 * were (ISA-18.2: more than 10, fewer than 5, in 10 minutes).
 */
#ifndef GW_ALARM_FLOOD_H
#define GW_ALARM_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

#define GW_FLOOD_MAX 64

struct gw_flood_conf {
    unsigned start, end; /* 1 <= end <= start < GW_FLOOD_MAX */
    int64_t window_ms;
};

struct gw_flood {
    bool on;
    int64_t at_ms[GW_FLOOD_MAX]; /* monotonic times of the latest alarms, a ring */
    unsigned n, next;
};

/* An alarm was raised. Times never go back. */
void gw_flood_add(struct gw_flood *f, int64_t now_ms);
/* Alarms raised within the window that ends now, the one exactly a window ago left out; of more
 * than GW_FLOOD_MAX, that many. */
unsigned gw_flood_rate(const struct gw_flood *f, const struct gw_flood_conf *conf, int64_t now_ms);
/* Decides anew; returns whether `on` changed. */
bool gw_flood_step(struct gw_flood *f, const struct gw_flood_conf *conf, int64_t now_ms);

#endif
