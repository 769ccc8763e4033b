/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

/* The next parcel must be this one; it is acked when `ack`. */
static void expect(enum gw_parcel_kind kind, const char *topic, const char *part, bool ack)
{
    struct gw_parcel p = bench_next(&bench, 0);
    assert_int_equal(p.kind, kind);
    assert_string_equal(p.topic, topic);
    assert_int_equal(strlen(p.data), p.len);
    if (strstr(p.data, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, p.data);
    if (ack)
        gw_journal_ack(bench.j, 0, p.kind, p.key);
    free(p.data);
}

static void expect_nothing(void)
{
    struct gw_parcel p;
    bench_sync(&bench);
    assert_false(bench_take(&bench, 0, &p, 0));
}

static void a_new_journal_starts_a_chain(void **state)
{
    (void)state;
    struct stat st;
    char dir[BENCH_DIR + 16];
    snprintf(dir, sizeof dir, "%s/new", bench.dir);
    bench.conf.dir = dir;
    struct gw_notice n = bench_open(&bench);
    assert_int_equal(strspn(n.chain, "0123456789abcdef"), 16);
    assert_int_equal(strlen(n.chain), 16);
    assert_int_equal(n.seq, 0);
    assert_string_equal(n.hash, zeros);
    gw_notice_clear(&n);

    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    static const char *const names[] = {"records.db", "records.db-wal", "telemetry.db",
                                        "telemetry.db-wal"};
    for (size_t i = 0; i < 4; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    bench_stop(&bench);
    for (size_t i = 0; i < 4; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        remove(path);
    }
    assert_int_equal(remove(dir), 0);
}

static void parcels_come_by_rank_then_age(void **state)
{
    (void)state;
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
    bench_row(&bench, GW_PARCEL_TELEMETRY, 1);
    bench_row(&bench, GW_PARCEL_EVENT, 2);
    struct gw_draft evidence = {.cls = GW_CLASS_EVIDENCE,
                                .priority = 3,
                                .body = "{\"class\":\"evidence\"}",
                                .body_len = 20,
                                .window_id = "w-7",
                                .window = "raw\nwindow",
                                .window_len = 10};
    bench_post(&bench, evidence);
    bench_record_post(&bench, GW_CLASS_ALARM, 3, 10, NULL);
    bench_record_post(&bench, GW_CLASS_LEAD, 2, 11, NULL);
    bench_record_post(&bench, GW_CLASS_LEAD, 1, 12, NULL);
    bench_record_post(&bench, GW_CLASS_ALARM, 1, 13, NULL);
    bench_record(&bench, GW_CLASS_ALARM, 1, 14, NULL);
    /* The row is there from its own commit on, which may come after. */
    struct gw_journal_stats s = {0};
    while (s.telemetry_waiting < 2) {
        bench_sync(&bench);
        gw_journal_stats(bench.j, &s);
    }

    gw_journal_grant(bench.j, 0, 1);
    expect(GW_PARCEL_RECORD, "alarm", "\"n\":13", true);
    expect_nothing();
    gw_journal_grant(bench.j, 0, 20);
    expect(GW_PARCEL_RECORD, "alarm", "\"n\":14", true);
    expect(GW_PARCEL_RECORD, "lead", "\"n\":11", true);
    expect(GW_PARCEL_RECORD, "lead", "\"n\":12", true);
    expect(GW_PARCEL_RECORD, "alarm", "\"n\":10", true);
    expect(GW_PARCEL_RECORD, "record", "evidence", true);
    expect(GW_PARCEL_WINDOW, "evidence/w-7", "raw\nwindow", true);
    expect(GW_PARCEL_EVENT, "event", "\"n\":2", true);
    expect(GW_PARCEL_TELEMETRY, "telemetry", "\"n\":1", true);
    expect_nothing();
    /* What comes later is handed out at once while there are grants, the urgent ones first. */
    bench_record(&bench, GW_CLASS_LEAD, 2, 15, NULL);
    expect(GW_PARCEL_RECORD, "lead", "\"n\":15", true);
    bench_sync(&bench);
    gw_journal_stats(bench.j, &s);
    assert_int_equal(s.records_waiting, 0);
    assert_int_equal(s.seq, 7);
    assert_true(s.open);
    assert_true(s.commits > 0);
}

static void the_chain_goes_on_after_a_restart(void **state)
{
    (void)state;
    char prev[GW_SHA256_HEX];
    snprintf(prev, sizeof prev, "%s", zeros);
    char chain[GW_CHAIN_SIZE] = "";
    for (int start = 0; start < 3; start++) {
        struct gw_notice n = bench_open(&bench);
        assert_int_equal(n.seq, start * 10);
        if (start == 0)
            snprintf(chain, sizeof chain, "%s", n.chain);
        assert_string_equal(n.chain, chain);
        for (int i = 1; i <= 10; i++)
            assert_int_equal(bench_record(&bench, GW_CLASS_LEAD, 2, i, NULL), start * 10 + i);
        gw_notice_clear(&n);
        bench_stop(&bench);
    }
    struct gw_notice n = bench_open(&bench);
    bench_record(&bench, GW_CLASS_LEAD, 2, 99, NULL);
    gw_journal_grant(bench.j, 0, 100);
    for (int64_t seq = 1; seq <= 31; seq++) {
        struct gw_parcel p = bench_next(&bench, 0);
        struct bench_wire wire;
        assert_true(bench_parse(&p, &wire));
        assert_int_equal(p.key, seq);
        assert_int_equal(wire.seq, seq);
        assert_string_equal(wire.chain, chain);
        assert_string_equal(wire.prev, prev);
        assert_int_equal(p.historical, seq <= 30);
        snprintf(prev, sizeof prev, "%s", wire.hash);
        free(p.data);
    }
    struct gw_journal_stats s;
    bench_sync(&bench);
    gw_journal_stats(bench.j, &s);
    assert_string_equal(s.head, prev);
    assert_string_equal(s.chain, chain);
    assert_int_equal(s.records_waiting, 31);
    gw_notice_clear(&n);
}

static void expect_state(size_t i, const char *key, const char *value, int64_t seq)
{
    assert_true(i < bench.nstates);
    assert_string_equal(bench.states[i].key, key);
    assert_string_equal(bench.states[i].value, value);
    assert_int_equal(bench.states[i].seq, seq);
}

static void state_rows_move_with_their_records(void **state)
{
    (void)state;
    struct gw_notice n = bench_open(&bench);
    assert_int_equal(bench.nstates, 0);
    bench_record(&bench, GW_CLASS_LEAD, 2, 1, "case/a"); /* opens: seq 1 */
    bench_record(&bench, GW_CLASS_LEAD, 2, 2, "case/b"); /* opens: seq 2 */
    struct gw_draft d = {.cls = GW_CLASS_LEAD,
                         .priority = 2,
                         .body = "{}",
                         .body_len = 2,
                         .state_key = "case/a",
                         .state = "{\"updated\":true}"};
    bench_post(&bench, d); /* seq 3; the row keeps 1 */
    struct gw_draft alone = {.state_key = "delay/x", .state = "{\"t\":5}", .opens = true};
    uint64_t token = bench_post(&bench, alone);
    struct gw_notice c;
    do {
        c = bench_wait(&bench, GW_NOTICE_COMMITTED);
        gw_notice_clear(&c);
    } while (c.token != token);
    assert_int_equal(c.seq, 0);
    assert_string_equal(c.chain, n.chain);
    struct gw_draft drop = {.cls = GW_CLASS_LEAD,
                            .priority = 2,
                            .body = "{}",
                            .body_len = 2,
                            .state_key = "case/b",
                            .state = NULL};
    bench_post(&bench, drop);
    struct gw_draft empty = {.state_key = "empty", .state = ""};
    bench_post(&bench, empty);
    gw_notice_clear(&n);
    bench_stop(&bench); /* commits what waits */

    n = bench_open(&bench);
    assert_int_equal(n.seq, 4);
    assert_int_equal(bench.nstates, 3);
    expect_state(0, "case/a", "{\"updated\":true}", 1);
    expect_state(1, "delay/x", "{\"t\":5}", 0);
    expect_state(2, "empty", "", 0);
    gw_notice_clear(&n);
}

static void an_ack_is_for_good_and_may_be_repeated(void **state)
{
    (void)state;
    struct gw_notice n = bench_open(&bench);
    for (int i = 1; i <= 5; i++)
        bench_record(&bench, GW_CLASS_LEAD, 2, i, NULL);
    gw_journal_grant(bench.j, 0, 5);
    for (int i = 1; i <= 5; i++)
        expect(GW_PARCEL_RECORD, "lead", "", i != 3);
    gw_journal_ack(bench.j, 0, GW_PARCEL_RECORD, 1);
    gw_journal_ack(bench.j, 0, GW_PARCEL_RECORD, 1);
    gw_journal_ack(bench.j, 0, GW_PARCEL_RECORD, 4711);
    gw_journal_ack(bench.j, 0, GW_PARCEL_RECORD, -1);
    gw_journal_ack(bench.j, 0, GW_PARCEL_WINDOW, 1);
    gw_journal_ack(bench.j, 0, GW_PARCEL_EVENT, 1);
    gw_journal_ack(bench.j, 0, GW_PARCEL_TELEMETRY, 1);
    struct gw_journal_stats s;
    bench_sync(&bench);
    gw_journal_stats(bench.j, &s);
    assert_int_equal(s.records_waiting, 1);
    gw_notice_clear(&n);
    bench_stop(&bench);

    n = bench_open(&bench);
    gw_journal_grant(bench.j, 0, 5);
    expect(GW_PARCEL_RECORD, "lead", "\"n\":3", true);
    expect_nothing();
    gw_notice_clear(&n);
}

static void a_rewind_hands_out_again_what_was_not_acked(void **state)
{
    (void)state;
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
    for (int i = 1; i <= 4; i++)
        bench_record(&bench, GW_CLASS_LEAD, 2, i, NULL);
    bench_row(&bench, GW_PARCEL_TELEMETRY, 5);
    bench_row(&bench, GW_PARCEL_TELEMETRY, 6);
    gw_journal_grant(bench.j, 0, 6);
    for (int i = 1; i <= 4; i++)
        expect(GW_PARCEL_RECORD, "lead", "", i == 2);
    expect(GW_PARCEL_TELEMETRY, "telemetry", "\"n\":5", false);
    expect(GW_PARCEL_TELEMETRY, "telemetry", "\"n\":6", true);

    gw_journal_grant(bench.j, 0, 100);
    gw_journal_rewind(bench.j, 0);
    expect_nothing(); /* the grants are forgotten, too */
    gw_journal_grant(bench.j, 0, 2);
    expect(GW_PARCEL_RECORD, "lead", "\"n\":1", true);
    expect(GW_PARCEL_RECORD, "lead", "\"n\":3", false);
    expect_nothing();
    gw_journal_rewind(bench.j, 0);
    gw_journal_rewind(bench.j, 0);
    gw_journal_grant(bench.j, 0, 100);
    expect(GW_PARCEL_RECORD, "lead", "\"n\":3", true);
    expect(GW_PARCEL_RECORD, "lead", "\"n\":4", true);
    expect(GW_PARCEL_TELEMETRY, "telemetry", "\"n\":5", true);
    expect_nothing();
}

static void what_is_granted_at_once_may_exceed_the_mailbox(void **state)
{
    (void)state;
    enum { MANY = GW_PARCELS_CAPACITY + 40 };
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
    for (int i = 1; i < MANY; i++)
        bench_record_post(&bench, GW_CLASS_LEAD, 2, i, NULL);
    bench_record(&bench, GW_CLASS_LEAD, 2, MANY, NULL);
    gw_journal_grant(bench.j, 0, UINT32_MAX);
    gw_journal_grant(bench.j, 0, UINT32_MAX);
    bench_sync(&bench);
    for (int i = 1; i <= MANY; i++) {
        struct gw_parcel p = bench_next(&bench, 0);
        assert_int_equal(p.key, i);
        free(p.data);
    }
}

static void telemetry_leaves_when_both_readers_have_it(void **state)
{
    (void)state;
    struct gw_journal_stats s = {0};
    bench.readers[1] = (struct gw_reader_conf){"influx", false, true, false};
    bench.conf.nreaders = 2;
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
    for (int i = 1; i <= 4; i++)
        bench_row(&bench, GW_PARCEL_TELEMETRY, i);
    bench_row(&bench, GW_PARCEL_EVENT, 5);
    bench_record(&bench, GW_CLASS_LEAD, 2, 6, NULL);
    gw_journal_grant(bench.j, 1, 10);
    gw_journal_grant(bench.j, 0, 10);
    int64_t ids[4];
    for (int i = 0; i < 4; i++) {
        struct gw_parcel p = bench_next(&bench, 1);
        assert_int_equal(p.kind, GW_PARCEL_TELEMETRY); /* neither the event nor the record */
        assert_false(p.historical);
        ids[i] = p.key;
        free(p.data);
    }
    /* All but the second. */
    gw_journal_ack(bench.j, 1, GW_PARCEL_TELEMETRY, ids[0]);
    gw_journal_ack(bench.j, 1, GW_PARCEL_TELEMETRY, ids[3]);
    gw_journal_ack(bench.j, 1, GW_PARCEL_TELEMETRY, ids[2]);
    expect(GW_PARCEL_RECORD, "lead", "", true);
    expect(GW_PARCEL_EVENT, "event", "", true);
    for (int i = 1; i <= 4; i++)
        expect(GW_PARCEL_TELEMETRY, "telemetry", "", i <= 2);
    bench_sync(&bench);
    bench_stop(&bench);

    n = bench_open(&bench);
    gw_notice_clear(&n);
    gw_journal_grant(bench.j, 1, 10);
    gw_journal_grant(bench.j, 0, 10);
    /* influx is behind its cursor, which stands before the second; rows 1 and the event are gone.
     */
    for (int i = 2; i <= 4; i++) {
        struct gw_parcel p = bench_next(&bench, 1);
        assert_int_equal(p.key, ids[i - 1]);
        assert_true(p.historical);
        gw_journal_ack(bench.j, 1, p.kind, p.key);
        free(p.data);
    }
    expect(GW_PARCEL_TELEMETRY, "telemetry", "\"n\":3", true);
    expect(GW_PARCEL_TELEMETRY, "telemetry", "\"n\":4", true);
    expect_nothing();
    /* New rows never take the number of an old one. */
    bench_row(&bench, GW_PARCEL_TELEMETRY, 7);
    struct gw_parcel p = bench_next(&bench, 1);
    assert_true(p.key > ids[3]);
    gw_journal_ack(bench.j, 1, p.kind, p.key);
    free(p.data);
    expect(GW_PARCEL_TELEMETRY, "telemetry", "\"n\":7", true);
    bench_stop(&bench);

    n = bench_open(&bench);
    gw_notice_clear(&n);
    bench_sync(&bench);
    gw_journal_stats(bench.j, &s);
    assert_int_equal(s.telemetry_waiting, 0);
    assert_int_equal(s.telemetry_lost, 0);
}

static void ack_next(unsigned reader, int n)
{
    char part[16];
    struct gw_parcel p = bench_next(&bench, reader);
    (void)snprintf(part, sizeof part, "\"n\":%d}", n);
    assert_int_equal(p.kind, GW_PARCEL_TELEMETRY);
    assert_non_null(strstr(p.data, part));
    gw_journal_ack(bench.j, reader, p.kind, p.key);
    free(p.data);
}

/* What was acked leaves the file with its next commit, a second after the last. */
static void expect_waiting(uint64_t waiting)
{
    struct gw_journal_stats s = {0};
    for (int i = 0; i < 3; i++) {
        bench_sync(&bench);
        gw_journal_stats(bench.j, &s);
        if (s.telemetry_waiting == waiting)
            break;
        bench_advance(&bench, 1000);
    }
    assert_int_equal(s.telemetry_waiting, waiting);
    assert_int_equal(s.telemetry_lost, 0);
}

/* More rows than are deleted at once, and none of them a loss. */
static void a_reader_that_is_gone_holds_nothing_back(void **state)
{
    (void)state;
    enum { HAD = 700, ALL = HAD + 3 };
    bench.readers[1] = (struct gw_reader_conf){"influx", false, true, false};
    bench.conf.nreaders = 2;
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
    gw_journal_grant(bench.j, 0, HAD);
    gw_journal_grant(bench.j, 1, 1);
    for (int i = 1; i <= ALL; i++) {
        bench_row(&bench, GW_PARCEL_TELEMETRY, i);
        if (i <= HAD)
            ack_next(0, i);
        if (i == 1)
            ack_next(1, i);
    }
    expect_waiting(ALL - 1);
    bench_stop(&bench);

    bench.conf.nreaders = 1;
    n = bench_open(&bench);
    gw_notice_clear(&n);
    expect_waiting(ALL - HAD);
    gw_journal_grant(bench.j, 0, 1);
    ack_next(0, HAD + 1);
    expect_waiting(ALL - HAD - 1);
    bench_stop(&bench);

    /* Back again it gets what is there: its old place is forgotten. */
    bench.conf.nreaders = 2;
    n = bench_open(&bench);
    gw_notice_clear(&n);
    expect_waiting(ALL - HAD - 1);
    gw_journal_grant(bench.j, 0, 10);
    gw_journal_grant(bench.j, 1, 10);
    for (int i = HAD + 2; i <= ALL; i++) {
        ack_next(1, i);
        ack_next(0, i);
    }
    expect_waiting(0);
}

/* What nobody took yet is kept for a reader that comes back. */
static void the_last_reader_leaves_its_rows(void **state)
{
    (void)state;
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
    bench_row(&bench, GW_PARCEL_TELEMETRY, 1);
    bench_row(&bench, GW_PARCEL_TELEMETRY, 2);
    gw_journal_grant(bench.j, 0, 1);
    ack_next(0, 1);
    expect_waiting(1);
    bench_stop(&bench);
    bench.readers[0].telemetry = false;
    n = bench_open(&bench);
    gw_notice_clear(&n);
    expect_waiting(1);
    bench_stop(&bench);
    bench.readers[0].telemetry = true;
    n = bench_open(&bench);
    gw_notice_clear(&n);
    gw_journal_grant(bench.j, 0, 1);
    ack_next(0, 2);
    expect_waiting(0);
}

static void rows_that_nobody_wants_are_not_kept(void **state)
{
    (void)state;
    struct gw_journal_stats s;
    bench.readers[0].telemetry = false;
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
    bench_row(&bench, GW_PARCEL_TELEMETRY, 1);
    bench_row(&bench, GW_PARCEL_EVENT, 2);
    gw_journal_grant(bench.j, 0, 10);
    expect(GW_PARCEL_EVENT, "event", "\"n\":2", false);
    expect_nothing();
    gw_journal_stats(bench.j, &s);
    assert_int_equal(s.telemetry_waiting, 1);
}

static void bad_input_is_refused(void **state)
{
    (void)state;
    struct gw_err err;
    struct gw_journal *j = NULL;
    struct gw_journal_conf conf = bench.conf;
    conf.dir = "";
    assert_int_equal(gw_journal_start(&conf, &j, &err), GW_E_INVAL);
    conf = bench.conf;
    conf.records_bytes = GW_JOURNAL_MIN - 1;
    assert_int_equal(gw_journal_start(&conf, &j, &err), GW_E_INVAL);
    conf = bench.conf;
    conf.nreaders = GW_READERS_MAX + 1;
    assert_int_equal(gw_journal_start(&conf, &j, &err), GW_E_INVAL);
    conf = bench.conf;
    conf.nreaders = 2;
    bench.readers[1] = (struct gw_reader_conf){"other", true, false, false};
    assert_int_equal(gw_journal_start(&conf, &j, &err), GW_E_INVAL);
    conf = bench.conf;
    conf.post_capacity = 0;
    assert_int_equal(gw_journal_start(&conf, &j, &err), GW_E_INVAL);
    assert_null(j);

    char topic[GW_PARCEL_TOPIC + 1];
    memset(topic, 't', sizeof topic);
    topic[GW_PARCEL_TOPIC] = '\0';
    struct gw_draft drafts[] = {
        {.cls = GW_CLASS_NONE},
        {.cls = GW_CLASS_NONE, .body = "{}", .body_len = 2},
        {.cls = GW_CLASS_LEAD, .priority = 1},
        {.cls = GW_CLASS_LEAD, .priority = 1, .state_key = "k", .state = "{}"},
        {.cls = GW_CLASS_COUNT, .body = "{}", .body_len = 2},
        {.cls = GW_CLASS_LEAD,
         .body = "{}",
         .body_len = 2,
         .window_id = "w",
         .window = "x",
         .window_len = 1},
        {.cls = GW_CLASS_EVIDENCE, .body = "{}", .body_len = 2, .window_id = "w"},
        {.cls = GW_CLASS_EVIDENCE,
         .body = "{}",
         .body_len = 2,
         .window_id = topic,
         .window = "x",
         .window_len = 1},
    };
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
    for (size_t i = 0; i < sizeof drafts / sizeof drafts[0]; i++)
        assert_int_equal(gw_journal_post(bench.j, &drafts[i]), GW_E_INVAL);
    assert_int_equal(gw_journal_row(bench.j, GW_PARCEL_RECORD, "t", "x", 1), GW_E_INVAL);
    assert_int_equal(gw_journal_row(bench.j, GW_PARCEL_EVENT, "", "x", 1), GW_E_INVAL);
    assert_int_equal(gw_journal_row(bench.j, GW_PARCEL_EVENT, topic, "x", 1), GW_E_INVAL);
    assert_int_equal(gw_journal_row(bench.j, GW_PARCEL_EVENT, topic + 1, "x", 1), GW_OK);
    assert_int_equal(bench_record(&bench, GW_CLASS_LEAD, 1, 1, NULL), 1);
}

static void a_draft_that_cannot_be_sealed_is_a_loss_in_the_chain(void **state)
{
    (void)state;
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
    bench_record_post(&bench, GW_CLASS_LEAD, 2, 1, "case/1");
    struct gw_draft bad = {.cls = GW_CLASS_LEAD,
                           .priority = 2,
                           .body = "{#}",
                           .body_len = 3,
                           .state_key = "case/2",
                           .state = "{}"};
    uint64_t token = bench_post(&bench, bad);
    bench_record_post(&bench, GW_CLASS_LEAD, 2, 3, "case/3");
    struct gw_notice c = bench_wait(&bench, GW_NOTICE_COMMITTED);
    gw_notice_clear(&c);
    if (c.token == token - 1)
        c = bench_wait(&bench, GW_NOTICE_COMMITTED);
    assert_int_equal(c.token, token + 1); /* none of the bad one */
    assert_int_equal(c.seq, 3);
    gw_notice_clear(&c);
    assert_non_null(strstr(bench.events, "cannot be sealed"));
    gw_journal_grant(bench.j, 0, 10);
    expect(GW_PARCEL_RECORD, "lead", "\"n\":1", true);
    expect(GW_PARCEL_RECORD, "lead", "\"n\":3", true);
    expect(GW_PARCEL_RECORD, "record", "\"reason\":\"unsealable\"", true);
    expect_nothing();
    bench_stop(&bench);
    n = bench_open(&bench);
    gw_notice_clear(&n);
    assert_int_equal(bench.nstates, 2);
    expect_state(0, "case/1", "{\"n\":1}", 1);
    expect_state(1, "case/3", "{\"n\":3}", 3);
}

static void a_sealer_out_of_order_delays_but_loses_nothing(void **state)
{
    (void)state;
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
    atomic_store(&bench.seal_status, GW_E_IO);
    uint64_t token = bench_record_post(&bench, GW_CLASS_LEAD, 2, 1, NULL);
    n = bench_wait(&bench, GW_NOTICE_FAILED);
    assert_non_null(strstr(n.text, "cannot be sealed at present"));
    gw_notice_clear(&n);
    atomic_store(&bench.seal_status, 0);
    bench_advance(&bench, 60000);
    n = bench_wait(&bench, GW_NOTICE_COMMITTED);
    assert_int_equal(n.token, token);
    assert_int_equal(n.seq, 1);
    gw_notice_clear(&n);
    bench_wait_text(&bench, "works again");
}

static void no_notice_is_lost_when_the_core_is_slow(void **state)
{
    (void)state;
    enum { ROWS = 400 };
    bench.conf.post_capacity = 1;
    bench.conf.state_rows = 0;
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
    for (int i = 0; i < ROWS; i++) {
        char key[16];
        snprintf(key, sizeof key, "row/%03d", i);
        struct gw_draft d = {.state_key = key, .state = "{}"};
        bench_post(&bench, d);
    }
    bench_stop(&bench);

    bench_start(&bench);
    struct gw_mailbox *notices = gw_journal_notices(bench.j);
    size_t room = gw_mailbox_room(notices);
    /* The journal fills the mailbox and waits. */
    while (room > 0)
        room = gw_mailbox_room(notices);
    for (int i = 0; i < ROWS; i++) {
        char key[16];
        snprintf(key, sizeof key, "row/%03d", i);
        assert_true(gw_mailbox_wait(notices, &n, BENCH_WAIT));
        assert_int_equal(n.kind, GW_NOTICE_STATE);
        assert_string_equal(n.key, key);
        gw_notice_clear(&n);
    }
    n = bench_wait(&bench, GW_NOTICE_OPEN);
    gw_notice_clear(&n);
}

static void it_stops_while_it_waits_for_the_core(void **state)
{
    (void)state;
    bench.conf.post_capacity = 1;
    bench.conf.state_rows = 0;
    struct gw_notice n = bench_open(&bench);
    gw_notice_clear(&n);
    for (int i = 0; i < 200; i++) {
        char key[16];
        snprintf(key, sizeof key, "row/%03d", i);
        struct gw_draft d = {.state_key = key, .state = "{}"};
        bench_post(&bench, d);
    }
    bench_stop(&bench);
    bench_start(&bench);
    while (gw_mailbox_room(gw_journal_notices(bench.j)) > 0)
        continue;
    bench_stop(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_journal_starts_a_chain, setup, teardown),
        cmocka_unit_test_setup_teardown(parcels_come_by_rank_then_age, setup, teardown),
        cmocka_unit_test_setup_teardown(the_chain_goes_on_after_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(state_rows_move_with_their_records, setup, teardown),
        cmocka_unit_test_setup_teardown(an_ack_is_for_good_and_may_be_repeated, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rewind_hands_out_again_what_was_not_acked, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_granted_at_once_may_exceed_the_mailbox, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(telemetry_leaves_when_both_readers_have_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_reader_that_is_gone_holds_nothing_back, setup, teardown),
        cmocka_unit_test_setup_teardown(the_last_reader_leaves_its_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_that_nobody_wants_are_not_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_input_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_draft_that_cannot_be_sealed_is_a_loss_in_the_chain, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_sealer_out_of_order_delays_but_loses_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(no_notice_is_lost_when_the_core_is_slow, setup, teardown),
        cmocka_unit_test_setup_teardown(it_stops_while_it_waits_for_the_core, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
