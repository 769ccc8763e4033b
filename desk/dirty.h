/* SPDX-License-Identifier: Apache-2.0
 *
 * desk/dirty: the pages that have to be written anew: cases and counties, each once. Plain data; one
 * thread.
 */
#ifndef GW_DESK_DIRTY_H
#define GW_DESK_DIRTY_H

#include <stdbool.h>
#include <stddef.h>

#include "desk/conf.h"

#define GW_DESK_DIRTY 1024

struct gw_desk_page {
    char gateway[GW_DESK_ID], case_id[160], county[16];
    bool proofs; /* the sheet of proof tests in place of a case's */
};

struct gw_desk_dirty {
    struct gw_desk_page cases[GW_DESK_DIRTY];
    size_t ncases;
    char counties[GW_DESK_DIRTY][16];
    size_t ncounties;
};

/* A page without case or proofs stands for its county alone. county of a lead whose feed changes; ""
 * of none. Returns false when there was no room: write some of what is there, drop it, and add
 * again. */
bool gw_desk_dirty_add(struct gw_desk_dirty *d, const struct gw_desk_page *page, bool feed);
/* Forgets all counties and the first n cases. */
void gw_desk_dirty_drop(struct gw_desk_dirty *d, size_t n);

#endif
