/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/scan.h"

#include "base/text.h"
#include "conf/scan_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

static void scan_value(struct gw_scanner *s, uint32_t parent, uint32_t index, uint32_t key,
                       int depth);

/* After a member or element. True: there is another one. */
static bool scan_more(struct gw_scanner *s, char close, bool *done)
{
    gw_scan_space(s);
    if (s->status != GW_OK)
        return false;
    if (gw_scan_peek(s) == close) {
        s->at++;
        *done = true;
        return false;
    }
    if (gw_scan_peek(s) != ',') {
        char hint[64] = "";
        if (s->line > s->ended) {
            (void)snprintf(hint, sizeof hint, " (is a comma missing at the end of line %u?)",
                           (unsigned)s->ended);
        }
        gw_scan_fail_expected(s, close == '}' ? "',' or '}'" : "',' or ']'", hint);
        return false;
    }
    s->at++;
    gw_scan_space(s);
    if (s->status == GW_OK && gw_scan_peek(s) == close)
        gw_scan_fail(s, s->line, "a comma must not stand before '%c'", close);
    return s->status == GW_OK;
}

static void scan_member(struct gw_scanner *s, uint32_t object, uint32_t index, int depth)
{
    if (gw_scan_peek(s) != '"') {
        gw_scan_fail_expected(s, "a key in double quotes", "");
        return;
    }
    const size_t key = s->out->keys_len;
    if (!gw_scan_string(s, true))
        return;
    gw_scan_space(s);
    if (s->status == GW_OK && gw_scan_peek(s) != ':')
        gw_scan_fail_expected(s, "':' after the key", "");
    if (s->status == GW_OK) {
        s->at++;
        gw_scan_space(s);
    }
    if (s->status == GW_OK)
        scan_value(s, object, index, (uint32_t)key, depth + 1);
}

static void scan_container(struct gw_scanner *s, uint32_t self, int depth)
{
    const bool object = gw_scan_peek(s) == '{';
    const char close = object ? '}' : ']';
    if (depth > GW_SCAN_DEPTH_MAX) {
        gw_scan_fail(s, s->line, "nested more than %d levels deep", GW_SCAN_DEPTH_MAX);
        return;
    }
    s->at++;
    gw_scan_space(s);
    if (s->status == GW_OK && gw_scan_peek(s) == close) {
        s->at++;
        return;
    }
    bool done = false;
    for (uint32_t i = 0; s->status == GW_OK && !done; i++) {
        if (object)
            scan_member(s, self, i, depth);
        else
            scan_value(s, self, i, 0, depth + 1);
        if (s->status != GW_OK)
            return;
        s->where = self;
        (void)scan_more(s, close, &done);
    }
}

static void scan_value(struct gw_scanner *s, uint32_t parent, uint32_t index, uint32_t key,
                       int depth)
{
    const uint32_t self = gw_scan_note(s, parent, index, key);
    if (s->status != GW_OK)
        return;
    s->where = self;
    const char c = gw_scan_peek(s);
    if (c == '{' || c == '[')
        scan_container(s, self, depth);
    else if (c == '"')
        (void)gw_scan_string(s, false);
    else if (c == '-' || (c >= '0' && c <= '9'))
        gw_scan_number(s);
    else if (!gw_scan_word(s))
        gw_scan_fail_expected(s, "a value", c == '\'' ? ": strings stand in double quotes" : "");
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
    if (a->parent != b->parent)
        return a->parent < b->parent ? -1 : 1;
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
static void find_duplicates(struct gw_scanner *s)
{
    struct gw_scan *o = s->out;
    size_t n = 0;
    struct member *members = malloc((o->nvalues + 1) * sizeof *members);
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
    qsort(members, n, sizeof *members, compare_members);
    /* Keep the repeated ones; their `parent` becomes the value that had the key first. */
    size_t ndup = 0;
    uint32_t first = 0;
    struct member last = {.parent = GW_SCAN_NO_PARENT, .key = ""};
    for (size_t i = 0; i < n; i++) {
        const struct member m = members[i];
        if (m.parent == last.parent && strcmp(m.key, last.key) == 0)
            members[ndup++] = (struct member){.parent = first, .value = m.value, .key = m.key};
        else
            first = m.value;
        last = m;
    }
    qsort(members, ndup, sizeof *members, compare_values);
    for (size_t i = 0; i < ndup; i++) {
        char pointer[GW_SCAN_POINTER];
        gw_scan_pointer(o, members[i].value, pointer);
        gw_issues_add(s->issues, s->name, (int)o->values[members[i].value].line, pointer,
                      "duplicate key; it was given on line %u already",
                      (unsigned)o->values[members[i].parent].line);
        o->values[members[i].value].repeated = true;
        o->values[members[i].parent].again = true;
    }
    o->nrepeated = ndup;
    free(members);
}

/* ---- the whole text ---- */

/* What can be said before any syntax: size, byte order mark, NUL, UTF-8. */
static void check_bytes(struct gw_scanner *s, const char *text, size_t len)
{
    if (len > GW_SCAN_SIZE_MAX) {
        gw_scan_fail(s, 0, "is larger than 1 MiB");
        return;
    }
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        gw_scan_fail(s, 1, "starts with a byte order mark; save the file as UTF-8 without BOM");
        return;
    }
    uint32_t line = 1;
    for (size_t i = 0; i < len;) {
        const size_t n = gw_utf8_char(text + i, len - i);
        if (n == 0) {
            gw_scan_fail(s, line, "the byte 0x%02X is not UTF-8; save the file as UTF-8",
                         (unsigned)(unsigned char)text[i]);
            return;
        }
        if (text[i] == '\0') {
            gw_scan_fail(s, line, "a NUL byte; this is no text file");
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
    struct gw_scanner s = {
        .out = out,
        .name = name,
        .issues = issues,
        .line = 1,
        .ended = 1,
        .where = GW_SCAN_NO_PARENT,
    };
    check_bytes(&s, text, len);
    if (s.status != GW_OK)
        goto out;
    out->clean = calloc(1, len + 1);
    if (out->clean == NULL || !gw_scan_put_key(&s, "", 1)) {
        s.status = GW_E_NOMEM;
        goto out;
    }
    memcpy(out->clean, text, len);
    gw_scan_space(&s);
    if (s.status == GW_OK)
        scan_value(&s, GW_SCAN_NO_PARENT, 0, 0, 1);
    s.where = GW_SCAN_NO_PARENT;
    gw_scan_space(&s);
    if (s.status == GW_OK && s.at < len)
        gw_scan_fail_expected(&s, "the end of the file", "");
    if (s.status != GW_E_NOMEM)
        find_duplicates(&s);

out:
    if (s.status != GW_OK)
        gw_scan_free(out);
    return s.status;
}

void gw_scan_free(struct gw_scan *s)
{
    free(s->clean);
    free(s->values);
    free(s->keys);
    *s = (struct gw_scan){0};
}
