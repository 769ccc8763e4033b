/* SPDX-License-Identifier: Apache-2.0 */
#include "model/value.h"

#include <stddef.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const quality_names[] = {
    [GW_Q_NOT_YET] = "NOT_YET",   [GW_Q_GOOD] = "GOOD",           [GW_Q_UNCERTAIN] = "UNCERTAIN",
    [GW_Q_BAD_COMM] = "BAD_COMM", [GW_Q_BAD_FAULT] = "BAD_FAULT", [GW_Q_BAD_RANGE] = "BAD_RANGE",
    [GW_Q_WARMUP] = "WARMUP",     [GW_Q_INHIBIT] = "INHIBIT",     [GW_Q_STALE] = "STALE",
};
_Static_assert(COUNT(quality_names) == GW_Q_COUNT, "a quality has no name");

/* Each detector state with the quality that it gives to the value measured beside it. */
static const struct {
    const char *name;
    enum gw_quality quality;
} states[] = {
    [GW_S_UNKNOWN] = {"UNKNOWN", GW_Q_UNCERTAIN},
    [GW_S_NORMAL] = {"NORMAL", GW_Q_GOOD},
    [GW_S_WARMUP] = {"WARMUP", GW_Q_WARMUP},
    [GW_S_PRE_ALARM] = {"PRE_ALARM", GW_Q_GOOD},
    [GW_S_LOW] = {"LOW", GW_Q_GOOD},
    [GW_S_HIGH] = {"HIGH", GW_Q_GOOD},
    [GW_S_OVER_RANGE] = {"OVER_RANGE", GW_Q_GOOD},
    [GW_S_SENSOR_FAULT] = {"SENSOR_FAULT", GW_Q_BAD_FAULT},
    [GW_S_DATA_ERROR] = {"DATA_ERROR", GW_Q_BAD_FAULT},
    [GW_S_COMM_FAULT] = {"COMM_FAULT", GW_Q_BAD_COMM},
    [GW_S_NEED_CAL] = {"NEED_CAL", GW_Q_GOOD},
    [GW_S_STEL] = {"STEL", GW_Q_GOOD},
    [GW_S_TWA] = {"TWA", GW_Q_GOOD},
    [GW_S_SHIELDED] = {"SHIELDED", GW_Q_INHIBIT},
    [GW_S_INHIBIT] = {"INHIBIT", GW_Q_INHIBIT},
    [GW_S_ABSENT] = {"ABSENT", GW_Q_BAD_COMM},
    [GW_S_EXPIRED] = {"EXPIRED", GW_Q_BAD_FAULT},
};
_Static_assert(COUNT(states) == GW_S_COUNT, "a state has no row");

static const char *const vtype_names[] = {
    [GW_V_NUM] = "num",
    [GW_V_INT] = "int",
    [GW_V_BOOL] = "bool",
    [GW_V_STATE] = "state",
};

const char *gw_quality_name(enum gw_quality q)
{
    return (size_t)q < COUNT(quality_names) ? quality_names[q] : "?";
}

const char *gw_state_name(enum gw_state s)
{
    return (size_t)s < COUNT(states) ? states[s].name : "?";
}

const char *gw_vtype_name(enum gw_vtype t)
{
    return (size_t)t < COUNT(vtype_names) ? vtype_names[t] : "?";
}

bool gw_state_parse(const char *name, enum gw_state *out)
{
    for (size_t i = 0; i < COUNT(states); i++) {
        if (strcmp(name, states[i].name) == 0) {
            *out = (enum gw_state)i;
            return true;
        }
    }
    return false;
}

bool gw_quality_parse(const char *name, enum gw_quality *out)
{
    for (size_t i = 0; i < COUNT(quality_names); i++) {
        if (strcmp(name, quality_names[i]) == 0) {
            *out = (enum gw_quality)i;
            return true;
        }
    }
    return false;
}

enum gw_quality gw_state_quality(enum gw_state s)
{
    return (size_t)s < COUNT(states) ? states[s].quality : GW_Q_UNCERTAIN;
}
