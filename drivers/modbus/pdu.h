/* SPDX-License-Identifier: Apache-2.0
 *
 * pdu: the Modbus requests that this gateway may send, and the check of every reply.
 *
 * The request type is an enum of the permitted codes; there is no code path to any other. Pure
 * functions over bytes; any thread. Source: MODBUS Application Protocol Specification V1.1b3.
 */
#ifndef GW_MODBUS_PDU_H
#define GW_MODBUS_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum gw_mb_fc {
    GW_MB_READ_COILS = 1,
    GW_MB_READ_DISCRETE = 2,
    GW_MB_READ_HOLDING = 3,
    GW_MB_READ_INPUT = 4,
    GW_MB_REPORT_ID = 17
};

#define GW_MB_MAX_BITS 2000
#define GW_MB_MAX_REGS 125
#define GW_MB_MAX_PDU  253
#define GW_MB_MBAP     7
#define GW_MB_MAX_ADU  (GW_MB_MBAP + GW_MB_MAX_PDU)

struct gw_mb_request {
    uint8_t unit;
    enum gw_mb_fc fc;
    uint16_t address; /* 0-based, as on the wire */
    uint16_t count;   /* registers or bits; 0 for REPORT_ID */
};

/* Exceptions that a device may answer with; others are kept as their number. */
enum gw_mb_exception {
    GW_MB_EX_NONE = 0,
    GW_MB_EX_FUNCTION = 1,
    GW_MB_EX_ADDRESS = 2,
    GW_MB_EX_VALUE = 3,
    GW_MB_EX_FAILURE = 4,
    GW_MB_EX_ACK = 5,
    GW_MB_EX_BUSY = 6,
    GW_MB_EX_GATEWAY_PATH = 10,
    GW_MB_EX_GATEWAY_TARGET = 11
};
const char *gw_mb_exception_name(uint8_t code);

/* A reply that passed every check. Points into the caller's bytes. */
struct gw_mb_reply {
    uint8_t exception;   /* 0 when data is valid */
    const uint8_t *data; /* register bytes (big-endian words) or packed bits */
    size_t data_len;
};

/* True when the protocol permits the request: a known code, a count within its limit, and no
 * address beyond 65535. */
bool gw_mb_request_valid(const struct gw_mb_request *req);

/* Bytes of data that the reply to a valid request carries; 0 for REPORT_ID, where any number is
 * good. */
size_t gw_mb_reply_bytes(const struct gw_mb_request *req);

/* Writes MBAP header and PDU; returns the length. tid is the transaction id; req must be
 * valid. */
size_t gw_mb_encode_tcp(const struct gw_mb_request *req, uint16_t tid, uint8_t out[12]);

/* Checks a whole TCP frame (MBAP + PDU) against the request that it must answer: transaction id,
 * protocol id 0, length field, unit id, function, byte count. GW_E_PROTO with a text that names
 * what differed. For GW_MB_REPORT_ID any byte count that matches the frame is good. */
enum gw_status gw_mb_check_tcp(const struct gw_mb_request *req, uint16_t tid, const uint8_t *frame,
                               size_t len, struct gw_mb_reply *out,
                               struct gw_err *err) GW_MUST_CHECK;

/* What every framing shares: a PDU is function code and data. */
#define GW_MB_MAX_REQUEST_PDU 5
/* Writes the PDU of a valid request; returns its length. */
size_t gw_mb_encode_pdu(const struct gw_mb_request *req, uint8_t out[GW_MB_MAX_REQUEST_PDU]);
/* Checks unit and PDU of a reply against the request: unit, function, byte count. GW_E_PROTO as
 * gw_mb_check_tcp. */
enum gw_status gw_mb_check_pdu(const struct gw_mb_request *req, unsigned unit, const uint8_t *pdu,
                               size_t len, struct gw_mb_reply *out,
                               struct gw_err *err) GW_MUST_CHECK;

/* Length of the whole frame as its header tells, once at least 6 bytes are there; 0 when more bytes
 * are needed; GW_E_PROTO when the length field is impossible (< 3 or > 254). */
enum gw_status gw_mb_frame_len(const uint8_t *bytes, size_t have, size_t *len) GW_MUST_CHECK;

#endif
