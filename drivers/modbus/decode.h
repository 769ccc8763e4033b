/* SPDX-License-Identifier: Apache-2.0
 *
 * decode: from registers to values. Pure; any thread.
 *
 * Our own, since libmodbus' float helpers changed meaning between versions and its 32-bit macro
 * shifts into the sign bit. Bytes of a register are big-endian on the wire; the order of the bytes
 * of a 32- or 64-bit value is one of four, named after 32 bits: ABCD, CDAB (low word first), BADC
 * (bytes swapped), DCBA. 64-bit values reverse all four words for CDAB and DCBA.
 */
#ifndef GW_MODBUS_DECODE_H
#define GW_MODBUS_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "model/sample.h"
#include "model/value.h"

enum gw_mb_type {
    GW_MB_BIT = 0, /* coil or discrete input */
    GW_MB_U16,
    GW_MB_I16,
    GW_MB_U32,
    GW_MB_I32,
    GW_MB_U64,
    GW_MB_F32,
    GW_MB_F64,
    GW_MB_BCD,   /* four decimal digits in one register */
    GW_MB_MK102, /* float in one register: 15 exponent's sign, 14-13 exponent, 12-0 mantissa */
    GW_MB_BCD32  /* eight decimal digits in two registers */
};
extern const char *const gw_mb_type_names[];    /* "bit", "u16" ... NULL */
unsigned gw_mb_type_regs(enum gw_mb_type type); /* 1, 2 or 4; 1 for BIT */

enum gw_mb_order { GW_MB_ABCD = 0, GW_MB_CDAB, GW_MB_BADC, GW_MB_DCBA };
extern const char *const gw_mb_order_names[];

/* One row of a state map, tried in order: (raw & mask) == equals gives `state`. */
struct gw_mb_state_row {
    uint16_t mask, equals;
    enum gw_state state;
};

/* One band of a 4-20 mA signal: lo <= mA < hi means this. */
struct gw_mb_band {
    double lo, hi;
    enum gw_state state;
    enum gw_quality quality; /* of the value */
};

#define GW_MB_STATES_MAX 24
#define GW_MB_BANDS_MAX  12
#define GW_MB_BAD_MAX    8
#define GW_MB_EXPONENT   9 /* of a decimal-point register: -9..9 */

/* How the raw registers of one point become a value. */
struct gw_mb_format {
    enum gw_mb_type type;
    enum gw_mb_order order;
    enum gw_vtype vtype;
    int bit;         /* >= 0: this bit of a u16 as BOOL (0 = least significant); -1: none */
    int field_shift; /* with field_bits > 0: (raw >> shift) & mask of a u16 */
    int field_bits;
    int invert;           /* BOOL: 1 = a raw 0 means true (normally-closed contact) */
    double scale, offset; /* value = raw * scale + offset; NUM, and STATE by bands */
    /* A 4-20 mA signal: raw * scale + offset is the current in mA. Bands are tried in order; a
     * current that fits none is UNCERTAIN. With ranged, 4 mA is the value range_lo and 20 mA is
     * range_hi. */
    struct gw_mb_band bands[GW_MB_BANDS_MAX];
    size_t nbands;
    int ranged;
    double range_lo, range_hi;
    struct gw_mb_state_row states[GW_MB_STATES_MAX];
    size_t nstates;
    enum gw_state state_else;       /* when no row fits */
    int64_t bad_raw[GW_MB_BAD_MAX]; /* raw integers that mean "sensor failed" (sentinels) */
    size_t nbad;
    int64_t clamped_raw[GW_MB_BAD_MAX]; /* where the module stops: this or anything beyond */
    size_t nclamped;
    double sane_lo, sane_hi;
};

/* Decodes regs (gw_mb_type_regs words in wire order, as host integers; for BIT one word of 0 or 1)
 * into s: value, valued, vtype, raw, nraw and quality: GOOD; BAD_FAULT for a sentinel; BAD_RANGE
 * for NaN, infinity, outside sane_lo..sane_hi, or what is no number (a u64 above 2^63-1, BCD with a
 * digit above 9; then valued = 0); the quality of its band for a signal; UNCERTAIN where the module
 * clamps. A state maps to its state with quality GOOD (UNKNOWN: UNCERTAIN). Leaves point and stamps
 * alone. */
void gw_mb_decode(const struct gw_mb_format *f, const uint16_t *regs, struct gw_sample *s);

/* As gw_mb_decode, with raw * 10^-decimals in place of raw; decimals within +-GW_MB_EXPONENT. regs
 * is not s->raw. */
void gw_mb_decode_point(const struct gw_mb_format *f, const uint16_t *regs, int decimals,
                        struct gw_sample *s);

#endif
