/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/records_in.h"

#define CHECK_MS      2000
#define RESERVE_BYTES (INT64_C(8) * 1024 * 1024)
#define WIRE_MAX      ((size_t)1024 * 1024) /* a record is capped far below when it is made */

static const char first_prev[] = "0000000000000000000000000000000000000000000000000000000000000000";

/* Small columns stand before the large one, so that reading them follows no overflow pages. */
#define MAKE_INDEXES                                                                               \
    "CREATE INDEX records_waiting ON records(rank, seq) WHERE delivered = 0;"                      \
    "CREATE INDEX windows_waiting ON windows(seq) WHERE delivered = 0;"
#define MAKE_IDS "CREATE INDEX windows_ids ON windows(id);"

static const char *const migrations[] = {
    "CREATE TABLE meta(one INTEGER PRIMARY KEY CHECK(one = 1), chain TEXT NOT NULL,"
    " seq INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;"
    "CREATE TABLE records(seq INTEGER PRIMARY KEY, delivered INTEGER NOT NULL,"
    " class INTEGER NOT NULL, priority INTEGER NOT NULL, rank INTEGER NOT NULL,"
    " sum INTEGER NOT NULL, topic TEXT NOT NULL, hash TEXT NOT NULL, wire BLOB NOT NULL) STRICT;"
    "CREATE TABLE windows(seq INTEGER PRIMARY KEY, delivered INTEGER NOT NULL,"
    " sum INTEGER NOT NULL, id TEXT NOT NULL, payload BLOB NOT NULL) STRICT;" MAKE_INDEXES
    "CREATE TABLE states(key TEXT PRIMARY KEY, value TEXT NOT NULL, seq INTEGER NOT NULL,"
    " sum INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE marks(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;",
    /* When each record was committed; those of before count from the day of the change. */
    "ALTER TABLE records ADD COLUMN t_ms INTEGER NOT NULL DEFAULT 0;"
    "INSERT OR REPLACE INTO marks(name, value) VALUES('since', strftime('%s', 'now') || '000');",
    /* Windows can be asked for again. */
    MAKE_IDS,
};
#define FORMAT ((int)(sizeof migrations / sizeof migrations[0]))

static const char *const statements[Q_COUNT] = {
    [Q_META] = "SELECT chain, seq, hash FROM meta",
    [Q_META_NEW] = "INSERT INTO meta(one, chain, seq, hash) VALUES(1, ?1, 0, ?2)",
    [Q_META_MOVE] = "UPDATE meta SET seq = ?1, hash = ?2",
    [Q_LAST] = "SELECT seq, hash FROM records ORDER BY seq DESC LIMIT 1",
    [Q_INSERT] = "INSERT INTO records(seq, delivered, class, priority, rank, sum, topic, hash,"
                 " wire, t_ms) VALUES(?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [Q_WINDOW] = "INSERT INTO windows(seq, delivered, sum, id, payload)"
                 " VALUES(?1, 0, ?2, ?3, ?4)",
    [Q_STATE_SEQ] = "SELECT seq FROM states WHERE key = ?1",
    [Q_STATE_SET] = "INSERT OR REPLACE INTO states(key, value, seq, sum) VALUES(?1, ?2, ?3, ?4)",
    [Q_STATE_DROP] = "DELETE FROM states WHERE key = ?1",
    [Q_STATES] = "SELECT key, value, seq, sum FROM states ORDER BY key",
    [Q_MARK] = "INSERT OR REPLACE INTO marks(name, value) VALUES(?1, ?2)",
    [Q_MARKED] = "SELECT 1 FROM marks WHERE name = ?1 AND value = ?2",
    [Q_DELIVERED] = "UPDATE records SET delivered = 1 WHERE seq = ?1 AND delivered = 0",
    [Q_WINDOW_DELIVERED] = "UPDATE windows SET delivered = 1 WHERE seq = ?1 AND delivered = 0",
    [Q_NEXT] = "SELECT seq, topic, wire, sum FROM records INDEXED BY records_waiting"
               " WHERE delivered = 0 AND rank = ?1 AND seq > ?2 ORDER BY seq LIMIT 1",
    [Q_NEXT_WINDOW] = "SELECT seq, id, payload, sum FROM windows INDEXED BY windows_waiting"
                      " WHERE delivered = 0 AND seq > ?1 ORDER BY seq LIMIT 1",
    [Q_FETCH] = "SELECT seq, topic, wire, sum FROM records WHERE seq = ?1 AND delivered = 0",
    [Q_FETCH_WINDOW] = "SELECT seq, id, payload, sum FROM windows WHERE seq = ?1 AND delivered = 0",
    [Q_SETTLE] = "UPDATE windows SET delivered = 1 WHERE seq = ?1 AND delivered = 0"
                 " AND NOT EXISTS (SELECT 1 FROM records WHERE seq = ?1 AND delivered = 0)",
    [Q_PLACE] = "SELECT hash, delivered FROM records WHERE seq = ?1",
    [Q_OLDEST] = "SELECT seq, t_ms FROM records INDEXED BY records_waiting"
                 " WHERE delivered = 0 AND rank = ?1 ORDER BY seq LIMIT 1",
    [Q_PREFIX] = "SELECT seq, delivered, hash, t_ms FROM records WHERE seq < ?1 ORDER BY seq",
    [Q_WINDOW_OF] = "SELECT seq, delivered FROM windows WHERE id = ?1 ORDER BY seq DESC LIMIT 1",
    [Q_RECALL] = "UPDATE windows SET delivered = 0 WHERE seq = ?1 AND delivered = 1",
    [Q_DROP_WINDOWS] = "UPDATE windows SET delivered = 2, payload = x'' WHERE seq IN"
                       " (SELECT seq FROM windows WHERE delivered = 1 ORDER BY seq LIMIT 16)",
    [Q_FORGET] = "DELETE FROM records WHERE seq <= ?1 AND delivered <> 0",
    [Q_FORGET_WINDOWS] = "DELETE FROM windows WHERE seq <= ?1 AND delivered <> 0",
    [Q_KEPT_WINDOW] = "SELECT seq, id, payload, sum FROM windows WHERE seq = ?1",
    [Q_PAGE] = "SELECT seq, topic, wire, sum FROM records WHERE seq >= ?1 ORDER BY seq LIMIT 1",
};

static bool is_hex(const char *text, size_t len, size_t wanted)
{
    size_t hex = 0;
    while (hex < len && strchr("0123456789abcdef", text[hex]) != NULL && text[hex] != '\0')
        hex++;
    return len == wanted && hex == wanted;
}

/* The head as far as anything can be read; for a damaged file. */
static void peek(struct gw_db *db, struct gw_found *out)
{
    struct gw_head *found = &out->head;
    char chain[GW_CHAIN_SIZE + 1] = "";
    int64_t seq = 0;
    if (gw_db_get_text(db, "SELECT chain FROM meta", chain, sizeof chain, NULL) != GW_OK ||
        !is_hex(chain, strlen(chain), GW_CHAIN_SIZE - 1))
        return;
    memcpy(found->chain, chain, sizeof found->chain);
    if (gw_db_get_int(db, "SELECT seq FROM meta", &seq, NULL) == GW_OK && seq > 0)
        found->seq = seq;
}

static enum gw_status damaged(const char *path, struct gw_err *err, const char *what)
{
    return gw_err_set(err, GW_E_PARSE, "%s: damaged: %s", path, what);
}

/* The head is in meta and in the last record, and both must say the same. */
static enum gw_status load_head(struct gw_records *r, const char *path, struct gw_err *err)
{
    bool row = false;
    enum gw_status status = gw_db_step(r->db, Q_META, &row, err);
    if (status != GW_OK || !row)
        return status;
    size_t chain_len = 0;
    size_t hash_len = 0;
    const char *chain = gw_db_text(r->db, Q_META, 0, &chain_len);
    const char *hash = gw_db_text(r->db, Q_META, 2, &hash_len);
    struct gw_head head = {.seq = gw_db_int(r->db, Q_META, 1)};
    bool sound = is_hex(chain, chain_len, GW_CHAIN_SIZE - 1) &&
                 is_hex(hash, hash_len, GW_SHA256_HEX - 1) && head.seq >= 0;
    if (sound) {
        memcpy(head.chain, chain, chain_len);
        memcpy(head.hash, hash, hash_len);
    }
    gw_db_end(r->db, Q_META);
    if (!sound)
        return damaged(path, err, "the end of the chain is not readable");

    status = gw_db_step(r->db, Q_LAST, &row, err);
    if (status != GW_OK)
        return status;
    if (row) {
        hash = gw_db_text(r->db, Q_LAST, 1, &hash_len);
        sound = gw_db_int(r->db, Q_LAST, 0) == head.seq && hash_len == strlen(head.hash) &&
                memcmp(hash, head.hash, hash_len) == 0;
        gw_db_end(r->db, Q_LAST);
    } else {
        sound = head.seq == 0 && strcmp(head.hash, first_prev) == 0;
    }
    if (!sound)
        return damaged(path, err, "the last record is not the end of the chain");
    r->head = head;
    r->next = head;
    r->before = head.seq;
    return GW_OK;
}

/* What the list of what waits lacks would never be handed out; what the table does not show as
 * waiting would be lost with a list made from it. So the list is made anew of what either of them
 * names: to hand out twice does no harm. */
static enum gw_status mend_indexes(struct gw_records *r, const char *path, struct gw_err *err)
{
    static const char mend[] =
        "BEGIN IMMEDIATE;"
        "CREATE TEMP TABLE r AS SELECT seq FROM records INDEXED BY records_waiting"
        " WHERE delivered = 0;"
        "CREATE TEMP TABLE w AS SELECT seq FROM windows INDEXED BY windows_waiting"
        " WHERE delivered = 0;"
        "DROP INDEX records_waiting; DROP INDEX windows_waiting;"
        "UPDATE records SET delivered = 0 WHERE delivered <> 0 AND seq IN (SELECT seq FROM r);"
        "UPDATE windows SET delivered = 0 WHERE delivered = 1 AND seq IN (SELECT seq FROM w);"
        "DROP TABLE r; DROP TABLE w; DROP INDEX windows_ids;" MAKE_INDEXES MAKE_IDS "COMMIT";
    snprintf(r->note, sizeof r->note,
             "%s: the list of what waits was damaged and was made anew; some records may be sent "
             "twice",
             path);
    enum gw_status status = gw_db_exec(r->db, mend, err);
    if (status != GW_OK)
        gw_db_rollback(r->db);
    return status;
}

static const char count_sql[] = "SELECT (SELECT count(*) FROM records WHERE delivered = 0)"
                                " + (SELECT count(*) FROM windows WHERE delivered = 0)";

static enum gw_status count_waiting(struct gw_records *r, struct gw_err *err)
{
    return gw_db_get_int(r->db, count_sql, &r->waiting, err);
}

/* A disk that others have filled must not stop the opening. */
static enum gw_status reserve(struct gw_records *r, const struct gw_records_conf *conf,
                              struct gw_err *err)
{
    int64_t bytes = conf->max_bytes / 2 < RESERVE_BYTES ? conf->max_bytes / 2 : RESERVE_BYTES;
    enum gw_status status = gw_db_reserve(r->db, bytes, err);
    if (status != GW_E_FULL)
        return status;
    snprintf(r->note, sizeof r->note,
             "%s: the disk is too full to keep %lld KiB in reserve for records", conf->path,
             (long long)(bytes / 1024));
    return GW_OK;
}

static enum gw_status open_checked(struct gw_records *r, const struct gw_records_conf *conf,
                                   const struct gw_head *known, struct gw_err *err)
{
    bool indexes = false;
    enum gw_status status = gw_db_check(r->db, conf->clock, CHECK_MS, &indexes, err);
    if (status == GW_OK)
        status = gw_db_migrate(r->db, migrations, FORMAT, err);
    if (status == GW_OK && indexes)
        status = mend_indexes(r, conf->path, err);
    if (status == GW_OK)
        status = reserve(r, conf, err);
    if (status == GW_OK)
        status = gw_db_prepare(r->db, statements, Q_COUNT, err);
    if (status == GW_OK)
        status = load_head(r, conf->path, err);
    if (status == GW_OK)
        status = count_waiting(r, err);
    if (status == GW_OK)
        status =
            gw_db_get_int(r->db, "SELECT value FROM marks WHERE name = 'since'", &r->since_ms, err);
    if (status == GW_OK)
        status = gw_records_look(r, err);
    if (status == GW_OK && known->seq > r->head.seq && strcmp(known->chain, r->head.chain) == 0)
        status = gw_err_set(err, GW_E_PARSE,
                            "%s: ends at record %lld, but record %lld was already stored",
                            conf->path, (long long)r->head.seq, (long long)known->seq);
    r->waiting_next = r->waiting;
    return status;
}

enum gw_status gw_records_open(const struct gw_records_conf *conf, const struct gw_head *known,
                               struct gw_records **out, struct gw_found *found, struct gw_err *err)
{
    *found = (struct gw_found){.waiting = -1};
    struct gw_records *r = calloc(1, sizeof *r);
    if (r == NULL)
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", conf->path);
    r->sealer = conf->sealer;
    r->clock = conf->clock;
    gw_buf_init(&r->wire, WIRE_MAX);

    enum gw_status status = gw_db_open(conf->path, conf->max_bytes, true, &r->db, err);
    if (status == GW_OK) {
        peek(r->db, found);
        status = open_checked(r, conf, known, err);
    }
    if (status == GW_E_PARSE && r->db != NULL &&
        gw_db_count(r->db, count_sql, conf->clock, CHECK_MS, &found->waiting, NULL) != GW_OK)
        found->waiting = -1;
    if (status != GW_OK) {
        gw_records_close(r, false);
        return status;
    }
    *out = r;
    return GW_OK;
}

void gw_records_close(struct gw_records *r, bool tidy)
{
    if (r == NULL)
        return;
    gw_db_close(r->db, tidy);
    gw_buf_free(&r->wire);
    free(r);
}

bool gw_records_fresh(const struct gw_records *r)
{
    return r->head.chain[0] == '\0';
}

enum gw_status gw_records_found_chain(struct gw_records *r, const struct gw_draft *first,
                                      struct gw_err *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char random[(GW_CHAIN_SIZE - 1) / 2];
    struct gw_head head = {0};
    struct gw_head placed;

    enum gw_status status = gw_random(random, sizeof random);
    if (status != GW_OK)
        return gw_err_set(err, status, "records.db: the kernel gives no random numbers");
    for (size_t i = 0; i < sizeof random; i++) {
        head.chain[2 * i] = digits[random[i] >> 4];
        head.chain[2 * i + 1] = digits[random[i] & 15];
    }
    memcpy(head.hash, first_prev, sizeof head.hash);

    status = gw_records_begin(r, err);
    if (status == GW_OK) {
        r->next = head;
        gw_db_bind_text(r->db, Q_META_NEW, 1, head.chain);
        gw_db_bind_text(r->db, Q_META_NEW, 2, head.hash);
        status = gw_db_run(r->db, Q_META_NEW, err);
    }
    if (status == GW_OK && first != NULL)
        status = gw_records_append(r, first, &placed, err);
    if (status == GW_OK)
        status = gw_records_commit(r, err);
    if (status != GW_OK)
        gw_records_rollback(r);
    return status;
}

const char *gw_records_note(const struct gw_records *r)
{
    return r->note;
}

void gw_records_live(struct gw_records *r)
{
    r->before = r->head.seq;
}

const struct gw_head *gw_records_head(const struct gw_records *r)
{
    return &r->head;
}

uint64_t gw_records_waiting(const struct gw_records *r)
{
    return r->waiting > 0 ? (uint64_t)r->waiting : 0;
}

enum gw_status gw_records_states(struct gw_records *r,
                                 void (*each)(void *ctx, const struct gw_state_row *row), void *ctx,
                                 struct gw_err *err)
{
    for (;;) {
        bool more = false;
        enum gw_status status = gw_db_step(r->db, Q_STATES, &more, err);
        if (status != GW_OK || !more)
            return status;
        struct gw_state_row row = {.seq = gw_db_int(r->db, Q_STATES, 2)};
        row.key = gw_db_text(r->db, Q_STATES, 0, &row.key_len);
        row.value = gw_db_text(r->db, Q_STATES, 1, &row.value_len);
        int64_t sum = gw_records_sum(row.seq, row.key, row.key_len, row.value, row.value_len);
        if (sum != gw_db_int(r->db, Q_STATES, 3))
            row.value = NULL;
        each(ctx, &row);
    }
}
