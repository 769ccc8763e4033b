/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/decode.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

_Static_assert(sizeof(float) == 4 && sizeof(double) == 8, "IEEE 754 sizes");

const char *const gw_mb_type_names[] = {
    "bit", "u16", "i16", "u32", "i32", "u64", "f32", "f64", "bcd", "mk102", "bcd32", NULL,
};

const char *const gw_mb_order_names[] = {"ABCD", "CDAB", "BADC", "DCBA", NULL};

unsigned gw_mb_type_regs(enum gw_mb_type type)
{
    switch (type) {
    case GW_MB_U32:
    case GW_MB_I32:
    case GW_MB_F32:
    case GW_MB_BCD32:
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
    bool none; /* the bits are no number, or one that does not fit into i */
    int64_t i;
    double f;
    int decimals; /* by which the point is moved to the left */
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

/* 10^decimals without the error that pow may add: 253 by one digit is 25.3 exactly as read. */
static double shift_point(double v, int decimals)
{
    static const double tens[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    assert(decimals >= -GW_MB_EXPONENT && decimals <= GW_MB_EXPONENT);
    return decimals < 0 ? v * tens[-decimals] : v / tens[decimals];
}

static struct raw read_bcd(uint64_t word, int digits)
{
    struct raw raw = {0};
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
        const int64_t digit = (int64_t)(word >> shift & 0xF);
        raw.none = raw.none || digit > 9;
        raw.i = raw.i * 10 + digit;
    }
    return raw;
}

static struct raw read_mk102(uint16_t word)
{
    const int exponent = word >> 13 & 3;
    const bool negative = (word & 0x8000u) != 0;
    return (struct raw){
        .is_float = true,
        .f = shift_point(word & 0x1FFF, negative ? exponent : -exponent),
    };
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
        raw.none = bits > INT64_MAX;
        raw.i = raw.none ? 0 : (int64_t)bits;
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
    case GW_MB_BCD:
        return read_bcd(regs[0], 4);
    case GW_MB_BCD32:
        return read_bcd(gather(regs, 2, f->order), 8);
    case GW_MB_MK102:
        return read_mk102(regs[0]);
    }
    return raw;
}

static bool is_among(const int64_t *list, size_t n, const struct raw *raw)
{
    if (raw->is_float || raw->none)
        return false;
    for (size_t k = 0; k < n; k++)
        if (list[k] == raw->i)
            return true;
    return false;
}

/* The value, or with bands the current in mA. */
static double scaled(const struct gw_mb_format *f, const struct raw *raw)
{
    const double v = raw->is_float ? raw->f : (double)raw->i;
    return shift_point(v, raw->decimals) * f->scale + f->offset;
}

/* What this current means; a current that no band has means nothing known. */
static struct gw_mb_band band_of(const struct gw_mb_format *f, double ma)
{
    for (size_t k = 0; k < f->nbands; k++)
        if (ma >= f->bands[k].lo && ma < f->bands[k].hi)
            return f->bands[k];
    return (struct gw_mb_band){.state = GW_S_UNKNOWN, .quality = GW_Q_UNCERTAIN};
}

static enum gw_quality put_num(const struct gw_mb_format *f, const struct raw *raw,
                               struct gw_sample *s)
{
    double v = scaled(f, raw);
    const enum gw_quality said = f->nbands > 0 ? band_of(f, v).quality : GW_Q_GOOD;
    if (f->ranged)
        v = f->range_lo + (v - 4) / 16 * (f->range_hi - f->range_lo);
    if (!isfinite(v))
        return GW_Q_BAD_RANGE;
    s->value.num = v;
    s->valued = 1;
    if (said != GW_Q_GOOD)
        return said;
    if (v < f->sane_lo || v > f->sane_hi)
        return GW_Q_BAD_RANGE;
    return is_among(f->clamped_raw, f->nclamped, raw) ? GW_Q_UNCERTAIN : GW_Q_GOOD;
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
    if (f->nbands > 0)
        state = is_among(f->clamped_raw, f->nclamped, raw) ? GW_S_UNKNOWN
                                                           : band_of(f, scaled(f, raw)).state;
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
    gw_mb_decode_point(f, regs, 0, s);
}

void gw_mb_decode_point(const struct gw_mb_format *f, const uint16_t *regs, int decimals,
                        struct gw_sample *s)
{
    const unsigned n = gw_mb_type_regs(f->type);
    memset(s->raw, 0, sizeof s->raw);
    memcpy(s->raw, regs, n * sizeof regs[0]);
    s->nraw = (uint8_t)n;
    s->vtype = (uint8_t)f->vtype;
    s->valued = 0;
    s->value.i = 0;

    struct raw raw = read_raw(f, regs);
    assert(f->vtype == GW_V_NUM || f->nbands > 0 || !raw.is_float);
    raw.decimals = decimals;
    if (is_among(f->bad_raw, f->nbad, &raw)) {
        s->quality = GW_Q_BAD_FAULT;
        return;
    }
    if (raw.none) {
        s->quality = GW_Q_BAD_RANGE;
        return;
    }
    if (f->field_bits > 0)
        raw.i = (int64_t)((uint64_t)raw.i >> f->field_shift & ((1u << f->field_bits) - 1u));
    s->quality = (uint8_t)put_value(f, &raw, s);
}
