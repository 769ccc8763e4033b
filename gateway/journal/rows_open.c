/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/rows_in.h"

#define CHECK_MS    1000
#define CHECK_BYTES (INT64_C(64) * 1024 * 1024) /* SQLite's own check cannot be interrupted */

/* One table a kind keeps ids ascending without an index that each commit would have to write. */
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

#define ROW_SQL(k, table)                                                                          \
    [(k)*Q_PER_KIND +                                                                              \
        Q_INSERT] =                                                                                \
        "INSERT INTO " table "(id, t_ms, sum, topic, data) VALUES(?1, ?2, ?3, ?4, ?5)",            \
        [(k)*Q_PER_KIND + Q_NEXT] =                                                                \
            "SELECT id, topic, data, sum, t_ms FROM " table " WHERE id > ?1 ORDER BY id LIMIT 1",  \
        [(k)*Q_PER_KIND + Q_DELETE] = "DELETE FROM " table " WHERE id = ?1",                       \
        [(k)*Q_PER_KIND + Q_OLDEST] = "SELECT id, t_ms FROM " table " ORDER BY id LIMIT ?1",       \
        [(k)*Q_PER_KIND + Q_PASSED] = "DELETE FROM " table " WHERE id IN (SELECT id FROM " table   \
                                      " WHERE id <= ?1 ORDER BY id LIMIT ?2)"

_Static_assert(GW_READERS_MAX == 4, "Q_FORGET names so many");

static const char *const statements[Q_COUNT] = {
    ROW_SQL(0, "telemetry"),
    ROW_SQL(1, "events"),
    [Q_MARK] = "INSERT OR REPLACE INTO marks(name, number, text) VALUES(?1, ?2, ?3)",
    [Q_MARKED] = "SELECT number, text FROM marks WHERE name = ?1",
    [Q_FORGET] = "DELETE FROM marks WHERE name GLOB ?1 AND name NOT IN (?2, ?3, ?4, ?5)",
    [Q_LOSS] = "INSERT OR REPLACE INTO losses(tag, kind, why, count, from_ms, to_ms, file)"
               " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [Q_LOSS_DROP] = "DELETE FROM losses WHERE tag = ?1",
    [Q_LOSSES] = "SELECT tag, kind, why, count, from_ms, to_ms, file FROM losses",
};

enum gw_status gw_rows_new(const struct gw_rows_conf *conf, struct gw_rows **out,
                           struct gw_err *err)
{
    struct gw_rows *r = calloc(1, sizeof *r);
    if (r == NULL)
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", conf->path);
    r->conf = *conf;
    r->next_id = 1;
    r->squeezed_ms = INT64_MIN;
    r->fresh.pool = conf->pool;
    r->fresh.max_bytes = GW_FRESH_BYTES;
    if (conf->max_bytes / 4 < (int64_t)GW_FRESH_BYTES)
        r->fresh.max_bytes = (size_t)(conf->max_bytes / 4);
    if (gw_random(&r->losses.rand, sizeof r->losses.rand) != GW_OK)
        r->losses.rand = (uint64_t)gw_clock_now(conf->clock).wall_ms;
    for (unsigned i = 0; i < conf->nreaders; i++)
        for (int k = 0; k < GW_ROWS_KINDS; k++)
            r->readers_of[k] += gw_rows_wants(r, i, gw_rows_parcel_kind(k)) ? 1 : 0;
    *out = r;
    return GW_OK;
}

void gw_rows_free(struct gw_rows *r)
{
    if (r == NULL)
        return;
    gw_rows_close(r, false);
    gw_fresh_shift(&r->fresh, r->fresh.span);
    for (int i = 0; i < GW_READERS_MAX; i++)
        for (int k = 0; k < GW_ROWS_KINDS; k++) {
            gw_position_free(&r->pos[i][k].old);
            gw_position_free(&r->pos[i][k].live);
        }
    free(r->gone);
    free(r);
}

void gw_rows_cursor_name(const struct gw_rows *r, unsigned reader, int k, char out[GW_CURSOR_NAME])
{
    snprintf(out, GW_CURSOR_NAME, "cursor/%s/%s", k == 0 ? "telemetry" : "event",
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
    r->last_id = last;
    if (r->old_id == 0)
        r->old_id = r->next_id;
    for (unsigned i = 0; i < r->conf.nreaders; i++)
        if (r->live_id[i] > 0) /* its connection stood before the file was open */
            r->live_id[i] = r->next_id;

    for (unsigned i = 0; i < r->conf.nreaders; i++) {
        for (int k = 0; k < GW_ROWS_KINDS && status == GW_OK; k++) {
            char name[GW_CURSOR_NAME];
            char text[8];
            gw_rows_cursor_name(r, i, k, name);
            number = 0;
            status = load_mark(r, name, &number, text, sizeof text, err);
            r->pos[i][k].split = 0;
            gw_position_set(&r->pos[i][k].old, number);
            gw_position_set(&r->pos[i][k].live, number);
            r->stored[i][k] = number;
        }
    }
    return status;
}

/* Everything up to here has passed all who want the kind. */
static int64_t passed_by_all(const struct gw_rows *r, int k)
{
    int64_t lowest = INT64_MAX;
    for (unsigned i = 0; i < r->conf.nreaders; i++)
        if (gw_rows_wants(r, i, gw_rows_parcel_kind(k)) && r->stored[i][k] < lowest)
            lowest = r->stored[i][k];
    return lowest;
}

static enum gw_status delete_passed(struct gw_rows *r, int k, struct gw_err *err)
{
    const int64_t upto = passed_by_all(r, k);
    unsigned q = gw_rows_query(k, Q_PASSED);
    int64_t deleted = upto > 0 ? GW_ROWS_GONE_AT_ONCE : 0;
    enum gw_status status = GW_OK;
    while (status == GW_OK && deleted == GW_ROWS_GONE_AT_ONCE) {
        status = gw_db_begin(r->db, err);
        if (status == GW_OK) {
            gw_db_bind_int(r->db, q, 1, upto);
            gw_db_bind_int(r->db, q, 2, GW_ROWS_GONE_AT_ONCE);
            status = gw_db_run(r->db, q, err);
            deleted = gw_db_changes(r->db);
        }
        if (status == GW_OK)
            status = gw_db_commit(r->db, err);
        if (status == GW_OK)
            status = gw_db_checkpoint(r->db, err);
        else
            gw_db_rollback(r->db);
    }
    return status;
}

/* Should it come back, it begins with what is there. */
static enum gw_status forget_readers(struct gw_rows *r, int k, struct gw_err *err)
{
    char names[GW_READERS_MAX][GW_CURSOR_NAME] = {""};
    gw_db_bind_text(r->db, Q_FORGET, 1, k == 0 ? "cursor/telemetry/*" : "cursor/event/*");
    for (unsigned i = 0; i < GW_READERS_MAX; i++) {
        if (gw_rows_wants(r, i, gw_rows_parcel_kind(k)))
            gw_rows_cursor_name(r, i, k, names[i]);
        gw_db_bind_text(r->db, Q_FORGET, (int)i + 2, names[i]);
    }
    return gw_db_run(r->db, Q_FORGET, err);
}

/* What only readers that are gone had still to pass leaves, and is no loss. A kind that nobody wants
 * any more is left alone: somebody may want it again. */
static enum gw_status drop_stale(struct gw_rows *r, struct gw_err *err)
{
    enum gw_status status = GW_OK;
    for (int k = 0; k < GW_ROWS_KINDS && status == GW_OK; k++) {
        if (r->readers_of[k] == 0)
            continue;
        status = delete_passed(r, k, err);
        if (status == GW_OK)
            status = forget_readers(r, k, err);
    }
    return status == GW_E_FULL ? GW_OK : status; /* then at the next start */
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
            .kind = gw_rows_parcel_kind(gw_db_int(r->db, Q_LOSSES, 1) == 0 ? 0 : 1),
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
    if (status == GW_OK) {
        status = gw_db_reserve(r->db, half < GW_ROWS_RESERVE ? half : GW_ROWS_RESERVE, err);
        /* It works without, but not without its tables. */
        if (status == GW_E_FULL)
            status = GW_OK;
    }
    if (status == GW_OK)
        status = gw_db_prepare(r->db, statements, Q_COUNT, err);
    if (status == GW_OK)
        status = load_cursors(r, err);
    if (status == GW_OK)
        status = drop_stale(r, err);
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
