/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/losses.h"

#include <stdio.h>
#include <string.h>

#include "base/backoff.h"

static bool takes(const struct gw_loss *l, const struct gw_loss *what)
{
    return !l->done && !l->stale && l->file[0] == '\0' && what->file[0] == '\0' &&
           l->kind == what->kind && l->why == what->why;
}

void gw_losses_add(struct gw_losses *l, const struct gw_loss *what, int64_t now_ms)
{
    struct gw_loss *loss = NULL;
    for (size_t i = 0; i < l->n && loss == NULL; i++)
        if (takes(&l->at[i], what))
            loss = &l->at[i];

    if (loss == NULL && l->n < GW_LOSSES_MAX) {
        loss = &l->at[l->n++];
        *loss = *what;
        loss->first_ms = now_ms;
        loss->stale = false;
        loss->done = false;
        snprintf(loss->tag, sizeof loss->tag, "%016llx",
                 (unsigned long long)gw_rand_next(&l->rand));
    } else {
        if (loss == NULL)
            loss = &l->at[GW_LOSSES_MAX - 1];
        loss->count += what->count;
        loss->from_ms = what->from_ms < loss->from_ms ? what->from_ms : loss->from_ms;
        loss->to_ms = what->to_ms > loss->to_ms ? what->to_ms : loss->to_ms;
    }
    loss->last_ms = now_ms;
    loss->saved = false;
}

void gw_losses_load(struct gw_losses *l, const struct gw_loss *stored)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->at[i].tag, stored->tag) == 0)
            return;
    if (l->n < GW_LOSSES_MAX)
        l->at[l->n++] = *stored;
}

bool gw_losses_open(const struct gw_losses *l, enum gw_parcel_kind kind, enum gw_loss_why why)
{
    struct gw_loss what = {.kind = kind, .why = why};
    for (size_t i = 0; i < l->n; i++)
        if (takes(&l->at[i], &what))
            return true;
    return false;
}

void gw_losses_done(struct gw_losses *l, size_t i)
{
    l->at[i].done = true;
    l->at[i].saved = false;
}

void gw_losses_saved(struct gw_losses *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (l->at[i].done)
            continue;
        l->at[kept] = l->at[i];
        l->at[kept++].saved = true;
    }
    l->n = kept;
}

void gw_losses_unsaved(struct gw_losses *l)
{
    for (size_t i = 0; i < l->n; i++)
        l->at[i].saved = false;
}

bool gw_losses_dirty(const struct gw_losses *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (!l->at[i].saved)
            return true;
    return false;
}
