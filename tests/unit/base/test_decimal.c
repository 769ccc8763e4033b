/* SPDX-License-Identifier: Apache-2.0 */
#include "base/decimal.h"

#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "seed.h"
#include "support/cmocka_all.h"
#include "tempdir.h"

struct row {
    double v;
    int decimals;
    const char *want;
};

static void check(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char out[GW_DECIMAL_SIZE];
        memset(out, 'x', sizeof out);
        gw_decimal(rows[i].v, rows[i].decimals, out);
        if (strcmp(out, rows[i].want) != 0)
            fail_msg("%.17g with %d: '%s', not '%s'", rows[i].v, rows[i].decimals, out,
                     rows[i].want);
    }
}

#define CHECK(rows) check(rows, sizeof rows / sizeof(rows)[0])

static void plain_numbers(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {36.75, 2, "36.75"},
        {36.75, 3, "36.750"},
        {36.75, 0, "37"},
        {0.0, 0, "0"},
        {0.0, 3, "0.000"},
        {1.0, 0, "1"},
        {-1.0, 1, "-1.0"},
        {100.0, 0, "100"},
        {1200.0, 2, "1200.00"},
        {0.001, 3, "0.001"},
        {-0.25, 2, "-0.25"},
        {0.1, 9, "0.100000000"},
        {21.1, 1, "21.1"},
        {65535.0, 0, "65535"},
        {4294967295.0, 0, "4294967295"},
        {1e-9, 9, "0.000000001"},
    };
    CHECK(rows);
}

/* Half away from zero on what a person would write, not on the binary fraction below it. */
static void halves(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {0.285, 2, "0.29"},
        {1.005, 2, "1.01"},
        {2.675, 2, "2.68"},
        {0.5, 0, "1"},
        {1.5, 0, "2"},
        {2.5, 0, "3"},
        {-0.5, 0, "-1"},
        {-2.5, 0, "-3"},
        {0.05, 1, "0.1"},
        {0.005, 2, "0.01"},
        {-1.005, 2, "-1.01"},
        {8.345, 2, "8.35"},
        {0.045, 2, "0.05"},
        {0.4999999999, 0, "0"},
        {1e-10, 9, "0.000000000"},
        {5e-10, 9, "0.000000001"},
    };
    CHECK(rows);
}

static void carries(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {9.5, 0, "10"},
        {9.99, 1, "10.0"},
        {99.995, 2, "100.00"},
        {0.95, 1, "1.0"},
        {0.0995, 3, "0.100"},
        {-9.999, 2, "-10.00"},
        {999999999.9999999, 6, "1000000000.000000"},
        {999999999999999.9, 0, "1000000000000000"},
    };
    CHECK(rows);
}

static void no_negative_zero(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {-0.0, 0, "0"},          {-0.0, 2, "0.00"},           {-0.004, 2, "0.00"},
        {-0.4, 0, "0"},          {-1e-300, 9, "0.000000000"}, {-DBL_MIN, 4, "0.0000"},
        {-0.0049999, 2, "0.00"}, {-0.005, 2, "-0.01"},
    };
    CHECK(rows);
}

static void no_number_for_what_is_none(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {(double)NAN, 2, ""},       {-(double)NAN, 0, ""}, {(double)INFINITY, 2, ""},
        {-(double)INFINITY, 0, ""}, {1e15, 0, ""},         {-1e15, 2, ""},
        {DBL_MAX, 0, ""},           {1.0, -1, ""},         {1.0, 10, ""},
    };
    CHECK(rows);
}

static void largest(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {999999999999999.0, 0, "999999999999999"},
        {-999999999999999.0, 9, "-999999999999999.000000000"},
        {123456789012345.0, 1, "123456789012345.0"},
        {12345678.9, 9, "12345678.900000000"},
        {DBL_MIN, 9, "0.000000000"},
        {DBL_TRUE_MIN, 9, "0.000000000"},
    };
    CHECK(rows);
}

/* A float of a device, widened, has its own long decimal form; the point's decimals end it. */
static void widened_floats(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {(double)21.1f, 1, "21.1"},
        {(double)21.1f, 2, "21.10"},
        {(double)0.1f, 3, "0.100"},
        {(double)36.75f, 2, "36.75"},
    };
    CHECK(rows);
}

/* Rounds the integer `digits` that stands for digits / 10^from to `to` decimals. */
static int64_t round_integer(int64_t digits, int from, int to)
{
    int64_t unit = 1;
    for (int i = to; i < from; i++)
        unit *= 10;
    int64_t magnitude = digits < 0 ? -digits : digits;
    int64_t rounded = (magnitude + unit / 2) / unit;
    return digits < 0 ? -rounded : rounded;
}

/* Any decimal of up to 15 digits, read as a double, comes out as integer arithmetic rounds it. */
static void agrees_with_integer_arithmetic(void **state)
{
    uint64_t *seed = *state;
    for (int i = 0; i < 300000; i++) {
        int from = (int)gw_rand_below(seed, 10);
        int to = (int)gw_rand_below(seed, (uint64_t)from + 1);
        uint64_t range = 10;
        for (uint64_t k = gw_rand_below(seed, 15); k > 0; k--)
            range *= 10;
        int64_t digits = (int64_t)gw_rand_below(seed, range);
        if (gw_rand_below(seed, 2) == 0)
            digits = -digits;

        char text[64];
        snprintf(text, sizeof text, "%" PRId64 "e-%d", digits, from);
        char out[GW_DECIMAL_SIZE];
        gw_decimal(strtod(text, NULL), to, out);

        int64_t want = round_integer(digits, from, to);
        int64_t unit = 1;
        for (int k = 0; k < to; k++)
            unit *= 10;
        int64_t magnitude = want < 0 ? -want : want;
        /* A 1 in front of the decimals keeps their leading zeros. */
        char decimals[32];
        snprintf(decimals, sizeof decimals, "%" PRId64, unit + magnitude % unit);
        char expected[64];
        snprintf(expected, sizeof expected, "%s%" PRId64 "%s%s", want < 0 ? "-" : "",
                 magnitude / unit, to > 0 ? "." : "", decimals + 1);
        if (strcmp(out, expected) != 0)
            fail_msg("%s with %d: '%s', not '%s'", text, to, out, expected);
    }
}

/* Any double: the text has the right form and lies within half a unit of the value. */
static void any_double(void **state)
{
    uint64_t *seed = *state;
    for (int i = 0; i < 300000; i++) {
        uint64_t bits = gw_rand_next(seed);
        double v;
        memcpy(&v, &bits, sizeof v);
        int decimals = (int)gw_rand_below(seed, 10);
        char out[GW_DECIMAL_SIZE];
        gw_decimal(v, decimals, out);
        if (!isfinite(v) || fabs(v) >= 1e15) {
            assert_string_equal(out, "");
            continue;
        }
        const char *digits = out[0] == '-' ? out + 1 : out;
        size_t whole = strspn(digits, "0123456789");
        assert_true(whole >= 1 && (whole == 1 || digits[0] != '0'));
        if (decimals > 0) {
            assert_int_equal(digits[whole], '.');
            assert_int_equal(strspn(digits + whole + 1, "0123456789"), decimals);
            assert_int_equal(strlen(digits), whole + 1 + (size_t)decimals);
        } else {
            assert_int_equal(strlen(digits), whole);
        }
        double slack = fabs(v) * DBL_EPSILON;
        assert_true(fabs(strtod(out, NULL) - v) <= 0.5 * pow(10, -decimals) + slack);
    }
}

/* With a locale whose decimal point is a comma. It is compiled here, as few machines have one. */
static void locale_does_not_matter(void **state)
{
    (void)state;
    char dir[TEMPDIR_SIZE];
    assert_true(tempdir_make(dir));
    int rc = tempdir_shell(dir, "localedef -c -i de_DE -f UTF-8 ./de_DE.UTF-8");
    setenv("LOCPATH", dir, 1);
    bool set = rc == 0 && setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
    char libc[32] = "";
    char out[GW_DECIMAL_SIZE] = "";
    if (set) {
        snprintf(libc, sizeof libc, "%.2f", 36.75);
        gw_decimal(-1036.745, 2, out);
        setlocale(LC_ALL, "C");
    }
    unsetenv("LOCPATH");
    assert_true(tempdir_remove(dir));
    if (!set) {
        print_message("localedef has no de_DE here\n");
        skip();
    }
    assert_string_equal(libc, "36,75");
    assert_string_equal(out, "-1036.75");
}

int main(void)
{
    uint64_t seed = test_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_numbers),
        cmocka_unit_test(halves),
        cmocka_unit_test(carries),
        cmocka_unit_test(no_negative_zero),
        cmocka_unit_test(no_number_for_what_is_none),
        cmocka_unit_test(largest),
        cmocka_unit_test(widened_floats),
        cmocka_unit_test_prestate(agrees_with_integer_arithmetic, &seed),
        cmocka_unit_test_prestate(any_double, &seed),
        cmocka_unit_test(locale_does_not_matter),
    };
    return cmocka_run_group_tests_name("decimal", tests, NULL, NULL);
}
