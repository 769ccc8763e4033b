/* SPDX-License-Identifier: Apache-2.0
 *
 * A window that is asked for again: it comes again, also over a restart, or the answer says why not.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "support/cmocka_all.h"

#define MINUTE 60000

static struct bench bench;
static char chain[GW_CHAIN_SIZE];

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
    memcpy(chain, n.chain, sizeof chain);
    gw_notice_clear(&n);
}

static const char *id_of(int64_t seq)
{
    static char id[GW_RECORD_ID_SIZE];
    snprintf(id, sizeof id, "%s-%" PRId64, chain, seq);
    return id;
}

/* The evidence record about record `about`, with a window of that many bytes. */
static void evidence(int64_t about, size_t bytes)
{
    char *window = malloc(bytes);
    assert_non_null(window);
    memset(window, 'a' + (int)(about % 26), bytes);
    bench_post(&bench, (struct gw_draft){.cls = GW_CLASS_EVIDENCE,
                                         .priority = 3,
                                         .body = "{\"class\":\"evidence\"}",
                                         .body_len = 20,
                                         .window_id = id_of(about),
                                         .window = window,
                                         .window_len = bytes});
    free(window);
    bench_sync(&bench);
}

static enum gw_window_found ask(const char *record)
{
    const uint64_t token = ++bench.next_token;
    assert_int_equal(gw_journal_resend(bench.j, record, token), GW_OK);
    struct gw_notice n = bench_wait(&bench, GW_NOTICE_WINDOW);
    assert_int_equal(n.token, token);
    const enum gw_window_found found = n.found;
    gw_notice_clear(&n);
    return found;
}

static struct gw_parcel next(enum gw_parcel_kind kind, int64_t key)
{
    gw_journal_grant(bench.j, 0, 1);
    struct gw_parcel p = bench_next(&bench, 0);
    assert_int_equal(p.kind, kind);
    assert_int_equal(p.key, key);
    return p;
}

static struct bench_wire take(enum gw_parcel_kind kind, int64_t key)
{
    struct bench_wire wire = {.seq = 0};
    struct gw_parcel p = next(kind, key);
    if (kind == GW_PARCEL_RECORD)
        assert_true(bench_parse(&p, &wire));
    gw_journal_ack(bench.j, 0, p.kind, p.key);
    bench_sync(&bench);
    free(p.data);
    return wire;
}

static void deliver(int64_t seq)
{
    const struct bench_wire w = take(GW_PARCEL_RECORD, seq);
    if (bench.readers[0].receipts)
        assert_int_equal(gw_journal_receipt(bench.j, w.chain, w.seq, w.hash), GW_OK);
}

static void expect_nothing(void)
{
    struct gw_parcel p;
    gw_journal_grant(bench.j, 0, 1);
    bench_sync(&bench);
    assert_false(bench_take(&bench, 0, &p, 0));
    gw_journal_rewind(bench.j, 0);
    bench_sync(&bench);
}

static uint64_t waiting(void)
{
    struct gw_journal_stats s;
    bench_sync(&bench);
    bench_sync(&bench);
    gw_journal_stats(bench.j, &s);
    return s.records_waiting;
}

/* Record 1 is a lead and record 2 the evidence about it; both and the window were delivered. */
static void begin(void)
{
    open_bench();
    bench_record(&bench, GW_CLASS_LEAD, 2, 1, NULL);
    evidence(1, 5000);
    deliver(1);
    deliver(2);
    take(GW_PARCEL_WINDOW, 2);
    assert_int_equal(waiting(), 0);
}

static void a_delivered_window_comes_again(bool receipts)
{
    bench.readers[0].receipts = receipts;
    begin();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(id_of(1)), GW_WINDOW_QUEUED);
        assert_int_equal(waiting(), 1);
        struct gw_parcel p = next(GW_PARCEL_WINDOW, 2);
        assert_int_equal(p.len, 5000);
        assert_string_equal(p.topic + strlen("evidence/"), id_of(1));
        for (size_t k = 0; k < p.len; k++)
            assert_int_equal(p.data[k], 'b');
        gw_journal_ack(bench.j, 0, p.kind, p.key);
        free(p.data);
        assert_int_equal(waiting(), 0);
        bench_advance(&bench, 60 * MINUTE);
        expect_nothing();
    }
}

static void with_receipts(void **state)
{
    (void)state;
    a_delivered_window_comes_again(true);
}

static void without_receipts(void **state)
{
    (void)state;
    a_delivered_window_comes_again(false);
}

static void what_was_promised_survives_a_restart(void **state)
{
    (void)state;
    begin();
    assert_int_equal(ask(id_of(1)), GW_WINDOW_QUEUED);
    bench_stop(&bench);
    open_bench();
    assert_int_equal(waiting(), 1);
    take(GW_PARCEL_WINDOW, 2);
    assert_int_equal(waiting(), 0);
    expect_nothing();
}

static void one_that_waits_is_not_doubled(void **state)
{
    (void)state;
    open_bench();
    bench_record(&bench, GW_CLASS_LEAD, 2, 1, NULL);
    evidence(1, 100);
    /* Not handed out yet. */
    assert_int_equal(ask(id_of(1)), GW_WINDOW_QUEUED);
    deliver(1);
    const struct bench_wire w = take(GW_PARCEL_RECORD, 2);
    take(GW_PARCEL_WINDOW, 2);
    expect_nothing();
    /* The broker has it, the platform does not: now, not in a minute. */
    assert_int_equal(ask(id_of(1)), GW_WINDOW_QUEUED);
    take(GW_PARCEL_WINDOW, 2);
    expect_nothing();
    assert_int_equal(gw_journal_receipt(bench.j, w.chain, w.seq, w.hash), GW_OK);
    assert_int_equal(waiting(), 0);
    bench_advance(&bench, 60 * MINUTE);
    expect_nothing();
}

/* The platform's word for the record says nothing of the window that it has asked for since. */
static void a_receipt_that_comes_twice_takes_nothing_back(void **state)
{
    (void)state;
    open_bench();
    bench_record(&bench, GW_CLASS_LEAD, 2, 1, NULL);
    evidence(1, 100);
    deliver(1);
    const struct bench_wire w = take(GW_PARCEL_RECORD, 2);
    assert_int_equal(gw_journal_receipt(bench.j, w.chain, w.seq, w.hash), GW_OK);
    take(GW_PARCEL_WINDOW, 2);
    assert_int_equal(waiting(), 0);
    assert_int_equal(ask(id_of(1)), GW_WINDOW_QUEUED);
    assert_int_equal(gw_journal_receipt(bench.j, w.chain, w.seq, w.hash), GW_OK);
    assert_int_equal(waiting(), 1);
    take(GW_PARCEL_WINDOW, 2);
    assert_int_equal(waiting(), 0);
    expect_nothing();
}

static void the_answer_says_why_not(void **state)
{
    (void)state;
    begin();
    assert_int_equal(ask(id_of(2)), GW_WINDOW_NONE);
    assert_int_equal(ask(id_of(3)), GW_WINDOW_UNKNOWN);
    assert_int_equal(ask("0123456789abcdef-1"), GW_WINDOW_UNKNOWN);
    char far[GW_RECORD_ID_SIZE];
    snprintf(far, sizeof far, "%s-9999999999999999999999", chain);
    assert_int_equal(ask(far), GW_WINDOW_UNKNOWN);
    static const char *const none[] = {"",
                                       "1",
                                       "0123456789abcdef",
                                       "0123456789abcdef-",
                                       "0123456789abcdef-0",
                                       "0123456789abcdef-1x",
                                       "0123456789ABCDEF-1",
                                       "0123456789abcdef-11111111111111111111111111111"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(gw_journal_resend(bench.j, none[i], 1), GW_E_INVAL);
    assert_int_equal(waiting(), 0);
}

static void one_that_made_way_is_told(void **state)
{
    (void)state;
    bench.readers[0].receipts = false;
    bench.conf.records_bytes = GW_JOURNAL_MIN;
    open_bench();
    for (int i = 0; i < 40; i++) {
        evidence(i + 1, 20000);
        deliver(i + 1);
        take(GW_PARCEL_WINDOW, i + 1);
    }
    assert_int_equal(ask(id_of(1)), GW_WINDOW_GONE);
    assert_int_equal(ask(id_of(40)), GW_WINDOW_QUEUED);
    take(GW_PARCEL_WINDOW, 40);
    assert_int_equal(waiting(), 0);
    /* Nor is it to be had after a restart. */
    bench_stop(&bench);
    open_bench();
    assert_int_equal(ask(id_of(1)), GW_WINDOW_GONE);
    expect_nothing();
}

static void too_many_at_once_are_refused(void **state)
{
    (void)state;
    bench.conf.dir = "/dev/null/nowhere";
    bench_start(&bench);
    /* It cannot open: each is answered. */
    memcpy(chain, "0123456789abcdef", sizeof chain);
    assert_int_equal(ask(id_of(1)), GW_WINDOW_FAILED);
    unsigned taken = 0;
    while (gw_journal_resend(bench.j, id_of(1), ++bench.next_token) == GW_OK && taken < 1000000)
        taken++;
    assert_in_range(taken, 1, 999999);
}

static enum gw_status read_window(const char *record, struct gw_buf *out)
{
    struct gw_err err = {0};
    gw_buf_clear(out);
    return gw_journal_window(bench.j, record, BENCH_WAIT, out, &err);
}

/* The local API reads it and changes nothing of its delivery. */
static void it_can_be_read_meanwhile(void **state)
{
    (void)state;
    struct gw_buf out;
    gw_buf_init(&out, 1 << 20);
    bench.readers[0].receipts = false;
    bench.conf.records_bytes = GW_JOURNAL_MIN;
    open_bench();
    bench_record(&bench, GW_CLASS_LEAD, 2, 1, NULL);
    evidence(1, 100);
    assert_int_equal(read_window(id_of(1), &out), GW_OK);
    assert_int_equal(out.len, 100);
    assert_memory_equal(out.data, "bbbbbbbb", 8);
    assert_int_equal(read_window(id_of(2), &out), GW_E_NOTFOUND);
    assert_int_equal(read_window("0123456789abcdef-1", &out), GW_E_NOTFOUND);
    assert_int_equal(read_window("", &out), GW_E_INVAL);
    assert_int_equal(read_window("0123456789abcdef-11111111111111111111111111111", &out),
                     GW_E_INVAL);
    assert_int_equal(waiting(), 3);
    deliver(1);
    deliver(2);
    take(GW_PARCEL_WINDOW, 2);
    for (int i = 3; i < 43; i++) {
        evidence(i, 20000);
        deliver(i);
        take(GW_PARCEL_WINDOW, i);
    }
    assert_int_equal(read_window(id_of(1), &out), GW_E_RANGE);
    assert_int_equal(read_window(id_of(42), &out), GW_OK);
    gw_buf_free(&out);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(with_receipts),
        T(without_receipts),
        T(what_was_promised_survives_a_restart),
        T(one_that_waits_is_not_doubled),
        T(a_receipt_that_comes_twice_takes_nothing_back),
        T(the_answer_says_why_not),
        T(one_that_made_way_is_told),
        T(too_many_at_once_are_refused),
        T(it_can_be_read_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
