/* SPDX-License-Identifier: Apache-2.0
 *
 * ORDER and PERMIT: what the platform's word and the plant's own permits make of what is seen.
 *
 * ORDER, suspend: an asset under a suspension order shows that it runs: a contact of `tests` is as
 * named there, a flow of needs[0] is above `min_percent` of its rated value, or a temperature of
 * needs[1] has risen by `rise` above where it was, which follows a rise of less than that in an
 * hour (a room that warms up by day is no furnace). A flow without a rated value proves nothing:
 * meters show a little where nothing flows. A furnace that cools down does not run.
 * ORDER, watch: no point of a watched asset delivers, for whatever reason: whose fault it is shows
 * on site.
 * PERMIT: hot work is seen: a contact or state of `tests`, or a current of needs[0] of `high` or
 * more, and no hot-work permit holds that names a certificate which has not ended.
 *
 * What they cannot see: what no contact, meter or detector shows; work beside the declared assets.
 */
#include "finding/rule_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "finding/inventory_in.h"

#define HOUR_MS 3600000.0

/* What has been looked at so far. */
struct seen {
    enum gw_tri tri; /* TRUE beats UNKNOWN beats FALSE; no evidence at all is UNKNOWN */
    bool any, direct;
    struct gw_reading reading; /* that decided */
    const char *role;
    char more[64], more_zh[64];
};

static void take(struct seen *s, enum gw_tri tri, bool direct, const struct gw_reading *r,
                 const char *role)
{
    const bool stronger = tri == GW_TRUE && (s->tri != GW_TRUE || (direct && !s->direct));
    const bool unsure = tri == GW_UNKNOWN && s->tri == GW_FALSE;
    if (s->any && !stronger && !unsure)
        return;
    *s = (struct seen){
        .tri = tri, .any = true, .direct = direct && tri == GW_TRUE, .reading = *r, .role = role};
}

static void look_at_tests(const struct gw_rule_ctx *ctx, struct seen *s)
{
    const struct gw_rule_def *rule = ctx->check->rule;
    for (size_t i = 0; i < rule->ntests; i++) {
        const struct gw_role_test *test = &rule->tests[i];
        if (test->fact.key[0] != '\0' && !gw_inv_has_fact(ctx->check->asset, &test->fact))
            continue;
        const struct gw_tested t = gw_rule_test(ctx, i);
        if (t.declared)
            take(s, t.tri, test->direct, &t.reading, test->role);
    }
}

/* The points that play one of the roles of a need, one after the other. */
struct walk {
    size_t need, alt, point;
};

static bool next_point(const struct gw_check_def *check, struct walk *w, const char **role,
                       uint32_t *point)
{
    for (; w->alt < check->rule->needs[w->need].nalt; w->alt++, w->point = 0) {
        const struct gw_site_role *r = gw_check_need(check, w->need, w->alt);
        if (r != NULL && w->point < r->npoints) {
            *role = r->role;
            *point = r->points[w->point++];
            return true;
        }
    }
    return false;
}

/* Of needs[0]. */
static void look_at_numbers(const struct gw_rule_ctx *ctx, double least, struct seen *s)
{
    struct walk w = {.need = 0};
    const char *role = "";
    uint32_t point = 0;
    while (next_point(ctx->check, &w, &role, &point)) {
        const struct gw_reading r = gw_rule_read(ctx, point);
        double x = 0.0;
        const bool known = gw_reading_number(&r, &x);
        take(s,
             !known                        ? GW_UNKNOWN
             : gw_rule_settled(x) >= least ? GW_TRUE
                                           : GW_FALSE,
             false, &r, role);
    }
}

/* ---- a temperature that rises ---- */

static void follow(struct gw_rule_ctx *ctx, double x, double rise)
{
    struct gw_rule_memory *m = ctx->memory;
    const double hours =
        m->watching && ctx->now_ms > m->at_ms ? (double)(ctx->now_ms - m->at_ms) / HOUR_MS : 0.0;
    m->watching = true;
    m->at_ms = ctx->now_ms;
    if (!m->holds)
        *m = (struct gw_rule_memory){
            .holds = true, .lo = x, .hi = x, .watching = true, .at_ms = ctx->now_ms};
    m->lo = fmin(x, m->lo + hours * rise);
    m->hi = fmax(x, m->lo);
}

/* Of needs[1]. */
static void look_at_rise(struct gw_rule_ctx *ctx, struct seen *s)
{
    struct walk w = {.need = 1};
    const char *role = "";
    uint32_t point = 0;
    struct gw_reading hottest = {.point = NULL};
    const char *hottest_role = "";
    double top = -INFINITY;
    bool any = false;
    while (next_point(ctx->check, &w, &role, &point)) {
        const struct gw_reading r = gw_rule_read(ctx, point);
        double x = 0.0;
        const bool known = gw_reading_number(&r, &x);
        if (!any || (known && x > top)) {
            hottest = r;
            hottest_role = role;
            top = known ? x : top;
        }
        any = true;
    }
    if (!any)
        return;
    if (!isfinite(top)) {
        ctx->memory->watching = false;
        take(s, GW_UNKNOWN, false, &hottest, hottest_role);
        return;
    }
    const double rise = gw_check_param(ctx->check, GW_PARAM_RISE, INFINITY);
    follow(ctx, top, rise);
    const bool risen = gw_rule_settled(top - ctx->memory->lo) >= rise;
    const bool first = !s->any || s->tri != GW_TRUE;
    take(s, risen ? GW_TRUE : GW_FALSE, false, &hottest, hottest_role);
    if (risen && first) {
        char from[GW_DECIMAL_SIZE];
        gw_decimal(ctx->memory->lo, 1, from);
        (void)snprintf(s->more, sizeof s->more, ", risen from %s", from);
        (void)snprintf(s->more_zh, sizeof s->more_zh, "，自 %s 上升", from);
    }
}

/* ---- the rules ---- */

/* "di.heat on" into en and zh. */
static void show(const struct gw_rule_ctx *ctx, const struct seen *s, char en[GW_RULE_WHY],
                 char zh[GW_RULE_WHY])
{
    char a[GW_SHOWN];
    char b[GW_SHOWN];
    gw_reading_show(&s->reading, false, a);
    gw_reading_show(&s->reading, true, b);
    (void)snprintf(en, GW_RULE_WHY, "%s %s%s", s->reading.point->id, a, s->more);
    (void)snprintf(zh, GW_RULE_WHY, "%s %s %s%s", gw_rule_title(ctx, s->role), s->reading.point->id,
                   b, s->more_zh);
}

static enum gw_tri nothing_to_see(struct gw_rule_ctx *ctx)
{
    gw_rule_en(ctx, "nothing to look at");
    gw_rule_zh(ctx, "没有可查看的测点");
    return GW_UNKNOWN;
}

static enum gw_tri suspended(struct gw_rule_ctx *ctx)
{
    const struct gw_rule_def *rule = ctx->check->rule;
    struct seen s = {.tri = GW_UNKNOWN};
    if (!ctx->duty.suspended) {
        ctx->memory->holds = false;
        ctx->memory->watching = false;
        gw_rule_en(ctx, "no suspension order");
        gw_rule_zh(ctx, "未被责令停产停业");
        return GW_FALSE;
    }
    look_at_tests(ctx, &s);
    const double least = gw_rule_settled(gw_check_param(ctx->check, GW_PARAM_MIN_PERCENT, NAN) /
                                         100.0 * ctx->check->rated);
    if (rule->nneeds > 0 && isfinite(least))
        look_at_numbers(ctx, least, &s);
    if (rule->nneeds > 1)
        look_at_rise(ctx, &s);
    if (!s.any)
        return nothing_to_see(ctx);
    if (s.direct)
        ctx->strength = 'A';
    if (s.tri == GW_UNKNOWN)
        return gw_rule_unusable(ctx, s.role, &s.reading);
    if (ctx->explain) {
        char en[GW_RULE_WHY];
        char zh[GW_RULE_WHY];
        show(ctx, &s, en, zh);
        gw_rule_en(ctx, "under a suspension order: %s%s", en,
                   s.tri == GW_TRUE ? "" : ", nothing runs");
        gw_rule_zh(ctx, "停产停业期间：%s%s", zh, s.tri == GW_TRUE ? "" : "，无运行迹象");
    }
    return s.tri;
}

static enum gw_tri watched(struct gw_rule_ctx *ctx)
{
    const struct gw_site_asset *a = ctx->check->asset;
    if (!ctx->duty.watched) {
        gw_rule_en(ctx, "not under close watch");
        gw_rule_zh(ctx, "未列入严密监控");
        return GW_FALSE;
    }
    for (size_t i = 0; i < a->nroles; i++) {
        for (size_t k = 0; k < a->roles[i].npoints; k++) {
            const struct gw_reading r = gw_rule_read(ctx, a->roles[i].points[k]);
            if (gw_quality_usable(r.quality)) {
                gw_rule_en(ctx, "under close watch, %s reports", r.point->id);
                gw_rule_zh(ctx, "严密监控期间，%s 上报正常", r.point->id);
                return GW_FALSE;
            }
        }
    }
    gw_rule_en(ctx, "under close watch, none of its points reports");
    gw_rule_zh(ctx, "严密监控期间，所有测点均无有效数据");
    return GW_TRUE;
}

enum gw_tri gw_rule_order(struct gw_rule_ctx *ctx)
{
    return ctx->check->rule->order == GW_ORDER_SUSPEND ? suspended(ctx) : watched(ctx);
}

enum gw_tri gw_rule_permit(struct gw_rule_ctx *ctx)
{
    const struct gw_rule_def *rule = ctx->check->rule;
    struct seen s = {.tri = GW_UNKNOWN};
    look_at_tests(ctx, &s);
    if (rule->nneeds > 0)
        look_at_numbers(ctx, gw_check_param(ctx->check, GW_PARAM_HIGH, INFINITY), &s);
    if (!s.any)
        return nothing_to_see(ctx);
    if (s.tri == GW_UNKNOWN)
        return gw_rule_unusable(ctx, s.role, &s.reading);
    const bool permitted = ctx->duty.hot_work;
    if (ctx->explain) {
        char en[GW_RULE_WHY];
        char zh[GW_RULE_WHY];
        show(ctx, &s, en, zh);
        const char *how = s.tri != GW_TRUE    ? ", no hot work"
                          : permitted         ? ", hot work with a permit"
                          : ctx->duty.expired ? ", and the permit's certificate has ended"
                                              : ", and no hot-work permit holds";
        const char *how_zh = s.tri != GW_TRUE    ? "，未见动火作业"
                             : permitted         ? "，动火作业有有效许可"
                             : ctx->duty.expired ? "，许可所载作业证书已过期"
                                                 : "，无有效动火作业许可";
        gw_rule_en(ctx, "%s%s", en, how);
        gw_rule_zh(ctx, "%s%s", zh, how_zh);
    }
    return s.tri == GW_TRUE && !permitted ? GW_TRUE : GW_FALSE;
}
