/* SPDX-License-Identifier: Apache-2.0
 *
 * vote: n of the last m samples. Plain data; pure.
 *
 * A condition counts as true when it was true at n or more of the last m samples that could be
 * judged, and as false otherwise; samples that say nothing are left out and move nothing. 1 of 1 is
 * the condition itself. What was voted can be stored and restored.
 */
#ifndef GW_ALARM_VOTE_H
#define GW_ALARM_VOTE_H

#include <stdint.h>

#include "alarm/delay.h"

#define GW_VOTE_MAX 32 /* samples that are remembered */

struct gw_vote {
    uint32_t bits;    /* bit 0: the latest sample was true, bit 1: the one before ... */
    int64_t stamp_ms; /* of the latest sample; 0: none yet. Not kept over a restart */
};

/* Takes the condition as the sample of stamp_ms (monotonic) has it and returns what is voted;
 * UNKNOWN for UNKNOWN. The sample that was taken last may come again: then only its answer is
 * renewed. 1 <= n <= m <= GW_VOTE_MAX. */
enum gw_tri gw_vote_step(struct gw_vote *v, enum gw_tri condition, int64_t stamp_ms, unsigned n,
                         unsigned m);

#endif
