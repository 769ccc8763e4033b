/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "journal/db.h"
#include "journal/position.h"

#define CHECK_MS      1000
#define CHECK_BYTES   (INT64_C(64) * 1024 * 1024) /* SQLite's own check cannot be interrupted */
#define RESERVE_BYTES (INT64_C(1536) * 1024)
#define SCARCE_BYTES  (UINT64_C(64) * 1024 * 1024)
#define MARGIN_PAGES  8
#define EVICT_CHUNK   32
#define EVICT_MOST    4096 /* rows in one transaction */
#define SQUEEZE_MS    60000
#define KINDS         2

static const char *const migrations[] = {
    "CREATE TABLE telemetry(id INTEGER PRIMARY KEY, t_ms INTEGER NOT NULL, sum INTEGER NOT NULL,"
    " topic TEXT NOT NULL, data BLOB NOT NULL) STRICT;"
    "CREATE TABLE events(id INTEGER PRIMARY KEY, t_ms INTEGER NOT NULL, sum INTEGER NOT NULL,"
    " topic TEXT NOT NULL, data BLOB NOT NULL) STRICT;"
    "CREATE TABLE marks(name TEXT PRIMARY KEY, number INTEGER NOT NULL, text TEXT NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE losses(tag TEXT PRIMARY KEY, kind INTEGER NOT NULL, why INTEGER NOT NULL,"
    " count INTEGER NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,"
    " file TEXT NOT NULL) STRICT, WITHOUT ROWID;",
};
#define FORMAT ((int)(sizeof migrations / sizeof migrations[0]))

/* One table a kind keeps ids ascending without an index that each commit would have to write. */
enum { Q_INSERT, Q_NEXT, Q_DELETE, Q_OLDEST, Q_PER_KIND };
enum { Q_MARK = KINDS * Q_PER_KIND, Q_MARKED, Q_LOSS, Q_LOSS_DROP, Q_LOSSES, Q_COUNT };
#define ROW_SQL(k, table)                                                                          \
    [(k)*Q_PER_KIND + Q_INSERT] =                                                                  \
        "INSERT INTO " table "(id, t_ms, sum, topic, data) VALUES(?1, ?2, ?3, ?4, ?5)",            \
                      [(k)*Q_PER_KIND + Q_NEXT] = "SELECT id, topic, data, sum, t_ms FROM " table  \
                                                  " WHERE id > ?1 ORDER BY id LIMIT 1",            \
                      [(k)*Q_PER_KIND + Q_DELETE] = "DELETE FROM " table " WHERE id = ?1",         \
                      [(k)*Q_PER_KIND + Q_OLDEST] =                                                \
                          "SELECT id, t_ms FROM " table " ORDER BY id LIMIT ?1"

static const char *const statements[Q_COUNT] = {
    ROW_SQL(0, "telemetry"),
    ROW_SQL(1, "events"),
    [Q_MARK] = "INSERT OR REPLACE INTO marks(name, number, text) VALUES(?1, ?2, ?3)",
    [Q_MARKED] = "SELECT number, text FROM marks WHERE name = ?1",
    [Q_LOSS] = "INSERT OR REPLACE INTO losses(tag, kind, why, count, from_ms, to_ms, file)"
               " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [Q_LOSS_DROP] = "DELETE FROM losses WHERE tag = ?1",
    [Q_LOSSES] = "SELECT tag, kind, why, count, from_ms, to_ms, file FROM losses",
};

struct gone {
    int kind;
    int64_t id;
};

struct gw_rows {
    struct gw_rows_conf conf;
    struct gw_db *db; /* NULL: not open */
    struct gw_position pos[GW_READERS_MAX][KINDS];
    int64_t stored[GW_READERS_MAX][KINDS]; /* their cursors in the file */
    unsigned readers_of[KINDS];
    int64_t next_id; /* never used twice in one process, whatever happens to the file */
    int64_t old_id;  /* rows before it were written before this start; 0: not known yet */
    int64_t waiting;
    uint64_t lost;     /* rows, since the start */
    bool rewound;      /* since the last commit: `gone` may be met again */
    struct gone *gone; /* acked by all, to be deleted */
    size_t ngone, gone_cap;
    struct gw_head witness;
    struct gw_losses losses;
    bool tight;
    int64_t squeezed_ms; /* until then: the disk is full, not one page more */
};

static int kind_of(enum gw_parcel_kind kind)
{
    return kind == GW_PARCEL_TELEMETRY ? 0 : 1;
}

static enum gw_parcel_kind parcel_kind(int k)
{
    return k == 0 ? GW_PARCEL_TELEMETRY : GW_PARCEL_EVENT;
}

static unsigned query(int k, unsigned op)
{
    return (unsigned)k * Q_PER_KIND + op;
}

bool gw_rows_wants(const struct gw_rows *r, unsigned reader, enum gw_parcel_kind kind)
{
    if (reader >= r->conf.nreaders)
        return false;
    return kind == GW_PARCEL_TELEMETRY ? r->conf.readers[reader].telemetry
                                       : r->conf.readers[reader].records;
}

enum gw_status gw_rows_new(const struct gw_rows_conf *conf, struct gw_rows **out,
                           struct gw_err *err)
{
    struct gw_rows *r = calloc(1, sizeof *r);
    if (r == NULL)
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", conf->path);
    r->conf = *conf;
    r->next_id = 1;
    r->squeezed_ms = INT64_MIN;
    if (gw_random(&r->losses.rand, sizeof r->losses.rand) != GW_OK)
        r->losses.rand = (uint64_t)gw_clock_now(conf->clock).wall_ms;
    for (unsigned i = 0; i < conf->nreaders; i++)
        for (int k = 0; k < KINDS; k++)
            r->readers_of[k] += gw_rows_wants(r, i, parcel_kind(k)) ? 1 : 0;
    *out = r;
    return GW_OK;
}

void gw_rows_free(struct gw_rows *r)
{
    if (r == NULL)
        return;
    gw_rows_close(r, false);
    for (int i = 0; i < GW_READERS_MAX; i++)
        for (int k = 0; k < KINDS; k++)
            gw_position_free(&r->pos[i][k]);
    free(r->gone);
    free(r);
}

/* Opening. */

static void cursor_name(const struct gw_rows *r, unsigned reader, int k, char *out, size_t size)
{
    snprintf(out, size, "cursor/%s/%s", k == 0 ? "telemetry" : "event",
             r->conf.readers[reader].name);
}

/* *text (may be NULL) is copied when it fits. */
static enum gw_status load_mark(struct gw_rows *r, const char *name, int64_t *number, char *text,
                                size_t size, struct gw_err *err)
{
    bool row = false;
    size_t len = 0;
    gw_db_bind_text(r->db, Q_MARKED, 1, name);
    enum gw_status status = gw_db_step(r->db, Q_MARKED, &row, err);
    if (!row)
        return status;
    *number = gw_db_int(r->db, Q_MARKED, 0);
    const char *found = gw_db_text(r->db, Q_MARKED, 1, &len);
    if (len < size) {
        memcpy(text, found, len);
        text[len] = '\0';
    }
    gw_db_end(r->db, Q_MARKED);
    return GW_OK;
}

static enum gw_status load_cursors(struct gw_rows *r, struct gw_err *err)
{
    int64_t last = 0;
    int64_t number = 0;
    enum gw_status status = gw_db_get_int(
        r->db,
        "SELECT max((SELECT ifnull(max(id), 0) FROM telemetry), (SELECT ifnull(max(id), 0) FROM"
        " events), (SELECT ifnull(max(number), 0) FROM marks WHERE name LIKE 'cursor/%'))",
        &last, err);
    if (status != GW_OK)
        return status;
    /* Such an id comes from damage; there would be no room after it. */
    if (last < 0 || last > INT64_MAX / 2)
        return gw_err_set(err, GW_E_PARSE, "%s: damaged: row %lld", r->conf.path, (long long)last);
    if (r->next_id <= last)
        r->next_id = last + 1;
    if (r->old_id == 0)
        r->old_id = r->next_id;

    for (unsigned i = 0; i < r->conf.nreaders; i++) {
        for (int k = 0; k < KINDS && status == GW_OK; k++) {
            char name[96];
            char text[8];
            cursor_name(r, i, k, name, sizeof name);
            number = 0;
            status = load_mark(r, name, &number, text, sizeof text, err);
            gw_position_set(&r->pos[i][k], number);
            r->stored[i][k] = number;
        }
    }
    return status;
}

static enum gw_status load_losses(struct gw_rows *r, struct gw_err *err)
{
    int64_t now_ms = gw_clock_mono_ms(r->conf.clock);
    for (;;) {
        bool row = false;
        enum gw_status status = gw_db_step(r->db, Q_LOSSES, &row, err);
        if (status != GW_OK || !row)
            return status;
        size_t tag_len = 0;
        size_t file_len = 0;
        const char *tag = gw_db_text(r->db, Q_LOSSES, 0, &tag_len);
        const char *file = gw_db_text(r->db, Q_LOSSES, 6, &file_len);
        int64_t why = gw_db_int(r->db, Q_LOSSES, 2);
        int64_t count = gw_db_int(r->db, Q_LOSSES, 3);
        struct gw_loss loss = {
            .kind = parcel_kind(gw_db_int(r->db, Q_LOSSES, 1) == 0 ? 0 : 1),
            .from_ms = gw_db_int(r->db, Q_LOSSES, 4),
            .to_ms = gw_db_int(r->db, Q_LOSSES, 5),
            .first_ms = now_ms,
            .last_ms = now_ms,
            .stale = true,
            .saved = true,
        };
        bool sound = tag_len < sizeof loss.tag && file_len < sizeof loss.file && why >= 0 &&
                     why < GW_LOSS_WHYS && count >= 0;
        if (sound) {
            loss.why = (enum gw_loss_why)why;
            loss.count = (uint64_t)count;
            memcpy(loss.tag, tag, tag_len);
            memcpy(loss.file, file, file_len);
            gw_losses_load(&r->losses, &loss);
        }
    }
}

static enum gw_status count_waiting(struct gw_rows *r, struct gw_err *err)
{
    enum gw_status status = gw_db_count(
        r->db, "SELECT (SELECT count(*) FROM telemetry) + (SELECT count(*) FROM events)",
        r->conf.clock, CHECK_MS, &r->waiting, err);
    if (status != GW_E_TIMEOUT)
        return status;
    /* Ids are given without gaps and rows leave from the front, so the span is close. */
    return gw_db_get_int(r->db,
                         "SELECT ifnull((SELECT max(id) - min(id) + 1 FROM telemetry), 0)"
                         " + (SELECT count(*) FROM events)",
                         &r->waiting, err);
}

static enum gw_status open_checked(struct gw_rows *r, struct gw_err *err)
{
    struct gw_db_pages pages;
    int64_t half = r->conf.max_bytes / 2;
    bool indexes = false;
    enum gw_status status = gw_db_pages(r->db, &pages, err);
    if (status == GW_OK && pages.count * GW_DB_PAGE <= CHECK_BYTES)
        status = gw_db_check(r->db, r->conf.clock, CHECK_MS, &indexes, err);
    if (status == GW_OK && indexes)
        status = gw_err_set(err, GW_E_PARSE, "%s: damaged: an index", r->conf.path);
    if (status == GW_OK)
        status = gw_db_migrate(r->db, migrations, FORMAT, err);
    if (status == GW_OK)
        status = gw_db_reserve(r->db, half < RESERVE_BYTES ? half : RESERVE_BYTES, err);
    if (status == GW_E_FULL)
        status = GW_OK;
    if (status == GW_OK)
        status = gw_db_prepare(r->db, statements, Q_COUNT, err);
    if (status == GW_OK)
        status = load_cursors(r, err);
    if (status == GW_OK) {
        gw_losses_unsaved(&r->losses);
        status = load_losses(r, err);
    }
    if (status == GW_OK)
        status = load_mark(r, "witness", &r->witness.seq, r->witness.chain, sizeof r->witness.chain,
                           err);
    if (status == GW_OK)
        status = count_waiting(r, err);
    return status;
}

enum gw_status gw_rows_open(struct gw_rows *r, struct gw_err *err)
{
    r->witness = (struct gw_head){0};
    enum gw_status status = gw_db_open(r->conf.path, r->conf.max_bytes, false, &r->db, err);
    if (status == GW_OK)
        status = open_checked(r, err);
    if (status != GW_OK)
        gw_rows_close(r, false);
    return status;
}

void gw_rows_close(struct gw_rows *r, bool tidy)
{
    gw_db_close(r->db, tidy);
    r->db = NULL;
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
    return r->waiting > 0 ? (uint64_t)r->waiting : 0;
}

uint64_t gw_rows_gone(const struct gw_rows *r)
{
    return r->lost;
}

bool gw_rows_tight(const struct gw_rows *r)
{
    return r->tight;
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

/* Steps to the next row after the reader's position. */
static enum gw_status find_next(struct gw_rows *r, int k, struct gw_position *p, bool *found,
                                struct gw_err *err)
{
    unsigned q = query(k, Q_NEXT);
    for (;;) {
        gw_db_bind_int(r->db, q, 1, p->sent);
        enum gw_status status = gw_db_step(r->db, q, found, err);
        if (!*found)
            return status;
        int64_t id = gw_db_int(r->db, q, 0);
        bool forward = id > p->sent;
        if (forward && !is_gone(r, k, id))
            return status;
        gw_db_end(r->db, q);
        *found = false;
        if (!forward)
            return gw_err_set(err, GW_E_PARSE, "%s: damaged: rows are out of order", r->conf.path);
        p->sent = id;
    }
}

enum gw_status gw_rows_next(struct gw_rows *r, unsigned reader, enum gw_parcel_kind kind,
                            struct gw_parcel *out, bool *found, struct gw_err *err)
{
    int k = kind_of(kind);
    unsigned q = query(k, Q_NEXT);
    struct gw_position *p = &r->pos[reader][k];
    *found = false;
    /* Before anything is handed out, so that gw_rows_sent cannot fail. */
    if (!gw_position_reserve(p))
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", r->conf.path);

    enum gw_status status = find_next(r, k, p, found, err);
    if (!*found)
        return status;
    size_t topic_len = 0;
    size_t len = 0;
    struct gw_parcel parcel = {.kind = kind, .key = gw_db_int(r->db, q, 0)};
    const char *topic = gw_db_text(r->db, q, 1, &topic_len);
    const char *data = gw_db_text(r->db, q, 2, &len);
    int64_t sum = row_sum(parcel.key, gw_db_int(r->db, q, 4), topic, topic_len, data, len);
    parcel.historical = parcel.key < r->old_id;
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

void gw_rows_sent(struct gw_rows *r, unsigned reader, enum gw_parcel_kind kind, int64_t id)
{
    gw_position_sent(&r->pos[reader][kind_of(kind)], id);
}

/* When memory is short the row stays, and is handed out again after a restart. */
static void leave(struct gw_rows *r, int k, int64_t id)
{
    if (r->ngone == r->gone_cap) {
        size_t cap = r->gone_cap == 0 ? 64 : r->gone_cap * 2;
        struct gone *gone = realloc(r->gone, cap * sizeof *gone);
        if (gone == NULL)
            return;
        r->gone = gone;
        r->gone_cap = cap;
    }
    r->gone[r->ngone++] = (struct gone){k, id};
}

void gw_rows_ack(struct gw_rows *r, unsigned reader, enum gw_parcel_kind kind, int64_t id)
{
    if (!gw_rows_wants(r, reader, kind) || id <= 0 || id >= r->next_id)
        return;
    int k = kind_of(kind);
    if (!gw_position_ack(&r->pos[reader][k], id))
        return;
    for (unsigned other = 0; other < r->conf.nreaders; other++)
        if (other != reader && gw_rows_wants(r, other, kind) &&
            !gw_position_passed(&r->pos[other][k], id))
            return;
    leave(r, k, id);
}

void gw_rows_spoilt(struct gw_rows *r, enum gw_parcel_kind kind, int64_t id)
{
    int64_t now_ms = gw_clock_now(r->conf.clock).wall_ms;
    struct gw_loss loss = {
        .kind = kind, .why = GW_LOSS_DAMAGED, .count = 1, .from_ms = now_ms, .to_ms = now_ms};
    int k = kind_of(kind);
    for (unsigned i = 0; i < r->conf.nreaders; i++)
        if (gw_rows_wants(r, i, kind) && r->pos[i][k].sent < id)
            r->pos[i][k].sent = id;
    leave(r, k, id);
    r->lost++;
    gw_losses_add(&r->losses, &loss, gw_clock_mono_ms(r->conf.clock));
}

void gw_rows_rewind(struct gw_rows *r, unsigned reader)
{
    for (int k = 0; k < KINDS; k++)
        gw_position_set(&r->pos[reader][k], gw_position_floor(&r->pos[reader][k]));
    r->rewound = true;
}

struct gw_losses *gw_rows_losses(struct gw_rows *r)
{
    return &r->losses;
}

/* The commit. */

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
            gw_db_bind_int(r->db, q, 2, kind_of(l->kind));
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
    for (size_t i = 0; i < r->ngone && status == GW_OK; i++) {
        unsigned q = query(r->gone[i].kind, Q_DELETE);
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
    unsigned q = query(k, Q_OLDEST);
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
        gw_db_bind_int(r->db, query(k, Q_DELETE), 1, ids[i]);
        status = gw_db_run(r->db, query(k, Q_DELETE), err);
    }
    return status;
}

static int64_t pages_for(struct gw_row *const *rows, size_t n)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        /* A long row ends in a page of its own. */
        bytes += (int64_t)rows[i]->len + 64;
        if (rows[i]->len > GW_DB_PAGE / 2)
            bytes += GW_DB_PAGE;
    }
    return bytes * 9 / 8 / GW_DB_PAGE + MARGIN_PAGES;
}

static void look_at_disk(struct gw_rows *r)
{
    struct statvfs fs;
    if (statvfs(r->conf.path, &fs) != 0)
        return;
    uint64_t unused = (uint64_t)fs.f_bavail * fs.f_frsize;
    uint64_t scarce = (uint64_t)fs.f_blocks * fs.f_frsize / 20;
    r->tight = unused < (scarce < SCARCE_BYTES ? scarce : SCARCE_BYTES);
}

/* The disk may be full without seeming so (a quota of the file system): then FULL has told. */
static int64_t page_limit(const struct gw_rows *r, const struct gw_db_pages *pages)
{
    bool squeezed = gw_clock_mono_ms(r->conf.clock) < r->squeezed_ms;
    int64_t least = squeezed ? 0 : RESERVE_BYTES / GW_DB_PAGE;
    int64_t limit = pages->max;
    if (r->tight || squeezed)
        limit = pages->count > least ? pages->count : least;
    return limit < pages->max ? limit : pages->max;
}

static enum gw_status make_room(struct gw_rows *r, int64_t need, struct gw_loss losses[KINDS],
                                struct gw_err *err)
{
    for (;;) {
        struct gw_db_pages pages;
        enum gw_status status = gw_db_pages(r->db, &pages, err);
        if (status != GW_OK)
            return status;
        if (pages.count - pages.unused + need <= page_limit(r, &pages))
            return GW_OK;
        uint64_t before = losses[0].count + losses[1].count;
        for (int k = 0; k < KINDS && losses[0].count + losses[1].count == before; k++) {
            status = evict_some(r, k, &losses[k], err);
            if (status != GW_OK)
                return status;
        }
        uint64_t after = losses[0].count + losses[1].count;
        if (after == before || after >= EVICT_MOST)
            return GW_OK;
    }
}

static enum gw_status insert_rows(struct gw_rows *r, struct gw_row *const *rows, size_t n,
                                  struct gw_err *err)
{
    enum gw_status status = GW_OK;
    for (size_t i = 0; i < n && status == GW_OK; i++) {
        const struct gw_row *row = rows[i];
        unsigned q = query(kind_of(row->kind), Q_INSERT);
        int64_t id = r->next_id + (int64_t)i;
        gw_db_bind_int(r->db, q, 1, id);
        gw_db_bind_int(r->db, q, 2, row->t_ms);
        gw_db_bind_int(r->db, q, 3,
                       row_sum(id, row->t_ms, row->topic, strlen(row->topic), row->data, row->len));
        gw_db_bind_text(r->db, q, 4, row->topic);
        gw_db_bind_blob(r->db, q, 5, row->data, row->len);
        status = gw_db_run(r->db, q, err);
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
        for (int k = 0; k < KINDS && status == GW_OK; k++) {
            int64_t at = gw_position_floor(&r->pos[i][k]);
            bool wanted = gw_rows_wants(r, i, parcel_kind(k)) && r->readers_of[k] > 1;
            if (!wanted || at == r->stored[i][k])
                continue;
            char name[96];
            cursor_name(r, i, k, name, sizeof name);
            status = save_mark(r, name, at, "", err);
        }
    }
    return status;
}

static void applied(struct gw_rows *r, size_t n, int64_t left, const struct gw_head *head)
{
    r->next_id += (int64_t)n;
    r->waiting += (int64_t)n - left;
    r->ngone = 0;
    r->rewound = false;
    r->witness = *head;
    for (unsigned i = 0; i < r->conf.nreaders; i++)
        for (int k = 0; k < KINDS; k++)
            r->stored[i][k] = gw_position_floor(&r->pos[i][k]);
    gw_losses_saved(&r->losses);
}

enum gw_status gw_rows_commit(struct gw_rows *r, struct gw_row *const *rows, size_t n,
                              const struct gw_head *head, struct gw_err *err)
{
    struct gw_loss evicted[KINDS] = {{.kind = GW_PARCEL_TELEMETRY, .why = GW_LOSS_QUOTA},
                                     {.kind = GW_PARCEL_EVENT, .why = GW_LOSS_QUOTA}};
    struct gw_losses kept = r->losses;
    int64_t left = 0;
    bool witness = !gw_rows_witnessed(r, head);

    look_at_disk(r);
    enum gw_status status = gw_db_begin(r->db, err);
    if (status == GW_OK)
        status = delete_gone(r, &left, err);
    if (status == GW_OK && n > 0)
        status = make_room(r, pages_for(rows, n), evicted, err);
    if (status == GW_OK)
        status = insert_rows(r, rows, n, err);
    if (status == GW_OK)
        status = save_cursors(r, err);
    if (status == GW_OK && witness)
        status = save_mark(r, "witness", head->seq, head->chain, err);
    for (int k = 0; k < KINDS; k++)
        if (evicted[k].count > 0)
            gw_losses_add(&r->losses, &evicted[k], gw_clock_mono_ms(r->conf.clock));
    if (status == GW_OK)
        status = save_losses(r, err);
    if (status == GW_OK)
        status = gw_db_commit(r->db, err);
    if (status != GW_OK) {
        gw_db_rollback(r->db);
        r->losses = kept;
        if (status == GW_E_FULL)
            r->squeezed_ms = gw_clock_mono_ms(r->conf.clock) + SQUEEZE_MS;
        return status;
    }
    uint64_t evictions = evicted[0].count + evicted[1].count;
    r->lost += evictions;
    applied(r, n, left + (int64_t)evictions, witness ? head : &r->witness);
    return GW_OK;
}

enum gw_status gw_rows_checkpoint(struct gw_rows *r, struct gw_err *err)
{
    return gw_db_checkpoint(r->db, err);
}
