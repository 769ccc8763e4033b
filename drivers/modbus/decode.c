/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/decode.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

_Static_assert(sizeof(float) == 4 && sizeof(double) == 8, "IEEE 754 sizes");

const char *const gw_mb_type_names[] = {
    "bit", "u16", "i16", "u32", "i32", "u64", "f32", "f64", NULL,
};

const char *const gw_mb_order_names[] = {"ABCD", "CDAB", "BADC", "DCBA", NULL};

unsigned gw_mb_type_regs(enum gw_mb_type type)
{
    switch (type) {
    case GW_MB_U32:
    case GW_MB_I32:
    case GW_MB_F32:
        return 2;
    case GW_MB_U64:
    case GW_MB_F64:
        return 4;
    default:
        return 1;
    }
}

/* What the registers say before any scaling. */
struct raw {
    bool is_float;
    bool too_large; /* does not fit into i */
    int64_t i;
    double f;
};

static uint16_t swap_bytes(uint16_t w)
{
    return (uint16_t)((unsigned)w << 8 | (unsigned)w >> 8);
}

/* The n words as one unsigned number, most significant byte first after re-ordering. */
static uint64_t gather(const uint16_t *regs, unsigned n, enum gw_mb_order order)
{
    const bool words_reversed = order == GW_MB_CDAB || order == GW_MB_DCBA;
    const bool bytes_swapped = order == GW_MB_BADC || order == GW_MB_DCBA;
    uint64_t v = 0;
    for (unsigned k = 0; k < n; k++) {
        const uint16_t w = regs[words_reversed ? n - 1 - k : k];
        v = v << 16 | (bytes_swapped ? swap_bytes(w) : w);
    }
    return v;
}

/* memcpy moves the bits into the signed or floating type without any conversion. */
static struct raw read_raw(const struct gw_mb_format *f, const uint16_t *regs)
{
    struct raw raw = {0};
    switch (f->type) {
    case GW_MB_BIT:
        raw.i = regs[0] != 0;
        break;
    case GW_MB_U16:
        raw.i = regs[0];
        break;
    case GW_MB_I16: {
        int16_t v;
        memcpy(&v, regs, sizeof v);
        raw.i = v;
        break;
    }
    case GW_MB_U32:
        raw.i = (int64_t)gather(regs, 2, f->order);
        break;
    case GW_MB_I32: {
        const uint32_t bits = (uint32_t)gather(regs, 2, f->order);
        int32_t v;
        memcpy(&v, &bits, sizeof v);
        raw.i = v;
        break;
    }
    case GW_MB_U64: {
        const uint64_t bits = gather(regs, 4, f->order);
        raw.too_large = bits > INT64_MAX;
        raw.i = raw.too_large ? 0 : (int64_t)bits;
        break;
    }
    case GW_MB_F32: {
        const uint32_t bits = (uint32_t)gather(regs, 2, f->order);
        float v;
        memcpy(&v, &bits, sizeof v);
        raw.is_float = true;
        raw.f = (double)v;
        break;
    }
    case GW_MB_F64: {
        const uint64_t bits = gather(regs, 4, f->order);
        raw.is_float = true;
        memcpy(&raw.f, &bits, sizeof raw.f);
        break;
    }
    }
    return raw;
}

static bool is_sentinel(const struct gw_mb_format *f, const struct raw *raw)
{
    if (raw->is_float || raw->too_large)
        return false;
    for (size_t k = 0; k < f->nbad; k++) {
        if (f->bad_raw[k] == raw->i)
            return true;
    }
    return false;
}

static enum gw_quality put_num(const struct gw_mb_format *f, const struct raw *raw,
                               struct gw_sample *s)
{
    const double v = (raw->is_float ? raw->f : (double)raw->i) * f->scale + f->offset;
    if (!isfinite(v))
        return GW_Q_BAD_RANGE;
    s->value.num = v;
    s->valued = 1;
    return v < f->sane_lo || v > f->sane_hi ? GW_Q_BAD_RANGE : GW_Q_GOOD;
}

static enum gw_quality put_int(const struct gw_mb_format *f, const struct raw *raw,
                               struct gw_sample *s)
{
    s->value.i = raw->i;
    s->valued = 1;
    const double v = (double)raw->i;
    return v < f->sane_lo || v > f->sane_hi ? GW_Q_BAD_RANGE : GW_Q_GOOD;
}

static enum gw_quality put_bool(const struct gw_mb_format *f, const struct raw *raw,
                                struct gw_sample *s)
{
    const bool on = f->bit >= 0 ? ((uint64_t)raw->i >> f->bit & 1u) != 0 : raw->i != 0;
    s->value.i = on != (f->invert != 0);
    s->valued = 1;
    return GW_Q_GOOD;
}

static enum gw_quality put_state(const struct gw_mb_format *f, const struct raw *raw,
                                 struct gw_sample *s)
{
    enum gw_state state = f->state_else;
    for (size_t k = 0; k < f->nstates; k++) {
        if (((uint64_t)raw->i & f->states[k].mask) == f->states[k].equals) {
            state = f->states[k].state;
            break;
        }
    }
    s->value.i = state;
    s->valued = 1;
    return state == GW_S_UNKNOWN ? GW_Q_UNCERTAIN : GW_Q_GOOD;
}

static enum gw_quality put_value(const struct gw_mb_format *f, const struct raw *raw,
                                 struct gw_sample *s)
{
    switch (f->vtype) {
    case GW_V_NUM:
        return put_num(f, raw, s);
    case GW_V_INT:
        return put_int(f, raw, s);
    case GW_V_BOOL:
        return put_bool(f, raw, s);
    case GW_V_STATE:
        return put_state(f, raw, s);
    }
    assert(false);
    return GW_Q_BAD_RANGE;
}

void gw_mb_decode(const struct gw_mb_format *f, const uint16_t *regs, struct gw_sample *s)
{
    assert(f->vtype == GW_V_NUM || (f->type != GW_MB_F32 && f->type != GW_MB_F64));
    const unsigned n = gw_mb_type_regs(f->type);
    memset(s->raw, 0, sizeof s->raw);
    memcpy(s->raw, regs, n * sizeof regs[0]);
    s->nraw = (uint8_t)n;
    s->vtype = (uint8_t)f->vtype;
    s->valued = 0;
    s->value.i = 0;

    struct raw raw = read_raw(f, regs);
    if (is_sentinel(f, &raw)) {
        s->quality = GW_Q_BAD_FAULT;
        return;
    }
    if (raw.too_large) {
        s->quality = GW_Q_BAD_RANGE;
        return;
    }
    if (f->field_bits > 0)
        raw.i = (int64_t)((uint64_t)raw.i >> f->field_shift & ((1u << f->field_bits) - 1u));
    s->quality = (uint8_t)put_value(f, &raw, s);
}
