/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "journal/db.h"
#include "journal/keeper.h"

#define LOSS_QUIET_MS   60000   /* an episode ends after this time without a loss */
#define LOSS_LONGEST_MS 3600000 /* and after this time in any case */
#define ACKS_AT_ONCE    128     /* keeps the WAL within the size to which it was grown */

static struct gw_records_conf records_conf(const struct gw_keeper *k)
{
    return (struct gw_records_conf){.path = k->records_path,
                                    .max_bytes = k->j->conf.records_bytes,
                                    .sealer = k->j->conf.sealer,
                                    .clock = k->j->conf.clock};
}

bool gw_chain_ready(const struct gw_keeper *k)
{
    return k->records != NULL && !k->records_trouble.failing && !k->fatal;
}

/* Keeps what the first record of the next chain has to tell. */
static void note_break(struct gw_keeper *k, const char *reason, const struct gw_head *found)
{
    k->brk.waiting = -1;
    /* The newest that is known: damage may show an older head, or none. */
    struct gw_head old = k->known;
    if (found->chain[0] != '\0' && (strcmp(found->chain, old.chain) != 0 || found->seq > old.seq))
        old = *found;
    k->brk_head = old;
    k->brk.reason = reason;
    k->brk.chain = k->brk_head.chain;
    k->brk.seq = old.seq;
    k->brk.file = k->brk_file;
    k->brk_file[0] = '\0';
    k->broken = true;
}

/* Renames the closed, damaged file. */
static enum gw_status set_aside(struct gw_keeper *k, const struct gw_found *found,
                                const struct gw_err *why, struct gw_err *err)
{
    char waiting[96] = "how many of its records had not been delivered is not known";
    note_break(k, "damaged", &found->head);
    k->brk.waiting = found->waiting;
    if (found->waiting >= 0)
        snprintf(waiting, sizeof waiting, "%lld records and windows of it had not been delivered",
                 (long long)found->waiting);
    enum gw_status status = gw_keeper_aside(k, &k->records_trouble, k->records_path, k->brk_file,
                                            sizeof k->brk_file, err);
    if (status != GW_OK)
        return status;
    gw_keeper_event(k,
                    "%s. Kept as %s; %s (nonsitectl export --db shows what can be read); a new "
                    "chain of records begins",
                    why->msg, k->brk_file, waiting);
    k->known = (struct gw_head){0};
    return GW_OK;
}

static enum gw_status start_chain(struct gw_keeper *k, struct gw_err *err)
{
    struct gw_buf body;
    struct gw_draft first = {.cls = GW_CLASS_KEY, .priority = 1};
    enum gw_status status = GW_OK;

    if (!k->broken && k->known.chain[0] != '\0') {
        gw_keeper_event(k, "records.db is gone, chain %s ended at record %lld; a new chain begins",
                        k->known.chain, (long long)k->known.seq);
        note_break(k, "missing", &k->known);
    }
    gw_buf_init(&body, GW_BODY_MAX);
    if (k->broken && !gw_body_break(&k->env, &k->brk, &body))
        status = gw_err_set(err, GW_E_NOMEM, "records.db: out of memory");
    first.body = body.data;
    first.body_len = body.len;
    if (status == GW_OK)
        status = gw_records_found_chain(k->records, k->broken ? &first : NULL, err);
    gw_buf_free(&body);
    if (status == GW_OK)
        k->broken = false;
    return status;
}

static void tell_state(void *ctx, const struct gw_state_row *row)
{
    struct gw_keeper *k = ctx;
    char *key = strndup(row->key, row->key_len);
    char *value = row->value != NULL ? strndup(row->value, row->value_len) : NULL;
    struct gw_notice notice = {.kind = GW_NOTICE_STATE, .seq = row->seq};

    /* The key may be what is damaged; an event is UTF-8. */
    if (row->value == NULL)
        gw_keeper_event(k, "records.db: state row %s is damaged and was left out",
                        key != NULL && gw_utf8_valid(key, strlen(key)) ? key : "?");
    else if (key != NULL && value != NULL)
        gw_keeper_notify(k, notice, key, value);
    else
        gw_keeper_event(k, "records.db: a state row was left out: out of memory");
    free(key);
    free(value);
}

static enum gw_status try_open(struct gw_keeper *k, struct gw_err *err)
{
    struct gw_records_conf conf = records_conf(k);
    struct gw_found found;

    if (k->known.chain[0] == '\0')
        k->known = *gw_rows_witness(k->rows);
    enum gw_status status = gw_records_open(&conf, &k->known, &k->records, &found, err);
    if (status == GW_E_PARSE) {
        struct gw_err why = *err;
        status = set_aside(k, &found, &why, err);
        if (status == GW_OK)
            status = gw_records_open(&conf, &k->known, &k->records, &found, err);
    }
    if (status == GW_OK && gw_records_fresh(k->records))
        status = start_chain(k, err);
    else if (status == GW_OK)
        k->broken = false; /* it could be read after all */
    if (status == GW_OK && !k->opened)
        status = gw_records_states(k->records, tell_state, k, err);
    return status;
}

void gw_chain_open(struct gw_keeper *k)
{
    struct gw_err err;
    if (try_open(k, &err) != GW_OK) {
        gw_records_close(k->records, false);
        k->records = NULL;
        gw_keeper_failed(k, &k->records_trouble, &err);
        return;
    }
    if (gw_records_note(k->records)[0] != '\0')
        gw_keeper_event(k, "%s", gw_records_note(k->records));
    const struct gw_head *head = gw_records_head(k->records);
    if (k->opened && strcmp(head->chain, k->chain) != 0) {
        k->another = true;
        k->acks.n = 0;
        gw_receipts_forget(k);
    }
    k->known = *head;
    memcpy(k->chain, head->chain, sizeof k->chain);
    k->opened = true;
    gw_handout_restart(k);

    struct gw_notice open = {.kind = GW_NOTICE_OPEN, .seq = k->known.seq};
    memcpy(open.chain, k->known.chain, sizeof open.chain);
    memcpy(open.hash, k->known.hash, sizeof open.hash);
    gw_keeper_notify(k, open, NULL, NULL);
    gw_keeper_fine(k, &k->records_trouble);
}

void gw_chain_failed(struct gw_keeper *k, const struct gw_err *err)
{
    bool lost = err->status == GW_E_PARSE || err->status == GW_E_NOTFOUND;
    if (!lost) {
        gw_keeper_failed(k, &k->records_trouble, err);
        return;
    }
    struct gw_err why = *err;
    struct gw_found found = {.head = k->known, .waiting = -1};
    if (k->records != NULL)
        found.waiting = (int64_t)gw_records_waiting(k->records);
    gw_records_close(k->records, false);
    k->records = NULL;
    if (why.status == GW_E_PARSE) {
        struct gw_err fresh;
        if (set_aside(k, &found, &why, &fresh) != GW_OK) {
            gw_keeper_failed(k, &k->records_trouble, &fresh);
            return;
        }
    } else {
        gw_keeper_event(k, "%s", why.msg);
    }
    gw_chain_open(k);
}

/* The group commit. */

static void fill_batch(struct gw_keeper *k)
{
    struct gw_post *post;
    while (k->nbatch < GW_BATCH_POSTS && k->batch_bytes < GW_BATCH_BYTES &&
           gw_mailbox_get(k->j->posts, &post)) {
        k->batch[k->nbatch++] = post;
        k->batch_bytes += post->bytes;
    }
}

/* A loss record in the place of a draft that cannot be sealed. Its state row is not stored: it
 * would speak of a record that there is not. */
static enum gw_status append_refusal(struct gw_keeper *k, struct gw_post *post, struct gw_err *err)
{
    struct gw_body_loss loss = {.what = "record", .reason = "unsealable", .count = 1};
    struct gw_draft draft = {.cls = GW_CLASS_LOSS, .priority = 2};
    struct gw_buf body;
    enum gw_status status;

    gw_buf_init(&body, GW_BODY_MAX);
    if (gw_body_loss(&k->env, &loss, &body)) {
        draft.body = body.data;
        draft.body_len = body.len;
        status = gw_records_append(k->records, &draft, &post->placed, err);
    } else {
        status = gw_err_set(err, GW_E_NOMEM, "records.db: out of memory");
    }
    gw_buf_free(&body);
    /* Not even this: then it is not the draft that is at fault. */
    if (status == GW_E_INVAL)
        err->status = status = GW_E_IO;
    return status;
}

static size_t acks_now(const struct gw_keeper *k)
{
    return k->acks.n < ACKS_AT_ONCE ? k->acks.n : ACKS_AT_ONCE;
}

static enum gw_status write_ack(struct gw_keeper *k, struct gw_ack ack, struct gw_err *err)
{
    if (ack.kind == GW_PARCEL_WINDOW && gw_receipts_wanted(k))
        return gw_records_settle(k->records, ack.key, err);
    return gw_records_deliver(k->records, ack.kind, ack.key, err);
}

/* *bad: the post at which it failed. */
static enum gw_status write_batch(struct gw_keeper *k, size_t nposts, size_t *bad,
                                  struct gw_err *err)
{
    size_t nacks = acks_now(k);
    enum gw_status status = gw_records_begin(k->records, err);
    for (size_t i = 0; i < nacks && status == GW_OK; i++)
        status = write_ack(k, k->acks.at[i], err);
    if (status == GW_OK)
        status = gw_receipts_write(k, err);
    for (size_t i = 0; i < nposts && status == GW_OK; i++) {
        struct gw_post *post = k->batch[i];
        *bad = i;
        if (post->refused)
            status = append_refusal(k, post, err);
        else
            status = gw_records_append(k->records, &post->draft, &post->placed, err);
    }
    if (status == GW_OK)
        status = gw_records_commit(k->records, err);
    if (status != GW_OK)
        gw_records_rollback(k->records);
    return status;
}

static void tell_committed(struct gw_keeper *k, size_t nposts)
{
    for (size_t i = 0; i < nposts; i++) {
        const struct gw_post *post = k->batch[i];
        struct gw_notice notice = {
            .kind = GW_NOTICE_COMMITTED, .token = post->draft.token, .seq = post->placed.seq};
        memcpy(notice.chain, post->placed.chain, sizeof notice.chain);
        memcpy(notice.hash, post->placed.hash, sizeof notice.hash);
        if (notice.token != 0 && !post->refused)
            gw_keeper_notify(k, notice, NULL, NULL);
        free(k->batch[i]);
    }
    if (nposts > 0) {
        k->nbatch = 0;
        k->batch_bytes = 0;
    }
}

/* Acks, receipts and the first nposts of the batch, in one transaction. */
static enum gw_status commit_batch(struct gw_keeper *k, size_t nposts, struct gw_err *err)
{
    size_t bad = 0;
    int64_t start_ms = gw_keeper_now(k);
    enum gw_status status = write_batch(k, nposts, &bad, err);
    while (status == GW_E_INVAL) {
        struct gw_post *post = k->batch[bad];
        struct gw_notice notice = {.kind = GW_NOTICE_EVENT, .token = post->draft.token};
        post->refused = true;
        gw_keeper_notify(k, notice, NULL, err->msg);
        status = write_batch(k, nposts, &bad, err);
    }
    if (status != GW_OK)
        return status;
    size_t nacks = acks_now(k);
    if (nacks + k->nreceipts > 0)
        k->room_ms = 0;
    for (size_t i = 0; i < nacks && !gw_receipts_wanted(k); i++)
        if (k->acks.at[i].kind == GW_PARCEL_WINDOW)
            (void)gw_again_drop(&k->sent[1], k->acks.at[i].key); /* it was asked for again */
    k->acks.n -= nacks;
    if (k->acks.n > 0)
        memmove(k->acks.at, k->acks.at + nacks, k->acks.n * sizeof k->acks.at[0]);
    k->known = *gw_records_head(k->records);
    gw_keeper_timed(k, start_ms);
    gw_receipts_done(k);
    tell_committed(k, nposts);
    return GW_OK;
}

void gw_chain_commit(struct gw_keeper *k)
{
    struct gw_err err;
    struct gw_err ignored;
    struct gw_trouble *t = &k->records_trouble;
    if (k->records == NULL || k->fatal)
        return;
    bool may_try = gw_keeper_may_try(k, t);
    if (may_try)
        fill_batch(k);
    size_t nposts = may_try ? k->nbatch : 0;
    size_t left = k->acks.n + k->nreceipts; /* what leaves */
    /* Acks alone need no room, and what they release may go and so make some. */
    bool relief = left > 0 && t->failing && t->status == GW_E_FULL;
    if (nposts == 0 && !relief && (!may_try || left == 0)) {
        if (may_try)
            gw_keeper_fine(k, t);
        return;
    }
    gw_prune(k);
    if (k->records == NULL || k->fatal)
        return;

    enum gw_status status = commit_batch(k, nposts, &err);
    if (status != GW_OK) {
        gw_chain_failed(k, &err);
        relief = status == GW_E_FULL && nposts > 0 && left > 0 && k->records != NULL;
        if (relief && commit_batch(k, 0, &ignored) == GW_OK)
            t->retry_ms = gw_keeper_now(k);
        return;
    }
    if (may_try)
        gw_keeper_fine(k, t);
    else
        t->retry_ms = gw_keeper_now(k);
}

/* The records that the journal writes by itself, each in a transaction of its own. */

static enum gw_status write_loss(struct gw_keeper *k, const struct gw_body_loss *loss,
                                 const char *mark, const char *tag, struct gw_err *err)
{
    struct gw_buf body;
    struct gw_head placed;
    struct gw_draft draft = {.cls = GW_CLASS_LOSS, .priority = 3};

    gw_buf_init(&body, GW_BODY_MAX);
    enum gw_status status = GW_OK;
    if (!gw_body_loss(&k->env, loss, &body))
        status = gw_err_set(err, GW_E_NOMEM, "records.db: out of memory");
    draft.body = body.data;
    draft.body_len = body.len;
    if (status == GW_OK)
        status = gw_records_append(k->records, &draft, &placed, err);
    if (status == GW_OK && mark != NULL)
        status = gw_records_mark(k->records, mark, tag, err);
    gw_buf_free(&body);
    return status;
}

enum gw_status gw_chain_end(struct gw_keeper *k, enum gw_status status, struct gw_err *err)
{
    if (status == GW_OK)
        status = gw_records_commit(k->records, err);
    if (status != GW_OK) {
        gw_records_rollback(k->records);
        gw_chain_failed(k, err);
        return status;
    }
    k->known = *gw_records_head(k->records);
    k->commits++;
    return GW_OK;
}

static int64_t loss_due(const struct gw_loss *loss)
{
    if (loss->stale || loss->file[0] != '\0')
        return INT64_MIN;
    int64_t quiet_ms = loss->last_ms + LOSS_QUIET_MS;
    int64_t longest_ms = loss->first_ms + LOSS_LONGEST_MS;
    return quiet_ms < longest_ms ? quiet_ms : longest_ms;
}

int64_t gw_chain_losses_due(const struct gw_keeper *k)
{
    const struct gw_losses *losses = gw_rows_losses(k->rows);
    int64_t due_ms = INT64_MAX;
    for (size_t i = 0; i < losses->n; i++)
        if (!losses->at[i].done && loss_due(&losses->at[i]) < due_ms)
            due_ms = loss_due(&losses->at[i]);
    return due_ms;
}

/* The mark in records.db tells, after a crash between the two files' commits, that this episode is
 * chained already. */
static enum gw_status chain_loss(struct gw_keeper *k, const struct gw_loss *loss)
{
    static const char *const reasons[GW_LOSS_WHYS] = {
        [GW_LOSS_QUOTA] = "quota", [GW_LOSS_REFUSED] = "refused", [GW_LOSS_DAMAGED] = "damaged"};
    const char *what = loss->kind == GW_PARCEL_EVENT ? "event" : "telemetry";
    struct gw_body_loss body = {.what = what,
                                .reason = reasons[loss->why],
                                .count = loss->count,
                                .from_ms = loss->from_ms,
                                .to_ms = loss->to_ms,
                                .file = loss->file[0] != '\0' ? loss->file : NULL};
    char mark[64];
    struct gw_err err;
    bool known = false;

    snprintf(mark, sizeof mark, "loss/%s/%s", what, body.reason);
    enum gw_status status = gw_records_marked(k->records, mark, loss->tag, &known, &err);
    if (status != GW_OK) {
        gw_chain_failed(k, &err);
        return status;
    }
    if (known)
        return GW_OK;
    status = gw_records_begin(k->records, &err);
    if (status == GW_OK)
        status = write_loss(k, &body, mark, loss->tag, &err);
    return gw_chain_end(k, status, &err);
}

void gw_chain_losses(struct gw_keeper *k)
{
    struct gw_losses *losses = gw_rows_losses(k->rows);
    int64_t now_ms = gw_keeper_now(k);
    for (size_t i = 0; i < losses->n && gw_chain_ready(k); i++) {
        struct gw_loss *loss = &losses->at[i];
        if (loss->done || (!k->stopping && loss_due(loss) > now_ms))
            continue;
        if (chain_loss(k, loss) != GW_OK)
            return;
        gw_losses_done(losses, i);
    }
}

void gw_chain_spoilt(struct gw_keeper *k, const struct gw_parcel *parcel)
{
    char id[GW_RECORD_ID_SIZE];
    struct gw_err err;
    struct gw_body_loss loss = {
        .what = parcel->kind == GW_PARCEL_WINDOW ? "window" : "record",
        .reason = "damaged",
        .count = 1,
        .record = id,
    };
    snprintf(id, sizeof id, "%s-%lld", gw_records_head(k->records)->chain, (long long)parcel->key);
    gw_keeper_event(k, "records.db: %s %s is damaged and cannot be sent", loss.what, id);
    enum gw_status status = gw_records_begin(k->records, &err);
    if (status == GW_OK)
        status = gw_records_deliver(k->records, parcel->kind, parcel->key, &err);
    if (status == GW_OK)
        status = write_loss(k, &loss, NULL, NULL, &err);
    (void)gw_chain_end(k, status, &err);
}
