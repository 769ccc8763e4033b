/* SPDX-License-Identifier: Apache-2.0
 *
 * Microsensor MFE600H electromagnetic flow meter, FC 04. Floats and longs stand low word first
 * (CDAB). 4112 flow; 4114 velocity; 4118 fluid resistance; 4120 total (long); 4122 fraction of the
 * total; 4126 unit of flow; 4132 empty pipe; 4133 system alarm; 4140, 4141 temperatures.
 *
 * Chosen here, for the maker does not say: with an empty pipe the meter shows no flow; the code of
 * the unit of the total (4129, cubic metres) is 0; unknown addresses between 4112 and 4141 are 0.
 */
#include "plant/kind.h"

#include <math.h>
#include <stddef.h>

enum line { FLOW = 0, EMPTY_PIPE, SYSTEM_ALARM, UNIT, TOTAL, RESISTANCE, T_IN, T_OUT };

static const struct gw_signal_def signals[] = {
    [FLOW] = {.prefix = "flow", .real = true, .min = -1e6, .max = 1e6},
    [EMPTY_PIPE] = {.prefix = "empty_pipe", .logic = true, .max = 1},
    [SYSTEM_ALARM] = {.prefix = "system_alarm", .logic = true, .max = 1},
    [UNIT] = {.prefix = "unit", .max = 5, .start = 5},
    [TOTAL] = {.prefix = "total", .max = UINT32_MAX},
    [RESISTANCE] = {.prefix = "resistance", .real = true, .max = 1e9},
    [T_IN] = {.prefix = "t_in", .max = UINT16_MAX},
    [T_OUT] = {.prefix = "t_out", .max = UINT16_MAX},
    {0},
};

enum output { OUT_TOTAL = 0 };
static const char *const outputs[] = {"total_now", NULL};

static const struct gw_key keys[] = {
    {.name = "dn_mm",
     .type = GW_KEY_NUM,
     .offset = offsetof(struct gw_kind_conf, dn_mm),
     .min = 10,
     .max = 3000,
     .def = "80",
     .doc = "bore of the pipe in mm; gives the velocity"},
    {.type = GW_KEY_END},
};

static enum gw_status setup(const struct gw_jnode *device, struct gw_kind_conf *conf,
                            struct gw_issues *issues)
{
    (void)device;
    (void)issues;
    conf->channels = 1;
    conf->ranges[0] = (struct gw_range){.fcs = 1u << 4, .first = 4112, .last = 4141};
    conf->n_ranges = 1;
    return GW_OK;
}

static double flow_m3h(const struct gw_view *v)
{
    return gw_view_on(v, EMPTY_PIPE, 0) ? 0.0 : gw_view_value(v, FLOW, 0);
}

static double flow_shown(const struct gw_view *v)
{
    /* m3/h in one of L/s, L/min, L/h, m3/s, m3/min, m3/h */
    static const double m3h_per_unit[] = {3.6, 0.06, 0.001, 3600.0, 60.0, 1.0};
    return flow_m3h(v) / m3h_per_unit[gw_word_u16(gw_view_value(v, UNIT, 0))];
}

static double velocity(const struct gw_view *v)
{
    double radius_m = v->conf->dn_mm / 2000.0;
    return flow_m3h(v) / 3600.0 / (3.14159265358979323846 * radius_m * radius_m);
}

static double total(const struct gw_view *v)
{
    return gw_view_value(v, TOTAL, 0) + v->total;
}

/* Low word first. */
static uint16_t real_cdab(double value, int i)
{
    return gw_word_f32(value, i == 0 ? 1 : 0);
}

static uint16_t word(const struct gw_view *v, uint16_t address)
{
    switch (address) {
    case 4112:
    case 4113:
        return real_cdab(flow_shown(v), address - 4112);
    case 4114:
    case 4115:
        return real_cdab(velocity(v), address - 4114);
    case 4118:
    case 4119:
        return real_cdab(gw_view_value(v, RESISTANCE, 0), address - 4118);
    case 4120:
    case 4121:
        return gw_word_u32(floor(total(v)), address == 4120 ? 1 : 0);
    case 4122:
    case 4123:
        return real_cdab(total(v) - floor(total(v)), address - 4122);
    case 4126:
        return gw_word_u16(gw_view_value(v, UNIT, 0));
    case 4132:
        return gw_view_on(v, EMPTY_PIPE, 0);
    case 4133:
        return gw_view_on(v, SYSTEM_ALARM, 0);
    case 4140:
        return gw_word_u16(gw_view_value(v, T_IN, 0));
    case 4141:
        return gw_word_u16(gw_view_value(v, T_OUT, 0));
    default:
        return 0;
    }
}

static double output(const struct gw_view *v, size_t i)
{
    return i == OUT_TOTAL ? total(v) : 0.0;
}

static double rate(const struct gw_view *v)
{
    double flow = flow_m3h(v);
    return isfinite(flow) ? flow : 0.0;
}

const struct gw_kind gw_kind_mfe600h = {
    .name = "mfe600h",
    .id = "MFE600H",
    .signals = signals,
    .outputs = outputs,
    .keys = keys,
    .setup = setup,
    .word = word,
    .output = output,
    .rate = rate,
};
