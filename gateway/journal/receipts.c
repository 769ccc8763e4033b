/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/keeper.h"

#include <string.h>

bool gw_receipts_wanted(const struct gw_keeper *k)
{
    for (size_t i = 0; i < k->j->conf.nreaders; i++)
        if (k->j->conf.readers[i].records)
            return k->j->conf.readers[i].receipts;
    return false;
}

/* What was taken stays until it is committed, so the mailbox bounds the rest. */
void gw_receipts_take(struct gw_keeper *k)
{
    if (k->records == NULL)
        return;
    while (k->nreceipts < GW_RECEIPTS_AT_ONCE &&
           gw_mailbox_get(k->j->receipts, &k->receipts[k->nreceipts]))
        k->nreceipts++;
}

static struct gw_again *sent_of(struct gw_keeper *k, enum gw_parcel_kind kind)
{
    return &k->sent[kind == GW_PARCEL_WINDOW ? 1 : 0];
}

void gw_receipts_sent(struct gw_keeper *k, enum gw_parcel_kind kind, int64_t key)
{
    if (!gw_again_put(sent_of(k, kind), key, gw_keeper_now(k)))
        k->untracked = true;
}

enum gw_status gw_receipts_write(struct gw_keeper *k, struct gw_err *err)
{
    enum gw_status status = GW_OK;
    for (size_t i = 0; i < k->nreceipts && status == GW_OK; i++) {
        struct gw_head at = {.seq = k->receipts[i].seq};
        memcpy(at.chain, k->receipts[i].chain, sizeof at.chain);
        memcpy(at.hash, k->receipts[i].hash, sizeof at.hash);
        status = gw_records_receipt(k->records, &at, &k->verdicts[i], err);
        bool window = k->verdicts[i] == GW_RECEIPTED && gw_again_taken(&k->sent[1], at.seq);
        if (status == GW_OK && window)
            status = gw_records_settle(k->records, at.seq, err);
    }
    return status;
}

static void tell_refused(struct gw_keeper *k, size_t i)
{
    const struct gw_receipt *r = &k->receipts[i];
    k->receipts_refused++;
    if (k->receipt_told)
        return;
    k->receipt_told = true;
    if (k->verdicts[i] == GW_RECEIPTED_OTHER)
        gw_keeper_event(
            k,
            "records.db: the platform receipts %s-%lld with another hash than the record "
            "stored here: does a second gateway run from a copy of this one?",
            r->chain, (long long)r->seq);
    else
        gw_keeper_event(k,
                        "records.db: the platform receipts %s-%lld, a record that is not stored "
                        "here",
                        r->chain, (long long)r->seq);
}

void gw_receipts_done(struct gw_keeper *k)
{
    for (size_t i = 0; i < k->nreceipts; i++) {
        if (k->verdicts[i] != GW_RECEIPTED) {
            tell_refused(k, i);
            continue;
        }
        k->receipted++;
        (void)gw_again_drop(&k->sent[0], k->receipts[i].seq);
        if (gw_again_taken(&k->sent[1], k->receipts[i].seq))
            (void)gw_again_drop(&k->sent[1], k->receipts[i].seq);
    }
    k->nreceipts = 0;
}

void gw_receipts_forget(struct gw_keeper *k)
{
    gw_again_free(&k->sent[0]);
    gw_again_free(&k->sent[1]);
    k->untracked = false;
}
