/* SPDX-License-Identifier: Apache-2.0
 *
 * OVERDUE: the day until which an instrument's verification is valid, against the calendar.
 *
 * The day counts to its end in China Standard Time. The rule knows the date that was declared and
 * nothing of the certificate itself. A clock that is neither synchronised nor at least past the moment
 * at which this program was built is wrong; but then it is later than that moment, and what had
 * ended by then has surely ended. Of anything else such a clock proves nothing.
 *
 * With "proofs" it is the proof tests that were recorded (proofs.h), each of which counts for a while.
 */
#include "finding/rule_parts.h"

#include <stdlib.h>

#define DAY_MS  INT64_C(86400000)
#define ZONE_MS INT64_C(28800000) /* China Standard Time is 8 h ahead */

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t days_of(long year, long month, long day)
{
    const long y = month <= 2 ? year - 1 : year; /* years that begin in March */
    const long m = month <= 2 ? month + 9 : month - 3;
    const long in_year = (153 * m + 2) / 5 + day - 1;
    return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 + in_year - 719468;
}

/* "2027-03-31", as the site reader has checked it: the wall time at which that day is over. */
static int64_t end_of_day(const char *date)
{
    char *end = NULL;
    const long year = strtol(date, &end, 10);
    const long month = *end == '-' ? strtol(end + 1, &end, 10) : 1;
    const long day = *end == '-' ? strtol(end + 1, &end, 10) : 1;
    return (days_of(year, month, day) + 1) * DAY_MS - ZONE_MS;
}

/* The one whose latest proof is the oldest, of the points that play a role now; NULL: none was ever
 * proved. */
static const struct gw_proof *oldest_proof(const struct gw_rule_ctx *ctx)
{
    const struct gw_site_asset *a = ctx->check->asset;
    const struct gw_proof *oldest = NULL;
    for (size_t i = 0; ctx->proofs != NULL && i < a->nroles; i++) {
        for (size_t k = 0; k < a->roles[i].npoints; k++) {
            const struct gw_point *p = gw_table_point(ctx->table, a->roles[i].points[k]);
            const struct gw_proof *proof = gw_proofs_latest(ctx->proofs, a->id, p->id);
            if (proof != NULL && (oldest == NULL || proof->at_ms < oldest->at_ms))
                oldest = proof;
        }
    }
    return oldest;
}

/* Proof tests; one that never was is no overdue one: the inventory shows it as not commissioned. */
static enum gw_tri proofs_overdue(struct gw_rule_ctx *ctx)
{
    const struct gw_proof *p = oldest_proof(ctx);
    const double interval = gw_check_param(ctx->check, GW_PARAM_INTERVAL, 0.0);
    if (p == NULL) {
        gw_rule_en(ctx, "no proof test was recorded");
        gw_rule_zh(ctx, "尚无功能试验记录");
        return GW_FALSE;
    }
    if (!ctx->sync && ctx->wall_ms < ctx->built_ms) {
        gw_rule_en(ctx, "not evaluated: the clock is not set");
        gw_rule_zh(ctx, "未评估：时钟未同步");
        return GW_UNKNOWN;
    }
    const int64_t age = ctx->wall_ms > p->at_ms ? (ctx->wall_ms - p->at_ms) / DAY_MS : 0;
    char iso[GW_ISO_SIZE];
    gw_clock_iso(p->at_ms, iso);
    ctx->value = (double)age;
    ctx->limit = interval;
    gw_rule_en(ctx, "the last proof test of %s (%s) was on %.10s, %lld d ago; every %.0f d is due",
               p->point, p->role, iso, (long long)age, interval);
    gw_rule_zh(ctx, "%s（%s）最近一次功能试验为 %.10s，已过 %lld 天，应每 %.0f 天进行一次",
               p->point, gw_rule_title(ctx, p->role), iso, (long long)age, interval);
    return (double)age >= interval ? GW_TRUE : GW_FALSE;
}

enum gw_tri gw_rule_overdue(struct gw_rule_ctx *ctx)
{
    if (ctx->check->rule->proofs)
        return proofs_overdue(ctx);
    const char *due = ctx->check->cal_due;
    const char *who = ctx->check->subject;
    const bool items = ctx->check->rule->items; /* inspections of things, not of instruments */
    if (due == NULL || due[0] == '\0') {
        gw_rule_en(ctx, "no date is declared for %s", who);
        gw_rule_zh(ctx, "装置 %s 未申报检定有效期", who);
        return GW_UNKNOWN;
    }
    const bool wrong = !ctx->sync && ctx->wall_ms < ctx->built_ms;
    const int64_t past = (wrong ? ctx->built_ms : ctx->wall_ms) - end_of_day(due);
    if (wrong && past < 0) {
        gw_rule_en(ctx, "not evaluated: the clock is not set");
        gw_rule_zh(ctx, "未评估：时钟未同步");
        return GW_UNKNOWN;
    }
    const double ahead = gw_check_param(ctx->check, GW_PARAM_AHEAD, -1.0);
    if (past >= 0) {
        const int64_t days = past / DAY_MS + 1;
        ctx->value = (double)days;
        gw_rule_en(ctx, "%s of %s ended with %s, %s%lld d ago",
                   items ? "inspection" : "verification", who, due, wrong ? "at least " : "",
                   (long long)days);
        gw_rule_zh(ctx, "%s %s %s有效期至 %s，已超期%s %lld 天", items ? "项目" : "装置", who,
                   items ? "检查（检测）" : "检定", due, wrong ? "至少" : "", (long long)days);
        return GW_TRUE;
    }
    const int64_t left = (-past - 1) / DAY_MS;
    ctx->value = -(double)left;
    gw_rule_en(ctx, "%s of %s ends with %s, %lld d left", items ? "inspection" : "verification",
               who, due, (long long)left);
    gw_rule_zh(ctx, "%s %s %s有效期至 %s，还剩 %lld 天", items ? "项目" : "装置", who,
               items ? "检查（检测）" : "检定", due, (long long)left);
    return (double)left <= ahead ? GW_TRUE : GW_FALSE;
}
