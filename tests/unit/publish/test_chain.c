/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/integration/check_chain, the platform's own check, over chains that gw_seal_record has made
 * and that somebody has then laid hands on.
 */
#include "publish/seal.h"
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN "00112233445566aa"
#define N     5

struct fixture {
    struct rig_dir dir;
    struct gw_seal *seal;
    char *wire[N]; /* records 1..N in their wire form */
};

static struct gw_seal *make_seal(struct fixture *f, const char *name)
{
    struct gw_key *key;
    struct gw_seal *seal;
    struct gw_err err;
    char path[RIG_PATH];
    char file[64];
    rig_path(&f->dir, name, path);
    assert_int_equal(gw_key_create(path, &key, &err), GW_OK);
    char *pem = gw_key_pem(key);
    assert_non_null(pem);
    snprintf(file, sizeof file, "%s.pub", name);
    rig_write(&f->dir, file, pem, strlen(pem));
    free(pem);
    assert_int_equal(gw_seal_new(key, &seal, &err), GW_OK);
    return seal;
}

static char *seal_one(struct gw_seal *seal, const char *chain, int64_t seq, const char *prev,
                      char hash[GW_SHA256_HEX])
{
    static const char *const bodies[] = {
        "{\"class\":\"alarm\",\"v\":1}",
        "{\"class\":\"lead\",\"title\":{\"en\":\"a \\\"quoted\\\" \\\\ "
        "\\u0001\\n\",\"zh\":\"报警\"},\"v\":1}",
        "{\"class\":\"evidence\",\"list\":[1,-2,true,[],{}],\"v\":1}",
    };
    const char *body = bodies[seq % 3];
    struct gw_buf wire;
    gw_buf_init(&wire, 8192);
    assert_int_equal(gw_seal_record(seal, chain, seq, prev, body, strlen(body), &wire, hash),
                     GW_OK);
    return gw_buf_take(&wire, NULL);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    char hash[GW_SHA256_HEX];
    assert_non_null(f);
    rig_dir_make(&f->dir);
    f->seal = make_seal(f, "key");
    memset(hash, '0', sizeof hash - 1);
    hash[sizeof hash - 1] = '\0';
    for (int i = 0; i < N; i++) {
        char prev[GW_SHA256_HEX];
        memcpy(prev, hash, sizeof prev);
        f->wire[i] = seal_one(f->seal, CHAIN, i + 1, prev, hash);
    }
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < N; i++)
        free(f->wire[i]);
    gw_seal_free(f->seal);
    rig_dir_remove(&f->dir);
    free(f);
    return 0;
}

/* Lines for the checker, gathered one by one. */
static struct gw_buf lines;

static void put(const char *line)
{
    gw_buf_str(&lines, line);
    gw_buf_char(&lines, '\n');
}

/* Runs it over the lines and forgets them; its exit code. Its words must hold `said`. */
static int check(struct fixture *f, const char *options, const char *said)
{
    assert_false(lines.failed);
    rig_write(&f->dir, "wires", lines.data != NULL ? lines.data : "", lines.len);
    gw_buf_free(&lines);
    int rc = rig_run(&f->dir, "%s/tests/integration/check_chain %s key.pub wires > said 2>&1",
                     GW_SOURCE_DIR, options);
    char *text = rig_read(&f->dir, "said");
    if (strstr(text, said) == NULL)
        fail_msg("'%s' is not in: %s", said, text);
    free(text);
    return rc;
}

static void test_good_chains(void **state)
{
    struct fixture *f = *state;
    gw_buf_init(&lines, 1 << 20);
    for (int i = 0; i < N; i++)
        put(f->wire[i]);
    assert_int_equal(check(f, "", "5 records from 1 to 5 are good"), 0);

    gw_buf_init(&lines, 1 << 20); /* as it arrives: out of order, and some twice */
    for (int i = N; i > 0; i--)
        put(f->wire[i - 1]);
    put(f->wire[2]);
    assert_int_equal(check(f, "", "5 records from 1 to 5 are good"), 0);

    gw_buf_init(&lines, 1 << 20); /* the older ones were pruned */
    for (int i = 2; i < N; i++)
        put(f->wire[i]);
    assert_int_equal(check(f, "", "3 records from 3 to 5 are good"), 0);

    gw_buf_init(&lines, 1 << 20);
    put(f->wire[0]);
    put(f->wire[1]);
    put(f->wire[4]);
    assert_int_equal(check(f, "--subset", "3 records from 1 to 5 are good"), 0);
}

static void test_missing(void **state)
{
    struct fixture *f = *state;
    gw_buf_init(&lines, 1 << 20);
    for (int i = 0; i < N; i++)
        if (i != 2)
            put(f->wire[i]);
    assert_int_equal(check(f, "", CHAIN "-3: missing"), 1);
    gw_buf_init(&lines, 1 << 20);
    assert_int_equal(check(f, "", "no record was given"), 1);
}

/* Puts all, but number n (from 1) with `from` changed into `to`, of equal length. */
static void put_changed(struct fixture *f, int n, const char *from, const char *to)
{
    gw_buf_init(&lines, 1 << 20);
    for (int i = 0; i < N; i++) {
        char *copy = strdup(f->wire[i]);
        assert_non_null(copy);
        if (i + 1 == n) {
            char *at = strstr(copy, from);
            size_t len = strlen(to);
            assert_non_null(at);
            assert_int_equal(strlen(from), len);
            for (size_t k = 0; k < len; k++)
                at[k] = to[k];
        }
        put(copy);
        free(copy);
    }
}

static void test_changed(void **state)
{
    struct fixture *f = *state;
    put_changed(f, 3, "\"class\":\"alarm\"", "\"class\":\"clear\"");
    assert_int_equal(check(f, "", CHAIN "-3: the signature is wrong"), 1);
    put_changed(f, 1, "报警", "误警");
    assert_int_equal(check(f, "--subset", CHAIN "-1: the signature is wrong"), 1);
    put_changed(f, 2, "\"v\":1}", "\"v\":1,");
    assert_int_equal(check(f, "", "line 2"), 1);
    put_changed(f, 2, "\"seq\":2", "\"seq\":9");
    assert_int_equal(check(f, "", "line 2: id, chain and seq"), 1);
    put_changed(f, 2, "[1,-2,", "[1,2 ,");
    assert_int_equal(check(f, "", "line 2: the record's bytes are not canonical"), 1);
    put_changed(f, 2, "[1,-2,", "[1,.2,");
    assert_int_equal(check(f, "", ""), 1);
    put_changed(f, 2, "[1,-2,", "[1,.2,");
    assert_int_equal(check(f, "--subset", ""), 1);
    put_changed(f, 4, "\"record\"", "\"Record\"");
    assert_int_equal(check(f, "", "line 4: not a record in its wire form"), 1);
}

static void test_swapped_and_repeated(void **state)
{
    struct fixture *f = *state;
    char hash[GW_SHA256_HEX];
    char other[GW_SHA256_HEX];

    /* The same key has signed another record 3: somebody runs an old image of the box. */
    memset(other, 'a', sizeof other - 1);
    other[sizeof other - 1] = '\0';
    char *again = seal_one(f->seal, CHAIN, 3, other, hash);
    gw_buf_init(&lines, 1 << 20);
    for (int i = 0; i < N; i++)
        put(f->wire[i]);
    put(again);
    assert_int_equal(check(f, "", CHAIN "-3: repeated with other content"), 1);

    /* In the place of the first record 3, it does not fit its neighbour, with or without the rest.
     */
    for (int subset = 0; subset < 2; subset++) {
        gw_buf_init(&lines, 1 << 20);
        put(f->wire[1]);
        put(again);
        assert_int_equal(
            check(f, subset ? "--subset" : "", CHAIN "-3: does not follow " CHAIN "-2"), 1);
    }
    free(again);

    /* A chain must begin with zeros. */
    again = seal_one(f->seal, CHAIN, 1, other, hash);
    gw_buf_init(&lines, 1 << 20);
    put(again);
    assert_int_equal(check(f, "", CHAIN "-1: does not follow"), 1);
    free(again);

    /* Two signatures changed places. */
    char *a = strdup(f->wire[0]);
    char *b = strdup(f->wire[1]);
    assert_non_null(a);
    assert_non_null(b);
    memcpy(a + strlen(a) - 88, f->wire[1] + strlen(f->wire[1]) - 88, 86);
    memcpy(b + strlen(b) - 88, f->wire[0] + strlen(f->wire[0]) - 88, 86);
    gw_buf_init(&lines, 1 << 20);
    put(a);
    put(b);
    assert_int_equal(check(f, "", CHAIN "-1: the signature is wrong"), 1);
    free(a);
    free(b);
}

static void test_foreign_key(void **state)
{
    struct fixture *f = *state;
    char hash[GW_SHA256_HEX];
    struct gw_seal *foreign = make_seal(f, "foreign");
    gw_buf_init(&lines, 1 << 20);
    memset(hash, '0', sizeof hash - 1);
    hash[sizeof hash - 1] = '\0';
    char *wire = seal_one(foreign, CHAIN, 1, hash, hash);
    put(wire);
    assert_int_equal(check(f, "", CHAIN "-1: signed by another key"), 1);
    /* It claims to be ours. */
    char *kid = strstr(wire, gw_seal_kid(foreign));
    assert_non_null(kid);
    memcpy(kid, gw_seal_kid(f->seal), strlen(gw_seal_kid(f->seal)));
    gw_buf_init(&lines, 1 << 20);
    put(wire);
    assert_int_equal(check(f, "", CHAIN "-1: the signature is wrong"), 1);
    free(wire);
    gw_seal_free(foreign);
}

static void test_wrong_calls(void **state)
{
    struct fixture *f = *state;
    const char *script = GW_SOURCE_DIR "/tests/integration/check_chain";
    assert_int_equal(rig_run(&f->dir, "%s > said 2>&1", script), 2);
    assert_int_equal(rig_run(&f->dir, "%s key.pub nothing > said 2>&1", script), 2);
    rig_write(&f->dir, "wires", f->wire[0], strlen(f->wire[0]));
    assert_int_equal(rig_run(&f->dir, "%s wires wires > said 2>&1", script), 2);
    assert_int_equal(rig_run(&f->dir, "%s --all key.pub wires > said 2>&1", script), 2);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(good_chains),          T(missing),     T(changed),
        T(swapped_and_repeated), T(foreign_key), T(wrong_calls),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
