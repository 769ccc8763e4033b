/* SPDX-License-Identifier: Apache-2.0
 *
 * signal: one quantity of a simulated device as a function of time.
 *
 * A signal has a shape (constant, ramp, sine, square), noise on top, and may be held (frozen, NaN,
 * infinite). All of it is a pure function of the story time and the seed: however often it is read,
 * the same moment gives the same value. Times are milliseconds since the story began. A logic
 * signal is 0 or 1. Plain values, owned by one thread.
 */
#ifndef GW_PLANT_SIGNAL_H
#define GW_PLANT_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#define GW_SIGNAL_NAME     32
#define GW_SIGNAL_NOISE_MS 100 /* noise changes at this rate */
#define GW_STORY_END       INT64_MAX

enum gw_shape_kind { GW_SHAPE_CONST = 0, GW_SHAPE_RAMP, GW_SHAPE_SINE, GW_SHAPE_SQUARE };

struct gw_shape {
    enum gw_shape_kind kind;
    double a;         /* CONST: the value; RAMP: where it starts; waves: the mean */
    double b;         /* RAMP: where it ends; waves: the amplitude */
    int64_t span_ms;  /* RAMP: how long it takes; waves: the period, >= 1 */
    double duty;      /* SQUARE: the part of the period spent at a + b, which comes first */
    int64_t start_ms; /* kept by gw_signal_shape */
};

enum gw_noise_kind { GW_NOISE_NONE = 0, GW_NOISE_UNIFORM, GW_NOISE_GAUSS };

struct gw_noise {
    enum gw_noise_kind kind;
    double amount; /* UNIFORM: at most +-amount; GAUSS: the standard deviation */
};

enum gw_hold {
    GW_HOLD_NONE = 0,
    GW_HOLD_FROZEN, /* the value of the moment when it was held */
    GW_HOLD_NAN,
    GW_HOLD_INF,
    GW_HOLD_NEG_INF
};

struct gw_signal {
    char name[GW_SIGNAL_NAME];
    bool logic;      /* only 0 and 1 */
    bool real;       /* shown as a float somewhere, so it may be held at NaN or infinity */
    double min, max; /* the value is kept inside */
    struct gw_shape base;
    struct gw_shape over; /* in force before over_until_ms */
    int64_t over_until_ms;
    struct gw_noise noise;
    uint64_t seed;
    enum gw_hold hold; /* in force before hold_until_ms */
    int64_t hold_until_ms;
    double held;
};

/* The value at t_ms. */
double gw_signal_at(const struct gw_signal *s, int64_t t_ms);

/* Gives it a new shape from t_ms on: for good when until_ms is GW_STORY_END, otherwise over the
 * present shape, which shows again at until_ms. A ramp starts from the value (without noise) that
 * the signal has at t_ms; its `a` is ignored. */
void gw_signal_shape(struct gw_signal *s, const struct gw_shape *shape, int64_t t_ms,
                     int64_t until_ms);

/* Holds it from t_ms until until_ms. A held signal that is held anew while frozen keeps the value
 * of that moment. GW_HOLD_NONE lets go. */
void gw_signal_hold(struct gw_signal *s, enum gw_hold hold, int64_t t_ms, int64_t until_ms);

/* Ends what is temporary: a shape with an end and any hold. */
void gw_signal_clear(struct gw_signal *s);

#endif
