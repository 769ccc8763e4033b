/* SPDX-License-Identifier: Apache-2.0
 *
 * client: one exchange of the Modbus client with a peer that sends what the fuzzer wants.
 *
 * An input is the request as on a line (unit, function, address, count: 6 bytes), a byte that says
 * how the answer comes (low 7 bits: its pieces, 0 for all at once; top bit: the peer closes behind
 * it), and the answer. The first request of a connection has transaction id 1.
 */
#ifndef GW_TESTS_FUZZ_CLIENT_H
#define GW_TESTS_FUZZ_CLIENT_H

#include "fuzz/fuzz.h"
#include "modbus/tcp.h"

int fuzz_client(enum gw_mb_framing framing, const uint8_t *data, size_t size);

#endif
