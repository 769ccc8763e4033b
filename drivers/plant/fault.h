/* SPDX-License-Identifier: Apache-2.0
 *
 * fault: what can be wrong with an instrument or its line, and what that does to the bytes.
 *
 * The table of faults is the single list; reader, documentation test and injector walk it. The
 * injector is a pure function from a good frame to the bytes, and the times, that go out. Any
 * thread.
 */
#ifndef GW_PLANT_FAULT_H
#define GW_PLANT_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gw_fault_kind {
    GW_FAULT_NONE = 0,
    /* of a device, to its replies, in the order of their effect */
    GW_FAULT_SILENCE,
    GW_FAULT_CLOSE,
    GW_FAULT_RESET,
    GW_FAULT_EXCEPTION,
    GW_FAULT_STORM,
    GW_FAULT_SWAP_WORDS,
    GW_FAULT_FEWER,
    GW_FAULT_SHORT_COUNT,
    GW_FAULT_LONG_COUNT,
    GW_FAULT_WRONG_FC,
    GW_FAULT_FOREIGN_UNIT,
    GW_FAULT_WRONG_TID,
    GW_FAULT_WRONG_PROTOCOL,
    GW_FAULT_WRONG_LENGTH,
    GW_FAULT_BAD_CRC,
    GW_FAULT_CLASH,
    GW_FAULT_JUNK_HEAD,
    GW_FAULT_JUNK_TAIL,
    GW_FAULT_TRUNCATE,
    GW_FAULT_DELAY,
    GW_FAULT_DRIBBLE,
    GW_FAULT_LATE,
    /* of a device's signals */
    GW_FAULT_FROZEN,
    GW_FAULT_NAN,
    GW_FAULT_INF,
    GW_FAULT_NEG_INF,
    /* of an endpoint */
    GW_FAULT_REFUSE,
    GW_FAULT_BLACK_HOLE,
    GW_FAULT_MUTE,
    GW_FAULT_HALF_OPEN,
    GW_FAULT_HANG_UP,
    GW_FAULT_GARBAGE,
    GW_FAULT_KINDS
};

enum gw_fault_scope { GW_SCOPE_REPLY = 0, GW_SCOPE_SIGNAL, GW_SCOPE_ENDPOINT };

#define GW_FAULT_PARAMS 2

/* A number that a fault takes: "code", "ms", "by", "bytes", "unit" or "times". */
struct gw_fault_param {
    const char *key; /* NULL: none */
    int64_t def, min, max;
};

struct gw_fault_def {
    const char *name;
    enum gw_fault_scope scope;
    struct gw_fault_param param[GW_FAULT_PARAMS];
};

/* The line of kind, which is none of NONE and KINDS. */
const struct gw_fault_def *gw_fault_def(enum gw_fault_kind kind);
/* GW_FAULT_NONE when there is no such fault. */
enum gw_fault_kind gw_fault_find(const char *name);

/* Faults that are on at one moment, by kind. */
struct gw_fault_on {
    bool on;
    int64_t param[GW_FAULT_PARAMS];
};
struct gw_faults {
    struct gw_fault_on of[GW_FAULT_KINDS];
};

#define GW_ADU_MAX     260
#define GW_FAULT_BYTES 256 /* most bytes of junk or garbage */
#define GW_STORM_MAX   50  /* most exceptions for one request */
/* A late reply and the one after it, each with that of a second unit and between junk. */
#define GW_TX_MAX (2 * (2 * GW_ADU_MAX + 2 * GW_FAULT_BYTES))

/* What goes out for one request. */
struct gw_tx {
    uint8_t bytes[GW_TX_MAX];
    size_t len;       /* 0: nothing goes out */
    int64_t delay_ms; /* before the first byte */
    int64_t gap_ms;   /* between any two bytes; 0: all at once */
    bool hold;        /* keep it until the next request of the connection */
    bool close;       /* then close the connection */
    bool reset;       /* close it by a TCP reset */
    bool exception;   /* it is one */
};

enum gw_framing { GW_FRAMING_TCP = 0, GW_FRAMING_RTU };

/* Turns the good frame (MBAP header and PDU, 9..GW_ADU_MAX bytes) into what goes out. latency_ms is
 * the device's usual delay. */
void gw_fault_apply(const struct gw_faults *faults, const uint8_t *adu, size_t len,
                    int64_t latency_ms, struct gw_tx *tx);
/* The same on a line: takes the same frame, and what goes out is an RTU frame: unit, PDU and CRC.
 * Faults of the MBAP header do nothing there. */
void gw_fault_apply_rtu(const struct gw_faults *faults, const uint8_t *adu, size_t len,
                        int64_t latency_ms, struct gw_tx *tx);

/* Fills out with the pattern of junk and garbage: A5 5A A5 5A ... */
void gw_fault_junk(uint8_t *out, size_t n);

#endif
