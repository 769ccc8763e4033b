/* SPDX-License-Identifier: Apache-2.0
 *
 * frame: the RTU frame: unit, PDU, CRC-16.
 *
 * Such a frame says neither how long it is nor to which request it belongs: the length follows from
 * the function, and only the CRC tells a whole frame from noise. Pure functions over bytes; any
 * thread. Source: MODBUS over Serial Line V1.02.
 */
#ifndef GW_MODBUS_FRAME_H
#define GW_MODBUS_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "modbus/pdu.h"

#define GW_MB_RTU_REQUEST 8   /* longest request that we send */
#define GW_MB_RTU_MAX     256 /* longest frame */

/* The CRC-16 of Modbus; on the wire its low byte goes first. */
uint16_t gw_mb_crc(const uint8_t *bytes, size_t n);

/* Writes unit, PDU and CRC of a valid request; returns the length. */
size_t gw_mb_encode_rtu(const struct gw_mb_request *req, uint8_t out[GW_MB_RTU_REQUEST]);

/* Length of the answer that begins with these bytes; 0 when more are needed to tell. GW_E_PROTO
 * with a text as soon as they cannot be an answer to the request: another unit or function, another
 * byte count. */
enum gw_status gw_mb_rtu_len(const struct gw_mb_request *req, const uint8_t *bytes, size_t have,
                             size_t *len, struct gw_err *err) GW_MUST_CHECK;

/* Checks a whole RTU frame against the request that it must answer: CRC, unit, function, byte
 * count. GW_E_PROTO with a text that names what differed. */
enum gw_status gw_mb_check_rtu(const struct gw_mb_request *req, const uint8_t *frame, size_t len,
                               struct gw_mb_reply *out, struct gw_err *err) GW_MUST_CHECK;

/* How long the longest exchange with a device takes on a serial line, in milliseconds, rounded up:
 * a request, and an answer of `data` bytes of registers or bits. char_bits: start, data, parity and
 * stop bits of a character. */
int64_t gw_mb_rtu_time_ms(size_t data, int64_t baud, int64_t char_bits);

#endif
