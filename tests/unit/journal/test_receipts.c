/* SPDX-License-Identifier: Apache-2.0
 *
 * The broker's word is not the platform's: what leaves the backlog, when it is sent again, and what
 * a receipt may say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "journal/again.h"
#include "support/cmocka_all.h"

#define MINUTE 60000

static struct bench bench;

static int setup(void **state)
{
    (void)state;
    bench_init(&bench);
    bench.readers[0].receipts = true;
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

/* Takes the next parcel, which must be that one, and acks it. */
static struct bench_wire take(enum gw_parcel_kind kind, int64_t key)
{
    struct bench_wire wire = {.seq = 0};
    gw_journal_grant(bench.j, 0, 1);
    struct gw_parcel p = bench_next(&bench, 0);
    assert_int_equal(p.kind, kind);
    assert_int_equal(p.key, key);
    if (kind == GW_PARCEL_RECORD)
        assert_true(bench_parse(&p, &wire));
    gw_journal_ack(bench.j, 0, p.kind, p.key);
    bench_sync(&bench); /* the time to the next try counts from when it was taken note of */
    free(p.data);
    return wire;
}

static void expect_nothing(void)
{
    struct gw_parcel p;
    gw_journal_grant(bench.j, 0, 1);
    bench_sync(&bench);
    assert_false(bench_take(&bench, 0, &p, 0));
    gw_journal_rewind(bench.j, 0); /* takes the grant back */
    bench_sync(&bench);
}

static struct gw_journal_stats stats(void)
{
    struct gw_journal_stats s;
    bench_sync(&bench);
    bench_sync(&bench);
    gw_journal_stats(bench.j, &s);
    return s;
}

static void receipt(const struct bench_wire *w)
{
    assert_int_equal(gw_journal_receipt(bench.j, w->chain, w->seq, w->hash), GW_OK);
}

static void the_brokers_word_is_no_delivery(void **state)
{
    (void)state;
    open_bench();
    bench_record(&bench, GW_CLASS_LEAD, 2, 1, NULL);
    struct bench_wire w = take(GW_PARCEL_RECORD, 1);
    struct gw_journal_stats s = stats();
    assert_int_equal(s.records_waiting, 1);
    assert_int_equal(s.unreceipted, 1);
    expect_nothing();
    bench_advance(&bench, 5 * 1000);
    assert_in_range(stats().oldest_waiting_ms, 5000, 60000);
    expect_nothing();
    /* After a minute, then after two, and what was sent again is the same. */
    bench_advance(&bench, MINUTE);
    struct bench_wire again = take(GW_PARCEL_RECORD, 1);
    assert_string_equal(again.hash, w.hash);
    bench_advance(&bench, MINUTE + 1000);
    expect_nothing();
    bench_advance(&bench, MINUTE);
    again = take(GW_PARCEL_RECORD, 1);
    receipt(&again);
    s = stats();
    assert_int_equal(s.records_waiting, 0);
    assert_int_equal(s.unreceipted, 0);
    assert_int_equal(s.receipts, 1);
    assert_int_equal(s.oldest_waiting_ms, 0);
    bench_advance(&bench, 60 * MINUTE);
    expect_nothing();
    assert_string_equal(bench.events, "");
}

static void only_what_agrees_is_a_receipt(void **state)
{
    (void)state;
    open_bench();
    for (int i = 1; i <= 3; i++)
        bench_record(&bench, GW_CLASS_LEAD, 2, i, NULL);
    struct bench_wire w = take(GW_PARCEL_RECORD, 1);
    struct bench_wire bad = w;
    static const char other[] = "00000000000000000000000000000000000000000000000000000000000000aa";
    memcpy(bad.hash, other, sizeof bad.hash);
    receipt(&bad);
    bench_wait_text(&bench, "with another hash than the record stored here");
    bad = w;
    bad.seq = 9;
    receipt(&bad);
    bad = w;
    memcpy(bad.chain, "00000000000000bb", sizeof bad.chain);
    receipt(&bad);
    struct gw_journal_stats s = stats();
    assert_int_equal(s.records_waiting, 3);
    assert_int_equal(s.receipts_refused, 3);
    assert_int_equal(s.receipts, 0);
    const char *first = strstr(bench.events, "the platform receipts");
    assert_non_null(first);
    assert_null(strstr(first + 1, "the platform receipts")); /* told once */

    assert_int_equal(gw_journal_receipt(bench.j, "00", 1, w.hash), GW_E_INVAL);
    assert_int_equal(gw_journal_receipt(bench.j, w.chain, 0, w.hash), GW_E_INVAL);
    assert_int_equal(gw_journal_receipt(bench.j, w.chain, 1, "xx"), GW_E_INVAL);
    /* Before the broker's word, and twice: fine. */
    gw_journal_grant(bench.j, 0, 1);
    struct gw_parcel p = bench_next(&bench, 0);
    struct bench_wire second;
    assert_true(bench_parse(&p, &second));
    receipt(&second);
    receipt(&second);
    assert_int_equal(stats().records_waiting, 2);
    gw_journal_ack(bench.j, 0, p.kind, p.key);
    free(p.data);
    receipt(&w);
    s = stats();
    assert_int_equal(s.records_waiting, 1);
    assert_int_equal(s.receipts_refused, 3);
    bench_advance(&bench, 5 * MINUTE);
    take(GW_PARCEL_RECORD, 3);
    expect_nothing();
}

static void a_restart_sends_again_what_has_no_receipt(void **state)
{
    (void)state;
    open_bench();
    for (int i = 1; i <= 4; i++)
        bench_record(&bench, GW_CLASS_LEAD, 2, i, NULL);
    struct bench_wire w[5];
    for (int i = 1; i <= 4; i++)
        w[i] = take(GW_PARCEL_RECORD, i);
    receipt(&w[2]);
    bench_stop(&bench);
    open_bench();
    take(GW_PARCEL_RECORD, 1);
    take(GW_PARCEL_RECORD, 3);
    take(GW_PARCEL_RECORD, 4);
    expect_nothing();
}

static void a_lost_connection_repeats_only_what_the_broker_lacks(void **state)
{
    (void)state;
    open_bench();
    for (int i = 1; i <= 3; i++)
        bench_record(&bench, GW_CLASS_LEAD, 2, i, NULL);
    take(GW_PARCEL_RECORD, 1);
    gw_journal_grant(bench.j, 0, 1);
    struct gw_parcel p = bench_next(&bench, 0);
    assert_int_equal(p.key, 2);
    free(p.data);
    gw_journal_rewind(bench.j, 0);
    take(GW_PARCEL_RECORD, 2);
    take(GW_PARCEL_RECORD, 3);
    expect_nothing();
    /* On its way for the second time when the connection is lost: at once again. */
    bench_advance(&bench, MINUTE + 1000);
    gw_journal_grant(bench.j, 0, 1);
    p = bench_next(&bench, 0);
    assert_int_equal(p.key, 1);
    free(p.data);
    gw_journal_rewind(bench.j, 0);
    take(GW_PARCEL_RECORD, 1);
    bench_advance(&bench, 1000);
    take(GW_PARCEL_RECORD, 2);
}

static void evidence(int n)
{
    struct gw_draft d = {.cls = GW_CLASS_EVIDENCE,
                         .priority = 3,
                         .body = "{\"class\":\"evidence\"}",
                         .body_len = 20,
                         .window_id = "w",
                         .window = "window",
                         .window_len = 6};
    (void)n;
    bench_post(&bench, d);
    bench_sync(&bench);
}

static void a_window_leaves_with_its_records_receipt(void **state)
{
    (void)state;
    open_bench();
    evidence(1);
    /* The broker's word first. */
    struct bench_wire w = take(GW_PARCEL_RECORD, 1);
    take(GW_PARCEL_WINDOW, 1);
    assert_int_equal(stats().records_waiting, 2);
    receipt(&w);
    assert_int_equal(stats().records_waiting, 0);
    /* The receipt first. */
    evidence(2);
    w = take(GW_PARCEL_RECORD, 2);
    receipt(&w);
    assert_int_equal(stats().records_waiting, 1);
    take(GW_PARCEL_WINDOW, 2);
    assert_int_equal(stats().records_waiting, 0);
    /* Neither comes: both are sent again. */
    evidence(3);
    take(GW_PARCEL_RECORD, 3);
    take(GW_PARCEL_WINDOW, 3);
    bench_advance(&bench, MINUTE + 1000);
    w = take(GW_PARCEL_RECORD, 3);
    bench_advance(&bench, 1000);
    take(GW_PARCEL_WINDOW, 3);
    receipt(&w);
    assert_int_equal(stats().records_waiting, 0);
    bench_advance(&bench, 60 * MINUTE);
    expect_nothing();
}

static void what_is_new_goes_before_what_is_sent_again(void **state)
{
    (void)state;
    enum { MANY = 40 };
    open_bench();
    for (int i = 1; i <= MANY; i++)
        bench_record(&bench, GW_CLASS_LEAD, 2, i, NULL);
    for (int i = 1; i <= MANY; i++)
        take(GW_PARCEL_RECORD, i);
    bench_sync(&bench);
    bench_advance(&bench, MINUTE + 1000);
    bench_record(&bench, GW_CLASS_LEAD, 3, 1000, NULL);
    take(GW_PARCEL_RECORD, MANY + 1);
    /* All forty are due, but no flood of them comes: telemetry gets its turn between. */
    for (int i = 0; i < 5; i++)
        bench_row(&bench, GW_PARCEL_TELEMETRY, i);
    bench_advance(&bench, 2000); /* telemetry is committed */
    bench_sync(&bench);
    gw_journal_grant(bench.j, 0, MANY);
    int rows = 0;
    int records = 0;
    while (rows < 5) {
        struct gw_parcel p = bench_next(&bench, 0);
        rows += p.kind == GW_PARCEL_TELEMETRY ? 1 : 0;
        records += p.kind == GW_PARCEL_RECORD ? 1 : 0;
        gw_journal_ack(bench.j, 0, p.kind, p.key);
        free(p.data);
    }
    assert_in_range(records, 1, MANY - 5);
}

static void too_many_receipts_are_refused_and_nothing_breaks(void **state)
{
    (void)state;
    static const char hash[] = "00000000000000000000000000000000000000000000000000000000000000aa";
    /* It cannot open, so none is taken. */
    atomic_store(&bench.ahead_ms, 0);
    bench.conf.dir = "/dev/null/nowhere";
    bench_start(&bench);
    unsigned taken = 0;
    enum gw_status status = GW_OK;
    while (status == GW_OK && taken < 5000) {
        status = gw_journal_receipt(bench.j, "00000000000000aa", 1, hash);
        taken += status == GW_OK ? 1 : 0;
    }
    assert_int_equal(status, GW_E_FULL);
    assert_in_range(taken, 200, 4999);
}

/* ---- the list by itself ---- */

static void the_list_waits_longer_each_time(void **state)
{
    (void)state;
    static const int64_t waits[] = {1, 2, 4, 8, 15, 15, 15};
    struct gw_again a = {0};
    int64_t now_ms = 1000;
    int64_t seq = 0;
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        assert_true(gw_again_put(&a, 7, now_ms));
        assert_int_equal(gw_again_due(&a), now_ms + waits[i] * MINUTE);
        assert_false(gw_again_next(&a, now_ms + waits[i] * MINUTE - 1, &seq));
        now_ms += waits[i] * MINUTE;
        assert_true(gw_again_next(&a, now_ms, &seq));
        assert_int_equal(seq, 7);
        gw_again_out(&a, 7);
        assert_false(gw_again_next(&a, now_ms + 1000 * MINUTE, &seq));
    }
    gw_again_free(&a);
}

static void the_list_is_bounded_and_forgets(void **state)
{
    (void)state;
    struct gw_again a = {0};
    for (int64_t i = 1; i <= (int64_t)GW_AGAIN_MAX; i++)
        assert_true(gw_again_put(&a, i * 2, 0));
    assert_false(gw_again_put(&a, 1, 0));
    assert_int_equal(gw_again_count(&a), GW_AGAIN_MAX);
    for (int64_t i = 1; i <= (int64_t)GW_AGAIN_MAX; i += 2)
        assert_true(gw_again_drop(&a, i * 2));
    assert_false(gw_again_drop(&a, 2));
    assert_false(gw_again_has(&a, 2));
    assert_true(gw_again_has(&a, 4));
    assert_true(gw_again_put(&a, 1, 0)); /* out of order */
    assert_true(gw_again_put(&a, 2, 0)); /* one that was dropped */
    assert_int_equal(gw_again_count(&a), GW_AGAIN_MAX / 2 + 2);
    int64_t seq = 0;
    assert_true(gw_again_next(&a, MINUTE, &seq));
    assert_int_equal(seq, 1);
    for (size_t i = 1; i < a.n; i++)
        assert_true(a.at[i - 1].seq < a.at[i].seq);
    gw_again_free(&a);
    assert_int_equal(gw_again_due(&a), INT64_MAX);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_brokers_word_is_no_delivery),
        T(only_what_agrees_is_a_receipt),
        T(a_restart_sends_again_what_has_no_receipt),
        T(a_lost_connection_repeats_only_what_the_broker_lacks),
        T(a_window_leaves_with_its_records_receipt),
        T(what_is_new_goes_before_what_is_sent_again),
        T(too_many_receipts_are_refused_and_nothing_breaks),
        cmocka_unit_test(the_list_waits_longer_each_time),
        cmocka_unit_test(the_list_is_bounded_and_forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
