/* SPDX-License-Identifier: Apache-2.0
 *
 * The pieces of which lines of all forms are made.
 */
#include "replay/tape_in.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define SHOWN 40 /* bytes of a bad word in a message */

bool gw_slice_is(struct gw_slice s, const char *text)
{
    return strlen(text) == s.len && memcmp(s.p, text, s.len) == 0;
}

bool gw_tape_bad(struct gw_tape_line *l, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(l->why, sizeof l->why, fmt, ap);
    va_end(ap);
    return false;
}

static int shown(struct gw_slice s)
{
    return s.len < SHOWN ? (int)s.len : SHOWN;
}

/* ---- numbers ---- */

bool gw_tape_integer(struct gw_slice s, int64_t *out)
{
    const bool minus = s.len > 0 && s.p[0] == '-';
    int64_t n = 0;
    if (s.len == (minus ? 1U : 0U))
        return false;
    for (size_t i = minus ? 1 : 0; i < s.len; i++) {
        const int digit = s.p[i] - '0';
        if (digit < 0 || digit > 9 || n > (INT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = minus ? -n : n;
    return true;
}

/* "-12", "3.25": digits that a double holds exactly, divided by a power of ten that it holds
 * exactly, too, give the nearest double, as strtod does. */
static bool short_decimal(struct gw_slice s, double *out)
{
    static const double tens[] = {1.0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const bool minus = s.len > 0 && s.p[0] == '-';
    uint64_t n = 0;
    size_t digits = 0;
    size_t fraction = 0;
    bool point = false;
    for (size_t i = minus ? 1 : 0; i < s.len; i++) {
        if (s.p[i] == '.' && !point && digits > 0) {
            point = true;
            continue;
        }
        if (s.p[i] < '0' || s.p[i] > '9' || ++digits > 15)
            return false;
        n = n * 10 + (uint64_t)(s.p[i] - '0');
        fraction += point ? 1 : 0;
    }
    if (digits == 0 || (point && fraction == 0))
        return false;
    const double x = (double)n / tens[fraction];
    *out = minus ? -x : x;
    return true;
}

bool gw_tape_number(struct gw_tape_line *l, struct gw_slice s, double *out)
{
    char text[64];
    char *end = text;
    if (short_decimal(s, out))
        return true;
    if (s.len > 0 && s.len < sizeof text) {
        memcpy(text, s.p, s.len);
        text[s.len] = '\0';
        /* No "inf", "nan" or "0x1p3", which strtod would take. */
        if (strspn(text, "0123456789+-.eE") == s.len) {
            const double x = strtod(text, &end);
            if (*end == '\0' && isfinite(x)) {
                *out = x;
                return true;
            }
        }
    }
    return gw_tape_bad(l, "\"%.*s\" is not a number", shown(s), s.p);
}

/* ---- time ---- */

/* n digits at *at, a number of lo..hi. */
static bool field(const char **at, const char *end, int n, int range[2], int *out)
{
    int v = 0;
    for (int i = 0; i < n; i++, (*at)++) {
        if (*at >= end || **at < '0' || **at > '9')
            return false;
        v = v * 10 + (**at - '0');
    }
    *out = v;
    return v >= range[0] && v <= range[1];
}

static bool mark(const char **at, const char *end, const char *any)
{
    if (*at >= end || strchr(any, **at) == NULL)
        return false;
    (*at)++;
    return true;
}

/* Days since 1970 in the proleptic Gregorian calendar. */
static int64_t days(int y, int m, int d)
{
    const int64_t yy = m <= 2 ? y - 1 : y;
    const int64_t era = yy / 400;
    const int64_t yoe = yy - era * 400;
    const int64_t doy = (INT64_C(153) * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static bool zone(const char **at, const char *end, int64_t *minutes)
{
    int h = 0;
    int m = 0;
    if (mark(at, end, "Zz")) {
        *minutes = 0;
        return true;
    }
    const bool west = *at < end && **at == '-';
    if (!mark(at, end, "+-") || !field(at, end, 2, (int[]){0, 14}, &h))
        return false;
    (void)mark(at, end, ":");
    if (!field(at, end, 2, (int[]){0, 59}, &m))
        return false;
    const int64_t ahead = INT64_C(60) * h + m;
    *minutes = west ? -ahead : ahead;
    return true;
}

static bool rfc3339(struct gw_slice s, int64_t *out)
{
    const char *at = s.p;
    const char *end = s.p + s.len;
    int y, mo, d, h, mi, sec;
    int64_t ms = 0;
    int64_t minutes = 0;
    if (!field(&at, end, 4, (int[]){1970, 9999}, &y) || !mark(&at, end, "-") ||
        !field(&at, end, 2, (int[]){1, 12}, &mo) || !mark(&at, end, "-") ||
        !field(&at, end, 2, (int[]){1, 31}, &d) || !mark(&at, end, "Tt ") ||
        !field(&at, end, 2, (int[]){0, 23}, &h) || !mark(&at, end, ":") ||
        !field(&at, end, 2, (int[]){0, 59}, &mi) || !mark(&at, end, ":") ||
        !field(&at, end, 2, (int[]){0, 60}, &sec))
        return false;
    if (mark(&at, end, ".")) {
        int64_t scale = 100;
        const char *first = at;
        for (; at < end && *at >= '0' && *at <= '9'; at++, scale /= 10)
            ms += (*at - '0') * scale;
        if (at == first)
            return false;
    }
    if (!zone(&at, end, &minutes) || at != end)
        return false;
    const int64_t day = days(y, mo, d);
    if (mo < 12 ? day >= days(y, mo + 1, 1) : day >= days(y + 1, 1, 1))
        return false;
    *out = ((day * 24 + h) * 60 + mi - minutes) * 60000 + INT64_C(1000) * sec + ms;
    return true;
}

bool gw_tape_time(struct gw_tape_line *l, struct gw_slice s, int64_t *out)
{
    int64_t n = 0;
    if (gw_tape_integer(s, &n) && n >= 0) {
        switch (s.len) {
        case 10:
            *out = n * 1000;
            return true;
        case 13:
            *out = n;
            return true;
        case 16:
            *out = n / 1000;
            return true;
        case 19:
            *out = n / 1000000;
            return true;
        default:
            return gw_tape_bad(l, "time \"%.*s\": not 10, 13, 16 or 19 digits (s, ms, us, ns)",
                               shown(s), s.p);
        }
    }
    if (rfc3339(s, out))
        return true;
    return gw_tape_bad(l,
                       "time \"%.*s\": neither a number nor 2026-11-22T08:00:00+08:00 with its "
                       "zone",
                       shown(s), s.p);
}

/* ---- devices and points ---- */

void gw_tape_device(struct gw_tape_line *l, struct gw_slice id)
{
    l->device = UINT32_MAX;
    for (size_t i = 0; i < l->site->ndevices; i++) {
        if (gw_slice_is(id, l->site->devices[i].id)) {
            l->device = (uint32_t)i;
            l->derived = gw_site_is_derived(&l->site->buses[l->site->devices[i].bus]);
            return;
        }
    }
    l->unknown++;
    l->unknown_name(l->ctx, id, (struct gw_slice){.p = "", .len = 0});
}

static uint32_t named(const struct gw_tape_line *l, struct gw_slice name)
{
    const struct gw_site_device *d = &l->site->devices[l->device];
    const size_t skip = strlen(d->id) + 1;
    /* Points come in their own order more often than not. */
    const size_t start = l->n > 0 ? l->cells[l->n - 1].point - d->first_point : 0;
    for (size_t k = 0; k < d->npoints; k++) {
        const uint32_t point = d->first_point + (uint32_t)((start + k) % d->npoints);
        const char *id = l->site->points[point].id;
        if (strlen(id) > skip && gw_slice_is(name, id + skip))
            return point;
        if (gw_slice_is(name, id))
            return point;
    }
    return TAPE_NO_POINT;
}

uint32_t gw_tape_named(const struct gw_tape_line *l, struct gw_slice name, bool *quality)
{
    const uint32_t point = named(l, name);
    *quality = false;
    if (point != TAPE_NO_POINT || name.len < 3 || memcmp(name.p + name.len - 2, "_q", 2) != 0)
        return point;
    *quality = true;
    return named(l, (struct gw_slice){.p = name.p, .len = name.len - 2});
}

/* ---- cells ---- */

struct gw_cell *gw_tape_cell(struct gw_tape_line *l, uint32_t point)
{
    for (size_t i = l->n; i-- > 0;)
        if (l->cells[i].point == point)
            return &l->cells[i];
    if (l->n == l->room)
        return NULL;
    l->cells[l->n] =
        (struct gw_cell){.point = point, .quality = TAPE_NO_QUALITY, .wall_ms = l->wall_ms};
    return &l->cells[l->n++];
}

static bool state_of(struct gw_slice s, int64_t *out)
{
    char name[24];
    enum gw_state state;
    if (gw_tape_integer(s, out))
        return *out >= 0 && *out < GW_S_COUNT;
    if (s.len >= sizeof name)
        return false;
    memcpy(name, s.p, s.len);
    name[s.len] = '\0';
    if (!gw_state_parse(name, &state))
        return false;
    *out = (int64_t)state;
    return true;
}

static bool truth_of(struct gw_slice s, int64_t *out)
{
    const bool yes = gw_slice_is(s, "true") || gw_slice_is(s, "1");
    *out = yes ? 1 : 0;
    return yes || gw_slice_is(s, "false") || gw_slice_is(s, "0");
}

static bool datum(struct gw_tape_line *l, const struct gw_point *p, struct gw_slice s,
                  union gw_datum *out)
{
    switch (p->def->vtype) {
    case GW_V_NUM:
        return gw_tape_number(l, s, &out->num);
    case GW_V_INT:
        return gw_tape_integer(s, &out->i) ||
               gw_tape_bad(l, "%s: \"%.*s\" is not a whole number", p->id, shown(s), s.p);
    case GW_V_BOOL:
        return truth_of(s, &out->i) ||
               gw_tape_bad(l, "%s: \"%.*s\" is not true, false, 1 or 0", p->id, shown(s), s.p);
    case GW_V_STATE:
        return state_of(s, &out->i) ||
               gw_tape_bad(l, "%s: \"%.*s\" is not a state", p->id, shown(s), s.p);
    }
    return false;
}

bool gw_tape_value(struct gw_tape_line *l, uint32_t point, struct gw_slice s)
{
    const struct gw_point *p = &l->site->points[point];
    union gw_datum value = {.i = 0};
    struct gw_cell *c = gw_tape_cell(l, point);
    if (c == NULL || c->valued)
        return gw_tape_bad(l, "%s is given twice", p->id);
    if (!datum(l, p, s, &value))
        return false;
    c->value = value;
    c->valued = 1;
    return true;
}

bool gw_tape_quality(struct gw_tape_line *l, uint32_t point, struct gw_slice s)
{
    const struct gw_point *p = &l->site->points[point];
    char name[24] = "";
    enum gw_quality q;
    struct gw_cell *c = gw_tape_cell(l, point);
    if (c == NULL || c->quality != TAPE_NO_QUALITY)
        return gw_tape_bad(l, "the quality of %s is given twice", p->id);
    if (s.len < sizeof name)
        memcpy(name, s.p, s.len);
    name[s.len < sizeof name ? s.len : 0] = '\0';
    if (!gw_quality_parse(name, &q))
        return gw_tape_bad(l, "%s: \"%.*s\" is not a quality", p->id, shown(s), s.p);
    c->quality = (uint8_t)q;
    return true;
}
