/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jcs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "seed.h"
#include "support/cmocka_all.h"

static char mem[8192];
static struct gw_buf buf;
static struct gw_jcs j;

static int setup(void **state)
{
    (void)state;
    gw_buf_fixed(&buf, mem, sizeof mem);
    gw_jcs_init(&j, &buf);
    return 0;
}

static void restart(void)
{
    gw_buf_clear(&buf);
    gw_jcs_init(&j, &buf);
}

static void done_with(const char *want)
{
    assert_true(gw_jcs_done(&j));
    assert_string_equal(buf.data, want);
    assert_true(gw_jcs_valid(buf.data, buf.len));
}

static void all_types(void **state)
{
    (void)state;
    gw_jcs_obj(&j, NULL);
    gw_jcs_arr(&j, "a");
    gw_jcs_int(&j, NULL, 1);
    gw_jcs_str(&j, NULL, "two");
    gw_jcs_obj(&j, NULL);
    gw_jcs_end(&j);
    gw_jcs_arr(&j, NULL);
    gw_jcs_end(&j);
    gw_jcs_bool(&j, NULL, false);
    gw_jcs_end(&j);
    gw_jcs_bool(&j, "b", true);
    gw_jcs_dec(&j, "c", 36.745, 2);
    gw_jcs_int(&j, "d", -42);
    gw_jcs_obj(&j, "e");
    gw_jcs_str(&j, "zh", "炉冷却水");
    gw_jcs_end(&j);
    gw_jcs_raw(&j, "f", "{\"x\":[1,2]}", 11);
    gw_jcs_strn(&j, "g", "abcdef", 3);
    gw_jcs_made(&j, "h", "{\"y\":\"1\"}", 9);
    gw_jcs_end(&j);
    done_with("{\"a\":[1,\"two\",{},[],false],\"b\":true,\"c\":\"36.75\",\"d\":-42,"
              "\"e\":{\"zh\":\"炉冷却水\"},\"f\":{\"x\":[1,2]},\"g\":\"abc\",\"h\":{\"y\":\"1\"}}");
}

static void outermost_scalars(void **state)
{
    (void)state;
    gw_jcs_int(&j, NULL, 0);
    done_with("0");
    restart();
    gw_jcs_str(&j, NULL, "");
    done_with("\"\"");
    restart();
    gw_jcs_bool(&j, NULL, true);
    done_with("true");
    gw_jcs_bool(&j, NULL, true); /* a second value is no document */
    assert_true(buf.failed);
    assert_false(gw_jcs_done(&j));
}

static void not_done(void **state)
{
    (void)state;
    assert_false(gw_jcs_done(&j));
    gw_jcs_obj(&j, NULL);
    assert_false(gw_jcs_done(&j));
    gw_jcs_end(&j);
    assert_true(gw_jcs_done(&j));
    gw_jcs_end(&j); /* nothing is open */
    assert_true(buf.failed);
    assert_false(gw_jcs_done(&j));
}

static void escapes_of_rfc_8785(void **state)
{
    (void)state;
    static const char value[] = "\"\\/\b\f\n\r\t\x01\x1f\x7f\0€";
    gw_jcs_strn(&j, NULL, value, sizeof value - 1);
    done_with("\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000€\"");
}

/* Each character below 0x20 has exactly one form, and the reader accepts just that. */
static void every_control_character(void **state)
{
    (void)state;
    static const char *const want[0x20] = {
        [0x08] = "\\b", [0x09] = "\\t", [0x0A] = "\\n", [0x0C] = "\\f", [0x0D] = "\\r"};
    for (unsigned c = 0; c < 0x20; c++) {
        char value = (char)c;
        char numeric[8];
        snprintf(numeric, sizeof numeric, "\\u%04x", c);
        char text[16];
        snprintf(text, sizeof text, "\"%s\"", want[c] != NULL ? want[c] : numeric);
        restart();
        gw_jcs_strn(&j, NULL, &value, 1);
        done_with(text);
        snprintf(text, sizeof text, "\"%s\"", numeric);
        assert_int_equal(gw_jcs_valid(text, strlen(text)), want[c] == NULL);
        snprintf(text, sizeof text, "\"\\u%04X\"", c);
        bool has_letter = (c & 0xF) > 9;
        assert_int_equal(gw_jcs_valid(text, strlen(text)), want[c] == NULL && !has_letter);
    }
}

static void invalid_utf8_latches(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x80", "ok\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80",
                                      "\xE7\x82"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        restart();
        gw_jcs_str(&j, NULL, bad[i]);
        assert_true(buf.failed);
        assert_int_equal(buf.len, 0);
        assert_false(gw_jcs_done(&j));
    }
    restart();
    gw_jcs_strn(&j, NULL, "炉", 2); /* cut inside the character */
    assert_true(buf.failed);
    restart();
    gw_jcs_str(&j, NULL, NULL);
    assert_true(buf.failed);
}

static void integers(void **state)
{
    (void)state;
    static const struct {
        int64_t v;
        const char *want;
    } rows[] = {
        {0, "0"},
        {-1, "-1"},
        {INT64_C(9007199254740992), "9007199254740992"},
        {-INT64_C(9007199254740992), "-9007199254740992"},
        {INT64_C(9007199254740993), NULL},
        {-INT64_C(9007199254740993), NULL},
        {INT64_MAX, NULL},
        {INT64_MIN, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        restart();
        gw_jcs_int(&j, NULL, rows[i].v);
        if (rows[i].want != NULL)
            done_with(rows[i].want);
        else
            assert_true(buf.failed && buf.len == 0);
    }
}

static void decimals_without_a_number_are_empty(void **state)
{
    (void)state;
    gw_jcs_arr(&j, NULL);
    gw_jcs_dec(&j, NULL, (double)NAN, 2);
    gw_jcs_dec(&j, NULL, 1e15, 2);
    gw_jcs_dec(&j, NULL, -0.001, 1);
    gw_jcs_end(&j);
    done_with("[\"\",\"\",\"0.0\"]");
}

static void keys_must_ascend(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second;
        bool good;
    } rows[] = {
        {"a", "b", true},    {"a", "aa", true}, {"B", "a", true},     {"a-b", "a_b", true},
        {"a1", "a10", true}, {"", "a", true},   {"b", "a", false},    {"a", "a", false},
        {"aa", "a", false},  {"a", "B", false}, {"a10", "a1", false}, {"", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        restart();
        gw_jcs_obj(&j, NULL);
        gw_jcs_int(&j, rows[i].first, 1);
        gw_jcs_int(&j, rows[i].second, 2);
        gw_jcs_end(&j);
        assert_int_equal(gw_jcs_done(&j), rows[i].good);
        char text[64];
        snprintf(text, sizeof text, "{\"%s\":1,\"%s\":2}", rows[i].first, rows[i].second);
        assert_int_equal(gw_jcs_valid(text, strlen(text)), rows[i].good);
    }
}

/* The order counts in one object only, and goes on after an inner one. */
static void order_is_per_object(void **state)
{
    (void)state;
    gw_jcs_obj(&j, NULL);
    gw_jcs_obj(&j, "m");
    gw_jcs_int(&j, "a", 1);
    gw_jcs_int(&j, "z", 2);
    gw_jcs_end(&j);
    gw_jcs_obj(&j, "n");
    gw_jcs_int(&j, "b", 3);
    gw_jcs_end(&j);
    gw_jcs_end(&j);
    done_with("{\"m\":{\"a\":1,\"z\":2},\"n\":{\"b\":3}}");
    restart();
    gw_jcs_obj(&j, NULL);
    gw_jcs_obj(&j, "m");
    gw_jcs_int(&j, "z", 1);
    gw_jcs_end(&j);
    gw_jcs_int(&j, "b", 2); /* after m */
    assert_true(buf.failed);
}

static void bad_keys(void **state)
{
    (void)state;
    char long_key[GW_JCS_KEY + 1];
    memset(long_key, 'k', sizeof long_key - 1);
    long_key[sizeof long_key - 1] = '\0';
    const char *const bad[] = {"a\"b", "a\\b", "a\nb", "\x7f", "é", long_key, NULL};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        restart();
        gw_jcs_obj(&j, NULL);
        gw_jcs_int(&j, bad[i], 1);
        assert_true(buf.failed);
    }
    restart();
    long_key[GW_JCS_KEY - 1] = '\0'; /* the longest allowed */
    char text[GW_JCS_KEY + 16];
    snprintf(text, sizeof text, "{\"%s\":1}", long_key);
    gw_jcs_obj(&j, NULL);
    gw_jcs_int(&j, long_key, 1);
    gw_jcs_end(&j);
    done_with(text);
    snprintf(text, sizeof text, "{\"%sk\":1}", long_key); /* one more, for the reader */
    assert_false(gw_jcs_valid(text, strlen(text)));
    restart();
    gw_jcs_arr(&j, NULL);
    gw_jcs_int(&j, "key", 1); /* in an array */
    assert_true(buf.failed);
    restart();
    gw_jcs_obj(&j, "key"); /* outermost */
    assert_true(buf.failed);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    for (int depth = 1; depth <= GW_JCS_DEPTH + 1; depth++) {
        restart();
        for (int i = 0; i < depth; i++)
            gw_jcs_arr(&j, NULL);
        for (int i = 0; i < depth && !buf.failed; i++)
            gw_jcs_end(&j);
        assert_int_equal(gw_jcs_done(&j), depth <= GW_JCS_DEPTH);
        char text[2 * GW_JCS_DEPTH + 3] = "";
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        assert_int_equal(gw_jcs_valid(text, 2 * (size_t)depth), depth <= GW_JCS_DEPTH);
    }
}

static void raw_is_checked(void **state)
{
    (void)state;
    gw_jcs_arr(&j, NULL);
    gw_jcs_raw(&j, NULL, "1", 1);
    gw_jcs_raw(&j, NULL, "[]", 2);
    gw_jcs_end(&j);
    done_with("[1,[]]");
    static const char *const bad[] = {"", " 1", "1 ", "1,2", "{\"a\":1", "null", "1.5", "nonsense"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        restart();
        gw_jcs_raw(&j, NULL, bad[i], strlen(bad[i]));
        assert_true(buf.failed);
        assert_int_equal(buf.len, 0);
    }
    restart();
    gw_jcs_raw(&j, NULL, NULL, 0);
    assert_true(buf.failed);
    restart();
    gw_jcs_arr(&j, NULL); /* one level less is left */
    gw_jcs_raw(&j, NULL, "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", 32);
    assert_true(buf.failed);
}

static void full_buffer_latches(void **state)
{
    (void)state;
    /* One byte too few, at every length of the document. */
    static const char whole[] = "{\"a\":[1,true],\"b\":\"x\\ny\"}";
    for (size_t size = 0; size <= sizeof whole; size++) {
        gw_buf_fixed(&buf, mem, size);
        gw_jcs_init(&j, &buf);
        gw_jcs_obj(&j, NULL);
        gw_jcs_arr(&j, "a");
        gw_jcs_int(&j, NULL, 1);
        gw_jcs_bool(&j, NULL, true);
        gw_jcs_end(&j);
        gw_jcs_str(&j, "b", "x\ny");
        gw_jcs_end(&j);
        assert_int_equal(gw_jcs_done(&j), size == sizeof whole);
        if (size == sizeof whole)
            assert_string_equal(mem, whole);
    }
}

static void valid_accepts(void **state)
{
    (void)state;
    static const char *const good[] = {
        "{}",
        "[]",
        "\"\"",
        "0",
        "-1",
        "10",
        "true",
        "false",
        "[1,[2,{\"a\":\"\\\"\"}]]",
        "9007199254740992",
        "-9007199254740992",
        "\"\\u000b\"",
        "\"é€😀\"",
        "{\"\":1,\" \":2}",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        size_t n = strlen(good[i]);
        assert_true(gw_jcs_valid(good[i], n));
        /* And no beginning of it, except of a number. */
        for (size_t k = 0; k < n && strchr("0-19", good[i][0]) == NULL; k++)
            assert_false(gw_jcs_valid(good[i], k));
    }
}

static void valid_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "null",
        "nul",
        "tru",
        "True",
        "falsey",
        "+1",
        "-",
        "-0",
        "00",
        "01",
        "1.0",
        "1e3",
        "9007199254740993",
        "-9007199254740993",
        "99999999999999999",
        "1234567890123456789012",
        "[1,]",
        "[,1]",
        "[1 ,2]",
        "[1",
        "]",
        "{\"a\":1,}",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{\"a\" :1}",
        "{\"a\": 1}",
        "{\"b\":1,\"a\":2}",
        "{\"a\":1,\"a\":2}",
        "{\"a\\n\":1}",
        "{\"é\":1}",
        "\"",
        "\"\\\"",
        "\"\\",
        "\"\\x\"",
        "\"\\/\"",
        "\"\\u\"",
        "\"\\u00\"",
        "\"\\u0020\"",
        "\"\\u000a\"",
        "\"\\u0041\"",
        "\"\\u00e9\"",
        "\"\\u001F\"",
        "\"\\u001g\"",
        "\"\\u100a\"",
        "\"\n\"",
        "\"\x01\"",
        "\"\x80\"",
        "{}{}",
        "[] ",
        "'a'",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (gw_jcs_valid(bad[i], strlen(bad[i])))
            fail_msg("accepted: %s", bad[i]);
    assert_false(gw_jcs_valid("\"a\0\"", 4)); /* a bare NUL in a string */
    assert_false(gw_jcs_valid("\"\\\0\"", 4));
    assert_false(gw_jcs_valid("\"\\u000\0\"", 8));
    assert_false(gw_jcs_valid("1\0", 2));
}

/* A random value of limited depth; with keys where it stands in an object. */
static void random_value(uint64_t *seed, const char *key, int depth)
{
    char text[12];
    size_t n = (size_t)gw_rand_below(seed, sizeof text);
    uint64_t kind = gw_rand_below(seed, depth > 0 ? 6 : 4);
    switch (kind) {
    case 0:
        gw_jcs_int(&j, key, (int64_t)gw_rand_below(seed, UINT64_C(1) << 53) - (INT64_C(1) << 52));
        break;
    case 1:
        gw_jcs_bool(&j, key, gw_rand_below(seed, 2) == 0);
        break;
    case 2:
        for (size_t i = 0; i < n; i++)
            text[i] = (char)gw_rand_below(seed, 128);
        gw_jcs_strn(&j, key, text, n);
        break;
    case 3:
        gw_jcs_dec(&j, key, (double)gw_rand_next(seed) / 1e9, (int)gw_rand_below(seed, 10));
        break;
    default:
        if (kind == 4)
            gw_jcs_obj(&j, key);
        else
            gw_jcs_arr(&j, key);
        uint64_t members = gw_rand_below(seed, 5);
        for (uint64_t i = 0; i < members; i++) {
            char inner[16];
            snprintf(inner, sizeof inner, "k%u", (unsigned)i);
            random_value(seed, kind == 4 ? inner : NULL, depth - 1);
        }
        gw_jcs_end(&j);
        break;
    }
}

static void what_is_written_is_valid(void **state)
{
    uint64_t *seed = *state;
    gw_buf_init(&buf, 1u << 20);
    for (int i = 0; i < 20000; i++) {
        restart();
        random_value(seed, NULL, 4);
        assert_true(gw_jcs_done(&j));
        if (!gw_jcs_valid(buf.data, buf.len))
            fail_msg("not valid: %s", buf.data);
        /* One changed byte must never make the scanner run astray. */
        size_t at = (size_t)gw_rand_below(seed, buf.len);
        buf.data[at] = (char)gw_rand_below(seed, 256);
        (void)gw_jcs_valid(buf.data, buf.len);
        (void)gw_jcs_valid(buf.data, at);
    }
    gw_buf_free(&buf);
}

static enum gw_status merge(const char *a, const char *b)
{
    gw_buf_clear(&buf);
    gw_buf_str(&buf, "<");
    return gw_jcs_merge(a, strlen(a), b, strlen(b), &buf);
}

static void merge_is_ordered(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b, *want;
    } rows[] = {
        {"{}", "{}", "<{}"},
        {"{\"a\":1}", "{}", "<{\"a\":1}"},
        {"{}", "{\"a\":1}", "<{\"a\":1}"},
        {"{\"b\":1}", "{\"a\":2}", "<{\"a\":2,\"b\":1}"},
        {"{\"a\":{\"x\":[1,2]},\"m\":\"}{,\",\"z\":true}", "{\"aa\":\"\\\"\",\"n\":[]}",
         "<{\"a\":{\"x\":[1,2]},\"aa\":\"\\\"\",\"m\":\"}{,\",\"n\":[],\"z\":true}"},
        {"{\"x\":1,\"y\":2}", "{\"a\":3,\"b\":4}", "<{\"a\":3,\"b\":4,\"x\":1,\"y\":2}"},
        {"{\"\":1}", "{\" \":2}", "<{\"\":1,\" \":2}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(merge(rows[i].a, rows[i].b), GW_OK);
        assert_string_equal(buf.data, rows[i].want);
        assert_true(gw_jcs_valid(buf.data + 1, buf.len - 1));
        assert_int_equal(merge(rows[i].b, rows[i].a), GW_OK);
        assert_string_equal(buf.data, rows[i].want);
    }
}

static void merge_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
    } rows[] = {
        {"{\"a\":1}", "{\"a\":1}"},
        {"{\"a\":1,\"c\":2}", "{\"b\":1,\"c\":3}"},
        {"{}", "[]"},
        {"1", "{}"},
        {"", "{}"},
        {"{", "{}"},
        {"{}", "{\"b\":1,\"a\":2}"},
        {"{}", "{\"a\":1} "},
        {"{}", "{\"a\": 1}"},
        {"{\"a\":null}", "{}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(merge(rows[i].a, rows[i].b), GW_E_PARSE);
        assert_string_equal(buf.data, "<");
        assert_false(buf.failed);
        assert_int_equal(merge(rows[i].b, rows[i].a), GW_E_PARSE);
        assert_string_equal(buf.data, "<");
    }
    assert_int_equal(gw_jcs_merge(NULL, 0, "{}", 2, &buf), GW_E_PARSE);
}

static void merge_into_too_little_room(void **state)
{
    (void)state;
    static const char a[] = "{\"a\":1}";
    static const char b[] = "{\"b\":2}";
    static const char want[] = "{\"a\":1,\"b\":2}";
    for (size_t size = 0; size <= sizeof want; size++) {
        gw_buf_fixed(&buf, mem, size);
        enum gw_status status = gw_jcs_merge(a, sizeof a - 1, b, sizeof b - 1, &buf);
        assert_int_equal(status, size == sizeof want ? GW_OK : GW_E_FULL);
        assert_int_equal(buf.failed, size != sizeof want);
    }
    assert_string_equal(mem, want);
}

int main(void)
{
    uint64_t seed = test_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_types, setup),
        cmocka_unit_test_setup(outermost_scalars, setup),
        cmocka_unit_test_setup(not_done, setup),
        cmocka_unit_test_setup(escapes_of_rfc_8785, setup),
        cmocka_unit_test_setup(every_control_character, setup),
        cmocka_unit_test_setup(invalid_utf8_latches, setup),
        cmocka_unit_test_setup(integers, setup),
        cmocka_unit_test_setup(decimals_without_a_number_are_empty, setup),
        cmocka_unit_test_setup(keys_must_ascend, setup),
        cmocka_unit_test_setup(order_is_per_object, setup),
        cmocka_unit_test_setup(bad_keys, setup),
        cmocka_unit_test_setup(depth_is_bounded, setup),
        cmocka_unit_test_setup(raw_is_checked, setup),
        cmocka_unit_test(full_buffer_latches),
        cmocka_unit_test(valid_accepts),
        cmocka_unit_test(valid_refuses),
        cmocka_unit_test_prestate(what_is_written_is_valid, &seed),
        cmocka_unit_test_setup(merge_is_ordered, setup),
        cmocka_unit_test_setup(merge_refuses, setup),
        cmocka_unit_test(merge_into_too_little_room),
    };
    return cmocka_run_group_tests_name("jcs", tests, NULL, NULL);
}
