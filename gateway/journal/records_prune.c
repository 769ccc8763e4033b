/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "journal/records_in.h"

enum gw_status gw_records_tight(struct gw_records *r, bool *tight, struct gw_err *err)
{
    struct gw_db_pages pages;
    enum gw_status status = gw_db_pages(r->db, &pages, err);
    if (status == GW_OK)
        *tight = (pages.count - pages.unused) * 10 >= pages.max * 9;
    return status;
}

enum gw_status gw_records_drop_windows(struct gw_records *r, int64_t *gone, struct gw_err *err)
{
    *gone = 0;
    enum gw_status status = gw_db_begin(r->db, err);
    if (status == GW_OK)
        status = gw_db_run(r->db, Q_DROP_WINDOWS, err);
    if (status == GW_OK)
        *gone = gw_db_changes(r->db);
    if (status == GW_OK)
        status = gw_db_commit(r->db, err);
    if (status != GW_OK)
        gw_db_rollback(r->db);
    return status;
}

/* The row that a step has found, if it belongs to the prefix. */
static bool take_row(struct gw_records *r, int64_t before_ms, struct gw_prefix *out)
{
    size_t len = 0;
    int64_t seq = gw_db_int(r->db, Q_PREFIX, 0);
    bool waits = gw_db_int(r->db, Q_PREFIX, 1) == 0;
    const char *hash = gw_db_text(r->db, Q_PREFIX, 2, &len);
    int64_t t_ms = gw_db_int(r->db, Q_PREFIX, 3);
    if (t_ms == 0)
        t_ms = r->since_ms;
    if (waits || t_ms >= before_ms || len >= sizeof out->last.hash)
        return false;
    if (out->n == 0)
        out->first_ms = t_ms;
    memcpy(out->last.hash, hash, len);
    out->last.hash[len] = '\0';
    out->last.seq = seq;
    out->n++;
    return true;
}

enum gw_status gw_records_prefix(struct gw_records *r, int64_t before_ms, struct gw_prefix *out,
                                 struct gw_err *err)
{
    bool row = true;
    *out = (struct gw_prefix){0};
    memcpy(out->last.chain, r->head.chain, sizeof out->last.chain);
    gw_db_bind_int(r->db, Q_PREFIX, 1, r->head.seq);
    while (out->n < GW_PRUNE_MAX) {
        enum gw_status status = gw_db_step(r->db, Q_PREFIX, &row, err);
        if (status != GW_OK || !row)
            return status;
        if (!take_row(r, before_ms, out))
            break;
    }
    gw_db_end(r->db, Q_PREFIX);
    return GW_OK;
}

enum gw_status gw_records_forget(struct gw_records *r, int64_t seq, struct gw_err *err)
{
    gw_db_bind_int(r->db, Q_FORGET, 1, seq);
    enum gw_status status = gw_db_run(r->db, Q_FORGET, err);
    if (status != GW_OK)
        return status;
    gw_db_bind_int(r->db, Q_FORGET_WINDOWS, 1, seq);
    return gw_db_run(r->db, Q_FORGET_WINDOWS, err);
}

enum gw_status gw_records_read(struct gw_records *r, int64_t from, int64_t *seq, struct gw_buf *out,
                               struct gw_err *err)
{
    bool row = false;
    size_t topic_len = 0;
    size_t len = 0;
    *seq = 0;
    gw_db_bind_int(r->db, Q_PAGE, 1, from);
    enum gw_status status = gw_db_step(r->db, Q_PAGE, &row, err);
    if (status != GW_OK || !row)
        return status;
    *seq = gw_db_int(r->db, Q_PAGE, 0);
    const char *topic = gw_db_text(r->db, Q_PAGE, 1, &topic_len);
    const char *wire = gw_db_text(r->db, Q_PAGE, 2, &len);
    int64_t sum = gw_records_sum(*seq, topic, topic_len, wire, len);
    if (sum == gw_db_int(r->db, Q_PAGE, 3) && memchr(wire, '\n', len) == NULL) {
        gw_buf_put(out, wire, len);
        gw_buf_char(out, '\n');
    }
    gw_db_end(r->db, Q_PAGE);
    return out->failed ? gw_err_set(err, GW_E_NOMEM, "records.db: out of memory") : GW_OK;
}

enum gw_status gw_records_window_text(struct gw_records *r, int64_t seq, struct gw_buf *out,
                                      struct gw_err *err)
{
    bool row = false;
    size_t id_len = 0, len = 0;
    gw_db_bind_int(r->db, Q_KEPT_WINDOW, 1, seq);
    const enum gw_status status = gw_db_step(r->db, Q_KEPT_WINDOW, &row, err);
    if (status != GW_OK || !row)
        return status;
    const char *id = gw_db_text(r->db, Q_KEPT_WINDOW, 1, &id_len);
    const char *payload = gw_db_text(r->db, Q_KEPT_WINDOW, 2, &len);
    if (gw_records_sum(seq, id, id_len, payload, len) == gw_db_int(r->db, Q_KEPT_WINDOW, 3))
        gw_buf_put(out, payload, len);
    gw_db_end(r->db, Q_KEPT_WINDOW);
    return GW_OK;
}
