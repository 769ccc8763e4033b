/* SPDX-License-Identifier: Apache-2.0
 *
 * What the store makes of records that come in any order, again, or with a number that is taken.
 */
#include "desk/store.h"

#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN  "0123456789abcdef"
#define LENGTH 60

struct fixture {
    struct gw_desk_store *store;
    char hash[LENGTH + 1][GW_SHA256_HEX]; /* of record n */
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct gw_err err;
    assert_non_null(f);
    assert_int_equal(gw_desk_store_open(":memory:", &f->store, &err), GW_OK);
    memcpy(f->hash[0], gw_claim_origin, sizeof f->hash[0]);
    for (int i = 1; i <= LENGTH; i++)
        assert_int_equal(gw_sha256_hex(&i, sizeof i, f->hash[i]), GW_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    gw_desk_store_close(f->store);
    free(f);
    return 0;
}

static enum gw_desk_put put(struct fixture *f, int n, const char *hash, const char *prev)
{
    struct gw_err err;
    enum gw_desk_put how = GW_DESK_NEW;
    char wire[32];
    (void)snprintf(wire, sizeof wire, "wire %d", n);
    struct gw_desk_record r = {
        .gateway = "gw",
        .claim = {.chain = CHAIN, .seq = n, .cls = "lead"},
        .case_id = "a:X#1",
        .finding = "X",
        .kind = "FLT",
        .state = "raised",
        .county = "371311",
        .about = "",
        .received_ms = 1000 + n,
        .wire = wire,
        .wire_len = strlen(wire),
    };
    memcpy(r.claim.hash, hash, sizeof r.claim.hash);
    memcpy(r.claim.prev, prev, sizeof r.claim.prev);
    assert_int_equal(gw_desk_store_begin(f->store, &err), GW_OK);
    assert_int_equal(gw_desk_store_put(f->store, &r, &how, &err), GW_OK);
    assert_int_equal(gw_desk_store_commit(f->store, &err), GW_OK);
    return how;
}

static enum gw_desk_put put_own(struct fixture *f, int n)
{
    return put(f, n, f->hash[n], f->hash[n - 1]);
}

static struct gw_desk_chain chain(struct fixture *f)
{
    struct gw_desk_chain c;
    struct gw_err err;
    assert_int_equal(gw_desk_store_chain(f->store, "gw", CHAIN, &c, &err), GW_OK);
    return c;
}

static void any_order_becomes_whole(void **state)
{
    struct fixture *f = *state;
    int order[LENGTH];
    unsigned seed = 12345;
    for (int i = 0; i < LENGTH; i++)
        order[i] = i + 1;
    for (int i = LENGTH - 1; i > 0; i--) {
        seed = seed * 1103515245u + 12345u;
        const int k = (int)(seed / 65536u % (unsigned)(i + 1));
        const int t = order[i];
        order[i] = order[k];
        order[k] = t;
    }
    for (int i = 0; i < LENGTH; i++) {
        assert_int_equal(put_own(f, order[i]), GW_DESK_NEW);
        const struct gw_desk_chain c = chain(f);
        assert_int_equal(c.highest - c.missing, i + 1);
        assert_int_equal(c.broken, 0);
    }
    const struct gw_desk_chain c = chain(f);
    assert_int_equal(c.whole.seq, LENGTH);
    assert_string_equal(c.whole.hash, f->hash[LENGTH]);
    assert_int_equal(c.missing, 0);
}

static void a_gap_holds_the_head(void **state)
{
    struct fixture *f = *state;
    struct gw_err err;
    (void)put_own(f, 1);
    (void)put_own(f, 2);
    (void)put_own(f, 4);
    struct gw_desk_chain c = chain(f);
    assert_int_equal(c.whole.seq, 2);
    assert_int_equal(c.missing, 1);
    assert_int_equal(gw_desk_store_told(f->store, "gw", CHAIN, 7, &err), GW_OK);
    assert_int_equal(gw_desk_store_told(f->store, "gw", CHAIN, 5, &err), GW_OK);
    (void)put_own(f, 3);
    c = chain(f);
    assert_int_equal(c.whole.seq, 4);
    assert_int_equal(c.told, 7);
}

static void again_and_forked_are_told_apart(void **state)
{
    struct fixture *f = *state;
    (void)put_own(f, 1);
    assert_int_equal(put_own(f, 1), GW_DESK_AGAIN);
    assert_int_equal(put(f, 1, f->hash[9], f->hash[0]), GW_DESK_FORKED);
    assert_int_equal(put(f, 1, f->hash[9], f->hash[0]), GW_DESK_FORKED);
    assert_string_equal(chain(f).whole.hash, f->hash[1]);
}

static void a_wrong_link_is_seen_from_both_sides(void **state)
{
    struct fixture *f = *state;
    (void)put_own(f, 1);
    (void)put(f, 2, f->hash[2], f->hash[7]); /* does not follow 1 */
    assert_int_equal(chain(f).broken, 2);
    assert_int_equal(chain(f).whole.seq, 1);
}

static void a_wrong_link_is_seen_when_the_middle_comes_last(void **state)
{
    struct fixture *f = *state;
    (void)put_own(f, 3);
    (void)put(f, 2, f->hash[8], f->hash[1]); /* 3 does not follow it */
    assert_int_equal(chain(f).broken, 3);
}

static void numbers_only_rise(void **state)
{
    struct fixture *f = *state;
    struct gw_err err;
    int64_t a = 0, b = 0, c = 0;
    assert_int_equal(gw_desk_store_number(f->store, "gw", "permit", 1000, &a, &err), GW_OK);
    assert_int_equal(gw_desk_store_number(f->store, "gw", "permit", 500, &b, &err), GW_OK);
    assert_int_equal(gw_desk_store_number(f->store, "gw", "permit", 1000, &c, &err), GW_OK);
    assert_int_equal(a, 1000);
    assert_int_equal(b, 1001);
    assert_int_equal(c, 1002);
}

struct seen {
    int n;
    int64_t last;
};

static bool count(void *ctx, const struct gw_desk_row *row)
{
    struct seen *s = ctx;
    assert_true(row->seq > s->last);
    s->last = row->seq;
    s->n++;
    return true;
}

static void the_export_is_in_order(void **state)
{
    struct fixture *f = *state;
    struct gw_err err;
    struct seen s = {0, 0};
    for (int i = 10; i > 0; i--)
        (void)put_own(f, i);
    assert_int_equal(gw_desk_store_export(f->store, "gw", count, &s, &err), GW_OK);
    assert_int_equal(s.n, 10);
}

/* ---- windows that are awaited ---- */

static const char window[] = "a window";

static enum gw_desk_waits await(struct fixture *f, int n, const char *sha256, int64_t now_ms)
{
    struct gw_err err;
    enum gw_desk_waits out = GW_DESK_ARRIVED;
    struct gw_desk_await a = {
        .gateway = "gw", .place = {.seq = n, .chain = CHAIN}, .about = "r-1", .sha256 = sha256};
    memcpy(a.place.hash, f->hash[n], sizeof a.place.hash);
    assert_int_equal(gw_desk_store_await(f->store, &a, now_ms, &out, &err), GW_OK);
    return out;
}

/* What has become of them 100 ms (asked for) or 300 ms (given up) after they were awaited; -1:
 * nothing. */
static int due(struct fixture *f, int64_t now_ms, bool may_ask, struct gw_desk_due *out)
{
    struct gw_err err;
    bool found = false;
    const struct gw_desk_patience p = {
        .now_ms = now_ms, .ask_ms = now_ms - 100, .missing_ms = now_ms - 300, .may_ask = may_ask};
    assert_int_equal(gw_desk_store_due(f->store, &p, out, &found, &err), GW_OK);
    return found ? (int)out->what : -1;
}

static void arrive(struct fixture *f)
{
    struct gw_err err;
    assert_int_equal(gw_desk_store_put_window(f->store, "gw", "r-1", window, strlen(window), &err),
                     GW_OK);
}

static bool missing(struct fixture *f, const char *sha256)
{
    struct gw_err err;
    bool out = false;
    assert_int_equal(gw_desk_store_missing(f->store, "gw", sha256, &out, &err), GW_OK);
    return out;
}

static void a_window_is_awaited_asked_for_and_given_up(void **state)
{
    struct fixture *f = *state;
    struct gw_desk_due d;
    char sha256[GW_SHA256_HEX];
    assert_int_equal(gw_sha256_hex(window, strlen(window), sha256), GW_OK);
    assert_int_equal(await(f, 1, sha256, 1000), GW_DESK_AWAITED);
    assert_int_equal(await(f, 1, sha256, 1050), GW_DESK_AWAITED); /* it came again */
    assert_int_equal(due(f, 1099, true, &d), -1);
    assert_int_equal(due(f, 1100, false, &d), -1);
    assert_int_equal(due(f, 1100, true, &d), GW_DESK_DUE_ASK);
    assert_string_equal(d.gateway, "gw");
    assert_string_equal(d.about, "r-1");
    assert_int_equal(due(f, 1299, true, &d), -1); /* once */
    assert_false(missing(f, sha256));
    assert_int_equal(due(f, 1300, true, &d), GW_DESK_DUE_MISSING);
    assert_int_equal(d.place.seq, 1);
    assert_string_equal(d.place.chain, CHAIN);
    assert_string_equal(d.place.hash, f->hash[1]);
    assert_true(missing(f, sha256));
    assert_int_equal(due(f, 9999, true, &d), -1);
    assert_int_equal(await(f, 1, sha256, 9999), GW_DESK_MISSING);
    /* It comes after all. */
    arrive(f);
    assert_int_equal(due(f, 9999, true, &d), GW_DESK_DUE_ARRIVED);
    assert_true(d.given_up);
    assert_false(missing(f, sha256));
    assert_int_equal(await(f, 1, sha256, 9999), GW_DESK_ARRIVED);
    assert_int_equal(due(f, 99999, true, &d), -1);
}

static void a_window_that_came_is_not_awaited(void **state)
{
    struct fixture *f = *state;
    struct gw_desk_due d;
    struct gw_err err;
    char sha256[GW_SHA256_HEX];
    assert_int_equal(gw_sha256_hex(window, strlen(window), sha256), GW_OK);
    assert_int_equal(await(f, 1, sha256, 1000), GW_DESK_AWAITED);
    /* One of another gateway is none. */
    assert_int_equal(gw_desk_store_put_window(f->store, "gw2", "r-1", window, strlen(window), &err),
                     GW_OK);
    assert_int_equal(due(f, 1000, true, &d), -1);
    arrive(f);
    assert_int_equal(due(f, 1000, true, &d), GW_DESK_DUE_ARRIVED);
    assert_false(d.given_up);
    assert_int_equal(d.place.seq, 1);
    assert_int_equal(due(f, 1000, true, &d), -1);
    assert_int_equal(await(f, 2, sha256, 1000), GW_DESK_ARRIVED);
}

static void another_window_than_the_signed_one_is_asked_for_at_once(void **state)
{
    struct fixture *f = *state;
    struct gw_desk_due d;
    struct gw_err err;
    assert_int_equal(await(f, 1, f->hash[7], 1000), GW_DESK_AWAITED);
    assert_int_equal(gw_desk_store_doubt(f->store, "gw", "r-2", f->hash[8], &err), GW_OK);
    assert_int_equal(gw_desk_store_doubt(f->store, "gw2", "r-1", f->hash[8], &err), GW_OK);
    assert_int_equal(gw_desk_store_doubt(f->store, "gw", "r-1", f->hash[7], &err), GW_OK);
    assert_int_equal(due(f, 1000, true, &d), -1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gw_desk_store_doubt(f->store, "gw", "r-1", f->hash[8], &err), GW_OK);
        assert_int_equal(due(f, 1000, true, &d), i == 0 ? (int)GW_DESK_DUE_ASK : -1);
    }
    /* A clock that was ahead and is set back: the time counts from then. */
    assert_int_equal(await(f, 2, f->hash[9], 99000), GW_DESK_AWAITED);
    assert_int_equal(due(f, 1001, true, &d), -1);
    assert_int_equal(due(f, 1101, true, &d), GW_DESK_DUE_ASK);
    assert_int_equal(d.place.seq, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_order_becomes_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(a_gap_holds_the_head, setup, teardown),
        cmocka_unit_test_setup_teardown(again_and_forked_are_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrong_link_is_seen_from_both_sides, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrong_link_is_seen_when_the_middle_comes_last, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(numbers_only_rise, setup, teardown),
        cmocka_unit_test_setup_teardown(a_window_is_awaited_asked_for_and_given_up, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_window_that_came_is_not_awaited, setup, teardown),
        cmocka_unit_test_setup_teardown(another_window_than_the_signed_one_is_asked_for_at_once,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(the_export_is_in_order, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
