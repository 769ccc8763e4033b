/* SPDX-License-Identifier: Apache-2.0
 *
 * wire: reading and writing big-endian bytes with bounds.
 *
 * A cursor that was asked for more than it has latches `failed` and yields zeros from then on; the
 * caller checks once at the end. Plain values; any thread.
 */
#ifndef GW_BASE_WIRE_H
#define GW_BASE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gw_cursor {
    const uint8_t *p;
    size_t left;
    bool failed;
};

void gw_cursor_init(struct gw_cursor *c, const void *bytes, size_t n);
uint8_t gw_cursor_u8(struct gw_cursor *c);
uint16_t gw_cursor_be16(struct gw_cursor *c);
uint32_t gw_cursor_be32(struct gw_cursor *c);
/* n bytes in place, or NULL (failed). */
const uint8_t *gw_cursor_bytes(struct gw_cursor *c, size_t n);

void gw_put_be16(uint8_t out[2], uint16_t v);
void gw_put_be32(uint8_t out[4], uint32_t v);

#endif
