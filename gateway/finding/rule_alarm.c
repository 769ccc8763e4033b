/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of alarms beside the plain limit: DEVIATION, RATE, DISAGREE, CHATTER.
 *
 * DEVIATION: two quantities in one unit that are further apart than `high`, either way: a value and
 * its set-point, or its companion. Both are taken as they stand; a slow companion is seen with the
 * age that it has, up to its own stale time.
 *
 * RATE: a quantity that rises (or falls) by `rate` a minute or more, over `window_s`; see
 * alarm/slope.h for what noise, spikes and gaps do. Nothing is decided before the window is full.
 * On a quantity with noise of +-d the slope errs by less than 2 d in two thirds of the window.
 *
 * DISAGREE: an instrument's own state says that all is well, and its value is beyond `high`. The
 * state is what alarms follow; this one is a hint that its set-point or its scaling is not what it
 * should be. An instrument whose state cannot be trusted is not judged.
 *
 * CHATTER: an alarm of the asset comes and goes too often, before its delays; see alarm/chatter.h.
 */
#include "finding/rule_parts.h"

#include "alarm/slope.h"
#include "model/unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static enum gw_tri no_point(struct gw_rule_ctx *ctx)
{
    gw_rule_en(ctx, "no points to compare");
    gw_rule_zh(ctx, "没有可比较的测点");
    return GW_UNKNOWN;
}

/* ---- deviation ---- */

enum gw_tri gw_rule_deviation(struct gw_rule_ctx *ctx)
{
    const char *role_a = "";
    const char *role_b = "";
    const uint32_t pa = gw_rule_each_point(ctx, &role_a);
    const uint32_t pb = gw_rule_input(ctx, 1, &role_b);
    if (pa == GW_NO_INDEX || pb == GW_NO_INDEX)
        return no_point(ctx);
    const struct gw_reading a = gw_rule_read(ctx, pa);
    const struct gw_reading b = gw_rule_read(ctx, pb);
    double xa = 0.0;
    double xb = 0.0;
    if (!gw_reading_number(&a, &xa))
        return gw_rule_unusable(ctx, role_a, &a);
    if (!gw_reading_number(&b, &xb))
        return gw_rule_unusable(ctx, role_b, &b);
    ctx->stamp_ms = a.sample.mono_ms;
    ctx->value = gw_rule_settled(fabs(xa - xb));
    const enum gw_tri tri = gw_rule_over(ctx);
    if (!ctx->explain)
        return tri;
    ctx->decimals = gw_rule_digits(ctx->value, ctx->limit, a.point->def->decimals);
    char sa[GW_SHOWN];
    char sb[GW_SHOWN];
    char en[GW_RULE_WHY];
    char zh[GW_RULE_WHY];
    gw_reading_show(&a, false, sa);
    gw_reading_show(&b, false, sb);
    snprintf(en, sizeof en, "%s %s, %s %s: apart by", a.point->id, sa, b.point->id, sb);
    snprintf(zh, sizeof zh, "%s %s %s，%s %s %s：偏差", gw_rule_title(ctx, role_a), a.point->id, sa,
             gw_rule_title(ctx, role_b), b.point->id, sb);
    gw_rule_say_limit(ctx, en, zh, a.point->def->unit, tri);
    return tri;
}

/* ---- rate ---- */

#define PART_SAMPLES 320 /* looked at in each third of the window ... */
#define PART_USED    96  /* ... and so many of them, evenly, are reckoned with */

/* Adds the usable samples of one part of the window; sorted by time like the history. */
static size_t take_part(const struct gw_rule_ctx *ctx, uint32_t point, int64_t from_ms,
                        int64_t to_ms, struct gw_slope_sample *out)
{
    struct gw_sample s[PART_SAMPLES];
    bool ignored = true;
    const size_t n = gw_table_history(ctx->table, point, from_ms, to_ms, s, PART_SAMPLES, &ignored);
    const size_t stride = (n + PART_USED - 1) / PART_USED;
    size_t used = 0;
    for (size_t i = 0; i < n; i += stride) {
        const struct gw_reading r = {.sample = s[i], .quality = (enum gw_quality)s[i].quality};
        double x = 0.0;
        if (gw_reading_number(&r, &x))
            out[used++] = (struct gw_slope_sample){s[i].mono_ms, x};
    }
    return used;
}

static bool slope_of(const struct gw_rule_ctx *ctx, uint32_t point, int64_t to_ms, double *rate)
{
    struct gw_slope_sample s[3 * PART_USED];
    _Static_assert(3 * PART_USED <= GW_SLOPE_MAX, "a slope takes what the parts give");
    const int64_t window = (int64_t)gw_check_param(ctx->check, GW_PARAM_WINDOW, 60.0) * 1000;
    const int64_t from = to_ms - window;
    const int64_t part = window / 3;
    size_t n = take_part(ctx, point, from, from + part, s);
    n += take_part(ctx, point, from + part + 1, to_ms - part - 1, s + n);
    n += take_part(ctx, point, to_ms - part, to_ms, s + n);
    return gw_slope(s, n, from, to_ms, rate);
}

enum gw_tri gw_rule_rate(struct gw_rule_ctx *ctx)
{
    const char *role = "";
    const uint32_t at = gw_rule_each_point(ctx, &role);
    if (at == GW_NO_INDEX)
        return no_point(ctx);
    const struct gw_reading r = gw_rule_read(ctx, at);
    double x = 0.0;
    double rate = 0.0;
    if (!gw_reading_number(&r, &x))
        return gw_rule_unusable(ctx, role, &r);
    if (!slope_of(ctx, at, r.sample.mono_ms, &rate)) {
        gw_rule_en(ctx, "not evaluated: %s was not read all the time", r.point->id);
        gw_rule_zh(ctx, "未评估：%s %s 采样不连续", gw_rule_title(ctx, role), r.point->id);
        return GW_UNKNOWN;
    }
    const bool falling = ctx->check->rule->falling;
    ctx->stamp_ms = r.sample.mono_ms;
    ctx->value = gw_rule_settled(falling ? -rate : rate);
    const enum gw_tri tri = gw_rule_over(ctx);
    if (!ctx->explain)
        return tri;
    ctx->decimals = gw_rule_digits(ctx->value, ctx->limit, r.point->def->decimals);
    char en[GW_RULE_WHY];
    char zh[GW_RULE_WHY];
    char unit[GW_POINT_UNIT + 8];
    snprintf(en, sizeof en, "%s %s by", r.point->id, falling ? "falls" : "rises");
    snprintf(zh, sizeof zh, "%s %s %s", gw_rule_title(ctx, role), r.point->id,
             falling ? "下降速率" : "上升速率");
    snprintf(unit, sizeof unit, "%s/min", gw_unit_text(r.point->def->unit));
    gw_rule_say_limit(ctx, en, zh, unit, tri);
    return tri;
}

/* ---- state against value ---- */

static enum gw_tri any_state(const struct gw_rule_ctx *ctx, struct gw_tested *out)
{
    const struct gw_rule_def *rule = ctx->check->rule;
    enum gw_tri tri = GW_UNKNOWN;
    for (size_t i = 0; i < rule->ntests && tri != GW_TRUE; i++) {
        const struct gw_tested t = gw_rule_test(ctx, i);
        if (t.declared && (t.tri != GW_UNKNOWN || !out->declared)) {
            *out = t;
            tri = t.tri;
        }
    }
    return tri;
}

enum gw_tri gw_rule_disagree(struct gw_rule_ctx *ctx)
{
    const char *role = "";
    const uint32_t at = gw_rule_each_point(ctx, &role);
    struct gw_tested state = {.tri = GW_UNKNOWN};
    const enum gw_tri says = any_state(ctx, &state);
    if (at == GW_NO_INDEX || !state.declared)
        return no_point(ctx);
    const struct gw_reading r = gw_rule_read(ctx, at);
    double x = 0.0;
    if (!gw_reading_number(&r, &x) || !gw_rule_in_unit(ctx, &r))
        return gw_rule_unusable(ctx, role, &r);
    if (says == GW_UNKNOWN)
        return gw_rule_unusable(ctx, ctx->check->rule->tests[0].role, &state.reading);
    ctx->stamp_ms = r.sample.mono_ms;
    ctx->value = x;
    enum gw_tri tri = gw_rule_over(ctx);
    if (says == GW_TRUE)
        tri = GW_FALSE;
    if (!ctx->explain)
        return tri;
    ctx->decimals = gw_rule_digits(x, ctx->limit, r.point->def->decimals);
    char en[GW_RULE_WHY];
    char zh[GW_RULE_WHY];
    char shown[GW_SHOWN];
    char shown_zh[GW_SHOWN];
    gw_reading_show(&state.reading, false, shown);
    gw_reading_show(&state.reading, true, shown_zh);
    if (says == GW_TRUE) {
        gw_rule_en(ctx, "%s %s, as its value may say, too", state.reading.point->id, shown);
        gw_rule_zh(ctx, "%s %s，与浓度值不矛盾", state.reading.point->id, shown_zh);
        return tri;
    }
    snprintf(en, sizeof en, "%s %s, but %s", state.reading.point->id, shown, r.point->id);
    snprintf(zh, sizeof zh, "%s %s，而%s %s", state.reading.point->id, shown_zh,
             gw_rule_title(ctx, role), r.point->id);
    gw_rule_say_limit(ctx, en, zh, r.point->def->unit, tri);
    return tri;
}

/* ---- chatter ---- */

enum gw_tri gw_rule_chatter(struct gw_rule_ctx *ctx)
{
    size_t n = 0;
    for (size_t i = 0; i < ctx->check->ncauses; i++) {
        const struct gw_peer p = ctx->peer(ctx->peer_ctx, ctx->check->causes[i]);
        if (p.chatter == 0)
            continue;
        if (n++ > 0)
            continue;
        const char *subject = p.def->subject;
        gw_rule_en(ctx, "%s%s%s comes and goes, %" PRId64 " times so far", p.def->finding->code,
                   subject[0] != '\0' ? " of " : "", subject, p.chatter);
        gw_rule_zh(ctx, "报警“%s”%s%s 频繁触发和复归，累计 %" PRId64 " 次",
                   p.def->finding->title.zh, subject[0] != '\0' ? " " : "", subject, p.chatter);
        ctx->value = (double)p.chatter;
    }
    if (n > 0)
        return GW_TRUE;
    gw_rule_en(ctx, "no alarm of the asset comes and goes");
    gw_rule_zh(ctx, "无频繁触发的报警");
    return GW_FALSE;
}
