/* SPDX-License-Identifier: Apache-2.0
 *
 * What the samples show: whether a signal moved, and whether an interlock acted in its time.
 */
#include "finding/proofs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "finding/inventory_in.h"

#define OF_RANGE 0.02 /* engineering default */
#define OF_VALUE 0.1

/* Whether the sample says something of the plant: an error does not, and a detector that is
 * inhibited while it is tested does. */
static bool says(const struct gw_sample *s)
{
    const enum gw_quality q = s->vtype == GW_V_STATE && s->valued
                                  ? gw_state_quality((enum gw_state)s->value.i)
                                  : (enum gw_quality)s->quality;
    return s->valued && (q == GW_Q_GOOD || q == GW_Q_INHIBIT) &&
           (s->quality == GW_Q_GOOD || s->quality == GW_Q_INHIBIT || s->vtype == GW_V_STATE);
}

/* The last sample before since_ms that says something, or the first of all. */
static size_t first_of(const struct gw_sample *samples, size_t n, int64_t since_ms)
{
    size_t first = 0;
    for (size_t i = 0; i < n && samples[i].mono_ms < since_ms; i++)
        first = says(&samples[i]) ? i : first;
    return first;
}

static bool changed(const struct gw_sample *samples, size_t n, struct gw_seen *out)
{
    const struct gw_sample *before = NULL;
    bool seen = false;
    for (size_t i = 0; i < n; i++) {
        if (!says(&samples[i]))
            continue;
        if (before != NULL && before->value.i != samples[i].value.i) {
            *out = (struct gw_seen){*before, samples[i]};
            seen = true;
        }
        before = &samples[i];
    }
    return seen;
}

static double enough(const struct gw_point *p, double lo, double hi)
{
    if (isfinite(p->def->sane_lo) && isfinite(p->def->sane_hi))
        return OF_RANGE * (p->def->sane_hi - p->def->sane_lo);
    return fmax(OF_VALUE * fmax(fabs(lo), fabs(hi)), 2.0 * pow(10.0, -p->def->decimals));
}

/* From the one extreme to the other; `to` is the first sample that is more than half-way. */
static bool swung(const struct gw_point *p, const struct gw_sample *samples, size_t n,
                  struct gw_seen *out)
{
    const struct gw_sample *lo = NULL;
    const struct gw_sample *hi = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!says(&samples[i]))
            continue;
        lo = lo == NULL || samples[i].value.num < lo->value.num ? &samples[i] : lo;
        hi = hi == NULL || samples[i].value.num > hi->value.num ? &samples[i] : hi;
    }
    if (lo == NULL || hi->value.num - lo->value.num < enough(p, lo->value.num, hi->value.num))
        return false;
    const struct gw_sample *from = lo < hi ? lo : hi;
    const struct gw_sample *to = lo < hi ? hi : lo;
    const double half = (lo->value.num + hi->value.num) / 2.0;
    *out = (struct gw_seen){*from, *to};
    for (const struct gw_sample *s = from; s < to; s++) {
        if (says(s) && (s->value.num > half) == (to->value.num > half)) {
            out->to.mono_ms = s->mono_ms;
            break;
        }
    }
    return true;
}

bool gw_proof_moved(const struct gw_point *point, const struct gw_sample *samples, size_t n,
                    int64_t since_ms, struct gw_seen *out)
{
    const size_t first = first_of(samples, n, since_ms);
    return point->def->vtype == GW_V_NUM ? swung(point, samples + first, n - first, out)
                                         : changed(samples + first, n - first, out);
}

/* ---- at an asset ---- */

static bool no(struct gw_proof_view *v, const char *en, const char *zh)
{
    (void)snprintf(v->why, sizeof v->why, "%s", en);
    (void)snprintf(v->why_zh, sizeof v->why_zh, "%s", zh);
    return false;
}

static void put_value(const struct gw_point *p, const struct gw_sample *s, char out[GW_PROOF_VALUE])
{
    char text[GW_DECIMAL_SIZE] = "";
    if (p->def->vtype == GW_V_NUM)
        gw_decimal(s->value.num, p->def->decimals, text);
    else if (p->def->vtype == GW_V_INT)
        (void)snprintf(text, sizeof text, "%lld", (long long)s->value.i);
    else if (p->def->vtype == GW_V_BOOL)
        (void)snprintf(text, sizeof text, "%s", s->value.i != 0 ? "true" : "false");
    else
        (void)snprintf(text, sizeof text, "%s", gw_state_name((enum gw_state)s->value.i));
    (void)snprintf(out, GW_PROOF_VALUE, "%.*s", GW_PROOF_VALUE - 1, text);
}

static bool look(const struct gw_proof_view *v, uint32_t point, struct gw_seen *out)
{
    bool whole = true;
    const size_t n = gw_table_history(v->table, point, v->now_ms - GW_PROOF_SEEN_MS, v->now_ms,
                                      v->scratch, GW_HISTORY_MAX, &whole);
    return gw_proof_moved(gw_table_point(v->table, point), v->scratch, n, v->since_ms, out);
}

/* Whether the check watches that such a thing happens to the role. */
static bool expects(const struct gw_check_def *c, const struct gw_proof *p, int64_t value,
                    bool state)
{
    for (size_t i = 0; c->rule->rule == GW_RULE_NO_EFFECT && i < c->rule->ntests; i++) {
        const struct gw_role_test *t = &c->rule->tests[i];
        if (strcmp(t->role, p->role) == 0 &&
            (state ? (t->states >> value & 1u) != 0 : t->on == (value != 0)))
            return true;
    }
    return false;
}

/* The last cause within the time that the check allows; -1: none was seen. */
static int64_t after_cause(const struct gw_proof_view *v, const struct gw_check_def *c,
                           int64_t at_ms)
{
    int64_t best = -1;
    for (size_t i = 0; i < c->ncauses; i++) {
        const struct gw_check_def *cause = gw_inventory_at(v->inventory, c->causes[i]);
        const struct gw_trip trip = v->trip(v->trip_ctx, c->causes[i]);
        const double delay_s = gw_check_param(cause, GW_PARAM_DELAY, 0.0);
        if (cause->npoints == 0 || trip.from_ms == INT64_MIN || trip.from_ms > at_ms ||
            (trip.to_ms <= at_ms && trip.to_ms - trip.from_ms < (int64_t)(delay_s * 1000.0)))
            continue;
        const int64_t after = at_ms - trip.from_ms;
        /* The finding waits for the delay of the alarm and then for its own. */
        const double allowed_s = delay_s + gw_check_param(c, GW_PARAM_DELAY, 0.0);
        /* Both are known to a poll only. */
        const int64_t slack = gw_table_point(v->table, cause->points[0].point)->def->period_ms;
        if (after <= (int64_t)(allowed_s * 1000.0) + slack && (best < 0 || after < best))
            best = after;
    }
    return best;
}

static bool see_acted(struct gw_proof_view *v, struct gw_proof *p, const struct gw_point *point,
                      const struct gw_seen *seen)
{
    bool expected = false;
    int64_t best = -1;
    for (size_t i = 0; i < gw_inventory_count(v->inventory); i++) {
        const struct gw_check_def *c = gw_inventory_at(v->inventory, i);
        if (strcmp(c->asset->id, p->asset) != 0 ||
            !expects(c, p, seen->to.value.i, point->def->vtype == GW_V_STATE))
            continue;
        expected = true;
        const int64_t after = after_cause(v, c, seen->to.mono_ms);
        if (after >= 0 && (best < 0 || after < best))
            best = after;
    }
    p->after_ms = best;
    if (best >= 0)
        return true;
    return expected ? no(v,
                         "it moved, and no cause of its interlock was seen to alarm in the time "
                         "before it",
                         "该信号有变化，但在规定时间内未见触发联锁的报警条件")
                    : no(v, "no interlock of this asset ends in what was seen of that point",
                         "该资产没有以此信号动作为结果的联锁");
}

bool gw_proof_see(struct gw_proof_view *v, struct gw_proof *proof)
{
    const struct gw_site *site = gw_inventory_site(v->inventory);
    const struct gw_site_asset *asset = NULL;
    const struct gw_site_role *role = NULL;
    struct gw_seen seen;
    uint32_t at = 0;

    for (size_t i = 0; i < site->nassets; i++)
        if (strcmp(site->assets[i].id, proof->asset) == 0)
            asset = &site->assets[i];
    if (asset == NULL)
        return no(v, "there is no such asset", "没有该资产");
    if (!gw_site_find_point(site, proof->point, &at))
        return no(v, "there is no such point", "没有该测点");
    for (size_t i = 0; i < asset->nroles; i++)
        for (size_t k = 0; k < asset->roles[i].npoints; k++)
            if (asset->roles[i].points[k] == at && role == NULL)
                role = &asset->roles[i];
    if (role == NULL)
        return no(v, "that point plays no role of the asset", "该测点与该资产没有对应关系");
    memcpy(proof->role, role->role, sizeof proof->role);
    if (!look(v, at, &seen))
        return no(v, "the gateway did not see it move since it was asked to",
                  "自要求试验起，网关未见该信号变化");
    const struct gw_point *point = gw_table_point(v->table, at);
    if (proof->what == GW_PROOF_ACTED && !see_acted(v, proof, point, &seen))
        return false;
    proof->at_ms -= v->now_ms - seen.to.mono_ms;
    put_value(point, &seen.from, proof->from);
    put_value(point, &seen.to, proof->to);
    return true;
}
