/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/rule.h"

#include "alarm/limit.h"
#include "base/decimal.h"
#include "finding/rule_parts.h"
#include "model/unit.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct gw_reading gw_rule_read(const struct gw_rule_ctx *ctx, uint32_t point)
{
    struct gw_reading r = {
        .point = gw_table_point(ctx->table, point),
        .sample = gw_table_get(ctx->table, point, ctx->now_ms),
    };
    r.quality = (enum gw_quality)r.sample.quality;
    return r;
}

double gw_rule_tens(int decimals)
{
    static const double tens[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    assert(decimals >= 0 && (size_t)decimals < sizeof tens / sizeof tens[0]);
    return tens[decimals];
}

bool gw_reading_number(const struct gw_reading *r, double *out)
{
    if (!gw_quality_usable(r->quality) || !r->sample.valued)
        return false;
    switch ((enum gw_vtype)r->sample.vtype) {
    case GW_V_NUM:
        if (!isfinite(r->sample.value.num))
            return false;
        *out = r->sample.value.num;
        return true;
    case GW_V_INT:
        *out = (double)r->sample.value.i;
        return true;
    case GW_V_BOOL:
    case GW_V_STATE:
        break;
    }
    return false;
}

uint32_t gw_rule_input(const struct gw_rule_ctx *ctx, size_t i, const char **role)
{
    const struct gw_check_def *check = ctx->check;
    if (i >= check->rule->nneeds) {
        if (i == 0 && check->role[0] != '\0')
            return gw_rule_each_point(ctx, role);
        return GW_NO_INDEX;
    }
    for (size_t k = 0; k < check->rule->needs[i].nalt; k++) {
        const struct gw_site_role *played = gw_check_need(check, i, k);
        if (played != NULL) {
            if (role != NULL)
                *role = played->role;
            return gw_check_point(check, played);
        }
    }
    return GW_NO_INDEX;
}

uint32_t gw_rule_each_point(const struct gw_rule_ctx *ctx, const char **role)
{
    const struct gw_check_def *check = ctx->check;
    if (check->role[0] == '\0')
        return gw_rule_input(ctx, 0, role);
    if (role != NULL)
        *role = check->role;
    return gw_check_point(check, gw_check_own(check));
}

bool gw_rule_passed(const struct gw_rule_ctx *ctx, const struct gw_point *point)
{
    const struct gw_device_life *life = gw_table_device(ctx->table, point->device);
    return life->last_pass_ms != 0 && ctx->now_ms - life->last_pass_ms <= point->def->stale_ms;
}

bool gw_rule_own_silence(const struct gw_rule_ctx *ctx, const struct gw_point *point)
{
    switch (gw_table_device(ctx->table, point->device)->link) {
    case GW_LINK_OK: /* of any age, if nobody polls */
        return gw_rule_passed(ctx, point);
    case GW_LINK_UNKNOWN: /* not asked yet: its silence says nothing */
        return false;
    case GW_LINK_SUSPECT:
    case GW_LINK_DOWN:
        break;
    }
    return gw_table_siblings_ok(ctx->table, point->device, ctx->now_ms);
}

enum gw_run_state gw_rule_run(const struct gw_check_def *check, const struct gw_table *table,
                              int64_t now_ms)
{
    if (check->run == GW_NO_INDEX)
        return GW_RUN_UNDECLARED;
    const struct gw_sample s = gw_table_get(table, check->run, now_ms);
    if (!gw_quality_usable((enum gw_quality)s.quality) || !s.valued || s.vtype != GW_V_BOOL)
        return GW_RUN_UNSURE;
    return s.value.i != 0 ? GW_RUN_RUNNING : GW_RUN_STOPPED;
}

const char *gw_rule_mode(const struct gw_check_def *check, const struct gw_table *table,
                         int64_t now_ms)
{
    switch (gw_rule_run(check, table, now_ms)) {
    case GW_RUN_RUNNING:
        return "RUN";
    case GW_RUN_STOPPED:
        return "STOP";
    case GW_RUN_UNDECLARED:
    case GW_RUN_UNSURE:
        break;
    }
    return "UNKNOWN";
}

/* ---- limits ---- */

double gw_rule_settled(double x)
{
    return fabs(x) < 1e6 ? round(x * 1e9) / 1e9 : x;
}

/* gw_limit_violated with the bound of the way back reckoned in decimal numbers. */
static bool violated(struct gw_limit limit, bool was, double x)
{
    if (was) {
        const double back = limit.side == GW_LIMIT_HIGH ? -limit.deadband : limit.deadband;
        limit.at = gw_rule_settled(limit.at + back);
    }
    limit.deadband = 0.0;
    return gw_limit_violated(&limit, was, gw_rule_settled(x));
}

bool gw_rule_bound(const struct gw_check_def *check, double *limit, double *deadband)
{
    const struct gw_rule_def *rule = check->rule;
    if (rule->rule == GW_RULE_RATE) {
        *limit = gw_check_param(check, GW_PARAM_RATE, NAN);
        *deadband = gw_check_param(check, GW_PARAM_DEADBAND, 0.0);
        return isfinite(*limit);
    }
    if (rule->rule == GW_RULE_BALANCE) {
        *limit = gw_check_param(check, GW_PARAM_PERCENT, NAN);
        *deadband = gw_check_param(check, GW_PARAM_DEADBAND, 0.0);
        return isfinite(*limit);
    }
    const double of = rule->of_rated[0] != '\0' ? check->rated : 1.0;
    *limit =
        gw_rule_settled(gw_check_param(check, rule->low ? GW_PARAM_LOW : GW_PARAM_HIGH, NAN) * of);
    *deadband = gw_rule_settled(gw_check_param(check, GW_PARAM_DEADBAND, 0.0) * of);
    return isfinite(*limit);
}

void gw_rule_say_limit(struct gw_rule_ctx *ctx, const char *what, const char *what_zh,
                       const char *code, enum gw_tri tri)
{
    const char *unit = gw_unit_text(code);
    const bool low = ctx->check->rule->low && ctx->check->rule->rule == GW_RULE_LIMIT;
    double limit = 0.0;
    double deadband = 0.0;
    gw_rule_bound(ctx->check, &limit, &deadband);

    char value[GW_DECIMAL_SIZE];
    char bound[GW_DECIMAL_SIZE];
    char back[GW_DECIMAL_SIZE + 4] = "";
    gw_decimal(ctx->value, ctx->decimals, value);
    gw_decimal(ctx->limit, ctx->decimals, bound);
    const bool beyond = low ? ctx->value < limit : ctx->value >= limit;
    const bool by_deadband = deadband > 0 && (tri == GW_TRUE ? !beyond : ctx->was);
    if (by_deadband) {
        char band[GW_DECIMAL_SIZE];
        gw_decimal(deadband, gw_rule_digits(deadband, NAN, ctx->decimals), band);
        snprintf(back, sizeof back, " %c %s", low ? '+' : '-', band);
    }
    const bool above = low ? tri == GW_FALSE : tri == GW_TRUE;
    const char *sep = unit[0] != '\0' ? " " : "";
    gw_rule_en(ctx, "%s %s%s%s %s %s%s%s%s", what, value, sep, unit, above ? ">=" : "<", bound,
               back, sep, unit);
    gw_rule_zh(ctx, "%s %s%s%s %s %s%s%s%s", what_zh, value, sep, unit, above ? "≥" : "<", bound,
               back, sep, unit);
}

enum gw_tri gw_rule_over(struct gw_rule_ctx *ctx)
{
    struct gw_limit limit = {.side = GW_LIMIT_HIGH};
    (void)gw_rule_bound(ctx->check, &limit.at, &limit.deadband); /* none of its rated values */
    ctx->limit = limit.at;
    return violated(limit, ctx->was, ctx->value) ? GW_TRUE : GW_FALSE;
}

bool gw_rule_in_unit(struct gw_rule_ctx *ctx, const struct gw_reading *r)
{
    const char *unit = ctx->check->rule->unit;
    if (unit[0] == '\0' || strcmp(unit, r->point->def->unit) == 0)
        return true;
    gw_rule_en(ctx, "%s is in \"%s\", the limit in \"%s\"", r->point->id, r->point->def->unit,
               unit);
    gw_rule_zh(ctx, "%s 单位为“%s”，限值单位为“%s”", r->point->id, r->point->def->unit, unit);
    return false;
}

static enum gw_tri unknown_limit(struct gw_rule_ctx *ctx)
{
    gw_rule_en(ctx, "no limit: a rated value is missing");
    gw_rule_zh(ctx, "缺少额定值，无法确定限值");
    return GW_UNKNOWN;
}

enum gw_tri gw_rule_limit(struct gw_rule_ctx *ctx)
{
    const struct gw_rule_def *rule = ctx->check->rule;
    const char *role = "";
    const uint32_t at = gw_rule_input(ctx, 0, &role);
    if (at == GW_NO_INDEX) {
        gw_rule_en(ctx, "no point to hold against the limit");
        gw_rule_zh(ctx, "没有可比较的测点");
        return GW_UNKNOWN;
    }
    const struct gw_reading r = gw_rule_read(ctx, at);
    double x = 0.0;
    if (!gw_reading_number(&r, &x))
        return gw_rule_unusable(ctx, role, &r);
    if (!gw_rule_in_unit(ctx, &r))
        return GW_UNKNOWN;
    struct gw_limit limit = {.side = rule->low ? GW_LIMIT_LOW : GW_LIMIT_HIGH};
    if (!gw_rule_bound(ctx->check, &limit.at, &limit.deadband))
        return unknown_limit(ctx);
    const enum gw_tri tri = violated(limit, ctx->was, x) ? GW_TRUE : GW_FALSE;
    ctx->value = x;
    ctx->stamp_ms = r.sample.mono_ms;
    ctx->limit = limit.at;
    if (!ctx->explain)
        return tri;
    ctx->decimals = gw_rule_digits(x, limit.at, r.point->def->decimals);
    char zh[GW_RULE_WHY];
    snprintf(zh, sizeof zh, "%s %s", gw_rule_title(ctx, role), r.point->id);
    gw_rule_say_limit(ctx, r.point->id, zh, r.point->def->unit, tri);
    return tri;
}

/* ---- balance ---- */

#define PAIR_LOOK 32 /* samples looked through for a partner */

/* The sample of `late`'s point that was read together with `early`, if the newest was not: two
 * meters that are polled in turn must not be found apart every time that one of them has just
 * answered. */
static bool find_partner(const struct gw_rule_ctx *ctx, const struct gw_reading *early,
                         int64_t pair_ms, struct gw_reading *late)
{
    struct gw_sample past[PAIR_LOOK];
    bool ignored = true;
    const int64_t at = early->sample.mono_ms;
    const size_t n = gw_table_history(ctx->table, late->sample.point, at - pair_ms, at + pair_ms,
                                      past, PAIR_LOOK, &ignored);
    int64_t nearest = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        const int64_t apart = past[i].mono_ms > at ? past[i].mono_ms - at : at - past[i].mono_ms;
        if (past[i].quality == GW_Q_GOOD && past[i].valued && apart < nearest) {
            nearest = apart;
            late->sample = past[i];
        }
    }
    return nearest <= pair_ms;
}

/* Makes in and out a pair that was read within pair_ms. */
static bool pair_up(const struct gw_rule_ctx *ctx, struct gw_balance *b)
{
    const int64_t pair_ms = (int64_t)gw_check_param(ctx->check, GW_PARAM_PAIR, 2000.0);
    const int64_t skew = b->in.sample.mono_ms - b->out.sample.mono_ms;
    if (skew <= pair_ms && -skew <= pair_ms)
        return true;
    return skew > 0 ? find_partner(ctx, &b->out, pair_ms, &b->in)
                    : find_partner(ctx, &b->in, pair_ms, &b->out);
}

static bool both_numbers(struct gw_balance *b)
{
    return gw_reading_number(&b->in, &b->q_in) && gw_reading_number(&b->out, &b->q_out);
}

void gw_rule_pair(const struct gw_rule_ctx *ctx, struct gw_balance *out)
{
    *out = (struct gw_balance){.role_in = "", .role_out = "", .percent = NAN};
    const uint32_t in = gw_rule_input(ctx, 0, &out->role_in);
    const uint32_t away = gw_rule_input(ctx, 1, &out->role_out);
    if (in == GW_NO_INDEX || away == GW_NO_INDEX) {
        out->state = GW_BAL_UNDECLARED;
        return;
    }
    out->in = gw_rule_read(ctx, in);
    out->out = gw_rule_read(ctx, away);
    if (!both_numbers(out)) {
        out->state = GW_BAL_QUALITY;
        return;
    }
    if (!pair_up(ctx, out)) {
        out->state = GW_BAL_SKEW;
        return;
    }
    out->state = both_numbers(out) ? GW_BAL_OK : GW_BAL_QUALITY;
}

void gw_rule_balance(const struct gw_rule_ctx *ctx, struct gw_balance *out)
{
    gw_rule_pair(ctx, out);
    if (out->state != GW_BAL_OK)
        return;
    double least = 0.0;
    if (ctx->check->rule->of_rated[0] != '\0') {
        least = gw_rule_settled(gw_check_param(ctx->check, GW_PARAM_MIN_PERCENT, 0.0) / 100.0 *
                                ctx->check->rated);
    }
    if (!(out->q_in > least)) { /* also when the rated value is not known */
        out->state = GW_BAL_LOW;
        return;
    }
    out->percent = gw_rule_settled((out->q_in - out->q_out) / out->q_in * 100.0);
}

enum gw_tri gw_rule_uncompared(struct gw_rule_ctx *ctx, const struct gw_balance *b)
{
    switch (b->state) {
    case GW_BAL_QUALITY: {
        double unused = 0.0;
        const bool in_good = gw_reading_number(&b->in, &unused);
        return gw_rule_unusable(ctx, in_good ? b->role_out : b->role_in,
                                in_good ? &b->out : &b->in);
    }
    case GW_BAL_SKEW:
        gw_rule_en(ctx, "%s and %s were not read together", b->in.point->id, b->out.point->id);
        gw_rule_zh(ctx, "%s 与 %s 采样时刻相差过大", b->in.point->id, b->out.point->id);
        return GW_UNKNOWN;
    case GW_BAL_LOW: {
        char q[GW_SHOWN];
        gw_reading_show(&b->in, false, q);
        gw_rule_en(ctx, "inflow %s %s is too low to compare", b->in.point->id, q);
        gw_rule_zh(ctx, "%s %s %s 过低，不作比较", gw_rule_title(ctx, b->role_in), b->in.point->id,
                   q);
        /* No water, no leak: an alarm is over, but a lead is not thereby answered. */
        return ctx->check->finding->cls == GW_CLASS_ALARM ? GW_FALSE : GW_UNKNOWN;
    }
    case GW_BAL_UNDECLARED:
    case GW_BAL_OK:
        break;
    }
    gw_rule_en(ctx, "no two points to compare");
    gw_rule_zh(ctx, "没有可比较的两个测点");
    return GW_UNKNOWN;
}

enum gw_tri gw_rule_balance_eval(struct gw_rule_ctx *ctx)
{
    struct gw_balance b;
    gw_rule_balance(ctx, &b);
    if (b.state != GW_BAL_OK)
        return gw_rule_uncompared(ctx, &b);
    struct gw_limit limit = {.side = GW_LIMIT_HIGH};
    if (!gw_rule_bound(ctx->check, &limit.at, &limit.deadband))
        return unknown_limit(ctx);
    const enum gw_tri tri = violated(limit, ctx->was, b.percent) ? GW_TRUE : GW_FALSE;
    ctx->value = b.percent;
    ctx->stamp_ms =
        b.in.sample.mono_ms < b.out.sample.mono_ms ? b.in.sample.mono_ms : b.out.sample.mono_ms;
    ctx->limit = limit.at;
    if (!ctx->explain)
        return tri;
    ctx->decimals = gw_rule_digits(b.percent, limit.at, 2);
    char in[GW_SHOWN];
    char out[GW_SHOWN];
    char what[GW_RULE_WHY];
    char zh[GW_RULE_WHY];
    gw_reading_show(&b.in, false, in);
    gw_reading_show(&b.out, false, out);
    snprintf(what, sizeof what, "inflow %s %s, outflow %s %s: difference", b.in.point->id, in,
             b.out.point->id, out);
    snprintf(zh, sizeof zh, "%s %s %s，%s %s %s：流量差", gw_rule_title(ctx, b.role_in),
             b.in.point->id, in, gw_rule_title(ctx, b.role_out), b.out.point->id, out);
    gw_rule_say_limit(ctx, what, zh, "%", tri);
    return tri;
}

/* ---- the evaluation ---- */

/* Whether the gate lets the rule be evaluated; otherwise *answer is the answer. */
static bool pass_gate(struct gw_rule_ctx *ctx, enum gw_tri *answer)
{
    const enum gw_run_gate gate = ctx->check->finding->run;
    if (gate == GW_RUN_NONE)
        return true;
    switch (gw_rule_run(ctx->check, ctx->table, ctx->now_ms)) {
    case GW_RUN_UNDECLARED:
    case GW_RUN_RUNNING:
        return true;
    case GW_RUN_STOPPED:
        *answer = gate == GW_RUN_RESET ? GW_FALSE : GW_UNKNOWN;
        gw_rule_en(ctx, "asset stopped (%s)", gw_table_point(ctx->table, ctx->check->run)->id);
        gw_rule_zh(ctx, "设备停运（%s）", gw_table_point(ctx->table, ctx->check->run)->id);
        return false;
    case GW_RUN_UNSURE:
        break;
    }
    const struct gw_reading r = gw_rule_read(ctx, ctx->check->run);
    *answer = gw_rule_unusable(ctx, "RUN", &r);
    return false;
}

enum gw_tri gw_rule_eval(struct gw_rule_ctx *ctx)
{
    static enum gw_tri (*const rules[GW_RULE_COUNT])(struct gw_rule_ctx *) = {
        [GW_RULE_ABSENT] = gw_rule_absent,
        [GW_RULE_BAD_QUALITY] = gw_rule_bad_quality,
        [GW_RULE_STATE] = gw_rule_state,
        [GW_RULE_LIMIT] = gw_rule_limit,
        [GW_RULE_BALANCE] = gw_rule_balance_eval,
        [GW_RULE_BYPASSED] = gw_rule_bypassed,
        [GW_RULE_NO_EFFECT] = gw_rule_no_effect,
        [GW_RULE_UNHANDLED] = gw_rule_unhandled,
        [GW_RULE_OVERDUE] = gw_rule_overdue,
        [GW_RULE_FROZEN] = gw_rule_frozen,
        [GW_RULE_DECOUPLED] = gw_rule_decoupled,
        [GW_RULE_DEVIATION] = gw_rule_deviation,
        [GW_RULE_RATE] = gw_rule_rate,
        [GW_RULE_DISAGREE] = gw_rule_disagree,
        [GW_RULE_CHATTER] = gw_rule_chatter,
        [GW_RULE_ORDER] = gw_rule_order,
        [GW_RULE_PERMIT] = gw_rule_permit,
        [GW_RULE_UNMAPPED] = gw_rule_unmapped,
        [GW_RULE_SELF] = gw_rule_self,
        [GW_RULE_RAIL] = gw_rule_rail,
        [GW_RULE_REPEATED] = gw_rule_repeated,
        [GW_RULE_SETPOINT] = gw_rule_setpoint,
        [GW_RULE_CHANGED] = gw_rule_changed,
        [GW_RULE_SWAPPED] = gw_rule_swapped,
        [GW_RULE_BELOW] = gw_rule_below,
        [GW_RULE_ALTERNATING] = gw_rule_alternating,
    };
    ctx->value = NAN;
    ctx->limit = NAN;
    ctx->decimals = 0;
    ctx->stamp_ms = ctx->now_ms;
    ctx->cause = GW_NO_INDEX;
    ctx->strength = '\0';
    ctx->why[0] = '\0';
    ctx->why_zh[0] = '\0';
    enum gw_tri answer = GW_UNKNOWN;
    if (!pass_gate(ctx, &answer)) {
        ctx->memory->watching = false; /* this time does not count */
        return answer;
    }
    return rules[ctx->check->rule->rule](ctx);
}
