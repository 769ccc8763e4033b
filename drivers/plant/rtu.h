/* SPDX-License-Identifier: Apache-2.0
 *
 * rtu: RTU frames as a slave sees them. Pure functions over bytes; any thread.
 */
#ifndef GW_PLANT_RTU_H
#define GW_PLANT_RTU_H

#include <stddef.h>
#include <stdint.h>

#define GW_RTU_CRC 2

/* Writes the CRC behind n bytes; returns n + GW_RTU_CRC. */
size_t gw_rtu_seal(uint8_t *bytes, size_t n);

/* Length of the request at the front, with a CRC that fits; 0 when more bytes are needed, -1 when
 * it is none. Requests of codes that only write are known, too: they are counted and refused. */
int gw_rtu_request_len(const uint8_t *bytes, size_t have);

#endif
