/* SPDX-License-Identifier: Apache-2.0
 *
 * ai-module: analogue inputs of 4-20 mA instruments, FC 03 and the same by FC 04, from 0 on. What a
 * register shows follows the range that the module is set to, and it stops at the ends of it:
 * +-20mA, 0-20mA and 4-20mA over 0..65535 (as ADAM-4000 modules have it); uA: microamperes up to
 * 24000.
 */
#include "plant/kind.h"

#include <stddef.h>

enum ai_range { AI_WIDE = 0, AI_ZERO, AI_FOUR, AI_MICRO };
static const char *const range_names[] = {"+-20mA", "0-20mA", "4-20mA", "uA", NULL};

static const struct gw_signal_def signals[] = {
    {.prefix = "i", .suffix = "", .min = -20, .max = 24, .start = 4},
    {0},
};

static const struct gw_key keys[] = {
    {.name = "channels",
     .type = GW_KEY_INT,
     .offset = offsetof(struct gw_kind_conf, channels),
     .min = 1,
     .max = 16,
     .def = "8",
     .doc = "number of analogue inputs"},
    {.name = "show",
     .type = GW_KEY_ENUM,
     .offset = offsetof(struct gw_kind_conf, show),
     .names = range_names,
     .def = "+-20mA",
     .doc = "range that the inputs are set to"},
    {.type = GW_KEY_END},
};

static enum gw_status setup(const struct gw_jnode *device, struct gw_kind_conf *conf,
                            struct gw_issues *issues)
{
    (void)device;
    (void)issues;
    conf->ranges[0] = (struct gw_range){
        .fcs = 1u << 3 | 1u << 4, .first = 0, .last = (uint16_t)(conf->channels - 1)};
    conf->n_ranges = 1;
    return GW_OK;
}

static uint16_t word(const struct gw_view *v, uint16_t address)
{
    const double ma = gw_view_value(v, 0, address);
    switch ((enum ai_range)v->conf->show) {
    case AI_ZERO:
        return gw_word_u16(ma / 20.0 * 65535.0);
    case AI_FOUR:
        return gw_word_u16((ma - 4.0) / 16.0 * 65535.0);
    case AI_MICRO:
        return gw_word_u16(ma * 1000.0);
    case AI_WIDE:
        break;
    }
    return gw_word_u16((ma + 20.0) / 40.0 * 65535.0);
}

const struct gw_kind gw_kind_ai_module = {
    .name = "ai-module",
    .id = "AI-MODULE",
    .signals = signals,
    .keys = keys,
    .setup = setup,
    .word = word,
};
