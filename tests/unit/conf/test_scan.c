/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_ISSUES 3

/* A text that must be refused, and every issue that must be told, in the order of finding. */
struct bad {
    const char *text;
    const char *issues[MAX_ISSUES + 1];
};

static const struct bad bad_texts[] = {
    /* nothing, or more than one value */
    {"", {"f:1: expected a value, found the end of the file"}},
    {" \n\n ", {"f:3: expected a value, found the end of the file"}},
    {"// only a comment", {"f:1: expected a value, found the end of the file"}},
    {"{} {}", {"f:1: expected the end of the file, found '{'"}},
    {"{}\n\nx", {"f:3: expected the end of the file, found 'x'"}},
    {"1 2", {"f:1: expected the end of the file, found '2'"}},
    {"{}}", {"f:1: expected the end of the file, found '}'"}},

    /* members and elements */
    {"{", {"f:1: expected a key in double quotes, found the end of the file"}},
    {"{\"a\"", {"f:1: expected ':' after the key, found the end of the file"}},
    {"{\"a\":", {"f:1: /a: expected a value, found the end of the file"}},
    {"{\"a\":1", {"f:1: expected ',' or '}', found the end of the file"}},
    {"{\"a\":1,", {"f:1: expected a key in double quotes, found the end of the file"}},
    {"{\"a\":1,}", {"f:1: a comma must not stand before '}'"}},
    {"{\"a\":1 // c\n,\n/* d */ }", {"f:3: a comma must not stand before '}'"}},
    {"{,}", {"f:1: expected a key in double quotes, found ','"}},
    {"{a:1}", {"f:1: expected a key in double quotes, found 'a'"}},
    {"{'a':1}", {"f:1: expected a key in double quotes, found '''"}},
    {"{1:2}", {"f:1: expected a key in double quotes, found '1'"}},
    {"{\"a\" 1}", {"f:1: expected ':' after the key, found '1'"}},
    {"{\"a\"=1}", {"f:1: expected ':' after the key, found '='"}},
    {"{\"a\":1;\"b\":2}", {"f:1: expected ',' or '}', found ';'"}},
    {"{\"a\":1 \"b\":2}", {"f:1: expected ',' or '}', found '\"'"}},
    {"{\n\"a\": 1\n\"b\": 2\n}",
     {"f:3: expected ',' or '}', found '\"' (is a comma missing at the end of line 2?)"}},
    {"{\n\"a\": {\n \"b\": 1\n}\n\n\"c\": 2\n}",
     {"f:6: expected ',' or '}', found '\"' (is a comma missing at the end of line 4?)"}},
    {"[1 2]", {"f:1: expected ',' or ']', found '2'"}},
    {"[1,]", {"f:1: a comma must not stand before ']'"}},
    {"[,1]", {"f:1: /0: expected a value, found ','"}},
    {"[1,,2]", {"f:1: /1: expected a value, found ','"}},
    {"[1}", {"f:1: expected ',' or ']', found '}'"}},
    {"{\"a\":[1,2}", {"f:1: /a: expected ',' or ']', found '}'"}},
    {"[", {"f:1: /0: expected a value, found the end of the file"}},
    {"{\"a\":{\"b\":{\"c\":?}}}", {"f:1: /a/b/c: expected a value, found '?'"}},
    {"{\"a/b\":{\"~\":?}}", {"f:1: /a~1b/~0: expected a value, found '?'"}},
    {"[0,[1,\n[2,?]]]", {"f:2: /1/1/1: expected a value, found '?'"}},

    /* words */
    {"{\"a\":True}", {"f:1: /a: expected a value, found 'T'"}},
    {"{\"a\":tru}", {"f:1: /a: expected a value, found 't'"}},
    {"{\"a\":truee}", {"f:1: expected ',' or '}', found 'e'"}},
    {"{\"a\":nil}", {"f:1: /a: expected a value, found 'n'"}},
    {"{\"a\":NaN}", {"f:1: /a: expected a value, found 'N'"}},
    {"{\"a\":Infinity}", {"f:1: /a: expected a value, found 'I'"}},
    {"{\"a\":-Infinity}", {"f:1: /a: expected a digit after '-', found 'I'"}},
    {"{\"a\":yes}", {"f:1: /a: expected a value, found 'y'"}},
    {"{\"a\":'x'}", {"f:1: /a: expected a value, found ''': strings stand in double quotes"}},

    /* numbers */
    {"[01]", {"f:1: /0: a number must not start with 0 before other digits"}},
    {"[-01]", {"f:1: /0: a number must not start with 0 before other digits"}},
    {"[00]", {"f:1: /0: a number must not start with 0 before other digits"}},
    {"[+1]", {"f:1: /0: expected a value, found '+'"}},
    {"[.5]", {"f:1: /0: expected a value, found '.'"}},
    {"[1.]", {"f:1: /0: expected a digit after the decimal point, found ']'"}},
    {"[1.e3]", {"f:1: /0: expected a digit after the decimal point, found 'e'"}},
    {"[1e]", {"f:1: /0: expected a digit after the exponent's 'e', found ']'"}},
    {"[1e+]", {"f:1: /0: expected a digit after the exponent's 'e', found ']'"}},
    {"[-]", {"f:1: /0: expected a digit after '-', found ']'"}},
    {"[--1]", {"f:1: /0: expected a digit after '-', found '-'"}},
    {"[0x10]", {"f:1: expected ',' or ']', found 'x'"}},
    {"[1,5 kW]", {"f:1: expected ',' or ']', found 'k'"}},
    {"[1_000]", {"f:1: expected ',' or ']', found '_'"}},
    {"[1e309]", {"f:1: /0: the number is too large"}},
    {"[-1e999]", {"f:1: /0: the number is too large"}},
    {"[10000000000000000000000000000000000000000]",
     {"f:1: /0: a number of more than 40 characters"}},
    {"[0.0000000000000000000000000000000000000001]",
     {"f:1: /0: a number of more than 40 characters"}},

    /* strings */
    {"[\"abc", {"f:1: /0: the string is not closed on its line"}},
    {"[\"abc\n\"]", {"f:1: /0: the string is not closed on its line"}},
    {"[\"abc\r\n\"]", {"f:1: /0: the string is not closed on its line"}},
    {"[\"a\tb\"]", {"f:1: /0: control character 0x09 in a string; write it as \\u0009"}},
    {"[\"a\x01\"]", {"f:1: /0: control character 0x01 in a string; write it as \\u0001"}},
    {"[\"\\x41\"]", {"f:1: /0: unknown escape after '\\' in a string; write \\\\ for a backslash"}},
    {"[\"C:\\Users\"]",
     {"f:1: /0: unknown escape after '\\' in a string; write \\\\ for a backslash"}},
    {"[\"\\", {"f:1: /0: unknown escape after '\\' in a string; write \\\\ for a backslash"}},
    {"[\"\\u12\"]", {"f:1: /0: \\u wants four hexadecimal digits"}},
    {"[\"\\u12G4\"]", {"f:1: /0: \\u wants four hexadecimal digits"}},
    {"[\"\\u\"]", {"f:1: /0: \\u wants four hexadecimal digits"}},
    {"[\"\\u0000\"]", {"f:1: /0: \\u0000 is not permitted"}},
    {"[\"\\uD800\"]", {"f:1: /0: \\uD800 is half of a surrogate pair"}},
    {"[\"\\uDC00\"]", {"f:1: /0: \\uDC00 is half of a surrogate pair"}},
    {"[\"\\uD83Dx\"]", {"f:1: /0: \\uD83D is half of a surrogate pair"}},
    {"[\"\\uD83D\\n\"]", {"f:1: /0: \\uD83D is half of a surrogate pair"}},
    {"[\"\\uD83D\\u0041\"]", {"f:1: /0: \\uD83D is half of a surrogate pair"}},
    {"[\"\\uD83D\\uD83D\"]", {"f:1: /0: \\uD83D is half of a surrogate pair"}},
    {"[\"\\uD83D\\uZZZZ\"]", {"f:1: /0: \\u wants four hexadecimal digits"}},
    {"{\"a\\q\":1}", {"f:1: unknown escape after '\\' in a string; write \\\\ for a backslash"}},
    {"{\"a\\u0000\":1}", {"f:1: \\u0000 is not permitted"}},
    {"{\"a", {"f:1: the string is not closed on its line"}},

    /* comments */
    {"{} /", {"f:1: expected the end of the file, found '/'"}},
    {"{} /* x", {"f:1: the comment that starts here is not closed by */"}},
    {"{\n/* x\n\n\"a\":1}", {"f:2: the comment that starts here is not closed by */"}},
    {"{} /* a /* b */ c */", {"f:1: expected the end of the file, found 'c'"}},
    {"{} */", {"f:1: expected the end of the file, found '*'"}},
    {"{} # x", {"f:1: expected the end of the file, found '#'"}},
    {"[1/**/2]", {"f:1: expected ',' or ']', found '2'"}},
    {"[tr/**/ue]", {"f:1: /0: expected a value, found 't'"}},

    /* bytes */
    {"\xEF\xBB\xBF{}", {"f:1: starts with a byte order mark; save the file as UTF-8 without BOM"}},
    {"\xFF\xFE{", {"f:1: the byte 0xFF is not UTF-8; save the file as UTF-8"}},
    {"{\n\"a\":\"\xC1\xD9\xD2\xCA\"}", {"f:2: the byte 0xC1 is not UTF-8; save the file as UTF-8"}},
    {"[\"\xC0\x80\"]", {"f:1: the byte 0xC0 is not UTF-8; save the file as UTF-8"}},
    {"[\"\xED\xA0\x80\"]", {"f:1: the byte 0xED is not UTF-8; save the file as UTF-8"}},
    {"[\"\xF4\x90\x80\x80\"]", {"f:1: the byte 0xF4 is not UTF-8; save the file as UTF-8"}},
    {"[\"\xE4\xB8", {"f:1: the byte 0xE4 is not UTF-8; save the file as UTF-8"}},
    {"{}\n// \x80", {"f:2: the byte 0x80 is not UTF-8; save the file as UTF-8"}},
    {"{\v}", {"f:1: expected a key in double quotes, found the control character 0x0B"}},
    {"[1\f]", {"f:1: expected ',' or ']', found the control character 0x0C"}},
    {"[1\x7F]", {"f:1: expected ',' or ']', found the control character 0x7F"}},
    {"[1\xC2\xA0]", {"f:1: expected ',' or ']', found '\xC2\xA0'"}},
    {"\xE4\xB8\xAD", {"f:1: expected a value, found '\xE4\xB8\xAD'"}},

    /* what an input method writes */
    {"{\"a\":1\xEF\xBC\x8C\"b\":2}",
     {"f:1: expected ',' or '}', found the full-width '\xEF\xBC\x8C': type the ASCII ','"}},
    {"{\"a\"\xEF\xBC\x9A 1}",
     {"f:1: expected ':' after the key, found the full-width '\xEF\xBC\x9A': type the ASCII ':'"}},
    {"{\xE2\x80\x9C"
     "a\xE2\x80\x9D:1}",
     {"f:1: expected a key in double quotes, found the full-width '\xE2\x80\x9C': type the ASCII "
      "'\"'"}},

    /* duplicate keys: all of them */
    {"{\"a\":1,\"a\":2}", {"f:1: /a: duplicate key; it was given on line 1 already"}},
    {"{\"a\":1,\n\"b\":2,\n\"a\":3,\n\"b\":4,\n\"a\":5}",
     {"f:3: /a: duplicate key; it was given on line 1 already",
      "f:4: /b: duplicate key; it was given on line 2 already",
      "f:5: /a: duplicate key; it was given on line 1 already"}},
    {"{\"x\":{\n\"a\":1},\n\"y\":{\"a\":1,\n\"\\u0061\":2}}",
     {"f:4: /y/a: duplicate key; it was given on line 3 already"}},
    {"{\"\":1,\n\"\":2}", {"f:2: /: duplicate key; it was given on line 1 already"}},
    {"[{\"k\":1},\n{\"k\":1,\"k\":{\"k\":1}}]",
     {"f:2: /1/k: duplicate key; it was given on line 2 already"}},
    {"{\"\\uD83D\\uDE00\":1,\"\xF0\x9F\x98\x80\":2}",
     {"f:1: /\xF0\x9F\x98\x80: duplicate key; it was given on line 1 already"}},

    /* duplicates before a syntax error are told with it */
    {"{\"a\":1,\n\"a\":2,\n\"c\":?}",
     {"f:3: /c: expected a value, found '?'",
      "f:2: /a: duplicate key; it was given on line 1 already"}},
};

static void every_bad_text_is_refused_with_its_issues(void **state)
{
    (void)state;
    const size_t n = sizeof bad_texts / sizeof bad_texts[0];
    print_message("%zu bad texts\n", n);
    assert_true(n >= 100);
    for (size_t i = 0; i < n; i++) {
        const struct bad *b = &bad_texts[i];
        struct gw_issues *issues = gw_issues_new();
        struct gw_json *doc = NULL;
        assert_int_equal(gw_json_parse(b->text, strlen(b->text), "f", issues, &doc), GW_E_PARSE);
        assert_null(doc);
        for (size_t k = 0; b->issues[k] != NULL; k++) {
            assert_true(gw_issues_count(issues) > k);
            assert_string_equal(gw_issues_text(issues, k), b->issues[k]);
        }
        assert_null(b->issues[gw_issues_count(issues)]);
        gw_issues_free(issues);
    }
}

static void of_a_duplicate_key_the_first_value_stands(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\":{\"x\":1},\n\"b\":[{\"k\":1,\"k\":2}],\n\"a\":{\"y\":2,\"y\":3},"
        "\"c\":4}";
    struct gw_issues *issues = gw_issues_new();
    struct gw_json *doc = NULL;
    assert_int_equal(gw_json_parse_on(text, sizeof text - 1, "f", issues, &doc), GW_OK);
    assert_int_equal(gw_issues_count(issues), 3);
    assert_string_equal(gw_issues_text(issues, 0),
                        "f:2: /b/0/k: duplicate key; it was given on line 2 already");
    assert_string_equal(gw_issues_text(issues, 1),
                        "f:3: /a: duplicate key; it was given on line 1 already");
    assert_string_equal(gw_issues_text(issues, 2),
                        "f:3: /a/y: duplicate key; it was given on line 3 already");
    const struct gw_jnode *root = gw_json_root(doc);
    assert_int_equal(gw_jnode_count(root), 3);
    const struct gw_jnode *a = gw_jnode_get(root, "a");
    const struct gw_jnode *b = gw_jnode_get(root, "b");
    const struct gw_jnode *c = gw_jnode_get(root, "c");
    assert_int_equal(gw_jnode_num(gw_jnode_get(a, "x")), 1);
    assert_int_equal(gw_jnode_num(gw_jnode_get(gw_jnode_first(b), "k")), 1);
    assert_int_equal(gw_jnode_num(c), 4);
    assert_int_equal(gw_jnode_line(c), 3);
    assert_null(gw_jnode_next(c));
    assert_true(gw_jnode_repeats(a, 0));
    assert_false(gw_jnode_repeats(b, 1));
    assert_true(gw_jnode_repeats(b, 2));
    assert_false(gw_jnode_repeats(c, 9));
    assert_true(gw_jnode_repeats(root, 1));
    assert_false(gw_jnode_repeats(root, 0));
    assert_false(gw_jnode_repeats(NULL, 1));
    gw_json_free(doc);
    gw_issues_free(issues);
}

static const char *const good_texts[] = {
    "{}",
    "[]",
    "0",
    "-0",
    "-0.0e-0",
    "1E+2",
    "true",
    "false",
    "null",
    "\"\"",
    " \t\r\n{ } \r\n",
    "{\"a\":[1,2.5,-3e4,{\"b\":null}],\"A\":true}",
    "{\"a\":1,\"\":2}",
    "// c\n{}// c",
    "/**/{/* // */}/***/",
    "{\"a\"/**/:/*\n*/1// ,\n}",
    "[\"// no */ comment /*\"]",
    "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u4e2d\\uD83D\\uDE00\"]",
    "[\"\x7F\"]",
    "[1234567890123456789012345678901234567890]",
    "[1e-400]",
    "{\"a\":{\"k\":1},\"b\":{\"k\":1}}",
    "[{\"k\":1},{\"k\":1}]",
    "// \xE4\xB8\xAD\xE6\x96\x87\n[\"\xE4\xB8\xAD\"]",
    "// a\rb\n1",
};

static void good_texts_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good_texts / sizeof good_texts[0]; i++) {
        struct gw_issues *issues = gw_issues_new();
        struct gw_json *doc = NULL;
        const size_t len = strlen(good_texts[i]);
        if (gw_json_parse(good_texts[i], len, "f", issues, &doc) != GW_OK)
            fail_msg("%s: %s", good_texts[i], gw_issues_text(issues, 0));
        size_t kept = 0;
        assert_string_equal(gw_json_text(doc, &kept), good_texts[i]);
        assert_int_equal(kept, len);
        assert_int_equal(gw_issues_count(issues), 0);
        gw_json_free(doc);
        gw_issues_free(issues);
    }
}

static enum gw_status parse(const char *text, size_t len, struct gw_issues *issues)
{
    struct gw_json *doc = NULL;
    const enum gw_status status = gw_json_parse(text, len, "f", issues, &doc);
    gw_json_free(doc);
    return status;
}

static void a_nul_byte_is_refused(void **state)
{
    (void)state;
    static const char text[] = "{}\n\0{}";
    struct gw_issues *issues = gw_issues_new();
    assert_int_equal(parse(text, sizeof text - 1, issues), GW_E_PARSE);
    assert_string_equal(gw_issues_text(issues, 0), "f:2: a NUL byte; this is no text file");
    gw_issues_free(issues);
}

static void the_text_need_not_end_in_nul(void **state)
{
    (void)state;
    static const struct {
        char bytes[2];
        enum gw_status status;
    } rows[] = {{{'1', '2'}, GW_OK}, {{'/', '/'}, GW_E_PARSE}, {{'/', '*'}, GW_E_PARSE}};
    struct gw_issues *issues = gw_issues_new();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = malloc(2); /* so that a sanitizer sees a read behind the end */
        assert_non_null(text);
        text[0] = rows[i].bytes[0];
        text[1] = rows[i].bytes[1];
        assert_int_equal(parse(text, 2, issues), rows[i].status);
        free(text);
    }
    gw_issues_free(issues);
}

static void depth_is_limited(void **state)
{
    (void)state;
    struct gw_issues *issues = gw_issues_new();
    assert_int_equal(parse("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", 33, issues), GW_OK);
    assert_int_equal(parse("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", 35, issues), GW_E_PARSE);
    assert_string_equal(gw_issues_text(issues, 0),
                        "f:1: /0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0: nested more than 16 levels deep");
    gw_issues_free(issues);
}

static void size_is_limited(void **state)
{
    (void)state;
    const size_t max = (size_t)1 << 20;
    char *text = malloc(max + 1);
    assert_non_null(text);
    memset(text, ' ', max + 1);
    text[0] = '1';
    struct gw_issues *issues = gw_issues_new();
    assert_int_equal(parse(text, max, issues), GW_OK);
    assert_int_equal(parse(text, max + 1, issues), GW_E_PARSE);
    assert_string_equal(gw_issues_text(issues, 0), "f: is larger than 1 MiB");
    gw_issues_free(issues);
    free(text);
}

/* Hostile, but within the limits: as many members as fit, all with the same key. */
static void many_duplicates_are_counted(void **state)
{
    (void)state;
    const size_t n = 100000;
    char *text = malloc(7 * n + 3);
    assert_non_null(text);
    char *p = text;
    *p++ = '{';
    for (size_t i = 0; i < n; i++) {
        memcpy(p, "\"a\":1,", 6);
        p += 6;
    }
    p[-1] = '}';
    struct gw_issues *issues = gw_issues_new();
    assert_int_equal(parse(text, (size_t)(p - text), issues), GW_E_PARSE);
    assert_int_equal(gw_issues_count(issues), n - 1);
    gw_issues_free(issues);
    free(text);
}

static void a_long_pointer_is_cut(void **state)
{
    (void)state;
    char text[700];
    char key[301];
    memset(key, 'k', 300);
    key[300] = '\0';
    (void)snprintf(text, sizeof text, "{\"short\":{\"%s\":?}}", key);
    struct gw_issues *issues = gw_issues_new();
    assert_int_equal(parse(text, strlen(text), issues), GW_E_PARSE);
    assert_string_equal(gw_issues_text(issues, 0), "f:1: /short...: expected a value, found '?'");
    gw_issues_free(issues);
}

static void a_key_cannot_break_the_line(void **state)
{
    (void)state;
    static const char text[] = "{\"a\\nb\":?}";
    struct gw_issues *issues = gw_issues_new();
    assert_int_equal(parse(text, strlen(text), issues), GW_E_PARSE);
    assert_string_equal(gw_issues_text(issues, 0), "f:1: /a b: expected a value, found '?'");
    gw_issues_free(issues);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_text_is_refused_with_its_issues),
        cmocka_unit_test(of_a_duplicate_key_the_first_value_stands),
        cmocka_unit_test(good_texts_pass),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(the_text_need_not_end_in_nul),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(size_is_limited),
        cmocka_unit_test(many_duplicates_are_counted),
        cmocka_unit_test(a_long_pointer_is_cut),
        cmocka_unit_test(a_key_cannot_break_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
