/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/pdu.h"

#include <assert.h>

#include "base/wire.h"

#define EXCEPTION_BIT 0x80u
#define ADDRESSES     65536u

const char *gw_mb_exception_name(uint8_t code)
{
    static const struct {
        uint8_t code;
        const char *name;
    } names[] = {
        {GW_MB_EX_NONE, "none"},
        {GW_MB_EX_FUNCTION, "illegal function"},
        {GW_MB_EX_ADDRESS, "illegal data address"},
        {GW_MB_EX_VALUE, "illegal data value"},
        {GW_MB_EX_FAILURE, "device failure"},
        {GW_MB_EX_ACK, "acknowledge"},
        {GW_MB_EX_BUSY, "device busy"},
        {GW_MB_EX_GATEWAY_PATH, "gateway path unavailable"},
        {GW_MB_EX_GATEWAY_TARGET, "target device silent"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == code)
            return names[i].name;
    return "unknown exception";
}

bool gw_mb_request_valid(const struct gw_mb_request *req)
{
    switch (req->fc) {
    case GW_MB_READ_COILS:
    case GW_MB_READ_DISCRETE:
        return req->count >= 1 && req->count <= GW_MB_MAX_BITS &&
               (uint32_t)req->address + req->count <= ADDRESSES;
    case GW_MB_READ_HOLDING:
    case GW_MB_READ_INPUT:
        return req->count >= 1 && req->count <= GW_MB_MAX_REGS &&
               (uint32_t)req->address + req->count <= ADDRESSES;
    case GW_MB_REPORT_ID:
        return req->count == 0;
    default:
        return false;
    }
}

size_t gw_mb_encode_pdu(const struct gw_mb_request *req, uint8_t out[GW_MB_MAX_REQUEST_PDU])
{
    assert(gw_mb_request_valid(req));
    out[0] = (uint8_t)req->fc;
    if (req->fc == GW_MB_REPORT_ID)
        return 1;
    gw_put_be16(out + 1, req->address);
    gw_put_be16(out + 3, req->count);
    return GW_MB_MAX_REQUEST_PDU;
}

size_t gw_mb_encode_tcp(const struct gw_mb_request *req, uint16_t tid, uint8_t out[12])
{
    const size_t pdu = gw_mb_encode_pdu(req, out + GW_MB_MBAP);
    gw_put_be16(out, tid);
    gw_put_be16(out + 2, 0);
    gw_put_be16(out + 4, (uint16_t)(1 + pdu));
    out[6] = req->unit;
    return GW_MB_MBAP + pdu;
}

size_t gw_mb_reply_bytes(const struct gw_mb_request *req)
{
    if (req->fc == GW_MB_READ_COILS || req->fc == GW_MB_READ_DISCRETE)
        return (req->count + 7u) / 8u;
    return (size_t)req->count * 2;
}

static enum gw_status check_exception(struct gw_cursor *c, struct gw_mb_reply *out,
                                      struct gw_err *err)
{
    const uint8_t code = gw_cursor_u8(c);
    if (c->failed || c->left != 0)
        return gw_err_set(err, GW_E_PROTO, "exception of the wrong length");
    if (code == 0)
        return gw_err_set(err, GW_E_PROTO, "exception without a code");
    *out = (struct gw_mb_reply){.exception = code};
    return GW_OK;
}

static enum gw_status check_data(const struct gw_mb_request *req, struct gw_cursor *c,
                                 struct gw_mb_reply *out, struct gw_err *err)
{
    const size_t count = gw_cursor_u8(c);
    if (c->failed || count != c->left)
        return gw_err_set(err, GW_E_PROTO, "byte count %zu, but %zu bytes follow", count, c->left);
    if (req->fc != GW_MB_REPORT_ID && count != gw_mb_reply_bytes(req))
        return gw_err_set(err, GW_E_PROTO, "byte count %zu instead of %zu", count,
                          gw_mb_reply_bytes(req));
    *out = (struct gw_mb_reply){.data = c->p, .data_len = count};
    return GW_OK;
}

enum gw_status gw_mb_check_pdu(const struct gw_mb_request *req, unsigned unit, const uint8_t *pdu,
                               size_t len, struct gw_mb_reply *out, struct gw_err *err)
{
    struct gw_cursor c;
    gw_cursor_init(&c, pdu, len);
    const unsigned fc = gw_cursor_u8(&c);
    if (c.failed)
        return gw_err_set(err, GW_E_PROTO, "answer without a function");
    if (unit != req->unit)
        return gw_err_set(err, GW_E_PROTO, "answer of unit %u instead of %u", unit,
                          (unsigned)req->unit);
    if (fc == ((unsigned)req->fc | EXCEPTION_BIT))
        return check_exception(&c, out, err);
    if (fc != (unsigned)req->fc)
        return gw_err_set(err, GW_E_PROTO, "function %u instead of %u", fc, (unsigned)req->fc);
    return check_data(req, &c, out, err);
}

enum gw_status gw_mb_check_tcp(const struct gw_mb_request *req, uint16_t tid, const uint8_t *frame,
                               size_t len, struct gw_mb_reply *out, struct gw_err *err)
{
    struct gw_cursor c;
    gw_cursor_init(&c, frame, len);
    const unsigned got_tid = gw_cursor_be16(&c);
    const unsigned protocol = gw_cursor_be16(&c);
    const size_t length = gw_cursor_be16(&c);
    const size_t after_length = c.left;
    const unsigned unit = gw_cursor_u8(&c);
    if (c.failed || c.left == 0)
        return gw_err_set(err, GW_E_PROTO, "frame of %zu bytes is too short", len);
    if (got_tid != tid)
        return gw_err_set(err, GW_E_PROTO, "transaction id %u instead of %u", got_tid,
                          (unsigned)tid);
    if (protocol != 0)
        return gw_err_set(err, GW_E_PROTO, "protocol id %u instead of 0", protocol);
    if (length != after_length)
        return gw_err_set(err, GW_E_PROTO, "length field %zu, but %zu bytes follow", length,
                          after_length);
    return gw_mb_check_pdu(req, unit, c.p, c.left, out, err);
}

enum gw_status gw_mb_frame_len(const uint8_t *bytes, size_t have, size_t *len)
{
    if (have < 6) {
        *len = 0;
        return GW_OK;
    }
    const size_t field = (size_t)bytes[4] << 8 | bytes[5];
    /* Unit, function and at least one byte; at most unit and a whole PDU. */
    if (field < 3 || field > 1 + GW_MB_MAX_PDU)
        return GW_E_PROTO;
    *len = 6 + field;
    return GW_OK;
}
