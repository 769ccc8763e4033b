/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "journal/keeper.h"

static bool is_chain(const char *text)
{
    return strspn(text, "0123456789abcdef") == GW_CHAIN_SIZE - 1 && text[GW_CHAIN_SIZE - 1] == '-';
}

enum gw_status gw_journal_resend(struct gw_journal *j, const char *record, uint64_t token)
{
    struct gw_resend ask = {.token = token};
    const char *digits = record + GW_CHAIN_SIZE;
    if (strlen(record) >= sizeof ask.record || !is_chain(record) || digits[0] < '1' ||
        digits[0] > '9' || digits[strspn(digits, "0123456789")] != '\0')
        return GW_E_INVAL;
    memcpy(ask.record, record, strlen(record) + 1);
    return gw_mailbox_put(j->resends, &ask);
}

/* It has no window in the store. */
static enum gw_status judge_missing(struct gw_keeper *k, const char *record,
                                    enum gw_window_found *out, struct gw_err *err)
{
    const struct gw_head *head = gw_records_head(k->records);
    const int64_t seq = strtoll(record + GW_CHAIN_SIZE, NULL, 10); /* out of range: at its end */
    bool there = false;
    *out = GW_WINDOW_UNKNOWN;
    if (strncmp(record, head->chain, GW_CHAIN_SIZE - 1) != 0 || seq > head->seq)
        return GW_OK;
    enum gw_status status = gw_records_has(k->records, seq, &there, err);
    *out = there ? GW_WINDOW_NONE : GW_WINDOW_GONE;
    return status;
}

/* It was handed out before, or the broker has it: without this its turn would not come now. */
static void queue(struct gw_keeper *k, int64_t seq)
{
    const bool passed = gw_handout_was_out(k, GW_PARCEL_WINDOW, seq);
    if ((passed || gw_again_has(&k->sent[1], seq)) &&
        !gw_again_now(&k->sent[1], seq, gw_keeper_now(k)))
        k->untracked = true;
}

static enum gw_status resend(struct gw_keeper *k, const char *record, enum gw_window_found *out,
                             struct gw_err *err)
{
    struct gw_kept_window w;
    enum gw_status status = gw_records_window(k->records, record, &w, err);
    if (status != GW_OK)
        return status;
    if (w.seq == 0)
        return judge_missing(k, record, out, err);
    *out = w.kept ? GW_WINDOW_QUEUED : GW_WINDOW_GONE;
    if (w.kept && !w.waits) {
        status = gw_records_begin(k->records, err);
        if (status == GW_OK)
            status = gw_records_recall(k->records, w.seq, err);
        status = gw_chain_end(k, status, err);
        if (status != GW_OK)
            return GW_E_CLOSED; /* it was told */
    }
    if (w.kept) {
        queue(k, w.seq);
        gw_handout_look(k);
    }
    return GW_OK;
}

void gw_resend_serve(struct gw_keeper *k)
{
    struct gw_resend ask;
    while (!k->fatal && gw_mailbox_get(k->j->resends, &ask)) {
        struct gw_err err = {0};
        struct gw_notice notice = {
            .kind = GW_NOTICE_WINDOW, .token = ask.token, .found = GW_WINDOW_FAILED};
        enum gw_status status = GW_E_CLOSED;
        if (gw_chain_ready(k))
            status = resend(k, ask.record, &notice.found, &err);
        if (status != GW_OK)
            notice.found = GW_WINDOW_FAILED;
        if (status != GW_OK && status != GW_E_CLOSED)
            gw_chain_failed(k, &err);
        gw_keeper_notify(k, notice, NULL, NULL);
    }
}
