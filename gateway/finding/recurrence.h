/* SPDX-License-Identifier: Apache-2.0
 *
 * recurrence: what one instrument said, in pieces, so that the same again can be recognised.
 *
 * Readings are cut into pieces where their own last eight values say so, not where a clock does:
 * a recording that is played again is cut at the same places, whenever it begins. Of a piece only
 * its hash and its time are kept, of the last GW_RECURRENCE_PIECES pieces: about 75,000 readings.
 * Memory is taken as they come, 32 KiB in the end; where there is none, fewer are kept. Not kept
 * over a restart. One thread.
 */
#ifndef GW_FINDING_RECURRENCE_H
#define GW_FINDING_RECURRENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GW_RECURRENCE_PIECES 4096

struct gw_recurrence;

struct gw_recurrence *gw_recurrence_new(void); /* NULL: out of memory */
void gw_recurrence_free(struct gw_recurrence *r);

/* A reading, in counts of the instrument's last digit, and its monotonic time. One that is no newer
 * than the last is left out. */
void gw_recurrence_add(struct gw_recurrence *r, int64_t counts, int64_t at_ms);
/* Something is missing here: what follows is no continuation. */
void gw_recurrence_cut(struct gw_recurrence *r);

/* The repetition that is going on: whole pieces that followed one another once before in the same
 * order. */
struct gw_recurrence_match {
    int64_t reads;   /* how many readings they are; 0: nothing is repeated */
    int64_t changes; /* how many of these differed from the one before */
    int64_t ago_ms;  /* how long before they were said first */
};
struct gw_recurrence_match gw_recurrence_match(const struct gw_recurrence *r);

#endif
