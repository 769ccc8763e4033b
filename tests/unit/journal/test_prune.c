/* SPDX-License-Identifier: Apache-2.0
 *
 * What leaves the store behind a checkpoint, what an export shows of it, and files of an older
 * layout. With real signatures, so that the export is checked by what checks it in the field.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "journal/db.h"
#include "proof/follow.h"
#include "publish/seal.h"
#include "support/cmocka_all.h"

#define DAY INT64_C(86400000)

static struct bench bench;
static struct gw_seal *seal;
static struct gw_keyring *keys;

static int setup(void **state)
{
    struct gw_err err;
    struct gw_key *key = NULL;
    char path[BENCH_DIR + 64];
    (void)state;
    bench_init(&bench);
    snprintf(path, sizeof path, "%s/signing.key", bench.dir);
    assert_int_equal(gw_key_create(path, &key, &err), GW_OK);
    keys = gw_keyring_new();
    assert_non_null(keys);
    snprintf(path, sizeof path, "%s/signing.key.pub", bench.dir);
    assert_int_equal(gw_key_save_public(key, path, &err), GW_OK);
    assert_int_equal(gw_seal_new(key, &seal, &err), GW_OK);
    assert_int_equal(gw_keyring_add(keys, path, &err), GW_OK);
    bench.conf.sealer = (struct gw_sealer){.seal = gw_seal_record, .ctx = seal};
    bench.conf.keep_days = 90;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (bench.j != NULL)
        bench_stop(&bench);
    bench_end(&bench);
    gw_seal_free(seal);
    gw_keyring_free(keys);
    return 0;
}

static void open_bench(void)
{
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
}

/* Rounds enough for whatever is due. */
static void settle(void)
{
    for (int i = 0; i < 6; i++)
        bench_sync(&bench);
}

static void deliver(int64_t n)
{
    gw_journal_grant(bench.j, 0, (unsigned)n);
    for (int64_t i = 0; i < n; i++) {
        struct gw_parcel p = bench_next(&bench, 0);
        gw_journal_ack(bench.j, 0, p.kind, p.key);
        free(p.data);
    }
    settle();
}

/* Reads all pages and checks them as nonsitectl verify does. */
static struct gw_follow follow(void)
{
    struct gw_follow f;
    struct gw_err err;
    int64_t from = 1;
    gw_follow_start(&f, keys, false);
    for (;;) {
        struct gw_buf page;
        gw_buf_init(&page, GW_EXPORT_PAGE_MAX);
        assert_int_equal(gw_journal_export(bench.j, from, BENCH_WAIT, &page, &err), GW_OK);
        bool end = page.len == 0;
        for (char *at = page.data; at != NULL && *at != '\0';) {
            char *eol = strchr(at, '\n');
            assert_non_null(eol);
            assert_int_equal(gw_follow_line(&f, at, (size_t)(eol - at), &err), GW_OK);
            at = eol + 1;
        }
        gw_buf_free(&page);
        from = f.last.seq + 1;
        if (end)
            break;
    }
    gw_follow_end(&f);
    if (f.fault != GW_FOLLOW_NONE)
        fail_msg("%s: %s", gw_follow_fault_name(f.fault), f.text);
    return f;
}

static void what_is_old_and_delivered_leaves_behind_a_checkpoint(void **state)
{
    (void)state;
    open_bench();
    for (int i = 1; i <= 700; i++)
        bench_record_post(&bench, GW_CLASS_LEAD, 2, i, NULL);
    bench_sync(&bench);
    struct gw_follow f = follow();
    assert_int_equal(f.records, 700);
    deliver(600); /* 601 to 700 wait */
    bench_advance(&bench, 91 * DAY + 2 * 3600000);
    settle();
    f = follow();
    assert_int_equal(f.first.seq, 601);
    assert_int_equal(f.last.seq, 705); /* 600 in five steps */
    assert_int_equal(f.records, 105);
    /* Nothing more goes, however old, while the platform has not got it. */
    bench_advance(&bench, 1000 * DAY);
    settle();
    assert_int_equal(follow().first.seq, 601);
    bench_stop(&bench);
    open_bench();
    f = follow();
    assert_int_equal(f.first.seq, 601);
    deliver(100 + 5);
    bench_advance(&bench, 2 * 3600000);
    settle();
    f = follow();
    assert_int_equal(f.first.seq, 705); /* never the last one */
    assert_string_equal(bench.events, "");
}

static void age_is_not_judged_by_a_wrong_clock(void **state)
{
    (void)state;
    open_bench();
    for (int i = 1; i <= 20; i++)
        bench_record(&bench, GW_CLASS_LEAD, 2, i, NULL);
    deliver(20);
    atomic_store(&bench.sync, false);
    bench_advance(&bench, 3650 * DAY);
    settle();
    assert_int_equal(follow().first.seq, 1);
    atomic_store(&bench.sync, true);
    bench_advance(&bench, 2 * 3600000);
    settle();
    assert_int_equal(follow().first.seq, 20);
}

static void the_quota_drops_the_oldest_delivered_and_tells_when_nothing_may_go(void **state)
{
    (void)state;
    struct gw_journal_stats s = {0};
    static char text[3000];
    memset(text, 'x', sizeof text - 1);
    bench.conf.records_bytes = GW_JOURNAL_MIN;
    open_bench();
    char body[3100];
    int body_len = snprintf(body, sizeof body, "{\"class\":\"lead\",\"t\":\"%s\"}", text);
    struct gw_draft d = {
        .cls = GW_CLASS_LEAD, .priority = 2, .body = body, .body_len = (size_t)body_len};
    int n = 0;
    while (!s.tight) {
        bench_post(&bench, d);
        bench_sync(&bench);
        gw_journal_stats(bench.j, &s);
        assert_true(++n < 200);
    }
    bench_wait_text(&bench, "nine tenths of its quota");
    struct gw_follow f = follow();
    assert_int_equal(f.first.seq, 1);
    deliver(n);
    for (int i = 0; i < 200; i++) {
        bench_post(&bench, d);
        bench_sync(&bench);
        gw_journal_stats(bench.j, &s);
        deliver((int64_t)s.records_waiting);
    }
    gw_journal_stats(bench.j, &s);
    assert_false(s.tight);
    f = follow();
    assert_true(f.first.seq > 100);
    assert_int_equal(f.last.seq, s.seq);
    assert_int_equal(bench.failed, 0);
}

static void an_export_keeps_up_with_what_is_written(void **state)
{
    (void)state;
    open_bench();
    for (int i = 1; i <= 500; i++)
        bench_record_post(&bench, GW_CLASS_LEAD, 2, i, NULL);
    struct gw_follow f = follow(); /* whatever is committed by then */
    assert_in_range(f.records, 1, 500);
    bench_sync(&bench);
    assert_int_equal(follow().records, 500);
    struct gw_buf page;
    struct gw_err err;
    gw_buf_init(&page, GW_EXPORT_PAGE_MAX);
    assert_int_equal(gw_journal_export(bench.j, 501, BENCH_WAIT, &page, &err), GW_OK);
    assert_int_equal(page.len, 0);
    assert_int_equal(gw_journal_export(bench.j, -5, BENCH_WAIT, &page, &err), GW_OK);
    assert_true(page.len > 0 && page.len < (size_t)512 * 1024);
    gw_buf_free(&page);
}

/* ---- the layout of format 1 ---- */

static const char format_1[] =
    "CREATE TABLE meta(one INTEGER PRIMARY KEY CHECK(one = 1), chain TEXT NOT NULL,"
    " seq INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;"
    "CREATE TABLE records(seq INTEGER PRIMARY KEY, delivered INTEGER NOT NULL,"
    " class INTEGER NOT NULL, priority INTEGER NOT NULL, rank INTEGER NOT NULL,"
    " sum INTEGER NOT NULL, topic TEXT NOT NULL, hash TEXT NOT NULL, wire BLOB NOT NULL) STRICT;"
    "CREATE TABLE windows(seq INTEGER PRIMARY KEY, delivered INTEGER NOT NULL,"
    " sum INTEGER NOT NULL, id TEXT NOT NULL, payload BLOB NOT NULL) STRICT;"
    "CREATE INDEX records_waiting ON records(rank, seq) WHERE delivered = 0;"
    "CREATE INDEX windows_waiting ON windows(seq) WHERE delivered = 0;"
    "CREATE TABLE states(key TEXT PRIMARY KEY, value TEXT NOT NULL, seq INTEGER NOT NULL,"
    " sum INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE marks(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "PRAGMA user_version=1;"
    "ATTACH '%s' AS new;"
    "INSERT INTO meta SELECT one, chain, seq, hash FROM new.meta;"
    "INSERT INTO records SELECT seq, delivered, class, priority, rank, sum, topic, hash, wire"
    " FROM new.records;"
    "INSERT INTO windows SELECT * FROM new.windows;"
    "INSERT INTO states SELECT * FROM new.states;"
    "INSERT INTO marks SELECT * FROM new.marks WHERE name <> 'since';"
    "DETACH new;";

static void rewrite_as_format_1(void)
{
    char new_path[BENCH_DIR + 64];
    char sql[4096];
    struct gw_db *db = NULL;
    struct gw_err err;
    snprintf(new_path, sizeof new_path, "%s", bench_path(&bench, "new.db"));
    assert_int_equal(rename(bench_path(&bench, "records.db"), new_path), 0);
    (void)remove(bench_path(&bench, "records.db-wal"));
    snprintf(sql, sizeof sql, format_1, new_path);
    assert_int_equal(
        gw_db_open(bench_path(&bench, "records.db"), bench.conf.records_bytes, true, &db, &err),
        GW_OK);
    if (gw_db_exec(db, sql, &err) != GW_OK)
        fail_msg("%s", err.msg);
    gw_db_close(db, true);
    assert_int_equal(remove(new_path), 0);
}

static void a_file_of_format_1_opens_and_keeps_everything(void **state)
{
    (void)state;
    open_bench();
    for (int i = 1; i <= 30; i++)
        bench_record(&bench, i % 3 == 0 ? GW_CLASS_ALARM : GW_CLASS_LEAD, 2, i, "case/1");
    deliver(12);
    struct gw_follow before = follow();
    bench_stop(&bench);
    bench_forget(&bench);
    rewrite_as_format_1();

    struct gw_notice n = bench_open(&bench);
    assert_string_equal(n.chain, before.last.chain);
    assert_int_equal(n.seq, 30);
    assert_string_equal(n.hash, before.last.hash);
    gw_notice_clear(&n);
    assert_string_equal(bench.events, "");
    assert_int_equal(bench.nstates, 1);
    assert_string_equal(bench.states[0].value, "{\"n\":30}");
    assert_int_equal(follow().records, 30);
    struct gw_journal_stats s;
    bench_sync(&bench);
    gw_journal_stats(bench.j, &s);
    assert_int_equal(s.records_waiting, 18);
    assert_int_equal(bench_record(&bench, GW_CLASS_LEAD, 2, 31, NULL), 31);
    deliver(19);
    /* Those of before count from the day of the change: none is old at once. */
    bench_advance(&bench, 89 * DAY);
    settle();
    assert_int_equal(follow().first.seq, 1);
    bench_advance(&bench, 3 * DAY);
    settle();
    assert_int_equal(follow().first.seq, 31);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_is_old_and_delivered_leaves_behind_a_checkpoint),
        T(age_is_not_judged_by_a_wrong_clock),
        T(the_quota_drops_the_oldest_delivered_and_tells_when_nothing_may_go),
        T(an_export_keeps_up_with_what_is_written),
        T(a_file_of_format_1_opens_and_keeps_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
