/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define CHECKPOINT_PAGES 256
#define GROW_CHUNK       (INT64_C(384) * GW_DB_PAGE) /* one step of growth; leaves a WAL of that size */
#define PROGRESS_OPS     20000 /* virtual machine steps between looks at the clock */

struct gw_db {
    sqlite3 *sql;
    char *path;
    sqlite3_stmt **stmts;
    size_t nstmts;
    int bind_code; /* first failed bind since the last step */
    int wal_pages; /* not yet in the file */
    int64_t max_pages;
};

/* How SQLite's codes are told; the first match counts, extended codes come first. */
static const struct {
    int code;
    enum gw_status status;
    const char *text;
} outcomes[] = {
    {SQLITE_IOERR_FSYNC, GW_E_CLOSED, "the disk did not store what was written (fsync failed)"},
    {SQLITE_IOERR_DIR_FSYNC, GW_E_CLOSED, "the disk did not store a file name (fsync failed)"},
    {SQLITE_IOERR_CORRUPTFS, GW_E_PARSE, "the file system is damaged"},
    {SQLITE_BUSY, GW_E_REFUSED, "in use by another program (is nonsited running twice?)"},
    {SQLITE_LOCKED, GW_E_REFUSED, "in use by another program (is nonsited running twice?)"},
    {SQLITE_FULL, GW_E_FULL, "no room left on the disk or within its quota"},
    {SQLITE_NOMEM, GW_E_NOMEM, "out of memory"},
    {SQLITE_TOOBIG, GW_E_RANGE, "a value is too large"},
    {SQLITE_READONLY, GW_E_REFUSED, "may not be written"},
    {SQLITE_PERM, GW_E_REFUSED, "no permission"},
    {SQLITE_AUTH, GW_E_REFUSED, "no permission"},
    {SQLITE_CANTOPEN, GW_E_IO, "cannot be opened"},
    {SQLITE_IOERR, GW_E_IO, "disk error"},
    {SQLITE_INTERRUPT, GW_E_TIMEOUT, "took too long"},
    {SQLITE_NOTADB, GW_E_PARSE, "damaged: not a database"},
    {SQLITE_CORRUPT, GW_E_PARSE, "damaged"},
    /* The statements are fixed and fit the schema: if they fail, the schema or a key is damaged. */
    {SQLITE_ERROR, GW_E_PARSE, "damaged: its tables are not as they were made"},
    {SQLITE_CONSTRAINT, GW_E_PARSE, "damaged: a number was found twice"},
    {SQLITE_MISMATCH, GW_E_PARSE, "damaged: a value of a foreign type"},
    {SQLITE_SCHEMA, GW_E_PARSE, "damaged: its tables are not as they were made"},
};

/* SQLite takes a file for one that may not be written also where the system says nothing of the kind,
 * but the file itself does, in the byte of its header that names the version for writing. Read through
 * SQLite, since closing a descriptor of our own would drop the locks of this process. */
static bool header_forbids(const struct gw_db *db)
{
    enum { AT = 18, KNOWN = 2 };
    unsigned char version = 0;
    sqlite3_file *file = NULL;
    return sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK &&
           file != NULL && file->pMethods != NULL &&
           file->pMethods->xRead(file, &version, 1, AT) == SQLITE_OK && version > KNOWN;
}

static enum gw_status fail(const struct gw_db *db, int code, struct gw_err *err)
{
    int primary = code & 0xff;
    if (code == SQLITE_READONLY && header_forbids(db))
        return gw_err_set(err, GW_E_PARSE, "%s: damaged: of a format that may not be written",
                          db->path);
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        if (outcomes[i].code != code && outcomes[i].code != primary)
            continue;
        int error = db->sql != NULL ? sqlite3_system_errno(db->sql) : 0;
        bool os = error != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN);
        return gw_err_set(err, outcomes[i].status, "%s: %s%s%s (%s)", db->path, outcomes[i].text,
                          os ? ": " : "", os ? strerror(error) : "", sqlite3_errstr(code));
    }
    return gw_err_set(err, GW_E_IO, "%s: %s (%d)", db->path, sqlite3_errstr(code), code);
}

static enum gw_status check_code(const struct gw_db *db, int code, struct gw_err *err)
{
    return code == SQLITE_OK ? GW_OK : fail(db, code, err);
}

enum gw_status gw_db_exec(struct gw_db *db, const char *sql, struct gw_err *err)
{
    return check_code(db, sqlite3_exec(db->sql, sql, NULL, NULL, NULL), err);
}

/* The name of a new file must survive a power cut, too. */
static enum gw_status sync_folder(const char *path, struct gw_err *err)
{
    enum gw_status status = GW_OK;
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    if (folder == NULL)
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        status = gw_err_set(err, GW_E_IO, "%s: %s", folder, strerror(errno));
    else if (fsync(fd) != 0)
        status = gw_err_set(err, GW_E_CLOSED, "%s: fsync failed: %s", folder, strerror(errno));
    if (fd >= 0)
        close(fd);
    free(folder);
    return status;
}

/* SQLite would make it with mode 0644. An existing file is not touched: closing any descriptor of
 * it would drop the locks that this process may hold. */
static enum gw_status make_file(const char *path, struct gw_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return GW_OK;
    if (fd < 0) {
        int error = errno;
        enum gw_status status = error == ENOSPC || error == EDQUOT ? GW_E_FULL : GW_E_IO;
        return gw_err_set(err, status, "%s: cannot be made: %s", path, strerror(error));
    }
    close(fd);
    return sync_folder(path, err);
}

static int count_wal(void *ctx, sqlite3 *sql, const char *name, int pages)
{
    struct gw_db *db = ctx;
    (void)sql;
    (void)name;
    db->wal_pages = pages;
    return SQLITE_OK; /* the commit stands, whatever comes next */
}

static enum gw_status set_up(struct gw_db *db, bool durable, struct gw_err *err)
{
    /* locking_mode before anything reads the file; journal_mode is the first that does. */
    static const char *const pragmas[] = {
        "PRAGMA locking_mode=EXCLUSIVE", "PRAGMA page_size=4096",    "PRAGMA journal_mode=WAL",
        "PRAGMA journal_size_limit=-1",  "PRAGMA foreign_keys=ON",   "PRAGMA trusted_schema=OFF",
        "PRAGMA cell_size_check=ON",     "PRAGMA secure_delete=OFF", "PRAGMA temp_store=MEMORY",
        "PRAGMA cache_size=-256",
    };
    int on = 1;
    sqlite3_extended_result_codes(db->sql, 1);
    sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    enum gw_status status = GW_OK;
    for (size_t i = 0; status == GW_OK && i < sizeof pragmas / sizeof pragmas[0]; i++)
        status = gw_db_exec(db, pragmas[i], err);
    if (status == GW_OK)
        status =
            gw_db_exec(db, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", err);
    if (status != GW_OK)
        return status;

    char mode[16];
    status = gw_db_get_text(db, "PRAGMA journal_mode", mode, sizeof mode, err);
    if (status != GW_OK)
        return status;
    if (strcmp(mode, "wal") != 0)
        return gw_err_set(err, GW_E_IO, "%s: this file system does not take a WAL", db->path);
    status =
        check_code(db, sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_PERSIST_WAL, &on), err);
    if (status != GW_OK)
        return status;
    /* Replaces the automatic checkpoint. */
    sqlite3_wal_hook(db->sql, count_wal, db);

    char text[64];
    snprintf(text, sizeof text, "PRAGMA max_page_count=%lld", (long long)db->max_pages);
    return gw_db_exec(db, text, err);
}

enum gw_status gw_db_open(const char *path, int64_t max_bytes, bool durable, struct gw_db **out,
                          struct gw_err *err)
{
    enum gw_status status = make_file(path, err);
    if (status != GW_OK)
        return status;

    struct gw_db *db = calloc(1, sizeof *db);
    if (db == NULL)
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", path);
    db->max_pages = max_bytes / GW_DB_PAGE;
    db->path = strdup(path);
    if (db->path == NULL) {
        status = gw_err_set(err, GW_E_NOMEM, "%s: out of memory", path);
        goto out;
    }
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    status = check_code(db, sqlite3_open_v2(path, &db->sql, flags, NULL), err);
    if (status == GW_OK)
        status = set_up(db, durable, err);
    if (status == GW_OK) {
        *out = db;
        db = NULL;
    }

out:
    gw_db_close(db, false);
    return status;
}

static void finalize(struct gw_db *db)
{
    for (size_t i = 0; i < db->nstmts; i++)
        sqlite3_finalize(db->stmts[i]);
    free(db->stmts);
    db->stmts = NULL;
    db->nstmts = 0;
}

void gw_db_close(struct gw_db *db, bool tidy)
{
    if (db == NULL)
        return;
    finalize(db);
    if (db->sql != NULL && !tidy)
        sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_close(db->sql);
    free(db->path);
    free(db);
}

struct deadline {
    const struct gw_clock *clock;
    int64_t end_ms;
};

static int past_deadline(void *ctx)
{
    const struct deadline *d = ctx;
    return gw_clock_mono_ms(d->clock) >= d->end_ms;
}

static void limit_time(struct gw_db *db, struct deadline *d, const struct gw_clock *clock,
                       int64_t max_ms)
{
    d->clock = clock;
    d->end_ms = gw_clock_mono_ms(clock) + max_ms;
    sqlite3_progress_handler(db->sql, PROGRESS_OPS, past_deadline, d);
}

enum gw_status gw_db_check(struct gw_db *db, const struct gw_clock *clock, int64_t max_ms,
                           bool *indexes, struct gw_err *err)
{
    struct deadline deadline;
    char found[128] = "";
    *indexes = false;
    limit_time(db, &deadline, clock, max_ms);
    enum gw_status status =
        gw_db_get_text(db, "PRAGMA integrity_check(1)", found, sizeof found, err);
    if (status == GW_OK && strcmp(found, "ok") != 0) {
        /* The same without the indexes. */
        *indexes = true;
        status = gw_db_get_text(db, "PRAGMA quick_check(1)", found, sizeof found, err);
    }
    sqlite3_progress_handler(db->sql, 0, NULL, NULL);
    if (status == GW_E_TIMEOUT)
        return GW_OK;
    if (status == GW_OK && strcmp(found, "ok") != 0)
        return gw_err_set(err, GW_E_PARSE, "%s: damaged: %s", db->path, found);
    return status;
}

enum gw_status gw_db_migrate(struct gw_db *db, const char *const *steps, int n, struct gw_err *err)
{
    int64_t version = 0;
    enum gw_status status = gw_db_get_int(db, "PRAGMA user_version", &version, err);
    if (status != GW_OK || version == n)
        return status;
    if (version < 0 || version > n)
        return gw_err_set(err, GW_E_UNSUPPORTED,
                          "%s: has format %lld, this program knows formats up to %d", db->path,
                          (long long)version, n);

    char text[48];
    snprintf(text, sizeof text, "PRAGMA user_version=%d", n);
    status = gw_db_exec(db, "BEGIN IMMEDIATE", err);
    for (int64_t v = version; status == GW_OK && v < n; v++)
        status = gw_db_exec(db, steps[v], err);
    if (status == GW_OK)
        status = gw_db_exec(db, text, err);
    if (status == GW_OK)
        status = gw_db_exec(db, "COMMIT", err);
    if (status != GW_OK)
        gw_db_rollback(db);
    return status;
}

static enum gw_status checkpoint(struct gw_db *db, struct gw_err *err)
{
    int code = sqlite3_wal_checkpoint_v2(db->sql, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    db->wal_pages = 0;
    return check_code(db, code, err);
}

static enum gw_status grow(struct gw_db *db, int64_t pages, struct gw_err *err)
{
    int64_t count = 0;
    char text[64];
    enum gw_status status = gw_db_exec(db, "CREATE TABLE reserve(data BLOB)", err);
    while (status == GW_OK) {
        status = gw_db_get_int(db, "PRAGMA page_count", &count, err);
        if (status != GW_OK || count >= pages)
            break;
        int64_t bytes = (pages - count) * GW_DB_PAGE;
        if (bytes > GROW_CHUNK)
            bytes = GROW_CHUNK;
        snprintf(text, sizeof text, "INSERT INTO reserve VALUES(zeroblob(%lld))", (long long)bytes);
        status = gw_db_exec(db, text, err);
        if (status == GW_OK)
            status = checkpoint(db, err);
    }
    return status;
}

/* Growing writes everything twice, to the WAL and to the file, and others need room, too. */
static bool has_room(const char *path, int64_t bytes)
{
    struct statvfs fs;
    if (statvfs(path, &fs) != 0)
        return true;
    return (uint64_t)fs.f_bavail * fs.f_frsize > (uint64_t)bytes + 2 * (uint64_t)GROW_CHUNK;
}

enum gw_status gw_db_reserve(struct gw_db *db, int64_t bytes, struct gw_err *err)
{
    int64_t count = 0;
    /* What a kill or a failure in the middle of growth has left. */
    enum gw_status status = gw_db_exec(db, "DROP TABLE IF EXISTS reserve", err);
    if (status == GW_OK)
        status = gw_db_get_int(db, "PRAGMA page_count", &count, err);
    if (status != GW_OK)
        return status;
    bool grown = count < bytes / GW_DB_PAGE;
    if (grown && !has_room(db->path, bytes))
        status = fail(db, SQLITE_FULL, err);
    else if (grown)
        status = grow(db, bytes / GW_DB_PAGE, err);
    if (status != GW_OK && status != GW_E_FULL)
        return status;
    enum gw_status dropped = gw_db_exec(db, "DROP TABLE IF EXISTS reserve", err);
    if (dropped == GW_OK && grown)
        dropped = checkpoint(db, err);
    return dropped != GW_OK ? dropped : status;
}

enum gw_status gw_db_get_text(struct gw_db *db, const char *sql, char *out, size_t size,
                              struct gw_err *err)
{
    sqlite3_stmt *stmt = NULL;
    enum gw_status status = check_code(db, sqlite3_prepare_v2(db->sql, sql, -1, &stmt, NULL), err);
    if (status != GW_OK)
        return status;
    int code = sqlite3_step(stmt);
    const unsigned char *text = code == SQLITE_ROW ? sqlite3_column_text(stmt, 0) : NULL;
    if (text != NULL)
        snprintf(out, size, "%s", (const char *)text);
    else if (code == SQLITE_ROW || code == SQLITE_DONE)
        status = gw_err_set(err, GW_E_PARSE, "%s: damaged: a value is missing", db->path);
    else
        status = fail(db, code, err);
    sqlite3_finalize(stmt);
    return status;
}

enum gw_status gw_db_get_int(struct gw_db *db, const char *sql, int64_t *out, struct gw_err *err)
{
    char text[32];
    char *end = NULL;
    enum gw_status status = gw_db_get_text(db, sql, text, sizeof text, err);
    if (status != GW_OK)
        return status;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0)
        return gw_err_set(err, GW_E_PARSE, "%s: damaged: a number is not a number", db->path);
    *out = value;
    return GW_OK;
}

enum gw_status gw_db_count(struct gw_db *db, const char *sql, const struct gw_clock *clock,
                           int64_t max_ms, int64_t *out, struct gw_err *err)
{
    struct deadline deadline;
    limit_time(db, &deadline, clock, max_ms);
    enum gw_status status = gw_db_get_int(db, sql, out, err);
    sqlite3_progress_handler(db->sql, 0, NULL, NULL);
    return status;
}

enum gw_status gw_db_prepare(struct gw_db *db, const char *const *sql, size_t n, struct gw_err *err)
{
    finalize(db);
    db->stmts = calloc(n, sizeof(sqlite3_stmt *));
    if (db->stmts == NULL)
        return gw_err_set(err, GW_E_NOMEM, "%s: out of memory", db->path);
    db->nstmts = n;
    for (size_t i = 0; i < n; i++) {
        int code =
            sqlite3_prepare_v3(db->sql, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &db->stmts[i], NULL);
        if (code != SQLITE_OK)
            return fail(db, code, err);
    }
    return GW_OK;
}

static void note_bind(struct gw_db *db, int code)
{
    if (db->bind_code == SQLITE_OK)
        db->bind_code = code;
}

void gw_db_bind_int(struct gw_db *db, unsigned stmt, int param, int64_t value)
{
    note_bind(db, sqlite3_bind_int64(db->stmts[stmt], param, value));
}

void gw_db_bind_text(struct gw_db *db, unsigned stmt, int param, const char *text)
{
    note_bind(db, sqlite3_bind_text(db->stmts[stmt], param, text, -1, SQLITE_STATIC));
}

void gw_db_bind_blob(struct gw_db *db, unsigned stmt, int param, const void *data, size_t n)
{
    /* A NULL pointer would bind NULL, not an empty blob. */
    if (n == 0)
        note_bind(db, sqlite3_bind_zeroblob(db->stmts[stmt], param, 0));
    else
        note_bind(db, sqlite3_bind_blob64(db->stmts[stmt], param, data, n, SQLITE_STATIC));
}

void gw_db_end(struct gw_db *db, unsigned stmt)
{
    sqlite3_reset(db->stmts[stmt]);
    sqlite3_clear_bindings(db->stmts[stmt]);
}

enum gw_status gw_db_step(struct gw_db *db, unsigned stmt, bool *row, struct gw_err *err)
{
    int code = db->bind_code;
    db->bind_code = SQLITE_OK;
    *row = false;
    if (code == SQLITE_OK)
        code = sqlite3_step(db->stmts[stmt]);
    if (code == SQLITE_ROW) {
        *row = true;
        return GW_OK;
    }
    enum gw_status status = code == SQLITE_DONE ? GW_OK : fail(db, code, err);
    gw_db_end(db, stmt);
    return status;
}

enum gw_status gw_db_run(struct gw_db *db, unsigned stmt, struct gw_err *err)
{
    bool row = false;
    enum gw_status status = gw_db_step(db, stmt, &row, err);
    if (row)
        gw_db_end(db, stmt);
    return status;
}

int64_t gw_db_int(struct gw_db *db, unsigned stmt, int column)
{
    return sqlite3_column_int64(db->stmts[stmt], column);
}

const char *gw_db_text(struct gw_db *db, unsigned stmt, int column, size_t *len)
{
    /* blob and not text: no conversion, so the bytes come as they were stored. */
    const char *data = sqlite3_column_blob(db->stmts[stmt], column);
    int n = sqlite3_column_bytes(db->stmts[stmt], column);
    if (len != NULL)
        *len = data != NULL && n > 0 ? (size_t)n : 0;
    return data != NULL ? data : "";
}

int64_t gw_db_changes(struct gw_db *db)
{
    return sqlite3_changes64(db->sql);
}

enum gw_status gw_db_begin(struct gw_db *db, struct gw_err *err)
{
    int moved = 0;
    if (sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
        moved != 0)
        return gw_err_set(err, GW_E_NOTFOUND, "%s: was moved or removed while in use", db->path);
    return gw_db_exec(db, "BEGIN IMMEDIATE", err);
}

enum gw_status gw_db_commit(struct gw_db *db, struct gw_err *err)
{
    return gw_db_exec(db, "COMMIT", err);
}

void gw_db_rollback(struct gw_db *db)
{
    if (sqlite3_get_autocommit(db->sql) == 0)
        sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
}

enum gw_status gw_db_checkpoint(struct gw_db *db, struct gw_err *err)
{
    if (db->wal_pages < CHECKPOINT_PAGES)
        return GW_OK;
    enum gw_status status = checkpoint(db, err);
    return status == GW_E_FULL ? GW_OK : status;
}

enum gw_status gw_db_pages(struct gw_db *db, struct gw_db_pages *out, struct gw_err *err)
{
    struct gw_db_pages pages = {.max = db->max_pages};
    enum gw_status status = gw_db_get_int(db, "PRAGMA page_count", &pages.count, err);
    if (status == GW_OK)
        status = gw_db_get_int(db, "PRAGMA freelist_count", &pages.unused, err);
    if (status == GW_OK)
        *out = pages;
    return status;
}

static bool is_there(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

enum gw_status gw_db_set_aside(const char *path, int64_t wall_ms, char *name, size_t size,
                               struct gw_err *err)
{
    char iso[GW_ISO_SIZE];
    gw_clock_iso(wall_ms, iso); /* 2026-11-22T13:10:00... */
    for (int i = 1;; i++) {
        char again[16] = "";
        if (i > 1)
            snprintf(again, sizeof again, "-%d", i);
        int n = snprintf(name, size, "%s.damaged-%.4s%.2s%.2sT%.2s%.2s%.2s%s", path, iso, iso + 5,
                         iso + 8, iso + 11, iso + 14, iso + 17, again);
        if (n < 0 || (size_t)n >= size)
            return gw_err_set(err, GW_E_RANGE, "%s: its name is too long", path);
        if (!is_there(name))
            break;
        if (i == 1000)
            return gw_err_set(err, GW_E_IO, "%s: cannot be set aside: too many copies", path);
    }

    char wal[4096];
    char wal_name[4096];
    int a = snprintf(wal, sizeof wal, "%s-wal", path);
    int b = snprintf(wal_name, sizeof wal_name, "%s-wal", name);
    if (a < 0 || b < 0 || (size_t)a >= sizeof wal || (size_t)b >= sizeof wal_name)
        return gw_err_set(err, GW_E_RANGE, "%s: its name is too long", path);
    /* The file first: an old WAL without its file is ignored, a file without its WAL looks sound
     * and lacks its last records. */
    if (rename(path, name) != 0)
        return gw_err_set(err, GW_E_IO, "%s: cannot be set aside: %s", path, strerror(errno));
    if (rename(wal, wal_name) != 0 && errno != ENOENT)
        return gw_err_set(err, GW_E_IO, "%s: cannot be set aside: %s", wal, strerror(errno));
    return sync_folder(path, err);
}

uint64_t gw_db_sum_bytes(uint64_t sum, const void *data, size_t n)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < n; i++)
        sum = (sum ^ p[i]) * UINT64_C(1099511628211); /* FNV-1a */
    return sum;
}

uint64_t gw_db_sum_int(uint64_t sum, int64_t value)
{
    unsigned char bytes[8];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)((uint64_t)value >> (8 * i));
    return gw_db_sum_bytes(sum, bytes, sizeof bytes);
}
