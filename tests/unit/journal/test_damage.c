/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes of the files are changed and their ends cut off, at random places. The journal must start,
 * hand out nothing that is altered, and keep every acknowledged record or say that something is
 * wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/backoff.h"
#include "bench.h"
#include "seed.h"
#include "support/cmocka_all.h"
#include "support/times.h"

enum { RECORDS = 60, ACKED = 20, WINDOW_EACH = 10, ROWS = 30, STATES = 7, THINGS = 256 };

/* Everything that the journal has been given, as it came out of it. */
struct thing {
    enum gw_parcel_kind kind;
    int64_t key;
    char topic[GW_PARCEL_TOPIC];
    char hash[GW_SHA256_HEX];
    bool waits; /* not acked: must come out again */
    bool seen;
};

struct image {
    struct bench files; /* only its folder counts */
    struct thing things[THINGS];
    size_t n;
    char states[STATES][32];
};

static struct image clean; /* after a clean end */
static struct image crash; /* as a kill leaves it: much is in the WAL only */
static uint64_t rand_state;

static struct thing *find(struct image *im, enum gw_parcel_kind kind, int64_t key)
{
    for (size_t i = 0; i < im->n; i++)
        if (im->things[i].kind == kind && im->things[i].key == key)
            return &im->things[i];
    return NULL;
}

static void remember(struct image *im, const struct gw_parcel *p, bool waits)
{
    assert_true(im->n < THINGS);
    struct thing *t = &im->things[im->n++];
    *t = (struct thing){.kind = p->kind, .key = p->key, .waits = waits};
    snprintf(t->topic, sizeof t->topic, "%s", p->topic);
    assert_int_equal(gw_sha256_hex(p->data, p->len, t->hash), GW_OK);
}

static void take_all(struct bench *b, struct image *im, size_t acks)
{
    struct gw_parcel p;
    gw_journal_grant(b->j, 0, 1000);
    bench_sync(b);
    for (size_t i = 0; bench_take(b, 0, &p, 0); i++) {
        remember(im, &p, i >= acks);
        if (i < acks)
            gw_journal_ack(b->j, 0, p.kind, p.key);
        free(p.data);
    }
}

static void post_record(struct bench *b, struct image *im, int i)
{
    char body[400];
    char key[16];
    char window[3000];
    int k = i % STATES;
    snprintf(key, sizeof key, "case/%d", k);
    snprintf(im->states[k], sizeof im->states[k], "{\"n\":%d}", i);
    snprintf(body, sizeof body, "{\"n\":%d,\"pad\":\"%0*d\"}", i, 200 + i, i);
    memset(window, 'a' + i % 26, sizeof window);
    bool evidence = i % WINDOW_EACH == 0;
    struct gw_draft d = {.cls = evidence ? GW_CLASS_EVIDENCE : GW_CLASS_LEAD,
                         .priority = 2,
                         .body = body,
                         .body_len = strlen(body),
                         .state_key = key,
                         .state = im->states[k],
                         .window_id = evidence ? key : NULL,
                         .window = evidence ? window : NULL,
                         .window_len = evidence ? sizeof window : 0};
    bench_post(b, d);
}

static void build(struct image *im, bool stopped)
{
    struct bench b;
    struct gw_journal_stats s = {0};
    bench_init(&b);
    bench_init(&im->files);
    struct gw_notice n = bench_open(&b);
    gw_notice_clear(&n);
    for (int i = 1; i <= RECORDS / 2; i++)
        post_record(&b, im, i);
    bench_sync(&b);
    take_all(&b, im, ACKED);
    for (int i = RECORDS / 2 + 1; i <= RECORDS; i++)
        post_record(&b, im, i);
    bench_sync(&b);
    for (int i = 0; i < ROWS; i++)
        bench_row(&b, i % 3 == 0 ? GW_PARCEL_EVENT : GW_PARCEL_TELEMETRY, i);
    bench_sync(&b);
    gw_journal_stats(b.j, &s);
    assert_int_equal(s.telemetry_waiting, ROWS);
    /* Their commit notes the head of the chain, too. */
    bench_advance(&b, 2000);
    bench_sync(&b);
    take_all(&b, im, 0);
    if (stopped)
        bench_stop(&b);
    bench_copy(&b, im->files.dir);
    if (!stopped)
        bench_stop(&b);
    bench_end(&b);
    if (stopped) {
        /* A clean end has moved all of it into the files; without the WALs, which would mask
         * damage, there is only one copy of everything. */
        assert_int_equal(remove(bench_path(&im->files, "records.db-wal")), 0);
        assert_int_equal(remove(bench_path(&im->files, "telemetry.db-wal")), 0);
    }
}

static int setup(void **state)
{
    (void)state;
    rand_state = test_seed();
    build(&clean, true);
    build(&crash, false);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_end(&clean.files);
    bench_end(&crash.files);
    return 0;
}

/* Changes one byte that is not 0 (most of a file is reserve), or cuts the file. */
static void damage(const struct bench *b, const char *name, char *what, size_t size)
{
    struct stat st;
    const char *path = bench_path(b, name);
    assert_int_equal(stat(path, &st), 0);
    if (gw_rand_below(&rand_state, 4) == 0) {
        off_t to = (off_t)gw_rand_below(&rand_state, (uint64_t)st.st_size);
        snprintf(what, size, "%s cut to %lld of %lld", name, (long long)to, (long long)st.st_size);
        assert_int_equal(truncate(path, to), 0);
        return;
    }
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    long at = 0;
    int byte = 0;
    for (int i = 0; i < 200 && byte == 0; i++) {
        at = (long)gw_rand_below(&rand_state, (uint64_t)st.st_size);
        assert_int_equal(fseek(f, at, SEEK_SET), 0);
        byte = fgetc(f);
    }
    int now = byte ^ (1 << gw_rand_below(&rand_state, 8));
    snprintf(what, size, "%s at %ld: %02x becomes %02x", name, at, (unsigned)byte, (unsigned)now);
    assert_int_equal(fseek(f, at, SEEK_SET), 0);
    assert_int_equal(fputc(now, f), now);
    assert_int_equal(fclose(f), 0);
}

/* What came out of a damaged journal. */
struct outcome {
    bool open;
    bool own; /* it has chained something by itself: a loss, a break */
};

static void take_parcel(struct image *im, const struct gw_parcel *p, struct outcome *o,
                        const char *what)
{
    char hash[GW_SHA256_HEX];
    struct bench_wire wire;
    struct thing *t = find(im, p->kind, p->key);
    assert_int_equal(gw_sha256_hex(p->data, p->len, hash), GW_OK);
    if (t != NULL && strcmp(t->hash, hash) == 0 && strcmp(t->topic, p->topic) == 0) {
        t->seen = true;
        return;
    }
    bool own = p->kind == GW_PARCEL_RECORD && bench_parse(p, &wire) &&
               (strstr(wire.body, "\"class\":\"loss\"") != NULL ||
                strstr(wire.body, "\"class\":\"key\"") != NULL);
    if (!own)
        fail_msg("%s: an altered or foreign parcel came out: %s %lld: %s", what, p->topic,
                 (long long)p->key, p->data);
    o->own = true;
}

static struct outcome run(struct bench *b, struct image *im, const char *what)
{
    struct outcome o = {0};
    struct gw_parcel p;
    for (size_t i = 0; i < im->n; i++)
        im->things[i].seen = false;
    bench_start(b);
    while (!o.open && b->failed == 0) {
        struct gw_notice n;
        if (!gw_mailbox_wait(gw_journal_notices(b->j), &n, BENCH_WAIT))
            fail_msg("%s: neither open nor failed", what);
        o.open = n.kind == GW_NOTICE_OPEN;
        if (n.kind == GW_NOTICE_STATE) {
            b->states[b->nstates++] = (struct bench_state){n.key, n.text, n.seq};
            continue;
        }
        if (n.text != NULL)
            snprintf(b->events, sizeof b->events, "%s", n.text);
        b->failed += n.kind == GW_NOTICE_FAILED ? 1 : 0;
        gw_notice_clear(&n);
    }
    if (o.open) {
        gw_journal_grant(b->j, 0, 1000);
        bench_sync(b);
        while (bench_take(b, 0, &p, 0)) {
            take_parcel(im, &p, &o, what);
            free(p.data);
        }
    }
    bench_stop(b);
    return o;
}

static bool has_state(const struct bench *b, const char *key, const char *value)
{
    for (size_t i = 0; i < b->nstates; i++)
        if (strcmp(b->states[i].key, key) == 0)
            return strcmp(b->states[i].value, value) == 0;
    return false;
}

static const struct thing *missing(const struct image *im, bool records_only)
{
    for (size_t i = 0; i < im->n; i++) {
        const struct thing *t = &im->things[i];
        bool record = t->kind == GW_PARCEL_RECORD || t->kind == GW_PARCEL_WINDOW;
        if (t->waits && !t->seen && (record || !records_only))
            return t;
    }
    return NULL;
}

/* `usual` times it is damaged, or more in a long run. */
static void turns(struct image *im, const char *name, int usual, bool records_only)
{
    const int n = usual * test_times() + 1;
    int named = 0;
    int whole = 0;
    for (int i = 0; i < n; i++) {
        char what[160] = "nothing";
        struct bench b;
        bench_init(&b);
        bench_copy(&im->files, b.dir);
        if (i > 0) /* the first turn shows that the check itself is sound */
            damage(&b, name, what, sizeof what);
        struct outcome o = run(&b, im, what);
        const struct thing *t = missing(im, records_only);
        bool states = true;
        for (int k = 0; k < STATES; k++) {
            char key[16];
            snprintf(key, sizeof key, "case/%d", k);
            states = states && has_state(&b, key, im->states[k]);
        }
        bool told = b.failed > 0 || b.events[0] != '\0' || o.own;
        if (!told && t != NULL)
            fail_msg("%s: %s %lld is missing and nothing was said", what, t->topic,
                     (long long)t->key);
        if (!told && !states)
            fail_msg("%s: a state row is missing or altered and nothing was said", what);
        if (i == 0)
            assert_false(told);
        named += told ? 1 : 0;
        whole += t == NULL ? 1 : 0;
        bench_end(&b);
    }
    printf("%s: %d damaged, %d told, %d lost nothing\n", name, n - 1, named, whole);
}

static void records_db(void **state)
{
    (void)state;
    turns(&clean, "records.db", 100, false);
}

static void telemetry_db(void **state)
{
    (void)state;
    turns(&clean, "telemetry.db", 100, false);
}

static void records_wal(void **state)
{
    (void)state;
    turns(&crash, "records.db-wal", 60, false);
}

/* What telemetry.db has in its WAL only is not promised. */
static void telemetry_wal(void **state)
{
    (void)state;
    turns(&crash, "telemetry.db-wal", 30, true);
}

static void records_db_with_a_wal(void **state)
{
    (void)state;
    turns(&crash, "records.db", 30, false);
}

/* SQLite takes such a file for one that may be read only, and would say so for ever. */
static void a_header_of_another_format_is_damage(void **state)
{
    (void)state;
    struct bench b;
    char path[256];
    bench_init(&b);
    bench_copy(&clean.files, b.dir);
    snprintf(path, sizeof path, "%s/records.db", b.dir);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, 18, SEEK_SET), 0); /* the version that writing takes */
    assert_int_equal(fputc(3, f), 3);
    assert_int_equal(fclose(f), 0);
    struct outcome o = run(&b, &clean, "records.db: write version 3");
    assert_true(o.open);
    assert_non_null(strstr(b.events, "damaged"));
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_of_another_format_is_damage),
        cmocka_unit_test(records_db),
        cmocka_unit_test(telemetry_db),
        cmocka_unit_test(records_wal),
        cmocka_unit_test(telemetry_wal),
        cmocka_unit_test(records_db_with_a_wal),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
