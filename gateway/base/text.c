/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The longest prefix of s of at most n bytes that does not end inside a character. */
static size_t utf8_floor(const char *s, size_t n)
{
    while (n > 0 && ((unsigned char)s[n] & 0xC0u) == 0x80u)
        n--;
    return n;
}

void gw_text_vline(char *out, size_t size, const char *fmt, va_list ap)
{
    static const char dots[] = "...";

    int n = vsnprintf(out, size, fmt, ap);
    if (n < 0) {
        /* Only a bad format or an unprintable wide character brings us here. */
        snprintf(out, size, "%s", "?");
    } else if ((size_t)n >= size) {
        size_t keep = utf8_floor(out, size - sizeof dots);
        memcpy(out + keep, dots, sizeof dots);
    }
    for (char *p = out; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == 0x7F)
            *p = ' ';
    }
}

size_t gw_utf8_char(const char *s, size_t n)
{
    /* Table 3-7 of the Unicode standard: the second byte's range depends on the first. */
    static const struct {
        uint8_t first_lo, first_hi, second_lo, second_hi, len;
    } forms[] = {
        {0x00, 0x7F, 0x00, 0x00, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };

    if (n == 0)
        return 0;
    uint8_t first = (uint8_t)s[0];
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        if (first < forms[f].first_lo || first > forms[f].first_hi)
            continue;
        size_t len = forms[f].len;
        if (len > n)
            return 0;
        if (len > 1 && ((uint8_t)s[1] < forms[f].second_lo || (uint8_t)s[1] > forms[f].second_hi))
            return 0;
        for (size_t i = 2; i < len; i++)
            if (((uint8_t)s[i] & 0xC0u) != 0x80u)
                return 0;
        return len;
    }
    return 0;
}

bool gw_utf8_valid(const char *s, size_t n)
{
    while (n > 0) {
        size_t len = gw_utf8_char(s, n);
        if (len == 0)
            return false;
        s += len;
        n -= len;
    }
    return true;
}

void gw_text_line(char *out, size_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(out, size, fmt, ap);
    va_end(ap);
}
