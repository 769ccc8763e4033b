/* SPDX-License-Identifier: Apache-2.0
 *
 * reply_oracle: whether bytes are the one right answer to a Modbus request, told a second time.
 *
 * Written from the specification alone and shares no code with the gateway, so that both would have
 * to be wrong in the same way.
 */
#ifndef GW_TESTS_SUPPORT_REPLY_ORACLE_H
#define GW_TESTS_SUPPORT_REPLY_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oracle_request {
    uint16_t tid; /* of Modbus TCP */
    uint8_t unit, function;
    uint16_t count; /* registers or bits */
};

struct oracle_reply {
    unsigned exception; /* 0: none */
    const uint8_t *data;
    size_t len;
    size_t frame; /* bytes of the whole frame */
};

/* True when the bytes begin with a whole answer; out says what it holds. */
bool oracle_tcp(const struct oracle_request *req, const uint8_t *bytes, size_t n,
                struct oracle_reply *out);
bool oracle_rtu(const struct oracle_request *req, const uint8_t *bytes, size_t n,
                struct oracle_reply *out);

/* Bytes of data that the answer must have; -1: any number. */
int oracle_bytes(const struct oracle_request *req);
/* The CRC of RTU as it stands on the wire: low byte in the upper half. */
uint16_t oracle_crc(const uint8_t *bytes, size_t n);

#endif
