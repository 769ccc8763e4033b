/* SPDX-License-Identifier: Apache-2.0
 *
 * BELOW and ALTERNATING: two instruments that contradict each other.
 *
 * Both compare readings that were taken within `pair_ms` of each other, and nothing else.
 *
 * BELOW: the first is below the second by more than `high` (water that comes out colder than it
 * went in). On the way back `deadband` counts.
 *
 * ALTERNATING: the two flows of a loop differ by more than `percent` of the inflow, now one way and
 * then the other: the sign of these large differences changed `flips` times, never more than
 * `minutes` apart. A leak loses water, and one wrong meter is wrong to one side; only made-up or
 * exchanged signals go to and fro.
 *
 * What they cannot see: contradictions smaller than the numbers; anything while one of the two is
 * not good, while the asset is stopped, or at too little flow. ALTERNATING counts anew after a
 * restart.
 *
 * False alarms expected: BELOW none, as long as both thermometers are within 2.5 K. ALTERNATING:
 * two meters of class 1 differ by 2 % at most, so a large difference is none of theirs; the start
 * of a pump gives two changes of sign at the worst, one fewer than the least `flips`. Measured in
 * test_rule_pair.c: none in 1000 days of noise and pump starts.
 */
#include "finding/rule_parts.h"

#include "base/decimal.h"

#include <math.h>
#include <stdio.h>

enum gw_tri gw_rule_below(struct gw_rule_ctx *ctx)
{
    struct gw_balance b;
    gw_rule_pair(ctx, &b);
    if (b.state != GW_BAL_OK)
        return gw_rule_uncompared(ctx, &b);
    const double limit = gw_check_param(ctx->check, GW_PARAM_HIGH, NAN);
    const double deadband = gw_check_param(ctx->check, GW_PARAM_DEADBAND, 0.0);
    const double bound = gw_rule_settled(ctx->was ? limit - deadband : limit);
    ctx->value = gw_rule_settled(b.q_out - b.q_in);
    ctx->limit = limit;
    const bool below = ctx->value > bound;
    if (!ctx->explain)
        return below ? GW_TRUE : GW_FALSE;
    ctx->decimals =
        gw_rule_digits(fmin(ctx->value, bound), fmax(ctx->value, bound), b.in.point->def->decimals);
    char in[GW_SHOWN];
    char out[GW_SHOWN];
    char by[GW_DECIMAL_SIZE];
    char most[GW_DECIMAL_SIZE];
    gw_reading_show(&b.in, false, in);
    gw_reading_show(&b.out, false, out);
    gw_decimal(ctx->value, ctx->decimals, by);
    gw_decimal(bound, ctx->decimals, most);
    gw_rule_en(ctx, "%s %s, %s %s: below by %s %s %s", b.in.point->id, in, b.out.point->id, out, by,
               below ? ">" : "<=", most);
    gw_rule_zh(ctx, "%s %s %s，%s %s %s：前者低 %s %s %s", gw_rule_title(ctx, b.role_in),
               b.in.point->id, in, gw_rule_title(ctx, b.role_out), b.out.point->id, out, by,
               below ? ">" : "≤", most);
    return below ? GW_TRUE : GW_FALSE;
}

/* Notes the sign of a large difference. */
static void note_sign(struct gw_rule_ctx *ctx, int sign, int64_t apart_ms)
{
    struct gw_rule_memory *m = ctx->memory;
    if (m->flips > 0 && ctx->now_ms - m->flip_ms > apart_ms)
        m->flips = 0;
    if (sign == 0 || sign == m->sign)
        return;
    if (m->sign != 0) {
        m->flips++;
        m->flip_ms = ctx->now_ms;
    }
    m->sign = sign;
}

enum gw_tri gw_rule_alternating(struct gw_rule_ctx *ctx)
{
    struct gw_balance b;
    gw_rule_balance(ctx, &b);
    if (b.state != GW_BAL_OK)
        return gw_rule_uncompared(ctx, &b);
    const double limit = gw_check_param(ctx->check, GW_PARAM_PERCENT, NAN);
    const double minutes = gw_check_param(ctx->check, GW_PARAM_MINUTES, NAN);
    const int64_t want = llround(gw_check_param(ctx->check, GW_PARAM_FLIPS, 3.0));
    const int sign = b.percent > limit ? 1 : b.percent < -limit ? -1 : 0;
    note_sign(ctx, sign, llround(minutes * 60000.0));
    const int64_t flips = ctx->memory->flips;
    ctx->value = b.percent;
    ctx->limit = limit;
    const enum gw_tri tri = flips >= want ? GW_TRUE : GW_FALSE;
    if (!ctx->explain)
        return tri;
    ctx->decimals = 2;
    char now[GW_DECIMAL_SIZE];
    char most[GW_DECIMAL_SIZE];
    gw_decimal(b.percent, 2, now);
    gw_decimal(limit, gw_rule_digits(limit, NAN, 0), most);
    gw_rule_en(ctx,
               "%s and %s: the difference, now %s %%, changed its sign %lld times beyond %s %%",
               b.in.point->id, b.out.point->id, now, (long long)flips, most);
    gw_rule_zh(ctx, "%s %s 与 %s %s 之差现为 %s %%，超过 ±%s %% 的正负交替 %lld 次",
               gw_rule_title(ctx, b.role_in), b.in.point->id, gw_rule_title(ctx, b.role_out),
               b.out.point->id, now, most, (long long)flips);
    return tri;
}
