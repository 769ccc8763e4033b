/* SPDX-License-Identifier: Apache-2.0
 *
 * Each of the first writes and fsyncs of a journal's life fails once, or is cut short, each in a
 * life of its own. What was told committed is there afterwards, in one chain, whatever happened;
 * nothing is taken for damage.
 *
 * The program's own fdatasync, fsync and pwrite stand before the C library's.
 */
#define _GNU_SOURCE /* syscall, off64_t */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"
#include "support/cmocka_all.h"
#include "support/times.h"

/* Writes and fsyncs that are tried, and the records of a life that has as many. */
static int places, records;
enum how { HOW_EIO, HOW_ENOSPC, HOW_SHORT };

static atomic_int write_at = -1; /* that many succeed, the next one fails; -1: all succeed */
static atomic_int sync_at = -1;
static atomic_int how;
static atomic_bool hit;
static atomic_bool at_folder; /* the folder was struck, not a file */
static atomic_bool ending;
static atomic_bool at_end; /* struck while the journal was closed */
static const char *folder;

static bool ours(int fd)
{
    char link[64];
    char path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0 || folder == NULL)
        return false;
    path[n] = '\0';
    atomic_store(&at_folder, strcmp(path, folder) == 0);
    return strncmp(path, folder, strlen(folder)) == 0;
}

static bool strikes(atomic_int *at, int fd)
{
    if (atomic_load(at) < 0 || !ours(fd) || atomic_fetch_sub(at, 1) != 0)
        return false;
    atomic_store(&hit, true);
    atomic_store(&at_end, atomic_load(&ending));
    return true;
}

static int sync_or_fail(long call, int fd)
{
    if (!strikes(&sync_at, fd))
        return (int)syscall(call, fd);
    errno = EIO;
    return -1;
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
    if (!strikes(&write_at, fd))
        return syscall(SYS_pwrite64, fd, buf, n, offset);
    if (atomic_load(&how) == HOW_SHORT) {
        atomic_store(&write_at, 0); /* and the rest of it finds no room */
        atomic_store(&how, HOW_ENOSPC);
        return syscall(SYS_pwrite64, fd, buf, n / 2, offset);
    }
    errno = atomic_load(&how) == HOW_EIO ? EIO : ENOSPC;
    return -1;
}

ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset)
{
    return pwrite64(fd, buf, n, offset);
}

/* What a life has told. */
struct life {
    bool fatal;
    int count;    /* of commits that were told */
    int64_t told; /* the last number that was told committed */
    char hash[GW_SHA256_HEX];
};

static void live(struct bench *b, struct life *life)
{
    struct gw_notice n;
    int posted = 0;
    *life = (struct life){0};
    bench_start(b);
    while (!life->fatal && life->count < records) {
        if (posted < records && gw_journal_room(b->j) > 0) {
            bench_record_post(b, GW_CLASS_LEAD, 2, posted++, "case/1");
            bench_row(b, GW_PARCEL_TELEMETRY, posted);
        }
        bench_advance(b, 40000); /* whatever waits to be tried again is */
        while (gw_mailbox_wait(gw_journal_notices(b->j), &n, 2)) {
            life->fatal = life->fatal || n.kind == GW_NOTICE_FATAL;
            if (n.kind == GW_NOTICE_COMMITTED) {
                assert_true(n.seq > life->told); /* losses are told of in between */
                life->count++;
                life->told = n.seq;
                memcpy(life->hash, n.hash, sizeof n.hash);
            }
            gw_notice_clear(&n);
        }
    }
    atomic_store(&ending, true);
    bench_stop(b);
    atomic_store(&ending, false);
}

/* What a failed fsync must lead to. SQLite syncs the folder in which it has made a log and does not
 * care whether that worked; and at the end there is nobody left to be told. */
static bool must_end_it(void)
{
    return atomic_load(&hit) && !atomic_load(&at_folder) && !atomic_load(&at_end);
}

static void check(struct bench *b, const struct life *life, const char *what)
{
    char prev[GW_SHA256_HEX] = "";
    struct gw_notice open = bench_open(b);
    if (open.seq < life->told || strstr(b->events, "damaged") != NULL)
        fail_msg("%s: told %lld, stored %lld; %s", what, (long long)life->told, (long long)open.seq,
                 b->events);
    gw_journal_grant(b->j, 0, 1000);
    for (int64_t seq = 1; seq <= open.seq; seq++) {
        struct gw_parcel p = bench_next(b, 0);
        struct bench_wire wire;
        assert_true(bench_parse(&p, &wire));
        assert_int_equal(wire.seq, seq);
        assert_true(seq == 1 || strcmp(wire.prev, prev) == 0);
        if (seq == life->told)
            assert_string_equal(wire.hash, life->hash);
        memcpy(prev, wire.hash, sizeof prev);
        free(p.data);
    }
    if (open.seq > 0)
        assert_string_equal(open.hash, prev);
    assert_false(bench_has(b, "records.db.damaged", NULL, 0));
    gw_notice_clear(&open);
    bench_stop(b);
}

/* The number of lives in which it struck. */
static int lives(atomic_int *at, enum how kind, const char *name, int *fatal, int *missed)
{
    int struck = 0;
    for (int place = 0; place < places; place++) {
        struct bench b;
        struct life life;
        char what[64];
        snprintf(what, sizeof what, "%s at %d", name, place);
        bench_init(&b);
        b.conf.records_bytes = b.conf.telemetry_bytes = GW_JOURNAL_MIN;
        folder = b.dir;
        atomic_store(&hit, false);
        atomic_store(&how, kind);
        atomic_store(at, place);
        live(&b, &life);
        atomic_store(at, -1);
        struck += atomic_load(&hit) ? 1 : 0;
        *fatal += life.fatal ? 1 : 0;
        *missed += must_end_it() && !life.fatal ? 1 : 0;
        bench_forget(&b);
        check(&b, &life, what);
        folder = NULL;
        bench_end(&b);
        if (!atomic_load(&hit))
            break;
    }
    printf("%s: %d places, %d ended the process\n", name, struck, *fatal);
    return struck;
}

static void no_failed_write_loses_anything(void **state)
{
    static const char *const names[] = {"EIO", "ENOSPC", "short write"};
    (void)state;
    for (int kind = HOW_EIO; kind <= HOW_SHORT; kind++) {
        int fatal = 0, missed = 0;
        assert_int_equal(lives(&write_at, (enum how)kind, names[kind], &fatal, &missed), places);
        assert_int_equal(fatal, 0);
    }
}

/* There are fewer of them in a short life: all of them. */
static void each_failed_fsync_ends_the_process_and_loses_nothing(void **state)
{
    (void)state;
    int fatal = 0, missed = 0;
    int struck = lives(&sync_at, HOW_EIO, "fsync", &fatal, &missed);
    assert_true(struck > 10);
    assert_true(fatal > 10);
    assert_int_equal(missed, 0);
}

int main(void)
{
    places = 100 * test_times();
    records = 15 * test_times();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_failed_write_loses_anything),
        cmocka_unit_test(each_failed_fsync_ends_the_process_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
