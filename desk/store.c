/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/store.h"

#include "desk/store_sql.h"

#include <sqlite3.h>

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 5000

struct gw_desk_store {
    sqlite3 *db;
    sqlite3_stmt *stmts[SQL_COUNTED];
};

/* ---- SQLite ---- */

static enum gw_status told(struct gw_desk_store *s, struct gw_err *err)
{
    const int rc = sqlite3_errcode(s->db);
    enum gw_status st = GW_E_IO;
    if (rc == SQLITE_NOMEM)
        st = GW_E_NOMEM;
    else if (rc == SQLITE_FULL)
        st = GW_E_FULL;
    else if (rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB)
        st = GW_E_PARSE;
    return gw_err_set(err, st, "store: %s", sqlite3_errmsg(s->db));
}

static enum gw_status run(struct gw_desk_store *s, const char *sql, struct gw_err *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? GW_OK : told(s, err);
}

enum gw_status gw_desk_store_open(const char *path, struct gw_desk_store **out, struct gw_err *err)
{
    struct gw_desk_store *s = calloc(1, sizeof *s);
    if (!s)
        return gw_err_set(err, GW_E_NOMEM, "store: out of memory");
    enum gw_status st = GW_OK;
    if (sqlite3_open_v2(path, &s->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        st = s->db ? gw_err_set(err, GW_E_IO, "%s: %s", path, sqlite3_errmsg(s->db))
                   : gw_err_set(err, GW_E_NOMEM, "store: out of memory");
    if (st == GW_OK && sqlite3_busy_timeout(s->db, WAIT_MS) != SQLITE_OK)
        st = told(s, err);
    if (st == GW_OK)
        st = run(s, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;", err);
    if (st == GW_OK)
        st = run(s, gw_desk_schema, err);
    if (st != GW_OK) {
        gw_desk_store_close(s);
        return st;
    }
    *out = s;
    return GW_OK;
}

void gw_desk_store_close(struct gw_desk_store *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < SQL_COUNTED; i++)
        (void)sqlite3_finalize(s->stmts[i]);
    (void)sqlite3_close(s->db);
    free(s);
}

enum gw_status gw_desk_store_begin(struct gw_desk_store *s, struct gw_err *err)
{
    return run(s, "BEGIN IMMEDIATE", err);
}

enum gw_status gw_desk_store_commit(struct gw_desk_store *s, struct gw_err *err)
{
    return run(s, "COMMIT", err);
}

void gw_desk_store_rollback(struct gw_desk_store *s)
{
    struct gw_err err;
    if (!sqlite3_get_autocommit(s->db))
        (void)!run(s, "ROLLBACK", &err);
}

/* An argument of a statement. */
struct arg {
    const char *text; /* NULL: the number */
    int64_t number;
    size_t len; /* of text; 0: it ends at its NUL */
};
#define T(s)                                                                                       \
    (struct arg)                                                                                   \
    {                                                                                              \
        .text = (s)                                                                                \
    }
#define N(n)                                                                                       \
    (struct arg)                                                                                   \
    {                                                                                              \
        .number = (n)                                                                              \
    }
#define B(p, n)                                                                                    \
    (struct arg)                                                                                   \
    {                                                                                              \
        .text = (p), .len = (n)                                                                    \
    }
#define ARGS(...)                                                                                  \
    (const struct arg[]){__VA_ARGS__},                                                             \
        sizeof((const struct arg[]){__VA_ARGS__}) / sizeof(struct arg)

static int bind(sqlite3_stmt *stmt, int at, const struct arg *a)
{
    if (!a->text)
        return sqlite3_bind_int64(stmt, at, a->number);
    if (a->len == 0)
        return sqlite3_bind_text(stmt, at, a->text, -1, SQLITE_STATIC);
    return sqlite3_bind_text64(stmt, at, a->text, a->len, SQLITE_STATIC, SQLITE_UTF8);
}

/* The statement with its arguments, ready to step. NULL and err set otherwise. */
static sqlite3_stmt *ready(struct gw_desk_store *s, enum gw_desk_sql which, const struct arg *args,
                           size_t nargs, struct gw_err *err)
{
    sqlite3_stmt **stmt = &s->stmts[which];
    if (!*stmt && sqlite3_prepare_v3(s->db, gw_desk_sql[which], -1, SQLITE_PREPARE_PERSISTENT, stmt,
                                     NULL) != SQLITE_OK) {
        (void)told(s, err);
        return NULL;
    }
    (void)sqlite3_reset(*stmt);
    (void)sqlite3_clear_bindings(*stmt);
    for (size_t i = 0; i < nargs; i++)
        if (bind(*stmt, (int)i + 1, &args[i]) != SQLITE_OK) {
            (void)told(s, err);
            return NULL;
        }
    return *stmt;
}

/* A statement without rows. */
static enum gw_status change(struct gw_desk_store *s, enum gw_desk_sql which,
                             const struct arg *args, size_t nargs, struct gw_err *err)
{
    sqlite3_stmt *stmt = ready(s, which, args, nargs, err);
    if (!stmt)
        return err->status;
    const int rc = sqlite3_step(stmt);
    const enum gw_status st = rc == SQLITE_DONE || rc == SQLITE_ROW ? GW_OK : told(s, err);
    (void)sqlite3_reset(stmt);
    return st;
}

static const char *col(sqlite3_stmt *stmt, int i)
{
    const char *text = (const char *)sqlite3_column_text(stmt, i);
    return text ? text : "";
}

/* After the last row of a query: how it ended. */
static enum gw_status ended(struct gw_desk_store *s, sqlite3_stmt *stmt, int rc, struct gw_err *err)
{
    const enum gw_status st = rc == SQLITE_DONE || rc == SQLITE_ROW ? GW_OK : told(s, err);
    (void)sqlite3_reset(stmt);
    return st;
}

/* ---- the chain as records come in ---- */

static void take_hash(char out[GW_SHA256_HEX], const char *text)
{
    (void)snprintf(out, GW_SHA256_HEX, "%s", text);
}

static enum gw_status load_chain(struct gw_desk_store *s, const char *gateway, const char *chain,
                                 struct gw_desk_chain *out, struct gw_err *err)
{
    *out = (struct gw_desk_chain){0};
    (void)snprintf(out->whole.chain, sizeof out->whole.chain, "%s", chain);
    take_hash(out->whole.hash, gw_claim_origin);
    sqlite3_stmt *stmt = ready(s, SQL_CHAIN, ARGS(T(gateway), T(chain)), err);
    if (!stmt)
        return err->status;
    const int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        out->whole.seq = sqlite3_column_int64(stmt, 0);
        take_hash(out->whole.hash, col(stmt, 1));
        out->highest = sqlite3_column_int64(stmt, 2);
        out->told = sqlite3_column_int64(stmt, 3);
        out->broken = sqlite3_column_int64(stmt, 4);
        out->missing = out->highest - sqlite3_column_int64(stmt, 5);
    }
    return ended(s, stmt, rc, err);
}

enum gw_status gw_desk_store_chain(struct gw_desk_store *s, const char *gateway, const char *chain,
                                   struct gw_desk_chain *out, struct gw_err *err)
{
    return load_chain(s, gateway, chain, out, err);
}

/* hash and prev of record seq; "" where it is not there. */
static enum gw_status links(struct gw_desk_store *s, const struct gw_desk_record *r, int64_t seq,
                            char hash[GW_SHA256_HEX], char prev[GW_SHA256_HEX], struct gw_err *err)
{
    hash[0] = prev[0] = '\0';
    sqlite3_stmt *stmt = ready(s, SQL_NEXT, ARGS(T(r->gateway), T(r->claim.chain), N(seq)), err);
    if (!stmt)
        return err->status;
    const int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        take_hash(hash, col(stmt, 0));
        take_hash(prev, col(stmt, 1));
    }
    return ended(s, stmt, rc, err);
}

static enum gw_status mark_broken(struct gw_desk_store *s, const struct gw_desk_record *r,
                                  int64_t seq, struct gw_err *err)
{
    enum gw_status st = change(s, SQL_BROKEN, ARGS(T(r->gateway), T(r->claim.chain), N(seq)), err);
    if (st == GW_OK)
        st = change(s, SQL_PREV_OF, ARGS(T(r->gateway), T(r->claim.chain), N(seq)), err);
    return st;
}

/* The record against both neighbours, as far as they are there. */
static enum gw_status check_links(struct gw_desk_store *s, const struct gw_desk_record *r,
                                  struct gw_err *err)
{
    char hash[GW_SHA256_HEX], prev[GW_SHA256_HEX];
    const struct gw_claim *c = &r->claim;
    enum gw_status st = links(s, r, c->seq - 1, hash, prev, err);
    const char *before = c->seq == 1 ? gw_claim_origin : hash;
    if (st == GW_OK && before[0] != '\0' && strcmp(before, c->prev) != 0)
        st = mark_broken(s, r, c->seq, err);
    if (st == GW_OK)
        st = links(s, r, c->seq + 1, hash, prev, err);
    if (st == GW_OK && prev[0] != '\0' && strcmp(prev, c->hash) != 0)
        st = mark_broken(s, r, c->seq + 1, err);
    return st;
}

/* How far the chain is whole now. A break ends it: what follows is kept, and vouched for by
 * nothing. */
static enum gw_status advance(struct gw_desk_store *s, const struct gw_desk_record *r,
                              struct gw_err *err)
{
    struct gw_desk_chain c;
    char hash[GW_SHA256_HEX], prev[GW_SHA256_HEX];
    enum gw_status st = load_chain(s, r->gateway, r->claim.chain, &c, err);
    if (st != GW_OK || r->claim.seq != c.whole.seq + 1)
        return st;
    for (bool more = true; more && st == GW_OK;) {
        st = links(s, r, c.whole.seq + 1, hash, prev, err);
        more = st == GW_OK && hash[0] != '\0' && strcmp(prev, c.whole.hash) == 0;
        if (more) {
            c.whole.seq++;
            take_hash(c.whole.hash, hash);
        }
    }
    if (st == GW_OK)
        st = change(s, SQL_CHAIN_SET,
                    ARGS(T(r->gateway), T(r->claim.chain), N(c.whole.seq), T(c.whole.hash)), err);
    return st;
}

/* Another one has its number, or it is there already. */
static enum gw_status compare(struct gw_desk_store *s, const struct gw_desk_record *r,
                              enum gw_desk_put *how, struct gw_err *err)
{
    char hash[GW_SHA256_HEX], prev[GW_SHA256_HEX];
    const struct gw_claim *c = &r->claim;
    enum gw_status st = links(s, r, c->seq, hash, prev, err);
    if (st != GW_OK)
        return st;
    if (strcmp(hash, c->hash) == 0) {
        *how = GW_DESK_AGAIN;
        return change(s, SQL_AGAIN, ARGS(T(r->gateway)), err);
    }
    *how = GW_DESK_FORKED;
    st = change(s, SQL_FORK,
                ARGS(T(r->gateway), T(c->chain), N(c->seq), T(c->hash), N(r->received_ms),
                     B(r->wire, r->wire_len)),
                err);
    if (st == GW_OK && sqlite3_changes(s->db) > 0)
        st = change(s, SQL_FORKED, ARGS(T(r->gateway)), err);
    return st;
}

enum gw_status gw_desk_store_put(struct gw_desk_store *s, const struct gw_desk_record *r,
                                 enum gw_desk_put *how, struct gw_err *err)
{
    const struct gw_claim *c = &r->claim;
    char id[GW_RECORD_ID_SIZE];
    (void)snprintf(id, sizeof id, "%s-%" PRId64, c->chain, c->seq);
    enum gw_status st =
        change(s, SQL_CHAIN_NEW, ARGS(T(r->gateway), T(c->chain), T(gw_claim_origin)), err);
    if (st == GW_OK)
        st = change(s, SQL_PUT,
                    ARGS(T(r->gateway), T(c->chain), N(c->seq), T(id), T(c->hash), T(c->prev),
                         T(c->cls), T(r->case_id), T(r->finding), T(r->kind), T(r->state),
                         T(r->county), T(r->about), N(r->received_ms), B(r->wire, r->wire_len)),
                    err);
    if (st != GW_OK)
        return st;
    if (sqlite3_changes(s->db) == 0)
        return compare(s, r, how, err);
    *how = GW_DESK_NEW;
    st = change(s, SQL_COUNT, ARGS(T(r->gateway), T(c->chain), N(c->seq)), err);
    if (st == GW_OK)
        st = check_links(s, r, err);
    if (st == GW_OK)
        st = advance(s, r, err);
    return st;
}

enum gw_status gw_desk_store_told(struct gw_desk_store *s, const char *gateway, const char *chain,
                                  int64_t seq, struct gw_err *err)
{
    enum gw_status st =
        change(s, SQL_CHAIN_NEW, ARGS(T(gateway), T(chain), T(gw_claim_origin)), err);
    if (st == GW_OK)
        st = change(s, SQL_TOLD, ARGS(T(gateway), T(chain), N(seq)), err);
    return st;
}

/* ---- records going out ---- */

static enum gw_status each_row(struct gw_desk_store *s, sqlite3_stmt *stmt, gw_desk_each *each,
                               void *ctx, struct gw_err *err)
{
    int rc = SQLITE_DONE;
    bool more = true;
    if (!stmt)
        return err->status;
    while (more && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const struct gw_desk_row row = {
            .gateway = col(stmt, 0),
            .chain = col(stmt, 1),
            .seq = sqlite3_column_int64(stmt, 2),
            .id = col(stmt, 3),
            .cls = col(stmt, 4),
            .case_id = col(stmt, 5),
            .finding = col(stmt, 6),
            .kind = col(stmt, 7),
            .state = col(stmt, 8),
            .county = col(stmt, 9),
            .hash = col(stmt, 10),
            .received_ms = sqlite3_column_int64(stmt, 11),
            .wire = sqlite3_column_blob(stmt, 12),
            .wire_len = (size_t)sqlite3_column_bytes(stmt, 12),
            .broken = sqlite3_column_int(stmt, 13) != 0,
        };
        more = each(ctx, &row);
    }
    return ended(s, stmt, rc, err);
}

enum gw_status gw_desk_store_export(struct gw_desk_store *s, const char *gateway,
                                    gw_desk_each *each, void *ctx, struct gw_err *err)
{
    return each_row(s, ready(s, SQL_EXPORT, ARGS(T(gateway)), err), each, ctx, err);
}

enum gw_status gw_desk_store_case(struct gw_desk_store *s, const char *gateway, const char *case_id,
                                  gw_desk_each *each, void *ctx, struct gw_err *err)
{
    return each_row(s, ready(s, SQL_CASE, ARGS(T(gateway), T(case_id)), err), each, ctx, err);
}

enum gw_status gw_desk_store_leads(struct gw_desk_store *s, const char *county, int n,
                                   gw_desk_each *each, void *ctx, struct gw_err *err)
{
    sqlite3_stmt *stmt = county ? ready(s, SQL_LEADS, ARGS(T(county), N(n)), err)
                                : ready(s, SQL_LEADS_ALL, ARGS(N(n)), err);
    return each_row(s, stmt, each, ctx, err);
}

enum gw_status gw_desk_store_proofs(struct gw_desk_store *s, const char *gateway, int n,
                                    gw_desk_each *each, void *ctx, struct gw_err *err)
{
    return each_row(s, ready(s, SQL_PROOFS, ARGS(T(gateway), N(n)), err), each, ctx, err);
}

enum gw_status gw_desk_store_record(struct gw_desk_store *s, const char *gateway, const char *id,
                                    gw_desk_each *each, void *ctx, struct gw_err *err)
{
    return each_row(s, ready(s, SQL_RECORD, ARGS(T(gateway), T(id)), err), each, ctx, err);
}

enum gw_status gw_desk_store_evidence(struct gw_desk_store *s, const char *gateway,
                                      const char *about, gw_desk_each *each, void *ctx,
                                      struct gw_err *err)
{
    return each_row(s, ready(s, SQL_EVIDENCE, ARGS(T(gateway), T(about)), err), each, ctx, err);
}

/* ---- windows, documents ---- */

/* The first column of the only row, copied. */
static enum gw_status one_blob(struct gw_desk_store *s, sqlite3_stmt *stmt, char **out, size_t *len,
                               struct gw_err *err)
{
    *out = NULL;
    *len = 0;
    if (!stmt)
        return err->status;
    const int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        const void *data = sqlite3_column_blob(stmt, 0);
        *len = (size_t)sqlite3_column_bytes(stmt, 0);
        *out = malloc(*len + 1);
        if (!*out) {
            (void)sqlite3_reset(stmt);
            return gw_err_set(err, GW_E_NOMEM, "store: out of memory");
        }
        if (*len > 0)
            memcpy(*out, data, *len);
        (*out)[*len] = '\0';
    }
    return ended(s, stmt, rc, err);
}

enum gw_status gw_desk_store_put_window(struct gw_desk_store *s, const char *gateway,
                                        const char *record, const char *bytes, size_t len,
                                        struct gw_err *err)
{
    char sha256[GW_SHA256_HEX];
    const enum gw_status st = gw_sha256_hex(bytes, len, sha256);
    if (st != GW_OK)
        return gw_err_set(err, st, "SHA-256 failed");
    return change(s, SQL_PUT_WINDOW, ARGS(T(gateway), T(sha256), T(record), B(bytes, len)), err);
}

enum gw_status gw_desk_store_window(struct gw_desk_store *s, const char *gateway,
                                    const char *sha256, char **out, size_t *len, struct gw_err *err)
{
    return one_blob(s, ready(s, SQL_WINDOW, ARGS(T(gateway), T(sha256)), err), out, len, err);
}

enum gw_status gw_desk_store_put_document(struct gw_desk_store *s, const char *gateway,
                                          const char *name, const char *text, size_t len,
                                          struct gw_err *err)
{
    return change(s, SQL_PUT_DOC, ARGS(T(gateway), T(name), B(text, len)), err);
}

enum gw_status gw_desk_store_document(struct gw_desk_store *s, const char *gateway,
                                      const char *name, char **out, size_t *len, struct gw_err *err)
{
    return one_blob(s, ready(s, SQL_DOC, ARGS(T(gateway), T(name)), err), out, len, err);
}

/* ---- windows that are awaited ---- */

enum gw_status gw_desk_store_await(struct gw_desk_store *s, const struct gw_desk_await *a,
                                   int64_t now_ms, enum gw_desk_waits *out, struct gw_err *err)
{
    sqlite3_stmt *stmt = ready(
        s, SQL_AWAITED, ARGS(T(a->gateway), T(a->place.chain), N(a->place.seq), T(a->sha256)), err);
    if (!stmt)
        return err->status;
    const int rc = sqlite3_step(stmt);
    const bool here = rc == SQLITE_ROW && sqlite3_column_int(stmt, 0) != 0;
    const bool missing = rc == SQLITE_ROW && sqlite3_column_int(stmt, 1) != 0;
    const enum gw_status st = ended(s, stmt, rc, err);
    *out = here ? GW_DESK_ARRIVED : missing ? GW_DESK_MISSING : GW_DESK_AWAITED;
    if (st != GW_OK || here || missing)
        return st;
    return change(s, SQL_AWAIT,
                  ARGS(T(a->gateway), T(a->place.chain), N(a->place.seq), T(a->place.hash),
                       T(a->about), T(a->sha256), N(now_ms)),
                  err);
}

enum gw_status gw_desk_store_doubt(struct gw_desk_store *s, const char *gateway, const char *about,
                                   const char *sha256, struct gw_err *err)
{
    return change(s, SQL_DOUBT, ARGS(T(gateway), T(about), T(sha256)), err);
}

static enum gw_status settle(struct gw_desk_store *s, const struct gw_desk_due *d,
                             struct gw_err *err)
{
    const struct gw_place *p = &d->place;
    if (d->what == GW_DESK_DUE_ARRIVED)
        return change(s, SQL_AWAIT_DROP, ARGS(T(d->gateway), T(p->chain), N(p->seq)), err);
    return change(s, SQL_AWAIT_SET,
                  ARGS(T(d->gateway), T(p->chain), N(p->seq), N(d->what == GW_DESK_DUE_ASK),
                       N(d->what == GW_DESK_DUE_MISSING)),
                  err);
}

enum gw_status gw_desk_store_due(struct gw_desk_store *s, const struct gw_desk_patience *p,
                                 struct gw_desk_due *out, bool *found, struct gw_err *err)
{
    *found = false;
    *out = (struct gw_desk_due){.gateway = ""};
    /* A clock that was set back must not make anybody wait for years. */
    enum gw_status st = change(s, SQL_LATER, ARGS(N(p->now_ms)), err);
    sqlite3_stmt *stmt =
        st == GW_OK ? ready(s, SQL_DUE, ARGS(N(p->missing_ms), N(p->ask_ms), N(p->may_ask)), err)
                    : NULL;
    if (!stmt)
        return err->status;
    const int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        (void)snprintf(out->gateway, sizeof out->gateway, "%s", col(stmt, 0));
        (void)snprintf(out->place.chain, sizeof out->place.chain, "%s", col(stmt, 1));
        out->place.seq = sqlite3_column_int64(stmt, 2);
        take_hash(out->place.hash, col(stmt, 3));
        (void)snprintf(out->about, sizeof out->about, "%s", col(stmt, 4));
        out->what = (enum gw_desk_due_what)sqlite3_column_int(stmt, 5);
        out->given_up = sqlite3_column_int(stmt, 6) != 0;
        *found = true;
    }
    st = ended(s, stmt, rc, err);
    return st == GW_OK && *found ? settle(s, out, err) : st;
}

enum gw_status gw_desk_store_missing(struct gw_desk_store *s, const char *gateway,
                                     const char *sha256, bool *out, struct gw_err *err)
{
    sqlite3_stmt *stmt = ready(s, SQL_MISSING, ARGS(T(gateway), T(sha256)), err);
    if (!stmt)
        return err->status;
    const int rc = sqlite3_step(stmt);
    *out = rc == SQLITE_ROW && sqlite3_column_int(stmt, 0) != 0;
    return ended(s, stmt, rc, err);
}

/* ---- gateways ---- */

enum gw_status gw_desk_store_seen(struct gw_desk_store *s, const char *gateway, int64_t at_ms,
                                  struct gw_err *err)
{
    return change(s, SQL_SEEN, ARGS(T(gateway), N(at_ms)), err);
}

enum gw_status gw_desk_store_refused(struct gw_desk_store *s, const char *gateway, const char *why,
                                     struct gw_err *err)
{
    return change(s, SQL_REFUSED, ARGS(T(gateway), T(why)), err);
}

enum gw_status gw_desk_store_gateways(struct gw_desk_store *s,
                                      bool (*each)(void *ctx, const struct gw_desk_standing *g),
                                      void *ctx, struct gw_err *err)
{
    int rc = SQLITE_DONE;
    bool more = true;
    sqlite3_stmt *stmt = ready(s, SQL_GATEWAYS, NULL, 0, err);
    if (!stmt)
        return err->status;
    while (more && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const struct gw_desk_standing g = {
            .gateway = col(stmt, 0),
            .seen_ms = sqlite3_column_int64(stmt, 1),
            .again = sqlite3_column_int64(stmt, 2),
            .refused = sqlite3_column_int64(stmt, 3),
            .forked = sqlite3_column_int64(stmt, 4),
            .fault = col(stmt, 5),
        };
        more = each(ctx, &g);
    }
    return ended(s, stmt, rc, err);
}

enum gw_status gw_desk_store_chains(struct gw_desk_store *s, const char *gateway,
                                    bool (*each)(void *ctx, const struct gw_desk_chain *c),
                                    void *ctx, struct gw_err *err)
{
    int rc = SQLITE_DONE;
    bool more = true;
    sqlite3_stmt *stmt = ready(s, SQL_CHAINS, ARGS(T(gateway)), err);
    if (!stmt)
        return err->status;
    while (more && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct gw_desk_chain c = {
            .highest = sqlite3_column_int64(stmt, 3),
            .told = sqlite3_column_int64(stmt, 4),
            .broken = sqlite3_column_int64(stmt, 5),
        };
        (void)snprintf(c.whole.chain, sizeof c.whole.chain, "%s", col(stmt, 0));
        c.whole.seq = sqlite3_column_int64(stmt, 1);
        take_hash(c.whole.hash, col(stmt, 2));
        c.missing = c.highest - sqlite3_column_int64(stmt, 6);
        more = each(ctx, &c);
    }
    return ended(s, stmt, rc, err);
}

enum gw_status gw_desk_store_counties(struct gw_desk_store *s,
                                      bool (*each)(void *ctx, const char *county), void *ctx,
                                      struct gw_err *err)
{
    int rc = SQLITE_DONE;
    bool more = true;
    sqlite3_stmt *stmt = ready(s, SQL_COUNTIES, NULL, 0, err);
    if (!stmt)
        return err->status;
    while (more && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        more = each(ctx, col(stmt, 0));
    return ended(s, stmt, rc, err);
}

/* ---- commands ---- */

enum gw_status gw_desk_store_number(struct gw_desk_store *s, const char *gateway, const char *name,
                                    int64_t now_ms, int64_t *out, struct gw_err *err)
{
    sqlite3_stmt *stmt = ready(s, SQL_NUMBER, ARGS(T(gateway), T(name), N(now_ms)), err);
    if (!stmt)
        return err->status;
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        *out = sqlite3_column_int64(stmt, 0);
        rc = sqlite3_step(stmt); /* to the end, which is where it is committed */
    }
    return ended(s, stmt, rc, err);
}

enum gw_status gw_desk_store_asked(struct gw_desk_store *s, const char *gateway, const char *hash,
                                   const struct gw_desk_asked *a, struct gw_err *err)
{
    return change(s, SQL_ASKED,
                  ARGS(T(gateway), T(hash), T(a->name), T(a->subject),
                       B(a->command, strlen(a->command)), N(a->at_ms)),
                  err);
}

enum gw_status gw_desk_store_answered(struct gw_desk_store *s, const char *gateway,
                                      const char *hash, const char *reply, size_t len,
                                      struct gw_err *err)
{
    return change(s, SQL_ANSWERED, ARGS(T(gateway), T(hash), B(reply, len)), err);
}

enum gw_status gw_desk_store_each_asked(struct gw_desk_store *s, const char *gateway,
                                        const char *subject,
                                        bool (*each)(void *ctx, const struct gw_desk_asked *a),
                                        void *ctx, struct gw_err *err)
{
    int rc = SQLITE_DONE;
    bool more = true;
    sqlite3_stmt *stmt = ready(s, SQL_EACH_ASKED, ARGS(T(gateway), T(subject)), err);
    if (!stmt)
        return err->status;
    while (more && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const struct gw_desk_asked a = {
            .name = col(stmt, 0),
            .subject = col(stmt, 1),
            .command = col(stmt, 2),
            .reply = col(stmt, 3),
            .at_ms = sqlite3_column_int64(stmt, 4),
        };
        more = each(ctx, &a);
    }
    return ended(s, stmt, rc, err);
}
