/* SPDX-License-Identifier: Apache-2.0
 *
 * FROZEN, DECOUPLED and RAIL: an instrument that says the same for too long.
 *
 * All watch one point, and start their time anew whenever it has moved: by `spread` (in its unit)
 * or `spread_percent` (of its size) since the time began. A value that is constant to its last
 * digit has never moved. The size of a point is its declared sane range, or the largest value seen
 * where none is declared.
 *
 * FROZEN: it did not move for `hours`. That the other points of its device moved meanwhile is told,
 * and not asked for: a reviewer sees from it whether one probe or a whole device stands still.
 * With `moves` it is held to its own noise: only an instrument that has moved so often before is
 * judged, and only when it stands still `calm_times` as long as it ever did between two moves (and
 * for `hours` at least). A standstill that was told does not raise that bar.
 * DECOUPLED: it did not move for `hours`, and a companion, which it should follow, varied by
 * `vary_percent` of its own size within that time.
 * RAIL: it did not move for `hours`, within `end_percent` of an end of its declared sane range, and
 * none of the alarms that would tell of such a value is active on the asset.
 *
 * What they cannot see: movement smaller than the last digit (with `step_percent` an instrument
 * whose last digit is coarser than that share of its size is not judged at all); movement while the
 * asset is stopped, the point not good, or the gateway off (that time does not count); a quantity
 * that truly stands still. A replayed or invented signal moves, and passes both. DECOUPLED counts
 * anew what a companion did before a restart, so it may come later, never sooner. RAIL looks at the
 * declared range, and where none is declared, at nothing.
 *
 * False alarms expected. FROZEN with `moves`: if standstills are as random as those of a value that
 * crosses its last digit by noise (their lengths fall off as exp(-t/T)), the longest of n is about
 * T ln n, and one of 4 T ln n comes with chance n^-4: 1e-8 at the next standstill for n = 100, and
 * less with each that follows. A quantity that begins to rest by its nature (a process that is held
 * constant from now on) is told once, and must not be called impossible: strength B. DECOUPLED: as
 * likely as a true standstill of the one while the other truly moves. RAIL: as likely as a quantity
 * that truly rests at the end of its range. Measured in test_rule_history.c: none in 1000 days of
 * days and nights with noise from a fifth of the last digit to three of them.
 */
#include "finding/rule_parts.h"

#include "base/decimal.h"
#include "model/unit.h"

#include <math.h>
#include <string.h>

#define HOUR_MS 3600000.0

static double last_digit(const struct gw_point *p)
{
    return p->def->vtype == GW_V_NUM ? 1.0 / gw_rule_tens(p->def->decimals) : 1.0;
}

static double size_of(const struct gw_point *p, double lo, double hi)
{
    if (isfinite(p->def->sane_lo) && isfinite(p->def->sane_hi))
        return p->def->sane_hi - p->def->sane_lo;
    return fmax(fabs(lo), fabs(hi));
}

static bool same_words(double lo, double hi, const struct gw_point *p)
{
    return gw_rule_settled(hi - lo) * 2 < last_digit(p);
}

/* ---- the instrument ---- */

static bool has_moved(const struct gw_rule_ctx *ctx, const struct gw_point *p, double lo, double hi)
{
    const double percent = gw_check_param(ctx->check, GW_PARAM_SPREAD_PERCENT, 0.0);
    const double spread = percent > 0 ? gw_rule_settled(percent / 100.0 * size_of(p, lo, hi))
                                      : gw_check_param(ctx->check, GW_PARAM_SPREAD, 0.0);
    return !same_words(lo, hi, p) && gw_rule_settled(hi - lo) >= spread;
}

static void start_anew(struct gw_rule_memory *m, double x)
{
    *m = (struct gw_rule_memory){.holds = true,
                                 .lo = x,
                                 .hi = x,
                                 .moves = m->moves,
                                 .calm_ms = m->calm_ms,
                                 .watching = m->watching,
                                 .at_ms = m->at_ms};
}

/* How long it has to stand still. */
static double bar_ms(const struct gw_rule_ctx *ctx)
{
    const double least = gw_check_param(ctx->check, GW_PARAM_HOURS, NAN) * HOUR_MS;
    const double times = gw_check_param(ctx->check, GW_PARAM_CALM_TIMES, 0.0);
    return fmax(least, times * (double)ctx->memory->calm_ms);
}

/* A move ends a standstill, which shows how long the instrument rests by its nature. */
static void learn(const struct gw_rule_ctx *ctx, struct gw_rule_memory *m)
{
    if (!(gw_check_param(ctx->check, GW_PARAM_MOVES, 0.0) > 0))
        return;
    if (m->moves < GW_MEMORY_MOVES)
        m->moves++;
    if (m->held_ms > m->calm_ms && (double)m->held_ms < bar_ms(ctx))
        m->calm_ms = m->held_ms;
}

static void watch(struct gw_rule_ctx *ctx, const struct gw_point *p, double x)
{
    struct gw_rule_memory *m = ctx->memory;
    const int64_t passed = m->watching ? ctx->now_ms - m->at_ms : 0;
    m->watching = true;
    m->at_ms = ctx->now_ms;
    const double lo = fmin(m->lo, x);
    const double hi = fmax(m->hi, x);
    if (!m->holds || has_moved(ctx, p, lo, hi)) {
        if (m->holds)
            learn(ctx, m);
        start_anew(m, x);
        return;
    }
    m->lo = lo;
    m->hi = hi;
    m->held_ms += passed > 0 ? passed : 0;
}

/* ---- witnesses ---- */

static void watch_witness(struct gw_rule_ctx *ctx, unsigned i, const struct gw_reading *r)
{
    struct gw_rule_memory *m = ctx->memory;
    double x = 0.0;
    if (!gw_reading_number(r, &x))
        return;
    const bool seeded = (m->seeded >> i & 1u) != 0;
    m->with_lo[i] = seeded ? fmin(m->with_lo[i], x) : x;
    m->with_hi[i] = seeded ? fmax(m->with_hi[i], x) : x;
    m->seeded |= 1u << i;
    const double percent = gw_check_param(ctx->check, GW_PARAM_VARY_PERCENT, 0.0);
    const double lo = m->with_lo[i];
    const double hi = m->with_hi[i];
    const double least = gw_rule_settled(percent / 100.0 * size_of(r->point, lo, hi));
    if (!same_words(lo, hi, r->point) && gw_rule_settled(hi - lo) >= least)
        m->moved = true;
}

static void watch_witnesses(struct gw_rule_ctx *ctx)
{
    for (unsigned i = 0; i < ctx->check->nwitnesses; i++) {
        const struct gw_reading r = gw_rule_read(ctx, ctx->check->witnesses[i]);
        watch_witness(ctx, i, &r);
    }
}

/* ---- the rules ---- */

/* A state by which the instrument has shown that it lives, such as an alarm or a test. */
static bool lives(const struct gw_rule_ctx *ctx)
{
    for (size_t i = 0; i < ctx->check->rule->ntests; i++)
        if (gw_rule_test(ctx, i).tri == GW_TRUE)
            return true;
    return false;
}

static void say(struct gw_rule_ctx *ctx, const char *role, const struct gw_point *p)
{
    if (!ctx->explain)
        return;
    const struct gw_rule_memory *m = ctx->memory;
    const bool companions = ctx->check->rule->rule == GW_RULE_DECOUPLED;
    char lo[GW_DECIMAL_SIZE];
    char hi[GW_DECIMAL_SIZE];
    char held[GW_DECIMAL_SIZE];
    char want[GW_DECIMAL_SIZE];
    gw_decimal(m->lo, p->def->decimals, lo);
    gw_decimal(m->hi, p->def->decimals, hi);
    gw_decimal(floor((double)m->held_ms / HOUR_MS * 10.0) / 10.0, 1, held);
    gw_decimal(bar_ms(ctx) / HOUR_MS, 1, want);
    const char *unit = gw_unit_text(p->def->unit);
    gw_rule_en(ctx, "%s between %s and %s %s for %s h of %s h, %s", p->id, lo, hi, unit, held, want,
               companions ? (m->moved ? "while what it should follow varied"
                                      : "and what it should follow was steady, too")
                          : (m->moved ? "while others of its device moved"
                                      : "and nothing else of its device moved"));
    gw_rule_zh(ctx, "%s %s 在 %s h 内（判定时长 %s h）保持 %s～%s %s，%s", gw_rule_title(ctx, role),
               p->id, held, want, lo, hi, unit,
               companions
                   ? (m->moved ? "而相关参数同期有变化" : "相关参数同期亦无变化")
                   : (m->moved ? "同一装置其他测点同期有变化" : "同一装置其他测点同期亦无变化"));
}

static enum gw_tri too_coarse(struct gw_rule_ctx *ctx, const char *role, const struct gw_point *p)
{
    gw_rule_en(ctx, "not evaluated: the last digit of %s is too coarse", p->id);
    gw_rule_zh(ctx, "未评估：%s %s 分辨力不足", gw_rule_title(ctx, role), p->id);
    return GW_UNKNOWN;
}

static enum gw_tri too_quiet(struct gw_rule_ctx *ctx, const char *role, const struct gw_point *p)
{
    gw_rule_en(ctx, "not evaluated: %s has not moved often enough to know how long it rests",
               p->id);
    gw_rule_zh(ctx, "未评估：%s %s 变化次数不足，无法判断其正常静止时长", gw_rule_title(ctx, role),
               p->id);
    return GW_UNKNOWN;
}

static enum gw_tri stands_still(struct gw_rule_ctx *ctx)
{
    const char *role = "";
    const uint32_t own = gw_rule_each_point(ctx, &role);
    if (own == GW_NO_INDEX) {
        gw_rule_en(ctx, "no instrument to look at");
        gw_rule_zh(ctx, "没有可查看的仪表");
        return GW_UNKNOWN;
    }
    const struct gw_reading r = gw_rule_read(ctx, own);
    double x = 0.0;
    if (r.quality != GW_Q_GOOD || !gw_reading_number(&r, &x)) {
        ctx->memory->watching = false;
        return gw_rule_unusable(ctx, role, &r);
    }
    if (lives(ctx))
        ctx->memory->holds = false;
    watch(ctx, r.point, x);
    watch_witnesses(ctx);
    const struct gw_rule_memory *m = ctx->memory;
    const double step = gw_check_param(ctx->check, GW_PARAM_STEP_PERCENT, 0.0);
    if (step > 0 &&
        last_digit(r.point) > gw_rule_settled(step / 100.0 * size_of(r.point, m->lo, m->hi)))
        return too_coarse(ctx, role, r.point);
    ctx->value = x;
    ctx->decimals = r.point->def->decimals;
    say(ctx, role, r.point);
    if (!((double)m->held_ms >= bar_ms(ctx)))
        return GW_FALSE;
    return (double)m->moves < gw_check_param(ctx->check, GW_PARAM_MOVES, 0.0)
               ? too_quiet(ctx, role, r.point)
               : GW_TRUE;
}

enum gw_tri gw_rule_frozen(struct gw_rule_ctx *ctx)
{
    return stands_still(ctx);
}

enum gw_tri gw_rule_decoupled(struct gw_rule_ctx *ctx)
{
    const enum gw_tri still = stands_still(ctx);
    return still == GW_TRUE && !ctx->memory->moved ? GW_FALSE : still;
}

/* ---- at an end of the range ---- */

/* The first alarm on the asset that tells of such a value already. */
static const struct gw_finding *told_by(const struct gw_rule_ctx *ctx)
{
    for (size_t i = 0; i < ctx->check->ncauses; i++) {
        const struct gw_peer p = ctx->peer(ctx->peer_ctx, ctx->check->causes[i]);
        if (p.active)
            return p.def->finding;
    }
    return NULL;
}

enum gw_tri gw_rule_rail(struct gw_rule_ctx *ctx)
{
    const enum gw_tri still = stands_still(ctx);
    if (still != GW_TRUE)
        return still;
    const struct gw_point *p = gw_table_point(ctx->table, gw_rule_each_point(ctx, NULL));
    const double near = gw_rule_settled(gw_check_param(ctx->check, GW_PARAM_END_PERCENT, 0.0) /
                                        100.0 * (p->def->sane_hi - p->def->sane_lo));
    const double low = gw_rule_settled(ctx->value - p->def->sane_lo);
    const double high = gw_rule_settled(p->def->sane_hi - ctx->value);
    const struct gw_finding *alarm = told_by(ctx);
    if (alarm != NULL) {
        gw_rule_en(ctx, "%s active: it tells of this value", alarm->code);
        gw_rule_zh(ctx, "报警“%s”已反映该数值", alarm->title.zh);
        return GW_FALSE;
    }
    if (low <= near || high <= near) {
        char at[GW_DECIMAL_SIZE];
        char held[GW_DECIMAL_SIZE];
        ctx->limit = low <= near ? p->def->sane_lo : p->def->sane_hi;
        gw_decimal(ctx->value, p->def->decimals, at);
        gw_decimal(floor((double)ctx->memory->held_ms / HOUR_MS * 10.0) / 10.0, 1, held);
        const char *unit = gw_unit_text(p->def->unit);
        gw_rule_en(ctx, "%s rests at %s %s, the %s end of its range, for %s h", p->id, at, unit,
                   low <= near ? "low" : "high", held);
        gw_rule_zh(ctx, "%s 停在量程%s %s %s，已 %s h", p->id, low <= near ? "下限" : "上限", at,
                   unit, held);
        return GW_TRUE;
    }
    return GW_FALSE;
}
