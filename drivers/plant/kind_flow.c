/* SPDX-License-Identifier: Apache-2.0
 *
 * Flow meters with a short map.
 *
 * mfe600c: Microsensor MFE600C, floats ABCD: 0 flow, 2 its unit, 13 excitation alarm, 14 electrode
 *   alarm, 15 empty pipe, 16 upper and 17 lower alarm. Chosen here: FC 03, an empty pipe shows no
 *   flow, the unit's code 5 (as its sister MFE600H has for m3/h), 0 for the total and what lies
 * between. tuf-2000: ultrasonic meter of the type TUF-2000, FC 03, floats CDAB: 0 flow, 4 velocity,
 * 8 total (long), 32 and 34 temperatures, 42, 44 and 46 currents of AI3 to AI5. vortex: vortex gas
 * meter, FC 03: 0 temperature, 2 pressure, 4 frequency, 6 standard flow, 8 and 10 totals, 12 upper
 * and 14 lower alarm bits, 16 output current. Chosen here: ABCD, the alarm bits in the second
 * register of each pair, 0 for the totals.
 */
#include "plant/kind.h"

#include <math.h>
#include <stddef.h>

static const struct gw_key no_keys[] = {{.type = GW_KEY_END}};

static enum gw_status setup_to(struct gw_kind_conf *conf, uint16_t last)
{
    conf->channels = 1;
    conf->ranges[0] = (struct gw_range){.fcs = 1u << 3, .first = 0, .last = last};
    conf->n_ranges = 1;
    return GW_OK;
}

/* A pair of registers that holds the signal of this line as a float. */
struct real {
    uint16_t address;
    size_t line;
};

/* True when the address is one of a pair in the list; *i: which half of it, by address. */
static bool find_real(const struct real *reals, size_t n, uint16_t address, size_t *line,
                      unsigned *i)
{
    for (size_t k = 0; k < n; k++) {
        if (address == reals[k].address || address == reals[k].address + 1) {
            *line = reals[k].line;
            *i = (unsigned)address - reals[k].address;
            return true;
        }
    }
    return false;
}

/* ---- mfe600c ---- */

enum mfe_line { FLOW = 0, UNIT, EXCITATION_ALARM, ELECTRODE_ALARM, EMPTY_PIPE, UPPER, LOWER };

static const struct gw_signal_def mfe_signals[] = {
    [FLOW] = {.prefix = "flow", .real = true, .min = -1e6, .max = 1e6},
    [UNIT] = {.prefix = "unit", .max = 65535, .start = 5},
    [EXCITATION_ALARM] = {.prefix = "excitation_alarm", .logic = true, .max = 1},
    [ELECTRODE_ALARM] = {.prefix = "electrode_alarm", .logic = true, .max = 1},
    [EMPTY_PIPE] = {.prefix = "empty_pipe", .logic = true, .max = 1},
    [UPPER] = {.prefix = "upper_alarm", .logic = true, .max = 1},
    [LOWER] = {.prefix = "lower_alarm", .logic = true, .max = 1},
    {0},
};

static enum gw_status mfe_setup(const struct gw_jnode *device, struct gw_kind_conf *conf,
                                struct gw_issues *issues)
{
    (void)device;
    (void)issues;
    return setup_to(conf, 17);
}

static uint16_t mfe_word(const struct gw_view *v, uint16_t address)
{
    if (address <= 1)
        return gw_word_f32(gw_view_on(v, EMPTY_PIPE, 0) ? 0.0 : gw_view_value(v, FLOW, 0), address);
    if (address == 2)
        return gw_word_u16(gw_view_value(v, UNIT, 0));
    if (address >= 13)
        return gw_view_on(v, (size_t)EXCITATION_ALARM + address - 13u, 0);
    return 0;
}

const struct gw_kind gw_kind_mfe600c = {
    .name = "mfe600c",
    .id = "MFE600C",
    .signals = mfe_signals,
    .keys = no_keys,
    .setup = mfe_setup,
    .word = mfe_word,
};

/* ---- tuf-2000 ---- */

enum tuf_line { TUF_FLOW = 0, TUF_T1, TUF_T2, TUF_AI3, TUF_AI4, TUF_AI5, TUF_TOTAL };

static const struct gw_signal_def tuf_signals[] = {
    [TUF_FLOW] = {.prefix = "flow", .real = true, .min = -1e6, .max = 1e6},
    [TUF_T1] = {.prefix = "t1", .real = true, .min = -50, .max = 300, .start = 20},
    [TUF_T2] = {.prefix = "t2", .real = true, .min = -50, .max = 300, .start = 20},
    [TUF_AI3] = {.prefix = "ai3", .real = true, .max = 24, .start = 4},
    [TUF_AI4] = {.prefix = "ai4", .real = true, .max = 24, .start = 4},
    [TUF_AI5] = {.prefix = "ai5", .real = true, .max = 24, .start = 4},
    [TUF_TOTAL] = {.prefix = "total", .max = UINT32_MAX},
    {0},
};

static const char *const tuf_outputs[] = {"total_now", NULL};

static const struct gw_key tuf_keys[] = {
    {.name = "dn_mm",
     .type = GW_KEY_NUM,
     .offset = offsetof(struct gw_kind_conf, dn_mm),
     .min = 10,
     .max = 3000,
     .def = "80",
     .doc = "bore of the pipe in mm; gives the velocity"},
    {.type = GW_KEY_END},
};

static enum gw_status tuf_setup(const struct gw_jnode *device, struct gw_kind_conf *conf,
                                struct gw_issues *issues)
{
    (void)device;
    (void)issues;
    return setup_to(conf, 47);
}

static double tuf_total(const struct gw_view *v)
{
    return gw_view_value(v, TUF_TOTAL, 0) + v->total;
}

static uint16_t tuf_word(const struct gw_view *v, uint16_t address)
{
    static const struct real reals[] = {{0, TUF_FLOW}, {32, TUF_T1},  {34, TUF_T2},
                                        {42, TUF_AI3}, {44, TUF_AI4}, {46, TUF_AI5}};
    size_t line = 0;
    unsigned i = 0;
    /* The low word stands first. */
    if (find_real(reals, sizeof reals / sizeof reals[0], address, &line, &i))
        return gw_word_f32(gw_view_value(v, line, 0), 1u - i);
    if (address == 4 || address == 5) {
        const double radius_m = v->conf->dn_mm / 2000.0;
        return gw_word_f32(gw_view_value(v, TUF_FLOW, 0) / 3600.0 /
                               (3.14159265358979323846 * radius_m * radius_m),
                           address == 4 ? 1 : 0);
    }
    if (address == 8 || address == 9)
        return gw_word_u32(floor(tuf_total(v)), address == 8 ? 1 : 0);
    return 0;
}

static double tuf_output(const struct gw_view *v, size_t i)
{
    return i == 0 ? tuf_total(v) : 0.0;
}

static double tuf_rate(const struct gw_view *v)
{
    const double flow = gw_view_value(v, TUF_FLOW, 0);
    return isfinite(flow) ? flow : 0.0;
}

const struct gw_kind gw_kind_tuf_2000 = {
    .name = "tuf-2000",
    .id = "TUF-2000",
    .signals = tuf_signals,
    .outputs = tuf_outputs,
    .keys = tuf_keys,
    .setup = tuf_setup,
    .word = tuf_word,
    .output = tuf_output,
    .rate = tuf_rate,
};

/* ---- vortex ---- */

enum vortex_line { V_TEMPERATURE = 0, V_PRESSURE, V_FREQUENCY, V_FLOW, V_MA, V_UPPER, V_LOWER };

static const struct gw_signal_def vortex_signals[] = {
    [V_TEMPERATURE] = {.prefix = "temperature", .real = true, .min = -50, .max = 400, .start = 20},
    [V_PRESSURE] = {.prefix = "pressure", .real = true, .min = -1e6, .max = 1e6},
    [V_FREQUENCY] = {.prefix = "frequency", .real = true, .max = 20000},
    [V_FLOW] = {.prefix = "flow", .real = true, .min = -1e6, .max = 1e6},
    [V_MA] = {.prefix = "output_ma", .real = true, .max = 24, .start = 4},
    [V_UPPER] = {.prefix = "upper", .max = 65535},
    [V_LOWER] = {.prefix = "lower", .max = 65535},
    {0},
};

static enum gw_status vortex_setup(const struct gw_jnode *device, struct gw_kind_conf *conf,
                                   struct gw_issues *issues)
{
    (void)device;
    (void)issues;
    return setup_to(conf, 17);
}

static uint16_t vortex_word(const struct gw_view *v, uint16_t address)
{
    static const struct real reals[] = {
        {0, V_TEMPERATURE}, {2, V_PRESSURE}, {4, V_FREQUENCY}, {6, V_FLOW}, {16, V_MA}};
    size_t line = 0;
    unsigned i = 0;
    if (find_real(reals, sizeof reals / sizeof reals[0], address, &line, &i))
        return gw_word_f32(gw_view_value(v, line, 0), i);
    if (address == 13 || address == 15)
        return gw_word_u16(gw_view_value(v, address == 13 ? V_UPPER : V_LOWER, 0));
    return 0;
}

const struct gw_kind gw_kind_vortex = {
    .name = "vortex",
    .id = "VORTEX",
    .signals = vortex_signals,
    .keys = no_keys,
    .setup = vortex_setup,
    .word = vortex_word,
};
