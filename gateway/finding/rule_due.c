/* SPDX-License-Identifier: Apache-2.0
 *
 * OVERDUE: the day until which an instrument's verification is valid, against the calendar.
 *
 * The day counts to its end in China Standard Time. The rule knows the date that was declared and
 * nothing of the certificate itself. A clock that is neither synchronised nor at least past the moment
 * at which this program was built is wrong; but then it is later than that moment, and what had
 * ended by then has surely ended. Of anything else such a clock proves nothing.
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

enum gw_tri gw_rule_overdue(struct gw_rule_ctx *ctx)
{
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
    const double ahead = gw_check_param(ctx->check, "ahead_days", -1.0);
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
