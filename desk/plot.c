/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/plot.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "desk/markup.h"
#include "desk/words.h"
#include "model/unit.h"

#define WIDTH    720.0
#define LEFT     64.0
#define RIGHT    12.0
#define TOP      10.0
#define HEIGHT   110.0 /* of a line's panel, without the axis below */
#define STRIP    34.0
#define AXIS     20.0
#define LABEL_PX 11

struct panel {
    const struct gw_jnode *point;
    const struct gw_desk_plot *plot;
    double t0, t1; /* wall time, ms */
    double lo, hi; /* of the values */
    double height;
    bool line; /* a quantity */
    struct gw_buf *out;
};

static double num_of(const struct gw_jnode *obj, const char *key)
{
    const struct gw_jnode *v = gw_jnode_get(obj, key);
    return v && gw_jnode_type(v) == GW_J_NUM ? gw_jnode_num(v) : (double)NAN;
}

/* A sample's value as a number; NAN where it is none to draw. */
static double value_of(const struct gw_jnode *sample)
{
    const char *v = gw_jnode_text(sample, "value");
    char *end;
    if (strcmp(gw_jnode_text(sample, "quality"), "GOOD") != 0 || v[0] == '\0')
        return (double)NAN;
    const double x = strtod(v, &end);
    return *end == '\0' && isfinite(x) ? x : (double)NAN;
}

static double x_of(const struct panel *p, double t)
{
    const double span = p->t1 > p->t0 ? p->t1 - p->t0 : 1;
    return LEFT + (WIDTH - LEFT - RIGHT) * (t - p->t0) / span;
}

static double y_of(const struct panel *p, double v)
{
    return TOP + p->height * (1 - (v - p->lo) / (p->hi - p->lo));
}

static const struct gw_jnode *samples_of(const struct gw_jnode *point)
{
    return gw_jnode_first(gw_jnode_get(point, "samples"));
}

static void scale(struct panel *p)
{
    double lo = (double)INFINITY, hi = -(double)INFINITY;
    p->t0 = (double)INFINITY;
    p->t1 = -(double)INFINITY;
    for (const struct gw_jnode *s = samples_of(p->point); s; s = gw_jnode_next(s)) {
        const double t = num_of(s, "wall_ms"), v = value_of(s);
        if (isfinite(t)) {
            p->t0 = fmin(p->t0, t);
            p->t1 = fmax(p->t1, t);
        }
        if (isfinite(v)) {
            lo = fmin(lo, v);
            hi = fmax(hi, v);
        }
    }
    if (p->plot->limit_point && strcmp(p->plot->limit_point, gw_jnode_text(p->point, "id")) == 0) {
        lo = fmin(lo, p->plot->limit);
        hi = fmax(hi, p->plot->limit);
    }
    if (lo > hi)
        lo = hi = 0;
    const double room = hi > lo ? (hi - lo) * 0.08 : fmax(fabs(hi) * 0.05, 0.5);
    p->lo = lo - room;
    p->hi = hi + room;
}

static void put_text(const struct panel *p, double x, double y, const char *anchor,
                     const char *text)
{
    gw_buf_printf(p->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    gw_markup(p->out, "%s", text);
    gw_buf_str(p->out, "</text>");
}

static void put_axis(const struct panel *p)
{
    const double base = TOP + p->height;
    for (int i = 0; i <= 4; i++) {
        char iso[GW_ISO_SIZE], clock[9];
        const double t = p->t0 + (p->t1 - p->t0) * i / 4;
        gw_clock_iso((int64_t)t, iso);
        (void)snprintf(clock, sizeof clock, "%.8s", iso + 11);
        put_text(p, x_of(p, t), base + 15, i == 0 ? "start" : i == 4 ? "end" : "middle", clock);
    }
    gw_buf_printf(p->out,
                  "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"frame\"/>",
                  LEFT, TOP, WIDTH - LEFT - RIGHT, p->height);
}

/* A stretch from one sample to another. */
static void put_band(const struct panel *p, double from, double to, const char *cls,
                     const char *label)
{
    const double x0 = x_of(p, from), x1 = x_of(p, to);
    gw_buf_printf(p->out,
                  "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"/>", x0,
                  TOP, fmax(x1 - x0, 1.5), p->height, cls);
    /* Room for the label, or none: half a word helps nobody. */
    if (x1 - x0 > 7.0 * (double)strlen(label) + 4)
        put_text(p, (x0 + x1) / 2, TOP + p->height / 2 + 4, "middle", label);
}

/* What a strip says during a sample, and how it looks; a line is only interrupted by bad quality.
 */
static const char *said(const struct panel *p, const struct gw_jnode *s, const char **cls)
{
    const char *quality = gw_jnode_text(s, "quality"), *value = gw_jnode_text(s, "value");
    if (strcmp(quality, "GOOD") != 0) {
        *cls = "bad";
        return gw_desk_quality_zh(quality);
    }
    if (p->line)
        return "";
    const bool quiet = strcmp(value, "false") == 0 || strcmp(value, "NORMAL") == 0;
    *cls = quiet ? "off" : "on";
    return value[0] != '\0' ? gw_desk_value_zh(value) : "";
}

static void put_bands(const struct panel *p)
{
    const char *cls = "", *word = "";
    double from = p->t0;
    for (const struct gw_jnode *s = samples_of(p->point); s; s = gw_jnode_next(s)) {
        const char *now_cls = "", *now = said(p, s, &now_cls);
        const double t = num_of(s, "wall_ms");
        if (strcmp(now, word) == 0 && strcmp(now_cls, cls) == 0)
            continue;
        if (word[0] != '\0')
            put_band(p, from, t, cls, word);
        from = t;
        cls = now_cls;
        word = now;
    }
    if (word[0] != '\0')
        put_band(p, from, p->t1, cls, word);
}

static void put_line(const struct panel *p)
{
    bool open = false;
    for (const struct gw_jnode *s = samples_of(p->point); s; s = gw_jnode_next(s)) {
        const double t = num_of(s, "wall_ms"), v = value_of(s);
        if (!isfinite(v) || !isfinite(t)) {
            if (open)
                gw_buf_str(p->out, "\"/>");
            open = false;
            continue;
        }
        if (!open)
            gw_buf_str(p->out, "<polyline class=\"line\" points=\"");
        gw_buf_printf(p->out, "%s%.1f,%.1f", open ? " " : "", x_of(p, t), y_of(p, v));
        open = true;
    }
    if (open)
        gw_buf_str(p->out, "\"/>");
}

static void put_limit(const struct panel *p)
{
    char text[48];
    if (!p->plot->limit_point || strcmp(p->plot->limit_point, gw_jnode_text(p->point, "id")) != 0)
        return;
    const double y = y_of(p, p->plot->limit);
    gw_buf_printf(p->out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"limit\"/>",
                  LEFT, y, WIDTH - RIGHT, y);
    (void)snprintf(text, sizeof text, "限值 %g", p->plot->limit);
    put_text(p, WIDTH - RIGHT - 4, y - 4, "end", text);
}

static void put_moment(const struct panel *p)
{
    const double t = (double)p->plot->moment_ms;
    if (p->plot->moment_ms == 0 || t < p->t0 || t > p->t1)
        return;
    gw_buf_printf(p->out,
                  "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"moment\"/>",
                  x_of(p, t), TOP, x_of(p, t), TOP + p->height);
}

static void put_scale(const struct panel *p)
{
    char text[32];
    for (int i = 0; i <= 2; i++) {
        const double v = p->lo + (p->hi - p->lo) * i / 2;
        (void)snprintf(text, sizeof text, "%.4g", v);
        put_text(p, LEFT - 6, y_of(p, v) + 4, "end", text);
    }
}

static void put_panel(const struct gw_desk_plot *plot, const struct gw_jnode *point,
                      struct gw_buf *out)
{
    const char *vtype = gw_jnode_text(point, "vtype");
    struct panel p = {.point = point, .plot = plot, .out = out};
    p.line = strcmp(vtype, "num") == 0 || strcmp(vtype, "int") == 0;
    p.height = p.line ? HEIGHT : STRIP;
    scale(&p);
    if (!(p.t1 >= p.t0)) {
        gw_markup(out, "<p class=\"note\">%s %s：窗口内没有样本。</p>\n",
                  gw_jnode_text(point, "role"), gw_jnode_text(point, "id"));
        return;
    }
    const char *unit = gw_unit_text(gw_jnode_text(point, "unit"));
    gw_markup(out, "<figure><figcaption>%s · %s%s%s</figcaption>\n", gw_jnode_text(point, "role"),
              gw_jnode_text(point, "id"), unit[0] ? " · " : "", unit);
    gw_buf_printf(out,
                  "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\""
                  " font-size=\"%d\">",
                  WIDTH, TOP + p.height + AXIS, LABEL_PX);
    put_bands(&p);
    if (p.line) {
        put_line(&p);
        put_limit(&p);
        put_scale(&p);
    }
    put_moment(&p);
    put_axis(&p);
    gw_buf_str(out, "</svg></figure>\n");
}

void gw_desk_plot(const struct gw_desk_plot *plot, struct gw_buf *out)
{
    for (const struct gw_jnode *p = gw_jnode_first(gw_jnode_get(plot->window, "points")); p;
         p = gw_jnode_next(p))
        put_panel(plot, p, out);
}
