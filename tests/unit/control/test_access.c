/* SPDX-License-Identifier: Apache-2.0 */
#include "control/access.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "tempdir.h"

/* "operator:" with a password, in base64. */
#define RIGHT   "Basic b3BlcmF0b3I6cyZjcmV0"
#define WRONG   "Basic b3BlcmF0b3I6d3Jvbmc="
#define SOMEONE "Basic c29tZW9uZTpzJmNyZXQ="

struct rig {
    char dir[TEMPDIR_PATH];
    struct gw_site_local local;
    struct gw_access a;
    int64_t retry_s;
};

static struct rig rig;

static void secret(const char *text)
{
    FILE *f = fopen(rig.local.http.password_file, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
    (void)state;
    memset(&rig, 0, sizeof rig);
    tempdir_make(rig.dir);
    (void)snprintf(rig.local.http.listen, sizeof rig.local.http.listen, "127.0.0.1:8480");
    (void)snprintf(rig.local.http.password_file, sizeof rig.local.http.password_file, "%s/pw",
                   rig.dir);
    secret("s&cret\n");
    gw_access_init(&rig.a, &rig.local);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tempdir_remove(rig.dir);
    return 0;
}

static enum gw_access_word say(const char *words, int64_t now_ms)
{
    rig.retry_s = 0;
    return gw_access_password(&rig.a, words, now_ms, &rig.retry_s);
}

static void only_this_address_is_meant(void **state)
{
    static const char *const others[] = {
        "evil.example",     "evil.example:8480",
        "127.0.0.1",        "127.0.0.1:80",
        "127.0.0.1:8480.",  "127.0.0.2:8480",
        "localhost",        "localhost:84800",
        "localhost:8480@x", "",
        "[::1]:8480",       "127.0.0.1:8480:1",
    };
    (void)state;
    assert_true(gw_access_is_ours(&rig.a, "127.0.0.1:8480", NULL));
    assert_true(gw_access_is_ours(&rig.a, "localhost:8480", "http://localhost:8480"));
    assert_false(gw_access_is_ours(&rig.a, NULL, NULL));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(gw_access_is_ours(&rig.a, others[i], NULL));
    assert_false(gw_access_is_ours(&rig.a, "127.0.0.1:8480", "http://evil.example"));
    assert_false(gw_access_is_ours(&rig.a, "127.0.0.1:8480", "https://127.0.0.1:8480"));
    assert_false(gw_access_is_ours(&rig.a, "127.0.0.1:8480", "null"));
    (void)snprintf(rig.local.http.listen, sizeof rig.local.http.listen, "[::1]:8480");
    gw_access_init(&rig.a, &rig.local);
    assert_true(gw_access_is_ours(&rig.a, "[::1]:8480", "http://[::1]:8480"));
    assert_false(gw_access_is_ours(&rig.a, "127.0.0.1:8480", NULL));
}

static void the_password_lets_in(void **state)
{
    (void)state;
    assert_int_equal(say(RIGHT, 1000), GW_ACCESS_YES);
    assert_int_equal(say(RIGHT, 1001), GW_ACCESS_YES);
    assert_int_equal(say(NULL, 1002), GW_ACCESS_PASSWORD);
    assert_int_equal(say(WRONG, 1003), GW_ACCESS_PASSWORD);
    assert_int_equal(say(SOMEONE, 1004), GW_ACCESS_PASSWORD);
    /* Changed in the file, it counts from the next request on. */
    secret("another");
    assert_int_equal(say(RIGHT, 1005), GW_ACCESS_PASSWORD);
}

static void no_password_lets_nobody_in(void **state)
{
    (void)state;
    secret("\n");
    assert_int_equal(say("Basic b3BlcmF0b3I6", 1), GW_ACCESS_PASSWORD); /* the empty one */
    assert_int_equal(unlink(rig.local.http.password_file), 0);
    assert_int_equal(say(RIGHT, 2), GW_ACCESS_PASSWORD);
    rig.local.http.password_file[0] = '\0';
    assert_int_equal(say(RIGHT, 3), GW_ACCESS_NO);
    assert_string_equal(gw_access_how(&rig.a, true), "none");
}

/* PBKDF2 of "s&cret" with that salt, by `openssl kdf`: see config/README.md. */
#define SALT           "000102030405060708090a0b0c0d0e0f"
#define HASH_OF_SECRET "503a4d1ef0c5a61d3a168b2357b1e0812dc592ff4030d7e2d41bf014a0ffe474"

static void a_hash_may_stand_in_the_file(void **state)
{
    static const char *const broken[] = {
        "pbkdf2-sha256:",
        "pbkdf2-sha256:0:" SALT ":",
        "pbkdf2-sha256:1000:00:" HASH_OF_SECRET,
        "pbkdf2-sha256:1000:" SALT ":" HASH_OF_SECRET "00",
        "pbkdf2-sha256:1000:" SALT ":z" HASH_OF_SECRET,
        "pbkdf2-sha256:999:" SALT ":" HASH_OF_SECRET,
        "pbkdf2-sha256:99999999999:" SALT ":" HASH_OF_SECRET,
    };
    (void)state;
    secret("pbkdf2-sha256:1000:" SALT ":" HASH_OF_SECRET "\n");
    assert_int_equal(say(RIGHT, 1), GW_ACCESS_YES);
    assert_int_equal(say(WRONG, 2), GW_ACCESS_PASSWORD);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        secret(broken[i]);
        gw_access_init(&rig.a, &rig.local);
        assert_int_equal(say(RIGHT, 3), GW_ACCESS_PASSWORD);
    }
}

static void who_was_let_in_stays_in(void **state)
{
    (void)state;
    assert_int_equal(say(RIGHT, 500), GW_ACCESS_YES);
    for (int64_t t = 1; t <= GW_ACCESS_WRONG_MAX; t++)
        assert_int_equal(say(WRONG, t * 1000), GW_ACCESS_PASSWORD);
    assert_int_equal(say(WRONG, 6000), GW_ACCESS_LATER);
    assert_int_equal(say(RIGHT, 6000), GW_ACCESS_YES);
}

static void five_wrong_ones_close_the_door_for_a_minute(void **state)
{
    (void)state;
    for (int64_t t = 1; t <= GW_ACCESS_WRONG_MAX; t++)
        assert_int_equal(say(WRONG, t * 1000), GW_ACCESS_PASSWORD);
    assert_int_equal(say(RIGHT, 6000), GW_ACCESS_LATER);
    assert_int_equal(rig.retry_s, 55);
    assert_int_equal(say(RIGHT, 60999), GW_ACCESS_LATER);
    assert_int_equal(rig.retry_s, 1);
    assert_int_equal(say(RIGHT, 61000), GW_ACCESS_YES);
    assert_int_equal(say(NULL, 61001), GW_ACCESS_PASSWORD); /* none is no wrong one */
}

static void nonsense_is_no_password(void **state)
{
    static const char *const words[] = {
        "",
        "Basic",
        "Basic ",
        "basic b3BlcmF0b3I6cyZjcmV0",
        "Bearer b3BlcmF0b3I6cyZjcmV0",
        "Basic b3BlcmF0b3I6cyZjcmV",
        "Basic ====",
        "Basic b3Bl=mF0b3I6cyZjcmV0",
        "Basic b3BlcmF0b3I6cyZjcmV0AA==",
        "Basic \xe4\xb8\xad",
    };
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        gw_access_init(&rig.a, &rig.local);
        assert_int_equal(say(words[i], 1), GW_ACCESS_PASSWORD);
    }
}

/* Whoever runs the tests is who runs the daemon here. */
static void the_daemons_own_user_is_let_in(void **state)
{
    char by[GW_ACCESS_BY], want[GW_ACCESS_BY];
    int pair[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(gw_access_socket(&rig.a, pair[0], by), GW_ACCESS_YES);
    (void)snprintf(want, sizeof want, "uid %u", (unsigned)geteuid());
    assert_string_equal(by, want);
    assert_string_equal(gw_access_how(&rig.a, false), "group");
    assert_int_equal(gw_access_socket(&rig.a, -1, by), GW_ACCESS_NO);
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_this_address_is_meant, setup, teardown),
        cmocka_unit_test_setup_teardown(the_password_lets_in, setup, teardown),
        cmocka_unit_test_setup_teardown(no_password_lets_nobody_in, setup, teardown),
        cmocka_unit_test_setup_teardown(a_hash_may_stand_in_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(five_wrong_ones_close_the_door_for_a_minute, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(who_was_let_in_stays_in, setup, teardown),
        cmocka_unit_test_setup_teardown(nonsense_is_no_password, setup, teardown),
        cmocka_unit_test_setup_teardown(the_daemons_own_user_is_let_in, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
