/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/probe_print: registers as every type in every byte order. Pure; any thread.
 */
#ifndef GW_MODBUS_PROBE_PRINT_H
#define GW_MODBUS_PROBE_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "modbus/decode.h"
#include "modbus/probe_args.h"

/* What was read: words (bits as 0 and 1), and which of them. */
struct gw_mb_probe_words {
    unsigned address; /* of the first */
    size_t n;
    uint16_t *word;
    bool *read; /* false: the device did not give this one */
};

#define GW_MB_READING 32

/* One reading as text, with '*' behind it when it is plausible: "36.75 *"; "-" when the words are
 * no such number (NaN, above 2^63 - 1). Returns whether it is plausible: a whole number
 * of 1..999999, a fraction of 0.001..999999, in magnitude. A hint and no more. */
bool gw_mb_probe_reading(enum gw_mb_type type, enum gw_mb_order order, const uint16_t *words,
                         char out[GW_MB_READING]);

/* The tables; type -1: all types. */
void gw_mb_probe_print_words(const struct gw_mb_probe_words *w, int type, struct gw_buf *out);
void gw_mb_probe_print_bits(const struct gw_mb_probe_words *w, struct gw_buf *out);

/* An answer to function 17: its bytes, and what the gateway makes of them. */
void gw_mb_probe_print_identity(const uint8_t *data, size_t n, struct gw_buf *out);

/* The chosen reading as members of a site file; bus: the members of its bus. */
void gw_mb_probe_print_point(const struct gw_mb_probe_args *args, const struct gw_mb_probe_words *w,
                             const char *bus, struct gw_buf *out);

#endif
