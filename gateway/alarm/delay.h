/* SPDX-License-Identifier: Apache-2.0
 *
 * delay: on- and off-delay over a condition that may be unknown.
 *
 * Only time between two evaluations that both said the same counts, and only where they are not too
 * far apart, so a gap in knowledge (bad quality, a stopped gateway, one that nobody let evaluate)
 * counts neither as healthy nor as violation and resets nothing; a
 * FALSE resets a running on-delay, a TRUE a running off-delay. Plain data on a monotonic clock; the
 * progress can be stored and restored. (On-/off-delay as in IEC 62682 / OPC UA Part 9; the third
 * value is ours.)
 */
#ifndef GW_ALARM_DELAY_H
#define GW_ALARM_DELAY_H

#include <stdbool.h>
#include <stdint.h>

enum gw_tri { GW_UNKNOWN = 0, GW_FALSE, GW_TRUE };

struct gw_delay {
    int64_t on_ms, off_ms;   /* configured, >= 0; 0 acts at the first evaluation */
    int64_t max_gap_ms;      /* a longer time between two evaluations counts as unknown; 0: none */
    int64_t ran_on, ran_off; /* progress so far */
    int64_t last_ms;         /* time of the last evaluation, valid when last != GW_UNKNOWN */
    enum gw_tri last;
    bool active;
};

/* One evaluation at now_ms (monotonic). Returns the change: GW_TRUE when it becomes due to be
 * active, GW_FALSE when due to be inactive, GW_UNKNOWN when nothing changes. `active` itself is
 * changed by gw_delay_commit only, so that a change that could not be recorded is offered again. */
enum gw_tri gw_delay_step(struct gw_delay *d, enum gw_tri condition, int64_t now_ms);

/* Makes the change of the last step real and clears the progress of both delays. */
void gw_delay_commit(struct gw_delay *d, bool active);

/* Progress of the running delay: ran_on while inactive, ran_off while active. */
static inline int64_t gw_delay_progress(const struct gw_delay *d)
{
    return d->active ? d->ran_off : d->ran_on;
}

#endif
