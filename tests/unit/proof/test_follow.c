/* SPDX-License-Identifier: Apache-2.0
 *
 * A chain made by the real sealer, then everything that may be done to it: the follower names each.
 */
#include "proof/follow.h"

#include "base/buf.h"
#include "base/clock.h"
#include "publish/seal.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHAIN   "0123456789abcdef"
#define CHAIN_2 "fedcba9876543210"
#define LENGTH  20

struct chain {
    char *line[LENGTH + 4];
    size_t n;
    char head[GW_SHA256_HEX]; /* of the last record */
    char hash[LENGTH + 4][GW_SHA256_HEX];
};

struct fixture {
    char dir[64], pub[96], key[96], other[96];
    struct gw_seal *seal, *stranger;
    struct gw_keyring *keys;
    struct chain c;
};

static void add(struct gw_seal *seal, struct chain *c, const char *chain, int64_t seq,
                const char *body)
{
    struct gw_buf wire;
    gw_buf_init(&wire, 65536);
    assert_int_equal(gw_seal_record(seal, chain, seq, seq == 1 ? gw_claim_origin : c->head, body,
                                    strlen(body), &wire, c->hash[c->n]),
                     GW_OK);
    memcpy(c->head, c->hash[c->n], sizeof c->head);
    c->line[c->n++] = gw_buf_take(&wire, NULL);
}

static void make_key(const char *dir, const char *name, char path[96], char pub[96],
                     struct gw_seal **seal)
{
    struct gw_key *key;
    struct gw_err err;
    (void)snprintf(path, 96, "%s/%s.pem", dir, name);
    (void)snprintf(pub, 96, "%s/%s.pub", dir, name);
    assert_int_equal(gw_key_create(path, &key, &err), GW_OK);
    char *pem = gw_key_pem(key);
    FILE *f = fopen(pub, "w");
    assert_non_null(f);
    assert_true(fputs(pem, f) >= 0);
    assert_int_equal(fclose(f), 0);
    free(pem);
    assert_int_equal(gw_seal_new(key, seal, &err), GW_OK);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct gw_err err;
    char path[96], pub[96];
    const char *tmp = getenv("TMPDIR");
    assert_non_null(f);
    (void)snprintf(f->dir, sizeof f->dir, "%s/followXXXXXX",
                   tmp && strlen(tmp) < 40 ? tmp : "/tmp");
    assert_non_null(mkdtemp(f->dir));
    make_key(f->dir, "other", f->other, pub, &f->stranger);
    assert_int_equal(unlink(pub), 0);
    make_key(f->dir, "own", path, f->pub, &f->seal);
    memcpy(f->key, path, sizeof f->key);
    f->keys = gw_keyring_new();
    assert_non_null(f->keys);
    assert_int_equal(gw_keyring_add(f->keys, f->pub, &err), GW_OK);
    assert_int_equal(gw_keyring_add(f->keys, f->pub, &err), GW_OK);
    assert_int_equal(gw_keyring_count(f->keys), 1);
    for (int64_t i = 1; i <= LENGTH; i++) {
        char body[64];
        (void)snprintf(body, sizeof body, "{\"class\":\"lead\",\"value\":\"%d\"}", (int)i);
        add(f->seal, &f->c, CHAIN, i, body);
    }
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < f->c.n; i++)
        free(f->c.line[i]);
    gw_keyring_free(f->keys);
    gw_seal_free(f->seal);
    gw_seal_free(f->stranger);
    (void)unlink(f->pub);
    (void)unlink(f->key);
    (void)unlink(f->other);
    assert_int_equal(rmdir(f->dir), 0);
    free(f);
    return 0;
}

/* Follows these lines of the chain, given by index from 0. */
static struct gw_follow follow(const struct fixture *f, const size_t *order, size_t n, bool part)
{
    struct gw_follow w;
    struct gw_err err;
    gw_follow_start(&w, f->keys, part);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(gw_follow_line(&w, f->c.line[order[i]], strlen(f->c.line[order[i]]), &err),
                         GW_OK);
    gw_follow_end(&w);
    return w;
}

static size_t in_order(size_t *order)
{
    for (size_t i = 0; i < LENGTH; i++)
        order[i] = i;
    return LENGTH;
}

static void a_whole_chain_is_good(void **state)
{
    const struct fixture *f = *state;
    size_t order[LENGTH];
    const struct gw_follow w = follow(f, order, in_order(order), false);
    assert_int_equal(w.fault, GW_FOLLOW_NONE);
    assert_int_equal(w.records, LENGTH);
    assert_int_equal(w.last.seq, LENGTH);
    assert_string_equal(w.last.hash, f->c.head);
}

static void a_deleted_record_is_named(void **state)
{
    const struct fixture *f = *state;
    for (size_t gone = 0; gone + 1 < LENGTH; gone++) { /* the last one: see the header */
        size_t order[LENGTH], n = 0;
        char name[64];
        for (size_t i = 0; i < LENGTH; i++)
            if (i != gone)
                order[n++] = i;
        const struct gw_follow w = follow(f, order, n, false);
        assert_int_equal(w.fault, GW_FOLLOW_MISSING);
        (void)snprintf(name, sizeof name, CHAIN "-%zu", gone + 1);
        assert_int_equal(strncmp(w.text, name, strlen(name)), 0);
    }
}

static void two_swapped_records_are_named(void **state)
{
    const struct fixture *f = *state;
    for (size_t i = 0; i + 1 < LENGTH; i++) {
        size_t order[LENGTH];
        const size_t n = in_order(order);
        order[i] = i + 1;
        order[i + 1] = i;
        const struct gw_follow w = follow(f, order, n, false);
        assert_int_equal(w.fault, GW_FOLLOW_REORDERED);
    }
}

static void a_repeated_record_is_named(void **state)
{
    const struct fixture *f = *state;
    for (size_t again = 0; again < LENGTH; again++)
        for (size_t at = again; at < LENGTH; at += 5) {
            size_t order[LENGTH + 1], n = 0;
            for (size_t i = 0; i < LENGTH; i++) {
                order[n++] = i;
                if (i == at)
                    order[n++] = again;
            }
            const struct gw_follow w = follow(f, order, n, false);
            assert_int_equal(w.fault, GW_FOLLOW_REPEATED);
            assert_int_equal(w.line, at + 2);
        }
}

/* Every byte of a record, each with some other bit. */
static void a_flipped_bit_is_named(void **state)
{
    struct fixture *f = *state;
    char *line = f->c.line[7];
    for (size_t i = 0; line[i]; i++) {
        size_t order[LENGTH];
        const char was = line[i];
        line[i] = (char)(was ^ (1 << (i % 7)));
        if (line[i] == '\0')
            line[i] = 'x';
        const struct gw_follow w = follow(f, order, in_order(order), false);
        if (w.fault == GW_FOLLOW_NONE)
            fail_msg("byte %zu changed, nothing noticed", i);
        assert_int_equal(w.line, 8);
        line[i] = was;
    }
}

static void another_key_is_foreign(void **state)
{
    struct fixture *f = *state;
    struct chain forged = {.n = 0};
    memcpy(forged.head, f->c.hash[8], sizeof forged.head);
    add(f->stranger, &forged, CHAIN, 10, "{\"class\":\"lead\",\"value\":\"10\"}");
    char *own = f->c.line[9];
    size_t order[LENGTH];
    f->c.line[9] = forged.line[0];
    const struct gw_follow w = follow(f, order, in_order(order), false);
    f->c.line[9] = own;
    free(forged.line[0]);
    assert_int_equal(w.fault, GW_FOLLOW_FOREIGN);
    assert_int_equal(w.line, 10);
}

/* The gateway's own key, another content: an old image came back to life. */
static void a_fork_is_named(void **state)
{
    struct fixture *f = *state;
    struct chain forged = {.n = 0};
    memcpy(forged.head, f->c.hash[8], sizeof forged.head);
    add(f->seal, &forged, CHAIN, 10, "{\"class\":\"lead\",\"value\":\"11\"}");
    struct gw_follow w;
    struct gw_err err;
    gw_follow_start(&w, f->keys, true);
    for (size_t i = 8; i < 10; i++)
        assert_int_equal(gw_follow_line(&w, f->c.line[i], strlen(f->c.line[i]), &err), GW_OK);
    assert_int_equal(gw_follow_line(&w, forged.line[0], strlen(forged.line[0]), &err), GW_OK);
    assert_int_equal(w.fault, GW_FOLLOW_REPEATED);
    assert_non_null(strstr(w.text, "forked"));

    /* In the place of the real one, the next one does not follow it. */
    gw_follow_start(&w, f->keys, true);
    assert_int_equal(gw_follow_line(&w, f->c.line[8], strlen(f->c.line[8]), &err), GW_OK);
    assert_int_equal(gw_follow_line(&w, forged.line[0], strlen(forged.line[0]), &err), GW_OK);
    assert_int_equal(gw_follow_line(&w, f->c.line[10], strlen(f->c.line[10]), &err), GW_OK);
    assert_int_equal(w.fault, GW_FOLLOW_BROKEN);
    free(forged.line[0]);
}

static void a_pruned_start_needs_a_checkpoint(void **state)
{
    struct fixture *f = *state;
    char body[256];
    size_t order[LENGTH + 1], n = 0;
    for (size_t i = 5; i < LENGTH; i++)
        order[n++] = i;
    assert_int_equal(follow(f, order, n, false).fault, GW_FOLLOW_MISSING);
    assert_int_equal(follow(f, order, n, true).fault, GW_FOLLOW_NONE);

    (void)snprintf(body, sizeof body,
                   "{\"checkpoint\":{\"hash\":\"%s\",\"seq\":5},\"class\":\"checkpoint\"}",
                   f->c.hash[4]);
    add(f->seal, &f->c, CHAIN, LENGTH + 1, body);
    order[n++] = LENGTH;
    assert_int_equal(follow(f, order, n, false).fault, GW_FOLLOW_NONE);
    free(f->c.line[--f->c.n]);

    /* One that names another hash vouches for nothing. */
    memcpy(f->c.head, f->c.hash[LENGTH - 1], sizeof f->c.head);
    (void)snprintf(body, sizeof body,
                   "{\"checkpoint\":{\"hash\":\"%s\",\"seq\":5},\"class\":\"checkpoint\"}",
                   f->c.hash[5]);
    add(f->seal, &f->c, CHAIN, LENGTH + 1, body);
    assert_int_equal(follow(f, order, n, false).fault, GW_FOLLOW_MISSING);
}

static void a_new_chain_names_the_old_one(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *body;
        enum gw_follow_fault fault;
    } rows[] = {
        {"{\"chain_break\":{\"chain\":\"" CHAIN "\",\"seq\":20},\"class\":\"key\"}",
         GW_FOLLOW_NONE},
        {"{\"chain_break\":{\"chain\":\"" CHAIN "\",\"seq\":18},\"class\":\"key\"}",
         GW_FOLLOW_NONE},
        {"{\"chain_break\":{\"chain\":\"" CHAIN "\",\"seq\":21},\"class\":\"key\"}",
         GW_FOLLOW_MISSING},
        {"{\"chain_break\":{\"chain\":\"" CHAIN_2 "\",\"seq\":20},\"class\":\"key\"}",
         GW_FOLLOW_FOREIGN},
        {"{\"class\":\"lead\"}", GW_FOLLOW_FOREIGN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t order[LENGTH + 1];
        (void)in_order(order);
        add(f->seal, &f->c, CHAIN_2, 1, rows[i].body);
        order[LENGTH] = LENGTH;
        const struct gw_follow w = follow(f, order, LENGTH + 1, false);
        assert_int_equal(w.fault, rows[i].fault);
        if (w.fault == GW_FOLLOW_NONE)
            assert_int_equal(w.chains, 2);
        free(f->c.line[--f->c.n]);
    }
}

static void what_is_no_record_is_named(void **state)
{
    const struct fixture *f = *state;
    struct gw_follow w;
    struct gw_err err;
    char *long_line = malloc(GW_FOLLOW_LINE_MAX + 1);
    assert_non_null(long_line);
    memset(long_line, 'x', GW_FOLLOW_LINE_MAX + 1);
    gw_follow_start(&w, f->keys, false);
    assert_int_equal(gw_follow_line(&w, long_line, GW_FOLLOW_LINE_MAX + 1, &err), GW_OK);
    assert_int_equal(w.fault, GW_FOLLOW_FORM);
    free(long_line);
    gw_follow_start(&w, f->keys, false);
    assert_int_equal(gw_follow_line(&w, "", 0, &err), GW_OK);
    assert_int_equal(w.fault, GW_FOLLOW_FORM);
    assert_int_equal(w.line, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_whole_chain_is_good, setup, teardown),
        cmocka_unit_test_setup_teardown(a_deleted_record_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(two_swapped_records_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(a_repeated_record_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(a_flipped_bit_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(another_key_is_foreign, setup, teardown),
        cmocka_unit_test_setup_teardown(a_fork_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pruned_start_needs_a_checkpoint, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_chain_names_the_old_one, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_record_is_named, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
