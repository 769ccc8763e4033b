/* SPDX-License-Identifier: Apache-2.0
 *
 * Disks that are full, refuse, or forget; files that are not there, or not ours.
 *
 * The program's own fdatasync, fsync and pwrite stand before the C library's, so that SQLite's
 * calls can be made to fail for files whose path contains a given word.
 */
#define _GNU_SOURCE /* syscall, off64_t */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "support/cmocka_all.h"

static _Atomic(const char *) sync_fails; /* word in the path; NULL: none */
static _Atomic(const char *) write_fails;
static atomic_int write_errno;
static atomic_int write_spare; /* that many writes still succeed */

static bool named(int fd, const char *word)
{
    char link[64];
    char path[512];
    if (word == NULL)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0)
        return false;
    path[n] = '\0';
    return strstr(path, word) != NULL;
}

static int sync_or_fail(long call, int fd)
{
    if (named(fd, atomic_load(&sync_fails))) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(call, fd);
}

int fdatasync(int fildes)
{
    return sync_or_fail(SYS_fdatasync, fildes);
}

int fsync(int fd)
{
    return sync_or_fail(SYS_fsync, fd);
}

ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t offset)
{
    if (named(fd, atomic_load(&write_fails)) && atomic_fetch_sub(&write_spare, 1) <= 0) {
        errno = atomic_load(&write_errno);
        return -1;
    }
    return syscall(SYS_pwrite64, fd, buf, n, offset);
}

ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset)
{
    return pwrite64(fd, buf, n, offset);
}

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
    atomic_store(&sync_fails, NULL);
    atomic_store(&write_fails, NULL);
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

/* The records from the first on, as reader 0 gets them, are 1 .. n without a gap. */
static void expect_chain(int64_t n)
{
    char prev[GW_SHA256_HEX] = "";
    gw_journal_grant(bench.j, 0, (unsigned)n + 10);
    for (int64_t seq = 1; seq <= n; seq++) {
        struct gw_parcel p = bench_next(&bench, 0);
        struct bench_wire wire;
        assert_true(bench_parse(&p, &wire));
        assert_int_equal(wire.seq, seq);
        if (seq > 1)
            assert_string_equal(wire.prev, prev);
        snprintf(prev, sizeof prev, "%s", wire.hash);
        free(p.data);
    }
    struct gw_parcel p;
    bench_sync(&bench);
    assert_false(bench_take(&bench, 0, &p, 0));
}

static void a_second_process_is_refused_in_clear_words(void **state)
{
    (void)state;
    int ready[2];
    int quit[2];
    char c = 0;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(quit), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        open_bench();
        bench_record(&bench, GW_CLASS_LEAD, 2, 1, NULL);
        bool ok = write(ready[1], "r", 1) == 1 && read(quit[0], &c, 1) == 1;
        bench_stop(&bench);
        _exit(ok ? 0 : 1);
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    bench_start(&bench);
    struct gw_notice n = bench_wait(&bench, GW_NOTICE_FAILED);
    assert_non_null(strstr(n.text, "records.db: in use by another program"));
    gw_notice_clear(&n);
    uint64_t token = bench_record_post(&bench, GW_CLASS_LEAD, 2, 2, NULL);
    int status = 0;
    assert_int_equal(write(quit[1], "q", 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);

    bench_advance(&bench, 40000);
    n = bench_wait(&bench, GW_NOTICE_OPEN);
    assert_int_equal(n.seq, 1);
    gw_notice_clear(&n);
    n = bench_wait(&bench, GW_NOTICE_COMMITTED);
    assert_int_equal(n.token, token);
    assert_int_equal(n.seq, 2);
    gw_notice_clear(&n);
    bench_wait_text(&bench, "records.db: works again");
    assert_int_equal(bench.failed, 1); /* told once */
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(quit[i]);
    }
}

static void a_folder_that_cannot_be_made_is_retried(void **state)
{
    (void)state;
    char dir[BENCH_DIR + 32];
    snprintf(dir, sizeof dir, "%s/a", bench.dir);
    FILE *f = fopen(dir, "w");
    assert_non_null(f);
    fclose(f);
    bench.conf.dir = dir;
    bench_start(&bench);
    uint64_t token = bench_record_post(&bench, GW_CLASS_LEAD, 2, 1, "case/1");
    struct gw_notice n = bench_wait(&bench, GW_NOTICE_FAILED);
    assert_non_null(strstr(n.text, "not a folder"));
    gw_notice_clear(&n);
    struct gw_journal_stats s;
    gw_journal_stats(bench.j, &s);
    assert_false(s.open);
    bench_advance(&bench, 5000);
    bench_advance(&bench, 5000);
    assert_int_equal(remove(dir), 0);
    bench_advance(&bench, 40000);
    n = bench_wait(&bench, GW_NOTICE_COMMITTED);
    assert_int_equal(n.token, token);
    assert_int_equal(n.seq, 1);
    gw_notice_clear(&n);
    assert_int_equal(bench.failed, 1);
    bench_stop(&bench);
    static const char *const names[] = {"records.db", "records.db-wal", "telemetry.db",
                                        "telemetry.db-wal"};
    for (size_t i = 0; i < 4; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        remove(path);
    }
    assert_int_equal(remove(dir), 0);
}

/* Some commits, then writes fail for a while, at every possible point of a commit. */
static void failing_writes(int error, const char *text)
{
    enum { BEFORE = 3, TURNS = 12 };
    open_bench();
    for (int i = 1; i <= BEFORE; i++)
        bench_record(&bench, GW_CLASS_LEAD, 2, i, "case/1");
    for (int turn = 0; turn < TURNS; turn++) {
        atomic_store(&write_errno, error);
        atomic_store(&write_spare, turn % 6);
        atomic_store(&write_fails, "records.db");
        unsigned failed = bench.failed;
        uint64_t first = bench_record_post(&bench, GW_CLASS_LEAD, 2, 100 + turn, "case/1");
        struct gw_notice n = {.kind = GW_NOTICE_EVENT};
        /* With enough writes to spare it may get through: then the next one will not. */
        while (bench.failed == failed) {
            gw_notice_clear(&n);
            assert_true(gw_mailbox_wait(gw_journal_notices(bench.j), &n, BENCH_WAIT));
            if (n.kind == GW_NOTICE_FAILED) {
                assert_non_null(strstr(n.text, text));
                bench.failed++;
            } else if (n.kind == GW_NOTICE_COMMITTED && n.token == first) {
                first = bench_record_post(&bench, GW_CLASS_LEAD, 2, 100 + turn, "case/1");
            }
        }
        gw_notice_clear(&n);
        uint64_t second = bench_record_post(&bench, GW_CLASS_LEAD, 2, 200 + turn, "case/1");
        atomic_store(&write_fails, NULL);
        bench_advance(&bench, 40000);
        n = bench_wait(&bench, GW_NOTICE_COMMITTED);
        assert_int_equal(n.token, first);
        gw_notice_clear(&n);
        n = bench_wait(&bench, GW_NOTICE_COMMITTED);
        assert_int_equal(n.token, second);
        gw_notice_clear(&n);
        bench_wait_text(&bench, "works again");
        bench.events[0] = '\0';
    }
    struct gw_journal_stats s;
    bench_sync(&bench);
    gw_journal_stats(bench.j, &s);
    assert_true(s.seq >= BEFORE + 2 * TURNS);
    expect_chain(s.seq);
    bench_stop(&bench);
    bench_forget(&bench);
    open_bench();
    assert_int_equal(bench.nstates, 1);
    assert_string_equal(bench.states[0].value, "{\"n\":211}");
    expect_chain(s.seq);
}

static void a_full_disk_consumes_nothing(void **state)
{
    (void)state;
    failing_writes(ENOSPC, "no room left");
}

static void a_disk_that_refuses_consumes_nothing(void **state)
{
    (void)state;
    failing_writes(EIO, "disk error");
}

static void a_full_disk_at_the_first_start_is_retried(void **state)
{
    (void)state;
    atomic_store(&write_errno, ENOSPC);
    atomic_store(&write_spare, 0);
    atomic_store(&write_fails, bench.dir);
    bench_start(&bench);
    uint64_t token = bench_record_post(&bench, GW_CLASS_LEAD, 2, 1, NULL);
    struct gw_notice n = bench_wait(&bench, GW_NOTICE_FAILED);
    assert_non_null(strstr(n.text, "no room left"));
    gw_notice_clear(&n);
    /* Each time it comes a few writes further. */
    for (int spare = 1; spare < 60; spare += 3) {
        atomic_store(&write_spare, spare);
        bench_advance(&bench, 40000);
    }
    atomic_store(&write_fails, NULL);
    bench_advance(&bench, 40000);
    n = bench_wait(&bench, GW_NOTICE_COMMITTED);
    assert_int_equal(n.token, token);
    assert_int_equal(n.seq, 1);
    gw_notice_clear(&n);
}

static void telemetry_needs_no_disk(void **state)
{
    (void)state;
    open_bench();
    bench_row(&bench, GW_PARCEL_TELEMETRY, 1);
    gw_journal_grant(bench.j, 0, 100);
    struct gw_parcel p = bench_next(&bench, 0);
    gw_journal_ack(bench.j, 0, p.kind, p.key);
    free(p.data);
    atomic_store(&write_errno, ENOSPC);
    atomic_store(&write_spare, 0);
    atomic_store(&write_fails, "telemetry.db");
    for (int i = 2; i < 30; i++)
        bench_row(&bench, GW_PARCEL_TELEMETRY, i);
    bench_advance(&bench, 2000);
    bench_wait_text(&bench, "telemetry.db: no room left");
    assert_int_equal(bench.failed, 0); /* records.db is well */
    bench_record(&bench, GW_CLASS_LEAD, 2, 1, NULL);
    for (int i = 2; i < 30; i++) { /* whoever listens gets them all the same */
        char data[16];
        snprintf(data, sizeof data, "{\"n\":%d}", i);
        p = bench_next(&bench, 0);
        assert_string_equal(p.data, data);
        free(p.data);
    }
    p = bench_next(&bench, 0);
    assert_string_equal(p.topic, "lead");
    free(p.data);
    atomic_store(&write_fails, NULL);
    bench_advance(&bench, 40000);
    bench_wait_text(&bench, "telemetry.db: works again");
}

static void a_failed_fsync_is_fatal(void **state)
{
    (void)state;
    open_bench();
    for (int i = 1; i <= 5; i++)
        bench_record(&bench, GW_CLASS_LEAD, 2, i, NULL);
    atomic_store(&sync_fails, "records.db");
    bench_record_post(&bench, GW_CLASS_LEAD, 2, 6, NULL);
    struct gw_notice n = bench_wait(&bench, GW_NOTICE_FATAL);
    assert_non_null(strstr(n.text, "fsync"));
    gw_notice_clear(&n);
    atomic_store(&sync_fails, NULL);
    /* From then on nothing is tried, also at the end. */
    bench_record_post(&bench, GW_CLASS_LEAD, 2, 7, NULL);
    bench_advance(&bench, 100000);
    bench_row(&bench, GW_PARCEL_TELEMETRY, 1);
    bench_stop(&bench);

    n = bench_open(&bench);
    assert_in_range(n.seq, 5, 6); /* the sixth was not told; it may be there */
    expect_chain(n.seq);
    gw_notice_clear(&n);
}

static void a_failed_fsync_of_telemetry_is_fatal(void **state)
{
    (void)state;
    char data[4000];
    memset(data, 'x', sizeof data);
    open_bench();
    atomic_store(&sync_fails, "telemetry.db");
    /* Synced at the first checkpoint, after 256 pages. */
    for (int i = 0; i < 400; i++)
        assert_int_equal(
            gw_journal_row(bench.j, GW_PARCEL_TELEMETRY, "telemetry", data, sizeof data), GW_OK);
    for (int i = 0; i < 6; i++)
        bench_advance(&bench, 2000);
    struct gw_notice n = bench_wait(&bench, GW_NOTICE_FATAL);
    assert_non_null(strstr(n.text, "telemetry.db"));
    gw_notice_clear(&n);
}

/* The first record of a chain that does not continue the old one says so. */
static void expect_break(const struct gw_notice *open, const char *old_chain, int64_t old_seq,
                         const char *reason)
{
    char part[64];
    struct bench_wire wire;
    assert_int_equal(open->seq, 1);
    assert_string_not_equal(open->chain, old_chain);
    gw_journal_grant(bench.j, 0, 1);
    struct gw_parcel p = bench_next(&bench, 0);
    while (strcmp(p.topic, "record") != 0) { /* a lead that was posted meanwhile leaves first */
        free(p.data);
        gw_journal_grant(bench.j, 0, 1);
        p = bench_next(&bench, 0);
    }
    assert_true(bench_parse(&p, &wire));
    assert_int_equal(wire.seq, 1);
    assert_non_null(strstr(wire.body, "\"class\":\"key\""));
    snprintf(part, sizeof part, "\"chain_break\":{\"chain\":\"%s\"", old_chain);
    assert_non_null(strstr(wire.body, part));
    snprintf(part, sizeof part, "\"seq\":%lld%s", (long long)old_seq,
             strcmp(reason, "damaged") == 0 ? ",\"waiting\":" : "}");
    assert_non_null(strstr(wire.body, part));
    snprintf(part, sizeof part, "\"reason\":\"%s\"", reason);
    assert_non_null(strstr(wire.body, part));
    free(p.data);
}

static void a_journal_that_was_removed_is_missed(void **state)
{
    (void)state;
    struct gw_notice n = bench_open(&bench);
    for (int i = 1; i <= 5; i++)
        bench_record(&bench, GW_CLASS_LEAD, 2, i, NULL);
    bench_stop(&bench);
    assert_int_equal(remove(bench_path(&bench, "records.db")), 0);
    assert_int_equal(remove(bench_path(&bench, "records.db-wal")), 0);
    struct gw_notice again = bench_open(&bench);
    expect_break(&again, n.chain, 5, "missing");
    assert_non_null(strstr(bench.events, "records.db is gone"));
    gw_notice_clear(&n);
    gw_notice_clear(&again);
}

static void an_old_copy_of_the_journal_is_noticed(void **state)
{
    (void)state;
    struct bench old;
    bench_init(&old);
    struct gw_notice n = bench_open(&bench);
    for (int i = 1; i <= 3; i++)
        bench_record(&bench, GW_CLASS_LEAD, 2, i, NULL);
    bench_stop(&bench);
    bench_copy(&bench, old.dir);
    struct gw_notice again = bench_open(&bench);
    for (int i = 4; i <= 9; i++)
        bench_record(&bench, GW_CLASS_LEAD, 2, i, NULL);
    bench_stop(&bench);
    assert_int_equal(remove(bench_path(&old, "telemetry.db")), 0);
    assert_int_equal(remove(bench_path(&old, "telemetry.db-wal")), 0);
    bench_copy(&old, bench.dir); /* numbers 4 to 9 would be given twice */
    bench_end(&old);
    gw_notice_clear(&again);
    again = bench_open(&bench);
    expect_break(&again, n.chain, 9, "damaged");
    assert_non_null(strstr(bench.events, "ends at record 3, but record 9 was already stored"));
    assert_true(bench_has(&bench, "records.db.damaged-", NULL, 0));
    gw_notice_clear(&n);
    gw_notice_clear(&again);
}

static void files_removed_while_in_use_are_replaced(void **state)
{
    (void)state;
    struct gw_notice n = bench_open(&bench);
    for (int i = 1; i <= 5; i++)
        bench_record(&bench, GW_CLASS_LEAD, 2, i, "case/1");
    assert_int_equal(remove(bench_path(&bench, "records.db")), 0);
    assert_int_equal(remove(bench_path(&bench, "records.db-wal")), 0);
    uint64_t token = bench_record_post(&bench, GW_CLASS_LEAD, 2, 6, "case/1");
    struct gw_notice again = bench_wait(&bench, GW_NOTICE_OPEN);
    assert_non_null(strstr(bench.events, "was moved or removed while in use"));
    expect_break(&again, n.chain, 5, "missing");
    struct gw_notice c = bench_wait(&bench, GW_NOTICE_COMMITTED);
    assert_int_equal(c.token, token);
    assert_int_equal(c.seq, 2);
    assert_string_equal(c.chain, again.chain);
    gw_notice_clear(&c);
    /* An ack of the old chain's third record is none of the new chain's. */
    struct gw_journal_stats before;
    struct gw_journal_stats after;
    bench_sync(&bench);
    gw_journal_stats(bench.j, &before);
    gw_journal_ack(bench.j, 0, GW_PARCEL_RECORD, 3);
    assert_int_equal(bench_record(&bench, GW_CLASS_LEAD, 2, 7, NULL), 3);
    bench_sync(&bench);
    gw_journal_stats(bench.j, &after);
    assert_int_equal(after.records_waiting, before.records_waiting + 1);

    assert_int_equal(remove(bench_path(&bench, "telemetry.db")), 0);
    bench_row(&bench, GW_PARCEL_TELEMETRY, 1);
    bench_advance(&bench, 2000);
    bench_wait_text(&bench, "telemetry.db: was moved");
    gw_journal_grant(bench.j, 0, 10);
    struct gw_parcel p = bench_next(&bench, 0);
    while (p.kind == GW_PARCEL_RECORD) {
        free(p.data);
        p = bench_next(&bench, 0);
    }
    assert_int_equal(p.kind, GW_PARCEL_TELEMETRY);
    free(p.data);
    gw_notice_clear(&n);
    gw_notice_clear(&again);
}

static void make_newer(const char *name)
{
    static const unsigned char version[4] = {0, 0, 0, 99};
    char wal[64];
    FILE *f = fopen(bench_path(&bench, name), "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, 60, SEEK_SET), 0); /* user_version in the file's header */
    assert_int_equal(fwrite(version, 1, 4, f), 4);
    fclose(f);
    snprintf(wal, sizeof wal, "%s-wal", name);
    assert_int_equal(truncate(bench_path(&bench, wal), 0), 0);
}

static void a_file_of_a_newer_program_is_left_alone(void **state)
{
    (void)state;
    open_bench();
    bench_record(&bench, GW_CLASS_LEAD, 2, 1, NULL);
    bench_stop(&bench);
    make_newer("records.db");
    bench_start(&bench);
    struct gw_notice n = bench_wait(&bench, GW_NOTICE_FAILED);
    assert_non_null(strstr(n.text, "format 99"));
    gw_notice_clear(&n);
    bench_stop(&bench);
    assert_false(bench_has(&bench, "records.db.damaged-", NULL, 0));
}

/* Records do not wait for it. */
static void telemetry_of_a_newer_program_is_left_alone(void **state)
{
    (void)state;
    open_bench();
    bench_row(&bench, GW_PARCEL_TELEMETRY, 1);
    bench_stop(&bench);
    make_newer("telemetry.db");
    open_bench();
    bench_wait_text(&bench, "telemetry.db: has format 99");
    assert_int_equal(bench_record(&bench, GW_CLASS_LEAD, 2, 1, NULL), 1);
    bench_stop(&bench);
    assert_false(bench_has(&bench, "telemetry.db.damaged-", NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_second_process_is_refused_in_clear_words, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_made_is_retried, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_consumes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_disk_that_refuses_consumes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_at_the_first_start_is_retried, setup, teardown),
        cmocka_unit_test_setup_teardown(telemetry_needs_no_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_fsync_is_fatal, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_fsync_of_telemetry_is_fatal, setup, teardown),
        cmocka_unit_test_setup_teardown(a_journal_that_was_removed_is_missed, setup, teardown),
        cmocka_unit_test_setup_teardown(an_old_copy_of_the_journal_is_noticed, setup, teardown),
        cmocka_unit_test_setup_teardown(files_removed_while_in_use_are_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_of_a_newer_program_is_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(telemetry_of_a_newer_program_is_left_alone, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
