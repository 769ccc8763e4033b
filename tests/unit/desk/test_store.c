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
        cmocka_unit_test_setup_teardown(the_export_is_in_order, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
