/* SPDX-License-Identifier: Apache-2.0
 *
 * A start with a hundred thousand records and rows that wait: open within 5 s, the first parcel
 * within 2 s more. And the time that a poster is held up while the disk is slow: none.
 */
#define _GNU_SOURCE /* syscall */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "support/cmocka_all.h"

enum { MANY = 100000, OPEN_MS = 5000, FIRST_MS = 2000, SLOW_MS = 50 };

static atomic_bool slow;
static struct bench bench;

int fdatasync(int fildes)
{
    static const struct timespec pause = {.tv_nsec = SLOW_MS * 1000000L};
    if (atomic_load(&slow))
        nanosleep(&pause, NULL);
    return (int)syscall(SYS_fdatasync, fildes);
}

static int setup(void **state)
{
    (void)state;
    bench_init(&bench);
    bench.conf.records_bytes = INT64_C(256) * 1024 * 1024;
    bench.conf.telemetry_bytes = INT64_C(256) * 1024 * 1024;
    bench.conf.post_capacity = 1024;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    atomic_store(&slow, false);
    if (bench.j != NULL)
        bench_stop(&bench);
    bench_end(&bench);
    return 0;
}

static int64_t now_ms(void)
{
    struct gw_clock clock = gw_clock_system();
    return gw_clock_mono_ms(&clock);
}

static void a_start_with_a_long_backlog_is_quick(void **state)
{
    (void)state;
    char body[300];
    struct gw_notice n = bench_open(&bench);
    struct gw_journal_stats s;
    gw_notice_clear(&n);
    memset(body, 'x', sizeof body);
    struct gw_draft d = {
        .cls = GW_CLASS_LEAD, .priority = 2, .body = body, .body_len = sizeof body};
    for (int i = 0; i < MANY; i++) {
        bench_post(&bench, d);
        while (gw_journal_row(bench.j, GW_PARCEL_TELEMETRY, "telemetry", body, sizeof body) !=
               GW_OK)
            bench_advance(&bench, 1000);
    }
    bench_stop(&bench);

    int64_t start_ms = now_ms();
    n = bench_open(&bench);
    int64_t open_ms = now_ms() - start_ms;
    /* Rows that came too fast for the disk may have left a loss record. */
    assert_in_range(n.seq, MANY, MANY + 4);
    gw_notice_clear(&n);
    start_ms = now_ms();
    gw_journal_grant(bench.j, 0, 1);
    struct gw_parcel p = bench_next(&bench, 0);
    int64_t first_ms = now_ms() - start_ms;
    assert_int_equal(p.key, 1);
    free(p.data);
    gw_journal_stats(bench.j, &s);
    assert_int_equal(s.records_waiting, n.seq);
    printf("%d records and %llu rows: open after %lld ms, first parcel after %lld ms\n", MANY,
           (unsigned long long)s.telemetry_waiting, (long long)open_ms, (long long)first_ms);
    assert_true(open_ms <= OPEN_MS);
    assert_true(first_ms <= FIRST_MS);
}

/* Each commit takes 50 ms; posting takes what copying takes. */
static void a_slow_disk_holds_up_no_poster(void **state)
{
    (void)state;
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
    atomic_store(&slow, true);
    int64_t worst_ms = 0;
    int64_t start_ms = now_ms();
    for (int i = 0; i < 500; i++) {
        int64_t before_ms = now_ms();
        bench_record_post(&bench, GW_CLASS_LEAD, 2, i, "case/1");
        bench_row(&bench, GW_PARCEL_TELEMETRY, i);
        if (now_ms() - before_ms > worst_ms)
            worst_ms = now_ms() - before_ms;
    }
    int64_t all_ms = now_ms() - start_ms;
    struct gw_journal_stats s;
    bench_sync(&bench);
    gw_journal_stats(bench.j, &s);
    printf("500 posts in %lld ms, the slowest %lld ms, while a commit took %lld ms\n",
           (long long)all_ms, (long long)worst_ms, (long long)s.commit_max_ms);
    assert_int_equal(s.seq, 500);
    assert_true(s.commit_max_ms >= SLOW_MS);
    assert_true(all_ms < 500 * SLOW_MS / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_start_with_a_long_backlog_is_quick, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_disk_holds_up_no_poster, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
