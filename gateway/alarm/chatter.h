/* SPDX-License-Identifier: Apache-2.0
 *
 * chatter: a condition that comes and goes too often. Plain data; pure.
 *
 * It chatters from the moment when its n-th change to true within a window was seen, and until no
 * such change was seen for a quiet time. Looked at before any delay, so that a contact is found
 * whose chatter the delays swallow.
 */
#ifndef GW_ALARM_CHATTER_H
#define GW_ALARM_CHATTER_H

#include <stdbool.h>
#include <stdint.h>

#include "alarm/delay.h"

#define GW_CHATTER_MAX 8

struct gw_chatter_conf {
    unsigned count;    /* 2 to GW_CHATTER_MAX changes to true ... */
    int64_t window_ms; /* ... from the first to the last of them in this time or less */
    int64_t quiet_ms;  /* > 0 */
};

struct gw_chatter {
    bool on;
    enum gw_tri last;              /* the last answer that was known */
    int64_t edges[GW_CHATTER_MAX]; /* monotonic times of the last changes, a ring ... */
    unsigned nedges, next;         /* ... with so many, the next one goes here */
    int64_t quiet_since_ms;        /* of the last change, or of the first look since a start */
    int64_t changes;               /* to true since it began to chatter; what is stored */
};

/* One look at now_ms; UNKNOWN counts as no look at all. Returns whether `on` changed. */
bool gw_chatter_step(struct gw_chatter *c, const struct gw_chatter_conf *conf, enum gw_tri answer,
                     int64_t now_ms);

/* After a restart: it chattered, and after so many changes. The quiet time starts anew at the first
 * look. */
void gw_chatter_restore(struct gw_chatter *c, int64_t changes);

#endif
