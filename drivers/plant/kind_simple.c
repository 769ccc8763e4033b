/* SPDX-License-Identifier: Apache-2.0
 *
 * The small devices.
 *
 * dampt100: Juying DAMpt100 Pt100 module, FC 04: int16 in 0.01 degC from 0, floats (ABCD) from
 * 0x32. di-module: digital inputs from 0, FC 02; FC 01 gives the same, as some makers have it.
 * qdy30a: QDY30A pressure or level transmitter, FC 03: 0 address, 1 baud, 2 unit, 3 decimals,
 *   4 value (int16, raw / 10^decimals), 5 zero, 6 span. Chosen here: the baud code 3, and that
 *   addresses 7 to 15 can be read and are 0.
 */
#include "plant/kind.h"

#include <math.h>
#include <stddef.h>

#define FLOATS_AT 0x32

static const struct gw_key channels_of_16[] = {
    {.name = "channels",
     .type = GW_KEY_INT,
     .offset = offsetof(struct gw_kind_conf, channels),
     .min = 1,
     .max = 16,
     .def = "4",
     .doc = "number of Pt100 inputs"},
    {.type = GW_KEY_END},
};

static const struct gw_key channels_of_256[] = {
    {.name = "channels",
     .type = GW_KEY_INT,
     .offset = offsetof(struct gw_kind_conf, channels),
     .min = 1,
     .max = 256,
     .def = "8",
     .doc = "number of digital inputs"},
    {.type = GW_KEY_END},
};

static const struct gw_key no_keys[] = {{.type = GW_KEY_END}};

/* ---- dampt100 ---- */

static const struct gw_signal_def pt_signals[] = {
    {.prefix = "t", .suffix = "", .real = true, .min = -200, .max = 850, .start = 20},
    {0},
};

static enum gw_status pt_setup(const struct gw_jnode *device, struct gw_kind_conf *conf,
                               struct gw_issues *issues)
{
    (void)device;
    (void)issues;
    uint16_t n = (uint16_t)conf->channels;
    conf->ranges[0] = (struct gw_range){.fcs = 1u << 4, .first = 0, .last = (uint16_t)(n - 1)};
    conf->ranges[1] = (struct gw_range){
        .fcs = 1u << 4, .first = FLOATS_AT, .last = (uint16_t)(FLOATS_AT + 2 * n - 1)};
    conf->n_ranges = 2;
    return GW_OK;
}

static uint16_t pt_word(const struct gw_view *v, uint16_t address)
{
    if (address < FLOATS_AT)
        return gw_word_i16(gw_view_value(v, 0, address) * 100.0);
    unsigned i = address - FLOATS_AT;
    return gw_word_f32(gw_view_value(v, 0, i / 2), i % 2);
}

const struct gw_kind gw_kind_dampt100 = {
    .name = "dampt100",
    .id = "DAMPT100",
    .signals = pt_signals,
    .keys = channels_of_16,
    .setup = pt_setup,
    .word = pt_word,
};

/* ---- di-module ---- */

static const struct gw_signal_def di_signals[] = {
    {.prefix = "di", .suffix = "", .logic = true, .max = 1},
    {0},
};

static enum gw_status di_setup(const struct gw_jnode *device, struct gw_kind_conf *conf,
                               struct gw_issues *issues)
{
    (void)device;
    (void)issues;
    conf->ranges[0] = (struct gw_range){
        .fcs = 1u << 1 | 1u << 2, .first = 0, .last = (uint16_t)(conf->channels - 1)};
    conf->n_ranges = 1;
    return GW_OK;
}

static bool di_bit(const struct gw_view *v, uint16_t address)
{
    return gw_view_on(v, 0, address);
}

const struct gw_kind gw_kind_di_module = {
    .name = "di-module",
    .id = "DI-MODULE",
    .signals = di_signals,
    .keys = channels_of_256,
    .setup = di_setup,
    .bit = di_bit,
};

/* ---- qdy30a ---- */

enum qdy_line { VALUE = 0, UNIT, DECIMALS, ZERO, SPAN };

static const struct gw_signal_def qdy_signals[] = {
    [VALUE] = {.prefix = "value", .min = -32768, .max = 32767},
    [UNIT] = {.prefix = "unit", .max = 18, .start = 1},
    [DECIMALS] = {.prefix = "decimals", .max = 4, .start = 1},
    [ZERO] = {.prefix = "zero", .min = -32768, .max = 32767},
    [SPAN] = {.prefix = "span", .min = -32768, .max = 32767},
    {0},
};

static enum gw_status qdy_setup(const struct gw_jnode *device, struct gw_kind_conf *conf,
                                struct gw_issues *issues)
{
    (void)device;
    (void)issues;
    conf->channels = 1;
    conf->ranges[0] = (struct gw_range){.fcs = 1u << 3, .first = 0, .last = 15};
    conf->n_ranges = 1;
    return GW_OK;
}

static uint16_t qdy_word(const struct gw_view *v, uint16_t address)
{
    switch (address) {
    case 0:
        return v->unit;
    case 1:
        return 3;
    case 2:
        return gw_word_u16(gw_view_value(v, UNIT, 0));
    case 3:
        return gw_word_u16(gw_view_value(v, DECIMALS, 0));
    case 4:
        return gw_word_i16(gw_view_value(v, VALUE, 0) *
                           pow(10.0, gw_word_u16(gw_view_value(v, DECIMALS, 0))));
    case 5:
        return gw_word_i16(gw_view_value(v, ZERO, 0));
    case 6:
        return gw_word_i16(gw_view_value(v, SPAN, 0));
    default:
        return 0;
    }
}

const struct gw_kind gw_kind_qdy30a = {
    .name = "qdy30a",
    .id = "QDY30A",
    .signals = qdy_signals,
    .keys = no_keys,
    .setup = qdy_setup,
    .word = qdy_word,
};
