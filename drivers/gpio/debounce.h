/* SPDX-License-Identifier: Apache-2.0
 *
 * gpio/debounce: edges of one line in, settled levels out.
 *
 * Pure: the caller says what time it is. A level counts when it has stood for hold_ms; its stamp is
 * the edge that began it. A reading of the line beats what the edges say, so that the level which
 * settles last is right even when edges were lost. Plain data, owned by one thread.
 */
#ifndef GW_GPIO_DEBOUNCE_H
#define GW_GPIO_DEBOUNCE_H

#include <stdbool.h>
#include <stdint.h>

struct gw_debounce {
    int64_t hold_ms;
    bool started;
    bool settled_level; /* what the line is worth */
    bool level;         /* where it is now */
    bool moving;        /* an edge, or a reading against the edges, is younger than hold_ms */
    int64_t since_ms;   /* the edge that began `level` */
    int64_t moving_ms;  /* the edge that began the movement */
    uint64_t edges;     /* since the first start */
    uint64_t swallowed; /* of these, how many made no settled level: chatter */
    bool lost;          /* edges are missing: the number is a lower bound */
    bool odd_base;      /* level at the start, xor the parity of `edges` then */
    uint64_t moved;     /* edges of the present movement */
};

struct gw_settled {
    bool level;
    int64_t at_ms; /* the edge that began it */
};

/* hold_ms >= 1. */
void gw_debounce_init(struct gw_debounce *d, int64_t hold_ms);

/* The line is there, and this is its level: it counts at once, since nothing says that it moves.
 * After the first start, edges may have been missed meanwhile: `lost` is set. */
void gw_debounce_start(struct gw_debounce *d, bool level, int64_t at_ms);

/* An edge to `level`. True when the level before it had settled in the meantime and was not told
 * yet: it is in *out. Edges come in order; an older stamp counts as the latest one. */
bool gw_debounce_edge(struct gw_debounce *d, bool level, int64_t at_ms, struct gw_settled *out);

/* The line was read: a level that differs from what the edges say begins now. */
void gw_debounce_read(struct gw_debounce *d, bool level, int64_t now_ms);

/* Edges were thrown away by the kernel. */
void gw_debounce_lost(struct gw_debounce *d);

/* True when the level has settled by now and is another than before: it is in *out. */
bool gw_debounce_settle(struct gw_debounce *d, int64_t now_ms, struct gw_settled *out);

/* When gw_debounce_settle is to be asked; INT64_MAX while nothing moves. */
int64_t gw_debounce_due(const struct gw_debounce *d);

/* How long the line has been moving without standing still for hold_ms; 0 when it stands. */
int64_t gw_debounce_restless_ms(const struct gw_debounce *d, int64_t now_ms);

#endif
