/* SPDX-License-Identifier: Apache-2.0 */
#include "base/decimal.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 17   /* significant digits that tell any two doubles apart */
#define TOO_LARGE  1e15 /* from here on a double has no safe decimals */
#define PLAIN_MAX  1e12 /* a double's error there is below TIE */
#define TIE        1e-3
#define SCALED_MAX (16 + GW_DECIMALS_MAX)

/* 0.d1d2d3... x 10^point, d1 not 0. */
struct digits {
    char d[DIGITS_MAX];
    int n;
    int point;
};

/* The fewest of 15 to 17 digits that read back as v (> 0). Only digits are taken from the text, so
 * the locale's decimal point does not matter. */
static void shortest(double v, struct digits *out)
{
    char text[48];
    for (int digits = 15; digits <= DIGITS_MAX; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, v);
        if (strtod(text, NULL) == v)
            break;
    }
    const char *p = text;
    out->n = 0;
    for (; *p != 'e' && *p != '\0'; p++)
        if (*p >= '0' && *p <= '9' && out->n < DIGITS_MAX)
            out->d[out->n++] = *p;
    out->point = *p == 'e' ? (int)strtol(p + 1, NULL, 10) + 1 : 1;
}

/* Adds one in the last place of the n digits; true when a 1 is carried out in front. */
static bool increment(char *d, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        if (d[i] != '9') {
            d[i] = (char)(d[i] + 1);
            return false;
        }
        d[i] = '0';
    }
    return true;
}

/* Writes round(v x 10^decimals) as digits without leading zeros ("" for 0); returns their number.
 */
static int scaled(const struct digits *v, int decimals, char out[SCALED_MAX])
{
    int keep = v->point + decimals;
    if (keep < 0)
        return 0;

    int n = 0;
    for (; n < keep; n++)
        out[n] = (char)(n < v->n ? v->d[n] : '0');
    bool up = keep < v->n && v->d[keep] >= '5';
    if (up && increment(out, n)) {
        memmove(out + 1, out, (size_t)n);
        out[0] = '1';
        n++;
    }
    return n;
}

/* Whether v x 10^decimals is so small and so far from a tie that rounding the double gives the same
 * as rounding its digits, which it then does into *out. */
static bool rounds_plainly(double v, int decimals, int64_t *out)
{
    static const double tens[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    if ((size_t)decimals >= sizeof tens / sizeof tens[0])
        return false;
    const double x = fabs(v) * tens[decimals];
    if (x >= PLAIN_MAX)
        return false;
    const double whole = floor(x);
    if (fabs(x - whole - 0.5) < TIE)
        return false;
    *out = (int64_t)whole + (x - whole > 0.5 ? 1 : 0);
    return true;
}

/* The decimal digits of n (>= 0), "" for 0; returns their number. */
static int digits_of(int64_t n, char out[SCALED_MAX])
{
    char back[SCALED_MAX];
    int len = 0;
    for (; n > 0; n /= 10)
        back[len++] = (char)('0' + n % 10);
    for (int i = 0; i < len; i++)
        out[i] = back[len - 1 - i];
    return len;
}

void gw_decimal(double v, int decimals, char out[GW_DECIMAL_SIZE])
{
    out[0] = '\0';
    if (!isfinite(v) || fabs(v) >= TOO_LARGE || decimals < 0 || decimals > GW_DECIMALS_MAX)
        return;

    char number[SCALED_MAX] = {0};
    int n = 0;
    int64_t plain;
    if (rounds_plainly(v, decimals, &plain)) {
        n = digits_of(plain, number);
    } else {
        struct digits d;
        shortest(fabs(v), &d);
        n = scaled(&d, decimals, number);
    }

    char *p = out;
    if (n > 0 && v < 0.0)
        *p++ = '-';
    int whole = n - decimals;
    if (whole <= 0)
        *p++ = '0';
    for (int i = 0; i < whole; i++)
        *p++ = number[i];
    if (decimals > 0)
        *p++ = '.';
    for (int i = whole; i < n; i++)
        *p++ = (char)(i < 0 ? '0' : number[i]);
    *p = '\0';
}
