/* SPDX-License-Identifier: Apache-2.0
 *
 * Gas controller of the type MK102, 8 channels. FC 03 from 1 on status, FC 04 from 1 on value in a
 * float of its own form (bit 15 sign of the exponent, 14 and 13 exponent, 12..0 mantissa); FC 02
 * inputs 1..4 battery fault, mains fault, bus supply short, S1 short to ground.
 *
 * Chosen here, for the maker does not say: values have one decimal; a channel with a fault, absent
 * or unknown shows 0.
 */
#include "plant/kind.h"

#include <stddef.h>

#define CHANNELS 8

enum line {
    C = 0,
    C_COMM_FAULT,
    C_SENSOR_FAULT,
    C_ABSENT,
    C_UNKNOWN,
    BATTERY_FAULT,
    MAINS_FAULT,
    SUPPLY_SHORT,
    S1_SHORT
};

static const struct gw_signal_def signals[] = {
    [C] = {.prefix = "c", .suffix = "", .max = 100},
    [C_COMM_FAULT] = {.prefix = "c", .suffix = "_comm_fault", .logic = true, .max = 1},
    [C_SENSOR_FAULT] = {.prefix = "c", .suffix = "_sensor_fault", .logic = true, .max = 1},
    [C_ABSENT] = {.prefix = "c", .suffix = "_absent", .logic = true, .max = 1},
    [C_UNKNOWN] = {.prefix = "c", .suffix = "_unknown", .logic = true, .max = 1},
    [BATTERY_FAULT] = {.prefix = "battery_fault", .logic = true, .max = 1},
    [MAINS_FAULT] = {.prefix = "mains_fault", .logic = true, .max = 1},
    [SUPPLY_SHORT] = {.prefix = "supply_short", .logic = true, .max = 1},
    [S1_SHORT] = {.prefix = "s1_short", .logic = true, .max = 1},
    {0},
};

enum output { OUT_LOW = 0, OUT_HIGH };
static const char *const outputs[] = {"low", "high", NULL};

#define LEVEL(member, text, value)                                                                 \
    {                                                                                              \
        .name = #member, .type = GW_KEY_NUM, .offset = offsetof(struct gw_kind_conf, member),      \
        .min = 0, .max = 100, .def = (value), .doc = (text)                                        \
    }

static const struct gw_key keys[] = {
    LEVEL(low, "low set-point in %LEL", "25"),
    LEVEL(high, "high set-point in %LEL", "50"),
    {.type = GW_KEY_END},
};

static enum gw_status setup(const struct gw_jnode *device, struct gw_kind_conf *conf,
                            struct gw_issues *issues)
{
    if (conf->low > conf->high)
        gw_jnode_issue(device, issues, "the set-point \"low\" (%g) is above \"high\" (%g)",
                       conf->low, conf->high);
    conf->channels = CHANNELS;
    conf->ranges[0] = (struct gw_range){.fcs = 1u << 3 | 1u << 4, .first = 1, .last = CHANNELS};
    conf->ranges[1] = (struct gw_range){.fcs = 1u << 2, .first = 1, .last = 4};
    conf->n_ranges = 2;
    return GW_OK;
}

static bool is_measuring(const struct gw_view *v, size_t i)
{
    for (size_t line = C_COMM_FAULT; line <= C_UNKNOWN; line++)
        if (gw_view_on(v, line, i))
            return false;
    return true;
}

static uint16_t status_of(const struct gw_view *v, size_t i)
{
    static const struct {
        enum line line;
        uint16_t code;
    } rows[] = {{C_UNKNOWN, 0}, {C_ABSENT, 7}, {C_COMM_FAULT, 1}, {C_SENSOR_FAULT, 2}};
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
        if (gw_view_on(v, rows[k].line, i))
            return rows[k].code;
    const double shown = gw_view_value(v, C, i);
    return shown >= v->conf->high ? 15 : shown >= v->conf->low ? 14 : 10;
}

static uint16_t word(const struct gw_view *v, uint16_t address)
{
    const size_t i = address - 1u;
    if (v->fc == 3)
        return status_of(v, i);
    /* mantissa x 10^-1 */
    const double shown = is_measuring(v, i) ? gw_view_value(v, C, i) : 0.0;
    return (uint16_t)(0xA000u | gw_word_u16(shown * 10.0));
}

static bool bit(const struct gw_view *v, uint16_t address)
{
    return gw_view_on(v, (size_t)BATTERY_FAULT + address - 1u, 0);
}

static double output(const struct gw_view *v, size_t i)
{
    const double limit = i == OUT_HIGH ? v->conf->high : v->conf->low;
    for (size_t c = 0; c < CHANNELS; c++)
        if (is_measuring(v, c) && gw_view_value(v, C, c) >= limit)
            return 1.0;
    return 0.0;
}

const struct gw_kind gw_kind_mk102 = {
    .name = "mk102",
    .id = "MK102",
    .signals = signals,
    .outputs = outputs,
    .keys = keys,
    .setup = setup,
    .word = word,
    .bit = bit,
    .output = output,
};
