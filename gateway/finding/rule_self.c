/* SPDX-License-Identifier: Apache-2.0
 *
 * SELF and UNMAPPED: the gateway's own silence, clock and configuration, and assets that it cannot
 * see at all. What SELF answers is gathered by life.c.
 */
#include "finding/rule_parts.h"

static enum gw_tri clock_set(struct gw_rule_ctx *ctx)
{
    if (ctx->signs->step_ms == 0) {
        gw_rule_en(ctx, "the clock runs on");
        gw_rule_zh(ctx, "时钟连续运行");
        return GW_FALSE;
    }
    gw_rule_en(ctx, "the wall clock was set by %+lld ms", (long long)ctx->signs->step_ms);
    gw_rule_zh(ctx, "系统时钟被调整 %+lld 毫秒", (long long)ctx->signs->step_ms);
    return GW_TRUE;
}

static enum gw_tri changed(struct gw_rule_ctx *ctx)
{
    gw_rule_en(ctx, ctx->signs->changed ? "the platform accepted another inventory than this one"
                                        : "no other inventory was accepted");
    gw_rule_zh(ctx, ctx->signs->changed ? "现行配置与平台已确认的清单不一致"
                                        : "配置与平台已确认的清单一致或者尚无确认");
    return ctx->signs->changed ? GW_TRUE : GW_FALSE;
}

static enum gw_tri offline(struct gw_rule_ctx *ctx)
{
    const double hours = gw_check_param(ctx->check, GW_PARAM_HOURS, 24.0);
    const double away = (double)ctx->signs->away_ms / 3600000.0;
    if (!(away > hours)) {
        gw_rule_en(ctx, "the gateway was not off for longer than %.15g h", hours);
        gw_rule_zh(ctx, "网关停运未超过 %.15g 小时", hours);
        return GW_FALSE;
    }
    switch (ctx->signs->ran) {
    case GW_TRUE:
        gw_rule_en(ctx, "the gateway was off for %.1f h, and %s moved meanwhile", away,
                   ctx->signs->moved);
        gw_rule_zh(ctx, "网关停运 %.1f 小时，期间 %s 有变化（现场在运行）", away,
                   ctx->signs->moved);
        break;
    case GW_FALSE:
        gw_rule_en(ctx, "the gateway was off for %.1f h, and no counter moved", away);
        gw_rule_zh(ctx, "网关停运 %.1f 小时，期间计数未变化", away);
        break;
    case GW_UNKNOWN:
        gw_rule_en(ctx, "not evaluated: off for %.1f h, nothing tells whether the site ran", away);
        gw_rule_zh(ctx, "未评估：网关停运 %.1f 小时，无法判断现场是否运行", away);
        break;
    }
    return ctx->signs->ran;
}

static enum gw_tri sources(struct gw_rule_ctx *ctx)
{
    gw_rule_en(ctx, ctx->signs->sources_lost ? "no device answers" : "devices answer");
    gw_rule_zh(ctx, ctx->signs->sources_lost ? "所有装置均无应答" : "有装置应答正常");
    return ctx->signs->sources_lost ? GW_TRUE : GW_FALSE;
}

enum gw_tri gw_rule_self(struct gw_rule_ctx *ctx)
{
    if (ctx->signs == NULL) {
        gw_rule_en(ctx, "nothing is known yet");
        gw_rule_zh(ctx, "尚无信息");
        return GW_UNKNOWN;
    }
    switch (ctx->check->sign) {
    case GW_SIGN_CLOCK:
        return clock_set(ctx);
    case GW_SIGN_CONFIG:
        return changed(ctx);
    case GW_SIGN_OFFLINE:
        return offline(ctx);
    case GW_SIGN_SOURCES:
        return sources(ctx);
    case GW_SIGN_COUNT:
        break;
    }
    return GW_UNKNOWN;
}

enum gw_tri gw_rule_unmapped(struct gw_rule_ctx *ctx)
{
    const struct gw_site_asset *a = ctx->check->asset;
    for (size_t i = 0; i < a->nroles; i++) {
        if (a->roles[i].npoints > 0) {
            gw_rule_en(ctx, "points are declared");
            gw_rule_zh(ctx, "已申报测点");
            return GW_FALSE;
        }
    }
    gw_rule_en(ctx, "no point is declared for this asset");
    gw_rule_zh(ctx, "该设备（场所）未申报任何测点");
    return GW_TRUE;
}
