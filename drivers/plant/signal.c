/* SPDX-License-Identifier: Apache-2.0 */
#include "plant/signal.h"

#include "base/backoff.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* Evenly in [0, 1), the n-th number of a step of time. */
static double unit_at(uint64_t seed, int64_t step, unsigned n)
{
    uint64_t state = seed;
    state = gw_rand_next(&state) ^ (uint64_t)step;
    uint64_t v = 0;
    for (unsigned i = 0; i <= n; i++)
        v = gw_rand_next(&state);
    return (double)(v >> 11) / 9007199254740992.0; /* 2^53 */
}

static double noise_at(const struct gw_signal *s, int64_t t_ms)
{
    int64_t step = t_ms / GW_SIGNAL_NOISE_MS;
    switch (s->noise.kind) {
    case GW_NOISE_UNIFORM:
        return s->noise.amount * (2.0 * unit_at(s->seed, step, 0) - 1.0);
    case GW_NOISE_GAUSS: { /* Box and Muller; 1 - u keeps the logarithm finite */
        double r = sqrt(-2.0 * log(1.0 - unit_at(s->seed, step, 0)));
        return s->noise.amount * r * cos(2.0 * pi * unit_at(s->seed, step, 1));
    }
    case GW_NOISE_NONE:
        break;
    }
    return 0.0;
}

static double shape_at(const struct gw_shape *sh, int64_t t_ms)
{
    int64_t since = t_ms - sh->start_ms;
    if (sh->kind == GW_SHAPE_CONST)
        return sh->a;
    if (sh->kind == GW_SHAPE_RAMP) {
        if (since >= sh->span_ms)
            return sh->b;
        return sh->a + (sh->b - sh->a) * (double)since / (double)sh->span_ms;
    }
    double part = (double)(since % sh->span_ms) / (double)sh->span_ms;
    if (sh->kind == GW_SHAPE_SINE)
        return sh->a + sh->b * sin(2.0 * pi * part);
    return part < sh->duty ? sh->a + sh->b : sh->a - sh->b;
}

static double bounded(const struct gw_signal *s, double v)
{
    if (s->logic)
        return v >= 0.5 ? 1.0 : 0.0;
    if (v < s->min)
        return s->min;
    return v > s->max ? s->max : v;
}

static const struct gw_shape *shape_of(const struct gw_signal *s, int64_t t_ms)
{
    return t_ms < s->over_until_ms ? &s->over : &s->base;
}

double gw_signal_at(const struct gw_signal *s, int64_t t_ms)
{
    if (s->hold != GW_HOLD_NONE && t_ms < s->hold_until_ms)
        return s->held;
    double v = shape_at(shape_of(s, t_ms), t_ms);
    return bounded(s, v + noise_at(s, t_ms));
}

void gw_signal_shape(struct gw_signal *s, const struct gw_shape *shape, int64_t t_ms,
                     int64_t until_ms)
{
    struct gw_shape sh = *shape;
    sh.start_ms = t_ms;
    if (sh.kind == GW_SHAPE_RAMP)
        sh.a = bounded(s, shape_at(shape_of(s, t_ms), t_ms));
    if (until_ms == GW_STORY_END) {
        s->base = sh;
        s->over_until_ms = 0;
    } else {
        s->over = sh;
        s->over_until_ms = until_ms;
    }
}

void gw_signal_hold(struct gw_signal *s, enum gw_hold hold, int64_t t_ms, int64_t until_ms)
{
    switch (hold) {
    case GW_HOLD_FROZEN:
        s->held = gw_signal_at(s, t_ms);
        break;
    case GW_HOLD_NAN:
        s->held = (double)NAN;
        break;
    case GW_HOLD_INF:
        s->held = (double)INFINITY;
        break;
    case GW_HOLD_NEG_INF:
        s->held = -(double)INFINITY;
        break;
    case GW_HOLD_NONE:
        break;
    }
    s->hold = hold;
    s->hold_until_ms = until_ms;
}

void gw_signal_clear(struct gw_signal *s)
{
    s->over_until_ms = 0;
    s->hold = GW_HOLD_NONE;
}
