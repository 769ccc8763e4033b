/* SPDX-License-Identifier: Apache-2.0
 *
 * A child posts records and tells each committed number; it is killed with SIGKILL at a random
 * moment, again and again. Nothing that was told may be missing, no number may be used twice, and
 * the state rows must be those of the last records.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/backoff.h"
#include "bench.h"
#include "seed.h"
#include "support/cmocka_all.h"
#include "support/times.h"

enum { CASES = 5, LONGEST_MS = 120, HISTORY = 100000 };

struct told {
    int64_t seq;
    int n; /* what the record said */
};

static struct bench bench;

/* In the child: posts until it is killed. */
static void post_for_ever(int out)
{
    struct gw_notice open = bench_open(&bench);
    int n = (int)open.seq * 10; /* so that a repeated number would say something else */
    gw_notice_clear(&open);
    for (;;) {
        for (int i = 0; i < 8 && gw_journal_room(bench.j) > 0; i++) {
            char key[16];
            snprintf(key, sizeof key, "case/%d", n % CASES);
            bench_record_post(&bench, n % 3 == 0 ? GW_CLASS_ALARM : GW_CLASS_LEAD, 2, n, key);
            bench_row(&bench, GW_PARCEL_TELEMETRY, n);
            n++;
        }
        struct gw_notice c;
        while (gw_mailbox_wait(gw_journal_notices(bench.j), &c, 1)) {
            struct told t = {c.seq, n - (int)(bench.next_token - c.token)};
            bool committed = c.kind == GW_NOTICE_COMMITTED;
            gw_notice_clear(&c);
            if (committed && write(out, &t, sizeof t) != (ssize_t)sizeof t)
                _exit(1);
        }
    }
}

/* Collects what the child tells until it is killed; the number of them. */
static size_t watch(pid_t child, int in, int64_t ms, struct told *told, size_t max)
{
    struct gw_clock clock = gw_clock_system();
    int64_t end_ms = gw_clock_mono_ms(&clock) + ms;
    struct pollfd fd = {.fd = in, .events = POLLIN};
    size_t n = 0;
    for (bool killed = false;;) {
        int64_t left_ms = end_ms - gw_clock_mono_ms(&clock);
        if (left_ms <= 0 && !killed) {
            assert_int_equal(kill(child, SIGKILL), 0);
            killed = true;
        }
        if (poll(&fd, 1, killed ? -1 : (int)left_ms) <= 0)
            continue;
        assert_true(n < max);
        ssize_t got = read(in, &told[n], sizeof told[n]);
        if (got <= 0)
            return n;
        assert_int_equal(got, sizeof told[n]);
        n++;
    }
}

struct chain {
    char id[GW_CHAIN_SIZE];
    int64_t seq;
    char hash[GW_SHA256_HEX];
    int n[CASES];         /* of the last record of each case */
    int64_t opens[CASES]; /* its seq */
};

/* -1: a record of the journal's own, a checkpoint or a loss. */
static int said(const char *body)
{
    const char *at = strstr(body, "\"n\":");
    if (at == NULL)
        assert_true(strstr(body, "\"class\":\"checkpoint\"") != NULL ||
                    strstr(body, "\"class\":\"loss\"") != NULL);
    return at != NULL ? (int)strtol(at + 4, NULL, 10) : -1;
}

/* Takes every record that waits; they continue the chain. */
static void take_records(struct chain *chain, const struct told *told, size_t ntold)
{
    struct gw_journal_stats s;
    size_t waiting = 0;
    static struct {
        int64_t seq;
        int n;
        char prev[GW_SHA256_HEX], hash[GW_SHA256_HEX];
    } got[4096];
    bench_sync(&bench);
    gw_journal_stats(bench.j, &s);
    assert_true(s.records_waiting < 4096);
    for (; waiting < s.records_waiting; waiting++) {
        struct bench_wire wire;
        gw_journal_grant(bench.j, 0, 1);
        struct gw_parcel p = bench_next(&bench, 0);
        assert_int_equal(p.kind, GW_PARCEL_RECORD);
        assert_true(bench_parse(&p, &wire));
        assert_true(p.historical || said(wire.body) < 0); /* a checkpoint of this start */
        assert_string_equal(wire.chain, chain->id);
        int64_t slot = wire.seq - chain->seq - 1; /* alarms come first */
        assert_in_range(slot, 0, s.records_waiting - 1);
        got[slot].seq = wire.seq;
        got[slot].n = said(wire.body);
        memcpy(got[slot].prev, wire.prev, sizeof wire.prev);
        memcpy(got[slot].hash, wire.hash, sizeof wire.hash);
        gw_journal_ack(bench.j, 0, p.kind, p.key);
        enum gw_status status;
        while ((status = gw_journal_receipt(bench.j, wire.chain, wire.seq, wire.hash)) == GW_E_FULL)
            bench_sync(&bench);
        assert_int_equal(status, GW_OK);
        free(p.data);
    }
    for (size_t i = 0; i < ntold; i++) {
        int64_t slot = told[i].seq - chain->seq - 1;
        if (slot < 0 || slot >= (int64_t)waiting)
            fail_msg("record %lld was told and is missing", (long long)told[i].seq);
        assert_int_equal(got[slot].n, told[i].n);
    }
    for (size_t i = 0; i < waiting; i++) {
        assert_int_equal(got[i].seq, chain->seq + 1);
        assert_string_equal(got[i].prev, chain->hash);
        chain->seq++;
        memcpy(chain->hash, got[i].hash, sizeof chain->hash);
        if (got[i].n < 0)
            continue;
        chain->n[got[i].n % CASES] = got[i].n;
        chain->opens[got[i].n % CASES] = got[i].seq;
    }
    assert_int_equal(chain->seq, s.seq);
    assert_string_equal(chain->hash, s.head);
}

static void check_states(const struct chain *chain)
{
    for (size_t i = 0; i < bench.nstates; i++) {
        const struct bench_state *s = &bench.states[i];
        long k = strtol(s->key + 5, NULL, 10);
        assert_in_range(k, 0, CASES - 1);
        assert_int_equal(said(s->value), chain->n[k]);
        assert_int_equal(s->seq, chain->opens[k]);
    }
}

static void nothing_is_lost_by_kill(void **state)
{
    (void)state;
    static struct told told[HISTORY];
    uint64_t seed = test_seed();
    struct chain chain = {.id = ""};
    size_t total = 0;
    const int rounds = 200 * test_times();
    memset(chain.hash, '0', sizeof chain.hash - 1);

    for (int round = 0; round < rounds; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(ends[0]);
            post_for_ever(ends[1]);
        }
        close(ends[1]);
        size_t n = watch(child, ends[0], (int64_t)gw_rand_below(&seed, LONGEST_MS), told, HISTORY);
        close(ends[0]);
        assert_int_equal(waitpid(child, NULL, 0), child);
        total += n;

        bench_forget(&bench);
        struct gw_notice open = bench_open(&bench);
        if (chain.id[0] == '\0')
            memcpy(chain.id, open.chain, sizeof chain.id);
        assert_string_equal(open.chain, chain.id);
        take_records(&chain, told, n);
        assert_true(chain.seq >= open.seq);
        check_states(&chain);
        assert_string_equal(bench.events, "");
        gw_notice_clear(&open);
        bench_stop(&bench);
    }
    printf("%d kills, %zu records told, %lld in the chain\n", rounds, total, (long long)chain.seq);
    assert_true(total > (size_t)rounds);
}

static int setup(void **state)
{
    (void)state;
    bench_init(&bench);
    bench.readers[0].receipts = true;
    bench.conf.telemetry_bytes = INT64_C(64) * 1024 * 1024; /* none makes way: no loss records */
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_end(&bench);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_lost_by_kill, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
