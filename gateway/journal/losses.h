/* SPDX-License-Identifier: Apache-2.0
 *
 * losses: what was lost, in episodes, until a record of each is chained. An episode is a span in
 * which rows of one kind were lost for one reason. Private to this folder; pure.
 */
#ifndef GW_JOURNAL_LOSSES_H
#define GW_JOURNAL_LOSSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/parcel.h"

enum gw_loss_why {
    GW_LOSS_QUOTA,   /* evicted to make room */
    GW_LOSS_REFUSED, /* not taken: the store was too slow, or could not be written */
    GW_LOSS_DAMAGED,
    GW_LOSS_WHYS
};

#define GW_LOSS_TAG   17
#define GW_LOSSES_MAX 16

struct gw_loss {
    enum gw_parcel_kind kind; /* EVENT or TELEMETRY */
    enum gw_loss_why why;
    char tag[GW_LOSS_TAG]; /* names the episode */
    uint64_t count;        /* 0: not known (a file was set aside) */
    int64_t from_ms;       /* wall times of the first and the last */
    int64_t to_ms;
    char file[96];    /* the file that was set aside, or "" */
    int64_t first_ms; /* monotonic times */
    int64_t last_ms;
    bool stale; /* of an earlier start: nothing is added to it */
    bool saved; /* the file has it as it is here */
    bool done;  /* chained; to leave the file */
};

struct gw_losses {
    struct gw_loss at[GW_LOSSES_MAX];
    size_t n;
    uint64_t rand; /* seed of the tags */
};

/* Adds kind, why, count, times and file of `what` to the open episode, or starts one. When there is
 * no room for another, because none could be chained for long, the last one takes the count. */
void gw_losses_add(struct gw_losses *l, const struct gw_loss *what, int64_t now_ms);
/* Adds an episode as it was stored, unless it is known. */
void gw_losses_load(struct gw_losses *l, const struct gw_loss *stored);
/* An episode of that kind is open. */
bool gw_losses_open(const struct gw_losses *l, enum gw_parcel_kind kind, enum gw_loss_why why);
void gw_losses_done(struct gw_losses *l, size_t i);
/* All of it is in the file; the done ones have left. */
void gw_losses_saved(struct gw_losses *l);
/* Another file is in use: none of it is there. */
void gw_losses_unsaved(struct gw_losses *l);
bool gw_losses_dirty(const struct gw_losses *l);

#endif
