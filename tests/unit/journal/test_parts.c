/* SPDX-License-Identifier: Apache-2.0
 *
 * The pure parts: positions, losses, bodies, checksums.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/jcs.h"
#include "journal/body.h"
#include "journal/db.h"
#include "journal/fresh.h"
#include "journal/losses.h"
#include "journal/position.h"
#include "seed.h"
#include "support/cmocka_all.h"
#include "support/fake_clock.h"

static void a_position_knows_what_is_out(void **state)
{
    (void)state;
    struct gw_position p = {0};
    assert_int_equal(gw_position_floor(&p), 0);
    static const int64_t ids[] = {3, 4, 9, 10, 20};
    for (size_t i = 0; i < 5; i++) {
        assert_true(gw_position_reserve(&p));
        gw_position_sent(&p, ids[i]);
    }
    assert_int_equal(gw_position_floor(&p), 2);
    assert_true(gw_position_passed(&p, 2));
    assert_false(gw_position_passed(&p, 9));
    assert_true(gw_position_passed(&p, 8)); /* a gap: not this reader's, or long gone */
    assert_true(gw_position_ack(&p, 9));
    assert_false(gw_position_ack(&p, 9)); /* again */
    assert_true(gw_position_passed(&p, 9));
    assert_int_equal(gw_position_floor(&p), 2);
    assert_true(gw_position_ack(&p, 3));
    assert_int_equal(gw_position_floor(&p), 3);
    assert_true(gw_position_ack(&p, 30)); /* never handed out */
    assert_false(gw_position_passed(&p, 30));
    assert_true(gw_position_ack(&p, 4));
    assert_int_equal(gw_position_floor(&p), 9);
    assert_true(gw_position_ack(&p, 20));
    assert_true(gw_position_ack(&p, 10));
    assert_int_equal(gw_position_floor(&p), 20);
    gw_position_set(&p, 7);
    assert_int_equal(gw_position_floor(&p), 7);
    assert_false(gw_position_passed(&p, 8));
    gw_position_free(&p);
}

/* Against a plain table. */
static void a_position_agrees_with_a_table(void **state)
{
    (void)state;
    enum { MANY = 2000 };
    uint64_t seed = test_seed();
    struct gw_position p = {0};
    char is_out[MANY + 1] = {0};
    int64_t sent = 0;
    for (int turn = 0; turn < 20000; turn++) {
        int64_t id = 1 + (int64_t)gw_rand_below(&seed, MANY);
        if (sent < MANY && gw_rand_below(&seed, 3) == 0) {
            sent += 1 + (int64_t)gw_rand_below(&seed, 3);
            sent = sent > MANY ? MANY : sent;
            if (sent == p.sent)
                continue;
            assert_true(gw_position_reserve(&p));
            gw_position_sent(&p, sent);
            is_out[sent] = 1;
        } else {
            assert_int_equal(gw_position_ack(&p, id), is_out[id] || id > sent);
            is_out[id] = 0;
        }
        assert_int_equal(gw_position_passed(&p, id), id <= sent && !is_out[id]);
        int64_t floor = 0;
        while (floor < sent && !is_out[floor + 1])
            floor++;
        assert_int_equal(gw_position_floor(&p), floor);
    }
    gw_position_free(&p);
}

static struct gw_loss lost(enum gw_parcel_kind kind, enum gw_loss_why why, uint64_t count,
                           int64_t from_ms, int64_t to_ms)
{
    return (struct gw_loss){
        .kind = kind, .why = why, .count = count, .from_ms = from_ms, .to_ms = to_ms};
}

static struct gw_row *fresh_row(enum gw_parcel_kind kind, size_t len)
{
    struct gw_row *row = calloc(1, sizeof *row + len + 1);
    assert_non_null(row);
    row->kind = kind;
    row->len = len;
    return row;
}

/* Rows leave in any order, and what is left is found as by counting. */
static void fresh_rows_agree_with_a_table(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    bool here[602] = {false};
    static struct gw_fresh f;
    f = (struct gw_fresh){.max_bytes = 4000};
    int64_t next = 7, first = 7;
    for (int step = 0; step < 4000; step++) {
        int64_t id = 0;
        if (next < 600 && gw_fresh_room(&f) && gw_rand_below(&seed, 2) == 0) {
            const enum gw_parcel_kind kind = next % 3 == 0 ? GW_PARCEL_EVENT : GW_PARCEL_TELEMETRY;
            gw_fresh_add(&f, fresh_row(kind, 100), next, step);
            here[next++] = true;
        } else {
            id = first + (int64_t)gw_rand_below(&seed, (uint64_t)(next - first) + 2);
            const bool was = id < next && here[id];
            assert_int_equal(gw_fresh_drop(&f, id), was);
            if (was)
                here[id] = false;
        }
        while (first < next && !here[first])
            first++;
        size_t alive = 0;
        for (int64_t i = first; i < next; i++)
            alive += here[i] ? 1 : 0;
        assert_int_equal(f.alive, alive);
        assert_int_equal(f.bytes, alive * 100);
        assert_int_equal(gw_fresh_since(&f) == INT64_MAX, alive == 0);
        assert_int_equal(gw_fresh_room(&f), alive * 100 < 4000 && f.span < GW_FRESH_ROWS);
        const int64_t after = first + (int64_t)gw_rand_below(&seed, 20) - 5;
        int64_t want = after < first ? first : after + 1;
        while (want < next && (!here[want] || want % 3 == 0))
            want++;
        const struct gw_row *row = gw_fresh_next(&f, GW_PARCEL_TELEMETRY, after, &id);
        assert_int_equal(row != NULL, want < next);
        if (row != NULL)
            assert_int_equal(id, want);
    }
    gw_fresh_shift(&f, f.span);
    assert_int_equal(f.alive + f.bytes + f.span, 0);
}

/* A commit takes some of them: as many as fit, and one in any case. */
static void a_commit_takes_a_part(void **state)
{
    (void)state;
    static struct gw_fresh f;
    f = (struct gw_fresh){.max_bytes = 100000};
    for (int64_t id = 1; id <= 5; id++)
        gw_fresh_add(&f, fresh_row(GW_PARCEL_TELEMETRY, 1000), id, 0);
    assert_int_equal(gw_fresh_part(&f, 2500), 2);
    assert_int_equal(gw_fresh_part(&f, 10), 1);
    assert_int_equal(gw_fresh_part(&f, 5000), 5);
    assert_true(gw_fresh_drop(&f, 2));
    assert_int_equal(gw_fresh_part(&f, 2500), 3);
    gw_fresh_shift(&f, 1);
    assert_int_equal(f.first_id, 3); /* the second had left */
    assert_int_equal(f.alive, 3);
    gw_fresh_shift(&f, f.span);
}

static void losses_gather_in_episodes(void **state)
{
    (void)state;
    struct gw_losses l = {.rand = 1};
    struct gw_loss a = lost(GW_PARCEL_TELEMETRY, GW_LOSS_QUOTA, 5, 100, 200);
    assert_false(gw_losses_dirty(&l));
    gw_losses_add(&l, &a, 1000);
    a = lost(GW_PARCEL_TELEMETRY, GW_LOSS_QUOTA, 2, 50, 150);
    gw_losses_add(&l, &a, 2000);
    a = lost(GW_PARCEL_EVENT, GW_LOSS_QUOTA, 1, 7, 8);
    gw_losses_add(&l, &a, 2500);
    a = lost(GW_PARCEL_TELEMETRY, GW_LOSS_REFUSED, 1, 9, 9);
    gw_losses_add(&l, &a, 2600);
    assert_int_equal(l.n, 3);
    assert_int_equal(l.at[0].count, 7);
    assert_int_equal(l.at[0].from_ms, 50);
    assert_int_equal(l.at[0].to_ms, 200);
    assert_int_equal(l.at[0].first_ms, 1000);
    assert_int_equal(l.at[0].last_ms, 2000);
    assert_int_equal(strlen(l.at[0].tag), 16);
    assert_string_not_equal(l.at[0].tag, l.at[1].tag);
    assert_true(gw_losses_dirty(&l));
    gw_losses_saved(&l);
    assert_false(gw_losses_dirty(&l));

    /* A chained episode takes nothing more. */
    gw_losses_done(&l, 0);
    assert_true(gw_losses_dirty(&l));
    assert_false(gw_losses_open(&l, GW_PARCEL_TELEMETRY, GW_LOSS_QUOTA));
    a = lost(GW_PARCEL_TELEMETRY, GW_LOSS_QUOTA, 3, 300, 300);
    gw_losses_add(&l, &a, 3000);
    assert_int_equal(l.n, 4);
    gw_losses_saved(&l);
    assert_int_equal(l.n, 3);
    assert_int_equal(l.at[2].count, 3);
    assert_true(gw_losses_open(&l, GW_PARCEL_TELEMETRY, GW_LOSS_QUOTA));

    /* What an earlier start left keeps to itself; what is known is not loaded twice. */
    struct gw_loss old = l.at[2];
    old.stale = true;
    gw_losses_load(&l, &old);
    assert_int_equal(l.n, 3);
    snprintf(old.tag, sizeof old.tag, "old");
    gw_losses_load(&l, &old);
    assert_int_equal(l.n, 4);
    gw_losses_add(&l, &a, 4000);
    assert_int_equal(l.at[2].count, 6);
    assert_int_equal(l.at[3].count, 3);
}

static void no_loss_is_forgotten_when_there_are_too_many_episodes(void **state)
{
    (void)state;
    struct gw_losses l = {.rand = 1};
    uint64_t sum = 0;
    for (int i = 0; i < 40; i++) {
        struct gw_loss a = lost(GW_PARCEL_TELEMETRY, GW_LOSS_DAMAGED, 1, i + 1, i + 1);
        snprintf(a.file, sizeof a.file, "file-%d", i);
        gw_losses_add(&l, &a, i);
    }
    for (size_t i = 0; i < l.n; i++)
        sum += l.at[i].count;
    assert_int_equal(l.n, GW_LOSSES_MAX);
    assert_int_equal(sum, 40);
}

static void bodies_are_canonical(void **state)
{
    (void)state;
    struct gw_fake_clock fake;
    gw_fake_clock_init(&fake);
    struct gw_clock clock = gw_fake_clock_clock(&fake);
    struct gw_body_env env = {.gateway = "gw-1", .clock = &clock, .boot = "b00t"};
    struct gw_buf buf;
    gw_buf_init(&buf, GW_BODY_MAX);
    struct gw_body_loss loss = {.what = "telemetry",
                                .reason = "quota",
                                .count = 12,
                                .from_ms = 1795305600000,
                                .to_ms = 1795305661500};
    assert_true(gw_body_loss(&env, &loss, &buf));
    assert_string_equal(
        buf.data, "{\"class\":\"loss\",\"count\":12,\"from\":\"2026-11-22T08:00:00.000+08:00\","
                  "\"gateway\":\"gw-1\",\"reason\":\"quota\",\"time\":{\"boot\":\"b00t\","
                  "\"recorded\":\"2026-11-22T08:00:00.000+08:00\",\"sync\":true,"
                  "\"t_boot_ms\":1000000},\"to\":\"2026-11-22T08:01:01.500+08:00\",\"v\":1,"
                  "\"what\":\"telemetry\"}");
    assert_true(gw_jcs_valid(buf.data, buf.len));

    /* What is not known is not said. */
    gw_buf_clear(&buf);
    env.gateway = NULL;
    loss = (struct gw_body_loss){.what = "telemetry", .reason = "damaged", .file = "t.db.damaged"};
    assert_true(gw_body_loss(&env, &loss, &buf));
    assert_true(gw_jcs_valid(buf.data, buf.len));
    assert_null(strstr(buf.data, "count"));
    assert_null(strstr(buf.data, "from"));
    assert_null(strstr(buf.data, "gateway"));
    assert_non_null(strstr(buf.data, "\"file\":\"t.db.damaged\""));

    gw_buf_clear(&buf);
    loss =
        (struct gw_body_loss){.what = "record", .reason = "damaged", .record = "c-1", .count = 1};
    assert_true(gw_body_loss(&env, &loss, &buf));
    assert_true(gw_jcs_valid(buf.data, buf.len));
    assert_non_null(strstr(buf.data, "\"record\":\"c-1\""));

    gw_buf_clear(&buf);
    env.gateway = "gw-1";
    struct gw_body_break brk = {.reason = "damaged",
                                .chain = "0123456789abcdef",
                                .seq = 7,
                                .file = "records.db.x",
                                .waiting = 3};
    assert_true(gw_body_break(&env, &brk, &buf));
    assert_true(gw_jcs_valid(buf.data, buf.len));
    assert_non_null(strstr(
        buf.data,
        "{\"chain_break\":{\"chain\":\"0123456789abcdef\",\"file\":"
        "\"records.db.x\",\"reason\":\"damaged\",\"seq\":7,\"waiting\":3},\"class\":\"key\""));
    gw_buf_clear(&buf);
    brk = (struct gw_body_break){.reason = "damaged", .chain = "", .file = "", .waiting = -1};
    assert_true(gw_body_break(&env, &brk, &buf));
    assert_non_null(strstr(buf.data, "{\"chain_break\":{\"reason\":\"damaged\"},"));
    gw_buf_clear(&buf);
    assert_true(gw_body_checkpoint(&env, 7, "ab", &buf));
    assert_true(gw_jcs_valid(buf.data, buf.len));
    assert_non_null(strstr(buf.data, "{\"checkpoint\":{\"hash\":\"ab\",\"seq\":7},\"class\":"));
    gw_buf_free(&buf);
}

static void a_changed_byte_changes_the_sum(void **state)
{
    (void)state;
    unsigned char data[64];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 37);
    uint64_t sum = gw_db_sum_bytes(GW_DB_SUM, data, sizeof data);
    for (size_t i = 0; i < sizeof data; i++) {
        for (int bit = 0; bit < 8; bit++) {
            data[i] ^= (unsigned char)(1 << bit);
            assert_true(gw_db_sum_bytes(GW_DB_SUM, data, sizeof data) != sum);
            data[i] ^= (unsigned char)(1 << bit);
        }
    }
    assert_true(gw_db_sum_bytes(GW_DB_SUM, data, sizeof data - 1) != sum);
    assert_true(gw_db_sum_int(GW_DB_SUM, 1) != gw_db_sum_int(GW_DB_SUM, -1));
    assert_true(gw_db_sum_int(GW_DB_SUM, 0) != GW_DB_SUM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_position_knows_what_is_out),
        cmocka_unit_test(a_position_agrees_with_a_table),
        cmocka_unit_test(fresh_rows_agree_with_a_table),
        cmocka_unit_test(a_commit_takes_a_part),
        cmocka_unit_test(losses_gather_in_episodes),
        cmocka_unit_test(no_loss_is_forgotten_when_there_are_too_many_episodes),
        cmocka_unit_test(bodies_are_canonical),
        cmocka_unit_test(a_changed_byte_changes_the_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
