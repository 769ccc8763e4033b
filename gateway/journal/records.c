/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/db.h"

#define CHECK_MS       2000
#define RESERVE_BYTES  (INT64_C(8) * 1024 * 1024)
#define WIRE_MAX       (1024 * 1024) /* a record is capped far below when it is made */
#define WIRE_KEEP      (64 * 1024)   /* a larger buffer is given back */
#define PRUNE_RETRY_MS 60000

static const char first_prev[] = "0000000000000000000000000000000000000000000000000000000000000000";

/* Small columns stand before the large one, so that reading them follows no overflow pages. */
#define MAKE_INDEXES                                                                               \
    "CREATE INDEX records_waiting ON records(rank, seq) WHERE delivered = 0;"                      \
    "CREATE INDEX windows_waiting ON windows(seq) WHERE delivered = 0;"

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
};
#define FORMAT ((int)(sizeof migrations / sizeof migrations[0]))

enum {
    Q_META,
    Q_META_NEW,
    Q_META_MOVE,
    Q_LAST,
    Q_INSERT,
    Q_WINDOW,
    Q_STATE_SEQ,
    Q_STATE_SET,
    Q_STATE_DROP,
    Q_STATES,
    Q_MARK,
    Q_MARKED,
    Q_DELIVERED,
    Q_WINDOW_DELIVERED,
    Q_NEXT,
    Q_NEXT_WINDOW,
    Q_PRUNE_WINDOWS,
    Q_PRUNE_RECORDS,
    Q_COUNT
};

static const char *const statements[Q_COUNT] = {
    [Q_META] = "SELECT chain, seq, hash FROM meta",
    [Q_META_NEW] = "INSERT INTO meta(one, chain, seq, hash) VALUES(1, ?1, 0, ?2)",
    [Q_META_MOVE] = "UPDATE meta SET seq = ?1, hash = ?2",
    [Q_LAST] = "SELECT seq, hash FROM records ORDER BY seq DESC LIMIT 1",
    [Q_INSERT] = "INSERT INTO records(seq, delivered, class, priority, rank, sum, topic, hash,"
                 " wire) VALUES(?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
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
    [Q_PRUNE_WINDOWS] = "DELETE FROM windows WHERE seq IN"
                        " (SELECT seq FROM windows WHERE delivered <> 0 ORDER BY seq LIMIT 16)",
    [Q_PRUNE_RECORDS] = "DELETE FROM records WHERE seq IN (SELECT seq FROM records"
                        " WHERE delivered <> 0 AND seq < ?1 ORDER BY seq LIMIT 128)",
};

struct gw_records {
    struct gw_db *db;
    struct gw_sealer sealer;
    const struct gw_clock *clock;
    struct gw_head head; /* committed */
    struct gw_head next; /* with the open transaction */
    int64_t waiting;
    int64_t waiting_next;
    int64_t before;        /* seq of the head when the file was opened */
    int64_t prune_next_ms; /* no look before, since nothing could go */
    bool full;
    struct gw_buf wire;
    char note[256];
};

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

static int64_t value_sum(int64_t seq, const char *name, size_t name_len, const void *data,
                         size_t len)
{
    uint64_t sum = gw_db_sum_int(GW_DB_SUM, seq);
    sum = gw_db_sum_int(sum, (int64_t)name_len);
    sum = gw_db_sum_bytes(sum, name, name_len);
    return (int64_t)gw_db_sum_bytes(sum, data, len);
}

static bool is_hex(const char *text, size_t len, size_t wanted)
{
    size_t hex = 0;
    while (hex < len && strchr("0123456789abcdef", text[hex]) != NULL && text[hex] != '\0')
        hex++;
    return len == wanted && hex == wanted;
}

/* The head as far as anything can be read; for a damaged file. */
static void peek(struct gw_db *db, struct gw_head *found)
{
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
        "UPDATE windows SET delivered = 0 WHERE delivered <> 0 AND seq IN (SELECT seq FROM w);"
        "DROP TABLE r; DROP TABLE w;" MAKE_INDEXES "COMMIT";
    snprintf(r->note, sizeof r->note,
             "%s: the list of what waits was damaged and was made anew; some records may be sent "
             "twice",
             path);
    enum gw_status status = gw_db_exec(r->db, mend, err);
    if (status != GW_OK)
        gw_db_rollback(r->db);
    return status;
}

static enum gw_status count_waiting(struct gw_records *r, struct gw_err *err)
{
    return gw_db_get_int(r->db,
                         "SELECT (SELECT count(*) FROM records WHERE delivered = 0)"
                         " + (SELECT count(*) FROM windows WHERE delivered = 0)",
                         &r->waiting, err);
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
    if (status == GW_OK && known->seq > r->head.seq && strcmp(known->chain, r->head.chain) == 0)
        status = gw_err_set(err, GW_E_PARSE,
                            "%s: ends at record %lld, but record %lld was already stored",
                            conf->path, (long long)r->head.seq, (long long)known->seq);
    r->waiting_next = r->waiting;
    return status;
}

enum gw_status gw_records_open(const struct gw_records_conf *conf, const struct gw_head *known,
                               struct gw_records **out, struct gw_head *found, struct gw_err *err)
{
    *found = (struct gw_head){0};
    struct gw_records *r = calloc(1, sizeof *r);
    if (r == NULL)
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", conf->path);
    r->sealer = conf->sealer;
    r->clock = conf->clock;
    r->prune_next_ms = INT64_MIN;
    gw_buf_init(&r->wire, WIRE_MAX);

    enum gw_status status = gw_db_open(conf->path, conf->max_bytes, true, &r->db, err);
    if (status == GW_OK) {
        peek(r->db, found);
        status = open_checked(r, conf, known, err);
    }
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
        int64_t sum = value_sum(row.seq, row.key, row.key_len, row.value, row.value_len);
        if (sum != gw_db_int(r->db, Q_STATES, 3))
            row.value = NULL;
        each(ctx, &row);
    }
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
                   value_sum(next.seq, topic, strlen(topic), r->wire.data, r->wire.len));
    gw_db_bind_text(r->db, Q_INSERT, 6, topic);
    gw_db_bind_text(r->db, Q_INSERT, 7, next.hash);
    gw_db_bind_blob(r->db, Q_INSERT, 8, r->wire.data, r->wire.len);
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
                   value_sum(r->next.seq, draft->window_id, strlen(draft->window_id), draft->window,
                             draft->window_len));
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
                   value_sum(seq, draft->state_key, strlen(draft->state_key), draft->state,
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
    if (status == GW_OK && gw_db_changes(r->db) > 0) {
        r->waiting_next--;
        r->prune_next_ms = INT64_MIN;
    }
    return status;
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
    return GW_OK;
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
    const char *prefix = query == Q_NEXT_WINDOW ? "evidence/" : "";
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
    int64_t sum = value_sum(parcel.key, name, name_len, data, len);
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

static enum gw_status prune_some(struct gw_records *r, int64_t *gone, struct gw_err *err)
{
    enum gw_status status = gw_db_begin(r->db, err);
    if (status == GW_OK)
        status = gw_db_run(r->db, Q_PRUNE_WINDOWS, err);
    if (status == GW_OK)
        *gone = gw_db_changes(r->db);
    if (status == GW_OK && *gone == 0) {
        gw_db_bind_int(r->db, Q_PRUNE_RECORDS, 1, r->head.seq);
        status = gw_db_run(r->db, Q_PRUNE_RECORDS, err);
        if (status == GW_OK)
            *gone = gw_db_changes(r->db);
    }
    if (status == GW_OK)
        status = gw_db_commit(r->db, err);
    if (status != GW_OK)
        gw_db_rollback(r->db);
    return status;
}

enum gw_status gw_records_prune(struct gw_records *r, bool *full, struct gw_err *err)
{
    struct gw_db_pages pages;
    *full = r->full;
    enum gw_status status = gw_db_pages(r->db, &pages, err);
    if (status != GW_OK)
        return status;
    int64_t now_ms = gw_clock_mono_ms(r->clock);
    if ((pages.count - pages.unused) * 10 < pages.max * 9) {
        r->full = false;
    } else if (now_ms >= r->prune_next_ms) {
        int64_t gone = 0;
        status = prune_some(r, &gone, err);
        r->full = gone == 0;
        r->prune_next_ms = gone == 0 ? now_ms + PRUNE_RETRY_MS : now_ms;
    }
    *full = r->full;
    return status;
}

enum gw_status gw_records_checkpoint(struct gw_records *r, struct gw_err *err)
{
    return gw_db_checkpoint(r->db, err);
}
