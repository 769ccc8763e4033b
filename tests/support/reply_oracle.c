/* SPDX-License-Identifier: Apache-2.0 */
#include "support/reply_oracle.h"

int oracle_bytes(const struct oracle_request *req)
{
    switch (req->function) {
    case 1:
    case 2:
        return req->count / 8 + (req->count % 8 != 0);
    case 3:
    case 4:
        return req->count * 2;
    default:
        return -1;
    }
}

uint16_t oracle_crc(const uint8_t *bytes, size_t n)
{
    uint8_t lo = 0xFF;
    uint8_t hi = 0xFF;
    for (size_t i = 0; i < n; i++) {
        lo ^= bytes[i];
        for (int k = 0; k < 8; k++) {
            const uint8_t out = lo & 1u;
            lo = (uint8_t)(lo >> 1 | (hi & 1u) << 7);
            hi = (uint8_t)(hi >> 1);
            if (out != 0) {
                lo ^= 0x01;
                hi ^= 0xA0;
            }
        }
    }
    return (uint16_t)(lo << 8 | hi);
}

/* Function, and exception or byte count and data: n bytes are there in all. */
static bool body(const struct oracle_request *req, const uint8_t *pdu, size_t n,
                 struct oracle_reply *out)
{
    if (n < 2)
        return false;
    if (pdu[0] == req->function + 128) {
        out->exception = pdu[1];
        out->data = pdu;
        out->len = 0;
        return n == 2 && pdu[1] != 0;
    }
    out->exception = 0;
    out->data = pdu + 2;
    out->len = pdu[1];
    const int want = oracle_bytes(req);
    return pdu[0] == req->function && n == 2u + pdu[1] && (want < 0 || want == pdu[1]);
}

bool oracle_tcp(const struct oracle_request *req, const uint8_t *bytes, size_t n,
                struct oracle_reply *out)
{
    if (n < 9)
        return false;
    const unsigned length = bytes[4] * 256u + bytes[5];
    if (bytes[0] * 256u + bytes[1] != req->tid || bytes[2] != 0 || bytes[3] != 0)
        return false;
    if (length < 3 || length > 254 || n < 6 + length || bytes[6] != req->unit)
        return false;
    out->frame = 6 + length;
    return body(req, bytes + 7, length - 1, out);
}

bool oracle_rtu(const struct oracle_request *req, const uint8_t *bytes, size_t n,
                struct oracle_reply *out)
{
    if (n < 5 || bytes[0] != req->unit)
        return false;
    const size_t pdu = bytes[1] >= 128 ? 2 : 2u + bytes[2];
    if (pdu > 253 || n < 1 + pdu + 2)
        return false;
    const uint16_t crc = oracle_crc(bytes, 1 + pdu);
    if (bytes[1 + pdu] != crc >> 8 || bytes[2 + pdu] != (crc & 255))
        return false;
    out->frame = 1 + pdu + 2;
    return body(req, bytes + 1, pdu, out);
}
