/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/scan.h"

#include "base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scanner {
    struct gw_scan *out;
    const char *name;
    struct gw_issues *issues;
    size_t at;
    uint32_t line;
    uint32_t ended; /* the line on which the last value ended */
    uint32_t where; /* the value that is being read, for pointers in messages */
    enum gw_status status;
};

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
    if (at + 4 > size) {
        return at; /* ended in "..." already */
    }
    size_t n = at;
    out[n++] = '/';
    for (const char *p = token; *p != '\0'; p++) {
        const bool escaped = *p == '~' || *p == '/';
        if (n + (escaped ? 2 : 1) + 4 > size) {
            memcpy(out + at, "...", 4);
            return size - 1;
        }
        out[n++] = escaped ? '~' : *p;
        if (escaped) {
            out[n++] = *p == '~' ? '0' : '1';
        }
    }
    out[n] = '\0';
    return n;
}

static void pointer_of(const struct gw_scan *s, uint32_t value, char out[GW_SCAN_POINTER])
{
    uint32_t chain[GW_SCAN_DEPTH_MAX + 1];
    size_t n = 0;
    out[0] = '\0';
    if (value >= s->nvalues) {
        return;
    }
    for (uint32_t v = value; s->values[v].parent != GW_SCAN_NO_PARENT; v = s->values[v].parent) {
        chain[n++] = v;
    }
    size_t at = 0;
    while (n > 0) {
        const struct gw_scan_value *v = &s->values[chain[--n]];
        char index[16];
        (void)snprintf(index, sizeof(index), "%u", (unsigned)v->index);
        at = gw_scan_token(out, GW_SCAN_POINTER, at, v->key != 0 ? s->keys + v->key : index);
    }
}

static void fail(struct scanner *s, uint32_t line, const char *fmt, ...) GW_PRINTF(3, 4);

/* Reports the first syntax error; later ones would only follow from it. */
static void fail(struct scanner *s, uint32_t line, const char *fmt, ...)
{
    if (s->status != GW_OK) {
        return;
    }
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(text, sizeof(text), fmt, ap);
    va_end(ap);
    char pointer[GW_SCAN_POINTER];
    pointer_of(s->out, s->where, pointer);
    gw_issues_add(s->issues, s->name, (int)line, pointer, "%s", text);
    s->status = GW_E_PARSE;
}

/* Fails with "expected <what>, found <the character at hand>". */
static void fail_expected(struct scanner *s, const char *what, const char *hint)
{
    const char *p = s->out->clean + s->at;
    const size_t left = s->out->len - s->at;
    if (left == 0) {
        fail(s, s->line, "expected %s, found the end of the file", what);
        return;
    }
    for (size_t i = 0; i < sizeof(wide_marks) / sizeof(wide_marks[0]); i++) {
        if (strncmp(p, wide_marks[i].wide, strlen(wide_marks[i].wide)) == 0) {
            fail(s, s->line, "expected %s, found the full-width '%s': type the ASCII '%c'", what,
                 wide_marks[i].wide, wide_marks[i].ascii);
            return;
        }
    }
    const unsigned char c = (unsigned char)*p;
    if (c < 0x20 || c == 0x7F) {
        fail(s, s->line, "expected %s, found the control character 0x%02X", what, c);
        return;
    }
    fail(s, s->line, "expected %s, found '%.*s'%s", what, (int)gw_utf8_char(p, left), p, hint);
}

/* ---- notes ---- */

static bool grow(struct scanner *s, void **mem, size_t *cap, size_t need, size_t item)
{
    if (need <= *cap) {
        return true;
    }
    size_t want = *cap > 0 ? *cap * 2 : 64;
    while (want < need) {
        want *= 2;
    }
    void *more = realloc(*mem, want * item);
    if (more == NULL) {
        s->status = GW_E_NOMEM;
        return false;
    }
    *mem = more;
    *cap = want;
    return true;
}

static bool key_put(struct scanner *s, const char *bytes, size_t n)
{
    struct gw_scan *o = s->out;
    void *keys = o->keys;
    if (!grow(s, &keys, &o->keys_cap, o->keys_len + n, 1)) {
        return false;
    }
    o->keys = keys;
    memcpy(o->keys + o->keys_len, bytes, n);
    o->keys_len += n;
    return true;
}

static uint32_t note_value(struct scanner *s, uint32_t parent, uint32_t index, uint32_t key)
{
    struct gw_scan *o = s->out;
    void *values = o->values;
    if (!grow(s, &values, &o->values_cap, o->nvalues + 1, sizeof(*o->values))) {
        return GW_SCAN_NO_PARENT;
    }
    o->values = values;
    o->values[o->nvalues] =
        (struct gw_scan_value){.line = s->line, .parent = parent, .index = index, .key = key};
    return (uint32_t)o->nvalues++;
}

/* ---- tokens ---- */

static char peek(const struct scanner *s)
{
    return s->out->clean[s->at]; /* the copy ends in NUL, and the text has none */
}

static void blank(struct scanner *s)
{
    char *p = &s->out->clean[s->at++];
    if (*p == '\n') {
        s->line++;
    } else {
        *p = ' ';
    }
}

static void skip_line_comment(struct scanner *s)
{
    while (peek(s) != '\0' && peek(s) != '\n') {
        blank(s);
    }
}

static void skip_block_comment(struct scanner *s)
{
    const uint32_t start = s->line;
    blank(s);
    blank(s);
    while (peek(s) != '\0') {
        if (peek(s) == '*' && s->out->clean[s->at + 1] == '/') {
            blank(s);
            blank(s);
            return;
        }
        blank(s);
    }
    fail(s, start, "the comment that starts here is not closed by */");
}

static void skip_space(struct scanner *s)
{
    while (s->status == GW_OK) {
        const char c = peek(s);
        const char next = c != '\0' ? s->out->clean[s->at + 1] : '\0';
        if (c == '\n') {
            s->line++;
            s->at++;
        } else if (c == ' ' || c == '\t' || c == '\r') {
            s->at++;
        } else if (c == '/' && next == '/') {
            skip_line_comment(s);
        } else if (c == '/' && next == '*') {
            skip_block_comment(s);
        } else {
            return;
        }
    }
}

static bool scan_hex4(struct scanner *s, uint32_t *out)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        const char c = peek(s);
        const char *digits = "0123456789abcdef";
        const char lower = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
        const char *d = c != '\0' ? strchr(digits, lower) : NULL;
        if (d == NULL) {
            fail(s, s->line, "\\u wants four hexadecimal digits");
            return false;
        }
        v = v << 4 | (uint32_t)(d - digits);
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
static bool scan_unicode(struct scanner *s, bool keep)
{
    uint32_t c = 0;
    if (!scan_hex4(s, &c)) {
        return false;
    }
    if (c >= 0xD800 && c <= 0xDFFF) {
        uint32_t low = 0;
        if (c < 0xDC00 && strncmp(s->out->clean + s->at, "\\u", 2) == 0) {
            s->at += 2;
            if (!scan_hex4(s, &low)) {
                return false;
            }
        }
        if (low < 0xDC00 || low > 0xDFFF) {
            fail(s, s->line, "\\u%04X is half of a surrogate pair", (unsigned)c);
            return false;
        }
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    if (c == 0) {
        fail(s, s->line, "\\u0000 is not permitted");
        return false;
    }
    char bytes[4];
    return !keep || key_put(s, bytes, utf8_encode(c, bytes));
}

/* After the backslash. */
static bool scan_escape(struct scanner *s, bool keep)
{
    static const char names[] = "\"\\/bfnrt";
    static const char means[] = "\"\\/\b\f\n\r\t";
    const char c = peek(s);
    if (c == 'u') {
        s->at++;
        return scan_unicode(s, keep);
    }
    const char *d = c != '\0' ? strchr(names, c) : NULL;
    if (d == NULL) {
        fail(s, s->line, "unknown escape after '\\' in a string; write \\\\ for a backslash");
        return false;
    }
    s->at++;
    return !keep || key_put(s, &means[d - names], 1);
}

/* From the opening quote to behind the closing one; keep: the decoded text is added to keys. */
static bool scan_string(struct scanner *s, bool keep)
{
    s->at++;
    for (;;) {
        const unsigned char c = (unsigned char)peek(s);
        if (c == '"') {
            s->at++;
            return !keep || key_put(s, "", 1);
        }
        if (c == '\0' || c == '\n' || c == '\r') {
            fail(s, s->line, "the string is not closed on its line");
            return false;
        }
        if (c < 0x20) {
            fail(s, s->line, "control character 0x%02X in a string; write it as \\u%04X", c, c);
            return false;
        }
        s->at++;
        if (c == '\\') {
            if (!scan_escape(s, keep)) {
                return false;
            }
        } else if (keep && !key_put(s, (const char[]){(char)c}, 1)) {
            return false;
        }
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool scan_digits(struct scanner *s, const char *after)
{
    if (!is_digit(peek(s))) {
        char what[40];
        (void)snprintf(what, sizeof(what), "a digit after %s", after);
        fail_expected(s, what, "");
        return false;
    }
    while (is_digit(peek(s))) {
        s->at++;
    }
    return true;
}

static void scan_number(struct scanner *s)
{
    const size_t start = s->at;
    if (peek(s) == '-') {
        s->at++;
    }
    const size_t whole = s->at;
    if (!scan_digits(s, "'-'")) {
        return;
    }
    if (s->out->clean[whole] == '0' && s->at > whole + 1) {
        fail(s, s->line, "a number must not start with 0 before other digits");
        return;
    }
    if (peek(s) == '.') {
        s->at++;
        if (!scan_digits(s, "the decimal point")) {
            return;
        }
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-') {
            s->at++;
        }
        if (!scan_digits(s, "the exponent's 'e'")) {
            return;
        }
    }
    if (s->at - start > GW_SCAN_NUMBER_MAX) {
        fail(s, s->line, "a number of more than %d characters", GW_SCAN_NUMBER_MAX);
    } else if (!isfinite(strtod(s->out->clean + start, NULL))) {
        fail(s, s->line, "the number is too large");
    }
}

/* ---- values ---- */

static void scan_value(struct scanner *s, uint32_t parent, uint32_t index, uint32_t key, int depth);

/* After a member or element. True: there is another one. */
static bool scan_more(struct scanner *s, char close, bool *done)
{
    skip_space(s);
    if (s->status != GW_OK) {
        return false;
    }
    if (peek(s) == close) {
        s->at++;
        *done = true;
        return false;
    }
    if (peek(s) != ',') {
        char hint[64] = "";
        if (s->line > s->ended) {
            (void)snprintf(hint, sizeof(hint), " (is a comma missing at the end of line %u?)",
                           (unsigned)s->ended);
        }
        fail_expected(s, close == '}' ? "',' or '}'" : "',' or ']'", hint);
        return false;
    }
    s->at++;
    skip_space(s);
    if (s->status == GW_OK && peek(s) == close) {
        fail(s, s->line, "a comma must not stand before '%c'", close);
    }
    return s->status == GW_OK;
}

static void scan_member(struct scanner *s, uint32_t object, uint32_t index, int depth)
{
    if (peek(s) != '"') {
        fail_expected(s, "a key in double quotes", "");
        return;
    }
    const size_t key = s->out->keys_len;
    if (!scan_string(s, true)) {
        return;
    }
    skip_space(s);
    if (s->status == GW_OK && peek(s) != ':') {
        fail_expected(s, "':' after the key", "");
    }
    if (s->status == GW_OK) {
        s->at++;
        skip_space(s);
    }
    if (s->status == GW_OK) {
        scan_value(s, object, index, (uint32_t)key, depth + 1);
    }
}

static void scan_container(struct scanner *s, uint32_t self, int depth)
{
    const bool object = peek(s) == '{';
    const char close = object ? '}' : ']';
    if (depth > GW_SCAN_DEPTH_MAX) {
        fail(s, s->line, "nested more than %d levels deep", GW_SCAN_DEPTH_MAX);
        return;
    }
    s->at++;
    skip_space(s);
    if (s->status == GW_OK && peek(s) == close) {
        s->at++;
        return;
    }
    bool done = false;
    for (uint32_t i = 0; s->status == GW_OK && !done; i++) {
        if (object) {
            scan_member(s, self, i, depth);
        } else {
            scan_value(s, self, i, 0, depth + 1);
        }
        if (s->status != GW_OK) {
            return;
        }
        s->where = self;
        (void)scan_more(s, close, &done);
    }
}

static bool scan_word(struct scanner *s)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const size_t n = strlen(words[i]);
        if (strncmp(s->out->clean + s->at, words[i], n) == 0) {
            s->at += n;
            return true;
        }
    }
    return false;
}

static void scan_value(struct scanner *s, uint32_t parent, uint32_t index, uint32_t key, int depth)
{
    const uint32_t self = note_value(s, parent, index, key);
    if (s->status != GW_OK) {
        return;
    }
    s->where = self;
    const char c = peek(s);
    if (c == '{' || c == '[') {
        scan_container(s, self, depth);
    } else if (c == '"') {
        (void)scan_string(s, false);
    } else if (c == '-' || is_digit(c)) {
        scan_number(s);
    } else if (!scan_word(s)) {
        fail_expected(s, "a value", c == '\'' ? ": strings stand in double quotes" : "");
    }
    s->ended = s->line;
}

/* ---- duplicate keys ---- */

struct member {
    uint32_t parent;
    uint32_t value;
    const char *key;
};

static int compare_members(const void *pa, const void *pb)
{
    const struct member *a = pa;
    const struct member *b = pb;
    if (a->parent != b->parent) {
        return a->parent < b->parent ? -1 : 1;
    }
    const int keys = strcmp(a->key, b->key);
    return keys != 0 ? keys : (a->value > b->value) - (a->value < b->value);
}

static int compare_values(const void *pa, const void *pb)
{
    const struct member *a = pa;
    const struct member *b = pb;
    return (a->value > b->value) - (a->value < b->value);
}

/* Sorting brings equal keys of an object together, whatever the number of members. */
static void find_duplicates(struct scanner *s)
{
    const struct gw_scan *o = s->out;
    size_t n = 0;
    struct member *members = malloc((o->nvalues + 1) * sizeof(*members));
    if (members == NULL) {
        s->status = GW_E_NOMEM;
        return;
    }
    for (uint32_t i = 0; i < o->nvalues; i++) {
        if (o->values[i].key != 0) {
            members[n++] = (struct member){
                .parent = o->values[i].parent, .value = i, .key = o->keys + o->values[i].key};
        }
    }
    qsort(members, n, sizeof(*members), compare_members);
    /* Keep the repeated ones; their `parent` becomes the value that had the key first. */
    size_t ndup = 0;
    uint32_t first = 0;
    struct member last = {.parent = GW_SCAN_NO_PARENT, .key = ""};
    for (size_t i = 0; i < n; i++) {
        const struct member m = members[i];
        if (m.parent == last.parent && strcmp(m.key, last.key) == 0) {
            members[ndup++] = (struct member){.parent = first, .value = m.value, .key = m.key};
        } else {
            first = m.value;
        }
        last = m;
    }
    qsort(members, ndup, sizeof(*members), compare_values);
    for (size_t i = 0; i < ndup; i++) {
        char pointer[GW_SCAN_POINTER];
        pointer_of(o, members[i].value, pointer);
        gw_issues_add(s->issues, s->name, (int)o->values[members[i].value].line, pointer,
                      "duplicate key; it was given on line %u already",
                      (unsigned)o->values[members[i].parent].line);
        s->status = s->status == GW_OK ? GW_E_PARSE : s->status;
    }
    free(members);
}

/* ---- the whole text ---- */

/* What can be said before any syntax: size, byte order mark, NUL, UTF-8. */
static void check_bytes(struct scanner *s, const char *text, size_t len)
{
    if (len > GW_SCAN_SIZE_MAX) {
        fail(s, 0, "is larger than 1 MiB");
        return;
    }
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        fail(s, 1, "starts with a byte order mark; save the file as UTF-8 without BOM");
        return;
    }
    uint32_t line = 1;
    for (size_t i = 0; i < len;) {
        const size_t n = gw_utf8_char(text + i, len - i);
        if (n == 0) {
            fail(s, line, "the byte 0x%02X is not UTF-8; save the file as UTF-8",
                 (unsigned)(unsigned char)text[i]);
            return;
        }
        if (text[i] == '\0') {
            fail(s, line, "a NUL byte; this is no text file");
            return;
        }
        line += text[i] == '\n';
        i += n;
    }
}

enum gw_status gw_scan(const char *text, size_t len, const char *name, struct gw_issues *issues,
                       struct gw_scan *out)
{
    *out = (struct gw_scan){.len = len};
    struct scanner s = {
        .out = out,
        .name = name,
        .issues = issues,
        .line = 1,
        .ended = 1,
        .where = GW_SCAN_NO_PARENT,
    };
    check_bytes(&s, text, len);
    if (s.status != GW_OK) {
        goto out;
    }
    out->clean = malloc(len + 1);
    if (out->clean == NULL || !key_put(&s, "", 1)) {
        s.status = GW_E_NOMEM;
        goto out;
    }
    memcpy(out->clean, text, len);
    out->clean[len] = '\0';
    skip_space(&s);
    if (s.status == GW_OK) {
        scan_value(&s, GW_SCAN_NO_PARENT, 0, 0, 1);
    }
    s.where = GW_SCAN_NO_PARENT;
    skip_space(&s);
    if (s.status == GW_OK && s.at < len) {
        fail_expected(&s, "the end of the file", "");
    }
    if (s.status != GW_E_NOMEM) {
        find_duplicates(&s);
    }

out:
    if (s.status != GW_OK) {
        gw_scan_free(out);
    }
    return s.status;
}

void gw_scan_free(struct gw_scan *s)
{
    free(s->clean);
    free(s->values);
    free(s->keys);
    *s = (struct gw_scan){0};
}
