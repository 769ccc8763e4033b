/* SPDX-License-Identifier: Apache-2.0
 *
 * After an outage: what was written before the connection is marked historical, and what is written
 * now does not wait behind it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "support/cmocka_all.h"

static struct bench bench;

static int setup(void **state)
{
    (void)state;
    bench_init(&bench);
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

/* Written and committed, as is all that was acked before. */
static void rows(int from, int to)
{
    for (int i = from; i <= to; i++)
        bench_row(&bench, GW_PARCEL_TELEMETRY, i);
    for (int i = 0; i < 3; i++) {
        bench_sync(&bench);
        bench_advance(&bench, 1100);
    }
    bench_sync(&bench);
}

static void records(enum gw_class cls, int priority, int from, int to)
{
    for (int i = from; i <= to; i++)
        bench_record(&bench, cls, priority, i, NULL);
}

static void connect(unsigned reader)
{
    gw_journal_live(bench.j, reader);
    bench_sync(&bench);
}

static int number(const struct gw_parcel *p)
{
    const char *at = strstr(p->data, "\"n\":");
    assert_non_null(at);
    return (int)strtol(at + 4, NULL, 10);
}

struct taken {
    enum gw_parcel_kind kind;
    int n;
    bool historical;
    int64_t key;
};

static struct taken take(unsigned reader, bool ack)
{
    gw_journal_grant(bench.j, reader, 1);
    struct gw_parcel p = bench_next(&bench, reader);
    const struct taken t = {p.kind, number(&p), p.historical, p.key};
    if (ack)
        gw_journal_ack(bench.j, reader, p.kind, p.key);
    bench_sync(&bench);
    free(p.data);
    return t;
}

/* Three of four rows are new ones while both wait; each sort in its order. */
static void new_rows_do_not_wait_for_old_ones(void **state)
{
    (void)state;
    open_bench();
    rows(1, 8);
    connect(0);
    rows(101, 106);
    static const int wanted[] = {101, 102, 103, 1, 104, 105, 106, 2, 3, 4, 5, 6, 7, 8};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct taken t = take(0, true);
        assert_int_equal(t.n, wanted[i]);
        assert_int_equal(t.historical, wanted[i] < 100);
    }
    struct gw_parcel p;
    gw_journal_grant(bench.j, 0, 1);
    bench_sync(&bench);
    assert_false(bench_take(&bench, 0, &p, 0));
    bench_advance(&bench, 1100);
    bench_sync(&bench);
    struct gw_journal_stats s;
    gw_journal_stats(bench.j, &s);
    assert_int_equal(s.telemetry_waiting, 0);
}

/* What was not acked comes again and is historical then; what was acked does not. */
static void a_second_outage_in_the_middle(void **state)
{
    (void)state;
    open_bench();
    rows(1, 4);
    connect(0);
    rows(101, 104);
    assert_int_equal(take(0, true).n, 101);
    assert_int_equal(take(0, false).n, 102);
    assert_int_equal(take(0, true).n, 103);
    assert_int_equal(take(0, true).n, 1);
    gw_journal_rewind(bench.j, 0);
    connect(0);
    rows(201, 201);
    static const int wanted[] = {201, 2, 3, 4, 102, 104};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct taken t = take(0, true);
        assert_int_equal(t.n, wanted[i]);
        assert_int_equal(t.historical, wanted[i] < 200);
    }
    /* And a restart finds nothing. */
    bench_stop(&bench);
    open_bench();
    struct gw_parcel p;
    gw_journal_grant(bench.j, 0, 1);
    bench_sync(&bench);
    assert_false(bench_take(&bench, 0, &p, 0));
}

/* Seven old records, then a new row; a new record waits for none of its rank's elders' rows. */
static void old_records_leave_a_share_to_new_rows(void **state)
{
    (void)state;
    open_bench();
    records(GW_CLASS_LEAD, 2, 1, 30);
    rows(31, 34);
    connect(0);
    rows(101, 103);
    records(GW_CLASS_ALARM, 1, 200, 200);
    struct taken t = take(0, true);
    assert_int_equal(t.n, 200); /* the urgent one is first, and it is news */
    assert_false(t.historical);
    int lead = 1;
    int row = 101;
    while (lead <= 30) {
        for (int i = 0; i < 7 && lead <= 30; i++) {
            t = take(0, true);
            assert_int_equal(t.kind, GW_PARCEL_RECORD);
            assert_true(t.historical);
            assert_int_equal(t.n, lead++);
        }
        if (row <= 103 && lead <= 30) {
            t = take(0, true);
            assert_int_equal(t.kind, GW_PARCEL_TELEMETRY);
            assert_false(t.historical);
            assert_int_equal(t.n, row++);
        }
    }
    assert_int_equal(row, 104);
    records(GW_CLASS_LEAD, 2, 201, 201);
    t = take(0, true);
    assert_int_equal(t.n, 201);
    assert_false(t.historical);
    for (int i = 31; i <= 34; i++) {
        t = take(0, true);
        assert_int_equal(t.n, i);
        assert_true(t.historical);
    }
}

/* A reader without connections takes rows as they were written, whatever the other one does. */
static void the_other_reader_is_not_concerned(void **state)
{
    (void)state;
    bench.readers[1] = (struct gw_reader_conf){"influx", false, true, false};
    bench.conf.nreaders = 2;
    open_bench();
    rows(1, 3);
    connect(0);
    rows(101, 103);
    static const int wanted[] = {101, 102, 103, 1, 2, 3};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(take(0, true).n, wanted[i]);
    for (int i = 1; i <= 2; i++) {
        const struct taken t = take(1, true);
        assert_int_equal(t.n, i);
        assert_false(t.historical);
    }
    bench_advance(&bench, 1100);
    bench_sync(&bench);
    bench_stop(&bench);
    /* Each goes on where everything before was acked by it; more may come again, nothing is left out. */
    open_bench();
    unsigned seen[2] = {0, 0};
    for (unsigned reader = 0; reader < 2; reader++) {
        struct gw_parcel p;
        gw_journal_grant(bench.j, reader, 20);
        while (bench_take(&bench, reader, &p, 200)) {
            const int n = number(&p);
            seen[reader] |= 1u << (n < 100 ? n : n - 100 + 3);
            gw_journal_ack(bench.j, reader, p.kind, p.key);
            free(p.data);
        }
    }
    assert_int_equal(seen[0] & 0x0c, 0x0c);              /* 2 and 3 */
    assert_int_equal(seen[1] & 0x78, 0x78);              /* 3, 101, 102, 103 */
    assert_int_equal((seen[0] | seen[1]) & (1 << 1), 0); /* both have had 1 */
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(new_rows_do_not_wait_for_old_ones),
        T(a_second_outage_in_the_middle),
        T(old_records_leave_a_share_to_new_rows),
        T(the_other_reader_is_not_concerned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
