/* SPDX-License-Identifier: Apache-2.0 */
#include "model/derive.h"

#include <math.h>
#include <stdbool.h>

#define SURE   1024.0 /* a step over the end of this part of a counter is a roll-over */
#define LIKELY 4.0    /* as is one this many times as fast as any other in the window */

/* How bad a quality is: what says most about the fault counts most. */
static int rank(uint8_t quality)
{
    switch ((enum gw_quality)quality) {
    case GW_Q_GOOD:
        return 0;
    case GW_Q_UNCERTAIN:
        return 1;
    case GW_Q_WARMUP:
        return 2;
    case GW_Q_INHIBIT:
        return 3;
    case GW_Q_STALE:
        return 4;
    case GW_Q_NOT_YET:
        return 5;
    case GW_Q_BAD_RANGE:
        return 6;
    case GW_Q_BAD_COMM:
        return 7;
    case GW_Q_BAD_FAULT:
    case GW_Q_COUNT:
        break;
    }
    return 8;
}

static bool number(const struct gw_sample *s, double *x)
{
    const bool num = s->vtype == GW_V_NUM;
    if (!s->valued || (!num && s->vtype != GW_V_INT && s->vtype != GW_V_BOOL))
        return false;
    *x = num ? s->value.num : (double)s->value.i;
    return isfinite(*x);
}

static double combine(enum gw_derive_kind kind, double a, double b)
{
    switch (kind) {
    case GW_DERIVE_DIFFERENCE:
        return a - b;
    case GW_DERIVE_RATIO:
        return b != 0 ? a / b : (double)NAN;
    case GW_DERIVE_SUM:
        return a + b;
    case GW_DERIVE_N_OF_M: /* counts contacts */
        return a + (b != 0 ? 1.0 : 0.0);
    case GW_DERIVE_RATE:
    case GW_DERIVE_INCREASE:
    case GW_DERIVE_COUNT:
        break;
    }
    return (double)NAN;
}

static void set_value(struct gw_sample *out, double x)
{
    if (!isfinite(x)) {
        out->quality = out->quality == GW_Q_GOOD ? GW_Q_UNCERTAIN : out->quality;
        return;
    }
    out->vtype = GW_V_NUM;
    out->value.num = x;
    out->valued = 1;
}

void gw_derive_eval(const struct gw_derive *d, const struct gw_sample *of, size_t nof,
                    struct gw_sample *out)
{
    const bool counts = d->kind == GW_DERIVE_N_OF_M;
    int64_t newest = of[0].mono_ms;
    bool known = true;
    double x = 0.0;
    *out = (struct gw_sample){.point = out->point,
                              .quality = of[0].quality,
                              .vtype = counts ? GW_V_BOOL : GW_V_NUM,
                              .mono_ms = of[0].mono_ms,
                              .wall_ms = of[0].wall_ms};
    for (size_t i = 0; i < nof; i++) {
        double v = 0.0;
        known = known && number(&of[i], &v);
        x = i == 0 && !counts ? v : combine(d->kind, x, v);
        newest = of[i].mono_ms > newest ? of[i].mono_ms : newest;
        if (of[i].mono_ms < out->mono_ms) {
            out->mono_ms = of[i].mono_ms;
            out->wall_ms = of[i].wall_ms;
        }
        if (rank(of[i].quality) > rank(out->quality))
            out->quality = of[i].quality;
    }
    if (!known) {
        set_value(out, (double)NAN);
        return;
    }
    if (newest - out->mono_ms > d->pair_ms && out->quality == GW_Q_GOOD)
        out->quality = GW_Q_UNCERTAIN;
    set_value(out, x);
    if (counts) {
        out->vtype = GW_V_BOOL;
        out->value.i = x >= (double)d->n ? 1 : 0;
    }
}

/* The values between two samples of which the later one is smaller. */
struct fall {
    double step; /* if it rolled over */
    int64_t ms;
    double pace; /* the fastest within the window, per millisecond */
};

static bool rolled_over(int64_t modulus, const struct fall *f)
{
    const double m = (double)modulus;
    return f->step * SURE <= m ||
           (f->step * 4.0 <= m && f->step <= f->pace * (double)f->ms * LIKELY);
}

/* The fastest growth between any two good samples in a row. */
static double fastest(const struct gw_sample *s, size_t n)
{
    double best = 0.0;
    for (size_t i = 1; i < n; i++) {
        double a = 0.0;
        double b = 0.0;
        const int64_t ms = s[i].mono_ms - s[i - 1].mono_ms;
        if (s[i - 1].quality == GW_Q_GOOD && s[i].quality == GW_Q_GOOD && ms > 0 &&
            number(&s[i - 1], &a) && number(&s[i], &b) && (b - a) / (double)ms > best)
            best = (b - a) / (double)ms;
    }
    return best;
}

/* One step more; false when it is not known how large it is. */
static bool add_step(const struct gw_derive *d, double a, double b, struct fall *f, double *sum)
{
    if (b >= a) {
        *sum += b - a;
        return true;
    }
    f->step = (double)d->modulus - a + b;
    if (d->modulus <= 0 || !rolled_over(d->modulus, f))
        return false;
    *sum += f->step;
    return true;
}

/* From the first sample, which is good, over the good ones to the newest; NAN when that cannot be
 * told. */
static double growth(const struct gw_derive *d, const struct gw_sample *past, size_t n,
                     const struct gw_sample *newest)
{
    const double pace = fastest(past, n);
    const struct gw_sample *last = past;
    bool missing = false;
    double sum = 0.0;
    for (size_t i = 1; i <= n; i++) {
        const struct gw_sample *s = i < n ? &past[i] : newest;
        double a = 0.0;
        double b = 0.0;
        if ((i < n && s->quality != GW_Q_GOOD) || !number(s, &b)) {
            missing = true;
            continue;
        }
        (void)number(last, &a);
        struct fall f = {.ms = s->mono_ms - last->mono_ms, .pace = pace};
        if ((b < a && missing) || !add_step(d, a, b, &f, &sum))
            return (double)NAN;
        last = s;
        missing = false;
    }
    return sum;
}

void gw_derive_rate(const struct gw_derive *d, const struct gw_sample *newest,
                    const struct gw_sample *past, size_t npast, struct gw_sample *out)
{
    double now = 0.0;
    double then = 0.0;
    *out = (struct gw_sample){.point = out->point,
                              .quality = newest->quality,
                              .vtype = GW_V_NUM,
                              .mono_ms = newest->mono_ms,
                              .wall_ms = newest->wall_ms};
    size_t i = 0;
    while (i < npast && (past[i].quality != GW_Q_GOOD || !number(&past[i], &then) ||
                         past[i].mono_ms < newest->mono_ms - d->window_ms))
        i++;
    const int64_t span = i < npast ? newest->mono_ms - past[i].mono_ms : 0;
    const bool known = number(newest, &now) && span > 0 && span * 2 >= d->window_ms;
    const bool counts = d->kind == GW_DERIVE_INCREASE || d->modulus > 0;
    double change = known ? now - then : (double)NAN;
    if (known && counts)
        change = growth(d, past + i, npast - i, newest);
    set_value(out, d->kind == GW_DERIVE_INCREASE ? change : change / (double)span * 60000.0);
}
