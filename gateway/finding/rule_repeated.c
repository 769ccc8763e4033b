/* SPDX-License-Identifier: Apache-2.0
 *
 * REPEATED: an instrument says again, reading by reading, what it said before.
 *
 * Readings are taken to the last digit that the point is declared with, and looked up among the
 * last 75,000 or so of the same point (recurrence.h): 20 hours at one a second, a day and a half at one
 * every two. It repeats when `reads` of them in a row or more, at least `change_percent` of which
 * differ from the one before, were said before in the same order; once more, or in a loop.
 *
 * What it cannot see: a recording older than that, or played at another pace than it is read (each
 * reading then lands elsewhere in it); values with noise added anew; a loop of fewer than about
 * thirty readings, which may have no place to be cut at; a repetition that was going on before a
 * restart, until it has lasted `reads` again. A gap, a stop of the asset, or a reading that is not
 * good ends a repetition.
 *
 * False alarms expected: a quantity with noise says the same as at a given earlier moment with
 * chance p at each reading, where p is the chance that two readings are alike: 3/4 at the most
 * where one reading in four differs from the one before. 240 of them then match one given place of
 * the past with chance 0.75^240 = 1e-30, and one of 75,000 places with less than 1e-25: none in the
 * life of a plant. A signal without any noise that is truly periodic (an output of a program)
 * repeats, and is told. Measured in test_rule_repeated.c: none in 1000 days of noise, steps and
 * tides.
 */
#include "finding/rule_parts.h"

#include "base/decimal.h"
#include "finding/recurrence.h"

#include <math.h>

#define COUNTS_MAX 9e15 /* whole numbers beyond this are not told apart */

/* The reading in counts of its last digit. */
static bool counts_of(const struct gw_reading *r, int64_t *out)
{
    double x = 0.0;
    if (r->quality != GW_Q_GOOD || !gw_reading_number(r, &x))
        return false;
    if (r->sample.vtype == GW_V_NUM)
        x *= gw_rule_tens(r->point->def->decimals);
    if (!(fabs(x) < COUNTS_MAX))
        return false;
    *out = llround(x);
    return true;
}

static void say(struct gw_rule_ctx *ctx, const char *role, const struct gw_point *p,
                const struct gw_recurrence_match *m, bool repeated)
{
    char hours[GW_DECIMAL_SIZE];
    if (!repeated) {
        gw_rule_en(ctx, "%s says nothing that it has said before", p->id);
        gw_rule_zh(ctx, "%s %s 未见重复数据", gw_rule_title(ctx, role), p->id);
        return;
    }
    gw_decimal((double)m->ago_ms / 3600000.0, 2, hours);
    gw_rule_en(ctx,
               "%s repeats, reading by reading, what it said %s h before: %lld readings, "
               "%lld changes",
               p->id, hours, (long long)m->reads, (long long)m->changes);
    gw_rule_zh(ctx, "%s %s 逐点重复 %s h 前的数据：%lld 个读数、%lld 次变化",
               gw_rule_title(ctx, role), p->id, hours, (long long)m->reads, (long long)m->changes);
}

enum gw_tri gw_rule_repeated(struct gw_rule_ctx *ctx)
{
    const char *role = "";
    const uint32_t own = gw_rule_each_point(ctx, &role);
    if (own == GW_NO_INDEX || ctx->recurrence == NULL) {
        gw_rule_en(ctx, "no instrument to look at");
        gw_rule_zh(ctx, "没有可查看的仪表");
        return GW_UNKNOWN;
    }
    const struct gw_reading r = gw_rule_read(ctx, own);
    int64_t counts = 0;
    if (!counts_of(&r, &counts)) {
        gw_recurrence_cut(ctx->recurrence);
        return gw_rule_unusable(ctx, role, &r);
    }
    struct gw_rule_memory *m = ctx->memory;
    if (!m->watching || r.sample.mono_ms - m->at_ms > r.point->def->stale_ms)
        gw_recurrence_cut(ctx->recurrence);
    m->watching = true;
    m->at_ms = r.sample.mono_ms;
    gw_recurrence_add(ctx->recurrence, counts, r.sample.mono_ms);
    const struct gw_recurrence_match match = gw_recurrence_match(ctx->recurrence);
    const double reads = gw_check_param(ctx->check, GW_PARAM_READS, NAN);
    const double share = gw_check_param(ctx->check, GW_PARAM_CHANGE_PERCENT, NAN) / 100.0;
    const bool repeated = (double)match.reads >= reads &&
                          (double)match.changes >= gw_rule_settled(share * (double)match.reads);
    ctx->value = (double)match.reads;
    ctx->limit = reads;
    say(ctx, role, r.point, &match, repeated);
    return repeated ? GW_TRUE : GW_FALSE;
}
