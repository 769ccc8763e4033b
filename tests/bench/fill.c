/* SPDX-License-Identifier: Apache-2.0
 *
 * fill: puts rows into a telemetry.db that a gateway left behind, as if it had been without a broker for
 * long: as many copies of its last row as wanted, each with a number and checksum of its own.
 *
 *   fill FILE COUNT
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

/* FNV-1a, as gateway/journal/db.h has it. */
static uint64_t sum_bytes(uint64_t sum, const void *data, size_t n)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < n; i++)
        sum = (sum ^ p[i]) * UINT64_C(1099511628211);
    return sum;
}

static uint64_t sum_int(uint64_t sum, int64_t value)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)value >> (8 * i));
    return sum_bytes(sum, bytes, sizeof bytes);
}

struct row {
    int64_t id, t_ms;
    unsigned char topic[80], data[65536];
    int topic_len, len;
};

static int last_row(sqlite3 *db, struct row *row)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(
        db, "SELECT id, t_ms, topic, data FROM telemetry ORDER BY id DESC LIMIT 1", -1, &q, NULL);
    if (rc == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW) {
        row->id = sqlite3_column_int64(q, 0);
        row->t_ms = sqlite3_column_int64(q, 1);
        row->topic_len = sqlite3_column_bytes(q, 2);
        row->len = sqlite3_column_bytes(q, 3);
        rc = row->topic_len > (int)sizeof row->topic || row->len > (int)sizeof row->data
                 ? SQLITE_TOOBIG
                 : SQLITE_OK;
    } else {
        rc = SQLITE_NOTFOUND;
    }
    if (rc == SQLITE_OK) {
        memcpy(row->topic, sqlite3_column_text(q, 2), (size_t)row->topic_len);
        memcpy(row->data, sqlite3_column_blob(q, 3), (size_t)row->len);
    }
    (void)sqlite3_finalize(q);
    return rc;
}

static int copy_row(sqlite3 *db, struct row *row, long count)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(
        db, "INSERT INTO telemetry(id, t_ms, sum, topic, data) VALUES(?1, ?2, ?3, ?4, ?5)", -1, &q,
        NULL);
    for (long i = 0; rc == SQLITE_OK && i < count; i++) {
        uint64_t sum = sum_int(sum_int(UINT64_C(14695981039346656037), ++row->id), ++row->t_ms);
        sum = sum_bytes(sum_int(sum, row->topic_len), row->topic, (size_t)row->topic_len);
        sum = sum_bytes(sum, row->data, (size_t)row->len);
        (void)sqlite3_bind_int64(q, 1, row->id);
        (void)sqlite3_bind_int64(q, 2, row->t_ms);
        (void)sqlite3_bind_int64(q, 3, (int64_t)sum);
        (void)sqlite3_bind_text(q, 4, (const char *)row->topic, row->topic_len, SQLITE_STATIC);
        (void)sqlite3_bind_blob(q, 5, row->data, row->len, SQLITE_STATIC);
        rc = sqlite3_step(q) == SQLITE_DONE ? sqlite3_reset(q) : SQLITE_ERROR;
    }
    (void)sqlite3_finalize(q);
    return rc;
}

int main(int argc, char **argv)
{
    sqlite3 *db = NULL;
    struct row *row = calloc(1, sizeof *row);

    if (argc != 3 || !row)
        return 64;
    int rc = sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL);
    if (rc == SQLITE_OK)
        rc = last_row(db, row);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = copy_row(db, row, strtol(argv[2], NULL, 10));
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        (void)fprintf(stderr, "fill: %s: %s\n", argv[1],
                      rc == SQLITE_NOTFOUND ? "no row" : sqlite3_errmsg(db));
    (void)sqlite3_close(db);
    free(row);
    return rc == SQLITE_OK ? 0 : 1;
}
