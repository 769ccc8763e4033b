/* SPDX-License-Identifier: Apache-2.0
 *
 * Random damage to the example file: whatever comes of it, the reader does not crash, says why it
 * refuses, and what it accepts prints and reads back the same.
 *
 * usage: test_conf_mutation [seed [rounds]]
 */
#include "base/backoff.h"
#include "base/file.h"
#include "site_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_SIZE 20000

static struct site_fixture fixture;
static uint64_t seed = 20261122;
static unsigned long rounds = 20000;

struct text {
    char bytes[MAX_SIZE];
    size_t len;
};

static size_t below(uint64_t *rand, size_t bound)
{
    return (size_t)gw_rand_below(rand, bound);
}

static void insert(struct text *t, size_t at, const char *bytes, size_t n)
{
    if (t->len + n > MAX_SIZE)
        return;
    memmove(t->bytes + at + n, t->bytes + at, t->len - at);
    memcpy(t->bytes + at, bytes, n);
    t->len += n;
}

static void cut(struct text *t, size_t at, size_t n)
{
    n = n < t->len - at ? n : t->len - at;
    memmove(t->bytes + at, t->bytes + at + n, t->len - at - n);
    t->len -= n;
}

/* One piece of damage at a random place. */
static void damage(struct text *t, uint64_t *rand)
{
    static const char *const tokens[] = {
        "{",       "}",
        "[",       "]",
        ",",       ":",
        "\"",      "//",
        "/*",      "*/",
        "null",    "0",
        "-1",      "1e999",
        "true",    "\\u0000",
        "\\uD800", "\n",
        "\t",      "\\",
        "{}",      "[[[[[",
        "\"a\":",  "999999",
        "\"\":1,", "\xEF\xBC\x8C",
        "\x80",    "\"id\":\"x\",",
    };
    if (t->len == 0)
        return;
    const size_t at = below(rand, t->len);
    switch (below(rand, 6)) {
    case 0:
        t->bytes[at] = (char)below(rand, 256);
        break;
    case 1:
        t->bytes[at] = (char)(t->bytes[at] ^ (1 << below(rand, 8)));
        break;
    case 2:
        cut(t, at, 1 + below(rand, 40));
        break;
    case 3: {
        char copy[64];
        const size_t n = 1 + below(rand, sizeof copy);
        const size_t from = below(rand, t->len);
        const size_t have = n < t->len - from ? n : t->len - from;
        memcpy(copy, t->bytes + from, have);
        insert(t, at, copy, have);
        break;
    }
    case 4: {
        const char *token = tokens[below(rand, sizeof tokens / sizeof tokens[0])];
        insert(t, at, token, strlen(token));
        break;
    }
    default:
        t->bytes[at] = (char)('0' + below(rand, 10));
        break;
    }
}

/* malloc'd. */
static char *print(const struct gw_site *site, size_t *len)
{
    struct gw_buf b;
    gw_buf_init(&b, 1 << 20);
    gw_site_print(site, &b);
    char *text = gw_buf_take(&b, len);
    assert_non_null(text);
    return text;
}

static void check_round_trip(const struct gw_site *site)
{
    size_t len = 0;
    char *printed = print(site, &len);
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *second = NULL;
    if (site_fixture_load(&fixture, printed, len, issues, &second) != GW_OK)
        fail_msg("what was printed is refused: %s", gw_issues_text(issues, 0));
    char *again = print(second, &len);
    assert_string_equal(printed, again);
    free(again);
    free(printed);
    gw_site_free(second);
    gw_issues_free(issues);
}

/* True when the text was accepted. */
static bool try_text(const struct text *t)
{
    struct gw_issues *issues = gw_issues_new();
    struct gw_site *site = NULL;
    const enum gw_status status = site_fixture_load(&fixture, t->bytes, t->len, issues, &site);
    if (status == GW_OK) {
        assert_int_equal(gw_issues_count(issues), 0);
        check_round_trip(site);
    } else {
        assert_int_equal(status, GW_E_PARSE);
        assert_null(site);
        assert_true(gw_issues_count(issues) > 0);
        assert_true(strlen(gw_issues_text(issues, 0)) > 0);
    }
    gw_site_free(site);
    gw_issues_free(issues);
    return status == GW_OK;
}

static void damage_never_breaks_the_reader(void **state)
{
    (void)state;
    char *example = NULL;
    size_t len = 0;
    assert_int_equal(
        gw_file_read(GW_SOURCE_DIR "/config/site.example.json", MAX_SIZE / 2, &example, &len, NULL),
        GW_OK);
    struct text *t = malloc(sizeof *t);
    assert_non_null(t);
    memcpy(t->bytes, example, len);
    t->len = len;
    assert_true(try_text(t));

    uint64_t rand = seed;
    size_t accepted = 0;
    print_message("seed %llu, %lu rounds\n", (unsigned long long)seed, rounds);
    for (unsigned long i = 0; i < rounds; i++) {
        memcpy(t->bytes, example, len);
        t->len = len;
        const size_t n = 1 + below(&rand, 3);
        for (size_t k = 0; k < n; k++)
            damage(t, &rand);
        accepted += try_text(t);
    }
    print_message("%zu of them accepted\n", accepted);
    /* Damage inside comments and names is no damage; if nothing passes, the test tests nothing. */
    assert_true(rounds < 1000 || (accepted > rounds / 100 && accepted < rounds));
    free(t);
    free(example);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        seed = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        rounds = strtoul(argv[2], NULL, 10);
    if (site_fixture_make(&fixture) != 0)
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(damage_never_breaks_the_reader)};
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    site_fixture_remove(&fixture);
    return failed;
}
