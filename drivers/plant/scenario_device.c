/* SPDX-License-Identifier: Apache-2.0 */
#include "base/backoff.h"
#include "conf/keys.h"
#include "plant/scenario_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- changes of signals ---- */

struct ramp_keys {
    double to, over_s;
};
#define OFF(member) .offset = offsetof(struct ramp_keys, member)
static const struct gw_key ramp_keys[] = {
    {.name = "to", .type = GW_KEY_NUM, OFF(to), .required = true, .doc = "value at the end"},
    {.name = "over_s",
     .type = GW_KEY_NUM,
     OFF(over_s),
     .min = 0.001,
     .max = 1e8,
     .required = true,
     .doc = "how long it takes"},
    {.type = GW_KEY_END},
};
#undef OFF

struct wave_keys {
    int shape;
    double mean, amplitude, period_s, duty;
};
static const char *const wave_names[] = {"sine", "square", NULL};
#define OFF(member) .offset = offsetof(struct wave_keys, member)
static const struct gw_key wave_keys[] = {
    {.name = "shape",
     .type = GW_KEY_ENUM,
     OFF(shape),
     .names = wave_names,
     .required = true,
     .doc = "sine or square"},
    {.name = "mean", .type = GW_KEY_NUM, OFF(mean), .required = true, .doc = "the middle"},
    {.name = "amplitude",
     .type = GW_KEY_NUM,
     OFF(amplitude),
     .required = true,
     .doc = "distance from the middle"},
    {.name = "period_s",
     .type = GW_KEY_NUM,
     OFF(period_s),
     .min = 0.01,
     .max = 1e8,
     .required = true,
     .doc = "time of one wave"},
    {.name = "duty",
     .type = GW_KEY_NUM,
     OFF(duty),
     .min = 0,
     .max = 1,
     .def = "0.5",
     .doc = "part of a square wave's period spent high"},
    {.type = GW_KEY_END},
};
#undef OFF

struct noise_keys {
    double uniform, gauss;
};
#define OFF(member) .offset = offsetof(struct noise_keys, member)
static const struct gw_key noise_keys[] = {
    {.name = "uniform",
     .type = GW_KEY_NUM,
     OFF(uniform),
     .min = 0,
     .max = 1e9,
     .doc = "largest deviation"},
    {.name = "gauss",
     .type = GW_KEY_NUM,
     OFF(gauss),
     .min = 0,
     .max = 1e9,
     .doc = "standard deviation"},
    {.type = GW_KEY_END},
};
#undef OFF

static void wrong_type(struct gw_sc_reader *r, const struct gw_jnode *n, const char *wanted)
{
    gw_jnode_issue(n, r->issues, "must be %s, not %s", wanted, gw_jtype_name(gw_jnode_type(n)));
}

/* A value that the signal can have. */
static bool fits(struct gw_sc_reader *r, const struct gw_jnode *n, const struct gw_signal *s,
                 double v)
{
    if (s->logic && v != 0.0 && v != 1.0) {
        gw_jnode_issue(n, r->issues, "'%s' is 0 or 1, not %g", s->name, v);
        return false;
    }
    if (v < s->min || v > s->max) {
        gw_jnode_issue(n, r->issues, "%g is not in %g..%g, the range of '%s'", v, s->min, s->max,
                       s->name);
        return false;
    }
    return true;
}

typedef bool (*change_reader)(struct gw_sc_reader *r, const struct gw_jnode *n,
                              const struct gw_signal *s, struct gw_change *c);

static bool read_set(struct gw_sc_reader *r, const struct gw_jnode *n, const struct gw_signal *s,
                     struct gw_change *c)
{
    c->shape.kind = GW_SHAPE_CONST;
    if (gw_jnode_type(n) == GW_J_BOOL && s->logic) {
        c->shape.a = gw_jnode_bool(n) ? 1.0 : 0.0;
        return true;
    }
    if (gw_jnode_type(n) != GW_J_NUM) {
        wrong_type(r, n, s->logic ? "a number or a boolean" : "a number");
        return false;
    }
    c->shape.a = gw_jnode_num(n);
    return fits(r, n, s, c->shape.a);
}

static bool read_ramp(struct gw_sc_reader *r, const struct gw_jnode *n, const struct gw_signal *s,
                      struct gw_change *c)
{
    struct ramp_keys k = {0};
    if (gw_jnode_type(n) != GW_J_OBJ) {
        wrong_type(r, n, "an object");
        return false;
    }
    if (!gw_keys_read(n, ramp_keys, &k, r->issues))
        return false;
    c->shape = (struct gw_shape){.kind = GW_SHAPE_RAMP, .b = k.to, .span_ms = gw_sc_ms(k.over_s)};
    return fits(r, n, s, k.to);
}

static bool read_wave(struct gw_sc_reader *r, const struct gw_jnode *n, const struct gw_signal *s,
                      struct gw_change *c)
{
    (void)s; /* a wave may go beyond the range; the signal stays inside and shows its rail */
    struct wave_keys k = {0};
    if (gw_jnode_type(n) != GW_J_OBJ) {
        wrong_type(r, n, "an object");
        return false;
    }
    if (!gw_keys_read(n, wave_keys, &k, r->issues))
        return false;
    c->shape = (struct gw_shape){.kind = k.shape == 0 ? GW_SHAPE_SINE : GW_SHAPE_SQUARE,
                                 .a = k.mean,
                                 .b = k.amplitude,
                                 .span_ms = gw_sc_ms(k.period_s),
                                 .duty = k.duty};
    return true;
}

static bool read_noise(struct gw_sc_reader *r, const struct gw_jnode *n, const struct gw_signal *s,
                       struct gw_change *c)
{
    c->kind = GW_CHANGE_NOISE;
    if (s->logic) {
        gw_jnode_issue(n, r->issues, "'%s' is 0 or 1 and has no noise; use a square wave", s->name);
        return false;
    }
    if (gw_jnode_type(n) == GW_J_NUM) {
        c->noise = (struct gw_noise){.kind = GW_NOISE_UNIFORM, .amount = gw_jnode_num(n)};
        if (c->noise.amount >= 0)
            return true;
        gw_jnode_issue(n, r->issues, "noise must not be negative");
        return false;
    }
    if (gw_jnode_type(n) != GW_J_OBJ) {
        wrong_type(r, n, "a number or an object");
        return false;
    }
    struct noise_keys k = {.uniform = -1, .gauss = -1};
    if (!gw_keys_read(n, noise_keys, &k, r->issues))
        return false;
    if ((k.uniform >= 0) == (k.gauss >= 0)) {
        gw_jnode_issue(n, r->issues, "needs one of \"uniform\" and \"gauss\"");
        return false;
    }
    c->noise.kind = k.uniform >= 0 ? GW_NOISE_UNIFORM : GW_NOISE_GAUSS;
    c->noise.amount = k.uniform >= 0 ? k.uniform : k.gauss;
    return true;
}

void gw_sc_read_changes(struct gw_sc_reader *r, const struct gw_sc_device *d,
                        const struct gw_sc_change_nodes *nodes, struct gw_change **out,
                        size_t *count)
{
    const struct {
        const struct gw_jnode *node;
        change_reader read;
    } parts[] = {
        {nodes->set, read_set},
        {nodes->ramp, read_ramp},
        {nodes->wave, read_wave},
        {nodes->noise, read_noise},
    };
    const size_t n_parts = sizeof parts / sizeof parts[0];
    size_t want = 0;
    for (size_t i = 0; i < n_parts; i++)
        want += parts[i].node != NULL ? gw_jnode_count(parts[i].node) : 0;
    *count = 0;
    *out = gw_sc_alloc(r, want, sizeof **out);
    if (*out == NULL)
        return;
    for (size_t i = 0; i < n_parts; i++) {
        const struct gw_jnode *n = parts[i].node != NULL ? gw_jnode_first(parts[i].node) : NULL;
        for (; n != NULL; n = gw_jnode_next(n)) {
            int signal = gw_scenario_signal(d, gw_jnode_key(n));
            if (signal < 0) {
                gw_jnode_issue(n, r->issues, "device '%s' (%s) has no signal '%s'", d->name,
                               d->kind->name, gw_jnode_key(n));
                continue;
            }
            struct gw_change c = {.signal = (size_t)signal};
            if (parts[i].read(r, n, &d->signals[signal], &c))
                (*out)[(*count)++] = c;
        }
    }
}

/* ---- devices ---- */

struct device_keys {
    char kind[GW_PLANT_NAME];
    char id[GW_PLANT_ID];
    int64_t latency_ms;
    struct gw_sc_change_nodes changes;
};

#define OFF(member) .offset = offsetof(struct device_keys, member)
static const struct gw_key device_keys[] = {
    {.name = "kind",
     .type = GW_KEY_STR,
     OFF(kind),
     .size = GW_PLANT_NAME,
     .min = 1,
     .required = true,
     .doc = "what kind of device it is"},
    {.name = "id",
     .type = GW_KEY_STR,
     OFF(id),
     .size = GW_PLANT_ID,
     .def = "",
     .doc = "text of the answer to function 17"},
    {.name = "latency_ms",
     .type = GW_KEY_INT,
     OFF(latency_ms),
     .max = 600000,
     .def = "0",
     .doc = "how long the device takes for an answer"},
    {.name = "set",
     .type = GW_KEY_NODE,
     OFF(changes.set),
     .jtype = GW_J_OBJ,
     .doc = "constant signals"},
    {.name = "ramp", .type = GW_KEY_NODE, OFF(changes.ramp), .jtype = GW_J_OBJ, .doc = "ramps"},
    {.name = "wave", .type = GW_KEY_NODE, OFF(changes.wave), .jtype = GW_J_OBJ, .doc = "waves"},
    {.name = "noise", .type = GW_KEY_NODE, OFF(changes.noise), .jtype = GW_J_OBJ, .doc = "noise"},
    {.type = GW_KEY_END},
};
#undef OFF

static void init_signal(struct gw_signal *s, const struct gw_signal_def *def, unsigned channel)
{
    if (def->suffix != NULL)
        snprintf(s->name, sizeof s->name, "%s%u%s", def->prefix, channel, def->suffix);
    else
        snprintf(s->name, sizeof s->name, "%s", def->prefix);
    s->logic = def->logic;
    s->real = def->real;
    s->min = def->min;
    s->max = def->max;
    s->base.a = def->start;
}

static void make_signals(struct gw_sc_reader *r, struct gw_sc_device *d, size_t index)
{
    struct gw_kind_conf *conf = &d->conf;
    size_t want = conf->n_cells;
    size_t lines = 0;
    for (const struct gw_signal_def *def = d->kind->signals; def->prefix != NULL; def++) {
        conf->at[lines++] = want;
        want += def->suffix != NULL ? (size_t)conf->channels : 1;
    }
    d->signals = gw_sc_alloc(r, want, sizeof *d->signals);
    if (d->signals == NULL)
        return;

    for (size_t i = 0; i < conf->n_cells; i++) {
        const struct gw_cell *c = &conf->cells[i];
        const struct gw_signal_def def = {.prefix = c->bit ? "b" : "r",
                                          .suffix = "",
                                          .logic = c->bit,
                                          .max = c->bit ? 1 : UINT16_MAX,
                                          .start = c->start};
        init_signal(&d->signals[d->n_signals++], &def, c->address);
    }
    for (size_t line = 0; line < lines; line++) {
        const struct gw_signal_def *def = &d->kind->signals[line];
        unsigned channels = def->suffix != NULL ? (unsigned)conf->channels : 1;
        for (unsigned ch = 1; ch <= channels; ch++)
            init_signal(&d->signals[d->n_signals++], def, ch);
    }
    uint64_t seed = r->sc->seed ^ ((uint64_t)index << 32);
    for (size_t i = 0; i < d->n_signals; i++)
        d->signals[i].seed = gw_rand_next(&seed);
}

static void issue_kind(struct gw_sc_reader *r, const struct gw_jnode *n, const char *kind)
{
    char names[128];
    struct gw_buf b;
    gw_buf_fixed(&b, names, sizeof names);
    for (size_t i = 0; gw_kind_nth(i) != NULL; i++)
        gw_buf_printf(&b, "%s%s", i > 0 ? ", " : "", gw_kind_nth(i)->name);
    gw_jnode_issue(n, r->issues, "there is no kind '%s'; there are %s", kind, names);
}

void gw_sc_read_device(struct gw_sc_reader *r, const struct gw_jnode *n, struct gw_sc_device *d,
                       size_t index)
{
    struct device_keys k = {0};
    const struct gw_jnode *kind = gw_jnode_get(n, "kind");
    if (kind != NULL && gw_jnode_type(kind) == GW_J_STR)
        d->kind = gw_kind_find(gw_jnode_str(kind));
    if (d->kind == NULL) {
        /* Whose keys the others are cannot be known. */
        if (gw_keys_read_some(n, device_keys, &k, r->issues))
            issue_kind(r, kind, k.kind);
        return;
    }
    gw_keys_read_beside(n, device_keys, d->kind->keys, &k, r->issues);
    bool good = gw_keys_read_some(n, d->kind->keys, &d->conf, r->issues);
    snprintf(d->id, sizeof d->id, "%s", k.id[0] != '\0' ? k.id : d->kind->id);
    d->latency_ms = k.latency_ms;
    if (good && d->kind->setup(n, &d->conf, r->issues) != GW_OK)
        r->nomem = true;
    if (!good || r->nomem)
        return;
    make_signals(r, d, index);
    if (d->signals == NULL)
        return;

    struct gw_change *changes = NULL;
    size_t count = 0;
    gw_sc_read_changes(r, d, &k.changes, &changes, &count);
    for (size_t i = 0; i < count; i++) {
        struct gw_signal *s = &d->signals[changes[i].signal];
        if (changes[i].kind == GW_CHANGE_NOISE)
            s->noise = changes[i].noise;
        else
            gw_signal_shape(s, &changes[i].shape, 0, GW_STORY_END);
    }
    free(changes);
}
