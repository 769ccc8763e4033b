/* SPDX-License-Identifier: Apache-2.0
 *
 * CSV: a heading says what the columns are. After an empty line or one of '#' another heading comes.
 */
#include "replay/tape_in.h"

#include <stdio.h>
#include <string.h>

#include "publish/influx_line.h"

static const struct {
    const char *name;
    uint8_t is;
} known[] = {
    {"time", GW_COL_TIME},
    {"_time", GW_COL_TIME},
    {"point", GW_COL_POINT},
    {"value", GW_COL_VALUE},
    {"_value", GW_COL_VALUE},
    {"quality", GW_COL_QUALITY},
    {"device", GW_COL_DEVICE},
    {"_field", GW_COL_FIELD},
    {"field", GW_COL_FIELD},
    {"gateway", GW_COL_GATEWAY},
    {"name", GW_COL_MEASUREMENT},
    {"_measurement", GW_COL_MEASUREMENT},
    {"clock_sync", GW_COL_SYNC},
    {"iox::measurement", GW_COL_MEASUREMENT},
    {"", GW_COL_NONE},
    {"result", GW_COL_NONE},
    {"table", GW_COL_NONE},
    {"_start", GW_COL_NONE},
    {"_stop", GW_COL_NONE},
    {"tags", GW_COL_NONE},
    {"county", GW_COL_NONE},
    {"enterprise", GW_COL_NONE},
};

/* ---- cells of a line ---- */

struct cells {
    struct gw_slice at[TAPE_COLUMNS];
    size_t n;
};

/* A quoted cell at *p, its doubled quotes made single in the line itself; *p moves behind it. */
static bool quoted(char **p, char *end, struct gw_slice *out)
{
    char *to = ++*p;
    *out = (struct gw_slice){.p = to, .len = 0};
    for (char *from = to; from < end; from++) {
        if (*from == '"' && (from + 1 == end || from[1] != '"')) {
            *p = from + 1;
            out->len = (size_t)(to - out->p);
            return true;
        }
        if (*from == '"')
            from++;
        *to++ = *from;
    }
    return false;
}

static bool split(struct gw_tape_line *l, char *p, char *end, struct cells *out)
{
    out->n = 0;
    for (;;) {
        struct gw_slice *s = &out->at[out->n];
        if (out->n == TAPE_COLUMNS)
            return gw_tape_bad(l, "more than %d columns", TAPE_COLUMNS);
        if (p < end && *p == '"') {
            if (!quoted(&p, end, s) || (p < end && *p != ','))
                return gw_tape_bad(l, "a quoted cell does not end");
        } else {
            char *comma = memchr(p, ',', (size_t)(end - p));
            char *stop = comma != NULL ? comma : end;
            *s = (struct gw_slice){.p = p, .len = (size_t)(stop - p)};
            p = stop;
        }
        out->n++;
        if (p == end)
            return true;
        p++;
    }
}

/* ---- the heading ---- */

static const struct gw_column *column(const struct gw_tape_file *f, uint8_t is)
{
    for (size_t i = 0; i < f->ncolumns; i++)
        if (f->columns[i].is == is)
            return &f->columns[i];
    return NULL;
}

static bool is_tag(const struct gw_site *site, struct gw_slice name)
{
    for (size_t i = 0; i < site->influx.ntags; i++)
        if (gw_slice_is(name, site->influx.tags[i].key))
            return true;
    return false;
}

static void understand(const struct gw_site *site, struct gw_slice name, struct gw_column *c)
{
    *c = (struct gw_column){.is = GW_COL_NAMED, .device = UINT32_MAX};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (gw_slice_is(name, known[i].name))
            c->is = known[i].is;
    if (c->is != GW_COL_NAMED)
        return;
    if (is_tag(site, name) || name.len >= sizeof c->name)
        c->is = GW_COL_NONE;
    else
        memcpy(c->name, name.p, name.len);
}

static bool heading(struct gw_tape_file *f, const struct cells *cells, struct gw_tape_line *l)
{
    f->ncolumns = cells->n;
    for (size_t i = 0; i < cells->n; i++)
        understand(l->site, cells->at[i], &f->columns[i]);
    const bool each = column(f, GW_COL_POINT) != NULL || column(f, GW_COL_FIELD) != NULL;
    const char *missing = NULL;
    if (column(f, GW_COL_TIME) == NULL)
        missing = "time";
    else if (each && column(f, GW_COL_VALUE) == NULL)
        missing = "value";
    else if (column(f, GW_COL_POINT) == NULL && column(f, GW_COL_DEVICE) == NULL)
        missing = each ? "device" : "point";
    if (missing == NULL)
        return true;
    f->ncolumns = 0;
    return gw_tape_bad(l, "the heading has no column \"%s\"", missing);
}

/* ---- lines ---- */

static struct gw_slice cell(const struct gw_tape_file *f, const struct cells *cells, uint8_t is)
{
    const struct gw_column *c = column(f, is);
    return c != NULL ? cells->at[c - f->columns] : (struct gw_slice){.p = "", .len = 0};
}

static void not_known(struct gw_tape_line *l, struct gw_slice name)
{
    struct gw_slice device = {.p = "", .len = 0};
    if (l->device != UINT32_MAX) {
        device.p = l->site->devices[l->device].id;
        device.len = strlen(device.p);
    }
    l->unknown++;
    l->unknown_name(l->ctx, device, name);
}

static bool put(struct gw_tape_line *l, uint32_t point, struct gw_slice value,
                struct gw_slice quality)
{
    if (value.len == 0 && quality.len == 0)
        return gw_tape_bad(l, "%s has neither a value nor a quality", l->site->points[point].id);
    return (value.len == 0 || gw_tape_value(l, point, value)) &&
           (quality.len == 0 || gw_tape_quality(l, point, quality));
}

/* time, point, value, quality. */
static bool by_point(struct gw_tape_line *l, struct gw_slice id, struct gw_slice value,
                     struct gw_slice quality)
{
    char name[GW_POINT_ID];
    uint32_t point = 0;
    if (id.len >= sizeof name)
        return gw_tape_bad(l, "the point's name is too long");
    memcpy(name, id.p, id.len);
    name[id.len] = '\0';
    if (!gw_site_find_point(l->site, name, &point)) {
        not_known(l, id);
        return true;
    }
    l->device = l->site->points[point].device;
    l->derived = gw_site_is_derived(&l->site->buses[l->site->devices[l->device].bus]);
    return put(l, point, value, quality);
}

/* time, device, field, value: the quality comes in a line of its own. */
static bool by_field(struct gw_tape_line *l, struct gw_slice name, struct gw_slice value,
                     struct gw_slice quality)
{
    const struct gw_slice none = {.p = "", .len = 0};
    bool is_quality = false;
    if (gw_slice_is(name, "clock_sync"))
        return true;
    const uint32_t point = gw_tape_named(l, name, &is_quality);
    if (point == TAPE_NO_POINT) {
        not_known(l, name);
        return true;
    }
    return is_quality ? put(l, point, none, value) : put(l, point, value, quality);
}

/* time, device, and a column for each point and quality. */
static bool by_columns(struct gw_tape_file *f, const struct cells *cells, struct gw_tape_line *l)
{
    for (size_t i = 0; i < f->ncolumns; i++) {
        struct gw_column *c = &f->columns[i];
        if (c->is != GW_COL_NAMED || cells->at[i].len == 0)
            continue;
        const struct gw_slice name = {.p = c->name, .len = strlen(c->name)};
        if (c->device != l->device) {
            c->device = l->device;
            c->point = gw_tape_named(l, name, &c->quality);
        }
        if (c->point == TAPE_NO_POINT)
            not_known(l, name);
        else if (!(c->quality ? gw_tape_quality(l, c->point, cells->at[i])
                              : gw_tape_value(l, c->point, cells->at[i])))
            return false;
    }
    return true;
}

static bool is_foreign(const struct gw_tape_file *f, const struct cells *cells,
                       const struct gw_tape_line *l)
{
    const struct gw_slice of = cell(f, cells, GW_COL_MEASUREMENT);
    const struct gw_slice gateway = cell(f, cells, GW_COL_GATEWAY);
    return (of.len > 0 && !gw_slice_is(of, GW_INFLUX_MEASUREMENT)) ||
           (gateway.len > 0 && !gw_slice_is(gateway, l->site->gateway.id));
}

static bool body(struct gw_tape_file *f, const struct cells *cells, struct gw_tape_line *l)
{
    if (cells->n != f->ncolumns)
        return gw_tape_bad(l, "%zu columns, but the heading has %zu", cells->n, f->ncolumns);
    l->foreign = is_foreign(f, cells, l);
    if (l->foreign)
        return true;
    if (!gw_tape_time(l, cell(f, cells, GW_COL_TIME), &l->wall_ms))
        return false;
    const struct gw_slice sync = cell(f, cells, GW_COL_SYNC);
    const struct gw_slice value = cell(f, cells, GW_COL_VALUE);
    const struct gw_slice quality = cell(f, cells, GW_COL_QUALITY);
    l->sync = gw_slice_is(sync, "1") || gw_slice_is(sync, "1i");
    if (column(f, GW_COL_POINT) != NULL)
        return by_point(l, cell(f, cells, GW_COL_POINT), value, quality);
    gw_tape_device(l, cell(f, cells, GW_COL_DEVICE));
    if (l->device == UINT32_MAX)
        return true;
    if (column(f, GW_COL_FIELD) != NULL)
        return by_field(l, cell(f, cells, GW_COL_FIELD), value, quality);
    return by_columns(f, cells, l);
}

bool gw_tape_read_csv(struct gw_tape_file *f, const char *text, size_t len, struct gw_tape_line *l)
{
    struct cells cells;
    char *start = f->line + (text - f->line);

    if (len == 0 || text[0] == '#') {
        f->ncolumns = 0;
        return true;
    }
    if (!split(l, start, start + len, &cells))
        return false;
    return f->ncolumns == 0 ? heading(f, &cells, l) : body(f, &cells, l);
}
