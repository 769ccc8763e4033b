/* SPDX-License-Identifier: Apache-2.0 */
#include "plant/plant.h"

#include "base/log.h"
#include "base/wire.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A fault that is on until a moment of the story. */
struct running {
    int64_t until_ms; /* 0: off */
    int64_t param[GW_FAULT_PARAMS];
};

struct device {
    const struct gw_sc_device *sc;
    struct gw_signal *signals;
    double total; /* what kind->rate has added up */
    struct running faults[GW_FAULT_KINDS];
};

struct endpoint {
    struct running faults[GW_FAULT_KINDS];
};

struct follower {
    bool holds;       /* what its signal was last set for */
    bool changing;    /* the condition differs from holds */
    int64_t since_ms; /* of changing */
};

struct gw_plant {
    const struct gw_scenario *sc;
    int64_t now_ms;
    size_t next; /* index in the timeline */
    struct device *devices;
    struct endpoint *endpoints;
    struct follower *followers;
    double *values; /* room for the signals of the device with the most */
};

/* ---- making ---- */

static enum gw_status make_devices(struct gw_plant *p)
{
    size_t most = 1;
    for (size_t i = 0; i < p->sc->n_devices; i++) {
        const struct gw_sc_device *sc = &p->sc->devices[i];
        struct device *d = &p->devices[i];
        d->sc = sc;
        d->signals = calloc(sc->n_signals > 0 ? sc->n_signals : 1, sizeof *d->signals);
        if (d->signals == NULL)
            return GW_E_NOMEM;
        memcpy(d->signals, sc->signals, sc->n_signals * sizeof *d->signals);
        most = sc->n_signals > most ? sc->n_signals : most;
    }
    p->values = calloc(most, sizeof *p->values);
    return p->values != NULL ? GW_OK : GW_E_NOMEM;
}

static void do_due(struct gw_plant *p);
static void begin_followers(struct gw_plant *p);

enum gw_status gw_plant_new(const struct gw_scenario *sc, struct gw_plant **out)
{
    struct gw_plant *p = calloc(1, sizeof *p);
    if (p == NULL)
        return GW_E_NOMEM;
    p->sc = sc;
    p->devices = calloc(sc->n_devices + 1, sizeof *p->devices);
    p->endpoints = calloc(sc->n_endpoints + 1, sizeof *p->endpoints);
    p->followers = calloc(sc->n_follows + 1, sizeof *p->followers);
    if (p->devices == NULL || p->endpoints == NULL || p->followers == NULL ||
        make_devices(p) != GW_OK) {
        gw_plant_free(p);
        return GW_E_NOMEM;
    }
    do_due(p);
    begin_followers(p);
    *out = p;
    return GW_OK;
}

void gw_plant_free(struct gw_plant *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; p->devices != NULL && i < p->sc->n_devices; i++)
        free(p->devices[i].signals);
    free(p->devices);
    free(p->endpoints);
    free(p->followers);
    free(p->values);
    free(p);
}

/* ---- looking ---- */

static struct gw_view view_of(const struct gw_plant *p, size_t device, uint8_t unit)
{
    const struct device *d = &p->devices[device];
    for (size_t i = 0; i < d->sc->n_signals; i++)
        p->values[i] = gw_signal_at(&d->signals[i], p->now_ms);
    return (struct gw_view){
        .conf = &d->sc->conf, .value = p->values, .total = d->total, .unit = unit};
}

double gw_plant_value(const struct gw_plant *p, size_t device, size_t signal)
{
    return gw_signal_at(&p->devices[device].signals[signal], p->now_ms);
}

double gw_plant_output(const struct gw_plant *p, size_t device, size_t output)
{
    struct gw_view v = view_of(p, device, 0);
    return p->devices[device].sc->kind->output(&v, output);
}

int64_t gw_plant_now_ms(const struct gw_plant *p)
{
    return p->now_ms;
}

static void faults_now(const struct gw_plant *p, const struct running *running,
                       struct gw_faults *out)
{
    for (size_t k = 0; k < GW_FAULT_KINDS; k++) {
        out->of[k].on = p->now_ms < running[k].until_ms;
        memcpy(out->of[k].param, running[k].param, sizeof out->of[k].param);
    }
}

void gw_plant_device_faults(const struct gw_plant *p, size_t device, struct gw_faults *out)
{
    faults_now(p, p->devices[device].faults, out);
}

void gw_plant_endpoint_faults(const struct gw_plant *p, size_t endpoint, struct gw_faults *out)
{
    faults_now(p, p->endpoints[endpoint].faults, out);
}

int64_t gw_plant_next_ms(const struct gw_plant *p)
{
    int64_t next = p->next < p->sc->n_timeline ? p->sc->timeline[p->next].at_ms : GW_STORY_END;
    for (size_t i = 0; i < p->sc->n_endpoints; i++) {
        for (size_t k = 0; k < GW_FAULT_KINDS; k++) {
            int64_t until = p->endpoints[i].faults[k].until_ms;
            if (until > p->now_ms && until < next)
                next = until;
        }
    }
    return next;
}

/* ---- doing ---- */

static const enum gw_hold hold_of[GW_FAULT_KINDS] = {
    [GW_FAULT_FROZEN] = GW_HOLD_FROZEN,
    [GW_FAULT_NAN] = GW_HOLD_NAN,
    [GW_FAULT_INF] = GW_HOLD_INF,
    [GW_FAULT_NEG_INF] = GW_HOLD_NEG_INF,
};

static void hold_signals(struct device *d, const struct gw_action *a, int64_t now_ms,
                         int64_t until_ms)
{
    enum gw_hold hold = hold_of[a->fault];
    for (size_t i = 0; i < a->n_signals; i++)
        gw_signal_hold(&d->signals[a->signals[i]], hold, now_ms, until_ms);
    for (size_t i = 0; a->n_signals == 0 && i < d->sc->n_signals; i++)
        if (hold == GW_HOLD_FROZEN || d->signals[i].real)
            gw_signal_hold(&d->signals[i], hold, now_ms, until_ms);
}

static void clear_device(struct device *d)
{
    memset(d->faults, 0, sizeof d->faults);
    for (size_t i = 0; i < d->sc->n_signals; i++)
        gw_signal_clear(&d->signals[i]);
}

static void run_fault(struct running faults[GW_FAULT_KINDS], const struct gw_action *a,
                      int64_t until_ms)
{
    struct running *r = &faults[a->fault];
    r->until_ms = until_ms;
    memcpy(r->param, a->param, sizeof r->param);
}

static void apply_to_device(struct gw_plant *p, struct device *d, const struct gw_action *a,
                            int64_t until_ms)
{
    if (a->clear)
        clear_device(d);
    for (size_t i = 0; i < a->n_changes; i++) {
        struct gw_signal *s = &d->signals[a->changes[i].signal];
        if (a->changes[i].kind == GW_CHANGE_NOISE)
            s->noise = a->changes[i].noise;
        else
            gw_signal_shape(s, &a->changes[i].shape, p->now_ms, until_ms);
    }
    if (a->fault == GW_FAULT_NONE)
        return;
    if (gw_fault_def(a->fault)->scope == GW_SCOPE_SIGNAL)
        hold_signals(d, a, p->now_ms, until_ms);
    else
        run_fault(d->faults, a, until_ms);
}

void gw_plant_apply(struct gw_plant *p, const struct gw_action *a)
{
    int64_t until_ms = a->for_ms > 0 ? p->now_ms + a->for_ms : GW_STORY_END;
    if (a->device >= 0)
        apply_to_device(p, &p->devices[a->device], a, until_ms);
    if (a->endpoint >= 0) {
        struct endpoint *e = &p->endpoints[a->endpoint];
        if (a->clear)
            memset(e->faults, 0, sizeof e->faults);
        if (a->fault != GW_FAULT_NONE)
            run_fault(e->faults, a, until_ms);
    }
    if (a->say[0] != '\0')
        gw_log(GW_LOG_INFO, "plant", "%lld.%03lld s: %s", (long long)(p->now_ms / 1000),
               (long long)(p->now_ms % 1000), a->say);
}

static void do_due(struct gw_plant *p)
{
    while (p->next < p->sc->n_timeline && p->sc->timeline[p->next].at_ms <= p->now_ms)
        gw_plant_apply(p, &p->sc->timeline[p->next++]);
}

/* ---- followers ---- */

static bool cond_holds(const struct gw_plant *p, const struct gw_cond *c)
{
    double v = c->output ? gw_plant_output(p, c->device, c->index)
                         : gw_plant_value(p, c->device, c->index);
    switch (c->op) {
    case GW_COND_GE:
        return v >= c->number;
    case GW_COND_LE:
        return v <= c->number;
    case GW_COND_EQ:
        return v >= c->number && v <= c->number;
    }
    return false;
}

static bool any_holds(const struct gw_plant *p, const struct gw_follow *f)
{
    for (size_t i = 0; i < f->n_conds; i++)
        if (cond_holds(p, &f->conds[i]))
            return true;
    return false;
}

static void follow(struct gw_plant *p, const struct gw_follow *f, struct follower *state,
                   bool holds)
{
    const struct gw_shape shape = {.kind = GW_SHAPE_CONST, .a = holds ? f->to : f->otherwise};
    state->holds = holds;
    state->changing = false;
    gw_signal_shape(&p->devices[f->device].signals[f->signal], &shape, p->now_ms, GW_STORY_END);
}

static void begin_followers(struct gw_plant *p)
{
    for (size_t i = 0; i < p->sc->n_follows; i++) {
        const struct gw_follow *f = &p->sc->follows[i];
        follow(p, f, &p->followers[i], any_holds(p, f));
    }
}

static void run_followers(struct gw_plant *p)
{
    for (size_t i = 0; i < p->sc->n_follows; i++) {
        const struct gw_follow *f = &p->sc->follows[i];
        struct follower *state = &p->followers[i];
        bool holds = any_holds(p, f);
        if (holds == state->holds) {
            state->changing = false;
            continue;
        }
        if (!state->changing) {
            state->changing = true;
            state->since_ms = p->now_ms;
        }
        if (p->now_ms - state->since_ms >= (holds ? f->after_ms : f->back_ms))
            follow(p, f, state, holds);
    }
}

/* ---- time ---- */

/* Adds up totals over the time until `to`, by the rate in its middle. */
static void add_totals(struct gw_plant *p, int64_t to)
{
    int64_t from = p->now_ms;
    for (size_t i = 0; i < p->sc->n_devices; i++) {
        struct device *d = &p->devices[i];
        if (d->sc->kind->rate == NULL)
            continue;
        p->now_ms = from + (to - from) / 2;
        struct gw_view v = view_of(p, i, 0);
        d->total += d->sc->kind->rate(&v) * (double)(to - from) / 3600000.0;
    }
    p->now_ms = to;
}

void gw_plant_advance(struct gw_plant *p, int64_t t_ms)
{
    while (p->now_ms < t_ms) {
        int64_t grid = (p->now_ms / GW_PLANT_STEP_MS + 1) * GW_PLANT_STEP_MS;
        int64_t to = grid < t_ms ? grid : t_ms;
        int64_t due = p->next < p->sc->n_timeline ? p->sc->timeline[p->next].at_ms : to;
        to = due > p->now_ms && due < to ? due : to;
        add_totals(p, to);
        do_due(p);
        if (to == grid)
            run_followers(p);
    }
}

/* ---- answers ---- */

bool gw_plant_is_read(uint8_t fc)
{
    return (fc >= 1 && fc <= 4) || fc == 17;
}

static size_t exception(uint8_t fc, uint8_t code, uint8_t out[GW_PDU_MAX])
{
    out[0] = fc | 0x80u;
    out[1] = code;
    return 2;
}

static size_t report_id(const struct device *d, uint8_t unit, uint8_t out[GW_PDU_MAX])
{
    size_t n = strlen(d->sc->id);
    assert(n < GW_PLANT_ID);
    out[0] = 17;
    out[1] = (uint8_t)(2 + n);
    out[2] = unit;
    out[3] = 0xFF; /* running */
    memcpy(out + 4, d->sc->id, n);
    return 4 + n;
}

static bool offers(const struct device *d, uint8_t fc)
{
    for (size_t i = 0; i < d->sc->conf.n_ranges; i++)
        if (d->sc->conf.ranges[i].fcs & (1u << fc))
            return true;
    return false;
}

static bool readable(const struct device *d, uint8_t fc, uint16_t first, uint16_t count)
{
    for (size_t i = 0; i < d->sc->conf.n_ranges; i++) {
        const struct gw_range *r = &d->sc->conf.ranges[i];
        if ((r->fcs & (1u << fc)) && first >= r->first && first + count - 1 <= r->last)
            return true;
    }
    return false;
}

static size_t put_words(const struct device *d, const struct gw_view *v, uint16_t first,
                        uint16_t count, uint8_t *out)
{
    for (uint16_t i = 0; i < count; i++)
        gw_put_be16(out + 2 * (size_t)i, d->sc->kind->word(v, (uint16_t)(first + i)));
    return 2 * (size_t)count;
}

static size_t put_bits(const struct device *d, const struct gw_view *v, uint16_t first,
                       uint16_t count, uint8_t *out)
{
    size_t n = (count + 7u) / 8u;
    memset(out, 0, n);
    for (uint16_t i = 0; i < count; i++)
        if (d->sc->kind->bit(v, (uint16_t)(first + i)))
            out[i / 8] |= (uint8_t)(1u << (i % 8));
    return n;
}

size_t gw_plant_answer(struct gw_plant *p, size_t device, uint8_t unit, const uint8_t *pdu,
                       size_t len, uint8_t out[GW_PDU_MAX])
{
    enum { ILLEGAL_FUNCTION = 1, ILLEGAL_ADDRESS = 2, ILLEGAL_VALUE = 3 };
    const struct device *d = &p->devices[device];
    uint8_t fc = pdu[0];
    if (fc == 17)
        return len == 1 ? report_id(d, unit, out) : exception(fc, ILLEGAL_VALUE, out);
    if (!gw_plant_is_read(fc) || !offers(d, fc))
        return exception(fc, ILLEGAL_FUNCTION, out);

    struct gw_cursor c;
    gw_cursor_init(&c, pdu + 1, len - 1);
    uint16_t first = gw_cursor_be16(&c);
    uint16_t count = gw_cursor_be16(&c);
    bool bits = fc <= 2;
    if (c.failed || c.left != 0 || count == 0 || count > (bits ? 2000 : 125))
        return exception(fc, ILLEGAL_VALUE, out);
    if (!readable(d, fc, first, count))
        return exception(fc, ILLEGAL_ADDRESS, out);

    struct gw_view v = view_of(p, device, unit);
    v.fc = fc;
    size_t n =
        bits ? put_bits(d, &v, first, count, out + 2) : put_words(d, &v, first, count, out + 2);
    out[0] = fc;
    out[1] = (uint8_t)n;
    return 2 + n;
}
