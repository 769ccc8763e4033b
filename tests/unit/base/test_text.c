/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <string.h>

#include "support/cmocka_all.h"

static void vline(char *out, size_t size, const char *fmt, ...) GW_PRINTF(3, 4);

static void vline(char *out, size_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(out, size, fmt, ap);
    va_end(ap);
}

static void line_fits(void **state)
{
    (void)state;
    char out[8];
    vline(out, sizeof out, "%d-%s", 12, "abcd");
    assert_string_equal(out, "12-abcd");
    vline(out, sizeof out, "%s", "");
    assert_string_equal(out, "");
}

static void line_is_cut_with_dots(void **state)
{
    (void)state;
    char out[8];
    vline(out, sizeof out, "%s", "12345678");
    assert_string_equal(out, "1234...");
    char least[4];
    vline(least, sizeof least, "%s", "12345678");
    assert_string_equal(least, "...");
}

/* The cut may fall on any byte of a three-byte character. */
static void line_is_cut_between_characters(void **state)
{
    (void)state;
    char out[32];
    for (size_t size = 4; size < sizeof out; size++) {
        vline(out, size, "%s", "炉冷却水出水温度高高报警未设置");
        size_t n = strlen(out);
        assert_true(n < size && n >= 3 && size - n <= 3);
        assert_true(gw_utf8_valid(out, n));
        assert_string_equal(out + n - 3, "...");
    }
}

static void control_characters_become_spaces(void **state)
{
    (void)state;
    char out[32];
    vline(out, sizeof out, "a\nb\tc\x1b[31m\x7f%s", "\r\n");
    assert_string_equal(out, "a b c [31m   ");
}

static void utf8_good(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        size_t len;
    } good[] = {
        {"a", 1},
        {"\x7F", 1},
        {"\xC2\x80", 2},
        {"\xDF\xBF", 2},
        {"\xE0\xA0\x80", 3},
        {"\xED\x9F\xBF", 3}, /* U+D7FF, the last before the surrogates */
        {"\xEE\x80\x80", 3}, /* U+E000, the first behind them */
        {"\xEF\xBF\xBF", 3},
        {"\xF0\x90\x80\x80", 4},
        {"\xF4\x8F\xBF\xBF", 4}, /* U+10FFFF */
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(gw_utf8_char(good[i].s, strlen(good[i].s)), good[i].len);
        assert_int_equal(gw_utf8_char(good[i].s, strlen(good[i].s) + 1), good[i].len);
        assert_true(gw_utf8_valid(good[i].s, strlen(good[i].s)));
    }
    assert_int_equal(gw_utf8_char("", 1), 1); /* NUL is a character */
    assert_true(gw_utf8_valid("", 0));
    assert_true(gw_utf8_valid("煤气 a é 😀", strlen("煤气 a é 😀")));
}

static void utf8_bad(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",             /* a continuation alone */
        "\xBF",             /**/
        "\xC0\x80",         /* overlong NUL */
        "\xC1\xBF",         /* overlong */
        "\xC2",             /* cut short */
        "\xC2\x41",         /* no continuation */
        "\xE0\x9F\xBF",     /* overlong */
        "\xED\xA0\x80",     /* U+D800, a surrogate */
        "\xED\xBF\xBF",     /* U+DFFF */
        "\xE4\xB8",         /* cut short */
        "\xE4\xB8\x41",     /* third byte */
        "\xF0\x8F\xBF\xBF", /* overlong */
        "\xF4\x90\x80\x80", /* beyond U+10FFFF */
        "\xF5\x80\x80\x80", /* no such first byte */
        "\xF0\x90\x80",     /* cut short */
        "\xF0\x90\x80\xC0", /* fourth byte */
        "\xFE",
        "\xFF",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(gw_utf8_char(bad[i], strlen(bad[i])), 0);
        assert_false(gw_utf8_valid(bad[i], strlen(bad[i])));
    }
    assert_int_equal(gw_utf8_char("a", 0), 0);
    assert_false(gw_utf8_valid("good\xE4", 5));
}

/* Against the definition: decode by arithmetic, encode again, compare. */
static void utf8_every_code_point(void **state)
{
    (void)state;
    for (unsigned long cp = 0; cp <= 0x1FFFFF; cp++) {
        char s[4] = {0};
        size_t len;
        if (cp < 0x80) {
            s[0] = (char)cp;
            len = 1;
        } else if (cp < 0x800) {
            s[0] = (char)(0xC0 | cp >> 6);
            len = 2;
        } else if (cp < 0x10000) {
            s[0] = (char)(0xE0 | cp >> 12);
            len = 3;
        } else {
            s[0] = (char)(0xF0 | cp >> 18);
            len = 4;
        }
        for (size_t i = 1; i < len; i++)
            s[i] = (char)(0x80 | (cp >> 6 * (len - 1 - i) & 0x3F));
        size_t want = cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF) ? 0 : len;
        if (gw_utf8_char(s, len) != want)
            fail_msg("U+%04lX: %zu, not %zu", cp, gw_utf8_char(s, len), want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_fits),
        cmocka_unit_test(line_is_cut_with_dots),
        cmocka_unit_test(line_is_cut_between_characters),
        cmocka_unit_test(control_characters_become_spaces),
        cmocka_unit_test(utf8_good),
        cmocka_unit_test(utf8_bad),
        cmocka_unit_test(utf8_every_code_point),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
