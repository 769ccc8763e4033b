/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "journal/keeper.h"

#define COMMIT_EVERY_MS  1000
#define WITNESS_EVERY_MS 60000

bool gw_bulk_ready(const struct gw_keeper *k)
{
    return gw_rows_is_open(k->rows) && !k->rows_trouble.failing && !k->fatal;
}

/* Damage: the closed file is set aside and the loss is noted, of a number of rows that nobody
 * knows. */
static enum gw_status replace(struct gw_keeper *k, const struct gw_err *why, struct gw_err *err)
{
    struct gw_loss loss = {.kind = GW_PARCEL_TELEMETRY, .why = GW_LOSS_DAMAGED};
    enum gw_status status =
        gw_keeper_aside(k, &k->rows_trouble, k->rows_path, loss.file, sizeof loss.file, err);
    if (status != GW_OK)
        return status;
    gw_keeper_event(k, "%s. Kept as %s; a new file begins", why->msg, loss.file);
    gw_losses_add(gw_rows_losses(k->rows), &loss, gw_keeper_now(k));
    return GW_OK;
}

void gw_bulk_open(struct gw_keeper *k)
{
    struct gw_err err;
    enum gw_status status = gw_rows_open(k->rows, &err);
    if (status == GW_E_PARSE) {
        struct gw_err why = err;
        status = replace(k, &why, &err);
        if (status == GW_OK)
            status = gw_rows_open(k->rows, &err);
    }
    if (status != GW_OK)
        gw_keeper_failed(k, &k->rows_trouble, &err);
    else
        gw_keeper_fine(k, &k->rows_trouble);
}

void gw_bulk_failed(struct gw_keeper *k, const struct gw_err *err)
{
    if (err->status != GW_E_PARSE && err->status != GW_E_NOTFOUND) {
        gw_keeper_failed(k, &k->rows_trouble, err);
        return;
    }
    struct gw_err why = *err;
    struct gw_err fresh;
    gw_rows_close(k->rows, false);
    if (why.status == GW_E_NOTFOUND)
        gw_keeper_event(k, "%s", why.msg);
    else if (replace(k, &why, &fresh) != GW_OK)
        gw_keeper_failed(k, &k->rows_trouble, &fresh);
    if (!k->rows_trouble.failing)
        gw_bulk_open(k);
}

void gw_bulk_take(struct gw_keeper *k)
{
    struct gw_row *row;
    size_t bytes = 0;
    while (gw_rows_room(k->rows) && gw_mailbox_get(k->j->rows, &row)) {
        bytes += row->len;
        gw_rows_add(k->rows, row);
    }
    if (bytes > 0) {
        pthread_mutex_lock(&k->j->lock);
        k->j->row_bytes -= bytes;
        pthread_mutex_unlock(&k->j->lock);
    }
}

int64_t gw_bulk_due(const struct gw_keeper *k)
{
    int64_t due_ms = INT64_MAX;
    if (gw_rows_fresh(k->rows) == 0 && !gw_rows_dirty(k->rows)) {
        if (gw_rows_witnessed(k->rows, &k->known))
            return INT64_MAX;
        return k->stopping ? INT64_MIN : k->rows_last_ms + WITNESS_EVERY_MS;
    }
    if (k->stopping || !gw_rows_room(k->rows) || gw_rows_pressing(k->rows))
        return INT64_MIN;
    if (gw_rows_dirty(k->rows))
        due_ms = k->rows_last_ms + COMMIT_EVERY_MS;
    if (gw_rows_fresh(k->rows) > 0 && gw_rows_fresh_since(k->rows) + COMMIT_EVERY_MS < due_ms)
        due_ms = gw_rows_fresh_since(k->rows) + COMMIT_EVERY_MS;
    return due_ms;
}

static void tell_changes(struct gw_keeper *k)
{
    const struct gw_losses *losses = gw_rows_losses(k->rows);
    bool evicting = false;
    for (size_t i = 0; i < losses->n; i++)
        evicting |= losses->at[i].why == GW_LOSS_QUOTA && !losses->at[i].done;
    bool tight = gw_rows_tight(k->rows);
    if (evicting && !k->evicting_told)
        gw_keeper_event(k, "telemetry.db: full, the oldest telemetry makes way for new");
    if (tight && !k->tight_told)
        gw_keeper_event(k, "telemetry.db: the disk is nearly full, telemetry takes no more of it");
    if (!tight && k->tight_told)
        gw_keeper_event(k, "telemetry.db: the disk has room again");
    k->evicting_told = evicting;
    k->tight_told = tight;
}

void gw_bulk_commit(struct gw_keeper *k)
{
    struct gw_err err;
    int64_t now_ms = gw_keeper_now(k);
    if (!gw_rows_is_open(k->rows) || !gw_keeper_may_try(k, &k->rows_trouble))
        return;
    if (gw_bulk_due(k) > now_ms) {
        if (gw_bulk_due(k) == INT64_MAX)
            gw_keeper_fine(k, &k->rows_trouble);
        return;
    }
    enum gw_status status = gw_rows_commit(k->rows, &k->known, &err);
    /* Now it knows that the disk is full and makes room within its file. */
    if (status == GW_E_FULL)
        status = gw_rows_commit(k->rows, &k->known, &err);
    if (status != GW_OK) {
        gw_bulk_failed(k, &err);
        return;
    }
    k->rows_last_ms = gw_keeper_now(k);
    gw_keeper_timed(k, now_ms);
    gw_keeper_fine(k, &k->rows_trouble);
    tell_changes(k);
}
