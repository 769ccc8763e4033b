/* SPDX-License-Identifier: Apache-2.0
 *
 * modbus/probe_scan: which units of an endpoint answer. One thread, blocked until it is done.
 */
#ifndef GW_MODBUS_PROBE_SCAN_H
#define GW_MODBUS_PROBE_SCAN_H

#include <stdio.h>

#include "base/clock.h"
#include "base/status.h"
#include "modbus/probe_args.h"

/* Asks each unit function 17, and one holding register where that has no answer; any answer counts,
 * an exception too, unless a gateway gives it in the unit's place. Prints as it goes. Ends when the
 * time is over. *found: how many answer. An error means that the endpoint cannot be reached. */
enum gw_status gw_mb_probe_scan(const struct gw_mb_probe_args *args, struct gw_mb_probe_link *link,
                                const struct gw_clock *clock, FILE *out, unsigned *found,
                                struct gw_err *err) GW_MUST_CHECK;

#endif
