/* SPDX-License-Identifier: Apache-2.0
 *
 * The openssl program is the judge: what it accepts, a platform can check without our code.
 */
#include "publish/seal.h"

#include "rig.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN "0123456789abcdef"
#define ZERO  "0000000000000000000000000000000000000000000000000000000000000000"

struct fixture {
    struct rig_dir dir;
    struct gw_seal *seal;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct gw_key *key;
    struct gw_err err;
    char path[RIG_PATH];
    assert_non_null(f);
    rig_dir_make(&f->dir);
    rig_path(&f->dir, "key.pem", path);
    assert_int_equal(gw_key_create(path, &key, &err), GW_OK);
    char *pem = gw_key_pem(key);
    assert_non_null(pem);
    rig_write(&f->dir, "pub.pem", pem, strlen(pem));
    free(pem);
    assert_int_equal(gw_seal_new(key, &f->seal, &err), GW_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    gw_seal_free(f->seal);
    rig_dir_remove(&f->dir);
    free(f);
    return 0;
}

/* Splits a wire line into the signed bytes and the signature, as README.md of config/interface
 * tells a platform to. */
static void split(const char *wire, const char *name, char *bytes, size_t size, char sig[128])
{
    char head[32];
    snprintf(head, sizeof head, "{\"%s\":", name);
    assert_int_equal(strncmp(wire, head, strlen(head)), 0);
    const char *start = wire + strlen(head);
    const char *tail = strstr(start, ",\"sig\":\"");
    assert_non_null(tail);
    assert_true((size_t)(tail - start) < size);
    memcpy(bytes, start, (size_t)(tail - start));
    bytes[tail - start] = '\0';
    const char *b64 = tail + strlen(",\"sig\":\"");
    assert_int_equal(strlen(b64), 86 + 2);
    assert_string_equal(b64 + 86, "\"}");
    memcpy(sig, b64, 86);
    sig[86] = '\0';
}

static bool openssl_verifies(struct fixture *f, const char *domain, const char *bytes,
                             const char *sig)
{
    char msg[8192];
    int n = snprintf(msg, sizeof msg, "%s%s", domain, bytes);
    rig_write(&f->dir, "msg", msg, (size_t)n);
    rig_write(&f->dir, "sig", sig, strlen(sig));
    assert_int_equal(rig_run(&f->dir, "(tr -- '-_' '+/' < sig; printf '==') | openssl base64 -d -A "
                                      "> sig.bin && test $(wc -c < sig.bin) = 64"),
                     0);
    return rig_run(&f->dir, "openssl pkeyutl -verify -pubin -inkey pub.pem -rawin -in msg "
                            "-sigfile sig.bin > /dev/null 2>&1") == 0;
}

static void test_record_is_verified_by_openssl(void **state)
{
    static const char body[] =
        "{\"class\":\"lead\",\"gateway\":\"g1\",\"title\":{\"zh\":\"可燃气体\"},"
        "\"v\":1}";
    struct fixture *f = *state;
    struct gw_buf wire;
    char hash[GW_SHA256_HEX];
    char bytes[4096];
    char sig[128];
    char want[4096];
    gw_buf_init(&wire, 8192);
    assert_int_equal(gw_seal_record(f->seal, CHAIN, 7, ZERO, body, strlen(body), &wire, hash),
                     GW_OK);
    split(wire.data, "record", bytes, sizeof bytes, sig);

    snprintf(want, sizeof want,
             "{\"chain\":\"" CHAIN "\",\"class\":\"lead\",\"gateway\":\"g1\",\"id\":\"" CHAIN
             "-7\",\"kid\":\"%s\",\"prev\":\"" ZERO
             "\",\"seq\":7,\"title\":{\"zh\":\"可燃气体\"},\"v\":1}",
             gw_seal_kid(f->seal));
    assert_string_equal(bytes, want);
    assert_true(openssl_verifies(f, "nonsite-record-v1\n", bytes, sig));
    assert_false(openssl_verifies(f, "nonsite-document-v1\n", bytes, sig));
    assert_false(openssl_verifies(f, "", bytes, sig));

    rig_write(&f->dir, "bytes", bytes, strlen(bytes));
    assert_int_equal(
        rig_run(&f->dir, "test \"$(openssl dgst -sha256 -r bytes | cut -c1-64)\" = %s", hash), 0);

    char *seq = strstr(bytes, "\"seq\":7");
    assert_non_null(seq);
    seq[6] = '8';
    assert_false(openssl_verifies(f, "nonsite-record-v1\n", bytes, sig));
    gw_buf_free(&wire);
}

static void test_kid_names_the_public_key(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(rig_run(&f->dir,
                             "test \"$(openssl pkey -pubin -in pub.pem -outform DER | tail -c 32 | "
                             "openssl dgst -sha256 -r | cut -c1-16)\" = %s",
                             gw_seal_kid(f->seal)),
                     0);
}

static void test_document_is_verified_by_openssl(void **state)
{
    static const char body[] = "{\"backlog\":3,\"v\":1}";
    struct fixture *f = *state;
    struct gw_buf wire;
    char bytes[1024];
    char sig[128];
    char want[256];
    gw_buf_init(&wire, 8192);
    gw_buf_str(&wire, "before ");
    assert_int_equal(gw_seal_document(f->seal, body, strlen(body), &wire), GW_OK);
    assert_int_equal(strncmp(wire.data, "before ", 7), 0);
    split(wire.data + 7, "document", bytes, sizeof bytes, sig);
    snprintf(want, sizeof want, "{\"backlog\":3,\"kid\":\"%s\",\"v\":1}", gw_seal_kid(f->seal));
    assert_string_equal(bytes, want);
    assert_true(openssl_verifies(f, "nonsite-document-v1\n", bytes, sig));
    assert_false(openssl_verifies(f, "nonsite-record-v1\n", bytes, sig));
    gw_buf_free(&wire);
}

static void test_what_is_not_canonical_is_refused(void **state)
{
    static const char *const bodies[] = {
        "",
        "[]",
        "{\"v\":1,\"class\":\"lead\"}", /* order */
        "{\"class\": \"lead\"}",        /* space */
        "{\"chain\":\"x\"}",            /* a member that sealing adds */
        "{\"seq\":1}",
        "{\"v\":1}x",
    };
    struct fixture *f = *state;
    struct gw_buf wire;
    char hash[GW_SHA256_HEX] = "untouched";
    gw_buf_init(&wire, 4096);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(
            gw_seal_record(f->seal, CHAIN, 1, ZERO, bodies[i], strlen(bodies[i]), &wire, hash),
            GW_E_PARSE);
        assert_int_equal(wire.len, 0);
        assert_string_equal(hash, "untouched");
    }
    assert_int_equal(gw_seal_document(f->seal, "{\"kid\":\"mine\"}", 14, &wire), GW_E_PARSE);
    assert_int_equal(gw_seal_record(f->seal, "a chain that is much too long for a place in an id",
                                    1, ZERO, "{}", 2, &wire, hash),
                     GW_E_INVAL);
    assert_int_equal(wire.len, 0);
    assert_false(wire.failed);
    gw_buf_free(&wire);
}

static void test_whole_or_nothing(void **state)
{
    struct fixture *f = *state;
    struct gw_buf wire;
    char hash[GW_SHA256_HEX] = "untouched";
    gw_buf_init(&wire, 8192);
    assert_int_equal(gw_seal_record(f->seal, CHAIN, 1, ZERO, "{}", 2, &wire, hash), GW_OK);
    size_t len = wire.len;
    gw_buf_free(&wire);

    snprintf(hash, sizeof hash, "untouched");
    gw_buf_init(&wire, len + 4);
    gw_buf_str(&wire, "12345");
    assert_int_equal(gw_seal_record(f->seal, CHAIN, 1, ZERO, "{}", 2, &wire, hash), GW_E_FULL);
    assert_string_equal(wire.data, "12345");
    assert_string_equal(hash, "untouched");
    assert_false(wire.failed);
    gw_buf_clear(&wire);
    gw_buf_str(&wire, "1234");
    assert_int_equal(gw_seal_record(f->seal, CHAIN, 1, ZERO, "{}", 2, &wire, hash), GW_OK);
    assert_int_equal(wire.len, len + 4);
    gw_buf_free(&wire);
}

struct signer {
    struct gw_seal *seal;
    int64_t first;
    char hash[50][GW_SHA256_HEX];
};

static void *sign_many(void *arg)
{
    struct signer *s = arg;
    struct gw_buf wire;
    gw_buf_init(&wire, 8192);
    for (int i = 0; i < 50; i++) {
        gw_buf_clear(&wire);
        if (gw_seal_record(s->seal, CHAIN, s->first + i, ZERO, "{\"v\":1}", 7, &wire, s->hash[i]) !=
            GW_OK)
            abort();
    }
    gw_buf_free(&wire);
    return NULL;
}

static void test_threads_share_a_seal(void **state)
{
    struct fixture *f = *state;
    struct signer signers[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        signers[i] = (struct signer){.seal = f->seal, .first = 1};
        assert_int_equal(pthread_create(&threads[i], NULL, sign_many, &signers[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 1; i < 4; i++)
        assert_memory_equal(signers[i].hash, signers[0].hash, sizeof signers[0].hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_record_is_verified_by_openssl, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kid_names_the_public_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document_is_verified_by_openssl, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_not_canonical_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_whole_or_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_threads_share_a_seal, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
