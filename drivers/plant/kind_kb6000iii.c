/* SPDX-License-Identifier: Apache-2.0
 *
 * Hanwei KB6000III gas controller, FC 03. 0 number of detectors found; 1..7 its clock; from 500 +
 * 11 (i - 1) on detector i: number, gas, value (int16), unit, place of the decimal point, state,
 * five reserved ones.
 *
 * Chosen here, for the maker does not say: the clock stands at 0; a detector with a fault or in
 * warm-up shows 0; the registers of a detector that is not found yet are 0.
 */
#include "plant/kind.h"

#include <math.h>
#include <stddef.h>

#define FIRST 500
#define EACH  11

enum line { D = 0, D_COMM_FAULT, D_SENSOR_FAULT, D_WARMUP, D_CODE, D_POINT, D_GAS, D_UNIT, FOUND };

static const struct gw_signal_def signals[] = {
    [D] = {.prefix = "d", .suffix = "", .min = -3000, .max = 30000},
    [D_COMM_FAULT] = {.prefix = "d", .suffix = "_comm_fault", .logic = true, .max = 1},
    [D_SENSOR_FAULT] = {.prefix = "d", .suffix = "_sensor_fault", .logic = true, .max = 1},
    [D_WARMUP] = {.prefix = "d", .suffix = "_warmup", .logic = true, .max = 1},
    [D_CODE] = {.prefix = "d", .suffix = "_code", .min = -1, .max = 255, .start = -1},
    [D_POINT] = {.prefix = "d", .suffix = "_point", .min = -4, .max = 4, .start = 1},
    [D_GAS] = {.prefix = "d", .suffix = "_gas", .max = 65535},
    [D_UNIT] = {.prefix = "d", .suffix = "_unit", .max = 65535},
    [FOUND] = {.prefix = "found", .max = 64, .start = 64},
    {0},
};

enum output { OUT_LOW = 0, OUT_HIGH };
static const char *const outputs[] = {"low", "high", NULL};

static const struct gw_key keys[] = {
    {.name = "detectors",
     .type = GW_KEY_INT,
     .offset = offsetof(struct gw_kind_conf, channels),
     .min = 1,
     .max = 64,
     .def = "4",
     .doc = "number of detectors"},
    {.name = "low",
     .type = GW_KEY_NUM,
     .offset = offsetof(struct gw_kind_conf, low),
     .min = 0,
     .max = 30000,
     .def = "25",
     .doc = "low set-point of all detectors, in their unit"},
    {.name = "high",
     .type = GW_KEY_NUM,
     .offset = offsetof(struct gw_kind_conf, high),
     .min = 0,
     .max = 30000,
     .def = "50",
     .doc = "high set-point of all detectors, in their unit"},
    {.type = GW_KEY_END},
};

static enum gw_status setup(const struct gw_jnode *device, struct gw_kind_conf *conf,
                            struct gw_issues *issues)
{
    if (conf->low > conf->high)
        gw_jnode_issue(device, issues, "the set-point \"low\" (%g) is above \"high\" (%g)",
                       conf->low, conf->high);
    conf->ranges[0] = (struct gw_range){.fcs = 1u << 3, .first = 0, .last = 7};
    conf->ranges[1] = (struct gw_range){
        .fcs = 1u << 3, .first = FIRST, .last = (uint16_t)(FIRST + EACH * conf->channels - 1)};
    conf->n_ranges = 2;
    return GW_OK;
}

static size_t found(const struct gw_view *v)
{
    const size_t n = (size_t)floor(gw_view_value(v, FOUND, 0));
    return n < (size_t)v->conf->channels ? n : (size_t)v->conf->channels;
}

static bool is_measuring(const struct gw_view *v, size_t i)
{
    return i < found(v) && !gw_view_on(v, D_COMM_FAULT, i) && !gw_view_on(v, D_SENSOR_FAULT, i) &&
           !gw_view_on(v, D_WARMUP, i);
}

static uint16_t state_of(const struct gw_view *v, size_t i)
{
    const double forced = gw_view_value(v, D_CODE, i);
    if (forced >= 0)
        return gw_word_u16(forced);
    if (gw_view_on(v, D_COMM_FAULT, i))
        return 0x0D;
    if (gw_view_on(v, D_SENSOR_FAULT, i))
        return 0x03;
    if (gw_view_on(v, D_WARMUP, i))
        return 0x00;
    const double shown = gw_view_value(v, D, i);
    return shown >= v->conf->high ? 0x06 : shown >= v->conf->low ? 0x05 : 0x01;
}

static uint16_t detector_word(const struct gw_view *v, size_t i, unsigned offset)
{
    if (i >= found(v))
        return 0;
    const double point = round(gw_view_value(v, D_POINT, i));
    switch (offset) {
    case 0:
        return (uint16_t)(i + 1);
    case 1:
        return gw_word_u16(gw_view_value(v, D_GAS, i));
    case 2:
        return gw_word_i16(is_measuring(v, i) ? gw_view_value(v, D, i) * pow(10.0, point) : 0.0);
    case 3:
        return gw_word_u16(gw_view_value(v, D_UNIT, i));
    case 4:
        return gw_word_i16(point);
    case 5:
        return state_of(v, i);
    default:
        return 0;
    }
}

static uint16_t word(const struct gw_view *v, uint16_t address)
{
    if (address < FIRST)
        return address == 0 ? (uint16_t)found(v) : 0;
    const unsigned at = address - (unsigned)FIRST;
    return detector_word(v, at / EACH, at % EACH);
}

static double output(const struct gw_view *v, size_t i)
{
    const double limit = i == OUT_HIGH ? v->conf->high : v->conf->low;
    for (size_t d = 0; d < found(v); d++)
        if (is_measuring(v, d) && gw_view_value(v, D, d) >= limit)
            return 1.0;
    return 0.0;
}

const struct gw_kind gw_kind_kb6000iii = {
    .name = "kb6000iii",
    .id = "KB6000III",
    .signals = signals,
    .outputs = outputs,
    .keys = keys,
    .setup = setup,
    .word = word,
    .output = output,
};
