/* SPDX-License-Identifier: Apache-2.0
 *
 * A disk that is really full: by another program, before the first start, and by ourselves. On a
 * small file system of its own, which takes root to mount: without it the tests are skipped.
 */
#define _GNU_SOURCE /* mount */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "bench.h"
#include "support/cmocka_all.h"

#define MIB INT64_C(1048576)

static struct bench bench;
static char place[64];

static bool mount_small(int64_t kib)
{
    char options[64];
    snprintf(place, sizeof place, "/tmp/gw-disk-XXXXXX");
    assert_non_null(mkdtemp(place));
    snprintf(options, sizeof options, "size=%lldk,mode=0700", (long long)kib);
    if (mount("tmpfs", place, "tmpfs", 0, options) != 0) {
        printf("SKIPPED: no small file system: mount: %s (needs root)\n", strerror(errno));
        rmdir(place);
        place[0] = '\0';
        return false;
    }
    setenv("TMPDIR", place, 1);
    bench_init(&bench);
    unsetenv("TMPDIR");
    return true;
}

static int teardown(void **state)
{
    (void)state;
    if (place[0] == '\0')
        return 0;
    if (bench.j != NULL)
        bench_stop(&bench);
    bench_end(&bench);
    int code = umount(place);
    rmdir(place);
    place[0] = '\0';
    return code;
}

/* Takes all room but for that many bytes. */
static void fill(int64_t spare)
{
    static char data[4096];
    char path[96];
    snprintf(path, sizeof path, "%s/foreign", place);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    int64_t size = 0;
    for (ssize_t n = write(fd, data, sizeof data); n > 0; n = write(fd, data, sizeof data))
        size += n;
    assert_int_equal(ftruncate(fd, size > spare ? size - spare : 0), 0);
    close(fd);
}

static void make_room(void)
{
    char path[96];
    snprintf(path, sizeof path, "%s/foreign", place);
    assert_int_equal(remove(path), 0);
}

static void deliver_all(int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (i % 50 == 0)
            gw_journal_grant(bench.j, 0, 50);
        struct gw_parcel p = bench_next(&bench, 0);
        while (p.kind != GW_PARCEL_RECORD) {
            gw_journal_ack(bench.j, 0, p.kind, p.key);
            free(p.data);
            gw_journal_grant(bench.j, 0, 1);
            p = bench_next(&bench, 0);
        }
        gw_journal_ack(bench.j, 0, p.kind, p.key);
        free(p.data);
    }
}

static void another_program_fills_the_disk(void **state)
{
    (void)state;
    enum { MANY = 2500 };
    struct gw_journal_stats s;
    if (!mount_small(40 * 1024)) {
        skip();
        return;
    }
    bench.conf.records_bytes = 16 * MIB;
    bench.conf.telemetry_bytes = 8 * MIB;
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
    bench_record(&bench, GW_CLASS_LEAD, 2, 0, "case/1");
    fill(0);
    for (int i = 1; i < MANY; i++)
        bench_record_post(&bench, GW_CLASS_LEAD, 2, i, "case/1");
    bench_sync(&bench);
    gw_journal_stats(bench.j, &s);
    assert_int_equal(s.seq, MANY);
    assert_int_equal(bench.failed, 0);
    /* Started anew on the full disk: nothing of it is lost, and it can be emptied. */
    bench_stop(&bench);
    n = bench_open(&bench);
    assert_int_equal(n.seq, MANY);
    gw_notice_clear(&n);
    deliver_all(MANY);
    s.records_waiting = 1;
    for (int i = 0; i < MANY && s.records_waiting != 0; i++) { /* acks wait, too */
        bench_sync(&bench);
        gw_journal_stats(bench.j, &s);
    }
    assert_int_equal(s.records_waiting, 0);
    assert_int_equal(bench_record(&bench, GW_CLASS_LEAD, 2, MANY, "case/1"), MANY + 1);
    assert_false(bench_has(&bench, "records.db.damaged", NULL, 0));
    assert_false(bench_has(&bench, "telemetry.db.damaged", NULL, 0));
    make_room();
}

static void the_disk_is_full_before_the_first_start(void **state)
{
    (void)state;
    for (int64_t kib = 4; kib <= 64; kib += 4) {
        if (!mount_small(4096)) {
            skip();
            return;
        }
        fill(kib * 1024);
        bench_start(&bench);
        uint64_t token = bench_record_post(&bench, GW_CLASS_LEAD, 2, 1, "case/1");
        bench_row(&bench, GW_PARCEL_TELEMETRY, 1);
        if (kib <= 16)
            bench_wait_text(&bench, "no room left");
        for (int i = 0; i < 4; i++)
            bench_advance(&bench, 40000);
        make_room();
        bench_advance(&bench, 40000);
        struct gw_notice n = bench_wait(&bench, GW_NOTICE_COMMITTED);
        assert_int_equal(n.token, token);
        assert_int_equal(n.seq, 1);
        gw_notice_clear(&n);
        if (strstr(bench.events, "damaged") != NULL)
            fail_msg("%lld KiB: %s", (long long)kib, bench.events);
        assert_false(bench_has(&bench, "records.db.damaged", NULL, 0));
        assert_false(bench_has(&bench, "telemetry.db.damaged", NULL, 0));
        assert_int_equal(teardown(NULL), 0);
    }
}

static void we_fill_the_disk_with_telemetry(void **state)
{
    (void)state;
    static char data[20000];
    struct gw_journal_stats s;
    if (!mount_small(12 * 1024)) {
        skip();
        return;
    }
    memset(data, 'x', sizeof data);
    bench.conf.records_bytes = 4 * MIB;
    bench.conf.telemetry_bytes = 64 * MIB; /* more than there is */
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
    int leads = 0;
    for (int i = 0; i < 1500; i++) {
        while (gw_journal_row(bench.j, GW_PARCEL_TELEMETRY, "telemetry", data, sizeof data) !=
               GW_OK)
            bench_advance(&bench, 1000);
        if (i % 50 == 0) {
            (void)bench_record(&bench, GW_CLASS_LEAD, 2, i, "case/1");
            leads++;
            bench_advance(&bench, 1000);
        }
    }
    bench_sync(&bench);
    bench_advance(&bench, 2000);
    bench_sync(&bench);
    assert_int_equal(bench.failed, 0); /* records.db had its room all the time */
    gw_journal_stats(bench.j, &s);
    assert_true(s.telemetry_lost > 0);
    assert_true(s.seq >= leads); /* losses are told of in between */
    /* The loss is told in the chain once the episode is over. */
    bench_advance(&bench, 3600000);
    gw_journal_grant(bench.j, 0, 1);
    struct gw_parcel p = bench_next(&bench, 0);
    for (; strcmp(p.topic, "record") != 0; p = bench_next(&bench, 0)) {
        leads -= strcmp(p.topic, "lead") == 0 ? 1 : 0;
        gw_journal_ack(bench.j, 0, p.kind, p.key);
        free(p.data);
        gw_journal_grant(bench.j, 0, 1);
    }
    assert_int_equal(leads, 0); /* all of them were there */
    assert_non_null(strstr(p.data, "\"class\":\"loss\""));
    free(p.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(another_program_fills_the_disk, teardown),
        cmocka_unit_test_teardown(the_disk_is_full_before_the_first_start, teardown),
        cmocka_unit_test_teardown(we_fill_the_disk_with_telemetry, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
