/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/scan_in.h"

#include "base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Characters that a Chinese input method puts where JSON wants an ASCII one. */
static const struct {
    const char *wide;
    char ascii;
} wide_marks[] = {
    {"\xEF\xBC\x8C", ','}, {"\xEF\xBC\x9A", ':'}, {"\xE2\x80\x9C", '"'}, {"\xE2\x80\x9D", '"'},
    {"\xEF\xBC\x82", '"'}, {"\xEF\xBD\x9B", '{'}, {"\xEF\xBD\x9D", '}'}, {"\xE3\x80\x80", ' '},
    {"\xE3\x80\x90", '['}, {"\xE3\x80\x91", ']'},
};

/* ---- messages ---- */

size_t gw_scan_token(char *out, size_t size, size_t at, const char *token)
{
    if (at + 4 > size)
        return at; /* ended in "..." already */
    size_t n = at;
    out[n++] = '/';
    for (const char *p = token; *p != '\0'; p++) {
        const char *spelt = *p == '~' ? "~0" : *p == '/' ? "~1" : NULL;
        const size_t need = spelt != NULL ? 2 : 1;
        if (n + need + 4 > size) {
            memcpy(out + at, "...", 4);
            return size - 1;
        }
        memcpy(out + n, spelt != NULL ? spelt : p, need);
        n += need;
    }
    out[n] = '\0';
    return n;
}

void gw_scan_pointer(const struct gw_scan *s, uint32_t value, char out[GW_SCAN_POINTER])
{
    uint32_t chain[GW_SCAN_DEPTH_MAX + 1];
    size_t n = 0;
    out[0] = '\0';
    if (value >= s->nvalues)
        return;
    for (uint32_t v = value; s->values[v].parent != GW_SCAN_NO_PARENT; v = s->values[v].parent)
        chain[n++] = v;
    size_t at = 0;
    while (n > 0) {
        const struct gw_scan_value *v = &s->values[chain[--n]];
        char index[16];
        (void)snprintf(index, sizeof index, "%u", (unsigned)v->index);
        at = gw_scan_token(out, GW_SCAN_POINTER, at, v->key != 0 ? s->keys + v->key : index);
    }
}

void gw_scan_fail(struct gw_scanner *s, uint32_t line, const char *fmt, ...)
{
    if (s->status != GW_OK)
        return;
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(text, sizeof text, fmt, ap);
    va_end(ap);
    char pointer[GW_SCAN_POINTER];
    gw_scan_pointer(s->out, s->where, pointer);
    gw_issues_add(s->issues, s->name, (int)line, pointer, "%s", text);
    s->status = GW_E_PARSE;
}

void gw_scan_fail_expected(struct gw_scanner *s, const char *what, const char *hint)
{
    const char *p = s->out->clean + s->at;
    const size_t left = s->out->len - s->at;
    if (left == 0) {
        gw_scan_fail(s, s->line, "expected %s, found the end of the file", what);
        return;
    }
    for (size_t i = 0; i < sizeof wide_marks / sizeof wide_marks[0]; i++) {
        if (strncmp(p, wide_marks[i].wide, strlen(wide_marks[i].wide)) == 0) {
            gw_scan_fail(s, s->line, "expected %s, found the full-width '%s': type the ASCII '%c'",
                         what, wide_marks[i].wide, wide_marks[i].ascii);
            return;
        }
    }
    const unsigned char c = (unsigned char)*p;
    if (c < 0x20 || c == 0x7F) {
        gw_scan_fail(s, s->line, "expected %s, found the control character 0x%02X", what, c);
        return;
    }
    gw_scan_fail(s, s->line, "expected %s, found '%.*s'%s", what, (int)gw_utf8_char(p, left), p,
                 hint);
}

/* ---- notes ---- */

static bool grow(struct gw_scanner *s, void **mem, size_t *cap, size_t need, size_t item)
{
    if (need <= *cap)
        return true;
    size_t want = *cap > 0 ? *cap * 2 : 64;
    while (want < need)
        want *= 2;
    void *more = realloc(*mem, want * item);
    if (more == NULL) {
        s->status = GW_E_NOMEM;
        return false;
    }
    *mem = more;
    *cap = want;
    return true;
}

bool gw_scan_put_key(struct gw_scanner *s, const char *bytes, size_t n)
{
    struct gw_scan *o = s->out;
    void *keys = o->keys;
    if (!grow(s, &keys, &o->keys_cap, o->keys_len + n, 1))
        return false;
    o->keys = keys;
    memcpy(o->keys + o->keys_len, bytes, n);
    o->keys_len += n;
    return true;
}

uint32_t gw_scan_note(struct gw_scanner *s, uint32_t parent, uint32_t index, uint32_t key)
{
    struct gw_scan *o = s->out;
    void *values = o->values;
    if (!grow(s, &values, &o->values_cap, o->nvalues + 1, sizeof *o->values))
        return GW_SCAN_NO_PARENT;
    o->values = values;
    o->values[o->nvalues] =
        (struct gw_scan_value){.line = s->line, .parent = parent, .index = index, .key = key};
    return (uint32_t)o->nvalues++;
}

/* ---- tokens ---- */

static void blank(struct gw_scanner *s)
{
    char *p = &s->out->clean[s->at++];
    if (*p == '\n')
        s->line++;
    else
        *p = ' ';
}

static void skip_line_comment(struct gw_scanner *s)
{
    while (gw_scan_peek(s) != '\0' && gw_scan_peek(s) != '\n')
        blank(s);
}

static void skip_block_comment(struct gw_scanner *s)
{
    const uint32_t start = s->line;
    blank(s);
    blank(s);
    while (gw_scan_peek(s) != '\0') {
        if (gw_scan_peek(s) == '*' && s->out->clean[s->at + 1] == '/') {
            blank(s);
            blank(s);
            return;
        }
        blank(s);
    }
    gw_scan_fail(s, start, "the comment that starts here is not closed by */");
}

void gw_scan_space(struct gw_scanner *s)
{
    while (s->status == GW_OK) {
        const char c = gw_scan_peek(s);
        const char *two = s->out->clean + s->at; /* at least c and a NUL */
        if (c == '\n') {
            s->line++;
            s->at++;
        } else if (c == ' ' || c == '\t' || c == '\r') {
            s->at++;
        } else if (strncmp(two, "//", 2) == 0) {
            skip_line_comment(s);
        } else if (strncmp(two, "/*", 2) == 0) {
            skip_block_comment(s);
        } else {
            return;
        }
    }
}

static bool scan_hex4(struct gw_scanner *s, uint32_t *out)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        const char c = gw_scan_peek(s);
        const char *d = c != '\0' ? strchr(digits, c) : NULL;
        if (d == NULL) {
            gw_scan_fail(s, s->line, "\\u wants four hexadecimal digits");
            return false;
        }
        v = v << 4 | ((uint32_t)(d - digits) & 0xFu);
        s->at++;
    }
    *out = v;
    return true;
}

static size_t utf8_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    const size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80u | (c & 0x3Fu));
        c >>= 6;
    }
    out[0] = (char)(lead[n] | c);
    return n;
}

/* After "\u". */
static bool scan_unicode(struct gw_scanner *s, bool keep)
{
    uint32_t c = 0;
    if (!scan_hex4(s, &c))
        return false;
    if (c >= 0xD800 && c <= 0xDFFF) {
        uint32_t low = 0;
        if (c < 0xDC00 && strncmp(s->out->clean + s->at, "\\u", 2) == 0) {
            s->at += 2;
            if (!scan_hex4(s, &low))
                return false;
        }
        if (low < 0xDC00 || low > 0xDFFF) {
            gw_scan_fail(s, s->line, "\\u%04X is half of a surrogate pair", (unsigned)c);
            return false;
        }
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    if (c == 0) {
        gw_scan_fail(s, s->line, "\\u0000 is not permitted");
        return false;
    }
    char bytes[4] = {0};
    const size_t n = utf8_encode(c, bytes);
    return !keep || gw_scan_put_key(s, bytes, n);
}

/* After the backslash. */
static bool scan_escape(struct gw_scanner *s, bool keep)
{
    static const char names[] = "\"\\/bfnrt";
    static const char means[] = "\"\\/\b\f\n\r\t";
    const char c = gw_scan_peek(s);
    if (c == 'u') {
        s->at++;
        return scan_unicode(s, keep);
    }
    const char *d = c != '\0' ? strchr(names, c) : NULL;
    if (d == NULL) {
        gw_scan_fail(s, s->line,
                     "unknown escape after '\\' in a string; write \\\\ for a backslash");
        return false;
    }
    s->at++;
    return !keep || gw_scan_put_key(s, &means[d - names], 1);
}

bool gw_scan_string(struct gw_scanner *s, bool keep)
{
    s->at++;
    for (;;) {
        const unsigned char c = (unsigned char)gw_scan_peek(s);
        if (c == '"') {
            s->at++;
            return !keep || gw_scan_put_key(s, "", 1);
        }
        if (c == '\0' || c == '\n' || c == '\r') {
            gw_scan_fail(s, s->line, "the string is not closed on its line");
            return false;
        }
        if (c < 0x20) {
            gw_scan_fail(s, s->line, "control character 0x%02X in a string; write it as \\u%04X", c,
                         c);
            return false;
        }
        s->at++;
        if (c == '\\') {
            if (!scan_escape(s, keep))
                return false;
        } else if (keep && !gw_scan_put_key(s, (const char[]){(char)c}, 1)) {
            return false;
        }
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool scan_digits(struct gw_scanner *s, const char *after)
{
    if (!is_digit(gw_scan_peek(s))) {
        char what[40];
        (void)snprintf(what, sizeof what, "a digit after %s", after);
        gw_scan_fail_expected(s, what, "");
        return false;
    }
    while (is_digit(gw_scan_peek(s)))
        s->at++;
    return true;
}

void gw_scan_number(struct gw_scanner *s)
{
    const size_t start = s->at;
    if (gw_scan_peek(s) == '-')
        s->at++;
    const size_t whole = s->at;
    if (!scan_digits(s, "'-'"))
        return;
    if (s->out->clean[whole] == '0' && s->at > whole + 1) {
        gw_scan_fail(s, s->line, "a number must not start with 0 before other digits");
        return;
    }
    if (gw_scan_peek(s) == '.') {
        s->at++;
        if (!scan_digits(s, "the decimal point"))
            return;
    }
    if (gw_scan_peek(s) == 'e' || gw_scan_peek(s) == 'E') {
        s->at++;
        if (gw_scan_peek(s) == '+' || gw_scan_peek(s) == '-')
            s->at++;
        if (!scan_digits(s, "the exponent's 'e'"))
            return;
    }
    if (s->at - start > GW_SCAN_NUMBER_MAX)
        gw_scan_fail(s, s->line, "a number of more than %d characters", GW_SCAN_NUMBER_MAX);
    else if (!isfinite(strtod(s->out->clean + start, NULL)))
        gw_scan_fail(s, s->line, "the number is too large");
}

bool gw_scan_word(struct gw_scanner *s)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t n = strlen(words[i]);
        if (strncmp(s->out->clean + s->at, words[i], n) == 0) {
            s->at += n;
            return true;
        }
    }
    return false;
}
