/* SPDX-License-Identifier: Apache-2.0
 *
 * serial: the silence by which frames on a serial line are told apart.
 *
 * Pure arithmetic and waits on a descriptor; owned by the line's thread.
 */
#ifndef GW_MODBUS_SERIAL_H
#define GW_MODBUS_SERIAL_H

#include <stdint.h>

#include "base/status.h"

/* Bits of a character: start, 8 data, parity, stop. */
int64_t gw_serial_char_bits(int parity, int64_t stop_bits);

/* t3.5, the silence between frames, in milliseconds, rounded up: 3.5 characters, at least
 * 1.75 ms. */
int64_t gw_serial_gap_ms(int64_t baud, int64_t char_bits);

/* Waits ms. */
void gw_serial_pause(int64_t ms);

/* Waits until the line has been silent for quiet_ms and throws away what comes before. *dropped, if
 * wanted, gets the number of those bytes. GW_E_TIMEOUT when there is no such silence within
 * limit_ms: somebody talks all the time. GW_E_CLOSED: the port is gone. */
enum gw_status gw_serial_settle(int fd, int64_t quiet_ms, int64_t limit_ms,
                                uint64_t *dropped) GW_MUST_CHECK;

#endif
