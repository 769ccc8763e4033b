/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/keys.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const colours[] = {"red", "green", NULL};

struct thing {
    char text[8];
    char filled[8];
    char id[8];
    char path[32];
    int64_t count;
    double level;
    double free_number;
    bool flag;
    int colour;
    char secret[32];
    const struct gw_jnode *node;
    const struct gw_jnode *any;
};

static void check_even(const struct gw_jnode *n, struct gw_issues *issues)
{
    if (fmod(gw_jnode_num(n), 2.0) != 0)
        gw_jnode_issue(n, issues, "must be even");
}

#define AT(m)   .offset = offsetof(struct thing, m)
#define TEXT(m) AT(m), .size = sizeof(((struct thing *)NULL)->m)
#define END                                                                                        \
    {                                                                                              \
        .type = GW_KEY_END                                                                         \
    }

/* clang-format off */
static const struct gw_key keys[] = {
    {"text", GW_KEY_STR, TEXT(text), .def = "dflt", .doc = "-"},
    {"filled", GW_KEY_STR, TEXT(filled), .min = 1, .doc = "-"},
    {"id", GW_KEY_ID, TEXT(id), .required = true, .doc = "-"},
    {"path", GW_KEY_PATH, TEXT(path), .def = "sub/p", .doc = "-"},
    {"count", GW_KEY_INT, AT(count), .min = 1, .max = 10, .def = "4", .check = check_even, .doc = "-"},
    {"level", GW_KEY_NUM, AT(level), .min = -1, .max = 1, .def = "0.25", .doc = "-"},
    {"free_number", GW_KEY_NUM, AT(free_number), .doc = "-"},
    {"flag", GW_KEY_BOOL, AT(flag), .def = "true", .doc = "-"},
    {"colour", GW_KEY_ENUM, AT(colour), .names = colours, .def = "green", .doc = "-"},
    {"secret", GW_KEY_SECRET, TEXT(secret), .def = "", .doc = "-"},
    {"node", GW_KEY_NODE, AT(node), .jtype = GW_J_ARR, .doc = "-"},
    {"any", GW_KEY_NODE, AT(any), .doc = "-"},
    END,
};
static const struct gw_key others[] = {
    {"foreign", GW_KEY_STR, .size = 4, .required = true, .doc = "-"},
    END,
};
/* clang-format on */

typedef bool (*reader)(const struct gw_jnode *obj, void *out, struct gw_issues *issues);

static bool read_strict(const struct gw_jnode *obj, void *out, struct gw_issues *issues)
{
    return gw_keys_read(obj, keys, out, issues);
}

static bool read_beside(const struct gw_jnode *obj, void *out, struct gw_issues *issues)
{
    return gw_keys_read_beside(obj, keys, others, out, issues);
}

static bool read_some(const struct gw_jnode *obj, void *out, struct gw_issues *issues)
{
    return gw_keys_read_some(obj, keys, out, issues);
}

/* Reads text; the issues must be exactly those given (NULL-terminated). The document lives in *doc.
 */
static struct thing read_thing(reader read, const char *text, const char *const *expected,
                               struct gw_json **doc)
{
    struct thing t;
    memset(&t, 0, sizeof t);
    struct gw_issues *issues = gw_issues_new();
    assert_int_equal(gw_json_parse(text, strlen(text), "/d/f", issues, doc), GW_OK);
    const bool fine = read(gw_json_root(*doc), &t, issues);
    size_t n = 0;
    for (; expected != NULL && expected[n] != NULL; n++) {
        assert_true(n < gw_issues_count(issues));
        assert_string_equal(gw_issues_text(issues, n), expected[n]);
    }
    assert_int_equal(gw_issues_count(issues), n);
    assert_int_equal(fine, n == 0);
    gw_issues_free(issues);
    return t;
}

static void defaults_are_applied(void **state)
{
    (void)state;
    struct gw_json *doc = NULL;
    const struct thing t = read_thing(read_strict, "{\"id\": \"x\"}", NULL, &doc);
    assert_string_equal(t.text, "dflt");
    assert_string_equal(t.filled, "");
    assert_string_equal(t.path, "/d/sub/p");
    assert_int_equal(t.count, 4);
    assert_true(t.level == 0.25);
    assert_true(t.free_number == 0);
    assert_true(t.flag);
    assert_int_equal(t.colour, 1);
    assert_string_equal(t.secret, "");
    assert_null(t.node);
    gw_json_free(doc);
}

static void given_values_are_taken(void **state)
{
    (void)state;
    struct gw_json *doc = NULL;
    const struct thing t = read_thing(
        read_strict,
        "{\"text\": \"\", \"filled\": \"1234567\", \"id\": \"A-z_0\", \"path\": \"/abs/./x\", "
        "\"count\": 10, \"level\": -1, \"free_number\": -1e300, \"flag\": false, \"colour\": "
        "\"red\", "
        "\"secret\": \"././pw\", \"node\": [1], \"any\": null}",
        NULL, &doc);
    assert_string_equal(t.text, "");
    assert_string_equal(t.filled, "1234567");
    assert_string_equal(t.id, "A-z_0");
    assert_string_equal(t.path, "/abs/./x");
    assert_int_equal(t.count, 10);
    assert_true(t.level == -1);
    assert_true(t.free_number == -1e300);
    assert_false(t.flag);
    assert_int_equal(t.colour, 0);
    assert_string_equal(t.secret, "/d/pw");
    assert_int_equal(gw_jnode_count(t.node), 1);
    assert_int_equal(gw_jnode_type(t.any), GW_J_NULL);
    gw_json_free(doc);
}

static void a_value_with_an_issue_leaves_its_default(void **state)
{
    (void)state;
    struct gw_json *doc = NULL;
    static const char *const issues[] = {
        "/d/f:1: /text: must be at most 7 bytes of UTF-8, has 8",
        "/d/f:1: /filled: must not be empty",
        "/d/f:1: /id: must be made of letters, digits, '-' and '_', is \"a.b\"",
        "/d/f:1: /path: must be at most 31 bytes of UTF-8, has, as an absolute path, 32",
        "/d/f:1: /count: must be even",
        "/d/f:1: /level: must be -1 to 1, is 1.0000001",
        "/d/f:1: /free_number: must be a number, is a string",
        "/d/f:1: /flag: must be true or false, is a number",
        "/d/f:1: /colour: must be one of \"red\", \"green\", is \"blue\"",
        "/d/f:1: /secret: must not contain control characters",
        "/d/f:1: /node: must be an array, is an object",
        NULL,
    };
    const struct thing t = read_thing(
        read_strict,
        "{\"text\": \"12345678\", \"filled\": \"\", \"id\": \"a.b\", "
        "\"path\": \"1234567890123456789012345678a\", \"count\": 5, \"level\": 1.0000001, "
        "\"free_number\": \"1\", \"flag\": 1, \"colour\": \"blue\", \"secret\": \"a\\nb\", "
        "\"node\": {}}",
        issues, &doc);
    assert_string_equal(t.text, "dflt");
    assert_string_equal(t.filled, "");
    assert_string_equal(t.id, "");
    assert_string_equal(t.path, "/d/sub/p");
    assert_int_equal(t.count, 4);
    assert_true(t.level == 0.25);
    assert_true(t.free_number == 0);
    assert_true(t.flag);
    assert_int_equal(t.colour, 1);
    assert_string_equal(t.secret, "");
    assert_null(t.node);
    gw_json_free(doc);
}

static void unknown_and_missing_keys_are_told(void **state)
{
    (void)state;
    struct gw_json *doc = NULL;
    static const char *const strict[] = {
        "/d/f:2: /colur: unknown key; is \"colour\" meant?", "/d/f:3: /foreign: unknown key",
        "/d/f:4: /ID: unknown key", "/d/f:1: \"id\" is missing", NULL};
    static const char *const beside[] = {"/d/f:2: /colur: unknown key; is \"colour\" meant?",
                                         "/d/f:4: /ID: unknown key", "/d/f:1: \"id\" is missing",
                                         NULL};
    static const char *const some[] = {"/d/f:1: \"id\" is missing", NULL};
    static const char text[] = "{\n\"colur\": \"red\",\n\"foreign\": 7,\n\"ID\": \"x\"}";
    (void)read_thing(read_strict, text, strict, &doc);
    gw_json_free(doc);
    (void)read_thing(read_beside, text, beside, &doc);
    gw_json_free(doc);
    (void)read_thing(read_some, text, some, &doc);
    gw_json_free(doc);
}

static void others_help_to_find_the_key_that_is_meant(void **state)
{
    (void)state;
    struct gw_json *doc = NULL;
    static const char *const issues[] = {"/d/f:1: /forein: unknown key; is \"foreign\" meant?",
                                         NULL};
    (void)read_thing(read_beside, "{\"id\": \"x\", \"forein\": 1}", issues, &doc);
    gw_json_free(doc);
}

static void what_is_no_object_is_told_once(void **state)
{
    (void)state;
    struct gw_json *doc = NULL;
    static const char *const issues[] = {"/d/f:1: must be an object, is an array", NULL};
    const struct thing t = read_thing(read_strict, "[]", issues, &doc);
    assert_int_equal(t.count, 4);
    gw_json_free(doc);
}

static void without_an_object_there_are_the_defaults(void **state)
{
    (void)state;
    struct thing t;
    memset(&t, 0, sizeof t);
    struct gw_issues *issues = gw_issues_new();
    assert_true(gw_keys_read(NULL, keys, &t, issues));
    assert_int_equal(gw_issues_count(issues), 0);
    assert_int_equal(t.count, 4);
    assert_string_equal(t.path, "sub/p");
    gw_issues_free(issues);
}

static void ids_are_plain(void **state)
{
    (void)state;
    assert_true(gw_keys_is_id("a", 2));
    assert_true(gw_keys_is_id("Z-9_", 5));
    assert_false(gw_keys_is_id("ab", 2));
    assert_false(gw_keys_is_id("", 2));
    assert_false(gw_keys_is_id("a b", 9));
    assert_false(gw_keys_is_id("a.b", 9));
    assert_false(gw_keys_is_id("a/b", 9));
    assert_false(gw_keys_is_id("\xE4\xB8\xAD", 9));
}

static void printing_gives_what_reads_back(void **state)
{
    (void)state;
    struct thing t;
    memset(&t, 0, sizeof t);
    (void)snprintf(t.text, sizeof t.text, "a\"\\\n");
    (void)snprintf(t.filled, sizeof t.filled, "x");
    (void)snprintf(t.id, sizeof t.id, "id");
    (void)snprintf(t.path, sizeof t.path, "/p");
    (void)snprintf(t.secret, sizeof t.secret, "/etc/pw");
    t.count = 2;
    t.level = 0.1;
    t.free_number = 1000000;
    struct gw_buf b;
    gw_buf_init(&b, 4096);
    gw_keys_print(keys, &t, 2, &b);
    assert_string_equal(b.data, "  \"text\": \"a\\\"\\\\\\u000a\",\n"
                                "  \"filled\": \"x\",\n"
                                "  \"id\": \"id\",\n"
                                "  \"path\": \"/p\",\n"
                                "  \"count\": 2,\n"
                                "  \"level\": 0.1,\n"
                                "  \"free_number\": 1000000,\n"
                                "  \"flag\": false,\n"
                                "  \"colour\": \"red\",\n"
                                "  \"secret\": \"***\"");
    gw_buf_free(&b);
}

static void what_was_never_set_is_left_out(void **state)
{
    (void)state;
    struct thing t;
    memset(&t, 0, sizeof t);
    t.level = NAN;
    t.free_number = INFINITY;
    t.colour = -1;
    struct gw_buf b;
    gw_buf_init(&b, 4096);
    gw_keys_print(keys, &t, 0, &b);
    assert_string_equal(b.data,
                        "\"text\": \"\",\n\"path\": \"\",\n\"flag\": false,\n\"secret\": \"\"");
    gw_buf_free(&b);
}

static void numbers_print_so_that_they_read_back(void **state)
{
    (void)state;
    static const double values[] = {0,    1,      -1,     0.1,   1.0 / 3,
                                    1e21, 5e-324, 2.5e-7, 1e15,  123.5,
                                    1e16, -1e300, 36.75,  1e-10, 0.30000000000000004};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct gw_buf b;
        gw_buf_init(&b, 64);
        gw_keys_print_num(values[i], &b);
        struct gw_issues *issues = gw_issues_new();
        struct gw_json *doc = NULL;
        assert_int_equal(gw_json_parse(b.data, b.len, "n", issues, &doc), GW_OK);
        assert_true(gw_jnode_num(gw_json_root(doc)) == values[i]);
        gw_json_free(doc);
        gw_issues_free(issues);
        gw_buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_applied),
        cmocka_unit_test(given_values_are_taken),
        cmocka_unit_test(a_value_with_an_issue_leaves_its_default),
        cmocka_unit_test(unknown_and_missing_keys_are_told),
        cmocka_unit_test(others_help_to_find_the_key_that_is_meant),
        cmocka_unit_test(what_is_no_object_is_told_once),
        cmocka_unit_test(without_an_object_there_are_the_defaults),
        cmocka_unit_test(ids_are_plain),
        cmocka_unit_test(printing_gives_what_reads_back),
        cmocka_unit_test(what_was_never_set_is_left_out),
        cmocka_unit_test(numbers_print_so_that_they_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
