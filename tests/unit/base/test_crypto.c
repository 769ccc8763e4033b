/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crypto.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/backoff.h"
#include "seed.h"
#include "support/cmocka_all.h"
#include "tempdir.h"

#define DOMAIN "nonsite-record-v1\n"

static char dir[TEMPDIR_SIZE];

static int setup(void **state)
{
    (void)state;
    return tempdir_make(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return tempdir_remove(dir) ? 0 : -1;
}

/* The path of a file in our folder; the caller gives the memory. */
static const char *in_dir(char out[256], const char *name)
{
    snprintf(out, 256, "%s/%s", dir, name);
    return out;
}

static void put_file(const char *path, const void *data, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static int shell(const char *command)
{
    return tempdir_shell(dir, command);
}

static long entries_in_dir(void)
{
    char path[256];
    char text[32] = "";
    assert_int_equal(shell("ls -A | grep -v '^out.txt$' | wc -l"), 0);
    FILE *f = fopen(in_dir(path, "out.txt"), "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    fclose(f);
    return strtol(text, NULL, 10);
}

static void from_hex(const char *hex, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char two[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(two, NULL, 16);
    }
}

static void sha256_vectors(void **state)
{
    (void)state;
    char out[GW_SHA256_HEX];
    assert_int_equal(gw_sha256_hex(NULL, 0, out), GW_OK);
    assert_string_equal(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(gw_sha256_hex("abc", 3, out), GW_OK);
    assert_string_equal(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    static char million[1000000];
    memset(million, 'a', sizeof million);
    assert_int_equal(gw_sha256_hex(million, sizeof million, out), GW_OK);
    assert_string_equal(out, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void create_then_load_is_the_same_key(void **state)
{
    (void)state;
    char path[256];
    struct gw_err err = {0};
    struct gw_key *made = NULL;
    assert_int_equal(gw_key_create(in_dir(path, "gw.key"), &made, &err), GW_OK);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_nlink, 1);

    struct gw_key *loaded = NULL;
    assert_int_equal(gw_key_load(path, &loaded, &err), GW_OK);
    assert_string_equal(gw_key_id(made), gw_key_id(loaded));
    uint8_t a[GW_PUB_SIZE];
    uint8_t b[GW_PUB_SIZE];
    gw_key_raw(made, a);
    gw_key_raw(loaded, b);
    assert_memory_equal(a, b, sizeof a);
    /* Ed25519 is deterministic: one key, one message, one signature. */
    uint8_t sig_a[GW_SIG_SIZE];
    uint8_t sig_b[GW_SIG_SIZE];
    assert_int_equal(gw_key_sign(made, DOMAIN, "x", 1, sig_a), GW_OK);
    assert_int_equal(gw_key_sign(loaded, DOMAIN, "x", 1, sig_b), GW_OK);
    assert_memory_equal(sig_a, sig_b, sizeof sig_a);
    gw_key_free(made);
    gw_key_free(loaded);
}

static void create_is_strict_about_the_mode(void **state)
{
    (void)state;
    char path[256];
    struct gw_key *key = NULL;
    mode_t before = umask(0);
    enum gw_status status = gw_key_create(in_dir(path, "gw.key"), &key, NULL);
    umask(before);
    assert_int_equal(status, GW_OK);
    gw_key_free(key);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void create_never_overwrites(void **state)
{
    (void)state;
    char path[256];
    put_file(in_dir(path, "gw.key"), "precious", 8);
    struct gw_key *key = NULL;
    struct gw_err err = {0};
    assert_int_equal(gw_key_create(path, &key, &err), GW_E_REFUSED);
    assert_null(key);
    assert_non_null(strstr(err.msg, path));
    assert_int_equal(shell("test \"$(cat gw.key)\" = precious"), 0);
    assert_int_equal(entries_in_dir(), 1); /* and nothing is left behind */
    assert_int_equal(shell("rm gw.key && ln -s elsewhere gw.key"), 0);
    assert_int_equal(gw_key_create(path, &key, &err), GW_E_REFUSED);
    assert_int_equal(shell("test -e elsewhere"), 1);
}

static void create_survives_what_a_power_cut_left(void **state)
{
    (void)state;
    char path[256];
    put_file(in_dir(path, "gw.key.new"), "half a k", 8);
    struct gw_key *key = NULL;
    assert_int_equal(gw_key_create(in_dir(path, "gw.key"), &key, NULL), GW_OK);
    gw_key_free(key);
    assert_int_equal(entries_in_dir(), 1);
}

static void create_without_folder(void **state)
{
    (void)state;
    char path[256];
    struct gw_key *key = NULL;
    struct gw_err err = {0};
    assert_int_equal(gw_key_create(in_dir(path, "none/gw.key"), &key, &err), GW_E_NOTFOUND);
    assert_null(key);
    assert_non_null(strstr(err.msg, "none/gw.key"));
}

/* A disk that fills up while the key is written: an error, and no half of a key stays. */
static void create_without_room(void **state)
{
    (void)state;
    char path[256];
    struct rlimit before;
    struct gw_key *key = NULL;
    struct gw_err err = {0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 50, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum gw_status status = gw_key_create(in_dir(path, "gw.key"), &key, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, GW_E_IO);
    assert_null(key);
    assert_non_null(strstr(err.msg, path));
    assert_int_equal(entries_in_dir(), 0);
}

static void create_in_the_working_folder(void **state)
{
    (void)state;
    char before[1024];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(dir), 0);
    struct gw_key *key = NULL;
    enum gw_status status = gw_key_create("plain.key", &key, NULL);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(status, GW_OK);
    gw_key_free(key);
}

static void load_refuses_what_others_may_use(void **state)
{
    (void)state;
    static const mode_t open_to_others[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644, 0777};
    char path[256];
    struct gw_key *key = NULL;
    struct gw_err err = {0};
    assert_int_equal(gw_key_create(in_dir(path, "gw.key"), &key, NULL), GW_OK);
    gw_key_free(key);
    key = NULL;
    for (size_t i = 0; i < sizeof open_to_others / sizeof open_to_others[0]; i++) {
        assert_int_equal(chmod(path, open_to_others[i]), 0);
        assert_int_equal(gw_key_load(path, &key, &err), GW_E_REFUSED);
        assert_null(key);
        assert_non_null(strstr(err.msg, path));
        assert_non_null(strstr(err.msg, "chmod 600"));
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(gw_key_load(path, &key, &err), GW_OK);
    gw_key_free(key);
}

static void load_says_why_it_cannot(void **state)
{
    (void)state;
    char path[256];
    struct gw_key *key = NULL;
    struct gw_err err = {0};
    assert_int_equal(gw_key_load(in_dir(path, "none"), &key, &err), GW_E_NOTFOUND);
    assert_non_null(strstr(err.msg, path));
    assert_int_equal(gw_key_load(dir, &key, &err), GW_E_PARSE); /* a folder */

    mode_t before = umask(077);
    put_file(in_dir(path, "junk"), "-----BEGIN PRIVATE KEY-----\nAAAA\n", 33);
    assert_int_equal(gw_key_load(path, &key, &err), GW_E_PARSE);
    assert_non_null(strstr(err.msg, "junk"));
    put_file(in_dir(path, "empty"), "", 0);
    assert_int_equal(gw_key_load(path, &key, &err), GW_E_PARSE);
    static char big[20000];
    memset(big, '\n', sizeof big);
    put_file(in_dir(path, "big"), big, sizeof big);
    assert_int_equal(gw_key_load(path, &key, &err), GW_E_PARSE);

    assert_int_equal(shell("openssl genpkey -algorithm X25519 -out x.key"), 0);
    assert_int_equal(gw_key_load(in_dir(path, "x.key"), &key, &err), GW_E_PARSE);
    assert_int_equal(shell("openssl genpkey -algorithm ED25519 -out a.key && "
                           "openssl pkcs8 -topk8 -in a.key -out enc.key -passout pass:secret"),
                     0);
    assert_int_equal(gw_key_load(in_dir(path, "enc.key"), &key, &err), GW_E_PARSE);
    assert_int_equal(shell("openssl pkey -in a.key -pubout -out pub.key"), 0);
    assert_int_equal(gw_key_load(in_dir(path, "pub.key"), &key, &err), GW_E_PARSE);
    umask(before);
    assert_null(key);
}

static void public_load_says_why_it_cannot(void **state)
{
    (void)state;
    char path[256];
    struct gw_key *key = NULL;
    struct gw_err err = {0};
    assert_int_equal(gw_key_public_load(in_dir(path, "none"), &key, &err), GW_E_NOTFOUND);
    assert_non_null(strstr(err.msg, path));
    assert_int_equal(gw_key_public_load(dir, &key, &err), GW_E_PARSE);
    assert_int_equal(shell("openssl genpkey -algorithm ED25519 -out p.key && "
                           "openssl pkey -in p.key -pubout -out p.pub && "
                           "openssl genpkey -algorithm X25519 | openssl pkey -pubout -out x.pub"),
                     0);
    assert_int_equal(gw_key_public_load(in_dir(path, "p.key"), &key, &err), GW_E_PARSE);
    assert_int_equal(gw_key_public_load(in_dir(path, "x.pub"), &key, &err), GW_E_PARSE);
    assert_non_null(strstr(err.msg, "x.pub"));
    assert_null(key);
    assert_int_equal(chmod(in_dir(path, "p.pub"), 0644), 0); /* for anybody to read */
    assert_int_equal(gw_key_public_load(path, &key, &err), GW_OK);
    assert_int_equal(strlen(gw_key_id(key)), GW_KID_SIZE - 1);
    gw_key_free(key);
}

/* The openssl program reads our key, verifies our signature, and we verify its. */
static void openssl_program_agrees(void **state)
{
    (void)state;
    static const char msg[] = "{\"a\":1}";
    char path[256];
    struct gw_key *key = NULL;
    assert_int_equal(shell("openssl version"), 0);
    assert_int_equal(gw_key_create(in_dir(path, "gw.key"), &key, NULL), GW_OK);

    uint8_t sig[GW_SIG_SIZE];
    assert_int_equal(gw_key_sign(key, DOMAIN, msg, strlen(msg), sig), GW_OK);
    put_file(in_dir(path, "sig"), sig, sizeof sig);
    put_file(in_dir(path, "msg"), DOMAIN "{\"a\":1}", strlen(DOMAIN) + strlen(msg));
    char *pem = gw_key_pem(key);
    assert_non_null(pem);
    put_file(in_dir(path, "pub.pem"), pem, strlen(pem));
    free(pem);

    assert_int_equal(
        shell("openssl pkeyutl -verify -rawin -pubin -inkey pub.pem -in msg -sigfile sig"), 0);
    assert_int_equal(shell("openssl pkeyutl -verify -rawin -inkey gw.key -in msg -sigfile sig"), 0);
    assert_int_equal(shell("openssl pkey -in gw.key -pubout | cmp - pub.pem"), 0);
    assert_int_equal(shell("head -1 gw.key | grep -qx -- '-----BEGIN PRIVATE KEY-----'"), 0);
    put_file(in_dir(path, "msg2"), DOMAIN "{\"a\":2}", strlen(DOMAIN) + strlen(msg));
    assert_int_not_equal(
        shell("openssl pkeyutl -verify -rawin -pubin -inkey pub.pem -in msg2 -sigfile sig"), 0);

    assert_int_equal(shell("openssl pkeyutl -sign -rawin -inkey gw.key -in msg -out sig2"), 0);
    uint8_t theirs[GW_SIG_SIZE];
    FILE *f = fopen(in_dir(path, "sig2"), "rb");
    assert_non_null(f);
    assert_int_equal(fread(theirs, 1, sizeof theirs, f), sizeof theirs);
    fclose(f);
    assert_true(gw_key_verify(key, DOMAIN, msg, strlen(msg), theirs));
    gw_key_free(key);
}

static void key_of_the_openssl_program_is_read(void **state)
{
    (void)state;
    char path[256];
    struct gw_key *key = NULL;
    assert_int_equal(shell("umask 077; openssl genpkey -algorithm ED25519 -out their.key"), 0);
    assert_int_equal(gw_key_load(in_dir(path, "their.key"), &key, NULL), GW_OK);
    char *pem = gw_key_pem(key);
    put_file(in_dir(path, "pub.pem"), pem, strlen(pem));
    free(pem);
    assert_int_equal(shell("openssl pkey -in their.key -pubout | cmp - pub.pem"), 0);
    gw_key_free(key);
}

/* RFC 8032, 7.1, TEST 3: the public key, whose signature of an undivided message we cannot make
 * (ours start with a domain), still shows that raw keys are read in the right order. */
static void kid_is_the_hash_of_the_raw_key(void **state)
{
    (void)state;
    uint8_t raw[GW_PUB_SIZE];
    from_hex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", raw, sizeof raw);
    struct gw_key *key = NULL;
    assert_int_equal(gw_key_public(raw, &key, NULL), GW_OK);
    uint8_t back[GW_PUB_SIZE];
    gw_key_raw(key, back);
    assert_memory_equal(raw, back, sizeof raw);
    char hex[GW_SHA256_HEX];
    assert_int_equal(gw_sha256_hex(raw, sizeof raw, hex), GW_OK);
    assert_int_equal(strlen(gw_key_id(key)), 16);
    assert_memory_equal(gw_key_id(key), hex, 16);
    gw_key_free(key);
}

static void public_key_verifies_but_does_not_sign(void **state)
{
    (void)state;
    char path[256];
    struct gw_key *key = NULL;
    struct gw_key *pub = NULL;
    uint8_t raw[GW_PUB_SIZE];
    uint8_t sig[GW_SIG_SIZE];
    assert_int_equal(gw_key_create(in_dir(path, "gw.key"), &key, NULL), GW_OK);
    gw_key_raw(key, raw);
    assert_int_equal(gw_key_public(raw, &pub, NULL), GW_OK);
    assert_string_equal(gw_key_id(pub), gw_key_id(key));
    assert_int_equal(gw_key_sign(key, DOMAIN, "abc", 3, sig), GW_OK);
    assert_true(gw_key_verify(pub, DOMAIN, "abc", 3, sig));
    assert_true(gw_key_verify(key, DOMAIN, "abc", 3, sig));
    uint8_t none[GW_SIG_SIZE] = {0};
    assert_int_equal(gw_key_sign(pub, DOMAIN, "abc", 3, none), GW_E_INVAL);
    for (size_t i = 0; i < sizeof none; i++)
        assert_int_equal(none[i], 0);
    gw_key_free(pub);
    gw_key_free(key);
}

static void any_change_breaks_the_signature(void **state)
{
    (void)state;
    static const char msg[] = "0123456789";
    char path[256];
    struct gw_key *key = NULL;
    struct gw_key *other = NULL;
    uint8_t sig[GW_SIG_SIZE];
    assert_int_equal(gw_key_create(in_dir(path, "gw.key"), &key, NULL), GW_OK);
    assert_int_equal(gw_key_create(in_dir(path, "other.key"), &other, NULL), GW_OK);
    assert_int_equal(gw_key_sign(key, DOMAIN, msg, 10, sig), GW_OK);
    assert_true(gw_key_verify(key, DOMAIN, msg, 10, sig));
    assert_false(gw_key_verify(other, DOMAIN, msg, 10, sig));
    assert_false(gw_key_verify(key, "nonsite-health-v1\n", msg, 10, sig));
    assert_false(gw_key_verify(key, DOMAIN, msg, 9, sig));
    assert_false(gw_key_verify(key, DOMAIN, "0123456780", 10, sig));
    for (size_t i = 0; i < GW_SIG_SIZE; i++) {
        sig[i] ^= 0x10;
        assert_false(gw_key_verify(key, DOMAIN, msg, 10, sig));
        sig[i] ^= 0x10;
    }
    assert_true(gw_key_verify(key, DOMAIN, msg, 10, sig));
    gw_key_free(key);
    gw_key_free(other);
}

static void domains_must_end(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "\n", "no-end", "two\nlines\n"};
    char path[256];
    struct gw_key *key = NULL;
    uint8_t sig[GW_SIG_SIZE] = {0};
    assert_int_equal(gw_key_create(in_dir(path, "gw.key"), &key, NULL), GW_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(gw_key_sign(key, bad[i], "x", 1, sig), GW_E_INVAL);
        assert_false(gw_key_verify(key, bad[i], "x", 1, sig));
    }
    assert_int_equal(gw_key_sign(key, DOMAIN, NULL, 0, sig), GW_OK); /* an empty message is one */
    assert_true(gw_key_verify(key, DOMAIN, NULL, 0, sig));
    gw_key_free(key);
    gw_key_free(NULL);
}

static void base64url_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *plain, *text;
    } rows[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xFB\xFF\xFE", "-__-"},
        {"\xFF", "_w"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].plain);
        char out[32];
        gw_base64url((const uint8_t *)rows[i].plain, n, out, strlen(rows[i].text) + 1);
        assert_string_equal(out, rows[i].text);
        uint8_t back[32];
        size_t len = 99;
        assert_int_equal(gw_base64url_decode(out, strlen(out), back, n, &len), GW_OK);
        assert_int_equal(len, n);
        assert_memory_equal(back, rows[i].plain, n);
    }
}

static void base64url_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "A",    "AAAAA", "AA==", "AAA=",     "AA+A", "AA/A",
        "AA A", "AAA\n", "A.AA", "\xC3\xA9", "AB", /* bits behind the last byte */
        "AAB",
    };
    uint8_t out[16];
    size_t len = 77;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(out, 0xEE, sizeof out);
        assert_int_equal(gw_base64url_decode(bad[i], strlen(bad[i]), out, sizeof out, &len),
                         GW_E_PARSE);
        assert_int_equal(out[0], 0xEE);
        assert_int_equal(len, 77);
    }
    assert_int_equal(gw_base64url_decode("AA\0A", 4, out, sizeof out, &len), GW_E_PARSE);
    assert_int_equal(gw_base64url_decode("AAAA", 4, out, 2, &len), GW_E_FULL);
    assert_int_equal(out[0], 0xEE);
}

static void base64url_round_trip(void **state)
{
    uint64_t *seed = *state;
    for (int i = 0; i < 5000; i++) {
        uint8_t data[100];
        size_t n = (size_t)gw_rand_below(seed, sizeof data + 1);
        for (size_t k = 0; k < n; k++)
            data[k] = (uint8_t)gw_rand_below(seed, 256);
        char text[140];
        gw_base64url(data, n, text, sizeof text);
        assert_int_equal(strlen(text), (n * 8 + 5) / 6);
        uint8_t back[100];
        size_t len = 0;
        assert_int_equal(gw_base64url_decode(text, strlen(text), back, sizeof back, &len), GW_OK);
        assert_int_equal(len, n);
        assert_memory_equal(back, data, n);
    }
    uint8_t sig[GW_SIG_SIZE] = {0};
    char text[GW_SIG_B64];
    gw_base64url(sig, sizeof sig, text, sizeof text);
    assert_int_equal(strlen(text), 86);
}

static void random_bytes_differ(void **state)
{
    (void)state;
    uint8_t a[1000] = {0};
    uint8_t b[1000] = {0};
    assert_int_equal(gw_random(a, sizeof a), GW_OK);
    assert_int_equal(gw_random(b, sizeof b), GW_OK);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_not_equal(a + 500, b + 500, 500);
    assert_int_equal(gw_random(a, 0), GW_OK);
}

int main(void)
{
    uint64_t seed = test_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_vectors),
        cmocka_unit_test_setup_teardown(create_then_load_is_the_same_key, setup, teardown),
        cmocka_unit_test_setup_teardown(create_is_strict_about_the_mode, setup, teardown),
        cmocka_unit_test_setup_teardown(create_never_overwrites, setup, teardown),
        cmocka_unit_test_setup_teardown(create_survives_what_a_power_cut_left, setup, teardown),
        cmocka_unit_test_setup_teardown(create_without_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(create_without_room, setup, teardown),
        cmocka_unit_test_setup_teardown(create_in_the_working_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(load_refuses_what_others_may_use, setup, teardown),
        cmocka_unit_test_setup_teardown(load_says_why_it_cannot, setup, teardown),
        cmocka_unit_test_setup_teardown(public_load_says_why_it_cannot, setup, teardown),
        cmocka_unit_test_setup_teardown(openssl_program_agrees, setup, teardown),
        cmocka_unit_test_setup_teardown(key_of_the_openssl_program_is_read, setup, teardown),
        cmocka_unit_test(kid_is_the_hash_of_the_raw_key),
        cmocka_unit_test_setup_teardown(public_key_verifies_but_does_not_sign, setup, teardown),
        cmocka_unit_test_setup_teardown(any_change_breaks_the_signature, setup, teardown),
        cmocka_unit_test_setup_teardown(domains_must_end, setup, teardown),
        cmocka_unit_test(base64url_vectors),
        cmocka_unit_test(base64url_refuses),
        cmocka_unit_test_prestate(base64url_round_trip, &seed),
        cmocka_unit_test(random_bytes_differ),
    };
    return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}
