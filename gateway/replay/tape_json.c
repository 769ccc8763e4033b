/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON lines: rows as publish/telemetry.h writes them, canonical, so their form is fixed.
 */
#include "replay/tape_in.h"

#include <string.h>

struct cursor {
    const char *p, *end;
    bool bad;
};

static bool at(const struct cursor *c, const char *text)
{
    const size_t n = strlen(text);
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
static struct gw_slice word(struct cursor *c)
{
    pass(c, "\"");
    const char *start = c->p;
    while (!c->bad && c->p < c->end && *c->p != '"')
        if (*c->p++ == '\\')
            c->bad = true;
    struct gw_slice s = {.p = start, .len = (size_t)(c->p - start)};
    pass(c, "\"");
    return s;
}

static struct gw_slice digits(struct cursor *c)
{
    const char *start = c->p;
    while (!c->bad && c->p < c->end && ((*c->p >= '0' && *c->p <= '9') || *c->p == '-'))
        c->p++;
    return (struct gw_slice){.p = start, .len = (size_t)(c->p - start)};
}

static bool point(struct gw_tape_line *l, struct cursor *c)
{
    struct gw_slice v = {.p = "", .len = 0};
    int64_t t = 0;
    bool ignored = false;
    const struct gw_slice id = word(c);
    pass(c, ":{\"q\":");
    const struct gw_slice q = word(c);
    pass(c, ",\"t\":");
    const struct gw_slice stamp = digits(c);
    const bool valued = at(c, ",");
    if (valued) {
        pass(c, ",\"v\":");
        v = word(c);
    }
    pass(c, "}");
    if (c->bad)
        return gw_tape_bad(l, "not a telemetry row");
    if (!gw_tape_integer(stamp, &t))
        return gw_tape_bad(l, "the time of %.*s is no number", (int)id.len, id.p);
    if (l->device == UINT32_MAX)
        return true;
    const uint32_t at_point = gw_tape_named(l, id, &ignored);
    if (at_point == TAPE_NO_POINT || ignored) {
        l->unknown++;
        l->unknown_name(l->ctx, (struct gw_slice){.p = "", .len = 0}, id);
        return true;
    }
    if (!gw_tape_quality(l, at_point, q) || (valued && !gw_tape_value(l, at_point, v)))
        return false;
    gw_tape_cell(l, at_point)->wall_ms = t;
    return true;
}

bool gw_tape_read_json(struct gw_tape_file *f, const char *text, size_t len, struct gw_tape_line *l)
{
    const char *brace = memchr(text, '{', len);

    (void)f;
    if (len == 0)
        return true;
    if (brace == NULL)
        return gw_tape_bad(l, "not a telemetry row");
    struct cursor c = {.p = brace, .end = text + len};
    pass(&c, "{\"device\":");
    const struct gw_slice device = word(&c);
    pass(&c, ",\"gateway\":");
    const struct gw_slice gateway = word(&c);
    if (at(&c, ",\"heartbeat_s\":"))
        return gw_tape_bad(l,
                           "this row was sent by exception, and what it leaves out would pass for "
                           "silence; record with publish.telemetry.heartbeat_s 0");
    pass(&c, ",\"points\":{");
    if (c.bad)
        return gw_tape_bad(l, "not a telemetry row");
    if (!gw_slice_is(gateway, l->site->gateway.id)) {
        l->foreign = true;
        return true;
    }
    gw_tape_device(l, device);
    for (bool first = true; !at(&c, "}"); first = false) {
        if (!first)
            pass(&c, ",");
        if (!point(l, &c))
            return false;
    }
    pass(&c, "},\"sync\":");
    l->sync = at(&c, "true");
    pass(&c, l->sync ? "true" : "false");
    pass(&c, ",\"t\":");
    const struct gw_slice t = digits(&c);
    pass(&c, ",\"v\":1}");
    if (c.bad || c.p != c.end)
        return gw_tape_bad(l, "not a telemetry row");
    return gw_tape_time(l, t, &l->wall_ms);
}
