/* SPDX-License-Identifier: Apache-2.0 */
#include "plant/kind.h"

#include <math.h>
#include <string.h>

static const struct gw_kind *const kinds[] = {
    &gw_kind_ax100,   &gw_kind_mfe600h,  &gw_kind_dampt100,  &gw_kind_di_module,
    &gw_kind_qdy30a,  &gw_kind_map,      &gw_kind_kb6000iii, &gw_kind_mk102,
    &gw_kind_mfe600c, &gw_kind_tuf_2000, &gw_kind_vortex,    &gw_kind_ai_module,
};

const struct gw_kind *gw_kind_nth(size_t i)
{
    return i < sizeof kinds / sizeof kinds[0] ? kinds[i] : NULL;
}

const struct gw_kind *gw_kind_find(const char *name)
{
    for (size_t i = 0; gw_kind_nth(i) != NULL; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

double gw_view_value(const struct gw_view *v, size_t line, size_t channel)
{
    return v->value[v->conf->at[line] + channel];
}

bool gw_view_on(const struct gw_view *v, size_t line, size_t channel)
{
    return gw_view_value(v, line, channel) >= 0.5;
}

static double whole_within(double value, double min, double max)
{
    if (isnan(value) || value > max)
        return max;
    return value < min ? min : round(value);
}

uint16_t gw_word_u16(double value)
{
    return (uint16_t)whole_within(value, 0, UINT16_MAX);
}

uint16_t gw_word_i16(double value)
{
    return (uint16_t)(int16_t)whole_within(value, INT16_MIN, INT16_MAX);
}

static uint16_t half(uint32_t bits, unsigned i)
{
    return (uint16_t)(i == 0 ? bits >> 16 : bits & 0xFFFFu);
}

uint16_t gw_word_f32(double value, unsigned i)
{
    float f = (float)value;
    uint32_t bits;
    _Static_assert(sizeof bits == sizeof f, "float is IEEE single precision");
    memcpy(&bits, &f, sizeof bits);
    return half(bits, i);
}

uint16_t gw_word_u32(double value, unsigned i)
{
    return half((uint32_t)whole_within(value, 0, UINT32_MAX), i);
}
