/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/probe: `nonsited --probe`: asks one endpoint without a site file, for the technician who
 * stands in front of an instrument: reads registers and shows them as every type in every byte
 * order, finds the units that answer, prints a point to paste. It sends what the driver may send
 * and nothing else. One thread, which it blocks until it is done.
 */
#ifndef GW_MODBUS_PROBE_H
#define GW_MODBUS_PROBE_H

#include <stdio.h>

/* argv[0] is skipped, argv[1] is the endpoint. Prints to out and complains to err. Returns the exit
 * status: 0 something was read, 1 nothing was, 64 wrong usage, 71 out of memory and the like. */
int gw_mb_probe(int argc, char **argv, FILE *out, FILE *err);

#endif
