/* SPDX-License-Identifier: Apache-2.0
 *
 * SETPOINT, CHANGED and SWAPPED: what an instrument is set to, and which instrument it is.
 *
 * A register counts as read when its two newest readings are good and say the same: a set-point is
 * read every few minutes, and what was garbled on the wire once is not there the second time.
 *
 * SETPOINT: it is above `high` (or below `low`, "low": true), a fraction of a rated value with
 * "of_rated". At the limit itself it is lawful, and so is every stricter one; the rule never asks
 * whether a set-point is what somebody expects. It cannot see a device that shows one number and
 * acts on another.
 *
 * CHANGED: it says something else than what the gateway remembers of it. SWAPPED: the device names
 * itself differently (maker, model, serial number, as far as its protocol tells them). What was
 * read first is remembered, over restarts and down time; a value or name that is not known yet is
 * unknown, and no change. It settles when the old one is back, or when the platform accepts the
 * inventory: then what was told is what is remembered (gw_rule_settle). They cannot see what a
 * device does not say, a change and its reversal between two reads, nor what was changed before
 * the gateway first looked. Two devices of a make that gives no serial number are alike.
 *
 * False alarms expected: none from noise, as the same wrong number has to arrive twice, each in a
 * frame whose checksum is right. A device that was exchanged or set anew lawfully is told as well;
 * that is for the reviewer, and for the acceptance.
 */
#include "finding/rule_parts.h"

#include "base/decimal.h"
#include "model/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- a register read twice ---- */

enum twice { TWICE_SAME, TWICE_UNUSABLE, TWICE_ONCE };

static bool is_number(const struct gw_sample *s)
{
    return s->quality == GW_Q_GOOD && s->valued &&
           (s->vtype == GW_V_INT || (s->vtype == GW_V_NUM && isfinite(s->value.num)));
}

static double number_of(const struct gw_sample *s)
{
    return s->vtype == GW_V_INT ? (double)s->value.i : s->value.num;
}

static enum twice read_twice(const struct gw_rule_ctx *ctx, const struct gw_reading *r,
                             double *value)
{
    struct gw_sample past[2];
    bool ignored = true;
    if (r->quality != GW_Q_GOOD || !gw_reading_number(r, value))
        return TWICE_UNUSABLE;
    const size_t n =
        gw_table_history(ctx->table, r->sample.point, INT64_MIN, ctx->now_ms, past, 2, &ignored);
    const bool same = n == 2 && is_number(&past[0]) && is_number(&past[1]) &&
                      !(number_of(&past[0]) < number_of(&past[1])) &&
                      !(number_of(&past[0]) > number_of(&past[1]));
    return same ? TWICE_SAME : TWICE_ONCE;
}

/* The register that the check is about, as read twice; otherwise false and *answer, with words. */
static bool settled_value(struct gw_rule_ctx *ctx, const char **role, struct gw_reading *r,
                          double *value, enum gw_tri *answer)
{
    *answer = GW_UNKNOWN;
    const uint32_t at = gw_rule_each_point(ctx, role);
    if (at == GW_NO_INDEX) {
        gw_rule_en(ctx, "no register to look at");
        gw_rule_zh(ctx, "没有可查看的寄存器");
        return false;
    }
    *r = gw_rule_read(ctx, at);
    switch (read_twice(ctx, r, value)) {
    case TWICE_SAME:
        return true;
    case TWICE_UNUSABLE:
        *answer = gw_rule_unusable(ctx, *role, r);
        return false;
    case TWICE_ONCE:
        gw_rule_en(ctx, "not evaluated: %s was not read twice alike yet", r->point->id);
        gw_rule_zh(ctx, "未评估：%s %s 尚未连续两次读到相同数值", gw_rule_title(ctx, *role),
                   r->point->id);
        return false;
    }
    return false;
}

/* ---- set-points ---- */

enum gw_tri gw_rule_setpoint(struct gw_rule_ctx *ctx)
{
    const bool low = ctx->check->rule->low;
    const char *role = "";
    struct gw_reading r;
    double x = 0.0;
    double limit = 0.0;
    double deadband = 0.0;
    enum gw_tri answer;
    if (!settled_value(ctx, &role, &r, &x, &answer))
        return answer;
    if (!gw_rule_bound(ctx->check, &limit, &deadband)) {
        gw_rule_en(ctx, "no limit: a rated value is missing");
        gw_rule_zh(ctx, "缺少额定值，无法确定限值");
        return GW_UNKNOWN;
    }
    x = gw_rule_settled(x);
    ctx->value = x;
    ctx->limit = limit;
    const bool wrong = low ? x < limit : x > limit;
    if (!ctx->explain)
        return wrong ? GW_TRUE : GW_FALSE;
    ctx->decimals = gw_rule_digits(fmin(x, limit), fmax(x, limit), r.point->def->decimals);
    char shown[GW_DECIMAL_SIZE];
    char bound[GW_DECIMAL_SIZE];
    gw_decimal(x, ctx->decimals, shown);
    gw_decimal(limit, ctx->decimals, bound);
    const char *sign = wrong ? (low ? "<" : ">") : (low ? ">=" : "<=");
    const char *sign_zh = wrong ? sign : (low ? "≥" : "≤");
    const char *unit = gw_unit_text(r.point->def->unit);
    gw_rule_en(ctx, "%s is set to %s %s, %s the permitted %s %s", r.point->id, shown, unit, sign,
               bound, unit);
    gw_rule_zh(ctx, "%s %s 设定为 %s %s，%s 允许值 %s %s", gw_rule_title(ctx, role), r.point->id,
               shown, unit, sign_zh, bound, unit);
    return wrong ? GW_TRUE : GW_FALSE;
}

/* ---- what is remembered ---- */

/* Holds what is said now against what is remembered. */
static bool differs(struct gw_rule_memory *m, const char *now)
{
    if (m->kept[0] == '\0')
        snprintf(m->kept, sizeof m->kept, "%s", now);
    if (strcmp(m->kept, now) == 0) {
        m->told[0] = '\0';
        return false;
    }
    if (m->told[0] == '\0')
        snprintf(m->told, sizeof m->told, "%s", now);
    return true;
}

bool gw_rule_settle(struct gw_rule_memory *m)
{
    if (m->told[0] == '\0')
        return false;
    memcpy(m->kept, m->told, sizeof m->kept);
    m->told[0] = '\0';
    return true;
}

enum gw_tri gw_rule_changed(struct gw_rule_ctx *ctx)
{
    const char *role = "";
    struct gw_reading r;
    double x = 0.0;
    enum gw_tri answer;
    char now[GW_DECIMAL_SIZE];
    if (!settled_value(ctx, &role, &r, &x, &answer))
        return answer;
    const int decimals = r.sample.vtype == GW_V_INT ? 0 : r.point->def->decimals;
    gw_decimal(x, decimals, now);
    if (strlen(now) >= GW_MEMORY_TEXT) { /* a number of forty digits is no set-point */
        gw_rule_en(ctx, "not evaluated: %s is too large a number", r.point->id);
        gw_rule_zh(ctx, "未评估：%s %s 数值过大", gw_rule_title(ctx, role), r.point->id);
        return GW_UNKNOWN;
    }
    const bool changed = differs(ctx->memory, now);
    ctx->value = x;
    ctx->decimals = decimals;
    const char *unit = gw_unit_text(r.point->def->unit);
    const char *sep = unit[0] != '\0' ? " " : "";
    if (!changed) {
        gw_rule_en(ctx, "%s is %s%s%s as remembered", r.point->id, now, sep, unit);
        gw_rule_zh(ctx, "%s %s 为 %s%s%s，与记录一致", gw_rule_title(ctx, role), r.point->id, now,
                   sep, unit);
        return GW_FALSE;
    }
    gw_rule_en(ctx, "%s was %s%s%s and is %s%s%s", r.point->id, ctx->memory->kept, sep, unit, now,
               sep, unit);
    gw_rule_zh(ctx, "%s %s 由 %s%s%s 变为 %s%s%s", gw_rule_title(ctx, role), r.point->id,
               ctx->memory->kept, sep, unit, now, sep, unit);
    return GW_TRUE;
}

enum gw_tri gw_rule_swapped(struct gw_rule_ctx *ctx)
{
    const char *who = ctx->check->subject;
    const uint32_t at = gw_rule_each_point(ctx, NULL);
    const struct gw_device_life *life =
        at != GW_NO_INDEX ? gw_table_device(ctx->table, gw_table_point(ctx->table, at)->device)
                          : NULL;
    const bool silent = life == NULL || life->link != GW_LINK_OK || life->identity[0] == '\0';
    if (silent && ctx->memory->kept[0] == '\0') { /* most devices have no way to say it */
        gw_rule_en(ctx, "%s has never said which device it is", who);
        gw_rule_zh(ctx, "装置 %s 未曾报告身份", who);
        return GW_FALSE;
    }
    if (silent) {
        gw_rule_en(ctx, "not evaluated: %s does not say which device it is", who);
        gw_rule_zh(ctx, "未评估：装置 %s 尚未报告身份", who);
        return GW_UNKNOWN;
    }
    if (!differs(ctx->memory, life->identity)) {
        gw_rule_en(ctx, "%s is \"%s\" as remembered", who, life->identity);
        gw_rule_zh(ctx, "装置 %s 为“%s”，与记录一致", who, life->identity);
        return GW_FALSE;
    }
    gw_rule_en(ctx, "%s was \"%s\" and is \"%s\"", who, ctx->memory->kept, life->identity);
    gw_rule_zh(ctx, "装置 %s 由“%s”变为“%s”", who, ctx->memory->kept, life->identity);
    return GW_TRUE;
}
