/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/keeper.h"

#define LOOK_MS    3600000
#define ROOM_MS    60000 /* no look for room before, unless something was delivered */
#define DAY_MS     INT64_C(86400000)
#define WORTH_MANY 16 /* fewer would hardly make more room than the checkpoint takes */

/* Deletion and checkpoint are one transaction, so that a full file makes room for its own
 * checkpoint and nothing is ever gone without one. */
static enum gw_status forget(struct gw_keeper *k, const struct gw_head *last)
{
    struct gw_draft draft = {.cls = GW_CLASS_CHECKPOINT, .priority = 3};
    struct gw_head placed;
    struct gw_buf body;
    struct gw_err err;

    gw_buf_init(&body, GW_BODY_MAX);
    enum gw_status status = gw_records_begin(k->records, &err);
    if (status == GW_OK)
        status = gw_records_forget(k->records, last->seq, &err);
    if (status == GW_OK && !gw_body_checkpoint(&k->env, last->seq, last->hash, &body))
        status = gw_err_set(&err, GW_E_NOMEM, "records.db: out of memory");
    draft.body = body.data;
    draft.body_len = body.len;
    if (status == GW_OK)
        status = gw_records_append(k->records, &draft, &placed, &err);
    gw_buf_free(&body);
    /* A checkpoint that cannot be sealed takes nothing with it: tried again at the next look. */
    if (status == GW_E_INVAL)
        err.status = status = GW_E_IO;
    return gw_chain_end(k, status, &err);
}

static bool look(struct gw_keeper *k, int64_t before_ms, struct gw_prefix *out)
{
    struct gw_err err;
    if (gw_records_prefix(k->records, before_ms, out, &err) == GW_OK)
        return true;
    gw_chain_failed(k, &err);
    return false;
}

/* Nine tenths of the quota are used: delivered windows go first, which need no checkpoint, then the
 * oldest records. */
static void make_room(struct gw_keeper *k)
{
    struct gw_prefix old;
    struct gw_err err;
    int64_t gone = 0;
    if (gw_records_drop_windows(k->records, &gone, &err) != GW_OK) {
        gw_chain_failed(k, &err);
        return;
    }
    k->tight = false;
    if (gone > 0 || !look(k, INT64_MAX, &old))
        return;
    k->tight = old.n < WORTH_MANY;
    if (!k->tight)
        (void)forget(k, &old.last);
}

/* Once the oldest is a day too old, all that are too old go: one checkpoint a day and not one for
 * each record. A clock that is not synchronised may be years ahead: then age is not judged. */
static void drop_old(struct gw_keeper *k)
{
    struct gw_prefix old;
    struct gw_stamp now = gw_clock_now(k->j->conf.clock);
    k->prune_ms = now.mono_ms + LOOK_MS;
    if (k->j->conf.keep_days <= 0 || !now.sync)
        return;
    int64_t before_ms = now.wall_ms - k->j->conf.keep_days * DAY_MS;
    if (!look(k, before_ms, &old))
        return;
    bool go = old.n > 0 && (k->pruning || old.first_ms < before_ms - DAY_MS);
    k->pruning = go && old.n == GW_PRUNE_MAX;
    if (go && forget(k, &old.last) == GW_OK && k->pruning)
        k->prune_ms = now.mono_ms;
}

int64_t gw_prune_due(const struct gw_keeper *k)
{
    return k->j->conf.keep_days > 0 ? k->prune_ms : INT64_MAX;
}

void gw_prune(struct gw_keeper *k)
{
    struct gw_err err;
    bool tight = false;
    if (gw_records_tight(k->records, &tight, &err) != GW_OK) {
        gw_chain_failed(k, &err);
        return;
    }
    int64_t now_ms = gw_keeper_now(k);
    if (!tight)
        k->tight = false;
    else if (now_ms >= k->room_ms)
        make_room(k);
    k->room_ms = k->tight && now_ms >= k->room_ms ? now_ms + ROOM_MS : k->room_ms;
    if (k->records != NULL && gw_chain_ready(k) && gw_keeper_now(k) >= k->prune_ms)
        drop_old(k);
    if (k->records == NULL || k->fatal)
        return;
    if (k->tight && !k->full_told)
        gw_keeper_event(k,
                        "records.db: nine tenths of its quota are used by %llu records and windows "
                        "that wait for delivery",
                        (unsigned long long)gw_records_waiting(k->records));
    k->full_told = k->tight;
}
