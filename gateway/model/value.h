/* SPDX-License-Identifier: Apache-2.0
 *
 * value: what a point can be worth, how far it can be trusted, and the detector states that all
 * makes of gas controllers are mapped to. Plain data; any thread.
 */
#ifndef GW_MODEL_VALUE_H
#define GW_MODEL_VALUE_H

#include <stdbool.h>
#include <stdint.h>

enum gw_quality {
    GW_Q_NOT_YET = 0, /* never read since the start */
    GW_Q_GOOD,
    GW_Q_UNCERTAIN,
    GW_Q_BAD_COMM,  /* no valid answer: the device is silent, or says so of its probe */
    GW_Q_BAD_FAULT, /* the instrument declares itself failed, or its signal is in a fault band */
    GW_Q_BAD_RANGE, /* outside what is physically possible, or NaN */
    GW_Q_WARMUP,
    GW_Q_INHIBIT, /* shielded, under calibration or test: measured, but not in service */
    GW_Q_STALE,   /* was good, but is older than it may be */
    GW_Q_COUNT
};

enum gw_vtype {
    GW_V_NUM = 0, /* double, in the point's unit */
    GW_V_INT,     /* counter or raw word, 0..2^63-1 and negative */
    GW_V_BOOL,
    GW_V_STATE /* enum gw_state */
};

/* Detector life-cycle states: the union of what real controllers report. */
enum gw_state {
    GW_S_UNKNOWN = 0,
    GW_S_NORMAL,
    GW_S_WARMUP,
    GW_S_PRE_ALARM,
    GW_S_LOW,
    GW_S_HIGH,
    GW_S_OVER_RANGE,
    GW_S_SENSOR_FAULT,
    GW_S_DATA_ERROR,
    GW_S_COMM_FAULT,
    GW_S_NEED_CAL,
    GW_S_STEL,
    GW_S_TWA,
    GW_S_SHIELDED,
    GW_S_INHIBIT,
    GW_S_ABSENT,
    GW_S_EXPIRED,
    GW_S_COUNT
};

union gw_datum {
    double num;
    int64_t i; /* GW_V_INT; GW_V_BOOL as 0 or 1; GW_V_STATE as enum gw_state */
};

/* "GOOD", "BAD_COMM" ...; "SENSOR_FAULT" ... Never NULL for values of the enum. */
const char *gw_quality_name(enum gw_quality q);
const char *gw_state_name(enum gw_state s);
const char *gw_vtype_name(enum gw_vtype t);

/* Exact, upper-case names; false and *out untouched for anything else. */
bool gw_state_parse(const char *name, enum gw_state *out);
bool gw_quality_parse(const char *name, enum gw_quality *out);

/* True when the value itself may be used to decide (GOOD). UNCERTAIN, INHIBIT, WARMUP and all BAD
 * ones may be shown, never decided on. */
static inline bool gw_quality_usable(enum gw_quality q)
{
    return q == GW_Q_GOOD;
}

/* The quality that a detector in state s gives to its measured value: SENSOR_FAULT, DATA_ERROR and
 * EXPIRED BAD_FAULT; COMM_FAULT and ABSENT BAD_COMM; WARMUP WARMUP; SHIELDED and INHIBIT INHIBIT;
 * UNKNOWN UNCERTAIN; all others GOOD. */
enum gw_quality gw_state_quality(enum gw_state s);

#endif
