/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/influx_line.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/point.h"
#include "publish/telemetry.h"

#define KEY_ESCAPED ",= "

struct tag {
    char *key, *value; /* value NULL: the row's */
    bool device;       /* which of the two that the row has */
};

struct gw_influx_line {
    struct tag *tags; /* by key, bytewise */
    size_t ntags;
    bool (*vtype)(const void *ctx, const char *id, enum gw_vtype *out);
    const void *ctx;
};

/* ---- tags ---- */

bool gw_influx_tag_valid(const char *text)
{
    size_t len = strlen(text);
    if (!gw_utf8_valid(text, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
        if (text[i] == '\\' && (i + 1 == len || strchr(KEY_ESCAPED, text[i + 1]) != NULL))
            return false;
    }
    return true;
}

/* Takes nothing over; keeps the order. */
static enum gw_status insert_tag(struct gw_influx_line *l, const char *key, const char *value,
                                 struct gw_err *err)
{
    struct tag t = {.device = strcmp(key, "device") == 0};
    size_t at = l->ntags;

    if (key[0] == '\0' || !gw_influx_tag_valid(key) ||
        (value != NULL && !gw_influx_tag_valid(value)))
        return gw_err_set(err, GW_E_INVAL, "tag \"%s\" cannot be written", key);
    while (at > 0 && strcmp(l->tags[at - 1].key, key) > 0)
        at--;
    if (at > 0 && strcmp(l->tags[at - 1].key, key) == 0)
        return gw_err_set(err, GW_E_INVAL, "tag \"%s\" is given twice", key);
    t.key = strdup(key);
    t.value = value != NULL ? strdup(value) : NULL;
    if (t.key == NULL || (value != NULL && t.value == NULL)) {
        free(t.key);
        free(t.value);
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    }
    memmove(&l->tags[at + 1], &l->tags[at], (l->ntags - at) * sizeof l->tags[0]);
    l->tags[at] = t;
    l->ntags++;
    return GW_OK;
}

enum gw_status gw_influx_line_new(const struct gw_influx_line_conf *conf,
                                  struct gw_influx_line **out, struct gw_err *err)
{
    struct gw_influx_line *l = calloc(1, sizeof *l);
    if (l != NULL)
        l->tags = calloc(conf->ntags + 2, sizeof *l->tags);
    if (l == NULL || l->tags == NULL) {
        gw_influx_line_free(l);
        return gw_err_set(err, GW_E_NOMEM, "out of memory");
    }
    l->vtype = conf->vtype;
    l->ctx = conf->ctx;
    enum gw_status status = insert_tag(l, "device", NULL, err);
    if (status == GW_OK)
        status = insert_tag(l, "gateway", NULL, err);
    for (size_t i = 0; i < conf->ntags && status == GW_OK; i++)
        if (conf->tags[i].value[0] != '\0')
            status = insert_tag(l, conf->tags[i].key, conf->tags[i].value, err);
    if (status != GW_OK) {
        gw_influx_line_free(l);
        return status;
    }
    *out = l;
    return GW_OK;
}

void gw_influx_line_free(struct gw_influx_line *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; i < l->ntags; i++) {
        free(l->tags[i].key);
        free(l->tags[i].value);
    }
    free(l->tags);
    free(l);
}

/* ---- reading the row: its form is fixed, so anything else is no row ---- */

struct slice {
    const char *p;
    size_t len;
};

struct cursor {
    const char *p, *end;
    bool bad;
};

static bool at(const struct cursor *c, const char *text)
{
    size_t n = strlen(text);
    return !c->bad && (size_t)(c->end - c->p) >= n && memcmp(c->p, text, n) == 0;
}

static void pass(struct cursor *c, const char *text)
{
    if (at(c, text))
        c->p += strlen(text);
    else
        c->bad = true;
}

/* A string with its quotes; ids, qualities and values need no escapes. */
static struct slice word(struct cursor *c)
{
    struct slice s = {.p = "", .len = 0};
    pass(c, "\"");
    const char *start = c->p;
    while (!c->bad && c->p < c->end && *c->p != '"') {
        if (*c->p == '\\' || (unsigned char)*c->p < 0x20)
            c->bad = true;
        c->p++;
    }
    if (!c->bad)
        s = (struct slice){.p = start, .len = (size_t)(c->p - start)};
    pass(c, "\"");
    return s;
}

static struct slice number(struct cursor *c)
{
    const char *start = c->p;
    if (at(c, "-"))
        c->p++;
    const char *digits = c->p;
    while (!c->bad && c->p < c->end && *c->p >= '0' && *c->p <= '9')
        c->p++;
    if (c->p == digits || c->p - digits > 16) /* 2^53 has 16 */
        c->bad = true;
    return (struct slice){.p = start, .len = (size_t)(c->p - start)};
}

static bool is(struct slice s, const char *text)
{
    return strlen(text) == s.len && memcmp(s.p, text, s.len) == 0;
}

/* false: it does not fit. */
static bool copy(struct slice s, char *out, size_t size)
{
    if (s.len >= size)
        return false;
    memcpy(out, s.p, s.len);
    out[s.len] = '\0';
    return true;
}

/* ---- values ---- */

/* Behind the digits at v. */
static const char *digits(const char *v)
{
    while (*v >= '0' && *v <= '9')
        v++;
    return v;
}

/* "-12", "3.25". */
static bool is_decimal(const char *v)
{
    v += *v == '-';
    const char *end = digits(v);
    if (end == v || *end == '\0')
        return end != v;
    return *end == '.' && end[1] != '\0' && *digits(end + 1) == '\0';
}

/* As an integer of the line protocol; false when it is none. */
static bool as_integer(const char *v, int64_t *out)
{
    char *end;
    if (!is_decimal(v) || strchr(v, '.') != NULL)
        return false;
    errno = 0;
    long long n = strtoll(v, &end, 10);
    if (errno != 0)
        return false;
    *out = n;
    return true;
}

static bool as_bool(const char *v, int64_t *out)
{
    bool yes = strcmp(v, "true") == 0;
    if (!yes && strcmp(v, "false") != 0)
        return false;
    *out = yes;
    return true;
}

static bool as_state(const char *v, int64_t *out)
{
    enum gw_state s;
    if (!gw_state_parse(v, &s))
        return false;
    *out = (int64_t)s;
    return true;
}

/* The integer that the text is under this type; false: it is none. */
static bool integer_of(enum gw_vtype t, const char *v, int64_t *out)
{
    switch (t) {
    case GW_V_NUM:
        return false;
    case GW_V_INT:
        return as_integer(v, out);
    case GW_V_BOOL:
        return as_bool(v, out);
    case GW_V_STATE:
        return as_state(v, out);
    }
    return false;
}

/* Writes the value as it stands behind '='; false: the text is no value. */
static bool put_value(const struct gw_influx_line *l, const char *id, const char *v,
                      struct gw_buf *out)
{
    enum gw_vtype t;
    int64_t n;

    bool declared = l->vtype(l->ctx, id, &t);
    if ((declared && integer_of(t, v, &n)) ||
        (!is_decimal(v) && (as_bool(v, &n) || as_state(v, &n)))) {
        gw_buf_int(out, n);
        gw_buf_char(out, 'i');
        return true;
    }
    if (!is_decimal(v))
        return false;
    gw_buf_str(out, v); /* a float needs no point */
    return true;
}

/* ---- the line ---- */

static bool is_one_of(char c, const char *of)
{
    while (*of != '\0' && *of != c)
        of++;
    return *of != '\0';
}

static void put_escaped(struct gw_buf *out, const char *text, size_t len, const char *escaped)
{
    size_t plain = 0; /* start of the bytes not yet written */
    for (size_t i = 0; i < len; i++) {
        if (!is_one_of(text[i], escaped))
            continue;
        gw_buf_put(out, text + plain, i - plain);
        gw_buf_char(out, '\\');
        plain = i;
    }
    gw_buf_put(out, text + plain, len - plain);
}

static void put_tags(const struct gw_influx_line *l, struct slice device, struct slice gateway,
                     struct gw_buf *out)
{
    for (size_t i = 0; i < l->ntags; i++) {
        const struct tag *t = &l->tags[i];
        struct slice value = t->device ? device : gateway;
        if (t->value != NULL)
            value = (struct slice){.p = t->value, .len = strlen(t->value)};
        if (value.len == 0)
            continue;
        gw_buf_char(out, ',');
        put_escaped(out, t->key, strlen(t->key), KEY_ESCAPED);
        gw_buf_char(out, '=');
        put_escaped(out, value.p, value.len, KEY_ESCAPED);
    }
}

/* Names that InfluxDB keeps for itself are refused by --check; a row of before gets a letter. */
static void put_name(struct gw_buf *out, struct slice name)
{
    if (name.len == 0 || name.p[0] == '_' || is(name, "time"))
        gw_buf_char(out, 'p');
    put_escaped(out, name.p, name.len, KEY_ESCAPED);
}

/* One member of "points" as its fields, each with a comma behind it. */
static void put_point(const struct gw_influx_line *l, struct cursor *c, struct slice device,
                      struct gw_buf *out)
{
    char id[GW_POINT_ID], value[GW_VALUE_TEXT];
    struct slice name = word(c);

    if (!copy(name, id, sizeof id)) {
        c->bad = true;
        return;
    }
    if (name.len > device.len + 1 && memcmp(name.p, device.p, device.len) == 0 &&
        name.p[device.len] == '.') {
        name.p += device.len + 1;
        name.len -= device.len + 1;
    }
    pass(c, ":{\"q\":");
    struct slice quality = word(c);
    pass(c, ",\"t\":");
    (void)number(c);
    if (at(c, ",")) {
        pass(c, ",\"v\":");
        struct slice v = word(c);
        if (c->bad || !copy(v, value, sizeof value)) {
            c->bad = true;
            return;
        }
        put_name(out, name);
        gw_buf_char(out, '=');
        c->bad = !put_value(l, id, value, out);
        gw_buf_char(out, ',');
    }
    pass(c, "}");
    put_name(out, name);
    gw_buf_str(out, "_q=\"");
    put_escaped(out, quality.p, quality.len, "\"\\");
    gw_buf_str(out, "\",");
}

enum gw_status gw_influx_line_encode(const struct gw_influx_line *l, const char *row, size_t len,
                                     char device[GW_ID_SIZE], struct gw_buf *out)
{
    struct cursor c = {.p = row, .end = row + len};
    size_t npoints = 0;

    gw_buf_clear(out);
    device[0] = '\0';
    pass(&c, "{\"device\":");
    struct slice name = word(&c);
    pass(&c, ",\"gateway\":");
    struct slice gateway = word(&c);
    if (at(&c, ",\"heartbeat_s\":")) {
        pass(&c, ",\"heartbeat_s\":");
        (void)number(&c);
    }
    pass(&c, ",\"points\":{");
    if (c.bad || name.len == 0 || !copy(name, device, GW_ID_SIZE))
        return GW_E_PARSE;
    gw_buf_str(out, GW_INFLUX_MEASUREMENT);
    put_tags(l, name, gateway, out);
    gw_buf_char(out, ' ');
    for (; !c.bad && !at(&c, "}"); npoints++) {
        if (npoints > 0)
            pass(&c, ",");
        put_point(l, &c, name, out);
    }
    pass(&c, "},\"sync\":");
    bool sync = at(&c, "true");
    pass(&c, sync ? "true" : "false");
    pass(&c, ",\"t\":");
    struct slice t = number(&c);
    pass(&c, ",\"v\":1}");
    if (c.bad || c.p != c.end)
        return GW_E_PARSE;
    if (npoints == 0)
        return GW_E_NOTFOUND;
    gw_buf_printf(out, "clock_sync=%di %.*s\n", sync, (int)t.len, t.p);
    return out->failed ? GW_E_FULL : GW_OK;
}
