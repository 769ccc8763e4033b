/* SPDX-License-Identifier: Apache-2.0 */
#include "modbus/frame.h"

#define EXCEPTION_BIT 0x80u
#define CRC           2
#define EXCEPTION_LEN 5 /* unit, function, code, CRC */
#define AROUND_DATA   5 /* unit, function, byte count, CRC */

uint16_t gw_mb_crc(const uint8_t *bytes, size_t n)
{
    unsigned crc = 0xFFFF;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1u) != 0 ? crc >> 1 ^ 0xA001u : crc >> 1;
    }
    return (uint16_t)crc;
}

size_t gw_mb_encode_rtu(const struct gw_mb_request *req, uint8_t out[GW_MB_RTU_REQUEST])
{
    out[0] = req->unit;
    const size_t n = 1 + gw_mb_encode_pdu(req, out + 1);
    const uint16_t crc = gw_mb_crc(out, n);
    out[n] = (uint8_t)(crc & 0xFFu);
    out[n + 1] = (uint8_t)(crc >> 8);
    return n + CRC;
}

enum gw_status gw_mb_rtu_len(const struct gw_mb_request *req, const uint8_t *bytes, size_t have,
                             size_t *len, struct gw_err *err)
{
    *len = 0;
    if (have >= 1 && bytes[0] != req->unit)
        return gw_err_set(err, GW_E_PROTO, "answer of unit %u instead of %u", (unsigned)bytes[0],
                          (unsigned)req->unit);
    if (have < 2)
        return GW_OK;
    if (bytes[1] == ((unsigned)req->fc | EXCEPTION_BIT)) {
        *len = EXCEPTION_LEN;
        return GW_OK;
    }
    if (bytes[1] != (unsigned)req->fc)
        return gw_err_set(err, GW_E_PROTO, "function %u instead of %u", (unsigned)bytes[1],
                          (unsigned)req->fc);
    if (have < 3)
        return GW_OK;
    const size_t count = bytes[2];
    if (req->fc != GW_MB_REPORT_ID && count != gw_mb_reply_bytes(req))
        return gw_err_set(err, GW_E_PROTO, "byte count %zu instead of %zu", count,
                          gw_mb_reply_bytes(req));
    if (count + AROUND_DATA > GW_MB_RTU_MAX)
        return gw_err_set(err, GW_E_PROTO, "byte count %zu is impossible", count);
    *len = count + AROUND_DATA;
    return GW_OK;
}

enum gw_status gw_mb_check_rtu(const struct gw_mb_request *req, const uint8_t *frame, size_t len,
                               struct gw_mb_reply *out, struct gw_err *err)
{
    if (len < 1 + 1 + CRC)
        return gw_err_set(err, GW_E_PROTO, "frame of %zu bytes is too short", len);
    const unsigned got = (unsigned)frame[len - 1] << 8 | frame[len - 2];
    const unsigned crc = gw_mb_crc(frame, len - CRC);
    if (got != crc)
        return gw_err_set(err, GW_E_PROTO, "wrong CRC %04X instead of %04X", got, crc);
    return gw_mb_check_pdu(req, frame[0], frame + 1, len - 1 - CRC, out, err);
}

int64_t gw_mb_rtu_time_ms(size_t data, int64_t baud, int64_t char_bits)
{
    const int64_t chars = (int64_t)(GW_MB_RTU_REQUEST + AROUND_DATA + data);
    return (chars * char_bits * 1000 + baud - 1) / baud;
}
