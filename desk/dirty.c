/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/dirty.h"

#include <stdio.h>
#include <string.h>

static bool has_case(const struct gw_desk_dirty *d, const struct gw_desk_page *page)
{
    for (size_t i = 0; i < d->ncases; i++)
        if (d->cases[i].proofs == page->proofs && strcmp(d->cases[i].case_id, page->case_id) == 0 &&
            strcmp(d->cases[i].gateway, page->gateway) == 0)
            return true;
    return false;
}

static bool has_county(const struct gw_desk_dirty *d, const char *county)
{
    for (size_t i = 0; i < d->ncounties; i++)
        if (strcmp(d->counties[i], county) == 0)
            return true;
    return false;
}

bool gw_desk_dirty_add(struct gw_desk_dirty *d, const struct gw_desk_page *page, bool feed)
{
    if (d->ncases == GW_DESK_DIRTY || d->ncounties == GW_DESK_DIRTY)
        return false;
    if ((page->proofs || page->case_id[0] != '\0') && !has_case(d, page))
        d->cases[d->ncases++] = *page;
    if (feed && !has_county(d, page->county))
        (void)snprintf(d->counties[d->ncounties++], sizeof d->counties[0], "%s", page->county);
    return true;
}

void gw_desk_dirty_drop(struct gw_desk_dirty *d, size_t n)
{
    d->ncounties = 0;
    d->ncases -= n;
    memmove(d->cases, d->cases + n, d->ncases * sizeof d->cases[0]);
}
