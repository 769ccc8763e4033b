/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jcs.h"

#include <assert.h>
#include <string.h>

#include "base/decimal.h"
#include "base/jcs_scan.h"
#include "base/text.h"

#define INTEGER_MAX (INT64_C(1) << 53)

void gw_jcs_init(struct gw_jcs *j, struct gw_buf *buf)
{
    *j = (struct gw_jcs){.buf = buf};
}

static bool fail(struct gw_jcs *j)
{
    j->buf->failed = true;
    return false;
}

/* Whether key, of n bytes, may come next in the object at this level; remembers it. */
static bool next_key(struct gw_jcs *j, const char *key, size_t n)
{
    char *last = j->last[j->depth];
    if (n >= GW_JCS_KEY)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!gw_jcs_key_char(key[i]))
            return false;
    if (j->comma[j->depth] && strcmp(last, key) >= 0)
        return false;
    memcpy(last, key, n + 1);
    return true;
}

/* ,"key": of n bytes. */
static bool put_key(struct gw_jcs *j, const char *key, size_t n)
{
    const size_t comma = j->comma[j->depth] ? 1 : 0;
    if (!next_key(j, key, n))
        return fail(j);
    char *to = gw_buf_extend(j->buf, comma + n + 3);
    if (to == NULL)
        return false;
    if (comma > 0)
        *to++ = ',';
    *to++ = '"';
    memcpy(to, key, n);
    to[n] = '"';
    to[n + 1] = ':';
    return true;
}

/* Writes what stands in front of a value. false, with the failure latched: write no value. */
static bool begin(struct gw_jcs *j, const char *key)
{
    if (j->buf->failed)
        return false;
    bool outside = j->depth == 0;
    bool object = !outside && !j->array[j->depth];
    if (object != (key != NULL) || (outside && j->comma[0]))
        return fail(j);

    if (object && !put_key(j, key, strlen(key)))
        return false;
    if (!object && j->comma[j->depth])
        gw_buf_char(j->buf, ',');
    j->comma[j->depth] = true;
    return !j->buf->failed;
}

static void open_container(struct gw_jcs *j, const char *key, bool array)
{
    if (!begin(j, key))
        return;
    if (j->depth == GW_JCS_DEPTH) {
        fail(j);
        return;
    }
    j->depth++;
    j->comma[j->depth] = false;
    j->array[j->depth] = array;
    gw_buf_char(j->buf, array ? '[' : '{');
}

void gw_jcs_obj(struct gw_jcs *j, const char *key)
{
    open_container(j, key, false);
}

void gw_jcs_arr(struct gw_jcs *j, const char *key)
{
    open_container(j, key, true);
}

void gw_jcs_end(struct gw_jcs *j)
{
    if (j->buf->failed)
        return;
    if (j->depth == 0) {
        fail(j);
        return;
    }
    gw_buf_char(j->buf, j->array[j->depth] ? ']' : '}');
    j->depth--;
}

/* The bytes of one character below 0x20, a quote or a backslash, as RFC 8785 wants them. */
static void put_escaped(struct gw_buf *buf, char c)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";

    const char *at = c != '\0' ? strchr(from, c) : NULL;
    if (at != NULL) {
        gw_buf_char(buf, '\\');
        gw_buf_char(buf, to[at - from]);
    } else {
        gw_buf_printf(buf, "\\u%04x", (unsigned)(unsigned char)c);
    }
}

void gw_jcs_strn(struct gw_jcs *j, const char *key, const char *value, size_t n)
{
    if (value == NULL || !gw_utf8_valid(value, n)) {
        fail(j);
        return;
    }
    if (!begin(j, key))
        return;
    gw_buf_char(j->buf, '"');
    size_t plain = 0; /* start of the bytes not yet written */
    for (size_t i = 0; i < n; i++) {
        char c = value[i];
        if ((unsigned char)c >= 0x20 && c != '"' && c != '\\')
            continue;
        gw_buf_put(j->buf, value + plain, i - plain);
        put_escaped(j->buf, c);
        plain = i + 1;
    }
    gw_buf_put(j->buf, value + plain, n - plain);
    gw_buf_char(j->buf, '"');
}

void gw_jcs_str(struct gw_jcs *j, const char *key, const char *value)
{
    gw_jcs_strn(j, key, value, value != NULL ? strlen(value) : 0);
}

void gw_jcs_int(struct gw_jcs *j, const char *key, int64_t value)
{
    if (value > INTEGER_MAX || value < -INTEGER_MAX) {
        fail(j);
        return;
    }
    if (begin(j, key))
        gw_buf_int(j->buf, value);
}

void gw_jcs_bool(struct gw_jcs *j, const char *key, bool value)
{
    if (begin(j, key))
        gw_buf_str(j->buf, value ? "true" : "false");
}

void gw_jcs_dec(struct gw_jcs *j, const char *key, double value, int decimals)
{
    char text[GW_DECIMAL_SIZE];
    gw_decimal(value, decimals, text);
    gw_jcs_str(j, key, text);
}

void gw_jcs_made(struct gw_jcs *j, const char *key, const char *json, size_t n)
{
    assert(gw_jcs_valid(json, n));
    if (begin(j, key))
        gw_buf_put(j->buf, json, n);
}

void gw_jcs_raw(struct gw_jcs *j, const char *key, const char *json, size_t n)
{
    /* Its containers count with those that are open here, or a reader of the whole could not tell
     * it from nonsense. */
    struct gw_jcs_scan s = {.p = json, .end = json != NULL ? json + n : NULL};
    if (json == NULL || !gw_jcs_scan_value(&s, GW_JCS_DEPTH - j->depth) || s.p != s.end) {
        fail(j);
        return;
    }
    if (begin(j, key))
        gw_buf_put(j->buf, json, n);
}

bool gw_jcs_done(const struct gw_jcs *j)
{
    return !j->buf->failed && j->depth == 0 && j->comma[0];
}

/* ---- merging ---- */

/* The members of one object, one after the other. */
struct members {
    struct gw_jcs_scan scan;
    struct gw_jcs_member now;
    bool more; /* now holds a member */
};

/* The text was found valid before, so only the end of the object stops it. */
static void members_next(struct members *m)
{
    m->more = *m->scan.p != '}';
    if (!m->more)
        return;
    if (*m->scan.p == ',')
        m->scan.p++;
    m->more = gw_jcs_scan_member(&m->scan, GW_JCS_DEPTH, &m->now);
}

static bool members_init(struct members *m, const char *json, size_t n)
{
    if (json == NULL || n < 2 || json[0] != '{' || !gw_jcs_valid(json, n))
        return false;
    m->scan = (struct gw_jcs_scan){.p = json + 1, .end = json + n};
    members_next(m);
    return true;
}

static void roll_back(struct gw_buf *out, size_t len)
{
    out->len = len;
    if (out->data != NULL)
        out->data[len] = '\0';
}

enum gw_status gw_jcs_merge(const char *a, size_t a_len, const char *b, size_t b_len,
                            struct gw_buf *out)
{
    struct members from[2];
    if (!members_init(&from[0], a, a_len) || !members_init(&from[1], b, b_len))
        return GW_E_PARSE;
    if (out->failed)
        return GW_E_FULL;

    size_t start = out->len;
    gw_buf_char(out, '{');
    while (from[0].more || from[1].more) {
        int order = 0;
        if (from[0].more && from[1].more)
            order = gw_jcs_member_compare(&from[0].now, &from[1].now);
        else
            order = from[0].more ? -1 : 1;
        if (order == 0) {
            roll_back(out, start);
            return GW_E_PARSE;
        }
        struct members *m = order < 0 ? &from[0] : &from[1];
        if (out->len > start + 1)
            gw_buf_char(out, ',');
        gw_buf_put(out, m->now.start, (size_t)(m->now.end - m->now.start));
        members_next(m);
    }
    gw_buf_char(out, '}');
    return out->failed ? GW_E_FULL : GW_OK;
}
