/* SPDX-License-Identifier: Apache-2.0
 *
 * db: one SQLite file, set up so that what was committed survives kill -9 and a power cut. Private
 * to this folder; db.c is the only file that includes sqlite3.h.
 *
 * locking_mode EXCLUSIVE is set before WAL, so there is no -shm file and a second opener is
 * refused; the WAL stays when the file is closed and is never cut, so in the steady state no commit
 * makes the file system allocate; the file is grown once and never beyond its quota. Checkpoints
 * are run by the owner and not by SQLite inside a commit, which would swallow their errors. One
 * thread owns an instance.
 *
 * Errors, with a text that names the file:
 *   GW_E_PARSE        damaged, or no database: set it aside
 *   GW_E_NOTFOUND     the file was moved or removed while open: close it and open anew
 *   GW_E_FULL         no room left on the disk or within the quota
 *   GW_E_REFUSED      another program holds it, or it may not be written
 *   GW_E_UNSUPPORTED  written by a newer version of this program
 *   GW_E_CLOSED       an fsync failed. The kernel may have dropped the pages: the process must end
 *   GW_E_NOMEM, GW_E_RANGE (a value larger than SQLite takes), GW_E_IO (anything else; try again)
 */
#ifndef GW_JOURNAL_DB_H
#define GW_JOURNAL_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/status.h"

#define GW_DB_PAGE 4096

struct gw_db;

/* Opens or makes (mode 0600) the file, at most max_bytes large. durable: each commit is on the
 * medium before it returns; otherwise a power cut may take back the last ones, never half of one.
 */
enum gw_status gw_db_open(const char *path, int64_t max_bytes, bool durable, struct gw_db **out,
                          struct gw_err *err) GW_MUST_CHECK;
/* tidy: moves what is in the WAL into the file. Not after an fsync error or damage. NULL is fine.
 */
void gw_db_close(struct gw_db *db, bool tidy);

/* Looks for damage for about max_ms; a file that is too large for that is checked in part. GW_OK
 * with *indexes: the tables are sound, but an index does not fit its table. */
enum gw_status gw_db_check(struct gw_db *db, const struct gw_clock *clock, int64_t max_ms,
                           bool *indexes, struct gw_err *err) GW_MUST_CHECK;
/* Takes the schema from its user_version v to n by steps[v] .. steps[n-1], in one transaction. */
enum gw_status gw_db_migrate(struct gw_db *db, const char *const *steps, int n,
                             struct gw_err *err) GW_MUST_CHECK;
/* Grows the file, and its WAL, once. GW_E_FULL: less was reserved than asked for; carry on. */
enum gw_status gw_db_reserve(struct gw_db *db, int64_t bytes, struct gw_err *err) GW_MUST_CHECK;

/* Runs SQL that gives no rows. */
enum gw_status gw_db_exec(struct gw_db *db, const char *sql, struct gw_err *err) GW_MUST_CHECK;
/* One value, once. A text that does not fit, no row, or a foreign type gives GW_E_PARSE. */
enum gw_status gw_db_get_int(struct gw_db *db, const char *sql, int64_t *out,
                             struct gw_err *err) GW_MUST_CHECK;
enum gw_status gw_db_get_text(struct gw_db *db, const char *sql, char *out, size_t size,
                              struct gw_err *err) GW_MUST_CHECK;
/* As gw_db_get_int, but gives up after about max_ms: GW_E_TIMEOUT. */
enum gw_status gw_db_count(struct gw_db *db, const char *sql, const struct gw_clock *clock,
                           int64_t max_ms, int64_t *out, struct gw_err *err) GW_MUST_CHECK;

/* Statements, prepared once and named by their index. */
enum gw_status gw_db_prepare(struct gw_db *db, const char *const *sql, size_t n,
                             struct gw_err *err) GW_MUST_CHECK;
/* Parameters count from 1; bytes are lent until the statement ends. A failure shows in the step. */
void gw_db_bind_int(struct gw_db *db, unsigned stmt, int param, int64_t value);
void gw_db_bind_text(struct gw_db *db, unsigned stmt, int param, const char *text);
void gw_db_bind_blob(struct gw_db *db, unsigned stmt, int param, const void *data, size_t n);
/* *row: a row is there to be read. Otherwise, and on failure, the statement has ended. */
enum gw_status gw_db_step(struct gw_db *db, unsigned stmt, bool *row,
                          struct gw_err *err) GW_MUST_CHECK;
/* Runs a statement that gives no rows. */
enum gw_status gw_db_run(struct gw_db *db, unsigned stmt, struct gw_err *err) GW_MUST_CHECK;
/* Ends it early. */
void gw_db_end(struct gw_db *db, unsigned stmt);
/* Columns count from 0. Text is lent until the next step or end, never NULL, and ends after *len
 * bytes without a NUL. */
int64_t gw_db_int(struct gw_db *db, unsigned stmt, int column);
const char *gw_db_text(struct gw_db *db, unsigned stmt, int column, size_t *len);
/* Rows that the last insert, update or delete changed. */
int64_t gw_db_changes(struct gw_db *db);

/* begin finds out whether the file is still in its place. rollback after any failure between
 * begin and commit, commit's own included; without a transaction it does nothing. */
enum gw_status gw_db_begin(struct gw_db *db, struct gw_err *err) GW_MUST_CHECK;
enum gw_status gw_db_commit(struct gw_db *db, struct gw_err *err) GW_MUST_CHECK;
void gw_db_rollback(struct gw_db *db);

/* Moves the WAL into the file when it has grown to 256 pages; otherwise nothing. Outside of
 * transactions. A full disk is no error here: it is tried again after the next commit. */
enum gw_status gw_db_checkpoint(struct gw_db *db, struct gw_err *err) GW_MUST_CHECK;

struct gw_db_pages {
    int64_t count;  /* in the file */
    int64_t unused; /* of these */
    int64_t max;    /* the quota */
};
enum gw_status gw_db_pages(struct gw_db *db, struct gw_db_pages *out,
                           struct gw_err *err) GW_MUST_CHECK;

/* Renames the file and its WAL to <path>.damaged-<time of wall_ms>; name gets the new path. The
 * file must not be open. */
enum gw_status gw_db_set_aside(const char *path, int64_t wall_ms, char *name, size_t size,
                               struct gw_err *err) GW_MUST_CHECK;

/* A checksum over fields, against altered bytes in the middle of a sound file. Start with
 * GW_DB_SUM; a changed byte always changes it. */
#define GW_DB_SUM UINT64_C(14695981039346656037)
uint64_t gw_db_sum_bytes(uint64_t sum, const void *data, size_t n);
uint64_t gw_db_sum_int(uint64_t sum, int64_t value);

#endif
