/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules that look at what followed an alarm: did the interlock act, did anybody?
 */
#include "finding/rule_parts.h"

#include "base/buf.h"
#include "base/decimal.h"
#include "model/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The effects of a rule, taken together. */
struct effects {
    size_t declared;
    bool seen;    /* one of them is there */
    bool unknown; /* one of them cannot be told */
    struct gw_reading at;
    const char *role;
};

static struct effects look_at_effects(const struct gw_rule_ctx *ctx)
{
    const struct gw_rule_def *rule = ctx->check->rule;
    struct effects e = {.role = ""};
    for (size_t i = 0; i < rule->ntests && !e.seen; i++) {
        const struct gw_tested t = gw_rule_test(ctx, i);
        if (!t.declared)
            continue;
        if (e.declared == 0 || t.tri == GW_TRUE || (t.tri == GW_UNKNOWN && !e.unknown)) {
            e.at = t.reading;
            e.role = rule->tests[i].role;
        }
        e.declared++;
        e.seen = t.tri == GW_TRUE;
        e.unknown = e.unknown || t.tri == GW_UNKNOWN;
    }
    return e;
}

/* Every declared effect with what it says: "di.esv off, di.fan off". */
static void list_effects(const struct gw_rule_ctx *ctx, char *en, char *zh, size_t size)
{
    const struct gw_rule_def *rule = ctx->check->rule;
    struct gw_buf be;
    struct gw_buf bz;
    gw_buf_fixed(&be, en, size);
    gw_buf_fixed(&bz, zh, size);
    for (size_t i = 0; i < rule->ntests; i++) {
        const struct gw_tested t = gw_rule_test(ctx, i);
        if (!t.declared)
            continue;
        char value[GW_SHOWN];
        gw_reading_show(&t.reading, false, value);
        gw_buf_printf(&be, "%s%s %s", be.len > 0 ? ", " : "", t.reading.point->id, value);
        gw_reading_show(&t.reading, true, value);
        gw_buf_printf(&bz, "%s%s %s %s", bz.len > 0 ? "，" : "",
                      gw_rule_title(ctx, rule->tests[i].role), t.reading.point->id, value);
    }
}

static void say_effect(struct gw_rule_ctx *ctx, const struct gw_finding *alarm,
                       const struct effects *e)
{
    if (!ctx->explain)
        return;
    char en[GW_SHOWN];
    char zh[GW_SHOWN];
    gw_reading_show(&e->at, false, en);
    gw_reading_show(&e->at, true, zh);
    gw_rule_en(ctx, "%s active and answered: %s %s", alarm->code, e->at.point->id, en);
    gw_rule_zh(ctx, "报警“%s”已有动作：%s %s %s", alarm->title.zh, gw_rule_title(ctx, e->role),
               e->at.point->id, zh);
}

static void say_no_cause(struct gw_rule_ctx *ctx)
{
    gw_rule_en(ctx, "no causing alarm holds now");
    gw_rule_zh(ctx, "当前无相关报警条件");
}

/* Whether an alarm holds now. It stays active while its instrument is silent, for a day of down
 * time if need be, and through its off-delay; what the plant does meanwhile is no answer to it. */
static enum gw_tri holds(const struct gw_peer *p)
{
    return p->active ? p->answer : GW_FALSE;
}

static enum gw_tri unseen(struct gw_rule_ctx *ctx, const struct gw_finding *alarm)
{
    gw_rule_en(ctx, "not evaluated: %s active, but whether it still holds is not known",
               alarm->code);
    gw_rule_zh(ctx, "未评估：报警“%s”未复归，但现状不明", alarm->title.zh);
    return GW_UNKNOWN;
}

/* The first cause that holds, or else the first that may; *alarm is its finding. */
static enum gw_tri find_cause(struct gw_rule_ctx *ctx, const struct gw_finding **alarm)
{
    enum gw_tri cause = GW_FALSE;
    for (size_t i = 0; i < ctx->check->ncauses && cause != GW_TRUE; i++) {
        const struct gw_peer p = ctx->peer(ctx->peer_ctx, ctx->check->causes[i]);
        const enum gw_tri one = holds(&p);
        if (one == GW_TRUE || (one == GW_UNKNOWN && cause == GW_FALSE)) {
            cause = one;
            *alarm = p.def->finding;
            ctx->cause = ctx->check->causes[i];
        }
    }
    return cause;
}

enum gw_tri gw_rule_no_effect(struct gw_rule_ctx *ctx)
{
    const struct gw_finding *alarm = NULL;
    const enum gw_tri cause = find_cause(ctx, &alarm);
    if (cause == GW_FALSE) {
        say_no_cause(ctx);
        return GW_FALSE;
    }
    const struct effects e = look_at_effects(ctx);
    if (e.declared == 0) {
        gw_rule_en(ctx, "no feedback of an effect is declared");
        gw_rule_zh(ctx, "未申报联锁动作的反馈测点");
        return GW_UNKNOWN;
    }
    if (e.seen) {
        say_effect(ctx, alarm, &e);
        return GW_FALSE;
    }
    if (cause == GW_UNKNOWN)
        return unseen(ctx, alarm);
    if (e.unknown)
        return gw_rule_unusable(ctx, e.role, &e.at);
    if (!ctx->explain)
        return GW_TRUE;
    char en[GW_RULE_WHY / 2];
    char zh[GW_RULE_WHY / 2];
    list_effects(ctx, en, zh, sizeof en);
    gw_rule_en(ctx, "%s active without effect: %s", alarm->code, en);
    gw_rule_zh(ctx, "报警“%s”触发后未联锁动作：%s", alarm->title.zh, zh);
    return GW_TRUE;
}

/* ---- unhandled ---- */

/* The quantity behind an alarm as it stands now. */
struct quantity {
    bool exists; /* the alarm has one */
    bool known;  /* and it can be trusted now */
    double value;
    int decimals;
    const char *unit; /* its code; lent */
};

static struct quantity from_point(const struct gw_rule_ctx *ctx, uint32_t point)
{
    struct quantity q = {.exists = point != GW_NO_INDEX};
    if (!q.exists)
        return q;
    const struct gw_reading r = gw_rule_read(ctx, point);
    q.known = gw_reading_number(&r, &q.value);
    q.decimals = r.point->def->decimals;
    q.unit = r.point->def->unit;
    return q;
}

static struct quantity quantity_of(const struct gw_rule_ctx *ctx, const struct gw_check_def *alarm)
{
    struct gw_rule_ctx view = {
        .check = alarm, .table = ctx->table, .now_ms = ctx->now_ms, .catalogue = ctx->catalogue};
    switch (alarm->rule->rule) {
    case GW_RULE_LIMIT:
        return from_point(&view, gw_rule_input(&view, 0, NULL));
    case GW_RULE_STATE:
        return from_point(&view, gw_check_point(alarm, gw_check_value(alarm)));
    case GW_RULE_BALANCE: {
        struct gw_balance b;
        gw_rule_balance(&view, &b);
        return (struct quantity){.exists = true,
                                 .known = b.state == GW_BAL_OK,
                                 .value = b.percent,
                                 .decimals = 2,
                                 .unit = "%"};
    }
    case GW_RULE_ABSENT:
    case GW_RULE_BAD_QUALITY:
    case GW_RULE_BYPASSED:
    case GW_RULE_NO_EFFECT:
    case GW_RULE_UNHANDLED:
    case GW_RULE_OVERDUE:
    case GW_RULE_FROZEN:
    case GW_RULE_DECOUPLED:
    case GW_RULE_DEVIATION:
    case GW_RULE_RATE:
    case GW_RULE_DISAGREE:
    case GW_RULE_CHATTER:
    case GW_RULE_ORDER:
    case GW_RULE_PERMIT:
    case GW_RULE_UNMAPPED:
    case GW_RULE_SELF:
    case GW_RULE_RAIL:
    case GW_RULE_REPEATED:
    case GW_RULE_SETPOINT:
    case GW_RULE_CHANGED:
    case GW_RULE_SWAPPED:
    case GW_RULE_BELOW:
    case GW_RULE_ALTERNATING:
    case GW_RULE_COUNT:
        break;
    }
    return (struct quantity){.exists = false};
}

/* Whether the value has come back from its worst by the asked-for part of it. A worst of zero (no
 * flow at all) has no parts; the limit stands in for it then. */
static bool improving(const struct gw_rule_ctx *ctx, const struct gw_peer *p, double value)
{
    const bool low = p->def->rule->rule == GW_RULE_LIMIT && p->def->rule->low;
    double base = fabs(p->worst);
    if (!(base > 0)) {
        double limit = 0.0;
        double deadband = 0.0;
        base = gw_rule_bound(p->def, &limit, &deadband) ? fabs(limit) : 0.0;
    }
    const double back = low ? value - p->worst : p->worst - value;
    const double enough = gw_check_param(ctx->check, GW_PARAM_IMPROVE, 100.0) / 100.0 * base;
    return back > 0 && back >= enough;
}

static void say_unhandled(struct gw_rule_ctx *ctx, const struct gw_peer *p,
                          const struct quantity *q)
{
    if (!ctx->explain)
        return;
    const struct gw_finding *alarm = p->def->finding;
    if (!q->exists || !isfinite(p->worst)) {
        gw_rule_en(ctx, "%s active, not acknowledged, nothing was done", alarm->code);
        gw_rule_zh(ctx, "报警“%s”持续，无人确认，无处置动作", alarm->title.zh);
        return;
    }
    char now[GW_DECIMAL_SIZE];
    char worst[GW_DECIMAL_SIZE];
    const char *unit = gw_unit_text(q->unit);
    const char *sep = unit[0] != '\0' ? " " : "";
    gw_decimal(q->value, q->decimals, now);
    gw_decimal(p->worst, q->decimals, worst);
    gw_rule_en(ctx, "%s active, not acknowledged, nothing was done, %s%s%s not back from %s%s%s",
               alarm->code, now, sep, unit, worst, sep, unit);
    gw_rule_zh(ctx, "报警“%s”持续，无人确认，无处置动作，现值 %s%s%s，最严重值 %s%s%s，未见好转",
               alarm->title.zh, now, sep, unit, worst, sep, unit);
}

enum gw_tri gw_rule_unhandled(struct gw_rule_ctx *ctx)
{
    if (ctx->check->cause == GW_NO_INDEX) {
        say_no_cause(ctx);
        return GW_UNKNOWN;
    }
    const struct gw_peer p = ctx->peer(ctx->peer_ctx, ctx->check->cause);
    const struct gw_finding *alarm = p.def->finding;
    ctx->cause = ctx->check->cause;
    const enum gw_tri cause = holds(&p);
    if (cause == GW_FALSE) {
        say_no_cause(ctx);
        return GW_FALSE;
    }
    if (ctx->check->rule->standing) {
        if (cause == GW_UNKNOWN)
            return unseen(ctx, alarm);
        gw_rule_en(ctx, "%s active%s", alarm->code, p.acked ? ", acknowledged" : "");
        gw_rule_zh(ctx, "报警“%s”持续未解除%s", alarm->title.zh, p.acked ? "（已确认）" : "");
        return GW_TRUE;
    }
    if (p.acked) {
        gw_rule_en(ctx, "%s active and acknowledged", alarm->code);
        gw_rule_zh(ctx, "报警“%s”已确认", alarm->title.zh);
        return GW_FALSE;
    }
    const struct effects e = look_at_effects(ctx);
    if (e.seen) {
        say_effect(ctx, alarm, &e);
        return GW_FALSE;
    }
    const struct quantity q = quantity_of(ctx, p.def);
    const bool comparable = q.exists && isfinite(p.worst);
    if (comparable && q.known) {
        ctx->value = q.value;
        ctx->decimals = q.decimals;
        if (improving(ctx, &p, q.value)) {
            gw_rule_en(ctx, "%s active, but getting better", alarm->code);
            gw_rule_zh(ctx, "报警“%s”持续，但已好转", alarm->title.zh);
            return GW_FALSE;
        }
    }
    if (cause == GW_UNKNOWN)
        return unseen(ctx, alarm);
    if (e.unknown)
        return gw_rule_unusable(ctx, e.role, &e.at);
    if (comparable && !q.known) {
        gw_rule_en(ctx, "not evaluated: %s active, its value is not known", alarm->code);
        gw_rule_zh(ctx, "未评估：报警“%s”持续，但现值不可用", alarm->title.zh);
        return GW_UNKNOWN;
    }
    say_unhandled(ctx, &p, &q);
    return GW_TRUE;
}
