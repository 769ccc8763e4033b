/* SPDX-License-Identifier: Apache-2.0
 *
 * position: how far a reader is in a sequence of rows: what it was handed, and what of that it has
 * not acked. Private to this folder; pure.
 */
#ifndef GW_JOURNAL_POSITION_H
#define GW_JOURNAL_POSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialised is the start of the sequence. */
struct gw_position {
    int64_t sent; /* last row handed out */
    int64_t *out; /* handed out, not acked; ascending */
    size_t n, cap;
};

void gw_position_free(struct gw_position *p);
/* Nothing is handed out; everything up to id has passed. */
void gw_position_set(struct gw_position *p, int64_t id);
/* Room for one more gw_position_sent. false: out of memory. */
bool gw_position_reserve(struct gw_position *p);
/* id, larger than all before, was handed out. */
void gw_position_sent(struct gw_position *p, int64_t id);
/* false: it was acked before. A row that was not handed out yet may be acked, too. */
bool gw_position_ack(struct gw_position *p, int64_t id);
/* It was handed out and acked. */
bool gw_position_passed(const struct gw_position *p, int64_t id);
/* Everything up to here has passed. */
int64_t gw_position_floor(const struct gw_position *p);

#endif
