/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/rows.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "journal/rows_in.h"

#define SCARCE_BYTES (UINT64_C(64) * 1024 * 1024)
#define MARGIN_PAGES 8
#define EVICT_CHUNK  32
#define EVICT_MOST   4096 /* rows in one transaction */
#define SQUEEZE_MS   60000
#define TURNS        4                    /* where both wait, one row in so many is an old one */
#define COMMIT_BYTES ((size_t)256 * 1024) /* of fresh rows: fits into the least file */

bool gw_rows_wants(const struct gw_rows *r, unsigned reader, enum gw_parcel_kind kind)
{
    if (reader >= r->conf.nreaders)
        return false;
    return kind == GW_PARCEL_TELEMETRY ? r->conf.readers[reader].telemetry
                                       : r->conf.readers[reader].records;
}

bool gw_rows_is_open(const struct gw_rows *r)
{
    return r->db != NULL;
}

const struct gw_head *gw_rows_witness(const struct gw_rows *r)
{
    return &r->witness;
}

bool gw_rows_witnessed(const struct gw_rows *r, const struct gw_head *head)
{
    return head->chain[0] == '\0' ||
           (head->seq == r->witness.seq && strcmp(head->chain, r->witness.chain) == 0);
}

uint64_t gw_rows_waiting(const struct gw_rows *r)
{
    return (r->waiting > 0 ? (uint64_t)r->waiting : 0) + r->fresh.alive;
}

uint64_t gw_rows_gone(const struct gw_rows *r)
{
    return r->lost;
}

bool gw_rows_tight(const struct gw_rows *r)
{
    return r->tight;
}

bool gw_rows_room(const struct gw_rows *r)
{
    return r->old_id > 0 && gw_fresh_room(&r->fresh);
}

void gw_rows_add(struct gw_rows *r, struct gw_row *row)
{
    gw_fresh_add(&r->fresh, row, r->next_id++, gw_clock_mono_ms(r->conf.clock));
}

size_t gw_rows_fresh(const struct gw_rows *r)
{
    return r->fresh.alive;
}

int64_t gw_rows_fresh_since(const struct gw_rows *r)
{
    return gw_fresh_since(&r->fresh);
}

/* Handing out and acks. */

static int64_t row_sum(int64_t id, int64_t t_ms, const char *topic, size_t topic_len,
                       const char *data, size_t len)
{
    uint64_t sum = gw_db_sum_int(gw_db_sum_int(GW_DB_SUM, id), t_ms);
    sum = gw_db_sum_int(sum, (int64_t)topic_len);
    sum = gw_db_sum_bytes(sum, topic, topic_len);
    return (int64_t)gw_db_sum_bytes(sum, data, len);
}

static bool is_gone(const struct gw_rows *r, int k, int64_t id)
{
    for (size_t i = 0; r->rewound && i < r->ngone; i++)
        if (r->gone[i].kind == k && r->gone[i].id == id)
            return true;
    return false;
}

static struct gw_position *stretch(struct gw_reading *g, int64_t id)
{
    return g->split > 0 && id > g->split ? &g->live : &g->old;
}

static bool old_passed(const struct gw_reading *g)
{
    return g->old.sent >= g->split && g->old.n == 0;
}

/* Everything up to here has passed. */
static int64_t floor_of(const struct gw_reading *g)
{
    return gw_position_floor(g->split > 0 && old_passed(g) ? &g->live : &g->old);
}

void gw_rows_live(struct gw_rows *r, unsigned reader)
{
    r->live_id[reader] = r->next_id;
    for (int k = 0; k < GW_ROWS_KINDS; k++) {
        struct gw_reading *g = &r->pos[reader][k];
        gw_position_set(&g->old, floor_of(g));
        gw_position_set(&g->live, r->next_id - 1);
        g->split = r->next_id - 1;
    }
}

/* A row that was found: in memory, or under the statement that stepped to it. */
struct found {
    const struct gw_row *fresh;
    int64_t id; /* 0: none was */
};

/* Steps to the next row of the file after the position p. */
static enum gw_status find_stored(struct gw_rows *r, int k, struct gw_position *p, int64_t last,
                                  struct found *out, struct gw_err *err)
{
    unsigned q = gw_rows_query(k, Q_NEXT);
    while (p->sent < r->last_id) {
        bool found = false;
        gw_db_bind_int(r->db, q, 1, p->sent);
        enum gw_status status = gw_db_step(r->db, q, &found, err);
        if (!found) {
            /* The next one will be behind all that the file has now. */
            if (status == GW_OK)
                p->sent = r->last_id < last ? r->last_id : last;
            return status;
        }
        int64_t id = gw_db_int(r->db, q, 0);
        bool forward = id > p->sent;
        if (forward && id <= last && !is_gone(r, k, id)) {
            out->id = id;
            return status;
        }
        gw_db_end(r->db, q);
        if (!forward)
            return gw_err_set(err, GW_E_PARSE, "%s: damaged: rows are out of order", r->conf.path);
        if (id > last)
            break;
        p->sent = id;
    }
    return GW_OK;
}

static enum gw_status find_next(struct gw_rows *r, int k, struct gw_position *p, int64_t last,
                                struct found *out, struct gw_err *err)
{
    int64_t id = 0;
    enum gw_status status = find_stored(r, k, p, last, out, err);
    if (status != GW_OK || out->id > 0)
        return status;
    const struct gw_row *row = gw_fresh_next(&r->fresh, gw_rows_parcel_kind(k), p->sent, &id);
    if (row != NULL && id <= last)
        *out = (struct found){row, id};
    else if (last != INT64_MAX)
        p->sent = last; /* nothing can come before it any more */
    return GW_OK;
}

static enum gw_status copy_row(const struct gw_rows *r, const struct found *found,
                               struct gw_parcel *out, struct gw_err *err)
{
    const struct gw_row *row = found->fresh;
    struct gw_parcel parcel = {
        .kind = row->kind, .key = found->id, .len = row->len, .pool = r->conf.pool};
    memcpy(parcel.topic, row->topic, sizeof parcel.topic);
    parcel.data = gw_pool_take(parcel.pool, row->len + 1, &parcel.cap);
    if (parcel.data == NULL)
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", r->conf.path);
    memcpy(parcel.data, row->data, row->len);
    parcel.data[row->len] = '\0';
    *out = parcel;
    return GW_OK;
}

/* The row that a step has found. */
static enum gw_status read_row(struct gw_rows *r, enum gw_parcel_kind kind, struct gw_parcel *out,
                               struct gw_err *err)
{
    unsigned q = gw_rows_query(gw_rows_kind(kind), Q_NEXT);
    enum gw_status status = GW_OK;
    size_t topic_len = 0;
    size_t len = 0;
    struct gw_parcel parcel = {.kind = kind, .key = gw_db_int(r->db, q, 0)};
    const char *topic = gw_db_text(r->db, q, 1, &topic_len);
    const char *data = gw_db_text(r->db, q, 2, &len);
    int64_t sum = row_sum(parcel.key, gw_db_int(r->db, q, 4), topic, topic_len, data, len);
    if (sum == gw_db_int(r->db, q, 3) && topic_len < sizeof parcel.topic) {
        memcpy(parcel.topic, topic, topic_len);
        parcel.len = len;
        parcel.data = malloc(len + 1);
        if (parcel.data == NULL) {
            status = gw_err_set(err, GW_E_NOMEM, "%s: out of memory", r->conf.path);
        } else {
            memcpy(parcel.data, data, len);
            parcel.data[len] = '\0';
        }
    }
    gw_db_end(r->db, q);
    if (status == GW_OK)
        *out = parcel;
    return status;
}

enum gw_status gw_rows_next(struct gw_rows *r, unsigned reader, const struct gw_row_want *want,
                            struct gw_parcel *out, bool *found, struct gw_err *err)
{
    int k = gw_rows_kind(want->kind);
    struct gw_reading *g = &r->pos[reader][k];
    enum gw_status status = GW_OK;
    *found = false;
    /* Before anything is handed out, so that gw_rows_sent cannot fail. */
    if (!gw_position_reserve(&g->old) || !gw_position_reserve(&g->live))
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", r->conf.path);

    bool old_turn = !want->live && g->turns % TURNS == TURNS - 1;
    struct found row = {0};
    for (int i = 0; i < 2 && status == GW_OK && row.id == 0; i++) {
        bool old = old_turn == (i == 0);
        if (old && !want->live && (g->split == 0 || g->old.sent < g->split))
            status = find_next(r, k, &g->old, g->split > 0 ? g->split : INT64_MAX, &row, err);
        else if (!old && g->split > 0)
            status = find_next(r, k, &g->live, INT64_MAX, &row, err);
    }
    *found = row.id > 0;
    if (status != GW_OK || !*found)
        return status;
    status = row.fresh != NULL ? copy_row(r, &row, out, err) : read_row(r, want->kind, out, err);
    if (status == GW_OK)
        out->historical = row.id < r->old_id || row.id < r->live_id[reader];
    return status;
}

void gw_rows_sent(struct gw_rows *r, unsigned reader, enum gw_parcel_kind kind, int64_t id)
{
    struct gw_reading *g = &r->pos[reader][gw_rows_kind(kind)];
    g->turns++;
    gw_position_sent(stretch(g, id), id);
}

/* When memory is short the row stays, and is handed out again after a restart. */
static void leave(struct gw_rows *r, int k, int64_t id)
{
    if (gw_fresh_drop(&r->fresh, id))
        return;
    if (r->ngone == r->gone_cap) {
        size_t cap = r->gone_cap == 0 ? 64 : r->gone_cap * 2;
        struct gw_gone *gone = realloc(r->gone, cap * sizeof *gone);
        if (gone == NULL)
            return;
        r->gone = gone;
        r->gone_cap = cap;
    }
    r->gone[r->ngone++] = (struct gw_gone){k, id};
}

void gw_rows_ack(struct gw_rows *r, unsigned reader, enum gw_parcel_kind kind, int64_t id)
{
    if (!gw_rows_wants(r, reader, kind) || id <= 0 || id >= r->next_id)
        return;
    int k = gw_rows_kind(kind);
    if (!gw_position_ack(stretch(&r->pos[reader][k], id), id))
        return;
    for (unsigned other = 0; other < r->conf.nreaders; other++)
        if (other != reader && gw_rows_wants(r, other, kind) &&
            !gw_position_passed(stretch(&r->pos[other][k], id), id))
            return;
    leave(r, k, id);
}

void gw_rows_spoilt(struct gw_rows *r, enum gw_parcel_kind kind, int64_t id)
{
    int64_t now_ms = gw_clock_now(r->conf.clock).wall_ms;
    struct gw_loss loss = {
        .kind = kind, .why = GW_LOSS_DAMAGED, .count = 1, .from_ms = now_ms, .to_ms = now_ms};
    int k = gw_rows_kind(kind);
    for (unsigned i = 0; i < r->conf.nreaders; i++) {
        struct gw_position *p = stretch(&r->pos[i][k], id);
        if (gw_rows_wants(r, i, kind) && p->sent < id)
            p->sent = id;
    }
    leave(r, k, id);
    r->lost++;
    gw_losses_add(&r->losses, &loss, gw_clock_mono_ms(r->conf.clock));
}

void gw_rows_rewind(struct gw_rows *r, unsigned reader)
{
    for (int k = 0; k < GW_ROWS_KINDS; k++) {
        struct gw_reading *g = &r->pos[reader][k];
        gw_position_set(&g->old, gw_position_floor(&g->old));
        gw_position_set(&g->live, gw_position_floor(&g->live));
    }
    r->rewound = true;
}

struct gw_losses *gw_rows_losses(struct gw_rows *r)
{
    return &r->losses;
}

/* The commit. */

bool gw_rows_pressing(const struct gw_rows *r)
{
    return r->ngone >= GW_ROWS_GONE_AT_ONCE;
}

bool gw_rows_dirty(const struct gw_rows *r)
{
    return r->ngone > 0 || gw_losses_dirty(&r->losses);
}

static enum gw_status save_losses(struct gw_rows *r, struct gw_err *err)
{
    enum gw_status status = GW_OK;
    for (size_t i = 0; i < r->losses.n && status == GW_OK; i++) {
        const struct gw_loss *l = &r->losses.at[i];
        if (l->saved)
            continue;
        unsigned q = l->done ? Q_LOSS_DROP : Q_LOSS;
        gw_db_bind_text(r->db, q, 1, l->tag);
        if (!l->done) {
            gw_db_bind_int(r->db, q, 2, gw_rows_kind(l->kind));
            gw_db_bind_int(r->db, q, 3, l->why);
            gw_db_bind_int(r->db, q, 4, (int64_t)l->count);
            gw_db_bind_int(r->db, q, 5, l->from_ms);
            gw_db_bind_int(r->db, q, 6, l->to_ms);
            gw_db_bind_text(r->db, q, 7, l->file);
        }
        status = gw_db_run(r->db, q, err);
    }
    return status;
}

static enum gw_status delete_gone(struct gw_rows *r, int64_t *deleted, struct gw_err *err)
{
    enum gw_status status = GW_OK;
    size_t n = r->ngone < GW_ROWS_GONE_AT_ONCE ? r->ngone : GW_ROWS_GONE_AT_ONCE;
    for (size_t i = 0; i < n && status == GW_OK; i++) {
        unsigned q = gw_rows_query(r->gone[i].kind, Q_DELETE);
        gw_db_bind_int(r->db, q, 1, r->gone[i].id);
        status = gw_db_run(r->db, q, err);
        if (status == GW_OK)
            *deleted += gw_db_changes(r->db);
    }
    return status;
}

/* Deletes the oldest rows of one kind; adds to loss. */
static enum gw_status evict_some(struct gw_rows *r, int k, struct gw_loss *loss, struct gw_err *err)
{
    int64_t ids[EVICT_CHUNK];
    size_t n = 0;
    unsigned q = gw_rows_query(k, Q_OLDEST);
    enum gw_status status = GW_OK;

    gw_db_bind_int(r->db, q, 1, EVICT_CHUNK);
    for (bool row = true; row && n < EVICT_CHUNK;) {
        status = gw_db_step(r->db, q, &row, err);
        if (status != GW_OK)
            return status;
        if (!row)
            break;
        int64_t t_ms = gw_db_int(r->db, q, 1);
        ids[n++] = gw_db_int(r->db, q, 0);
        if (loss->count == 0 || t_ms < loss->from_ms)
            loss->from_ms = t_ms;
        if (loss->count == 0 || t_ms > loss->to_ms)
            loss->to_ms = t_ms;
        loss->count++;
    }
    gw_db_end(r->db, q);
    for (size_t i = 0; i < n && status == GW_OK; i++) {
        gw_db_bind_int(r->db, gw_rows_query(k, Q_DELETE), 1, ids[i]);
        status = gw_db_run(r->db, gw_rows_query(k, Q_DELETE), err);
    }
    return status;
}

static int64_t pages_for(const struct gw_fresh *f, size_t n)
{
    int64_t bytes = 0;
    int64_t id;
    for (size_t i = 0; i < n; i++) {
        const struct gw_row *row = gw_fresh_at(f, i, &id);
        if (row == NULL)
            continue;
        /* A long row ends in a page of its own. */
        bytes += (int64_t)row->len + 64;
        if (row->len > GW_DB_PAGE / 2)
            bytes += GW_DB_PAGE;
    }
    return bytes * 9 / 8 / GW_DB_PAGE + MARGIN_PAGES;
}

/* Bytes by which the file will grow when what is in the log moves there. */
static uint64_t promised(struct gw_rows *r)
{
    struct gw_db_pages pages;
    struct stat st;
    if (gw_db_pages(r->db, &pages, NULL) != GW_OK || stat(r->conf.path, &st) != 0 ||
        pages.count * GW_DB_PAGE <= st.st_size)
        return 0;
    return (uint64_t)(pages.count * GW_DB_PAGE - st.st_size);
}

static void look_at_disk(struct gw_rows *r)
{
    struct statvfs fs;
    if (statvfs(r->conf.path, &fs) != 0)
        return;
    uint64_t unused = (uint64_t)fs.f_bavail * fs.f_frsize;
    uint64_t scarce = (uint64_t)fs.f_blocks * fs.f_frsize / 20;
    r->tight = unused < (scarce < SCARCE_BYTES ? scarce : SCARCE_BYTES) + promised(r);
}

/* The disk may be full without seeming so (a quota of the file system): then FULL has told. */
static int64_t page_limit(const struct gw_rows *r, const struct gw_db_pages *pages)
{
    bool squeezed = gw_clock_mono_ms(r->conf.clock) < r->squeezed_ms;
    int64_t least = squeezed ? 0 : GW_ROWS_RESERVE / GW_DB_PAGE;
    int64_t limit = pages->max;
    if (r->tight || squeezed)
        limit = pages->count > least ? pages->count : least;
    return limit < pages->max ? limit : pages->max;
}

static enum gw_status make_room(struct gw_rows *r, int64_t need,
                                struct gw_loss losses[GW_ROWS_KINDS], struct gw_err *err)
{
    for (;;) {
        struct gw_db_pages pages;
        enum gw_status status = gw_db_pages(r->db, &pages, err);
        if (status != GW_OK)
            return status;
        if (pages.count - pages.unused + need <= page_limit(r, &pages))
            return GW_OK;
        uint64_t before = losses[0].count + losses[1].count;
        for (int k = 0; k < GW_ROWS_KINDS && losses[0].count + losses[1].count == before; k++) {
            status = evict_some(r, k, &losses[k], err);
            if (status != GW_OK)
                return status;
        }
        uint64_t after = losses[0].count + losses[1].count;
        if (after == before || after >= EVICT_MOST)
            return GW_OK;
    }
}

static enum gw_status insert_rows(struct gw_rows *r, size_t n, int64_t *inserted,
                                  struct gw_err *err)
{
    enum gw_status status = GW_OK;
    for (size_t i = 0; i < n && status == GW_OK; i++) {
        int64_t id;
        const struct gw_row *row = gw_fresh_at(&r->fresh, i, &id);
        if (row == NULL)
            continue;
        unsigned q = gw_rows_query(gw_rows_kind(row->kind), Q_INSERT);
        gw_db_bind_int(r->db, q, 1, id);
        gw_db_bind_int(r->db, q, 2, row->t_ms);
        gw_db_bind_int(r->db, q, 3,
                       row_sum(id, row->t_ms, row->topic, strlen(row->topic), row->data, row->len));
        gw_db_bind_text(r->db, q, 4, row->topic);
        gw_db_bind_blob(r->db, q, 5, row->data, row->len);
        status = gw_db_run(r->db, q, err);
        *inserted += 1;
    }
    return status;
}

static enum gw_status save_mark(struct gw_rows *r, const char *name, int64_t number,
                                const char *text, struct gw_err *err)
{
    gw_db_bind_text(r->db, Q_MARK, 1, name);
    gw_db_bind_int(r->db, Q_MARK, 2, number);
    gw_db_bind_text(r->db, Q_MARK, 3, text);
    return gw_db_run(r->db, Q_MARK, err);
}

/* With a single reader the rows that are left say how far it is. */
static enum gw_status save_cursors(struct gw_rows *r, struct gw_err *err)
{
    enum gw_status status = GW_OK;
    for (unsigned i = 0; i < r->conf.nreaders; i++) {
        for (int k = 0; k < GW_ROWS_KINDS && status == GW_OK; k++) {
            int64_t at = floor_of(&r->pos[i][k]);
            bool wanted = gw_rows_wants(r, i, gw_rows_parcel_kind(k)) && r->readers_of[k] > 1;
            if (!wanted || at == r->stored[i][k])
                continue;
            char name[GW_CURSOR_NAME];
            gw_rows_cursor_name(r, i, k, name);
            status = save_mark(r, name, at, "", err);
        }
    }
    return status;
}

static void applied(struct gw_rows *r, size_t n, int64_t more, const struct gw_head *head)
{
    r->waiting += more;
    if (n > 0)
        (void)gw_fresh_at(&r->fresh, n - 1, &r->last_id);
    gw_fresh_shift(&r->fresh, n);
    size_t ngone = r->ngone < GW_ROWS_GONE_AT_ONCE ? r->ngone : GW_ROWS_GONE_AT_ONCE;
    r->ngone -= ngone;
    if (r->ngone > 0)
        memmove(r->gone, r->gone + ngone, r->ngone * sizeof r->gone[0]);
    r->rewound = r->rewound && r->ngone > 0;
    r->witness = *head;
    for (unsigned i = 0; i < r->conf.nreaders; i++)
        for (int k = 0; k < GW_ROWS_KINDS; k++)
            r->stored[i][k] = floor_of(&r->pos[i][k]);
    gw_losses_saved(&r->losses);
}

enum gw_status gw_rows_commit(struct gw_rows *r, const struct gw_head *head, struct gw_err *err)
{
    struct gw_loss evicted[GW_ROWS_KINDS] = {{.kind = GW_PARCEL_TELEMETRY, .why = GW_LOSS_QUOTA},
                                             {.kind = GW_PARCEL_EVENT, .why = GW_LOSS_QUOTA}};
    struct gw_losses kept = r->losses;
    const size_t n = gw_fresh_part(&r->fresh, COMMIT_BYTES >> r->halved);
    int64_t left = 0;
    int64_t inserted = 0;
    bool witness = !gw_rows_witnessed(r, head);

    look_at_disk(r);
    enum gw_status status = gw_db_begin(r->db, err);
    if (status == GW_OK)
        status = delete_gone(r, &left, err);
    if (status == GW_OK && n > 0)
        status = make_room(r, pages_for(&r->fresh, n), evicted, err);
    if (status == GW_OK)
        status = insert_rows(r, n, &inserted, err);
    if (status == GW_OK)
        status = save_cursors(r, err);
    if (status == GW_OK && witness)
        status = save_mark(r, "witness", head->seq, head->chain, err);
    for (int k = 0; k < GW_ROWS_KINDS; k++)
        if (evicted[k].count > 0)
            gw_losses_add(&r->losses, &evicted[k], gw_clock_mono_ms(r->conf.clock));
    if (status == GW_OK)
        status = save_losses(r, err);
    if (status == GW_OK)
        status = gw_db_commit(r->db, err);
    if (status != GW_OK) {
        gw_db_rollback(r->db);
        r->losses = kept;
        /* The log cannot grow, either: fewer rows may fit. */
        if (status == GW_E_FULL && COMMIT_BYTES >> r->halved > 1)
            r->halved++;
        if (status == GW_E_FULL)
            r->squeezed_ms = gw_clock_mono_ms(r->conf.clock) + SQUEEZE_MS;
        return status;
    }
    if (r->halved > 0 && n > 0)
        r->halved--;
    uint64_t evictions = evicted[0].count + evicted[1].count;
    r->lost += evictions;
    applied(r, n, inserted - left - (int64_t)evictions, witness ? head : &r->witness);
    return GW_OK;
}

enum gw_status gw_rows_checkpoint(struct gw_rows *r, struct gw_err *err)
{
    return gw_db_checkpoint(r->db, err);
}
