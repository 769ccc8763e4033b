/* SPDX-License-Identifier: Apache-2.0 */
#include "finding/rule_parts.h"

#include "base/decimal.h"
#include "base/text.h"
#include "model/unit.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const quality_zh[] = {
    [GW_Q_NOT_YET] = "尚未读到",  [GW_Q_GOOD] = "正常",          [GW_Q_UNCERTAIN] = "不确定",
    [GW_Q_BAD_COMM] = "通信中断", [GW_Q_BAD_FAULT] = "仪表故障", [GW_Q_BAD_RANGE] = "超出物理范围",
    [GW_Q_WARMUP] = "预热",       [GW_Q_INHIBIT] = "屏蔽或标定", [GW_Q_STALE] = "数据陈旧",
};
_Static_assert(COUNT(quality_zh) == GW_Q_COUNT, "a quality has no Chinese name");

static const char *const state_zh[] = {
    [GW_S_UNKNOWN] = "状态不明",
    [GW_S_NORMAL] = "正常",
    [GW_S_WARMUP] = "预热",
    [GW_S_PRE_ALARM] = "预报警",
    [GW_S_LOW] = "低报",
    [GW_S_HIGH] = "高报",
    [GW_S_OVER_RANGE] = "超量程",
    [GW_S_SENSOR_FAULT] = "传感器故障",
    [GW_S_DATA_ERROR] = "数据错误",
    [GW_S_COMM_FAULT] = "通信故障",
    [GW_S_NEED_CAL] = "需标定",
    [GW_S_STEL] = "短时接触超限",
    [GW_S_TWA] = "时间加权超限",
    [GW_S_SHIELDED] = "屏蔽",
    [GW_S_INHIBIT] = "禁止",
    [GW_S_ABSENT] = "无此节点",
    [GW_S_EXPIRED] = "已到期",
};
_Static_assert(COUNT(state_zh) == GW_S_COUNT, "a state has no Chinese name");

const char *gw_quality_zh(enum gw_quality q)
{
    return (size_t)q < COUNT(quality_zh) ? quality_zh[q] : "?";
}

const char *gw_state_zh(enum gw_state s)
{
    return (size_t)s < COUNT(state_zh) ? state_zh[s] : "?";
}

void gw_rule_en(struct gw_rule_ctx *ctx, const char *fmt, ...)
{
    if (!ctx->explain)
        return;
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(ctx->why, sizeof ctx->why, fmt, ap);
    va_end(ap);
}

void gw_rule_zh(struct gw_rule_ctx *ctx, const char *fmt, ...)
{
    if (!ctx->explain)
        return;
    va_list ap;
    va_start(ap, fmt);
    gw_text_vline(ctx->why_zh, sizeof ctx->why_zh, fmt, ap);
    va_end(ap);
}

const char *gw_rule_title(const struct gw_rule_ctx *ctx, const char *role)
{
    if (!ctx->explain)
        return "";
    const struct gw_role_def *def =
        ctx->catalogue != NULL ? gw_catalogue_role(ctx->catalogue, role) : NULL;
    return def != NULL && def->title.zh[0] != '\0' ? def->title.zh : role;
}

static void show_value(const struct gw_reading *r, bool zh, char out[GW_SHOWN])
{
    char number[GW_DECIMAL_SIZE];
    const char *unit = gw_unit_text(r->point->def->unit);
    const char *sep = unit[0] != '\0' ? " " : "";
    switch ((enum gw_vtype)r->sample.vtype) {
    case GW_V_NUM:
        gw_decimal(r->sample.value.num, r->point->def->decimals, number);
        snprintf(out, GW_SHOWN, "%s%s%s", number, sep, unit);
        return;
    case GW_V_INT:
        gw_decimal((double)r->sample.value.i, 0, number);
        snprintf(out, GW_SHOWN, "%s%s%s", number, sep, unit);
        return;
    case GW_V_BOOL:
        /* Titles of contacts are statements ("valve closed"), so a contact says yes or no. */
        if (zh)
            snprintf(out, GW_SHOWN, "%s", r->sample.value.i != 0 ? "为“是”" : "为“否”");
        else
            snprintf(out, GW_SHOWN, "%s", r->sample.value.i != 0 ? "on" : "off");
        return;
    case GW_V_STATE: {
        const enum gw_state s = (enum gw_state)r->sample.value.i;
        snprintf(out, GW_SHOWN, "%s", zh ? gw_state_zh(s) : gw_state_name(s));
        return;
    }
    }
    out[0] = '\0';
}

void gw_reading_show(const struct gw_reading *r, bool zh, char out[GW_SHOWN])
{
    if (gw_quality_usable(r->quality) && r->sample.valued) {
        show_value(r, zh, out);
        return;
    }
    snprintf(out, GW_SHOWN, "%s", zh ? gw_quality_zh(r->quality) : gw_quality_name(r->quality));
}

/* Digits that show v as it is, up to 4. */
static int digits_of(double v, int least)
{
    char text[GW_DECIMAL_SIZE];
    int d = least;
    for (; d < 4; d++) {
        gw_decimal(v, d, text);
        if (fabs(strtod(text, NULL) - v) < 1e-9)
            break;
    }
    return d;
}

int gw_rule_digits(double value, double limit, int base)
{
    if (isnan(limit))
        return digits_of(value, base);
    int d = digits_of(limit, base);
    char a[GW_DECIMAL_SIZE];
    char b[GW_DECIMAL_SIZE];
    for (; d < 6 && value < limit; d++) {
        gw_decimal(value, d, a);
        gw_decimal(limit, d, b);
        if (strtod(a, NULL) < strtod(b, NULL))
            break;
    }
    return d;
}

enum gw_tri gw_rule_unusable(struct gw_rule_ctx *ctx, const char *role, const struct gw_reading *r)
{
    gw_rule_en(ctx, "not evaluated: %s %s", r->point->id, gw_quality_name(r->quality));
    gw_rule_zh(ctx, "未评估：%s %s %s", gw_rule_title(ctx, role), r->point->id,
               gw_quality_zh(r->quality));
    return GW_UNKNOWN;
}
