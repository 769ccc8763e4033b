/* SPDX-License-Identifier: Apache-2.0
 *
 * Random damage to the example file, and each of its keys, defaults too, with each kind of wrong
 * value: whatever comes of it, the reader does not crash, says why and where it refuses, and what it
 * accepts prints and reads back the same.
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
        /* Where it is wrong, too: "site.json:12: ", or a line of a file that it names. */
        const char *line = strchr(gw_issues_text(issues, 0), ':');
        if (line == NULL || line[1] < '1' || line[1] > '9')
            fail_msg("no line: %s", gw_issues_text(issues, 0));
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

/* ---- every key, every kind ---- */

#define MEMBERS_MAX 600
#define LONG        4096

struct span {
    size_t from, to;
};
struct member {
    struct span key, value; /* the key with its quotes */
    struct span parent;     /* the key under which it stands, or empty */
};
struct members {
    const char *text;
    size_t n;
    struct member at[MEMBERS_MAX];
};

static size_t skip_space(const char *text, size_t i)
{
    return i + strspn(text + i, " \t\r\n");
}

static size_t skip_string(const char *text, size_t i)
{
    for (i++; text[i] != '"'; i++)
        i += text[i] == '\\';
    return i + 1;
}

/* The same key in the same place of another entry, as of another device, is tried once. */
static bool is_known(const struct members *m, const struct member *x)
{
    const size_t len = x->key.to - x->key.from, above = x->parent.to - x->parent.from;
    for (size_t i = 0; i < m->n; i++) {
        const struct member *o = &m->at[i];
        if (o->key.to - o->key.from == len && o->parent.to - o->parent.from == above &&
            memcmp(m->text + o->key.from, m->text + x->key.from, len) == 0 &&
            memcmp(m->text + o->parent.from, m->text + x->parent.from, above) == 0)
            return true;
    }
    return false;
}

/* Goes over the valid JSON value at i; returns where it ends. */
static size_t find_members(struct members *m, size_t i, struct span parent)
{
    const char *text = m->text;
    const char open = text[i];
    if (open == '"')
        return skip_string(text, i);
    if (open != '{' && open != '[')
        return i + strcspn(text + i, ",]} \t\r\n");
    i = skip_space(text, i + 1);
    while (text[i] != '}' && text[i] != ']') {
        struct member x = {.parent = parent};
        if (open == '{') {
            x.key = (struct span){i, skip_string(text, i)};
            i = skip_space(text, skip_space(text, x.key.to) + 1);
        }
        x.value.from = i;
        i = x.value.to = find_members(m, i, open == '{' ? x.key : parent);
        if (open == '{' && !is_known(m, &x)) {
            assert_true(m->n < MEMBERS_MAX);
            m->at[m->n++] = x;
        }
        i = skip_space(text, i);
        i = text[i] == ',' ? skip_space(text, i + 1) : i;
    }
    return i + 1;
}

static const char *const kinds[] = {
    /* numbers, right and wrong */
    "0",
    "1",
    "-1",
    "-0",
    "0.0",
    "1.0",
    "0.5",
    "-0.5",
    "0.1",
    "3",
    "7",
    "10",
    "99",
    "100",
    "255",
    "256",
    "1000",
    "65535",
    "65536",
    "86400",
    "1000001",
    "2147483647",
    "2147483648",
    "-2147483648",
    "4294967295",
    "4294967296",
    "9007199254740991",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "1e3",
    "1E3",
    "1e-3",
    "1e308",
    "1e309",
    "-1e309",
    "1e-400",
    "01",
    "1.",
    ".5",
    "+1",
    "0x10",
    "1_000",
    "NaN",
    "Infinity",
    /* words */
    "null",
    "true",
    "false",
    "nil",
    "True",
    "yes",
    /* strings */
    "\"\"",
    "\" \"",
    "\"x\"",
    "\"0\"",
    "\"true\"",
    "\"null\"",
    "\"a b\"",
    "\"a/b\"",
    "\"/\"",
    "\"/etc/passwd\"",
    "\"../../x\"",
    "\"a.b\"",
    "\"-\"",
    "\"+\"",
    "\"#\"",
    "\"%n%s\"",
    "\"a\\nb\"",
    "\"\\t\"",
    "\"\\u0000\"",
    "\"\\u0001\"",
    "\"\\u007f\"",
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u202e\"",
    "\"\\x41\"",
    "\"\\",
    "\"\xE4\xB8\xAD\"",
    "\"\xFF\"",
    "\"\xC0\x80\"",
    "\"\xED\xA0\x80\"",
    "\"\xE4\xB8\"",
    "\"\xF5\x80\x80\x80\"",
    "\"\n\"",
    "\"\x01\"",
    "'x'",
    "x",
    "\"127.0.0.1\"",
    "\"2026-02-30\"",
    "\"2026-11-22\"",
    /* what is not one value */
    "",
    "[]",
    "[[]]",
    "[null]",
    "[1]",
    "[\"x\"]",
    "[\"x\",\"x\"]",
    "[1,]",
    "{}",
    "{\"\":1}",
    "{\"x\":1}",
    "{\"x\":{}}",
    "{\"x\":1,\"x\":1}",
    "{\"x\":1,}",
    "1 2",
    "\"x\" \"y\"",
    ",",
    ":",
    "]",
    "}",
    "/*",
    "//",
};

/* The text with one span exchanged. */
static void exchange(struct text *t, const char *text, struct span what, const char *by, size_t n)
{
    const size_t rest = strlen(text) - what.to;
    assert_true(what.from + n + rest <= MAX_SIZE);
    memcpy(t->bytes, text, what.from);
    memcpy(t->bytes + what.from, by, n);
    memcpy(t->bytes + what.from + n, text + what.to, rest);
    t->len = what.from + n + rest;
}

/* Missing, twice, unknown, and values too long for anything. Returns how many were accepted. */
static size_t try_member(const char *text, const struct member *x, struct text *t)
{
    const size_t after = skip_space(text, x->value.to), name = x->key.to - x->key.from;
    const bool last = text[after] != ',';
    struct span whole = {x->key.from, last ? x->value.to : after + 1};
    size_t before = x->key.from;
    char big[LONG + 2];
    size_t accepted = 0;

    while (last && before > 0 && text[before] != ',' && text[before] != '{')
        before--;
    if (last && text[before] == ',')
        whole.from = before;
    exchange(t, text, whole, "", 0);
    accepted += try_text(t);

    const size_t n = x->value.to - x->key.from;
    if (n < LONG) {
        memcpy(big, text + x->key.from, n);
        big[n] = ',';
        exchange(t, text, (struct span){x->key.from, x->key.from}, big, n + 1);
        assert_false(try_text(t)); /* twice is never right, be it the same */
    }
    memcpy(big, text + x->key.from, name - 1);
    memcpy(big + name - 1, "_x\"", 3);
    exchange(t, text, x->key, big, name + 2);
    accepted += try_text(t);

    memset(big, 'x', sizeof big);
    big[0] = big[LONG + 1] = '"';
    exchange(t, text, x->value, big, sizeof big);
    accepted += try_text(t);
    memset(big, '9', LONG);
    exchange(t, text, x->value, big, LONG);
    accepted += try_text(t);
    memset(big, '[', LONG);
    exchange(t, text, x->value, big, LONG);
    assert_false(try_text(t));
    return accepted;
}

static void every_key_bears_every_kind_of_value(void **state)
{
    (void)state;
    struct members *m = calloc(1, sizeof *m);
    struct text *t = malloc(sizeof *t);
    struct gw_site *site = NULL;
    char *example = NULL;
    size_t len = 0, accepted = 0, tried = 0;
    assert_non_null(m);
    assert_non_null(t);
    assert_int_equal(
        gw_file_read(GW_SOURCE_DIR "/config/site.example.json", MAX_SIZE / 2, &example, &len, NULL),
        GW_OK);
    struct gw_issues *issues = gw_issues_new();
    assert_int_equal(site_fixture_load(&fixture, example, len, issues, &site), GW_OK);
    char *text = print(site, &len); /* with all defaults */
    m->text = text;
    (void)find_members(m, skip_space(text, 0), (struct span){0, 0});
    for (size_t i = 0; i < m->n; i++) {
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++, tried++) {
            exchange(t, text, m->at[i].value, kinds[k], strlen(kinds[k]));
            accepted += try_text(t);
        }
        accepted += try_member(text, &m->at[i], t);
    }
    print_message("%zu keys, %zu kinds: %zu accepted\n", m->n, tried / m->n + 6, accepted);
    assert_true(m->n > 100 && tried / m->n >= 100 && accepted > 100);
    gw_issues_free(issues);
    gw_site_free(site);
    free(example);
    free(text);
    free(t);
    free(m);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        seed = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        rounds = strtoul(argv[2], NULL, 10);
    if (site_fixture_make(&fixture) != 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_never_breaks_the_reader),
        cmocka_unit_test(every_key_bears_every_kind_of_value),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    site_fixture_remove(&fixture);
    return failed;
}
