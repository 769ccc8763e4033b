/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules that look at whether instruments are there, live and in service.
 */
#include "finding/rule_parts.h"

#include "base/decimal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- role tests ---- */

static enum gw_tri test_reading(const struct gw_role_test *test, const struct gw_reading *r)
{
    if (!gw_quality_usable(r->quality) || !r->sample.valued)
        return GW_UNKNOWN;
    switch ((enum gw_vtype)r->sample.vtype) {
    case GW_V_BOOL:
        return (r->sample.value.i != 0) == test->on ? GW_TRUE : GW_FALSE;
    case GW_V_STATE: {
        const int64_t s = r->sample.value.i;
        if (s < 0 || s >= GW_S_COUNT)
            return GW_UNKNOWN;
        if ((test->states >> s & 1u) != 0)
            return GW_TRUE;
        /* Only an instrument that measures can say that it is not so: a shielded or broken one does
         * not heal what it told before. */
        return gw_quality_usable(gw_state_quality((enum gw_state)s)) ? GW_FALSE : GW_UNKNOWN;
    }
    case GW_V_NUM:
    case GW_V_INT:
        break;
    }
    return GW_UNKNOWN;
}

/* TRUE beats UNKNOWN beats FALSE. */
static int weight(enum gw_tri t)
{
    return t == GW_TRUE ? 2 : t == GW_UNKNOWN ? 1 : 0;
}

struct gw_tested gw_rule_test(const struct gw_rule_ctx *ctx, size_t i)
{
    const struct gw_role_test *test = &ctx->check->rule->tests[i];
    struct gw_tested out = {.tri = GW_UNKNOWN};
    const struct gw_site_role *role = gw_check_test(ctx->check, i);
    if (role == NULL)
        return out;
    const struct gw_site_role *own = gw_check_own(ctx->check);
    if (own != NULL && own->npoints == role->npoints) {
        out.declared = true;
        out.reading = gw_rule_read(ctx, gw_check_point(ctx->check, role));
        out.tri = test_reading(test, &out.reading);
        return out;
    }
    for (size_t k = 0; k < role->npoints; k++) {
        const struct gw_reading r = gw_rule_read(ctx, role->points[k]);
        const enum gw_tri tri = test_reading(test, &r);
        if (!out.declared || weight(tri) > weight(out.tri))
            out = (struct gw_tested){.tri = tri, .declared = true, .reading = r};
    }
    return out;
}

/* All tests of a rule that name a role of the asset. The one that decided is in *out. */
static enum gw_tri any_test(const struct gw_rule_ctx *ctx, struct gw_tested *out,
                            const struct gw_role_test **which)
{
    const struct gw_rule_def *rule = ctx->check->rule;
    bool found = false;
    for (size_t i = 0; i < rule->ntests; i++) {
        const struct gw_tested t = gw_rule_test(ctx, i);
        if (t.declared && (!found || weight(t.tri) > weight(out->tri))) {
            *out = t;
            *which = &rule->tests[i];
            found = true;
        }
    }
    return found ? out->tri : GW_UNKNOWN;
}

/* Whether the limit that the finding has for values alone is in the unit of the value behind the
 * state. */
static bool limit_holds_for(const struct gw_rule_ctx *ctx)
{
    const struct gw_finding *f = ctx->check->finding;
    const uint32_t at = gw_check_point(ctx->check, gw_check_value(ctx->check));
    for (size_t i = 0; i < f->nrules && at != GW_NO_INDEX; i++) {
        const struct gw_rule_def *r = &f->rules[i];
        if (r->rule == GW_RULE_LIMIT && !r->low && r->of_rated[0] == '\0')
            return strcmp(r->unit, gw_table_point(ctx->table, at)->def->unit) == 0;
    }
    return false;
}

/* The state is what counts. Where the value behind it does not bear it out (a detector that latches,
 * or one whose set-point or scaling is not what was declared), that is told beside it. */
static void note_disagreement(const struct gw_rule_ctx *ctx, enum gw_tri tri, char *en, char *zh,
                              size_t size)
{
    const double high = gw_check_param(ctx->check, GW_PARAM_HIGH, NAN);
    en[0] = '\0';
    zh[0] = '\0';
    if (tri != GW_TRUE || !isfinite(high) || !limit_holds_for(ctx) || !isfinite(ctx->value) ||
        ctx->value >= high)
        return;
    char limit[GW_DECIMAL_SIZE];
    gw_decimal(high, gw_rule_digits(ctx->value, high, ctx->decimals), limit);
    snprintf(en, size, ", though its value is below %s", limit);
    snprintf(zh, size, "（浓度值低于 %s，与状态不一致）", limit);
}

static void say_test(struct gw_rule_ctx *ctx, const struct gw_role_test *test,
                     const struct gw_tested *t, enum gw_tri tri)
{
    if (!ctx->explain)
        return;
    char note[GW_DECIMAL_SIZE + 48];
    char note_zh[GW_DECIMAL_SIZE + 48];
    note_disagreement(ctx, tri, note, note_zh, sizeof note);
    char en[GW_SHOWN];
    char zh[GW_SHOWN];
    gw_reading_show(&t->reading, false, en);
    gw_reading_show(&t->reading, true, zh);
    gw_rule_en(ctx, "%s %s%s", t->reading.point->id, en, note);
    gw_rule_zh(ctx, "%s %s %s%s", gw_rule_title(ctx, test->role), t->reading.point->id, zh,
               note_zh);
}

/* The quantity behind a state ("value" of the rule), for the record and for what comes after. */
static void note_value(struct gw_rule_ctx *ctx)
{
    const uint32_t at = gw_check_point(ctx->check, gw_check_value(ctx->check));
    if (at == GW_NO_INDEX)
        return;
    const struct gw_reading r = gw_rule_read(ctx, at);
    double x = 0.0;
    if (gw_reading_number(&r, &x)) {
        ctx->value = x;
        ctx->decimals = r.point->def->decimals;
    }
}

enum gw_tri gw_rule_state(struct gw_rule_ctx *ctx)
{
    struct gw_tested t = {.tri = GW_UNKNOWN};
    const struct gw_role_test *test = NULL;
    const enum gw_tri tri = any_test(ctx, &t, &test);
    if (test == NULL) {
        gw_rule_en(ctx, "no state or contact to look at");
        gw_rule_zh(ctx, "没有可查看的状态或触点");
        return GW_UNKNOWN;
    }
    if (tri == GW_UNKNOWN)
        return gw_rule_unusable(ctx, test->role, &t.reading);
    ctx->stamp_ms = t.reading.sample.mono_ms;
    note_value(ctx);
    say_test(ctx, test, &t, tri);
    return tri;
}

/* ---- bypassed ---- */

static enum gw_tri device_silent(struct gw_rule_ctx *ctx)
{
    const uint32_t at = gw_rule_each_point(ctx, NULL);
    if (at == GW_NO_INDEX) {
        gw_rule_en(ctx, "no device to listen to");
        gw_rule_zh(ctx, "没有可监听的装置");
        return GW_UNKNOWN;
    }
    const struct gw_point *p = gw_table_point(ctx->table, at);
    const enum gw_link link = gw_table_device(ctx->table, p->device)->link;
    const enum gw_run_state run = gw_rule_run(ctx->check, ctx->table, ctx->now_ms);
    if (link == GW_LINK_OK && gw_rule_passed(ctx, p)) {
        gw_rule_en(ctx, "the device of %s answers", p->id);
        gw_rule_zh(ctx, "%s 所属装置应答正常", p->id);
        return GW_FALSE;
    }
    if (link == GW_LINK_DOWN && run != GW_RUN_STOPPED &&
        gw_table_siblings_ok(ctx->table, p->device, ctx->now_ms)) {
        gw_rule_en(ctx, "the device of %s does not answer while others do", p->id);
        gw_rule_zh(ctx, "%s 所属装置无应答，其他装置应答正常", p->id);
        return GW_TRUE;
    }
    gw_rule_en(ctx, "not evaluated: link to the device of %s is %s%s", p->id, gw_link_name(link),
               run == GW_RUN_STOPPED ? ", asset stopped" : "");
    gw_rule_zh(ctx, "未评估：无法判定 %s 所属装置是否被关闭%s", p->id,
               run == GW_RUN_STOPPED ? "（设备停运）" : "");
    return GW_UNKNOWN;
}

enum gw_tri gw_rule_bypassed(struct gw_rule_ctx *ctx)
{
    if (!ctx->check->rule->silent)
        return gw_rule_state(ctx);
    const enum gw_tri silent = device_silent(ctx);
    if (silent == GW_TRUE || ctx->check->rule->ntests == 0)
        return silent;
    const enum gw_tri tested = gw_rule_state(ctx);
    return weight(tested) > weight(silent) ? tested : silent;
}

/* ---- bad quality ---- */

/* An instrument whose own signal says that it is shielded, in calibration or in test. */
static enum gw_tri inhibited(struct gw_rule_ctx *ctx, const char *role, const struct gw_reading *r)
{
    const bool inhibit = r->quality == GW_Q_INHIBIT;
    if (!inhibit && r->quality != GW_Q_GOOD)
        return gw_rule_unusable(ctx, role, r);
    gw_rule_en(ctx, "%s %s", r->point->id, gw_quality_name(r->quality));
    gw_rule_zh(ctx, "%s %s %s", gw_rule_title(ctx, role), r->point->id, gw_quality_zh(r->quality));
    return inhibit ? GW_TRUE : GW_FALSE;
}

enum gw_tri gw_rule_bad_quality(struct gw_rule_ctx *ctx)
{
    const char *role = "";
    const uint32_t at = gw_rule_each_point(ctx, &role);
    if (at == GW_NO_INDEX) {
        gw_rule_en(ctx, "no instrument to look at");
        gw_rule_zh(ctx, "没有可查看的仪表");
        return GW_UNKNOWN;
    }
    const struct gw_reading r = gw_rule_read(ctx, at);
    if (ctx->check->rule->inhibit)
        return inhibited(ctx, role, &r);
    /* A fault that was last seen long ago is silence as well. */
    const bool old = ctx->now_ms - r.sample.mono_ms > r.point->def->stale_ms;
    bool sure = true;
    switch (r.quality) {
    case GW_Q_GOOD:
        break;
    case GW_Q_BAD_FAULT:
        if (ctx->check->rule->range)
            return gw_rule_unusable(ctx, role, &r);
        sure = !old || gw_rule_own_silence(ctx, r.point);
        break;
    case GW_Q_BAD_RANGE:
        sure = !old || gw_rule_own_silence(ctx, r.point);
        break;
    case GW_Q_BAD_COMM:
    case GW_Q_STALE:
        if (ctx->check->rule->range)
            return gw_rule_unusable(ctx, role, &r);
        sure = gw_rule_own_silence(ctx, r.point);
        break;
    case GW_Q_NOT_YET:
    case GW_Q_UNCERTAIN:
    case GW_Q_WARMUP:
    case GW_Q_INHIBIT:
    case GW_Q_COUNT:
        return gw_rule_unusable(ctx, role, &r);
    }
    if (!sure) {
        gw_rule_en(ctx, "not evaluated: %s %s, and its own silence is not sure", r.point->id,
                   gw_quality_name(r.quality));
        gw_rule_zh(ctx, "未评估：%s %s %s，不能确认是其自身原因", gw_rule_title(ctx, role),
                   r.point->id, gw_quality_zh(r.quality));
        return GW_UNKNOWN;
    }
    gw_rule_en(ctx, "%s %s", r.point->id, gw_quality_name(r.quality));
    gw_rule_zh(ctx, "%s %s %s", gw_rule_title(ctx, role), r.point->id, gw_quality_zh(r.quality));
    return r.quality == GW_Q_GOOD ? GW_FALSE : GW_TRUE;
}

/* ---- absent ---- */

/* What is known of one need. */
enum presence {
    MET,
    UNDECLARED, /* nobody plays it */
    SILENT,     /* declared, never answered, and the silence is the instrument's own */
    UNSURE      /* declared, never answered, and nobody can tell why */
};

struct need_view {
    enum presence presence;
    uint32_t point; /* of SILENT and UNSURE: one of them */
};

/* A detector's state is the controller's word on the detector: it can be read well and say that
 * nobody is there. What counts is the quality that the state gives to the detector's value. */
static enum gw_quality heard(const struct gw_reading *r)
{
    const bool read = r->quality == GW_Q_GOOD || r->quality == GW_Q_STALE;
    if (read && r->sample.vtype == GW_V_STATE && r->sample.valued)
        return gw_state_quality((enum gw_state)r->sample.value.i);
    return r->quality;
}

/* One point that is to meet a need. An instrument that answers with a fault, or warms up, is not
 * absent: that it does not work is for other findings to say. */
static enum presence point_presence(const struct gw_rule_ctx *ctx, uint32_t point)
{
    const struct gw_reading r = gw_rule_read(ctx, point);
    switch (heard(&r)) {
    case GW_Q_GOOD:
    case GW_Q_STALE: /* was good once */
        return MET;
    case GW_Q_BAD_COMM:
    case GW_Q_NOT_YET:
        return gw_rule_own_silence(ctx, r.point) ? SILENT : UNSURE;
    case GW_Q_UNCERTAIN:
    case GW_Q_BAD_FAULT:
    case GW_Q_BAD_RANGE:
    case GW_Q_WARMUP:
    case GW_Q_INHIBIT:
    case GW_Q_COUNT:
        break;
    }
    return UNSURE;
}

static struct need_view view_need(const struct gw_rule_ctx *ctx, size_t need)
{
    struct need_view v = {.presence = UNDECLARED, .point = GW_NO_INDEX};
    for (size_t k = 0; k < ctx->check->rule->needs[need].nalt; k++) {
        const struct gw_site_role *role = gw_check_need(ctx->check, need, k);
        for (size_t i = 0; role != NULL && i < role->npoints; i++) {
            const enum presence p = point_presence(ctx, role->points[i]);
            if (p == MET)
                return (struct need_view){.presence = MET, .point = role->points[i]};
            if (v.presence != UNSURE)
                v = (struct need_view){.presence = p, .point = role->points[i]};
        }
    }
    return v;
}

/* "T_OUT", "P_GAS or DI_LP" of every need that nobody plays. */
static void say_undeclared(struct gw_rule_ctx *ctx, uint32_t missing)
{
    if (!ctx->explain)
        return;
    char en[GW_RULE_WHY];
    char zh[GW_RULE_WHY];
    struct gw_buf be;
    struct gw_buf bz;
    gw_buf_fixed(&be, en, sizeof en);
    gw_buf_fixed(&bz, zh, sizeof zh);
    const struct gw_rule_def *rule = ctx->check->rule;
    for (size_t i = 0; i < rule->nneeds; i++) {
        if ((missing >> i & 1u) == 0)
            continue;
        for (size_t k = 0; k < rule->needs[i].nalt; k++) {
            const char *sep = k > 0 ? " or " : be.len > 0 ? ", " : "";
            const char *sep_zh = k > 0 ? "或" : bz.len > 0 ? "、" : "";
            gw_buf_printf(&be, "%s%s", sep, rule->needs[i].alt[k]);
            gw_buf_printf(&bz, "%s%s", sep_zh, gw_rule_title(ctx, rule->needs[i].alt[k]));
        }
    }
    gw_rule_en(ctx, "not declared: %s", en);
    gw_rule_zh(ctx, "未申报测点：%s", zh);
}

static void say_silent(struct gw_rule_ctx *ctx, uint32_t point, bool sure)
{
    const struct gw_point *p = gw_table_point(ctx->table, point);
    const bool answers = gw_table_device(ctx->table, p->device)->link == GW_LINK_OK;
    if (!sure) {
        gw_rule_en(ctx,
                   "not evaluated: %s has not answered well yet, and its own silence is not sure",
                   p->id);
        gw_rule_zh(ctx, "未评估：%s 尚无有效应答，不能确认是其自身原因", p->id);
        return;
    }
    /* Installed and lost, or never in use at all: who proved it saw it work. */
    const struct gw_proof *proof =
        ctx->proofs != NULL ? gw_proofs_latest(ctx->proofs, ctx->check->asset->id, p->id) : NULL;
    if (proof != NULL) {
        char iso[GW_ISO_SIZE];
        gw_clock_iso(proof->at_ms, iso);
        gw_rule_en(ctx, "silent since the start: %s (%s); commissioned, last proved on %.10s",
                   p->id, answers ? "its device answers" : "other devices answer", iso);
        gw_rule_zh(ctx, "启动以来未应答：%s（%s）；曾投用，最近一次功能试验 %.10s", p->id,
                   answers ? "所属装置应答正常" : "其他装置应答正常", iso);
        return;
    }
    gw_rule_en(ctx, "never answered: %s (%s); never commissioned", p->id,
               answers ? "its device answers" : "other devices answer");
    gw_rule_zh(ctx, "从未应答：%s（%s）；无投用（功能试验）记录", p->id,
               answers ? "所属装置应答正常" : "其他装置应答正常");
}

enum gw_tri gw_rule_absent(struct gw_rule_ctx *ctx)
{
    const struct gw_rule_def *rule = ctx->check->rule;
    uint32_t undeclared = 0;
    uint32_t silent = GW_NO_INDEX;
    uint32_t unsure = GW_NO_INDEX;
    for (size_t i = 0; i < rule->nneeds; i++) {
        const struct need_view v = view_need(ctx, i);
        switch (v.presence) {
        case MET:
            ctx->seen |= 1u << i;
            break;
        case UNDECLARED:
            undeclared |= 1u << i;
            break;
        case SILENT:
            silent = (ctx->seen >> i & 1u) != 0 ? silent : v.point;
            break;
        case UNSURE:
            unsure = (ctx->seen >> i & 1u) != 0 ? unsure : v.point;
            break;
        }
    }
    if (undeclared != 0) {
        say_undeclared(ctx, undeclared);
        return GW_TRUE;
    }
    if (silent != GW_NO_INDEX) {
        say_silent(ctx, silent, true);
        return GW_TRUE;
    }
    if (unsure != GW_NO_INDEX) {
        say_silent(ctx, unsure, false);
        return GW_UNKNOWN;
    }
    gw_rule_en(ctx, "all required instruments have answered");
    gw_rule_zh(ctx, "要求的仪表均已应答");
    return GW_FALSE;
}
