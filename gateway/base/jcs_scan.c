/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jcs_scan.h"

#include <stdint.h>
#include <string.h>

#include "base/jcs.h"
#include "base/text.h"

#define INTEGER_MAX        (INT64_C(1) << 53)
#define INTEGER_MAX_DIGITS 16

static bool accept(struct gw_jcs_scan *s, char c)
{
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

static bool accept_word(struct gw_jcs_scan *s, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
        return false;
    s->p += n;
    return true;
}

/* The part of an escape behind the backslash. Only what has no other canonical form is escaped:
 * a short form where there is one, and four lower-case digits for the other control characters. */
static bool scan_escape(struct gw_jcs_scan *s)
{
    if (s->p == s->end)
        return false;
    char c = *s->p++;
    if (c != 'u')
        return c != '\0' && strchr("\"\\bfnrt", c) != NULL;
    if (s->end - s->p < 4 || s->p[0] != '0' || s->p[1] != '0')
        return false;
    char high = s->p[2];
    char low = s->p[3];
    s->p += 4;
    if (low == '\0' || strchr("0123456789abcdef", low) == NULL)
        return false;
    return high == '1' || (high == '0' && strchr("89acd", low) == NULL);
}

/* The caller has seen the opening quote; so have those of the containers below. */
static bool scan_string(struct gw_jcs_scan *s)
{
    s->p++;
    while (s->p < s->end && *s->p != '"') {
        if (accept(s, '\\')) {
            if (!scan_escape(s))
                return false;
            continue;
        }
        size_t n = gw_utf8_char(s->p, (size_t)(s->end - s->p));
        if (n == 0 || (unsigned char)*s->p < 0x20)
            return false;
        s->p += n;
    }
    return accept(s, '"');
}

static bool scan_integer(struct gw_jcs_scan *s)
{
    bool negative = accept(s, '-');
    const char *start = s->p;
    int64_t v = 0;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9') {
        if (s->p - start == INTEGER_MAX_DIGITS)
            return false;
        v = v * 10 + (*s->p - '0');
        s->p++;
    }
    if (s->p == start || v > INTEGER_MAX)
        return false;
    return *start != '0' || (s->p - start == 1 && !negative);
}

bool gw_jcs_scan_member(struct gw_jcs_scan *s, int depth, struct gw_jcs_member *out)
{
    out->start = s->p;
    if (!accept(s, '"'))
        return false;
    out->key = s->p;
    while (s->p < s->end && gw_jcs_key_char(*s->p))
        s->p++;
    out->key_len = (size_t)(s->p - out->key);
    if (out->key_len >= GW_JCS_KEY || !accept(s, '"') || !accept(s, ':'))
        return false;
    if (!gw_jcs_scan_value(s, depth))
        return false;
    out->end = s->p;
    return true;
}

int gw_jcs_member_compare(const struct gw_jcs_member *a, const struct gw_jcs_member *b)
{
    size_t n = a->key_len < b->key_len ? a->key_len : b->key_len;
    int order = memcmp(a->key, b->key, n);
    if (order != 0)
        return order;
    return (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

static bool scan_object(struct gw_jcs_scan *s, int depth)
{
    s->p++;
    if (accept(s, '}'))
        return true;
    struct gw_jcs_member last;
    struct gw_jcs_member member;
    if (!gw_jcs_scan_member(s, depth, &last))
        return false;
    while (accept(s, ',')) {
        if (!gw_jcs_scan_member(s, depth, &member) || gw_jcs_member_compare(&last, &member) >= 0)
            return false;
        last = member;
    }
    return accept(s, '}');
}

static bool scan_array(struct gw_jcs_scan *s, int depth)
{
    s->p++;
    if (accept(s, ']'))
        return true;
    do {
        if (!gw_jcs_scan_value(s, depth))
            return false;
    } while (accept(s, ','));
    return accept(s, ']');
}

bool gw_jcs_scan_value(struct gw_jcs_scan *s, int depth)
{
    if (s->p == s->end)
        return false;
    switch (*s->p) {
    case '{':
        return depth > 0 && scan_object(s, depth - 1);
    case '[':
        return depth > 0 && scan_array(s, depth - 1);
    case '"':
        return scan_string(s);
    case 't':
        return accept_word(s, "true");
    case 'f':
        return accept_word(s, "false");
    default:
        return scan_integer(s);
    }
}

bool gw_jcs_valid(const char *json, size_t n)
{
    struct gw_jcs_scan s = {.p = json, .end = json + n};
    return gw_jcs_scan_value(&s, GW_JCS_DEPTH) && s.p == s.end;
}
