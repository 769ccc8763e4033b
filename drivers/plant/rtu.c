/* SPDX-License-Identifier: Apache-2.0 */
#include "plant/rtu.h"

/* The CRC-16 of Modbus, a nibble at a time. */
static unsigned crc16(const uint8_t *bytes, size_t n)
{
    static const uint16_t nibble[16] = {0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00,
                                        0x2800, 0xE401, 0xA001, 0x6C00, 0x7800, 0xB401,
                                        0x5000, 0x9C01, 0x8801, 0x4400};
    unsigned crc = 0xFFFF;
    for (size_t i = 0; i < n; i++) {
        crc = crc >> 4 ^ nibble[(crc ^ bytes[i]) & 0xFu];
        crc = crc >> 4 ^ nibble[(crc ^ bytes[i] >> 4) & 0xFu];
    }
    return crc;
}

size_t gw_rtu_seal(uint8_t *bytes, size_t n)
{
    const unsigned crc = crc16(bytes, n);
    bytes[n] = (uint8_t)(crc & 0xFFu);
    bytes[n + 1] = (uint8_t)(crc >> 8);
    return n + GW_RTU_CRC;
}

/* Length without the CRC as the function tells; 0 when more bytes are needed, -1 when the function
 * is none of a master's. */
static int body_len(const uint8_t *bytes, size_t have)
{
    static const struct {
        uint8_t fc;
        uint8_t fixed; /* bytes, the one with the count included */
        uint8_t count; /* where the number of further bytes is; 0: there are none */
    } table[] = {
        {1, 6, 0},  {2, 6, 0},  {3, 6, 0},    {4, 6, 0},  {5, 6, 0},  {6, 6, 0},  {7, 2, 0},
        {8, 6, 0},  {11, 2, 0}, {12, 2, 0},   {15, 7, 6}, {16, 7, 6}, {17, 2, 0}, {20, 3, 2},
        {21, 3, 2}, {22, 8, 0}, {23, 11, 10}, {24, 4, 0}, {43, 5, 0},
    };
    if (have < 2)
        return 0;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].fc != bytes[1])
            continue;
        if (have < table[i].fixed)
            return 0;
        return table[i].fixed + (table[i].count > 0 ? bytes[table[i].count] : 0);
    }
    return -1;
}

int gw_rtu_request_len(const uint8_t *bytes, size_t have)
{
    const int body = body_len(bytes, have);
    if (body <= 0)
        return body;
    const size_t n = (size_t)body;
    if (n > 254)
        return -1;
    if (have < n + GW_RTU_CRC)
        return 0;
    const unsigned got = (unsigned)bytes[n + 1] << 8 | bytes[n];
    return got == crc16(bytes, n) ? (int)(n + GW_RTU_CRC) : -1;
}
