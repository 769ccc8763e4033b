/* SPDX-License-Identifier: Apache-2.0
 *
 * JB-TB-AX100 gas controller, FC 03. 0x0101 + 2i status and 0x0102 + 2i concentration (0.1 %LEL) of
 * probe i; 0x0281.. linkage outputs; 0x0292 probes logged in; 0x0294 most probes; 0x0297 system
 * word; 0x029C external alarm input.
 *
 * Chosen here, for the maker does not say: a probe with a fault, in warm-up or absent shows 0 and
 * raises no level; the status of an absent or warming probe is 0; at level 2 both level bits are
 * set; a shielded probe goes on measuring but raises no level; all addresses between the first and
 * the last known one can be read and the unknown ones are 0.
 */
#include "plant/kind.h"

#include <stddef.h>

enum line {
    P = 0,
    P_COMM_FAULT,
    P_SENSOR_FAULT,
    P_SHIELDED,
    P_ABSENT,
    P_WARMUP,
    MAINS_FAULT,
    BATTERY_FAULT,
    BATTERY_LOW,
    LINKAGE_BROKEN,
    EXT_ALARM
};

static const struct gw_signal_def signals[] = {
    [P] = {.prefix = "p", .suffix = "", .max = 100},
    [P_COMM_FAULT] = {.prefix = "p", .suffix = "_comm_fault", .logic = true, .max = 1},
    [P_SENSOR_FAULT] = {.prefix = "p", .suffix = "_sensor_fault", .logic = true, .max = 1},
    [P_SHIELDED] = {.prefix = "p", .suffix = "_shielded", .logic = true, .max = 1},
    [P_ABSENT] = {.prefix = "p", .suffix = "_absent", .logic = true, .max = 1},
    [P_WARMUP] = {.prefix = "p", .suffix = "_warmup", .logic = true, .max = 1},
    [MAINS_FAULT] = {.prefix = "mains_fault", .logic = true, .max = 1},
    [BATTERY_FAULT] = {.prefix = "battery_fault", .logic = true, .max = 1},
    [BATTERY_LOW] = {.prefix = "battery_low", .logic = true, .max = 1},
    [LINKAGE_BROKEN] = {.prefix = "linkage_broken", .logic = true, .max = 1},
    [EXT_ALARM] = {.prefix = "ext_alarm", .logic = true, .max = 1},
    {0},
};

enum output { OUT_LOW = 0, OUT_HIGH, OUT_FAN };
static const char *const outputs[] = {"low", "high", "fan", NULL};

static const struct gw_key keys[] = {
    {.name = "probes",
     .type = GW_KEY_INT,
     .offset = offsetof(struct gw_kind_conf, channels),
     .min = 1,
     .max = 192,
     .def = "4",
     .doc = "number of probes"},
    {.name = "low",
     .type = GW_KEY_NUM,
     .offset = offsetof(struct gw_kind_conf, low),
     .min = 0,
     .max = 100,
     .def = "25",
     .doc = "level-1 set-point in %LEL"},
    {.name = "high",
     .type = GW_KEY_NUM,
     .offset = offsetof(struct gw_kind_conf, high),
     .min = 0,
     .max = 100,
     .def = "50",
     .doc = "level-2 set-point in %LEL"},
    {.type = GW_KEY_END},
};

static enum gw_status setup(const struct gw_jnode *device, struct gw_kind_conf *conf,
                            struct gw_issues *issues)
{
    if (conf->low > conf->high)
        gw_jnode_issue(device, issues, "the level-1 set-point \"low\" (%g) is above \"high\" (%g)",
                       conf->low, conf->high);
    conf->ranges[0] = (struct gw_range){.fcs = 1u << 3, .first = 0x0101, .last = 0x029C};
    conf->n_ranges = 1;
    return GW_OK;
}

/* What the controller makes of one probe. */
struct probe {
    bool present;
    bool fault;
    bool shielded;
    bool low, high;
    uint16_t status;
    double shown;
};

static struct probe probe_at(const struct gw_view *v, size_t i)
{
    struct probe p = {.present = !gw_view_on(v, P_ABSENT, i)};
    if (!p.present || gw_view_on(v, P_WARMUP, i))
        return p;

    p.shielded = gw_view_on(v, P_SHIELDED, i);
    bool comm = gw_view_on(v, P_COMM_FAULT, i);
    bool sensor = gw_view_on(v, P_SENSOR_FAULT, i);
    p.fault = comm || sensor;
    p.shown = p.fault ? 0.0 : gw_view_value(v, P, i);
    if (!p.fault && !p.shielded) {
        p.low = p.shown >= v->conf->low;
        p.high = p.shown >= v->conf->high;
    }
    p.status =
        (uint16_t)((comm ? 1u << 12 : 0u) | (sensor ? 1u << 11 : 0u) | (p.high ? 1u << 9 : 0u) |
                   (p.low ? 1u << 8 : 0u) | (p.shielded ? 1u << 7 : 0u));
    return p;
}

/* What it makes of all of them. */
struct state {
    unsigned logged_in;
    bool fault, shielded, low, high;
    bool linkage;
};

static struct state state_of(const struct gw_view *v)
{
    struct state s = {0};
    for (size_t i = 0; i < (size_t)v->conf->channels; i++) {
        struct probe p = probe_at(v, i);
        s.logged_in += p.present ? 1u : 0u;
        s.fault = s.fault || p.fault;
        s.shielded = s.shielded || p.shielded;
        s.low = s.low || p.low;
        s.high = s.high || p.high;
    }
    s.linkage = s.high && !gw_view_on(v, LINKAGE_BROKEN, 0);
    return s;
}

static uint16_t system_word(const struct gw_view *v)
{
    struct state s = state_of(v);
    bool mains = gw_view_on(v, MAINS_FAULT, 0);
    bool battery = gw_view_on(v, BATTERY_FAULT, 0);
    bool any_fault = s.fault || mains || battery;
    return (uint16_t)((mains ? 1u << 11 : 0u) | /* without mains it runs on the battery */
                      (gw_view_on(v, BATTERY_LOW, 0) ? 1u << 10 : 0u) | (battery ? 1u << 9 : 0u) |
                      (mains ? 1u << 8 : 0u) | (s.shielded ? 1u << 6 : 0u) |
                      (s.linkage ? 1u << 5 : 0u) | (s.high ? 1u << 4 : 0u) |
                      (s.low ? 1u << 3 : 0u) | (any_fault ? 1u << 2 : 0u));
}

static uint16_t word(const struct gw_view *v, uint16_t address)
{
    if (address < 0x0101 + 2 * v->conf->channels) {
        struct probe p = probe_at(v, (size_t)(address - 0x0101) / 2);
        return (address - 0x0101) % 2 == 0 ? p.status : gw_word_u16(p.shown * 10.0);
    }
    switch (address) {
    case 0x0281: /* fan */
    case 0x0282: /* AC 220 V valve */
    case 0x0285: /* DC 24 V valve */
        return state_of(v).linkage;
    case 0x0283: /* low-alarm relay */
        return state_of(v).low;
    case 0x0284: /* high-alarm relay */
        return state_of(v).high;
    case 0x0292:
        return (uint16_t)state_of(v).logged_in;
    case 0x0294:
        return (uint16_t)v->conf->channels;
    case 0x0297:
        return system_word(v);
    case 0x029C:
        return gw_view_on(v, EXT_ALARM, 0);
    default:
        return 0;
    }
}

static double output(const struct gw_view *v, size_t i)
{
    struct state s = state_of(v);
    switch ((enum output)i) {
    case OUT_LOW:
        return s.low;
    case OUT_HIGH:
        return s.high;
    case OUT_FAN:
        return s.linkage;
    }
    return 0.0;
}

const struct gw_kind gw_kind_ax100 = {
    .name = "ax100",
    .id = "JB-TB-AX100",
    .signals = signals,
    .outputs = outputs,
    .keys = keys,
    .setup = setup,
    .word = word,
    .output = output,
};
