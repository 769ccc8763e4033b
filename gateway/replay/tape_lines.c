/* SPDX-License-Identifier: Apache-2.0
 *
 * Line protocol: nonsite,device=gas,gateway=g1 p1=3.2,p1_q="GOOD",clock_sync=1i 1795305600130
 */
#include "replay/tape_in.h"

#include <string.h>

#include "publish/influx_line.h"

#define WORD 128 /* a name with its escapes taken off */

struct cursor {
    const char *p, *end;
};

/* Up to one of `stops`, which is not consumed; '\' takes the next character as it is. The word goes
 * to mem where it has escapes, else it is lent. False when it does not fit. */
static bool word(struct cursor *c, const char *stops, char mem[WORD], struct gw_slice *out)
{
    const char *start = c->p;
    bool escaped = false;
    while (c->p < c->end && strchr(stops, *c->p) == NULL) {
        if (*c->p == '\\' && c->p + 1 < c->end) {
            escaped = true;
            c->p++;
        }
        c->p++;
    }
    *out = (struct gw_slice){.p = start, .len = (size_t)(c->p - start)};
    if (!escaped)
        return true;
    size_t n = 0;
    for (const char *p = start; p < c->p; p++) {
        if (*p == '\\' && p + 1 < c->p && strchr(",= \\\"", p[1]) != NULL)
            p++;
        if (n == WORD)
            return false;
        mem[n++] = *p;
    }
    *out = (struct gw_slice){.p = mem, .len = n};
    return true;
}

static bool tags(struct gw_tape_line *l, struct cursor *c)
{
    bool has_device = false;
    while (c->p < c->end && *c->p == ',') {
        char mem[2][WORD];
        struct gw_slice key, value;
        c->p++;
        if (!word(c, "=, ", mem[0], &key) || c->p == c->end || *c->p != '=')
            return gw_tape_bad(l, "a tag has no value");
        c->p++;
        if (!word(c, ", ", mem[1], &value))
            return gw_tape_bad(l, "a tag is too long");
        if (gw_slice_is(key, "device")) {
            has_device = true;
            gw_tape_device(l, value);
        } else if (gw_slice_is(key, "gateway")) {
            l->foreign = l->foreign || !gw_slice_is(value, l->site->gateway.id);
        }
    }
    return has_device || l->foreign || gw_tape_bad(l, "the tag \"device\" is missing");
}

/* A string with its quotes. */
static bool quoted(struct gw_tape_line *l, struct cursor *c, char mem[WORD], struct gw_slice *out)
{
    c->p++;
    if (!word(c, "\"", mem, out))
        return gw_tape_bad(l, "a text is too long");
    if (c->p == c->end)
        return gw_tape_bad(l, "a text has no closing quote");
    c->p++;
    return true;
}

/* An integer has its 'i', a float has none: the type must be that of the point. */
static bool value(struct gw_tape_line *l, uint32_t point, struct gw_slice s)
{
    const struct gw_point *p = &l->site->points[point];
    const bool integer = s.len > 1 && s.p[s.len - 1] == 'i';
    if (integer)
        s.len--;
    else if (p->def->vtype == GW_V_INT || p->def->vtype == GW_V_STATE)
        return gw_tape_bad(l, "%s is declared as %s, but the field is no integer", p->id,
                           gw_vtype_name(p->def->vtype));
    if (integer && p->def->vtype == GW_V_NUM)
        return gw_tape_bad(l, "%s is declared as %s, but the field is an integer", p->id,
                           gw_vtype_name(p->def->vtype));
    return gw_tape_value(l, point, s);
}

static bool field(struct gw_tape_line *l, struct cursor *c)
{
    char mem[2][WORD];
    struct gw_slice name, text;
    bool quality = false;
    if (!word(c, "=, ", mem[0], &name) || name.len == 0 || c->p == c->end || *c->p != '=')
        return gw_tape_bad(l, "a field has no value");
    c->p++;
    const bool is_text = c->p < c->end && *c->p == '"';
    if (is_text ? !quoted(l, c, mem[1], &text) : !word(c, ", ", mem[1], &text))
        return is_text ? false : gw_tape_bad(l, "a field is too long");
    if (gw_slice_is(name, "clock_sync")) {
        l->sync = gw_slice_is(text, "1i");
        return true;
    }
    if (l->device == UINT32_MAX)
        return true;
    const uint32_t point = gw_tape_named(l, name, &quality);
    if (point == TAPE_NO_POINT) {
        l->unknown++;
        struct gw_slice id = {.p = l->site->devices[l->device].id, .len = 0};
        id.len = strlen(id.p);
        l->unknown_name(l->ctx, id, name);
        return true;
    }
    if (quality != is_text)
        return gw_tape_bad(l, "%s: %s", l->site->points[point].id,
                           quality ? "a quality is a text" : "a value is no text");
    return quality ? gw_tape_quality(l, point, text) : value(l, point, text);
}

bool gw_tape_read_lines(struct gw_tape_file *f, const char *text, size_t len,
                        struct gw_tape_line *l)
{
    struct cursor c = {.p = text, .end = text + len};
    char mem[WORD];
    struct gw_slice name;

    (void)f;
    if (len == 0 || text[0] == '#')
        return true;
    if (!word(&c, ", ", mem, &name) || c.p == c.end)
        return gw_tape_bad(l, "not a line of line protocol");
    if (!gw_slice_is(name, GW_INFLUX_MEASUREMENT)) {
        l->foreign = true;
        return true;
    }
    if (!tags(l, &c))
        return false;
    if (l->foreign)
        return true;
    do {
        if (c.p == c.end)
            return gw_tape_bad(l, "the line has no fields");
        c.p++; /* the space before the first field, the comma before others */
        if (!field(l, &c))
            return false;
    } while (c.p < c.end && *c.p == ',');
    if (c.p == c.end)
        return gw_tape_bad(l, "the line has no time");
    c.p++;
    if (!gw_tape_time(l, (struct gw_slice){.p = c.p, .len = (size_t)(c.end - c.p)}, &l->wall_ms))
        return false;
    for (size_t i = 0; i < l->n; i++)
        l->cells[i].wall_ms = l->wall_ms;
    return true;
}
