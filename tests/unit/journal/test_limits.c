/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens at the quotas and when mailboxes are full.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/jcs.h"
#include "bench.h"
#include "support/cmocka_all.h"

#define BIG 20000

static struct bench bench;
static char big[BIG + 1];

static int setup(void **state)
{
    (void)state;
    bench_init(&bench);
    memset(big, 'x', BIG);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (bench.j != NULL)
        bench_stop(&bench);
    bench_end(&bench);
    return 0;
}

static void open_bench(void)
{
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
}

/* Telemetry of BIG bytes that begins with its number. */
static enum gw_status big_row(enum gw_parcel_kind kind, int n)
{
    char data[BIG];
    memset(data, 'x', sizeof data);
    int len = snprintf(data, sizeof data, "%d", n);
    data[len] = ' ';
    return gw_journal_row(bench.j, kind, "telemetry", data, sizeof data);
}

static void await_rows(uint64_t n)
{
    struct gw_journal_stats s = {0};
    for (int64_t tries = 0; tries < 1000000; tries++) {
        gw_journal_stats(bench.j, &s);
        if (s.telemetry_waiting + s.telemetry_lost >= n)
            return;
        bench_sync(&bench);
        bench_advance(&bench, 1000);
    }
    fail_msg("rows did not come");
}

/* The number after "key": in a JSON text. */
static long number(const char *json, const char *key)
{
    char quoted[32];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *at = strstr(json, quoted);
    if (at == NULL)
        fail_msg("no %s in %s", key, json);
    return at != NULL ? strtol(at + strlen(quoted), NULL, 10) : -1;
}

/* The next record must be a loss; its body. */
static struct gw_parcel next_loss(struct bench_wire *wire, const char *what, const char *reason)
{
    char part[64];
    struct gw_parcel p = bench_next(&bench, 0);
    assert_int_equal(p.kind, GW_PARCEL_RECORD);
    assert_string_equal(p.topic, "record");
    assert_true(bench_parse(&p, wire));
    assert_true(gw_jcs_valid(wire->body, strlen(wire->body)));
    assert_non_null(strstr(wire->body, "\"class\":\"loss\""));
    assert_non_null(strstr(wire->body, "\"gateway\":\"gw-1\""));
    snprintf(part, sizeof part, "\"what\":\"%s\"", what);
    assert_non_null(strstr(wire->body, part));
    snprintf(part, sizeof part, "\"reason\":\"%s\"", reason);
    assert_non_null(strstr(wire->body, part));
    assert_int_equal(number(wire->body, "v"), 1);
    gw_journal_ack(bench.j, 0, p.kind, p.key);
    return p;
}

static void the_oldest_telemetry_makes_way_and_is_told(void **state)
{
    (void)state;
    enum { ROWS = 120 }; /* 2.4 MB into 1 MiB */
    struct gw_journal_stats s;
    struct stat st;
    open_bench();
    bench_row(&bench, GW_PARCEL_EVENT, 1);
    for (int i = 1; i <= ROWS; i++) {
        assert_int_equal(big_row(GW_PARCEL_TELEMETRY, i), GW_OK);
        if (i % 10 == 0)
            await_rows((uint64_t)i + 1);
    }
    bench_wait_text(&bench, "oldest telemetry makes way");
    gw_journal_stats(bench.j, &s);
    uint64_t lost = s.telemetry_lost;
    assert_true(lost > ROWS / 2);
    assert_int_equal(s.telemetry_waiting + lost, ROWS + 1);
    assert_int_equal(stat(bench_path(&bench, "telemetry.db"), &st), 0);
    assert_true(st.st_size <= bench.conf.telemetry_bytes);

    /* One record of the whole episode, once it is over. */
    assert_int_equal(s.records_waiting, 0);
    bench_advance(&bench, 61000);
    gw_journal_grant(bench.j, 0, 1000);
    struct bench_wire wire;
    struct gw_parcel p = next_loss(&wire, "telemetry", "quota");
    assert_int_equal(number(wire.body, "count"), lost);
    const char *from = strstr(wire.body, "\"from\":\"");
    const char *to = strstr(wire.body, "\"to\":\"");
    assert_non_null(from);
    assert_non_null(to);
    assert_true(strncmp(from + 8, to + 6, 29) < 0);
    free(p.data);

    /* The event is still there, and all of the rest, in order. */
    p = bench_next(&bench, 0);
    assert_int_equal(p.kind, GW_PARCEL_EVENT);
    free(p.data);
    for (int i = (int)lost + 1; i <= ROWS; i++) {
        p = bench_next(&bench, 0);
        assert_int_equal(p.kind, GW_PARCEL_TELEMETRY);
        assert_int_equal(strtol(p.data, NULL, 10), i);
        assert_int_equal(p.len, BIG);
        gw_journal_ack(bench.j, 0, p.kind, p.key);
        free(p.data);
    }
    bench_advance(&bench, 1000);
    bench_sync(&bench);
    bench_stop(&bench);
    open_bench();
    gw_journal_grant(bench.j, 0, 10);
    bench_advance(&bench, 120000);
    p = bench_next(&bench, 0);
    assert_int_equal(p.kind, GW_PARCEL_EVENT); /* and no second loss record */
    free(p.data);
    bench_sync(&bench);
    assert_false(bench_take(&bench, 0, &p, 0));
}

static void events_go_only_after_all_telemetry(void **state)
{
    (void)state;
    enum { ROWS = 80 };
    open_bench();
    assert_int_equal(big_row(GW_PARCEL_TELEMETRY, 0), GW_OK);
    await_rows(1);
    for (int i = 1; i <= ROWS; i++) {
        assert_int_equal(big_row(GW_PARCEL_EVENT, i), GW_OK);
        if (i % 10 == 0)
            await_rows((uint64_t)i + 1);
    }
    bench_stop(&bench); /* ends the episodes */
    open_bench();
    gw_journal_grant(bench.j, 0, 1000);
    struct bench_wire wire;
    struct gw_parcel p = next_loss(&wire, "telemetry", "quota");
    assert_int_equal(number(wire.body, "count"), 1);
    free(p.data);
    p = next_loss(&wire, "event", "quota");
    long lost = number(wire.body, "count");
    assert_in_range(lost, 20, ROWS);
    free(p.data);
    for (long i = lost + 1; i <= ROWS; i++) {
        p = bench_next(&bench, 0);
        assert_int_equal(p.kind, GW_PARCEL_EVENT);
        assert_int_equal(strtol(p.data, NULL, 10), i);
        free(p.data);
    }
}

static void an_eviction_survives_a_crash_before_its_record(void **state)
{
    (void)state;
    struct bench copy;
    bench_init(&copy);
    open_bench();
    for (int i = 1; i <= 70; i++) {
        assert_int_equal(big_row(GW_PARCEL_TELEMETRY, i), GW_OK);
        if (i % 10 == 0)
            await_rows((uint64_t)i);
    }
    struct gw_journal_stats s;
    gw_journal_stats(bench.j, &s);
    assert_true(s.telemetry_lost > 0);
    bench_copy(&bench, copy.dir); /* as after kill -9 */
    bench_stop(&bench);

    struct gw_notice n = bench_open(&copy);
    gw_notice_clear(&n);
    gw_journal_grant(copy.j, 0, 1);
    struct gw_parcel p = bench_next(&copy, 0);
    assert_string_equal(p.topic, "record");
    assert_int_equal(number(p.data, "count"), s.telemetry_lost);
    free(p.data);
    bench_stop(&copy);
    bench_end(&copy);
}

static void refused_rows_are_counted_and_told(void **state)
{
    (void)state;
    enum { ROWS = 3000 };
    uint64_t refused = 0;
    struct gw_journal_stats s;
    /* A folder in the place of the file: it cannot be opened, so rows pile up. */
    assert_int_equal(mkdir(bench_path(&bench, "telemetry.db"), 0700), 0);
    open_bench();
    bench_wait_text(&bench, "telemetry.db");
    for (int i = 0; i < ROWS; i++) {
        enum gw_status status = gw_journal_row(bench.j, GW_PARCEL_TELEMETRY, "telemetry", "{}", 2);
        assert_true(status == GW_OK || status == GW_E_FULL);
        refused += status == GW_E_FULL ? 1 : 0;
    }
    assert_true(refused > 0);
    assert_true(refused < ROWS);
    assert_int_equal(gw_journal_row(bench.j, GW_PARCEL_EVENT, "event", big, 600000), GW_E_RANGE);
    bench_sync(&bench);
    gw_journal_stats(bench.j, &s);
    assert_int_equal(s.telemetry_lost, refused + 1);
    /* Records do not care. */
    assert_int_equal(bench_record(&bench, GW_CLASS_LEAD, 2, 1, NULL), 1);

    assert_int_equal(remove(bench_path(&bench, "telemetry.db")), 0);
    bench_advance(&bench, 61000);
    bench_wait_text(&bench, "telemetry.db: works again");
    gw_journal_grant(bench.j, 0, 3);
    struct bench_wire wire;
    struct gw_parcel p = bench_next(&bench, 0);
    assert_string_equal(p.topic, "lead");
    free(p.data);
    p = next_loss(&wire, "telemetry", "refused");
    assert_int_equal(number(wire.body, "count"), refused);
    free(p.data);
    p = next_loss(&wire, "event", "refused");
    assert_int_equal(number(wire.body, "count"), 1);
    free(p.data);
    for (uint64_t i = refused; i < ROWS; i++) {
        gw_journal_grant(bench.j, 0, 1);
        p = bench_next(&bench, 0);
        assert_int_equal(p.kind, GW_PARCEL_TELEMETRY);
        gw_journal_ack(bench.j, 0, p.kind, p.key);
        free(p.data);
    }
}

/* Posts records with 20 kB windows until the quota refuses them; how many were committed. */
static int fill_records(uint64_t *first_refused)
{
    for (int n = 1;; n++) {
        char id[16];
        snprintf(id, sizeof id, "w%d", n);
        struct gw_draft d = {.cls = GW_CLASS_EVIDENCE,
                             .priority = 3,
                             .body = "{\"class\":\"evidence\"}",
                             .body_len = 20,
                             .state_key = "case/1",
                             .state = id,
                             .window_id = id,
                             .window = big,
                             .window_len = BIG};
        uint64_t token = bench_post(&bench, d);
        unsigned failed = bench.failed;
        for (;;) {
            struct gw_notice notice;
            assert_true(gw_mailbox_wait(gw_journal_notices(bench.j), &notice, BENCH_WAIT));
            bool committed = notice.kind == GW_NOTICE_COMMITTED && notice.token == token;
            if (committed)
                assert_int_equal(notice.seq, n);
            bench.failed += notice.kind == GW_NOTICE_FAILED ? 1 : 0;
            if (notice.kind == GW_NOTICE_FAILED)
                assert_non_null(strstr(notice.text, "no room left"));
            gw_notice_clear(&notice);
            if (committed)
                break;
            if (bench.failed > failed) {
                *first_refused = token;
                return n - 1;
            }
        }
    }
}

/* The record of that number and its window come next. */
static void expect_pair(int64_t seq)
{
    gw_journal_grant(bench.j, 0, 2);
    for (int half = 0; half < 2; half++) {
        struct gw_parcel p = bench_next(&bench, 0);
        assert_int_equal(p.kind, half == 0 ? GW_PARCEL_RECORD : GW_PARCEL_WINDOW);
        assert_int_equal(p.key, seq);
        gw_journal_ack(bench.j, 0, p.kind, p.key);
        free(p.data);
    }
}

static void expect_checkpoint(int64_t seq)
{
    gw_journal_grant(bench.j, 0, 1);
    struct gw_parcel p = bench_next(&bench, 0);
    assert_int_equal(p.kind, GW_PARCEL_RECORD);
    assert_int_equal(p.key, seq);
    assert_non_null(strstr(p.data, "\"checkpoint\""));
    gw_journal_ack(bench.j, 0, p.kind, p.key);
    free(p.data);
}

static void a_full_journal_consumes_nothing_and_recovers_by_delivery(void **state)
{
    (void)state;
    uint64_t token = 0;
    struct gw_journal_stats s;
    bench.conf.records_bytes = GW_JOURNAL_MIN;
    open_bench();
    int n = fill_records(&token);
    assert_in_range(n, 10, 40);
    gw_journal_stats(bench.j, &s);
    assert_int_equal(s.seq, n);
    /* More wait; the mailbox fills up and then says so. */
    struct gw_draft d = {.state_key = "k", .state = "{}"};
    size_t taken = 0;
    while (gw_journal_post(bench.j, &d) == GW_OK)
        taken++;
    assert_true(taken >= bench.conf.post_capacity);
    assert_int_equal(gw_journal_room(bench.j), 0);
    assert_int_equal(gw_journal_post(bench.j, &d), GW_E_FULL);

    /* The backlog can be drained while nothing can be written. Delivered windows make room. */
    gw_journal_grant(bench.j, 0, 2 * (unsigned)n);
    for (int i = 0; i < n; i++) {
        struct gw_parcel p = bench_next(&bench, 0);
        assert_int_equal(p.kind, GW_PARCEL_RECORD);
        assert_int_equal(p.key, i + 1);
        gw_journal_ack(bench.j, 0, p.kind, p.key);
        free(p.data);
    }
    for (int i = 0; i < n; i++) {
        struct gw_parcel p = bench_next(&bench, 0);
        assert_int_equal(p.kind, GW_PARCEL_WINDOW);
        gw_journal_ack(bench.j, 0, p.kind, p.key);
        free(p.data);
    }
    struct gw_notice c = bench_wait(&bench, GW_NOTICE_COMMITTED);
    assert_int_equal(c.token, token);
    /* The refused ones took no number; but where acks of several came at once, so much left that a
     * checkpoint came first. */
    const int64_t next = c.seq;
    assert_in_range(next, n + 1, n + 2);
    gw_notice_clear(&c);
    bench_wait_text(&bench, "works again");
    if (next > n + 1)
        expect_checkpoint(n + 1);
    expect_pair(next);
    /* It runs on at the quota, dropping the oldest of what was delivered. */
    for (int64_t i = next + 1; i < next + 59; i++) {
        struct gw_draft w = {.cls = GW_CLASS_EVIDENCE,
                             .priority = 3,
                             .body = "{}",
                             .body_len = 2,
                             .window_id = "w",
                             .window = big,
                             .window_len = BIG};
        bench_post(&bench, w);
        bench_sync(&bench);
        expect_pair(i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_oldest_telemetry_makes_way_and_is_told, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(events_go_only_after_all_telemetry, setup, teardown),
        cmocka_unit_test_setup_teardown(an_eviction_survives_a_crash_before_its_record, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refused_rows_are_counted_and_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_journal_consumes_nothing_and_recovers_by_delivery,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
