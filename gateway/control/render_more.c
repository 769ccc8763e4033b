/* SPDX-License-Identifier: Apache-2.0
 *
 * What the core wrote itself, in its frame; and the history of a point.
 */
#include <math.h>
#include <string.h>

#include "control/render_parts.h"
#include "finding/instrument.h"
#include "publish/telemetry.h"

/* A text that is not there stands for nothing of it: the engine does not run yet. */
static void write_piece(struct gw_jcs *j, const struct gw_render *r, const char *key,
                        enum gw_snapshot_text text)
{
    const struct gw_buf *b = &r->snapshot->texts[text];
    if (b->len > 0) {
        gw_jcs_raw(j, key, b->data, b->len);
        return;
    }
    gw_jcs_arr(j, key);
    gw_jcs_end(j);
}

static void write_framed(const struct gw_render *r, const char *key, enum gw_snapshot_text text,
                         struct gw_buf *out)
{
    const bool early = strcmp(key, "gateway") < 0; /* members stand in the order of their names */
    struct gw_jcs j;

    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_bool(&j, "deciding", r->snapshot->deciding);
    if (early)
        write_piece(&j, r, key, text);
    gw_jcs_str(&j, "gateway", r->site->gateway.id);
    gw_render_wall(&j, "now", r->snapshot->now.wall_ms);
    if (!early)
        write_piece(&j, r, key, text);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
}

void gw_render_events(const struct gw_render *r, struct gw_buf *out)
{
    const struct gw_snapshot *s = r->snapshot;
    struct gw_jcs j;

    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_arr(&j, "events");
    for (size_t i = 0; i < s->nevents; i++) {
        const struct gw_snapshot_event *e = &s->events[i];
        if (e->n < r->from || (r->limit > 0 && (int64_t)(s->nevents - i) > r->limit))
            continue;
        gw_jcs_obj(&j, NULL);
        gw_jcs_str(&j, "kind", e->kind);
        gw_jcs_int(&j, "n", e->n);
        gw_jcs_str(&j, "place", e->place);
        gw_jcs_int(&j, "t", e->t_ms);
        gw_jcs_obj(&j, "text");
        gw_jcs_str(&j, "en", e->en);
        gw_jcs_str(&j, "zh", e->zh);
        gw_jcs_end(&j);
        gw_jcs_end(&j);
    }
    gw_jcs_end(&j);
    gw_jcs_int(&j, "first", s->nevents > 0 ? s->events[0].n : 0);
    gw_jcs_str(&j, "gateway", r->site->gateway.id);
    gw_jcs_int(&j, "last", s->nevents > 0 ? s->events[s->nevents - 1].n : 0);
    gw_render_wall(&j, "now", s->now.wall_ms);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
}

void gw_render_permits(const struct gw_render *r, struct gw_buf *out)
{
    write_framed(r, "permits", GW_TEXT_PERMITS, out);
}

void gw_render_orders(const struct gw_render *r, struct gw_buf *out)
{
    write_framed(r, "orders", GW_TEXT_ORDERS, out);
}

void gw_render_shelves(const struct gw_render *r, struct gw_buf *out)
{
    write_framed(r, "shelves", GW_TEXT_SHELVES, out);
}

void gw_render_proofs(const struct gw_render *r, struct gw_buf *out)
{
    struct gw_jcs j;

    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_bool(&j, "deciding", r->snapshot->deciding);
    gw_jcs_str(&j, "gateway", r->site->gateway.id);
    gw_render_wall(&j, "now", r->snapshot->now.wall_ms);
    gw_proofs_write(&r->snapshot->proofs, &j, "proofs");
    gw_jcs_int(&j, "v", 1);
    gw_jcs_end(&j);
}

void gw_render_health(const struct gw_render *r, struct gw_buf *out)
{
    const struct gw_buf *b = &r->snapshot->texts[GW_TEXT_HEALTH];
    gw_buf_put(out, b->data ? b->data : "{}", b->data ? b->len : 2);
}

/* ---- the history of a point ---- */

static void write_sample(struct gw_jcs *j, const struct gw_point *p, const struct gw_sample *s)
{
    char text[GW_VALUE_TEXT];

    gw_value_text(p, s, text);
    gw_jcs_arr(j, NULL);
    gw_jcs_int(j, NULL, s->wall_ms);
    gw_jcs_str(j, NULL, text);
    gw_jcs_str(j, NULL, gw_quality_name((enum gw_quality)s->quality));
    gw_jcs_end(j);
}

static double number_of(const struct gw_point *p, const struct gw_sample *s)
{
    if (!s->valued)
        return NAN;
    return p->def->vtype == GW_V_NUM ? s->value.num : (double)s->value.i;
}

/* The two of a span that a plot needs: its least and its greatest; and one that is not to be trusted
 * shows in any case. */
static void write_span(struct gw_jcs *j, const struct gw_point *p, const struct gw_sample *s,
                       size_t n)
{
    size_t lo = 0, hi = n - 1, bad = n;
    double least = INFINITY, most = -INFINITY;

    for (size_t i = 0; i < n; i++) {
        const double x = number_of(p, &s[i]);
        if (!gw_quality_usable((enum gw_quality)s[i].quality) && bad == n)
            bad = i;
        if (x < least) {
            least = x;
            lo = i;
        }
        if (x > most) {
            most = x;
            hi = i;
        }
    }
    if (bad < n && bad != hi)
        lo = bad;
    write_sample(j, p, &s[lo < hi ? lo : hi]);
    if (lo != hi)
        write_sample(j, p, &s[lo < hi ? hi : lo]);
}

static void write_samples(struct gw_jcs *j, const struct gw_point *p,
                          const struct gw_call_answer *a)
{
    const size_t spans = a->n <= GW_TREND_MAX ? a->n : GW_TREND_MAX / 2;

    gw_jcs_arr(j, "samples");
    for (size_t i = 0; i < spans; i++) {
        const size_t from = i * a->n / spans, to = (i + 1) * a->n / spans;
        write_span(j, p, &a->samples[from], to - from);
    }
    gw_jcs_end(j);
}

static void write_limits(struct gw_jcs *j, const struct gw_render *r, uint32_t point)
{
    const struct gw_point *p = &r->site->points[point];
    const size_t n = r->inventory ? gw_inventory_count(r->inventory) : 0;

    gw_jcs_arr(j, "limits");
    for (size_t i = 0; i < n; i++) {
        const struct gw_check_def *check = gw_inventory_at(r->inventory, i);
        double limit = 0.0;
        bool low = false;
        if (check->npoints == 0 || check->points[0].point != point ||
            !gw_check_bound(check, &limit, &low))
            continue;
        gw_jcs_obj(j, NULL);
        gw_jcs_str(j, "asset", check->asset->id);
        gw_jcs_str(j, "finding", check->finding->code);
        gw_jcs_int(j, "priority", check->finding->priority);
        gw_jcs_str(j, "side", low ? "low" : "high");
        gw_part_text(j, "title", &check->finding->title);
        gw_jcs_dec(j, "value", limit, p->def->decimals);
        gw_jcs_end(j);
    }
    gw_jcs_end(j);
}

void gw_render_trend(const struct gw_render *r, uint32_t point, const struct gw_call_answer *a,
                     struct gw_buf *out)
{
    const struct gw_point *p = &r->site->points[point];
    struct gw_jcs j;

    gw_jcs_init(&j, out);
    gw_jcs_obj(&j, NULL);
    gw_jcs_int(&j, "decimals", p->def->decimals);
    if (a->n > 0)
        gw_jcs_int(&j, "from", a->samples[0].wall_ms);
    gw_jcs_str(&j, "gateway", r->site->gateway.id);
    gw_jcs_int(&j, "kept_ms", a->n > 0 ? a->now.mono_ms - a->samples[0].mono_ms : 0);
    write_limits(&j, r, point);
    gw_jcs_str(&j, "point", p->id);
    write_samples(&j, p, a);
    gw_jcs_int(&j, "to", a->now.wall_ms);
    gw_jcs_str(&j, "type", gw_vtype_name(p->def->vtype));
    gw_jcs_str(&j, "unit", p->def->unit);
    gw_jcs_int(&j, "v", 1);
    gw_jcs_bool(&j, "whole", a->whole);
    gw_jcs_end(&j);
}
