/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "journal/keeper.h"

/* Within a rank records are handed out in the order of their numbers, so one number says what was
 * handed out: everything in the backlog up to it. */
void gw_handout_rewind(struct gw_keeper *k, unsigned reader)
{
    gw_rows_rewind(k->rows, reader);
    if (!k->j->conf.readers[reader].records)
        return;
    for (int i = 0; i < 2; i++)
        gw_again_lost(&k->sent[i], gw_keeper_now(k));
    gw_handout_restart(k);
}

void gw_handout_restart(struct gw_keeper *k)
{
    memset(k->record_at, 0, sizeof k->record_at);
    k->window_at = 0;
    gw_handout_look(k);
}

void gw_handout_look(struct gw_keeper *k)
{
    k->looked_seq = -1;
}

void gw_handout_live(struct gw_keeper *k, unsigned reader)
{
    gw_rows_live(k->rows, reader);
    if (k->j->conf.readers[reader].records && k->records != NULL)
        gw_records_live(k->records);
}

bool gw_handout_was_out(const struct gw_keeper *k, enum gw_parcel_kind kind, int64_t key)
{
    bool out = kind == GW_PARCEL_WINDOW && key <= k->window_at;
    for (int i = 0; i < GW_RANKS; i++)
        out |= kind == GW_PARCEL_RECORD && key <= k->record_at[i];
    return out;
}

#define AGAIN_EVERY_MS 20  /* fifty a second: no flood beside what is new */
#define LIVE_SHARE     8   /* one parcel in so many is a live row while old records go out */
#define LOOKS          256 /* at parcels that wait for receipts, before a commit gets its turn */

struct found {
    struct gw_parcel parcel;
    int64_t *at;            /* of a record or window: the number that its key becomes */
    struct gw_again *again; /* it is sent again */
};

/* The one behind the last of that rank that was handed out; GW_RANKS: the window. False when it could
 * not be read. */
static bool fetch(struct gw_keeper *k, int rank, struct found *out, bool *found)
{
    struct gw_err err;
    enum gw_status status;
    *found = false;
    if (rank < GW_RANKS) {
        out->at = &k->record_at[rank];
        status = gw_records_next(k->records, rank, *out->at, &out->parcel, found, &err);
    } else {
        out->at = &k->window_at;
        status = gw_records_next_window(k->records, *out->at, &out->parcel, found, &err);
    }
    if (status != GW_OK)
        gw_chain_failed(k, &err);
    return status == GW_OK;
}

/* The next record or window. What is damaged is passed over: it leaves the backlog on the way.
 * A file that cannot be written can still be read: that is how a full one is emptied. */
static bool next_record(struct gw_keeper *k, struct found *out)
{
    int looks = 0;
    out->again = NULL;
    /* Most parcels are rows; five queries before each of them would cost more than the row. */
    if (k->looked_seq == k->known.seq)
        return false;
    for (int i = 0; i <= GW_RANKS && k->records != NULL && !k->fatal;) {
        bool found;
        if (!fetch(k, i, out, &found))
            return false;
        bool sent = found && gw_again_has(&k->sent[i == GW_RANKS ? 1 : 0], out->parcel.key);
        if (found && out->parcel.data != NULL && !sent)
            return true;
        if (found) {
            *out->at = out->parcel.key;
            if (out->parcel.data == NULL)
                gw_chain_spoilt(k, &out->parcel);
            gw_parcel_clear(&out->parcel);
            k->unfinished = ++looks == LOOKS;
            if (k->unfinished)
                return false;
        } else {
            i++;
        }
    }
    if (k->records != NULL && !k->fatal)
        k->looked_seq = k->known.seq;
    return false;
}

/* The next one for which no receipt came in time. */
static bool next_again(struct gw_keeper *k, struct found *out)
{
    struct gw_err err;
    int64_t now_ms = gw_keeper_now(k);
    out->at = NULL;
    for (int i = 0; i < 2 && now_ms >= k->again_ms && k->records != NULL && !k->fatal;) {
        int64_t seq;
        bool found = false;
        enum gw_parcel_kind kind = i == 0 ? GW_PARCEL_RECORD : GW_PARCEL_WINDOW;
        out->again = &k->sent[i];
        if (!gw_again_next(out->again, now_ms, &seq)) {
            i++;
            continue;
        }
        if (gw_records_fetch(k->records, kind, seq, &out->parcel, &found, &err) != GW_OK) {
            gw_chain_failed(k, &err);
            return false;
        }
        if (found && out->parcel.data != NULL) {
            k->again_ms = now_ms + AGAIN_EVERY_MS;
            return true;
        }
        if (found)
            gw_chain_spoilt(k, &out->parcel);
        (void)gw_again_drop(out->again, seq); /* it was receipted before the broker's ack */
    }
    return false;
}

static bool next_row(struct gw_keeper *k, unsigned reader, const struct gw_row_want *want,
                     struct found *out)
{
    struct gw_err err;
    bool found = false;
    out->at = NULL;
    out->again = NULL;
    while (gw_rows_is_open(k->rows) && !k->fatal && gw_rows_wants(k->rows, reader, want->kind)) {
        if (gw_rows_next(k->rows, reader, want, &out->parcel, &found, &err) != GW_OK) {
            gw_bulk_failed(k, &err);
            return false;
        }
        if (found && out->parcel.data != NULL)
            return true;
        if (!found)
            return false;
        if (!gw_losses_open(gw_rows_losses(k->rows), want->kind, GW_LOSS_DAMAGED))
            gw_keeper_event(k, "telemetry.db: damaged rows were found and cannot be sent");
        gw_rows_spoilt(k->rows, want->kind, out->parcel.key);
    }
    return false;
}

static bool next_of_rows(struct gw_keeper *k, unsigned reader, bool live, struct found *out)
{
    const struct gw_row_want event = {GW_PARCEL_EVENT, live};
    const struct gw_row_want telemetry = {GW_PARCEL_TELEMETRY, live};
    return next_row(k, reader, &event, out) || next_row(k, reader, &telemetry, out);
}

static bool next_parcel(struct gw_keeper *k, unsigned reader, struct found *out)
{
    if (!k->j->conf.readers[reader].records)
        return next_of_rows(k, reader, false, out);
    /* A long backlog of records is no reason to leave the platform blind meanwhile. */
    if (k->streak >= LIVE_SHARE - 1 && next_of_rows(k, reader, true, out))
        return true;
    return next_record(k, out) || next_again(k, out) || next_of_rows(k, reader, false, out);
}

/* What may be handed over now. A reader that acks faster than the disk takes it has to wait, or its
 * acks would be dropped and the parcels come again. */
static unsigned granted(struct gw_keeper *k, unsigned reader)
{
    struct gw_port *port = &k->j->ports[reader];
    pthread_mutex_lock(&k->j->lock);
    bool ready = port->rewinds == k->rewinds[reader] && port->lives == k->lives[reader] &&
                 port->acks.n < GW_ACKS_MAX / 4 && k->acks.n < GW_ACKS_MAX / 4;
    unsigned grants = ready ? port->grants : 0;
    pthread_mutex_unlock(&k->j->lock);
    return grants;
}

/* Under the lock, so that nothing arrives after a rewind has returned. */
static bool hand_over(struct gw_keeper *k, unsigned reader, const struct gw_parcel *parcel)
{
    struct gw_port *port = &k->j->ports[reader];
    pthread_mutex_lock(&k->j->lock);
    bool ok = port->rewinds == k->rewinds[reader] && port->lives == k->lives[reader] &&
              port->grants > 0 && gw_mailbox_put(port->parcels, parcel) == GW_OK;
    if (ok)
        port->grants--;
    pthread_mutex_unlock(&k->j->lock);
    return ok;
}

static void serve(struct gw_keeper *k, unsigned reader)
{
    struct found next;
    while (!k->fatal && granted(k, reader) > 0) {
        if (gw_mailbox_room(k->j->ports[reader].parcels) == 0) {
            k->blocked = true;
            return;
        }
        if (!next_parcel(k, reader, &next))
            return;
        if (!hand_over(k, reader, &next.parcel)) {
            gw_parcel_clear(&next.parcel);
            return;
        }
        if (next.again != NULL)
            gw_again_out(next.again, next.parcel.key);
        else if (next.at != NULL)
            *next.at = next.parcel.key;
        else
            gw_rows_sent(k->rows, reader, next.parcel.kind, next.parcel.key);
        if (k->j->conf.readers[reader].records)
            k->streak = next.at != NULL && next.parcel.historical ? k->streak + 1 : 0;
    }
}

/* When something may be sent again, with the grants that are left. */
static int64_t next_due(struct gw_keeper *k)
{
    int64_t due_ms = INT64_MAX;
    for (unsigned i = 0; i < k->j->conf.nreaders; i++)
        if (k->j->conf.readers[i].records && granted(k, i) > 0)
            for (int half = 0; half < 2; half++)
                if (gw_again_due(&k->sent[half]) < due_ms)
                    due_ms = gw_again_due(&k->sent[half]);
    const struct gw_trouble *t = &k->records_trouble;
    bool unreadable = t->failing && t->status != GW_E_FULL;
    if (due_ms == INT64_MAX || k->blocked || k->records == NULL || unreadable)
        return INT64_MAX;
    return due_ms > k->again_ms ? due_ms : k->again_ms;
}

void gw_handout(struct gw_keeper *k)
{
    k->blocked = false;
    k->unfinished = false;
    /* There is room again for what found none: it is looked for from the beginning. */
    if (k->untracked && gw_again_count(&k->sent[0]) < GW_AGAIN_MAX / 2 &&
        gw_again_count(&k->sent[1]) < GW_AGAIN_MAX / 2) {
        k->untracked = false;
        gw_handout_restart(k);
    }
    for (unsigned i = 0; i < k->j->conf.nreaders; i++)
        serve(k, i);
    k->again_due_ms = next_due(k);
}
