/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/records_in.h"

#define WIRE_KEEP ((size_t)64 * 1024) /* a larger buffer is given back */

static int rank_of(enum gw_class cls, int priority)
{
    if (cls == GW_CLASS_ALARM)
        return priority <= 1 ? 0 : 2;
    return cls == GW_CLASS_LEAD ? 1 : 3;
}

static const char *topic_of(enum gw_class cls)
{
    return cls == GW_CLASS_ALARM || cls == GW_CLASS_LEAD ? gw_class_name(cls) : "record";
}

int64_t gw_records_sum(int64_t seq, const char *name, size_t name_len, const void *data, size_t len)
{
    uint64_t sum = gw_db_sum_int(GW_DB_SUM, seq);
    sum = gw_db_sum_int(sum, (int64_t)name_len);
    sum = gw_db_sum_bytes(sum, name, name_len);
    return (int64_t)gw_db_sum_bytes(sum, data, len);
}

enum gw_status gw_records_begin(struct gw_records *r, struct gw_err *err)
{
    return gw_db_begin(r->db, err);
}

static enum gw_status insert_record(struct gw_records *r, const struct gw_draft *draft,
                                    struct gw_head *placed, struct gw_err *err)
{
    struct gw_head next = r->next;
    next.seq++;
    gw_buf_clear(&r->wire);
    enum gw_status status = r->sealer.seal(r->sealer.ctx, next.chain, next.seq, r->next.hash,
                                           draft->body, draft->body_len, &r->wire, next.hash);
    if (status == GW_E_NOMEM || status == GW_E_IO)
        return gw_err_set(err, status, "a record cannot be sealed at present: %s",
                          gw_status_name(status));
    if (status == GW_OK && r->wire.failed)
        status = GW_E_FULL;
    if (status != GW_OK)
        return gw_err_set(err, GW_E_INVAL, "a record of class %s cannot be sealed: %s",
                          gw_class_name(draft->cls), gw_status_name(status));

    const char *topic = topic_of(draft->cls);
    gw_db_bind_int(r->db, Q_INSERT, 1, next.seq);
    gw_db_bind_int(r->db, Q_INSERT, 2, draft->cls);
    gw_db_bind_int(r->db, Q_INSERT, 3, draft->priority);
    gw_db_bind_int(r->db, Q_INSERT, 4, rank_of(draft->cls, draft->priority));
    gw_db_bind_int(r->db, Q_INSERT, 5,
                   gw_records_sum(next.seq, topic, strlen(topic), r->wire.data, r->wire.len));
    gw_db_bind_text(r->db, Q_INSERT, 6, topic);
    gw_db_bind_text(r->db, Q_INSERT, 7, next.hash);
    gw_db_bind_blob(r->db, Q_INSERT, 8, r->wire.data, r->wire.len);
    gw_db_bind_int(r->db, Q_INSERT, 9, gw_clock_now(r->clock).wall_ms);
    status = gw_db_run(r->db, Q_INSERT, err);
    if (r->wire.cap > WIRE_KEEP)
        gw_buf_free(&r->wire);
    if (status != GW_OK)
        return status;
    r->next = next;
    r->waiting_next++;
    *placed = next;
    return GW_OK;
}

static enum gw_status insert_window(struct gw_records *r, const struct gw_draft *draft,
                                    struct gw_err *err)
{
    gw_db_bind_int(r->db, Q_WINDOW, 1, r->next.seq);
    gw_db_bind_int(r->db, Q_WINDOW, 2,
                   gw_records_sum(r->next.seq, draft->window_id, strlen(draft->window_id),
                                  draft->window, draft->window_len));
    gw_db_bind_text(r->db, Q_WINDOW, 3, draft->window_id);
    gw_db_bind_blob(r->db, Q_WINDOW, 4, draft->window, draft->window_len);
    enum gw_status status = gw_db_run(r->db, Q_WINDOW, err);
    if (status == GW_OK)
        r->waiting_next++;
    return status;
}

static enum gw_status set_state(struct gw_records *r, const struct gw_draft *draft,
                                struct gw_err *err)
{
    if (draft->state == NULL) {
        gw_db_bind_text(r->db, Q_STATE_DROP, 1, draft->state_key);
        return gw_db_run(r->db, Q_STATE_DROP, err);
    }
    int64_t seq = 0;
    if (draft->opens && draft->cls != GW_CLASS_NONE) {
        seq = r->next.seq;
    } else {
        bool row = false;
        gw_db_bind_text(r->db, Q_STATE_SEQ, 1, draft->state_key);
        enum gw_status status = gw_db_step(r->db, Q_STATE_SEQ, &row, err);
        if (status != GW_OK)
            return status;
        if (row) {
            seq = gw_db_int(r->db, Q_STATE_SEQ, 0);
            gw_db_end(r->db, Q_STATE_SEQ);
        }
    }
    gw_db_bind_text(r->db, Q_STATE_SET, 1, draft->state_key);
    gw_db_bind_text(r->db, Q_STATE_SET, 2, draft->state);
    gw_db_bind_int(r->db, Q_STATE_SET, 3, seq);
    gw_db_bind_int(r->db, Q_STATE_SET, 4,
                   gw_records_sum(seq, draft->state_key, strlen(draft->state_key), draft->state,
                                  strlen(draft->state)));
    return gw_db_run(r->db, Q_STATE_SET, err);
}

enum gw_status gw_records_append(struct gw_records *r, const struct gw_draft *draft,
                                 struct gw_head *placed, struct gw_err *err)
{
    enum gw_status status = GW_OK;
    *placed = (struct gw_head){0};
    memcpy(placed->chain, r->next.chain, sizeof placed->chain);
    if (draft->cls != GW_CLASS_NONE)
        status = insert_record(r, draft, placed, err);
    if (status == GW_OK && draft->window_id != NULL)
        status = insert_window(r, draft, err);
    if (status == GW_OK && draft->state_key != NULL)
        status = set_state(r, draft, err);
    return status;
}

enum gw_status gw_records_deliver(struct gw_records *r, enum gw_parcel_kind kind, int64_t key,
                                  struct gw_err *err)
{
    unsigned query = kind == GW_PARCEL_WINDOW ? Q_WINDOW_DELIVERED : Q_DELIVERED;
    gw_db_bind_int(r->db, query, 1, key);
    enum gw_status status = gw_db_run(r->db, query, err);
    if (status == GW_OK && gw_db_changes(r->db) > 0)
        r->waiting_next--;
    return status;
}

enum gw_status gw_records_settle(struct gw_records *r, int64_t seq, struct gw_err *err)
{
    gw_db_bind_int(r->db, Q_SETTLE, 1, seq);
    enum gw_status status = gw_db_run(r->db, Q_SETTLE, err);
    if (status == GW_OK && gw_db_changes(r->db) > 0)
        r->waiting_next--;
    return status;
}

enum gw_status gw_records_receipt(struct gw_records *r, const struct gw_head *at,
                                  enum gw_receipted *out, struct gw_err *err)
{
    bool row = false;
    *out = GW_RECEIPTED_UNKNOWN;
    if (strcmp(at->chain, r->head.chain) != 0 || at->seq < 1 || at->seq > r->head.seq)
        return GW_OK;
    gw_db_bind_int(r->db, Q_PLACE, 1, at->seq);
    enum gw_status status = gw_db_step(r->db, Q_PLACE, &row, err);
    if (status != GW_OK)
        return status;
    *out = GW_RECEIPTED; /* a pruned record had its receipt */
    if (!row)
        return GW_OK;
    size_t len = 0;
    const char *hash = gw_db_text(r->db, Q_PLACE, 0, &len);
    bool same = len == strlen(at->hash) && memcmp(hash, at->hash, len) == 0;
    bool waits = gw_db_int(r->db, Q_PLACE, 1) == 0;
    gw_db_end(r->db, Q_PLACE);
    if (!same)
        *out = GW_RECEIPTED_OTHER;
    return same && waits ? gw_records_deliver(r, GW_PARCEL_RECORD, at->seq, err) : GW_OK;
}

enum gw_status gw_records_mark(struct gw_records *r, const char *name, const char *value,
                               struct gw_err *err)
{
    gw_db_bind_text(r->db, Q_MARK, 1, name);
    gw_db_bind_text(r->db, Q_MARK, 2, value);
    return gw_db_run(r->db, Q_MARK, err);
}

enum gw_status gw_records_commit(struct gw_records *r, struct gw_err *err)
{
    enum gw_status status = GW_OK;
    if (r->next.seq != r->head.seq) {
        gw_db_bind_int(r->db, Q_META_MOVE, 1, r->next.seq);
        gw_db_bind_text(r->db, Q_META_MOVE, 2, r->next.hash);
        status = gw_db_run(r->db, Q_META_MOVE, err);
    }
    if (status == GW_OK)
        status = gw_db_commit(r->db, err);
    if (status != GW_OK)
        return status;
    r->head = r->next;
    r->waiting = r->waiting_next;
    /* What cannot be looked up now shows when it is needed. */
    (void)!gw_records_look(r, NULL);
    return GW_OK;
}

enum gw_status gw_records_look(struct gw_records *r, struct gw_err *err)
{
    int64_t oldest = 0;
    int64_t t_ms = 0;
    for (int rank = 0; rank < GW_RANKS; rank++) {
        bool row = false;
        gw_db_bind_int(r->db, Q_OLDEST, 1, rank);
        enum gw_status status = gw_db_step(r->db, Q_OLDEST, &row, err);
        if (status != GW_OK)
            return status;
        if (!row)
            continue;
        int64_t seq = gw_db_int(r->db, Q_OLDEST, 0);
        if (oldest == 0 || seq < oldest) {
            oldest = seq;
            t_ms = gw_db_int(r->db, Q_OLDEST, 1);
        }
        gw_db_end(r->db, Q_OLDEST);
    }
    r->oldest = oldest;
    r->oldest_ms = t_ms != 0 ? t_ms : r->since_ms;
    return GW_OK;
}

void gw_records_oldest(const struct gw_records *r, int64_t *seq, int64_t *t_ms)
{
    *seq = r->oldest;
    *t_ms = r->oldest_ms;
}

void gw_records_rollback(struct gw_records *r)
{
    gw_db_rollback(r->db);
    r->next = r->head;
    r->waiting_next = r->waiting;
}

enum gw_status gw_records_marked(struct gw_records *r, const char *name, const char *value,
                                 bool *yes, struct gw_err *err)
{
    gw_db_bind_text(r->db, Q_MARKED, 1, name);
    gw_db_bind_text(r->db, Q_MARKED, 2, value);
    enum gw_status status = gw_db_step(r->db, Q_MARKED, yes, err);
    if (*yes)
        gw_db_end(r->db, Q_MARKED);
    return status;
}

/* The row that a step has found: seq, name, bytes, sum. */
static enum gw_status read_parcel(struct gw_records *r, unsigned query, int64_t after,
                                  struct gw_parcel *out, struct gw_err *err)
{
    const char *prefix = query == Q_NEXT_WINDOW || query == Q_FETCH_WINDOW ? "evidence/" : "";
    struct gw_parcel parcel = {.key = gw_db_int(r->db, query, 0)};
    if (parcel.key <= after) {
        /* A damaged index may lead back; without this it would do so for ever. */
        gw_db_end(r->db, query);
        return gw_err_set(err, GW_E_PARSE, "records.db: damaged: what waits is out of order");
    }
    size_t name_len = 0;
    size_t len = 0;
    const char *name = gw_db_text(r->db, query, 1, &name_len);
    const char *data = gw_db_text(r->db, query, 2, &len);
    int64_t sum = gw_records_sum(parcel.key, name, name_len, data, len);
    enum gw_status status = GW_OK;

    parcel.historical = parcel.key <= r->before;
    if (sum == gw_db_int(r->db, query, 3) && strlen(prefix) + name_len < sizeof parcel.topic) {
        snprintf(parcel.topic, sizeof parcel.topic, "%s%.*s", prefix, (int)name_len, name);
        parcel.len = len;
        parcel.data = malloc(len + 1);
        if (parcel.data == NULL) {
            status =
                gw_err_set(err, GW_E_NOMEM, "record %lld: out of memory", (long long)parcel.key);
        } else {
            memcpy(parcel.data, data, len);
            parcel.data[len] = '\0';
        }
    }
    gw_db_end(r->db, query);
    if (status == GW_OK)
        *out = parcel;
    return status;
}

enum gw_status gw_records_next(struct gw_records *r, int rank, int64_t after, struct gw_parcel *out,
                               bool *found, struct gw_err *err)
{
    gw_db_bind_int(r->db, Q_NEXT, 1, rank);
    gw_db_bind_int(r->db, Q_NEXT, 2, after);
    enum gw_status status = gw_db_step(r->db, Q_NEXT, found, err);
    if (*found)
        status = read_parcel(r, Q_NEXT, after, out, err);
    if (status == GW_OK && *found)
        out->kind = GW_PARCEL_RECORD;
    return status;
}

enum gw_status gw_records_next_window(struct gw_records *r, int64_t after, struct gw_parcel *out,
                                      bool *found, struct gw_err *err)
{
    gw_db_bind_int(r->db, Q_NEXT_WINDOW, 1, after);
    enum gw_status status = gw_db_step(r->db, Q_NEXT_WINDOW, found, err);
    if (*found)
        status = read_parcel(r, Q_NEXT_WINDOW, after, out, err);
    if (status == GW_OK && *found)
        out->kind = GW_PARCEL_WINDOW;
    return status;
}

enum gw_status gw_records_fetch(struct gw_records *r, enum gw_parcel_kind kind, int64_t seq,
                                struct gw_parcel *out, bool *found, struct gw_err *err)
{
    unsigned query = kind == GW_PARCEL_WINDOW ? Q_FETCH_WINDOW : Q_FETCH;
    gw_db_bind_int(r->db, query, 1, seq);
    enum gw_status status = gw_db_step(r->db, query, found, err);
    if (*found)
        status = read_parcel(r, query, seq - 1, out, err);
    if (status == GW_OK && *found)
        out->kind = kind;
    return status;
}

enum gw_status gw_records_window(struct gw_records *r, const char *record,
                                 struct gw_kept_window *out, struct gw_err *err)
{
    bool row = false;
    *out = (struct gw_kept_window){0};
    gw_db_bind_text(r->db, Q_WINDOW_OF, 1, record);
    enum gw_status status = gw_db_step(r->db, Q_WINDOW_OF, &row, err);
    if (status != GW_OK || !row)
        return status;
    const int64_t delivered = gw_db_int(r->db, Q_WINDOW_OF, 1);
    *out = (struct gw_kept_window){.seq = gw_db_int(r->db, Q_WINDOW_OF, 0),
                                   .kept = delivered != GW_WINDOW_EMPTIED,
                                   .waits = delivered == 0};
    gw_db_end(r->db, Q_WINDOW_OF);
    return GW_OK;
}

enum gw_status gw_records_recall(struct gw_records *r, int64_t seq, struct gw_err *err)
{
    gw_db_bind_int(r->db, Q_RECALL, 1, seq);
    enum gw_status status = gw_db_run(r->db, Q_RECALL, err);
    if (status == GW_OK && gw_db_changes(r->db) > 0)
        r->waiting_next++;
    return status;
}

enum gw_status gw_records_has(struct gw_records *r, int64_t seq, bool *yes, struct gw_err *err)
{
    gw_db_bind_int(r->db, Q_PLACE, 1, seq);
    enum gw_status status = gw_db_step(r->db, Q_PLACE, yes, err);
    if (*yes)
        gw_db_end(r->db, Q_PLACE);
    return status;
}

enum gw_status gw_records_checkpoint(struct gw_records *r, struct gw_err *err)
{
    return gw_db_checkpoint(r->db, err);
}
